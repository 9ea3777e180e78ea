/* admin/privileged.c, processes.c, processes_scope.c and processes_session.c: the child that keeps
 * root does what it was made for, on whom it may, and nothing without an order. Root's rows end
 * processes of a uid that nobody has; those of logins need a kernel with audit. */
#include "admin/admin.h"
#include "admin/processes.h"
#include "base/process.h"
#include "tests/unit/table.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define STRANGER "medgl-nobody-has-this-name"

static char complaint[1024];

void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(complaint, sizeof(complaint), format, arguments);
    va_end(arguments);
}

/* Of a range that no distribution gives to anybody. */
static uid_t unused_uid(void)
{
    return 60706 + (uid_t)getpid() % 400;
}

/* -- processes ------------------------------------------------------------------------------ */

static void *idle(void *argument)
{
    for (;;)
        (void)pause();
    return argument;
}

static void answer_by_fork(int signal_number)
{
    if (signal_number == SIGTERM && fork() == 0)
        (void)signal(SIGTERM, SIG_IGN);
}

static int living = -1; /* closed by one that lives as it shall from then on */

static void live_simply(void)
{
}
static void live_deaf(void)
{
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
}
static void live_stopped(void)
{
    live_deaf();
    (void)close(living);
    (void)raise(SIGSTOP);
}
static void live_forking(void)
{
    live_deaf();
    (void)signal(SIGTERM, answer_by_fork);
}
static void live_without_leader(void)
{
    pthread_t thread;
    live_deaf();
    if (pthread_create(&thread, NULL, idle, NULL) != 0)
        _exit(1);
    (void)close(living);
    pthread_exit(NULL);
}

static const struct life {
    const char *name;
    void (*live)(void);
    int ended_by;
} lives[] = {
    {"one that sleeps", live_simply, SIGHUP},
    {"one that ignores what can be ignored", live_deaf, SIGKILL},
    {"one that is stopped", live_stopped, SIGKILL},
    {"one that answers by forking", live_forking, SIGKILL},
    {"one whose first thread has ended", live_without_leader, SIGKILL},
};

/* A process of that uid; returns when it lives, and is what `become` makes of it. */
static pid_t start_as(void (*become)(void), void (*live)(void), uid_t uid)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ready[0]);
        if (setresuid(uid, uid, uid) != 0)
            _exit(1);
        become();
        if (write(ready[1], "", 1) != 1)
            _exit(1);
        living = ready[1];
        live();
        (void)close(living);
        (void)idle(NULL);
    }
    assert_true(pid > 0);
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(read(ready[0], &byte, 1), 0);
    (void)close(ready[0]);
    /* Time to stop, or to end the first thread: killed before that, it ends in the same way. */
    struct timespec moment = {.tv_nsec = 20000000};
    (void)nanosleep(&moment, NULL);
    return pid;
}

static pid_t start(void (*live)(void), uid_t uid)
{
    return start_as(live_simply, live, uid);
}

