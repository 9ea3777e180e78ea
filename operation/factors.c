/* What an account has besides its password, read and sealed in one way for all. Decides nothing. */
#include "operation/factors.h"

#include "base/log.h"
#include "policy/factor.h"

#include <string.h>

const char *factor_field(enum credential_kind kind)
{
    switch (kind) {
    case CREDENTIAL_TOTP:
        return "totp";
    case CREDENTIAL_CARD:
        return "card";
    case CREDENTIAL_RECOVERY:
        return "recovery";
    case CREDENTIAL_CODE:
        return "code";
    case CREDENTIAL_PASSWORD:
    case CREDENTIAL_FORMER:
        break;
    }
    return NULL;
}

enum factor_kind factor_kind_of(enum credential_kind kind)
{
    switch (kind) {
    case CREDENTIAL_TOTP:
        return FACTOR_KIND_TOTP;
    case CREDENTIAL_CARD:
        return FACTOR_KIND_CARD;
    case CREDENTIAL_RECOVERY:
        return FACTOR_KIND_RECOVERY;
    case CREDENTIAL_CODE:
        return FACTOR_KIND_CODE;
    case CREDENTIAL_PASSWORD:
    case CREDENTIAL_FORMER:
        break;
    }
    return FACTOR_KIND_NONE;
}

/* -- reading ---------------------------------------------------------------------------------- */

struct factors_run {
    struct factors *factors;
    medgl_time now;
};

/* Of two waivers, or two grants of hours, the one that ends last. */
static void factors_take_grant(struct grant *kept, bool *has, const struct grant *grant)
{
    if (*has && kept->until >= grant->until)
        return;
    *kept = *grant;
    *has = true;
}

static enum medgl_error factors_grant(void *argument, const struct grant *grant)
{
    const struct factors_run *run = argument;
    struct factors *factors = run->factors;
    if (grant->end != GRANT_END_NONE || run->now < grant->since || run->now >= grant->until)
        return MEDGL_OK;
    switch (grant->kind) {
    case GRANT_FACTOR_WAIVER:
        factors_take_grant(&factors->waiver, &factors->waived, grant);
        return MEDGL_OK;
    case GRANT_OUT_OF_HOURS:
        factors_take_grant(&factors->hours, &factors->out_of_hours, grant);
        return MEDGL_OK;
    case GRANT_MAINTENANCE:
        factors_take_grant(&factors->maintenance, &factors->maintained, grant);
        return MEDGL_OK;
    }
    return MEDGL_ERR_CORRUPT;
}

void factors_admit(const struct factors *factors, struct admission_facts *facts)
{
    facts->granted_until = factors->out_of_hours ? factors->hours.until : 0;
    facts->approved_until = factors->maintained ? factors->maintenance.until : 0;
}

static uint32_t *factors_counter(struct factors *factors, enum factor_kind kind, uint32_t *most)
{
    switch (kind) {
    case FACTOR_KIND_TOTP:
        *most = FACTORS_TOTP_MAX;
        return &factors->totp;
    case FACTOR_KIND_CARD:
        *most = FACTORS_CARD_MAX;
        return &factors->card;
    case FACTOR_KIND_RECOVERY:
        *most = FACTORS_RECOVERY_MAX;
        return &factors->recovery;
    case FACTOR_KIND_CODE:
        *most = FACTORS_CODE_MAX;
        return &factors->code;
    case FACTOR_KIND_NONE:
        break;
    }
    return NULL;
}

/* MUST: a code whose waiver is over, or was never there, is none. */
static enum medgl_error factors_credential(void *argument, const struct credential *credential)
{
    const struct factors_run *run = argument;
    struct factors *factors = run->factors;
    uint32_t most = 0;
    const enum factor_kind kind = factor_kind_of(credential->kind);
    if (kind == FACTOR_KIND_CODE &&
        (!factors->waived || strcmp(credential->label, factors->waiver.id) != 0))
        return MEDGL_OK;
    if (credential->valid_until != 0 && credential->valid_until <= run->now)
        return MEDGL_OK;
    uint32_t *count = factors_counter(factors, kind, &most);
    if (count == NULL || *count >= most || factors->count >= FACTORS_MAX) {
        log_line(LOG_ERR,
                 "account %s has more second factors than there can be: run medgl-admin ledger "
                 "verify",
                 credential->account_id);
        return MEDGL_ERR_CORRUPT;
    }
    (*count)++;
    factors->all[factors->count++] = *credential;
    return MEDGL_OK;
}

