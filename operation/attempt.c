/* Counting a try before anything about it is verified (R20). Counting afterwards is the race that
 * let all of sixty parallel guesses through pam_faillock at deny=5. */
#include "operation/attempt.h"

#include "base/log.h"
#include "base/text.h"
#include "operation/breakglass.h"
#include "operation/evidence.h"
#include "policy/calendar.h"

#include <stdio.h>
#include <string.h>

/* How long to wait for others' attempts and for delays, in all. */
#define ATTEMPT_PATIENCE_MS 30000
#define ATTEMPT_POLL_MS     40

#define ATTEMPT_COUNTED 128             /* failures, where the policy's limits are lower */
#define ATTEMPT_KEPT    (7 * MEDGL_DAY) /* after their end, or after what would have been it */

struct reserve_run {
    struct context *context;
    const struct account *account;
    const struct source *source;
    struct reservation *reservation;
    struct clock_reading clock;
};

bool attempt_delays_only(const struct account *account)
{
    return account != NULL && account->class_ == ACCOUNT_CLASS_BREAKGLASS;
}

struct attempt_facts attempt_facts_from(const struct attempt_counts *counts,
                                        const struct account *account, const struct source *source)
{
    return (struct attempt_facts){
        .source_failures = counts->source_failures,
        .source_in_flight = counts->source_in_flight,
        .source_latest = counts->source_latest,
        .source_refused = counts->source_refused,
        .source_refused_latest = counts->source_refused_latest,
        .account_failures = counts->account_failures,
        .account_in_flight = counts->account_in_flight,
        .account_latest = counts->account_latest,
        .console = source->console,
        .remote = source->remote,
        .change = source_key_is_change(source->key),
        .own = source->own,
        .delay_only = attempt_delays_only(account),
    };
}

void attempt_undelayed(const struct policy *policy, struct policy *undelayed)
{
    *undelayed = *policy;
    undelayed->attempt_delay = (struct policy_span){0};
}

uint32_t attempt_counted(const struct policy *policy)
{
    int64_t most = ATTEMPT_COUNTED;
    const int64_t limits[] = {policy->attempts_per_source, policy->attempts_per_account,
                              policy->attempts_per_change};
    for (size_t i = 0; i < MEDGL_COUNT(limits); i++)
        if (limits[i] > most)
            most = limits[i];
    return most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
}

enum medgl_error attempt_count(const struct policy *policy, struct store_txn *txn,
                               const char *account_key, const struct source *source, medgl_time now,
                               struct attempt_counts *counts)
{
    return store_attempt_count(txn, account_key, source->key, now,
                               policy_span_most(policy->attempt_window), attempt_counted(policy),
                               counts);
}

enum medgl_error attempt_judge(const struct policy *policy, struct store_txn *txn,
                               const struct account *account, const char *account_key,
                               const struct source *source, medgl_time now,
                               struct attempt_decision *decision)
{
    struct attempt_counts counts;
    MEDGL_TRY(attempt_count(policy, txn, account_key, source, now, &counts));
    const struct attempt_facts facts = attempt_facts_from(&counts, account, source);
    *decision = policy_attempt(policy, &facts, now);
    return MEDGL_OK;
}

int64_t attempt_limit(const struct policy *policy, const struct account *account, const char *key)
{
    if (attempt_delays_only(account))
        return 0;
    if (key[0] == '\0')
        return policy->attempts_per_account;
    return source_key_is_change(key) ? policy->attempts_per_change : policy->attempts_per_source;
}

/* -- what was never finished ------------------------------------------------------------------ */

struct sweep_run {
    struct context *context;
    const struct clock_reading *clock;
    const struct account *account;
    struct store_txn *txn;
};

enum medgl_error attempt_unrecorded(struct store_txn *txn, const struct account *account)
{
    struct activity activity;
    MEDGL_TRY(store_activity_get(txn, account->id, &activity));
    activity.unrecorded += activity.unrecorded < UINT32_MAX;
    return store_activity_put(txn, &activity);
}

