/* The noun report: what was done in an emergency, as tables, JSON, or a page to print and sign
 * (R33), and when the last drills were (R31). */
#include "admin/admin.h"

#include "operation/report_emergency.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *emergency_left_say(enum emergency_left what)
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
    case EMERGENCY_LEFT_MAIN:
        return N_("the main ledger could not be read: what operators did there is missing here");
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
    {"recovered", N_("Recovered"), COLUMN_TIME, COLUMN_BOTH},
    {"recovered_by", N_("End decided by"), COLUMN_TEXT, COLUMN_BOTH},
    {"timed_out", N_("By its longest time"), COLUMN_BOOL, COLUMN_BOTH},
    {"minutes", N_("Minutes"), COLUMN_NUMBER, COLUMN_BOTH},
    {"reviewed", N_("Reviewed"), COLUMN_TIME, COLUMN_BOTH},
    {"reviewed_by", N_("Reviewed by"), COLUMN_TEXT, COLUMN_BOTH},
    {"review_note", N_("Review"), COLUMN_TEXT, COLUMN_BOTH},
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
    {"person", N_("PERSON"), COLUMN_TEXT, COLUMN_BOTH},
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
    {"reason", N_("REASON"), COLUMN_TEXT, COLUMN_WIDE},
};
static const struct column alarm_columns[] = {
    {"time", N_("ALERT"), COLUMN_TIME, COLUMN_BOTH},
    {"kind", N_("KIND"), COLUMN_TEXT, COLUMN_BOTH},
    {"receivers", N_("RECEIVERS"), COLUMN_NUMBER, COLUMN_BOTH},
    {"failed", N_("FAILED"), COLUMN_NUMBER, COLUMN_BOTH},
    {"done", "", COLUMN_TIME, COLUMN_JSON},
    {"text", N_("TEXT"), COLUMN_TEXT, COLUMN_WIDE},
};
static const struct column left_columns[] = {
    {"what", N_("TO BE DONE"), COLUMN_TEXT, COLUMN_BOTH},
    {"count", N_("COUNT"), COLUMN_NUMBER, COLUMN_BOTH},
    {"how", N_("HOW"), COLUMN_TEXT, COLUMN_BOTH},
};

struct tables {
    struct output *output;
    struct table *logins, *sessions, *acts, *alarms, *left;
};

static void tables_head(void *argument, const struct emergency_report *report)
{
    const struct tables *tables = argument;
    const struct emergency *row = &report->row;
    struct table *table = table_new(tables->output, "emergency", TABLE_RECORD, head_columns,
                                    MEDGL_COUNT(head_columns));
    table_row(table, (struct cell[]){
                         CELL_NUMBER(row->number),
                         CELL_NUMBER(row->drill),
                         CELL_TEXT(emergency_phase_word(report->phase)),
                         CELL_TEXT(row->criterion),
                         CELL_TEXT(row->decided_by),
                         CELL_TEXT(report->account),
                         CELL_TEXT(row->note),
                         CELL_NUMBER(row->declared),
                         CELL_NUMBER(row->recovered),
                         CELL_TEXT(row->recovered_by),
                         CELL_NUMBER(row->ended == EMERGENCY_END_TIMED_OUT),
                         CELL_NUMBER(report->spent / MEDGL_MINUTE),
                         CELL_NUMBER(row->reviewed),
                         CELL_TEXT(row->reviewed_by),
                         CELL_TEXT(row->review_note),
                     });
    table_print(&table);
}

static void tables_login(void *argument, const struct emergency_login *login)
{
    const struct tables *tables = argument;
    table_row(tables->logins,
              (struct cell[]){CELL_NUMBER(login->seq), CELL_NUMBER(login->time),
                              CELL_NUMBER(login->clock_synchronised), CELL_TEXT(login->account),
                              CELL_TEXT(login->service), CELL_TEXT(login->source),
                              CELL_NUMBER(login->allowed), CELL_TEXT(login->reason),
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
                              CELL_NUMBER(session->closed), CELL_NUMBER(told->seconds),
                              CELL_TEXT(session->id)});
}

static void tables_act(void *argument, const struct emergency_act *act)
{
    const struct tables *tables = argument;
    table_row(tables->acts,
              (struct cell[]){CELL_TEXT(act->main ? "main" : "breakglass"), CELL_NUMBER(act->seq),
                              CELL_NUMBER(act->time), CELL_TEXT(act->kind), CELL_TEXT(act->actor),
                              CELL_TEXT(act->subject), CELL_TEXT(act->reason)});
}

