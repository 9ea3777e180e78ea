/* Exchanging keys (R37). A new key is a file beside the one in force (".new") until it took its
 * place: which of the two holds, the store says, so that a kill at any point leaves one that fits.
 */
#ifndef MEDGL_OPERATION_KEYS_H
#define MEDGL_OPERATION_KEYS_H

#include "operation/context.h"

#include <sys/types.h>

/* Chooses, of key and new key, the ones that the store was made with; context_store() calls it. For
 * engines as for the command line: reads only. MEDGL_ERR_KEY: neither fits; logged. */
enum medgl_error keys_settle(struct context *context);

struct key_rotate_request {
    const char *root;
    uid_t owner;
    gid_t group;
    struct actor actor;
    enum key_use use;
    const char *reason;
    void *argument;
    void (*progress)(void *argument, uint64_t done, uint64_t total); /* may be NULL */
};
/* Makes the new key, exchanges it in one transaction with its entry and an alert, and puts the file
 * in its place; finishes one that was interrupted instead of beginning another. Called as root it
 * does what needs root, and works on the store as `owner` in a child of its own.
 * `*finished_old`: it was only finished. */
enum medgl_error operation_key_rotate(const struct key_rotate_request *request, bool *finished_old);

/* The verifier keys that the ledger had, the oldest first; the last one is in force. *keys is
 * malloc'ed; note_verifier_free() each. */
struct ledger_key {
    struct note_verifier *verifier;
    uint64_t from; /* the size of the first tree that it signed */
};
enum medgl_error keys_of_ledger(struct context *context, struct store_txn *txn,
                                struct ledger_key **keys, size_t *count);

#endif
