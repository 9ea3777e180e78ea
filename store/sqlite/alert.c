/* Alerts and their deliveries: the outbox (R07). Sends nothing.
 *
 * MUSTs: an alert is written in the transaction of its event, and stays until it is done. */
#include "store/sqlite/database.h"

#include <stddef.h>

static const struct row_column alert_columns[] = {
    ROW_COLUMN("id", ROW_TEXT, struct alert, id),
    ROW_COLUMN("kind", ROW_UNSIGNED, struct alert, kind),
    ROW_COLUMN("fold", ROW_TEXT, struct alert, fold),
    ROW_COLUMN("account_id", ROW_TEXT, struct alert, account_id),
    ROW_COLUMN("subject", ROW_TEXT, struct alert, subject),
    ROW_COLUMN("source", ROW_TEXT, struct alert, source),
    ROW_COLUMN("text", ROW_TEXT, struct alert, text),
    ROW_COLUMN("first", ROW_SIGNED, struct alert, first),
    ROW_COLUMN("last", ROW_SIGNED, struct alert, last),
    ROW_COLUMN("count", ROW_UNSIGNED, struct alert, count),
    ROW_COLUMN("not_before", ROW_SIGNED, struct alert, not_before),
    ROW_COLUMN("addressed", ROW_UNSIGNED, struct alert, addressed),
    ROW_COLUMN("done", ROW_SIGNED, struct alert, done),
};
const struct row_table table_alert = {"alert", alert_columns, MEDGL_COUNT(alert_columns),
                                      STATEMENT_ALERT_ALL, STATEMENT_ALERT_REKEY};

static const struct row_column delivery_columns[] = {
    ROW_COLUMN("alert_id", ROW_TEXT, struct delivery, alert_id),
    ROW_COLUMN("channel", ROW_TEXT, struct delivery, channel),
    ROW_COLUMN("state", ROW_UNSIGNED, struct delivery, state),
    ROW_COLUMN("tries", ROW_UNSIGNED, struct delivery, tries),
    ROW_COLUMN("next", ROW_SIGNED, struct delivery, next),
    ROW_COLUMN("last", ROW_SIGNED, struct delivery, last),
    ROW_COLUMN("problem", ROW_TEXT, struct delivery, problem),
};
const struct row_table table_delivery = {"delivery", delivery_columns,
                                         MEDGL_COUNT(delivery_columns), STATEMENT_DELIVERY_ALL,
                                         STATEMENT_DELIVERY_REKEY};

enum medgl_error store_alert_add(struct store_txn *txn, const struct alert *alert)
{
    return row_put(txn, STATEMENT_ALERT_ADD, &table_alert, alert);
}

enum medgl_error store_alert_update(struct store_txn *txn, const struct alert *alert)
{
    struct alert before;
    MEDGL_TRY(store_alert_by_id(txn, alert->id, &before));
    return row_put(txn, STATEMENT_ALERT_UPDATE, &table_alert, alert);
}

enum medgl_error store_alert_by_id(struct store_txn *txn, const char *id, struct alert *alert)
{
    return row_get(txn, STATEMENT_ALERT_BY_ID, STATEMENT_KEYS({":id", id, 0}), &table_alert, alert);
}

enum medgl_error store_alert_by_fold(struct store_txn *txn, const char *fold, struct alert *alert)
{
    return row_get(txn, STATEMENT_ALERT_BY_FOLD, STATEMENT_KEYS({":fold", fold, 0}), &table_alert,
                   alert);
}

enum medgl_error store_alert_each(struct store_txn *txn, bool all,
                                  enum medgl_error (*each)(void *argument,
                                                           const struct alert *alert),
                                  void *argument)
{
    auto_statement struct statement statement = {0};
    enum medgl_error error, damage = MEDGL_OK;
    struct alert alert;
    MEDGL_TRY(statement_begin_in(txn, all ? STATEMENT_ALERT_ALL : STATEMENT_ALERT_WAITING, NULL,
                                 &statement));
    while ((error = statement_step(&statement)) == MEDGL_OK) {
        error = row_read(&statement, &table_alert, &alert);
        if (error == MEDGL_ERR_CORRUPT)
            damage = error;
        else
            MEDGL_TRY(error);
        if (error == MEDGL_OK)
            MEDGL_TRY(each(argument, &alert));
    }
    return error == MEDGL_ERR_NOT_FOUND ? damage : error;
}

enum medgl_error store_alert_purge(struct store_txn *txn, medgl_time before)
{
    const struct statement_key *keys = STATEMENT_KEYS({":before", NULL, before});
    MEDGL_TRY(statement_run(txn, STATEMENT_DELIVERY_PURGE, keys));
    return statement_run(txn, STATEMENT_ALERT_PURGE, keys);
}

enum medgl_error store_delivery_put(struct store_txn *txn, const struct delivery *delivery)
{
    return row_put(txn, STATEMENT_DELIVERY_PUT, &table_delivery, delivery);
}

enum medgl_error store_delivery_each(struct store_txn *txn, const char *alert_id,
                                     enum medgl_error (*each)(void *argument,
                                                              const struct delivery *delivery),
                                     void *argument)
{
    auto_statement struct statement statement = {0};
    enum medgl_error error, damage = MEDGL_OK;
    struct delivery delivery;
    MEDGL_TRY(statement_begin_in(txn, STATEMENT_DELIVERY_OF,
                                 STATEMENT_KEYS({":alert_id", alert_id, 0}), &statement));
    while ((error = statement_step(&statement)) == MEDGL_OK) {
        error = row_read(&statement, &table_delivery, &delivery);
        if (error == MEDGL_ERR_CORRUPT)
            damage = error;
        else
            MEDGL_TRY(error);
        if (error == MEDGL_OK)
            MEDGL_TRY(each(argument, &delivery));
    }
    return error == MEDGL_ERR_NOT_FOUND ? damage : error;
}
