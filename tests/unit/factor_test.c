/* The factor room: Argon2id, sealing, the text and the life of a password (R02, R10, R13, R18), and
 * the slots that bound the machine's Argon2 memory, with real processes that are really killed. */
#include "base/clock.h"
#include "base/log.h"
#include "factor/kdf.h"
#include "factor/kdf_slots.h"
#include "factor/password.h"
#include "factor/seal.h"
#include "factor/similar.h"

#include <argon2.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

static const struct kdf_cost cheap = {.memory_kib = 64, .time = 1, .lanes = 1};

/* -- Argon2id -------------------------------------------------------------------------------- */

/* The library itself, with the secret and the associated data that passwords here do not use. */
static void r10_argon2id_is_that_of_rfc_9106(void **state)
{
    (void)state;
    static const uint8_t expected[32] = {0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c,
                                         0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53, 0xc9,
                                         0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e,
                                         0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01, 0xe6, 0x59};
    uint8_t tag[32], password[32], salt[16], secret[8], data[12];
    memset(password, 1, sizeof(password));
    memset(salt, 2, sizeof(salt));
    memset(secret, 3, sizeof(secret));
    memset(data, 4, sizeof(data));
    argon2_context context = {.out = tag,
                              .outlen = sizeof(tag),
                              .pwd = password,
                              .pwdlen = sizeof(password),
                              .salt = salt,
                              .saltlen = sizeof(salt),
                              .secret = secret,
                              .secretlen = sizeof(secret),
                              .ad = data,
                              .adlen = sizeof(data),
                              .t_cost = 3,
                              .m_cost = 32,
                              .lanes = 4,
                              .threads = 1,
                              .version = ARGON2_VERSION_13};
    assert_int_equal(argon2_ctx(&context, Argon2_id), ARGON2_OK);
    assert_memory_equal(tag, expected, sizeof(expected));
}

/* Expected: what argon2id_hash_encoded() of the reference implementation gives. */
static void r10_kdf_derives_what_the_reference_derives(void **state)
{
    (void)state;
#define REFERENCE(m, t, p, password, hash)                                                         \
    {                                                                                              \
        {m, t, p}, password,                                                                       \
            "$argon2id$v=19$m=" #m ",t=" #t ",p=" #p "$MDEyMzQ1Njc4OWFiY2RlZg$" hash               \
    }
    static const struct {
        struct kdf_cost cost;
        const char *password, *phc;
    } rows[] = {
        REFERENCE(8, 1, 1, "", "1EDrpniG35PWQ9y4ppsCr2jBbShM1vaGWVU+JFv578A"),
        REFERENCE(64, 1, 1, "p", "24yx+w8uWIuKQGqJ5pIDXROp9ADoij4CYA/0snmVv1I"),
        REFERENCE(64, 3, 1, "correct horse", "XeeXZAxxzl4dvhftF7p9JJrbwg2wMEYOhL1MMlEBhE4"),
        REFERENCE(256, 2, 4, "battery", "xtapojjfNq6sGCQEMZXS8LWZ5srfs0naUTv9CnfJxsg"),
        REFERENCE(4096, 3, 1, "staple", "hWfvvaFa+NESW58B5JeXHpKG+tQ65eXIqX42fKxcYGQ"),
        REFERENCE(100, 5, 3, "\u3042", "mJYkB/+LN3OujNqpUv2DwqGLzw2M5FLl5DbyLgNDXmk"),
    };
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        struct kdf_record record = {.cost = rows[i].cost};
        char phc[KDF_PHC_SIZE];
        memcpy(record.salt, "0123456789abcdef", KDF_SALT_SIZE);
        assert_int_equal(kdf_derive(&record.cost, rows[i].password, strlen(rows[i].password),
                                    record.salt, record.hash),
                         MEDGL_OK);
        assert_int_equal(kdf_format(&record, phc), MEDGL_OK);
        assert_string_equal(phc, rows[i].phc);
    }
}

static void kdf_refuses_a_cost_out_of_range(void **state)
{
    (void)state;
    static const struct kdf_cost rows[] = {
        {7, 1, 1}, {64, 0, 1}, {64, 1, 0}, {31, 1, 4}, {0, 0, 0}};
    unsigned char salt[KDF_SALT_SIZE] = {0}, hash[KDF_HASH_SIZE];
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++)
        assert_int_equal(kdf_derive(&rows[i], "x", 1, salt, hash), MEDGL_ERR_ARGUMENT);
}

static void kdf_says_when_memory_is_short(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        const struct kdf_cost most = {UINT32_MAX, 1, 1};
        const struct rlimit none = {0, 0};
        unsigned char salt[KDF_SALT_SIZE] = {0}, hash[KDF_HASH_SIZE];
        if (setrlimit(RLIMIT_DATA, &none) != 0)
            _exit(100);
        _exit((int)kdf_derive(&most, "x", 1, salt, hash));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), MEDGL_ERR_MEMORY);
}

/* What smaps says of the mapping of that size: 1 left out of dumps, 0 not, -1 no such mapping. */
static int dump_flag(pid_t pid, unsigned long size_kib)
{
    char path[64], line[512];
    unsigned long size = 0, found;
    (void)snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
    auto_file FILE *maps = fopen(path, "re");
    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps) != NULL) {
        if (sscanf(line, "Size: %lu kB", &found) == 1)
            size = found;
        if (strncmp(line, "VmFlags:", 8) == 0 && size == size_kib)
            return strstr(line, " dd") != NULL;
    }
    return -1;
}

