/* R32: the code in the envelope is read as people type it, every slip of the finger is known for
 * one, and nothing else is taken for it. */
#include "base/auto.h"
#include "factor/breakglass.h"
#include "factor/totp.h"

#include "tests/unit/table.h"

#include <ctype.h>
#include <string.h>

#define GROUP BREAKGLASS_GROUP

static char whole[BREAKGLASS_TEXT_SIZE]; /* one that was drawn */

static enum breakglass_form form_of(const char *typed, char code[BREAKGLASS_TEXT_SIZE])
{
    auto_secret struct secret text = SECRET_NONE, found = SECRET_NONE;
    assert_int_equal(secret_copy(&text, typed, strlen(typed)), MEDGL_OK);
    const enum breakglass_form form = breakglass_code_normalise(&text, &found);
    code[0] = '\0';
    if (form == BREAKGLASS_FORM_OTHER)
        return form;
    assert_int_equal(found.len, BREAKGLASS_TEXT_SIZE - 1);
    memcpy(code, found.bytes, BREAKGLASS_TEXT_SIZE);
    return form;
}

static enum breakglass_form form(const char *typed)
{
    char code[BREAKGLASS_TEXT_SIZE];
    return form_of(typed, code);
}

static void draw(char code[BREAKGLASS_TEXT_SIZE])
{
    auto_secret struct secret drawn = SECRET_NONE;
    assert_int_equal(breakglass_code_generate(&drawn), MEDGL_OK);
    assert_int_equal(drawn.len, BREAKGLASS_TEXT_SIZE - 1);
    assert_int_equal(drawn.bytes[drawn.len], '\0');
    memcpy(code, drawn.bytes, BREAKGLASS_TEXT_SIZE);
}

/* -- ways to write it ------------------------------------------------------------------------- */

static void as_is(const char *code, char *typed)
{
    (void)strcpy(typed, code);
}

static void lower(const char *code, char *typed)
{
    for (; *code != '\0'; code++)
        *typed++ = (char)tolower((unsigned char)*code);
    *typed = '\0';
}

static void each_as(const char *code, char *typed, const char *hyphen)
{
    for (*typed = '\0'; *code != '\0'; code++) {
        const char one[2] = {*code, '\0'};
        (void)strcat(typed, *code == '-' ? hyphen : one);
    }
}

static void no_hyphens(const char *code, char *typed)
{
    each_as(code, typed, "");
}

static void blanks(const char *code, char *typed)
{
    each_as(code, typed, " ");
}

static void blanks_around(const char *code, char *typed)
{
    (void)sprintf(typed, "  %s \t", code);
}

static void kana_hyphens(const char *code, char *typed) /* U+30FC, where '-' is in kana input */
{
    each_as(code, typed, "\u30fc");
}

static void wide_hyphens(const char *code, char *typed)
{
    each_as(code, typed, "\uff0d");
}

static void minus_signs(const char *code, char *typed)
{
    each_as(code, typed, "\u2212");
}

static void wide_blanks(const char *code, char *typed)
{
    each_as(code, typed, "\u3000");
}

static void wide_from(const char *code, char *typed, bool small)
{
    for (*typed = '\0'; *code != '\0'; code++) {
        const int c = small ? tolower((unsigned char)*code) : *code;
        const unsigned wide = 0xff01U + (unsigned)c - '!';
        const char bytes[] = {(char)(0xe0 | wide >> 12), (char)(0x80 | (wide >> 6 & 0x3f)),
                              (char)(0x80 | (wide & 0x3f)), '\0'};
        (void)strcat(typed, bytes);
    }
}

static void wide(const char *code, char *typed)
{
    wide_from(code, typed, false);
}

static void wide_small(const char *code, char *typed)
{
    wide_from(code, typed, true);
}

static void one_by_one(const char *code, char *typed)
{
    for (; *code != '\0'; code++)
        if (*code != '-')
            typed += sprintf(typed, "%c ", *code);
}

/* Zeros and ones as the letters that they look like. */
static void look_alike(const char *code, char *typed)
{
    for (bool first = true; *code != '\0'; code++, typed++) {
        *typed = *code == '0' ? 'O' : *code;
        if (*code == '1') {
            *typed = first ? 'l' : 'I';
            first = !first;
        }
    }
    *typed = '\0';
}

static const struct writing {
    const char *name;
    void (*write)(const char *code, char *typed);
} writings[] = {
    {"as it stands", as_is},
    {"small letters", lower},
    {"without hyphens", no_hyphens},
    {"blanks for hyphens", blanks},
    {"blanks around it", blanks_around},
    {"the long mark of a kana keyboard for hyphens", kana_hyphens},
    {"full-width hyphens", wide_hyphens},
    {"minus signs", minus_signs},
    {"full-width blanks", wide_blanks},
    {"full width", wide},
    {"full width, small letters", wide_small},
    {"a blank after each", one_by_one},
    {"letters that look like zeros and ones", look_alike},
};

