/* Turns a candidate password into facts (R14): what it consists of, and how many guesses it would
 * take. Decides nothing. Characters of it are in locked pages alone.
 *
 * The weights of all these files were fitted together, against lists of what people choose and
 * against random strong ones (tests/unit/corpus_test.c --long): what chance hardly ever makes is
 * cheap, what it often makes is dear. Whoever changes one runs that test. */
#include "factor/quality.h"

#include "factor/quality_piece.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>

/* Where one piece ends and another begins, and where one is beside what nothing explains: who
 * chooses words and dates adds no noise. */
#define COST_JOINT 20
#define COST_BREAK 40
/* libpasswdqc's objection is one to fewer guesses than these. */
#define BITS_OBJECTED 39
/* What people hang on a word to satisfy rules, all of it: programs that guess try some thousand
 * such dresses on each word, whatever they consist of. */
#define COST_DRESS 100
#define DRESSED    6 /* characters of a word */
#define STACK_USED 4096
/* Pieces explain a candidate that save a fifth of what it would cost unexplained. */
#define EXPLAINED 5

/* -- full width ------------------------------------------------------------------------------ */

static bool quality_is_full_width(const struct secret *typed)
{
    const uint8_t *at = typed->bytes, *end = at + typed->len;
    while (at < end) {
        ucs4_t c;
        at += u8_mbtouc(&c, at, (size_t)(end - at));
        if (c == 0x3000 || (c >= 0xff01 && c <= 0xffe6))
            return true;
    }
    return false;
}

/* -- the cheapest row of pieces -------------------------------------------------------------- */

struct estimate {
    unsigned cost, unexplained; /* tenths of a bit */
    enum password_weakness weakness;
};

static void row_offer(struct piece_row *row, const struct piece_row *from, unsigned more,
                      size_t last, bool unexplained)
{
    if (from->cost > UINT_MAX - more || from->cost + more >= row->cost)
        return;
    *row = (struct piece_row){from->cost + more, (uint8_t)last, unexplained};
}

/* rows[to][0] ends with a piece, rows[to][1] with a character that nothing explains. */
static void estimate_reach(struct candidate *candidate, size_t to)
{
    struct piece_row *row = candidate->rows[to];
    row[0].cost = row[1].cost = UINT_MAX;
    if (to == 0) {
        row[0].cost = 0;
        return;
    }
    const struct piece_row *before = candidate->rows[to - 1];
    unsigned unknown = candidate->unknown[to - 1];
    row_offer(&row[1], &before[0], unknown + (to > 1 ? COST_BREAK : 0), 1, false);
    row_offer(&row[1], &before[1], unknown, 1, true);
    for (size_t from = 0; from < to; from++) {
        unsigned cost = candidate->pieces[from][to - from].cost;
        if (cost == 0)
            continue;
        row_offer(&row[0], &candidate->rows[from][0], cost + (from > 0 ? COST_JOINT : 0), to - from,
                  false);
        row_offer(&row[0], &candidate->rows[from][1], cost + COST_BREAK, to - from, true);
    }
}

/* The kind whose pieces save most. */
static enum password_weakness estimate_weakness(const struct candidate *candidate, bool unexplained,
                                                const struct estimate *estimate)
{
    unsigned saved[PASSWORD_WEAKNESS_SIMPLE + 1] = {0};
    enum password_weakness most = PASSWORD_WEAKNESS_NONE;
    for (size_t to = candidate->window; to > 0;) {
        const struct piece_row *row = &candidate->rows[to][unexplained];
        size_t from = to - row->last;
        const struct piece *piece = &candidate->pieces[from][row->last];
        unsigned without = 0;
        for (size_t i = from; i < to; i++)
            without += candidate->unknown[i];
        if (!unexplained && piece->cost < without)
            saved[piece->weakness] += without - piece->cost;
        if (!unexplained && saved[piece->weakness] > saved[most])
            most = (enum password_weakness)piece->weakness;
        unexplained = row->unexplained;
        to = from;
    }
    return estimate->cost <= estimate->unexplained - estimate->unexplained / EXPLAINED
               ? most
               : PASSWORD_WEAKNESS_NONE;
}

/* Numbers, marks, dates and repetition beside words; never what nothing explains, and never without
 * a word that could wear them. What it costs beyond COST_DRESS is not worth it. */
static unsigned estimate_dress(const struct candidate *candidate, bool unexplained)
{
    unsigned dress = 0;
    bool worn = false;
    for (size_t to = candidate->window; to > 0;) {
        const struct piece_row *row = &candidate->rows[to][unexplained];
        size_t from = to - row->last;
        if (unexplained)
            return 0;
        if (candidate->pieces[from][row->last].weakness == PASSWORD_WEAKNESS_WORD)
            worn = worn || row->last >= DRESSED;
        else
            dress += row->cost - candidate->rows[from][row->unexplained].cost;
        unexplained = row->unexplained;
        to = from;
    }
    return worn && dress > COST_DRESS ? dress - COST_DRESS : 0;
}

