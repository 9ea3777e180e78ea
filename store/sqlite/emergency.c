/* Emergencies (R31..R33), one after the other. Whether one is open is not its affair.
 *
 * MUST: their numbers are 1, 2, 3 without a gap, so that none is taken out unseen. */
#include "store/sqlite/database.h"

#include <stddef.h>

static const struct row_column emergency_columns[] = {
    ROW_COLUMN("id", ROW_TEXT, struct emergency, id),
    ROW_COLUMN("number", ROW_UNSIGNED, struct emergency, number),
    ROW_COLUMN("drill", ROW_UNSIGNED, struct emergency, drill),
    ROW_COLUMN("criterion", ROW_TEXT, struct emergency, criterion),
    ROW_COLUMN("decided_by", ROW_TEXT, struct emergency, decided_by),
    ROW_COLUMN("note", ROW_TEXT, struct emergency, note),
    ROW_COLUMN("account_id", ROW_TEXT, struct emergency, account_id),
    ROW_COLUMN("declared", ROW_SIGNED, struct emergency, declared),
    ROW_COLUMN("spent", ROW_SIGNED, struct emergency, spent),
    ROW_COLUMN("mark_wall", ROW_SIGNED, struct emergency, mark_wall),
    ROW_COLUMN("mark_uptime", ROW_SIGNED, struct emergency, mark_uptime),
    ROW_COLUMN("mark_boot", ROW_TEXT, struct emergency, mark_boot),
    ROW_COLUMN("mark_credible", ROW_UNSIGNED, struct emergency, mark_credible),
    ROW_COLUMN("reminded", ROW_SIGNED, struct emergency, reminded),
    ROW_COLUMN("ended", ROW_UNSIGNED, struct emergency, ended),
    ROW_COLUMN("recovered", ROW_SIGNED, struct emergency, recovered),
    ROW_COLUMN("recovered_by", ROW_TEXT, struct emergency, recovered_by),
    ROW_COLUMN("main_from", ROW_SIGNED, struct emergency, main_from),
    ROW_COLUMN("main_to", ROW_SIGNED, struct emergency, main_to),
    ROW_COLUMN("own_from", ROW_UNSIGNED, struct emergency, own_from),
    ROW_COLUMN("own_to", ROW_UNSIGNED, struct emergency, own_to),
    ROW_COLUMN("reviewed", ROW_SIGNED, struct emergency, reviewed),
    ROW_COLUMN("reviewed_by", ROW_TEXT, struct emergency, reviewed_by),
    ROW_COLUMN("review_note", ROW_TEXT, struct emergency, review_note),
    ROW_COLUMN("ledger_seq", ROW_UNSIGNED, struct emergency, ledger_seq),
};
_Static_assert(MEDGL_COUNT(emergency_columns) <= ROW_COLUMNS_MAX, "values of a row");
const struct row_table table_emergency = {"emergency", emergency_columns,
                                          MEDGL_COUNT(emergency_columns), STATEMENT_EMERGENCY_ALL,
                                          STATEMENT_EMERGENCY_REKEY};

enum medgl_error store_emergency_add(struct store_txn *txn, const struct emergency *emergency)
{
    struct emergency latest = {.number = 0};
    enum medgl_error error = store_emergency_latest(txn, &latest);
    if (error != MEDGL_OK && error != MEDGL_ERR_NOT_FOUND)
        return error;
    if (emergency->number == 0 || emergency->number - 1 != latest.number)
        return MEDGL_ERR_CONFLICT;
    return row_put(txn, STATEMENT_EMERGENCY_ADD, &table_emergency, emergency);
}

enum medgl_error store_emergency_update(struct store_txn *txn, const struct emergency *emergency)
{
    struct emergency before;
    MEDGL_TRY(store_emergency_by_id(txn, emergency->id, &before));
    if (before.number != emergency->number)
        return MEDGL_ERR_ARGUMENT;
    return row_put(txn, STATEMENT_EMERGENCY_UPDATE, &table_emergency, emergency);
}

enum medgl_error store_emergency_latest(struct store_txn *txn, struct emergency *emergency)
{
    return row_get(txn, STATEMENT_EMERGENCY_LATEST, NULL, &table_emergency, emergency);
}

enum medgl_error store_emergency_by_number(struct store_txn *txn, uint32_t number,
                                           struct emergency *emergency)
{
    return row_get(txn, STATEMENT_EMERGENCY_BY_NUMBER, STATEMENT_KEYS({":number", NULL, number}),
                   &table_emergency, emergency);
}

enum medgl_error store_emergency_by_id(struct store_txn *txn, const char *id,
                                       struct emergency *emergency)
{
    return row_get(txn, STATEMENT_EMERGENCY_BY_ID, STATEMENT_KEYS({":id", id, 0}), &table_emergency,
                   emergency);
}

enum medgl_error store_emergency_unreviewed(struct store_txn *txn, uint32_t after,
                                            struct emergency *emergency)
{
    return row_get(txn, STATEMENT_EMERGENCY_UNREVIEWED, STATEMENT_KEYS({":number", NULL, after}),
                   &table_emergency, emergency);
}

enum medgl_error store_emergency_each(struct store_txn *txn,
                                      enum medgl_error (*each)(void *argument,
                                                               const struct emergency *emergency),
                                      void *argument)
{
    auto_statement struct statement statement = {0};
    enum medgl_error error;
    struct emergency emergency;
    uint32_t number = 0;
    MEDGL_TRY(statement_begin_in(txn, STATEMENT_EMERGENCY_ALL, NULL, &statement));
    while ((error = statement_step(&statement)) == MEDGL_OK) {
        MEDGL_TRY(row_read(&statement, &table_emergency, &emergency));
        if (emergency.number != ++number)
            return row_refuse(txn->store, &table_emergency);
        MEDGL_TRY(each(argument, &emergency));
    }
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}
