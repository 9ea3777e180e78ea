/* Delivering alerts until every receiver had them (R07, R20). Raises nothing.
 *
 * MUSTs:
 * - A try is committed before it is made, and its outcome after it: what was delivered and recorded
 *   is never delivered again, and what a crash cut off is delivered again once.
 * - Nothing is carried inside a transaction: no login waits for a receiver.
 * - One process at a time delivers from a store, so that nobody gets the same alert from two. What
 *   lies in the one store waits for nothing of the other.
 * - An alert that cannot be delivered, or was changed from outside, stops none behind it. */
#include "operation/alert.h"

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"
#include "operation/evidence.h"

#include <stdio.h>
#include <string.h>

#define DELIVER_LIFE_MS    600000 /* what is left then is the next run's */
#define DELIVER_WORDS_PART 2      /* of it mail and terminals may take one, and leave the rest */
#define DELIVER_KEPT       (400 * MEDGL_DAY)
#define BACK_OFF           MEDGL_MINUTE
#define BACK_OFF_MOST      MEDGL_HOUR
#define CHANNELS_MOST      64

/* Some names of receivers. */
struct channels {
    char name[CHANNELS_MOST][STORE_NAME_SIZE];
    size_t count;
};

/* All alerts go to the log before any program is run, and to mail and terminals before the programs
 * of the site: what one of those does to whoever runs it keeps no alert from the others. */
enum turn {
    TURN_LOG,
    TURN_WORDS,
    TURN_HOOKS,
};

struct deliver {
    struct context *context;
    const struct alert_carrier *carrier;
    const char *only;
    enum turn turn;
    struct alert_report *report;
    int64_t deadline;
    bool again;                 /* receivers came to be known */
    enum medgl_error first;     /* that kept an alert from being delivered */
    struct clock_reading clock; /* of the step at hand */
    struct alert alert;         /* likewise */
    struct channels channels;   /* its receivers */
    struct channels failed;     /* in this run */
    struct delivery *hooks;     /* that stood for programs which could not be listed */
};

static bool channels_have(const struct channels *channels, const char *name)
{
    for (size_t i = 0; i < channels->count; i++)
        if (strcmp(channels->name[i], name) == 0)
            return true;
    return false;
}

/* Of one too many nothing is known any more: MEDGL_ERR_ARGUMENT. */
static enum medgl_error channels_add(void *argument, const char *name)
{
    struct channels *channels = argument;
    if (channels->count == CHANNELS_MOST)
        return MEDGL_ERR_ARGUMENT;
    return text_copy(channels->name[channels->count++], STORE_NAME_SIZE, name);
}

static bool channel_is_hook(const char *channel)
{
    return strncmp(channel, ALERT_HOOK, strlen(ALERT_HOOK)) == 0;
}

static enum turn channel_turn(const char *channel)
{
    if (strcmp(channel, ALERT_SYSLOG) == 0)
        return TURN_LOG;
    return channel_is_hook(channel) || strcmp(channel, ALERT_HOOKS) == 0 ? TURN_HOOKS : TURN_WORDS;
}

/* -- when ------------------------------------------------------------------------------------- */

/* A time further ahead than anything is ever put off was set by a clock that has gone back. */
static bool deliver_is_due(medgl_time at, medgl_time now, medgl_time most)
{
    return at <= now || at > now + most;
}

static medgl_time deliver_back_off(uint32_t tries)
{
    medgl_time wait = BACK_OFF;
    for (uint32_t i = 1; i < tries && wait < BACK_OFF_MOST; i++)
        wait *= 2;
    return wait < BACK_OFF_MOST ? wait : BACK_OFF_MOST;
}

/* -- addressing ------------------------------------------------------------------------------- */

