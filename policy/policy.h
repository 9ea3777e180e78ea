/* The policy in force: what policy.conf says, as typed values. One table of keys (policy/keys.c)
 * drives parsing, `policy show`, and the comparison with medgl-policy.conf(5). */
#ifndef MEDGL_POLICY_POLICY_H
#define MEDGL_POLICY_POLICY_H

#include "base/account.h"
#include "base/clock.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What becomes of a login whose user is not enrolled. */
enum policy_unenrolled {
    POLICY_UNENROLLED_IGNORE, /* PAM_IGNORE: the next module decides (pam_unix) */
    POLICY_UNENROLLED_DENY,   /* refused, in the same words and time as a wrong password */
};

/* A stretch of time as people write it: calendar months,
 * or an exact number of milliseconds; never both. */
struct policy_span {
    int32_t months;
    medgl_time milliseconds;
};

#define POLICY_MONTH (31 * MEDGL_DAY) /* where a month must have a length: the longest one's */

/* A set of defaults, which single keys override. */
enum policy_profile {
    POLICY_PROFILE_MHLW_6_0,      /* 6.0 Control 14, Q&A Sys-54; 5.2 T15 is the same */
    POLICY_PROFILE_MHLW_5_1,      /* 5.1 6.5 C.11: rotation for everyone without a second factor */
    POLICY_PROFILE_NIST_800_63B_4 /* 3.1.1: 15 alone, 8 with a factor, no composition, no rotation
                                   */
};

/* Which passwords without a second factor expire. */
enum policy_rotation {
    POLICY_ROTATION_SHORT, /* short ones; long ones stay (R13 as it stands) */
    POLICY_ROTATION_ALL,
    POLICY_ROTATION_NONE, /* none; short ones are accepted with a second factor alone */
};

enum policy_answer {
    POLICY_NO,
    POLICY_YES
};

/* Whether a second factor is asked of a class (R24). */
enum policy_factor {
    POLICY_FACTOR_REQUIRED, /* from factor_required_from on; before that day: optional */
    POLICY_FACTOR_OPTIONAL, /* of who has one */
    POLICY_FACTOR_NONE,
};

/* Who enrols the first device of an account from which a factor is required. */
enum policy_enrol {
    POLICY_ENROL_LOGIN,         /* its owner, at the login that misses it */
    POLICY_ENROL_ADMINISTRATOR, /* nobody but an administrator: such a login is refused */
};

/* When recovery codes are accepted. */
enum policy_recovery {
    POLICY_RECOVERY_ALWAYS,
    POLICY_RECOVERY_GRANT, /* while a factor waiver is in force that names them (R03: approved) */
};

/* Which second factors are accepted. */
enum policy_factor_kinds {
    POLICY_FACTOR_KINDS_ANY,
    POLICY_FACTOR_KINDS_TOTP,
    POLICY_FACTOR_KINDS_CARD,
};

/* What the host has proved where the module stands with factor=only. */
enum policy_host {
    POLICY_HOST_KNOWLEDGE,  /* a password: pam_unix, sssd */
    POLICY_HOST_POSSESSION, /* a key file: with a device that makes codes that is one factor twice
                             */
};

enum policy_totp_algorithm {
    POLICY_TOTP_SHA1,
    POLICY_TOTP_SHA256,
    POLICY_TOTP_SHA512,
};

/* What an old or missing list of revoked certificates means. Who is on one is refused always. */
enum policy_crl {
    POLICY_CRL_REQUIRE, /* refused */
    POLICY_CRL_WARN,    /* a warning in the log */
};

/* Whether operators are bound by their roles. */
enum policy_roles {
    POLICY_ROLES_GROUPS, /* by medgl-helpdesk, medgl-security, medgl-audit */
    POLICY_ROLES_NONE,   /* whoever becomes root does everything */
};

/* What using a break-glass account does while no emergency is declared (R32). */
enum policy_outside {
    POLICY_OUTSIDE_DECLARE, /* declares one by itself */
    POLICY_OUTSIDE_DENY,    /* is refused like a wrong password */
};

