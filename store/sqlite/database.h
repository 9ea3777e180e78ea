/* The inside of the SQLite backend: connection, statements,
 * rows with their MACs, leases. No other room includes it. */
#ifndef MEDGL_STORE_SQLITE_DATABASE_H
#define MEDGL_STORE_SQLITE_DATABASE_H

#include "base/auto.h"
#include "base/secret.h"
#include "store/alert.h"
#include "store/emergency.h"
#include "store/evidence.h"

#include <limits.h>
#include <sqlite3.h>

/* -- statements: all SQL besides the schema is in statement.c -------------------------------- */

enum statement_id {
    STATEMENT_META_GET,
    STATEMENT_META_ADD,
    STATEMENT_META_DELETE,
    STATEMENT_META_ALL,
    STATEMENT_META_REKEY,
    STATEMENT_ACCOUNT_BY_NAME,
    STATEMENT_ACCOUNT_BY_UID,
    STATEMENT_ACCOUNT_BY_ID,
    STATEMENT_ACCOUNT_ADD,
    STATEMENT_ACCOUNT_UPDATE,
    STATEMENT_ACCOUNT_ALL,
    STATEMENT_ACCOUNT_REKEY,
    STATEMENT_ACCOUNT_COUNT,
    STATEMENT_ACTIVITY_GET,
    STATEMENT_ACTIVITY_PUT,
    STATEMENT_ACTIVITY_ALL,
    STATEMENT_ACTIVITY_REKEY,
    STATEMENT_CREDENTIAL_GET,
    STATEMENT_CREDENTIAL_BY_ID,
    STATEMENT_CREDENTIAL_ADD,
    STATEMENT_CREDENTIAL_UPDATE,
    STATEMENT_CREDENTIAL_ANY_FACTOR,
    STATEMENT_CREDENTIAL_OF,
    STATEMENT_CREDENTIAL_NEXT,
    STATEMENT_CREDENTIAL_COUNT,
    STATEMENT_CREDENTIAL_DELETE,
    STATEMENT_CREDENTIAL_REMOVE,
    STATEMENT_CREDENTIAL_ALL,
    STATEMENT_CREDENTIAL_REKEY,
    STATEMENT_GRANT_BY_ID,
    STATEMENT_GRANT_ADD,
    STATEMENT_GRANT_UPDATE,
    STATEMENT_GRANT_OF,
    STATEMENT_GRANT_OPEN_OF,
    STATEMENT_GRANT_OPEN_ALL,
    STATEMENT_GRANT_ALL,
    STATEMENT_GRANT_REKEY,
    STATEMENT_ATTEMPT_BY_ID,
    STATEMENT_ATTEMPT_ADD,
    STATEMENT_ATTEMPT_UPDATE,
    STATEMENT_ATTEMPT_IN_FLIGHT,
    STATEMENT_ATTEMPT_FAILED,
    STATEMENT_ATTEMPT_FAILED_BY_SOURCE,
    STATEMENT_ATTEMPT_REFUSED,
    STATEMENT_ATTEMPT_FORGET_REFUSED,
    STATEMENT_ATTEMPT_FORGET_REFUSED_BY_SOURCE,
    STATEMENT_ATTEMPT_FAILED_LATER,
    STATEMENT_ATTEMPT_NEXT_SOURCE,
    STATEMENT_ATTEMPT_NEXT_ACCOUNT,
    STATEMENT_ATTEMPT_NEXT_ACCOUNT_IN_FLIGHT,
    STATEMENT_ATTEMPT_NEXT_SPREAD,
    STATEMENT_ATTEMPT_PURGE,
    STATEMENT_ATTEMPT_MAKE_WAY,
    STATEMENT_ATTEMPT_MAKE_WAY_REFUSED,
    STATEMENT_ATTEMPT_OVERDUE,
    STATEMENT_ATTEMPT_FORGET,
    STATEMENT_ATTEMPT_ALL,
    STATEMENT_ATTEMPT_REKEY,
    STATEMENT_SESSION_BY_ID,
    STATEMENT_SESSION_FIND,
    STATEMENT_SESSION_OPEN_OF,
    STATEMENT_SESSION_OPEN_ALL,
    STATEMENT_SESSION_SINCE_OF,
    STATEMENT_SESSION_SINCE_ALL,
    STATEMENT_SESSION_UNCONFIRMED,
    STATEMENT_SESSION_CONFIRMED,
    STATEMENT_SESSION_ADD,
    STATEMENT_SESSION_UPDATE,
    STATEMENT_SESSION_ALL,
    STATEMENT_SESSION_REKEY,
    STATEMENT_ALERT_BY_ID,
    STATEMENT_ALERT_BY_FOLD,
    STATEMENT_ALERT_WAITING,
    STATEMENT_ALERT_ADD,
    STATEMENT_ALERT_UPDATE,
    STATEMENT_ALERT_PURGE,
    STATEMENT_ALERT_ALL,
    STATEMENT_ALERT_REKEY,
    STATEMENT_DELIVERY_OF,
    STATEMENT_DELIVERY_PUT,
    STATEMENT_DELIVERY_PURGE,
    STATEMENT_DELIVERY_ALL,
    STATEMENT_DELIVERY_REKEY,
    STATEMENT_POLICY_SEEN_PUT,
    STATEMENT_POLICY_SEEN_ALL,
    STATEMENT_POLICY_SEEN_REKEY,
    STATEMENT_LEDGER_HEAD,
    STATEMENT_LEDGER_HEAD_PUT,
    STATEMENT_LEDGER_HEAD_ALL,
    STATEMENT_LEDGER_HEAD_REKEY,
    STATEMENT_LEDGER_ANY,
    STATEMENT_LEDGER_ADD,
    STATEMENT_LEDGER_UPDATE,
    STATEMENT_LEDGER_RANGE,
    STATEMENT_LEDGER_LINES,
    STATEMENT_LEDGER_STREAM,
    STATEMENT_LEDGER_ALL,
    STATEMENT_LEDGER_REKEY,
    STATEMENT_LEDGER_SPAN,
    STATEMENT_CHECKPOINT_AT,
    STATEMENT_CHECKPOINT_OF,
    STATEMENT_CHECKPOINT_ADD,
    STATEMENT_CHECKPOINT_UPDATE,
    STATEMENT_CHECKPOINT_ALL,
    STATEMENT_CHECKPOINT_REKEY,
    STATEMENT_ARCHIVE_LAST,
    STATEMENT_ARCHIVE_ADD,
    STATEMENT_ARCHIVE_ALL,
    STATEMENT_ARCHIVE_REKEY,
    STATEMENT_DOCUMENT_BY_ID,
    STATEMENT_DOCUMENT_OF,
    STATEMENT_DOCUMENT_ADD,
    STATEMENT_DOCUMENT_UPDATE,
    STATEMENT_DOCUMENT_ALL,
    STATEMENT_DOCUMENT_REKEY,
    STATEMENT_KEY_ADD,
    STATEMENT_KEY_ALL,
    STATEMENT_KEY_REKEY,
    STATEMENT_BACKUP_BY_ID,
    STATEMENT_BACKUP_ADD,
    STATEMENT_BACKUP_UPDATE,
    STATEMENT_BACKUP_ALL,
    STATEMENT_BACKUP_REKEY,
    STATEMENT_BREAKGLASS_GET,
    STATEMENT_BREAKGLASS_PUT,
    STATEMENT_BREAKGLASS_ALL,
    STATEMENT_BREAKGLASS_REKEY,
    STATEMENT_EMERGENCY_LATEST,
    STATEMENT_EMERGENCY_BY_NUMBER,
    STATEMENT_EMERGENCY_BY_ID,
    STATEMENT_EMERGENCY_UNREVIEWED,
    STATEMENT_EMERGENCY_ADD,
    STATEMENT_EMERGENCY_UPDATE,
    STATEMENT_EMERGENCY_ALL,
    STATEMENT_EMERGENCY_REKEY,
    STATEMENT_JOINED_GET,
    STATEMENT_JOINED_PUT,
    STATEMENT_JOINED_ALL,
    STATEMENT_JOINED_REKEY,
    STATEMENT_REKEY_COUNT,
    STATEMENT_SCHEMA_VERSION,
    STATEMENT_SCHEMA_OWNER,
    STATEMENT_SCHEMA_OBJECTS,
    STATEMENT_JOURNAL_WAL,
    STATEMENT_PAGE_SIZE,
    STATEMENT_PAGE_COUNT,
    STATEMENT_PAGE_SPARE,
    STATEMENT_EMERGENCY_SPAN,
    STATEMENT_CHECK_INTEGRITY,
    STATEMENT_CHECK_BESIDE_LEDGER,
    STATEMENT_CHECK_FOREIGN_KEYS,
    STATEMENT_COUNT
};

