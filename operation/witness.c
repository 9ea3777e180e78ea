/* A second pair of eyes (R11). Never believes a name: the witness proves a password, and a second
 * factor where one is asked of them, by the one way through a proof. */
#include "operation/witness.h"

#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "operation/password.h"
#include "operation/person.h"
#include "operation/refuse.h"

#include <stdio.h>
#include <string.h>

#define WITNESS_SERVICE "medgl-admin"

/* -- who can ---------------------------------------------------------------------------------- */

struct witness_look {
    const struct context *context;
    const struct account *witness;
    bool operators;
};

static bool witness_is_operator(const struct actor *actor, const struct account *account)
{
    return (!actor->asserted && actor->uid >= 0 && actor->uid == account->uid) ||
           (actor->name[0] != '\0' && text_same_name(actor->name, account->name));
}

/* One person's accounts stand for each other. */
static enum medgl_error witness_look_at(void *argument, const struct account *other)
{
    struct witness_look *look = argument;
    look->operators = look->operators || (witness_is_operator(&look->context->actor, other) &&
                                          person_is_same(other, look->witness));
    return MEDGL_OK;
}

static enum medgl_error witness_is_third(const struct context *context, struct store_txn *txn,
                                         const struct account *subject,
                                         const struct account *witness, char *why)
{
    struct witness_look look = {.context = context,
                                .witness = witness,
                                .operators = witness_is_operator(&context->actor, witness)};
    MEDGL_TRY(store_account_each(txn, witness_look_at, &look));
    if (look.operators)
        return refuse(why, _("%s is the operator: the witness is somebody else"), witness->name);
    if (strcmp(witness->id, subject->id) == 0 || person_is_same(witness, subject))
        return refuse(why, _("%s is the person whom this is about: the witness is somebody else"),
                      witness->name);
    return MEDGL_OK;
}

/* MUST: one that an administrator issued proves nothing: whoever gave it out knows it, or may. */
static enum medgl_error witness_has_password(const struct context *context, struct store_txn *txn,
                                             const struct account *witness, char *why)
{
    auto_clean(credential_clear) struct credential credential = {.issued = false};
    const medgl_time now = clock_read().now;
    enum medgl_error error =
        store_credential_get(txn, witness->id, CREDENTIAL_PASSWORD, &credential);
    if (error == MEDGL_ERR_NOT_FOUND)
        return refuse(why, _("%s has no password: choose another witness"), witness->name);
    MEDGL_TRY(error);
    struct password_facts facts = password_facts_from(&credential, now);
    MEDGL_TRY(factors_in_force(context, txn, witness, now, &facts.second_factor));
    const struct password_standing standing =
        policy_password_standing(&context->policy, &facts, now);
    if (standing.usable && !standing.due && !facts.issued)
        return MEDGL_OK;
    return refuse(why,
                  _("the password of %s has to be changed first: they log in and choose a "
                    "new one, or somebody else is the witness"),
                  witness->name);
}

enum medgl_error witness_check(const struct context *context, struct store_txn *txn,
                               const char *name, const struct account *subject,
                               struct account *witness, char why[OPERATION_WHY_SIZE])
{
    enum medgl_error error = store_account_by_name(txn, name, witness);
    if (error == MEDGL_ERR_NOT_FOUND)
        return refuse(why, _("%s is not enrolled: choose another witness"), name);
    MEDGL_TRY(error);
    if (witness->state != ACCOUNT_STATE_ACTIVE)
        return refuse(why, _("the account of %s is %s: choose another witness"), name,
                      account_state_word(witness->state));
    if (witness->shared)
        return refuse(why, _("%s is used by more than one person: a witness is one person"), name);
    if (witness->class_ == ACCOUNT_CLASS_BREAKGLASS)
        return refuse(why,
                      _("%s is an account for emergencies, and nobody's: a witness is one "
                        "person"),
                      name);
    MEDGL_TRY(witness_is_third(context, txn, subject, witness, why));
    return witness_has_password(context, txn, witness, why);
}

/* -- the proof -------------------------------------------------------------------------------- */

/* Where it is counted: by who is logged in, which is the kernel's word. A name that was given, or a
 * terminal, could be another one each time: those are one source together. */
static void witness_caller(const struct context *context, struct caller *caller)
{
    const struct actor *actor = &context->actor;
    *caller = (struct caller){.trusted = true};
    if (!actor->asserted && actor->uid > 0)
        caller->real_uid = actor->uid;
    (void)snprintf(caller->service, sizeof(caller->service), "%s", WITNESS_SERVICE);
}

