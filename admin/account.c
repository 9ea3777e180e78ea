/* The noun account: prints what operation/account.h says, and says who is meant. */
#include "admin/admin.h"

#include "base/text.h"
#include "operation/account.h"
#include "operation/account_rules.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

/* -- list and show -------------------------------------------------------------------------- */

/* What a new remote source would meet (R20). */
static const char *account_attempt_word(enum attempt_verdict verdict)
{
    switch (verdict) {
    case ATTEMPT_LOCKED_SOURCE:
        return "locked-source";
    case ATTEMPT_LOCKED_ACCOUNT:
        return "locked-account";
    case ATTEMPT_DELAYED:
        return "delayed";
    case ATTEMPT_IN_FLIGHT:
        return "in-flight";
    case ATTEMPT_ADMITTED:
        return "open";
    }
    return "unknown";
}

static const char *account_password_word(const struct account_report *report)
{
    if (!report->has_password)
        return "none";
    if (!report->standing.usable)
        return "expired";
    if (report->issued)
        return "issued";
    return report->standing.due ? "due" : "set";
}

/* Why that rule holds, as a sentence for people. */
static const char *account_ground(enum password_ground ground)
{
    switch (ground) {
    case PASSWORD_GROUND_NONE:
        return _("there is no password");
    case PASSWORD_GROUND_LONG:
        return _("it is long enough to stay");
    case PASSWORD_GROUND_SHORT:
        return _("it is short, and no second factor is in force");
    case PASSWORD_GROUND_ROTATION:
        return _("the policy lets no password stay without a second factor");
    case PASSWORD_GROUND_FACTOR:
        return _("a second factor is in force");
    case PASSWORD_GROUND_ISSUED:
        return _("an administrator issued it, and it must be changed at the first login");
    case PASSWORD_GROUND_UNJUDGED:
        return _("it meets no rule, or was never judged: it must be changed at the next login");
    case PASSWORD_GROUND_NOT_ALONE:
        return _("it is too short to stand alone, and no second factor is in force");
    case PASSWORD_GROUND_CLOCK:
        return _("it is dated ahead of the clock: see that the clock is right");
    }
    return "";
}

/* "totp 1, card 2"; "" where there is none. */
static void account_factors(const struct account_report *report, char text[64])
{
    const struct {
        const char *word;
        uint32_t count;
    } kinds[] = {{factor_kind_word(FACTOR_KIND_TOTP), report->totp},
                 {factor_kind_word(FACTOR_KIND_CARD), report->card},
                 {factor_kind_word(FACTOR_KIND_RECOVERY), report->recovery},
                 {factor_kind_word(FACTOR_KIND_CODE), report->code}};
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < MEDGL_COUNT(kinds); i++)
        if (kinds[i].count > 0)
            used += (size_t)snprintf(text + used, 64 - used, "%s%s %" PRIu32, used > 0 ? ", " : "",
                                     kinds[i].word, kinds[i].count);
}

/* Why a second factor is asked or not, as a sentence for people. */
static const char *account_factor_ground(enum factor_ground ground)
{
    switch (ground) {
    case FACTOR_GROUND_ACCOUNT:
        return _("the account's own rule");
    case FACTOR_GROUND_CLASS:
        return _("the rule of its class");
    case FACTOR_GROUND_DEADLINE:
        return _("it is required from a day that has not come yet");
    case FACTOR_GROUND_UNDECIDED: /* these are of a login */
    case FACTOR_GROUND_MODULE:
    case FACTOR_GROUND_SERVICE:
    case FACTOR_GROUND_PLACE:
        break;
    }
    return "";
}

static void account_list_row(void *argument, const struct account_report *report)
{
    const struct account *account = &report->account;
    char factors[64];
    account_factors(report, factors);
    table_row(argument, (struct cell[]){
                            CELL_TEXT(account->name),
                            CELL_TEXT(account_class_word(account->class_)),
                            CELL_TEXT(account_state_word(account->state)),
                            CELL_NUMBER(account->uid),
                            CELL_TEXT(account_password_word(report)),
                            CELL_TEXT(password_rule_word(report->standing.rule)),
                            CELL_TEXT(factors),
                            CELL_NUMBER(report->standing.due_at),
                            CELL_NUMBER(report->activity.last_login),
                            CELL_NUMBER(report->total.account_failures),
                            CELL_TEXT(account_attempt_word(report->remote.verdict)),
                            CELL_TEXT(account->company),
                            CELL_TEXT(account->full_name),
                        });
}

