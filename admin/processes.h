/* What the two ways of ending processes share. In the privileged child alone. */
#ifndef MEDGL_ADMIN_PROCESSES_H
#define MEDGL_ADMIN_PROCESSES_H

#include <stdbool.h>
#include <sys/types.h>

#define PROCESSES_PAUSE_MS  50
#define PROCESSES_TOLD_MS   500  /* for those who carry it to the reader, which are theirs, too */
#define PROCESSES_TELLER_MS 5000 /* telling all terminals, where a slow machine does so */
#define PROCESSES_POLITE_MS 2000 /* asked to end; then killed */
#define PROCESSES_ROUNDS    200  /* looks at all of them, 10 seconds where there are few */
#define PROCESSES_SCAN_MS   5000 /* for one look at all */
#define PROCESSES_SWEEP_MS  1000

extern const int processes_nothing[], processes_polite[], processes_deadly[]; /* end with 0 */

#define PROCESSES_SCOPE_SIZE 128

struct process {
    pid_t parent;
    uid_t uid; /* real */
    uid_t effective;
    uid_t login; /* whose login it was started from, as the kernel's audit has it: kept through su
                    and sudo; PROCESS_NO_LOGIN: from none, or there is no audit */
};
#define PROCESS_NO_LOGIN UINT32_MAX

/* false: there is none of that number, or /proc does not tell. */
bool process_read(pid_t pid, struct process *process);
/* The same by a procfs at another path than /proc, for tests. */
bool process_read_by(const char *procfs, pid_t pid, struct process *process);

/* Whose processes. */
struct processes_whose {
    uid_t uid;
    bool logins; /* also what was started from a login of the uid, as whoever it runs */
};
bool process_is_theirs(const struct process *process, const struct processes_whose *whose);

/* Whether it runs in a user namespace that they made, or in one inside of it: there it may have
 * another uid, and take theirs again when it likes. MUST: never our own, nor one around it: whoever
 * started a container made the one that all of this machine runs in. */
bool process_is_in_namespace_of(pid_t pid, uid_t uid);

/* Sends the signals through the descriptor. false: it is dead and only waits for its parent,
 * threads and all. */
bool process_send(int fd, const int *signals);

/* The session of that user that logind has a process in, by the text of its cgroup file: "c1" of
 * "0::/user.slice/user-1000.slice/session-c1.scope". false: it is in none of that user's. */
bool processes_scope(const char *cgroup, uid_t uid, char scope[PROCESSES_SCOPE_SIZE]);

/* Whether it runs for some user, in a session or not, and not as a service of the machine. */
bool processes_are_users(const char *cgroup);

/* Whether systemd runs this machine, so that its logind can be asked. */
bool processes_have_logind(void);

#endif
