/* The store when things go wrong: changed rows and pages, full and failing disks, killed and
 * crowding processes (R08, R10, R20). */
#include "store_fixture.h"
#include "table.h"

#include "base/clock.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

/* -- what reading everything says ----------------------------------------------------------- */

static unsigned problems;

static void count_problem(void *argument, const char *what)
{
    (void)argument;
    (void)what;
    problems++;
}

static enum medgl_error any_account(void *argument, const struct account *account)
{
    (void)argument;
    (void)account;
    return MEDGL_OK;
}

static enum medgl_error any_credential(void *argument, const struct credential *credential)
{
    (void)argument;
    (void)credential;
    return MEDGL_OK;
}

static enum medgl_error any_attempt(void *argument, const struct attempt *attempt)
{
    (void)argument;
    (void)attempt;
    return MEDGL_OK;
}

static enum medgl_error any_row(void *argument, const struct ledger_row *row)
{
    (void)argument;
    (void)row;
    return MEDGL_OK;
}

static enum medgl_error any_checkpoint(void *argument, uint64_t size, const char *checkpoint)
{
    (void)argument;
    (void)size;
    (void)checkpoint;
    return MEDGL_OK;
}

static enum medgl_error read_accounts(struct store_txn *txn, void *key)
{
    (void)key;
    return store_account_each(txn, any_account, NULL);
}

static enum medgl_error read_account_by_name(struct store_txn *txn, void *key)
{
    struct account account;
    (void)key;
    return store_account_by_name(txn, "hanako", &account);
}

static enum medgl_error read_activity(struct store_txn *txn, void *key)
{
    struct activity activity;
    return store_activity_get(txn, key, &activity);
}

static enum medgl_error read_credentials(struct store_txn *txn, void *key)
{
    (void)key;
    return store_credential_each(txn, any_credential, NULL);
}

static enum medgl_error any_grant(void *argument, const struct grant *grant)
{
    (void)argument;
    (void)grant;
    return MEDGL_OK;
}

static enum medgl_error read_grants(struct store_txn *txn, void *key)
{
    (void)key;
    return store_grant_each(txn, NULL, false, any_grant, NULL);
}

static enum medgl_error read_grant_by_id(struct store_txn *txn, void *key)
{
    struct grant grant;
    (void)key;
    return store_grant_by_id(txn, id_of('9'), &grant);
}

static enum medgl_error read_taros_grants(struct store_txn *txn, void *key)
{
    (void)key;
    return store_grant_each(txn, id_of('b'), true, any_grant, NULL);
}

static enum medgl_error update_grant(struct store_txn *txn, void *key)
{
    const struct grant grant = grant_of('9', 'a');
    (void)key;
    return store_grant_update(txn, &grant);
}

static enum medgl_error update_credential(struct store_txn *txn, void *key)
{
    const struct credential credential = credential_of('c', 'a');
    (void)key;
    return store_credential_update(txn, &credential);
}

static enum medgl_error read_attempt(struct store_txn *txn, void *key)
{
    (void)key;
    return store_attempt_finish(txn, id_of('e'), NOW, ATTEMPT_OUTCOME_FAILED, 0);
}

static enum medgl_error read_attempt_counts(struct store_txn *txn, void *key)
{
    struct attempt_counts counts;
    (void)key;
    return store_attempt_count(txn, id_of('a'), "s", NOW, 100, UINT32_MAX, &counts);
}

static enum medgl_error read_session(struct store_txn *txn, void *key)
{
    struct session session;
    (void)key;
    return store_session_by_id(txn, id_of('d'), &session);
}

static enum medgl_error read_session_by_place(struct store_txn *txn, void *key)
{
    struct session session;
    (void)key;
    return store_session_find(txn, id_of('a'), "sshd", "pts/0", &session);
}

static enum medgl_error any_session(void *argument, const struct session *session)
{
    (void)argument;
    (void)session;
    return MEDGL_OK;
}

static enum medgl_error read_sessions(struct store_txn *txn, void *key)
{
    (void)key;
    return store_session_each_since(txn, NULL, INT64_MIN, any_session, NULL);
}

static enum medgl_error any_alert(void *argument, const struct alert *alert)
{
    (void)argument;
    (void)alert;
    return MEDGL_OK;
}

static enum medgl_error read_alerts(struct store_txn *txn, void *key)
{
    (void)key;
    return store_alert_each(txn, true, any_alert, NULL);
}

static enum medgl_error read_alert_by_id(struct store_txn *txn, void *key)
{
    struct alert alert;
    (void)key;
    return store_alert_by_id(txn, id_of('f'), &alert);
}

static enum medgl_error any_delivery(void *argument, const struct delivery *delivery)
{
    (void)argument;
    (void)delivery;
    return MEDGL_OK;
}

static enum medgl_error read_deliveries(struct store_txn *txn, void *key)
{
    return store_delivery_each(txn, key, any_delivery, NULL);
}

static enum medgl_error read_deliveries_of_alert(struct store_txn *txn, void *key)
{
    (void)key;
    return store_delivery_each(txn, id_of('f'), any_delivery, NULL);
}

static enum medgl_error read_policy_seen(struct store_txn *txn, void *key)
{
    struct policy_seen seen;
    (void)key;
    return store_policy_seen_get(txn, &seen);
}

static bool all_wanted(void *argument, const char *line, size_t len)
{
    (void)argument;
    return line != NULL && len < 10000;
}

static enum medgl_error read_ledger_wanted(struct store_txn *txn, void *key)
{
    (void)key;
    return store_ledger_select(txn, 0, UINT64_MAX, all_wanted, any_row, NULL);
}

static enum medgl_error read_ledger(struct store_txn *txn, void *key)
{
    (void)key;
    return store_ledger_each(txn, 0, UINT64_MAX, any_row, NULL);
}

static enum medgl_error read_head(struct store_txn *txn, void *key)
{
    struct ledger_head head;
    (void)key;
    return store_ledger_head(txn, &head);
}

static enum medgl_error read_checkpoints(struct store_txn *txn, void *key)
{
    (void)key;
    return store_checkpoint_each(txn, any_checkpoint, NULL);
}

static enum medgl_error read_checkpoint_of(struct store_txn *txn, void *key)
{
    struct kept_checkpoint checkpoint;
    (void)key;
    return store_checkpoint_of(txn, 2, &checkpoint);
}

static enum medgl_error any_archive(void *argument, const struct archive *archive)
{
    (void)argument;
    (void)archive;
    return MEDGL_OK;
}

static enum medgl_error read_archives(struct store_txn *txn, void *key)
{
    (void)key;
    return store_archive_each(txn, any_archive, NULL);
}

/* What does not follow the last one is found by its MAC, not by a gap. */
static enum medgl_error add_archive(struct store_txn *txn, void *key)
{
    const struct archive archive = archive_of(1, 2);
    (void)key;
    enum medgl_error error = store_archive_add(txn, &archive);
    return error == MEDGL_OK ? MEDGL_ERR_REFUSED : error;
}