enum admin_exit account_list(struct admin *admin)
{
    static const struct column columns[] = {
        {"name", N_("NAME"), COLUMN_TEXT, COLUMN_BOTH},
        {"class", N_("CLASS"), COLUMN_TEXT, COLUMN_BOTH},
        {"state", N_("STATE"), COLUMN_TEXT, COLUMN_BOTH},
        {"uid", N_("UID"), COLUMN_NUMBER, COLUMN_JSON},
        {"password", N_("PASSWORD"), COLUMN_TEXT, COLUMN_BOTH},
        {"rule", N_("RULE"), COLUMN_TEXT, COLUMN_BOTH},
        {"factors", N_("FACTORS"), COLUMN_TEXT, COLUMN_BOTH},
        {"due", N_("DUE"), COLUMN_TIME, COLUMN_BOTH},
        {"last_login", N_("LAST LOGIN"), COLUMN_TIME, COLUMN_BOTH},
        {"failures", N_("FAILURES"), COLUMN_NUMBER, COLUMN_BOTH},
        {"remote", N_("REMOTE"), COLUMN_TEXT, COLUMN_BOTH},
        {"company", "", COLUMN_TEXT, COLUMN_JSON},
        {"full_name", N_("FULL NAME"), COLUMN_TEXT, COLUMN_WIDE},
    };
    auto_clean(table_print) struct table *table =
        table_new(&admin->output, "accounts", TABLE_LIST, columns, MEDGL_COUNT(columns));
    enum medgl_error error = operation_account_list(&admin->context, account_list_row, table);
    if (error == MEDGL_OK && admin->small.store != NULL)
        error = operation_account_list(&admin->small, account_list_row, table);
    return admin_failed(error, "", NULL);
}

static void account_source_row(void *argument, const struct account_report_source *source)
{
    table_row(argument, (struct cell[]){
                            CELL_TEXT(source->source),
                            CELL_TEXT(source->change ? "change-password" : "login"),
                            CELL_NUMBER(source->counts.source_failures),
                            source->limit > 0 ? CELL_NUMBER(source->limit) : CELL_NONE,
                            CELL_NUMBER(source->counts.source_in_flight),
                            CELL_NUMBER(source->counts.source_latest),
                            CELL_TEXT(account_attempt_word(source->decision.verdict)),
                            CELL_NUMBER(source->decision.until),
                        });
}

