/* The owner changes the password (R17, R18, R19). Never on behalf of somebody else: that is a
 * reset, with a verified identity (R11). Never sets one that could not be judged in full. */
#include "operation/change_password.h"

#include "base/log.h"
#include "base/message.h"
#include "operation/evidence.h"
#include "operation/history.h"
#include "operation/identity.h"
#include "operation/judge.h"
#include "operation/password.h"

#include <stdio.h>
#include <string.h>

#define CHANGE_TRIES 3

/* Root, not at the user's own login, for another user. */
static bool change_is_not_owner(const struct change_request *request)
{
    const struct caller *caller = request->caller;
    if (!caller->trusted || caller->real_uid != 0 || request->expired_only)
        return false;
    struct unix_user user;
    return unix_user_find(request->user, &user) != MEDGL_OK || !user.exists || user.uid != 0;
}

static void change_refer(const struct talk *talk, const char *user)
{
    char text[512];
    (void)snprintf(
        text, sizeof(text),
        _("Nobody may set another person's password here. Verify who the person is, then: "
          "medgl-admin password reset --verified-by METHOD --slip FILE %s"),
        user);
    talk->warn(talk->carrier, text);
}

static enum medgl_error change_current(const struct talk *talk,
                                       const struct change_request *request, struct secret *typed)
{
    if (request->current != NULL && request->current->len > 0)
        return secret_copy(typed, request->current->bytes, request->current->len);
    if (request->only_given)
        return MEDGL_ERR_ABORTED;
    return talk->ask(talk->carrier, TALK_SECRET, TALK_CURRENT_PASSWORD, _("Current password: "),
                     typed);
}

/* Who it is that uses a shared id: by the token of the login or of phase one, else asked before any
 * verdict (R26). The token holds for the place that the login came from. */
static enum medgl_error change_know_person(const struct talk *talk,
                                           const struct change_request *request,
                                           struct proof *proof)
{
    if (!proof_wants_person(proof) ||
        person_of_token(proof->context, &proof->account, request->caller,
                        source_key_place(proof->source.key), clock_read().now,
                        proof->person_told) ||
        request->silent)
        return MEDGL_OK;
    return proof_ask_person(proof, talk);
}

/* MUST: the proof is committed. */
static enum medgl_error change_give_token(const struct change_request *request,
                                          const struct proof *proof)
{
    if (request->person == NULL || !proof->person_asked || proof->person[0] == '\0')
        return MEDGL_OK;
    return person_token(proof->context, &proof->account, request->caller,
                        source_key_place(proof->source.key), proof->person, clock_read().now,
                        request->person);
}

/* The current password and who it is. MEDGL_ERR_ARGUMENT: what was typed can be no password. */
static enum medgl_error change_ask_all(const struct talk *talk,
                                       const struct change_request *request, struct proof *proof,
                                       struct secret *typed)
{
    enum medgl_error error = change_current(talk, request, typed);
    if (error != MEDGL_OK && error != MEDGL_ERR_ARGUMENT)
        return error;
    MEDGL_TRY(change_know_person(talk, request, proof));
    return error;
}

/* Whether a second factor is in force for the account: rule C (R13). */
static bool change_has_second(const struct proof *proof)
{
    return second_demand(proof, &proof->account, &proof->factors, clock_read().now).in_force;
}

/* Changed not long ago, of one's own will, and not due: so nobody cycles through the history
 * (R16). */
static bool change_is_too_soon(const struct proof *proof, const struct talk *talk)
{
    char text[512], when[CLOCK_LOCAL_SIZE];
    medgl_time from;
    const medgl_time now = clock_read().now;
    struct password_facts facts = password_facts_from(&proof->credential, now);
    facts.second_factor = change_has_second(proof);
    if (proof->judged)
        facts.strength = proof->strength;
    if (policy_password_may_change(&proof->context->policy, &facts, now, &from))
        return false;
    clock_format_local(from, when);
    (void)snprintf(text, sizeof(text),
                   _("The password was changed a short time ago: it may be changed again from %s "
                     "on. If somebody else may know it, tell the administrator at once."),
                   when);
    talk->warn(talk->carrier, text);
    return true;
}

