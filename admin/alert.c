/* The noun alert: lists what is to be told, tries whether telling works, and tells it (R07). */
#include "admin/alert.h"

#include "admin/emergency.h"
#include "base/log.h"
#include "base/text.h"
#include "policy/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* -- the list --------------------------------------------------------------------------------- */

static const struct column delivery_columns[] = {
    {"alert", N_("ALERT"), COLUMN_TEXT, COLUMN_BOTH},
    {"channel", N_("CHANNEL"), COLUMN_TEXT, COLUMN_BOTH},
    {"state", N_("STATE"), COLUMN_TEXT, COLUMN_BOTH},
    {"tries", N_("TRIES"), COLUMN_NUMBER, COLUMN_BOTH},
    {"last", N_("LAST TRY"), COLUMN_TIME, COLUMN_BOTH},
    {"next", N_("NEXT TRY"), COLUMN_TIME, COLUMN_BOTH},
    {"problem", N_("PROBLEM"), COLUMN_TEXT, COLUMN_WIDE},
};

struct list {
    struct table *alerts, *deliveries;
    const char *only; /* the alert that deliveries are shown of; NULL: of all */
    bool failed;
};

static const char *delivery_word(enum delivery_state state)
{
    switch (state) {
    case DELIVERY_WAITING:
        return "waiting";
    case DELIVERY_DONE:
        return "done";
    case DELIVERY_DROPPED:
        return "dropped";
    }
    return "unknown";
}

static void list_delivery(void *argument, const struct delivery *delivery)
{
    struct list *list = argument;
    bool waits = delivery->state == DELIVERY_WAITING;
    if (list->only != NULL && strcmp(list->only, delivery->alert_id) != 0)
        return;
    list->failed = list->failed || waits;
    table_row(list->deliveries, (struct cell[]){
                                    CELL_TEXT(delivery->alert_id),
                                    CELL_TEXT(delivery->channel),
                                    CELL_TEXT(delivery_word(delivery->state)),
                                    CELL_NUMBER(delivery->tries),
                                    CELL_NUMBER(delivery->last),
                                    CELL_NUMBER(waits ? delivery->next : 0),
                                    CELL_TEXT(delivery->problem),
                                });
}

static void list_alert(void *argument, const struct alert *alert)
{
    const struct list *list = argument;
    if (list->alerts == NULL)
        return;
    table_row(list->alerts,
              (struct cell[]){
                  CELL_TEXT(alert->id),
                  CELL_TEXT(alert_kind_word(alert->kind)),
                  CELL_NUMBER(alert_kind_urgent(alert->kind)),
                  CELL_NUMBER(alert->first),
                  CELL_NUMBER(alert->last),
                  CELL_NUMBER(alert->count),
                  CELL_TEXT(alert->subject),
                  CELL_TEXT(alert->source),
                  CELL_TEXT(alert->done != 0 ? "done" : (alert->addressed ? "leaving" : "waiting")),
                  CELL_NUMBER(alert->addressed ? 0 : alert->not_before),
                  CELL_NUMBER(alert->done),
                  CELL_TEXT(alert->text),
              });
}

