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

#define KEY_ROWS       4
#define WALK_LEAST     3
#define WALK_START     85
#define WALK_CORNER    45 /* q, a, z, 1 and 0 begin most of them */
#define WALK_ALONG     15 /* the first step, along the row */
#define WALK_ACROSS    35
#define WALK_ON        5 /* further the same way */
#define WALK_TURN      35
#define WALK_STAY      25 /* the same key once more */
#define WALK_SHIFT     30 /* the shift key is pressed, or let go */
#define WALK_LONG      7  /* keys behind which the next may be anywhere */
#define WALK_JUMP      45
#define FIGURE_LONGEST 5
#define FIGURE_COST    30

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
    {{U"789", U"456", U"123", U"0"}, {U"", U"", U"", U""}},
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

static bool stride_is(struct stride a, struct stride b)
{
    return a.row == b.row && a.column == b.column;
}

/* Straight on, or in zigzag. */
static unsigned walk_cost(struct stride stride, const struct stride last[2], size_t apart)
{
    static const struct stride none;
    if (stride_is(stride, none))
        return WALK_STAY;
    if (stride_is(last[apart - 1], none))
        return stride.row == 0 ? WALK_ALONG : WALK_ACROSS;
    return (apart == 1 && stride_is(stride, last[0])) || stride_is(stride, last[1]) ? WALK_ON
                                                                                    : WALK_TURN;
}

/* `apart` 2: two walks that take turns, a;sldkfj. */
static void walk_from(struct candidate *candidate, size_t from, size_t apart)
{
    const struct piece_key *keys = candidate->keys;
    if (keys[from].row < 0)
        return;
    struct stride stride, last[2] = {0};
    bool corner = keys[from].column <= 1 || candidate->folded[from] == '0';
    unsigned cost = corner ? WALK_CORNER : WALK_START;
    if (apart > 1)
        cost += WALK_START;
    for (size_t at = from + apart; at < candidate->window; at++) {
        if (key_stride(&keys[at - apart], &keys[at], &stride))
            cost += walk_cost(stride, last, apart);
        else if (keys[at].row >= 0 && at - from >= WALK_LONG)
            cost += WALK_JUMP;
        else
            break;
        cost += keys[at].shifted != keys[at - 1].shifted ? WALK_SHIFT : 0;
        if (stride.row != 0 || stride.column != 0) {
            last[1] = last[0];
            last[0] = stride;
        }
        if (at + 1 - from >= WALK_LEAST * apart)
            piece_offer(candidate, from, at + 1, cost, PASSWORD_WEAKNESS_KEYBOARD);
    }
}

/* The same figure once more, beside the last one: 1qaz2wsx, 147258369, qweasdzxc. */
static void figure_from(struct candidate *candidate, size_t from, size_t length)
{
    const struct piece_key *before = candidate->keys + from - length, *keys = before + length;
    struct stride first = {0}, stride;
    for (size_t i = 0; i < length; i++) {
        if (!key_stride(&before[i], &keys[i], &stride) || before[i].shifted != before[0].shifted ||
            keys[i].shifted != keys[0].shifted)
            return;
        if (i == 0)
            first = stride;
        if (!stride_is(stride, first))
            return;
    }
    piece_offer(candidate, from, from + length, FIGURE_COST, PASSWORD_WEAKNESS_KEYBOARD);
}

static void patterns_find_walks(struct candidate *candidate)
{
    for (size_t board = 0; board < sizeof(keyboards) / sizeof(keyboards[0]); board++) {
        for (size_t at = 0; at < candidate->window; at++)
            candidate->keys[at] = key_find(&keyboards[board], candidate->plain[at]);
        for (size_t at = 0; at < candidate->window; at++) {
            walk_from(candidate, at, 1);
            walk_from(candidate, at, 2);
        }
        for (size_t at = WALK_LEAST; at < candidate->window; at++) {
            for (size_t length = WALK_LEAST; length <= FIGURE_LONGEST; length++) {
                if (length <= at && at + length <= candidate->window)
                    figure_from(candidate, at, length);
            }
        }
    }
}

/* -- sequences ------------------------------------------------------------------------------- */

#define SEQUENCE_LEAST  3
#define SEQUENCE_START  65
#define SEQUENCE_CORNER 35
#define SEQUENCE_UP     15
#define SEQUENCE_OTHER  30
#define SEQUENCE_ON     3

static bool sequence_step(const struct candidate *candidate, size_t at, size_t apart, int *step)
{
    uint32_t last = candidate->folded[at - apart], c = candidate->folded[at];
    *step = (int)c - (int)last;
    return *step != 0 && *step >= -2 && *step <= 2 && candidate->classes[at] != CANDIDATE_SYMBOL &&
           candidate->classes[at] == candidate->classes[at - apart];
}

static unsigned sequence_start(uint32_t c)
{
    return c < 0x80 && strchr("a10z9", (int)c) != NULL ? SEQUENCE_CORNER : SEQUENCE_START;
}

/* `apart` 2: two sequences that take turns, a1b2c3. */
static void sequence_from(struct candidate *candidate, size_t from, size_t apart)
{
    int first, step;
    unsigned cost = 0;
    for (size_t at = from; at < from + apart && at + apart < candidate->window; at++)
        cost += sequence_start(candidate->folded[at]);
    if (from + apart >= candidate->window || !sequence_step(candidate, from + apart, apart, &first))
        return;
    cost += first == 1 ? SEQUENCE_UP : SEQUENCE_OTHER;
    for (size_t at = from + apart + 1; at < candidate->window; at++) {
        if (!sequence_step(candidate, at, apart, &step) || step != first)
            break;
        cost += SEQUENCE_ON;
        piece_offer(candidate, from, at + 1, cost + candidate_case_cost(candidate, from, at + 1),
                    PASSWORD_WEAKNESS_SEQUENCE);
    }
}

