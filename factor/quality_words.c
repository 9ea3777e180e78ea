/* Words in a candidate: of the list, also reversed and with usual substitutions, and runs of
 * letters that only look like words. */
#include "factor/quality_piece.h"

#define COST_WORD     10 /* that it is a word */
#define COST_REVERSED 15
#define COST_LETTERS  30 /* that it looks like one */
#define LETTERS_LEAST 3

/* All readings one character further; returns how many are left. */
static size_t words_advance(struct candidate *candidate, unsigned turn, size_t count, size_t at)
{
    const struct piece_reading *from = candidate->readings[turn % 2];
    struct piece_reading *to = candidate->readings[(turn + 1) % 2];
    uint32_t folded = candidate->folded[at];
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        for (const char *letter = candidate_readings(folded); *letter != '\0'; letter++) {
            struct piece_reading reading = from[i];
            if (kept == PIECE_READINGS || !words_step(&reading.cursor, *letter))
                continue;
            reading.substituted += (uint32_t)*letter != folded;
            to[kept++] = reading;
        }
    }
    return kept;
}

static void words_offer(struct candidate *candidate, unsigned turn, size_t count, size_t from,
                        size_t to, unsigned more)
{
    for (size_t i = 0; i < count; i++) {
        const struct piece_reading *reading = &candidate->readings[turn % 2][i];
        unsigned cost;
        if (words_complete(&reading->cursor, &cost))
            piece_offer(candidate, from, to,
                        COST_WORD + cost + more + candidate_case_cost(candidate, from, to) +
                            candidate_substitution_cost(reading->substituted),
                        PASSWORD_WEAKNESS_WORD);
    }
}

static void words_from(struct candidate *candidate, size_t from)
{
    size_t count = 1;
    candidate->readings[0][0] = (struct piece_reading){.cursor = words_begin()};
    for (size_t at = from; at < candidate->window && count > 0; at++) {
        unsigned turn = (unsigned)(at - from);
        count = words_advance(candidate, turn, count, at);
        words_offer(candidate, turn + 1, count, from, at + 1, 0);
    }
}

static void words_reversed_from(struct candidate *candidate, size_t to)
{
    size_t count = 1;
    candidate->readings[0][0] = (struct piece_reading){.cursor = words_begin()};
    for (size_t at = to; at-- > 0 && count > 0;) {
        unsigned turn = (unsigned)(to - 1 - at);
        count = words_advance(candidate, turn, count, at);
        words_offer(candidate, turn + 1, count, at, to, COST_REVERSED);
    }
}

static void letters_from(struct candidate *candidate, size_t from)
{
    char before_last = '\0', last = '\0';
    unsigned cost = COST_LETTERS, substituted = 0;
    for (size_t at = from; at < candidate->window; at++) {
        char letter = candidate_readings(candidate->folded[at])[0];
        if (letter == '\0')
            break;
        substituted += (uint32_t)letter != candidate->folded[at];
        cost += words_letter_cost(before_last, last, letter);
        before_last = last;
        last = letter;
        if (at + 1 - from >= LETTERS_LEAST)
            piece_offer(candidate, from, at + 1,
                        cost + candidate_case_cost(candidate, from, at + 1) +
                            candidate_substitution_cost(substituted),
                        PASSWORD_WEAKNESS_WORD);
    }
}

void quality_find_words(struct candidate *candidate)
{
    for (size_t at = 0; at < candidate->window; at++) {
        words_from(candidate, at);
        words_reversed_from(candidate, at + 1);
        letters_from(candidate, at);
    }
}
