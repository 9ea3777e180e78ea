/* Maintenance (R30): what was done in it, and who has looked at that. */
#include "operation/maintenance.h"

#include "base/auto.h"
#include "base/message.h"
#include "base/text.h"
#include "operation/acting.h"
#include "operation/evidence.h"
#include "operation/refuse.h"
#include "operation/role.h"
#include "policy/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether a person's work is behind it, which somebody has to look at. Root that steps into the
 * account is a person as well. */
static bool maintenance_is(const struct session *session)
{
    return session->class_ == ACCOUNT_CLASS_MAINTENANCE && !session_is_services(session);
}

/* -- listed ----------------------------------------------------------------------------------- */

struct list_run {
    const struct maintenance_filter *filter;
    medgl_time now;
    struct store_txn *txn;
    char account_id[CRYPTO_ID_SIZE]; /* of the filter; "" */
    void (*each)(void *argument, const struct maintenance_record *record);
    void *argument;
};

static bool list_wants(const struct list_run *run, const struct session *session,
                       const struct account *account)
{
    const struct maintenance_filter *filter = run->filter;
    if (run->account_id[0] != '\0' && strcmp(session->account_id, run->account_id) != 0)
        return false;
    if (filter->company != NULL && !text_same_name(account->company, filter->company))
        return false;
    if (filter->since > 0 && session->closed != 0 && session->closed < filter->since)
        return false;
    return filter->until == 0 || session->opened < filter->until;
}

static enum medgl_error list_one(void *argument, const struct session *session)
{
    const struct list_run *run = argument;
    struct account account;
    struct grant grant;
    if (!maintenance_is(session))
        return MEDGL_OK;
    MEDGL_TRY(store_account_by_id(run->txn, session->account_id, &account));
    if (!list_wants(run, session, &account))
        return MEDGL_OK;
    const enum medgl_error error = session->grant_id[0] != '\0'
                                       ? store_grant_by_id(run->txn, session->grant_id, &grant)
                                       : MEDGL_ERR_NOT_FOUND;
    if (error != MEDGL_ERR_NOT_FOUND)
        MEDGL_TRY(error);
    const struct maintenance_record record = {
        .session = session,
        .account = account.name,
        .company = account.company,
        .grant = error == MEDGL_OK ? &grant : NULL,
        .life = session->closed != 0 ? PROCESS_GONE : session_life(session, run->now),
    };
    run->each(run->argument, &record);
    return MEDGL_OK;
}

static enum medgl_error list_now(struct store_txn *txn, void *argument)
{
    struct list_run *run = argument;
    struct account account;
    run->txn = txn;
    run->account_id[0] = '\0';
    if (run->filter->account != NULL) {
        MEDGL_TRY(store_account_by_name(txn, run->filter->account, &account));
        memcpy(run->account_id, account.id, sizeof(run->account_id));
    }
    if (run->filter->unconfirmed)
        return store_session_each_unconfirmed(txn, list_one, run);
    return store_session_each_since(txn, run->account_id[0] != '\0' ? run->account_id : NULL,
                                    run->filter->since, list_one, run);
}

enum medgl_error operation_maintenance_list(
    struct context *context, const struct maintenance_filter *filter,
    void (*each)(void *argument, const struct maintenance_record *record), void *argument)
{
    struct list_run run = {
        .filter = filter, .now = clock_read().now, .each = each, .argument = argument};
    return store_transact(context->store, STORE_READ, list_now, &run);
}

/* -- confirmed -------------------------------------------------------------------------------- */

struct confirm_run {
    struct context *context;
    const char *id, *note;
    struct acting acting;
    char *why;
    struct clock_reading clock;
    struct session *waiting; /* malloc'ed: those that have the id, or whose grant has it */
    size_t count;
    bool by_grant, several, open; /* one of them is */
    char found[CRYPTO_ID_SIZE];   /* the whole id; "": none so far */
    struct account account;       /* whose sessions they are */
    bool beyond;                  /* what role_reaches() refused */
};

