/* The built-in word list, and how likely a run of letters is: made at build time from Debian's
 * dictionaries (factor/words_make.c) and part of the program, so that it cannot be missing,
 * outdated or exchanged. English and Japanese in Latin letters, with surnames and given names.
 * Lower-case a-z only. */
#ifndef MEDGL_FACTOR_WORDS_H
#define MEDGL_FACTOR_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_SHORTEST 3
#define WORDS_LONGEST  24

/* Costs are in tenths of a bit: ten times the binary logarithm of how many guesses come first. */

/* Words that begin with a prefix, narrowed letter by letter: the caller can follow several
 * readings of a character ('1' as i or l) at once. */
struct words_cursor {
    uint32_t low, high; /* low <= word < high; nothing left when equal */
    uint32_t prefix;    /* the number of its first letters */
    unsigned depth;     /* letters so far */
};
struct words_cursor words_begin(void);
/* false: no word goes on like that; the cursor is then empty. `letter` is a..z. */
bool words_step(struct words_cursor *cursor, char letter);
/* Whether the letters so far are a whole word, and its cost (common words cost less). */
bool words_complete(const struct words_cursor *cursor, unsigned *cost);

#define WORDS_LETTER_COST_MAX 60

/* The cost of a letter after two others, in a language like those of the list; '\0' in the place of
 * the first ones at the beginning. Unknown words (inflections, foreign names) look like words. */
unsigned words_letter_cost(char before_last, char last, char letter);

#endif