static enum medgl_error alert_conclude(struct store_txn *txn, struct deliver *deliver,
                                       const char *channels)
{
    struct ledger_entry entry;
    struct account account;
    struct alert *alert = &deliver->alert;
    enum medgl_error known = MEDGL_ERR_NOT_FOUND;
    if (alert->account_id[0] != '\0')
        known = store_account_by_id(txn, alert->account_id, &account);
    if (known != MEDGL_OK && known != MEDGL_ERR_NOT_FOUND)
        return known;
    alert->done = deliver->clock.now;
    MEDGL_TRY(store_alert_update(txn, alert));
    evidence_begin(deliver->context, &deliver->clock, LEDGER_ALERT_DELIVER,
                   known == MEDGL_OK ? &account : NULL, &entry);
    ledger_entry_text(&entry, "alert", alert->id);
    ledger_entry_text(&entry, "alert_kind", alert_kind_word(alert->kind));
    ledger_entry_number(&entry, "count", alert->count);
    ledger_entry_text(&entry, "channels", channels);
    return evidence_append(deliver->context, txn, &entry, NULL);
}

/* Read again under the lock: until now it may have happened once more. */
static enum medgl_error address_now(struct store_txn *txn, void *argument)
{
    struct deliver *deliver = argument;
    struct alert *alert = &deliver->alert;
    const medgl_time now = deliver->clock.now;
    MEDGL_TRY(store_alert_by_id(txn, alert->id, alert));
    for (size_t i = 0; i < deliver->channels.count; i++) {
        struct delivery delivery = {.state = DELIVERY_WAITING, .next = now};
        (void)snprintf(delivery.alert_id, sizeof(delivery.alert_id), "%s", alert->id);
        (void)snprintf(delivery.channel, sizeof(delivery.channel), "%s", deliver->channels.name[i]);
        MEDGL_TRY(store_delivery_put(txn, &delivery));
    }
    alert->addressed = true;
    alert->not_before = now;
    return deliver->channels.count > 0 ? store_alert_update(txn, alert)
                                       : alert_conclude(txn, deliver, "");
}

static enum medgl_error deliver_address(struct deliver *deliver)
{
    deliver->channels.count = 0;
    MEDGL_TRY(deliver->carrier->channels(deliver->carrier->argument, &deliver->alert, channels_add,
                                         &deliver->channels));
    deliver->clock = clock_read();
    return store_transact(deliver->context->store, STORE_WRITE, address_now, deliver);
}

/* -- carrying --------------------------------------------------------------------------------- */

struct waiting {
    struct delivery delivery[CHANNELS_MOST];
    size_t count;
    enum medgl_error damage; /* MEDGL_ERR_CORRUPT: of some that were passed over */
    char done[CHANNELS_MOST * (STORE_NAME_SIZE + 2)]; /* the channels of those that are done */
};

static enum medgl_error waiting_take(void *argument, const struct delivery *delivery)
{
    struct waiting *waiting = argument;
    switch (delivery->state) {
    case DELIVERY_WAITING:
        if (waiting->count == CHANNELS_MOST)
            return MEDGL_ERR_ARGUMENT; /* more than were ever put there */
        waiting->delivery[waiting->count++] = *delivery;
        return MEDGL_OK;
    case DELIVERY_DONE:
        (void)snprintf(waiting->done + strlen(waiting->done),
                       sizeof(waiting->done) - strlen(waiting->done), "%s%s",
                       waiting->done[0] != '\0' ? ", " : "", delivery->channel);
        return MEDGL_OK;
    case DELIVERY_DROPPED:
        return MEDGL_OK;
    }
    return MEDGL_ERR_ARGUMENT;
}

static enum medgl_error waiting_collect(struct store_txn *txn, const char *alert_id,
                                        struct waiting *waiting)
{
    waiting->count = 0;
    waiting->done[0] = '\0';
    waiting->damage = MEDGL_OK;
    enum medgl_error error = store_delivery_each(txn, alert_id, waiting_take, waiting);
    if (error != MEDGL_ERR_CORRUPT)
        return error;
    waiting->damage = error;
    return MEDGL_OK;
}

static enum medgl_error delivery_put_now(struct store_txn *txn, void *argument)
{
    return store_delivery_put(txn, argument);
}

