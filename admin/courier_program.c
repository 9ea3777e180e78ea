/* What the courier's child runs for an order: chosen and judged, begun with little, and ended in
 * time. */
#include "admin/courier_program.h"

#include "base/process.h"
#include "policy/load.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SENDMAIL          "/usr/sbin/sendmail"
#define WALL              "/usr/bin/wall"
#define PROGRAM_FD        COURIER_SOCKET /* in what is run, where the courier has its socket */
#define HOOK_PROCESSES    128
#define HOOK_FILE_SIZE    (1 << 30)
#define ENVIRONMENT_WORDS 64

/* What is run. */
struct program {
    const char *path; /* of the system; NULL: what `file` holds open */
    int file;         /* O_PATH */
    const char *argv[4];
    bool ours; /* of notify.d: leaves nothing behind */
};

static void program_close(struct program *program)
{
    if (program->file >= 0)
        (void)close(program->file);
}

__attribute__((format(printf, 3, 4))) static void answer_say(struct courier_answer *answer,
                                                             enum medgl_error error,
                                                             const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(answer->why, sizeof(answer->why), format, arguments);
    va_end(arguments);
    answer->error = error;
}

/* -- what is run ------------------------------------------------------------------------------ */

/* Judged and run is what was opened, never a name that somebody may have exchanged meanwhile. */
static int hook_open(const char *root, const char *name, struct stat *above, struct stat *st,
                     struct courier_answer *answer)
{
    char path[PATH_MAX];
    if (path_under(path, root, PATH_NOTIFY) != MEDGL_OK)
        return -1;
    auto_fd int directory = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    auto_fd int file =
        directory >= 0 ? openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (file < 0 && errno == ENOENT)
        answer_say(answer, MEDGL_ERR_NOT_FOUND, "it is not there any more");
    else if (directory < 0 && errno == ENOTDIR)
        answer_say(answer, MEDGL_ERR_ACCESS,
                   "it is not run: its directory is none, or a link: put a directory there");
    else if (file < 0 || fstat(directory, above) != 0 || fstat(file, st) != 0)
        answer_say(answer, MEDGL_ERR_ACCESS, "it cannot be looked at: %s", strerror(errno));
    else
        return auto_give_fd(file);
    return -1;
}

static bool program_hook(const struct courier_order *order, const char *root, uid_t self,
                         struct program *program, struct courier_answer *answer)
{
    const char *fault;
    struct stat st, above;
    program->ours = true;
    program->argv[0] = order->hook;
    if (!alert_hook_name(order->hook)) {
        answer_say(answer, MEDGL_ERR_ARGUMENT, "it has no name that is run");
        return false;
    }
    program->file = hook_open(root, order->hook, &above, &st, answer);
    if (program->file < 0)
        return false;
    if (!alert_hook_kept(&above, self))
        answer_say(answer, MEDGL_ERR_ACCESS,
                   "it is not run: others than root may write to its directory: chown root it, "
                   "chmod go-w it");
    else if ((fault = alert_hook_fault(order->hook, &st, self)) != NULL)
        answer_say(answer, MEDGL_ERR_ACCESS, "it is not run: %s", fault);
    else
        return true;
    return false;
}

static bool program_of_system(const char *path, const char *what, struct program *program,
                              struct courier_answer *answer)
{
    program->path = path;
    if (access(path, X_OK) == 0)
        return true;
    answer_say(answer, MEDGL_ERR_IO, "%s cannot be run (%s): %s", path, strerror(errno), what);
    return false;
}

/* MUST: the program is the policy's, as this process reads it, never one that an order names. */
static bool program_slip(const char *root, uid_t self, struct program *program,
                         struct courier_answer *answer)
{
    struct policy policy;
    struct stat st;
    program->ours = true;
    program->argv[0] = "slip";
    if (policy_load(root, self, NULL, &policy) != MEDGL_OK || policy.slip_program[0] == '\0') {
        answer_say(answer, MEDGL_ERR_POLICY, "policy.conf names no program that prints slips");
        return false;
    }
    program->file = open(policy.slip_program, O_PATH | O_CLOEXEC);
    if (program->file < 0 || fstat(program->file, &st) != 0)
        answer_say(answer, MEDGL_ERR_ACCESS, "slip_program cannot be opened: %s", strerror(errno));
    else if (!S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0)
        answer_say(answer, MEDGL_ERR_ACCESS, "slip_program is no program: chmod 0755 it");
    else if (!alert_hook_kept(&st, self))
        answer_say(answer, MEDGL_ERR_ACCESS,
                   "slip_program is not run: others than root may write to it: chown root it, "
                   "chmod go-w it");
    else
        return true;
    return false;
}

