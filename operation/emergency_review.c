/* The review of what was done in an emergency, by a person who had no part in it (R33).
 *
 * MUST: where it is not known who had a part in it, or which accounts are the reviewer's, nobody
 * reviews it: nothing but a reminder waits for a review, so that it can wait itself. */
#include "operation/acting.h"
#include "operation/alert.h"
#include "operation/emergency_turn.h"
#include "operation/evidence.h"
#include "operation/refuse.h"
#include "operation/verify_map.h"

#include "base/auto.h"
#include "base/message.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum review_part {
    REVIEW_NO_PART = 0,
    REVIEW_RECORDED, /* its beginning or its end, for whoever decided */
    REVIEW_DECIDED,
    REVIEW_USED, /* an account; found last, and goes before the others */
};

struct review_run {
    struct context *context;
    uint32_t number;
    const char *note;
    struct acting acting;
    char *why;
    struct store_txn *txn;
    const struct emergency *row;
    struct verify_map used; /* accounts, by their ids: not sealed anew since */
    enum review_part part;
};

static void review_free(struct review_run *run)
{
    acting_free(&run->acting);
    map_free(&run->used, NULL);
}

/* -- who had a part in it --------------------------------------------------------------------- */

static void review_found(struct review_run *run, enum review_part part)
{
    if (part > run->part)
        run->part = part;
}

/* Who was the account: the kernel's word of who became it from another login, and theirs. */
static void review_login(struct review_run *run, const struct ledger_entry *entry)
{
    if (acting_is_actor(&run->acting, &entry->actor) ||
        acting_is_source(&run->acting, ledger_entry_find_text(entry, "source")) ||
        acting_is_called(&run->acting, ledger_entry_find_text(entry, "person")))
        review_found(run, REVIEW_USED);
}

static enum medgl_error review_use(struct review_run *run, const struct ledger_entry *entry)
{
    struct account account;
    const char *id = entry->subject.account;
    review_login(run, entry);
    if (map_find(&run->used, id) == NULL &&
        map_add(&run->used, id, sizeof(struct map_node)) == NULL)
        return MEDGL_ERR_MEMORY;
    const enum medgl_error error = store_account_by_id(run->txn, id, &account);
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK;
    MEDGL_TRY(error);
    if (acting_is_account(&run->acting, &account)) /* they act from its login */
        review_found(run, REVIEW_USED);
    return MEDGL_OK;
}

/* Whoever opened an envelope may be asked who they are when it is over; not of an envelope that was
 * sealed after it. */
static void review_sealed(struct review_run *run, const char *account)
{
    struct map_node *used = map_find(&run->used, account);
    if (used != NULL)
        map_remove(&run->used, used);
}

/* Its longest time is recorded by whoever comes first, who decided nothing. */
static void review_turn(struct review_run *run, const struct ledger_entry *entry)
{
    if (strcmp(ledger_entry_find_text(entry, "how"), "timed-out") == 0)
        return;
    if (acting_is_actor(&run->acting, &entry->actor))
        review_found(run, REVIEW_RECORDED);
    if (acting_is_called(&run->acting, ledger_entry_find_text(entry, "decided_by")))
        review_found(run, REVIEW_DECIDED); /* also of a drill, before it was in earnest */
}

static enum medgl_error review_entry_is(struct review_run *run, const struct ledger_entry *entry)
{
    const bool within = entry->seq < run->row->own_to;
    const char *account = entry->subject.account;
    if (within && account != NULL && entry->kind == LEDGER_BREAKGLASS_USE)
        return review_use(run, entry);
    if (within &&
        (entry->kind == LEDGER_EMERGENCY_DECLARE || entry->kind == LEDGER_EMERGENCY_RECOVER))
        review_turn(run, entry);
    if (within && entry->kind == LEDGER_SESSION_OPEN)
        review_login(run, entry); /* as root's su does, without the envelope */
    if (entry->kind == LEDGER_BREAKGLASS_PERSON &&
        (within || (account != NULL && map_find(&run->used, account) != NULL)))
        review_login(run, entry);
    if (!within && account != NULL && entry->kind == LEDGER_BREAKGLASS_SEAL)
        review_sealed(run, account);
    return MEDGL_OK;
}

static enum medgl_error review_entry(void *argument, const struct ledger_row *row)
{
    struct review_run *run = argument;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    if (row->len == 0)
        return refuse(run->why,
                      _("entry %" PRIu64 " of the break-glass ledger is archived, so nobody knows "
                        "who had a part in emergency %" PRIu32 ": medgl-admin ledger verify "
                        "--breakglass says what is missing; restore a backup that has it"),
                      row->seq, run->number);
    MEDGL_TRY(ledger_entry_decode(row->line, row->len, &parsed));
    return review_entry_is(run, ledger_parsed_entry(parsed));
}

