/* Standard output: tables for people or one JSON document, through libsmartcols, which nobody else
 * includes. Shows no control character that came from outside, and never swallows a failed write.
 */
#include "admin/admin.h"

#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CELL_SIZE 64
#define CHUNK_ROWS                                                                                 \
    1000 /* a table for people is printed in pieces of so many: a ledger has millions */

struct table {
    struct output *output;
    struct libscols_table *scols;
    const struct column *columns;
    size_t count, rows;
    enum table_shape shape;
    const char *name;
    bool streamed, begun; /* something of it is out */
};

/* A copy without control characters; newlines become `newline`. NULL without memory. */
static char *output_clean(const char *text, char newline)
{
    size_t size = strlen(text) + 1;
    auto_free char *copy = strdup(text);
    char *clean = malloc(size);
    if (copy == NULL || clean == NULL) {
        free(clean);
        return NULL;
    }
    size_t used = 0;
    for (char *at = copy, *line; (line = strsep(&at, "\n")) != NULL;) {
        text_printable(clean + used, size - used, line);
        used += strlen(clean + used);
        if (at != NULL)
            clean[used++] = newline;
    }
    clean[used] = '\0';
    return clean;
}

static void output_failed(struct output *output, const char *what)
{
    if (!output->failed)
        complain("%s", what);
    output->failed = true;
}

static void output_no_memory(struct output *output)
{
    output_failed(output, _("There is not enough memory for the output."));
}

void output_raw(struct output *output, const void *bytes, size_t len)
{
    if (!output->json && !output->csv && !output->failed && fwrite(bytes, 1, len, stdout) != len)
        output->failed = true;
}

__attribute__((format(printf, 2, 0))) static void output_sentence(struct output *output,
                                                                  const char *format,
                                                                  va_list arguments)
{
    auto_free char *raw = NULL;
    if (vasprintf(&raw, format, arguments) < 0) {
        raw = NULL;
        output_no_memory(output);
        return;
    }
    auto_free char *clean = output_clean(raw, '\n');
    if (clean == NULL)
        output_no_memory(output);
    else
        (void)printf("%s\n", clean);
}

void output_say(struct output *output, const char *format, ...)
{
    if (output->json || output->csv)
        return;
    va_list arguments;
    va_start(arguments, format);
    output_sentence(output, format, arguments);
    va_end(arguments);
}

/* Each part of the document is a member of one object. */
static void output_member(struct output *output)
{
    (void)fputs(output->begun ? "," : "{", stdout);
    output->begun = true;
}

void output_array_begin(struct output *output, const char *name)
{
    output_member(output);
    (void)printf("\n   \"%s\": [", name);
}

void output_array_value(struct output *output, bool first, const char *json, size_t len)
{
    (void)fputs(first ? "\n      " : ",\n      ", stdout);
    if (fwrite(json, 1, len, stdout) != len)
        output->failed = true;
}

void output_array_end(struct output *output)
{
    if (fputs("\n   ]", stdout) < 0)
        output->failed = true;
}

static int column_json_type(enum column_type type)
{
    switch (type) {
    case COLUMN_NUMBER:
        return SCOLS_JSON_NUMBER;
    case COLUMN_BOOL:
        return SCOLS_JSON_BOOLEAN;
    case COLUMN_TEXT:
    case COLUMN_TIME:
    case COLUMN_BLOCK:
        break;
    }
    return SCOLS_JSON_STRING;
}

static bool table_column(const struct table *table, const struct column *column)
{
    bool json = table->output->json;
    int flags = 0;
    if (!json && column->place == COLUMN_WIDE)
        flags = SCOLS_FL_WRAP;
    else if (!json && column->type == COLUMN_NUMBER)
        flags = SCOLS_FL_RIGHT;
    struct libscols_column *made =
        scols_table_new_column(table->scols, json ? column->key : _(column->heading), 0, flags);
    return made != NULL && scols_column_set_json_type(made, column_json_type(column->type)) == 0;
}

static bool table_columns(const struct table *table)
{
    if (!table->output->json && table->shape == TABLE_RECORD)
        return scols_table_enable_noheadings(table->scols, 1) == 0 &&
               scols_table_new_column(table->scols, "heading", 0, 0) != NULL &&
               scols_table_new_column(table->scols, "value", 0, SCOLS_FL_WRAP) != NULL;
    for (size_t i = 0; i < table->count; i++)
        if ((table->output->json || table->columns[i].place != COLUMN_JSON) &&
            !table_column(table, &table->columns[i]))
            return false;
    return true;
}