static void r10_kdf_memory_stays_out_of_core_dumps(void **state)
{
    (void)state;
    const struct kdf_cost cost = {.memory_kib = 20480, .time = 100000, .lanes = 1};
    pid_t child = fork();
    if (child == 0) {
        unsigned char salt[KDF_SALT_SIZE] = {0}, hash[KDF_HASH_SIZE];
        (void)alarm(120);
        _exit((int)kdf_derive(&cost, "x", 1, salt, hash));
    }
    int flag = -1; /* 0 at first: it is mapped, and what to leave out is said next */
    for (int i = 0; i < 5000 && flag < 1; i++) {
        clock_sleep(10);
        flag = dump_flag(child, cost.memory_kib);
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(flag, 1);
}

#define SALT "AAECAwQFBgcICQoLDA0ODw"
#define HASH "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

static void r10_phc_strings_are_parsed_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *name, *phc;
        bool good;
    } rows[] = {
        {"ours", "$argon2id$v=19$m=65536,t=3,p=1$" SALT "$" HASH, true},
        {"least cost", "$argon2id$v=19$m=8,t=1,p=1$" SALT "$" HASH, true},
        {"most", "$argon2id$v=19$m=4294967295,t=4294967295,p=16777215$" SALT "$" HASH, true},
        {"empty", "", false},
        {"argon2i", "$argon2i$v=19$m=65536,t=3,p=1$" SALT "$" HASH, false},
        {"argon2d", "$argon2d$v=19$m=65536,t=3,p=1$" SALT "$" HASH, false},
        {"version 16", "$argon2id$v=16$m=65536,t=3,p=1$" SALT "$" HASH, false},
        {"no version", "$argon2id$m=65536,t=3,p=1$" SALT "$" HASH, false},
        {"other order", "$argon2id$v=19$t=3,m=65536,p=1$" SALT "$" HASH, false},
        {"no lanes", "$argon2id$v=19$m=65536,t=3$" SALT "$" HASH, false},
        {"one more parameter", "$argon2id$v=19$m=65536,t=3,p=1,keyid=x$" SALT "$" HASH, false},
        {"plus sign", "$argon2id$v=19$m=+65536,t=3,p=1$" SALT "$" HASH, false},
        {"minus sign", "$argon2id$v=19$m=65536,t=-3,p=1$" SALT "$" HASH, false},
        {"leading zero", "$argon2id$v=19$m=065536,t=3,p=1$" SALT "$" HASH, false},
        {"space before", " $argon2id$v=19$m=65536,t=3,p=1$" SALT "$" HASH, false},
        {"space in front of a number", "$argon2id$v=19$m= 65536,t=3,p=1$" SALT "$" HASH, false},
        {"newline behind", "$argon2id$v=19$m=65536,t=3,p=1$" SALT "$" HASH "\n", false},
        {"trailing field", "$argon2id$v=19$m=65536,t=3,p=1$" SALT "$" HASH "$", false},
        {"beyond 32 bits", "$argon2id$v=19$m=4294967296,t=3,p=1$" SALT "$" HASH, false},
        {"beyond 64 bits", "$argon2id$v=19$m=18446744073709617152,t=3,p=1$" SALT "$" HASH, false},
        {"no time", "$argon2id$v=19$m=65536,t=0,p=1$" SALT "$" HASH, false},
        {"no lane", "$argon2id$v=19$m=65536,t=3,p=0$" SALT "$" HASH, false},
        {"too many lanes", "$argon2id$v=19$m=4294967295,t=3,p=16777216$" SALT "$" HASH, false},
        {"memory below 8 per lane", "$argon2id$v=19$m=31,t=3,p=4$" SALT "$" HASH, false},
        {"short salt", "$argon2id$v=19$m=65536,t=3,p=1$AAECAwQFBgcICQoLDA0O$" HASH, false},
        {"long salt", "$argon2id$v=19$m=65536,t=3,p=1$" SALT "A$" HASH, false},
        {"padded salt", "$argon2id$v=19$m=65536,t=3,p=1$" SALT "==$" HASH, false},
        {"bits left over in the salt",
         "$argon2id$v=19$m=65536,t=3,p=1$AAECAwQFBgcICQoLDA0ODx$" HASH, false},
        {"stray character", "$argon2id$v=19$m=65536,t=3,p=1$" SALT "$-" HASH, false},
        {"short hash", "$argon2id$v=19$m=65536,t=3,p=1$" SALT "$" SALT, false},
        {"long hash", "$argon2id$v=19$m=65536,t=3,p=1$" SALT "$" HASH "AAAA", false},
        {"padded hash", "$argon2id$v=19$m=65536,t=3,p=1$" SALT "$" HASH "=", false},
        {"no hash", "$argon2id$v=19$m=65536,t=3,p=1$" SALT "$", false},
        {"no salt", "$argon2id$v=19$m=65536,t=3,p=1$$" HASH, false},
        {"endless", HASH HASH HASH HASH HASH, false},
    };
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        struct kdf_record record, nothing = {0};
        char again[KDF_PHC_SIZE];
        enum medgl_error error = kdf_parse(rows[i].phc, &record);
        if (error != (rows[i].good ? MEDGL_OK : MEDGL_ERR_CORRUPT))
            fail_msg("%s: %s", rows[i].name, medgl_error_text(error));
        if (rows[i].good) {
            assert_int_equal(kdf_format(&record, again), MEDGL_OK);
            assert_string_equal(again, rows[i].phc);
            assert_int_equal(record.salt[15], 15);
            assert_int_equal(record.hash[31], 31);
        } else {
            assert_memory_equal(&record, &nothing, sizeof(record));
        }
    }
}

static void r10_cheaper_is_cheaper_in_any_dimension(void **state)
{
    (void)state;
    static const struct {
        struct kdf_cost a, b;
        bool cheaper;
    } rows[] = {
        {{64, 3, 1}, {64, 3, 1}, false}, {{63, 3, 1}, {64, 3, 1}, true},
        {{64, 2, 1}, {64, 3, 1}, true},  {{64, 3, 1}, {64, 3, 2}, true},
        {{65, 4, 2}, {64, 3, 1}, false}, {{128, 1, 1}, {64, 3, 1}, true},
    };
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++)
        assert_int_equal(kdf_cheaper(&rows[i].a, &rows[i].b), rows[i].cheaper);
}

/* -- sealing --------------------------------------------------------------------------------- */

static struct seal_key *new_key(struct secret *text)
{
    struct seal_key *key = NULL;
    assert_int_equal(seal_key_generate(text), MEDGL_OK);
    assert_int_equal(seal_key_open(text, &key), MEDGL_OK);
    return key;
}

static void r10_what_is_sealed_comes_back(void **state)
{
    (void)state;
    auto_secret struct secret text = SECRET_NONE;
    auto_clean(seal_key_free) struct seal_key *key = new_key(&text);
    static const size_t lengths[] = {0, 1, 15, 16, 17, 160, 1024, 5000};
    unsigned char plain[5000], sealed[5000 + SEAL_OVERHEAD], again[5000 + SEAL_OVERHEAD];
    assert_int_equal(crypto_random(plain, sizeof(plain)), MEDGL_OK);
    for (size_t i = 0; i < MEDGL_COUNT(lengths); i++) {
        auto_secret struct secret opened = SECRET_NONE;
        size_t len = lengths[i] + SEAL_OVERHEAD, again_len = len;
        assert_int_equal(seal(key, "account", "field", plain, lengths[i], sealed, &len), MEDGL_OK);
        assert_int_equal(seal(key, "account", "field", plain, lengths[i], again, &again_len),
                         MEDGL_OK);
        assert_int_equal(len, lengths[i] + SEAL_OVERHEAD);
        assert_memory_not_equal(sealed, again, len); /* a nonce of its own each time */
        assert_int_equal(unseal(key, "account", "field", sealed, len, &opened), MEDGL_OK);
        assert_int_equal(opened.len, lengths[i]);
        assert_memory_equal(opened.bytes, plain, lengths[i]);
        assert_int_equal(opened.bytes[opened.len], 0);
    }
    size_t room = 16 + SEAL_OVERHEAD - 1;
    assert_int_equal(seal(key, "account", "field", plain, 16, sealed, &room), MEDGL_ERR_ARGUMENT);
    assert_int_equal(room, 0);
}

