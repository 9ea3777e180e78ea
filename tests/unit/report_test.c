/* Reports of operation/: what the ledger says of accesses, before every filter and in every order,
 * what is counted, who is not there any more; and rules and ids of accounts. */
#include "tests/unit/operation_fixture.h"

#include "ledger/peek.h"
#include "operation/report.h"
#include "tests/unit/table.h"

#include <sqlite3.h>

#define BASE ((medgl_time)1800000000000)

/* -- a ledger that is written down here -------------------------------------------------------- */

enum who {
    NOBODY,
    ALICE, /* staff */
    BOB,   /* privileged */
};

struct line {
    char letter;
    enum ledger_kind kind;
    enum who who;
    const char *class_; /* NULL: an older entry, which has none */
    const char *service, *source, *factors, *reason;
    int64_t seconds;
};
static const struct line lines[] = {
    {'a', LEDGER_LOGIN_SUCCESS, ALICE, "staff", "sshd", "203.0.113.7", "password", NULL, 0},
    {'b', LEDGER_LOGIN_FAILURE, ALICE, "staff", "sshd", "203.0.113.8", "password", "x", 0},
    {'c', LEDGER_LOGIN_FAILURE, NOBODY, NULL, "sshd", "10.1.2.3", "password", "x", 0},
    {'d', LEDGER_LOGIN_SUCCESS, BOB, NULL, "login", "tty1", "password totp", NULL, 0},
    {'e', LEDGER_SESSION_OPEN, BOB, "privileged", "login", "tty1", NULL, NULL, 0},
    {'f', LEDGER_PASSWORD_CHANGE, BOB, NULL, "login", "tty1", NULL, NULL, 0},
    {'g', LEDGER_LOGIN_FAILURE, BOB, "privileged", "passwd", "change 10.1.9.9", "password", "x", 0},
    {'h', LEDGER_LOGIN_LOCKED, BOB, "privileged", "passwd", "10.1.9.9", NULL, NULL, 0},
    {'i', LEDGER_ACCESS_DENIED, ALICE, "staff", "cron", "local cron", NULL, "hours", 0},
    {'j', LEDGER_SESSION_CLOSE, BOB, "privileged", "login", "tty1", NULL, NULL, 75},
    {'k', LEDGER_LOGIN_SUCCESS, ALICE, "staff", "su", "uid 1000", "password", NULL, 0},
    {'l', LEDGER_SESSION_LOST, ALICE, "staff", "sshd", "2001:db8:1:2::/64", NULL, NULL, 0},
    {'m', LEDGER_SESSION_REFUSED, ALICE, "maintenance", "sshd", "2001:db8:1:3::/64", NULL, NULL, 0},
    {'n', LEDGER_LOGIN_ABANDONED, NOBODY, NULL, "sshd", "host evil\"\\name", NULL, NULL, 0},
    {'o', LEDGER_SESSION_END, ALICE, "staff", "sshd", "127.0.0.1", NULL, NULL, 0},
};
#define LINES MEDGL_COUNT(lines)

struct scene {
    struct fixture *f;
    struct account accounts[3];
    uint64_t first; /* seq of 'a' */
    size_t more;    /* entries behind them, of nobody at "more" */
};

static enum medgl_error scene_append(struct scene *scene, struct store_txn *txn,
                                     struct ledger_entry *entry)
{
    struct ledger_head head;
    unsigned char leaf[MERKLE_HASH_SIZE];
    auto_free char *text = NULL;
    size_t len;
    MEDGL_TRY(store_ledger_head(txn, &head));
    entry->seq = head.tree.size;
    if (scene->first == 0)
        scene->first = entry->seq;
    MEDGL_TRY(ledger_entry_encode(entry, &text, &len));
    MEDGL_TRY(merkle_leaf(text, len, leaf));
    MEDGL_TRY(merkle_append(&head.tree, leaf));
    return store_ledger_append(txn, text, len, leaf, &head);
}

static void scene_field(struct ledger_entry *entry, const char *name, const char *text)
{
    if (text != NULL)
        ledger_entry_text(entry, name, text);
}

static enum medgl_error scene_line(struct scene *scene, struct store_txn *txn,
                                   const struct line *line, medgl_time time)
{
    struct ledger_entry entry;
    const struct clock_reading clock = {.now = time, .synchronised = true};
    const struct account *account = line->who != NOBODY ? &scene->accounts[line->who] : NULL;
    evidence_begin(&scene->f->context, &clock, line->kind, account, &entry);
    scene_field(&entry, "class", line->class_);
    scene_field(&entry, "service", line->service);
    scene_field(&entry, "source", line->source);
    scene_field(&entry, "factors", line->factors);
    scene_field(&entry, "reason", line->reason);
    if (line->kind == LEDGER_LOGIN_LOCKED)
        ledger_entry_text(&entry, "reach", "source");
    if (line->seconds > 0)
        ledger_entry_number(&entry, "seconds", line->seconds);
    return scene_append(scene, txn, &entry);
}

