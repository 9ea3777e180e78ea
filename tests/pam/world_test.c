/* The host's world is left alone: its children, signals, descriptors, umask, directory, locale and
 * environment stay as they are, not even for a moment another; and the engine gets a world of its
 * own. */
#include "tests/pam/host.h"
#include "tests/unit/table.h"

#include "base/auto.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>

#define FAKE_ENGINE TEST_BUILDDIR "/tests/pam/engine_fake"
#define MODULE      TEST_BUILDDIR "/.libs/pam_medgl.so"

/* -- what a host can see of itself ---------------------------------------------------------- */

struct view {
    char text[32768];
    size_t used;
};

static void __attribute__((format(printf, 2, 3))) see(struct view *view, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len =
        vsnprintf(view->text + view->used, sizeof(view->text) - view->used, format, arguments);
    va_end(arguments);
    view->used += len > 0 ? (size_t)len : 0;
    if (view->used >= sizeof(view->text))
        abort();
}

static void see_descriptors(struct view *view)
{
    for (int fd = 0; fd < 1024; fd++) {
        char path[64], target[PATH_MAX];
        int flags = fcntl(fd, F_GETFD);
        if (flags < 0)
            continue;
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        ssize_t len = readlink(path, target, sizeof(target));
        see(view, "fd %d: %d %x %.*s\n", fd, flags, (unsigned)fcntl(fd, F_GETFL), (int)len, target);
    }
}

static void see_signals(struct view *view)
{
    sigset_t blocked;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    for (int number = 1; number <= SIGRTMAX; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0)
            see(view, "signal %d: %p %x %d\n", number, (void *)(uintptr_t)action.sa_handler,
                (unsigned)action.sa_flags, sigismember(&blocked, number));
    }
}

static void see_all(struct view *view)
{
    char directory[PATH_MAX];
    uid_t real, effective, saved;
    mode_t mask = umask(0);
    (void)umask(mask);
    view->used = 0;
    see_descriptors(view);
    see_signals(view);
    (void)getresuid(&real, &effective, &saved);
    see(view, "umask %o\nids %u %u %u\nsession %d group %d\n", mask, real, effective, saved,
        getsid(0), getpgrp());
    see(view, "directory %s\n", getcwd(directory, sizeof(directory)) == NULL ? "-" : directory);
    see(view, "locale %s\n", setlocale(LC_ALL, NULL));
    for (char **variable = environ; *variable != NULL; variable++)
        see(view, "%p %s\n", (void *)*variable, *variable);
    for (int limit = 0; limit < RLIMIT_NLIMITS; limit++) {
        struct rlimit value;
        if (getrlimit((__rlimit_resource_t)limit, &value) == 0)
            see(view, "limit %d: %llu %llu\n", limit, (unsigned long long)value.rlim_cur,
                (unsigned long long)value.rlim_max);
    }
}

static bool same_view(const struct view *before, const struct view *after)
{
    if (before->used == after->used && memcmp(before->text, after->text, before->used) == 0)
        return true;
    (void)fprintf(stderr, "# before:\n%.*s\n# after:\n%.*s\n", (int)before->used, before->text,
                  (int)after->used, after->text);
    return false;
}

/* -- worlds --------------------------------------------------------------------------------- */

static atomic_int children_seen;

static void on_child(int number)
{
    (void)number;
    atomic_fetch_add(&children_seen, 1);
}

static void on_other(int number)
{
    (void)number;
}

static bool handle(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    return sigaction(number, &action, NULL) == 0;
}

static bool plain(void)
{
    return true;
}

static bool child_handler(void)
{
    return handle(SIGCHLD, on_child, 0);
}

static bool child_ignored(void)
{
    return handle(SIGCHLD, SIG_IGN, 0);
}

static bool no_zombies(void)
{
    return handle(SIGCHLD, on_child, SA_NOCLDWAIT);
}

static bool all_blocked(void)
{
    sigset_t all;
    return sigfillset(&all) == 0 && sigprocmask(SIG_SETMASK, &all, NULL) == 0;
}

static bool all_ignored(void)
{
    for (int number = 1; number <= SIGRTMAX; number++)
        (void)handle(number, SIG_IGN, 0); /* refused for SIGKILL and its like */
    return true;
}

static bool busy_timer(void)
{
    const struct itimerval often = {{0, 2000}, {0, 2000}};
    return handle(SIGALRM, on_other, 0) && setitimer(ITIMER_REAL, &often, NULL) == 0;
}

