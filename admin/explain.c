/* account explain: each rule with its verdict in words. Decides nothing: operation/report.h does.
 */
#include "admin/admin.h"

#include "operation/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SAYS_SIZE 1024

enum rule_verdict {
    RULE_REFUSES = 0,
    RULE_ADMITS,
    RULE_NOT_ASKED,
};

static const char *rule_verdict_word(enum rule_verdict verdict)
{
    switch (verdict) {
    case RULE_REFUSES:
        return "refuses";
    case RULE_ADMITS:
        return "admits";
    case RULE_NOT_ASKED:
        break;
    }
    return "not-asked";
}

__attribute__((format(printf, 4, 5))) static void explain_row(struct table *table, const char *rule,
                                                              enum rule_verdict verdict,
                                                              const char *format, ...)
{
    char says[SAYS_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(says, sizeof(says), format, arguments);
    va_end(arguments);
    table_row(table, (struct cell[]){CELL_TEXT(rule), CELL_TEXT(rule_verdict_word(verdict)),
                                     CELL_TEXT(says)});
}

static enum rule_verdict rule_verdict_of(bool granted)
{
    return granted ? RULE_ADMITS : RULE_REFUSES;
}

static void explain_attempts(struct table *table, const struct explain_answer *answer)
{
    char until[CLOCK_LOCAL_SIZE];
    clock_format_local(answer->attempt.until, until);
    switch (answer->attempt.verdict) {
    case ATTEMPT_LOCKED_SOURCE:
        explain_row(table, "attempts", RULE_REFUSES,
                    _("too many failed tries from there: closed until %s"), until);
        return;
    case ATTEMPT_LOCKED_ACCOUNT:
        explain_row(table, "attempts", RULE_REFUSES,
                    _("too many failed tries from many places: closed for remote sources until %s"),
                    until);
        return;
    case ATTEMPT_DELAYED:
    case ATTEMPT_IN_FLIGHT:
    case ATTEMPT_ADMITTED:
        break;
    }
    explain_row(table, "attempts", RULE_ADMITS, "%s", _("not closed by failed tries"));
}

/* Refuses nobody of whom no code is asked. */
static void explain_codes(struct table *table, const struct explain_answer *answer)
{
    if (answer->codes == 0)
        return;
    explain_row(table, "second-factor", RULE_NOT_ASKED,
                answer->codes >= answer->codes_limit
                    ? _("%u wrong codes since the last right one, %lld close it: closed until "
                        "medgl-admin account unlock opens it")
                    : _("%u wrong codes since the last right one, %lld close it"),
                answer->codes, (long long)answer->codes_limit);
}

static void explain_state(struct table *table, const struct explain_answer *answer)
{
    char since[CLOCK_LOCAL_SIZE];
    const struct account *account = &answer->account;
    clock_format_local(account->state_since, since);
    explain_row(table, "uid", rule_verdict_of(answer->uid_matches),
                answer->uid_matches
                    ? _("the Unix user has the uid %lld, as when it was enrolled")
                    : _("the Unix user is gone, or has another uid than %lld: somebody else may "
                        "have the name now"),
                (long long)account->uid);
    explain_row(table, "state", rule_verdict_of(account->state == ACCOUNT_STATE_ACTIVE),
                account->state_reason[0] != '\0' ? _("%s since %s: %s") : _("%s since %s"),
                account_state_word(account->state), since, account->state_reason);
}

static void explain_password(struct table *table, const struct explain_answer *answer)
{
    char at[CLOCK_LOCAL_SIZE];
    const struct password_standing *standing = &answer->standing;
    clock_format_local(answer->issued ? answer->issued_until : standing->due_at, at);
    if (!answer->has_password)
        explain_row(table, "password", RULE_REFUSES, "%s",
                    _("there is none: issue one by medgl-admin password reset"));
    else if (answer->issued)
        explain_row(table, "password", rule_verdict_of(standing->usable),
                    standing->usable
                        ? _("issued by an administrator, valid until %s, to be changed first")
                        : _("issued by an administrator, and not valid since %s"),
                    at);
    else if (standing->due)
        explain_row(table, "password", RULE_ADMITS, "%s", _("must be changed first"));
    else if (standing->due_at != 0)
        explain_row(table, "password", RULE_ADMITS, _("must be changed before %s"), at);
    else
        explain_row(table, "password", RULE_ADMITS, "%s", _("does not expire"));
}

static const char *explain_whose(const struct admission_finding *finding)
{
    return finding->own ? _("the account's own rule") : _("the rule of its class");
}

static void explain_access(struct table *table, const struct explain_answer *answer)
{
    const struct admission_decision *admission = &answer->admission;
    explain_row(table, "service", rule_verdict_of(admission->services.granted), "%s: %s: %s",
                answer->service, explain_whose(&admission->services), admission->services.rule);
    explain_row(table, "place",
                answer->place_asked ? rule_verdict_of(admission->places.granted) : RULE_NOT_ASKED,
                "%s: %s: %s", answer->place_asked ? answer->source : _("(no --from)"),
                explain_whose(&admission->places), admission->places.rule);
}

static void explain_hours(struct table *table, const struct explain_answer *answer)
{
    const struct admission_decision *admission = &answer->admission;
    char until[CLOCK_LOCAL_SIZE], end[CLOCK_LOCAL_SIZE + 64] = "";
    clock_format_local(admission->until, until);
    if (admission->hours.granted && admission->until != 0)
        (void)snprintf(end, sizeof(end), _(" (they end at %s)"), until);
    if (admission->reason == ADMISSION_CALENDAR)
        explain_row(table, "hours", RULE_REFUSES,
                    _("the file of holidays cannot be read, and hours are limited: %s: %s"),
                    explain_whose(&admission->hours), admission->hours.rule);
    else
        explain_row(table, "hours", rule_verdict_of(admission->hours.granted), "%s%s: %s%s",
                    admission->holiday ? _("a holiday: ") : "", explain_whose(&admission->hours),
                    admission->hours.rule, end);
}

static void explain_sessions(struct table *table, const struct explain_answer *answer)
{
    if (answer->crowd == CROWD_CLASS)
        explain_row(table, "sessions", RULE_REFUSES,
                    _("%u of all accounts of the class are open, %u may be"),
                    answer->class_sessions, answer->class_limit);
    else
        explain_row(table, "sessions", rule_verdict_of(answer->crowd == CROWD_ADMITTED),
                    answer->account.sessions > 0 ? _("%u open now, %u may be by its own rule")
                                                 : _("%u open now, %u may be by its class"),
                    answer->sessions, answer->sessions_limit);
}

/* In the order in which they are asked. */
static void explain_rules(struct output *output, const struct explain_answer *answer)
{
    static const struct column columns[] = {
        {"rule", N_("RULE"), COLUMN_TEXT, COLUMN_BOTH},
        {"verdict", N_("VERDICT"), COLUMN_TEXT, COLUMN_BOTH},
        {"says", N_("WHAT IT SAYS"), COLUMN_TEXT, COLUMN_WIDE},
    };
    struct table *table = table_new(output, "rules", TABLE_LIST, columns, MEDGL_COUNT(columns));
    explain_attempts(table, answer);
    explain_state(table, answer);
    explain_password(table, answer);
    explain_codes(table, answer);
    explain_access(table, answer);
    explain_hours(table, answer);
    if (answer->account.shared)
        explain_row(table, "person", RULE_ADMITS, "%s",
                    _("shared: who it is that comes is asked at the login"));
    explain_sessions(table, answer);
    table_print(&table);
}

static const char *explain_why(bool admitted, enum login_reason reason)
{
    if (admitted)
        return "";
    return reason != LOGIN_REASON_OK ? login_reason_word(reason) : "sessions";
}

static void explain_result(struct output *output, const struct explain_answer *answer)
{
    static const struct column columns[] = {
        {"account", N_("Login name"), COLUMN_TEXT, COLUMN_BOTH},
        {"class", N_("Class"), COLUMN_TEXT, COLUMN_BOTH},
        {"at", N_("At"), COLUMN_TIME, COLUMN_BOTH},
        {"source", N_("From"), COLUMN_TEXT, COLUMN_BOTH},
        {"service", N_("Through"), COLUMN_TEXT, COLUMN_BOTH},
        {"admitted", N_("A right password is admitted"), COLUMN_BOOL, COLUMN_BOTH},
        {"reason", N_("Refused for"), COLUMN_TEXT, COLUMN_BOTH},
        {"key_admitted", N_("A key is admitted"), COLUMN_BOOL, COLUMN_BOTH},
        {"key_reason", N_("A key is refused for"), COLUMN_TEXT, COLUMN_BOTH},
    };
    struct table *table =
        table_new(output, "explanation", TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(table,
              (struct cell[]){CELL_TEXT(answer->account.name),
                              CELL_TEXT(account_class_word(answer->account.class_)),
                              CELL_NUMBER(answer->at), CELL_TEXT(answer->source),
                              CELL_TEXT(answer->service), CELL_NUMBER(answer->admitted),
                              CELL_TEXT(explain_why(answer->admitted, answer->reason)),
                              CELL_NUMBER(answer->key_admitted),
                              CELL_TEXT(explain_why(answer->key_admitted, answer->key_reason))});
    table_print(&table);
}

enum admin_exit account_explain(struct admin *admin)
{
    const struct options *options = &admin->options;
    struct explain_request request = {.name = options->name,
                                      .from = options->value[OPTION_PLACE],
                                      .service = options->value[OPTION_SERVICE]};
    struct explain_answer answer;
    enum admin_exit code = options_time(options, OPTION_AT, &request.at);
    if (code != ADMIN_DONE)
        return code;
    enum medgl_error error = operation_account_explain(&admin->context, &request, &answer);
    if (error == MEDGL_ERR_ARGUMENT) {
        complain(_("--from needs an address, a terminal, own, local, console, or a source as "
                   "account show names it"));
        return ADMIN_USAGE;
    }
    if (error != MEDGL_OK)
        return admin_failed(error, options->name, NULL);
    explain_result(&admin->output, &answer);
    output_raw(&admin->output, "\n", 1);
    explain_rules(&admin->output, &answer);
    return answer.admitted ? ADMIN_DONE : ADMIN_REFUSED;
}