struct table *table_new(struct output *output, const char *name, enum table_shape shape,
                        const struct column *columns, size_t count)
{
    struct table *table = calloc(1, sizeof(*table));
    if (table == NULL) {
        output_no_memory(output);
        return NULL;
    }
    *table = (struct table){
        .output = output,
        .scols = scols_new_table(),
        .columns = columns,
        .count = count,
        .shape = shape,
        .name = name,
        .streamed = output->csv,
    };
    if (table->scols == NULL || scols_table_set_name(table->scols, name) != 0 ||
        scols_table_enable_json(table->scols, output->json) != 0 || !table_columns(table))
        output_no_memory(output);
    return table;
}

/* The cell as text, in `buffer` or *made (to be freed); NULL: nothing to show. */
static const char *table_cell(const struct table *table, const struct column *column,
                              const struct cell *cell, char buffer[CELL_SIZE], char **made)
{
    const bool json = table->output->json, programs = json || table->output->csv;
    switch (column->type) {
    case COLUMN_NUMBER:
        (void)snprintf(buffer, CELL_SIZE, "%" PRId64, cell->number);
        return cell->none ? NULL : buffer;
    case COLUMN_BOOL:
        if (table->streamed && programs)
            return cell->number != 0 ? "true" : "false";
        if (json)
            return cell->number != 0 ? "1" : "0";
        return cell->number != 0 ? _("yes") : _("no");
    case COLUMN_TIME:
        if (cell->number == 0)
            return programs ? NULL : "-";
        if (programs)
            clock_format_utc(cell->number, buffer);
        else
            clock_format_local(cell->number, buffer);
        return buffer;
    case COLUMN_TEXT:
    case COLUMN_BLOCK:
        break;
    }
    if (cell->text == NULL || cell->text[0] == '\0')
        return NULL;
    *made = output_clean(cell->text, column->type == COLUMN_BLOCK ? '\n' : ' ');
    if (*made == NULL)
        output_no_memory(table->output);
    return *made;
}

static bool table_record(const struct table *table, const struct column *column, const char *text)
{
    struct libscols_line *line = scols_table_new_line(table->scols, NULL);
    return line != NULL && scols_line_set_data(line, 0, _(column->heading)) == 0 &&
           scols_line_set_data(line, 1, text != NULL ? text : "-") == 0;
}

static void table_flush(struct table *table)
{
    if (scols_print_table(table->scols) != 0)
        output_no_memory(table->output);
    scols_table_remove_lines(table->scols);
    table->begun = true;
    (void)scols_table_enable_noheadings(table->scols, 1);
    table->rows = 0;
}

/* -- rows that leave at once ---------------------------------------------------------------- */

void table_stream(struct table *table)
{
    if (table != NULL)
        table->streamed = true;
}

/* Only what libsmartcols would not print as one table anyway. */
static bool table_leaves(const struct table *table)
{
    return table->streamed && (table->output->json || table->output->csv);
}

/* MUST: no spreadsheet takes a text for a formula (=, +, -, @, and their wide forms, which some
 * take as well): an apostrophe stands before it. */
