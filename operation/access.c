/* The account phase: may this account be used now, however its owner proved who they are? Also
 * tells of a password that is due soon, and counts the logins that are left once it is due (R15).
 * Never allows on an error path: what has to be counted is committed first. */
#include "operation/alert.h"
#include "operation/breakglass_login.h"
#include "operation/evidence.h"
#include "operation/grant.h"
#include "operation/login.h"
#include "operation/password.h"
#include "operation/session.h"

#include "base/log.h"
#include "base/message.h"

#include <stdio.h>
#include <string.h>

struct access_run {
    struct context *context;
    const struct proof *proof;
    bool told;         /* the owner is there, and can be told */
    bool person_known; /* by the token of an earlier call */
    bool by_card;      /* likewise: a card stood alone, and no password was asked */
    struct clock_reading clock;
    struct account account; /* as it is in the transaction that decides */
    struct account person;  /* who was asked here */
    bool person_found;
    struct activity activity;
    struct factors factors;
    struct factor_demand demand;
    struct password_facts password;
    struct breakglass_look breakglass;
    struct admission_decision admission;
    struct account_decision decision;
};

static enum medgl_error access_read(struct store_txn *txn, struct access_run *run)
{
    struct credential credential;
    const char *id = run->proof->account.id;
    MEDGL_TRY(store_account_by_id(txn, id, &run->account));
    MEDGL_TRY(store_activity_get(txn, id, &run->activity));
    enum medgl_error error = store_credential_get(txn, id, CREDENTIAL_PASSWORD, &credential);
    if (error != MEDGL_ERR_NOT_FOUND)
        MEDGL_TRY(error);
    run->password = password_facts_from(error == MEDGL_OK ? &credential : NULL, run->clock.now);
    MEDGL_TRY(factors_read(txn, id, run->clock.now, &run->factors));
    run->demand = second_demand(run->proof, &run->account, &run->factors, run->clock.now);
    run->password.second_factor = run->demand.in_force;
    run->password.grace_used = run->activity.grace_used;
    run->password.sealed = breakglass_is(&run->account);
    MEDGL_TRY(breakglass_look(run->context, txn, &run->account, &run->breakglass));
    if (run->proof->person_asked)
        return person_find(txn, run->proof->person_answer, &run->proof->person_user, &run->person,
                           &run->person_found);
    return MEDGL_OK;
}

/* R26. One that was marked as shared since it was asked about is refused. */
static enum factor_result access_person(const struct access_run *run)
{
    if (!run->account.shared || !run->told)
        return FACTOR_NOT_ASKED;
    return run->person_known || run->person_found ? FACTOR_PROVED : FACTOR_FAILED;
}

static enum medgl_error access_decide(struct store_txn *txn, void *argument)
{
    struct access_run *run = argument;
    run->clock = clock_read();
    run->decision = (struct account_decision){ACCOUNT_DENIED};
    run->person_found = false;
    if (run->proof->known)
        MEDGL_TRY(access_read(txn, run));
    run->admission = proof_admission(run->proof, &run->account, &run->factors, run->clock.now);
    const struct account_facts facts = {
        .known = run->proof->known,
        .uid_matches = run->proof->uid_matches,
        .state = run->account.state,
        .class_ = run->account.class_,
        .password_facts = run->password,
        .card_alone = run->by_card,
        .admission = run->admission.reason,
        .person = access_person(run),
        .breakglass = policy_breakglass_state(&run->breakglass.facts),
    };
    run->decision = policy_account(&run->context->policy, &facts, run->clock.now);
    return MEDGL_OK;
}

/* -- what is recorded ----------------------------------------------------------------------- */

static void access_describe(const struct access_run *run, enum ledger_kind kind,
                            struct ledger_entry *entry)
{
    evidence_begin(run->context, &run->clock, kind, run->proof->known ? &run->account : NULL,
                   entry);
    if (run->proof->known)
        ledger_entry_text(entry, "class", account_class_word(run->account.class_));
    ledger_entry_text(entry, "service", run->proof->caller->service);
    ledger_entry_text(entry, "source", run->proof->source.key);
}

