/* Sealed credentials and emergencies, by the ledger and by the store. Reads only. */
#include "operation/verify_emergency.h"

#include <stdio.h>
#include <string.h>

/* The credential of an account, as its last seal, use and close left it. */
struct held_seal {
    struct map_node node;
    uint64_t seq;
    char serial[STORE_SERIAL_SIZE];
    int64_t times;
    medgl_time sealed_at, used_at, closed_at;
    int64_t emergency; /* the number of the one it was used in */
    bool seen;         /* its row is there */
};

struct held_emergency {
    struct map_node node;
    struct emergency row; /* what it has to be; `spent` in whole seconds, of one that is over */
    uint64_t recover_seq;
    bool seen;
};

static void fault_at(const struct verify_emergency *emergency, uint64_t seq, const char *what)
{
    emergency->fault(emergency->argument, seq, what);
}

static bool entry_is(const struct ledger_entry *entry, const char *name)
{
    const struct ledger_field *field = ledger_entry_find(entry, name, LEDGER_FIELD_BOOL);
    return field != NULL && field->number != 0;
}

/* A text that a row has room for; one that was too long is no row's. */
static void entry_text(const struct ledger_entry *entry, const char *name, char *to, size_t size)
{
    (void)snprintf(to, size, "%s", ledger_entry_find_text(entry, name));
}

/* -- sealed credentials, by entries ------------------------------------------------------------ */

static enum medgl_error learn_seal(struct verify_emergency *emergency,
                                   const struct ledger_entry *entry)
{
    struct held_seal *seal = map_find(&emergency->sealed, entry->subject.account);
    if (seal == NULL)
        seal = map_add(&emergency->sealed, entry->subject.account, sizeof(*seal));
    if (seal == NULL)
        return MEDGL_ERR_MEMORY;
    if (ledger_entry_find_number(entry, "times", -1) != seal->times + 1)
        fault_at(emergency, entry->seq, "an account was sealed more or fewer times than was said");
    if (seal->used_at != 0 && seal->closed_at == 0)
        fault_at(emergency, entry->seq, "an account was sealed anew while it was in use");
    seal->seq = entry->seq;
    seal->times++;
    seal->sealed_at = clock_moment(entry->time);
    seal->used_at = seal->closed_at = 0;
    seal->emergency = 0;
    entry_text(entry, "serial", seal->serial, sizeof(seal->serial));
    return MEDGL_OK;
}

/* That of an entry about the envelope that is in force. NULL: there is none that could. */
static struct held_seal *learn_goes_on(const struct verify_emergency *emergency,
                                       const struct ledger_entry *entry)
{
    struct held_seal *seal = map_find(&emergency->sealed, entry->subject.account);
    if (seal != NULL && seal->closed_at == 0 &&
        strcmp(seal->serial, ledger_entry_find_text(entry, "serial")) == 0)
        return seal;
    fault_at(emergency, entry->seq, "an envelope was used or closed that was not in force");
    return NULL;
}

static void learn_use(const struct verify_emergency *emergency, const struct ledger_entry *entry)
{
    struct held_seal *seal = learn_goes_on(emergency, entry);
    const int64_t number = ledger_entry_find_number(entry, "emergency", 0);
    const bool first = entry_is(entry, "first");
    if (seal == NULL)
        return;
    if (first != (seal->used_at == 0) || (!first && seal->emergency != number))
        fault_at(emergency, entry->seq, "an envelope was used, and was used before otherwise");
    if (!first)
        return;
    seal->seq = entry->seq;
    seal->used_at = clock_moment(entry->time);
    seal->emergency = number;
}

static void learn_close(const struct verify_emergency *emergency, const struct ledger_entry *entry)
{
    struct held_seal *seal = learn_goes_on(emergency, entry);
    if (seal == NULL)
        return;
    if (seal->used_at == 0 || seal->emergency != ledger_entry_find_number(entry, "emergency", 0))
        fault_at(emergency, entry->seq, "an account was closed that was not used then");
    seal->seq = entry->seq;
    seal->closed_at = clock_moment(entry->time);
}

/* -- emergencies, by entries ------------------------------------------------------------------- */

