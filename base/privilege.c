/* Becoming somebody else for good; checked, because a failed drop that goes unnoticed is a hole. */
#include "base/privilege.h"

#include "base/log.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static enum medgl_error privilege_seal_memory(void)
{
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return MEDGL_ERR_ACCESS;
    return MEDGL_OK;
}

enum medgl_error privilege_drop(uid_t uid, gid_t gid)
{
    uid_t real, effective, saved;
    gid_t real_group, effective_group, saved_group;
    if (geteuid() != 0)
        return geteuid() == uid && getuid() == uid ? privilege_seal_memory() : MEDGL_ERR_ACCESS;
    if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
        return MEDGL_ERR_ACCESS;
    if (getresuid(&real, &effective, &saved) != 0 ||
        getresgid(&real_group, &effective_group, &saved_group) != 0)
        return MEDGL_ERR_ACCESS;
    if (real != uid || effective != uid || saved != uid || real_group != gid ||
        effective_group != gid || saved_group != gid || getgroups(0, NULL) != 0)
        return MEDGL_ERR_ACCESS;
    if (uid != 0 && (setuid(0) == 0 || seteuid(0) == 0))
        return MEDGL_ERR_ACCESS;
    if (gid != 0 && (setgid(0) == 0 || setegid(0) == 0))
        return MEDGL_ERR_ACCESS;
    return privilege_seal_memory();
}

enum medgl_error privilege_user(const char *name, uid_t *uid, gid_t *gid)
{
    errno = 0;
    const struct passwd *user = getpwnam(name);
    /* With these the answer is that there is none (getpwnam(3)); any other is no answer. */
    bool answered =
        errno == 0 || errno == ENOENT || errno == ESRCH || errno == EBADF || errno == EPERM;
    if (user == NULL && !answered) {
        log_line(LOG_ERR, "cannot look up the system user \"%s\": %m: mend that, and try again",
                 name);
        return medgl_error_from_errno(errno);
    }
    if (user == NULL) {
        log_line(LOG_ERR,
                 "the system user \"%s\" does not exist: make it with systemd-sysusers or adduser "
                 "--system --group %s",
                 name, name);
        return MEDGL_ERR_NOT_FOUND;
    }
    *uid = user->pw_uid;
    *gid = user->pw_gid;
    return MEDGL_OK;
}

enum medgl_error privilege_owner(uid_t *uid, gid_t *gid)
{
    return privilege_user(MEDGL_USER, uid, gid);
}
