/* R23: an unknown user, a wrong password, a wrong code, a locked account and what the access rules
 * refuse must look alike. Says the same words, gives the same code, and takes the same time as far
 * as Welch's t-test can see (|t| < 4.5, the bound of TVLA and dudect). */
#include "tests/bench/bench.h"

#include "operation/account.h"
#include "operation/attempt.h"
#include "operation/recovery.h"
#include "operation/totp.h"

#include <assert.h>
#include <liboath/oath.h>
#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The least KDF that policy.conf admits: the less noise from it, the more the test sees. Locks that
 * last, no waiting, and who is not enrolled is refused. Some have second factors, so that everybody
 * is asked for a code. */
static const char policy[] = "unenrolled = deny\n"
                             "kdf_memory = 19 MiB\n"
                             "kdf_time = 2\n"
                             "attempts_per_source = 10\n"
                             "attempts_per_account = 100\n"
                             "attempt_window = 1 day\n"
                             "lock_time = 1 day\n"
                             "attempt_delay = 0\n"
                             "attempt_delay_max = 0\n"
                             "factor_enrol = administrator\n";
#define LIMIT     10
#define UNKNOWN   "nemo"
#define WARMUP    10
#define CROP_PART 0.9

/* Whoever is refused, and why. Groups do not have to look like each other: of a shared id one more
 * question is asked, a code of the form of those on paper costs an evaluation, and none costs
 * nothing. */
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
    KIND_NO_DEVICE,
    KIND_WRONG_CODE,
    KIND_USED_CODE,
    KIND_SHARED_WRONG,
    KIND_SHARED_PERSON,
    KIND_PAPER_UNKNOWN,
    KIND_PAPER_WRONG,
    KIND_PAPER_NONE,
    KIND_PAPER_CODES,
    KIND_EMPTY_UNKNOWN,
    KIND_EMPTY_WRONG,
    KIND_EMPTY_DEVICE,
    KIND_COUNT
};
#define GUESS "green-Lantern-41-harbour"
#define PAPER "K7XQM-3NPWD"
enum group {
    GROUP_CODE,
    GROUP_SHARED,
    GROUP_PAPER,
    GROUP_EMPTY,
    GROUP_COUNT
};
/* Who it is: people of the bench by number, and nobody. */
enum {
    NOBODY = -1,
    WRONG,
    REPEATED,
    LOCKED,
    DISABLED,
    RETIRED,
    HOURS,
    PLACE,
    SERVICE,
    REQUIRED, /* a factor is, and there is none */
    DEVICE,
    USED, /* a device whose codes of now are used up */
    SHARED_WRONG,
    SHARED_PERSON,
    CODES, /* on paper, and a device */
    PEOPLE
};
static_assert(PEOPLE == BENCH_PEOPLE, "a person for each");

/* NULL as the code: the one that the device has now. */
static const struct kind_row {
    const char *name, *password, *code;
    int person;
    enum group group;
} kinds[KIND_COUNT] = {
    [KIND_UNKNOWN] = {"unknown", GUESS, "000000", NOBODY, GROUP_CODE},
    [KIND_WRONG] = {"wrong", GUESS, "000000", WRONG, GROUP_CODE},
    [KIND_REPEATED] = {"repeated", GUESS, "000000", REPEATED, GROUP_CODE},
    [KIND_LOCKED] = {"locked", BENCH_PASSWORD, "000000", LOCKED, GROUP_CODE},
    [KIND_DISABLED] = {"disabled", BENCH_PASSWORD, "000000", DISABLED, GROUP_CODE},
    [KIND_RETIRED] = {"retired", BENCH_PASSWORD, "000000", RETIRED, GROUP_CODE},
    [KIND_HOURS] = {"hours", BENCH_PASSWORD, "000000", HOURS, GROUP_CODE},
    [KIND_PLACE] = {"place", BENCH_PASSWORD, "000000", PLACE, GROUP_CODE},
    [KIND_SERVICE] = {"service", BENCH_PASSWORD, "000000", SERVICE, GROUP_CODE},
    [KIND_NO_DEVICE] = {"no device", BENCH_PASSWORD, "000000", REQUIRED, GROUP_CODE},
    [KIND_WRONG_CODE] = {"wrong code", BENCH_PASSWORD, "000000", DEVICE, GROUP_CODE},
    [KIND_USED_CODE] = {"used code", BENCH_PASSWORD, NULL, USED, GROUP_CODE},
    [KIND_SHARED_WRONG] = {"shared, wrong", GUESS, "000000", SHARED_WRONG, GROUP_SHARED},
    [KIND_SHARED_PERSON] = {"shared, nobody's name", BENCH_PASSWORD, "000000", SHARED_PERSON,
                            GROUP_SHARED},
    [KIND_PAPER_UNKNOWN] = {"on paper, unknown", GUESS, PAPER, NOBODY, GROUP_PAPER},
    [KIND_PAPER_WRONG] = {"on paper, wrong password", GUESS, PAPER, CODES, GROUP_PAPER},
    [KIND_PAPER_NONE] = {"on paper, none there", BENCH_PASSWORD, PAPER, DEVICE, GROUP_PAPER},
    [KIND_PAPER_CODES] = {"on paper, ten there", BENCH_PASSWORD, PAPER, CODES, GROUP_PAPER},
    [KIND_EMPTY_UNKNOWN] = {"no code, unknown", GUESS, "", NOBODY, GROUP_EMPTY},
    [KIND_EMPTY_WRONG] = {"no code, wrong password", GUESS, "", DEVICE, GROUP_EMPTY},
    [KIND_EMPTY_DEVICE] = {"no code, a device", BENCH_PASSWORD, "", DEVICE, GROUP_EMPTY},
};