static enum medgl_error review_refuse(const struct review_run *run)
{
    switch (run->part) {
    case REVIEW_NO_PART:
        return MEDGL_OK;
    case REVIEW_RECORDED:
        return refuse(run->why, _("who declared or ended an emergency for others does not review "
                                  "it: have somebody else do it"));
    case REVIEW_DECIDED:
        return refuse(run->why, _("who decided on an emergency does not review it: have somebody "
                                  "else do it"));
    case REVIEW_USED:
        return refuse(run->why, _("who used a break-glass account does not review it: have "
                                  "somebody else do it"));
    }
    return MEDGL_ERR_REFUSED;
}

static enum medgl_error review_check(struct review_run *run, const struct emergency *row)
{
    struct ledger_head head;
    if (row->ended == EMERGENCY_END_NONE)
        return refuse(run->why,
                      _("emergency %" PRIu32 " is open; medgl-admin emergency recover ends it"),
                      row->number);
    if (row->reviewed != 0)
        return refuse(run->why, _("emergency %" PRIu32 " was reviewed already, by %.256s"),
                      row->number, row->reviewed_by);
    map_free(&run->used, NULL);
    run->part = REVIEW_NO_PART;
    run->row = row;
    if (acting_is_called(&run->acting, row->decided_by) ||
        acting_is_called(&run->acting, row->recovered_by))
        review_found(run, REVIEW_DECIDED);
    MEDGL_TRY(store_ledger_head(run->txn, &head));
    MEDGL_TRY(store_ledger_each(run->txn, row->own_from, head.tree.size, review_entry, run));
    return review_refuse(run);
}

/* -- the review ------------------------------------------------------------------------------- */

static enum medgl_error review_write(const struct review_run *run,
                                     const struct emergency_clocks *clocks, struct emergency *row)
{
    struct ledger_entry entry;
    evidence_begin(run->context, &clocks->clock, LEDGER_EMERGENCY_REVIEW, NULL, &entry);
    ledger_entry_number(&entry, "emergency", row->number);
    ledger_entry_text(&entry, "id", row->id);
    ledger_entry_bool(&entry, "drill", row->drill);
    if (run->note[0] != '\0')
        ledger_entry_text(&entry, "note", run->note);
    MEDGL_TRY(evidence_append(run->context, run->txn, &entry, &row->ledger_seq));
    row->reviewed = emergency_moment(clocks);
    MEDGL_TRY(text_copy(row->reviewed_by, sizeof(row->reviewed_by), run->context->actor.name));
    MEDGL_TRY(text_copy(row->review_note, sizeof(row->review_note), run->note));
    MEDGL_TRY(store_emergency_update(run->txn, row));
    return evidence_keep(run->txn, clocks->clock.now);
}

static enum medgl_error review_now(struct store_txn *txn, void *argument)
{
    struct review_run *run = argument;
    struct emergency_clocks clocks;
    struct emergency row;
    bool settled;
    run->txn = txn;
    MEDGL_TRY(emergency_clocks_read(txn, &clocks));
    MEDGL_TRY(emergency_settle(run->context, txn, &clocks, &settled));
    MEDGL_TRY(store_emergency_by_number(txn, run->number, &row));
    MEDGL_TRY(review_check(run, &row));
    return review_write(run, &clocks, &row);
}

static enum medgl_error review_accounts(struct store_txn *txn, void *argument)
{
    struct review_run *run = argument;
    return acting_look_accounts(txn, &run->acting);
}

enum medgl_error operation_emergency_review(struct context *context, struct context *main_context,
                                            uint32_t number, const char *note,
                                            char why[OPERATION_WHY_SIZE])
{
    auto_clean(review_free) struct review_run run = {
        .context = context, .number = number, .note = note != NULL ? note : "", .why = why};
    why[0] = '\0';
    if (!text_is_printable(run.note))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(acting_look(&context->actor, &run.acting, why));
    if (main_context == NULL)
        return refuse(why, _("the main store cannot be read, so nobody knows which accounts are "
                             "yours: do what medgl-admin doctor says of it, and review then"));
    MEDGL_TRY(store_transact(main_context->store, STORE_READ, review_accounts, &run));
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, review_now, &run));
    alert_wake(context);             /* of what was settled */
    (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    return MEDGL_OK;
}
