/* Ledger entries have one form, and hostile lines are refused (R08); the tree is that of RFC 6962.
 */
#include "base/auto.h"
#include "base/text.h"
#include "ledger/entry.h"
#include "ledger/merkle.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/table.h"

#define GOOD                                                                                       \
    "{\"seq\":7,\"time\":\"2026-11-21T08:53:58.120Z\",\"clock\":\"synchronised\","                 \
    "\"origin\":\"ward3.example\",\"kind\":\"login.success\","                                     \
    "\"actor\":{\"uid\":1000,\"name\":\"root\"},"                                                  \
    "\"subject\":{\"account\":\"a1\",\"name\":\"sato\"},"                                          \
    "\"details\":{\"service\":\"sshd\",\"tries\":3,\"forced\":true}}"

static struct ledger_entry good_entry(void)
{
    struct ledger_entry entry = {.seq = 7,
                                 .time = 1795251238120,
                                 .clock_synchronised = true,
                                 .origin = "ward3.example",
                                 .kind = LEDGER_LOGIN_SUCCESS,
                                 .actor = {.uid = 1000, .name = "root"},
                                 .subject = {.account = "a1", .name = "sato"}};
    ledger_entry_text(&entry, "service", "sshd");
    ledger_entry_number(&entry, "tries", 3);
    ledger_entry_bool(&entry, "forced", true);
    return entry;
}

static enum medgl_error decode(const char *line, size_t len)
{
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    enum medgl_error error = ledger_entry_decode(line, len, &parsed);
    assert_true((parsed != NULL) == (error == MEDGL_OK));
    return error;
}

static enum medgl_error encode(const struct ledger_entry *entry)
{
    auto_free char *line = NULL;
    size_t len;
    enum medgl_error error = ledger_entry_encode(entry, &line, &len);
    assert_true((line != NULL) == (error == MEDGL_OK));
    return error;
}

/* -- writing and reading ---------------------------------------------------------------------- */

static void entry_is_the_documented_line(void **state)
{
    (void)state;
    struct ledger_entry entry = good_entry();
    auto_free char *line = NULL;
    size_t len;
    assert_int_equal(ledger_entry_encode(&entry, &line, &len), MEDGL_OK);
    assert_string_equal(line, GOOD);
    assert_int_equal(len, strlen(GOOD));

    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    assert_int_equal(ledger_entry_decode(line, len, &parsed), MEDGL_OK);
    const struct ledger_entry *read = ledger_parsed_entry(parsed);
    assert_int_equal(read->seq, 7);
    assert_int_equal(read->time, entry.time);
    assert_true(read->clock_synchronised);
    assert_string_equal(read->origin, "ward3.example");
    assert_int_equal(read->kind, LEDGER_LOGIN_SUCCESS);
    assert_int_equal(read->actor.uid, 1000);
    assert_string_equal(read->actor.name, "root");
    assert_string_equal(read->subject.account, "a1");
    assert_string_equal(read->subject.name, "sato");
    assert_int_equal(read->field_count, 3);
    assert_int_equal(read->fields[0].type, LEDGER_FIELD_TEXT);
    assert_string_equal(read->fields[0].text, "sshd");
    assert_int_equal(read->fields[1].type, LEDGER_FIELD_NUMBER);
    assert_int_equal(read->fields[1].number, 3);
    assert_int_equal(read->fields[2].type, LEDGER_FIELD_BOOL);
    assert_int_equal(read->fields[2].number, 1);
}

