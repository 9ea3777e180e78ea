/* Everything under another store key: secrets sealed anew, then a new MAC for each row, in the
 * caller's transaction.
 *
 * MUSTs: no row gets a new MAC whose old one does not fit. The open store goes back to the old key
 * unless the transaction is committed. */
#include "store/sqlite/database.h"

#include <string.h>

struct rekey {
    const struct store_rekey *order;
    struct store *store;
    const struct row_table *table; /* that is written now */
    struct secret key;             /* the new one */
    struct crypto_mac *mac;        /* under it */
    uint64_t done, total;
    enum medgl_error error; /* of the function, which can tell SQLite only that it failed */
};

static void rekey_forget(struct rekey *run)
{
    secret_free(&run->key);
    crypto_mac_end(&run->mac);
}

/* Between the key of the rows as they are and that of the rows as they are to be. */
static void rekey_switch(struct rekey *run)
{
    struct secret key = run->store->row_key;
    struct crypto_mac *mac = run->store->mac;
    run->store->row_key = run->key;
    run->store->mac = run->mac;
    run->key = key;
    run->mac = mac;
}

static void rekey_progress(struct rekey *run)
{
    run->done++;
    if (run->order->progress != NULL)
        run->order->progress(run->order->argument, run->done, run->total);
}

/* -- secrets, while all rows are under the old key ------------------------------------------- */

static enum medgl_error rekey_secret(struct rekey *run, struct store_txn *txn,
                                     const struct credential *row)
{
    struct credential credential = *row, sealed = *row;
    MEDGL_TRY(run->order->reseal(run->order->argument, &sealed));
    memcpy(credential.sealed, sealed.sealed, sizeof(credential.sealed));
    credential.sealed_len = sealed.sealed_len; /* nothing else of it changes */
    return row_put(txn, STATEMENT_CREDENTIAL_UPDATE, &table_credential, &credential);
}

/* In the order of the primary key, each found by the one before: no statement reads what another
 * writes. */
static enum medgl_error rekey_secrets(struct rekey *run, struct store_txn *txn)
{
    enum medgl_error error;
    struct credential row = {.kind = 0};
    while ((error = row_get(txn, STATEMENT_CREDENTIAL_NEXT,
                            STATEMENT_KEYS({":account_id", row.account_id, 0},
                                           {":kind", NULL, (int64_t)row.kind}, {":id", row.id, 0}),
                            &table_credential, &row)) == MEDGL_OK) {
        MEDGL_TRY(rekey_secret(run, txn, &row));
        rekey_progress(run);
    }
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

/* -- MACs ------------------------------------------------------------------------------------ */

static struct row_value rekey_value(sqlite3_value *given)
{
    struct row_value value = {.type = sqlite3_value_type(given)};
    if (value.type == SQLITE_INTEGER) {
        value.number = sqlite3_value_int64(given);
    } else {
        value.bytes = sqlite3_value_blob(given);
        value.len = (size_t)sqlite3_value_bytes(given);
    }
    return value;
}

static enum medgl_error rekey_mac(struct rekey *run, int count, sqlite3_value **given,
                                  unsigned char mac[CRYPTO_HASH_SIZE])
{
    struct row_value values[ROW_COLUMNS_MAX];
    if ((size_t)count != run->table->count + 1)
        return MEDGL_ERR_ARGUMENT;
    for (size_t i = 0; i < run->table->count; i++)
        values[i] = rekey_value(given[i]);
    const struct row_value stored = rekey_value(given[count - 1]);
    MEDGL_TRY(row_mac(run->store, run->table, values, mac));
    if (stored.type != SQLITE_BLOB ||
        !secret_equal(stored.bytes, stored.len, mac, CRYPTO_HASH_SIZE))
        return row_refuse(run->store, run->table);
    rekey_switch(run);
    enum medgl_error error = row_mac(run->store, run->table, values, mac);
    rekey_switch(run);
    return error;
}

/* The function row_rekey() of SQL: the columns of a row in, its new MAC out. */
static void rekey_function(sqlite3_context *context, int count, sqlite3_value **given)
{
    struct rekey *run = sqlite3_user_data(context);
    unsigned char mac[CRYPTO_HASH_SIZE];
    run->error = rekey_mac(run, count, given, mac);
    if (run->error != MEDGL_OK) {
        sqlite3_result_error(context, medgl_error_text(run->error), -1);
        return;
    }
    sqlite3_result_blob(context, mac, sizeof(mac), SQLITE_TRANSIENT);
    rekey_progress(run);
}

static enum medgl_error rekey_tables(struct rekey *run, struct store_txn *txn)
{
    for (size_t i = 0; i < ROW_TABLES; i++) {
        run->table = row_tables[i];
        enum medgl_error error = statement_run(txn, run->table->rekey, NULL);
        if (error != MEDGL_OK)
            return run->error != MEDGL_OK ? run->error : error;
    }
    return MEDGL_OK;
}

/* No statement that names the function stays prepared: it is gone afterwards. */
static void rekey_unregister(struct store *store)
{
    for (size_t i = 0; i < ROW_TABLES; i++) {
        sqlite3_stmt **kept = &store->statements[row_tables[i]->rekey];
        (void)sqlite3_finalize(*kept);
        *kept = NULL;
    }
    (void)sqlite3_create_function_v2(store->db, "row_rekey", -1, SQLITE_UTF8, NULL, NULL, NULL,
                                     NULL, NULL);
}

static enum medgl_error rekey_rows(struct rekey *run, struct store_txn *txn)
{
    int result =
        sqlite3_create_function_v2(run->store->db, "row_rekey", -1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
                                   run, rekey_function, NULL, NULL, NULL);
    if (result != SQLITE_OK)
        return database_error(run->store, result, "making a function");
    enum medgl_error error = rekey_tables(run, txn);
    rekey_unregister(run->store);
    return error;
}

/* -- both ------------------------------------------------------------------------------------ */

enum medgl_error store_rekey(struct store_txn *txn, const struct store_rekey *order)
{
    struct store *store = txn->store;
    auto_clean(rekey_forget) struct rekey run = {.order = order, .store = store};
    int64_t total, secrets;
    if (txn->mode != STORE_WRITE || store->former_key.bytes != NULL) /* once in a transaction */
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(secret_copy(&run.key, order->row_key, CRYPTO_HASH_SIZE));
    MEDGL_TRY(statement_number(store, STATEMENT_REKEY_COUNT, &total));
    MEDGL_TRY(statement_number(store, STATEMENT_CREDENTIAL_COUNT, &secrets));
    run.total = (uint64_t)(total + secrets);
    MEDGL_TRY(rekey_secrets(&run, txn));
    MEDGL_TRY(rekey_rows(&run, txn));
    rekey_switch(&run); /* what the caller writes from here on is under the new key */
    store->former_key = run.key;
    run.key = (struct secret)SECRET_NONE;
    return MEDGL_OK;
}

void rekey_end(struct store *store, bool committed)
{
    if (store->former_key.bytes == NULL)
        return;
    if (!committed) {
        struct secret taken_back = store->row_key;
        store->row_key = store->former_key;
        store->former_key = taken_back;
    }
    secret_free(&store->former_key);
}
