/* A clock that goes back (R09), the checkpoint of a day's first entry (R08), and how long the disk
 * will do (R35): on a real store in a private root. */
#include "operation_fixture.h"
#include "table.h"

#include "operation/alert.h"
#include "operation/space.h"
#include "policy/calendar.h"

#include <sys/statvfs.h>

/* A device that nobody else writes to: what is left of the real one changes by what other tests do.
 */
int statvfs(const char *restrict path, struct statvfs *restrict device)
{
    (void)path;
    *device = (struct statvfs){.f_bsize = 4096, .f_frsize = 4096, .f_bavail = 1 << 20};
    return 0;
}

/* -- entries at times of ours ----------------------------------------------------------------- */

struct appended {
    struct context *context;
    medgl_time time;
};

static enum medgl_error append_now(struct store_txn *txn, void *argument)
{
    const struct appended *appended = argument;
    const struct clock_reading clock = {.now = appended->time, .synchronised = true};
    struct ledger_entry entry;
    evidence_begin(appended->context, &clock, LEDGER_ROLE_REFUSED, NULL, &entry);
    ledger_entry_text(&entry, "verb", "ledger document");
    return evidence_append(appended->context, txn, &entry, NULL);
}

static void append_at(struct fixture *f, medgl_time time)
{
    struct appended appended = {&f->context, time};
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, append_now, &appended),
                     MEDGL_OK);
}

static enum medgl_error read_head(struct store_txn *txn, void *argument)
{
    return store_ledger_head(txn, argument);
}

static struct ledger_head head_of(struct fixture *f)
{
    struct ledger_head head;
    assert_int_equal(store_transact(f->context.store, STORE_READ, read_head, &head), MEDGL_OK);
    return head;
}

/* -- a clock that goes back (R09) ------------------------------------------------------------- */

struct clock_case {
    const char *name;
    medgl_time at[6]; /* entries, from now on; 1: no more */
    unsigned back;    /* entries that say so */
    medgl_time latest;
};
#define END 1
static const struct clock_case clock_cases[] = {
    {"it goes on", {0, 1000, 1000, 5000, END}, 0, 5000},
    {"two came to the lock in another order", {3600000, 3598500, END}, 0, 3600000},
    {"at its limit", {3600000, 3598000, END}, 0, 3600000},
    {"read long before the lock was there", {0, -3600000, END}, 0, 0},
    {"an hour back", {3600000, 0, END}, 1, 0},
    {"more than two seconds back", {3600000, 3597999, END}, 1, 3597999},
    {"back, and on from there", {3600000, 0, 2, 1000, 2000, END}, 1, 2000},
    {"back twice", {3600000, 0, 7200000, 2000, END}, 2, 2000},
    {"back, and back again", {7200000, 3600000, 10, END}, 2, 10},
};

struct alerts {
    unsigned rows, times;
    const char *words;
};

static void count_alert(void *argument, const struct alert *alert)
{
    struct alerts *alerts = argument;
    if (strstr(alert->text, alerts->words) == NULL)
        return;
    alerts->rows++;
    alerts->times += alert->count;
}

static void no_delivery(void *argument, const struct delivery *delivery)
{
    (void)argument;
    (void)delivery;
}

static struct alerts alerts_of(struct fixture *f, const char *words)
{
    struct alerts alerts = {.words = words};
    assert_int_equal(operation_alert_list(&f->context, true, count_alert, no_delivery, &alerts),
                     MEDGL_OK);
    return alerts;
}

/* The entry before each that says so has its later time, and it the earlier one. */
static enum medgl_error back_row(void *argument, const struct ledger_row *row)
{
    medgl_time *before = argument, from, to;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    assert_int_equal(ledger_entry_decode(row->line, row->len, &parsed), MEDGL_OK);
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    if (entry->kind == LEDGER_CLOCK_BACK) {
        assert_int_equal(clock_parse_utc(ledger_entry_find_text(entry, "from"), &from), MEDGL_OK);
        assert_int_equal(clock_parse_utc(ledger_entry_find_text(entry, "to"), &to), MEDGL_OK);
        assert_int_equal(from, *before);
        assert_int_equal(to, entry->time);
        assert_true(to < from);
    }
    *before = entry->time;
    return MEDGL_OK;
}

