/* Turns a candidate password into facts: which weakness it has, and how many guesses it would take
 * whoever knows how people choose (R14). One of the files of the lower rooms that read files
 * (local lists). Decides nothing: policy/ does, on the facts. */
#ifndef MEDGL_FACTOR_QUALITY_H
#define MEDGL_FACTOR_QUALITY_H

#include "base/account.h"
#include "base/error.h"
#include "base/secret.h"

#include <stdint.h>
#include <sys/types.h>

/* What is known of the person and the place. Borrowed; NULL or "" where unknown. */
struct quality_person {
    const char *login_name;
    const char *full_name; /* any script; parts in Latin letters count as they stand */
    const char *reading;   /* kana, parts separated by spaces: "さとう はなこ" */
    const char *staff_number;
    const char *birth_date; /* "1985-04-01" */
    const char *places;     /* host and institution names, separated by commas */
};

/* Local lists, as the policy names them. */
struct quality_lists;
struct quality_lists_request {
    const char *root;       /* put before each path: "" or a private root */
    uid_t owner;            /* besides root, who may own the files */
    const char *blocklists; /* absolute paths, separated by spaces; "": none */
    const char *filter;     /* one absolute path: a filter as pwqfilter(1) makes it; "": none */
};
/* Opens and checks all of them. A file that is missing, unreadable, writable by others or malformed
 * is logged with what to do, and is MEDGL_ERR_NOT_FOUND, _ACCESS, _CORRUPT...: no password is set
 * unless every list can be asked. Blocklists: one entry a line, UTF-8; blank lines and lines
 * beginning with '#' are skipped; compared after OpaqueString and case folding, whole and as the
 * core of a decorated password. */
enum medgl_error quality_lists_open(const struct quality_lists_request *request,
                                    struct quality_lists **lists);
void quality_lists_free(struct quality_lists **lists); /* also for auto_clean() */

struct quality {
    /* The kind that explains most of it; NONE where nothing was found. */
    enum password_weakness weakness;
    /* It is or holds what is refused however long the rest: own name, staff number or birth date
     * standing by itself, an entry of a blocklist or of the filter. */
    bool refused;
    /* Estimated guesses as a binary logarithm, rounded down. */
    uint32_t bits;
    /* Full-width letters, digits or symbols, or half-width kana: an input method was on. */
    bool full_width;
};

/* `prepared` is OpaqueString; `typed` is what came before that (full-width spaces are lost in
 * between). NULL `lists`: none; NULL `person`: nobody in particular. No character of it goes
 * anywhere but into `quality`; no memory but locked pages holds it. At most 1 ms (`make bench`). */
enum medgl_error quality_assess(const struct quality_lists *lists,
                                const struct quality_person *person, const struct secret *typed,
                                const struct secret *prepared, struct quality *quality);

#endif
