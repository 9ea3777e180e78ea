/* The policy that was seen last (R34): one row. Understands no policy. */
#include "store/sqlite/database.h"

#include <stddef.h>
#include <string.h>

struct policy_seen_row {
    int64_t id; /* 1 */
    struct policy_seen seen;
};
static const struct row_column policy_seen_columns[] = {
    ROW_COLUMN("id", ROW_SIGNED, struct policy_seen_row, id),
    ROW_COLUMN("digest", ROW_TEXT, struct policy_seen_row, seen.digest),
    ROW_COLUMN("since", ROW_SIGNED, struct policy_seen_row, seen.since),
    ROW_COLUMN("ledger_seq", ROW_UNSIGNED, struct policy_seen_row, seen.ledger_seq),
    ROW_COLUMN_LEN("text", ROW_BORROWED, struct policy_seen_row, seen.text, seen.len),
};
const struct row_table table_policy_seen = {"policy_seen", policy_seen_columns,
                                            MEDGL_COUNT(policy_seen_columns),
                                            STATEMENT_POLICY_SEEN_ALL, STATEMENT_POLICY_SEEN_REKEY};

enum medgl_error store_policy_seen_get(struct store_txn *txn, struct policy_seen *seen)
{
    auto_statement struct statement statement = {0};
    struct policy_seen_row row = {0};
    MEDGL_TRY(statement_begin_in(txn, STATEMENT_POLICY_SEEN_ALL, NULL, &statement));
    MEDGL_TRY(statement_step(&statement));
    MEDGL_TRY(row_read(&statement, &table_policy_seen, &row));
    /* The statement's own text ends with it. */
    char *text = realloc(txn->store->policy_text, row.seen.len + 1);
    if (text == NULL)
        return MEDGL_ERR_MEMORY;
    txn->store->policy_text = text;
    if (row.seen.len > 0)
        memcpy(text, row.seen.text, row.seen.len);
    text[row.seen.len] = '\0';
    row.seen.text = text;
    *seen = row.seen;
    return MEDGL_OK;
}

enum medgl_error store_policy_seen_put(struct store_txn *txn, const struct policy_seen *seen)
{
    const struct policy_seen_row row = {.id = 1, .seen = *seen};
    if (seen->len > STORE_POLICY_SIZE)
        return MEDGL_ERR_ARGUMENT;
    return row_put(txn, STATEMENT_POLICY_SEEN_PUT, &table_policy_seen, &row);
}
