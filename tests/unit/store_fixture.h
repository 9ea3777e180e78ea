/* A store in a directory of its own, for tests: made before each test, removed after it. */
#ifndef MEDGL_TESTS_STORE_FIXTURE_H
#define MEDGL_TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/text.h"
#include "store/sqlite/database.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define NOW         ((medgl_time)1800000000000)
#define PATIENCE_MS 20000

struct fixture {
    char directory[PATH_MAX - 64];
    char path[PATH_MAX];
    unsigned char key[CRYPTO_HASH_SIZE];
    struct store *store;
};

static struct fixture fixture;

#define assert_ok(call)               assert_int_equal((call), MEDGL_OK)
#define assert_error(call, the_error) assert_int_equal((call), (the_error))

static inline enum medgl_error fixture_open_at(const char *path, bool create, bool read_only,
                                               struct store **store)
{
    const struct store_options options = {.path = path,
                                          .row_key = fixture.key,
                                          .patience_ms = PATIENCE_MS,
                                          .create = create,
                                          .read_only = read_only};
    return store_open(&options, store);
}

static inline enum medgl_error fixture_open(struct store **store)
{
    return fixture_open_at(fixture.path, false, false, store);
}

static inline void fixture_reopen(void)
{
    store_close(&fixture.store);
    assert_ok(fixture_open(&fixture.store));
}

static inline int fixture_setup(void **state)
{
    const char *base = getenv("TMPDIR");
    (void)state;
    log_open(LOG_TARGET_NONE, "store_test", false);
    (void)snprintf(fixture.directory, sizeof(fixture.directory), "%s/medgl-store-XXXXXX",
                   base != NULL ? base : "/tmp");
    if (mkdtemp(fixture.directory) == NULL)
        return -1;
    (void)snprintf(fixture.path, sizeof(fixture.path), "%s/medgl.db", fixture.directory);
    memset(fixture.key, 0x5a, sizeof(fixture.key));
    fixture.store = NULL;
    return fixture_open_at(fixture.path, true, false, &fixture.store) == MEDGL_OK ? 0 : -1;
}

static inline int fixture_teardown(void **state)
{
    char path[PATH_MAX + NAME_MAX];
    (void)state;
    store_close(&fixture.store);
    (void)chmod(fixture.directory, 0700);
    DIR *directory = opendir(fixture.directory);
    const struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        (void)snprintf(path, sizeof(path), "%s/%s", fixture.directory, entry->d_name);
        if (entry->d_name[0] != '.' && remove(path) != 0)
            return -1;
    }
    if (directory != NULL)
        (void)closedir(directory);
    return rmdir(fixture.directory);
}

/* -- transactions step by step, as store_transact() runs them ------------------------------- */

static struct store_txn fixture_txn;

static inline struct store_txn *begin(enum store_mode mode)
{
    fixture_txn = (struct store_txn){fixture.store, mode};
    fixture.store->wait_until = INT64_MAX;
    assert_ok(
        database_run(fixture.store, mode == STORE_WRITE ? "BEGIN IMMEDIATE" : "BEGIN", "test"));
    return &fixture_txn;
}

static inline void commit(void)
{
    assert_ok(database_run(fixture.store, "COMMIT", "test"));
}

static inline void roll_back(void)
{
    assert_ok(database_run(fixture.store, "ROLLBACK", "test"));
}

/* -- rows ----------------------------------------------------------------------------------- */

/* "aaaa...": as long as an id is. */
static inline const char *id_of(char c)
{
    static char id[8][CRYPTO_ID_SIZE];
    static unsigned next;
    char *to = id[next++ % 8];
    memset(to, c, CRYPTO_ID_SIZE - 1);
    to[CRYPTO_ID_SIZE - 1] = '\0';
    return to;
}

static inline struct account account_of(char c, const char *name)
{
    struct account account = {.uid = 1000 + c,
                              .class_ = ACCOUNT_CLASS_STAFF,
                              .state = ACCOUNT_STATE_ACTIVE,
                              .state_since = NOW,
                              .state_reason = "enrolled",
                              .full_name = "山田 花子",
                              .created = NOW,
                              .ledger_seq = 7,
                              .reading = "やまだ はなこ",
                              .staff_number = "A-1024",
                              .birth_date = "1985-04-01",
                              .hours = "Mon-Fri 08:00-20:00",
                              .places = "10.1.0.0/16",
                              .services = "sshd,login",
                              .sessions = 3,
                              .idle = -1,
                              .shared = true,
                              .factor = ACCOUNT_FACTOR_OPTIONAL,
                              .company = "株式会社メディカ"};
    assert_ok(text_copy(account.id, sizeof(account.id), id_of(c)));
    assert_ok(text_copy(account.name, sizeof(account.name), name));
    return account;
}