static bool program_choose(const struct courier_order *order, const char *root, uid_t self,
                           struct program *program, struct courier_answer *answer)
{
    *program = (struct program){.file = -1};
    switch (order->program) {
    case COURIER_HOOK:
        return program_hook(order, root, self, program, answer);
    case COURIER_MAIL:
        program->argv[0] = "sendmail";
        program->argv[1] = "-oi";
        program->argv[2] = "-t";
        return program_of_system(SENDMAIL,
                                 "install a mail transfer agent such as dma, or leave alert_mail "
                                 "empty",
                                 program, answer);
    case COURIER_WALL:
        program->argv[0] = "wall";
        return program_of_system(WALL, "install bsdutils, or set alert_wall = no", program, answer);
    case COURIER_SLIP:
        return program_slip(root, self, program, answer);
    }
    answer_say(answer, MEDGL_ERR_ARGUMENT, "there is no such program");
    return false;
}

/* -- running it ------------------------------------------------------------------------------- */

/* All of the input before the program begins: one that does not read holds nobody up. Nobody writes
 * to it any more. */
static int program_input_file(const struct courier_order *order)
{
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    auto_fd int fd = memfd_create("alert", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || order->len > sizeof(order->input) ||
        write(fd, order->input, order->len) != (ssize_t)order->len || lseek(fd, 0, SEEK_SET) != 0 ||
        fcntl(fd, F_ADD_SEALS, seals) != 0)
        return -1;
    return auto_give_fd(fd);
}

/* A pipe has room for all of it, in memory that is never swapped out. */
static int program_input_pipe(const struct courier_order *order)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    auto_fd int from = ends[0];
    auto_fd int to = ends[1];
    if (order->len > sizeof(order->input) ||
        fcntl(to, F_SETPIPE_SZ, (int)sizeof(order->input)) < (int)order->len ||
        write(to, order->input, order->len) != (ssize_t)order->len)
        return -1;
    return auto_give_fd(from);
}

static int program_input(const struct courier_order *order)
{
    return order->program == COURIER_SLIP ? program_input_pipe(order) : program_input_file(order);
}

