/* Grants: approved exceptions that end by themselves (R03, R22). */
#ifndef MEDGL_OPERATION_GRANT_H
#define MEDGL_OPERATION_GRANT_H

#include "factor/recovery.h"
#include "operation/account.h"
#include "operation/factors.h"
#include "operation/talk.h"

struct grant_add_request {
    const char *name;
    enum grant_kind kind;
    enum grant_instead instead; /* of a factor waiver */
    uint32_t codes;             /* of GRANT_INSTEAD_CODE: how many, 1 to FACTORS_CODE_MAX */
    medgl_time since;           /* 0: now */
    medgl_time until;
    const char *approved_by, *reason;
    const char *work; /* of GRANT_MAINTENANCE: what is to be done, shown at the login; else NULL */
    void *argument;   /* of GRANT_INSTEAD_CODE: as with recovery codes, before the commit */
    enum medgl_error (*deliver)(void *argument, const struct account *account,
                                const char (*codes)[RECOVERY_TEXT_SIZE], size_t count,
                                medgl_time until);
};
/* MEDGL_ERR_REFUSED with `why`: maintenance of an account of another class, longer than grant_max,
 * over before it begins, approved by whom it is for, under whatever spelling or other account of
 * theirs (person_is_same()), a waiver for recovery codes of which none are left, one of that kind
 * holds at some time of it already, a retired or disabled account, nothing to waive (no factor is
 * asked of the account, no hours are closed to it). Who makes one for themself must name an active
 * account of another person as the approver. */
enum medgl_error operation_grant_add(struct context *context,
                                     const struct grant_add_request *request,
                                     char grant_id[CRYPTO_ID_SIZE], char why[OPERATION_WHY_SIZE]);

/* Its codes end with it. `id`: or the beginning of one, of CRYPTO_ID_LEAST digits.
 * MEDGL_ERR_NOT_FOUND: none has it. MEDGL_ERR_REFUSED with `why`: it has ended already, or several
 * begin so. */
enum medgl_error operation_grant_revoke(struct context *context, const char *id, const char *reason,
                                        char why[OPERATION_WHY_SIZE]);

enum grant_state {
    GRANT_OVER = 0,
    GRANT_AHEAD, /* it has not begun */
    GRANT_IN_FORCE,
    GRANT_ENDED, /* revoked */
};
/* MUST be what factors_read() takes for one in force. */
enum grant_state grant_state_at(const struct grant *grant, medgl_time now);
const char *grant_state_word(enum grant_state state);

/* Those in force and ahead, or `all`; of an account or of everybody (NULL). */
struct grant_report {
    const struct grant *grant;
    const char *name;
    enum grant_state state;
    uint32_t codes; /* one-time codes that are left */
};
enum medgl_error operation_grant_list(struct context *context, const char *name, bool all,
                                      void (*each)(void *argument,
                                                   const struct grant_report *report),
                                      void *argument);

/* In the transaction of a login that the grant made possible: counts it, with its grant.use entry.
 * MEDGL_ERR_CONFLICT: it is not in force any more, and so made nothing possible. */
enum medgl_error grant_use(struct context *context, struct store_txn *txn,
                           const struct clock_reading *clock, const struct account *account,
                           const char *grant_id, const char *service, const char *source);

/* Records the ends of grants that are over, and takes their codes away; of an account, or of all
 * (NULL). Nothing depends on it. */
enum medgl_error grant_sweep(struct context *context, struct store_txn *txn,
                             const struct clock_reading *clock, const char *account_id);

/* In the transaction that disables or retires the account: its grants end as if revoked, each with
 * its entry. */
enum medgl_error grants_revoke(struct context *context, struct store_txn *txn,
                               const struct clock_reading *clock, const struct account *account,
                               const char *reason);

/* Tells the owner at a login which grants are in force, until when, and who approved them. */
void grants_tell(const struct talk *talk, const struct factors *factors);

#endif
