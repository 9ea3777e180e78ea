/* The words for what an account is. policy/ decides on
 * them and store/ keeps them; neither knows the other. */
#ifndef MEDGL_BASE_ACCOUNT_H
#define MEDGL_BASE_ACCOUNT_H

#include "base/error.h"

/* Stored by number: numbers are never given a new meaning. */
enum account_class {
    ACCOUNT_CLASS_STAFF = 1,
    ACCOUNT_CLASS_PRIVILEGED = 2,
    ACCOUNT_CLASS_MAINTENANCE = 3,
    ACCOUNT_CLASS_BREAKGLASS = 4,
};

enum account_state {
    ACCOUNT_STATE_DISABLED = 1,
    ACCOUNT_STATE_RETIRED = 2, /* for good: the id and the name are never given out again (R25) */
    ACCOUNT_STATE_ACTIVE = 3,
};

/* Whether a second factor is asked of an account (R24). Stored by number; 0 is the class's word. */
enum account_factor {
    ACCOUNT_FACTOR_CLASS = 0,
    ACCOUNT_FACTOR_REQUIRED = 1, /* who has none enrols one, or is refused */
    ACCOUNT_FACTOR_OPTIONAL = 2, /* of who has one */
    ACCOUNT_FACTOR_NONE = 3,     /* never, even of who has one */
};

/* How a person proves possession. Stored by number. */
enum factor_kind {
    FACTOR_KIND_NONE = 0,
    FACTOR_KIND_TOTP = 1,     /* a device that makes codes (RFC 6238) */
    FACTOR_KIND_CARD = 2,     /* a smartcard and its PIN */
    FACTOR_KIND_RECOVERY = 3, /* one of ten codes on paper, each of them once */
    FACTOR_KIND_CODE = 4,     /* a one-time code that was issued with a factor waiver */
};

/* An approved exception (R03, R22, R30). Stored by number. */
enum grant_kind {
    GRANT_FACTOR_WAIVER = 1, /* something else is asked instead of the factor, never nothing */
    GRANT_OUT_OF_HOURS = 2,
    GRANT_MAINTENANCE = 3, /* that an account of maintenance may be used at all (R30) */
};
/* What a factor waiver asks for instead. */
enum grant_instead {
    GRANT_INSTEAD_NONE = 0, /* of other kinds */
    GRANT_INSTEAD_RECOVERY = 1,
    GRANT_INSTEAD_CODE = 2,
};

/* What a password satisfied when it was set (R13). Stored; its length never is. */
enum password_strength {
    PASSWORD_STRENGTH_NONE = 0,  /* no rule: an imported one */
    PASSWORD_STRENGTH_SHORT = 1, /* 8+ characters of all three kinds */
    PASSWORD_STRENGTH_LONG = 2,  /* 13+ characters of all three kinds */
};

/* Why a password is easy to guess (R14). factor/quality finds it, policy/ decides on it. */
enum password_weakness {
    PASSWORD_WEAKNESS_NONE = 0,
    PASSWORD_WEAKNESS_NAME, /* the account's own login name, full name or its reading */
    PASSWORD_WEAKNESS_STAFF_NUMBER,
    PASSWORD_WEAKNESS_BIRTH_DATE, /* the account's own, in any usual form */
    PASSWORD_WEAKNESS_PLACE,      /* names of the host and of the institution */
    PASSWORD_WEAKNESS_WORD,       /* words and names, English and Japanese in Latin letters */
    PASSWORD_WEAKNESS_KEYBOARD,   /* neighbouring keys */
    PASSWORD_WEAKNESS_SEQUENCE,   /* abcd, 9876 */
    PASSWORD_WEAKNESS_REPEAT,     /* aaaa, abcabcabc */
    PASSWORD_WEAKNESS_DATE,       /* any date, in either calendar */
    PASSWORD_WEAKNESS_BLOCKLIST,  /* in a list of the site */
    PASSWORD_WEAKNESS_BREACHED,   /* in the filter of breached passwords */
    PASSWORD_WEAKNESS_SIMPLE,     /* too few different characters, or too few of any kind */
};

/* "none", "short", "long"; never NULL. */
const char *password_strength_word(enum password_strength strength);

/* "name", "birth-date", "keyboard"; never NULL. */
const char *password_weakness_word(enum password_weakness weakness);

/* "required", "optional", "none", "class"; "totp", "card", "recovery", "code"; "factor-waiver",
 * "out-of-hours", "maintenance"; "recovery", "code". Never NULL. */
const char *account_factor_word(enum account_factor factor);
const char *factor_kind_word(enum factor_kind kind);
const char *grant_kind_word(enum grant_kind kind);
const char *grant_instead_word(enum grant_instead instead);
enum medgl_error account_factor_parse(const char *word, enum account_factor *factor);
enum medgl_error grant_kind_parse(const char *word, enum grant_kind *kind);
enum medgl_error grant_instead_parse(const char *word, enum grant_instead *instead);

/* "staff", "active"; "unknown" for a number that is no member. */
const char *account_class_word(enum account_class class_);
const char *account_state_word(enum account_state state);
enum medgl_error account_class_parse(const char *word, enum account_class *class_);

#endif
