/* Sessions: whether one more may be opened (R29), what their host sets for them (R04, R22), and
 * their record with its length (R06). Never opens one that it could not record. */
#include "operation/session_run.h"

#include "operation/alert.h"
#include "operation/attempt.h"
#include "operation/evidence.h"
#include "operation/history.h"
#include "operation/last_use.h"
#include "operation/person_asked.h"
#include "operation/policy_seen.h"

#include <stdio.h>
#include <string.h>

static enum medgl_error session_account(struct store_txn *txn, struct session_run *run)
{
    return identity_find(txn, run->user, &run->unix_user, &run->account, &run->match);
}

/* An alias has no sessions: the account phase has refused it, but not of who comes by sudo. */
static enum session_verdict session_verdict_of(const struct session_run *run)
{
    switch (run->match) {
    case IDENTITY_ACCOUNT:
        return SESSION_DONE;
    case IDENTITY_NONE:
        return run->context->policy.unenrolled == POLICY_UNENROLLED_IGNORE ? SESSION_NOT_ENROLLED
                                                                           : SESSION_OUTSIDER;
    case IDENTITY_ALIAS:
        break;
    }
    return SESSION_REFUSED;
}

static enum medgl_error session_record(struct store_txn *txn, struct session_run *run,
                                       enum ledger_kind kind)
{
    struct ledger_entry entry;
    session_entry(run->context, &run->clock, kind, &run->account, &run->session, &entry);
    if (kind == LEDGER_SESSION_CLOSE)
        ledger_entry_number(&entry, "seconds", session_seconds(&run->session, run->clock.now));
    return evidence_append(run->context, txn, &entry, NULL);
}

/* -- may it be opened? ------------------------------------------------------------------------ */

/* R26: who proved it at the login, or who is known here and stepped in without a login (sudo). */
static enum medgl_error session_person(struct store_txn *txn, struct session_run *run)
{
    const struct caller *caller = run->caller;
    struct account asker;
    bool found;
    if (breakglass_is(&run->account)) { /* who was asked at the login, and could answer anything */
        (void)person_of_token(run->context, &run->account, caller, run->source.key, run->clock.now,
                              run->session.person);
        return MEDGL_OK;
    }
    if (!run->account.shared ||
        person_of_token(run->context, &run->account, caller, run->source.key, run->clock.now,
                        run->session.person))
        return MEDGL_OK;
    MEDGL_TRY(person_find(txn, caller->ruser, &run->asker, &asker, &found));
    found = found && caller->trusted && !run->source.remote;
    (void)snprintf(run->session.person, sizeof(run->session.person), "%s", found ? asker.name : "");
    run->nobody = run->persons && !run->silent && !found;
    return MEDGL_OK;
}

/* What is known of it whoever it is for. */
static void session_comes(struct session_run *run)
{
    struct session *session = &run->session;
    *session = (struct session){.opened = 0};
    (void)snprintf(session->service, sizeof(session->service), "%s", run->caller->service);
    (void)snprintf(session->source, sizeof(session->source), "%s", run->source.key);
    run->persons = session_is_persons(session);
}

static enum medgl_error session_begin(struct store_txn *txn, struct session_run *run)
{
    struct session *session = &run->session;
    const struct caller *caller = run->caller;
    session_comes(run);
    MEDGL_TRY(crypto_random_id(session->id));
    session->opened = run->clock.now;
    session->class_ = run->account.class_;
    memcpy(session->account_id, run->account.id, CRYPTO_ID_SIZE);
    (void)snprintf(session->tty, sizeof(session->tty), "%s", caller->tty);
    (void)snprintf(session->leader, sizeof(session->leader), "%s", caller->leader);
    run->nobody = false;
    return session_person(txn, run);
}

/* Those whose process is gone are not counted. */
static enum medgl_error session_judge(struct store_txn *txn, struct session_run *run)
{
    run->admitted = CROWD_ADMITTED;
    if (!run->persons)
        return MEDGL_OK;
    MEDGL_TRY(session_count(txn, &run->account, run->clock.now, &run->crowd));
    const struct crowd_facts facts = crowd_facts_from(&run->account, &run->crowd);
    run->admitted = policy_crowd(&run->context->policy, &facts);
    return MEDGL_OK;
}

