/* The time of day, whether it can be trusted (R09), and the zone of the site. */
#include "base/clock.h"

#include "base/auto.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#define CLOCK_ZONES "/usr/share/zoneinfo/"

struct clock_reading clock_read(void)
{
    struct timespec t = {0, 0};
    struct timex state = {.modes = 0};
    (void)clock_gettime(CLOCK_REALTIME, &t);
    int kernel = adjtimex(&state);
    return (struct clock_reading){
        .now = (medgl_time)t.tv_sec * MEDGL_SECOND + t.tv_nsec / 1000000,
        .synchronised = kernel >= 0 && kernel != TIME_ERROR && (state.status & STA_UNSYNC) == 0,
    };
}

medgl_time clock_moment(medgl_time t)
{
    return t > 0 ? t : 1;
}

int64_t clock_monotonic(void)
{
    struct timespec t = {0, 0};
    (void)clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void clock_sleep(int64_t milliseconds)
{
    if (milliseconds <= 0)
        return;
    struct timespec t = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    (void)nanosleep(&t, NULL);
}

/* Seconds and milliseconds of a time, also of one before 1970. */
static time_t clock_split(medgl_time t, int *milliseconds)
{
    medgl_time seconds = t / 1000;
    int rest = (int)(t % 1000);
    if (rest < 0) {
        rest += 1000;
        seconds--;
    }
    *milliseconds = rest;
    return (time_t)seconds;
}

void clock_format_utc(medgl_time t, char text[CLOCK_TEXT_SIZE])
{
    int milliseconds;
    time_t seconds = clock_split(t, &milliseconds);
    struct tm tm;
    if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 8099) {
        memcpy(text, "0000-00-00T00:00:00.000Z", CLOCK_TEXT_SIZE);
        return;
    }
    (void)snprintf(text, CLOCK_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
                   (unsigned)(tm.tm_year + 1900) % 10000u, (unsigned)(tm.tm_mon + 1) % 100u,
                   (unsigned)tm.tm_mday % 100u, (unsigned)tm.tm_hour % 100u,
                   (unsigned)tm.tm_min % 100u, (unsigned)tm.tm_sec % 100u,
                   (unsigned)milliseconds % 1000u);
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* Days from 1970-01-01 on. Years are counted from March, so that a leap day is a year's last. */
static int64_t days_before(int year, int month, int day)
{
    const int64_t y = month > 2 ? year : year - 1, m = (month + 9) % 12;
    const int64_t leaps = y >= 0 ? y / 4 - y / 100 + y / 400 : -1; /* the year 0 begins in -1 */
    return 365 * y + leaps + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* Not timegm(): verification reads a million of them. */
/* In line: each entry of the ledger has such a time. A text that ends early has no digit there. */
static inline bool utc_number(const char *text, int digits, char behind, int *number)
{
    *number = 0;
    for (int i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *number = *number * 10 + (text[i] - '0');
    }
    return text[digits] == behind;
}

/* 2026-03-29T01:59:59.000Z */
enum medgl_error clock_parse_utc(const char *text, medgl_time *t)
{
    int part[7];
    if (!utc_number(text, 4, '-', &part[0]) || !utc_number(text + 5, 2, '-', &part[1]) ||
        !utc_number(text + 8, 2, 'T', &part[2]) || !utc_number(text + 11, 2, ':', &part[3]) ||
        !utc_number(text + 14, 2, ':', &part[4]) || !utc_number(text + 17, 2, '.', &part[5]) ||
        !utc_number(text + 20, 3, 'Z', &part[6]) || text[24] != '\0')
        return MEDGL_ERR_ARGUMENT;
    const int year = part[0], month = part[1], day = part[2];
    if (month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) || part[3] > 23 ||
        part[4] > 59 || part[5] > 59)
        return MEDGL_ERR_ARGUMENT; /* there is no 31 April, and UTC as we keep it has no :60 */
    *t = ((days_before(year, month, day) * 24 + part[3]) * 60 + part[4]) * 60 * MEDGL_SECOND +
         part[5] * MEDGL_SECOND + part[6];
    return MEDGL_OK;
}

/* -- times as people write them --------------------------------------------------------------- */

struct clock_words {
    const char *at;
    int part[6]; /* year, month, day, hour, minute, second */
    int milliseconds;
    bool day_alone, zoned;
    int offset; /* seconds east of UTC, where `zoned` */
};

static bool words_number(struct clock_words *words, int digits, int *number)
{
    *number = 0;
    for (int i = 0; i < digits; i++, words->at++) {
        if (*words->at < '0' || *words->at > '9')
            return false;
        *number = *number * 10 + (*words->at - '0');
    }
    return true;
}

/* One of these characters. */
static bool words_mark(struct clock_words *words, const char *marks)
{
    if (*words->at == '\0' || strchr(marks, *words->at) == NULL)
        return false;
    words->at++;
    return true;
}

/* ".5", ".123456": what is below a millisecond is left out. */
static bool words_fraction(struct clock_words *words)
{
    int worth = 100;
    if (!words_mark(words, "."))
        return true;
    const char *first = words->at;
    for (; *words->at >= '0' && *words->at <= '9'; words->at++, worth /= 10)
        words->milliseconds += (*words->at - '0') * worth;
    return words->at != first && words->at - first <= 9;
}

static bool words_zone(struct clock_words *words)
{
    int hours, minutes;
    const bool west = *words->at == '-';
    if (*words->at == '\0')
        return true;
    words->zoned = true;
    if (words_mark(words, "Zz"))
        return true;
    if (!words_mark(words, "+-") || !words_number(words, 2, &hours) || !words_mark(words, ":") ||
        !words_number(words, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    words->offset = (hours * 60 + minutes) * (west ? -60 : 60);
    return true;
}

static bool words_read(struct clock_words *words, const char *text)
{
    int *part = words->part;
    *words = (struct clock_words){.at = text};
    if (!words_number(words, 4, &part[0]) || !words_mark(words, "-") ||
        !words_number(words, 2, &part[1]) || !words_mark(words, "-") ||
        !words_number(words, 2, &part[2]))
        return false;
    words->day_alone = *words->at == '\0';
    if (words->day_alone)
        return true;
    if (!words_mark(words, "Tt ") || !words_number(words, 2, &part[3]) || !words_mark(words, ":") ||
        !words_number(words, 2, &part[4]))
        return false;
    if (words_mark(words, ":") && (!words_number(words, 2, &part[5]) || !words_fraction(words)))
        return false;
    return words_zone(words) && *words->at == '\0';
}

/* As if the words were UTC. False: there is no such date or time of day. */
static bool words_value(const struct clock_words *words, medgl_time *t)
{
    char text[CLOCK_TEXT_SIZE];
    (void)snprintf(text, sizeof(text), "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
                   (unsigned)words->part[0] % 10000u, (unsigned)words->part[1] % 100u,
                   (unsigned)words->part[2] % 100u, (unsigned)words->part[3] % 100u,
                   (unsigned)words->part[4] % 100u, (unsigned)words->part[5] % 100u,
                   (unsigned)words->milliseconds % 1000u);
    return clock_parse_utc(text, t) == MEDGL_OK;
}

bool clock_is_time(const char *text)
{
    struct clock_words words;
    medgl_time t;
    return words_read(&words, text) && words_value(&words, &t);
}

/* The first moment at which clocks of the site show that; a day that begins with hours that are
 * left out begins when they are over. */
static bool clock_shown(medgl_time shown, bool day_alone, medgl_time *t)
{
    const int before = clock_utc_offset(shown - MEDGL_DAY),
              after = clock_utc_offset(shown + MEDGL_DAY);
    const int earlier = before > after ? before : after, later = before > after ? after : before;
    *t = shown - earlier * MEDGL_SECOND;
    if (clock_utc_offset(*t) == earlier)
        return true;
    *t = shown - later * MEDGL_SECOND;
    if (clock_utc_offset(*t) == later)
        return true;
    *t = shown - before * MEDGL_SECOND;
    return day_alone;
}

enum medgl_error clock_parse_local(const char *text, medgl_time *t)
{
    struct clock_words words;
    medgl_time shown, found;
    if (!words_read(&words, text) || !words_value(&words, &shown))
        return MEDGL_ERR_ARGUMENT;
    if (words.zoned)
        found = shown - words.offset * MEDGL_SECOND;
    else if (!clock_shown(shown, words.day_alone, &found))
        return MEDGL_ERR_ARGUMENT;
    if (found <= 0)
        return MEDGL_ERR_ARGUMENT;
    *t = found;
    return MEDGL_OK;
}

/* -- the zone of the site --------------------------------------------------------------------- */

/* Not all that lies there is a zone: libc would take a directory or a table for UTC. */
bool clock_zone_exists(const char *name)
{
    char path[128], magic[4];
    if (name[0] == '\0')
        return true;
    if (name[0] == '/' || strstr(name, "..") != NULL ||
        snprintf(path, sizeof(path), CLOCK_ZONES "%s", name) >= (int)sizeof(path))
        return false;
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) &&
           memcmp(magic, "TZif", sizeof(magic)) == 0;
}

enum medgl_error clock_set_zone(const char *name)
{
    char value[128];
    if (!clock_zone_exists(name))
        return MEDGL_ERR_ARGUMENT;
    if (name[0] == '\0') {
        (void)unsetenv("TZ");
        tzset();
        return MEDGL_OK;
    }
    (void)snprintf(value, sizeof(value), ":%s", name);
    if (setenv("TZ", value, 1) != 0)
        return MEDGL_ERR_MEMORY;
    tzset();
    return MEDGL_OK;
}

int clock_utc_offset(medgl_time t)
{
    int milliseconds;
    time_t seconds = clock_split(t, &milliseconds);
    struct tm tm;
    if (localtime_r(&seconds, &tm) == NULL)
        return 0;
    return (int)tm.tm_gmtoff;
}

void clock_format_local(medgl_time t, char text[CLOCK_LOCAL_SIZE])
{
    int milliseconds;
    time_t seconds = clock_split(t, &milliseconds);
    struct tm tm;
    if (localtime_r(&seconds, &tm) == NULL ||
        strftime(text, CLOCK_LOCAL_SIZE, "%Y-%m-%d %H:%M:%S %Z", &tm) == 0)
        (void)snprintf(text, CLOCK_LOCAL_SIZE, "(unknown time)");
}
