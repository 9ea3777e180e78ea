/* Looks at the files of one person's home that let somebody in. The home is the person's: links in
 * it lead anywhere, and a file system of the person's own (FUSE) may never answer. So the look is
 * had with the person's rights, in a child that is left behind when it takes too long. Never shows
 * what is in a file. */
#include "operation/doctor.h"

#include "base/auto.h"
#include "base/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define HOME_WAIT       5000 /* milliseconds */
#define HOME_WAIT_LEAST 200

/* What the child says. */
#define HOME_LOOKED 16
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
                                                 int64_t uid, int64_t gid, int to)
{
    const bool root = geteuid() == 0;
    if (root && uid != 0 && privilege_drop((uid_t)uid, (gid_t)gid) != MEDGL_OK)
        _exit(1);
    const char found = (char)home_look(doctor, home);
    _exit(write(to, &found, 1) == 1 ? 0 : 1);
}

/* What the child says; 0: nothing, or not in time. */
static int home_hear(int from, int *patience)
{
    const int most = *patience < HOME_WAIT_LEAST ? HOME_WAIT_LEAST
                     : *patience < HOME_WAIT     ? *patience
                                                 : HOME_WAIT;
    struct pollfd end = {.fd = from, .events = POLLIN};
    char found = 0;
    int ready;
    while ((ready = poll(&end, 1, most)) < 0 && errno == EINTR)
        ;
    if (ready == 0)
        *patience -= most;
    return ready == 1 && read(from, &found, 1) == 1 ? found : 0;
}

/* One that said nothing may hang in a file system, beyond being killed: it is left to the kernel.
 */
static void home_end(pid_t child, bool heard)
{
    if (!heard)
        (void)kill(child, SIGKILL);
    while (waitpid(child, NULL, heard ? 0 : WNOHANG) < 0 && errno == EINTR)
        ;
}

bool doctor_home(const struct doctor *doctor, const char *home, int64_t uid, int64_t gid,
                 int *patience, struct doctor_home *found)
{
    *found = (struct doctor_home){false, false};
    if (home[0] != '/')
        return true;
    if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX) /* -1 leaves root root */
        return false;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    auto_fd int from = ends[0];
    (void)fflush(NULL);
    const pid_t child = fork();
    if (child == 0)
        home_child(doctor, home, uid, gid, ends[1]);
    (void)close(ends[1]);
    const int heard = child > 0 ? home_hear(from, patience) : 0;
    if (child > 0)
        home_end(child, heard != 0);
    *found = (struct doctor_home){(heard & HOME_KEYS) != 0, (heard & HOME_HOSTS) != 0};
    return (heard & HOME_LOOKED) != 0;
}