/* MUST: looked at in the transaction that records the session: of many at once no more than the
 * limit are opened. Sessions that are over take no place, so those are found first. */
static enum medgl_error session_admit(struct store_txn *txn, struct session_run *run)
{
    const struct policy *policy = &run->context->policy;
    const bool whole = policy_class_of(policy, run->account.class_)->sessions_total != 0;
    uint32_t lost;
    MEDGL_TRY(session_sweep(run->context, txn, &run->clock, whole ? NULL : &run->account, &lost));
    return session_judge(txn, run);
}

/* R32: an account that nobody opened by its envelope, or that is closed since, has no sessions. */
static enum medgl_error session_breakglass(struct store_txn *txn, struct session_run *run)
{
    MEDGL_TRY(breakglass_look(run->context, txn, &run->account, &run->breakglass));
    run->closed = breakglass_is(&run->account) &&
                  policy_breakglass_state(&run->breakglass.facts) != BREAKGLASS_USED;
    return MEDGL_OK;
}

/* R12, R30. MUST: between the proof and this the host may have waited as long as somebody liked (a
 * client of ssh that does not answer, a stopped su): what was ended meanwhile opens nothing. */
static enum medgl_error session_standing(struct store_txn *txn, struct session_run *run)
{
    char credential[CRYPTO_ID_SIZE];
    bool ended = false;
    run->over = NULL;
    if (!run->persons || run->closed)
        return MEDGL_OK;
    if (run->account.state != ACCOUNT_STATE_ACTIVE) {
        run->over = account_state_word(run->account.state);
        return MEDGL_OK;
    }
    if (person_proved_by(run->context, &run->account, run->caller, run->source.key, credential))
        MEDGL_TRY(history_was_ended(txn, run->account.id, credential, &ended));
    run->over = ended ? "revoked" : NULL;
    return MEDGL_OK;
}

static enum medgl_error session_refuse(struct store_txn *txn, struct session_run *run)
{
    struct ledger_entry entry;
    const bool class_ = run->admitted == CROWD_CLASS;
    run->session.id[0] = '\0'; /* there is none */
    session_entry(run->context, &run->clock, LEDGER_SESSION_REFUSED, &run->account, &run->session,
                  &entry);
    if (run->over != NULL) {
        ledger_entry_text(&entry, "reason", run->over);
        return run->context->scarce ? attempt_unrecorded(txn, &run->account)
                                    : evidence_append(run->context, txn, &entry, NULL);
    }
    if (run->nobody || run->closed) {
        ledger_entry_text(&entry, "reason", run->closed ? "closed" : "person");
        if (run->context->scarce)
            MEDGL_TRY(attempt_unrecorded(txn, &run->account));
        else
            MEDGL_TRY(evidence_append(run->context, txn, &entry, NULL));
        run->alerted |= run->closed;
        return run->closed ? breakglass_tell_try(run->context, txn, &run->clock, &run->account,
                                                 run->session.service, run->source.key)
                           : MEDGL_OK;
    }
    ledger_entry_text(&entry, "reason", class_ ? "sessions-total" : "sessions");
    ledger_entry_number(&entry, "open", class_ ? run->crowd.class_ : run->crowd.own);
    return evidence_append(run->context, txn, &entry, NULL);
}

/* -- what an administrator hears of it (R07) -------------------------------------------------- */

static enum medgl_error session_raise(struct store_txn *txn, struct session_run *run,
                                      enum alert_kind kind, const char *text)
{
    const bool theirs = kind != ALERT_CLOCK;
    const struct alert_event event = {.kind = kind,
                                      .account = theirs ? &run->account : NULL,
                                      .source = theirs ? run->source.key : NULL,
                                      .text = text};
    run->alerted = true;
    return alert_raise(run->context, txn, &run->clock, &event);
}

static bool session_is_privileged(enum account_class class_)
{
    switch (class_) {
    case ACCOUNT_CLASS_PRIVILEGED:
    case ACCOUNT_CLASS_BREAKGLASS:
        return true;
    case ACCOUNT_CLASS_STAFF:
    case ACCOUNT_CLASS_MAINTENANCE:
        break;
    }
    return false;
}