static void r10_a_changed_bit_or_length_is_found(void **state)
{
    (void)state;
    auto_secret struct secret text = SECRET_NONE, opened = SECRET_NONE;
    auto_clean(seal_key_free) struct seal_key *key = new_key(&text);
    unsigned char sealed[20 + SEAL_OVERHEAD + 1] = {0};
    size_t len = sizeof(sealed) - 1;
    assert_int_equal(seal(key, "account", "field", "twenty bytes exactly", 20, sealed, &len),
                     MEDGL_OK);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        enum medgl_error expected = bit < 8    ? MEDGL_ERR_VERSION
                                    : bit < 40 ? MEDGL_ERR_KEY
                                               : MEDGL_ERR_CORRUPT;
        sealed[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_int_equal(unseal(key, "account", "field", sealed, len, &opened), expected);
        assert_null(opened.bytes);
        sealed[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(unseal(key, "account", "field", sealed, cut, &opened), MEDGL_ERR_CORRUPT);
    assert_int_equal(unseal(key, "account", "field", sealed, len + 1, &opened), MEDGL_ERR_CORRUPT);
    assert_null(opened.bytes);
    assert_int_equal(unseal(key, "account", "field", sealed, len, &opened), MEDGL_OK);
}

static void r10_a_sealed_value_belongs_to_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *name, *account, *field;
        bool other_key;
        enum medgl_error expected;
    } rows[] = {
        {"its own place", "account", "field", false, MEDGL_OK},
        {"another account", "Account", "field", false, MEDGL_ERR_CORRUPT},
        {"another field", "account", "fielD", false, MEDGL_ERR_CORRUPT},
        {"swapped", "field", "account", false, MEDGL_ERR_CORRUPT},
        {"the border moved right", "accountf", "ield", false, MEDGL_ERR_CORRUPT},
        {"the border moved left", "accoun", "tfield", false, MEDGL_ERR_CORRUPT},
        {"all in one", "accountfield", "", false, MEDGL_ERR_CORRUPT},
        {"no place", "", "", false, MEDGL_ERR_CORRUPT},
        {"another key", "account", "field", true, MEDGL_ERR_KEY},
    };
    auto_secret struct secret text = SECRET_NONE, other_text = SECRET_NONE, opened = SECRET_NONE;
    auto_clean(seal_key_free) struct seal_key *key = new_key(&text);
    auto_clean(seal_key_free) struct seal_key *other = new_key(&other_text);
    unsigned char sealed[6 + SEAL_OVERHEAD], foreign[SEAL_OVERHEAD];
    size_t len = sizeof(sealed), foreign_len = sizeof(foreign);
    assert_int_equal(seal(key, "account", "field", "secret", 6, sealed, &len), MEDGL_OK);
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        enum medgl_error error = unseal(rows[i].other_key ? other : key, rows[i].account,
                                        rows[i].field, sealed, len, &opened);
        if (error != rows[i].expected)
            fail_msg("%s: %s", rows[i].name, medgl_error_text(error));
        assert_true((opened.bytes != NULL) == (error == MEDGL_OK));
        secret_free(&opened);
    }
    /* With the other key's id written over its own it is still not the other key's. */
    assert_int_equal(seal(other, "account", "field", "", 0, foreign, &foreign_len), MEDGL_OK);
    memcpy(sealed, foreign, 5);
    assert_int_equal(unseal(other, "account", "field", sealed, len, &opened), MEDGL_ERR_CORRUPT);
}

/* Opens a sealed value by the documented format alone. */
static void r10_the_sealed_format_is_the_documented_one(void **state)
{
    (void)state;
    static const unsigned char place[] = "\0\0\0\007account\0\0\0\005field";
    auto_secret struct secret text = SECRET_NONE;
    auto_clean(seal_key_free) struct seal_key *key = new_key(&text);
    unsigned char sealed[6 + SEAL_OVERHEAD], bytes[33], plain[6], id[5];
    char hex[9];
    size_t len = sizeof(sealed);
    int done;
    assert_int_equal(seal(key, "account", "field", "secret", 6, sealed, &len), MEDGL_OK);
    assert_int_equal(EVP_DecodeBlock(bytes, text.bytes + 27, 44), 33);
    memcpy(id, sealed, 5);
    (void)snprintf(hex, sizeof(hex), "%02x%02x%02x%02x", id[1], id[2], id[3], id[4]);
    assert_memory_equal(text.bytes + 18, hex, 8);
    assert_int_equal(id[0], 1);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    assert_non_null(context);
    assert_int_equal(EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, bytes, sealed + 5), 1);
    assert_int_equal(
        EVP_DecryptUpdate(context, NULL, &done, (const unsigned char *)"medgl-seal", 10), 1);
    assert_int_equal(EVP_DecryptUpdate(context, NULL, &done, id, 5), 1);
    assert_int_equal(EVP_DecryptUpdate(context, NULL, &done, place, sizeof(place) - 1), 1);
    assert_int_equal(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, sealed + 17 + 6), 1);
    assert_int_equal(EVP_DecryptUpdate(context, plain, &done, sealed + 17, 6), 1);
    assert_int_equal(EVP_DecryptFinal_ex(context, plain + 6, &done), 1);
    assert_memory_equal(plain, "secret", 6);
    EVP_CIPHER_CTX_free(context);
}

