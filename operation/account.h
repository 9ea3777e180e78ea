/* What an administrator does with accounts. Every act leaves its entry in the same transaction. */
#ifndef MEDGL_OPERATION_ACCOUNT_H
#define MEDGL_OPERATION_ACCOUNT_H

#include "operation/context.h"
#include "policy/login.h"

/* MEDGL_ERR_REFUSED comes with the reason in `why`, a sentence for the person (translated). */
#define OPERATION_WHY_SIZE 512

/* What is known of the owner; none of it may be in the password (R14). In a request NULL is "" when
 * an account is added, and "stays as it is" when it is changed. */
struct account_person {
    const char *full_name;
    const char *reading; /* of the name, in kana, parts separated by spaces (also U+3000) */
    const char *staff_number;
    const char *birth_date; /* "1985-04-01", 1985/4/1, S60.4.1, 昭和60年4月1日 */
};

/* Access rules of an account's own (R05), as people write them. NULL as above; "" takes one away,
 * so that the class's holds again. */
struct account_rules {
    const char *hours, *places, *services; /* policy/admission.h */
    const char *sessions;                  /* "3"; "0" is the class's */
    const char *idle;                      /* "15 min"; "none": never */
    const char *shared;                    /* "yes", "no" (R26) */
    const char *factor;                    /* "required", "optional", "none", "class" (R24) */
    const char *company;                   /* that an account for maintenance is of (R30) */
};

struct account_add_request {
    const char *name; /* an existing Unix user */
    int64_t uid;      /* its uid; the caller looked it up */
    enum account_class class_;
    struct account_person person;
    struct account_rules rules;
};
/* MEDGL_ERR_EXISTS with `why`: the name is enrolled, or was and is retired, or the uid is an
 * enrolled account's: names and ids never go to somebody else (R25). MEDGL_ERR_ARGUMENT with `why`:
 * one of the texts is malformed, or the rules do not go together. */
enum medgl_error operation_account_add(struct context *context,
                                       const struct account_add_request *request,
                                       char why[OPERATION_WHY_SIZE]);

/* Hundreds of them, in the order given. `all_or_nothing`: one transaction, and nothing is done if
 * any cannot be; else each by itself. `dry_run`: everything is checked, nothing is done. `outcome`
 * hears of each, in order, with MEDGL_OK or why not: as above, with the sentence that says which
 * text, or who has the name or the uid (translated); or MEDGL_ERR_ABORTED: nothing is wrong with
 * it, but with another one. */
struct account_add_many {
    const struct account_add_request *requests;
    size_t count;
    bool dry_run, all_or_nothing;
    void *argument;
    void (*outcome)(void *argument, size_t index, enum medgl_error error, const char *why);
};
/* MEDGL_ERR_REFUSED: some were not added (with all_or_nothing: none was). Any other error is the
 * store's: those that `outcome` did not hear of were not added. */
enum medgl_error operation_account_add_many(struct context *context,
                                            const struct account_add_many *many);

/* In a transaction: gives the account its id and its times, and adds it with its entry.
 * MEDGL_ERR_EXISTS with `why`: as above; nothing was written. */
enum medgl_error account_enrol(struct context *context, struct store_txn *txn,
                               struct account *account, char why[OPERATION_WHY_SIZE]);

/* In a transaction: whether the other of the two installations has the name or the uid (R25): a
 * break-glass account is beside the main store, everybody else beside the small one.
 * MEDGL_ERR_EXISTS with `why`: it has. What cannot be looked at is an error. */
enum medgl_error account_free_beside(const struct context *context, const struct account *account,
                                     char why[OPERATION_WHY_SIZE]);

/* Changes what is not NULL; `class_` NULL: stays. No account becomes a break-glass one, and none
 * that is one becomes another: they are in stores of their own. The entry names the fields that
 * changed, and says what rules became, but never what is known of a person. MEDGL_ERR_REFUSED and
 * MEDGL_ERR_ARGUMENT with `why`. */