static enum medgl_error any_document(void *argument, const struct document *document)
{
    (void)argument;
    (void)document;
    return MEDGL_OK;
}

static enum medgl_error read_documents(struct store_txn *txn, void *key)
{
    (void)key;
    return store_document_each(txn, any_document, NULL);
}

static enum medgl_error read_document_of(struct store_txn *txn, void *key)
{
    struct document document;
    (void)key;
    return store_document_of(txn, 1, &document);
}

static enum medgl_error update_document(struct store_txn *txn, void *key)
{
    const struct document document = document_of('8', 'a', 1);
    (void)key;
    return store_document_update(txn, &document);
}

static enum medgl_error any_key(void *argument, const struct key_period *key)
{
    (void)argument;
    (void)key;
    return MEDGL_OK;
}

static enum medgl_error read_keys(struct store_txn *txn, void *key)
{
    (void)key;
    return store_key_each(txn, KEY_USE_STORE, any_key, NULL);
}

static enum medgl_error read_keys_of_another_use(struct store_txn *txn, void *key)
{
    (void)key;
    return store_key_each(txn, KEY_USE_LEDGER, any_key, NULL);
}

static enum medgl_error any_backup(void *argument, const struct backup *backup)
{
    (void)argument;
    (void)backup;
    return MEDGL_OK;
}

static enum medgl_error read_backups(struct store_txn *txn, void *key)
{
    (void)key;
    return store_backup_each(txn, any_backup, NULL);
}

static enum medgl_error any_breakglass(void *argument, const struct breakglass *breakglass)
{
    (void)argument;
    (void)breakglass;
    return MEDGL_OK;
}

static enum medgl_error read_breakglass(struct store_txn *txn, void *key)
{
    (void)key;
    return store_breakglass_each(txn, any_breakglass, NULL);
}

static enum medgl_error read_emergency(struct store_txn *txn, void *key)
{
    struct emergency emergency;
    (void)key;
    return store_emergency_latest(txn, &emergency);
}

static enum medgl_error any_emergency(void *argument, const struct emergency *emergency)
{
    (void)argument;
    (void)emergency;
    return MEDGL_OK;
}

static enum medgl_error read_emergencies(struct store_txn *txn, void *key)
{
    (void)key;
    return store_emergency_each(txn, any_emergency, NULL);
}

static enum medgl_error read_joined(struct store_txn *txn, void *key)
{
    struct joined joined;
    return store_joined_get(txn, key, &joined);
}

struct damaged_table {
    const char *name;
    const struct row_table *table;
    const char *key; /* a column that tells rows apart */
    store_function readers[2];
    const char *told; /* what the readers are told to look for */
};
#define ACCOUNT_TOLD "SELECT account_id FROM activity"

static const struct damaged_table damaged_tables[] = {
    {"meta", &table_meta, "name", {NULL}}, /* read when the store is opened */
    {"account", &table_account, "id", {read_accounts, read_account_by_name}},
    {"activity", &table_activity, "account_id", {read_activity}},
    {"credential", &table_credential, "id", {read_credentials}},
    {"account_grant", &table_grant, "id", {read_grants}},
    {"attempt", &table_attempt, "id", {read_attempt, read_attempt_counts}},
    {"session", &table_session, "id", {read_session, read_session_by_place}},
    {"session", &table_session, "id", {read_sessions}},
    {"alert", &table_alert, "id", {read_alerts}},
    {"delivery", &table_delivery, "channel", {read_deliveries}, "SELECT alert_id FROM delivery"},
    {"policy_seen", &table_policy_seen, "id", {read_policy_seen}},
    {"ledger", &table_ledger, "seq", {read_ledger}},
    {"ledger", &table_ledger, "seq", {read_ledger_wanted}},
    {"ledger_head", &table_ledger_head, "id", {read_head}},
    {"checkpoint", &table_checkpoint, "size", {read_checkpoints}},
    {"archive", &table_archive, "first", {read_archives}},
    {"archive", &table_archive, "first", {add_archive}},
    {"document", &table_document, "id", {read_documents}},
    {"key_period", &table_key, "key_use", {read_keys}},
    {"key_period", &table_key, "key_use", {read_keys_of_another_use}},
    {"backup", &table_backup, "id", {read_backups}},
    {"breakglass", &table_breakglass, "account_id", {read_breakglass}},
    {"emergency", &table_emergency, "id", {read_emergency}},
    {"emergency", &table_emergency, "id", {read_emergencies}},
    {"joined", &table_joined, "origin", {read_joined}, "SELECT origin FROM joined"},
};

/* A connection of somebody without the row key. */
struct raw {
    sqlite3 *db;
    sqlite3_stmt *get, *put;
};

