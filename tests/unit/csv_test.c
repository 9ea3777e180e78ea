/* Comma-separated values: what RFC 4180 says, what spreadsheets make of it, and bytes by chance,
 * none of which may lead the reader out of its text. */
#include "admin/csv.h"

#include "tests/unit/table.h"

#include <stdbool.h>
#include <string.h>

struct sheet {
    const char *name, *text;
    size_t len;          /* 0: all of the text */
    const char *records; /* "line[field|field]", one after the other; "line!fault" */
};

static const struct sheet sheets[] = {
    {"nothing", "", 0, ""},
    {"one field", "a", 0, "1[a]"},
    {"lines", "a,b\nc,d\n", 0, "1[a|b]2[c|d]"},
    {"CRLF", "a,b\r\nc,d\r\n", 0, "1[a|b]2[c|d]"},
    {"no newline at the end", "a,b\r\nc,d", 0, "1[a|b]2[c|d]"},
    {"a return at the end", "a,b\r", 0, "1[a|b]"},
    {"empty lines", "\n\r\na\n\n\nb\n\n", 0, "3[a]6[b]"},
    {"empty fields", ",\n,,\n", 0, "1[|]2[||]"},
    {"a comma at the end", "a,", 0, "1[a|]"},
    {"spaces stay", " a , b ", 0, "1[ a | b ]"},
    {"quotes", "\"a\",\"b,c\"\n", 0, "1[a|b,c]"},
    {"doubled quotes", "\"a \"\"b\"\" c\",\"\"\"\"\n", 0, "1[a \"b\" c|\"]"},
    {"empty quotes", "\"\",\"\"", 0, "1[|]"},
    {"lines inside of quotes", "\"a\nb\r\nc\",d\ne\n", 0, "1[a\nb\r\nc|d]4[e]"},
    {"a return inside of a field", "a\rb,c\n", 0, "1[a\rb|c]"},
    {"a quote inside of a field", "a\"b,c\nd\n", 0, "1!1 2[d]"},
    {"text behind a quote", "\"a\"b,c\nd\n", 0, "1!1 2[d]"},
    {"a space behind a quote", "\"a\" ,c\nd\n", 0, "1!1 2[d]"},
    {"never closed", "a\n\"b\nc\n", 0, "1[a]2!2 "},
    {"never closed at the end", "\"", 0, "1!2 "},
    {"never closed after a doubled one", "\"a\"\"", 0, "1!2 "},
    {"a NUL byte", "a\0b,c\nd\n", 8, "1!3 2[d]"},
    {"a NUL byte in quotes", "\"a\0b\",c\nd\n", 10, "1!3 2[d]"},
    {"a NUL byte alone", "\0", 1, "1!3 "},
    {"32 fields", ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,", 0, "1[|||||||||||||||||||||||||||||||]"},
    {"33 fields", ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\nd", 0, "1!4 2[d]"},
};

/* The text in memory that ends where it ends, and one byte. */
static char *exactly(const char *bytes, size_t len)
{
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return copy;
}

static void sheet_is_read(void **state)
{
    const struct sheet *sheet = *state;
    size_t len = sheet->len > 0 ? sheet->len : strlen(sheet->text), line;
    char *text = exactly(sheet->text, len);
    char *shown = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&shown, &size);
    struct csv csv;
    struct csv_record record;
    (void)csv_begin(text, len, &csv, &line);
    while (csv_next(&csv, &record)) {
        (void)fprintf(out, "%zu%s", record.line, record.fault == CSV_SOUND ? "[" : "!");
        for (size_t i = 0; record.fault == CSV_SOUND && i < record.count; i++)
            (void)fprintf(out, "%s%s", i > 0 ? "|" : "", record.field[i]);
        if (record.fault == CSV_SOUND)
            (void)fprintf(out, "]");
        else
            (void)fprintf(out, "%d ", (int)record.fault);
    }
    assert_int_equal(fclose(out), 0);
    assert_string_equal(shown, sheet->records);
    free(shown);
    free(text);
}

static const struct coding {
    const char *name, *bytes;
    size_t len;
    enum csv_text text;
    size_t line;
} codings[] = {
    {"UTF-8", "\xe5\xb1\xb1\n", 4, CSV_UTF8, 2},
    {"Shift-JIS", "a\n\x8e\x52\n", 5, CSV_FOREIGN, 2},
    {"EUC-JP", "a\nb\n\xbb\xb3\n", 7, CSV_FOREIGN, 3},
    {"UTF-8 cut short", "a\xe5\xb1", 3, CSV_FOREIGN, 1},
    {"a surrogate", "\xed\xa0\x80", 3, CSV_FOREIGN, 1},
    {"UTF-16LE", "\xff\xfe\x71\x5c", 4, CSV_UTF16, 1},
    {"UTF-16BE", "\xfe\xff\x5c\x71", 4, CSV_UTF16, 1},
    {"UTF-16LE without a mark", "a\0b\0", 4, CSV_UTF16, 1},
    {"UTF-16BE without a mark", "\0a\0b", 4, CSV_UTF16, 1},
    {"one byte", "a", 1, CSV_UTF8, 1},
    {"one byte that is none", "\xff", 1, CSV_FOREIGN, 1},
};

static void coding_is_recognised(void **state)
{
    const struct coding *coding = *state;
    char *text = exactly(coding->bytes, coding->len);
    struct csv csv;
    size_t line;
    assert_int_equal(csv_begin(text, coding->len, &csv, &line), coding->text);
    if (coding->text == CSV_FOREIGN)
        assert_int_equal(line, coding->line);
    free(text);
}

/* Few different bytes, so that they come together in all ways. Whatever is read lies inside of the
 * text, is terminated there, and every line is counted. */
static void chance_leads_nowhere(void **state)
{
    (void)state;
    static const char bytes[] = "a,\"\n\r\0\xe3";
    char text[24];
    unsigned seed = 4180;
    for (int round = 0; round < 200000; round++) {
        size_t len = (size_t)(round % (int)sizeof(text)), line, lines = 1;
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1103515245 + 12345;
            text[i] = bytes[seed / 65536 % (sizeof(bytes) - 1)];
            lines += text[i] == '\n';
        }
        char *copy = exactly(text, len);
        struct csv csv;
        struct csv_record record = {.line = 0};
        (void)csv_begin(copy, len, &csv, &line);
        for (size_t before = 0; csv_next(&csv, &record); before = record.line) {
            assert_true(record.line > before && record.line <= lines);
            for (size_t i = 0; record.fault == CSV_SOUND && i < record.count; i++)
                assert_true(record.field[i] >= copy &&
                            record.field[i] + strlen(record.field[i]) <= copy + len);
        }
        assert_ptr_equal(csv.at, copy + len);
        free(copy);
    }
}

int main(void)
{
    TABLE_ADD("CSV", sheets, sheet_is_read);
    TABLE_ADD("encoding", codings, coding_is_recognised);
    table_add("CSV", "chance leads nowhere", chance_leads_nowhere, NULL);
    return table_run("csv");
}
