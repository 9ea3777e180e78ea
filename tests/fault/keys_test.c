/* R37: an exchange of a key is killed at each of its steps. Afterwards a login works without
 * anybody's help, no row is under two keys, no key is lost, the evidence verifies, and the next
 * exchange finishes what was begun. `--long`: every step; else some.
 *
 * A step is a call that changes a file, before it and after it, of this program and of SQLite: what
 * a program defines goes before the C library's. */
#undef _FORTIFY_SOURCE /* its inline functions would meet ours */
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#include "operation/keys.h"

#include "base/privilege.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STRIDE 7 /* of the short run; odd, so that both sides of calls are met */

static bool whole_campaign; /* `make fault-long` */

/* -- steps ------------------------------------------------------------------------------------ */

/* Shared by the exchanging process and its child, of which one runs at a time. */
static struct steps {
    _Atomic unsigned taken, last; /* SIGKILL at the last; 0: never */
    _Atomic int counting;
} * steps;

static void step(void)
{
    if (steps == NULL || !steps->counting)
        return;
    const unsigned now = atomic_fetch_add(&steps->taken, 1) + 1;
    if (steps->last != 0 && now == steps->last)
        (void)kill(getpid(), SIGKILL);
}

#define STEPPING(call)                                                                             \
    __extension__({                                                                                \
        step();                                                                                    \
        const long result_ = (call);                                                               \
        step();                                                                                    \
        result_;                                                                                   \
    })

ssize_t write(int fd, const void *bytes, size_t len)
{
    return STEPPING(syscall(SYS_write, fd, bytes, len));
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return STEPPING(syscall(SYS_pwrite64, fd, bytes, len, at));
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    return STEPPING(syscall(SYS_pwrite64, fd, bytes, len, at));
}

int fsync(int fd)
{
    return (int)STEPPING(syscall(SYS_fsync, fd));
}

int fdatasync(int fd)
{
    return (int)STEPPING(syscall(SYS_fdatasync, fd));
}

int ftruncate(int fd, off_t len)
{
    return (int)STEPPING(syscall(SYS_ftruncate, fd, len));
}

int ftruncate64(int fd, off64_t len)
{
    return (int)STEPPING(syscall(SYS_ftruncate, fd, len));
}

