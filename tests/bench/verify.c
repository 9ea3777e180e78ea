/* `ledger verify` of a ledger with very many entries (R08), beside bare SHA-256 over the same
 * lines: the least that anybody has to do who checks them. One core: what counts is its time. */
#include "tests/bench/bench.h"

#include "base/auto.h"
#include "operation/evidence.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>
#include <time.h>

#define VERIFY_BATCH    20000
#define VERIFY_GOAL     500000 /* entries a second */
#define VERIFY_TURNS    5
#define VERIFY_ACCOUNTS 1000
#define VERIFY_OPEN     300 /* sessions at a time */

struct verify_bench {
    const struct bench *bench;
    struct account accounts[VERIFY_ACCOUNTS];
    char devices[VERIFY_ACCOUNTS][CRYPTO_ID_SIZE];
    char sessions[VERIFY_OPEN][CRYPTO_ID_SIZE];
    size_t account_count;
    uint64_t done, opened, closed, wanted;
    struct ledger_head head;
    medgl_time begin;
};

/* -- a year of a hospital -----------------------------------------------------------------------
 */

static enum medgl_error verify_sign(const struct context *context, struct ledger_head *head)
{
    struct checkpoint checkpoint = {.size = head->tree.size};
    (void)snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
                   note_signer_name(context->signer));
    MEDGL_TRY(merkle_root(&head->tree, checkpoint.root));
    return checkpoint_sign(&checkpoint, context->signer, head->checkpoint,
                           sizeof(head->checkpoint));
}

static void describe_login(const struct verify_bench *verify, uint64_t number, uint64_t who,
                           bool factor, struct ledger_entry *entry)
{
    ledger_entry_text(entry, "class", account_class_word(verify->accounts[who].class_));
    ledger_entry_text(entry, "service", number % 3 == 0 ? "sudo" : "sshd");
    ledger_entry_text(entry, "source", "10.20.117.43");
    ledger_entry_text(entry, "factors", factor ? "password+totp" : "password");
    ledger_entry_text(entry, "purpose", "login");
    if (entry->kind == LEDGER_LOGIN_FAILURE) {
        ledger_entry_text(entry, "reason", "wrong-password");
        ledger_entry_bool(entry, "counted", true);
        return;
    }
    ledger_entry_text(entry, "rule", "A");
    if (factor) {
        ledger_entry_text(entry, "factor", verify->devices[who]);
        ledger_entry_number(entry, "step", (int64_t)number + 1);
    }
}

static enum medgl_error describe_session(struct verify_bench *verify, struct ledger_entry *entry)
{
    const bool opens = entry->kind == LEDGER_SESSION_OPEN;
    char *id = verify->sessions[(opens ? verify->opened++ : verify->closed++) % VERIFY_OPEN];
    if (opens)
        MEDGL_TRY(crypto_random_id(id));
    ledger_entry_text(entry, "session", id);
    ledger_entry_text(entry, "service", "sshd");
    ledger_entry_text(entry, "source", "10.20.117.43");
    ledger_entry_text(entry, "terminal", "ssh");
    ledger_entry_text(entry, "class", "staff");
    if (!opens)
        ledger_entry_number(entry, "seconds", 3712);
    return MEDGL_OK;
}

static void describe_alert(struct ledger_entry *entry)
{
    ledger_entry_text(entry, "alert", "0123456789abcdef0123456789abcdef");
    ledger_entry_text(entry, "alert_kind", "guessing");
    if (entry->kind == LEDGER_ALERT_RAISE)
        ledger_entry_text(entry, "text", "5 failed tries at the account within 10 minutes.");
    else
        ledger_entry_text(entry, "channels", "mail,log");
}