static bool reading_finds(const struct damaged_table *row, struct raw *raw)
{
    char key[CRYPTO_ID_SIZE + 8];
    struct store *store;
    if (row->readers[0] == NULL) {
        enum medgl_error error = fixture_open(&store);
        store_close(&store);
        return error == MEDGL_ERR_CORRUPT;
    }
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(raw->db, row->told != NULL ? row->told : ACCOUNT_TOLD, -1, &stmt, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    (void)snprintf(key, sizeof(key), "%s", (const char *)sqlite3_column_text(stmt, 0));
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    for (size_t i = 0; i < MEDGL_COUNT(row->readers) && row->readers[i] != NULL; i++)
        if (store_transact(fixture.store, STORE_WRITE, row->readers[i], key) == MEDGL_ERR_CORRUPT)
            return true;
    return false;
}

static int column_type(const struct row_table *table, size_t column)
{
    if (column == table->count)
        return SQLITE_BLOB;
    switch (table->columns[column].type) {
    case ROW_TEXT:
    case ROW_BORROWED:
        return SQLITE_TEXT;
    case ROW_SIGNED:
    case ROW_UNSIGNED:
        return SQLITE_INTEGER;
    case ROW_FIXED:
    case ROW_BYTES:
        return SQLITE_BLOB;
    }
    return SQLITE_NULL;
}

/* False: the change is not possible, another row has that key. */
static bool raw_put(struct raw *raw, int type, const unsigned char *bytes, int len, const char *key)
{
    int64_t number;
    memcpy(&number, bytes, sizeof(number));
    if (type == SQLITE_NULL)
        assert_int_equal(sqlite3_bind_null(raw->put, 1), SQLITE_OK);
    else if (type == SQLITE_INTEGER)
        assert_int_equal(sqlite3_bind_int64(raw->put, 1, number), SQLITE_OK);
    else if (type == SQLITE_TEXT)
        assert_int_equal(sqlite3_bind_text(raw->put, 1, (const char *)bytes, len, SQLITE_TRANSIENT),
                         SQLITE_OK);
    else
        assert_int_equal(sqlite3_bind_blob(raw->put, 1, bytes, len, SQLITE_TRANSIENT), SQLITE_OK);
    assert_int_equal(sqlite3_bind_text(raw->put, 2, key, -1, SQLITE_TRANSIENT), SQLITE_OK);
    const bool taken = sqlite3_step(raw->put) == SQLITE_CONSTRAINT;
    if (!taken && sqlite3_changes(raw->db) != 1)
        fail_msg("%s: %s", sqlite3_sql(raw->put), sqlite3_errmsg(raw->db));
    (void)sqlite3_reset(raw->put);
    return !taken;
}

/* Flips bits in one column of the first row, one at a time, and puts each back. */
static void flip_column(const struct damaged_table *row, size_t column, struct raw *raw)
{
    unsigned char value[4096] = {0};
    char sql[256];
    const bool is_mac = column == row->table->count;
    const char *name = is_mac ? "mac" : row->table->columns[column].parameter + 1;
    const int type = column_type(row->table, column);
    /* The row is told by what it has besides the column that changes. */
    const char *by = strcmp(name, row->key) == 0 ? "mac" : row->key;
    (void)snprintf(sql, sizeof(sql), "SELECT %s, hex(%s) FROM %s", name, by, row->name);
    assert_int_equal(sqlite3_prepare_v2(raw->db, sql, -1, &raw->get, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(raw->get), SQLITE_ROW);
    const int was = sqlite3_column_type(raw->get, 0); /* a later number may be NULL */
    int64_t number = sqlite3_column_int64(raw->get, 0);
    const void *bytes = type == SQLITE_INTEGER ? &number : sqlite3_column_blob(raw->get, 0);
    int len = type == SQLITE_INTEGER ? (int)sizeof(number) : sqlite3_column_bytes(raw->get, 0);
    assert_in_range(len, 1, sizeof(value));
    memcpy(value, bytes, (size_t)len);
    char *told = sqlite3_mprintf("%s", sqlite3_column_text(raw->get, 1));
    assert_int_equal(sqlite3_finalize(raw->get), SQLITE_OK);
    (void)snprintf(sql, sizeof(sql), "UPDATE %s SET %s = ?1 WHERE hex(%s) = ?2", row->name, name,
                   by);
    assert_int_equal(sqlite3_prepare_v2(raw->db, sql, -1, &raw->put, NULL), SQLITE_OK);
    unsigned found = 0;
    const int bits[] = {0, 1, 4 * len, 8 * len - 9, 8 * len - 8, 8 * len - 2, 8 * len - 1};
    for (size_t i = 0; i < MEDGL_COUNT(bits); i++) {
        if (bits[i] < 0)
            continue;
        unsigned char *byte = &value[bits[i] / 8], mask = (unsigned char)(1 << bits[i] % 8);
        *byte ^= mask;
        problems = 0;
        if (!raw_put(raw, type, value, len, told)) {
            *byte ^= mask;
            continue;
        }
        found++;
        if (!reading_finds(row, raw))
            fail_msg("%s.%s bit %d: reading does not find it", row->name, name, bits[i]);
        /* It reads all tables each time: twice for a column is enough. */
        if ((found == 1 || i + 1 == MEDGL_COUNT(bits)) &&
            (store_check(fixture.store, count_problem, NULL) != MEDGL_ERR_CORRUPT || problems == 0))
            fail_msg("%s.%s bit %d: the check does not find it", row->name, name, bits[i]);
        *byte ^= mask;
        assert_true(raw_put(raw, was, value, len, told));
    }
    assert_in_range(found, 5, MEDGL_COUNT(bits));
    assert_int_equal(sqlite3_finalize(raw->put), SQLITE_OK);
    sqlite3_free(told);
}

static void R10_flipped_bit_is_found(void **state)
{
    const struct damaged_table *row = *state;
    struct raw raw = {0};
    fill();
    assert_int_equal(sqlite3_open(fixture.path, &raw.db), SQLITE_OK);
    assert_int_equal(sqlite3_db_config(raw.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(raw.db,
                                  "PRAGMA synchronous = OFF; PRAGMA ignore_check_constraints = ON",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    for (size_t column = 0; column <= row->table->count; column++)
        flip_column(row, column, &raw);
    assert_int_equal(sqlite3_close(raw.db), SQLITE_OK);
    assert_ok(store_check(fixture.store, count_problem, NULL)); /* all was put back */
}

/* -- rows and schema changed by somebody without the key ------------------------------------ */

static enum medgl_error read_taros_password(struct store_txn *txn, void *key)
{
    struct credential credential;
    (void)key;
    return store_credential_get(txn, id_of('b'), CREDENTIAL_PASSWORD, &credential);
}

static enum medgl_error read_hanakos_password(struct store_txn *txn, void *key)
{
    struct credential credential;
    (void)key;
    return store_credential_get(txn, id_of('a'), CREDENTIAL_PASSWORD, &credential);
}

static enum medgl_error read_hanakos_activity(struct store_txn *txn, void *key)
{
    struct activity activity;
    (void)key;
    return store_activity_get(txn, id_of('a'), &activity);
}

static enum medgl_error read_nothing(struct store_txn *txn, void *key)
{
    (void)txn;
    (void)key;
    return MEDGL_OK;
}

struct forgery {
    const char *name;
    const char *sql;
    store_function reader;
    enum medgl_error error; /* of the reader; of the check it is always MEDGL_ERR_CORRUPT */
};

#define BBB "'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'"

static const struct forgery forgeries[] = {
    {"password moved to another account", "UPDATE credential SET account_id = " BBB,
     read_taros_password, MEDGL_ERR_CORRUPT},
    {"password copied to another account",
     "INSERT INTO credential SELECT 'f', " BBB
     ", kind, sealed, strength, issued, set_at, valid_until, ledger_seq, mac, label, counter, "
     "drift "
     "FROM credential",
     read_taros_password, MEDGL_ERR_CORRUPT},
    {"a second password beside the first",
     "INSERT INTO credential SELECT 'f', account_id, "
     "kind, sealed, strength, issued, set_at, valid_until, ledger_seq, mac, label, counter, drift "
     "FROM credential",
     read_hanakos_password, MEDGL_ERR_CORRUPT},
    {"a step that was used, forgotten", "UPDATE credential SET counter = NULL",
     read_hanakos_password, MEDGL_ERR_CORRUPT},
    {"a step that was used, made an earlier one", "UPDATE credential SET counter = counter - 1",
     read_hanakos_password, MEDGL_ERR_CORRUPT},
    {"the clock of a device moved", "UPDATE credential SET drift = 9", read_hanakos_password,
     MEDGL_ERR_CORRUPT},
    {"another name of a device", "UPDATE credential SET label = 'mine'", read_hanakos_password,
     MEDGL_ERR_CORRUPT},
    {"a factor that is not asked any more", "UPDATE account SET factor = 3", read_accounts,
     MEDGL_ERR_CORRUPT},
    {"a warning forgotten", "UPDATE activity SET factor_warned_at = NULL", read_hanakos_activity,
     MEDGL_ERR_CORRUPT},
    {"a grant prolonged", "UPDATE account_grant SET until = until + 86400000", read_grants,
     MEDGL_ERR_CORRUPT},
    {"a grant of another", "UPDATE account_grant SET account_id = " BBB, read_taros_grants,
     MEDGL_ERR_CORRUPT},
    {"a grant that asks for nothing instead", "UPDATE account_grant SET asks_instead = 0",
     read_grants, MEDGL_ERR_CORRUPT},
    {"a grant that was never approved",
     "INSERT INTO account_grant SELECT 'f', account_id, kind, asks_instead, created, since, "
     "until, ended, how_ended, approved_by, reason, used, last_used, ledger_seq, mac, work "
     "FROM account_grant",
     read_grants, MEDGL_ERR_CORRUPT},
    {"a grant used less often", "UPDATE account_grant SET used = 0", read_grant_by_id,
     MEDGL_ERR_CORRUPT},
    {"a changed grant is not written over", "UPDATE account_grant SET reason = ''", update_grant,
     MEDGL_ERR_CORRUPT},
    {"a changed credential is not written over", "UPDATE credential SET counter = 1",
     update_credential, MEDGL_ERR_CORRUPT},
    {"index of second factors dropped", "DROP INDEX credential_factor", read_nothing, MEDGL_OK},
    {"no MAC", "UPDATE credential SET mac = x''", read_hanakos_password, MEDGL_ERR_CORRUPT},
    {"short MAC", "UPDATE credential SET mac = substr(mac, 1, 31)", read_hanakos_password,
     MEDGL_ERR_CORRUPT},
    {"long MAC", "UPDATE credential SET mac = CAST(mac || x'00' AS BLOB)", read_hanakos_password,
     MEDGL_ERR_CORRUPT},
    {"another account's MAC",
     "UPDATE account SET mac = (SELECT mac FROM account WHERE name = 'taro') "
     "WHERE name = 'hanako'",
     read_accounts, MEDGL_ERR_CORRUPT},
    {"a reading taken away", "UPDATE account SET reading = NULL WHERE name = 'hanako'",
     read_account_by_name, MEDGL_ERR_CORRUPT},
    {"a reading moved to another column",
     "UPDATE account SET reading = NULL, staff_number = reading WHERE name = 'hanako'",
     read_account_by_name, MEDGL_ERR_CORRUPT},
    {"hours of its own taken away", "UPDATE account SET hours = NULL WHERE name = 'hanako'",
     read_account_by_name, MEDGL_ERR_CORRUPT},
    {"hours that are places", "UPDATE account SET hours = places, places = hours", read_accounts,
     MEDGL_ERR_CORRUPT},
    {"a shared id made somebody's own", "UPDATE account SET shared = NULL", read_accounts,
     MEDGL_ERR_CORRUPT},
    {"wrong codes forgotten", "UPDATE activity SET factor_failures = NULL", read_hanakos_activity,
     MEDGL_ERR_CORRUPT},
    {"a use made another", "UPDATE activity SET last_used = 1", read_hanakos_activity,
     MEDGL_ERR_CORRUPT},
    {"a use forgotten", "UPDATE activity SET last_used = NULL", read_hanakos_activity,
     MEDGL_ERR_CORRUPT},
    {"a session of another class", "UPDATE session SET class = 2", read_sessions,
     MEDGL_ERR_CORRUPT},
    {"a session of nobody in particular", "UPDATE session SET person = NULL", read_session,
     MEDGL_ERR_CORRUPT},
    {"a session that was closed", "UPDATE session SET closed = 1800000000001", read_sessions,
     MEDGL_ERR_CORRUPT},
    {"a guess that is another", "UPDATE attempt SET tag = NULL", read_attempt_counts,
     MEDGL_ERR_CORRUPT},
    {"an alert that was done", "UPDATE alert SET done = 1", read_alert_by_id, MEDGL_ERR_CORRUPT},
    {"a delivery that was made", "UPDATE delivery SET state = 2", read_deliveries_of_alert,
     MEDGL_ERR_CORRUPT},
    {"a delivery of an alert that is gone", "DELETE FROM alert", read_nothing, MEDGL_OK},
    {"a policy that was not seen", "UPDATE policy_seen SET text = 'sessions = 9'", read_policy_seen,
     MEDGL_ERR_CORRUPT},
    {"a policy seen at another place", "UPDATE policy_seen SET id = 1, since = since + 1",
     read_policy_seen, MEDGL_ERR_CORRUPT},
    {"grace logins given back", "UPDATE activity SET grace_used = NULL", read_hanakos_activity,
     MEDGL_ERR_CORRUPT},
    {"a name moved on",
     "UPDATE account SET name = 'x' WHERE name = 'hanako'; "
     "UPDATE account SET name = 'hanako' WHERE name = 'taro'",
     read_account_by_name, MEDGL_ERR_CORRUPT},
    {"two columns that say the same together",
     "UPDATE session SET service = service || 'x', source = substr(source, 2)", read_session,
     MEDGL_ERR_CORRUPT},
    {"head removed", "DELETE FROM ledger_head", read_head, MEDGL_ERR_CORRUPT},
    {"last entry removed", "DELETE FROM ledger WHERE seq = 1", read_nothing, MEDGL_OK},
    {"first entry removed", "DELETE FROM ledger WHERE seq = 0", read_nothing, MEDGL_OK},
    {"entries swapped",
     "UPDATE ledger SET seq = 9 WHERE seq = 0; UPDATE ledger SET seq = 0 WHERE seq = 1; "
     "UPDATE ledger SET seq = 1 WHERE seq = 9",
     read_ledger, MEDGL_ERR_CORRUPT},
    {"an account of nobody left behind", "DELETE FROM account WHERE name = 'hanako'", read_nothing,
     MEDGL_OK},
    {"trigger", "CREATE TRIGGER t AFTER INSERT ON attempt BEGIN DELETE FROM attempt; END",
     read_nothing, MEDGL_OK},
    {"view", "CREATE VIEW v AS SELECT * FROM account", read_nothing, MEDGL_OK},
    {"table", "CREATE TABLE t (x)", read_nothing, MEDGL_OK},
    {"index dropped", "DROP INDEX attempt_in_flight", read_attempt_counts, MEDGL_OK},
    {"a document that is gone", "UPDATE document SET destroyed = 0", read_document_of,
     MEDGL_ERR_CORRUPT},
    {"another file for a document", "UPDATE document SET digest = 'f'", update_document,
     MEDGL_ERR_CORRUPT},
    {"a document of another", "UPDATE document SET account_id = " BBB, read_documents,
     MEDGL_ERR_CORRUPT},
    {"an archive of fewer entries", "UPDATE archive SET next = 0", read_archives,
     MEDGL_ERR_CORRUPT},
    {"a key in force sooner", "UPDATE key_period SET first_size = 0", read_keys, MEDGL_ERR_CORRUPT},
    {"a key of another use", "UPDATE key_period SET key_use = 2", read_keys, MEDGL_ERR_CORRUPT},
    {"a backup that was never verified", "UPDATE backup SET verified = 0", read_backups,
     MEDGL_ERR_CORRUPT},
    {"a checkpoint that was told", "UPDATE checkpoint SET told = 1", read_checkpoint_of,
     MEDGL_ERR_CORRUPT},
    {"a clock that was never ahead", "UPDATE ledger_head SET time = NULL", read_head,
     MEDGL_ERR_CORRUPT},
    {"a body that no archive has", "UPDATE ledger SET line = '' WHERE seq = 1", read_ledger,
     MEDGL_ERR_CORRUPT},
    {"store's own row removed", "DELETE FROM meta", read_nothing, MEDGL_ERR_CORRUPT},
};

static void R08_forgery_is_found(void **state)
{
    const struct forgery *row = *state;
    fill();
    raw_run(row->sql);
    assert_error(store_transact(fixture.store, STORE_WRITE, row->reader, NULL), row->error);
    problems = 0;
    assert_error(store_check(fixture.store, count_problem, NULL), MEDGL_ERR_CORRUPT);
    assert_true(problems > 0);
}

static enum medgl_error begin_attempt(struct store_txn *txn, void *argument)
{
    return store_attempt_begin(txn, argument);
}

static void R20_trigger_of_a_stranger_does_not_fire(void **state)
{
    (void)state;
    fill();
    raw_run("CREATE TRIGGER t AFTER INSERT ON attempt BEGIN DELETE FROM attempt; END");
    fixture_reopen();
    struct attempt attempt = attempt_of(id_of('1'), 'a', "s", NOW);
    assert_ok(store_transact(fixture.store, STORE_WRITE, begin_attempt, &attempt));
    assert_int_equal(raw_number("SELECT count(*) FROM attempt"), 2);
}

/* -- pages ---------------------------------------------------------------------------------- */

#define PAGE 4096

/* Each page in turn filled with 0xff, then with a few bytes changed in its header. */
static void damage_page(off_t page, size_t len, int found[2])
{
    unsigned char before[PAGE], after[PAGE];
    struct store *store;
    auto_fd int fd = open(fixture.path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, before, PAGE, page * PAGE), PAGE);
    memcpy(after, before, PAGE);
    memset(after, 0xff, len);
    assert_int_equal(pwrite(fd, after, PAGE, page * PAGE), PAGE);
    enum medgl_error error = fixture_open(&store);
    if (error == MEDGL_OK) {
        error = store_check(store, count_problem, NULL);
        found[1]++;
    } else {
        found[0]++;
    }
    store_close(&store);
    if (error != MEDGL_ERR_CORRUPT)
        fail_msg("page %d, %zu bytes: %s", (int)page, len, medgl_error_text(error));
    assert_int_equal(pwrite(fd, before, PAGE, page * PAGE), PAGE);
}

static void damaged_page_is_found(void **state)
{
    struct stat status;
    int found[2] = {0};
    (void)state;
    fill();
    store_close(&fixture.store);
    raw_run("PRAGMA wal_checkpoint(TRUNCATE)");
    assert_int_equal(stat(fixture.path, &status), 0);
    for (off_t page = 0; page < status.st_size / PAGE; page++) {
        damage_page(page, PAGE, found);
        damage_page(page, 8, found);
    }
    assert_true(found[0] >= 4 && found[1] >= 20);
    assert_int_equal(truncate(fixture.path, status.st_size / 2), 0);
    enum medgl_error error = fixture_open(&fixture.store);
    if (error == MEDGL_OK)
        error = store_check(fixture.store, count_problem, NULL);
    assert_error(error, MEDGL_ERR_CORRUPT);
}

static void damaged_page_under_a_reader(void **state)
{
    unsigned char garbage[PAGE];
    (void)state;
    fill();
    store_close(&fixture.store);
    raw_run("PRAGMA wal_checkpoint(TRUNCATE)");
    int64_t page = raw_number("SELECT rootpage FROM sqlite_schema WHERE name = 'account'");
    memset(garbage, 0xff, sizeof(garbage));
    auto_fd int fd = open(fixture.path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, garbage, PAGE, (page - 1) * PAGE), PAGE);
    assert_ok(fixture_open(&fixture.store));
    assert_error(store_transact(fixture.store, STORE_READ, read_accounts, NULL), MEDGL_ERR_CORRUPT);
}

/* -- many processes ------------------------------------------------------------------------- */

/* What a child does after the fork; children never assert, they exit with a status. */
typedef bool (*child_body)(int number);

static int go[2], told[2];

static void channels_open(void)
{
    assert_int_equal(pipe2(go, O_CLOEXEC), 0);
    assert_int_equal(pipe2(told, O_CLOEXEC), 0);
}

static void channels_close(void)
{
    (void)close(go[0]);
    (void)close(told[0]);
    (void)close(told[1]);
}

/* All at once, when the last writer closes its end. */
static bool wait_for_go(void)
{
    char byte;
    return read(go[0], &byte, 1) == 0;
}

static bool tell(char what)
{
    return write(told[1], &what, 1) == 1;
}

static char hear(void)
{
    char what = 0;
    assert_int_equal(read(told[0], &what, 1), 1);
    return what;
}

static pid_t spawn(child_body body, int number)
{
    assert_null(fixture.store); /* an open database must not be used across a fork */
    pid_t child = fork();
    if (child == 0) {
        (void)close(go[1]);
        bool ok = body(number);
        store_close(&fixture.store);
        _exit(ok ? 0 : 1);
    }
    assert_true(child > 0);
    return child;
}

#define CROWD 60
#define LIMIT 5

static enum medgl_error count_then_begin(struct store_txn *txn, void *argument)
{
    struct attempt *attempt = argument;
    struct attempt_counts counts;
    MEDGL_TRY(store_attempt_sweep(txn, attempt->account_id, NOW, any_attempt, NULL));
    MEDGL_TRY(store_attempt_count(txn, attempt->account_id, attempt->source, NOW, MEDGL_HOUR,
                                  UINT32_MAX, &counts));
    if (counts.source_failures + counts.source_in_flight >= LIMIT)
        return MEDGL_ERR_REFUSED;
    return store_attempt_begin(txn, attempt);
}

static bool crowd_member(int number)
{
    struct attempt attempt = attempt_of("", 'a', "s", NOW);
    (void)number;
    if (!wait_for_go() || crypto_random_id(attempt.id) != MEDGL_OK ||
        fixture_open(&fixture.store) != MEDGL_OK)
        return false;
    enum medgl_error error = store_transact(fixture.store, STORE_WRITE, count_then_begin, &attempt);
    if (!tell(error == MEDGL_OK ? 'y' : error == MEDGL_ERR_REFUSED ? 'n' : 'e'))
        return false;
    (void)pause(); /* holds its lease until it is killed */
    return true;
}

static void R20_crowd_gets_exactly_the_limit(void **state)
{
    pid_t children[CROWD];
    unsigned admitted = 0, refused = 0;
    struct attempt_counts counts;
    (void)state;
    store_close(&fixture.store);
    channels_open();
    for (int i = 0; i < CROWD; i++)
        children[i] = spawn(crowd_member, i);
    (void)close(go[1]);
    for (int i = 0; i < CROWD; i++) {
        char what = hear();
        admitted += what == 'y';
        refused += what == 'n';
    }
    assert_int_equal(admitted, LIMIT);
    assert_int_equal(refused, CROWD - LIMIT);
    assert_ok(fixture_open(&fixture.store));
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_attempt_count(txn, id_of('a'), "s", NOW, MEDGL_HOUR, UINT32_MAX, &counts));
    commit();
    assert_true(counts.source_in_flight == LIMIT && counts.source_failures == 0);
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(kill(children[i], SIGKILL), 0);
        (void)waitpid(children[i], NULL, 0);
    }
    channels_close();
    txn = begin(STORE_WRITE); /* killed: each was a guess */
    assert_ok(store_attempt_sweep(txn, id_of('a'), NOW + 1, any_attempt, NULL));
    assert_ok(store_attempt_count(txn, id_of('a'), "s", NOW + 1, MEDGL_HOUR, UINT32_MAX, &counts));
    commit();
    assert_true(counts.source_in_flight == 0 && counts.source_failures == LIMIT);
}

static bool maker(int number)
{
    (void)number;
    bool made =
        wait_for_go() && fixture_open_at(fixture.path, true, false, &fixture.store) == MEDGL_OK;
    store_close(&fixture.store);
    return made;
}

static void made_by_many_at_once(void **state)
{
    char path[PATH_MAX + 8];
    pid_t children[8];
    (void)state;
    for (int round = 0; round < 5; round++) {
        store_close(&fixture.store);
        assert_int_equal(unlink(fixture.path), 0);
        (void)snprintf(path, sizeof(path), "%s-wal", fixture.path);
        assert_int_equal(unlink(path), 0);
        channels_open();
        for (int i = 0; i < 8; i++)
            children[i] = spawn(maker, i);
        (void)close(go[1]);
        for (int i = 0; i < 8; i++)
            assert_true(child_done(children[i]));
        channels_close();
        assert_ok(fixture_open(&fixture.store));
        assert_ok(store_check(fixture.store, count_problem, NULL));
        assert_int_equal(raw_number("SELECT count(*) FROM meta"), 1);
    }
}

static enum medgl_error hold_lock(struct store_txn *txn, void *argument)
{
    (void)txn;
    (void)argument;
    return tell('h') && wait_for_go() ? MEDGL_OK : MEDGL_ERR_IO;
}

static bool lock_holder(int number)
{
    (void)number;
    bool held = fixture_open(&fixture.store) == MEDGL_OK &&
                store_transact(fixture.store, STORE_WRITE, hold_lock, NULL) == MEDGL_OK;
    store_close(&fixture.store);
    return held;
}

static enum medgl_error add_line(struct store_txn *txn, void *argument)
{
    (void)argument;
    return append_line(txn, "line");
}

static void waiting_ends_with_patience(void **state)
{
    struct account account;
    (void)state;
    fill();
    store_close(&fixture.store);
    channels_open();
    pid_t child = spawn(lock_holder, 0);
    assert_int_equal(hear(), 'h');
    assert_ok(fixture_open(&fixture.store)); /* opening and reading wait for no writer */
    assert_ok(store_account_by_name(begin(STORE_READ), "hanako", &account));
    commit();
    fixture.store->patience_ms = 120;
    int64_t start = clock_monotonic();
    assert_error(store_transact(fixture.store, STORE_WRITE, add_line, NULL), MEDGL_ERR_DEADLINE);
    assert_in_range(clock_monotonic() - start, 120, 30000);
    fixture.store->patience_ms = PATIENCE_MS;
    (void)close(go[1]);
    assert_ok(store_transact(fixture.store, STORE_WRITE, add_line, NULL));
    assert_true(child_done(child));
    channels_close();
}

static bool lease_holder(int number)
{
    struct attempt attempt = attempt_of(id_of('1'), 'a', "s", NOW);
    (void)number;
    if (fixture_open(&fixture.store) != MEDGL_OK ||
        store_transact(fixture.store, STORE_WRITE, begin_attempt, &attempt) != MEDGL_OK ||
        !tell('h'))
        return false;
    (void)pause();
    return true;
}

static void R20_killed_holder_has_failed(void **state)
{
    struct attempt_counts counts;
    (void)state;
    store_close(&fixture.store);
    channels_open();
    pid_t child = spawn(lease_holder, 0);
    assert_int_equal(hear(), 'h');
    assert_ok(fixture_open(&fixture.store));
    for (int killed = 0; killed <= 1; killed++) {
        struct store_txn *txn = begin(STORE_WRITE);
        assert_ok(store_attempt_sweep(txn, id_of('a'), NOW + 1, any_attempt, NULL));
        assert_ok(
            store_attempt_count(txn, id_of('a'), "s", NOW + 1, MEDGL_HOUR, UINT32_MAX, &counts));
        commit();
        assert_int_equal(counts.source_in_flight, !killed);
        assert_int_equal(counts.source_failures, killed);
        if (!killed) {
            assert_int_equal(kill(child, SIGKILL), 0);
            (void)waitpid(child, NULL, 0);
        }
    }
    (void)close(go[1]);
    channels_close();
}

static enum medgl_error write_a_little(struct store_txn *txn, void *argument)
{
    struct attempt attempt = attempt_of("", 'a', "s", NOW);
    struct account account;
    struct ledger_head head;
    (void)argument;
    MEDGL_TRY(crypto_random_id(attempt.id));
    MEDGL_TRY(store_attempt_begin(txn, &attempt));
    MEDGL_TRY(store_attempt_finish(txn, attempt.id, NOW, ATTEMPT_OUTCOME_FAILED, 0));
    MEDGL_TRY(append_line(txn, "a line as long as others are"));
    MEDGL_TRY(store_ledger_head(txn, &head));
    MEDGL_TRY(store_checkpoint_add(txn, head.tree.size, NOW, head.checkpoint));
    MEDGL_TRY(store_account_by_name(txn, "hanako", &account));
    account.ledger_seq = head.tree.size - 1;
    return store_account_update(txn, &account);
}

static bool writer(int number)
{
    (void)number;
    for (;;) { /* opening and closing are killed as well */
        if (fixture_open(&fixture.store) != MEDGL_OK)
            return false;
        for (int i = 0; i < 8; i++)
            if (store_transact(fixture.store, STORE_WRITE, write_a_little, NULL) != MEDGL_OK ||
                !tell('w'))
                return false;
        store_close(&fixture.store);
    }
}

/* What was committed stays, what was not is gone, whole. */
static void R08_killed_writer_leaves_whole_transactions(void **state)
{
    int64_t acknowledged = 2, entries;
    (void)state;
    fill();
    for (int round = 0; round < 60; round++) {
        char buffer[4096];
        ssize_t got;
        unsigned late = 0;
        store_close(&fixture.store);
        channels_open();
        pid_t child = spawn(writer, round);
        (void)close(told[1]);
        if (round % 2 == 1) { /* at work; else perhaps while it opens the store */
            assert_int_equal(hear(), 'w');
            acknowledged++;
        }
        assert_ok(crypto_random_below(40000, &late));
        (void)usleep(late);
        assert_int_equal(kill(child, SIGKILL), 0);
        (void)waitpid(child, NULL, 0);
        while ((got = read(told[0], buffer, sizeof(buffer))) > 0)
            acknowledged += got;
        (void)close(told[0]);
        (void)close(go[0]);
        (void)close(go[1]);
        assert_ok(fixture_open(&fixture.store));
        assert_ok(store_check(fixture.store, count_problem, NULL));
        struct ledger_head head;
        struct account account;
        assert_ok(store_ledger_head(begin(STORE_READ), &head));
        assert_ok(store_account_by_name(&fixture_txn, "hanako", &account));
        commit();
        entries = (int64_t)head.tree.size;
        assert_in_range(entries, acknowledged, acknowledged + 1);
        acknowledged = entries;
        assert_int_equal(raw_number("SELECT count(*) FROM ledger"), entries);
        assert_int_equal(raw_number("SELECT count(*) FROM attempt"), entries - 1);
        assert_int_equal(raw_number("SELECT max(size) FROM checkpoint"), entries);
        assert_int_equal(account.ledger_seq, entries > 2 ? entries - 1 : 7);
    }
    assert_true(acknowledged >= 32);
}

/* -- full and failing disks ----------------------------------------------------------------- */

static bool whole(struct store *store)
{
    struct store_facts facts;
    problems = 0;
    return store_check(store, count_problem, NULL) == MEDGL_OK &&
           store_facts(store, &facts) == MEDGL_OK && facts.accounts == 2;
}

/* Writes until the device is full. Then: the error is that, all is readable and whole, and with
 * room again it goes on. */
static bool until_full(struct store *store, bool (*room)(void))
{
    struct store_facts before, after;
    enum medgl_error error = MEDGL_OK;
    for (int i = 0; i < 20000 && error == MEDGL_OK; i++) {
        if (store_facts(store, &before) != MEDGL_OK)
            return false;
        error = store_transact(store, STORE_WRITE, write_a_little, NULL);
    }
    if (error != MEDGL_ERR_SPACE || !whole(store) || store_facts(store, &after) != MEDGL_OK ||
        after.entries != before.entries)
        return false;
    if (store_transact(store, STORE_WRITE, write_a_little, NULL) != MEDGL_ERR_SPACE)
        return false;
    if (!room() || store_transact(store, STORE_WRITE, write_a_little, NULL) != MEDGL_OK)
        return false;
    return store_facts(store, &after) == MEDGL_OK && after.entries == before.entries + 1 &&
           whole(store);
}

static char ballast[PATH_MAX + 16];

static bool drop_ballast(void)
{
    return unlink(ballast) == 0;
}

static bool lift_limit(void)
{
    return setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}) == 0;
}

