/* The ledger's lines, its head and the checkpoints kept
 * for good. Only ever appends; understands no line. */
#include "store/sqlite/database.h"

#include "base/text.h"

#include <stddef.h>
#include <string.h>

static const struct row_column ledger_columns[] = {
    ROW_COLUMN("seq", ROW_UNSIGNED, struct ledger_row, seq),
    ROW_COLUMN_LEN("line", ROW_BORROWED, struct ledger_row, line, len),
    ROW_COLUMN("leaf", ROW_FIXED, struct ledger_row, leaf),
};
const struct row_table table_ledger = {"ledger", ledger_columns, MEDGL_COUNT(ledger_columns),
                                       STATEMENT_LEDGER_ALL};

struct head_row {
    int64_t id; /* 1 */
    struct ledger_head head;
};
static const struct row_column head_columns[] = {
    ROW_COLUMN("id", ROW_SIGNED, struct head_row, id),
    ROW_COLUMN("size", ROW_UNSIGNED, struct head_row, head.tree.size),
    ROW_COLUMN("peaks", ROW_FIXED, struct head_row, head.tree.peak),
    ROW_COLUMN("checkpoint", ROW_TEXT, struct head_row, head.checkpoint),
};
const struct row_table table_ledger_head = {"ledger_head", head_columns, MEDGL_COUNT(head_columns),
                                            STATEMENT_LEDGER_HEAD_ALL};

struct checkpoint_row {
    uint64_t size;
    medgl_time time;
    char note[STORE_NOTE_SIZE];
};
static const struct row_column checkpoint_columns[] = {
    ROW_COLUMN("size", ROW_UNSIGNED, struct checkpoint_row, size),
    ROW_COLUMN("time", ROW_SIGNED, struct checkpoint_row, time),
    ROW_COLUMN("note", ROW_TEXT, struct checkpoint_row, note),
};
const struct row_table table_checkpoint = {
    "checkpoint", checkpoint_columns, MEDGL_COUNT(checkpoint_columns), STATEMENT_CHECKPOINT_ALL};

enum medgl_error store_ledger_head(struct store_txn *txn, struct ledger_head *head)
{
    struct head_row row = {0};
    int64_t entries;
    enum medgl_error error = row_get(txn, STATEMENT_LEDGER_HEAD, NULL, &table_ledger_head, &row);
    *head = row.head;
    if (error != MEDGL_ERR_NOT_FOUND)
        return error;
    MEDGL_TRY(statement_number(txn->store, STATEMENT_LEDGER_ANY, &entries));
    return entries == 0 ? MEDGL_OK
                        : database_refuse(txn->store->path, MEDGL_ERR_CORRUPT,
                                          "the ledger has entries and no head");
}

enum medgl_error store_ledger_append(struct store_txn *txn, const char *line, size_t len,
                                     const unsigned char leaf[MERKLE_HASH_SIZE],
                                     const struct ledger_head *head)
{
    struct head_row after = {.id = 1, .head = *head};
    struct ledger_row row = {.seq = head->tree.size - 1, .line = line, .len = len};
    struct ledger_head before;
    memcpy(row.leaf, leaf, sizeof(row.leaf));
    MEDGL_TRY(store_ledger_head(txn, &before));
    if (head->tree.size != before.tree.size + 1) /* made from another head */
        return MEDGL_ERR_CONFLICT;
    enum medgl_error error = row_put(txn, STATEMENT_LEDGER_ADD, &table_ledger, &row);
    if (error == MEDGL_ERR_EXISTS)
        return database_refuse(txn->store->path, MEDGL_ERR_CORRUPT,
                               "the ledger has an entry beyond its head");
    if (error != MEDGL_OK)
        return error;
    return row_put(txn, STATEMENT_LEDGER_HEAD_PUT, &table_ledger_head, &after);
}

/* A changed seq may be negative: it is read with the first, and its MAC does not fit. */
static int64_t ledger_first(uint64_t from)
{
    return from == 0 ? INT64_MIN : from > INT64_MAX ? INT64_MAX : (int64_t)from;
}

static int64_t ledger_end(uint64_t to)
{
    return to > INT64_MAX ? INT64_MAX : (int64_t)to;
}

