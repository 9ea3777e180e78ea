/* Opening and closing the database file. Never makes one that the caller did not ask for. */
#include "store/sqlite/database.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static const char *const connection_settings =
    "PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; "
    "PRAGMA journal_size_limit = 67108864"; /* after the rare transaction that rewrites all */

/* Off: what a file by somebody else could use to run code of its own in our statements. */
static const struct {
    int option, on;
} connection_options[] = {
    {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
    {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},
    {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1}, /* processes are short: closing costs no sync */
};

static int database_journal_grew(void *argument, sqlite3 *db, const char *name, int frames)
{
    struct store *store = argument;
    (void)db;
    (void)name;
    store->wal_frames = frames;
    return SQLITE_OK;
}

/* SQLite refuses every symbolic link on the way. A directory may be one (/var/lib on another disk),
 * the file not. */
static enum medgl_error database_locate(const char *given, char path[PATH_MAX])
{
    char head[PATH_MAX], tail[PATH_MAX], directory[PATH_MAX];
    MEDGL_TRY(text_copy(head, sizeof(head), given));
    MEDGL_TRY(text_copy(tail, sizeof(tail), given));
    const char *name = basename(tail);
    if (realpath(dirname(head), directory) == NULL)
        return medgl_error_from_errno(errno);
    int len = snprintf(path, PATH_MAX, "%s/%s", strcmp(directory, "/") == 0 ? "" : directory, name);
    return len > 0 && len < PATH_MAX ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
}

/* Made here, and not by SQLite, for its mode. O_EXCL: the descriptor that is closed is never one of
 * a database in use, for closing it would drop the locks that SQLite holds there. */
static enum medgl_error database_make(const char *path)
{
    auto_fd int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd >= 0 || errno == EEXIST ? MEDGL_OK : medgl_error_from_errno(errno);
}

static enum medgl_error database_find(const struct store_options *options, char path[PATH_MAX])
{
    struct stat status;
    MEDGL_TRY(database_locate(options->path, path));
    if (options->create && !options->read_only)
        MEDGL_TRY(database_make(path));
    if (lstat(path, &status) != 0)
        return medgl_error_from_errno(errno);
    return S_ISREG(status.st_mode) ? MEDGL_OK : MEDGL_ERR_ACCESS;
}

static enum medgl_error database_connect(struct store *store)
{
    int flags = (store->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    errno = 0;
    int result = sqlite3_open_v2(store->path, &store->db, flags, NULL), keep = 1;
    if (store->db == NULL)
        return database_refuse(store->path, MEDGL_ERR_MEMORY, "opening");
    if (result != SQLITE_OK)
        return database_error(store, result, "opening");
    /* SQLite opens a file that may not be written for reading, and says nothing. */
    if (!store->read_only && sqlite3_db_readonly(store->db, "main") != 0)
        return database_refuse(store->path, MEDGL_ERR_ACCESS, "it may not be written");
    for (size_t i = 0; i < MEDGL_COUNT(connection_options); i++) {
        result = sqlite3_db_config(store->db, connection_options[i].option,
                                   connection_options[i].on, NULL);
        if (result != SQLITE_OK)
            return database_error(store, result, "setting an option");
    }
    (void)sqlite3_busy_handler(store->db, database_busy, store);
    (void)sqlite3_wal_hook(store->db, database_journal_grew, store);
    (void)sqlite3_file_control(store->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
    if (store->alone)
        MEDGL_TRY(database_run(store, "PRAGMA locking_mode = EXCLUSIVE", "setting an option"));
    return database_run(store, connection_settings, "setting an option");
}

static void database_disconnect(struct store *store)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(auto_give(store->statements[i]));
    (void)sqlite3_close_v2(auto_give(store->db));
}

static enum medgl_error database_open(struct store *store, bool create)
{
    MEDGL_TRY(database_connect(store));
    return schema_open(store, create);
}

/* MUST: nobody has it alone while a person is asked something: others wait for it meanwhile. */
enum medgl_error database_enter(struct store *store)
{
    store->wait_until = clock_monotonic() + store->patience_ms;
    MEDGL_TRY(lease_alone(store)); /* SQLite lets two that want it alone wait for each other */
    const enum medgl_error error = database_open(store, false);
    if (error != MEDGL_OK)
        database_leave(store);
    return error;
}

void database_leave(struct store *store)
{
    store->wal_frames = 0;
    database_disconnect(store);
    lease_shared(store);
}

/* The first process to come makes the journal's index (-shm) anew. On a full device somebody else
 * may have got its space meanwhile. Who has the store to itself needs no such file. */
static enum medgl_error database_open_alone(struct store *store)
{
    database_disconnect(store);
    store->alone = true;
    MEDGL_TRY(database_enter(store));
    log_line(LOG_WARNING, "store %s: opened for one transaction at a time, for want of space",
             store->path);
    database_leave(store);
    return MEDGL_OK;
}

enum medgl_error store_open(const struct store_options *options, struct store **result)
{
    *result = NULL;
    auto_clean(store_close) struct store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        return MEDGL_ERR_MEMORY;
    store->lease = (struct lease_file){-1, -1};
    store->patience_ms = options->patience_ms;
    store->read_only = options->read_only;
    store->other_keys = options->other_keys;
    store->wait_until = clock_monotonic() + options->patience_ms;
    enum medgl_error error = database_find(options, store->path);
    if (error != MEDGL_OK)
        return database_refuse(options->path, error, medgl_error_text(error));
    MEDGL_TRY(secret_copy(&store->row_key, options->row_key, CRYPTO_HASH_SIZE));
    error = database_open(store, options->create);
    if (error == MEDGL_ERR_SPACE && !store->read_only && !options->create)
        error = database_open_alone(store);
    if (error != MEDGL_OK)
        return error;
    *result = auto_give(store);
    return MEDGL_OK;
}

void store_close(struct store **given)
{
    struct store *store = *given;
    if (store == NULL)
        return;
    *given = NULL;
    if (store->db != NULL)
        database_checkpoint(store, JOURNAL_FRAMES_CLOSE);
    database_disconnect(store);
    lease_close(&store->lease);
    crypto_mac_end(&store->mac);
    secret_free(&store->row_key);
    secret_free(&store->former_key);
    free(store->encoded);
    free(store->policy_text);
    free(store);
}

static enum medgl_error facts_count(struct store_txn *txn, void *argument)
{
    struct store_facts *facts = argument;
    struct ledger_head head;
    int64_t version, accounts;
    MEDGL_TRY(statement_number(txn->store, STATEMENT_SCHEMA_VERSION, &version));
    MEDGL_TRY(statement_number(txn->store, STATEMENT_ACCOUNT_COUNT, &accounts));
    MEDGL_TRY(store_ledger_head(txn, &head));
    facts->schema = (int)version;
    facts->accounts = (uint64_t)accounts;
    facts->entries = head.tree.size;
    return MEDGL_OK;
}

enum medgl_error store_facts(struct store *store, struct store_facts *facts)
{
    char journal[PATH_MAX + sizeof("-wal")];
    struct stat file, log = {0};
    struct statvfs device;
    *facts = (struct store_facts){0};
    (void)snprintf(journal, sizeof(journal), "%s-wal", store->path);
    if (stat(store->path, &file) != 0 || statvfs(store->path, &device) != 0 ||
        (stat(journal, &log) != 0 && errno != ENOENT))
        return medgl_error_from_errno(errno);
    facts->bytes = file.st_size + log.st_size;
    facts->free_bytes = (int64_t)device.f_bavail * (int64_t)device.f_frsize;
    return store_transact(store, STORE_READ, facts_count, facts);
}
