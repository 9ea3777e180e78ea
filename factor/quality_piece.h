/* What the files of quality share: a candidate as characters that can be compared, and the cheapest
 * piece that anybody has found between any two of them. For factor/quality*.c alone.
 *
 * A piece is a run of characters that somebody who knows how people choose would try as one: a
 * word, a date, neighbouring keys. Costs are tenths of a bit, as in factor/words.h. The estimate is
 * the cheapest row of pieces that makes up the whole candidate. */
#ifndef MEDGL_FACTOR_QUALITY_PIECE_H
#define MEDGL_FACTOR_QUALITY_PIECE_H

#include "base/account.h"
#include "factor/quality.h"
#include "factor/words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is behind the window adds nothing to the estimate: the window alone is a lower bound. Names
 * and birth dates are looked for in all of it. */
#define PIECE_WINDOW 64
/* 1,024 bytes of kana are 341 of them, and none has more than 4 letters. */
#define CANDIDATE_MAX 1400

#define PIECE_COST_MAX 4000
/* A character that nothing explains: one of 94. */
#define PIECE_COST_ASCII 66

struct piece {
    uint16_t cost; /* 0: nobody found any */
    uint8_t weakness;
};

/* One reading of the characters so far, on its way through the word list. */
struct piece_reading {
    struct words_cursor cursor;
    unsigned substituted;
    bool joined;
};
#define PIECE_READINGS 24

struct piece_key {
    int8_t row, column; /* row < 0: no key of this keyboard */
    bool shifted;
};

/* Where something stands for which the candidate may have to be refused. */
struct piece_span {
    uint16_t from, to;
    uint8_t weakness;
    bool begins, ends; /* what stands before it, and after it, does not go on with it */
};
#define PIECE_SPANS 512

/* The cheapest row of pieces up to some character. */
struct piece_row {
    unsigned cost;
    uint8_t last;     /* characters of its last piece */
    bool unexplained; /* what stood before that was */
};

/* A candidate and all that is made of its characters: lives in locked pages alone. */
struct candidate {
    size_t count, window;          /* window <= count */
    bool kana;                     /* there are some in what was read */
    uint32_t plain[CANDIDATE_MAX]; /* full width as half width; kana spelled, where that is asked */
    uint32_t folded[CANDIDATE_MAX];  /* lower case besides */
    uint32_t letters[CANDIDATE_MAX]; /* bit n: it is, or is used for, the letter 'a' + n */
    uint16_t unknown[CANDIDATE_MAX]; /* what each costs where nothing explains it */
    uint8_t classes[CANDIDATE_MAX];  /* enum candidate_class */
    /* Where what stands before the first letter ends, and what stands behind the last begins. */
    size_t decoration_ends, decoration_begins;
    struct piece pieces[PIECE_WINDOW][PIECE_WINDOW + 1]; /* from, length */
    struct piece_reading readings[2][PIECE_READINGS];    /* for quality_words.c */
    struct piece_key keys[PIECE_WINDOW];                 /* for quality_patterns.c */
    struct piece_span spans[PIECE_SPANS];                /* for quality_person.c */
    size_t spanned;
    bool begins[CANDIDATE_MAX + 1], ends[CANDIDATE_MAX + 1];
    uint32_t core[CANDIDATE_MAX];               /* for quality_lists.c */
    struct piece_row rows[PIECE_WINDOW + 1][2]; /* for quality.c */
};

/* `spelled`: kana as letters. False: as they stand. */
void candidate_read(struct candidate *candidate, const struct secret *prepared, bool spelled);

enum candidate_class {
    CANDIDATE_LETTER, /* of any script */
    CANDIDATE_DIGIT,
    CANDIDATE_SYMBOL,
};
enum candidate_class candidate_class(uint32_t c);

/* One character in the folded form: width and case. */
uint32_t candidate_fold(uint32_t c);

/* The letters that a folded character is used for, itself first if it is one: "s" for '$', "il" for
 * '1', "" for '&'. */
const char *candidate_readings(uint32_t folded);
/* How much a reading counts among the substitutions: 0 where it is the character itself. */
unsigned candidate_substitution(uint32_t folded, uint32_t letter);
/* Whether the one there is, or is used for, a certain folded one; `*substituted` grows by what
 * that counts. */
bool candidate_reads(const struct candidate *candidate, size_t at, uint32_t wanted,
                     unsigned *substituted);

/* Whether what stands before `at`, and at `at`, is of another class, or a new word by its capital
 * letter; so are kanji and kana to each other, since nothing shows where their words end. */
bool candidate_begins(const struct candidate *candidate, size_t at, enum candidate_class class_);
bool candidate_ends(const struct candidate *candidate, size_t at, enum candidate_class class_);

/* What the case of the letters in [from, to) costs. */
unsigned candidate_case_cost(const struct candidate *candidate, size_t from, size_t to);
/* What that many substitutions cost. */
unsigned candidate_substitution_cost(unsigned substituted);

/* [from, to) costs that much to whoever tries pieces of this kind; a dearer offer is forgotten, and
 * so is one that reaches out of the window. */
void piece_offer(struct candidate *candidate, size_t from, size_t to, unsigned cost,
                 enum password_weakness weakness);

/* -- who looks for pieces -------------------------------------------------------------------- */

/* Words of the list, also reversed; runs of letters that look like words (quality_words.c). */
void quality_find_words(struct candidate *candidate);

/* Neighbouring keys, sequences, repetition, digits and symbols (quality_patterns.c). */
void quality_find_patterns(struct candidate *candidate);

/* A date with what is known of it; 0: not said (quality_dates.c). */
struct quality_date {
    unsigned year, month, day;
};
/* Any dates; those that say nothing else than `birth` are the owner's. Returns true where one of
 * these stands by itself, or is a long one. */
bool quality_find_dates(struct candidate *candidate, const struct quality_date *birth);

/* The names and numbers of a person and a place (quality_person.c). NONE, or the kind of the
 * one for which the candidate is refused. */
enum medgl_error quality_find_person(struct candidate *candidate,
                                     const struct quality_person *person,
                                     enum password_weakness *refused);

/* -- other engines --------------------------------------------------------------------------- */

/* What libpasswdqc finds in it beyond our own pieces; NONE: nothing (quality_passwdqc.c). */
enum medgl_error quality_passwdqc_judge(const struct secret *prepared,
                                        enum password_weakness *weakness);
/* Whether a filter made by pwqfilter(1) holds it. MEDGL_ERR_CORRUPT: it is no such filter. */
enum medgl_error quality_passwdqc_filter(int fd, const char *text, bool *found);

/* BLOCKLIST, BREACHED or NONE (quality_lists.c). */
enum medgl_error quality_lists_ask(const struct quality_lists *lists, struct candidate *candidate,
                                   const struct secret *prepared, enum password_weakness *weakness);

#endif
