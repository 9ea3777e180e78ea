/* Keys, one after the other (R37): their names, never a key. */
#include "store/sqlite/database.h"

#include <stddef.h>

static const struct row_column key_columns[] = {
    ROW_COLUMN("key_use", ROW_UNSIGNED, struct key_period, use),
    ROW_COLUMN("name", ROW_TEXT, struct key_period, name),
    ROW_COLUMN("algorithm", ROW_TEXT, struct key_period, algorithm),
    ROW_COLUMN("first_size", ROW_UNSIGNED, struct key_period, from),
    ROW_COLUMN("since", ROW_SIGNED, struct key_period, since),
    ROW_COLUMN("ledger_seq", ROW_UNSIGNED, struct key_period, ledger_seq),
};
const struct row_table table_key = {"key_period", key_columns, MEDGL_COUNT(key_columns),
                                    STATEMENT_KEY_ALL, STATEMENT_KEY_REKEY};

enum medgl_error store_key_add(struct store_txn *txn, const struct key_period *key)
{
    return row_put(txn, STATEMENT_KEY_ADD, &table_key, key);
}

/* Reads those of every use: one whose use was changed must not go unseen. */
enum medgl_error store_key_each(struct store_txn *txn, enum key_use use,
                                enum medgl_error (*each)(void *argument,
                                                         const struct key_period *key),
                                void *argument)
{
    auto_statement struct statement statement = {0};
    enum medgl_error error;
    struct key_period key;
    MEDGL_TRY(statement_begin_in(txn, STATEMENT_KEY_ALL, NULL, &statement));
    while ((error = statement_step(&statement)) == MEDGL_OK) {
        MEDGL_TRY(row_read(&statement, &table_key, &key));
        if (key.use == use)
            MEDGL_TRY(each(argument, &key));
    }
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}
