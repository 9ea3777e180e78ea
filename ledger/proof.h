/* Proofs over the tree (RFC 6962): that an entry is in it (2.1.1), and that a later tree holds an
 * earlier one unchanged (2.1.2). Made from a stream of leaf hashes, and checked. Pure. */
#ifndef MEDGL_LEDGER_PROOF_H
#define MEDGL_LEDGER_PROOF_H

#include "base/error.h"
#include "ledger/merkle.h"

#include <stddef.h>
#include <stdint.h>

#define PROOF_HASHES_MAX (2 * MERKLE_LEVELS)
struct merkle_proof {
    size_t count;
    unsigned char hash[PROOF_HASHES_MAX][MERKLE_HASH_SIZE];
};

struct merkle_prover;

/* MEDGL_ERR_ARGUMENT: index >= size; old_size > size or 0. */
enum medgl_error merkle_prover_inclusion(uint64_t index, uint64_t size,
                                         struct merkle_prover **prover);
enum medgl_error merkle_prover_consistency(uint64_t old_size, uint64_t size,
                                           struct merkle_prover **prover);
void merkle_prover_free(struct merkle_prover **prover); /* also for auto_clean() */

/* The leaves 0 .. size - 1, in order. Keeps O(log n) hashes. */
enum medgl_error merkle_prover_leaf(struct merkle_prover *prover,
                                    const unsigned char leaf[MERKLE_HASH_SIZE]);
/* After the last one. The root is that of the tree of `size`. MEDGL_ERR_ARGUMENT: some are missing.
 */
enum medgl_error merkle_prover_finish(struct merkle_prover *prover, struct merkle_proof *proof,
                                      unsigned char root[MERKLE_HASH_SIZE]);

/* MEDGL_ERR_CORRUPT: it proves nothing. */
enum medgl_error merkle_verify_inclusion(const unsigned char leaf[MERKLE_HASH_SIZE], uint64_t index,
                                         uint64_t size, const struct merkle_proof *proof,
                                         const unsigned char root[MERKLE_HASH_SIZE]);
enum medgl_error merkle_verify_consistency(uint64_t old_size,
                                           const unsigned char old_root[MERKLE_HASH_SIZE],
                                           uint64_t size,
                                           const unsigned char root[MERKLE_HASH_SIZE],
                                           const struct merkle_proof *proof);

/* The proof with the signed checkpoint that it belongs to, as C2SP tlog-proof writes it. *text is
 * malloc'ed. */
enum medgl_error proof_write_inclusion(uint64_t index, const struct merkle_proof *proof,
                                       const char *checkpoint, char **text);
/* What a witness takes to cosign the checkpoint: the body of C2SP tlog-witness's add-checkpoint
 * ("old N", the hashes, a blank line, the checkpoint). *text is malloc'ed. */
enum medgl_error proof_write_consistency(uint64_t old_size, const struct merkle_proof *proof,
                                         const char *checkpoint, char **text);

#endif