/* "Change what has expired" (PAM_CHANGE_EXPIRED_AUTHTOK), and by the rules nothing has: the host
 * asks because another module's aging wants it, such as that of /etc/shadow. MUST: of an account
 * that is in order alone. Nothing was proved, and nobody takes it for a proof: that was the auth
 * phase's. */
static bool change_is_not_due(const struct change_request *request, const struct proof *proof)
{
    if (!request->expired_only || !proof->known || !proof->uid_matches || proof->alias ||
        !proof->present || proof->account.state != ACCOUNT_STATE_ACTIVE)
        return false;
    const medgl_time now = clock_read().now;
    struct password_facts facts = password_facts_from(&proof->credential, now);
    facts.second_factor = change_has_second(proof);
    const struct password_standing standing =
        policy_password_standing(&proof->context->policy, &facts, now);
    return standing.usable && !standing.due;
}

static void change_tell_not_due(const struct talk *talk, const struct proof *proof)
{
    talk->inform(talk->carrier, _("Your password has not expired under the rules of this machine. "
                                  "It was not changed."));
    log_line(LOG_NOTICE,
             "service %s wants account %s to change what has expired, and the password is not due: "
             "if that is at every login, end its aging in /etc/shadow: chage -M -1 -d -1 %s",
             proof->caller->service, proof->account.name, proof->account.name);
}

/* Who is it, and do they know the current password? CHANGE_READY goes on. */
static enum medgl_error change_prove(struct context *context, const struct talk *talk,
                                     const struct change_request *request, struct proof *proof,
                                     struct secret *typed, enum change_verdict *verdict)
{
    *verdict = CHANGE_REFUSED;
    if (request->person != NULL)
        request->person[0] = '\0';
    MEDGL_TRY(proof_find(context, request->caller, request->user, PROOF_CHANGE, proof));
    if (proof_is_not_ours(proof)) {
        *verdict = CHANGE_NOT_ENROLLED;
        return MEDGL_OK;
    }
    if (change_is_not_owner(request)) {
        change_refer(talk, request->user);
        *verdict = CHANGE_NOT_OWNER;
        return MEDGL_OK;
    }
    if (change_is_not_due(request, proof)) {
        *verdict = CHANGE_NOT_DUE;
        return MEDGL_OK;
    }
    enum medgl_error error = change_ask_all(talk, request, proof, typed);
    if (error == MEDGL_ERR_ABORTED) {
        *verdict = CHANGE_ABORTED;
        return MEDGL_OK;
    }
    if (error != MEDGL_OK && error != MEDGL_ERR_ARGUMENT)
        return error;
    MEDGL_TRY(proof_verify(proof, error == MEDGL_OK ? typed : NULL));
    MEDGL_TRY(proof_commit(proof));
    if (!proof->decision.allowed) {
        *verdict = CHANGE_WRONG_CURRENT;
        return MEDGL_OK;
    }
    MEDGL_TRY(change_give_token(request, proof));
    *verdict = change_is_too_soon(proof, talk) ? CHANGE_TOO_SOON : CHANGE_READY;
    return MEDGL_OK;
}

enum medgl_error operation_change_prepare(struct context *context, const struct talk *talk,
                                          const struct change_request *request,
                                          enum change_verdict *verdict)
{
    auto_clean(proof_clear) struct proof proof = {.known = false};
    auto_secret struct secret typed = SECRET_NONE;
    return change_prove(context, talk, request, &proof, &typed, verdict);
}

/* -- choosing a new one -------------------------------------------------------------------- */

struct change_run {
    const struct talk *talk;
    struct proof proof;
    struct secret current; /* as typed */
    struct judge judge;
    bool second_factor;
    /* What came of the latest try. */
    bool accepted;
    struct password_verdict judged;
    struct history_answer answer;
    /* In the transaction that sets it. */
    struct clock_reading clock;
    bool stale; /* the password was replaced by somebody else meanwhile */
};

static void change_run_clear(struct change_run *run)
{
    judge_close(&run->judge);
    secret_free(&run->current);
    secret_wipe(run, sizeof(*run));
}

