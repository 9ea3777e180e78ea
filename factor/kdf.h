/* Argon2id (RFC 9106) and its PHC string. The only file that knows libargon2. */
#ifndef MEDGL_FACTOR_KDF_H
#define MEDGL_FACTOR_KDF_H

#include "base/error.h"
#include "base/secret.h"

#include <stdbool.h>
#include <stdint.h>

#define KDF_SALT_SIZE 16
#define KDF_HASH_SIZE 32
#define KDF_PHC_SIZE  160 /* longest PHC string that we write or read, with its NUL */

struct kdf_cost {
    uint32_t memory_kib;
    uint32_t time;
    uint32_t lanes;
};

/* One evaluation: KDF_HASH_SIZE bytes into `hash`. MEDGL_ERR_MEMORY, MEDGL_ERR_ARGUMENT (cost out
 * of Argon2's range). */
enum medgl_error kdf_derive(const struct kdf_cost *cost, const void *password, size_t len,
                            const unsigned char salt[KDF_SALT_SIZE],
                            unsigned char hash[KDF_HASH_SIZE]);

struct kdf_record {
    struct kdf_cost cost;
    unsigned char salt[KDF_SALT_SIZE];
    unsigned char hash[KDF_HASH_SIZE];
};

/* "$argon2id$v=19$m=65536,t=3,p=1$<salt>$<hash>", base64 without padding. */
enum medgl_error kdf_format(const struct kdf_record *record, char phc[KDF_PHC_SIZE]);
/* Strict: argon2id, version 19, our sizes. MEDGL_ERR_CORRUPT otherwise. */
enum medgl_error kdf_parse(const char *phc, struct kdf_record *record);

/* Whether `a` costs less than `b` in any dimension. */
bool kdf_cheaper(const struct kdf_cost *a, const struct kdf_cost *b);

#endif
