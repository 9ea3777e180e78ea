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
    const char *slip_to; /* word for the entry: "printer", "file", "screen" */
    /* At the terminal: the witness authenticates there, and the person types there. */
    const struct talk *talk;
    /* Of a slip, before the commit: when it fails nothing has changed. */
    void *argument;
    enum medgl_error (*deliver)(void *argument, const struct account *account,
                                const struct secret *password, medgl_time valid_until);
};
struct reset_done {
    uint64_t seq;           /* the entry: "ledger document SEQ" */
    medgl_time valid_until; /* of a slip's; else 0 */
};

/* What a reset of that account would need, for whoever asks step by step; nothing is changed.
 * MEDGL_ERR_NOT_FOUND. MEDGL_ERR_REFUSED with `why`: this operator may not, or the account is
 * closed. */
struct reset_needs {
    struct account account;
    bool document, witness;                  /* with this method (NULL: with any?) */
    bool at_terminal, printer, file, screen; /* ways that the policy allows */
};
enum medgl_error operation_reset_needs(struct context *context, const char *name,
                                       const char *method, struct reset_needs *needs,
                                       char why[OPERATION_WHY_SIZE]);
/* Whether the policy names the method; the `n`-th that it does, NULL behind the last. */
bool reset_method_known(const struct policy *policy, const char *method);

/* Everything is checked before anybody is asked anything, the witness authenticates before the
 * person types, and all of it is one transaction. MEDGL_ERR_REFUSED with `why`. */
enum medgl_error operation_password_reset(struct context *context,
                                          const struct reset_request *request,
                                          struct reset_done *done, char why[OPERATION_WHY_SIZE]);

#endif
