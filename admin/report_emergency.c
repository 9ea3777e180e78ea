/* The noun report: what was done in an emergency, as tables or JSON (R33), and when the last drills
 * were (R31). The page to print and sign is that of report_page.c. */
#include "admin/report_page.h"

#include "admin/emergency.h"

#include <inttypes.h>
#include <stdlib.h>

const char *report_left_say(enum emergency_left what)
{
    switch (what) {
    case EMERGENCY_LEFT_OPEN:
        return N_("it is open: medgl-admin emergency recover ends it");
    case EMERGENCY_LEFT_SESSIONS:
        return N_("sessions that are open by the records: medgl-admin session list");
    case EMERGENCY_LEFT_ALERTS:
        return N_("alerts that did not reach everybody: medgl-admin alert list");
    case EMERGENCY_LEFT_PERSON:
        return N_("logins at which nobody said who they are: ask who had the envelope");
    case EMERGENCY_LEFT_REVIEW:
        return N_("the review: medgl-admin emergency review NUMBER");
    case EMERGENCY_LEFT_SEAL:
        return N_("used accounts that were not sealed anew: medgl-admin breakglass list");
    case EMERGENCY_LEFT_JOIN:
        return N_(
            "its entries that the main ledger does not vouch for yet: medgl-alert.timer joins "
            "them within the hour");
    case EMERGENCY_LEFT_MAIN:
        return N_("the main ledger could not be read, then or now, or has lost entries: what "
                  "operators did there may be missing here (medgl-admin ledger verify)");
    case EMERGENCY_LEFT_BODIES:
        return N_("entries in archives: what operators did there is missing here");
    }
    return "";
}

/* -- tables -------------------------------------------------------------------------------------
 */

