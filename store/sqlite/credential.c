/* Credentials, sealed by factor/seal before they come here. Sees no secret. */
#include "store/sqlite/database.h"

#include <stddef.h>

static const struct row_column credential_columns[] = {
    ROW_COLUMN("id", ROW_TEXT, struct credential, id),
    ROW_COLUMN("account_id", ROW_TEXT, struct credential, account_id),
    ROW_COLUMN("kind", ROW_UNSIGNED, struct credential, kind),
    ROW_COLUMN_LEN("sealed", ROW_BYTES, struct credential, sealed, sealed_len),
    ROW_COLUMN("strength", ROW_UNSIGNED, struct credential, strength),
    ROW_COLUMN("issued", ROW_UNSIGNED, struct credential, issued),
    ROW_COLUMN("set_at", ROW_SIGNED, struct credential, set_at),
    ROW_COLUMN("valid_until", ROW_SIGNED, struct credential, valid_until),
    ROW_COLUMN("ledger_seq", ROW_UNSIGNED, struct credential, ledger_seq),
    ROW_COLUMN_LATER("label", ROW_TEXT, struct credential, label),
    ROW_COLUMN_LATER("counter", ROW_SIGNED, struct credential, counter),
    ROW_COLUMN_LATER("drift", ROW_SIGNED, struct credential, drift),
};
const struct row_table table_credential = {"credential", credential_columns,
                                           MEDGL_COUNT(credential_columns),
                                           STATEMENT_CREDENTIAL_ALL, STATEMENT_CREDENTIAL_REKEY};

enum medgl_error store_credential_get(struct store_txn *txn, const char *account_id,
                                      enum credential_kind kind, struct credential *credential)
{
    auto_statement struct statement statement = {0};
    MEDGL_TRY(statement_begin_in(
        txn, STATEMENT_CREDENTIAL_GET,
        STATEMENT_KEYS({":account_id", account_id, 0}, {":kind", NULL, (int64_t)kind}),
        &statement));
    MEDGL_TRY(statement_step(&statement));
    MEDGL_TRY(row_read(&statement, &table_credential, credential));
    /* An old row put back beside the new one has a good MAC: neither is believed. */
    enum medgl_error error = statement_step(&statement);
    if (error == MEDGL_OK)
        return database_refuse(txn->store->path, MEDGL_ERR_CORRUPT,
                               "an account has two credentials of a kind");
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

enum medgl_error store_credential_put(struct store_txn *txn, const struct credential *credential)
{
    MEDGL_TRY(store_credential_delete(txn, credential->account_id, credential->kind));
    return row_put(txn, STATEMENT_CREDENTIAL_ADD, &table_credential, credential);
}

enum medgl_error store_credential_delete(struct store_txn *txn, const char *account_id,
                                         enum credential_kind kind)
{
    return statement_run(
        txn, STATEMENT_CREDENTIAL_DELETE,
        STATEMENT_KEYS({":account_id", account_id, 0}, {":kind", NULL, (int64_t)kind}));
}

enum medgl_error store_credential_add(struct store_txn *txn, const struct credential *credential)
{
    return row_put(txn, STATEMENT_CREDENTIAL_ADD, &table_credential, credential);
}

/* MUST: a counter never goes back, or a code could be used again (R24). */
enum medgl_error store_credential_update(struct store_txn *txn, const struct credential *credential)
{
    struct credential before;
    MEDGL_TRY(row_get(txn, STATEMENT_CREDENTIAL_BY_ID,
                      STATEMENT_KEYS({":account_id", credential->account_id, 0},
                                     {":kind", NULL, (int64_t)credential->kind},
                                     {":id", credential->id, 0}),
                      &table_credential, &before));
    if (credential->counter < before.counter)
        return MEDGL_ERR_ARGUMENT;
    return row_put(txn, STATEMENT_CREDENTIAL_UPDATE, &table_credential, credential);
}

/* Takes nothing from a row: a damaged one at one account must not stop the logins of all. */
enum medgl_error store_credential_any_factor(struct store_txn *txn, bool *any)
{
    int64_t found;
    MEDGL_TRY(statement_number(txn->store, STATEMENT_CREDENTIAL_ANY_FACTOR, &found));
    *any = found != 0;
    return MEDGL_OK;
}

enum medgl_error store_credential_remove(struct store_txn *txn, const char *account_id,
                                         enum credential_kind kind, const char *id)
{
    MEDGL_TRY(statement_run(txn, STATEMENT_CREDENTIAL_REMOVE,
                            STATEMENT_KEYS({":account_id", account_id, 0},
                                           {":kind", NULL, (int64_t)kind}, {":id", id, 0})));
    return sqlite3_changes(txn->store->db) > 0 ? MEDGL_OK : MEDGL_ERR_NOT_FOUND;
}

/* Each row of a statement that reads credentials. */
static enum medgl_error credential_walk(
    struct store_txn *txn, enum statement_id id, const struct statement_key *keys,
    enum medgl_error (*each)(void *argument, const struct credential *credential), void *argument)
{
    return ROW_EACH(txn, id, keys, &table_credential, struct credential, each, argument);
}

enum medgl_error store_credential_each_of(
    struct store_txn *txn, const char *account_id, enum credential_kind kind,
    enum medgl_error (*each)(void *argument, const struct credential *credential), void *argument)
{
    return credential_walk(
        txn, STATEMENT_CREDENTIAL_OF,
        STATEMENT_KEYS({":account_id", account_id, 0}, {":kind", NULL, (int64_t)kind}), each,
        argument);
}

enum medgl_error store_credential_each(
    struct store_txn *txn,
    enum medgl_error (*each)(void *argument, const struct credential *credential), void *argument)
{
    return credential_walk(txn, STATEMENT_CREDENTIAL_ALL, NULL, each, argument);
}
