/* Whether there is room (R35): what the evidence takes, how fast it grows, how long the disk will
 * do. */
#ifndef MEDGL_OPERATION_SPACE_H
#define MEDGL_OPERATION_SPACE_H

#include "operation/context.h"

struct space_report {
    uint64_t entries, archived;
    int64_t store_bytes, document_bytes, archive_bytes, checkpoint_bytes;
    int64_t free_bytes;
    medgl_time since; /* from when on the growth was looked at: 30 days, or less */
    double entries_per_day;
    int64_t bytes_per_day; /* store and documents */
    int64_t days_left;     /* until policy.minimum_free is reached; -1: it does not grow */
    medgl_time oldest;     /* entry that is in the store with its body */
};
enum medgl_error operation_space(struct context *context, struct space_report *report);

#endif