static void entry_without_subject_and_details(void **state)
{
    (void)state;
    struct ledger_entry entry = {
        .time = 0, .origin = "o", .kind = LEDGER_SETUP, .actor = {.uid = -1, .name = ""}};
    auto_free char *line = NULL;
    size_t len;
    assert_int_equal(ledger_entry_encode(&entry, &line, &len), MEDGL_OK);
    assert_string_equal(line, "{\"seq\":0,\"time\":\"1970-01-01T00:00:00.000Z\","
                              "\"clock\":\"unsynchronised\",\"origin\":\"o\",\"kind\":\"setup\","
                              "\"actor\":{\"uid\":-1,\"name\":\"\"},\"subject\":null,"
                              "\"details\":{}}");
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    assert_int_equal(ledger_entry_decode(line, len, &parsed), MEDGL_OK);
    assert_null(ledger_parsed_entry(parsed)->subject.account);
    assert_null(ledger_parsed_entry(parsed)->subject.name);
}

static const struct text_row {
    const char *name, *text, *json;
} texts[] = {
    {"plain", "sshd", "\"x\":\"sshd\""},
    {"empty", "", "\"x\":\"\""},
    {"quote", "a\"b", "\"x\":\"a\\\"b\""},
    {"backslash", "DOMAIN\\user", "\"x\":\"DOMAIN\\\\user\""},
    {"only escapes", "\\\"\\", "\"x\":\"\\\\\\\"\\\\\""},
    {"slash is not escaped", "/dev/tty1", "\"x\":\"/dev/tty1\""},
    {"Japanese stays UTF-8", "佐藤 花子", "\"x\":\"佐藤 花子\""},
    {"beyond the BMP", "𠮷野", "\"x\":\"𠮷野\""},
    {"looks like JSON", "\",\"y\":1", "\"x\":\"\\\",\\\"y\\\":1\""},
};

static void text_round_trip(void **state)
{
    const struct text_row *row = *state;
    struct ledger_entry entry = good_entry();
    auto_free char *line = NULL;
    size_t len;
    ledger_entry_text(&entry, "x", row->text);
    assert_int_equal(ledger_entry_encode(&entry, &line, &len), MEDGL_OK);
    assert_non_null(strstr(line, row->json));
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    assert_int_equal(ledger_entry_decode(line, len, &parsed), MEDGL_OK);
    assert_string_equal(ledger_parsed_entry(parsed)->fields[3].text, row->text);
}

static const struct number_row {
    const char *name;
    int64_t number;
} numbers[] = {
    {"zero", 0}, {"minus one", -1}, {"largest", INT64_MAX}, {"smallest", INT64_MIN}, {"ten", 10}};

static void number_round_trip(void **state)
{
    const struct number_row *row = *state;
    struct ledger_entry entry = good_entry();
    auto_free char *line = NULL;
    size_t len;
    ledger_entry_number(&entry, "x", row->number);
    assert_int_equal(ledger_entry_encode(&entry, &line, &len), MEDGL_OK);
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    assert_int_equal(ledger_entry_decode(line, len, &parsed), MEDGL_OK);
    assert_int_equal(ledger_parsed_entry(parsed)->fields[3].number, row->number);
}

static void every_kind_round_trips(void **state)
{
    (void)state;
    for (int i = 0; i < LEDGER_KIND_COUNT; i++) {
        struct ledger_entry entry = good_entry();
        enum ledger_kind parsed_kind;
        auto_free char *line = NULL;
        size_t len;
        entry.kind = (enum ledger_kind)i;
        assert_int_equal(ledger_kind_parse(ledger_kind_word(entry.kind), &parsed_kind), MEDGL_OK);
        assert_int_equal(parsed_kind, i);
        assert_true(strlen(ledger_kind_help(entry.kind)) > 0);
        assert_int_equal(ledger_entry_encode(&entry, &line, &len), MEDGL_OK);
        assert_int_equal(decode(line, len), MEDGL_OK);
    }
}

static void all_fields_are_kept_and_one_more_is_refused(void **state)
{
    (void)state;
    static const char names[] = "abcdefghijklmnopqrstuvwxyz";
    struct ledger_entry entry = good_entry();
    char name[LEDGER_FIELDS_MAX][2] = {{0}};
    for (size_t i = 0; entry.field_count < LEDGER_FIELDS_MAX; i++) {
        name[i][0] = names[i];
        ledger_entry_number(&entry, name[i], (int64_t)i);
    }
    assert_int_equal(encode(&entry), MEDGL_OK);
    for (int i = 0; i < 3; i++) {
        ledger_entry_bool(&entry, "one_more", false);
        assert_int_equal(encode(&entry), MEDGL_ERR_ARGUMENT);
    }
}

