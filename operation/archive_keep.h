/* Which bodies stay in the store when an archive has them too: those that verification holds rows
 * against. Without the file all of that can be verified still. A part of operation_archive(). */
#ifndef MEDGL_OPERATION_ARCHIVE_KEEP_H
#define MEDGL_OPERATION_ARCHIVE_KEEP_H

#include "operation/verify_map.h"
#include "store/evidence.h"

/* Zeroed is ready for use. */
struct archive_keep {
    uint64_t *seqs;
    size_t count, room;
    struct verify_map sessions; /* whose opening entries earlier archives left in the store */
};
void archive_keep_free(struct archive_keep *keep); /* also for auto_clean() */

/* Each entry before those that are archived, whose body is in the store. */
enum medgl_error archive_keep_before(struct archive_keep *keep, const struct ledger_row *row);

/* Takes the bodies of first <= seq < next out of the store, but for those that stay. */
enum medgl_error archive_keep_rest(struct archive_keep *keep, struct store_txn *txn, uint64_t first,
                                   uint64_t next);

#endif
