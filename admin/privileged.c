/* The child that keeps root for one act on the accounts that it is told. Never opens the store or a
 * key, and knows no secret. */
#include "admin/privileged.h"

#include "admin/admin.h"
#include "base/privilege.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define USERMOD             "/usr/sbin/usermod"
#define PROGRAM_PATIENCE_MS 60000

struct order {
    char name[STORE_NAME_SIZE];
    int64_t uid;
};

/* What the child was made with. */
struct duty {
    enum privileged_act act;
    const char *root;
    int64_t operator_uid;
    int socket;
};

/* -- programs ------------------------------------------------------------------------------- */

/* A group of its own: the terminal's Ctrl-C must not stop it while it writes a file. */
static bool program_spawn(const char *const *argv, bool quiet, pid_t *pid)
{
    posix_spawnattr_t how;
    posix_spawn_file_actions_t files;
    char *const environment[] = {NULL};
    sigset_t none, all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    if (posix_spawnattr_init(&how) != 0)
        return false;
    if (posix_spawn_file_actions_init(&files) != 0) {
        (void)posix_spawnattr_destroy(&how);
        return false;
    }
    bool good =
        posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                           POSIX_SPAWN_SETSIGDEF) == 0 &&
        posix_spawnattr_setsigmask(&how, &none) == 0 &&
        posix_spawnattr_setsigdefault(&how, &all) == 0 &&
        (!quiet ||
         posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0) &&
        posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1) == 0 &&
        posix_spawn(pid, argv[0], &files, &how, (char *const *)(uintptr_t)argv, environment) == 0;
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&how);
    return good;
}

int privileged_program(const char *const *argv, bool quiet)
{
    pid_t pid;
    int status;
    if (!program_spawn(argv, quiet, &pid))
        return -1;
    auto_fd int process = pidfd_open(pid, 0);
    struct pollfd end = {.fd = process, .events = POLLIN};
    if (process < 0 || poll(&end, 1, PROGRAM_PATIENCE_MS) != 1)
        (void)kill(pid, SIGKILL); /* ours, and not waited for yet: no other has its pid */
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

/* -- acts ----------------------------------------------------------------------------------- */

static bool order_run_usermod(const struct duty *duty, const struct order *order,
                              struct privileged_answer *answer)
{
    const bool lock = duty->act == PRIVILEGED_LOCK_SHADOW;
    const char *const here[] = {USERMOD, lock ? "-L" : "-U", "--", order->name, NULL};
    const char *const there[] = {USERMOD, "--prefix",  duty->root, lock ? "-L" : "-U",
                                 "--",    order->name, NULL};
    answer->status = privileged_program(duty->root[0] == '\0' ? here : there, false);
    return answer->status == 0;
}

/* Whether the uid is still that account's: since the enrolment it may have gone to somebody else.
 */
static bool order_is_theirs(const struct order *order)
{
    const struct passwd *user = getpwnam(order->name);
    if (user != NULL)
        return user->pw_uid == (uid_t)order->uid;
    return getpwuid((uid_t)order->uid) == NULL;
}

static enum privileged_outcome order_end_processes(const struct duty *duty,
                                                   const struct order *order,
                                                   struct privileged_answer *answer)
{
    if (order->uid <= 0 || order->uid >= UINT32_MAX || !order_is_theirs(order))
        return PRIVILEGED_NOT_THEIRS;
    if (geteuid() != 0)
        return PRIVILEGED_NOT_ROOT;
    processes_end((uid_t)order->uid, duty->operator_uid, answer);
    return answer->outcome;
}

static void order_carry_out(const struct duty *duty, const struct order *order,
                            struct privileged_answer *answer)
{
    *answer = (struct privileged_answer){.outcome = PRIVILEGED_FAILED, .status = -1};
    if (memchr(order->name, '\0', sizeof(order->name)) == NULL || !text_is_login_name(order->name))
        return;
    switch (duty->act) {
    case PRIVILEGED_LOCK_SHADOW:
    case PRIVILEGED_UNLOCK_SHADOW:
        if (order_run_usermod(duty, order, answer))
            answer->outcome = PRIVILEGED_DONE;
        return;
    case PRIVILEGED_END_PROCESSES:
        answer->outcome = order_end_processes(duty, order, answer);
        return;
    case PRIVILEGED_NOTHING:
        return;
    }
}

/* -- the child ------------------------------------------------------------------------------ */

/* A private root is somebody's: whatever links it holds lead no further than its owner gets. */
static bool duty_enter_root(const char *root)
{
    char etc[PATH_MAX];
    struct stat top, inner;
    if (root[0] == '\0')
        return true;
    if (path_under(etc, root, "/etc") != MEDGL_OK || lstat(root, &top) != 0 ||
        lstat(etc, &inner) != 0 || !S_ISDIR(inner.st_mode) || inner.st_uid != top.st_uid ||
        ((top.st_mode | inner.st_mode) & 0022) != 0)
        return false;
    return top.st_uid == geteuid() || privilege_drop(top.st_uid, top.st_gid) == MEDGL_OK;
}

/* The socket is the one descriptor that it keeps besides the standard ones: a pipe of the parent's
 * that stayed open here would keep somebody waiting for its end. */
static _Noreturn void duty_serve(const struct duty *duty)
{
    struct order order;
    struct privileged_answer answer;
    const int kept = STDERR_FILENO + 1;
    bool good = (duty->socket == kept || dup3(duty->socket, kept, O_CLOEXEC) == kept) &&
                close_range((unsigned)kept + 1, ~0U, 0) == 0;
    if (good && duty->act != PRIVILEGED_END_PROCESSES)
        good = duty_enter_root(duty->root);
    while (good && recv(kept, &order, sizeof(order), 0) == (ssize_t)sizeof(order)) {
        order_carry_out(duty, &order, &answer);
        good = send(kept, &answer, sizeof(answer), MSG_NOSIGNAL) == (ssize_t)sizeof(answer);
    }
    _exit(good ? EXIT_SUCCESS : EXIT_FAILURE);
}

bool privileged_start(struct privileged *privileged, enum privileged_act act, const char *root,
                      int64_t operator_uid)
{
    int ends[2];
    sigset_t all, before;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        complain(_("What needs root cannot be prepared (%s); nothing was done."), strerror(errno));
        return false;
    }
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before);
    privileged->act = act;
    privileged->child = fork();
    if (privileged->child == 0) {
        const struct duty duty = {
            .act = act, .root = root, .operator_uid = operator_uid, .socket = ends[1]};
        duty_serve(&duty);
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    (void)close(ends[1]);
    privileged->socket = ends[0];
    if (privileged->child > 0)
        return true;
    complain(_("What needs root cannot be prepared (%s); nothing was done."), strerror(errno));
    (void)close(ends[0]);
    privileged->child = 0;
    return false;
}