static void moments_are_written_as_text(void **state)
{
    (void)state;
    struct ledger_entry entry = good_entry();
    char buffer[CLOCK_TEXT_SIZE];
    ledger_entry_time(&entry, "until", entry.time, buffer);
    assert_string_equal(entry.fields[3].text, "2026-11-21T08:53:58.120Z");
    assert_int_equal(encode(&entry), MEDGL_OK);
}

/* -- what cannot be written ------------------------------------------------------------------- */

#define TEXT_AT(member) offsetof(struct ledger_entry, member)

static const struct bad_text_row {
    const char *name;
    size_t at;
    const char *text;
} bad_texts[] = {
    {"no origin", TEXT_AT(origin), NULL},
    {"empty origin", TEXT_AT(origin), ""},
    {"newline in the origin", TEXT_AT(origin), "a\nb"},
    {"no actor's name", TEXT_AT(actor.name), NULL},
    {"control character in the actor's name", TEXT_AT(actor.name), "a\x01"},
    {"account without a name", TEXT_AT(subject.name), NULL},
    {"name without an account", TEXT_AT(subject.account), NULL},
    {"escape sequence in a login name", TEXT_AT(subject.name), "\x1b[2J"},
    {"detail without text", TEXT_AT(fields[0].text), NULL},
    {"detail with a newline", TEXT_AT(fields[0].text), "a\nb"},
    {"detail with DEL", TEXT_AT(fields[0].text), "a\x7f"},
    {"detail with a C1 control", TEXT_AT(fields[0].text), "a\xc2\x85"},
    {"detail not UTF-8", TEXT_AT(fields[0].text), "caf\xe9"},
    {"detail cut inside a character", TEXT_AT(fields[0].text), "\xe4\xbd"},
    {"detail overlong UTF-8", TEXT_AT(fields[0].text), "\xc0\xaf"},
    {"detail with a surrogate", TEXT_AT(fields[0].text), "\xed\xa0\x80"},
    {"detail that reorders text", TEXT_AT(fields[0].text), "a\xe2\x80\xae"},
    {"detail without a name", TEXT_AT(fields[0].name), NULL},
    {"detail with an empty name", TEXT_AT(fields[0].name), ""},
    {"detail with an upper-case name", TEXT_AT(fields[0].name), "Service"},
    {"detail with a digit in front", TEXT_AT(fields[0].name), "2nd"},
    {"detail with a space in its name", TEXT_AT(fields[0].name), "a b"},
    {"detail named twice", TEXT_AT(fields[0].name), "tries"},
};

static void bad_text_is_not_written(void **state)
{
    const struct bad_text_row *row = *state;
    struct ledger_entry entry = good_entry();
    assert_int_equal(encode(&entry), MEDGL_OK);
    memcpy((char *)&entry + row->at, &row->text, sizeof(row->text));
    assert_int_equal(encode(&entry), MEDGL_ERR_ARGUMENT);
}

static void bad_numbers_are_not_written(void **state)
{
    (void)state;
    struct ledger_entry entry = good_entry();
    entry.seq = (uint64_t)INT64_MAX + 1;
    assert_int_equal(encode(&entry), MEDGL_ERR_ARGUMENT);
    entry.seq = INT64_MAX;
    assert_int_equal(encode(&entry), MEDGL_OK);
    entry.actor.uid = -2;
    assert_int_equal(encode(&entry), MEDGL_ERR_ARGUMENT);
    entry = good_entry();
    entry.kind = LEDGER_KIND_COUNT;
    assert_int_equal(encode(&entry), MEDGL_ERR_ARGUMENT);
    static const medgl_time times[] = {-1, INT64_MIN, INT64_MAX, 253402300800000 /* year 10000 */};
    for (size_t i = 0; i < MEDGL_COUNT(times); i++) {
        entry = good_entry();
        entry.time = times[i];
        assert_int_equal(encode(&entry), MEDGL_ERR_ARGUMENT);
    }
}

