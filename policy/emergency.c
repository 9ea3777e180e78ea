/* Where an emergency stands and what it opens (R31, R32), from facts and clocks that are given. */
#include "policy/emergency.h"

#include "policy/calendar.h"
#include "policy/reset.h"

#include <string.h>

/* -- how long it has lasted ----------------------------------------------------------------------
 */

static int64_t above_zero(int64_t milliseconds)
{
    return milliseconds > 0 ? milliseconds : 0;
}

/* Since the mark. Over a boot the machine has run at least since that one. */
static int64_t emergency_since(const struct emergency_mark *mark, const struct emergency_now *now)
{
    const int64_t up = above_zero(now->uptime);
    if (now->same_boot)
        return above_zero(now->uptime - mark->uptime);
    const int64_t by_clock =
        mark->credible && now->credible ? above_zero(now->wall - mark->wall) : 0;
    return by_clock > up ? by_clock : up;
}

int64_t policy_emergency_spent(const struct emergency_mark *mark, const struct emergency_now *now)
{
    const int64_t before = above_zero(mark->spent), since = emergency_since(mark, now);
    return since > INT64_MAX - before ? INT64_MAX : before + since;
}

/* -- where an emergency stands --------------------------------------------------------------------
 */

int64_t policy_emergency_left(const struct policy *policy, int64_t spent)
{
    return above_zero(policy_span_most(policy->emergency_max) - above_zero(spent));
}

enum emergency_phase policy_emergency_phase(const struct policy *policy, bool recorded,
                                            int64_t spent)
{
    if (recorded)
        return EMERGENCY_RECOVERED;
    return policy_emergency_left(policy, spent) > 0 ? EMERGENCY_OPEN : EMERGENCY_TIMED_OUT;
}

bool policy_emergency_criterion(const struct policy *policy, const char *criterion)
{
    return policy_list_has(policy->emergency_criteria, criterion);
}

static bool emergency_words_good(const char *list)
{
    char word[POLICY_WORD_SIZE];
    size_t count = 0;
    for (; policy_list_word(list, count, word); count++)
        if (!policy_is_word(word) || strcmp(word, EMERGENCY_BY_LOGIN) == 0)
            return false;
    return count > 0;
}

const char *policy_emergency_conflict(const struct policy *policy)
{
    if (emergency_words_good(policy->emergency_criteria))
        return NULL;
    return "emergency_criteria must have words of small letters, digits and '-', with commas "
           "between, and not " EMERGENCY_BY_LOGIN;
}

/* -- what a break-glass account is
 * ------------------------------------------------------------------ */

enum breakglass_state policy_breakglass_state(const struct breakglass_facts *facts)
{
    if (!facts->sealed)
        return BREAKGLASS_UNSEALED;
    if (facts->closed)
        return BREAKGLASS_CLOSED;
    if (!facts->used)
        return BREAKGLASS_SEALED;
    switch (facts->used_in) {
    case EMERGENCY_OPEN:
        return BREAKGLASS_USED;
    case EMERGENCY_NONE:
    case EMERGENCY_TIMED_OUT:
    case EMERGENCY_RECOVERED:
        break;
    }
    return BREAKGLASS_CLOSED;
}

static enum breakglass_verdict breakglass_first_use(const struct policy *policy,
                                                    enum emergency_phase now)
{
    switch (now) {
    case EMERGENCY_OPEN:
        return BREAKGLASS_OPENS;
    case EMERGENCY_NONE:
    case EMERGENCY_TIMED_OUT:
    case EMERGENCY_RECOVERED:
        break;
    }
    switch (policy->breakglass_outside) {
    case POLICY_OUTSIDE_DECLARE:
        return BREAKGLASS_DECLARES;
    case POLICY_OUTSIDE_DENY:
        break;
    }
    return BREAKGLASS_REFUSED_OUTSIDE;
}

enum breakglass_verdict policy_breakglass_use(const struct policy *policy,
                                              const struct breakglass_facts *facts)
{
    switch (policy_breakglass_state(facts)) {
    case BREAKGLASS_SEALED:
        return breakglass_first_use(policy, facts->now);
    case BREAKGLASS_USED:
        return BREAKGLASS_OPENS;
    case BREAKGLASS_CLOSED:
        return BREAKGLASS_REFUSED_CLOSED;
    case BREAKGLASS_UNSEALED:
        break;
    }
    return BREAKGLASS_REFUSED_UNSEALED;
}

/* -- what is due
 * ------------------------------------------------------------------------------------ */

static bool span_is_over(struct policy_span span, medgl_time since, int utc_offset, medgl_time now)
{
    return policy_span_most(span) > 0 && policy_add(since, span, utc_offset) <= now;
}

bool policy_breakglass_due(const struct policy *policy, medgl_time sealed_at, int utc_offset,
                           medgl_time now)
{
    return span_is_over(policy->breakglass_renew, sealed_at, utc_offset, now);
}

bool policy_drill_due(const struct policy *policy, medgl_time last, medgl_time since,
                      int utc_offset, medgl_time now)
{
    const medgl_time from = last > 0 ? last : since;
    return from > 0 && span_is_over(policy->drill_every, from, utc_offset, now);
}

/* -- words
 * ------------------------------------------------------------------------------------------ */

const char *emergency_phase_word(enum emergency_phase phase)
{
    switch (phase) {
    case EMERGENCY_NONE:
        return "none";
    case EMERGENCY_OPEN:
        return "open";
    case EMERGENCY_TIMED_OUT:
        return "timed-out";
    case EMERGENCY_RECOVERED:
        return "recovered";
    }
    return "none";
}

const char *breakglass_state_word(enum breakglass_state state)
{
    switch (state) {
    case BREAKGLASS_UNSEALED:
        return "unsealed";
    case BREAKGLASS_SEALED:
        return "sealed";
    case BREAKGLASS_USED:
        return "used";
    case BREAKGLASS_CLOSED:
        return "closed";
    }
    return "unsealed";
}

const char *breakglass_verdict_word(enum breakglass_verdict verdict)
{
    switch (verdict) {
    case BREAKGLASS_REFUSED_UNSEALED:
        return "unsealed";
    case BREAKGLASS_REFUSED_CLOSED:
        return "closed";
    case BREAKGLASS_REFUSED_OUTSIDE:
        return "outside";
    case BREAKGLASS_OPENS:
        return "opens";
    case BREAKGLASS_DECLARES:
        return "declares";
    }
    return "unsealed";
}