/* A file system of its own where that is allowed; a limit on the size of files elsewhere. */
static bool full_disk(int number)
{
    (void)number;
    (void)signal(SIGXFSZ, SIG_IGN);
    if (unshare(CLONE_NEWNS) == 0 && mount("none", "/", "none", MS_REC | MS_PRIVATE, "") == 0 &&
        mount("none", fixture.directory, "tmpfs", 0, "size=1m") == 0) {
        (void)snprintf(ballast, sizeof(ballast), "%s.ballast", fixture.path);
        int fd = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || posix_fallocate(fd, 0, 300000) != 0 || close(fd) != 0)
            return false;
        if (fixture_open_at(fixture.path, true, false, &fixture.store) != MEDGL_OK)
            return false;
        fill();
        return until_full(fixture.store, drop_ballast);
    }
    const struct rlimit small = {600000, RLIM_INFINITY};
    return setrlimit(RLIMIT_FSIZE, &small) == 0 && fixture_open(&fixture.store) == MEDGL_OK &&
           until_full(fixture.store, lift_limit);
}

static bool small_files(int number)
{
    const struct rlimit small = {400000, RLIM_INFINITY};
    (void)number;
    (void)signal(SIGXFSZ, SIG_IGN);
    return setrlimit(RLIMIT_FSIZE, &small) == 0 && fixture_open(&fixture.store) == MEDGL_OK &&
           until_full(fixture.store, lift_limit);
}

