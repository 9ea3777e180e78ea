/* Backups (R36): names and manifests, and that no code is good again that was used since (R24). */
#include "tests/unit/backup_fixture.h"
#include "tests/unit/factor_fixture.h"
#include "tests/unit/table.h"

#include "operation/keys.h"

#define REQUIRED "factor_required_from = 2020-01-01\nfactor_staff = required\n"

static struct fixture *here;
static char paper[RECOVERY_COUNT][RECOVERY_TEXT_SIZE];

/* -- names and manifests ------------------------------------------------------------------------
 */

static const struct name_row {
    const char *name, *member;
    bool valid;
} name_rows[] = {
    {"a key", "etc/store.key", true},
    {"the store", "state/medgl.db", true},
    {"deeper", "etc/policy.conf.d/10-site.conf", true},
    {"with a space", "etc/trust/My CA.pem", true},
    {"a hidden one", "etc/.x", true},
    {"empty", "", false},
    {"nothing below", "etc/", false},
    {"elsewhere", "usr/bin/x", false},
    {"absolute", "/etc/store.key", false},
    {"up", "etc/../x", false},
    {"up at the end", "state/documents/..", false},
    {"here", "etc/./x", false},
    {"two slashes", "etc//x", false},
    {"a directory", "etc/trust/", false},
    {"a newline", "etc/a\nb", false},
    {"not plain", "etc/\xc3\xa9", false},
    {"a backslash", "etc/a\\b", false},
};

static void test_name(void **state)
{
    const struct name_row *row = *state;
    assert_int_equal(backup_name_valid(row->member), row->valid);
}

#define ROOT64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define HEAD   "medgl-backup/1\no.example/m\n2026-11-21T08:53:58.120Z\n5\n" ROOT64 "\n"
#define SUM    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct manifest_row {
    const char *name, *text;
    enum medgl_error error;
} manifest_rows[] = {
    {"without members", HEAD, MEDGL_OK},
    {"with some", HEAD SUM " 0 etc/a\n" SUM " 12 etc/b\n", MEDGL_OK},
    {"another version", "medgl-backup/2\n", MEDGL_ERR_VERSION},
    {"empty", "", MEDGL_ERR_VERSION},
    {"cut in the head", "medgl-backup/1\no.example/m\n", MEDGL_ERR_CORRUPT},
    {"cut in a member", HEAD SUM " 0 etc/a", MEDGL_ERR_CORRUPT},
    {"out of order", HEAD SUM " 0 etc/b\n" SUM " 0 etc/a\n", MEDGL_ERR_CORRUPT},
    {"twice", HEAD SUM " 0 etc/a\n" SUM " 0 etc/a\n", MEDGL_ERR_CORRUPT},
    {"a name that leads out", HEAD SUM " 0 etc/../a\n", MEDGL_ERR_CORRUPT},
    {"a number with zeros", HEAD SUM " 012 etc/a\n", MEDGL_ERR_CORRUPT},
    {"a number below 0", HEAD SUM " -1 etc/a\n", MEDGL_ERR_CORRUPT},
    {"a number too large", HEAD SUM " 99999999999999999999 etc/a\n", MEDGL_ERR_CORRUPT},
    {"a short digest", HEAD "01 0 etc/a\n", MEDGL_ERR_CORRUPT},
    {"no name", HEAD SUM " 0\n", MEDGL_ERR_CORRUPT},
    {"an empty line", HEAD "\n", MEDGL_ERR_CORRUPT},
};

static void test_manifest(void **state)
{
    const struct manifest_row *row = *state;
    struct backup_manifest manifest;
    char *again = NULL;
    assert_int_equal(backup_manifest_parse(row->text, strlen(row->text), &manifest), row->error);
    if (row->error != MEDGL_OK)
        return;
    assert_int_equal(backup_manifest_text(&manifest, &again), MEDGL_OK);
    assert_string_equal(again, row->text);
    free(again);
    backup_manifest_free(&manifest);
}

/* -- restoring ------------------------------------------------------------------------------------
 */

