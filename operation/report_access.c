/* The access log: what the ledger says of logins, refusals and sessions (R06, R07). Reads a block
 * at a time, so that a slow reader of a report holds no transaction open, and keeps no more than a
 * block of it, whatever the report shows. */
#include "operation/prove.h"
#include "operation/report_filter.h"

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"

#include <search.h>
#include <stdio.h>
#include <string.h>

#define ACCESS_BLOCK 4096 /* entries read, or kept, in one transaction */

/* -- reading ------------------------------------------------------------------------------------
 */

/* The class that an account has now. */
struct access_class {
    char account[CRYPTO_ID_SIZE];
    const char *word;
};

struct access_found {
    struct ledger_parsed *parsed;
    struct access_record record; /* borrows from it */
};

/* Where the order is not that of the ledger. */
struct access_place {
    const char *key; /* of the tree `keys` */
    uint64_t seq;
};

struct access_run {
    struct context *context;
    struct access_test test;
    struct ledger_reader *reader;
    struct store_txn *txn;
    uint64_t from, to; /* what is left, or the window that is read */
    uint64_t seen;   /* so many entries from `from` on: as many as their seq says, or one is gone */
    uint64_t resume; /* behind what is damaged */
    bool elsewhere;  /* some are in archives that are not here */
    struct access_found found[ACCESS_BLOCK];
    size_t count;
    void *classes; /* a tree of struct access_class, see tsearch(3) */
    void *keys;    /* a tree of texts */
    struct access_place *places;
    size_t place_count, place_room;
    enum medgl_error (*each)(void *argument, const struct access_record *record);
    void *argument;
};

static void run_clear(struct access_run *run)
{
    for (size_t i = 0; i < run->count; i++)
        ledger_parsed_free(&run->found[i].parsed);
    run->count = 0;
}

static void run_free(struct access_run **run)
{
    if (*run == NULL)
        return;
    run_clear(*run);
    ledger_reader_free(&(*run)->reader);
    tdestroy((*run)->classes, free);
    tdestroy((*run)->keys, free);
    free((*run)->places);
    free(*run);
}

static int class_compare(const void *a, const void *b)
{
    return strcmp(((const struct access_class *)a)->account,
                  ((const struct access_class *)b)->account);
}

static enum medgl_error class_now(struct access_run *run, const char *id, const char **word)
{
    struct access_class key;
    struct account account;
    MEDGL_TRY(text_copy(key.account, sizeof(key.account), id));
    struct access_class *const *known = tfind(&key, &run->classes, class_compare);
    if (known != NULL) {
        *word = (*known)->word;
        return MEDGL_OK;
    }
    enum medgl_error error = store_account_by_id(run->txn, id, &account);
    if (error != MEDGL_ERR_NOT_FOUND)
        MEDGL_TRY(error);
    key.word = error == MEDGL_OK ? account_class_word(account.class_) : "";
    auto_free struct access_class *fresh = malloc(sizeof(*fresh));
    if (fresh == NULL)
        return MEDGL_ERR_MEMORY;
    *fresh = key;
    if (tsearch(fresh, &run->classes, class_compare) == NULL)
        return MEDGL_ERR_MEMORY;
    (void)auto_give(fresh);
    *word = key.word;
    return MEDGL_OK;
}

/* MEDGL_ERR_ABORTED: the block is full, the rest comes in another transaction. */
static enum medgl_error access_keep(struct access_run *run, const struct ledger_row *row)
{
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    struct access_record record;
    run->elsewhere |= row->len == 0;
    if (row->len == 0)
        return MEDGL_OK;
    MEDGL_TRY(ledger_entry_decode(row->line, row->len, &parsed));
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    if (!access_record_of(entry, &record))
        return MEDGL_OK;
    if (record.class_[0] == '\0' && entry->subject.account != NULL)
        MEDGL_TRY(class_now(run, entry->subject.account, &record.class_));
    if (!access_record_fits(&run->test, &record))
        return MEDGL_OK;
    run->found[run->count++] = (struct access_found){parsed, record};
    parsed = NULL;
    return run->count == ACCESS_BLOCK ? MEDGL_ERR_ABORTED : MEDGL_OK;
}

static bool access_wanted(void *argument, const char *line, size_t len)
{
    const struct access_run *run = argument;
    return access_test_wants(&run->test, line, len);
}

static enum medgl_error access_gap(uint64_t before)
{
    log_line(LOG_ERR, "the ledger lacks entries before seq %llu: run medgl-admin ledger verify",
             (unsigned long long)before);
    return MEDGL_ERR_CORRUPT;
}

static enum medgl_error access_next(void *argument, const struct ledger_row *row)
{
    struct access_run *run = argument;
    run->resume = run->from + run->seen;
    if (row->seq + 1 == run->resume)
        return access_keep(run, row);
    run->resume = row->seq;
    return access_gap(row->seq);
}

