/* The child that carries alerts and slips, and how its parent gives it orders. Knows no alert but
 * by its id; what it runs is in courier_program.c. */
#include "admin/courier_program.h"

#include "admin/admin.h"
#include "base/privilege.h"
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define TTY_GROUP       "tty"
#define ANSWER_SPARE_MS (COURIER_KILL_MS + PROCESS_SWEEP_MS + 1000)
#define END_PATIENCE_MS 1000

/* -- the child -------------------------------------------------------------------------------- */

static bool courier_settle(int socket, uid_t uid, gid_t gid)
{
    auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (null < 0 || setsid() < 0 || privilege_drop(uid, gid) != MEDGL_OK)
        return false;
    /* Both may lie where the other is to be. */
    auto_fd int high = fcntl(socket, F_DUPFD_CLOEXEC, COURIER_SOCKET + 1);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (dup2(null, fd) != fd)
            return false;
    return high >= 0 && dup3(high, COURIER_SOCKET, O_CLOEXEC) == COURIER_SOCKET;
}

static _Noreturn void courier_serve(int socket, const char *root, uid_t uid, gid_t gid)
{
    static struct courier_order order;
    const bool from_root = geteuid() == 0;
    bool good = courier_settle(socket, uid, gid) && close_range(COURIER_SOCKET + 1, ~0U, 0) == 0 &&
                clearenv() == 0;
    (void)mlock(&order, sizeof(order));
    while (good && recv(COURIER_SOCKET, &order, sizeof(order), 0) == (ssize_t)sizeof(order)) {
        struct courier_answer answer = {.error = MEDGL_ERR_IO};
        order.hook[sizeof(order.hook) - 1] = '\0';
        order.id[sizeof(order.id) - 1] = '\0';
        order.kind[sizeof(order.kind) - 1] = '\0';
        courier_program_run(&order, root, uid, from_root, &answer);
        secret_wipe(&order, sizeof(order));
        good =
            send(COURIER_SOCKET, &answer, sizeof(answer), MSG_NOSIGNAL) == (ssize_t)sizeof(answer);
    }
    _exit(good ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* -- the parent's side ------------------------------------------------------------------------ */

/* Whom the child becomes; NULL: all is well. */
static const char *courier_whom(uid_t owner, uid_t *uid, gid_t *gid)
{
    *uid = geteuid();
    *gid = getegid();
    if (*uid != 0)
        return NULL;
    if (privilege_user(COURIER_USER, uid, gid) != MEDGL_OK)
        return "the system user " COURIER_USER " does not exist: make it with systemd-sysusers, or "
               "adduser --system --group " COURIER_USER;
    if (*uid == 0 || *gid == 0 || *uid == owner)
        return "the system user " COURIER_USER " must be neither root nor the owner of the store: "
               "give it a uid and a gid of its own";
    return NULL;
}

/* Of a group that may write to terminals; where there is none, wall says what it cannot do. */
static gid_t courier_group(size_t hand, gid_t own)
{
    const struct group *tty = hand == COURIER_TTY && geteuid() == 0 ? getgrnam(TTY_GROUP) : NULL;
    return tty != NULL && tty->gr_gid != 0 ? tty->gr_gid : own;
}

static bool courier_begin(struct courier_hand *hand, const char *root, uid_t uid, gid_t gid)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    hand->child = fork();
    if (hand->child == 0)
        courier_serve(ends[1], root, uid, gid);
    hand->socket = ends[0];
    (void)close(ends[1]);
    if (hand->child > 0)
        return true;
    (void)close(ends[0]);
    hand->child = 0;
    return false;
}

static bool courier_start_some(struct courier *courier, const char *root, uid_t owner, size_t count)
{
    uid_t uid;
    gid_t gid;
    courier->trouble = courier_whom(owner, &uid, &gid);
    if (courier->trouble != NULL)
        return true;
    for (size_t i = 0; i < count; i++)
        if (!courier_begin(&courier->hand[i], root, uid, courier_group(i, gid))) {
            complain(_("What delivers alerts and slips cannot be prepared (%s); nothing was done."),
                     strerror(errno));
            return false;
        }
    return true;
}

bool courier_start(struct courier *courier, const char *root, uid_t owner)
{
    return courier_start_some(courier, root, owner, COURIER_HANDS);
}

bool courier_start_printer(struct courier *courier, const char *root, uid_t owner)
{
    return courier_start_some(courier, root, owner, COURIER_PLAIN + 1);
}

/* What it ran may have stopped it: it is not waited for, and init buries it. As long as nobody has
 * waited for it its pid is its own. */
static void courier_give_up(struct courier_hand *hand)
{
    (void)close(hand->socket);
    (void)kill(hand->child, SIGKILL); /* in vain where it is another user's */
    (void)waitpid(hand->child, NULL, WNOHANG);
    hand->child = 0;
}

static enum medgl_error hand_run(struct courier_hand *hand, const struct courier_order *order,
                                 struct courier_answer *answer)
{
    const int64_t deadline = clock_monotonic() + order->patience_ms + ANSWER_SPARE_MS;
    struct pollfd answered = {.fd = hand->socket, .events = POLLIN};
    if (send(hand->socket, order, sizeof(*order), MSG_NOSIGNAL | MSG_DONTWAIT) !=
        (ssize_t)sizeof(*order))
        return MEDGL_ERR_PEER;
    for (;;) {
        int64_t left = deadline - clock_monotonic();
        if (left <= 0)
            return MEDGL_ERR_DEADLINE;
        int ready = poll(&answered, 1, left < INT32_MAX ? (int)left : INT32_MAX);
        if (ready < 0 && errno != EINTR)
            return MEDGL_ERR_PEER;
        if (ready > 0)
            break;
    }
    return recv(hand->socket, answer, sizeof(*answer), MSG_DONTWAIT) == (ssize_t)sizeof(*answer)
               ? MEDGL_OK
               : MEDGL_ERR_PEER;
}

/* A program of the site that took its courier with it takes none from the next one. */
static struct courier_hand *courier_hand_for(struct courier *courier, enum courier_program program)
{
    struct courier_hand *hand = courier->hand;
    switch (program) {
    case COURIER_MAIL:
    case COURIER_SLIP:
        return &hand[COURIER_PLAIN];
    case COURIER_WALL:
        return &hand[COURIER_TTY];
    case COURIER_HOOK:
        break;
    }
    size_t i = COURIER_HOOKS;
    while (i < COURIER_HANDS - 1 && hand[i].child <= 0)
        i++;
    return &hand[i];
}

enum medgl_error courier_run(struct courier *courier, const struct courier_order *order,
                             char why[COURIER_WHY_SIZE])
{
    struct courier_hand *hand = courier_hand_for(courier, order->program);
    struct courier_answer answer;
    (void)snprintf(why, COURIER_WHY_SIZE, "%s",
                   courier->trouble != NULL ? courier->trouble
                                            : "the process that runs programs has ended");
    if (hand->child <= 0)
        return MEDGL_ERR_ACCESS;
    enum medgl_error error = hand_run(hand, order, &answer);
    if (error != MEDGL_OK) {
        if (error == MEDGL_ERR_DEADLINE)
            (void)snprintf(why, COURIER_WHY_SIZE,
                           "the process that runs programs does not answer: what it ran may have "
                           "stopped it");
        courier_give_up(hand);
        return error;
    }
    (void)snprintf(why, COURIER_WHY_SIZE, "%.*s", (int)sizeof(answer.why) - 1, answer.why);
    return answer.error;
}

void courier_end(struct courier *courier)
{
    for (size_t i = 0; i < COURIER_HANDS; i++) {
        struct courier_hand *hand = &courier->hand[i];
        if (hand->child <= 0)
            continue;
        auto_fd int process = pidfd_open(hand->child, 0);
        struct pollfd end = {.fd = process, .events = POLLIN};
        (void)shutdown(hand->socket, SHUT_RDWR);
        if (process >= 0)
            (void)poll(&end, 1, END_PATIENCE_MS);
        courier_give_up(hand);
    }
}
