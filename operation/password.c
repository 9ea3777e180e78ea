/* A proof: whom it is about, what is known of them, and why it is refused; and the password as it
 * is stored. Never succeeds on an error path: the decision starts as a refusal and is set by one
 * function, inside the transaction that records it. */
#include "operation/password.h"

#include "base/log.h"
#include "base/text.h"
#include "operation/identity.h"

#include <stdio.h>
#include <string.h>

const char *proof_purpose_word(enum proof_purpose purpose)
{
    switch (purpose) {
    case PROOF_LOGIN:
        return "login";
    case PROOF_CHANGE:
        return "change-password";
    case PROOF_WITNESS:
        return "witness";
    }
    return "";
}

bool proof_asks_second(const struct proof *proof)
{
    return proof->purpose != PROOF_CHANGE;
}

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
    memset(&proof->factors, 0, sizeof(proof->factors));
    MEDGL_TRY(head_seen_find(txn, &proof->head));
    MEDGL_TRY(store_credential_any_factor(txn, &proof->any_factor));
    MEDGL_TRY(identity_find(txn, run->typed, &run->user, &proof->account, &match));
    proof->alias = match == IDENTITY_ALIAS;
    if (match != IDENTITY_ACCOUNT)
        return MEDGL_OK;
    proof->known = true;
    enum medgl_error error =
        store_credential_get(txn, proof->account.id, CREDENTIAL_PASSWORD, &proof->credential);
    proof->present = error == MEDGL_OK;
    if (error != MEDGL_OK && error != MEDGL_ERR_NOT_FOUND)
        return error;
    return factors_read(txn, proof->account.id, clock_read().now, &proof->factors);
}

/* A name that nobody has is looked for in every source of users, and for its sake the C library may
 * load one more: 0.3 ms on a Debian as installed. Where unknown names must look like known ones
 * (R23), everybody looks for one that exists and for one that does not. What is found makes no
 * difference. */
static void proof_look_for_another(const struct context *context, const struct unix_user *user)
{
    struct unix_user other;
    if (context->place == CONTEXT_BREAKGLASS) /* R32: a directory on the network may hang */
        return;
    if (context->policy.unenrolled == POLICY_UNENROLLED_DENY)
        (void)unix_user_find(user->exists ? MEDGL_USER "-nobody" : MEDGL_USER, &other);
}

