/* Log in, and the account phase. */
#ifndef MEDGL_OPERATION_LOGIN_H
#define MEDGL_OPERATION_LOGIN_H

#include "operation/caller.h"
#include "operation/context.h"
#include "operation/person_asked.h"
#include "operation/talk.h"
#include "policy/factor.h"

enum login_verdict {
    LOGIN_REFUSED = 0,
    LOGIN_ALLOWED,
    LOGIN_NOT_ENROLLED, /* the store was read and this user is not in it, and the policy leaves such
                           to others */
    LOGIN_ABORTED,      /* the person gave up before an attempt was made */
};

struct login_request {
    const struct caller *caller;
    const char *user;
    const struct secret *given; /* a password that an earlier module got; NULL: ask */
    bool only_given;            /* never ask */
    enum factor_mode factor;    /* what the service's file says */
    bool silent;  /* nobody sees what is shown (PAM_SILENT): then nobody enrols a device */
    char *person; /* for the token of who uses a shared id, PERSON_TOKEN_SIZE bytes, "" where it
                     is none; NULL: of no interest */
};

/* One login, as ARCHITECTURE.md describes: ask, reserve, verify, decide, commit. An error means
 * that no verdict was reached: the caller treats it as unavailable, never as success or as "not
 * enrolled". */
enum medgl_error operation_login(struct context *context, const struct talk *talk,
                                 const struct login_request *request, enum login_verdict *verdict);

enum access_verdict {
    ACCESS_DENIED = 0,
    ACCESS_EXPIRED,
    ACCESS_CHANGE_DUE,
    ACCESS_ALLOWED,
    ACCESS_NOT_ENROLLED,
};

struct access_request {
    const struct caller *caller;
    const char *user;
    bool silent;  /* nobody is there who could read or answer */
    char *person; /* as in struct login_request, where who it is was asked here */
};

/* May this account be used now, however its owner proved who they are? Tells once a day of a
 * password that is due soon. Once it is due, each call uses up a grace login and says how many are
 * left; it fails, rather than allow what it could not count (R15). A silent call, and root stepping
 * into an account, tell nobody: while a grace login is left they are allowed, and use none up. They
 * are not asked either who it is that uses a shared id (R26); everybody else is, unless the login
 * has asked already. Whose session would find no room (operation_session_room()) is refused, and
 * has used nothing up. */
enum medgl_error operation_access(struct context *context, const struct talk *talk,
                                  const struct access_request *request,
                                  enum access_verdict *verdict);

#endif