/* MUST: everything is asked before any verdict. MEDGL_ERR_ARGUMENT: what was typed can be no
 * password. */
static enum medgl_error witness_ask(const struct talk *talk, struct proof *proof,
                                    struct secret *typed)
{
    char prompt[STORE_NAME_SIZE + 64];
    enum medgl_error error = MEDGL_OK;
    MEDGL_TRY(second_ask_card(proof, talk));
    proof->password_asked =
        proof->second.pin.len == 0 || proof->context->policy.card_alone != POLICY_YES;
    (void)snprintf(prompt, sizeof(prompt), _("Password of %s: "), proof->account.name);
    if (proof->password_asked)
        error = talk->ask(talk->carrier, TALK_SECRET, TALK_PASSWORD, prompt, typed);
    if (error != MEDGL_OK && error != MEDGL_ERR_ARGUMENT)
        return error;
    MEDGL_TRY(second_ask_code(proof, talk));
    if (error == MEDGL_OK)
        MEDGL_TRY(second_split(proof, typed));
    return error;
}

/* A full name and a login name; cut between characters. */
static void witness_name(const struct account *account, char text[256])
{
    char full[161], name[81];
    text_printable(full, sizeof(full), account->full_name);
    text_printable(name, sizeof(name), account->name);
    if (full[0] != '\0')
        (void)snprintf(text, 256, "%s (%s)", full, name);
    else
        (void)snprintf(text, 256, "%s", name);
}

static void witness_greet(const struct context *context, const struct talk *talk,
                          const struct account *witness, const struct witness_act *act)
{
    char text[2 * OPERATION_WHY_SIZE], who[256], about[256], operator_[81];
    witness_name(witness, who);
    witness_name(act->subject, about);
    text_printable(operator_, sizeof(operator_),
                   context->actor.name[0] != '\0' ? context->actor.name : "root");
    (void)snprintf(text, sizeof(text),
                   _("Witness: %s. %s wants to reset the password of %s, class %s; verified by %s; "
                     "the new one by %s."),
                   who, operator_, about, account_class_word(act->subject->class_), act->method,
                   act->way);
    talk->inform(talk->carrier, text);
    talk->inform(talk->carrier,
                 _("You stand for it that the person at the desk is that one. Prove who you are; "
                   "nobody else looks at the keys."));
}

/* From the first question to the verdict. */
static enum medgl_error witness_answer(const struct talk *talk, struct proof *proof,
                                       const struct witness_act *act)
{
    auto_secret struct secret typed = SECRET_NONE;
    witness_greet(proof->context, talk, &proof->account, act);
    enum medgl_error error = witness_ask(talk, proof, &typed);
    if (error != MEDGL_OK && error != MEDGL_ERR_ARGUMENT)
        return error;
    MEDGL_TRY(proof_verify(proof, error == MEDGL_OK ? &typed : NULL));
    secret_free(&typed);
    MEDGL_TRY(proof_commit(proof));
    if (proof->decision.allowed)
        second_tell(proof, talk);
    return MEDGL_OK;
}

enum medgl_error witness_prove(struct context *context, const struct talk *talk,
                               const struct account *witness, const struct witness_act *act,
                               char why[OPERATION_WHY_SIZE])
{
    auto_clean(proof_clear) struct proof proof = {.known = false};
    struct caller caller;
    witness_caller(context, &caller);
    MEDGL_TRY(proof_find(context, &caller, witness->name, PROOF_WITNESS, &proof));
    proof.second.unseen = true; /* nobody enrols a device here */
    if (!proof.known || strcmp(proof.account.id, witness->id) != 0)
        return MEDGL_ERR_CONFLICT;
    const enum log_target logged = log_turn(LOG_TARGET_SYSLOG);
    enum medgl_error error = talk_hide(talk, true);
    if (error == MEDGL_OK)
        error = witness_answer(talk, &proof, act);
    (void)log_turn(logged);
    const enum medgl_error shown = talk_hide(talk, false);
    MEDGL_TRY(error);
    MEDGL_TRY(shown);
    if (proof.decision.allowed)
        return MEDGL_OK;
    return refuse(why,
                  _("the witness %s did not prove who they are, or cannot log in now: "
                    "nothing was changed, and the try is counted"),
                  witness->name);
}