static inline struct credential credential_of(char id, char account)
{
    struct credential credential = {.kind = CREDENTIAL_PASSWORD,
                                    .sealed = "sealed \x01\xff bytes",
                                    .sealed_len = 15,
                                    .strength = PASSWORD_STRENGTH_LONG,
                                    .issued = true,
                                    .set_at = NOW,
                                    .valid_until = NOW + MEDGL_DAY,
                                    .ledger_seq = 8,
                                    .label = "phone",
                                    .counter = 60000001,
                                    .drift = -1};
    assert_ok(text_copy(credential.id, sizeof(credential.id), id_of(id)));
    assert_ok(text_copy(credential.account_id, sizeof(credential.account_id), id_of(account)));
    return credential;
}

static inline struct grant grant_of(char id, char account)
{
    struct grant grant = {.kind = GRANT_FACTOR_WAIVER,
                          .instead = GRANT_INSTEAD_CODE,
                          .created = NOW,
                          .since = NOW + 1,
                          .until = NOW + MEDGL_DAY,
                          .approved_by = "jiro",
                          .reason = "phone lost",
                          .used = 2,
                          .last_used = NOW + 2,
                          .ledger_seq = 9,
                          .work = "除細動器の点検"};
    assert_ok(text_copy(grant.id, sizeof(grant.id), id_of(id)));
    assert_ok(text_copy(grant.account_id, sizeof(grant.account_id), id_of(account)));
    return grant;
}

static inline struct session session_of(char id, char account)
{
    struct session session = {.service = "sshd",
                              .source = "192.0.2.1",
                              .tty = "pts/0",
                              .opened = NOW,
                              .class_ = ACCOUNT_CLASS_STAFF,
                              .leader = "boot 1 2 3",
                              .person = "taro",
                              .confirmed = NOW + 6,
                              .confirmed_by = "jiro",
                              .confirmed_seq = 10};
    assert_ok(text_copy(session.id, sizeof(session.id), id_of(id)));
    assert_ok(text_copy(session.account_id, sizeof(session.account_id), id_of(account)));
    assert_ok(text_copy(session.grant_id, sizeof(session.grant_id), id_of('9')));
    return session;
}

static inline struct attempt attempt_of(const char *id, char account, const char *source,
                                        medgl_time started)
{
    struct attempt attempt = {.service = "sshd",
                              .started = started,
                              .deadline = started + MEDGL_MINUTE,
                              .outcome = ATTEMPT_OUTCOME_IN_FLIGHT};
    assert_ok(text_copy(attempt.id, sizeof(attempt.id), id));
    assert_ok(text_copy(attempt.account_id, sizeof(attempt.account_id), id_of(account)));
    assert_ok(text_copy(attempt.source, sizeof(attempt.source), source));
    return attempt;
}

static inline struct alert alert_of(char id, const char *fold)
{
    struct alert alert = {.kind = ALERT_LOCKOUT,
                          .subject = "hanako",
                          .source = "192.0.2.9",
                          .text = "Five tries failed.",
                          .first = NOW,
                          .last = NOW + 1,
                          .count = 2,
                          .not_before = NOW + 2};
    assert_ok(text_copy(alert.id, sizeof(alert.id), id_of(id)));
    assert_ok(text_copy(alert.account_id, sizeof(alert.account_id), id_of('a')));
    assert_ok(text_copy(alert.fold, sizeof(alert.fold), fold));
    return alert;
}

static inline struct delivery delivery_of(char alert, const char *channel)
{
    struct delivery delivery = {.state = DELIVERY_WAITING,
                                .tries = 1,
                                .next = NOW + 2,
                                .last = NOW + 1,
                                .problem = "exit status 1"};
    assert_ok(text_copy(delivery.alert_id, sizeof(delivery.alert_id), id_of(alert)));
    assert_ok(text_copy(delivery.channel, sizeof(delivery.channel), channel));
    return delivery;
}

