/* Who acts, by the kernel's word, the user database and what is enrolled: for whoever must not
 * sign off what they did themselves (R30, R33). Decides nothing. */
#ifndef MEDGL_OPERATION_ACTING_H
#define MEDGL_OPERATION_ACTING_H

#include "operation/context.h"
#include "operation/person.h"

/* Borrows the name. Zeroed may be freed. */
struct acting {
    const char *name;                /* of the actor */
    int64_t uid;                     /* -1: not known */
    char full_name[STORE_TEXT_SIZE]; /* in the user database; "" where there is none */
    struct account *accounts;        /* malloc'ed: their enrolled ones, and the same person's */
    size_t count;
};
void acting_free(struct acting *acting); /* also for auto_clean() */

/* Asks the user database, which may take its time: outside of a transaction. MEDGL_ERR_REFUSED with
 * `why`: nobody knows who acts, or it gives no answer: what can be signed off today can be
 * tomorrow. */
enum medgl_error acting_look(const struct actor *actor, struct acting *acting,
                             char why[OPERATION_WHY_SIZE]);

/* Adds their accounts, in a transaction of the main store. */
enum medgl_error acting_look_accounts(struct store_txn *txn, struct acting *acting);

bool acting_is_uid(const struct acting *acting, int64_t uid);

/* Whether it is they who are called so, by any name, reading or staff number of theirs. */
bool acting_is_called(const struct acting *acting, const char *name);

/* Whether an account is theirs, or one of the same person by what is known. */
bool acting_is_account(const struct acting *acting, const struct account *account);

/* Whether a login came from theirs, by its source (source_of()). */
bool acting_is_source(const struct acting *acting, const char *key);

/* Whether they are who an entry says acted. */
bool acting_is_actor(const struct acting *acting, const struct ledger_actor *actor);

#endif
