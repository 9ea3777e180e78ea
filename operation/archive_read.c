/* Reading entries whose bodies may be in archives: the files in PATH_ARCHIVE are read beside the
 * store. A body is believed for its leaf hash alone, which the store has and the tree proves. */
#include "operation/archive_file.h"
#include "operation/prove.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct ledger_reader {
    const struct context *context;
    struct archive_files files;
    unsigned faults;
};

/* One that is not there was taken elsewhere: that is no fault. */
static void reader_fault(void *argument, uint64_t seq, const char *what)
{
    struct ledger_reader *reader = argument;
    reader->faults++;
    log_line(LOG_ERR, "at entry %" PRIu64 ": %s: run medgl-admin ledger verify", seq, what);
}

enum medgl_error ledger_reader_open(const struct context *context, struct ledger_reader **reader)
{
    *reader = calloc(1, sizeof(**reader));
    if (*reader == NULL)
        return MEDGL_ERR_MEMORY;
    (*reader)->context = context;
    (*reader)->files = (struct archive_files){
        .root = context->root, .any_signer = true, .fault = reader_fault, .argument = *reader};
    return MEDGL_OK;
}

void ledger_reader_free(struct ledger_reader **reader)
{
    if (*reader == NULL)
        return;
    archive_files_free(&(*reader)->files);
    free(*reader);
    *reader = NULL;
}

unsigned ledger_reader_faults(const struct ledger_reader *reader)
{
    return reader->faults;
}

/* The body of a row that has none; the row stays as it is where there is none to be had. */
static enum medgl_error reader_body(struct ledger_reader *reader, struct ledger_row *row)
{
    struct archive_row *archive = archive_files_row(&reader->files, row->seq);
    unsigned char leaf[MERKLE_HASH_SIZE];
    const char *line = NULL;
    size_t len = 0;
    if (archive != NULL)
        MEDGL_TRY(archive_files_line(&reader->files, archive, row->seq, &line, &len));
    if (line == NULL)
        return MEDGL_OK;
    MEDGL_TRY(merkle_leaf(line, len, leaf));
    if (memcmp(leaf, row->leaf, sizeof(leaf)) != 0) {
        archive_files_refuse(&reader->files, row->seq);
        return MEDGL_OK;
    }
    row->line = line;
    row->len = len;
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

enum medgl_error ledger_reader_select(struct ledger_reader *reader, struct store_txn *txn,
                                      const struct ledger_reading *reading, uint64_t *seen)
{
    struct select_run run = {.reader = reader, .reading = reading, .seen = seen};
    *seen = 0;
    MEDGL_TRY(archive_files_learn(&reader->files, txn)); /* there may be more than last time */
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
