/* Full verification of a ledger: a stream of entries in, a
 * list of faults out. Pure: whoever reads them feeds it. */
#ifndef MEDGL_LEDGER_VERIFY_H
#define MEDGL_LEDGER_VERIFY_H

#include "base/error.h"
#include "ledger/cosign.h"
#include "ledger/entry.h"
#include "ledger/merkle.h"
#include "ledger/note.h"

struct ledger_verifier;

/* Hears of every fault, in words, with the seq it was found at (or the size of a checkpoint). */
typedef void (*ledger_fault)(void *argument, uint64_t seq, const char *what);

/* The keys that the ledger had, the oldest first, all of one name: the origin. One signs from
 * trees of the size `from` on (the first from 0) up to the size that the next one begins with,
 * which both have to sign: so each key is vouched for by the one before (R37). */
struct ledger_verifier_key {
    const struct note_verifier *key;
    uint64_t from;
};
#define LEDGER_KEYS_MAX 64

/* Keys are borrowed. MEDGL_ERR_ARGUMENT: none, too many, of several names, or not in order. */
enum medgl_error ledger_verifier_new(const struct ledger_verifier_key *keys, size_t count,
                                     ledger_fault fault, void *argument,
                                     struct ledger_verifier **verifier);
void ledger_verifier_free(struct ledger_verifier **verifier);

/* Before all checkpoints: whose cosignatures count, and how many of them are enough. Borrowed. */
enum medgl_error ledger_verifier_witnesses(struct ledger_verifier *verifier,
                                           const struct cosigner *const *witnesses, size_t count,
                                           unsigned quorum);

/* All checkpoints come first, in any order: stored ones, the head's,
 * and ones kept elsewhere (`label` names them in faults). One that
 * does not verify, a cosignature of a witness that does not, or two
 * that contradict each other, is a fault. */
enum medgl_error ledger_verifier_checkpoint(struct ledger_verifier *verifier, const char *label,
                                            const char *note);

/* Then the entries in the order of their seq. `leaf` is the stored leaf hash, NULL where none is
 * (an export). Of an archived entry whose body is not at hand `line` is NULL: its leaf stands for
 * it. Faults: a gap or a repeated seq, a line that is no entry, its own seq or origin differing, a
 * leaf hash that does not fit, a root that differs from a checkpoint of this size. Time going back
 * is no fault; it is counted. *entry becomes what the line says, until the next call; NULL: it
 * says nothing. `entry` itself may be NULL. */
enum medgl_error ledger_verifier_entry(struct ledger_verifier *verifier, uint64_t seq,
                                       const char *line, size_t len, const unsigned char *leaf,
                                       const struct ledger_entry **entry);

struct ledger_result {
    uint64_t entries;
    uint64_t absent; /* of these: archived, and their bodies were not given */
    /* Of files of archives, for who looks after them. */
    uint64_t archives, archives_missing, archives_altered;
    uint64_t faults;
    uint64_t checkpoints;     /* verified, signature and root */
    uint64_t clock_backwards; /* entries dated before the one in front of them */
    uint64_t clock_unsynchronised;
    uint64_t cosignatures;     /* of witnesses, on checkpoints that verified */
    uint64_t witnessed;        /* the largest size that enough witnesses cosigned; 0: none */
    medgl_time witnessed_time; /* so many of them had seen it by then */
    unsigned witnesses; /* most that are on one checkpoint: of that size, or of any if none */
    struct merkle_tree tree;
    unsigned char root[MERKLE_HASH_SIZE];
};

/* Checkpoints larger than the ledger are faults now (it was truncated), and so is a key that the
 * one before did not vouch for. `head` is the stored append state, NULL where there is none; it
 * must be the tree's. MEDGL_OK: carried out, and result->faults is 0. MEDGL_ERR_CORRUPT: there are
 * faults. */
enum medgl_error ledger_verifier_finish(struct ledger_verifier *verifier,
                                        const struct merkle_tree *head,
                                        struct ledger_result *result);

#endif