static inline struct policy_seen policy_seen_of(const char *text)
{
    struct policy_seen seen = {.since = NOW, .ledger_seq = 1, .text = text, .len = strlen(text)};
    memset(seen.digest, 'd', sizeof(seen.digest) - 1);
    return seen;
}

static inline struct document document_of(char id, char account, uint64_t shown_seq)
{
    struct document document = {.type = "image/jpeg",
                                .size = 70000,
                                .created = NOW,
                                .destroyed = NOW + MEDGL_DAY,
                                .ledger_seq = shown_seq + 5,
                                .shown_seq = shown_seq};
    assert_ok(text_copy(document.id, sizeof(document.id), id_of(id)));
    assert_ok(text_copy(document.account_id, sizeof(document.account_id), id_of(account)));
    memset(document.digest, id, sizeof(document.digest) - 1);
    return document;
}

static inline struct archive archive_of(uint64_t first, uint64_t next)
{
    struct archive archive = {.first = first,
                              .next = next,
                              .bytes = 400 * (next - first),
                              .file = "medgl-0.archive",
                              .created = NOW,
                              .ledger_seq = next + 1};
    memset(archive.digest, 'e', sizeof(archive.digest) - 1);
    return archive;
}

static inline struct key_period key_of(enum key_use use, const char *name, uint64_t ledger_seq)
{
    struct key_period key = {.use = use,
                             .algorithm = "Ed25519",
                             .from = ledger_seq + 1,
                             .since = NOW,
                             .ledger_seq = ledger_seq};
    assert_ok(text_copy(key.name, sizeof(key.name), name));
    return key;
}

static inline struct backup backup_of(char id, medgl_time created)
{
    struct backup backup = {.file = "/var/backups/medgl/1.backup",
                            .bytes = 90000,
                            .size = 2,
                            .state = BACKUP_MADE,
                            .created = created,
                            .verified = created + 1,
                            .ledger_seq = 2};
    assert_ok(text_copy(backup.id, sizeof(backup.id), id_of(id)));
    memset(backup.digest, id, sizeof(backup.digest) - 1);
    return backup;
}

static inline struct breakglass breakglass_of(char account, const char *serial)
{
    struct breakglass breakglass = {
        .times = 2, .sealed_at = NOW, .used_at = NOW + 1, .closed_at = NOW + 2, .ledger_seq = 11};
    assert_ok(text_copy(breakglass.account_id, sizeof(breakglass.account_id), id_of(account)));
    assert_ok(text_copy(breakglass.emergency_id, sizeof(breakglass.emergency_id), id_of('5')));
    assert_ok(text_copy(breakglass.serial, sizeof(breakglass.serial), serial));
    return breakglass;
}

static inline struct emergency emergency_of(char id, uint32_t number)
{
    struct emergency emergency = {.number = number,
                                  .drill = true,
                                  .criterion = "network-down",
                                  .decided_by = "jiro",
                                  .note = "登録系停止",
                                  .declared = NOW,
                                  .spent = 3600001,
                                  .mark_wall = NOW + 3600000,
                                  .mark_uptime = 7200002,
                                  .mark_boot = "0f9d3c1e-7a54-4a0e-b9f3-2f6f1a0b7c11",
                                  .mark_credible = true,
                                  .reminded = NOW + 3,
                                  .ended = EMERGENCY_END_RECOVERED,
                                  .recovered = NOW + 4,
                                  .recovered_by = "saburo",
                                  .main_from = -1,
                                  .main_to = 5,
                                  .own_from = 6,
                                  .own_to = 7,
                                  .reviewed = NOW + 5,
                                  .reviewed_by = "shiro",
                                  .review_note = "nothing",
                                  .ledger_seq = 12};
    assert_ok(text_copy(emergency.id, sizeof(emergency.id), id_of(id)));
    assert_ok(text_copy(emergency.account_id, sizeof(emergency.account_id), id_of('a')));
    return emergency;
}

static inline struct joined joined_of(const char *origin, uint64_t size)
{
    struct joined joined = {.size = size, .time = NOW, .ledger_seq = 13};
    assert_ok(text_copy(joined.origin, sizeof(joined.origin), origin));
    return joined;
}

