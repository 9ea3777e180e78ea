/* The outside of an envelope (RFC 5652, BER): what stands before the encrypted content, and then
 * that content piece by piece, so that one of any size needs little memory. Strict: what no
 * EnvelopedData that was made by us or by `openssl cms -encrypt` has is refused. Decrypts nothing.
 */
#ifndef MEDGL_LEDGER_ENVELOPE_READ_H
#define MEDGL_LEDGER_ENVELOPE_READ_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENVELOPE_HEAD_MAX ((size_t)1 << 18)
#define ENVELOPE_PIECE    ((size_t)64 << 10)

/* Values within each other, from outside: ContentInfo, its content, EnvelopedData, the encrypted
 * content and what is said of it, its pieces. */
#define ENVELOPE_LEVELS 5

struct envelope_read {
    int fd;                     /* where more comes from; -1: from nowhere */
    const unsigned char *bytes; /* read, and not taken yet */
    size_t len;
    unsigned char *buffer; /* of ENVELOPE_PIECE bytes, behind a descriptor */
    struct {
        bool open; /* its length is not said: two zeros end it */
        uint64_t left;
    } level[ENVELOPE_LEVELS];
    size_t depth;
    uint64_t piece; /* bytes that are left of this one */
    bool pieces;    /* the content is a row of them */
    bool ended;
};

/* From memory, or (bytes NULL) from a descriptor. */
enum medgl_error envelope_read_begin(struct envelope_read *read, const void *bytes, size_t len,
                                     int fd);
void envelope_read_free(struct envelope_read *read); /* also for auto_clean() */

/* All before the content, as the DER of an EnvelopedData without it; *head is malloc'ed. `*cipher`
 * is the AlgorithmIdentifier within. MEDGL_ERR_CORRUPT. */
struct envelope_head {
    unsigned char *der;
    size_t len;
    const unsigned char *cipher;
    size_t cipher_len;
};
enum medgl_error envelope_read_head(struct envelope_read *read, struct envelope_head *head);

/* More of the content: as much as there is at hand, ENVELOPE_PIECE bytes at most, valid until the
 * next call. `*len` 0: that was all, and nothing stands behind the envelope. MEDGL_ERR_CORRUPT. */
enum medgl_error envelope_read_content(struct envelope_read *read, const unsigned char **bytes,
                                       size_t *len);

#endif
