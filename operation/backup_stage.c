/* Where a backup is made and looked at: below the state directory, for what lies there can be read
 * by whoever owns the store alone, and never longer than it takes. */
#include "operation/backup_pack.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/message.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define STAGE_DEPTH 16 /* descriptors */

static int stage_remove(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    return walk->level == 0 || remove(path) == 0 ? 0 : -1;
}

/* All that is in it; links are not followed. */
enum medgl_error backup_stage_empty(const char *path)
{
    errno = 0;
    if (nftw(path, stage_remove, STAGE_DEPTH, FTW_DEPTH | FTW_PHYS) == 0)
        return MEDGL_OK;
    return medgl_error_from_errno(errno != 0 ? errno : EIO);
}

enum medgl_error backup_stage_open(const char *path, struct backup_stage *stage,
                                   char why[BACKUP_WHY_SIZE])
{
    stage->lock = -1;
    MEDGL_TRY(text_copy(stage->path, sizeof(stage->path), path));
    MEDGL_TRY(file_directory(path, geteuid(), getegid(), 0700));
    auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return medgl_error_from_errno(errno);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return medgl_error_from_errno(errno);
        (void)snprintf(why, BACKUP_WHY_SIZE, "%s",
                       _("Another backup is being made or looked at: wait until it is done."));
        return MEDGL_ERR_REFUSED;
    }
    MEDGL_TRY(backup_stage_empty(path));
    stage->lock = auto_give_fd(fd);
    return MEDGL_OK;
}

void backup_stage_close(struct backup_stage *stage)
{
    if (stage->lock < 0)
        return;
    (void)backup_stage_empty(stage->path); /* else the next one does it */
    (void)close(stage->lock);
    stage->lock = -1;
}

/* MUST: a backup never fills the disk that logins need. */
enum medgl_error backup_room(const struct context *context, const char *path, uint64_t bytes,
                             char why[BACKUP_WHY_SIZE])
{
    struct statvfs device;
    if (statvfs(path, &device) != 0)
        return medgl_error_from_errno(errno);
    const uint64_t left = (uint64_t)device.f_bavail * device.f_frsize;
    const uint64_t least = (uint64_t)context->policy.minimum_free;
    if (left >= least && left - least >= bytes)
        return MEDGL_OK;
    (void)snprintf(why, BACKUP_WHY_SIZE,
                   _("%s has %" PRIu64 " MiB left: this takes %" PRIu64 " MiB, and %" PRIu64
                     " MiB must be free afterwards (minimum_free). Free space first."),
                   path, left >> 20, (bytes >> 20) + 1, least >> 20);
    return MEDGL_ERR_REFUSED;
}
