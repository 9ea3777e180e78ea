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

enum medgl_error clock_parse_utc(const char *text, medgl_time *t)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    if (strlen(text) != sizeof(shape) - 1)
        return MEDGL_ERR_ARGUMENT;
    int part[7] = {0};
    size_t n = 0;
    for (size_t i = 0; shape[i] != '\0'; i++) {
        if (shape[i] != 'd') {
            if (text[i] != shape[i])
                return MEDGL_ERR_ARGUMENT;
            n++;
        } else if (text[i] < '0' || text[i] > '9') {
            return MEDGL_ERR_ARGUMENT;
        } else {
            part[n] = part[n] * 10 + (text[i] - '0');
        }
    }
    if (part[1] == 0 || part[2] == 0)
        return MEDGL_ERR_ARGUMENT;
    struct tm tm = {.tm_year = part[0] - 1900,
                    .tm_mon = part[1] - 1,
                    .tm_mday = part[2],
                    .tm_hour = part[3],
                    .tm_min = part[4],
                    .tm_sec = part[5]};
    medgl_time result = (medgl_time)timegm(&tm) * MEDGL_SECOND + part[6];
    char again[CLOCK_TEXT_SIZE];
    clock_format_utc(result, again); /* 31 April comes back as 1 May: no such date */
    if (strcmp(again, text) != 0)
        return MEDGL_ERR_ARGUMENT;
    *t = result;
    return MEDGL_OK;
}

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
