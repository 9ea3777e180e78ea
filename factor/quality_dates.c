/* Dates in a candidate, as people write them: in both calendars, with and without separators and
 * leading zeros. Knows nothing of how many days a month has. */
#include "factor/quality_piece.h"

#include <string.h>
#include <uchar.h>

#define YEAR_FIRST 1900
#define YEAR_LAST  2059

#define COST_FORM       15 /* which of the forms */
#define COST_YEAR       20 /* of four digits: chance makes few of them */
#define COST_FAR_YEAR   40 /* hardly anybody's life is in it */
#define COST_SHORT_YEAR 50 /* of two digits, or of an era */
#define COST_MONTH      36
#define COST_DAY        50
#define COST_SEPARATOR  5
#define COST_OWN        25 /* all of it */

/* So many characters, and no year of four digits, may as well be something else. */
#define SHORT      4
#define SHORT_ERA  5
#define COST_SHORT 35

#define OWN_LEAST     4 /* shorter ones are not refused */
#define OWN_ERA_LEAST 3
#define OWN_ANYWHERE  6 /* longer ones are, also within other digits */

/* What is read one after the other: Y year of four digits, y of two, E era and its year; M, D two
 * digits, m, d one or two, n one; '-' a separator. */
static const char *const forms[] = {
    "YMD", "MDY", "DMY",   "yMD",   "MDy",   "DMy",   "YM",    "MY",    "Y",   "MD",  "DM",  "nD",
    "YnD", "ynD", "Y-m-d", "y-m-d", "m-d-Y", "d-m-Y", "m-d-y", "d-m-y", "Y-m", "m-Y", "m-d", "d-m",
};
static const char *const era_forms[] = {"E", "EMD", "EnD", "E-m-d", "E-m"};

static const struct era {
    const char32_t *name;
    unsigned before; /* the year before its first */
    unsigned years;
} eras[] = {
    {U"明治", 1867, 45},   {U"meiji", 1867, 45},   {U"m", 1867, 45},      {U"大正", 1911, 15},
    {U"taisho", 1911, 15}, {U"taishou", 1911, 15}, {U"taisyo", 1911, 15}, {U"taisyou", 1911, 15},
    {U"t", 1911, 15},      {U"昭和", 1925, 64},    {U"showa", 1925, 64},  {U"shouwa", 1925, 64},
    {U"syowa", 1925, 64},  {U"syouwa", 1925, 64},  {U"s", 1925, 64},      {U"平成", 1988, 31},
    {U"heisei", 1988, 31}, {U"h", 1988, 31},       {U"令和", 2018, 41},   {U"reiwa", 2018, 41},
    {U"r", 2018, 41},
};

struct reading {
    const struct candidate *candidate;
    size_t at;
    struct quality_date date;
    bool short_year, era;
    unsigned cost;
};

static bool date_digits(struct reading *reading, size_t least, size_t most, unsigned *number)
{
    size_t digits = 0;
    *number = 0;
    while (digits < most && reading->at < reading->candidate->count) {
        uint32_t c = reading->candidate->folded[reading->at];
        if (c < '0' || c > '9')
            break;
        *number = *number * 10 + (c - '0');
        reading->at++;
        digits++;
    }
    return digits >= least;
}

static bool date_year(struct reading *reading, size_t digits)
{
    if (!date_digits(reading, digits, digits, &reading->date.year))
        return false;
    reading->short_year = digits == 2;
    if (reading->short_year)
        reading->cost += COST_SHORT_YEAR;
    else
        reading->cost +=
            reading->date.year >= 1940 && reading->date.year < 2035 ? COST_YEAR : COST_FAR_YEAR;
    return reading->short_year ||
           (reading->date.year >= YEAR_FIRST && reading->date.year <= YEAR_LAST);
}

static bool date_word(struct reading *reading, const char32_t *word)
{
    size_t at = reading->at;
    for (; *word != 0; word++, at++) {
        if (at >= reading->candidate->count || reading->candidate->folded[at] != *word)
            return false;
    }
    reading->at = at;
    return true;
}

static bool date_era(struct reading *reading)
{
    size_t from = reading->at;
    reading->cost += COST_SHORT_YEAR;
    reading->era = true;
    for (size_t i = 0; i < MEDGL_COUNT(eras); i++) {
        unsigned year;
        reading->at = from;
        if (!date_word(reading, eras[i].name))
            continue;
        if (date_word(reading, U"元") || date_word(reading, U"gannen"))
            year = 1;
        else if (!date_digits(reading, 1, 2, &year))
            continue;
        reading->date.year = eras[i].before + year;
        if (year >= 1 && year <= eras[i].years)
            return true;
    }
    return false;
}

