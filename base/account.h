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

/* What a password satisfied when it was set (R13). Stored; its length never is. */
enum password_strength {
    PASSWORD_STRENGTH_NONE = 0,  /* no rule: an imported one */
    PASSWORD_STRENGTH_SHORT = 1, /* 8+ characters of all three kinds */
    PASSWORD_STRENGTH_LONG = 2,  /* 13+ characters of all three kinds */
};

/* Why a password is easy to guess (R14). factor/quality finds it, policy/ decides on it. */
enum password_weakness {
    PASSWORD_WEAKNESS_NONE = 0,
    PASSWORD_WEAKNESS_NAME,       /* the account's own login name, full name or its reading */
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

/* "staff", "active"; "unknown" for a number that is no member. */
const char *account_class_word(enum account_class class_);
const char *account_state_word(enum account_state state);
enum medgl_error account_class_parse(const char *word, enum account_class *class_);

#endif
