/* Transactions, waiting for other processes, and what SQLite's errors mean. Never runs a function
 * again: BEGIN IMMEDIATE meets every conflict before the function starts. */
#include "store/sqlite/database.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>

static const char *database_advice(enum medgl_error error)
{
    if (error == MEDGL_ERR_SPACE)
        return "free space (or raise the quota) on its device";
    if (error == MEDGL_ERR_ACCESS)
        return "check owner, mode and mount options of it and its directory";
    if (error == MEDGL_ERR_DEADLINE)
        return "another process holds it: find it with fuser and see why it does not end";
    if (error == MEDGL_ERR_CORRUPT)
        return "run medgl-admin doctor, then restore a backup";
    if (error == MEDGL_ERR_NOT_FOUND)
        return "restore a backup (or run medgl-admin setup on a new installation)";
    if (error == MEDGL_ERR_VERSION)
        return "install the version of pam_medgl that wrote it, or a newer one";
    if (error == MEDGL_ERR_KEY)
        return "restore the store key that belongs to it";
    if (error == MEDGL_ERR_CONFLICT)
        return "nothing was written; what is started anew uses the one in place";
    if (error == MEDGL_ERR_MEMORY)
        return "give the machine, or the service, more memory";
    return "look for disk errors in the kernel log, then run medgl-admin doctor";
}

enum medgl_error database_refuse(const char *path, enum medgl_error error, const char *what)
{
    log_line(LOG_ERR, "store %s: %s: %s", path, what, database_advice(error));
    return error;
}

/* errno, which callers clear first: sqlite3_system_errno() knows nothing of a failed COMMIT. ENOENT
 * and the like stay MEDGL_ERR_IO: see database_error() in the header. */
static enum medgl_error database_system_error(void)
{
    enum medgl_error error = medgl_error_from_errno(errno);
    return error == MEDGL_ERR_SPACE || error == MEDGL_ERR_ACCESS || error == MEDGL_ERR_MEMORY
               ? error
               : MEDGL_ERR_IO;
}

static enum medgl_error database_meaning(int result)
{
    switch (result) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return MEDGL_ERR_EXISTS;
    case SQLITE_CANTOPEN_SYMLINK:
    case SQLITE_CANTOPEN_ISDIR:
        return MEDGL_ERR_ACCESS;
    case SQLITE_IOERR_CORRUPTFS:
        return MEDGL_ERR_CORRUPT;
    case SQLITE_IOERR_NOMEM:
        return MEDGL_ERR_MEMORY;
    default:
        break;
    }
    switch (result & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
        return MEDGL_ERR_ARGUMENT;
    case SQLITE_FULL:
        return MEDGL_ERR_SPACE;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return MEDGL_ERR_ACCESS;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return MEDGL_ERR_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return MEDGL_ERR_DEADLINE;
    case SQLITE_NOMEM:
        return MEDGL_ERR_MEMORY;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return database_system_error();
    default:
        return MEDGL_ERR_IO;
    }
}

enum medgl_error database_error(struct store *store, int result, const char *doing)
{
    enum medgl_error error = database_meaning(result);
    if (error != MEDGL_ERR_EXISTS)
        log_line(LOG_ERR, "store %s: %s: %s (SQLite %d: %s): %s", store->path, doing,
                 medgl_error_text(error), result, sqlite3_errmsg(store->db),
                 database_advice(error));
    return error;
}

enum medgl_error database_run(struct store *store, const char *sql, const char *doing)
{
    errno = 0;
    int result = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? MEDGL_OK : database_error(store, result, doing);
}

int database_busy(void *argument, int count)
{
    const struct store *store = argument;
    unsigned more = 0;
    (void)count;
    if (clock_monotonic() >= store->wait_until)
        return 0;
    (void)crypto_random_below(5, &more); /* without it all wait alike: slower, not wrong */
    clock_sleep(1 + (int64_t)more);
    return 1;
}

/* Writes the first page anew, unchanged: a commit that changes only where the journal ends. */
static int transact_nothing(const struct store *store)
{
    int result = sqlite3_exec(
        store->db, "BEGIN IMMEDIATE; PRAGMA application_id = " SCHEMA_TEXT(SCHEMA_OWNER) "; COMMIT",
        NULL, NULL, NULL);
    if (!sqlite3_get_autocommit(store->db))
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return result;
}

