/* What an administrator sees of alerts and may ask of them (R07), and what an alert looks like to
 * other programs. */
#include "operation/alert.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* -- for programs ----------------------------------------------------------------------------- */

enum medgl_error alert_payload(const struct alert *alert, char **payload)
{
    char host[STORE_NAME_SIZE] = "", first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE];
    if (gethostname(host, sizeof(host) - 1) != 0)
        host[0] = '\0';
    clock_format_utc(alert->first, first);
    clock_format_utc(alert->last, last);
#define ALERT_TEXT(key, value)                                                                     \
    {                                                                                              \
        .name = (key), .type = LEDGER_FIELD_TEXT, .text = (value)                                  \
    }
    const struct ledger_field fields[] = {
        ALERT_TEXT("id", alert->id),
        ALERT_TEXT("kind", alert_kind_word(alert->kind)),
        {.name = "urgent", .type = LEDGER_FIELD_BOOL, .number = alert_kind_urgent(alert->kind)},
        ALERT_TEXT("host", host),
        ALERT_TEXT("time", first),
        ALERT_TEXT("last", last),
        {.name = "count", .type = LEDGER_FIELD_NUMBER, .number = alert->count},
        ALERT_TEXT("account", alert->subject[0] != '\0' ? alert->subject : NULL),
        ALERT_TEXT("source", alert->source[0] != '\0' ? alert->source : NULL),
        ALERT_TEXT("text", alert->text),
    };
#undef ALERT_TEXT
    return ledger_fields_encode(fields, MEDGL_COUNT(fields), payload);
}

/* -- a test ----------------------------------------------------------------------------------- */

struct test_run {
    struct context *context;
    struct clock_reading clock;
    char *id;
};

static enum medgl_error test_now(struct store_txn *txn, void *argument)
{
    const struct test_run *run = argument;
    const struct alert_event event = {
        .kind = ALERT_TEST,
        .text = "This is a test: an administrator asked whether alerts arrive.",
    };
    char fold[STORE_TEXT_SIZE];
    struct alert alert;
    MEDGL_TRY(alert_raise(run->context, txn, &run->clock, &event));
    alert_fold(ALERT_TEST, "", "", fold);
    MEDGL_TRY(store_alert_by_fold(txn, fold, &alert));
    return text_copy(run->id, CRYPTO_ID_SIZE, alert.id);
}

enum medgl_error operation_alert_test(struct context *context, char id[CRYPTO_ID_SIZE])
{
    struct test_run run = {.context = context, .clock = clock_read(), .id = id};
    return store_transact(context->store, STORE_WRITE, test_now, &run);
}

/* -- once more -------------------------------------------------------------------------------- */

struct retry_run {
    const char *id; /* or its beginning; NULL: all */
    medgl_time now;
    char (*alert)[CRYPTO_ID_SIZE];
    size_t alerts, room;
    struct store_txn *txn;
    uint32_t count;
    enum medgl_error damage; /* of what was passed over: the others are made due all the same */
};

static enum medgl_error retry_take(void *argument, const struct alert *alert)
{
    struct retry_run *run = argument;
    if (run->id != NULL && strncmp(alert->id, run->id, strlen(run->id)) != 0)
        return MEDGL_OK;
    if (run->alerts == run->room) {
        size_t room = run->room > 0 ? 2 * run->room : 64;
        void *more = reallocarray(run->alert, room, sizeof(*run->alert));
        if (more == NULL)
            return MEDGL_ERR_MEMORY;
        run->alert = more;
        run->room = room;
    }
    return text_copy(run->alert[run->alerts++], sizeof(*run->alert), alert->id);
}

struct retry_deliveries {
    struct delivery delivery[64];
    size_t count;
};

static enum medgl_error retry_delivery(void *argument, const struct delivery *delivery)
{
    struct retry_deliveries *waiting = argument;
    if (delivery->state == DELIVERY_WAITING && waiting->count < MEDGL_COUNT(waiting->delivery))
        waiting->delivery[waiting->count++] = *delivery;
    return MEDGL_OK;
}

