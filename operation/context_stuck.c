/* A break-glass account waits for nobody who is stuck (R32): who holds the small store's lock for
 * longer than any of its transactions takes is ended, where it is one of our own processes.
 *
 * MUST: no process of another user is ended, and none that runs another program than ours. */
#include "operation/context.h"

#include "base/auto.h"
#include "base/log.h"
#include "operation/context_stuck.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define STUCK_END_MS  2000
#define STUCK_STEP_MS 500

/* All four are ours: one that root or somebody else may become again is none of ours. */
static bool stuck_is_own(pid_t pid)
{
    char path[64], line[256];
    unsigned long real, effective, saved, file;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    auto_file FILE *status = fopen(path, "re");
    while (status != NULL && fgets(line, sizeof(line), status) != NULL)
        if (sscanf(line, "Uid: %lu %lu %lu %lu", &real, &effective, &saved, &file) == 4)
            return real == geteuid() && effective == real && saved == real && file == real;
    return false;
}

static bool stuck_is_program(const char *name)
{
    return strcmp(name, "medgl-auth") == 0 || strcmp(name, "medgl-admin") == 0;
}

/* By its file; of a process that keeps that from us, as ours do, by the name that the kernel gave
 * it at its start. */
static bool stuck_is_ours(pid_t pid)
{
    char path[64], name[PATH_MAX] = "";
    (void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    const ssize_t len = readlink(path, name, sizeof(name) - 1);
    if (len > 0) {
        char *gone = strstr(name, " (deleted)"); /* an upgrade put another one in its place */
        if (gone != NULL)
            *gone = '\0';
        const char *last = strrchr(name, '/');
        return stuck_is_program(last != NULL ? last + 1 : name);
    }
    (void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    auto_file FILE *comm = fopen(path, "re");
    if (comm == NULL || fgets(name, sizeof(name), comm) == NULL)
        return false;
    name[strcspn(name, "\n")] = '\0';
    return stuck_is_program(name);
}

/* Until it lets go, or for that long; true: it has not. */
static bool stuck_stays(const char *store, pid_t pid, int process, int64_t wait_ms)
{
    const int64_t until = clock_monotonic() + wait_ms;
    struct pollfd ended = {.fd = process, .events = POLLIN};
    for (;;) {
        pid_t holder = 0;
        const int64_t left = until - clock_monotonic();
        if (store_lock_holder_at(store, &holder) != MEDGL_OK || holder != pid)
            return false;
        if (left <= 0)
            return true;
        (void)poll(&ended, 1, left < STUCK_STEP_MS ? (int)left : STUCK_STEP_MS);
    }
}

/* The pidfd is opened first: what is looked at behind it is the process that is ended. */
static bool stuck_end(const char *store, pid_t pid, int64_t wait_ms)
{
    auto_fd int process = pidfd_open(pid, 0);
    if (process < 0)
        return errno == ESRCH;
    if (!stuck_is_own(pid) || !stuck_is_ours(pid)) {
        log_system(LOG_ALERT,
                   "process %d keeps the break-glass accounts' store %s, and is none of ours: see "
                   "why it does not end, and end it",
                   (int)pid, store);
        return false;
    }
    if (!stuck_stays(store, pid, process, wait_ms))
        return true;
    if (pidfd_send_signal(process, SIGKILL, NULL, 0) != 0)
        return errno == ESRCH;
    struct pollfd ended = {.fd = process, .events = POLLIN};
    (void)poll(&ended, 1, STUCK_END_MS);
    log_system(LOG_ALERT,
               "process %d was ended: it kept the break-glass accounts' store %s for %d seconds, "
               "and somebody needs it: see why it was stuck",
               (int)pid, store, CONTEXT_PATIENCE_MS / 1000);
    return true;
}

bool context_end_holder(const char *root, int64_t waited_ms)
{
    char store[PATH_MAX];
    pid_t holder = 0;
    if (path_under(store, root, PATH_BREAKGLASS_STORE) != MEDGL_OK ||
        store_lock_holder_at(store, &holder) != MEDGL_OK)
        return false;
    const int64_t left = CONTEXT_PATIENCE_MS - waited_ms;
    return holder == 0 || stuck_end(store, holder, left > 0 ? left : 0);
}

/* Writes nothing, so a full device is no matter. */
static enum medgl_error stuck_nothing(struct store_txn *txn, void *argument)
{
    (void)txn;
    (void)argument;
    return MEDGL_OK;
}

enum medgl_error context_unstick(struct context *context)
{
    const enum medgl_error error = store_transact(context->store, STORE_WRITE, stuck_nothing, NULL);
    if (error != MEDGL_ERR_DEADLINE || !context_end_holder(context->root, context->patience_ms))
        return error;
    return store_transact(context->store, STORE_WRITE, stuck_nothing, NULL);
}