static enum medgl_error scene_write(struct store_txn *txn, void *argument)
{
    static const struct line more = {'z',          LEDGER_LOGIN_FAILURE, NOBODY, NULL, "more",
                                     "192.0.2.99", "password",           "x",    0};
    struct scene *scene = argument;
    MEDGL_TRY(store_account_by_name(txn, "alice", &scene->accounts[ALICE]));
    MEDGL_TRY(store_account_by_name(txn, "bob", &scene->accounts[BOB]));
    for (size_t i = 0; i < LINES; i++)
        MEDGL_TRY(scene_line(scene, txn, &lines[i], BASE + (medgl_time)i * MEDGL_MINUTE));
    for (size_t i = 0; i < scene->more; i++)
        MEDGL_TRY(scene_line(scene, txn, &more, BASE + MEDGL_DAY));
    return MEDGL_OK;
}

static void add(struct fixture *f, const char *name, int64_t uid, enum account_class class_)
{
    const struct account_add_request request = {.name = name, .uid = uid, .class_ = class_};
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_account_add(&f->context, &request, why), MEDGL_OK);
}

static struct scene scene_make(struct fixture *f, size_t more)
{
    struct scene scene = {.f = f, .more = more};
    add(f, "alice", 7001, ACCOUNT_CLASS_STAFF);
    add(f, "bob", 7002, ACCOUNT_CLASS_PRIVILEGED);
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, scene_write, &scene), MEDGL_OK);
    return scene;
}

/* -- before every filter (R06 R07) ------------------------------------------------------------- */

struct letters {
    const struct scene *scene;
    char text[64];
    size_t count, more;
    uint64_t last;
};

static enum medgl_error letters_hear(void *argument, const struct access_record *record)
{
    struct letters *letters = argument;
    letters->last = record->seq;
    letters->count++;
    if (record->seq >= letters->scene->first + LINES) {
        letters->more++;
        return MEDGL_OK;
    }
    const struct line *line = &lines[record->seq - letters->scene->first];
    const size_t at = strlen(letters->text);
    assert_true(at + 1 < sizeof(letters->text));
    letters->text[at] = line->letter;
    assert_string_equal(record->kind, ledger_kind_word(line->kind));
    assert_string_equal(record->source, line->source);
    assert_string_equal(record->service, line->service != NULL ? line->service : "");
    assert_int_equal(record->seconds, line->seconds > 0 ? line->seconds : -1);
    assert_string_equal(record->account,
                        line->who != NOBODY ? letters->scene->accounts[line->who].name : "");
    if (line->kind == LEDGER_LOGIN_LOCKED)
        assert_string_equal(record->reason, "source");
    return MEDGL_OK;
}

static const enum account_class staff = ACCOUNT_CLASS_STAFF, privileged = ACCOUNT_CLASS_PRIVILEGED,
                                maintenance = ACCOUNT_CLASS_MAINTENANCE,
                                breakglass = ACCOUNT_CLASS_BREAKGLASS;
static const enum access_result success = ACCESS_RESULT_SUCCESS, failure = ACCESS_RESULT_FAILURE,
                                locked = ACCESS_RESULT_LOCKED, end = ACCESS_RESULT_END;

