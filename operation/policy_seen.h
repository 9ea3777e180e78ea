/* A policy that was changed is noticed, and says so once (R34). */
#ifndef MEDGL_OPERATION_POLICY_SEEN_H
#define MEDGL_OPERATION_POLICY_SEEN_H

#include "operation/context.h"

/* In the caller's transaction: where the policy in force is another one than the one seen last, an
 * entry with both digests and the keys that differ, an alert, and it is the one seen last from now
 * on. The first one ever has an entry alone. `*changed` may be NULL.
 *
 * Who read the policy before that other one was seen notes nothing. When it was read is told in
 * today's clock, by the time that passed since then, so a clock that was set meanwhile changes
 * nothing. What remains: where a change was noted, and then the clock was set back to before that,
 * who read the policy before both notes its own as a change, and the next login the right one
 * again: seen twice, never unseen. */
enum medgl_error policy_seen_note(struct context *context, struct store_txn *txn,
                                  const struct clock_reading *clock, bool *changed);

/* The one seen last, in the caller's transaction: what holds where the files are of no use. Keys
 * that it does not name have the default of its profile. MEDGL_ERR_NOT_FOUND: none was.
 * MEDGL_ERR_POLICY: it is none that this version can use. `*policy` is of no use then. */
enum medgl_error policy_seen_last(struct store_txn *txn, struct policy *policy);

/* policy_seen_note() in a transaction of its own, where the policy is another one than the one seen
 * last; else nothing is written. */
enum medgl_error policy_seen_keep(struct context *context);

#endif
