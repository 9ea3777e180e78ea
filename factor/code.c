/* What people type into the prompt for a code, in whatever width and with whatever between it; and
 * base32. */
#include "base/auto.h"
#include "factor/totp.h"

#include <string.h>
#include <unistr.h>

#define FULL_WIDTH_FIRST 0xff01u /* '!' to '~', as an input method gives them */
#define FULL_WIDTH_LAST  0xff5eu
#define BASE32_ALPHABET  "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

/* -- what was typed --------------------------------------------------------------------------- */

static bool is_blank(ucs4_t c)
{
    return c == ' ' || c == '\t' || c == 0xa0 /* no-break */ || c == 0x3000 /* ideographic */;
}

/* Hyphens, dashes, the minus sign, and what the key beside the zero gives while kana are typed. */
static bool is_hyphen(ucs4_t c)
{
    return c == '-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0x30fc || c == 0xff70;
}

bool code_condense(const struct secret *typed, char kept[CODE_SIZE], size_t *count, bool *blank)
{
    size_t at = 0;
    *count = 0;
    *blank = true;
    while (at < typed->len) {
        ucs4_t c;
        int len = u8_mbtoucr(&c, typed->bytes + at, typed->len - at);
        if (len <= 0)
            return false;
        at += (size_t)len;
        if (c >= FULL_WIDTH_FIRST && c <= FULL_WIDTH_LAST)
            c = c - FULL_WIDTH_FIRST + '!';
        if (is_blank(c))
            continue;
        *blank = false;
        if (is_hyphen(c))
            continue;
        if (c >= 'a' && c <= 'z')
            c = c - 'a' + 'A';
        bool known = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
        if (!known || *count == CODE_SIZE - 1)
            return false;
        kept[(*count)++] = (char)c;
    }
    kept[*count] = '\0';
    return true;
}

char code_without_look_alike(char c)
{
    switch (c) {
    case 'O':
        return '0';
    case 'I':
    case 'L':
        return '1';
    default:
        return c;
    }
}

enum medgl_error code_letters(const struct secret *text, struct secret *letters)
{
    MEDGL_TRY(secret_alloc(letters, text->len + 1));
    for (size_t at = 0; at < text->len;) {
        ucs4_t c;
        const int len = u8_mbtoucr(&c, text->bytes + at, text->len - at);
        at += len > 0 ? (size_t)len : 1;
        if (len <= 0)
            continue;
        if (c >= FULL_WIDTH_FIRST && c <= FULL_WIDTH_LAST)
            c = c - FULL_WIDTH_FIRST + '!';
        if (c >= 'a' && c <= 'z')
            c = c - 'a' + 'A';
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'))
            letters->bytes[letters->len++] = (unsigned char)code_without_look_alike((char)c);
    }
    return MEDGL_OK;
}

/* Ten characters of the alphabet, one of them a letter at least: in groups. */
static bool group(char code[CODE_SIZE], size_t count)
{
    bool letter = false;
    if (count != CODE_RECOVERY_COUNT)
        return false;
    for (size_t i = 0; i < count; i++) {
        code[i] = code_without_look_alike(code[i]);
        if (strchr(CODE_RECOVERY_ALPHABET, code[i]) == NULL)
            return false;
        letter |= code[i] > '9';
    }
    memmove(code + CODE_RECOVERY_GROUP + 1, code + CODE_RECOVERY_GROUP,
            count - CODE_RECOVERY_GROUP + 1);
    code[CODE_RECOVERY_GROUP] = '-';
    return letter;
}

enum code_form code_normalise(const struct secret *typed, char code[CODE_SIZE])
{
    enum code_form form = CODE_MALFORMED;
    size_t count;
    bool blank;
    memset(code, 0, CODE_SIZE);
    if (code_condense(typed, code, &count, &blank)) {
        if (blank)
            form = CODE_EMPTY;
        else if ((count == 6 || count == 8) && strspn(code, "0123456789") == count)
            form = CODE_DIGITS;
        else if (group(code, count))
            form = CODE_RECOVERY;
    }
    if (form == CODE_MALFORMED)
        secret_wipe(code, CODE_SIZE);
    return form;
}

/* -- base32 ----------------------------------------------------------------------------------- */

void base32_write(const unsigned char *bytes, size_t len, char *text)
{
    unsigned held = 0, bits = 0;
    for (size_t i = 0; i < len; i++) {
        held = (held << 8 | bytes[i]) & 0xfff;
        for (bits += 8; bits >= 5; bits -= 5)
            *text++ = BASE32_ALPHABET[held >> (bits - 5) & 31];
    }
    if (bits > 0)
        *text++ = BASE32_ALPHABET[held << (5 - bits) & 31];
    *text = '\0';
}

/* The value of a digit, or -1. */
static int base32_digit(char c)
{
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

/* Bits behind the last whole byte are passed over, as apps do: there are secrets that were drawn
 * letter by letter. */
enum medgl_error base32_read(const char *text, size_t text_len, unsigned char *bytes, size_t cap,
                             size_t *len)
{
    unsigned held = 0, bits = 0;
    size_t digits = 0, padding = 0;
    *len = 0;
    for (size_t i = 0; i < text_len; i++) {
        if (text[i] == ' ' || text[i] == '-')
            continue;
        if (text[i] == '=') {
            padding++;
            continue;
        }
        int digit = base32_digit(text[i]);
        if (digit < 0 || padding > 0)
            return MEDGL_ERR_ARGUMENT;
        digits++;
        held = (held << 5 | (unsigned)digit) & 0xfff;
        bits += 5;
        if (bits < 8)
            continue;
        if (*len == cap)
            return MEDGL_ERR_ARGUMENT;
        bits -= 8;
        bytes[(*len)++] = (unsigned char)(held >> bits);
    }
    /* Bits of a whole digit cannot be left over, and padding fills the last eight digits. */
    if (bits >= 5 || (padding > 0 && (padding > 6 || (digits + padding) % 8 != 0)))
        return MEDGL_ERR_ARGUMENT;
    return MEDGL_OK;
}
