/* What hands do without a word in mind: neighbouring keys, sequences, repetition, digits and
 * symbols. */
#include "factor/quality_piece.h"

#include <string.h>
#include <uchar.h>

/* Ten times the binary logarithm, rounded down, of 1..64. */
static unsigned patterns_log(size_t n)
{
    uint64_t power = 1;
    for (int i = 0; i < 10; i++)
        power *= n;
    return 63 - (unsigned)__builtin_clzll(power);
}

/* -- neighbouring keys ----------------------------------------------------------------------- */

#define KEY_ROWS    4
#define WALK_LEAST  3
#define WALK_START  45
#define WALK_CORNER 20 /* q, a, z, 1 and 0 begin most of them */
#define WALK_ALONG  15 /* the first step, along the row */
#define WALK_ACROSS 30
#define WALK_ON     5 /* further the same way */
#define WALK_TURN   30
#define WALK_STAY   12
#define WALK_SHIFT  15

struct keyboard {
    const char32_t *row[KEY_ROWS], *shifted[KEY_ROWS];
};
static const struct keyboard keyboards[] = {
    {{U"`1234567890-=", U" qwertyuiop[]\\", U" asdfghjkl;'", U" zxcvbnm,./"},
     {U"~!@#$%^&*()_+", U" QWERTYUIOP{}|", U" ASDFGHJKL:\"", U" ZXCVBNM<>?"}},
    {{U" 1234567890-^\\", U" qwertyuiop@[", U" asdfghjkl;:]", U" zxcvbnm,./\\"},
     {U" !\"#$%&'()\t=~|", U" QWERTYUIOP`{", U" ASDFGHJKL+*}", U" ZXCVBNM<>?_"}},
    {{U" ぬふあうえおやゆよわほへー", U" たていすかんなにらせ゛゜", U" ちとしはきくまのりれけむ",
      U" つさそひこみもねるめろ"},
     {U"", U"", U"", U""}},
};

static bool key_in_row(const char32_t *row, uint32_t c, int8_t *column)
{
    for (int i = 0; row[i] != 0; i++) {
        if (row[i] == c && c != ' ') {
            *column = (int8_t)i;
            return true;
        }
    }
    return false;
}

static struct piece_key key_find(const struct keyboard *keyboard, uint32_t c)
{
    struct piece_key key = {.row = -1};
    for (int8_t row = 0; row < KEY_ROWS; row++) {
        key.row = row;
        key.shifted = false;
        if (key_in_row(keyboard->row[row], c, &key.column))
            return key;
        key.shifted = true;
        if (key_in_row(keyboard->shifted[row], c, &key.column))
            return key;
    }
    key.row = -1;
    return key;
}

struct stride {
    int row, column;
};

/* false: the two are no neighbours. */
static bool key_stride(const struct piece_key *from, const struct piece_key *to,
                       struct stride *stride)
{
    stride->row = to->row - from->row;
    stride->column = to->column - from->column;
    return from->row >= 0 && to->row >= 0 && stride->row >= -1 && stride->row <= 1 &&
           stride->column >= -1 && stride->column <= 1;
}

static unsigned walk_cost(struct stride stride, struct stride last)
{
    if (stride.row == 0 && stride.column == 0)
        return WALK_STAY;
    if (last.row == 0 && last.column == 0)
        return stride.row == 0 ? WALK_ALONG : WALK_ACROSS;
    return stride.row == last.row && stride.column == last.column ? WALK_ON : WALK_TURN;
}

static void walk_from(struct candidate *candidate, size_t from)
{
    const struct piece_key *keys = candidate->keys;
    if (keys[from].row < 0)
        return;
    struct stride stride, last = {0};
    bool corner = keys[from].column <= 1 || candidate->folded[from] == '0';
    unsigned cost = corner ? WALK_CORNER : WALK_START;
    for (size_t at = from + 1; at < candidate->window; at++) {
        if (!key_stride(&keys[at - 1], &keys[at], &stride))
            break;
        cost += walk_cost(stride, last);
        cost += keys[at].shifted != keys[at - 1].shifted ? WALK_SHIFT : 0;
        if (stride.row != 0 || stride.column != 0)
            last = stride;
        if (at + 1 - from >= WALK_LEAST)
            piece_offer(candidate, from, at + 1, cost, PASSWORD_WEAKNESS_KEYBOARD);
    }
}

static void patterns_find_walks(struct candidate *candidate)
{
    for (size_t board = 0; board < sizeof(keyboards) / sizeof(keyboards[0]); board++) {
        for (size_t at = 0; at < candidate->window; at++)
            candidate->keys[at] = key_find(&keyboards[board], candidate->plain[at]);
        for (size_t at = 0; at < candidate->window; at++)
            walk_from(candidate, at);
    }
}

/* -- sequences ------------------------------------------------------------------------------- */

#define SEQUENCE_LEAST  3
#define SEQUENCE_START  45
#define SEQUENCE_CORNER 15
#define SEQUENCE_UP     15
#define SEQUENCE_OTHER  30
#define SEQUENCE_ON     3

static bool sequence_step(const struct candidate *candidate, size_t at, int *step)
{
    uint32_t last = candidate->folded[at - 1], c = candidate->folded[at];
    *step = (int)c - (int)last;
    return *step != 0 && *step >= -2 && *step <= 2 && candidate_class(c) != CANDIDATE_SYMBOL &&
           candidate_class(c) == candidate_class(last);
}

