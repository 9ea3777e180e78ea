/* Exchanging the store's and the ledger's key (R37): what was there before works after it, whoever
 * was in the middle of something fails closed, and what was interrupted is finished. */
#include "tests/unit/factor_fixture.h"
#include "tests/unit/table.h"

#include "operation/factors.h"
#include "operation/grant.h"
#include "operation/keys.h"
#include "operation/prove.h"
#include "operation/recovery.h"
#include "operation/session.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define REQUIRED   "factor_required_from = 2020-01-01\nfactor_staff = required\n"
#define CROWD      50
#define CROWD_STEP 40 /* milliseconds from one to the next */
#define EXCHANGES  6

static struct fixture *here;
static char paper[RECOVERY_COUNT][RECOVERY_TEXT_SIZE];

/* -- the scene -------------------------------------------------------------------------------- */

static enum medgl_error take_paper(void *argument, const struct account *account,
                                   const char (*codes)[RECOVERY_TEXT_SIZE], size_t count)
{
    (void)argument, (void)account;
    memcpy(paper, codes, count * sizeof(paper[0]));
    return MEDGL_OK;
}

/* What is sealed under each kind that the fixtures make no real one of. */
static const struct planted {
    const char *name;
    enum credential_kind kind;
    const char *text;
} planted[] = {
    {"card", CREDENTIAL_CARD, "certificate 0123456789abcdef"},
    {"code", CREDENTIAL_CODE, "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"},
};

static enum medgl_error plant(struct store_txn *txn, void *argument)
{
    struct account account;
    (void)argument;
    MEDGL_TRY(store_account_by_name(txn, here->user, &account));
    for (size_t i = 0; i < MEDGL_COUNT(planted); i++) {
        struct credential credential = {.kind = planted[i].kind, .set_at = clock_read().now};
        (void)snprintf(credential.account_id, sizeof(credential.account_id), "%s", account.id);
        MEDGL_TRY(crypto_random_id(credential.id));
        MEDGL_TRY(
            factor_seal(&here->context, &credential, planted[i].text, strlen(planted[i].text)));
        MEDGL_TRY(store_credential_add(txn, &credential));
    }
    return MEDGL_OK;
}

/* Somebody with two passwords, one after the other. */
static void begin(void)
{
    assert_int_equal(fixture_open((void **)&here), 0);
    write_policy(here, "password_min_age = 0\nattempts_per_account = 100\n");
    reopen(here);
    enrol(here);
    set_password(here, PASSWORD_ONE);
    set_password(here, PASSWORD_TWO);
}

/* And a device and recovery codes. */
static void begin_with_device(void)
{
    char why[OPERATION_WHY_SIZE];
    begin();
    const struct recovery_issue_request request = {
        .name = here->user, .reason = "new", .deliver = take_paper};
    assert_int_equal(operation_recovery_issue(&here->context, &request, why), MEDGL_OK);
    write_policy(here, "password_min_age = 0\nattempts_per_account = 100\n" REQUIRED);
    reopen(here);
    enrol_device(here);
}

static void end(void)
{
    assert_int_equal(fixture_close((void **)&here), 0);
}

static enum medgl_error rotate(enum key_use use, bool *finished_old)
{
    const struct key_rotate_request request = {.root = here->root,
                                               .owner = geteuid(),
                                               .group = getegid(),
                                               .actor = {.uid = 1000, .name = "admin"},
                                               .use = use,
                                               .reason = "the yearly exchange"};
    return operation_key_rotate(&request, finished_old);
}

static void rotate_well(enum key_use use)
{
    bool finished_old;
    assert_int_equal(rotate(use, &finished_old), MEDGL_OK);
    assert_false(finished_old);
}

static enum medgl_error login_error(struct context *context, const char *rhost,
                                    const char *const *answers, enum login_verdict *verdict)
{
    struct script script = {.next = 0};
    for (size_t i = 0; answers[i] != NULL; i++)
        script.answers[i] = answers[i];
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from(rhost);
    const struct login_request request = {.caller = &caller, .user = here->user};
    *verdict = LOGIN_REFUSED;
    return operation_login(context, &talk, &request, verdict);
}

static enum login_verdict login_with(const char *password, const char *code)
{
    const char *const answers[] = {password, code, NULL};
    enum login_verdict verdict;
    assert_int_equal(login_error(&here->context, "192.0.2.1", answers, &verdict), MEDGL_OK);
    return verdict;
}

/* -- files ------------------------------------------------------------------------------------ */

static const char *path_of(const char *name)
{
    static char path[PATH_MAX];
    assert_int_equal(path_under(path, here->root, name), MEDGL_OK);
    return path;
}