static enum medgl_error access_read(struct store_txn *txn, void *argument)
{
    struct access_run *run = argument;
    run_clear(run);
    run->txn = txn;
    run->resume = 0;
    const struct ledger_reading reading = {.from = run->from,
                                           .to = run->to,
                                           .wanted = access_wanted,
                                           .each = access_next,
                                           .argument = run};
    MEDGL_TRY(ledger_reader_select(run->reader, txn, &reading, &run->seen));
    if (run->seen == run->to - run->from)
        return MEDGL_OK;
    run->resume = run->to; /* what is behind it would have been seen to be so */
    return access_gap(run->to);
}

/* Fills the block with the first that fit from run->from on; `*more`: there may be others behind
 * them. MEDGL_ERR_CORRUPT: with those before what is damaged. */
static enum medgl_error access_fill(struct access_run *run, bool *more)
{
    enum medgl_error error = store_transact(run->context->store, STORE_READ, access_read, run);
    *more = error == MEDGL_ERR_ABORTED && run->count == ACCESS_BLOCK;
    return *more ? MEDGL_OK : error;
}

/* With those behind what is damaged, in a window of no more than a block. */
static enum medgl_error access_fill_behind(struct access_run *run, bool *damaged)
{
    enum medgl_error error;
    bool more;
    *damaged = false;
    while ((error = access_fill(run, &more)) == MEDGL_ERR_CORRUPT && run->from < run->to) {
        const uint64_t next = run->from + (run->seen > 0 ? run->seen : 1);
        *damaged = true;
        run->from = run->resume > next ? run->resume : next;
        if (run->from > run->to)
            run->from = run->to;
    }
    return error;
}

typedef enum medgl_error (*access_use)(struct access_run *run, const struct access_record *record);

static enum medgl_error access_tell(struct access_run *run, const struct access_record *record)
{
    return run->each(run->argument, record);
}

/* MEDGL_ERR_CORRUPT: all before what is damaged were used. */
static enum medgl_error access_forward(struct access_run *run, uint64_t from, uint64_t to,
                                       access_use use)
{
    bool more = true;
    run->from = from;
    run->to = to;
    while (more) {
        const enum medgl_error error = access_fill(run, &more);
        if (error != MEDGL_ERR_CORRUPT)
            MEDGL_TRY(error);
        for (size_t i = 0; i < run->count; i++)
            MEDGL_TRY(use(run, &run->found[i].record));
        MEDGL_TRY(error);
        if (more)
            run->from = run->found[run->count - 1].record.seq + 1;
    }
    return MEDGL_OK;
}

/* The latest first, `most` of them at most; `*begin` becomes the seq of the last that was used.
 * MEDGL_ERR_CORRUPT: all behind what is damaged were used. */
static enum medgl_error access_backward(struct access_run *run, uint64_t to, uint64_t most,
                                        access_use use, uint64_t *begin)
{
    bool damaged;
    uint64_t used = 0, from;
    for (; to > 0 && used < most; to = from) {
        from = to > ACCESS_BLOCK ? to - ACCESS_BLOCK : 0;
        run->from = from;
        run->to = to;
        MEDGL_TRY(access_fill_behind(run, &damaged));
        for (size_t i = run->count; i-- > 0 && used < most; used++) {
            *begin = run->found[i].record.seq;
            if (use != NULL)
                MEDGL_TRY(use(run, &run->found[i].record));
        }
        if (damaged)
            return MEDGL_ERR_CORRUPT;
    }
    return MEDGL_OK;
}

/* -- another order ------------------------------------------------------------------------------
 */

static int key_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* A text is kept once, however many entries have it. */
static enum medgl_error key_keep(struct access_run *run, const char *text, const char **key)
{
    const char *const *known = tfind(text, &run->keys, key_compare);
    if (known == NULL) {
        auto_free char *fresh = strdup(text);
        known = fresh != NULL ? tsearch(fresh, &run->keys, key_compare) : NULL;
        if (known == NULL)
            return MEDGL_ERR_MEMORY;
        (void)auto_give(fresh);
    }
    *key = *known;
    return MEDGL_OK;
}

static const char *record_key(const struct access_record *record, enum access_order order)
{
    switch (order) {
    case ACCESS_BY_ACCOUNT:
        return record->account;
    case ACCESS_BY_SOURCE:
        return record->source;
    case ACCESS_BY_SERVICE:
        return record->service;
    case ACCESS_BY_TIME:
        break;
    }
    return "";
}

