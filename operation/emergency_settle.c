/* Writing down what the rules have ended (R31, R32): for the timer, and for whoever is about to
 * begin another emergency. Ends nothing by itself. */
#include "base/log.h"
#include "operation/alert.h"
#include "operation/emergency_turn.h"
#include "operation/evidence.h"
#include "operation/policy_seen.h"

enum medgl_error emergency_settle(struct context *context, struct store_txn *txn,
                                  const struct emergency_clocks *clocks, bool *settled)
{
    struct emergency_now_view view;
    uint32_t closed;
    *settled = false;
    MEDGL_TRY(emergency_look(context, txn, clocks, &view));
    switch (view.phase) {
    case EMERGENCY_NONE:
    case EMERGENCY_RECOVERED:
        break;
    case EMERGENCY_OPEN:
        MEDGL_TRY(emergency_last(context, txn, clocks, &view));
        break;
    case EMERGENCY_TIMED_OUT:
        *settled = true;
        return emergency_finish(context, txn, clocks, "", NULL, &view);
    }
    MEDGL_TRY(emergency_close_used(context, txn, clocks, &view, &closed));
    return MEDGL_OK;
}

struct settle_run {
    struct context *context;
    bool *settled;
};

static enum medgl_error settle_now(struct store_txn *txn, void *argument)
{
    const struct settle_run *run = argument;
    struct emergency_clocks clocks;
    MEDGL_TRY(emergency_clocks_read(txn, &clocks));
    MEDGL_TRY(emergency_settle(run->context, txn, &clocks, run->settled));
    return *run->settled ? evidence_keep(txn, clocks.clock.now) : MEDGL_OK;
}

/* What holds if the files are of no use in the next one. What is over is written down by then: a
 * full device, which keeps no other policy, fails none of that. */
static void settle_policy(struct context *context)
{
    const enum medgl_error error = policy_seen_keep(context);
    if (error != MEDGL_OK)
        log_line(LOG_WARNING, "the policy could not be kept for emergencies: %s",
                 medgl_error_text(error));
}

enum medgl_error operation_emergency_settle(struct context *context, bool *settled)
{
    struct settle_run run = {.context = context, .settled = settled};
    const enum medgl_error error = store_transact(context->store, STORE_WRITE, settle_now, &run);
    if (error != MEDGL_OK) {
        *settled = false; /* nothing is written down */
        return error;
    }
    if (*settled) {
        (void)evidence_publish(context); /* what is over is over: a failure is logged */
        alert_wake(context);
    }
    settle_policy(context);
    return MEDGL_OK;
}
