/* Rows with their MACs: written with one, and never believed without it. Knows the tables only by
 * their lists of columns, so that no column can be left out. */
#include "store/sqlite/database.h"

#include "base/log.h"

#include <string.h>

const struct row_table *const row_tables[ROW_TABLES] = {
    &table_meta,    &table_account,     &table_activity,   &table_credential, &table_grant,
    &table_attempt, &table_session,     &table_alert,      &table_delivery,   &table_policy_seen,
    &table_ledger,  &table_ledger_head, &table_checkpoint, &table_archive,    &table_document,
    &table_key,     &table_backup,      &table_breakglass, &table_emergency,  &table_joined,
};

/* A tag, a number of eight bytes (or the length of what follows), the bytes. */
static unsigned char *row_encode(unsigned char *at, char tag, uint64_t number, const void *bytes,
                                 size_t len)
{
    *at++ = (unsigned char)tag;
    for (int shift = 56; shift >= 0; shift -= 8)
        *at++ = (unsigned char)(number >> shift);
    if (len > 0)
        memcpy(at, bytes, len);
    return at + len;
}

static unsigned char *row_encode_value(unsigned char *at, const struct row_value *value)
{
    if (value->type == SQLITE_INTEGER)
        return row_encode(at, 'i', (uint64_t)value->number, NULL, 0);
    return row_encode(at, value->type == SQLITE_TEXT ? 't' : 'b', value->len, value->bytes,
                      value->len);
}

/* HMAC over the table's name, then the name and the value of each column that is not NULL. A column
 * that a later schema adds is NULL in the rows of today, so their MACs stay good. */
enum medgl_error row_mac(struct store *store, const struct row_table *table,
                         const struct row_value *values, unsigned char mac[CRYPTO_HASH_SIZE])
{
    const size_t prefix = 1 + sizeof(uint64_t);
    size_t size = prefix + strlen(table->name);
    for (size_t i = 0; i < table->count; i++)
        size += 2 * prefix + strlen(table->columns[i].parameter) + values[i].len;
    if (size > store->encoded_size) {
        unsigned char *larger = realloc(store->encoded, size);
        if (larger == NULL)
            return MEDGL_ERR_MEMORY;
        store->encoded = larger;
        store->encoded_size = size;
    }
    unsigned char *at =
        row_encode(store->encoded, 'T', strlen(table->name), table->name, strlen(table->name));
    for (size_t i = 0; i < table->count; i++) {
        const char *name = table->columns[i].parameter + 1;
        if (values[i].type == SQLITE_NULL)
            continue;
        at = row_encode(at, 'c', strlen(name), name, strlen(name));
        at = row_encode_value(at, &values[i]);
    }
    if (store->mac == NULL)
        MEDGL_TRY(crypto_mac_begin(store->row_key.bytes, store->row_key.len, &store->mac));
    return crypto_mac_next(store->mac, store->encoded, (size_t)(at - store->encoded), mac);
}

/* -- from the database ---------------------------------------------------------------------- */

static struct row_value row_column_value(sqlite3_stmt *stmt, int column)
{
    struct row_value value = {.type = sqlite3_column_type(stmt, column)};
    if (value.type == SQLITE_INTEGER) {
        value.number = sqlite3_column_int64(stmt, column);
    } else {
        value.bytes = sqlite3_column_blob(stmt, column);
        value.len = (size_t)sqlite3_column_bytes(stmt, column);
    }
    return value;
}

static enum medgl_error row_verify(struct statement *statement, const struct row_table *table,
                                   struct row_value *values)
{
    unsigned char mac[CRYPTO_HASH_SIZE];
    if (sqlite3_column_count(statement->stmt) != (int)table->count + 1)
        return MEDGL_ERR_CORRUPT;
    for (size_t i = 0; i < table->count; i++)
        values[i] = row_column_value(statement->stmt, (int)i);
    struct row_value stored = row_column_value(statement->stmt, (int)table->count);
    MEDGL_TRY(row_mac(statement->store, table, values, mac));
    return stored.type == SQLITE_BLOB && secret_equal(stored.bytes, stored.len, mac, sizeof(mac))
               ? MEDGL_OK
               : MEDGL_ERR_CORRUPT;
}

