/* May this account be used here, now, through this service (R05, R22, R27)? Rules of the class, or
 * of the account where it has its own; facts and a time in, a finding for each rule out.
 *
 * Hours: "always", or parts separated by ';': days and a time, "Mon-Fri 08:00-20:00",
 * "Sat,Sun 10:00-12:00", "holiday 10:00-12:00", "daily 00:00-24:00". Days are Mon Tue Wed Thu Fri
 * Sat Sun and holiday, ranges with '-', lists with ','; daily is all eight. A day in the file of
 * holidays is "holiday" and no day of the week. Times are 00:00 to 24:00 in the site's zone; a part
 * whose end is not after its begin goes on into the next day and belongs to the day on which it
 * begins. Case does not matter.
 *
 * Places: "any", or parts separated by ',': an address or network ("10.1.0.0/16", "2001:db8::/32",
 * "203.0.113.7"), a pattern of terminals with '*' and '?' ("tty*", "ttyS0", ":0"), "console" (every
 * terminal beside the machine), "own" (asked by the account's own user, logged in at this machine:
 * sudo, a screen locker), "local" (asked by anybody logged in at this machine: these, and su). A
 * terminal beside the machine holds for who comes from there, "pts/3" for who is logged in here.
 * Never a name that would have to be resolved (CVE-2024-10963).
 *
 * Services: "any", or names of PAM services separated by ','. */
#ifndef MEDGL_POLICY_ADMISSION_H
#define MEDGL_POLICY_ADMISSION_H

#include "policy/policy.h"

/* From where, as far as it is known. */
enum admission_origin {
    ADMISSION_ORIGIN_UNKNOWN = 0, /* a host's name, or nothing: no place but "any" */
    ADMISSION_ORIGIN_ADDRESS,     /* `address` */
    ADMISSION_ORIGIN_CONSOLE,     /* `terminal`, beside the machine */
    ADMISSION_ORIGIN_LOCAL,       /* somebody logged in here; `terminal` where it is a pty */
    ADMISSION_ORIGIN_SYSTEM,   /* a service of this machine that acts for the account while nobody
                                  logs in (cron, systemd-user), or root stepping into it: neither
                                  places nor services are asked */
    ADMISSION_ORIGIN_ANYWHERE, /* a question that names no place: places are not asked. No login
                                  has it */
};

struct admission_place {
    enum admission_origin origin;
    unsigned char address[16]; /* IPv6, or IPv4 mapped into it (RFC 4291, 2.5.5.2) */
    char terminal[64];         /* without "/dev/" */
    bool own;                  /* LOCAL: by the account's own user */
};

struct admission_facts {
    enum account_class class_;
    const char *hours, *places, *services; /* the account's own; "": the class's hold */
    const struct admission_place *place;
    const char *service;
    int utc_offset;            /* of the site at that time */
    medgl_time granted_until;  /* of a grant for out-of-hours that is in force; 0: none (R22) */
    medgl_time approved_until; /* of a grant for maintenance that is in force; 0: none, and an
                                  account of that class is closed (R30) */
};

enum admission_reason {
    ADMISSION_UNDECIDED = 0,
    ADMISSION_GRANTED,
    ADMISSION_MAINTENANCE, /* an account for maintenance, and no work was approved for now */
    ADMISSION_SERVICE,
    ADMISSION_PLACE,
    ADMISSION_HOURS,
    ADMISSION_CALENDAR, /* hours are limited, and the file of holidays cannot be read */
};

/* One rule and what it says. */
struct admission_finding {
    bool granted;
    bool own;         /* the account's, not the class's */
    const char *rule; /* borrowed from the facts or the policy */
};

struct admission_decision {
    enum admission_reason reason; /* the first that refuses, in the order of the enum */
    struct admission_finding services, places, hours;
    bool holiday;     /* that day is one */
    bool approved;    /* R30: no account for maintenance, or a grant opens it */
    bool by_grant;    /* the hours are closed, and a grant opens them */
    medgl_time until; /* the end of the hours that hold now, or of an approved maintenance; 0: no
                         end, or refused */
};

struct admission_decision policy_admit(const struct policy *policy,
                                       const struct admission_facts *facts, medgl_time now);

/* The notations, for keys and for rules of an account. A canonical form goes to `canonical`
 * (POLICY_RULE_SIZE bytes). MEDGL_ERR_ARGUMENT. */
enum medgl_error admission_parse_hours(const char *text, char *canonical);
enum medgl_error admission_parse_places(const char *text, char *canonical);
enum medgl_error admission_parse_services(const char *text, char *canonical);

/* Whether a rule on places names networks, and neither "local" nor "own" nor "console" nor ptys:
 * who comes from there can neither use sudo or su nor unlock a screen then, and each try counts as
 * a wrong password. */
bool admission_places_strand(const char *rule);

/* Whether a rule on places may hold for who comes over the network. */
bool admission_places_remote(const char *rule);

/* What the notations are, for messages (N_()). */
extern const char *const admission_hours_help, *const admission_places_help,
                                                   *const admission_services_help;

/* An address, or the terminal of a place given on a command line: "10.1.2.3", "tty1", "pts/3",
 * "local", "own", "console". MEDGL_ERR_ARGUMENT. */
enum medgl_error admission_parse_place(const char *text, struct admission_place *place);

/* Whether a terminal (without "/dev/") stands beside the machine: "tty1", "ttyS0", ":0". A pty does
 * not, and "tty" is whichever a process has. */
bool admission_is_console(const char *terminal);
bool admission_is_pty(const char *terminal); /* "pts/3" */

const char *admission_reason_word(enum admission_reason reason); /* "hours"; never NULL */

/* -- how many at once (R29) ------------------------------------------------------------------- */

struct crowd_facts {
    enum account_class class_;
    uint32_t own_limit; /* the account's own; 0: the class's */
    uint32_t open,
        open_of_class; /* sessions that are open now, without the one that is asked for */
};
enum crowd_verdict {
    CROWD_ACCOUNT = 0, /* the account's sessions are at their limit */
    CROWD_CLASS,
    CROWD_ADMITTED,
};
enum crowd_verdict policy_crowd(const struct policy *policy, const struct crowd_facts *facts);

/* Seconds after which an unattended shell ends (TMOUT); 0: never. `own`: the account's, in
 * milliseconds; 0: the class's; below 0: never. */
int64_t policy_idle_seconds(const struct policy *policy, enum account_class class_, int64_t own);

/* Whether an account without a login since then is dormant (R25). `created` counts where there was
 * none. */
bool policy_dormant(const struct policy *policy, medgl_time last_login, medgl_time created,
                    medgl_time now);

#endif