static enum medgl_error retry_pass_over(struct retry_run *run, enum medgl_error error)
{
    if (error != MEDGL_ERR_CORRUPT)
        return error;
    run->damage = error;
    return MEDGL_OK;
}

/* Nothing is written while rows are read. */
static enum medgl_error retry_alert(struct store_txn *txn, struct retry_run *run, const char *id,
                                    struct retry_deliveries *waiting)
{
    struct alert alert;
    waiting->count = 0;
    MEDGL_TRY(store_alert_by_id(txn, id, &alert));
    if (!alert.addressed) {
        alert.not_before = 0;
        run->count++;
        return store_alert_update(txn, &alert);
    }
    MEDGL_TRY(retry_pass_over(run, store_delivery_each(txn, id, retry_delivery, waiting)));
    for (size_t i = 0; i < waiting->count; i++) {
        waiting->delivery[i].next = run->now;
        MEDGL_TRY(store_delivery_put(txn, &waiting->delivery[i]));
        run->count++;
    }
    return MEDGL_OK;
}

static enum medgl_error retry_now(struct store_txn *txn, void *argument)
{
    struct retry_run *run = argument;
    auto_free struct retry_deliveries *waiting = malloc(sizeof(*waiting));
    if (waiting == NULL)
        return MEDGL_ERR_MEMORY;
    run->alerts = run->count = 0;
    run->damage = MEDGL_OK;
    MEDGL_TRY(retry_pass_over(run, store_alert_each(txn, false, retry_take, run)));
    if (run->id != NULL && run->alerts != 1)
        return run->alerts == 0 ? MEDGL_ERR_NOT_FOUND : MEDGL_ERR_ARGUMENT;
    for (size_t i = 0; i < run->alerts; i++)
        MEDGL_TRY(retry_pass_over(run, retry_alert(txn, run, run->alert[i], waiting)));
    return MEDGL_OK;
}

enum medgl_error operation_alert_retry(struct context *context, const char *id, uint32_t *count)
{
    struct retry_run run = {.id = id, .now = clock_read().now};
    *count = 0;
    if (id != NULL && strlen(id) < CRYPTO_ID_LEAST)
        return MEDGL_ERR_ARGUMENT;
    enum medgl_error error = store_transact(context->store, STORE_WRITE, retry_now, &run);
    free(run.alert);
    if (error == MEDGL_OK)
        *count = run.count;
    return error == MEDGL_OK ? run.damage : error;
}

/* -- the list --------------------------------------------------------------------------------- */

struct list_run {
    struct store_txn *txn;
    enum medgl_error damage; /* of deliveries that were passed over */
    bool all;
    void (*each)(void *argument, const struct alert *alert);
    void (*each_delivery)(void *argument, const struct delivery *delivery);
    void *argument;
};

static enum medgl_error list_delivery(void *argument, const struct delivery *delivery)
{
    const struct list_run *run = argument;
    run->each_delivery(run->argument, delivery);
    return MEDGL_OK;
}

static enum medgl_error list_alert(void *argument, const struct alert *alert)
{
    struct list_run *run = argument;
    run->each(run->argument, alert);
    enum medgl_error error = store_delivery_each(run->txn, alert->id, list_delivery, run);
    if (error != MEDGL_ERR_CORRUPT)
        return error;
    run->damage = error;
    return MEDGL_OK;
}

static enum medgl_error list_now(struct store_txn *txn, void *argument)
{
    struct list_run *run = argument;
    run->txn = txn;
    MEDGL_TRY(store_alert_each(txn, run->all, list_alert, run));
    return run->damage;
}

enum medgl_error operation_alert_list(
    struct context *context, bool all, void (*each)(void *argument, const struct alert *alert),
    void (*each_delivery)(void *argument, const struct delivery *delivery), void *argument)
{
    struct list_run run = {
        .all = all, .each = each, .each_delivery = each_delivery, .argument = argument};
    return store_transact(context->store, STORE_READ, list_now, &run);
}
