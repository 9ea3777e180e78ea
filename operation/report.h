/* What administrators and auditors ask for: read only (R06, R07, R20, R25). */
#ifndef MEDGL_OPERATION_REPORT_H
#define MEDGL_OPERATION_REPORT_H

#include "operation/account.h"
#include "policy/admission.h"

/* -- the access log --------------------------------------------------------------------------- */

/* What an entry about access came to. */
enum access_result {
    ACCESS_RESULT_SUCCESS = 1, /* login.success, session.open */
    ACCESS_RESULT_FAILURE,     /* login.failure, login.abandoned, access.denied, session.refused */
    ACCESS_RESULT_LOCKED,      /* login.locked */
    ACCESS_RESULT_END,         /* session.close, session.lost, session.end */
};
const char *access_result_word(enum access_result result);

struct access_record {
    uint64_t seq;
    medgl_time time;
    bool clock_synchronised;
    const char *kind; /* the ledger's word */
    enum access_result result;
    const char *account; /* login name; "" where nobody enrolled */
    const char *class_;  /* at that time; of older entries the account's class now */
    const char *service, *source, *terminal, *factors, *reason, *person, *session; /* "" */
    int64_t seconds; /* of a session that ended; -1 */
};

enum access_order {
    ACCESS_BY_TIME, /* of the ledger: by seq */
    ACCESS_BY_ACCOUNT,
    ACCESS_BY_SOURCE,
    ACCESS_BY_SERVICE,
};

/* What is not NULL or 0 must fit. */
struct access_filter {
    const char *account, *service, *source, *factor; /* source: a key, an address, or a network */
    const enum account_class *class_;
    const enum access_result *result;
    medgl_time since, until; /* since <= time < until */
    uint64_t last;           /* only the last so many; 0: all */
    enum access_order order;
    bool reverse;
};
enum medgl_error operation_report_access(
    struct context *context, const struct access_filter *filter,
    enum medgl_error (*each)(void *argument, const struct access_record *record), void *argument);

/* -- lockouts --------------------------------------------------------------------------------- */

struct lockout_record {
    const char *account; /* login name; "" for a name that is not enrolled */
    const char *account_id;
    const char *source; /* "" : the account as a whole, for remote sources */
    bool change;        /* of the change of the password (R17) */
    bool codes;         /* wrong codes of a second factor since the last right one (R24) */
    bool locked;        /* until `until`; codes: until an administrator opens it */
    uint32_t failures, in_flight;
    int64_t limit;            /* 0: none */
    medgl_time latest, until; /* 0: none, or not locked; break-glass accounts never are */
};
/* Every account and source with failures that count, then every account with wrong codes;
 * `locked_only`: those that are closed. */
enum medgl_error operation_report_lockouts(struct context *context, bool locked_only,
                                           void (*each)(void *argument,
                                                        const struct lockout_record *record),
                                           void *argument);

/* -- dormant accounts (R25) ------------------------------------------------------------------- */

struct dormant_record {
    const struct account *account;
    medgl_time last_used; /* 0: never */
    bool unix_user_gone;  /* or it has another uid now */
};
/* `age` 0: the policy's. */
enum medgl_error operation_report_dormant(struct context *context, medgl_time age,
                                          void (*each)(void *argument,
                                                       const struct dormant_record *record),
                                          void *argument);

/* -- readiness (R24) -------------------------------------------------------------------------- */

struct readiness_record {
    const struct account *account;
    uint32_t totp, card, recovery;
    struct factor_demand demand; /* without place and service */
    bool ready;                  /* has what will be asked, or nothing will be */
    bool idle;                   /* has devices or cards, and none of a kind that is accepted */
    bool waived;
    medgl_time waived_until;
};
struct readiness_summary {
    medgl_time required_from; /* 0: at once */
    int64_t days;             /* left; 0: it has come */
    uint32_t accounts, asked, ready, lacking,
        waived; /* active ones; `asked`: a factor is or will be required of them */
    uint32_t administrators, administrators_lacking; /* of class privileged */
};
/* Active accounts in the order of their names; `lacking_only`: those who still need a factor. */
enum medgl_error operation_report_readiness(struct context *context, bool lacking_only,
                                            void (*each)(void *argument,
                                                         const struct readiness_record *record),
                                            void *argument, struct readiness_summary *summary);

/* -- explain ---------------------------------------------------------------------------------- */

struct explain_request {
    const char *name;
    medgl_time at;       /* 0: now */
    const char *from;    /* an address, a terminal beside the machine, "console"; "local" or a
                            pseudo-terminal, where its owner is logged in; a source as `account
                            show` names it; NULL: places are not asked, and failed tries as a new
                            remote source would meet them */
    const char *service; /* NULL: any that the rules allow */
};
struct explain_answer {
    bool admitted; /* a right password, with the second factor where one is asked, would be */
    struct account account;
    medgl_time at;
    char service[STORE_NAME_SIZE], source[STORE_SOURCE_SIZE]; /* what was asked for; "" */
    enum login_reason reason; /* the first that refuses; OK where the sessions alone do */
    bool key_admitted;        /* the account phase alone would admit, as after an ssh key */
    enum login_reason key_reason;
    bool uid_matches;
    struct attempt_decision attempt; /* whether the source or the account is closed; no delays */
    bool has_password, issued;
    medgl_time issued_until;
    uint32_t codes; /* wrong ones since the last right one, and how many close the factor (R24) */
    int64_t codes_limit;
    struct password_standing standing;
    /* The second factor (R24), where the service's file says nothing of it. */
    bool factor_prompts;                      /* a code is asked for there, of everybody alike */
    struct factor_demand factor;              /* what is asked of the account, and accepted */
    uint32_t totp, card, recovery, code_left; /* how many there are */
    bool bare_admitted;                       /* a right password and nothing else would be */
    enum login_reason bare_reason;            /* what it meets */
    bool place_asked;
    struct admission_decision admission; /* borrows from the account here and the policy */
    enum crowd_verdict crowd;
    uint32_t sessions, sessions_limit;    /* open now */
    uint32_t class_sessions, class_limit; /* of all accounts of the class; limit 0: none */
};
/* Which rule would refuse, by the functions that decide at a login; facts are those of now.
 * MEDGL_ERR_NOT_FOUND: not enrolled. MEDGL_ERR_ARGUMENT: `from` is no place. */
enum medgl_error operation_account_explain(struct context *context,
                                           const struct explain_request *request,
                                           struct explain_answer *answer);

#endif
