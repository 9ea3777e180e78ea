/* The line and the slots of Argon2 evaluations. Never evaluates anything.
 *
 * One fifo: the lock on all of it (flock) makes the head of the line, a lock on byte 0, 1, ... is a
 * slot, and what is written to it says that a slot came free. What it MUST keep:
 * - no lock on a slot, no MEDGL_OK, whatever fails;
 * - a place ends with its descriptor: both kinds of lock belong to the open file description;
 * - the line is the kernel's, first come first served, and costs nothing while it stands: only its
 *   head looks for a free slot. */
#include "factor/kdf_slots.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define SLOTS_FILE    "slots"
#define HEAD_LOOK_MS  10 /* a killed holder rings no bell */
#define LINE_SIGNAL   SIGRTMIN
#define LINE_AGAIN_NS 10000000

static bool slot_lock(int fd, short type, off_t first, off_t count)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = first, .l_len = count};
    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

static enum medgl_error slots_open(const char *path, int *result)
{
    auto_fd int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    auto_fd int fd = -1;
    struct stat st;
    if (directory < 0 || fstat(directory, &st) != 0)
        return medgl_error_from_errno(errno);
    if (geteuid() == 0 && st.st_uid != 0) /* root's file would shut the owner out */
        return MEDGL_ERR_ACCESS;
    while ((fd = openat(directory, SLOTS_FILE, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)) < 0)
        if (errno != ENOENT || (mkfifoat(directory, SLOTS_FILE, 0600) != 0 && errno != EEXIST))
            return medgl_error_from_errno(errno);
    if (fstat(fd, &st) != 0)
        return medgl_error_from_errno(errno);
    if (!S_ISFIFO(st.st_mode) || (st.st_mode & 0077) != 0)
        return MEDGL_ERR_ACCESS;
    *result = auto_give_fd(fd);
    return MEDGL_OK;
}

static void line_wake(int signal)
{
    (void)signal; /* its only effect is EINTR */
}

static enum medgl_error line_block(int fd, int64_t until)
{
    while (flock(fd, LOCK_EX) != 0) {
        if (errno != EINTR)
            return medgl_error_from_errno(errno);
        if (clock_monotonic() >= until)
            return MEDGL_ERR_DEADLINE;
    }
    return MEDGL_OK;
}

/* Waits to be the head. A wait for a lock has no time limit, so a timer interrupts it: of this
 * thread alone, and again every 10 ms, since the first signal could come just before the wait. */
static enum medgl_error line_stand(int fd, int64_t until)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return MEDGL_OK;
    struct sigaction wake = {.sa_handler = line_wake}, action;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = LINE_SIGNAL};
    struct itimerspec alarm = {
        .it_value = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000},
        .it_interval = {.tv_nsec = LINE_AGAIN_NS},
    };
    timer_t timer;
    sigset_t unblock, mask;
    event._sigev_un._tid = gettid();
    (void)sigemptyset(&unblock);
    (void)sigaddset(&unblock, LINE_SIGNAL);
    if (timer_create(CLOCK_BOOTTIME, &event, &timer) != 0)
        return medgl_error_from_errno(errno);
    (void)sigaction(LINE_SIGNAL, &wake, &action);
    (void)pthread_sigmask(SIG_UNBLOCK, &unblock, &mask);
    enum medgl_error error = timer_settime(timer, TIMER_ABSTIME, &alarm, NULL) == 0
                                 ? line_block(fd, until)
                                 : medgl_error_from_errno(errno);
    (void)timer_delete(timer);
    (void)pthread_sigmask(SIG_SETMASK, &mask, NULL);
    (void)sigaction(LINE_SIGNAL, &action, NULL);
    return error;
}

static enum medgl_error slot_try(int fd, unsigned slots)
{
    for (unsigned i = 0; i < slots; i++) {
        if (slot_lock(fd, F_WRLCK, (off_t)i, 1))
            return MEDGL_OK;
        if (errno != EAGAIN && errno != EACCES)
            return medgl_error_from_errno(errno);
    }
    return MEDGL_ERR_DEADLINE;
}

static enum medgl_error slot_take(int fd, unsigned slots, int64_t until)
{
    enum medgl_error error;
    char bells[256];
    while ((error = slot_try(fd, slots)) == MEDGL_ERR_DEADLINE && clock_monotonic() < until) {
        struct pollfd bell = {.fd = fd, .events = POLLIN};
        if (poll(&bell, 1, HEAD_LOOK_MS) > 0)
            (void)!read(fd, bells, sizeof(bells));
    }
    return error;
}

enum medgl_error kdf_slot_acquire(const char *directory, unsigned slots, int64_t patience_ms,
                                  struct kdf_slot *slot)
{
    int64_t until = clock_monotonic() + patience_ms;
    auto_fd int fd = -1;
    slot->fd = -1;
    if (slots == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        slots = online > 0 ? (unsigned)online : 1;
    }
    enum medgl_error error = slots_open(directory, &fd);
    if (error == MEDGL_OK)
        error = line_stand(fd, until);
    if (error == MEDGL_OK)
        error = slot_take(fd, slots, until);
    if (error == MEDGL_OK && flock(fd, LOCK_UN) != 0)
        error = medgl_error_from_errno(errno);
    if (error == MEDGL_OK)
        slot->fd = auto_give_fd(fd);
    else if (error == MEDGL_ERR_DEADLINE)
        log_line(LOG_WARNING,
                 "all %u KDF slots stayed taken: look for a flood of logins, or raise kdf_slots",
                 slots);
    else
        log_line(LOG_ERR,
                 "cannot lock %s/" SLOTS_FILE " (%s): see that the directory belongs to the user "
                 "of the engine; run systemd-tmpfiles --create medgl.conf, or medgl-admin setup, "
                 "where it is missing",
                 directory, medgl_error_text(error));
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_ERR_IO : error; /* no account was looked for */
}

void kdf_slot_release(struct kdf_slot *slot)
{
    if (slot->fd >= 0) {
        (void)slot_lock(slot->fd, F_UNLCK, 0, 0);
        (void)!write(slot->fd, "", 1); /* a full fifo wakes the head as well */
        (void)close(slot->fd);
    }
    slot->fd = -1;
}
