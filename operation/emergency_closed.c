/* The accounts whose processes must be gone, because no emergency keeps them open any more (R32):
 * told from what they are, never from what was done so far. So whoever was killed in the middle
 * leaves nothing behind that the next one does not find. Ends no process. */
#include "operation/emergency.h"
#include "operation/session.h"

#include "base/auto.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* -- which they are --------------------------------------------------------------------------- */

struct closed_run {
    const struct context *context;
    struct store_txn *txn;
    struct emergency_clocks clocks;
    struct emergency_now_view view;
    struct emergency_closed *closed; /* malloc'ed */
    size_t count;
};

static void closed_free(struct closed_run *run)
{
    free(run->closed);
}

/* Told by its row, not by whether there is a credential: one that was retired was used all the
 * same. One that was not used since it was sealed has no business with a session; what else runs
 * under its uid was ended before it was sealed. */
static enum medgl_error closed_state(const struct closed_run *run, const struct account *account,
                                     uint32_t *sessions, bool *closed)
{
    struct session_open_count open;
    struct breakglass breakglass;
    struct breakglass_facts facts;
    MEDGL_TRY(session_count_open(run->txn, account->id, &open));
    MEDGL_TRY(
        emergency_facts(run->context, run->txn, &run->view, account->id, &breakglass, &facts));
    *closed = facts.used ? facts.closed || facts.used_in != EMERGENCY_OPEN : open.all > 0;
    if (sessions != NULL)
        *sessions = open.all;
    return MEDGL_OK;
}

static enum medgl_error closed_take(void *argument, const struct account *account)
{
    struct closed_run *run = argument;
    uint32_t sessions;
    bool closed;
    if (account->class_ != ACCOUNT_CLASS_BREAKGLASS)
        return MEDGL_OK;
    MEDGL_TRY(closed_state(run, account, &sessions, &closed));
    if (!closed)
        return MEDGL_OK;
    struct emergency_closed *larger =
        reallocarray(run->closed, run->count + 1, sizeof(*run->closed));
    if (larger == NULL)
        return MEDGL_ERR_MEMORY;
    run->closed = larger;
    struct emergency_closed *one = &larger[run->count++];
    *one = (struct emergency_closed){.uid = account->uid,
                                     .sessions = sessions,
                                     .active = account->state == ACCOUNT_STATE_ACTIVE};
    return text_copy(one->name, sizeof(one->name), account->name);
}

static enum medgl_error closed_look(struct closed_run *run, struct store_txn *txn)
{
    run->txn = txn;
    run->count = 0;
    MEDGL_TRY(emergency_clocks_read(txn, &run->clocks));
    return emergency_look(run->context, txn, &run->clocks, &run->view);
}

static enum medgl_error closed_now(struct store_txn *txn, void *argument)
{
    struct closed_run *run = argument;
    MEDGL_TRY(closed_look(run, txn));
    return store_account_each(txn, closed_take, run);
}

struct closed_again {
    struct closed_run run;
    const char *name;
    bool closed;
};

static enum medgl_error closed_still(struct store_txn *txn, void *argument)
{
    struct closed_again *again = argument;
    struct account account;
    MEDGL_TRY(closed_look(&again->run, txn));
    MEDGL_TRY(store_account_by_name(txn, again->name, &account));
    return closed_state(&again->run, &account, NULL, &again->closed);
}

/* Of one that is not active any more a directory of users is asked, which may hang: last. */
static int closed_order(const void *a, const void *b)
{
    const struct emergency_closed *one = a, *other = b;
    return one->active != other->active ? (one->active ? -1 : 1) : strcmp(one->name, other->name);
}

/* `each` runs outside of the transaction: it may take its time. MUST: each account is looked at
 * anew before its turn: whoever came in by a new envelope meanwhile is not thrown out. */
enum medgl_error operation_emergency_closed(struct context *context,
                                            void (*each)(void *argument,
                                                         const struct emergency_closed *closed),
                                            void *argument)
{
    auto_clean(closed_free) struct closed_run run = {.context = context};
    MEDGL_TRY(store_transact(context->store, STORE_READ, closed_now, &run));
    if (run.count > 0)
        qsort(run.closed, run.count, sizeof(*run.closed), closed_order);
    for (size_t i = 0; i < run.count; i++) {
        struct closed_again again = {.run = {.context = context}, .name = run.closed[i].name};
        MEDGL_TRY(store_transact(context->store, STORE_READ, closed_still, &again));
        if (again.closed)
            each(argument, &run.closed[i]);
    }
    return MEDGL_OK;
}

/* -- their sessions --------------------------------------------------------------------------- */

struct ended_run {
    struct closed_run look;
    struct context *context;
    const char *name;
};

/* Those of an account that was sealed and used again meanwhile are somebody's. */
static enum medgl_error ended_now(struct store_txn *txn, void *argument)
{
    struct ended_run *run = argument;
    struct account account;
    uint32_t ended;
    bool closed;
    MEDGL_TRY(closed_look(&run->look, txn));
    MEDGL_TRY(store_account_by_name(txn, run->name, &account));
    MEDGL_TRY(closed_state(&run->look, &account, NULL, &closed));
    return closed ? session_end_all(run->context, txn, &run->look.clocks.clock, &account,
                                    "the break-glass account is closed", &ended)
                  : MEDGL_OK;
}

enum medgl_error operation_emergency_ended(struct context *context, const char *name)
{
    struct ended_run run = {.look = {.context = context}, .context = context, .name = name};
    return store_transact(context->store, STORE_WRITE, ended_now, &run);
}