static void r10_a_damaged_key_file_is_no_key(void **state)
{
    (void)state;
    auto_secret struct secret text = SECRET_NONE, other = SECRET_NONE, longer = SECRET_NONE;
    struct secret none = SECRET_NONE;
    struct seal_key *key = NULL;
    assert_int_equal(seal_key_generate(&text), MEDGL_OK);
    assert_int_equal(seal_key_generate(&other), MEDGL_OK);
    assert_int_equal(text.len, 72);
    assert_memory_equal(text.bytes, "medgl-store-key-1 ", 18);
    assert_memory_not_equal(text.bytes + 27, other.bytes + 27, 44);
    for (size_t bit = 0; bit < 8 * text.len; bit++) {
        text.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_int_equal(seal_key_open(&text, &key), MEDGL_ERR_KEY);
        assert_null(key);
        text.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    assert_int_equal(seal_key_open(&none, &key), MEDGL_ERR_KEY);
    assert_int_equal(secret_copy(&longer, text.bytes, text.len + 1), MEDGL_OK);
    assert_int_equal(seal_key_open(&longer, &key), MEDGL_ERR_KEY);
    for (longer.len = 0; longer.len < text.len; longer.len++)
        assert_int_equal(seal_key_open(&longer, &key), MEDGL_ERR_KEY);
    assert_int_equal(seal_key_open(&text, &key), MEDGL_OK);
    seal_key_free(&key);
    assert_null(key);
    seal_key_free(&key);
}

static void r37_each_label_derives_a_key_of_its_own(void **state)
{
    (void)state;
    auto_secret struct secret text = SECRET_NONE;
    auto_clean(seal_key_free) struct seal_key *key = new_key(&text);
    unsigned char a[CRYPTO_HASH_SIZE], b[CRYPTO_HASH_SIZE], c[CRYPTO_HASH_SIZE], bytes[33];
    assert_int_equal(EVP_DecodeBlock(bytes, text.bytes + 27, 44), 33);
    assert_int_equal(seal_key_derive(key, "rows", a), MEDGL_OK);
    assert_int_equal(seal_key_derive(key, "tags", b), MEDGL_OK);
    assert_int_equal(crypto_derive(bytes, 32, "rows", c), MEDGL_OK);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_memory_not_equal(a, bytes, sizeof(a));
    assert_memory_equal(a, c, sizeof(a));
}

/* -- the text of a password ------------------------------------------------------------------ */

static void r13_text_is_prepared_as_opaque_string(void **state)
{
    (void)state;
    static const struct {
        const char *name, *typed, *prepared; /* NULL: refused */
    } rows[] = {
        {"RFC 8265 example 1", "correct horse battery staple", "correct horse battery staple"},
        {"RFC 8265 example 2", "Correct Horse Battery Staple", "Correct Horse Battery Staple"},
        {"RFC 8265 example 3", "\u03c0\u00df\u00e5", "\u03c0\u00df\u00e5"},
        {"RFC 8265 example 4", "Jack of \u2666s", "Jack of \u2666s"},
        {"RFC 8265 example 5", "foo\u1680bar", "foo bar"},
        {"RFC 8265 example 6", "", NULL},
        {"RFC 8265 example 7", "my cat is a \tby", NULL},
        {"spaces at the ends and in a row stay", "  a  b ", "  a  b "},
        {"ideographic space", "\u3042\u3000\u3044", "\u3042 \u3044"},
        {"no-break space", "a\u00a0b", "a b"},
        {"en quad and narrow no-break space", "a\u2000b\u202fc", "a b c"},
        {"full width stays", "\uff21\uff42\uff11\uff01", "\uff21\uff42\uff11\uff01"},
        {"half-width katakana stays", "\uff76\uff9e\uff71", "\uff76\uff9e\uff71"},
        {"letter and accent become one", "e\u0301", "\u00e9"},
        {"kana and voicing mark become one", "\u304b\u3099", "\u304c"},
        {"angstrom sign", "\u212b", "\u00c5"},
        {"marks in canonical order", "q\u0307\u0323", "q\u0323\u0307"},
        {"jamo become a syllable", "\u1112\u1161\u11ab", "\ud55c"},
        {"compatibility ideograph", "\ufa12", "\u6674"},
        {"composition exclusion grows", "\u0958", "\u0915\u093c"},
        {"emoji", "\U0001f512key", "\U0001f512key"},
        {"newline", "a\nb", NULL},
        {"escape", "a\033[0m", NULL},
        {"delete", "a\177", NULL},
        {"C1 control", "a\xc2\x85", NULL},
        {"soft hyphen", "a\u00ad", NULL},
        {"zero width space", "a\u200b", NULL},
        {"zero width joiner", "a\u200d", NULL},
        {"reordering mark", "a\u202e", NULL},
        {"Arabic letter mark", "a\u061c", NULL},
        {"line separator", "a\u2028", NULL},
        {"byte order mark", "\ufeffa", NULL},
        {"variation selector", "\u2764\ufe0f", NULL},
        {"hangul filler", "\u3164", NULL},
        {"private use", "\ue000", NULL},
        {"noncharacter", "a\xef\xbf\xbe", NULL},
        {"unassigned", "\u0378", NULL},
        {"lone continuation byte", "a\x80", NULL},
        {"cut in the middle", "a\xe3\x81", NULL},
        {"overlong", "a\xc0\xaf", NULL},
        {"surrogate", "a\xed\xa0\x80", NULL},
        {"beyond Unicode", "a\xf4\x90\x80\x80", NULL},
        {"Latin-1", "caf\xe9", NULL},
    };
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        auto_secret struct secret typed = SECRET_NONE, prepared = SECRET_NONE;
        assert_int_equal(secret_copy(&typed, rows[i].typed, strlen(rows[i].typed)), MEDGL_OK);
        enum medgl_error error = password_prepare(&typed, &prepared);
        if (error != (rows[i].prepared != NULL ? MEDGL_OK : MEDGL_ERR_ARGUMENT))
            fail_msg("%s: %s", rows[i].name, medgl_error_text(error));
        if (rows[i].prepared == NULL)
            assert_null(prepared.bytes);
        else if (strcmp((char *)prepared.bytes, rows[i].prepared) != 0 ||
                 prepared.len != strlen(rows[i].prepared))
            fail_msg("%s: became \"%s\"", rows[i].name, prepared.bytes);
    }
}

static void r13_text_has_its_limits(void **state)
{
    (void)state;
    static const struct {
        const char *name, *unit;
        size_t count, rest; /* units, then that many 'a' */
        bool good;
    } rows[] = {
        {"1,024 bytes", "a", 1024, 0, true},
        {"1,025 bytes", "a", 1025, 0, false},
        {"1,024 bytes of kana", "\u3042", 341, 1, true},
        {"1,026 bytes of kana", "\u3042", 342, 0, false},
        {"more than that when typed, less when composed", "\u304b\u3099", 171, 0, false},
        {"1,023 bytes that become 2,046", "\u0958", 341, 0, false},
        {"510 bytes that become 1,020", "\u0958", 170, 0, true},
        {"30 marks", "\u0323", 30, 1, true},
        {"31 marks", "\u0323", 31, 1, false},
        {"30 marks that become 60", "\u0344", 30, 1, true},
        {"not a byte", "a", 0, 0, false},
    };
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        auto_secret struct secret typed = SECRET_NONE, prepared = SECRET_NONE;
        size_t unit = strlen(rows[i].unit);
        assert_int_equal(secret_alloc(&typed, unit * rows[i].count + rows[i].rest), MEDGL_OK);
        for (size_t n = 0; n < rows[i].count; n++)
            memcpy(typed.bytes + n * unit, rows[i].unit, unit);
        memset(typed.bytes + unit * rows[i].count, 'a', rows[i].rest);
        typed.len = typed.cap;
        enum medgl_error error = password_prepare(&typed, &prepared);
        if (error != (rows[i].good ? MEDGL_OK : MEDGL_ERR_ARGUMENT))
            fail_msg("%s: %s", rows[i].name, medgl_error_text(error));
    }
    auto_secret struct secret inside = SECRET_NONE, prepared = SECRET_NONE;
    assert_int_equal(secret_copy(&inside, "a\0b", 3), MEDGL_OK);
    assert_int_equal(password_prepare(&inside, &prepared), MEDGL_ERR_ARGUMENT);
}

static void r13_composition_counts_code_points_and_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        uint32_t length;
        bool letters, digits, symbols;
    } rows[] = {
        {"empty", "", 0, false, false, false},
        {"letters", "abcXYZ", 6, true, false, false},
        {"digits", "0123", 4, false, true, false},
        {"symbols", "!-_ ", 4, false, false, true},
        {"all kinds", "aB3$", 4, true, true, true},
        {"kana and kanji are letters", "\u3042\u30a2\u6f22", 3, true, false, false},
        {"prolonged sound mark is a letter", "\u30fc", 1, true, false, false},
        {"full-width digit is a digit", "\uff11", 1, false, true, false},
        {"Arabic digit is a digit", "\u0663", 1, false, true, false},
        {"Roman numeral is a symbol", "\u2163", 1, false, false, true},
        {"superscript is a symbol", "\u00b2", 1, false, false, true},
        {"full-width exclamation mark", "\uff01", 1, false, false, true},
        {"ideographic full stop", "\u3002", 1, false, false, true},
        {"emoji is one symbol", "\U0001f512", 1, false, false, true},
        {"a mark counts as a letter", "q\u0323", 2, true, false, false},
        {"space alone", " ", 1, false, false, true},
    };
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        auto_secret struct secret text = SECRET_NONE;
        struct password_composition found;
        assert_int_equal(secret_copy(&text, rows[i].text, strlen(rows[i].text)), MEDGL_OK);
        password_compose(&text, &found);
        if (found.length != rows[i].length || found.letters != rows[i].letters ||
            found.digits != rows[i].digits || found.symbols != rows[i].symbols)
            fail_msg("%s: length %" PRIu32 ", %d %d %d", rows[i].name, found.length, found.letters,
                     found.digits, found.symbols);
    }
}

/* -- the generator --------------------------------------------------------------------------- */

#define GENERATED 10000

