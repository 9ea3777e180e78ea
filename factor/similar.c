/* Whether a new password is an old one in new clothes (R14). Compares code points, since a kanji is
 * as much as a letter to whoever types it. Decides nothing, keeps nothing, and puts no password
 * into the heap. */
#include "factor/similar.h"

#include <stdint.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

/* Who knows the old password tries it with so many changes before anything else. */
#define SIMILAR_EDITS 3
/* One edit in so many characters of a longer one is a change of detail too. */
#define SIMILAR_EDITS_IN 4
/* Shared by chance less than once in ten thousand pairs of random passwords. Shorter pieces are
 * shared often ("1!", "the", "202") and say nothing. */
#define SIMILAR_PIECE 4
/* What does not come from the old one must be so much, and half of the new one. */
#define SIMILAR_OWN 6
/* The least stem: three Latin letters, or two of a script with more of them. */
#define SIMILAR_STEM 3

struct similar_text {
    size_t len;
    ucs4_t points[SIMILAR_POINTS];
};

/* All that a comparison needs, in locked pages. */
struct similar_work {
    struct similar_text fresh, current, fresh_stem, current_stem;
    size_t row[SIMILAR_POINTS + 1];
    size_t longest[SIMILAR_POINTS];
};

static void similar_decode(const struct secret *prepared, struct similar_text *text)
{
    size_t at = 0;
    for (text->len = 0; at < prepared->len && text->len < SIMILAR_POINTS; text->len++)
        at += (size_t)u8_mbtouc(&text->points[text->len], prepared->bytes + at, prepared->len - at);
}

/* What a character stands for: case, the kana syllabary and usual substitutions folded. 'l' goes
 * with 'i', because '1' is either. */
static ucs4_t similar_fold(ucs4_t c)
{
    switch (c) {
    case '@':
    case '4':
        return 'a';
    case '3':
        return 'e';
    case '1':
    case '!':
    case '|':
    case 'l':
    case 'L':
        return 'i';
    case '0':
        return 'o';
    case '$':
    case '5':
        return 's';
    case '7':
    case '+':
        return 't';
    default: /* katakana are hiragana, 0x60 further on */
        return c >= 0x30a1 && c <= 0x30f6 ? c - 0x60 : uc_tolower(c);
    }
}

static bool similar_letter(ucs4_t c)
{
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M);
}

/* -- the stem -------------------------------------------------------------------------------- */

static size_t similar_weight(const ucs4_t *points, size_t len)
{
    size_t weight = 0;
    for (size_t i = 0; i < len; i++)
        weight += points[i] < 0x80 ? 1 : 2;
    return weight;
}

/* The letters from the first to the last. Other characters between letters that can all be read as
 * letters are ("p@$$w0rd"), unless more than two are digits; everything else there is a number or a
 * separator. */
static void similar_letters(const struct similar_text *text, struct similar_text *letters)
{
    const ucs4_t *at = text->points, *end = at + text->len;
    letters->len = 0;
    while (at < end && !similar_letter(*at))
        at++;
    while (end > at && !similar_letter(end[-1]))
        end--;
    while (at < end) {
        const ucs4_t *next = at;
        unsigned digits = 0;
        bool readable = true;
        for (; !similar_letter(*next); next++) {
            digits += *next >= '0' && *next <= '9' ? 1 : 0;
            readable = readable && digits <= 2 && similar_letter(similar_fold(*next));
        }
        for (at = readable ? at : next; at <= next; at++)
            letters->points[letters->len++] = similar_fold(*at);
    }
}

/* "sakurasakura" once; also where one or two of the last were taken for a decoration, as of
 * "sakur@sakur@". "sakuraaa" with one 'a'. */
static void similar_once(struct similar_text *text)
{
    size_t len = 0;
    for (size_t period = 2; period < text->len && 2 * period <= text->len + 2; period++) {
        size_t at = period, again = text->len - period;
        while (at < text->len && text->points[at] == text->points[at - period])
            at++;
        if (at == text->len && similar_weight(text->points, again) >= SIMILAR_STEM) {
            text->len = period;
            break;
        }
    }
    for (size_t i = 0; i < text->len; i++)
        if (i == 0 || text->points[i] != text->points[i - 1])
            text->points[len++] = text->points[i];
    text->len = len;
}

/* Letters for which a digit or a symbol often stands. */
static bool similar_doubtful(ucs4_t letter)
{
    return letter < 0x80 && memchr("aeiost", (int)letter, 6) != NULL;
}

/* At an end nobody can tell a substitution from a decoration: "Sakur@", "Sakura@" and "Sakura1" are
 * one when the letters in doubt go too. Where too little stays, all of it stays. */
static void similar_core(struct similar_text *text)
{
    size_t first = 0, end = text->len;
    while (first < end && similar_doubtful(text->points[first]))
        first++;
    while (end > first && similar_doubtful(text->points[end - 1]))
        end--;
    if (similar_weight(text->points + first, end - first) >= SIMILAR_STEM) {
        text->len = end - first;
        memmove(text->points, text->points + first, text->len * sizeof(text->points[0]));
    } else if (similar_weight(text->points, text->len) < SIMILAR_STEM) {
        text->len = 0;
    }
}

