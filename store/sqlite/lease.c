/* Tells whether the process behind an attempt still lives: it holds a lock on one byte of a file,
 * and the system drops that lock with the process. Never looks at a process number. */
#include "store/sqlite/database.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

static enum medgl_error lease_failed(const struct store *store, const char *doing)
{
    enum medgl_error error = medgl_error_from_errno(errno);
    log_line(LOG_ERR, "store %s.lease: %s: %m: check owner, mode and the limit of open files",
             store->path, doing);
    return error == MEDGL_ERR_SPACE || error == MEDGL_ERR_ACCESS || error == MEDGL_ERR_MEMORY
               ? error
               : MEDGL_ERR_IO;
}

/* Locks of one open file description do not conflict with each other, so the file is opened twice:
 * through `probe` even this store's own leases are seen. */
static enum medgl_error lease_open(struct store *store, int *fd)
{
    char path[PATH_MAX + sizeof(".lease")];
    if (*fd >= 0)
        return MEDGL_OK;
    (void)snprintf(path, sizeof(path), "%s.lease", store->path);
    int access = store->read_only ? O_RDONLY : O_RDWR | O_CREAT;
    *fd = open(path, access | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0 && errno == ENOENT && store->read_only)
        return MEDGL_ERR_NOT_FOUND;
    return *fd >= 0 ? MEDGL_OK : lease_failed(store, "opening");
}

enum medgl_error lease_make(struct store *store)
{
    return lease_open(store, &store->lease.hold);
}

enum medgl_error lease_take(struct store *store, int64_t *lease)
{
    MEDGL_TRY(lease_make(store));
    for (;;) {
        MEDGL_TRY(crypto_random(lease, sizeof(*lease)));
        *lease &= INT64_MAX >> 1;
        struct flock lock = {
            .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = *lease, .l_len = 1};
        if (fcntl(store->lease.hold, F_OFD_SETLK, &lock) == 0)
            return MEDGL_OK;
        if (errno != EAGAIN &&
            errno != EACCES) /* else somebody holds that very byte: another one */
            return lease_failed(store, "locking");
    }
}

enum medgl_error lease_alive(struct store *store, int64_t lease, bool *alive)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = lease, .l_len = 1};
    *alive = false;
    enum medgl_error error = lease_open(store, &store->lease.probe);
    if (error == MEDGL_ERR_NOT_FOUND) /* a reader makes no file; without one nobody holds a lease */
        return MEDGL_OK;
    if (error != MEDGL_OK)
        return error;
    if (fcntl(store->lease.probe, F_OFD_GETLK, &lock) != 0)
        return lease_failed(store, "looking at locks");
    *alive = lock.l_type != F_UNLCK;
    return MEDGL_OK;
}

enum medgl_error lease_alone(struct store *store)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LEASE_ALONE, .l_len = 1};
    MEDGL_TRY(lease_make(store));
    /* Of the process: who waits in vain can be told which one it is. */
    while (fcntl(store->lease.hold, F_SETLK, &lock) != 0) {
        if (errno != EAGAIN && errno != EACCES)
            return lease_failed(store, "locking");
        if (!database_busy(store, 0))
            return database_refuse(store->path, MEDGL_ERR_DEADLINE, "another process has it alone");
    }
    return MEDGL_OK;
}

void lease_shared(struct store *store)
{
    struct flock lock = {
        .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = LEASE_ALONE, .l_len = 1};
    if (store->lease.hold >= 0)
        (void)fcntl(store->lease.hold, F_SETLK, &lock);
}

void lease_close(struct lease_file *file)
{
    medgl_auto_fd(&file->hold);
    medgl_auto_fd(&file->probe);
    *file = (struct lease_file){-1, -1};
}
