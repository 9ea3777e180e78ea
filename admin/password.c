/* `password revoke`: a password that may have leaked ends, with what goes with it (R12). */
#include "admin/admin.h"

#include "operation/account.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void revoke_say_processes(struct admin *admin, const struct password_revoked *revoked,
                                 const struct privileged_answer *answer)
{
    if (admin->options.value[OPTION_SESSIONS] == NULL)
        output_say(&admin->output, _("Sessions that are open go on: see who -u; the same command "
                                     "with --sessions ends them."));
    else
        output_say(
            &admin->output,
            _("Sessions that were open: %" PRIu32 ". Processes that were ended: %" PRIu32 "."),
            revoked->sessions, answer->found);
}

/* What opens the account again; the two ways exclude each other. */
static void revoke_say_next(struct admin *admin, const struct password_revoked *revoked)
{
    const char *name = admin->options.name;
    if (revoked->class_ == ACCOUNT_CLASS_BREAKGLASS)
        output_say(&admin->output,
                   _("What is left to do: destroy the envelope, and seal it anew with medgl-admin "
                     "breakglass seal %s; look for keys in ~/.ssh/authorized_keys of the account."),
                   name);
    else
        output_say(&admin->output,
                   _("What is left to do: verify who %s is and issue a new one with medgl-admin "
                     "password reset; look for keys in ~/.ssh/authorized_keys that are not "
                     "theirs."),
                   name);
}

/* R12: the password ended with the commit, whatever became of the processes. */
static void revoke_complain_processes(const char *name, const struct password_revoked *revoked)
{
    if (revoked->class_ == ACCOUNT_CLASS_BREAKGLASS)
        complain(_("%s has no password any more nevertheless, and its open sessions are recorded "
                   "as ended (%" PRIu32 "): end their processes, then seal it anew with "
                   "medgl-admin breakglass seal %s."),
                 name, revoked->sessions, name);
    else
        complain(_("%s has no password any more nevertheless, and its open sessions are recorded "
                   "as ended (%" PRIu32 "): end their processes, then issue a new password with "
                   "medgl-admin password reset."),
                 name, revoked->sessions);
}

static void revoke_print(struct admin *admin, const struct password_revoked *revoked,
                         const struct privileged_answer *answer)
{
    static const struct column columns[] = {
        {"name", "", COLUMN_TEXT, COLUMN_JSON},
        {"uid", "", COLUMN_NUMBER, COLUMN_JSON},
        {"sessions_ended", "", COLUMN_NUMBER, COLUMN_JSON},
        {"processes_ended", "", COLUMN_NUMBER, COLUMN_JSON},
        {"factors_ended", "", COLUMN_NUMBER, COLUMN_JSON},
    };
    const char *name = admin->options.name;
    const bool ended = admin->options.value[OPTION_SESSIONS] != NULL;
    const bool factors = admin->options.value[OPTION_FACTORS] != NULL;
    output_say(&admin->output,
               revoked->password
                   ? _("The password of %s is ended: it opens nothing any more, and cannot come "
                       "back.")
                   : _("%s has no password: the rest alone is ended."),
               name);
    if (factors)
        output_say(&admin->output,
                   _("Second factors that were ended (devices, cards and codes): %" PRIu32 "."),
                   revoked->factors);
    revoke_say_processes(admin, revoked, answer);
    revoke_say_next(admin, revoked);
    if (admin->output.json) {
        struct table *table =
            table_new(&admin->output, "revoked", TABLE_RECORD, columns, MEDGL_COUNT(columns));
        table_row(table, (struct cell[]){CELL_TEXT(name), CELL_NUMBER(revoked->uid),
                                         ended ? CELL_NUMBER(revoked->sessions) : CELL_NONE,
                                         ended ? CELL_NUMBER(answer->found) : CELL_NONE,
                                         factors ? CELL_NUMBER(revoked->factors) : CELL_NONE});
        table_print(&table);
    }
}

/* R12. The processes end after the commit: nobody is thrown out by an act that did not happen. */
enum admin_exit password_revoke(struct admin *admin)
{
    const struct options *options = &admin->options;
    const bool sessions = options->value[OPTION_SESSIONS] != NULL;
    const struct password_revoke_request request = {
        .name = options->name,
        .reason = options->value[OPTION_REASON],
        .sessions = sessions,
        .factors = options->value[OPTION_FACTORS] != NULL,
    };
    struct password_revoked revoked;
    struct privileged_answer answer = {.outcome = PRIVILEGED_FAILED};
    char why[OPERATION_WHY_SIZE] = "";
    enum medgl_error error = operation_password_revoke(&admin->context, &request, &revoked, why);
    if (error != MEDGL_OK)
        return admin_failed(error, options->name, why);
    if (sessions && !privileged_order(&admin->privileged, options->name, revoked.uid, &answer)) {
        revoke_complain_processes(options->name, &revoked);
        return ADMIN_UNUSABLE;
    }
    revoke_print(admin, &revoked, &answer);
    return ADMIN_DONE;
}