/* NULL: there is none of that id and number. */
static struct held_emergency *emergency_of(const struct verify_emergency *emergency,
                                           const struct ledger_entry *entry)
{
    struct held_emergency *held =
        map_find(&emergency->emergencies, ledger_entry_find_text(entry, "id"));
    if (held != NULL && ledger_entry_find_number(entry, "emergency", 0) == held->row.number)
        return held;
    fault_at(emergency, entry->seq, "an entry is about an emergency that was not declared");
    return NULL;
}

static void declare_row(const struct ledger_entry *entry, struct emergency *row)
{
    row->drill = entry_is(entry, "drill");
    row->declared = clock_moment(entry->time);
    row->ledger_seq = entry->seq;
    row->main_from = ledger_entry_find_number(entry, "main", -1);
    row->main_to = -1;
    entry_text(entry, "criterion", row->criterion, sizeof(row->criterion));
    entry_text(entry, "decided_by", row->decided_by, sizeof(row->decided_by));
    entry_text(entry, "note", row->note, sizeof(row->note));
    (void)snprintf(row->account_id, sizeof(row->account_id), "%s",
                   entry->subject.account != NULL ? entry->subject.account : "");
}

/* A drill that turned into one in earnest. */
static void learn_in_earnest(const struct verify_emergency *emergency,
                             const struct ledger_entry *entry)
{
    struct held_emergency *held = emergency_of(emergency, entry);
    if (held == NULL)
        return;
    if (!held->row.drill || held->row.ended != EMERGENCY_END_NONE || entry_is(entry, "drill"))
        fault_at(emergency, entry->seq, "an emergency was a drill before, and no drill was open");
    declare_row(entry, &held->row);
}

/* MUST: one after the other, by numbers without a gap. */
static enum medgl_error learn_declare(struct verify_emergency *emergency,
                                      const struct ledger_entry *entry)
{
    const char *id = ledger_entry_find_text(entry, "id");
    const struct held_emergency *last =
        (struct held_emergency *)(void *)emergency->emergencies.last;
    if (entry_is(entry, "was_drill")) {
        learn_in_earnest(emergency, entry);
        return MEDGL_OK;
    }
    if (ledger_entry_find_number(entry, "emergency", 0) != (int64_t)emergency->number + 1 ||
        map_find(&emergency->emergencies, id) != NULL) {
        fault_at(emergency, entry->seq, "an emergency was declared that is not the next one");
        return MEDGL_OK;
    }
    if (last != NULL && last->row.ended == EMERGENCY_END_NONE)
        fault_at(emergency, entry->seq, "an emergency was declared while another one was open");
    struct held_emergency *held = map_add(&emergency->emergencies, id, sizeof(*held));
    if (held == NULL)
        return MEDGL_ERR_MEMORY;
    held->row.number = ++emergency->number;
    held->row.own_from = entry->seq;
    declare_row(entry, &held->row);
    return MEDGL_OK;
}

static void learn_recover(const struct verify_emergency *emergency,
                          const struct ledger_entry *entry)
{
    struct held_emergency *held = emergency_of(emergency, entry);
    if (held == NULL)
        return;
    struct emergency *row = &held->row;
    if (row->ended != EMERGENCY_END_NONE)
        fault_at(emergency, entry->seq, "an emergency ended that was over");
    row->ended = strcmp(ledger_entry_find_text(entry, "how"), "timed-out") == 0
                     ? EMERGENCY_END_TIMED_OUT
                     : EMERGENCY_END_RECOVERED;
    row->recovered = clock_moment(entry->time);
    row->spent = ledger_entry_find_number(entry, "seconds", -1);
    row->main_to = ledger_entry_find_number(entry, "main", -1);
    entry_text(entry, "decided_by", row->recovered_by, sizeof(row->recovered_by));
    held->recover_seq = row->ledger_seq = entry->seq;
}

static void learn_review(const struct verify_emergency *emergency, const struct ledger_entry *entry)
{
    struct held_emergency *held = emergency_of(emergency, entry);
    if (held == NULL)
        return;
    struct emergency *row = &held->row;
    if (row->ended == EMERGENCY_END_NONE || row->reviewed != 0)
        fault_at(emergency, entry->seq,
                 "an emergency was reviewed that was open, or reviewed before");
    row->reviewed = clock_moment(entry->time);
    (void)snprintf(row->reviewed_by, sizeof(row->reviewed_by), "%s", entry->actor.name);
    entry_text(entry, "note", row->review_note, sizeof(row->review_note));
    row->ledger_seq = entry->seq;
}

