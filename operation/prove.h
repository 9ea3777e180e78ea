/* The ledger as proof, for others: inclusion and consistency, cosignatures of witnesses, export and
 * archive. */
#ifndef MEDGL_OPERATION_PROVE_H
#define MEDGL_OPERATION_PROVE_H

#include "operation/evidence.h"

/* The text of ledger/proof.h for an entry, against the present head, which is kept and published
 * for it, so that a witness's answer finds it; not for an auditor (role_only_reads()). *text is
 * malloc'ed. MEDGL_ERR_NOT_FOUND: there is no such entry. */
enum medgl_error operation_prove_inclusion(struct context *context, uint64_t seq, char **text);
/* That the present tree holds the first `old_size` entries as they were; 0: for a witness that saw
 * none of it yet. MEDGL_ERR_NOT_FOUND: it never had so many. */
enum medgl_error operation_prove_consistency(struct context *context, uint64_t old_size,
                                             char **text);

/* Takes in the cosignatures on a checkpoint of ours, or those that a witness answered with, without
 * the checkpoint. MEDGL_ERR_REFUSED with `why`: it is none of
 * ours, or has no valid signature of a witness in PATH_WITNESSES. `*count`: witnesses on it now. */
enum medgl_error operation_cosign(struct context *context, const char *note, unsigned *count,
                                  char why[]);

/* What witnesses say, for verify and doctor: the largest size that at least policy.witness_quorum
 * of them cosigned, and when (0: none). */
struct witness_state {
    unsigned witnesses; /* keys in PATH_WITNESSES */
    uint64_t size;
    medgl_time time; /* so many of them have seen it since then; Unix milliseconds */
};
/* MEDGL_ERR_KEY: PATH_WITNESSES has a line that is no key of a witness, or one name or key twice.
 */
enum medgl_error operation_witness_state(struct context *context, struct witness_state *state);

/* Moves the bodies of the entries before `until` to a signed file in PATH_ARCHIVE, and a copy of it
 * to `copy` where one is given, then takes them out of the store, with an entry. Killed at any
 * point, either all bodies are in the store, or the file is whole and synced. Of many entries it
 * takes the oldest: again, until nothing is left to move. MEDGL_ERR_REFUSED with `why`: younger
 * than policy.ledger_retention, or nothing to move. */
struct archive_request {
    medgl_time until;
    int copy; /* a file open for writing, of which nothing is told; -1: none */
};
enum medgl_error operation_archive(struct context *context, const struct archive_request *request,
                                   struct archive *archive, char why[]);

/* What an archive would take in at `until`: the seqs, and the name of its file. The same refusals.
 */
enum medgl_error operation_archive_plan(struct context *context, medgl_time until,
                                        struct archive *archive, char why[]);

/* Entries from the store, and their bodies from the files in PATH_ARCHIVE where they were moved
 * there. A body is believed where its leaf hash is the one that the store has. */
struct ledger_reader;
enum medgl_error ledger_reader_open(const struct context *context, struct ledger_reader **reader);
void ledger_reader_free(struct ledger_reader **reader); /* also for auto_clean() */
/* Files that could not be used, or contradict the store, so far. */
unsigned ledger_reader_faults(const struct ledger_reader *reader);

struct ledger_reading {
    uint64_t from, to; /* from <= seq < to */
    /* Asked about each line that there is, in order; NULL: all are wanted. One whose body is
     * nowhere is passed on with len 0 without being asked about. */
    bool (*wanted)(void *argument, const char *line, size_t len);
    /* MEDGL_ERR_ABORTED ends the reading, and is what it returns. */
    enum medgl_error (*each)(void *argument, const struct ledger_row *row);
    void *argument;
};
/* `*seen`: how many entries there were, as many as the seqs say or some are gone. A block at a
 * time, for the sake of who writes. */
enum medgl_error ledger_reader_select(struct ledger_reader *reader, struct store_txn *txn,
                                      const struct ledger_reading *reading, uint64_t *seen);
/* The same in a transaction of its own. */
enum medgl_error ledger_reader_run(struct ledger_reader *reader,
                                   const struct ledger_reading *reading, uint64_t *seen);

#endif
