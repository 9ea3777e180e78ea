/* Whether there is room (R35): what the evidence takes, how fast it grows, how long the disk will
 * do. */
#ifndef MEDGL_OPERATION_SPACE_H
#define MEDGL_OPERATION_SPACE_H

#include "operation/context.h"

/* From a kept checkpoint to now: the latest that is 30 days old, else the oldest. */
struct space_growth {
    medgl_time since; /* 0: there is no day yet to look at, and the rest says nothing */
    double entries_per_day;
    int64_t bytes_per_day; /* of store and documents, by the size of the last entries */
    int64_t days_left;     /* until policy.minimum_free is reached; -1: it does not grow */
};

struct space_report {
    uint64_t entries, archived;
    int64_t store_bytes, document_bytes, archive_bytes, checkpoint_bytes;
    int64_t free_bytes; /* on the store's device */
    struct space_growth growth;
    medgl_time oldest; /* entry that is in the store with its body; 0: none is */
};
enum medgl_error operation_space(struct context *context, struct space_report *report);

/* The growth alone, which is little work: for the watch. */
enum medgl_error space_growth(struct context *context, medgl_time now, struct space_growth *growth);

#endif
