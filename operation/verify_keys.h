/* The keys that the store and the ledger had (R37): each exchange has its entry, each entry its
 * row, and a key of the ledger that was kept elsewhere is one of them. A part of
 * operation_verify(). */
#ifndef MEDGL_OPERATION_VERIFY_KEYS_H
#define MEDGL_OPERATION_VERIFY_KEYS_H

#include "ledger/entry.h"
#include "ledger/verify.h"
#include "operation/keys.h"
#include "operation/verify_map.h"

struct verify_keys {
    struct ledger_key *keys; /* of the ledger */
    size_t count;
    struct verify_map exchanges; /* by use and seq */
    ledger_fault fault;
    void *argument;
};

/* Reads the ledger's keys, and makes the verifier with them. */
enum medgl_error verify_keys_open(struct verify_keys *keys, struct context *context,
                                  struct store_txn *txn, ledger_fault fault, void *argument,
                                  struct ledger_verifier **verifier);
void verify_keys_free(struct verify_keys *keys);

/* A text with verifier keys, one a line, as it was kept elsewhere. */
enum medgl_error verify_keys_kept(struct verify_keys *keys, const char *label, const char *text);

/* Each entry, in order; afterwards the rows. */
enum medgl_error verify_keys_learn(struct verify_keys *keys, const struct ledger_entry *entry);
enum medgl_error verify_keys_state(struct verify_keys *keys, struct store_txn *txn);

#endif
