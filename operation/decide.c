/* The end of a try: one decision, and one transaction for the counters, the notice of the next
 * login, and the evidence. */
#include "operation/decide.h"
#include "operation/grant.h"
#include "operation/policy_seen.h"

#include "base/log.h"
#include "policy/calendar.h"

#include <stdio.h>
#include <string.h>

/* Grants that are over get their ends recorded on the way, by who decides on the others. */
static enum medgl_error commit_read_factors(struct store_txn *txn, struct commit_run *run)
{
    const struct proof *proof = run->proof;
    MEDGL_TRY(grant_sweep(proof->context, txn, &run->clock, run->account.id));
    MEDGL_TRY(factors_read(txn, run->account.id, run->clock.now, &run->factors));
    run->demand = second_demand(proof, &run->account, &run->factors, run->clock.now);
    if (proof_asks_second(proof))
        run->second = second_result(proof, &run->factors, &run->demand);
    /* MUST: what was enrolled meanwhile by somebody else is not doubled: `enrols` is of now. */
    if (run->enrolment != NULL)
        run->second = run->demand.enrols ? FACTOR_PROVED : FACTOR_FAILED;
    return MEDGL_OK;
}

/* The account as it is now: it may have been disabled, or given another password, while the KDF
 * ran. */
static enum medgl_error commit_read(struct store_txn *txn, struct commit_run *run)
{
    const struct proof *proof = run->proof;
    run->present = run->renews = run->person_found = false;
    run->second = FACTOR_NOT_ASKED;
    MEDGL_TRY(store_activity_get(txn, proof->account_key, &run->activity));
    if (!proof->known)
        return MEDGL_OK;
    MEDGL_TRY(store_account_by_id(txn, proof->account.id, &run->account));
    MEDGL_TRY(breakglass_look(proof->context, txn, &run->account, &run->breakglass));
    MEDGL_TRY(commit_read_factors(txn, run));
    if (proof->person_asked)
        MEDGL_TRY(person_find(txn, proof->person_answer, &proof->person_user, &run->person,
                              &run->person_found));
    enum medgl_error error =
        store_credential_get(txn, proof->account.id, CREDENTIAL_PASSWORD, &run->credential);
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK;
    MEDGL_TRY(error);
    run->present = true;
    /* Another login may have renewed it meanwhile. */
    run->renews = proof->matches && proof->present &&
                  run->credential.ledger_seq == proof->credential.ledger_seq;
    return MEDGL_OK;
}

/* What holds once this is committed: a password that was judged just now is what it was found to
 * be. */
static struct password_facts commit_password_facts(const struct commit_run *run)
{
    struct password_facts facts =
        password_facts_from(run->present ? &run->credential : NULL, run->clock.now);
    facts.second_factor = run->demand.in_force || run->enrolment != NULL;
    facts.sealed = breakglass_is(&run->account);
    if (run->renews && run->proof->judged)
        facts.strength = run->proof->strength;
    return facts;
}

/* R26. One that was marked as shared since it was asked about is refused. */
static enum factor_result commit_person(const struct commit_run *run)
{
    const struct proof *proof = run->proof;
    const bool asked = proof->purpose == PROOF_LOGIN || proof->person_asked;
    if (!run->account.shared || !asked) /* a change was told by a token, or nobody is there */
        return FACTOR_NOT_ASKED;
    return run->person_found ? FACTOR_PROVED : FACTOR_FAILED;
}

static enum factor_result commit_password(const struct commit_run *run)
{
    const struct proof *proof = run->proof;
    const bool same =
        run->present && proof->present && strcmp(run->credential.id, proof->credential.id) == 0;
    if (!proof->password_asked)
        return FACTOR_NOT_ASKED;
    return proof->matches && same ? FACTOR_PROVED : FACTOR_FAILED;
}

/* R24: no number of wrong codes closes a card, which counts by itself, or what nobody can guess. */
static bool commit_second_closed(const struct commit_run *run)
{
    const struct proof *proof = run->proof;
    return run->second != FACTOR_NOT_ASKED && run->enrolment == NULL &&
           proof->second.kind == FACTOR_KIND_TOTP &&
           run->activity.factor_failures >= proof->context->policy.factor_failures;
}

static enum factor_kind commit_second_kind(const struct commit_run *run)
{
    return run->enrolment != NULL ? FACTOR_KIND_TOTP : run->proof->second.kind;
}

