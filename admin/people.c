/* The noun account, where people come in from a CSV file. Every row is checked and reported with
 * its line; what a row says of a person is not repeated. */
#include "admin/admin.h"

#include "admin/csv.h"
#include "base/text.h"
#include "operation/account.h"
#include "operation/identity.h"

#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ROWS_MAX 20000

enum fact {
    FACT_NAME,
    FACT_CLASS,
    FACT_FULL_NAME,
    FACT_READING,
    FACT_STAFF_NUMBER,
    FACT_BIRTH_DATE,
    FACT_HOURS,
    FACT_PLACES,
    FACT_SERVICES,
    FACT_SESSIONS_MAX,
    FACT_IDLE,
    FACT_SHARED,
    FACT_FACTOR,
    FACT_COMPANY,
    FACT_COUNT,
};
static const char *const fact_words[FACT_COUNT] = {
    "name",   "class",    "full_name",    "reading", "staff_number", "birth_date", "hours",
    "places", "services", "sessions_max", "idle",    "shared",       "factor",     "company"};

enum row_result {
    ROW_REFUSED = 0,
    ROW_ADDED, /* or would be */
    ROW_LEFT,  /* nothing is wrong with it, but with another one */
    ROW_UNTRIED,
};
struct row {
    size_t line;
    const char *fact[FACT_COUNT]; /* "" where there is none */
    struct unix_user user;
    enum account_class class_;
    enum row_result result;
    char why[OPERATION_WHY_SIZE];
};

struct sheet {
    struct admin *admin;
    struct csv csv;
    enum fact column[CSV_FIELDS_MAX];
    size_t columns;
    enum account_class class_; /* of who has none in the file */
    struct row *rows;
    size_t count, refused, added;
    void *names;        /* a tree of the rows by name, see tsearch(3) */
    struct row **tried; /* those that were not refused, in order */
    size_t tried_count;
    bool dry_run, all_or_nothing, progress;
};

static void sheet_free_nothing(void *row)
{
    (void)row; /* of the array */
}

static void sheet_free(struct sheet *sheet)
{
    tdestroy(sheet->names, sheet_free_nothing);
    free(sheet->rows);
    free(sheet->tried);
}

__attribute__((format(printf, 3, 4))) static void row_refuse(struct sheet *sheet, struct row *row,
                                                             const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(row->why, sizeof(row->why), format, arguments);
    va_end(arguments);
    row->result = ROW_REFUSED;
    sheet->refused++;
}

/* -- the header ----------------------------------------------------------------------------- */

static enum admin_exit sheet_unusable(const struct sheet *sheet, const char *what)
{
    complain("%s: %s", sheet->admin->options.value[OPTION_FROM], what);
    return ADMIN_USAGE;
}

static enum admin_exit sheet_begin(struct sheet *sheet)
{
    const struct secret *from = &sheet->admin->from;
    size_t line;
    switch (csv_begin((char *)from->bytes, from->len, &sheet->csv, &line)) {
    case CSV_UTF8:
        return ADMIN_DONE;
    case CSV_UTF16:
        return sheet_unusable(sheet, _("this is UTF-16. Save it as \"CSV UTF-8\"."));
    case CSV_FOREIGN:
        break;
    }
    complain(_("%s: line %zu is not UTF-8; Shift-JIS, as spreadsheets save plain \"CSV\", is not "
               "read. Save it as \"CSV UTF-8\"."),
             sheet->admin->options.value[OPTION_FROM], line);
    return ADMIN_USAGE;
}

static bool header_column(struct sheet *sheet, const char *word)
{
    enum fact fact = FACT_NAME;
    while (fact < FACT_COUNT && strcmp(fact_words[fact], word) != 0)
        fact++;
    bool good = fact < FACT_COUNT;
    for (size_t i = 0; i < sheet->columns; i++)
        good = good && sheet->column[i] != fact;
    if (good)
        sheet->column[sheet->columns++] = fact;
    else
        complain(fact < FACT_COUNT ? _("%s: the column \"%s\" is there twice")
                                   : _("%s: there is no column \"%s\"; those that may be there are "
                                       "name, class, full_name, reading, staff_number, birth_date, "
                                       "hours, places, services, sessions_max, idle, shared, "
                                       "factor and company, separated by commas"),
                 sheet->admin->options.value[OPTION_FROM], word);
    return good;
}

