/* The one decision of a login, after everything was verified. */
#ifndef MEDGL_POLICY_LOGIN_H
#define MEDGL_POLICY_LOGIN_H

#include "base/account.h"
#include "policy/admission.h"
#include "policy/emergency.h"
#include "policy/factor.h"
#include "policy/lockout.h"
#include "policy/password.h"
#include "policy/policy.h"

struct login_facts {
    bool known;       /* the account exists */
    bool uid_matches; /* the Unix user still has the uid it was enrolled with */
    enum account_state state;
    enum account_class class_;
    enum attempt_verdict attempt; /* how the reservation ended */
    bool reservation_held; /* it is still in flight and ours, in the transaction that commits */
    enum factor_result password; /* FACTOR_NOT_ASKED: by factor=only, or a card that stands alone */
    enum factor_result second;   /* FACTOR_FAILED too where one is demanded and nothing was given;
                                    FACTOR_NOT_ASKED where none is demanded, or none is there */
    enum factor_kind second_kind; /* of what proved it */
    bool second_required;
    bool second_enrols; /* required, there is none, and its owner may enrol one at this login: never
                           where the host alone proved something */
    bool host_proved;   /* another module proved the first factor (factor=only) */
    struct password_facts password_facts;
    bool second_closed; /* too many wrong codes since the last success: an administrator must act */
    enum admission_reason admission;
    enum factor_result person;          /* of a shared id: who it is that comes (R26) */
    enum breakglass_verdict breakglass; /* of that class: what its use does now (R32) */
};

/* Why, for the log and the ledger; the person is never
 * told (R23). Order: the first that holds is given. */
enum login_reason {
    LOGIN_REASON_UNDECIDED = 0, /* a refusal as well: results start as failure */
    LOGIN_REASON_OK,
    LOGIN_REASON_UNKNOWN_ACCOUNT,
    LOGIN_REASON_LOCKED_SOURCE,
    LOGIN_REASON_LOCKED_ACCOUNT,
    LOGIN_REASON_ATTEMPT_LOST, /* the reservation timed out before the verdict */
    LOGIN_REASON_UID_CHANGED,
    LOGIN_REASON_DISABLED,
    LOGIN_REASON_RETIRED,
    LOGIN_REASON_NO_PASSWORD,
    LOGIN_REASON_WRONG_PASSWORD,
    LOGIN_REASON_WRONG_FACTOR,
    LOGIN_REASON_SAME_KIND, /* two steps that prove possession, and none that proves knowledge */
    LOGIN_REASON_NO_FACTOR, /* one is required, and the account has none */
    LOGIN_REASON_ENROL,     /* the same, and its owner may enrol one now: no guess, and no success
                               before that is done. Comes last: whom anything else refuses enrols
                               nothing */
    LOGIN_REASON_ISSUED_EXPIRED, /* an issued password past its 24 hours */
    LOGIN_REASON_FACTOR_CLOSED,  /* wrong codes reached factor_failures */
    LOGIN_REASON_NOT_SEALED,     /* a break-glass account (R32) without a sealed credential */
    LOGIN_REASON_CLOSED,         /* it was used, and that emergency is over */
    LOGIN_REASON_NO_EMERGENCY,   /* there is none, and breakglass_outside = deny */
    LOGIN_REASON_UNOPENED,       /* the account phase: nobody has used the sealed credential, and
                                    nothing else (a key, root's su) opens the account */
    LOGIN_REASON_MAINTENANCE,    /* an account for maintenance, and none was approved for now */
    LOGIN_REASON_SERVICE,        /* the access rules: proved, and not admitted here and now */
    LOGIN_REASON_PLACE,
    LOGIN_REASON_HOURS,
    LOGIN_REASON_CALENDAR,
    LOGIN_REASON_PERSON, /* a shared id, and the name given is nobody's who may use it */
};

struct login_decision {
    bool allowed;
    bool counts; /* a failed guess: it counts towards the limits */
    enum login_reason reason;
    struct password_standing standing;
};

struct login_decision policy_login(const struct policy *policy, const struct login_facts *facts,
                                   medgl_time now);

/* The account phase (PAM acct_mgmt), also for logins that never gave a password (ssh keys). */
struct account_facts {
    bool known, uid_matches;
    enum account_state state;
    enum account_class class_;
    struct password_facts password_facts;
    bool card_alone; /* this login was by a card and its PIN, without the password: whether that is
                        due is no matter (sssd #7089) */
    enum admission_reason admission;
    enum factor_result person; /* FACTOR_NOT_ASKED where it is no shared id, or nobody is there */
    enum breakglass_state breakglass; /* of that class (R32) */
};

enum account_verdict {
    ACCOUNT_DENIED = 0,
    ACCOUNT_EXPIRED,    /* retired */
    ACCOUNT_CHANGE_DUE, /* the password must be changed first */
    ACCOUNT_OK,
    ACCOUNT_OK_WARN,  /* standing.due_at is near */
    ACCOUNT_OK_GRACE, /* the password is due, and this login is one of the grace logins */
};

struct account_decision {
    enum account_verdict verdict;
    enum login_reason reason;
    struct password_standing standing;
};

struct account_decision policy_account(const struct policy *policy,
                                       const struct account_facts *facts, medgl_time now);

/* The words for the ledger and the CLI: "wrong-password", "A", "too-short". Never NULL. */
const char *login_reason_word(enum login_reason reason);
const char *password_rule_word(enum password_rule rule); /* "A", "B", "C", "none" */
const char *password_refusal_word(enum password_refusal refusal);
const char *password_ground_word(enum password_ground ground); /* "short-alone", "issued" ... */

#endif
