/* Taking users over with the hashes that they have in /etc/shadow. Judges nothing: nobody knows the
 * password before its owner gives it. */
#include "operation/import.h"

#include "base/text.h"
#include "factor/crypted.h"
#include "operation/evidence.h"
#include "operation/password.h"
#include "operation/person.h"
#include "operation/role.h"

#include <string.h>

struct import_run {
    struct context *context;
    const struct import_request *request;
    struct account account; /* as it would be enrolled, then as it is */
    bool enrolled;
    enum import_verdict verdict;
};

const char *import_verdict_word(enum import_verdict verdict)
{
    switch (verdict) {
    case IMPORT_DONE:
        return "done";
    case IMPORT_HAS_PASSWORD:
        return "has-password";
    case IMPORT_NO_HASH:
        return "no-hash";
    case IMPORT_UNKNOWN_HASH:
        return "unknown-hash";
    case IMPORT_TOO_COSTLY:
        return "too-costly";
    case IMPORT_NOT_ACTIVE:
        return "not-active";
    case IMPORT_UID_CHANGED:
        return "uid-changed";
    case IMPORT_UID_TAKEN:
        return "uid-taken";
    case IMPORT_BEYOND_ROLE:
        return "beyond-role";
    case IMPORT_BREAKGLASS:
        return "breakglass";
    case IMPORT_REFUSED:
        break;
    }
    return "refused";
}

/* What can be said of the hash alone. */
static enum import_verdict import_judge_hash(const struct secret *hash)
{
    const char *text = hash->len > 0 ? (const char *)hash->bytes : "";
    if (text[0] == '\0' || text[0] == '!' || text[0] == '*')
        return IMPORT_NO_HASH;
    if (strlen(text) != hash->len || !crypted_known(text))
        return IMPORT_UNKNOWN_HASH;
    return crypted_affordable(text) ? IMPORT_DONE : IMPORT_TOO_COSTLY;
}

static enum medgl_error import_found_former(void *argument, const struct credential *credential)
{
    bool *found = argument;
    (void)credential;
    *found = true;
    return MEDGL_OK;
}

/* A hash that was taken over and not used yet may be taken over again: the Unix password was
 * changed in between. MUST: where there ever was another password, that stays the last word: one
 * that was revoked would come back (R12). */
static enum medgl_error import_judge_password(struct store_txn *txn, struct import_run *run)
{
    struct credential credential;
    auto_clean(password_record_clear) struct password_record record = {.has_stem = false};
    const struct secret *hash = run->request->hash;
    bool former = false;
    MEDGL_TRY(store_credential_each_of(txn, run->account.id, CREDENTIAL_FORMER, import_found_former,
                                       &former));
    enum medgl_error error =
        store_credential_get(txn, run->account.id, CREDENTIAL_PASSWORD, &credential);
    if (former || error == MEDGL_OK)
        run->verdict = IMPORT_HAS_PASSWORD;
    if (former || error != MEDGL_OK)
        return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
    MEDGL_TRY(password_unseal(run->context, &credential, &record));
    if (password_record_imported(&record) &&
        !secret_equal(record.hash, strlen(record.hash), hash->bytes, hash->len))
        run->verdict = IMPORT_DONE;
    return MEDGL_OK;
}

/* Who is not enrolled yet must not come into the uid of somebody who is. */
static enum medgl_error import_judge_uid(struct store_txn *txn, struct import_run *run)
{
    struct account other;
    char why[OPERATION_WHY_SIZE];
    enum medgl_error error = store_account_by_uid(txn, run->request->uid, &other);
    if (error == MEDGL_OK)
        run->verdict = IMPORT_UID_TAKEN;
    if (error != MEDGL_ERR_NOT_FOUND)
        return error;
    error = account_free_beside(run->context, &run->account, why);
    if (error == MEDGL_ERR_EXISTS)
        run->verdict = IMPORT_BREAKGLASS;
    return error == MEDGL_ERR_EXISTS ? MEDGL_OK : error;
}

/* Who is enrolled already is reached or not; who is not is nobody's own account yet. */
static enum medgl_error import_judge_role(struct store_txn *txn, struct import_run *run)
{
    char why[OPERATION_WHY_SIZE];
    const enum medgl_error error = role_reaches(run->context, txn, &run->account, why);
    if (error == MEDGL_ERR_REFUSED)
        run->verdict = IMPORT_BEYOND_ROLE;
    return error == MEDGL_ERR_REFUSED ? MEDGL_OK : error;
}