extern const char *const statement_sql[STATEMENT_COUNT];

struct lease_file {
    int hold;  /* this store's own locks are on it */
    int probe; /* another open file description, for which those locks are somebody else's */
};

struct store {
    sqlite3 *db;
    struct secret row_key;
    struct secret former_key; /* store_rekey(): until its transaction is committed */
    char path[PATH_MAX];      /* absolute, its directory free of symbolic links */
    int64_t patience_ms;
    int64_t wait_until; /* clock_monotonic() at which waiting for other processes ends */
    bool read_only;
    bool other_keys; /* a key that does not fit is not logged */
    bool proven;     /* the key fitted when the store was opened */
    bool alone;      /* nobody else has it during a transaction, and `db` is open in one alone */
    int wal_frames;  /* in the journal after our last commit */
    sqlite3_stmt *statements[STATEMENT_COUNT]; /* prepared when first used, and not in use now */
    struct lease_file lease;
    struct crypto_mac *mac; /* under the row key, while a transaction lasts */
    unsigned char *encoded; /* scratch of row.c */
    size_t encoded_size;
    char *policy_text; /* what store_policy_seen_get() lent last */
};

struct store_txn {
    struct store *store;
    enum store_mode mode;
};

/* A statement taken from the store for a while; nested uses of the same id each get their own. */
struct statement {
    struct store *store;
    enum statement_id id;
    sqlite3_stmt *stmt;
};
#define auto_statement auto_clean(statement_end)

