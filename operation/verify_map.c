/* A hash table with chains, and a list through all that is in it. */
#include "operation/verify_map.h"

#include <stdlib.h>
#include <string.h>

#define MAP_LEAST 64

/* Multiplies eight bytes at a time, from a seed that nobody knows. */
static uint64_t map_hash(const struct verify_map *map, const char *id, size_t len)
{
    uint64_t hash = map->seed;
    for (; len > 0; id += sizeof(uint64_t)) {
        uint64_t part = 0;
        if (len >= sizeof(part))
            memcpy(&part, id, sizeof(part)); /* of a constant size: a load, and no call */
        else
            memcpy(&part, id, len);
        hash = (hash ^ part) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29 ^ map->seed;
        len -= len < sizeof(part) ? len : sizeof(part);
    }
    return hash;
}

static struct map_node **map_bucket(const struct verify_map *map, uint64_t hash)
{
    return &map->buckets[hash & (map->size - 1)];
}

static bool node_is(const struct map_node *node, uint64_t hash, const char *id, size_t len)
{
    return node->hash == hash && memcmp(node->id, id, len) == 0 && node->id[len] == '\0';
}

void *map_find(const struct verify_map *map, const char *id)
{
    if (map->count == 0)
        return NULL;
    const size_t len = strnlen(id, MAP_ID_SIZE - 1);
    const uint64_t hash = map_hash(map, id, len);
    struct map_node *node = *map_bucket(map, hash);
    while (node != NULL && !node_is(node, hash, id, len))
        node = node->bucket;
    return node;
}

static bool map_grow(struct verify_map *map)
{
    const size_t size = map->size > 0 ? 2 * map->size : MAP_LEAST;
    if (map->seed == 0 && crypto_random(&map->seed, sizeof(map->seed)) != MEDGL_OK)
        return false;
    struct map_node **buckets = calloc(size, sizeof(struct map_node *));
    if (buckets == NULL)
        return false;
    free(map->buckets);
    map->buckets = buckets;
    map->size = size;
    for (struct map_node *node = map->first; node != NULL; node = node->next) {
        struct map_node **bucket = map_bucket(map, node->hash);
        node->bucket = *bucket;
        *bucket = node;
    }
    return true;
}

void *map_add(struct verify_map *map, const char *id, size_t size)
{
    const size_t len = strnlen(id, MAP_ID_SIZE - 1);
    if (map->count >= map->size && !map_grow(map))
        return NULL;
    struct map_node *node = calloc(1, size);
    if (node == NULL)
        return NULL;
    memcpy(node->id, id, len);
    node->hash = map_hash(map, id, len);
    struct map_node **bucket = map_bucket(map, node->hash);
    node->bucket = *bucket;
    *bucket = node;
    node->prev = map->last;
    if (map->last != NULL)
        map->last->next = node;
    else
        map->first = node;
    map->last = node;
    map->count++;
    return node;
}

void map_remove(struct verify_map *map, void *node)
{
    struct map_node *gone = node;
    struct map_node **at = map_bucket(map, gone->hash);
    while (*at != gone)
        at = &(*at)->bucket;
    *at = gone->bucket;
    *(gone->prev != NULL ? &gone->prev->next : &map->first) = gone->next;
    *(gone->next != NULL ? &gone->next->prev : &map->last) = gone->prev;
    map->count--;
    free(gone);
}

void map_free(struct verify_map *map, void (*forget)(void *node))
{
    for (struct map_node *node = map->first, *next; node != NULL; node = next) {
        next = node->next;
        if (forget != NULL)
            forget(node);
        free(node);
    }
    free(map->buckets);
    *map = (struct verify_map){.size = 0};
}
