/* The whole store looked through: pages, indexes, references, schema, and the MAC of every row.
 * Repairs nothing. */
#include "store/sqlite/database.h"

#include "base/message.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
    void (*problem)(void *argument, const char *what);
    void *argument;
    bool beside_ledger; /* somebody else reads the entries */
    bool found;
};

__attribute__((format(printf, 2, 3))) static void check_report(struct check *check,
                                                               const char *format, ...)
{
    char raw[1024], what[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(raw, sizeof(raw), format, arguments);
    va_end(arguments);
    text_printable(what, sizeof(what), raw);
    check->found = true;
    check->problem(check->argument, what);
}

/* A damaged page ends one part of the check, not the whole. */
static enum medgl_error check_end(struct check *check, const char *part, enum medgl_error error)
{
    if (error == MEDGL_ERR_CORRUPT)
        check_report(check, _("%s: cannot be read to its end"), part);
    return error == MEDGL_ERR_NOT_FOUND || error == MEDGL_ERR_CORRUPT ? MEDGL_OK : error;
}

static const char *check_text(struct statement *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement->stmt, column);
    return text != NULL ? (const char *)text : "";
}

static enum medgl_error check_pages(struct store_txn *txn, struct check *check)
{
    auto_statement struct statement statement = {0};
    enum medgl_error error = statement_begin_in(
        txn, check->beside_ledger ? STATEMENT_CHECK_BESIDE_LEDGER : STATEMENT_CHECK_INTEGRITY, NULL,
        &statement);
    while (error == MEDGL_OK && (error = statement_step(&statement)) == MEDGL_OK)
        if (strcmp(check_text(&statement, 0), "ok") != 0)
            check_report(check, _("database file: %s"), check_text(&statement, 0));
    return check_end(check, _("database file"), error);
}

static enum medgl_error check_references(struct store_txn *txn, struct check *check)
{
    auto_statement struct statement statement = {0};
    enum medgl_error error =
        statement_begin_in(txn, STATEMENT_CHECK_FOREIGN_KEYS, NULL, &statement);
    while (error == MEDGL_OK && (error = statement_step(&statement)) == MEDGL_OK)
        check_report(check, _("table %s: a row refers to a row of table %s that is not there"),
                     check_text(&statement, 0), check_text(&statement, 2));
    return check_end(check, _("references between tables"), error);
}

static enum medgl_error check_rows(struct store_txn *txn, struct check *check,
                                   const struct row_table *table)
{
    auto_statement struct statement statement = {0};
    enum medgl_error error = statement_begin_in(txn, table->all, NULL, &statement);
    while (error == MEDGL_OK && (error = statement_step(&statement)) == MEDGL_OK) {
        error = row_check(&statement, table);
        if (error != MEDGL_ERR_CORRUPT)
            continue;
        check_report(check,
                     _("table %s: the row \"%s\" was changed from outside (its MAC does not fit)"),
                     table->name, check_text(&statement, 0));
        error = MEDGL_OK;
    }
    return check_end(check, table->name, error);
}

/* The ledger's rows are 0 .. size - 1 of its head. */
static enum medgl_error check_ledger(struct store_txn *txn, struct check *check)
{
    auto_statement struct statement span = {0};
    struct ledger_head head;
    enum medgl_error error = store_ledger_head(txn, &head);
    if (error != MEDGL_OK)
        return check_end(check, table_ledger_head.name, error);
    error = statement_begin_in(txn, STATEMENT_LEDGER_SPAN, NULL, &span);
    if (error == MEDGL_OK)
        error = statement_step(&span);
    if (error != MEDGL_OK)
        return check_end(check, table_ledger.name, error);
    const uint64_t size = head.tree.size, count = (uint64_t)sqlite3_column_int64(span.stmt, 0);
    if (count != size || (size > 0 && (uint64_t)sqlite3_column_int64(span.stmt, 2) != size - 1))
        check_report(check, _("table ledger: %llu entries, but its head says %llu"),
                     (unsigned long long)count, (unsigned long long)size);
    return MEDGL_OK;
}

/* Emergencies are 1, 2, 3: one that was taken out leaves a gap, unless it was the last. */
static enum medgl_error check_emergencies(struct store_txn *txn, struct check *check)
{
    auto_statement struct statement span = {0};
    enum medgl_error error = statement_begin_in(txn, STATEMENT_EMERGENCY_SPAN, NULL, &span);
    if (error == MEDGL_OK)
        error = statement_step(&span);
    if (error != MEDGL_OK)
        return check_end(check, table_emergency.name, error);
    const int64_t count = sqlite3_column_int64(span.stmt, 0);
    const int64_t last = sqlite3_column_int64(span.stmt, 1);
    if (count != last)
        check_report(check, _("table emergency: %lld rows, but the last one has number %lld"),
                     (long long)count, (long long)last);
    return MEDGL_OK;
}

/* -- the schema against a fresh one --------------------------------------------------------- */

