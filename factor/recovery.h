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

/* Every code of an account has the same salt (the caller derives it) and the same cost, so that one
 * evaluation answers for all of them. The cost is less than that of a password: nobody chose these,
 * and with 50 bits it is out of reach; 19 MiB and two passes (OWASP's least). */
extern const struct kdf_cost recovery_cost;
enum medgl_error recovery_hash(const struct password_line *line,
                               const unsigned char salt[KDF_SALT_SIZE], const char *code,
                               unsigned char evaluation[KDF_HASH_SIZE]);

/* What is sealed of one: algorithm, cost, evaluation, as a PHC string. */
enum medgl_error recovery_record_write(const unsigned char salt[KDF_SALT_SIZE],
                                       const unsigned char evaluation[KDF_HASH_SIZE],
                                       char phc[KDF_PHC_SIZE]);
/* Constant time. MEDGL_ERR_CORRUPT: not such a record, or of another salt or cost. */
enum medgl_error recovery_record_matches(const char *phc, const unsigned char salt[KDF_SALT_SIZE],
                                         const unsigned char evaluation[KDF_HASH_SIZE],
                                         bool *matches);

#endif
