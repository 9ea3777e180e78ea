/* What a login that was allowed leaves behind, in the transaction that allows it: its entry, the
 * step or code that it used up, a renewed hash, counters. */
#include "operation/decide.h"
#include "operation/grant.h"
#include "operation/last_use.h"

#include <stdio.h>

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

/* R32: the account is in use from here on, in an emergency that is declared if there is none. */
static enum medgl_error commit_open_envelope(struct store_txn *txn, struct commit_run *run)
{
    const struct proof *proof = run->proof;
    if (!breakglass_is(&run->account))
        return MEDGL_OK;
    run->alerted = true;
    return emergency_use(proof->context, txn, &run->breakglass.clocks, &run->account,
                         proof->reservation.attempt.service, source_key_place(proof->source.key),
                         &run->breakglass.now);
}

enum medgl_error commit_success(struct store_txn *txn, struct commit_run *run)
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
    commit_describe_unrecorded(run, &entry);
    MEDGL_TRY(evidence_append(proof->context, txn, &entry, &seq));
    MEDGL_TRY(commit_use_second(txn, run, seq));
    MEDGL_TRY(commit_open_envelope(txn, run));
    MEDGL_TRY(commit_renew(txn, run));
    MEDGL_TRY(last_use_note(proof->context, txn, &run->clock, &run->account,
                            proof->reservation.attempt.service, source_key_place(proof->source.key),
                            &run->activity, &run->alerted));
    /* R24: another factor proves nothing about the device whose codes were guessed at. */
    if (run->second == FACTOR_PROVED &&
        (run->enrolment != NULL || proof->second.kind == FACTOR_KIND_TOTP))
        run->activity.factor_failures = 0;
    MEDGL_TRY(store_activity_put(txn, &run->activity));
    if (proof->purpose == PROOF_CHANGE)
        return MEDGL_OK; /* the new password, once it is set, clears what was counted */
    return store_attempt_clear(txn, proof->account_key, proof->source.key, &cleared);
}
