/* Who is ready for the day from which on a second factor is required (R24). Reads only; what will
 * be asked is told by policy/, as at a login. */
#include "operation/report.h"

#include "operation/factors.h"

struct readiness_run {
    struct context *context;
    struct store_txn *txn;
    medgl_time now;
    bool lacking_only;
    struct readiness_summary *summary;
    void (*each)(void *argument, const struct readiness_record *record);
    void *argument;
};

/* What will be asked once the day has come, whatever is asked today; a waiver is over by then, or
 * is told beside it. */
static bool readiness_is_asked(const struct readiness_record *record)
{
    switch (record->demand.rule) {
    case ACCOUNT_FACTOR_REQUIRED:
        return true;
    case ACCOUNT_FACTOR_CLASS: /* is no answer: decided already */
    case ACCOUNT_FACTOR_OPTIONAL:
    case ACCOUNT_FACTOR_NONE:
        break;
    }
    return false;
}

static void readiness_count(struct readiness_summary *summary,
                            const struct readiness_record *record)
{
    const bool lacking = !record->ready;
    summary->accounts++;
    summary->asked += readiness_is_asked(record);
    summary->ready += record->ready;
    summary->lacking += lacking;
    summary->waived += record->waived;
    if (record->account->class_ != ACCOUNT_CLASS_PRIVILEGED)
        return;
    summary->administrators++;
    summary->administrators_lacking += lacking;
}

static enum medgl_error readiness_account(void *argument, const struct account *account)
{
    const struct readiness_run *run = argument;
    const struct policy *policy = &run->context->policy;
    struct factors factors;
    if (account->state != ACCOUNT_STATE_ACTIVE)
        return MEDGL_OK;
    MEDGL_TRY(factors_read(run->txn, account->id, run->now, &factors));
    const struct factor_facts facts =
        factor_facts_from(account, &factors, FACTOR_MODE_POLICY, NULL, NULL, run->now);
    struct readiness_record record = {
        .account = account,
        .totp = factors.totp,
        .card = factors.card,
        .recovery = factors.recovery,
        .demand = policy_factor(policy, &facts, run->now),
        .waived = factors.waived,
        .waived_until = factors.waived ? factors.waiver.until : 0,
    };
    record.idle = factors_idle(&factors, &record.demand);
    /* A device of a kind that is not accepted is none: in force says so. */
    record.ready = !readiness_is_asked(&record) || record.demand.in_force;
    readiness_count(run->summary, &record);
    if (!run->lacking_only || !record.ready)
        run->each(run->argument, &record);
    return MEDGL_OK;
}

static enum medgl_error readiness_now(struct store_txn *txn, void *argument)
{
    struct readiness_run *run = argument;
    const struct policy *policy = &run->context->policy;
    const int offset = clock_utc_offset(run->now);
    run->txn = txn;
    *run->summary = (struct readiness_summary){
        .required_from = policy_required_from(policy, offset),
        .days = policy_required_days(policy, offset, run->now),
    };
    return store_account_each(txn, readiness_account, run);
}

enum medgl_error operation_report_readiness(struct context *context, bool lacking_only,
                                            void (*each)(void *argument,
                                                         const struct readiness_record *record),
                                            void *argument, struct readiness_summary *summary)
{
    struct readiness_run run = {.context = context,
                                .now = clock_read().now,
                                .lacking_only = lacking_only,
                                .summary = summary,
                                .each = each,
                                .argument = argument};
    return store_transact(context->store, STORE_READ, readiness_now, &run);
}
