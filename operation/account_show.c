/* What there is to know about accounts: read only. */
#include "operation/account.h"

#include "base/text.h"
#include "operation/attempt.h"
#include "operation/breakglass_login.h"
#include "operation/factors.h"
#include "operation/password.h"
#include "policy/calendar.h"

#include <string.h>

struct show_run {
    struct context *context;
    struct store_txn *txn;
    const char *name;
    struct account_report *report;
    void (*each_source)(void *argument, const struct account_report_source *source);
    void (*each)(void *argument, const struct account_report *report);
    void *argument;
    medgl_time now;
};

/* A source that nobody uses: what is counted from it is what holds for the account as a whole. */
static const struct source show_elsewhere = {.key = "", .console = false};

static enum medgl_error show_count(void *argument, const struct credential *credential)
{
    uint32_t *count = argument;
    (void)credential;
    (*count)++;
    return MEDGL_OK;
}

/* R24: what the account has, and what its rules make of it wherever nothing exempts. */
static enum medgl_error show_factors(struct store_txn *txn, const struct show_run *run,
                                     struct account_report *report)
{
    struct factors factors;
    MEDGL_TRY(factors_read(txn, report->account.id, run->now, &factors));
    report->totp = factors.totp;
    report->card = factors.card;
    report->recovery = factors.recovery;
    report->code = factors.code;
    report->waived = factors.waived;
    report->waived_until = factors.waived ? factors.waiver.until : 0;
    report->out_of_hours = factors.out_of_hours;
    report->out_of_hours_until = factors.out_of_hours ? factors.hours.until : 0;
    const struct factor_facts facts =
        factor_facts_from(&report->account, &factors, FACTOR_MODE_POLICY, NULL, NULL, run->now);
    report->demand = policy_factor(&run->context->policy, &facts, run->now);
    return MEDGL_OK;
}

static enum medgl_error show_fill(struct store_txn *txn, const struct show_run *run,
                                  struct account_report *report)
{
    struct credential credential;
    const struct policy *policy = &run->context->policy;
    const char *id = report->account.id;
    MEDGL_TRY(store_activity_get(txn, id, &report->activity));
    enum medgl_error error = store_credential_get(txn, id, CREDENTIAL_PASSWORD, &credential);
    if (error != MEDGL_OK && error != MEDGL_ERR_NOT_FOUND)
        return error;
    report->has_password = error == MEDGL_OK;
    struct password_facts facts =
        password_facts_from(report->has_password ? &credential : NULL, run->now);
    MEDGL_TRY(show_factors(txn, run, report));
    facts.second_factor = report->demand.in_force;
    facts.grace_used = report->activity.grace_used;
    facts.sealed = breakglass_is(&report->account);
    report->standing = policy_password_standing(policy, &facts, run->now);
    if (report->has_password) {
        report->issued = credential.issued;
        report->password_set = credential.set_at;
        report->issued_until = credential.valid_until;
    }
    MEDGL_TRY(store_attempt_count(txn, id, show_elsewhere.key, run->now,
                                  policy_span_most(policy->attempt_window), UINT32_MAX,
                                  &report->total));
    report->limit = attempt_limit(policy, &report->account, show_elsewhere.key);
    report->factor_limit = policy->factor_failures;
    const struct attempt_facts remote =
        attempt_facts_from(&report->total, &report->account, &show_elsewhere);
    report->remote = policy_attempt(policy, &remote, run->now);
    return MEDGL_OK;
}

static enum medgl_error show_source(void *argument, const char *key,
                                    const struct attempt_counts *counts)
{
    const struct show_run *run = argument;
    struct account_report_source source = {.counts = *counts, .change = source_key_is_change(key)};
    struct source place = {.console = source_key_is_console(key),
                           .own = source_key_is_own(key, &run->report->account)};
    MEDGL_TRY(text_copy(source.source, sizeof(source.source), key));
    MEDGL_TRY(text_copy(place.key, sizeof(place.key), key));
    const struct attempt_facts facts = attempt_facts_from(counts, &run->report->account, &place);
    source.limit = attempt_limit(&run->context->policy, &run->report->account, key);
    source.decision = policy_attempt(&run->context->policy, &facts, run->now);
    run->each_source(run->argument, &source);
    return MEDGL_OK;
}

static enum medgl_error show_now(struct store_txn *txn, void *argument)
{
    struct show_run *run = argument;
    *run->report = (struct account_report){.has_password = false};
    MEDGL_TRY(store_account_by_name(txn, run->name, &run->report->account));
    MEDGL_TRY(show_fill(txn, run, run->report));
    return store_credential_each_of(txn, run->report->account.id, CREDENTIAL_FORMER, show_count,
                                    &run->report->former);
}

static enum medgl_error show_sources(struct store_txn *txn, void *argument)
{
    struct show_run *run = argument;
    return store_attempt_sources(txn, run->report->account.id, run->now,
                                 policy_span_most(run->context->policy.attempt_window), show_source,
                                 run);
}

enum medgl_error operation_account_show(
    struct context *context, const char *name, struct account_report *report,
    void (*each_source)(void *argument, const struct account_report_source *source), void *argument)
{
    struct show_run run = {.context = context,
                           .name = name,
                           .report = report,
                           .each_source = each_source,
                           .argument = argument,
                           .now = clock_read().now};
    MEDGL_TRY(store_transact(context->store, STORE_READ, show_now, &run));
    if (each_source == NULL)
        return MEDGL_OK;
    return store_transact(context->store, STORE_READ, show_sources, &run);
}

static enum medgl_error list_one(void *argument, const struct account *account)
{
    const struct show_run *run = argument;
    struct account_report report = {.account = *account};
    MEDGL_TRY(show_fill(run->txn, run, &report));
    run->each(run->argument, &report);
    return MEDGL_OK;
}

static enum medgl_error list_now(struct store_txn *txn, void *argument)
{
    struct show_run *run = argument;
    run->txn = txn;
    return store_account_each(txn, list_one, run);
}

enum medgl_error operation_account_list(struct context *context,
                                        void (*each)(void *argument,
                                                     const struct account_report *report),
                                        void *argument)
{
    struct show_run run = {
        .context = context, .each = each, .argument = argument, .now = clock_read().now};
    return store_transact(context->store, STORE_READ, list_now, &run);
}