/* Root that steps into an account is told of as well: it is a use of it. */
static enum medgl_error session_alert(struct store_txn *txn, struct session_run *run)
{
    char text[STORE_ALERT_SIZE];
    const struct account *account = &run->account;
    if (!run->clock.synchronised)
        MEDGL_TRY(session_raise(txn, run, ALERT_CLOCK,
                                "The clock of this machine is not synchronised: what is recorded "
                                "has times that may be wrong."));
    if (breakglass_is(account)) {
        run->alerted = true;
        return breakglass_tell_session(run->context, txn, &run->clock, account, &run->session,
                                       "began");
    }
    if (!session_is_privileged(account->class_))
        return MEDGL_OK;
    (void)snprintf(text, sizeof(text), "The %s account %s is used through %s from %s.",
                   account_class_word(account->class_), account->name, run->session.service,
                   run->session.source);
    return session_raise(txn, run, ALERT_PRIVILEGED_LOGIN, text);
}

/* -- opened -------------------------------------------------------------------------------------
 */

/* A session that shows nobody a notice (sudo, root's su) is not the one that the next one tells of,
 * but the account is used by it, where it is a person's (R25). Failed tries are told of until
 * somebody heard it. */
static enum medgl_error session_note_activity(struct store_txn *txn, struct session_run *run)
{
    MEDGL_TRY(store_activity_get(txn, run->account.id, &run->before));
    if (!run->persons)
        return MEDGL_OK;
    const struct session *session = &run->session;
    struct activity after = run->before;
    MEDGL_TRY(last_use_note(run->context, txn, &run->clock, &run->account, session->service,
                            session->source, &after, &run->alerted));
    if (!run->silent) {
        after.last_login = run->clock.now;
        (void)snprintf(after.last_service, sizeof(after.last_service), "%s", session->service);
        (void)snprintf(after.last_source, sizeof(after.last_source), "%s", session->source);
    }
    return store_activity_put(txn, &after);
}

static enum medgl_error session_grant(struct store_txn *txn, struct session_run *run)
{
    MEDGL_TRY(factors_read(txn, run->account.id, run->clock.now, &run->factors));
    if (run->account.class_ == ACCOUNT_CLASS_MAINTENANCE && run->factors.maintained)
        memcpy(run->session.grant_id, run->factors.maintenance.id, CRYPTO_ID_SIZE);
    return MEDGL_OK;
}

static enum medgl_error session_open_now(struct store_txn *txn, void *argument)
{
    struct session_run *run = argument;
    run->clock = clock_read();
    run->admitted = CROWD_ACCOUNT;
    run->alerted = false;
    MEDGL_TRY(session_account(txn, run));
    if (run->match != IDENTITY_ACCOUNT)
        return MEDGL_OK;
    MEDGL_TRY(policy_seen_note(run->context, txn, &run->clock, &run->alerted));
    MEDGL_TRY(session_begin(txn, run));
    MEDGL_TRY(session_breakglass(txn, run));
    MEDGL_TRY(session_standing(txn, run));
    if (run->nobody || run->closed || run->over != NULL)
        return session_refuse(txn, run);
    MEDGL_TRY(session_admit(txn, run));
    if (run->admitted != CROWD_ADMITTED)
        return session_refuse(txn, run);
    MEDGL_TRY(session_grant(txn, run));
    MEDGL_TRY(store_session_open(txn, &run->session));
    MEDGL_TRY(session_record(txn, run, LEDGER_SESSION_OPEN));
    MEDGL_TRY(session_note_activity(txn, run));
    return session_is_services(&run->session) ? MEDGL_OK : session_alert(txn, run);
}

/* -- what its host sets -------------------------------------------------------------------------
 */

/* Hours that ended between the account phase and this moment: as short as can be. A break-glass
 * account's session ends with its emergency (R32). */
static int64_t session_until(const struct session_run *run)
{
    if (breakglass_is(&run->account))
        return run->breakglass.now.left / MEDGL_SECOND + 1;
    struct admission_facts facts =
        admission_facts_from(&run->account, &run->place, run->caller->service, run->clock.now);
    factors_admit(&run->factors, &facts);
    const struct admission_decision decision =
        policy_admit(&run->context->policy, &facts, run->clock.now);
    if (!decision.approved || (!decision.hours.granted && !decision.by_grant))
        return 1;
    if (decision.until == 0)
        return 0;
    const int64_t left = (decision.until - run->clock.now) / MEDGL_SECOND;
    return left > 0 ? left : 1;
}

