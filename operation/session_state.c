/* Sessions as they stand: which are open, and which are over although nobody said so, because the
 * machine went down or the program that opened it was killed (R06, R29). Ends no process. */
#include "operation/breakglass_login.h"
#include "operation/evidence.h"
#include "operation/session.h"

#include "base/auto.h"

#include <stdlib.h>
#include <string.h>

#define BOOT_SLACK MEDGL_MINUTE /* the clock may have been set right since */

bool session_is_services(const struct session *session)
{
    return service_is_the_machines(session->service);
}

bool session_is_persons(const struct session *session)
{
    return !session_is_services(session) && strcmp(session->source, "user root") != 0;
}

void session_entry(const struct context *context, const struct clock_reading *clock,
                   enum ledger_kind kind, const struct account *account,
                   const struct session *session, struct ledger_entry *entry)
{
    evidence_begin(context, clock, kind, account, entry);
    if (session->id[0] != '\0')
        ledger_entry_text(entry, "session", session->id);
    ledger_entry_text(entry, "service", session->service);
    ledger_entry_text(entry, "source", session->source);
    ledger_entry_text(entry, "terminal", session->tty);
    ledger_entry_text(entry, "class", account_class_word(account->class_));
    if (session->person[0] != '\0')
        ledger_entry_text(entry, "person", session->person);
    if (session->grant_id[0] != '\0')
        ledger_entry_text(entry, "grant", session->grant_id);
}

int64_t session_seconds(const struct session *session, medgl_time now)
{
    medgl_time end = session->closed != 0 ? session->closed : now;
    return end > session->opened ? (end - session->opened) / MEDGL_SECOND : 0;
}

enum process_life session_life(const struct session *session, medgl_time now)
{
    if (session->leader[0] != '\0')
        return process_look(session->leader);
    return session->opened < now - clock_monotonic() - BOOT_SLACK ? PROCESS_GONE_BOOT
                                                                  : PROCESS_UNKNOWN;
}

/* -- lost ones -------------------------------------------------------------------------------- */

struct session_pile {
    medgl_time now;
    struct session *sessions; /* malloc'ed */
    size_t count;
};

static void pile_free(struct session_pile *pile)
{
    free(pile->sessions);
}

static bool session_is_gone(const struct session *session, medgl_time now)
{
    switch (session_life(session, now)) {
    case PROCESS_UNKNOWN:
    case PROCESS_ALIVE:
        break;
    case PROCESS_GONE:
    case PROCESS_GONE_BOOT:
        return true;
    }
    return false;
}

static enum medgl_error pile_add(void *argument, const struct session *session)
{
    struct session_pile *pile = argument;
    struct session *larger = reallocarray(pile->sessions, pile->count + 1, sizeof(*larger));
    if (larger == NULL)
        return MEDGL_ERR_MEMORY;
    pile->sessions = larger;
    larger[pile->count++] = *session;
    return MEDGL_OK;
}

static enum medgl_error pile_if_gone(void *argument, const struct session *session)
{
    const struct session_pile *pile = argument;
    return session_is_gone(session, pile->now) ? pile_add(argument, session) : MEDGL_OK;
}

static enum medgl_error session_lose(struct context *context, struct store_txn *txn,
                                     const struct clock_reading *clock,
                                     const struct session *session)
{
    struct account account;
    struct ledger_entry entry;
    char opened[CLOCK_TEXT_SIZE];
    bool boot = session_life(session, clock->now) == PROCESS_GONE_BOOT;
    MEDGL_TRY(store_account_by_id(txn, session->account_id, &account));
    MEDGL_TRY(store_session_close(txn, session->id, clock->now, SESSION_END_LOST));
    session_entry(context, clock, LEDGER_SESSION_LOST, &account, session, &entry);
    ledger_entry_time(&entry, "opened", session->opened, opened);
    ledger_entry_text(&entry, "cause", boot ? "boot" : "process");
    MEDGL_TRY(evidence_append(context, txn, &entry, NULL));
    return breakglass_is(&account) && !session_is_services(session)
               ? breakglass_tell_session(context, txn, clock, &account, session, "is lost")
               : MEDGL_OK;
}

