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
    const struct secret *hash; /* as crypt(5) writes it */
    medgl_time set_at;         /* of the shadow entry; 0: unknown */
    bool dry_run;
};
enum import_verdict {
    IMPORT_REFUSED = 0,
    IMPORT_DONE,         /* or would be */
    IMPORT_HAS_PASSWORD, /* enrolled with a password of our own: never overwritten */
    IMPORT_NO_HASH,      /* locked ("!"), none ("*"), or empty: an empty password is no password */
    IMPORT_UNKNOWN_HASH, /* not one that crypt(3) of this machine can check, or too weak a kind */
    IMPORT_NOT_ACTIVE,
};
/* One transaction with its entries (account.add where needed, password.import). */
enum medgl_error operation_import(struct context *context, const struct import_request *request,
                                  enum import_verdict *verdict);
const char *import_verdict_word(enum import_verdict verdict);

/* Records that the Unix password of an account was locked, or unlocked again. */
enum medgl_error operation_shadow_note(struct context *context, const char *name, bool locked);

#endif
