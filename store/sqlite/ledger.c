/* The ledger's lines, its head and the checkpoints kept for good. Only ever appends, and takes
 * bodies away that an archive has; understands no line. */
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
                                       STATEMENT_LEDGER_ALL, STATEMENT_LEDGER_REKEY};

struct head_row {
    int64_t id; /* 1 */
    struct ledger_head head;
};
static const struct row_column head_columns[] = {
    ROW_COLUMN("id", ROW_SIGNED, struct head_row, id),
    ROW_COLUMN("size", ROW_UNSIGNED, struct head_row, head.tree.size),
    ROW_COLUMN("peaks", ROW_FIXED, struct head_row, head.tree.peak),
    ROW_COLUMN("checkpoint", ROW_TEXT, struct head_row, head.checkpoint),
    ROW_COLUMN_LATER("time", ROW_SIGNED, struct head_row, head.time),
};
const struct row_table table_ledger_head = {"ledger_head", head_columns, MEDGL_COUNT(head_columns),
                                            STATEMENT_LEDGER_HEAD_ALL, STATEMENT_LEDGER_HEAD_REKEY};

static const struct row_column checkpoint_columns[] = {
    ROW_COLUMN("size", ROW_UNSIGNED, struct kept_checkpoint, size),
    ROW_COLUMN("time", ROW_SIGNED, struct kept_checkpoint, time),
    ROW_COLUMN("note", ROW_TEXT, struct kept_checkpoint, note),
    ROW_COLUMN_LATER("told", ROW_SIGNED, struct kept_checkpoint, told),
};
const struct row_table table_checkpoint = {"checkpoint", checkpoint_columns,
                                           MEDGL_COUNT(checkpoint_columns),
                                           STATEMENT_CHECKPOINT_ALL, STATEMENT_CHECKPOINT_REKEY};

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
        /* The bytes as they are stored. One that has none (NULL) is in an archive, which its MAC
         * has to say; what is no text is found there too. */
        const char *line = sqlite3_column_blob(lines.stmt, 1);
        const size_t len = (size_t)sqlite3_column_bytes(lines.stmt, 1);
        const bool bare = seq < 0 || line == NULL;
        if (bare)
            MEDGL_TRY(ledger_one(txn, &whole, seq, end, &row));
        if (!wanted(argument, line != NULL ? line : "", len))
            continue;
        if (!bare)
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
    const struct statement_key range[] = {
        {":from", NULL, ledger_first(from)}, {":to", NULL, ledger_end(to)}, {NULL, NULL, 0}};
    return ROW_EACH(txn, STATEMENT_LEDGER_RANGE, range, &table_ledger, struct ledger_row, each,
                    argument);
}

/* What is no entry by its form alone ends it. */
enum medgl_error store_ledger_stream(struct store_txn *txn,
                                     enum medgl_error (*each)(void *argument,
                                                              const struct ledger_row *row),
                                     void *argument)
{
    auto_statement struct statement statement = {0};
    enum medgl_error error;
    MEDGL_TRY(statement_begin_in(txn, STATEMENT_LEDGER_STREAM, NULL, &statement));
    while ((error = statement_step(&statement)) == MEDGL_OK) {
        const int64_t seq = sqlite3_column_int64(statement.stmt, 0);
        const bool text = sqlite3_column_type(statement.stmt, 1) == SQLITE_TEXT;
        const void *line = sqlite3_column_blob(statement.stmt, 1);
        const void *leaf = sqlite3_column_blob(statement.stmt, 2);
        struct ledger_row row = {.seq = (uint64_t)seq, .line = line != NULL ? line : ""};
        if (seq < 0 || !text || sqlite3_column_bytes(statement.stmt, 2) != MERKLE_HASH_SIZE)
            return row_refuse(txn->store, &table_ledger);
        row.len = (size_t)sqlite3_column_bytes(statement.stmt, 1);
        memcpy(row.leaf, leaf, sizeof(row.leaf));
        MEDGL_TRY(each(argument, &row));
    }
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

/* One by one: no statement reads what another writes. */
enum medgl_error store_ledger_archive(struct store_txn *txn, uint64_t from, uint64_t to)
{
    struct ledger_head head;
    MEDGL_TRY(store_ledger_head(txn, &head));
    if (from > to || to > head.tree.size)
        return MEDGL_ERR_ARGUMENT;
    for (uint64_t seq = from; seq < to; seq++) {
        auto_statement struct statement statement = {0};
        struct ledger_row row = {.seq = UINT64_MAX};
        MEDGL_TRY(ledger_one(txn, &statement, (int64_t)seq, (int64_t)seq + 1, &row));
        row.line = "";
        row.len = 0;
        MEDGL_TRY(row_put(txn, STATEMENT_LEDGER_UPDATE, &table_ledger, &row));
    }
    return MEDGL_OK;
}

enum medgl_error store_checkpoint_add(struct store_txn *txn, uint64_t size, medgl_time now,
                                      const char *checkpoint)
{
    struct kept_checkpoint row = {.size = size, .time = now};
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
    struct kept_checkpoint row;
    MEDGL_TRY(statement_begin_in(txn, STATEMENT_CHECKPOINT_ALL, NULL, &statement));
    while ((error = statement_step(&statement)) == MEDGL_OK) {
        MEDGL_TRY(row_read(&statement, &table_checkpoint, &row));
        MEDGL_TRY(each(argument, row.size, row.note));
    }
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

enum medgl_error store_checkpoint_at(struct store_txn *txn, medgl_time time,
                                     struct kept_checkpoint *checkpoint)
{
    return row_get(txn, STATEMENT_CHECKPOINT_AT, STATEMENT_KEYS({":time", NULL, time}),
                   &table_checkpoint, checkpoint);
}

enum medgl_error store_checkpoint_of(struct store_txn *txn, uint64_t size,
                                     struct kept_checkpoint *checkpoint)
{
    if (size > INT64_MAX)
        return MEDGL_ERR_NOT_FOUND;
    return row_get(txn, STATEMENT_CHECKPOINT_OF, STATEMENT_KEYS({":size", NULL, (int64_t)size}),
                   &table_checkpoint, checkpoint);
}

/* A note is its text, an empty line, its signatures. */
static size_t checkpoint_text_len(const char *note)
{
    const char *end = strstr(note, "\n\n");
    return end != NULL ? (size_t)(end - note) + 2 : 0;
}

enum medgl_error store_checkpoint_update(struct store_txn *txn,
                                         const struct kept_checkpoint *checkpoint)
{
    struct kept_checkpoint before;
    MEDGL_TRY(store_checkpoint_of(txn, checkpoint->size, &before));
    const size_t len = checkpoint_text_len(before.note);
    if (len == 0 || strncmp(before.note, checkpoint->note, len) != 0)
        return MEDGL_ERR_ARGUMENT;
    return row_put(txn, STATEMENT_CHECKPOINT_UPDATE, &table_checkpoint, checkpoint);
}
