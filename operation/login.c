/* Logging in. The person hears nothing but yes or no (R23): every reason goes to the log and the
 * ledger. */
#include "operation/login.h"

#include "base/message.h"
#include "factor/breakglass.h"
#include "operation/breakglass.h"
#include "operation/breakglass_login.h"
#include "operation/password.h"
#include "operation/totp.h"

struct login_still {
    const struct proof *proof;
    struct breakglass_look look;
    bool open;
};

#define LOGIN_SLIPS 3 /* how often a slip of the finger is told */

/* R32: what has the form of a code from an envelope, and a check group that does not fit, is a slip
 * of the finger and no try: it is asked for again. MUST: of everybody alike, whoever they say they
 * are (R23); what is typed twice is taken for what it is. */
static enum medgl_error login_ask_password(const struct talk *talk, struct secret *typed)
{
    auto_secret struct secret before = SECRET_NONE;
    for (int slips = 0;; slips++) {
        auto_secret struct secret code = SECRET_NONE;
        MEDGL_TRY(talk->ask(talk->carrier, TALK_SECRET, TALK_PASSWORD, _("Password: "), typed));
        if (slips == LOGIN_SLIPS ||
            breakglass_code_normalise(typed, &code) != BREAKGLASS_FORM_SLIP ||
            secret_equal(before.bytes, before.len, code.bytes, code.len))
            return MEDGL_OK;
        secret_free(&before);
        MEDGL_TRY(secret_copy(&before, code.bytes, code.len));
        secret_free(typed);
        talk->inform(talk->carrier,
                     _("That looks like the password from an envelope with a typing error. "
                       "Type it once more; this was not counted as a try."));
    }
}

/* The password: from an earlier module, or asked. MEDGL_ERR_ARGUMENT: an answer that cannot be one.
 */
static enum medgl_error login_ask(const struct talk *talk, const struct login_request *request,
                                  struct secret *typed)
{
    if (request->given != NULL && request->given->len > 0)
        return secret_copy(typed, request->given->bytes, request->given->len);
    if (request->only_given)
        return MEDGL_ERR_ABORTED;
    return login_ask_password(talk, typed);
}

/* MUST: everything is asked before any verdict. MEDGL_ERR_ARGUMENT: as above. */
static enum medgl_error login_ask_all(const struct talk *talk, const struct login_request *request,
                                      struct proof *proof, struct secret *typed)
{
    enum medgl_error error = MEDGL_OK;
    MEDGL_TRY(second_ask_card(proof, talk));
    proof->password_asked =
        request->factor != FACTOR_MODE_ONLY &&
        (proof->second.pin.len == 0 || proof->context->policy.card_alone != POLICY_YES);
    if (proof->password_asked)
        error = login_ask(talk, request, typed);
    if (error != MEDGL_OK && error != MEDGL_ERR_ARGUMENT)
        return error;
    MEDGL_TRY(second_ask_code(proof, talk));
    if (error == MEDGL_OK)
        MEDGL_TRY(second_split(proof, typed));
    if (proof_wants_person(proof))
        MEDGL_TRY(proof_ask_person(proof, talk));
    return error;
}

/* -- enrolment at the login (R24) ------------------------------------------------------------- */

/* Everything but the second factor was right, and there is none yet. Nothing of the new device is
 * stored before a code of it was confirmed, and then in the transaction that allows the login. */
static enum medgl_error login_enrol(struct context *context, const struct talk *talk,
                                    struct proof *proof)
{
    auto_clean(totp_enrolment_clear) struct totp_enrolment enrolment = {.step = 0};
    talk->inform(talk->carrier,
                 _("A second factor is needed to log in here, and you have none yet. Set one up "
                   "now: it takes an authenticator app on your phone."));
    MEDGL_TRY(totp_enrolment_begin(context, 0, 0, "", &enrolment));
    totp_enrolment_show(talk, &proof->account, &enrolment, context->policy.factor_qr == POLICY_YES,
                        false);
    MEDGL_TRY(totp_enrolment_confirm(talk, &enrolment));
    MEDGL_TRY(proof_commit_enrolled(proof, &enrolment));
    if (proof->decision.allowed)
        talk->inform(talk->carrier,
                     _("The device is set up. From now on a code of it is asked at each login."));
    else /* the account was changed meanwhile */
        talk->warn(talk->carrier, _("The device was not set up: nothing of it is kept. Take what "
                                    "you scanned out of the app again."));
    return MEDGL_OK;
}

/* R32: whoever uses a break-glass account is asked who they are, where somebody can answer; not
 * again of who is logged in as it already (sudo, a screen locker). MUST: the login is committed. */
static void login_ask_who(const struct talk *talk, const struct login_request *request,
                          struct proof *proof, const struct secret *typed)
{
    if (!breakglass_is(&proof->account) || request->silent || request->only_given ||
        proof->place.own)
        return;
    breakglass_ask_person(proof->context, talk, &proof->account, request->caller->service,
                          proof->source.key, typed, proof->person);
}

/* R32: the answers take their time, and the emergency may have ended meanwhile. */
static enum medgl_error login_look(struct store_txn *txn, void *argument)
{
    struct login_still *still = argument;
    MEDGL_TRY(breakglass_look(still->proof->context, txn, &still->proof->account, &still->look));
    still->open = policy_breakglass_state(&still->look.facts) == BREAKGLASS_USED;
    return MEDGL_OK;
}

static bool login_is_open_still(const struct proof *proof)
{
    struct login_still still = {.proof = proof};
    return store_transact(proof->context->store, STORE_READ, login_look, &still) == MEDGL_OK &&
           still.open;
}

/* MUST: the login is committed. */
static enum medgl_error login_give_token(const struct proof *proof,
                                         const struct login_request *request)
{
    const bool card = !proof->password_asked && proof->second.mode != FACTOR_MODE_ONLY;
    const bool password = proof->password_asked && !breakglass_is(&proof->account);
    const char *person = proof->person, *credential = password ? proof->credential.id : "";
    if (person[0] == '\0' && card && !proof->account.shared)
        person = PERSON_BY_CARD;
    if (request->person == NULL || (person[0] == '\0' && credential[0] == '\0'))
        return MEDGL_OK;
    return person_token(proof->context, &proof->account, request->caller, proof->source.key, person,
                        credential, clock_read().now, request->person);
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
    proof.second.mode = request->factor;
    proof.second.unseen = request->silent;
    enum medgl_error error = login_ask_all(talk, request, &proof, &typed);
    if (error == MEDGL_ERR_ABORTED) {
        *verdict = LOGIN_ABORTED;
        return MEDGL_OK;
    }
    if (error != MEDGL_OK && error != MEDGL_ERR_ARGUMENT)
        return error;
    MEDGL_TRY(proof_verify(&proof, error == MEDGL_OK ? &typed : NULL));
    MEDGL_TRY(proof_commit(&proof));
    if (proof.decision.reason == LOGIN_REASON_ENROL) {
        error = login_enrol(context, talk, &proof);
        if (error != MEDGL_OK && error != MEDGL_ERR_ABORTED)
            return error;
    }
    second_tell(&proof, talk);
    if (!proof.decision.allowed)
        return MEDGL_OK;
    login_ask_who(talk, request, &proof, &typed);
    MEDGL_TRY(login_give_token(&proof, request));
    if (breakglass_is(&proof.account) && !login_is_open_still(&proof))
        return MEDGL_OK;
    *verdict = LOGIN_ALLOWED;
    return MEDGL_OK;
}
