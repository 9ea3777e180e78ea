/* The access log of a ledger with very many entries (R07): what few filters show, and everything,
 * beside a bare scan of the lines. */
#include "tests/bench/bench.h"

#include "base/auto.h"
#include "operation/evidence.h"
#include "operation/report.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <string.h>
#include <time.h>

#define REPORT_BATCH 20000
#define REPORT_GOAL  2000 /* milliseconds, for a million entries, where few are shown */
#define REPORT_TURNS 3

struct report_bench {
    const struct bench *bench;
    struct account people[BENCH_PEOPLE];
    uint64_t from, to;
    struct ledger_head head;
    medgl_time begin;
};

/* -- entries -------------------------------------------------------------------------------------
 */

static enum medgl_error report_sign(const struct context *context, struct ledger_head *head)
{
    struct checkpoint checkpoint = {.size = head->tree.size};
    (void)snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
                   note_signer_name(context->signer));
    MEDGL_TRY(merkle_root(&head->tree, checkpoint.root));
    return checkpoint_sign(&checkpoint, context->signer, head->checkpoint,
                           sizeof(head->checkpoint));
}

/* A login of somebody, from somewhere, at some time: one of a thousand is a failure at the first
 * person's account, from one address. */
static void report_describe(const struct report_bench *report, struct context *context,
                            uint64_t number, char source[64], struct ledger_entry *entry)
{
    static const char *const services[] = {"sshd", "login", "sudo", "su", "cron"};
    const bool rare = number % 1000 == 500;
    const struct account *who = &report->people[rare ? 0 : 1 + number % (BENCH_PEOPLE - 1)];
    const struct clock_reading clock = {.now = report->begin + (medgl_time)number * MEDGL_SECOND,
                                        .synchronised = true};
    const enum ledger_kind kind = rare ? LEDGER_LOGIN_FAILURE : LEDGER_LOGIN_SUCCESS;
    evidence_begin(context, &clock, kind, who, entry);
    if (rare)
        (void)snprintf(source, 64, "203.0.113.7");
    else
        (void)snprintf(source, 64, "10.%" PRIu64 ".%" PRIu64 ".%" PRIu64, number >> 16 & 7,
                       number >> 8 & 255, number & 255);
    ledger_entry_text(entry, "service", rare ? "vsftpd" : services[number % MEDGL_COUNT(services)]);
    ledger_entry_text(entry, "source", source);
    ledger_entry_text(entry, "factors", "password");
    ledger_entry_text(entry, "purpose", "login");
    ledger_entry_text(entry, "class", account_class_word(who->class_));
    ledger_entry_text(entry, rare ? "reason" : "rule", rare ? "wrong-password" : "A");
}

static enum medgl_error report_batch(struct report_bench *report, struct context *context,
                                     struct store_txn *txn)
{
    MEDGL_TRY(store_ledger_head(txn, &report->head));
    for (uint64_t i = report->from; i < report->to; i++) {
        struct ledger_entry entry;
        unsigned char leaf[MERKLE_HASH_SIZE];
        char source[64];
        auto_free char *line = NULL;
        size_t len;
        report_describe(report, context, i, source, &entry);
        entry.seq = report->head.tree.size;
        MEDGL_TRY(ledger_entry_encode(&entry, &line, &len));
        MEDGL_TRY(merkle_leaf(line, len, leaf));
        MEDGL_TRY(merkle_append(&report->head.tree, leaf));
        if (i + 1 == report->to)
            MEDGL_TRY(report_sign(context, &report->head));
        MEDGL_TRY(store_ledger_append(txn, line, len, leaf, &report->head));
    }
    return MEDGL_OK;
}

struct batch {
    struct report_bench *report;
    struct context *context;
};

static enum medgl_error report_write(struct store_txn *txn, void *argument)
{
    const struct batch *batch = argument;
    struct report_bench *report = batch->report;
    for (size_t i = 0; i < BENCH_PEOPLE; i++)
        MEDGL_TRY(store_account_by_name(txn, report->bench->people[i], &report->people[i]));
    return report_batch(report, batch->context, txn);
}

static enum medgl_error report_fill(struct context *context, void *argument)
{
    struct report_bench *report = argument;
    const struct batch batch = {report, context};
    const uint64_t all = report->bench->accounts;
    for (report->from = 0; report->from < all; report->from = report->to) {
        report->to = report->from + REPORT_BATCH < all ? report->from + REPORT_BATCH : all;
        MEDGL_TRY(store_transact(context->store, STORE_WRITE, report_write, (void *)&batch));
    }
    return MEDGL_OK;
}

