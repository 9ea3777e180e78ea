/* The use of a sealed credential (R32), in the transaction that allows the login. */
#include "operation/alert.h"
#include "operation/emergency_turn.h"
#include "operation/evidence.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct use {
    struct context *context;
    const struct emergency_clocks *clocks;
    const struct account *account;
    const char *service, *source;
    struct emergency_now_view *now;
    struct breakglass breakglass;
};

static enum medgl_error use_declare(struct store_txn *txn, const struct use *use)
{
    const struct emergency_declare_request request = {.criterion = EMERGENCY_BY_LOGIN,
                                                      .decided_by = ""};
    bool settled;
    MEDGL_TRY(emergency_settle(use->context, txn, use->clocks, &settled));
    MEDGL_TRY(emergency_look(use->context, txn, use->clocks, use->now));
    return emergency_begin(use->context, txn, use->clocks, use->account, &request, use->now);
}

static enum medgl_error use_verdict(struct store_txn *txn, const struct use *use,
                                    const struct breakglass_facts *facts)
{
    switch (policy_breakglass_use(&use->context->policy, facts)) {
    case BREAKGLASS_OPENS:
        return emergency_last(use->context, txn, use->clocks, use->now);
    case BREAKGLASS_DECLARES:
        return use_declare(txn, use);
    case BREAKGLASS_REFUSED_UNSEALED:
    case BREAKGLASS_REFUSED_CLOSED:
    case BREAKGLASS_REFUSED_OUTSIDE:
        break;
    }
    return MEDGL_ERR_REFUSED;
}

/* The row keeps the first use since the sealing, and its entry; each use has an entry. */
static enum medgl_error use_record(struct store_txn *txn, struct use *use, bool first,
                                   uint64_t *seq)
{
    struct ledger_entry entry;
    const struct emergency *row = &use->now->row;
    evidence_begin(use->context, &use->clocks->clock, LEDGER_BREAKGLASS_USE, use->account, &entry);
    ledger_entry_number(&entry, "emergency", row->number);
    ledger_entry_bool(&entry, "drill", row->drill);
    ledger_entry_text(&entry, "serial", use->breakglass.serial);
    ledger_entry_bool(&entry, "first", first);
    ledger_entry_text(&entry, "service", use->service);
    ledger_entry_text(&entry, "source", use->source);
    MEDGL_TRY(evidence_append(use->context, txn, &entry, seq));
    if (!first)
        return MEDGL_OK;
    use->breakglass.used_at = emergency_moment(use->clocks);
    use->breakglass.ledger_seq = *seq;
    MEDGL_TRY(text_copy(use->breakglass.emergency_id, CRYPTO_ID_SIZE, row->id));
    return store_breakglass_put(txn, &use->breakglass);
}

/* Told at each use by itself: its entry tells it from the others. */
static enum medgl_error use_tell(struct store_txn *txn, const struct use *use, uint64_t seq)
{
    const struct emergency *row = &use->now->row;
    char all[2 * STORE_ALERT_SIZE], text[STORE_ALERT_SIZE], about[32];
    (void)snprintf(about, sizeof(about), " use %" PRIu64, seq);
    (void)snprintf(all, sizeof(all),
                   "%sThe break-glass credential %s was used (%s %" PRIu32 "): %s, from %s.",
                   emergency_drill_mark(row), use->breakglass.serial, emergency_noun(row),
                   row->number, use->service, use->source);
    text_printable(text, sizeof(text), all);
    const struct alert_event event = {.kind = ALERT_BREAKGLASS,
                                      .account = use->account,
                                      .source = use->source,
                                      .text = text,
                                      .about = about};
    return alert_raise(use->context, txn, &use->clocks->clock, &event);
}

enum medgl_error emergency_use(struct context *context, struct store_txn *txn,
                               const struct emergency_clocks *clocks, const struct account *account,
                               const char *service, const char *source,
                               struct emergency_now_view *now)
{
    struct use use = {.context = context,
                      .clocks = clocks,
                      .account = account,
                      .service = service,
                      .source = source,
                      .now = now};
    struct breakglass_facts facts;
    uint64_t seq;
    MEDGL_TRY(emergency_look(context, txn, clocks, now));
    MEDGL_TRY(emergency_facts(context, txn, now, account->id, &use.breakglass, &facts));
    MEDGL_TRY(use_verdict(txn, &use, &facts));
    MEDGL_TRY(use_record(txn, &use, !facts.used, &seq));
    return use_tell(txn, &use, seq);
}
