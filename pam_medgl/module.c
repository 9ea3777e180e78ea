/* The six calls of PAM. Each has the engine decide; the result starts as a failure, and PAM_IGNORE
 * is the answer only for a user whom the engine found not enrolled or the service file exempts. */
#include "pam_medgl/module.h"

#include <security/pam_ext.h>
#include <syslog.h>

#define EXPORT __attribute__((visibility("default")))

/* No verdict could be had. For sessions PAM documents no other failure; and sudo, which goes on
 * after this one, has to work in an emergency while the store that root would be looked up in is
 * broken.
 */
static int unavailable(enum wire_call call)
{
    bool session = call == WIRE_CALL_OPEN_SESSION || call == WIRE_CALL_CLOSE_SESSION;
    return session ? PAM_SESSION_ERR : PAM_AUTHINFO_UNAVAIL;
}

/* The one place where a verdict becomes a PAM code. */
static int pam_code(enum wire_call call, enum wire_result result)
{
    switch (result) {
    case WIRE_RESULT_SUCCESS:
        return PAM_SUCCESS;
    case WIRE_RESULT_NOT_ENROLLED:
        return PAM_IGNORE;
    case WIRE_RESULT_AUTH_ERR:
        return PAM_AUTH_ERR;
    case WIRE_RESULT_PERM_DENIED:
        return PAM_PERM_DENIED;
    case WIRE_RESULT_ACCT_EXPIRED:
        return PAM_ACCT_EXPIRED;
    case WIRE_RESULT_CHANGE_DUE: /* libpam takes it for half a success in any other call */
        return call == WIRE_CALL_ACCOUNT ? PAM_NEW_AUTHTOK_REQD : unavailable(call);
    case WIRE_RESULT_MAXTRIES:
        return PAM_MAXTRIES;
    case WIRE_RESULT_AUTHTOK_ERR:
        return PAM_AUTHTOK_ERR;
    case WIRE_RESULT_SESSION_ERR:
        return PAM_SESSION_ERR;
    case WIRE_RESULT_CONV_ERR:
        return PAM_CONV_ERR;
    case WIRE_RESULT_UNAVAILABLE:
        break;
    }
    return unavailable(call); /* so is a number that is no member */
}

static int decide(pam_handle_t *pamh, enum wire_call call, int flags, int argc, const char **argv)
{
    struct arguments arguments;
    const char *user = NULL;
    if (!arguments_parse(pamh, argc, argv, &arguments))
        return unavailable(call);
    if (pam_get_user(pamh, &user, NULL) != PAM_SUCCESS || user == NULL)
        return pam_code(call, WIRE_RESULT_CONV_ERR);
    if (arguments_exempt(&arguments, user))
        return PAM_IGNORE;
    int code = pam_code(call, relay_call(pamh, &arguments, call, (unsigned)flags, user));
    if ((arguments.flags & WIRE_FLAG_DEBUG) != 0)
        module_log(pamh, LOG_DEBUG, "call %d ends with %d: %s", (int)call, code,
                   pam_strerror(pamh, code));
    return code;
}

EXPORT int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return decide(pamh, WIRE_CALL_AUTHENTICATE, flags, argc, argv);
}

/* There are no credentials to set. After an authenticate in the same handle libpam steers by what
 * that returned (its frozen chain): whom we ignored there we do not hold up here. Without one (sshd
 * with a key, cron) PAM_IGNORE would leave a stack of this module alone without any answer, which
 * libpam calls PAM_PERM_DENIED. So success it is, and nobody is let in by it: no host takes setcred
 * for an authentication. */
EXPORT int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh;
    (void)flags;
    (void)argc;
    (void)argv;
    return PAM_SUCCESS;
}

EXPORT int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return decide(pamh, WIRE_CALL_ACCOUNT, flags, argc, argv);
}

EXPORT int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    bool update = (flags & PAM_UPDATE_AUTHTOK) != 0;
    return decide(pamh, update ? WIRE_CALL_CHAUTHTOK_UPDATE : WIRE_CALL_CHAUTHTOK_PRELIM, flags,
                  argc, argv);
}

EXPORT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return decide(pamh, WIRE_CALL_OPEN_SESSION, flags, argc, argv);
}

EXPORT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return decide(pamh, WIRE_CALL_CLOSE_SESSION, flags, argc, argv);
}