/* -- repetition ------------------------------------------------------------------------------ */

#define COPY_LEAST     3
#define COPY_WHOLE     1 /* what was just written once more */
#define COPY_OTHER     5 /* more often, some of it, or later */
#define COPY_OTHERWISE 5 /* with other capitals */

/* What stood `back` characters before stands here again; it may reach into the copy. */
static size_t copy_from(struct candidate *candidate, size_t from, size_t back)
{
    unsigned more = 0;
    size_t len = 0, at, least = back < COPY_LEAST ? back + 1 : COPY_LEAST;
    while ((at = from + len) < candidate->window &&
           candidate->folded[at] == candidate->folded[at - back]) {
        if (candidate->plain[at] != candidate->plain[at - back])
            more = COPY_OTHERWISE;
        if (++len >= least)
            piece_offer(candidate, from, at + 1, more + (len == back ? COPY_WHOLE : COPY_OTHER),
                        PASSWORD_WEAKNESS_REPEAT);
    }
    return len;
}

/* What stood before stands here from its end to its beginning; `shared`: they share a character. */
static void mirror_from(struct candidate *candidate, size_t from, size_t shared)
{
    unsigned more = 0;
    size_t len = 0;
    while (from + len < candidate->window && len + shared < from &&
           candidate->folded[from + len] == candidate->folded[from - 1 - shared - len]) {
        if (candidate->plain[from + len] != candidate->plain[from - 1 - shared - len])
            more = COPY_OTHERWISE;
        if (++len >= COPY_LEAST)
            piece_offer(candidate, from, from + len, more + COPY_OTHER, PASSWORD_WEAKNESS_REPEAT);
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

#define COST_DIGIT     33 /* each, besides: */
#define COST_DIGITS    15 /* that there are some between letters */
#define COST_DECORATED 5  /* or at an end */
#define COST_NUMBER    50 /* one of the usual numbers */
#define COST_EXCLAIM   25 /* an exclamation mark at the end */
#define COST_USUAL     40 /* other usual symbols, at an end */
#define COST_UNUSUAL   60
#define COST_SEPARATOR 40 /* between other pieces */
#define COST_LETTER    30 /* the only one */

/* Nothing but digits and symbols is between there and one of the ends. */
static bool is_decoration(const struct candidate *candidate, size_t from, size_t to)
{
    return to <= candidate->decoration_ends || from >= candidate->decoration_begins;
}

/* 77, 21, 007: one of some that come first. */
static bool is_usual_number(const struct candidate *candidate, size_t from, size_t to)
{
    static const char32_t *const usual[] = {U"007", U"69", U"420", U"360", U"101", U"911", U"100"};
    const uint32_t *digits = candidate->folded + from;
    if (to - from == 2 && digits[1] + 1 >= digits[0] && digits[1] <= digits[0] + 1)
        return true;
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        size_t at = 0;
        while (from + at < to && usual[i][at] == digits[at])
            at++;
        if (from + at == to && usual[i][at] == 0)
            return true;
    }
    return false;
}

static void digits_from(struct candidate *candidate, size_t from)
{
    unsigned cost = 0;
    for (size_t at = from; at < candidate->window; at++) {
        if (candidate->folded[at] < '0' || candidate->folded[at] > '9')
            break;
        cost += COST_DIGIT;
        if (is_usual_number(candidate, from, at + 1))
            piece_offer(candidate, from, at + 1, COST_NUMBER, PASSWORD_WEAKNESS_SIMPLE);
        piece_offer(candidate, from, at + 1,
                    cost + (is_decoration(candidate, from, at + 1) ? COST_DECORATED : COST_DIGITS),
                    PASSWORD_WEAKNESS_SIMPLE);
    }
}

/* The few that people take, where they take them. */
static void symbol_at(struct candidate *candidate, size_t at)
{
    uint32_t c = candidate->folded[at];
    if (c >= 0x80 || candidate->classes[at] != CANDIDATE_SYMBOL)
        return;
    unsigned cost = COST_UNUSUAL;
    if (c == '!' && at + 1 == candidate->count)
        cost = COST_EXCLAIM;
    else if (strchr("!@#$%&*?.-_+=", (int)c) != NULL)
        cost = COST_USUAL;
    if (is_decoration(candidate, at, at + 1))
        piece_offer(candidate, at, at + 1, cost, PASSWORD_WEAKNESS_SIMPLE);
    else if (strchr("-_. ,/@#&+*!", (int)c) != NULL)
        piece_offer(candidate, at, at + 1, COST_SEPARATOR, PASSWORD_WEAKNESS_SIMPLE);
}

/* The only letter, at one of the ends. */
static void letter_at(struct candidate *candidate, size_t at)
{
    if (candidate->decoration_ends == at && candidate->decoration_begins == at + 1 &&
        candidate->folded[at] < 0x80)
        piece_offer(candidate, at, at + 1, COST_LETTER + candidate_case_cost(candidate, at, at + 1),
                    PASSWORD_WEAKNESS_SIMPLE);
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
        sequence_from(candidate, at, 1);
        sequence_from(candidate, at, 2);
        repeats_from(candidate, at);
        digits_from(candidate, at);
        symbol_at(candidate, at);
    }
    letter_at(candidate, 0);
    letter_at(candidate, candidate->count - 1);
}