/* -- what is measured
 * ------------------------------------------------------------------------------ */

static double scan_once(struct context *context)
{
    char path[PATH_MAX];
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    BENCH_MUST(path_under(path, context->root, PATH_STORE) == MEDGL_OK);
    const double begin = bench_now();
    BENCH_MUST(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    BENCH_MUST(sqlite3_prepare_v2(db, "SELECT sum(length(line)) FROM ledger", -1, &statement,
                                  NULL) == SQLITE_OK);
    BENCH_MUST(sqlite3_step(statement) == SQLITE_ROW);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    return bench_now() - begin;
}

/* Milliseconds of the processor that this process had. */
static double report_worked(void)
{
    struct timespec t;
    BENCH_MUST(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static enum medgl_error report_count(void *argument, const struct access_record *record)
{
    uint64_t *count = argument;
    (void)record;
    ++*count;
    return MEDGL_OK;
}

static void report_measure(const struct bench *bench, struct context *context, const char *name,
                           const struct access_filter *filter, bool few)
{
    auto_sample struct sample report = {.count = 0}, scan = {.count = 0}, work = {.count = 0};
    uint64_t count = 0;
    char text[128];
    for (int i = 0; i < REPORT_TURNS; i++) {
        sample_add(&scan, scan_once(context));
        count = 0;
        const double begin = bench_now(), worked = report_worked();
        BENCH_MUST(operation_report_access(context, filter, report_count, &count) == MEDGL_OK);
        sample_add(&report, bench_now() - begin);
        sample_add(&work, report_worked() - worked);
    }
    (void)snprintf(text, sizeof(text), "%s: %" PRIu64 " shown", name, count);
    if (few)
        line_goal(bench, text, sample_median(&report), "ms", REPORT_GOAL, false);
    else
        line_info(text, sample_median(&report), "ms");
    line_info("  of the processor", sample_median(&work), "ms");
    line_info("  over a bare scan", sample_ratio(&report, &scan), "times");
}

static enum medgl_error report_run(struct context *context, void *argument)
{
    static const enum access_result failure = ACCESS_RESULT_FAILURE;
    static const enum account_class maintenance = ACCOUNT_CLASS_MAINTENANCE;
    const struct report_bench *report = argument;
    const struct bench *bench = report->bench;
    const medgl_time late = report->begin + (medgl_time)(bench->accounts - 100) * MEDGL_SECOND;
    const struct {
        const char *name;
        struct access_filter filter;
        bool few;
    } rows[] = {
        {"the last 100", {.last = 100}, true},
        {"the last 100 of an account", {.account = bench->people[0], .last = 100}, true},
        {"an account", {.account = bench->people[0]}, true},
        {"a class", {.class_ = &maintenance}, true},
        {"a service", {.service = "vsftpd"}, true},
        {"an address", {.source = "203.0.113.7"}, true},
        {"a network", {.source = "203.0.113.0/24"}, true},
        {"a factor", {.factor = "totp"}, true},
        {"failures", {.result = &failure}, true},
        {"since", {.since = late}, true},
        {"until", {.until = report->begin + 100 * MEDGL_SECOND}, true},
        {"an account, by source",
         {.account = bench->people[0], .order = ACCESS_BY_SOURCE, .reverse = true},
         true},
        {"everything", {.last = 0}, false},
        {"everything, the latest first", {.reverse = true}, false},
        {"everything, by account", {.order = ACCESS_BY_ACCOUNT}, false},
    };
    line_info("a bare scan (SELECT sum(length(line)))", scan_once(context), "ms");
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++)
        report_measure(bench, context, rows[i].name, &rows[i].filter, rows[i].few);
    return MEDGL_OK;
}

void bench_report(const struct bench *bench)
{
    struct sandbox place;
    struct report_bench report = {.bench = bench, .begin = 1700000000000};
    char title[96];
    (void)snprintf(title, sizeof(title), "The access log of %" PRIu64 " entries", bench->accounts);
    line_head(title);
    place_make(bench, "kdf_memory = 19 MiB\nkdf_time = 2\n", BENCH_PEOPLE, &place);
    place_run(bench, &place, report_fill, &report);
    place_run(bench, &place, report_run, &report);
}
