/* What an account has besides its password: devices, cards, codes, and the grants that are in
 * force. Read in the transaction that needs it; everything about second factors starts here. */
#ifndef MEDGL_OPERATION_FACTORS_H
#define MEDGL_OPERATION_FACTORS_H

#include "operation/caller.h"
#include "operation/context.h"
#include "policy/factor.h"

/* Of an account: more are refused at enrolment. */
#define FACTORS_TOTP_MAX     4
#define FACTORS_CARD_MAX     4
#define FACTORS_RECOVERY_MAX 10
#define FACTORS_CODE_MAX     10
#define FACTORS_MAX          (FACTORS_TOTP_MAX + FACTORS_CARD_MAX + FACTORS_RECOVERY_MAX + FACTORS_CODE_MAX)
#define CARD_REPORT_SIZE     512

struct factors {
    struct credential all[FACTORS_MAX]; /* sealed; codes of grants that are over are left out */
    size_t count;
    uint32_t totp, card, recovery, code; /* how many of each are among them */
    bool waived;                         /* `waiver` is in force */
    struct grant waiver;                 /* the one that ends last */
    bool out_of_hours;
    struct grant hours;
    bool maintained;
    struct grant maintenance; /* R30 */
};
/* All zeros for an account that has nothing. MEDGL_ERR_CORRUPT: more than there can be. */
enum medgl_error factors_read(struct store_txn *txn, const char *account_id, medgl_time now,
                              struct factors *factors);

/* What the grants in force say to the rules of access. */
void factors_admit(const struct factors *factors, struct admission_facts *facts);

/* How many rows of a kind the account has, in force or not. */
enum medgl_error factors_count(struct store_txn *txn, const char *account_id,
                               enum credential_kind kind, uint32_t *count);

/* Facts for policy_factor(). `place` and `service`: of a login; NULL: none is asked about. */
struct factor_facts factor_facts_from(const struct account *account, const struct factors *factors,
                                      enum factor_mode mode, const struct admission_place *place,
                                      const char *service, medgl_time now);

/* Whether it has devices or cards, and none of a kind that the policy accepts now: they are not
 * asked for. Never of an account of which none is asked by rule. */
bool factors_idle(const struct factors *factors, const struct factor_demand *demand);

/* Whether a second factor is in force for the account, in the caller's transaction: rule C of R13.
 */
enum medgl_error factors_in_force(const struct context *context, struct store_txn *txn,
                                  const struct account *account, medgl_time now, bool *in_force);

/* What a kind is bound to when it is sealed; NULL: no factor. */
const char *factor_field(enum credential_kind kind);
/* Seals what a factor keeps into credential->sealed, bound to account and kind; and back. Errors
 * are logged, as of a password. */
enum medgl_error factor_seal(const struct context *context, struct credential *credential,
                             const void *plain, size_t len);
enum medgl_error factor_unseal(const struct context *context, const struct credential *credential,
                               struct secret *plain);

/* "totp", "card", "recovery", "code" of a credential's kind; NONE where it is no second factor. */
enum factor_kind factor_kind_of(enum credential_kind kind);

#endif
