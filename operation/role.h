/* What an operator may do: three roles, by Unix group, and what no role may. */
#ifndef MEDGL_OPERATION_ROLE_H
#define MEDGL_OPERATION_ROLE_H

#include "operation/context.h"

/* Bits. */
enum role {
    ROLE_HELPDESK = 1,   /* medgl-helpdesk: resets, unlocks, devices, of ordinary staff */
    ROLE_SECURITY = 2,   /* medgl-security: accounts, policy, keys, backups, everybody's resets */
    ROLE_AUDIT = 4,      /* medgl-audit: reads ledger, documents and reports, changes nothing */
    ROLE_ROOT = 8,       /* not bound by roles: root that no login stands behind (console, cron, a
                            timer), root's own login, and the owner of a private root */
    ROLE_EVERYBODY = 16, /* of a verb: nobody needs a role for it */
};
#define ROLE_ANY (ROLE_HELPDESK | ROLE_SECURITY | ROLE_AUDIT)

/* "medgl-helpdesk"; NULL for what is no single role of a group. */
const char *role_group(enum role role);
/* "helpdesk", "security", "audit", "root". Never NULL. */
const char *role_word(enum role role);

/* The roles of a Unix user by its groups, primary and supplementary, looked up by name. Groups that
 * are not there give no role. MEDGL_ERR_NOT_FOUND: there is no such user; others: users or groups
 * could not be looked up. *roles is 0 then. */
enum medgl_error role_of_user(const char *name, unsigned *roles);

/* What a role's scope says to an act on an account (password, tries, factors): the helpdesk's is
 * ordinary staff (not privileged, maintenance or break-glass accounts, nor whoever has a role
 * themselves: operation_role_reaches() looks that up first), and nobody acts on their
 * own account, however they are called: by the kernel's login uid, or by the name that was given;
 * nor on another account of the same person, as far as the store knows it (operation/person.h).
 * Who is not bound (ROLE_ROOT, or the policy says so) is held to a name that was given alone.
 * Somebody without a role that acts on accounts, such as an engine, reaches none. To be asked in
 * the transaction of the act. MEDGL_ERR_REFUSED with `why` (OPERATION_WHY_SIZE, translated). */
enum medgl_error role_reaches(const struct context *context, struct store_txn *txn,
                              const struct account *account, char why[]);

/* Records a refused try: an entry, and an alert, in one transaction. `verb`: "password reset".
 * `name`: the account it was about, if it is enrolled; or NULL. `why`: "role", "own", "class" or
 * "holder". */
enum medgl_error operation_role_refused(struct context *context, const char *verb, const char *name,
                                        const char *why);

/* The same before anything is asked of anybody, with the record of a refused try. MUST: before any
 * act of the helpdesk: it asks the user database about the account, and keeps the answer. An account that
 * is not enrolled is reached: the act says what is wrong. MEDGL_ERR_REFUSED with `why`; another
 * error: it is not allowed either. */
enum medgl_error operation_role_reaches(struct context *context, const char *verb, const char *name,
                                        char why[]);
/* Whether the operator is an auditor and nothing more, who changes nothing: not the evidence
 * either, so that what they look at is what was there. */
bool role_only_reads(const struct context *context);

/* Records the try of an act that role_reaches() refused in its transaction, which only then knew
 * the account (`name`). MEDGL_ERR_REFUSED; another error: it could not be written down. */
enum medgl_error operation_role_beyond(struct context *context, const char *verb, const char *name);

#endif
