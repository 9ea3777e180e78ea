/* Hashes of crypt(3), as /etc/shadow has them. Only checked, never made. */
#ifndef MEDGL_FACTOR_CRYPTED_H
#define MEDGL_FACTOR_CRYPTED_H

#include "base/error.h"
#include "base/secret.h"
#include "factor/password.h"

#include <stdbool.h>

/* Whether it is a hash that crypt(3) of this machine can check (crypt_checksalt(3): also legacy
 * ones), and not "", "!...", "*...". */
bool crypted_known(const char *hash);

/* Whether one try at it takes no more than a second or two and 64 MiB, by what the hash says of
 * itself. What a hash costs is chosen by whoever made it, and is spent at each try, also by
 * strangers: what costs more, or nobody knows how much, is not computed. */
bool crypted_affordable(const char *hash);

/* Whether a match says that all of `typed` is right, and that nothing is missing at its end. Kinds
 * that cut off what they are given, or drop a bit of each character, say it of a mistyped password
 * too: DES in all its forms always, bcrypt from 72 bytes on. False for what nobody here knows. */
bool crypted_covers(const char *hash, const struct secret *typed);

/* `typed` as it was typed: what made the hash knew no OpaqueString. Waits in `line` like every
 * evaluation (factor/kdf_slots.h). *matches starts as false. MEDGL_ERR_CORRUPT: no such hash, or
 * not affordable. */
enum medgl_error crypted_verify(const struct password_line *line, const char *hash,
                                const struct secret *typed, bool *matches);

#endif
