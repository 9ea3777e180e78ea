/* The few primitives that more than one room needs, wrapped around OpenSSL once. */
#ifndef MEDGL_BASE_CRYPTO_H
#define MEDGL_BASE_CRYPTO_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define CRYPTO_HASH_SIZE 32

/* A run of bytes for calls that take several. */
struct bytes {
    const void *data;
    size_t len;
};

/* SHA-256 (FIPS 180-4) over the parts, one after the other. */
enum medgl_error crypto_sha256(const struct bytes *parts, size_t count,
                               unsigned char hash[CRYPTO_HASH_SIZE]);

/* The same over what comes piece by piece. */
struct crypto_hash;
enum medgl_error crypto_hash_begin(struct crypto_hash **hash);
enum medgl_error crypto_hash_add(struct crypto_hash *hash, const void *data, size_t len);
enum medgl_error crypto_hash_end(struct crypto_hash *hash, unsigned char result[CRYPTO_HASH_SIZE]);
void crypto_hash_free(struct crypto_hash **hash); /* also for auto_clean(); harmless on NULL */

/* SHA-1, for what others make with it; nothing is to be protected by it. */
#define CRYPTO_SHA1_SIZE 20
enum medgl_error crypto_sha1(const void *data, size_t len, unsigned char hash[CRYPTO_SHA1_SIZE]);

/* HMAC-SHA-256 (RFC 2104). */
enum medgl_error crypto_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                                    unsigned char mac[CRYPTO_HASH_SIZE]);

/* The same for many messages under one key, at a third of the cost. The key stays in memory until
 * the end: not for longer than the messages take. */
struct crypto_mac;
enum medgl_error crypto_mac_begin(const void *key, size_t key_len, struct crypto_mac **mac);
enum medgl_error crypto_mac_next(struct crypto_mac *mac, const void *data, size_t len,
                                 unsigned char result[CRYPTO_HASH_SIZE]);
void crypto_mac_end(struct crypto_mac **mac); /* wipes; harmless on NULL */

/* HKDF-SHA-256 (RFC 5869), one block, without salt; `label` separates the uses of a key. */
enum medgl_error crypto_derive(const void *key, size_t key_len, const char *label,
                               unsigned char derived[CRYPTO_HASH_SIZE]);

/* Bytes from getrandom(2). */
enum medgl_error crypto_random(void *bytes, size_t len);

/* A number below `limit` (1..65536), every one as likely as the next. */
enum medgl_error crypto_random_below(unsigned limit, unsigned *number);

/* A fresh identifier: 128 random bits as 32 hexadecimal digits and a NUL. */
#define CRYPTO_ID_SIZE 33
/* People may give the beginning of one instead, of at least so many digits: fewer are no id. */
#define CRYPTO_ID_LEAST 6
enum medgl_error crypto_random_id(char id[CRYPTO_ID_SIZE]);

/* Base64 (RFC 4648, section 4). With `padded` false the '=' are left out (PHC strings).
 * `to` of 4 * ((len + 2) / 3) + 1 bytes is enough. */
void crypto_base64(char *to, const void *bytes, size_t len, bool padded);
/* The strict reverse; `*len` is the room in `bytes` and then what was written.
 * MEDGL_ERR_ARGUMENT: a stray character, bits left over, or no room. */
enum medgl_error crypto_unbase64(void *bytes, size_t *len, const char *text, size_t text_len,
                                 bool padded);

#endif
