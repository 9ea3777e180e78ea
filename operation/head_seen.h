/* What the store held when somebody logged in last, kept beside it: so a store that was put back
 * from a copy is known, and no step of a device opens again that was used up since the copy (R24).
 *
 * MUSTs:
 * - A mark is written after its commit, and read before a transaction begins: a sound store always
 * holds what was read.
 * - The file can only refuse. Missing, malformed, or somebody else's, it keeps nobody out.
 * - Everybody's login does the same work (R23). */
#ifndef MEDGL_OPERATION_HEAD_SEEN_H
#define MEDGL_OPERATION_HEAD_SEEN_H

#include "operation/context.h"

/* The last entry of a ledger. Its hash alone tells whether a longer ledger still holds it. */
struct head_mark {
    medgl_time time; /* of the commit, or of the step that was used up by it, if that is later */
    uint64_t size;   /* of the ledger; 0: no mark */
    unsigned char leaf[MERKLE_HASH_SIZE];
};

struct head_seen {
    struct head_mark seen; /* the latest one */
    struct head_mark lost; /* the latest one that was not found in the store any more */
};

/* What the file says; nothing where it is missing or unusable (logged). */
void head_seen_read(const struct context *context, struct head_seen *seen);

/* In a transaction that began after `seen` was read: the time up to which the store says other
 * things than it once did, for an older copy was put back; 0: none was. One that was put back
 * knowingly (head_seen_bar) is none. */
enum medgl_error head_seen_lost_until(struct store_txn *txn, const struct head_seen *seen,
                                      medgl_time *until);

/* In a transaction that began after `mark` was read: whether the ledger holds it. */
enum medgl_error head_seen_holds(struct store_txn *txn, const struct head_mark *mark, bool *holds);

/* The ledger's end as it is in this transaction. */
enum medgl_error head_seen_mark(struct store_txn *txn, medgl_time time, struct head_mark *mark);

/* After the commit: remembers `mark`, unless a later one is. `lost`: the mark that the store was
 * found not to hold, which makes way and goes on counting; NULL: none. Failures are logged, and
 * undo nothing. */
void head_seen_keep(const struct context *context, const struct head_mark *mark,
                    const struct head_mark *lost);

/* Of a store that is put back knowingly: it holds `mark`, and no step up to that time is good any
 * more. Synced. */
enum medgl_error head_seen_bar(const struct context *context, const struct head_mark *mark);

/* -- of a login ------------------------------------------------------------------------------- */

struct head_found {
    struct head_seen file;
    bool put_back; /* the store does not hold what was seen last */
};

enum medgl_error head_seen_find(struct store_txn *txn, struct head_found *found);

/* MUST: no step at or below that time's is accepted, of any device; 0: all are. */
medgl_time head_seen_floor(const struct head_found *found);

#endif
