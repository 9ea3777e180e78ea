/* The owner changes the password (R17, R18, R19). Never on behalf of somebody else: that is a
 * reset, with a verified identity (R11). Never sets one that could not be judged in full. */
#include "operation/change_password.h"

#include "base/log.h"
#include "base/message.h"
#include "operation/breakglass_login.h"
#include "operation/choose.h"
#include "operation/evidence.h"
#include "operation/identity.h"
#include "operation/password.h"

#include <stdio.h>
#include <string.h>

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
                        source_key_place(proof->source.key), proof->person, "", clock_read().now,
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
    facts.sealed = breakglass_is(&proof->account);
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

/* R32: what is in the envelope is what opens the account, until the next envelope. */
static bool change_is_sealed(const struct talk *talk, const struct proof *proof)
{
    if (!proof->known || !breakglass_is(&proof->account))
        return false;
    talk->warn(talk->carrier,
               _("The credential of a break-glass account cannot be changed here: an administrator "
                 "seals a new one with medgl-admin breakglass seal."));
    return true;
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
    if (change_is_sealed(talk, proof)) {
        *verdict = CHANGE_NOT_OWNER;
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

struct change_run {
    const struct talk *talk;
    struct proof proof;
    struct secret current; /* as typed */
    struct choice choice;
    /* In the transaction that sets it. */
    struct clock_reading clock;
    bool stale; /* the password was replaced by somebody else meanwhile */
};

static void change_run_clear(struct change_run *run)
{
    choice_clear(&run->choice);
    proof_clear(&run->proof);
    secret_free(&run->current);
    secret_wipe(run, sizeof(*run));
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
    struct credential fresh = {.strength = run->choice.judged.strength, .set_at = run->clock.now};
    memcpy(fresh.account_id, account.id, sizeof(fresh.account_id));
    MEDGL_TRY(crypto_random_id(fresh.id));
    MEDGL_TRY(password_seal(proof->context, &fresh, &run->choice.answer.record));
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
    run.choice = (struct choice){.context = context,
                                 .talk = talk,
                                 .account = &run.proof.account,
                                 .second_factor = change_has_second(&run.proof),
                                 .current = &run.current};
    MEDGL_TRY(choose_open(&run.choice));
    enum medgl_error error = choose_password(&run.choice);
    if (error == MEDGL_ERR_ABORTED) {
        *verdict = CHANGE_ABORTED;
        return MEDGL_OK;
    }
    MEDGL_TRY(error);
    if (run.choice.accepted)
        return change_set(&run, verdict);
    *verdict = CHANGE_TRIES_USED;
    return MEDGL_OK;
}
