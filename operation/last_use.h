/* When an account was used last, and the alert at a use after a long absence (R25, R07). */
#ifndef MEDGL_OPERATION_LAST_USE_H
#define MEDGL_OPERATION_LAST_USE_H

#include "operation/context.h"

/* The latest session of a person of the account, or login, whether a notice was shown or not; 0:
 * none. It is what policy_dormant() wants; the notice tells of another one (activity.last_login).
 */
medgl_time last_use(const struct activity *activity);

/* In the caller's transaction: the account is used now, through that service and from there. MUST:
 * *activity is as it was read; the caller writes what it is afterwards. Raises the alert after a
 * long absence; as it is judged by the use before, a login and the session that follows it raise
 * one, whichever comes first. `*alerted` becomes true where it was raised, and stays as it is
 * elsewhere. */
enum medgl_error last_use_note(struct context *context, struct store_txn *txn,
                               const struct clock_reading *clock, const struct account *account,
                               const char *service, const char *source, struct activity *activity,
                               bool *alerted);

#endif
