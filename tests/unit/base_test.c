/* base/: text from outside, times, files that are trusted, and the few shared primitives. */
#include "base/account.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/privilege.h"
#include "base/secret.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    (void)snprintf(directory, sizeof(directory), "/tmp/medgl-base-XXXXXX");
    return mkdtemp(directory) == NULL;
}

static int remove_directory(void **state)
{
    char command[PATH_MAX];
    (void)state;
    static const char *const names[] = {"file", "file.new", "link", "fifo", "dir", "wide"};
    for (size_t i = 0; i < MEDGL_COUNT(names); i++) {
        (void)snprintf(command, sizeof(command), "%s/%s", directory, names[i]);
        (void)remove(command);
    }
    return rmdir(directory);
}

static const char *in_directory(const char *name)
{
    static char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void text_becomes_harmless(void **state)
{
    (void)state;
    static const struct {
        const char *name, *in, *out;
        bool printable;
    } cases[] = {
        {"plain", "alice", "alice", true},
        {"Japanese", "\xe9\x9d\x9e\xe5\xb8\xb8\xe6\x99\x82", "\xe9\x9d\x9e\xe5\xb8\xb8\xe6\x99\x82",
         true},
        {"a second log line", "a\nb", "a?b", false},
        {"terminal escape", "\033[2J", "?[2J", false},
        {"C1 control",
         "a\xc2\x9b"
         "b",
         "a?b", false},
        {"right-to-left override",
         "a\xe2\x80\xae"
         "b",
         "a?b", false},
        {"cut UTF-8", "a\xe9\x9d", "a??", false},
        {"overlong", "\xc0\xaf", "??", false},
        {"surrogate", "\xed\xa0\x80", "???", false},
        {"empty", "", "", true},
    };
    for (size_t i = 0; i < MEDGL_COUNT(cases); i++) {
        char out[64];
        print_message("# %s\n", cases[i].name);
        text_printable(out, sizeof(out), cases[i].in);
        assert_string_equal(out, cases[i].out);
        assert_int_equal(text_is_printable(cases[i].in), cases[i].printable);
    }
    char small[4];
    text_printable(small, sizeof(small), "ab\xe9\x9d\x9e");
    assert_string_equal(small, "ab"); /* no half character at the end */
}

/* R08 R11: what a reason, a name or a place has to be. */
static void some_texts_say_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        bool says;
    } cases[] = {
        {"a word", "late", true},
        {"a digit", " 7 ", true},
        {"kanji", "\xe9\x9d\x9e", true},
        {"a full-width digit", "\xef\xbc\x91", true},
        {"half-width kana", "\xef\xbd\xb1", true},
        {"empty", "", false},
        {"spaces", "   ", false},
        {"the space of a Japanese keyboard", "\xe3\x80\x80", false},
        {"a no-break space", "\xc2\xa0", false},
        {"a zero-width space", "\xe2\x80\x8b", false},
        {"a word joiner", "\xe2\x81\xa0", false},
        {"an accent on nothing", "\xcc\x81", false},
        {"an empty picture of a letter (Braille)", "\xe2\xa0\x80", false},
        {"a filler, to Unicode a letter", "\xe3\x85\xa4", false},
        {"one of half the width", "\xef\xbe\xa0", false},
        {"one between words", " \xe1\x85\x9f\xe1\x85\xa0 ", false},
        {"one beside a letter", "\xe3\x85\xa4\xea\xb0\x80", true},
        {"dashes and dots", "-- ...", false},
        {"the long vowel mark alone", "\xe3\x83\xbc", true}, /* to Unicode a letter */
        {"a word and what rules a terminal", "late\033", false},
        {"a word that ends within a character", "late\xe9\x9d", false},
    };
    for (size_t i = 0; i < MEDGL_COUNT(cases); i++) {
        print_message("# %s\n", cases[i].name);
        assert_int_equal(text_says_something(cases[i].text), cases[i].says);
    }
}

