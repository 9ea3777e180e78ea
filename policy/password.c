/* The password rules A, B and C of R13 as functions of facts and a given time. Never sees a
 * character of a password. */
#include "policy/password.h"

#include "policy/calendar.h"

/* How far a date may lie ahead of the clock before we call it wrong. */
#define PASSWORD_CLOCK_SLACK MEDGL_DAY

/* No password of that many code points is within 1,024 bytes. */
#define PASSWORD_LENGTH_MAX 1024

int64_t policy_password_least(const struct policy *policy, bool second_factor)
{
    return policy->password_rotation == POLICY_ROTATION_NONE && !second_factor
               ? policy->password_long_length
               : policy->password_short_length;
}

enum password_strength policy_password_strength(const struct policy *policy, uint32_t length,
                                                unsigned kinds)
{
    if (kinds < policy->password_kinds || length < policy->password_short_length)
        return PASSWORD_STRENGTH_NONE;
    return length < policy->password_long_length ? PASSWORD_STRENGTH_SHORT : PASSWORD_STRENGTH_LONG;
}

static unsigned password_kinds(const struct password_candidate *candidate)
{
    return (unsigned)candidate->letters + candidate->digits + candidate->symbols;
}

/* R14: some weaknesses whatever surrounds them, and whatever is guessed too soon. */
static bool password_guessable(const struct policy *policy,
                               const struct password_candidate *candidate)
{
    return candidate->weakness_refused || candidate->guess_bits < policy->password_guess_bits;
}

/* The first that holds, in the order of the enum. */
static enum password_refusal password_refusal(const struct policy *policy,
                                              const struct password_candidate *candidate)
{
    if (!candidate->valid_text)
        return PASSWORD_REFUSED_TEXT;
    if (candidate->length > PASSWORD_LENGTH_MAX)
        return PASSWORD_REFUSED_TOO_LONG;
    if (candidate->full_width)
        return PASSWORD_REFUSED_FULL_WIDTH;
    if (candidate->length < policy_password_least(policy, candidate->second_factor))
        return PASSWORD_REFUSED_TOO_SHORT;
    if (password_kinds(candidate) < policy->password_kinds)
        return PASSWORD_REFUSED_KINDS;
    if (candidate->same_as_current)
        return PASSWORD_REFUSED_SAME;
    if (password_guessable(policy, candidate))
        return PASSWORD_REFUSED_GUESSABLE;
    if (candidate->similar_to_current)
        return PASSWORD_REFUSED_SIMILAR;
    if (candidate->used_before)
        return PASSWORD_REFUSED_USED;
    if (candidate->similar_to_former)
        return PASSWORD_REFUSED_SIMILAR_FORMER;
    return PASSWORD_ACCEPTED;
}

struct password_verdict policy_password_check(const struct policy *policy,
                                              const struct password_candidate *candidate)
{
    struct password_verdict verdict = {.refusal = password_refusal(policy, candidate)};
    if (verdict.refusal == PASSWORD_REFUSED_GUESSABLE)
        verdict.weakness = candidate->weakness != PASSWORD_WEAKNESS_NONE ? candidate->weakness
                                                                         : PASSWORD_WEAKNESS_SIMPLE;
    if (verdict.refusal == PASSWORD_ACCEPTED)
        verdict.strength =
            policy_password_strength(policy, candidate->length, password_kinds(candidate));
    return verdict;
}

/* What a password that will not do alone is without a second factor. */
static void password_stand_alone(enum policy_rotation rotation, struct password_standing *standing)
{
    switch (rotation) {
    case POLICY_ROTATION_SHORT:
        standing->rule = PASSWORD_RULE_B;
        standing->ground = PASSWORD_GROUND_SHORT;
        return;
    case POLICY_ROTATION_ALL: /* a longer one would expire as well */
        standing->rule = PASSWORD_RULE_B;
        standing->ground = PASSWORD_GROUND_ROTATION;
        return;
    case POLICY_ROTATION_NONE:
        standing->rule = PASSWORD_RULE_NONE;
        standing->ground = PASSWORD_GROUND_NOT_ALONE;
        return;
    }
}