static bool closed(int first, int last)
{
    for (int fd = first; fd <= last; fd++)
        if (close(fd) != 0)
            return false;
    return true;
}

static bool closed_0(void)
{
    return closed(0, 0);
}

static bool closed_1(void)
{
    return closed(1, 1);
}

static bool closed_0_to_2(void)
{
    return closed(0, 2);
}

static bool closed_0_to_9(void)
{
    for (int fd = 0; fd < 10; fd++)
        (void)close(fd);
    return true;
}

static bool many_descriptors(void)
{
    for (int i = 0; i < 200; i++)
        if (open("/etc/passwd", O_RDONLY) < 0) /* without O_CLOEXEC */
            return false;
    return true;
}

static bool umask_0(void)
{
    (void)umask(0);
    return true;
}

static bool umask_0777(void)
{
    (void)umask(0777);
    return true;
}

static bool gone_directory(void)
{
    char path[] = "/tmp/medgl-gone-XXXXXX";
    return mkdtemp(path) != NULL && chdir(path) == 0 && rmdir(path) == 0;
}

static bool other_locale(void)
{
    return setlocale(LC_ALL, "C.UTF-8") != NULL;
}

static bool hostile_environment(void)
{
    static const char *const hostile[] = {
        "MALLOC_CHECK_=3",
        "MALLOC_PERTURB_=85",
        "LANG=../../tmp",
        "TMPDIR=/nowhere",
        "SQLITE_TMPDIR=/nowhere",
        "OPENSSL_CONF=/tmp/evil.cnf",
        "LD_BIND_NOW=1",
        "OPENSSL_MODULES=/tmp",
        "GCONV_PATH=/tmp",
        "NLSPATH=/tmp/%N",
        "LOCPATH=/tmp",
        "TZ=/tmp/zone",
        "PATH=/tmp",
        "LISTEN_FDS=7",
        "LISTEN_PID=1",
        "HOME=/tmp",
        "RES_OPTIONS=attempts:100",
    };
    for (size_t i = 0; i < MEDGL_COUNT(hostile); i++)
        if (putenv((char *)(uintptr_t)hostile[i]) != 0)
            return false;
    return true;
}

/* su: root by the file's mode, started by somebody else, who must not be able to signal the engine.
 */
static bool setuid_host(void)
{
    return geteuid() != 0 || setresuid(HOST_USER_UID, 0, 0) == 0;
}

static bool limit_to(__rlimit_resource_t resource, rlim_t most)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0)
        return false;
    limit.rlim_cur = most;
    return setrlimit(resource, &limit) == 0;
}

static bool small_limits(void)
{
    return limit_to(RLIMIT_NOFILE, 16) && limit_to(RLIMIT_FSIZE, 0);
}

static const struct world {
    const char *name;
    bool (*prepare)(void);
} worlds[] = {
    {"a plain one", plain},
    {"its own SIGCHLD handler", child_handler},
    {"SIGCHLD ignored", child_ignored},
    {"SA_NOCLDWAIT", no_zombies},
    {"all signals blocked", all_blocked},
    {"all signals ignored", all_ignored},
    {"a timer that fires all the time", busy_timer},
    {"descriptor 0 closed", closed_0},
    {"descriptor 1 closed", closed_1},
    {"descriptors 0 to 2 closed", closed_0_to_2},
    {"descriptors 0 to 9 closed", closed_0_to_9},
    {"200 inheritable descriptors", many_descriptors},
    {"umask 0", umask_0},
    {"umask 0777", umask_0777},
    {"a directory that is gone", gone_directory},
    {"another locale", other_locale},
    {"a hostile environment", hostile_environment},
    {"another real uid", setuid_host},
    {"small limits", small_limits},
};

/* -- scenarios ------------------------------------------------------------------------------ */

/* As root and as an ordinary user where the test may choose, else as who runs it. */
static void for_all_users(const char *engine, const char *behaviour,
                          bool (*scenario)(const struct sandbox *, const void *), const void *row)
{
    for (int i = 0; i < (geteuid() == 0 ? 2 : 1); i++) {
        uid_t who = i == 0 ? geteuid() : HOST_USER_UID;
        struct sandbox sandbox;
        assert_true(sandbox_make(&sandbox, who, engine));
        bool good = sandbox_write(&sandbox, "behaviour", behaviour) &&
                    sandbox_service(&sandbox, MODULE, "") && host_run(who, scenario, &sandbox, row);
        sandbox_remove(&sandbox);
        assert_true(good);
    }
}

