/* How long a login takes: over the bare KDF, where the rest goes, and with how many accounts. */
#include "tests/bench/bench.h"

#include "base/auto.h"
#include "base/privilege.h"
#include "operation/password.h"

#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

static const struct kdf_cost preset = {.memory_kib = 64 * 1024, .time = 3, .lanes = 1};

/* -- where the time goes -------------------------------------------------------------------- */

enum stage {
    STAGE_PROCESS, /* the engine is started and ends before it does anything */
    STAGE_POLICY,
    STAGE_STORE,
    STAGE_FIND,
    STAGE_RESERVE,
    STAGE_KDF,
    STAGE_COMMIT,
    STAGE_CLOSE,
    STAGE_COUNT
};
static const char *const stage_name[STAGE_COUNT] = {
    [STAGE_PROCESS] = "making the engine's process, and its end",
    [STAGE_POLICY] = "policy, time zone, keys",
    [STAGE_STORE] = "opening the store",
    [STAGE_FIND] = "looking the user up",
    [STAGE_RESERVE] = "reserving the try (one synced transaction)",
    [STAGE_KDF] = "KDF slot and KDF",
    [STAGE_COMMIT] = "deciding, ledger entry, commit (one synced transaction)",
    [STAGE_CLOSE] = "closing the store (after the verdict: nobody waits)",
};

static void lap(double took[STAGE_COUNT], enum stage stage, double *last)
{
    double now = bench_now();
    took[stage] = now - *last;
    *last = now;
}

/* What the engine does for one login, step by step. */
static enum medgl_error walk(const char *root, const char *user, double took[STAGE_COUNT])
{
    auto_clean(proof_clear) struct proof proof;
    struct context context;
    const struct caller caller = {
        .trusted = true, .real_uid = -1, .service = "test", .rhost = BENCH_RHOST};
    auto_secret struct secret typed = SECRET_NONE;
    MEDGL_TRY(secret_copy(&typed, BENCH_PASSWORD, strlen(BENCH_PASSWORD)));
    double last = bench_now();
    MEDGL_TRY(context_prepare(root, &context));
    lap(took, STAGE_POLICY, &last);
    MEDGL_TRY(context_store(&context, false, false));
    lap(took, STAGE_STORE, &last);
    MEDGL_TRY(proof_find(&context, &caller, user, PROOF_LOGIN, &proof));
    lap(took, STAGE_FIND, &last);
    MEDGL_TRY(attempt_reserve(&context, &proof.account, proof.account_key, &caller, &proof.source,
                              &proof.reservation));
    lap(took, STAGE_RESERVE, &last);
    const struct password_line line = context_line(&context);
    const struct password_dummy dummy = {.cost = context_cost(&context)};
    MEDGL_TRY(password_verify(&line, NULL, &dummy, &typed, NULL, &proof.matches));
    proof.matches = true;
    lap(took, STAGE_KDF, &last);
    MEDGL_TRY(proof_commit(&proof));
    lap(took, STAGE_COMMIT, &last);
    context_close(&context);
    lap(took, STAGE_CLOSE, &last);
    return proof.decision.allowed ? MEDGL_OK : MEDGL_ERR_REFUSED;
}

static double engine_for_nothing(const struct sandbox *place)
{
    char path[PATH_MAX];
    char *const arguments[] = {path, NULL}, *const environment[] = {NULL};
    pid_t child;
    BENCH_MUST(path_under(path, place->root, PATH_ENGINE) == MEDGL_OK);
    double begin = bench_now();
    BENCH_MUST(posix_spawn(&child, path, NULL, NULL, arguments, environment) == 0);
    bench_settle(); /* without a connection it ends at once */
    return bench_now() - begin;
}

