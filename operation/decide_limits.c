/* What a failed try reached: locks, a closed factor, one source at many accounts; and what an
 * administrator is told of it, in the transaction of the try. Decides about no login. */
#include "operation/decide.h"

#include "policy/calendar.h"

#include <stdio.h>

#define SPREAD_STEPS 100 /* further accounts are not counted */

enum medgl_error commit_alert(struct store_txn *txn, struct commit_run *run, enum alert_kind kind,
                              const struct account *account, const char *source, const char *text)
{
    const bool scarce = run->proof->context->scarce;
    const struct alert_event event = {.kind = kind,
                                      .account = account,
                                      .source = scarce ? NULL : source,
                                      .text = text,
                                      .about = scarce ? "scarce" : NULL,
                                      .apart = scarce ? MEDGL_HOUR : 0};
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

/* Where space is scarce, no alert for each source that guesses: the one about the account is told.
 */
enum medgl_error commit_limits(struct store_txn *txn, struct commit_run *run)
{
    MEDGL_TRY(commit_lock(txn, run));
    MEDGL_TRY(commit_factor_lock(txn, run));
    return run->proof->context->scarce ? MEDGL_OK : commit_spread(txn, run);
}
