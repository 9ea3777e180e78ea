/* The noun maintenance, and its report (R30): prints what operation/maintenance.h says, and has the
 * processes of accounts end that are disabled together. */
#include "admin/admin.h"

#include "base/text.h"
#include "operation/maintenance.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* -- report ----------------------------------------------------------------------------------- */

static const char *maintenance_state(const struct maintenance_record *record)
{
    const struct session *session = record->session;
    if (session->confirmed != 0)
        return "confirmed";
    if (session->closed != 0)
        return "waiting";
    switch (record->life) {
    case PROCESS_GONE:
    case PROCESS_GONE_BOOT:
        return "gone";
    case PROCESS_UNKNOWN:
    case PROCESS_ALIVE:
        break;
    }
    return "open";
}

struct maintenance_table {
    struct table *table;
    medgl_time now;
    bool whole; /* ids, for programs */
};

static void maintenance_id(const struct maintenance_table *list, const char *id,
                           char text[CRYPTO_ID_SIZE])
{
    (void)snprintf(text, CRYPTO_ID_SIZE, "%.*s", list->whole ? CRYPTO_ID_SIZE - 1 : SHORT_ID, id);
}

static void maintenance_row(void *argument, const struct maintenance_record *record)
{
    const struct maintenance_table *list = argument;
    const struct session *session = record->session;
    const struct grant *grant = record->grant;
    const int64_t seconds = session_seconds(session, list->now);
    const bool known =
        session->ended != SESSION_END_LOST && strcmp(maintenance_state(record), "gone") != 0;
    char id[CRYPTO_ID_SIZE], grant_id[CRYPTO_ID_SIZE], length[32];
    maintenance_id(list, session->id, id);
    maintenance_id(list, session->grant_id, grant_id);
    (void)snprintf(length, sizeof(length), "%" PRId64 ":%02d:%02d", seconds / 3600,
                   (int)(seconds / 60 % 60), (int)(seconds % 60));
    table_row(list->table, (struct cell[]){
                               CELL_TEXT(id),
                               CELL_TEXT(record->account),
                               CELL_TEXT(record->company),
                               CELL_TEXT(session->service),
                               CELL_TEXT(session->source),
                               CELL_NUMBER(session->opened),
                               CELL_NUMBER(session->closed),
                               CELL_TEXT(known ? length : NULL),
                               known ? CELL_NUMBER(seconds) : CELL_NONE,
                               CELL_TEXT(maintenance_state(record)),
                               CELL_NUMBER(session->confirmed),
                               CELL_TEXT(session->confirmed_by),
                               CELL_TEXT(grant_id),
                               CELL_TEXT(grant != NULL ? grant->approved_by : NULL),
                               CELL_TEXT(grant != NULL ? grant->reason : NULL),
                               CELL_TEXT(grant != NULL ? grant->work : NULL),
                           });
}

