/* Sessions: when each began and ended (R06). */
#include "store/sqlite/database.h"

#include <stddef.h>
#include <string.h>

static const struct row_column session_columns[] = {
    ROW_COLUMN("id", ROW_TEXT, struct session, id),
    ROW_COLUMN("account_id", ROW_TEXT, struct session, account_id),
    ROW_COLUMN("service", ROW_TEXT, struct session, service),
    ROW_COLUMN("source", ROW_TEXT, struct session, source),
    ROW_COLUMN("tty", ROW_TEXT, struct session, tty),
    ROW_COLUMN("opened", ROW_SIGNED, struct session, opened),
    ROW_COLUMN("closed", ROW_SIGNED, struct session, closed),
    ROW_COLUMN_LATER("class", ROW_UNSIGNED, struct session, class_),
    ROW_COLUMN_LATER("ended", ROW_UNSIGNED, struct session, ended),
    ROW_COLUMN_LATER("leader", ROW_TEXT, struct session, leader),
    ROW_COLUMN_LATER("person", ROW_TEXT, struct session, person),
    ROW_COLUMN_LATER("grant_id", ROW_TEXT, struct session, grant_id),
    ROW_COLUMN_LATER("confirmed", ROW_SIGNED, struct session, confirmed),
    ROW_COLUMN_LATER("confirmed_by", ROW_TEXT, struct session, confirmed_by),
    ROW_COLUMN_LATER("confirmed_seq", ROW_UNSIGNED, struct session, confirmed_seq),
};
const struct row_table table_session = {"session", session_columns, MEDGL_COUNT(session_columns),
                                        STATEMENT_SESSION_ALL, STATEMENT_SESSION_REKEY};

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

static enum medgl_error session_each(
    struct store_txn *txn, enum statement_id id, const struct statement_key *keys,
    enum medgl_error (*each)(void *argument, const struct session *session), void *argument)
{
    return ROW_EACH(txn, id, keys, &table_session, struct session, each, argument);
}

enum medgl_error store_session_each_open(struct store_txn *txn, const char *account_id,
                                         enum medgl_error (*each)(void *argument,
                                                                  const struct session *session),
                                         void *argument)
{
    if (account_id == NULL)
        return session_each(txn, STATEMENT_SESSION_OPEN_ALL, NULL, each, argument);
    return session_each(txn, STATEMENT_SESSION_OPEN_OF,
                        STATEMENT_KEYS({":account_id", account_id, 0}), each, argument);
}

enum medgl_error store_session_each_since(
    struct store_txn *txn, const char *account_id, medgl_time since,
    enum medgl_error (*each)(void *argument, const struct session *session), void *argument)
{
    if (account_id == NULL)
        return session_each(txn, STATEMENT_SESSION_SINCE_ALL,
                            STATEMENT_KEYS({":since", NULL, since}), each, argument);
    return session_each(txn, STATEMENT_SESSION_SINCE_OF,
                        STATEMENT_KEYS({":account_id", account_id, 0}, {":since", NULL, since}),
                        each, argument);
}

enum medgl_error store_session_each_unconfirmed(
    struct store_txn *txn, enum medgl_error (*each)(void *argument, const struct session *session),
    void *argument)
{
    return session_each(txn, STATEMENT_SESSION_UNCONFIRMED, NULL, each, argument);
}

enum medgl_error store_session_each_confirmed(
    struct store_txn *txn, enum medgl_error (*each)(void *argument, const struct session *session),
    void *argument)
{
    return session_each(txn, STATEMENT_SESSION_CONFIRMED, NULL, each, argument);
}

static bool session_is_end(enum session_end how)
{
    switch (how) {
    case SESSION_END_CLOSED:
    case SESSION_END_LOST:
    case SESSION_END_ENDED:
        return true;
    case SESSION_END_NONE:
        return false;
    }
    return false;
}

enum medgl_error store_session_close(struct store_txn *txn, const char *id, medgl_time now,
                                     enum session_end how)
{
    struct session session;
    if (!session_is_end(how))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(store_session_by_id(txn, id, &session));
    if (session.closed != 0)
        return MEDGL_ERR_CONFLICT;
    /* The clock was set back: it did not end before it began. */
    session.closed = now > session.opened ? now : session.opened;
    session.ended = how;
    return row_put(txn, STATEMENT_SESSION_UPDATE, &table_session, &session);
}

enum medgl_error store_session_update(struct store_txn *txn, const struct session *confirmed)
{
    struct session session;
    if (confirmed->confirmed == 0)
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(store_session_by_id(txn, confirmed->id, &session));
    if (session.closed == 0 || session.confirmed != 0)
        return MEDGL_ERR_CONFLICT;
    session.confirmed = confirmed->confirmed;
    memcpy(session.confirmed_by, confirmed->confirmed_by, sizeof(session.confirmed_by));
    session.confirmed_seq = confirmed->confirmed_seq;
    return row_put(txn, STATEMENT_SESSION_UPDATE, &table_session, &session);
}