static const struct column account_columns[] = {
    {"name", N_("Login name"), COLUMN_TEXT, COLUMN_BOTH},
    {"full_name", N_("Full name"), COLUMN_TEXT, COLUMN_BOTH},
    {"reading", N_("Reading of the name"), COLUMN_TEXT, COLUMN_BOTH},
    {"staff_number", N_("Staff number"), COLUMN_TEXT, COLUMN_BOTH},
    {"birth_date_recorded", N_("Birth date recorded"), COLUMN_BOOL, COLUMN_BOTH},
    {"class", N_("Class"), COLUMN_TEXT, COLUMN_BOTH},
    {"company", N_("Company"), COLUMN_TEXT, COLUMN_BOTH},
    {"state", N_("State"), COLUMN_TEXT, COLUMN_BOTH},
    {"state_since", N_("State since"), COLUMN_TIME, COLUMN_BOTH},
    {"state_reason", N_("Reason"), COLUMN_TEXT, COLUMN_BOTH},
    {"shared", N_("Shared"), COLUMN_BOOL, COLUMN_BOTH},
    {"hours", N_("Hours of its own"), COLUMN_TEXT, COLUMN_BOTH},
    {"places", N_("Places of its own"), COLUMN_TEXT, COLUMN_BOTH},
    {"services", N_("Services of its own"), COLUMN_TEXT, COLUMN_BOTH},
    {"sessions_max", N_("Sessions of its own"), COLUMN_NUMBER, COLUMN_BOTH},
    {"idle", N_("Idle time of its own"), COLUMN_TEXT, COLUMN_BOTH},
    {"id", N_("Account id"), COLUMN_TEXT, COLUMN_BOTH},
    {"uid", N_("Unix uid"), COLUMN_NUMBER, COLUMN_BOTH},
    {"enrolled", N_("Enrolled"), COLUMN_TIME, COLUMN_BOTH},
    {"password", N_("Password"), COLUMN_TEXT, COLUMN_BOTH},
    {"password_issued", N_("Issued by an administrator"), COLUMN_BOOL, COLUMN_BOTH},
    {"password_issued_until", N_("Issued one valid until"), COLUMN_TIME, COLUMN_BOTH},
    {"password_set", N_("Password set"), COLUMN_TIME, COLUMN_BOTH},
    {"rule", N_("Password rule in force"), COLUMN_TEXT, COLUMN_BOTH},
    {"ground", N_("Why"), COLUMN_TEXT, COLUMN_BOTH},
    {"due", N_("Password due"), COLUMN_TIME, COLUMN_BOTH},
    {"change_now", N_("Must be changed now"), COLUMN_BOOL, COLUMN_BOTH},
    {"warned", N_("Owner warned of that"), COLUMN_TIME, COLUMN_BOTH},
    {"grace_used", N_("Grace logins used"), COLUMN_NUMBER, COLUMN_BOTH},
    {"grace_left", N_("Grace logins left"), COLUMN_NUMBER, COLUMN_BOTH},
    {"former_passwords", N_("Former passwords kept"), COLUMN_NUMBER, COLUMN_BOTH},
    {"last_login", N_("Last login"), COLUMN_TIME, COLUMN_BOTH},
    {"last_service", N_("Last login through"), COLUMN_TEXT, COLUMN_BOTH},
    {"last_source", N_("Last login from"), COLUMN_TEXT, COLUMN_BOTH},
    {"untold_failures", N_("Failed tries not yet told"), COLUMN_NUMBER, COLUMN_BOTH},
    {"last_failure", N_("Last failed try"), COLUMN_TIME, COLUMN_BOTH},
    {"last_failure_source", N_("Last failed try from"), COLUMN_TEXT, COLUMN_BOTH},
    {"factor", N_("Second factor of its own rule"), COLUMN_TEXT, COLUMN_BOTH},
    {"factor_rule", N_("Second factor is"), COLUMN_TEXT, COLUMN_BOTH},
    {"factor_ground", N_("Because"), COLUMN_TEXT, COLUMN_BOTH},
    {"factor_from", N_("Required from"), COLUMN_TIME, COLUMN_BOTH},
    {"totp", N_("Devices for codes"), COLUMN_NUMBER, COLUMN_BOTH},
    {"card", N_("Smartcards"), COLUMN_NUMBER, COLUMN_BOTH},
    {"recovery", N_("Recovery codes left"), COLUMN_NUMBER, COLUMN_BOTH},
    {"code", N_("Issued one-time codes left"), COLUMN_NUMBER, COLUMN_BOTH},
    {"waived_until", N_("Factor waived until"), COLUMN_TIME, COLUMN_BOTH},
    {"out_of_hours_until", N_("May log in out of hours until"), COLUMN_TIME, COLUMN_BOTH},
    {"wrong_codes", N_("Wrong codes since the last right one"), COLUMN_NUMBER, COLUMN_BOTH},
    {"wrong_codes_limit", N_("Wrong codes that close the second factor"), COLUMN_NUMBER,
     COLUMN_BOTH},
    {"failures", N_("Failed tries that count"), COLUMN_NUMBER, COLUMN_BOTH},
    {"limit", N_("Failed tries that close it for remote sources"), COLUMN_NUMBER, COLUMN_BOTH},
    {"in_flight", N_("Tries in flight"), COLUMN_NUMBER, COLUMN_BOTH},
    {"remote", N_("New remote sources are"), COLUMN_TEXT, COLUMN_BOTH},
    {"remote_until", N_("Until"), COLUMN_TIME, COLUMN_BOTH},
};

/* The cells of account_columns, in groups; each function gives where the next one begins. */
enum {
    SHOW_PERSON = 19,
    SHOW_PASSWORD = 12,
    SHOW_ACTIVITY = 6,
    SHOW_FACTORS = 12,
    SHOW_ATTEMPTS = 5,
};
static_assert(SHOW_PERSON + SHOW_PASSWORD + SHOW_ACTIVITY + SHOW_FACTORS + SHOW_ATTEMPTS ==
                  MEDGL_COUNT(account_columns),
              "a cell for each column");

