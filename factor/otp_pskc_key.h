/* What a PSKC file is encrypted with (RFC 6030 section 6, XML Encryption): keys, passwords, MACs.
 */
#ifndef MEDGL_FACTOR_OTP_PSKC_KEY_H
#define MEDGL_FACTOR_OTP_PSKC_KEY_H

#include "base/crypto.h"
#include "base/secret.h"

#define PSKC_KEY_MAX    128     /* bytes: of AES 32, and no secret of a device has more */
#define PSKC_ROUNDS_MAX 2000000 /* of PBKDF2: a second or two */

struct pskc_key {
    unsigned char bytes[PSKC_KEY_MAX];
    size_t len;
};
void pskc_key_clear(struct pskc_key *key); /* also for auto_clean() */

/* Of AES, as it comes in a letter: base16 or base64, with blanks wherever. MEDGL_ERR_KEY. */
enum medgl_error pskc_key_read(const struct secret *typed, struct pskc_key *key);

/* PBKDF2. `prf` is the identifier of an HMAC, "" that of SHA-1. MEDGL_ERR_KEY: not in use here. */
struct pskc_derivation {
    unsigned char salt[64];
    size_t salt_len;
    int rounds;
    size_t key_len;
    char prf[128];
};
enum medgl_error pskc_key_derive(const struct secret *password,
                                 const struct pskc_derivation *derivation, struct pskc_key *key);

/* AES-CBC, the initialisation vector first. `algorithm` is the identifier of XML Encryption.
 * MEDGL_ERR_KEY: an algorithm that is not in use here, or not what this key encrypted. */
enum medgl_error pskc_decrypt(const char *algorithm, const struct pskc_key *key,
                              struct bytes cipher, struct pskc_key *plain);

/* *good starts as false. MEDGL_ERR_KEY: an algorithm that is not in use here. */
enum medgl_error pskc_mac_check(const char *algorithm, const struct pskc_key *key,
                                struct bytes message, struct bytes mac, bool *good);

#endif
