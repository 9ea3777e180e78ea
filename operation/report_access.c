/* The access log: what the ledger says of logins, refusals and sessions (R06, R07). Reads a block
 * at a time, so that a slow reader of a report holds no transaction open, and keeps no more than a
 * block of it, whatever the report shows. */
#include "operation/report.h"

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"
#include "ledger/peek.h"
#include "operation/caller.h"

#include <arpa/inet.h>
#include <search.h>
#include <stdio.h>
#include <string.h>

#define ACCESS_BLOCK   4096 /* entries read, or kept, in one transaction */
#define ACCESS_NEEDLES 4
#define KIND_SIZE      64
#define NEEDLE_SIZE    (2 * STORE_SOURCE_SIZE + 32)

/* -- what belongs to it ------------------------------------------------------------------------ */

const char *access_result_word(enum access_result result)
{
    switch (result) {
    case ACCESS_RESULT_SUCCESS:
        return "success";
    case ACCESS_RESULT_FAILURE:
        return "failure";
    case ACCESS_RESULT_LOCKED:
        return "locked";
    case ACCESS_RESULT_END:
        return "end";
    }
    return "unknown";
}

/* False: the entry is not about access. */
static bool access_result_of(enum ledger_kind kind, enum access_result *result)
{
    switch (kind) {
    case LEDGER_LOGIN_SUCCESS:
    case LEDGER_SESSION_OPEN:
        *result = ACCESS_RESULT_SUCCESS;
        return true;
    case LEDGER_LOGIN_FAILURE:
    case LEDGER_LOGIN_ABANDONED:
    case LEDGER_ACCESS_DENIED:
    case LEDGER_SESSION_REFUSED:
        *result = ACCESS_RESULT_FAILURE;
        return true;
    case LEDGER_LOGIN_LOCKED:
        *result = ACCESS_RESULT_LOCKED;
        return true;
    case LEDGER_SESSION_CLOSE:
    case LEDGER_SESSION_LOST:
    case LEDGER_SESSION_END:
        *result = ACCESS_RESULT_END;
        return true;
    case LEDGER_SETUP:
    case LEDGER_ACCOUNT_ADD:
    case LEDGER_ACCOUNT_DISABLE:
    case LEDGER_ACCOUNT_ENABLE:
    case LEDGER_ACCOUNT_RETIRE:
    case LEDGER_ACCOUNT_CHANGE:
    case LEDGER_ACCOUNT_SHADOW:
    case LEDGER_ACCOUNT_UNLOCK:
    case LEDGER_PASSWORD_ISSUE:
    case LEDGER_PASSWORD_CHANGE:
    case LEDGER_PASSWORD_REHASH:
    case LEDGER_PASSWORD_IMPORT:
    case LEDGER_PASSWORD_JUDGE:
    case LEDGER_PASSWORD_GRACE:
    case LEDGER_PASSWORD_REVOKE:
    case LEDGER_POLICY_CHANGE:
    case LEDGER_ALERT_RAISE:
    case LEDGER_ALERT_DELIVER:
    case LEDGER_KIND_COUNT:
        break;
    }
    return false;
}

/* -- the filter -------------------------------------------------------------------------------- */

/* An address or a network, IPv4 mapped into IPv6. A source of IPv6 is a /64. */
struct access_network {
    unsigned char address[16];
    unsigned bits;
};

/* The filter, ready to be held against the bytes of a line, and then against its fields. */
struct access_test {
    const struct access_filter *filter;
    char since[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE]; /* "": no limit */
    char needle[ACCESS_NEEDLES][NEEDLE_SIZE];
    size_t needle_len[ACCESS_NEEDLES], needles;
    struct access_network network; /* `by_network` */
    bool by_network, change_alone;
    char source[STORE_SOURCE_SIZE]; /* the key, where it is none; "": any */
};