/* The birth date itself is shown to nobody: whoever sets it can set it again. */
static struct cell *show_person(struct cell *to, const struct account_report *report,
                                const char *idle)
{
    const struct account *account = &report->account;
    const struct cell cells[SHOW_PERSON] = {
        CELL_TEXT(account->name),
        CELL_TEXT(account->full_name),
        CELL_TEXT(account->reading),
        CELL_TEXT(account->staff_number),
        CELL_NUMBER(account->birth_date[0] != '\0'),
        CELL_TEXT(account_class_word(account->class_)),
        CELL_TEXT(account->company),
        CELL_TEXT(account_state_word(account->state)),
        CELL_NUMBER(account->state_since),
        CELL_TEXT(account->state_reason),
        CELL_NUMBER(account->shared),
        CELL_TEXT(account->hours),
        CELL_TEXT(account->places),
        CELL_TEXT(account->services),
        account->sessions > 0 ? CELL_NUMBER(account->sessions) : CELL_NONE,
        CELL_TEXT(idle),
        CELL_TEXT(account->id),
        CELL_NUMBER(account->uid),
        CELL_NUMBER(account->created),
    };
    memcpy(to, cells, sizeof(cells));
    return to + SHOW_PERSON;
}

static struct cell *show_password(struct cell *to, const struct account_report *report, bool json)
{
    const struct activity *activity = &report->activity;
    const struct password_standing *standing = &report->standing;
    const struct cell cells[SHOW_PASSWORD] = {
        CELL_TEXT(account_password_word(report)),
        CELL_NUMBER(report->issued),
        CELL_NUMBER(report->issued ? report->issued_until : 0),
        CELL_NUMBER(report->password_set),
        CELL_TEXT(password_rule_word(standing->rule)),
        CELL_TEXT(json ? password_ground_word(standing->ground) : account_ground(standing->ground)),
        CELL_NUMBER(standing->due_at),
        CELL_NUMBER(standing->due),
        CELL_NUMBER(activity->warned_at),
        CELL_NUMBER(activity->grace_used),
        CELL_NUMBER(standing->grace_left),
        CELL_NUMBER(report->former),
    };
    memcpy(to, cells, sizeof(cells));
    return to + SHOW_PASSWORD;
}

static struct cell *show_activity(struct cell *to, const struct account_report *report)
{
    const struct activity *activity = &report->activity;
    const struct cell cells[SHOW_ACTIVITY] = {
        CELL_NUMBER(activity->last_login),   CELL_TEXT(activity->last_service),
        CELL_TEXT(activity->last_source),    CELL_NUMBER(activity->failures),
        CELL_NUMBER(activity->last_failure), CELL_TEXT(activity->last_failure_source),
    };
    memcpy(to, cells, sizeof(cells));
    return to + SHOW_ACTIVITY;
}

static struct cell *show_factors(struct cell *to, const struct account_report *report, bool json)
{
    const struct account *account = &report->account;
    const struct activity *activity = &report->activity;
    const struct factor_demand *demand = &report->demand;
    const struct cell cells[SHOW_FACTORS] = {
        CELL_TEXT(account->factor != ACCOUNT_FACTOR_CLASS ? account_factor_word(account->factor)
                                                          : NULL),
        CELL_TEXT(account_factor_word(demand->rule)),
        CELL_TEXT(json ? factor_ground_word(demand->ground)
                       : account_factor_ground(demand->ground)),
        CELL_NUMBER(demand->rule == ACCOUNT_FACTOR_REQUIRED ? demand->required_from : 0),
        CELL_NUMBER(report->totp),
        CELL_NUMBER(report->card),
        CELL_NUMBER(report->recovery),
        CELL_NUMBER(report->code),
        CELL_NUMBER(report->waived_until),
        CELL_NUMBER(report->out_of_hours_until),
        CELL_NUMBER(activity->factor_failures),
        CELL_NUMBER(report->factor_limit),
    };
    memcpy(to, cells, sizeof(cells));
    return to + SHOW_FACTORS;
}

static struct cell *show_attempts(struct cell *to, const struct account_report *report)
{
    const struct cell cells[SHOW_ATTEMPTS] = {
        CELL_NUMBER(report->total.account_failures),
        report->limit > 0 ? CELL_NUMBER(report->limit) : CELL_NONE,
        CELL_NUMBER(report->total.account_in_flight),
        CELL_TEXT(account_attempt_word(report->remote.verdict)),
        CELL_NUMBER(report->remote.until),
    };
    memcpy(to, cells, sizeof(cells));
    return to + SHOW_ATTEMPTS;
}

static void account_show_row(struct table *table, const struct account_report *report, bool json)
{
    struct cell cells[MEDGL_COUNT(account_columns)], *at = cells;
    char idle[RULES_IDLE_SIZE];
    rules_idle_text(report->account.idle, idle);
    at = show_person(at, report, idle);
    at = show_password(at, report, json);
    at = show_activity(at, report);
    at = show_factors(at, report, json);
    (void)show_attempts(at, report);
    table_row(table, cells);
}

