/* Bodies of entries that were moved to archives: where they are at hand they are verified like any
 * other, and where they are not, their leaves are, and no row needs them (archive_keep.h). A part
 * of operation_verify(). */
#ifndef MEDGL_OPERATION_VERIFY_ARCHIVES_H
#define MEDGL_OPERATION_VERIFY_ARCHIVES_H

#include "ledger/archive.h"
#include "ledger/entry.h"
#include "ledger/verify.h"
#include "operation/evidence.h"

/* Seqs of entries whose bodies were not at hand, in order. */
struct verify_gaps {
    struct verify_gap {
        uint64_t first, next;
    } * gap;
    size_t count;
};
enum medgl_error gaps_add(struct verify_gaps *gaps, uint64_t seq);
bool gaps_have(const struct verify_gaps *gaps, uint64_t seq);
void gaps_free(struct verify_gaps *gaps);

struct verify_archives {
    struct archive_row *rows;
    size_t count;
    struct archive_row *open; /* the one that is being read, or was and is of no use */
    FILE *stream;
    uint64_t seq; /* of its next line */
    struct crypto_hash *hash;
    char *line;
    size_t line_size;
    struct context *context;
    const struct evidence_request *request;
    const struct note_verifier *keys[LEDGER_KEYS_MAX];
    size_t key_count;
    ledger_fault fault;
    void *argument;
};

/* Before the entries. */
enum medgl_error verify_archives_open(struct verify_archives *archives, struct store_txn *txn);
void verify_archives_free(struct verify_archives *archives);

/* The body of an entry that has none in the store, until the next call; *line NULL: it is not at
 * hand. Asked in the order of the seqs. */
enum medgl_error verify_archives_body(struct verify_archives *archives, uint64_t seq,
                                      const char **line, size_t *len);

/* Each entry, in order; afterwards what is left over. */
enum medgl_error verify_archives_learn(struct verify_archives *archives,
                                       const struct ledger_entry *entry);
enum medgl_error verify_archives_state(struct verify_archives *archives);

#endif
