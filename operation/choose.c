/* A person chooses a password. Never accepts one that could not be judged in full, and says nothing
 * of it but what is wrong with it. */
#include "operation/choose.h"

#include "base/message.h"

#include <stdio.h>

#define CHOOSE_TRIES 3

void choice_clear(struct choice *choice)
{
    judge_close(&choice->judge);
    secret_wipe(choice, sizeof(*choice));
}

enum medgl_error choose_open(struct choice *choice)
{
    const struct context *context = choice->context;
    enum medgl_error error = judge_open(context->root, &context->policy, &choice->judge);
    if (error == MEDGL_OK)
        return MEDGL_OK;
    choice->talk->warn(choice->talk->carrier,
                       _("No password can be set now, because it could not be checked. Nothing was "
                         "changed: please tell the administrator."));
    return error == MEDGL_ERR_MEMORY ? error : MEDGL_ERR_POLICY; /* no account is missing */
}

/* The rule in force, and one that meets it, before the first try (R19). Without the latter there is
 * still a person who can think of one. */
static void choose_announce(const struct choice *choice)
{
    auto_secret struct secret password = SECRET_NONE;
    char text[JUDGE_TEXT_SIZE];
    const struct policy *policy = choice->judge.policy;
    const struct talk *talk = choice->talk;
    judge_announce(policy, choice->second_factor, text);
    talk->inform(talk->carrier, text);
    if (choice->watched || policy->password_suggest == POLICY_NO ||
        judge_suggest(&choice->judge, choice->account, &password) != MEDGL_OK)
        return;
    (void)snprintf(text, sizeof(text), _("If you like, take this one, made at random for you: %s"),
                   (const char *)password.bytes);
    talk->inform(talk->carrier, text);
    secret_wipe(text, sizeof(text));
}

static void choose_complain(const struct choice *choice)
{
    char text[JUDGE_TEXT_SIZE];
    judge_explain(choice->judge.policy, &choice->judged, choice->second_factor, text);
    choice->talk->warn(choice->talk->carrier, text);
}

/* Evaluates the KDF for a candidate with which nothing else is wrong; what comes of it is stored if
 * it is set. */
static enum medgl_error choose_judge(struct choice *choice, const struct secret *typed)
{
    auto_secret struct secret prepared = SECRET_NONE;
    struct password_candidate candidate;
    const struct policy *policy = choice->judge.policy;
    const struct judge_case subject = {.account = choice->account,
                                       .second_factor = choice->second_factor,
                                       .typed = typed,
                                       .current = choice->current};
    MEDGL_TRY(judge_candidate(&choice->judge, &subject, &prepared, &candidate));
    choice->judged = policy_password_check(policy, &candidate);
    if (choice->judged.refusal != PASSWORD_ACCEPTED)
        return MEDGL_OK;
    const struct history_question question = {.account_id = choice->account->id,
                                              .typed = typed,
                                              .prepared = &prepared,
                                              .current_unproved = choice->current == NULL,
                                              .patience_ms = INT64_MAX};
    MEDGL_TRY(history_ask(choice->context, &question, &choice->answer));
    candidate.used_before = choice->answer.used_before;
    candidate.similar_to_former = choice->answer.similar_to_former;
    choice->judged = policy_password_check(policy, &candidate);
    return MEDGL_OK;
}

/* One try: asks, judges, asks again. A mistyped one is a try as well. Both may be typed at once:
 * the second waits while the first is judged, and goes with it. */
static enum medgl_error choose_try(struct choice *choice)
{
    auto_secret struct secret typed = SECRET_NONE;
    auto_secret struct secret again = SECRET_NONE;
    const struct talk *talk = choice->talk;
    if (choice->watched)
        MEDGL_TRY(talk_hide(talk, true));
    choice->judged = (struct password_verdict){.refusal = PASSWORD_REFUSED_TOO_LONG};
    enum medgl_error error =
        talk->ask(talk->carrier, TALK_SECRET, TALK_PASSWORD, _("New password: "), &typed);
    if (error != MEDGL_ERR_ARGUMENT) { /* what is too long is not even carried here */
        MEDGL_TRY(error);
        MEDGL_TRY(choose_judge(choice, &typed));
    }
    if (choice->judged.refusal != PASSWORD_ACCEPTED) {
        choose_complain(choice);
        return MEDGL_OK;
    }
    error = talk->ask(talk->carrier, TALK_SECRET, TALK_ANSWER, _("Retype new password: "), &again);
    if (error != MEDGL_ERR_ARGUMENT)
        MEDGL_TRY(error);
    choice->accepted = secret_equal(typed.bytes, typed.len, again.bytes, again.len);
    if (!choice->accepted)
        talk->warn(talk->carrier, _("The two entries differ: type the new one again."));
    return MEDGL_OK;
}

enum medgl_error choose_password(struct choice *choice)
{
    choice->accepted = false;
    choose_announce(choice);
    for (int i = 0; i < CHOOSE_TRIES && !choice->accepted; i++)
        MEDGL_TRY(choose_try(choice));
    if (!choice->accepted)
        choice->talk->warn(choice->talk->carrier, _("That was the last try. Nothing was changed."));
    return MEDGL_OK;
}