static void program_signals(void)
{
    sigset_t none;
    for (int number = 1; number <= SIGRTMAX; number++)
        (void)signal(number, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What is no user of its own counts with everything else that its user runs. */
static bool program_limit(bool apart)
{
    const struct rlimit none = {0, 0}, size = {HOOK_FILE_SIZE, HOOK_FILE_SIZE},
                        processes = {HOOK_PROCESSES, HOOK_PROCESSES};
    return setrlimit(RLIMIT_CORE, &none) == 0 && setrlimit(RLIMIT_FSIZE, &size) == 0 &&
           (!apart || setrlimit(RLIMIT_NPROC, &processes) == 0);
}

/* The interpreter of a script opens it by its descriptor, which therefore stays: it cannot be read
 * from, and names nothing but the program itself. */
static void program_execute(const struct program *program, char *const environment[])
{
    char *const *argv = (char *const *)(uintptr_t)program->argv;
    if (program->path != NULL)
        (void)execve(program->path, argv, environment);
    else if (dup3(program->file, PROGRAM_FD, 0) == PROGRAM_FD)
        (void)execveat(PROGRAM_FD, "", argv, environment, AT_EMPTY_PATH);
}

/* In a process of its own; `told` hears of the errno where it could not become the program. */
static _Noreturn void program_become(const struct program *program,
                                     const struct courier_order *order, bool apart, int input,
                                     int told)
{
    char id[ENVIRONMENT_WORDS], kind[ENVIRONMENT_WORDS];
    const bool alert = order->program != COURIER_SLIP;
    char *const environment[] = {(char[]){"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                                 (char[]){"LANG=C.UTF-8"}, alert ? id : NULL, kind, NULL};
    (void)snprintf(id, sizeof(id), "MEDGL_ALERT_ID=%s", order->id);
    (void)snprintf(kind, sizeof(kind), "MEDGL_ALERT_KIND=%s", order->kind);
    program_signals();
    (void)umask(022);
    if (setsid() >= 0 && chdir("/") == 0 && dup2(input, STDIN_FILENO) == STDIN_FILENO &&
        close_range(COURIER_SOCKET, ~0U, CLOSE_RANGE_CLOEXEC) == 0 &&
        (!program->ours || program_limit(apart)) &&
        (order->program == COURIER_MAIL || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0))
        program_execute(program, environment);
    int failed = errno;
    _exit(write(told, &failed, sizeof(failed)) == (ssize_t)sizeof(failed) ? 126 : 127);
}

static bool program_begin(const struct program *program, const struct courier_order *order,
                          bool apart, pid_t *pid, struct courier_answer *answer)
{
    int ends[2], failed = 0;
    auto_fd int input = program_input(order);
    if (input < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        answer_say(answer, MEDGL_ERR_IO, "it could not be begun: %s", strerror(errno));
        return false;
    }
    *pid = fork();
    if (*pid == 0)
        program_become(program, order, apart, input, ends[1]);
    if (*pid < 0)
        failed = errno;
    (void)close(ends[1]);
    if (*pid > 0 && read(ends[0], &failed, sizeof(failed)) == (ssize_t)sizeof(failed))
        (void)waitpid(*pid, NULL, 0);
    (void)close(ends[0]);
    if (failed == 0)
        return true;
    answer_say(answer, MEDGL_ERR_ACCESS, "it could not be run: %s", strerror(failed));
    return false;
}

/* Whether it ended by itself within its time, and before whoever gave the order did. */
static bool program_ends(int process, int64_t patience_ms)
{
    struct pollfd ends[] = {{.fd = process, .events = POLLIN}, {.fd = COURIER_SOCKET}};
    const int64_t deadline = clock_monotonic() + patience_ms;
    for (;;) {
        int64_t left = deadline - clock_monotonic();
        if (left <= 0)
            return false;
        int ready = poll(ends, MEDGL_COUNT(ends), left < INT32_MAX ? (int)left : INT32_MAX);
        if (ready > 0)
            return ends[0].revents != 0;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

static void program_judge(int status, int64_t patience_ms, bool in_time,
                          struct courier_answer *answer)
{
    if (!in_time)
        answer_say(answer, MEDGL_ERR_DEADLINE, "it took longer than %lld s, and was killed",
                   (long long)(patience_ms / MEDGL_SECOND));
    else if (WIFSIGNALED(status))
        answer_say(answer, MEDGL_ERR_IO, "it was killed by signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        answer_say(answer, MEDGL_ERR_IO, "it ended with status %d", WEXITSTATUS(status));
    else
        answer->error = MEDGL_OK;
}

static void program_run(const struct program *program, const struct courier_order *order,
                        bool apart, struct courier_answer *answer)
{
    pid_t pid;
    int status = 0;
    (void)prctl(PR_SET_CHILD_SUBREAPER, program->ours, 0, 0, 0);
    if (!program_begin(program, order, apart, &pid, answer))
        return;
    auto_fd int process = pidfd_open(pid, 0);
    bool in_time = process >= 0 && program_ends(process, order->patience_ms);
    if (!in_time || program->ours) /* not waited for yet: the group is still its own */
        (void)kill(-pid, SIGKILL);
    struct pollfd end = {.fd = process, .events = POLLIN};
    if (!in_time && process >= 0 && poll(&end, 1, COURIER_KILL_MS) != 1)
        answer_say(answer, MEDGL_ERR_DEADLINE, "it took longer than its time, and lives on");
    else if (waitpid(pid, &status, 0) == pid)
        program_judge(status, order->patience_ms, in_time, answer);
    if (program->ours)
        process_sweep();
}

void courier_program_run(const struct courier_order *order, const char *root, uid_t uid,
                         bool from_root, struct courier_answer *answer)
{
    auto_clean(program_close) struct program program = {.file = -1};
    if (program_choose(order, root, from_root ? 0 : uid, &program, answer))
        program_run(&program, order, from_root, answer);
}