/* A try whose process died, or that took too long, is a failure, and says so. */
static enum medgl_error attempt_swept(void *argument, const struct attempt *attempt)
{
    const struct sweep_run *sweep = argument;
    struct ledger_entry entry;
    if (sweep->context->scarce && sweep->account != NULL)
        return attempt_unrecorded(sweep->txn, sweep->account);
    char started[CLOCK_TEXT_SIZE];
    evidence_begin(sweep->context, sweep->clock, LEDGER_LOGIN_ABANDONED, sweep->account, &entry);
    ledger_entry_text(&entry, "service", attempt->service);
    ledger_entry_text(&entry, "source", attempt->source);
    ledger_entry_time(&entry, "started", attempt->started, started);
    return evidence_append(sweep->context, sweep->txn, &entry, NULL);
}

static enum medgl_error attempt_purged(void *argument, const struct attempt *attempt)
{
    struct sweep_run sweep = *(const struct sweep_run *)argument;
    struct account account;
    enum medgl_error error = store_account_by_id(sweep.txn, attempt->account_id, &account);
    if (error != MEDGL_ERR_NOT_FOUND)
        MEDGL_TRY(error);
    sweep.account = error == MEDGL_OK ? &account : NULL;
    return attempt_swept(&sweep, attempt);
}

enum medgl_error attempt_purge(struct context *context, struct store_txn *txn,
                               const struct clock_reading *clock)
{
    struct sweep_run sweep = {.context = context, .clock = clock, .txn = txn};
    return store_attempt_purge(txn, clock->now - ATTEMPT_KEPT, attempt_purged, &sweep);
}

/* -- taking a place --------------------------------------------------------------------------- */

/* Where space is scarce it replaces one that decides nothing any more. */
static enum medgl_error attempt_begin(const struct context *context, struct store_txn *txn,
                                      const struct attempt *attempt)
{
    if (context->scarce)
        MEDGL_TRY(
            store_attempt_make_way(txn, attempt->account_id, attempt_counted(&context->policy)));
    return store_attempt_begin(txn, attempt);
}

/* One look, under the write lock: sweep, count, decide, and take the place or note the refusal. */
static enum medgl_error reserve_look(struct store_txn *txn, void *argument)
{
    struct reserve_run *run = argument;
    struct attempt *attempt = &run->reservation->attempt;
    struct attempt_decision *decision = &run->reservation->decision;
    struct sweep_run sweep = {
        .context = run->context, .clock = &run->clock, .account = run->account, .txn = txn};
    run->clock = clock_read();
    MEDGL_TRY(store_attempt_sweep(txn, attempt->account_id, run->clock.now, attempt_swept, &sweep));
    MEDGL_TRY(attempt_judge(&run->context->policy, txn, run->account, attempt->account_id,
                            run->source, run->clock.now, decision));
    switch (decision->verdict) {
    case ATTEMPT_DELAYED:
    case ATTEMPT_IN_FLIGHT:
        return MEDGL_OK;
    case ATTEMPT_ADMITTED:
        attempt->outcome = ATTEMPT_OUTCOME_IN_FLIGHT;
        break;
    case ATTEMPT_LOCKED_SOURCE:
    case ATTEMPT_LOCKED_ACCOUNT:
        attempt->outcome = ATTEMPT_OUTCOME_REFUSED;
        break;
    }
    attempt->started = run->clock.now;
    attempt->deadline = run->clock.now + policy_span_most(run->context->policy.attempt_timeout);
    return attempt_begin(run->context, txn, attempt);
}

/* Where it cannot be told, tries are recorded as ever. */
void attempt_look_for_space(struct context *context)
{
    context->scarce = false;
    if (context->place == CONTEXT_BREAKGLASS &&
        store_scarce(context->store, BREAKGLASS_RESERVE / 2, &context->scarce) != MEDGL_OK)
        log_line(LOG_WARNING, "nobody can tell how much space is kept for break-glass accounts");
}

