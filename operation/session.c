/* Sessions: the notice at their start (R21) and their record with its length (R06). */
#include "operation/session.h"

#include "base/message.h"
#include "operation/evidence.h"
#include "operation/identity.h"

#include <stdio.h>
#include <string.h>

struct session_run {
    struct context *context;
    const struct caller *caller;
    struct source source;
    const char *user;
    const char *id;
    bool silent;
    struct unix_user unix_user;
    enum identity_match match;
    struct clock_reading clock;
    struct account account;
    struct activity before; /* as it was before this session */
    struct session session;
};

static enum medgl_error session_account(struct store_txn *txn, struct session_run *run)
{
    return identity_find(txn, run->user, &run->unix_user, &run->account, &run->match);
}

/* An alias has no sessions: the account phase has refused it. */
static enum session_verdict session_verdict_of(const struct session_run *run)
{
    switch (run->match) {
    case IDENTITY_ACCOUNT:
        return SESSION_DONE;
    case IDENTITY_NONE:
        if (run->context->policy.unenrolled == POLICY_UNENROLLED_IGNORE)
            return SESSION_NOT_ENROLLED;
        break;
    case IDENTITY_ALIAS:
        break;
    }
    return SESSION_REFUSED;
}

static enum medgl_error session_record(struct store_txn *txn, struct session_run *run,
                                       enum ledger_kind kind)
{
    struct ledger_entry entry;
    evidence_begin(run->context, &run->clock, kind, &run->account, &entry);
    ledger_entry_text(&entry, "session", run->session.id);
    ledger_entry_text(&entry, "service", run->session.service);
    ledger_entry_text(&entry, "source", run->session.source);
    ledger_entry_text(&entry, "terminal", run->session.tty);
    if (kind == LEDGER_SESSION_CLOSE)
        ledger_entry_number(&entry, "seconds",
                            (run->clock.now - run->session.opened) / MEDGL_SECOND);
    return evidence_append(run->context, txn, &entry, NULL);
}

/* A silent session (sudo) shows no notice, so it must not use one up. */
static enum medgl_error session_note_activity(struct store_txn *txn, struct session_run *run)
{
    MEDGL_TRY(store_activity_get(txn, run->account.id, &run->before));
    if (run->silent)
        return MEDGL_OK;
    struct activity after = run->before;
    after.failures = 0;
    after.last_login = run->clock.now;
    (void)snprintf(after.last_service, sizeof(after.last_service), "%s", run->session.service);
    (void)snprintf(after.last_source, sizeof(after.last_source), "%s", run->session.source);
    return store_activity_put(txn, &after);
}

static enum medgl_error session_open_now(struct store_txn *txn, void *argument)
{
    struct session_run *run = argument;
    run->clock = clock_read();
    MEDGL_TRY(session_account(txn, run));
    if (run->match != IDENTITY_ACCOUNT)
        return MEDGL_OK;
    run->session = (struct session){.opened = run->clock.now};
    memcpy(run->session.id, run->id, CRYPTO_ID_SIZE);
    memcpy(run->session.account_id, run->account.id, CRYPTO_ID_SIZE);
    (void)snprintf(run->session.service, sizeof(run->session.service), "%s", run->caller->service);
    (void)snprintf(run->session.source, sizeof(run->session.source), "%s", run->source.key);
    (void)snprintf(run->session.tty, sizeof(run->session.tty), "%s", run->caller->tty);
    MEDGL_TRY(store_session_open(txn, &run->session));
    MEDGL_TRY(session_note_activity(txn, run));
    return session_record(txn, run, LEDGER_SESSION_OPEN);
}

static void session_notice(const struct talk *talk, const struct activity *before)
{
    char when[CLOCK_LOCAL_SIZE], text[1024];
    if (before->last_login == 0) {
        (void)snprintf(text, sizeof(text), "%s", _("This is your first login here."));
    } else {
        clock_format_local(before->last_login, when);
        (void)snprintf(text, sizeof(text), _("Last login: %s from %s (%s)."), when,
                       before->last_source, before->last_service);
    }
    talk->inform(talk->carrier, text);
    if (before->failures == 0)
        return;
    clock_format_local(before->last_failure, when);
    (void)snprintf(text, sizeof(text),
                   dngettext(MESSAGE_DOMAIN,
                             "Warning: %u failed try since then, at %s from %s. "
                             "If it was not you, tell your administrator.",
                             "Warning: %u failed tries since then, the last one at %s from %s. "
                             "If it was not you, tell your administrator.",
                             before->failures),
                   before->failures, when, before->last_failure_source);
    talk->warn(talk->carrier, text);
}

enum medgl_error operation_session_open(struct context *context, const struct talk *talk,
                                        const struct caller *caller, const char *user, bool silent,
                                        struct session_opening *opening,
                                        enum session_verdict *verdict)
{
    *verdict = SESSION_REFUSED;
    *opening = (struct session_opening){.idle_s = 0};
    MEDGL_TRY(crypto_random_id(opening->id));
    struct session_run run = {
        .context = context, .caller = caller, .user = user, .id = opening->id, .silent = silent};
    source_of(caller, &run.source);
    MEDGL_TRY(unix_user_find(user, &run.unix_user));
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, session_open_now, &run));
    *verdict = session_verdict_of(&run);
    if (*verdict == SESSION_DONE && !silent)
        session_notice(talk, &run.before);
    return MEDGL_OK;
}

static enum medgl_error session_close_now(struct store_txn *txn, void *argument)
{
    struct session_run *run = argument;
    run->clock = clock_read();
    MEDGL_TRY(session_account(txn, run));
    if (run->match != IDENTITY_ACCOUNT)
        return MEDGL_OK;
    enum medgl_error error = run->id[0] != '\0'
                                 ? store_session_by_id(txn, run->id, &run->session)
                                 : store_session_find(txn, run->account.id, run->caller->service,
                                                      run->caller->tty, &run->session);
    MEDGL_TRY(error);
    if (strcmp(run->session.account_id, run->account.id) != 0)
        return MEDGL_ERR_NOT_FOUND;
    MEDGL_TRY(store_session_close(txn, run->session.id, run->clock.now, SESSION_END_CLOSED));
    return session_record(txn, run, LEDGER_SESSION_CLOSE);
}

enum medgl_error operation_session_close(struct context *context, const struct caller *caller,
                                         const char *user, const char *id,
                                         enum session_verdict *verdict)
{
    struct session_run run = {.context = context, .caller = caller, .user = user, .id = id};
    *verdict = SESSION_REFUSED;
    MEDGL_TRY(unix_user_find(user, &run.unix_user));
    enum medgl_error error = store_transact(context->store, STORE_WRITE, session_close_now, &run);
    if (error == MEDGL_ERR_NOT_FOUND || error == MEDGL_ERR_CONFLICT)
        return MEDGL_OK; /* there is no such open session, and that is no fault of the store */
    MEDGL_TRY(error);
    *verdict = session_verdict_of(&run);
    return MEDGL_OK;
}
