/* What the engine does to itself before it reads a byte of its caller. A step that fails ends the
 * process, and the call with it; but limits and pace, which a container may forbid, only warn. */
#include "engine/harden.h"

#include "base/auto.h"
#include "base/log.h"
#include "base/path.h"
#include "base/privilege.h"
#include "engine/wire.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HARDEN_IOPRIO_PROCESS 1 /* IOPRIO_WHO_PROCESS, of which libc has no header */

bool harden_world(void)
{
    sigset_t none;
    int fd;
    if (clearenv() != 0 || chdir("/") != 0)
        return false;
    (void)umask(077);
    if (close_range(WIRE_FD + 1, ~0U, 0) != 0 || fcntl(WIRE_FD, F_GETFD) < 0)
        return false;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC); /* fills what is closed of 0..2 */
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd < 0 || close(fd) != 0)
        return false;
    return sigemptyset(&none) == 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0 &&
           signal(SIGALRM, SIG_DFL) != SIG_ERR && signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

bool harden_may_use_root(const char *root)
{
    char path[PATH_MAX];
    struct stat state;
    size_t len = strlen(root);
    if (root[0] != '/' || len < 2 || root[len - 1] == '/' ||
        path_under(path, root, MEDGL_STATEDIR) != MEDGL_OK)
        return false;
    if (getuid() == 0 && geteuid() == 0)
        return true;
    return getuid() == geteuid() && stat(path, &state) == 0 && S_ISDIR(state.st_mode) &&
           state.st_uid == geteuid();
}

/* The caller may be somebody's sudo: limits that its user chose must not break a write off halfway
 * or keep secrets out of locked memory. */
static bool harden_limits(void)
{
    static const struct {
        int resource;
        rlim_t limit;
    } limits[] = {
        {RLIMIT_CORE, 0},
        {RLIMIT_FSIZE, RLIM_INFINITY},
        {RLIMIT_CPU, RLIM_INFINITY},
        {RLIMIT_AS, RLIM_INFINITY}, /* Argon2's memory is bounded by the slots */
        {RLIMIT_DATA, RLIM_INFINITY},
        {RLIMIT_STACK, 8 << 20},
        {RLIMIT_NOFILE, 256},
        {RLIMIT_NPROC, RLIM_INFINITY},
        {RLIMIT_MEMLOCK, RLIM_INFINITY},
    };
    bool all = true; /* one that a container forbids does not keep the others from being set */
    for (size_t i = 0; i < MEDGL_COUNT(limits); i++) {
        const struct rlimit limit = {limits[i].limit, limits[i].limit};
        all &= setrlimit((__rlimit_resource_t)limits[i].resource, &limit) == 0;
    }
    return all;
}

/* The caller may be somebody's su: a slow engine would hold a KDF slot and the store's lock, which
 * everybody waits for, as long as its user likes. Never slower than the system's own processes. */
static bool harden_pace(void)
{
    const struct sched_param none = {.sched_priority = 0};
    cpu_set_t all;
    memset(&all, 0xff, sizeof(all));
    bool good = sched_setscheduler(0, SCHED_OTHER, &none) == 0;
    good &= sched_setaffinity(0, sizeof(all), &all) == 0;
    good &= setpriority(PRIO_PROCESS, 0, 0) == 0;
    good &= syscall(SYS_ioprio_set, HARDEN_IOPRIO_PROCESS, 0, 0) == 0;
    return prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0) == 0 && good; /* 0: the default */
}

enum medgl_error harden_privilege(void)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (uid == 0) {
        MEDGL_TRY(privilege_owner(&uid, &gid));
        if (uid == 0 || gid == 0) {
            log_line(LOG_ERR,
                     "the system user \"%s\" is root or in its group: give it ids of its own",
                     MEDGL_USER);
            return MEDGL_ERR_ACCESS;
        }
        if (!harden_limits())
            log_line(LOG_WARNING, "not all resource limits could be set: %m");
        if (!harden_pace())
            log_line(LOG_WARNING, "the priority of the caller could not be left behind: %m");
    }
    if (privilege_drop(uid, gid) == MEDGL_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        return MEDGL_OK;
    log_line(LOG_ERR,
             "cannot become the user \"%s\" for good: %m: the caller must be root itself, "
             "with the capabilities SETUID and SETGID",
             MEDGL_USER);
    return MEDGL_ERR_ACCESS;
}

void harden_deadline(unsigned seconds)
{
    (void)alarm(seconds);
}
