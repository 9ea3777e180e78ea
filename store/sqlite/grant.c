/* Grants: approved exceptions (R03, R22). Forgets none; whether one is in force is not its affair.
 */
#include "store/sqlite/database.h"

#include <stddef.h>
#include <string.h>

static const struct row_column grant_columns[] = {
    ROW_COLUMN("id", ROW_TEXT, struct grant, id),
    ROW_COLUMN("account_id", ROW_TEXT, struct grant, account_id),
    ROW_COLUMN("kind", ROW_UNSIGNED, struct grant, kind),
    ROW_COLUMN("asks_instead", ROW_UNSIGNED, struct grant, instead),
    ROW_COLUMN("created", ROW_SIGNED, struct grant, created),
    ROW_COLUMN("since", ROW_SIGNED, struct grant, since),
    ROW_COLUMN("until", ROW_SIGNED, struct grant, until),
    ROW_COLUMN("ended", ROW_SIGNED, struct grant, ended),
    ROW_COLUMN("how_ended", ROW_UNSIGNED, struct grant, end),
    ROW_COLUMN("approved_by", ROW_TEXT, struct grant, approved_by),
    ROW_COLUMN("reason", ROW_TEXT, struct grant, reason),
    ROW_COLUMN("used", ROW_UNSIGNED, struct grant, used),
    ROW_COLUMN("last_used", ROW_SIGNED, struct grant, last_used),
    ROW_COLUMN("ledger_seq", ROW_UNSIGNED, struct grant, ledger_seq),
    ROW_COLUMN_LATER("work", ROW_TEXT, struct grant, work),
};
const struct row_table table_grant = {"account_grant", grant_columns, MEDGL_COUNT(grant_columns),
                                      STATEMENT_GRANT_ALL, STATEMENT_GRANT_REKEY};

enum medgl_error store_grant_add(struct store_txn *txn, const struct grant *grant)
{
    return row_put(txn, STATEMENT_GRANT_ADD, &table_grant, grant);
}

enum medgl_error store_grant_update(struct store_txn *txn, const struct grant *grant)
{
    struct grant before;
    MEDGL_TRY(store_grant_by_id(txn, grant->id, &before));
    if (strcmp(before.account_id, grant->account_id) != 0)
        return MEDGL_ERR_ARGUMENT;
    return row_put(txn, STATEMENT_GRANT_UPDATE, &table_grant, grant);
}

enum medgl_error store_grant_by_id(struct store_txn *txn, const char *id, struct grant *grant)
{
    return row_get(txn, STATEMENT_GRANT_BY_ID, STATEMENT_KEYS({":id", id, 0}), &table_grant, grant);
}

enum medgl_error store_grant_each(struct store_txn *txn, const char *account_id, bool open_only,
                                  enum medgl_error (*each)(void *argument,
                                                           const struct grant *grant),
                                  void *argument)
{
    if (account_id == NULL)
        return ROW_EACH(txn, open_only ? STATEMENT_GRANT_OPEN_ALL : STATEMENT_GRANT_ALL, NULL,
                        &table_grant, struct grant, each, argument);
    return ROW_EACH(txn, open_only ? STATEMENT_GRANT_OPEN_OF : STATEMENT_GRANT_OF,
                    STATEMENT_KEYS({":account_id", account_id, 0}), &table_grant, struct grant,
                    each, argument);
}
