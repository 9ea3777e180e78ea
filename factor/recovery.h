/* Recovery codes, and one-time codes that are issued with a waiver: random, each works once, kept
 * like passwords. */
#ifndef MEDGL_FACTOR_RECOVERY_H
#define MEDGL_FACTOR_RECOVERY_H

#include "factor/password.h"
#include "factor/totp.h"

/* "K7XQM-3NPWD": 10 of 32 characters without look-alikes, 50 bits, groups of five. No six or eight
 * digits are a code of this form, and none of these is all digits. */
#define RECOVERY_TEXT_SIZE 12
#define RECOVERY_COUNT     10

/* A random code of this form. */
enum medgl_error recovery_generate(char code[RECOVERY_TEXT_SIZE]);

/* Kept like passwords (R10, R37): Argon2id at the policy's cost, with a random salt, and both stand
 * in the record. All codes of an account share them, so that one evaluation answers for all: a new
 * batch takes over what the account's other one has (operation/recovery.h). A policy that asks for
 * more shows with the next batch; until then codes are evaluated as their records say. */
struct recovery_terms {
    struct kdf_cost cost;
    unsigned char salt[KDF_SALT_SIZE];
};
/* Of a new batch, or of nothing at all: a random salt. */
enum medgl_error recovery_terms_new(const struct kdf_cost *cost, struct recovery_terms *terms);
/* Of a record. MEDGL_ERR_CORRUPT: not such a one. */
enum medgl_error recovery_terms_read(const char *phc, struct recovery_terms *terms);
bool recovery_terms_equal(const struct recovery_terms *a, const struct recovery_terms *b);

enum medgl_error recovery_hash(const struct password_line *line, const struct recovery_terms *terms,
                               const char *code, unsigned char evaluation[KDF_HASH_SIZE]);

/* What is sealed of one: algorithm, cost, salt, evaluation, as a PHC string. */
enum medgl_error recovery_record_write(const struct recovery_terms *terms,
                                       const unsigned char evaluation[KDF_HASH_SIZE],
                                       char phc[KDF_PHC_SIZE]);
/* Constant time. A record of other terms does not match. MEDGL_ERR_CORRUPT: not such a record. */
enum medgl_error recovery_record_matches(const char *phc, const struct recovery_terms *terms,
                                         const unsigned char evaluation[KDF_HASH_SIZE],
                                         bool *matches);

#endif
