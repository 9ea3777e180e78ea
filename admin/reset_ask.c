/* A reset step by step, in plain words, on the operator's terminal (R11). Asks the operator alone:
 * the witness and the person are asked by the operation, after everything was checked. */
#include "admin/opener.h"
#include "admin/reset.h"
#include "admin/steps.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* -- the steps -------------------------------------------------------------------------------- */

static void reset_show_account(const struct account *account)
{
    step_say(_("Password reset for %s. Enter leaves out what may be left out; Ctrl-D cancels, and "
               "nothing is changed."),
             account->name);
    if (account->full_name[0] != '\0')
        step_say(_("  Full name:     %s"), account->full_name);
    if (account->reading[0] != '\0')
        step_say(_("  Reading:       %s"), account->reading);
    if (account->staff_number[0] != '\0')
        step_say(_("  Staff number:  %s"), account->staff_number);
    step_say(_("  Class:         %s"), account_class_word(account->class_));
}

static enum medgl_error reset_ask_method(const struct policy *policy, struct reset_plan *plan)
{
    static const struct step_choice known[] = {
        {"staff-card", N_("you hold their staff card in your hand")},
        {"drivers-licence", N_("you hold their driver's licence in your hand")},
        {"passport", N_("you hold their passport in your hand")},
        {"my-number-card", N_("you hold their My Number card in your hand")},
        {"known-in-person", N_("they stand before you, and you know them")},
        {"callback", N_("you called them back at the number that is on record")},
        {"supervisor", N_("their supervisor is with them and vouches for them")},
        {"video", N_("on a video call you see their face and a document")},
    };
    if (plan->method[0] != '\0')
        return MEDGL_OK;
    step_say(_("How did you verify who they are? If you did not, end here."));
    return step_ask_word(policy->reset_methods, known, MEDGL_COUNT(known), plan->method);
}

static enum medgl_error reset_ask_document(struct admin *admin, const struct reset_needs *needs,
                                           struct reset_plan *plan)
{
    const char *question = needs->document ? _("File with a scan or photo of the document:")
                                           : _("File with a scan or photo of a document (Enter: "
                                               "none):");
    if (admin->document.bytes != NULL || (!opener_there(&admin->opener) && !needs->document))
        return MEDGL_OK;
    if (!opener_there(&admin->opener)) {
        step_say(_("This way needs a copy of the document: start again with --document FILE."));
        return MEDGL_ERR_ABORTED;
    }
    for (;;) {
        MEDGL_TRY(step_ask_text(question, needs->document, plan->document, sizeof(plan->document)));
        if (plan->document[0] == '\0')
            return MEDGL_OK;
        auto_fd int fd = opener_ask(&admin->opener, plan->document, false);
        if (fd < 0)
            step_say(_("%s cannot be opened: %s."), plan->document, strerror(errno));
        else if (files_read_document(fd, plan->document, &admin->document) == ADMIN_DONE)
            return MEDGL_OK;
        secret_free(&admin->document);
    }
}

static enum medgl_error reset_ask_people(const struct options *options,
                                         const struct reset_needs *needs, struct reset_plan *plan)
{
    if (options->value[OPTION_REQUESTED_BY] == NULL)
        MEDGL_TRY(step_ask_text(_("Who asked for it, if not the person (Enter: the person):"),
                                false, plan->requested_by, sizeof(plan->requested_by)));
    if (options->value[OPTION_WITNESS] == NULL) {
        if (needs->witness)
            step_say(_("This reset needs a witness: a second person, here, with a password of "
                       "their own."));
        MEDGL_TRY(step_ask_text(needs->witness ? _("Login name of the witness:")
                                               : _("Login name of a witness (Enter: none):"),
                                needs->witness, plan->witness, sizeof(plan->witness)));
    }
    if (options->value[OPTION_NOTE] == NULL)
        MEDGL_TRY(step_ask_text(_("Remark for the ledger (Enter: none):"), false, plan->note,
                                sizeof(plan->note)));
    return MEDGL_OK;
}

static enum medgl_error reset_ask_file(struct admin *admin, struct reset_plan *plan)
{
    for (;;) {
        MEDGL_TRY(step_ask_text(_("New file for the slip:"), true, plan->file, sizeof(plan->file)));
        int fd = opener_ask(&admin->opener, plan->file, true);
        if (fd >= 0) {
            opener_guards(&admin->opener, &admin->file, plan->file, fd);
            return MEDGL_OK;
        }
        step_say(_("%s cannot be made: %s."), plan->file, strerror(errno));
    }
}