/* The journal keeps its length, and the next frames go over the old ones: appending would make the
 * file system write its own journal at every sync. Where it begins anew is known to this process
 * alone until a commit has written it into the file. */
void database_checkpoint(struct store *store, int frames)
{
    if (store->wal_frames <= frames)
        return;
    store->wait_until = 0; /* readers in the way are not waited for: the next process tries again */
    errno = 0;
    int result = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_RESTART,
                                           &store->wal_frames, NULL);
    if (result == SQLITE_OK)
        result = transact_nothing(store);
    if (result != SQLITE_OK && (result & 0xff) != SQLITE_BUSY)
        (void)database_error(store, result, "moving the journal into the database");
}

/* A commit whose sync failed stands whole in the journal, and the next process to recover the
 * journal would take it for good. One more commit goes over its first frame; what follows then no
 * longer fits the chain of checksums. */
static void transaction_bury(struct store *store)
{
    int result = transact_nothing(store);
    if (result != SQLITE_OK)
        (void)database_error(store, result, "taking back a failed commit");
}

static void transaction_roll_back(struct store *store)
{
    if (!sqlite3_get_autocommit(store->db)) /* else SQLite did it by itself */
        (void)database_run(store, "ROLLBACK", "rolling back");
}

static enum medgl_error transaction_commit(struct store *store, enum store_mode mode)
{
    enum medgl_error error = database_run(store, "COMMIT", "committing");
    if (error == MEDGL_OK) {
        rekey_end(store, true);
        database_checkpoint(store, JOURNAL_FRAMES_MAX);
        return MEDGL_OK;
    }
    transaction_roll_back(store);
    rekey_end(store, false);
    if (mode == STORE_WRITE && error != MEDGL_ERR_DEADLINE) /* a sync fails with ENOSPC as well */
        transaction_bury(store);
    return error;
}

/* MUST: nothing is committed to a store that is not in its place any more: it would be lost. Who
 * puts another one there has the write lock of this one meanwhile (operation/backup_restore.c), so
 * it is asked when the lock is there. */
static enum medgl_error transaction_in_place(struct store *store)
{
    int moved = 0;
    const int result = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (result != SQLITE_OK)
        return database_error(store, result, "looking whether it is in its place");
    return moved == 0 ? MEDGL_OK
                      : database_refuse(store->path, MEDGL_ERR_CONFLICT,
                                        "another store has taken its place");
}

/* MUST: no row is written under a key that is not in force any more. Who reads a row notices that
 * by itself; a first try at a quiet account reads none. */
static enum medgl_error transaction_may_write(struct store *store)
{
    MEDGL_TRY(transaction_in_place(store));
    return store->proven ? row_key_in_force(store) : MEDGL_OK;
}

static enum medgl_error transact(struct store *store, enum store_mode mode, store_function function,
                                 void *argument)
{
    struct store_txn txn = {.store = store, .mode = mode};
    if (!sqlite3_get_autocommit(store->db)) /* no transaction inside another */
        return MEDGL_ERR_ARGUMENT;
    if (mode == STORE_WRITE && store->read_only)
        return MEDGL_ERR_ACCESS;
    store->wait_until = clock_monotonic() + store->patience_ms;
    MEDGL_TRY(database_run(store, mode == STORE_WRITE ? "BEGIN IMMEDIATE" : "BEGIN",
                           "beginning a transaction"));
    enum medgl_error error = mode == STORE_WRITE ? transaction_may_write(store) : MEDGL_OK;
    if (error == MEDGL_OK)
        error = function(&txn, argument);
    crypto_mac_end(&store->mac); /* the key rests in locked memory between transactions */
    if (error == MEDGL_OK)
        return transaction_commit(store, mode);
    transaction_roll_back(store);
    rekey_end(store, false);
    return error;
}

enum medgl_error store_transact(struct store *store, enum store_mode mode, store_function function,
                                void *argument)
{
    if (!store->alone || store->db != NULL)
        return transact(store, mode, function, argument);
    MEDGL_TRY(database_enter(store));
    const enum medgl_error error = transact(store, mode, function, argument);
    database_leave(store);
    return error;
}