static size_t content(const char *name, char *text, size_t size)
{
    auto_file FILE *file = fopen(path_of(name), "re");
    size_t len = file != NULL ? fread(text, 1, size - 1, file) : 0;
    text[len] = '\0';
    return len;
}

static void put_key(const char *name, const char *text)
{
    assert_int_equal(file_replace(path_of(name), geteuid(), getegid(), 0400, text, strlen(text)),
                     MEDGL_OK);
}

static bool is_there(const char *name)
{
    struct stat st;
    return lstat(path_of(name), &st) == 0;
}

static const struct use_row {
    const char *name;
    enum key_use use;
    const char *key, *fresh;
} uses[] = {
    {"store", KEY_USE_STORE, PATH_STORE_KEY, PATH_STORE_KEY_NEW},
    {"ledger", KEY_USE_LEDGER, PATH_LEDGER_KEY, PATH_LEDGER_KEY_NEW},
};

/* -- what is there ---------------------------------------------------------------------------- */

struct sealed {
    unsigned kinds[CREDENTIAL_CODE + 1];
    unsigned count, opened, planted;
    char id[2 * 4 + 1]; /* of the key that all of them are under */
    unsigned others;
};

static enum medgl_error look_sealed(void *argument, const struct credential *credential)
{
    struct sealed *run = argument;
    char id[sizeof(run->id)];
    auto_secret struct secret plain = SECRET_NONE;
    struct password_record record;
    bool opened;
    run->count++;
    run->kinds[credential->kind]++;
    for (size_t i = 0; i < 4; i++)
        (void)snprintf(id + 2 * i, 3, "%02x", credential->sealed[1 + i]);
    if (run->id[0] == '\0')
        memcpy(run->id, id, sizeof(id));
    run->others += strcmp(run->id, id) != 0;
    if (factor_field(credential->kind) == NULL)
        opened = password_unseal(&here->context, credential, &record) == MEDGL_OK;
    else
        opened = factor_unseal(&here->context, credential, &plain) == MEDGL_OK;
    run->opened += opened;
    for (size_t i = 0; i < MEDGL_COUNT(planted); i++)
        run->planted += planted[i].kind == credential->kind && plain.len > 0 &&
                        strcmp((const char *)plain.bytes, planted[i].text) == 0;
    return MEDGL_OK;
}

static enum medgl_error look_all_sealed(struct store_txn *txn, void *argument)
{
    return store_credential_each(txn, look_sealed, argument);
}

static struct sealed sealed(void)
{
    struct sealed run = {.count = 0};
    assert_int_equal(store_transact(here->context.store, STORE_READ, look_all_sealed, &run),
                     MEDGL_OK);
    return run;
}

struct periods {
    struct key_period key[8];
    size_t count;
};

static enum medgl_error take_period(void *argument, const struct key_period *key)
{
    struct periods *periods = argument;
    assert_true(periods->count < MEDGL_COUNT(periods->key));
    periods->key[periods->count++] = *key;
    return MEDGL_OK;
}

static struct periods periods(enum key_use use)
{
    struct periods found = {.count = 0};
    assert_int_equal(operation_key_each(&here->context, use, take_period, &found), MEDGL_OK);
    return found;
}

static enum medgl_error count_alert(void *argument, const struct alert *alert)
{
    *(unsigned *)argument += alert->kind == ALERT_KEY ? alert->count : 0;
    return MEDGL_OK;
}

static enum medgl_error count_alerts(struct store_txn *txn, void *argument)
{
    return store_alert_each(txn, true, count_alert, argument);
}

static unsigned alerts(void)
{
    unsigned count = 0;
    assert_int_equal(store_transact(here->context.store, STORE_READ, count_alerts, &count),
                     MEDGL_OK);
    return count;
}

static enum medgl_error read_head(struct store_txn *txn, void *argument)
{
    return store_ledger_head(txn, argument);
}

static struct ledger_head head(void)
{
    struct ledger_head found;
    assert_int_equal(store_transact(here->context.store, STORE_READ, read_head, &found), MEDGL_OK);
    return found;
}

static void problem(void *argument, const char *what)
{
    (void)argument;
    print_message("# %s\n", what);
}

/* Every row is under one key, and the evidence verifies. */
static void assert_sound(void)
{
    assert_int_equal(store_check(here->context.store, problem, NULL), MEDGL_OK);
    assert_int_equal(verify(here), MEDGL_OK);
}

/* -- the store key ---------------------------------------------------------------------------- */

