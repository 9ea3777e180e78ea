/* An engine for one call: a root host makes its own, everybody else reaches one through the socket.
 * Leaves the host's world alone: no child that its wait() could see, no SIGCHLD, no descriptor, no
 * changed signal mask. */
#include "pam_medgl/module.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define STACK_SIZE (256 * 1024) /* of each helper; only touched pages cost memory */

/* Shared with the two helpers, which run in the host's memory: they do nothing but system calls. */
struct launch {
    char *const *arguments; /* [0] is the path of the engine */
    int socket;             /* its end */
    bool root;
    char *engine_stack; /* top */
    const char *failed; /* what did not work, NULL: nothing */
    int error;
};

/* The last thing of a helper that cannot go on. */
static int give_up(struct launch *launch, const char *what)
{
    launch->error = errno;
    launch->failed = what;
    return 127;
}

/* 0..2 on the null device, the socket on WIRE_FD, nothing else. */
static bool arrange_descriptors(int from)
{
    if (from == WIRE_FD ? fcntl(from, F_SETFD, 0) != 0 : dup3(from, WIRE_FD, 0) < 0)
        return false;
    if (syscall(SYS_close_range, WIRE_FD + 1, ~0U, 0) != 0)
        return false;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return false;
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if ((null == fd ? fcntl(fd, F_SETFD, 0) : dup3(null, fd, 0)) < 0)
            return false;
    return null <= STDERR_FILENO || close(null) == 0;
}

/* The process that becomes the engine. Descriptors, directory, umask, ids and signals are its own;
 * the memory is the host's until execve(). Signals stay blocked until no handler is left. */
static int become_engine(void *argument)
{
    struct launch *launch = argument;
    static char *const nothing[] = {NULL};
    struct sigaction preset;
    sigset_t none;
    memset(&preset, 0, sizeof(preset));
    preset.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; signal++)
        (void)sigaction(signal, &preset, NULL); /* refused for a few that cannot be changed */
    /* So that the user of a setuid host cannot signal the engine. Raw, because the C library's call
     * would change the host's threads too. */
    if (launch->root && syscall(SYS_setresuid, 0, 0, 0) != 0)
        return give_up(launch, "become root for");
    if (setsid() < 0 || chdir("/") != 0)
        return give_up(launch, "detach");
    (void)umask(077);
    if (!arrange_descriptors(launch->socket))
        return give_up(launch, "arrange the descriptors of");
    (void)sigemptyset(&none);
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, _NSIG / 8);
    (void)execve(launch->arguments[0], launch->arguments, nothing);
    return give_up(launch, "run");
}

/* Stands between the host and the engine, which becomes init's when this one returns. */
static int stand_between(void *argument)
{
    struct launch *launch = argument;
    if (clone(become_engine, launch->engine_stack, CLONE_VM | CLONE_VFORK | SIGCHLD, launch) < 0)
        return give_up(launch, "make a process for");
    return 0;
}

/* One clone would not do: execve() sets the exit signal to SIGCHLD whatever it was, and the host's
 * handler and its wait(-1) would meet our engine. Hence two. The one between never calls execve():
 * with exit signal 0 it raises nothing, no wait without __WCLONE sees it, and a host that ignores
 * SIGCHLD does not make it vanish. (Who made itself a subreaper inherits the engine, as it does
 * every orphan.) CLONE_VFORK: we go on when the engine has begun or failed. CLONE_VM: a large host
 * is not copied, and its fork handlers do not run. All signals are blocked, the C library's own
 * too: a handler of the host's must not run in a helper. */
static void run_helpers(struct launch *launch, char *top)
{
    unsigned char all[_NSIG / 8], saved[_NSIG / 8];
    int cancel;
    memset(all, 0xff, sizeof(all));
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, all, saved, sizeof(all));
    pid_t between = clone(stand_between, top, CLONE_VM | CLONE_VFORK, launch);
    if (between < 0)
        (void)give_up(launch, "make a process for");
    else
        while (waitpid(between, NULL, (int)__WCLONE) < 0 && errno == EINTR)
            ;
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, saved, NULL, sizeof(saved));
    (void)pthread_setcancelstate(cancel, NULL);
}