static void writing_test(void **state)
{
    const struct writing *row = *state;
    char code[BREAKGLASS_TEXT_SIZE], typed[8 * BREAKGLASS_TEXT_SIZE], found[BREAKGLASS_TEXT_SIZE];
    for (int i = 0; i < 50; i++) {
        draw(code);
        row->write(code, typed);
        assert_int_equal(form_of(typed, found), BREAKGLASS_FORM_CODE);
        assert_string_equal(found, code);
    }
}

/* -- slips of the finger ---------------------------------------------------------------------- */

/* With as few digits as a code can have. */
static void few_digits(char code[BREAKGLASS_TEXT_SIZE])
{
    unsigned digits;
    do {
        digits = 0;
        draw(code);
        for (size_t i = 0; code[i] != '\0'; i++)
            digits += isdigit((unsigned char)code[i]) != 0;
    } while (digits > 3);
}

/* Each character left out, and each typed twice or with any other beside it. */
static void each_missing_test(void **state)
{
    char code[2 * BREAKGLASS_TEXT_SIZE], found[BREAKGLASS_TEXT_SIZE];
    (void)state;
    for (size_t at = 0; whole[at] != '\0'; at++) {
        (void)snprintf(code, sizeof(code), "%.*s%s", (int)at, whole, whole + at + 1);
        if (whole[at] != '-')
            assert_int_equal(form_of(code, found), BREAKGLASS_FORM_SLIP);
    }
}

static void each_too_many_test(void **state)
{
    char code[2 * BREAKGLASS_TEXT_SIZE], found[BREAKGLASS_TEXT_SIZE];
    (void)state;
    for (size_t at = 0; at < sizeof(whole); at++)
        for (const char *c = CODE_RECOVERY_ALPHABET; *c != '\0'; c++) {
            (void)snprintf(code, sizeof(code), "%.*s%c%s", (int)at, whole, *c, whole + at);
            assert_int_equal(form_of(code, found), BREAKGLASS_FORM_SLIP);
        }
}

/* Each place, each other character of the alphabet. */
static void each_mistake_test(void **state)
{
    char code[BREAKGLASS_TEXT_SIZE], found[BREAKGLASS_TEXT_SIZE];
    unsigned tried = 0, missed = 0;
    (void)state;
    few_digits(whole);
    for (size_t at = 0; whole[at] != '\0'; at++)
        for (const char *c = CODE_RECOVERY_ALPHABET; *c != '\0' && whole[at] != '-'; c++) {
            if (*c == whole[at])
                continue;
            (void)strcpy(code, whole);
            code[at] = *c;
            tried++;
            missed += form_of(code, found) != BREAKGLASS_FORM_SLIP;
            assert_string_equal(found, code);
        }
    assert_int_equal(tried, 24 * 31);
    assert_int_equal(missed, 0);
}

/* Each two neighbours the other way round, also over a hyphen. */
static void each_transposition_test(void **state)
{
    char code[BREAKGLASS_TEXT_SIZE];
    (void)state;
    for (int i = 0; i < 100; i++) {
        char drawn[BREAKGLASS_TEXT_SIZE];
        draw(drawn);
        for (size_t at = 0; drawn[at + 1] != '\0'; at++) {
            const size_t next = drawn[at + 1] == '-' ? at + 2 : at + 1;
            if (drawn[at] == '-' || drawn[at] == drawn[next])
                continue;
            (void)strcpy(code, drawn);
            code[at] = drawn[next];
            code[next] = drawn[at];
            assert_int_equal(form(code), BREAKGLASS_FORM_SLIP);
        }
    }
}

/* Two groups the other way round. */
static void each_group_test(void **state)
{
    char code[BREAKGLASS_TEXT_SIZE];
    (void)state;
    for (size_t a = 0; a < BREAKGLASS_GROUPS; a++)
        for (size_t b = a + 1; b < BREAKGLASS_GROUPS; b++) {
            (void)strcpy(code, whole);
            memcpy(code + a * (GROUP + 1), whole + b * (GROUP + 1), GROUP);
            memcpy(code + b * (GROUP + 1), whole + a * (GROUP + 1), GROUP);
            assert_int_equal(form(code), BREAKGLASS_FORM_SLIP);
        }
}

/* -- what it is not --------------------------------------------------------------------------- */

