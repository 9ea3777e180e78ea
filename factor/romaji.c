/* Japanese readings in Latin letters. Knows how kana are spelled, not what they mean: a long vowel
 * is guessed from the letters alone, in every way that people write one. */
#include "factor/romaji.h"

#include "base/auto.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <uninorm.h>
#include <unistr.h>

/* All kana are looked at as hiragana, by code point. */
#define KANA_FIRST       0x3041u
#define KANA_LAST        0x3096u
#define KANA_TO_KATAKANA 0x60u
#define KANA_PROLONGED   0x30fcu
#define KANA_U           0x3046u
#define KANA_O           0x304au
#define KANA_SHI         0x3057u
#define KANA_JI          0x3058u
#define KANA_CHI         0x3061u
#define KANA_DI          0x3062u
#define KANA_SOKUON      0x3063u
#define KANA_DU          0x3065u
#define KANA_WO          0x3092u
#define KANA_N           0x3093u
#define KANA_MAX         (2 * ROMAJI_SIZE)

enum system {
    SYSTEM_HEPBURN,
    SYSTEM_PASSPORT, /* Hepburn as in passports: shimbun, kitchin */
    SYSTEM_KUNREI,
    SYSTEM_TYPED, /* the mixture that is typed into input methods: jyunichi, kaduko */
};
enum long_vowel {
    LONG_WRITTEN,
    LONG_WITH_H,
    LONG_DOUBLED,
};
/* People do not write all long vowels of a name alike: yuichirou. */
#define LONG_ALONE 3 /* so many are written or not for themselves, those after them as the last */
struct style {
    enum system system;
    enum long_vowel long_vowel;
    unsigned dropped; /* bit n: long vowel n is not written */
    bool apart;       /* n is kept apart from a vowel that follows: jun'ichi, jyunnichi */
};

static const char *const hepburn[] = {
    "a",  "a",  "i",   "i",  "u",  "u",   "e",  "e",   "o",  "o",  "ka", "ga", "ki", "gi", "ku",
    "gu", "ke", "ge",  "ko", "go", "sa",  "za", "shi", "ji", "su", "zu", "se", "ze", "so", "zo",
    "ta", "da", "chi", "ji", "",   "tsu", "zu", "te",  "de", "to", "do", "na", "ni", "nu", "ne",
    "no", "ha", "ba",  "pa", "hi", "bi",  "pi", "fu",  "bu", "pu", "he", "be", "pe", "ho", "bo",
    "po", "ma", "mi",  "mu", "me", "mo",  "ya", "ya",  "yu", "yu", "yo", "yo", "ra", "ri", "ru",
    "re", "ro", "wa",  "wa", "i",  "e",   "o",  "n",   "vu", "ka", "ke",
};
_Static_assert(MEDGL_COUNT(hepburn) == KANA_LAST - KANA_FIRST + 1, "one spelling for each kana");

static const char *kana_hepburn(uint32_t kana)
{
    return hepburn[kana - KANA_FIRST];
}

static const char *kana_kunrei(uint32_t kana)
{
    static const char *const differences[][2] = {
        {"shi", "si"}, {"ji", "zi"}, {"chi", "ti"}, {"tsu", "tu"}, {"fu", "hu"}};
    const char *letters = kana_hepburn(kana);
    for (size_t i = 0; i < MEDGL_COUNT(differences); i++) {
        if (strcmp(letters, differences[i][0]) == 0)
            return differences[i][1];
    }
    return letters;
}

static const char *kana_typed(uint32_t kana)
{
    if (kana == KANA_DI)
        return "di";
    if (kana == KANA_DU)
        return "du";
    return kana == KANA_WO ? "wo" : kana_hepburn(kana);
}

static const char *kana_letters(enum system system, uint32_t kana)
{
    switch (system) {
    case SYSTEM_HEPBURN:
    case SYSTEM_PASSPORT:
        return kana_hepburn(kana);
    case SYSTEM_KUNREI:
        return kana_kunrei(kana);
    case SYSTEM_TYPED:
        return kana_typed(kana);
    }
    return "";
}

