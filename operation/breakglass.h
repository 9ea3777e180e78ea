/* Break-glass accounts: sealing, and who is behind a use (R32). In the break-glass store. */
#ifndef MEDGL_OPERATION_BREAKGLASS_H
#define MEDGL_OPERATION_BREAKGLASS_H

#include "operation/emergency.h"
#include "operation/talk.h"

struct breakglass_seal_request {
    const char *name;
    const char *reason; /* NULL: none was given (the first sealing) */
    const char *way;    /* the page's: "printer", "file" or "screen", as the policy allows them for
                           slips (policy/reset.h) */
    void *argument;
    /* Prints the page, before the commit: what cannot be printed is not in force. `code` is the
     * text on paper; `row` has serial, date and count. */
    enum medgl_error (*deliver)(void *argument, const struct account *account,
                                const struct breakglass *row, const struct secret *code);
    /* Between the checks and the printing, for each thing that the operator should know: that
     * emergencies wait for their review, and which envelope opens nothing any more. NULL: nobody
     * is told. MEDGL_ERR_ABORTED: they would rather not. */
    enum medgl_error (*warn)(void *argument, const char *warning);
    /* Before the printing, of an account that was used since it was sealed: ends what still runs
     * under its uid. false: something is left, and nothing is sealed. NULL: no processes of this
     * machine are the account's. */
    bool (*end)(void *argument, const struct account *account);
};

#define BREAKGLASS_RESERVE (INT64_C(4) << 20) /* bytes, of store_reserve() */

/* MUSTs:
 * - The page is out before anything is in force, and until then the old credential is.
 * - Credential, serial, cleared tries and the entry are one transaction.
 * - The code is in no entry, log or message.
 * A new credential takes the place of whatever there was; failed tries are cleared; the space for
 * an emergency is taken. MEDGL_ERR_REFUSED with `why`: no break-glass account, disabled or retired,
 * in use in an open emergency, sessions of it are open or its processes do not end, no space, the
 * way is not allowed. */
enum medgl_error operation_breakglass_seal(struct context *context,
                                           const struct breakglass_seal_request *request,
                                           struct breakglass *sealed, char why[OPERATION_WHY_SIZE]);

/* What of an account is known, for `breakglass list`. */
struct breakglass_record {
    const struct account *account;
    const struct breakglass *row; /* zeroed where it was never sealed */
    enum breakglass_state state;
    medgl_time renew;   /* when it is due for renewal; 0: never, or it is not sealed */
    bool due;           /* it is */
    uint32_t emergency; /* the number of the one it was used in; 0: none */
    uint32_t sessions;  /* open ones */
};
enum medgl_error operation_breakglass_list(struct context *context,
                                           void (*each)(void *argument,
                                                        const struct breakglass_record *record),
                                           void *argument);

/* After a login that was allowed: asks who it is and why, and records what was said
 * (breakglass.person). Never a reason to refuse: nothing answered, a broken line or a store that
 * takes no more is logged and no more. MUST: what was typed is not kept where it is the credential,
 * or looks like one: a client that answers every prompt with the password would write it into the
 * ledger. `person` (STORE_NAME_SIZE bytes) is for the session's record. */
void breakglass_ask_person(struct context *context, const struct talk *talk,
                           const struct account *account, const char *service, const char *source,
                           const struct secret *typed, char person[STORE_NAME_SIZE]);

#endif
