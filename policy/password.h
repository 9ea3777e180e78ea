/* The password rules A, B and C of R13, at set time and afterwards. */
#ifndef MEDGL_POLICY_PASSWORD_H
#define MEDGL_POLICY_PASSWORD_H

#include "base/account.h"
#include "policy/policy.h"

/* The rule in force now for an account (5.2 T15). */
enum password_rule {
    PASSWORD_RULE_NONE = 0, /* none is met: the password must be changed before anything else */
    PASSWORD_RULE_A,        /* long: does not expire */
    PASSWORD_RULE_B,        /* expires two calendar months after it was set: short, or (5.1) any
                               without a second factor */
    PASSWORD_RULE_C,        /* with a second factor in force where it would not do alone: does not
                               expire */
};

/* What factor/ found out about a candidate. No character of it is here. */
struct password_candidate {
    uint32_t length; /* code points after OpaqueString (RFC 8265) */
    bool letters, digits, symbols;
    bool valid_text;    /* valid UTF-8 that OpaqueString admits */
    bool full_width;    /* typed with an input method on */
    bool second_factor; /* one is in force for the account */
    /* What factor/quality found (R14). */
    enum password_weakness weakness;
    bool weakness_refused; /* however long the rest */
    uint32_t guess_bits;
    /* Against the current one, in plain text. */
    bool same_as_current, similar_to_current;
    /* Against former ones (R16): known only after a KDF evaluation, so asked for last. */
    bool used_before, similar_to_former;
};

enum password_refusal {
    PASSWORD_ACCEPTED = 0,
    PASSWORD_REFUSED_TEXT,
    PASSWORD_REFUSED_TOO_LONG,   /* more than 1,024 bytes: said without looking at it */
    PASSWORD_REFUSED_FULL_WIDTH, /* switch the input method */
    PASSWORD_REFUSED_TOO_SHORT,
    PASSWORD_REFUSED_KINDS, /* letters, digits or symbols are missing */
    PASSWORD_REFUSED_SAME,
    PASSWORD_REFUSED_GUESSABLE, /* verdict.weakness says which kind */
    PASSWORD_REFUSED_SIMILAR,   /* to the current one */
    PASSWORD_REFUSED_USED,      /* it was used before */
    PASSWORD_REFUSED_SIMILAR_FORMER,
};

struct password_verdict {
    enum password_refusal refusal;
    enum password_weakness weakness; /* of PASSWORD_REFUSED_GUESSABLE */
    enum password_strength strength; /* PASSWORD_STRENGTH_NONE unless accepted */
};

/* The shortest password that is accepted: depends on the profile and on a second factor. */
int64_t policy_password_least(const struct policy *policy, bool second_factor);

/* Which strength a composition has, whatever else is wrong with it; NONE: it meets no rule. */
enum password_strength policy_password_strength(const struct policy *policy, uint32_t length,
                                                unsigned kinds);

/* R13, R14, R16 at set time. */
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
    bool sealed;            /* generated for an envelope, of 80 bits or more: never due, whatever
                               the clock says (R32) */
    uint32_t grace_used;    /* logins since it was due */
    int utc_offset;         /* of the site when it was set, for calendar months: a change to summer
                               time moves no date */
    int utc_offset_now;     /* of the site now, for calendar days */
};

/* Why a password stands as it does, for `account show`. */
enum password_ground {
    PASSWORD_GROUND_NONE = 0,  /* there is no password */
    PASSWORD_GROUND_LONG,      /* rule A: long enough to stay */
    PASSWORD_GROUND_SHORT,     /* rule B: short, and no second factor */
    PASSWORD_GROUND_ROTATION,  /* rule B: the profile rotates everyone without a second factor */
    PASSWORD_GROUND_FACTOR,    /* rule C */
    PASSWORD_GROUND_ISSUED,    /* an administrator issued it (R18) */
    PASSWORD_GROUND_UNJUDGED,  /* imported, and meets no rule or was never judged */
    PASSWORD_GROUND_NOT_ALONE, /* too short without a second factor (NIST) */
    PASSWORD_GROUND_CLOCK,     /* dated ahead of the clock */
};

struct password_standing {
    enum password_rule rule;
    enum password_ground ground;
    bool usable;         /* an issued password past its end is not */
    bool due;            /* must be changed now */
    bool warn;           /* due soon, and may be changed: tell the user */
    bool grace;          /* due by its age alone, and grace logins are left */
    uint32_t grace_left; /* with the one that is being decided */
    medgl_time due_at;   /* 0: never */
};

/* The rule in force and its due date, derived from facts and the time alone (R13, R15). A password
 * dated more than a day after `now` was set under a wrong clock: it is due, and an issued
 * one is not usable (R18: short-lived, also where the clock was set back). */
struct password_standing policy_password_standing(const struct policy *policy,
                                                  const struct password_facts *facts,
                                                  medgl_time now);

/* Whether the owner may change it now of their own will (R16: nobody cycles through the history).
 * What must be changed may always be. `*from`: when not yet, the moment from which on. */
bool policy_password_may_change(const struct policy *policy, const struct password_facts *facts,
                                medgl_time now, medgl_time *from);

/* Whether a warning is due again: once a calendar day of the site (R15). */
bool policy_password_warn_again(const struct password_facts *facts, medgl_time warned_at,
                                medgl_time now);

#endif