static void a_name_is_never_cut(void **state)
{
    char to[4];
    (void)state;
    assert_int_equal(text_copy(to, sizeof(to), "abc"), MEDGL_OK);
    assert_string_equal(to, "abc");
    assert_int_equal(text_copy(to, sizeof(to), "abcd"), MEDGL_ERR_ARGUMENT);
    assert_string_equal(to, "");
}

static void login_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool good;
    } cases[] = {
        {"alice", true}, {"a#b", true},   {"user@realm", true}, {"_apt", true}, {"", false},
        {"-rf", false},  {"a b", false},  {"a:b", false},       {"a/b", false}, {"..", false},
        {"a\nb", false}, {"\xff", false}, {".", false},         {"a.b", true},
    };
    for (size_t i = 0; i < MEDGL_COUNT(cases); i++)
        assert_int_equal(text_is_login_name(cases[i].name), cases[i].good);
    char longest[258];
    memset(longest, 'a', sizeof(longest));
    longest[255] = '\0';
    assert_true(text_is_login_name(longest));
    longest[255] = 'a';
    longest[256] = '\0';
    assert_false(text_is_login_name(longest));
}

static void hexadecimal(void **state)
{
    unsigned char bytes[2];
    char text[5];
    (void)state;
    text_hex(text, "\x0f\xa0", 2);
    assert_string_equal(text, "0fa0");
    assert_int_equal(text_unhex(bytes, 2, "0fa0"), MEDGL_OK);
    assert_memory_equal(bytes, "\x0f\xa0", 2);
    assert_int_equal(text_unhex(bytes, 2, "0fA0"), MEDGL_ERR_ARGUMENT);
    assert_int_equal(text_unhex(bytes, 2, "0fa"), MEDGL_ERR_ARGUMENT);
    assert_int_equal(text_unhex(bytes, 2, "0fa0a"), MEDGL_ERR_ARGUMENT);
}

/* RFC 4648, section 10. */
static void base64(void **state)
{
    (void)state;
    static const struct {
        const char *plain, *padded, *bare;
    } cases[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    };
    char text[16];
    unsigned char bytes[16];
    for (size_t i = 0; i < MEDGL_COUNT(cases); i++) {
        size_t len = strlen(cases[i].plain), got = sizeof(bytes);
        crypto_base64(text, cases[i].plain, len, true);
        assert_string_equal(text, cases[i].padded);
        crypto_base64(text, cases[i].plain, len, false);
        assert_string_equal(text, cases[i].bare);
        assert_int_equal(
            crypto_unbase64(bytes, &got, cases[i].padded, strlen(cases[i].padded), true), MEDGL_OK);
        assert_int_equal(got, len);
        assert_memory_equal(bytes, cases[i].plain, len);
        got = sizeof(bytes);
        assert_int_equal(crypto_unbase64(bytes, &got, cases[i].bare, strlen(cases[i].bare), false),
                         MEDGL_OK);
        assert_int_equal(got, len);
    }
    static const char *const bad[] = {
        "Zh==", "Zg=", "Zg", "Z===", "Zg==Zg==", "Zm9v\n", "Zm-v", "===="};
    for (size_t i = 0; i < MEDGL_COUNT(bad); i++) {
        size_t got = sizeof(bytes);
        assert_int_equal(crypto_unbase64(bytes, &got, bad[i], strlen(bad[i]), true),
                         MEDGL_ERR_ARGUMENT);
    }
    size_t room = 2;
    assert_int_equal(crypto_unbase64(bytes, &room, "Zm9v", 4, true), MEDGL_ERR_ARGUMENT);
}

static void expect_hex(const unsigned char *bytes, const char *hex)
{
    char text[2 * CRYPTO_HASH_SIZE + 1];
    text_hex(text, bytes, CRYPTO_HASH_SIZE);
    assert_string_equal(text, hex);
}

/* FIPS 180-4 example, RFC 4231 case 2, RFC 5869 case 3 (empty salt; its info is empty, its first
 * block ours). */