static enum medgl_error access_refuse(struct store_txn *txn, struct access_run *run)
{
    struct ledger_entry entry;
    bool again;
    MEDGL_TRY(attempt_note_refusal(run->context, txn, run->proof->known ? &run->account : NULL,
                                   run->proof->account_key, run->proof->caller, &run->proof->source,
                                   run->clock.now, &again));
    if (again)
        return MEDGL_OK;
    access_describe(run, LEDGER_ACCESS_DENIED, &entry);
    ledger_entry_text(&entry, "reason", login_reason_word(run->decision.reason));
    if (run->context->scarce && run->proof->known)
        MEDGL_TRY(attempt_unrecorded(txn, &run->account));
    else
        MEDGL_TRY(evidence_append(run->context, txn, &entry, NULL));
    return run->proof->known && breakglass_is(&run->account)
               ? breakglass_tell_try(run->context, txn, &run->clock, &run->account,
                                     run->proof->caller->service, run->proof->source.key)
               : MEDGL_OK;
}

static enum medgl_error access_use_grace(struct store_txn *txn, struct access_run *run)
{
    struct ledger_entry entry;
    run->activity.grace_used++;
    MEDGL_TRY(store_activity_put(txn, &run->activity));
    access_describe(run, LEDGER_PASSWORD_GRACE, &entry);
    ledger_entry_number(&entry, "left", run->decision.standing.grace_left - 1);
    return evidence_append(run->context, txn, &entry, NULL);
}

static bool access_is_allowed(const struct access_run *run)
{
    switch (run->decision.verdict) {
    case ACCOUNT_CHANGE_DUE:
    case ACCOUNT_OK:
    case ACCOUNT_OK_WARN:
    case ACCOUNT_OK_GRACE:
        return true;
    case ACCOUNT_DENIED:
    case ACCOUNT_EXPIRED:
        break;
    }
    return false;
}

/* Root steps into an account (su): nobody is there who could change its password, and no login of
 * its owner is used up. */
static bool access_is_roots(const struct caller *caller)
{
    return caller->trusted && caller->real_uid == 0 && caller->rhost[0] == '\0' &&
           strcmp(caller->ruser, "root") == 0;
}

/* R22: somebody comes in while the hours are closed, by sudo too, which is silent. What the machine
 * does by itself, and root stepping into an account, is counted nowhere. */
static bool access_uses_grant(const struct access_run *run)
{
    return run->admission.by_grant && access_is_allowed(run) &&
           run->proof->place.origin != ADMISSION_ORIGIN_SYSTEM &&
           !access_is_roots(run->proof->caller);
}

static enum medgl_error access_use_grant(struct store_txn *txn, struct access_run *run)
{
    return grant_use(run->context, txn, &run->clock, &run->account, run->factors.hours.id,
                     run->proof->caller->service, run->proof->source.key);
}

static bool access_is_recorded(const struct access_run *run)
{
    if (access_uses_grant(run))
        return true;
    switch (run->decision.verdict) {
    case ACCOUNT_DENIED:
    case ACCOUNT_EXPIRED:
        return true;
    case ACCOUNT_OK_GRACE:
        return run->told;
    case ACCOUNT_CHANGE_DUE:
    case ACCOUNT_OK:
    case ACCOUNT_OK_WARN:
        break;
    }
    return false;
}

/* MUST: decided anew in the transaction that counts: of two logins at once, one gets the last grace
 * login. */
static enum medgl_error access_record(struct store_txn *txn, void *argument)
{
    struct access_run *run = argument;
    MEDGL_TRY(access_decide(txn, run));
    if (access_uses_grant(run))
        MEDGL_TRY(access_use_grant(txn, run));
    if (run->decision.verdict == ACCOUNT_OK_GRACE)
        return run->told ? access_use_grace(txn, run) : MEDGL_OK;
    return access_is_allowed(run) ? MEDGL_OK : access_refuse(txn, run);
}

/* -- what is said --------------------------------------------------------------------------- */

static enum medgl_error access_warned(struct store_txn *txn, void *argument)
{
    const struct access_run *run = argument;
    struct activity activity;
    MEDGL_TRY(store_activity_get(txn, run->account.id, &activity));
    activity.warned_at = run->clock.now;
    return store_activity_put(txn, &activity);
}

