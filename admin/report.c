/* The noun report: what auditors and administrators ask for, as a table, JSON or CSV. */
#include "admin/admin.h"

#include "operation/report.h"

#include <stdio.h>
#include <string.h>

/* A report that meets a damaged entry has met evidence that does not verify. */
static enum admin_exit report_failed(enum medgl_error error)
{
    if (error != MEDGL_ERR_CORRUPT)
        return admin_failed(error, "", NULL);
    complain(_("The store does not verify, and the report ends here: see medgl-admin ledger "
               "verify."));
    return ADMIN_EVIDENCE;
}

/* What was printed before something went wrong stays; nothing, where nothing was. `none`: what
 * people hear where there is nothing to report. */
static enum admin_exit report_end(struct output *output, struct table **table,
                                  enum medgl_error error, const char *none)
{
    if (error != MEDGL_OK && table_empty(*table))
        table_free(table);
    else if (error != MEDGL_OK)
        table_print(table);
    else
        table_print_or(output, table, none);
    return report_failed(error);
}

/* -- access -------------------------------------------------------------------------------------
 */

static const struct column access_columns[] = {
    {"seq", N_("SEQ"), COLUMN_NUMBER, COLUMN_BOTH},
    {"time", N_("TIME"), COLUMN_TIME, COLUMN_BOTH},
    {"clock_synchronised", "", COLUMN_BOOL, COLUMN_JSON},
    {"kind", N_("KIND"), COLUMN_TEXT, COLUMN_BOTH},
    {"result", N_("RESULT"), COLUMN_TEXT, COLUMN_BOTH},
    {"account", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
    {"class", N_("CLASS"), COLUMN_TEXT, COLUMN_BOTH},
    {"person", N_("PERSON"), COLUMN_TEXT, COLUMN_BOTH},
    {"service", N_("SERVICE"), COLUMN_TEXT, COLUMN_BOTH},
    {"source", N_("SOURCE"), COLUMN_TEXT, COLUMN_BOTH},
    {"terminal", N_("TERMINAL"), COLUMN_TEXT, COLUMN_BOTH},
    {"factors", N_("FACTORS"), COLUMN_TEXT, COLUMN_BOTH},
    {"seconds", N_("SECONDS"), COLUMN_NUMBER, COLUMN_BOTH},
    {"reason", N_("REASON"), COLUMN_TEXT, COLUMN_WIDE},
    {"session", N_("SESSION"), COLUMN_TEXT, COLUMN_JSON},
};

static enum medgl_error access_row(void *argument, const struct access_record *record)
{
    struct table *table = argument;
    const struct cell cells[MEDGL_COUNT(access_columns)] = {
        CELL_NUMBER(record->seq),
        CELL_NUMBER(record->time),
        CELL_NUMBER(record->clock_synchronised),
        CELL_TEXT(record->kind),
        CELL_TEXT(access_result_word(record->result)),
        CELL_TEXT(record->account),
        CELL_TEXT(record->class_),
        CELL_TEXT(record->person),
        CELL_TEXT(record->service),
        CELL_TEXT(record->source),
        CELL_TEXT(record->terminal),
        CELL_TEXT(record->factors),
        record->seconds >= 0 ? CELL_NUMBER(record->seconds) : CELL_NONE,
        CELL_TEXT(record->reason),
        CELL_TEXT(record->session),
    };
    table_row(table, cells);
    return MEDGL_OK;
}

static enum access_order access_order_of(const char *word)
{
    const char *const *orders = options_orders();
    for (int order = ACCESS_BY_TIME; word != NULL && orders[order] != NULL; order++)
        if (strcmp(orders[order], word) == 0)
            return (enum access_order)order;
    return ACCESS_BY_TIME;
}

/* Points at `result` where the word is one. */
static const enum access_result *access_result_find(const char *word, enum access_result *result)
{
    for (int r = ACCESS_RESULT_SUCCESS; word != NULL && r <= ACCESS_RESULT_END; r++)
        if (strcmp(access_result_word((enum access_result)r), word) == 0) {
            *result = (enum access_result)r;
            return result;
        }
    return NULL;
}

enum admin_exit report_access(struct admin *admin)
{
    const struct options *options = &admin->options;
    const char *const *value = options->value;
    enum account_class class_;
    enum access_result result;
    struct access_filter filter = {.account = value[OPTION_ACCOUNT],
                                   .service = value[OPTION_SERVICE],
                                   .source = value[OPTION_PLACE],
                                   .factor = value[OPTION_FACTOR],
                                   .result = access_result_find(value[OPTION_RESULT], &result),
                                   .last = options_number(options, OPTION_LAST, 0),
                                   .order = access_order_of(value[OPTION_SORT]),
                                   .reverse = value[OPTION_REVERSE] != NULL};
    if (value[OPTION_CLASS] != NULL &&
        account_class_parse(value[OPTION_CLASS], &class_) == MEDGL_OK)
        filter.class_ = &class_;
    const enum admin_exit code = options_period(options, &filter.since, &filter.until);
    if (code != ADMIN_DONE)
        return code;
    struct table *table = table_new(&admin->output, "access", TABLE_LIST, access_columns,
                                    MEDGL_COUNT(access_columns));
    table_stream(table);
    enum medgl_error error = operation_report_access(&admin->context, &filter, access_row, table);
    if (error == MEDGL_OK && admin->small.store != NULL)
        error = operation_report_access(&admin->small, &filter, access_row, table);
    if (error != MEDGL_ERR_ARGUMENT)
        return report_end(&admin->output, &table, error, _("No login or failure was found."));
    table_free(&table);
    complain(_("--from needs a source as 'account show' names it, an address, or a network such as "
               "10.1.0.0/16"));
    return ADMIN_USAGE;
}

/* -- lockouts -----------------------------------------------------------------------------------
 */

#define STAND_IN_DIGITS 8

static const char *lockout_purpose(const struct lockout_record *record)
{
    if (record->codes)
        return "second-factor";
    return record->change ? "change-password" : "login";
}

static void lockout_row(void *argument, const struct lockout_record *record)
{
    char account[64];
    const bool enrolled = record->account[0] != '\0';
    (void)snprintf(account, sizeof(account), "(not enrolled) %.*s", STAND_IN_DIGITS,
                   record->account_id);
    table_row(argument, (struct cell[]){
                            CELL_TEXT(enrolled ? record->account : account),
                            CELL_NUMBER(enrolled),
                            CELL_TEXT(record->source),
                            CELL_TEXT(lockout_purpose(record)),
                            CELL_NUMBER(record->failures),
                            record->limit > 0 ? CELL_NUMBER(record->limit) : CELL_NONE,
                            CELL_NUMBER(record->in_flight),
                            CELL_NUMBER(record->latest),
                            CELL_NUMBER(record->locked),
                            CELL_NUMBER(record->until),
                        });
}

enum admin_exit report_lockouts(struct admin *admin)
{
    static const struct column columns[] = {
        {"account", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
        {"enrolled", "", COLUMN_BOOL, COLUMN_JSON},
        {"source", N_("SOURCE"), COLUMN_TEXT, COLUMN_BOTH},
        {"purpose", N_("PURPOSE"), COLUMN_TEXT, COLUMN_BOTH},
        {"failures", N_("FAILURES"), COLUMN_NUMBER, COLUMN_BOTH},
        {"limit", N_("LIMIT"), COLUMN_NUMBER, COLUMN_BOTH},
        {"in_flight", N_("IN FLIGHT"), COLUMN_NUMBER, COLUMN_BOTH},
        {"latest", N_("LATEST"), COLUMN_TIME, COLUMN_BOTH},
        {"locked", N_("LOCKED"), COLUMN_BOOL, COLUMN_BOTH},
        {"locked_until", N_("LOCKED UNTIL"), COLUMN_TIME, COLUMN_BOTH},
    };
    struct table *table =
        table_new(&admin->output, "lockouts", TABLE_LIST, columns, MEDGL_COUNT(columns));
    table_stream(table);
    return report_end(&admin->output, &table,
                      operation_report_lockouts(&admin->context,
                                                admin->options.value[OPTION_LOCKED] != NULL,
                                                lockout_row, table),
                      admin->options.value[OPTION_LOCKED] != NULL
                          ? _("No account is locked.")
                          : _("No failure counts, and no account is locked."));
}

/* -- dormant accounts ---------------------------------------------------------------------------
 */

static void dormant_row(void *argument, const struct dormant_record *record)
{
    const struct account *account = record->account;
    table_row(argument, (struct cell[]){
                            CELL_TEXT(account->name),
                            CELL_TEXT(account_class_word(account->class_)),
                            CELL_NUMBER(account->uid),
                            CELL_NUMBER(account->created),
                            CELL_NUMBER(record->last_used),
                            CELL_NUMBER(record->unix_user_gone),
                            CELL_TEXT(account->full_name),
                        });
}

enum admin_exit report_dormant(struct admin *admin)
{
    static const struct column columns[] = {
        {"account", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
        {"class", N_("CLASS"), COLUMN_TEXT, COLUMN_BOTH},
        {"uid", N_("UID"), COLUMN_NUMBER, COLUMN_BOTH},
        {"enrolled", N_("ENROLLED"), COLUMN_TIME, COLUMN_BOTH},
        {"last_used", N_("LAST USED"), COLUMN_TIME, COLUMN_BOTH},
        {"unix_user_gone", N_("UNIX USER GONE"), COLUMN_BOOL, COLUMN_BOTH},
        {"full_name", N_("FULL NAME"), COLUMN_TEXT, COLUMN_WIDE},
    };
    struct table *table =
        table_new(&admin->output, "dormant", TABLE_LIST, columns, MEDGL_COUNT(columns));
    table_stream(table);
    return report_end(&admin->output, &table,
                      operation_report_dormant(&admin->context,
                                               options_span(&admin->options, OPTION_AGE),
                                               dormant_row, table),
                      _("No account was left unused for so long."));
}

/* -- readiness (R24) ----------------------------------------------------------------------------
 */

static void readiness_row(void *argument, const struct readiness_record *record)
{
    const struct account *account = record->account;
    const struct factor_demand *demand = &record->demand;
    table_row(argument,
              (struct cell[]){
                  CELL_TEXT(account->name),
                  CELL_TEXT(account_class_word(account->class_)),
                  CELL_TEXT(account_factor_word(demand->rule)),
                  CELL_TEXT(account->factor != ACCOUNT_FACTOR_CLASS ? "account" : "class"),
                  CELL_NUMBER(record->totp),
                  CELL_NUMBER(record->card),
                  CELL_NUMBER(record->recovery),
                  CELL_NUMBER(record->ready),
                  CELL_NUMBER(record->waived_until),
                  CELL_TEXT(record->idle ? "not accepted" : ""),
                  CELL_TEXT(account->full_name),
              });
}

static void readiness_say(struct output *output, const struct readiness_summary *summary)
{
    char from[CLOCK_LOCAL_SIZE];
    clock_format_local(summary->required_from, from);
    output_raw(output, "\n", 1);
    if (summary->days > 0)
        output_say(output,
                   dngettext(MESSAGE_DOMAIN,
                             "A second factor is required from %s on: %lld day is left.",
                             "A second factor is required from %s on: %lld days are left.",
                             (unsigned long)summary->days),
                   from, (long long)summary->days);
    else if (summary->required_from > 0)
        output_say(output, _("A second factor is required since %s."), from);
    else
        output_say(output, _("A second factor is required now: the policy names no day."));
    output_say(output,
               _("Of %u active accounts it is asked of %u; %u still lack one, and %u have a "
                 "waiver."),
               (unsigned)summary->accounts, (unsigned)summary->asked, (unsigned)summary->lacking,
               (unsigned)summary->waived);
    output_say(output, _("Of %u administrators %u still lack one."),
               (unsigned)summary->administrators, (unsigned)summary->administrators_lacking);
}

static void readiness_summary_print(struct output *output, const struct readiness_summary *summary)
{
    static const struct column columns[] = {
        {"required_from", "", COLUMN_TIME, COLUMN_JSON},
        {"days_left", "", COLUMN_NUMBER, COLUMN_JSON},
        {"accounts", "", COLUMN_NUMBER, COLUMN_JSON},
        {"asked", "", COLUMN_NUMBER, COLUMN_JSON},
        {"ready", "", COLUMN_NUMBER, COLUMN_JSON},
        {"lacking", "", COLUMN_NUMBER, COLUMN_JSON},
        {"waived", "", COLUMN_NUMBER, COLUMN_JSON},
        {"administrators", "", COLUMN_NUMBER, COLUMN_JSON},
        {"administrators_lacking", "", COLUMN_NUMBER, COLUMN_JSON},
    };
    if (!output->json) {
        if (!output->csv)
            readiness_say(output, summary);
        return;
    }
    struct table *table = table_new(output, "summary", TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(table, (struct cell[]){
                         CELL_NUMBER(summary->required_from),
                         CELL_NUMBER(summary->days),
                         CELL_NUMBER(summary->accounts),
                         CELL_NUMBER(summary->asked),
                         CELL_NUMBER(summary->ready),
                         CELL_NUMBER(summary->lacking),
                         CELL_NUMBER(summary->waived),
                         CELL_NUMBER(summary->administrators),
                         CELL_NUMBER(summary->administrators_lacking),
                     });
    table_print(&table);
}

enum admin_exit report_readiness(struct admin *admin)
{
    static const struct column columns[] = {
        {"account", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
        {"class", N_("CLASS"), COLUMN_TEXT, COLUMN_BOTH},
        {"factor", N_("FACTOR"), COLUMN_TEXT, COLUMN_BOTH},
        {"rule_of", N_("RULE OF"), COLUMN_TEXT, COLUMN_BOTH},
        {"totp", N_("TOTP"), COLUMN_NUMBER, COLUMN_BOTH},
        {"card", N_("CARD"), COLUMN_NUMBER, COLUMN_BOTH},
        {"recovery", N_("RECOVERY"), COLUMN_NUMBER, COLUMN_BOTH},
        {"ready", N_("READY"), COLUMN_BOOL, COLUMN_BOTH},
        {"waived_until", N_("WAIVED UNTIL"), COLUMN_TIME, COLUMN_BOTH},
        {"remark", N_("REMARK"), COLUMN_TEXT, COLUMN_BOTH},
        {"full_name", N_("FULL NAME"), COLUMN_TEXT, COLUMN_WIDE},
    };
    struct readiness_summary summary;
    struct table *table =
        table_new(&admin->output, "readiness", TABLE_LIST, columns, MEDGL_COUNT(columns));
    table_stream(table);
    enum medgl_error error =
        operation_report_readiness(&admin->context, admin->options.value[OPTION_LACKING] != NULL,
                                   readiness_row, table, &summary);
    enum admin_exit code = report_end(&admin->output, &table, error, _("No account was found."));
    if (error == MEDGL_OK)
        readiness_summary_print(&admin->output, &summary);
    return code;
}
