/* Verifying the password of a proof, and what the plain text is needed for while it is at hand: to
 * be hashed anew, to be judged. Decides nothing, and writes nothing. */
#include "operation/password.h"

#include "base/log.h"
#include "factor/breakglass.h"
#include "factor/crypted.h"
#include "operation/breakglass_login.h"
#include "operation/history.h"
#include "operation/judge.h"

#include <stdio.h>
#include <string.h>

#define PROOF_RENEW_MS 5000 /* of each wait for a slot, once the password is known */

/* -- what the plain text is needed for, beside the verdict ------------------------------------ */

/* As it is now; of the change of a password no second factor is asked. */
static bool proof_lacks_second(const struct proof *proof, medgl_time now)
{
    const struct factor_demand demand = second_demand(proof, &proof->account, &proof->factors, now);
    if (!proof_asks_second(proof))
        return false;
    const enum factor_result result = second_result(proof, &proof->factors, &demand);
    return result == FACTOR_FAILED || (result == FACTOR_NOT_ASKED && demand.required);
}

/* MUST: whom it opens nothing for (disabled, expired, not admitted, a wrong code) gets none of the
 * following: the time that it takes would tell that the password was right (R23). */
static bool proof_is_open(const struct proof *proof)
{
    const medgl_time now = clock_read().now;
    if (proof_lacks_second(proof, now))
        return false;
    const bool nobody = proof->person_asked && !proof->person_found;
    const struct account_facts facts = {
        .known = proof->known,
        .uid_matches = proof->uid_matches,
        .state = proof->account.state,
        .class_ = proof->account.class_,
        .password_facts = password_facts_from(&proof->credential, now),
        .admission = proof_admission(proof, &proof->account, &proof->factors, now).reason,
        .person = nobody ? FACTOR_FAILED : FACTOR_NOT_ASKED,
    };
    return policy_account(&proof->context->policy, &facts, now).reason == LOGIN_REASON_OK;
}

static void proof_log_not_hashed(void)
{
    log_line(LOG_WARNING, "a password could not be hashed at the cost of the policy: see that the "
                          "machine has the memory for kdf_memory times kdf_slots");
}

/* The policy asks for more work than the stored hash costs: hash anew, now that the password is at
 * hand (R10). The salt stays, so that one evaluation still answers for all of the history. The next
 * login does it where this one cannot: who proved the password gets in. */
static void proof_renew(struct proof *proof, const struct password_record *stored,
                        const struct secret *prepared)
{
    struct kdf_record record;
    const struct kdf_cost cost = context_cost(proof->context);
    struct password_line line = context_line(proof->context);
    if (kdf_parse(stored->hash, &record) != MEDGL_OK)
        return;
    line.patience_ms = PROOF_RENEW_MS;
    if (kdf_cheaper(&record.cost, &cost) &&
        password_record_make(&line, &cost, record.salt, prepared, &proof->renewed) != MEDGL_OK) {
        password_record_clear(&proof->renewed);
        proof_log_not_hashed();
    }
    secret_wipe(&record, sizeof(record));
}

/* R19: what the password consists of, under the lengths and kinds that the policy asks for today.
 * One that met no rule stays so until it is changed: why it was refused cannot be seen here. */
static void proof_judge(struct proof *proof, const struct secret *prepared)
{
    struct password_composition found;
    if (proof->credential.strength == PASSWORD_STRENGTH_NONE)
        return;
    password_compose(prepared, &found);
    proof->strength =
        policy_password_strength(&proof->context->policy, found.length,
                                 (unsigned)found.letters + found.digits + found.symbols);
    proof->judged = true;
}

/* -- the evaluation --------------------------------------------------------------------------- */

/* The one that every try gets, and the tag by which the same guess is known again (R20). What was
 * not admitted, or is no text, has none. */
static enum medgl_error proof_derive(struct proof *proof, const struct password_line *line,
                                     const char *phc, const struct kdf_cost *cost,
                                     const struct secret *guess, bool readable, bool *matches)
{
    unsigned char evaluation[KDF_HASH_SIZE];
    struct password_dummy dummy = {.cost = *cost};
    uint32_t tag = 0;
    MEDGL_TRY(attempt_salt(proof->context, proof->account_key, dummy.salt));
    enum medgl_error error = password_verify(line, phc, &dummy, guess, evaluation, matches);
    if (error == MEDGL_OK)
        error =
            attempt_tag(proof->context, proof->account_key, evaluation, proof->person_answer, &tag);
    secret_wipe(evaluation, sizeof(evaluation));
    if (readable && proof->reservation.decision.verdict == ATTEMPT_ADMITTED)
        proof->tag = tag;
    return error;
}

