/* The child that keeps root for one act on the accounts that it is told. Never opens the store or a
 * key, and knows no secret. */
#include "admin/privileged.h"

#include "admin/admin.h"
#include "admin/processes.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <shadow.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PROGRAM_PATIENCE_MS 60000
#define PROGRAM_NOT_RUN     (-1)
#define PROGRAM_CUT_OFF     (-2) /* killed: what it did is not known */
#define SHADOW_BUFFER_SIZE  65536

struct order {
    char name[STORE_NAME_SIZE];
    int64_t uid;
    char leader[PROCESS_NAME_SIZE]; /* of a session; "" in other acts */
};

/* What the child was made with. */
struct duty {
    enum privileged_act act;
    const char *root;
    const char *name; /* the one that it may be ordered for; NULL: any */
    int64_t operator_uid;
    bool root_good; /* that root may be worked in */
    int socket;
};

/* -- programs ------------------------------------------------------------------------------- */

/* Nothing of the terminal's reaches it, and nothing of it the terminal: in a session of its own
 * Ctrl-C does not stop it while it writes a file, and whoever got hold of it could type nothing. */
static bool program_files(posix_spawn_file_actions_t *files)
{
    return posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
           posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
           posix_spawn_file_actions_addopen(files, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
           posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1) == 0;
}

static bool program_spawn(const char *const *argv, pid_t *pid)
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
        posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                           POSIX_SPAWN_SETSIGDEF) == 0 &&
        posix_spawnattr_setsigmask(&how, &none) == 0 &&
        posix_spawnattr_setsigdefault(&how, &all) == 0 && program_files(&files) &&
        posix_spawn(pid, argv[0], &files, &how, (char *const *)(uintptr_t)argv, environment) == 0;
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&how);
    return good;
}

int privileged_program(const char *const *argv)
{
    pid_t pid;
    int status;
    if (!program_spawn(argv, &pid))
        return PROGRAM_NOT_RUN;
    auto_fd int process = pidfd_open(pid, 0);
    struct pollfd end = {.fd = process, .events = POLLIN};
    if (process < 0 || poll(&end, 1, PROGRAM_PATIENCE_MS) != 1)
        (void)kill(pid, SIGKILL); /* ours, and not waited for yet: no other has its pid */
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return PROGRAM_CUT_OFF;
    return WEXITSTATUS(status);
}

/* -- what is there -------------------------------------------------------------------------- */

enum shadow_state {
    SHADOW_UNKNOWN = 0,
    SHADOW_NO_LINE,
    SHADOW_LOCKED,
    SHADOW_OPEN,
};

/* Of the file that usermod changes. Hashes pass through locked pages alone. */
static enum shadow_state shadow_look(const char *root, const char *name)
{
    auto_secret struct secret buffer = SECRET_NONE;
    auto_secret struct secret line = SECRET_NONE;
    char path[PATH_MAX];
    struct spwd entry, *found = NULL;
    if (path_under(path, root, "/etc/shadow") != MEDGL_OK ||
        secret_alloc(&buffer, SHADOW_BUFFER_SIZE) != MEDGL_OK ||
        secret_alloc(&line, SHADOW_BUFFER_SIZE) != MEDGL_OK)
        return SHADOW_UNKNOWN;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return SHADOW_UNKNOWN;
    int error = setvbuf(file, (char *)buffer.bytes, _IOFBF, buffer.cap) == 0 ? 0 : ENOMEM;
    do
        error =
            error == 0 ? fgetspent_r(file, &entry, (char *)line.bytes, line.cap, &found) : error;
    while (error == 0 && found != NULL && strcmp(entry.sp_namp, name) != 0);
    bool whole = !ferror(file) && error != ERANGE && error != ENOMEM;
    (void)fclose(file);
    if (found == NULL)
        return whole ? SHADOW_NO_LINE : SHADOW_UNKNOWN;
    return entry.sp_pwdp[0] == '!' ? SHADOW_LOCKED : SHADOW_OPEN;
}

