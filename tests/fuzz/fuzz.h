/* Fuzzing with libFuzzer: what each parser is given, and what must hold of whatever it makes of it.
 * A promise that is broken ends the program, as a crash, a leak and a time-out do. */
#ifndef MEDGL_TESTS_FUZZ_FUZZ_H
#define MEDGL_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

typedef void fuzz_target(const uint8_t *bytes, size_t len);

fuzz_target fuzz_base32, fuzz_code, fuzz_record, fuzz_date;
fuzz_target fuzz_uri, fuzz_users, fuzz_google, fuzz_pskc;
fuzz_target fuzz_certificate, fuzz_match, fuzz_trust;
fuzz_target fuzz_entry;
fuzz_target fuzz_document, fuzz_envelope, fuzz_readers;

static inline void must(int holds)
{
    if (!holds)
        abort();
}

#endif
