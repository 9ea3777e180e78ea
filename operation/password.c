/* Proving a password: find, reserve, verify, decide and commit. Never succeeds on an error path:
 * the decision starts as a refusal and is set by one function, inside the transaction that records
 * it. */
#include "operation/password.h"

#include "base/log.h"
#include "base/text.h"
#include "operation/identity.h"

#include <string.h>

#define SEAL_FIELD_PASSWORD "password"
#define PROOF_RENEW_MS      5000 /* of waiting for a slot */

struct find_run {
    struct proof *proof;
    const char *typed;
    struct unix_user user;
};

static enum medgl_error proof_look_up(struct store_txn *txn, void *argument)
{
    const struct find_run *run = argument;
    struct proof *proof = run->proof;
    enum identity_match match;
    proof->known = proof->alias = proof->present = false;
    MEDGL_TRY(identity_find(txn, run->typed, &run->user, &proof->account, &match));
    proof->alias = match == IDENTITY_ALIAS;
    if (match != IDENTITY_ACCOUNT)
        return MEDGL_OK;
    proof->known = true;
    enum medgl_error error =
        store_credential_get(txn, proof->account.id, CREDENTIAL_PASSWORD, &proof->credential);
    proof->present = error == MEDGL_OK;
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

/* A name that nobody has is looked for in every source of users, and for its sake the C library may
 * load one more: 0.3 ms on a Debian as installed. Where unknown names must look like known ones
 * (R23), everybody looks for one that exists and for one that does not. What is found makes no
 * difference. */
static void proof_look_for_another(const struct context *context, const struct unix_user *user)
{
    struct unix_user other;
    if (context->policy.unenrolled == POLICY_UNENROLLED_DENY)
        (void)unix_user_find(user->exists ? MEDGL_USER "-nobody" : MEDGL_USER, &other);
}

enum medgl_error proof_find(struct context *context, const struct caller *caller, const char *user,
                            enum proof_purpose purpose, struct proof *proof)
{
    *proof = (struct proof){.context = context, .caller = caller, .purpose = purpose};
    source_of(caller, &proof->source);
    struct find_run run = {.proof = proof, .typed = user};
    MEDGL_TRY(unix_user_find(user, &run.user));
    proof_look_for_another(context, &run.user);
    MEDGL_TRY(store_transact(context->store, STORE_READ, proof_look_up, &run));
    if (proof->known) {
        proof->uid_matches = run.user.exists && run.user.uid == proof->account.uid;
        return text_copy(proof->account_key, sizeof(proof->account_key), proof->account.id);
    }
    if (proof->alias)
        log_line(LOG_WARNING,
                 "refused: uid %lld is enrolled as %s, but asked for by another name: enrol that "
                 "name, or take it out of the user database",
                 (long long)run.user.uid, proof->account.name);
    return attempt_stand_in(context, user, proof->account_key);
}

void proof_clear(struct proof *proof)
{
    secret_wipe(proof, sizeof(*proof));
}

bool proof_is_not_ours(const struct proof *proof)
{
    return !proof->known && !proof->alias &&
           proof->context->policy.unenrolled == POLICY_UNENROLLED_IGNORE;
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
    if (!cheaper || password_hash(&line, &cost, NULL, prepared, proof->renewed) == MEDGL_OK)
        return;
    proof->renewed[0] = '\0';
    log_line(LOG_WARNING, "a password could not be hashed at the cost of the policy: see that the "
                          "machine has the memory for kdf_memory times kdf_slots");
}

/* The same for who has no password: a cipher is loaded at its first use, which takes longer than
 * all else that is done here besides the KDF (R23). */
static enum medgl_error proof_unseal_nothing(const struct proof *proof)
{
    auto_secret struct secret opened = SECRET_NONE;
    const char nothing[KDF_PHC_SIZE] = "";
    unsigned char sealed[sizeof(nothing) + SEAL_OVERHEAD];
    size_t len = sizeof(sealed);
    MEDGL_TRY(seal(proof->context->seal, proof->account_key, SEAL_FIELD_PASSWORD, nothing,
                   sizeof(nothing), sealed, &len));
    return unseal(proof->context->seal, proof->account_key, SEAL_FIELD_PASSWORD, sealed, len,
                  &opened);
}

/* What a refusal without evaluation costs: as much as the account's own password would, so that a
 * locked account takes no other time than a wrong password (R23). */
static enum medgl_error proof_cost(const struct proof *proof, const struct secret *phc,
                                   struct kdf_cost *cost)
{
    struct kdf_record record;
    *cost = context_cost(proof->context);
    if (!proof->present)
        return MEDGL_OK;
    MEDGL_TRY(kdf_parse((const char *)phc->bytes, &record));
    *cost = record.cost;
    secret_wipe(&record, sizeof(record));
    return MEDGL_OK;
}

static enum medgl_error proof_evaluate(struct proof *proof, const struct secret *typed)
{
    auto_secret struct secret prepared = SECRET_NONE;
    auto_secret struct secret phc = SECRET_NONE;
    struct kdf_cost cost;
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
    MEDGL_TRY(proof->present ? proof_unseal(proof, &phc) : proof_unseal_nothing(proof));
    MEDGL_TRY(proof_cost(proof, &phc, &cost));
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