/* The rule that its strength, the second factor and the rotation make (R13). */
static void password_stand(const struct policy *policy, const struct password_facts *facts,
                           struct password_standing *standing)
{
    bool alone = false;
    switch (facts->strength) {
    case PASSWORD_STRENGTH_NONE:
        standing->ground = PASSWORD_GROUND_UNJUDGED;
        return;
    case PASSWORD_STRENGTH_SHORT:
        break;
    case PASSWORD_STRENGTH_LONG:
        alone = policy->password_rotation != POLICY_ROTATION_ALL;
        break;
    }
    if (alone) {
        standing->rule = PASSWORD_RULE_A;
        standing->ground = PASSWORD_GROUND_LONG;
    } else if (facts->second_factor) {
        standing->rule = PASSWORD_RULE_C;
        standing->ground = PASSWORD_GROUND_FACTOR;
    } else {
        password_stand_alone(policy->password_rotation, standing);
    }
}

/* From when on its owner may change it without need (R16). */
static medgl_time password_old_enough(const struct policy *policy,
                                      const struct password_facts *facts)
{
    return policy_add(facts->set_at, policy->password_min_age, facts->utc_offset);
}

/* Rule B: due by its age alone, and what softens that (R15). Nobody is
 * asked to do what is refused yet. */
static void password_age(const struct policy *policy, const struct password_facts *facts,
                         medgl_time now, struct password_standing *standing)
{
    const struct policy_span before = {-policy->password_warn.months,
                                       -policy->password_warn.milliseconds};
    standing->due_at = policy_add(facts->set_at, policy->password_max_age, facts->utc_offset);
    standing->due = now >= standing->due_at;
    standing->warn = !standing->due &&
                     now >= policy_add(standing->due_at, before, facts->utc_offset) &&
                     now >= password_old_enough(policy, facts);
    if (standing->due && facts->grace_used < policy->password_grace_logins)
        standing->grace_left = (uint32_t)policy->password_grace_logins - facts->grace_used;
    standing->grace = standing->grace_left > 0;
}

struct password_standing policy_password_standing(const struct policy *policy,
                                                  const struct password_facts *facts,
                                                  medgl_time now)
{
    struct password_standing standing = {PASSWORD_RULE_NONE};
    if (!facts->present)
        return standing; /* nothing to use and nothing to change */
    if (facts->sealed)
        return (struct password_standing){
            .rule = PASSWORD_RULE_A, .usable = true, .ground = PASSWORD_GROUND_LONG};
    bool wrong_clock = facts->set_at > now && facts->set_at - now > PASSWORD_CLOCK_SLACK;
    password_stand(policy, facts, &standing);
    /* R18: short-lived, also where the clock was set back after it was issued. */
    standing.usable =
        !facts->issued || (!wrong_clock && (facts->valid_until == 0 || now < facts->valid_until));
    if (facts->issued)
        standing.ground = PASSWORD_GROUND_ISSUED;
    if (wrong_clock)
        standing.ground = PASSWORD_GROUND_CLOCK;
    if (facts->issued || wrong_clock || standing.rule == PASSWORD_RULE_NONE) {
        standing.due = true;
        standing.due_at = facts->set_at < now ? facts->set_at : now;
    } else if (standing.rule == PASSWORD_RULE_B) {
        password_age(policy, facts, now, &standing);
    }
    return standing;
}

bool policy_password_may_change(const struct policy *policy, const struct password_facts *facts,
                                medgl_time now, medgl_time *from)
{
    *from = 0;
    if (!facts->present || policy_password_standing(policy, facts, now).due)
        return true;
    medgl_time then = password_old_enough(policy, facts);
    if (now >= then)
        return true;
    *from = then;
    return false;
}

bool policy_password_warn_again(const struct password_facts *facts, medgl_time warned_at,
                                medgl_time now)
{
    return warned_at == 0 ||
           policy_day(warned_at, facts->utc_offset_now) != policy_day(now, facts->utc_offset_now);
}
