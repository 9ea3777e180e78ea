/* What every operation needs: the policy in force, the store, the keys, and who acts. */
#ifndef MEDGL_OPERATION_CONTEXT_H
#define MEDGL_OPERATION_CONTEXT_H

#include "base/clock.h"
#include "base/error.h"
#include "base/path.h"
#include "factor/password.h"
#include "factor/seal.h"
#include "ledger/entry.h"
#include "ledger/note.h"
#include "policy/policy.h"
#include "store/store.h"

#include <sys/types.h>

/* The person behind an act (R06, R11): the audit login uid, and its name; or, where the kernel
 * knows of none, the name that the operator gave, marked as asserted. */
struct actor {
    int64_t uid; /* -1: none */
    char name[STORE_NAME_SIZE];
    bool asserted;
    unsigned roles; /* ROLE_* of operation/role.h; of an engine, which acts for nobody, 0 */
};

/* What roles the Unix user of an account has: asked of the user database before the transaction,
 * compared in it by role_reaches(). */
struct role_holder {
    char name[STORE_NAME_SIZE]; /* "": nobody was looked up, or they could not be */
    unsigned roles;
};

struct context {
    char root[PATH_MAX]; /* "" or the private root */
    struct policy policy;
    struct seal_key *seal;
    struct note_signer *signer;
    struct note_signer *coming; /* signs the next entry's head too, and takes over (R37); borrowed,
                                   NULL but in that transaction */
    bool store_key_new, ledger_key_new; /* the key in force is still in the file of an exchange
                                           (".new"), which was not finished */
    struct store *store;
    unsigned char tag_key[CRYPTO_HASH_SIZE]; /* stands unknown names in for account ids; tells the
                                                same guess again, and who made a token */
    char kdf_directory[PATH_MAX];
    char kdf_directory_console[PATH_MAX]; /* "" where it is missing */
    bool console; /* who asks has a line for evaluations that no flood from the network stands in;
                     set by who knows (operation/password.h) */
    int64_t spent_ms;    /* of the attempt in flight, on a second factor: waits for evaluations are
                            shorter by it */
    int64_t policy_read; /* when, by clock_monotonic() */
    struct actor actor;
    struct role_holder holder; /* of the account that is acted on */
};

/* What a caller needs; the others stay NULL. */
enum context_need {
    CONTEXT_STATE,   /* policy, keys, store: read and write */
    CONTEXT_READING, /* the same, but the store is not written */
};

/* Loads the policy, then the keys, then the store, as the user that runs the program, which must
 * own the keys and the store. Each failure is logged with what to do. *context is zeroed on
 * failure. */
enum medgl_error context_open(const char *root, enum context_need need, struct context *context);
void context_close(struct context *context); /* also for auto_clean() */

/* The two halves of context_open(), for setup and doctor: policy, zone, actor and keys; then the
 * store, which says whether a key or the new one beside it (operation/keys.h) is in force. */
enum medgl_error context_prepare(const char *root, struct context *context);
enum medgl_error context_store(struct context *context, bool create, bool read_only);

/* What a store's rows are under (store_options.row_key), from its key. The caller wipes it. */
enum medgl_error context_row_key(const struct seal_key *key,
                                 unsigned char row_key[CRYPTO_HASH_SIZE]);

/* The audit login uid of this process and its name. */
void actor_from_audit(struct actor *actor);

/* Where this process's Argon2 evaluations wait in line. The machine evaluates no more than
 * kdf_slots, and one for who stands before it, at once. */
struct password_line context_line(const struct context *context);
struct kdf_cost context_cost(const struct context *context);

#endif