/* Every kind is named, so that a new one cannot be forgotten here. */
enum medgl_error verify_emergency_learn(struct verify_emergency *emergency,
                                        const struct ledger_entry *entry)
{
    switch (entry->kind) {
    case LEDGER_BREAKGLASS_SEAL:
        return entry->subject.account != NULL ? learn_seal(emergency, entry) : MEDGL_OK;
    case LEDGER_BREAKGLASS_USE:
        if (entry->subject.account != NULL)
            learn_use(emergency, entry);
        return MEDGL_OK;
    case LEDGER_BREAKGLASS_CLOSE:
        if (entry->subject.account != NULL)
            learn_close(emergency, entry);
        return MEDGL_OK;
    case LEDGER_EMERGENCY_DECLARE:
        return learn_declare(emergency, entry);
    case LEDGER_EMERGENCY_RECOVER:
        learn_recover(emergency, entry);
        return MEDGL_OK;
    case LEDGER_EMERGENCY_REVIEW:
        learn_review(emergency, entry);
        return MEDGL_OK;
    case LEDGER_SETUP:
    case LEDGER_ACCOUNT_ADD:
    case LEDGER_ACCOUNT_DISABLE:
    case LEDGER_ACCOUNT_ENABLE:
    case LEDGER_ACCOUNT_RETIRE:
    case LEDGER_ACCOUNT_CHANGE:
    case LEDGER_ACCOUNT_SHADOW:
    case LEDGER_ACCOUNT_UNLOCK:
    case LEDGER_LOGIN_SUCCESS:
    case LEDGER_LOGIN_FAILURE:
    case LEDGER_LOGIN_ABANDONED:
    case LEDGER_LOGIN_LOCKED:
    case LEDGER_ACCESS_DENIED:
    case LEDGER_PASSWORD_ISSUE:
    case LEDGER_PASSWORD_CHANGE:
    case LEDGER_PASSWORD_REHASH:
    case LEDGER_PASSWORD_IMPORT:
    case LEDGER_PASSWORD_JUDGE:
    case LEDGER_PASSWORD_GRACE:
    case LEDGER_PASSWORD_REVOKE:
    case LEDGER_FACTOR_ENROL:
    case LEDGER_FACTOR_REVOKE:
    case LEDGER_GRANT_ADD:
    case LEDGER_GRANT_USE:
    case LEDGER_GRANT_REVOKE:
    case LEDGER_GRANT_END:
    case LEDGER_PASSWORD_RESET:
    case LEDGER_ROLE_REFUSED:
    case LEDGER_DOCUMENT_READ:
    case LEDGER_DOCUMENT_DESTROY:
    case LEDGER_ARCHIVE:
    case LEDGER_COSIGN:
    case LEDGER_CLOCK_BACK:
    case LEDGER_KEY_ROTATE:
    case LEDGER_BACKUP_CREATE:
    case LEDGER_BACKUP_VERIFY:
    case LEDGER_BACKUP_RESTORE:
    case LEDGER_SESSION_OPEN:
    case LEDGER_SESSION_CLOSE:
    case LEDGER_SESSION_LOST:
    case LEDGER_SESSION_REFUSED:
    case LEDGER_SESSION_END:
    case LEDGER_POLICY_CHANGE:
    case LEDGER_BREAKGLASS_PERSON:
    case LEDGER_EMERGENCY_JOIN:
    case LEDGER_MAINTENANCE_CONFIRM:
    case LEDGER_ALERT_RAISE:
    case LEDGER_ALERT_DELIVER:
    case LEDGER_KIND_COUNT:
        break;
    }
    return MEDGL_OK;
}

/* -- what rows say ----------------------------------------------------------------------------- */

/* By the emergency's number in entries, by its id in rows. */
static bool seal_was_in(const struct verify_emergency *emergency, const struct held_seal *seal,
                        const struct breakglass *row)
{
    const struct held_emergency *held = map_find(&emergency->emergencies, row->emergency_id);
    if (row->emergency_id[0] == '\0')
        return seal->emergency == 0;
    return held != NULL && held->row.number == seal->emergency;
}

