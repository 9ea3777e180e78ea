/* What an administrator does with accounts. Every act leaves its entry in the same transaction, and
 * a checkpoint outside. */
#include "operation/account.h"

#include "base/message.h"
#include "base/text.h"
#include "operation/alert.h"
#include "operation/breakglass_login.h"
#include "operation/evidence.h"
#include "operation/grant.h"
#include "operation/role.h"
#include "operation/totp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct account_run {
    struct context *context;
    const char *name;
    const char *reason;
    const char *source;
    enum ledger_kind kind;
    enum account_state target;
    char *why;
    uint32_t cleared, codes;
    struct account account;
};

/* Commits an act and makes its checkpoint known. The act stands even if the outside copy fails:
 * that is logged. */
static enum medgl_error account_act(struct context *context, store_function function,
                                    struct account_run *run)
{
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, function, run));
    if (breakglass_is(&run->account))
        alert_wake(context);
    (void)evidence_publish(context);
    return MEDGL_OK;
}

/* -- disable, enable, retire ---------------------------------------------------------------- */

/* Which states a state can be left for; a retired account is left for none (R25). */
static bool account_may_become(enum account_state from, enum account_state to, char *why)
{
    const char *text = NULL;
    switch (from) {
    case ACCOUNT_STATE_RETIRED:
        text = _("the account is retired: that is for good, and its name is not given out again");
        break;
    case ACCOUNT_STATE_ACTIVE:
        if (to == ACCOUNT_STATE_ACTIVE)
            text = _("the account is not disabled");
        break;
    case ACCOUNT_STATE_DISABLED:
        if (to == ACCOUNT_STATE_DISABLED)
            text = _("the account is disabled already");
        break;
    }
    if (text != NULL)
        (void)snprintf(why, OPERATION_WHY_SIZE, "%s", text);
    return text == NULL;
}

/* What was approved for whoever used it, and what proves who they are: a disabled account keeps the
 * latter, a retired one nothing. */
static enum medgl_error account_strip(struct store_txn *txn, struct account_run *run,
                                      const struct clock_reading *clock)
{
    const struct account *account = &run->account;
    switch (run->target) {
    case ACCOUNT_STATE_ACTIVE:
        return MEDGL_OK;
    case ACCOUNT_STATE_DISABLED:
        return grants_revoke(run->context, txn, clock, account, run->reason);
    case ACCOUNT_STATE_RETIRED:
        break;
    }
    uint32_t removed;
    MEDGL_TRY(grants_revoke(run->context, txn, clock, account, run->reason));
    MEDGL_TRY(factors_revoke(run->context, txn, clock, account, run->reason, &removed));
    MEDGL_TRY(store_credential_delete(txn, account->id, CREDENTIAL_PASSWORD));
    return store_credential_delete(txn, account->id, CREDENTIAL_FORMER);
}

/* Who takes the envelope away, or gives it back, does not do so unseen. */
static enum medgl_error account_tell(struct store_txn *txn, const struct account_run *run,
                                     const struct clock_reading *clock)
{
    const struct account *account = &run->account;
    char all[2 * STORE_ALERT_SIZE], text[STORE_ALERT_SIZE], about[32];
    if (!breakglass_is(account))
        return MEDGL_OK;
    (void)snprintf(all, sizeof(all), "Break-glass account %s is %s now, by %s: %s.", account->name,
                   account_state_word(account->state), run->context->actor.name, run->reason);
    text_printable(text, sizeof(text), all);
    (void)snprintf(about, sizeof(about), "state %" PRIu64, account->ledger_seq);
    const struct alert_event event = {
        .kind = ALERT_BREAKGLASS, .account = account, .text = text, .about = about};
    return alert_raise(run->context, txn, clock, &event);
}

static enum medgl_error account_become(struct store_txn *txn, struct account_run *run,
                                       const struct clock_reading *clock)
{
    struct account *account = &run->account;
    struct ledger_entry entry;
    if (!account_may_become(account->state, run->target, run->why))
        return MEDGL_ERR_REFUSED;
    account->state = run->target;
    account->state_since = clock->now;
    MEDGL_TRY(text_copy(account->state_reason, sizeof(account->state_reason), run->reason));
    MEDGL_TRY(account_strip(txn, run, clock));
    evidence_begin(run->context, clock, run->kind, account, &entry);
    ledger_entry_text(&entry, "why", run->reason);
    MEDGL_TRY(evidence_append(run->context, txn, &entry, &account->ledger_seq));
    MEDGL_TRY(store_account_update(txn, account));
    return account_tell(txn, run, clock);
}