/* -- what is not read ------------------------------------------------------------------------- */

static const struct refused_row {
    const char *name, *from, *to; /* the good line with `to` in the place of `from` */
} refused[] = {
    {"nothing", GOOD, ""},
    {"another value", GOOD, "null"},
    {"space in front", "{\"seq\"", " {\"seq\""},
    {"newline behind", "true}}", "true}}\n"},
    {"more behind", "true}}", "true}}{}"},
    {"white space between", "\"seq\":7", "\"seq\": 7"},
    {"key missing", "\"clock\":\"synchronised\",", ""},
    {"last key missing", ",\"details\":{\"service\":\"sshd\",\"tries\":3,\"forced\":true}", ""},
    {"unknown key", "\"kind\":", "\"x\":1,\"kind\":"},
    {"key twice", "\"seq\":7,", "\"seq\":7,\"seq\":7,"},
    {"key in another order", "\"uid\":1000,\"name\":\"root\"", "\"name\":\"root\",\"uid\":1000"},
    {"key with an escape", "\"seq\"", "\"s\\u0065q\""},
    {"seq below 0", "\"seq\":7", "\"seq\":-7"},
    {"seq as text", "\"seq\":7", "\"seq\":\"7\""},
    {"seq with a zero in front", "\"seq\":7", "\"seq\":07"},
    {"seq with a plus", "\"seq\":7", "\"seq\":+7"},
    {"seq as a fraction", "\"seq\":7", "\"seq\":7.0"},
    {"seq with an exponent", "\"seq\":7", "\"seq\":7e0"},
    {"seq in hexadecimal", "\"seq\":7", "\"seq\":0x7"},
    {"seq one too large", "\"seq\":7", "\"seq\":9223372036854775808"},
    {"seq far too large", "\"seq\":7", "\"seq\":99999999999999999999999999999999999999"},
    {"seq missing", "\"seq\":7", "\"seq\":"},
    {"time as a number", "\"2026-11-21T08:53:58.120Z\"", "1795251238120"},
    {"time in another zone", "58.120Z", "58.120+09:00"},
    {"time without milliseconds", "58.120Z", "58Z"},
    {"time in lower case", "T08:53:58.120Z", "t08:53:58.120z"},
    {"no such day", "2026-11-21", "2026-02-29"},
    {"leap second", "08:53:58.120", "23:59:60.000"},
    {"24 o'clock", "T08:53:58.120", "T24:00:00.000"},
    {"before 1970", "2026-11-21", "1969-12-31"},
    {"the time of no time", "2026-11-21T08:53:58.120Z", "0000-00-00T00:00:00.000Z"},
    {"clock another word", "\"synchronised\"", "\"fine\""},
    {"clock not a text", "\"synchronised\"", "true"},
    {"origin empty", "ward3.example", ""},
    {"origin null", "\"ward3.example\"", "null"},
    {"kind unknown", "login.success", "login.sucess"},
    {"kind in upper case", "login.success", "LOGIN.SUCCESS"},
    {"kind as a number", "\"login.success\"", "6"},
    {"uid below -1", "1000", "-2"},
    {"uid minus zero", "1000", "-0"},
    {"uid as text", "1000", "\"1000\""},
    {"actor null", "{\"uid\":1000,\"name\":\"root\"}", "null"},
    {"subject empty", "{\"account\":\"a1\",\"name\":\"sato\"}", "{}"},
    {"subject without a name", ",\"name\":\"sato\"", ""},
    {"subject with no name", "\"sato\"", "null"},
    {"subject with more", "\"sato\"", "\"sato\",\"x\":1"},
    {"subject false", "{\"account\":\"a1\",\"name\":\"sato\"}", "false"},
    {"details null", "{\"service\":\"sshd\",\"tries\":3,\"forced\":true}", "null"},
    {"details a list", "{\"service\":\"sshd\",\"tries\":3,\"forced\":true}", "[]"},
    {"detail null", "\"sshd\"", "null"},
    {"detail an object", "\"sshd\"", "{}"},
    {"detail a list", "\"sshd\"", "[]"},
    {"detail a fraction", "\"tries\":3", "\"tries\":3.5"},
    {"detail too large", "\"tries\":3", "\"tries\":9223372036854775808"},
    {"detail too small", "\"tries\":3", "\"tries\":-9223372036854775809"},
    {"detail not a number", "\"tries\":3", "\"tries\":NaN"},
    {"detail True", "true", "True"},
    {"detail truely", "true", "truely"},
    {"detail named twice", "\"tries\"", "\"service\""},
    {"detail with an empty name", "\"tries\"", "\"\""},
    {"detail with an upper-case name", "\"tries\"", "\"Tries\""},
    {"detail with a digit in front", "\"tries\"", "\"1tries\""},
    {"detail with a name in quotes", "\"tries\"", "\"\\\"\""},
    {"comma in front", "{\"service\"", "{,\"service\""},
    {"comma behind", "true}", "true,}"},
    {"comma missing", "\"sshd\",", "\"sshd\""},
    {"bracket missing", "true}}", "true}"},
    {"a detail too many", "\"forced\":true",
     "\"a1\":1,\"a2\":1,\"a3\":1,\"a4\":1,\"a5\":1,\"a6\":1,\"a7\":1,\"a8\":1,\"a9\":1,"
     "\"b1\":1,\"b2\":1,\"b3\":1,\"b4\":1,\"b5\":1,\"b6\":1,\"b7\":1,\"b8\":1,\"b9\":1,"
     "\"c1\":1,\"c2\":1,\"c3\":1,\"c4\":1,\"c5\":1,\"c6\":1,\"c7\":1"},
    {"escape of a slash", "sshd", "\\/"},
    {"escape of a letter", "sshd", "\\u0041"},
    {"escape of NUL", "sshd", "\\u0000"},
    {"escape of a newline", "sshd", "\\n"},
    {"escape at the end", "\"sshd\"", "\"sshd\\"},
    {"text without an end", "\"sshd\"", "\"sshd"},
    {"raw newline", "sshd", "ss\nhd"},
    {"raw tab", "sshd", "ss\thd"},
    {"raw escape", "sshd", "\x1b[2J"},
    {"DEL", "sshd", "\x7f"},
    {"C1 control", "sshd", "\xc2\x9b"},
    {"not UTF-8", "sshd", "\xff"},
    {"Latin-1", "sato", "caf\xe9"},
    {"overlong UTF-8", "sshd", "\xc0\xaf"},
    {"surrogate", "sshd", "\xed\xa0\x80"},
    {"beyond Unicode", "sshd", "\xf4\x90\x80\x80"},
    {"UTF-8 cut short", "sshd", "\xe4\xbd"},
    {"line separator", "sshd", "\xe2\x80\xa8"},
    {"reordering mark", "sshd", "\xe2\x80\xae"},
    {"byte order mark in front", "{\"seq\"", "\xef\xbb\xbf{\"seq\""},
    {"single quotes", "\"seq\"", "'seq'"},
    {"comment", "\"seq\"", "/**/\"seq\""},
};