/* "203.0.113.7", "2001:db8::/64": `len` bytes. */
static bool network_address(const char *text, size_t len, struct access_network *network)
{
    char copy[INET6_ADDRSTRLEN];
    struct in_addr four;
    if (len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    network->bits = 128;
    if (inet_pton(AF_INET6, copy, network->address) == 1)
        return true;
    if (inet_pton(AF_INET, copy, &four) != 1)
        return false;
    memset(network->address, 0, 10);
    memset(network->address + 10, 0xff, 2);
    memcpy(network->address + 12, &four, sizeof(four));
    return true;
}

static bool network_is_v4(const struct access_network *network)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(network->address, mapped, sizeof(mapped)) == 0;
}

/* MEDGL_ERR_NOT_FOUND: no address. MEDGL_ERR_ARGUMENT: one with bits that cannot be. */
static enum medgl_error network_parse(const char *text, struct access_network *network)
{
    const size_t len = strcspn(text, "/");
    const char *bits = text + len;
    unsigned value = 0;
    if (!network_address(text, len, network))
        return MEDGL_ERR_NOT_FOUND;
    const unsigned most = network_is_v4(network) && strchr(text, ':') == NULL ? 32 : 128;
    if (bits[0] == '\0')
        value = most;
    else if (bits[1] == '\0' || strlen(bits) > 4 ||
             bits[1 + strspn(bits + 1, "0123456789")] != '\0')
        return MEDGL_ERR_ARGUMENT;
    for (const char *at = bits; at[0] != '\0' && at[1] != '\0'; at++)
        value = value * 10 + (unsigned)(at[1] - '0');
    if (value > most)
        return MEDGL_ERR_ARGUMENT;
    network->bits = value + 128 - most;
    if (!network_is_v4(network) && network->bits > 64)
        network->bits = 64;
    return MEDGL_OK;
}

static bool network_holds(const struct access_network *network, const char *source, size_t len)
{
    struct access_network other;
    const char *slash = memchr(source, '/', len);
    const unsigned whole = network->bits / 8, rest = network->bits % 8;
    if (!network_address(source, slash != NULL ? (size_t)(slash - source) : len, &other) ||
        network_is_v4(network) != network_is_v4(&other) || /* as in policy/admission.h */
        memcmp(network->address, other.address, whole) != 0)
        return false;
    return rest == 0 || ((network->address[whole] ^ other.address[whole]) >> (8 - rest)) == 0;
}

/* Where a source is, whatever is asked for there, or a change alone. */
static bool network_holds_source(const struct access_test *test, const char *source, size_t len)
{
    static const char change[] = "change ";
    const size_t skip = sizeof(change) - 1;
    if (len > skip && memcmp(source, change, skip) == 0)
        return network_holds(&test->network, source + skip, len - skip);
    return !test->change_alone && network_holds(&test->network, source, len);
}

static enum medgl_error test_needle(struct access_test *test, const char *key, const char *value)
{
    if (value == NULL)
        return MEDGL_OK;
    char *needle = test->needle[test->needles];
    const size_t len = ledger_peek_needle(key, value, needle, NEEDLE_SIZE);
    if (len == 0)
        return MEDGL_ERR_ARGUMENT;
    test->needle_len[test->needles++] = len;
    return MEDGL_OK;
}

static enum medgl_error test_source(struct access_test *test, const char *text)
{
    if (text == NULL)
        return MEDGL_OK;
    struct caller caller = {.trusted = true};
    struct source source;
    MEDGL_TRY(text_copy(caller.rhost, sizeof(caller.rhost), source_key_place(text)));
    enum medgl_error error = network_parse(source_key_place(text), &test->network);
    if (error == MEDGL_ERR_ARGUMENT || caller.rhost[0] == '\0')
        return MEDGL_ERR_ARGUMENT;
    if (error == MEDGL_OK) {
        test->by_network = true;
        test->change_alone = source_key_is_change(text);
        if (strchr(text, '/') != NULL)
            return MEDGL_OK;
        source_of(&caller, &source); /* an address is found by what it is counted as */
        return network_parse(source.key, &test->network);
    }
    MEDGL_TRY(text_copy(test->source, sizeof(test->source), text));
    return test_needle(test, NULL, text);
}

