/* R23: an unknown user, a wrong password, a locked account and what the access rules refuse must
 * look alike. Says the same words, gives the same code, and takes the same time as far as Welch's
 * t-test can see (|t| < 4.5, the bound of TVLA and dudect). */
#include "tests/bench/bench.h"

#include "operation/account.h"
#include "operation/attempt.h"

#include <assert.h>
#include <math.h>
#include <pwd.h>
#include <stdio.h>
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

/* Whoever is refused, and why. Of a shared id one more question is asked: those are a group of
 * their own. */
enum kind {
    KIND_UNKNOWN,
    KIND_WRONG,
    KIND_REPEATED,
    KIND_LOCKED,
    KIND_DISABLED,
    KIND_RETIRED,
    KIND_HOURS,
    KIND_PLACE,
    KIND_SERVICE,
    KIND_SHARED_WRONG,
    KIND_SHARED_PERSON,
    KIND_COUNT
};
#define GUESS  "green-Lantern-41-harbour"
#define GROUPS 2
static const struct kind_row {
    const char *name, *password;
    unsigned group;
} kinds[KIND_COUNT] = {
    [KIND_UNKNOWN] = {"unknown", GUESS, 0},
    [KIND_WRONG] = {"wrong", GUESS, 0},
    [KIND_REPEATED] = {"repeated", GUESS, 0},
    [KIND_LOCKED] = {"locked", BENCH_PASSWORD, 0},
    [KIND_DISABLED] = {"disabled", BENCH_PASSWORD, 0},
    [KIND_RETIRED] = {"retired", BENCH_PASSWORD, 0},
    [KIND_HOURS] = {"hours", BENCH_PASSWORD, 0},
    [KIND_PLACE] = {"place", BENCH_PASSWORD, 0},
    [KIND_SERVICE] = {"service", BENCH_PASSWORD, 0},
    [KIND_SHARED_WRONG] = {"shared, wrong", GUESS, 1},
    [KIND_SHARED_PERSON] = {"shared, nobody's name", BENCH_PASSWORD, 1},
};

static_assert(KIND_COUNT - KIND_WRONG <= BENCH_PEOPLE, "a person for each kind but the unknown");

struct trial {
    const struct bench *bench;
    struct sandbox place;
    const char *user[KIND_COUNT];
    char said[GROUPS][8192]; /* by the first try of all */
    int code;
};

static double try_with(struct trial *trial, enum kind kind, const char *password)
{
    const char *const answers[2] = {password, UNKNOWN};
    char *said = trial->said[kinds[kind].group];
    struct host host;
    int code;
    double took = login_once(&trial->place, trial->user[kind], BENCH_RHOST, answers, &host, &code);
    if (said[0] == '\0')
        memcpy(said, host.said, sizeof(trial->said[0]));
    if (code != PAM_AUTH_ERR || strcmp(host.said, said) != 0)
        bench_stop("R23: \"%s\" gives code %d and says \"%s\", another \"%s\"", kinds[kind].name,
                   code, host.said, said);
    return took;
}

static double try_once(struct trial *trial, enum kind kind)
{
    return try_with(trial, kind, kinds[kind].password);
}

static enum medgl_error clear_now(struct store_txn *txn, void *argument)
{
    const char *id = argument;
    uint32_t cleared;
    return store_attempt_clear(txn, id, NULL, &cleared);
}

/* Whose failures are made to count no more before each try: else all were locked after ten. */
static bool is_cleared(int kind)
{
    return kind != KIND_UNKNOWN && kind != KIND_LOCKED && kind != KIND_REPEATED;
}

static enum medgl_error clear_known(struct store_txn *txn, void *argument)
{
    const struct trial *trial = argument;
    struct account account;
    uint32_t cleared;
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (is_cleared(kind)) {
            MEDGL_TRY(store_account_by_name(txn, trial->user[kind], &account));
            MEDGL_TRY(store_attempt_clear(txn, account.id, NULL, &cleared));
        }
    return MEDGL_OK;
}