/* Sixteen entries again and again: seven logins and two failures, six of sessions, one alert. */
static enum ledger_kind verify_kind(const struct verify_bench *verify)
{
    static const enum ledger_kind day[16] = {
        LEDGER_LOGIN_SUCCESS, LEDGER_SESSION_OPEN,  LEDGER_LOGIN_SUCCESS, LEDGER_SESSION_CLOSE,
        LEDGER_LOGIN_FAILURE, LEDGER_LOGIN_SUCCESS, LEDGER_SESSION_OPEN,  LEDGER_LOGIN_SUCCESS,
        LEDGER_SESSION_CLOSE, LEDGER_LOGIN_SUCCESS, LEDGER_SESSION_OPEN,  LEDGER_LOGIN_FAILURE,
        LEDGER_LOGIN_SUCCESS, LEDGER_ALERT_RAISE,   LEDGER_LOGIN_SUCCESS, LEDGER_SESSION_CLOSE};
    const uint64_t open = verify->opened - verify->closed, left = verify->wanted - verify->done;
    const uint64_t people = verify->account_count;
    if (verify->done < people)
        return LEDGER_FACTOR_ENROL;
    if (left <= people)
        return LEDGER_FACTOR_REVOKE; /* and so nothing of this is missing in the store */
    if (left - people <= open)
        return LEDGER_SESSION_CLOSE;
    const enum ledger_kind kind = day[verify->done % MEDGL_COUNT(day)];
    if (kind == LEDGER_SESSION_CLOSE && open < VERIFY_OPEN / 2)
        return LEDGER_ALERT_DELIVER;
    return kind == LEDGER_SESSION_OPEN && open == VERIFY_OPEN ? LEDGER_SESSION_CLOSE : kind;
}

static enum medgl_error verify_describe(struct verify_bench *verify, struct context *context,
                                        struct ledger_entry *entry)
{
    const uint64_t number = verify->done, people = verify->account_count;
    const struct clock_reading clock = {.now = verify->begin + (medgl_time)number * MEDGL_SECOND,
                                        .synchronised = true};
    const enum ledger_kind kind = verify_kind(verify);
    const bool device = kind == LEDGER_FACTOR_ENROL || kind == LEDGER_FACTOR_REVOKE;
    const uint64_t left = verify->wanted - number;
    const uint64_t who = !device                       ? number * 7919 % people
                         : kind == LEDGER_FACTOR_ENROL ? number
                                                       : left - 1;
    evidence_begin(context, &clock, kind, &verify->accounts[who], entry);
    if (device) {
        if (kind == LEDGER_FACTOR_ENROL)
            MEDGL_TRY(crypto_random_id(verify->devices[who]));
        ledger_entry_text(entry, "factor", "totp");
        ledger_entry_text(entry, "credential", verify->devices[who]);
    } else if (kind == LEDGER_LOGIN_SUCCESS || kind == LEDGER_LOGIN_FAILURE) {
        describe_login(verify, number, who, kind == LEDGER_LOGIN_SUCCESS && number % 3 == 0, entry);
    } else if (kind == LEDGER_SESSION_OPEN || kind == LEDGER_SESSION_CLOSE) {
        return describe_session(verify, entry);
    } else {
        describe_alert(entry);
    }
    return MEDGL_OK;
}

static enum medgl_error verify_account(void *argument, const struct account *account)
{
    struct verify_bench *verify = argument;
    if (verify->account_count < VERIFY_ACCOUNTS)
        verify->accounts[verify->account_count++] = *account;
    return MEDGL_OK;
}

struct batch {
    struct verify_bench *verify;
    struct context *context;
};

static enum medgl_error verify_write(struct store_txn *txn, void *argument)
{
    const struct batch *batch = argument;
    struct verify_bench *verify = batch->verify;
    if (verify->account_count == 0)
        MEDGL_TRY(store_account_each(txn, verify_account, verify));
    MEDGL_TRY(store_ledger_head(txn, &verify->head));
    for (unsigned i = 0; i < VERIFY_BATCH && verify->done < verify->wanted; i++) {
        struct ledger_entry entry;
        unsigned char leaf[MERKLE_HASH_SIZE];
        auto_free char *line = NULL;
        size_t len;
        MEDGL_TRY(verify_describe(verify, batch->context, &entry));
        entry.seq = verify->head.tree.size;
        MEDGL_TRY(ledger_entry_encode(&entry, &line, &len));
        MEDGL_TRY(merkle_leaf(line, len, leaf));
        MEDGL_TRY(merkle_append(&verify->head.tree, leaf));
        verify->done++;
        if (i + 1 == VERIFY_BATCH || verify->done == verify->wanted)
            MEDGL_TRY(verify_sign(batch->context, &verify->head));
        MEDGL_TRY(store_ledger_append(txn, line, len, leaf, &verify->head));
    }
    return MEDGL_OK;
}