static const struct filter_case {
    const char *name;
    struct access_filter filter;
    const char *expected; /* NULL: MEDGL_ERR_ARGUMENT */
} filter_cases[] = {
    {"everything", {.last = 0}, "abcdeghijklmno"},
    {"an account", {.account = "alice"}, "abiklmo"},
    {"another account", {.account = "bob"}, "deghj"},
    {"the beginning of a name", {.account = "ali"}, ""},
    {"a name with a quote", {.account = "a\"b"}, ""},
    {"a class", {.class_ = &staff}, "abiklo"},
    {"a class, of an older entry that of now", {.class_ = &privileged}, "deghj"},
    {"a class that it was then", {.class_ = &maintenance}, "m"},
    {"a class that nobody has", {.class_ = &breakglass}, ""},
    {"a service", {.service = "sshd"}, "abclmno"},
    {"the beginning of a service", {.service = "ss"}, ""},
    {"an address", {.source = "203.0.113.7"}, "a"},
    {"a network", {.source = "203.0.113.0/24"}, "ab"},
    {"a network with bits behind it", {.source = "203.0.113.7/24"}, "ab"},
    {"a network of one", {.source = "203.0.113.8/32"}, "b"},
    {"half a network", {.source = "203.0.113.8/29"}, "b"},
    {"a change of the password too", {.source = "10.1.0.0/16"}, "cgh"},
    {"an address of a change", {.source = "10.1.9.9"}, "gh"},
    {"the change alone", {.source = "change 10.1.9.9"}, "g"},
    {"changes from a network", {.source = "change 10.0.0.0/8"}, "g"},
    {"changes from another network", {.source = "change 192.0.2.0/24"}, ""},
    {"changes from a network with too many bits", {.source = "change 10.0.0.0/33"}, NULL},
    {"a change from nowhere", {.source = "change "}, NULL},
    {"nowhere", {.source = ""}, NULL},
    {"all of IPv4", {.source = "0.0.0.0/0"}, "abcgho"},
    {"all of IPv6", {.source = "::/0"}, "lm"},
    {"an address of IPv6, by its /64", {.source = "2001:db8:1:2::99"}, "l"},
    {"a source of IPv6", {.source = "2001:db8:1:2::/64"}, "l"},
    {"a network of IPv6", {.source = "2001:db8:1::/48"}, "lm"},
    {"a fine network of IPv6", {.source = "2001:db8:1:3::7/127"}, "m"},
    {"IPv4 in IPv6", {.source = "::ffff:203.0.113.7"}, "a"},
    {"all of loopback is one source", {.source = "127.0.0.5"}, "o"},
    {"a terminal", {.source = "tty1"}, "dej"},
    {"a uid", {.source = "uid 1000"}, "k"},
    {"the end of a source", {.source = "1000"}, ""},
    {"a quote and a backslash", {.source = "host evil\"\\name"}, "n"},
    {"too many bits", {.source = "10.1.0.0/33"}, NULL},
    {"too many bits of IPv6", {.source = "::/129"}, NULL},
    {"no bits", {.source = "10.1.0.0/"}, NULL},
    {"bits that are no number", {.source = "10.1.0.0/a"}, NULL},
    {"bits below zero", {.source = "10.1.0.0/-1"}, NULL},
    {"a factor", {.factor = "totp"}, "d"},
    {"a factor beside others", {.factor = "password"}, "abcdgk"},
    {"a part of a factor", {.factor = "pass"}, ""},
    {"success", {.result = &success}, "adek"},
    {"failure", {.result = &failure}, "bcgimn"},
    {"locked", {.result = &locked}, "h"},
    {"locked, by service", {.service = "passwd", .result = &locked}, "h"},
    {"locked, by another service", {.service = "sshd", .result = &locked}, ""},
    {"locked, by class", {.class_ = &privileged, .result = &locked}, "h"},
    {"end", {.result = &end}, "jlo"},
    {"since", {.since = BASE + 10 * MEDGL_MINUTE}, "klmno"},
    {"since, a millisecond later", {.since = BASE + 10 * MEDGL_MINUTE + 1}, "lmno"},
    {"until is not included", {.until = BASE + 2 * MEDGL_MINUTE}, "ab"},
    {"between", {.since = BASE + MEDGL_MINUTE, .until = BASE + 3 * MEDGL_MINUTE}, "bc"},
    {"the last", {.last = 3}, "mno"},
    {"the last of an account", {.account = "bob", .last = 2}, "hj"},
    {"more than there are", {.account = "bob", .last = 99}, "deghj"},
    {"the latest first", {.reverse = true}, "onmlkjihgedcba"},
    {"the latest two first", {.reverse = true, .last = 2}, "on"},
    {"by account", {.order = ACCESS_BY_ACCOUNT}, "cnabiklmodeghj"},
    {"by account, backwards", {.order = ACCESS_BY_ACCOUNT, .reverse = true}, "jhgedomlkibanc"},
    {"by source", {.order = ACCESS_BY_SOURCE, .account = "bob"}, "hgdej"},
    {"by service", {.order = ACCESS_BY_SERVICE, .account = "bob"}, "dejgh"},
    {"the last by account", {.order = ACCESS_BY_ACCOUNT, .last = 4}, "nlmo"},
    {"several at once",
     {.account = "alice", .service = "sshd", .result = &failure, .class_ = &staff},
     "b"},
};

static void filtered(void **state)
{
    const struct filter_case *row = *state;
    void *fixture = NULL;
    assert_int_equal(fixture_open(&fixture), 0);
    const struct scene scene = scene_make(fixture, 0);
    struct letters letters = {.scene = &scene};
    assert_int_equal(
        operation_report_access(&scene.f->context, &row->filter, letters_hear, &letters),
        row->expected != NULL ? MEDGL_OK : MEDGL_ERR_ARGUMENT);
    assert_string_equal(letters.text, row->expected != NULL ? row->expected : "");
    assert_int_equal(fixture_close(&fixture), 0);
}

/* -- a store that was changed from outside (R08) -------------------------------------------------
 */

#define GONE(index) "DELETE FROM ledger WHERE seq = %llu + " #index

