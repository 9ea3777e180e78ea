/* Attempts (R20).
 *
 * MUSTs: an attempt is counted in a committed transaction before anything is verified (the caller
 * commits what store_attempt_begin() wrote); it is counted and recorded under one write lock; one
 * whose process is gone or that is past its deadline has failed; a time later than now is taken as
 * now. Each row that counts is read whole and checked. */
#include "store/sqlite/database.h"

#include "base/text.h"

#include <stddef.h>
#include <string.h>

#define OVERDUE_AT_ONCE 8 /* that are looked at; each has an entry */

struct attempt_row {
    struct attempt attempt;
    medgl_time finished; /* 0: in flight */
    int64_t lease;       /* see lease.c; 0: never was in flight */
};

static const struct row_column attempt_columns[] = {
    ROW_COLUMN("id", ROW_TEXT, struct attempt_row, attempt.id),
    ROW_COLUMN("account_id", ROW_TEXT, struct attempt_row, attempt.account_id),
    ROW_COLUMN("source", ROW_TEXT, struct attempt_row, attempt.source),
    ROW_COLUMN("service", ROW_TEXT, struct attempt_row, attempt.service),
    ROW_COLUMN("started", ROW_SIGNED, struct attempt_row, attempt.started),
    ROW_COLUMN("deadline", ROW_SIGNED, struct attempt_row, attempt.deadline),
    ROW_COLUMN("finished", ROW_SIGNED, struct attempt_row, finished),
    ROW_COLUMN("outcome", ROW_UNSIGNED, struct attempt_row, attempt.outcome),
    ROW_COLUMN("lease", ROW_SIGNED, struct attempt_row, lease),
    ROW_COLUMN_LATER("tag", ROW_UNSIGNED, struct attempt_row, attempt.tag),
};
const struct row_table table_attempt = {"attempt", attempt_columns, MEDGL_COUNT(attempt_columns),
                                        STATEMENT_ATTEMPT_ALL, STATEMENT_ATTEMPT_REKEY};

static enum medgl_error attempt_update(struct store_txn *txn, const struct attempt_row *row)
{
    return row_put(txn, STATEMENT_ATTEMPT_UPDATE, &table_attempt, row);
}

/* The next one in flight, in the order of ids: a cursor over rows that are changed on the way. */
static enum medgl_error attempt_next(struct store_txn *txn, const char *account_id,
                                     const char *after, struct attempt_row *row)
{
    return row_get(txn, STATEMENT_ATTEMPT_IN_FLIGHT,
                   STATEMENT_KEYS({":account_id", account_id, 0}, {":after", after, 0}),
                   &table_attempt, row);
}

static enum medgl_error attempt_lives(struct store_txn *txn, const struct attempt_row *row,
                                      medgl_time now, bool *lives)
{
    *lives = false;
    return row->attempt.deadline <= now ? MEDGL_OK : lease_alive(txn->store, row->lease, lives);
}

/* -- counting ------------------------------------------------------------------------------- */

/* The clock was set back: a failure that lies ahead would lock for longer than its rule, and, once
 * overtaken, again. */