static enum medgl_error take_paper(void *argument, const struct account *account,
                                   const char (*codes)[RECOVERY_TEXT_SIZE], size_t count)
{
    (void)argument, (void)account;
    memcpy(paper, codes, count * sizeof(paper[0]));
    return MEDGL_OK;
}

static void begin(void)
{
    char why[OPERATION_WHY_SIZE];
    const struct recovery_issue_request request = {.reason = "new", .deliver = take_paper};
    struct recovery_issue_request mine = request;
    assert_int_equal(fixture_open((void **)&here), 0);
    enrol(here);
    set_password(here, PASSWORD_ONE);
    mine.name = here->user;
    assert_int_equal(operation_recovery_issue(&here->context, &mine, why), MEDGL_OK);
    write_policy(here, REQUIRED);
    reopen(here);
    enrol_device(here);
    backup_prepare(here);
}

static enum login_verdict login_as(const char *password, const char *code)
{
    struct script script = {.answers = {password, code}};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.1");
    const struct login_request request = {.caller = &caller, .user = here->user};
    enum login_verdict verdict = LOGIN_ALLOWED;
    assert_int_equal(operation_login(&here->context, &talk, &request, &verdict), MEDGL_OK);
    return verdict;
}

static enum login_verdict login_with(const char *code)
{
    return login_as(PASSWORD_ONE, code);
}

static struct backup_restored put(const struct backup *backup)
{
    struct backup_restored restored;
    char why[BACKUP_WHY_SIZE];
    context_close(&here->context);
    enum medgl_error error = backup_put(here->root, backup, &restored, why);
    if (error != MEDGL_OK)
        print_message("# %s: %s\n", medgl_error_text(error), why);
    assert_int_equal(error, MEDGL_OK);
    assert_int_equal(context_open(here->root, CONTEXT_STATE, &here->context), MEDGL_OK);
    assert_int_equal(verify(here), MEDGL_OK);
    return restored;
}

static void test_device(void **state)
{
    char code[16];
    (void)state;
    begin();
    const struct backup backup = backup_make(here);
    (void)snprintf(code, sizeof(code), "%s", shown(0));
    assert_int_equal(login_with(code), LOGIN_ALLOWED);
    const struct backup_restored restored = put(&backup);
    assert_true(restored.lost > 0);
    assert_int_equal(login_with(code), LOGIN_REFUSED);
    assert_int_equal(login_with(shown(1)), LOGIN_ALLOWED);
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(fixture_close((void **)&here), 0);
}

