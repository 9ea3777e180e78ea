/* The schema, as an ordered list of steps from an empty file to the newest version. A released step
 * is never changed. */
#include "store/sqlite/database.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* What every row has: `mac`, see row.c. What is added later to a table with rows must be a column
 * that may be NULL. */
static const char *const schema_step[SCHEMA_VERSION] = {
    "PRAGMA application_id = " SCHEMA_TEXT(
        SCHEMA_OWNER) ";"
                      "PRAGMA user_version = 1;"

                      "CREATE TABLE meta ("
                      " name TEXT NOT NULL PRIMARY KEY,"
                      " value TEXT NOT NULL,"
                      " mac BLOB NOT NULL) STRICT, WITHOUT ROWID;"

                      "CREATE TABLE account ("
                      " id TEXT NOT NULL PRIMARY KEY,"
                      " name TEXT NOT NULL UNIQUE,"
                      " uid INTEGER NOT NULL,"
                      " class INTEGER NOT NULL,"
                      " state INTEGER NOT NULL,"
                      " state_since INTEGER NOT NULL,"
                      " state_reason TEXT NOT NULL,"
                      " full_name TEXT NOT NULL,"
                      " created INTEGER NOT NULL,"
                      " ledger_seq INTEGER NOT NULL,"
                      " mac BLOB NOT NULL) STRICT, WITHOUT ROWID;"

                      "CREATE TABLE activity ("
                      " account_id TEXT NOT NULL PRIMARY KEY REFERENCES account (id),"
                      " last_login INTEGER NOT NULL,"
                      " last_service TEXT NOT NULL,"
                      " last_source TEXT NOT NULL,"
                      " failures INTEGER NOT NULL,"
                      " last_failure INTEGER NOT NULL,"
                      " last_failure_source TEXT NOT NULL,"
                      " mac BLOB NOT NULL) STRICT, WITHOUT ROWID;"

                      "CREATE TABLE credential ("
                      " id TEXT NOT NULL,"
                      " account_id TEXT NOT NULL REFERENCES account (id),"
                      " kind INTEGER NOT NULL,"
                      " sealed BLOB NOT NULL,"
                      " strength INTEGER NOT NULL,"
                      " issued INTEGER NOT NULL,"
                      " set_at INTEGER NOT NULL,"
                      " valid_until INTEGER NOT NULL,"
                      " ledger_seq INTEGER NOT NULL,"
                      " mac BLOB NOT NULL,"
                      " PRIMARY KEY (account_id, kind, id)) STRICT, WITHOUT ROWID;"

                      /* The account may be a stand-in for an unknown name. Outcomes: 1 in flight, 2
                         failed. */
                      "CREATE TABLE attempt ("
                      " id TEXT NOT NULL PRIMARY KEY,"
                      " account_id TEXT NOT NULL,"
                      " source TEXT NOT NULL,"
                      " service TEXT NOT NULL,"
                      " started INTEGER NOT NULL,"
                      " deadline INTEGER NOT NULL,"
                      " finished INTEGER NOT NULL,"
                      " outcome INTEGER NOT NULL,"
                      " lease INTEGER NOT NULL,"
                      " mac BLOB NOT NULL) STRICT, WITHOUT ROWID;"
                      "CREATE INDEX attempt_in_flight ON attempt (account_id) WHERE outcome = 1;"
                      "CREATE INDEX attempt_failed ON attempt (account_id, finished) WHERE outcome "
                      "= 2;"
                      "CREATE INDEX attempt_failed_source ON attempt (account_id, source, finished)"
                      " WHERE outcome = 2;"
                      "CREATE INDEX attempt_finished ON attempt (finished) WHERE finished > 0;"

                      "CREATE TABLE session ("
                      " id TEXT NOT NULL PRIMARY KEY,"
                      " account_id TEXT NOT NULL REFERENCES account (id),"
                      " service TEXT NOT NULL,"
                      " source TEXT NOT NULL,"
                      " tty TEXT NOT NULL,"
                      " opened INTEGER NOT NULL,"
                      " closed INTEGER NOT NULL,"
                      " mac BLOB NOT NULL) STRICT, WITHOUT ROWID;"
                      "CREATE INDEX session_open ON session (account_id, service, tty, opened) "
                      "WHERE closed = 0;"

                      "CREATE TABLE ledger ("
                      " seq INTEGER PRIMARY KEY,"
                      " line TEXT NOT NULL,"
                      " leaf BLOB NOT NULL,"
                      " mac BLOB NOT NULL) STRICT;"

                      "CREATE TABLE ledger_head ("
                      " id INTEGER PRIMARY KEY CHECK (id = 1),"
                      " size INTEGER NOT NULL,"
                      " peaks BLOB NOT NULL,"
                      " checkpoint TEXT NOT NULL,"
                      " mac BLOB NOT NULL) STRICT;"

                      "CREATE TABLE checkpoint ("
                      " size INTEGER PRIMARY KEY,"
                      " time INTEGER NOT NULL,"
                      " note TEXT NOT NULL,"
                      " mac BLOB NOT NULL) STRICT;",

    /* A second name of a Unix user is found by its uid. */
    "PRAGMA user_version = 2;"
    "CREATE INDEX account_uid ON account (uid, name) WHERE state <> 2;"
    /* What was refused delays the next try. */
    "CREATE INDEX attempt_refused ON attempt (account_id, source, finished) WHERE outcome = 4;",

    /* What a password must not hold (R14), and where expiry stands with an account (R15). */
    "PRAGMA user_version = 3;"
    "ALTER TABLE account ADD COLUMN reading TEXT;"
    "ALTER TABLE account ADD COLUMN staff_number TEXT;"
    "ALTER TABLE account ADD COLUMN birth_date TEXT;"
    "ALTER TABLE activity ADD COLUMN warned_at INTEGER;"
    "ALTER TABLE activity ADD COLUMN grace_used INTEGER;",

    /* Access rules of an account (R05), who shares it (R26), when it was used (R25), what a session
       is (R06, R29), the same guess again (R20), alerts (R07), and the policy as it was seen (R34).
     */
    "PRAGMA user_version = 4;"
    "ALTER TABLE account ADD COLUMN hours TEXT;"
    "ALTER TABLE account ADD COLUMN places TEXT;"
    "ALTER TABLE account ADD COLUMN services TEXT;"
    "ALTER TABLE account ADD COLUMN sessions INTEGER;"
    "ALTER TABLE account ADD COLUMN idle INTEGER;"
    "ALTER TABLE account ADD COLUMN shared INTEGER;"
    "ALTER TABLE activity ADD COLUMN factor_failures INTEGER;"
    "ALTER TABLE activity ADD COLUMN last_used INTEGER;"

    "ALTER TABLE attempt ADD COLUMN tag INTEGER;"
    "CREATE INDEX attempt_failed_spread ON attempt (source, account_id, finished)"
    " WHERE outcome = 2;"
    "CREATE INDEX attempt_overdue ON attempt (deadline) WHERE outcome = 1;"
    /* What was guessed before delays like what was refused. */
    "DROP INDEX attempt_refused;"
    "CREATE INDEX attempt_refused ON attempt (account_id, source, finished)"
    " WHERE outcome IN (4, 7);"

    "ALTER TABLE session ADD COLUMN class INTEGER;"
    "ALTER TABLE session ADD COLUMN ended INTEGER;"
    "ALTER TABLE session ADD COLUMN leader TEXT;"
    "ALTER TABLE session ADD COLUMN person TEXT;"
    "CREATE INDEX session_open_of ON session (account_id, opened, id) WHERE closed = 0;"
    "CREATE INDEX session_open_all ON session (opened, id) WHERE closed = 0;"
    "CREATE INDEX session_closed_of ON session (account_id, closed) WHERE closed <> 0;"
    "CREATE INDEX session_closed_all ON session (closed) WHERE closed <> 0;"

    /* Of no account where the account is ''. */
    "CREATE TABLE alert ("
    " id TEXT NOT NULL PRIMARY KEY,"
    " kind INTEGER NOT NULL,"
    " fold TEXT NOT NULL,"
    " account_id TEXT NOT NULL,"
    " subject TEXT NOT NULL,"
    " source TEXT NOT NULL,"
    " text TEXT NOT NULL,"
    " first INTEGER NOT NULL,"
    " last INTEGER NOT NULL,"
    " count INTEGER NOT NULL,"
    " not_before INTEGER NOT NULL,"
    " addressed INTEGER NOT NULL,"
    " done INTEGER NOT NULL,"
    " mac BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX alert_fold ON alert (fold, addressed, first DESC);"
    "CREATE INDEX alert_waiting ON alert (first, id) WHERE done = 0;"
    "CREATE INDEX alert_done ON alert (done) WHERE done <> 0;"

    "CREATE TABLE delivery ("
    " alert_id TEXT NOT NULL REFERENCES alert (id),"
    " channel TEXT NOT NULL,"
    " state INTEGER NOT NULL,"
    " tries INTEGER NOT NULL,"
    " next INTEGER NOT NULL,"
    " last INTEGER NOT NULL,"
    " problem TEXT NOT NULL,"
    " mac BLOB NOT NULL,"
    " PRIMARY KEY (alert_id, channel)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE policy_seen ("
    " id INTEGER PRIMARY KEY CHECK (id = 1),"
    " digest TEXT NOT NULL,"
    " since INTEGER NOT NULL,"
    " ledger_seq INTEGER NOT NULL,"
    " text TEXT NOT NULL,"
    " mac BLOB NOT NULL) STRICT;",

    /* Second factors (R24), and approved exceptions (R03, R22). */
    "PRAGMA user_version = 5;"
    "ALTER TABLE account ADD COLUMN factor INTEGER;"
    "ALTER TABLE activity ADD COLUMN factor_warned_at INTEGER;"
    "ALTER TABLE credential ADD COLUMN label TEXT;"
    "ALTER TABLE credential ADD COLUMN counter INTEGER;"
    "ALTER TABLE credential ADD COLUMN drift INTEGER;"
    /* Is there any on this host? Kinds from CREDENTIAL_TOTP on. */
    "CREATE INDEX credential_factor ON credential (kind) WHERE kind >= 3;"

    /* GRANT, END and INSTEAD are words of SQL. */
    "CREATE TABLE account_grant ("
    " id TEXT NOT NULL PRIMARY KEY,"
    " account_id TEXT NOT NULL REFERENCES account (id),"
    " kind INTEGER NOT NULL,"
    " asks_instead INTEGER NOT NULL,"
    " created INTEGER NOT NULL,"
    " since INTEGER NOT NULL,"
    " until INTEGER NOT NULL,"
    " ended INTEGER NOT NULL,"
    " how_ended INTEGER NOT NULL,"
    " approved_by TEXT NOT NULL,"
    " reason TEXT NOT NULL,"
    " used INTEGER NOT NULL,"
    " last_used INTEGER NOT NULL,"
    " ledger_seq INTEGER NOT NULL,"
    " mac BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX account_grant_of ON account_grant (account_id, created, id);"
    "CREATE INDEX account_grant_open_of ON account_grant (account_id, created, id)"
    " WHERE ended = 0;"
    "CREATE INDEX account_grant_open_all ON account_grant (created, id) WHERE ended = 0;",

    /* When the last entry was (R09), whom a checkpoint was told to (R08), bodies that are in
       archives, documents (R11), keys one after the other (R37), backups (R36). */
    "PRAGMA user_version = 6;"
    "ALTER TABLE ledger_head ADD COLUMN time INTEGER;"
    "ALTER TABLE checkpoint ADD COLUMN told INTEGER;"
    "CREATE INDEX checkpoint_time ON checkpoint (time, size);"

    "CREATE TABLE archive ("
    " first INTEGER PRIMARY KEY,"
    " next INTEGER NOT NULL,"
    " digest TEXT NOT NULL,"
    " bytes INTEGER NOT NULL,"
    " file TEXT NOT NULL,"
    " created INTEGER NOT NULL,"
    " ledger_seq INTEGER NOT NULL,"
    " mac BLOB NOT NULL) STRICT;"

    "CREATE TABLE document ("
    " id TEXT NOT NULL PRIMARY KEY,"
    " account_id TEXT NOT NULL REFERENCES account (id),"
    " digest TEXT NOT NULL,"
    " type TEXT NOT NULL,"
    " size INTEGER NOT NULL,"
    " created INTEGER NOT NULL,"
    " destroyed INTEGER NOT NULL,"
    " ledger_seq INTEGER NOT NULL,"
    " shown_seq INTEGER NOT NULL UNIQUE,"
    " mac BLOB NOT NULL) STRICT, WITHOUT ROWID;"

    /* KEY is a word of SQL. */
    "CREATE TABLE key_period ("
    " key_use INTEGER NOT NULL,"
    " name TEXT NOT NULL,"
    " algorithm TEXT NOT NULL,"
    " first_size INTEGER NOT NULL,"
    " since INTEGER NOT NULL,"
    " ledger_seq INTEGER NOT NULL,"
    " mac BLOB NOT NULL,"
    " PRIMARY KEY (key_use, ledger_seq)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE backup ("
    " id TEXT NOT NULL PRIMARY KEY,"
    " file TEXT NOT NULL,"
    " digest TEXT NOT NULL,"
    " bytes INTEGER NOT NULL,"
    " size INTEGER NOT NULL,"
    " state INTEGER NOT NULL,"
    " created INTEGER NOT NULL,"
    " verified INTEGER NOT NULL,"
    " ledger_seq INTEGER NOT NULL,"
    " mac BLOB NOT NULL) STRICT, WITHOUT ROWID;",

    /* Break-glass accounts and emergencies (R31..R33), ledgers that are joined, maintenance (R30).
     */
    "PRAGMA user_version = 7;"
    "ALTER TABLE account ADD COLUMN company TEXT;"
    "ALTER TABLE activity ADD COLUMN unrecorded INTEGER;"
    "ALTER TABLE account_grant ADD COLUMN work TEXT;"
    "ALTER TABLE session ADD COLUMN grant_id TEXT;"
    "ALTER TABLE session ADD COLUMN confirmed INTEGER;"
    "ALTER TABLE session ADD COLUMN confirmed_by TEXT;"
    "ALTER TABLE session ADD COLUMN confirmed_seq INTEGER;"
    /* 3 is ACCOUNT_CLASS_MAINTENANCE. */
    "CREATE INDEX session_unconfirmed ON session (opened, id)"
    " WHERE class = 3 AND closed <> 0 AND confirmed IS NULL;"

    "CREATE TABLE breakglass ("
    " account_id TEXT NOT NULL PRIMARY KEY REFERENCES account (id),"
    " serial TEXT NOT NULL UNIQUE,"
    " times INTEGER NOT NULL,"
    " sealed_at INTEGER NOT NULL,"
    " used_at INTEGER NOT NULL,"
    " emergency_id TEXT NOT NULL,"
    " closed_at INTEGER NOT NULL,"
    " ledger_seq INTEGER NOT NULL,"
    " mac BLOB NOT NULL) STRICT, WITHOUT ROWID;"

    "CREATE TABLE emergency ("
    " id TEXT NOT NULL PRIMARY KEY,"
    " number INTEGER NOT NULL UNIQUE,"
    " drill INTEGER NOT NULL,"
    " criterion TEXT NOT NULL,"
    " decided_by TEXT NOT NULL,"
    " note TEXT NOT NULL,"
    " account_id TEXT NOT NULL,"
    " declared INTEGER NOT NULL,"
    " spent INTEGER NOT NULL,"
    " mark_wall INTEGER NOT NULL,"
    " mark_uptime INTEGER NOT NULL,"
    " mark_boot TEXT NOT NULL,"
    " mark_credible INTEGER NOT NULL,"
    " reminded INTEGER NOT NULL,"
    " ended INTEGER NOT NULL,"
    " recovered INTEGER NOT NULL,"
    " recovered_by TEXT NOT NULL,"
    " main_from INTEGER NOT NULL,"
    " main_to INTEGER NOT NULL,"
    " own_from INTEGER NOT NULL,"
    " own_to INTEGER NOT NULL,"
    " reviewed INTEGER NOT NULL,"
    " reviewed_by TEXT NOT NULL,"
    " review_note TEXT NOT NULL,"
    " ledger_seq INTEGER NOT NULL,"
    " mac BLOB NOT NULL) STRICT, WITHOUT ROWID;"

    "CREATE TABLE joined ("
    " origin TEXT NOT NULL PRIMARY KEY,"
    " size INTEGER NOT NULL,"
    " time INTEGER NOT NULL,"
    " ledger_seq INTEGER NOT NULL,"
    " mac BLOB NOT NULL) STRICT, WITHOUT ROWID;",
};