static bool kana_is_small(uint32_t kana)
{
    static const uint32_t small[] = {0x3041, 0x3043, 0x3045, 0x3047, 0x3049,
                                     0x3083, 0x3085, 0x3087, 0x308e};
    for (size_t i = 0; i < MEDGL_COUNT(small); i++) {
        if (kana == small[i])
            return true;
    }
    return false;
}

/* What stands between a mora without its vowel and the vowel of a small kana: ki + ya is k, y, a;
 * fu + a is f, a; ku + a is k, w, a. NULL: the two do not join. Both in Hepburn. */
static const char *romaji_glide(const char *mora, const char *small)
{
    char vowel = mora[strlen(mora) - 1];
    bool dental = mora[0] == 't' || mora[0] == 'd';
    if (vowel == 'i' && (small[0] == 'y' || small[0] == 'e'))
        return "y";
    if (vowel == 'u' && small[0] == 'y')
        return mora[0] == 'f' || mora[0] == 'v' ? "y" : NULL;
    if (vowel == 'u' && small[0] != 'u')
        return strchr("fvtsz", mora[0]) != NULL ? "" : "w";
    if (vowel == 'e' && dental && small[0] == 'y')
        return "y";
    if ((vowel == 'e' && dental && small[0] == 'i') || (vowel == 'o' && dental && small[0] == 'u'))
        return "";
    return NULL;
}

/* The letters of a kana that a small one joins. Only the row of i differs between the systems. */
static const char *romaji_joined(enum system system, uint32_t kana)
{
    const char *letters = kana_hepburn(kana);
    if (letters[strlen(letters) - 1] != 'i')
        return letters;
    if (system == SYSTEM_TYPED && (kana == KANA_SHI || kana == KANA_CHI))
        return kana_kunrei(kana); /* sya, tya, but jya */
    return kana_letters(system, kana);
}

/* sha, cha, ja: in Hepburn these have the glide in their consonant. */
static bool romaji_is_soft(enum system system, uint32_t kana)
{
    return (system == SYSTEM_HEPBURN || system == SYSTEM_PASSPORT) &&
           (kana == KANA_SHI || kana == KANA_JI || kana == KANA_CHI || kana == KANA_DI);
}

#define MORA_SIZE 8

/* The mora of one kana, and of a small one that joins it. Returns how many kana it took. */
static size_t romaji_mora(char mora[MORA_SIZE], enum system system, const uint32_t *kana,
                          size_t count)
{
    const char *base = kana_hepburn(kana[0]), *glide = NULL;
    if (count > 1 && kana_is_small(kana[1]) && !kana_is_small(kana[0]) && base[0] != '\0')
        glide = romaji_glide(base, kana_hepburn(kana[1]));
    if (glide == NULL) {
        (void)stpcpy(mora, kana_letters(system, kana[0]));
        return 1;
    }
    const char *letters = romaji_joined(system, kana[0]), *vowel = kana_hepburn(kana[1]);
    size_t stem = strlen(letters) - 1;
    memcpy(mora, letters, stem);
    if (romaji_is_soft(system, kana[0]))
        glide = "";
    (void)stpcpy(stpcpy(mora + stem, glide), vowel + strlen(vowel) - 1);
    return 2;
}

/* -- a whole reading ------------------------------------------------------------------------- */

/* What was met in a reading that people spell in different ways. */
struct met {
    unsigned long_vowels;
    bool apart;
};

struct speller {
    const struct style *style;
    char *to;
    size_t len;
    char last; /* the vowel that can become long, or '\0' */
    struct met met;
};

static bool romaji_append(struct speller *speller, const char *letters)
{
    size_t len = strlen(letters);
    if (speller->len + len >= ROMAJI_SIZE)
        return false;
    memcpy(speller->to + speller->len, letters, len + 1);
    speller->len += len;
    return true;
}

