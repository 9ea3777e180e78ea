/* The end of a try: one decision, and one transaction for the counters, the notice of the next
 * login, and the evidence. */
#include "operation/alert.h"
#include "operation/evidence.h"
#include "operation/grant.h"
#include "operation/last_use.h"
#include "operation/password.h"
#include "operation/policy_seen.h"
#include "operation/totp.h"

#include "base/log.h"
#include "policy/calendar.h"

#include <stdio.h>
#include <string.h>

#define SPREAD_STEPS 100 /* further accounts are not counted */

struct commit_run {
    struct proof *proof;
    struct clock_reading clock;
    struct login_decision decision;
    struct account account; /* as it is now, in this transaction */
    struct credential credential;
    bool present;
    bool renews; /* what the proof found out about it can be stored */
    struct activity activity;
    struct factors factors; /* of the account, in this transaction */
    struct factor_demand demand;
    enum factor_result second;
    const struct totp_enrolment *enrolment; /* a device that was confirmed just now; NULL: none */
    struct account person;                  /* who uses a shared id */
    bool person_found;
    bool repeated;                  /* what failed from there before: no new guess */
    struct attempt_decision locked; /* the state that a failure led to */
    bool now_locked;
    bool factor_closed; /* by this very try */
    char factor_text[64];
    bool alerted;
};

/* Grants that are over get their ends recorded on the way, by who decides on the others. */
static enum medgl_error commit_read_factors(struct store_txn *txn, struct commit_run *run)
{
    const struct proof *proof = run->proof;
    MEDGL_TRY(grant_sweep(proof->context, txn, &run->clock, run->account.id));
    MEDGL_TRY(factors_read(txn, run->account.id, run->clock.now, &run->factors));
    run->demand = second_demand(proof, &run->account, &run->factors, run->clock.now);
    if (proof->purpose == PROOF_LOGIN)
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
    const bool login = proof->purpose == PROOF_LOGIN;
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
        .second_required = login && run->demand.required,
        .second_enrols = login && run->demand.enrols,
        .host_proved = login && proof->second.mode == FACTOR_MODE_ONLY,
        .second_closed = commit_second_closed(run),
        .password_facts = commit_password_facts(run),
        .admission = proof_admission(proof, &run->account, &run->factors, run->clock.now).reason,
        .person = commit_person(run),
    };
}

/* Login name of who uses a shared id; "": nobody else. */
static const char *commit_person_name(const struct commit_run *run)
{
    return run->person_found ? run->person.name : run->proof->person_told;
}

/* The fields that every entry about a try has, and what it led to (R06). */
static void commit_describe_place(const struct commit_run *run, struct ledger_entry *entry)
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

static void commit_describe(struct commit_run *run, struct ledger_entry *entry)
{
    const struct proof *proof = run->proof;
    commit_describe_place(run, entry);
    ledger_entry_text(entry, "factors", commit_factors(run));
    ledger_entry_text(entry, "purpose",
                      proof->purpose == PROOF_LOGIN ? "login" : "change-password");
}

/* MUST: of who proved the first factor alone: strangers cannot close the second one. */
static bool commit_wrong_code(const struct commit_run *run)
{
    const struct proof *proof = run->proof;
    const bool first = commit_password(run) == FACTOR_PROVED ||
                       (!proof->password_asked && proof->second.mode == FACTOR_MODE_ONLY);
    return first && run->second == FACTOR_FAILED && second_guessed(&proof->second);
}

static enum medgl_error commit_failure(struct store_txn *txn, struct commit_run *run)
{
    struct proof *proof = run->proof;
    const struct account *account = proof->known ? &run->account : NULL;
    struct ledger_entry entry;
    evidence_begin(proof->context, &run->clock, LEDGER_LOGIN_FAILURE, account, &entry);
    commit_describe(run, &entry);
    ledger_entry_text(&entry, "reason", login_reason_word(run->decision.reason));
    ledger_entry_bool(&entry, "counted", run->decision.counts);
    if (run->repeated)
        ledger_entry_bool(&entry, "repeated", true);
    MEDGL_TRY(evidence_append(proof->context, txn, &entry, NULL));