static enum medgl_error verify_fill(struct context *context, void *argument)
{
    struct verify_bench *verify = argument;
    const struct batch batch = {verify, context};
    while (verify->done < verify->wanted)
        MEDGL_TRY(store_transact(context->store, STORE_WRITE, verify_write, (void *)&batch));
    return MEDGL_OK;
}

/* -- what is measured ---------------------------------------------------------------------------
 */

/* All lines, one after the other, as they are hashed: a zero byte in front of each. */
struct lines {
    unsigned char *bytes;
    size_t *ends;
    size_t len, room, count, most;
};

static enum medgl_error lines_keep(void *argument, const struct ledger_row *row)
{
    struct lines *lines = argument;
    if (lines->len + row->len + 1 > lines->room) {
        lines->room = 2 * (lines->room + row->len + 1);
        lines->bytes = realloc(lines->bytes, lines->room);
    }
    if (lines->count == lines->most) {
        lines->most = 2 * lines->most + 1024;
        lines->ends = reallocarray(lines->ends, lines->most, sizeof(*lines->ends));
    }
    BENCH_MUST(lines->bytes != NULL && lines->ends != NULL);
    lines->bytes[lines->len++] = 0;
    memcpy(lines->bytes + lines->len, row->line, row->len);
    lines->len += row->len;
    lines->ends[lines->count++] = lines->len;
    return MEDGL_OK;
}

/* Seconds of the processor that this process had. */
static double verify_worked(void)
{
    struct timespec t;
    BENCH_MUST(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double hash_once(const struct lines *lines, EVP_MD *sha256)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    unsigned char digest[CRYPTO_HASH_SIZE];
    const double begin = verify_worked();
    for (size_t i = 0, at = 0; i < lines->count; at = lines->ends[i++])
        BENCH_MUST(EVP_DigestInit_ex2(hash, sha256, NULL) == 1 &&
                   EVP_DigestUpdate(hash, lines->bytes + at, lines->ends[i] - at) == 1 &&
                   EVP_DigestFinal_ex(hash, digest, NULL) == 1);
    const double took = verify_worked() - begin;
    EVP_MD_CTX_free(hash);
    return took;
}

static void verify_fault(void *argument, uint64_t seq, const char *what)
{
    (void)argument;
    bench_stop("the ledger of the bench does not verify: %" PRIu64 ": %s", seq, what);
}

static enum medgl_error verify_run(struct context *context, void *argument)
{
    const struct verify_bench *verify = argument;
    const struct evidence_request request = {.fault = verify_fault};
    auto_sample struct sample whole = {.count = 0}, bare = {.count = 0};
    struct lines lines = {.bytes = NULL};
    struct ledger_result result;
    EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    MEDGL_TRY(operation_ledger_each(context, 0, UINT64_MAX, lines_keep, &lines));
    for (int i = 0; i < VERIFY_TURNS; i++) {
        sample_add(&bare, hash_once(&lines, sha256));
        const double begin = verify_worked();
        BENCH_MUST(operation_verify(context, &request, &result) == MEDGL_OK);
        sample_add(&whole, verify_worked() - begin);
    }
    const double entries = (double)result.entries;
    line_info("bytes of an entry", (double)lines.len / (double)lines.count, "bytes");
    line_info("bare SHA-256 (EVP) of each line", entries / sample_median(&bare), "entries/s");
    line_goal(verify->bench, "all of ledger verify", entries / sample_median(&whole), "entries/s",
              VERIFY_GOAL, true);
    line_info("  over bare SHA-256", sample_ratio(&whole, &bare), "times");
    EVP_MD_free(sha256);
    free(lines.bytes);
    free(lines.ends);
    return MEDGL_OK;
}

void bench_verify(const struct bench *bench)
{
    struct sandbox place;
    static struct verify_bench verify;
    char title[96];
    verify = (struct verify_bench){
        .bench = bench, .begin = 1700000000000, .wanted = bench->accounts + 4000};
    (void)snprintf(title, sizeof(title), "Verifying a ledger of %" PRIu64 " entries (R08)",
                   verify.wanted);
    line_head(title);
    place_make(bench, "kdf_memory = 19 MiB\nkdf_time = 2\n", VERIFY_ACCOUNTS, &place);
    place_run(bench, &place, verify_fill, &verify);
    place_run(bench, &place, verify_run, &verify);
}