/* MUST: no list, no password (R14). */
static enum medgl_error change_open_judge(struct change_run *run)
{
    const struct context *context = run->proof.context;
    enum medgl_error error = judge_open(context->root, &context->policy, &run->judge);
    if (error == MEDGL_OK)
        return MEDGL_OK;
    run->talk->warn(run->talk->carrier,
                    _("No password can be set now, because it could not be checked. Nothing was "
                      "changed: please tell the administrator."));
    return error == MEDGL_ERR_MEMORY ? error : MEDGL_ERR_POLICY; /* no account is missing */
}

/* The rule in force, and one that meets it, before the first try (R19). Without the latter there is
 * still a person who can think of one. */
static void change_announce(const struct change_run *run)
{
    auto_secret struct secret password = SECRET_NONE;
    char text[JUDGE_TEXT_SIZE];
    const struct policy *policy = run->judge.policy;
    judge_announce(policy, run->second_factor, text);
    run->talk->inform(run->talk->carrier, text);
    if (policy->password_suggest == POLICY_NO ||
        judge_suggest(&run->judge, &run->proof.account, &password) != MEDGL_OK)
        return;
    (void)snprintf(text, sizeof(text), _("If you like, take this one, made at random for you: %s"),
                   (const char *)password.bytes);
    run->talk->inform(run->talk->carrier, text);
    secret_wipe(text, sizeof(text));
}

static void change_complain(const struct change_run *run)
{
    char text[JUDGE_TEXT_SIZE];
    judge_explain(run->judge.policy, &run->judged, run->second_factor, text);
    run->talk->warn(run->talk->carrier, text);
}

/* Evaluates the KDF for a candidate with which nothing else is wrong; what comes of it is stored if
 * it is set. */
static enum medgl_error change_judge(struct change_run *run, const struct secret *typed)
{
    auto_secret struct secret prepared = SECRET_NONE;
    struct password_candidate candidate;
    const struct policy *policy = run->judge.policy;
    const struct judge_case subject = {.account = &run->proof.account,
                                       .second_factor = run->second_factor,
                                       .typed = typed,
                                       .current = &run->current};
    MEDGL_TRY(judge_candidate(&run->judge, &subject, &prepared, &candidate));
    run->judged = policy_password_check(policy, &candidate);
    if (run->judged.refusal != PASSWORD_ACCEPTED)
        return MEDGL_OK;
    const struct history_question question = {.account_id = run->proof.account.id,
                                              .typed = typed,
                                              .prepared = &prepared,
                                              .patience_ms = INT64_MAX};
    MEDGL_TRY(history_ask(run->proof.context, &question, &run->answer));
    candidate.used_before = run->answer.used_before;
    candidate.similar_to_former = run->answer.similar_to_former;
    run->judged = policy_password_check(policy, &candidate);
    return MEDGL_OK;
}

/* One try: asks, judges, asks again. A mistyped one is a try as well. */
static enum medgl_error change_try(struct change_run *run)
{
    auto_secret struct secret typed = SECRET_NONE;
    auto_secret struct secret again = SECRET_NONE;
    const struct talk *talk = run->talk;
    run->judged = (struct password_verdict){.refusal = PASSWORD_REFUSED_TOO_LONG};
    enum medgl_error error =
        talk->ask(talk->carrier, TALK_SECRET, TALK_PASSWORD, _("New password: "), &typed);
    if (error != MEDGL_ERR_ARGUMENT) { /* what is too long is not even carried here */
        MEDGL_TRY(error);
        MEDGL_TRY(change_judge(run, &typed));
    }
    if (run->judged.refusal != PASSWORD_ACCEPTED) {
        change_complain(run);
        return MEDGL_OK;
    }
    error = talk->ask(talk->carrier, TALK_SECRET, TALK_ANSWER, _("Retype new password: "), &again);
    if (error != MEDGL_ERR_ARGUMENT)
        MEDGL_TRY(error);
    run->accepted = secret_equal(typed.bytes, typed.len, again.bytes, again.len);
    if (!run->accepted)
        talk->warn(talk->carrier, _("The two entries differ: type the new one again."));
    return MEDGL_OK;
}

/* -- setting it ---------------------------------------------------------------------------- */

