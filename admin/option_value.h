/* How the values of options are read; for their checks. What was checked is read by
 * options_number() and the like. */
#ifndef MEDGL_ADMIN_OPTION_VALUE_H
#define MEDGL_ADMIN_OPTION_VALUE_H

#include "admin/admin.h"

bool option_number_parse(const char *value, uint64_t *number);
/* "5", "5-9", "5-". */
bool option_range_parse(const char *value, uint64_t *first, uint64_t *last);
/* As in the policy: "15 min". */
bool option_span_parse(const char *value, int64_t *milliseconds);
/* "2026-11-21", "today", "tomorrow". */
bool option_day_is(const char *value);

#endif
