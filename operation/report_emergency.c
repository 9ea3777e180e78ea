/* What was done in an emergency (R33): who logged in as what, from where and how long, what
 * operators did, which alerts went out, what remains. What lies within it is told by positions in
 * the ledgers, for the clock may have been wrong. */
#include "operation/report_emergency.h"

#include "base/auto.h"
#include "ledger/entry.h"
#include "operation/session.h"

#include <stdlib.h>
#include <string.h>

/* Entries of the login that declares an emergency which stand before the declaration, at most. */
#define REPORT_BEFORE 8
/* How far behind the last login before its end acts are looked for. */
#define REPORT_BEYOND 100000

struct report_run {
    struct context *context;
    struct store_txn *txn;
    struct emergency_report *report;
    struct emergency_clocks clocks;
    uint32_t number;
    void (*head)(void *argument, const struct emergency_report *report);
    uint64_t from, to; /* of the ledger that is read */
    uint64_t sure;     /* what is not below it belongs to the emergency by its time alone */
    bool main;
    char opened_by[STORE_NAME_SIZE];
    struct emergency_login login; /* the last one, which may still hear who it was */
    struct ledger_parsed *entry;  /* that it borrows from */
    uint32_t nameless, waiting, open, unsealed, absent;
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
    case EMERGENCY_LEFT_MAIN:
        return "main-ledger";
    case EMERGENCY_LEFT_BODIES:
        return "archives";
    }
    return "";
}

/* -- which entries are what ---------------------------------------------------------------------
 */

enum report_part {
    PART_NONE,
    PART_LOGIN,
    PART_PERSON,
    PART_SESSION,
    PART_ALERT,
    PART_ACT,
};

/* What people and the machine do by themselves is no act of an operator. */
static enum report_part report_part_of(enum ledger_kind kind)
{
    switch (kind) {
    case LEDGER_LOGIN_SUCCESS:
    case LEDGER_LOGIN_FAILURE:
    case LEDGER_LOGIN_ABANDONED:
        return PART_LOGIN;
    case LEDGER_BREAKGLASS_PERSON:
        return PART_PERSON;
    case LEDGER_SESSION_OPEN:
        return PART_SESSION;
    case LEDGER_ALERT_RAISE:
        return PART_ALERT;
    case LEDGER_LOGIN_LOCKED:
    case LEDGER_ACCESS_DENIED:
    case LEDGER_PASSWORD_REHASH:
    case LEDGER_PASSWORD_JUDGE:
    case LEDGER_PASSWORD_GRACE:
    case LEDGER_GRANT_USE:
    case LEDGER_GRANT_END:
    case LEDGER_SESSION_CLOSE:
    case LEDGER_SESSION_LOST:
    case LEDGER_SESSION_REFUSED:
    case LEDGER_BREAKGLASS_USE:
    case LEDGER_ALERT_DELIVER:
    case LEDGER_CLOCK_BACK:
    case LEDGER_KIND_COUNT:
        return PART_NONE;
    case LEDGER_SETUP:
    case LEDGER_ACCOUNT_ADD:
    case LEDGER_ACCOUNT_DISABLE:
    case LEDGER_ACCOUNT_ENABLE:
    case LEDGER_ACCOUNT_RETIRE:
    case LEDGER_ACCOUNT_CHANGE:
    case LEDGER_ACCOUNT_SHADOW:
    case LEDGER_ACCOUNT_UNLOCK:
    case LEDGER_PASSWORD_ISSUE:
    case LEDGER_PASSWORD_CHANGE:
    case LEDGER_PASSWORD_IMPORT:
    case LEDGER_PASSWORD_REVOKE:
    case LEDGER_PASSWORD_RESET:
    case LEDGER_FACTOR_ENROL:
    case LEDGER_FACTOR_REVOKE:
    case LEDGER_GRANT_ADD:
    case LEDGER_GRANT_REVOKE:
    case LEDGER_ROLE_REFUSED:
    case LEDGER_DOCUMENT_READ:
    case LEDGER_DOCUMENT_DESTROY:
    case LEDGER_ARCHIVE:
    case LEDGER_COSIGN:
    case LEDGER_KEY_ROTATE:
    case LEDGER_BACKUP_CREATE:
    case LEDGER_BACKUP_VERIFY:
    case LEDGER_BACKUP_RESTORE:
    case LEDGER_SESSION_END:
    case LEDGER_POLICY_CHANGE:
    case LEDGER_BREAKGLASS_SEAL:
    case LEDGER_BREAKGLASS_CLOSE:
    case LEDGER_EMERGENCY_DECLARE:
    case LEDGER_EMERGENCY_RECOVER:
    case LEDGER_EMERGENCY_REVIEW:
    case LEDGER_EMERGENCY_JOIN:
    case LEDGER_MAINTENANCE_CONFIRM:
        return PART_ACT;
    }
    return PART_NONE;
}

