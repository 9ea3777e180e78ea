/* What of emergencies is open, and all that there were (R31..R33). Changes nothing. */
#include "operation/emergency.h"

#include "base/auto.h"

#include <stdlib.h>
#include <string.h>

/* -- status ----------------------------------------------------------------------------------- */

struct status_run {
    const struct context *context;
    struct store_txn *txn;
    struct emergency_clocks clocks;
    struct emergency_status *status;
    medgl_time since; /* the first account that was sealed ever; 0: none */
    uint64_t size;    /* of the ledger */
};

static void status_count(struct emergency_status *status, enum breakglass_state state)
{
    switch (state) {
    case BREAKGLASS_UNSEALED:
        status->unsealed++;
        return;
    case BREAKGLASS_SEALED:
        status->sealed++;
        return;
    case BREAKGLASS_USED:
        status->used++;
        return;
    case BREAKGLASS_CLOSED:
        status->closed++;
        return;
    }
}

static enum medgl_error status_account(void *argument, const struct account *account)
{
    struct status_run *run = argument;
    struct breakglass row;
    struct breakglass_facts facts;
    if (account->class_ != ACCOUNT_CLASS_BREAKGLASS || account->state == ACCOUNT_STATE_RETIRED)
        return MEDGL_OK;
    MEDGL_TRY(
        emergency_facts(run->context, run->txn, &run->status->now, account->id, &row, &facts));
    const enum breakglass_state state = policy_breakglass_state(&facts);
    status_count(run->status, state);
    run->status->due +=
        state == BREAKGLASS_SEALED &&
        policy_breakglass_due(&run->context->policy, row.sealed_at, clock_utc_offset(row.sealed_at),
                              run->clocks.clock.now);
    if (facts.sealed && (run->since == 0 || account->created < run->since))
        run->since = account->created;
    return MEDGL_OK;
}

static enum medgl_error status_emergency(void *argument, const struct emergency *emergency)
{
    struct status_run *run = argument;
    struct emergency_status *status = run->status;
    const bool open =
        status->now.phase == EMERGENCY_OPEN && strcmp(emergency->id, status->now.row.id) == 0;
    if (emergency->drill)
        status->last_drill = emergency->declared;
    if (open || emergency->reviewed != 0)
        return MEDGL_OK;
    if (status->unreviewed++ == 0)
        status->first_unreviewed = emergency->number;
    return MEDGL_OK;
}

static enum medgl_error status_now(struct store_txn *txn, void *argument)
{
    struct status_run *run = argument;
    struct ledger_head head;
    run->txn = txn;
    run->since = 0;
    *run->status = (struct emergency_status){.unjoined = UINT64_MAX};
    MEDGL_TRY(emergency_clocks_read(txn, &run->clocks));
    MEDGL_TRY(emergency_look(run->context, txn, &run->clocks, &run->status->now));
    MEDGL_TRY(store_account_each(txn, status_account, run));
    MEDGL_TRY(store_emergency_each(txn, status_emergency, run));
    MEDGL_TRY(store_ledger_head(txn, &head));
    run->size = head.tree.size;
    const medgl_time last = run->status->last_drill > 0 ? run->status->last_drill : run->since;
    run->status->drill_due =
        policy_drill_due(&run->context->policy, run->status->last_drill, run->since,
                         clock_utc_offset(last), run->clocks.clock.now);
    return MEDGL_OK;
}

struct joined_run {
    const char *origin;
    struct joined joined;
};