static void test_paper(void **state)
{
    (void)state;
    begin();
    const struct backup backup = backup_make(here);
    assert_int_equal(login_with(paper[0]), LOGIN_ALLOWED);
    const struct backup_restored restored = put(&backup);
    assert_int_equal(restored.codes_since, 1);
    assert_int_equal(restored.codes_open, 0);
    assert_int_equal(login_with(paper[0]), LOGIN_REFUSED);
    assert_int_equal(login_with(paper[1]), LOGIN_ALLOWED);
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* Those that were replaced since are no good either. */
static void test_paper_replaced(void **state)
{
    char old[RECOVERY_TEXT_SIZE], why[OPERATION_WHY_SIZE];
    (void)state;
    begin();
    const struct backup backup = backup_make(here);
    memcpy(old, paper[3], sizeof(old));
    const struct recovery_issue_request request = {
        .name = here->user, .reason = "lost", .deliver = take_paper};
    assert_int_equal(operation_recovery_issue(&here->context, &request, why), MEDGL_OK);
    const struct backup_restored restored = put(&backup);
    assert_int_equal(restored.codes_since, RECOVERY_COUNT);
    assert_int_equal(login_with(old), LOGIN_REFUSED);
    assert_int_equal(login_with(paper[3]), LOGIN_REFUSED);
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* What the old store cannot say is told as not known. */
static void test_unreadable(void **state)
{
    char path[PATH_MAX];
    (void)state;
    begin();
    const struct backup backup = backup_make(here);
    context_close(&here->context);
    assert_int_equal(path_under(path, here->root, PATH_STORE), MEDGL_OK);
    assert_int_equal(truncate(path, 5000), 0);
    const struct backup_restored restored = put(&backup);
    assert_int_equal(restored.codes_open, RECOVERY_COUNT);
    assert_int_equal(login_with(shown(1)), LOGIN_ALLOWED);
    assert_int_equal(fixture_close((void **)&here), 0);
}

static enum medgl_error nothing(struct store_txn *txn, void *argument)
{
    (void)txn, (void)argument;
    return MEDGL_OK;
}

/* R08: nobody is admitted into a store that is not in place any more. */
static void test_late(void **state)
{
    struct context late = {.store = NULL};
    (void)state;
    begin();
    const struct backup backup = backup_make(here);
    assert_int_equal(context_open(here->root, CONTEXT_STATE, &late), MEDGL_OK);
    assert_int_equal(store_transact(late.store, STORE_WRITE, nothing, NULL), MEDGL_OK);
    (void)put(&backup);
    assert_int_equal(store_transact(late.store, STORE_WRITE, nothing, NULL), MEDGL_ERR_CONFLICT);
    context_close(&late);
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* Nothing was in some of its directories, so they were not in the backup. */
static void test_empty(void **state)
{
    static const char *const made[] = {PATH_CHECKPOINTS, PATH_DOCUMENTS, PATH_ARCHIVE};
    (void)state;
    begin();
    const struct backup backup = backup_make(here);
    (void)put(&backup);
    for (size_t i = 0; i < MEDGL_COUNT(made); i++) {
        char path[PATH_MAX];
        struct stat st;
        assert_int_equal(path_under(path, here->root, made[i]), MEDGL_OK);
        if (lstat(path, &st) != 0)
            fail_msg("%s is missing", made[i]);
        assert_int_equal(st.st_mode, S_IFDIR | 0700);
    }
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* A backup of before and of after an earlier restore: each line of the ledger has its own. */
static void test_again(void **state)
{
    (void)state;
    begin();
    const struct backup first = backup_make(here);
    issue(here);
    const struct backup second = backup_make(here);
    (void)put(&first);
    const struct backup_restored restored = put(&second);
    assert_int_equal(restored.codes_open, RECOVERY_COUNT); /* not of this line: not known */
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* -- what the restored store knows of backups ------------------------------------------------- */

struct shelf {
    struct backup all[8];
    size_t count;
    unsigned missing, unnamed;
};

static enum medgl_error shelf_take(void *argument, const struct backup *backup)
{
    struct shelf *shelf = argument;
    assert_true(shelf->count < MEDGL_COUNT(shelf->all));
    shelf->all[shelf->count++] = *backup;
    return MEDGL_OK;
}

static void shelf_missing(void *argument, const struct backup *backup)
{
    struct shelf *shelf = argument;
    (void)backup;
    shelf->missing++;
}

static void shelf_unnamed(void *argument, const char *path)
{
    struct shelf *shelf = argument;
    assert_int_equal(access(path, F_OK), 0);
    shelf->unnamed++;
}

static struct shelf look_at_shelf(void)
{
    struct shelf shelf = {.count = 0};
    const struct backup_astray astray = {shelf_missing, shelf_unnamed, &shelf};
    assert_int_equal(operation_backup_each(&here->context, shelf_take, &shelf), MEDGL_OK);
    assert_int_equal(operation_backup_astray(&here->context, &astray), MEDGL_OK);
    return shelf;
}

static const struct backup *shelf_find(const struct shelf *shelf, const struct backup *backup)
{
    for (size_t i = 0; i < shelf->count; i++)
        if (strcmp(shelf->all[i].digest, backup->digest) == 0)
            return &shelf->all[i];
    return NULL;
}

/* The third is made after what is undone, and the first makes way for it. */
static void test_shelf(void **state)
{
    (void)state;
    begin();
    write_policy(here, REQUIRED "backup_keep = 2\n");
    reopen(here);
    const struct backup first = backup_make(here), second = backup_make(here);
    issue(here);
    const struct backup third = backup_make(here);
    assert_int_not_equal(access(first.file, F_OK), 0);
    (void)put(&second);
    struct shelf shelf = look_at_shelf();
    assert_int_equal(shelf.count, 3);
    assert_int_equal(shelf_find(&shelf, &first)->state, BACKUP_GONE);
    assert_int_equal(shelf_find(&shelf, &second)->state, BACKUP_MADE);
    assert_string_equal(shelf_find(&shelf, &second)->file, second.file);
    assert_true(shelf_find(&shelf, &second)->verified > 0);
    assert_int_equal(shelf_find(&shelf, &third)->state, BACKUP_UNDONE);
    assert_int_equal(shelf.missing + shelf.unnamed, 0);
    const struct backup fourth = backup_make(here);
    assert_int_equal(access(second.file, F_OK), 0);
    assert_int_not_equal(access(third.file, F_OK), 0);
    const struct backup fifth = backup_make(here);
    assert_int_equal(access(fourth.file, F_OK), 0);
    assert_int_equal(access(fifth.file, F_OK), 0);
    assert_int_not_equal(access(second.file, F_OK), 0);
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* Nobody knows then what else there is: it is told of, and stays. */
static void test_shelf_unreadable(void **state)
{
    char path[PATH_MAX], text[STORE_ALERT_SIZE];
    (void)state;
    begin();
    write_policy(here, REQUIRED "backup_keep = 2\n");
    reopen(here);
    const struct backup first = backup_make(here), second = backup_make(here);
    context_close(&here->context);
    assert_int_equal(path_under(path, here->root, PATH_STORE), MEDGL_OK);
    assert_int_equal(truncate(path, 5000), 0);
    (void)put(&first);
    struct shelf shelf = look_at_shelf();
    assert_int_equal(shelf.count, 1);
    assert_int_equal(shelf.unnamed, 1);
    (void)backup_make(here), (void)backup_make(here), (void)backup_make(here);
    assert_int_equal(access(second.file, F_OK), 0);
    shelf = look_at_shelf();
    assert_int_equal(unlink(shelf.all[0].file), 0);
    assert_int_equal(look_at_shelf().missing, 1);
    assert_int_equal(backup_look(&here->context, clock_read().now, text), MEDGL_OK);
    assert_non_null(strstr(text, "not there any more"));
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* What was undone is no backup of this ledger: how old the last one is goes by the others. */
static void test_shelf_look(void **state)
{
    char text[STORE_ALERT_SIZE];
    (void)state;
    begin();
    const struct backup first = backup_make(here), second = backup_make(here);
    (void)put(&first);
    assert_int_equal(unlink(second.file), 0);
    assert_int_equal(backup_look(&here->context, clock_read().now, text), MEDGL_OK);
    assert_string_equal(text, "");
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* -- keys that come back ---------------------------------------------------------------------- */

struct told {
    char back[64];
    bool restored, alerted;
};

static enum medgl_error told_row(void *argument, const struct ledger_row *row)
{
    struct told *told = argument;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    MEDGL_TRY(ledger_entry_decode(row->line, row->len, &parsed));
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    if (entry->kind == LEDGER_BACKUP_RESTORE) {
        told->restored = true;
        (void)snprintf(told->back, sizeof(told->back), "%s",
                       ledger_entry_find_text(entry, "keys_back"));
    }
    if (entry->kind == LEDGER_ALERT_RAISE)
        told->alerted |= strstr(ledger_entry_find_text(entry, "text"), "older one") != NULL;
    return MEDGL_OK;
}

static const struct back_row {
    const char *name;
    bool exchanged[2]; /* store, ledger */
    const char *back;
} back_rows[] = {
    {"R37: none", {false, false}, ""},
    {"R37: the store key", {true, false}, "store"},
    {"R37: the ledger key", {false, true}, "ledger"},
    {"R37: both", {true, true}, "store ledger"},
};

static void exchange(enum key_use use)
{
    const struct key_rotate_request request = {
        .root = here->root,
        .owner = geteuid(),
        .group = getegid(),
        .actor = {.uid = -1, .name = "tester", .asserted = true},
        .use = use,
        .reason = "test",
    };
    bool finished_old;
    context_close(&here->context);
    assert_int_equal(operation_key_rotate(&request, &finished_old), MEDGL_OK);
    assert_int_equal(context_open(here->root, CONTEXT_STATE, &here->context), MEDGL_OK);
}

static void test_back(void **state)
{
    static const enum key_use uses[] = {KEY_USE_STORE, KEY_USE_LEDGER};
    const struct back_row *row = *state;
    struct told told = {.restored = false};
    begin();
    const struct backup backup = backup_make(here);
    for (size_t i = 0; i < MEDGL_COUNT(uses); i++) {
        if (row->exchanged[i])
            exchange(uses[i]);
    }
    const struct backup_restored restored = put(&backup);
    assert_int_equal(restored.key_back[0], row->exchanged[0]);
    assert_int_equal(restored.key_back[1], row->exchanged[1]);
    assert_int_equal(
        operation_ledger_each(&here->context, restored.found.size, UINT64_MAX, told_row, &told),
        MEDGL_OK);
    assert_true(told.restored);
    assert_string_equal(told.back, row->back);
    assert_int_equal(told.alerted, row->back[0] != '\0');
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* -- alerts ----------------------------------------------------------------------------------- */

static void test_look(void **state)
{
    char text[STORE_ALERT_SIZE];
    (void)state;
    begin();
    const medgl_time now = clock_read().now;
    assert_int_equal(backup_look(&here->context, now, text), MEDGL_OK);
    assert_string_equal(text, "");
    assert_int_equal(backup_look(&here->context, now + 3 * MEDGL_DAY, text), MEDGL_OK);
    assert_non_null(strstr(text, "No backup was made"));
    const struct backup backup = backup_make(here);
    assert_int_equal(backup_look(&here->context, now + MEDGL_DAY, text), MEDGL_OK);
    assert_string_equal(text, "");
    assert_int_equal(backup_look(&here->context, now + 3 * MEDGL_DAY, text), MEDGL_OK);
    assert_non_null(strstr(text, "older than the policy"));
    assert_int_equal(unlink(backup.file), 0);
    assert_int_equal(backup_look(&here->context, now, text), MEDGL_OK);
    assert_non_null(strstr(text, "not there any more"));
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* -- what was taken away stays away -----------------------------------------------------------
 */

static char given[sizeof(here->issued)]; /* that was issued before the backup */

static void do_disable(void)
{
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_account_disable(&here->context, here->user, "left", why), MEDGL_OK);
}

static void do_enable_again(void)
{
    char why[OPERATION_WHY_SIZE];
    do_disable();
    assert_int_equal(operation_account_enable(&here->context, here->user, "back", why), MEDGL_OK);
}

static void do_retire(void)
{
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_account_retire(&here->context, here->user, "left", why), MEDGL_OK);
}

static void do_revoke(void)
{
    const struct password_revoke_request request = {.name = here->user, .reason = "leaked"};
    struct password_revoked revoked;
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_password_revoke(&here->context, &request, &revoked, why), MEDGL_OK);
}

static void do_revoke_later_one(void)
{
    issue(here);
    do_revoke();
}

static void do_revoke_and_issue(void)
{
    do_revoke();
    issue(here);
}

static void do_remove(void)
{
    char why[OPERATION_WHY_SIZE];
    uint32_t removed;
    assert_int_equal(operation_factor_remove(&here->context, here->user, FACTOR_KIND_TOTP, NULL,
                                             "lost", &removed, why),
                     MEDGL_OK);
}

static void do_issue(void)
{
    issue(here);
}

static const struct redo_row {
    const char *name;
    void (*act)(void);
    bool issued; /* the password in the backup */
    uint32_t redone;
    bool admitted;
} redo_rows[] = {
    {"R25: a disabled account", do_disable, false, 1, false},
    {"R25: one that was enabled again is not", do_enable_again, false, 0, true},
    {"R25: a retired account, and its device", do_retire, false, 2, false},
    {"R12: a revoked password", do_revoke, false, 1, false},
    {"R12: a revoked password, whose place another one took", do_revoke_and_issue, false, 1, false},
    {"R12: no password is there where a later one was revoked", do_revoke_later_one, false, 1,
     false},
    {"R24: a device", do_remove, false, 1, false},
    {"R11: a password on a slip that was replaced", do_issue, true, 1, false},
    {"a chosen password that was replaced is there again", do_issue, false, 0, true},
};

static void test_redo(void **state)
{
    const struct redo_row *row = *state;
    begin();
    if (row->issued)
        issue(here);
    memcpy(given, here->issued, sizeof(given));
    const struct backup backup = backup_make(here);
    row->act();
    const struct backup_restored restored = put(&backup);
    assert_int_equal(restored.redone, row->redone);
    assert_int_equal(login_as(row->issued ? given : PASSWORD_ONE, shown(1)),
                     row->admitted ? LOGIN_ALLOWED : LOGIN_REFUSED);
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(fixture_close((void **)&here), 0);
}

struct ahead {
    struct backup all[2];
    size_t count;
};

static enum medgl_error make_ahead(void *argument, const struct backup *backup)
{
    struct ahead *ahead = argument;
    assert_true(ahead->count < 2);
    ahead->all[ahead->count] = *backup;
    ahead->all[ahead->count].created += 400 * MEDGL_DAY;
    ahead->all[ahead->count++].verified = backup->created + 400 * MEDGL_DAY;
    return MEDGL_OK;
}

static enum medgl_error put_ahead(struct store_txn *txn, void *argument)
{
    struct ahead *ahead = argument;
    ahead->count = 0;
    MEDGL_TRY(store_backup_each(txn, make_ahead, ahead));
    for (size_t i = 0; i < ahead->count; i++)
        MEDGL_TRY(store_backup_update(txn, &ahead->all[i]));
    return MEDGL_OK;
}

/* The clock was ahead when one was made: it is no newer for that, and takes no place of the next.
 */
static void test_ahead(void **state)
{
    char text[STORE_ALERT_SIZE];
    struct ahead ahead;
    (void)state;
    begin();
    write_policy(here, REQUIRED "backup_keep = 2\n");
    reopen(here);
    const struct backup first = backup_make(here), second = backup_make(here);
    assert_int_equal(store_transact(here->context.store, STORE_WRITE, put_ahead, &ahead), MEDGL_OK);
    const medgl_time now = clock_read().now;
    assert_int_equal(backup_look(&here->context, now, text), MEDGL_OK);
    assert_non_null(strstr(text, "still to come"));
    const struct backup third = backup_make(here);
    assert_int_equal(access(third.file, F_OK), 0);
    assert_int_equal(access(second.file, F_OK), 0);
    assert_int_not_equal(access(first.file, F_OK), 0);
    assert_int_equal(backup_look(&here->context, clock_read().now, text), MEDGL_OK);
    assert_non_null(strstr(text, "last proved never")); /* what was proved then is not known */
    assert_int_equal(fixture_close((void **)&here), 0);
}

int main(void)
{
    TABLE_ADD("name", name_rows, test_name);
    TABLE_ADD("manifest", manifest_rows, test_manifest);
    table_add("restore", "a step of a device that was used since", test_device, NULL);
    table_add("restore", "a recovery code that was used since", test_paper, NULL);
    table_add("restore", "recovery codes that were replaced since", test_paper_replaced, NULL);
    table_add("restore", "over a store that cannot be read", test_unreadable, NULL);
    table_add("restore", "of a store whose directories were empty", test_empty, NULL);
    table_add("restore", "who had the old store open", test_late, NULL);
    table_add("restore", "twice, from two lines", test_again, NULL);
    TABLE_ADD("restore", redo_rows, test_redo);
    table_add("backups", "those of before a restore make way like others", test_shelf, NULL);
    table_add("backups", "those that nobody knows of stay", test_shelf_unreadable, NULL);
    table_add("backups", "what was undone is not the last one", test_shelf_look, NULL);
    TABLE_ADD("restore", back_rows, test_back);
    table_add("look", "missing, old, gone", test_look, NULL);
    table_add("look", "the clock was ahead", test_ahead, NULL);
    return table_run("backup");
}