static enum admin_exit sheet_header(struct sheet *sheet)
{
    struct csv_record header;
    bool named = false;
    if (!csv_next(&sheet->csv, &header))
        return sheet_unusable(sheet, _("there is nothing in it"));
    if (header.fault != CSV_SOUND)
        return sheet_unusable(sheet, _("its first line does not name columns"));
    for (size_t i = 0; i < header.count; i++) {
        if (!header_column(sheet, header.field[i]))
            return ADMIN_USAGE;
        named = named || sheet->column[i] == FACT_NAME;
    }
    return named ? ADMIN_DONE : sheet_unusable(sheet, _("the column \"name\" is missing"));
}

/* -- rows ----------------------------------------------------------------------------------- */

static int row_compare(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->user.name, ((const struct row *)b)->user.name);
}

/* What is wrong with the line as such; NULL: nothing. */
static const char *row_fault(enum csv_fault fault)
{
    switch (fault) {
    case CSV_SOUND:
        return NULL;
    case CSV_QUOTE:
        return _("a quote stands where none can");
    case CSV_UNCLOSED:
        return _("a quote is never closed");
    case CSV_NUL:
        return _("there is a NUL byte in it");
    case CSV_WIDE:
        break;
    }
    return _("it has too many fields");
}

/* The user, the class, and that no other row is the same; the rest is for operation/ to say.
 * MEDGL_ERR_IO: the user database gives no answer. */
static enum medgl_error row_check(struct sheet *sheet, struct row *row)
{
    const char *name = row->fact[FACT_NAME], *class_ = row->fact[FACT_CLASS];
    if (name[0] == '\0') {
        row_refuse(sheet, row, "%s", _("the name is missing"));
        return MEDGL_OK;
    }
    if (!text_is_login_name(name)) {
        row_refuse(sheet, row, "%s", _("that cannot be a login name"));
        return MEDGL_OK;
    }
    MEDGL_TRY(unix_user_find(name, &row->user));
    row->class_ = sheet->class_;
    if (!row->user.exists) {
        row_refuse(sheet, row, "%s", _("there is no such Unix user"));
    } else if (class_[0] != '\0' && account_class_parse(class_, &row->class_) != MEDGL_OK) {
        row->class_ = 0;
        row_refuse(sheet, row, "%s",
                   _("the class must be staff, privileged, maintenance or breakglass"));
    } else {
        struct row *const *first = tsearch(row, &sheet->names, row_compare);
        if (first == NULL)
            return MEDGL_ERR_MEMORY;
        if (*first != row)
            row_refuse(sheet, row, _("the same name stands in line %zu"), (*first)->line);
    }
    return MEDGL_OK;
}

static enum medgl_error row_read(struct sheet *sheet, const struct csv_record *record)
{
    struct row *row = &sheet->rows[sheet->count++];
    row->line = record->line;
    row->result = ROW_UNTRIED;
    for (size_t i = 0; i < FACT_COUNT; i++)
        row->fact[i] = "";
    const char *fault = row_fault(record->fault);
    if (fault == NULL)
        for (size_t i = 0; i < record->count && i < sheet->columns; i++)
            row->fact[sheet->column[i]] = record->field[i];
    if (fault != NULL)
        row_refuse(sheet, row, "%s", fault);
    else if (record->count != sheet->columns)
        row_refuse(sheet, row, _("it has %zu fields, the first line has %zu"), record->count,
                   sheet->columns);
    else
        return row_check(sheet, row);
    return MEDGL_OK;
}

static size_t sheet_lines(const struct sheet *sheet)
{
    size_t lines = 1;
    for (const char *at = sheet->csv.at; at < sheet->csv.end; at++)
        lines += *at == '\n';
    return lines < ROWS_MAX ? lines : ROWS_MAX;
}

