/* What the two ways of ending processes share. In the privileged child alone. */
#ifndef MEDGL_ADMIN_PROCESSES_H
#define MEDGL_ADMIN_PROCESSES_H

#include <stdbool.h>
#include <sys/types.h>

#define PROCESSES_PAUSE_MS      50
#define PROCESSES_POLITE_ROUNDS 40  /* asked to end, 2 seconds */
#define PROCESSES_ROUNDS        200 /* then killed, 8 more */

extern const int processes_nothing[], processes_polite[], processes_deadly[]; /* end with 0 */

struct process {
    pid_t parent;
    uid_t uid; /* real */
};

/* false: there is none of that number, or /proc does not tell. */
bool process_read(pid_t pid, struct process *process);

/* Sends the signals through the descriptor. false: it is dead and only waits for its parent,
 * threads and all. */
bool process_send(int fd, const int *signals);

/* Whether systemd runs this machine, so that its logind can be asked. */
bool processes_have_logind(void);

#endif
