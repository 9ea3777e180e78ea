/* What is known of the person and the place in a candidate. The words made of it are no secret;
 * what is found in the candidate stays in its pages. */
#include "factor/quality_piece.h"

#include "factor/romaji.h"

#include <string.h>
#include <unistr.h>

#define WORDS_MAX      640
#define LETTERS_MAX    8192
#define TEXT_MAX       256 /* bytes of one part of a name */
#define NAME_LEAST     3   /* letters of a name that is refused; two kanji are a name as well */
#define KANJI_LEAST    2
#define JAPANESE_FIRST 0x3041
#define NUMBER_LEAST   4
#define ANYWHERE       5 /* from so many characters on, also within a longer word */

#define COST_LOGIN    10
#define COST_NUMBER   10
#define COST_NAME     20
#define COST_INITIAL  25
#define COST_PLACE    30
#define COST_REVERSED 10

struct person_word {
    uint32_t first;      /* letter; they are sorted by it */
    uint16_t next;       /* the first word with another one */
    uint16_t at, length; /* in letters */
    uint8_t cost, weakness;
    bool refused;
};
struct person_words {
    struct person_word word[WORDS_MAX];
    size_t count;
    uint32_t letters[LETTERS_MAX];
    size_t used;
};

/* -- the words ------------------------------------------------------------------------------- */

static bool person_is_known(const struct person_words *words, const uint32_t *letters,
                            size_t length)
{
    for (size_t i = 0; i < words->count; i++) {
        if (words->word[i].length == length &&
            memcmp(words->letters + words->word[i].at, letters, length * sizeof(*letters)) == 0)
            return true;
    }
    return false;
}

static bool person_is_refused(const uint32_t *letters, size_t length,
                              enum password_weakness weakness)
{
    if (weakness == PASSWORD_WEAKNESS_PLACE)
        return false;
    if (weakness == PASSWORD_WEAKNESS_STAFF_NUMBER)
        return length >= NUMBER_LEAST;
    return length >= (letters[0] < JAPANESE_FIRST ? NAME_LEAST : KANJI_LEAST);
}

/* One word; what has no room any more, or is a single character, is left out. */
static void person_add(struct person_words *words, const char *text, size_t len,
                       enum password_weakness weakness, unsigned cost)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + len;
    uint32_t *letters = words->letters + words->used;
    size_t length = 0;
    while (at < end && words->used + length < LETTERS_MAX) {
        ucs4_t c;
        at += u8_mbtouc(&c, at, (size_t)(end - at));
        letters[length++] = candidate_fold(c);
    }
    if (at < end || length < 2 || words->count == WORDS_MAX ||
        person_is_known(words, letters, length))
        return;
    words->word[words->count++] =
        (struct person_word){.first = letters[0],
                             .at = (uint16_t)words->used,
                             .length = (uint16_t)length,
                             .cost = (uint8_t)cost,
                             .weakness = (uint8_t)weakness,
                             .refused = person_is_refused(letters, length, weakness)};
    words->used += length;
}

/* Japanese stands without spaces: 鈴木 of 鈴木花子. */
static void person_add_run(struct person_words *words, const char *text, size_t len,
                           enum password_weakness weakness, unsigned cost)
{
    ucs4_t first = 0;
    person_add(words, text, len, weakness, cost);
    if (len == 0 || u8_mbtouc(&first, (const uint8_t *)text, len) == 0 || first < JAPANESE_FIRST)
        return;
    for (size_t i = 1; i < len; i++) {
        if (((unsigned char)text[i] & 0xc0) == 0x80)
            continue; /* within a character */
        person_add(words, text, i, weakness, cost);
        person_add(words, text + i, len - i, weakness, cost);
    }
}

/* All runs of characters of these classes. */
static void person_add_runs(struct person_words *words, const char *text, bool digits,
                            enum password_weakness weakness, unsigned cost)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text), *from = at;
    while (at < end) {
        ucs4_t c;
        const uint8_t *next = at + u8_mbtouc(&c, at, (size_t)(end - at));
        enum candidate_class class_ = candidate_class(c);
        if (class_ == CANDIDATE_SYMBOL || (class_ == CANDIDATE_DIGIT && !digits)) {
            person_add_run(words, (const char *)from, (size_t)(at - from), weakness, cost);
            from = next;
        }
        at = next;
    }
    person_add_run(words, (const char *)from, (size_t)(end - from), weakness, cost);
}

/* The digits of a number: "40117" of "N40117". */
static void person_add_digits(struct person_words *words, const char *text)
{
    while (*text != '\0') {
        size_t len = strspn(text, "0123456789");
        if (len >= NUMBER_LEAST)
            person_add(words, text, len, PASSWORD_WEAKNESS_STAFF_NUMBER, COST_NUMBER);
        text += len > 0 ? len : 1;
    }
}

