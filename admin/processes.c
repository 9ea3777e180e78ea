/* Ending what runs under a uid, or was started from its logins. Knows processes alone: no account,
 * no name. */
#include "admin/processes.h"

#include "admin/privileged.h"
#include "base/auto.h"
#include "base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOGINCTL       "/usr/bin/loginctl"
#define NAMESPACES_MAX 33   /* as deep as the kernel has them, and its own */
#define STATUS_SIZE    1024 /* its first lines: what is asked for stands there */

const int processes_nothing[] = {0}, processes_polite[] = {SIGHUP, SIGTERM, SIGCONT, 0},
          processes_deadly[] = {SIGKILL, 0};

static bool process_file(const char *procfs, pid_t pid, const char *name, char text[STATUS_SIZE])
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%d/%s", procfs, (int)pid, name);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, STATUS_SIZE - 1) : -1;
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

bool process_read_by(const char *procfs, pid_t pid, struct process *process)
{
    char text[STATUS_SIZE];
    if (!process_file(procfs, pid, "loginuid", text) ||
        sscanf(text, "%" SCNu32, &process->login) != 1)
        process->login = PROCESS_NO_LOGIN;
    if (!process_file(procfs, pid, "status", text))
        return false;
    /* The name of the program stands first, its newlines escaped. */
    const char *parent = strstr(text, "\nPPid:\t"), *uid = strstr(text, "\nUid:\t");
    return parent != NULL && uid != NULL && sscanf(parent, "\nPPid:\t%d", &process->parent) == 1 &&
           sscanf(uid, "\nUid:\t%" SCNu32 "%" SCNu32, &process->uid, &process->effective) == 2;
}

bool process_read(pid_t pid, struct process *process)
{
    return process_read_by("/proc", pid, process);
}

/* Also whoever runs a setuid program of theirs. Not servers of root's that act for them meanwhile.
 */
bool process_is_theirs(const struct process *process, const struct processes_whose *whose)
{
    return process->uid == whose->uid || (process->effective == whose->uid && process->uid != 0) ||
           (whose->logins && process->login != PROCESS_NO_LOGIN && process->login == whose->uid);
}

bool process_send(int fd, const int *signals)
{
    struct pollfd end = {.fd = fd, .events = POLLIN};
    if (fd >= 0 && poll(&end, 1, 0) != 0)
        return false;
    for (size_t i = 0; fd >= 0 && signals[i] != 0; i++)
        (void)pidfd_send_signal(fd, signals[i], NULL, 0); /* who is left is counted next time */
    return true;
}

/* Whether this process, or one that it descends from, is theirs. Not known: as if. */
static bool process_runs_under(const struct processes_whose *whose)
{
    struct process process = {.parent = getpid()};
    while (process.parent > 0)
        if (!process_read(process.parent, &process) || process_is_theirs(&process, whose))
            return true;
    return false;
}

/* MUST: where the first process counts to a login, as in a container that somebody started from
 * theirs, all do: nothing is told from it then. */
static bool process_logins_count(void)
{
    struct process first;
    return process_read(1, &first) && first.login == PROCESS_NO_LOGIN;
}

bool process_is_in_namespace_of(pid_t pid, uid_t uid)
{
    char path[64];
    struct stat ours, st;
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (stat("/proc/self/ns/user", &ours) != 0)
        return false;
    for (int depth = 0; fd >= 0 && depth < NAMESPACES_MAX; depth++) {
        uid_t owner;
        if (fstat(fd, &st) != 0 || (st.st_dev == ours.st_dev && st.st_ino == ours.st_ino) ||
            ioctl(fd, NS_GET_OWNER_UID, &owner) != 0)
            return false;
        if (owner == uid)
            return true;
        const int inside = fd;
        fd = ioctl(inside, NS_GET_PARENT); /* EPERM: it is outside of ours */
        (void)close(inside);
    }
    return false;
}

/* Whether it is theirs and not at its end; if so, it gets the signals. One that cannot be had lives
 * on, as far as is known. */
static bool process_signal(pid_t pid, const struct processes_whose *whose, const int *signals)
{
    struct process process;
    auto_fd int fd = pidfd_open(pid, 0);
    if ((fd < 0 && errno == ESRCH) || !process_read(pid, &process) ||
        (!process_is_theirs(&process, whose) && !process_is_in_namespace_of(pid, whose->uid)))
        return false;
    return process_send(fd, signals);
}

/* Signals all of them; `*living`: how many. false: who there is cannot be known. */
static bool processes_signal(const struct processes_whose *whose, const int *signals,
                             uint32_t *living)
{
    DIR *directory = opendir("/proc");
    const struct dirent *entry;
    const int64_t until = clock_monotonic() + PROCESSES_SCAN_MS;
    *living = 0;
    if (directory == NULL)
        return false;
    while ((entry = readdir(directory)) != NULL) {
        if (clock_monotonic() > until) { /* there are new ones as fast as they are looked at */
            ++*living;
            break;
        }
        if (entry->d_name[strspn(entry->d_name, "0123456789")] == '\0' &&
            process_signal((pid_t)strtol(entry->d_name, NULL, 10), whose, signals))
            ++*living;
    }
    (void)closedir(directory);
    return true;
}

