/* A look at an entry's line before it is decoded: a report reads a million of them and shows few.
 * It says nothing of whether the line is sound; ledger_entry_decode() does, of what is left. */
#ifndef MEDGL_LEDGER_PEEK_H
#define MEDGL_LEDGER_PEEK_H

#include <stdbool.h>
#include <stddef.h>

/* Parts of the line; none ends with a NUL. */
struct ledger_peek {
    const char *time; /* CLOCK_TEXT_SIZE - 1 bytes; they sort as times do */
    const char *kind;
    size_t kind_len;
    const char *rest; /* from behind the kind on: actor, subject, details */
    size_t rest_len;
};

/* False: the line is not of the one form, as far as that was looked at. */
bool ledger_peek(const char *line, size_t len, struct ledger_peek *peek);

/* The bytes `"key":"value"` as they stand in a line that says so, NUL-terminated; `key` NULL: the
 * value and the quote behind it alone, which also ends a longer value. 0: they do not fit. A quote
 * inside of a text has a backslash before it, so nothing else in a line looks like that. */
size_t ledger_peek_needle(const char *key, const char *value, char *needle, size_t size);

/* The raw text of a key, up to its quote; NULL: it is not there, or has an escape in it. */
const char *ledger_peek_text(const struct ledger_peek *peek, const char *key, size_t *len);

#endif
