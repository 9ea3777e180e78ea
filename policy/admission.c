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

/* The hours that hold at a time, and their end in ours; 0: no end. */
static bool admission_hold(const struct policy *policy, const struct hours *hours, int utc_offset,
                           medgl_time at, medgl_time *until)
{
    const medgl_time offset = utc_offset * MEDGL_SECOND;
    if (!hours->always && !policy->calendar.known)
        return false;
    if (!hours_hold(hours, &policy->calendar, at + offset, until))
        return false;
    if (*until != 0)
        *until -= offset;
    return true;
}

/* R22: a grant opens what is closed, and goes on where hours end that are open; hours that are open
 * when it ends go on in their turn. A rule that cannot be read stays closed: nobody approved that.
 */
static void admission_hours(const struct policy *policy, const struct admission_facts *facts,
                            medgl_time now, struct admission_decision *decision)
{
    struct hours hours;
    medgl_time granted = facts->granted_until, until = 0;
    if (now > ADMISSION_TIME_MOST || now < -ADMISSION_TIME_MOST)
        return;
    decision->holiday = hours_is_holiday(&policy->calendar, policy_day(now, facts->utc_offset));
    if (hours_parse(decision->hours.rule, &hours) != MEDGL_OK)
        return;
    const bool open = admission_hold(policy, &hours, facts->utc_offset, now, &until);
    const bool grant = granted != 0 && granted > now;
    decision->by_grant = !open && grant;
    decision->hours.granted = open || grant;
    if (grant && (!open || (until != 0 && until <= granted))) {
        granted = granted > ADMISSION_TIME_MOST ? ADMISSION_TIME_MOST : granted;
        if (!admission_hold(policy, &hours, facts->utc_offset, granted, &until))
            until = granted;
    }
    decision->until = until;
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

/* R30: whatever the hours say, it ends with the approval. */
static void admission_maintenance(const struct admission_facts *facts, medgl_time now,
                                  struct admission_decision *decision)
{
    const medgl_time approved = facts->approved_until;
    decision->approved =
        facts->class_ != ACCOUNT_CLASS_MAINTENANCE || (approved != 0 && approved > now);
    if (facts->class_ == ACCOUNT_CLASS_MAINTENANCE &&
        (decision->until == 0 || approved < decision->until))
        decision->until = approved;
}

static enum admission_reason admission_reason_of(const struct policy *policy,
                                                 const struct admission_decision *decision)
{
    if (!decision->approved)
        return ADMISSION_MAINTENANCE;
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
    admission_maintenance(facts, now, &decision);
    decision.reason = admission_reason_of(policy, &decision);
    if (decision.reason != ADMISSION_GRANTED)
        decision.until = 0; /* by_grant stays with the finding on hours */
    return decision;
}

const char *admission_reason_word(enum admission_reason reason)
{
    switch (reason) {
    case ADMISSION_UNDECIDED:
        return "undecided";
    case ADMISSION_GRANTED:
        return "granted";
    case ADMISSION_MAINTENANCE:
        return "maintenance";
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