/* The next part of a text: `*text` moves behind it. false: there is none, or it is too long. */
static bool person_next(const char **text, const char *separators, char part[TEXT_MAX])
{
    *text += strspn(*text, separators);
    size_t len = strcspn(*text, separators);
    if (len == 0 || len >= TEXT_MAX)
        return false;
    memcpy(part, *text, len);
    part[len] = '\0';
    *text += len;
    return true;
}

/* Kana in Latin letters, in every spelling; anything else as it stands. */
static enum medgl_error person_add_kana(struct person_words *words, const char *kana,
                                        enum password_weakness weakness, unsigned cost,
                                        struct romaji *romaji)
{
    enum medgl_error error = romaji_spell(kana, romaji);
    for (size_t i = 0; i < romaji->count; i++)
        person_add(words, romaji->spelling[i], strlen(romaji->spelling[i]), weakness, cost);
    if (error == MEDGL_ERR_ARGUMENT) { /* not kana: then it is what it is */
        person_add_runs(words, kana, false, weakness, cost);
        error = MEDGL_OK;
    }
    return error;
}

/* "hsato" and "satoh" of "hanako" and "sato". */
static void person_add_initials(struct person_words *words, const char *of, const char *name)
{
    char joined[TEXT_MAX + 2];
    if ((unsigned char)of[0] >= 0x80)
        return;
    (void)snprintf(joined, sizeof(joined), "%c%s", of[0], name);
    person_add(words, joined, strlen(joined), PASSWORD_WEAKNESS_NAME, COST_INITIAL);
    (void)snprintf(joined, sizeof(joined), "%s%c", name, of[0]);
    person_add(words, joined, strlen(joined), PASSWORD_WEAKNESS_NAME, COST_INITIAL);
}

#define PARTS_MAX 4

static void person_add_full_name(struct person_words *words, const char *name)
{
    char parts[PARTS_MAX][TEXT_MAX];
    size_t count = 0;
    person_add_runs(words, name, false, PASSWORD_WEAKNESS_NAME, COST_NAME);
    while (count < PARTS_MAX && person_next(&name, " ,.'-", parts[count]))
        count++;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (i != j)
                person_add_initials(words, parts[i], parts[j]);
        }
    }
}

static enum medgl_error person_add_reading(struct person_words *words, const char *reading,
                                           struct romaji romaji[PARTS_MAX])
{
    char part[TEXT_MAX];
    size_t count = 0;
    while (count < PARTS_MAX && person_next(&reading, " ", part))
        MEDGL_TRY(
            person_add_kana(words, part, PASSWORD_WEAKNESS_NAME, COST_NAME, &romaji[count++]));
    for (size_t i = 0; i < count * ROMAJI_USUAL; i++) {
        for (size_t j = 0; j < count * ROMAJI_USUAL; j++) {
            const struct romaji *of = &romaji[i / ROMAJI_USUAL], *name = &romaji[j / ROMAJI_USUAL];
            if (of != name && i % ROMAJI_USUAL < of->count && j % ROMAJI_USUAL < name->count)
                person_add_initials(words, of->spelling[i % ROMAJI_USUAL],
                                    name->spelling[j % ROMAJI_USUAL]);
        }
    }
    return MEDGL_OK;
}

static enum medgl_error person_add_places(struct person_words *words, const char *places,
                                          struct romaji *romaji)
{
    char place[TEXT_MAX];
    while (person_next(&places, ", ", place)) {
        person_add_runs(words, place, true, PASSWORD_WEAKNESS_PLACE, COST_PLACE);
        MEDGL_TRY(person_add_kana(words, place, PASSWORD_WEAKNESS_PLACE, COST_PLACE, romaji));
    }
    return MEDGL_OK;
}

static const char *person_text(const char *text)
{
    return text == NULL ? "" : text;
}