static int compare_passwords(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void check_generated(const struct secret *password)
{
    struct password_composition kinds;
    password_compose(password, &kinds);
    assert_int_equal(password->len, 23);
    assert_true(kinds.length >= 13 && kinds.letters && kinds.digits && kinds.symbols); /* rule A */
    for (size_t i = 0; i < password->len; i++)
        assert_int_equal(password->bytes[i] == '-', i % 6 == 5);
    assert_null(strpbrk((char *)password->bytes, "0O1lIoi"));
}

static unsigned __int128 power(unsigned base, unsigned exponent)
{
    unsigned __int128 result = 1;
    while (exponent-- > 0)
        result *= base;
    return result;
}

static void r18_generated_passwords_are_random_and_satisfy_rule_a(void **state)
{
    (void)state;
    static char all[GENERATED][24];
    unsigned seen[256] = {0}, letters = 0, digits = 0;
    for (size_t i = 0; i < GENERATED; i++) {
        auto_secret struct secret password = SECRET_NONE;
        assert_int_equal(password_generate(0, &password), MEDGL_OK);
        check_generated(&password);
        memcpy(all[i], password.bytes, password.len + 1);
        for (size_t at = 0; at < password.len; at++)
            seen[password.bytes[at]]++;
    }
    qsort(all, GENERATED, sizeof(all[0]), compare_passwords);
    for (size_t i = 1; i < GENERATED; i++)
        assert_string_not_equal(all[i - 1], all[i]);
    for (unsigned c = 'a'; c <= 'z'; c++)
        letters += seen[c] > 0;
    for (unsigned c = '0'; c <= '9'; c++)
        digits += seen[c] > 0;
    assert_int_equal(seen['-'], 3 * GENERATED);
    /* Twenty characters, less those of one kind alone: 99 bits. */
    unsigned __int128 count = power(letters + digits, 20) - power(letters, 20) - power(digits, 20);
    assert_true(count >> 80 != 0);
    /* Evenly drawn: chi-square with 30 degrees of freedom stays below 100 but once in 10^9 runs. */
    double expected = 20.0 * GENERATED / (letters + digits), chi = 0;
    for (unsigned c = 0; c < 256; c++)
        if (seen[c] > 0 && c != '-')
            chi += (seen[c] - expected) * (seen[c] - expected) / expected;
    assert_true(chi < 100);
}

static void r19_a_long_password_is_generated_where_one_is_asked_for(void **state)
{
    (void)state;
    static const struct {
        size_t least, len;
    } rows[] = {{0, 23}, {23, 23}, {24, 29}, {29, 29}, {30, 35}, {64, 65}};
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        auto_secret struct secret password = SECRET_NONE;
        assert_int_equal(password_generate(rows[i].least, &password), MEDGL_OK);
        assert_int_equal(password.len, rows[i].len);
        assert_int_not_equal(password.bytes[password.len - 1], '-');
    }
    auto_secret struct secret none = SECRET_NONE;
    assert_int_equal(password_generate(PASSWORD_BYTES_MAX, &none), MEDGL_ERR_ARGUMENT);
}

/* -- a directory with a line ----------------------------------------------------------------- */

static int make_directory(void **state)
{
    static char directory[PATH_MAX];
    (void)snprintf(directory, sizeof(directory), "factor-test-XXXXXX");
    *state = mkdtemp(directory);
    return *state == NULL;
}

static int drop_directory(void **state)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/slots", (char *)*state);
    if (unlink(path) != 0)
        (void)rmdir(path);
    return rmdir(*state);
}

/* -- hash and verification ------------------------------------------------------------------- */

static void r02_a_password_is_verified_by_its_record(void **state)
{
    const struct password_line line = {*state, 2, 10000};
    const struct kdf_cost dearer = {.memory_kib = 128, .time = 2, .lanes = 1};
    auto_secret struct secret right = SECRET_NONE, wrong = SECRET_NONE;
    char phc[KDF_PHC_SIZE], again[KDF_PHC_SIZE], other[KDF_PHC_SIZE];
    assert_int_equal(secret_copy(&right, "correct horse", 13), MEDGL_OK);
    assert_int_equal(secret_copy(&wrong, "correct horsf", 13), MEDGL_OK);
    assert_int_equal(password_hash(&line, &cheap, NULL, &right, phc), MEDGL_OK);
    assert_int_equal(password_hash(&line, &cheap, NULL, &right, again), MEDGL_OK);
    assert_int_equal(password_hash(&line, &dearer, NULL, &wrong, other), MEDGL_OK);
    assert_string_not_equal(phc, again); /* a salt of its own each time */
    assert_int_equal(argon2id_verify(phc, "correct horse", 13), ARGON2_OK);
    const struct password_dummy dummy = {.cost = cheap};
    const struct {
        const char *name, *phc;
        const struct secret *password;
        bool matches;
    } rows[] = {
        {"right", phc, &right, true},          {"wrong", phc, &wrong, false},
        {"another salt", again, &right, true}, {"at its own cost", other, &wrong, true},
        {"another's", other, &right, false},   {"no record", NULL, &right, false},
    };
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        bool matches = !rows[i].matches;
        assert_int_equal(
            password_verify(&line, rows[i].phc, &dummy, rows[i].password, NULL, &matches),
            MEDGL_OK);
        if (matches != rows[i].matches)
            fail_msg("%s: %d", rows[i].name, matches);
    }
}

/* R23: without a record the evaluation takes place all the same, in a slot, at the dummy's cost. */
static void r23_every_failure_is_no_match(void **state)
{
    const struct password_line line = {*state, 1, 0}, nowhere = {"factor-test-nowhere", 1, 0};
    const struct password_dummy impossible = {.cost = {.memory_kib = 64, .time = 0, .lanes = 1}},
                                dummy = {.cost = cheap};
    auto_secret struct secret right = SECRET_NONE;
    char phc[KDF_PHC_SIZE], damaged[KDF_PHC_SIZE];
    assert_int_equal(secret_copy(&right, "correct horse", 13), MEDGL_OK);
    assert_int_equal(password_hash(&line, &cheap, NULL, &right, phc), MEDGL_OK);
    memcpy(damaged, phc, sizeof(phc));
    damaged[strlen(damaged) - 1] = '\0';
    const struct {
        const char *name, *phc;
        const struct password_line *line;
        const struct password_dummy *dummy;
        enum medgl_error expected;
    } rows[] = {
        {"no record, no evaluation", NULL, &line, &impossible, MEDGL_ERR_ARGUMENT},
        {"a record needs no dummy", phc, &line, &impossible, MEDGL_OK},
        {"damaged record", damaged, &line, &dummy, MEDGL_ERR_CORRUPT},
        {"no line", phc, &nowhere, &dummy, MEDGL_ERR_IO},
        {"no record, no line", NULL, &nowhere, &dummy, MEDGL_ERR_IO},
    };
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        bool matches = true;
        enum medgl_error error =
            password_verify(rows[i].line, rows[i].phc, rows[i].dummy, &right, NULL, &matches);
        if (error != rows[i].expected || matches != (error == MEDGL_OK))
            fail_msg("%s: %s, %d", rows[i].name, medgl_error_text(error), matches);
    }
    auto_kdf_slot struct kdf_slot slot = KDF_SLOT_NONE;
    bool matches = true;
    assert_int_equal(kdf_slot_acquire(line.directory, 1, 0, &slot), MEDGL_OK);
    assert_int_equal(password_verify(&line, phc, &dummy, &right, NULL, &matches),
                     MEDGL_ERR_DEADLINE);
    assert_false(matches);
    assert_int_equal(password_hash(&line, &cheap, NULL, &right, phc), MEDGL_ERR_DEADLINE);
    assert_string_equal(phc, "");
}