static bool row_decode_unsigned(const struct row_column *column, const struct row_value *value,
                                void *field)
{
    uint64_t number = (uint64_t)value->number;
    if (value->type != SQLITE_INTEGER || value->number < 0)
        return false;
    if (column->size == sizeof(uint64_t)) {
        memcpy(field, &number, sizeof(number));
        return true;
    }
    if (column->size == sizeof(uint32_t) && number <= UINT32_MAX) {
        uint32_t half = (uint32_t)number;
        memcpy(field, &half, sizeof(half));
        return true;
    }
    bool flag = number == 1;
    if (column->size == sizeof(bool) && number <= 1)
        memcpy(field, &flag, sizeof(flag));
    return column->size == sizeof(bool) && number <= 1;
}

static bool row_decode(const struct row_column *column, const struct row_value *value,
                       unsigned char *row)
{
    unsigned char *field = row + column->offset;
    if (column->later && value->type == SQLITE_NULL) {
        memset(field, 0, column->size);
        return true;
    }
    switch (column->type) {
    case ROW_TEXT:
        if (value->type != SQLITE_TEXT || value->len >= column->size ||
            (value->len > 0 && memchr(value->bytes, '\0', value->len) != NULL))
            return false;
        if (value->len > 0)
            memcpy(field, value->bytes, value->len);
        field[value->len] = '\0';
        return true;
    case ROW_SIGNED:
        memcpy(field, &value->number, sizeof(value->number));
        return value->type == SQLITE_INTEGER;
    case ROW_UNSIGNED:
        return row_decode_unsigned(column, value, field);
    case ROW_FIXED:
        if (value->type != SQLITE_BLOB || value->len != column->size)
            return false;
        memcpy(field, value->bytes, value->len);
        return true;
    case ROW_BYTES:
        if (value->type != SQLITE_BLOB || value->len > column->size)
            return false;
        if (value->len > 0)
            memcpy(field, value->bytes, value->len);
        memcpy(row + column->len_offset, &value->len, sizeof(value->len));
        return true;
    case ROW_BORROWED: {
        const void *text = value->bytes != NULL ? value->bytes : "";
        memcpy(field, &text, sizeof(text));
        memcpy(row + column->len_offset, &value->len, sizeof(value->len));
        return value->type == SQLITE_TEXT;
    }
    }
    return false;
}

enum medgl_error row_refuse(struct store *store, const struct row_table *table)
{
    log_line(LOG_ERR,
             "store %s: a row of table %s was changed from outside (its MAC does not fit): "
             "run medgl-admin doctor, then restore a backup",
             store->path, table->name);
    return MEDGL_ERR_CORRUPT;
}

enum medgl_error row_check(struct statement *statement, const struct row_table *table)
{
    struct row_value values[ROW_COLUMNS_MAX];
    return row_verify(statement, table, values);
}

/* The store's own row in table meta fitted when it was opened. A second row that the key fits tells
 * a changed row from an exchanged key. */
enum medgl_error row_key_in_force(struct store *store)
{
    auto_statement struct statement meta = {0}, head = {0};
    MEDGL_TRY(
        statement_begin(store, STATEMENT_META_GET, STATEMENT_KEYS({":name", "store", 0}), &meta));
    enum medgl_error error = statement_step(&meta);
    if (error == MEDGL_ERR_NOT_FOUND)
        return database_refuse(store->path, MEDGL_ERR_CORRUPT, "its own row in table meta is gone");
    MEDGL_TRY(error);
    error = row_check(&meta, &table_meta);
    if (error != MEDGL_ERR_CORRUPT)
        return error;
    MEDGL_TRY(statement_begin(store, STATEMENT_LEDGER_HEAD, NULL, &head));
    if (statement_step(&head) == MEDGL_OK && row_check(&head, &table_ledger_head) == MEDGL_OK)
        return database_refuse(store->path, MEDGL_ERR_CORRUPT, "its row in table meta was changed");
    log_line(LOG_WARNING, "store %s: its key was exchanged since this program opened it: try again",
             store->path);
    return MEDGL_ERR_KEY;
}

/* R37: who opened the store before its key was exchanged reads nothing any more. */
static enum medgl_error row_refuse_read(struct store *store, const struct row_table *table)
{
    return row_key_in_force(store) == MEDGL_ERR_KEY ? MEDGL_ERR_KEY : row_refuse(store, table);
}

enum medgl_error row_read(struct statement *statement, const struct row_table *table, void *row)
{
    struct row_value values[ROW_COLUMNS_MAX];
    enum medgl_error error = row_verify(statement, table, values);
    for (size_t i = 0; i < table->count && error == MEDGL_OK; i++)
        if (!row_decode(&table->columns[i], &values[i], row))
            error = MEDGL_ERR_CORRUPT;
    return error == MEDGL_ERR_CORRUPT ? row_refuse_read(statement->store, table) : error;
}

