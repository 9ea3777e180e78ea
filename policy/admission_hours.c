/* Days and hours (R22): their notation, and whether they hold at a time of the site's clocks. Knows
 * no zone: the caller brings the time that the clocks show. */
#include "policy/admission_rules.h"

#include "base/auto.h"
#include "base/message.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HOURS_BLANKS " \t"
#define HOURS_DIGITS "0123456789"
#define HOURS_DAY    (24 * 60) /* minutes */

/* In the order of the bits. */
static const char *const hours_days[] = {"Mon", "Tue", "Wed", "Thu",
                                         "Fri", "Sat", "Sun", "holiday"};
#define HOURS_WEEK    7
#define HOURS_HOLIDAY HOURS_WEEK
#define HOURS_DAILY   ((1U << MEDGL_COUNT(hours_days)) - 1)

const char *const admission_hours_help =
    N_("always, or days and times separated by ';': \"Mon-Fri 08:00-20:00; Sat,holiday "
       "10:00-12:00\"");

static void hours_skip(const char **text)
{
    *text += strspn(*text, HOURS_BLANKS);
}

/* With the blanks around it; without it nothing is taken. */
static bool hours_take(const char **text, char wanted)
{
    const char *at = *text;
    hours_skip(&at);
    if (*at != wanted)
        return false;
    *text = at + 1;
    hours_skip(text);
    return true;
}