static void session_settle(const struct session_run *run, struct session_opening *opening)
{
    memcpy(opening->id, run->session.id, CRYPTO_ID_SIZE);
    if (!run->persons)
        return;
    opening->idle_s =
        policy_idle_seconds(&run->context->policy, run->account.class_, run->account.idle);
    opening->until_s = session_until(run);
}

static enum medgl_error session_look_again(struct store_txn *txn, void *argument)
{
    struct session_run *run = argument;
    struct session now;
    MEDGL_TRY(store_session_by_id(txn, run->session.id, &now));
    run->over = now.closed != 0 ? "ended" : NULL;
    return MEDGL_OK;
}

/* MUST: whoever owns the terminal may stop it (Ctrl-S), and reads as long as they like. What was
 * ended meanwhile, with everything that ran under the account, does not begin behind that. */
static enum medgl_error session_tell(const struct talk *talk, struct session_run *run,
                                     struct session_opening *opening, enum session_verdict *verdict)
{
    session_say_emergency(talk, run);
    session_notice(talk, run);
    *verdict = SESSION_REFUSED;
    MEDGL_TRY(store_transact(run->context->store, STORE_READ, session_look_again, run));
    if (run->over == NULL) {
        *verdict = SESSION_DONE;
        return MEDGL_OK;
    }
    session_say_over(run);
    *opening = (struct session_opening){.id = ""};
    return MEDGL_OK;
}

enum medgl_error operation_session_open(struct context *context, const struct talk *talk,
                                        const struct caller *caller, const char *user, bool silent,
                                        struct session_opening *opening,
                                        enum session_verdict *verdict)
{
    struct session_run run = {.context = context, .caller = caller, .user = user, .silent = silent};
    *verdict = SESSION_REFUSED;
    *opening = (struct session_opening){.id = ""};
    source_of(caller, &run.source);
    place_of(caller, &run.place);
    MEDGL_TRY(unix_user_find(user, &run.unix_user));
    /* Of a break-glass account nobody asks it: the directory that they are in may be down (R32). */
    if (caller->ruser[0] != '\0' && !run.source.remote && context->place == CONTEXT_MAIN)
        MEDGL_TRY(unix_user_find(caller->ruser, &run.asker));
    attempt_look_for_space(context);
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, session_open_now, &run));
    if (run.alerted)
        alert_wake(context);
    if (run.match != IDENTITY_ACCOUNT) {
        *verdict = session_verdict_of(&run);
        session_comes(&run);
        if (*verdict == SESSION_NOT_ENROLLED && run.persons && !silent)
            session_say_emergency(talk, &run);
        return MEDGL_OK;
    }
    if (run.over != NULL) {
        session_say_over(&run);
        return MEDGL_OK;
    }
    if (run.closed) {
        session_say_closed(talk, &run);
        return MEDGL_OK;
    }
    if (run.breakglass.now.known)
        context->emergency = run.breakglass.now;
    if (run.nobody) {
        session_say_nobody(talk, &run);
        return MEDGL_OK;
    }
    if (run.admitted != CROWD_ADMITTED) {
        session_say_refused(talk, &run);
        return MEDGL_OK;
    }
    session_settle(&run, opening);
    *verdict = SESSION_DONE;
    if (silent || !run.persons)
        return MEDGL_OK;
    return session_tell(talk, &run, opening, verdict);
}

/* -- before it is asked for ---------------------------------------------------------------------
 */

static enum medgl_error session_look(struct store_txn *txn, void *argument)
{
    struct session_run *run = argument;
    run->clock = clock_read();
    run->admitted = CROWD_ACCOUNT;
    MEDGL_TRY(session_account(txn, run));
    if (run->match != IDENTITY_ACCOUNT)
        return MEDGL_OK;
    MEDGL_TRY(session_begin(txn, run));
    run->nobody = false; /* who it is was proved in this very call, and has no token yet */
    return session_judge(txn, run);
}

/* What is refused is looked at anew in the transaction that says so. */
static enum medgl_error session_room_refuse(struct store_txn *txn, void *argument)
{
    struct session_run *run = argument;
    bool again;
    MEDGL_TRY(session_look(txn, run));
    if (run->match != IDENTITY_ACCOUNT || run->admitted == CROWD_ADMITTED)
        return MEDGL_OK;
    /* A program that tries again and again fills no ledger. */
    MEDGL_TRY(attempt_note_refusal(run->context, txn, &run->account, run->account.id, run->caller,
                                   &run->source, run->clock.now, &again));
    return again ? MEDGL_OK : session_refuse(txn, run);
}

