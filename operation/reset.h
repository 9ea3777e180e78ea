/* A password reset that can be proven (R11): who verified the person's identity, how, by which
 * document, before which witness, and how the new password reached that person alone. */
#ifndef MEDGL_OPERATION_RESET_H
#define MEDGL_OPERATION_RESET_H

#include "operation/account.h"
#include "operation/talk.h"

enum reset_delivery {
    RESET_AT_TERMINAL, /* the person types it, twice; the operator sees nothing */
    RESET_SLIP,        /* random, short-lived, to be changed at the first login (R18) */
};

struct reset_request {
    const char *name;
    const char *method;            /* one that the policy names: "staff-card" */
    const char *note;              /* "" or a remark */
    const char *requested_by;      /* "" or who asked for it, where it was not the person */
    const struct secret *document; /* what was handed in; NULL: none */
    const char *witness;           /* login name of a second pair of eyes; NULL: none */
    enum reset_delivery delivery;
    const char *slip_to; /* "printer", "file", "screen" (policy/reset.h) */
    /* At the terminal: the witness authenticates there, and the person types there. */
    const struct talk *talk;
    int64_t witness_age; /* ms after which the witness's proof is too old; 0: RESET_WITNESS_AGE */
    /* Of a slip, before the commit: when it fails nothing has changed. */
    void *argument;
    enum medgl_error (*deliver)(void *argument, const struct account *account,
                                const struct secret *password, medgl_time valid_until);
};
#define RESET_WITNESS_AGE (5 * MEDGL_MINUTE)

struct reset_done {
    char credential[CRYPTO_ID_SIZE]; /* the new one's id, from before `deliver` on; "": none */
    bool given_out; /* `deliver` succeeded: what came out opens nothing where the reset failed */
    uint64_t seq;   /* the entry: "ledger document SEQ" */
    medgl_time valid_until; /* of a slip's; else 0 */
};

/* What a reset of that account would need, for whoever asks step by step; nothing is changed.
 * `method` NULL: none is chosen yet. MEDGL_ERR_NOT_FOUND. MEDGL_ERR_REFUSED with `why`: this
 * operator may not, the account is closed, or the policy does not name the method. */
struct reset_needs {
    struct account account;
    bool document, witness;                  /* with this method; none: false, and of the class */
    bool at_terminal, printer, file, screen; /* ways that the policy allows */
};
enum medgl_error operation_reset_needs(struct context *context, const char *name,
                                       const char *method, struct reset_needs *needs,
                                       char why[OPERATION_WHY_SIZE]);

/* MUSTs:
 * - Everything is checked before anybody is asked anything, and once more in the transaction: role,
 *   state, method, document, witness, way of delivery.
 * - The witness proves who they are before the person types, or before anything is printed.
 * - A slip is given out before the commit: when that fails, nothing has changed.
 * - Credential, document, history, cleared tries and the entry are one transaction.
 * - No password is in an entry, a log or a message; the one that goes never comes back (R16).
 * MEDGL_ERR_REFUSED with `why`; MEDGL_ERR_ABORTED: who was asked gave up; MEDGL_ERR_NOT_FOUND. In
 * all of these nothing has changed but counted tries of the witness. */
enum medgl_error operation_password_reset(struct context *context,
                                          const struct reset_request *request,
                                          struct reset_done *done, char why[OPERATION_WHY_SIZE]);

#endif