static enum medgl_error change_record(struct store_txn *txn, struct change_run *run,
                                      const struct account *account, struct credential *fresh)
{
    struct ledger_entry entry;
    struct context *context = run->proof.context;
    evidence_begin(context, &run->clock, LEDGER_PASSWORD_CHANGE, account, &entry);
    ledger_entry_text(&entry, "credential", fresh->id);
    ledger_entry_text(&entry, "service", run->proof.caller->service);
    ledger_entry_text(&entry, "source", source_key_place(run->proof.source.key));
    ledger_entry_text(&entry, "strength", password_strength_word(fresh->strength));
    if (run->proof.person[0] != '\0')
        ledger_entry_text(&entry, "person", run->proof.person);
    return evidence_append(context, txn, &entry, &fresh->ledger_seq);
}

/* The history keeps the one that goes, and what was counted against the change is forgotten. */
static enum medgl_error change_now(struct store_txn *txn, void *argument)
{
    struct change_run *run = argument;
    const struct proof *proof = &run->proof;
    struct account account;
    struct credential going;
    uint32_t cleared;
    run->clock = clock_read();
    run->stale = true;
    MEDGL_TRY(store_account_by_id(txn, proof->account.id, &account));
    enum medgl_error error = store_credential_get(txn, account.id, CREDENTIAL_PASSWORD, &going);
    if (error == MEDGL_ERR_NOT_FOUND) /* revoked */
        return MEDGL_ERR_REFUSED;
    MEDGL_TRY(error);
    if (account.state != ACCOUNT_STATE_ACTIVE || strcmp(going.id, proof->credential.id) != 0)
        return MEDGL_ERR_REFUSED;
    run->stale = false;
    struct credential fresh = {.strength = run->judged.strength, .set_at = run->clock.now};
    memcpy(fresh.account_id, account.id, sizeof(fresh.account_id));
    MEDGL_TRY(crypto_random_id(fresh.id));
    MEDGL_TRY(password_seal(proof->context, &fresh, &run->answer.record));
    MEDGL_TRY(change_record(txn, run, &account, &fresh));
    MEDGL_TRY(history_keep(proof->context, txn, &going));
    MEDGL_TRY(store_credential_put(txn, &fresh));
    MEDGL_TRY(password_begin(txn, account.id));
    return store_attempt_clear(txn, account.id, proof->source.key, &cleared);
}

static enum medgl_error change_set(struct change_run *run, enum change_verdict *verdict)
{
    const struct talk *talk = run->talk;
    enum medgl_error error =
        store_transact(run->proof.context->store, STORE_WRITE, change_now, run);
    if (error == MEDGL_ERR_REFUSED && run->stale) {
        talk->warn(talk->carrier, _("The account was changed meanwhile. Nothing was set."));
        *verdict = CHANGE_REFUSED;
        return MEDGL_OK;
    }
    MEDGL_TRY(error);
    talk->inform(talk->carrier, _("The password was changed."));
    *verdict = CHANGE_DONE;
    return MEDGL_OK;
}

enum medgl_error operation_change(struct context *context, const struct talk *talk,
                                  const struct change_request *request,
                                  enum change_verdict *verdict)
{
    auto_clean(change_run_clear) struct change_run run = {.talk = talk};
    enum change_verdict proved;
    *verdict = CHANGE_REFUSED;
    MEDGL_TRY(change_prove(context, talk, request, &run.proof, &run.current, &proved));
    if (proved == CHANGE_NOT_DUE)
        change_tell_not_due(talk, &run.proof);
    if (proved != CHANGE_READY) {
        *verdict = proved;
        return MEDGL_OK;
    }
    run.second_factor = change_has_second(&run.proof);
    MEDGL_TRY(change_open_judge(&run));
    change_announce(&run);
    for (int i = 0; i < CHANGE_TRIES; i++) {
        enum medgl_error error = change_try(&run);
        if (error == MEDGL_ERR_ABORTED) {
            *verdict = CHANGE_ABORTED;
            return MEDGL_OK;
        }
        MEDGL_TRY(error);
        if (run.accepted)
            return change_set(&run, verdict);
    }
    talk->warn(talk->carrier, _("That was the last try. Nothing was changed."));
    *verdict = CHANGE_TRIES_USED;
    return MEDGL_OK;
}