static void R09_clock_that_goes_back(void **state)
{
    const struct clock_case *row = *state;
    struct fixture *f = NULL;
    medgl_time before = 0;
    assert_int_equal(fixture_open((void **)&f), 0);
    const medgl_time now = clock_read().now;
    for (size_t i = 0; row->at[i] != END; i++)
        append_at(f, now + row->at[i]);
    assert_int_equal(tally_of(f).kinds[LEDGER_CLOCK_BACK], row->back);
    const struct alerts alerts = alerts_of(f, "The clock went back");
    assert_int_equal(alerts.times, row->back);
    assert_int_equal(alerts.rows, row->back > 0 ? 1 : 0);
    assert_int_equal(head_of(f).time, now + row->latest);
    assert_int_equal(operation_ledger_each(&f->context, 0, UINT64_MAX, back_row, &before),
                     MEDGL_OK);
    assert_int_equal(verify(f), MEDGL_OK);
    assert_int_equal(fixture_close((void **)&f), 0);
}

/* -- the first entry of a day (R08) ----------------------------------------------------------- */

static enum medgl_error count_checkpoint(void *argument, uint64_t size, const char *checkpoint)
{
    unsigned *count = argument;
    (void)size;
    (void)checkpoint;
    ++*count;
    return MEDGL_OK;
}

static enum medgl_error count_kept(struct store_txn *txn, void *argument)
{
    *(unsigned *)argument = 0;
    return store_checkpoint_each(txn, count_checkpoint, argument);
}

static unsigned kept(struct fixture *f)
{
    unsigned count;
    assert_int_equal(store_transact(f->context.store, STORE_READ, count_kept, &count), MEDGL_OK);
    return count;
}

struct day_case {
    const char *name;
    medgl_time at[5]; /* from a midnight of the site on; END: no more */
    unsigned kept;    /* of them all but the first */
};
static const struct day_case day_cases[] = {
    {"the same day", {0, MEDGL_HOUR, 24 * MEDGL_HOUR - 1000, END}, 0},
    {"midnight", {24 * MEDGL_HOUR - 1000, 24 * MEDGL_HOUR, END}, 1},
    {"another's midnight", {8 * MEDGL_HOUR, 10 * MEDGL_HOUR, END}, 0}, /* in UTC */
    {"each day its first", {0, 1000, MEDGL_DAY, MEDGL_DAY + 2000, END}, 1},
    {"days without entries", {0, 5 * MEDGL_DAY, 5 * MEDGL_DAY + 3000, END}, 1},
    {"two days", {0, MEDGL_DAY, 2 * MEDGL_DAY, END}, 2},
};

static void R08_first_entry_of_a_day(void **state)
{
    const struct day_case *row = *state;
    struct fixture *f = NULL;
    assert_int_equal(fixture_open((void **)&f), 0);
    write_policy(f, "time_zone = Asia/Tokyo\n");
    reopen(f);
    const medgl_time now = clock_read().now;
    const int offset = clock_utc_offset(now);
    assert_int_equal(offset, 9 * 3600);
    const medgl_time midnight =
        (policy_day(now, offset) + 10) * MEDGL_DAY - (medgl_time)offset * MEDGL_SECOND;
    append_at(f, midnight + row->at[0]);
    const unsigned before = kept(f);
    for (size_t i = 1; row->at[i] != END; i++)
        append_at(f, midnight + row->at[i]);
    assert_int_equal(kept(f) - before, row->kept);
    assert_int_equal(tally_of(f).kinds[LEDGER_CLOCK_BACK], 0);
    assert_int_equal(verify(f), MEDGL_OK);
    assert_int_equal(fixture_close((void **)&f), 0);
}

/* -- its file --------------------------------------------------------------------------------- */

struct cosign {
    struct kept_checkpoint kept;
    const char *more; /* signature */
    medgl_time time;  /* 0: as it is */
};

static enum medgl_error cosign_now(struct store_txn *txn, void *argument)
{
    struct cosign *cosign = argument;
    MEDGL_TRY(store_checkpoint_at(txn, INT64_MAX, &cosign->kept));
    const size_t len = strlen(cosign->kept.note);
    (void)snprintf(cosign->kept.note + len, sizeof(cosign->kept.note) - len, "%s", cosign->more);
    if (cosign->time != 0)
        cosign->kept.time = cosign->time;
    return store_checkpoint_update(txn, &cosign->kept);
}

static void checkpoint_path(const struct fixture *f, uint64_t size, char path[PATH_MAX])
{
    char name[sizeof(PATH_CHECKPOINTS) + 21];
    (void)snprintf(name, sizeof(name), PATH_CHECKPOINTS "/%020llu", (unsigned long long)size);
    assert_int_equal(path_under(path, f->root, name), MEDGL_OK);
}

