/* Which break-glass accounts are sealed, used, closed, or due for a new envelope (R32). Changes
 * nothing. */
#include "operation/breakglass.h"

#include "operation/breakglass_login.h"
#include "operation/session.h"
#include "policy/calendar.h"

struct list_run {
    struct context *context;
    struct store_txn *txn;
    void (*each)(void *argument, const struct breakglass_record *record);
    void *argument;
};

static enum medgl_error list_emergency(struct store_txn *txn, const struct breakglass *row,
                                       uint32_t *number)
{
    struct emergency emergency;
    *number = 0;
    if (row->emergency_id[0] == '\0')
        return MEDGL_OK;
    MEDGL_TRY(store_emergency_by_id(txn, row->emergency_id, &emergency));
    *number = emergency.number;
    return MEDGL_OK;
}

/* Of one that was used nothing has to be renewed, but a new envelope made. */
static void list_renew(const struct policy *policy, const struct breakglass_look *look,
                       struct breakglass_record *record)
{
    const medgl_time sealed_at = look->row.sealed_at;
    const int offset = clock_utc_offset(sealed_at);
    if (record->state != BREAKGLASS_SEALED || policy_span_most(policy->breakglass_renew) == 0)
        return;
    record->renew = policy_add(sealed_at, policy->breakglass_renew, offset);
    record->due = policy_breakglass_due(policy, sealed_at, offset, look->clocks.clock.now);
}

static enum medgl_error list_one(void *argument, const struct account *account)
{
    const struct list_run *run = argument;
    struct breakglass_look look;
    struct session_open_count open;
    if (!breakglass_is(account) || account->state == ACCOUNT_STATE_RETIRED)
        return MEDGL_OK;
    MEDGL_TRY(breakglass_look(run->context, run->txn, account, &look));
    struct breakglass_record record = {
        .account = account, .row = &look.row, .state = policy_breakglass_state(&look.facts)};
    list_renew(&run->context->policy, &look, &record);
    MEDGL_TRY(list_emergency(run->txn, &look.row, &record.emergency));
    MEDGL_TRY(session_count_open(run->txn, account->id, &open));
    record.sessions = open.persons;
    run->each(run->argument, &record);
    return MEDGL_OK;
}

static enum medgl_error list_now(struct store_txn *txn, void *argument)
{
    struct list_run *run = argument;
    run->txn = txn;
    return store_account_each(txn, list_one, run);
}

enum medgl_error operation_breakglass_list(struct context *context,
                                           void (*each)(void *argument,
                                                        const struct breakglass_record *record),
                                           void *argument)
{
    struct list_run run = {.context = context, .each = each, .argument = argument};
    return store_transact(context->store, STORE_READ, list_now, &run);
}
