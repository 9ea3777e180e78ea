/* What the parts of words_make share. Out of memory, and what cannot be read, ends it. */
#ifndef MEDGL_FACTOR_WORDS_MAKE_H
#define MEDGL_FACTOR_WORDS_MAKE_H

#include "factor/romaji.h"
#include "factor/words_data.h"

struct word {
    char text[WORDS_LONGEST + 1];
    uint8_t cost;
};
struct words {
    struct word *at;
    size_t count, room;
};

/* Room for one more element. */
void *grow(void *at, size_t count, size_t *room, size_t size);

uint8_t cost_of_rank(double rank);

/* Letters in any case; a text with anything else in it, too short or too long, is no word. */
void word_add(struct words *words, const char *text, uint8_t cost);

void words_spell(struct romaji *romaji, const char *kana);

/* Adds the words of IPADIC, `before` of which others come first. */
void japanese_read(struct words *words, const char *directory, size_t before);

#endif