/* -- an imported hash ------------------------------------------------------------------------- */

/* R19: the whole judgement. MEDGL_OK only where every list could be asked. */
static enum medgl_error proof_judge_imported(struct proof *proof, const struct secret *typed,
                                             const struct history_answer *answer)
{
    auto_clean(judge_close) struct judge judge = {.policy = NULL};
    auto_secret struct secret prepared = SECRET_NONE;
    struct password_candidate candidate;
    const struct policy *policy = &proof->context->policy;
    const struct judge_case subject = {.account = &proof->account, .typed = typed};
    MEDGL_TRY(judge_open(proof->context->root, policy, &judge));
    MEDGL_TRY(judge_candidate(&judge, &subject, &prepared, &candidate));
    candidate.used_before = answer->used_before;
    candidate.similar_to_former = answer->similar_to_former;
    proof->strength = policy_password_check(policy, &candidate).strength;
    proof->judged = true;
    return MEDGL_OK;
}

/* Judged, it gets a hash of our own. On a crowded machine the next login makes that: the attempt
 * must not run out of time, and nobody has to change a good password for it. What cannot be judged
 * stays what it was, and due. */
static void proof_take_over(struct proof *proof, const struct secret *typed,
                            const struct secret *prepared, bool crowded)
{
    auto_clean(history_answer_clear) struct history_answer answer = {.used_before = false};
    enum medgl_error made = MEDGL_ERR_DEADLINE;
    const struct history_question question = {.account_id = proof->account.id,
                                              .typed = typed,
                                              .prepared = prepared,
                                              .patience_ms = PROOF_RENEW_MS};
    if (!crowded)
        made = history_ask(proof->context, &question, &answer);
    enum medgl_error judged = proof_judge_imported(proof, typed, &answer);
    if (judged != MEDGL_OK)
        log_line(LOG_ERR,
                 "the imported password of account %s could not be judged (%s) and stays due: "
                 "once medgl-admin policy check finds nothing, the next login judges it",
                 proof->account.id, medgl_error_text(judged));
    else if (made == MEDGL_OK)
        proof->renewed = answer.record;
    else
        proof_log_not_hashed();
}

/* MUST: a hash that says of a mistyped password too that it is right keeps its place: what would be
 * stored of that one refuses the right one for good. */
static void proof_log_partial(const struct proof *proof)
{
    log_line(LOG_NOTICE,
             "the imported password of account %s stays due until it is changed: its hash does not "
             "tell all of it",
             proof->account.id);
}

/* MUST: the outcome is believed from whoever holds a reservation alone. All others do the same work
 * against a hash that is nobody's. */
static void proof_spoil(struct password_record *stored)
{
    char *last = stored->hash + strlen(stored->hash) - 1;
    *last = *last == '.' ? '/' : '.';
}

/* Checked on the text as it was typed: what made the hash knew no OpaqueString. It takes the
 * evaluation that every try takes, and what crypt(3) takes on top (R23). What would take far more
 * is a wrong password to everybody. `typed` NULL: too long. */
static enum medgl_error proof_evaluate_imported(struct proof *proof, struct password_record *stored,
                                                const struct secret *typed,
                                                const struct secret *prepared, bool readable)
{
    bool never;
    struct password_line line = context_line(proof->context);
    const int64_t begin = clock_monotonic();
    const bool real = typed != NULL && proof->reservation.decision.verdict == ATTEMPT_ADMITTED;
    /* As typed: two spellings of the same text are two guesses to crypt(3). */
    const struct secret *guess = readable ? typed : prepared;
    const struct kdf_cost cost = context_cost(proof->context);
    MEDGL_TRY(proof_derive(proof, &line, NULL, &cost, guess, readable, &never));
    if (!crypted_affordable(stored->hash)) {
        log_line(LOG_ERR,
                 "the imported password of account %s is refused: its hash asks for more work or "
                 "memory than a login may take: issue a new one with medgl-admin password reset",
                 proof->account.id);
        return MEDGL_OK;
    }
    if (!real)
        proof_spoil(stored);
    const int64_t used = clock_monotonic() - begin; /* both waits are one: see context_line() */
    line.patience_ms -= used < line.patience_ms ? used : line.patience_ms;
    MEDGL_TRY(
        crypted_verify(&line, stored->hash, typed != NULL ? typed : prepared, &proof->matches));
    proof->matches = proof->matches && real;
    if (!proof->matches || !readable || !proof_is_open(proof))
        return MEDGL_OK;
    if (crypted_covers(stored->hash, typed))
        proof_take_over(proof, typed, prepared, clock_monotonic() - begin > PROOF_RENEW_MS);
    else
        proof_log_partial(proof);
    return MEDGL_OK;
}

