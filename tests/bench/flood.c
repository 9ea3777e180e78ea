/* One account's owner at a terminal beside the machine, while 100 strangers on the network guess at
 * the account, each try from another address (R20). Measured in turns, with the flood and without
 * it. */
#include "tests/bench/bench.h"

#include "base/auto.h"

#include <string.h>
#include <sys/mman.h>

#define FLOOD_STRANGERS 100
#define FLOOD_TERMINAL  "/dev/tty1"
#define FLOOD_GOAL      4 /* the machine is shared with the strangers, its line is not */

struct flood {
    const struct sandbox *place;
    const char *user;
    unsigned tries; /* begun; shared with the strangers, like the next */
    unsigned answered;
    unsigned kept_out; /* the owner, at the terminal */
    bool over;
};

/* Addresses that nobody used before: 10.0.0.1 and on, and networks of IPv6. */
static void address(unsigned number, char *text, size_t size)
{
    if (number % 2 == 0)
        (void)snprintf(text, size, "10.%u.%u.%u", number >> 16 & 255, number >> 8 & 255,
                       number & 255);
    else
        (void)snprintf(text, size, "2001:db8:%x:%x::1", number >> 16, number & 0xffff);
}

static bool stranger(void *argument, unsigned number)
{
    struct flood *flood = argument;
    (void)number;
    while (!__atomic_load_n(&flood->over, __ATOMIC_RELAXED)) {
        char from[64], guess[64];
        const char *const answers[BENCH_ANSWERS] = {guess};
        int code;
        const unsigned try = __atomic_add_fetch(&flood->tries, 1, __ATOMIC_RELAXED);
        address(try, from, sizeof(from));
        (void)snprintf(guess, sizeof(guess), "Wrong-guess-%u-lantern", try);
        (void)login_once(flood->place, flood->user, from, answers, NULL, &code);
        if (code != PAM_AUTH_ERR && code != PAM_AUTHINFO_UNAVAIL)
            bench_stop("a guess among many ended with PAM code %d", code);
        (void)__atomic_add_fetch(&flood->answered, code == PAM_AUTH_ERR, __ATOMIC_RELAXED);
    }
    return true;
}

/* Leaves engines for bench_settle(), which here would wait for the flood to end. */
static double console_login(struct flood *flood)
{
    struct host host = {.answers = {BENCH_PASSWORD}};
    BENCH_MUST(host_start(&host, flood->place, flood->user));
    BENCH_MUST(pam_set_item(host.pamh, PAM_TTY, FLOOD_TERMINAL) == PAM_SUCCESS);
    double begin = bench_now();
    int code = host_call(&host, HOST_AUTH);
    double took = bench_now() - begin;
    host_end(&host);
    flood->kept_out += code != PAM_SUCCESS;
    return took;
}

static void quiet(struct flood *flood, unsigned logins, struct sample *sample)
{
    for (unsigned i = 0; i < logins; i++)
        sample_add(sample, console_login(flood));
    bench_settle();
}

/* The strangers are there, and the machine is busy with them, before the first login is measured.
 */
static void flooded(struct flood *flood, unsigned logins, struct sample *sample)
{
    flood->over = false;
    (void)fflush(stdout);
    pid_t crowd = fork();
    BENCH_MUST(crowd >= 0);
    if (crowd == 0) {
        (void)bench_together(FLOOD_STRANGERS, stranger, flood);
        _exit(0);
    }
    const unsigned before = __atomic_load_n(&flood->answered, __ATOMIC_RELAXED);
    while (__atomic_load_n(&flood->answered, __ATOMIC_RELAXED) < before + 5)
        BENCH_MUST(usleep(10000) == 0);
    for (unsigned i = 0; i < logins; i++)
        sample_add(sample, console_login(flood));
    __atomic_store_n(&flood->over, true, __ATOMIC_RELAXED);
    bench_settle();
}

void bench_flood(const struct bench *bench)
{
    const unsigned rounds = bench->quick ? 1 : 3, logins = bench->quick ? 2 : 10;
    auto_sample struct sample alone = {0}, among = {0};
    struct sandbox place;
    line_head("A login at a terminal beside the machine, during a flood from the network");
    if (geteuid() != 0) {
        line_text("not measured: whoever is not root is not believed to stand beside the machine");
        return;
    }
    struct flood *flood =
        mmap(NULL, sizeof(*flood), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    BENCH_MUST(flood != MAP_FAILED);
    place_make(bench, "", BENCH_PEOPLE, &place);
    *flood = (struct flood){.place = &place, .user = bench->people[0]};
    for (unsigned i = 0; i < rounds; i++) {
        quiet(flood, logins, &alone);
        flooded(flood, logins, &among);
    }
    line_info("login at the terminal", sample_median(&alone), "ms");
    line_info("the same, while 100 strangers guess", sample_median(&among), "ms");
    line_info("the slowest of them", sample_quantile(&among, 1), "ms");
    line_info("addresses that guessed", flood->tries, "");
    line_goal(bench, "logins at the terminal that failed", flood->kept_out, "", 0, false);
    line_goal(bench, "during the flood over without it", sample_ratio(&among, &alone), "times",
              FLOOD_GOAL, false);
    (void)munmap(flood, sizeof(*flood));
    sandbox_remove(&place);
}