static void confirm_free(struct confirm_run *run)
{
    free(run->waiting);
    acting_free(&run->acting);
}

/* Which whole id is meant: of a session, or of a grant. */
static bool confirm_is_meant(struct confirm_run *run, const struct session *session)
{
    const size_t len = strlen(run->id);
    const bool session_has = strncmp(session->id, run->id, len) == 0;
    const bool grant_has = strncmp(session->grant_id, run->id, len) == 0;
    if (!session_has && !grant_has)
        return false;
    const char *whole = session_has ? session->id : session->grant_id;
    run->several |=
        (session_has && grant_has) || (run->found[0] != '\0' && strcmp(run->found, whole) != 0);
    memcpy(run->found, whole, sizeof(run->found));
    run->by_grant = grant_has;
    return true;
}

static enum medgl_error confirm_take_open(void *argument, const struct session *session)
{
    struct confirm_run *run = argument;
    if (maintenance_is(session) && confirm_is_meant(run, session))
        run->open = true;
    return MEDGL_OK;
}

static enum medgl_error confirm_take(void *argument, const struct session *session)
{
    struct confirm_run *run = argument;
    if (!maintenance_is(session) || !confirm_is_meant(run, session))
        return MEDGL_OK;
    struct session *larger = reallocarray(run->waiting, run->count + 1, sizeof(*larger));
    if (larger == NULL)
        return MEDGL_ERR_MEMORY;
    run->waiting = larger;
    larger[run->count++] = *session;
    return MEDGL_OK;
}

static enum medgl_error confirm_take_past(void *argument, const struct session *session)
{
    struct confirm_run *run = argument;
    if (session->confirmed != 0 && maintenance_is(session))
        (void)confirm_is_meant(run, session);
    return MEDGL_OK;
}

/* Of what is meant nothing waits: it was confirmed before, or there is no such thing. */
static enum medgl_error confirm_nothing(struct store_txn *txn, struct confirm_run *run)
{
    MEDGL_TRY(store_session_each_since(txn, NULL, 0, confirm_take_past, run));
    if (run->several)
        return refuse(run->why, _("several ids begin so: give more of it"));
    return run->found[0] == '\0' ? MEDGL_ERR_NOT_FOUND
                                 : refuse(run->why, _("that was confirmed already"));
}

static enum medgl_error confirm_find(struct store_txn *txn, struct confirm_run *run)
{
    uint32_t lost;
    run->count = 0;
    run->several = run->open = false;
    run->found[0] = '\0';
    MEDGL_TRY(session_sweep(run->context, txn, &run->clock, NULL, &lost));
    MEDGL_TRY(store_session_each_open(txn, NULL, confirm_take_open, run));
    MEDGL_TRY(store_session_each_unconfirmed(txn, confirm_take, run));
    if (run->several)
        return refuse(run->why, _("several ids begin so: give more of it"));
    if (run->open)
        return refuse(run->why, run->by_grant
                                    ? _("a session of that work is open: confirm it when it is "
                                        "over, or end it with medgl-admin session end")
                                    : _("that session is open: confirm it when it is over, or end "
                                        "it with medgl-admin session end"));
    return run->count > 0 ? MEDGL_OK : confirm_nothing(txn, run);
}

/* MUST: nobody confirms their own work, by no name and no account of theirs; whoever is bound by no
 * role neither. */
static enum medgl_error confirm_by_another(struct store_txn *txn, struct confirm_run *run)
{
    bool own;
    MEDGL_TRY(store_account_by_id(txn, run->waiting[0].account_id, &run->account));
    run->beyond = true;
    MEDGL_TRY(role_reaches(run->context, txn, &run->account, run->why));
    run->beyond = false;
    MEDGL_TRY(acting_look_accounts(txn, &run->acting));
    own = acting_is_account(&run->acting, &run->account);
    for (size_t i = 0; i < run->count; i++)
        own |= acting_is_called(&run->acting, run->waiting[i].person) ||
               acting_is_source(&run->acting, run->waiting[i].source);
    return own ? refuse(run->why, _("who did the work does not confirm it: have somebody else "
                                    "do it"))
               : MEDGL_OK;
}