/* R20: by what an evaluation gave the same guess is known again, with a record or without one. */
static void r20_an_evaluation_tells_the_same_guess(void **state)
{
    const struct password_line line = {*state, 1, 0};
    const struct password_dummy dummy = {.cost = cheap, .salt = {1, 2, 3}};
    const struct password_dummy another = {.cost = cheap, .salt = {1, 2, 4}};
    auto_secret struct secret right = SECRET_NONE, wrong = SECRET_NONE;
    struct kdf_record record;
    unsigned char one[KDF_HASH_SIZE], other[KDF_HASH_SIZE];
    char phc[KDF_PHC_SIZE];
    bool matches;
    assert_int_equal(secret_copy(&right, "correct horse", 13), MEDGL_OK);
    assert_int_equal(secret_copy(&wrong, "correct horsf", 13), MEDGL_OK);
    assert_int_equal(password_hash(&line, &cheap, NULL, &right, phc), MEDGL_OK);
    assert_int_equal(kdf_parse(phc, &record), MEDGL_OK);
    const struct {
        const char *name, *phc, *phc_again;
        const struct password_dummy *dummy_again;
        const struct secret *again;
        bool same;
    } rows[] = {
        {"a record, the same guess", phc, phc, &dummy, &wrong, true},
        {"a record, another guess", phc, phc, &dummy, &right, false},
        {"no record, the same guess", NULL, NULL, &dummy, &wrong, true},
        {"no record, another guess", NULL, NULL, &dummy, &right, false},
        {"no record, another salt", NULL, NULL, &another, &wrong, false},
        {"a record and none", phc, NULL, &dummy, &wrong, false},
    };
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        assert_int_equal(password_verify(&line, rows[i].phc, &dummy, &wrong, one, &matches),
                         MEDGL_OK);
        assert_int_equal(password_verify(&line, rows[i].phc_again, rows[i].dummy_again,
                                         rows[i].again, other, &matches),
                         MEDGL_OK);
        if ((memcmp(one, other, sizeof(one)) == 0) != rows[i].same)
            fail_msg("%s", rows[i].name);
    }
    assert_int_equal(password_verify(&line, phc, &dummy, &right, one, &matches), MEDGL_OK);
    assert_memory_equal(one, record.hash, sizeof(one));
}

/* -- records --------------------------------------------------------------------------------- */

#define PHC                                                                                        \
    "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$"                                          \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define CRYPTED "$6$saltstring$hash"

static void r16_records_are_texts_and_back(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        bool sound, imported, has_stem;
        uint32_t tag;
    } rows[] = {
        {"as older versions wrote it", PHC, true, false, false, 0},
        {"with a stem", PHC " 00ff10", true, false, true, 0x00ff10},
        {"largest tag", PHC " ffffff", true, false, true, 0xffffff},
        {"tag of nought", PHC " 000000", true, false, true, 0},
        {"imported", CRYPTED, true, true, false, 0},
        {"imported, of DES", "ab01FAX.bQRSU", true, true, false, 0},
        {"empty", "", false, false, false, 0},
        {"tag alone", " 00ff10", false, false, false, 0},
        {"short tag", PHC " 00ff1", false, false, false, 0},
        {"long tag", PHC " 00ff100", false, false, false, 0},
        {"empty tag", PHC " ", false, false, false, 0},
        {"no digit", PHC " 00ff1g", false, false, false, 0},
        {"two tags", PHC " 00ff10 00ff10", false, false, false, 0},
        {"imported with a tag", CRYPTED " 00ff10", false, false, false, 0},
        {"damaged", "$argon2id$v=19$m=64,t=1,p=1$AAAA$AAAA", false, false, false, 0},
    };
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        struct password_record record;
        char text[PASSWORD_RECORD_SIZE];
        enum medgl_error error = password_record_read(rows[i].text, &record);
        if (error != (rows[i].sound ? MEDGL_OK : MEDGL_ERR_CORRUPT))
            fail_msg("%s: %s", rows[i].name, medgl_error_text(error));
        if (record.has_stem != rows[i].has_stem || record.stem_tag != rows[i].tag)
            fail_msg("%s: %d %06" PRIx32, rows[i].name, record.has_stem, record.stem_tag);
        if (!rows[i].sound) {
            assert_string_equal(record.hash, "");
            continue;
        }
        assert_int_equal(password_record_imported(&record), rows[i].imported);
        assert_int_equal(password_record_write(&record, text), MEDGL_OK);
        assert_string_equal(text, rows[i].text);
        record.stem_tag = 1U << PASSWORD_TAG_BITS;
        assert_int_equal(password_record_write(&record, text), MEDGL_ERR_ARGUMENT);
        assert_string_equal(text, "");
    }
}

static void r16_the_longest_hash_is_a_record(void **state)
{
    (void)state;
    char text[PASSWORD_HASH_SIZE + 1], again[PASSWORD_RECORD_SIZE];
    struct password_record record;
    memset(text, 'x', sizeof(text));
    text[PASSWORD_HASH_SIZE] = '\0';
    assert_int_equal(password_record_read(text, &record), MEDGL_ERR_CORRUPT);
    text[PASSWORD_HASH_SIZE - 1] = '\0';
    assert_int_equal(password_record_read(text, &record), MEDGL_OK);
    assert_int_equal(password_record_write(&record, again), MEDGL_OK);
    assert_string_equal(again, text);
    memset(record.hash, 'x', sizeof(record.hash)); /* not ended */
    assert_int_equal(password_record_write(&record, again), MEDGL_ERR_ARGUMENT);
}

static void make_record(const struct password_line *line, const char *text,
                        struct password_record *record)
{
    static const unsigned char salt[KDF_SALT_SIZE] = "0123456789abcde";
    auto_secret struct secret prepared = SECRET_NONE;
    assert_int_equal(secret_copy(&prepared, text, strlen(text)), MEDGL_OK);
    assert_int_equal(password_record_make(line, &cheap, salt, &prepared, record), MEDGL_OK);
}

/* R14: who counts up keeps the tag; the tag is that of the stem, and no part of a hash. */
static void r16_a_record_knows_its_stem(void **state)
{
    const struct password_line line = {*state, 2, 10000}, busy = {*state, 1, 0};
    struct password_record first, same, other, bare;
    auto_secret struct secret prepared = SECRET_NONE, stem = SECRET_NONE;
    char input[64] = "\1stem";
    uint8_t hash[KDF_HASH_SIZE];
    make_record(&line, "Kazaguruma-2024!", &first);
    make_record(&line, "kazaguruma-2025?", &same);
    make_record(&line, "Minato.no 4-gatsu!", &other);
    make_record(&line, "1234567-8901!", &bare);
    assert_true(first.has_stem && same.has_stem && other.has_stem && !bare.has_stem);
    assert_int_equal(first.stem_tag, same.stem_tag);
    assert_int_not_equal(first.stem_tag, other.stem_tag);
    assert_string_not_equal(first.hash, same.hash);
    assert_int_equal(argon2id_verify(first.hash, "Kazaguruma-2024!", 16), ARGON2_OK);

    assert_int_equal(secret_copy(&prepared, "Kazaguruma-2024!", 16), MEDGL_OK);
    assert_int_equal(similar_stem(&prepared, &stem), MEDGL_OK);
    memcpy(input + 6, stem.bytes, stem.len);
    assert_int_equal(argon2id_hash_raw(1, 64, 1, input, 6 + stem.len, "0123456789abcde",
                                       KDF_SALT_SIZE, hash, sizeof(hash)),
                     ARGON2_OK);
    assert_int_equal(first.stem_tag, hash[0] << 16 | hash[1] << 8 | hash[2]);

    auto_kdf_slot struct kdf_slot slot = KDF_SLOT_NONE;
    assert_int_equal(kdf_slot_acquire(busy.directory, 1, 0, &slot), MEDGL_OK);
    assert_int_equal(password_record_make(&busy, &cheap, NULL, &prepared, &first),
                     MEDGL_ERR_DEADLINE);
    assert_true(first.hash[0] == '\0' && !first.has_stem);
}

