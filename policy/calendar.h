/* Calendar arithmetic in the site's zone, as pure functions. */
#ifndef MEDGL_POLICY_CALENDAR_H
#define MEDGL_POLICY_CALENDAR_H

#include "policy/policy.h"

/* t plus a span. Months are calendar months in the zone `utc_offset` seconds east of UTC: the same
 * day and time of day, or the last day of a shorter month (31 December + 2 months is 28 or 29
 * February). */
medgl_time policy_add(medgl_time t, struct policy_span span, int utc_offset);

/* The number of the calendar day there at that moment. */
int64_t policy_day(medgl_time t, int utc_offset);

/* A span for comparison and limits, with a month as 31 days. */
medgl_time policy_span_most(struct policy_span span);

#endif
