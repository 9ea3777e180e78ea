/* What the driver of a smartcard cannot ask the kernel for. Landlock looks at what is read, written
 * and made: not at modes, owners, attributes and times, which the user that the driver runs as may
 * change of all that it owns, keys and store included. */
#include "engine/card_filter.h"

#include "base/auto.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__) && defined(__LP64__)
#define FILTER_ARCHITECTURE AUDIT_ARCH_X86_64
#define FILTER_NUMBERS      0x40000000U /* from here on those of x32 */
#elif defined(__aarch64__) && defined(__LP64__)
#define FILTER_ARCHITECTURE AUDIT_ARCH_AARCH64
#define FILTER_NUMBERS      0x80000000U
#else
#error "Name the architecture of the system calls here, and try the filter on it."
#endif

/* Of later kernels than the header; numbers from 424 on are the same everywhere. */
#define CALL_FCHMODAT2     452
#define CALL_SETXATTRAT    463
#define CALL_REMOVEXATTRAT 466
#define CALL_FILE_SETATTR  469

static const uint32_t refused_calls[] = {
#ifdef SYS_chmod /* newer architectures have those with a directory alone */
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_utime,
    SYS_utimes,
    SYS_futimesat,
#endif
    SYS_fchmod,
    SYS_fchmodat,
    CALL_FCHMODAT2,
    SYS_fchown,
    SYS_fchownat,
    SYS_utimensat,
    SYS_truncate, /* Landlock knows it from version 3 on */
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    CALL_SETXATTRAT,
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
    CALL_REMOVEXATTRAT,
    CALL_FILE_SETATTR,
    SYS_io_uring_setup, /* does all of this by other means */
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_process_madvise,
    SYS_pidfd_getfd,
    SYS_kcmp,
    SYS_perf_event_open,
    SYS_bpf,
    SYS_userfaultfd,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_setpriority,
    SYS_ioprio_set,
    SYS_sched_setparam,
    SYS_sched_setscheduler,
    SYS_sched_setattr,
    SYS_sched_setaffinity,
    SYS_migrate_pages,
    SYS_move_pages,
};

/* Any directory can be opened, and these change it. */
static const uint32_t refused_controls[] = {FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR, FS_IOC_SETVERSION,
                                            FS_IOC_SET_ENCRYPTION_POLICY};

#define FILTER_MAX (16 + 2 * (MEDGL_COUNT(refused_calls) + MEDGL_COUNT(refused_controls)))

struct filter {
    struct sock_filter step[FILTER_MAX];
    unsigned short count;
};

static void add(struct filter *filter, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
    filter->step[filter->count++] = (struct sock_filter){.code = code, .jt = yes, .jf = no, .k = k};
}

static void add_load(struct filter *filter, size_t offset)
{
    add(filter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void add_refusal(struct filter *filter)
{
    add(filter, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
}

static void add_refused(struct filter *filter, const uint32_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add(filter, BPF_JMP | BPF_JEQ | BPF_K, values[i], 0, 1);
        add_refusal(filter);
    }
}

/* The low half of an argument: both architectures are little-endian. */
static size_t argument_at(size_t index)
{
    return offsetof(struct seccomp_data, args) + index * sizeof(uint64_t);
}

static void filter_build(struct filter *filter)
{
    add_load(filter, offsetof(struct seccomp_data, arch));
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, FILTER_ARCHITECTURE, 1, 0);
    add_refusal(filter);
    add_load(filter, offsetof(struct seccomp_data, nr));
    add(filter, BPF_JMP | BPF_JGE | BPF_K, FILTER_NUMBERS, 0, 1);
    add_refusal(filter);
    add_refused(filter, refused_calls, MEDGL_COUNT(refused_calls));
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 0, 4);
    add_load(filter, argument_at(0));
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0); /* its own */
    add_refusal(filter);
    add(filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 1, 0);
    add(filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    add_load(filter, argument_at(1));
    add_refused(filter, refused_controls, MEDGL_COUNT(refused_controls));
    add(filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

bool card_filter(void)
{
    struct filter filter = {.count = 0};
    filter_build(&filter);
    const struct sock_fprog program = {.len = filter.count, .filter = filter.step};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