/* -- slots and the line ---------------------------------------------------------------------- */

#define PROCESSES 24
#define PATIENCE  60000

/* What the processes of a test tell each other. */
struct board {
    int inside, peak, served;
    int awaited; /* nobody leaves before so many were inside at once */
    int order[PROCESSES];
    bool go;
};

static struct board *board_new(void)
{
    struct board *board =
        mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(board != MAP_FAILED);
    return board;
}

static void board_free(struct board **board)
{
    (void)munmap(*board, sizeof(**board));
}

/* In a slot: counted while inside, noted when done. */
static void work(struct board *board, int who, int64_t milliseconds)
{
    int inside = __atomic_add_fetch(&board->inside, 1, __ATOMIC_SEQ_CST);
    int peak = __atomic_load_n(&board->peak, __ATOMIC_SEQ_CST);
    while (inside > peak && !__atomic_compare_exchange_n(&board->peak, &peak, inside, false,
                                                         __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        ;
    clock_sleep(milliseconds);
    for (int i = 0; i < 20000 && __atomic_load_n(&board->peak, __ATOMIC_SEQ_CST) < board->awaited;
         i++)
        clock_sleep(1);
    int place = __atomic_fetch_add(&board->served, 1, __ATOMIC_SEQ_CST);
    if (place < PROCESSES)
        board->order[place] = who;
    __atomic_sub_fetch(&board->inside, 1, __ATOMIC_SEQ_CST);
}

/* A process that stands in line as number `who`, works in its slot, and exits with the error.
 * Number 0 works until it is told to go. */
static pid_t stand(const char *directory, struct board *board, int who, int64_t patience)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    (void)alarm(300); /* nobody is left behind when a test fails */
    struct kdf_slot slot = KDF_SLOT_NONE;
    enum medgl_error error = kdf_slot_acquire(directory, 1, patience, &slot);
    if (error == MEDGL_OK) {
        while (who == 0 && !__atomic_load_n(&board->go, __ATOMIC_SEQ_CST))
            clock_sleep(1);
        work(board, who, 0);
        kdf_slot_release(&slot);
    }
    _exit((int)error);
}

/* Locks of a kind held and waited for on the directory's file, as the kernel knows them: "FLOCK" is
 * the line, "OFDLCK" a slot. */
static int locks(const char *directory, const char *kind)
{
    char path[PATH_MAX], line[256], inode[32];
    struct stat st;
    int count = 0;
    (void)snprintf(path, sizeof(path), "%s/slots", directory);
    if (stat(path, &st) != 0)
        return 0;
    (void)snprintf(inode, sizeof(inode), ":%lu ", (unsigned long)st.st_ino);
    auto_file FILE *file = fopen("/proc/locks", "re");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        count += strstr(line, inode) != NULL && strstr(line, kind) != NULL;
    return count;
}

/* Until one process is in the slot and nowhere else, and all others stand in line. Three looks in a
 * row: while locks change, the kernel may list one twice or leave one out. */
static void wait_for_locks(const char *directory, int count)
{
    int same = 0;
    for (int i = 0; i < 20000 && same < 3; i++) {
        const bool there = locks(directory, " OFDLCK ") == (count > 0) &&
                           locks(directory, " FLOCK ") == (count > 0 ? count - 1 : 0);
        same = there ? same + 1 : 0;
        clock_sleep(2);
    }
    assert_int_equal(same, 3);
}

static enum medgl_error outcome(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (enum medgl_error)WEXITSTATUS(status);
}

static void slots_are_never_more_than_agreed(void **state)
{
    auto_clean(board_free) struct board *board = board_new();
    pid_t children[PROCESSES];
    board->awaited = 3;
    for (int who = 0; who < PROCESSES; who++) {
        children[who] = fork();
        if (children[who] != 0)
            continue;
        for (int round = 0; round < 5; round++) {
            struct kdf_slot slot = KDF_SLOT_NONE;
            enum medgl_error error = kdf_slot_acquire(*state, 3, PATIENCE, &slot);
            if (error != MEDGL_OK)
                _exit((int)error);
            work(board, who, 2);
            kdf_slot_release(&slot);
        }
        _exit(0);
    }
    for (int who = 0; who < PROCESSES; who++)
        assert_int_equal(outcome(children[who]), MEDGL_OK);
    assert_int_equal(board->served, 5 * PROCESSES);
    assert_int_equal(board->peak, 3);
}

static void the_line_is_first_come_first_served(void **state)
{
    auto_clean(board_free) struct board *board = board_new();
    pid_t children[12];
    for (int who = 0; who < 12; who++) {
        children[who] = stand(*state, board, who, PATIENCE);
        wait_for_locks(*state, who + 1);
    }
    board->go = true;
    for (int who = 0; who < 12; who++)
        assert_int_equal(outcome(children[who]), MEDGL_OK);
    assert_int_equal(board->served, 12);
    for (int who = 0; who < 12; who++)
        assert_int_equal(board->order[who], who);
}

/* Number 0 holds the slot, 1 is the head of the line, 2 to 4 stand behind it. */
static void a_killed_process_frees_its_place(void **state)
{
    for (int victim = 0; victim < 5; victim++) {
        auto_clean(board_free) struct board *board = board_new();
        pid_t children[5];
        int status, expected = 0;
        for (int who = 0; who < 5; who++) {
            children[who] = stand(*state, board, who, PATIENCE);
            wait_for_locks(*state, who + 1);
        }
        assert_int_equal(kill(children[victim], SIGKILL), 0);
        assert_int_equal(waitpid(children[victim], &status, 0), children[victim]);
        assert_true(WIFSIGNALED(status));
        if (victim != 0) /* else the slot is free, and the line moves already */
            wait_for_locks(*state, 4);
        board->go = true;
        for (int who = 0; who < 5; who++)
            if (who != victim)
                assert_int_equal(outcome(children[who]), MEDGL_OK);
        assert_int_equal(board->served, 4);
        for (int who = 0; who < 5; who++)
            if (who != victim)
                assert_int_equal(board->order[expected++], who);
        wait_for_locks(*state, 0);
    }
}

static void patience_ends_at_the_head_and_in_line(void **state)
{
    static const struct {
        bool behind_a_head; /* which was stopped: it will neither take a slot nor give up */
        int64_t patience;
    } rows[] = {{false, 0}, {false, 150}, {true, 0}, {true, 150}};
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        auto_clean(board_free) struct board *board = board_new();
        struct kdf_slot slot = KDF_SLOT_NONE;
        struct sigaction before, after;
        pid_t holder = stand(*state, board, 0, PATIENCE), head = -1;
        wait_for_locks(*state, 1);
        if (rows[i].behind_a_head) {
            head = stand(*state, board, 1, PATIENCE);
            wait_for_locks(*state, 2);
            assert_int_equal(kill(head, SIGSTOP), 0);
        }
        assert_int_equal(sigaction(SIGRTMIN, NULL, &before), 0);
        int64_t start = clock_monotonic();
        assert_int_equal(kdf_slot_acquire(*state, 1, rows[i].patience, &slot), MEDGL_ERR_DEADLINE);
        int64_t took = clock_monotonic() - start;
        assert_int_equal(sigaction(SIGRTMIN, NULL, &after), 0);
        assert_true(before.sa_handler == after.sa_handler);
        assert_int_equal(slot.fd, -1);
        assert_in_range(took, rows[i].patience, rows[i].patience + 30000);
        board->go = true;
        if (head > 0)
            assert_int_equal(kill(head, SIGCONT), 0);
        assert_int_equal(outcome(holder), MEDGL_OK);
        if (head > 0)
            assert_int_equal(outcome(head), MEDGL_OK);
    }
}

