/* Words in a candidate: of the list, also reversed and with usual substitutions, and runs of
 * letters that only look like words. */
#include "factor/quality_piece.h"

#define COST_SHORT    20 /* that it is a word: short ones come up by chance */
#define CHOSEN        170
#define SHORT         5
#define CHANGED       12
#define COST_REVERSED 25
#define COST_LETTERS  10 /* that it looks like one */
#define LETTERS_LEAST 3
#define COST_UNSURE   2 /* times the cost of substitutions in what is not known as a word */

/* The list has no apostrophes. The one in "nurse's" and "don't" is read over; `next` is the place
 * that is read after it. */
static bool words_is_apostrophe(const struct candidate *candidate, size_t at, size_t next,
                                unsigned depth)
{
    static const char behind[] = "cdlmnrstv";
    if (candidate->folded[at] != '\'' || depth == 0 || next >= candidate->count)
        return false;
    for (const char *letter = behind; *letter != '\0'; letter++) {
        if ((candidate->letters[next] >> (*letter - 'a') & 1) != 0)
            return true;
    }
    return false;
}

/* All readings one character further; returns how many are left. */
static size_t words_advance(struct candidate *candidate, unsigned turn, size_t count, size_t at,
                            size_t next)
{
    const struct piece_reading *from = candidate->readings[turn % 2];
    struct piece_reading *to = candidate->readings[(turn + 1) % 2];
    uint32_t folded = candidate->folded[at];
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct piece_reading reading = from[i];
        if (kept < PIECE_READINGS &&
            words_is_apostrophe(candidate, at, next, reading.cursor.depth)) {
            reading.substituted += 2;
            to[kept++] = reading;
        }
        for (const char *letter = candidate_readings(folded); *letter != '\0'; letter++) {
            reading = from[i];
            if (kept == PIECE_READINGS || !words_step(&reading.cursor, *letter))
                continue;
            reading.substituted += candidate_substitution(folded, (uint32_t)*letter);
            to[kept++] = reading;
        }
    }
    return kept;
}

/* What a word of the list costs as it stands there. */
static unsigned words_cost(const struct candidate *candidate, size_t from, size_t to, unsigned cost,
                           unsigned substituted)
{
    unsigned changes =
        candidate_case_cost(candidate, from, to) + candidate_substitution_cost(substituted);
    cost = cost * cost / CHOSEN + changes;
    if (to - from <= SHORT)
        cost += COST_SHORT + (changes > CHANGED ? changes : 0);
    return cost;
}

static void words_offer(struct candidate *candidate, unsigned turn, size_t count, size_t from,
                        size_t to, unsigned more)
{
    for (size_t i = 0; i < count; i++) {
        const struct piece_reading *reading = &candidate->readings[turn % 2][i];
        unsigned cost;
        if (words_complete(&reading->cursor, &cost))
            piece_offer(candidate, from, to,
                        more + words_cost(candidate, from, to, cost, reading->substituted),
                        PASSWORD_WEAKNESS_WORD);
    }
}

static void words_from(struct candidate *candidate, size_t from)
{
    size_t count = 1;
    candidate->readings[0][0] = (struct piece_reading){.cursor = words_begin()};
    for (size_t at = from; at < candidate->window && count > 0; at++) {
        unsigned turn = (unsigned)(at - from);
        count = words_advance(candidate, turn, count, at, at + 1);
        words_offer(candidate, turn + 1, count, from, at + 1, 0);
    }
}

static void words_reversed_from(struct candidate *candidate, size_t to)
{
    size_t count = 1;
    candidate->readings[0][0] = (struct piece_reading){.cursor = words_begin()};
    for (size_t at = to; at-- > 0 && count > 0;) {
        unsigned turn = (unsigned)(to - 1 - at);
        count = words_advance(candidate, turn, count, at, at - 1); /* none before the first */
        words_offer(candidate, turn + 1, count, at, to, COST_REVERSED);
    }
}

/* A letter, or what usually stands for one; '\0': neither. */
static char letters_read(const struct candidate *candidate, size_t at, unsigned *substituted)
{
    uint32_t folded = candidate->folded[at];
    char letter = candidate_readings(folded)[0];
    unsigned counts = letter == '\0' ? 0 : candidate_substitution(folded, (uint32_t)letter);
    if (counts > 1)
        return '\0';
    *substituted += counts;
    return letter;
}

static void letters_from(struct candidate *candidate, size_t from)
{
    char before_last = '\0', last = '\0', letter;
    unsigned cost = COST_LETTERS, substituted = 0;
    for (size_t at = from; at < candidate->window; at++) {
        if ((letter = letters_read(candidate, at, &substituted)) == '\0')
            break;
        cost += words_letter_cost(before_last, last, letter);
        before_last = last;
        last = letter;
        if (at + 1 - from >= LETTERS_LEAST)
            piece_offer(candidate, from, at + 1,
                        cost + candidate_case_cost(candidate, from, at + 1) +
                            COST_UNSURE * candidate_substitution_cost(substituted),
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
