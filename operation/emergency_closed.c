/* The accounts whose processes must be gone, because no emergency keeps them open any more (R32):
 * told from what they are, never from what was done so far. So whoever was killed in the middle
 * leaves nothing behind that the next one does not find. Ends no process. */
#include "operation/breakglass_login.h"
#include "operation/emergency.h"
#include "operation/evidence.h"
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

static enum medgl_error closed_count(void *argument, const struct session *session)
{
    uint32_t *count = argument;
    (void)session;
    ++*count;
    return MEDGL_OK;
}

/* Told by its row, not by whether there is a credential: one that was retired was used all the
 * same. One that was not used since it was sealed has no business with a session; what else runs
 * under its uid was ended before it was sealed. */
static enum medgl_error closed_state(struct store_txn *txn, const struct closed_run *run,
                                     const struct account *account, uint32_t sessions, bool *closed)
{
    struct breakglass breakglass;
    struct breakglass_facts facts;
    MEDGL_TRY(emergency_facts(run->context, txn, &run->clocks, &run->view, account->id, &breakglass,
                              &facts));
    *closed = facts.used ? facts.closed || facts.used_in != EMERGENCY_OPEN : sessions > 0;
    return MEDGL_OK;
}

static enum medgl_error closed_take(void *argument, const struct account *account)
{
    struct closed_run *run = argument;
    uint32_t sessions = 0;
    bool closed;
    if (account->class_ != ACCOUNT_CLASS_BREAKGLASS)
        return MEDGL_OK;
    MEDGL_TRY(store_session_each_open(run->txn, account->id, closed_count, &sessions));
    MEDGL_TRY(closed_state(run->txn, run, account, sessions, &closed));
    if (!closed)
        return MEDGL_OK;
    struct emergency_closed *larger =
        reallocarray(run->closed, run->count + 1, sizeof(*run->closed));
    if (larger == NULL)
        return MEDGL_ERR_MEMORY;
    run->closed = larger;
    struct emergency_closed *one = &larger[run->count++];
    *one = (struct emergency_closed){.uid = account->uid, .sessions = sessions};
    return text_copy(one->name, sizeof(one->name), account->name);
}

static enum medgl_error closed_now(struct store_txn *txn, void *argument)
{
    struct closed_run *run = argument;
    run->txn = txn;
    run->count = 0;
    MEDGL_TRY(emergency_clocks_read(txn, &run->clocks));
    MEDGL_TRY(emergency_look(run->context, txn, &run->clocks, &run->view));
    return store_account_each(txn, closed_take, run);
}

struct closed_look {
    struct closed_run run;
    const char *name;
    bool closed;
};

static enum medgl_error closed_still(struct store_txn *txn, void *argument)
{
    struct closed_look *look = argument;
    struct account account;
    uint32_t sessions = 0;
    look->run.txn = txn;
    MEDGL_TRY(emergency_clocks_read(txn, &look->run.clocks));
    MEDGL_TRY(emergency_look(look->run.context, txn, &look->run.clocks, &look->run.view));
    MEDGL_TRY(store_account_by_name(txn, look->name, &account));
    MEDGL_TRY(store_session_each_open(txn, account.id, closed_count, &sessions));
    return closed_state(txn, &look->run, &account, sessions, &look->closed);
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
    for (size_t i = 0; i < run.count; i++) {
        struct closed_look look = {.run = {.context = context}, .name = run.closed[i].name};
        MEDGL_TRY(store_transact(context->store, STORE_READ, closed_still, &look));
        if (look.closed)
            each(argument, &run.closed[i]);
    }
    return MEDGL_OK;
}

/* -- their sessions --------------------------------------------------------------------------- */

struct ended_run {
    struct context *context;
    const char *name;
    struct account account;
    struct emergency_clocks clocks;
    struct session *open; /* malloc'ed */
    size_t count;
};

static void ended_free(struct ended_run *run)
{
    free(run->open);
}

static enum medgl_error ended_take(void *argument, const struct session *session)
{
    struct ended_run *run = argument;
    struct session *larger = reallocarray(run->open, run->count + 1, sizeof(*larger));
    if (larger == NULL)
        return MEDGL_ERR_MEMORY;
    run->open = larger;
    larger[run->count++] = *session;
    return MEDGL_OK;
}

static enum medgl_error ended_one(struct store_txn *txn, struct ended_run *run,
                                  const struct session *session)
{
    struct ledger_entry entry;
    const struct clock_reading *clock = &run->clocks.clock;
    MEDGL_TRY(store_session_close(txn, session->id, clock->now, SESSION_END_ENDED));
    session_entry(run->context, clock, LEDGER_SESSION_END, &run->account, session, &entry);
    ledger_entry_number(&entry, "seconds", session_seconds(session, clock->now));
    ledger_entry_text(&entry, "why", "the break-glass account is closed");
    MEDGL_TRY(evidence_append(run->context, txn, &entry, NULL));
    return breakglass_tell_session(run->context, txn, clock, &run->account, session, "was ended");
}

/* Those of an account that was sealed and used again meanwhile are somebody's. */
static enum medgl_error ended_now(struct store_txn *txn, void *argument)
{
    struct ended_run *run = argument;
    struct closed_run look = {.context = run->context};
    bool closed;
    run->count = 0;
    MEDGL_TRY(emergency_clocks_read(txn, &run->clocks));
    look.clocks = run->clocks;
    MEDGL_TRY(emergency_look(run->context, txn, &look.clocks, &look.view));
    MEDGL_TRY(store_account_by_name(txn, run->name, &run->account));
    MEDGL_TRY(store_session_each_open(txn, run->account.id, ended_take, run));
    MEDGL_TRY(closed_state(txn, &look, &run->account, (uint32_t)run->count, &closed));
    for (size_t i = 0; closed && i < run->count; i++)
        MEDGL_TRY(ended_one(txn, run, &run->open[i]));
    return MEDGL_OK;
}

enum medgl_error operation_emergency_ended(struct context *context, const char *name)
{
    auto_clean(ended_free) struct ended_run run = {.context = context, .name = name};
    return store_transact(context->store, STORE_WRITE, ended_now, &run);
}