static void all_that_was_sealed_opens_after_the_exchange(void **state)
{
    char before[512], after[512];
    struct stat st;
    (void)state;
    begin_with_device();
    assert_int_equal(store_transact(here->context.store, STORE_WRITE, plant, NULL), MEDGL_OK);
    const struct sealed was = sealed();
    assert_true(content(PATH_STORE_KEY, before, sizeof(before)) > 0);
    rotate_well(KEY_USE_STORE);
    reopen(here);
    const struct sealed is = sealed();
    for (size_t kind = CREDENTIAL_PASSWORD; kind <= CREDENTIAL_CODE; kind++) {
        assert_true(was.kinds[kind] > 0);
        assert_int_equal(is.kinds[kind], was.kinds[kind]);
    }
    assert_int_equal(is.opened, is.count);
    assert_int_equal(is.planted, MEDGL_COUNT(planted));
    assert_int_equal(was.others + is.others, 0);
    assert_string_not_equal(is.id, was.id);
    assert_true(content(PATH_STORE_KEY, after, sizeof(after)) > 0);
    assert_string_not_equal(after, before);
    assert_non_null(strstr(after, is.id));
    assert_false(is_there(PATH_STORE_KEY_NEW));
    assert_int_equal(stat(path_of(PATH_STORE_KEY), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0400);
    assert_int_equal(store_check(here->context.store, problem, NULL), MEDGL_OK);
    assert_int_equal(tally_of(here).kinds[LEDGER_KEY_ROTATE], 1);
    assert_int_equal(alerts(), 1);
    end();
}

static void people_log_in_as_before(void **state)
{
    const char *const again[] = {PASSWORD_TWO, PASSWORD_ONE, PASSWORD_ONE, NULL};
    char heard[4096];
    (void)state;
    begin_with_device();
    assert_int_equal(login_with(PASSWORD_TWO, shown(0)), LOGIN_ALLOWED);
    rotate_well(KEY_USE_STORE);
    reopen(here);
    assert_int_equal(login_with(PASSWORD_TWO, shown(0)), LOGIN_REFUSED); /* used up before */
    assert_int_equal(login_with(PASSWORD_TWO, shown(1)), LOGIN_ALLOWED);
    assert_int_equal(login_with(PASSWORD_TWO, paper[3]), LOGIN_ALLOWED);
    assert_int_equal(login_with(PASSWORD_TWO, paper[3]), LOGIN_REFUSED);
    assert_int_equal(login_with(PASSWORD_ONE, shown(2)), LOGIN_REFUSED);
    /* R16: what was in force before is remembered. */
    write_policy(here, "password_min_age = 0\nattempts_per_account = 100\n");
    reopen(here);
    assert_int_not_equal(try_change(here, again, heard, sizeof(heard)), CHANGE_DONE);
    assert_sound();
    end();
}

static void the_same_guess_is_known_again(void **state)
{
    (void)state;
    begin();
    assert_int_equal(try_login(here, here->user, "192.0.2.7", WRONG_AGAIN), LOGIN_REFUSED);
    rotate_well(KEY_USE_STORE);
    reopen(here);
    assert_int_equal(try_login(here, here->user, "192.0.2.7", WRONG_AGAIN), LOGIN_REFUSED);
    const unsigned repeated = tally_of(here).repeated;
    assert_int_equal(try_login(here, here->user, "192.0.2.7", WRONG_AGAIN), LOGIN_REFUSED);
    assert_int_equal(tally_of(here).repeated, repeated + 1);
    assert_int_equal(try_login(here, here->user, "192.0.2.8", PASSWORD_TWO), LOGIN_ALLOWED);
    end();
}

static void damage_stops_the_exchange_and_changes_nothing(void **state)
{
    char before[512], after[512];
    bool finished_old;
    (void)state;
    begin();
    /* Sealed under another key: the row's MAC fits, the seal does not. */
    struct seal_key *mine = here->context.seal;
    auto_secret struct secret text = SECRET_NONE;
    struct seal_key *other = NULL;
    assert_int_equal(seal_key_generate(&text), MEDGL_OK);
    assert_int_equal(seal_key_open(&text, &other), MEDGL_OK);
    here->context.seal = other;
    assert_int_equal(store_transact(here->context.store, STORE_WRITE, plant, NULL), MEDGL_OK);
    here->context.seal = mine;
    seal_key_free(&other);
    (void)content(PATH_STORE_KEY, before, sizeof(before));
    assert_int_equal(rotate(KEY_USE_STORE, &finished_old), MEDGL_ERR_KEY);
    (void)content(PATH_STORE_KEY, after, sizeof(after));
    assert_string_equal(after, before);
    assert_false(is_there(PATH_STORE_KEY_NEW));
    reopen(here);
    const struct sealed is = sealed();
    assert_int_equal(is.opened, is.count - MEDGL_COUNT(planted));
    assert_int_equal(tally_of(here).kinds[LEDGER_KEY_ROTATE], 0);
    end();
}

/* -- the ledger key --------------------------------------------------------------------------- */

static void ledger_goes_on_under_another_key(void **state)
{
    char old_vkey[NOTE_VKEY_SIZE], vkey[NOTE_VKEY_SIZE], text[4 * NOTE_VKEY_SIZE];
    char expected[2 * NOTE_VKEY_SIZE + 8];
    auto_clean(note_verifier_free) struct note_verifier *old = NULL, *new = NULL;
    struct checkpoint checkpoint;
    (void)state;
    begin();
    assert_int_equal(note_signer_vkey(here->context.signer, old_vkey), MEDGL_OK);
    rotate_well(KEY_USE_LEDGER);
    reopen(here);
    assert_int_equal(note_signer_vkey(here->context.signer, vkey), MEDGL_OK);
    assert_string_not_equal(vkey, old_vkey);
    (void)snprintf(expected, sizeof(expected), "%s\n%s\n", vkey, old_vkey);
    assert_true(content(PATH_LEDGER_VKEY, text, sizeof(text)) > 0);
    assert_string_equal(text, expected); /* the key in force first */
    assert_false(is_there(PATH_LEDGER_KEY_NEW));
    /* The entry of the exchange is the head: both have signed it. */
    assert_int_equal(note_verifier_open(old_vkey, &old), MEDGL_OK);
    assert_int_equal(note_verifier_open(vkey, &new), MEDGL_OK);
    const struct ledger_head both = head();
    assert_int_equal(checkpoint_open(both.checkpoint, old, &checkpoint), MEDGL_OK);
    assert_int_equal(checkpoint_open(both.checkpoint, new, &checkpoint), MEDGL_OK);
    const struct periods keys = periods(KEY_USE_LEDGER);
    assert_int_equal(keys.count, 2);
    assert_string_equal(keys.key[0].name, old_vkey);
    assert_int_equal(keys.key[0].from, 0);
    assert_string_equal(keys.key[1].name, vkey);
    assert_int_equal(keys.key[1].from, both.tree.size);
    assert_int_equal(keys.key[1].ledger_seq, both.tree.size - 1);
    /* From here on the new one alone. */
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_TWO), LOGIN_ALLOWED);
    const struct ledger_head next = head();
    assert_int_equal(checkpoint_open(next.checkpoint, new, &checkpoint), MEDGL_OK);
    assert_int_equal(checkpoint_open(next.checkpoint, old, &checkpoint), MEDGL_ERR_CORRUPT);
    assert_int_equal(alerts(), 1);
    assert_sound();
    end();
}

