/* What `ledger verify` makes of archives and keys that were kept elsewhere, and of state that only
 * archived entries could tell of (R08, R37). Tampered archives: prove_test; exchanges: keys_test.
 */
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#include "operation/doctor.h"
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

/* Account, password, a login and its session; all of it archived, with a copy beside the root. */
static int archive_open_whole(void **state, char path[PATH_MAX])
{
    struct fixture *f;
    struct archive made;
    char why[STORE_TEXT_SIZE];
    if (fixture_open(state) != 0)
        return 1;
    f = *state;
    enrol(f);
    set_password(f, "blue-Lantern-42-harbour");
    f->context.policy.ledger_retention = (struct policy_span){0};
    (void)snprintf(path, PATH_MAX, "%s/kept.archive", f->root);
    auto_fd int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const struct archive_request request = {.until = fixture_present(), .copy = fd};
    if (operation_archive(&f->context, &request, &made, why) != MEDGL_OK)
        return 1;
    (void)snprintf(path, PATH_MAX, "%s" PATH_ARCHIVE "/%s", f->root, made.file);
    return 0;
}

/* And of which that copy alone is left. */
static int archive_open(void **state)
{
    char path[PATH_MAX];
    return archive_open_whole(state, path) != 0 ? 1 : unlink(path);
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
    assert_int_equal(result.archives, 1);
    assert_int_equal(result.archives_missing, 1);
    assert_int_equal(result.archives_altered, 0);
}

/* What becomes of the file in its directory, while the copy may be given. */
static const struct fate {
    const char *name;
    const char *command; /* with the file in $0 */
    bool given;
    const char *fault;
    unsigned missing, altered, warnings, faults; /* of verification; of doctor */
} fates[] = {
    {"left", ":", false, NULL, 0, 0, 0, 0},
    {"left, and the copy is given", ":", true, NULL, 0, 0, 0, 0},
    {"removed", "rm \"$0\"", false, NULL, 1, 0, 1, 0},
    {"removed, and the copy is given", "rm \"$0\"", true, NULL, 0, 0, 1, 0},
    {"cut", "truncate -s -10 \"$0\"", false, "is not what was archived", 0, 1, 0, 1},
    {"cut, and the copy is given", "truncate -s -10 \"$0\"", true, "is not what was archived", 0, 1,
     0, 1},
    {"a word of a kept body", "sed -i s/test.example/best.example/ \"$0\"", false,
     "is not what was archived", 0, 1, 0, 1},
    {"its lines in another order", "tac \"$0\" > \"$0.\" && mv \"$0.\" \"$0\"", false,
     "is not what was archived", 0, 1, 0, 1},
    {"a directory", "rm \"$0\" && mkdir \"$0\"", false, "is not what was archived", 0, 1, 0, 1},
    {"of anybody", "chmod 666 \"$0\"", false, "is not what was archived", 0, 1, 0, 1},
};

struct found {
    unsigned warnings, faults;
};

static void find(void *argument, enum doctor_level level, const char *check, const char *what)
{
    struct found *found = argument;
    if (strcmp(check, "archives") != 0)
        return;
    assert_true(level == DOCTOR_OK || strstr(what, ".archive") != NULL); /* it says which */
    found->warnings += level == DOCTOR_WARNING;
    found->faults += level == DOCTOR_FAULT;
}

static void name_missing(void *argument, const struct archive *archive)
{
    (void)argument;
    assert_non_null(strstr(archive->file, ".archive"));
}

static void fate_is_told(void **state)
{
    const struct fate *row = *state;
    struct fixture *f = NULL;
    struct ledger_result result;
    struct found found = {.faults = 0};
    struct doctor doctor = {.finding = find, .argument = &found};
    char path[PATH_MAX];
    const char *const label = "kept.archive";
    assert_int_equal(archive_open_whole((void **)&f, path), 0);
    auto_fd int copy = kept_archive(f);
    pid_t child = fork();
    if (child == 0)
        (void)execl("/bin/sh", "sh", "-ec", row->command, path, NULL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    const struct evidence_request request = {.archives = &copy,
                                             .archive_labels = &label,
                                             .archive_count = row->given,
                                             .missing = name_missing};
    assert_verdict(f, request, row->fault, &result);
    assert_int_equal(result.archives, 1);
    assert_int_equal(result.archives_missing, row->missing);
    assert_int_equal(result.archives_altered, row->altered);
    if (row->given)
        assert_int_equal(result.absent, 0);
    doctor.root = f->root;
    doctor_archives(&doctor, &f->context);
    assert_int_equal(found.warnings, row->warnings);
    assert_int_equal(found.faults, row->faults);
    assert_int_equal(fixture_close((void **)&f), 0);
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
    TABLE_ADD("R08 the file of an archive", fates, fate_is_told);
    TABLE_ADD("R08 forged onto an absent body", forge_rows, forged_row_is_told);
    TABLE_ADD("R37 a key kept elsewhere", key_rows, kept_key_is_judged);
    return table_run("verify");
}
