/* Calendar arithmetic from the rules of the Gregorian
 * calendar. Never asks libc for a time or a zone. */
#include "policy/calendar.h"

#define CALENDAR_EPOCH_YEAR 1970

/* Days of a year before each month, and the whole year. */
static const int calendar_before[2][13] = {
    {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
    {0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366},
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t floor_mod(int64_t a, int64_t b)
{
    return a - floor_div(a, b) * b;
}

static bool calendar_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1 January of year 1 to 1 January of `year`. */
static int64_t calendar_year_start(int64_t year)
{
    int64_t y = year - 1;
    return 365 * y + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400);
}

/* The day `months` later, both counted from the epoch: the same day of the month or its last. */
static int64_t calendar_add_months(int64_t day, int32_t months)
{
    int64_t days = day + calendar_year_start(CALENDAR_EPOCH_YEAR);
    int64_t year = 1 + floor_div(days * 400, 146097); /* at most one off */
    while (calendar_year_start(year) > days)
        year--;
    while (calendar_year_start(year + 1) <= days)
        year++;
    int in_year = (int)(days - calendar_year_start(year));
    const int *before = calendar_before[calendar_leap(year)];
    int month = 0;
    while (before[month + 1] <= in_year)
        month++;
    int in_month = in_year - before[month];

    int64_t target = year * 12 + month + months;
    year = floor_div(target, 12);
    month = (int)floor_mod(target, 12);
    before = calendar_before[calendar_leap(year)];
    int last = before[month + 1] - before[month] - 1;
    return calendar_year_start(year) - calendar_year_start(CALENDAR_EPOCH_YEAR) + before[month] +
           (in_month < last ? in_month : last);
}

medgl_time policy_add(medgl_time t, struct policy_span span, int utc_offset)
{
    medgl_time sum;
    if (span.months != 0) {
        medgl_time offset = utc_offset * MEDGL_SECOND, local;
        if (__builtin_add_overflow(t, offset, &local))
            return t;
        int64_t day = calendar_add_months(floor_div(local, MEDGL_DAY), span.months);
        if (__builtin_mul_overflow(day, MEDGL_DAY, &sum) ||
            __builtin_add_overflow(sum, floor_mod(local, MEDGL_DAY) - offset, &sum))
            return span.months > 0 ? INT64_MAX : INT64_MIN;
        t = sum;
    }
    if (__builtin_add_overflow(t, span.milliseconds, &sum))
        return span.milliseconds > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

int64_t policy_day(medgl_time t, int utc_offset)
{
    medgl_time local;
    if (__builtin_add_overflow(t, utc_offset * MEDGL_SECOND, &local))
        local = t;
    return floor_div(local, MEDGL_DAY);
}

medgl_time policy_span_most(struct policy_span span)
{
    return (medgl_time)span.months * POLICY_MONTH + span.milliseconds;
}
