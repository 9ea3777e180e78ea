/* Sessions for administrators: listed, and ended (R06, R29). Ends no process: whoever asked for it
 * does, once this is committed. */
#include "operation/breakglass_login.h"
#include "operation/evidence.h"
#include "operation/role.h"
#include "operation/session.h"

#include "base/text.h"

#include <string.h>

struct list_run {
    const char *name;
    medgl_time now, since;
    struct store_txn *txn;
    void (*each)(void *argument, const struct session_record *record);
    void *argument;
};

static enum medgl_error list_one(void *argument, const struct session *session)
{
    const struct list_run *run = argument;
    struct account account;
    enum account_class class_;
    MEDGL_TRY(store_account_by_id(run->txn, session->account_id, &account));
    MEDGL_TRY(session_class(run->txn, session, &class_));
    const struct session_record record = {
        .session = session,
        .account = account.name,
        .class_ = class_,
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
    if (run->name != NULL)
        MEDGL_TRY(store_account_by_name(txn, run->name, &account));
    const char *id = run->name != NULL ? account.id : NULL;
    return run->since == 0 ? store_session_each_open(txn, id, list_one, run)
                           : store_session_each_since(txn, id, run->since, list_one, run);
}

enum medgl_error operation_session_list(struct context *context, const char *name, medgl_time since,
                                        void (*each)(void *argument,
                                                     const struct session_record *record),
                                        void *argument)
{
    struct list_run run = {
        .name = name, .now = clock_read().now, .since = since, .each = each, .argument = argument};
    return store_transact(context->store, STORE_READ, list_now, &run);
}

/* -- ended by an administrator ------------------------------------------------------------------
 */

struct end_run {
    struct context *context;
    const char *id, *reason;
    uint32_t matches;
    struct session_ended *ended;
    char *why;
    bool beyond; /* the role does not reach the account */
};

static enum medgl_error end_match(void *argument, const struct session *session)
{
    struct end_run *run = argument;
    if (strncmp(session->id, run->id, strlen(run->id)) != 0)
        return MEDGL_OK;
    run->matches++;
    run->ended->session = *session;
    return MEDGL_OK;
}

static enum medgl_error end_leads(void *argument, const struct session *session)
{
    struct session_ended *ended = argument;
    const struct session *own = &ended->session;
    if (own->leader[0] != '\0' && strcmp(session->leader, own->leader) == 0 &&
        strcmp(session->account_id, own->account_id) != 0)
        ended->leads_others = true;
    return MEDGL_OK;
}

static enum medgl_error end_now(struct store_txn *txn, void *argument)
{
    struct end_run *run = argument;
    struct account account;
    const struct session *session = &run->ended->session;
    const struct clock_reading clock = clock_read();
    run->matches = 0;
    MEDGL_TRY(store_session_each_open(txn, NULL, end_match, run));
    if (run->matches != 1)
        return run->matches == 0 ? MEDGL_ERR_NOT_FOUND : MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(store_account_by_id(txn, session->account_id, &account));
    MEDGL_TRY(text_copy(run->ended->account, sizeof(run->ended->account), account.name));
    run->beyond = true;
    MEDGL_TRY(role_reaches(run->context, txn, &account, run->why));
    run->beyond = false;
    run->ended->uid = account.uid;
    run->ended->life = session_life(session, clock.now);
    run->ended->leads_others = false;
    MEDGL_TRY(store_session_each_open(txn, NULL, end_leads, run->ended));
    MEDGL_TRY(session_end_one(run->context, txn, &clock, &account, session, run->reason));
    return evidence_keep(txn, clock.now);
}

enum medgl_error operation_session_end(struct context *context, const char *id, const char *reason,
                                       struct session_ended *ended, char why[])
{
    struct end_run run = {
        .context = context, .id = id, .reason = reason, .ended = ended, .why = why};
    why[0] = '\0';
    if (strlen(id) < CRYPTO_ID_LEAST || !text_says_something(reason))
        return MEDGL_ERR_ARGUMENT;
    const enum medgl_error error = store_transact(context->store, STORE_WRITE, end_now, &run);
    if (error == MEDGL_ERR_REFUSED && run.beyond)
        return operation_role_beyond(context, "session end", ended->account);
    MEDGL_TRY(error);
    (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    return MEDGL_OK;
}
