/* Logging in. The person hears nothing but yes or no (R23): every reason goes to the log and the
 * ledger. */
#include "operation/login.h"

#include "base/log.h"
#include "base/message.h"
#include "operation/password.h"

/* The password: from an earlier module, or asked. MEDGL_ERR_ARGUMENT: an answer that cannot be one.
 */
static enum medgl_error login_ask(const struct talk *talk, const struct login_request *request,
                                  struct secret *typed)
{
    if (request->given != NULL && request->given->len > 0)
        return secret_copy(typed, request->given->bytes, request->given->len);
    if (request->only_given)
        return MEDGL_ERR_ABORTED;
    return talk->ask(talk->carrier, TALK_SECRET, TALK_PASSWORD, _("Password: "), typed);
}

/* The password and, of a shared id, who it is; before any verdict. MEDGL_ERR_ARGUMENT: as above. */
static enum medgl_error login_ask_all(const struct talk *talk, const struct login_request *request,
                                      struct proof *proof, struct secret *typed)
{
    enum medgl_error error = login_ask(talk, request, typed);
    if (error != MEDGL_OK && error != MEDGL_ERR_ARGUMENT)
        return error;
    if (proof_wants_person(proof))
        MEDGL_TRY(proof_ask_person(proof, talk));
    return error;
}

/* MUST: the login is committed. */
static enum medgl_error login_give_token(const struct proof *proof,
                                         const struct login_request *request)
{
    if (request->person == NULL || proof->person[0] == '\0')
        return MEDGL_OK;
    return person_token(proof->context, &proof->account, request->caller, proof->source.key,
                        proof->person, clock_read().now, request->person);
}

enum medgl_error operation_login(struct context *context, const struct talk *talk,
                                 const struct login_request *request, enum login_verdict *verdict)
{
    auto_clean(proof_clear) struct proof proof;
    auto_secret struct secret typed = SECRET_NONE;
    *verdict = LOGIN_REFUSED;
    if (request->person != NULL)
        request->person[0] = '\0';
    MEDGL_TRY(proof_find(context, request->caller, request->user, PROOF_LOGIN, &proof));
    if (proof_is_not_ours(&proof)) {
        *verdict = LOGIN_NOT_ENROLLED;
        return MEDGL_OK;
    }
    if (request->factor == FACTOR_MODE_ONLY) {
        log_line(LOG_ERR,
                 "factor=only: no second factor is in force for this account: enrol one, or "
                 "take the argument out of the PAM service file");
        return MEDGL_OK;
    }
    enum medgl_error error = login_ask_all(talk, request, &proof, &typed);
    if (error == MEDGL_ERR_ABORTED) {
        *verdict = LOGIN_ABORTED;
        return MEDGL_OK;
    }
    if (error != MEDGL_OK && error != MEDGL_ERR_ARGUMENT)
        return error;
    MEDGL_TRY(proof_verify(&proof, error == MEDGL_OK ? &typed : NULL));
    secret_free(&typed);
    MEDGL_TRY(proof_commit(&proof));
    if (!proof.decision.allowed)
        return MEDGL_OK;
    MEDGL_TRY(login_give_token(&proof, request));
    *verdict = LOGIN_ALLOWED;
    return MEDGL_OK;
}
