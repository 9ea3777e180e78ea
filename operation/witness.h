/* A second pair of eyes (R11): somebody else who proves at the terminal who they are, so that an
 * act on an account has two people behind it. */
#ifndef MEDGL_OPERATION_WITNESS_H
#define MEDGL_OPERATION_WITNESS_H

#include "operation/account.h"
#include "operation/talk.h"

/* Who can witness what the operator does to the subject: an active, enrolled account of one person,
 * none for emergencies, neither of the two nor another account of theirs, with a password that its
 * owner chose and that is not due. In the transaction of the act, too. MEDGL_ERR_REFUSED with
 * `why`. */
enum medgl_error witness_check(const struct context *context, struct store_txn *txn,
                               const char *name, const struct account *subject,
                               struct account *witness, char why[OPERATION_WHY_SIZE]);

/* What the witness stands for, told to them before they prove anything. */
struct witness_act {
    const struct account *subject;
    const char *method; /* how the identity was verified */
    const char *way;    /* how the new password reaches its owner */
};

/* MUSTs:
 * - Of a refused proof nothing is said here but that it was: the operator looks on, and would learn
 *   whether a guessed password is right (R23). The log of the system has the reason.
 * - Counted like any try, before anything is verified, from a source that the operator cannot
 *   choose.
 * - No session, no token, no password set: what is left is the try's own entry.
 * Has the witness prove who they are. MEDGL_ERR_REFUSED with `why`: they did not.
 * MEDGL_ERR_ABORTED: they gave up. */
enum medgl_error witness_prove(struct context *context, const struct talk *talk,
                               const struct account *witness, const struct witness_act *act,
                               char why[OPERATION_WHY_SIZE]);

#endif
