/* Entries of the ledger per second, each committed and synced by itself, beside the bare fsync(2)
 * of a page that the same device can do (R08). Measured in turns. */
#include "tests/bench/bench.h"

#include "base/auto.h"
#include "operation/evidence.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define APPEND_ROUNDS 30
#define APPEND_EACH   50
#define APPEND_PAGE   4096
#define APPEND_PAGES  256 /* the file's length: what is written over needs no journal of its own */

struct append_bench {
    const struct bench *bench;
    struct sample entries, syncs; /* milliseconds for each */
};

static enum medgl_error append_one(struct store_txn *txn, void *argument)
{
    struct context *context = argument;
    const struct clock_reading clock = clock_read();
    struct ledger_entry entry;
    evidence_begin(context, &clock, LEDGER_LOGIN_FAILURE, NULL, &entry);
    ledger_entry_text(&entry, "service", "sshd");
    ledger_entry_text(&entry, "source", "10.20.117.43");
    ledger_entry_text(&entry, "factors", "password");
    ledger_entry_text(&entry, "reason", "wrong-password");
    ledger_entry_bool(&entry, "counted", true);
    return evidence_append(context, txn, &entry, NULL);
}

static enum medgl_error append_some(struct context *context, double *each)
{
    const double begun = bench_now();
    for (unsigned i = 0; i < APPEND_EACH; i++)
        MEDGL_TRY(store_transact(context->store, STORE_WRITE, append_one, context));
    *each = (bench_now() - begun) / APPEND_EACH;
    return MEDGL_OK;
}

static double sync_some(int fd, unsigned round)
{
    static unsigned char page[APPEND_PAGE];
    const double begun = bench_now();
    for (unsigned i = 0; i < APPEND_EACH; i++) {
        const unsigned at = (round * APPEND_EACH + i) % APPEND_PAGES;
        memset(page, (int)(round + i), sizeof(page));
        BENCH_MUST(pwrite(fd, page, sizeof(page), (off_t)at * APPEND_PAGE) == APPEND_PAGE);
        BENCH_MUST(fsync(fd) == 0);
    }
    return (bench_now() - begun) / APPEND_EACH;
}

/* Beside the store, on its device. */
static int sync_open(const struct context *context)
{
    static const unsigned char page[APPEND_PAGE];
    char path[PATH_MAX];
    BENCH_MUST(path_under(path, context->root, MEDGL_STATEDIR "/bench") == MEDGL_OK);
    const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    BENCH_MUST(fd >= 0);
    for (unsigned i = 0; i < APPEND_PAGES; i++)
        BENCH_MUST(write(fd, page, sizeof(page)) == APPEND_PAGE);
    BENCH_MUST(fsync(fd) == 0 && unlink(path) == 0);
    return fd;
}

static enum medgl_error append_run(struct context *context, void *argument)
{
    struct append_bench *append = argument;
    auto_fd int fd = sync_open(context);
    const unsigned rounds = append->bench->quick ? 3 : APPEND_ROUNDS;
    for (unsigned round = 0; round < rounds; round++) {
        double each;
        MEDGL_TRY(append_some(context, &each));
        sample_add(&append->entries, each);
        sample_add(&append->syncs, sync_some(fd, round));
    }
    line_info("entries, each committed", 1000 / sample_median(&append->entries), "/s");
    line_info("bare fsync of a page", 1000 / sample_median(&append->syncs), "/s");
    line_info("an entry is as long as", sample_ratio(&append->entries, &append->syncs), "of them");
    line_info("beyond one of them it takes", 1000 * sample_excess(&append->entries, &append->syncs),
              "us");
    return MEDGL_OK;
}

void bench_append(const struct bench *bench)
{
    struct append_bench append = {.bench = bench};
    struct sandbox place;
    line_head("Appending to the ledger, beside bare fsync");
    place_make(bench, "", BENCH_PEOPLE, &place);
    place_run(bench, &place, append_run, &append);
    sample_free(&append.entries);
    sample_free(&append.syncs);
}
