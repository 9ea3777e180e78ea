/* What an administrator is told at once (R07, R20). policy/ names them, store/ keeps them,
 * operation/ raises and delivers them. */
#ifndef MEDGL_BASE_ALERT_H
#define MEDGL_BASE_ALERT_H

#include "base/error.h"

#include <stdbool.h>

/* X(ENUM, number, "word", urgent, sentence for medgl-alerts(7)). Stored by number: numbers are
 * never given a new meaning. Urgent ones go to terminals too (wall). */
#define ALERT_KINDS(X)                                                                             \
    X(LOCKOUT, 1, "lockout", false,                                                                \
      "Failed tries reached a limit; more are refused, or delayed at break-glass accounts.")       \
    X(SPREAD, 2, "spread", true, "One source failed at many accounts.")                            \
    X(PRIVILEGED_LOGIN, 3, "privileged-login", false,                                              \
      "A privileged or break-glass account was used.")                                             \
    X(DORMANT_LOGIN, 4, "dormant-login", false, "An account was used after a long absence.")       \
    X(POLICY, 5, "policy", true, "The policy in force is another one than before.")                \
    X(CLOCK, 6, "clock", false, "The clock is not synchronised, or went back.")                    \
    X(SPACE, 7, "space", true, "The store's device is nearly full, or will be before long.")       \
    X(EVIDENCE, 8, "evidence", true,                                                               \
      "The evidence does not verify, or an older store was put back since the last login.")        \
    X(TEST, 9, "test", false, "An administrator asked for it.")                                    \
    X(RECOVERY, 10, "recovery", false,                                                             \
      "A recovery code, or a one-time code of a waiver, was used in the place of a factor.")       \
    X(ROLE, 11, "role", false, "An operator tried what their role does not allow.")                \
    X(KEY, 12, "key", true, "A key was exchanged for another one.")                                \
    X(BACKUP, 13, "backup", false, "The last backup is older than the policy asks for.")           \
    X(RESTORE, 14, "restore", true, "A store was restored from a backup.")                         \
    X(EMERGENCY, 15, "emergency", true, "An emergency or a drill was declared, or lasts.")         \
    X(EMERGENCY_OVER, 16, "emergency-over", true,                                                  \
      "An emergency or a drill is over: used break-glass accounts are closed.")                    \
    X(BREAKGLASS, 17, "breakglass", true,                                                          \
      "An envelope was sealed or used, or a break-glass account disabled or enabled.")             \
    X(MAINTENANCE, 18, "maintenance", false,                                                       \
      "Sessions of maintenance accounts wait for their confirmation.")

enum alert_kind {
#define ALERT_KIND_ENUM(id, number, word, urgent, help) ALERT_##id = number,
    ALERT_KINDS(ALERT_KIND_ENUM)
#undef ALERT_KIND_ENUM
};

/* "lockout"; "unknown" for a number that is no member. */
const char *alert_kind_word(enum alert_kind kind);
bool alert_kind_urgent(enum alert_kind kind);
enum medgl_error alert_kind_parse(const char *word, enum alert_kind *kind);

#endif