    /* Who is to enrol a device now has failed at nothing. */
    if (run->decision.reason == LOGIN_REASON_ENROL)
        return MEDGL_OK;
    /* A name that is not enrolled has no such row to change; what it costs is read all the same. */
    struct activity *activity = &run->activity;
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

/* -- what an administrator is told ------------------------------------------------------------ */

static enum medgl_error commit_alert(struct store_txn *txn, struct commit_run *run,
                                     enum alert_kind kind, const struct account *account,
                                     const char *source, const char *text)
{
    const struct alert_event event = {
        .kind = kind, .account = account, .source = source, .text = text};
    run->alerted = true;
    return alert_raise(run->proof->context, txn, &run->clock, &event);
}

/* A name that is not enrolled is in no text: people type passwords into that field. What closes an
 * account as a whole is about no source: each time that one was the last of many is the same alert.
 * So is what closes made-up names: there are as many as anybody likes. */
static enum medgl_error commit_alert_lock(struct store_txn *txn, struct commit_run *run)
{
    const struct proof *proof = run->proof;
    const bool source = run->locked.verdict == ATTEMPT_LOCKED_SOURCE;
    char until[CLOCK_LOCAL_SIZE], text[STORE_ALERT_SIZE];
    clock_format_local(run->locked.until, until);
    (void)snprintf(text, sizeof(text), "Too many failed tries: %s%s is closed for %s until %s.",
                   proof->known ? "account " : "a name that is not enrolled",
                   proof->known ? run->account.name : "",
                   source ? proof->source.key : "all remote sources", until);
    return commit_alert(txn, run, ALERT_LOCKOUT, proof->known ? &run->account : NULL,
                        source && proof->known ? proof->source.key : NULL, text);
}

/* R32. What failures never close is no lock, and has no such entry. Each further failure raises it
 * again: folding keeps it rare. */
static enum medgl_error commit_guessed(struct store_txn *txn, struct commit_run *run)
{
    const struct proof *proof = run->proof;
    const struct policy *policy = &proof->context->policy;
    struct attempt_counts counts;
    char text[STORE_ALERT_SIZE];
    MEDGL_TRY(
        attempt_count(policy, txn, proof->account_key, &proof->source, run->clock.now, &counts));
    if (counts.account_failures < policy->attempts_per_account)
        return MEDGL_OK;
    (void)snprintf(text, sizeof(text),
                   "A break-glass account is being guessed at: %u failed tries%s at account %s, "
                   "which is never closed.",
                   counts.account_failures,
                   counts.account_failures < attempt_counted(policy) ? "" : " or more",
                   run->account.name);
    return commit_alert(txn, run, ALERT_LOCKOUT, &run->account, NULL, text);
}

/* Did this failure reach a limit? Then that is an event of its own (R20). */
static enum medgl_error commit_lock(struct store_txn *txn, struct commit_run *run)
{
    struct proof *proof = run->proof;
    const struct account *account = proof->known ? &run->account : NULL;
    struct ledger_entry entry;
    char until[CLOCK_TEXT_SIZE];
    struct attempt_decision *locked = &run->locked;
    struct policy undelayed;
    if (attempt_delays_only(account))
        return commit_guessed(txn, run);
    attempt_undelayed(&proof->context->policy, &undelayed);
    MEDGL_TRY(attempt_judge(&undelayed, txn, account, proof->account_key, &proof->source,
                            run->clock.now, locked));
    run->now_locked =
        locked->verdict == ATTEMPT_LOCKED_SOURCE || locked->verdict == ATTEMPT_LOCKED_ACCOUNT;
    if (!run->now_locked)
        return MEDGL_OK;
    evidence_begin(proof->context, &run->clock, LEDGER_LOGIN_LOCKED, account, &entry);
    commit_describe_place(run, &entry);
    ledger_entry_text(&entry, "reach",
                      locked->verdict == ATTEMPT_LOCKED_SOURCE ? "source" : "account");
    ledger_entry_time(&entry, "until", locked->until, until);
    MEDGL_TRY(evidence_append(proof->context, txn, &entry, NULL));
    return commit_alert_lock(txn, run);
}

/* R24. No time opens it, so it is said once: when the last wrong code that is allowed was given. */
static enum medgl_error commit_factor_lock(struct store_txn *txn, struct commit_run *run)
{
    struct context *context = run->proof->context;
    struct ledger_entry entry;
    char text[STORE_ALERT_SIZE];
    if (!run->factor_closed)
        return MEDGL_OK;
    evidence_begin(context, &run->clock, LEDGER_LOGIN_LOCKED, &run->account, &entry);
    commit_describe_place(run, &entry);
    ledger_entry_text(&entry, "reach", "factor");
    MEDGL_TRY(evidence_append(context, txn, &entry, NULL));
    (void)snprintf(text, sizeof(text),
                   "Too many wrong codes: the second factor of account %s is closed until "
                   "medgl-admin account unlock opens it.",
                   run->account.name);
    return commit_alert(txn, run, ALERT_LOCKOUT, &run->account, NULL, text);
}

/* One source that fails at many accounts tries one password at all of them, and meets no lock.
 * Each further failure raises it again: folding keeps it rare. */
static enum medgl_error commit_spread(struct store_txn *txn, struct commit_run *run)
{
    const struct policy *policy = &run->proof->context->policy;
    const uint32_t step = (uint32_t)policy->attempts_spread, most = SPREAD_STEPS * step;
    char text[STORE_ALERT_SIZE];
    uint32_t accounts;
    if (step == 0)
        return MEDGL_OK;
    MEDGL_TRY(store_attempt_spread(txn, run->proof->source.key,
                                   run->clock.now - policy_span_most(policy->attempt_window), most,
                                   &accounts));
    if (accounts < step)
        return MEDGL_OK;
    (void)snprintf(text, sizeof(text), "Tries from %s failed at %u accounts%s.",
                   run->proof->source.key, accounts, accounts == most ? " or more" : "");
    return commit_alert(txn, run, ALERT_SPREAD, NULL, run->proof->source.key, text);
}

/* -- a success -------------------------------------------------------------------------------- */

static enum medgl_error commit_rehash(struct store_txn *txn, struct commit_run *run)
{
    struct proof *proof = run->proof;
    struct ledger_entry entry;
    evidence_begin(proof->context, &run->clock, LEDGER_PASSWORD_REHASH, &run->account, &entry);
    ledger_entry_text(&entry, "credential", run->credential.id);
    ledger_entry_text(&entry, "algorithm", "argon2id");
    MEDGL_TRY(evidence_append(proof->context, txn, &entry, &run->credential.ledger_seq));
    return password_seal(proof->context, &run->credential, &proof->renewed);
}

static enum medgl_error commit_judgement(struct store_txn *txn, struct commit_run *run)
{
    struct proof *proof = run->proof;
    struct ledger_entry entry;
    run->credential.strength = proof->strength;
    evidence_begin(proof->context, &run->clock, LEDGER_PASSWORD_JUDGE, &run->account, &entry);
    ledger_entry_text(&entry, "credential", run->credential.id);
    ledger_entry_text(&entry, "strength", password_strength_word(proof->strength));
    return evidence_append(proof->context, txn, &entry, &run->credential.ledger_seq);
}

/* R10 R19: the hash at the policy's cost, the strength under its rules. That a password is what it
 * was is no news, but of one that met no rule until now, because it was imported. */
static enum medgl_error commit_renew(struct store_txn *txn, struct commit_run *run)
{
    const struct proof *proof = run->proof;
    const bool rehash = proof->renewed.hash[0] != '\0';
    const bool first = rehash && run->credential.strength == PASSWORD_STRENGTH_NONE;
    const bool judged = proof->judged && (first || proof->strength != run->credential.strength);
    if (!run->renews || (!rehash && !judged))
        return MEDGL_OK;
    if (rehash)
        MEDGL_TRY(commit_rehash(txn, run));
    if (judged)
        MEDGL_TRY(commit_judgement(txn, run));
    return store_credential_put(txn, &run->credential);
}

/* A device that was enrolled just now has an entry of its own. */
static bool commit_uses_second(const struct commit_run *run)
{
    return run->second == FACTOR_PROVED && run->enrolment == NULL;
}

static void commit_describe_second(const struct commit_run *run, struct ledger_entry *entry)
{
    const struct second *second = &run->proof->second;
    if (!commit_uses_second(run))
        return;
    ledger_entry_text(entry, "factor", second->credential);
    if (second->kind == FACTOR_KIND_TOTP)
        ledger_entry_number(entry, "step", second->step);
}

static enum medgl_error commit_alert_recovery(struct store_txn *txn, struct commit_run *run)
{
    char text[STORE_ALERT_SIZE];
    (void)snprintf(text, sizeof(text), "%s was used in the place of a second factor at account %s.",
                   run->proof->second.kind == FACTOR_KIND_RECOVERY
                       ? "A recovery code"
                       : "A one-time code of a factor waiver",
                   run->account.name);
    return commit_alert(txn, run, ALERT_RECOVERY, &run->account, run->proof->source.key, text);
}

/* R03, R24: the step or code is used up, and the waiver that made it possible is noted, here or not
 * at all. */
static enum medgl_error commit_use_second(struct store_txn *txn, struct commit_run *run,
                                          uint64_t seq)
{
    const struct proof *proof = run->proof;
    const enum factor_kind kind = proof->second.kind;
    if (!commit_uses_second(run))
        return MEDGL_OK;
    MEDGL_TRY(second_use_up(txn, proof, &run->factors, seq));
    if (kind != FACTOR_KIND_RECOVERY && kind != FACTOR_KIND_CODE)
        return MEDGL_OK;
    if (run->demand.waived &&
        (kind == FACTOR_KIND_CODE || run->factors.waiver.instead == GRANT_INSTEAD_RECOVERY))
        MEDGL_TRY(grant_use(proof->context, txn, &run->clock, &run->account, run->factors.waiver.id,
                            proof->reservation.attempt.service, proof->source.key));
    return commit_alert_recovery(txn, run);
}

static enum medgl_error commit_success(struct store_txn *txn, struct commit_run *run)
{
    struct proof *proof = run->proof;
    struct ledger_entry entry;
    uint64_t seq;
    uint32_t cleared;
    evidence_begin(proof->context, &run->clock, LEDGER_LOGIN_SUCCESS, &run->account, &entry);
    commit_describe(run, &entry);
    ledger_entry_text(&entry, "rule", password_rule_word(run->decision.standing.rule));
    if (commit_person_name(run)[0] != '\0')
        ledger_entry_text(&entry, "person", commit_person_name(run));
    commit_describe_second(run, &entry);
    MEDGL_TRY(evidence_append(proof->context, txn, &entry, &seq));
    MEDGL_TRY(commit_use_second(txn, run, seq));
    MEDGL_TRY(commit_renew(txn, run));
    MEDGL_TRY(last_use_note(proof->context, txn, &run->clock, &run->account,
                            proof->reservation.attempt.service, source_key_place(proof->source.key),
                            &run->activity, &run->alerted));
    if (run->second == FACTOR_PROVED)
        run->activity.factor_failures = 0;
    MEDGL_TRY(store_activity_put(txn, &run->activity));
    if (proof->purpose == PROOF_CHANGE)
        return MEDGL_OK; /* the new password, once it is set, clears what was counted */
    return store_attempt_clear(txn, proof->account_key, proof->source.key, &cleared);
}

/* -- the one decision ------------------------------------------------------------------------- */

static enum attempt_outcome commit_outcome(const struct commit_run *run)
{
    if (run->decision.allowed || run->decision.reason == LOGIN_REASON_ENROL)
        return ATTEMPT_OUTCOME_SUCCEEDED; /* no guess; it clears nothing yet */
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
    if (run->decision.counts) {
        MEDGL_TRY(commit_lock(txn, run));
        MEDGL_TRY(commit_factor_lock(txn, run));
        MEDGL_TRY(commit_spread(txn, run));
    }
    MEDGL_TRY(policy_seen_note(context, txn, &run->clock, &changed));
    run->alerted = run->alerted || changed;
    return attempt_purge(context, txn, &run->clock);
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

static enum medgl_error commit_in(struct proof *proof, struct commit_run *run,
                                  store_function function)
{
    proof->decision = (struct login_decision){.allowed = false};
    proof->person[0] = '\0';
    enum medgl_error error = store_transact(proof->context->store, STORE_WRITE, function, run);
    if (error == MEDGL_OK) {
        commit_tell(run);
        proof->decision = run->decision;
        if (run->decision.allowed)
            memcpy(proof->person, commit_person_name(run), sizeof(proof->person));
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
    if (!run->decision.allowed)
        return commit_failure(txn, run);
    MEDGL_TRY(totp_enrolment_store(proof->context, txn, &run->clock, &run->account, run->enrolment,
                                   "owner", why));
    MEDGL_TRY(commit_success(txn, run));
    MEDGL_TRY(policy_seen_note(proof->context, txn, &run->clock, &changed));
    run->alerted = run->alerted || changed;
    return MEDGL_OK;
}

enum medgl_error proof_commit_enrolled(struct proof *proof, const struct totp_enrolment *enrolment)
{
    struct commit_run run = {.proof = proof, .enrolment = enrolment};
    const bool due = proof->decision.reason == LOGIN_REASON_ENROL && enrolment->step > 0;
    proof->decision.reason = LOGIN_REASON_UNDECIDED;
    return due ? commit_in(proof, &run, commit_enrolled_now) : MEDGL_ERR_REFUSED;
}
