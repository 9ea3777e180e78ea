/* Files that we trust: opened, then looked at, and only then read. */
#ifndef MEDGL_BASE_FILE_H
#define MEDGL_BASE_FILE_H

#include "base/error.h"
#include "base/secret.h"

#include <sys/types.h>

/* What a file must be to be believed. Always besides: a regular file, no symbolic link. */
struct file_rule {
    uid_t owner;      /* it, or root, owns the file */
    mode_t forbidden; /* mode bits of which none may be set: 0022, 0077 */
    size_t max;       /* bytes; a longer file is refused */
};

/* Opens for reading with O_NOFOLLOW and O_CLOEXEC, then judges what was opened by fstat.
 * MEDGL_ERR_NOT_FOUND, MEDGL_ERR_ACCESS (and a log line that says what is wrong), MEDGL_ERR_IO. */
enum medgl_error file_open_trusted(const char *path, const struct file_rule *rule, int *fd);

/* file_open_trusted() and all of its bytes. */
enum medgl_error file_read_trusted(const char *path, const struct file_rule *rule,
                                   struct secret *content);

/* Makes a file that did not exist (O_EXCL), whole and synced, directory entry included, or not at
 * all. The owner is changed only when it is not the caller. MEDGL_ERR_EXISTS. */
enum medgl_error file_create(const char *path, uid_t owner, gid_t group, mode_t mode,
                             const void *bytes, size_t len);

/* Replaces a file in one step: a new one beside it, synced, then renamed over it. */
enum medgl_error file_replace(const char *path, uid_t owner, gid_t group, mode_t mode,
                              const void *bytes, size_t len);

/* Reads on behind what is in `content`, to the end of the file or until there is no more room.
 * MEDGL_ERR_IO, _ACCESS and others, and `errno` says why. */
enum medgl_error file_read(int fd, struct secret *content);

/* All of the bytes, however many calls that takes. */
enum medgl_error file_write(int fd, const void *bytes, size_t len);

/* What was done to the name `path` in its directory is on the disk. */
enum medgl_error file_sync_name(const char *path);

/* Makes a directory if it is not there; one that is there must be a real directory of that owner
 * (or root) without mode bits beyond `mode`. */
enum medgl_error file_directory(const char *path, uid_t owner, gid_t group, mode_t mode);

#endif
