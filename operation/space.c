/* Whether there is room (R35). Guesses nothing: what it says of tomorrow is what was measured of
 * the last month. */
#include "operation/space.h"

#include "base/auto.h"
#include "ledger/entry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define GROWTH_TIME  (30 * MEDGL_DAY)
#define GROWTH_LEAST MEDGL_DAY
#define SAMPLE       1000 /* last entries, for the size of one */
#define ROW_EXTRA    112  /* leaf hash, MAC, number, and what SQLite adds */
#define SEAL_EXTRA   2048 /* of a sealed document, for each certificate and the whole */

struct space_run {
    medgl_time now;
    uint64_t entries, archived;
    struct kept_checkpoint first; /* from which the growth is told; size 0: from none */
    uint64_t sampled, sampled_bytes;
    uint64_t document_bytes; /* since then */
    medgl_time oldest;
};

/* -- how fast it grows ------------------------------------------------------------------------ */

/* The first of all. */
static enum medgl_error space_first(void *argument, uint64_t size, const char *checkpoint)
{
    uint64_t *first = argument;
    (void)checkpoint;
    *first = size;
    return MEDGL_ERR_ABORTED;
}

static enum medgl_error space_begin(struct store_txn *txn, struct space_run *run)
{
    uint64_t size = 0;
    enum medgl_error error = store_checkpoint_at(txn, run->now - GROWTH_TIME, &run->first);
    if (error != MEDGL_ERR_NOT_FOUND)
        return error;
    run->first.size = 0;
    error = store_checkpoint_each(txn, space_first, &size);
    if (error == MEDGL_ERR_ABORTED)
        return store_checkpoint_of(txn, size, &run->first);
    return error;
}

static enum medgl_error space_sample(void *argument, const struct ledger_row *row)
{
    struct space_run *run = argument;
    if (row->len == 0) /* in an archive */
        return MEDGL_OK;
    run->sampled++;
    run->sampled_bytes += row->len + ROW_EXTRA;
    return MEDGL_OK;
}

static enum medgl_error space_document(void *argument, const struct document *document)
{
    struct space_run *run = argument;
    if (document->created >= run->first.time)
        run->document_bytes += document->size + SEAL_EXTRA;
    return MEDGL_OK;
}

static enum medgl_error space_grown(struct store_txn *txn, void *argument)
{
    struct space_run *run = argument;
    struct ledger_head head;
    MEDGL_TRY(store_ledger_head(txn, &head));
    run->entries = head.tree.size;
    MEDGL_TRY(space_begin(txn, run));
    MEDGL_TRY(store_ledger_each(txn, run->entries > SAMPLE ? run->entries - SAMPLE : 0,
                                run->entries, space_sample, run));
    return store_document_each(txn, space_document, run);
}

static void space_rate(const struct space_run *run, int64_t room, struct space_growth *growth)
{
    const medgl_time time = run->now - run->first.time;
    *growth = (struct space_growth){.days_left = -1};
    if (run->first.size == 0 || time < GROWTH_LEAST || run->entries < run->first.size)
        return;
    const double days = (double)time / (double)MEDGL_DAY;
    const double each = run->sampled > 0 ? (double)run->sampled_bytes / (double)run->sampled : 0.0;
    growth->since = run->first.time;
    growth->entries_per_day = (double)(run->entries - run->first.size) / days;
    growth->bytes_per_day =
        (int64_t)(growth->entries_per_day * each + (double)run->document_bytes / days);
    if (growth->bytes_per_day > 0)
        growth->days_left = room > 0 ? room / growth->bytes_per_day : 0;
}

static enum medgl_error space_device(const struct context *context, int64_t *free_bytes)
{
    char path[PATH_MAX];
    struct statvfs device;
    MEDGL_TRY(context_path(context, CONTEXT_FILE_STORE, path));
    if (statvfs(path, &device) != 0)
        return MEDGL_ERR_IO;
    *free_bytes = (int64_t)device.f_bavail * (int64_t)device.f_frsize;
    return MEDGL_OK;
}

enum medgl_error space_growth(struct context *context, medgl_time now, struct space_growth *growth)
{
    struct space_run run = {.now = now};
    int64_t free_bytes;
    MEDGL_TRY(space_device(context, &free_bytes));
    MEDGL_TRY(store_transact(context->store, STORE_READ, space_grown, &run));
    space_rate(&run, free_bytes - context->policy.minimum_free, growth);
    return MEDGL_OK;
}

/* -- what there is ---------------------------------------------------------------------------- */

static enum medgl_error space_archived(void *argument, const struct archive *archive)
{
    struct space_run *run = argument;
    run->archived = archive->next;
    return MEDGL_OK;
}

static enum medgl_error space_oldest(void *argument, const struct ledger_row *row)
{
    struct space_run *run = argument;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    MEDGL_TRY(ledger_entry_decode(row->line, row->len, &parsed));
    run->oldest = ledger_parsed_entry(parsed)->time;
    return MEDGL_OK;
}

static enum medgl_error space_held(struct store_txn *txn, void *argument)
{
    struct space_run *run = argument;
    MEDGL_TRY(store_archive_each(txn, space_archived, run));
    return store_ledger_each(txn, run->archived, run->archived + 1, space_oldest, run);
}

static void space_close(DIR **directory)
{
    if (*directory != NULL)
        (void)closedir(*directory);
}

/* The files in a directory; none where it is not there. */
static enum medgl_error space_files(const struct context *context, const char *name, int64_t *bytes)
{
    char path[PATH_MAX];
    const struct dirent *entry;
    struct stat file;
    *bytes = 0;
    MEDGL_TRY(path_under(path, context->root, name));
    auto_clean(space_close) DIR *directory = opendir(path);
    if (directory == NULL)
        return errno == ENOENT ? MEDGL_OK : medgl_error_from_errno(errno);
    while ((entry = readdir(directory)) != NULL)
        if (fstatat(dirfd(directory), entry->d_name, &file, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(file.st_mode))
            *bytes += file.st_size;
    return MEDGL_OK;
}

enum medgl_error operation_space(struct context *context, struct space_report *report)
{
    struct space_run run = {.archived = 0};
    struct store_facts facts;
    *report = (struct space_report){.entries = 0};
    MEDGL_TRY(store_facts(context->store, &facts));
    MEDGL_TRY(store_transact(context->store, STORE_READ, space_held, &run));
    MEDGL_TRY(space_growth(context, clock_read().now, &report->growth));
    report->entries = facts.entries;
    report->archived = run.archived;
    report->oldest = run.oldest;
    report->store_bytes = facts.bytes;
    report->free_bytes = facts.free_bytes;
    MEDGL_TRY(space_files(context, PATH_DOCUMENTS, &report->document_bytes));
    MEDGL_TRY(space_files(context, PATH_ARCHIVE, &report->archive_bytes));
    return space_files(context, context_file(context->place, CONTEXT_FILE_CHECKPOINTS),
                       &report->checkpoint_bytes);
}
