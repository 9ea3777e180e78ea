/* What the ledger says of second factors (R24) and grants (R03, R22), and whether the store says
 * the same. A part of operation_verify().
 *
 * MUSTs:
 * - A row that was put back from before is found although its MAC is good: a step or a code could
 *   be used again with it. Also where it was used since, and the row is new again.
 * - A code that is missing, or there again, is found by how many its entry made. */
#ifndef MEDGL_OPERATION_VERIFY_FACTORS_H
#define MEDGL_OPERATION_VERIFY_FACTORS_H

#include "ledger/entry.h"
#include "ledger/verify.h"
#include "operation/verify_map.h"
#include "store/store.h"

struct verify_factors {
    struct verify_map owners; /* by account */
    struct verify_map grants; /* by id */
    ledger_fault fault;
    void *argument;
};

/* Each entry, in order. */
enum medgl_error verify_factors_learn(struct verify_factors *factors,
                                      const struct ledger_entry *entry);

/* Afterwards: each credential of a kind of second factors; then the grants, and what is gone. */
void verify_factors_row(struct verify_factors *factors, const struct credential *credential);
enum medgl_error verify_factors_state(struct verify_factors *factors, struct store_txn *txn);

void verify_factors_free(struct verify_factors *factors);

#endif
