/* What was done in an emergency (R33): who logged in as what, from where and how long, what
 * operators did, which alerts went out, what remains. What lies within it is told by positions in
 * the ledgers, for the clock may have been wrong. */
#include "operation/report_entry.h"
#include "operation/report_logins.h"

#include "base/auto.h"
#include "base/text.h"
#include "ledger/entry.h"
#include "operation/session.h"

#include <string.h>

struct report_run {
    struct context *context;
    struct store_txn *txn;
    struct emergency_report *report;
    struct emergency_clocks clocks;
    uint32_t number;
    void (*head)(void *argument, const struct emergency_report *report);
    struct report_logins logins;
    bool over;     /* its end was written down */
    uint64_t next; /* where the next emergency begins in the ledger; UINT64_MAX: there is none */
    char opened_by[STORE_NAME_SIZE], opens_next[STORE_NAME_SIZE];
    uint32_t waiting, open, unsealed, absent;
    /* of the main ledger */
    bool main, main_read, unjoined, done;
    uint64_t sure; /* what is not below it belongs to the emergency by its time alone */
};

const char *emergency_left_word(enum emergency_left what)
{
    switch (what) {
    case EMERGENCY_LEFT_OPEN:
        return "open";
    case EMERGENCY_LEFT_SESSIONS:
        return "sessions";
    case EMERGENCY_LEFT_ALERTS:
        return "alerts";
    case EMERGENCY_LEFT_PERSON:
        return "person";
    case EMERGENCY_LEFT_REVIEW:
        return "review";
    case EMERGENCY_LEFT_SEAL:
        return "seal";
    case EMERGENCY_LEFT_JOIN:
        return "join";
    case EMERGENCY_LEFT_MAIN:
        return "main-ledger";
    case EMERGENCY_LEFT_BODIES:
        return "archives";
    }
    return "";
}

static const char *report_text(const char *text)
{
    return text != NULL ? text : "";
}

/* -- sessions, alerts ------------------------------------------------------------------------- */

static const char *report_session_state(const struct session *session)
{
    switch (session->ended) {
    case SESSION_END_NONE:
        break;
    case SESSION_END_CLOSED:
        return "closed";
    case SESSION_END_LOST:
        return "lost";
    case SESSION_END_ENDED:
        return "ended";
    }
    return session->closed != 0 ? "closed" : "open";
}

/* Rows of sessions go after a time; the entry stays. */
static enum medgl_error report_session_forgotten(const struct report_run *run,
                                                 const struct ledger_entry *entry)
{
    struct session session = {.opened = entry->time, .class_ = ACCOUNT_CLASS_BREAKGLASS};
    const struct {
        char *to;
        size_t size;
        const char *field;
    } texts[] = {
        {session.id, sizeof(session.id), "session"},
        {session.service, sizeof(session.service), "service"},
        {session.source, sizeof(session.source), "source"},
        {session.tty, sizeof(session.tty), "terminal"},
        {session.person, sizeof(session.person), "person"},
    };
    for (size_t i = 0; i < MEDGL_COUNT(texts); i++)
        MEDGL_TRY(
            text_copy(texts[i].to, texts[i].size, ledger_entry_find_text(entry, texts[i].field)));
    const struct emergency_session told = {.account = report_text(entry->subject.name),
                                           .session = &session,
                                           .state = "forgotten",
                                           .seconds = -1};
    run->report->session(run->report->argument, &told);
    return MEDGL_OK;
}

static enum medgl_error report_session(struct report_run *run, const struct ledger_entry *entry)
{
    struct session session;
    const enum medgl_error error =
        store_session_by_id(run->txn, ledger_entry_find_text(entry, "session"), &session);
    if (error == MEDGL_ERR_NOT_FOUND)
        return report_session_forgotten(run, entry);
    MEDGL_TRY(error);
    run->open += session.closed == 0;
    /* When one ended that nobody said the end of is not known. */
    const bool known = session.ended != SESSION_END_LOST;
    const struct emergency_session told = {
        .account = report_text(entry->subject.name),
        .session = &session,
        .state = report_session_state(&session),
        .seconds = known ? session_seconds(&session, run->clocks.clock.now) : -1};
    run->report->session(run->report->argument, &told);
    return MEDGL_OK;
}