/* -- one of ours ------------------------------------------------------------------------------ */

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
static enum medgl_error proof_cost(const struct proof *proof, const struct password_record *stored,
                                   struct kdf_cost *cost)
{
    struct kdf_record record;
    *cost = context_cost(proof->context);
    if (!proof->present)
        return MEDGL_OK;
    MEDGL_TRY(kdf_parse(stored->hash, &record));
    *cost = record.cost;
    secret_wipe(&record, sizeof(record));
    return MEDGL_OK;
}

static enum medgl_error proof_evaluate_own(struct proof *proof,
                                           const struct password_record *stored,
                                           const struct secret *prepared, bool readable)
{
    struct kdf_cost cost;
    const struct password_line line = context_line(proof->context);
    const bool real =
        proof->present && readable && proof->reservation.decision.verdict == ATTEMPT_ADMITTED;
    MEDGL_TRY(proof_cost(proof, stored, &cost));
    MEDGL_TRY(proof_derive(proof, &line, real ? stored->hash : NULL, &cost, prepared, readable,
                           &proof->matches));
    if (proof->matches && proof_is_open(proof)) {
        proof_renew(proof, stored, prepared);
        proof_judge(proof, prepared);
    }
    return MEDGL_OK;
}

/* R32: what stands on paper is read as people type it: in either case, with or without its '-'. */
static enum medgl_error proof_prepare(const struct proof *proof, const struct secret *typed,
                                      struct secret *prepared)
{
    auto_secret struct secret code = SECRET_NONE;
    if (typed == NULL)
        return MEDGL_ERR_ARGUMENT;
    const bool whole = breakglass_code_normalise(typed, &code) == BREAKGLASS_FORM_CODE;
    const bool sealed = proof->known && breakglass_is(&proof->account);
    return password_prepare(whole && sealed ? &code : typed, prepared);
}

static enum medgl_error proof_evaluate(struct proof *proof, const struct secret *typed)
{
    auto_secret struct secret prepared = SECRET_NONE;
    auto_clean(password_record_clear) struct password_record stored = {.has_stem = false};
    enum medgl_error error = proof_prepare(proof, typed, &prepared);
    if (error != MEDGL_OK && error != MEDGL_ERR_ARGUMENT)
        return error;
    const bool readable = error == MEDGL_OK;
    if (!readable) /* malformed, so none of ours: refused after the same work */
        MEDGL_TRY(secret_copy(&prepared, "x", 1));
    MEDGL_TRY(proof->present ? password_unseal(proof->context, &proof->credential, &stored)
                             : proof_unseal_nothing(proof));
    if (proof->present && password_record_imported(&stored))
        return proof_evaluate_imported(proof, &stored, typed, &prepared, readable);
    return proof_evaluate_own(proof, &stored, &prepared, readable);
}

/* Who stands before the machine, or is logged in as this very account, does not wait behind a flood
 * from the network. Of the latter only whose tries are counted: a local user can ask any number of
 * times at once, and must not fill the line of those at the console. */
static bool proof_has_own_line(const struct proof *proof)
{
    return proof->source.console ||
           (proof->source.own && proof->reservation.decision.verdict == ATTEMPT_ADMITTED);
}

enum medgl_error proof_verify(struct proof *proof, const struct secret *typed)
{
    proof->matches = false;
    proof->tag = 0;
    MEDGL_TRY(attempt_reserve(proof->context, proof->known ? &proof->account : NULL,
                              proof->account_key, proof->caller, &proof->source,
                              &proof->reservation));
    proof->context->console = proof_has_own_line(proof);
    const int64_t begin = clock_monotonic();
    enum medgl_error error = proof_asks_second(proof) ? second_verify(proof, typed) : MEDGL_OK;
    proof->context->spent_ms = clock_monotonic() - begin;
    if (error == MEDGL_OK && proof->password_asked)
        error = proof_evaluate(proof, typed);
    if (error != MEDGL_OK) /* from before the evaluation alone: nothing was learnt */
        attempt_withdraw(proof->context, &proof->reservation);
    return error;
}