#define POLICY_DATE_SIZE    16
#define POLICY_PATHS_SIZE   1024
#define POLICY_NAMES_SIZE   512
#define POLICY_CONTACT_SIZE 101               /* a few lines of a page 72 columns wide */
#define POLICY_VALUE_SIZE   POLICY_PATHS_SIZE /* the notation of any value */
#define POLICY_RANGE_SIZE   128
#define POLICY_RULE_SIZE    512  /* the notation of an access rule (policy/admission.h) */
#define POLICY_HOLIDAYS     1024 /* days in the file of holidays */
#define POLICY_CLASSES      4    /* enum account_class, from 1 */

/* What holds for a class of accounts unless an account has a rule of its own (R05). */
struct policy_class {
    char hours[POLICY_RULE_SIZE];    /* R22: "Mon-Fri 08:00-20:00; holiday 10:00-12:00", "always" */
    char places[POLICY_RULE_SIZE];   /* R05 R27: "console, local, 10.1.0.0/16, tty1", "any" */
    char services[POLICY_RULE_SIZE]; /* PAM services: "sshd, login, su", "any" */
    int64_t sessions;                /* open at the same time, of one account (R29) */
    int64_t sessions_total;          /* ... of all accounts of the class; 0: no limit */
    struct policy_span idle;         /* until an unattended shell ends (R04); 0: never */
    enum policy_factor factor;       /* whether a second factor is asked (R24) */
};

/* The days of the file of holidays. */
struct policy_calendar {
    bool known; /* false: a file is named and could not be read; rules on hours refuse then */
    size_t count;
    int32_t day[POLICY_HOLIDAYS]; /* days since 1970-01-01, ascending */
};

struct policy {
    enum policy_profile profile;
    enum policy_unenrolled unenrolled;
    char time_zone[64];                  /* IANA name, "" for the machine's */
    char institution[POLICY_NAMES_SIZE]; /* names of the site, separated by commas; UTF-8 */

    /* Passwords (R13, R15, R18). Lengths in Unicode code points. */
    int64_t password_long_length;
    int64_t password_short_length;
    struct policy_span password_max_age; /* rule B */
    struct policy_span password_warn;    /* warning this long before it is due */
    struct policy_span password_issued_valid;
    int64_t
        password_kinds; /* kinds of characters that must be there, of 3: letters, digits, symbols */
    enum policy_rotation password_rotation;
    struct policy_span password_min_age; /* between two changes of one's own will */
    int64_t password_history;            /* former passwords that cannot come back (R16) */
    int64_t password_guess_bits;         /* least resistance to guessing (R14), log2 of guesses */
    int64_t password_grace_logins;       /* after a password is due */
    enum policy_answer password_suggest; /* offer a generated one when it is changed (R19) */
    char password_blocklist[POLICY_PATHS_SIZE];     /* absolute paths, separated by spaces */
    char password_breach_filter[POLICY_PATHS_SIZE]; /* one absolute path, "" for none */

    /* Attempts (R20). */
    int64_t attempts_per_source;
    int64_t attempts_per_account;
    int64_t attempts_per_change;       /* wrong current passwords that close the change (R17) */
    struct policy_span attempt_window; /* failures further apart than this do not add up */
    struct policy_span lock_time;
    struct policy_span attempt_delay; /* after the first failure; doubled by each further one */
    struct policy_span attempt_delay_max;
    struct policy_span attempt_timeout; /* an attempt in flight longer than this has failed */

    /* Argon2id (R10, RFC 9106). */
    int64_t kdf_memory; /* bytes */
    int64_t kdf_time;
    int64_t kdf_lanes;
    int64_t kdf_slots; /* 0: one per processor */

    /* Access rules, sessions, accounts. */
    struct policy_class classes[POLICY_CLASSES];
    char holidays[POLICY_PATHS_SIZE]; /* one absolute path, "" for none */
    struct policy_calendar calendar;  /* what is in it; no key of its own */
    struct policy_span dormant_after; /* without a login (R25) */