/* Once a calendar day. That it was said is worth no login: where it cannot be kept it is said
 * again. */
static void access_warn(const struct talk *talk, struct access_run *run)
{
    char due[CLOCK_LOCAL_SIZE], text[256];
    if (!run->told ||
        !policy_password_warn_again(&run->password, run->activity.warned_at, run->clock.now))
        return;
    clock_format_local(run->decision.standing.due_at, due);
    (void)snprintf(text, sizeof(text),
                   _("Your password must be changed before %s. Change it with passwd."), due);
    talk->warn(talk->carrier, text);
    if (talk->heard != NULL && !talk->heard(talk->carrier))
        return;
    enum medgl_error error = store_transact(run->context->store, STORE_WRITE, access_warned, run);
    if (error != MEDGL_OK)
        log_line(LOG_WARNING,
                 "account %s was warned that its password is due, which could not be kept (%s): it "
                 "will be said again at the next login",
                 run->account.name, medgl_error_text(error));
}

static enum medgl_error access_factor_warned(struct store_txn *txn, void *argument)
{
    const struct access_run *run = argument;
    struct activity activity;
    MEDGL_TRY(store_activity_get(txn, run->account.id, &activity));
    activity.factor_warned_at = run->clock.now;
    return store_activity_put(txn, &activity);
}

/* R24: before the day from which on a second factor is required, who has none is told once a day.
 */
static void access_warn_factor(const struct talk *talk, struct access_run *run)
{
    char from[CLOCK_LOCAL_SIZE], text[512];
    const struct policy *policy = &run->context->policy;
    const int offset = clock_utc_offset(run->clock.now);
    const bool has = run->factors.totp > 0 || run->factors.card > 0;
    if (!run->told || !policy_factor_warns(policy, &run->demand, has,
                                           run->activity.factor_warned_at, offset, run->clock.now))
        return;
    const long long days = (long long)policy_required_days(policy, offset, run->clock.now);
    clock_format_local(run->demand.required_from, from);
    (void)snprintf(text, sizeof(text),
                   dngettext(MESSAGE_DOMAIN,
                             "From %s on you need a second factor to log in: %lld day is left. Ask "
                             "the administrator to enrol your phone or card.",
                             "From %s on you need a second factor to log in: %lld days are left. "
                             "Ask the administrator to enrol your phone or card.",
                             (unsigned long)days),
                   from, days);
    talk->warn(talk->carrier, text);
    if (talk->heard != NULL && !talk->heard(talk->carrier))
        return;
    enum medgl_error error =
        store_transact(run->context->store, STORE_WRITE, access_factor_warned, run);
    if (error != MEDGL_OK)
        log_line(LOG_WARNING,
                 "account %s was warned that a second factor will be needed, which could not be "
                 "kept (%s): it will be said again at the next login",
                 run->account.name, medgl_error_text(error));
}

static void access_tell_grace(const struct talk *talk, const struct access_run *run)
{
    char text[512];
    const uint32_t left = run->decision.standing.grace_left - 1;
    if (!run->told)
        return;
    if (left == 0)
        (void)snprintf(
            text, sizeof(text), "%s",
            _("Your password has expired, and this was the last login without changing it. "
              "Change it now with passwd."));
    else
        (void)snprintf(text, sizeof(text),
                       dngettext(MESSAGE_DOMAIN,
                                 "Your password has expired. After this login %u more is possible "
                                 "without changing it. Change it with passwd.",
                                 "Your password has expired. After this login %u more are possible "
                                 "without changing it. Change it with passwd.",
                                 left),
                       left);
    talk->warn(talk->carrier, text);
}