/* Three logins through an engine that looks around itself, and nothing has changed. */
static bool keeps_its_world(const struct sandbox *sandbox, const void *state)
{
    static struct view before, after;
    const struct world *world = state;
    struct host host = {.asked = 0};
    openlog("medgl-test", LOG_NDELAY,
            LOG_AUTHPRIV); /* the library's own descriptor, once for all */
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(world->prepare());
    see_all(&before);
    for (int i = 0; i < 3; i++) {
        int code = host_call(&host, HOST_AUTH);
        if (code != PAM_SUCCESS)
            host_complain(__FILE__, __LINE__, host.said);
        CHECK(code == PAM_SUCCESS);
    }
    see_all(&after);
    CHECK(same_view(&before, &after));
    CHECK(atomic_load(&children_seen) == 0);
    CHECK(waitpid(-1, NULL, WNOHANG | (int)__WALL) == -1 && errno == ECHILD);
    host_end(&host);
    return true;
}

static void the_world_is_kept(void **state)
{
    for_all_users(FAKE_ENGINE, "looks_around", keeps_its_world, *state);
}

/* The same when nothing comes of the call. */
static bool keeps_its_world_in_failure(const struct sandbox *sandbox, const void *state)
{
    static struct view before, after;
    const struct world *world = state;
    struct host host = {.asked = 0};
    openlog("medgl-test", LOG_NDELAY, LOG_AUTHPRIV);
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(world->prepare());
    see_all(&before);
    for (int i = 0; i < 3; i++)
        CHECK(host_call(&host, HOST_AUTH) == PAM_AUTHINFO_UNAVAIL);
    see_all(&after);
    CHECK(same_view(&before, &after));
    CHECK(atomic_load(&children_seen) == 0);
    CHECK(waitpid(-1, NULL, WNOHANG | (int)__WALL) == -1 && errno == ECHILD);
    host_end(&host);
    return true;
}

static void the_world_survives_a_missing_engine(void **state)
{
    for_all_users(NULL, "", keeps_its_world_in_failure, *state);
}

static void the_world_survives_a_killed_engine(void **state)
{
    for_all_users(FAKE_ENGINE, "crashes", keeps_its_world_in_failure, *state);
}