static bool date_month(struct reading *reading, size_t least, size_t most)
{
    reading->cost += COST_MONTH;
    return date_digits(reading, least, most, &reading->date.month) && reading->date.month >= 1 &&
           reading->date.month <= 12;
}

static bool date_day(struct reading *reading, size_t least)
{
    reading->cost += COST_DAY;
    return date_digits(reading, least, 2, &reading->date.day) && reading->date.day >= 1 &&
           reading->date.day <= 31;
}

/* Letters only behind a year that cannot be anything else: 1985y4m1d. */
static bool date_separator(struct reading *reading)
{
    static const char32_t separators[] = U"-/._ :年月ymd";
    bool clear = reading->date.year >= YEAR_FIRST && !reading->era;
    if (reading->at >= reading->candidate->count)
        return false;
    uint32_t c = reading->candidate->folded[reading->at++];
    reading->cost += COST_SEPARATOR;
    for (const char32_t *separator = separators; *separator != 0; separator++) {
        if (c == *separator)
            return clear || c < 'a' || c > 'z';
    }
    return false;
}

static bool date_part(struct reading *reading, char part)
{
    switch (part) {
    case 'Y':
        return date_year(reading, 4);
    case 'y':
        return date_year(reading, 2);
    case 'E':
        return date_era(reading);
    case 'M':
        return date_month(reading, 2, 2);
    case 'm':
        return date_month(reading, 1, 2);
    case 'n':
        return date_month(reading, 1, 1);
    case 'D':
        return date_day(reading, 2);
    case 'd':
        return date_day(reading, 1);
    default:
        return date_separator(reading);
    }
}

/* What Japanese writes after the last number. */
static void date_suffix(struct reading *reading)
{
    (void)(date_word(reading, U"年") || date_word(reading, U"月") || date_word(reading, U"日"));
}

static bool date_read(const struct candidate *candidate, size_t from, const char *form,
                      struct reading *reading)
{
    *reading = (struct reading){.candidate = candidate, .at = from, .cost = COST_FORM};
    for (; *form != '\0'; form++) {
        if (!date_part(reading, *form))
            return false;
    }
    date_suffix(reading);
    if (reading->at - from <= (reading->era ? SHORT_ERA : SHORT) &&
        (reading->date.year < YEAR_FIRST || reading->era))
        reading->cost += COST_SHORT;
    return true;
}

/* Everything that it says is so. */
static bool date_is_own(const struct reading *reading, const struct quality_date *birth)
{
    const struct quality_date *date = &reading->date;
    unsigned year = reading->short_year ? birth->year % 100 : birth->year;
    bool year_said = date->year != 0 || reading->short_year;
    return birth->year != 0 && (!year_said || date->year == year) &&
           (date->month == 0 || date->month == birth->month) &&
           (date->day == 0 || date->day == birth->day);
}

static bool date_refused(const struct reading *reading, size_t from)
{
    const struct candidate *candidate = reading->candidate;
    size_t length = reading->at - from;
    if (length < (reading->era ? OWN_ERA_LEAST : OWN_LEAST))
        return false;
    return length >= OWN_ANYWHERE ||
           (candidate_begins(candidate, from, (enum candidate_class)candidate->classes[from]) &&
            candidate_ends(candidate, reading->at,
                           (enum candidate_class)candidate->classes[reading->at - 1]));
}

/* One form at one place. Returns whether the candidate is to be refused for it. */
static bool date_try(struct candidate *candidate, size_t from, const char *form,
                     const struct quality_date *birth)
{
    struct reading reading;
    if (!date_read(candidate, from, form, &reading))
        return false;
    bool own = date_is_own(&reading, birth);
    piece_offer(candidate, from, reading.at, own ? COST_OWN : reading.cost,
                own ? PASSWORD_WEAKNESS_BIRTH_DATE : PASSWORD_WEAKNESS_DATE);
    return own && date_refused(&reading, from);
}

static bool date_may_begin(uint32_t c)
{
    static const char32_t first[] = U"mtshr明大昭平令";
    for (const char32_t *one = first; *one != 0; one++) {
        if (c == *one)
            return true;
    }
    return false;
}

bool quality_find_dates(struct candidate *candidate, const struct quality_date *birth)
{
    bool refused = false;
    size_t end = birth->year == 0 ? candidate->window : candidate->count;
    for (size_t from = 0; from < end; from++) {
        bool digit = candidate->classes[from] == CANDIDATE_DIGIT,
             era = date_may_begin(candidate->folded[from]);
        for (size_t i = 0; digit && i < MEDGL_COUNT(forms); i++)
            refused |= date_try(candidate, from, forms[i], birth);
        for (size_t i = 0; era && i < MEDGL_COUNT(era_forms); i++)
            refused |= date_try(candidate, from, era_forms[i], birth);
    }
    return refused;
}
