/* A candidate as characters that can be compared: width, kana, case, usual substitutions. Looks for
 * nothing in them. */
#include "factor/quality_piece.h"

#include "factor/romaji.h"

#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

#define FULL_WIDTH_FIRST 0xff01u
#define FULL_WIDTH_LAST  0xff5eu
#define FULL_WIDTH_SHIFT 0xfee0u

#define HIRAGANA_FIRST  0x3041u
#define HIRAGANA_LAST   0x3096u
#define KATAKANA_FIRST  0x30a1u
#define KATAKANA_LAST   0x30f6u
#define KATAKANA_SHIFT  0x60u
#define KANA_PROLONGED  0x30fcu
#define SPELLED_AT_ONCE 32 /* none has more than 4 letters */

/* How many guesses one character is where nothing explains it, in tenths of a bit. */
#define UNKNOWN_SPELLED 32 /* a kana is one of some 75, and about two letters */
#define UNKNOWN_KANA    62
#define UNKNOWN_OTHER   65 /* kanji are more than these, but stand in words */

static bool candidate_is_kana(uint32_t c)
{
    return (c >= HIRAGANA_FIRST && c <= HIRAGANA_LAST) ||
           (c >= KATAKANA_FIRST && c <= KATAKANA_LAST) || c == KANA_PROLONGED;
}

static uint32_t candidate_half_width(uint32_t c)
{
    return c >= FULL_WIDTH_FIRST && c <= FULL_WIDTH_LAST ? c - FULL_WIDTH_SHIFT : c;
}

uint32_t candidate_fold(uint32_t c)
{
    return uc_tolower(candidate_half_width(c));
}

static void candidate_add(struct candidate *candidate, uint32_t c, unsigned unknown)
{
    if (candidate->count == CANDIDATE_MAX)
        return;
    for (const char *letter = candidate_readings(candidate_fold(c)); *letter != '\0'; letter++)
        candidate->letters[candidate->count] |= 1u << (*letter - 'a');
    candidate->plain[candidate->count] = candidate_half_width(c);
    candidate->folded[candidate->count] = candidate_fold(c);
    candidate->unknown[candidate->count] = (uint16_t)unknown;
    candidate->classes[candidate->count] = (uint8_t)candidate_class(candidate_half_width(c));
    candidate->count++;
}

static unsigned candidate_unknown(uint32_t c)
{
    if (candidate_half_width(c) < 0x80)
        return PIECE_COST_ASCII;
    return candidate_is_kana(c) ? UNKNOWN_KANA : UNKNOWN_OTHER;
}

/* The kana at the beginning of a text, as many as are spelled at once, in Latin letters. Returns
 * what comes after them. */
static const uint8_t *candidate_spell(struct candidate *candidate, const uint8_t *at,
                                      const uint8_t *end)
{
    uint32_t kana[SPELLED_AT_ONCE], c;
    char spelling[ROMAJI_SIZE];
    size_t count = 0;
    while (at < end && count < SPELLED_AT_ONCE) {
        const uint8_t *next = at + u8_mbtouc(&c, at, (size_t)(end - at));
        if (!candidate_is_kana(c))
            break;
        kana[count++] = c >= KATAKANA_FIRST && c <= KATAKANA_LAST ? c - KATAKANA_SHIFT : c;
        at = next;
    }
    size_t len = romaji_letters(kana, count, spelling);
    for (size_t i = 0; i < len; i++)
        candidate_add(candidate, (unsigned char)spelling[i], UNKNOWN_SPELLED);
    secret_wipe(kana, sizeof(kana));
    secret_wipe(spelling, sizeof(spelling));
    return at;
}

void candidate_read(struct candidate *candidate, const struct secret *prepared, bool spelled)
{
    const uint8_t *at = prepared->bytes, *end = at + prepared->len;
    memset(candidate, 0, sizeof(*candidate));
    while (at < end) {
        ucs4_t c;
        const uint8_t *next = at + u8_mbtouc(&c, at, (size_t)(end - at));
        candidate->kana = candidate->kana || candidate_is_kana(c);
        if (spelled && candidate_is_kana(c)) {
            at = candidate_spell(candidate, at, end);
            continue;
        }
        candidate_add(candidate, c, candidate_unknown(c));
        at = next;
    }
    candidate->window = candidate->count < PIECE_WINDOW ? candidate->count : PIECE_WINDOW;
    candidate->decoration_begins = candidate->count;
    while (candidate->decoration_ends < candidate->count &&
           candidate->classes[candidate->decoration_ends] != CANDIDATE_LETTER)
        candidate->decoration_ends++;
    while (candidate->decoration_begins > 0 &&
           candidate->classes[candidate->decoration_begins - 1] != CANDIDATE_LETTER)
        candidate->decoration_begins--;
}

