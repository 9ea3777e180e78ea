/* The store as it is at one moment, in a new file, while others go on writing. */
#include "store/sqlite/database.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* The new file; gone with all that SQLite put beside it unless it was kept. */
struct copy {
    struct store to; /* of which nothing but db and path is in use */
    bool made, keep;
};

static void copy_remove(const char *path, const char *suffix)
{
    char name[PATH_MAX + sizeof("-journal")];
    if (snprintf(name, sizeof(name), "%s%s", path, suffix) < (int)sizeof(name))
        (void)unlink(name);
}

static void copy_end(struct copy *copy)
{
    (void)sqlite3_close_v2(copy->to.db);
    if (!copy->made || copy->keep)
        return;
    static const char *const suffix[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < MEDGL_COUNT(suffix); i++)
        copy_remove(copy->to.path, suffix[i]);
}

/* Made here, and not by SQLite, for its mode. */
static enum medgl_error copy_make(struct copy *copy)
{
    auto_fd int fd = open(copy->to.path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return medgl_error_from_errno(errno);
    copy->made = true;
    return MEDGL_OK;
}

static enum medgl_error copy_open(struct copy *copy)
{
    errno = 0;
    int result =
        sqlite3_open_v2(copy->to.path, &copy->to.db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (copy->to.db == NULL)
        return MEDGL_ERR_MEMORY;
    if (result != SQLITE_OK)
        return database_error(&copy->to, result, "opening a copy");
    /* A copy that is not whole is no copy: nothing of it is worth a journal. */
    return database_run(&copy->to, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY",
                        "making a copy");
}

/* In one step: its read transaction is one moment, whoever writes meanwhile. */
static enum medgl_error copy_pages(struct store *from, struct copy *copy)
{
    errno = 0;
    sqlite3_backup *backup = sqlite3_backup_init(copy->to.db, "main", from->db, "main");
    if (backup == NULL)
        return database_error(&copy->to, sqlite3_extended_errcode(copy->to.db), "making a copy");
    int result = sqlite3_backup_step(backup, -1);
    int ended = sqlite3_backup_finish(backup);
    if (result == SQLITE_DONE && ended == SQLITE_OK)
        return MEDGL_OK;
    return database_error(&copy->to, ended != SQLITE_OK ? ended : result, "making a copy");
}

static enum medgl_error copy_sync(struct copy *copy)
{
    /* Closed by hand: its locks would end with the descriptor below. */
    int result = sqlite3_close_v2(auto_give(copy->to.db));
    auto_fd int fd = open(copy->to.path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (result != SQLITE_OK || fd < 0 || fsync(fd) != 0)
        return result != SQLITE_OK ? MEDGL_ERR_IO : medgl_error_from_errno(errno);
    return file_sync_name(copy->to.path);
}

enum medgl_error store_copy(struct store *store, const char *path)
{
    auto_clean(copy_end) struct copy copy = {.made = false};
    if (store->alone) /* for want of space, which a copy would not have either */
        return MEDGL_ERR_SPACE;
    if (!sqlite3_get_autocommit(store->db)) /* it would be the store before that transaction */
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(text_copy(copy.to.path, sizeof(copy.to.path), path));
    store->wait_until = clock_monotonic() + store->patience_ms;
    MEDGL_TRY(copy_make(&copy));
    MEDGL_TRY(copy_open(&copy));
    MEDGL_TRY(copy_pages(store, &copy));
    /* The copy says of itself that it has a write-ahead log, as its source has. */
    MEDGL_TRY(database_run(&copy.to, "PRAGMA journal_mode = DELETE", "making a copy"));
    MEDGL_TRY(copy_sync(&copy));
    copy.keep = true;
    return MEDGL_OK;
}
