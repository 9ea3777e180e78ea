/* What goes into a backup, for the one who makes it. */
#ifndef MEDGL_OPERATION_BACKUP_GATHER_H
#define MEDGL_OPERATION_BACKUP_GATHER_H

#include "operation/backup_pack.h"

/* Copies the store into `stage`, and lists everything that belongs to that copy.
 * MEDGL_ERR_CONFLICT: something changed meanwhile; with an empty stage it may be tried again. */
enum medgl_error backup_gather(struct context *context, const char *stage,
                               struct backup_manifest *manifest);

/* The installation of the break-glass accounts, where there is one. MUST: after the main store was
 * copied, which vouches for no more than is there by then. One that cannot be opened is logged. */
enum medgl_error backup_gather_breakglass(const struct context *context, const char *stage,
                                          struct backup_manifest *manifest);

#endif
