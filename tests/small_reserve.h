/* The space that a seal keeps in its store: 64 KiB of 4 MiB, for tests that seal hundreds of times,
 * write and copy all of it, and are not about a device that is full (store_space_test is). They are
 * linked with --wrap=store_reserve. */
#ifndef MEDGL_TESTS_SMALL_RESERVE_H
#define MEDGL_TESTS_SMALL_RESERVE_H

#include "store/emergency.h"

enum medgl_error __real_store_reserve(struct store *store, uint64_t bytes);
enum medgl_error __wrap_store_reserve(struct store *store, uint64_t bytes);

enum medgl_error __wrap_store_reserve(struct store *store, uint64_t bytes)
{
    const uint64_t small = (uint64_t)64 << 10;
    return __real_store_reserve(store, bytes < small ? bytes : small);
}

#endif