struct account_change_request {
    const char *name;
    const enum account_class *class_;
    struct account_person person;
    struct account_rules rules;
};
enum medgl_error operation_account_change(struct context *context,
                                          const struct account_change_request *request,
                                          char why[OPERATION_WHY_SIZE]);

/* Suspected leak (R12): the password ends, can never come back, and, with `sessions`, the open
 * sessions are recorded as ended, and with `factors` the second factors end, all in one transaction
 * with its entries. `*uid` and `*sessions` are for whoever ends the processes. Without a password
 * the rest alone is done: it may have been revoked before. MEDGL_ERR_REFUSED with `why`: there is
 * no password, and nothing else to end. */
struct password_revoke_request {
    const char *name, *reason;
    bool sessions, factors;
};
struct password_revoked {
    bool password; /* there was one */
    int64_t uid;
    enum account_class class_;
    uint32_t sessions;
    uint32_t factors; /* devices, cards and codes */
};
enum medgl_error operation_password_revoke(struct context *context,
                                           const struct password_revoke_request *request,
                                           struct password_revoked *revoked,
                                           char why[OPERATION_WHY_SIZE]);

/* In a transaction of others, which has looked whether the role reaches it: disables the account
 * and ends its grants, with the entries. */
enum medgl_error account_disable_in(struct context *context, struct store_txn *txn,
                                    const struct clock_reading *clock,
                                    const struct account *account, const char *reason,
                                    char why[OPERATION_WHY_SIZE]);

/* MEDGL_ERR_NOT_FOUND: not enrolled. MEDGL_ERR_REFUSED: the account's state does not allow it
 * (retired stays retired). */
enum medgl_error operation_account_disable(struct context *context, const char *name,
                                           const char *reason, char why[OPERATION_WHY_SIZE]);
enum medgl_error operation_account_enable(struct context *context, const char *name,
                                          const char *reason, char why[OPERATION_WHY_SIZE]);
enum medgl_error operation_account_retire(struct context *context, const char *name,
                                          const char *reason, char why[OPERATION_WHY_SIZE]);

/* Clears failed tries: of one source, or of all (NULL), and opens then a second factor that wrong
 * codes have closed (R24). No password is reset. `*cleared`: how many tries counted; 0 is no error.
 */
enum medgl_error operation_account_unlock(struct context *context, const char *name,
                                          const char *source, const char *reason, uint32_t *cleared,
                                          char why[OPERATION_WHY_SIZE]);

/* Everything about one account, for `account show`. */
struct account_report {
    struct account account;
    struct activity activity;
    bool has_password, issued;
    medgl_time password_set, issued_until;
    uint32_t former; /* passwords that cannot come back (R16); not counted in a list */
    struct password_standing standing;
    struct attempt_counts total;    /* against the account as a whole */
    int64_t limit;                  /* at which it is closed; 0: never */
    struct attempt_decision remote; /* what a new remote source would meet */
    int64_t factor_limit; /* of activity.factor_failures, at which a second factor is closed */
    uint32_t totp, card, recovery, code; /* how many there are (R24) */
    bool waived, out_of_hours;           /* grants that are in force (R03, R22), with their ends */
    medgl_time waived_until, out_of_hours_until;
    struct factor_demand demand; /* without place and service */
};
struct account_report_source {
    char source[STORE_SOURCE_SIZE]; /* as operation_account_unlock() takes it */
    bool change;   /* failed where the current password was asked for in order to change it (R17) */
    int64_t limit; /* at which it is closed; 0: never */
    struct attempt_counts counts;
    struct attempt_decision decision;
};
/* `each_source` may be NULL. */
enum medgl_error operation_account_show(
    struct context *context, const char *name, struct account_report *report,
    void (*each_source)(void *argument, const struct account_report_source *source),
    void *argument);

/* All accounts in the order of their names. */
enum medgl_error operation_account_list(struct context *context,
                                        void (*each)(void *argument,
                                                     const struct account_report *report),
                                        void *argument);

#endif