static struct estimate estimate_make(struct candidate *candidate)
{
    struct estimate estimate = {0};
    for (size_t to = 0; to <= candidate->window; to++)
        estimate_reach(candidate, to);
    for (size_t i = 0; i < candidate->window; i++)
        estimate.unexplained += candidate->unknown[i];
    const struct piece_row *rows = candidate->rows[candidate->window];
    bool unexplained = rows[1].cost < rows[0].cost;
    estimate.cost = rows[unexplained].cost;
    estimate.cost -= estimate_dress(candidate, unexplained);
    estimate.weakness = estimate_weakness(candidate, unexplained, &estimate);
    return estimate;
}

/* Frames of functions that are done still hold single characters and what was read of dates. */
static __attribute__((noinline)) void quality_wipe_stack(void)
{
    unsigned char frames[STACK_USED];
    secret_wipe(frames, sizeof(frames));
}

/* -- the whole ------------------------------------------------------------------------------- */

static struct quality_date quality_birth(const struct quality_person *person)
{
    struct quality_date birth = {0};
    if (person->birth_date == NULL ||
        sscanf(person->birth_date, "%4u-%2u-%2u", &birth.year, &birth.month, &birth.day) != 3)
        birth = (struct quality_date){0};
    return birth;
}

/* Our own pieces; kana spelled in Latin letters, or as they stand. */
static enum medgl_error quality_look(struct candidate *candidate,
                                     const struct quality_person *person,
                                     const struct secret *prepared, bool spelled,
                                     struct quality *quality)
{
    enum password_weakness refused = PASSWORD_WEAKNESS_NONE;
    const struct quality_date birth = quality_birth(person);
    candidate_read(candidate, prepared, spelled);
    quality_find_words(candidate);
    quality_find_patterns(candidate);
    MEDGL_TRY(quality_find_person(candidate, person, &refused));
    if (quality_find_dates(candidate, &birth) && refused == PASSWORD_WEAKNESS_NONE)
        refused = PASSWORD_WEAKNESS_BIRTH_DATE;
    struct estimate estimate = estimate_make(candidate);
    if (estimate.cost / 10 < quality->bits) {
        quality->bits = estimate.cost / 10;
        if (!quality->refused)
            quality->weakness = estimate.weakness;
    }
    if (refused != PASSWORD_WEAKNESS_NONE && !quality->refused) {
        quality->refused = true;
        quality->weakness = refused;
    }
    return MEDGL_OK;
}

static enum medgl_error quality_ask_others(const struct quality_lists *lists,
                                           struct candidate *candidate,
                                           const struct secret *prepared, struct quality *quality)
{
    enum password_weakness weakness = PASSWORD_WEAKNESS_NONE;
    if (quality->bits > BITS_OBJECTED) {
        MEDGL_TRY(quality_passwdqc_judge(prepared, &weakness));
        if (weakness != PASSWORD_WEAKNESS_NONE) {
            quality->bits = BITS_OBJECTED;
            if (!quality->refused)
                quality->weakness = weakness;
        }
    }
    if (lists == NULL)
        return MEDGL_OK;
    MEDGL_TRY(quality_lists_ask(lists, candidate, prepared, &weakness));
    if (weakness != PASSWORD_WEAKNESS_NONE) {
        quality->refused = true;
        quality->weakness = weakness;
    }
    return MEDGL_OK;
}

enum medgl_error quality_assess(const struct quality_lists *lists,
                                const struct quality_person *person, const struct secret *typed,
                                const struct secret *prepared, struct quality *quality)
{
    static const struct quality_person nobody = {0};
    auto_secret struct secret pages = SECRET_NONE;
    struct quality found = {.bits = UINT32_MAX, .full_width = quality_is_full_width(typed)};
    *quality = (struct quality){.refused = true};
    MEDGL_TRY(secret_alloc(&pages, sizeof(struct candidate)));
    struct candidate *candidate = (struct candidate *)(void *)pages.bytes;
    if (person == NULL)
        person = &nobody;
    MEDGL_TRY(quality_look(candidate, person, prepared, true, &found));
    if (candidate->kana)
        MEDGL_TRY(quality_look(candidate, person, prepared, false, &found));
    MEDGL_TRY(quality_ask_others(lists, candidate, prepared, &found));
    quality_wipe_stack();
    *quality = found;
    return MEDGL_OK;
}