/* A host that has used up what the call needs: a failure, and never PAM_IGNORE. */
static bool descriptors_used_up(const struct sandbox *sandbox, const void *state)
{
    const int *left = state;
    struct host host = {.asked = 0};
    int fds[1024], count = 0;
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(host_call(&host, HOST_SETCRED) == PAM_SUCCESS); /* libpam reads and loads */
    CHECK(limit_to(RLIMIT_NOFILE, 64));
    while ((fds[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        count++;
    CHECK(errno == EMFILE && count > *left);
    for (int i = 0; i < *left; i++)
        CHECK(close(fds[--count]) == 0);
    for (int call = HOST_AUTH; call <= HOST_CLOSE; call++) {
        if (call == HOST_SETCRED)
            continue;
        int code = host_call(&host, (enum host_call)call);
        /* Without any, libpam itself fails after our answer: it has no socket for the audit. */
        CHECK(code == host_unavailable((enum host_call)call) ||
              (*left == 0 && code == PAM_SYSTEM_ERR));
    }
    for (int i = 0; i < *left; i++)
        CHECK((fds[count++] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0);
    CHECK(open("/dev/null", O_RDONLY | O_CLOEXEC) < 0);
    host_end(&host);
    return true;
}

static void no_descriptor_left(void **state)
{
    for_all_users(FAKE_ENGINE, "succeeds", descriptors_used_up, *state);
}

/* valgrind 3.19 cannot let the stack grow any more after a clone() that failed. */
static __attribute__((noinline)) void grow_stack(void)
{
    volatile char stack[1 << 18];
    for (size_t i = 0; i < sizeof(stack); i += 4096)
        stack[i] = 0;
}

static bool processes_used_up(const struct sandbox *sandbox, const void *state)
{
    struct host host = {.asked = 0};
    (void)state;
    grow_stack();
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(limit_to(RLIMIT_NPROC, 0));
    CHECK(host_call(&host, HOST_AUTH) == (geteuid() == 0 ? PAM_SUCCESS : PAM_AUTHINFO_UNAVAIL));
    host_end(&host);
    return true;
}

static void no_process_left(void **state)
{
    for_all_users(FAKE_ENGINE, "succeeds", processes_used_up, *state);
}

/* -- other threads -------------------------------------------------------------------------- */

static atomic_bool stop;

/* Makes children of its own and waits for any child: only its own may come, each once. */
static void *waiting_thread(void *argument)
{
    atomic_int *strangers = argument;
    while (!atomic_load(&stop)) {
        pid_t child = fork();
        if (child == 0)
            _exit(7);
        int status = 0;
        pid_t got = waitpid(-1, &status, 0);
        if (child < 0 || got != child || !WIFEXITED(status) || WEXITSTATUS(status) != 7)
            atomic_fetch_add(strangers, 1);
    }
    return NULL;
}

static bool wait_loop_meets_its_own(const struct sandbox *sandbox, const void *state)
{
    struct host host = {.asked = 0};
    atomic_int strangers = 0;
    pthread_t thread;
    (void)state;
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(pthread_create(&thread, NULL, waiting_thread, &strangers) == 0);
    for (int i = 0; i < 50; i++)
        CHECK(host_call(&host, HOST_AUTH) == PAM_SUCCESS);
    atomic_store(&stop, true);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(atomic_load(&strangers) == 0);
    host_end(&host);
    return true;
}

static void a_wait_loop(void **state)
{
    for_all_users(FAKE_ENGINE, "succeeds", wait_loop_meets_its_own, *state);
}

/* Nothing of the process changes while others log in, not even for a moment. */
static void *watching_thread(void *argument)
{
    static struct view first, now;
    atomic_int *changes = argument;
    see_signals(&first);
    while (!atomic_load(&stop)) {
        char directory[PATH_MAX];
        now.used = 0;
        see_signals(&now);
        if (now.used != first.used || memcmp(now.text, first.text, first.used) != 0 ||
            getcwd(directory, sizeof(directory)) == NULL || strcmp(directory, "/tmp") != 0)
            atomic_fetch_add(changes, 1);
    }
    return NULL;
}

static void *login_thread(void *argument)
{
    struct host host = {.answers = {"open sesame", "open sesame", "open sesame", "open sesame"}};
    uintptr_t failures = 0;
    if (!host_start(&host, argument, NULL))
        return (void *)1;
    for (int i = 0; i < 4; i++)
        failures += host_call(&host, HOST_AUTH) != PAM_SUCCESS;
    host_end(&host);
    return (void *)failures;
}

static bool threads_log_in_at_once(const struct sandbox *sandbox, const void *state)
{
    pthread_t threads[8], watcher;
    atomic_int changes = 0;
    (void)state;
    CHECK(chdir("/tmp") == 0);
    CHECK(handle(SIGCHLD, on_child, 0));
    CHECK(pthread_create(&watcher, NULL, watching_thread, &changes) == 0);
    for (size_t i = 0; i < MEDGL_COUNT(threads); i++)
        CHECK(pthread_create(&threads[i], NULL, login_thread,
                             (void *)(uintptr_t)(const void *)sandbox) == 0);
    for (size_t i = 0; i < MEDGL_COUNT(threads); i++) {
        void *failures;
        CHECK(pthread_join(threads[i], &failures) == 0);
        CHECK(failures == NULL);
    }
    atomic_store(&stop, true);
    CHECK(pthread_join(watcher, NULL) == 0);
    CHECK(atomic_load(&changes) == 0);
    CHECK(atomic_load(&children_seen) == 0);
    return true;
}

static void threads(void **state)
{
    for_all_users(FAKE_ENGINE, "asks", threads_log_in_at_once, *state);
}

int main(void)
{
    static const struct left {
        const char *name;
        int left;
    } lefts[] = {{"none", 0}, {"one", 1}};
    TABLE_ADD("after a login unchanged", worlds, the_world_is_kept);
    TABLE_ADD("without an engine unchanged", worlds, the_world_survives_a_missing_engine);
    TABLE_ADD("with a killed engine unchanged", worlds, the_world_survives_a_killed_engine);
    for (size_t i = 0; i < MEDGL_COUNT(lefts); i++)
        table_add("descriptors left", lefts[i].name, no_descriptor_left, &lefts[i].left);
    table_add("processes left", "none", no_process_left, NULL);
    table_add("threads", "a wait(-1) loop meets its own children alone", a_wait_loop, NULL);
    table_add("threads", "eight log in at once, and one watches", threads, NULL);
    return table_run("world");
}
