/* An emergency begins, lasts and ends, and what was used in it is closed: row, entry and alert
 * (R31, R32). Decides nothing. */
#include "operation/emergency_turn.h"

#include "base/text.h"
#include "operation/alert.h"
#include "operation/evidence.h"
#include "operation/head_seen.h"
#include "policy/calendar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TURN_MARK_AGE (5 * MEDGL_MINUTE) /* a reboot loses no more than that */

const char *emergency_drill_mark(const struct emergency *row)
{
    return row->drill ? "DRILL: " : "";
}

const char *emergency_noun(const struct emergency *row)
{
    return row->drill ? "Drill" : "Emergency";
}

medgl_time emergency_moment(const struct emergency_clocks *clocks)
{
    return clock_moment(clocks->clock.now);
}

/* -- what a row remembers --------------------------------------------------------------------- */

/* As the last login saw it. MUST: the main store is not opened: it may hang, or be gone. */
static int64_t turn_main_size(const struct context *context)
{
    struct context there = {.place = CONTEXT_MAIN};
    struct head_seen seen;
    if (text_copy(there.root, sizeof(there.root), context->root) != MEDGL_OK)
        return -1;
    head_seen_read(&there, &seen);
    return seen.seen.size > 0 && seen.seen.size <= INT64_MAX ? (int64_t)seen.seen.size : -1;
}

static enum medgl_error turn_mark(struct emergency *row, const struct emergency_clocks *clocks,
                                  int64_t spent)
{
    row->spent = spent;
    row->mark_wall = clocks->clock.now;
    row->mark_uptime = clocks->uptime;
    row->mark_credible = clocks->credible;
    return text_copy(row->mark_boot, sizeof(row->mark_boot), clocks->boot);
}

static void turn_view(const struct context *context, enum emergency_phase phase,
                      struct emergency_now_view *view)
{
    view->known = true;
    view->phase = phase;
    view->spent = view->row.spent;
    view->left = phase == EMERGENCY_OPEN ? policy_emergency_left(&context->policy, view->spent) : 0;
}

static void turn_entry(const struct context *context, const struct emergency_clocks *clocks,
                       enum ledger_kind kind, const struct account *account,
                       const struct emergency *row, struct ledger_entry *entry)
{
    evidence_begin(context, &clocks->clock, kind, account, entry);
    ledger_entry_number(entry, "emergency", row->number);
    ledger_entry_text(entry, "id", row->id);
    ledger_entry_bool(entry, "drill", row->drill);
}

/* MUST: what a review reads of the main ledger cannot be changed in the row alone. */
static void turn_entry_main(int64_t size, struct ledger_entry *entry)
{
    if (size >= 0)
        ledger_entry_number(entry, "main", size);
}

/* `turn`: tells alerts of one emergency apart. */
static enum medgl_error turn_tell(struct context *context, struct store_txn *txn,
                                  const struct emergency_clocks *clocks, enum alert_kind kind,
                                  const struct emergency *row, const char *turn, const char *text)
{
    char about[CRYPTO_ID_SIZE + 32];
    (void)snprintf(about, sizeof(about), "%.*s %.24s", CRYPTO_ID_SIZE, row->id, turn);
    const struct alert_event event = {.kind = kind, .text = text, .about = about};
    return alert_raise(context, txn, &clocks->clock, &event);
}

/* -- it begins -------------------------------------------------------------------------------- */

static enum medgl_error begin_row(const struct context *context,
                                  const struct emergency_clocks *clocks,
                                  const struct account *account,
                                  const struct emergency_declare_request *request,
                                  struct emergency *row)
{
    row->drill = request->drill;
    row->declared = emergency_moment(clocks);
    row->reminded = 0;
    row->main_from = turn_main_size(context);
    row->main_to = -1;
    MEDGL_TRY(text_copy(row->criterion, sizeof(row->criterion), request->criterion));
    MEDGL_TRY(text_copy(row->decided_by, sizeof(row->decided_by), request->decided_by));
    MEDGL_TRY(text_copy(row->note, sizeof(row->note), request->note != NULL ? request->note : ""));
    MEDGL_TRY(
        text_copy(row->account_id, sizeof(row->account_id), account != NULL ? account->id : ""));
    return turn_mark(row, clocks, 0);
}

static enum medgl_error begin_entry(struct context *context, struct store_txn *txn,
                                    const struct emergency_clocks *clocks,
                                    const struct account *account, bool was_drill,
                                    struct emergency *row)
{
    struct ledger_entry entry;
    turn_entry(context, clocks, LEDGER_EMERGENCY_DECLARE, account, row, &entry);
    ledger_entry_text(&entry, "criterion", row->criterion);
    ledger_entry_text(&entry, "decided_by", row->decided_by);
    turn_entry_main(row->main_from, &entry);
    if (row->note[0] != '\0')
        ledger_entry_text(&entry, "note", row->note);
    if (was_drill)
        ledger_entry_bool(&entry, "was_drill", true);
    return evidence_append(context, txn, &entry, &row->ledger_seq);
}

