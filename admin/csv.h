/* Comma-separated values (RFC 4180) in memory: records and fields, and what is wrong with them.
 * Knows nothing of what they mean. */
#ifndef MEDGL_ADMIN_CSV_H
#define MEDGL_ADMIN_CSV_H

#include <stdbool.h>
#include <stddef.h>

#define CSV_FIELDS_MAX 32

/* The text is the caller's, with room for one byte behind it; it is written over while it is read.
 */
struct csv {
    char *at, *end;
    size_t line; /* of what comes next, from 1 */
};

/* What a file is as a whole. */
enum csv_text {
    CSV_UTF8 = 0,
    CSV_UTF16,   /* as spreadsheets save "Unicode text" */
    CSV_FOREIGN, /* some other encoding: Shift-JIS, EUC-JP */
};
/* A byte order mark was cut off before. `*line`: the first that is not UTF-8. */
enum csv_text csv_begin(char *bytes, size_t len, struct csv *csv, size_t *line);

enum csv_fault {
    CSV_SOUND = 0,
    CSV_QUOTE,    /* a quote inside of a field that does not begin with one, or text behind one */
    CSV_UNCLOSED, /* the file ends inside of quotes */
    CSV_NUL,      /* a NUL byte */
    CSV_WIDE,     /* more than CSV_FIELDS_MAX fields */
};
struct csv_record {
    size_t line; /* where it begins */
    char *field[CSV_FIELDS_MAX];
    size_t count;
    enum csv_fault fault; /* then the fields mean nothing */
};
/* The next record that is not an empty line; false: there is none. Lines end with LF or CRLF. After
 * a fault it goes on with the next line. */
bool csv_next(struct csv *csv, struct csv_record *record);

/* Whether nothing is in any of its fields: spreadsheets write such lines at the end. */
bool csv_is_blank(const struct csv_record *record);

#endif
