/* Taking users over with the hashes that they have in /etc/shadow. The first successful login turns
 * such a hash into Argon2id and judges the password; one that fails the rules must be changed there
 * and then (R19). */
#ifndef MEDGL_OPERATION_IMPORT_H
#define MEDGL_OPERATION_IMPORT_H

#include "operation/account.h"

struct import_request {
    const char *name; /* an existing Unix user; enrolled here where it is not yet */
    int64_t uid;
    enum account_class class_; /* of one that is not enrolled yet */
    const char *full_name;
    const struct secret *hash; /* the shadow entry's, as crypt(5) writes it */
    medgl_time set_at;         /* likewise; 0: unknown */
    bool dry_run;
};
enum import_verdict {
    IMPORT_REFUSED = 0,
    IMPORT_DONE,         /* or would be */
    IMPORT_HAS_PASSWORD, /* there is or was a password of our own: never overwritten; or this very
                            hash was imported */
    IMPORT_NO_HASH,      /* locked ("!"), none ("*"), or empty: an empty password is no password */
    IMPORT_UNKNOWN_HASH, /* not one that crypt(3) of this machine can check */
    IMPORT_TOO_COSTLY,   /* each login would take seconds or gigabytes */
    IMPORT_NOT_ACTIVE,
    IMPORT_UID_CHANGED, /* the account was enrolled for another uid */
    IMPORT_UID_TAKEN,   /* the uid is that of another account (R25) */
    IMPORT_BEYOND_ROLE, /* the account is the operator's own (operation/role.h) */
    IMPORT_BREAKGLASS,  /* such an account has no password but the sealed one (R32) */
};
/* One transaction with its entries (account.add where needed, password.import). A hash that was
 * imported before and not used yet is replaced by one that differs. */
enum medgl_error operation_import(struct context *context, const struct import_request *request,
                                  enum import_verdict *verdict);
/* "done", "has-password", "no-hash"; never NULL. */
const char *import_verdict_word(enum import_verdict verdict);

/* Records that the Unix password of an account was locked, or unlocked again. Asks for no role: it
 * tells of what was done, and whoever orders that asks before (operation_role_reaches()). */
enum medgl_error operation_shadow_note(struct context *context, const char *name, bool locked);

#endif