/* Finds the account, and decides. */
static enum medgl_error import_judge(struct store_txn *txn, void *argument)
{
    struct import_run *run = argument;
    struct account account;
    enum medgl_error error = store_account_by_name(txn, run->request->name, &account);
    run->enrolled = error == MEDGL_OK;
    run->verdict = IMPORT_DONE;
    if (error == MEDGL_ERR_NOT_FOUND)
        return import_judge_uid(txn, run);
    MEDGL_TRY(error);
    run->account = account;
    if (account.state != ACCOUNT_STATE_ACTIVE)
        run->verdict = IMPORT_NOT_ACTIVE;
    else if (account.uid != run->request->uid)
        run->verdict = IMPORT_UID_CHANGED;
    else
        MEDGL_TRY(import_judge_password(txn, run));
    return run->verdict == IMPORT_DONE ? import_judge_role(txn, run) : MEDGL_OK;
}

/* R19: nothing is known of what the password meets, so its strength is NONE until its owner gives
 * it. */
static enum medgl_error import_put(struct store_txn *txn, struct import_run *run)
{
    struct ledger_entry entry;
    char set_at[CLOCK_TEXT_SIZE];
    auto_clean(password_record_clear) struct password_record record = {.has_stem = false};
    const struct clock_reading clock = clock_read();
    struct credential credential = {.kind = CREDENTIAL_PASSWORD,
                                    .strength = PASSWORD_STRENGTH_NONE,
                                    .set_at = run->request->set_at};
    MEDGL_TRY(text_copy(record.hash, sizeof(record.hash), (const char *)run->request->hash->bytes));
    MEDGL_TRY(crypto_random_id(credential.id));
    memcpy(credential.account_id, run->account.id, CRYPTO_ID_SIZE);
    MEDGL_TRY(password_seal(run->context, &credential, &record));
    evidence_begin(run->context, &clock, LEDGER_PASSWORD_IMPORT, &run->account, &entry);
    ledger_entry_text(&entry, "credential", credential.id);
    if (credential.set_at > 0)
        ledger_entry_time(&entry, "set_at", credential.set_at, set_at);
    MEDGL_TRY(evidence_append(run->context, txn, &entry, &credential.ledger_seq));
    MEDGL_TRY(password_begin(txn, run->account.id));
    MEDGL_TRY(store_credential_put(txn, &credential));
    return evidence_keep(txn, clock.now);
}

static enum medgl_error import_now(struct store_txn *txn, void *argument)
{
    struct import_run *run = argument;
    char why[OPERATION_WHY_SIZE];
    MEDGL_TRY(import_judge(txn, run));
    if (run->verdict != IMPORT_DONE)
        return MEDGL_ERR_REFUSED; /* nothing changes */
    if (!run->enrolled)
        MEDGL_TRY(account_enrol(run->context, txn, &run->account, why));
    return import_put(txn, run);
}

enum medgl_error operation_import(struct context *context, const struct import_request *request,
                                  enum import_verdict *verdict)
{
    char why[OPERATION_WHY_SIZE];
    struct import_run run = {.context = context,
                             .request = request,
                             .account = {.uid = request->uid, .class_ = request->class_}};
    const struct account_person person = {.full_name = request->full_name};
    *verdict = IMPORT_REFUSED;
    if (!text_is_login_name(request->name))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(text_copy(run.account.name, sizeof(run.account.name), request->name));
    MEDGL_TRY(person_read(&person, clock_read().now, &run.account, why));
    run.verdict =
        request->class_ == ACCOUNT_CLASS_BREAKGLASS || context->place == CONTEXT_BREAKGLASS
            ? IMPORT_BREAKGLASS
            : import_judge_hash(request->hash);
    enum medgl_error error = MEDGL_OK;
    if (run.verdict == IMPORT_DONE)
        error = request->dry_run ? store_transact(context->store, STORE_READ, import_judge, &run)
                                 : store_transact(context->store, STORE_WRITE, import_now, &run);
    if (error != MEDGL_OK && error != MEDGL_ERR_REFUSED)
        return error;
    if (error == MEDGL_OK && run.verdict == IMPORT_DONE && !request->dry_run)
        (void)evidence_publish(context);
    *verdict = run.verdict;
    return MEDGL_OK;
}

/* -- the Unix password ---------------------------------------------------------------------- */

struct shadow_run {
    struct context *context;
    const char *name;
    bool locked;
};

static enum medgl_error shadow_now(struct store_txn *txn, void *argument)
{
    const struct shadow_run *run = argument;
    struct account account;
    struct ledger_entry entry;
    const struct clock_reading clock = clock_read();
    MEDGL_TRY(store_account_by_name(txn, run->name, &account));
    evidence_begin(run->context, &clock, LEDGER_ACCOUNT_SHADOW, &account, &entry);
    ledger_entry_bool(&entry, "locked", run->locked);
    MEDGL_TRY(evidence_append(run->context, txn, &entry, NULL));
    return evidence_keep(txn, clock.now);
}

enum medgl_error operation_shadow_note(struct context *context, const char *name, bool locked)
{
    struct shadow_run run = {.context = context, .name = name, .locked = locked};
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, shadow_now, &run));
    (void)evidence_publish(context);
    return MEDGL_OK;
}
