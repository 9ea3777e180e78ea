/* Looks at the files of one person's home that let somebody in. The home is the person's: links in
 * it lead anywhere, and a file system of the person's own (FUSE) may never answer. So the look is
 * had with the person's rights, in a child that is left behind when it takes too long. Never shows
 * what is in a file. */
#include "operation/doctor.h"

#include "base/auto.h"
#include "base/privilege.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#define HOME_WAIT       5000 /* milliseconds */
#define HOME_WAIT_LEAST 200

/* How the child ends. */
#define HOME_LOOKED 16 /* and no accident */
#define HOME_KEYS   1
#define HOME_HOSTS  2

static bool home_says_something(const struct doctor *doctor, const char *home, const char *name)
{
    char path[PATH_MAX];
    auto_clean(doctor_text_free) struct doctor_text text = {NULL};
    if (snprintf(path, sizeof(path), "%s/%s", home, name) >= (int)sizeof(path) ||
        doctor_read(doctor, path, &text) != NULL)
        return false;
    for (const char *line; (line = doctor_line(&text)) != NULL;) {
        line += strspn(line, " \t\r");
        if (line[0] != '\0' && line[0] != '#')
            return true;
    }
    return false;
}

static int home_look(const struct doctor *doctor, const char *home)
{
    int found = HOME_LOOKED;
    if (home_says_something(doctor, home, ".ssh/authorized_keys") ||
        home_says_something(doctor, home, ".ssh/authorized_keys2"))
        found |= HOME_KEYS;
    if (home_says_something(doctor, home, ".rhosts") ||
        home_says_something(doctor, home, ".shosts"))
        found |= HOME_HOSTS;
    return found;
}

/* The child. Its memory has what root read, so nobody may trace it. */
__attribute__((noreturn)) static void home_child(const struct doctor *doctor, const char *home,
                                                 int64_t uid, int64_t gid)
{
    const bool root = geteuid() == 0;
    if (root && uid != 0 && privilege_drop((uid_t)uid, (gid_t)gid) != MEDGL_OK)
        _exit(1);
    _exit(home_look(doctor, home));
}

/* How it ended; -1: it did not in time, and is left to the kernel (what hangs in a file system can
 * be beyond being killed). */
static int home_wait(pid_t child, int *patience)
{
    siginfo_t info = {.si_code = 0};
    const int most = *patience < HOME_WAIT_LEAST ? HOME_WAIT_LEAST
                     : *patience < HOME_WAIT     ? *patience
                                                 : HOME_WAIT;
    int ready;
    auto_fd int pidfd = pidfd_open(child, 0);
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    do
        ready = pidfd >= 0 ? poll(&end, 1, most) : -1;
    while (ready < 0 && pidfd >= 0 && errno == EINTR);
    if (ready != 1) {
        (void)kill(child, SIGKILL);
        if (ready == 0)
            *patience -= most;
    }
    if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG) != 0 || info.si_pid != child ||
        info.si_code != CLD_EXITED)
        return -1;
    return info.si_status;
}

bool doctor_home(const struct doctor *doctor, const char *home, int64_t uid, int64_t gid,
                 int *patience, struct doctor_home *found)
{
    *found = (struct doctor_home){false, false};
    if (home[0] != '/')
        return true;
    if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX) /* -1 leaves root root */
        return false;
    (void)fflush(NULL);
    const pid_t child = fork();
    if (child == 0)
        home_child(doctor, home, uid, gid);
    const int end = child > 0 ? home_wait(child, patience) : -1;
    if (end < HOME_LOOKED)
        return false;
    *found = (struct doctor_home){(end & HOME_KEYS) != 0, (end & HOME_HOSTS) != 0};
    return true;
}
