/* How much of another ledger was joined to this one. Never goes back. */
#include "store/sqlite/database.h"

#include <stddef.h>

static const struct row_column joined_columns[] = {
    ROW_COLUMN("origin", ROW_TEXT, struct joined, origin),
    ROW_COLUMN("size", ROW_UNSIGNED, struct joined, size),
    ROW_COLUMN("time", ROW_SIGNED, struct joined, time),
    ROW_COLUMN("ledger_seq", ROW_UNSIGNED, struct joined, ledger_seq),
};
const struct row_table table_joined = {"joined", joined_columns, MEDGL_COUNT(joined_columns),
                                       STATEMENT_JOINED_ALL, STATEMENT_JOINED_REKEY};

enum medgl_error store_joined_get(struct store_txn *txn, const char *origin, struct joined *joined)
{
    return row_get(txn, STATEMENT_JOINED_GET, STATEMENT_KEYS({":origin", origin, 0}), &table_joined,
                   joined);
}

enum medgl_error store_joined_put(struct store_txn *txn, const struct joined *joined)
{
    struct joined before;
    enum medgl_error error = store_joined_get(txn, joined->origin, &before);
    if (error == MEDGL_OK && joined->size < before.size)
        return MEDGL_ERR_ARGUMENT;
    if (error != MEDGL_OK && error != MEDGL_ERR_NOT_FOUND)
        return error;
    return row_put(txn, STATEMENT_JOINED_PUT, &table_joined, joined);
}