static enum medgl_error test_make(const struct access_filter *filter, struct access_test *test)
{
    *test = (struct access_test){.filter = filter};
    if (filter->since > 0)
        clock_format_utc(filter->since, test->since);
    if (filter->until > 0)
        clock_format_utc(filter->until, test->until);
    MEDGL_TRY(test_needle(test, "name", filter->account));
    MEDGL_TRY(test_needle(test, "service", filter->service));
    return test_source(test, filter->source);
}

static bool test_holds(const struct ledger_peek *peek, const char *needle, size_t len)
{
    return memmem(peek->rest, peek->rest_len, needle, len) != NULL;
}

static bool test_begins(const struct ledger_peek *peek, const char *word)
{
    const size_t len = strlen(word);
    return peek->kind_len > len && memcmp(peek->kind, word, len) == 0;
}

static bool test_result(const struct ledger_peek *peek, enum access_result wanted)
{
    char word[KIND_SIZE];
    enum ledger_kind kind;
    enum access_result result;
    if (peek->kind_len >= sizeof(word))
        return false;
    memcpy(word, peek->kind, peek->kind_len);
    word[peek->kind_len] = '\0';
    return ledger_kind_parse(word, &kind) == MEDGL_OK && access_result_of(kind, &result) &&
           result == wanted;
}

/* Older entries have no class: what their account has now is asked of the store. */
static bool test_class(const struct ledger_peek *peek, const enum account_class *wanted)
{
    size_t len;
    const char *word = wanted != NULL ? account_class_word(*wanted) : "";
    const char *text = wanted != NULL ? ledger_peek_text(peek, "class", &len) : NULL;
    return text == NULL || (len == strlen(word) && memcmp(text, word, len) == 0);
}

/* By the bytes alone; never no to an entry that belongs to the report. */
static bool test_wants(const struct access_test *test, const char *line, size_t len)
{
    const struct access_filter *filter = test->filter;
    struct ledger_peek peek;
    if (!ledger_peek(line, len, &peek))
        return true; /* for the decoder to refuse */
    if (!test_begins(&peek, "login.") && !test_begins(&peek, "session.") &&
        !test_begins(&peek, "access."))
        return false;
    if (filter->result != NULL && !test_result(&peek, *filter->result))
        return false;
    if ((test->since[0] != '\0' && memcmp(peek.time, test->since, CLOCK_TEXT_SIZE - 1) < 0) ||
        (test->until[0] != '\0' && memcmp(peek.time, test->until, CLOCK_TEXT_SIZE - 1) >= 0))
        return false;
    for (size_t i = 0; i < test->needles; i++)
        if (!test_holds(&peek, test->needle[i], test->needle_len[i]))
            return false;
    if (filter->factor != NULL && !test_holds(&peek, filter->factor, strlen(filter->factor)))
        return false;
    if (test->by_network) {
        size_t source_len;
        const char *source = ledger_peek_text(&peek, "source", &source_len);
        if (source == NULL || !network_holds_source(test, source, source_len))
            return false;
    }
    return test_class(&peek, filter->class_);
}

/* -- an entry as a record ---------------------------------------------------------------------- */

/* What it was refused for, or what was locked, or why it ended. */
static const char *entry_reason(const struct ledger_entry *entry)
{
    static const char *const names[] = {"reason", "reach", "why", "cause"};
    const char *text = "";
    for (size_t i = 0; i < MEDGL_COUNT(names) && text[0] == '\0'; i++)
        text = ledger_entry_find_text(entry, names[i]);
    return text;
}

/* False: it is not about access. */
static bool record_of(const struct ledger_entry *entry, struct access_record *record)
{
    const struct ledger_field *seconds = ledger_entry_find(entry, "seconds", LEDGER_FIELD_NUMBER);
    *record = (struct access_record){
        .seq = entry->seq,
        .time = entry->time,
        .clock_synchronised = entry->clock_synchronised,
        .kind = ledger_kind_word(entry->kind),
        .account = entry->subject.name != NULL ? entry->subject.name : "",
        .class_ = ledger_entry_find_text(entry, "class"),
        .service = ledger_entry_find_text(entry, "service"),
        .source = ledger_entry_find_text(entry, "source"),
        .terminal = ledger_entry_find_text(entry, "terminal"),
        .factors = ledger_entry_find_text(entry, "factors"),
        .reason = entry_reason(entry),
        .person = ledger_entry_find_text(entry, "person"),
        .session = ledger_entry_find_text(entry, "session"),
        .seconds = seconds != NULL ? seconds->number : -1,
    };
    return access_result_of(entry->kind, &record->result);
}

