/* Counting a try before anything about it is verified (R20). Used by whatever asks for a password.
 */
#ifndef MEDGL_OPERATION_ATTEMPT_H
#define MEDGL_OPERATION_ATTEMPT_H

#include "operation/caller.h"
#include "operation/context.h"
#include "policy/lockout.h"

/* MUSTs:
 * - The reservation is committed, synced to the device, before a single bit of the answer is looked
 * at.
 * - Whoever holds no reservation (decision.verdict is not ATTEMPT_ADMITTED) verifies nothing, but
 * does the same work.
 * - A process that ends without attempt_finish() has used its try up. */
struct reservation {
    struct attempt attempt;
    struct attempt_decision decision;
};

/* Waits for attempts in flight and for the delay after a failure, then reserves, or records the
 * refusal. `account` is NULL for an unknown name; `account_key` is its id, or the stand-in.
 * MEDGL_ERR_DEADLINE: waited too long. */
enum medgl_error attempt_reserve(struct context *context, const struct account *account,
                                 const char *account_key, const struct caller *caller,
                                 const struct source *source, struct reservation *reservation);

/* For an evaluation that could not be made (no slot, no memory): the try is given back, as nothing
 * was learnt. */
void attempt_withdraw(struct context *context, const struct reservation *reservation);

/* Notes that somebody was refused without a guess (the account phase), so that the next refusal of
 * the same source within the delay is `*again`: whoever asks in a loop shall not fill the ledger.
 */
enum medgl_error attempt_note_refusal(const struct context *context, struct store_txn *txn,
                                      const char *account_key, const struct caller *caller,
                                      const struct source *source, medgl_time now, bool *again);

/* The id under which tries at a name that is not enrolled are counted, so that it behaves like one
 * that is (R23). */
enum medgl_error attempt_stand_in(const struct context *context, const char *name,
                                  char id[CRYPTO_ID_SIZE]);

/* Counts what stands against (account, source), and decides, inside the caller's transaction. */
enum medgl_error attempt_judge(const struct policy *policy, struct store_txn *txn,
                               const char *account_key, const struct source *source, medgl_time now,
                               struct attempt_decision *decision);

/* Takes the facts that store/ counts to those that policy/ judges. */
struct attempt_facts attempt_facts_from(const struct attempt_counts *counts,
                                        const struct source *source);

#endif