static void primitives(void **state)
{
    unsigned char out[CRYPTO_HASH_SIZE], key[22];
    (void)state;
    const struct bytes parts[] = {{"a", 1}, {"bc", 2}};
    assert_int_equal(crypto_sha256(parts, 2, out), MEDGL_OK);
    expect_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct crypto_hash *hash;
    assert_int_equal(crypto_hash_begin(&hash), MEDGL_OK);
    for (size_t i = 0; i < MEDGL_COUNT(parts); i++)
        assert_int_equal(crypto_hash_add(hash, parts[i].data, parts[i].len), MEDGL_OK);
    assert_int_equal(crypto_hash_end(hash, out), MEDGL_OK);
    crypto_hash_free(&hash);
    expect_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct crypto_mac *mac;
    unsigned char next[CRYPTO_HASH_SIZE];
    assert_int_equal(crypto_mac_begin("Jefe", 4, &mac), MEDGL_OK);
    for (size_t len = 0; len <= 28; len += 4) { /* each for itself, whatever came before */
        const char *message = "what do ya want for nothing?";
        assert_int_equal(crypto_hmac_sha256("Jefe", 4, message, len, out), MEDGL_OK);
        assert_int_equal(crypto_mac_next(mac, message, len, next), MEDGL_OK);
        assert_memory_equal(next, out, sizeof(out));
    }
    crypto_mac_end(&mac);
    assert_null(mac);
    crypto_mac_end(&mac);
    assert_int_equal(crypto_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out),
                     MEDGL_OK);
    expect_hex(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0x0b, sizeof(key));
    assert_int_equal(crypto_derive(key, sizeof(key), "", out), MEDGL_OK);
    expect_hex(out, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

static void random_numbers_stay_below_their_limit(void **state)
{
    unsigned seen[10] = {0};
    (void)state;
    for (int i = 0; i < 10000; i++) {
        unsigned number = 99;
        assert_int_equal(crypto_random_below(10, &number), MEDGL_OK);
        assert_true(number < 10);
        seen[number]++;
    }
    for (size_t i = 0; i < MEDGL_COUNT(seen); i++)
        assert_in_range(seen[i], 800, 1200); /* 6.7 standard deviations */
    unsigned number;
    assert_int_equal(crypto_random_below(0, &number), MEDGL_ERR_ARGUMENT);
}

static void times_in_utc(void **state)
{
    (void)state;
    static const struct {
        medgl_time t;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {951782400123, "2000-02-29T00:00:00.123Z"},
        {1795251238120, "2026-11-21T08:53:58.120Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < MEDGL_COUNT(cases); i++) {
        char text[CLOCK_TEXT_SIZE];
        medgl_time t = 1;
        clock_format_utc(cases[i].t, text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(clock_parse_utc(text, &t), MEDGL_OK);
        assert_true(t == cases[i].t);
    }
    static const char *const bad[] = {"2026-02-29T00:00:00.000Z", "2026-13-01T00:00:00.000Z",
                                      "2026-01-01T24:00:00.000Z", "2026-01-01 00:00:00.000Z",
                                      "2026-01-01T00:00:00Z",     "2026-01-01T00:00:60.000Z",
                                      "0000-00-00T00:00:00.000Z", ""};
    medgl_time t;
    for (size_t i = 0; i < MEDGL_COUNT(bad); i++)
        assert_int_equal(clock_parse_utc(bad[i], &t), MEDGL_ERR_ARGUMENT);
}

/* Our calendar against the library's, a little over four days at a time. */
static void every_day_comes_back(void **state)
{
    (void)state;
    for (medgl_time t = INT64_C(-62167219200000); t <= INT64_C(253402300799999);
         t += 100 * 3600 * MEDGL_SECOND + 1001) {
        char text[CLOCK_TEXT_SIZE];
        medgl_time back = 1;
        clock_format_utc(t, text);
        if (clock_parse_utc(text, &back) != MEDGL_OK || back != t)
            fail_msg("%s: %lld instead of %lld", text, (long long)back, (long long)t);
    }
}

static void zones(void **state)
{
    (void)state;
    assert_int_equal(clock_set_zone("Asia/Tokyo"), MEDGL_OK);
    assert_int_equal(clock_utc_offset(0), 9 * 3600);
    char text[CLOCK_LOCAL_SIZE];
    clock_format_local(0, text);
    assert_string_equal(text, "1970-01-01 09:00:00 JST");
    static const char *const bad[] = {"Nowhere/Land",
                                      "Asia/Tokio",
                                      "Asia",             /* a directory */
                                      "Asia/",            /* the same */
                                      "leapseconds",      /* a table */
                                      "../../etc/passwd", /* outside */
                                      "/etc/localtime",
                                      "../zoneinfo/UTC"};
    for (size_t i = 0; i < MEDGL_COUNT(bad); i++) {
        assert_false(clock_zone_exists(bad[i]));
        assert_int_equal(clock_set_zone(bad[i]), MEDGL_ERR_ARGUMENT);
    }
    assert_true(clock_zone_exists("Asia/Tokyo"));
    assert_true(clock_zone_exists(""));
    assert_int_equal(clock_set_zone(""), MEDGL_OK);
}

static void times_are_read_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *name, *zone, *text, *utc; /* NULL: no such time */
    } cases[] = {
        {"RFC 3339 in UTC", "Asia/Tokyo", "2026-11-21T08:00:00Z", "2026-11-21T08:00:00.000Z"},
        {"with an offset", "Asia/Tokyo", "2026-11-21T08:00:00+01:00", "2026-11-21T07:00:00.000Z"},
        {"west of it", "Asia/Tokyo", "2026-11-21T08:00:00-01:30", "2026-11-21T09:30:00.000Z"},
        {"a fraction", "Asia/Tokyo", "2026-11-21T08:00:00.25Z", "2026-11-21T08:00:00.250Z"},
        {"a fine fraction", "", "2026-11-21T08:00:00.123456789Z", "2026-11-21T08:00:00.123Z"},
        {"small letters", "", "2026-11-21t08:00:00z", "2026-11-21T08:00:00.000Z"},
        {"a space, and a zone", "", "2026-11-21 08:00Z", "2026-11-21T08:00:00.000Z"},
        {"of the site", "Asia/Tokyo", "2026-11-21 08:00", "2026-11-20T23:00:00.000Z"},
        {"of the site, with T", "Asia/Tokyo", "2026-11-21T08:00", "2026-11-20T23:00:00.000Z"},
        {"with seconds", "Asia/Tokyo", "2026-11-21 08:00:59", "2026-11-20T23:00:59.000Z"},
        {"a day", "Asia/Tokyo", "2026-11-21", "2026-11-20T15:00:00.000Z"},
        {"a leap day", "Asia/Tokyo", "2028-02-29", "2028-02-28T15:00:00.000Z"},
        {"in summer", "Europe/Berlin", "2026-07-01 12:00", "2026-07-01T10:00:00.000Z"},
        {"in winter", "Europe/Berlin", "2026-12-01 12:00", "2026-12-01T11:00:00.000Z"},
        {"before clocks go on", "Europe/Berlin", "2026-03-29 01:59", "2026-03-29T00:59:00.000Z"},
        {"left out", "Europe/Berlin", "2026-03-29 02:30", NULL},
        {"after clocks went on", "Europe/Berlin", "2026-03-29 03:00", "2026-03-29T01:00:00.000Z"},
        {"twice: the first", "Europe/Berlin", "2026-10-25 02:30", "2026-10-25T00:30:00.000Z"},
        {"after both", "Europe/Berlin", "2026-10-25 03:00", "2026-10-25T02:00:00.000Z"},
        {"a day without midnight", "America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00.000Z"},
        {"no midnight", "America/Sao_Paulo", "2018-11-04 00:30", NULL},
        {"nothing", "", "", NULL},
        {"a word", "", "yesterday", NULL},
        {"a time alone", "", "08:00", NULL},
        {"a month", "", "2026-11", NULL},
        {"no such month", "", "2026-13-01", NULL},
        {"no such day", "", "2026-02-29", NULL},
        {"day 0", "", "2026-02-00", NULL},
        {"hour 24", "", "2026-11-21 24:00", NULL},
        {"second 60", "", "2026-11-21 08:00:60", NULL},
        {"an hour alone", "", "2026-11-21 08", NULL},
        {"a fraction of nothing", "", "2026-11-21T08:00:00.Z", NULL},
        {"an endless fraction", "", "2026-11-21T08:00:00.1234567890Z", NULL},
        {"a zone without a colon", "", "2026-11-21T08:00:00+0900", NULL},
        {"a zone of 24 hours", "", "2026-11-21T08:00:00+24:00", NULL},
        {"a day with a zone", "", "2026-11-21Z", NULL},
        {"something behind", "", "2026-11-21 08:00 ", NULL},
        {"something before", "", " 2026-11-21", NULL},
        {"slashes", "", "2026/11/21", NULL},
        {"a sign", "", "-026-11-21", NULL},
        {"never", "", "1970-01-01T00:00:00Z", NULL},
        {"before 1970", "", "1969-12-31T23:59:59Z", NULL},
    };
    for (size_t i = 0; i < MEDGL_COUNT(cases); i++) {
        medgl_time t = -7;
        char text[CLOCK_TEXT_SIZE];
        print_message("# %s\n", cases[i].name);
        assert_int_equal(clock_set_zone(cases[i].zone), MEDGL_OK);
        if (cases[i].utc == NULL) {
            assert_int_equal(clock_parse_local(cases[i].text, &t), MEDGL_ERR_ARGUMENT);
            assert_int_equal(t, -7);
            continue;
        }
        assert_true(clock_is_time(cases[i].text));
        assert_int_equal(clock_parse_local(cases[i].text, &t), MEDGL_OK);
        clock_format_utc(t, text);
        assert_string_equal(text, cases[i].utc);
    }
    assert_true(clock_is_time("2026-03-29 02:30")); /* somewhere */
    assert_false(clock_is_time("2026-02-29"));
    assert_int_equal(clock_set_zone(""), MEDGL_OK);
}

/* What the kernel says of the mapping that holds it. */
static void mapping_flags(const void *byte, char *flags, size_t size)
{
    char line[512];
    uintptr_t begin, end, at = (uintptr_t)byte;
    bool inside = false;
    FILE *maps = fopen("/proc/self/smaps", "re");
    assert_non_null(maps);
    flags[0] = '\0';
    while (flags[0] == '\0' && fgets(line, sizeof(line), maps) != NULL) {
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &begin, &end) == 2)
            inside = begin <= at && at < end;
        if (inside && strncmp(line, "VmFlags:", 8) == 0)
            (void)snprintf(flags, size, "%s", line);
    }
    (void)fclose(maps);
}