static enum medgl_error delivery_write(const struct deliver *deliver, struct delivery *delivery)
{
    return store_transact(deliver->context->store, STORE_WRITE, delivery_put_now, delivery);
}

/* The try itself. A receiver that is no more is not waited for. */
static void delivery_carry(struct deliver *deliver, const char *payload, struct delivery *delivery)
{
    const struct alert_carrier *carrier = deliver->carrier;
    char why[STORE_TEXT_SIZE] = "";
    delivery->problem[0] = '\0';
    enum medgl_error error =
        carrier->carry(carrier->argument, delivery->channel, &deliver->alert, payload, why);
    if (error == MEDGL_OK) {
        delivery->state = DELIVERY_DONE;
        deliver->report->delivered++;
        return;
    }
    text_printable(delivery->problem, sizeof(delivery->problem),
                   why[0] != '\0' ? why : medgl_error_text(error));
    if (error == MEDGL_ERR_NOT_FOUND) {
        delivery->state = DELIVERY_DROPPED;
        return;
    }
    deliver->report->failed++;
    (void)channels_add(&deliver->failed, delivery->channel);
    log_line(LOG_WARNING, "alert %s could not be delivered to %s: %s: it is tried again later",
             deliver->alert.id, delivery->channel, delivery->problem);
}

/* Who runs there became known: they are addressed in the transaction in which nobody waits for
 * ALERT_HOOKS any more. */
static enum medgl_error hooks_now(struct store_txn *txn, void *argument)
{
    struct deliver *deliver = argument;
    for (size_t i = 0; i < deliver->channels.count; i++) {
        const char *channel = deliver->channels.name[i];
        struct delivery delivery = {.state = DELIVERY_WAITING, .next = clock_read().now};
        if (!channel_is_hook(channel))
            continue;
        MEDGL_TRY(text_copy(delivery.alert_id, sizeof(delivery.alert_id), deliver->alert.id));
        MEDGL_TRY(text_copy(delivery.channel, sizeof(delivery.channel), channel));
        MEDGL_TRY(store_delivery_put(txn, &delivery));
    }
    return store_delivery_put(txn, deliver->hooks);
}

static enum medgl_error deliver_found_hooks(struct deliver *deliver, struct delivery *delivery)
{
    const struct alert_carrier *carrier = deliver->carrier;
    deliver->channels.count = 0;
    MEDGL_TRY(
        carrier->channels(carrier->argument, &deliver->alert, channels_add, &deliver->channels));
    if (channels_have(&deliver->channels, ALERT_HOOKS)) /* unreadable again */
        return MEDGL_ERR_ACCESS;
    deliver->hooks = delivery;
    deliver->again = true;
    return store_transact(deliver->context->store, STORE_WRITE, hooks_now, deliver);
}

static enum medgl_error deliver_one(struct deliver *deliver, const char *payload,
                                    struct delivery *delivery)
{
    const medgl_time now = clock_read().now;
    if ((deliver->only == NULL && !deliver_is_due(delivery->next, now, BACK_OFF_MOST)) ||
        channels_have(&deliver->failed, delivery->channel))
        return MEDGL_OK;
    delivery->tries += delivery->tries < UINT32_MAX;
    delivery->last = now;
    delivery->next = now + deliver_back_off(delivery->tries);
    MEDGL_TRY(delivery_write(deliver, delivery));
    delivery_carry(deliver, payload, delivery);
    if (strcmp(delivery->channel, ALERT_HOOKS) == 0 && delivery->state == DELIVERY_DROPPED)
        return deliver_found_hooks(deliver, delivery);
    return delivery_write(deliver, delivery);
}

struct step {
    struct deliver *deliver;
    struct waiting *waiting;
};

static enum medgl_error step_read(struct store_txn *txn, void *argument)
{
    const struct step *step = argument;
    struct alert *alert = &step->deliver->alert;
    MEDGL_TRY(store_alert_by_id(txn, alert->id, alert));
    return waiting_collect(txn, alert->id, step->waiting);
}

/* Done when nobody is waited for any more; a crash may have come between the last delivery and
 * this. */
