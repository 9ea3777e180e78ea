/* What a child that keeps root did not do, in words, and what to do instead. Does nothing. */
#include "admin/privileged.h"

#include "admin/admin.h"

#include <inttypes.h>

static bool ends_processes(enum privileged_act act)
{
    switch (act) {
    case PRIVILEGED_END_PROCESSES:
    case PRIVILEGED_END_LOGINS:
    case PRIVILEGED_END_SESSION:
        return true;
    case PRIVILEGED_LOCK_SHADOW:
    case PRIVILEGED_UNLOCK_SHADOW:
    case PRIVILEGED_NOTHING:
        break;
    }
    return false;
}

static void explain_unknown(const struct privileged *privileged, const char *name)
{
    if (ends_processes(privileged->act))
        complain(_("Whether processes of %s are left is not known: look with ps -U %s."), name,
                 name);
    else
        complain(_("Whether the Unix password of %s was changed is not known: look with passwd -S "
                   "%s, and do it with medgl-admin account shadow, which may be repeated."),
                 name, name);
}

static void explain_failed(const struct privileged *privileged,
                           const struct privileged_answer *answer, const char *name)
{
    if (ends_processes(privileged->act))
        explain_unknown(privileged, name);
    else if (answer->status >= 0)
        complain(_("The Unix password of %s was not changed: %s ended with status %d."), name,
                 USERMOD, (int)answer->status);
    else
        complain(_("The Unix password of %s was not changed: %s could not be run. It has to be "
                   "there, and a private root has to be its owner's alone."),
                 name, USERMOD);
}

/* What is said of one session in other words than of all processes. true: it was said. */
static bool explain_session(const struct privileged *privileged,
                            const struct privileged_answer *answer, const char *name)
{
    if (privileged->act != PRIVILEGED_END_SESSION)
        return false;
    switch (answer->outcome) {
    case PRIVILEGED_NOT_ROOT:
        complain(_("The processes of that session of %s were not ended: only root can do that."),
                 name);
        return true;
    case PRIVILEGED_OPERATORS:
        complain(_("The processes of that session of %s were not ended: this program runs in it. "
                   "Log out, or let another administrator end it."),
                 name);
        return true;
    case PRIVILEGED_LEFT:
        complain(_("Of %" PRIu32 " processes of that session of %s, %" PRIu32
                   " did not end: see what holds them (ps -U %s)."),
                 answer->found, name, answer->left, name);
        return true;
    case PRIVILEGED_UNKNOWN:
    case PRIVILEGED_FAILED:
        complain(_("Which processes belong to that session of %s is not known, so some may be "
                   "left: look with ps -U %s, and end them yourself, or all of them with "
                   "medgl-admin password revoke %s --sessions."),
                 name, name, name);
        return true;
    case PRIVILEGED_DONE:
    case PRIVILEGED_NOT_THEIRS:
    case PRIVILEGED_NO_LINE:
    case PRIVILEGED_HIDDEN:
        break;
    }
    return false;
}

static void explain_any(const struct privileged *privileged, const struct privileged_answer *answer,
                        const char *name, int64_t uid)
{
    switch (answer->outcome) {
    case PRIVILEGED_DONE:
        return;
    case PRIVILEGED_FAILED:
        explain_failed(privileged, answer, name);
        return;
    case PRIVILEGED_UNKNOWN:
        explain_unknown(privileged, name);
        return;
    case PRIVILEGED_NO_LINE:
        complain(_("The Unix password of %s was not changed: there is no such line in the shadow "
                   "file."),
                 name);
        return;
    case PRIVILEGED_NOT_ROOT:
        complain(_("The processes of %s were not ended: only root can do that (pkill -KILL -U "
                   "%" PRId64 ")."),
                 name, uid);
        return;
    case PRIVILEGED_OPERATORS:
        complain(_("The processes of %s were not ended: this program runs under one of them. Log "
                   "out everywhere, or let another administrator end them."),
                 name);
        return;
    case PRIVILEGED_NOT_THEIRS:
        if (!ends_processes(privileged->act))
            complain(_("The Unix password of %s was not changed: the login name has another uid by "
                       "now than %" PRId64 ". Look whose it is."),
                     name, uid);
        else
            complain(_("The processes of uid %" PRId64
                       " were not ended: it is root's, or belongs to "
                       "somebody else than %s by now. Look whose they are."),
                     uid, name);
        return;
    case PRIVILEGED_HIDDEN:
        complain(_("The processes of %s were not ended: /proc hides them here (hidepid, and no "
                   "CAP_SYS_PTRACE). Look where all are seen (ps -U %" PRId64 "), and end them "
                   "there as root (pkill -KILL -U %" PRId64 ")."),
                 name, uid, uid);
        return;
    case PRIVILEGED_LEFT:
        complain(_("Of %" PRIu32 " processes of %s, %" PRIu32 " did not end: see what holds them "
                   "(ps -U %" PRId64 "), and end them as root (pkill -KILL -U %" PRId64 ")."),
                 answer->found, name, answer->left, uid, uid);
        return;
    }
}

void privileged_explain(const struct privileged *privileged, const struct privileged_answer *answer,
                        const char *name, int64_t uid)
{
    if (!explain_session(privileged, answer, name))
        explain_any(privileged, answer, name, uid);
    if (privileged->act == PRIVILEGED_END_LOGINS &&
        (answer->outcome == PRIVILEGED_LEFT || answer->outcome == PRIVILEGED_HIDDEN))
        complain(_("What was started from its logins as root may be left, too, and is not among "
                   "those: find it with grep -lx %" PRId64 " /proc/[0-9]*/loginuid."),
                 uid);
}