/* A page that gets the same by hand: AddressSanitizer swallows mlock(), Valgrind madvise(). */
static void mapping_flags_by_hand(char *flags, size_t size)
{
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(page != MAP_FAILED);
    (void)madvise(page, 4096, MADV_DONTDUMP);
    (void)madvise(page, 4096, MADV_DONTFORK);
    (void)mlock(page, 4096);
    mapping_flags(page, flags, size);
    assert_true(flags[0] != '\0');
    (void)munmap(page, 4096);
}

static void secrets_are_wiped_and_kept_out_of_forks(void **state)
{
    (void)state;
    struct secret secret = SECRET_NONE;
    assert_int_equal(secret_copy(&secret, "hunter2", 7), MEDGL_OK);
    assert_int_equal(secret.len, 7);
    assert_int_equal(secret.bytes[7], 0);
    assert_int_equal(secret_alloc(&secret, 1), MEDGL_ERR_ARGUMENT); /* not empty */
    assert_true(secret_equal(secret.bytes, 7, "hunter2", 7));
    assert_false(secret_equal(secret.bytes, 7, "hunter3", 7));
    assert_false(secret_equal(secret.bytes, 7, "hunter", 6));
    /* Not in core dumps, not in children, not in swap. */
    static const char *const wanted[] = {" dd", " dc", " lo"};
    char flags[512], by_hand[512];
    mapping_flags(secret.bytes, flags, sizeof(flags));
    mapping_flags_by_hand(by_hand, sizeof(by_hand));
    for (size_t i = 0; i < MEDGL_COUNT(wanted); i++)
        assert_true(strstr(flags, wanted[i]) != NULL || strstr(by_hand, wanted[i]) == NULL);
    secret_free(&secret);
    assert_null(secret.bytes);
    secret_free(&secret);
}

