/* Lines of the ledger, read in the one form that they have. Reads a byte once or twice, and makes
 * no memory but one buffer. */
#include "ledger/scan.h"

#include "base/text.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

/* What is left of a line; NULs stand behind its end. */
struct scan {
    char *at;
};

/* What names of fields are made of. */
enum {
    BYTE_NAME = 1,
    BYTE_LOWER = 2,
};
static const unsigned char bytes_of[256] = {
    ['0' ... '9'] = BYTE_NAME,
    ['_'] = BYTE_NAME,
    ['a' ... 'z'] = BYTE_NAME | BYTE_LOWER,
};

static bool byte_is(char c, int what)
{
    return (bytes_of[(unsigned char)c] & what) != 0;
}

#define EVERY(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Sets the high bit of the first zero byte, and maybe of later ones; of none where there is none.
 */
static inline uint64_t first_zero(uint64_t bytes)
{
    return (bytes - EVERY(0x01)) & ~bytes;
}

/* The first byte that is not plain: printable ASCII other than quote and backslash needs no second
 * look in a text. Eight at a time; SCAN_SLACK makes that safe, and its NULs end it. What is
 * borrowed or carried comes from a byte that is not plain itself, and in front: the lowest bit is
 * right. */
static char *scan_plain(char *at)
{
    for (;; at += sizeof(uint64_t)) {
        uint64_t bytes;
        memcpy(&bytes, at, sizeof(bytes));
        bytes = le64toh(bytes);
        const uint64_t odd = (bytes | (bytes + EVERY(0x01)) | ((bytes - EVERY(' ')) & ~bytes) |
                              first_zero(bytes ^ EVERY('"')) | first_zero(bytes ^ EVERY('\\'))) &
                             EVERY(0x80);
        if (odd != 0)
            return at + __builtin_ctzll(odd) / 8;
    }
}

/* In line, so that the comparison with a constant is one of words. */
static inline __attribute__((always_inline)) bool scan_bytes(struct scan *s, const char *bytes,
                                                             size_t len)
{
    if (memcmp(s->at, bytes, len) != 0)
        return false;
    s->at += len;
    return true;
}

/* A string constant, of at most SCAN_SLACK bytes. */
#define SCAN(s, literal)                                                                           \
    __extension__({                                                                                \
        _Static_assert(sizeof(literal) - 1 <= SCAN_SLACK,                                          \
                       "longer than what stands behind a line");                                   \
        scan_bytes(s, literal, sizeof(literal) - 1);                                               \
    })

/* One that has more than plain bytes, from `text` on. */
static bool scan_text_slow(struct scan *s, const char *text)
{
    char *to = s->at;
    for (;;) {
        char c = *s->at++;
        if (c == '"')
            break;
        if (c == '\\') { /* printable texts need no other escape, so no other is the one form */
            c = *s->at++;
            if (c != '"' && c != '\\')
                return false;
        }
        if (c == '\0')
            return false;
        *to++ = c;
    }
    *to = '\0';
    return text_is_printable(text);
}

static bool scan_text(struct scan *s, const char **text)
{
    if (*s->at != '"')
        return false;
    *text = ++s->at;
    s->at = scan_plain(s->at);
    if (*s->at != '"')
        return scan_text_slow(s, *text);
    *s->at++ = '\0';
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Counted below zero, where there is one more than above it. */
static bool scan_number(struct scan *s, int64_t *number)
{
    const bool negative = *s->at == '-';
    const char *at = s->at + negative;
    int64_t value = 0;
    if (!is_digit(at[0]) || (at[0] == '0' && (negative || is_digit(at[1]))))
        return false;
    for (; is_digit(*at); at++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, *at - '0', &value))
            return false;
    s->at += at - s->at;
    *number = value;
    return negative || !__builtin_sub_overflow(INT64_C(0), value, number);
}

static bool scan_bool(struct scan *s, int64_t *value)
{
    *value = SCAN(s, "true");
    return *value != 0 || SCAN(s, "false");
}

/* "name": of a field. */
static bool scan_name(struct scan *s, const char **name, size_t *len)
{
    if (s->at[0] != '"' || !byte_is(s->at[1], BYTE_LOWER))
        return false;
    *name = ++s->at;
    while (byte_is(*s->at, BYTE_NAME))
        s->at++;
    *len = (size_t)(s->at - *name);
    if (s->at[0] != '"' || s->at[1] != ':')
        return false;
    *s->at = '\0';
    s->at += 2;
    return true;
}

