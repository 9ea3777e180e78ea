/* When an account was used last (R25): by a session of its owner that shows no notice, and by a
 * login without a session (a screen locker), as well as by others. */
#include "operation/last_use.h"

#include "operation/alert.h"
#include "policy/admission.h"

#include <stdio.h>

/* A store of an older schema knows of sessions alone. */
medgl_time last_use(const struct activity *activity)
{
    return activity->last_used != 0 ? activity->last_used : activity->last_login;
}

static enum medgl_error last_use_alert(struct context *context, struct store_txn *txn,
                                       const struct clock_reading *clock,
                                       const struct account *account, const char *service,
                                       const char *source, medgl_time before)
{
    char text[STORE_ALERT_SIZE], when[CLOCK_TEXT_SIZE];
    clock_format_utc(before, when);
    (void)snprintf(text, sizeof(text), "%s is used through %s from %s; the last use was %s.",
                   account->name, service, source, before == 0 ? "never" : when);
    const struct alert_event event = {
        .kind = ALERT_DORMANT_LOGIN, .account = account, .source = source, .text = text};
    return alert_raise(context, txn, clock, &event);
}

enum medgl_error last_use_note(struct context *context, struct store_txn *txn,
                               const struct clock_reading *clock, const struct account *account,
                               const char *service, const char *source, struct activity *activity,
                               bool *alerted)
{
    const medgl_time before = last_use(activity);
    activity->last_used = clock->now;
    if (!policy_dormant(&context->policy, before, account->created, clock->now))
        return MEDGL_OK;
    *alerted = true;
    return last_use_alert(context, txn, clock, account, service, source, before);
}