/* A value for a named parameter; a number where text is NULL. Ended by one without a parameter. */
struct statement_key {
    const char *parameter;
    const char *text;
    int64_t number;
};
#define STATEMENT_KEYS(...) ((const struct statement_key[]){__VA_ARGS__, {NULL, NULL, 0}})

/* Prepares and binds; keys may be NULL. Texts are borrowed until statement_end(). */
enum medgl_error statement_begin(struct store *store, enum statement_id id,
                                 const struct statement_key *keys, struct statement *statement);
/* The same inside a transaction: refused when SQLite
 * has ended it, and for writes in a STORE_READ one. */
enum medgl_error statement_begin_in(struct store_txn *txn, enum statement_id id,
                                    const struct statement_key *keys, struct statement *statement);
/* MEDGL_OK: a row is there. MEDGL_ERR_NOT_FOUND: no more rows. */
enum medgl_error statement_step(struct statement *statement);
/* Begins, steps to the end, and ends; for statements without rows. */
enum medgl_error statement_run(struct store_txn *txn, enum statement_id id,
                               const struct statement_key *keys);
/* The first column of the only row. */
enum medgl_error statement_number(struct store *store, enum statement_id id, int64_t *number);
void statement_end(struct statement *statement);

/* When the journal has this many frames it is moved into the database: at the end of a process,
 * which nobody waits for, or, where one lives long, after a commit. Whoever opens the store first
 * reads the journal through: it has to stay short. */
