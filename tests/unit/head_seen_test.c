/* A store that was put back from a copy (R24, R08): no step opens twice, and it is told of,
 * whatever became of the file that knows. */
#include "tests/unit/factor_fixture.h"
#include "tests/unit/table.h"

#include "operation/head_seen.h"
#include "operation/recovery.h"

#include <unistd.h>

#define REQUIRED "factor_required_from = 2020-01-01\nfactor_staff = required\n"
#define CROWD    8

static struct fixture *here;
static char paper[RECOVERY_COUNT][RECOVERY_TEXT_SIZE];
static char store[PATH_MAX], copy[PATH_MAX], head[PATH_MAX], beside[PATH_MAX];

static enum medgl_error take_paper(void *argument, const struct account *account,
                                   const char (*codes)[RECOVERY_TEXT_SIZE], size_t count)
{
    (void)argument, (void)account;
    memcpy(paper, codes, count * sizeof(paper[0]));
    return MEDGL_OK;
}

static void issue_paper(void)
{
    char why[OPERATION_WHY_SIZE];
    const struct recovery_issue_request request = {
        .name = here->user, .reason = "new", .deliver = take_paper};
    assert_int_equal(operation_recovery_issue(&here->context, &request, why), MEDGL_OK);
}

/* Somebody with a password, a device and recovery codes, and a copy of the store with all that. */
static void begin(void)
{
    assert_int_equal(fixture_open((void **)&here), 0);
    assert_int_equal(path_under(store, here->root, PATH_STORE), MEDGL_OK);
    assert_int_equal(path_under(copy, here->root, PATH_STORE ".copy"), MEDGL_OK);
    assert_int_equal(path_under(head, here->root, PATH_HEAD_SEEN), MEDGL_OK);
    assert_int_equal(path_under(beside, here->root, MEDGL_STATEDIR "/beside"), MEDGL_OK);
    assert_int_not_equal(access(head, F_OK), 0); /* setup makes none */
    enrol(here);
    set_password(here, PASSWORD_ONE);
    issue_paper();
    write_policy(here, REQUIRED);
    reopen(here);
    enrol_device(here);
    context_close(&here->context);
    copy_store(store, copy);
    reopen(here);
}

static void put_back(void)
{
    context_close(&here->context);
    copy_store(copy, store);
    reopen(here);
}

static enum login_verdict login_with(const char *code)
{
    struct script script = {.answers = {PASSWORD_ONE, code}};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.1");
    const struct login_request request = {.caller = &caller, .user = here->user};
    enum login_verdict verdict = LOGIN_ALLOWED;
    assert_int_equal(operation_login(&here->context, &talk, &request, &verdict), MEDGL_OK);
    return verdict;
}

static enum medgl_error count_alert(void *argument, const struct alert *alert)
{
    *(unsigned *)argument += alert->kind == ALERT_EVIDENCE ? alert->count : 0;
    return MEDGL_OK;
}

static enum medgl_error count_alerts(struct store_txn *txn, void *argument)
{
    return store_alert_each(txn, true, count_alert, argument);
}

/* How many times it was told that the evidence is not what it was. */
static unsigned alerts(void)
{
    unsigned count = 0;
    assert_int_equal(store_transact(here->context.store, STORE_READ, count_alerts, &count),
                     MEDGL_OK);
    return count;
}

static struct head_seen file(void)
{
    struct head_seen seen;
    head_seen_read(&here->context, &seen);
    return seen;
}

static void hear(void *argument, enum doctor_level level, const char *check, const char *text)
{
    bool *told = argument;
    if (level == DOCTOR_FAULT && strcmp(check, "ledger") == 0 && strstr(text, "put back") != NULL)
        *told = true;
}

static bool doctor_tells(void)
{
    bool told = false;
    (void)operation_doctor(here->root, hear, &told);
    return told;
}

/* -- put back --------------------------------------------------------------------------------- */

