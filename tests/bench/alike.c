/* R23: an unknown user, a wrong password and a locked account must look alike. Says the same words,
 * gives the same code, and takes the same time as far as Welch's t-test can see (|t| < 4.5, the
 * bound of TVLA and dudect). */
#include "tests/bench/bench.h"

#include "operation/attempt.h"

#include <math.h>
#include <pwd.h>
#include <string.h>

/* The least KDF that policy.conf admits: the less noise from it, the more the test sees. Locks that
 * last, no waiting, and who is not enrolled is refused. */
static const char policy[] = "unenrolled = deny\n"
                             "kdf_memory = 19 MiB\n"
                             "kdf_time = 2\n"
                             "attempts_per_source = 10\n"
                             "attempts_per_account = 100\n"
                             "attempt_window = 1 day\n"
                             "lock_time = 1 day\n"
                             "attempt_delay = 0\n"
                             "attempt_delay_max = 0\n";
#define LIMIT     10
#define UNKNOWN   "nemo"
#define WARMUP    10
#define CROP_PART 0.9

enum kind {
    KIND_UNKNOWN,
    KIND_WRONG,
    KIND_LOCKED,
    KIND_COUNT
};
static const char *const kind_name[KIND_COUNT] = {"unknown", "wrong", "locked"};

struct trial {
    const struct bench *bench;
    struct sandbox place;
    const char *user[KIND_COUNT];
    char said[8192]; /* by the first try of all */
    int code;
};

static double try_once(struct trial *trial, enum kind kind)
{
    const char *const answers[2] = {"green-Lantern-41-harbour"};
    struct host host;
    int code;
    double took = login_once(&trial->place, trial->user[kind], BENCH_RHOST, answers, &host, &code);
    if (trial->said[0] == '\0') {
        memcpy(trial->said, host.said, sizeof(trial->said));
        trial->code = code;
    }
    if (code != PAM_AUTH_ERR || code != trial->code || strcmp(host.said, trial->said) != 0)
        bench_stop("R23: \"%s\" gives code %d and says \"%s\", another code %d and \"%s\"",
                   kind_name[kind], code, host.said, trial->code, trial->said);
    return took;
}

static enum medgl_error clear_now(struct store_txn *txn, void *argument)
{
    const char *id = argument;
    uint32_t cleared;
    return store_attempt_clear(txn, id, NULL, &cleared);
}

static enum medgl_error clear_known(struct store_txn *txn, void *argument)
{
    const struct trial *trial = argument;
    struct account account;
    uint32_t cleared;
    MEDGL_TRY(store_account_by_name(txn, trial->user[KIND_WRONG], &account));
    return store_attempt_clear(txn, account.id, NULL, &cleared);
}

/* Before each try, of whatever kind, the failures of the unknown name and of the known one are made
 * to count no more: otherwise both would be locked after ten. */
static enum medgl_error clear(struct context *context, void *argument)
{
    char id[CRYPTO_ID_SIZE];
    MEDGL_TRY(attempt_stand_in(context, UNKNOWN, id));
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, clear_now, id));
    return store_transact(context->store, STORE_WRITE, clear_known, argument);
}

static void trial_make(const struct bench *bench, struct trial *trial)
{
    *trial = (struct trial){.bench = bench,
                            .user = {[KIND_UNKNOWN] = UNKNOWN,
                                     [KIND_WRONG] = bench->people[0],
                                     [KIND_LOCKED] = bench->people[1]}};
    BENCH_MUST(getpwnam(UNKNOWN) == NULL);
    place_make(bench, policy, BENCH_PEOPLE, &trial->place);
    for (int i = 0; i < LIMIT; i++)
        (void)try_once(trial, KIND_LOCKED);
    /* It is locked: the right password is refused. The other person's is not. */
    const char *const right[2] = {BENCH_PASSWORD};
    int code;
    (void)login_once(&trial->place, trial->user[KIND_LOCKED], BENCH_RHOST, right, NULL, &code);
    BENCH_MUST(code == PAM_AUTH_ERR);
    (void)login_good(&trial->place, trial->user[KIND_WRONG], BENCH_RHOST);
}

static void report(const struct bench *bench, const struct sample samples[KIND_COUNT])
{
    struct sample all = {0};
    char name[80];
    (void)snprintf(name, sizeof(name), "Unknown, wrong, locked: %u tries each, in turns",
                   bench->tries);
    line_head(name);
    line_text("messages, prompts and PAM codes: identical in all tries");
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        (void)snprintf(name, sizeof(name), "%s: mean (median %.3f, deviation %.3f)",
                       kind_name[kind], sample_median(&samples[kind]),
                       sample_deviation(&samples[kind]));
        line_info(name, sample_mean(&samples[kind]), "ms");
        for (size_t i = 0; i < samples[kind].count; i++)
            sample_add(&all, samples[kind].value[i]);
    }
    double most = sample_quantile(&all, CROP_PART);
    sample_free(&all);
    for (int a = 0; a < KIND_COUNT; a++)
        for (int b = a + 1; b < KIND_COUNT; b++) {
            (void)snprintf(name, sizeof(name), "|t| of %s against %s", kind_name[a], kind_name[b]);
            line_goal(bench, name, fabs(sample_welch(&samples[a], &samples[b], INFINITY)), "", 4.5,
                      false);
            (void)snprintf(name, sizeof(name), "the same without the slowest tenth of all tries");
            line_info(name, fabs(sample_welch(&samples[a], &samples[b], most)), "");
        }
}

void bench_alike(const struct bench *bench)
{
    struct sample samples[KIND_COUNT] = {0};
    struct trial trial;
    trial_make(bench, &trial);
    for (unsigned round = 0; round < WARMUP + bench->tries; round++) {
        enum kind order[KIND_COUNT] = {KIND_UNKNOWN, KIND_WRONG, KIND_LOCKED};
        for (unsigned i = KIND_COUNT; i > 1; i--) { /* a fresh order each round */
            unsigned j = (unsigned)arc4random_uniform(i);
            enum kind kind = order[i - 1];
            order[i - 1] = order[j];
            order[j] = kind;
        }
        for (int i = 0; i < KIND_COUNT; i++) {
            place_run(bench, &trial.place, clear, &trial);
            double took = try_once(&trial, order[i]);
            if (round >= WARMUP)
                sample_add(&samples[order[i]], took);
        }
    }
    report(bench, samples);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        sample_free(&samples[kind]);
    sandbox_remove(&trial.place);
}
