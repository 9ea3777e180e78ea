/* Recovery codes, and the one-time codes of a factor waiver. */
#ifndef MEDGL_OPERATION_RECOVERY_H
#define MEDGL_OPERATION_RECOVERY_H

#include "factor/recovery.h"
#include "operation/account.h"
#include "operation/factors.h"

/* Makes `count` new ones: texts into `codes`, credentials with sealed hashes, not stored yet. The
 * evaluations are made outside any transaction, with salt and cost of the account's other batch
 * where there is one: recovery codes take over those of a waiver's codes, which take over those of
 * recovery codes or of another waiver. Else the salt is random and the cost the policy's. Wiped by
 * the caller. */
enum medgl_error recovery_make(const struct context *context, const char *account_id,
                               enum credential_kind kind, size_t count,
                               char (*codes)[RECOVERY_TEXT_SIZE], struct credential *credentials);

/* In the transaction that stores such ones, the old recovery codes gone where they are replaced:
 * MEDGL_ERR_CONFLICT where another batch came in between, with another salt or cost. */
enum medgl_error recovery_fits(const struct context *context, struct store_txn *txn,
                               const struct credential *made);

/* One evaluation of a typed code, and which of the account's it is: its index in factors->all, or
 * `*index` = FACTORS_MAX. `kinds` that are not accepted are compared all the same and do not match.
 * Same work for an account without any, at the policy's cost. Codes of another salt or cost than
 * the first that is accepted do not match. */
struct recovery_accept {
    bool recovery, code;
};
enum medgl_error recovery_find(const struct context *context, const char *account_key,
                               const struct factors *factors, const struct recovery_accept *accept,
                               const char *code, size_t *index);

/* Ten new ones in the place of all that are left; shown once, through `deliver`, before the commit:
 * when it fails, nothing has changed. */
struct recovery_issue_request {
    const char *name;
    const char *reason;
    void *argument;
    enum medgl_error (*deliver)(void *argument, const struct account *account,
                                const char (*codes)[RECOVERY_TEXT_SIZE], size_t count);
};
enum medgl_error operation_recovery_issue(struct context *context,
                                          const struct recovery_issue_request *request,
                                          char why[OPERATION_WHY_SIZE]);

/* How many are left, of everybody who was given some and still has one, or of an account (NULL:
 * everybody's). */
struct recovery_report {
    const char *name;
    uint32_t left;
    medgl_time issued;
};
enum medgl_error operation_recovery_list(struct context *context, const char *name,
                                         void (*each)(void *argument,
                                                      const struct recovery_report *report),
                                         void *argument);

#endif