static enum medgl_error many_lines(struct store_txn *txn, void *argument)
{
    (void)argument;
    for (int i = 0; i < 20000; i++)
        MEDGL_TRY(append_line(txn, "a line, and more of them than fit into memory or file"));
    return MEDGL_OK;
}

/* The journal already grows inside the function: what it wrote there is not seen afterwards. */
static bool large_transaction(int number)
{
    struct store_facts facts;
    const struct rlimit small = {400000, RLIM_INFINITY};
    (void)number;
    (void)signal(SIGXFSZ, SIG_IGN);
    return setrlimit(RLIMIT_FSIZE, &small) == 0 && fixture_open(&fixture.store) == MEDGL_OK &&
           store_transact(fixture.store, STORE_WRITE, many_lines, NULL) == MEDGL_ERR_SPACE &&
           whole(fixture.store) && store_facts(fixture.store, &facts) == MEDGL_OK &&
           facts.entries == 2 && lift_limit() &&
           store_transact(fixture.store, STORE_WRITE, many_lines, NULL) == MEDGL_OK;
}

static enum medgl_error begin_one(struct store_txn *txn, void *argument)
{
    struct attempt attempt = attempt_of(id_of('1'), 'a', "s", NOW);
    (void)argument;
    return store_attempt_begin(txn, &attempt);
}