/* One of the words in "password totp". */
static bool factors_have(const char *factors, const char *factor)
{
    const size_t len = strlen(factor);
    while (factors[strspn(factors, " ,+")] != '\0') {
        factors += strspn(factors, " ,+");
        const size_t word = strcspn(factors, " ,+");
        if (word == len && memcmp(factors, factor, len) == 0)
            return true;
        factors += word;
    }
    return false;
}

static bool source_fits(const struct access_test *test, const char *source)
{
    if (test->by_network)
        return network_holds_source(test, source, strlen(source));
    return test->source[0] == '\0' || strcmp(source, test->source) == 0 ||
           strcmp(source_key_place(source), test->source) == 0;
}

static bool record_fits(const struct access_test *test, const struct access_record *record)
{
    const struct access_filter *filter = test->filter;
    return (filter->account == NULL || strcmp(record->account, filter->account) == 0) &&
           (filter->service == NULL || strcmp(record->service, filter->service) == 0) &&
           (filter->factor == NULL || factors_have(record->factors, filter->factor)) &&
           (filter->result == NULL || record->result == *filter->result) &&
           (filter->class_ == NULL ||
            strcmp(record->class_, account_class_word(*filter->class_)) == 0) &&
           (filter->since == 0 || record->time >= filter->since) &&
           (filter->until == 0 || record->time < filter->until) &&
           source_fits(test, record->source);
}

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
    struct store_txn *txn;
    uint64_t from, to; /* what is left, or the window that is read */
    uint64_t seen;   /* so many entries from `from` on: as many as their seq says, or one is gone */
    uint64_t resume; /* behind what is damaged */
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
    MEDGL_TRY(ledger_entry_decode(row->line, row->len, &parsed));
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    if (!record_of(entry, &record))
        return MEDGL_OK;
    if (record.class_[0] == '\0' && entry->subject.account != NULL)
        MEDGL_TRY(class_now(run, entry->subject.account, &record.class_));
    if (!record_fits(&run->test, &record))
        return MEDGL_OK;
    run->found[run->count++] = (struct access_found){parsed, record};
    parsed = NULL;
    return run->count == ACCESS_BLOCK ? MEDGL_ERR_ABORTED : MEDGL_OK;
}

static bool access_wanted(void *argument, const char *line, size_t len)
{
    struct access_run *run = argument;
    run->seen++;
    return test_wants(&run->test, line, len);
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
    run->seen = run->resume = 0;
    MEDGL_TRY(store_ledger_select(txn, run->from, run->to, access_wanted, access_next, run));
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
    struct access_run *run = argument;
    run->seen++;
    return access_keep(run, row);
}

/* The entries of so many places, from the place run->from on. */
static enum medgl_error access_read_places(struct store_txn *txn, void *argument)
{
    struct access_run *run = argument;
    run_clear(run);
    run->txn = txn;
    run->seen = 0;
    for (uint64_t i = run->from; i < run->to; i++) {
        const size_t at = run->test.filter->reverse ? run->place_count - 1 - i : i;
        const uint64_t seq = run->places[at].seq;
        enum medgl_error error = store_ledger_each(txn, seq, seq + 1, access_next_place, run);
        if (error != MEDGL_ERR_ABORTED) /* the last one fills the block */
            MEDGL_TRY(error);
        if (run->seen != i + 1 - run->from)
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
    MEDGL_TRY(test_make(filter, &run->test));
    MEDGL_TRY(store_transact(context->store, STORE_READ, access_size, &size));
    return access_run(run, size);
}
