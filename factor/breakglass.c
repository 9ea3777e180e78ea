/* The credential of a break-glass account: made at random, with a check group, and read as people
 * type it from paper. Keeps nothing. */
#include "factor/breakglass.h"

#include "base/auto.h"
#include "base/crypto.h"
#include "factor/totp.h"

#include <string.h>

#define CODE_COUNT   (BREAKGLASS_GROUPS * BREAKGLASS_GROUP)
#define RANDOM_COUNT (CODE_COUNT - BREAKGLASS_GROUP)
/* So that a passphrase of letters is never taken for one with a slip of the finger: what is typed
 * has one digit less, where the slip is in a digit. */
#define DIGITS_LEAST 3

_Static_assert(BREAKGLASS_TEXT_SIZE == CODE_COUNT + BREAKGLASS_GROUPS, "groups, '-' and NUL fit");
_Static_assert(CODE_COUNT < CODE_SIZE, "what is typed of them fits");

/* 20 bits of SHA-256 over a label and the random part, big end first. */
static enum medgl_error breakglass_check(const char *random, char check[BREAKGLASS_GROUP])
{
    static const char label[] = "medgl break-glass code";
    unsigned char hash[CRYPTO_HASH_SIZE];
    const struct bytes parts[] = {{label, sizeof(label)}, {random, RANDOM_COUNT}};
    MEDGL_TRY(crypto_sha256(parts, MEDGL_COUNT(parts), hash));
    uint32_t bits = (uint32_t)hash[0] << 12 | (uint32_t)hash[1] << 4 | (uint32_t)hash[2] >> 4;
    for (int i = BREAKGLASS_GROUP - 1; i >= 0; i--, bits >>= 5)
        check[i] = CODE_RECOVERY_ALPHABET[bits & 31];
    secret_wipe(hash, sizeof(hash));
    return MEDGL_OK;
}

static size_t breakglass_digits(const char *text, size_t count)
{
    size_t digits = 0;
    for (size_t i = 0; i < count; i++)
        digits += text[i] <= '9';
    return digits;
}

static void breakglass_write(struct secret *code, const char text[CODE_COUNT])
{
    unsigned char *at = code->bytes;
    for (size_t i = 0; i < CODE_COUNT; i++) {
        if (i > 0 && i % BREAKGLASS_GROUP == 0)
            *at++ = '-';
        *at++ = (unsigned char)text[i];
    }
    *at = '\0';
    code->len = BREAKGLASS_TEXT_SIZE - 1;
}

enum medgl_error breakglass_code_generate(struct secret *code)
{
    auto_secret struct secret drawn = SECRET_NONE;
    unsigned pick = 0;
    MEDGL_TRY(secret_alloc(&drawn, CODE_COUNT));
    MEDGL_TRY(secret_alloc(code, BREAKGLASS_TEXT_SIZE - 1));
    char *text = (char *)drawn.bytes;
    do {
        for (size_t i = 0; i < RANDOM_COUNT; i++) {
            MEDGL_TRY(crypto_random_below(sizeof(CODE_RECOVERY_ALPHABET) - 1, &pick));
            text[i] = CODE_RECOVERY_ALPHABET[pick];
        }
    } while (breakglass_digits(text, RANDOM_COUNT) < DIGITS_LEAST);
    secret_wipe(&pick, sizeof(pick));
    MEDGL_TRY(breakglass_check(text, text + RANDOM_COUNT));
    breakglass_write(code, text);
    return MEDGL_OK;
}

/* Whether the check group fits. */
static bool breakglass_fits(const char text[CODE_COUNT])
{
    char check[BREAKGLASS_GROUP];
    return breakglass_check(text, check) == MEDGL_OK &&
           secret_equal(text + RANDOM_COUNT, BREAKGLASS_GROUP, check, BREAKGLASS_GROUP);
}

/* One character too many: `found` is the code without it. */
static bool breakglass_with_one_more(const char *text, char found[CODE_COUNT])
{
    for (size_t i = 0; i <= CODE_COUNT; i++) {
        memcpy(found, text, i);
        memcpy(found + i, text + i + 1, CODE_COUNT - i);
        if (breakglass_fits(found))
            return true;
    }
    return false;
}

/* One is missing: `found` is the code with it. What is no code passes for one with a slip once in a
 * thousand times. */
static bool breakglass_with_one_less(const char *text, char found[CODE_COUNT])
{
    for (size_t i = 0; i < CODE_COUNT; i++) {
        memcpy(found, text, i);
        memcpy(found + i + 1, text + i, CODE_COUNT - 1 - i);
        for (const char *c = CODE_RECOVERY_ALPHABET; *c != '\0'; c++) {
            found[i] = *c;
            if (breakglass_fits(found))
                return true;
        }
    }
    return false;
}

static enum breakglass_form breakglass_form_of(const char *text, size_t count, size_t digits,
                                               char found[CODE_COUNT])
{
    bool slip = false;
    switch (count) {
    case CODE_COUNT:
        memcpy(found, text, CODE_COUNT);
        if (breakglass_fits(found))
            return BREAKGLASS_FORM_CODE;
        slip = digits >= DIGITS_LEAST - 1;
        break;
    case CODE_COUNT + 1:
        slip = breakglass_with_one_more(text, found);
        break;
    case CODE_COUNT - 1:
        slip = breakglass_with_one_less(text, found);
        break;
    default:
        break;
    }
    return slip ? BREAKGLASS_FORM_SLIP : BREAKGLASS_FORM_OTHER;
}

enum breakglass_form breakglass_code_normalise(const struct secret *typed, struct secret *code)
{
    auto_secret struct secret kept = SECRET_NONE, found = SECRET_NONE;
    size_t count;
    bool blank;
    if (secret_alloc(&kept, CODE_SIZE) != MEDGL_OK || secret_alloc(&found, CODE_COUNT) != MEDGL_OK)
        return BREAKGLASS_FORM_OTHER;
    char *text = (char *)kept.bytes;
    if (!code_condense(typed, text, &count, &blank))
        return BREAKGLASS_FORM_OTHER;
    const size_t digits = breakglass_digits(text, count); /* as typed: 'O' is none */
    for (size_t i = 0; i < count; i++) {
        text[i] = code_without_look_alike(text[i]);
        if (strchr(CODE_RECOVERY_ALPHABET, text[i]) == NULL)
            return BREAKGLASS_FORM_OTHER;
    }
    const enum breakglass_form form = breakglass_form_of(text, count, digits, (char *)found.bytes);
    if (form == BREAKGLASS_FORM_OTHER || secret_alloc(code, BREAKGLASS_TEXT_SIZE - 1) != MEDGL_OK)
        return BREAKGLASS_FORM_OTHER;
    breakglass_write(code, (const char *)found.bytes);
    return form;
}
