/* Which account stands behind a login name. One person may have several spellings of it: a second
 * name in /etc/passwd, or a directory that does not tell "Alice" from "alice". */
#ifndef MEDGL_OPERATION_IDENTITY_H
#define MEDGL_OPERATION_IDENTITY_H

#include "store/store.h"

/* What the system knows of a login name. */
struct unix_user {
    bool exists;
    int64_t uid;
    char name[STORE_NAME_SIZE];      /* as the system spells it */
    char full_name[STORE_TEXT_SIZE]; /* what GECOS says up to the first comma, where it is a text */
};

/* Asks NSS. MEDGL_ERR_IO: it could not answer, which is not the same as "no such user". */
enum medgl_error unix_user_find(const char *name, struct unix_user *user);

enum identity_match {
    IDENTITY_NONE,
    IDENTITY_ACCOUNT, /* the name is enrolled, as typed or as the system spells it */
    /* MUST be refused, never left to the next module: another name of an enrolled account's uid,
     * by which its owner would get past a lock or a disabling. */
    IDENTITY_ALIAS,
};

/* `account` is set for IDENTITY_ACCOUNT and IDENTITY_ALIAS. */
enum medgl_error identity_find(struct store_txn *txn, const char *typed,
                               const struct unix_user *user, struct account *account,
                               enum identity_match *match);

#endif
