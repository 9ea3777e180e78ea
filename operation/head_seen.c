/* The file beside the store that knows what the store held (see head_seen.h). */
#include "operation/head_seen.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define HEAD_TEXT_SIZE 256
#define HEAD_LEAF_SIZE (2 * MERKLE_HASH_SIZE + 1)
#define HEAD_TRIES     20 /* for the lock, a millisecond each: a login does not wait longer */
#define HEAD_AHEAD     MEDGL_HOUR /* a time further ahead was set by a clock that has gone back */

/* -- its text --------------------------------------------------------------------------------- */

static void head_format(const struct head_seen *seen, char text[HEAD_TEXT_SIZE])
{
    char time[2][CLOCK_TEXT_SIZE], leaf[2][HEAD_LEAF_SIZE];
    clock_format_utc(seen->seen.time, time[0]);
    clock_format_utc(seen->lost.time, time[1]);
    text_hex(leaf[0], seen->seen.leaf, MERKLE_HASH_SIZE);
    text_hex(leaf[1], seen->lost.leaf, MERKLE_HASH_SIZE);
    (void)snprintf(text, HEAD_TEXT_SIZE, "seen %s %" PRIu64 " %s\nlost %s %" PRIu64 " %s\n",
                   time[0], seen->seen.size, leaf[0], time[1], seen->lost.size, leaf[1]);
}

static enum medgl_error head_parse(const char *text, struct head_seen *seen)
{
    char time[2][CLOCK_TEXT_SIZE], leaf[2][HEAD_LEAF_SIZE], again[HEAD_TEXT_SIZE];
    struct head_seen read;
    if (sscanf(text, "seen %24s %" SCNu64 " %64s lost %24s %" SCNu64 " %64s", time[0],
               &read.seen.size, leaf[0], time[1], &read.lost.size, leaf[1]) != 6)
        return MEDGL_ERR_CORRUPT;
    MEDGL_TRY(clock_parse_utc(time[0], &read.seen.time));
    MEDGL_TRY(clock_parse_utc(time[1], &read.lost.time));
    MEDGL_TRY(text_unhex(read.seen.leaf, MERKLE_HASH_SIZE, leaf[0]));
    MEDGL_TRY(text_unhex(read.lost.leaf, MERKLE_HASH_SIZE, leaf[1]));
    head_format(&read, again);
    if (strcmp(text, again) != 0)
        return MEDGL_ERR_CORRUPT;
    *seen = read;
    return MEDGL_OK;
}

/* -- the file --------------------------------------------------------------------------------- */

static enum medgl_error head_load(const char *path, struct head_seen *seen)
{
    auto_secret struct secret text = SECRET_NONE;
    const struct file_rule rule = {
        .owner = geteuid(), .forbidden = 0022, .max = HEAD_TEXT_SIZE - 1};
    *seen = (struct head_seen){.seen = {.size = 0}};
    MEDGL_TRY(file_read_trusted(path, &rule, &text));
    return head_parse((const char *)text.bytes, seen) == MEDGL_OK ? MEDGL_OK : MEDGL_ERR_CORRUPT;
}

void head_seen_read(const struct context *context, struct head_seen *seen)
{
    char path[PATH_MAX];
    *seen = (struct head_seen){.seen = {.size = 0}};
    enum medgl_error error = context_path(context, CONTEXT_FILE_HEAD_SEEN, path);
    if (error == MEDGL_OK)
        error = head_load(path, seen);
    if (error != MEDGL_OK && error != MEDGL_ERR_NOT_FOUND)
        log_line(LOG_WARNING,
                 "%s%s: %s: whether an older store was put back is not known until it is written "
                 "anew, with the next login: see who wrote to it, and run medgl-admin ledger "
                 "verify",
                 context->root, context_file(context->place, CONTEXT_FILE_HEAD_SEEN),
                 medgl_error_text(error));
}

/* Not synced: a login would wait for the disk once more. What the loss of power takes is the latest
 * mark, or all of them; the older one contradicts no store. */
static enum medgl_error head_save(const char *path, const struct head_seen *seen)
{
    char fresh[PATH_MAX], text[HEAD_TEXT_SIZE];
    MEDGL_TRY(path_under(fresh, path, ".new"));
    if (unlink(fresh) != 0 && errno != ENOENT)
        return medgl_error_from_errno(errno);
    auto_fd int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return medgl_error_from_errno(errno);
    head_format(seen, text);
    MEDGL_TRY(file_write(fd, text, strlen(text)));
    return rename(fresh, path) == 0 ? MEDGL_OK : medgl_error_from_errno(errno);
}

/* Of the directory: the file itself is replaced. Who was stopped while holding it delays nobody for
 * long. */
static enum medgl_error head_lock(const struct context *context, int *fd)
{
    char path[PATH_MAX];
    MEDGL_TRY(context_path(context, CONTEXT_FILE_STATE, path));
    auto_fd int opened = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0)
        return medgl_error_from_errno(errno);
    for (int tries = 0; flock(opened, LOCK_EX | LOCK_NB) != 0; tries++) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return medgl_error_from_errno(errno);
        if (tries == HEAD_TRIES)
            return MEDGL_ERR_DEADLINE;
        clock_sleep(1);
    }
    *fd = auto_give_fd(opened);
    return MEDGL_OK;
}

