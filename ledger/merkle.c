/* The Merkle tree hash of RFC 6962 over SHA-256. Keeps one
 * root per perfect subtree; never sees the leaves again. */
#include "ledger/merkle.h"

#include <string.h>

enum medgl_error merkle_leaf(const void *entry, size_t len, unsigned char leaf[MERKLE_HASH_SIZE])
{
    return crypto_sha256((const struct bytes[]){{"\x00", 1}, {entry, len}}, 2, leaf);
}

enum medgl_error merkle_leaf_in_place(void *bytes, size_t len, unsigned char leaf[MERKLE_HASH_SIZE])
{
    *(unsigned char *)bytes = 0x00;
    return crypto_sha256(&(struct bytes){bytes, MERKLE_LEAF_SLACK + len}, 1, leaf);
}

enum medgl_error merkle_node(const unsigned char left[MERKLE_HASH_SIZE],
                             const unsigned char right[MERKLE_HASH_SIZE],
                             unsigned char node[MERKLE_HASH_SIZE])
{
    unsigned char both[1 + 2 * MERKLE_HASH_SIZE] = {0x01};
    memcpy(both + 1, left, MERKLE_HASH_SIZE);
    memcpy(both + 1 + MERKLE_HASH_SIZE, right, MERKLE_HASH_SIZE);
    return crypto_sha256(&(struct bytes){both, sizeof(both)}, 1, node);
}

enum medgl_error merkle_append(struct merkle_tree *tree, const unsigned char leaf[MERKLE_HASH_SIZE])
{
    if (tree->size == UINT64_MAX)
        return MEDGL_ERR_ARGUMENT;
    /* Adding 1 to the size carries through its low set bits: their subtrees become one. */
    unsigned char node[MERKLE_HASH_SIZE];
    unsigned level = 0;
    memcpy(node, leaf, sizeof(node));
    for (; (tree->size >> level & 1) != 0; level++)
        MEDGL_TRY(merkle_node(tree->peak[level], node, node));
    memset(tree->peak, 0, level * sizeof(tree->peak[0]));
    memcpy(tree->peak[level], node, sizeof(node));
    tree->size++;
    return MEDGL_OK;
}

enum medgl_error merkle_root(const struct merkle_tree *tree, unsigned char root[MERKLE_HASH_SIZE])
{
    if (tree->size == 0)
        return crypto_sha256(NULL, 0, root);
    unsigned level = (unsigned)__builtin_ctzll(tree->size);
    memcpy(root, tree->peak[level], MERKLE_HASH_SIZE);
    for (level++; level < MERKLE_LEVELS; level++)
        if ((tree->size >> level & 1) != 0)
            MEDGL_TRY(merkle_node(tree->peak[level], root, root));
    return MEDGL_OK;
}