static bool launch_engine(pam_handle_t *pamh, const char *root, const char *path, int socket)
{
    char *const bare[] = {(char *)path, NULL};
    char *const rooted[] = {(char *)path, (char *)"--root", (char *)root, NULL};
    char *stacks = mmap(NULL, 2 * STACK_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    struct launch launch = {
        .arguments = root == NULL ? bare : rooted,
        .socket = socket,
        .root = geteuid() == 0,
        .failed = NULL,
    };
    if (stacks == MAP_FAILED) {
        (void)give_up(&launch, "get memory for");
    } else {
        launch.engine_stack = stacks + STACK_SIZE;
        run_helpers(&launch, stacks + 2 * STACK_SIZE);
        (void)munmap(stacks, 2 * STACK_SIZE);
    }
    if (launch.failed == NULL)
        return true;
    errno = launch.error;
    module_log(
        pamh, LOG_ERR,
        "cannot %s %s: %m: install the package again, or take pam_medgl out of the service file",
        launch.failed, path);
    return false;
}

/* -- finding one ---------------------------------------------------------------------------- */

static int spawn_engine(pam_handle_t *pamh, const char *root)
{
    char path[PATH_MAX];
    int pair[2];
    int len =
        snprintf(path, sizeof(path), "%s%s/medgl-auth", root == NULL ? "" : root, MEDGL_LIBEXECDIR);
    if (len < 0 || (size_t)len >= sizeof(path))
        return -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        module_log(pamh, LOG_ERR,
                   "cannot make a socket for medgl-auth: %m: raise this program's "
                   "limit of open files, or look for what leaks them");
        return -1;
    }
    bool launched = launch_engine(pamh, root, path, pair[1]);
    (void)close(pair[1]);
    if (launched)
        return pair[0];
    (void)close(pair[0]);
    return -1;
}

static int connect_engine(pam_handle_t *pamh, const char *root)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = WIRE_PATIENCE_MS / 1000,
                                     .tv_usec = WIRE_PATIENCE_MS % 1000 * 1000};
    int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s%s/auth.socket",
                       root == NULL ? "" : root, MEDGL_RUNDIR);
    if (len < 0 || (size_t)len >= sizeof(address.sun_path)) {
        module_log(pamh, LOG_ERR, "the path of auth.socket under root= is too long for a socket");
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    int failed = fd < 0;
    /* Behind a full queue connect() waits as long as sending may. */
    if (!failed)
        failed = setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    while (!failed && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        failed = errno != EINTR;
    if (!failed)
        return fd;
    module_log(pamh, LOG_ERR, "cannot reach medgl-auth at %s: %m: start medgl-auth.socket",
               address.sun_path);
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* Root makes the engine itself; so does the owner of a private root, where there is no boundary. */
static bool may_spawn(const char *root)
{
    char path[PATH_MAX];
    struct stat state;
    if (geteuid() == 0)
        return true;
    if (root == NULL)
        return false;
    int len = snprintf(path, sizeof(path), "%s%s", root, MEDGL_STATEDIR);
    return len > 0 && (size_t)len < sizeof(path) && stat(path, &state) == 0 &&
           S_ISDIR(state.st_mode) && state.st_uid == geteuid();
}

int engine_open(pam_handle_t *pamh, const char *root)
{
    struct fillers fillers;
    int fd = -1;
    if (standard_fill(&fillers))
        fd = may_spawn(root) ? spawn_engine(pamh, root) : connect_engine(pamh, root);
    else
        module_log(pamh, LOG_ERR,
                   "cannot open /dev/null: %m: it must exist where this program runs, "
                   "and its limit of open files must leave room");
    standard_drain(&fillers);
    return fd;
}