static void a_change_of_the_number_keeps_the_larger(void **state)
{
    struct kdf_slot slots[3] = {KDF_SLOT_NONE, KDF_SLOT_NONE, KDF_SLOT_NONE}, more = KDF_SLOT_NONE;
    assert_int_equal(kdf_slot_acquire(*state, 2, 0, &slots[0]), MEDGL_OK);
    assert_int_equal(kdf_slot_acquire(*state, 2, 0, &slots[1]), MEDGL_OK);
    assert_int_equal(kdf_slot_acquire(*state, 1, 0, &more), MEDGL_ERR_DEADLINE);
    assert_int_equal(kdf_slot_acquire(*state, 2, 0, &more), MEDGL_ERR_DEADLINE);
    assert_int_equal(kdf_slot_acquire(*state, 3, 0, &slots[2]), MEDGL_OK);
    assert_int_equal(kdf_slot_acquire(*state, 3, 0, &more), MEDGL_ERR_DEADLINE);
    kdf_slot_release(&slots[0]);
    assert_int_equal(slots[0].fd, -1);
    kdf_slot_release(&slots[0]);
    assert_int_equal(kdf_slot_acquire(*state, 1, 0, &more), MEDGL_OK);
    kdf_slot_release(&more);
    kdf_slot_release(&slots[1]);
    kdf_slot_release(&slots[2]);
}

static void without_a_number_there_is_a_slot_per_processor(void **state)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct kdf_slot *slots = calloc((size_t)processors, sizeof(*slots)), more = KDF_SLOT_NONE;
    assert_non_null(slots);
    for (long i = 0; i < processors; i++)
        assert_int_equal(kdf_slot_acquire(*state, 0, 0, &slots[i]), MEDGL_OK);
    assert_int_equal(kdf_slot_acquire(*state, 0, 0, &more), MEDGL_ERR_DEADLINE);
    for (long i = 0; i < processors; i++)
        kdf_slot_release(&slots[i]);
    free(slots);
}

enum obstacle {
    NO_DIRECTORY,
    DIRECTORY,
    REGULAR_FILE,
    SYMBOLIC_LINK,
    OPEN_TO_OTHERS
};

static void place_obstacle(enum obstacle obstacle, const char *path)
{
    auto_fd int fd = -1;
    switch (obstacle) {
    case NO_DIRECTORY:
        break;
    case DIRECTORY:
        assert_int_equal(mkdir(path, 0700), 0);
        break;
    case REGULAR_FILE:
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        break;
    case SYMBOLIC_LINK:
        assert_int_equal(symlink("nowhere", path), 0);
        break;
    case OPEN_TO_OTHERS:
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(chmod(path, 0620), 0);
        break;
    }
}

static void an_unusable_line_gives_no_slot(void **state)
{
    static const enum obstacle rows[] = {NO_DIRECTORY, DIRECTORY, REGULAR_FILE, SYMBOLIC_LINK,
                                         OPEN_TO_OTHERS};
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/slots", (char *)*state);
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        struct kdf_slot slot = KDF_SLOT_NONE;
        place_obstacle(rows[i], path);
        enum medgl_error error = kdf_slot_acquire(
            rows[i] == NO_DIRECTORY ? "factor-test-nowhere" : *state, 2, 100, &slot);
        if (error == MEDGL_OK || error == MEDGL_ERR_DEADLINE || slot.fd != -1)
            fail_msg("obstacle %d: %s", (int)rows[i], medgl_error_text(error));
        if (rows[i] != NO_DIRECTORY)
            assert_int_equal(remove(path), 0);
    }
}

static void the_line_belongs_to_its_owner_alone(void **state)
{
    auto_kdf_slot struct kdf_slot slot = KDF_SLOT_NONE;
    struct stat st;
    mode_t mask = umask(0);
    assert_int_equal(kdf_slot_acquire(*state, 1, 0, &slot), MEDGL_OK);
    (void)umask(mask);
    assert_int_equal(fstat(slot.fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(fcntl(slot.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

#define in_directory(test) cmocka_unit_test_setup_teardown(test, make_directory, drop_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r10_argon2id_is_that_of_rfc_9106),
        cmocka_unit_test(r10_kdf_derives_what_the_reference_derives),
        cmocka_unit_test(kdf_refuses_a_cost_out_of_range),
        cmocka_unit_test(kdf_says_when_memory_is_short),
        cmocka_unit_test(r10_kdf_memory_stays_out_of_core_dumps),
        cmocka_unit_test(r10_phc_strings_are_parsed_strictly),
        cmocka_unit_test(r10_cheaper_is_cheaper_in_any_dimension),
        cmocka_unit_test(r10_what_is_sealed_comes_back),
        cmocka_unit_test(r10_a_changed_bit_or_length_is_found),
        cmocka_unit_test(r10_a_sealed_value_belongs_to_its_place),
        cmocka_unit_test(r10_the_sealed_format_is_the_documented_one),
        cmocka_unit_test(r10_a_damaged_key_file_is_no_key),
        cmocka_unit_test(r37_each_label_derives_a_key_of_its_own),
        cmocka_unit_test(r13_text_is_prepared_as_opaque_string),
        cmocka_unit_test(r13_text_has_its_limits),
        cmocka_unit_test(r13_composition_counts_code_points_and_kinds),
        cmocka_unit_test(r18_generated_passwords_are_random_and_satisfy_rule_a),
        cmocka_unit_test(r19_a_long_password_is_generated_where_one_is_asked_for),
        cmocka_unit_test(r16_records_are_texts_and_back),
        cmocka_unit_test(r16_the_longest_hash_is_a_record),
        in_directory(r16_a_record_knows_its_stem),
        in_directory(r02_a_password_is_verified_by_its_record),
        in_directory(r23_every_failure_is_no_match),
        in_directory(r20_an_evaluation_tells_the_same_guess),
        in_directory(slots_are_never_more_than_agreed),
        in_directory(the_line_is_first_come_first_served),
        in_directory(a_killed_process_frees_its_place),
        in_directory(patience_ends_at_the_head_and_in_line),
        in_directory(a_change_of_the_number_keeps_the_larger),
        in_directory(without_a_number_there_is_a_slot_per_processor),
        in_directory(an_unusable_line_gives_no_slot),
        in_directory(the_line_belongs_to_its_owner_alone),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    log_open(LOG_TARGET_NONE, "factor_test", false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