static void tables_alarm(void *argument, const struct emergency_alarm *alarm)
{
    const struct tables *tables = argument;
    const struct alert *alert = alarm->alert;
    table_row(tables->alarms,
              (struct cell[]){CELL_NUMBER(alert->first), CELL_TEXT(alert_kind_word(alert->kind)),
                              CELL_NUMBER(alarm->receivers), CELL_NUMBER(alarm->failed),
                              CELL_NUMBER(alert->done), CELL_TEXT(alert->text)});
}

static void tables_left(void *argument, enum emergency_left what, uint32_t count)
{
    const struct tables *tables = argument;
    table_row(tables->left,
              (struct cell[]){CELL_TEXT(emergency_left_word(what)), CELL_NUMBER(count),
                              CELL_TEXT(_(emergency_left_say(what)))});
}

static void tables_print(struct tables *tables)
{
    struct table **const all[] = {&tables->logins, &tables->sessions, &tables->acts,
                                  &tables->alarms, &tables->left};
    for (size_t i = 0; i < MEDGL_COUNT(all); i++)
        if (tables->output->json || !table_empty(*all[i])) {
            output_say(tables->output, "%s", "");
            table_print(all[i]);
        } else {
            table_free(all[i]);
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

/* -- the page -------------------------------------------------------------------------------------
 */

/* In both languages, whatever the operator's; what was recorded stands as it was recorded. */
struct page {
    struct output *output;
    const char *part; /* the heading that was printed last */
};

__attribute__((format(printf, 2, 3))) static void page_add(const struct page *page,
                                                           const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    const int len = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (len < 0)
        page->output->failed = true;
    else
        output_raw(page->output, text, (size_t)len);
    if (len >= 0)
        free(text);
}

static void page_part(struct page *page, const char *heading)
{
    if (page->part != heading)
        page_add(page, "\n%s\n\n", heading);
    page->part = heading;
}

static void page_time(medgl_time t, char text[CLOCK_LOCAL_SIZE])
{
    if (t == 0)
        (void)snprintf(text, CLOCK_LOCAL_SIZE, "-");
    else
        clock_format_local(t, text);
}

static void page_head(void *argument, const struct emergency_report *report)
{
    const struct page *page = argument;
    const struct emergency *row = &report->row;
    char host[HOST_NAME_MAX + 1] = "", declared[CLOCK_LOCAL_SIZE], recovered[CLOCK_LOCAL_SIZE];
    (void)gethostname(host, sizeof(host) - 1);
    page_time(row->declared, declared);
    page_time(row->recovered, recovered);
    if (row->drill)
        page_add(page, "*** DRILL / 訓練 ***\n\n");
    page_add(page,
             "Report of emergency %" PRIu32 " / 非常時の記録 %" PRIu32 "\n"
             "========================================================================\n"
             "Host / ホスト:              %s\n"
             "Criterion / 判断の基準:     %s\n"
             "Decided by / 判断した人:    %s%s%s\n"
             "Note / 備考:                %s\n"
             "Declared / 宣言:            %s\n",
             row->number, row->number, host, row->criterion,
             row->decided_by[0] != '\0' ? row->decided_by : "-",
             report->account[0] != '\0' ? ", by a login of / ログインによる: " : "",
             report->account, row->note, declared);
    page_add(page,
             "Recovered / 復旧:           %s%s\n"
             "End decided by / 復旧の判断: %s\n"
             "Lasted / 継続時間:          %" PRId64 " min / 分\n",
             recovered,
             row->ended == EMERGENCY_END_TIMED_OUT ? " (longest time / 最長時間の満了)" : "",
             row->recovered_by[0] != '\0' ? row->recovered_by : "-", report->spent / MEDGL_MINUTE);
}

static void page_login(void *argument, const struct emergency_login *login)
{
    struct page *page = argument;
    char time[CLOCK_LOCAL_SIZE];
    page_part(page, "Logins / ログイン");
    page_time(login->time, time);
    page_add(page, "[ ] %s  %s  %s  %s%s%s\n", time, login->account, login->service, login->source,
             login->allowed ? "" : "  refused / 拒否: ", login->allowed ? "" : login->reason);
    if (!login->clock_synchronised)
        page_add(page, "    (clock not synchronised / 時刻は未同期)\n");
    if (login->allowed)
        page_add(page, "    who / 氏名: %s   why / 理由: %s\n",
                 login->person[0] != '\0' ? login->person : "-",
                 login->purpose[0] != '\0' ? login->purpose : "-");
}

static void page_session(void *argument, const struct emergency_session *told)
{
    struct page *page = argument;
    const struct session *session = told->session;
    char opened[CLOCK_LOCAL_SIZE], closed[CLOCK_LOCAL_SIZE];
    page_part(page, "Sessions / セッション");
    page_time(session->opened, opened);
    page_time(session->closed, closed);
    page_add(page, "[ ] %s  %s - %s (%" PRId64 " s)\n    %s  %s  %s\n", told->account, opened,
             closed, told->seconds, session->service, session->source, session->person);
}

static void page_act(void *argument, const struct emergency_act *act)
{
    struct page *page = argument;
    char time[CLOCK_LOCAL_SIZE];
    page_part(page, "Acts of operators / 管理者の操作");
    page_time(act->time, time);
    page_add(page, "[ ] %s  %s %" PRIu64 "  %s  %s  %s\n", time, act->main ? "main" : "breakglass",
             act->seq, act->kind, act->actor, act->subject);
    if (act->reason[0] != '\0')
        page_add(page, "    %s\n", act->reason);
}

static void page_alarm(void *argument, const struct emergency_alarm *alarm)
{
    struct page *page = argument;
    char time[CLOCK_LOCAL_SIZE];
    page_part(page, "Alerts / 通知");
    page_time(alarm->alert->first, time);
    page_add(page, "%s  %s  (%" PRIu32 ", failed / 未達 %" PRIu32 ")\n    %s\n", time,
             alert_kind_word(alarm->alert->kind), alarm->receivers, alarm->failed,
             alarm->alert->text);
}

static void page_left(void *argument, enum emergency_left what, uint32_t count)
{
    struct page *page = argument;
    page_part(page, "To be done / 残っている作業");
    page_add(page, "[ ] %s (%" PRIu32 ")\n", emergency_left_say(what), count);
}

static enum medgl_error emergency_page(struct admin *admin, struct context *there, uint32_t number)
{
    struct page page = {.output = &admin->output};
    struct emergency_report report = {.argument = &page,
                                      .login = page_login,
                                      .session = page_session,
                                      .act = page_act,
                                      .alarm = page_alarm,
                                      .left = page_left};
    MEDGL_TRY(operation_report_emergency(&admin->context, there, number, &report, page_head));
    const struct emergency *row = &report.row;
    char reviewed[CLOCK_LOCAL_SIZE];
    page_time(row->reviewed, reviewed);
    page_part(&page, "Review / 事後の確認");
    page_add(&page,
             "Recorded / 記録済み: %s  %s  %s\n\n"
             "What was written on paper was entered / 紙の記録は転記した:   [ ]\n\n"
             "Name / 氏名: ______________________   Date / 日付: __________________\n",
             reviewed, row->reviewed_by, row->review_note);
    return MEDGL_OK;
}

/* -- the verbs
 * -------------------------------------------------------------------------------------- */

enum admin_exit report_emergency(struct admin *admin)
{
    auto_clean(context_close) struct context there = {.store = NULL};
    const uint32_t number = (uint32_t)strtoul(admin->options.name, NULL, 10);
    const bool known = context_there(admin->identity.root, CONTEXT_MAIN) &&
                       context_open(admin->identity.root, CONTEXT_READING, &there) == MEDGL_OK;
    const bool page = admin->options.value[OPTION_PAGE] != NULL;
    if (page && admin->output.json) {
        complain(_("--page prints for people, --json for programs: leave one of them out"));
        return ADMIN_USAGE;
    }
    const enum medgl_error error = page ? emergency_page(admin, known ? &there : NULL, number)
                                        : emergency_tables(admin, known ? &there : NULL, number);
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
              (struct cell[]){CELL_NUMBER(row->number), CELL_TEXT(emergency_phase_word(phase)),
                              CELL_NUMBER(row->declared), CELL_NUMBER(row->recovered),
                              CELL_NUMBER(row->spent / MEDGL_MINUTE), CELL_TEXT(row->decided_by),
                              CELL_NUMBER(row->reviewed), CELL_TEXT(row->reviewed_by),
                              CELL_TEXT(row->note)});
}

enum admin_exit report_drills(struct admin *admin)
{
    static const struct column columns[] = {
        {"number", N_("NUMBER"), COLUMN_NUMBER, COLUMN_BOTH},
        {"state", N_("STATE"), COLUMN_TEXT, COLUMN_BOTH},
        {"declared", N_("DECLARED"), COLUMN_TIME, COLUMN_BOTH},
        {"recovered", N_("RECOVERED"), COLUMN_TIME, COLUMN_BOTH},
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
    if (drills.count > 0 || admin->output.json)
        table_print(&table);
    else
        output_say(&admin->output, _("There was no drill so far."));
    if (status.drill_due)
        output_say(&admin->output, _("A drill is due (medgl-admin emergency declare --drill)."));
    return ADMIN_DONE;
}
