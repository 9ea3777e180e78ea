/* What verification keeps of millions of entries: nodes by the ids that entries have, found and
 * taken out again in constant time, and walked in the order in which the ledger told of them. */
#ifndef MEDGL_OPERATION_VERIFY_MAP_H
#define MEDGL_OPERATION_VERIFY_MAP_H

#include "base/crypto.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define MAP_ID_SIZE (2 * CRYPTO_ID_SIZE)

/* The first member of whatever is kept. */
struct map_node {
    struct map_node *bucket; /* the next one in its bucket */
    uint64_t hash;           /* all of it: an id is compared where it fits, and near by */
    char id[MAP_ID_SIZE];
    struct map_node *next, *prev; /* in order */
};

/* Zeroed is ready for use. Ids come from lines that anybody may have written: how they spread is
 * not for them to choose. */
struct verify_map {
    struct map_node **buckets;
    size_t size, count;
    struct map_node *first, *last;
    uint64_t seed;
};

/* An id that is too long is found by its beginning; none of ours is. NULL: there is none. */
void *map_find(const struct verify_map *map, const char *id);
/* `size` zeroed bytes with the id that is not there yet; NULL: no memory. */
void *map_add(struct verify_map *map, const char *id, size_t size);
/* Takes it out and frees it. */
void map_remove(struct verify_map *map, void *node);
/* `forget`, which may be NULL, frees what belongs to a node; not the node. */
void map_free(struct verify_map *map, void (*forget)(void *node));

#define MAP_EACH(map, type, node)                                                                  \
    for (type *node = (type *)(void *)(map)->first; node != NULL;                                  \
         node = (type *)(void *)((struct map_node *)(void *)node)->next)

#endif
