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

/* Whether it holds the word, ASCII case folded, words of 3 characters and more. */
bool password_contains(const struct secret *prepared, const char *word);

/* Where evaluations wait in line (factor/kdf_slots.h). */
struct password_line {
    const char *directory;
    unsigned slots;
    int64_t patience_ms;
};

/* A fresh salt, one evaluation, the PHC string. */
enum medgl_error password_hash(const struct password_line *line, const struct kdf_cost *cost,
                               const struct secret *prepared, char phc[KDF_PHC_SIZE]);

/* One evaluation at the record's own cost; *matches starts as false.
 * With phc NULL (unknown account, locked) the same work is done at
 * `dummy` cost with a random salt and the answer is false. */
enum medgl_error password_verify(const struct password_line *line, const char *phc,
                                 const struct kdf_cost *dummy, const struct secret *prepared,
                                 bool *matches);

/* A random password that is easy to read out and to type: groups of five, no look-alikes, letters
 * and digits, '-' between: at least 80 bits and 13 characters, so it satisfies rule A. */
enum medgl_error password_generate(struct secret *password);

#endif
