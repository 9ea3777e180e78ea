/* Maintenance (R30): accounts of that class are closed but on days that were approved beforehand;
 * each session waits for a responsible person's confirmation. In the main store. */
#ifndef MEDGL_OPERATION_MAINTENANCE_H
#define MEDGL_OPERATION_MAINTENANCE_H

#include "operation/account.h"
#include "operation/grant.h"
#include "operation/session.h"

/* A session of a maintenance account, as `report maintenance` lists it. What the machine does for
 * the account by itself while somebody is logged in (cron, systemd-user) is none. */
struct maintenance_record {
    const struct session *session;
    const char *account, *company;
    const struct grant *grant; /* under which it ran; NULL: none is known */
    enum process_life life;
};
struct maintenance_filter {
    bool unconfirmed;              /* those alone that are over and wait for it */
    const char *account, *company; /* NULL: of all; a company however it is spelled */
    medgl_time since, until;       /* open at some time of it; 0: no limit */
};
/* The latest first; of those that wait, the one that has waited longest. MEDGL_ERR_NOT_FOUND: no
 * such account. */
enum medgl_error operation_maintenance_list(
    struct context *context, const struct maintenance_filter *filter,
    void (*each)(void *argument, const struct maintenance_record *record), void *argument);

/* A responsible person confirms that what the record of a session says is what was to be done.
 * `id`: of the session, or of its grant, for all of that; or the beginning of it, of
 * CRYPTO_ID_LEAST digits. `note` may be NULL. MEDGL_ERR_NOT_FOUND: none has it. MEDGL_ERR_REFUSED
 * with `why`: one of them is open, all were confirmed, several begin so, nobody knows who the
 * operator is, the user database gives no answer about them, or the operator is who worked in it,
 * by all that is known of them (operation/acting.h). */
enum medgl_error operation_maintenance_confirm(struct context *context, const char *id,
                                               const char *note, uint32_t *confirmed,
                                               char why[OPERATION_WHY_SIZE]);

/* The accounts of one company, however it is spelled (text_same_name()), are disabled together,
 * their grants ended and their open sessions recorded as ended, in one transaction. `each` hears
 * afterwards of every one that is not retired, also where it was disabled before: for ending its
 * processes. MEDGL_ERR_NOT_FOUND: no such account has that company. MEDGL_ERR_REFUSED with `why`:
 * one of them is the operator's own; none was changed. */
struct maintenance_ended {
    char name[STORE_NAME_SIZE];
    int64_t uid;
    bool disabled;     /* now, and not before */
    uint32_t sessions; /* that were open */
};
enum medgl_error operation_maintenance_end(struct context *context, const char *company,
                                           const char *reason,
                                           void (*each)(void *argument,
                                                        const struct maintenance_ended *ended),
                                           void *argument, char why[OPERATION_WHY_SIZE]);

/* How many sessions are over and wait, and how many of them for longer than the policy's
 * maintenance_confirm (none, where that is 0). For the watch and the doctor. */
struct maintenance_waiting {
    uint32_t all, overdue;
    medgl_time oldest; /* when the one that waits longest was over; 0: none waits */
};
enum medgl_error maintenance_waiting(struct context *context, medgl_time now,
                                     struct maintenance_waiting *waiting);

#endif