enum medgl_error proof_find(struct context *context, const struct caller *caller, const char *user,
                            enum proof_purpose purpose, struct proof *proof)
{
    *proof = (struct proof){
        .context = context, .caller = caller, .purpose = purpose, .password_asked = true};
    proof->second.form = CODE_EMPTY;
    source_of(caller, &proof->source);
    place_of(caller, &proof->place);
    if (purpose == PROOF_CHANGE)
        source_of_change(&proof->source);
    struct find_run run = {.proof = proof, .typed = user};
    MEDGL_TRY(unix_user_find(user, &run.user));
    proof_look_for_another(context, &run.user);
    head_seen_read(context, &proof->head.file); /* MUST: before the transaction begins */
    MEDGL_TRY(store_transact(context->store, STORE_READ, proof_look_up, &run));
    if (proof->known) {
        proof->uid_matches = run.user.exists && run.user.uid == proof->account.uid;
        proof->source.own = source_key_is_own(proof->source.key, &proof->account);
        proof->place.own = caller_is_owner(caller, &proof->account);
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
    second_clear(&proof->second);
    secret_wipe(proof, sizeof(*proof));
}

bool proof_is_not_ours(const struct proof *proof)
{
    return !proof->known && !proof->alias &&
           proof->context->policy.unenrolled == POLICY_UNENROLLED_IGNORE;
}

struct admission_decision proof_admission(const struct proof *proof, const struct account *account,
                                          const struct factors *factors, medgl_time now)
{
    static const struct admission_decision not_asked = {.reason = ADMISSION_GRANTED};
    struct admission_facts facts =
        admission_facts_from(account, &proof->place, proof->caller->service, now);
    factors_admit(factors, &facts);
    if (proof->purpose == PROOF_CHANGE)
        return not_asked;
    if (proof->purpose == PROOF_WITNESS)
        facts.services = "any";
    return policy_admit(&proof->context->policy, &facts, now);
}

static const struct admission_finding *admission_refusing(
    const struct admission_decision *admission)
{
    switch (admission->reason) {
    case ADMISSION_SERVICE:
        return &admission->services;
    case ADMISSION_PLACE:
        return &admission->places;
    case ADMISSION_HOURS:
    case ADMISSION_CALENDAR:
        return &admission->hours;
    case ADMISSION_UNDECIDED:
    case ADMISSION_GRANTED:
    case ADMISSION_MAINTENANCE:
        break;
    }
    return NULL;
}

void proof_why(const struct proof *proof, const struct account *account, enum login_reason reason,
               medgl_time now, char why[PROOF_WHY_SIZE])
{
    const bool by_rule = reason == LOGIN_REASON_SERVICE || reason == LOGIN_REASON_PLACE ||
                         reason == LOGIN_REASON_HOURS || reason == LOGIN_REASON_CALENDAR;
    (void)snprintf(why, PROOF_WHY_SIZE, "%s", login_reason_word(reason));
    if (!by_rule)
        return;
    const struct admission_decision admission =
        proof_admission(proof, account, &proof->factors, now);
    const struct admission_finding *finding = admission_refusing(&admission);
    if (finding != NULL)
        (void)snprintf(why, PROOF_WHY_SIZE, "%s (%s: %s)", login_reason_word(reason),
                       finding->own ? "its own rule" : "the rule of its class", finding->rule);
}

/* -- who uses a shared id --------------------------------------------------------------------- */

bool proof_wants_person(const struct proof *proof)
{
    return proof->known && proof->account.shared;
}

static enum medgl_error proof_look_up_person(struct store_txn *txn, void *argument)
{
    struct proof *proof = argument;
    struct account person;
    return person_find(txn, proof->person_answer, &proof->person_user, &person,
                       &proof->person_found);
}

enum medgl_error proof_ask_person(struct proof *proof, const struct talk *talk)
{
    proof->person_found = false;
    MEDGL_TRY(person_ask(talk, proof->person_answer, &proof->person_user));
    proof->person_asked = true;
    return store_transact(proof->context->store, STORE_READ, proof_look_up_person, proof);
}

struct password_facts password_facts_from(const struct credential *credential, medgl_time now)
{
    struct password_facts facts = {.utc_offset_now = clock_utc_offset(now)};
    if (credential == NULL)
        return facts;
    facts.present = true;
    facts.strength = credential->strength;
    facts.issued = credential->issued;
    facts.set_at = credential->set_at;
    facts.utc_offset = clock_utc_offset(credential->set_at);
    facts.valid_until = credential->valid_until;
    return facts;
}

enum medgl_error password_seal(const struct context *context, struct credential *credential,
                               const struct password_record *record)
{
    char text[PASSWORD_RECORD_SIZE];
    MEDGL_TRY(password_record_write(record, text));
    credential->kind = CREDENTIAL_PASSWORD;
    credential->sealed_len = sizeof(credential->sealed);
    enum medgl_error error = seal(context->seal, credential->account_id, SEAL_FIELD_PASSWORD, text,
                                  strlen(text), credential->sealed, &credential->sealed_len);
    secret_wipe(text, sizeof(text));
    return error;
}

enum medgl_error password_unseal(const struct context *context, const struct credential *credential,
                                 struct password_record *record)
{
    auto_secret struct secret text = SECRET_NONE;
    enum medgl_error error = unseal(context->seal, credential->account_id, SEAL_FIELD_PASSWORD,
                                    credential->sealed, credential->sealed_len, &text);
    if (error == MEDGL_OK)
        error = password_record_read((const char *)text.bytes, record);
    if (error != MEDGL_OK)
        log_line(LOG_ERR, "password of account %s: %s: run medgl-admin ledger verify",
                 credential->account_id, medgl_error_text(error));
    return error;
}

enum medgl_error password_begin(struct store_txn *txn, const char *account_id)
{
    struct activity activity;
    MEDGL_TRY(store_activity_get(txn, account_id, &activity));
    activity.warned_at = 0;
    activity.grace_used = 0;
    return store_activity_put(txn, &activity);
}