#define JOURNAL_FRAMES_CLOSE 60
#define JOURNAL_FRAMES_MAX   1000

/* -- errors (transact.c) --------------------------------------------------------------------- */

/* What an SQLite result means to us; errno was cleared before the call. Logged with what to do.
 * Never MEDGL_OK, and never MEDGL_ERR_NOT_FOUND: an unusable store must not look like an account
 * that is not enrolled. */
enum medgl_error database_error(struct store *store, int result, const char *doing);
/* Runs statements that take no values. */
enum medgl_error database_run(struct store *store, const char *sql, const char *doing);
/* Says in the log what is wrong with the store as a whole, and what to do; returns the error. */
enum medgl_error database_refuse(const char *path, enum medgl_error error, const char *what);
/* For sqlite3_busy_handler(). */
int database_busy(void *store, int count);
/* Moves the journal into the database file when it has
 * more frames than that, if no one is in the way. */
void database_checkpoint(struct store *store, int frames);

/* -- schema (schema.c) ----------------------------------------------------------------------- */

#define SCHEMA_VERSION      7
#define SCHEMA_OWNER        1835361383 /* "medg": the application_id of our files */
#define SCHEMA_TEXT_(value) #value
#define SCHEMA_TEXT(value)  SCHEMA_TEXT_(value)

/* Tells whether the file is ours, and brings its schema to this program's version. A file without
 * one is made a store with `create` alone: a store that lost its content must not pass for one in
 * which nobody is enrolled. Then proves the key. */
enum medgl_error schema_open(struct store *store, bool create);
/* For store_transact(): the row that tells whether the key fits. */
enum medgl_error schema_prove_key(struct store_txn *txn, void *argument);
/* Runs the steps behind a version; the caller has a transaction open. */
enum medgl_error schema_steps(struct store *store, int64_t version);

/* -- rows (row.c) ---------------------------------------------------------------------------- */

enum row_type {
    ROW_TEXT,     /* char[size], ended by a NUL inside */
    ROW_SIGNED,   /* int64_t */
    ROW_UNSIGNED, /* uint64_t, uint32_t, an enum, or bool, by size */
    ROW_FIXED,    /* exactly size bytes */
    ROW_BYTES,    /* up to size bytes, with a size_t beside */
    ROW_BORROWED, /* a pointer to text, with a size_t beside; valid until the next step when read */
};

struct row_column {
    const char *parameter; /* ":name": the column's name behind a colon */
    enum row_type type;
    size_t offset, size;
    size_t len_offset; /* ROW_BYTES, ROW_BORROWED */
    /* A text or a number that came with a later schema: "" and 0 are written as NULL, and NULL is
     * read as them, so that a row from before keeps its MAC. */
    bool later;
};

/* A table: statements that read or write its rows name these columns in this order, then `mac`. */
struct row_table {
    const char *name;
    const struct row_column *columns;
    size_t count;
    enum statement_id all;   /* reads every row */
    enum statement_id rekey; /* gives every row the MAC that rekey.c makes */
};
#define ROW_COLUMNS_MAX 25

#define ROW_SIZE_OF(type, member) sizeof(((type *)NULL)->member)
#define ROW_COLUMN(name, kind, type, member)                                                       \
    {                                                                                              \
        ":" name, kind, offsetof(type, member), ROW_SIZE_OF(type, member), 0, false                \
    }
#define ROW_COLUMN_LATER(name, kind, type, member)                                                 \
    {                                                                                              \
        ":" name, kind, offsetof(type, member), ROW_SIZE_OF(type, member), 0, true                 \
    }
