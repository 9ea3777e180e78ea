/* What everybody is told at a login while an emergency or a drill is open, or its review is (R31,
 * R32). Reads nothing but what the context was opened with. */
#include "operation/emergency.h"

#include "base/message.h"

#include <inttypes.h>
#include <stdio.h>

static void banner_open(const struct emergency *row, const char *since,
                        char banner[EMERGENCY_BANNER_SIZE])
{
    (void)snprintf(banner, EMERGENCY_BANNER_SIZE,
                   row->drill
                       ? _("DRILL, no emergency: drill %" PRIu32 " began at %s. Break-glass "
                           "accounts can be used for practice; all of it is recorded and told.")
                       : _("EMERGENCY %" PRIu32 " is declared since %s. Break-glass accounts can "
                           "be used; all that is done with them is recorded and told."),
                   row->number, since);
}

static void banner_over(const struct emergency *row, const char *since,
                        char banner[EMERGENCY_BANNER_SIZE])
{
    (void)snprintf(banner, EMERGENCY_BANNER_SIZE,
                   row->drill
                       ? _("Drill %" PRIu32 " of %s is over. Still open: its review (medgl-admin "
                           "emergency status).")
                       : _("Emergency %" PRIu32 " of %s is over. Still open: the review of what "
                           "was done (medgl-admin emergency status)."),
                   row->number, since);
}

void emergency_banner(const struct context *context, char banner[EMERGENCY_BANNER_SIZE])
{
    const struct emergency *row = &context->emergency.row;
    char since[CLOCK_LOCAL_SIZE];
    banner[0] = '\0';
    if (!context->emergency.known)
        return;
    clock_format_local(row->declared, since);
    switch (context->emergency.phase) {
    case EMERGENCY_NONE:
        return;
    case EMERGENCY_OPEN:
        banner_open(row, since, banner);
        return;
    case EMERGENCY_TIMED_OUT:
    case EMERGENCY_RECOVERED:
        if (row->reviewed == 0)
            banner_over(row, since, banner);
        return;
    }
}
