/* Rules of access as they are asked, between their notation and policy_admit(). Of no use outside
 * policy/. */
#ifndef MEDGL_POLICY_ADMISSION_RULES_H
#define MEDGL_POLICY_ADMISSION_RULES_H

#include "policy/admission.h"

/* How far ahead the end of hours is looked for. */
#define HOURS_AHEAD (8 * MEDGL_DAY)

/* The shortest part is of 16 bytes. */
#define HOURS_PARTS (POLICY_RULE_SIZE / 16)

struct hours_part {
    unsigned days;  /* a bit each: Monday to Sunday, then holidays */
    int begin, end; /* minutes from the midnight that began the day; more than 24 h goes on */
};

struct hours {
    bool always;
    size_t count;
    struct hours_part part[HOURS_PARTS];
};

/* MEDGL_ERR_ARGUMENT. */
enum medgl_error hours_parse(const char *text, struct hours *hours);

/* Whether the hours hold at a time of the site's clocks, milliseconds from 1970-01-01 00:00 there,
 * and until when; 0: longer than HOURS_AHEAD. */
bool hours_hold(const struct hours *hours, const struct policy_calendar *calendar, medgl_time local,
                medgl_time *until);

bool hours_is_holiday(const struct policy_calendar *calendar, int64_t day);

/* False as well for a rule that is malformed. */
bool places_admit(const char *rule, const struct admission_place *place);
bool services_admit(const char *rule, const char *service);

/* What a rule's parts are put together from: without the blanks around it, in `part`. `*text` goes
 * behind the separator, or to NULL after the last. False: empty, or too long. */
bool rule_part(const char **text, char separator, char *part, size_t size);

/* Appends to a canonical form. False: full. */
bool rule_add(char *canonical, const char *separator, const char *part);

/* Whether the rule is that one word, in any case. */
bool rule_is(const char *rule, const char *word);

#endif
