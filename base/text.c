/* Text from outside: checked before it is believed, made harmless before it is shown. */
#include "base/text.h"

#include "base/auto.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>
#include <uniwidth.h>

enum medgl_error text_copy(char *to, size_t to_size, const char *from)
{
    size_t len = strlen(from);
    to[0] = '\0';
    if (len >= to_size)
        return MEDGL_ERR_ARGUMENT;
    memcpy(to, from, len + 1);
    return MEDGL_OK;
}

/* C0, DEL, C1, line and paragraph separators, and the marks that reorder text on a terminal. */
static bool text_is_control(ucs4_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x061c;
}

void text_printable(char *to, size_t to_size, const char *from)
{
    const uint8_t *at = (const uint8_t *)from;
    size_t left = strlen(from), used = 0;
    while (left > 0) {
        ucs4_t c;
        int len = u8_mbtoucr(&c, at, left);
        bool good = len > 0 && !text_is_control(c);
        size_t step = len > 0 ? (size_t)len : 1;
        size_t out = good ? step : 1;
        if (used + out + 1 > to_size)
            break;
        if (good)
            memcpy(to + used, at, step);
        else
            to[used] = '?';
        used += out;
        at += step;
        left -= step;
    }
    to[used] = '\0';
}

bool text_is_printable(const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t left = strlen(text);
    while (left > 0) {
        ucs4_t c;
        int len = u8_mbtoucr(&c, at, left);
        if (len <= 0 || text_is_control(c))
            return false;
        at += len;
        left -= (size_t)len;
    }
    return true;
}

bool text_says_something(const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    ucs4_t c;
    if (!text_is_printable(text))
        return false;
    while ((at = u8_next(&c, at)) != NULL) /* some letters are fillers, which nobody sees */
        if ((uc_is_general_category(c, UC_LETTER) || uc_is_general_category(c, UC_NUMBER)) &&
            !uc_is_property_default_ignorable_code_point(c))
            return true;
    return false;
}

size_t text_utf8_prefix(const char *bytes, size_t len)
{
    const uint8_t *begin = (const uint8_t *)bytes, *bad = u8_check(begin, len);
    return bad != NULL ? (size_t)(bad - begin) : len;
}

size_t text_fit(const char *text, int columns, int least)
{
    const uint8_t *bytes = (const uint8_t *)text;
    const size_t size = strlen(text);
    size_t at = 0, end = 0;
    for (int column = 0; at < size;) {
        ucs4_t c;
        const int len = u8_mbtoucr(&c, bytes + at, size - at);
        const int width = uc_width(c, "EUC-JP");
        column += width > 0 ? width : 0;
        if (column > columns)
            return end > 0 ? end : at;
        at += len > 0 ? (size_t)len : 1;
        if (column >= least && (c == ' ' || width > 1))
            end = at;
    }
    return size;
}

void text_hex(char *to, const void *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;
    for (size_t i = 0; i < len; i++) {
        *to++ = digits[from[i] >> 4];
        *to++ = digits[from[i] & 15];
    }
    *to = '\0';
}

static int text_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

enum medgl_error text_unhex(void *bytes, size_t len, const char *text)
{
    unsigned char *to = bytes;
    if (strlen(text) != 2 * len)
        return MEDGL_ERR_ARGUMENT;
    for (size_t i = 0; i < len; i++) {
        int high = text_hex_digit(text[2 * i]), low = text_hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return MEDGL_ERR_ARGUMENT;
        to[i] = (unsigned char)(high << 4 | low);
    }
    return MEDGL_OK;
}

bool text_is_login_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > 255 || name[0] == '-' || !text_is_printable(name))
        return false;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    return strpbrk(name, "/: \t") == NULL;
}

/* -- names as people read them ------------------------------------------------------------------
 */

#define NAME_WORDS_MAX 16

/* A name without what does not count: its words, each ended by a NUL. */
struct name_words {
    uint8_t *bytes; /* owned */
    const char *word[NAME_WORDS_MAX];
    size_t count;
};

static void name_words_free(struct name_words *words)
{
    free(words->bytes);
    words->bytes = NULL;
}

static bool name_counts(ucs4_t c)
{
    return uc_is_general_category(c, UC_LETTER) || uc_is_general_category(c, UC_NUMBER) ||
           uc_is_general_category(c, UC_MARK);
}

/* False: it is no text, has no memory, or more words than a name has. */
static bool name_split(const char *name, struct name_words *words)
{
    size_t len = 0, used = 0;
    bool inside = false;
    const size_t room = strlen(name);
    words->bytes = u8_casefold((const uint8_t *)name, room, NULL, UNINORM_NFKC, NULL, &len);
    /* A NUL behind the last word needs its own byte; what is between words makes room for theirs.
     */
    uint8_t *bytes = words->bytes != NULL ? realloc(words->bytes, len + 1) : NULL;
    if (bytes == NULL)
        return false;
    words->bytes = bytes;
    bytes[len] = '\0';
    for (size_t at = 0; at < len;) {
        ucs4_t c;
        const int size = u8_mbtoucr(&c, bytes + at, len - at);
        const bool counts = size > 0 && name_counts(c);
        if (counts && !inside && words->count == NAME_WORDS_MAX)
            return false;
        if (counts && !inside)
            words->word[words->count++] = (const char *)bytes + used;
        if (counts)
            memmove(bytes + used, bytes + at, (size_t)size);
        if (counts)
            used += (size_t)size;
        else if (inside)
            bytes[used++] = '\0';
        inside = counts;
        at += size > 0 ? (size_t)size : 1;
    }
    bytes[used] = '\0';
    return words->count > 0;
}

static int name_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Word behind word: spaces do not count, so "yamada taro" is "yamadataro". */
static bool name_equal(const struct name_words *a, const struct name_words *b)
{
    const char *x = a->word[0], *y = b->word[0];
    for (size_t i = 1, j = 1;; x++, y++) {
        while (*x == '\0' && i < a->count)
            x = a->word[i++];
        while (*y == '\0' && j < b->count)
            y = b->word[j++];
        if (*x != *y || *x == '\0')
            return *x == *y;
    }
}

bool text_same_name(const char *a, const char *b)
{
    auto_clean(name_words_free) struct name_words x = {.bytes = NULL}, y = {.bytes = NULL};
    if (!name_split(a, &x) || !name_split(b, &y))
        return false;
    if (name_equal(&x, &y))
        return true;
    qsort(x.word, x.count, sizeof(x.word[0]), name_order);
    qsort(y.word, y.count, sizeof(y.word[0]), name_order);
    return name_equal(&x, &y);
}