/* As it was in the head, whoever signed it since; once. */
static void R08_kept_checkpoint_is_published(void **state)
{
    struct fixture *f = NULL;
    char path[PATH_MAX], note[STORE_NOTE_SIZE] = "";
    struct cosign cosign = {.more = "\u2014 witness.example/w 9hEMtpXh8NjVkg==\n"};
    (void)state;
    assert_int_equal(fixture_open((void **)&f), 0);
    const medgl_time noon = (clock_read().now / MEDGL_DAY + 2) * MEDGL_DAY + 12 * MEDGL_HOUR;
    append_at(f, noon);
    const struct ledger_head head = head_of(f);
    checkpoint_path(f, head.tree.size, path);
    assert_int_equal(access(path, F_OK), -1); /* whoever logged in waited for no file */
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, cosign_now, &cosign), MEDGL_OK);
    assert_int_equal(cosign.kept.size, head.tree.size);
    assert_int_equal(evidence_publish_kept(&f->context), MEDGL_OK);
    auto_file FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_in_range(fread(note, 1, sizeof(note) - 1, file), 1, sizeof(note) - 1);
    assert_string_equal(note, head.checkpoint);
    assert_int_equal(evidence_publish_kept(&f->context), MEDGL_OK);
    assert_int_equal(evidence_publish(&f->context), MEDGL_OK); /* the same, by an act */
    assert_int_equal(unlink(path), 0);
    append_at(f, noon + 1000); /* the head has gone on, the day has not */
    assert_int_equal(evidence_publish_kept(&f->context), MEDGL_OK);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(fixture_close((void **)&f), 0);
}

/* -- space (R35) ------------------------------------------------------------------------------ */

/* The one kept last is made older. */
static void kept_before(struct fixture *f, medgl_time age)
{
    struct cosign cosign = {.more = "", .time = clock_read().now - age};
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, cosign_now, &cosign), MEDGL_OK);
}

static struct space_growth growth_of(struct fixture *f)
{
    struct space_growth growth;
    assert_int_equal(space_growth(&f->context, clock_read().now, &growth), MEDGL_OK);
    return growth;
}

struct growth_case {
    const char *name;
    medgl_time ages[3]; /* of kept checkpoints, the oldest first, ten entries after each; 0: end */
    double per_day;     /* entries; below 0: not known */
};
static const struct growth_case growth_cases[] = {
    {"no day to look at", {23 * MEDGL_HOUR}, -1},
    {"a day", {MEDGL_DAY + 1000}, 10},
    {"ten days", {10 * MEDGL_DAY}, 1},
    {"less than a month: from the first on", {20 * MEDGL_DAY, 10 * MEDGL_DAY}, 1},
    {"a month: from its beginning on", {60 * MEDGL_DAY, 40 * MEDGL_DAY}, 0.25},
    {"a clock that was ahead", {-MEDGL_DAY}, -1},
};

static void R35_growth(void **state)
{
    const struct growth_case *row = *state;
    struct fixture *f = NULL;
    char note[STORE_NOTE_SIZE];
    assert_int_equal(fixture_open((void **)&f), 0);
    const medgl_time now = clock_read().now;
    for (size_t i = 0; row->ages[i] != 0; i++) {
        if (i > 0)
            assert_int_equal(operation_checkpoint(&f->context, note), MEDGL_OK);
        kept_before(f, row->ages[i]);
        for (int n = 0; n < 10; n++)
            append_at(f, now);
    }
    const struct space_growth growth = growth_of(f);
    if (row->per_day < 0) {
        assert_true(growth.since == 0 && growth.days_left == -1 && growth.bytes_per_day == 0);
    } else {
        assert_true(growth.entries_per_day > 0.95 * row->per_day &&
                    growth.entries_per_day < 1.05 * row->per_day);
        assert_true(growth.bytes_per_day > (int64_t)(300 * row->per_day) &&
                    growth.bytes_per_day < (int64_t)(600 * row->per_day));
        assert_true(growth.days_left > 0);
    }
    assert_int_equal(fixture_close((void **)&f), 0);
}

static enum medgl_error add_document(struct store_txn *txn, void *argument)
{
    struct document document = {.type = "image/jpeg", .size = 1000000, .shown_seq = 1};
    struct account account;
    struct fixture *f = argument;
    MEDGL_TRY(store_account_by_name(txn, f->user, &account));
    MEDGL_TRY(crypto_random_id(document.id));
    memcpy(document.account_id, account.id, sizeof(account.id));
    document.created = clock_read().now;
    return store_document_add(txn, &document);
}