    /* More of attempts, and alerts (R07, R20). */
    int64_t attempts_spread;               /* accounts tried from one source that raise an alert */
    int64_t factor_failures;               /* wrong codes without a success between that disable a
                                              code factor (NIST SP 800-63B-4, 3.2.2) */
    char alert_mail[POLICY_NAMES_SIZE];    /* addresses, separated by commas; "" for none */
    enum policy_answer alert_wall;         /* urgent ones to all terminals */
    struct policy_span alert_fold;         /* alerts of one kind about one thing are not nearer */
    struct policy_span alert_hook_timeout; /* for one run of a program in notify.d */

    /* Second factors (R24, R03, R38). */
    char factor_required_from[POLICY_DATE_SIZE];   /* "2027-04-01", the site's day; "": at once */
    struct policy_span factor_warn;                /* logins warn so long before that day */
    char factor_exempt_places[POLICY_RULE_SIZE];   /* where none is asked; "": nowhere */
    char factor_exempt_services[POLICY_RULE_SIZE]; /* PAM services likewise; "": none */
    enum policy_factor_kinds factor_kinds;
    enum policy_enrol factor_enrol;
    enum policy_recovery factor_recovery;
    enum policy_host factor_host;
    char factor_one_prompt[POLICY_RULE_SIZE];  /* services with room for one prompt: the code is
                                                  typed right behind the password; "": none */
    enum policy_answer factor_qr;              /* whether enrolment at a login shows a QR code */
    enum policy_totp_algorithm totp_algorithm; /* of new devices */
    int64_t totp_digits;                       /* 6 or 8 */
    enum policy_answer card_alone;             /* card and PIN are two factors by themselves */
    char card_module[POLICY_PATHS_SIZE];       /* the PKCS#11 driver; "": no cards */
    char card_places[POLICY_RULE_SIZE];        /* where the machine's reader is asked */
    char card_services[POLICY_RULE_SIZE];
    struct policy_span card_timeout; /* for everything that a driver does at a time */
    enum policy_crl card_crl;
    struct policy_span grant_max; /* the longest that a grant may last */

    /* Resets and roles (R11). Lists of words, separated by commas. */
    char reset_methods[POLICY_NAMES_SIZE];  /* by which a person's identity may be verified */
    char reset_document[POLICY_NAMES_SIZE]; /* those of them that need a copy of the document */
    char reset_witness[POLICY_NAMES_SIZE];  /* methods and classes that need a witness */
    char reset_delivery[POLICY_NAMES_SIZE]; /* at-terminal, printer, file, screen */
    char slip_program[POLICY_PATHS_SIZE];   /* prints what comes on its standard input; "": none */
    enum policy_roles roles;
    int64_t document_max; /* bytes */
    struct policy_span document_retention;

    /* Evidence, backups (R08, R35, R36). */
    struct policy_span ledger_retention; /* bodies of younger entries are not archived */
    int64_t witness_quorum;              /* witnesses that must have cosigned; 0: none */
    struct policy_span witness_age;      /* ... within that time */
    struct policy_span space_warn;       /* an alert when the disk will do for less */
    char backup_directory[POLICY_PATHS_SIZE];
    int64_t backup_keep;                    /* generations */
    struct policy_span backup_every;        /* an alert when the last one is older; 0: never */
    struct policy_span backup_verify_every; /* the same of the last proved one */

    /* Emergencies and maintenance (R30..R33). */
    char emergency_criteria[POLICY_NAMES_SIZE];  /* words: on what grounds one is declared */
    struct policy_span emergency_max;            /* it is over then, whoever forgot it */
    struct policy_span emergency_remind;         /* alerts that tell that it lasts */
    char emergency_contact[POLICY_CONTACT_SIZE]; /* whom to tell, on the page of an envelope */
    enum policy_outside breakglass_outside;
    struct policy_span breakglass_renew; /* how long a sealed credential is good practice; 0:
                                            for ever */
    struct policy_span drill_every;      /* `doctor` tells when the last one is older; 0: never */
    struct policy_span maintenance_confirm; /* an alert about sessions not confirmed within; 0:
                                               never */

