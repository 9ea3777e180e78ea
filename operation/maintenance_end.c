/* The end of a contract (R30): the accounts of one company are disabled together. Ends no process:
 * whoever asked for it does, once this is committed. */
#include "operation/maintenance.h"

#include "base/auto.h"
#include "base/text.h"
#include "operation/evidence.h"
#include "operation/role.h"

#include <stdlib.h>
#include <string.h>

struct end_run {
    struct context *context;
    const char *company, *reason;
    char *why;
    struct clock_reading clock;
    struct account *accounts; /* malloc'ed, and what became of each */
    struct maintenance_ended *ended;
    size_t count;
    char beyond[STORE_NAME_SIZE]; /* which the role does not reach; "" */
};

static void end_free(struct end_run *run)
{
    free(run->accounts);
    free(run->ended);
}

/* All are read before any is changed. */
static enum medgl_error end_take(void *argument, const struct account *account)
{
    struct end_run *run = argument;
    if (account->state == ACCOUNT_STATE_RETIRED || !text_same_name(account->company, run->company))
        return MEDGL_OK;
    struct account *accounts = reallocarray(run->accounts, run->count + 1, sizeof(*accounts));
    if (accounts == NULL)
        return MEDGL_ERR_MEMORY;
    run->accounts = accounts;
    struct maintenance_ended *ended = reallocarray(run->ended, run->count + 1, sizeof(*ended));
    if (ended == NULL)
        return MEDGL_ERR_MEMORY;
    run->ended = ended;
    accounts[run->count] = *account;
    ended[run->count] = (struct maintenance_ended){.uid = account->uid};
    memcpy(ended[run->count++].name, account->name, sizeof(ended->name));
    return MEDGL_OK;
}

static enum medgl_error end_one(struct store_txn *txn, const struct end_run *run,
                                const struct account *account, struct maintenance_ended *ended)
{
    ended->disabled = account->state == ACCOUNT_STATE_ACTIVE;
    if (ended->disabled)
        MEDGL_TRY(
            account_disable_in(run->context, txn, &run->clock, account, run->reason, run->why));
    return session_end_all(run->context, txn, &run->clock, account, run->reason, &ended->sessions);
}

static enum medgl_error end_now(struct store_txn *txn, void *argument)
{
    struct end_run *run = argument;
    run->clock = clock_read();
    run->count = 0;
    MEDGL_TRY(store_account_each(txn, end_take, run));
    if (run->count == 0)
        return MEDGL_ERR_NOT_FOUND;
    for (size_t i = 0; i < run->count; i++) {
        memcpy(run->beyond, run->accounts[i].name, sizeof(run->beyond));
        MEDGL_TRY(role_reaches(run->context, txn, &run->accounts[i], run->why));
    }
    run->beyond[0] = '\0';
    for (size_t i = 0; i < run->count; i++)
        MEDGL_TRY(end_one(txn, run, &run->accounts[i], &run->ended[i]));
    return evidence_keep(txn, run->clock.now);
}

enum medgl_error operation_maintenance_end(struct context *context, const char *company,
                                           const char *reason,
                                           void (*each)(void *argument,
                                                        const struct maintenance_ended *ended),
                                           void *argument, char why[OPERATION_WHY_SIZE])
{
    auto_clean(end_free) struct end_run run = {
        .context = context, .company = company, .reason = reason, .why = why};
    why[0] = '\0';
    if (company[0] == '\0' || !text_says_something(reason))
        return MEDGL_ERR_ARGUMENT;
    const enum medgl_error error = store_transact(context->store, STORE_WRITE, end_now, &run);
    if (error == MEDGL_ERR_REFUSED && run.beyond[0] != '\0')
        return operation_role_beyond(context, "maintenance end", run.beyond);
    MEDGL_TRY(error);
    (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    for (size_t i = 0; i < run.count; i++)
        each(argument, &run.ended[i]);
    return MEDGL_OK;
}
