/* Argon2id that costs next to nothing, found before that of libargon2: for tests that make hundreds
 * of password hashes, and are not about what one costs. What is stored says what the policy asks
 * for. The real cost is paid in factor_test, under the module, in the sandbox, and in tests/fault
 * where it is the window that others come through. */
#ifndef MEDGL_TESTS_CHEAP_HASH_H
#define MEDGL_TESTS_CHEAP_HASH_H

#include "tests/cheap_cost.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

static bool cheap_hash = true; /* false: at the cost that is asked for */

int argon2_ctx(argon2_context *context, argon2_type type)
{
    static int (*real)(argon2_context *, argon2_type);
    if (real == NULL) {
        void *library = dlopen("libargon2.so.1", RTLD_LAZY);
        void *found = library == NULL ? NULL : dlsym(library, "argon2_ctx");
        if (found == NULL)
            return ARGON2_MEMORY_ALLOCATION_ERROR;
        *(void **)&real = found;
    }
    if (cheap_hash)
        cheap_cost(context);
    return real(context, type);
}

/* Its path: the programs that the test runs make such hashes as well. */
#ifdef CHEAP_HASH
static void __attribute__((constructor)) cheap_hash_for_programs(void)
{
    (void)setenv("LD_PRELOAD", CHEAP_HASH, 1);
}
#endif

#endif
