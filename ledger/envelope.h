/* Sealed to the holders of certificates: CMS EnvelopedData (RFC 5652), AES-256-CBC content under a
 * key that is wrapped for each (RSA-OAEP, or ECDH for keys of elliptic curves). What this machine
 * sealed it cannot open; `openssl cms -decrypt -inform DER` can, with one of the private keys. The
 * digest of the whole is kept elsewhere: EnvelopedData by itself does not tell who made it. */
#ifndef MEDGL_LEDGER_ENVELOPE_H
#define MEDGL_LEDGER_ENVELOPE_H

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

#include <stddef.h>

struct envelope_readers; /* the certificates */

#define ENVELOPE_READERS_MAX 16
#define ENVELOPE_WHY_SIZE    256

/* All certificates of a PEM text. MEDGL_ERR_KEY with a sentence in `why`: none, too many, one that
 * is not valid at `now`, whose key is too short (RSA below 2048 bits), or whose key usage forbids
 * it. */
enum medgl_error envelope_readers_open(const struct secret *pem, medgl_time now,
                                       struct envelope_readers **readers,
                                       char why[ENVELOPE_WHY_SIZE]);
void envelope_readers_free(struct envelope_readers **readers); /* also for auto_clean() */
size_t envelope_readers_count(const struct envelope_readers *readers);
/* When the first of them ends. */
medgl_time envelope_readers_until(const struct envelope_readers *readers);

/* DER; *der is malloc'ed. */
enum medgl_error envelope_seal(const struct envelope_readers *readers, const void *plain,
                               size_t len, unsigned char **der, size_t *der_len);
/* The same from one descriptor to another, as a stream (BER): for backups. Both stay open. */
enum medgl_error envelope_seal_stream(const struct envelope_readers *readers, int from, int to);

/* A private key in PEM, and what asks for its passphrase (NULL: it has none). */
struct envelope_key {
    const struct secret *pem;
    void *argument;
    enum medgl_error (*passphrase)(void *argument, struct secret *answer);
};
/* MEDGL_ERR_KEY: not sealed to this key (nothing was decrypted), or the key or passphrase is wrong;
 * else what asking for the passphrase failed with. MEDGL_ERR_CORRUPT: no envelope, cut off, or
 * under ciphers that we never use. That its content was changed need not show: a digest or
 * signature kept elsewhere tells. What a stream wrote before an error is of no use.
 * What cannot be wiped from here: nothing of the content; of the private key, OpenSSL's own memory,
 * which it clears when it frees it but does not lock. */
enum medgl_error envelope_open(const struct envelope_key *key, const void *der, size_t len,
                               struct secret *plain);
enum medgl_error envelope_open_stream(const struct envelope_key *key, int from, int to);

#endif