static void R35_documents_grow_too(void **state)
{
    struct fixture *f = NULL;
    (void)state;
    assert_int_equal(fixture_open((void **)&f), 0);
    kept_before(f, 10 * MEDGL_DAY);
    enrol(f);
    const int64_t without = growth_of(f).bytes_per_day;
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, add_document, f), MEDGL_OK);
    assert_in_range(growth_of(f).bytes_per_day - without, 99000, 101000);
    assert_int_equal(fixture_close((void **)&f), 0);
}

static enum medgl_error archive_some(struct store_txn *txn, void *argument)
{
    const struct archive archive = {.first = 0, .next = 3, .ledger_seq = 4};
    (void)argument;
    MEDGL_TRY(store_archive_add(txn, &archive));
    return store_ledger_archive(txn, 0, 3);
}

static void R35_what_there_is(void **state)
{
    struct fixture *f = NULL;
    struct space_report report;
    (void)state;
    assert_int_equal(fixture_open((void **)&f), 0);
    const medgl_time later = clock_read().now + MEDGL_MINUTE;
    for (int n = 0; n < 9; n++)
        append_at(f, later + n);
    assert_int_equal(operation_space(&f->context, &report), MEDGL_OK);
    assert_true(report.entries == 10 && report.archived == 0);
    assert_true(report.oldest > 0 && report.oldest < later);
    assert_true(report.store_bytes > 10000 && report.free_bytes > 0);
    assert_int_equal(report.document_bytes, 0);
    assert_int_equal(report.archive_bytes, 0);
    const int64_t checkpoints = report.checkpoint_bytes;
    write_file(f, PATH_DOCUMENTS "/one.cms", "12345");
    write_file(f, PATH_ARCHIVE "/a.archive", "1234567");
    write_file(f, PATH_CHECKPOINTS "/x", "123");
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, archive_some, NULL), MEDGL_OK);
    assert_int_equal(operation_space(&f->context, &report), MEDGL_OK);
    assert_true(report.entries == 10 && report.archived == 3);
    assert_int_equal(report.oldest, later + 2);
    assert_int_equal(report.document_bytes, 5);
    assert_int_equal(report.archive_bytes, 7);
    assert_int_equal(report.checkpoint_bytes, checkpoints + 3);
    assert_int_equal(fixture_close((void **)&f), 0);
}

struct warn_case {
    const char *name;
    int64_t days;     /* that the device will do */
    const char *warn; /* the policy */
    unsigned raised;
};
static const struct warn_case warn_cases[] = {
    {"it will do", 200, "space_warn = 90 days\n", 0},
    {"it will not", 50, "space_warn = 90 days\n", 1},
    {"it is over already", 0, "space_warn = 90 days\n", 1},
    {"nobody asks", 0, "space_warn = 0\n", 0},
    {"asked in months", 50, "space_warn = 1 month\n", 0},
};

static void R35_alert_before_it_is_full(void **state)
{
    const struct warn_case *row = *state;
    struct fixture *f = NULL;
    uint32_t raised;
    struct space_report report;
    assert_int_equal(fixture_open((void **)&f), 0);
    write_policy(f, row->warn);
    reopen(f);
    kept_before(f, 10 * MEDGL_DAY);
    for (int n = 0; n < 2000; n++)
        append_at(f, clock_read().now);
    assert_int_equal(operation_space(&f->context, &report), MEDGL_OK);
    /* A third of a day more: who watches writes an entry or two. */
    f->context.policy.minimum_free =
        report.free_bytes - row->days * report.growth.bytes_per_day - (row->days > 0 ? 30000 : 0);
    for (int look = 0; look < 3; look++) /* said once a day */
        (void)operation_alert_watch(&f->context, NULL, &raised);
    assert_int_equal(alerts_of(f, "The store's device will do for").times, row->raised);
    assert_int_equal(verify(f), MEDGL_OK);
    assert_int_equal(fixture_close((void **)&f), 0);
}

int main(void)
{
#define TEST(function) table_add("space", #function, function, NULL)
    TABLE_ADD("R09 clock that goes back", clock_cases, R09_clock_that_goes_back);
    TABLE_ADD("R08 first entry of a day", day_cases, R08_first_entry_of_a_day);
    TEST(R08_kept_checkpoint_is_published);
    TABLE_ADD("R35 growth", growth_cases, R35_growth);
    TEST(R35_documents_grow_too);
    TEST(R35_what_there_is);
    TABLE_ADD("R35 alert before it is full", warn_cases, R35_alert_before_it_is_full);
    return table_run("space");
}
