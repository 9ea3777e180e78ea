/* What the ledger says of backups (R36), and whether the store says the same: a row that was made
 * up would have a file removed, or tell that all is well. A part of operation_verify(). */
#ifndef MEDGL_OPERATION_VERIFY_BACKUPS_H
#define MEDGL_OPERATION_VERIFY_BACKUPS_H

#include "ledger/entry.h"
#include "ledger/verify.h"
#include "operation/verify_map.h"
#include "store/store.h"

struct verify_backups {
    struct verify_map made;    /* by the digest of the file */
    struct verify_map endings; /* entries that others made way for, by seq */
    ledger_fault fault;
    void *argument;
};

/* Each entry, in order; afterwards the rows. */
enum medgl_error verify_backups_learn(struct verify_backups *backups,
                                      const struct ledger_entry *entry);
enum medgl_error verify_backups_state(struct verify_backups *backups, struct store_txn *txn);

void verify_backups_free(struct verify_backups *backups);

#endif