static const char *report_text(const char *text)
{
    return text != NULL ? text : "";
}

/* -- logins ---------------------------------------------------------------------------------------
 */

static void report_login_flush(struct report_run *run)
{
    if (run->entry == NULL)
        return;
    run->nameless += run->login.allowed && run->login.person[0] == '\0';
    run->report->login(run->report->argument, &run->login);
    ledger_parsed_free(&run->entry);
}

/* Keeps the entry: who it was comes in a later one. Before the declaration stands the login that
 * made it, and nothing else is of interest. */
static void report_login(struct report_run *run, struct ledger_parsed **parsed)
{
    const struct ledger_entry *entry = ledger_parsed_entry(*parsed);
    if (entry->seq < run->report->row.own_from &&
        (entry->kind != LEDGER_LOGIN_SUCCESS ||
         strcmp(report_text(entry->subject.name), run->opened_by) != 0))
        return;
    report_login_flush(run);
    run->login = (struct emergency_login){
        .seq = entry->seq,
        .time = entry->time,
        .clock_synchronised = entry->clock_synchronised,
        .account = report_text(entry->subject.name),
        .service = ledger_entry_find_text(entry, "service"),
        .source = ledger_entry_find_text(entry, "source"),
        .allowed = entry->kind == LEDGER_LOGIN_SUCCESS,
        .reason = ledger_entry_find_text(entry, "reason"),
        .person = "",
        .purpose = "",
    };
    run->entry = auto_give(*parsed);
}

static void report_person(struct report_run *run, const struct ledger_entry *entry)
{
    if (run->entry == NULL || strcmp(run->login.account, report_text(entry->subject.name)) != 0 ||
        strcmp(run->login.source, ledger_entry_find_text(entry, "source")) != 0) {
        /* Somebody else logged in meanwhile: it is told for itself. */
        report_login_flush(run);
        const struct emergency_login alone = {
            .seq = entry->seq,
            .time = entry->time,
            .clock_synchronised = entry->clock_synchronised,
            .account = report_text(entry->subject.name),
            .service = ledger_entry_find_text(entry, "service"),
            .source = ledger_entry_find_text(entry, "source"),
            .allowed = true,
            .reason = "",
            .person = ledger_entry_find_text(entry, "person"),
            .purpose = ledger_entry_find_text(entry, "reason"),
        };
        run->nameless -= run->nameless > 0 && alone.person[0] != '\0';
        run->report->login(run->report->argument, &alone);
        return;
    }
    run->login.person = ledger_entry_find_text(entry, "person");
    run->login.purpose = ledger_entry_find_text(entry, "reason");
    run->nameless += run->login.person[0] == '\0';
    run->report->login(run->report->argument, &run->login);
    ledger_parsed_free(&run->entry);
}

static enum medgl_error report_logins_row(void *argument, const struct ledger_row *row)
{
    struct report_run *run = argument;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    if (row->len == 0)
        return MEDGL_OK;
    MEDGL_TRY(ledger_entry_decode(row->line, row->len, &parsed));
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    switch (report_part_of(entry->kind)) {
    case PART_LOGIN:
        report_login(run, &parsed);
        break;
    case PART_PERSON:
        report_person(run, entry);
        break;
    case PART_NONE:
    case PART_SESSION:
    case PART_ALERT:
    case PART_ACT:
        break;
    }
    return MEDGL_OK;
}