static enum medgl_error read_keys(struct store_txn *txn, void *argument)
{
    struct ledger_key *keys = NULL;
    size_t count = 0;
    MEDGL_TRY(keys_of_ledger(&here->context, txn, &keys, &count));
    *(size_t *)argument = count;
    for (size_t i = 1; i < count; i++)
        assert_true(keys[i].from > keys[i - 1].from);
    keys_of_ledger_free(&keys, &count);
    assert_null(keys);
    return MEDGL_OK;
}

static void keys_follow_one_another(void **state)
{
    size_t count = 0;
    (void)state;
    begin();
    assert_int_equal(periods(KEY_USE_STORE).count, 1); /* of setup: there are no rows yet */
    for (size_t i = 1; i <= 3; i++) {
        assert_int_equal(store_transact(here->context.store, STORE_READ, read_keys, &count),
                         MEDGL_OK);
        assert_int_equal(count, i);
        rotate_well(KEY_USE_LEDGER);
        rotate_well(KEY_USE_STORE);
        reopen(here);
        assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_TWO), LOGIN_ALLOWED);
    }
    assert_int_equal(periods(KEY_USE_STORE).count, 4);
    const struct periods last = periods(KEY_USE_STORE);
    char id[SEAL_KEY_ID_SIZE];
    seal_key_id(here->context.seal, id);
    assert_string_equal(last.key[3].name, id);
    assert_sound();
    end();
}

