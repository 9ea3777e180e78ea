/* What an administrator does with accounts. Every act leaves its entry in the same transaction, and
 * a checkpoint outside. */
#include "operation/account.h"

#include "base/message.h"
#include "base/text.h"
#include "operation/evidence.h"
#include "operation/grant.h"
#include "operation/history.h"
#include "operation/judge.h"
#include "operation/password.h"
#include "operation/role.h"
#include "operation/totp.h"
#include "policy/calendar.h"

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
    struct credential credential;
    const struct password_issue_request *issue;
};

/* Commits an act and makes its checkpoint known. The act stands even if the outside copy fails:
 * that is logged. */
static enum medgl_error account_act(struct context *context, store_function function,
                                    struct account_run *run)
{
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, function, run));
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

static enum medgl_error account_state_now(struct store_txn *txn, void *argument)
{
    struct account_run *run = argument;
    struct account *account = &run->account;
    struct ledger_entry entry;
    const struct clock_reading clock = clock_read();
    MEDGL_TRY(store_account_by_name(txn, run->name, account));
    MEDGL_TRY(role_reaches(run->context, txn, account, run->why));
    if (!account_may_become(account->state, run->target, run->why))
        return MEDGL_ERR_REFUSED;
    account->state = run->target;
    account->state_since = clock.now;
    MEDGL_TRY(text_copy(account->state_reason, sizeof(account->state_reason), run->reason));
    MEDGL_TRY(account_strip(txn, run, &clock));
    evidence_begin(run->context, &clock, run->kind, account, &entry);
    ledger_entry_text(&entry, "why", run->reason);
    MEDGL_TRY(evidence_append(run->context, txn, &entry, &account->ledger_seq));
    MEDGL_TRY(store_account_update(txn, account));
    return evidence_keep(txn, clock.now);
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
    if (reason[0] == '\0' || !text_is_printable(reason))
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
    if (reason[0] == '\0' || !text_is_printable(reason) ||
        (source != NULL && !text_is_printable(source)))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(account_act(context, account_unlock_now, &run));
    *cleared = run.cleared;
    return MEDGL_OK;
}

/* -- issue a password ----------------------------------------------------------------------- */

const char *const *operation_identity_methods(void)
{
    static const char *const methods[] = {
        "staff-card",     "drivers-licence", "passport",
        "my-number-card", "known-in-person", "callback",
        "supervisor",     "video",           NULL,
    };
    return methods;
}

static bool account_method_known(const char *method)
{
    for (const char *const *at = operation_identity_methods(); *at != NULL; at++)
        if (strcmp(*at, method) == 0)
            return true;
    return false;
}

static enum medgl_error account_issue_check(struct store_txn *txn, void *argument)
{
    struct account_run *run = argument;
    MEDGL_TRY(store_account_by_name(txn, run->name, &run->account));
    if (run->account.state == ACCOUNT_STATE_ACTIVE)
        return MEDGL_OK;
    (void)snprintf(run->why, OPERATION_WHY_SIZE,
                   _("the account is %s: only an active account gets a password"),
                   account_state_word(run->account.state));
    return MEDGL_ERR_REFUSED;
}

/* The password that goes can never come back, whoever knew it (R16). */
static enum medgl_error account_issue_replace(struct store_txn *txn, struct account_run *run)
{
    struct credential going;
    enum medgl_error error =
        store_credential_get(txn, run->account.id, CREDENTIAL_PASSWORD, &going);
    if (error == MEDGL_OK)
        error = history_keep(run->context, txn, &going);
    if (error != MEDGL_ERR_NOT_FOUND)
        MEDGL_TRY(error);
    MEDGL_TRY(password_begin(txn, run->account.id));
    return store_credential_put(txn, &run->credential);
}

static enum medgl_error account_issue_now(struct store_txn *txn, void *argument)
{
    struct account_run *run = argument;
    struct credential *credential = &run->credential;
    struct ledger_entry entry;
    char until[CLOCK_TEXT_SIZE];
    const struct clock_reading clock = clock_read();
    MEDGL_TRY(account_issue_check(txn, run));
    MEDGL_TRY(store_attempt_clear(txn, run->account.id, NULL, &run->cleared));
    evidence_begin(run->context, &clock, LEDGER_PASSWORD_ISSUE, &run->account, &entry);
    ledger_entry_text(&entry, "credential", credential->id);
    ledger_entry_text(&entry, "verified_by", run->issue->method);
    ledger_entry_text(&entry, "note", run->issue->note);
    ledger_entry_time(&entry, "valid_until", credential->valid_until, until);
    ledger_entry_number(&entry, "cleared", run->cleared);
    MEDGL_TRY(evidence_append(run->context, txn, &entry, &credential->ledger_seq));
    MEDGL_TRY(account_issue_replace(txn, run));
    return evidence_keep(txn, clock.now);
}

/* One that the rules in force accept, and its record under the salt of the account. */
static enum medgl_error account_issue_draw(struct account_run *run, struct secret *password,
                                           struct history_answer *answer)
{
    auto_clean(judge_close) struct judge judge = {.policy = NULL};
    auto_secret struct secret prepared = SECRET_NONE;
    struct password_composition found;
    const struct policy *policy = &run->context->policy;
    if (judge_open(run->context->root, policy, &judge) != MEDGL_OK)
        return MEDGL_ERR_POLICY; /* logged with what to do; no account is missing */
    MEDGL_TRY(judge_suggest(&judge, &run->account, password));
    MEDGL_TRY(password_prepare(password, &prepared));
    password_compose(&prepared, &found);
    run->credential.strength = policy_password_strength(
        policy, found.length, (unsigned)found.letters + found.digits + found.symbols);
    const struct history_question question = {.account_id = run->account.id,
                                              .typed = password,
                                              .prepared = &prepared,
                                              .patience_ms = INT64_MAX};
    return history_ask(run->context, &question, answer);
}

/* Makes the random password and its sealed credential; the password itself goes to `deliver` and
 * nowhere else (R02). */
static enum medgl_error account_issue_make(struct account_run *run)
{
    struct context *context = run->context;
    struct credential *credential = &run->credential;
    auto_secret struct secret password = SECRET_NONE;
    auto_clean(history_answer_clear) struct history_answer answer = {.used_before = false};
    const medgl_time now = clock_read().now;
    MEDGL_TRY(account_issue_draw(run, &password, &answer));
    credential->issued = true;
    credential->set_at = now;
    credential->valid_until =
        policy_add(now, context->policy.password_issued_valid, clock_utc_offset(now));
    memcpy(credential->account_id, run->account.id, CRYPTO_ID_SIZE);
    MEDGL_TRY(crypto_random_id(credential->id));
    MEDGL_TRY(password_seal(context, credential, &answer.record));
    return run->issue->deliver(run->issue->argument, &run->account, &password,
                               credential->valid_until);
}

enum medgl_error operation_password_issue(struct context *context,
                                          const struct password_issue_request *request,
                                          char why[OPERATION_WHY_SIZE])
{
    struct account_run run = {
        .context = context, .name = request->name, .why = why, .issue = request};
    why[0] = '\0';
    if (!account_method_known(request->method) || !text_is_printable(request->note))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(store_transact(context->store, STORE_READ, account_issue_check, &run));
    enum medgl_error error = account_issue_make(&run);
    if (error == MEDGL_OK)
        error = account_act(context, account_issue_now, &run);
    secret_wipe(&run.credential, sizeof(run.credential));
    return error;
}