static enum medgl_error report_delivery(void *argument, const struct delivery *delivery)
{
    struct emergency_alarm *alarm = argument;
    alarm->receivers++;
    alarm->failed += delivery->state == DELIVERY_WAITING;
    alarm->tried |= delivery->tries > 0;
    return MEDGL_OK;
}

/* Behind its end: sessions that ended by it, and who tried a closed account. */
static bool report_alert_is_ours(const struct report_run *run, const struct ledger_entry *entry)
{
    return !run->over || entry->seq < run->report->row.own_to ||
           strcmp(ledger_entry_find_text(entry, "alert_kind"), alert_kind_word(ALERT_BREAKGLASS)) ==
               0;
}

static enum medgl_error report_alert(struct report_run *run, const struct ledger_entry *entry)
{
    struct alert alert;
    struct emergency_alarm alarm = {.time = entry->time,
                                    .kind = ledger_entry_find_text(entry, "alert_kind"),
                                    .text = ledger_entry_find_text(entry, "text")};
    if (!report_alert_is_ours(run, entry))
        return MEDGL_OK;
    const enum medgl_error error =
        store_alert_by_id(run->txn, ledger_entry_find_text(entry, "alert"), &alert);
    alarm.forgotten = error == MEDGL_ERR_NOT_FOUND; /* only what everybody had is */
    if (!alarm.forgotten) {
        MEDGL_TRY(error);
        MEDGL_TRY(store_delivery_each(run->txn, alert.id, report_delivery, &alarm));
    }
    alarm.delivered = alarm.forgotten || alert.done != 0;
    run->waiting += !alarm.delivered;
    run->report->alarm(run->report->argument, &alarm);
    return MEDGL_OK;
}

/* -- acts ------------------------------------------------------------------------------------- */

/* MUST: told by the place in the ledger where that is known, for the clock may have been wrong. */
static bool report_act_is_within(const struct report_run *run, const struct ledger_entry *entry)
{
    const struct emergency *row = &run->report->row;
    if (!run->main)
        return true;
    if (row->main_from < 0 && entry->time < row->declared)
        return false;
    if (!run->over || entry->seq < run->sure)
        return true;
    return !row->mark_credible || entry->time <= row->recovered;
}

/* The main ledger took over what the other one said of the end: all that follows is later. */
static bool report_act_is_later(const struct report_run *run, const struct ledger_entry *entry)
{
    return run->main && run->over && entry->kind == LEDGER_EMERGENCY_JOIN &&
           ledger_entry_find_number(entry, "size", 0) >= (int64_t)run->report->row.own_to;
}

static void report_act(const struct report_run *run, const struct ledger_entry *entry)
{
    char details[REPORT_DETAILS_SIZE], named[STORE_NAME_SIZE + 16];
    const char *actor = report_text(entry->actor.name);
    const bool own = entry->kind == LEDGER_PASSWORD_CHANGE &&
                     strcmp(actor, report_text(entry->subject.name)) == 0;
    if (own || !report_act_is_within(run, entry))
        return;
    const char *reason = ledger_entry_find_text(entry, "reason");
    if (reason[0] == '\0')
        reason = ledger_entry_find_text(entry, "why");
    if (reason[0] == '\0')
        reason = ledger_entry_find_text(entry, "note");
    report_details(entry, details);
    (void)snprintf(
        named, sizeof(named), "%s%s", actor,
        ledger_entry_find(entry, "actor_asserted", LEDGER_FIELD_BOOL) != NULL ? " (asserted)" : "");
    const struct emergency_act act = {.main = run->main,
                                      .breakglass = report_logins_used(&run->logins, actor),
                                      .seq = entry->seq,
                                      .time = entry->time,
                                      .kind = ledger_kind_word(entry->kind),
                                      .actor = named,
                                      .subject = report_text(entry->subject.name),
                                      .reason = reason,
                                      .details = details};
    run->report->act(run->report->argument, &act);
}

