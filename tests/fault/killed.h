/* What is left when a process is killed in the middle of something: it is traced, and killed before
 * the n-th of its calls that change a file. */
#ifndef MEDGL_TESTS_FAULT_KILLED_H
#define MEDGL_TESTS_FAULT_KILLED_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Those that libc makes of one are for another on some machines. */
static inline bool killed_changes(const struct __ptrace_syscall_info *info)
{
    switch (info->entry.nr) {
    case SYS_openat:
        return (info->entry.args[2] & O_CREAT) != 0;
#ifdef SYS_open
    case SYS_open:
        return (info->entry.args[1] & O_CREAT) != 0;
    case SYS_link:
    case SYS_unlink:
    case SYS_rename:
    case SYS_mkdir:
    case SYS_rmdir:
    case SYS_symlink:
#endif
#ifdef SYS_renameat
    case SYS_renameat:
#endif
    case SYS_linkat:
    case SYS_unlinkat:
    case SYS_renameat2:
    case SYS_mkdirat:
    case SYS_symlinkat:
    case SYS_write:
    case SYS_writev:
    case SYS_pwrite64:
    case SYS_pwritev:
    case SYS_ftruncate:
    case SYS_fallocate:
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_fchmod:
    case SYS_fchown:
        return true;
    default:
        return false;
    }
}

enum killed {
    KILLED,      /* before that call */
    KILLED_DONE, /* there were fewer: it did all, and well */
    KILLED_LOST, /* it failed, or could not be traced */
};

/* Hears of each of those calls before it is made. false: the process is killed there. */
typedef bool (*killed_moment)(void *moment_argument, pid_t child,
                              const struct __ptrace_syscall_info *info);

/* `act` is done in a child, whose exit status tells whether it did well. */
static inline enum killed killed_watch(killed_moment moment, void *moment_argument,
                                       bool (*act)(void *argument), void *argument)
{
    struct __ptrace_syscall_info info;
    int status = 0, pass = 0;
    const pid_t child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 || raise(SIGSTOP) != 0)
            _exit(2);
        _exit(act(argument) ? 0 : 1);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, child, NULL,
               PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) != 0)
        return KILLED_LOST;
    for (;;) {
        if (ptrace(PTRACE_SYSCALL, child, NULL, pass) != 0 || waitpid(child, &status, 0) != child)
            return KILLED_LOST;
        if (!WIFSTOPPED(status))
            return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? KILLED_DONE : KILLED_LOST;
        if (status >> 16 != 0) { /* it became another program */
            pass = 0;
            continue;
        }
        pass = WSTOPSIG(status) == (SIGTRAP | 0x80) ? 0 : WSTOPSIG(status);
        if (pass != 0)
            continue;
        if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) <= 0)
            return KILLED_LOST;
        if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !killed_changes(&info) ||
            moment(moment_argument, child, &info))
            continue;
        (void)kill(child, SIGKILL);
        return waitpid(child, &status, 0) == child && WIFSIGNALED(status) ? KILLED : KILLED_LOST;
    }
}

static inline bool killed_count(void *moment_argument, pid_t child,
                                const struct __ptrace_syscall_info *info)
{
    unsigned *left = moment_argument;
    (void)child;
    (void)info;
    return --*left > 0;
}

static inline enum killed killed_before(unsigned n, bool (*act)(void *argument), void *argument)
{
    return killed_watch(killed_count, &n, act, argument);
}

#endif
