/* What note.c shares with cosign.c: keys, and the signature lines of notes. Of this room alone. */
#ifndef MEDGL_LEDGER_NOTE_KEY_H
#define MEDGL_LEDGER_NOTE_KEY_H

#include "base/error.h"
#include "ledger/note.h"

#include <openssl/types.h>
#include <stddef.h>

#define NOTE_KEY_SIZE       32
#define NOTE_SIGNATURE_SIZE 64
#define NOTE_KEY_HASH_SIZE  4

/* What a key signs: the text of a note, or a cosignature's message. Both by Ed25519. */
#define NOTE_ED25519     0x01
#define NOTE_COSIGNATURE 0x04

struct note_key {
    char name[NOTE_ORIGIN_SIZE];
    unsigned char hash[NOTE_KEY_HASH_SIZE];
    unsigned char public_key[NOTE_KEY_SIZE];
    EVP_PKEY *pkey;
};

/* From a verifier key text of this algorithm. MEDGL_ERR_KEY. */
enum medgl_error note_key_open(const char *vkey, unsigned char algorithm, struct note_key *key);
void note_key_close(struct note_key *key);

/* *text_len becomes the length of the text; the signature lines begin one byte (the blank line's
 * newline) behind it. MEDGL_ERR_CORRUPT: no note. */
enum medgl_error note_split(const char *note, size_t *text_len);

/* The next signature line by this key, from *at on: what stands in it behind the key hash, exactly
 * `size` bytes. *at moves behind it. MEDGL_ERR_NOT_FOUND: no more. MEDGL_ERR_CORRUPT: a line that
 * is none. */
enum medgl_error note_signature_next(const struct note_key *key, const char **at,
                                     unsigned char *signature, size_t size);

/* MEDGL_ERR_CORRUPT: not signed by this key. */
enum medgl_error note_key_verify(const struct note_key *key, const void *message, size_t len,
                                 const unsigned char signature[NOTE_SIGNATURE_SIZE]);

#endif
