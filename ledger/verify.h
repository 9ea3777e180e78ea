/* Full verification of a ledger: a stream of entries in, a
 * list of faults out. Pure: whoever reads them feeds it. */
#ifndef MEDGL_LEDGER_VERIFY_H
#define MEDGL_LEDGER_VERIFY_H

#include "base/error.h"
#include "ledger/entry.h"
#include "ledger/merkle.h"
#include "ledger/note.h"

struct ledger_verifier;

/* Hears of every fault, in words, with the seq it was found at (or the size of a checkpoint). */
typedef void (*ledger_fault)(void *argument, uint64_t seq, const char *what);

enum medgl_error ledger_verifier_new(const struct note_verifier *key, ledger_fault fault,
                                     void *argument, struct ledger_verifier **verifier);
void ledger_verifier_free(struct ledger_verifier **verifier);

/* All checkpoints come first, in any order: stored ones, the head's,
 * and ones kept elsewhere (`label` names them in faults). One that
 * does not verify, or two that contradict each other, is a fault. */
enum medgl_error ledger_verifier_checkpoint(struct ledger_verifier *verifier, const char *label,
                                            const char *note);

/* Then the entries in the order of their seq. `leaf` is the stored leaf hash, NULL where none is
 * (an export). Faults: a gap or a repeated seq, a line that is no entry, its own seq or origin
 * differing, a leaf hash that does not fit, a root that differs from a checkpoint of this size.
 * Time going back is no fault; it is counted. */
enum medgl_error ledger_verifier_entry(struct ledger_verifier *verifier, uint64_t seq,
                                       const char *line, size_t len, const unsigned char *leaf);

struct ledger_result {
    uint64_t entries;
    uint64_t faults;
    uint64_t checkpoints;     /* verified, signature and root */
    uint64_t clock_backwards; /* entries dated before the one in front of them */
    uint64_t clock_unsynchronised;
    struct merkle_tree tree;
    unsigned char root[MERKLE_HASH_SIZE];
};

/* Checkpoints larger than the ledger are faults now (it was truncated). `head` is the stored append
 * state, NULL where there is none; it must be the tree's. MEDGL_OK: carried out, and result->faults
 * is 0. MEDGL_ERR_CORRUPT: there are faults. */
enum medgl_error ledger_verifier_finish(struct ledger_verifier *verifier,
                                        const struct merkle_tree *head,
                                        struct ledger_result *result);

#endif
