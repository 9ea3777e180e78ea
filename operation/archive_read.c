/* Reading entries whose bodies may be in archives: the files in PATH_ARCHIVE are read beside the
 * store. A body is believed for its leaf hash alone, which the store has and the tree proves. */
#include "operation/prove.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "ledger/archive.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct ledger_reader {
    const struct context *context;
    struct archive *archives;
    size_t count, room;
    struct archive open; /* the one that was opened last; next 0: none */
    FILE *stream;        /* NULL: it is of no use */
    uint64_t seq;        /* of its next line */
    char *line;
    size_t line_size;
    unsigned faults;
};

enum medgl_error ledger_reader_open(const struct context *context, struct ledger_reader **reader)
{
    *reader = calloc(1, sizeof(**reader));
    if (*reader == NULL)
        return MEDGL_ERR_MEMORY;
    (*reader)->context = context;
    return MEDGL_OK;
}

void ledger_reader_free(struct ledger_reader **reader)
{
    if (*reader == NULL)
        return;
    if ((*reader)->stream != NULL)
        (void)fclose((*reader)->stream);
    free((*reader)->archives);
    free((*reader)->line);
    free(*reader);
    *reader = NULL;
}

unsigned ledger_reader_faults(const struct ledger_reader *reader)
{
    return reader->faults;
}

/* -- a file -------------------------------------------------------------------------------------
 */

static void reader_fault(struct ledger_reader *reader, const char *what)
{
    reader->faults++;
    log_line(LOG_ERR, PATH_ARCHIVE "/%s: %s: run medgl-admin ledger verify", reader->open.file,
             what);
    if (reader->stream != NULL)
        (void)fclose(reader->stream);
    reader->stream = NULL;
}

/* Where the lines begin, behind the note and an empty line; 0: it is no archive. Whose note it is
 * says nothing here. */
static long archive_lines(FILE *stream)
{
    char head[ARCHIVE_HEAD_SIZE + 1];
    const size_t got = fread(head, 1, sizeof(head) - 1, stream);
    head[got] = '\0';
    const char *text_end = strstr(head, "\n\n");
    const char *end = text_end != NULL ? strstr(text_end + 2, "\n\n") : NULL;
    return end != NULL ? (long)(end - head) + 2 : 0;
}

/* One that is not there was taken elsewhere, or written there: that is no fault. */
static enum medgl_error reader_open_file(struct ledger_reader *reader,
                                         const struct archive *archive)
{
    const struct file_rule rule = {
        .owner = geteuid(), .forbidden = 0022, .max = (size_t)archive->bytes + ARCHIVE_HEAD_SIZE};
    char path[PATH_MAX], name[sizeof(PATH_ARCHIVE) + STORE_NAME_SIZE];
    int fd;
    struct stat st;
    if (reader->stream != NULL)
        (void)fclose(reader->stream);
    reader->stream = NULL;
    reader->open = *archive;
    reader->seq = archive->first;
    if (strchr(archive->file, '/') != NULL)
        return MEDGL_OK;
    (void)snprintf(name, sizeof(name), PATH_ARCHIVE "/%s", archive->file);
    MEDGL_TRY(path_under(path, reader->context->root, name));
    enum medgl_error error = file_open_trusted(path, &rule, &fd);
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK;
    if (error != MEDGL_OK) {
        reader_fault(reader, medgl_error_text(error));
        return MEDGL_OK;
    }
    reader->stream = fdopen(fd, "r");
    if (reader->stream == NULL) {
        (void)close(fd);
        return MEDGL_ERR_MEMORY;
    }
    const long lines = archive_lines(reader->stream);
    if (lines == 0 || fstat(fd, &st) != 0 ||
        (uint64_t)st.st_size != (uint64_t)lines + archive->bytes ||
        fseek(reader->stream, lines, SEEK_SET) != 0)
        reader_fault(reader, "it is not what was archived");
    return MEDGL_OK;
}