static void line_is_refused(void **state)
{
    const struct refused_row *row = *state;
    const char *at = strstr(GOOD, row->from);
    char line[1024];
    assert_non_null(at);
    int len = snprintf(line, sizeof(line), "%.*s%s%s", (int)(at - GOOD), GOOD, row->to,
                       at + strlen(row->from));
    assert_true(len >= 0 && (size_t)len < sizeof(line));
    assert_int_equal(decode(line, (size_t)len), MEDGL_ERR_CORRUPT);
}

/* Every beginning of a line, at the end of its allocation: a byte read behind it is seen by the
 * sanitizers and valgrind. */
static void every_cut_line_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < strlen(GOOD); len++) {
        auto_free char *line = malloc(len > 0 ? len : 1);
        assert_non_null(line);
        memcpy(line, GOOD, len);
        assert_int_equal(decode(line, len), MEDGL_ERR_CORRUPT);
    }
    assert_int_equal(decode(GOOD, strlen(GOOD)), MEDGL_OK);
}

static void nul_bytes_are_refused(void **state)
{
    (void)state;
    for (size_t at = 0; at <= strlen(GOOD); at++) {
        char line[sizeof(GOOD)] = GOOD;
        line[at] = '\0';
        assert_int_equal(decode(line, sizeof(line)), MEDGL_ERR_CORRUPT);
        if (at < strlen(GOOD))
            assert_int_equal(decode(line, strlen(GOOD)), MEDGL_ERR_CORRUPT);
    }
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    static const char *const openings[] = {"[", "{", "{\"a\":", "{\"seq\":"};
    for (size_t i = 0; i < MEDGL_COUNT(openings); i++) {
        size_t step = strlen(openings[i]), len = step * 500000;
        auto_free char *line = malloc(len);
        assert_non_null(line);
        for (size_t at = 0; at < len; at += step)
            memcpy(line + at, openings[i], step);
        assert_int_equal(decode(line, len), MEDGL_ERR_CORRUPT);
    }
}

