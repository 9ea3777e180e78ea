/* Ending what belongs to one session: the process that opened it, all that descends from it, and
 * what the kernel's audit counts to it. Knows processes alone: no account, no store. */
#include "admin/processes.h"

#include "admin/privileged.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>

#define LOGINCTL    "/usr/bin/loginctl"
#define AUDIT_NONE  UINT32_MAX /* the kernel counts it to no session */
#define TEXT_SIZE   4096
#define MEMBERS_MAX 65536

/* A process of the session, by a name that no other one has. */
struct member {
    char name[PROCESS_NAME_SIZE];
    pid_t pid;
    bool living, asked;
};

struct session_ending {
    const char *leader; /* its name */
    uid_t uid;          /* of the account */
    uint32_t audit;     /* the session's own number; AUDIT_NONE: it has none */
    char scope[PROCESSES_SCOPE_SIZE];
    struct member *members; /* the leader first; malloc'ed */
    size_t count;
};

static void ending_free(struct session_ending *ending)
{
    free(ending->members);
}

/* -- what /proc says of one ------------------------------------------------------------------- */

static bool file_of(pid_t pid, const char *name, char text[TEXT_SIZE])
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, TEXT_SIZE - 1) : -1;
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

static uint32_t audit_of(pid_t pid)
{
    char text[TEXT_SIZE];
    uint32_t audit;
    return file_of(pid, "sessionid", text) && sscanf(text, "%" SCNu32, &audit) == 1 ? audit
                                                                                    : AUDIT_NONE;
}

/* The session of that user that logind has it in. "": none. */
static void scope_of(pid_t pid, uid_t uid, char scope[PROCESSES_SCOPE_SIZE])
{
    char text[TEXT_SIZE];
    scope[0] = '\0';
    if (file_of(pid, "cgroup", text))
        (void)processes_scope(text, uid, scope);
}

/* MUST: neither this process nor one that it descends from is ended, whoever is behind the session.
 * Not known: as if. */
static bool is_ours(pid_t pid)
{
    struct process process = {.parent = getpid()};
    while (process.parent > 0) {
        if (process.parent == pid || !process_read(process.parent, &process))
            return true;
    }
    return false;
}

/* -- who belongs to it ------------------------------------------------------------------------ */

static bool member_add(struct session_ending *ending, pid_t pid, const char *name)
{
    for (size_t i = 0; i < ending->count; i++)
        if (strcmp(ending->members[i].name, name) == 0)
            return false;
    struct member *larger = ending->count < MEMBERS_MAX
                                ? reallocarray(ending->members, ending->count + 1, sizeof(*larger))
                                : NULL;
    if (larger == NULL)
        return false; /* its parent is not ended before it: the next round finds it */
    ending->members = larger;
    larger[ending->count] = (struct member){.pid = pid, .living = true};
    (void)snprintf(larger[ending->count++].name, PROCESS_NAME_SIZE, "%s", name);
    return true;
}

/* Whether that process is a child of one that belongs to the session. MUST: the parent is looked at
 * after the child: if it is there still, nobody else had its number when the child named it. */
static bool has_member_parent(const struct session_ending *ending, const struct process *process)
{
    for (size_t i = 0; i < ending->count; i++)
        if (ending->members[i].pid == process->parent &&
            process_look(ending->members[i].name) == PROCESS_ALIVE)
            return true;
    return false;
}

static bool belongs(const struct session_ending *ending, pid_t pid)
{
    struct process process;
    if (!process_read(pid, &process))
        return false;
    if (ending->audit != AUDIT_NONE && process.uid == ending->uid && audit_of(pid) == ending->audit)
        return true;
    return has_member_parent(ending, &process);
}

/* MUST: its name is read before and after what makes it belong: what was read was its own. */
static bool member_look(struct session_ending *ending, pid_t pid)
{
    char name[PROCESS_NAME_SIZE];
    return process_name(pid, name) == MEDGL_OK && belongs(ending, pid) &&
           process_look(name) == PROCESS_ALIVE && !is_ours(pid) && member_add(ending, pid, name);
}

/* Until no more are found. false: who there is cannot be known. */
static bool members_gather(struct session_ending *ending)
{
    bool more = true;
    while (more) {
        const struct dirent *entry;
        DIR *directory = opendir("/proc");
        if (directory == NULL)
            return false;
        more = false;
        while ((entry = readdir(directory)) != NULL)
            if (isdigit((unsigned char)entry->d_name[0]))
                more |= member_look(ending, (pid_t)strtol(entry->d_name, NULL, 10));
        (void)closedir(directory);
    }
    return true;
}

/* -- the end ---------------------------------------------------------------------------------- */

/* MUST: the descriptor is opened before the name is looked at, and the signal goes through it. */
static void member_signal(struct member *member, const int *signals)
{
    auto_fd int fd = pidfd_open(member->pid, 0);
    const bool none = fd < 0 && errno == ESRCH;
    member->living = !none && process_look(member->name) == PROCESS_ALIVE &&
                     process_send(fd, member->asked ? signals : processes_polite);
    member->asked = true;
}

/* The leader is asked last: it is the one that says that the session is over, and while it is there
 * its descendants are known. `*living`: how many there were. */
