/* What everybody is told at a login while an emergency or a drill is open, and of those before what
 * is still to be done (R31, R32). Reads nothing but what the context was opened with. */
#include "operation/emergency.h"

#include "base/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* "emergency 1, drill 2, ...": `to` has room for as many as are known. */
static void banner_reviews(const struct emergency_undone *undone, char *to, size_t size)
{
    size_t used = 0;
    to[0] = '\0';
    for (uint32_t i = 0; i < undone->count && used < size; i++) {
        char one[64] = "...";
        if (i < EMERGENCY_UNDONE_MAX)
            (void)snprintf(one, sizeof(one),
                           undone->reviews[i].drill ? _("drill %" PRIu32) : _("emergency %" PRIu32),
                           undone->reviews[i].number);
        used += (size_t)snprintf(to + used, size - used, "%s%s", i == 0 ? "" : ", ", one);
    }
}

static void banner_undone(const struct emergency_undone *undone, char *to, size_t size)
{
    char reviews[(EMERGENCY_UNDONE_MAX + 1) * 66];
    banner_reviews(undone, reviews, sizeof(reviews));
    if (undone->count > 0 && undone->closed > 0)
        (void)snprintf(to, size,
                       _("Still open: the review of %s; break-glass accounts to be sealed anew: "
                         "%" PRIu32 " (medgl-admin emergency status)."),
                       reviews, undone->closed);
    else if (undone->count > 0)
        (void)snprintf(to, size, _("Still open: the review of %s (medgl-admin emergency status)."),
                       reviews);
    else if (undone->closed > 0)
        (void)snprintf(to, size,
                       _("Still open: break-glass accounts to be sealed anew: %" PRIu32
                         " (medgl-admin emergency status)."),
                       undone->closed);
}

void emergency_banner(const struct context *context, char banner[EMERGENCY_BANNER_SIZE])
{
    const struct emergency_now_view *now = &context->emergency;
    char since[CLOCK_LOCAL_SIZE], undone[EMERGENCY_BANNER_SIZE / 2] = "";
    banner[0] = '\0';
    if (now->known && now->phase == EMERGENCY_OPEN) {
        clock_format_local(now->row.declared, since);
        banner_open(&now->row, since, banner);
    }
    banner_undone(&context->undone, undone, sizeof(undone));
    const size_t used = strlen(banner);
    (void)snprintf(banner + used, EMERGENCY_BANNER_SIZE - used, "%s%s",
                   used > 0 && undone[0] != '\0' ? "\n" : "", undone);
}