/* -- what is remembered ----------------------------------------------------------------------- */

static bool head_is(const struct head_mark *one, const struct head_mark *other)
{
    return one->size == other->size && memcmp(one->leaf, other->leaf, sizeof(one->leaf)) == 0;
}

static void head_merge(struct head_seen *kept, const struct head_mark *mark,
                       const struct head_mark *lost)
{
    const medgl_time before = kept->seen.time;
    if (lost != NULL && head_is(&kept->seen, lost)) {
        if (kept->lost.size == 0 || kept->lost.time < lost->time)
            kept->lost = *lost;
        kept->seen.size = 0;
    }
    if (kept->seen.size < mark->size)
        kept->seen = *mark;
    /* Whoever committed before may have used up a later step. */
    kept->seen.time = mark->time;
    if (before > mark->time && before - mark->time <= HEAD_AHEAD)
        kept->seen.time = before;
}

static enum medgl_error head_keep(const struct context *context, const struct head_mark *mark,
                                  const struct head_mark *lost)
{
    char path[PATH_MAX];
    struct head_seen kept;
    auto_fd int lock = -1;
    MEDGL_TRY(context_path(context, CONTEXT_FILE_HEAD_SEEN, path));
    MEDGL_TRY(head_lock(context, &lock));
    (void)head_load(path, &kept); /* nothing where it is unusable */
    head_merge(&kept, mark, lost);
    return head_save(path, &kept);
}

void head_seen_keep(const struct context *context, const struct head_mark *mark,
                    const struct head_mark *lost)
{
    const enum medgl_error error = head_keep(context, mark, lost);
    if (error != MEDGL_OK)
        log_line(LOG_WARNING,
                 "%s%s: %s: a store that is put back would not be known: see to the disk, and to "
                 "who owns what is in this directory",
                 context->root, context_file(context->place, CONTEXT_FILE_HEAD_SEEN),
                 medgl_error_text(error));
}

enum medgl_error head_seen_bar(const struct context *context, const struct head_mark *mark)
{
    const struct head_seen seen = {.seen = *mark, .lost = *mark};
    char path[PATH_MAX], text[HEAD_TEXT_SIZE];
    MEDGL_TRY(context_path(context, CONTEXT_FILE_HEAD_SEEN, path));
    head_format(&seen, text);
    return file_replace(path, geteuid(), getegid(), 0600, text, strlen(text));
}

/* -- in a transaction ------------------------------------------------------------------------- */

static enum medgl_error head_take_leaf(void *argument, const struct ledger_row *row)
{
    struct head_mark *mark = argument;
    mark->size = row->seq + 1;
    memcpy(mark->leaf, row->leaf, sizeof(mark->leaf));
    return MEDGL_OK;
}

static enum medgl_error head_at(struct store_txn *txn, uint64_t size, struct head_mark *mark)
{
    mark->size = 0;
    return size == 0 ? MEDGL_OK : store_ledger_each(txn, size - 1, size, head_take_leaf, mark);
}

enum medgl_error head_seen_holds(struct store_txn *txn, const struct head_mark *mark, bool *holds)
{
    struct head_mark there = {.size = 0};
    enum medgl_error error = head_at(txn, mark->size, &there);
    if (error != MEDGL_OK && error != MEDGL_ERR_CORRUPT) /* changed from outside: not held */
        return error;
    *holds = error == MEDGL_OK && (mark->size == 0 || head_is(&there, mark));
    return MEDGL_OK;
}

enum medgl_error head_seen_lost_until(struct store_txn *txn, const struct head_seen *seen,
                                      medgl_time *until)
{
    const struct head_mark *const marks[] = {&seen->seen, &seen->lost};
    *until = 0;
    for (size_t i = 0; i < MEDGL_COUNT(marks); i++) {
        bool holds;
        MEDGL_TRY(head_seen_holds(txn, marks[i], &holds));
        if (!holds && marks[i]->time > *until)
            *until = marks[i]->time;
    }
    return MEDGL_OK;
}

enum medgl_error head_seen_mark(struct store_txn *txn, medgl_time time, struct head_mark *mark)
{
    struct ledger_head head;
    MEDGL_TRY(store_ledger_head(txn, &head));
    MEDGL_TRY(head_at(txn, head.tree.size, mark));
    mark->time = time;
    return MEDGL_OK;
}

/* -- of a login ------------------------------------------------------------------------------- */

enum medgl_error head_seen_find(struct store_txn *txn, struct head_found *found)
{
    bool holds;
    MEDGL_TRY(head_seen_holds(txn, &found->file.seen, &holds));
    found->put_back = !holds;
    return MEDGL_OK;
}

medgl_time head_seen_floor(const struct head_found *found)
{
    const struct head_seen *file = &found->file;
    const medgl_time lost = file->lost.size > 0 ? file->lost.time : 0;
    return found->put_back && file->seen.time > lost ? file->seen.time : lost;
}