/* A full descriptor table is never "no such store", and no attempt goes unguarded. */
static bool no_descriptors(int number)
{
    struct store *other;
    struct rlimit none = {0};
    (void)number;
    if (fixture_open(&fixture.store) != MEDGL_OK || getrlimit(RLIMIT_NOFILE, &none) != 0)
        return false;
    none.rlim_cur = 0;
    if (setrlimit(RLIMIT_NOFILE, &none) != 0)
        return false;
    if (fixture_open(&other) != MEDGL_ERR_IO || other != NULL)
        return false;
    if (store_transact(fixture.store, STORE_WRITE, begin_one, NULL) != MEDGL_ERR_IO)
        return false;
    none.rlim_cur = none.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &none) == 0 &&
           store_transact(fixture.store, STORE_WRITE, begin_one, NULL) == MEDGL_OK;
}

/* As somebody who may read and nothing else; root would be stopped by nothing. */
static bool reader(int number)
{
    struct account account;
    (void)number;
    if (geteuid() == 0 && (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534)))
        return false;
    if (fixture_open(&fixture.store) != MEDGL_ERR_ACCESS ||
        fixture_open_at(fixture.path, false, true, &fixture.store) != MEDGL_OK)
        return false;
    if (store_account_by_name(begin(STORE_READ), "hanako", &account) != MEDGL_OK)
        return false;
    commit();
    return whole(fixture.store) &&
           store_transact(fixture.store, STORE_WRITE, add_line, NULL) == MEDGL_ERR_ACCESS;
}