struct trial {
    const struct bench *bench;
    struct sandbox place;
    struct totp_record device;    /* of USED */
    char said[GROUP_COUNT][8192]; /* by the first try of all */
    int code;
};

static const char *user_of(const struct trial *trial, enum kind kind)
{
    return kinds[kind].person == NOBODY ? UNKNOWN : trial->bench->people[kinds[kind].person];
}

/* What the device of USED shows now: a step that was used. */
static void code_now(const struct trial *trial, char code[16])
{
    const struct totp_record *device = &trial->device;
    BENCH_MUST(oath_totp_generate2((const char *)device->secret, device->secret_len, time(NULL),
                                   device->period, 0, device->digits, OATH_TOTP_HMAC_SHA256,
                                   code) == OATH_OK);
}

static double try_with(struct trial *trial, enum kind kind, const char *password)
{
    char shown[16] = "";
    if (kinds[kind].code == NULL)
        code_now(trial, shown);
    const char *const code_given = kinds[kind].code != NULL ? kinds[kind].code : shown;
    const char *const answers[BENCH_ANSWERS] = {password, code_given, UNKNOWN};
    char *said = trial->said[kinds[kind].group];
    struct host host;
    int code;
    double took =
        login_once(&trial->place, user_of(trial, kind), BENCH_RHOST, answers, &host, &code);
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

/* Whose failures are made to count no more before each try: else all were locked after ten, and
 * factors closed after a hundred wrong codes. */
static bool is_cleared(int person)
{
    return person != LOCKED && person != REPEATED;
}

static enum medgl_error clear_known(struct store_txn *txn, void *argument)
{
    const struct trial *trial = argument;
    struct account account;
    struct activity activity;
    uint32_t cleared;
    for (int person = 0; person < PEOPLE; person++)
        if (is_cleared(person)) {
            MEDGL_TRY(store_account_by_name(txn, trial->bench->people[person], &account));
            MEDGL_TRY(store_attempt_clear(txn, account.id, NULL, &cleared));
            MEDGL_TRY(store_activity_get(txn, account.id, &activity));
            activity.factor_failures = 0;
            MEDGL_TRY(store_activity_put(txn, &activity));
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
    const char *const *people = trial->bench->people;
    const struct account_change_request changes[] = {
        {.name = people[HOURS], .rules.hours = hours},
        {.name = people[PLACE], .rules.places = "console"},
        {.name = people[SERVICE], .rules.services = "login"},
        {.name = people[REQUIRED], .rules.factor = "required"},
        {.name = people[SHARED_WRONG], .rules.shared = "yes"},
        {.name = people[SHARED_PERSON], .rules.shared = "yes"},
    };
    for (size_t i = 0; i < MEDGL_COUNT(changes); i++)
        MEDGL_TRY(operation_account_change(context, &changes[i], why));
    MEDGL_TRY(operation_account_retire(context, people[RETIRED], "left", why));
    return operation_account_disable(context, people[DISABLED], "leave", why);
}

/* -- second factors ---------------------------------------------------------------------------- */

struct device_run {
    struct context *context;
    const char *name;
    struct totp_enrolment enrolment;
};

static enum medgl_error device_store(struct store_txn *txn, void *argument)
{
    const struct device_run *run = argument;
    const struct clock_reading clock = clock_read();
    struct account account;
    char why[OPERATION_WHY_SIZE];
    MEDGL_TRY(store_account_by_name(txn, run->name, &account));
    return totp_enrolment_store(run->context, txn, &clock, &account, &run->enrolment, "owner", why);
}

/* `ahead`: the steps from now on that are used up already. The same device for all. */
static enum medgl_error give_device(struct context *context, const struct trial *trial, int person,
                                    int64_t ahead)
{
    struct device_run run = {.context = context, .name = trial->bench->people[person]};
    run.enrolment = (struct totp_enrolment){.record = trial->device};
    run.enrolment.step = totp_step(&trial->device, clock_read().now) + ahead;
    return store_transact(context->store, STORE_WRITE, device_store, &run);
}

static enum medgl_error drop_codes(void *argument, const struct account *account,
                                   const char (*codes)[RECOVERY_TEXT_SIZE], size_t count)
{
    (void)argument, (void)account, (void)codes, (void)count;
    return MEDGL_OK;
}

static enum medgl_error give_factors(struct context *context, void *argument)
{
    const struct trial *trial = argument;
    char why[OPERATION_WHY_SIZE];
    const struct recovery_issue_request paper = {
        .name = trial->bench->people[CODES], .reason = "bench", .deliver = drop_codes};
    MEDGL_TRY(give_device(context, trial, DEVICE, -3));
    MEDGL_TRY(give_device(context, trial, CODES, -3));
    MEDGL_TRY(give_device(context, trial, USED, 1000000));
    return operation_recovery_issue(context, &paper, why);
}

static void trial_make(const struct bench *bench, struct trial *trial)
{
    *trial = (struct trial){.bench = bench};
    BENCH_MUST(getpwnam(UNKNOWN) == NULL);
    BENCH_MUST(totp_generate(TOTP_SHA256, 6, &trial->device) == MEDGL_OK);
    place_make(bench, policy, BENCH_PEOPLE, &trial->place);
    /* The right password of each, before it is refused. */
    for (int person = 0; person < PEOPLE; person++)
        (void)login_good(&trial->place, bench->people[person], BENCH_RHOST);
    place_run(bench, &trial->place, close_people, trial);
    place_run(bench, &trial->place, give_factors, trial);
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