static enum medgl_error clear(struct context *context, void *argument)
{
    char id[CRYPTO_ID_SIZE];
    MEDGL_TRY(attempt_stand_in(context, UNKNOWN, id));
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, clear_now, id));
    return store_transact(context->store, STORE_WRITE, clear_known, argument);
}

/* Rules that refuse, each its own person. */
static enum medgl_error close_people(struct context *context, void *argument)
{
    const struct trial *trial = argument;
    char why[OPERATION_WHY_SIZE], hours[32];
    const int hour = (int)(clock_read().now / MEDGL_HOUR % 24);
    (void)snprintf(hours, sizeof(hours), "daily %02d:00-%02d:00", (hour + 8) % 24,
                   (hour + 16) % 24);
    const struct account_change_request changes[] = {
        {.name = trial->user[KIND_HOURS], .rules.hours = hours},
        {.name = trial->user[KIND_PLACE], .rules.places = "console"},
        {.name = trial->user[KIND_SERVICE], .rules.services = "login"},
        {.name = trial->user[KIND_SHARED_WRONG], .rules.shared = "yes"},
        {.name = trial->user[KIND_SHARED_PERSON], .rules.shared = "yes"},
    };
    for (size_t i = 0; i < MEDGL_COUNT(changes); i++)
        MEDGL_TRY(operation_account_change(context, &changes[i], why));
    MEDGL_TRY(operation_account_retire(context, trial->user[KIND_RETIRED], "left", why));
    return operation_account_disable(context, trial->user[KIND_DISABLED], "leave", why);
}

static void trial_make(const struct bench *bench, struct trial *trial)
{
    *trial = (struct trial){.bench = bench, .user = {[KIND_UNKNOWN] = UNKNOWN}};
    for (int kind = KIND_WRONG; kind < KIND_COUNT; kind++)
        trial->user[kind] = bench->people[kind - KIND_WRONG];
    BENCH_MUST(getpwnam(UNKNOWN) == NULL);
    place_make(bench, policy, BENCH_PEOPLE, &trial->place);
    /* The right password of each, before it is refused. */
    for (int kind = KIND_WRONG; kind < KIND_COUNT; kind++)
        (void)login_good(&trial->place, trial->user[kind], BENCH_RHOST);
    place_run(bench, &trial->place, close_people, trial);
    char guess[64];
    for (int i = 0; i < LIMIT; i++) {
        (void)snprintf(guess, sizeof(guess), GUESS "-%d", i);
        (void)try_with(trial, KIND_LOCKED, guess);
    }
    (void)try_once(trial, KIND_REPEATED);
}

static void report(const struct bench *bench, const struct sample samples[KIND_COUNT])
{
    struct sample all = {0};
    char name[80];
    (void)snprintf(name, sizeof(name), "Refusals of every kind: %u tries each, in turns",
                   bench->tries);
    line_head(name);
    line_text("messages, prompts and PAM codes: identical in all tries");
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        (void)snprintf(name, sizeof(name), "%s: mean (median %.3f, deviation %.3f)",
                       kinds[kind].name, sample_median(&samples[kind]),
                       sample_deviation(&samples[kind]));
        line_info(name, sample_mean(&samples[kind]), "ms");
        for (size_t i = 0; i < samples[kind].count; i++)
            sample_add(&all, samples[kind].value[i]);
    }
    double most = sample_quantile(&all, CROP_PART);
    sample_free(&all);
    for (int a = 0; a < KIND_COUNT; a++)
        for (int b = a + 1; b < KIND_COUNT; b++) {
            if (kinds[a].group != kinds[b].group)
                continue;
            (void)snprintf(name, sizeof(name), "|t| of %s against %s", kinds[a].name,
                           kinds[b].name);
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
        enum kind order[KIND_COUNT];
        for (int i = 0; i < KIND_COUNT; i++)
            order[i] = (enum kind)i;
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
