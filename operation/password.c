/* Proving a password: find, reserve, verify, decide and commit. Never succeeds on an error path:
 * the decision starts as a refusal and is set by one function, inside the transaction that records
 * it. */
#include "operation/password.h"

#include "base/log.h"
#include "base/text.h"
#include "operation/evidence.h"
#include "policy/calendar.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

#define SEAL_FIELD_PASSWORD "password"
#define PROOF_RENEW_MS      5000 /* of waiting for a slot */

struct find_run {
    struct proof *proof;
    const char *user;
};

static enum medgl_error proof_look_up(struct store_txn *txn, void *argument)
{
    const struct find_run *run = argument;
    struct proof *proof = run->proof;
    proof->known = proof->present = false;
    enum medgl_error error = store_account_by_name(txn, run->user, &proof->account);
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK;
    MEDGL_TRY(error);
    proof->known = true;
    error = store_credential_get(txn, proof->account.id, CREDENTIAL_PASSWORD, &proof->credential);
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK;
    MEDGL_TRY(error);
    proof->present = true;
    return MEDGL_OK;
}

enum medgl_error proof_find(struct context *context, const struct caller *caller, const char *user,
                            enum proof_purpose purpose, struct proof *proof)
{
    *proof = (struct proof){.context = context, .caller = caller, .purpose = purpose};
    source_of(caller, &proof->source);
    struct find_run run = {.proof = proof, .user = user};
    MEDGL_TRY(store_transact(context->store, STORE_READ, proof_look_up, &run));
    /* Asked for everybody, so that the look-up takes its time for unknown names too (R23). */
    const struct passwd *unix_user = getpwnam(user);
    proof->uid_matches =
        proof->known && unix_user != NULL && (int64_t)unix_user->pw_uid == proof->account.uid;
    if (proof->known)
        return text_copy(proof->account_key, sizeof(proof->account_key), proof->account.id);
    return attempt_stand_in(context, user, proof->account_key);
}

void proof_clear(struct proof *proof)
{
    secret_wipe(proof, sizeof(*proof));
}

bool proof_is_not_ours(const struct proof *proof)
{
    return !proof->known && proof->context->policy.unenrolled == POLICY_UNENROLLED_IGNORE;
}

/* The stored hash, for whoever holds a reservation. MEDGL_ERR_CORRUPT and _KEY end the login: a
 * changed row is no wrong password. */
static enum medgl_error proof_unseal(const struct proof *proof, struct secret *phc)
{
    enum medgl_error error = unseal(proof->context->seal, proof->account.id, SEAL_FIELD_PASSWORD,
                                    proof->credential.sealed, proof->credential.sealed_len, phc);
    if (error != MEDGL_OK)
        log_line(LOG_ERR, "password of account %s: %s: run medgl-admin ledger verify",
                 proof->account.id, medgl_error_text(error));
    return error;
}

/* The policy asks for more work than the stored hash costs: hash anew, now that the password is at
 * hand (R10). The next login does it where this one cannot: who proved the password gets in.
 * MUST: for whom it opens nothing (disabled, expired) it is not done: the time it takes would tell
 * that the password was right (R23). */
static void proof_renew(struct proof *proof, const char *phc, const struct secret *prepared)
{
    struct kdf_record record;
    const medgl_time now = clock_read().now;
    const struct kdf_cost cost = context_cost(proof->context);
    struct password_line line = context_line(proof->context);
    const struct account_facts facts = {.known = proof->known,
                                        .uid_matches = proof->uid_matches,
                                        .state = proof->account.state,
                                        .class_ = proof->account.class_,
                                        .password_facts =
                                            password_facts_from(&proof->credential, now)};
    if (policy_account(&proof->context->policy, &facts, now).reason != LOGIN_REASON_OK ||
        kdf_parse(phc, &record) != MEDGL_OK)
        return;
    bool cheaper = kdf_cheaper(&record.cost, &cost);
    secret_wipe(&record, sizeof(record));
    line.patience_ms = PROOF_RENEW_MS;
    if (!cheaper || password_hash(&line, &cost, prepared, proof->renewed) == MEDGL_OK)
        return;
    proof->renewed[0] = '\0';
    log_line(LOG_WARNING, "a password could not be hashed at the cost of the policy: see that the "
                          "machine has the memory for kdf_memory times kdf_slots");
}

static enum medgl_error proof_evaluate(struct proof *proof, const struct secret *typed)
{
    auto_secret struct secret prepared = SECRET_NONE;
    auto_secret struct secret phc = SECRET_NONE;
    const struct kdf_cost cost = context_cost(proof->context);
    const struct password_line line = context_line(proof->context);
    bool real = proof->present && proof->reservation.decision.verdict == ATTEMPT_ADMITTED;
    enum medgl_error readable =
        typed != NULL ? password_prepare(typed, &prepared) : MEDGL_ERR_ARGUMENT;
    if (readable != MEDGL_OK && readable != MEDGL_ERR_ARGUMENT)
        return readable;
    if (readable != MEDGL_OK) {
        real = false; /* malformed, so nobody's password: refused after the same work */
        MEDGL_TRY(secret_copy(&prepared, "x", 1));
    }
    if (real)
        MEDGL_TRY(proof_unseal(proof, &phc));
    MEDGL_TRY(password_verify(&line, real ? (const char *)phc.bytes : NULL, &cost, &prepared,
                              &proof->matches));
    if (proof->matches)
        proof_renew(proof, (const char *)phc.bytes, &prepared);
    return MEDGL_OK;
}

enum medgl_error proof_verify(struct proof *proof, const struct secret *typed)
{
    proof->matches = false;
    MEDGL_TRY(attempt_reserve(proof->context, proof->known ? &proof->account : NULL,
                              proof->account_key, proof->caller, &proof->source,
                              &proof->reservation));
    enum medgl_error error = proof_evaluate(proof, typed);
    if (error != MEDGL_OK) /* from before the evaluation alone: nothing was learnt */
        attempt_withdraw(proof->context, &proof->reservation);
    return error;
}

struct password_facts password_facts_from(const struct credential *credential, medgl_time now)
{
    struct password_facts facts = {.utc_offset = clock_utc_offset(now)};
    if (credential == NULL)
        return facts;
    facts.present = true;
    facts.strength = credential->strength;
    facts.issued = credential->issued;
    facts.set_at = credential->set_at;
    facts.valid_until = credential->valid_until;
    return facts;
}

enum medgl_error password_seal(const struct context *context, struct credential *credential,
                               const char *phc)
{
    credential->kind = CREDENTIAL_PASSWORD;
    credential->sealed_len = sizeof(credential->sealed);
    return seal(context->seal, credential->account_id, SEAL_FIELD_PASSWORD, phc, strlen(phc),
                credential->sealed, &credential->sealed_len);
}
