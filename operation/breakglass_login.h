/* What a login, the account phase and a session ask about a break-glass account (R32). Each reads
 * it in the transaction that decides. */
#ifndef MEDGL_OPERATION_BREAKGLASS_LOGIN_H
#define MEDGL_OPERATION_BREAKGLASS_LOGIN_H

#include "operation/emergency.h"

/* MUST: all zeros is what refuses: an account of the class that is not in the break-glass store,
 * one of which nothing could be read. */
struct breakglass_look {
    struct emergency_clocks clocks;
    struct emergency_now_view now;
    struct breakglass row;
    struct breakglass_facts facts;
};
/* Harmless, and of no meaning, for accounts of other classes. */
enum medgl_error breakglass_look(const struct context *context, struct store_txn *txn,
                                 const struct account *account, struct breakglass_look *look);

bool breakglass_is(const struct account *account);

/* MEDGL_ERR_REFUSED with `why` (OPERATION_WHY_SIZE) for a break-glass account: it has its sealed
 * credential and nothing else, no issued password, second factor, code or grant. */
enum medgl_error breakglass_sealed_alone(const struct account *account, char *why);

/* "DRILL: " while a drill is open, else "": alerts begin with it. */
const char *breakglass_drill_mark(const struct breakglass_look *look);

/* Tells that somebody tried to get into such an account without its credential: a key, another's
 * sudo or su. In the transaction that refuses it. */
enum medgl_error breakglass_tell_try(struct context *context, struct store_txn *txn,
                                     const struct clock_reading *clock,
                                     const struct account *account, const char *service,
                                     const char *source);

/* Tells many of a session of such an account: `what` is "began", "ended", "is lost". In the
 * transaction that records that. */
enum medgl_error breakglass_tell_session(struct context *context, struct store_txn *txn,
                                         const struct clock_reading *clock,
                                         const struct account *account,
                                         const struct session *session, const char *what);

#endif