static enum medgl_error begin_tell(struct context *context, struct store_txn *txn,
                                   const struct emergency_clocks *clocks, bool was_drill,
                                   const struct emergency *row)
{
    char text[STORE_ALERT_SIZE];
    (void)snprintf(text, sizeof(text),
                   "%s%s %" PRIu32 " is declared%s: %.64s%s%.256s%s. Break-glass accounts "
                   "can be used until medgl-admin emergency recover ends it, or %lld hours are "
                   "over.",
                   emergency_drill_mark(row), emergency_noun(row), row->number,
                   was_drill ? ", in earnest; it was a drill before" : "", row->criterion,
                   row->decided_by[0] != '\0' ? "; decided by " : "", row->decided_by,
                   row->account_id[0] != '\0' ? "; a break-glass account was used in normal times"
                                              : "",
                   (long long)(policy_emergency_left(&context->policy, 0) / MEDGL_HOUR));
    return turn_tell(context, txn, clocks, ALERT_EMERGENCY, row,
                     was_drill ? "in earnest" : "declared", text);
}

enum medgl_error emergency_begin(struct context *context, struct store_txn *txn,
                                 const struct emergency_clocks *clocks,
                                 const struct account *account,
                                 const struct emergency_declare_request *request,
                                 struct emergency_now_view *view)
{
    const bool was_drill = view->phase == EMERGENCY_OPEN;
    struct emergency row = {.number = view->known ? view->row.number + 1 : 1};
    if (was_drill && (!view->row.drill || request->drill))
        return MEDGL_ERR_CONFLICT;
    if (was_drill)
        row = view->row;
    else
        MEDGL_TRY(crypto_random_id(row.id));
    const uint64_t own_from = row.own_from;
    const int64_t main_from = row.main_from;
    MEDGL_TRY(begin_row(context, clocks, account, request, &row));
    row.main_from = was_drill ? main_from : row.main_from;
    MEDGL_TRY(begin_entry(context, txn, clocks, account, was_drill, &row));
    row.own_from = was_drill ? own_from : row.ledger_seq;
    MEDGL_TRY(was_drill ? store_emergency_update(txn, &row) : store_emergency_add(txn, &row));
    view->row = row;
    turn_view(context, EMERGENCY_OPEN, view);
    return begin_tell(context, txn, clocks, was_drill, &row);
}

/* -- it lasts --------------------------------------------------------------------------------- */

/* Told by how long it has lasted, so that no clock that is set keeps it quiet: each time that
 * another `emergency_remind` of it is over. */
static bool last_reminds(const struct context *context, const struct emergency_now_view *view)
{
    const int64_t every = policy_span_most(context->policy.emergency_remind);
    return every > 0 && view->spent / every > view->row.spent / every;
}

static enum medgl_error last_tell(struct context *context, struct store_txn *txn,
                                  const struct emergency_clocks *clocks,
                                  const struct emergency_now_view *view)
{
    char text[STORE_ALERT_SIZE];
    (void)snprintf(text, sizeof(text),
                   "%s%s %" PRIu32 " lasts for %lld hours and %lld minutes (%.64s). It is "
                   "over in %lld hours, or when medgl-admin emergency recover ends it.",
                   emergency_drill_mark(&view->row), emergency_noun(&view->row), view->row.number,
                   (long long)(view->spent / MEDGL_HOUR),
                   (long long)(view->spent / MEDGL_MINUTE % 60), view->row.criterion,
                   (long long)(view->left / MEDGL_HOUR));
    return turn_tell(context, txn, clocks, ALERT_EMERGENCY, &view->row, "lasts", text);
}

static bool last_is_stale(const struct emergency *row, const struct emergency_clocks *clocks,
                          int64_t spent)
{
    if (spent - row->spent >= TURN_MARK_AGE)
        return true;
    /* A clock that is not synchronised again yet says nothing of how long the machine was off. */
    if (strcmp(row->mark_boot, clocks->boot) != 0)
        return clocks->credible || !row->mark_credible;
    return row->mark_credible != clocks->credible;
}

enum medgl_error emergency_last(struct context *context, struct store_txn *txn,
                                const struct emergency_clocks *clocks,
                                struct emergency_now_view *view)
{
    const bool reminds = last_reminds(context, view);
    if (!reminds && !last_is_stale(&view->row, clocks, view->spent))
        return MEDGL_OK;
    if (reminds) {
        MEDGL_TRY(last_tell(context, txn, clocks, view));
        view->row.reminded = emergency_moment(clocks);
    }
    MEDGL_TRY(turn_mark(&view->row, clocks, view->spent));
    return store_emergency_update(txn, &view->row);
}

/* -- it ends ---------------------------------------------------------------------------------- */

#define TURN_BATCH 8

/* A number of them, read before any is changed. */
struct close_batch {
    const struct emergency_now_view *view;
    struct breakglass breakglass[TURN_BATCH];
    size_t count, found;
};

