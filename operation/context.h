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
#include "policy/emergency.h"
#include "policy/policy.h"
#include "store/alert.h"
#include "store/emergency.h"
#include "store/evidence.h"

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

/* Which of the two installations: the main one, or that of the break-glass accounts (R32), which
 * has its own store, keys and ledger, and lives where the main one does not. */
enum context_place {
    CONTEXT_MAIN = 0,
    CONTEXT_BREAKGLASS,
};

/* The latest emergency, as it was when it was looked at (operation/emergency.h). */
struct emergency_now_view {
    bool known; /* there was one, ever: `row` is the latest */
    struct emergency row;
    enum emergency_phase phase; /* NONE where it is not known */
    int64_t spent, left;        /* milliseconds; of one that is open */
};

/* What of all emergencies is not done yet, for the banner (operation/emergency.h). */
#define EMERGENCY_UNDONE_MAX 3
struct emergency_undone {
    struct {
        uint32_t number;
        bool drill;
    } reviews[EMERGENCY_UNDONE_MAX]; /* over and not reviewed, the oldest first */
    uint32_t count;                  /* of those; one more than there is room for: or still more */
    uint32_t closed;                 /* accounts that are closed and were not sealed anew */
};

#define CONTEXT_PATIENCE_MS                                                                        \
    10000 /* of other writers; the waits of a login add up to the engine's life */

struct context {
    enum context_place place;
    int64_t patience_ms;                 /* of other writers */
    struct emergency_now_view emergency; /* as it was when the context was opened; all zeros where
                                            nobody looked or it could not be read */
    struct emergency_undone undone;      /* likewise */
    bool unsure; /* the break-glass store could not be read: nobody is known not to be enrolled */
    bool scarce; /* the device is full, and tries used up half of what the break-glass store keeps
                    for that: failed ones are counted, and have no entry (operation/attempt.h) */
    medgl_time put_back; /* an older break-glass store was put back, which says of what was sealed
                            up to then what it once was; 0: none was (operation/head_seen.h) */
    char root[PATH_MAX]; /* "" or the private root */
    struct policy policy;
    bool policy_lost; /* the files cannot be used: `policy` is the one seen last, or the defaults;
                         of the break-glass accounts alone */
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
/* The same with a policy that was read a moment ago, see context_prepare_of(). */
enum medgl_error context_open_as(const char *root, enum context_need need,
                                 const struct context *read, struct context *context);

/* The same of the break-glass accounts. A policy that cannot be used keeps nobody of them out: the
 * one that was seen last holds then, or the built-in defaults. MEDGL_ERR_NOT_FOUND: there is none
 * (an installation from before; medgl-admin setup makes it). */
enum medgl_error context_open_breakglass(const char *root, enum context_need need,
                                         struct context *context);

/* The one that the account is in: that of the break-glass accounts where the name is enrolled
 * there, or the uid that the Unix user of the name has; else the main one. `emergency` is filled in
 * where it can be. What befalls the break-glass store keeps nobody of the main one out: `unsure` is
 * set.
 *
 * MUST: the main store is not touched for a break-glass account. */
enum medgl_error context_open_of(const char *root, enum context_need need, const char *user,
                                 struct context *context);

/* A path of the installation that the context is of. */
enum context_file {
    CONTEXT_FILE_STATE, /* the directory of all that changes */
    CONTEXT_FILE_STORE,
    CONTEXT_FILE_STORE_KEY,
    CONTEXT_FILE_STORE_KEY_NEW,
    CONTEXT_FILE_LEDGER_KEY,
    CONTEXT_FILE_LEDGER_KEY_NEW,
    CONTEXT_FILE_LEDGER_VKEY,
    CONTEXT_FILE_CHECKPOINTS,
    CONTEXT_FILE_HEAD_SEEN,
};
/* Without the root. */
const char *context_file(enum context_place place, enum context_file file);

/* root + context_file(). */
enum medgl_error context_path(const struct context *context, enum context_file file,
                              char path[PATH_MAX]);

/* Whether any of the installation is there: its store, or a key that a store was made with. Where
 * the break-glass one is not, there are no such accounts. True where it cannot be told. */
bool context_there(const char *root, enum context_place place);

/* The two halves of context_open(), for setup and doctor: policy, zone, actor and keys; then the
 * store, which says whether a key or the new one beside it (operation/keys.h) is in force. */
enum medgl_error context_prepare(const char *root, struct context *context);
/* `read`: a context that was opened a moment ago, whose policy holds; NULL: the policy is read. */
enum medgl_error context_prepare_of(enum context_place place, const char *root,
                                    const struct context *read, struct context *context);
enum medgl_error context_store(struct context *context, bool create, bool read_only);

/* What a store's rows are under (store_options.row_key), from its key. The caller wipes it. */
enum medgl_error context_row_key(const struct seal_key *key,
                                 unsigned char row_key[CRYPTO_HASH_SIZE]);

/* The audit login uid of this process, and no name. */
void actor_from_audit(struct actor *actor);
/* Its name: asks the user database, which may hang or not answer. */
void actor_look_name(struct actor *actor);

/* Where this process's Argon2 evaluations wait in line. The machine evaluates no more than
 * kdf_slots, and one for who stands before it, at once. */
struct password_line context_line(const struct context *context);
struct kdf_cost context_cost(const struct context *context);

#endif
