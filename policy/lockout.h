/* May one more guess be made now? (R20) */
#ifndef MEDGL_POLICY_LOCKOUT_H
#define MEDGL_POLICY_LOCKOUT_H

#include "policy/policy.h"

/* What is counted against one account at this moment. Read under the lock that will also write the
 * reservation; never from a copy. */
struct attempt_facts {
    /* From this source: failures since the last clearing
     * that lie within attempt_window of the latest. */
    uint32_t source_failures;
    uint32_t source_in_flight;
    medgl_time source_latest; /* time of the latest of those failures; 0: none */
    /* From everywhere. */
    uint32_t account_failures;
    uint32_t account_in_flight;
    medgl_time account_latest;
    bool console;            /* at a local console: the account-wide limit does not apply */
    bool remote;             /* from another machine */
    bool change;             /* the current password, asked for in order to change it (R17) */
    uint32_t source_refused; /* tries of this source that were not admitted, and the latest */
    medgl_time source_refused_latest;
    bool own;        /* asked for by the account's own uid: who is logged in as it already (a
                        screen locker, sudo) is not closed by strangers on the network either:
                        as at a console, the account-wide limit does not apply */
    bool delay_only; /* a break-glass account: delayed, never locked (R32). Its source's limit
                        bounds the tries in flight alone */
};

enum attempt_verdict {
    ATTEMPT_LOCKED_SOURCE = 0, /* starts as refusal */
    ATTEMPT_LOCKED_ACCOUNT,
    ATTEMPT_DELAYED,   /* ask again at `until` */
    ATTEMPT_IN_FLIGHT, /* the limit is taken by attempts not decided yet: ask again when one is */
    ATTEMPT_ADMITTED,
};

struct attempt_decision {
    enum attempt_verdict verdict;
    medgl_time until; /* of a lock or a delay; else 0 */
};

/* Attempts in flight count as taken. A delay comes before either lock, and is a function of this
 * source's own tries alone, failed or refused alike: it tells a stranger nothing but what he did
 * himself, not even that the account is locked (R23), and bounds what his tries write.
 *
 * A change has a limit of its own. At this machine it is not closed by the account-wide one:
 * whoever is asked there is logged in, and strangers on the network shall not keep them from it.
 * From other machines it is: a form on the network can be filled in from any number of addresses.
 * What fails there counts account-wide all the same: it is a guess at the same password. */
struct attempt_decision policy_attempt(const struct policy *policy,
                                       const struct attempt_facts *facts, medgl_time now);

#endif