static int ended_by(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void processes_of_the_uid_end(void **state)
{
    const struct life *life = *state;
    struct privileged privileged = {0};
    struct privileged_answer answer;
    pid_t one = start(life->live, unused_uid()), other = start(live_simply, unused_uid() + 1);
    assert_true(privileged_start(&privileged, PRIVILEGED_END_PROCESSES, "", NULL, -1));
    assert_true(privileged_order(&privileged, STRANGER, unused_uid(), &answer));
    privileged_end(&privileged);
    assert_int_equal(answer.found, 1);
    assert_int_equal(answer.left, 0);
    assert_int_equal(ended_by(one), life->ended_by);
    assert_int_equal(kill(other, 0), 0); /* of another uid: untouched */
    (void)kill(other, SIGINT);
    assert_int_equal(ended_by(other), SIGINT);
}

static void several_orders_are_carried_out(void **state)
{
    struct privileged privileged = {0};
    struct privileged_answer answer;
    (void)state;
    assert_true(privileged_start(&privileged, PRIVILEGED_END_PROCESSES, "", NULL, -1));
    (void)kill(privileged.child, SIGINT); /* Ctrl-C, and whatever else ends a program */
    (void)kill(privileged.child, SIGTERM);
    for (int i = 0; i < 2; i++) {
        pid_t pid = start(live_simply, unused_uid());
        assert_true(privileged_order(&privileged, STRANGER, unused_uid(), &answer));
        assert_int_equal(ended_by(pid), SIGHUP);
    }
    assert_true(privileged_order(&privileged, STRANGER, unused_uid(), &answer));
    assert_int_equal(answer.found, 0);
    privileged_end(&privileged);
}

/* -- what was started from a login (R33) ------------------------------------------------------ */

/* What the kernel's audit counts this process to from here on. */
static bool login_becomes(uid_t login)
{
    char text[16];
    const int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
    const int len = snprintf(text, sizeof(text), "%u", (unsigned)login);
    const bool good = fd >= 0 && write(fd, text, (size_t)len) == len;
    if (fd >= 0)
        (void)close(fd);
    return good;
}

/* Not where the first process counts to one, as in a container that was started from a login. */
static bool logins_are_counted(void)
{
    struct process process;
    int status = 1;
    if (!process_read(1, &process) || process.login != PROCESS_NO_LOGIN)
        return false;
    const pid_t pid = fork();
    if (pid == 0)
        _exit(login_becomes(unused_uid()) && process_read(getpid(), &process) &&
                      process.login == unused_uid()
                  ? 0
                  : 1);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void no_logins_here(void **state)
{
    (void)state;
    skip(); /* no audit, or nobody may say whose login it is */
}

static uid_t their_login; /* chosen before the fork */

static void become_from_login(void)
{
    if (!login_becomes(their_login))
        _exit(1);
}
static void become_from_another_login(void)
{
    if (!login_becomes(their_login + 1))
        _exit(1);
}
static void become_from_login_deaf(void)
{
    become_from_login();
    live_deaf();
}

static const struct from_login {
    const char *name;
    void (*become)(void);
    enum privileged_act act;
    int ended_by; /* SIGINT: it lives until then */
} from_logins[] = {
    {"one that runs as root", become_from_login, PRIVILEGED_END_LOGINS, SIGHUP},
    {"one that ignores what can be ignored", become_from_login_deaf, PRIVILEGED_END_LOGINS,
     SIGKILL},
    {"not one of another login", become_from_another_login, PRIVILEGED_END_LOGINS, SIGINT},
    {"not one of no login", live_simply, PRIVILEGED_END_LOGINS, SIGINT},
    {"not where the uid alone is ordered", become_from_login, PRIVILEGED_END_PROCESSES, SIGINT},
};

static void what_a_login_started_ends(void **state)
{
    const struct from_login *row = *state;
    struct privileged privileged = {0};
    struct privileged_answer answer;
    their_login = unused_uid();
    const pid_t pid = start_as(row->become, live_simply, 0);
    assert_true(privileged_start(&privileged, row->act, "", NULL, -1));
    assert_true(privileged_order(&privileged, STRANGER, unused_uid(), &answer));
    privileged_end(&privileged);
    assert_int_equal(answer.found, row->ended_by != SIGINT);
    assert_int_equal(answer.left, 0);
    (void)kill(pid, SIGINT);
    assert_int_equal(ended_by(pid), row->ended_by);
}

/* Root's shell behind sudo, of whose login nobody told. */
static bool operator_is_told(void)
{
    struct privileged privileged = {0};
    struct privileged_answer answer;
    complaint[0] = '\0';
    return login_becomes(unused_uid()) &&
           privileged_start(&privileged, PRIVILEGED_END_LOGINS, "", NULL, -1) &&
           !privileged_order(&privileged, STRANGER, unused_uid(), &answer) &&
           answer.outcome == PRIVILEGED_OPERATORS &&
           strstr(complaint, "this program runs under one of them") != NULL;
}

static void the_operators_own_login_stays(void **state)
{
    int status = 1;
    (void)state;
    const pid_t pid = fork();
    if (pid == 0)
        _exit(operator_is_told() ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* By a procfs that was made for it: also where this kernel has no audit. */
static const struct proc_row {
    const char *name;
    const char *uid, *loginuid; /* NULL: no such file */
    bool logins;                /* are ordered as well; of uid 1000 */
    bool theirs;
} proc_rows[] = {
    {"of the uid", "1000", "4294967295", false, true},
    {"of the uid, by another's login", "1000", "1001", true, true},
    {"root's, from the login", "0", "1000", true, true},
    {"another's, from the login", "1001", "1000", true, true},
    {"root's, from the login, where the uid alone is ordered", "0", "1000", false, false},
    {"root's, from another login", "0", "1001", true, false},
    {"root's, from a login that begins alike", "0", "10000", true, false},
    {"root's, from none", "0", "4294967295", true, false},
    {"root's, from what is no number", "0", "x", true, false},
    {"root's, from what is empty", "0", "", true, false},
    {"root's, without audit", "0", NULL, true, false},
};

static void proc_write(const char *procfs, const char *name, const char *text)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/7/%s", procfs, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void a_process_is_theirs(void **state)
{
    const struct proc_row *row = *state;
    const struct processes_whose whose = {.uid = 1000, .logins = row->logins};
    char procfs[] = "/tmp/medgl-procfs-XXXXXX", path[64], status[256];
    struct process process;
    assert_non_null(mkdtemp(procfs));
    (void)snprintf(path, sizeof(path), "%s/7", procfs);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(status, sizeof(status),
                   "Name:\tsleep\nPid:\t7\nPPid:\t3\nTracerPid:\t0\nUid:\t%s\t%s\t%s\t%s\n",
                   row->uid, row->uid, row->uid, row->uid);
    proc_write(procfs, "status", status);
    if (row->loginuid != NULL)
        proc_write(procfs, "loginuid", row->loginuid);
    assert_true(process_read_by(procfs, 7, &process));
    assert_int_equal(process.parent, 3);
    assert_int_equal(process_is_theirs(&process, &whose), row->theirs);
    assert_false(process_read_by(procfs, 8, &process));
    const char *const argv[] = {"/bin/rm", "-r", procfs, NULL};
    assert_int_equal(privileged_program(argv), 0);
}

/* -- one session ---------------------------------------------------------------------------- */

#define FAMILY 4 /* a leader, its child, its grandchild, and one that is none of them */

/* A session as sshd makes one: the leader is root's, and so is what sudo started in it. */
struct family {
    pid_t pid[FAMILY];
    int fd[FAMILY]; /* of pidfd_open() */
    char leader[PROCESS_NAME_SIZE];
};

/* Each is the child of the one before. */
static _Noreturn void live_in_family(int fd, const uid_t *uid, void (*live)(void))
{
    for (;; uid++) {
        pid_t pid = getpid();
        if (setresuid(*uid, 0, 0) != 0 || write(fd, &pid, sizeof(pid)) != (ssize_t)sizeof(pid))
            _exit(1);
        if (uid[1] == (uid_t)-1 || fork() != 0)
            break;
    }
    if (setresuid(*uid, *uid, *uid) != 0)
        _exit(1);
    (void)close(fd);
    live();
    (void)idle(NULL);
    _exit(1);
}

static void family_start(struct family *family, void (*live)(void))
{
    const uid_t uids[] = {0, unused_uid(), unused_uid() + 1, (uid_t)-1};
    char byte;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    if (fork() == 0)
        live_in_family(ends[1], uids, live);
    (void)close(ends[1]);
    for (int i = 0; i < FAMILY - 1; i++)
        assert_int_equal(read(ends[0], &family->pid[i], sizeof(pid_t)), sizeof(pid_t));
    assert_int_equal(read(ends[0], &byte, 1), 0); /* all live */
    (void)close(ends[0]);
    family->pid[FAMILY - 1] = start(live_simply, unused_uid());
    for (int i = 0; i < FAMILY; i++)
        family->fd[i] = pidfd_open(family->pid[i], 0);
    assert_int_equal(process_name(family->pid[0], family->leader), MEDGL_OK);
}

static bool family_has_ended(const struct family *family, int i)
{
    struct pollfd end = {.fd = family->fd[i], .events = POLLIN};
    return poll(&end, 1, 0) == 1;
}

static void family_end(const struct family *family)
{
    for (int i = 0; i < FAMILY; i++) {
        (void)pidfd_send_signal(family->fd[i], SIGKILL, NULL, 0);
        (void)close(family->fd[i]);
    }
    assert_int_equal(waitpid(family->pid[0], NULL, 0), family->pid[0]);
    assert_int_equal(waitpid(family->pid[FAMILY - 1], NULL, 0), family->pid[FAMILY - 1]);
}

static void the_whole_session_ends(void **state)
{
    const struct life *life = *state;
    struct privileged privileged = {0};
    struct privileged_answer answer;
    struct family family;
    family_start(&family, life->live);
    assert_true(privileged_start(&privileged, PRIVILEGED_END_SESSION, "", NULL, -1));
    assert_true(
        privileged_order_session(&privileged, STRANGER, unused_uid(), family.leader, &answer));
    privileged_end(&privileged);
    assert_true(answer.found >= FAMILY - 1); /* one that forks has more */
    assert_int_equal(answer.left, 0);
    for (int i = 0; i < FAMILY; i++)
        assert_int_equal(family_has_ended(&family, i), i < FAMILY - 1);
    family_end(&family);
}

/* The name of a process is changed where the row says so. */
static const struct other_leader {
    const char *name;
    int word;         /* 0: boot, 2: pid, 3: start; -1: none */
    const char *with; /* instead */
    uid_t uid;        /* so much more than the unused one; -2: root's */
    enum privileged_outcome outcome;
} other_leaders[] = {
    {"whose number another one has now", 3, "1", 0, PRIVILEGED_DONE},
    {"of before the machine was started", 0, "00000000-0000-4000-8000-000000000000", 0,
     PRIVILEGED_DONE},
    {"that is no name", 0, "", 0, PRIVILEGED_FAILED},
    {"that is the first of all", 2, "1", 0, PRIVILEGED_DONE}, /* its start is another one */
    {"for a uid that is root's", -1, NULL, (uid_t)-2, PRIVILEGED_NOT_THEIRS},
    {"whose start was hidden", 3, "0", 0, PRIVILEGED_UNKNOWN},
    {"that has nothing of the account near", -1, NULL, 7, PRIVILEGED_UNKNOWN},
};

static void leader_with(const char *leader, int word, const char *with, char *name)
{
    char copy[PROCESS_NAME_SIZE], *rest = NULL;
    (void)snprintf(copy, sizeof(copy), "%s", leader);
    name[0] = '\0';
    const char *at = strtok_r(copy, " ", &rest);
    for (int i = 0; at != NULL; at = strtok_r(NULL, " ", &rest), i++) {
        size_t len = strlen(name);
        (void)snprintf(name + len, PROCESS_NAME_SIZE - len, "%s%s", i == 0 ? "" : " ",
                       i == word ? with : at);
    }
}

static void no_other_session_ends(void **state)
{
    const struct other_leader *row = *state;
    struct privileged privileged = {0};
    struct privileged_answer answer;
    struct family family;
    char leader[PROCESS_NAME_SIZE];
    family_start(&family, live_simply);
    leader_with(family.leader, row->word, row->with, leader);
    assert_true(privileged_start(&privileged, PRIVILEGED_END_SESSION, "", NULL, -1));
    (void)privileged_order_session(&privileged, STRANGER,
                                   row->uid == (uid_t)-2 ? 0 : unused_uid() + row->uid, leader,
                                   &answer);
    privileged_end(&privileged);
    assert_int_equal(answer.outcome, row->outcome);
    assert_int_equal(answer.found, 0);
    for (int i = 0; i < FAMILY; i++)
        assert_false(family_has_ended(&family, i));
    family_end(&family);
}

/* -- logind's ------------------------------------------------------------------------------- */

#define ALICES "/user.slice/user-1000.slice/session-3.scope"

static const struct scope_row {
    const char *name, *cgroup;
    const char *scope; /* of uid 1000; NULL: none */
    bool users;
} scopes[] = {
    {"of version 2", "0::" ALICES "\n", "3", true},
    {"of version 1", "12:pids:" ALICES "\n1:name=systemd:" ALICES "\n0::/\n", "3", true},
    {"of both", "1:name=systemd:" ALICES "\n0::" ALICES "\n", "3", true},
    {"without an audit number", "0::/user.slice/user-1000.slice/session-c12.scope\n", "c12", true},
    {"of two that differ",
     "1:name=systemd:" ALICES "\n0::/user.slice/user-1000.slice/session-4.scope\n", NULL, true},
    {"of somebody else", "0::/user.slice/user-1001.slice/session-3.scope\n", NULL, true},
    {"of root", "0::/user.slice/user-0.slice/session-3.scope\n", NULL, true},
    {"of a uid that begins alike", "0::/user.slice/user-10000.slice/session-3.scope\n", NULL, true},
    {"that a user made",
     "0::/user.slice/user-1000.slice/user@1000.service/app.slice/session-3.scope\n", NULL, true},
    {"below one", "0::" ALICES "/session-4.scope\n", NULL, true},
    {"below anything", "0::/attack" ALICES "\n", NULL, false},
    {"outside of what is seen", "0::/../.." ALICES "\n", NULL, false},
    {"of another hierarchy", "3:cpu:" ALICES "\n2:name=other:" ALICES "\n0::/\n", NULL, false},
    {"that only ends so", "0::/user.slice/user-1000.slice/my-session-3.scope\n", NULL, true},
    {"that is gone", "0::" ALICES " (deleted)\n", NULL, true},
    {"with an option for a name", "0::/user.slice/user-1000.slice/session---help.scope\n", NULL,
     true},
    {"without a name", "0::/user.slice/user-1000.slice/session-.scope\n", NULL, true},
    {"that is cut off", "0::" ALICES, NULL, true},
    {"of a service", "0::/system.slice/ssh.service\n", NULL, false},
    {"of nothing", "", NULL, false},
    {"of an empty line", "\n\n:\n", NULL, false},
};

static void a_scope_is_logind_s(void **state)
{
    const struct scope_row *row = *state;
    char scope[PROCESSES_SCOPE_SIZE];
    assert_int_equal(processes_scope(row->cgroup, 1000, scope), row->scope != NULL);
    assert_string_equal(scope, row->scope == NULL ? "" : row->scope);
    assert_int_equal(processes_are_users(row->cgroup), row->users);
}

/* This test, from which the operator's program descends. */
static void the_operators_own_session_stays(void **state)
{
    struct privileged privileged = {0};
    struct privileged_answer answer;
    char leader[PROCESS_NAME_SIZE];
    (void)state;
    complaint[0] = '\0';
    assert_int_equal(process_name(getpid(), leader), MEDGL_OK);
    pid_t child = start(live_simply, unused_uid());
    assert_true(privileged_start(&privileged, PRIVILEGED_END_SESSION, "", NULL, -1));
    assert_false(privileged_order_session(&privileged, STRANGER, unused_uid(), leader, &answer));
    privileged_end(&privileged);
    assert_int_equal(answer.outcome, geteuid() == 0 ? PRIVILEGED_OPERATORS : PRIVILEGED_NOT_ROOT);
    assert_true(complaint[0] != '\0');
    (void)kill(child, SIGINT);
    assert_int_equal(ended_by(child), SIGINT);
}

/* -- what /proc hides ------------------------------------------------------------------------- */

/* In a /proc of its own, without the capability that sees through hidepid: 2 hides nothing from
 * root, which is of the group 0. */
static bool sees_nothing(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("proc", "/proc", "proc", 0, "hidepid=4") != 0 ||
        syscall(SYS_capget, &header, data) != 0)
        return false;
    data[0].effective &= ~(1U << CAP_SYS_PTRACE);
    data[0].permitted &= ~(1U << CAP_SYS_PTRACE);
    return syscall(SYS_capset, &header, data) == 0 && process_hidden();
}

static bool hidden_is_said(enum privileged_act act, const char *says)
{
    struct privileged privileged = {0};
    struct privileged_answer answer;
    complaint[0] = '\0';
    if (!privileged_start(&privileged, act, "", NULL, -1) ||
        privileged_order(&privileged, STRANGER, unused_uid(), &answer))
        return false;
    privileged_end(&privileged);
    return answer.outcome == PRIVILEGED_HIDDEN && strstr(complaint, says) != NULL;
}

static int hidden_order(void)
{
    if (!sees_nothing())
        return 77;
    return hidden_is_said(PRIVILEGED_END_PROCESSES, "hides them") &&
                   hidden_is_said(PRIVILEGED_END_LOGINS, "/proc/[0-9]*/loginuid")
               ? 0
               : 1;
}

static void R32_hidden_is_not_ended(void **state)
{
    int status = 1;
    (void)state;
    const pid_t bystander = start(live_simply, unused_uid()), pid = fork();
    if (pid == 0)
        _exit(hidden_order());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(kill(bystander, SIGINT), 0);
    assert_int_equal(ended_by(bystander), SIGINT); /* untouched until then */
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip(); /* no mounts here */
    assert_int_equal(status, 0);
}

/* -- what is refused ------------------------------------------------------------------------ */

static const struct refusal {
    const char *name, *account;
    int64_t uid, operator_uid; /* 0 and 1 stand for the unused uid and the next one */
    uid_t runs_under;          /* as real uid */
    enum privileged_outcome outcome;
} refusals[] = {
    {"root's", STRANGER, -2, -1, 0, PRIVILEGED_NOT_THEIRS},
    {"root's, by name", "root", -2, -1, 0, PRIVILEGED_NOT_THEIRS},
    {"a uid below zero", STRANGER, -1, -1, 0, PRIVILEGED_NOT_THEIRS},
    {"a uid beyond all", STRANGER, INT64_C(0x100000001), -1, 0, PRIVILEGED_NOT_THEIRS},
    {"the uid that means none", STRANGER, UINT32_MAX, -1, 0, PRIVILEGED_NOT_THEIRS},
    {"somebody else's of that name", "daemon", 0, -1, 0, PRIVILEGED_NOT_THEIRS},
    {"somebody else's of that uid", STRANGER, 1, -1, 0, PRIVILEGED_NOT_THEIRS},
    {"the operator's, the kernel says", STRANGER, 0, 0, 0, PRIVILEGED_OPERATORS},
    {"the operator's, under whom this runs", STRANGER, 0, -1, 1, PRIVILEGED_OPERATORS},
    {"a name that is none", "a/b", 0, -1, 0, PRIVILEGED_FAILED},
    {"a name like an option", "-x", 0, -1, 0, PRIVILEGED_FAILED},
    {"no name", "", 0, -1, 0, PRIVILEGED_FAILED},
};

static int64_t row_uid(int64_t number)
{
    return number == 0 ? (int64_t)unused_uid() : number == -2 ? 0 : number;
}

/* In a process of its own, whose real uid is the row's. */
static bool refusal_holds(const struct refusal *row, bool root)
{
    struct privileged privileged = {0};
    struct privileged_answer answer;
    uid_t real = row->runs_under != 0 ? unused_uid() : geteuid();
    enum privileged_outcome expected =
        root || row->outcome != PRIVILEGED_OPERATORS ? row->outcome : PRIVILEGED_NOT_ROOT;
    complaint[0] = '\0';
    return (!root || setresuid(real, 0, 0) == 0) &&
           privileged_start(&privileged, PRIVILEGED_END_PROCESSES, "", NULL,
                            row->operator_uid == -1 ? -1 : row_uid(row->operator_uid)) &&
           !privileged_order(&privileged, row->account, row_uid(row->uid), &answer) &&
           answer.outcome == expected && complaint[0] != '\0';
}

static void nobody_elses_processes_end(void **state)
{
    const struct refusal *row = *state;
    bool root = geteuid() == 0;
    pid_t bystander = start(live_simply, root ? unused_uid() : getuid());
    int status = 1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(refusal_holds(row, root) ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    (void)kill(bystander, SIGINT);
    assert_int_equal(ended_by(bystander), SIGINT);
}

static void nothing_is_done_without_an_order(void **state)
{
    struct privileged privileged = {0};
    struct privileged_answer answer;
    bool root = geteuid() == 0;
    pid_t bystander = start(live_simply, root ? unused_uid() : getuid());
    (void)state;
    assert_true(privileged_start(&privileged, PRIVILEGED_END_PROCESSES, "", NULL, -1));
    privileged_end(&privileged);
    assert_true(privileged_start(&privileged, PRIVILEGED_END_PROCESSES, "", NULL, -1));
    assert_int_equal(write(privileged.socket, STRANGER, sizeof(STRANGER)), sizeof(STRANGER));
    privileged_end(&privileged); /* half an order is none */
    assert_false(privileged_order(&privileged, STRANGER, unused_uid(), &answer));
    assert_int_equal(answer.outcome, PRIVILEGED_FAILED);
    (void)kill(bystander, SIGINT);
    assert_int_equal(ended_by(bystander), SIGINT);
}

/* -- the Unix password ---------------------------------------------------------------------- */

#define HASH   "$6$salt$hash"
#define ENTRY  "somebody:" HASH ":19000:0:99999:7:::\n"
#define LOCKED "somebody:!" HASH ":19000:0:99999:7:::\n"
#define BARE   "somebody:!:19000:0:99999:7:::\n"

static char root[] = "/tmp/medgl-privileged-XXXXXX/root";

static void file_write_text(const char *name, const char *text)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s%s", root, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void file_holds(const char *name, const char *text)
{
    char path[PATH_MAX], buffer[256] = "";
    (void)snprintf(path, sizeof(path), "%s%s", root, name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_true(fread(buffer, 1, sizeof(buffer) - 1, file) > 0);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(buffer, text);
}

static int run(const char *script)
{
    const char *const argv[] = {"/bin/sh", "-c", script, "sh", root, NULL};
    return privileged_program(argv);
}

static const struct shadow_row {
    const char *name;
    const char *before; /* a script; $1 is the root */
    enum privileged_act act;
    const char *account, *pinned;
    int64_t uid;
    const char *from, *to;
    enum privileged_outcome outcome;
    int status;
    bool for_root;
} shadow_rows[] = {
#define LOCK   PRIVILEGED_LOCK_SHADOW
#define UNLOCK PRIVILEGED_UNLOCK_SHADOW
#define DONE   PRIVILEGED_DONE
#define FAILED PRIVILEGED_FAILED
#define THEIRS PRIVILEGED_NOT_THEIRS
    {"locked", ":", LOCK, "somebody", NULL, 1000, ENTRY, LOCKED, DONE, 0, false},
    {"locked twice is locked", ":", LOCK, "somebody", NULL, 1000, LOCKED, LOCKED, DONE, 0, false},
    {"unlocked", ":", UNLOCK, "somebody", NULL, 1000, LOCKED, ENTRY, DONE, 0, false},
    {"pinned to this name", ":", LOCK, "somebody", "somebody", 1000, ENTRY, LOCKED, DONE, 0, false},
    {"pinned to another name", ":", LOCK, "somebody", "other", 1000, ENTRY, ENTRY, FAILED, -1,
     false},
    {"of another uid by now", ":", LOCK, "somebody", "somebody", 1001, ENTRY, ENTRY, THEIRS, -1,
     false},
    {"of another uid, unlocked", ":", UNLOCK, "somebody", "somebody", 0, LOCKED, LOCKED, THEIRS, -1,
     false},
    {"root's, where many are meant", "sed -i s/1000/0/ $1/etc/passwd", LOCK, "somebody", NULL, 0,
     ENTRY, ENTRY, THEIRS, -1, false},
    {"of nobody", ":", LOCK, STRANGER, NULL, 0, ENTRY, ENTRY, PRIVILEGED_NO_LINE, -1, false},
    {"of a line without a user", "echo > $1/etc/passwd", LOCK, "somebody", NULL, 1000, ENTRY, ENTRY,
     FAILED, 6, false},
    {"of a user without a line", "echo other:x:1001:1000::/: >> $1/etc/passwd", UNLOCK, "other",
     "other", 1001, ENTRY, ENTRY, PRIVILEGED_NO_LINE, -1, false},
    {"unlocked, with no hash behind the lock", ":", UNLOCK, "somebody", NULL, 1000, BARE, BARE,
     FAILED, 0, false},
    {"a name that is an option", ":", LOCK, "--help", NULL, 0, ENTRY, ENTRY, FAILED, -1, false},
    {"others may write to the root", "chmod 777 $1", LOCK, "somebody", NULL, 1000, ENTRY, ENTRY,
     FAILED, -1, false},
    {"others may write to its etc", "chmod 775 $1/etc", LOCK, "somebody", NULL, 1000, ENTRY, ENTRY,
     FAILED, -1, false},
    {"its etc is a link", "mv $1/etc $1/other; ln -s other $1/etc", LOCK, "somebody", NULL, 1000,
     ENTRY, ENTRY, FAILED, -1, false},
    {"its etc is somebody else's", "chown 65533 $1/etc", LOCK, "somebody", NULL, 1000, ENTRY, ENTRY,
     FAILED, -1, true},
    {"another's root", "chown -R 65534:65534 $1", LOCK, "somebody", NULL, 1000, ENTRY, ENTRY,
     FAILED, -1, true},
    {"another's root around root's files", "chown 65534:65534 $1", UNLOCK, "somebody", NULL, 1000,
     LOCKED, LOCKED, FAILED, -1, true},
    {"in what others may rename", "chown 65534 ${1%/*}", LOCK, "somebody", NULL, 1000, ENTRY, ENTRY,
     FAILED, -1, true},
#undef LOCK
#undef UNLOCK
#undef DONE
#undef FAILED
#undef THEIRS
};

static void unix_password_changes(void **state)
{
    const struct shadow_row *row = *state;
    struct privileged privileged = {0};
    struct privileged_answer answer;
    complaint[0] = '\0';
    assert_int_equal(run("rm -rf $1 && chown $(id -u) ${1%/*} && mkdir -m 755 $1 $1/etc"), 0);
    file_write_text("/etc/passwd", "somebody:x:1000:1000::/:/bin/sh\n");
    file_write_text("/etc/group", "somebody:x:1000:\n");
    file_write_text("/etc/shadow", row->from);
    assert_int_equal(run(row->before), 0);
    assert_true(privileged_start(&privileged, row->act, root, row->pinned, -1));
    assert_int_equal(privileged_order(&privileged, row->account, row->uid, &answer),
                     row->outcome == PRIVILEGED_DONE);
    privileged_end(&privileged);
    assert_int_equal(answer.status, row->status);
    assert_int_equal(answer.outcome, row->outcome);
    assert_int_equal(complaint[0] != '\0', row->outcome != PRIVILEGED_DONE);
    file_holds("/etc/shadow", row->to);
    assert_int_equal(run("rm -rf $1"), 0);
}

/* A child that is gone may have done it before. */
static void a_lost_answer_is_no_answer(void **state)
{
    struct privileged privileged = {.act = PRIVILEGED_LOCK_SHADOW, .child = 1};
    struct privileged_answer answer;
    int ends[2];
    char order[4096];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    privileged.socket = ends[0];
    pid_t pid = fork();
    if (pid == 0)
        _exit(recv(ends[1], order, sizeof(order), 0) > 0 ? 0 : 1);
    (void)close(ends[1]);
    assert_false(privileged_order(&privileged, "somebody", 1000, &answer));
    (void)close(ends[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(answer.outcome, PRIVILEGED_UNKNOWN);
    assert_non_null(strstr(complaint, "not known: look with passwd -S somebody"));
}

static void programs_run_bare(void **state)
{
    const char *const missing[] = {"/usr/sbin/medgl-no-such-program", NULL};
    (void)state;
    assert_int_equal(setenv("MEDGL_TEST_SHOWS", "1", 1), 0);
    assert_int_equal(run("exit 7"), 7);
    assert_int_equal(run("test -z \"$MEDGL_TEST_SHOWS$HOME\""), 0);
    assert_int_equal(run("read nothing"), 1);
    assert_int_equal(run("kill -9 $$"), -2); /* what it did before is not known */
    assert_int_equal(run("for n in 0 1 2; do test /proc/$$/fd/$n -ef /dev/null || exit 1; done"),
                     0);
    assert_int_equal(run("read -r stat < /proc/$$/stat; set -- $$ ${stat##*) }; test $1 = $5"), 0);
    assert_int_equal(dup2(STDERR_FILENO, 9), 9);
    assert_int_equal(run("for n in 3 4 5 6 7 8 9; do test ! -e /proc/$$/fd/$n || exit 1; done"), 0);
    (void)close(9);
    assert_int_equal(privileged_program(missing), -1);
}

int main(void)
{
    const bool as_root = geteuid() == 0;
    char *inner = strrchr(root, '/');
    (void)signal(SIGINT, SIG_DFL); /* what a script has in the background ignores it */
    *inner = '\0';
    if (mkdtemp(root) == NULL)
        return 1;
    *inner = '/';
    if (as_root) {
        TABLE_ADD("processes end (R12)", lives, processes_of_the_uid_end);
        TABLE_ADD("a session ends (R29)", lives, the_whole_session_ends);
        TABLE_ADD("nothing ends by a leader", other_leaders, no_other_session_ends);
        table_add("a session", "of the operator's goes on", the_operators_own_session_stays, NULL);
        table_add("processes end", "of several orders, whatever is signalled",
                  several_orders_are_carried_out, NULL);
        table_add("processes do not end (R32)", "that /proc hides", R32_hidden_is_not_ended, NULL);
    }
    if (as_root && logins_are_counted()) {
        TABLE_ADD("what a login started ends (R33)", from_logins, what_a_login_started_ends);
        table_add("what a login started ends (R33)", "not the operator's",
                  the_operators_own_login_stays, NULL);
    } else {
        table_add("what a login started ends (R33)", "where logins are counted", no_logins_here,
                  NULL);
    }
    TABLE_ADD("a process is theirs (R33)", proc_rows, a_process_is_theirs);
    TABLE_ADD("a scope", scopes, a_scope_is_logind_s);
    TABLE_ADD("processes do not end", refusals, nobody_elses_processes_end);
    table_add("processes do not end", "without a whole order", nothing_is_done_without_an_order,
              NULL);
    for (size_t i = 0; i < MEDGL_COUNT(shadow_rows); i++)
        if (as_root || !shadow_rows[i].for_root)
            table_add("the Unix password", shadow_rows[i].name, unix_password_changes,
                      &shadow_rows[i]);
    table_add("the Unix password", "a lost answer", a_lost_answer_is_no_answer, NULL);
    table_add("programs", "have no environment, no input and no file", programs_run_bare, NULL);
    int failed = table_run("privileged");
    *inner = '\0';
    (void)rmdir(root);
    return failed;
}
