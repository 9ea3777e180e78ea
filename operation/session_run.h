/* A session while it is opened or closed: between session.c, which decides, and session_say.c,
 * which tells. */
#ifndef MEDGL_OPERATION_SESSION_RUN_H
#define MEDGL_OPERATION_SESSION_RUN_H

#include "operation/breakglass_login.h"
#include "operation/factors.h"
#include "operation/identity.h"
#include "operation/session.h"

struct session_run {
    struct context *context;
    const struct caller *caller;
    struct source source;
    struct admission_place place;
    const char *user;
    const char *id;
    bool silent;
    struct unix_user unix_user;
    enum identity_match match;
    struct clock_reading clock;
    struct account account;
    bool persons;           /* a person of the account comes */
    bool nobody;            /* comes to a shared id, and is nobody that is known */
    struct unix_user asker; /* who asked for it at this machine, by the word of the host */
    struct activity before; /* as it was before this session */
    struct session session;
    struct breakglass_look breakglass;
    bool closed;            /* a break-glass account that is not in use now (R32) */
    const char *over;       /* why nothing is opened that was proved before; NULL: nothing */
    struct factors factors; /* the grants among them (R22, R30) */
    struct session_crowd crowd;
    enum crowd_verdict admitted;
    bool alerted; /* something was raised: whoever delivers is woken after the commit */
};

/* R32: of an emergency everybody hears at each login, whoever they are. */
void session_say_emergency(const struct talk *talk, const struct session_run *run);

/* R21: the last login, and tries that failed since. */
void session_notice(const struct talk *talk, struct session_run *run);

/* Refused, and why: to the person, and to the log. */
void session_say_nobody(const struct talk *talk, const struct session_run *run);
void session_say_closed(const struct talk *talk, const struct session_run *run);
void session_say_over(const struct session_run *run);
void session_say_refused(const struct talk *talk, const struct session_run *run);

#endif
