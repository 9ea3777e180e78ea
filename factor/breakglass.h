/* The credential of a break-glass account, as it stands on paper (R32). */
#ifndef MEDGL_FACTOR_BREAKGLASS_H
#define MEDGL_FACTOR_BREAKGLASS_H

#include "base/error.h"
#include "base/secret.h"

#include <stdbool.h>

/* "7KQX-M3NP-WDFH-2RTY-C9VA-HJ4E": six groups of four of 32 characters without look-alikes
 * (CODE_RECOVERY_ALPHABET of factor/totp.h). The first five are random, 100 bits; the last one is a
 * check of those, 20 bits of a hash: a slip of the finger passes it once in a million times. It
 * says nothing about the others that they do not say themselves. */
#define BREAKGLASS_GROUPS    6
#define BREAKGLASS_GROUP     4
#define BREAKGLASS_TEXT_SIZE 30

/* `code` is of BREAKGLASS_TEXT_SIZE bytes, in locked pages; text and NUL. */
enum medgl_error breakglass_code_generate(struct secret *code);

enum breakglass_form {
    BREAKGLASS_FORM_OTHER = 0, /* something else: a password like any other */
    BREAKGLASS_FORM_SLIP,      /* of that length and alphabet, and its check group does not fit; or
                                  it would be whole with one character more or less */
    BREAKGLASS_FORM_CODE,      /* whole */
};
/* As people type it: in either case and width, with blanks and hyphens anywhere or nowhere, a
 * look-alike for what it looks like. Where it is a CODE or SLIP, `code` becomes the canonical text
 * above (with groups, upper case); of a SLIP with one character more or less, that of the code that
 * was meant. */
enum breakglass_form breakglass_code_normalise(const struct secret *typed, struct secret *code);

#endif