static enum medgl_error status_joined(struct store_txn *txn, void *argument)
{
    struct joined_run *run = argument;
    run->joined = (struct joined){.size = 0};
    const enum medgl_error error = store_joined_get(txn, run->origin, &run->joined);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

enum medgl_error operation_emergency_status(struct context *context, struct context *main_context,
                                            struct emergency_status *status)
{
    struct status_run run = {.context = context, .status = status};
    struct joined_run joined = {.origin = note_signer_name(context->signer)};
    MEDGL_TRY(store_transact(context->store, STORE_READ, status_now, &run));
    MEDGL_TRY(store_reserved(context->store, &status->reserved));
    if (main_context != NULL &&
        store_transact(main_context->store, STORE_READ, status_joined, &joined) == MEDGL_OK &&
        joined.joined.size <= run.size)
        status->unjoined = run.size - joined.joined.size;
    return MEDGL_OK;
}

/* -- what is not done yet ---------------------------------------------------------------------- */

static enum medgl_error undone_reviews(const struct context *context, struct store_txn *txn,
                                       struct emergency_undone *undone)
{
    const struct emergency_now_view *now = &context->emergency;
    struct emergency row = {.number = 0};
    while (undone->count <= EMERGENCY_UNDONE_MAX) {
        const enum medgl_error error = store_emergency_unreviewed(txn, row.number, &row);
        if (error == MEDGL_ERR_NOT_FOUND)
            return MEDGL_OK;
        MEDGL_TRY(error);
        if (now->phase == EMERGENCY_OPEN && row.number == now->row.number)
            continue;
        if (undone->count < EMERGENCY_UNDONE_MAX) {
            undone->reviews[undone->count].number = row.number;
            undone->reviews[undone->count].drill = row.drill;
        }
        undone->count++;
    }
    return MEDGL_OK;
}

struct undone_run {
    const struct context *context;
    struct store_txn *txn;
    const struct emergency_clocks *clocks;
    struct emergency_undone *undone;
};

/* Of what lies in its envelope no more is read: in normal times that is all of them. */
static enum medgl_error undone_account(void *argument, const struct breakglass *row)
{
    const struct undone_run *run = argument;
    struct account account;
    struct breakglass again;
    struct breakglass_facts facts;
    if (row->used_at == 0 && row->closed_at == 0 && row->sealed_at > run->context->put_back)
        return MEDGL_OK;
    MEDGL_TRY(store_account_by_id(run->txn, row->account_id, &account));
    if (account.state == ACCOUNT_STATE_RETIRED)
        return MEDGL_OK;
    MEDGL_TRY(emergency_facts(run->context, run->txn, &run->context->emergency, account.id, &again,
                              &facts));
    run->undone->closed += policy_breakglass_state(&facts) == BREAKGLASS_CLOSED;
    return MEDGL_OK;
}

enum medgl_error emergency_undone(const struct context *context, struct store_txn *txn,
                                  const struct emergency_clocks *clocks,
                                  struct emergency_undone *undone)
{
    struct undone_run run = {.context = context, .txn = txn, .clocks = clocks, .undone = undone};
    *undone = (struct emergency_undone){.count = 0};
    MEDGL_TRY(undone_reviews(context, txn, undone));
    return store_breakglass_each(txn, undone_account, &run);
}

/* -- list ------------------------------------------------------------------------------------- */

struct list_run {
    const struct context *context;
    struct emergency_now_view view;
    void (*each)(void *argument, const struct emergency *emergency, enum emergency_phase phase);
    void *argument;
};

static enum medgl_error list_one(void *argument, const struct emergency *emergency)
{
    const struct list_run *run = argument;
    const bool latest = strcmp(emergency->id, run->view.row.id) == 0;
    run->each(run->argument, emergency, latest ? run->view.phase : EMERGENCY_RECOVERED);
    return MEDGL_OK;
}

static enum medgl_error list_now(struct store_txn *txn, void *argument)
{
    struct list_run *run = argument;
    struct emergency_clocks clocks;
    MEDGL_TRY(emergency_clocks_read(txn, &clocks));
    MEDGL_TRY(emergency_look(run->context, txn, &clocks, &run->view));
    return store_emergency_each(txn, list_one, run);
}

enum medgl_error operation_emergency_list(struct context *context,
                                          void (*each)(void *argument,
                                                       const struct emergency *emergency,
                                                       enum emergency_phase phase),
                                          void *argument)
{
    struct list_run run = {.context = context, .each = each, .argument = argument};
    return store_transact(context->store, STORE_READ, list_now, &run);
}

enum emergency_phase emergency_state_of(const struct emergency *row, enum emergency_phase phase)
{
    return row->ended == EMERGENCY_END_TIMED_OUT ? EMERGENCY_TIMED_OUT : phase;
}