static void foreign_ledger_key_signs_nothing(void **state)
{
    auto_secret struct secret skey = SECRET_NONE;
    const char *const answers[] = {PASSWORD_TWO, NULL};
    enum login_verdict verdict;
    char vkey[NOTE_VKEY_SIZE];
    (void)state;
    begin();
    const uint64_t size = head().tree.size;
    assert_int_equal(note_key_generate("test.example/medgl", &skey, vkey), MEDGL_OK);
    put_key(PATH_LEDGER_KEY, (const char *)skey.bytes);
    reopen(here);
    assert_int_equal(login_error(&here->context, "192.0.2.1", answers, &verdict), MEDGL_ERR_KEY);
    assert_int_equal(verdict, LOGIN_REFUSED);
    assert_int_equal(head().tree.size, size);
    end();
}

/* -- who was in the middle of something ------------------------------------------------------- */

static void whoever_opened_before_fails_closed(void **state)
{
    const struct use_row *row = *state;
    const char *const answers[] = {PASSWORD_TWO, NULL};
    enum login_verdict verdict;
    begin();
    rotate_well(row->use);
    assert_int_equal(login_error(&here->context, "192.0.2.1", answers, &verdict), MEDGL_ERR_KEY);
    assert_int_equal(verdict, LOGIN_REFUSED);
    reopen(here);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_TWO), LOGIN_ALLOWED);
    assert_sound();
    end();
}

/* A row that is written without one being read before: a first try. */
static enum medgl_error begin_blindly(struct store_txn *txn, void *argument)
{
    const medgl_time now = clock_read().now;
    struct attempt attempt = {.id = "0123456789abcdef",
                              .account_id = "fedcba9876543210",
                              .source = "192.0.2.1",
                              .service = "sshd",
                              .started = now,
                              .deadline = now + MEDGL_MINUTE,
                              .outcome = ATTEMPT_OUTCOME_REFUSED};
    (void)argument;
    return store_attempt_begin(txn, &attempt);
}

static void nobody_writes_under_a_key_of_before(void **state)
{
    (void)state;
    begin();
    assert_int_equal(store_transact(here->context.store, STORE_WRITE, begin_blindly, NULL),
                     MEDGL_OK);
    rotate_well(KEY_USE_STORE);
    assert_int_equal(store_transact(here->context.store, STORE_WRITE, begin_blindly, NULL),
                     MEDGL_ERR_KEY);
    reopen(here);
    rotate_well(KEY_USE_STORE); /* reads every row */
    reopen(here);
    assert_sound();
    end();
}

/* 0: allowed; 1: unavailable; anything else is a fault. */
static int crowd_login(unsigned number)
{
    const char *const answers[] = {PASSWORD_TWO, NULL};
    struct context context;
    enum login_verdict verdict;
    char rhost[32];
    (void)snprintf(rhost, sizeof(rhost), "198.51.100.%u", number + 1);
    clock_sleep(number * CROWD_STEP);
    if (context_open(here->root, CONTEXT_STATE, &context) != MEDGL_OK)
        return 1;
    enum medgl_error error = login_error(&context, rhost, answers, &verdict);
    context_close(&context);
    if (error != MEDGL_OK)
        return verdict == LOGIN_REFUSED ? 1 : 3;
    return verdict == LOGIN_ALLOWED ? 0 : 4;
}

static void crowd_ends_allowed_or_unavailable(void **state)
{
    unsigned outcome[8] = {0};
    pid_t children[CROWD];
    (void)state;
    begin();
    context_close(&here->context);
    (void)fflush(NULL);
    for (unsigned i = 0; i < CROWD; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0)
            _exit(crowd_login(i));
    }
    for (unsigned i = 0; i < EXCHANGES; i++) {
        bool finished_old;
        clock_sleep(CROWD * CROWD_STEP / EXCHANGES / 2);
        assert_int_equal(rotate(uses[i % 2].use, &finished_old), MEDGL_OK);
    }
    for (unsigned i = 0; i < CROWD; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        outcome[WEXITSTATUS(status) & 7]++;
    }
    print_message("# %u allowed, %u unavailable\n", outcome[0], outcome[1]);
    assert_int_equal(outcome[0] + outcome[1], CROWD);
    assert_int_equal(context_open(here->root, CONTEXT_STATE, &here->context), MEDGL_OK);
    assert_int_equal(try_login(here, here->user, "192.0.2.9", PASSWORD_TWO), LOGIN_ALLOWED);
    assert_sound();
    end();
}

