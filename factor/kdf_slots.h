/* A bounded number of Argon2 evaluations on the whole machine; later ones wait in line. A slot is a
 * lock on a file, which the system drops with the process: nothing leaks when one is killed. */
#ifndef MEDGL_FACTOR_KDF_SLOTS_H
#define MEDGL_FACTOR_KDF_SLOTS_H

#include "base/error.h"

#include <stdint.h>

/* One slot that this process holds. KDF_SLOT_NONE when empty. */
struct kdf_slot {
    int fd;
};
#define KDF_SLOT_NONE                                                                              \
    {                                                                                              \
        -1                                                                                         \
    }
#define auto_kdf_slot auto_clean(kdf_slot_release)

/* Waits in line, first come first served, for one of `slots` (0: one per online
 * processor) kept in `directory`, for at most `patience_ms`. The file is made when
 * it is not there; the directory must exist, and root must not stand in a line
 * that belongs to somebody else. MEDGL_ERR_DEADLINE; MEDGL_ERR_IO (also where it
 * is missing) and others: the directory is unusable (no slot, no evaluation). */
enum medgl_error kdf_slot_acquire(const char *directory, unsigned slots, int64_t patience_ms,
                                  struct kdf_slot *slot);
void kdf_slot_release(struct kdf_slot *slot); /* harmless on an empty one */

#endif