static const struct column head_columns[] = {
    {"number", N_("Number"), COLUMN_NUMBER, COLUMN_BOTH},
    {"drill", N_("Drill"), COLUMN_BOOL, COLUMN_BOTH},
    {"state", N_("State"), COLUMN_TEXT, COLUMN_BOTH},
    {"criterion", N_("Criterion"), COLUMN_TEXT, COLUMN_BOTH},
    {"decided_by", N_("Decided by"), COLUMN_TEXT, COLUMN_BOTH},
    {"declared_by_login_of", N_("Declared by a login of"), COLUMN_TEXT, COLUMN_BOTH},
    {"note", N_("Note"), COLUMN_TEXT, COLUMN_BOTH},
    {"declared", N_("Declared"), COLUMN_TIME, COLUMN_BOTH},
    {"ended", N_("Ended"), COLUMN_TIME, COLUMN_BOTH},
    {"ended_by", N_("End decided by"), COLUMN_TEXT, COLUMN_BOTH},
    {"minutes", N_("Minutes"), COLUMN_NUMBER, COLUMN_BOTH},
    {"reviewed", N_("Reviewed"), COLUMN_TIME, COLUMN_BOTH},
    {"reviewed_by", N_("Reviewed by"), COLUMN_TEXT, COLUMN_BOTH},
    {"review_note", N_("Review"), COLUMN_TEXT, COLUMN_BOTH},
    {"ledger", N_("Ledger"), COLUMN_TEXT, COLUMN_BOTH},
    {"from", N_("Its entries from"), COLUMN_NUMBER, COLUMN_BOTH},
    {"to", N_("To"), COLUMN_NUMBER, COLUMN_BOTH},
    {"main_from", N_("Main ledger from"), COLUMN_NUMBER, COLUMN_BOTH},
    {"main_to", N_("To"), COLUMN_NUMBER, COLUMN_BOTH},
};
static const struct column login_columns[] = {
    {"seq", N_("SEQ"), COLUMN_NUMBER, COLUMN_BOTH},
    {"time", N_("LOGIN"), COLUMN_TIME, COLUMN_BOTH},
    {"clock_synchronised", "", COLUMN_BOOL, COLUMN_JSON},
    {"account", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
    {"service", N_("SERVICE"), COLUMN_TEXT, COLUMN_BOTH},
    {"source", N_("SOURCE"), COLUMN_TEXT, COLUMN_BOTH},
    {"allowed", N_("ALLOWED"), COLUMN_BOOL, COLUMN_BOTH},
    {"refused_for", N_("REFUSED FOR"), COLUMN_TEXT, COLUMN_BOTH},
    {"times", N_("TIMES"), COLUMN_NUMBER, COLUMN_BOTH},
    {"last", "", COLUMN_TIME, COLUMN_JSON},
    {"inside", "", COLUMN_BOOL, COLUMN_JSON},
    {"serial", N_("ENVELOPE"), COLUMN_TEXT, COLUMN_BOTH},
    {"person", N_("PERSON"), COLUMN_TEXT, COLUMN_WIDE},
    {"purpose", N_("PURPOSE"), COLUMN_TEXT, COLUMN_WIDE},
};
static const struct column session_columns[] = {
    {"account", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
    {"person", N_("PERSON"), COLUMN_TEXT, COLUMN_BOTH},
    {"service", N_("SERVICE"), COLUMN_TEXT, COLUMN_BOTH},
    {"source", N_("SOURCE"), COLUMN_TEXT, COLUMN_BOTH},
    {"terminal", N_("TERMINAL"), COLUMN_TEXT, COLUMN_BOTH},
    {"opened", N_("SESSION BEGAN"), COLUMN_TIME, COLUMN_BOTH},
    {"closed", N_("ENDED"), COLUMN_TIME, COLUMN_BOTH},
    {"state", N_("STATE"), COLUMN_TEXT, COLUMN_BOTH},
    {"seconds", N_("SECONDS"), COLUMN_NUMBER, COLUMN_BOTH},
    {"session", "", COLUMN_TEXT, COLUMN_JSON},
};
static const struct column act_columns[] = {
    {"ledger", N_("LEDGER"), COLUMN_TEXT, COLUMN_BOTH},
    {"seq", N_("SEQ"), COLUMN_NUMBER, COLUMN_BOTH},
    {"time", N_("ACT OF AN OPERATOR"), COLUMN_TIME, COLUMN_BOTH},
    {"kind", N_("KIND"), COLUMN_TEXT, COLUMN_BOTH},
    {"actor", N_("OPERATOR"), COLUMN_TEXT, COLUMN_BOTH},
    {"subject", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
    {"breakglass", N_("BREAK-GLASS"), COLUMN_BOOL, COLUMN_BOTH},
    {"reason", "", COLUMN_TEXT, COLUMN_JSON},
    {"details", N_("DETAILS"), COLUMN_TEXT, COLUMN_WIDE},
};
static const struct column alarm_columns[] = {
    {"time", N_("ALERT"), COLUMN_TIME, COLUMN_BOTH},
    {"kind", N_("KIND"), COLUMN_TEXT, COLUMN_BOTH},
    {"receivers", N_("RECEIVERS"), COLUMN_NUMBER, COLUMN_BOTH},
    {"failed", N_("FAILED"), COLUMN_NUMBER, COLUMN_BOTH},
    {"delivered", N_("DELIVERED"), COLUMN_BOOL, COLUMN_BOTH},
    {"text", N_("TEXT"), COLUMN_TEXT, COLUMN_WIDE},
};
static const struct column left_columns[] = {
    {"what", N_("TO BE DONE"), COLUMN_TEXT, COLUMN_BOTH},
    {"count", N_("COUNT"), COLUMN_NUMBER, COLUMN_BOTH},
    {"how", N_("HOW"), COLUMN_TEXT, COLUMN_WIDE},
};

/* Below 0: not known, or not so far. */
static struct cell size_cell(int64_t size)
{
    return size >= 0 ? CELL_NUMBER(size) : CELL_NONE;
}

struct tables {
    struct output *output;
    struct table *logins, *sessions, *acts, *alarms, *left;
};

static void tables_head(void *argument, const struct emergency_report *report)
{
    const struct tables *tables = argument;
    const struct emergency *row = &report->row;
    const bool none =
        row->main_to >= 0 && row->main_to <= row->main_from; /* nothing was done there */
    if (row->drill)
        output_say(tables->output, _("DRILL, no emergency"));
    struct table *table = table_new(tables->output, "emergency", TABLE_RECORD, head_columns,
                                    MEDGL_COUNT(head_columns));
    table_row(table, (struct cell[]){
                         CELL_NUMBER(row->number),
                         CELL_NUMBER(row->drill),
                         CELL_TEXT(emergency_phase_word(emergency_state_of(row, report->phase))),
                         CELL_TEXT(row->criterion),
                         CELL_TEXT(row->decided_by),
                         CELL_TEXT(report->account),
                         CELL_TEXT(row->note),
                         CELL_NUMBER(row->declared),
                         CELL_NUMBER(row->recovered),
                         CELL_TEXT(row->recovered_by),
                         CELL_NUMBER(report->spent / MEDGL_MINUTE),
                         CELL_NUMBER(row->reviewed),
                         CELL_TEXT(row->reviewed_by),
                         CELL_TEXT(row->review_note),
                         CELL_TEXT(report->origin),
                         CELL_NUMBER(row->own_from),
                         size_cell((int64_t)row->own_to - 1),
                         size_cell(none ? -1 : row->main_from),
                         size_cell(none ? -1 : row->main_to - 1),
                     });
    table_print(&table);
    if (row->own_to > row->own_from)
        output_say(tables->output,
                   _("All of its entries: medgl-admin ledger show --breakglass --seq %" PRIu64
                     "-%" PRIu64 ". Ends of sessions, the review and new seals stand behind them."),
                   row->own_from, row->own_to - 1);
}

static void tables_login(void *argument, const struct emergency_login *login)
{
    const struct tables *tables = argument;
    table_row(tables->logins,
              (struct cell[]){CELL_NUMBER(login->seq), CELL_NUMBER(login->time),
                              CELL_NUMBER(login->clock_synchronised), CELL_TEXT(login->account),
                              CELL_TEXT(login->service), CELL_TEXT(login->source),
                              CELL_NUMBER(login->allowed), CELL_TEXT(login->reason),
                              CELL_NUMBER(login->times), CELL_NUMBER(login->last),
                              CELL_NUMBER(login->inside), CELL_TEXT(login->serial),
                              CELL_TEXT(login->person), CELL_TEXT(login->purpose)});
}

static void tables_session(void *argument, const struct emergency_session *told)
{
    const struct tables *tables = argument;
    const struct session *session = told->session;
    table_row(tables->sessions,
              (struct cell[]){CELL_TEXT(told->account), CELL_TEXT(session->person),
                              CELL_TEXT(session->service), CELL_TEXT(session->source),
                              CELL_TEXT(session->tty), CELL_NUMBER(session->opened),
                              CELL_NUMBER(session->closed), CELL_TEXT(told->state),
                              size_cell(told->seconds), CELL_TEXT(session->id)});
}

static void tables_act(void *argument, const struct emergency_act *act)
{
    const struct tables *tables = argument;
    table_row(tables->acts,
              (struct cell[]){CELL_TEXT(act->main ? "main" : "breakglass"), CELL_NUMBER(act->seq),
                              CELL_NUMBER(act->time), CELL_TEXT(act->kind), CELL_TEXT(act->actor),
                              CELL_TEXT(act->subject), CELL_NUMBER(act->breakglass),
                              CELL_TEXT(act->reason), CELL_TEXT(act->details)});
}

static void tables_alarm(void *argument, const struct emergency_alarm *alarm)
{
    const struct tables *tables = argument;
    table_row(tables->alarms,
              (struct cell[]){CELL_NUMBER(alarm->time), CELL_TEXT(alarm->kind),
                              size_cell(alarm->forgotten ? -1 : (int64_t)alarm->receivers),
                              size_cell(alarm->tried ? (int64_t)alarm->failed : -1),
                              CELL_NUMBER(alarm->delivered), CELL_TEXT(alarm->text)});
}

static void tables_left(void *argument, enum emergency_left what, uint32_t count)
{
    const struct tables *tables = argument;
    table_row(tables->left,
              (struct cell[]){CELL_TEXT(emergency_left_word(what)), CELL_NUMBER(count),
                              CELL_TEXT(_(report_left_say(what)))});
}

static void tables_print(struct tables *tables)
{
    const struct {
        struct table **table;
        const char *none;
    } parts[] = {
        {&tables->logins, _("Nobody logged in with a break-glass account, or tried to.")},
        {&tables->sessions, _("There was no session of a break-glass account.")},
        {&tables->acts, _("No operator did anything.")},
        {&tables->alarms, _("No alert was raised.")},
        {&tables->left, _("Nothing is left to be done.")},
    };
    for (size_t i = 0; i < MEDGL_COUNT(parts); i++) {
        output_say(tables->output, "%s", "");
        if (table_empty(*parts[i].table))
            output_say(tables->output, "%s", parts[i].none);
        table_print(parts[i].table);
    }
}

static void tables_free(struct tables *tables)
{
    table_free(&tables->logins);
    table_free(&tables->sessions);
    table_free(&tables->acts);
    table_free(&tables->alarms);
    table_free(&tables->left);
}

#define TABLE_OF(name, columns)                                                                    \
    table_new(&admin->output, name, TABLE_LIST, columns, MEDGL_COUNT(columns))

static enum medgl_error emergency_tables(struct admin *admin, struct context *there,
                                         uint32_t number)
{
    auto_clean(tables_free) struct tables tables = {
        .output = &admin->output,
        .logins = TABLE_OF("logins", login_columns),
        .sessions = TABLE_OF("sessions", session_columns),
        .acts = TABLE_OF("acts", act_columns),
        .alarms = TABLE_OF("alerts", alarm_columns),
        .left = TABLE_OF("left", left_columns),
    };
    struct emergency_report report = {.argument = &tables,
                                      .login = tables_login,
                                      .session = tables_session,
                                      .act = tables_act,
                                      .alarm = tables_alarm,
                                      .left = tables_left};
    MEDGL_TRY(operation_report_emergency(&admin->context, there, number, &report, tables_head));
    tables_print(&tables);
    return MEDGL_OK;
}

/* -- the verbs
 * -------------------------------------------------------------------------------------- */

enum admin_exit report_emergency(struct admin *admin)
{
    auto_clean(context_close) struct context there = {.store = NULL};
    const uint32_t number = (uint32_t)strtoul(admin->options.name, NULL, 10); /* was checked */
    const bool page = admin->options.value[OPTION_PAGE] != NULL;
    if (page && admin->output.json) {
        complain(_("--page prints for people, --json for programs: leave one of them out"));
        return ADMIN_USAGE;
    }
    struct context *known = emergency_main(admin, &there);
    const enum medgl_error error =
        page ? report_page(admin, known, number) : emergency_tables(admin, known, number);
    if (error == MEDGL_ERR_NOT_FOUND) {
        complain(_("There was no emergency %s; medgl-admin emergency list says which there were."),
                 admin->options.name);
        return ADMIN_NOT_FOUND;
    }
    return ledger_failed(error, NULL);
}

struct drills {
    struct table *table;
    uint32_t count;
};

static void drills_row(void *argument, const struct emergency *row, enum emergency_phase phase)
{
    struct drills *drills = argument;
    if (!row->drill)
        return;
    drills->count++;
    table_row(drills->table,
              (struct cell[]){CELL_NUMBER(row->number),
                              CELL_TEXT(emergency_phase_word(emergency_state_of(row, phase))),
                              CELL_NUMBER(row->declared), CELL_NUMBER(row->recovered),
                              CELL_TEXT(row->recovered_by), CELL_NUMBER(row->spent / MEDGL_MINUTE),
                              CELL_TEXT(row->decided_by), CELL_NUMBER(row->reviewed),
                              CELL_TEXT(row->reviewed_by), CELL_TEXT(row->note)});
}

/* For programs. */
static void drills_due(struct admin *admin, const struct emergency_status *status)
{
    static const struct column columns[] = {
        {"due", "", COLUMN_BOOL, COLUMN_JSON},
        {"last", "", COLUMN_TIME, COLUMN_JSON},
    };
    struct table *table =
        table_new(&admin->output, "drill_due", TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(table,
              (struct cell[]){CELL_NUMBER(status->drill_due), CELL_NUMBER(status->last_drill)});
    table_print(&table);
}

enum admin_exit report_drills(struct admin *admin)
{
    static const struct column columns[] = {
        {"number", N_("NUMBER"), COLUMN_NUMBER, COLUMN_BOTH},
        {"state", N_("STATE"), COLUMN_TEXT, COLUMN_BOTH},
        {"declared", N_("DECLARED"), COLUMN_TIME, COLUMN_BOTH},
        {"ended", N_("ENDED"), COLUMN_TIME, COLUMN_BOTH},
        {"ended_by", "", COLUMN_TEXT, COLUMN_JSON},
        {"minutes", N_("MINUTES"), COLUMN_NUMBER, COLUMN_BOTH},
        {"decided_by", N_("DECIDED BY"), COLUMN_TEXT, COLUMN_BOTH},
        {"reviewed", N_("REVIEWED"), COLUMN_TIME, COLUMN_BOTH},
        {"reviewed_by", N_("REVIEWED BY"), COLUMN_TEXT, COLUMN_JSON},
        {"note", N_("NOTE"), COLUMN_TEXT, COLUMN_WIDE},
    };
    struct emergency_status status;
    auto_clean(table_free) struct table *table = TABLE_OF("drills", columns);
    struct drills drills = {.table = table};
    enum medgl_error error = operation_emergency_list(&admin->context, drills_row, &drills);
    if (error == MEDGL_OK)
        error = operation_emergency_status(&admin->context, NULL, &status);
    if (error != MEDGL_OK)
        return ledger_failed(error, NULL);
    if (drills.count == 0)
        output_say(&admin->output, _("There was no drill so far."));
    if (drills.count > 0 || admin->output.json)
        table_print(&table);
    if (admin->output.json)
        drills_due(admin, &status);
    if (status.drill_due)
        output_say(&admin->output, _("A drill is due (medgl-admin emergency declare --drill)."));
    return ADMIN_DONE;
}
