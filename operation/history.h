/* The passwords that an account had (R16) and their stems (R14). One evaluation of the KDF answers
 * for all of them, however many, and one more for their stems: an account keeps one salt. After the
 * policy raised the cost there are two for each cost that a kept password still has. */
#ifndef MEDGL_OPERATION_HISTORY_H
#define MEDGL_OPERATION_HISTORY_H

#include "operation/context.h"

/* What comes of looking a candidate up: whether it was used, and, so that nothing is evaluated
 * twice, the record under which it would be stored. */
struct history_answer {
    bool used_before, similar_to_former;
    struct password_record record;
};
struct history_question {
    const char *account_id;
    const struct secret *typed, *prepared;
    bool current_unproved; /* nobody has just shown to know the current one */
    int64_t patience_ms;   /* of each wait for a slot, at most what context_line() says */
};
/* `prepared` against the account's current and former passwords, as far back as the policy says,
 * and those that were revoked. An imported hash (crypt(3)) has a salt of its own: former ones, of
 * which an account seldom has any, take an evaluation each, and one more where `typed` is other
 * bytes than `prepared`: what made them knew no OpaqueString. The current one is not compared by
 * whoever takes it over, or was asked for it: they have just verified it. */
enum medgl_error history_ask(struct context *context, const struct history_question *question,
                             struct history_answer *answer);
void history_answer_clear(struct history_answer *answer); /* also for auto_clean() */

/* In the transaction that replaces or ends a password: keeps the one that goes as a former one, and
 * forgets those that the policy does not ask for any more. */
enum medgl_error history_keep(const struct context *context, struct store_txn *txn,
                              const struct credential *going);
/* The same for one that may have leaked: it is never forgotten (R12). */
enum medgl_error history_keep_for_good(const struct context *context, struct store_txn *txn,
                                       const struct credential *going);

/* Whether that password of the account was ended since somebody proved it: what it opened is
 * nobody's (R12). One that was merely replaced was not. */
enum medgl_error history_was_ended(struct store_txn *txn, const char *account_id,
                                   const char *credential, bool *ended);

#endif