/* CVE-2019-12209: what is opened is what is judged. */
static void only_trusted_files_are_read(void **state)
{
    (void)state;
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0077, .max = 8};
    struct secret content = SECRET_NONE;
    char target[PATH_MAX];
    log_open(LOG_TARGET_NONE, "test", 0);
    assert_int_equal(file_read_trusted(in_directory("file"), &rule, &content), MEDGL_ERR_NOT_FOUND);
    assert_int_equal(file_create(in_directory("file"), geteuid(), getegid(), 0600, "12345678", 8),
                     MEDGL_OK);
    assert_int_equal(file_read_trusted(in_directory("file"), &rule, &content), MEDGL_OK);
    assert_int_equal(content.len, 8);
    assert_memory_equal(content.bytes, "12345678", 8);
    secret_free(&content);

    (void)snprintf(target, sizeof(target), "%s", in_directory("file"));
    assert_int_equal(symlink(target, in_directory("link")), 0);
    assert_int_equal(file_read_trusted(in_directory("link"), &rule, &content), MEDGL_ERR_ACCESS);
    assert_int_equal(mkfifo(in_directory("fifo"), 0600), 0);
    assert_int_equal(file_read_trusted(in_directory("fifo"), &rule, &content), MEDGL_ERR_ACCESS);
    assert_int_equal(mkdir(in_directory("dir"), 0700), 0);
    assert_int_equal(file_read_trusted(in_directory("dir"), &rule, &content), MEDGL_ERR_ACCESS);
    assert_int_equal(chmod(target, 0640), 0);
    assert_int_equal(file_read_trusted(target, &rule, &content), MEDGL_ERR_ACCESS);
    assert_int_equal(chmod(target, 0600), 0);
    const struct file_rule small = {.owner = geteuid(), .forbidden = 0077, .max = 7};
    assert_int_equal(file_read_trusted(target, &small, &content), MEDGL_ERR_ACCESS);
    const struct file_rule other = {.owner = geteuid() + 1, .forbidden = 0077, .max = 8};
    assert_int_equal(file_read_trusted(target, &other, &content),
                     geteuid() == 0 ? MEDGL_OK : MEDGL_ERR_ACCESS);
    secret_free(&content);
}

