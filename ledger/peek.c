/* A look at an entry's line before it is decoded. Reads nothing beyond its length. */
#include "ledger/peek.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define KEY_SIZE 64

/* What is left of the line. */
struct peek_scan {
    const char *at, *end;
};

static bool peek_literal(struct peek_scan *s, const char *literal)
{
    const size_t len = strlen(literal);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, literal, len) != 0)
        return false;
    s->at += len;
    return true;
}

/* The text up to its quote, which is passed. */
static bool peek_text(struct peek_scan *s, const char **text, size_t *len)
{
    *text = s->at;
    for (; s->at < s->end; s->at++) {
        if (*s->at == '"') {
            *len = (size_t)(s->at++ - *text);
            return true;
        }
        if (*s->at == '\\')
            s->at++; /* what stands behind it is no end */
    }
    s->at = s->end; /* also where the backslash was the last byte */
    return false;
}

bool ledger_peek(const char *line, size_t len, struct ledger_peek *peek)
{
    struct peek_scan s = {line, line + len};
    const char *text;
    size_t text_len;
    if (!peek_literal(&s, "{\"seq\":"))
        return false;
    while (s.at < s.end && *s.at >= '0' && *s.at <= '9')
        s.at++;
    if (!peek_literal(&s, ",\"time\":\"") || !peek_text(&s, &peek->time, &text_len) ||
        text_len != CLOCK_TEXT_SIZE - 1 || !peek_literal(&s, ",\"clock\":\"") ||
        !peek_text(&s, &text, &text_len) || !peek_literal(&s, ",\"origin\":\"") ||
        !peek_text(&s, &text, &text_len) || !peek_literal(&s, ",\"kind\":\"") ||
        !peek_text(&s, &peek->kind, &peek->kind_len))
        return false;
    peek->rest = s.at;
    peek->rest_len = (size_t)(s.end - s.at);
    return true;
}

size_t ledger_peek_needle(const char *key, const char *value, char *needle, size_t size)
{
    int begun = key != NULL ? snprintf(needle, size, "\"%s\":\"", key) : 0;
    if (begun < 0 || (size_t)begun >= size)
        return 0;
    size_t used = (size_t)begun;
    for (; *value != '\0'; value++) {
        const bool escaped = *value == '"' || *value == '\\';
        if (used + 3 + escaped > size) /* it, the quote, the NUL */
            return 0;
        if (escaped)
            needle[used++] = '\\';
        needle[used++] = *value;
    }
    if (used + 2 > size)
        return 0;
    needle[used++] = '"';
    needle[used] = '\0';
    return used;
}

const char *ledger_peek_text(const struct ledger_peek *peek, const char *key, size_t *len)
{
    char needle[KEY_SIZE];
    const int needle_len = snprintf(needle, sizeof(needle), "\"%s\":\"", key);
    if (needle_len < 0 || needle_len >= KEY_SIZE)
        return NULL;
    const char *found = memmem(peek->rest, peek->rest_len, needle, (size_t)needle_len);
    if (found == NULL)
        return NULL;
    const char *text = found + needle_len;
    const char *end = memchr(text, '"', (size_t)(peek->rest + peek->rest_len - text));
    if (end == NULL || memchr(text, '\\', (size_t)(end - text)) != NULL)
        return NULL;
    *len = (size_t)(end - text);
    return text;
}