static void check_close(struct store *fresh)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(fresh->statements[i]);
    (void)sqlite3_close_v2(fresh->db);
}

static enum medgl_error check_objects_write(struct store *fresh, FILE *to)
{
    auto_statement struct statement object = {0};
    MEDGL_TRY(statement_begin(fresh, STATEMENT_SCHEMA_OBJECTS, NULL, &object));
    enum medgl_error error;
    while ((error = statement_step(&object)) == MEDGL_OK)
        for (int column = 0; column < 4; column++)
            if (fputs(check_text(&object, column), to) == EOF || fputc('\0', to) == EOF)
                return MEDGL_ERR_MEMORY;
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

static enum medgl_error check_objects_make(char **made, size_t *made_size)
{
    auto_clean(check_close) struct store fresh = {.path = ":memory:"};
    auto_free char *objects = NULL;
    size_t size = 0;
    int result = sqlite3_open_v2(fresh.path, &fresh.db, SQLITE_OPEN_READWRITE, NULL);
    if (result != SQLITE_OK)
        return fresh.db == NULL ? MEDGL_ERR_MEMORY : database_error(&fresh, result, "opening");
    MEDGL_TRY(schema_steps(&fresh, 0));
    FILE *to = open_memstream(&objects, &size);
    if (to == NULL)
        return MEDGL_ERR_MEMORY;
    const enum medgl_error error = check_objects_write(&fresh, to);
    if (fclose(to) != 0 || error != MEDGL_OK)
        return error != MEDGL_OK ? error : MEDGL_ERR_MEMORY;
    *made = auto_give(objects);
    *made_size = size;
    return MEDGL_OK;
}

/* What the newest schema has: four texts of each object, with their '\0', up to *end. Made once in
 * a process, which keeps it: all steps from an empty file take longer than every other check of a
 * small store. */
static enum medgl_error check_objects(const char **objects, const char **end)
{
    static char *made;
    static size_t size;
    if (made == NULL)
        MEDGL_TRY(check_objects_make(&made, &size));
    *objects = made;
    *end = made + size;
    return MEDGL_OK;
}

/* Goes on to the next one where it is the same. */
static bool check_same_object(const char **ours, struct statement *theirs)
{
    const char *text = *ours;
    for (int column = 0; column < 4; column++) {
        if (strcmp(text, check_text(theirs, column)) != 0)
            return false;
        text += strlen(text) + 1;
    }
    *ours = text;
    return true;
}

/* A trigger or a lost index would change what statements do without touching a row. */
static enum medgl_error check_schema(struct store_txn *txn, struct check *check)
{
    auto_statement struct statement theirs = {0};
    const char *ours, *end;
    MEDGL_TRY(check_objects(&ours, &end));
    MEDGL_TRY(statement_begin_in(txn, STATEMENT_SCHEMA_OBJECTS, NULL, &theirs));
    enum medgl_error error;
    do
        error = statement_step(&theirs);
    while (error == MEDGL_OK && ours < end && check_same_object(&ours, &theirs));
    if (error != MEDGL_ERR_NOT_FOUND || ours < end)
        check_report(check, _("schema: differs from the program's at \"%s\""),
                     error == MEDGL_OK ? check_text(&theirs, 1)
                     : ours < end      ? ours + strlen(ours) + 1
                                       : "");
    return check_end(check, _("schema"), error == MEDGL_OK ? MEDGL_ERR_NOT_FOUND : error);
}

static enum medgl_error check_all(struct store_txn *txn, void *argument)
{
    struct check *check = argument;
    check->found = false;
    MEDGL_TRY(check_pages(txn, check));
    MEDGL_TRY(check_references(txn, check));
    MEDGL_TRY(check_schema(txn, check));
    MEDGL_TRY(check_end(check, table_meta.name, schema_prove_key(txn, NULL)));
    for (size_t i = 0; i < ROW_TABLES; i++)
        if (!check->beside_ledger || row_tables[i] != &table_ledger)
            MEDGL_TRY(check_rows(txn, check, row_tables[i]));
    MEDGL_TRY(check_emergencies(txn, check));
    return check->beside_ledger ? MEDGL_OK : check_ledger(txn, check);
}

static enum medgl_error check_run(struct store *store, struct check *check)
{
    MEDGL_TRY(store_transact(store, STORE_READ, check_all, check));
    return check->found ? MEDGL_ERR_CORRUPT : MEDGL_OK;
}

enum medgl_error store_check(struct store *store, void (*problem)(void *argument, const char *what),
                             void *argument)
{
    struct check check = {.problem = problem, .argument = argument};
    return check_run(store, &check);
}

enum medgl_error store_check_beside_ledger(struct store *store,
                                           void (*problem)(void *argument, const char *what),
                                           void *argument)
{
    struct check check = {.problem = problem, .argument = argument, .beside_ledger = true};
    return check_run(store, &check);
}
