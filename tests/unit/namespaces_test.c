/* admin/processes.c and user namespaces (R32): what hides in one that the account made is ended,
 * whatever its uid; the namespace that we run in is nobody's. For root, and a kernel that makes
 * user namespaces. */
#include "admin/privileged.h"
#include "admin/processes.h"
#include "tests/unit/table.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* logind, which is not asked here: it would end what the test did not make. */
int privileged_program(const char *const argv[])
{
    (void)argv;
    return -1;
}

/* Of a range that no distribution gives to anybody, and others than privileged_test has. */
static uid_t unused_uid(void)
{
    return 61706 + (uid_t)getpid() % 400;
}

static uid_t theirs, other; /* of the account; of nobody */

/* Each is run by a child of root's, and leaves it in the namespaces and with the uid of its name.
 * false: it could not be done. */

static bool map_write(pid_t pid, const char *name, const char *text)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    const bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        (void)close(fd);
    return good;
}

/* Root inside is `root` outside; root outside, then, is SOMEBODY inside; the others keep theirs. */
#define SOMEBODY 7
static bool maps_write(pid_t pid, uid_t root)
{
    const uid_t uids[] = {theirs, other, 0};
    char text[128];
    int len = snprintf(text, sizeof(text), "0 %u 1\n", (unsigned)root);
    for (size_t i = 0; i < sizeof(uids) / sizeof(uids[0]); i++)
        if (uids[i] != root)
            len += snprintf(text + len, sizeof(text) - (size_t)len, "%u %u 1\n",
                            uids[i] == 0 ? SOMEBODY : (unsigned)uids[i], (unsigned)uids[i]);
    return map_write(pid, "uid_map", text) && map_write(pid, "gid_map", "0 0 1\n");
}

/* Makes one as `maker`; a child that stays outside says to the kernel who is who, as newuidmap
 * does. */
static bool namespace_make(uid_t maker, uid_t root)
{
    int made[2], status = 1;
    char byte;
    const pid_t inside = getpid();
    if (pipe(made) != 0)
        return false;
    const pid_t mapper = fork();
    if (mapper == 0) {
        (void)close(made[1]);
        _exit(read(made[0], &byte, 1) == 1 && maps_write(inside, root) ? 0 : 1);
    }
    const bool good = mapper > 0 && setresuid(maker, maker, maker) == 0 &&
                      unshare(CLONE_NEWUSER) == 0 && write(made[1], "", 1) == 1;
    (void)close(made[0]);
    (void)close(made[1]);
    return waitpid(mapper, &status, 0) == mapper && status == 0 && good &&
           setresuid(0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0; /* as after an exec there */
}

static bool hide_as_another(void)
{
    return namespace_make(theirs, other);
}
static bool hide_deeper(void)
{
    return namespace_make(theirs, 0) && namespace_make(other, other);
}
static bool hide_as_root(void)
{
    return namespace_make(theirs, 0);
}
static bool be_in_anothers(void)
{
    return namespace_make(other, other);
}
static bool be_in_roots(void)
{
    return namespace_make(0, other);
}
static bool be_outside(void)
{
    return setresuid(other, other, other) == 0;
}

static const struct place {
    const char *name;
    bool (*enter)(void);
    bool ended;
} places[] = {
    {"one with another uid", hide_as_another, true},
    {"one in a namespace inside of it", hide_deeper, true},
    {"one with root's uid", hide_as_root, true},
    {"not one in another's namespace", be_in_anothers, false},
    {"not one in root's namespace", be_in_roots, false},
    {"not one in no namespace", be_outside, false},
};

/* A process that entered there, and lives; -1: the kernel makes no such place. It asserts nothing,
 * for it is called in children, too: an assertion that failed there would go on as the runner. */
static pid_t start(bool (*enter)(void))
{
    int ready[2];
    char byte = 'n';
    if (pipe2(ready, O_CLOEXEC) != 0)
        return -1;
    const pid_t pid = fork();
    if (pid == 0) {
        (void)close(ready[0]);
        byte = enter() ? 'y' : 'n';
        if (write(ready[1], &byte, 1) != 1 || byte == 'n')
            _exit(1);
        (void)close(ready[1]);
        for (;;)
            (void)pause();
    }
    (void)close(ready[1]);
    const bool entered = pid > 0 && read(ready[0], &byte, 1) == 1 && byte == 'y';
    (void)close(ready[0]);
    if (pid > 0 && !entered) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
    }
    return entered ? pid : -1;
}

static void what_hides_ends(void **state)
{
    const struct place *place = *state;
    const struct processes_whose whose = {.uid = theirs};
    struct privileged_answer answer = {0};
    int status = 0;
    const pid_t pid = start(place->enter);
    assert_true(pid > 0);
    assert_int_equal(process_is_in_namespace_of(pid, theirs), place->ended);
    processes_end(&whose, -1, &answer);
    assert_int_equal(answer.outcome, PRIVILEGED_DONE);
    assert_int_equal(answer.found, place->ended);
    assert_int_equal(answer.left, 0);
    (void)kill(pid, SIGINT);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), place->ended ? SIGHUP : SIGINT);
}

/* Seen by what runs inside, as all of a container that somebody started does: the same place as
 * what hides outside of it. */
static bool own_is_nobodys(void)
{
    return !process_is_in_namespace_of(getpid(), theirs) &&
           !process_is_in_namespace_of(getppid(), theirs);
}
static bool inner_is_its_makers(void)
{
    const pid_t pid = start(hide_as_another);
    const bool told = pid > 0 && process_is_in_namespace_of(pid, theirs);
    if (pid > 0) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
    }
    return told;
}

static const struct view {
    const char *name;
    bool (*enter)(void);
    bool (*holds)(void);
} views[] = {
    {"our own, which they made", hide_as_root, own_is_nobodys},
    {"our own, in one that they made", hide_deeper, own_is_nobodys},
    {"but not one that they made in ours", hide_as_root, inner_is_its_makers},
};

static void our_own_is_nobodys(void **state)
{
    const struct view *view = *state;
    int status = 1;
    const pid_t pid = fork();
    if (pid == 0)
        _exit(!view->enter() ? 2 : view->holds() ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void no_namespaces_here(void **state)
{
    (void)state;
    skip(); /* an ordinary user, or a kernel that makes none */
}

int main(void)
{
    (void)signal(SIGINT, SIG_DFL); /* what a script has in the background ignores it */
    theirs = unused_uid();
    other = theirs + 400;
    const pid_t probe = geteuid() == 0 ? start(hide_as_another) : -1;
    if (probe < 0) {
        table_add("what hides in a user namespace", "ends (R32)", no_namespaces_here, NULL);
    } else {
        (void)kill(probe, SIGKILL);
        (void)waitpid(probe, NULL, 0);
        TABLE_ADD("what hides in a user namespace ends (R32)", places, what_hides_ends);
        TABLE_ADD("a user namespace is nobody's", views, our_own_is_nobodys);
    }
    return table_run("namespaces");
}
