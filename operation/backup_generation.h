/* Generations of backups in policy.backup_directory: which rows name them, and which make way. */
#ifndef MEDGL_OPERATION_BACKUP_GENERATION_H
#define MEDGL_OPERATION_BACKUP_GENERATION_H

#include "operation/backup.h"

#define BACKUP_NAME_START "medgl-"
#define BACKUP_NAME_END   ".cms"

#define GENERATION_BATCH 64

/* Only what was called so by this program. */
bool backup_is_ours(const char *name, const char *end);

/* Its file was written to this directory, and is not there any more. */
bool generation_is_missing(const char *directory, const struct backup *backup);

struct generations {
    const struct context *context;
    const char *directory;
    const struct backup *made;
    enum backup_state state; /* of those that are looked at */
    struct backup old[GENERATION_BATCH];
    uint32_t count, kept;
};
/* Those that make way for the one that was just `made`. */
enum medgl_error generations_find(struct generations *all, struct store_txn *txn,
                                  const struct backup *made);
/* They do, says the entry `seq`. */
enum medgl_error generations_end(struct generations *all, struct store_txn *txn, uint64_t seq);
/* Their files go. MUST: only files that a row names, and after the commit that says so. One that
 * was not taken away then, because of a kill, is at the next time. */
enum medgl_error generations_remove(struct context *context, const char *directory);

#endif