static bool romaji_is_long(char last, uint32_t kana)
{
    if (kana == KANA_PROLONGED)
        return last != '\0';
    return (last == 'o' && (kana == KANA_U || kana == KANA_O)) || (last == 'u' && kana == KANA_U);
}

static bool romaji_lengthen(struct speller *speller, uint32_t kana)
{
    char doubled[] = {speller->last, '\0'};
    unsigned which =
        speller->met.long_vowels < LONG_ALONE ? speller->met.long_vowels : LONG_ALONE - 1;
    speller->last = '\0';
    speller->met.long_vowels++;
    if ((speller->style->dropped >> which & 1) != 0)
        return true;
    switch (speller->style->long_vowel) {
    case LONG_WRITTEN:
        return romaji_append(speller, kana == KANA_PROLONGED ? doubled : kana_hepburn(kana));
    case LONG_WITH_H:
        return romaji_append(speller, "h");
    case LONG_DOUBLED:
        return romaji_append(speller, doubled);
    }
    return false;
}

static bool romaji_starts(const char *mora, const char *letters)
{
    return mora[0] != '\0' && strchr(letters, mora[0]) != NULL;
}

/* The syllable n before the mora that follows. */
static bool romaji_n(struct speller *speller, const char *next)
{
    enum system system = speller->style->system;
    bool apart = romaji_starts(next, "aiueoy");
    speller->met.apart = speller->met.apart || apart;
    if (apart && speller->style->apart)
        return romaji_append(speller, system == SYSTEM_TYPED ? "nn" : "n'");
    return romaji_append(speller,
                         system == SYSTEM_PASSPORT && romaji_starts(next, "bmp") ? "m" : "n");
}

/* A sokuon doubles the consonant that follows, if one does. */
static bool romaji_sokuon(struct speller *speller, const char *next)
{
    char doubled[] = {next[0], '\0'};
    if (next[0] == '\0' || romaji_starts(next, "aiueo"))
        return true;
    return romaji_append(
        speller, speller->style->system == SYSTEM_PASSPORT && next[0] == 'c' ? "t" : doubled);
}

/* Returns how many kana were written; `*fits` is false where no more of them have room. */
static size_t romaji_step(struct speller *speller, const uint32_t *kana, size_t count, bool *fits)
{
    char mora[MORA_SIZE] = "";
    enum system system = speller->style->system;
    if (romaji_is_long(speller->last, kana[0])) {
        *fits = romaji_lengthen(speller, kana[0]);
        return 1;
    }
    speller->last = '\0';
    if (kana[0] == KANA_PROLONGED)
        return 1; /* of nothing */
    if (kana[0] == KANA_N || kana[0] == KANA_SOKUON) {
        if (count > 1 && kana[1] != KANA_PROLONGED)
            (void)romaji_mora(mora, system, kana + 1, count - 1);
        *fits = kana[0] == KANA_N ? romaji_n(speller, mora) : romaji_sokuon(speller, mora);
        return 1;
    }
    size_t took = romaji_mora(mora, system, kana, count);
    speller->last = mora[strlen(mora) - 1];
    *fits = romaji_append(speller, mora);
    return took;
}

static void romaji_add(struct romaji *romaji, const char *spelling)
{
    for (size_t i = 0; i < romaji->count; i++) {
        if (strcmp(romaji->spelling[i], spelling) == 0)
            return;
    }
    if (spelling[0] != '\0' && romaji->count < ROMAJI_VARIANTS)
        (void)stpcpy(romaji->spelling[romaji->count++], spelling);
}

/* The reading as hiragana and prolonged sound marks. A reading with more kana than any spelling has
 * room for is cut, but looked at to its end. */