/* For good, and without a look: a moment later it is one of theirs, and they may stop it. */
static void sweep_child(uid_t uid)
{
    if (setresuid(uid, uid, uid) != 0)
        _exit(errno == EINVAL ? 0 : 1); /* no uid of this namespace: nothing runs under it */
    _exit(kill(-1, SIGKILL) == 0 || errno == ESRCH ? 0 : 1);
}

/* MUST: whoever forks and ends faster than somebody can look is ended, too: all at one moment, by
 * the kernel, in which no fork gets past the signal. false: it could not be done. */
static bool processes_sweep(uid_t uid)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        sweep_child(uid);
    if (child < 0)
        return false;
    auto_fd int fd = pidfd_open(child, 0);
    struct pollfd end = {.fd = fd, .events = POLLIN};
    if (fd < 0 || poll(&end, 1, PROCESSES_SWEEP_MS) != 1)
        (void)kill(child, SIGKILL);
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool processes_have_logind(void)
{
    struct stat st;
    return lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode);
}

/* What logind keeps for a user, such as services that linger, would be started again. What it says
 * decides nothing: who is left is looked for afterwards. */
static void processes_end_sessions(uid_t uid)
{
    char number[16];
    if (!processes_have_logind())
        return;
    (void)snprintf(number, sizeof(number), "%" PRIu32, uid);
    const char *const argv[] = {LOGINCTL, "terminate-user", number, NULL};
    (void)privileged_program(argv);
}

/* One terminal, where it is theirs. It may be stopped (Ctrl-S), or not be there any more. */
static bool terminal_tell(int directory, const char *name, uid_t uid)
{
    static const char text[] =
        "\r\n\r\nAll sessions of this account are ended now; it was closed, or its password "
        "revoked.\r\nAsk the security administrator.\r\n";
    struct stat st;
    auto_fd int fd =
        openat(directory, name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_uid == uid &&
           isatty(fd) && write(fd, text, sizeof(text) - 1) > 0;
}

/* How many were told. A login makes its terminal theirs. MUST: no name there is opened that
 * somebody else made. */
static uint32_t terminals_tell(const char *path, const char *prefix, uid_t uid)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    struct stat st;
    uint32_t told = 0;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        const char *number = entry->d_name + strlen(prefix);
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 && number[0] != '\0' &&
            number[strspn(number, "0123456789")] == '\0' &&
            fstatat(dirfd(directory), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISCHR(st.st_mode) && st.st_uid == uid)
            told += terminal_tell(dirfd(directory), entry->d_name, uid);
    }
    if (directory != NULL)
        (void)closedir(directory);
    return told;
}

/* Who opens a terminal waits for whoever works on it, in the kernel, as long as they like, and no
 * signal ends that. MUST: nobody waits for who does, and it has no file that another one reads. */
static _Noreturn void terminals_child(uid_t uid)
{
    (void)close_range(0, ~0U, 0);
    const uint32_t told = terminals_tell("/dev/pts", "", uid) + terminals_tell("/dev", "tty", uid);
    _exit(told > 0 ? 0 : 1);
}

/* Or it looks like a fault of the network. */
static void processes_tell(uid_t uid)
{
    static const struct timespec reading = {.tv_nsec = PROCESSES_TOLD_MS * 1000000L};
    int status = 1;
    const pid_t child = fork();
    if (child == 0)
        terminals_child(uid);
    if (child < 0)
        return;
    auto_fd int fd = pidfd_open(child, 0);
    struct pollfd end = {.fd = fd, .events = POLLIN};
    if (fd < 0 || poll(&end, 1, PROCESSES_TELLER_MS) != 1)
        (void)kill(child, SIGKILL);
    if (waitpid(child, &status, WNOHANG) == child && status == 0)
        (void)nanosleep(&reading, NULL);
}

void processes_end(const struct processes_whose *ordered, int64_t operator_uid,
                   struct privileged_answer *answer)
{
    static const struct timespec moment = {.tv_nsec = PROCESSES_PAUSE_MS * 1000000L};
    const uid_t uid = ordered->uid;
    const struct processes_whose whose = {.uid = uid,
                                          .logins = ordered->logins && process_logins_count()};
    answer->outcome = PRIVILEGED_OPERATORS;
    if (uid == 0 || operator_uid == (int64_t)uid || process_runs_under(&whose))
        return;
    answer->outcome = PRIVILEGED_FAILED;
    if (!processes_signal(&whose, processes_nothing, &answer->found))
        return;
    if (answer->found > 0)
        processes_tell(uid);
    processes_end_sessions(uid);
    const int64_t patience = clock_monotonic() + PROCESSES_POLITE_MS;
    bool swept = false;
    for (int round = 0; round < PROCESSES_ROUNDS; round++) {
        const bool deadly = round > 0 && clock_monotonic() >= patience;
        const int *signals = round == 0 ? processes_polite
                             : deadly   ? processes_deadly
                                        : processes_nothing;
        if (!processes_signal(&whose, signals, &answer->left))
            return;
        answer->outcome = answer->left == 0 && swept ? PRIVILEGED_DONE : PRIVILEGED_LEFT;
        if (answer->outcome == PRIVILEGED_DONE)
            return;
        if (answer->left == 0 || deadly)
            swept = processes_sweep(uid);
        (void)nanosleep(&moment, NULL);
    }
    answer->left += answer->left == 0;
}