static int person_order(const void *a, const void *b)
{
    const struct person_word *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

static void person_sort(struct person_words *words)
{
    qsort(words->word, words->count, sizeof(words->word[0]), person_order);
    for (size_t i = words->count; i-- > 0;) {
        bool last = i + 1 == words->count || words->word[i + 1].first != words->word[i].first;
        words->word[i].next = last ? (uint16_t)(i + 1) : words->word[i + 1].next;
    }
}

static enum medgl_error person_fill(struct person_words *words, const struct quality_person *person)
{
    const char *login = person_text(person->login_name), *staff = person_text(person->staff_number);
    auto_free struct romaji *romaji = calloc(PARTS_MAX, sizeof(*romaji));
    if (romaji == NULL)
        return MEDGL_ERR_MEMORY;
    person_add(words, login, strlen(login), PASSWORD_WEAKNESS_NAME, COST_LOGIN);
    person_add_runs(words, login, false, PASSWORD_WEAKNESS_NAME, COST_NAME);
    person_add(words, staff, strlen(staff), PASSWORD_WEAKNESS_STAFF_NUMBER, COST_NUMBER);
    person_add_runs(words, staff, true, PASSWORD_WEAKNESS_STAFF_NUMBER, COST_NUMBER);
    person_add_digits(words, staff);
    person_add_full_name(words, person_text(person->full_name));
    MEDGL_TRY(person_add_reading(words, person_text(person->reading), romaji));
    MEDGL_TRY(person_add_places(words, person_text(person->places), romaji));
    person_sort(words);
    return MEDGL_OK;
}

/* -- in the candidate ------------------------------------------------------------------------ */

/* `step` 1: forwards from `at`; -1: backwards from it. */
static bool person_matches(const struct candidate *candidate, size_t at, int step,
                           const uint32_t *letters, size_t length, unsigned *substituted)
{
    *substituted = 0;
    if (step > 0 ? candidate->count - at < length : at + 1 < length)
        return false;
    for (size_t i = 0; i < length; i++) {
        size_t there = step > 0 ? at + i : at - i;
        if (!candidate_reads(candidate, there, letters[i], substituted))
            return false;
    }
    return true;
}

/* It may have to be refused for what stands there. */
static void person_suspect(struct candidate *candidate, const struct person_words *words,
                           const struct person_word *word, size_t from)
{
    const uint32_t *letters = words->letters + word->at;
    size_t to = from + word->length;
    if (candidate->spanned == PIECE_SPANS)
        return;
    candidate->spans[candidate->spanned++] = (struct piece_span){
        .from = (uint16_t)from,
        .to = (uint16_t)to,
        .weakness = word->weakness,
        .begins = candidate_begins(candidate, from, candidate_class(letters[0])),
        .ends = candidate_ends(candidate, to, candidate_class(letters[word->length - 1])),
    };
}

static void person_try(struct candidate *candidate, const struct person_words *words,
                       const struct person_word *word, size_t at, int step)
{
    unsigned substituted, cost = word->cost;
    if (!person_matches(candidate, at, step, words->letters + word->at, word->length, &substituted))
        return;
    size_t from = step > 0 ? at : at + 1 - word->length, to = from + word->length;
    if (step < 0)
        cost += COST_REVERSED;
    cost += candidate_substitution_cost(substituted) + candidate_case_cost(candidate, from, to);
    piece_offer(candidate, from, to, cost, (enum password_weakness)word->weakness);
    /* All of it in digits is some number that happens to look like it. */
    if (word->refused && 2 * substituted <= word->length)
        person_suspect(candidate, words, word, from);
}

/* Every word, from here on and from here back. */
static void person_look(struct candidate *candidate, const struct person_words *words, size_t at)
{
    unsigned substituted = 0;
    for (size_t i = 0; i < words->count; i = words->word[i].next) {
        if (!candidate_reads(candidate, at, words->word[i].first, &substituted))
            continue;
        for (size_t j = i; j < words->word[i].next; j++) {
            person_try(candidate, words, &words->word[j], at, 1);
            person_try(candidate, words, &words->word[j], at, -1);
        }
    }
}

/* A row of names stands by itself where its first begins and its last ends. */
static enum password_weakness person_judge(struct candidate *candidate)
{
    struct piece_span *spans = candidate->spans;
    size_t count = candidate->spanned;
    for (size_t round = 0; round < PARTS_MAX; round++) {
        for (size_t i = 0; i < count; i++) {
            spans[i].begins = spans[i].begins || candidate->ends[spans[i].from];
            spans[i].ends = spans[i].ends || candidate->begins[spans[i].to];
            candidate->ends[spans[i].to] |= spans[i].begins;
            candidate->begins[spans[i].from] |= spans[i].ends;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if ((spans[i].begins && spans[i].ends) || spans[i].to - spans[i].from >= ANYWHERE)
            return (enum password_weakness)spans[i].weakness;
    }
    return PASSWORD_WEAKNESS_NONE;
}

enum medgl_error quality_find_person(struct candidate *candidate,
                                     const struct quality_person *person,
                                     enum password_weakness *refused)
{
    auto_free struct person_words *words = calloc(1, sizeof(*words));
    if (words == NULL)
        return MEDGL_ERR_MEMORY;
    MEDGL_TRY(person_fill(words, person));
    for (size_t at = 0; at < candidate->count; at++)
        person_look(candidate, words, at);
    *refused = person_judge(candidate);
    return MEDGL_OK;
}
