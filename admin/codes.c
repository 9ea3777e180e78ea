/* Recovery codes, and one-time codes that are issued with a waiver: on a slip, or on the operator's
 * terminal, once. Never on standard output, so in no pipe and no JSON document. */
#include "admin/slip.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>

#define CODES_TEXT_SIZE 8192

/* Where the codes go is known before anything is done. */
enum admin_exit codes_settle(const struct admin *admin)
{
    const bool slip = admin->options.value[OPTION_SLIP] != NULL;
    const bool show = admin->options.value[OPTION_SHOW] != NULL;
    if (slip == show)
        complain(_("say where the codes go: either --slip FILE or --show"));
    else if (show && !ask_possible())
        complain(_("--show needs a terminal: codes go into no pipe and no file but a slip "
                   "(--slip FILE)"));
    else
        return ADMIN_DONE;
    return ADMIN_USAGE;
}

/* -- the text --------------------------------------------------------------------------------- */

static enum medgl_error codes_head(struct secret *text, const struct account *account, bool waiver)
{
    char host[HOST_NAME_MAX + 1] = "";
    (void)gethostname(host, sizeof(host) - 1);
    MEDGL_TRY(slip_add(text, "%s",
                       waiver ? _("One-time codes\n"
                                  "==============\n\n")
                              : _("Recovery codes\n"
                                  "==============\n\n")));
    return slip_add(text,
                    _("Login name: %s\n"
                      "Full name: %s\n"
                      "Host: %s\n\n"),
                    account->name, account->full_name[0] != '\0' ? account->full_name : "-", host);
}

static enum medgl_error codes_tail(struct secret *text, medgl_time until)
{
    char when[CLOCK_LOCAL_SIZE];
    if (until != 0) {
        clock_format_local(until, when);
        MEDGL_TRY(slip_add(text, _("Valid until: %s\n\n"), when));
        MEDGL_TRY(slip_add(
            text, _("What to do:\n"
                    "1. Where a one-time code is asked for, type one of these: each works once. "
                    "Strike it out then.\n"
                    "2. Keep this slip away from everybody else.\n"
                    "3. Destroy it when your device or card is there again.\n\n")));
    } else {
        MEDGL_TRY(slip_add(
            text, _("What to do:\n"
                    "1. Keep this slip where nobody else finds it: not with your device, and with "
                    "no password.\n"
                    "2. Where a one-time code is asked for and your device is not at hand, type "
                    "one of these: each works once. Strike it out then.\n"
                    "3. Ask for new ones before they are used up: new ones end these.\n\n")));
    }
    return slip_add(text, _("You did not ask for this? Tell your administrator at once.\n"));
}

static enum medgl_error codes_write(struct secret *text, const struct account *account,
                                    const char (*codes)[RECOVERY_TEXT_SIZE], size_t count,
                                    medgl_time until)
{
    MEDGL_TRY(secret_alloc(text, CODES_TEXT_SIZE));
    MEDGL_TRY(codes_head(text, account, until != 0));
    for (size_t i = 0; i < count; i++)
        MEDGL_TRY(slip_add(text, "%4zu. %s\n", i + 1, codes[i]));
    MEDGL_TRY(slip_add(text, "\n"));
    return codes_tail(text, until);
}

/* -- giving them out -------------------------------------------------------------------------- */

enum medgl_error codes_deliver(const struct admin *admin, const struct account *account,
                               const char (*codes)[RECOVERY_TEXT_SIZE], size_t count,
                               medgl_time until)
{
    auto_secret struct secret text = SECRET_NONE;
    MEDGL_TRY(codes_write(&text, account, codes, count, until));
    if (admin->options.value[OPTION_SLIP] != NULL)
        return slip_to_file(admin->file.fd, &text);
    /* What is on the screen is not in force yet: it is said when it is. */
    return ask_possible() ? file_write(STDERR_FILENO, text.bytes, text.len) : MEDGL_ERR_IO;
}

void codes_say(struct admin *admin, const char *name)
{
    const char *slip = admin->options.value[OPTION_SLIP];
    admin->file_stays = slip != NULL;
    if (slip != NULL)
        output_say(&admin->output,
                   _("The codes for %s are in %s. Give the slip to that person alone, then remove "
                     "the file."),
                   name, slip);
    else
        output_say(&admin->output,
                   _("The codes above are in force now, and are not shown again. Clear the screen "
                     "when %s has written them down."),
                   name);
}