static void stages(const struct bench *bench, const struct sandbox *place, const char *user,
                   double took[STAGE_COUNT])
{
    double copy[STAGE_COUNT] = {0};
    int line[2];
    BENCH_MUST(pipe(line) == 0);
    pid_t child = fork(); /* nothing of the libraries is initialised here, as in the engine */
    BENCH_MUST(child >= 0);
    if (child == 0) {
        BENCH_MUST(privilege_drop(bench->owner, bench->group) == MEDGL_OK);
        BENCH_MUST(walk(place->root, user, copy) == MEDGL_OK);
        _exit(write(line[1], copy, sizeof(copy)) == sizeof(copy) ? 0 : 1);
    }
    (void)close(line[1]);
    BENCH_MUST(read(line[0], copy, sizeof(copy)) == sizeof(copy));
    (void)close(line[0]);
    bench_settle();
    memcpy(took, copy, sizeof(copy));
    took[STAGE_PROCESS] = engine_for_nothing(place);
}

void bench_login(const struct bench *bench)
{
    auto_sample struct sample login = {0}, bare = {0}, plain = {0};
    struct sample part[STAGE_COUNT] = {0};
    const unsigned rounds = bench->quick ? 5 : 100;
    struct sandbox place;
    place_make(bench, "", BENCH_PEOPLE, &place);
    for (unsigned i = 0; i < rounds; i++) {
        double took[STAGE_COUNT];
        const char *user = bench->people[i % BENCH_PEOPLE];
        if (i % 2 == 0) /* each as often first as second */
            sample_add(&bare, kdf_once(&preset, KDF_MEMORY_HUGE));
        sample_add(&login, login_good(&place, user, BENCH_RHOST));
        if (i % 2 != 0)
            sample_add(&bare, kdf_once(&preset, KDF_MEMORY_HUGE));
        sample_add(&plain, kdf_once(&preset, KDF_MEMORY_LIBARGON2));
        stages(bench, &place, user, took);
        for (int stage = 0; stage < STAGE_COUNT; stage++)
            sample_add(&part[stage], took[stage]);
    }
    line_head("One login, Argon2id 64 MiB t=3 p=1, medians (of pairs)");
    line_info("login: pam_authenticate() to its verdict", sample_median(&login), "ms");
    line_info("bare KDF, memory as libargon2 gets it (malloc)", sample_median(&plain), "ms");
    line_goal(bench, "  login over it", sample_ratio(&login, &plain), "times", 1.08, false);
    line_goal(bench, "  login less it", sample_excess(&login, &plain), "ms", 6, false);
    line_info("bare KDF, memory as in the product (huge pages if any)", sample_median(&bare), "ms");
    line_goal(bench, "  login over it", sample_ratio(&login, &bare), "times", 1.08, false);
    line_goal(bench, "  login less it", sample_excess(&login, &bare), "ms", 6, false);
    line_text("of which, each in a new process:");
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        line_info(stage_name[stage], sample_median(&part[stage]), "ms");
        sample_free(&part[stage]);
    }
    sandbox_remove(&place);
}

/* -- few and many accounts ------------------------------------------------------------------ */

void bench_accounts(const struct bench *bench)
{
    auto_sample struct sample few = {0}, many = {0};
    const unsigned rounds = bench->quick ? 5 : 100;
    struct sandbox small, large;
    double begin = bench_now();
    place_make(bench, "", BENCH_PEOPLE, &small);
    place_make(bench, "", bench->accounts, &large);
    double filled = bench_now() - begin;
    for (unsigned i = 0; i < rounds; i++) {
        const char *user = bench->people[i % BENCH_PEOPLE];
        if (i % 2 == 0)
            sample_add(&few, login_good(&small, user, BENCH_RHOST));
        sample_add(&many, login_good(&large, user, BENCH_RHOST));
        if (i % 2 != 0)
            sample_add(&few, login_good(&small, user, BENCH_RHOST));
    }
    line_head("Accounts, medians (of pairs)");
    line_info("login with 10 accounts", sample_median(&few), "ms");
    char name[64];
    (void)snprintf(name, sizeof(name), "login with %llu accounts",
                   (unsigned long long)bench->accounts);
    line_info(name, sample_median(&many), "ms");
    line_goal(bench, "many over few", sample_ratio(&many, &few), "times", 1.1, false);
    line_info("(making both stores)", filled / 1e3, "s");
    sandbox_remove(&small);
    sandbox_remove(&large);
}
