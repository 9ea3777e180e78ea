/* Processes by a name that is never given out again. Asks /proc, and kill() where that hides them;
 * touches no process but children that are to be swept away. */
#include "base/process.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESS_BOOT_SIZE 37 /* a UUID */
#define SWEEP_PAUSE_MS    10

/* A name taken apart. "0" and 0: /proc did not tell. */
struct process {
    char boot[PROCESS_BOOT_SIZE];
    uint64_t space; /* pid namespace */
    pid_t pid;
    uint64_t start; /* ticks since the machine was started */
};

/* -- names ---------------------------------------------------------------------------------- */

/* Decimal without sign, blank or leading zero, up to `max`. NULL: it is none. */
static const char *process_number(const char *at, uint64_t max, uint64_t *number)
{
    const char *from = at;
    *number = 0;
    for (; isdigit((unsigned char)*at); at++) {
        const uint64_t digit = (uint64_t)(*at - '0');
        if (*number > (max - digit) / 10)
            return NULL;
        *number = *number * 10 + digit;
    }
    return at == from || (*from == '0' && at - from > 1) ? NULL : at;
}

static bool process_is_boot(const char *text, size_t len)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (len == 1)
        return text[0] == '0';
    if (len != sizeof(form) - 1)
        return false;
    for (size_t i = 0; i < len; i++)
        if (form[i] == '-' ? text[i] != '-' : strchr("0123456789abcdef", text[i]) == NULL)
            return false;
    return true;
}

static bool process_parse(const char *name, struct process *process)
{
    uint64_t pid;
    const size_t boot = strcspn(name, " ");
    if (!process_is_boot(name, boot) || name[boot] != ' ')
        return false;
    memcpy(process->boot, name, boot);
    process->boot[boot] = '\0';
    name = process_number(name + boot + 1, UINT64_MAX, &process->space);
    if (name == NULL || *name != ' ')
        return false;
    name = process_number(name + 1, INT_MAX, &pid);
    if (name == NULL || *name != ' ' || pid == 0)
        return false;
    process->pid = (pid_t)pid;
    name = process_number(name + 1, UINT64_MAX, &process->start);
    return name != NULL && *name == '\0';
}

/* -- what the system says ------------------------------------------------------------------- */