enum medgl_error session_sweep(struct context *context, struct store_txn *txn,
                               const struct clock_reading *clock, const struct account *account,
                               uint32_t *lost)
{
    auto_clean(pile_free) struct session_pile pile = {.now = clock->now};
    *lost = 0;
    MEDGL_TRY(
        store_session_each_open(txn, account == NULL ? NULL : account->id, pile_if_gone, &pile));
    for (size_t i = 0; i < pile.count; i++, ++*lost)
        MEDGL_TRY(session_lose(context, txn, clock, &pile.sessions[i]));
    return MEDGL_OK;
}

/* -- ended ------------------------------------------------------------------------------------ */

enum medgl_error session_end_one(struct context *context, struct store_txn *txn,
                                 const struct clock_reading *clock, const struct account *account,
                                 const struct session *session, const char *why)
{
    struct ledger_entry entry;
    MEDGL_TRY(store_session_close(txn, session->id, clock->now, SESSION_END_ENDED));
    session_entry(context, clock, LEDGER_SESSION_END, account, session, &entry);
    ledger_entry_number(&entry, "seconds", session_seconds(session, clock->now));
    ledger_entry_text(&entry, "why", why);
    MEDGL_TRY(evidence_append(context, txn, &entry, NULL));
    return breakglass_is(account)
               ? breakglass_tell_session(context, txn, clock, account, session, "was ended")
               : MEDGL_OK;
}

enum medgl_error session_end_all(struct context *context, struct store_txn *txn,
                                 const struct clock_reading *clock, const struct account *account,
                                 const char *why, uint32_t *ended)
{
    auto_clean(pile_free) struct session_pile pile = {.now = clock->now};
    *ended = 0;
    MEDGL_TRY(store_session_each_open(txn, account->id, pile_add, &pile));
    for (size_t i = 0; i < pile.count; i++, ++*ended)
        MEDGL_TRY(session_end_one(context, txn, clock, account, &pile.sessions[i], why));
    return MEDGL_OK;
}

/* -- how many --------------------------------------------------------------------------------- */

enum medgl_error session_class(struct store_txn *txn, const struct session *session,
                               enum account_class *class_)
{
    struct account account;
    *class_ = session->class_;
    if (session->class_ != 0)
        return MEDGL_OK;
    MEDGL_TRY(store_account_by_id(txn, session->account_id, &account));
    *class_ = account.class_;
    return MEDGL_OK;
}

struct session_counting {
    struct store_txn *txn;
    const struct account *account;
    medgl_time now;
    struct session_crowd *crowd;
};

static enum medgl_error session_count_one(void *argument, const struct session *session)
{
    const struct session_counting *counting = argument;
    enum account_class class_;
    if (!session_is_persons(session) || session_is_gone(session, counting->now))
        return MEDGL_OK;
    if (strcmp(session->account_id, counting->account->id) == 0)
        counting->crowd->own++;
    MEDGL_TRY(session_class(counting->txn, session, &class_));
    if (class_ == counting->account->class_)
        counting->crowd->class_++;
    return MEDGL_OK;
}

enum medgl_error session_count(struct store_txn *txn, const struct account *account, medgl_time now,
                               struct session_crowd *crowd)
{
    struct session_counting counting = {txn, account, now, crowd};
    *crowd = (struct session_crowd){.own = 0};
    return store_session_each_open(txn, NULL, session_count_one, &counting);
}

static enum medgl_error session_count_another(void *argument, const struct session *session)
{
    struct session_open_count *count = argument;
    count->all++;
    count->persons += session_is_persons(session);
    return MEDGL_OK;
}

enum medgl_error session_count_open(struct store_txn *txn, const char *account_id,
                                    struct session_open_count *count)
{
    *count = (struct session_open_count){.all = 0};
    return store_session_each_open(txn, account_id, session_count_another, count);
}

struct crowd_facts crowd_facts_from(const struct account *account,
                                    const struct session_crowd *crowd)
{
    return (struct crowd_facts){
        .class_ = account->class_,
        .own_limit = account->sessions,
        .open = crowd->own,
        .open_of_class = crowd->class_,
    };
}