enum medgl_error operation_session_room(struct context *context, const struct talk *talk,
                                        const struct caller *caller, const char *user, bool silent,
                                        enum session_verdict *verdict)
{
    struct session_run run = {.context = context, .caller = caller, .user = user, .silent = silent};
    *verdict = SESSION_REFUSED;
    source_of(caller, &run.source);
    if (!run.source.remote) {
        *verdict = SESSION_DONE;
        return MEDGL_OK;
    }
    MEDGL_TRY(unix_user_find(user, &run.unix_user));
    MEDGL_TRY(store_transact(context->store, STORE_READ, session_look, &run));
    if (run.match == IDENTITY_ACCOUNT && run.admitted != CROWD_ADMITTED)
        MEDGL_TRY(store_transact(context->store, STORE_WRITE, session_room_refuse, &run));
    if (run.match == IDENTITY_ACCOUNT && run.admitted != CROWD_ADMITTED)
        session_say_refused(talk, &run);
    else
        *verdict = session_verdict_of(&run);
    return MEDGL_OK;
}

/* -- closed -------------------------------------------------------------------------------------
 */

/* Where its host kept no id. */
static enum medgl_error close_match(void *argument, const struct session *session)
{
    struct session_run *run = argument;
    const struct caller *caller = run->caller;
    if (caller->leader[0] != '\0' && strcmp(session->leader, caller->leader) == 0 &&
        strcmp(session->service, caller->service) == 0)
        run->session = *session; /* the newest comes last */
    return MEDGL_OK;
}

/* MUST: what another process opened, which is there still, is that one's to close: all sessions of
 * sshd have one terminal. */
static enum medgl_error close_find(struct store_txn *txn, struct session_run *run)
{
    run->session.id[0] = '\0';
    MEDGL_TRY(store_session_each_open(txn, run->account.id, close_match, run));
    if (run->session.id[0] != '\0')
        return MEDGL_OK;
    MEDGL_TRY(store_session_find(txn, run->account.id, run->caller->service, run->caller->tty,
                                 &run->session));
    return session_life(&run->session, run->clock.now) == PROCESS_ALIVE ? MEDGL_ERR_NOT_FOUND
                                                                        : MEDGL_OK;
}

static enum medgl_error session_close_now(struct store_txn *txn, void *argument)
{
    struct session_run *run = argument;
    run->clock = clock_read();
    MEDGL_TRY(session_account(txn, run));
    if (run->match != IDENTITY_ACCOUNT)
        return MEDGL_OK;
    enum medgl_error error = run->id[0] != '\0' ? store_session_by_id(txn, run->id, &run->session)
                                                : close_find(txn, run);
    MEDGL_TRY(error);
    if (strcmp(run->session.account_id, run->account.id) != 0)
        return MEDGL_ERR_NOT_FOUND;
    if (run->session.closed != 0) /* an administrator ended it, or it was taken for lost */
        return MEDGL_OK;
    MEDGL_TRY(store_session_close(txn, run->session.id, run->clock.now, SESSION_END_CLOSED));
    MEDGL_TRY(session_record(txn, run, LEDGER_SESSION_CLOSE));
    run->alerted = breakglass_is(&run->account) && !session_is_services(&run->session);
    return run->alerted ? breakglass_tell_session(run->context, txn, &run->clock, &run->account,
                                                  &run->session, "ended")
                        : MEDGL_OK;
}

enum medgl_error operation_session_close(struct context *context, const struct caller *caller,
                                         const char *user, const char *id,
                                         enum session_verdict *verdict)
{
    struct session_run run = {.context = context, .caller = caller, .user = user, .id = id};
    *verdict = SESSION_REFUSED;
    MEDGL_TRY(unix_user_find(user, &run.unix_user));
    enum medgl_error error = store_transact(context->store, STORE_WRITE, session_close_now, &run);
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK; /* there is no such session, and that is no fault of the store */
    MEDGL_TRY(error);
    if (run.alerted)
        alert_wake(context);
    *verdict = session_verdict_of(&run);
    return MEDGL_OK;
}