enum admin_exit report_maintenance(struct admin *admin)
{
    static const struct column columns[] = {
        {"id", N_("ID"), COLUMN_TEXT, COLUMN_BOTH},
        {"account", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
        {"company", N_("COMPANY"), COLUMN_TEXT, COLUMN_BOTH},
        {"service", N_("SERVICE"), COLUMN_TEXT, COLUMN_BOTH},
        {"source", N_("SOURCE"), COLUMN_TEXT, COLUMN_BOTH},
        {"opened", N_("OPENED"), COLUMN_TIME, COLUMN_BOTH},
        {"closed", N_("CLOSED"), COLUMN_TIME, COLUMN_JSON},
        {"length", N_("LENGTH"), COLUMN_TEXT, COLUMN_BOTH},
        {"seconds", "", COLUMN_NUMBER, COLUMN_JSON},
        {"state", N_("STATE"), COLUMN_TEXT, COLUMN_BOTH},
        {"confirmed", N_("CONFIRMED"), COLUMN_TIME, COLUMN_JSON},
        {"confirmed_by", N_("CONFIRMED BY"), COLUMN_TEXT, COLUMN_BOTH},
        {"grant", N_("GRANT"), COLUMN_TEXT, COLUMN_BOTH},
        {"approved_by", N_("APPROVED BY"), COLUMN_TEXT, COLUMN_BOTH},
        {"reason", N_("REASON"), COLUMN_TEXT, COLUMN_BOTH},
        {"work", N_("WORK"), COLUMN_TEXT, COLUMN_WIDE},
    };
    const struct options *options = &admin->options;
    struct maintenance_filter filter = {.unconfirmed = options->value[OPTION_UNCONFIRMED] != NULL,
                                        .account = options->value[OPTION_ACCOUNT],
                                        .company = options->value[OPTION_COMPANY]};
    const enum admin_exit code = options_period(options, &filter.since, &filter.until);
    if (code != ADMIN_DONE)
        return code;
    auto_clean(table_print) struct table *table =
        table_new(&admin->output, "maintenance", TABLE_LIST, columns, MEDGL_COUNT(columns));
    table_stream(table);
    struct maintenance_table list = {table, clock_read().now,
                                     admin->output.json || admin->output.csv};
    const enum medgl_error error =
        operation_maintenance_list(&admin->context, &filter, maintenance_row, &list);
    if (error == MEDGL_OK)
        table_print_or(&admin->output, &table,
                       filter.unconfirmed ? _("No session waits for a confirmation.")
                                          : _("No maintenance session was found."));
    return admin_failed(error, filter.account != NULL ? filter.account : "", NULL);
}

/* -- confirm ---------------------------------------------------------------------------------- */

enum admin_exit maintenance_confirm(struct admin *admin)
{
    static const struct column columns[] = {
        {"id", "", COLUMN_TEXT, COLUMN_JSON},
        {"confirmed", "", COLUMN_NUMBER, COLUMN_JSON},
    };
    const char *id = admin->options.name;
    char why[OPERATION_WHY_SIZE];
    uint32_t confirmed;
    const enum medgl_error error = operation_maintenance_confirm(
        &admin->context, id, admin->options.value[OPTION_NOTE], &confirmed, why);
    if (error == MEDGL_ERR_NOT_FOUND) {
        complain(_("No maintenance session has the id %s, and none ran under a grant that has it; "
                   "medgl-admin report maintenance says which there are."),
                 id);
        return ADMIN_NOT_FOUND;
    }
    if (error != MEDGL_OK)
        return admin_failed(error, id, why);
    output_say(&admin->output, _("Sessions that were confirmed: %" PRIu32), confirmed);
    if (!admin->output.json)
        return ADMIN_DONE;
    struct table *table = table_new(&admin->output, "maintenance_confirm", TABLE_RECORD, columns,
                                    MEDGL_COUNT(columns));
    table_row(table, (struct cell[]){CELL_TEXT(id), CELL_NUMBER(confirmed)});
    table_print(&table);
    return ADMIN_DONE;
}

/* -- end -------------------------------------------------------------------------------------- */

struct ending {
    struct admin *admin;
    struct table *table;
    bool here; /* the processes of this machine are those of the accounts */
    bool left; /* something of somebody */
};

/* After the commit: nobody is thrown out by an act that did not happen. */
static void ending_one(void *argument, const struct maintenance_ended *ended)
{
    struct ending *ending = argument;
    struct privileged_answer answer = {.outcome = PRIVILEGED_FAILED};
    const bool done = ending->here && privileged_order(&ending->admin->privileged, ended->name,
                                                       ended->uid, &answer);
    ending->left |= ending->here && !done;
    table_row(ending->table, (struct cell[]){
                                 CELL_TEXT(ended->name),
                                 CELL_TEXT(ended->disabled ? "disabled" : "disabled-before"),
                                 CELL_NUMBER(ended->sessions),
                                 done ? CELL_NUMBER(answer.found) : CELL_NONE,
                             });
}

static enum admin_exit ending_say(const struct ending *ending)
{
    struct admin *admin = ending->admin;
    if (!ending->here)
        output_say(&admin->output,
                   _("No process was ended: processes belong to this machine, not to %s."),
                   admin->identity.root);
    if (!ending->left)
        return ADMIN_DONE;
    complain(_("The accounts are disabled nevertheless, and their sessions recorded as ended: end "
               "what is left of them, or run this again."));
    return ADMIN_UNUSABLE;
}

enum admin_exit maintenance_end(struct admin *admin)
{
    static const struct column columns[] = {
        {"account", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
        {"result", N_("RESULT"), COLUMN_TEXT, COLUMN_BOTH},
        {"sessions_ended", N_("SESSIONS ENDED"), COLUMN_NUMBER, COLUMN_BOTH},
        {"processes_ended", N_("PROCESSES ENDED"), COLUMN_NUMBER, COLUMN_BOTH},
    };
    const char *company = admin->options.value[OPTION_COMPANY];
    char why[OPERATION_WHY_SIZE];
    if (company[0] == '\0') {
        complain(_("--company must name one: an empty name is no company's"));
        return ADMIN_USAGE;
    }
    struct table *table =
        table_new(&admin->output, "maintenance_end", TABLE_LIST, columns, MEDGL_COUNT(columns));
    struct ending ending = {
        .admin = admin, .table = table, .here = admin->privileged.act == PRIVILEGED_END_PROCESSES};
    const enum medgl_error error = operation_maintenance_end(
        &admin->context, company, admin->options.value[OPTION_REASON], ending_one, &ending, why);
    if (error == MEDGL_OK) {
        table_print(&table);
        return ending_say(&ending);
    }
    table_free(&table);
    if (error != MEDGL_ERR_NOT_FOUND)
        return admin_failed(error, company, why);
    complain(_("No account has the company \"%s\"; medgl-admin --json account list says which "
               "there are."),
             company);
    return ADMIN_NOT_FOUND;
}
