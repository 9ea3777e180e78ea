/* What goes into a backup, for the one who makes it. */
#ifndef MEDGL_OPERATION_BACKUP_GATHER_H
#define MEDGL_OPERATION_BACKUP_GATHER_H

#include "operation/backup_pack.h"

/* Copies the store into `stage`, and lists everything that belongs to that copy.
 * MEDGL_ERR_CONFLICT: something changed meanwhile; with an empty stage it may be tried again. */
enum medgl_error backup_gather(struct context *context, const char *stage,
                               struct backup_manifest *manifest);

/* Whether a key file's text is the key that the context uses. */
bool backup_key_fits(const struct context *context, enum key_use use, const struct secret *text);
/* Which file it is in: in that of its name, or still in the one of an exchange. MEDGL_ERR_KEY. */
enum medgl_error backup_key_path(const struct context *context, enum key_use use,
                                 char path[PATH_MAX]);

#endif