static void read_only_store(void **state)
{
    struct stat before[3], after[3];
    char path[3][PATH_MAX + 8];
    static const char *const suffix[] = {"", "-wal", "-shm"};
    (void)state;
    fill();
    store_close(&fixture.store);
    channels_open();
    for (int live = 0; live <= 1; live++) { /* without and with a writer beside */
        pid_t writer_beside = live ? spawn(lease_holder, 0) : -1;
        if (live)
            assert_int_equal(hear(), 'h');
        for (int i = 0; i < 3; i++) {
            (void)snprintf(path[i], sizeof(path[i]), "%s%s", fixture.path, suffix[i]);
            assert_int_equal(chmod(path[i], 0444), 0);
            assert_int_equal(stat(path[i], &before[i]), 0);
        }
        assert_int_equal(chmod(fixture.directory, 0555), 0);
        assert_true(child_done(spawn(reader, 0)));
        for (int i = 0; i < 3; i++) {
            assert_int_equal(stat(path[i], &after[i]), 0);
            assert_true(after[i].st_size == before[i].st_size &&
                        after[i].st_mtim.tv_sec == before[i].st_mtim.tv_sec &&
                        after[i].st_mtim.tv_nsec == before[i].st_mtim.tv_nsec);
            assert_int_equal(chmod(path[i], 0600), 0);
        }
        assert_int_equal(chmod(fixture.directory, 0700), 0);
        if (live) {
            assert_int_equal(kill(writer_beside, SIGKILL), 0);
            (void)waitpid(writer_beside, NULL, 0);
        }
    }
    (void)close(go[1]);
    channels_close();
}