static void a_file_appears_whole_or_not_at_all(void **state)
{
    (void)state;
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0077, .max = 64};
    struct secret content = SECRET_NONE;
    assert_int_equal(file_create(in_directory("file"), geteuid(), getegid(), 0600, "new", 3),
                     MEDGL_ERR_EXISTS);
    assert_int_equal(file_replace(in_directory("file"), geteuid(), getegid(), 0400, "new", 3),
                     MEDGL_OK);
    assert_int_equal(file_read_trusted(in_directory("file"), &rule, &content), MEDGL_OK);
    assert_memory_equal(content.bytes, "new", 3);
    secret_free(&content);
    assert_int_equal(access(in_directory("file.new"), F_OK), -1);
    assert_int_equal(file_directory(in_directory("wide"), geteuid(), getegid(), 0700), MEDGL_OK);
    assert_int_equal(file_directory(in_directory("wide"), geteuid(), getegid(), 0700), MEDGL_OK);
    assert_int_equal(chmod(in_directory("wide"), 0770), 0);
    assert_int_equal(file_directory(in_directory("wide"), geteuid(), getegid(), 0700),
                     MEDGL_ERR_ACCESS);
    assert_int_equal(file_directory(in_directory("file"), geteuid(), getegid(), 0700),
                     MEDGL_ERR_NOT_FOUND); /* ENOTDIR */
}