/* The uid that usermod finds under that name; -1: none. */
static int64_t user_uid(const char *root, const char *name)
{
    char path[PATH_MAX];
    const struct passwd *user = NULL;
    if (root[0] == '\0') {
        user = getpwnam(name);
        return user != NULL ? (int64_t)user->pw_uid : -1;
    }
    FILE *file = path_under(path, root, "/etc/passwd") == MEDGL_OK ? fopen(path, "re") : NULL;
    if (file == NULL)
        return -1;
    while ((user = fgetpwent(file)) != NULL && strcmp(user->pw_name, name) != 0)
        ;
    int64_t uid = user != NULL ? (int64_t)user->pw_uid : -1;
    (void)fclose(file);
    return uid;
}

/* -- acts ----------------------------------------------------------------------------------- */

static int order_run_usermod(const struct duty *duty, const struct order *order)
{
    const bool lock = duty->act == PRIVILEGED_LOCK_SHADOW;
    const char *const here[] = {USERMOD, lock ? "-L" : "-U", "--", order->name, NULL};
    const char *const there[] = {USERMOD, "--prefix",  duty->root, lock ? "-L" : "-U",
                                 "--",    order->name, NULL};
    return privileged_program(duty->root[0] == '\0' ? here : there);
}

/* MUST: what usermod says is not believed: it ends with 0 also where there was nothing to change,
 * and what it did before it was cut off is nowhere but in the file. */
static enum privileged_outcome order_change_shadow(const struct duty *duty,
                                                   const struct order *order,
                                                   struct privileged_answer *answer)
{
    const enum shadow_state wanted =
        duty->act == PRIVILEGED_LOCK_SHADOW ? SHADOW_LOCKED : SHADOW_OPEN;
    if (!duty->root_good)
        return PRIVILEGED_FAILED;
    int64_t uid = user_uid(duty->root, order->name);
    if (uid >= 0 && uid != order->uid) /* usermod says itself that there is none */
        return PRIVILEGED_NOT_THEIRS;
    if (duty->name == NULL && uid == 0) /* nobody that "all" means */
        return PRIVILEGED_NOT_THEIRS;
    if (shadow_look(duty->root, order->name) == SHADOW_NO_LINE)
        return PRIVILEGED_NO_LINE;
    answer->status = order_run_usermod(duty, order);
    if (answer->status != 0)
        return answer->status == PROGRAM_CUT_OFF ? PRIVILEGED_UNKNOWN : PRIVILEGED_FAILED;
    enum shadow_state now = shadow_look(duty->root, order->name);
    if (now == wanted)
        return PRIVILEGED_DONE;
    return now == SHADOW_UNKNOWN ? PRIVILEGED_UNKNOWN : PRIVILEGED_FAILED;
}

bool privileged_is_theirs(const char *name, uid_t uid)
{
    const struct passwd *user = getpwnam(name);
    return user != NULL ? user->pw_uid == uid : getpwuid(uid) == NULL;
}

static enum privileged_outcome order_end_processes(const struct duty *duty,
                                                   const struct order *order,
                                                   struct privileged_answer *answer)
{
    if (order->uid <= 0 || order->uid >= UINT32_MAX ||
        !privileged_is_theirs(order->name, (uid_t)order->uid))
        return PRIVILEGED_NOT_THEIRS;
    if (geteuid() != 0)
        return PRIVILEGED_NOT_ROOT;
    if (process_hidden()) /* MUST: what is not seen is not taken for ended */
        return PRIVILEGED_HIDDEN;
    if (duty->act == PRIVILEGED_END_SESSION)
        processes_end_session(order->leader, (uid_t)order->uid, answer);
    else
        processes_end(&(struct processes_whose){.uid = (uid_t)order->uid,
                                                .logins = duty->act == PRIVILEGED_END_LOGINS},
                      duty->operator_uid, answer);
    return answer->outcome;
}

static void order_carry_out(const struct duty *duty, const struct order *order,
                            struct privileged_answer *answer)
{
    *answer = (struct privileged_answer){.outcome = PRIVILEGED_FAILED, .status = PROGRAM_NOT_RUN};
    if (memchr(order->name, '\0', sizeof(order->name)) == NULL ||
        memchr(order->leader, '\0', sizeof(order->leader)) == NULL ||
        !text_is_login_name(order->name))
        return;
    if (duty->name != NULL && strcmp(duty->name, order->name) != 0)
        return;
    switch (duty->act) {
    case PRIVILEGED_LOCK_SHADOW:
    case PRIVILEGED_UNLOCK_SHADOW:
        answer->outcome = order_change_shadow(duty, order, answer);
        return;
    case PRIVILEGED_END_PROCESSES:
    case PRIVILEGED_END_LOGINS:
    case PRIVILEGED_END_SESSION:
        answer->outcome = order_end_processes(duty, order, answer);
        return;
    case PRIVILEGED_NOTHING:
        return;
    }
}