static enum medgl_error romaji_kana(const char *text, uint32_t kana[KANA_MAX], size_t *count)
{
    size_t len, step;
    *count = 0;
    auto_free uint8_t *normal =
        u8_normalize(UNINORM_NFKC, (const uint8_t *)text, strlen(text), NULL, &len);
    if (normal == NULL)
        return errno == ENOMEM ? MEDGL_ERR_MEMORY : MEDGL_ERR_ARGUMENT;
    for (size_t at = 0; at < len; at += step) {
        ucs4_t c;
        step = (size_t)u8_mbtouc(&c, normal + at, len - at);
        if (c >= KANA_FIRST + KANA_TO_KATAKANA && c <= KANA_LAST + KANA_TO_KATAKANA)
            c -= KANA_TO_KATAKANA;
        if (c != KANA_PROLONGED && (c < KANA_FIRST || c > KANA_LAST))
            return MEDGL_ERR_ARGUMENT;
        if (*count < KANA_MAX)
            kana[(*count)++] = c;
    }
    return MEDGL_OK;
}

struct reading {
    const uint32_t *kana;
    size_t count;
    struct romaji *romaji;
};

static struct speller romaji_run(const uint32_t *kana, size_t count, const struct style *style,
                                 char spelling[ROMAJI_SIZE])
{
    struct speller speller = {.style = style, .to = spelling};
    bool fits = true;
    spelling[0] = '\0';
    for (size_t at = 0; fits && at < count;)
        at += romaji_step(&speller, kana + at, count - at, &fits);
    return speller;
}

size_t romaji_letters(const uint32_t *kana, size_t count, char spelling[ROMAJI_SIZE])
{
    const struct style first = {.system = SYSTEM_HEPBURN};
    return romaji_run(kana, count, &first, spelling).len;
}

static struct met romaji_write(const struct reading *reading, struct style style)
{
    char spelling[ROMAJI_SIZE];
    struct speller speller = romaji_run(reading->kana, reading->count, &style, spelling);
    romaji_add(reading->romaji, spelling);
    return speller.met;
}

static struct met romaji_write_systems(const struct reading *reading, struct style style)
{
    static const enum system systems[] = {SYSTEM_HEPBURN, SYSTEM_KUNREI, SYSTEM_PASSPORT,
                                          SYSTEM_TYPED};
    struct met met = {0};
    for (size_t i = 0; i < MEDGL_COUNT(systems); i++) {
        style.system = systems[i];
        met = romaji_write(reading, style);
    }
    return met;
}

static void romaji_write_usual(const struct reading *reading)
{
    static const struct style usual[ROMAJI_USUAL] = {
        {.system = SYSTEM_HEPBURN},
        {.system = SYSTEM_HEPBURN, .dropped = ~0u},
        {.system = SYSTEM_KUNREI},
        {.system = SYSTEM_KUNREI, .dropped = ~0u},
    };
    for (size_t i = 0; i < ROMAJI_USUAL; i++)
        (void)romaji_write(reading, usual[i]);
}

static struct met romaji_write_all(const struct reading *reading, bool apart)
{
    struct style style = {.long_vowel = LONG_WRITTEN, .apart = apart};
    struct met met = romaji_write_systems(reading, style);
    if (met.long_vowels == 0)
        return met;
    unsigned alone = met.long_vowels < LONG_ALONE ? met.long_vowels : LONG_ALONE;
    for (style.dropped = 1; style.dropped < 1u << alone; style.dropped++)
        (void)romaji_write_systems(reading, style);
    style.dropped = 0;
    style.long_vowel = LONG_WITH_H;
    (void)romaji_write_systems(reading, style);
    style.long_vowel = LONG_DOUBLED;
    (void)romaji_write_systems(reading, style);
    return met;
}

enum medgl_error romaji_spell(const char *kana, struct romaji *romaji)
{
    uint32_t codes[KANA_MAX];
    struct reading reading = {.kana = codes, .romaji = romaji};
    romaji->count = 0;
    MEDGL_TRY(romaji_kana(kana, codes, &reading.count));
    romaji_write_usual(&reading);
    if (romaji_write_all(&reading, false).apart)
        (void)romaji_write_all(&reading, true);
    return MEDGL_OK;
}