static struct login_facts commit_facts(const struct commit_run *run, bool held)
{
    const struct proof *proof = run->proof;
    const bool asks = proof_asks_second(proof);
    return (struct login_facts){
        .known = proof->known,
        .uid_matches = proof->uid_matches,
        .state = run->account.state,
        .class_ = run->account.class_,
        .attempt = proof->reservation.decision.verdict,
        .reservation_held = held,
        .password = commit_password(run),
        .second = run->second,
        .second_kind = commit_second_kind(run),
        .second_required = asks && run->demand.required,
        .second_enrols = asks && run->demand.enrols,
        .host_proved = asks && proof->second.mode == FACTOR_MODE_ONLY,
        .second_closed = commit_second_closed(run),
        .password_facts = commit_password_facts(run),
        .admission = proof_admission(proof, &run->account, &run->factors, run->clock.now).reason,
        .person = commit_person(run),
        .breakglass = policy_breakglass_use(&proof->context->policy, &run->breakglass.facts),
    };
}

/* Login name of who uses a shared id; "": nobody else. */
const char *commit_person_name(const struct commit_run *run)
{
    return run->person_found ? run->person.name : run->proof->person_told;
}

/* The fields that every entry about a try has, and what it led to (R06). */
void commit_describe_place(const struct commit_run *run, struct ledger_entry *entry)
{
    const struct proof *proof = run->proof;
    if (proof->known)
        ledger_entry_text(entry, "class", account_class_word(run->account.class_));
    ledger_entry_text(entry, "service", proof->reservation.attempt.service);
    ledger_entry_text(entry, "source", proof->source.key);
}

/* By what was proved, or, of a refusal, by what was given: "password+totp", "host+code", "card". */
static const char *commit_factors(struct commit_run *run)
{
    const struct proof *proof = run->proof;
    const char *first = "", *second = "";
    const enum factor_kind kind = commit_second_kind(run);
    if (proof->password_asked)
        first = "password";
    else if (proof->second.mode == FACTOR_MODE_ONLY)
        first = "host";
    if (run->decision.allowed ? run->second == FACTOR_PROVED : kind == FACTOR_KIND_CARD)
        second = factor_kind_word(kind);
    else if (!run->decision.allowed && second_given(&proof->second))
        second = "code";
    (void)snprintf(run->factor_text, sizeof(run->factor_text), "%s%s%s", first,
                   first[0] != '\0' && second[0] != '\0' ? "+" : "", second);
    return run->factor_text;
}

void commit_describe(struct commit_run *run, struct ledger_entry *entry)
{
    const struct proof *proof = run->proof;
    commit_describe_place(run, entry);
    ledger_entry_text(entry, "factors", commit_factors(run));
    ledger_entry_text(entry, "purpose", proof_purpose_word(proof->purpose));
}

/* MUST: of who proved the first factor alone: strangers cannot close the second one. */
static bool commit_wrong_code(const struct commit_run *run)
{
    const struct proof *proof = run->proof;
    const bool first = commit_password(run) == FACTOR_PROVED ||
                       (!proof->password_asked && proof->second.mode == FACTOR_MODE_ONLY);
    return first && run->second == FACTOR_FAILED && second_guessed(&proof->second);
}

/* R32: the right credential of an account that it does not open now: many are to hear of that. */
static enum medgl_error commit_alert_envelope(struct store_txn *txn, struct commit_run *run)
{
    const struct proof *proof = run->proof;
    char text[STORE_ALERT_SIZE];
    if (!proof->known || !breakglass_is(&run->account) || commit_password(run) != FACTOR_PROVED)
        return MEDGL_OK;
    (void)snprintf(text, sizeof(text),
                   "%sThe sealed credential of break-glass account %s was used from %s and refused "
                   "(%s): find out who has the envelope.",
                   breakglass_drill_mark(&run->breakglass), run->account.name, proof->source.key,
                   login_reason_word(run->decision.reason));
    return commit_alert(txn, run, ALERT_BREAKGLASS, &run->account, proof->source.key, text);
}

static enum medgl_error commit_failure_entry(struct store_txn *txn, struct commit_run *run)
{
    const struct proof *proof = run->proof;
    struct ledger_entry entry;
    evidence_begin(proof->context, &run->clock, LEDGER_LOGIN_FAILURE,
                   proof->known ? &run->account : NULL, &entry);
    commit_describe(run, &entry);
    ledger_entry_text(&entry, "reason", login_reason_word(run->decision.reason));
    ledger_entry_bool(&entry, "counted", run->decision.counts);
    if (run->repeated)
        ledger_entry_bool(&entry, "repeated", true);
    commit_describe_unrecorded(run, &entry);
    return evidence_append(proof->context, txn, &entry, NULL);
}

void commit_describe_unrecorded(struct commit_run *run, struct ledger_entry *entry)
{
    if (run->activity.unrecorded > 0)
        ledger_entry_number(entry, "unrecorded", run->activity.unrecorded);
    run->activity.unrecorded = 0;
}