void privileged_end(struct privileged *privileged)
{
    if (privileged->child <= 0)
        return;
    (void)close(privileged->socket);
    (void)waitpid(privileged->child, NULL, 0);
    privileged->child = 0;
}

/* -- the parent's side ---------------------------------------------------------------------- */

static void explain_failed(const struct privileged *privileged,
                           const struct privileged_answer *answer, const char *name)
{
    if (privileged->act == PRIVILEGED_END_PROCESSES)
        complain(_("Whether processes of %s are left is not known: look with ps -U %s."), name,
                 name);
    else if (answer->status > 0)
        complain(_("The Unix password of %s was not changed: %s ended with status %d."), name,
                 USERMOD, (int)answer->status);
    else
        complain(_("The Unix password of %s was not changed: %s could not be run. It has to be "
                   "there, and a private root has to be its owner's alone."),
                 name, USERMOD);
}

/* Says what is not done, and what to do. */
static void privileged_explain(const struct privileged *privileged,
                               const struct privileged_answer *answer, const char *name,
                               int64_t uid)
{
    switch (answer->outcome) {
    case PRIVILEGED_DONE:
        return;
    case PRIVILEGED_FAILED:
        explain_failed(privileged, answer, name);
        return;
    case PRIVILEGED_NOT_ROOT:
        complain(_("The processes of %s were not ended: only root can do that (pkill -KILL -U "
                   "%" PRId64 ")."),
                 name, uid);
        return;
    case PRIVILEGED_OPERATORS:
        complain(_("The processes of %s were not ended: this program runs under one of them. Log "
                   "out everywhere, or let another administrator end them."),
                 name);
        return;
    case PRIVILEGED_NOT_THEIRS:
        complain(_("The processes of uid %" PRId64 " were not ended: it is root's, or belongs to "
                   "somebody else than %s by now. Look whose they are."),
                 uid, name);
        return;
    case PRIVILEGED_LEFT:
        complain(_("Of %" PRIu32 " processes of %s, %" PRIu32 " did not end: see what holds them "
                   "(ps -U %" PRId64 "), and end them as root (pkill -KILL -U %" PRId64 ")."),
                 answer->found, name, answer->left, uid, uid);
        return;
    }
}

bool privileged_order(const struct privileged *privileged, const char *name, int64_t uid,
                      struct privileged_answer *answer)
{
    struct order order = {.uid = uid};
    *answer = (struct privileged_answer){.outcome = PRIVILEGED_FAILED, .status = -1};
    ssize_t got = 0;
    if (privileged->child > 0 && text_copy(order.name, sizeof(order.name), name) == MEDGL_OK &&
        send(privileged->socket, &order, sizeof(order), MSG_NOSIGNAL) == (ssize_t)sizeof(order))
        while ((got = recv(privileged->socket, answer, sizeof(*answer), 0)) < 0 && errno == EINTR)
            ;
    if (got != (ssize_t)sizeof(*answer))
        *answer = (struct privileged_answer){.outcome = PRIVILEGED_FAILED, .status = -1};
    privileged_explain(privileged, answer, name, uid);
    return answer->outcome == PRIVILEGED_DONE;
}