/* The letters that come next are that word. */
static bool hours_word(const char **text, const char *word)
{
    size_t len = strspn(*text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    if (len != strlen(word) || strncasecmp(*text, word, len) != 0)
        return false;
    *text += len;
    return true;
}

static bool hours_day(const char **text, unsigned *day)
{
    for (*day = 0; *day < MEDGL_COUNT(hours_days); (*day)++)
        if (hours_word(text, hours_days[*day]))
            return true;
    return false;
}

/* "Mon-Fri,holiday", and what follows. A range may go round the end of the week; one from a day to
 * itself could mean one day or eight. */
static bool hours_days_of(const char **text, unsigned *days)
{
    *days = HOURS_DAILY;
    if (hours_word(text, "daily"))
        return true;
    *days = 0;
    do {
        unsigned first, last;
        if (!hours_day(text, &first))
            return false;
        *days |= 1U << first;
        if (!hours_take(text, '-'))
            continue;
        if (!hours_day(text, &last) || first == HOURS_HOLIDAY || last == HOURS_HOLIDAY ||
            first == last)
            return false;
        for (unsigned day = first; day != last; day = (day + 1) % HOURS_WEEK)
            *days |= 1U << day;
        *days |= 1U << last;
    } while (hours_take(text, ','));
    return true;
}

/* "08:00" in minutes; two digits each, so that no time can be read in two ways. */
static bool hours_time(const char **text, int *minutes)
{
    const char *t = *text;
    if (strspn(t, HOURS_DIGITS) != 2 || t[2] != ':' || strspn(t + 3, HOURS_DIGITS) != 2)
        return false;
    const int hour = (t[0] - '0') * 10 + t[1] - '0', minute = (t[3] - '0') * 10 + t[4] - '0';
    *text += 5;
    *minutes = hour * 60 + minute;
    return minute < 60 && *minutes <= HOURS_DAY;
}

static bool hours_part_of(const char *text, struct hours_part *part)
{
    if (!hours_days_of(&text, &part->days) || strspn(text, HOURS_BLANKS) == 0)
        return false;
    hours_skip(&text);
    if (!hours_time(&text, &part->begin) || part->begin == HOURS_DAY || !hours_take(&text, '-') ||
        !hours_time(&text, &part->end))
        return false;
    if (part->end <= part->begin)
        part->end += HOURS_DAY;
    return *text == '\0';
}

enum medgl_error hours_parse(const char *text, struct hours *hours)
{
    char part[POLICY_RULE_SIZE];
    *hours = (struct hours){.always = rule_is(text, "always")};
    if (hours->always)
        return MEDGL_OK;
    while (text != NULL)
        if (hours->count == HOURS_PARTS || !rule_part(&text, ';', part, sizeof(part)) ||
            !hours_part_of(part, &hours->part[hours->count++]))
            return MEDGL_ERR_ARGUMENT;
    return MEDGL_OK;
}

/* Three days and more in a row as a range, "daily" for all. */
static bool hours_format_days(unsigned days, char *text)
{
    bool good = true;
    text[0] = '\0';
    if (days == HOURS_DAILY)
        return rule_add(text, "", "daily");
    for (size_t day = 0; day < MEDGL_COUNT(hours_days); day++) {
        size_t last = day;
        if ((days >> day & 1) == 0)
            continue;
        while (last + 1 < HOURS_WEEK && (days >> (last + 1) & 1) != 0)
            last++;
        good = good && rule_add(text, text[0] == '\0' ? "" : ",", hours_days[day]);
        if (day < HOURS_WEEK && last >= day + 2) {
            good = good && rule_add(text, "-", hours_days[last]);
            day = last;
        }
    }
    return good;
}

enum medgl_error admission_parse_hours(const char *text, char *canonical)
{
    struct hours hours;
    canonical[0] = '\0';
    MEDGL_TRY(hours_parse(text, &hours));
    if (hours.always)
        return rule_add(canonical, "", "always") ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
    for (size_t i = 0; i < hours.count; i++) {
        const struct hours_part *part = &hours.part[i];
        const int end = part->end > HOURS_DAY ? part->end - HOURS_DAY : part->end;
        char days[POLICY_RULE_SIZE], times[32];
        (void)snprintf(times, sizeof(times), "%02d:%02d-%02d:%02d", part->begin / 60,
                       part->begin % 60, end / 60, end % 60);
        if (!hours_format_days(part->days, days) ||
            !rule_add(canonical, i == 0 ? "" : "; ", days) || !rule_add(canonical, " ", times))
            return MEDGL_ERR_ARGUMENT;
    }
    return MEDGL_OK;
}

/* -- asked ------------------------------------------------------------------------------------ */

static int64_t hours_floor(medgl_time local)
{
    return local / MEDGL_DAY - (local % MEDGL_DAY < 0);
}

bool hours_is_holiday(const struct policy_calendar *calendar, int64_t day)
{
    size_t low = 0, high = calendar->known ? calendar->count : 0;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (calendar->day[middle] == day)
            return true;
        if (calendar->day[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* A holiday is no day of the week. 1970-01-01 was a Thursday. */
static unsigned hours_kind(const struct policy_calendar *calendar, int64_t day)
{
    return hours_is_holiday(calendar, day)
               ? 1U << HOURS_HOLIDAY
               : 1U << (unsigned)(((day + 3) % HOURS_WEEK + HOURS_WEEK) % HOURS_WEEK);
}

/* The latest end of the parts that hold then. One that began on the evening before goes on into
 * this day, whatever day this is. */
static bool hours_cover(const struct hours *hours, const struct policy_calendar *calendar,
                        medgl_time local, medgl_time *end)
{
    const int64_t today = hours_floor(local);
    *end = local;
    for (int64_t day = today - 1; day <= today; day++) {
        const unsigned kind = hours_kind(calendar, day);
        for (size_t i = 0; i < hours->count; i++) {
            const struct hours_part *part = &hours->part[i];
            const medgl_time begins = day * MEDGL_DAY + part->begin * MEDGL_MINUTE,
                             ends = day * MEDGL_DAY + part->end * MEDGL_MINUTE;
            if ((part->days & kind) != 0 && begins <= local && ends > *end)
                *end = ends;
        }
    }
    return *end > local;
}

bool hours_hold(const struct hours *hours, const struct policy_calendar *calendar, medgl_time local,
                medgl_time *until)
{
    medgl_time end, next;
    *until = 0;
    if (hours->always)
        return true;
    if (!hours_cover(hours, calendar, local, &end))
        return false;
    while (end - local <= HOURS_AHEAD && hours_cover(hours, calendar, end, &next))
        end = next;
    if (end - local <= HOURS_AHEAD)
        *until = end;
    return true;
}