static const struct archive *reader_find(const struct ledger_reader *reader, uint64_t seq)
{
    for (size_t i = 0; i < reader->count; i++)
        if (reader->archives[i].first <= seq && seq < reader->archives[i].next)
            return &reader->archives[i];
    return NULL;
}

/* The body of a row that has none; the row stays as it is where there is none to be had. */
static enum medgl_error reader_body(struct ledger_reader *reader, struct ledger_row *row)
{
    const struct archive *archive = &reader->open;
    unsigned char leaf[MERKLE_HASH_SIZE];
    ssize_t len = 0;
    if (row->seq < archive->first || row->seq >= archive->next)
        archive = reader_find(reader, row->seq);
    if (archive == NULL)
        return MEDGL_OK;
    if (archive != &reader->open || (reader->stream != NULL && row->seq < reader->seq)) {
        const struct archive wanted = *archive;
        MEDGL_TRY(reader_open_file(reader, &wanted));
    }
    while (reader->stream != NULL && reader->seq <= row->seq) {
        len = getline(&reader->line, &reader->line_size, reader->stream);
        reader->seq++;
        if (len <= 0)
            reader_fault(reader, "it ends too early");
    }
    if (reader->stream == NULL)
        return MEDGL_OK;
    len -= reader->line[len - 1] == '\n';
    MEDGL_TRY(merkle_leaf(reader->line, (size_t)len, leaf));
    if (memcmp(leaf, row->leaf, sizeof(leaf)) != 0) {
        reader_fault(reader, "it has another entry than was archived");
        return MEDGL_OK;
    }
    row->line = reader->line;
    row->len = (size_t)len;
    return MEDGL_OK;
}

/* -- the entries --------------------------------------------------------------------------------
 */

struct select_run {
    struct ledger_reader *reader;
    const struct ledger_reading *reading;
    uint64_t *seen;
};

static bool select_asks(const struct ledger_reading *reading, const char *line, size_t len)
{
    return reading->wanted == NULL || reading->wanted(reading->argument, line, len);
}

static bool select_wanted(void *argument, const char *line, size_t len)
{
    const struct select_run *run = argument;
    ++*run->seen;
    return len == 0 || select_asks(run->reading, line, len);
}

static enum medgl_error select_each(void *argument, const struct ledger_row *row)
{
    const struct select_run *run = argument;
    struct ledger_row whole = *row;
    if (row->len == 0)
        MEDGL_TRY(reader_body(run->reader, &whole));
    if (row->len == 0 && whole.len > 0 && !select_asks(run->reading, whole.line, whole.len))
        return MEDGL_OK;
    return run->reading->each(run->reading->argument, &whole);
}

static enum medgl_error reader_archive(void *argument, const struct archive *archive)
{
    struct ledger_reader *reader = argument;
    if (reader->count == reader->room) {
        const size_t room = reader->room > 0 ? 2 * reader->room : 16;
        struct archive *more = reallocarray(reader->archives, room, sizeof(*more));
        if (more == NULL)
            return MEDGL_ERR_MEMORY;
        reader->archives = more;
        reader->room = room;
    }
    reader->archives[reader->count++] = *archive;
    return MEDGL_OK;
}

enum medgl_error ledger_reader_select(struct ledger_reader *reader, struct store_txn *txn,
                                      const struct ledger_reading *reading, uint64_t *seen)
{
    struct select_run run = {.reader = reader, .reading = reading, .seen = seen};
    *seen = 0;
    reader->count = 0; /* there may be more than last time */
    MEDGL_TRY(store_archive_each(txn, reader_archive, reader));
    return store_ledger_select(txn, reading->from, reading->to, select_wanted, select_each, &run);
}

static enum medgl_error reader_select_now(struct store_txn *txn, void *argument)
{
    const struct select_run *run = argument;
    return ledger_reader_select(run->reader, txn, run->reading, run->seen);
}

enum medgl_error ledger_reader_run(struct ledger_reader *reader,
                                   const struct ledger_reading *reading, uint64_t *seen)
{
    struct select_run run = {.reader = reader, .reading = reading, .seen = seen};
    return store_transact(reader->context->store, STORE_READ, reader_select_now, &run);
}