#define ROW_COLUMN_LEN(name, kind, type, member, len_member)                                       \
    {                                                                                              \
        ":" name, kind, offsetof(type, member), ROW_SIZE_OF(type, member),                         \
            offsetof(type, len_member), false                                                      \
    }

extern const struct row_table table_meta, table_account, table_activity, table_credential,
    table_grant, table_attempt, table_session, table_alert, table_delivery, table_policy_seen,
    table_ledger, table_ledger_head, table_checkpoint, table_archive, table_document, table_key,
    table_backup, table_breakglass, table_emergency, table_joined;
#define ROW_TABLES 20
extern const struct row_table *const row_tables[ROW_TABLES];

/* A value as the database holds it: an SQLite type, and a number or bytes. */
struct row_value {
    int type;
    int64_t number;
    const void *bytes;
    size_t len;
};
/* Under the row key, over the table's name and all its columns. */
enum medgl_error row_mac(struct store *store, const struct row_table *table,
                         const struct row_value *values, unsigned char mac[CRYPTO_HASH_SIZE]);

/* MEDGL_ERR_KEY: the store's key was exchanged since it was opened. MEDGL_ERR_CORRUPT. */
enum medgl_error row_key_in_force(struct store *store);
/* Checks the MAC of the statement's current row, without a log line. */
enum medgl_error row_check(struct statement *statement, const struct row_table *table);
/* The same with a log line, then takes the row apart. */
enum medgl_error row_read(struct statement *statement, const struct row_table *table, void *row);
/* Begins a statement and reads its first row. MEDGL_ERR_NOT_FOUND. */
enum medgl_error row_get(struct store_txn *txn, enum statement_id id,
                         const struct statement_key *keys, const struct row_table *table,
                         void *row);
/* Reads every row that a statement finds, and calls `each` with it; the first error ends it. A
 * macro, so that `each` takes a row of its own type. */
#define ROW_EACH(txn, id, keys, table, type, each, argument)                                       \
    __extension__({                                                                                \
        auto_statement struct statement row_statement_ = {0};                                      \
        enum medgl_error row_error_;                                                               \
        type row_;                                                                                 \
        MEDGL_TRY(statement_begin_in(txn, id, keys, &row_statement_));                             \
        while ((row_error_ = statement_step(&row_statement_)) == MEDGL_OK) {                       \
            MEDGL_TRY(row_read(&row_statement_, table, &row_));                                    \
            MEDGL_TRY(each(argument, &row_));                                                      \
        }                                                                                          \
        row_error_ == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : row_error_;                                 \
    })
/* Runs a statement that writes all columns of a row, with a fresh MAC. */
enum medgl_error row_put(struct store_txn *txn, enum statement_id id, const struct row_table *table,
                         const void *row);

/* Says in the log which table has a row that was changed from outside. */
enum medgl_error row_refuse(struct store *store, const struct row_table *table);

/* -- another key (rekey.c) ------------------------------------------------------------------- */

/* The transaction of a store_rekey() has ended: which key is in use from now on. Harmless where
 * there was none. */
void rekey_end(struct store *store, bool committed);

/* -- leases (lease.c) ------------------------------------------------------------------------ */

/* Makes its file, so that no login has to. */
enum medgl_error lease_make(struct store *store);
/* Takes a new lock that lasts as long as this store; `*lease` names it. */
enum medgl_error lease_take(struct store *store, int64_t *lease);
/* Whether somebody, this store included, holds it. */
enum medgl_error lease_alive(struct store *store, int64_t lease, bool *alive);
#define LEASE_ALONE ((INT64_MAX >> 1) + 1) /* the byte behind all leases */
/* Waits for the turn to have the store alone, which lasts until the other. */
enum medgl_error lease_alone(struct store *store);
void lease_shared(struct store *store);
/* Of one that is `alone`: opens it, and closes it again. */
enum medgl_error database_enter(struct store *store);
void database_leave(struct store *store);
void lease_close(struct lease_file *file);

#endif
