/* Emergencies (R31, R32, R33): declare, use, recover, settle, review; and what everybody is told of
 * it meanwhile. All of it lives in the break-glass store (CONTEXT_BREAKGLASS), so that it works
 * where the main store does not. */
#ifndef MEDGL_OPERATION_EMERGENCY_H
#define MEDGL_OPERATION_EMERGENCY_H

#include "operation/account.h"
#include "operation/context.h"
#include "policy/emergency.h"
#include "store/emergency.h"

/* MUSTs:
 * - One is open at a time. What was used in it is closed by the rules once it is over; that this is
 *   written down (emergency_settle) adds nothing to it.
 * - Each change and its entry and its alerts commit together.
 * - Nothing here waits for a receiver, the network, or the main store. */

/* -- in a transaction of others
 * -------------------------------------------------------------------- */

/* The clocks by which its length is told, as they are now. */
struct emergency_clocks {
    struct clock_reading clock;
    int64_t uptime;
    char boot[STORE_BOOT_SIZE]; /* "" where the kernel does not tell: then the uptime has to */
    bool credible;
};
/* `txn`: the ledger's latest time is a floor for what is credible. */
enum medgl_error emergency_clocks_read(struct store_txn *txn, struct emergency_clocks *clocks);

enum medgl_error emergency_look(const struct context *context, struct store_txn *txn,
                                const struct emergency_clocks *clocks,
                                struct emergency_now_view *view);

/* The facts of a break-glass account for policy_breakglass_*(). `breakglass` is zeroed where it was
 * never sealed. */
enum medgl_error emergency_facts(const struct context *context, struct store_txn *txn,
                                 const struct emergency_now_view *view, const char *account_id,
                                 struct breakglass *breakglass, struct breakglass_facts *facts);

/* In the transaction that allows a login with the sealed credential: declares where the verdict
 * says so, marks the account as used in the emergency, writes breakglass.use, raises the alerts.
 * `*now` is looked at anew afterwards. MEDGL_ERR_REFUSED: the verdict of now does not open it. */
enum medgl_error emergency_use(struct context *context, struct store_txn *txn,
                               const struct emergency_clocks *clocks, const struct account *account,
                               const char *service, const char *source,
                               struct emergency_now_view *now);

/* Writes down what the rules have ended: a time-out gets its entry, used accounts theirs, everyone
 * is told; and brings the length of an open one up to date (at most every few minutes) with a
 * reminder where one is due. `*settled`: an end was recorded just now. */
enum medgl_error emergency_settle(struct context *context, struct store_txn *txn,
                                  const struct emergency_clocks *clocks, bool *settled);

/* -- for operators
 * ---------------------------------------------------------------------------------- */

struct emergency_declare_request {
    const char *criterion;  /* of the policy's list */
    const char *decided_by; /* who decided, in the operator's words */
    const char *note;       /* NULL: none */
    bool drill;
};
/* MEDGL_ERR_REFUSED with `why`: one is open already (a drill that is open becomes one in earnest
 * when that is declared, and its time begins anew), the criterion is none of the policy's. */
enum medgl_error operation_emergency_declare(struct context *context,
                                             const struct emergency_declare_request *request,
                                             struct emergency *declared,
                                             char why[OPERATION_WHY_SIZE]);

/* Ends the open one, and closes what was used in it: `each` hears of every account that was closed,
 * also of those that the rules had closed before, as long as `note_ended` was not called for them:
 * so processes are ended also where the one that recorded the end was killed before it could.
 * MEDGL_ERR_REFUSED with `why`: none is open. */
enum medgl_error operation_emergency_recover(struct context *context, const char *decided_by,
                                             const char *note, struct emergency *recovered,
                                             char why[OPERATION_WHY_SIZE]);

/* emergency_settle() in a transaction of its own: what the timer calls each minute. */
enum medgl_error operation_emergency_settle(struct context *context, bool *settled);

/* The break-glass accounts that are closed: whose processes must be gone. */
struct emergency_closed {
    char name[STORE_NAME_SIZE];
    int64_t uid;
    uint32_t sessions; /* that are open by the records */
    bool active;       /* the account is: not disabled, not retired */
};
enum medgl_error operation_emergency_closed(struct context *context,
                                            void (*each)(void *argument,
                                                         const struct emergency_closed *closed),
                                            void *argument);
/* Their open sessions are recorded as ended, after their processes were. */
enum medgl_error operation_emergency_ended(struct context *context, const char *name);

/* Signs it off. `main_context`: where the operator's accounts are; NULL: it cannot be read.
 * MEDGL_ERR_REFUSED with `why`: it is open, reviewed already; or the operator (operation/acting.h)
 * used an account in it, decided it, or recorded it for whoever did; or whether they did is not
 * known. MEDGL_ERR_NOT_FOUND: there is none of that number. */
enum medgl_error operation_emergency_review(struct context *context, struct context *main_context,
                                            uint32_t number, const char *note,
                                            char why[OPERATION_WHY_SIZE]);

/* What is still open, for `emergency status` and the banner. */
struct emergency_status {
    struct emergency_now_view now;
    uint32_t sealed, used, closed, unsealed,
        due;                   /* break-glass accounts in each state; due for renewal */
    uint32_t unreviewed;       /* emergencies that are over (drills included) */
    uint32_t first_unreviewed; /* the lowest number of those; 0: none */
    uint64_t unjoined; /* entries that the main ledger does not vouch for; UINT64_MAX: not known */
    medgl_time last_drill; /* when it was declared; 0: never */
    bool drill_due;
    uint64_t reserved; /* bytes, see store_reserve() */
};
/* `main_context`: for `unjoined`; NULL: not known. */
enum medgl_error operation_emergency_status(struct context *context, struct context *main_context,
                                            struct emergency_status *status);
enum medgl_error operation_emergency_list(struct context *context,
                                          void (*each)(void *argument,
                                                       const struct emergency *emergency,
                                                       enum emergency_phase phase),
                                          void *argument);
/* As people are told: one that its longest time ended stays timed-out, also once that was recorded.
 */
enum emergency_phase emergency_state_of(const struct emergency *row, enum emergency_phase phase);

/* The main ledger takes over the head of the break-glass ledger, after the latter was verified as
 * far as its signature and its consistency with what was joined before: emergency.join. Harmless
 * where there is nothing new. MEDGL_ERR_CORRUPT: the two contradict each other (an alert of kind
 * evidence). */
enum medgl_error operation_emergency_join(struct context *main_context,
                                          struct context *breakglass_context, bool *joined);

/* -- what everybody is told
 * -------------------------------------------------------------------------- */

/* What is still to be done of emergencies that are over: looked at once for each login, so no more
 * is read than the banner shows. `context`: its `emergency` was looked at in this transaction. */
enum medgl_error emergency_undone(const struct context *context, struct store_txn *txn,
                                  const struct emergency_clocks *clocks,
                                  struct emergency_undone *undone);

/* The banner of every login, one line or two, as long as one is open, or something of any is: ""
 * where there is nothing to tell. Translated. Reads context->emergency and context->undone. */
#define EMERGENCY_BANNER_SIZE 1024
void emergency_banner(const struct context *context, char banner[EMERGENCY_BANNER_SIZE]);

#endif
