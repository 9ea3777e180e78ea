/* Exchanging keys (R37). A new key is a file beside the one in force (".new") until it took its
 * place: which of the two holds, the store says, so that a kill at any point leaves one that fits.
 * context_open() chooses; what is here exchanges and tells.
 *
 * MUSTs:
 * - A new key is whole and on the disk before anything is under it, and no key is removed that the
 *   store is under.
 * - One transaction: every secret, every row, the entry and its alert are under the old key or
 *   under the new one.
 * - Two never exchange the same key at once. */
#ifndef MEDGL_OPERATION_KEYS_H
#define MEDGL_OPERATION_KEYS_H

#include "operation/context.h"

#include <sys/types.h>

#define KEYS_STORE_ALGORITHM  "AES-256-GCM, HMAC-SHA-256, HKDF-SHA-256"
#define KEYS_LEDGER_ALGORITHM "Ed25519, SHA-256"
#define KEYS_VKEY_FILE_MAX    65536 /* bytes: a line for each key that the ledger had */

/* "store", "ledger". Never NULL for a member. */
const char *key_use_word(enum key_use use);
/* MEDGL_ERR_ARGUMENT. */
enum medgl_error key_use_parse(const char *word, enum key_use *use);

struct key_rotate_request {
    const char *root;
    enum context_place place;
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
 * `*finished_old`: it was only finished. MEDGL_ERR_CONFLICT: another exchange of this key is under
 * way. MEDGL_ERR_IO: perhaps the exchange is committed; the next call finishes it. */
enum medgl_error operation_key_rotate(const struct key_rotate_request *request, bool *finished_old);

/* Puts a new key's file in its place where the store says that it is in force (after an exchange or
 * a restore that was interrupted); else changes nothing. Of the request it needs root, owner, group
 * and use. */
enum medgl_error operation_key_finish(const struct key_rotate_request *request, bool *finished);

/* The keys of a use that there were, the oldest first; the last one is in force. One that setup
 * made and that was never exchanged is told too. */
enum medgl_error operation_key_each(struct context *context, enum key_use use,
                                    enum medgl_error (*each)(void *argument,
                                                             const struct key_period *key),
                                    void *argument);

/* The verifier keys that the ledger had, the oldest first; the last one is in force. *keys is for
 * keys_of_ledger_free(). */
struct ledger_key {
    struct note_verifier *verifier;
    uint64_t from; /* the size of the first tree that it signed */
};
enum medgl_error keys_of_ledger(struct context *context, struct store_txn *txn,
                                struct ledger_key **keys, size_t *count);
void keys_of_ledger_free(struct ledger_key **keys, size_t *count);

#endif
