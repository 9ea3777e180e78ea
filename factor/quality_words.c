/* Words in a candidate: of the list, also reversed and with usual substitutions, and runs of
 * letters that only look like words. */
#include "factor/quality_piece.h"

#include <string.h>

/* People choose common words more often still than the list ranks them: a word of this cost keeps
 * it, a cheaper one becomes cheaper. */
#define COST_KEPT 170
/* Short words come up by chance. That takes a little more to believe them, and twice as much for
 * what was changed in them beyond a capital letter. */
#define SHORT         5
#define COST_SHORT    20
#define COST_CAPITAL  12
#define COST_REVERSED 25

/* They'd, I'll, I'm, don't, nurse's, we've. */
#define LETTER(c) (1u << ((c) - 'a'))
#define ENDINGS   (LETTER('d') | LETTER('l') | LETTER('m') | LETTER('s') | LETTER('t') | LETTER('v'))
/* How many substitutions what joins letters counts as: before such an ending, and elsewhere. */
#define JOINT_ENDING 2
#define JOINT        6

/* Runs of letters that look like words: the letters cost, that they do, and each substitution
 * twice as much as in a word that is known. */
#define LETTERS_LEAST 3
#define COST_LETTERS  10
#define COST_UNSURE   2

/* The list has letters alone. What joins them in "nurse's" and "T-bone" is read over, once: how
 * much that counts among the substitutions, 0 where it cannot be. `next` is the place that is read
 * after it. */
static unsigned words_joint(const struct candidate *candidate, size_t at, size_t next,
                            const struct piece_reading *reading)
{
    uint32_t c = candidate->folded[at];
    if (reading->cursor.depth == 0 || reading->joined || next >= candidate->count)
        return 0;
    if (c == '\'' && reading->cursor.depth >= WORDS_SHORTEST - 1 &&
        (candidate->letters[next] & ENDINGS) != 0)
        return JOINT_ENDING;
    return candidate->classes[next] != CANDIDATE_SYMBOL && c < 0x80 &&
                   strchr("'-_. ", (int)c) != NULL
               ? JOINT
               : 0;
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
        unsigned joint = words_joint(candidate, at, next, &reading);
        if (kept < PIECE_READINGS && joint > 0) {
            reading.substituted += joint;
            reading.joined = true;
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
                           const struct piece_reading *reading)
{
    unsigned changes = candidate_case_cost(candidate, from, to) +
                       candidate_substitution_cost(reading->substituted);
    cost = cost * cost / COST_KEPT + changes;
    if (reading->cursor.depth <= SHORT)
        cost += COST_SHORT + (changes > COST_CAPITAL ? changes : 0);
    return cost;
}

static void words_offer(struct candidate *candidate, unsigned turn, size_t count, size_t from,
                        size_t to, unsigned more)
{
    for (size_t i = 0; i < count; i++) {
        const struct piece_reading *reading = &candidate->readings[turn % 2][i];
        unsigned cost;
        if (words_complete(&reading->cursor, &cost))
            piece_offer(candidate, from, to, more + words_cost(candidate, from, to, cost, reading),
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
