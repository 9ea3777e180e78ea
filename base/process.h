/* A process by a name that no other process ever has: its pid is given out again, its start is not.
 * For telling whether the one that held something, a session, is still there. */
#ifndef MEDGL_BASE_PROCESS_H
#define MEDGL_BASE_PROCESS_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* Boot id, pid namespace, pid and start time: "9c1f... 4026531836 1234 567890". */
#define PROCESS_NAME_SIZE 96

enum process_life {
    PROCESS_UNKNOWN = 0, /* /proc does not tell, or another pid namespace: may be alive */
    PROCESS_ALIVE,
    PROCESS_GONE,      /* no such process any more */
    PROCESS_GONE_BOOT, /* the machine was started again since */
};

/* MEDGL_ERR_NOT_FOUND: there is none of that pid. What /proc hides (hidepid) stays out of the name.
 */
enum medgl_error process_name(pid_t pid, char name[PROCESS_NAME_SIZE]);

enum process_life process_look(const char *name);

/* The same by a procfs at another path than /proc, for tests. */
enum medgl_error process_name_by(const char *procfs, pid_t pid, char name[PROCESS_NAME_SIZE]);
enum process_life process_look_by(const char *procfs, const char *name);

/* Whether /proc hides what others run (hidepid), so that nobody can say whether all of it ended. */
bool process_hidden(void);
bool process_hidden_by(const char *procfs);

/* The pid in a name; 0: it is no name. */
pid_t process_pid(const char *name);

/* Whether a name says all. One without the start, which /proc hid, is as good as any other for
 * telling that a process is gone; who has the pid now may be another one: it is nobody to end. */
bool process_is_certain(const char *name);

/* Ends all children of this thread, and waits for them. Of a subreaper (PR_SET_CHILD_SUBREAPER)
 * also what they left, wherever it went: orphans become its children, and cannot be mistaken for
 * another's while they wait for it. Gives up after that time, on a setuid one for example. */
#define PROCESS_SWEEP_MS 2000
void process_sweep(void);

#endif
