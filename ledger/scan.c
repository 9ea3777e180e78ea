/* Lines of the ledger, read in the one form that they have. Reads a byte once or twice, and makes
 * no memory but one buffer. */
#include "ledger/scan.h"

#include "base/text.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

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

/* The first byte that is not plain: printable ASCII other than quote and backslash needs no second
 * look in a text. Eight at a time; SCAN_SLACK makes that safe, and its NULs end it. Each term has
 * the high bit of a byte that is not plain: beyond ASCII, DEL, a control, a quote, a backslash. A
 * plain byte has it only where one in front of it, which is not plain, carried or borrowed: the
 * lowest bit is right. */
static inline char *scan_plain(char *at)
{
    for (;; at += sizeof(uint64_t)) {
        uint64_t bytes;
        memcpy(&bytes, at, sizeof(bytes));
        bytes = le64toh(bytes);
        const uint64_t odd =
            (bytes | (bytes + EVERY(0x01)) | (bytes - EVERY(' ')) |
             ((bytes ^ EVERY('"')) - EVERY(0x01)) | ((bytes ^ EVERY('\\')) - EVERY(0x01))) &
            EVERY(0x80);
        if (odd != 0)
            return at + __builtin_ctzll(odd) / 8;
    }
}

/* All that follow are given where they begin, and return where the line goes on; NULL: it is no
 * entry. By value, so that the place stays in a register. NULs stand behind the line's end. */

/* Goes beyond a string constant of at most SCAN_SLACK bytes, where it is next. Said to be likely,
 * or gcc calls memcmp() instead of comparing words. */
#define SCAN(at, literal)                                                                          \
    __extension__({                                                                                \
        _Static_assert(sizeof(literal) - 1 <= SCAN_SLACK,                                          \
                       "longer than what stands behind a line");                                   \
        const bool there = __builtin_expect(memcmp(at, literal, sizeof(literal) - 1) == 0, 1);     \
        if (there)                                                                                 \
            (at) += sizeof(literal) - 1;                                                           \
        there;                                                                                     \
    })

/* One that has more than plain bytes, from `text` on. */
static char *scan_text_slow(char *at, const char *text)
{
    char *to = at;
    for (;;) {
        char c = *at++;
        if (c == '"')
            break;
        if (c == '\\') { /* printable texts need no other escape, so no other is the one form */
            c = *at++;
            if (c != '"' && c != '\\')
                return NULL;
        }
        if (c == '\0')
            return NULL;
        *to++ = c;
    }
    *to = '\0';
    return text_is_printable(text) ? at : NULL;
}

static char *scan_text(char *at, const char **text)
{
    if (*at != '"')
        return NULL;
    *text = ++at;
    at = scan_plain(at);
    if (*at != '"')
        return scan_text_slow(at, *text);
    *at++ = '\0';
    return at;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Counted below zero, where there is one more than above it. */
static char *scan_number(char *at, int64_t *number)
{
    const bool negative = *at == '-';
    int64_t value = 0;
    at += negative;
    if (!is_digit(at[0]) || (at[0] == '0' && (negative || is_digit(at[1]))))
        return NULL;
    for (; is_digit(*at); at++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, *at - '0', &value))
            return NULL;
    *number = value;
    return negative || !__builtin_sub_overflow(INT64_C(0), value, number) ? at : NULL;
}

static char *scan_bool(char *at, int64_t *value)
{
    *value = SCAN(at, "true");
    return *value != 0 || SCAN(at, "false") ? at : NULL;
}

/* "name": of a field. */
static inline char *scan_name(char *at, const char **name, size_t *len)
{
    if (at[0] != '"' || !byte_is(at[1], BYTE_LOWER))
        return NULL;
    *name = ++at;
    while (byte_is(*at, BYTE_NAME))
        at++;
    *len = (size_t)(at - *name);
    if (at[0] != '"' || at[1] != ':')
        return NULL;
    *at = '\0';
    return at + 2;
}

static inline char *scan_value(char *at, struct ledger_field *field)
{
    field->text = NULL;
    field->number = 0;
    switch (*at) {
    case '"':
        field->type = LEDGER_FIELD_TEXT;
        return scan_text(at, &field->text);
    case 't':
    case 'f':
        field->type = LEDGER_FIELD_BOOL;
        return scan_bool(at, &field->number);
    default:
        field->type = LEDGER_FIELD_NUMBER;
        return scan_number(at, &field->number);
    }
}

/* Whether the last field's name is none of those before it. Most names have a mark of their own in
 * `marks`, so that they are compared with none. */
static inline bool name_is_new(const struct ledger_entry *entry, size_t last, size_t len,
                               uint64_t *marks)
{
    const char *name = entry->fields[last].name;
    const uint64_t mark = UINT64_C(1) << ((unsigned char)name[0] + 7 * len) % 64;
    const bool compare = (*marks & mark) != 0;
    *marks |= mark;
    for (size_t i = 0; compare && i < last; i++)
        if (strcmp(entry->fields[i].name, name) == 0)
            return false;
    return true;
}