static enum medgl_error step_conclude(struct store_txn *txn, void *argument)
{
    const struct step *step = argument;
    MEDGL_TRY(step_read(txn, argument));
    if (step->waiting->count > 0 || step->waiting->damage != MEDGL_OK ||
        step->deliver->alert.done != 0)
        return MEDGL_OK;
    return alert_conclude(txn, step->deliver, step->waiting->done);
}

static enum medgl_error deliver_to_each(struct step *step)
{
    struct deliver *deliver = step->deliver;
    auto_free char *payload = NULL;
    uint32_t left = 0;
    enum medgl_error first = step->waiting->damage, error = MEDGL_OK;
    MEDGL_TRY(alert_payload(&deliver->alert, &payload));
    for (size_t i = 0; i < step->waiting->count; i++) {
        struct delivery *delivery = &step->waiting->delivery[i];
        if (channel_turn(delivery->channel) == deliver->turn)
            error = deliver_one(deliver, payload, delivery);
        if (first == MEDGL_OK)
            first = error;
        left += delivery->state == DELIVERY_WAITING;
    }
    if (deliver->turn == TURN_HOOKS)
        deliver->report->waiting += left;
    if (left > 0 || first != MEDGL_OK)
        return first;
    deliver->clock = clock_read();
    return store_transact(deliver->context->store, STORE_WRITE, step_conclude, step);
}

static enum medgl_error deliver_alert(struct deliver *deliver, struct waiting *waiting)
{
    struct step step = {.deliver = deliver, .waiting = waiting};
    struct store *store = deliver->context->store;
    MEDGL_TRY(store_transact(store, STORE_READ, step_read, &step));
    if (!deliver->alert.addressed) {
        MEDGL_TRY(deliver_address(deliver));
        MEDGL_TRY(store_transact(store, STORE_READ, step_read, &step));
    }
    return deliver->alert.done == 0 ? deliver_to_each(&step) : MEDGL_OK;
}

/* -- a run ------------------------------------------------------------------------------------ */

/* The ids of those whose time has come. */
struct due {
    const struct deliver *deliver;
    medgl_time now;
    bool urgent;             /* are taken just now */
    enum medgl_error damage; /* MEDGL_ERR_CORRUPT: of some that were passed over */
    char (*id)[CRYPTO_ID_SIZE];
    size_t count, room;
};

static void due_free(struct due *due)
{
    free(due->id);
}

static bool due_wants(const struct due *due, const struct alert *alert)
{
    const struct deliver *deliver = due->deliver;
    if (deliver->only != NULL)
        return strcmp(deliver->only, alert->id) == 0;
    return alert->addressed ||
           deliver_is_due(alert->not_before, due->now,
                          alert_fold_time(&deliver->context->policy, alert->kind));
}

static enum medgl_error due_take(void *argument, const struct alert *alert)
{
    struct due *due = argument;
    if (alert_kind_urgent(alert->kind) != due->urgent || !due_wants(due, alert))
        return MEDGL_OK;
    if (due->count == due->room) {
        size_t room = due->room > 0 ? 2 * due->room : 64;
        void *more = reallocarray(due->id, room, sizeof(*due->id));
        if (more == NULL)
            return MEDGL_ERR_MEMORY;
        due->id = more;
        due->room = room;
    }
    return text_copy(due->id[due->count++], sizeof(*due->id), alert->id);
}

/* The urgent ones come first. */
static enum medgl_error due_collect(struct store_txn *txn, void *argument)
{
    struct due *due = argument;
    due->count = 0;
    due->damage = MEDGL_OK;
    for (int round = 0; round < 2; round++) {
        due->urgent = round == 0;
        enum medgl_error error = store_alert_each(txn, false, due_take, due);
        if (error == MEDGL_ERR_CORRUPT)
            due->damage = error;
        else
            MEDGL_TRY(error);
    }
    return MEDGL_OK;
}

