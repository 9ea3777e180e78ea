/* Suspected leak (R12): one act ends a password for good, the sessions that it may have opened, and
 * the second factors beside it. Ends no process: whoever asked for it does, once this is committed.
 */
#include "operation/account.h"
#include "operation/evidence.h"
#include "operation/history.h"
#include "operation/password.h"
#include "operation/role.h"
#include "operation/session.h"
#include "operation/totp.h"

#include "base/auto.h"
#include "base/message.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

struct revoke_run {
    struct context *context;
    const struct password_revoke_request *request;
    char *why;
    struct clock_reading clock;
    struct account account;
    bool password;        /* there is one */
    struct session *open; /* sessions, malloc'ed */
    size_t count;
    uint32_t factors;
};

static void revoke_free(struct revoke_run *run)
{
    free(run->open);
}

static enum medgl_error revoke_list(void *argument, const struct session *session)
{
    struct revoke_run *run = argument;
    struct session *larger = reallocarray(run->open, run->count + 1, sizeof(*larger));
    if (larger == NULL)
        return MEDGL_ERR_MEMORY;
    run->open = larger;
    larger[run->count++] = *session;
    return MEDGL_OK;
}

/* The host's own report that it is over finds it closed, and adds nothing. */
static enum medgl_error revoke_session(struct store_txn *txn, struct revoke_run *run,
                                       const struct session *session)
{
    struct ledger_entry entry;
    MEDGL_TRY(store_session_close(txn, session->id, run->clock.now, SESSION_END_ENDED));
    session_entry(run->context, &run->clock, LEDGER_SESSION_CLOSE, &run->account, session, &entry);
    ledger_entry_number(&entry, "seconds", session_seconds(session, run->clock.now));
    ledger_entry_text(&entry, "why", run->request->reason);
    return evidence_append(run->context, txn, &entry, NULL);
}

/* Its owner, and failed tries, are left as they are: guesses that were made at it stay on record,
 * and a new password is given out under a verified identity (R11). */
static enum medgl_error revoke_password(struct store_txn *txn, struct revoke_run *run,
                                        const struct credential *going)
{
    struct ledger_entry entry;
    if (run->password) {
        MEDGL_TRY(history_keep_for_good(run->context, txn, going));
        MEDGL_TRY(store_credential_delete(txn, run->account.id, CREDENTIAL_PASSWORD));
    }
    evidence_begin(run->context, &run->clock, LEDGER_PASSWORD_REVOKE, &run->account, &entry);
    ledger_entry_text(&entry, "why", run->request->reason);
    if (run->password)
        ledger_entry_text(&entry, "credential", going->id);
    ledger_entry_number(&entry, "sessions", (int64_t)run->count);
    return evidence_append(run->context, txn, &entry, NULL);
}

static enum medgl_error revoke_now(struct store_txn *txn, void *argument)
{
    struct revoke_run *run = argument;
    struct credential going;
    run->clock = clock_read();
    run->count = 0;
    run->factors = 0;
    MEDGL_TRY(store_account_by_name(txn, run->request->name, &run->account));
    MEDGL_TRY(role_reaches(run->context, txn, &run->account, run->why));
    enum medgl_error error =
        store_credential_get(txn, run->account.id, CREDENTIAL_PASSWORD, &going);
    run->password = error == MEDGL_OK;
    if (error != MEDGL_ERR_NOT_FOUND)
        MEDGL_TRY(error);
    if (run->request->factors)
        MEDGL_TRY(factors_revoke(run->context, txn, &run->clock, &run->account,
                                 run->request->reason, &run->factors));
    if (!run->password && !run->request->sessions && run->factors == 0) {
        (void)snprintf(run->why, OPERATION_WHY_SIZE, "%s",
                       _("the account has no password: there is nothing to revoke"));
        return MEDGL_ERR_REFUSED;
    }
    if (run->request->sessions)
        MEDGL_TRY(store_session_each_open(txn, run->account.id, revoke_list, run));
    MEDGL_TRY(revoke_password(txn, run, &going));
    for (size_t i = 0; i < run->count; i++)
        MEDGL_TRY(revoke_session(txn, run, &run->open[i]));
    return evidence_keep(txn, run->clock.now);
}

enum medgl_error operation_password_revoke(struct context *context,
                                           const struct password_revoke_request *request,
                                           struct password_revoked *revoked,
                                           char why[OPERATION_WHY_SIZE])
{
    auto_clean(revoke_free) struct revoke_run run = {
        .context = context, .request = request, .why = why};
    *revoked = (struct password_revoked){.uid = -1};
    why[0] = '\0';
    if (!text_says_something(request->reason))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, revoke_now, &run));
    (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    *revoked = (struct password_revoked){.password = run.password,
                                         .uid = run.account.uid,
                                         .class_ = run.account.class_,
                                         .sessions = (uint32_t)run.count,
                                         .factors = run.factors};
    return MEDGL_OK;
}
