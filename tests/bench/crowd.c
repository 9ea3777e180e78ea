/* Many logins at once: how many a second, and how much memory they take. */
#include "tests/bench/bench.h"

#include "base/auto.h"

#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

static const struct kdf_cost preset = {.memory_kib = 64 * 1024, .time = 3, .lanes = 1};

struct clients {
    const struct bench *bench;
    const struct sandbox *place;
    unsigned logins;  /* of each */
    unsigned *waited; /* shared: logins that did not get their turn; NULL: all must */
};

/* One client: some logins, one after the other, of one person from an address of its own. */
static bool client(void *argument, unsigned number)
{
    const struct clients *clients = argument;
    const char *user = clients->bench->people[number % BENCH_PEOPLE];
    const char *const answers[BENCH_ANSWERS] = {BENCH_PASSWORD};
    char rhost[32];
    int code;
    (void)snprintf(rhost, sizeof(rhost), "198.51.100.%u", number % 250 + 1);
    for (unsigned i = 0; i < clients->logins; i++) {
        (void)login_once(clients->place, user, rhost, answers, NULL, &code);
        if (code == PAM_AUTHINFO_UNAVAIL && clients->waited != NULL)
            (void)__atomic_add_fetch(clients->waited, 1, __ATOMIC_RELAXED);
        else if (code != PAM_SUCCESS)
            bench_stop("a login of %s among many ended with PAM code %d", user, code);
    }
    return true;
}

void bench_crowd(const struct bench *bench)
{
    static const unsigned crowds[] = {8, 16, 32};
    const unsigned cores = (unsigned)sysconf(_SC_NPROCESSORS_ONLN), rounds = bench->quick ? 1 : 4;
    const unsigned each = bench->quick ? 4 : 24 / cores + 4, logins = bench->quick ? 32 : 96;
    struct sample rate[MEDGL_COUNT(crowds)] = {0}, fresh[MEDGL_COUNT(crowds)] = {0},
                  loop[MEDGL_COUNT(crowds)] = {0};
    struct sandbox place;
    place_make(bench, "", BENCH_PEOPLE, &place);
    for (unsigned i = 0; i < rounds; i++) {
        for (size_t j = 0; j < MEDGL_COUNT(crowds); j++) {
            struct clients clients = {bench, &place, logins / crowds[j], NULL};
            sample_add(&fresh[j], kdf_crowd(&preset, cores, each, true));
            sample_add(&rate[j], logins / bench_together(crowds[j], client, &clients) * 1e3);
            sample_add(&loop[j], kdf_crowd(&preset, cores, each, false));
        }
    }
    line_head("Logins at once, medians (of pairs)");
    for (size_t j = 0; j < MEDGL_COUNT(crowds); j++) {
        char name[80];
        (void)snprintf(name, sizeof(name), "logins by %u clients", crowds[j]);
        line_info(name, sample_median(&rate[j]), "/s");
        line_info("bare KDF on all processors, a process for each", sample_median(&fresh[j]), "/s");
        line_goal(bench, "  logins over it", sample_ratio(&rate[j], &fresh[j]), "times", 0.9, true);
        line_info("bare KDF on all processors, in endless processes", sample_median(&loop[j]),
                  "/s");
        line_info("  logins over it", sample_ratio(&rate[j], &loop[j]), "times");
        sample_free(&rate[j]);
        sample_free(&fresh[j]);
        sample_free(&loop[j]);
    }
    sandbox_remove(&place);
}

/* -- memory --------------------------------------------------------------------------------- */

#define MEMORY_LOGINS 200

/* KiB behind the first line of a /proc file that starts with `key`; 0: none. */
static unsigned long proc_number(const char *path, const char *key)
{
    char line[256];
    unsigned long number = 0;
    auto_file FILE *file = fopen(path, "re");
    while (file != NULL && number == 0 && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            number = strtoul(line + strlen(key), NULL, 10);
    return number;
}

/* What one engine takes: its share of pages (or, where that may not be read, because an engine
 * cannot be traced by its own user, its private pages) and its page tables. 0: not an engine of
 * ours. */
static unsigned long engine_kib(unsigned long pid)
{
    char status[64], rollup[64], name[32] = "";
    (void)snprintf(status, sizeof(status), "/proc/%lu/comm", pid);
    auto_file FILE *file = fopen(status, "re");
    if (file == NULL || fgets(name, sizeof(name), file) == NULL ||
        strcmp(name, "medgl-auth\n") != 0)
        return 0;
    (void)snprintf(status, sizeof(status), "/proc/%lu/status", pid);
    (void)snprintf(rollup, sizeof(rollup), "/proc/%lu/smaps_rollup", pid);
    if (proc_number(status, "PPid:") != (unsigned long)getpid())
        return 0;
    unsigned long share = proc_number(rollup, "Pss:");
    if (share == 0)
        share = proc_number(status, "RssAnon:");
    return share == 0 ? 0 : share + proc_number(status, "VmPTE:");
}

struct memory {
    double mib;
    unsigned engines;
};

static struct memory memory_now(void)
{
    struct memory now = {0};
    const struct dirent *entry;
    DIR *proc = opendir("/proc");
    BENCH_MUST(proc != NULL);
    while ((entry = readdir(proc)) != NULL) {
        unsigned long pid = strtoul(entry->d_name, NULL, 10); /* 0: no process */
        unsigned long kib = pid != 0 ? engine_kib(pid) : 0;
        now.mib += (double)kib / 1024;
        now.engines += kib != 0;
    }
    (void)closedir(proc);
    return now;
}

void bench_memory(const struct bench *bench)
{
    const unsigned slots = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    const unsigned logins = bench->quick ? 20 : MEMORY_LOGINS;
    const double kdf = slots * (double)preset.memory_kib / 1024;
    struct memory peak = {0};
    struct sandbox place;
    unsigned *waited =
        mmap(NULL, sizeof(*waited), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    BENCH_MUST(waited != MAP_FAILED);
    place_make(bench, "", BENCH_PEOPLE, &place);
    struct clients clients = {bench, &place, 1, waited};
    (void)fflush(stdout);
    pid_t crowd = fork();
    BENCH_MUST(crowd >= 0);
    if (crowd == 0) {
        (void)bench_together(logins, client, &clients);
        _exit(0);
    }
    for (bool running = true; running;) {
        struct memory now = memory_now();
        if (now.mib > peak.mib)
            peak = now;
        int status;
        pid_t ended;
        while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
            if (ended == crowd) {
                BENCH_MUST(status == 0);
                running = false;
            }
    }
    bench_settle();
    char name[80];
    line_head("Memory of logins at once");
    (void)snprintf(name, sizeof(name), "peak of %u logins at once (%s of engines, page tables)",
                   logins, geteuid() == 0 ? "PSS" : "private memory");
    line_goal(bench, name, peak.mib, "MiB", kdf + 4 * peak.engines, false);
    line_info("engines at that moment", peak.engines, "");
    line_info("KDF slots times the memory of one", kdf, "MiB");
    if (peak.engines > 0)
        line_goal(bench, "the rest for each engine", (peak.mib - kdf) / peak.engines, "MiB", 4,
                  false);
    line_info("logins that waited for a slot in vain", *waited, "");
    (void)munmap(waited, sizeof(*waited));
    sandbox_remove(&place);
}
