/* A seal that keeps 64 KiB in its store, where it keeps 4 MiB and as much for a journal in use: for
 * tests that seal hundreds of times, write and copy all of it, and are not about a device that is
 * full (store_space_test is). They are linked with --wrap=store_reserve. */
#ifndef MEDGL_TESTS_SMALL_RESERVE_H
#define MEDGL_TESTS_SMALL_RESERVE_H

#include "store/emergency.h"
#include "store/sqlite/database.h"

#include <string.h>

enum medgl_error __real_store_reserve(struct store *store, uint64_t bytes);
enum medgl_error __wrap_store_reserve(struct store *store, uint64_t bytes);

static inline int small_reserve_spare(void *spare, int count, char **values, char **names)
{
    (void)count;
    (void)names;
    *(bool *)spare = strcmp(values[0], "0") != 0;
    return 0;
}

/* In pages that are free again, as those of the real one are. */
enum medgl_error __wrap_store_reserve(struct store *store, uint64_t bytes)
{
    bool spare = false;
    (void)bytes;
    MEDGL_TRY(__real_store_reserve(store, 0));
    if (sqlite3_exec(store->db, "PRAGMA freelist_count", small_reserve_spare, &spare, NULL) !=
        SQLITE_OK)
        return MEDGL_ERR_IO;
    if (spare)
        return MEDGL_OK;
    if (sqlite3_exec(store->db,
                     "INSERT INTO meta (name, value, mac)"
                     " VALUES ('reserve', hex(zeroblob(32768)), zeroblob(32));"
                     "DELETE FROM meta WHERE name = 'reserve'",
                     NULL, NULL, NULL) != SQLITE_OK)
        return MEDGL_ERR_IO;
    database_checkpoint(store, 0);
    return MEDGL_OK;
}

#endif
