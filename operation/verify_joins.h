/* What the main ledger vouches for of that of the break-glass accounts (emergency.join), and
 * whether the small one still is what it was then. A part of operation_verify(): that of the main
 * one learns, that of the small one is held against it. */
#ifndef MEDGL_OPERATION_VERIFY_JOINS_H
#define MEDGL_OPERATION_VERIFY_JOINS_H

#include "ledger/verify.h"
#include "operation/emergency_join.h"

struct joined_head {
    uint64_t size, seq; /* seq: of the entry in the main ledger */
    unsigned char root[MERKLE_HASH_SIZE];
};

/* Zeroed is ready for use. MUST: the main ledger is read first, so that it can vouch for nothing
 * that comes after the small one was read. */
struct verify_joins {
    struct joined_head *heads; /* in the order of their sizes */
    size_t count, room;
    bool incomplete; /* bodies of entries were not at hand */
    size_t next;     /* of the heads: the first that the small ledger has not reached yet */
    struct merkle_tree tree;
};

/* Of the main ledger: each entry, and afterwards the row. `origin`: emergency_join_origin(). */
enum medgl_error verify_joins_learn(struct verify_joins *joins, const char *origin,
                                    const struct ledger_entry *entry, ledger_fault fault,
                                    void *argument);
enum medgl_error verify_joins_state(const struct verify_joins *joins, const char *origin,
                                    struct store_txn *txn, ledger_fault fault, void *argument);

/* Of the small one: each leaf in order, and its end. */
enum medgl_error verify_joins_leaf(struct verify_joins *joins,
                                   const unsigned char leaf[MERKLE_HASH_SIZE], ledger_fault fault,
                                   void *argument);
/* All of the small ledger, and its end. */
enum medgl_error verify_joins_ledger(struct verify_joins *joins, struct context *small,
                                     ledger_fault fault, void *argument);
void verify_joins_end(const struct verify_joins *joins, ledger_fault fault, void *argument);

void verify_joins_free(struct verify_joins *joins);

#endif