/* -- the child ------------------------------------------------------------------------------ */

/* Whether nobody else can put anything in its place, or in the place of what is in it. */
static bool directory_is_kept(const char *path, bool sticky_is_good)
{
    struct stat st;
    if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()))
        return false;
    return (st.st_mode & 0022) == 0 || (sticky_is_good && (st.st_mode & S_ISVTX) != 0);
}

/* MUST: nothing is run in a private root that is somebody else's, not even with that person's
 * rights: who may trace a process that root started has what it was given. */
static bool duty_root_is_good(const char *root)
{
    char path[PATH_MAX];
    struct stat top, inner;
    if (root[0] == '\0')
        return true;
    if (path_under(path, root, "/etc") != MEDGL_OK || lstat(root, &top) != 0 ||
        lstat(path, &inner) != 0 || top.st_uid != geteuid() || inner.st_uid != geteuid() ||
        !directory_is_kept(root, false) || !directory_is_kept(path, false) ||
        text_copy(path, sizeof(path), root) != MEDGL_OK)
        return false;
    for (char *slash; geteuid() == 0 && (slash = strrchr(path, '/')) != NULL && slash != path;) {
        *slash = '\0';
        if (!directory_is_kept(path, true))
            return false;
    }
    return true;
}

/* The socket is the one descriptor that it keeps besides the standard ones: a pipe of the parent's
 * that stayed open here would keep somebody waiting for its end. */
static _Noreturn void duty_serve(struct duty *duty)
{
    struct order order;
    struct privileged_answer answer;
    const int kept = STDERR_FILENO + 1;
    bool good = (duty->socket == kept || dup3(duty->socket, kept, O_CLOEXEC) == kept) &&
                close_range((unsigned)kept + 1, ~0U, 0) == 0 &&
                prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    duty->root_good = good && duty_root_is_good(duty->root);
    while (good && recv(kept, &order, sizeof(order), 0) == (ssize_t)sizeof(order)) {
        order_carry_out(duty, &order, &answer);
        good = send(kept, &answer, sizeof(answer), MSG_NOSIGNAL) == (ssize_t)sizeof(answer);
    }
    _exit(good ? EXIT_SUCCESS : EXIT_FAILURE);
}

bool privileged_start(struct privileged *privileged, enum privileged_act act, const char *root,
                      const char *name, int64_t operator_uid)
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
        struct duty duty = {.act = act,
                            .root = root,
                            .name = name,
                            .operator_uid = operator_uid,
                            .socket = ends[1]};
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

static bool privileged_send(const struct privileged *privileged, const struct order *order,
                            struct privileged_answer *answer)
{
    ssize_t got = 0;
    if (privileged->child > 0 &&
        send(privileged->socket, order, sizeof(*order), MSG_NOSIGNAL) == (ssize_t)sizeof(*order)) {
        while ((got = recv(privileged->socket, answer, sizeof(*answer), 0)) < 0 && errno == EINTR)
            ;
        if (got != (ssize_t)sizeof(*answer)) /* it may have been done before the child ended */
            *answer = (struct privileged_answer){.outcome = PRIVILEGED_UNKNOWN,
                                                 .status = PROGRAM_CUT_OFF};
    }
    privileged_explain(privileged, answer, order->name, order->uid);
    return answer->outcome == PRIVILEGED_DONE;
}

bool privileged_order(const struct privileged *privileged, const char *name, int64_t uid,
                      struct privileged_answer *answer)
{
    return privileged_order_session(privileged, name, uid, "", answer);
}

bool privileged_order_session(const struct privileged *privileged, const char *name, int64_t uid,
                              const char *leader, struct privileged_answer *answer)
{
    struct order order = {.uid = uid};
    *answer = (struct privileged_answer){.outcome = PRIVILEGED_FAILED, .status = PROGRAM_NOT_RUN};
    if (text_copy(order.name, sizeof(order.name), name) == MEDGL_OK &&
        text_copy(order.leader, sizeof(order.leader), leader) == MEDGL_OK)
        return privileged_send(privileged, &order, answer);
    privileged_explain(privileged, answer, name, uid);
    return false;
}
