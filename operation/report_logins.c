/* The logins of an emergency (see report_logins.h). The ledger is read twice: who it was, and with
 * which envelope, stands behind the login, and others log in meanwhile. */
#include "operation/report_logins.h"

#include "base/auto.h"
#include "base/text.h"
#include "ledger/entry.h"
#include "operation/caller.h"

#include <stdlib.h>
#include <string.h>

/* The login that declares an emergency stands before it, and what is settled first in between. */
#define LOGINS_BEFORE 256

struct report_use {
    uint64_t seq;
    bool inside;   /* asked for by who was logged in as the account: sudo, a screen locker */
    bool answered; /* who it is was asked */
    char account[STORE_NAME_SIZE], service[STORE_NAME_SIZE], source[STORE_SOURCE_SIZE];
    char serial[STORE_SERIAL_SIZE];
    char person[STORE_NAME_SIZE], purpose[STORE_TEXT_SIZE];
};

static const char *entry_name(const struct ledger_entry *entry)
{
    return entry->subject.name != NULL ? entry->subject.name : "";
}

/* -- who it was ------------------------------------------------------------------------------- */

/* The latest one before that is like it. */
static struct report_use *uses_find(const struct report_logins *run,
                                    const struct ledger_entry *entry)
{
    const bool person = entry->kind == LEDGER_BREAKGLASS_PERSON;
    for (size_t i = run->count; i-- > 0;) {
        struct report_use *use = &run->uses[i];
        if (use->seq > entry->seq || (person ? use->answered : use->serial[0] != '\0') ||
            strcmp(use->account, entry_name(entry)) != 0)
            continue;
        if (!person || (strcmp(use->service, ledger_entry_find_text(entry, "service")) == 0 &&
                        strcmp(use->source, ledger_entry_find_text(entry, "source")) == 0))
            return use;
    }
    return NULL;
}