enum candidate_class candidate_class(uint32_t c)
{
    if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M))
        return CANDIDATE_LETTER;
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Nd) ? CANDIDATE_DIGIT
                                                                    : CANDIDATE_SYMBOL;
}

static bool candidate_is_capital(const struct candidate *candidate, size_t at)
{
    return candidate->plain[at] != candidate->folded[at];
}

bool candidate_begins(const struct candidate *candidate, size_t at, enum candidate_class class_)
{
    return at == 0 || candidate->folded[at] >= 0x80 || candidate->classes[at - 1] != class_ ||
           (candidate_is_capital(candidate, at) && !candidate_is_capital(candidate, at - 1));
}

bool candidate_ends(const struct candidate *candidate, size_t at, enum candidate_class class_)
{
    return at == candidate->count || candidate->folded[at - 1] >= 0x80 ||
           candidate->classes[at] != class_ ||
           (candidate_is_capital(candidate, at) && !candidate_is_capital(candidate, at - 1));
}

/* -- usual substitutions --------------------------------------------------------------------- */

#define COST_SUBSTITUTED 12 /* that there are any */
#define COST_EACH        8

static const char letters[] =
    "a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0k\0l\0m\0n\0o\0p\0q\0r\0s\0t\0u\0v\0w\0"
    "x\0y\0z";

const char *candidate_readings(uint32_t folded)
{
    static const struct {
        char from;
        const char *to;
    } usual[] = {
        {'4', "a"}, {'@', "a"}, {'8', "b"},  {'(', "c"},  {'3', "e"},  {'6', "g"},
        {'9', "g"}, {'#', "h"}, {'1', "il"}, {'!', "il"}, {'|', "il"}, {'0', "o"},
        {'$', "s"}, {'5', "s"}, {'7', "t"},  {'+', "t"},  {'2', "z"},
    };
    if (folded >= 'a' && folded <= 'z')
        return letters + 2 * (folded - 'a');
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (folded == (uint32_t)usual[i].from)
            return usual[i].to;
    }
    return "";
}

bool candidate_reads(const struct candidate *candidate, size_t at, uint32_t wanted,
                     unsigned *substituted)
{
    if (candidate->folded[at] == wanted)
        return true;
    if (wanted < 'a' || wanted > 'z' || (candidate->letters[at] >> (wanted - 'a') & 1) == 0)
        return false;
    *substituted += candidate_substitution(candidate->folded[at], wanted);
    return true;
}

unsigned candidate_substitution(uint32_t folded, uint32_t letter)
{
    if (folded == letter)
        return 0;
    return folded < 0x80 && strchr("@431!0$57", (int)folded) != NULL ? 1 : 4;
}

unsigned candidate_substitution_cost(unsigned substituted)
{
    return substituted == 0 ? 0 : COST_SUBSTITUTED + COST_EACH * substituted;
}

/* -- case ------------------------------------------------------------------------------------ */

#define CASE_FIRST 8
#define CASE_LAST  12
#define CASE_ALL   10
#define CASE_MIXED 25 /* otherwise, and each letter of the rarer case */
#define CASE_EACH  15

unsigned candidate_case_cost(const struct candidate *candidate, size_t from, size_t to)
{
    unsigned upper = 0, lower = 0;
    for (size_t i = from; i < to; i++) {
        if (candidate->plain[i] != candidate->folded[i])
            upper++;
        else if (candidate->classes[i] == CANDIDATE_LETTER)
            lower++;
    }
    if (upper == 0)
        return 0;
    if (lower == 0)
        return CASE_ALL;
    if (upper == 1 && candidate->plain[from] != candidate->folded[from])
        return CASE_FIRST;
    if (upper == 1 && candidate->plain[to - 1] != candidate->folded[to - 1])
        return CASE_LAST;
    return CASE_MIXED + CASE_EACH * (upper < lower ? upper : lower);
}

/* -- pieces ---------------------------------------------------------------------------------- */

void piece_offer(struct candidate *candidate, size_t from, size_t to, unsigned cost,
                 enum password_weakness weakness)
{
    if (from >= to || to > candidate->window)
        return;
    struct piece *piece = &candidate->pieces[from][to - from];
    if (cost == 0)
        cost = 1;
    if (cost > PIECE_COST_MAX || (piece->cost != 0 && piece->cost <= cost))
        return;
    piece->cost = (uint16_t)cost;
    piece->weakness = (uint8_t)weakness;
}