enum medgl_error factors_read(struct store_txn *txn, const char *account_id, medgl_time now,
                              struct factors *factors)
{
    static const enum credential_kind kinds[] = {CREDENTIAL_TOTP, CREDENTIAL_CARD,
                                                 CREDENTIAL_RECOVERY, CREDENTIAL_CODE};
    struct factors_run run = {.factors = factors, .now = now};
    memset(factors, 0, sizeof(*factors));
    MEDGL_TRY(store_grant_each(txn, account_id, true, factors_grant, &run));
    for (size_t i = 0; i < MEDGL_COUNT(kinds); i++)
        MEDGL_TRY(store_credential_each_of(txn, account_id, kinds[i], factors_credential, &run));
    return MEDGL_OK;
}

static enum medgl_error factors_count_one(void *argument, const struct credential *credential)
{
    (void)credential;
    ++*(uint32_t *)argument;
    return MEDGL_OK;
}

enum medgl_error factors_count(struct store_txn *txn, const char *account_id,
                               enum credential_kind kind, uint32_t *count)
{
    *count = 0;
    return store_credential_each_of(txn, account_id, kind, factors_count_one, count);
}

/* -- what policy/ decides on ------------------------------------------------------------------ */

struct factor_facts factor_facts_from(const struct account *account, const struct factors *factors,
                                      enum factor_mode mode, const struct admission_place *place,
                                      const char *service, medgl_time now)
{
    return (struct factor_facts){
        .class_ = account->class_,
        .own = account->factor,
        .mode = mode,
        .service = service,
        .place = place,
        .totp = factors->totp > 0,
        .card = factors->card > 0,
        .recovery = factors->recovery,
        .waived = factors->waived,
        .instead = factors->waived ? factors->waiver.instead : GRANT_INSTEAD_NONE,
        .utc_offset = clock_utc_offset(now),
    };
}

bool factors_idle(const struct factors *factors, const struct factor_demand *demand)
{
    return factors->totp + factors->card > 0 && !demand->in_force &&
           demand->rule != ACCOUNT_FACTOR_NONE;
}

enum medgl_error factors_in_force(const struct context *context, struct store_txn *txn,
                                  const struct account *account, medgl_time now, bool *in_force)
{
    struct factors factors;
    *in_force = false;
    MEDGL_TRY(factors_read(txn, account->id, now, &factors));
    const struct factor_facts facts =
        factor_facts_from(account, &factors, FACTOR_MODE_POLICY, NULL, NULL, now);
    *in_force = policy_factor(&context->policy, &facts, now).in_force;
    return MEDGL_OK;
}

/* -- at rest ---------------------------------------------------------------------------------- */

enum medgl_error factor_seal(const struct context *context, struct credential *credential,
                             const void *plain, size_t len)
{
    const char *field = factor_field(credential->kind);
    if (field == NULL)
        return MEDGL_ERR_ARGUMENT;
    credential->sealed_len = sizeof(credential->sealed);
    return seal(context->seal, credential->account_id, field, plain, len, credential->sealed,
                &credential->sealed_len);
}

enum medgl_error factor_unseal(const struct context *context, const struct credential *credential,
                               struct secret *plain)
{
    const char *field = factor_field(credential->kind);
    if (field == NULL)
        return MEDGL_ERR_ARGUMENT;
    enum medgl_error error = unseal(context->seal, credential->account_id, field,
                                    credential->sealed, credential->sealed_len, plain);
    if (error != MEDGL_OK)
        log_line(LOG_ERR, "second factor (%s) of account %s: %s: run medgl-admin ledger verify",
                 field, credential->account_id, medgl_error_text(error));
    return error;
}
