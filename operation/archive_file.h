/* The files in PATH_ARCHIVE that bodies of old entries were moved to, and others that were handed
 * in: read line by line, in order. Reads only. */
#ifndef MEDGL_OPERATION_ARCHIVE_FILE_H
#define MEDGL_OPERATION_ARCHIVE_FILE_H

#include "ledger/archive.h"
#include "ledger/verify.h"
#include "store/evidence.h"

#include <stdio.h>

/* One that the ledger names, and what was found out of its file. */
struct archive_row {
    struct archive archive;
    bool told;    /* for verify_archives.c: its entry was seen */
    bool looked;  /* its file was looked for */
    bool missing; /* and was nowhere, which is no fault: it may have been taken elsewhere */
    bool altered; /* a fault was told of it */
};

/* With what stands above the line, it is ready for use. */
struct archive_files {
    const char *root;
    bool whole;      /* all of a file is read once it was begun, and its digest compared */
    bool any_signer; /* of a head; else one of the keys */
    const struct note_verifier *keys[LEDGER_KEYS_MAX];
    size_t key_count;
    const int *given; /* files open for reading, where the one beside the store is missing */
    size_t given_count;
    ledger_fault fault; /* of a file that is not what was archived; it is not read any further */
    void *argument;
    /* -- */
    struct archive_row *rows;
    size_t count;
    struct archive_row *open; /* the one that is being read, or was and is of no use */
    FILE *stream;
    uint64_t seq; /* of its next line */
    struct crypto_hash *hash;
    char *line;
    size_t line_size;
};
void archive_files_free(struct archive_files *files); /* also for auto_clean() */

/* Learns what the store has rows of, anew. */
enum medgl_error archive_files_learn(struct archive_files *files, struct store_txn *txn);

/* The row of an entry; NULL: it was never archived. */
struct archive_row *archive_files_row(const struct archive_files *files, uint64_t seq);

/* The line of an entry that such a row has, without its newline, until the next call; *line NULL:
 * it is not at hand. Nothing says yet that it is the true one: its leaf hash does. */
enum medgl_error archive_files_line(struct archive_files *files, struct archive_row *row,
                                    uint64_t seq, const char **line, size_t *len);

/* That line is another one than was archived: a fault, and nothing more is read of the file. */
void archive_files_refuse(struct archive_files *files, uint64_t seq);

/* Reads what is left of the one that is open, and all that none was asked of. */
enum medgl_error archive_files_rest(struct archive_files *files);

/* Whether what can be read from a descriptor, from its beginning on, is one of them. */
enum medgl_error archive_files_known(struct archive_files *files, int fd, bool *known);

#endif