int rename(const char *from, const char *to)
{
    return (int)STEPPING(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int link(const char *from, const char *to)
{
    return (int)STEPPING(syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int unlink(const char *path)
{
    return (int)STEPPING(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int fchmod(int fd, mode_t mode)
{
    return (int)STEPPING(syscall(SYS_fchmod, fd, mode));
}

int fchown(int fd, uid_t owner, gid_t group)
{
    return (int)STEPPING(syscall(SYS_fchown, fd, owner, group));
}

int flock(int fd, int operation)
{
    return (int)STEPPING(syscall(SYS_flock, fd, operation));
}

/* -- the scene -------------------------------------------------------------------------------- */

static char work[] = "/dev/shm/medgl-keys-XXXXXX", root[sizeof(work) + sizeof("/root")];
static uid_t owner;
static char user[64];

#define NEED(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "# %s:%d: %s\n", __FILE__, __LINE__, #condition);                \
            return false;                                                                          \
        }                                                                                          \
    } while (0)

static bool shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool shell(const char *format, ...)
{
    char command[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(command, sizeof(command), format, arguments);
    va_end(arguments);
    return system(command) == 0; /* NOLINT: paths of ours */
}

/* As the owner of the store, in a process of its own. */
static int in_child(bool (*act)(const void *), const void *argument)
{
    int status;
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() != owner && privilege_drop(owner, (gid_t)owner) != MEDGL_OK)
            _exit(9);
        _exit(act(argument) ? 0 : 1);
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool enrol_somebody(const void *argument)
{
    static struct fixture f;
    struct script script = {.answers = {f.issued, PASSWORD_ONE, PASSWORD_ONE}};
    const struct talk talk = script_talk(&script);
    struct caller caller = caller_from("192.0.2.1");
    caller.real_uid = owner;
    const struct change_request request = {.caller = &caller, .user = user};
    const struct account_add_request add = {.name = user,
                                            .uid = (int64_t)owner,
                                            .class_ = ACCOUNT_CLASS_STAFF,
                                            .person.full_name = "Test Person"};
    enum change_verdict verdict = CHANGE_REFUSED;
    char why[OPERATION_WHY_SIZE];
    (void)argument;
    NEED(context_open(root, CONTEXT_STATE, &f.context) == MEDGL_OK);
    f.context.actor.roles = ROLE_ROOT;
    (void)snprintf(f.user, sizeof(f.user), "%s", user);
    NEED(operation_account_add(&f.context, &add, why) == MEDGL_OK);
    NEED(issue_try(&f, "known-in-person", why) == MEDGL_OK);
    NEED(operation_change(&f.context, &talk, &request, &verdict) == MEDGL_OK);
    NEED(verdict == CHANGE_DONE);
    context_close(&f.context);
    return true;
}

static bool log_in(const void *argument)
{
    struct script script = {.answers = {PASSWORD_ONE}};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.1");
    const struct login_request request = {.caller = &caller, .user = user};
    enum login_verdict verdict = LOGIN_REFUSED;
    auto_clean(context_close) struct context context = {.store = NULL};
    (void)argument;
    NEED(context_open(root, CONTEXT_STATE, &context) == MEDGL_OK);
    NEED(operation_login(&context, &talk, &request, &verdict) == MEDGL_OK);
    NEED(verdict == LOGIN_ALLOWED);
    return true;
}

static void tell(void *argument, const char *what)
{
    (void)argument;
    (void)fprintf(stderr, "# %s\n", what);
}

static void tell_fault(void *argument, uint64_t seq, const char *what)
{
    (void)argument;
    (void)fprintf(stderr, "# at %llu: %s\n", (unsigned long long)seq, what);
}

static bool look(const void *argument)
{
    auto_clean(context_close) struct context context = {.store = NULL};
    const struct evidence_request request = {.fault = tell_fault};
    struct ledger_result result;
    (void)argument;
    NEED(context_open(root, CONTEXT_STATE, &context) == MEDGL_OK);
    NEED(store_check(context.store, tell, NULL) == MEDGL_OK);
    NEED(operation_verify(&context, &request, &result) == MEDGL_OK);
    return true;
}

static bool make_scene(uid_t whose)
{
    struct fixture f;
    const struct passwd *found = getpwuid(whose);
    owner = whose;
    NEED(found != NULL);
    (void)snprintf(user, sizeof(user), "%s", found->pw_name);
    memcpy(work + sizeof(work) - 7, "XXXXXX", 6);
    NEED(mkdtemp(work) != NULL && chmod(work, 0755) == 0);
    (void)snprintf(root, sizeof(root), "%s/root", work);
    (void)snprintf(f.root, sizeof(f.root), "%s", root);
    NEED(mkdir(root, 0755) == 0);
    const struct setup_request request = {.root = root,
                                          .origin = "test.example/medgl",
                                          .owner = owner,
                                          .group = owner == geteuid() ? getegid() : (gid_t)owner,
                                          .actor = {.uid = -1}};
    NEED(operation_setup(&request) == MEDGL_OK);
    write_file(&f, FACTORLESS_FILE, FACTORLESS_TEXT);
    write_policy(&f, "password_min_age = 0\nattempts_per_account = 100\n");
    NEED(in_child(enrol_somebody, NULL) == 0);
    NEED(in_child(log_in, NULL) == 0);
    return shell("cp -a %s %s/kept", root, work);
}

static bool restore_scene(void)
{
    return shell("rm -rf %s && cp -a %s/kept %s", root, work, root);
}

/* -- killing ---------------------------------------------------------------------------------- */

static const struct trial {
    const char *name;
    enum key_use use;
    const char *key, *fresh;
    bool as_root; /* which becomes the owner of the store for its part */
} trials[] = {
    {"store, as its owner", KEY_USE_STORE, PATH_STORE_KEY, PATH_STORE_KEY_NEW, false},
    {"ledger, as its owner", KEY_USE_LEDGER, PATH_LEDGER_KEY, PATH_LEDGER_KEY_NEW, false},
    {"store, as root", KEY_USE_STORE, PATH_STORE_KEY, PATH_STORE_KEY_NEW, true},
    {"ledger, as root", KEY_USE_LEDGER, PATH_LEDGER_KEY, PATH_LEDGER_KEY_NEW, true},
};

static enum medgl_error exchange(const struct trial *trial, bool *finished_old)
{
    const struct key_rotate_request request = {.root = root,
                                               .owner = owner,
                                               .group =
                                                   owner == geteuid() ? getegid() : (gid_t)owner,
                                               .actor = {.uid = 1000, .name = "admin"},
                                               .use = trial->use,
                                               .reason = "test"};
    return operation_key_rotate(&request, finished_old);
}

/* Its exit status; -1: killed. */
static int exchange_in_child(const struct trial *trial, unsigned last)
{
    int status;
    steps->taken = 0;
    steps->last = last;
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        bool finished_old;
        steps->counting = 1;
        enum medgl_error error = exchange(trial, &finished_old);
        steps->counting = 0;
        _exit(error != MEDGL_OK ? (int)error : finished_old ? 100 : 0);
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -2;
    steps->counting = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool is_key(const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    NEED(path_under(path, root, name) == MEDGL_OK && lstat(path, &st) == 0);
    NEED((st.st_mode & 07777) == 0400 && st.st_uid == owner && st.st_size > 0);
    return true;
}

static bool is_gone(const char *name, const char *more)
{
    char path[PATH_MAX], whole[PATH_MAX + 8];
    struct stat st;
    NEED(path_under(path, root, name) == MEDGL_OK);
    (void)snprintf(whole, sizeof(whole), "%s%s", path, more);
    return lstat(whole, &st) != 0;
}

static bool survives(const struct trial *trial, unsigned at)
{
    NEED(restore_scene());
    const int status = exchange_in_child(trial, at);
    /* Where the child of root was killed, its parent lives to tell, or to find that all is done. */
    NEED(status == -1 || (trial->as_root && (status == 0 || status == MEDGL_ERR_IO)));
    NEED(steps->taken >= at); /* it came so far */
    NEED(in_child(log_in, NULL) == 0);
    NEED(in_child(look, NULL) == 0);
    NEED(is_key(PATH_STORE_KEY) && is_key(PATH_LEDGER_KEY));
    const int again = exchange_in_child(trial, 0);
    NEED(again == 0 || again == 100);
    NEED(is_key(trial->key));
    NEED(is_gone(trial->fresh, "") && is_gone(trial->fresh, ".new"));
    if (whole_campaign) /* an evaluation is most of what a step costs */
        NEED(in_child(log_in, NULL) == 0);
    NEED(in_child(look, NULL) == 0);
    return true;
}

static void exchange_survives_every_step(void **state)
{
    const struct trial *trial = *state;
    unsigned tried = 0;
    assert_true(make_scene(trial->as_root ? 65534 : geteuid()));
    assert_int_equal(exchange_in_child(trial, 0), 0);
    const unsigned count = steps->taken;
    assert_in_range(count, 40, 4000);
    for (unsigned at = 1; at <= count; at += whole_campaign ? 1 : STRIDE, tried++)
        if (!survives(trial, at)) {
            (void)shell("rm -rf %s", work);
            fail_msg("killed at step %u of %u", at, count);
        }
    print_message("# %u of %u steps\n", tried, count);
    assert_true(shell("rm -rf %s", work));
}

int main(int argc, char **argv)
{
    whole_campaign = argc > 1 && strcmp(argv[1], "--long") == 0;
    log_open(LOG_TARGET_NONE, "test", 0);
    steps = mmap(NULL, sizeof(*steps), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (steps == MAP_FAILED)
        return 1;
    for (size_t i = 0; i < MEDGL_COUNT(trials); i++)
        if (!trials[i].as_root || geteuid() == 0)
            table_add("R37 killed at a step", trials[i].name, exchange_survives_every_step,
                      &trials[i]);
    return table_run("keys");
}
