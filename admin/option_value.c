/* What the values of options say: numbers, ranges, spans and times. */
#include "admin/option_value.h"

#include "policy/calendar.h"
#include "policy/value.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define RANGE_END (UINT64_MAX - 1) /* one behind it is a number as well */

bool option_number_parse(const char *value, uint64_t *number)
{
    *number = 0;
    if (value[0] == '\0' || strlen(value) > 18 || value[strspn(value, "0123456789")] != '\0')
        return false;
    for (const char *at = value; *at != '\0'; at++)
        *number = *number * 10 + (uint64_t)(*at - '0');
    return true;
}

bool option_range_parse(const char *value, uint64_t *first, uint64_t *last)
{
    char head[24];
    size_t len = strcspn(value, "-");
    if (snprintf(head, sizeof(head), "%.*s", (int)len, value) >= (int)sizeof(head) ||
        !option_number_parse(head, first))
        return false;
    *last = *first;
    if (value[len] == '\0')
        return true;
    *last = RANGE_END;
    return value[len + 1] == '\0' ||
           (option_number_parse(value + len + 1, last) && *last >= *first);
}

bool option_span_parse(const char *value, int64_t *milliseconds)
{
    struct policy_span span;
    if (value_parse_span(value, &span) != MEDGL_OK)
        return false;
    *milliseconds = policy_span_most(span);
    return true;
}

uint64_t options_number(const struct options *options, enum option option, uint64_t absent)
{
    uint64_t number;
    return options->value[option] != NULL && option_number_parse(options->value[option], &number)
               ? number
               : absent;
}

const char *options_text(const struct options *options, enum option option)
{
    return options->value[option] != NULL ? options->value[option] : "";
}

void options_range(const struct options *options, enum option option, uint64_t *first,
                   uint64_t *last)
{
    const char *value = options->value[option];
    if (value != NULL && option_range_parse(value, first, last))
        return;
    *first = 0;
    *last = RANGE_END;
}

int64_t options_span(const struct options *options, enum option option)
{
    int64_t milliseconds = 0;
    const char *value = options->value[option];
    if (value == NULL || value[0] == '\0')
        return 0;
    return option_span_parse(value, &milliseconds) ? milliseconds : -1;
}

enum admin_exit options_time(const struct options *options, enum option option, medgl_time *t)
{
    const char *value = options->value[option];
    medgl_time end;
    if (value != NULL && value[0] == 't') /* today, tomorrow */
        return options_day(options, option, clock_read().now, t, &end);
    if (value == NULL || clock_parse_local(value, t) == MEDGL_OK)
        return ADMIN_DONE;
    complain(_("--%s: clocks of the site never show %s"), option_word(option)->name, value);
    return ADMIN_USAGE;
}

enum admin_exit options_period(const struct options *options, medgl_time *since, medgl_time *until)
{
    enum admin_exit code = options_time(options, OPTION_SINCE, since);
    if (code == ADMIN_DONE)
        code = options_time(options, OPTION_UNTIL, until);
    const bool both = options->value[OPTION_SINCE] != NULL && options->value[OPTION_UNTIL] != NULL;
    if (code != ADMIN_DONE || !both || *since < *until)
        return code;
    complain(_("--until is not after --since: nothing lies between %s and %s. The end does not "
               "count: all of a day is --since today --until tomorrow."),
             options->value[OPTION_SINCE], options->value[OPTION_UNTIL]);
    return ADMIN_USAGE;
}

/* -- days ------------------------------------------------------------------------------------- */

#define DAY_SIZE 11 /* "2026-11-21" */

bool option_day_is(const char *value)
{
    return strcmp(value, "today") == 0 || strcmp(value, "tomorrow") == 0 ||
           (strlen(value) == DAY_SIZE - 1 && clock_is_time(value));
}

/* The day that many days behind `day`, by the calendar. */
static bool day_behind(const char *day, int days, char behind[DAY_SIZE])
{
    struct tm date = {.tm_isdst = 0};
    if (strptime(day, "%Y-%m-%d", &date) == NULL)
        return false;
    date.tm_mday += days;
    date.tm_hour = 12;
    return timegm(&date) != -1 && strftime(behind, DAY_SIZE, "%Y-%m-%d", &date) > 0;
}

enum admin_exit options_day(const struct options *options, enum option option, medgl_time now,
                            medgl_time *since, medgl_time *until)
{
    const char *value = options->value[option];
    char here[CLOCK_LOCAL_SIZE], day[DAY_SIZE], next[DAY_SIZE];
    clock_format_local(now, here);
    const bool relative = value[0] == 't';
    const int ahead = strcmp(value, "tomorrow") == 0;
    if (day_behind(relative ? here : value, ahead, day) && day_behind(day, 1, next) &&
        clock_parse_local(day, since) == MEDGL_OK && clock_parse_local(next, until) == MEDGL_OK)
        return ADMIN_DONE;
    complain(_("--%s: clocks of the site never show %s"), option_word(option)->name, value);
    return ADMIN_USAGE;
}