enum medgl_error row_get(struct store_txn *txn, enum statement_id id,
                         const struct statement_key *keys, const struct row_table *table, void *row)
{
    auto_statement struct statement statement = {0};
    MEDGL_TRY(statement_begin_in(txn, id, keys, &statement));
    MEDGL_TRY(statement_step(&statement));
    return row_read(&statement, table, row);
}

/* -- to the database ------------------------------------------------------------------------ */

static enum medgl_error row_take_unsigned(const struct row_column *column, const void *field,
                                          struct row_value *value)
{
    uint64_t number = 0;
    uint32_t half;
    bool flag;
    if (column->size == sizeof(number)) {
        memcpy(&number, field, sizeof(number));
    } else if (column->size == sizeof(half)) {
        memcpy(&half, field, sizeof(half));
        number = half;
    } else {
        memcpy(&flag, field, sizeof(flag));
        number = flag;
    }
    *value = (struct row_value){.type = SQLITE_INTEGER, .number = (int64_t)number};
    return number <= INT64_MAX ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
}

static enum medgl_error row_take(const struct row_column *column, const unsigned char *row,
                                 struct row_value *value)
{
    const unsigned char *field = row + column->offset;
    *value = (struct row_value){.type = SQLITE_BLOB, .bytes = field, .len = column->size};
    switch (column->type) {
    case ROW_TEXT:
        value->type = SQLITE_TEXT;
        value->len = strnlen((const char *)field, column->size);
        return value->len < column->size ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
    case ROW_SIGNED:
        *value = (struct row_value){.type = SQLITE_INTEGER};
        memcpy(&value->number, field, sizeof(value->number));
        return MEDGL_OK;
    case ROW_UNSIGNED:
        return row_take_unsigned(column, field, value);
    case ROW_FIXED:
        return MEDGL_OK;
    case ROW_BYTES:
        memcpy(&value->len, row + column->len_offset, sizeof(value->len));
        return value->len <= column->size ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
    case ROW_BORROWED:
        value->type = SQLITE_TEXT;
        memcpy(&value->bytes, field, sizeof(value->bytes));
        memcpy(&value->len, row + column->len_offset, sizeof(value->len));
        return value->len <= INT_MAX ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
    }
    return MEDGL_ERR_ARGUMENT;
}

static enum medgl_error row_take_column(const struct row_column *column, const unsigned char *row,
                                        struct row_value *value)
{
    MEDGL_TRY(row_take(column, row, value));
    if (column->later && value->number == 0 && value->len == 0)
        *value = (struct row_value){.type = SQLITE_NULL};
    return MEDGL_OK;
}

static enum medgl_error row_bind(struct statement *statement, const char *parameter,
                                 const struct row_value *value)
{
    int index = sqlite3_bind_parameter_index(statement->stmt, parameter), result;
    if (value->type == SQLITE_INTEGER)
        result = sqlite3_bind_int64(statement->stmt, index, value->number);
    else if (value->type == SQLITE_NULL)
        result = sqlite3_bind_null(statement->stmt, index);
    else if (value->type == SQLITE_TEXT)
        result =
            sqlite3_bind_text(statement->stmt, index, value->bytes, (int)value->len, SQLITE_STATIC);
    else
        result =
            sqlite3_bind_blob(statement->stmt, index, value->bytes, (int)value->len, SQLITE_STATIC);
    return result == SQLITE_OK ? MEDGL_OK
                               : database_error(statement->store, result, "binding a row");
}

enum medgl_error row_put(struct store_txn *txn, enum statement_id id, const struct row_table *table,
                         const void *row)
{
    struct row_value values[ROW_COLUMNS_MAX];
    unsigned char mac[CRYPTO_HASH_SIZE];
    auto_statement struct statement statement = {0};
    MEDGL_TRY(statement_begin_in(txn, id, NULL, &statement));
    for (size_t i = 0; i < table->count; i++) {
        MEDGL_TRY(row_take_column(&table->columns[i], row, &values[i]));
        MEDGL_TRY(row_bind(&statement, table->columns[i].parameter, &values[i]));
    }
    MEDGL_TRY(row_mac(txn->store, table, values, mac));
    const struct row_value stored = {.type = SQLITE_BLOB, .bytes = mac, .len = sizeof(mac)};
    MEDGL_TRY(row_bind(&statement, ":mac", &stored));
    enum medgl_error error = statement_step(&statement);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}
