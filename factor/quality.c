/* Turns a candidate password into facts (R14): what it consists of, and how many guesses it would
 * take. Decides nothing. Characters of it are in locked pages alone. */
#include "factor/quality.h"

#include "factor/quality_piece.h"

#include <stdio.h>
#include <string.h>
#include <unistr.h>

#define COST_JOINT 5 /* where one piece ends and another begins */
/* libpasswdqc's objection is one to fewer guesses than these. */
#define BITS_OBJECTED 39
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

static void estimate_reach(struct candidate *candidate, size_t to)
{
    candidate->best[to] = candidate->best[to - 1] + candidate->unknown[to - 1];
    candidate->before[to] = to - 1;
    for (size_t from = 0; from < to; from++) {
        unsigned cost = candidate->pieces[from][to - from].cost;
        if (cost == 0)
            continue;
        cost += candidate->best[from] + (from > 0 ? COST_JOINT : 0);
        if (cost < candidate->best[to]) {
            candidate->best[to] = cost;
            candidate->before[to] = from;
        }
    }
}

/* The kind whose pieces save most. */
static enum password_weakness estimate_weakness(const struct candidate *candidate,
                                                unsigned unexplained)
{
    unsigned saved[PASSWORD_WEAKNESS_SIMPLE + 1] = {0};
    enum password_weakness most = PASSWORD_WEAKNESS_NONE;
    for (size_t to = candidate->window, from; to > 0; to = from) {
        from = candidate->before[to];
        const struct piece *piece = &candidate->pieces[from][to - from];
        unsigned cost = candidate->best[to] - candidate->best[from], without = 0;
        for (size_t i = from; i < to; i++)
            without += candidate->unknown[i];
        if (cost >= without)
            continue;
        saved[piece->weakness] += without - cost;
        if (saved[piece->weakness] > saved[most])
            most = (enum password_weakness)piece->weakness;
    }
    return candidate->best[candidate->window] <= unexplained - unexplained / EXPLAINED
               ? most
               : PASSWORD_WEAKNESS_NONE;
}

static struct estimate estimate_make(struct candidate *candidate)
{
    struct estimate estimate = {0};
    for (size_t to = 1; to <= candidate->window; to++) {
        estimate_reach(candidate, to);
        estimate.unexplained += candidate->unknown[to - 1];
    }
    estimate.cost = candidate->best[candidate->window];
    estimate.weakness = estimate_weakness(candidate, estimate.unexplained);
    return estimate;
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
    MEDGL_TRY(quality_look(candidate, person == NULL ? &nobody : person, prepared, false, &found));
    MEDGL_TRY(quality_ask_others(lists, candidate, prepared, &found));
    *quality = found;
    return MEDGL_OK;
}
