/* Emergencies, and what may be done with break-glass accounts in them (R31, R32): normal, declared
 * (in earnest or as a drill), recovered. Nothing here depends on a job having run: what is over is
 * over by the time alone. */
#ifndef MEDGL_POLICY_EMERGENCY_H
#define MEDGL_POLICY_EMERGENCY_H

#include "policy/policy.h"

/* -- how long it has lasted ----------------------------------------------------------------------
 */

/* MUSTs:
 * - Setting the clock neither ends an emergency nor prolongs it while the machine runs: the time
 * since the boot is what counts.
 * - Over a boot the clock of the machine counts where both readings are credible; it never takes
 * time away, and a machine whose clock is not synchronised counts its uptime alone: setting the
 * clock ahead and starting it anew does not end an emergency.
 * - The result never goes below what was known before. */
struct emergency_mark {
    int64_t spent;   /* milliseconds, up to this mark */
    medgl_time wall; /* the machine's clock at the mark */
    int64_t uptime;  /* milliseconds since the boot */
    bool credible; /* the kernel said that it is synchronised, and wall was no time before all that
                      is known (the ledger's, the program's own) */
};
struct emergency_now {
    medgl_time wall;
    int64_t uptime;
    bool credible;
    bool same_boot; /* as the mark */
};
int64_t policy_emergency_spent(const struct emergency_mark *mark, const struct emergency_now *now);

/* -- where an emergency stands --------------------------------------------------------------------
 */

enum emergency_phase {
    EMERGENCY_NONE = 0, /* there is none: normal times */
    EMERGENCY_OPEN,
    EMERGENCY_TIMED_OUT, /* its longest time is over; so all that it opened is closed */
    EMERGENCY_RECOVERED, /* somebody recorded the end, or that its time was over */
};
/* `recorded`: an end was written down. `spent`: as above. A longest time that the policy shortens
 * holds at once, also for one that is open. */
enum emergency_phase policy_emergency_phase(const struct policy *policy, bool recorded,
                                            int64_t spent);
/* Milliseconds until it times out; 0: it has. */
int64_t policy_emergency_left(const struct policy *policy, int64_t spent);

/* Whether the policy names the criterion. */
bool policy_emergency_criterion(const struct policy *policy, const char *criterion);
/* What does not fit of those keys, as a sentence; NULL: all of it does. */
const char *policy_emergency_conflict(const struct policy *policy);

#define EMERGENCY_BY_LOGIN "breakglass-login" /* the criterion of one that a login declared */

/* -- what a break-glass account is
 * ------------------------------------------------------------------ */

enum breakglass_state {
    BREAKGLASS_UNSEALED = 0, /* there is no credential: results start as refusal */
    BREAKGLASS_SEALED,       /* and not used since */
    BREAKGLASS_USED,         /* in the emergency that is open */
    BREAKGLASS_CLOSED,       /* used, and that emergency is over: until it is sealed anew */
};
struct breakglass_facts {
    bool sealed;                  /* there is a credential */
    bool used;                    /* since it was sealed */
    bool closed;                  /* that was recorded */
    enum emergency_phase used_in; /* of the emergency in which it was used; NONE: not known, which
                                     is as if it were over */
    enum emergency_phase now;     /* of the latest emergency */
};
enum breakglass_state policy_breakglass_state(const struct breakglass_facts *facts);

enum breakglass_verdict {
    BREAKGLASS_REFUSED_UNSEALED = 0,
    BREAKGLASS_REFUSED_CLOSED,
    BREAKGLASS_REFUSED_OUTSIDE, /* breakglass_outside = deny, and there is no emergency */
    BREAKGLASS_OPENS,           /* in an emergency: its first use, or another one */
    BREAKGLASS_DECLARES,        /* in normal times: and declares one */
};
/* What its use, with the right credential, would do now. */
enum breakglass_verdict policy_breakglass_use(const struct policy *policy,
                                              const struct breakglass_facts *facts);

/* Whether the sealed credential is due for renewal. `utc_offset`: of the site when it was sealed.
 */
bool policy_breakglass_due(const struct policy *policy, medgl_time sealed_at, int utc_offset,
                           medgl_time now);
/* Whether a drill is due; `last` 0: there was none yet, `since` then counts (the first sealing; 0:
 * nothing is sealed, and nothing due). */
bool policy_drill_due(const struct policy *policy, medgl_time last, medgl_time since,
                      int utc_offset, medgl_time now);

const char *emergency_phase_word(
    enum emergency_phase phase); /* "none", "open", "timed-out", "recovered" */
const char *breakglass_state_word(
    enum breakglass_state state); /* "unsealed", "sealed", "used", "closed" */
const char *breakglass_verdict_word(
    enum breakglass_verdict verdict); /* "unsealed", "closed", "outside", "opens", "declares" */

#endif
