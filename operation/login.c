/* Log in, and the account phase. The person hears nothing but yes or no (R23): every reason goes to
 * the log and the ledger. */
#include "operation/login.h"

#include "base/log.h"
#include "base/message.h"
#include "operation/evidence.h"
#include "operation/password.h"

#include <stdio.h>

/* The password: from an earlier module, or asked. MEDGL_ERR_ARGUMENT: an answer that cannot be one.
 */
static enum medgl_error login_ask(const struct talk *talk, const struct login_request *request,
                                  struct secret *typed)
{
    if (request->given != NULL && request->given->len > 0)
        return secret_copy(typed, request->given->bytes, request->given->len);
    if (request->only_given)
        return MEDGL_ERR_ABORTED;
    return talk->ask(talk->carrier, TALK_SECRET, TALK_PASSWORD, _("Password: "), typed);
}

enum medgl_error operation_login(struct context *context, const struct talk *talk,
                                 const struct login_request *request, enum login_verdict *verdict)
{
    auto_clean(proof_clear) struct proof proof;
    auto_secret struct secret typed = SECRET_NONE;
    *verdict = LOGIN_REFUSED;
    MEDGL_TRY(proof_find(context, request->caller, request->user, PROOF_LOGIN, &proof));
    if (proof_is_not_ours(&proof)) {
        *verdict = LOGIN_NOT_ENROLLED;
        return MEDGL_OK;
    }
    if (request->factor_only) {
        log_line(LOG_ERR,
                 "factor=only: no second factor is in force for this account: enrol one, or "
                 "take the argument out of the PAM service file");
        return MEDGL_OK;
    }
    enum medgl_error error = login_ask(talk, request, &typed);
    if (error == MEDGL_ERR_ABORTED) {
        *verdict = LOGIN_ABORTED;
        return MEDGL_OK;
    }
    if (error != MEDGL_OK && error != MEDGL_ERR_ARGUMENT)
        return error;
    MEDGL_TRY(proof_verify(&proof, error == MEDGL_OK ? &typed : NULL));
    secret_free(&typed);
    MEDGL_TRY(proof_commit(&proof));
    if (proof.decision.allowed)
        *verdict = LOGIN_ALLOWED;
    return MEDGL_OK;
}

/* -- the account phase -------------------------------------------------------------------- */

struct access_run {
    struct context *context;
    const struct proof *proof;
    const struct account_decision *decision;
    struct clock_reading clock;
};

static enum medgl_error access_record(struct store_txn *txn, void *argument)
{
    struct access_run *run = argument;
    struct ledger_entry entry;
    bool again;
    MEDGL_TRY(attempt_note_refusal(run->context, txn, run->proof->account_key, run->proof->caller,
                                   &run->proof->source, run->clock.now, &again));
    if (again)
        return MEDGL_OK;
    evidence_begin(run->context, &run->clock, LEDGER_ACCESS_DENIED,
                   run->proof->known ? &run->proof->account : NULL, &entry);
    ledger_entry_text(&entry, "service", run->proof->caller->service);
    ledger_entry_text(&entry, "source", run->proof->source.key);
    ledger_entry_text(&entry, "reason", login_reason_word(run->decision->reason));
    return evidence_append(run->context, txn, &entry, NULL);
}

/* "Your password must be changed by 2026-12-05 09:00:00 JST." */
static void access_warn(const struct talk *talk, const struct account_decision *decision)
{
    char due[CLOCK_LOCAL_SIZE], text[256];
    clock_format_local(decision->standing.due_at, due);
    (void)snprintf(text, sizeof(text),
                   _("Your password must be changed before %s. Change it with passwd."), due);
    talk->warn(talk->carrier, text);
}

static enum access_verdict access_verdict_of(enum account_verdict verdict)
{
    switch (verdict) {
    case ACCOUNT_DENIED:
        return ACCESS_DENIED;
    case ACCOUNT_EXPIRED:
        return ACCESS_EXPIRED;
    case ACCOUNT_CHANGE_DUE:
        return ACCESS_CHANGE_DUE;
    case ACCOUNT_OK:
    case ACCOUNT_OK_GRACE:
    case ACCOUNT_OK_WARN:
        return ACCESS_ALLOWED;
    }
    return ACCESS_DENIED;
}

enum medgl_error operation_access(struct context *context, const struct talk *talk,
                                  const struct caller *caller, const char *user, bool silent,
                                  enum access_verdict *verdict)
{
    auto_clean(proof_clear) struct proof proof;
    *verdict = ACCESS_DENIED;
    MEDGL_TRY(proof_find(context, caller, user, PROOF_LOGIN, &proof));
    if (proof_is_not_ours(&proof)) {
        *verdict = ACCESS_NOT_ENROLLED;
        return MEDGL_OK;
    }
    struct access_run run = {.context = context, .proof = &proof, .clock = clock_read()};
    const struct account_facts facts = {
        .known = proof.known,
        .uid_matches = proof.uid_matches,
        .state = proof.account.state,
        .class_ = proof.account.class_,
        .password_facts =
            password_facts_from(proof.present ? &proof.credential : NULL, run.clock.now),
    };
    const struct account_decision decision =
        policy_account(&context->policy, &facts, run.clock.now);
    run.decision = &decision;
    enum access_verdict result = access_verdict_of(decision.verdict);
    if (result == ACCESS_DENIED || result == ACCESS_EXPIRED) {
        log_line(LOG_NOTICE, "refused: account %s, service %s, from %s: %s",
                 proof.known ? proof.account.name : "(not enrolled)", caller->service,
                 proof.source.key, login_reason_word(decision.reason));
        MEDGL_TRY(store_transact(context->store, STORE_WRITE, access_record, &run));
    }
    if (decision.verdict == ACCOUNT_OK_WARN && !silent)
        access_warn(talk, &decision);
    *verdict = result;
    return MEDGL_OK;
}
