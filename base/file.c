/* Files that we trust: opened, then looked at, and only then read. Never follows a link at the end
 * of a path. */
#include "base/file.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static enum medgl_error file_judge(const char *path, const struct file_rule *rule,
                                   const struct stat *st)
{
    const char *fault = NULL;
    if (!S_ISREG(st->st_mode))
        fault = "is not a regular file: replace it by one";
    else if (st->st_uid != rule->owner && st->st_uid != 0)
        fault = "belongs to somebody else: give it back to its owner with chown";
    else if ((st->st_mode & rule->forbidden) != 0)
        fault = "is open to others than it may be: tighten its mode with chmod";
    else if ((unsigned long long)st->st_size > rule->max)
        fault = "is larger than it may be: see what it is, and put the right file in its place";
    if (fault == NULL)
        return MEDGL_OK;
    log_line(LOG_ERR, "%s %s (owner %u, mode %04o)", path, fault, (unsigned)st->st_uid,
             (unsigned)(st->st_mode & 07777));
    return MEDGL_ERR_ACCESS;
}

enum medgl_error file_open_trusted(const char *path, const struct file_rule *rule, int *fd)
{
    /* O_NONBLOCK: a fifo in the file's place must not hold us up before it is refused. */
    auto_fd int opened = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (opened < 0) {
        enum medgl_error error = medgl_error_from_errno(errno);
        if (error == MEDGL_ERR_ACCESS)
            log_line(LOG_ERR,
                     "%s cannot be opened: %m: make it a file, no link, that uid %u may read", path,
                     (unsigned)geteuid());
        return error;
    }
    struct stat st;
    if (fstat(opened, &st) != 0)
        return medgl_error_from_errno(errno);
    MEDGL_TRY(file_judge(path, rule, &st));
    *fd = auto_give_fd(opened);
    return MEDGL_OK;
}

enum medgl_error file_read(int fd, struct secret *content)
{
    while (content->len < content->cap) {
        const ssize_t got = read(fd, content->bytes + content->len, content->cap - content->len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return medgl_error_from_errno(errno);
        if (got == 0)
            break;
        content->len += (size_t)got;
    }
    return MEDGL_OK;
}

enum medgl_error file_read_trusted(const char *path, const struct file_rule *rule,
                                   struct secret *content)
{
    auto_fd int fd = -1;
    MEDGL_TRY(file_open_trusted(path, rule, &fd));
    auto_secret struct secret read_so_far = SECRET_NONE;
    MEDGL_TRY(secret_alloc(&read_so_far, rule->max + 1));
    MEDGL_TRY(file_read(fd, &read_so_far));
    if (read_so_far.len > rule->max) {
        log_line(LOG_ERR, "%s grew while it was read: see who writes to it", path);
        return MEDGL_ERR_ACCESS;
    }
    read_so_far.bytes[read_so_far.len] = '\0';
    *content = read_so_far;
    read_so_far = (struct secret)SECRET_NONE;
    return MEDGL_OK;
}

enum medgl_error file_sync_name(const char *path)
{
    char copy[PATH_MAX];
    if (strlen(path) >= sizeof(copy))
        return MEDGL_ERR_ARGUMENT;
    memcpy(copy, path, strlen(path) + 1);
    auto_fd int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return medgl_error_from_errno(errno);
    return MEDGL_OK;
}

enum medgl_error file_write(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t put = write(fd, at, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return medgl_error_from_errno(put < 0 ? errno : EIO);
        at += put;
        len -= (size_t)put;
    }
    return MEDGL_OK;
}

static enum medgl_error file_fill(int fd, uid_t owner, gid_t group, mode_t mode, const void *bytes,
                                  size_t len)
{
    MEDGL_TRY(file_write(fd, bytes, len));
    struct stat st;
    if (fstat(fd, &st) != 0)
        return medgl_error_from_errno(errno);
    if ((st.st_uid != owner || st.st_gid != group) && fchown(fd, owner, group) != 0)
        return medgl_error_from_errno(errno);
    if (fchmod(fd, mode) != 0 || fsync(fd) != 0)
        return medgl_error_from_errno(errno);
    return MEDGL_OK;
}

static enum medgl_error file_new(const char *path, uid_t owner, gid_t group, mode_t mode,
                                 const void *bytes, size_t len)
{
    auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return medgl_error_from_errno(errno);
    enum medgl_error error = file_fill(fd, owner, group, mode, bytes, len);
    if (error != MEDGL_OK)
        (void)unlink(path);
    return error;
}

/* "<path>.new": what an interrupted run left there is taken away first. */
static enum medgl_error file_beside(const char *path, char beside[PATH_MAX], uid_t owner,
                                    gid_t group, mode_t mode, const void *bytes, size_t len)
{
    if (snprintf(beside, PATH_MAX, "%s.new", path) >= PATH_MAX)
        return MEDGL_ERR_ARGUMENT;
    if (unlink(beside) != 0 && errno != ENOENT)
        return medgl_error_from_errno(errno);
    return file_new(beside, owner, group, mode, bytes, len);
}

enum medgl_error file_create(const char *path, uid_t owner, gid_t group, mode_t mode,
                             const void *bytes, size_t len)
{
    char beside[PATH_MAX];
    MEDGL_TRY(file_beside(path, beside, owner, group, mode, bytes, len));
    /* link() refuses to replace: the whole file appears at once, or nothing does. */
    int failed = link(beside, path) != 0 ? errno : 0;
    (void)unlink(beside);
    if (failed != 0)
        return medgl_error_from_errno(failed);
    return file_sync_name(path);
}

enum medgl_error file_replace(const char *path, uid_t owner, gid_t group, mode_t mode,
                              const void *bytes, size_t len)
{
    char beside[PATH_MAX];
    MEDGL_TRY(file_beside(path, beside, owner, group, mode, bytes, len));
    if (rename(beside, path) != 0) {
        int failed = errno;
        (void)unlink(beside);
        return medgl_error_from_errno(failed);
    }
    return file_sync_name(path);
}

enum medgl_error file_directory(const char *path, uid_t owner, gid_t group, mode_t mode)
{
    bool made = mkdir(path, 0700) == 0;
    if (!made && errno != EEXIST)
        return medgl_error_from_errno(errno);
    auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return medgl_error_from_errno(errno);
    if (made) {
        if ((st.st_uid != owner || st.st_gid != group) && fchown(fd, owner, group) != 0)
            return medgl_error_from_errno(errno);
        return fchmod(fd, mode) == 0 ? file_sync_name(path) : medgl_error_from_errno(errno);
    }
    if ((st.st_uid != owner && st.st_uid != 0) || (st.st_mode & 07777 & ~mode) != 0) {
        log_line(LOG_ERR,
                 "%s must belong to uid %u with mode %04o at most: mend it with chown and chmod",
                 path, (unsigned)owner, (unsigned)mode);
        return MEDGL_ERR_ACCESS;
    }
    return MEDGL_OK;
}
