/* Opens files that the operator names after privilege went: a child with that person's rights,
 * never root's, and nothing else in it. Knows no secret, and never opens the store. */
#include "admin/opener.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define OPENER_STAYS 's' /* as the guard of a file hears it (admin/files.c) */

struct order {
    bool create;
    char path[PATH_MAX];
};

/* -- the child -------------------------------------------------------------------------------- */

static bool opener_settle(const struct identity *identity)
{
    const uid_t uid = identity->person;
    const gid_t gid = identity->person_group;
    if (uid == 0)
        return false;
    if (geteuid() == 0 &&
        ((identity->person_name[0] != '\0' ? initgroups(identity->person_name, gid)
                                           : setgroups(0, NULL)) != 0 ||
         setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0))
        return false;
    return setuid(0) != 0 && geteuid() == uid && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static int opener_open(struct order *order, struct stat *made)
{
    const int flags = order->create ? O_RDWR | O_CREAT | O_EXCL : O_RDONLY | O_NONBLOCK;
    order->path[sizeof(order->path) - 1] = '\0';
    auto_fd int fd = open(order->path, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return -1;
    if (order->create && (fstat(fd, made) != 0 || file_sync_name(order->path) != MEDGL_OK)) {
        const int failed = errno;
        (void)unlink(order->path);
        errno = failed;
        return -1;
    }
    return auto_give_fd(fd);
}

/* The file, or the errno why there is none. */
static bool opener_answer(int socket, int fd)
{
    int failed = fd >= 0 ? 0 : errno;
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.room = {0}};
    struct iovec part = {.iov_base = &failed, .iov_len = sizeof(failed)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = control.room;
        message.msg_controllen = sizeof(control.room);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(fd));
        memcpy(CMSG_DATA(header), &fd, sizeof(fd));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)sizeof(failed);
}

/* No word that it stays (the reset failed, or was killed): a file that was made goes again, if it
 * is still the one. */
static void opener_clear(const struct order *made, const struct stat *st)
{
    struct stat now;
    if (made->path[0] != '\0' && lstat(made->path, &now) == 0 && now.st_dev == st->st_dev &&
        now.st_ino == st->st_ino)
        (void)unlink(made->path);
}

static _Noreturn void opener_serve(const struct identity *identity, int socket)
{
    static struct order order, made;
    struct stat st = {.st_ino = 0};
    const int kept = STDERR_FILENO + 1;
    bool stays = false;
    bool good = (socket == kept || dup3(socket, kept, O_CLOEXEC) == kept) &&
                close_range((unsigned)kept + 1, ~0U, 0) == 0 && opener_settle(identity);
    for (ssize_t got; good && !stays && (got = recv(kept, &order, sizeof(order), 0)) > 0;) {
        stays = got == 1 && ((const char *)&order)[0] == OPENER_STAYS;
        if (got != (ssize_t)sizeof(order))
            continue;
        if (order.create && made.path[0] != '\0')
            break; /* one file is made, and looked after */
        auto_fd int fd = opener_open(&order, &st);
        if (fd >= 0 && order.create)
            made = order;
        good = opener_answer(kept, fd);
    }
    if (!stays)
        opener_clear(&made, &st);
    _exit(good ? EXIT_SUCCESS : EXIT_FAILURE);
}

bool opener_start(struct opener *opener, const struct identity *identity)
{
    int ends[2];
    sigset_t all, before;
    if (identity->person == 0)
        return true;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        complain(_("What opens files cannot be prepared (%s); nothing was done."), strerror(errno));
        return false;
    }
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before); /* Ctrl-C ends the reset, not what tidies up */
    opener->child = fork();
    if (opener->child == 0)
        opener_serve(identity, ends[1]);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    (void)close(ends[1]);
    opener->socket = ends[0];
    if (opener->child > 0)
        return true;
    complain(_("What opens files cannot be prepared (%s); nothing was done."), strerror(errno));
    (void)close(ends[0]);
    opener->child = 0;
    return false;
}

/* -- the parent's side ------------------------------------------------------------------------ */

/* -1 with errno. */
static int opener_take(const struct opener *opener)
{
    int failed = EPROTO, fd = -1;
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.room = {0}};
    struct iovec part = {.iov_base = &failed, .iov_len = sizeof(failed)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof(control.room)};
    ssize_t got = recvmsg(opener->socket, &message, MSG_CMSG_CLOEXEC);
    const struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header != NULL && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(fd)))
        memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    errno = got == (ssize_t)sizeof(failed) && failed != 0 ? failed : EPROTO;
    return fd;
}

bool opener_there(const struct opener *opener)
{
    return opener->child > 0;
}

int opener_ask(const struct opener *opener, const char *path, bool create)
{
    struct order order = {.create = create};
    if (strlen(path) >= sizeof(order.path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(order.path, path, strlen(path) + 1);
    if (opener->child <= 0 ||
        send(opener->socket, &order, sizeof(order), MSG_NOSIGNAL) != (ssize_t)sizeof(order)) {
        errno = EPROTO;
        return -1;
    }
    return opener_take(opener);
}

void opener_guards(struct opener *opener, struct guarded_file *file, const char *path, int fd)
{
    *file = (struct guarded_file){
        .fd = fd, .pipe = opener->socket, .guard = opener->child, .path = path};
    opener->child = 0;
}

void opener_end(struct opener *opener)
{
    if (opener->child <= 0)
        return;
    (void)close(opener->socket);
    (void)waitpid(opener->child, NULL, 0);
    opener->child = 0;
}
