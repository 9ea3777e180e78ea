/* Secrets in memory: locked, left out of core dumps, wiped when they go out of scope. */
#ifndef MEDGL_BASE_SECRET_H
#define MEDGL_BASE_SECRET_H

#include "base/auto.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes that nobody else may see. Never copied by assignment; zero-initialise with SECRET_NONE.
 * `bytes` always has room for a NUL behind `len`, and one stands there. */
struct secret {
    unsigned char *bytes; /* pages of its own, NULL when empty */
    size_t len;           /* bytes in use */
    size_t cap;           /* bytes that fit, without the NUL */
};

#define SECRET_NONE                                                                                \
    {                                                                                              \
        NULL, 0, 0                                                                                 \
    }
#define auto_secret auto_clean(secret_free)

/* Gets room for cap bytes: own pages, MADV_DONTDUMP and MADV_DONTFORK, locked as far as
 * RLIMIT_MEMLOCK allows. `secret` must be empty. MEDGL_ERR_MEMORY. */
enum medgl_error secret_alloc(struct secret *secret, size_t cap);

/* secret_alloc() and a copy of len bytes. */
enum medgl_error secret_copy(struct secret *secret, const void *bytes, size_t len);

/* Wipes and gives the pages back; the secret is empty afterwards. Harmless on an empty one. */
void secret_free(struct secret *secret);

/* Same length and same bytes, in time that depends on the lengths alone. */
bool secret_equal(const void *a, size_t a_len, const void *b, size_t b_len);

/* Wipes len bytes in a way that the compiler keeps. */
void secret_wipe(void *bytes, size_t len);

#endif
