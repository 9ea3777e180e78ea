/* The notations of policy.conf: strict parsers and their reverse. Never guesses a unit. */
#include "policy/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define VALUE_BLANKS " \t"

struct value_unit {
    const char *name;
    int64_t one;    /* bytes or milliseconds */
    int32_t months; /* or calendar months */
};

static const struct value_unit value_sizes[] = {
    {"B", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}, {NULL}};

static const struct value_unit value_times[] = {{"s", MEDGL_SECOND},
                                                {"sec", MEDGL_SECOND},
                                                {"min", MEDGL_MINUTE},
                                                {"h", MEDGL_HOUR},
                                                {"hour", MEDGL_HOUR},
                                                {"hours", MEDGL_HOUR},
                                                {"day", MEDGL_DAY},
                                                {"days", MEDGL_DAY},
                                                {"week", 7 * MEDGL_DAY},
                                                {"weeks", 7 * MEDGL_DAY},
                                                {"month", 0, 1},
                                                {"months", 0, 1},
                                                {NULL}};

/* Digits and the white space around them. What follows them, or NULL. */
static const char *value_digits(const char *text, int64_t *number)
{
    text += strspn(text, VALUE_BLANKS);
    const char *end = text + strspn(text, "0123456789");
    if (end == text)
        return NULL;
    *number = 0;
    for (; text < end; text++)
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, *text - '0', number))
            return NULL;
    return end + strspn(end, VALUE_BLANKS);
}

/* A number with a unit behind it; a plain 0 needs none. */
static enum medgl_error value_with_unit(const char *text, const struct value_unit *units,
                                        int64_t *number, const struct value_unit **unit)
{
    const char *word = value_digits(text, number);
    if (word == NULL)
        return MEDGL_ERR_ARGUMENT;
    *unit = units;
    if (*word == '\0')
        return *number == 0 ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
    size_t len = strcspn(word, VALUE_BLANKS);
    if (word[len + strspn(word + len, VALUE_BLANKS)] != '\0')
        return MEDGL_ERR_ARGUMENT;
    for (; (*unit)->name != NULL; (*unit)++)
        if (strlen((*unit)->name) == len && memcmp((*unit)->name, word, len) == 0)
            return MEDGL_OK;
    return MEDGL_ERR_ARGUMENT;
}

enum medgl_error value_parse_number(const char *text, int64_t *number)
{
    const char *end = value_digits(text, number);
    return end != NULL && *end == '\0' ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
}

enum medgl_error value_parse_size(const char *text, int64_t *bytes)
{
    int64_t number;
    const struct value_unit *unit;
    MEDGL_TRY(value_with_unit(text, value_sizes, &number, &unit));
    return __builtin_mul_overflow(number, unit->one, bytes) ? MEDGL_ERR_ARGUMENT : MEDGL_OK;
}

enum medgl_error value_parse_span(const char *text, struct policy_span *span)
{
    int64_t number;
    const struct value_unit *unit;
    MEDGL_TRY(value_with_unit(text, value_times, &number, &unit));
    if (__builtin_mul_overflow(number, unit->months, &span->months) ||
        __builtin_mul_overflow(number, unit->one, &span->milliseconds))
        return MEDGL_ERR_ARGUMENT;
    return MEDGL_OK;
}

enum medgl_error value_parse_date(const char *text, int64_t *day)
{
    char utc[CLOCK_TEXT_SIZE];
    medgl_time t;
    if (strlen(text) != strlen("YYYY-MM-DD"))
        return MEDGL_ERR_ARGUMENT;
    (void)snprintf(utc, sizeof(utc), "%sT00:00:00.000Z", text);
    MEDGL_TRY(clock_parse_utc(utc, &t));
    *day = t / MEDGL_DAY; /* midnight: nothing is left over */
    return MEDGL_OK;
}

void value_format_size(int64_t bytes, char *text, size_t size)
{
    const struct value_unit *unit = &value_sizes[3];
    while (unit > value_sizes && bytes % unit->one != 0)
        unit--;
    (void)snprintf(text, size, bytes == 0 ? "0" : "%" PRId64 " %s", bytes / unit->one, unit->name);
}

void value_format_span(struct policy_span span, char *text, size_t size)
{
    int64_t t = span.milliseconds;
    if (span.months != 0)
        (void)snprintf(text, size, "%" PRId32 " month%s", span.months, span.months == 1 ? "" : "s");
    else if (t == 0)
        (void)snprintf(text, size, "0");
    else if (t % MEDGL_DAY == 0)
        (void)snprintf(text, size, "%" PRId64 " day%s", t / MEDGL_DAY, t == MEDGL_DAY ? "" : "s");
    else if (t % MEDGL_HOUR == 0)
        (void)snprintf(text, size, "%" PRId64 " h", t / MEDGL_HOUR);
    else if (t % MEDGL_MINUTE == 0)
        (void)snprintf(text, size, "%" PRId64 " min", t / MEDGL_MINUTE);
    else
        (void)snprintf(text, size, "%" PRId64 " s", t / MEDGL_SECOND);
}