static bool csv_is_formula(const char *text)
{
    static const char *const begins[] = {"=",      "+",      "-",      "@",
                                         "\uff1d", "\uff0b", "\uff0d", "\uff20"};
    for (size_t i = 0; i < MEDGL_COUNT(begins); i++)
        if (strncmp(text, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

/* In quotes; `escape` stands before quotes and itself. */
static void stream_quoted(const char *before, const char *text, char escape)
{
    (void)printf("\"%s", before);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == escape)
            (void)putchar(escape);
        (void)putchar(*text);
    }
    (void)putchar('"');
}

static void csv_cell(const struct column *column, const char *text)
{
    if (text == NULL)
        return;
    const bool formula = column->type == COLUMN_TEXT && csv_is_formula(text);
    if (formula || text[strcspn(text, ",\"\r\n ")] != '\0')
        stream_quoted(formula ? "'" : "", text, '"');
    else
        (void)fputs(text, stdout);
}

static void json_cell(const struct column *column, const char *text)
{
    if (text == NULL)
        (void)fputs("null", stdout);
    else if (column->type == COLUMN_NUMBER || column->type == COLUMN_BOOL)
        (void)fputs(text, stdout);
    else
        stream_quoted("", text, '\\');
}

/* The header record, or the beginning of the array. */
static void stream_begin(struct table *table)
{
    if (table->begun)
        return;
    table->begun = true;
    if (table->output->json) {
        output_array_begin(table->output, table->name);
        return;
    }
    for (size_t i = 0; i < table->count; i++)
        (void)printf("%s%s", i > 0 ? "," : "", table->columns[i].key);
    (void)fputs("\r\n", stdout);
}

static void stream_row(struct table *table, const struct cell *cells)
{
    const bool json = table->output->json;
    stream_begin(table);
    if (json)
        (void)fputs(table->rows > 0 ? ",\n      {" : "\n      {", stdout);
    for (size_t i = 0; i < table->count; i++) {
        char buffer[CELL_SIZE];
        auto_free char *made = NULL;
        const struct column *column = &table->columns[i];
        const char *text = table_cell(table, column, &cells[i], buffer, &made);
        if (i > 0)
            (void)putchar(',');
        if (json) {
            (void)printf("\"%s\":", column->key);
            json_cell(column, text);
        } else {
            csv_cell(column, text);
        }
    }
    if (fputs(json ? "}" : "\r\n", stdout) < 0)
        table->output->failed = true;
    table->rows++;
}

static void stream_end(struct table *table)
{
    stream_begin(table);
    if (table->output->json)
        output_array_end(table->output);
}

/* -- rows ---------------------------------------------------------------------------------------
 */

void table_row(struct table *table, const struct cell *cells)
{
    if (table == NULL || table->output->failed)
        return;
    if (table_leaves(table)) {
        stream_row(table, cells);
        return;
    }
    bool record = table->shape == TABLE_RECORD && !table->output->json;
    struct libscols_line *line = record ? NULL : scols_table_new_line(table->scols, NULL);
    bool good = record || line != NULL;
    for (size_t i = 0, at = 0; good && i < table->count; i++) {
        char buffer[CELL_SIZE];
        auto_free char *made = NULL;
        if (table->columns[i].place == COLUMN_JSON && !table->output->json)
            continue;
        const char *text = table_cell(table, &table->columns[i], &cells[i], buffer, &made);
        good = record ? table_record(table, &table->columns[i], text)
                      : scols_line_set_data(line, at++, text) == 0;
    }
    if (!good)
        output_no_memory(table->output);
    if (++table->rows >= CHUNK_ROWS && !table->output->json)
        table_flush(table);
}

/* libsmartcols wraps each table in an object of its own; ours are members of one. */
static void table_print_json(const struct table *table)
{
    auto_free char *text = NULL;
    if (scols_print_table_to_string(table->scols, &text) != 0 || text == NULL) {
        output_no_memory(table->output);
        return;
    }
    const char *begin = strchr(text, '{');
    const char *end = strrchr(text, '\n');
    while (end != NULL && end > text && *end != '}')
        end--;
    output_member(table->output);
    if (begin == NULL || end == NULL || end <= begin)
        output_no_memory(table->output);
    else if (fwrite(begin + 1, 1, (size_t)(end - begin) - 2, stdout) != (size_t)(end - begin) - 2)
        table->output->failed = true;
}

void table_print(struct table **table)
{
    if (*table == NULL)
        return;
    bool failed = (*table)->output->failed;
    if (!failed && table_leaves(*table))
        stream_end(*table);
    else if (!failed && (*table)->output->json)
        table_print_json(*table);
    else if (!failed && (*table)->rows > 0)
        table_flush(*table);
    table_free(table);
}

bool table_empty(const struct table *table)
{
    return table == NULL || (table->rows == 0 && !table->begun);
}

void table_print_or(struct output *output, struct table **table, const char *none)
{
    if (table_empty(*table) && !output->json && !output->csv && !output->failed)
        output_say(output, "%s", none);
    table_print(table);
}

void table_free(struct table **table)
{
    if (*table == NULL)
        return;
    scols_unref_table((*table)->scols);
    free(*table);
    *table = NULL;
}

void output_result(struct output *output, const char *name, const char *format, ...)
{
    static const struct column columns[] = {{"name", "", COLUMN_TEXT, COLUMN_BOTH},
                                            {"message", "", COLUMN_TEXT, COLUMN_BOTH}};
    auto_free char *message = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (!output->json) {
        output_sentence(output, format, arguments);
    } else if (vasprintf(&message, format, arguments) < 0) {
        message = NULL;
        output_no_memory(output);
    } else {
        struct table *table =
            table_new(output, "result", TABLE_RECORD, columns, MEDGL_COUNT(columns));
        table_row(table, (struct cell[]){CELL_TEXT(name), CELL_TEXT(message)});
        table_print(&table);
    }
    va_end(arguments);
}

enum admin_exit output_close(struct output *output, enum admin_exit code)
{
    if (output->begun)
        (void)fputs("\n}\n", stdout);
    bool broken = ferror(stdout) != 0;
    if (fclose(stdout) != 0 || broken) {
        complain(_("The result could not be written to standard output (%s)."),
                 medgl_error_text(medgl_error_from_errno(errno)));
        return ADMIN_UNUSABLE;
    }
    return output->failed ? ADMIN_UNUSABLE : code;
}

void complain(const char *format, ...)
{
    auto_free char *raw = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&raw, format, arguments) < 0)
        raw = NULL;
    va_end(arguments);
    if (raw != NULL)
        log_line(LOG_ERR, "%s", raw);
}