struct child_case {
    const char *name;
    child_body body;
};

static const struct child_case child_cases[] = {
    {"disk", full_disk},
    {"file size limit", small_files},
    {"inside a large transaction", large_transaction},
    {"descriptor table", no_descriptors},
};

static void full(void **state)
{
    const struct child_case *row = *state;
    fill();
    store_close(&fixture.store);
    channels_open();
    assert_true(child_done(spawn(row->body, 0)));
    (void)close(go[1]);
    channels_close();
    assert_ok(fixture_open(&fixture.store));
    assert_true(whole(fixture.store));
}

/* -- a disk that fails at the n-th call ----------------------------------------------------- */

/* The database file, and the others: SQLite gives them methods of their own. */
static sqlite3_io_methods faulty_methods[2], real_methods[2];
static sqlite3_vfs faulty_vfs;
static int (*real_open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);

static struct fault {
    int calls;  /* until the fault */
    int result; /* of the call; 0: no faults */
    bool sync;  /* in syncs, else in writes */
    bool lasts; /* all later calls fail as well */
    bool hit;
} fault;

static int faulty(bool sync)
{
    if (fault.result == SQLITE_OK || fault.sync != sync || fault.calls-- > 0)
        return SQLITE_OK;
    if (!fault.lasts && fault.hit)
        return SQLITE_OK;
    fault.hit = true;
    errno = EIO;
    return fault.result;
}

static int faulty_sync(sqlite3_file *file, int flags)
{
    int result = faulty(true);
    return result != SQLITE_OK
               ? result
               : real_methods[file->pMethods == &faulty_methods[1]].xSync(file, flags);
}

static int faulty_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset)
{
    int result = faulty(false);
    return result != SQLITE_OK ? result
                               : real_methods[file->pMethods == &faulty_methods[1]].xWrite(
                                     file, bytes, len, offset);
}

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    int result = real_open(vfs, name, file, flags, out);
    if (result == SQLITE_OK && file->pMethods != NULL) {
        const int kind = (flags & SQLITE_OPEN_MAIN_DB) == 0;
        real_methods[kind] = faulty_methods[kind] = *file->pMethods;
        faulty_methods[kind].xSync = faulty_sync;
        faulty_methods[kind].xWrite = faulty_write;
        file->pMethods = &faulty_methods[kind];
    }
    return result;
}

struct fault_case {
    const char *name;
    struct fault fault;
    enum medgl_error error;
};

static const struct fault_case fault_cases[] = {
    {"sync fails once", {.result = SQLITE_IOERR_FSYNC, .sync = true}, MEDGL_ERR_IO},
    {"write fails once", {.result = SQLITE_IOERR_WRITE}, MEDGL_ERR_IO},
    {"writes fail from then on", {.result = SQLITE_IOERR_WRITE, .lasts = true}, MEDGL_ERR_IO},
    {"no space once", {.result = SQLITE_FULL}, MEDGL_ERR_SPACE},
    {"no space from then on", {.result = SQLITE_FULL, .lasts = true}, MEDGL_ERR_SPACE},
};

/* The call that fails moves on until the transaction meets none. Each failure leaves everything as
 * it was, now and for the next process, which reads the journal anew. */
static void R08_failed_commit_changes_nothing(void **state)
{
    const struct fault_case *row = *state;
    struct store_facts before, after;
    int failures = 0;
    faulty_vfs = *sqlite3_vfs_find(NULL);
    real_open = faulty_vfs.xOpen;
    faulty_vfs.xOpen = faulty_open;
    faulty_vfs.zName = "faulty";
    assert_int_equal(sqlite3_vfs_register(&faulty_vfs, 1), SQLITE_OK);
    fill();
    for (int call = 0;; call++) {
        fixture_reopen();
        assert_ok(store_facts(fixture.store, &before));
        fault = row->fault;
        fault.calls = call;
        enum medgl_error error = store_transact(fixture.store, STORE_WRITE, write_a_little, NULL);
        const bool hit = fault.hit;
        fault = (struct fault){0};
        if (!hit) {
            assert_ok(error);
            break;
        }
        failures++;
        assert_error(error, row->error);
        assert_ok(store_facts(fixture.store, &after));
        assert_int_equal(after.entries, before.entries);
        fixture_reopen();
        assert_ok(store_facts(fixture.store, &after));
        assert_int_equal(after.entries, before.entries);
        assert_true(whole(fixture.store));
    }
    store_close(&fixture.store);
    assert_int_equal(sqlite3_vfs_unregister(&faulty_vfs), SQLITE_OK);
    assert_ok(fixture_open(&fixture.store));
    assert_true(whole(fixture.store));
    assert_in_range(failures, row->fault.sync ? 1 : 8, 100);
}

int main(void)
{
#define TEST(function) table_add("store", #function, function, NULL)
    TABLE_ADD("R10 flipped bit is found", damaged_tables, R10_flipped_bit_is_found);
    TABLE_ADD("R08 found", forgeries, R08_forgery_is_found);
    TEST(R20_trigger_of_a_stranger_does_not_fire);
    TEST(damaged_page_is_found);
    TEST(damaged_page_under_a_reader);
    TEST(R20_crowd_gets_exactly_the_limit);
    TEST(made_by_many_at_once);
    TEST(waiting_ends_with_patience);
    TEST(R20_killed_holder_has_failed);
    TEST(R08_killed_writer_leaves_whole_transactions);
    TABLE_ADD("full", child_cases, full);
    TEST(read_only_store);
    TABLE_ADD("R08 failed commit changes nothing", fault_cases, R08_failed_commit_changes_nothing);
    for (size_t i = 0; i < table_count; i++) {
        table_tests[i].setup_func = fixture_setup;
        table_tests[i].teardown_func = fixture_teardown;
    }
    return table_run("store_damage");
}