static enum admin_exit sheet_read(struct sheet *sheet)
{
    struct csv_record record;
    size_t room = sheet_lines(sheet);
    sheet->rows = calloc(room, sizeof(*sheet->rows));
    sheet->tried = calloc(room, sizeof(struct row *));
    if (sheet->rows == NULL || sheet->tried == NULL)
        return admin_failed(MEDGL_ERR_MEMORY, "", NULL);
    while (csv_next(&sheet->csv, &record)) {
        if (csv_is_blank(&record))
            continue;
        if (sheet->count == ROWS_MAX) {
            complain(_("%s has more than %d rows: split it."),
                     sheet->admin->options.value[OPTION_FROM], ROWS_MAX);
            return ADMIN_USAGE;
        }
        enum medgl_error error = row_read(sheet, &record);
        if (error != MEDGL_OK)
            return admin_failed(error, "", NULL);
    }
    return sheet->count > 0 ? ADMIN_DONE
                            : sheet_unusable(sheet, _("nobody is in it but its first line"));
}

/* -- adding --------------------------------------------------------------------------------- */

static void sheet_progress(struct sheet *sheet, size_t done)
{
    if (sheet->progress && (done % 16 == 0 || done == sheet->tried_count))
        (void)fprintf(stderr, "\r%zu/%zu", done, sheet->tried_count);
}

static void sheet_outcome(void *argument, size_t index, enum medgl_error error, const char *why)
{
    struct sheet *sheet = argument;
    struct row *row = sheet->tried[index];
    sheet_progress(sheet, index + 1);
    if (error == MEDGL_OK || error == MEDGL_ERR_ABORTED) {
        bool left = error != MEDGL_OK || (sheet->all_or_nothing && sheet->refused > 0);
        row->result = left ? ROW_LEFT : ROW_ADDED;
        sheet->added += !left;
    } else if (error == MEDGL_ERR_ARGUMENT || error == MEDGL_ERR_EXISTS) {
        row_refuse(sheet, row, "%s", why);
    } else {
        row_refuse(sheet, row, "%s", medgl_error_text(error));
    }
}

static struct account_add_request row_request(const struct row *row)
{
    const char *full_name = row->fact[FACT_FULL_NAME];
    return (struct account_add_request){
        .name = row->user.name,
        .uid = row->user.uid,
        .class_ = row->class_,
        .person = {.full_name = full_name[0] != '\0' ? full_name : row->user.full_name,
                   .reading = row->fact[FACT_READING],
                   .staff_number = row->fact[FACT_STAFF_NUMBER],
                   .birth_date = row->fact[FACT_BIRTH_DATE]},
        .rules = {.hours = row->fact[FACT_HOURS],
                  .places = row->fact[FACT_PLACES],
                  .services = row->fact[FACT_SERVICES],
                  .sessions = row->fact[FACT_SESSIONS_MAX],
                  .idle = row->fact[FACT_IDLE],
                  .shared = row->fact[FACT_SHARED],
                  .factor = row->fact[FACT_FACTOR],
                  .company = row->fact[FACT_COMPANY]}};
}

static enum medgl_error sheet_add(struct sheet *sheet)
{
    auto_free struct account_add_request *requests = calloc(sheet->count, sizeof(*requests));
    if (requests == NULL)
        return MEDGL_ERR_MEMORY;
    for (size_t i = 0; i < sheet->count; i++)
        if (sheet->rows[i].result == ROW_UNTRIED) {
            requests[sheet->tried_count] = row_request(&sheet->rows[i]);
            sheet->tried[sheet->tried_count++] = &sheet->rows[i];
        }
    const struct account_add_many many = {.requests = requests,
                                          .count = sheet->tried_count,
                                          .dry_run = sheet->dry_run ||
                                                     (sheet->all_or_nothing && sheet->refused > 0),
                                          .all_or_nothing = sheet->all_or_nothing,
                                          .argument = sheet,
                                          .outcome = sheet_outcome};
    return operation_account_add_many(&sheet->admin->context, &many);
}

/* -- the report ----------------------------------------------------------------------------- */

