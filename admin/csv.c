/* Comma-separated values (RFC 4180) in memory. Cuts fields out in place, and copies nothing. */
#include "admin/csv.h"

#include "base/text.h"

#include <string.h>

enum csv_text csv_begin(char *bytes, size_t len, struct csv *csv, size_t *line)
{
    size_t good = text_utf8_prefix(bytes, len);
    *csv = (struct csv){.at = bytes, .end = bytes + len, .line = 1};
    *line = 1;
    if (len >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0 ||
                     bytes[0] == '\0' || bytes[1] == '\0'))
        return CSV_UTF16;
    for (const char *at = bytes; at < bytes + good; at++)
        *line += *at == '\n';
    return good == len ? CSV_UTF8 : CSV_FOREIGN;
}

/* Whether the field ends here: a comma, the end of the line, or of the text. */
static bool csv_field_ends(const struct csv *csv, const char *at)
{
    return at == csv->end || *at == ',' || *at == '\n' ||
           (*at == '\r' && (at + 1 == csv->end || at[1] == '\n'));
}

/* A field in quotes; `*at` is behind the first. Doubled ones become one. */
static enum csv_fault csv_quoted(struct csv *csv, char **at, char **to)
{
    for (; *at < csv->end; (*at)++) {
        if (**at == '"' && (*at + 1 == csv->end || (*at)[1] != '"')) {
            (*at)++;
            return csv_field_ends(csv, *at) ? CSV_SOUND : CSV_QUOTE;
        }
        if (**at == '\0')
            return CSV_NUL;
        *at += **at == '"';
        csv->line += **at == '\n';
        *(*to)++ = **at;
    }
    return CSV_UNCLOSED;
}

static enum csv_fault csv_plain(const struct csv *csv, char **at, char **to)
{
    for (; !csv_field_ends(csv, *at); (*at)++) {
        if (**at == '"')
            return CSV_QUOTE;
        if (**at == '\0')
            return CSV_NUL;
        *(*to)++ = **at;
    }
    return CSV_SOUND;
}

/* One field from csv->at on, which is then behind what ended it. */
static enum csv_fault csv_field(struct csv *csv, struct csv_record *record, bool *last)
{
    char *at = csv->at, *to = csv->at;
    bool quoted = at < csv->end && *at == '"';
    if (record->count == CSV_FIELDS_MAX)
        return CSV_WIDE;
    record->field[record->count++] = to;
    at += quoted;
    enum csv_fault fault = quoted ? csv_quoted(csv, &at, &to) : csv_plain(csv, &at, &to);
    csv->at = at;
    if (fault != CSV_SOUND)
        return fault;
    *last = at == csv->end || *at != ',';
    at += at < csv->end && *at == '\r';
    csv->at = at < csv->end ? at + 1 : at;
    *to = '\0'; /* may be on what ended it */
    return CSV_SOUND;
}

bool csv_next(struct csv *csv, struct csv_record *record)
{
    bool last = false;
    while (csv->at < csv->end && (*csv->at == '\n' || *csv->at == '\r'))
        csv->line += *csv->at++ == '\n';
    *record = (struct csv_record){.line = csv->line};
    if (csv->at == csv->end)
        return false;
    while (!last && record->fault == CSV_SOUND)
        record->fault = csv_field(csv, record, &last);
    if (record->fault != CSV_SOUND) {
        char *end = memchr(csv->at, '\n', (size_t)(csv->end - csv->at));
        csv->at = end != NULL ? end + 1 : csv->end;
    }
    csv->line++;
    return true;
}

bool csv_is_blank(const struct csv_record *record)
{
    for (size_t i = 0; i < record->count; i++)
        if (record->field[i][0] != '\0')
            return false;
    return record->fault == CSV_SOUND;
}
