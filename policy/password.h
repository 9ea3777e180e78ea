/* The password rules A, B and C of R13, at set time and afterwards. */
#ifndef MEDGL_POLICY_PASSWORD_H
#define MEDGL_POLICY_PASSWORD_H

#include "base/account.h"
#include "policy/policy.h"

/* The rule in force now for an account (5.2 T15). */
enum password_rule {
    PASSWORD_RULE_NONE = 0, /* none is met: the password must be changed before anything else */
    PASSWORD_RULE_A,        /* long: does not expire */
    PASSWORD_RULE_B,        /* short: expires two calendar months after it was set */
    PASSWORD_RULE_C,        /* short, with a second factor in force: does not expire */
};

/* What factor/ found out about a candidate. No character of it is here. */
struct password_candidate {
    uint32_t length; /* code points after OpaqueString (RFC 8265) */
    bool letters, digits, symbols;
    bool valid_text; /* valid UTF-8 that OpaqueString admits */
    bool same_as_current;
    bool contains_name; /* the account's own name is in it */
};

enum password_refusal {
    PASSWORD_ACCEPTED = 0,
    PASSWORD_REFUSED_TEXT,
    PASSWORD_REFUSED_TOO_LONG, /* more than 1,024 bytes: said without looking at it */
    PASSWORD_REFUSED_TOO_SHORT,
    PASSWORD_REFUSED_KINDS, /* letters, digits or symbols are missing */
    PASSWORD_REFUSED_SAME,
    PASSWORD_REFUSED_NAME,
};

struct password_verdict {
    enum password_refusal refusal;
    enum password_strength strength; /* PASSWORD_STRENGTH_NONE unless accepted */
};

/* R13 at set time. */
struct password_verdict policy_password_check(const struct policy *policy,
                                              const struct password_candidate *candidate);

/* Facts about the password an account has. */
struct password_facts {
    bool present;
    enum password_strength strength;
    bool issued; /* given by an administrator: must be changed at the first login (R18) */
    medgl_time set_at;
    medgl_time valid_until; /* of an issued one; 0: no end */
    bool second_factor;     /* one is in force for the account */
    int utc_offset;         /* of the site, for calendar months */
};

struct password_standing {
    enum password_rule rule;
    bool usable;       /* an issued password past its end is not */
    bool due;          /* must be changed now */
    bool warn;         /* due soon: tell the user */
    medgl_time due_at; /* 0: never */
};

/* The rule in force and its due date, derived from facts and the time alone (R13, R15). A password
 * dated more than a day after `now` was set under a wrong clock: it is due, and an issued
 * one is not usable (R18: short-lived, also where the clock was set back). */
struct password_standing policy_password_standing(const struct policy *policy,
                                                  const struct password_facts *facts,
                                                  medgl_time now);

#endif
