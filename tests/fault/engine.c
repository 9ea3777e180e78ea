/* The real engine, with the calls that it and SQLite make disturbed, counted and traced as the
 * board says. It defines them itself: what a program defines goes before the C library's, for the
 * libraries that the program is linked with too. Never installed. */
#undef _FORTIFY_SOURCE /* its inline functions would meet ours */
#include "tests/cheap_cost.h"
#include "tests/fault/board.h"

#include "base/path.h"
#include "engine/wire.h"

#include <dlfcn.h>
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

static struct board *board;
static char state_directory[PATH_MAX];

enum fate {
    FATE_SPARED,
    FATE_FAILS, /* errno is set */
    FATE_DIES,
};

static enum fate disturb(enum board_call call)
{
    if (board == NULL) /* it is being opened */
        return FATE_SPARED;
    const struct board_plan *plan = &board->plan;
    uint32_t of_kind = atomic_fetch_add(&board->seen[call], 1) + 1;
    uint32_t of_all = atomic_fetch_add(&board->seen[BOARD_ANY], 1) + 1;
    uint32_t count = plan->call == BOARD_ANY ? of_all : of_kind;
    if (of_all <= BOARD_TRACE)
        board->trace[of_all - 1] = BOARD_LETTERS[call];
    if (plan->action == 0 || (plan->call != BOARD_ANY && plan->call != call) ||
        count < plan->first || count > plan->last)
        return FATE_SPARED;
    atomic_fetch_add(&board->fired, 1);
    if (plan->action == BOARD_KILL)
        return FATE_DIES;
    errno = plan->action;
    return FATE_FAILS;
}

static void die(void)
{
    (void)kill(getpid(), SIGKILL);
}

/* Whether the call goes on to the system. */
static bool spared(enum board_call call)
{
    enum fate fate = disturb(call);
    if (fate == FATE_DIES)
        die();
    return fate == FATE_SPARED;
}

/* SIGKILL from a timer of the process itself: nobody has to know its number. */
static void die_within(uint32_t microseconds)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
    uint32_t random = 0;
    timer_t timer;
    if (getrandom(&random, sizeof(random), 0) != sizeof(random))
        _exit(125);
    uint32_t delay = 1 + random % microseconds;
    struct itimerspec when = {
        .it_value = {.tv_sec = delay / 1000000, .tv_nsec = delay % 1000000 * 1000}};
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
        timer_settime(timer, 0, &when, NULL) != 0)
        _exit(125);
}

/* Before main(), which closes descriptors and becomes another user. */
__attribute__((constructor)) static void board_find(int argc, char **argv)
{
    board = argc == 3 ? board_map(argv[2], 0) : NULL;
    if (board == NULL)
        _exit(125); /* undisturbed it would prove nothing */
    board->engine[atomic_fetch_add(&board->engines, 1) % BOARD_PIDS] = getpid();
    (void)snprintf(state_directory, sizeof(state_directory), "%s" MEDGL_STATEDIR, argv[2]);
    if (board->plan.within_us != 0)
        die_within(board->plan.within_us);
}

/* -- files ----------------------------------------------------------------------------------- */

static int open_disturbed(const char *path, int flags, mode_t mode)
{
    return spared(BOARD_OPEN) ? (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode) : -1;
}

static mode_t open_mode(int flags, va_list arguments)
{
    return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = open_mode(flags, arguments);
    va_end(arguments);
    return open_disturbed(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = open_mode(flags, arguments);
    va_end(arguments);
    return open_disturbed(path, flags, mode);
}

ssize_t read(int fd, void *bytes, size_t len)
{
    return spared(BOARD_READ) ? syscall(SYS_read, fd, bytes, len) : -1;
}

ssize_t pread64(int fd, void *bytes, size_t len, off64_t offset)
{
    return spared(BOARD_READ) ? syscall(SYS_pread64, fd, bytes, len, offset) : -1;
}

/* Who dies in a write has written half of it. */
ssize_t write(int fd, const void *bytes, size_t len)
{
    enum fate fate = disturb(BOARD_WRITE);
    if (fate == FATE_FAILS)
        return -1;
    ssize_t written = syscall(SYS_write, fd, bytes, fate == FATE_DIES ? len / 2 : len);
    if (fate == FATE_DIES)
        die();
    return written;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t offset)
{
    enum fate fate = disturb(BOARD_WRITE);
    if (fate == FATE_FAILS)
        return -1;
    ssize_t written = syscall(SYS_pwrite64, fd, bytes, fate == FATE_DIES ? len / 2 : len, offset);
    if (fate == FATE_DIES)
        die();
    return written;
}

/* SQLite syncs a directory as well, and takes no notice of what becomes of it. */
static bool is_directory(int fd)
{
    struct stat state;
    return fstat(fd, &state) == 0 && S_ISDIR(state.st_mode);
}

int fsync(int fd)
{
    return is_directory(fd) || spared(BOARD_SYNC) ? (int)syscall(SYS_fsync, fd) : -1;
}

int fdatasync(int fd)
{
    return is_directory(fd) || spared(BOARD_SYNC) ? (int)syscall(SYS_fdatasync, fd) : -1;
}

int ftruncate64(int fd, off64_t len)
{
    return spared(BOARD_TRUNCATE) ? (int)syscall(SYS_ftruncate, fd, len) : -1;
}

void *mmap64(void *address, size_t len, int protection, int flags, int fd, off64_t offset)
{
    if (!spared(BOARD_MAP))
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, address, len, protection, flags, fd, offset);
}