/* One more line, with a head that goes with it; what they say is ledger/'s affair. */
static inline enum medgl_error append_line(struct store_txn *txn, const char *line)
{
    struct ledger_head head;
    unsigned char leaf[MERKLE_HASH_SIZE];
    MEDGL_TRY(store_ledger_head(txn, &head));
    MEDGL_TRY(merkle_leaf(line, strlen(line), leaf));
    MEDGL_TRY(merkle_append(&head.tree, leaf));
    (void)snprintf(head.checkpoint, sizeof(head.checkpoint), "note of %llu",
                   (unsigned long long)head.tree.size);
    head.time = NOW;
    return store_ledger_append(txn, line, strlen(line), leaf, &head);
}

/* A row or more in every table. */
static inline void fill(void)
{
    struct store_txn *txn = begin(STORE_WRITE);
    const struct account hanako = account_of('a', "hanako"), taro = account_of('b', "taro");
    const struct credential password = credential_of('c', 'a');
    const struct grant grant = grant_of('9', 'a');
    const struct session session = session_of('d', 'a');
    struct attempt attempt = attempt_of(id_of('e'), 'a', "192.0.2.1", NOW);
    const struct alert alert = alert_of('f', "lockout");
    const struct delivery delivery = delivery_of('f', "mail");
    const struct policy_seen seen = policy_seen_of("sessions = 3");
    const struct document document = document_of('8', 'a', 1);
    const struct archive archive = archive_of(0, 1);
    const struct key_period key = key_of(KEY_USE_STORE, "first", 0);
    const struct backup backup = backup_of('7', NOW);
    const struct breakglass breakglass = breakglass_of('b', "ER-0001");
    const struct emergency emergency = emergency_of('5', 1);
    const struct joined joined = joined_of("host/medgl/breakglass", 3);
    struct activity activity = {.last_login = NOW,
                                .last_service = "sshd",
                                .last_source = "192.0.2.1",
                                .failures = 3,
                                .last_failure = NOW - 1,
                                .last_failure_source = "192.0.2.9",
                                .warned_at = NOW - 2,
                                .grace_used = 2,
                                .factor_failures = 7,
                                .last_used = NOW - 3,
                                .factor_warned_at = NOW - 4};
    memcpy(activity.account_id, hanako.id, sizeof(hanako.id));
    assert_ok(store_account_add(txn, &hanako));
    assert_ok(store_account_add(txn, &taro));
    assert_ok(store_activity_put(txn, &activity));
    assert_ok(store_credential_put(txn, &password));
    assert_ok(store_grant_add(txn, &grant));
    assert_ok(store_session_open(txn, &session));
    attempt.tag = 9;
    assert_ok(store_attempt_begin(txn, &attempt));
    assert_ok(store_alert_add(txn, &alert));
    assert_ok(store_delivery_put(txn, &delivery));
    assert_ok(store_policy_seen_put(txn, &seen));
    assert_ok(store_document_add(txn, &document));
    assert_ok(store_archive_add(txn, &archive));
    assert_ok(store_key_add(txn, &key));
    assert_ok(store_backup_add(txn, &backup));
    assert_ok(store_breakglass_put(txn, &breakglass));
    assert_ok(store_emergency_add(txn, &emergency));
    assert_ok(store_joined_put(txn, &joined));
    assert_ok(append_line(txn, "{\"seq\":0}"));
    assert_ok(append_line(txn, "{\"seq\":1}"));
    assert_ok(store_checkpoint_add(txn, 2, NOW, "note of 2"));
    commit();
}

/* -- what a walk came by -------------------------------------------------------------------- */

struct names {
    char text[128];
    int left; /* stops with an error when it is 0 */
};

static inline enum medgl_error names_add(struct names *names, const char *name)
{
    size_t len = strlen(names->text);
    (void)snprintf(names->text + len, sizeof(names->text) - len, "%s ", name);
    return names->left-- == 0 ? MEDGL_ERR_PEER : MEDGL_OK;
}

/* -- other processes ------------------------------------------------------------------------ */

/* Waits for one child; true: it ended by itself with status 0. */
static inline bool child_done(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static inline int64_t raw_number(const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open(fixture.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(stmt, 0);
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return number;
}

/* Changes the file as somebody without the row key would. */
static inline void raw_run(const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(fixture.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

#endif