static const struct tampered_case {
    const char *name;
    const char *sql; /* of the seq of 'a' */
    struct access_filter filter;
    const char *expected;
    enum medgl_error error;
} tampered_cases[] = {
    {"one is gone", GONE(6), {.last = 0}, "abcde", MEDGL_ERR_CORRUPT},
    {"one that is not about access", GONE(5), {.last = 0}, "abcde", MEDGL_ERR_CORRUPT},
    {"one of the account", GONE(6), {.account = "bob"}, "de", MEDGL_ERR_CORRUPT},
    {"one of another account", GONE(7), {.account = "alice"}, "ab", MEDGL_ERR_CORRUPT},
    {"one, and none is shown", GONE(7), {.service = "none"}, "", MEDGL_ERR_CORRUPT},
    {"the last", GONE(14), {.last = 0}, "abcdeghijklmn", MEDGL_ERR_CORRUPT},
    {"the last, of another account", GONE(14), {.account = "bob"}, "deghj", MEDGL_ERR_CORRUPT},
    {"the latest first", GONE(6), {.reverse = true}, "onmlkjih", MEDGL_ERR_CORRUPT},
    {"the latest first, one of another account",
     GONE(5),
     {.account = "alice", .reverse = true},
     "omlki",
     MEDGL_ERR_CORRUPT},
    {"the latest first, the last", GONE(14), {.reverse = true}, "", MEDGL_ERR_CORRUPT},
    {"two, the latest first",
     "DELETE FROM ledger WHERE seq - %llu IN (6, 11)",
     {.reverse = true},
     "onm",
     MEDGL_ERR_CORRUPT},
    {"the last three", GONE(6), {.last = 3}, "mno", MEDGL_ERR_CORRUPT},
    {"by account", GONE(6), {.order = ACCESS_BY_ACCOUNT}, "cabde", MEDGL_ERR_CORRUPT},
    {"moved before the first",
     "UPDATE ledger SET seq = -7 WHERE seq = %llu + 6",
     {.last = 0},
     "",
     MEDGL_ERR_CORRUPT},
    {"moved before the first, the latest first",
     "UPDATE ledger SET seq = -7 WHERE seq = %llu + 6",
     {.reverse = true},
     "onmlkjih",
     MEDGL_ERR_CORRUPT},
    {"moved behind the last",
     "UPDATE ledger SET seq = 99999 WHERE seq = %llu + 6",
     {.last = 0},
     "abcde",
     MEDGL_ERR_CORRUPT},
    {"a changed one",
     "UPDATE ledger SET line = replace(line, 'passwd', 'passwx') WHERE seq = %llu + 6",
     {.last = 0},
     "abcde",
     MEDGL_ERR_CORRUPT},
    {"a changed one, the latest first",
     "UPDATE ledger SET line = replace(line, 'passwd', 'passwx') WHERE seq = %llu + 6",
     {.reverse = true},
     "onmlkjih",
     MEDGL_ERR_CORRUPT},
    {"a changed one, by account",
     "UPDATE ledger SET line = replace(line, 'passwd', 'passwx') WHERE seq = %llu + 6",
     {.order = ACCESS_BY_ACCOUNT},
     "cabde",
     MEDGL_ERR_CORRUPT},
    /* What the change hides is not looked at: ledger verify finds it. */
    {"hidden by its name",
     "UPDATE ledger SET line = replace(line, 'alice', 'bob') WHERE seq = %llu + 1",
     {.account = "alice"},
     "aiklmo",
     MEDGL_OK},
    {"hidden by its kind",
     "UPDATE ledger SET line = replace(line, 'login.failure', 'logix.failure') "
     "WHERE seq = %llu + 1",
     {.last = 0},
     "acdeghijklmno",
     MEDGL_OK},
};

