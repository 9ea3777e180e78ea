/* Ending who holds the break-glass accounts' store. */
#ifndef MEDGL_OPERATION_CONTEXT_STUCK_H
#define MEDGL_OPERATION_CONTEXT_STUCK_H

#include "operation/context.h"

/* Who keeps the store to itself for CONTEXT_PATIENCE_MS, `waited_ms` of which are over, is ended if
 * it is a process of our own user that runs one of our programs; one that is not is not waited for.
 * True: it is worth another try. */
bool context_end_holder(const char *root, int64_t waited_ms);

/* Waits for the right to write, as every writer does; then does the above, and waits once more.
 * MEDGL_ERR_DEADLINE: it did not come. */
enum medgl_error context_unstick(struct context *context);

#endif