static enum medgl_error row_seal(void *argument, const struct breakglass *row)
{
    const struct verify_emergency *emergency = argument;
    struct held_seal *seal = map_find(&emergency->sealed, row->account_id);
    if (seal == NULL) {
        fault_at(emergency, row->ledger_seq, "a sealed credential has no entry that made it");
        return MEDGL_OK;
    }
    seal->seen = true;
    if (seal->seq != row->ledger_seq || seal->times != row->times ||
        seal->sealed_at != row->sealed_at || seal->used_at != row->used_at ||
        seal->closed_at != row->closed_at || strcmp(seal->serial, row->serial) != 0 ||
        !seal_was_in(emergency, seal, row))
        fault_at(emergency, seal->seq,
                 "a sealed credential is not what its last entry made of it: what was used could "
                 "be used again");
    return MEDGL_OK;
}

static bool emergency_began(const struct emergency *held, const struct emergency *row)
{
    return held->number == row->number && held->drill == row->drill &&
           held->declared == row->declared && held->own_from == row->own_from &&
           held->main_from == row->main_from && strcmp(held->criterion, row->criterion) == 0 &&
           strcmp(held->decided_by, row->decided_by) == 0 && strcmp(held->note, row->note) == 0 &&
           strcmp(held->account_id, row->account_id) == 0;
}

/* MUST: what was used in it is between its ends, or no review would look at it. */
static bool emergency_ended(const struct held_emergency *held, const struct emergency *row)
{
    if (held->row.ended != row->ended || held->row.recovered != row->recovered ||
        held->row.main_to != row->main_to || strcmp(held->row.recovered_by, row->recovered_by) != 0)
        return false;
    if (row->ended == EMERGENCY_END_NONE)
        return row->own_to == 0;
    return row->own_to > held->recover_seq && row->spent / MEDGL_SECOND == held->row.spent;
}

static bool emergency_reviewed(const struct emergency *held, const struct emergency *row)
{
    return held->reviewed == row->reviewed && strcmp(held->reviewed_by, row->reviewed_by) == 0 &&
           strcmp(held->review_note, row->review_note) == 0;
}

static enum medgl_error row_emergency(void *argument, const struct emergency *row)
{
    const struct verify_emergency *emergency = argument;
    struct held_emergency *held = map_find(&emergency->emergencies, row->id);
    if (held == NULL) {
        fault_at(emergency, row->ledger_seq, "an emergency has no entry that declared it");
        return MEDGL_OK;
    }
    held->seen = true;
    if (held->row.ledger_seq != row->ledger_seq || !emergency_began(&held->row, row) ||
        !emergency_ended(held, row) || !emergency_reviewed(&held->row, row))
        fault_at(emergency, held->row.ledger_seq, "an emergency is not what its entries say");
    return MEDGL_OK;
}

/* One in the middle is missing: that is found below, whatever else the store has to say of it. */
static enum medgl_error state_emergencies(struct verify_emergency *emergency, struct store_txn *txn)
{
    const enum medgl_error error = store_emergency_each(txn, row_emergency, emergency);
    if (error != MEDGL_ERR_CORRUPT)
        return error;
    fault_at(emergency, 0, "the rows of emergencies are altered, or not all there");
    return MEDGL_OK;
}

enum medgl_error verify_emergency_state(struct verify_emergency *emergency, struct store_txn *txn)
{
    MEDGL_TRY(store_breakglass_each(txn, row_seal, emergency));
    MEDGL_TRY(state_emergencies(emergency, txn));
    MAP_EACH(&emergency->sealed, const struct held_seal, seal)
    {
        if (!seal->seen)
            fault_at(emergency, seal->seq, "a sealed credential that an entry made is gone");
    }
    MAP_EACH(&emergency->emergencies, const struct held_emergency, held)
    {
        if (!held->seen)
            fault_at(emergency, held->row.ledger_seq, "an emergency that was declared is gone");
    }
    return MEDGL_OK;
}

void verify_emergency_free(struct verify_emergency *emergency)
{
    map_free(&emergency->sealed, NULL);
    map_free(&emergency->emergencies, NULL);
}
