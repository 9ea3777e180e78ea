/* Reads policy.conf with its drop-ins through libeconf: one of the two
 * files of the lower rooms that touch the file system. Layers, later ones
 * win: MEDGL_VENDORDIR/policy.conf, MEDGL_SYSCONFDIR/policy.conf,
 * MEDGL_SYSCONFDIR/policy.conf.d/NAME.conf in the order of their names. What
 * none of them sets has the default of the profile that the last of them names. */
#ifndef MEDGL_POLICY_LOAD_H
#define MEDGL_POLICY_LOAD_H

#include "base/error.h"
#include "policy/policy.h"

#include <sys/types.h>

/* Where each value came from, for `policy show`, and what is wrong, for `policy check`. */
struct policy_report {
    void *context;
    /* One key that a file sets. May be NULL. */
    void (*set)(void *context, const struct policy_key *key, const char *file, uint64_t line);
    /* One mistake; file may be NULL (a rule between keys), line 0 where unknown. Also those in the
     * file of holidays. */
    void (*mistake)(void *context, const char *file, uint64_t line, const char *why);
};

/* Loads the policy in force under `root`. Files must be regular, owned by root or `owner`, not
 * writable by group or others. No file at all is no error: the defaults hold. MEDGL_ERR_POLICY when
 * anything is wrong, with all mistakes reported and (where `report` is NULL) logged as FILE:LINE:
 * WHY; *policy is then not to be used. A file of holidays that is named and cannot be read in full
 * is reported in the same way and makes no error: calendar.known is false then. */
enum medgl_error policy_load(const char *root, uid_t owner, const struct policy_report *report,
                             struct policy *policy);

#endif
