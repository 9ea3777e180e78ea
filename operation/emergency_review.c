/* The review of what was done in an emergency, by a person who had no part in it (R33). */
#include "operation/alert.h"
#include "operation/emergency_turn.h"
#include "operation/evidence.h"
#include "operation/identity.h"
#include "operation/refuse.h"

#include "base/auto.h"
#include "base/message.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct review_run {
    struct context *context;
    uint32_t number;
    const char *note;
    char full_name[STORE_TEXT_SIZE]; /* the operator's; "" where it is not known */
    char *why;
    struct store_txn *txn;
    bool took_part;
};

/* By what they are called: as the system knows them, or as they told it at the login. */
static bool review_is_operator(const struct review_run *run, const char *name)
{
    return text_same_name(run->context->actor.name, name) || text_same_name(run->full_name, name);
}

/* The login from which the operator acts may be that of the account itself. */
static enum medgl_error review_is_account(const struct review_run *run, const char *account_id,
                                          bool *is)
{
    struct account account;
    *is = false;
    const enum medgl_error error = store_account_by_id(run->txn, account_id, &account);
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK;
    MEDGL_TRY(error);
    *is = account.uid == run->context->actor.uid ||
          text_same_name(run->context->actor.name, account.name);
    return MEDGL_OK;
}

static enum medgl_error review_entry(void *argument, const struct ledger_row *row)
{
    struct review_run *run = argument;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    bool own = false;
    if (row->len == 0) /* archived: years ago */
        return MEDGL_OK;
    MEDGL_TRY(ledger_entry_decode(row->line, row->len, &parsed));
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    if (entry->kind == LEDGER_BREAKGLASS_USE && entry->subject.account != NULL)
        MEDGL_TRY(review_is_account(run, entry->subject.account, &own));
    if (entry->kind == LEDGER_BREAKGLASS_PERSON)
        own = review_is_operator(run, ledger_entry_find_text(entry, "person"));
    run->took_part |= own;
    return MEDGL_OK;
}

static enum medgl_error review_check(struct review_run *run, const struct emergency *row)
{
    if (row->ended == EMERGENCY_END_NONE)
        return refuse(run->why,
                      _("emergency %" PRIu32 " is open; medgl-admin emergency recover ends it"),
                      row->number);
    if (row->reviewed != 0)
        return refuse(run->why, _("emergency %" PRIu32 " was reviewed already, by %.256s"),
                      row->number, row->reviewed_by);
    if (run->context->actor.name[0] == '\0')
        return refuse(run->why, _("nobody knows who you are: log in under your own name, or say "
                                  "--operator"));
    if (review_is_operator(run, row->decided_by) || review_is_operator(run, row->recovered_by))
        return refuse(run->why, _("who decided on an emergency does not review it: have somebody "
                                  "else do it"));
    run->took_part = false;
    MEDGL_TRY(store_ledger_each(run->txn, row->own_from, row->own_to, review_entry, run));
    if (run->took_part)
        return refuse(run->why, _("who used a break-glass account does not review it: have "
                                  "somebody else do it"));
    return MEDGL_OK;
}

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

enum medgl_error operation_emergency_review(struct context *context, uint32_t number,
                                            const char *note, char why[OPERATION_WHY_SIZE])
{
    struct review_run run = {
        .context = context, .number = number, .note = note != NULL ? note : "", .why = why};
    struct unix_user user;
    why[0] = '\0';
    if (!text_is_printable(run.note))
        return MEDGL_ERR_ARGUMENT;
    if (context->actor.name[0] != '\0' && unix_user_find(context->actor.name, &user) == MEDGL_OK &&
        user.exists)
        (void)text_copy(run.full_name, sizeof(run.full_name), user.full_name);
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, review_now, &run));
    alert_wake(context);             /* of what was settled */
    (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    return MEDGL_OK;
}