static enum medgl_error attempt_redate(struct store_txn *txn, const char *account_id,
                                       medgl_time now)
{
    enum medgl_error error;
    struct attempt_row row;
    const struct statement_key *keys =
        STATEMENT_KEYS({":account_id", account_id, 0}, {":now", NULL, now});
    while ((error = row_get(txn, STATEMENT_ATTEMPT_FAILED_LATER, keys, &table_attempt, &row)) ==
           MEDGL_OK) {
        row.finished = now;
        MEDGL_TRY(attempt_update(txn, &row));
    }
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

struct failures {
    uint32_t count;
    medgl_time latest;
    uint32_t tag;  /* to look for; 0: none */
    bool tag_seen; /* one of them has it */
};

/* What is counted: from the latest back to `window` before it, `most` of them. */
struct span {
    medgl_time now, window;
    uint32_t most;
};

/* The failures of a source, or all (NULL). */
static enum medgl_error attempt_failures(struct store_txn *txn, const char *account_id,
                                         const char *source, const struct span *span,
                                         struct failures *failures)
{
    auto_statement struct statement statement = {0};
    enum medgl_error error;
    struct attempt_row row;
    const struct statement_key keys[] = {{":account_id", account_id, 0},
                                         {":most", NULL, span->most},
                                         {source != NULL ? ":source" : NULL, source, 0},
                                         {0}};
    MEDGL_TRY(statement_begin_in(
        txn, source != NULL ? STATEMENT_ATTEMPT_FAILED_BY_SOURCE : STATEMENT_ATTEMPT_FAILED, keys,
        &statement));
    while ((error = statement_step(&statement)) == MEDGL_OK) {
        MEDGL_TRY(row_read(&statement, &table_attempt, &row));
        medgl_time finished = row.finished < span->now ? row.finished : span->now;
        if (failures->count == 0)
            failures->latest = finished;
        if (failures->latest - finished > span->window)
            return MEDGL_OK;
        failures->count++;
        failures->tag_seen |= failures->tag != 0 && row.attempt.tag == failures->tag;
    }
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

static enum medgl_error attempt_in_flight(struct store_txn *txn, const char *account_id,
                                          const char *source, medgl_time now,
                                          struct attempt_counts *counts)
{
    enum medgl_error error;
    struct attempt_row row = {0};
    bool lives;
    counts->account_in_flight = counts->source_in_flight = 0;
    while ((error = attempt_next(txn, account_id, row.attempt.id, &row)) == MEDGL_OK) {
        MEDGL_TRY(attempt_lives(txn, &row, now, &lives));
        bool same = strcmp(row.attempt.source, source) == 0;
        counts->account_in_flight += lives;
        counts->source_in_flight += lives && same;
        if (lives)
            continue;
        /* MUST: nobody swept it yet (it died since), and it has failed all the same. Counted
         * nowhere, it would be a guess for free. */
        counts->account_failures++;
        counts->account_latest = now;
        if (same) {
            counts->source_failures++;
            counts->source_latest = now;
        }
    }
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

static enum medgl_error attempt_refused(struct store_txn *txn, const char *account_id,
                                        const char *source, medgl_time now, medgl_time window,
                                        struct attempt_counts *counts)
{
    auto_statement struct statement statement = {0};
    enum medgl_error error;
    struct attempt_row row;
    MEDGL_TRY(statement_begin_in(
        txn, STATEMENT_ATTEMPT_REFUSED,
        STATEMENT_KEYS({":account_id", account_id, 0}, {":source", source, 0}, {":now", NULL, now}),
        &statement));
    while ((error = statement_step(&statement)) == MEDGL_OK) {
        MEDGL_TRY(row_read(&statement, &table_attempt, &row));
        if (counts->source_refused == 0)
            counts->source_refused_latest = row.finished;
        if (counts->source_refused_latest - row.finished > window)
            return MEDGL_OK;
        counts->source_refused++;
    }
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

enum medgl_error store_attempt_count(struct store_txn *txn, const char *account_id,
                                     const char *source, medgl_time now, medgl_time window,
                                     uint32_t most, struct attempt_counts *counts)
{
    const struct span span = {now, window, most};
    *counts = (struct attempt_counts){0};
    if (txn->mode == STORE_WRITE) /* a reader counts them as if they were */
        MEDGL_TRY(attempt_redate(txn, account_id, now));
    struct failures of_source = {0}, of_all = {0};
    MEDGL_TRY(attempt_failures(txn, account_id, source, &span, &of_source));
    MEDGL_TRY(attempt_failures(txn, account_id, NULL, &span, &of_all));
    *counts = (struct attempt_counts){.source_failures = of_source.count,
                                      .source_latest = of_source.latest,
                                      .account_failures = of_all.count,
                                      .account_latest = of_all.latest};
    MEDGL_TRY(attempt_refused(txn, account_id, source, now, window, counts));
    return attempt_in_flight(txn, account_id, source, now, counts);
}

enum medgl_error store_attempt_repeats(struct store_txn *txn, const char *account_id,
                                       const char *source, uint32_t tag, medgl_time now,
                                       medgl_time window, uint32_t most, bool *repeats)
{
    const struct span span = {now, window, most};
    struct failures failures = {.tag = tag};
    *repeats = false;
    if (tag == 0)
        return MEDGL_OK;
    MEDGL_TRY(attempt_failures(txn, account_id, source, &span, &failures));
    *repeats = failures.tag_seen;
    return MEDGL_OK;
}

enum medgl_error store_attempt_spread(struct store_txn *txn, const char *source, medgl_time since,
                                      uint32_t most, uint32_t *accounts)
{
    enum medgl_error error = MEDGL_OK;
    struct attempt_row row = {0};
    *accounts = 0;
    while (*accounts < most &&
           (error = row_get(txn, STATEMENT_ATTEMPT_NEXT_SPREAD,
                            STATEMENT_KEYS({":source", source, 0},
                                           {":after", row.attempt.account_id, 0},
                                           {":since", NULL, since}),
                            &table_attempt, &row)) == MEDGL_OK)
        (*accounts)++;
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

/* -- the life of an attempt ----------------------------------------------------------------- */

enum medgl_error store_attempt_begin(struct store_txn *txn, const struct attempt *attempt)
{
    struct attempt_row row = {.attempt = *attempt};
    if (attempt->outcome == ATTEMPT_OUTCOME_IN_FLIGHT)
        MEDGL_TRY(lease_take(txn->store, &row.lease));
    else if (attempt->outcome == ATTEMPT_OUTCOME_REFUSED)
        row.finished = attempt->started;
    else
        return MEDGL_ERR_ARGUMENT;
    return row_put(txn, STATEMENT_ATTEMPT_ADD, &table_attempt, &row);
}

enum medgl_error store_attempt_make_way(struct store_txn *txn, const char *account_id,
                                        uint32_t most)
{
    const struct statement_key *keys =
        STATEMENT_KEYS({":account_id", account_id, 0}, {":most", NULL, most});
    MEDGL_TRY(statement_run(txn, STATEMENT_ATTEMPT_MAKE_WAY, keys));
    return statement_run(txn, STATEMENT_ATTEMPT_MAKE_WAY_REFUSED, keys);
}

static bool attempt_is_verdict(enum attempt_outcome outcome)
{
    switch (outcome) {
    case ATTEMPT_OUTCOME_FAILED:
    case ATTEMPT_OUTCOME_SUCCEEDED:
    case ATTEMPT_OUTCOME_REFUSED:
    case ATTEMPT_OUTCOME_REPEATED:
    case ATTEMPT_OUTCOME_WITHDRAWN:
        return true;
    case ATTEMPT_OUTCOME_IN_FLIGHT:
    case ATTEMPT_OUTCOME_CLEARED:
        return false;
    }
    return false;
}

enum medgl_error store_attempt_finish(struct store_txn *txn, const char *id, medgl_time now,
                                      enum attempt_outcome outcome, uint32_t tag)
{
    struct attempt_row row;
    if (!attempt_is_verdict(outcome))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(row_get(txn, STATEMENT_ATTEMPT_BY_ID, STATEMENT_KEYS({":id", id, 0}), &table_attempt,
                      &row));
    /* Past its deadline it has failed, whether or not it was swept yet. */
    if (row.attempt.outcome != ATTEMPT_OUTCOME_IN_FLIGHT || row.attempt.deadline <= now)
        return MEDGL_ERR_CONFLICT;
    row.attempt.outcome = outcome;
    row.attempt.tag = tag;
    row.finished = now;
    return attempt_update(txn, &row);
}

/* Clock set back: what began ahead of now begins now, and has no more time than it had. */
static bool attempt_pull_back(struct attempt *attempt, medgl_time now)
{
    if (attempt->started <= now)
        return false;
    attempt->deadline -= attempt->started - now;
    attempt->started = now;
    return true;
}

enum medgl_error store_attempt_sweep(struct store_txn *txn, const char *account_id, medgl_time now,
                                     enum medgl_error (*each)(void *argument,
                                                              const struct attempt *attempt),
                                     void *argument)
{
    enum medgl_error error;
    struct attempt_row row = {0};
    bool lives;
    while ((error = attempt_next(txn, account_id, row.attempt.id, &row)) == MEDGL_OK) {
        bool changed = attempt_pull_back(&row.attempt, now);
        MEDGL_TRY(attempt_lives(txn, &row, now, &lives));
        if (!lives) {
            row.attempt.outcome = ATTEMPT_OUTCOME_FAILED;
            row.finished = now;
        }
        if (changed || !lives)
            MEDGL_TRY(attempt_update(txn, &row));
        if (!lives)
            MEDGL_TRY(each(argument, &row.attempt));
    }
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

/* -- afterwards ----------------------------------------------------------------------------- */

enum medgl_error store_attempt_clear(struct store_txn *txn, const char *account_id,
                                     const char *source, uint32_t *cleared)
{
    enum medgl_error error;
    struct attempt_row row;
    const enum statement_id id =
        source != NULL ? STATEMENT_ATTEMPT_FAILED_BY_SOURCE : STATEMENT_ATTEMPT_FAILED;
    const struct statement_key keys[] = {{":most", NULL, 1},
                                         {":account_id", account_id, 0},
                                         {source != NULL ? ":source" : NULL, source, 0},
                                         {0}};
    *cleared = 0;
    while ((error = row_get(txn, id, keys, &table_attempt, &row)) == MEDGL_OK) {
        row.attempt.outcome = ATTEMPT_OUTCOME_CLEARED;
        MEDGL_TRY(attempt_update(txn, &row));
        (*cleared)++;
    }
    if (error != MEDGL_ERR_NOT_FOUND)
        return error;
    return statement_run(txn,
                         source != NULL ? STATEMENT_ATTEMPT_FORGET_REFUSED_BY_SOURCE
                                        : STATEMENT_ATTEMPT_FORGET_REFUSED,
                         keys + 1);
}

/* The next one in flight that is overdue since before then, in the order of deadlines. */
static enum medgl_error attempt_next_overdue(struct store_txn *txn, medgl_time before,
                                             const struct attempt_row *after,
                                             struct attempt_row *row)
{
    return row_get(txn, STATEMENT_ATTEMPT_OVERDUE,
                   STATEMENT_KEYS({":before", NULL, before}, {":after", after->attempt.id, 0},
                                  {":deadline", NULL, after->attempt.deadline}),
                   &table_attempt, row);
}

enum medgl_error store_attempt_purge(struct store_txn *txn, medgl_time before,
                                     enum medgl_error (*each)(void *argument,
                                                              const struct attempt *attempt),
                                     void *argument)
{
    enum medgl_error error = MEDGL_OK;
    struct attempt_row row = {.attempt.deadline = INT64_MIN};
    bool lives;
    MEDGL_TRY(
        statement_run(txn, STATEMENT_ATTEMPT_PURGE, STATEMENT_KEYS({":before", NULL, before})));
    for (int looks = 0; looks < OVERDUE_AT_ONCE; looks++) {
        error = attempt_next_overdue(txn, before, &row, &row);
        if (error != MEDGL_OK)
            break;
        MEDGL_TRY(lease_alive(txn->store, row.lease, &lives));
        if (lives)
            continue;
        MEDGL_TRY(statement_run(txn, STATEMENT_ATTEMPT_FORGET,
                                STATEMENT_KEYS({":id", row.attempt.id, 0})));
        MEDGL_TRY(each(argument, &row.attempt));
    }
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

/* What is in flight may be dead: then it has failed, though nobody swept it yet. */
static enum medgl_error attempt_next_account(struct store_txn *txn, char id[CRYPTO_ID_SIZE])
{
    struct attempt_row failed, flying;
    const struct statement_key *keys = STATEMENT_KEYS({":after", id, 0});
    enum medgl_error one =
        row_get(txn, STATEMENT_ATTEMPT_NEXT_ACCOUNT, keys, &table_attempt, &failed);
    if (one != MEDGL_OK && one != MEDGL_ERR_NOT_FOUND)
        return one;
    enum medgl_error other =
        row_get(txn, STATEMENT_ATTEMPT_NEXT_ACCOUNT_IN_FLIGHT, keys, &table_attempt, &flying);
    if (other != MEDGL_OK && (other != MEDGL_ERR_NOT_FOUND || one != MEDGL_OK))
        return other;
    const bool first =
        other != MEDGL_OK ||
        (one == MEDGL_OK && strcmp(failed.attempt.account_id, flying.attempt.account_id) < 0);
    return text_copy(id, CRYPTO_ID_SIZE,
                     first ? failed.attempt.account_id : flying.attempt.account_id);
}

enum medgl_error store_attempt_accounts(struct store_txn *txn,
                                        enum medgl_error (*each)(void *argument,
                                                                 const char *account_id),
                                        void *argument)
{
    enum medgl_error error;
    char id[CRYPTO_ID_SIZE] = "";
    while ((error = attempt_next_account(txn, id)) == MEDGL_OK)
        MEDGL_TRY(each(argument, id));
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

struct source_counts {
    char source[STORE_SOURCE_SIZE];
    struct attempt_counts counts;
};

struct source_list {
    struct source_counts *item;
    size_t count;
};

static void source_list_free(struct source_list *list)
{
    free(list->item);
}

static int source_later(const void *a, const void *b)
{
    const struct source_counts *one = a, *other = b;
    medgl_time x = one->counts.source_latest, y = other->counts.source_latest;
    return x == y ? strcmp(one->source, other->source) : (x < y) - (x > y);
}

static bool source_list_has(const struct source_list *list, const char *source)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->item[i].source, source) == 0)
            return true;
    return false;
}

/* Adds a source to the list if it has failures; of `counts` the account's part is known. */
static enum medgl_error source_list_add(struct source_list *list, struct store_txn *txn,
                                        const char *account_id, const char *source,
                                        const struct span *span, struct attempt_counts counts)
{
    struct failures failures = {0};
    MEDGL_TRY(attempt_failures(txn, account_id, source, span, &failures));
    counts.source_failures = failures.count;
    counts.source_latest = failures.latest;
    MEDGL_TRY(attempt_in_flight(txn, account_id, source, span->now, &counts));
    if (counts.source_failures == 0)
        return MEDGL_OK;
    struct source_counts *larger =
        reallocarray(list->item, list->count + 1, sizeof(struct source_counts));
    if (larger == NULL)
        return MEDGL_ERR_MEMORY;
    list->item = larger;
    larger[list->count].counts = counts;
    return text_copy(larger[list->count++].source, STORE_SOURCE_SIZE, source);
}

/* All sources that have failures, in no order. */
static enum medgl_error source_list_fill(struct source_list *list, struct store_txn *txn,
                                         const char *account_id, const struct span *span)
{
    enum medgl_error error;
    struct attempt_row row = {0}, flying = {0}; /* the source "" may be one as well */
    struct failures failures = {0};
    MEDGL_TRY(attempt_failures(txn, account_id, NULL, span, &failures));
    const struct attempt_counts counts = {.account_failures = failures.count,
                                          .account_latest = failures.latest};
    do {
        MEDGL_TRY(source_list_add(list, txn, account_id, row.attempt.source, span, counts));
        error = row_get(
            txn, STATEMENT_ATTEMPT_NEXT_SOURCE,
            STATEMENT_KEYS({":account_id", account_id, 0}, {":after", row.attempt.source, 0}),
            &table_attempt, &row);
    } while (error == MEDGL_OK);
    if (error != MEDGL_ERR_NOT_FOUND)
        return error;
    /* And those whose only failures are attempts that died. */
    while ((error = attempt_next(txn, account_id, flying.attempt.id, &flying)) == MEDGL_OK)
        if (!source_list_has(list, flying.attempt.source))
            MEDGL_TRY(source_list_add(list, txn, account_id, flying.attempt.source, span, counts));
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

enum medgl_error store_attempt_sources(
    struct store_txn *txn, const char *account_id, medgl_time now, medgl_time window,
    enum medgl_error (*each)(void *argument, const char *source,
                             const struct attempt_counts *counts),
    void *argument)
{
    auto_clean(source_list_free) struct source_list list = {0};
    const struct span all = {now, window, UINT32_MAX};
    MEDGL_TRY(source_list_fill(&list, txn, account_id, &all));
    if (list.count > 0)
        qsort(list.item, list.count, sizeof(list.item[0]), source_later);
    for (size_t i = 0; i < list.count; i++)
        MEDGL_TRY(each(argument, list.item[i].source, &list.item[i].counts));
    return MEDGL_OK;
}