/* A changed bit gives no entry, or another one: never a second form of the same. */
static void every_entry_has_one_form(void **state)
{
    (void)state;
    size_t accepted = 0;
    for (size_t bit = 0; bit < 8 * strlen(GOOD); bit++) {
        char line[sizeof(GOOD)] = GOOD;
        line[bit / 8] = (char)(line[bit / 8] ^ 1 << bit % 8);
        auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
        if (ledger_entry_decode(line, strlen(GOOD), &parsed) != MEDGL_OK)
            continue;
        auto_free char *again = NULL;
        size_t len;
        assert_int_equal(ledger_entry_encode(ledger_parsed_entry(parsed), &again, &len), MEDGL_OK);
        assert_int_equal(len, strlen(GOOD));
        assert_memory_equal(again, line, len);
        accepted++;
    }
    assert_true(accepted > 0);
}

/* -- the tree --------------------------------------------------------------------------------- */

/* The leaves and roots that the Certificate Transparency project tests with. */
static const struct {
    const char *bytes;
    size_t len;
} leaves[] = {
    {"", 0},
    {"\x00", 1},
    {"\x10", 1},
    {"\x20\x21", 2},
    {"\x30\x31", 2},
    {"\x40\x41\x42\x43", 4},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
};

static const struct root_row {
    const char *name;
    size_t size;
    const char *root;
} roots[] = {
    {"0 leaves", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"1 leaf", 1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {"2 leaves", 2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
    {"3 leaves", 3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    {"4 leaves", 4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
    {"5 leaves", 5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
    {"6 leaves", 6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
    {"7 leaves", 7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
    {"8 leaves", 8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
};

static void tree_has_the_reference_root(void **state)
{
    const struct root_row *row = *state;
    struct merkle_tree tree = {0};
    unsigned char hash[MERKLE_HASH_SIZE];
    char hex[2 * MERKLE_HASH_SIZE + 1];
    for (size_t i = 0; i < row->size; i++) {
        assert_int_equal(merkle_leaf(leaves[i].bytes, leaves[i].len, hash), MEDGL_OK);
        assert_int_equal(merkle_append(&tree, hash), MEDGL_OK);
    }
    assert_int_equal(tree.size, row->size);
    assert_int_equal(merkle_root(&tree, hash), MEDGL_OK);
    text_hex(hex, hash, sizeof(hash));
    assert_string_equal(hex, row->root);
}

#define NAIVE_MAX 300
static unsigned char naive_leaves[NAIVE_MAX][MERKLE_HASH_SIZE];

/* MTH as RFC 6962 defines it: split at the largest power of two below n. */
static void naive_root(size_t from, size_t n, unsigned char root[MERKLE_HASH_SIZE])
{
    if (n == 1) {
        memcpy(root, naive_leaves[from], MERKLE_HASH_SIZE);
        return;
    }
    size_t k = 1;
    while (2 * k < n)
        k *= 2;
    unsigned char left[MERKLE_HASH_SIZE], right[MERKLE_HASH_SIZE];
    naive_root(from, k, left);
    naive_root(from + k, n - k, right);
    const struct bytes parts[] = {{"\x01", 1}, {left, sizeof(left)}, {right, sizeof(right)}};
    assert_int_equal(crypto_sha256(parts, 3, root), MEDGL_OK);
}

static void tree_is_the_recursive_definition(void **state)
{
    (void)state;
    static const unsigned char zero[MERKLE_HASH_SIZE];
    struct merkle_tree tree = {0};
    unsigned char root[MERKLE_HASH_SIZE], naive[MERKLE_HASH_SIZE];
    for (size_t n = 1; n <= NAIVE_MAX; n++) {
        assert_int_equal(merkle_leaf(&n, sizeof(n), naive_leaves[n - 1]), MEDGL_OK);
        assert_int_equal(merkle_append(&tree, naive_leaves[n - 1]), MEDGL_OK);
        assert_int_equal(merkle_root(&tree, root), MEDGL_OK);
        naive_root(0, n, naive);
        assert_memory_equal(root, naive, sizeof(root));
        for (unsigned level = 0; level < MERKLE_LEVELS; level++)
            if ((n >> level & 1) == 0)
                assert_memory_equal(tree.peak[level], zero, sizeof(zero));
    }
}

static void full_tree_takes_no_more(void **state)
{
    (void)state;
    struct merkle_tree tree = {.size = UINT64_MAX}, before = tree;
    assert_int_equal(merkle_append(&tree, naive_leaves[0]), MEDGL_ERR_ARGUMENT);
    assert_memory_equal(&tree, &before, sizeof(tree));
}

int main(void)
{
    table_add("R08", "an entry is the documented line", entry_is_the_documented_line, NULL);
    table_add("R08", "an entry without subject and details", entry_without_subject_and_details,
              NULL);
    TABLE_ADD("text comes back", texts, text_round_trip);
    TABLE_ADD("number comes back", numbers, number_round_trip);
    table_add("R08", "every kind comes back", every_kind_round_trips, NULL);
    table_add("R08", "as many details as there may be, and no more",
              all_fields_are_kept_and_one_more_is_refused, NULL);
    table_add("R09", "moments are written as text", moments_are_written_as_text, NULL);
    TABLE_ADD("not written", bad_texts, bad_text_is_not_written);
    table_add("not written", "numbers out of range", bad_numbers_are_not_written, NULL);
    TABLE_ADD("R08 line refused", refused, line_is_refused);
    table_add("R08 line refused", "every cut", every_cut_line_is_refused, NULL);
    table_add("R08 line refused", "every NUL", nul_bytes_are_refused, NULL);
    table_add("R08 line refused", "deep nesting", deep_nesting_is_refused, NULL);
    table_add("R08", "an entry has one form", every_entry_has_one_form, NULL);
    TABLE_ADD("RFC 6962 reference root", roots, tree_has_the_reference_root);
    table_add("RFC 6962", "the recursive definition up to 300 leaves",
              tree_is_the_recursive_definition, NULL);
    table_add("RFC 6962", "a full tree takes no more", full_tree_takes_no_more, NULL);
    return table_run("ledger");
}
