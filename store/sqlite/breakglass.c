/* Sealed credentials (R32): what is remembered of each. Decides nothing. */
#include "store/sqlite/database.h"

#include <stddef.h>

static const struct row_column breakglass_columns[] = {
    ROW_COLUMN("account_id", ROW_TEXT, struct breakglass, account_id),
    ROW_COLUMN("serial", ROW_TEXT, struct breakglass, serial),
    ROW_COLUMN("times", ROW_UNSIGNED, struct breakglass, times),
    ROW_COLUMN("sealed_at", ROW_SIGNED, struct breakglass, sealed_at),
    ROW_COLUMN("used_at", ROW_SIGNED, struct breakglass, used_at),
    ROW_COLUMN("emergency_id", ROW_TEXT, struct breakglass, emergency_id),
    ROW_COLUMN("closed_at", ROW_SIGNED, struct breakglass, closed_at),
    ROW_COLUMN("ledger_seq", ROW_UNSIGNED, struct breakglass, ledger_seq),
};
const struct row_table table_breakglass = {"breakglass", breakglass_columns,
                                           MEDGL_COUNT(breakglass_columns),
                                           STATEMENT_BREAKGLASS_ALL, STATEMENT_BREAKGLASS_REKEY};

enum medgl_error store_breakglass_get(struct store_txn *txn, const char *account_id,
                                      struct breakglass *breakglass)
{
    return row_get(txn, STATEMENT_BREAKGLASS_GET, STATEMENT_KEYS({":account_id", account_id, 0}),
                   &table_breakglass, breakglass);
}

enum medgl_error store_breakglass_put(struct store_txn *txn, const struct breakglass *breakglass)
{
    return row_put(txn, STATEMENT_BREAKGLASS_PUT, &table_breakglass, breakglass);
}

enum medgl_error store_breakglass_each(
    struct store_txn *txn,
    enum medgl_error (*each)(void *argument, const struct breakglass *breakglass), void *argument)
{
    return ROW_EACH(txn, STATEMENT_BREAKGLASS_ALL, NULL, &table_breakglass, struct breakglass, each,
                    argument);
}