static void paths_do_not_overflow(void **state)
{
    (void)state;
    char path[PATH_MAX], root[PATH_MAX];
    assert_int_equal(path_under(path, "", "/etc/medgl"), MEDGL_OK);
    assert_string_equal(path, "/etc/medgl");
    memset(root, 'a', sizeof(root));
    root[sizeof(root) - 1] = '\0';
    assert_int_equal(path_under(path, root, "/etc"), MEDGL_ERR_ARGUMENT);
    assert_string_equal(path, "");
}

static void words_of_accounts(void **state)
{
    (void)state;
    for (int c = ACCOUNT_CLASS_STAFF; c <= ACCOUNT_CLASS_BREAKGLASS; c++) {
        enum account_class class_;
        assert_int_equal(account_class_parse(account_class_word((enum account_class)c), &class_),
                         MEDGL_OK);
        assert_int_equal(class_, c);
    }
    enum account_class class_;
    assert_int_equal(account_class_parse("root", &class_), MEDGL_ERR_ARGUMENT);
}

/* No answer about the system user is not the answer that there is none. */
static void the_owner_is_looked_up(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none;
        uid_t uid;
        gid_t gid;
        if (getrlimit(RLIMIT_NOFILE, &none) != 0)
            _exit(99);
        none.rlim_cur = 0; /* the hard one is valgrind's own */
        _exit(setrlimit(RLIMIT_NOFILE, &none) == 0 ? (int)privilege_owner(&uid, &gid) : 99);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), MEDGL_ERR_IO);
}

static void a_file_that_grew_is_refused(void **state)
{
    auto_secret struct secret content = SECRET_NONE;
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0022, .max = 16};
    (void)state; /* the size of this one is 0, whatever can be read */
    assert_int_equal(file_read_trusted("/proc/self/status", &rule, &content), MEDGL_ERR_ACCESS);
    assert_null(content.bytes);
}

/* R03: who approves for themself must not get by with another spelling. */
static void names_that_are_one(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"alice", "alice", true},
        {"alice", "ALICE", true},
        {"alice", "ａｌｉｃｅ", true},
        {"Alice Doe", "doe, alice", true},
        {"Alice Doe", "Alice.Doe", true},
        {"alicedoe", "Alice Doe", true},
        {"山田 太郎", "山田　太郎", true},
        {"山田太郎", "山田 太郎", true},
        {"ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダ　タロウ", true},
        {"STRASSE", "straße", true},
        {"alice", "alic", false},
        {"alice", "alice2", false},
        {"Alice Doe", "Alice", false},
        {"山田 太郎", "山田 花子", false},
        {"", "", false},
        {"--", "--", false},
        {"alice", "", false},
        {"a b c d e f g h i j k l m n o p q r", "a b c d e f g h i j k l m n o p q r", false},
        {"\xff\xfe", "\xff\xfe", false},
    };
    (void)state;
    for (size_t i = 0; i < MEDGL_COUNT(cases); i++) {
        print_message("# %s: %s\n", cases[i].a, cases[i].b);
        assert_int_equal(text_same_name(cases[i].a, cases[i].b), cases[i].same);
        assert_int_equal(text_same_name(cases[i].b, cases[i].a), cases[i].same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_are_one),
        cmocka_unit_test(text_becomes_harmless),
        cmocka_unit_test(some_texts_say_nothing),
        cmocka_unit_test(a_name_is_never_cut),
        cmocka_unit_test(login_names),
        cmocka_unit_test(hexadecimal),
        cmocka_unit_test(base64),
        cmocka_unit_test(primitives),
        cmocka_unit_test(random_numbers_stay_below_their_limit),
        cmocka_unit_test(times_in_utc),
        cmocka_unit_test(every_day_comes_back),
        cmocka_unit_test(times_are_read_as_people_write_them),
        cmocka_unit_test(zones),
        cmocka_unit_test(secrets_are_wiped_and_kept_out_of_forks),
        cmocka_unit_test(the_owner_is_looked_up),
        cmocka_unit_test(a_file_that_grew_is_refused),
        cmocka_unit_test(only_trusted_files_are_read),
        cmocka_unit_test(a_file_appears_whole_or_not_at_all),
        cmocka_unit_test(paths_do_not_overflow),
        cmocka_unit_test(words_of_accounts),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
