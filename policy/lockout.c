/* May one more guess be made now (R20)? Numbers and a time in, a verdict out; counts nothing.
 *
 * MUSTs:
 * - Failures and attempts in flight never exceed a limit together: in flight counts as taken.
 * - The account-wide limit is not asked of who stands at the machine or is logged in as the account
 *   already: strangers on the network keep neither out.
 * - What is delayed only (a break-glass account, R32) is locked by no number of failures. Its
 *   delays and the number of tries in flight from one source stay: they bound how fast it can be
 *   guessed at.
 * - Failures at the limit refuse every guess until lock_time has passed since the latest of them.
 * - A time ahead of the clock counts as now: setting the clock back neither ends a lock nor
 *   prolongs it beyond lock_time. */
#include "policy/lockout.h"

#include "policy/calendar.h"

/* One reach of counting: this source, or the whole account. */
struct lockout_reach {
    int64_t failures, in_flight, limit;
    medgl_time latest;
};

/* attempt_delay, doubled by each further failure, up to attempt_delay_max. */
static medgl_time lockout_delay(const struct policy *policy, int64_t failures)
{
    medgl_time wait = failures > 0 ? policy_span_most(policy->attempt_delay) : 0;
    medgl_time most = policy_span_most(policy->attempt_delay_max);
    for (; failures > 1 && wait > 0 && wait < most; failures--)
        wait *= 2;
    return wait < most ? wait : most;
}

static bool lockout_locked(const struct policy *policy, const struct lockout_reach *reach,
                           medgl_time now, medgl_time *until)
{
    *until = reach->latest + policy_span_most(policy->lock_time);
    return reach->failures >= reach->limit && now < *until;
}

/* Asked once no lock holds: failures at the limit have been paid for by their lock, and ones older
 * than the window add up with nothing that happens now. */
static bool lockout_taken(const struct policy *policy, const struct lockout_reach *reach,
                          medgl_time now)
{
    bool past = reach->failures >= reach->limit ||
                now - reach->latest > policy_span_most(policy->attempt_window);
    return (past ? 0 : reach->failures) + reach->in_flight >= reach->limit;
}

struct attempt_decision policy_attempt(const struct policy *policy,
                                       const struct attempt_facts *facts, medgl_time now)
{
    /* The account-wide limit is not asked. */
    const bool alone = facts->console || facts->own || (facts->change && !facts->remote);
    const struct lockout_reach source = {facts->source_failures, facts->source_in_flight,
                                         facts->change ? policy->attempts_per_change
                                                       : policy->attempts_per_source,
                                         facts->source_latest < now ? facts->source_latest : now};
    const struct lockout_reach account = {
        facts->account_failures, facts->account_in_flight, policy->attempts_per_account,
        facts->account_latest < now ? facts->account_latest : now};
    const int64_t tries = source.failures + facts->source_refused;
    medgl_time until =
        source.latest > facts->source_refused_latest ? source.latest : facts->source_refused_latest;
    until += lockout_delay(policy, tries);

    if (tries > 0 && now < until)
        return (struct attempt_decision){ATTEMPT_DELAYED, until};
    if (facts->delay_only)
        return (struct attempt_decision){
            source.in_flight >= source.limit ? ATTEMPT_IN_FLIGHT : ATTEMPT_ADMITTED, 0};
    if (lockout_locked(policy, &source, now, &until))
        return (struct attempt_decision){ATTEMPT_LOCKED_SOURCE, until};
    if (!alone && lockout_locked(policy, &account, now, &until))
        return (struct attempt_decision){ATTEMPT_LOCKED_ACCOUNT, until};
    if (lockout_taken(policy, &source, now) || (!alone && lockout_taken(policy, &account, now)))
        return (struct attempt_decision){ATTEMPT_IN_FLIGHT, 0};
    return (struct attempt_decision){ATTEMPT_ADMITTED, 0};
}
