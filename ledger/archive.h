/* The file that bodies of old entries go to: a signed note, a blank line, and the lines as they
 * were hashed, each with a newline. The note's text is "medgl.archive/1", the origin, the first seq
 * and the one behind the last, the bytes of the lines, and their SHA-256 in base64, a line each.
 * Pure. */
#ifndef MEDGL_LEDGER_ARCHIVE_H
#define MEDGL_LEDGER_ARCHIVE_H

#include "base/crypto.h"
#include "base/error.h"
#include "ledger/note.h"

#include <stddef.h>
#include <stdint.h>

#define ARCHIVE_HEAD_SIZE 1024 /* the note and the blank line */

struct archive_head {
    char origin[NOTE_ORIGIN_SIZE];
    uint64_t first, next; /* seqs: first <= seq < next */
    uint64_t bytes;
    unsigned char digest[CRYPTO_HASH_SIZE]; /* of the lines */
};

/* Writes the note and the blank line. MEDGL_ERR_ARGUMENT: another origin than the key's, or no
 * room. */
enum medgl_error archive_head_sign(const struct archive_head *head,
                                   const struct note_signer *signer, char *text, size_t size);

/* `text` is the beginning of a file, ended by a NUL; *len becomes where the lines begin. The
 * signature may be of any of the keys, which the ledger had one after the other (R37).
 * MEDGL_ERR_CORRUPT. */
enum medgl_error archive_head_open(const char *text, const struct note_verifier *const *keys,
                                   size_t key_count, struct archive_head *head, size_t *len);
/* The same, whoever signed it: for who compares it, or what follows, with what is proven. */
enum medgl_error archive_head_read(const char *text, struct archive_head *head, size_t *len);

#endif
