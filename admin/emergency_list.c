/* The noun emergency: what is open, and which there were. Changes nothing. */
#include "admin/emergency.h"

#include <inttypes.h>
#include <stdio.h>

/* -- status ----------------------------------------------------------------------------------- */

/* MUST: the main store is asked for one number alone, and that it cannot be is no fault. */
static enum medgl_error status_read(struct admin *admin, struct emergency_status *status)
{
    auto_clean(context_close) struct context there = {.store = NULL};
    return operation_emergency_status(&admin->context, emergency_main(admin, &there), status);
}

/* What somebody has to do, a line each. */
static void status_say_open(struct admin *admin, const struct emergency_status *status)
{
    struct output *output = &admin->output;
    if (status->unreviewed > 0)
        output_say(output,
                   _("Not reviewed: %" PRIu32 ", the first is %" PRIu32 " (medgl-admin report "
                     "emergency %" PRIu32 ", then emergency review %" PRIu32 ")."),
                   status->unreviewed, status->first_unreviewed, status->first_unreviewed,
                   status->first_unreviewed);
    if (status->closed + status->unsealed > 0)
        output_say(output,
                   _("Accounts that work only after they were sealed: %" PRIu32
                     " (medgl-admin breakglass list)."),
                   status->closed + status->unsealed);
    if (status->due > 0)
        output_say(output,
                   _("Seals that are due for renewal: %" PRIu32 " (medgl-admin breakglass list)."),
                   status->due);
    if (status->drill_due)
        output_say(output, _("A drill is due (medgl-admin emergency declare --drill)."));
}

