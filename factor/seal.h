/* Sealing: every secret at rest is AES-256-GCM (NIST SP 800-38D) under the store key, with what it
 * belongs to as associated data. A stolen database allows no offline guessing; a row cannot be
 * edited or moved. */
#ifndef MEDGL_FACTOR_SEAL_H
#define MEDGL_FACTOR_SEAL_H

#include "base/crypto.h"
#include "base/error.h"
#include "base/secret.h"

#include <stddef.h>

/* The store key. Wiped when freed. */
struct seal_key;

#define SEAL_OVERHEAD (1 + 4 + 12 + 16) /* version, key id, nonce, tag */

/* Makes a key file's content: one line "medgl-store-key-1 <id, 8 hex digits> <base64 of 32
 * bytes>\n". The id follows from the key: a damaged file is malformed. */
enum medgl_error seal_key_generate(struct secret *text);
/* MEDGL_ERR_KEY: malformed. */
enum medgl_error seal_key_open(const struct secret *text, struct seal_key **key);
void seal_key_free(struct seal_key **key);

/* What the key is called, in entries and lists: no secret. */
#define SEAL_KEY_ID_SIZE 9
void seal_key_id(const struct seal_key *key, char id[SEAL_KEY_ID_SIZE]);

/* A key for another use (row MACs, tags), derived by HKDF under `label`. */
enum medgl_error seal_key_derive(const struct seal_key *key, const char *label,
                                 unsigned char derived[CRYPTO_HASH_SIZE]);

/* Seals into `sealed` (room for len + SEAL_OVERHEAD; *sealed_len is the room, then what was
 * written). `account` and `field` are bound to it: both in full, length-prefixed. */
enum medgl_error seal(const struct seal_key *key, const char *account, const char *field,
                      const void *plain, size_t len, unsigned char *sealed, size_t *sealed_len);

/* MEDGL_ERR_KEY: sealed under another key; MEDGL_ERR_CORRUPT: changed, or belongs elsewhere;
 * MEDGL_ERR_VERSION. */
enum medgl_error unseal(const struct seal_key *key, const char *account, const char *field,
                        const unsigned char *sealed, size_t sealed_len, struct secret *plain);

#endif