struct report_pass {
    struct report_run *run;
    enum report_part part;
};

static enum medgl_error report_row(void *argument, const struct ledger_row *row)
{
    const struct report_pass *pass = argument;
    struct report_run *run = pass->run;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    if (run->done)
        return MEDGL_OK;
    if (row->len == 0) {
        run->absent += pass->part == REPORT_PART_ACT;
        return MEDGL_OK;
    }
    MEDGL_TRY(ledger_entry_decode(row->line, row->len, &parsed));
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    run->done = report_act_is_later(run, entry);
    if (report_part_of(entry->kind) != pass->part)
        return MEDGL_OK;
    switch (pass->part) {
    case REPORT_PART_SESSION:
        return report_session(run, entry);
    case REPORT_PART_ALERT:
        return report_alert(run, entry);
    case REPORT_PART_ACT:
        report_act(run, entry);
        return MEDGL_OK;
    case REPORT_PART_NONE:
        break;
    }
    return MEDGL_OK;
}

static enum medgl_error report_pass(struct report_run *run, enum report_part part, uint64_t from,
                                    uint64_t to)
{
    struct report_pass pass = {.run = run, .part = part};
    return store_ledger_each(run->txn, from, to, report_row, &pass);
}

/* -- the emergency ---------------------------------------------------------------------------- */

static enum medgl_error report_breakglass(void *argument, const struct breakglass *row)
{
    struct report_run *run = argument;
    run->unsealed += row->used_at != 0 && strcmp(row->emergency_id, run->report->row.id) == 0;
    return MEDGL_OK;
}

static enum medgl_error report_opened_by(struct report_run *run, const struct emergency *row,
                                         char name[STORE_NAME_SIZE])
{
    struct account account;
    if (row->account_id[0] == '\0')
        return MEDGL_OK;
    MEDGL_TRY(store_account_by_id(run->txn, row->account_id, &account));
    return text_copy(name, STORE_NAME_SIZE, account.name);
}

static enum medgl_error report_read(struct report_run *run)
{
    struct emergency_report *report = run->report;
    struct emergency_now_view now;
    struct emergency next;
    MEDGL_TRY(emergency_clocks_read(run->txn, &run->clocks));
    MEDGL_TRY(store_emergency_by_number(run->txn, run->number, &report->row));
    MEDGL_TRY(emergency_look(run->context, run->txn, &run->clocks, &now));
    const bool latest = now.known && now.row.number == run->number;
    report->phase = latest ? now.phase : EMERGENCY_RECOVERED;
    report->spent = latest ? now.spent : report->row.spent;
    run->over = report->row.ended != EMERGENCY_END_NONE;
    run->next = UINT64_MAX;
    if (!latest) {
        MEDGL_TRY(store_emergency_by_number(run->txn, run->number + 1, &next));
        MEDGL_TRY(report_opened_by(run, &next, run->opens_next));
        run->next = next.own_from;
    }
    report->account = run->opened_by;
    return report_opened_by(run, &report->row, run->opened_by);
}

static enum medgl_error report_own(struct store_txn *txn, void *argument)
{
    struct report_run *run = argument;
    struct emergency_report *report = run->report;
    run->txn = txn;
    MEDGL_TRY(report_read(run));
    const uint64_t from = report->row.own_from, to = run->over ? report->row.own_to : UINT64_MAX;
    run->logins = (struct report_logins){.txn = txn,
                                         .report = report,
                                         .from = from,
                                         .to = to,
                                         .until = run->next,
                                         .opened_by = run->opened_by,
                                         .opens_next = run->opens_next};
    report->origin = run->logins.origin;
    MEDGL_TRY(report_logins_look(&run->logins));
    run->head(report->argument, report);
    MEDGL_TRY(report_logins_tell(&run->logins));
    MEDGL_TRY(report_pass(run, REPORT_PART_SESSION, from, to));
    MEDGL_TRY(report_pass(run, REPORT_PART_ACT, from, to));
    return store_breakglass_each(txn, report_breakglass, run);
}

