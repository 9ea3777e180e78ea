/* What still needs root after the store's owner took over: a child, made before privilege went,
 * waits for orders and carries them out after the commit. It never reads the store, never decides,
 * and does nothing that it was not made for. */
#ifndef MEDGL_ADMIN_PRIVILEGED_H
#define MEDGL_ADMIN_PRIVILEGED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define USERMOD "/usr/sbin/usermod"

/* What a child may be made for: one of them, known before privilege goes. */
enum privileged_act {
    PRIVILEGED_NOTHING = 0,
    PRIVILEGED_LOCK_SHADOW, /* usermod -L: the Unix password, in /etc/shadow */
    PRIVILEGED_UNLOCK_SHADOW,
    PRIVILEGED_END_PROCESSES, /* all of the account's uid, logind's sessions first (R12) */
    PRIVILEGED_END_LOGINS,    /* and what was started from its logins, as root, too (R33) */
    PRIVILEGED_END_SESSION,   /* those of one session */
};

/* Zero: there is none. */
struct privileged {
    enum privileged_act act;
    int socket;
    pid_t child;
};

enum privileged_outcome {
    PRIVILEGED_UNKNOWN = 0, /* the child or the program ended before it could say: may be done; or
                               it is not known which processes a session has */
    PRIVILEGED_FAILED,      /* not done */
    PRIVILEGED_DONE,
    PRIVILEGED_NOT_ROOT,
    PRIVILEGED_OPERATORS,  /* processes that the caller runs under are of that uid */
    PRIVILEGED_NOT_THEIRS, /* the uid is root's, or belongs to another login name now */
    PRIVILEGED_NO_LINE,    /* the shadow file has none of that name */
    PRIVILEGED_LEFT,       /* some processes did not end */
    PRIVILEGED_HIDDEN,     /* /proc hides processes, also from this root: none was ended */
};
struct privileged_answer {
    enum privileged_outcome outcome;
    int32_t status;       /* of usermod: its exit status; below 0: it was not run, or cut off */
    uint32_t found, left; /* processes, before and after */
};

/* MUSTs:
 * - The child is made before privilege goes, for one act and, where the verb has a NAME, for that
 *   one; nothing that the parent says later makes it do another.
 * - It does nothing before an order came whole, and ends at the end of its orders: a parent that
 *   fails or dies leaves no act behind.
 * - An order holds a login name and a uid, which it checks itself: the name has that uid now. Of a
 *   session it holds the name of the process that opened it, too.
 * - Programs are run by a fixed path, with an empty environment, in a session of their own, with
 *   no terminal and no file of ours.
 * - It changes no Unix password under a private root that is not its own and its alone: whose it is
 *   could trace what is run there.
 * - What is done was looked at afterwards, in the shadow file.
 * - Ctrl-C does not stop it half-way. */

/* false: could not be made; said on standard error. `name`: whom orders may be about, NULL: many.
 * `operator_uid`: the audit login uid, -1: none. */
bool privileged_start(struct privileged *privileged, enum privileged_act act, const char *root,
                      const char *name, int64_t operator_uid);

/* Has the act carried out on one account, and waits until it is done; may be called for one after
 * the other. true: it is done. Else it says on standard error what is not done, and what to do. */
bool privileged_order(const struct privileged *privileged, const char *name, int64_t uid,
                      struct privileged_answer *answer);

/* The same with PRIVILEGED_END_SESSION: what belongs to the session that this process (a name of
 * base/process.h) opened for the account. */
bool privileged_order_session(const struct privileged *privileged, const char *name, int64_t uid,
                              const char *leader, struct privileged_answer *answer);

/* Says on standard error what is not done, and what to do; nothing where all is. */
void privileged_explain(const struct privileged *privileged, const struct privileged_answer *answer,
                        const char *name, int64_t uid);

/* Whether the uid is still that account's: since the enrolment it may have gone to somebody else.
 * Of what is not, no process is ended. */
bool privileged_is_theirs(const char *name, uid_t uid);

/* No more orders: the child ends. Harmless where there is none. */
void privileged_end(struct privileged *privileged);

/* Ends all processes of a uid, and of its logins where that is ordered: terminates its sessions
 * with logind where that runs, then asks each to end, then kills what is left, again and again
 * until none is or the time is over. In the child alone. MUSTs:
 * - Never root's, and none of a uid that this process runs under or `operator_uid` is, nor where
 *   this process was started from such a login.
 * - A signal goes through a descriptor that was opened before the uids were read: a pid that
 * another process got in between is not hit. */
struct processes_whose;
void processes_end(const struct processes_whose *ordered, int64_t operator_uid,
                   struct privileged_answer *answer);

/* Ends the process that opened a session, all that descend from it, and what the kernel's audit
 * counts to it of that uid; logind terminates it first, where it knows it. Each is asked to end,
 * then killed; the one that opened it comes last. In the child alone. MUSTs:
 * - Neither this process nor one that it descends from: PRIVILEGED_OPERATORS, and nothing is done.
 * - Each is known by a name that is never given out again, looked at after its descriptor was
 *   opened: a pid that another process got in between is not hit.
 * - Nothing is done by a name that is not certain, or that of a process which has nothing of the
 *   account's uid near: PRIVILEGED_UNKNOWN.
 * - What belongs to a session around this one (su inside of ssh) goes on: audit's number and
 *   logind's session count where a service of the machine opened it, and logind's is that uid's. */
void processes_end_session(const char *leader, uid_t uid, struct privileged_answer *answer);

/* Runs a program, whose words nobody sees, and waits. Its exit status; -1: it could not be run; -2:
 * it was killed, by us where it took longer than a minute. */
int privileged_program(const char *const *argv);

#endif
