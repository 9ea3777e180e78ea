/* The noun emergency: declares, ends and reviews emergencies, and has the processes of accounts end
 * that are closed (R31..R33). */
#include "admin/emergency.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* -- one of them ------------------------------------------------------------------------------ */

static void emergency_print(struct admin *admin, const char *act, const struct emergency *row)
{
    static const struct column columns[] = {
        {"number", "", COLUMN_NUMBER, COLUMN_JSON},
        {"drill", "", COLUMN_BOOL, COLUMN_JSON},
        {"criterion", "", COLUMN_TEXT, COLUMN_JSON},
    };
    if (!admin->output.json)
        return;
    struct table *table =
        table_new(&admin->output, act, TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(table, (struct cell[]){CELL_NUMBER(row->number), CELL_NUMBER(row->drill),
                                     CELL_TEXT(row->criterion)});
    table_print(&table);
}

/* -- declare ---------------------------------------------------------------------------------- */

enum admin_exit emergency_declare(struct admin *admin)
{
    struct emergency_plan plan;
    struct emergency row;
    char why[OPERATION_WHY_SIZE];
    const enum admin_exit code = emergency_ask_declare(admin, &plan);
    if (code != ADMIN_DONE)
        return code;
    const struct emergency_declare_request request = {.criterion = plan.criterion,
                                                      .decided_by = plan.decided_by,
                                                      .note = plan.note,
                                                      .drill = plan.drill};
    const enum medgl_error error =
        operation_emergency_declare(&admin->context, &request, &row, why);
    if (error != MEDGL_OK)
        return admin_failed(error, "", why);
    output_say(&admin->output,
               row.drill ? _("Drill %" PRIu32 " began. medgl-admin emergency recover ends it.")
                         : _("Emergency %" PRIu32 " is declared. medgl-admin emergency recover "
                             "ends it."),
               row.number);
    emergency_print(admin, "emergency_declare", &row);
    return ADMIN_DONE;
}

/* -- what is closed ends ---------------------------------------------------------------------- */

struct ending {
    struct admin *admin;
    uint32_t processes;
    bool here; /* the processes of this machine are those of the accounts */
    bool each_minute;
    bool some;  /* account was closed */
    bool left;  /* something of somebody */
    bool again; /* there is something that another try may end */
};

/* Of an account that is not active any more the uid may be another name's by now, whose processes
 * are no concern of ours. */
static bool ending_is_anothers(const struct ending *ending, const struct emergency_closed *closed)
{
    return ending->here && !closed->active &&
           !privileged_is_theirs(closed->name, (uid_t)closed->uid);
}

/* Said by whoever ends an emergency, and by doctor; not each minute. */
static bool ending_of_processes(struct ending *ending, const struct emergency_closed *closed,
                                struct privileged_answer *answer)
{
    if (!ending->here || (ending->each_minute && ending_is_anothers(ending, closed)))
        return true;
    return privileged_order(&ending->admin->privileged, closed->name, closed->uid, answer);
}

/* The record of a session ends behind its processes: never before. Where the uid is another's,
 * there are none that anybody could wait for. */
static void ending_one(void *argument, const struct emergency_closed *closed)
{
    struct ending *ending = argument;
    struct admin *admin = ending->admin;
    struct privileged_answer answer = {.outcome = PRIVILEGED_DONE};
    ending->some = true;
    if (!ending_of_processes(ending, closed, &answer)) {
        ending->left = true;
        if (!ending_is_anothers(ending, closed)) {
            ending->again = true;
            return;
        }
    }
    ending->processes += answer.found;
    if (answer.found > 0)
        log_system(LOG_NOTICE, "%" PRIu32 " processes of the closed break-glass account %s ended",
                   answer.found, closed->name);
    const enum medgl_error error =
        closed->sessions > 0 ? operation_emergency_ended(&admin->context, closed->name) : MEDGL_OK;
    ending->left |= error != MEDGL_OK;
    ending->again |= error != MEDGL_OK;
    if (error != MEDGL_OK)
        (void)admin_failed(error, closed->name, NULL);
}

/* MUST: what is closed is closed, whatever becomes of this: nobody logs in with it. */
static enum admin_exit emergency_end_closed(struct admin *admin, bool each_minute)
{
    struct ending ending = {.admin = admin,
                            .here = admin->privileged.act == PRIVILEGED_END_LOGINS,
                            .each_minute = each_minute};
    const enum medgl_error error = operation_emergency_closed(&admin->context, ending_one, &ending);
    if (error != MEDGL_OK)
        return admin_failed(error, "", NULL);
    if (ending.some && !ending.here)
        output_say(&admin->output,
                   _("No process was ended: processes belong to this machine, not to %s."),
                   admin->identity.root);
    if (ending.processes > 0)
        output_say(&admin->output, _("Processes of closed accounts that were ended: %" PRIu32),
                   ending.processes);
    if (!ending.left)
        return ADMIN_DONE;
    if (ending.again)
        complain(
            _("The accounts are closed nevertheless. medgl-emergency.timer tries again each minute "
              "to end what is left of them (medgl-admin emergency settle)."));
    return ADMIN_UNUSABLE;
}

/* -- recover, settle -------------------------------------------------------------------------- */

enum admin_exit emergency_recover(struct admin *admin)
{
    struct emergency_plan plan;
    struct emergency row;
    char why[OPERATION_WHY_SIZE];
    enum admin_exit code = emergency_ask_recover(admin, &plan);
    if (code != ADMIN_DONE)
        return code;
    const enum medgl_error error =
        operation_emergency_recover(&admin->context, plan.decided_by, plan.note, &row, why);
    if (error != MEDGL_OK)
        return admin_failed(error, "", why);
    output_say(&admin->output,
               row.drill
                   ? _("Drill %" PRIu32 " is over. To be done: medgl-admin report emergency "
                       "%" PRIu32 ", its review, and new seals (medgl-admin breakglass list).")
                   : _("Emergency %" PRIu32 " is over. To be done: medgl-admin report "
                       "emergency %" PRIu32 ", its review, and new seals (medgl-admin "
                       "breakglass list)."),
               row.number, row.number);
    emergency_print(admin, "emergency_recover", &row);
    code = emergency_end_closed(admin, false);
    emergency_join_now(admin); /* last: the main store may be what is broken */
    return code;
}

static enum admin_exit settle_context(struct admin *admin)
{
    bool settled = false;
    const enum medgl_error error = operation_emergency_settle(&admin->context, &settled);
    if (settled)
        output_say(&admin->output, _("An emergency was over by its longest time, which is written "
                                     "down now."));
    /* Also where it cannot be written down: what is over is over. */
    const enum admin_exit code = emergency_end_closed(admin, true);
    if (settled)
        emergency_join_now(admin);
    return error != MEDGL_OK ? admin_failed(error, "", NULL) : code;
}

/* Each minute: of nothing nothing is said, nor where there are no break-glass accounts. What else
 * is joined to the main ledger waits until the alerts have left (admin/alert.c). */
enum admin_exit emergency_settle_now(struct admin *admin)
{
    const enum medgl_error error =
        context_open_breakglass(admin->identity.root, CONTEXT_STATE, &admin->context);
    if (error != MEDGL_OK)
        return error == MEDGL_ERR_NOT_FOUND ? ADMIN_DONE : admin_failed(error, "", NULL);
    admin->context.actor = admin->identity.actor;
    const enum admin_exit code = settle_context(admin);
    context_close(&admin->context);
    return code;
}

/* -- review ----------------------------------------------------------------------------------- */

enum admin_exit emergency_review(struct admin *admin)
{
    const char *number = admin->options.name;
    char why[OPERATION_WHY_SIZE];
    auto_clean(context_close) struct context there = {.store = NULL};
    const enum medgl_error error = operation_emergency_review(
        &admin->context, emergency_main(admin, &there), (uint32_t)strtoul(number, NULL, 10),
        admin->options.value[OPTION_NOTE], why);
    if (error == MEDGL_ERR_NOT_FOUND) {
        complain(_("There was no emergency %s; medgl-admin emergency list says which there were."),
                 number);
        return ADMIN_NOT_FOUND;
    }
    if (error == MEDGL_OK)
        output_result(&admin->output, number, _("Emergency %s: reviewed"), number);
    if (error == MEDGL_OK)
        emergency_join_now(admin);
    return admin_failed(error, number, why);
}