/* -- sessions, alerts
 * ------------------------------------------------------------------------------- */

static enum medgl_error report_session(struct report_run *run, const struct ledger_entry *entry)
{
    struct session session;
    const enum medgl_error error =
        store_session_by_id(run->txn, ledger_entry_find_text(entry, "session"), &session);
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK;
    MEDGL_TRY(error);
    run->open += session.closed == 0;
    const struct emergency_session told = {.account = report_text(entry->subject.name),
                                           .session = &session,
                                           .seconds =
                                               session_seconds(&session, run->clocks.clock.now)};
    run->report->session(run->report->argument, &told);
    return MEDGL_OK;
}

static enum medgl_error report_delivery(void *argument, const struct delivery *delivery)
{
    struct emergency_alarm *alarm = argument;
    alarm->receivers++;
    alarm->failed += delivery->state == DELIVERY_WAITING;
    return MEDGL_OK;
}

static enum medgl_error report_alert(struct report_run *run, const struct ledger_entry *entry)
{
    struct alert alert;
    struct emergency_alarm alarm = {.alert = &alert};
    const enum medgl_error error =
        store_alert_by_id(run->txn, ledger_entry_find_text(entry, "alert"), &alert);
    if (error == MEDGL_ERR_NOT_FOUND) /* delivered long ago, and forgotten */
        return MEDGL_OK;
    MEDGL_TRY(error);
    MEDGL_TRY(store_delivery_each(run->txn, alert.id, report_delivery, &alarm));
    run->waiting += alert.done == 0;
    run->report->alarm(run->report->argument, &alarm);
    return MEDGL_OK;
}

/* -- acts
 * ------------------------------------------------------------------------------------------- */

static void report_act(const struct report_run *run, const struct ledger_entry *entry)
{
    if (entry->seq >= run->sure && entry->time > run->report->row.recovered)
        return;
    const char *reason = ledger_entry_find_text(entry, "reason");
    if (reason[0] == '\0')
        reason = ledger_entry_find_text(entry, "note");
    const struct emergency_act act = {.main = run->main,
                                      .seq = entry->seq,
                                      .time = entry->time,
                                      .kind = ledger_kind_word(entry->kind),
                                      .actor = report_text(entry->actor.name),
                                      .subject = report_text(entry->subject.name),
                                      .reason = reason};
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
    if (row->len == 0) {
        run->absent += pass->part == PART_ACT;
        return MEDGL_OK;
    }
    MEDGL_TRY(ledger_entry_decode(row->line, row->len, &parsed));
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    if (report_part_of(entry->kind) != pass->part)
        return MEDGL_OK;
    switch (pass->part) {
    case PART_SESSION:
        return report_session(run, entry);
    case PART_ALERT:
        return report_alert(run, entry);
    case PART_ACT:
        report_act(run, entry);
        return MEDGL_OK;
    case PART_NONE:
    case PART_LOGIN:
    case PART_PERSON:
        break;
    }
    return MEDGL_OK;
}

static enum medgl_error report_pass(struct report_run *run, enum report_part part)
{
    struct report_pass pass = {.run = run, .part = part};
    return store_ledger_each(run->txn, run->from, run->to, report_row, &pass);
}

/* -- the accounts
 * ------------------------------------------------------------------------------------ */

static enum medgl_error report_breakglass(void *argument, const struct breakglass *row)
{
    struct report_run *run = argument;
    run->unsealed += row->used_at != 0 && strcmp(row->emergency_id, run->report->row.id) == 0;
    return MEDGL_OK;
}

static enum medgl_error report_opened_by(struct report_run *run)
{
    struct account account;
    run->opened_by[0] = '\0';
    run->report->account = run->opened_by;
    if (run->report->row.account_id[0] == '\0')
        return MEDGL_OK;
    MEDGL_TRY(store_account_by_id(run->txn, run->report->row.account_id, &account));
    memcpy(run->opened_by, account.name, sizeof(run->opened_by));
    return MEDGL_OK;
}

/* -- all of it
 * ---------------------------------------------------------------------------------------- */