static void sequence_from(struct candidate *candidate, size_t from)
{
    int first, step;
    if (from + 1 >= candidate->window || !sequence_step(candidate, from + 1, &first))
        return;
    unsigned cost =
        candidate->folded[from] < 0x80 && strchr("a10z9", (int)candidate->folded[from]) != NULL
            ? SEQUENCE_CORNER
            : SEQUENCE_START;
    cost += first == 1 ? SEQUENCE_UP : SEQUENCE_OTHER;
    for (size_t at = from + 2; at < candidate->window; at++) {
        if (!sequence_step(candidate, at, &step) || step != first)
            break;
        cost += SEQUENCE_ON;
        piece_offer(candidate, from, at + 1, cost + candidate_case_cost(candidate, from, at + 1),
                    PASSWORD_WEAKNESS_SEQUENCE);
    }
}

/* -- repetition ------------------------------------------------------------------------------ */

#define COPY_LEAST     3
#define COPY_AT_ONCE   15 /* the copy begins where the first ends, or before */
#define COPY_LATER     25
#define COPY_OTHERWISE 10 /* with other capitals */

static void copy_offer(struct candidate *candidate, size_t from, size_t len, unsigned cost,
                       bool alike)
{
    piece_offer(candidate, from, from + len,
                cost + patterns_log(len) + (alike ? 0 : COPY_OTHERWISE), PASSWORD_WEAKNESS_REPEAT);
}

/* What stood `back` characters before stands here again; it may reach into the copy. */
static size_t copy_from(struct candidate *candidate, size_t from, size_t back)
{
    bool alike = true;
    size_t len = 0, at;
    size_t least = back < COPY_LEAST ? back + 1 : COPY_LEAST;
    while ((at = from + len) < candidate->window &&
           candidate->folded[at] == candidate->folded[at - back]) {
        alike = alike && candidate->plain[at] == candidate->plain[at - back];
        if (++len >= least)
            copy_offer(candidate, from, len,
                       len >= back ? COPY_AT_ONCE : COPY_LATER + patterns_log(from), alike);
    }
    return len;
}

/* What stood before stands here from its end to its beginning; `shared`: they share a character. */
static void mirror_from(struct candidate *candidate, size_t from, size_t shared)
{
    bool alike = true;
    size_t len = 0;
    while (from + len < candidate->window && len + shared < from &&
           candidate->folded[from + len] == candidate->folded[from - 1 - shared - len]) {
        alike = alike && candidate->plain[from + len] == candidate->plain[from - 1 - shared - len];
        if (++len >= COPY_LEAST)
            copy_offer(candidate, from, len, COPY_LATER, alike);
    }
}

static void repeats_from(struct candidate *candidate, size_t from)
{
    for (size_t back = 1; back <= from; back++) {
        if (from + copy_from(candidate, from, back) == candidate->window)
            break; /* nothing is left to find by going further back */
    }
    mirror_from(candidate, from, 0);
    mirror_from(candidate, from, 1);
}

/* -- digits and symbols ---------------------------------------------------------------------- */

#define COST_DIGITS    20
#define COST_DIGIT     33
#define COST_EXCLAIM   25
#define COST_USUAL_END 40
#define COST_SEPARATOR 40

static void digits_from(struct candidate *candidate, size_t from)
{
    unsigned cost = COST_DIGITS;
    for (size_t at = from; at < candidate->window; at++) {
        if (candidate->folded[at] < '0' || candidate->folded[at] > '9')
            break;
        cost += COST_DIGIT;
        piece_offer(candidate, from, at + 1, cost, PASSWORD_WEAKNESS_SIMPLE);
    }
}

/* The few that people take, where they take them. */
static void symbol_at(struct candidate *candidate, size_t at)
{
    uint32_t c = candidate->folded[at];
    bool last = at + 1 == candidate->count, end = at == 0 || last;
    if (c >= 0x80)
        return;
    if (last && c == '!')
        piece_offer(candidate, at, at + 1, COST_EXCLAIM, PASSWORD_WEAKNESS_SIMPLE);
    else if (end && strchr("!@#$%&*?.-_+=", (int)c) != NULL)
        piece_offer(candidate, at, at + 1, COST_USUAL_END, PASSWORD_WEAKNESS_SIMPLE);
    else if (strchr("-_. ,/@", (int)c) != NULL)
        piece_offer(candidate, at, at + 1, COST_SEPARATOR, PASSWORD_WEAKNESS_SIMPLE);
}

/* Each different character, and then which of them stands where. */
static void simple_offer(struct candidate *candidate)
{
    size_t different = 0;
    for (size_t i = 0; i < candidate->window; i++) {
        size_t j = 0;
        while (j < i && candidate->plain[j] != candidate->plain[i])
            j++;
        different += j == i;
    }
    if (different > 0)
        piece_offer(
            candidate, 0, candidate->window,
            (unsigned)(different * PIECE_COST_ASCII + candidate->window * patterns_log(different)),
            PASSWORD_WEAKNESS_SIMPLE);
}

void quality_find_patterns(struct candidate *candidate)
{
    patterns_find_walks(candidate);
    simple_offer(candidate);
    for (size_t at = 0; at < candidate->window; at++) {
        sequence_from(candidate, at);
        repeats_from(candidate, at);
        digits_from(candidate, at);
        symbol_at(candidate, at);
    }
}
