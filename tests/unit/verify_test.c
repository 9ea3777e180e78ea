/* What `ledger verify` makes of archives and keys that were kept elsewhere, and of state that only
 * archived entries could tell of (R08, R37). Tampered archives: prove_test; exchanges: keys_test.
 */
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#include "operation/prove.h"

#include <fcntl.h>
#include <sqlite3.h>

struct heard {
    unsigned count;
    char all[4096]; /* one behind the other, as many as fit */
};

static void hear(void *argument, uint64_t seq, const char *what)
{
    struct heard *heard = argument;
    (void)seq;
    const size_t used = strlen(heard->all);
    heard->count++;
    (void)snprintf(heard->all + used, sizeof(heard->all) - used, "%s\n", what);
}

/* NULL: no fault at all. */
static void assert_verdict(struct fixture *f, struct evidence_request request, const char *fault,
                           struct ledger_result *result)
{
    struct heard heard = {.count = 0};
    request.fault = hear;
    request.argument = &heard;
    const enum medgl_error error = operation_verify(&f->context, &request, result);
    if (fault == NULL ? heard.count > 0 : strstr(heard.all, fault) == NULL)
        fail_msg("%u faults: %s", heard.count, heard.all);
    assert_int_equal(error, fault == NULL ? MEDGL_OK : MEDGL_ERR_CORRUPT);
    assert_int_equal(result->faults, heard.count);
}

/* Account, password, a login and its session; all of it archived to a file beside the root. */
static int archive_open(void **state)
{
    struct fixture *f;
    struct archive made;
    char why[STORE_TEXT_SIZE], path[PATH_MAX];
    if (fixture_open(state) != 0)
        return 1;
    f = *state;
    enrol(f);
    set_password(f, "blue-Lantern-42-harbour");
    f->context.policy.ledger_retention = (struct policy_span){0};
    (void)snprintf(path, sizeof(path), "%s/kept.archive", f->root);
    auto_fd int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const struct archive_request request = {
        .until = clock_read().now, .fd = fd, .file = "kept.archive"};
    return operation_archive(&f->context, &request, &made, why) == MEDGL_OK ? 0 : 1;
}

static int kept_archive(const struct fixture *f)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/kept.archive", f->root);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void archive_that_is_not_given_is_counted(void **state)
{
    struct ledger_result result;
    assert_verdict(*state, (struct evidence_request){0}, NULL, &result);
    assert_true(result.absent > 0 && result.absent < result.entries - 1);
}

static void archive_that_is_given_is_verified(void **state)
{
    struct ledger_result result;
    auto_fd int fd = kept_archive(*state);
    const char *const label = "kept.archive";
    const struct evidence_request request = {
        .archives = &fd, .archive_labels = &label, .archive_count = 1};
    assert_verdict(*state, request, NULL, &result);
    assert_int_equal(result.absent, 0);
    assert_verdict(*state, request, NULL,
                   &result); /* and again: the place in the file is no matter */
}

static void foreign_archive_is_told(void **state)
{
    struct ledger_result result;
    auto_fd int other = open("/etc/passwd", O_RDONLY | O_CLOEXEC), own = kept_archive(*state);
    const int fds[] = {other, own};
    const char *const labels[] = {"passwd", "kept.archive"};
    const struct evidence_request request = {
        .archives = fds, .archive_labels = labels, .archive_count = 2};
    assert_verdict(*state, request, "passwd is no archive of this ledger", &result);
    assert_int_equal(result.absent, 0);
}

static void sql(const struct fixture *f, const char *text)
{
    char path[PATH_MAX];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof(path), "%s" PATH_STORE, f->root);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void body_that_nobody_archived_is_told(void **state)
{
    struct ledger_result result;
    sql(*state, "UPDATE ledger SET line = '' WHERE seq = (SELECT max(seq) FROM ledger)");
    assert_verdict(*state, (struct evidence_request){0},
                   "the entry has no body, and was never archived", &result);
}

static void leaf_of_an_archived_entry_is_proven(void **state)
{
    struct ledger_result result;
    sql(*state, "UPDATE ledger SET leaf = zeroblob(32) WHERE length(line) = 0");
    assert_verdict(*state, (struct evidence_request){0}, "was made over other entries", &result);
}

static void row_of_an_archive_is_compared(void **state)
{
    struct ledger_result result;
    sql(*state, "DELETE FROM archive");
    assert_verdict(*state, (struct evidence_request){0}, "no body, and was never archived",
                   &result);
}

/* -- rows whose entry is said to be in an archive ------------------------------------------------
 */

#define NOT_AT_HAND "is in an archive that is not at hand"

static enum medgl_error find_absent(void *argument, const struct ledger_row *row)
{
    uint64_t *seq = argument;
    if (row->len == 0)
        *seq = row->seq;
    return MEDGL_OK;
}

static enum medgl_error forge_account(struct store_txn *txn, const struct account *own,
                                      uint64_t seq)
{
    struct account account = *own;
    (void)snprintf(account.name, sizeof(account.name), "mallory");
    account.uid = 4242;
    account.ledger_seq = seq;
    MEDGL_TRY(crypto_random_id(account.id));
    return store_account_add(txn, &account);
}

static enum medgl_error forge_session(struct store_txn *txn, const struct account *own,
                                      uint64_t seq)
{
    struct session session = {.service = "sshd", .opened = clock_read().now};
    (void)seq;
    memcpy(session.account_id, own->id, sizeof(session.account_id));
    MEDGL_TRY(crypto_random_id(session.id));
    return store_session_open(txn, &session);
}

