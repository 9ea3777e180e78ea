/* What vouches for the ledger from outside of it: checkpoints in the store and beside it, those
 * that were handed in, cosignatures of witnesses, and what a login saw. A part of
 * operation_verify(). */
#ifndef MEDGL_OPERATION_VERIFY_LEDGER_H
#define MEDGL_OPERATION_VERIFY_LEDGER_H

#include "ledger/verify.h"
#include "operation/evidence.h"
#include "operation/head_seen.h"

/* Texts of the published checkpoints. MUST: read before the store's transaction begins. A store
 * that was put back from an older copy is sound in itself, with every row and signature; they tell
 * of what came after it. A file is written after its commit, so none of them can be ahead. */
struct verify_published {
    struct {
        char *path, *note;
    } * file;
    size_t count;
    struct head_seen seen; /* what logins saw, says the file beside the store */
};
enum medgl_error verify_published_read(struct verify_published *published, struct context *context,
                                       ledger_fault fault, void *argument);
void verify_published_free(struct verify_published *published);

/* Gives all of them to the verifier. */
enum medgl_error verify_ledger_checkpoints(const struct verify_published *published,
                                           const struct evidence_request *request,
                                           const struct ledger_head *head, struct store_txn *txn,
                                           struct ledger_verifier *verifier);

/* What a login saw, and then used a step or code up in. */
enum medgl_error verify_ledger_seen(const struct verify_published *published, struct store_txn *txn,
                                    ledger_fault fault, void *argument);

#endif
