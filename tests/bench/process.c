/* Time, crowds of processes, and the bare KDF. */
#include "tests/bench/bench.h"

#include "base/auto.h"

#include <argon2.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

void bench_stop(const char *format, ...)
{
    va_list arguments;
    (void)fflush(stdout);
    va_start(arguments, format);
    (void)fputs("bench: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    _exit(1);
}

double bench_now(void)
{
    struct timespec now;
    BENCH_MUST(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

void bench_settle(void)
{
    int status;
    while (waitpid(-1, &status, 0) > 0 || errno == EINTR)
        ;
}

/* Which of them it was; engines, which become our children when their hosts end, are none. */
static bool is_one_of(const pid_t *children, unsigned count, pid_t pid)
{
    for (unsigned i = 0; i < count; i++)
        if (children[i] == pid)
            return true;
    return false;
}

double bench_together(unsigned count, bool (*body)(void *argument, unsigned number), void *argument)
{
    auto_free pid_t *children = calloc(count, sizeof(*children));
    int gate[2], status;
    char go;
    BENCH_MUST(children != NULL && pipe(gate) == 0);
    (void)fflush(stdout);
    for (unsigned i = 0; i < count; i++) {
        children[i] = fork();
        BENCH_MUST(children[i] >= 0);
        if (children[i] != 0)
            continue;
        (void)close(gate[1]);
        _exit(read(gate[0], &go, 1) == 0 && body(argument, i) ? 0 : 1);
    }
    double begin = bench_now();
    (void)close(gate[0]);
    (void)close(gate[1]); /* all of them go */
    for (unsigned left = count; left > 0;) {
        pid_t child = waitpid(-1, &status, 0);
        BENCH_MUST(child > 0);
        if (!is_one_of(children, count, child))
            continue;
        BENCH_MUST(status == 0);
        left--;
    }
    double took = bench_now() - begin;
    bench_settle();
    return took;
}

/* -- the bare KDF --------------------------------------------------------------------------- */

static int huge_get(uint8_t **memory, size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    BENCH_MUST(pages != MAP_FAILED);
    (void)madvise(pages, size, MADV_HUGEPAGE);
    *memory = pages;
    return ARGON2_OK;
}

static void huge_drop(uint8_t *memory, size_t size)
{
    (void)munmap(memory, size);
}

static void evaluate(const struct kdf_cost *cost, enum kdf_memory memory)
{
    unsigned char hash[KDF_HASH_SIZE], salt[KDF_SALT_SIZE] = "sixteen bytes...";
    unsigned char password[] = BENCH_PASSWORD;
    argon2_context context = {.out = hash,
                              .outlen = sizeof(hash),
                              .pwd = password,
                              .pwdlen = sizeof(password) - 1,
                              .salt = salt,
                              .saltlen = sizeof(salt),
                              .t_cost = cost->time,
                              .m_cost = cost->memory_kib,
                              .lanes = cost->lanes,
                              .threads = 1,
                              .version = ARGON2_VERSION_13,
                              .flags = ARGON2_DEFAULT_FLAGS};
    if (memory == KDF_MEMORY_HUGE) {
        context.allocate_cbk = huge_get;
        context.free_cbk = huge_drop;
    }
    BENCH_MUST(argon2_ctx(&context, Argon2_id) == ARGON2_OK);
}

double kdf_once(const struct kdf_cost *cost, enum kdf_memory memory)
{
    double took = 0;
    int line[2];
    BENCH_MUST(pipe(line) == 0);
    pid_t child = fork();
    BENCH_MUST(child >= 0);
    if (child == 0) {
        double begin = bench_now();
        evaluate(cost, memory);
        took = bench_now() - begin;
        _exit(write(line[1], &took, sizeof(took)) == sizeof(took) ? 0 : 1);
    }
    BENCH_MUST(read(line[0], &took, sizeof(took)) == sizeof(took));
    (void)close(line[0]);
    (void)close(line[1]);
    bench_settle();
    return took;
}

struct crowd {
    const struct kdf_cost *cost;
    unsigned each;
    bool fresh;
};

static bool evaluate_each(void *argument, unsigned number)
{
    const struct crowd *crowd = argument;
    (void)number;
    for (unsigned i = 0; i < crowd->each; i++) {
        int status = 0;
        pid_t child = crowd->fresh ? fork() : 0;
        BENCH_MUST(child >= 0);
        if (child == 0)
            evaluate(crowd->cost, KDF_MEMORY_HUGE);
        if (child == 0 && crowd->fresh)
            _exit(0);
        BENCH_MUST(child == 0 || (waitpid(child, &status, 0) == child && status == 0));
    }
    return true;
}

double kdf_crowd(const struct kdf_cost *cost, unsigned processes, unsigned each, bool fresh)
{
    struct crowd crowd = {.cost = cost, .each = each, .fresh = fresh};
    return processes * each / bench_together(processes, evaluate_each, &crowd) * 1e3;
}
