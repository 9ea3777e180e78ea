/* What programs and spreadsheets get from a streamed table. */
#include "admin/admin.h"

#include "base/log.h"
#include "tests/unit/table.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What goes to standard output until it is asked for. */
static FILE *caught;
static int shown;

static void catch_output(void)
{
    caught = tmpfile();
    assert_non_null(caught);
    (void)fflush(stdout);
    shown = dup(STDOUT_FILENO);
    assert_true(dup2(fileno(caught), STDOUT_FILENO) >= 0);
}

static const char *caught_output(void)
{
    static char text[4096];
    (void)fflush(stdout);
    assert_true(dup2(shown, STDOUT_FILENO) >= 0 && close(shown) == 0);
    rewind(caught);
    text[fread(text, 1, sizeof(text) - 1, caught)] = '\0';
    (void)fclose(caught);
    return text;
}

static const struct column columns[] = {
    {"text", "TEXT", COLUMN_TEXT, COLUMN_BOTH},
    {"number", "NUMBER", COLUMN_NUMBER, COLUMN_JSON},
};

static const struct cell_case {
    const char *name, *text, *csv, *json;
} cells[] = {
    {"plain", "sshd", "sshd", "\"sshd\""},
    {"nothing", "", "", "null"},
    {"none", NULL, "", "null"},
    {"a comma", "a,b", "\"a,b\"", "\"a,b\""},
    {"a quote", "a\"b", "\"a\"\"b\"", "\"a\\\"b\""},
    {"a backslash", "a\\b", "a\\b", "\"a\\\\b\""},
    {"a space", "uid 1000", "\"uid 1000\"", "\"uid 1000\""},
    {"a newline becomes harmless", "a\nb", "\"a b\"", "\"a b\""},
    {"an escape sequence too", "\033[31m", "?[31m", "\"?[31m\""},
    {"Japanese", "山田", "山田", "\"山田\""},
    {"a formula", "=1+1", "\"'=1+1\"", "\"=1+1\""},
    {"a formula with a quote", "=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"",
     "\"=HYPERLINK(\\\"x\\\")\""},
    {"a plus", "+81", "\"'+81\"", "\"+81\""},
    {"a minus", "-1", "\"'-1\"", "\"-1\""},
    {"an at", "@SUM(A1)", "\"'@SUM(A1)\"", "\"@SUM(A1)\""},
    {"a wide formula", "＝1", "\"'＝1\"", "\"＝1\""},
    {"a wide plus", "＋1", "\"'＋1\"", "\"＋1\""},
    {"a wide minus", "－1", "\"'－1\"", "\"－1\""},
    {"a wide at", "＠1", "\"'＠1\"", "\"＠1\""},
    {"an equals sign within", "a=1", "a=1", "\"a=1\""},
    {"an apostrophe", "'=1", "'=1", "\"'=1\""},
};

static void cell_in_csv(void **state)
{
    const struct cell_case *row = *state;
    char expected[256];
    struct output output = {.csv = true};
    catch_output();
    struct table *table = table_new(&output, "rows", TABLE_LIST, columns, MEDGL_COUNT(columns));
    output_say(&output, "for people");
    output_raw(&output, "\n", 1);
    table_row(table, (struct cell[]){CELL_TEXT(row->text), CELL_NUMBER(-7)});
    table_row(table, (struct cell[]){CELL_TEXT("x"), CELL_NONE});
    table_print(&table);
    (void)snprintf(expected, sizeof(expected), "text,number\r\n%s,-7\r\nx,\r\n", row->csv);
    assert_string_equal(caught_output(), expected);
}

static void cell_in_json(void **state)
{
    const struct cell_case *row = *state;
    char expected[256];
    struct output output = {.json = true};
    catch_output();
    struct table *table = table_new(&output, "rows", TABLE_LIST, columns, MEDGL_COUNT(columns));
    table_stream(table);
    table_row(table, (struct cell[]){CELL_TEXT(row->text), CELL_NUMBER(-7)});
    table_row(table, (struct cell[]){CELL_TEXT("x"), CELL_NONE});
    table_print(&table);
    (void)snprintf(expected, sizeof(expected),
                   "{\n   \"rows\": [\n      {\"text\":%s,\"number\":-7},\n      "
                   "{\"text\":\"x\",\"number\":null}\n   ]",
                   row->json);
    assert_string_equal(caught_output(), expected);
}

/* Times and answers as programs take them, and an empty table. */
static void other_columns(void **state)
{
    static const struct column others[] = {
        {"time", "", COLUMN_TIME, COLUMN_BOTH},
        {"answer", "", COLUMN_BOOL, COLUMN_BOTH},
    };
    struct output output = {.csv = true};
    (void)state;
    catch_output();
    struct table *table = table_new(&output, "rows", TABLE_LIST, others, MEDGL_COUNT(others));
    table_row(table, (struct cell[]){CELL_NUMBER(1000), CELL_NUMBER(1)});
    table_row(table, (struct cell[]){CELL_NUMBER(0), CELL_NUMBER(0)});
    table_print(&table);
    assert_string_equal(caught_output(),
                        "time,answer\r\n1970-01-01T00:00:01.000Z,true\r\n,false\r\n");
    catch_output();
    table = table_new(&output, "rows", TABLE_LIST, others, MEDGL_COUNT(others));
    table_print(&table);
    assert_string_equal(caught_output(), "time,answer\r\n");
    output = (struct output){.json = true};
    catch_output();
    table = table_new(&output, "rows", TABLE_LIST, others, MEDGL_COUNT(others));
    table_stream(table);
    table_print(&table);
    assert_string_equal(caught_output(), "{\n   \"rows\": [\n   ]");
}

int main(void)
{
    log_open(LOG_TARGET_NONE, "test", 0);
    TABLE_ADD("CSV", cells, cell_in_csv);
    TABLE_ADD("JSON", cells, cell_in_json);
    table_add("streams", "times, answers, nothing", other_columns, NULL);
    return table_run("output");
}
