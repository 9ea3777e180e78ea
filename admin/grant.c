/* The noun grant: prints what operation/grant.h says. The codes of a waiver leave as recovery codes
 * do, and never on standard output. */
#include "admin/admin.h"

#include "operation/grant.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* -- add -------------------------------------------------------------------------------------- */

static enum medgl_error grant_deliver(void *argument, const struct account *account,
                                      const char (*codes)[RECOVERY_TEXT_SIZE], size_t count,
                                      medgl_time until)
{
    return codes_deliver(argument, account, codes, count, until);
}

/* A waiver asks for something; nothing else does. */
static enum admin_exit grant_substitute(const struct admin *admin,
                                        struct grant_add_request *request)
{
    const struct options *options = &admin->options;
    const char *instead = options->value[OPTION_INSTEAD];
    const bool waiver = request->kind == GRANT_FACTOR_WAIVER;
    if (waiver != (instead != NULL)) {
        complain(waiver ? _("a waiver asks for something else instead: say --instead code or "
                            "--instead recovery")
                        : _("--instead goes with --kind factor-waiver alone"));
        return ADMIN_USAGE;
    }
    if (instead != NULL)
        (void)grant_instead_parse(instead, &request->instead); /* checked with the words */
    const bool issues = request->instead == GRANT_INSTEAD_CODE;
    if (issues)
        request->codes = (uint32_t)options_number(options, OPTION_CODES, 1);
    if (issues)
        return codes_settle(admin);
    if (options->value[OPTION_CODES] == NULL && options->value[OPTION_SLIP] == NULL &&
        options->value[OPTION_SHOW] == NULL)
        return ADMIN_DONE;
    complain(_("--codes, --slip and --show go with --instead code alone"));
    return ADMIN_USAGE;
}

