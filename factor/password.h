/* Passwords: text rules, hash and verification, and a generator. Decides nothing: policy/ decides
 * on the facts found here. */
#ifndef MEDGL_FACTOR_PASSWORD_H
#define MEDGL_FACTOR_PASSWORD_H

#include "base/error.h"
#include "base/secret.h"
#include "factor/kdf.h"

#include <stdbool.h>
#include <stdint.h>

#define PASSWORD_BYTES_MAX 1024

/* What is sealed for a password. The tag is PASSWORD_TAG_BITS bits of the KDF of its stem
 * (factor/similar.h), at the cost and with the salt of the hash: what a later password is compared
 * with when the plain text is gone. It is cut short on purpose. Whoever has the store and its key
 * could try stems against it, apart from the digits and symbols that people put around them; each
 * try costs what a try at the password costs, and what it tells is worth PASSWORD_TAG_BITS bits of
 * guessing at the very most. Longer tags would tell more, and shorter ones would refuse passwords
 * for nothing: with these, one in 700,000 where the history is 24 deep. */
#define PASSWORD_HASH_SIZE   384 /* as long as any that crypt(3) makes */
#define PASSWORD_TAG_BITS    24
#define PASSWORD_RECORD_SIZE (PASSWORD_HASH_SIZE + 16)
struct password_record {
    char hash[PASSWORD_HASH_SIZE]; /* a PHC string, or an imported crypt(5) hash */
    bool has_stem;                 /* false: nothing that identifies it, or imported */
    uint32_t stem_tag;
};
/* As text, and back: a text without a stem is the hash alone, as older versions wrote it.
 * MEDGL_ERR_ARGUMENT: no record; MEDGL_ERR_CORRUPT: not the text of one. */
enum medgl_error password_record_write(const struct password_record *record,
                                       char text[PASSWORD_RECORD_SIZE]);
enum medgl_error password_record_read(const char *text, struct password_record *record);
void password_record_clear(struct password_record *record); /* also for auto_clean() */
bool password_record_imported(const struct password_record *record);

/* OpaqueString (RFC 8265, section 4.2: spaces mapped, NFC, no control characters), so that the same
 * password typed on two keyboards is the same bytes. MEDGL_ERR_ARGUMENT: not valid text, empty, or
 * longer than PASSWORD_BYTES_MAX. */
enum medgl_error password_prepare(const struct secret *typed, struct secret *prepared);

/* What a prepared password consists of. A code point that is neither letter (general category L, M)
 * nor digit (Nd) is a symbol. */
struct password_composition {
    uint32_t length; /* code points */
    bool letters, digits, symbols;
};
void password_compose(const struct secret *prepared, struct password_composition *composition);

/* Where evaluations wait in line (factor/kdf_slots.h). */
struct password_line {
    const char *directory;
    unsigned slots;
    int64_t patience_ms;
};

/* One evaluation, the PHC string. `salt` NULL: a fresh one; else that one: all passwords that an
 * account ever has share its salt, so that one evaluation says whether any of them is the same. */
enum medgl_error password_hash(const struct password_line *line, const struct kdf_cost *cost,
                               const unsigned char *salt, const struct secret *prepared,
                               char phc[KDF_PHC_SIZE]);

/* All that is kept of a password: two evaluations, one where it has no stem. `salt` as above. */
enum medgl_error password_record_make(const struct password_line *line, const struct kdf_cost *cost,
                                      const unsigned char *salt, const struct secret *prepared,
                                      struct password_record *record);

/* The work that is done where there is no record to evaluate against. */
struct password_dummy {
    struct kdf_cost cost;
    unsigned char salt[KDF_SALT_SIZE];
};

/* One evaluation at the record's own cost; *matches starts as false. With phc NULL (unknown
 * account, locked) the same work is done on the dummy, and the answer is false. `evaluation`, which
 * may be NULL, is what came of it: as good as the hash itself, to be wiped. */
enum medgl_error password_verify(const struct password_line *line, const char *phc,
                                 const struct password_dummy *dummy, const struct secret *prepared,
                                 unsigned char evaluation[KDF_HASH_SIZE], bool *matches);

/* A random password that is easy to read out and to type: groups of five, no look-alikes, letters
 * and digits, '-' between; four groups, or as many as `least` characters need: at least 80 bits and
 * 13 characters, so it satisfies rule A. */
enum medgl_error password_generate(size_t least, struct secret *password);

#endif
