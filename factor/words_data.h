/* How the word list lies in the program: what factor/words_make.c writes and factor/words.c reads.
 * In the byte order of the machine that builds; never a file that is read at run time. */
#ifndef MEDGL_FACTOR_WORDS_DATA_H
#define MEDGL_FACTOR_WORDS_DATA_H

#include "factor/words.h"

#define WORDS_LETTERS 26
/* Every word has so many letters; a table leads to those that begin with them. */
#define WORDS_PREFIX   WORDS_SHORTEST
#define WORDS_PREFIXES (WORDS_LETTERS * WORDS_LETTERS * WORDS_LETTERS)
_Static_assert(WORDS_PREFIX == 3, "as WORDS_PREFIXES has it");

/* Where a letter stands in the cost table; 0: before the first letter. */
static inline unsigned words_letter_index(char letter)
{
    return letter >= 'a' && letter <= 'z' ? (unsigned)(letter - 'a') + 1 : 0;
}

/* The number of a beginning, one letter longer: aaa, aab... count from 0. */
static inline uint32_t words_prefix_extend(uint32_t prefix, char letter)
{
    return prefix * WORDS_LETTERS + words_letter_index(letter) - 1;
}

struct words_data {
    uint32_t count;
    /* The first word that begins so, or that stands behind such words; the last one is `count`. */
    uint32_t prefix[WORDS_PREFIXES + 1];
    /* Tenths of a bit, by the two letters before and the letter itself. */
    uint8_t letter_cost[WORDS_LETTERS + 1][WORDS_LETTERS + 1][WORDS_LETTERS];
    uint8_t unused[2];
    /* Where the rest of each word, without its prefix, begins in the text, and where the last one
     * ends. Then come their costs, one byte each, and the text: the words in the order of
     * strcmp(3), each once, with nothing between. */
    uint32_t start[];
};
_Static_assert(offsetof(struct words_data, start) == offsetof(struct words_data, unused) + 2,
               "no padding that nobody sets");

#endif
