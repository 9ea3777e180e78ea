/* Whether a login met a store that was put back from a copy (R08, R24): what is told of it, and
 * what is kept beside the store for the next one. */
#include "operation/decide.h"

#include "base/log.h"

static const char put_back[] =
    "The store is not the one that the last login saw: an older copy was put back, or the evidence "
    "was changed. What was taken away or used up since the copy is there again: passwords, "
    "devices, "
    "accounts, recovery codes; steps of devices alone stay used up. Run medgl-admin ledger verify, "
    "take away again what was taken away, and issue new recovery codes.";

enum medgl_error commit_head(struct store_txn *txn, struct commit_run *run)
{
    const struct second *second = &run->proof->second;
    const struct alert_event event = {
        .kind = ALERT_EVIDENCE, .text = put_back, .about = "put back"};
    medgl_time time = run->clock.now;
    if (run->decision.allowed && second->proved && second->step_time > time)
        time = second->step_time;
    if (run->proof->head.put_back) {
        MEDGL_TRY(alert_raise(run->proof->context, txn, &run->clock, &event));
        run->alerted = true;
    }
    return head_seen_mark(txn, time, &run->head);
}

void commit_keep_head(const struct commit_run *run)
{
    const struct head_found *found = &run->proof->head;
    if (found->put_back)
        log_system(LOG_ALERT, "%s%s: %s", run->proof->context->root,
                   context_file(run->proof->context->place, CONTEXT_FILE_HEAD_SEEN), put_back);
    head_seen_keep(run->proof->context, &run->head, found->put_back ? &found->file.seen : NULL);
}