/* One row that is always there: opening the store proves the key with it. */
struct meta_row {
    char name[32];
    char value[CRYPTO_ID_SIZE];
};
static const struct row_column meta_columns[] = {
    ROW_COLUMN("name", ROW_TEXT, struct meta_row, name),
    ROW_COLUMN("value", ROW_TEXT, struct meta_row, value),
};
const struct row_table table_meta = {"meta", meta_columns, MEDGL_COUNT(meta_columns),
                                     STATEMENT_META_ALL, STATEMENT_META_REKEY};

enum medgl_error schema_steps(struct store *store, int64_t version)
{
    for (; version < SCHEMA_VERSION; version++)
        MEDGL_TRY(database_run(store, schema_step[version], "changing the schema"));
    return MEDGL_OK;
}

/* Another process may have done it since the version was read. */
static enum medgl_error schema_forward(struct store_txn *txn, void *argument)
{
    int64_t version;
    (void)argument;
    MEDGL_TRY(statement_number(txn->store, STATEMENT_SCHEMA_VERSION, &version));
    MEDGL_TRY(schema_steps(txn->store, version));
    if (version > 0)
        return MEDGL_OK;
    struct meta_row row = {.name = "store"};
    MEDGL_TRY(crypto_random_id(row.value));
    return row_put(txn, STATEMENT_META_ADD, &table_meta, &row);
}

