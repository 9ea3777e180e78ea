/* Access rules of an account's own. What they mean is policy/'s; here they are read, and refused
 * where they could never do what somebody who sets them wants. */
#include "operation/account_rules.h"

#include "base/auto.h"
#include "base/message.h"
#include "base/text.h"
#include "policy/admission.h"
#include "policy/calendar.h"
#include "policy/value.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static_assert(STORE_TEXT_SIZE >= POLICY_RULE_SIZE, "a rule fits into an account");

typedef enum medgl_error (*rule_parse)(const char *text, char *canonical);

/* -- reading ------------------------------------------------------------------------------------
 */

static enum medgl_error rule_read(const char *text, const char *name, rule_parse parse,
                                  const char *help, char rule[STORE_TEXT_SIZE],
                                  char why[OPERATION_WHY_SIZE])
{
    char canonical[POLICY_RULE_SIZE];
    if (text == NULL)
        return MEDGL_OK;
    if (text[0] == '\0') {
        rule[0] = '\0';
        return MEDGL_OK;
    }
    if (parse(text, canonical) == MEDGL_OK)
        return text_copy(rule, STORE_TEXT_SIZE, canonical);
    (void)snprintf(why, OPERATION_WHY_SIZE, _("%s: that is no such rule; it is %s"), name, _(help));
    return MEDGL_ERR_ARGUMENT;
}

int64_t rules_sessions_most(void)
{
    const struct policy_key *key = policy_key_find("sessions_staff");
    return key != NULL ? key->most : 0;
}

static enum medgl_error sessions_read(const char *text, uint32_t *sessions,
                                      char why[OPERATION_WHY_SIZE])
{
    int64_t number = 0;
    if (text == NULL)
        return MEDGL_OK;
    if (text[0] != '\0' && (value_parse_number(text, &number) != MEDGL_OK || number < 0 ||
                            number > rules_sessions_most())) {
        (void)snprintf(why, OPERATION_WHY_SIZE,
                       _("sessions_max: a number from 1 to %lld, or 0 for what the class says"),
                       (long long)rules_sessions_most());
        return MEDGL_ERR_ARGUMENT;
    }
    *sessions = (uint32_t)number;
    return MEDGL_OK;
}

static enum medgl_error idle_read(const char *text, int64_t *idle, char why[OPERATION_WHY_SIZE])
{
    struct policy_span span;
    if (text == NULL)
        return MEDGL_OK;
    if (text[0] == '\0' || strcmp(text, "none") == 0) {
        *idle = text[0] == '\0' ? 0 : -1;
        return MEDGL_OK;
    }
    if (value_parse_span(text, &span) != MEDGL_OK || policy_span_most(span) < MEDGL_MINUTE ||
        policy_span_most(span) > MEDGL_DAY) {
        (void)snprintf(why, OPERATION_WHY_SIZE, "%s",
                       _("idle: a time from 1 min to 1 day, such as \"15 min\", or none"));
        return MEDGL_ERR_ARGUMENT;
    }
    *idle = policy_span_most(span);
    return MEDGL_OK;
}

static enum medgl_error shared_read(const char *text, bool *shared, char why[OPERATION_WHY_SIZE])
{
    if (text == NULL)
        return MEDGL_OK;
    if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0 && text[0] != '\0') {
        (void)snprintf(why, OPERATION_WHY_SIZE, "%s", _("shared: yes or no"));
        return MEDGL_ERR_ARGUMENT;
    }
    *shared = strcmp(text, "yes") == 0;
    return MEDGL_OK;
}

static enum medgl_error company_read(const char *text, char company[STORE_NAME_SIZE],
                                     char why[OPERATION_WHY_SIZE])
{
    if (text == NULL || ((text[0] == '\0' || text_says_something(text)) &&
                         text_copy(company, STORE_NAME_SIZE, text) == MEDGL_OK))
        return MEDGL_OK;
    (void)snprintf(why, OPERATION_WHY_SIZE,
                   _("company: one line of text with a letter or a digit, of less than %d bytes"),
                   STORE_NAME_SIZE);
    return MEDGL_ERR_ARGUMENT;
}

static enum medgl_error factor_read(const char *text, enum account_factor *factor,
                                    char why[OPERATION_WHY_SIZE])
{
    if (text == NULL)
        return MEDGL_OK;
    if (text[0] == '\0') {
        *factor = ACCOUNT_FACTOR_CLASS;
        return MEDGL_OK;
    }
    if (account_factor_parse(text, factor) == MEDGL_OK)
        return MEDGL_OK;
    (void)snprintf(why, OPERATION_WHY_SIZE, "%s",
                   _("factor: required, optional, none, or class for what the class says"));
    return MEDGL_ERR_ARGUMENT;
}

enum medgl_error rules_read(const struct account_rules *rules, struct account *account,
                            char why[OPERATION_WHY_SIZE])
{
    MEDGL_TRY(rule_read(rules->hours, "hours", admission_parse_hours, admission_hours_help,
                        account->hours, why));
    MEDGL_TRY(rule_read(rules->places, "places", admission_parse_places, admission_places_help,
                        account->places, why));
    MEDGL_TRY(rule_read(rules->services, "services", admission_parse_services,
                        admission_services_help, account->services, why));
    MEDGL_TRY(sessions_read(rules->sessions, &account->sessions, why));
    MEDGL_TRY(idle_read(rules->idle, &account->idle, why));
    MEDGL_TRY(shared_read(rules->shared, &account->shared, why));
    MEDGL_TRY(company_read(rules->company, account->company, why));
    return factor_read(rules->factor, &account->factor, why);
}

