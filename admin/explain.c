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

/* -- the second factor (R24) --------------------------------------------------------------------
 */

static const char *explain_factor_ground(const struct factor_demand *demand)
{
    switch (demand->ground) {
    case FACTOR_GROUND_UNDECIDED:
        break;
    case FACTOR_GROUND_MODULE:
        return _("the service's file says so");
    case FACTOR_GROUND_SERVICE:
        return _("that service is exempt (factor_exempt_services)");
    case FACTOR_GROUND_PLACE:
        return _("none is asked there (factor_exempt_places, or the machine by itself)");
    case FACTOR_GROUND_ACCOUNT:
        return _("the account's own rule");
    case FACTOR_GROUND_CLASS:
        return _("the rule of its class");
    case FACTOR_GROUND_DEADLINE:
        return _("required from a day that has not come yet");
    }
    return "";
}

/* What is accepted, or what becomes of who has nothing of it. */
static void explain_factor_has(const struct explain_answer *answer, char *text, size_t size)
{
    const struct factor_demand *demand = &answer->factor;
    const struct {
        bool accepted;
        const char *word;
        uint32_t count;
    } kinds[] = {{demand->totp, factor_kind_word(FACTOR_KIND_TOTP), answer->totp},
                 {demand->card, factor_kind_word(FACTOR_KIND_CARD), answer->card},
                 {demand->recovery, factor_kind_word(FACTOR_KIND_RECOVERY), answer->recovery},
                 {demand->code, factor_kind_word(FACTOR_KIND_CODE), answer->code_left}};
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < MEDGL_COUNT(kinds); i++)
        if (kinds[i].accepted)
            used += (size_t)snprintf(text + used, size - used, "%s%s (%u)", used > 0 ? ", " : "",
                                     kinds[i].word, (unsigned)kinds[i].count);
    if (used == 0)
        (void)snprintf(text, size, "%s", _("it has none that is accepted there"));
}

static const char *explain_without(const struct explain_answer *answer)
{
    if (answer->bare_admitted)
        return _("the password alone is admitted");
    if (answer->bare_reason == LOGIN_REASON_ENROL)
        return _("without one its owner enrols a device at the login");
    return _("without it the login is refused");
}

static void explain_factor(struct table *table, const struct explain_answer *answer)
{
    const struct factor_demand *demand = &answer->factor;
    char has[256];
    explain_factor_has(answer, has, sizeof(has));
    const bool has_any = demand->totp || demand->card || demand->recovery || demand->code;
    if (!demand->asked)
        explain_row(table, "second-factor", RULE_NOT_ASKED,
                    answer->factor_prompts ? _("%s; a code is asked for there of everybody alike, "
                                               "and this account needs none")
                                           : "%s",
                    explain_factor_ground(demand));
    else
        explain_row(table, "second-factor", rule_verdict_of(has_any || demand->enrols),
                    _("asked: %s; accepted: %s; %s"), explain_factor_ground(demand), has,
                    explain_without(answer));
}

/* Refuses nobody of whom no code is asked. */
static void explain_codes(struct table *table, const struct explain_answer *answer)
{
    if (answer->codes == 0)
        return;
    const bool closed = answer->codes >= answer->codes_limit;
    explain_row(table, "wrong-codes",
                closed && answer->factor.asked ? RULE_REFUSES : RULE_NOT_ASKED,
                closed ? _("%u wrong codes since the last right one, %lld close it: closed until "
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

/* R30: of accounts for maintenance alone. */
static void explain_maintenance(struct table *table, const struct explain_answer *answer)
{
    if (answer->account.class_ == ACCOUNT_CLASS_MAINTENANCE)
        explain_row(table, "maintenance", rule_verdict_of(answer->admission.approved), "%s",
                    answer->admission.approved
                        ? _("work is approved for that time: see medgl-admin grant list")
                        : _("no work is approved for that time: medgl-admin grant add --kind "
                            "maintenance approves some"));
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
    if (admission->by_grant)
        (void)snprintf(end, sizeof(end), _(" (closed now; a grant opens them until %s)"), until);
    else if (admission->hours.granted && admission->until != 0)
        (void)snprintf(end, sizeof(end), _(" (they end at %s)"), until);
    if (admission->reason == ADMISSION_CALENDAR)
        explain_row(table, "hours", RULE_REFUSES,
                    _("the file of holidays cannot be read, and hours are limited: %s: %s"),
                    explain_whose(&admission->hours), admission->hours.rule);
    else
        explain_row(table, "hours",
                    rule_verdict_of(admission->hours.granted || admission->by_grant), "%s%s: %s%s",
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
    explain_factor(table, answer);
    explain_codes(table, answer);
    explain_maintenance(table, answer);
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
        {"admitted", N_("A right login is admitted"), COLUMN_BOOL, COLUMN_BOTH},
        {"reason", N_("Refused for"), COLUMN_TEXT, COLUMN_BOTH},
        {"factor_asked", N_("A second factor is asked"), COLUMN_BOOL, COLUMN_BOTH},
        {"factor_ground", "", COLUMN_TEXT, COLUMN_JSON},
        {"code_prompt", N_("A code is asked for there"), COLUMN_BOOL, COLUMN_BOTH},
        {"password_alone", N_("The password alone is admitted"), COLUMN_BOOL, COLUMN_BOTH},
        {"password_alone_reason", N_("It is refused for"), COLUMN_TEXT, COLUMN_BOTH},
        {"key_admitted", N_("A key is admitted"), COLUMN_BOOL, COLUMN_BOTH},
        {"key_reason", N_("A key is refused for"), COLUMN_TEXT, COLUMN_BOTH},
    };
    struct table *table =
        table_new(output, "explanation", TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(
        table,
        (struct cell[]){
            CELL_TEXT(answer->account.name), CELL_TEXT(account_class_word(answer->account.class_)),
            CELL_NUMBER(answer->at), CELL_TEXT(answer->source), CELL_TEXT(answer->service),
            CELL_NUMBER(answer->admitted), CELL_TEXT(explain_why(answer->admitted, answer->reason)),
            CELL_NUMBER(answer->factor.asked), CELL_TEXT(factor_ground_word(answer->factor.ground)),
            CELL_NUMBER(answer->factor_prompts), CELL_NUMBER(answer->bare_admitted),
            CELL_TEXT(explain_why(answer->bare_admitted, answer->bare_reason)),
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
