/* Text from outside: checked before it is believed, made harmless before it is shown. */
#include "base/text.h"

#include <string.h>
#include <unistr.h>

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
           (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f;
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

size_t text_utf8_prefix(const char *bytes, size_t len)
{
    const uint8_t *begin = (const uint8_t *)bytes, *bad = u8_check(begin, len);
    return bad != NULL ? (size_t)(bad - begin) : len;
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