struct schema_state {
    int64_t owner, version;
    bool empty, proven;
};

/* A wrong key and a changed row look alike; a second row that the key fits tells them apart. */
enum medgl_error schema_prove_key(struct store_txn *txn, void *argument)
{
    auto_statement struct statement meta = {0}, head = {0};
    const char *path = txn->store->path;
    (void)argument;
    MEDGL_TRY(
        statement_begin_in(txn, STATEMENT_META_GET, STATEMENT_KEYS({":name", "store", 0}), &meta));
    enum medgl_error error = statement_step(&meta);
    if (error == MEDGL_ERR_NOT_FOUND)
        return database_refuse(path, MEDGL_ERR_CORRUPT, "its own row in table meta is gone");
    if (error == MEDGL_OK)
        error = row_check(&meta, &table_meta);
    txn->store->proven = error == MEDGL_OK;
    if (error != MEDGL_ERR_CORRUPT)
        return error;
    MEDGL_TRY(statement_begin_in(txn, STATEMENT_LEDGER_HEAD, NULL, &head));
    if (statement_step(&head) == MEDGL_OK && row_check(&head, &table_ledger_head) == MEDGL_OK)
        return database_refuse(path, MEDGL_ERR_CORRUPT, "its row in table meta was changed");
    return txn->store->other_keys
               ? MEDGL_ERR_KEY
               : database_refuse(path, MEDGL_ERR_KEY, "the key given does not fit it");
}

