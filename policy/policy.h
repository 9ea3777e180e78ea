/* The policy in force: what policy.conf says, as typed values. One table of keys (policy/keys.c)
 * drives parsing, `policy show`, and the comparison with medgl-policy.conf(5). */
#ifndef MEDGL_POLICY_POLICY_H
#define MEDGL_POLICY_POLICY_H

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

struct policy {
    enum policy_unenrolled unenrolled;
    char time_zone[64]; /* IANA name, "" for the machine's */

    /* Passwords (R13, R15, R18). Lengths in Unicode code points. */
    int64_t password_long_length;
    int64_t password_short_length;
    struct policy_span password_max_age; /* rule B */
    struct policy_span password_warn;    /* warning this long before it is due */
    struct policy_span password_issued_valid;

    /* Attempts (R20). */
    int64_t attempts_per_source;
    int64_t attempts_per_account;
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

    int64_t minimum_free; /* bytes that must be free on the store's device; doctor warns below */
};

enum policy_type {
    POLICY_TYPE_NUMBER, /* "13" */
    POLICY_TYPE_SIZE,   /* "64 MiB": B, KiB, MiB, GiB */
    POLICY_TYPE_SPAN,   /* "2 months", "15 min", "1 day", "0" */
    POLICY_TYPE_CHOICE, /* one of `choices` */
    POLICY_TYPE_ZONE,   /* "Asia/Tokyo", "" */
};

/* One key of policy.conf. Limits are inclusive; for
 * spans in milliseconds with a month as 31 days. */
struct policy_key {
    const char *name;
    enum policy_type type;
    size_t offset;      /* of the member in struct policy */
    size_t size;        /* of that member */
    const char *preset; /* the default, in the file's own notation */
    int64_t least, most;
    const char *const *choices; /* NULL-terminated, in the order of the enum */
    const char *help;           /* one sentence, untranslated (N_()) */
    const char *clause;         /* the requirement it serves: "R13" */
};

const struct policy_key *policy_keys(size_t *count);

/* NULL when there is no such key. */
const struct policy_key *policy_key_find(const char *name);

/* All defaults. */
void policy_defaults(struct policy *policy);

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

/* Rules between keys (attempts_per_account >= attempts_per_source, long >= short ...).
 * MEDGL_ERR_ARGUMENT with a sentence in `why`. */
enum medgl_error policy_check(const struct policy *policy, char *why, size_t why_size);

#endif
