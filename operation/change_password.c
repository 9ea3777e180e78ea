/* The owner changes the password (R17, R18). Never on behalf of somebody else: that is a reset,
 * with a verified identity (R11). */
#include "operation/change_password.h"

#include "base/message.h"
#include "operation/evidence.h"
#include "operation/identity.h"
#include "operation/password.h"

#include <stdio.h>
#include <string.h>

#define CHANGE_TRIES 3

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

/* Who is it, and do they know the current password? CHANGE_READY goes on. */
static enum medgl_error change_prove(struct context *context, const struct talk *talk,
                                     const struct change_request *request, struct proof *proof,
                                     struct secret *typed, enum change_verdict *verdict)
{
    *verdict = CHANGE_REFUSED;
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
    enum medgl_error error = change_current(talk, request, typed);
    if (error == MEDGL_ERR_ABORTED) {
        *verdict = CHANGE_ABORTED;
        return MEDGL_OK;
    }
    if (error != MEDGL_OK && error != MEDGL_ERR_ARGUMENT)
        return error;
    MEDGL_TRY(proof_verify(proof, error == MEDGL_OK ? typed : NULL));
    MEDGL_TRY(proof_commit(proof));
    *verdict = proof->decision.allowed ? CHANGE_READY : CHANGE_WRONG_CURRENT;
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

/* -- the new password --------------------------------------------------------------------- */

static void change_explain(const struct context *context, const struct talk *talk)
{
    char text[512];
    const struct policy *policy = &context->policy;
    (void)snprintf(
        text, sizeof(text),
        _("Choose a password of %lld or more characters with letters, digits and symbols; "
          "one of %lld or more is accepted too, but must be changed regularly."),
        (long long)policy->password_long_length, (long long)policy->password_short_length);
    talk->inform(talk->carrier, text);
}

/* What is wrong with a candidate, and what to do about it. Never shows any of it. */
static void change_complain(const struct context *context, const struct talk *talk,
                            enum password_refusal refusal)
{
    char text[512] = "";
    switch (refusal) {
    case PASSWORD_ACCEPTED:
        return;
    case PASSWORD_REFUSED_TEXT:
        (void)snprintf(text, sizeof(text), "%s",
                       _("This password has characters that cannot be used: leave out control "
                         "characters and check the input method."));
        break;
    case PASSWORD_REFUSED_TOO_LONG:
        (void)snprintf(text, sizeof(text), _("This password is too long: use at most %d bytes."),
                       PASSWORD_BYTES_MAX);
        break;
    case PASSWORD_REFUSED_TOO_SHORT:
        (void)snprintf(text, sizeof(text),
                       _("This password is too short: use %lld or more characters, better %lld."),
                       (long long)context->policy.password_short_length,
                       (long long)context->policy.password_long_length);
        break;
    case PASSWORD_REFUSED_KINDS:
        (void)snprintf(text, sizeof(text), "%s",
                       _("This password needs letters, digits and symbols, each at least once."));
        break;
    case PASSWORD_REFUSED_SAME:
        (void)snprintf(text, sizeof(text), "%s",
                       _("This is the current password: choose a new one."));
        break;
    case PASSWORD_REFUSED_FULL_WIDTH:
    case PASSWORD_REFUSED_GUESSABLE:
    case PASSWORD_REFUSED_SIMILAR:
    case PASSWORD_REFUSED_USED:
    case PASSWORD_REFUSED_SIMILAR_FORMER:
        (void)snprintf(text, sizeof(text), "%s",
                       _("This password contains your own name: choose another one."));
        break;
    }
    talk->warn(talk->carrier, text);
}

static struct password_verdict change_judge(const struct proof *proof, const struct secret *typed,
                                            const struct secret *current, struct secret *prepared)
{
    struct password_candidate candidate = {.valid_text = false};
    auto_secret struct secret old = SECRET_NONE;
    if (password_prepare(typed, prepared) == MEDGL_OK) {
        struct password_composition found;
        password_compose(prepared, &found);
        candidate.valid_text = true;
        candidate.length = found.length;
        candidate.letters = found.letters;
        candidate.digits = found.digits;
        candidate.symbols = found.symbols;
        candidate.same_as_current =
            password_prepare(current, &old) == MEDGL_OK &&
            secret_equal(old.bytes, old.len, prepared->bytes, prepared->len);
    }
    return policy_password_check(&proof->context->policy, &candidate);
}

/* One try: asks twice, judges. MEDGL_OK with verdict->refusal; a mismatch is a refusal without
 * words of its own. */
static enum medgl_error change_ask_new(const struct proof *proof, const struct talk *talk,
                                       const struct secret *current, struct secret *prepared,
                                       bool *accepted, struct password_verdict *verdict)
{
    auto_secret struct secret typed = SECRET_NONE;
    auto_secret struct secret again = SECRET_NONE;
    *accepted = false;
    enum medgl_error error =
        talk->ask(talk->carrier, TALK_SECRET, TALK_PASSWORD, _("New password: "), &typed);
    if (error == MEDGL_ERR_ARGUMENT) {
        change_complain(proof->context, talk, PASSWORD_REFUSED_TOO_LONG);
        return MEDGL_OK;
    }
    MEDGL_TRY(error);
    *verdict = change_judge(proof, &typed, current, prepared);
    if (verdict->refusal != PASSWORD_ACCEPTED) {
        change_complain(proof->context, talk, verdict->refusal);
        return MEDGL_OK;
    }
    error = talk->ask(talk->carrier, TALK_SECRET, TALK_ANSWER, _("Retype new password: "), &again);
    if (error != MEDGL_ERR_ARGUMENT)
        MEDGL_TRY(error);
    *accepted = secret_equal(typed.bytes, typed.len, again.bytes, again.len);
    if (!*accepted)
        talk->warn(talk->carrier, _("The two passwords differ. Nothing was changed."));
    return MEDGL_OK;
}

struct change_run {
    struct proof *proof;
    const struct password_record *record;
    enum password_strength strength;
    struct clock_reading clock;
    bool stale; /* the password was replaced by somebody else meanwhile */
};

static enum medgl_error change_now(struct store_txn *txn, void *argument)
{
    struct change_run *run = argument;
    struct proof *proof = run->proof;
    struct account account;
    struct credential credential;
    uint32_t cleared;
    struct ledger_entry entry;
    run->clock = clock_read();
    run->stale = true;
    MEDGL_TRY(store_account_by_id(txn, proof->account.id, &account));
    MEDGL_TRY(store_credential_get(txn, account.id, CREDENTIAL_PASSWORD, &credential));
    if (account.state != ACCOUNT_STATE_ACTIVE || strcmp(credential.id, proof->credential.id) != 0)
        return MEDGL_ERR_REFUSED;
    run->stale = false;
    MEDGL_TRY(crypto_random_id(credential.id));
    credential.strength = run->strength;
    credential.issued = false;
    credential.set_at = run->clock.now;
    credential.valid_until = 0;
    MEDGL_TRY(password_seal(proof->context, &credential, run->record));
    evidence_begin(proof->context, &run->clock, LEDGER_PASSWORD_CHANGE, &account, &entry);
    ledger_entry_text(&entry, "credential", credential.id);
    ledger_entry_text(&entry, "service", proof->caller->service);
    ledger_entry_text(&entry, "source", proof->source.key);
    ledger_entry_text(&entry, "strength",
                      run->strength == PASSWORD_STRENGTH_LONG ? "long" : "short");
    MEDGL_TRY(evidence_append(proof->context, txn, &entry, &credential.ledger_seq));
    MEDGL_TRY(store_credential_put(txn, &credential));
    return store_attempt_clear(txn, account.id, proof->source.key, &cleared);
}

static enum medgl_error change_set(struct proof *proof, const struct talk *talk,
                                   const struct secret *prepared, enum password_strength strength,
                                   enum change_verdict *verdict)
{
    auto_clean(password_record_clear) struct password_record record = {.has_stem = false};
    const struct password_line line = context_line(proof->context);
    const struct kdf_cost cost = context_cost(proof->context);
    MEDGL_TRY(password_hash(&line, &cost, NULL, prepared, record.hash));
    struct change_run run = {.proof = proof, .record = &record, .strength = strength};
    enum medgl_error error = store_transact(proof->context->store, STORE_WRITE, change_now, &run);
    if (error == MEDGL_ERR_REFUSED && run.stale) {
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
    auto_clean(proof_clear) struct proof proof = {.known = false};
    auto_secret struct secret current = SECRET_NONE;
    enum change_verdict proved;
    *verdict = CHANGE_REFUSED;
    MEDGL_TRY(change_prove(context, talk, request, &proof, &current, &proved));
    if (proved != CHANGE_READY) {
        *verdict = proved;
        return MEDGL_OK;
    }
    change_explain(context, talk);
    for (int i = 0; i < CHANGE_TRIES; i++) {
        auto_secret struct secret prepared = SECRET_NONE;
        struct password_verdict judged;
        bool accepted;
        enum medgl_error error =
            change_ask_new(&proof, talk, &current, &prepared, &accepted, &judged);
        if (error == MEDGL_ERR_ABORTED) {
            *verdict = CHANGE_ABORTED;
            return MEDGL_OK;
        }
        MEDGL_TRY(error);
        if (accepted)
            return change_set(&proof, talk, &prepared, judged.strength, verdict);
    }
    *verdict = CHANGE_TRIES_USED;
    return MEDGL_OK;
}
