/* Sessions: when each began and ended (R06). */
#include "store/sqlite/database.h"

#include <stddef.h>

static const struct row_column session_columns[] = {
    ROW_COLUMN("id", ROW_TEXT, struct session, id),
    ROW_COLUMN("account_id", ROW_TEXT, struct session, account_id),
    ROW_COLUMN("service", ROW_TEXT, struct session, service),
    ROW_COLUMN("source", ROW_TEXT, struct session, source),
    ROW_COLUMN("tty", ROW_TEXT, struct session, tty),
    ROW_COLUMN("opened", ROW_SIGNED, struct session, opened),
    ROW_COLUMN("closed", ROW_SIGNED, struct session, closed),
};
const struct row_table table_session = {"session", session_columns, MEDGL_COUNT(session_columns),
                                        STATEMENT_SESSION_ALL};

enum medgl_error store_session_open(struct store_txn *txn, const struct session *session)
{
    return row_put(txn, STATEMENT_SESSION_ADD, &table_session, session);
}

enum medgl_error store_session_by_id(struct store_txn *txn, const char *id, struct session *session)
{
    return row_get(txn, STATEMENT_SESSION_BY_ID, STATEMENT_KEYS({":id", id, 0}), &table_session,
                   session);
}

enum medgl_error store_session_find(struct store_txn *txn, const char *account_id,
                                    const char *service, const char *tty, struct session *session)
{
    return row_get(
        txn, STATEMENT_SESSION_FIND,
        STATEMENT_KEYS({":account_id", account_id, 0}, {":service", service, 0}, {":tty", tty, 0}),
        &table_session, session);
}

enum medgl_error store_session_each_open(struct store_txn *txn, const char *account_id,
                                         enum medgl_error (*each)(void *argument,
                                                                  const struct session *session),
                                         void *argument)
{
    auto_statement struct statement statement = {0};
    enum medgl_error error;
    struct session session;
    MEDGL_TRY(statement_begin_in(txn, STATEMENT_SESSION_OPEN_OF,
                                 STATEMENT_KEYS({":account_id", account_id, 0}), &statement));
    while ((error = statement_step(&statement)) == MEDGL_OK) {
        MEDGL_TRY(row_read(&statement, &table_session, &session));
        MEDGL_TRY(each(argument, &session));
    }
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

enum medgl_error store_session_close(struct store_txn *txn, const char *id, medgl_time now,
                                     enum session_end how)
{
    struct session session;
    MEDGL_TRY(store_session_by_id(txn, id, &session));
    if (session.closed != 0)
        return MEDGL_ERR_CONFLICT;
    session.closed = now;
    session.ended = how;
    return row_put(txn, STATEMENT_SESSION_UPDATE, &table_session, &session);
}