static inline char *scan_details(char *at, struct ledger_entry *entry)
{
    uint64_t marks = 0;
    size_t count = 0, len;
    if (!SCAN(at, "{"))
        return NULL;
    while (*at != '}') {
        struct ledger_field *field = &entry->fields[count];
        if (count == LEDGER_FIELDS_MAX || (count > 0 && !SCAN(at, ",")) ||
            (at = scan_name(at, &field->name, &len)) == NULL ||
            !name_is_new(entry, count, len, &marks) || (at = scan_value(at, field)) == NULL)
            return NULL;
        entry->field_count = ++count;
    }
    return at + 1;
}

static inline char *scan_clock(char *at, bool *synchronised)
{
    *synchronised = SCAN(at, "\"synchronised\"");
    return *synchronised || SCAN(at, "\"unsynchronised\"") ? at : NULL;
}

/* A time before 1970 is no clock's, and what clock_format_utc() gives for one out of its range. */
static inline char *scan_time(char *at, medgl_time *t)
{
    const char *text;
    at = scan_text(at, &text);
    return at != NULL && clock_parse_utc(text, t) == MEDGL_OK && *t >= 0 ? at : NULL;
}

static inline char *scan_kind(char *at, enum ledger_kind *kind)
{
    const char *word;
    at = scan_text(at, &word);
    return at != NULL && ledger_kind_parse(word, kind) == MEDGL_OK ? at : NULL;
}

static inline char *scan_subject(char *at, struct ledger_subject *subject)
{
    *subject = (struct ledger_subject){NULL, NULL};
    if (SCAN(at, "{\"account\":"))
        return (at = scan_text(at, &subject->account)) != NULL && SCAN(at, ",\"name\":") &&
                       (at = scan_text(at, &subject->name)) != NULL && SCAN(at, "}")
                   ? at
                   : NULL;
    return SCAN(at, "null") ? at : NULL;
}

bool ledger_scan_in_place(char *line, size_t len, struct ledger_entry *entry)
{
    char *at = line;
    int64_t seq = -1;
    entry->field_count = 0;
    bool good =
        SCAN(at, "{\"seq\":") && (at = scan_number(at, &seq)) != NULL && seq >= 0 &&
        SCAN(at, ",\"time\":") && (at = scan_time(at, &entry->time)) != NULL &&
        SCAN(at, ",\"clock\":") && (at = scan_clock(at, &entry->clock_synchronised)) != NULL &&
        SCAN(at, ",\"origin\":") && (at = scan_text(at, &entry->origin)) != NULL &&
        entry->origin[0] != '\0' && SCAN(at, ",\"kind\":") &&
        (at = scan_kind(at, &entry->kind)) != NULL && SCAN(at, ",\"actor\":{\"uid\":") &&
        (at = scan_number(at, &entry->actor.uid)) != NULL && entry->actor.uid >= -1 &&
        SCAN(at, ",\"name\":") && (at = scan_text(at, &entry->actor.name)) != NULL &&
        SCAN(at, "},\"subject\":") && (at = scan_subject(at, &entry->subject)) != NULL &&
        SCAN(at, ",\"details\":") && (at = scan_details(at, entry)) != NULL && SCAN(at, "}");
    entry->seq = (uint64_t)seq;
    return good && at == line + len;
}

static enum medgl_error scanner_room(struct ledger_scanner *scanner, size_t room)
{
    if (room <= scanner->room)
        return MEDGL_OK;
    ledger_scanner_free(scanner);
    scanner->buffer = malloc(2 * room);
    if (scanner->buffer == NULL)
        return MEDGL_ERR_MEMORY;
    scanner->room = 2 * room;
    return MEDGL_OK;
}

enum medgl_error ledger_scan(struct ledger_scanner *scanner, const char *line, size_t len,
                             unsigned char leaf[MERKLE_HASH_SIZE])
{
    MEDGL_TRY(scanner_room(scanner, MERKLE_LEAF_SLACK + len + SCAN_SLACK));
    char *copy = scanner->buffer + MERKLE_LEAF_SLACK;
    memcpy(copy, line, len);
    memset(copy + len, 0, SCAN_SLACK);
    if (leaf != NULL) /* first, as the scan cuts texts from it */
        MEDGL_TRY(merkle_leaf_in_place(scanner->buffer, len, leaf));
    return ledger_scan_in_place(copy, len, &scanner->entry) ? MEDGL_OK : MEDGL_ERR_CORRUPT;
}

void ledger_scanner_free(struct ledger_scanner *scanner)
{
    free(scanner->buffer);
    *scanner = (struct ledger_scanner){.buffer = NULL};
}