static enum medgl_error account_state_now(struct store_txn *txn, void *argument)
{
    struct account_run *run = argument;
    const struct clock_reading clock = clock_read();
    MEDGL_TRY(store_account_by_name(txn, run->name, &run->account));
    MEDGL_TRY(role_reaches(run->context, txn, &run->account, run->why));
    MEDGL_TRY(account_become(txn, run, &clock));
    return evidence_keep(txn, clock.now);
}

enum medgl_error account_disable_in(struct context *context, struct store_txn *txn,
                                    const struct clock_reading *clock,
                                    const struct account *account, const char *reason,
                                    char why[OPERATION_WHY_SIZE])
{
    struct account_run run = {.context = context,
                              .reason = reason,
                              .target = ACCOUNT_STATE_DISABLED,
                              .kind = LEDGER_ACCOUNT_DISABLE,
                              .why = why,
                              .account = *account};
    return account_become(txn, &run, clock);
}

static enum medgl_error account_set_state(struct context *context, const char *name,
                                          const char *reason, enum account_state target,
                                          enum ledger_kind kind, char *why)
{
    struct account_run run = {.context = context,
                              .name = name,
                              .reason = reason,
                              .target = target,
                              .kind = kind,
                              .why = why};
    why[0] = '\0';
    if (!text_says_something(reason))
        return MEDGL_ERR_ARGUMENT;
    return account_act(context, account_state_now, &run);
}

enum medgl_error operation_account_disable(struct context *context, const char *name,
                                           const char *reason, char why[OPERATION_WHY_SIZE])
{
    return account_set_state(context, name, reason, ACCOUNT_STATE_DISABLED, LEDGER_ACCOUNT_DISABLE,
                             why);
}

enum medgl_error operation_account_enable(struct context *context, const char *name,
                                          const char *reason, char why[OPERATION_WHY_SIZE])
{
    return account_set_state(context, name, reason, ACCOUNT_STATE_ACTIVE, LEDGER_ACCOUNT_ENABLE,
                             why);
}

enum medgl_error operation_account_retire(struct context *context, const char *name,
                                          const char *reason, char why[OPERATION_WHY_SIZE])
{
    return account_set_state(context, name, reason, ACCOUNT_STATE_RETIRED, LEDGER_ACCOUNT_RETIRE,
                             why);
}

/* -- unlock --------------------------------------------------------------------------------- */

/* R24: wrong codes are counted for the account, from wherever they came. */
static enum medgl_error account_open_factor(struct store_txn *txn, struct account_run *run)
{
    struct activity activity;
    MEDGL_TRY(store_activity_get(txn, run->account.id, &activity));
    run->codes = activity.factor_failures;
    if (run->codes == 0)
        return MEDGL_OK;
    activity.factor_failures = 0;
    return store_activity_put(txn, &activity);
}

static enum medgl_error account_unlock_now(struct store_txn *txn, void *argument)
{
    struct account_run *run = argument;
    struct ledger_entry entry;
    const struct clock_reading clock = clock_read();
    MEDGL_TRY(store_account_by_name(txn, run->name, &run->account));
    MEDGL_TRY(role_reaches(run->context, txn, &run->account, run->why));
    MEDGL_TRY(store_attempt_clear(txn, run->account.id, run->source, &run->cleared));
    if (run->source == NULL)
        MEDGL_TRY(account_open_factor(txn, run));
    evidence_begin(run->context, &clock, LEDGER_ACCOUNT_UNLOCK, &run->account, &entry);
    ledger_entry_text(&entry, "why", run->reason);
    if (run->source != NULL)
        ledger_entry_text(&entry, "source", run->source);
    ledger_entry_number(&entry, "cleared", run->cleared);
    if (run->source == NULL)
        ledger_entry_number(&entry, "codes", run->codes);
    MEDGL_TRY(evidence_append(run->context, txn, &entry, NULL));
    return evidence_keep(txn, clock.now);
}

enum medgl_error operation_account_unlock(struct context *context, const char *name,
                                          const char *source, const char *reason, uint32_t *cleared,
                                          char why[OPERATION_WHY_SIZE])
{
    struct account_run run = {
        .context = context, .name = name, .source = source, .reason = reason, .why = why};
    *cleared = 0;
    why[0] = '\0';
    if (!text_says_something(reason) ||
        (source != NULL && !text_is_printable(source)))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(account_act(context, account_unlock_now, &run));
    *cleared = run.cleared;
    return MEDGL_OK;
}
