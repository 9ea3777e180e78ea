/* The owner changes the password (R17, R18, R19): the current one is asked and counted, under a
 * limit of its own, the new one checked. */
#ifndef MEDGL_OPERATION_CHANGE_PASSWORD_H
#define MEDGL_OPERATION_CHANGE_PASSWORD_H

#include "operation/caller.h"
#include "operation/context.h"
#include "operation/talk.h"

enum change_verdict {
    CHANGE_REFUSED = 0,
    CHANGE_DONE,
    CHANGE_READY, /* phase one: the current password was right */
    CHANGE_NOT_ENROLLED,
    CHANGE_WRONG_CURRENT,
    CHANGE_TRIES_USED, /* three tries: refused, or mistyped */
    CHANGE_TOO_SOON,   /* it was changed a short time ago and is not due: told from when on (R16) */
    CHANGE_NOT_DUE,   /* only what is due was to be changed: nothing was asked, nothing is proved */
    CHANGE_NOT_OWNER, /* root for somebody else: told to use `medgl-admin password reset` (R11) */
    CHANGE_ABORTED,
};

struct change_request {
    const struct caller *caller;
    const char *user;
    bool expired_only;            /* changed if it is due, and only then (login, sshd, passwd -k) */
    const struct secret *current; /* what phase one got; NULL: ask */
    bool only_given;
    bool silent; /* nobody is asked who it is that uses a shared id (R26); everybody else is, unless
                    an earlier call has asked */
    char *person; /* for the token of who that is, as in struct login_request */
};

/* Phase one: the current password, asked and counted as an attempt. CHANGE_NOT_DUE: see below. */
enum medgl_error operation_change_prepare(struct context *context, const struct talk *talk,
                                          const struct change_request *request,
                                          enum change_verdict *verdict);

/* Phase two: verifies the current password once more (this may be another process), says what is
 * asked for, offers a generated password where the policy wants that, then asks for the new one, up
 * to three times, and says what is wrong with it. MEDGL_ERR_POLICY: a list that the policy names
 * cannot be asked, so that none is set; the person was told, and the log says what to do. With
 * `expired_only`, a password that is not due by the rules stays as it is: CHANGE_NOT_DUE. */
enum medgl_error operation_change(struct context *context, const struct talk *talk,
                                  const struct change_request *request,
                                  enum change_verdict *verdict);

#endif
