/* Accounts, and what happened lately at each. Never changes or frees a name (R25). */
#include "store/sqlite/database.h"

#include "base/text.h"

#include <stddef.h>
#include <string.h>

static const struct row_column account_columns[] = {
    ROW_COLUMN("id", ROW_TEXT, struct account, id),
    ROW_COLUMN("name", ROW_TEXT, struct account, name),
    ROW_COLUMN("uid", ROW_SIGNED, struct account, uid),
    ROW_COLUMN("class", ROW_UNSIGNED, struct account, class_),
    ROW_COLUMN("state", ROW_UNSIGNED, struct account, state),
    ROW_COLUMN("state_since", ROW_SIGNED, struct account, state_since),
    ROW_COLUMN("state_reason", ROW_TEXT, struct account, state_reason),
    ROW_COLUMN("full_name", ROW_TEXT, struct account, full_name),
    ROW_COLUMN("created", ROW_SIGNED, struct account, created),
    ROW_COLUMN("ledger_seq", ROW_UNSIGNED, struct account, ledger_seq),
    ROW_COLUMN_LATER("reading", ROW_TEXT, struct account, reading),
    ROW_COLUMN_LATER("staff_number", ROW_TEXT, struct account, staff_number),
    ROW_COLUMN_LATER("birth_date", ROW_TEXT, struct account, birth_date),
    ROW_COLUMN_LATER("hours", ROW_TEXT, struct account, hours),
    ROW_COLUMN_LATER("places", ROW_TEXT, struct account, places),
    ROW_COLUMN_LATER("services", ROW_TEXT, struct account, services),
    ROW_COLUMN_LATER("sessions", ROW_UNSIGNED, struct account, sessions),
    ROW_COLUMN_LATER("idle", ROW_SIGNED, struct account, idle),
    ROW_COLUMN_LATER("shared", ROW_UNSIGNED, struct account, shared),
    ROW_COLUMN_LATER("factor", ROW_UNSIGNED, struct account, factor),
    ROW_COLUMN_LATER("company", ROW_TEXT, struct account, company),
};
const struct row_table table_account = {"account", account_columns, MEDGL_COUNT(account_columns),
                                        STATEMENT_ACCOUNT_ALL, STATEMENT_ACCOUNT_REKEY};

static const struct row_column activity_columns[] = {
    ROW_COLUMN("account_id", ROW_TEXT, struct activity, account_id),
    ROW_COLUMN("last_login", ROW_SIGNED, struct activity, last_login),
    ROW_COLUMN("last_service", ROW_TEXT, struct activity, last_service),
    ROW_COLUMN("last_source", ROW_TEXT, struct activity, last_source),
    ROW_COLUMN("failures", ROW_UNSIGNED, struct activity, failures),
    ROW_COLUMN("last_failure", ROW_SIGNED, struct activity, last_failure),
    ROW_COLUMN("last_failure_source", ROW_TEXT, struct activity, last_failure_source),
    ROW_COLUMN_LATER("warned_at", ROW_SIGNED, struct activity, warned_at),
    ROW_COLUMN_LATER("grace_used", ROW_UNSIGNED, struct activity, grace_used),
    ROW_COLUMN_LATER("factor_failures", ROW_UNSIGNED, struct activity, factor_failures),
    ROW_COLUMN_LATER("last_used", ROW_SIGNED, struct activity, last_used),
    ROW_COLUMN_LATER("factor_warned_at", ROW_SIGNED, struct activity, factor_warned_at),
    ROW_COLUMN_LATER("unrecorded", ROW_UNSIGNED, struct activity, unrecorded),
};
const struct row_table table_activity = {"activity", activity_columns,
                                         MEDGL_COUNT(activity_columns), STATEMENT_ACTIVITY_ALL,
                                         STATEMENT_ACTIVITY_REKEY};

enum medgl_error store_account_by_name(struct store_txn *txn, const char *name,
                                       struct account *account)
{
    return row_get(txn, STATEMENT_ACCOUNT_BY_NAME, STATEMENT_KEYS({":name", name, 0}),
                   &table_account, account);
}

enum medgl_error store_account_by_uid(struct store_txn *txn, int64_t uid, struct account *account)
{
    return row_get(txn, STATEMENT_ACCOUNT_BY_UID, STATEMENT_KEYS({":uid", NULL, uid}),
                   &table_account, account);
}

enum medgl_error store_account_by_id(struct store_txn *txn, const char *id, struct account *account)
{
    return row_get(txn, STATEMENT_ACCOUNT_BY_ID, STATEMENT_KEYS({":id", id, 0}), &table_account,
                   account);
}

enum medgl_error store_account_add(struct store_txn *txn, const struct account *account)
{
    return row_put(txn, STATEMENT_ACCOUNT_ADD, &table_account, account);
}

enum medgl_error store_account_update(struct store_txn *txn, const struct account *account)
{
    struct account before;
    MEDGL_TRY(store_account_by_id(txn, account->id, &before));
    if (strcmp(before.name, account->name) != 0)
        return MEDGL_ERR_ARGUMENT;
    return row_put(txn, STATEMENT_ACCOUNT_UPDATE, &table_account, account);
}

enum medgl_error store_account_each(struct store_txn *txn,
                                    enum medgl_error (*each)(void *argument,
                                                             const struct account *account),
                                    void *argument)
{
    return ROW_EACH(txn, STATEMENT_ACCOUNT_ALL, NULL, &table_account, struct account, each,
                    argument);
}

enum medgl_error store_activity_get(struct store_txn *txn, const char *account_id,
                                    struct activity *activity)
{
    *activity = (struct activity){0};
    enum medgl_error error =
        row_get(txn, STATEMENT_ACTIVITY_GET, STATEMENT_KEYS({":account_id", account_id, 0}),
                &table_activity, activity);
    if (error != MEDGL_ERR_NOT_FOUND)
        return error;
    return text_copy(activity->account_id, sizeof(activity->account_id), account_id);
}

enum medgl_error store_activity_put(struct store_txn *txn, const struct activity *activity)
{
    return row_put(txn, STATEMENT_ACTIVITY_PUT, &table_activity, activity);
}
