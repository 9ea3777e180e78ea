/* What the ledger says of accounts and their passwords, and whether the store says the same. A part
 * of operation_verify(). */
#ifndef MEDGL_OPERATION_VERIFY_ACCOUNTS_H
#define MEDGL_OPERATION_VERIFY_ACCOUNTS_H

#include "ledger/entry.h"
#include "ledger/verify.h"
#include "operation/verify_map.h"
#include "store/store.h"

struct verify_accounts {
    struct verify_map last; /* the latest entries about an account, by its id */
    struct verify_map made; /* the latest entry about each password that there ever was */
    ledger_fault fault;
    void *argument;
};

/* Each entry, in order. */
enum medgl_error verify_accounts_learn(struct verify_accounts *accounts,
                                       const struct ledger_entry *entry);

/* Afterwards: the accounts; each password, current or former; then what is gone. */
enum medgl_error verify_accounts_state(struct verify_accounts *accounts, struct store_txn *txn);
void verify_accounts_row(struct verify_accounts *accounts, const struct credential *credential);
void verify_accounts_gone(struct verify_accounts *accounts);

void verify_accounts_free(struct verify_accounts *accounts);

#endif