static bool process_slurp(const char *procfs, const char *file, char *to, size_t size)
{
    char path[PATH_MAX];
    ssize_t got;
    if (path_under(path, procfs, file) != MEDGL_OK)
        return false;
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    do
        got = read(fd, to, size - 1); /* procfs gives all of such a file at once */
    while (got < 0 && errno == EINTR);
    to[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* What a symbolic link says: a number between `before` and `after`. 0: it does not. */
static uint64_t process_link(const char *procfs, const char *file, const char *before,
                             const char *after)
{
    char path[PATH_MAX], link[64];
    uint64_t number;
    if (path_under(path, procfs, file) != MEDGL_OK)
        return 0;
    const ssize_t len = readlink(path, link, sizeof(link) - 1);
    link[len > 0 ? len : 0] = '\0';
    if (strncmp(link, before, strlen(before)) != 0)
        return 0;
    const char *end = process_number(link + strlen(before), UINT64_MAX, &number);
    return end != NULL && strcmp(end, after) == 0 ? number : 0;
}

/* The boot and the pid namespace of ourselves; "0" and 0 where they are not to be had. */
static void process_world(const char *procfs, struct process *process)
{
    char boot[PROCESS_BOOT_SIZE + 1];
    (void)text_copy(process->boot, sizeof(process->boot), "0");
    if (process_slurp(procfs, "/sys/kernel/random/boot_id", boot, sizeof(boot))) {
        boot[strcspn(boot, "\n")] = '\0';
        if (process_is_boot(boot, strlen(boot)))
            (void)text_copy(process->boot, sizeof(process->boot), boot);
    }
    /* One that was mounted for another namespace has other pids. */
    const bool ours = process_link(procfs, "/self", "", "") == (uint64_t)getpid();
    process->space = ours ? process_link(procfs, "/self/ns/pid", "pid:[", "]") : 0;
}

enum process_stat {
    PROCESS_STAT_HIDDEN, /* there is nothing of that pid, or it may not be read */
    PROCESS_STAT_THERE,
    PROCESS_STAT_OVER, /* a zombie: whoever started it has not asked yet */
};

/* Field 3 of proc_pid_stat(5) is the state, 20 the threads, 22 the start. Field 2, what the process
 * calls itself, may hold blanks and parentheses. */
static enum process_stat process_stat(const char *procfs, pid_t pid, uint64_t *start)
{
    char file[32], line[2048], state;
    long threads;
    (void)snprintf(file, sizeof(file), "/%ld/stat", (long)pid);
    if (!process_slurp(procfs, file, line, sizeof(line)))
        return PROCESS_STAT_HIDDEN;
    const char *rest = strrchr(line, ')');
    if (rest == NULL ||
        sscanf(rest,
               ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld %*d "
               "%" SCNu64,
               &state, &threads, start) != 3)
        return PROCESS_STAT_HIDDEN;
    /* Where the first thread alone has ended, the process goes on. */
    return strchr("ZXx", state) != NULL && threads <= 1 ? PROCESS_STAT_OVER : PROCESS_STAT_THERE;
}

/* Tells of processes that procfs hides (hidepid), too. */
static bool process_exists(pid_t pid)
{
    return kill(pid, 0) == 0 || errno == EPERM;
}

/* -- the two together ----------------------------------------------------------------------- */

enum medgl_error process_name_by(const char *procfs, pid_t pid, char name[PROCESS_NAME_SIZE])
{
    struct process process = {.pid = pid};
    name[0] = '\0';
    if (pid <= 0)
        return MEDGL_ERR_NOT_FOUND;
    switch (process_stat(procfs, pid, &process.start)) {
    case PROCESS_STAT_OVER:
        return MEDGL_ERR_NOT_FOUND;
    case PROCESS_STAT_HIDDEN:
        process.start = 0;
        if (!process_exists(pid))
            return MEDGL_ERR_NOT_FOUND;
        break;
    case PROCESS_STAT_THERE:
        break;
    }
    process_world(procfs, &process);
    (void)snprintf(name, PROCESS_NAME_SIZE, "%s %" PRIu64 " %ld %" PRIu64, process.boot,
                   process.space, (long)pid, process.start);
    return MEDGL_OK;
}

enum process_life process_look_by(const char *procfs, const char *name)
{
    struct process process, world;
    uint64_t start;
    if (!process_parse(name, &process))
        return PROCESS_UNKNOWN;
    process_world(procfs, &world);
    if (strcmp(process.boot, "0") == 0 || strcmp(world.boot, "0") == 0)
        return PROCESS_UNKNOWN;
    if (strcmp(process.boot, world.boot) != 0)
        return PROCESS_GONE_BOOT;
    if (process.space == 0 || process.space != world.space)
        return PROCESS_UNKNOWN;
    switch (process_stat(procfs, process.pid, &start)) {
    case PROCESS_STAT_OVER:
        return PROCESS_GONE;
    case PROCESS_STAT_HIDDEN:
        return process_exists(process.pid) ? PROCESS_ALIVE : PROCESS_GONE;
    case PROCESS_STAT_THERE:
        return process.start == 0 || process.start == start ? PROCESS_ALIVE : PROCESS_GONE;
    }
    return PROCESS_UNKNOWN;
}

enum medgl_error process_name(pid_t pid, char name[PROCESS_NAME_SIZE])
{
    return process_name_by("/proc", pid, name);
}

enum process_life process_look(const char *name)
{
    return process_look_by("/proc", name);
}

/* The first process is always there, and somebody else's. */
bool process_hidden_by(const char *procfs)
{
    uint64_t start;
    return process_stat(procfs, 1, &start) == PROCESS_STAT_HIDDEN;
}

bool process_hidden(void)
{
    return process_hidden_by("/proc");
}

pid_t process_pid(const char *name)
{
    struct process process;
    return process_parse(name, &process) ? process.pid : 0;
}

bool process_is_certain(const char *name)
{
    struct process process;
    return process_parse(name, &process) && strcmp(process.boot, "0") != 0 && process.space != 0 &&
           process.start != 0;
}

/* -- children -------------------------------------------------------------------------------- */

void process_sweep(void)
{
    char path[64], text[4096];
    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)gettid());
    for (int round = 0; round < PROCESS_SWEEP_MS / SWEEP_PAUSE_MS; round++) {
        pid_t ended;
        while ((ended = waitpid(-1, NULL, WNOHANG)) > 0)
            ;
        if (ended < 0)
            return;
        auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t got = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
        text[got > 0 ? got : 0] = '\0';
        char *at = text, *end;
        for (long pid; (pid = strtol(at, &end, 10)) > 0 && end != at && *end != '\0'; at = end)
            (void)kill((pid_t)pid, SIGKILL);
        clock_sleep(SWEEP_PAUSE_MS);
    }
}