static enum access_verdict access_conclude(const struct talk *talk, struct access_run *run)
{
    char why[PROOF_WHY_SIZE];
    switch (run->decision.verdict) {
    case ACCOUNT_DENIED:
    case ACCOUNT_EXPIRED:
        proof_why(run->proof, &run->account, run->decision.reason, run->clock.now, why);
        log_line(LOG_NOTICE, "refused: account %s, service %s, from %s: %s",
                 run->proof->known ? run->account.name : "(not enrolled)",
                 run->proof->caller->service, run->proof->source.key, why);
        return run->decision.verdict == ACCOUNT_EXPIRED ? ACCESS_EXPIRED : ACCESS_DENIED;
    case ACCOUNT_CHANGE_DUE:
        return ACCESS_CHANGE_DUE;
    case ACCOUNT_OK_WARN:
        access_warn(talk, run);
        return ACCESS_ALLOWED;
    case ACCOUNT_OK_GRACE:
        access_tell_grace(talk, run);
        return ACCESS_ALLOWED;
    case ACCOUNT_OK:
        return ACCESS_ALLOWED;
    }
    return ACCESS_DENIED;
}

/* -- who uses a shared id --------------------------------------------------------------------- */

/* Asked where no earlier call of this login did, as after an ssh key. Nobody answers: refused. */
static enum medgl_error access_know_person(const struct talk *talk, struct access_run *run,
                                           struct proof *proof)
{
    char person[STORE_NAME_SIZE];
    if (!proof_wants_person(proof) || !run->told)
        return MEDGL_OK;
    run->person_known = person_of_token(run->context, &proof->account, proof->caller,
                                        proof->source.key, clock_read().now, person);
    if (run->person_known)
        return MEDGL_OK;
    enum medgl_error error = proof_ask_person(proof, talk);
    return error == MEDGL_ERR_ABORTED ? MEDGL_OK : error;
}

static bool access_is_by_card(const struct proof *proof)
{
    char person[STORE_NAME_SIZE];
    return proof->known && !proof->account.shared &&
           person_of_token(proof->context, &proof->account, proof->caller, proof->source.key,
                           clock_read().now, person) &&
           strcmp(person, PERSON_BY_CARD) == 0;
}

static enum medgl_error access_give_token(const struct access_run *run,
                                          const struct access_request *request)
{
    if (request->person == NULL || !run->person_found || run->decision.reason != LOGIN_REASON_OK)
        return MEDGL_OK;
    return person_token(run->context, &run->account, request->caller, run->proof->source.key,
                        run->person.name, "", run->clock.now, request->person);
}

/* MUST: asked before anything is counted or told: whose session finds no room has used nothing up.
 */
static enum medgl_error access_finds_room(const struct talk *talk, const struct access_run *run,
                                          const struct access_request *request, bool *room)
{
    enum session_verdict verdict = SESSION_REFUSED;
    *room = true;
    if (!access_is_allowed(run))
        return MEDGL_OK;
    MEDGL_TRY(operation_session_room(run->context, talk, request->caller, request->user,
                                     request->silent, &verdict));
    *room = verdict != SESSION_REFUSED;
    return MEDGL_OK;
}

enum medgl_error operation_access(struct context *context, const struct talk *talk,
                                  const struct access_request *request,
                                  enum access_verdict *verdict)
{
    auto_clean(proof_clear) struct proof proof;
    bool room;
    *verdict = ACCESS_DENIED;
    if (request->person != NULL)
        request->person[0] = '\0';
    MEDGL_TRY(proof_find(context, request->caller, request->user, PROOF_LOGIN, &proof));
    if (proof_is_not_ours(&proof)) {
        *verdict = ACCESS_NOT_ENROLLED;
        return MEDGL_OK;
    }
    struct access_run run = {.context = context,
                             .proof = &proof,
                             .told = !request->silent && !access_is_roots(request->caller)};
    MEDGL_TRY(access_know_person(talk, &run, &proof));
    run.by_card = access_is_by_card(&proof);
    MEDGL_TRY(store_transact(context->store, STORE_READ, access_decide, &run));
    MEDGL_TRY(access_finds_room(talk, &run, request, &room));
    if (!room)
        return MEDGL_OK;
    attempt_look_for_space(context);
    if (access_is_recorded(&run))
        MEDGL_TRY(store_transact(context->store, STORE_WRITE, access_record, &run));
    if (breakglass_is(&run.account) && !access_is_allowed(&run))
        alert_wake(context);
    MEDGL_TRY(access_give_token(&run, request));
    if (run.told && access_is_allowed(&run)) {
        grants_tell(talk, &run.factors);
        access_warn_factor(talk, &run);
    }
    *verdict = access_conclude(talk, &run);
    return MEDGL_OK;
}
