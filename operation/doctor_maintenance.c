/* Whether somebody has looked at what was done in maintenance (R30). Works as the owner of the
 * store. */
#include "operation/doctor.h"
#include "operation/maintenance.h"

void doctor_maintenance(struct doctor *doctor, struct context *context)
{
    struct maintenance_waiting waiting;
    const enum medgl_error error = maintenance_waiting(context, clock_read().now, &waiting);
    if (error != MEDGL_OK)
        doctor_say(doctor, DOCTOR_FAULT, "maintenance",
                   "whether sessions wait for their confirmation is not known: %s: do what the log "
                   "says",
                   medgl_error_text(error));
    else if (waiting.overdue > 0)
        doctor_say(doctor, DOCTOR_WARNING, "maintenance",
                   "%u of %u maintenance sessions wait longer for their confirmation than "
                   "maintenance_confirm allows: medgl-admin report maintenance --unconfirmed says "
                   "which; maintenance confirm ID confirms one",
                   (unsigned)waiting.overdue, (unsigned)waiting.all);
    else
        doctor_say(doctor, DOCTOR_OK, "maintenance",
                   waiting.all > 0 ? "%u maintenance sessions wait for their confirmation, none of "
                                     "them too long"
                                   : "no maintenance session waits for its confirmation",
                   (unsigned)waiting.all);
}
