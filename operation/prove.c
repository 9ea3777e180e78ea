/* Proofs for others (RFC 6962): that an entry is in the ledger, and that it holds what it held
 * before. Reads every leaf hash, and gives out nothing that it has not checked itself. */
#include "operation/prove.h"

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"
#include "ledger/proof.h"
#include "operation/role.h"

#include <string.h>

struct prove_run {
    struct ledger_head head;
    struct kept_checkpoint kept; /* of the head, with what witnesses said of it */
    medgl_time now;
    struct merkle_prover *prover;
    uint64_t next;                        /* the seq that must come */
    uint64_t wanted;                      /* the entry, or the size before */
    unsigned char leaf[MERKLE_HASH_SIZE]; /* of that entry */
    struct merkle_tree before;            /* of that size */
    bool consistency;
};

static void run_free(struct prove_run **run)
{
    if (*run != NULL)
        merkle_prover_free(&(*run)->prover);
    free(*run);
}

static enum medgl_error prove_keep_head(struct store_txn *txn, void *argument)
{
    struct prove_run *run = argument;
    MEDGL_TRY(store_ledger_head(txn, &run->head));
    MEDGL_TRY(store_checkpoint_add(txn, run->head.tree.size, run->now, run->head.checkpoint));
    return store_checkpoint_of(txn, run->head.tree.size, &run->kept);
}

/* The same, where nothing is kept: the head is signed already. */
static enum medgl_error prove_read_head(struct store_txn *txn, void *argument)
{
    struct prove_run *run = argument;
    MEDGL_TRY(store_ledger_head(txn, &run->head));
    const enum medgl_error error = store_checkpoint_of(txn, run->head.tree.size, &run->kept);
    if (error == MEDGL_ERR_NOT_FOUND)
        return text_copy(run->kept.note, sizeof(run->kept.note), run->head.checkpoint);
    return error;
}

/* Others appended meanwhile: what is behind the head is not in its tree. */
static enum medgl_error prove_leaf(void *argument, const struct ledger_row *row)
{
    struct prove_run *run = argument;
    if (row->seq >= run->head.tree.size)
        return MEDGL_OK;
    if (row->seq != run->next)
        return MEDGL_ERR_CORRUPT;
    run->next++;
    if (!run->consistency && row->seq == run->wanted)
        memcpy(run->leaf, row->leaf, sizeof(run->leaf));
    if (run->consistency && row->seq < run->wanted)
        MEDGL_TRY(merkle_append(&run->before, row->leaf));
    return merkle_prover_leaf(run->prover, row->leaf);
}

static enum medgl_error prove_walk(struct store_txn *txn, void *argument)
{
    struct prove_run *run = argument;
    const uint64_t size = run->head.tree.size;
    run->next = 0;
    run->before = (struct merkle_tree){.size = 0};
    merkle_prover_free(&run->prover);
    MEDGL_TRY(run->consistency ? merkle_prover_consistency(run->wanted, size, &run->prover)
                               : merkle_prover_inclusion(run->wanted, size, &run->prover));
    return store_ledger_stream(txn, prove_leaf, run);
}

/* Whether it proves anything, as whoever gets it will see. */
static enum medgl_error prove_check(const struct prove_run *run, const struct merkle_proof *proof,
                                    const unsigned char root[MERKLE_HASH_SIZE])
{
    unsigned char signed_root[MERKLE_HASH_SIZE], old_root[MERKLE_HASH_SIZE];
    const uint64_t size = run->head.tree.size;
    MEDGL_TRY(merkle_root(&run->head.tree, signed_root));
    if (memcmp(root, signed_root, sizeof(signed_root)) != 0)
        return MEDGL_ERR_CORRUPT;
    if (!run->consistency)
        return merkle_verify_inclusion(run->leaf, run->wanted, size, proof, root);
    MEDGL_TRY(merkle_root(&run->before, old_root));
    return merkle_verify_consistency(run->wanted, old_root, size, root, proof);
}

static enum medgl_error prove_make(struct context *context, struct prove_run *run,
                                   struct merkle_proof *proof)
{
    unsigned char root[MERKLE_HASH_SIZE];
    enum medgl_error error = store_transact(context->store, STORE_READ, prove_walk, run);
    if (error == MEDGL_OK)
        error = merkle_prover_finish(run->prover, proof, root);
    if (error == MEDGL_ERR_ARGUMENT) /* entries at the end are gone */
        error = MEDGL_ERR_CORRUPT;
    return error == MEDGL_OK ? prove_check(run, proof, root) : error;
}

static enum medgl_error prove(struct context *context, uint64_t wanted, bool consistency,
                              char **text)
{
    auto_clean(run_free) struct prove_run *run = calloc(1, sizeof(*run));
    struct merkle_proof proof = {.count = 0};
    *text = NULL;
    if (run == NULL)
        return MEDGL_ERR_MEMORY;
    run->now = clock_read().now;
    run->wanted = wanted;
    run->consistency = consistency;
    const bool reads = role_only_reads(context);
    MEDGL_TRY(reads ? store_transact(context->store, STORE_READ, prove_read_head, run)
                    : store_transact(context->store, STORE_WRITE, prove_keep_head, run));
    if (consistency ? wanted > run->head.tree.size : wanted >= run->head.tree.size)
        return MEDGL_ERR_NOT_FOUND;
    if (!consistency || wanted > 0) /* nothing is consistent with everything */
        MEDGL_TRY(prove_make(context, run, &proof));
    if (!reads)
        MEDGL_TRY(evidence_publish(context));
    return consistency ? proof_write_consistency(wanted, &proof, run->kept.note, text)
                       : proof_write_inclusion(wanted, &proof, run->kept.note, text);
}

enum medgl_error operation_prove_inclusion(struct context *context, uint64_t seq, char **text)
{
    return prove(context, seq, false, text);
}

enum medgl_error operation_prove_consistency(struct context *context, uint64_t old_size,
                                             char **text)
{
    return prove(context, old_size, true, text);
}