/* A lock that is given back is never refused. */
static int fcntl_disturbed(int fd, int command, void *argument)
{
    bool lock = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK ||
                command == F_OFD_SETLKW || command == F_OFD_GETLK;
    if (lock && ((const struct flock *)argument)->l_type != F_UNLCK && !spared(BOARD_LOCK))
        return -1;
    return (int)syscall(SYS_fcntl, fd, command, argument);
}

int fcntl(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *); /* an int lies in it as well */
    va_end(arguments);
    return fcntl_disturbed(fd, command, argument);
}

int fcntl64(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return fcntl_disturbed(fd, command, argument);
}

/* -- evaluations and messages (-Wl,--wrap) --------------------------------------------------- */

int __real_argon2_ctx(argon2_context *context, argon2_type type);
int __wrap_argon2_ctx(argon2_context *context, argon2_type type);
int __wrap_argon2_ctx(argon2_context *context, argon2_type type)
{
    uint32_t at = atomic_fetch_add(&board->salts, 1);
    if (at < BOARD_SALTS && context->saltlen == BOARD_SALT)
        memcpy(board->salt[at], context->salt, BOARD_SALT);
    if (!spared(BOARD_KDF))
        return ARGON2_MEMORY_ALLOCATION_ERROR;
    if (board->cheap)
        cheap_cost(context);
    int result = __real_argon2_ctx(context, type);
    (void)spared(BOARD_KDF_DONE);
    return result;
}

int __real_wire_send(int fd, const struct wire_message *message, int timeout_ms);
int __wrap_wire_send(int fd, const struct wire_message *message, int timeout_ms);
int __wrap_wire_send(int fd, const struct wire_message *message, int timeout_ms)
{
    if (!spared(BOARD_SEND))
        return -1;
    int result = __real_wire_send(fd, message, timeout_ms);
    (void)spared(BOARD_SENT);
    return result;
}

int __real_wire_receive(int fd, struct wire_message *message, int timeout_ms);
int __wrap_wire_receive(int fd, struct wire_message *message, int timeout_ms);
int __wrap_wire_receive(int fd, struct wire_message *message, int timeout_ms)
{
    int result = __real_wire_receive(fd, message, timeout_ms);
    (void)spared(BOARD_RECEIVED);
    return result;
}

/* -- the log and the system user ------------------------------------------------------------- */

void syslog(int priority, const char *format, ...);
void __syslog_chk(int priority, int flag, const char *format, ...);

__attribute__((format(printf, 2, 3))) void syslog(int priority, const char *format, ...)
{
    va_list arguments;
    (void)priority;
    va_start(arguments, format);
    board_note(board, format, arguments);
    va_end(arguments);
}

__attribute__((format(printf, 3, 4))) void __syslog_chk(int priority, int flag, const char *format,
                                                        ...)
{
    va_list arguments;
    (void)priority;
    (void)flag;
    va_start(arguments, format);
    board_note(board, format, arguments);
    va_end(arguments);
}

/* The system user is whoever owns the state: the machine that runs the tests need not have one. */
struct passwd *getpwnam(const char *name)
{
    static struct passwd owner = {.pw_name = (char *)MEDGL_USER, .pw_dir = (char *)"/"};
    struct stat state;
    struct passwd *(*next)(const char *) = NULL;
    if (strcmp(name, MEDGL_USER) == 0 && stat(state_directory, &state) == 0) {
        owner.pw_uid = state.st_uid;
        owner.pw_gid = state.st_gid;
        return &owner;
    }
    *(void **)&next = dlsym(RTLD_NEXT, "getpwnam");
    return next == NULL ? NULL : next(name);
}
