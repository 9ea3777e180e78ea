/* What is counted against accounts and names at this moment (R20), and which accounts nobody uses
 * (R25). Reads only. */
#include "operation/report.h"

#include "base/text.h"
#include "operation/attempt.h"
#include "operation/identity.h"
#include "operation/last_use.h"
#include "policy/calendar.h"

#include <string.h>

/* -- lockouts -----------------------------------------------------------------------------------
 */

struct lockouts_run {
    struct context *context;
    struct store_txn *txn;
    struct policy undelayed;
    medgl_time now;
    bool locked_only, enrolled;
    struct account account; /* of the id that is looked at; `enrolled` */
    struct lockout_record record;
    void (*each)(void *argument, const struct lockout_record *record);
    void *argument;
};

/* NULL: nobody. */
static const struct account *lockouts_enrolled(const struct lockouts_run *run)
{
    return run->enrolled ? &run->account : NULL;
}

static struct attempt_decision lockouts_decide(const struct lockouts_run *run,
                                               const struct attempt_counts *counts,
                                               const struct source *source)
{
    const struct attempt_facts facts = attempt_facts_from(counts, lockouts_enrolled(run), source);
    return policy_attempt(&run->undelayed, &facts, run->now);
}

static void lockouts_tell(struct lockouts_run *run)
{
    const struct lockout_record *record = &run->record;
    if (record->failures + record->in_flight > 0 && (!run->locked_only || record->locked))
        run->each(run->argument, record);
}

static enum medgl_error lockouts_source(void *argument, const char *key,
                                        const struct attempt_counts *counts)
{
    struct lockouts_run *run = argument;
    struct lockout_record *record = &run->record;
    struct source source = {.console = source_key_is_console(key),
                            .own = run->enrolled && source_key_is_own(key, &run->account)};
    MEDGL_TRY(text_copy(source.key, sizeof(source.key), key));
    const struct attempt_decision decision = lockouts_decide(run, counts, &source);
    record->source = key;
    record->change = source_key_is_change(key);
    record->failures = counts->source_failures;
    record->in_flight = counts->source_in_flight;
    record->limit = attempt_limit(&run->context->policy, lockouts_enrolled(run), key);
    record->latest = counts->source_latest;
    record->locked = decision.verdict == ATTEMPT_LOCKED_SOURCE;
    record->until = record->locked ? decision.until : 0;
    lockouts_tell(run);
    return MEDGL_OK;
}

/* The account as a whole, as a new remote source would meet it. */
static enum medgl_error lockouts_whole(struct lockouts_run *run, const char *id)
{
    static const struct source elsewhere = {.key = "", .remote = true};
    struct attempt_counts counts;
    struct lockout_record *record = &run->record;
    MEDGL_TRY(store_attempt_count(run->txn, id, elsewhere.key, run->now,
                                  policy_span_most(run->context->policy.attempt_window), UINT32_MAX,
                                  &counts));
    const struct attempt_decision decision = lockouts_decide(run, &counts, &elsewhere);
    *record = (struct lockout_record){
        .account = run->enrolled ? run->account.name : "",
        .account_id = id,
        .source = "",
        .failures = counts.account_failures,
        .in_flight = counts.account_in_flight,
        .limit = attempt_limit(&run->context->policy, lockouts_enrolled(run), elsewhere.key),
        .latest = counts.account_latest,
        .locked = decision.verdict == ATTEMPT_LOCKED_ACCOUNT,
        .until = decision.verdict == ATTEMPT_LOCKED_ACCOUNT ? decision.until : 0};
    lockouts_tell(run);
    return MEDGL_OK;
}

static enum medgl_error lockouts_account(void *argument, const char *id)
{
    struct lockouts_run *run = argument;
    enum medgl_error error = store_account_by_id(run->txn, id, &run->account);
    run->enrolled = error == MEDGL_OK;
    if (error != MEDGL_ERR_NOT_FOUND)
        MEDGL_TRY(error);
    MEDGL_TRY(lockouts_whole(run, id));
    return store_attempt_sources(run->txn, id, run->now,
                                 policy_span_most(run->context->policy.attempt_window),
                                 lockouts_source, run);
}

/* R24: they stay when the tries themselves are forgotten. */
static enum medgl_error lockouts_codes(void *argument, const struct account *account)
{
    struct lockouts_run *run = argument;
    struct activity activity;
    MEDGL_TRY(store_activity_get(run->txn, account->id, &activity));
    run->record = (struct lockout_record){.account = account->name,
                                          .account_id = account->id,
                                          .source = "",
                                          .codes = true,
                                          .failures = activity.factor_failures,
                                          .limit = run->context->policy.factor_failures,
                                          .locked = activity.factor_failures >=
                                                    run->context->policy.factor_failures};
    lockouts_tell(run);
    return MEDGL_OK;
}

static enum medgl_error lockouts_now(struct store_txn *txn, void *argument)
{
    struct lockouts_run *run = argument;
    run->txn = txn;
    MEDGL_TRY(store_attempt_accounts(txn, lockouts_account, run));
    return store_account_each(txn, lockouts_codes, run);
}

enum medgl_error operation_report_lockouts(struct context *context, bool locked_only,
                                           void (*each)(void *argument,
                                                        const struct lockout_record *record),
                                           void *argument)
{
    struct lockouts_run run = {.context = context,
                               .now = clock_read().now,
                               .locked_only = locked_only,
                               .each = each,
                               .argument = argument};
    attempt_undelayed(&context->policy, &run.undelayed);
    return store_transact(context->store, STORE_READ, lockouts_now, &run);
}

/* -- dormant accounts ---------------------------------------------------------------------------
 */

struct dormant_run {
    struct policy policy; /* with the age that was asked for */
    struct store_txn *txn;
    medgl_time now;
    void (*each)(void *argument, const struct dormant_record *record);
    void *argument;
};

static enum medgl_error dormant_one(void *argument, const struct account *account)
{
    const struct dormant_run *run = argument;
    struct activity activity;
    struct unix_user user;
    if (account->state != ACCOUNT_STATE_ACTIVE)
        return MEDGL_OK;
    MEDGL_TRY(store_activity_get(run->txn, account->id, &activity));
    MEDGL_TRY(unix_user_find(account->name, &user));
    const struct dormant_record record = {.account = account,
                                          .last_used = last_use(&activity),
                                          .unix_user_gone =
                                              !user.exists || user.uid != account->uid};
    if (record.unix_user_gone ||
        policy_dormant(&run->policy, last_use(&activity), account->created, run->now))
        run->each(run->argument, &record);
    return MEDGL_OK;
}

static enum medgl_error dormant_now(struct store_txn *txn, void *argument)
{
    struct dormant_run *run = argument;
    run->txn = txn;
    return store_account_each(txn, dormant_one, run);
}

enum medgl_error operation_report_dormant(struct context *context, medgl_time age,
                                          void (*each)(void *argument,
                                                       const struct dormant_record *record),
                                          void *argument)
{
    struct dormant_run run = {
        .policy = context->policy, .now = clock_read().now, .each = each, .argument = argument};
    if (age > 0)
        run.policy.dormant_after = (struct policy_span){.milliseconds = age};
    return store_transact(context->store, STORE_READ, dormant_now, &run);
}
