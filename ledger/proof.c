/* Proofs over the tree (RFC 6962, 2.1.1 and 2.1.2). A proof is the hashes of some subtrees that do
 * not overlap: which ones is known before the first leaf comes, so that one pass over the leaves
 * and one unfinished subtree are enough. */
#include "ledger/proof.h"

#include "base/auto.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_TEXT_SIZE (4 * ((MERKLE_HASH_SIZE + 2) / 3) + 1)
#define WITNESS_LINES  63 /* more are not to be sent to a witness */

/* A subtree whose hash is a part of the proof. */
struct part {
    uint64_t start, end;
    size_t slot; /* where its hash goes */
};

struct merkle_prover {
    struct part parts[PROOF_HASHES_MAX]; /* by start, once they are all there */
    size_t count, next;
    uint64_t size;
    struct merkle_tree whole, part;
    struct merkle_proof proof;
};

/* -- making ----------------------------------------------------------------------------------- */

/* The largest power of two below n, which is above 1. */
static uint64_t split_of(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

static void part_add(struct merkle_prover *prover, uint64_t start, uint64_t end)
{
    prover->parts[prover->count] = (struct part){start, end, prover->count};
    prover->count++;
}

/* PATH(index, D[start:end]), the subtree next to the root first. */
static void parts_inclusion(struct merkle_prover *prover, uint64_t index)
{
    uint64_t start = 0, end = prover->size;
    while (end - start > 1) {
        uint64_t middle = start + split_of(end - start);
        if (index < middle) {
            part_add(prover, middle, end);
            end = middle;
        } else {
            part_add(prover, start, middle);
            start = middle;
        }
    }
}

/* SUBPROOF(old_size, D[start:end], b), likewise. */
static void parts_consistency(struct merkle_prover *prover, uint64_t old_size)
{
    uint64_t start = 0, end = prover->size;
    while (end != old_size) {
        uint64_t middle = start + split_of(end - start);
        if (old_size <= middle) {
            part_add(prover, middle, end);
            end = middle;
        } else {
            part_add(prover, start, middle);
            start = middle;
        }
    }
    if (start != 0) /* whoever checks does not know this one */
        part_add(prover, start, end);
}

static int part_compare(const void *a, const void *b)
{
    const struct part *left = a, *right = b;
    return (left->start > right->start) - (left->start < right->start);
}

/* From the leaf to the root is how they are written. */
static struct merkle_prover *parts_order(struct merkle_prover *prover)
{
    for (size_t i = 0; i < prover->count; i++)
        prover->parts[i].slot = prover->count - 1 - i;
    qsort(prover->parts, prover->count, sizeof(prover->parts[0]), part_compare);
    prover->proof.count = prover->count;
    return prover;
}

static struct merkle_prover *prover_new(uint64_t size)
{
    struct merkle_prover *prover = calloc(1, sizeof(*prover));
    if (prover != NULL)
        prover->size = size;
    return prover;
}

enum medgl_error merkle_prover_inclusion(uint64_t index, uint64_t size,
                                         struct merkle_prover **prover)
{
    *prover = NULL;
    if (index >= size)
        return MEDGL_ERR_ARGUMENT;
    struct merkle_prover *made = prover_new(size);
    if (made == NULL)
        return MEDGL_ERR_MEMORY;
    parts_inclusion(made, index);
    *prover = parts_order(made);
    return MEDGL_OK;
}

enum medgl_error merkle_prover_consistency(uint64_t old_size, uint64_t size,
                                           struct merkle_prover **prover)
{
    *prover = NULL;
    if (old_size == 0 || old_size > size)
        return MEDGL_ERR_ARGUMENT;
    struct merkle_prover *made = prover_new(size);
    if (made == NULL)
        return MEDGL_ERR_MEMORY;
    parts_consistency(made, old_size);
    *prover = parts_order(made);
    return MEDGL_OK;
}

void merkle_prover_free(struct merkle_prover **prover)
{
    free(*prover);
    *prover = NULL;
}

enum medgl_error merkle_prover_leaf(struct merkle_prover *prover,
                                    const unsigned char leaf[MERKLE_HASH_SIZE])
{
    uint64_t index = prover->whole.size;
    if (index >= prover->size)
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(merkle_append(&prover->whole, leaf));
    const struct part *part = &prover->parts[prover->next];
    if (prover->next == prover->count || index < part->start)
        return MEDGL_OK;
    MEDGL_TRY(merkle_append(&prover->part, leaf));
    if (index + 1 < part->end)
        return MEDGL_OK;
    MEDGL_TRY(merkle_root(&prover->part, prover->proof.hash[part->slot]));
    prover->part = (struct merkle_tree){.size = 0};
    prover->next++;
    return MEDGL_OK;
}

enum medgl_error merkle_prover_finish(struct merkle_prover *prover, struct merkle_proof *proof,
                                      unsigned char root[MERKLE_HASH_SIZE])
{
    if (prover->whole.size != prover->size || prover->next != prover->count)
        return MEDGL_ERR_ARGUMENT;
    *proof = prover->proof;
    return merkle_root(&prover->whole, root);
}

/* -- checking (the algorithms of RFC 9162, 2.1.3.2 and 2.1.4.2) -------------------------------- */

/* Where a walk from a node to the root stands: the node's number on its level, and the last one's.
 */
struct walk {
    uint64_t node, last;
};

/* Whether the next hash is to the left of the node; nodes without a sibling are passed over. */
static bool walk_left(struct walk *walk)
{
    if ((walk->node & 1) == 0 && walk->node != walk->last)
        return false;
    while ((walk->node & 1) == 0 && walk->node != 0) {
        walk->node >>= 1;
        walk->last >>= 1;
    }
    return true;
}

static void walk_up(struct walk *walk)
{
    walk->node >>= 1;
    walk->last >>= 1;
}

static bool hash_equal(const unsigned char a[MERKLE_HASH_SIZE],
                       const unsigned char b[MERKLE_HASH_SIZE])
{
    return memcmp(a, b, MERKLE_HASH_SIZE) == 0;
}

enum medgl_error merkle_verify_inclusion(const unsigned char leaf[MERKLE_HASH_SIZE], uint64_t index,
                                         uint64_t size, const struct merkle_proof *proof,
                                         const unsigned char root[MERKLE_HASH_SIZE])
{
    unsigned char node[MERKLE_HASH_SIZE];
    if (index >= size || proof->count > PROOF_HASHES_MAX)
        return MEDGL_ERR_CORRUPT;
    struct walk walk = {index, size - 1};
    memcpy(node, leaf, sizeof(node));
    for (size_t i = 0; i < proof->count; i++) {
        if (walk.last == 0)
            return MEDGL_ERR_CORRUPT;
        if (walk_left(&walk))
            MEDGL_TRY(merkle_node(proof->hash[i], node, node));
        else
            MEDGL_TRY(merkle_node(node, proof->hash[i], node));
        walk_up(&walk);
    }
    return walk.last == 0 && hash_equal(node, root) ? MEDGL_OK : MEDGL_ERR_CORRUPT;
}

/* Both roots are made from the same hashes: the old one from those to the left alone. */
static enum medgl_error consistency_walk(struct walk walk, const unsigned char *seed,
                                         const struct merkle_proof *proof, size_t from,
                                         const unsigned char old_root[MERKLE_HASH_SIZE],
                                         const unsigned char root[MERKLE_HASH_SIZE])
{
    unsigned char old_node[MERKLE_HASH_SIZE], node[MERKLE_HASH_SIZE];
    memcpy(old_node, seed, sizeof(old_node));
    memcpy(node, seed, sizeof(node));
    for (size_t i = from; i < proof->count; i++) {
        if (walk.last == 0)
            return MEDGL_ERR_CORRUPT;
        if (walk_left(&walk)) {
            MEDGL_TRY(merkle_node(proof->hash[i], old_node, old_node));
            MEDGL_TRY(merkle_node(proof->hash[i], node, node));
        } else {
            MEDGL_TRY(merkle_node(node, proof->hash[i], node));
        }
        walk_up(&walk);
    }
    return walk.last == 0 && hash_equal(old_node, old_root) && hash_equal(node, root)
               ? MEDGL_OK
               : MEDGL_ERR_CORRUPT;
}

enum medgl_error merkle_verify_consistency(uint64_t old_size,
                                           const unsigned char old_root[MERKLE_HASH_SIZE],
                                           uint64_t size,
                                           const unsigned char root[MERKLE_HASH_SIZE],
                                           const struct merkle_proof *proof)
{
    if (old_size == 0 || old_size > size || proof->count > PROOF_HASHES_MAX)
        return MEDGL_ERR_CORRUPT;
    if (old_size == size)
        return proof->count == 0 && hash_equal(old_root, root) ? MEDGL_OK : MEDGL_ERR_CORRUPT;
    if (proof->count == 0)
        return MEDGL_ERR_CORRUPT;
    /* The old tree is a perfect subtree of the new one: its root is the seed, and not repeated. */
    bool perfect = (old_size & (old_size - 1)) == 0;
    struct walk walk = {old_size - 1, size - 1};
    while ((walk.node & 1) != 0)
        walk_up(&walk);
    return consistency_walk(walk, perfect ? old_root : proof->hash[0], proof, perfect ? 0 : 1,
                            old_root, root);
}

/* -- texts ------------------------------------------------------------------------------------ */

/* A first part, the hashes a line each, a blank line, the checkpoint as it is. */
static enum medgl_error proof_write(const char *head, const struct merkle_proof *proof,
                                    const char *checkpoint, char **text)
{
    size_t size = 0;
    auto_free char *made = NULL;
    FILE *out = open_memstream(&made, &size);
    *text = NULL;
    if (out == NULL)
        return MEDGL_ERR_MEMORY;
    (void)fputs(head, out);
    for (size_t i = 0; i < proof->count; i++) {
        char line[HASH_TEXT_SIZE];
        crypto_base64(line, proof->hash[i], MERKLE_HASH_SIZE, true);
        (void)fprintf(out, "%s\n", line);
    }
    (void)fprintf(out, "\n%s", checkpoint);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed)
        return MEDGL_ERR_MEMORY;
    *text = auto_give(made);
    return MEDGL_OK;
}

enum medgl_error proof_write_inclusion(uint64_t index, const struct merkle_proof *proof,
                                       const char *checkpoint, char **text)
{
    char head[sizeof("c2sp.org/tlog-proof@v1\nindex 18446744073709551615\n")];
    *text = NULL;
    if (proof->count > PROOF_HASHES_MAX)
        return MEDGL_ERR_ARGUMENT;
    (void)snprintf(head, sizeof(head), "c2sp.org/tlog-proof@v1\nindex %" PRIu64 "\n", index);
    return proof_write(head, proof, checkpoint, text);
}

enum medgl_error proof_write_consistency(uint64_t old_size, const struct merkle_proof *proof,
                                         const char *checkpoint, char **text)
{
    char head[sizeof("old 18446744073709551615\n")];
    *text = NULL;
    if (proof->count > WITNESS_LINES)
        return MEDGL_ERR_ARGUMENT;
    (void)snprintf(head, sizeof(head), "old %" PRIu64 "\n", old_size);
    return proof_write(head, proof, checkpoint, text);
}