/* Whether it is worth another look: a crowd that waits for others, or for its delay, must not stand
 * in line for the write lock meanwhile, where those stand who log in. Decides nothing: what it
 * found is looked at anew under the lock. */
static enum medgl_error reserve_peek(struct store_txn *txn, void *argument)
{
    struct reserve_run *run = argument;
    run->clock = clock_read();
    return attempt_judge(&run->context->policy, txn, run->account,
                         run->reservation->attempt.account_id, run->source, run->clock.now,
                         &run->reservation->decision);
}

static bool reserve_waits(const struct reserve_run *run)
{
    switch (run->reservation->decision.verdict) {
    case ATTEMPT_DELAYED:
    case ATTEMPT_IN_FLIGHT:
        return true;
    case ATTEMPT_LOCKED_SOURCE:
    case ATTEMPT_LOCKED_ACCOUNT:
    case ATTEMPT_ADMITTED:
        break;
    }
    return false;
}

/* How long until the next look; a little different for each process, so that a crowd does not look
 * in step. */
static int64_t reserve_pause(const struct reserve_run *run)
{
    unsigned jitter = 0;
    (void)crypto_random_below(ATTEMPT_POLL_MS, &jitter);
    int64_t pause = ATTEMPT_POLL_MS / 2 + jitter;
    if (run->reservation->decision.verdict == ATTEMPT_DELAYED) {
        int64_t rest = run->reservation->decision.until - run->clock.now;
        if (rest > 0)
            return rest < ATTEMPT_PATIENCE_MS ? rest : ATTEMPT_PATIENCE_MS;
    }
    return pause;
}

/* Waited long enough. For a delay that is a refusal like any other: so many tries at once are no
 * person's. For attempts in flight it is the machine that is late. */
static enum medgl_error reserve_give_up(struct reservation *reservation)
{
    if (reservation->decision.verdict != ATTEMPT_DELAYED)
        return MEDGL_ERR_DEADLINE;
    reservation->decision.verdict = ATTEMPT_LOCKED_SOURCE;
    reservation->attempt.outcome = ATTEMPT_OUTCOME_REFUSED;
    return MEDGL_OK;
}

enum medgl_error attempt_reserve(struct context *context, const struct account *account,
                                 const char *account_key, const struct caller *caller,
                                 const struct source *source, struct reservation *reservation)
{
    *reservation = (struct reservation){.decision = {.verdict = ATTEMPT_LOCKED_SOURCE}};
    struct attempt *attempt = &reservation->attempt;
    MEDGL_TRY(crypto_random_id(attempt->id));
    (void)snprintf(attempt->account_id, sizeof(attempt->account_id), "%s", account_key);
    (void)snprintf(attempt->source, sizeof(attempt->source), "%s", source->key);
    (void)snprintf(attempt->service, sizeof(attempt->service), "%s", caller->service);
    struct reserve_run run = {
        .context = context, .account = account, .source = source, .reservation = reservation};
    const int64_t give_up = clock_monotonic() + ATTEMPT_PATIENCE_MS;
    attempt_look_for_space(context);
    for (;;) {
        MEDGL_TRY(store_transact(context->store, STORE_WRITE, reserve_look, &run));
        if (attempt->outcome != 0)
            return MEDGL_OK;
        while (reserve_waits(&run)) {
            int64_t pause = reserve_pause(&run);
            if (clock_monotonic() + pause > give_up)
                return reserve_give_up(reservation);
            clock_sleep(pause);
            MEDGL_TRY(store_transact(context->store, STORE_READ, reserve_peek, &run));
        }
    }
}

static enum medgl_error withdraw_now(struct store_txn *txn, void *argument)
{
    const char *id = argument;
    return store_attempt_finish(txn, id, clock_read().now, ATTEMPT_OUTCOME_WITHDRAWN, 0);
}

