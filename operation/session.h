/* Sessions: the notice at their start (R21) and their record (R06). */
#ifndef MEDGL_OPERATION_SESSION_H
#define MEDGL_OPERATION_SESSION_H

#include "operation/caller.h"
#include "operation/context.h"
#include "operation/talk.h"

enum session_verdict {
    SESSION_REFUSED = 0, /* MUST be told as more than a failed session: sudo goes on after one, and
                            would be a way past limits (R29) and a closed account (R32) */
    SESSION_DONE,
    SESSION_NOT_ENROLLED,
    SESSION_OUTSIDER, /* refused, by unenrolled = deny. A failed session and no more: who is
                         enrolled becomes root by sudo, which asks for no session of root's */
};

/* What a new session is told about, and what its host sets for it. */
struct session_opening {
    char id[CRYPTO_ID_SIZE];
    int64_t idle_s;  /* TMOUT; 0: none */
    int64_t until_s; /* seconds until the hours that hold now end; 0: no end */
};

/* Opens: says when and from where the last login was, warns of failed tries since, records. Refuses
 * where too many are open (R29); those whose process is gone are not, and are recorded as lost.
 * Refuses whom a shared id is opened for and nobody knows (R26), but where nobody can be asked:
 * silent, services, root. */
enum medgl_error operation_session_open(struct context *context, const struct talk *talk,
                                        const struct caller *caller, const char *user, bool silent,
                                        struct session_opening *opening,
                                        enum session_verdict *verdict);

/* Whether a login from another machine, which the account phase allows, finds room for its session;
 * else it is refused as operation_session_open() refuses. sshd keeps a connection whose session was
 * refused (ssh -N), but none whose account phase was. Who asks at this machine is not asked: a
 * screen locker and sudo open none of the account's. A refusal that repeats within the delay after
 * the last is not recorded again. */
enum medgl_error operation_session_room(struct context *context, const struct talk *talk,
                                        const struct caller *caller, const char *user, bool silent,
                                        enum session_verdict *verdict);

/* Closes the one with this id, or ("") the newest open one of the same user and service that the
 * process which asks has opened, or that was opened at the same terminal by one that is gone. */
enum medgl_error operation_session_close(struct context *context, const struct caller *caller,
                                         const char *user, const char *id,
                                         enum session_verdict *verdict);

/* -- in a transaction of others ---------------------------------------------------------------- */

/* Records those as lost whose process is gone: of an account, or of all (NULL). */
enum medgl_error session_sweep(struct context *context, struct store_txn *txn,
                               const struct clock_reading *clock, const struct account *account,
                               uint32_t *lost);

/* Records one that is open as ended by the operator, with its entry; of a break-glass account it is
 * told as well (R32). */
enum medgl_error session_end_one(struct context *context, struct store_txn *txn,
                                 const struct clock_reading *clock, const struct account *account,
                                 const struct session *session, const char *why);

/* All that are open of the account; for whoever ends the processes then, or has ended them. */
enum medgl_error session_end_all(struct context *context, struct store_txn *txn,
                                 const struct clock_reading *clock, const struct account *account,
                                 const char *why, uint32_t *ended);

/* Whether it is of a service that acts for the account while nobody logs in: cron, the user's own
 * systemd. */
bool session_is_services(const struct session *session);

/* Whether a person of the account is behind it: neither such a service, nor root stepping into it.
 * Only such sessions are counted, and capped. */
bool session_is_persons(const struct session *session);

/* The class that the account had when it was opened; where that is not known (an older schema) it
 * is the account's now. */
enum medgl_error session_class(struct store_txn *txn, const struct session *session,
                               enum account_class *class_);

/* How many of them are open: of that account, and of its class. Those whose process is gone are
 * not, also where nobody recorded that they are lost so far. */
struct session_crowd {
    uint32_t own, class_;
};
enum medgl_error session_count(struct store_txn *txn, const struct account *account, medgl_time now,
                               struct session_crowd *crowd);

/* How many are open of an account by the records, whatever became of their processes. */
struct session_open_count {
    uint32_t all, persons; /* session_is_persons() */
};
enum medgl_error session_count_open(struct store_txn *txn, const char *account_id,
                                    struct session_open_count *count);

struct crowd_facts crowd_facts_from(const struct account *account,
                                    const struct session_crowd *crowd);

/* Starts an entry about a session. */
void session_entry(const struct context *context, const struct clock_reading *clock,
                   enum ledger_kind kind, const struct account *account,
                   const struct session *session, struct ledger_entry *entry);

/* Whole seconds that it lasted, or has lasted until now; never below 0. */
int64_t session_seconds(const struct session *session, medgl_time now);

/* Whether the process that opened it is there. One that no process is known of (an older schema)
 * is gone when it began before the machine did. */
enum process_life session_life(const struct session *session, medgl_time now);

/* -- for administrators ------------------------------------------------------------------------ */

struct session_record {
    const struct session *session;
    const char *account;       /* login name */
    enum account_class class_; /* see session_class() */
    enum process_life life;    /* of the process that opened it */
};
/* The open ones, of an account or of all (NULL); `since` not 0: also those that ended since then.
 */
enum medgl_error operation_session_list(struct context *context, const char *name, medgl_time since,
                                        void (*each)(void *argument,
                                                     const struct session_record *record),
                                        void *argument);

/* Records it as ended, with who and why; what is ended is for whoever ends the processes.
 * MEDGL_ERR_NOT_FOUND: no open session has that id (a beginning of at least CRYPTO_ID_LEAST digits
 * that only one has will do; fewer, or several that have it: MEDGL_ERR_ARGUMENT).
 * MEDGL_ERR_REFUSED with `why` (OPERATION_WHY_SIZE): the operator's role does not reach the
 * account. */
struct session_ended {
    struct session session;
    char account[STORE_NAME_SIZE]; /* login name */
    int64_t uid;
    enum process_life life;
    bool leads_others; /* that process has opened sessions of other accounts that are open: MUST
                          not be ended, they would end with it */
};
enum medgl_error operation_session_end(struct context *context, const char *id, const char *reason,
                                       struct session_ended *ended, char why[]);

#endif