static bool scan_value(struct scan *s, struct ledger_field *field)
{
    field->text = NULL;
    field->number = 0;
    switch (*s->at) {
    case '"':
        field->type = LEDGER_FIELD_TEXT;
        return scan_text(s, &field->text);
    case 't':
    case 'f':
        field->type = LEDGER_FIELD_BOOL;
        return scan_bool(s, &field->number);
    default:
        field->type = LEDGER_FIELD_NUMBER;
        return scan_number(s, &field->number);
    }
}

static bool scan_details(struct scan *s, struct ledger_entry *entry)
{
    size_t len[LEDGER_FIELDS_MAX];
    size_t count = 0;
    if (!SCAN(s, "{"))
        return false;
    while (*s->at != '}') {
        struct ledger_field *field = &entry->fields[count];
        if (count == LEDGER_FIELDS_MAX || (count > 0 && !SCAN(s, ",")) ||
            !scan_name(s, &field->name, &len[count]))
            return false;
        for (size_t i = 0; i < count; i++)
            if (len[i] == len[count] && memcmp(entry->fields[i].name, field->name, len[i]) == 0)
                return false;
        if (!scan_value(s, field))
            return false;
        entry->field_count = ++count;
    }
    s->at++;
    return true;
}

static bool scan_clock(struct scan *s, bool *synchronised)
{
    *synchronised = SCAN(s, "\"synchronised\"");
    return *synchronised || SCAN(s, "\"unsynchronised\"");
}

/* A time before 1970 is no clock's, and what clock_format_utc() gives for one out of its range. */
static bool scan_time(struct scan *s, medgl_time *t)
{
    const char *text;
    return scan_text(s, &text) && clock_parse_utc(text, t) == MEDGL_OK && *t >= 0;
}

static bool scan_kind(struct scan *s, enum ledger_kind *kind)
{
    const char *word;
    return scan_text(s, &word) && ledger_kind_parse(word, kind) == MEDGL_OK;
}

static bool scan_subject(struct scan *s, struct ledger_subject *subject)
{
    *subject = (struct ledger_subject){NULL, NULL};
    return SCAN(s, "null") ||
           (SCAN(s, "{\"account\":") && scan_text(s, &subject->account) && SCAN(s, ",\"name\":") &&
            scan_text(s, &subject->name) && SCAN(s, "}"));
}

bool ledger_scan_in_place(char *line, size_t len, struct ledger_entry *entry)
{
    struct scan scan = {line}, *s = &scan;
    int64_t seq = -1;
    entry->field_count = 0;
    bool good = SCAN(s, "{\"seq\":") && scan_number(s, &seq) && seq >= 0 && SCAN(s, ",\"time\":") &&
                scan_time(s, &entry->time) && SCAN(s, ",\"clock\":") &&
                scan_clock(s, &entry->clock_synchronised) && SCAN(s, ",\"origin\":") &&
                scan_text(s, &entry->origin) && entry->origin[0] != '\0' && SCAN(s, ",\"kind\":") &&
                scan_kind(s, &entry->kind) && SCAN(s, ",\"actor\":{\"uid\":") &&
                scan_number(s, &entry->actor.uid) && entry->actor.uid >= -1 &&
                SCAN(s, ",\"name\":") && scan_text(s, &entry->actor.name) &&
                SCAN(s, "},\"subject\":") && scan_subject(s, &entry->subject) &&
                SCAN(s, ",\"details\":") && scan_details(s, entry) && SCAN(s, "}");
    entry->seq = (uint64_t)seq;
    return good && s->at == line + len;
}

enum medgl_error ledger_scan(struct ledger_scanner *scanner, const char *line, size_t len)
{
    if (len + SCAN_SLACK > scanner->room) {
        const size_t room = 2 * len + 1024;
        free(scanner->buffer);
        scanner->room = 0;
        scanner->buffer = malloc(room);
        if (scanner->buffer == NULL)
            return MEDGL_ERR_MEMORY;
        scanner->room = room;
    }
    memcpy(scanner->buffer, line, len);
    memset(scanner->buffer + len, 0, SCAN_SLACK);
    return ledger_scan_in_place(scanner->buffer, len, &scanner->entry) ? MEDGL_OK
                                                                       : MEDGL_ERR_CORRUPT;
}

void ledger_scanner_free(struct ledger_scanner *scanner)
{
    free(scanner->buffer);
    *scanner = (struct ledger_scanner){.buffer = NULL};
}