/* What was changed from outside is told at each run: nobody else would hear of the alert. */
static void deliver_note(struct deliver *deliver, const char *which, enum medgl_error error)
{
    if (error == MEDGL_ERR_CORRUPT && deliver->first != error)
        log_system(LOG_ALERT,
                   "%s cannot be delivered: the store was changed from outside: keep the disk as "
                   "it is, and run medgl-admin ledger verify",
                   which);
    else if (error != MEDGL_OK && error != MEDGL_ERR_CORRUPT)
        log_line(LOG_ERR, "%s could not be delivered: %s: medgl-admin doctor may say more", which,
                 medgl_error_text(error));
    if (deliver->first == MEDGL_OK || error == MEDGL_ERR_CORRUPT)
        deliver->first = error;
}

static int64_t deliver_clock(const struct deliver *deliver)
{
    return deliver->carrier->clock != NULL ? deliver->carrier->clock() : clock_monotonic();
}

static void deliver_turn(struct deliver *deliver, enum turn turn, int64_t until,
                         const struct due *due, struct waiting *waiting)
{
    char which[CRYPTO_ID_SIZE + sizeof("alert ")];
    deliver->turn = turn;
    for (size_t i = 0; i < due->count && deliver_clock(deliver) < until; i++) {
        (void)snprintf(deliver->alert.id, sizeof(deliver->alert.id), "%s", due->id[i]);
        (void)snprintf(which, sizeof(which), "alert %s", due->id[i]);
        enum medgl_error error = deliver_alert(deliver, waiting);
        if (error != MEDGL_OK)
            deliver_note(deliver, which, error);
    }
}

/* However many alerts there are, each turn comes. */
static enum medgl_error deliver_due(struct deliver *deliver)
{
    auto_clean(due_free) struct due due = {.deliver = deliver, .now = clock_read().now};
    auto_free struct waiting *waiting = malloc(sizeof(*waiting));
    if (waiting == NULL)
        return MEDGL_ERR_MEMORY;
    MEDGL_TRY(store_transact(deliver->context->store, STORE_READ, due_collect, &due));
    if (due.damage != MEDGL_OK && deliver->only == NULL)
        deliver_note(deliver, "an alert", due.damage);
    deliver_turn(deliver, TURN_LOG, deliver->deadline, &due, waiting);
    const int64_t now = deliver_clock(deliver);
    deliver_turn(deliver, TURN_WORDS, now + (deliver->deadline - now) / DELIVER_WORDS_PART, &due,
                 waiting);
    deliver_turn(deliver, TURN_HOOKS, deliver->deadline, &due, waiting);
    return MEDGL_OK;
}

static enum medgl_error purge_now(struct store_txn *txn, void *argument)
{
    return store_alert_purge(txn, *(const medgl_time *)argument);
}

enum medgl_error operation_alert_deliver(struct context *context,
                                         const struct alert_carrier *carrier, const char *only,
                                         struct alert_report *report)
{
    auto_fd int lock = -1;
    struct deliver deliver = {
        .context = context, .carrier = carrier, .only = only, .report = report};
    medgl_time old = clock_read().now - DELIVER_KEPT;
    uint32_t before;
    *report = (struct alert_report){0};
    alert_straight_prepare(context);
    MEDGL_TRY(alert_lock(context, &lock));
    deliver.deadline = deliver_clock(&deliver) + DELIVER_LIFE_MS;
    do { /* what was raised meanwhile woke nobody who was not awake */
        before = report->delivered;
        report->waiting = 0;
        deliver.again = false;
        MEDGL_TRY(deliver_due(&deliver));
    } while (deliver_clock(&deliver) < deliver.deadline &&
             (deliver.again || (only == NULL && report->delivered > before)));
    report->waiting -= report->failed < report->waiting ? report->failed : report->waiting;
    enum medgl_error error = store_transact(context->store, STORE_WRITE, purge_now, &old);
    if (deliver.first != MEDGL_OK || error != MEDGL_OK)
        return deliver.first != MEDGL_OK ? deliver.first : error;
    return report->failed > 0 ? MEDGL_ERR_REFUSED : MEDGL_OK;
}