static void tamper(const struct scene *scene, const char *format)
{
    char path[PATH_MAX], sql[512];
    sqlite3 *db = NULL;
    assert_int_equal(path_under(path, scene->f->root, PATH_STORE), MEDGL_OK);
    const char *seq = strstr(format, "%llu");
    assert_non_null(seq);
    (void)snprintf(sql, sizeof(sql), "%.*s%llu%s", (int)(seq - format), format,
                   (unsigned long long)scene->first, seq + strlen("%llu"));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_true(sqlite3_changes(db) > 0);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void tampered(void **state)
{
    const struct tampered_case *row = *state;
    void *fixture = NULL;
    assert_int_equal(fixture_open(&fixture), 0);
    const struct scene scene = scene_make(fixture, 0);
    struct letters letters = {.scene = &scene};
    tamper(&scene, row->sql);
    assert_int_equal(
        operation_report_access(&scene.f->context, &row->filter, letters_hear, &letters),
        row->error);
    assert_string_equal(letters.text, row->expected);
    assert_int_equal(fixture_close(&fixture), 0);
}

/* -- blocks ------------------------------------------------------------------------------------ */

/* More than one block, in every way that it is walked. */
static void many_blocks(void **state)
{
    enum {
        MORE = 3 * 4096 + 7
    };
    struct fixture *f = *state;
    const struct scene scene = scene_make(f, MORE);
    static const struct {
        const char *name;
        struct access_filter filter;
        const char *letters;
        size_t more;
    } cases[] = {
        {"all", {.last = 0}, "abcdeghijklmno", MORE},
        {"backwards", {.reverse = true}, "onmlkjihgedcba", MORE},
        {"sorted", {.order = ACCESS_BY_SERVICE}, "hidejgabclmnok", MORE},
        {"exactly a block", {.last = 4096}, "", 4096},
        {"a block and one", {.last = 4097}, "", 4097},
        {"the last before many", {.account = "alice", .last = 1}, "o", 0},
        {"backwards, few", {.account = "alice", .reverse = true, .last = 2}, "om", 0},
        {"sorted, the last of many", {.order = ACCESS_BY_SOURCE, .last = 5000}, "", 5000},
        {"none", {.service = "none"}, "", 0},
    };
    for (size_t i = 0; i < MEDGL_COUNT(cases); i++) {
        struct letters letters = {.scene = &scene};
        print_message("# %s\n", cases[i].name);
        assert_int_equal(
            operation_report_access(&f->context, &cases[i].filter, letters_hear, &letters),
            MEDGL_OK);
        assert_int_equal(letters.more, cases[i].more);
        /* "more" comes between "login" and "passwd": the letters alone tell their order */
        assert_int_equal(strlen(letters.text), strlen(cases[i].letters));
        if (cases[i].filter.order == ACCESS_BY_TIME)
            assert_string_equal(letters.text, cases[i].letters);
    }
}

static enum medgl_error stop_at_once(void *argument, const struct access_record *record)
{
    unsigned *heard = argument;
    (void)record;
    ++*heard;
    return MEDGL_ERR_IO;
}

static void who_reads_may_stop(void **state)
{
    struct fixture *f = *state;
    unsigned heard = 0;
    (void)scene_make(f, 0);
    const struct access_filter filter = {.last = 0};
    assert_int_equal(operation_report_access(&f->context, &filter, stop_at_once, &heard),
                     MEDGL_ERR_IO);
    assert_int_equal(heard, 1);
}

/* What a login really writes (R06). */
static enum medgl_error logins_hear(void *argument, const struct access_record *record)
{
    char *heard = argument;
    const size_t used = strlen(heard);
    assert_string_equal(record->class_, "staff");
    (void)snprintf(heard + used, 512 - used, "%s %s %s %s %s;", record->kind, record->service,
                   record->source, record->factors, record->reason);
    return MEDGL_OK;
}

static void real_logins_are_reported(void **state)
{
    struct fixture *f = *state;
    char heard[512] = "";
    const struct access_filter filter = {.account = f->user, .service = "sshd", .last = 2};
    enrol(f);
    set_password(f, PASSWORD_ONE);
    assert_int_equal(try_login(f, f->user, "203.0.113.7", WRONG), LOGIN_REFUSED);
    assert_int_equal(try_login(f, f->user, "203.0.113.8", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_int_equal(operation_report_access(&f->context, &filter, logins_hear, heard), MEDGL_OK);
    assert_string_equal(heard, "login.failure sshd 203.0.113.7 password wrong-password;"
                               "login.success sshd 203.0.113.8 password ;");
}

/* -- a look before decoding: never other than the decoder ---------------------------------------
 */

static void peek_agrees(const char *line, size_t len)
{
    struct ledger_peek peek;
    struct ledger_parsed *parsed = NULL;
    auto_free char *copy = malloc(len + 1); /* of that very size: sanitizers see what is beyond */
    assert_non_null(copy);
    memcpy(copy, line, len);
    const bool good = ledger_peek(copy, len, &peek);
    if (ledger_entry_decode(line, len, &parsed) == MEDGL_OK) {
        const struct ledger_entry *entry = ledger_parsed_entry(parsed);
        char time[CLOCK_TEXT_SIZE], needle[1024];
        assert_true(good);
        clock_format_utc(entry->time, time);
        assert_memory_equal(peek.time, time, CLOCK_TEXT_SIZE - 1);
        assert_int_equal(peek.kind_len, strlen(ledger_kind_word(entry->kind)));
        assert_memory_equal(peek.kind, ledger_kind_word(entry->kind), peek.kind_len);
        for (size_t i = 0; i < entry->field_count; i++) {
            const struct ledger_field *field = &entry->fields[i];
            size_t text_len;
            if (field->type != LEDGER_FIELD_TEXT)
                continue;
            const size_t size =
                ledger_peek_needle(field->name, field->text, needle, sizeof(needle));
            assert_non_null(memmem(peek.rest, peek.rest_len, needle, size));
            const char *text = ledger_peek_text(&peek, field->name, &text_len);
            assert_int_equal(text != NULL, strpbrk(field->text, "\"\\") == NULL);
            if (text != NULL)
                assert_memory_equal(text, field->text, text_len);
        }
    } else if (good) {
        assert_true(peek.rest + peek.rest_len == copy + len);
    }
    ledger_parsed_free(&parsed);
}

/* Every line of a ledger, cut off at every byte, and with every byte changed in some ways. */
static enum medgl_error peek_torture(void *argument, const struct ledger_row *row)
{
    static const char others[] = {'"', '\\', '0', '}', '\0', '\x80'};
    (void)argument;
    auto_free char *line = malloc(row->len);
    assert_non_null(line);
    memcpy(line, row->line, row->len);
    for (size_t len = 0; len <= row->len; len++)
        peek_agrees(line, len);
    for (size_t at = 0; at < row->len; at++) {
        const char was = line[at];
        for (size_t i = 0; i < sizeof(others); i++) {
            line[at] = others[i];
            peek_agrees(line, row->len);
        }
        line[at] = was;
    }
    return MEDGL_OK;
}

static void a_look_says_what_the_decoder_says(void **state)
{
    struct fixture *f = *state;
    char needle[16];
    (void)scene_make(f, 0);
    assert_int_equal(operation_ledger_each(&f->context, 0, UINT64_MAX, peek_torture, NULL),
                     MEDGL_OK);
    assert_int_equal(ledger_peek_needle("k", "v", needle, sizeof(needle)), 7);
    assert_string_equal(needle, "\"k\":\"v\"");
    assert_int_equal(ledger_peek_needle(NULL, "a\"b", needle, sizeof(needle)), 5);
    assert_string_equal(needle, "a\\\"b\"");
    assert_int_equal(ledger_peek_needle("k", "123456789", needle, sizeof(needle)), 15);
    assert_int_equal(ledger_peek_needle("k", "1234567890", needle, sizeof(needle)), 0);
    assert_int_equal(ledger_peek_needle("a key too long", "", needle, sizeof(needle)), 0);
}

/* -- lockouts (R20) ------------------------------------------------------------------------------
 */

struct lockouts {
    char text[2048];
};

static void lockouts_hear(void *argument, const struct lockout_record *record)
{
    struct lockouts *lockouts = argument;
    const size_t used = strlen(lockouts->text);
    assert_int_equal(strlen(record->account_id), CRYPTO_ID_SIZE - 1);
    assert_int_equal(record->latest > 0, !record->codes);
    assert_int_equal(record->until > 0, record->locked && !record->codes);
    (void)snprintf(lockouts->text + used, sizeof(lockouts->text) - used, "%s,%s%s%s,%u/%lld,%s;",
                   record->account, record->source, record->change ? " (change)" : "",
                   record->codes ? "(codes)" : "", record->failures, (long long)record->limit,
                   record->locked ? "locked" : "open");
}

static const char *lockouts_of(struct fixture *f, bool locked_only)
{
    static struct lockouts lockouts;
    lockouts.text[0] = '\0';
    assert_int_equal(operation_report_lockouts(&f->context, locked_only, lockouts_hear, &lockouts),
                     MEDGL_OK);
    return lockouts.text;
}

static void guess(struct fixture *f, const char *user, const char *rhost, unsigned from,
                  unsigned times)
{
    for (unsigned i = from; i < from + times; i++) {
        char wrong[64];
        (void)snprintf(wrong, sizeof(wrong), "%s%u", WRONG, i); /* the same again is no other */
        assert_int_equal(try_login(f, user, rhost, wrong), LOGIN_REFUSED);
    }
}

static enum medgl_error locked_hear(void *argument, const struct access_record *record)
{
    unsigned *count = argument;
    assert_string_equal(record->kind, "login.locked");
    (*count)++;
    return MEDGL_OK;
}

/* R06: a lock says at which service and of which class, as the tries that led to it. */
static unsigned locked_through(struct fixture *f, const char *service)
{
    unsigned count = 0;
    const struct access_filter filter = {
        .service = service, .class_ = &staff, .result = &locked, .account = f->user};
    assert_int_equal(operation_report_access(&f->context, &filter, locked_hear, &count), MEDGL_OK);
    return count;
}

static void lockouts_say_what_is_counted(void **state)
{
    struct fixture *f = *state;
    uint32_t cleared;
    enrol(f);
    set_password(f, PASSWORD_ONE);
    assert_string_equal(lockouts_of(f, false), "");
    guess(f, f->user, "198.51.100.7", 0, 2);
    char expected[256];
    (void)snprintf(expected, sizeof(expected), "%s,,2/20,open;%s,198.51.100.7,2/5,open;", f->user,
                   f->user);
    assert_string_equal(lockouts_of(f, false), expected);
    assert_string_equal(lockouts_of(f, true), "");
    guess(f, f->user, "198.51.100.7", 2, 4);
    (void)snprintf(expected, sizeof(expected), "%s,198.51.100.7,5/5,locked;", f->user);
    assert_string_equal(lockouts_of(f, true), expected);
    assert_int_equal(locked_through(f, "sshd"), 1);
    assert_int_equal(locked_through(f, "passwd"), 0);
    assert_int_equal(operation_account_unlock(&f->context, f->user, NULL, "x", &cleared,
                                              (char[OPERATION_WHY_SIZE]){""}),
                     MEDGL_OK);
    assert_string_equal(lockouts_of(f, false), "");
}

/* R32 R23: a break-glass account is never locked; a name that is not enrolled is counted as one
 * that is, and not named. */
static void lockouts_of_others(void **state)
{
    struct fixture *f = *state;
    f->context.policy.unenrolled = POLICY_UNENROLLED_DENY;
    guess(f, "no-such-user-here", "198.51.100.7", 0, 6);
    assert_string_equal(lockouts_of(f, true), ",198.51.100.7,5/5,locked;");
    enrol(f);
    set_password(f, PASSWORD_ONE);
    old_breakglass(f, f->user);
    guess(f, f->user, "198.51.100.8", 0, 7);
    assert_string_equal(lockouts_of(f, true), ",198.51.100.7,5/5,locked;");
    assert_non_null(strstr(lockouts_of(f, false), ",198.51.100.8,7/0,open;"));
}

/* -- dormant accounts (R25) ----------------------------------------------------------------------
 */

struct dormant {
    char text[512];
};

static void dormant_hear(void *argument, const struct dormant_record *record)
{
    struct dormant *dormant = argument;
    const size_t used = strlen(dormant->text);
    (void)snprintf(dormant->text + used, sizeof(dormant->text) - used, "%s%s%s;",
                   record->account->name, record->last_used == 0 ? " never" : "",
                   record->unix_user_gone ? " gone" : "");
}

static const char *dormant_of(struct fixture *f, medgl_time age)
{
    static struct dormant dormant;
    dormant.text[0] = '\0';
    assert_int_equal(operation_report_dormant(&f->context, age, dormant_hear, &dormant), MEDGL_OK);
    return dormant.text;
}

struct made {
    const char *name;
    medgl_time created, last_login, last_used;
};

static enum medgl_error make_older(struct store_txn *txn, void *argument)
{
    const struct made *made = argument;
    struct account account;
    struct activity activity;
    MEDGL_TRY(store_account_by_name(txn, made->name, &account));
    MEDGL_TRY(store_activity_get(txn, account.id, &activity));
    account.created = made->created;
    activity.last_login = made->last_login;
    activity.last_used = made->last_used;
    MEDGL_TRY(store_activity_put(txn, &activity));
    return store_account_update(txn, &account);
}

static void r25_dormant_accounts(void **state)
{
    struct fixture *f = *state;
    char why[OPERATION_WHY_SIZE], expected[256];
    const medgl_time now = clock_read().now;
    struct made made = {.name = f->user, .created = now - 100 * MEDGL_DAY};
    enrol(f);
    assert_string_equal(dormant_of(f, 0), ""); /* enrolled just now */
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, make_older, &made), MEDGL_OK);
    (void)snprintf(expected, sizeof(expected), "%s never;", f->user);
    assert_string_equal(dormant_of(f, 0), expected);
    made.last_login = now - 89 * MEDGL_DAY;
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, make_older, &made), MEDGL_OK);
    assert_string_equal(dormant_of(f, 0), "");
    (void)snprintf(expected, sizeof(expected), "%s;", f->user);
    assert_string_equal(dormant_of(f, 89 * MEDGL_DAY), expected);
    assert_string_equal(dormant_of(f, 90 * MEDGL_DAY), "");
    /* Used without a notice since, as by a screen locker. */
    made.last_login = now - 100 * MEDGL_DAY;
    made.last_used = now - MEDGL_DAY;
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, make_older, &made), MEDGL_OK);
    assert_string_equal(dormant_of(f, 0), "");
    made.last_used = now - 99 * MEDGL_DAY;
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, make_older, &made), MEDGL_OK);
    assert_string_equal(dormant_of(f, 0), expected);
    made.last_used = now;
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, make_older, &made), MEDGL_OK);
    add(f, "no-such-user-here", 7777, ACCOUNT_CLASS_STAFF);
    assert_string_equal(dormant_of(f, 0), "no-such-user-here never gone;");
    assert_int_equal(operation_account_disable(&f->context, "no-such-user-here", "x", why),
                     MEDGL_OK);
    assert_string_equal(dormant_of(f, 0), "");
}

