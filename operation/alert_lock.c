/* One process at a time delivers the alerts of a store: nobody gets the same one from two. */
#include "operation/alert.h"

#include "base/auto.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#define LOCK_FILE        "/alerts.lock" /* beside the store */
#define LOCK_PATIENCE_MS 60000
#define LOCK_PAUSE_MS    50

enum medgl_error alert_lock(const struct context *context, int *fd)
{
    char state[PATH_MAX], path[PATH_MAX];
    const int64_t deadline = clock_monotonic() + LOCK_PATIENCE_MS;
    MEDGL_TRY(context_path(context, CONTEXT_FILE_STATE, state));
    MEDGL_TRY(path_under(path, state, LOCK_FILE));
    auto_fd int opened = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (opened < 0)
        return medgl_error_from_errno(errno);
    while (flock(opened, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return medgl_error_from_errno(errno);
        if (clock_monotonic() >= deadline)
            return MEDGL_ERR_DEADLINE;
        clock_sleep(LOCK_PAUSE_MS);
    }
    *fd = auto_give_fd(opened);
    return MEDGL_OK;
}