static void similar_reduce(const struct similar_text *text, struct similar_text *stem)
{
    similar_letters(text, stem);
    similar_once(stem);
    similar_core(stem);
}

enum medgl_error similar_stem(const struct secret *prepared, struct secret *stem)
{
    auto_secret struct secret pages = SECRET_NONE;
    MEDGL_TRY(secret_alloc(&pages, sizeof(struct similar_work)));
    struct similar_work *work = (struct similar_work *)(void *)pages.bytes;
    similar_decode(prepared, &work->fresh);
    similar_reduce(&work->fresh, &work->fresh_stem);
    MEDGL_TRY(secret_alloc(stem, sizeof(work->fresh_stem.points)));
    for (size_t i = 0; i < work->fresh_stem.len; i++) {
        uint8_t *at = stem->bytes + stem->len;
        stem->len +=
            (size_t)u8_uctomb(at, work->fresh_stem.points[i], (ptrdiff_t)(stem->cap - stem->len));
    }
    return MEDGL_OK;
}

/* -- two texts ------------------------------------------------------------------------------- */

static bool similar_same(const struct similar_text *a, const struct similar_text *b)
{
    return a->len == b->len && memcmp(a->points, b->points, a->len * sizeof(a->points[0])) == 0;
}

/* Characters put in, taken out or exchanged (Levenshtein); `row` is the last line of the table. */
static size_t similar_edits(const struct similar_text *a, const struct similar_text *b, size_t *row)
{
    for (size_t j = 0; j <= b->len; j++)
        row[j] = j;
    for (size_t i = 0; i < a->len; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b->len; j++) {
            size_t least = diagonal + (a->points[i] != b->points[j] ? 1 : 0);
            diagonal = row[j + 1];
            if (least > diagonal + 1)
                least = diagonal + 1;
            row[j + 1] = least < row[j] + 1 ? least : row[j] + 1;
        }
    }
    return row[b->len];
}

/* longest[i]: how many characters of `text` from i on stand somewhere in `source` too. Kept where
 * it was more. */
static void similar_find(const struct similar_text *text, const struct similar_text *source,
                         size_t *longest, size_t *row)
{
    memset(row, 0, (source->len + 1) * sizeof(row[0]));
    for (size_t i = text->len; i-- > 0;) {
        for (size_t j = 0; j < source->len; j++) {
            row[j] = text->points[i] == source->points[j] ? row[j + 1] + 1 : 0;
            if (row[j] > longest[i])
                longest[i] = row[j];
        }
    }
}

static void similar_reverse(struct similar_text *text)
{
    for (size_t i = 0; i < text->len / 2; i++) {
        ucs4_t c = text->points[i];
        text->points[i] = text->points[text->len - 1 - i];
        text->points[text->len - 1 - i] = c;
    }
}

/* How many characters of the new text stand in no piece that the old one has, read either way: what
 * is put together anew, turned round, doubled or moved has nothing of its own. */
static size_t similar_own(struct similar_work *work)
{
    size_t own = 0, covered = 0;
    memset(work->longest, 0, sizeof(work->longest));
    similar_find(&work->fresh, &work->current, work->longest, work->row);
    similar_reverse(&work->current);
    similar_find(&work->fresh, &work->current, work->longest, work->row);
    similar_reverse(&work->current);
    for (size_t i = 0; i < work->fresh.len; i++) {
        if (work->longest[i] >= SIMILAR_PIECE && i + work->longest[i] > covered)
            covered = i + work->longest[i];
        own += i >= covered ? 1 : 0;
    }
    return own;
}

static bool similar_compare(struct similar_work *work)
{
    size_t len = work->fresh.len;
    similar_reduce(&work->fresh, &work->fresh_stem);
    similar_reduce(&work->current, &work->current_stem);
    if (work->fresh_stem.len > 0 && similar_same(&work->fresh_stem, &work->current_stem))
        return true;
    for (size_t i = 0; i < len; i++)
        work->fresh.points[i] = similar_fold(work->fresh.points[i]);
    for (size_t i = 0; i < work->current.len; i++)
        work->current.points[i] = similar_fold(work->current.points[i]);
    size_t edits = similar_edits(&work->fresh, &work->current, work->row);
    if (edits <= SIMILAR_EDITS || edits * SIMILAR_EDITS_IN <= len)
        return true;
    size_t own = similar_own(work);
    return own < len && (own < SIMILAR_OWN || own * 2 < len);
}

enum medgl_error similar_to(const struct secret *fresh, const struct secret *current, bool *similar)
{
    auto_secret struct secret pages = SECRET_NONE;
    *similar = true;
    MEDGL_TRY(secret_alloc(&pages, sizeof(struct similar_work)));
    struct similar_work *work = (struct similar_work *)(void *)pages.bytes;
    similar_decode(fresh, &work->fresh);
    similar_decode(current, &work->current);
    *similar = similar_compare(work);
    return MEDGL_OK;
}