static enum medgl_error reset_ask_way(struct admin *admin, const struct reset_needs *needs,
                                      struct reset_plan *plan)
{
    const bool files = needs->file && opener_there(&admin->opener);
    const bool slip = admin->options.value[OPTION_DELIVER] != NULL; /* that is decided */
    const struct {
        bool allowed;
        enum slip_way way;
        struct step_choice choice;
    } ways[] = {
        {needs->at_terminal && !slip && ask_is_ours(),
         SLIP_NOWHERE,
         {RESET_BY_TERMINAL, _("they are here, and type it themselves; you see nothing")}},
        {needs->printer,
         SLIP_TO_PRINTER,
         {RESET_BY_PRINTER, _("a slip with a random one, from the printer")}},
        {files, SLIP_TO_FILE, {RESET_BY_FILE, _("a slip with a random one, in a new file")}},
        {needs->screen, SLIP_TO_SCREEN, {RESET_BY_SCREEN, _("a slip on this screen, once")}},
    };
    struct step_choice choices[MEDGL_COUNT(ways)];
    size_t of[MEDGL_COUNT(ways)], count = 0, chosen;
    if (plan->at_terminal || plan->way != SLIP_NOWHERE)
        return MEDGL_OK;
    for (size_t i = 0; i < MEDGL_COUNT(ways); i++)
        if (ways[i].allowed) {
            choices[count] = ways[i].choice;
            of[count++] = i;
        }
    if (count == 0) {
        step_say(_("The policy allows no way from here: name a file with --slip FILE."));
        return MEDGL_ERR_ABORTED;
    }
    step_say(_("How does the new password reach them?"));
    MEDGL_TRY(step_ask_choice(choices, count, &chosen));
    plan->way = ways[of[chosen]].way;
    plan->at_terminal = plan->way == SLIP_NOWHERE;
    return plan->way == SLIP_TO_FILE ? reset_ask_file(admin, plan) : MEDGL_OK;
}

/* -- the summary ------------------------------------------------------------------------------ */

static void reset_summary(const struct admin *admin, const struct account *account,
                          const struct reset_plan *plan)
{
    const char *none = _("none");
    const char *person = _("the person");
    const struct actor *actor = &admin->identity.actor;
    step_say(_("This will be done:"));
    step_say(_("  New password for:  %s (%s)"), account->name,
             account->full_name[0] != '\0' ? account->full_name : "-");
    step_say(_("  Verified by:       %s"), plan->method);
    step_say(_("  Document:          %s"), plan->document[0] != '\0' ? plan->document : none);
    step_say(_("  Asked for by:      %s"),
             plan->requested_by[0] != '\0' ? plan->requested_by : person);
    step_say(_("  Witness:           %s"), plan->witness[0] != '\0' ? plan->witness : none);
    step_say(_("  Remark:            %s"), plan->note[0] != '\0' ? plan->note : none);
    step_say(_("  Reaches them:      %s%s%s"), reset_way_word(plan->way),
             plan->file[0] != '\0' ? ", " : "", plan->file);
    step_say(actor->asserted ? _("  Operator:          %s (the name that was given)")
                             : _("  Operator:          %s"),
             actor->name);
    step_say(_("The old password ends, and failed tries are cleared. The ledger keeps all of "
               "this."));
}

static enum medgl_error reset_questions(struct admin *admin, struct reset_plan *plan,
                                        struct reset_needs *needs, char *why)
{
    const char *name = admin->options.name;
    struct context *context = &admin->context;
    MEDGL_TRY(operation_reset_needs(context, name, NULL, needs, why));
    reset_show_account(&needs->account);
    MEDGL_TRY(reset_ask_method(&context->policy, plan));
    MEDGL_TRY(operation_reset_needs(context, name, plan->method, needs, why));
    MEDGL_TRY(reset_ask_document(admin, needs, plan));
    MEDGL_TRY(reset_ask_people(&admin->options, needs, plan));
    return reset_ask_way(admin, needs, plan);
}

enum admin_exit reset_ask(struct admin *admin, struct reset_plan *plan)
{
    struct reset_needs needs;
    char why[OPERATION_WHY_SIZE] = "";
    enum medgl_error error = reset_questions(admin, plan, &needs, why);
    if (error != MEDGL_OK)
        return admin_failed(error, admin->options.name, why);
    reset_summary(admin, &needs.account, plan);
    if (admin->options.value[OPTION_YES] != NULL || ask_to_type(_("Type yes to go on:"), "yes"))
        return ADMIN_DONE;
    return admin_failed(MEDGL_ERR_ABORTED, admin->options.name, NULL);
}