static void two_never_exchange_at_once(void **state)
{
    const struct use_row *row = *state;
    bool finished_old;
    begin();
    auto_fd int lock = open(path_of(row->key), O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(rotate(row->use, &finished_old), MEDGL_ERR_CONFLICT);
    assert_false(is_there(row->fresh));
    assert_int_equal(flock(lock, LOCK_UN), 0);
    rotate_well(row->use);
    end();
}

/* -- what was interrupted --------------------------------------------------------------------- */

static void hear(void *argument, enum doctor_level level, const char *check, const char *text)
{
    bool *told = argument;
    if (level != DOCTOR_OK && strcmp(check, "keys") == 0 &&
        strstr(text, "medgl-admin key rotate") != NULL)
        *told = true;
}

static bool doctor_tells(void)
{
    bool told = false;
    (void)operation_doctor(here->root, hear, &told);
    return told;
}

/* The files as they are between the commit and the rename. */
static void interrupt_after_commit(const struct use_row *row)
{
    char old[512], new[512];
    (void)content(row->key, old, sizeof(old));
    rotate_well(row->use);
    (void)content(row->key, new, sizeof(new));
    assert_string_not_equal(old, new);
    put_key(row->key, old);
    put_key(row->fresh, new);
}

static void exchange_is_finished(void **state)
{
    const struct use_row *row = *state;
    char new[512], text[512];
    bool finished_old = false;
    begin();
    interrupt_after_commit(row);
    (void)content(row->fresh, new, sizeof(new));
    reopen(here);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_TWO), LOGIN_ALLOWED);
    assert_true(doctor_tells());
    assert_int_equal(rotate(row->use, &finished_old), MEDGL_OK);
    assert_true(finished_old);
    (void)content(row->key, text, sizeof(text));
    assert_string_equal(text, new);
    assert_false(is_there(row->fresh));
    assert_false(doctor_tells());
    reopen(here);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_TWO), LOGIN_ALLOWED);
    assert_int_equal(tally_of(here).kinds[LEDGER_KEY_ROTATE], 1); /* no other was begun */
    assert_sound();
    end();
}

static void public_key_is_published_at_last(void **state)
{
    char text[4 * NOTE_VKEY_SIZE], old[NOTE_VKEY_SIZE], vkey[NOTE_VKEY_SIZE];
    char expected[2 * NOTE_VKEY_SIZE + 8];
    bool finished_old;
    (void)state;
    begin();
    assert_int_equal(note_signer_vkey(here->context.signer, old), MEDGL_OK);
    interrupt_after_commit(&uses[1]);
    (void)snprintf(expected, sizeof(expected), "%s\n", old);
    write_file(here, PATH_LEDGER_VKEY, expected);
    assert_int_equal(rotate(KEY_USE_LEDGER, &finished_old), MEDGL_OK);
    reopen(here);
    assert_int_equal(note_signer_vkey(here->context.signer, vkey), MEDGL_OK);
    (void)snprintf(expected, sizeof(expected), "%s\n%s\n", vkey, old);
    assert_true(content(PATH_LEDGER_VKEY, text, sizeof(text)) > 0);
    assert_string_equal(text, expected);
    end();
}

static const struct left_row {
    const char *name;
    const char *text; /* NULL: a whole key that was never in force */
} lefts[] = {
    {"a whole key", NULL},
    {"empty", ""},
    {"half a key", "medgl-store-key-1 0123"},
    {"something else", "PRIVATE+KEY+x+00000000+AAAA\n"},
};

/* A new key that nothing is under: logins do not care, and the next exchange makes another. */
static void left_over_key_is_replaced(void **state)
{
    const struct left_row *row = *state;
    begin();
    for (size_t i = 0; i < MEDGL_COUNT(uses); i++) {
        auto_secret struct secret text = SECRET_NONE;
        char vkey[NOTE_VKEY_SIZE], after[512];
        if (uses[i].use == KEY_USE_STORE)
            assert_int_equal(seal_key_generate(&text), MEDGL_OK);
        else
            assert_int_equal(note_key_generate("test.example/medgl", &text, vkey), MEDGL_OK);
        const char *left = row->text != NULL ? row->text : (const char *)text.bytes;
        put_key(uses[i].fresh, left);
        reopen(here);
        assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_TWO), LOGIN_ALLOWED);
        assert_true(doctor_tells());
        rotate_well(uses[i].use);
        (void)content(uses[i].key, after, sizeof(after));
        assert_string_not_equal(after, left);
        assert_false(is_there(uses[i].fresh));
        reopen(here);
        assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_TWO), LOGIN_ALLOWED);
    }
    assert_false(doctor_tells());
    assert_sound();
    end();
}

