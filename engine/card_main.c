/* medgl-card: has a smartcard driver carry out one order, and ends. Started by
 * operation/card_reader.c alone, which it obeys over descriptor WIRE_FD and nothing else.
 *
 * It is two processes. The first loads nothing: it watches the one that has the driver in it, and
 * when that ends, or whoever gave the order lets go of the socket, ends all that the driver left.
 *
 * MUSTs: neither holds a key, a descriptor of the store, or an environment; whatever the driver
 * does, nothing of it is left when the first one ends. */
#include "base/auto.h"
#include "base/process.h"
#include "engine/card_filter.h"
#include "engine/card_jail.h"
#include "engine/card_token.h"
#include "engine/harden.h"
#include "engine/wire.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define LIFE_MS 45000 /* longer than any order may take */

/* Sanitizers want more addresses than any driver should. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif

/* More than any driver needs. */
static bool card_limits(void)
{
    static const struct {
        int resource;
        rlim_t limit;
    } limits[] = {
        {RLIMIT_CPU, 30},
        {RLIMIT_FSIZE, 1 << 20},
        {RLIMIT_NOFILE, 64},
        {RLIMIT_NPROC, 1024}, /* counted over all that the user runs */
#if !SANITIZED
        {RLIMIT_AS, (rlim_t)1 << 30},
#endif
    };
    for (size_t i = 0; i < MEDGL_COUNT(limits); i++) {
        const struct rlimit limit = {limits[i].limit, limits[i].limit};
        if (setrlimit((__rlimit_resource_t)limits[i].resource, &limit) != 0)
            return false;
    }
    return true;
}

static bool card_tell(const struct card_said *said)
{
    return send(WIRE_FD, said, sizeof(*said), MSG_NOSIGNAL) == (ssize_t)sizeof(*said);
}

static bool card_order_holds(const struct card_order *order)
{
    return order->version == CARD_WIRE_VERSION && order->module[0] == '/' &&
           memchr(order->root, '\0', sizeof(order->root)) != NULL &&
           memchr(order->module, '\0', sizeof(order->module)) != NULL &&
           memchr(order->reader, '\0', sizeof(order->reader)) != NULL &&
           memchr(order->serial, '\0', sizeof(order->serial)) != NULL &&
           memchr(order->pin, '\0', sizeof(order->pin)) != NULL && order->id_len <= CARD_ID_MAX;
}

/* The process of the driver. */
static _Noreturn void card_work(pid_t above)
{
    static struct card_order order;
    (void)mlock(&order, sizeof(order));
    bool good = setsid() >= 0 && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
                getppid() == above && card_limits() &&
                recv(WIRE_FD, &order, sizeof(order), 0) == (ssize_t)sizeof(order) &&
                card_order_holds(&order) && card_jail(order.root, order.module) && card_filter();
    if (good)
        card_token_serve(&order, card_tell);
    secret_wipe(&order, sizeof(order));
    _exit(good ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* Until it ends, or nobody waits for it any more. */
static void card_watch(pid_t worker)
{
    auto_fd int process = pidfd_open(worker, 0);
    struct pollfd ends[] = {{.fd = process, .events = POLLIN}, {.fd = WIRE_FD}};
    while (process >= 0 && poll(ends, MEDGL_COUNT(ends), LIFE_MS) < 0 && errno == EINTR)
        ;
    (void)kill(-worker, SIGKILL);
    (void)kill(worker, SIGKILL); /* it may not lead its group yet */
    process_sweep();
}

int main(void)
{
    const struct rlimit none = {0, 0};
    const pid_t self = getpid();
    if (!harden_world() || setrlimit(RLIMIT_CORE, &none) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
        return EXIT_FAILURE;
    pid_t worker = fork();
    if (worker == 0)
        card_work(self);
    if (worker < 0)
        return EXIT_FAILURE;
    card_watch(worker);
    return EXIT_SUCCESS;
}