static enum medgl_error report_own(struct store_txn *txn, void *argument)
{
    struct report_run *run = argument;
    struct emergency_report *report = run->report;
    struct emergency_now_view now;
    run->txn = txn;
    run->nameless = run->waiting = run->open = run->unsealed = 0;
    MEDGL_TRY(emergency_clocks_read(txn, &run->clocks));
    MEDGL_TRY(store_emergency_by_number(txn, run->number, &report->row));
    MEDGL_TRY(emergency_look(run->context, txn, &run->clocks, &now));
    const bool latest = now.known && now.row.number == run->number;
    report->phase = latest ? now.phase : EMERGENCY_RECOVERED;
    report->spent = latest && now.phase == EMERGENCY_OPEN ? now.spent : report->row.spent;
    MEDGL_TRY(report_opened_by(run));
    run->from = report->row.own_from;
    run->sure = run->to = report->row.own_to != 0 ? report->row.own_to : UINT64_MAX;
    run->head(report->argument, report);
    const bool by_login = report->row.account_id[0] != '\0';
    const uint64_t before = by_login && run->from > REPORT_BEFORE ? REPORT_BEFORE : 0;
    const enum medgl_error error =
        store_ledger_each(txn, run->from - before, run->to, report_logins_row, run);
    report_login_flush(run);
    MEDGL_TRY(error);
    MEDGL_TRY(report_pass(run, PART_SESSION));
    MEDGL_TRY(report_pass(run, PART_ACT));
    return store_breakglass_each(txn, report_breakglass, run);
}

static enum medgl_error report_alerts(struct store_txn *txn, void *argument)
{
    struct report_run *run = argument;
    run->txn = txn;
    return report_pass(run, PART_ALERT);
}

static enum medgl_error report_main(struct store_txn *txn, void *argument)
{
    struct report_run *run = argument;
    run->txn = txn;
    return report_pass(run, PART_ACT);
}

static void report_tell(const struct report_run *run, enum emergency_left what, uint32_t count)
{
    if (count > 0)
        run->report->left(run->report->argument, what, count);
}

static void report_left(const struct report_run *run, bool main_read)
{
    const struct emergency *row = &run->report->row;
    report_tell(run, EMERGENCY_LEFT_OPEN, run->report->phase == EMERGENCY_OPEN);
    report_tell(run, EMERGENCY_LEFT_SESSIONS, run->open);
    report_tell(run, EMERGENCY_LEFT_ALERTS, run->waiting);
    report_tell(run, EMERGENCY_LEFT_PERSON, run->nameless);
    report_tell(run, EMERGENCY_LEFT_REVIEW,
                run->report->phase != EMERGENCY_OPEN && row->reviewed == 0);
    report_tell(run, EMERGENCY_LEFT_SEAL, run->unsealed);
    report_tell(run, EMERGENCY_LEFT_MAIN, !main_read);
    report_tell(run, EMERGENCY_LEFT_BODIES, run->absent);
}

enum medgl_error operation_report_emergency(struct context *context, struct context *main_context,
                                            uint32_t number, struct emergency_report *report,
                                            void (*head)(void *argument,
                                                         const struct emergency_report *report))
{
    struct report_run run = {.context = context, .report = report, .number = number, .head = head};
    const struct emergency *row = &report->row;
    MEDGL_TRY(store_transact(context->store, STORE_READ, report_own, &run));
    const uint64_t from = run.from, to = run.to;
    const bool main_read = main_context != NULL && row->main_from >= 0;
    if (main_read) {
        run.main = true;
        run.from = (uint64_t)row->main_from;
        run.sure = row->main_to >= 0 ? (uint64_t)row->main_to : UINT64_MAX;
        run.to = row->main_to >= 0 ? run.sure + REPORT_BEYOND : UINT64_MAX;
        MEDGL_TRY(store_transact(main_context->store, STORE_READ, report_main, &run));
    }
    run.from = from;
    run.to = to;
    MEDGL_TRY(store_transact(context->store, STORE_READ, report_alerts, &run));
    report_left(&run, main_read);
    report->account = "";
    return MEDGL_OK;
}
