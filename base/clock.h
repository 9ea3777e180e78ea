/* The time of day, and whether it can be trusted (R09). Rooms that decide get the time as an
 * argument; only operation/, engine/ and admin/ call clock_read(). */
#ifndef MEDGL_BASE_CLOCK_H
#define MEDGL_BASE_CLOCK_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Milliseconds since 1970-01-01T00:00:00Z, without leap
 * seconds. 0 stands for "never" in stored facts. */
typedef int64_t medgl_time;

#define MEDGL_SECOND ((medgl_time)1000)
#define MEDGL_MINUTE (60 * MEDGL_SECOND)
#define MEDGL_HOUR   (60 * MEDGL_MINUTE)
#define MEDGL_DAY    (24 * MEDGL_HOUR)

struct clock_reading {
    medgl_time now;
    bool synchronised; /* the kernel's clock is disciplined (adjtimex: not TIME_ERROR, not
                          STA_UNSYNC) */
};

struct clock_reading clock_read(void);

/* A time as rows keep it, where 0 is never: also of a clock that was not set (1970). */
medgl_time clock_moment(medgl_time t);

/* Milliseconds of CLOCK_BOOTTIME: for deadlines, never stored. */
int64_t clock_monotonic(void);

/* Sleeps that long; a signal ends it early. */
void clock_sleep(int64_t milliseconds);

/* RFC 3339 in UTC with milliseconds, "2026-11-21T08:53:58.120Z". Years 0000..9999. */
#define CLOCK_TEXT_SIZE 25
void clock_format_utc(medgl_time t, char text[CLOCK_TEXT_SIZE]);
enum medgl_error clock_parse_utc(const char *text, medgl_time *t);

/* A time as people write it: RFC 3339 with its zone ("2026-11-21T08:00:00+09:00", seconds may have
 * a fraction, 'T' may be a space), or without one in the site's: "2026-11-21 08:00", "2026-11-21
 * 08:00:30", "2026-11-21" for the first moment of that day. Of a time that comes twice, when clocks
 * are put back, the first. MEDGL_ERR_ARGUMENT: no such time (also one that clocks leave out), or
 * not after 1970-01-01. */
enum medgl_error clock_parse_local(const char *text, medgl_time *t);
/* Whether it is written like that, whatever the zone. */
bool clock_is_time(const char *text);

/* Whether the machine knows the zone: an IANA name ("Asia/Tokyo"), or "" for its own. */
bool clock_zone_exists(const char *name);

/* Chooses the zone of the site for clock_utc_offset() and clock_format_local(). Once per process.
 * MEDGL_ERR_ARGUMENT: unknown zone. */
enum medgl_error clock_set_zone(const char *name);

/* Seconds east of UTC in the site's zone at that moment. */
int clock_utc_offset(medgl_time t);

/* "2026-11-21 17:53:58 JST" in the site's zone, for people. */
#define CLOCK_LOCAL_SIZE 48
void clock_format_local(medgl_time t, char text[CLOCK_LOCAL_SIZE]);

#endif