enum admin_exit account_show(struct admin *admin)
{
    static const struct column source_columns[] = {
        {"source", N_("SOURCE"), COLUMN_TEXT, COLUMN_BOTH},
        {"purpose", N_("PURPOSE"), COLUMN_TEXT, COLUMN_BOTH},
        {"failures", N_("FAILURES"), COLUMN_NUMBER, COLUMN_BOTH},
        {"limit", N_("LIMIT"), COLUMN_NUMBER, COLUMN_BOTH},
        {"in_flight", N_("IN FLIGHT"), COLUMN_NUMBER, COLUMN_BOTH},
        {"latest", N_("LATEST"), COLUMN_TIME, COLUMN_BOTH},
        {"verdict", N_("NEXT TRY"), COLUMN_TEXT, COLUMN_BOTH},
        {"until", N_("UNTIL"), COLUMN_TIME, COLUMN_BOTH},
    };
    struct output *output = &admin->output;
    struct account_report report;
    struct table *sources =
        table_new(output, "sources", TABLE_LIST, source_columns, MEDGL_COUNT(source_columns));
    enum medgl_error error = operation_account_show(&admin->context, admin->options.name, &report,
                                                    account_source_row, sources);
    if (error == MEDGL_OK) {
        struct table *account = table_new(output, "account", TABLE_RECORD, account_columns,
                                          MEDGL_COUNT(account_columns));
        account_show_row(account, &report, output->json);
        table_print(&account);
        if (!table_empty(sources))
            output_raw(output, "\n", 1);
        table_print(&sources);
    } else {
        table_free(&sources);
    }
    return admin_failed(error, admin->options.name, NULL);
}

/* -- changes of state ----------------------------------------------------------------------- */

enum admin_exit account_unlock(struct admin *admin)
{
    static const struct column columns[] = {
        {"name", "", COLUMN_TEXT, COLUMN_BOTH},
        {"source", "", COLUMN_TEXT, COLUMN_BOTH},
        {"cleared", "", COLUMN_NUMBER, COLUMN_BOTH},
    };
    const struct options *options = &admin->options;
    const char *source = options->value[OPTION_SOURCE];
    char why[OPERATION_WHY_SIZE];
    uint32_t cleared = 0;
    enum medgl_error error = operation_account_unlock(&admin->context, options->name, source,
                                                      options->value[OPTION_REASON], &cleared, why);
    if (error != MEDGL_OK)
        return admin_failed(error, options->name, why);
    output_say(&admin->output, _("%s is unlocked. Failed tries cleared: %" PRIu32), options->name,
               cleared);
    if (admin->output.json) {
        struct table *table =
            table_new(&admin->output, "unlocked", TABLE_RECORD, columns, MEDGL_COUNT(columns));
        table_row(table, (struct cell[]){CELL_TEXT(options->name), CELL_TEXT(source),
                                         CELL_NUMBER(cleared)});
        table_print(&table);
    }
    return ADMIN_DONE;
}

typedef enum medgl_error (*account_change)(struct context *context, const char *name,
                                           const char *reason, char why[OPERATION_WHY_SIZE]);

static enum admin_exit account_changed(struct admin *admin, account_change change,
                                       const char *sentence)
{
    char why[OPERATION_WHY_SIZE] = "";
    const char *name = admin->options.name;
    enum medgl_error error =
        change(&admin->context, name, admin->options.value[OPTION_REASON], why);
    if (error == MEDGL_OK)
        output_result(&admin->output, name, "%s: %s", name, sentence);
    return admin_failed(error, name, why);
}

enum admin_exit account_disable(struct admin *admin)
{
    return account_changed(admin, operation_account_disable, _("disabled"));
}

enum admin_exit account_enable(struct admin *admin)
{
    return account_changed(admin, operation_account_enable, _("enabled"));
}

enum admin_exit account_retire(struct admin *admin)
{
    if (admin->options.value[OPTION_YES] == NULL) {
        if (!ask_possible()) {
            complain(_("Retiring is for good: confirm it with --yes."));
            return ADMIN_USAGE;
        }
        if (!ask_to_type(_("Retiring is for good: the name is never given out again. Type the "
                           "login name to confirm:"),
                         admin->options.name)) {
            complain(_("Not confirmed; nothing was changed."));
            return ADMIN_REFUSED;
        }
    }
    return account_changed(admin, operation_account_retire, _("retired for good"));
}