static enum medgl_error report_alerts(struct store_txn *txn, void *argument)
{
    struct report_run *run = argument;
    run->txn = txn;
    return report_pass(run, REPORT_PART_ALERT, run->report->row.own_from, run->next);
}

/* -- the main ledger -------------------------------------------------------------------------- */

static enum medgl_error report_main(struct store_txn *txn, void *argument)
{
    struct report_run *run = argument;
    const struct emergency *row = &run->report->row;
    const uint64_t from = row->main_from >= 0 ? (uint64_t)row->main_from : 0;
    struct ledger_head head;
    struct joined joined = {.size = 0};
    run->txn = txn;
    run->main = true;
    run->sure = row->main_to >= 0 ? (uint64_t)row->main_to : from;
    MEDGL_TRY(store_ledger_head(txn, &head));
    const enum medgl_error error = store_joined_get(txn, run->logins.origin, &joined);
    if (error != MEDGL_ERR_NOT_FOUND)
        MEDGL_TRY(error);
    MEDGL_TRY(report_pass(run, REPORT_PART_ACT, from, UINT64_MAX));
    run->unjoined = run->over && joined.size < row->own_to;
    run->main_read = row->main_from >= 0 && (!run->over || row->main_to >= 0) &&
                     head.tree.size >= from && (!run->over || head.tree.size >= run->sure);
    return MEDGL_OK;
}

/* -- all of it -------------------------------------------------------------------------------- */

static void report_tell(const struct report_run *run, enum emergency_left what, uint32_t count)
{
    if (count > 0)
        run->report->left(run->report->argument, what, count);
}

static void report_left(const struct report_run *run)
{
    const struct emergency *row = &run->report->row;
    const bool open = run->report->phase == EMERGENCY_OPEN;
    report_tell(run, EMERGENCY_LEFT_OPEN, open);
    report_tell(run, EMERGENCY_LEFT_SESSIONS, run->open);
    report_tell(run, EMERGENCY_LEFT_ALERTS, run->waiting);
    report_tell(run, EMERGENCY_LEFT_PERSON, run->logins.nameless);
    report_tell(run, EMERGENCY_LEFT_REVIEW, !open && row->reviewed == 0);
    report_tell(run, EMERGENCY_LEFT_SEAL, open ? 0 : run->unsealed);
    report_tell(run, EMERGENCY_LEFT_JOIN, run->unjoined);
    report_tell(run, EMERGENCY_LEFT_MAIN, !run->main_read);
    report_tell(run, EMERGENCY_LEFT_BODIES, run->absent);
}

static void report_free(struct report_run *run)
{
    report_logins_free(&run->logins);
}

enum medgl_error operation_report_emergency(struct context *context, struct context *main_context,
                                            uint32_t number, struct emergency_report *report,
                                            void (*head)(void *argument,
                                                         const struct emergency_report *report))
{
    auto_clean(report_free) struct report_run run = {
        .context = context, .report = report, .number = number, .head = head};
    MEDGL_TRY(store_transact(context->store, STORE_READ, report_own, &run));
    if (main_context != NULL &&
        store_transact(main_context->store, STORE_READ, report_main, &run) != MEDGL_OK)
        run.main_read = false;
    run.main = run.done = false; /* what follows is of the other one again */
    MEDGL_TRY(store_transact(context->store, STORE_READ, report_alerts, &run));
    report_left(&run);
    report->account = report->origin = "";
    return MEDGL_OK;
}