/* MUST: whatever was typed: a used envelope is known to be right for as long as it is not sealed
 * anew, and who has it would else write away what another envelope needs (R32). */
static bool commit_has_no_entry(const struct commit_run *run)
{
    return run->proof->context->scarce && run->proof->known;
}

static enum medgl_error commit_failure(struct store_txn *txn, struct commit_run *run)
{
    struct proof *proof = run->proof;
    struct activity *activity = &run->activity;
    if (commit_has_no_entry(run))
        activity->unrecorded += activity->unrecorded < UINT32_MAX;
    else
        MEDGL_TRY(commit_failure_entry(txn, run));

    MEDGL_TRY(commit_alert_envelope(txn, run));
    /* Who is to enrol a device now has failed at nothing. */
    if (run->decision.reason == LOGIN_REASON_ENROL)
        return MEDGL_OK;
    /* A name that is not enrolled has no such row to change; what it costs is read all the same. */
    if (activity->failures < UINT32_MAX && !run->repeated)
        activity->failures++;
    if (activity->factor_failures < UINT32_MAX && run->decision.counts && commit_wrong_code(run))
        run->factor_closed =
            ++activity->factor_failures == proof->context->policy.factor_failures && proof->known;
    activity->last_failure = run->clock.now;
    (void)snprintf(activity->last_failure_source, sizeof(activity->last_failure_source), "%s",
                   source_key_place(proof->source.key));
    return proof->known ? store_activity_put(txn, activity) : MEDGL_OK;
}

/* -- the one decision ------------------------------------------------------------------------- */

static enum attempt_outcome commit_outcome(const struct commit_run *run)
{
    if (run->decision.allowed)
        return ATTEMPT_OUTCOME_SUCCEEDED;
    if (run->decision.reason == LOGIN_REASON_ENROL)
        return ATTEMPT_OUTCOME_REFUSED; /* no guess, but not to be had at any pace */
    return run->repeated ? ATTEMPT_OUTCOME_REPEATED : ATTEMPT_OUTCOME_FAILED;
}

/* MUST: where a code was given it is never a repeated guess, right or wrong: the same digits are
 * another one half a minute later. By what was given alone: else the delays would tell whether the
 * password was right (R23). */
static enum medgl_error commit_know_again(struct store_txn *txn, struct commit_run *run)
{
    const struct proof *proof = run->proof;
    const struct policy *policy = &proof->context->policy;
    if (!run->decision.counts || second_given(&proof->second))
        return MEDGL_OK;
    MEDGL_TRY(store_attempt_repeats(txn, proof->account_key, proof->source.key, proof->tag,
                                    run->clock.now, policy_span_most(policy->attempt_window),
                                    attempt_counted(policy), &run->repeated));
    run->decision.counts = !run->repeated;
    return MEDGL_OK;
}

/* MUST: allowed only if the reservation is still ours in this very transaction. */
static enum medgl_error commit_decide(struct store_txn *txn, struct commit_run *run)
{
    const struct proof *proof = run->proof;
    const struct policy *policy = &proof->context->policy;
    const struct login_facts trial = commit_facts(run, true);
    run->decision = policy_login(policy, &trial, run->clock.now);
    if (proof->reservation.decision.verdict != ATTEMPT_ADMITTED)
        return MEDGL_OK;
    MEDGL_TRY(commit_know_again(txn, run));
    enum medgl_error error = store_attempt_finish(txn, proof->reservation.attempt.id,
                                                  run->clock.now, commit_outcome(run), proof->tag);
    if (error != MEDGL_ERR_CONFLICT)
        return error;
    const struct login_facts lost = commit_facts(run, false);
    run->decision = policy_login(policy, &lost, run->clock.now);
    run->repeated = false;
    return MEDGL_OK;
}

static enum medgl_error commit_now(struct store_txn *txn, void *argument)
{
    struct commit_run *run = argument;
    struct context *context = run->proof->context;
    bool changed;
    run->clock = clock_read();
    run->decision = (struct login_decision){.allowed = false};
    run->now_locked = run->factor_closed = run->repeated = run->alerted = false;
    MEDGL_TRY(commit_read(txn, run));
    MEDGL_TRY(commit_decide(txn, run));
    if (run->decision.allowed)
        MEDGL_TRY(commit_success(txn, run));
    else
        MEDGL_TRY(commit_failure(txn, run));
    if (run->decision.counts)
        MEDGL_TRY(commit_limits(txn, run));
    MEDGL_TRY(policy_seen_note(context, txn, &run->clock, &changed));
    run->alerted = run->alerted || changed;
    MEDGL_TRY(attempt_purge(context, txn, &run->clock));
    return commit_head(txn, run);
}

