/* Space that is kept for what is written while the device is full (R32).
 *
 * A row is written, moved into the database, and taken away again. SQLite gives no page of a file
 * back, and the journal keeps its length (transact.c). A file system that writes what is changed to
 * another place (btrfs, ZFS) keeps no promise that is made here; a quota that ends before the
 * device does is seen by nobody, so that guesses use up all that is kept. */
#include "store/sqlite/database.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* -- what is there ---------------------------------------------------------------------------- */

struct reserve_pages {
    int64_t size, count, spare; /* bytes of each, how many, how many of them hold nothing */
};

static enum medgl_error reserve_count(struct store_txn *txn, void *argument)
{
    struct reserve_pages *pages = argument;
    MEDGL_TRY(statement_number(txn->store, STATEMENT_PAGE_SIZE, &pages->size));
    MEDGL_TRY(statement_number(txn->store, STATEMENT_PAGE_COUNT, &pages->count));
    return statement_number(txn->store, STATEMENT_PAGE_SPARE, &pages->spare);
}

/* What a file has on the device: neither holes nor what it is still to grow by. 0: no such file. */
static enum medgl_error reserve_file(const struct store *store, const char *suffix, int64_t *bytes)
{
    char path[PATH_MAX + sizeof("-wal")];
    struct stat status;
    *bytes = 0;
    (void)snprintf(path, sizeof(path), "%s%s", store->path, suffix);
    if (stat(path, &status) != 0)
        return errno == ENOENT ? MEDGL_OK : medgl_error_from_errno(errno);
    const int64_t held = (int64_t)status.st_blocks * 512;
    *bytes = held < status.st_size ? held : status.st_size;
    return MEDGL_OK;
}

/* Of a journal this much may be in use before it begins anew. */
static int64_t reserve_used(const struct reserve_pages *pages)
{
    const int64_t head = 32, frame = 24;
    return head + JOURNAL_FRAMES_MAX * (frame + pages->size);
}

static enum medgl_error reserve_look(struct store *store, struct reserve_pages *pages,
                                     int64_t *there)
{
    int64_t file, journal;
    MEDGL_TRY(store_transact(store, STORE_READ, reserve_count, pages));
    MEDGL_TRY(reserve_file(store, "", &file));
    MEDGL_TRY(reserve_file(store, "-wal", &journal));
    /* Pages that are in the journal alone: the file has no place for them yet. */
    const int64_t missing = pages->count * pages->size - file;
    const int64_t spare = pages->spare * pages->size - (missing > 0 ? missing : 0);
    journal -= reserve_used(pages);
    *there = journal < spare ? journal : spare;
    if (*there < 0)
        *there = 0;
    return MEDGL_OK;
}

enum medgl_error store_reserved(struct store *store, uint64_t *bytes)
{
    struct reserve_pages pages;
    int64_t there;
    *bytes = 0;
    MEDGL_TRY(reserve_look(store, &pages, &there));
    *bytes = (uint64_t)there;
    return MEDGL_OK;
}

static enum medgl_error reserve_device(const struct store *store, uint64_t *bytes)
{
    struct statvfs device;
    *bytes = 0;
    if (statvfs(store->path, &device) != 0)
        return medgl_error_from_errno(errno);
    *bytes = (uint64_t)device.f_bavail * device.f_frsize;
    return MEDGL_OK;
}

enum medgl_error store_scarce(struct store *store, uint64_t bytes, bool *scarce)
{
    uint64_t kept, device;
    *scarce = false;
    MEDGL_TRY(reserve_device(store, &device));
    if (device >= bytes)
        return MEDGL_OK;
    MEDGL_TRY(store_reserved(store, &kept));
    *scarce = kept < bytes;
    return MEDGL_OK;
}

/* -- more of it ------------------------------------------------------------------------------- */

/* Beside the row that proves the key. One that a killed process left is taken away by the next. */
struct reserve_row {
    char name[sizeof("reserve")];
    const char *value;
    size_t len;
};
static const struct row_column reserve_columns[] = {
    ROW_COLUMN("name", ROW_TEXT, struct reserve_row, name),
    ROW_COLUMN_LEN("value", ROW_BORROWED, struct reserve_row, value, len),
};

static enum medgl_error reserve_free(struct store_txn *txn, void *argument)
{
    (void)argument;
    return statement_run(txn, STATEMENT_META_DELETE, STATEMENT_KEYS({":name", "reserve", 0}));
}

static enum medgl_error reserve_take(struct store_txn *txn, void *argument)
{
    struct row_table table = table_meta;
    table.columns = reserve_columns;
    MEDGL_TRY(reserve_free(txn, NULL));
    return row_put(txn, STATEMENT_META_ADD, &table, argument);
}

/* What cannot be had whole is not begun: half of it would fill the device. */
static enum medgl_error reserve_fits(const struct store *store, size_t len)
{
    uint64_t bytes;
    MEDGL_TRY(reserve_device(store, &bytes));
    return bytes / 5 >= len / 2 ? MEDGL_OK /* twice, and half as much for others */
                                : database_refuse(store->path, MEDGL_ERR_SPACE,
                                                  "no space is left that could be kept");
}

static enum medgl_error reserve_write(struct store *store, size_t len)
{
    auto_free char *text = malloc(len);
    struct reserve_row row = {.name = "reserve", .value = text, .len = len};
    if (text == NULL)
        return MEDGL_ERR_MEMORY;
    memset(text, '.', len);
    MEDGL_TRY(store_transact(store, STORE_WRITE, reserve_take, &row));
    database_checkpoint(store, 0);
    MEDGL_TRY(store_transact(store, STORE_WRITE, reserve_free, NULL));
    database_checkpoint(store, 0);
    return MEDGL_OK;
}

enum medgl_error store_reserve(struct store *store, uint64_t bytes)
{
    struct reserve_pages pages;
    int64_t there;
    if (bytes > STORE_RESERVE_MAX)
        return MEDGL_ERR_ARGUMENT;
    const int64_t wanted = (int64_t)bytes;
    MEDGL_TRY(lease_make(store));
    MEDGL_TRY(reserve_look(store, &pages, &there));
    if (there >= wanted)
        return MEDGL_OK;
    /* As long as the journal is to be: a page in it takes more than its bytes. */
    const size_t len = (size_t)(wanted + reserve_used(&pages));
    MEDGL_TRY(reserve_fits(store, len));
    MEDGL_TRY(reserve_write(store, len));
    MEDGL_TRY(reserve_look(store, &pages, &there));
    return there >= wanted ? MEDGL_OK
                           : database_refuse(store->path, MEDGL_ERR_DEADLINE,
                                             "others read it: no space could be kept");
}
