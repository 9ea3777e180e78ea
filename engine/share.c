/* A fair share of the engines for every user: who keeps many conversations open must not keep the
 * others out of auth.socket (systemd counts by user from version 256 on). Never waits.
 *
 * One empty file; a lock on one of the SHARE_MAX bytes of a uid is a share, and ends with its
 * process, however that ends. */
#include "engine/share.h"

#include "base/auto.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>

enum medgl_error share_take(const char *root, uid_t uid, int *fd)
{
    char path[PATH_MAX];
    MEDGL_TRY(path_under(path, root, PATH_SHARES));
    auto_fd int opened = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (opened < 0)
        return medgl_error_from_errno(errno);
    for (off_t share = 0; share < SHARE_MAX; share++) {
        struct flock lock = {.l_type = F_WRLCK,
                             .l_whence = SEEK_SET,
                             .l_start = (off_t)uid * SHARE_MAX + share,
                             .l_len = 1};
        if (fcntl(opened, F_OFD_SETLK, &lock) == 0) {
            *fd = auto_give_fd(opened);
            return MEDGL_OK;
        }
        if (errno != EAGAIN && errno != EACCES)
            return medgl_error_from_errno(errno);
    }
    return MEDGL_ERR_REFUSED;
}