/* -- ids are never somebody else's (R25) ----------------------------------------------------------
 */

static const struct reuse_case {
    const char *name, *who;
    int64_t uid;
    enum medgl_error error;
    const char *why;
} reuse_cases[] = {
    {"somebody new", "new", 7010, MEDGL_OK, ""},
    {"the same again", "there", 7001, MEDGL_ERR_EXISTS, "there is enrolled already"},
    {"the same name with another uid", "there", 7011, MEDGL_ERR_EXISTS, "usermod -u"},
    {"a new name with the uid of one that was deleted", "new", 7001, MEDGL_ERR_EXISTS,
     "the uid 7001 belongs to the account there"},
    {"the uid of a disabled one", "new", 7002, MEDGL_ERR_EXISTS, "belongs to the account off"},
    {"a retired name", "left", 7003, MEDGL_ERR_EXISTS, "never given out twice"},
    {"a retired name with another uid", "left", 7012, MEDGL_ERR_EXISTS, "another name"},
    {"a new name of who had a retired one", "new", 7003, MEDGL_OK, ""},
};

static void reused(void **state)
{
    const struct reuse_case *row = *state;
    void *fixture = NULL;
    char why[OPERATION_WHY_SIZE] = "";
    assert_int_equal(fixture_open(&fixture), 0);
    struct fixture *f = fixture;
    add(f, "there", 7001, ACCOUNT_CLASS_STAFF);
    add(f, "off", 7002, ACCOUNT_CLASS_STAFF);
    add(f, "left", 7003, ACCOUNT_CLASS_STAFF);
    assert_int_equal(operation_account_disable(&f->context, "off", "x", why), MEDGL_OK);
    assert_int_equal(operation_account_retire(&f->context, "left", "x", why), MEDGL_OK);
    const struct account_add_request request = {
        .name = row->who, .uid = row->uid, .class_ = ACCOUNT_CLASS_STAFF};
    assert_int_equal(operation_account_add(&f->context, &request, why), row->error);
    assert_non_null(strstr(why, row->why));
    assert_int_equal(verify(f), MEDGL_OK);
    assert_int_equal(fixture_close(&fixture), 0);
}

