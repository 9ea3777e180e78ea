/* Space that is kept for what is written while the device is full (R32). */
#include "store/sqlite/database.h"

enum medgl_error store_reserve(struct store *store, uint64_t bytes)
{
    (void)store;
    (void)bytes;
    return MEDGL_OK;
}

enum medgl_error store_reserved(struct store *store, uint64_t *bytes)
{
    (void)store;
    *bytes = 0;
    return MEDGL_OK;
}