static enum medgl_error close_take(void *argument, const struct breakglass *breakglass)
{
    struct close_batch *batch = argument;
    const bool open = batch->view->phase == EMERGENCY_OPEN &&
                      strcmp(breakglass->emergency_id, batch->view->row.id) == 0;
    if (breakglass->used_at == 0 || breakglass->closed_at != 0 || open)
        return MEDGL_OK;
    batch->found++;
    if (batch->count < TURN_BATCH)
        batch->breakglass[batch->count++] = *breakglass;
    return MEDGL_OK;
}

static enum medgl_error close_one(struct context *context, struct store_txn *txn,
                                  const struct emergency_clocks *clocks,
                                  struct breakglass *breakglass)
{
    struct account account;
    struct emergency in = {.number = 0};
    struct ledger_entry entry;
    MEDGL_TRY(store_account_by_id(txn, breakglass->account_id, &account));
    if (breakglass->emergency_id[0] != '\0')
        MEDGL_TRY(store_emergency_by_id(txn, breakglass->emergency_id, &in));
    evidence_begin(context, &clocks->clock, LEDGER_BREAKGLASS_CLOSE, &account, &entry);
    ledger_entry_number(&entry, "emergency", in.number);
    ledger_entry_bool(&entry, "drill", in.drill);
    ledger_entry_text(&entry, "serial", breakglass->serial);
    MEDGL_TRY(evidence_append(context, txn, &entry, &breakglass->ledger_seq));
    breakglass->closed_at = emergency_moment(clocks);
    return store_breakglass_put(txn, breakglass);
}

enum medgl_error emergency_close_used(struct context *context, struct store_txn *txn,
                                      const struct emergency_clocks *clocks,
                                      const struct emergency_now_view *view, uint32_t *count)
{
    struct close_batch batch;
    *count = 0;
    do {
        batch = (struct close_batch){.view = view};
        MEDGL_TRY(store_breakglass_each(txn, close_take, &batch));
        for (size_t i = 0; i < batch.count; i++, ++*count)
            MEDGL_TRY(close_one(context, txn, clocks, &batch.breakglass[i]));
    } while (batch.found > batch.count);
    return MEDGL_OK;
}

static enum medgl_error finish_tell(struct context *context, struct store_txn *txn,
                                    const struct emergency_clocks *clocks,
                                    const struct emergency *row, uint32_t closed)
{
    char text[STORE_ALERT_SIZE];
    const bool timed_out = row->ended == EMERGENCY_END_TIMED_OUT;
    (void)snprintf(text, sizeof(text),
                   "%s%s %" PRIu32 " is over, %s%.256s. Break-glass accounts that were used "
                   "in it and are closed now: %" PRIu32 ". Seal them anew with medgl-admin "
                   "breakglass seal, and have medgl-admin report emergency %" PRIu32
                   " reviewed by somebody who used none of them.",
                   emergency_drill_mark(row), emergency_noun(row), row->number,
                   timed_out ? "by the longest time that the policy allows" : "as was decided by ",
                   row->recovered_by, closed, row->number);
    return turn_tell(context, txn, clocks, ALERT_EMERGENCY_OVER, row, "over", text);
}

static enum medgl_error finish_entry(struct context *context, struct store_txn *txn,
                                     const struct emergency_clocks *clocks, const char *note,
                                     struct emergency *row)
{
    struct ledger_entry entry;
    const bool timed_out = row->ended == EMERGENCY_END_TIMED_OUT;
    turn_entry(context, clocks, LEDGER_EMERGENCY_RECOVER, NULL, row, &entry);
    ledger_entry_text(&entry, "how", timed_out ? "timed-out" : "recovered");
    ledger_entry_text(&entry, "decided_by", row->recovered_by);
    ledger_entry_number(&entry, "seconds", row->spent / MEDGL_SECOND);
    turn_entry_main(row->main_to, &entry);
    if (note != NULL && note[0] != '\0')
        ledger_entry_text(&entry, "note", note);
    return evidence_append(context, txn, &entry, &row->ledger_seq);
}

enum medgl_error emergency_finish(struct context *context, struct store_txn *txn,
                                  const struct emergency_clocks *clocks, const char *decided_by,
                                  const char *note, struct emergency_now_view *view)
{
    struct emergency *row = &view->row;
    struct ledger_head head;
    uint32_t closed;
    row->ended = decided_by[0] != '\0' ? EMERGENCY_END_RECOVERED : EMERGENCY_END_TIMED_OUT;
    row->recovered = emergency_moment(clocks);
    row->main_to = turn_main_size(context);
    MEDGL_TRY(text_copy(row->recovered_by, sizeof(row->recovered_by), decided_by));
    MEDGL_TRY(turn_mark(row, clocks, view->spent));
    MEDGL_TRY(finish_entry(context, txn, clocks, note, row));
    turn_view(context, EMERGENCY_RECOVERED, view);
    MEDGL_TRY(emergency_close_used(context, txn, clocks, view, &closed));
    MEDGL_TRY(finish_tell(context, txn, clocks, row, closed));
    MEDGL_TRY(store_ledger_head(txn, &head));
    row->own_to = head.tree.size;
    return store_emergency_update(txn, row);
}
