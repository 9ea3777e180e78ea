/* What the ledger says of sealed credentials and emergencies (R31..R33), and whether the store says
 * the same. A part of operation_verify().
 *
 * MUSTs:
 * - A row that was put back from before is found although its MAC is good: an envelope that was
 *   used would be sealed again with it, and an emergency that is over open.
 * - An emergency that is gone is found, also the last one.
 * Not compared is what no entry says: how long an open one has lasted, by which clocks, when people
 * were reminded, and where the main ledger stood. */
#ifndef MEDGL_OPERATION_VERIFY_EMERGENCY_H
#define MEDGL_OPERATION_VERIFY_EMERGENCY_H

#include "ledger/entry.h"
#include "ledger/verify.h"
#include "operation/verify_map.h"
#include "store/emergency.h"

struct verify_emergency {
    struct verify_map sealed;      /* by account */
    struct verify_map emergencies; /* by id */
    uint32_t number;               /* of the latest */
    ledger_fault fault;
    void *argument;
};

/* Each entry, in order. */
enum medgl_error verify_emergency_learn(struct verify_emergency *emergency,
                                        const struct ledger_entry *entry);

/* Afterwards: the rows, and what is gone. */
enum medgl_error verify_emergency_state(struct verify_emergency *emergency, struct store_txn *txn);

void verify_emergency_free(struct verify_emergency *emergency);

#endif