static const struct other {
    const char *name, *typed;
} others[] = {
    {"nothing", ""},
    {"blanks", "   "},
    {"hyphens", "-----"},
    {"a password", "Kazaguruma-7-mawaru"},
    {"two characters too few", "7KQX-M3NP-WDFH-2RTY-C9VA-HJ"},
    {"two too many", "7KQX-M3NP-WDFH-2RTY-C9VA-HJ4EEE"},
    {"a code that lacks a group", "7KQX-M3NP-WDFH-2RTY-C9VA"},
    {"a letter that is in no code", "7KQX-M3NP-WDFH-2RTY-C9VA-HJ4U"},
    {"a symbol", "7KQX-M3NP-WDFH-2RTY-C9VA-HJ4!"},
    {"an accent", "7KQX-M3NP-WDFH-2RTY-C9VA-HJ4\u00c9"},
    {"kana", "7KQX-M3NP-WDFH-2RTY-C9VA-HJ4\u3042"},
    {"bytes that are no text", "7KQX-M3NP-WDFH-2RTY-C9VA-HJ4\xff"},
    {"a passphrase of as many letters", "kaze ga fuku yama no saka ha"},
    {"one with letters that look like digits", "kiri ga fori kaze okoro to koi"},
    {"one with a digit", "kiri ga fori kaze okoro to ko7"},
    {"a recovery code", "K7XQM-3NPWD"},
    {"a one-time code", "123456"},
};

static void other_test(void **state)
{
    const struct other *row = *state;
    assert_int_equal(form(row->typed), BREAKGLASS_FORM_OTHER);
}

/* Any length: never more is read than is there, and none but the one is a code. */
static void length_test(void **state)
{
    char typed[4096];
    (void)state;
    memset(typed, '7', sizeof(typed));
    for (size_t len = 0; len < sizeof(typed); len += len < 64 ? 1 : 97) {
        auto_secret struct secret text = SECRET_NONE, found = SECRET_NONE;
        assert_int_equal(secret_copy(&text, typed, len), MEDGL_OK);
        const bool code = breakglass_code_normalise(&text, &found) != BREAKGLASS_FORM_OTHER;
        assert_int_equal(code, len == 24); /* 23 and 25 of them are near to none */
    }
}

/* -- how it is drawn -------------------------------------------------------------------------- */

static void draw_test(void **state)
{
    enum {
        DRAWS = 2000
    };
    static char codes[DRAWS][BREAKGLASS_TEXT_SIZE];
    unsigned seen[128] = {0}, total = 0;
    (void)state;
    for (size_t i = 0; i < DRAWS; i++) {
        draw(codes[i]);
        assert_int_equal(form(codes[i]), BREAKGLASS_FORM_CODE);
        for (size_t at = 0; at < BREAKGLASS_TEXT_SIZE - 1; at++) {
            const char c = codes[i][at];
            if (at % (GROUP + 1) == GROUP) {
                assert_int_equal(c, '-');
                continue;
            }
            assert_non_null(strchr(CODE_RECOVERY_ALPHABET, c));
            seen[(unsigned char)c]++;
            total++;
        }
    }
    /* Each about as often as the others: digits a little more, as each code has three at least. */
    for (const char *c = CODE_RECOVERY_ALPHABET; *c != '\0'; c++)
        assert_in_range(seen[(unsigned char)*c], total / 32 / 2, total / 32 * 2);
    qsort(codes, DRAWS, sizeof(codes[0]), (int (*)(const void *, const void *))strcmp);
    for (size_t i = 1; i < DRAWS; i++)
        assert_memory_not_equal(codes[i - 1], codes[i], 4 * (GROUP + 1)); /* 80 bits of it */
}

/* 20 characters of 32, less what is drawn again for want of digits: 80 bits and more. */
static void entropy_test(void **state)
{
    const double none = 22.0 / 32;
    double few = 0, ways = 1; /* the share that has fewer than three digits of ten in 32 */
    (void)state;
    for (unsigned k = 0; k < 3; k++) {
        double share = ways;
        for (unsigned i = 0; i < 20; i++)
            share *= i < k ? 1 - none : none;
        few += share;
        ways = ways * (20 - k) / (k + 1);
    }
    assert_int_equal(strlen(CODE_RECOVERY_ALPHABET), 32);
    assert_true(few < 0.5); /* at most one bit of 100 goes */
    assert_true((BREAKGLASS_GROUPS - 1) * BREAKGLASS_GROUP * 5 - 1 >= 80);
}

int main(void)
{
    auto_secret struct secret drawn = SECRET_NONE;
    if (breakglass_code_generate(&drawn) != MEDGL_OK)
        return EXIT_FAILURE;
    memcpy(whole, drawn.bytes, sizeof(whole));
    TABLE_ADD("R32 typed in many ways", writings, writing_test);
    table_add("R32 a slip is known", "every single mistake", each_mistake_test, NULL);
    table_add("R32 a slip is known", "every one left out", each_missing_test, NULL);
    table_add("R32 a slip is known", "every one too many", each_too_many_test, NULL);
    table_add("R32 a slip is known", "every two neighbours", each_transposition_test, NULL);
    table_add("R32 a slip is known", "every two groups", each_group_test, NULL);
    TABLE_ADD("R32 no code", others, other_test);
    table_add("R32 no code", "any length", length_test, NULL);
    table_add("R32 drawn", "alphabet, groups, never twice", draw_test, NULL);
    table_add("R32 drawn", "at least 80 bits", entropy_test, NULL);
    return table_run("breakglass_code");
}
