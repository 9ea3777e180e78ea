/* Emergencies as operators begin and end them (R31, R32). Ends no process: whoever asked for it
 * does, once this is committed. */
#include "operation/alert.h"
#include "operation/emergency_turn.h"
#include "operation/evidence.h"
#include "operation/refuse.h"

#include "base/message.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool said(const char *text)
{
    return text != NULL && text_says_something(text);
}

static bool said_or_nothing(const char *text)
{
    return text == NULL || text_is_printable(text);
}

/* After the commit: everybody is told, and the outside copy of the evidence is made. The act stands
 * even if that fails, which is logged. */
static void act_tell(struct context *context)
{
    alert_wake(context);
    (void)evidence_publish(context);
}

/* -- declare ---------------------------------------------------------------------------------- */

struct declare_run {
    struct context *context;
    const struct emergency_declare_request *request;
    struct emergency_now_view view;
    char *why;
};

static enum medgl_error declare_check(const struct declare_run *run)
{
    const struct policy *policy = &run->context->policy;
    const struct emergency *row = &run->view.row;
    if (!policy_emergency_criterion(policy, run->request->criterion))
        return refuse(
            run->why,
            _("the policy names no criterion \"%.64s\"; emergency_criteria has these: %s"),
            run->request->criterion, policy->emergency_criteria);
    if (run->view.phase != EMERGENCY_OPEN)
        return MEDGL_OK;
    if (row->drill && !run->request->drill)
        return MEDGL_OK;
    if (row->drill)
        return refuse(run->why,
                      _("drill %" PRIu32 " is open already; medgl-admin emergency recover "
                        "ends it"),
                      row->number);
    return refuse(run->why,
                  _("emergency %" PRIu32 " is open already; medgl-admin emergency status "
                    "says what it is about"),
                  row->number);
}

static enum medgl_error declare_now(struct store_txn *txn, void *argument)
{
    struct declare_run *run = argument;
    struct emergency_clocks clocks;
    bool settled;
    MEDGL_TRY(emergency_clocks_read(txn, &clocks));
    MEDGL_TRY(emergency_settle(run->context, txn, &clocks, &settled));
    MEDGL_TRY(emergency_look(run->context, txn, &clocks, &run->view));
    MEDGL_TRY(declare_check(run));
    MEDGL_TRY(emergency_begin(run->context, txn, &clocks, NULL, run->request, &run->view));
    return evidence_keep(txn, clocks.clock.now);
}

enum medgl_error operation_emergency_declare(struct context *context,
                                             const struct emergency_declare_request *request,
                                             struct emergency *declared,
                                             char why[OPERATION_WHY_SIZE])
{
    struct declare_run run = {.context = context, .request = request, .why = why};
    why[0] = '\0';
    if (!said(request->criterion) || !said(request->decided_by) || !said_or_nothing(request->note))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, declare_now, &run));
    act_tell(context);
    *declared = run.view.row;
    return MEDGL_OK;
}

/* -- recover ---------------------------------------------------------------------------------- */

struct recover_run {
    struct context *context;
    const char *decided_by, *note;
    struct emergency_now_view view;
    char *why;
};

/* Also one whose time is over, and nobody wrote that down yet: the accounts are closed already. */
static enum medgl_error recover_now(struct store_txn *txn, void *argument)
{
    struct recover_run *run = argument;
    struct emergency_clocks clocks;
    MEDGL_TRY(emergency_clocks_read(txn, &clocks));
    MEDGL_TRY(emergency_look(run->context, txn, &clocks, &run->view));
    switch (run->view.phase) {
    case EMERGENCY_NONE:
    case EMERGENCY_RECOVERED:
        return refuse(run->why, _("no emergency or drill is open"));
    case EMERGENCY_OPEN:
    case EMERGENCY_TIMED_OUT:
        break;
    }
    MEDGL_TRY(emergency_finish(run->context, txn, &clocks, run->decided_by, run->note, &run->view));
    return evidence_keep(txn, clocks.clock.now);
}

enum medgl_error operation_emergency_recover(struct context *context, const char *decided_by,
                                             const char *note, struct emergency *recovered,
                                             char why[OPERATION_WHY_SIZE])
{
    struct recover_run run = {
        .context = context, .decided_by = decided_by, .note = note, .why = why};
    why[0] = '\0';
    if (!said(decided_by) || !said_or_nothing(note))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, recover_now, &run));
    act_tell(context);
    *recovered = run.view.row;
    return MEDGL_OK;
}
