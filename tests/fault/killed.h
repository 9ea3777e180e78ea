/* What is left when a process is killed in the middle of something: it is traced, and killed before
 * the n-th of its calls that change a file. */
#ifndef MEDGL_TESTS_FAULT_KILLED_H
#define MEDGL_TESTS_FAULT_KILLED_H

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILLED_ANY (-1) /* it always changes one */

/* Those that libc makes of one are for another on some machines. */
static const struct killed_call {
    long nr;
    int flags; /* the argument that asks for O_CREAT, without which nothing changes */
} killed_calls[] = {
    {SYS_openat, 2},
#ifdef SYS_open
    {SYS_open, 1},
    {SYS_link, KILLED_ANY},
    {SYS_unlink, KILLED_ANY},
    {SYS_rename, KILLED_ANY},
    {SYS_mkdir, KILLED_ANY},
    {SYS_rmdir, KILLED_ANY},
    {SYS_symlink, KILLED_ANY},
#endif
#ifdef SYS_renameat
    {SYS_renameat, KILLED_ANY},
#endif
    {SYS_linkat, KILLED_ANY},
    {SYS_unlinkat, KILLED_ANY},
    {SYS_renameat2, KILLED_ANY},
    {SYS_mkdirat, KILLED_ANY},
    {SYS_symlinkat, KILLED_ANY},
    {SYS_write, KILLED_ANY},
    {SYS_writev, KILLED_ANY},
    {SYS_pwrite64, KILLED_ANY},
    {SYS_pwritev, KILLED_ANY},
    {SYS_ftruncate, KILLED_ANY},
    {SYS_fallocate, KILLED_ANY},
    {SYS_fsync, KILLED_ANY},
    {SYS_fdatasync, KILLED_ANY},
    {SYS_fchmod, KILLED_ANY},
    {SYS_fchown, KILLED_ANY},
};
#define KILLED_CALLS (sizeof(killed_calls) / sizeof(killed_calls[0]))

/* A call that the process is about to make. */
struct killed_entry {
    uint64_t nr, args[6];
};

static inline bool killed_changes(const struct killed_entry *entry)
{
    for (size_t i = 0; i < KILLED_CALLS; i++)
        if (entry->nr == (uint64_t)killed_calls[i].nr)
            return killed_calls[i].flags == KILLED_ANY ||
                   (entry->args[killed_calls[i].flags] & O_CREAT) != 0;
    return false;
}

#if defined(__x86_64__) && defined(__LP64__)
#define KILLED_MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__LP64__)
#define KILLED_MACHINE AUDIT_ARCH_AARCH64
#else
#error "Name the architecture of the system calls here."
#endif

/* The same by the kernel, in the process itself. Both architectures are little-endian. */
static inline bool killed_filter(void)
{
    struct sock_filter step[4 + 5 * KILLED_CALLS + 1];
    size_t n = 0;
    const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    step[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    step[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KILLED_MACHINE, 1, 0);
    step[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    step[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < KILLED_CALLS; i++) {
        const struct killed_call *call = &killed_calls[i];
        const bool any = call->flags == KILLED_ANY;
        step[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call->nr, 0,
                                                 any ? 1 : 4);
        if (!any) {
            const size_t at =
                offsetof(struct seccomp_data, args) + (size_t)call->flags * sizeof(uint64_t);
            step[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)at);
            step[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT, 1, 0);
            step[n++] = allow;
        }
        step[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    }
    step[n++] = allow;
    const struct sock_fprog program = {.len = (unsigned short)n, .filter = step};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

enum killed {
    KILLED,      /* before that call */
    KILLED_DONE, /* there were fewer: it did all, and well */
    KILLED_LOST, /* it failed, or could not be traced */
};

/* By which the process stops. */
enum killed_by {
    KILLED_BY_FILTER, /* at those calls alone. MUST NOT start another process: nobody would trace
                         that, and all of those calls would fail in it */
    KILLED_BY_STEPS,  /* at each call and behind it: what it starts goes on for itself */
};

/* Hears of each of those calls before it is made. false: the process is killed there. */
typedef bool (*killed_moment)(void *moment_argument, pid_t child, const struct killed_entry *entry);

/* Stopped, until it is traced. Its exit status tells whether it did well. */
static inline pid_t killed_start(enum killed_by by, bool (*act)(void *argument), void *argument)
{
    const pid_t child = fork();
    if (child != 0)
        return child;
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 || raise(SIGSTOP) != 0 ||
        (by == KILLED_BY_FILTER && !killed_filter()))
        _exit(2);
    _exit(act(argument) ? 0 : 1);
}

/* Whether it stopped before one of those calls, which is told. */
static inline bool killed_at_call(enum killed_by by, pid_t child, int status,
                                  struct killed_entry *entry)
{
    struct __ptrace_syscall_info info;
    const int stop = by == KILLED_BY_FILTER ? SIGTRAP | PTRACE_EVENT_SECCOMP << 8 : SIGTRAP | 0x80;
    if (status >> 8 != stop || ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) <= 0)
        return false;
    if (info.op == PTRACE_SYSCALL_INFO_SECCOMP) {
        entry->nr = info.seccomp.nr;
        memcpy(entry->args, info.seccomp.args, sizeof(entry->args));
    } else if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        entry->nr = info.entry.nr;
        memcpy(entry->args, info.entry.args, sizeof(entry->args));
    } else
        return false;
    return killed_changes(entry);
}

/* `act` is done in a child, whose exit status tells whether it did well. */
static inline enum killed killed_watch(enum killed_by by, killed_moment moment,
                                       void *moment_argument, bool (*act)(void *argument),
                                       void *argument)
{
    const int options =
        PTRACE_O_EXITKILL | (by == KILLED_BY_FILTER ? PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK |
                                                          PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE
                                                    : PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC);
    struct killed_entry entry;
    int status = 0, pass = 0;
    const pid_t child = killed_start(by, act, argument);
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, child, NULL, options) != 0)
        return KILLED_LOST;
    for (;;) {
        if (ptrace(by == KILLED_BY_FILTER ? PTRACE_CONT : PTRACE_SYSCALL, child, NULL, pass) != 0 ||
            waitpid(child, &status, 0) != child)
            return KILLED_LOST;
        if (!WIFSTOPPED(status))
            return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? KILLED_DONE : KILLED_LOST;
        const int event = status >> 16;
        if (event != 0 && event != PTRACE_EVENT_SECCOMP && event != PTRACE_EVENT_EXEC)
            return KILLED_LOST; /* it started another */
        pass = event != 0 || WSTOPSIG(status) == (SIGTRAP | 0x80) ? 0 : WSTOPSIG(status);
        if (!killed_at_call(by, child, status, &entry) || moment(moment_argument, child, &entry))
            continue;
        (void)kill(child, SIGKILL);
        return waitpid(child, &status, 0) == child && WIFSIGNALED(status) ? KILLED : KILLED_LOST;
    }
}

static inline bool killed_count(void *moment_argument, pid_t child,
                                const struct killed_entry *entry)
{
    unsigned *left = moment_argument;
    (void)child;
    (void)entry;
    return --*left > 0;
}

static inline enum killed killed_before(enum killed_by by, unsigned n, bool (*act)(void *argument),
                                        void *argument)
{
    return killed_watch(by, killed_count, &n, act, argument);
}

#endif
