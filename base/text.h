/* Text from outside: checked before it is believed, made harmless before it is shown. */
#ifndef MEDGL_BASE_TEXT_H
#define MEDGL_BASE_TEXT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Copies a NUL-terminated string whole. MEDGL_ERR_ARGUMENT when it does not fit: nothing is ever
 * cut (a cut name is another name); `to` is then the empty string. */
enum medgl_error text_copy(char *to, size_t to_size, const char *from);

/* For logs, terminals and the ledger: valid UTF-8 without control characters; each other byte
 * becomes '?'. The result is cut to fit, between two characters, and always terminated. */
void text_printable(char *to, size_t to_size, const char *from);

/* Whether it is valid UTF-8 without control characters. */
bool text_is_printable(const char *text);

/* Whether it tells a reader anything: such text with a letter or a digit of any script. Spaces, the
 * full-width one of a Japanese keyboard too, and what nobody sees are no reason, no name and no
 * place (R08, R11). */
bool text_says_something(const char *text);

/* How many bytes from the beginning on are valid UTF-8 (NUL and other controls are). */
size_t text_utf8_prefix(const char *bytes, size_t len);

/* How many bytes of printable UTF-8 stand on a line of so many columns of print, of which what is
 * wide in Japanese has two. A line ends behind such a character or a space, never before the column
 * `least`, so that a telephone number stays in one piece; where there is none, anywhere. Of what is
 * not empty never 0, given two columns. */
size_t text_fit(const char *text, int columns, int least);

/* Lower-case hexadecimal; `to` holds 2 * len + 1. */
void text_hex(char *to, const void *bytes, size_t len);
/* The reverse: exactly len bytes from exactly 2 * len digits. MEDGL_ERR_ARGUMENT. */
enum medgl_error text_unhex(void *bytes, size_t len, const char *text);

/* Whether two names are one to whoever reads them: case, width (full-width and half-width forms),
 * what stands between their words and the order of these do not count. Of an empty one: never. */
bool text_same_name(const char *a, const char *b);

/* A login name that Debian's useradd would have made, or a site's directory: 1..255 bytes,
 * no control characters, no '/', ':' or white space, not starting with '-'. */
bool text_is_login_name(const char *name);

#endif
