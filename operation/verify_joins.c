/* One ledger by what the other vouches for. Reads only. */
#include "operation/verify_joins.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum medgl_error joins_add(struct verify_joins *joins, const struct joined_head *head)
{
    if (joins->count == joins->room) {
        const size_t room = joins->room > 0 ? 2 * joins->room : 64;
        struct joined_head *larger = reallocarray(joins->heads, room, sizeof(*larger));
        if (larger == NULL)
            return MEDGL_ERR_MEMORY;
        joins->heads = larger;
        joins->room = room;
    }
    joins->heads[joins->count++] = *head;
    return MEDGL_OK;
}

static const struct joined_head *joins_last(const struct verify_joins *joins)
{
    return joins->count > 0 ? &joins->heads[joins->count - 1] : NULL;
}

enum medgl_error verify_joins_learn(struct verify_joins *joins, const char *origin,
                                    const struct ledger_entry *entry, ledger_fault fault,
                                    void *argument)
{
    const struct joined_head *last = joins_last(joins);
    struct emergency_join join;
    if (entry->kind != LEDGER_EMERGENCY_JOIN)
        return MEDGL_OK;
    if (emergency_join_read(entry, &join) != MEDGL_OK || strcmp(join.origin, origin) != 0 ||
        (last != NULL && join.size <= last->size)) {
        fault(argument, entry->seq, "an entry joins what is no continuation of what was joined");
        return MEDGL_OK;
    }
    if (join.first ? last != NULL : last == NULL && !joins->incomplete)
        fault(argument, entry->seq, "an entry joins a ledger anew, or goes on from nothing");
    struct joined_head head = {.size = join.size, .seq = entry->seq};
    memcpy(head.root, join.root, sizeof(head.root));
    return joins_add(joins, &head);
}

enum medgl_error verify_joins_state(const struct verify_joins *joins, const char *origin,
                                    struct store_txn *txn, ledger_fault fault, void *argument)
{
    const struct joined_head *last = joins_last(joins);
    struct joined row;
    const enum medgl_error error = store_joined_get(txn, origin, &row);
    if (error != MEDGL_OK && error != MEDGL_ERR_NOT_FOUND)
        return error;
    if ((error == MEDGL_OK) != (last != NULL) ||
        (last != NULL && (row.size != last->size || row.ledger_seq != last->seq)))
        fault(argument, last != NULL ? last->seq : 0,
              "what was joined of the break-glass accounts' ledger is not what its last entry "
              "says");
    return MEDGL_OK;
}

/* -- the small ledger -------------------------------------------------------------------------- */

static void joins_fault(const struct joined_head *head, const char *what, ledger_fault fault,
                        void *argument)
{
    char text[200];
    (void)snprintf(text, sizeof(text),
                   "entry %" PRIu64 " of the main ledger vouches for %" PRIu64 " entries of this "
                   "one: %s",
                   head->seq, head->size, what);
    fault(argument, head->size - 1, text);
}

enum medgl_error verify_joins_leaf(struct verify_joins *joins,
                                   const unsigned char leaf[MERKLE_HASH_SIZE], ledger_fault fault,
                                   void *argument)
{
    unsigned char root[MERKLE_HASH_SIZE];
    MEDGL_TRY(merkle_append(&joins->tree, leaf));
    if (joins->next == joins->count || joins->heads[joins->next].size != joins->tree.size)
        return MEDGL_OK;
    const struct joined_head *head = &joins->heads[joins->next++];
    MEDGL_TRY(merkle_root(&joins->tree, root));
    if (memcmp(root, head->root, sizeof(root)) != 0)
        joins_fault(head, "they were others then", fault, argument);
    return MEDGL_OK;
}

void verify_joins_end(const struct verify_joins *joins, ledger_fault fault, void *argument)
{
    for (size_t i = joins->next; i < joins->count; i++)
        joins_fault(&joins->heads[i], "there are not as many any more", fault, argument);
}

struct joins_run {
    struct verify_joins *joins;
    ledger_fault fault;
    void *argument;
};

static enum medgl_error joins_row(void *argument, const struct ledger_row *row)
{
    const struct joins_run *run = argument;
    return verify_joins_leaf(run->joins, row->leaf, run->fault, run->argument);
}

static enum medgl_error joins_read(struct store_txn *txn, void *argument)
{
    struct joins_run *run = argument;
    run->joins->tree = (struct merkle_tree){.size = 0};
    run->joins->next = 0;
    return store_ledger_stream(txn, joins_row, run);
}

enum medgl_error verify_joins_ledger(struct verify_joins *joins, struct context *small,
                                     ledger_fault fault, void *argument)
{
    struct joins_run run = {.joins = joins, .fault = fault, .argument = argument};
    MEDGL_TRY(store_transact(small->store, STORE_READ, joins_read, &run));
    verify_joins_end(joins, fault, argument);
    return MEDGL_OK;
}

void verify_joins_free(struct verify_joins *joins)
{
    free(joins->heads);
    *joins = (struct verify_joins){.count = 0};
}
