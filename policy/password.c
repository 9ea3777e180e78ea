/* The password rules A, B and C of R13 as functions of facts and a given time. Never sees a
 * character of a password. */
#include "policy/password.h"

#include "policy/calendar.h"

/* How far a date may lie ahead of the clock before we call it wrong. */
#define PASSWORD_CLOCK_SLACK MEDGL_DAY

static enum password_refusal password_refusal(const struct policy *policy,
                                              const struct password_candidate *candidate)
{
    if (!candidate->valid_text)
        return PASSWORD_REFUSED_TEXT;
    if (candidate->length < policy->password_short_length)
        return PASSWORD_REFUSED_TOO_SHORT;
    if (!candidate->letters || !candidate->digits || !candidate->symbols)
        return PASSWORD_REFUSED_KINDS;
    if (candidate->same_as_current)
        return PASSWORD_REFUSED_SAME;
    return PASSWORD_ACCEPTED;
}

struct password_verdict policy_password_check(const struct policy *policy,
                                              const struct password_candidate *candidate)
{
    struct password_verdict verdict = {.refusal = password_refusal(policy, candidate)};
    if (verdict.refusal == PASSWORD_ACCEPTED)
        verdict.strength = candidate->length >= policy->password_long_length
                               ? PASSWORD_STRENGTH_LONG
                               : PASSWORD_STRENGTH_SHORT;
    return verdict;
}

static enum password_rule password_rule(const struct password_facts *facts)
{
    switch (facts->strength) {
    case PASSWORD_STRENGTH_NONE:
        return PASSWORD_RULE_NONE;
    case PASSWORD_STRENGTH_SHORT:
        return facts->second_factor ? PASSWORD_RULE_C : PASSWORD_RULE_B;
    case PASSWORD_STRENGTH_LONG:
        return PASSWORD_RULE_A;
    }
    return PASSWORD_RULE_NONE;
}

struct password_standing policy_password_standing(const struct policy *policy,
                                                  const struct password_facts *facts,
                                                  medgl_time now)
{
    struct password_standing standing = {PASSWORD_RULE_NONE};
    if (!facts->present)
        return standing; /* nothing to use and nothing to change */
    bool wrong_clock = facts->set_at > now && facts->set_at - now > PASSWORD_CLOCK_SLACK;
    standing.rule = password_rule(facts);
    /* R18: short-lived, also where the clock was set back after it was issued. */
    standing.usable =
        !facts->issued || (!wrong_clock && (facts->valid_until == 0 || now < facts->valid_until));
    if (facts->issued || wrong_clock || standing.rule == PASSWORD_RULE_NONE) {
        standing.due = true;
        standing.due_at = facts->set_at < now ? facts->set_at : now;
    } else if (standing.rule == PASSWORD_RULE_B) {
        struct policy_span before = {-policy->password_warn.months,
                                     -policy->password_warn.milliseconds};
        standing.due_at = policy_add(facts->set_at, policy->password_max_age, facts->utc_offset);
        standing.due = now >= standing.due_at;
        standing.warn =
            !standing.due && now >= policy_add(standing.due_at, before, facts->utc_offset);
    }
    return standing;
}
