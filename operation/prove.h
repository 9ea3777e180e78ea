/* The ledger as proof, for others: inclusion and consistency, cosignatures of witnesses, export and
 * archive. */
#ifndef MEDGL_OPERATION_PROVE_H
#define MEDGL_OPERATION_PROVE_H

#include "operation/evidence.h"

/* The text of ledger/proof.h for an entry, against the present head, which is kept and published
 * for it. *text is malloc'ed. MEDGL_ERR_NOT_FOUND: there is no such entry. */
enum medgl_error operation_prove_inclusion(struct context *context, uint64_t seq, char **text);
/* That the present tree holds the first `old_size` entries as they were. */
enum medgl_error operation_prove_consistency(struct context *context, uint64_t old_size,
                                             char **text);

/* Takes in the cosignatures on a checkpoint of ours. MEDGL_ERR_REFUSED with `why`: it is none of
 * ours, or has no valid signature of a witness in PATH_WITNESSES. `*count`: witnesses on it now. */
enum medgl_error operation_cosign(struct context *context, const char *note, unsigned *count,
                                  char why[]);

/* What witnesses say, for verify and doctor: the largest size that at least policy.witness_quorum
 * of them cosigned, and when (0: none). */
struct witness_state {
    unsigned witnesses; /* keys in PATH_WITNESSES */
    uint64_t size;
    medgl_time time; /* the quorum's latest */
};
enum medgl_error operation_witness_state(struct context *context, struct witness_state *state);

/* Moves the bodies of the entries before `until` to a signed file in PATH_ARCHIVE, or to `fd`
 * (>= 0), then takes them out of the store, with an entry. Killed at any point, either all bodies
 * are in the store, or the file is whole and synced. MEDGL_ERR_REFUSED with `why`: younger than
 * policy.ledger_retention, or nothing to move. */
struct archive_request {
    medgl_time until;
    int fd;           /* -1: a file in PATH_ARCHIVE */
    const char *file; /* what the row and the entry call it; NULL with fd -1 */
};
enum medgl_error operation_archive(struct context *context, const struct archive_request *request,
                                   struct archive *archive, char why[]);

#endif