void attempt_withdraw(struct context *context, const struct reservation *reservation)
{
    char id[CRYPTO_ID_SIZE];
    memcpy(id, reservation->attempt.id, sizeof(id));
    if (reservation->attempt.outcome == ATTEMPT_OUTCOME_IN_FLIGHT)
        (void)store_transact(context->store, STORE_WRITE, withdraw_now, id);
}

enum medgl_error attempt_note_refusal(const struct context *context, struct store_txn *txn,
                                      const struct account *account, const char *account_key,
                                      const struct caller *caller, const struct source *source,
                                      medgl_time now, bool *again)
{
    struct attempt_decision decision;
    struct attempt attempt = {.started = now, .deadline = now, .outcome = ATTEMPT_OUTCOME_REFUSED};
    MEDGL_TRY(attempt_judge(&context->policy, txn, account, account_key, source, now, &decision));
    *again = decision.verdict == ATTEMPT_DELAYED;
    if (*again)
        return MEDGL_OK;
    MEDGL_TRY(crypto_random_id(attempt.id));
    (void)snprintf(attempt.account_id, sizeof(attempt.account_id), "%s", account_key);
    (void)snprintf(attempt.source, sizeof(attempt.source), "%s", source->key);
    (void)snprintf(attempt.service, sizeof(attempt.service), "%s", caller->service);
    return attempt_begin(context, txn, &attempt);
}

enum medgl_error attempt_stand_in(const struct context *context, const char *name,
                                  char id[CRYPTO_ID_SIZE])
{
    unsigned char mac[CRYPTO_HASH_SIZE];
    MEDGL_TRY(
        crypto_hmac_sha256(context->tag_key, sizeof(context->tag_key), name, strlen(name), mac));
    text_hex(id, mac, (CRYPTO_ID_SIZE - 1) / 2);
    return MEDGL_OK;
}

/* -- the same guess again --------------------------------------------------------------------- */

/* The labels begin with what no login name begins with: none of these is a stand-in. */
#define LABEL_SALT "\1salt"
#define LABEL_TAG  "\1tag"

enum medgl_error attempt_salt(const struct context *context, const char *account_key,
                              unsigned char salt[KDF_SALT_SIZE])
{
    unsigned char text[sizeof(LABEL_SALT) + CRYPTO_ID_SIZE] = LABEL_SALT, mac[CRYPTO_HASH_SIZE];
    (void)snprintf((char *)text + sizeof(LABEL_SALT), CRYPTO_ID_SIZE, "%s", account_key);
    MEDGL_TRY(
        crypto_hmac_sha256(context->tag_key, sizeof(context->tag_key), text, sizeof(text), mac));
    memcpy(salt, mac, KDF_SALT_SIZE);
    return MEDGL_OK;
}

enum medgl_error attempt_tag(const struct context *context, const char *account_key,
                             const unsigned char evaluation[KDF_HASH_SIZE], const char *more,
                             uint32_t *tag)
{
    unsigned char text[sizeof(LABEL_TAG) + CRYPTO_ID_SIZE + KDF_HASH_SIZE + STORE_NAME_SIZE] =
        LABEL_TAG;
    unsigned char mac[CRYPTO_HASH_SIZE], *at = text + sizeof(LABEL_TAG);
    *tag = 0;
    (void)snprintf((char *)at, CRYPTO_ID_SIZE, "%s", account_key);
    memcpy(at + CRYPTO_ID_SIZE, evaluation, KDF_HASH_SIZE);
    (void)snprintf((char *)at + CRYPTO_ID_SIZE + KDF_HASH_SIZE, STORE_NAME_SIZE, "%s", more);
    enum medgl_error error =
        crypto_hmac_sha256(context->tag_key, sizeof(context->tag_key), text, sizeof(text), mac);
    secret_wipe(text, sizeof(text));
    MEDGL_TRY(error);
    for (size_t i = 0; i < ATTEMPT_TAG_BITS / 8; i++)
        *tag = *tag << 8 | mac[i];
    *tag += *tag == 0;
    secret_wipe(mac, sizeof(mac));
    return MEDGL_OK;
}