/* Reads the row of that seq, in full. The statement stands before the row behind the last one that
 * it read, so that a row behind a row is one step. */
static enum medgl_error ledger_one(struct store_txn *txn, struct statement *statement, int64_t seq,
                                   int64_t end, struct ledger_row *row)
{
    if (statement->stmt == NULL || row->seq + 1 != (uint64_t)seq) {
        statement_end(statement);
        MEDGL_TRY(statement_begin_in(txn, STATEMENT_LEDGER_RANGE,
                                     STATEMENT_KEYS({":from", NULL, seq}, {":to", NULL, end}),
                                     statement));
    }
    enum medgl_error error = statement_step(statement);
    if (error == MEDGL_OK)
        MEDGL_TRY(row_read(statement, &table_ledger, row));
    if (error == MEDGL_ERR_NOT_FOUND || (error == MEDGL_OK && row->seq != (uint64_t)seq))
        return database_refuse(txn->store->path, MEDGL_ERR_CORRUPT, /* it was there just now */
                               "an entry of the ledger is not found by its seq");
    return error;
}

/* Most are not wanted: of those no more is read than it takes to know that. */
enum medgl_error store_ledger_select(struct store_txn *txn, uint64_t from, uint64_t to,
                                     bool (*wanted)(void *argument, const char *line, size_t len),
                                     enum medgl_error (*each)(void *argument,
                                                              const struct ledger_row *row),
                                     void *argument)
{
    auto_statement struct statement lines = {0}, whole = {0};
    enum medgl_error error;
    struct ledger_row row = {.seq = 0};
    const int64_t first = ledger_first(from), end = ledger_end(to);
    MEDGL_TRY(statement_begin_in(txn, STATEMENT_LEDGER_LINES,
                                 STATEMENT_KEYS({":from", NULL, first}, {":to", NULL, end}),
                                 &lines));
    while ((error = statement_step(&lines)) == MEDGL_OK) {
        const int64_t seq = sqlite3_column_int64(lines.stmt, 0);
        /* The bytes as they are stored; what is no text is for row_read() to find. */
        const char *line = sqlite3_column_blob(lines.stmt, 1);
        const size_t len = (size_t)sqlite3_column_bytes(lines.stmt, 1);
        if (seq >= 0 && line != NULL && !wanted(argument, line, len))
            continue;
        MEDGL_TRY(ledger_one(txn, &whole, seq, end, &row));
        MEDGL_TRY(each(argument, &row));
    }
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

enum medgl_error store_ledger_each(struct store_txn *txn, uint64_t from, uint64_t to,
                                   enum medgl_error (*each)(void *argument,
                                                            const struct ledger_row *row),
                                   void *argument)
{
    auto_statement struct statement statement = {0};
    enum medgl_error error;
    struct ledger_row row;
    MEDGL_TRY(statement_begin_in(
        txn, STATEMENT_LEDGER_RANGE,
        STATEMENT_KEYS({":from", NULL, ledger_first(from)}, {":to", NULL, ledger_end(to)}),
        &statement));
    while ((error = statement_step(&statement)) == MEDGL_OK) {
        MEDGL_TRY(row_read(&statement, &table_ledger, &row));
        MEDGL_TRY(each(argument, &row));
    }
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

enum medgl_error store_checkpoint_add(struct store_txn *txn, uint64_t size, medgl_time now,
                                      const char *checkpoint)
{
    struct checkpoint_row row = {.size = size, .time = now};
    MEDGL_TRY(text_copy(row.note, sizeof(row.note), checkpoint));
    return row_put(txn, STATEMENT_CHECKPOINT_ADD, &table_checkpoint, &row);
}

enum medgl_error store_checkpoint_each(struct store_txn *txn,
                                       enum medgl_error (*each)(void *argument, uint64_t size,
                                                                const char *checkpoint),
                                       void *argument)
{
    auto_statement struct statement statement = {0};
    enum medgl_error error;
    struct checkpoint_row row;
    MEDGL_TRY(statement_begin_in(txn, STATEMENT_CHECKPOINT_ALL, NULL, &statement));
    while ((error = statement_step(&statement)) == MEDGL_OK) {
        MEDGL_TRY(row_read(&statement, &table_checkpoint, &row));
        MEDGL_TRY(each(argument, row.size, row.note));
    }
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}
