/* What is known of an account's owner: brought into one form, or refused with a sentence. Writes
 * nothing, and repeats nothing of it. */
#include "operation/person.h"

#include "base/auto.h"
#include "base/message.h"
#include "base/text.h"
#include "factor/romaji.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define WIDE_SPACE      "\u3000"
#define YEAR_EARLIEST   1900 /* nobody at work was born before */
#define YEAR_DIGITS_MAX 4

static enum medgl_error person_refuse(char *why, const char *text)
{
    (void)snprintf(why, OPERATION_WHY_SIZE, "%s", text);
    return MEDGL_ERR_ARGUMENT;
}

/* A text of one line that says something and fits, or none; NULL: stays as it is. */
static bool person_text(char *to, size_t size, const char *text)
{
    return text == NULL || ((text[0] == '\0' || text_says_something(text)) &&
                            text_copy(to, size, text) == MEDGL_OK);
}

/* -- reading -------------------------------------------------------------------------------- */

/* Ends the part that `*at` begins with and moves on behind it; NULL: there is none. */
static char *reading_part(char **at)
{
    size_t wide = strlen(WIDE_SPACE);
    while (**at == ' ' || strncmp(*at, WIDE_SPACE, wide) == 0)
        *at += **at == ' ' ? 1 : wide;
    char *part = *at;
    while (**at != '\0' && **at != ' ' && strncmp(*at, WIDE_SPACE, wide) != 0)
        (*at)++;
    if (**at != '\0') {
        size_t space = **at == ' ' ? 1 : wide;
        **at = '\0';
        *at += space;
    }
    return part[0] != '\0' ? part : NULL;
}

/* Kana that can be spelled in Latin letters, part by part, with one space between. */
static bool person_reading(char to[STORE_TEXT_SIZE], const char *text)
{
    char copy[STORE_TEXT_SIZE], *at = copy, *part;
    struct romaji romaji;
    size_t used = 0;
    if (text_copy(copy, sizeof(copy), text) != MEDGL_OK)
        return false;
    to[0] = '\0';
    while ((part = reading_part(&at)) != NULL) {
        if (romaji_spell(part, &romaji) != MEDGL_OK || romaji.count == 0)
            return false;
        used += (size_t)snprintf(to + used, STORE_TEXT_SIZE - used, "%s%s", used > 0 ? " " : "",
                                 part); /* never longer than the text was */
    }
    return true;
}

/* -- birth date ----------------------------------------------------------------------------- */

static const struct {
    const char *word;
    int before; /* the year before its first */
} person_eras[] = {
    {"M", 1867},    {"T", 1911},    {"S", 1925},    {"H", 1988},    {"R", 2018},
    {"明治", 1867}, {"大正", 1911}, {"昭和", 1925}, {"平成", 1988}, {"令和", 2018},
};

static bool date_skip(const char **at, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(*at, word, len) != 0)
        return false;
    *at += len;
    return true;
}

/* A number of at most so many digits, 0 where there is none; gives how many there were. */
static int date_number(const char **at, int most, int *number)
{
    int digits = 0;
    for (*number = 0; digits < most && **at >= '0' && **at <= '9'; digits++)
        *number = *number * 10 + *(*at)++ - '0';
    return digits;
}

static bool date_year(const char **at, int *year)
{
    for (size_t i = 0; i < MEDGL_COUNT(person_eras); i++) {
        if (!date_skip(at, person_eras[i].word))
            continue;
        if (date_skip(at, "元"))
            *year = 1;
        else if (date_number(at, 2, year) == 0 || *year == 0)
            return false;
        *year += person_eras[i].before;
        return true;
    }
    return date_number(at, YEAR_DIGITS_MAX, year) == YEAR_DIGITS_MAX;
}

/* 1985-04-01, 1985/4/1, S60.4.1, 昭和60年4月1日: year, month and day, each end marked alike. */
static bool date_parts(const char *at, struct tm *date)
{
    static const char *const marks[][3] = {
        {"-", "-", ""}, {"/", "/", ""}, {".", ".", ""}, {"年", "月", "日"}};
    int year, month, day;
    if (!date_year(&at, &year))
        return false;
    for (size_t i = 0; i < MEDGL_COUNT(marks); i++) {
        const char *rest = at;
        if (date_skip(&rest, marks[i][0]) && date_number(&rest, 2, &month) > 0 &&
            date_skip(&rest, marks[i][1]) && date_number(&rest, 2, &day) > 0 &&
            date_skip(&rest, marks[i][2]) && *rest == '\0') {
            *date = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
            return true;
        }
    }
    return false;
}

static enum medgl_error person_birth_date(char to[16], const char *text, medgl_time now, char *why)
{
    struct tm date;
    to[0] = '\0';
    if (text[0] == '\0')
        return MEDGL_OK;
    if (!date_parts(text, &date))
        return person_refuse(why, _("the birth date must be written like 1985-04-01"));
    const struct tm given = date;
    const time_t day = timegm(&date); /* 31 February becomes a day of March */
    if (date.tm_mon != given.tm_mon || date.tm_mday != given.tm_mday)
        return person_refuse(why, _("the birth date is not in the calendar"));
    if (given.tm_year + 1900 < YEAR_EARLIEST)
        return person_refuse(why, _("the birth date is too long ago"));
    if (day > now / MEDGL_SECOND + clock_utc_offset(now))
        return person_refuse(why, _("the birth date lies in the future"));
    (void)strftime(to, 16, "%Y-%m-%d", &date);
    return MEDGL_OK;
}

/* -- all of it ------------------------------------------------------------------------------ */

enum medgl_error person_read(const struct account_person *person, medgl_time now,
                             struct account *account, char why[OPERATION_WHY_SIZE])
{
    why[0] = '\0';
    if (!person_text(account->full_name, sizeof(account->full_name), person->full_name))
        return person_refuse(
            why,
            _("the full name must be one line of text with a letter or a digit, and not too long"));
    if (!person_text(account->staff_number, sizeof(account->staff_number), person->staff_number))
        return person_refuse(why, _("the staff number must be one line of text with a letter or a "
                                    "digit, and not too long"));
    if (person->reading != NULL && !person_reading(account->reading, person->reading))
        return person_refuse(why, _("the reading must be in kana, with spaces between its parts"));
    return person->birth_date == NULL
               ? MEDGL_OK
               : person_birth_date(account->birth_date, person->birth_date, now, why);
}

/* -- of two accounts ------------------------------------------------------------------------ */

bool person_is_same(const struct account *a, const struct account *b)
{
    if (strcmp(a->id, b->id) == 0)
        return true;
    if (a->staff_number[0] != '\0' && b->staff_number[0] != '\0')
        return text_same_name(a->staff_number, b->staff_number);
    return a->birth_date[0] != '\0' && strcmp(a->birth_date, b->birth_date) == 0 &&
           text_same_name(a->full_name, b->full_name);
}