static void commit_tell(const struct commit_run *run)
{
    const struct proof *proof = run->proof;
    const char *name = proof->known ? run->account.name : "(not enrolled)";
    char until[CLOCK_LOCAL_SIZE], why[PROOF_WHY_SIZE];
    proof_why(proof, &run->account, run->decision.reason, run->clock.now, why);
    if (!run->decision.allowed)
        log_line(LOG_NOTICE, "refused: account %s, service %s, from %s: %s%s", name,
                 proof->reservation.attempt.service, proof->source.key, why,
                 run->repeated ? ", the same as before" : "");
    if (run->factor_closed)
        log_line(LOG_WARNING,
                 "too many wrong codes: the second factor of account %s is closed until "
                 "medgl-admin account unlock opens it",
                 name);
    if (!run->now_locked)
        return;
    clock_format_local(run->locked.until, until);
    log_line(LOG_WARNING,
             "too many failed tries: account %s is closed for %s until %s; "
             "medgl-admin account unlock clears it",
             name,
             run->locked.verdict == ATTEMPT_LOCKED_SOURCE ? proof->source.key
                                                          : "all remote sources",
             until);
}

/* R32: where nothing delivers alerts, the system log at least has it. */
static void commit_tell_opened(const struct commit_run *run)
{
    const struct emergency_now_view *now = &run->breakglass.now;
    if (!run->decision.allowed || !breakglass_is(&run->account))
        return;
    log_system(LOG_ALERT,
               "%sbreak-glass account %s was opened with its sealed credential: service %s, from "
               "%s, emergency %u: see medgl-admin emergency status",
               breakglass_drill_mark(&run->breakglass), run->account.name,
               run->proof->reservation.attempt.service, run->proof->source.key,
               (unsigned)now->row.number);
}

static enum medgl_error commit_in(struct proof *proof, struct commit_run *run,
                                  store_function function)
{
    proof->decision = (struct login_decision){.allowed = false};
    proof->person[0] = '\0';
    enum medgl_error error = store_transact(proof->context->store, STORE_WRITE, function, run);
    if (error == MEDGL_OK) {
        commit_tell(run);
        commit_keep_head(run);
        proof->decision = run->decision;
        if (run->decision.allowed)
            memcpy(proof->person, commit_person_name(run), sizeof(proof->person));
        if (run->breakglass.now.known)
            proof->context->emergency = run->breakglass.now;
        commit_tell_opened(run);
        if (run->alerted)
            alert_wake(proof->context);
    }
    secret_wipe(run, sizeof(*run));
    return error;
}

enum medgl_error proof_commit(struct proof *proof)
{
    struct commit_run run = {.proof = proof};
    return commit_in(proof, &run, commit_now);
}

/* -- with a device that was enrolled at this login -------------------------------------------- */

/* MUST: everything is decided anew: the person took minutes. The reservation ended well when it was
 * found that a device is missing, so that it is held for this; the guess was no wrong one. */
static enum medgl_error commit_enrolled_now(struct store_txn *txn, void *argument)
{
    struct commit_run *run = argument;
    const struct proof *proof = run->proof;
    char why[OPERATION_WHY_SIZE];
    bool changed;
    run->clock = clock_read();
    run->decision = (struct login_decision){.allowed = false};
    run->now_locked = run->factor_closed = run->repeated = run->alerted = false;
    MEDGL_TRY(commit_read(txn, run));
    const struct login_facts facts = commit_facts(run, true);
    run->decision = policy_login(&proof->context->policy, &facts, run->clock.now);
    run->decision.counts = false;
    if (!run->decision.allowed) {
        MEDGL_TRY(commit_failure(txn, run));
        return commit_head(txn, run);
    }
    MEDGL_TRY(totp_enrolment_store(proof->context, txn, &run->clock, &run->account, run->enrolment,
                                   "owner", why));
    MEDGL_TRY(commit_success(txn, run));
    MEDGL_TRY(policy_seen_note(proof->context, txn, &run->clock, &changed));
    run->alerted = run->alerted || changed;
    return commit_head(txn, run);
}

enum medgl_error proof_commit_enrolled(struct proof *proof, const struct totp_enrolment *enrolment)
{
    struct commit_run run = {.proof = proof, .enrolment = enrolment};
    const bool due = proof->decision.reason == LOGIN_REASON_ENROL && enrolment->step > 0;
    proof->decision.reason = LOGIN_REASON_UNDECIDED;
    return due ? commit_in(proof, &run, commit_enrolled_now) : MEDGL_ERR_REFUSED;
}
