/* Japanese readings in Latin letters: what a person called さとう would type. Used for the facts
 * about a person at run time, and for the word list at build time. */
#ifndef MEDGL_FACTOR_ROMAJI_H
#define MEDGL_FACTOR_ROMAJI_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define ROMAJI_SIZE     128 /* of one spelling, with its NUL; longer readings are cut at a mora */
#define ROMAJI_VARIANTS 64
#define ROMAJI_USUAL    4 /* so many at the beginning: what most people write */

/* The spellings of one reading, lower case, without duplicates: Hepburn and Kunrei (shi and si, chi
 * and ti, tsu and tu, fu and hu, ji and zi, sha and sya), each with long vowels as written (satou),
 * dropped (sato; some of several too: yuichirou), with h (satoh) and doubled (satoo); n before a
 * vowel with and without "n'", before b, m and p as m too (shimbun); cch and tch (kicchin,
 * kitchin); and the mixture that is typed into input methods (jyunnichi, kaduko). */
struct romaji {
    char spelling[ROMAJI_VARIANTS][ROMAJI_SIZE];
    size_t count;
};

/* `kana`: hiragana, katakana (full or half width, with its marks), prolonged sound mark, UTF-8,
 * without separators. MEDGL_ERR_ARGUMENT: anything else is in it; then count is 0. */
enum medgl_error romaji_spell(const char *kana, struct romaji *romaji);

/* The first of the spellings of `count` code points: hiragana U+3041..U+3096 and prolonged sound
 * marks. Without the heap: they may be part of a secret. Returns the length of the spelling, which
 * ends where no more has room. */
size_t romaji_letters(const uint32_t *kana, size_t count, char spelling[ROMAJI_SIZE]);

#endif