static enum medgl_error confirm_one(struct store_txn *txn, const struct confirm_run *run,
                                    struct session *session)
{
    struct ledger_entry entry;
    evidence_begin(run->context, &run->clock, LEDGER_MAINTENANCE_CONFIRM, &run->account, &entry);
    ledger_entry_text(&entry, "session", session->id);
    if (session->grant_id[0] != '\0')
        ledger_entry_text(&entry, "grant", session->grant_id);
    if (run->note[0] != '\0')
        ledger_entry_text(&entry, "note", run->note);
    session->confirmed = clock_moment(run->clock.now);
    MEDGL_TRY(
        text_copy(session->confirmed_by, sizeof(session->confirmed_by), run->context->actor.name));
    MEDGL_TRY(evidence_append(run->context, txn, &entry, &session->confirmed_seq));
    return store_session_update(txn, session);
}

static enum medgl_error confirm_now(struct store_txn *txn, void *argument)
{
    struct confirm_run *run = argument;
    run->clock = clock_read();
    MEDGL_TRY(confirm_find(txn, run));
    MEDGL_TRY(confirm_by_another(txn, run));
    for (size_t i = 0; i < run->count; i++)
        MEDGL_TRY(confirm_one(txn, run, &run->waiting[i]));
    return evidence_keep(txn, run->clock.now);
}

enum medgl_error operation_maintenance_confirm(struct context *context, const char *id,
                                               const char *note, uint32_t *confirmed,
                                               char why[OPERATION_WHY_SIZE])
{
    auto_clean(confirm_free) struct confirm_run run = {
        .context = context, .id = id, .note = note != NULL ? note : "", .why = why};
    *confirmed = 0;
    why[0] = '\0';
    if (strlen(id) < CRYPTO_ID_LEAST || !text_is_printable(run.note))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(acting_look(&context->actor, &run.acting, why));
    const enum medgl_error error = store_transact(context->store, STORE_WRITE, confirm_now, &run);
    if (error == MEDGL_ERR_REFUSED && run.beyond)
        return operation_role_beyond(context, "maintenance confirm", run.account.name);
    MEDGL_TRY(error);
    (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    *confirmed = (uint32_t)run.count;
    return MEDGL_OK;
}

/* -- waiting ---------------------------------------------------------------------------------- */

struct waiting_run {
    medgl_time now, most; /* most: 0: any time is allowed */
    struct maintenance_waiting *waiting;
};

static enum medgl_error waiting_one(void *argument, const struct session *session)
{
    const struct waiting_run *run = argument;
    struct maintenance_waiting *waiting = run->waiting;
    if (!maintenance_is(session))
        return MEDGL_OK;
    waiting->all++;
    if (waiting->oldest == 0 || session->closed < waiting->oldest)
        waiting->oldest = session->closed;
    waiting->overdue +=
        run->most > 0 && session->closed < run->now && run->now - session->closed >= run->most;
    return MEDGL_OK;
}

static enum medgl_error waiting_now(struct store_txn *txn, void *argument)
{
    struct waiting_run *run = argument;
    *run->waiting = (struct maintenance_waiting){.all = 0};
    return store_session_each_unconfirmed(txn, waiting_one, run);
}

enum medgl_error maintenance_waiting(struct context *context, medgl_time now,
                                     struct maintenance_waiting *waiting)
{
    struct waiting_run run = {.now = now,
                              .most = policy_span_most(context->policy.maintenance_confirm),
                              .waiting = waiting};
    return store_transact(context->store, STORE_READ, waiting_now, &run);
}