static enum medgl_error use_inside(struct store_txn *txn, struct report_use *use)
{
    struct account account;
    const enum medgl_error error = store_account_by_name(txn, use->account, &account);
    use->inside = error == MEDGL_OK && source_key_is_own(use->source, &account);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

static enum medgl_error uses_add(struct report_logins *run, const struct ledger_entry *entry)
{
    /* Before the declaration the last login of that account alone counts: the one that made it. */
    const bool before = entry->seq < run->from;
    if (before && strcmp(entry_name(entry), run->opened_by) != 0)
        return MEDGL_OK;
    if (before)
        run->count = 0;
    struct report_use *larger = reallocarray(run->uses, run->count + 1, sizeof(*larger));
    if (larger == NULL)
        return MEDGL_ERR_MEMORY;
    run->uses = larger;
    struct report_use *use = &larger[run->count];
    *use = (struct report_use){.seq = entry->seq};
    MEDGL_TRY(text_copy(use->account, sizeof(use->account), entry_name(entry)));
    MEDGL_TRY(
        text_copy(use->service, sizeof(use->service), ledger_entry_find_text(entry, "service")));
    MEDGL_TRY(text_copy(use->source, sizeof(use->source), ledger_entry_find_text(entry, "source")));
    run->count++;
    return use_inside(run->txn, use);
}

static enum medgl_error uses_person(const struct report_logins *run,
                                    const struct ledger_entry *entry)
{
    struct report_use *use = uses_find(run, entry);
    if (use == NULL)
        return MEDGL_OK;
    use->answered = true;
    MEDGL_TRY(text_copy(use->person, sizeof(use->person), ledger_entry_find_text(entry, "person")));
    return text_copy(use->purpose, sizeof(use->purpose), ledger_entry_find_text(entry, "reason"));
}

static enum medgl_error uses_row(void *argument, const struct ledger_row *row)
{
    struct report_logins *run = argument;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    if (row->len == 0)
        return MEDGL_OK;
    MEDGL_TRY(ledger_entry_decode(row->line, row->len, &parsed));
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    if (run->origin[0] == '\0')
        MEDGL_TRY(text_copy(run->origin, sizeof(run->origin), entry->origin));
    if (entry->kind == LEDGER_LOGIN_SUCCESS && entry->seq < run->to)
        return uses_add(run, entry);
    if (entry->kind == LEDGER_BREAKGLASS_PERSON)
        return uses_person(run, entry);
    struct report_use *use = entry->kind == LEDGER_BREAKGLASS_USE ? uses_find(run, entry) : NULL;
    return use == NULL ? MEDGL_OK
                       : text_copy(use->serial, sizeof(use->serial),
                                   ledger_entry_find_text(entry, "serial"));
}

/* -- what is told of it ----------------------------------------------------------------------- */

static struct emergency_login login_from(const struct ledger_entry *entry)
{
    return (struct emergency_login){
        .seq = entry->seq,
        .time = entry->time,
        .last = entry->time,
        .times = 1,
        .clock_synchronised = entry->clock_synchronised,
        .account = entry_name(entry),
        .service = ledger_entry_find_text(entry, "service"),
        .source = ledger_entry_find_text(entry, "source"),
        .reason = "",
        .serial = "",
        .person = "",
        .purpose = "",
    };
}

static void login_flush(struct report_logins *run)
{
    if (run->entry == NULL)
        return;
    run->report->login(run->report->argument, &run->refused);
    ledger_parsed_free(&run->entry);
}

static void login_allowed(struct report_logins *run, const struct ledger_entry *entry)
{
    struct emergency_login login = login_from(entry);
    for (size_t i = 0; i < run->count; i++) {
        const struct report_use *use = &run->uses[i];
        if (use->seq != entry->seq)
            continue;
        login.allowed = true;
        login.inside = use->inside;
        login.serial = use->serial;
        login.person = use->person;
        login.purpose = use->purpose;
        run->nameless += use->person[0] == '\0' && !use->inside;
        login_flush(run);
        run->report->login(run->report->argument, &login);
    }
}

/* Guesses that repeat are one line: there may be thousands. */
static void login_refused(struct report_logins *run, struct ledger_parsed **parsed)
{
    const struct ledger_entry *entry = ledger_parsed_entry(*parsed);
    struct emergency_login login = login_from(entry), *last = &run->refused;
    login.reason = ledger_entry_find_text(entry, "reason");
    if (login.reason[0] == '\0')
        login.reason = ledger_kind_word(entry->kind);
    if (run->entry != NULL && strcmp(last->account, login.account) == 0 &&
        strcmp(last->service, login.service) == 0 && strcmp(last->source, login.source) == 0 &&
        strcmp(last->reason, login.reason) == 0) {
        last->times++;
        last->last = login.time;
        last->clock_synchronised &= login.clock_synchronised;
        return;
    }
    login_flush(run);
    run->refused = login;
    run->entry = auto_give(*parsed);
}

static enum medgl_error logins_row(void *argument, const struct ledger_row *row)
{
    struct report_logins *run = argument;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    if (row->len == 0)
        return MEDGL_OK;
    MEDGL_TRY(ledger_entry_decode(row->line, row->len, &parsed));
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    const bool refused =
        entry->kind == LEDGER_LOGIN_FAILURE || entry->kind == LEDGER_LOGIN_ABANDONED ||
        entry->kind == LEDGER_ACCESS_DENIED || entry->kind == LEDGER_SESSION_REFUSED;
    if (entry->kind == LEDGER_LOGIN_SUCCESS)
        login_allowed(run, entry);
    else if (refused && entry->seq >= run->from)
        login_refused(run, &parsed);
    return MEDGL_OK;
}

/* -- both ------------------------------------------------------------------------------------- */

static uint64_t logins_from(const struct report_logins *run)
{
    if (run->opened_by[0] == '\0')
        return run->from;
    return run->from < LOGINS_BEFORE ? 0 : run->from - LOGINS_BEFORE;
}

/* A login that settles this one and declares the next stands before the end of this one. */
static void logins_leave_next(struct report_logins *run)
{
    const struct report_use *last = run->count > 0 ? &run->uses[run->count - 1] : NULL;
    if (last != NULL && last->serial[0] == '\0' && strcmp(last->account, run->opens_next) == 0)
        run->count--;
}

enum medgl_error report_logins_look(struct report_logins *run)
{
    MEDGL_TRY(store_ledger_each(run->txn, logins_from(run), run->until, uses_row, run));
    logins_leave_next(run);
    return MEDGL_OK;
}

enum medgl_error report_logins_tell(struct report_logins *run)
{
    const enum medgl_error error =
        store_ledger_each(run->txn, logins_from(run), run->to, logins_row, run);
    login_flush(run);
    return error;
}

bool report_logins_used(const struct report_logins *run, const char *name)
{
    for (size_t i = 0; i < run->count; i++)
        if (strcmp(run->uses[i].account, name) == 0)
            return true;
    return false;
}

void report_logins_free(struct report_logins *run)
{
    ledger_parsed_free(&run->entry);
    free(run->uses);
    run->uses = NULL;
    run->count = 0;
}
