/* The decision on access, from rules, facts and a time. Never looks anything up; a rule that cannot
 * be read admits nobody.
 *
 * MUSTs:
 * - Every rule is asked and has its finding, also after one that refused: `account explain` says
 *   them all.
 * - With days off that are not known no rule on hours holds: which of them would is not known. */
#include "policy/admission_rules.h"

#include "policy/calendar.h"

#include <stdlib.h>

/* Further from the epoch than any clock: days are counted without overflow. */
#define ADMISSION_TIME_MOST (INT64_MAX / 4)

static struct admission_finding admission_rule(const char *own, const char *of_class)
{
    const bool has_own = own != NULL && own[0] != '\0';
    return (struct admission_finding){.own = has_own, .rule = has_own ? own : of_class};
}

/* In the site's time; the end of hours comes back in ours. */
static void admission_hours(const struct policy *policy, const struct admission_facts *facts,
                            medgl_time now, struct admission_decision *decision)
{
    struct hours hours;
    const medgl_time offset = facts->utc_offset * MEDGL_SECOND;
    if (now > ADMISSION_TIME_MOST || now < -ADMISSION_TIME_MOST)
        return;
    decision->holiday = hours_is_holiday(&policy->calendar, policy_day(now, facts->utc_offset));
    if (hours_parse(decision->hours.rule, &hours) != MEDGL_OK ||
        (!hours.always && !policy->calendar.known))
        return;
    decision->hours.granted = hours_hold(&hours, &policy->calendar, now + offset, &decision->until);
    if (decision->until != 0)
        decision->until -= offset;
}

static bool admission_placeless(enum admission_origin origin)
{
    switch (origin) {
    case ADMISSION_ORIGIN_SYSTEM:
    case ADMISSION_ORIGIN_ANYWHERE:
        return true;
    case ADMISSION_ORIGIN_UNKNOWN:
    case ADMISSION_ORIGIN_ADDRESS:
    case ADMISSION_ORIGIN_CONSOLE:
    case ADMISSION_ORIGIN_LOCAL:
        break;
    }
    return false;
}

static enum admission_reason admission_reason_of(const struct policy *policy,
                                                 const struct admission_decision *decision)
{
    if (!decision->services.granted)
        return ADMISSION_SERVICE;
    if (!decision->places.granted)
        return ADMISSION_PLACE;
    if (!decision->hours.granted)
        return policy->calendar.known ? ADMISSION_HOURS : ADMISSION_CALENDAR;
    return ADMISSION_GRANTED;
}

struct admission_decision policy_admit(const struct policy *policy,
                                       const struct admission_facts *facts, medgl_time now)
{
    const struct policy_class *of_class = policy_class_of(policy, facts->class_);
    struct admission_decision decision = {
        .services = admission_rule(facts->services, of_class->services),
        .places = admission_rule(facts->places, of_class->places),
        .hours = admission_rule(facts->hours, of_class->hours),
    };
    decision.services.granted = facts->place->origin == ADMISSION_ORIGIN_SYSTEM ||
                                services_admit(decision.services.rule, facts->service);
    decision.places.granted = admission_placeless(facts->place->origin) ||
                              places_admit(decision.places.rule, facts->place);
    admission_hours(policy, facts, now, &decision);
    decision.reason = admission_reason_of(policy, &decision);
    if (decision.reason != ADMISSION_GRANTED)
        decision.until = 0;
    return decision;
}

const char *admission_reason_word(enum admission_reason reason)
{
    switch (reason) {
    case ADMISSION_UNDECIDED:
        return "undecided";
    case ADMISSION_GRANTED:
        return "granted";
    case ADMISSION_SERVICE:
        return "service";
    case ADMISSION_PLACE:
        return "place";
    case ADMISSION_HOURS:
        return "hours";
    case ADMISSION_CALENDAR:
        return "calendar";
    }
    return "undecided";
}

/* -- how many, how long ------------------------------------------------------------------------ */

enum crowd_verdict policy_crowd(const struct policy *policy, const struct crowd_facts *facts)
{
    const struct policy_class *of_class = policy_class_of(policy, facts->class_);
    const int64_t limit = facts->own_limit > 0 ? facts->own_limit : of_class->sessions;
    if (of_class->sessions <= 0 || facts->open >= limit) /* no class, no session */
        return CROWD_ACCOUNT;
    if (of_class->sessions_total > 0 && facts->open_of_class >= of_class->sessions_total)
        return CROWD_CLASS;
    return CROWD_ADMITTED;
}

int64_t policy_idle_seconds(const struct policy *policy, enum account_class class_, int64_t own)
{
    if (own < 0)
        return 0;
    const int64_t idle = own > 0 ? own : policy_span_most(policy_class_of(policy, class_)->idle);
    return idle / MEDGL_SECOND + (idle % MEDGL_SECOND > 0); /* less than one is not "never" */
}

bool policy_dormant(const struct policy *policy, medgl_time last_login, medgl_time created,
                    medgl_time now)
{
    medgl_time since = last_login > 0 ? last_login : created, idle;
    return !__builtin_sub_overflow(now, since, &idle) &&
           idle >= policy_span_most(policy->dormant_after);
}