static enum medgl_error forge_device(struct store_txn *txn, const struct account *own, uint64_t seq)
{
    struct credential device = {
        .kind = CREDENTIAL_TOTP, .sealed = "sealed", .sealed_len = 6, .ledger_seq = seq};
    memcpy(device.account_id, own->id, sizeof(device.account_id));
    MEDGL_TRY(crypto_random_id(device.id));
    return store_credential_add(txn, &device);
}

static enum medgl_error forge_grant(struct store_txn *txn, const struct account *own, uint64_t seq)
{
    const medgl_time now = clock_read().now;
    struct grant grant = {.created = now,
                          .since = now,
                          .until = now + MEDGL_DAY,
                          .approved_by = "nobody",
                          .reason = "none",
                          .ledger_seq = seq};
    memcpy(grant.account_id, own->id, sizeof(grant.account_id));
    MEDGL_TRY(crypto_random_id(grant.id));
    return store_grant_add(txn, &grant);
}

static enum medgl_error forge_key(struct store_txn *txn, const struct account *own, uint64_t seq)
{
    struct key_period period = {.use = KEY_USE_STORE,
                                .name = "mallory",
                                .algorithm = "none",
                                .from = 7,
                                .since = clock_read().now,
                                .ledger_seq = seq};
    (void)own;
    return store_key_add(txn, &period);
}

static const struct forge_row {
    const char *name;
    enum medgl_error (*forge)(struct store_txn *txn, const struct account *own, uint64_t seq);
    const char *fault;
} forge_rows[] = {
    {"an account", forge_account, "an account has no entry that made it: its entry " NOT_AT_HAND},
    {"an open session", forge_session, "an open session has no entry that opened it"},
    {"a device", forge_device, "a second factor has no entry that made it: its entry " NOT_AT_HAND},
    {"a grant", forge_grant, "a grant has no entry that made it: its entry " NOT_AT_HAND},
    {"a key", forge_key, "a key has no entry that put it in force"},
};

struct forge_run {
    const struct forge_row *row;
    const char *user;
};

static enum medgl_error forge_now(struct store_txn *txn, void *argument)
{
    const struct forge_run *run = argument;
    struct account own;
    uint64_t seq = UINT64_MAX;
    MEDGL_TRY(store_ledger_stream(txn, find_absent, &seq));
    MEDGL_TRY(store_account_by_name(txn, run->user, &own));
    return run->row->forge(txn, &own, seq);
}

static void forged_row_is_told(void **state)
{
    const struct forge_row *row = *state;
    struct fixture *f = NULL;
    struct ledger_result result;
    assert_int_equal(archive_open((void **)&f), 0);
    struct forge_run run = {.row = row, .user = f->user};
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, forge_now, &run), MEDGL_OK);
    assert_verdict(f, (struct evidence_request){0}, row->fault, &result);
    assert_true(result.absent > 0);
    assert_int_equal(fixture_close((void **)&f), 0);
}

/* -- keys ------------------------------------------------------------------------------------- */

#define STRANGER "test.example+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

static const struct key_row {
    const char *name, *front, *behind;
    bool own; /* the ledger's key between them */
    const char *fault;
} key_rows[] = {
    {"its own", "", "", true, NULL},
    {"its own with a newline", "", "\n", true, NULL},
    {"empty", "", "", false, "is no key that this ledger ever had"},
    {"an empty line", "\n", "", false, "is no key that this ledger ever had"},
    {"no key", "hello\n", "", false, "is no key that this ledger ever had"},
    {"another's", STRANGER "\n", "", false, "is no key that this ledger ever had"},
    {"its own, and another's", "", "\n" STRANGER "\n", true, "is no key that this ledger ever had"},
};

static void kept_key_is_judged(void **state)
{
    const struct key_row *row = *state;
    struct fixture *f = NULL;
    struct ledger_result result;
    char vkey[NOTE_VKEY_SIZE] = "", text[3 * NOTE_VKEY_SIZE];
    const char *const texts[] = {text}, *const labels[] = {"kept.vkey"};
    assert_int_equal(fixture_open((void **)&f), 0);
    if (row->own)
        assert_int_equal(note_signer_vkey(f->context.signer, vkey), MEDGL_OK);
    (void)snprintf(text, sizeof(text), "%s%s%s", row->front, vkey, row->behind);
    assert_verdict(
        f, (struct evidence_request){.vkeys = texts, .vkey_labels = labels, .vkey_count = 1},
        row->fault, &result);
    assert_int_equal(fixture_close((void **)&f), 0);
}

static const struct on_archive {
    const char *name;
    void (*test)(void **state);
} on_archives[] = {
    {"one that is not given is counted", archive_that_is_not_given_is_counted},
    {"one that is given is verified", archive_that_is_given_is_verified},
    {"a foreign one is told", foreign_archive_is_told},
    {"a body that nobody archived", body_that_nobody_archived_is_told},
    {"the leaf of an archived entry", leaf_of_an_archived_entry_is_proven},
    {"without its row", row_of_an_archive_is_compared},
};

static void on_an_archive(void **state)
{
    const struct on_archive *row = *state;
    void *fixture = NULL;
    assert_int_equal(archive_open(&fixture), 0);
    row->test(&fixture);
    assert_int_equal(fixture_close(&fixture), 0);
}

int main(void)
{
    TABLE_ADD("R08 an archive", on_archives, on_an_archive);
    TABLE_ADD("R08 forged onto an absent body", forge_rows, forged_row_is_told);
    TABLE_ADD("R37 a key kept elsewhere", key_rows, kept_key_is_judged);
    return table_run("verify");
}
