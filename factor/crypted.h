/* Hashes of crypt(3), as /etc/shadow has them. Only checked, never made. */
#ifndef MEDGL_FACTOR_CRYPTED_H
#define MEDGL_FACTOR_CRYPTED_H

#include "base/error.h"
#include "base/secret.h"

#include <stdbool.h>

/* Whether it is a hash that crypt(3) of this machine can check (crypt_checksalt(3): also legacy
 * ones), and not "", "!...", "*...". */
bool crypted_known(const char *hash);

/* `typed` as it was typed: what made the hash knew no OpaqueString. *matches starts as false.
 * MEDGL_ERR_CORRUPT: no such hash. */
enum medgl_error crypted_verify(const char *hash, const struct secret *typed, bool *matches);

#endif