/* -- what goes together -------------------------------------------------------------------------
 */

static enum medgl_error rules_refuse(char why[OPERATION_WHY_SIZE], const char *sentence)
{
    (void)snprintf(why, OPERATION_WHY_SIZE, "%s", sentence);
    return MEDGL_ERR_ARGUMENT;
}

enum medgl_error rules_fit(const struct account *account, char why[OPERATION_WHY_SIZE])
{
    if (account->company[0] != '\0' && account->class_ != ACCOUNT_CLASS_MAINTENANCE)
        return rules_refuse(why, _("only an account for maintenance has a company: an empty "
                                   "--company takes it away"));
    switch (account->class_) {
    case ACCOUNT_CLASS_STAFF:
        break;
    case ACCOUNT_CLASS_PRIVILEGED: /* R27 */
        if (account->shared)
            return rules_refuse(why, _("a privileged account cannot be shared: each use of it "
                                       "must be one person's"));
        break;
    case ACCOUNT_CLASS_MAINTENANCE: /* R30 */
        if (account->shared)
            return rules_refuse(why, _("an account for maintenance cannot be shared: give each "
                                       "person one"));
        break;
    case ACCOUNT_CLASS_BREAKGLASS: /* R32 */
        if (account->shared)
            return rules_refuse(why, _("a break-glass account cannot be shared: in an emergency "
                                       "nothing more may be asked than its credential"));
        if (account->factor == ACCOUNT_FACTOR_REQUIRED)
            return rules_refuse(why, _("a break-glass account cannot require a second factor: in "
                                       "an emergency nothing more may be asked than its "
                                       "credential"));
        if (account->hours[0] != '\0' && strcmp(account->hours, "always") != 0)
            return rules_refuse(why, _("a break-glass account cannot have hours: nobody knows "
                                       "when an emergency comes"));
        break;
    }
    return MEDGL_OK;
}

/* -- what the ledger is told --------------------------------------------------------------------
 */

void rules_idle_text(int64_t idle, char text[RULES_IDLE_SIZE])
{
    text[0] = '\0';
    if (idle < 0)
        (void)snprintf(text, RULES_IDLE_SIZE, "none");
    else if (idle > 0)
        value_format_span((struct policy_span){.milliseconds = idle}, text, RULES_IDLE_SIZE);
}

enum rule {
    RULE_HOURS,
    RULE_PLACES,
    RULE_SERVICES,
    RULE_SESSIONS,
    RULE_IDLE,
    RULE_SHARED,
    RULE_FACTOR,
    RULE_COMPANY,
    RULE_COUNT
};
static const char *const rule_words[RULE_COUNT] = {"hours", "places", "services", "sessions_max",
                                                   "idle",  "shared", "factor",   "company"};

static void rules_differ(const struct account *before, const struct account *after,
                         bool differs[RULE_COUNT])
{
    differs[RULE_HOURS] = strcmp(before->hours, after->hours) != 0;
    differs[RULE_PLACES] = strcmp(before->places, after->places) != 0;
    differs[RULE_SERVICES] = strcmp(before->services, after->services) != 0;
    differs[RULE_SESSIONS] = before->sessions != after->sessions;
    differs[RULE_IDLE] = before->idle != after->idle;
    differs[RULE_SHARED] = before->shared != after->shared;
    differs[RULE_FACTOR] = before->factor != after->factor;
    differs[RULE_COMPANY] = strcmp(before->company, after->company) != 0;
}

void rules_fields(const struct account *before, const struct account *after,
                  char fields[OPERATION_WHY_SIZE])
{
    bool differs[RULE_COUNT];
    rules_differ(before, after, differs);
    for (size_t i = 0, used = strlen(fields); i < RULE_COUNT; i++)
        if (differs[i])
            used += (size_t)snprintf(fields + used, OPERATION_WHY_SIZE - used, "%s%s",
                                     used > 0 ? " " : "", rule_words[i]);
}

void rules_tell(const struct account *before, const struct account *after,
                struct ledger_entry *entry, char idle[RULES_IDLE_SIZE])
{
    bool differs[RULE_COUNT];
    rules_differ(before, after, differs);
    if (differs[RULE_HOURS])
        ledger_entry_text(entry, "hours", after->hours);
    if (differs[RULE_PLACES])
        ledger_entry_text(entry, "places", after->places);
    if (differs[RULE_SERVICES])
        ledger_entry_text(entry, "services", after->services);
    if (differs[RULE_SESSIONS])
        ledger_entry_number(entry, "sessions_max", after->sessions);
    rules_idle_text(after->idle, idle);
    if (differs[RULE_IDLE])
        ledger_entry_text(entry, "idle", idle);
    if (differs[RULE_SHARED])
        ledger_entry_bool(entry, "shared", after->shared);
    if (differs[RULE_FACTOR])
        ledger_entry_text(entry, "factor", account_factor_word(after->factor));
    if (differs[RULE_COMPANY])
        ledger_entry_text(entry, "company", after->company);
}