/* All of it in one transaction where nothing is to be done: each costs a handful of locks. */
static enum medgl_error schema_look(struct store_txn *txn, void *argument)
{
    struct schema_state *state = argument;
    MEDGL_TRY(statement_number(txn->store, STATEMENT_SCHEMA_OWNER, &state->owner));
    MEDGL_TRY(statement_number(txn->store, STATEMENT_SCHEMA_VERSION, &state->version));
    state->empty = false;
    state->proven = state->owner == SCHEMA_OWNER && state->version == SCHEMA_VERSION;
    if (state->proven)
        return schema_prove_key(txn, NULL);
    if (state->owner == SCHEMA_OWNER)
        return MEDGL_OK;
    auto_statement struct statement objects = {0};
    MEDGL_TRY(statement_begin_in(txn, STATEMENT_SCHEMA_OBJECTS, NULL, &objects));
    enum medgl_error error = statement_step(&objects);
    state->empty = error == MEDGL_ERR_NOT_FOUND && state->owner == 0 && state->version == 0;
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

/* The mode is kept in the file, but a restored copy may be without it. */
static enum medgl_error schema_journal(struct store *store)
{
    auto_statement struct statement statement = {0};
    int result;
    MEDGL_TRY(statement_begin(store, STATEMENT_JOURNAL_WAL, NULL, &statement));
    errno = 0;
    /* Here SQLite does not ask the busy handler by itself. */
    while ((result = sqlite3_step(statement.stmt)) == SQLITE_BUSY && database_busy(store, 0))
        (void)sqlite3_reset(statement.stmt);
    if (result != SQLITE_ROW)
        return database_error(store, result, "switching to a write-ahead log");
    const unsigned char *mode = sqlite3_column_text(statement.stmt, 0);
    if (mode != NULL && strcmp((const char *)mode, "wal") == 0)
        return MEDGL_OK;
    return database_refuse(store->path, MEDGL_ERR_IO, "its file system allows no write-ahead log");
}

enum medgl_error schema_open(struct store *store, bool create)
{
    struct schema_state state;
    MEDGL_TRY(store_transact(store, STORE_READ, schema_look, &state));
    const bool ours = state.owner == SCHEMA_OWNER && state.version > 0;
    if (!ours && !(state.empty && create))
        return database_refuse(store->path, MEDGL_ERR_CORRUPT,
                               state.empty ? "the file is empty" : "the file is no store of ours");
    if (state.version > SCHEMA_VERSION)
        return database_refuse(store->path, MEDGL_ERR_VERSION, "made by a newer pam_medgl");
    if (!store->read_only)
        MEDGL_TRY(schema_journal(store));
    if (state.proven)
        return MEDGL_OK;
    MEDGL_TRY(store_transact(store, STORE_WRITE, schema_forward, NULL));
    return store_transact(store, STORE_READ, schema_prove_key, NULL);
}
