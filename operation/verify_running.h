/* What the ledger says is going on now: the sessions that are open (R29), those of maintenance that
 * somebody confirmed (R30), and the policy that was seen last (R34). A part of operation_verify().
 */
#ifndef MEDGL_OPERATION_VERIFY_RUNNING_H
#define MEDGL_OPERATION_VERIFY_RUNNING_H

#include "ledger/entry.h"
#include "ledger/verify.h"
#include "operation/verify_map.h"
#include "store/evidence.h"

struct verify_running {
    struct verify_map open;      /* the sessions that are, by their ids */
    struct verify_map confirmed; /* maintenance sessions that somebody confirmed (R30) */
    bool incomplete;             /* bodies of earlier entries were not at hand */
    bool policy_known;
    uint64_t policy_seq;
    char policy_digest[2 * CRYPTO_HASH_SIZE + 1];
    ledger_fault fault;
    void *argument;
};

/* Each entry, in order. */
enum medgl_error verify_running_learn(struct verify_running *running,
                                      const struct ledger_entry *entry);

/* Afterwards: the store's rows against it. A session whose row says that it is over would not count
 * towards the limit; an open one without an entry would keep others out; one that nobody confirmed
 * and that says so would never be looked at. */
enum medgl_error verify_running_state(struct verify_running *running, struct store_txn *txn);

void verify_running_free(struct verify_running *running);

#endif
