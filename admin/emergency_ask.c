/* Declaring an emergency and ending one step by step, in plain words: short, because who does it is
 * in a hurry (R31). */
#include "admin/emergency.h"
#include "admin/steps.h"

#include "base/text.h"
#include "policy/reset.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool ask_given(const struct admin *admin, enum option option, char *text, size_t size)
{
    const char *value = admin->options.value[option];
    text[0] = '\0';
    return value != NULL && text_copy(text, size, value) == MEDGL_OK;
}

static enum admin_exit ask_nobody(const char *options)
{
    complain(_("%s must be given where nobody can be asked."), options);
    return ADMIN_USAGE;
}

static enum admin_exit ask_gave_up(void)
{
    complain(_("Cancelled; nothing was changed."));
    return ADMIN_REFUSED;
}

/* -- declare ---------------------------------------------------------------------------------- */

static enum medgl_error ask_criterion(const struct policy *policy, struct emergency_plan *plan)
{
    static const struct step_choice known[] = {
        {"system-failure", N_("systems that care needs do not work")},
        {"network-failure", N_("what care needs cannot be reached")},
        {"disaster", N_("earthquake, fire, flood, loss of power")},
        {"cyber-attack", N_("systems were attacked, or are encrypted")},
        {"patient-safety", N_("a patient would come to harm by waiting")},
        {"other", N_("something else: say what in the note")},
    };
    step_say(_("On what grounds?"));
    return step_ask_word(policy->emergency_criteria, known, MEDGL_COUNT(known), plan->criterion);
}

static enum medgl_error ask_drill(struct emergency_plan *plan)
{
    const struct step_choice choices[] = {{"emergency", _("it is in earnest")},
                                          {"drill", _("it is for practice, and marked so")}};
    size_t chosen;
    MEDGL_TRY(step_ask_choice(choices, MEDGL_COUNT(choices), &chosen));
    plan->drill = chosen == 1;
    return MEDGL_OK;
}

static enum medgl_error ask_declare_steps(const struct admin *admin, struct emergency_plan *plan,
                                          bool criterion, bool decided_by)
{
    const struct policy *policy = &admin->context.policy;
    step_say(plan->drill ? _("Declaring a drill. Ctrl-D cancels, and nothing is changed.")
                         : _("Declaring an emergency. Ctrl-D cancels, and nothing is changed."));
    if (!plan->drill)
        MEDGL_TRY(ask_drill(plan));
    if (!criterion)
        MEDGL_TRY(ask_criterion(policy, plan));
    if (!decided_by)
        MEDGL_TRY(step_ask_text(_("Who decided it (name, post):"), true, plan->decided_by,
                                sizeof(plan->decided_by)));
    if (plan->note[0] == '\0')
        MEDGL_TRY(step_ask_text(_("What happened (Enter: nothing more to say):"), false, plan->note,
                                sizeof(plan->note)));
    step_say(plan->drill ? _("This will happen, marked as a drill:") : _("This will happen:"));
    step_say(_("  Everybody is told: the log, all terminals, mail, and each login on this "
               "machine."));
    step_say(_("  Break-glass accounts can be used with what is in their envelopes, for %" PRId64
               " hours or until medgl-admin emergency recover."),
             policy_emergency_left(policy, 0) / MEDGL_HOUR);
    return ask_to_type(_("Type the word declare to go on:"), "declare") ? MEDGL_OK
                                                                        : MEDGL_ERR_ABORTED;
}

enum admin_exit emergency_ask_declare(struct admin *admin, struct emergency_plan *plan)
{
    const bool criterion =
        ask_given(admin, OPTION_CRITERION, plan->criterion, sizeof(plan->criterion));
    const bool decided_by =
        ask_given(admin, OPTION_DECIDED_BY, plan->decided_by, sizeof(plan->decided_by));
    (void)ask_given(admin, OPTION_NOTE, plan->note, sizeof(plan->note));
    plan->drill = admin->options.value[OPTION_DRILL] != NULL;
    if (criterion && decided_by)
        return ADMIN_DONE;
    if (!ask_possible())
        return ask_nobody("--criterion, --decided-by");
    const enum medgl_error error = ask_declare_steps(admin, plan, criterion, decided_by);
    return error == MEDGL_OK ? ADMIN_DONE : ask_gave_up();
}

/* -- recover ---------------------------------------------------------------------------------- */

static void ask_show_recover(const struct emergency_status *status)
{
    const struct emergency *row = &status->now.row;
    char declared[CLOCK_LOCAL_SIZE];
    clock_format_local(row->declared, declared);
    step_say(row->drill
                 ? _("Ending drill %" PRIu32 " (%s, since %s). Ctrl-D cancels, and nothing is "
                     "changed.")
                 : _("Ending emergency %" PRIu32 " (%s, since %s). Ctrl-D cancels, and nothing "
                     "is changed."),
             row->number, row->criterion, declared);
}

static enum medgl_error ask_recover_steps(const struct emergency_status *status,
                                          struct emergency_plan *plan)
{
    ask_show_recover(status);
    MEDGL_TRY(step_ask_text(_("Who decided that it is over (name, post):"), true, plan->decided_by,
                            sizeof(plan->decided_by)));
    if (plan->note[0] == '\0')
        MEDGL_TRY(
            step_ask_text(_("A remark (Enter: none):"), false, plan->note, sizeof(plan->note)));
    step_say(_("This will happen:"));
    step_say(_("  Break-glass accounts that were used: %" PRIu32 ". They are closed, and all their "
               "processes end, this session too if it is one of theirs."),
             status->used + status->closed);
    step_say(_("  They work again after medgl-admin breakglass seal. Everybody is told."));
    return ask_to_type(_("Type the word recover to go on:"), "recover") ? MEDGL_OK
                                                                        : MEDGL_ERR_ABORTED;
}

/* Where none is open the operation says so, and nobody is asked. */
enum admin_exit emergency_ask_recover(struct admin *admin, struct emergency_plan *plan)
{
    struct emergency_status status;
    (void)ask_given(admin, OPTION_NOTE, plan->note, sizeof(plan->note));
    if (ask_given(admin, OPTION_DECIDED_BY, plan->decided_by, sizeof(plan->decided_by)))
        return ADMIN_DONE;
    if (!ask_possible())
        return ask_nobody("--decided-by");
    enum medgl_error error = operation_emergency_status(&admin->context, NULL, &status);
    if (error != MEDGL_OK)
        return admin_failed(error, "", NULL);
    if (status.now.phase == EMERGENCY_NONE || status.now.phase == EMERGENCY_RECOVERED)
        return admin_failed(MEDGL_ERR_REFUSED, "", _("no emergency or drill is open"));
    error = ask_recover_steps(&status, plan);
    return error == MEDGL_OK ? ADMIN_DONE : ask_gave_up();
}
