/* The ledger as operations see it: append inside a transaction, verify, export, checkpoint. */
#ifndef MEDGL_OPERATION_EVIDENCE_H
#define MEDGL_OPERATION_EVIDENCE_H

#include "ledger/entry.h"
#include "ledger/verify.h"
#include "operation/context.h"

/* Starts an entry: time, clock, origin and actor from the context and the reading, subject from the
 * account (NULL: none). */
void evidence_begin(const struct context *context, const struct clock_reading *clock,
                    enum ledger_kind kind, const struct account *account,
                    struct ledger_entry *entry);

/* Two that waited for the lock may be written in another order than they began. */
#define EVIDENCE_CLOCK_BACK (2 * MEDGL_SECOND)

/* Gives it the next seq, appends it, and signs the new head, all in the caller's transaction.
 * Before it come entry and alert of a clock that went back by more than that (R09). The checkpoint
 * of the first entry of a day of the site is kept for good; the watch publishes it. `*seq` may be
 * NULL. */
enum medgl_error evidence_append(struct context *context, struct store_txn *txn,
                                 struct ledger_entry *entry, uint64_t *seq);

/* Keeps the head's checkpoint for good: in the store in this transaction; afterwards
 * (evidence_publish) as a file in PATH_CHECKPOINTS and a syslog line. After every administrative
 * act. */
enum medgl_error evidence_keep(struct store_txn *txn, medgl_time now);
enum medgl_error evidence_publish(struct context *context);
/* The one kept last, where its file is not there yet: of the start of a day, or of an act whose
 * process ended before it could publish. */
enum medgl_error evidence_publish_kept(struct context *context);

/* Signs nothing new: keeps and publishes the current head and gives its text. For an auditor
 * (role_only_reads()) it gives the text alone. */
enum medgl_error operation_checkpoint(struct context *context, char note[STORE_NOTE_SIZE]);

struct verify_joins; /* operation/verify_joins.h */
struct evidence_request {
    const char *const *checkpoints; /* texts of ones kept elsewhere, with their names */
    const char *const *labels;
    size_t checkpoint_count;
    const char *const *vkeys; /* texts with keys of the ledger kept elsewhere, likewise */
    const char *const *vkey_labels;
    size_t vkey_count;
    const int *archives; /* files with bodies of old entries, open for reading, likewise */
    const char *const *archive_labels;
    size_t archive_count;
    /* What the main ledger vouches for of the small one: filled in by the verification of the main
     * one, held against by that of the small one. NULL: the latter is verified by itself alone. */
    struct verify_joins *joins;
    ledger_fault fault;
    /* An archive that the ledger names and whose file is nowhere: no fault. May be NULL. */
    void (*missing)(void *argument, const struct archive *archive);
    void *argument;
    void (*progress)(void *argument, uint64_t done, uint64_t total); /* may be NULL */
};
/* Everything: each entry, the tree, every checkpoint (in the store, beside it as a file, and those
 * of the request) under the key of its time, cosignatures of witnesses, every row of the store, and
 * state against ledger (each account, password, second factor, grant, document, key, archive,
 * backup and open session has the entry that made or last used it, and no later entry says
 * otherwise; so do each sealed credential, emergency, and what was joined). Bodies of archived
 * entries come from PATH_ARCHIVE and the request; where one is not to be had, result->absent counts
 * it, and what it alone could tell is not judged. A file in PATH_ARCHIVE that is not what was
 * archived is a fault, whatever else was given. MEDGL_ERR_CORRUPT: faults were reported. */
enum medgl_error operation_verify(struct context *context, const struct evidence_request *request,
                                  struct ledger_result *result);

/* How many entries there are: the seq of the next one. */
enum medgl_error operation_ledger_size(struct context *context, uint64_t *size);

/* The exact lines, in order, from <= seq < to (UINT64_MAX: all). */
enum medgl_error operation_ledger_each(struct context *context, uint64_t from, uint64_t to,
                                       enum medgl_error (*each)(void *argument,
                                                                const struct ledger_row *row),
                                       void *argument);

#endif