static enum medgl_error access_place(struct access_run *run, const struct access_record *record)
{
    if (run->place_count == run->place_room) {
        const size_t room = run->place_room > 0 ? 2 * run->place_room : ACCESS_BLOCK;
        struct access_place *places = reallocarray(run->places, room, sizeof(*places));
        if (places == NULL)
            return MEDGL_ERR_MEMORY;
        run->places = places;
        run->place_room = room;
    }
    struct access_place *place = &run->places[run->place_count];
    place->seq = record->seq;
    MEDGL_TRY(key_keep(run, record_key(record, run->test.filter->order), &place->key));
    run->place_count++;
    return MEDGL_OK;
}

static int place_compare(const void *a, const void *b)
{
    const struct access_place *one = a, *other = b;
    const int order = one->key == other->key ? 0 : strcmp(one->key, other->key);
    return order != 0 ? order : (one->seq > other->seq) - (one->seq < other->seq);
}

static enum medgl_error access_next_place(void *argument, const struct ledger_row *row)
{
    return access_keep(argument, row);
}

/* The entries of so many places, from the place run->from on. */
static enum medgl_error access_read_places(struct store_txn *txn, void *argument)
{
    struct access_run *run = argument;
    run_clear(run);
    run->txn = txn;
    for (uint64_t i = run->from; i < run->to; i++) {
        const size_t at = run->test.filter->reverse ? run->place_count - 1 - i : i;
        const uint64_t seq = run->places[at].seq;
        const struct ledger_reading reading = {
            .from = seq, .to = seq + 1, .each = access_next_place, .argument = run};
        enum medgl_error error = ledger_reader_select(run->reader, txn, &reading, &run->seen);
        if (error != MEDGL_ERR_ABORTED) /* the last one fills the block */
            MEDGL_TRY(error);
        if (run->seen != 1)
            return access_gap(seq + 1);
    }
    return MEDGL_OK;
}

static enum medgl_error access_tell_places(struct access_run *run)
{
    if (run->place_count > 0)
        qsort(run->places, run->place_count, sizeof(*run->places), place_compare);
    for (run->from = 0; run->from < run->place_count; run->from = run->to) {
        const uint64_t left = run->place_count - run->from;
        run->to = run->from + (left < ACCESS_BLOCK ? left : ACCESS_BLOCK);
        const enum medgl_error error =
            store_transact(run->context->store, STORE_READ, access_read_places, run);
        if (error != MEDGL_ERR_CORRUPT)
            MEDGL_TRY(error);
        for (size_t i = 0; i < run->count; i++)
            MEDGL_TRY(access_tell(run, &run->found[i].record));
        MEDGL_TRY(error);
    }
    return MEDGL_OK;
}

static enum medgl_error access_sorted(struct access_run *run, uint64_t from, uint64_t to)
{
    const enum medgl_error error = access_forward(run, from, to, access_place);
    if (error != MEDGL_ERR_CORRUPT)
        MEDGL_TRY(error);
    MEDGL_TRY(access_tell_places(run));
    return error;
}

static enum medgl_error access_run(struct access_run *run, uint64_t size)
{
    const struct access_filter *filter = run->test.filter;
    const uint64_t most = filter->last > 0 ? filter->last : UINT64_MAX;
    uint64_t begin = 0;
    enum medgl_error error = MEDGL_OK;
    if (filter->order == ACCESS_BY_TIME && filter->reverse)
        return access_backward(run, size, most, access_tell, &begin);
    if (filter->last > 0) {
        begin = size;
        error = access_backward(run, size, most, NULL, &begin);
        if (error != MEDGL_ERR_CORRUPT)
            MEDGL_TRY(error);
    }
    MEDGL_TRY(filter->order == ACCESS_BY_TIME ? access_forward(run, begin, size, access_tell)
                                              : access_sorted(run, begin, size));
    return error;
}

/* -- the report ---------------------------------------------------------------------------------
 */

static enum medgl_error access_size(struct store_txn *txn, void *argument)
{
    uint64_t *size = argument;
    struct ledger_head head;
    MEDGL_TRY(store_ledger_head(txn, &head));
    *size = head.tree.size;
    return MEDGL_OK;
}

enum medgl_error operation_report_access(
    struct context *context, const struct access_filter *filter,
    enum medgl_error (*each)(void *argument, const struct access_record *record), void *argument)
{
    auto_clean(run_free) struct access_run *run = calloc(1, sizeof(*run));
    uint64_t size = 0;
    if (run == NULL)
        return MEDGL_ERR_MEMORY;
    run->context = context;
    run->each = each;
    run->argument = argument;
    MEDGL_TRY(access_test_make(filter, &run->test));
    MEDGL_TRY(ledger_reader_open(context, &run->reader));
    MEDGL_TRY(store_transact(context->store, STORE_READ, access_size, &size));
    enum medgl_error error = access_run(run, size);
    if (run->elsewhere)
        log_line(LOG_WARNING, "entries whose archive is not in " PATH_ARCHIVE
                              " are not in this report: put its file back there");
    return error;
}