static const char *row_word(const struct sheet *sheet, enum row_result result)
{
    switch (result) {
    case ROW_ADDED:
        return sheet->dry_run ? "would-be-added" : "added";
    case ROW_LEFT:
        return "left-out";
    case ROW_UNTRIED:
        return "not-tried";
    case ROW_REFUSED:
        break;
    }
    return "refused";
}

/* For people, what was added as the file has it needs no line of its own. */
static void sheet_report(const struct sheet *sheet)
{
    static const struct column columns[] = {
        {"line", N_("LINE"), COLUMN_NUMBER, COLUMN_BOTH},
        {"name", N_("NAME"), COLUMN_TEXT, COLUMN_BOTH},
        {"class", N_("CLASS"), COLUMN_TEXT, COLUMN_BOTH},
        {"result", N_("RESULT"), COLUMN_TEXT, COLUMN_BOTH},
        {"why", N_("WHY"), COLUMN_TEXT, COLUMN_WIDE},
    };
    struct output *output = &sheet->admin->output;
    struct table *table = table_new(output, "rows", TABLE_LIST, columns, MEDGL_COUNT(columns));
    for (size_t i = 0; i < sheet->count; i++) {
        const struct row *row = &sheet->rows[i];
        if (!output->json && !sheet->dry_run && row->result == ROW_ADDED)
            continue;
        bool known = row->class_ != 0;
        table_row(table,
                  (struct cell[]){
                      CELL_NUMBER(row->line),
                      CELL_TEXT(row->fact[FACT_NAME]),
                      CELL_TEXT(known ? account_class_word(row->class_) : ""),
                      CELL_TEXT(row_word(sheet, row->result)),
                      CELL_TEXT(row->result == ROW_LEFT ? _("another row was refused") : row->why),
                  });
    }
    table_print(&table);
}

static void sheet_summary(const struct sheet *sheet)
{
    static const struct column columns[] = {
        {"rows", "", COLUMN_NUMBER, COLUMN_BOTH},
        {"added", "", COLUMN_NUMBER, COLUMN_BOTH},
        {"refused", "", COLUMN_NUMBER, COLUMN_BOTH},
        {"dry_run", "", COLUMN_BOOL, COLUMN_BOTH},
    };
    struct output *output = &sheet->admin->output;
    output_say(output,
               sheet->dry_run ? _("Rows: %zu. Would be added: %zu. Refused: %zu. Nothing was done.")
                              : _("Rows: %zu. Added: %zu. Refused: %zu."),
               sheet->count, sheet->added, sheet->refused);
    if (!output->json)
        return;
    struct table *table = table_new(output, "summary", TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(table, (struct cell[]){CELL_NUMBER(sheet->count), CELL_NUMBER(sheet->added),
                                     CELL_NUMBER(sheet->refused), CELL_NUMBER(sheet->dry_run)});
    table_print(&table);
}

enum admin_exit account_add_from(struct admin *admin)
{
    const char *const *value = admin->options.value;
    auto_clean(sheet_free) struct sheet sheet = {
        .admin = admin,
        .class_ = ACCOUNT_CLASS_STAFF,
        .dry_run = value[OPTION_DRY_RUN] != NULL,
        .all_or_nothing = value[OPTION_ALL_OR_NOTHING] != NULL,
        .progress = isatty(STDERR_FILENO),
    };
    if (value[OPTION_CLASS] != NULL)
        (void)account_class_parse(value[OPTION_CLASS], &sheet.class_); /* it was checked */
    enum admin_exit code = sheet_begin(&sheet);
    if (code == ADMIN_DONE)
        code = sheet_header(&sheet);
    if (code == ADMIN_DONE)
        code = sheet_read(&sheet);
    if (code != ADMIN_DONE)
        return code;
    enum medgl_error error = sheet_add(&sheet);
    if (sheet.progress && sheet.tried_count > 0)
        (void)fputc('\n', stderr);
    bool ended = error != MEDGL_OK && error != MEDGL_ERR_REFUSED;
    if (ended)
        code = admin_failed(error, "", NULL);
    if (ended && sheet.added == 0)
        return code;
    sheet_report(&sheet);
    sheet_summary(&sheet);
    if (ended)
        return code;
    return sheet.refused > 0 ? ADMIN_REFUSED : ADMIN_DONE;
}