static void grant_added(struct admin *admin, const struct grant_add_request *request,
                        const char *id)
{
    static const struct column columns[] = {
        {"id", "", COLUMN_TEXT, COLUMN_JSON},      {"account", "", COLUMN_TEXT, COLUMN_JSON},
        {"kind", "", COLUMN_TEXT, COLUMN_JSON},    {"until", "", COLUMN_TIME, COLUMN_JSON},
        {"codes", "", COLUMN_NUMBER, COLUMN_JSON},
    };
    char until[CLOCK_LOCAL_SIZE];
    clock_format_local(request->until, until);
    output_say(&admin->output,
               _("Grant %.*s (%s) for %s until %s, approved by %s. It ends by "
                 "itself."),
               SHORT_ID, id, grant_kind_word(request->kind), request->name, until,
               request->approved_by);
    if (request->codes > 0)
        codes_say(admin, request->name);
    if (!admin->output.json)
        return;
    struct table *table =
        table_new(&admin->output, "grant", TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(table, (struct cell[]){CELL_TEXT(id), CELL_TEXT(request->name),
                                     CELL_TEXT(grant_kind_word(request->kind)),
                                     CELL_NUMBER(request->until), CELL_NUMBER(request->codes)});
    table_print(&table);
}

/* When: a day, or from one time to another. */
static enum admin_exit grant_when(const struct options *options, struct grant_add_request *request)
{
    const char *const *value = options->value;
    if (value[OPTION_ON] == NULL && value[OPTION_UNTIL] == NULL) {
        complain(_("--until TIME is missing, or --on DATE for a whole day"));
        return ADMIN_USAGE;
    }
    if (value[OPTION_ON] != NULL && (value[OPTION_SINCE] != NULL || value[OPTION_UNTIL] != NULL)) {
        complain(_("either --on, or --since and --until, not both"));
        return ADMIN_USAGE;
    }
    if (value[OPTION_ON] != NULL)
        return options_day(options, OPTION_ON, clock_read().now, &request->since, &request->until);
    const enum admin_exit code = options_time(options, OPTION_SINCE, &request->since);
    return code == ADMIN_DONE ? options_time(options, OPTION_UNTIL, &request->until) : code;
}

/* What is to be done is said of maintenance, and of nothing else. */
static enum admin_exit grant_work(const struct options *options, struct grant_add_request *request)
{
    const bool maintenance = request->kind == GRANT_MAINTENANCE;
    request->work = options->value[OPTION_WORK];
    if (maintenance == (request->work != NULL))
        return ADMIN_DONE;
    complain(maintenance ? _("say what is to be done with --work: it is shown at each login")
                         : _("--work goes with --kind maintenance alone"));
    return ADMIN_USAGE;
}

/* Why: of maintenance the work says it already. */
static enum admin_exit grant_reason(const struct options *options,
                                    struct grant_add_request *request)
{
    const struct option_word *word = option_word(OPTION_REASON);
    request->reason = options->value[OPTION_REASON];
    if (request->reason == NULL)
        request->reason = request->work;
    if (request->reason != NULL)
        return ADMIN_DONE;
    complain(_("--%s %s is missing: %s"), word->name, word->value, _(word->help));
    return ADMIN_USAGE;
}

enum admin_exit grant_add(struct admin *admin)
{
    const struct options *options = &admin->options;
    struct grant_add_request request = {.name = options->name,
                                        .approved_by = options->value[OPTION_APPROVED_BY],
                                        .argument = admin,
                                        .deliver = grant_deliver};
    char id[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE] = "";
    enum admin_exit code = grant_when(options, &request);
    (void)grant_kind_parse(options->value[OPTION_GRANT_KIND], &request.kind); /* was checked */
    if (code == ADMIN_DONE)
        code = grant_work(options, &request);
    if (code == ADMIN_DONE)
        code = grant_reason(options, &request);
    if (code == ADMIN_DONE)
        code = grant_substitute(admin, &request);
    if (code != ADMIN_DONE)
        return code;
    enum medgl_error error = operation_grant_add(&admin->context, &request, id, why);
    if (error != MEDGL_OK)
        return admin_failed(error, options->name, why);
    grant_added(admin, &request, id);
    return ADMIN_DONE;
}

/* -- list ------------------------------------------------------------------------------------- */

struct grant_table {
    struct table *table;
    bool json;
};

static void grant_row(void *argument, const struct grant_report *report)
{
    const struct grant_table *list = argument;
    const struct grant *grant = report->grant;
    const bool waiver = grant->kind == GRANT_FACTOR_WAIVER;
    char id[CRYPTO_ID_SIZE];
    (void)snprintf(id, sizeof(id), "%.*s", list->json ? CRYPTO_ID_SIZE - 1 : SHORT_ID, grant->id);
    table_row(list->table,
              (struct cell[]){
                  CELL_TEXT(id),
                  CELL_TEXT(report->name),
                  CELL_TEXT(grant_kind_word(grant->kind)),
                  CELL_TEXT(waiver ? grant_instead_word(grant->instead) : NULL),
                  CELL_TEXT(grant_state_word(report->state)),
                  CELL_NUMBER(grant->since),
                  CELL_NUMBER(grant->until),
                  CELL_NUMBER(grant->ended),
                  grant->instead == GRANT_INSTEAD_CODE ? CELL_NUMBER(report->codes) : CELL_NONE,
                  CELL_NUMBER(grant->used),
                  CELL_NUMBER(grant->last_used),
                  CELL_TEXT(grant->approved_by),
                  CELL_TEXT(grant->work),
                  CELL_TEXT(grant->reason),
              });
}

enum admin_exit grant_list(struct admin *admin)
{
    static const struct column columns[] = {
        {"id", N_("ID"), COLUMN_TEXT, COLUMN_BOTH},
        {"account", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
        {"kind", N_("KIND"), COLUMN_TEXT, COLUMN_BOTH},
        {"instead", N_("INSTEAD"), COLUMN_TEXT, COLUMN_BOTH},
        {"state", N_("STATE"), COLUMN_TEXT, COLUMN_BOTH},
        {"since", N_("SINCE"), COLUMN_TIME, COLUMN_BOTH},
        {"until", N_("UNTIL"), COLUMN_TIME, COLUMN_BOTH},
        {"ended", N_("ENDED"), COLUMN_TIME, COLUMN_JSON},
        {"codes", N_("CODES LEFT"), COLUMN_NUMBER, COLUMN_BOTH},
        {"used", N_("USED"), COLUMN_NUMBER, COLUMN_BOTH},
        {"last_used", N_("LAST USED"), COLUMN_TIME, COLUMN_JSON},
        {"approved_by", N_("APPROVED BY"), COLUMN_TEXT, COLUMN_BOTH},
        {"work", N_("WORK"), COLUMN_TEXT, COLUMN_BOTH},
        {"reason", N_("REASON"), COLUMN_TEXT, COLUMN_WIDE},
    };
    const char *name = admin->options.name;
    auto_clean(table_print) struct table *table =
        table_new(&admin->output, "grants", TABLE_LIST, columns, MEDGL_COUNT(columns));
    struct grant_table list = {table, admin->output.json};
    const bool all = admin->options.value[OPTION_ALL] != NULL;
    const enum medgl_error error =
        operation_grant_list(&admin->context, name, all, grant_row, &list);
    if (error == MEDGL_OK)
        table_print_or(&admin->output, &table,
                       all ? _("No grant was found.") : _("No grant is in force or to come."));
    return admin_failed(error, name != NULL ? name : "", NULL);
}

/* -- revoke ----------------------------------------------------------------------------------- */

enum admin_exit grant_revoke(struct admin *admin)
{
    const char *id = admin->options.name;
    char why[OPERATION_WHY_SIZE] = "";
    enum medgl_error error =
        operation_grant_revoke(&admin->context, id, admin->options.value[OPTION_REASON], why);
    if (error == MEDGL_ERR_NOT_FOUND) {
        complain(_("No grant has the id %s; medgl-admin grant list --all says which there are."),
                 id);
        return ADMIN_NOT_FOUND;
    }
    if (error == MEDGL_OK)
        output_result(&admin->output, id, "%s: %s", id, _("revoked"));
    return admin_failed(error, id, why);
}