/* -- rules of an account (R05)
 * ---------------------------------------------------------------------- */

static const struct rule_case {
    const char *name;
    const enum account_class *class_;
    struct account_rules rules;
    enum medgl_error error;
    const char *says; /* in the ledger; of an error, in the sentence */
} rule_cases[] = {
    {"hours", NULL, {.hours = "mon-fri 8:00-20:00"}, MEDGL_ERR_ARGUMENT, "hours: "},
    {"hours, canonical",
     NULL,
     {.hours = "mon-fri 08:00-20:00"},
     MEDGL_OK,
     "\"fields\":\"hours\",\"hours\":\"Mon-Fri 08:00-20:00\""},
    {"places", NULL, {.places = "tty1,10.1.0.0/16"}, MEDGL_OK, "\"places\":\"tty1, 10.1.0.0/16\""},
    {"a host's name", NULL, {.places = "ward3.example"}, MEDGL_ERR_ARGUMENT, "places: "},
    {"services", NULL, {.services = "sshd"}, MEDGL_OK, "\"services\":\"sshd\""},
    {"no service", NULL, {.services = "a b"}, MEDGL_ERR_ARGUMENT, "services: "},
    {"sessions", NULL, {.sessions = "2"}, MEDGL_OK, "\"sessions_max\":2"},
    {"too many sessions", NULL, {.sessions = "1001"}, MEDGL_ERR_ARGUMENT, "1 to 1000"},
    {"sessions below 0", NULL, {.sessions = "-1"}, MEDGL_ERR_ARGUMENT, "1 to 1000"},
    {"idle", NULL, {.idle = "900 s"}, MEDGL_OK, "\"idle\":\"15 min\""},
    {"never idle", NULL, {.idle = "none"}, MEDGL_OK, "\"idle\":\"none\""},
    {"too short", NULL, {.idle = "59 s"}, MEDGL_ERR_ARGUMENT, "1 min to 1 day"},
    {"too long", NULL, {.idle = "2 days"}, MEDGL_ERR_ARGUMENT, "1 min to 1 day"},
    {"shared", NULL, {.shared = "yes"}, MEDGL_OK, "\"shared\":true"},
    {"shared, perhaps", NULL, {.shared = "perhaps"}, MEDGL_ERR_ARGUMENT, "yes or no"},
    {"not shared", NULL, {.shared = "no"}, MEDGL_ERR_REFUSED, "nothing to change"},
    {"nothing", NULL, {.hours = ""}, MEDGL_ERR_REFUSED, "nothing to change"},
    {"shared and privileged (R27)",
     &privileged,
     {.shared = "yes"},
     MEDGL_ERR_ARGUMENT,
     "one person"},
    {"shared maintenance (R30)",
     &maintenance,
     {.shared = "yes"},
     MEDGL_ERR_ARGUMENT,
     "each person"},
    {"shared break-glass", &breakglass, {.shared = "yes"}, MEDGL_ERR_ARGUMENT, "emergency"},
    {"break-glass with hours",
     &breakglass,
     {.hours = "Mon-Fri 08:00-20:00"},
     MEDGL_ERR_ARGUMENT,
     "emergency"},
    {"break-glass, always", &breakglass, {.hours = "always"}, MEDGL_OK, "\"hours\":\"always\""},
    {"all",
     &staff,
     {"daily 00:00-24:00", "local", "su", "1", "1 h", "yes"},
     MEDGL_OK,
     "\"fields\":\"hours places services sessions_max idle shared\""},
};