enum admin_exit alert_list(struct admin *admin)
{
    static const struct column columns[] = {
        {"id", N_("ALERT"), COLUMN_TEXT, COLUMN_BOTH},
        {"kind", N_("KIND"), COLUMN_TEXT, COLUMN_BOTH},
        {"urgent", "", COLUMN_BOOL, COLUMN_JSON},
        {"time", N_("TIME"), COLUMN_TIME, COLUMN_BOTH},
        {"last", "", COLUMN_TIME, COLUMN_JSON},
        {"count", N_("TIMES"), COLUMN_NUMBER, COLUMN_BOTH},
        {"account", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
        {"source", N_("SOURCE"), COLUMN_TEXT, COLUMN_BOTH},
        {"state", N_("STATE"), COLUMN_TEXT, COLUMN_BOTH},
        {"not_before", N_("NOT BEFORE"), COLUMN_TIME, COLUMN_BOTH},
        {"done", "", COLUMN_TIME, COLUMN_JSON},
        {"text", N_("WHAT"), COLUMN_TEXT, COLUMN_WIDE},
    };
    struct output *output = &admin->output;
    struct list list = {
        .alerts = table_new(output, "alerts", TABLE_LIST, columns, MEDGL_COUNT(columns)),
        .deliveries = table_new(output, "deliveries", TABLE_LIST, delivery_columns,
                                MEDGL_COUNT(delivery_columns)),
    };
    bool all = admin->options.value[OPTION_ALL] != NULL;
    enum medgl_error error =
        operation_alert_list(&admin->context, all, list_alert, list_delivery, &list);
    if ((error == MEDGL_OK || error == MEDGL_ERR_CORRUPT) && admin->small.store != NULL) {
        const enum medgl_error small =
            operation_alert_list(&admin->small, all, list_alert, list_delivery, &list);
        error = small != MEDGL_OK ? small : error;
    }
    if (error != MEDGL_OK && error != MEDGL_ERR_CORRUPT) {
        table_free(&list.alerts);
        table_free(&list.deliveries);
        return admin_failed(error, "", NULL);
    }
    const bool damaged = error != MEDGL_OK;
    bool none = table_empty(list.alerts), some = !table_empty(list.deliveries);
    table_print(&list.alerts);
    if (some)
        output_say(output, "%s", "");
    table_print(&list.deliveries);
    if (damaged) /* the others are shown */
        return admin_failed(error, "", NULL);
    if (none)
        output_say(output, all ? _("There were no alerts.") : _("Every alert reached everybody."));
    return ADMIN_DONE;
}

/* -- telling ---------------------------------------------------------------------------------- */

static enum medgl_error alert_carry(struct admin *admin, struct context *context, const char *only,
                                    struct alert_report *report)
{
    struct carrying carrying = {.context = context, .courier = &admin->courier};
    const struct alert_carrier carrier = alert_carrier_of(&carrying);
    *report = (struct alert_report){0};
    return operation_alert_deliver(context, &carrier, only, report);
}

static enum admin_exit alert_failed(enum medgl_error error, const char *id)
{
    if (error == MEDGL_ERR_DEADLINE)
        complain(_("Another process delivers alerts just now: try again in a minute."));
    else if (error == MEDGL_ERR_NOT_FOUND)
        complain(_("No alert that waits has the id %s: medgl-admin alert list says which there "
                   "are."),
                 id);
    else if (error == MEDGL_ERR_ARGUMENT)
        complain(_("More than one alert has an id that begins with %s: give more of it."), id);
    else
        return admin_failed(error, "", NULL);
    return error == MEDGL_ERR_DEADLINE    ? ADMIN_UNUSABLE
           : error == MEDGL_ERR_NOT_FOUND ? ADMIN_NOT_FOUND
                                          : ADMIN_USAGE;
}

static enum admin_exit alert_say(struct admin *admin, enum medgl_error error,
                                 const struct alert_report *told)
{
    static const struct column columns[] = {
        {"delivered", N_("Delivered"), COLUMN_NUMBER, COLUMN_BOTH},
        {"failed", N_("Failed"), COLUMN_NUMBER, COLUMN_BOTH},
        {"waiting", N_("Waiting for their next try"), COLUMN_NUMBER, COLUMN_BOTH},
    };
    const struct alert_report report = *told;
    /* Every minute: of nothing nothing is said. */
    if (admin->output.json || report.delivered > 0 || report.failed > 0) {
        struct table *table =
            table_new(&admin->output, "report", TABLE_RECORD, columns, MEDGL_COUNT(columns));
        table_row(table, (struct cell[]){CELL_NUMBER(report.delivered), CELL_NUMBER(report.failed),
                                         CELL_NUMBER(report.waiting)});
        table_print(&table);
    }
    if (error == MEDGL_OK)
        return ADMIN_DONE;
    if (error != MEDGL_ERR_REFUSED)
        return alert_failed(error, "");
    complain(_("Some deliveries failed, and are tried again: medgl-admin alert list says why."));
    return ADMIN_REFUSED;
}

static void report_add(struct alert_report *report, const struct alert_report *more)
{
    report->delivered += more->delivered;
    report->failed += more->failed;
    report->waiting += more->waiting;
}

/* What failed in earnest goes before what is tried again. */
static enum medgl_error worse(enum medgl_error one, enum medgl_error other)
{
    return one == MEDGL_OK || (one == MEDGL_ERR_REFUSED && other != MEDGL_OK) ? other : one;
}

/* Of a verb of both. */
static enum admin_exit alert_tell(struct admin *admin)
{
    struct alert_report report, more;
    enum medgl_error error = MEDGL_OK;
    report = (struct alert_report){0};
    if (admin->small.store != NULL)
        error = alert_carry(admin, &admin->small, NULL, &report);
    error = worse(error, alert_carry(admin, &admin->context, NULL, &more));
    report_add(&report, &more);
    return alert_say(admin, error, &report);
}

/* One of the two. What waits does not wait for the daily verification, and what the watch raised
 * not for the next run. */
static enum medgl_error deliver_from(struct admin *admin, struct context *context,
                                     struct alert_report *report, bool *watched)
{
    struct carrying carrying = {.context = context, .courier = &admin->courier};
    const struct alert_carrier carrier = alert_carrier_of(&carrying);
    struct alert_report more;
    uint32_t raised;
    enum medgl_error error = alert_carry(admin, context, NULL, report);
    *watched = operation_alert_watch(context, &carrier, &raised) == MEDGL_OK;
    if (raised > 0) {
        enum medgl_error again = alert_carry(admin, context, NULL, &more);
        report->delivered += more.delivered;
        report->failed += more.failed;
        report->waiting = more.waiting;
        if (error == MEDGL_OK || error == MEDGL_ERR_REFUSED)
            error = again == MEDGL_OK ? error : again;
    }
    enum medgl_error handed = operation_alert_checkpoint(context, &carrier, &more);
    report_add(report, &more);
    return error == MEDGL_OK ? handed : error;
}

/* Nothing can be read or written down: not even who is to be told, where the policy is broken. */
static void deliver_nothing(struct admin *admin, enum context_place place, enum medgl_error error)
{
    static struct context bare;
    char text[STORE_ALERT_SIZE];
    struct carrying carrying = {.context = &bare, .courier = &admin->courier};
    const struct alert_carrier carrier = alert_carrier_of(&carrying);
    bare = (struct context){.place = place};
    if (text_copy(bare.root, sizeof(bare.root), admin->identity.root) != MEDGL_OK)
        return;
    if (policy_load(bare.root, geteuid(), NULL, &bare.policy) != MEDGL_OK)
        policy_defaults(&bare.policy);
    (void)snprintf(text, sizeof(text),
                   place == CONTEXT_MAIN
                       ? "Alerts cannot be read or written down, and it may be that nobody can log "
                         "in: %s. Run medgl-admin doctor."
                       : "What happens at break-glass accounts cannot be told, and it may be that "
                         "none of them works: %s. Run medgl-admin doctor.",
                   medgl_error_text(error));
    if (alert_straight(&bare, &carrier, ALERT_EVIDENCE, text) != MEDGL_OK)
        log_system(LOG_ALERT, "%s", text);
}

/* MUST: what befell the one store keeps no alert of the other from leaving; the break-glass
 * accounts' go first, before the main store is touched. `error`: what befell this one already. */
static enum medgl_error deliver_place(struct admin *admin, enum context_place place,
                                      enum medgl_error error, struct alert_report *report,
                                      bool *watched)
{
    auto_clean(context_close) struct context context = {.store = NULL};
    const char *root = admin->identity.root;
    *report = (struct alert_report){0};
    *watched = true;
    if (!context_there(root, place) &&
        (place == CONTEXT_BREAKGLASS || context_there(root, CONTEXT_BREAKGLASS)))
        return MEDGL_OK;
    if (error == MEDGL_OK)
        error = place == CONTEXT_BREAKGLASS ? context_open_breakglass(root, CONTEXT_STATE, &context)
                                            : context_open(root, CONTEXT_STATE, &context);
    context.actor = admin->identity.actor;
    if (error == MEDGL_OK)
        return deliver_from(admin, &context, report, watched);
    *watched = false;
    complain(place == CONTEXT_MAIN
                 ? _("Nothing was done: %s. medgl-admin doctor may say more.")
                 : _("Nothing was done for break-glass accounts: %s. medgl-admin doctor may say "
                     "more."),
             medgl_error_text(error));
    deliver_nothing(admin, place, error);
    return MEDGL_OK;
}

/* First of all: of what an emergency's longest time ended, and what lasts, is told by this run.
 * MUST: what fails here keeps no alert back. No child keeps root for it: processes end with
 * `emergency settle` alone. `*opened`: what befell the store, if it is there; deliver_place() says
 * it, and tells it. `*settled`: an emergency was over. false: it failed. */
static bool deliver_settle(struct admin *admin, enum medgl_error *opened, bool *settled)
{
    const char *root = admin->identity.root;
    auto_clean(context_close) struct context context = {.store = NULL};
    *settled = false;
    *opened = MEDGL_OK;
    if (!context_there(root, CONTEXT_BREAKGLASS))
        return true;
    *opened = context_open_breakglass(root, CONTEXT_STATE, &context);
    if (*opened != MEDGL_OK)
        return true;
    context.actor = admin->identity.actor;
    const enum medgl_error error = operation_emergency_settle(&context, settled);
    if (error != MEDGL_OK)
        complain(_("Whether an emergency is over could not be looked at or written down: %s. Used "
                   "accounts are closed all the same; it is tried again each minute."),
                 medgl_error_text(error));
    return error == MEDGL_OK;
}

/* Last of all: no alert waits for it. */
static void deliver_join(struct admin *admin, bool settled)
{
    const char *root = admin->identity.root;
    if (!context_there(root, CONTEXT_MAIN) || !context_there(root, CONTEXT_BREAKGLASS) ||
        context_open_breakglass(root, CONTEXT_STATE, &admin->context) != MEDGL_OK)
        return;
    admin->context.actor = admin->identity.actor;
    if (settled)
        emergency_join_now(admin);
    else
        emergency_join_due(admin);
    context_close(&admin->context);
}

enum admin_exit alert_deliver(struct admin *admin)
{
    static const enum context_place places[] = {CONTEXT_BREAKGLASS, CONTEXT_MAIN};
    struct alert_report report = {0}, more;
    enum medgl_error error = MEDGL_OK, opened;
    bool watched, settled, all = deliver_settle(admin, &opened, &settled);
    for (size_t i = 0; i < MEDGL_COUNT(places); i++) {
        const enum medgl_error befell = places[i] == CONTEXT_BREAKGLASS ? opened : MEDGL_OK;
        error = worse(error, deliver_place(admin, places[i], befell, &more, &watched));
        report_add(&report, &more);
        all &= watched;
    }
    if (opened == MEDGL_OK)
        deliver_join(admin, settled);
    enum admin_exit code = alert_say(admin, error, &report);
    return all ? code : ADMIN_UNUSABLE;
}

enum admin_exit alert_retry(struct admin *admin)
{
    const char *id = admin->options.name;
    uint32_t count;
    enum medgl_error error = operation_alert_retry(&admin->context, id, &count);
    const bool here = id != NULL && error != MEDGL_ERR_NOT_FOUND;
    if (!here && admin->small.store != NULL) {
        const enum medgl_error small = operation_alert_retry(&admin->small, id, &count);
        error = id != NULL || small != MEDGL_OK ? small : error;
    }
    return error == MEDGL_OK || error == MEDGL_ERR_CORRUPT
               ? alert_tell(admin)
               : alert_failed(error, admin->options.name);
}

enum admin_exit alert_test(struct admin *admin)
{
    char id[CRYPTO_ID_SIZE];
    struct alert_report report;
    struct list list = {.only = id};
    enum medgl_error error = operation_alert_test(&admin->context, id);
    if (error == MEDGL_OK)
        error = alert_carry(admin, &admin->context, id, &report);
    if (error != MEDGL_OK && error != MEDGL_ERR_REFUSED)
        return alert_failed(error, id);
    list.deliveries = table_new(&admin->output, "deliveries", TABLE_LIST, delivery_columns,
                                MEDGL_COUNT(delivery_columns));
    error = operation_alert_list(&admin->context, true, list_alert, list_delivery, &list);
    table_print(&list.deliveries);
    if (error != MEDGL_OK)
        return alert_failed(error, id);
    if (!list.failed)
        return ADMIN_DONE;
    complain(_("Not everybody was reached: do what the last column says. It is tried again."));
    return ADMIN_REFUSED;
}