static void members_signal(struct session_ending *ending, const int *signals, uint32_t *living)
{
    struct member *leader = &ending->members[0];
    *living = 0;
    for (size_t i = 1; i < ending->count; i++) {
        if (ending->members[i].living)
            member_signal(&ending->members[i], signals);
        *living += ending->members[i].living;
    }
    if (*living == 0 && leader->living)
        member_signal(leader, signals);
    else
        leader->living = leader->living && process_look(leader->name) == PROCESS_ALIVE;
    *living += leader->living;
}

/* What logind starts again for a session, or keeps for it, ends with it. */
static void end_scope(const struct session_ending *ending)
{
    const char *const argv[] = {LOGINCTL, "terminate-session", ending->scope, NULL};
    if (ending->scope[0] != '\0' && processes_have_logind())
        (void)privileged_program(argv);
}

static void end_members(struct session_ending *ending, struct privileged_answer *answer)
{
    static const struct timespec moment = {.tv_nsec = PROCESSES_PAUSE_MS * 1000000L};
    const int64_t patience = clock_monotonic() + PROCESSES_POLITE_MS;
    for (int round = 0; round < PROCESSES_ROUNDS; round++) {
        const bool deadly = clock_monotonic() >= patience;
        if (!members_gather(ending))
            return;
        members_signal(ending, deadly ? processes_deadly : processes_nothing, &answer->left);
        answer->found = (uint32_t)ending->count;
        answer->outcome = answer->left == 0 ? PRIVILEGED_DONE : PRIVILEGED_LEFT;
        if (answer->left == 0)
            return;
        (void)nanosleep(&moment, NULL);
    }
}

/* Whether the audit number and the scope of a leader are its session's own: where what is above it
 * is a service of the machine, such as sshd's, which is counted to no session. MUST: not so inside
 * another session (su, sudo), whose number and scope they are, and not below the first process: who
 * is there may have come from anywhere. */
static bool stands_alone(const struct process *leader)
{
    char cgroup[TEXT_SIZE], number[TEXT_SIZE];
    uint32_t audit = AUDIT_NONE;
    if (leader->parent <= 1 || !file_of(leader->parent, "cgroup", cgroup) ||
        processes_are_users(cgroup))
        return false;
    return !file_of(leader->parent, "sessionid", number) || /* a kernel that does not count */
           (sscanf(number, "%" SCNu32, &audit) == 1 && audit == AUDIT_NONE);
}

static bool ending_begin(struct session_ending *ending, pid_t leader)
{
    struct process process;
    if (!process_read(leader, &process))
        return false;
    ending->audit = AUDIT_NONE;
    if (stands_alone(&process)) {
        ending->audit = audit_of(leader);
        scope_of(leader, ending->uid, ending->scope);
    }
    return process_look(ending->leader) == PROCESS_ALIVE &&
           member_add(ending, leader, ending->leader);
}

static bool is_operators(const struct session_ending *ending, pid_t leader)
{
    char scope[PROCESSES_SCOPE_SIZE];
    scope_of(getpid(), ending->uid, scope);
    return is_ours(leader) ||
           (ending->audit != AUDIT_NONE && audit_of(getpid()) == ending->audit) ||
           (ending->scope[0] != '\0' && strcmp(scope, ending->scope) == 0);
}

/* -- whose it is ------------------------------------------------------------------------------ */

/* The leader itself, its child, or that one's: sudo's monitor stands between. */
static bool is_near(const struct session_ending *ending, pid_t pid, const struct process *process)
{
    const pid_t leader = ending->members[0].pid;
    struct process above;
    if (pid == leader || process->parent == leader)
        return true;
    return process->parent > 1 && process_read(process->parent, &above) && above.parent == leader;
}

/* MUST: nothing ends by the word of the store alone: the process that it names opened a session
 * of the account only where something of the account's uid is near. */
static bool is_accounts(const struct session_ending *ending)
{
    const struct dirent *entry;
    struct process process;
    bool found = false;
    DIR *directory = opendir("/proc");
    while (directory != NULL && !found && (entry = readdir(directory)) != NULL) {
        const pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        found = pid > 0 && process_read(pid, &process) &&
                (process.uid == ending->uid || process.effective == ending->uid) &&
                is_near(ending, pid, &process);
    }
    if (directory != NULL)
        (void)closedir(directory);
    return found && process_look(ending->leader) == PROCESS_ALIVE;
}

void processes_end_session(const char *leader, uid_t uid, struct privileged_answer *answer)
{
    auto_clean(ending_free) struct session_ending ending = {.leader = leader, .uid = uid};
    const pid_t pid = process_pid(leader);
    answer->outcome = PRIVILEGED_FAILED;
    if (pid <= 0)
        return;
    switch (process_look(leader)) {
    case PROCESS_GONE:
    case PROCESS_GONE_BOOT:
        answer->outcome = PRIVILEGED_DONE; /* nothing is known to be left of it */
        return;
    case PROCESS_UNKNOWN:
        return;
    case PROCESS_ALIVE:
        break;
    }
    answer->outcome = PRIVILEGED_UNKNOWN;
    if (!process_is_certain(leader))
        return;
    answer->outcome = PRIVILEGED_FAILED;
    if (!ending_begin(&ending, pid))
        return;
    if (is_operators(&ending, pid)) {
        answer->outcome = PRIVILEGED_OPERATORS;
        return;
    }
    if (!is_accounts(&ending)) {
        answer->outcome = PRIVILEGED_UNKNOWN;
        return;
    }
    if (!members_gather(&ending))
        return;
    end_scope(&ending);
    end_members(&ending, answer);
}
