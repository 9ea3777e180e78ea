/* Maintenance (R30): accounts of that class are closed but on days that were approved beforehand;
 * each session waits for a responsible person's confirmation. In the main store. */
#ifndef MEDGL_OPERATION_MAINTENANCE_H
#define MEDGL_OPERATION_MAINTENANCE_H

#include "operation/grant.h"
#include "operation/session.h"

/* A session of a maintenance account, as `report maintenance` lists it. */
struct maintenance_record {
    const struct session *session;
    const char *account, *company;
    const struct grant *grant; /* under which it ran; NULL: none is known */
    enum process_life life;
};
struct maintenance_filter {
    bool unconfirmed;              /* those alone */
    const char *account, *company; /* NULL: of all */
    medgl_time since, until;       /* 0: no limit */
};
/* The latest first. */
enum medgl_error operation_maintenance_list(
    struct context *context, const struct maintenance_filter *filter,
    void (*each)(void *argument, const struct maintenance_record *record), void *argument);

/* A responsible person confirms that what the record of a session says is what was to be done.
 * `id`: of the session, or the beginning of it; of all of a grant where it is that of a grant.
 * MEDGL_ERR_REFUSED with `why`: it is open, was confirmed, or the operator is who worked in it. */
enum medgl_error operation_maintenance_confirm(struct context *context, const char *id,
                                               const char *note, uint32_t *confirmed,
                                               char why[OPERATION_WHY_SIZE]);

/* The accounts of one company are disabled together, their grants ended, in one transaction; `each`
 * hears of every one, for ending its processes. MEDGL_ERR_NOT_FOUND: no account has that company.
 */
enum medgl_error operation_maintenance_end(struct context *context, const char *company,
                                           const char *reason,
                                           void (*each)(void *argument,
                                                        const struct account *account),
                                           void *argument, char why[OPERATION_WHY_SIZE]);

/* For the watch: how many sessions wait longer than the policy's maintenance_confirm. */
enum medgl_error maintenance_overdue(struct context *context, medgl_time now, uint32_t *count);

#endif