struct search {
    const char *text;
    bool found;
};

static enum medgl_error search_row(void *argument, const struct ledger_row *row)
{
    struct search *search = argument;
    search->found |= memmem(row->line, row->len, search->text, strlen(search->text)) != NULL;
    return MEDGL_OK;
}

static void ruled(void **state)
{
    const struct rule_case *row = *state;
    void *fixture = NULL;
    char why[OPERATION_WHY_SIZE] = "";
    assert_int_equal(fixture_open(&fixture), 0);
    struct fixture *f = fixture;
    struct account_change_request request = {
        .name = "alice", .class_ = row->class_, .rules = row->rules};
    struct search search = {.text = row->says};
    struct account_report report;
    add(f, "alice", 7001, ACCOUNT_CLASS_STAFF);
    if (row->class_ == &breakglass) {
        old_breakglass(f, "alice");
        request.class_ = NULL;
    }
    assert_int_equal(operation_account_change(&f->context, &request, why), row->error);
    assert_int_equal(operation_ledger_each(&f->context, 0, UINT64_MAX, search_row, &search),
                     MEDGL_OK);
    assert_true(row->error == MEDGL_OK ? search.found : strstr(why, row->says) != NULL);
    if (row->error == MEDGL_OK) { /* and away again */
        request.rules = (struct account_rules){"", "", "", "", "", "no"};
        assert_int_equal(operation_account_change(&f->context, &request, why), MEDGL_OK);
    }
    assert_int_equal(operation_account_show(&f->context, "alice", &report, NULL, NULL), MEDGL_OK);
    const struct account *account = &report.account;
    assert_string_equal(account->hours, "");
    assert_string_equal(account->places, "");
    assert_string_equal(account->services, "");
    assert_int_equal(account->sessions, 0);
    assert_int_equal(account->idle, 0);
    assert_false(account->shared);
    assert_int_equal(verify(f), MEDGL_OK);
    assert_int_equal(fixture_close(&fixture), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_blocks, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(real_logins_are_reported, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(who_reads_may_stop, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(a_look_says_what_the_decoder_says, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(lockouts_say_what_is_counted, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(lockouts_of_others, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(r25_dormant_accounts, fixture_open, fixture_close),
    };
    TABLE_ADD("R07 report access", filter_cases, filtered);
    TABLE_ADD("R08 report access of a changed store", tampered_cases, tampered);
    TABLE_ADD("R25 enrolling", reuse_cases, reused);
    TABLE_ADD("R05 rules of an account", rule_cases, ruled);
    for (size_t i = 0; i < MEDGL_COUNT(tests); i++)
        table_tests[table_count++] = tests[i];
    return table_run("report");
}