static void status_print(struct admin *admin, const struct emergency_status *status)
{
    static const struct column columns[] = {
        {"state", N_("State"), COLUMN_TEXT, COLUMN_BOTH},
        {"number", N_("Number"), COLUMN_NUMBER, COLUMN_BOTH},
        {"drill", N_("Drill"), COLUMN_BOOL, COLUMN_BOTH},
        {"criterion", N_("Criterion"), COLUMN_TEXT, COLUMN_BOTH},
        {"decided_by", N_("Decided by"), COLUMN_TEXT, COLUMN_BOTH},
        {"declared", N_("Declared"), COLUMN_TIME, COLUMN_BOTH},
        {"reviewed", N_("Reviewed"), COLUMN_TIME, COLUMN_BOTH},
        {"minutes", N_("Minutes so far"), COLUMN_NUMBER, COLUMN_BOTH},
        {"minutes_left", N_("Minutes left"), COLUMN_NUMBER, COLUMN_BOTH},
        {"sealed", N_("Accounts sealed"), COLUMN_NUMBER, COLUMN_BOTH},
        {"used", N_("Accounts in use"), COLUMN_NUMBER, COLUMN_BOTH},
        {"closed", N_("Accounts closed"), COLUMN_NUMBER, COLUMN_BOTH},
        {"unsealed", N_("Accounts never sealed"), COLUMN_NUMBER, COLUMN_BOTH},
        {"due", "", COLUMN_NUMBER, COLUMN_JSON},
        {"unreviewed", "", COLUMN_NUMBER, COLUMN_JSON},
        {"first_unreviewed", "", COLUMN_NUMBER, COLUMN_JSON},
        {"last_drill", N_("Last drill"), COLUMN_TIME, COLUMN_BOTH},
        {"drill_due", "", COLUMN_BOOL, COLUMN_JSON},
        {"unjoined", N_("Entries not joined"), COLUMN_NUMBER, COLUMN_BOTH},
        {"reserved", N_("Bytes kept free"), COLUMN_NUMBER, COLUMN_BOTH},
    };
    const struct emergency_now_view *now = &status->now;
    const bool open = now->phase == EMERGENCY_OPEN;
    struct table *table =
        table_new(&admin->output, "emergency", TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(table, (struct cell[]){
                         CELL_TEXT(emergency_phase_word(now->phase)),
                         now->known ? CELL_NUMBER(now->row.number) : CELL_NONE,
                         CELL_NUMBER(now->row.drill),
                         CELL_TEXT(now->row.criterion),
                         CELL_TEXT(now->row.decided_by),
                         CELL_NUMBER(now->row.declared),
                         CELL_NUMBER(now->row.reviewed),
                         open ? CELL_NUMBER(now->spent / MEDGL_MINUTE) : CELL_NONE,
                         open ? CELL_NUMBER(now->left / MEDGL_MINUTE) : CELL_NONE,
                         CELL_NUMBER(status->sealed),
                         CELL_NUMBER(status->used),
                         CELL_NUMBER(status->closed),
                         CELL_NUMBER(status->unsealed),
                         CELL_NUMBER(status->due),
                         CELL_NUMBER(status->unreviewed),
                         status->unreviewed > 0 ? CELL_NUMBER(status->first_unreviewed) : CELL_NONE,
                         CELL_NUMBER(status->last_drill),
                         CELL_NUMBER(status->drill_due),
                         status->unjoined != UINT64_MAX ? CELL_NUMBER(status->unjoined) : CELL_NONE,
                         CELL_NUMBER(status->reserved),
                     });
    table_print(&table);
}

enum admin_exit emergency_status_show(struct admin *admin)
{
    struct emergency_status status;
    const enum medgl_error error = status_read(admin, &status);
    if (error != MEDGL_OK)
        return admin_failed(error, "", NULL);
    status_print(admin, &status);
    status_say_open(admin, &status);
    return ADMIN_DONE;
}

/* -- list ------------------------------------------------------------------------------------- */

static void list_row(void *argument, const struct emergency *row, enum emergency_phase phase)
{
    struct table *table = argument;
    table_row(table, (struct cell[]){
                         CELL_NUMBER(row->number),
                         CELL_NUMBER(row->drill),
                         CELL_TEXT(emergency_phase_word(emergency_state_of(row, phase))),
                         CELL_NUMBER(row->declared),
                         CELL_NUMBER(row->recovered),
                         CELL_TEXT(row->criterion),
                         CELL_TEXT(row->decided_by),
                         CELL_TEXT(row->recovered_by),
                         CELL_TEXT(row->reviewed_by),
                         CELL_NUMBER(row->reviewed),
                         CELL_TEXT(row->note),
                     });
}

enum admin_exit emergency_list(struct admin *admin)
{
    static const struct column columns[] = {
        {"number", N_("NUMBER"), COLUMN_NUMBER, COLUMN_BOTH},
        {"drill", N_("DRILL"), COLUMN_BOOL, COLUMN_BOTH},
        {"state", N_("STATE"), COLUMN_TEXT, COLUMN_BOTH},
        {"declared", N_("DECLARED"), COLUMN_TIME, COLUMN_BOTH},
        {"ended", N_("ENDED"), COLUMN_TIME, COLUMN_BOTH},
        {"criterion", N_("CRITERION"), COLUMN_TEXT, COLUMN_BOTH},
        {"decided_by", N_("DECIDED BY"), COLUMN_TEXT, COLUMN_BOTH},
        {"ended_by", "", COLUMN_TEXT, COLUMN_JSON},
        {"reviewed_by", N_("REVIEWED BY"), COLUMN_TEXT, COLUMN_BOTH},
        {"reviewed", "", COLUMN_TIME, COLUMN_JSON},
        {"note", N_("NOTE"), COLUMN_TEXT, COLUMN_WIDE},
    };
    struct table *table =
        table_new(&admin->output, "emergencies", TABLE_LIST, columns, MEDGL_COUNT(columns));
    const enum medgl_error error = operation_emergency_list(&admin->context, list_row, table);
    const bool none = table_empty(table);
    table_print(&table);
    if (error == MEDGL_OK && none)
        output_say(&admin->output, _("There was no emergency and no drill yet."));
    return admin_failed(error, "", NULL);
}