static void test_put_back(void **state)
{
    char code[16];
    (void)state;
    begin();
    (void)snprintf(code, sizeof(code), "%s", shown(0));
    assert_int_equal(login_with(code), LOGIN_ALLOWED);
    assert_int_equal(alerts(), 0);
    assert_int_equal(verify(here), MEDGL_OK);
    assert_false(doctor_tells());
    put_back();
    assert_int_equal(verify(here), MEDGL_ERR_CORRUPT); /* before anybody came */
    assert_true(doctor_tells());
    assert_int_equal(login_with(code), LOGIN_REFUSED);
    assert_int_equal(alerts(), 1);
    assert_int_equal(login_with(code), LOGIN_REFUSED); /* the file was written anew meanwhile */
    assert_int_equal(login_with(shown(1)), LOGIN_ALLOWED);
    assert_int_equal(alerts(), 1);
    assert_int_equal(verify(here), MEDGL_ERR_CORRUPT);
    assert_true(doctor_tells());
    assert_int_equal(unlink(head), 0); /* seen to */
    assert_int_equal(verify(here), MEDGL_OK);
    assert_false(doctor_tells());
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* A device that runs ahead: what was used up is later than the time of the login. */
static void test_ahead(void **state)
{
    char code[16];
    (void)state;
    begin();
    (void)snprintf(code, sizeof(code), "%s", shown(1));
    assert_int_equal(login_with(code), LOGIN_ALLOWED);
    put_back();
    assert_int_equal(login_with(code), LOGIN_REFUSED);
    assert_int_equal(fixture_close((void **)&here), 0);
}

static enum medgl_error append_now(struct store_txn *txn, void *argument)
{
    const struct clock_reading clock = clock_read();
    struct ledger_entry entry;
    for (int i = 0; i < 50; i++) {
        evidence_begin(argument, &clock, LEDGER_SETUP, NULL, &entry);
        ledger_entry_text(&entry, "version", "1");
        MEDGL_TRY(evidence_append(argument, txn, &entry, NULL));
    }
    return MEDGL_OK;
}

static const struct between_row {
    const char *name;
    bool grown;  /* the ledger is longer than the one that was seen, by entries of no login */
    bool act;    /* an administrator did something */
    bool failed; /* somebody was refused */
} between_rows[] = {
    {"the ledger has grown past what was seen", true, false, false},
    {"an administrator acted", false, true, false},
    {"both", true, true, false},
    {"somebody else's try", false, false, true},
};

static void test_between(void **state)
{
    const struct between_row *row = *state;
    char code[16];
    begin();
    (void)snprintf(code, sizeof(code), "%s", shown(0));
    assert_int_equal(login_with(code), LOGIN_ALLOWED);
    put_back();
    if (row->grown)
        assert_int_equal(
            store_transact(here->context.store, STORE_WRITE, append_now, &here->context), MEDGL_OK);
    if (row->act)
        issue_paper();
    if (row->failed)
        assert_int_equal(try_login(here, here->user, "192.0.2.7", WRONG), LOGIN_ABORTED);
    assert_int_equal(login_with(code), LOGIN_REFUSED);
    assert_int_equal(alerts(), 1);
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* It is used up for good in no store that forgot it; that is told. */
static void test_paper(void **state)
{
    (void)state;
    begin();
    assert_int_equal(login_with(paper[0]), LOGIN_ALLOWED);
    put_back();
    assert_int_equal(login_with(paper[0]), LOGIN_ALLOWED);
    assert_int_equal(alerts(), 1);
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* The right store in the place of an older one, once more. */
static void test_undone(void **state)
{
    char code[16], latest[PATH_MAX];
    (void)state;
    begin();
    assert_int_equal(path_under(latest, here->root, PATH_STORE ".latest"), MEDGL_OK);
    (void)snprintf(code, sizeof(code), "%s", shown(0));
    assert_int_equal(login_with(code), LOGIN_ALLOWED);
    context_close(&here->context);
    copy_store(store, latest);
    put_back();
    context_close(&here->context);
    copy_store(latest, store);
    reopen(here);
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(login_with(code), LOGIN_REFUSED);
    assert_int_equal(login_with(shown(1)), LOGIN_ALLOWED);
    assert_int_equal(alerts(), 0);
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* -- what became of the file ------------------------------------------------------------------ */

static const struct file_row {
    const char *name;
    const char *text; /* NULL: none */
    bool link, open_to_all, directory;
} file_rows[] = {
    {"missing", NULL, false, false, false},
    {"empty, as after a loss of power", "", false, false, false},
    {"some text", "nonsense\n", false, false, false},
    {"one line", "seen 2026-11-21T08:53:58.120Z 3 00\n", false, false, false},
    {"a symbolic link", NULL, true, false, false},
    {"of whoever can write to it", "nonsense\n", false, true, false},
    {"a directory", NULL, false, false, true},
};

static void spoil(const struct file_row *row)
{
    assert_int_equal(unlink(head), 0);
    if (row->text != NULL)
        assert_int_equal(
            file_create(head, geteuid(), getegid(), 0600, row->text, strlen(row->text)), MEDGL_OK);
    if (row->open_to_all)
        assert_int_equal(chmod(head, 0666), 0);
    if (row->open_to_all && geteuid() == 0)
        assert_int_equal(chown(head, 12345, 12345), 0);
    assert_int_equal(file_create(beside, geteuid(), getegid(), 0600, "kept", 4), MEDGL_OK);
    if (row->link)
        assert_int_equal(symlink(beside, head), 0);
    if (row->directory)
        assert_int_equal(mkdir(head, 0700), 0);
}

static void test_file(void **state)
{
    const struct file_row *row = *state;
    struct stat st;
    char code[16];
    begin();
    spoil(row);
    (void)snprintf(code, sizeof(code), "%s", shown(0));
    assert_int_equal(login_with(code), LOGIN_ALLOWED);
    assert_int_equal(alerts(), 0);
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(stat(beside, &st), 0);
    assert_int_equal(st.st_size, 4); /* nothing was written through a link */
    assert_int_equal(lstat(head, &st), 0);
    if (!row->directory) { /* that one is told of, and mended by hand */
        assert_true(S_ISREG(st.st_mode) && st.st_uid == geteuid() && (st.st_mode & 0777) == 0600);
        assert_true(file().seen.size > 0);
        put_back();
        assert_int_equal(login_with(code), LOGIN_REFUSED);
    }
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* -- what is kept ----------------------------------------------------------------------------- */

/* Marks as "TIME SIZE LEAF", times in minutes. */
struct mark {
    int minutes;
    unsigned size;
    char leaf;
};

static const struct keep_row {
    const char *name;
    struct mark seen, lost, mark, found; /* found.size 0: the store holds what was seen */
    struct mark then_seen, then_lost;
} keep_rows[] = {
    {"the first", {0}, {0}, {5, 10, 'a'}, {0}, {5, 10, 'a'}, {0}},
    {"a later one", {5, 10, 'a'}, {0}, {6, 12, 'b'}, {0}, {6, 12, 'b'}, {0}},
    {"who was overtaken moves nothing back",
     {6, 12, 'b'},
     {0},
     {5, 10, 'a'},
     {0},
     {6, 12, 'b'},
     {0}},
    {"a step ahead stays", {7, 10, 'a'}, {0}, {6, 12, 'b'}, {0}, {7, 12, 'b'}, {0}},
    {"a time of a wrong clock does not", {500, 10, 'a'}, {0}, {6, 12, 'b'}, {0}, {6, 12, 'b'}, {0}},
    {"put back: it is lost, and counts on",
     {5, 10, 'a'},
     {0},
     {6, 8, 'b'},
     {5, 10, 'a'},
     {6, 8, 'b'},
     {5, 10, 'a'}},
    {"two at once found it out",
     {7, 9, 'c'},
     {5, 10, 'a'},
     {6, 8, 'b'},
     {5, 10, 'a'},
     {7, 9, 'c'},
     {5, 10, 'a'}},
    {"put back twice: the later one",
     {7, 9, 'c'},
     {5, 10, 'a'},
     {8, 8, 'd'},
     {7, 9, 'c'},
     {8, 8, 'd'},
     {7, 9, 'c'}},
    {"put back by a clock that was behind",
     {4, 9, 'c'},
     {5, 10, 'a'},
     {4, 8, 'd'},
     {4, 9, 'c'},
     {5, 8, 'd'},
     {5, 10, 'a'}},
};

static struct head_mark mark_of(const struct mark *mark)
{
    struct head_mark result = {.time = mark->minutes * MEDGL_MINUTE, .size = mark->size};
    memset(result.leaf, mark->leaf, sizeof(result.leaf));
    return result;
}

static void assert_mark(const struct head_mark *mark, const struct mark *wanted)
{
    const struct head_mark expected = mark_of(wanted);
    assert_int_equal(mark->time, expected.time);
    assert_int_equal(mark->size, expected.size);
    assert_memory_equal(mark->leaf, expected.leaf, sizeof(mark->leaf));
}

static void test_keep(void **state)
{
    const struct keep_row *row = *state;
    const struct head_mark seen = mark_of(&row->seen), lost = mark_of(&row->lost),
                           mark = mark_of(&row->mark), found = mark_of(&row->found);
    assert_int_equal(fixture_open((void **)&here), 0);
    if (row->lost.size > 0) {
        head_seen_keep(&here->context, &lost, NULL);
        head_seen_keep(&here->context, &seen, &lost);
    } else if (row->seen.size > 0)
        head_seen_keep(&here->context, &seen, NULL);
    head_seen_keep(&here->context, &mark, found.size > 0 ? &found : NULL);
    const struct head_seen kept = file();
    assert_mark(&kept.seen, &row->then_seen);
    assert_mark(&kept.lost, &row->then_lost);
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* -- at once ---------------------------------------------------------------------------------- */

static void login_elsewhere(const int start[2])
{
    struct context own;
    char byte;
    struct script script = {.answers = {PASSWORD_ONE}};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.1");
    const struct login_request request = {.caller = &caller, .user = here->user};
    enum login_verdict verdict = LOGIN_REFUSED;
    (void)close(start[1]);
    (void)!read(start[0], &byte, 1); /* all at once */
    if (context_open(here->root, CONTEXT_STATE, &own) != MEDGL_OK)
        _exit(3);
    const enum medgl_error error = operation_login(&own, &talk, &request, &verdict);
    context_close(&own);
    _exit(error == MEDGL_OK && verdict == LOGIN_ALLOWED ? 0 : 1);
}

static enum medgl_error holds_now(struct store_txn *txn, void *argument)
{
    const struct head_seen seen = file();
    return head_seen_holds(txn, &seen.seen, argument);
}

static void test_crowd(void **state)
{
    int start[2], status;
    bool holds = false;
    (void)state;
    assert_int_equal(fixture_open((void **)&here), 0);
    enrol(here);
    set_password(here, PASSWORD_ONE);
    const uint64_t before = file().seen.size;
    context_close(&here->context); /* no lock or connection of ours is inherited */
    assert_int_equal(pipe(start), 0);
    for (int i = 0; i < CROWD; i++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            login_elsewhere(start);
    }
    (void)close(start[1]);
    (void)close(start[0]);
    for (int i = 0; i < CROWD; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    reopen(here);
    assert_true(file().seen.size > before);
    assert_int_equal(store_transact(here->context.store, STORE_READ, holds_now, &holds), MEDGL_OK);
    assert_true(holds);
    assert_int_equal(alerts(), 0);
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(fixture_close((void **)&here), 0);
}

int main(void)
{
    table_add("R24 put back", "the same code is refused, the next one is not", test_put_back, NULL);
    table_add("R24 put back", "a code of a device that runs ahead", test_ahead, NULL);
    TABLE_ADD("R24 put back, and then", between_rows, test_between);
    table_add("R24 put back", "a recovery code opens again, and that is told", test_paper, NULL);
    table_add("R24 put back", "and the right one put back again", test_undone, NULL);
    TABLE_ADD("the file", file_rows, test_file);
    TABLE_ADD("what is kept", keep_rows, test_keep);
    table_add("R08", "logins at once", test_crowd, NULL);
    return table_run("a store that was put back");
}