    int64_t minimum_free; /* bytes that must be free on the store's device; doctor warns below */
};

enum policy_type {
    POLICY_TYPE_NUMBER, /* "13" */
    POLICY_TYPE_SIZE,   /* "64 MiB": B, KiB, MiB, GiB */
    POLICY_TYPE_SPAN,   /* "2 months", "15 min", "1 day", "0" */
    POLICY_TYPE_CHOICE, /* one of `choices` */
    POLICY_TYPE_ZONE,   /* "Asia/Tokyo", "" */
    POLICY_TYPE_PATHS,  /* absolute paths, separated by spaces; `most` of them */
    POLICY_TYPE_NAMES,  /* printable UTF-8, parts separated by commas */
    POLICY_TYPE_MAIL,   /* mail addresses, separated by commas; "" for none */
    POLICY_TYPE_HOURS,  /* policy/admission.h */
    POLICY_TYPE_PLACES,
    POLICY_TYPE_SERVICES,
    POLICY_TYPE_DATE, /* "2027-04-01", "" */
    POLICY_TYPE_TEXT, /* printable UTF-8 */
};

/* One key of policy.conf. Limits are inclusive; for spans in milliseconds with a month as 31 days;
 * for rules and dates of the length, so that 0 says that the value may be empty. */
struct policy_key {
    const char *name;
    enum policy_type type;
    size_t offset;      /* of the member in struct policy */
    size_t size;        /* of that member */
    const char *preset; /* the default of the default profile, in the file's own notation */
    int64_t least, most;
    const char *const *choices; /* NULL-terminated, in the order of the enum; of a number: the only
                                   ones */
    const char *also;           /* another word for the first of them; NULL: none */
    const char *help;           /* one sentence, untranslated (N_()) */
    const char *clause;         /* the requirement it serves: "R13" */
};

const struct policy_key *policy_keys(size_t *count);

/* NULL when there is no such key. */
const struct policy_key *policy_key_find(const char *name);

/* All values as the default profile has them, and as another has them. */
void policy_defaults(struct policy *policy);
void policy_profile(struct policy *policy, enum policy_profile profile);

/* Whether a key's value does less than its profile's default (or what the profile forbids), and if
 * so the clause that the default serves: "5.2 T15", "NIST SP 800-63B-4 3.1.1.2"; NULL where it does
 * not. */
const char *policy_weaker(const struct policy *policy, const struct policy_key *key);

/* What values a key takes, for messages and the manual:
 * "13 to 64", "1 day to 2 months", "ignore or deny". */
void policy_key_range(const struct policy_key *key, char *text, size_t size);

/* Sets one key from its notation. MEDGL_ERR_ARGUMENT with a sentence in `why` (never NULL,
 * `why_size` > 0) that says what is wrong and what would be right. */
enum medgl_error policy_set(struct policy *policy, const struct policy_key *key, const char *value,
                            char *why, size_t why_size);

/* The value in force, in a notation that policy_set() takes. */
void policy_format(const struct policy *policy, const struct policy_key *key, char *text,
                   size_t size);

/* What holds for a class. */
const struct policy_class *policy_class_of(const struct policy *policy, enum account_class class_);

/* The policy in force as one text, a line "key = value" for each key in the order of the table and
 * a line "holiday = 2026-01-01" for each day ("unknown" where the file cannot be read): what its
 * digest is made of (R34). Comments, order and layers of files do not change it. *text is
 * malloc'ed. */
enum medgl_error policy_text(const struct policy *policy, char **text);

/* Rules between keys (attempts_per_account >= attempts_per_source, long >= short ...).
 * MEDGL_ERR_ARGUMENT with a sentence in `why`. */
enum medgl_error policy_check(const struct policy *policy, char *why, size_t why_size);

#endif
