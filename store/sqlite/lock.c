/* Who keeps others from writing: asks for the locks that SQLite takes. Takes and changes none. */
#include "store/sqlite/database.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

/* Bytes of SQLite's file formats, in the order in which who writes meets them. */
struct lock_place {
    const char *suffix;
    off_t start, len;
};
static const struct lock_place lock_places[] = {
    {"-shm", 120, 1},      /* WAL_WRITE_LOCK */
    {"-shm", 128, 1},      /* who opens it first and makes it anew */
    {"", 0x40000002, 510}, /* of the database file: who has it to itself */
    {".lease", LEASE_ALONE, 1},
};

/* The pid, 0 for nobody, -1 for an error. */
static pid_t lock_look(const char *store, const struct lock_place *place)
{
    char path[PATH_MAX + sizeof(".lease")];
    struct flock lock = {
        .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = place->start, .l_len = place->len};
    const int len = snprintf(path, sizeof(path), "%s%s", store, place->suffix);
    if (len < 0 || (size_t)len >= sizeof(path))
        return -1;
    auto_fd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    if (fcntl(fd, F_GETLK, &lock) != 0)
        return -1;
    return lock.l_type == F_UNLCK || lock.l_pid < 0 ? 0 : lock.l_pid;
}

static pid_t lock_find(const char *path)
{
    pid_t holder = 0;
    for (size_t i = 0; i < MEDGL_COUNT(lock_places) && holder == 0; i++)
        holder = lock_look(path, &lock_places[i]);
    return holder;
}

/* In a process of its own: closing a file drops all locks that a process has on it, those of
 * SQLite among them. */
enum medgl_error store_lock_holder_at(const char *path, pid_t *holder)
{
    auto_fd int from = -1, to = -1;
    int ends[2];
    pid_t found = -1;
    *holder = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return medgl_error_from_errno(errno);
    from = ends[0];
    to = ends[1];
    const pid_t child = fork();
    if (child == 0) {
        found = lock_find(path);
        _exit(write(to, &found, sizeof(found)) == (ssize_t)sizeof(found) ? 0 : 1);
    }
    if (child < 0)
        return medgl_error_from_errno(errno);
    (void)close(auto_give_fd(to));
    ssize_t len;
    while ((len = read(from, &found, sizeof(found))) < 0 && errno == EINTR)
        continue;
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (len != (ssize_t)sizeof(found) || found < 0)
        return MEDGL_ERR_IO;
    *holder = found == getpid() ? 0 : found;
    return MEDGL_OK;
}

enum medgl_error store_lock_holder(struct store *store, pid_t *holder)
{
    return store_lock_holder_at(store->path, holder);
}