static void nothing_fits(void **state)
{
    auto_secret struct secret text = SECRET_NONE, other = SECRET_NONE;
    struct context context;
    bool finished_old;
    (void)state;
    begin();
    assert_int_equal(seal_key_generate(&text), MEDGL_OK);
    assert_int_equal(seal_key_generate(&other), MEDGL_OK);
    put_key(PATH_STORE_KEY, (const char *)text.bytes);
    put_key(PATH_STORE_KEY_NEW, (const char *)other.bytes);
    assert_int_equal(context_open(here->root, CONTEXT_STATE, &context), MEDGL_ERR_KEY);
    assert_int_equal(rotate(KEY_USE_STORE, &finished_old), MEDGL_ERR_KEY);
    assert_true(is_there(PATH_STORE_KEY_NEW)); /* nothing is removed that may be in force */
    end();
}

static void several_at_once(void **state)
{
    bool finished;
    (void)state;
    begin();
    interrupt_after_commit(&uses[0]);
    interrupt_after_commit(&uses[1]);
    reopen(here);
    assert_true(here->context.store_key_new && here->context.ledger_key_new);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_TWO), LOGIN_ALLOWED);
    for (size_t i = 0; i < MEDGL_COUNT(uses); i++) {
        const struct key_rotate_request request = {
            .root = here->root, .owner = geteuid(), .group = getegid(), .use = uses[i].use};
        assert_int_equal(operation_key_finish(&request, &finished), MEDGL_OK);
        assert_true(finished);
        assert_int_equal(operation_key_finish(&request, &finished), MEDGL_OK);
        assert_false(finished);
    }
    reopen(here);
    assert_false(here->context.store_key_new || here->context.ledger_key_new);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_TWO), LOGIN_ALLOWED);
    assert_sound();
    end();
}

/* -- as many as verification takes --------------------------------------------------------------
 */

static void ledger_has_so_many_keys_and_no_more(void **state)
{
    char before[NOTE_VKEY_SIZE], after[NOTE_VKEY_SIZE];
    bool finished_old;
    (void)state;
    begin();
    for (unsigned count = 1; count < LEDGER_KEYS_MAX; count++)
        rotate_well(KEY_USE_LEDGER);
    for (unsigned again = 0; again < 2; again++) {
        reopen(here);
        assert_sound();
        assert_int_equal(tally_of(here).kinds[LEDGER_KEY_ROTATE], LEDGER_KEYS_MAX - 1);
        assert_int_equal(note_signer_vkey(here->context.signer, before), MEDGL_OK);
        assert_int_equal(rotate(KEY_USE_LEDGER, &finished_old), MEDGL_ERR_REFUSED);
        reopen(here);
        assert_int_equal(note_signer_vkey(here->context.signer, after), MEDGL_OK);
        assert_string_equal(after, before);
        assert_false(here->context.ledger_key_new);
        assert_false(is_there(PATH_LEDGER_KEY_NEW));
    }
    rotate_well(KEY_USE_STORE); /* there is no such bound for this one */
    reopen(here);
    assert_sound();
    end();
}

/* -- archives --------------------------------------------------------------------------------- */

static void session(bool open, const char *id, char opened[CRYPTO_ID_SIZE])
{
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.1");
    struct session_opening opening = {.id = ""};
    enum session_verdict verdict;
    assert_int_equal(
        open ? operation_session_open(&here->context, &talk, &caller, here->user, false, &opening,
                                      &verdict)
             : operation_session_close(&here->context, &caller, here->user, id, &verdict),
        MEDGL_OK);
    assert_int_equal(verdict, SESSION_DONE);
    if (open)
        memcpy(opened, opening.id, CRYPTO_ID_SIZE);
}

static enum medgl_error drop_code(void *argument, const struct account *account,
                                  const char (*codes)[RECOVERY_TEXT_SIZE], size_t count,
                                  medgl_time until)
{
    (void)argument, (void)account, (void)codes, (void)count, (void)until;
    return MEDGL_OK;
}

static void grant(void)
{
    char why[OPERATION_WHY_SIZE], id[CRYPTO_ID_SIZE];
    const struct grant_add_request request = {.name = here->user,
                                              .kind = GRANT_FACTOR_WAIVER,
                                              .instead = GRANT_INSTEAD_CODE,
                                              .codes = 2,
                                              .until = clock_read().now + MEDGL_HOUR,
                                              .approved_by = "Dr Sato",
                                              .reason = "lost",
                                              .deliver = drop_code};
    assert_int_equal(operation_grant_add(&here->context, &request, id, why), MEDGL_OK);
}

/* Which kinds have a body in the store: "kind" NULL counts those that have none. */
struct bodies {
    const char *kind;
    unsigned count;
};

static enum medgl_error bodies_row(void *argument, const struct ledger_row *row)
{
    struct bodies *bodies = argument;
    char text[128];
    (void)snprintf(text, sizeof(text), "\"kind\":\"%s\"", bodies->kind != NULL ? bodies->kind : "");
    bodies->count +=
        bodies->kind == NULL ? row->len == 0 : row->len > 0 && strstr(row->line, text) != NULL;
    return MEDGL_OK;
}

static unsigned bodies(const char *kind)
{
    struct bodies run = {.kind = kind};
    assert_int_equal(operation_ledger_each(&here->context, 0, UINT64_MAX, bodies_row, &run),
                     MEDGL_OK);
    return run.count;
}

/* And its file is lost. */
static void archive_and_lose(void)
{
    const struct archive_request request = {.until = fixture_present(), .copy = -1};
    struct archive made;
    char why[STORE_TEXT_SIZE], path[PATH_MAX], name[PATH_MAX];
    here->context.policy.ledger_retention = (struct policy_span){0};
    assert_int_equal(operation_archive(&here->context, &request, &made, why), MEDGL_OK);
    assert_int_equal(verify(here), MEDGL_OK);
    (void)snprintf(name, sizeof(name), PATH_ARCHIVE "/%s", made.file);
    assert_int_equal(path_under(path, here->root, name), MEDGL_OK);
    assert_int_equal(unlink(path), 0);
    assert_sound();
}

static void rows_need_no_archive(void **state)
{
    char stays[CRYPTO_ID_SIZE], ends[CRYPTO_ID_SIZE], over[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    (void)state;
    begin_with_device();
    rotate_well(KEY_USE_LEDGER);
    rotate_well(KEY_USE_STORE);
    reopen(here);
    session(true, NULL, over);
    session(false, over, NULL);
    session(true, NULL, ends);
    session(true, NULL, stays);
    grant();
    assert_int_equal(login_with(WRONG, "123456"), LOGIN_REFUSED);
    archive_and_lose();
    static const struct {
        const char *kind;
        unsigned count;
    } left[] = {{"setup", 1},         {"account.add", 1},  {"key.rotate", 2},
                {"factor.enrol", 2},  {"session.open", 2}, {"session.close", 0},
                {"login.failure", 0}, {"grant.add", 1}};
    for (size_t i = 0; i < MEDGL_COUNT(left); i++)
        assert_int_equal(bodies(left[i].kind), left[i].count);
    assert_true(bodies(NULL) > 0);
    /* What ended since of what stayed. */
    session(false, ends, NULL);
    assert_int_equal(operation_account_disable(&here->context, here->user, "test", why), MEDGL_OK);
    archive_and_lose();
    assert_int_equal(bodies("session.close"), 1);
    assert_int_equal(operation_account_enable(&here->context, here->user, "test", why), MEDGL_OK);
    assert_int_equal(operation_account_retire(&here->context, here->user, "test", why), MEDGL_OK);
    archive_and_lose();
    archive_and_lose();
    end();
}

int main(void)
{
    table_add("R08 rows need no archive", "with its file gone", rows_need_no_archive, NULL);
    table_add("R37 store key", "all that was sealed opens",
              all_that_was_sealed_opens_after_the_exchange, NULL);
    table_add("R37 store key", "people log in as before", people_log_in_as_before, NULL);
    table_add("R37 store key", "the same guess is known again", the_same_guess_is_known_again,
              NULL);
    table_add("R37 store key", "damage changes nothing",
              damage_stops_the_exchange_and_changes_nothing, NULL);
    table_add("R37 ledger key", "the ledger goes on", ledger_goes_on_under_another_key, NULL);
    table_add("R37 ledger key", "as many as verification takes",
              ledger_has_so_many_keys_and_no_more, NULL);
    table_add("R37 keys", "one after the other", keys_follow_one_another, NULL);
    table_add("R08", "a foreign ledger key signs nothing", foreign_ledger_key_signs_nothing, NULL);
    TABLE_ADD("R37 whoever opened before fails closed", uses, whoever_opened_before_fails_closed);
    table_add("R37 store key", "nobody writes under the one of before",
              nobody_writes_under_a_key_of_before, NULL);
    table_add("R37", "a crowd ends allowed or unavailable", crowd_ends_allowed_or_unavailable,
              NULL);
    TABLE_ADD("R37 two never exchange at once", uses, two_never_exchange_at_once);
    TABLE_ADD("R37 an exchange is finished", uses, exchange_is_finished);
    table_add("R37 ledger key", "the public key is published at last",
              public_key_is_published_at_last, NULL);
    TABLE_ADD("R37 a left-over is replaced", lefts, left_over_key_is_replaced);
    table_add("R37", "two keys that do not fit", nothing_fits, NULL);
    table_add("R37", "both were interrupted", several_at_once, NULL);
    return table_run("keys");
}
