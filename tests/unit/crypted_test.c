/* Hashes of crypt(3) that are taken over (R19): each kind that this machine can make is checked,
 * everything else is refused, and nothing is ever cut off to make it fit. */
#include "factor/crypted.h"

#include "factor/kdf_slots.h"
#include "tests/unit/table.h"

#include <crypt.h>
#include <string.h>
#include <unistd.h>

#define RIGHT "Kazaguruma-7-mawaru"

static struct secret secret_of(const char *bytes, size_t len)
{
    struct secret secret = SECRET_NONE;
    assert_int_equal(secret_copy(&secret, bytes, len), MEDGL_OK);
    return secret;
}

static char here[] = "crypted-test-XXXXXX";
static const struct password_line line = {here, 1, 30000};

static bool verify(const char *hash, const char *typed, size_t len)
{
    auto_secret struct secret secret = secret_of(typed, len);
    bool matches = true;
    assert_int_equal(crypted_verify(&line, hash, &secret, &matches), MEDGL_OK);
    return matches;
}

/* -- kinds that crypt(3) makes ---------------------------------------------------------------- */

struct kind {
    const char *name, *prefix;
    unsigned long count; /* of rounds, as crypt_gensalt(3) wants it; 0: its default */
    size_t reads;        /* bytes of a password that the kind looks at; 0: all */
};

static const struct kind kinds[] = {
    {"yescrypt", "$y$", 1, 0},
    {"gost-yescrypt", "$gy$", 1, 0},
    {"scrypt", "$7$", 6, 0},
    {"bcrypt", "$2b$", 4, 72},
    {"bcrypt of Apache", "$2y$", 4, 72},
    {"SHA-512", "$6$", 1000, 0},
    {"SHA-512 with its default", "$6$", 0, 0},
    {"SHA-256", "$5$", 1000, 0},
    {"SHA-1", "$sha1", 64, 0},
    {"MD5 of SunOS", "$md5", 0, 0},
    {"MD5", "$1$", 0, 0},
    {"NT", "$3$", 0, 0},
    {"DES, extended", "_", 725, 0},
    {"DES", "", 0, 8},
};

static void kind_hash(const struct kind *kind, const char *password, char hash[CRYPT_OUTPUT_SIZE])
{
    struct crypt_data data = {.initialized = 0};
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    assert_non_null(
        crypt_gensalt_rn(kind->prefix, kind->count, NULL, 0, setting, (int)sizeof(setting)));
    assert_non_null(crypt_rn(password, setting, &data, (int)sizeof(data)));
    (void)snprintf(hash, CRYPT_OUTPUT_SIZE, "%s", data.output);
}

static void r19_kind_is_checked(void **state)
{
    const struct kind *kind = *state;
    char hash[CRYPT_OUTPUT_SIZE], longer[CRYPT_OUTPUT_SIZE + 1];
    kind_hash(kind, RIGHT, hash);
    assert_true(crypted_known(hash));
    assert_true(crypted_affordable(hash));
    assert_true(verify(hash, RIGHT, strlen(RIGHT)));
    assert_false(verify(hash, "kazaguruma-7-mawaru", strlen(RIGHT)));
    assert_false(verify(hash, "", 0));
    assert_false(verify(hash, RIGHT "\0x", strlen(RIGHT) + 2));
    if (kind->reads == 0) {
        assert_false(verify(hash, RIGHT "x", strlen(RIGHT) + 1));
        assert_false(verify(hash, RIGHT, strlen(RIGHT) - 1));
    }
    (void)snprintf(longer, sizeof(longer), "%s.", hash);
    assert_false(crypted_known(longer));
    hash[strlen(hash) - 1] = '\0';
    assert_false(crypted_known(hash));
}

/* Two implementations agree: what the command makes, we can check. */
static void r19_hash_of_openssl_is_checked(void **state)
{
    char command[128], hash[CRYPT_OUTPUT_SIZE] = "";
    (void)snprintf(command, sizeof(command), "openssl passwd %s '" RIGHT "'", (const char *)*state);
    FILE *made = popen(command, "r");
    assert_non_null(made);
    assert_non_null(fgets(hash, sizeof(hash), made));
    assert_int_equal(pclose(made), 0);
    hash[strcspn(hash, "\n")] = '\0';
    assert_true(verify(hash, RIGHT, strlen(RIGHT)));
    assert_false(verify(hash, RIGHT " ", strlen(RIGHT) + 1));
}

/* -- what is no hash -------------------------------------------------------------------------- */

static const struct {
    const char *name, *hash;
} refused[] = {
    {"nothing", ""},
    {"none", "*"},
    {"none, as NIS says it", "*NP*"},
    {"locked without one", "!"},
    {"never set", "!!"},
    {"locked", "!$1$abcdefgh$NtnyhFrue3VeXsJnWHNye."},
    {"disabled", "*$1$abcdefgh$NtnyhFrue3VeXsJnWHNye."},
    {"a failure of crypt(3)", "*0"},
    {"elsewhere", "x"},
    {"a word that looks like a salt of DES", "NP"},
    {"a password in plain text", "password"},
    {"thirteen characters, one of them strange", "abEsSWf5WzRe!"},
    {"DES cut short", "abEsSWf5WzRe"},
    {"a salt without a hash", "$6$saltsalt"},
    {"a salt with an empty hash", "$6$saltsalt$"},
    {"the hash of another kind", "$6$k2XAnEHB$NtnyhFrue3VeXsJnWHNye."},
    {"a prefix alone", "$y$"},
    {"a kind that nobody knows", "$zz$k2XAnEHB$NtnyhFrue3VeXsJnWHNye."},
    {"Argon2, which crypt(3) has not", "$argon2id$v=19$m=65536,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"
                                       "XeeXZAxxzl4dvhftF7p9JJrbwg2wMEYOhL1MMlEBhE4"},
    {"spaces", "$1$k2 AnEHB$NtnyhFrue3VeXsJnWHNye."},
    {"a colon", "$1$k2:AnEHB$NtnyhFrue3VeXsJnWHNye."},
    {"a newline", "$1$k2XAnEHB$NtnyhFrue3VeXsJnWHNye.\n"},
};

static void r19_no_hash_is_refused(void **state)
{
    bool matches = true;
    auto_secret struct secret typed = secret_of("x", 1);
    assert_false(crypted_known(*state));
    assert_int_equal(crypted_verify(&line, *state, &typed, &matches), MEDGL_ERR_CORRUPT);
    assert_false(matches);
}

static void r19_endless_hash_is_refused(void **state)
{
    (void)state;
    char hash[4096] = "";
    memset(hash, 'a', 2 + 11 * 40);
    assert_false(crypted_known(hash));
    memset(hash, '$', sizeof(hash) - 1);
    assert_false(crypted_known(hash));
}

/* A password longer than crypt(3) takes is not cut until it fits. */
static void r19_long_password_is_not_cut(void **state)
{
    (void)state;
    char hash[CRYPT_OUTPUT_SIZE], password[2 * CRYPT_MAX_PASSPHRASE_SIZE];
    memset(password, 'p', sizeof(password));
    password[CRYPT_MAX_PASSPHRASE_SIZE - 1] = '\0';
    kind_hash(&kinds[5], password, hash);
    assert_true(verify(hash, password, CRYPT_MAX_PASSPHRASE_SIZE - 1));
    password[CRYPT_MAX_PASSPHRASE_SIZE - 1] = 'p';
    assert_false(verify(hash, password, CRYPT_MAX_PASSPHRASE_SIZE));
    assert_false(verify(hash, password, sizeof(password)));
    /* Nor does the hash of an empty one answer for what could not be asked. */
    kind_hash(&kinds[5], "", hash);
    assert_false(verify(hash, password, sizeof(password)));
    assert_false(verify(hash, "", 0));
}

/* -- what a try may cost ---------------------------------------------------------------------- */

#define H22 "abcdefghijklmnopqrstuv"
#define H43 H22 "abcdefghijklmnopqrstu"
#define H53 H43 "abcdefghij"
#define H86 H43 H43

static const struct cost {
    const char *name, *hash;
    bool affordable;
} costs[] = {
    {"SHA-512, the most", "$6$rounds=1000000$salt$" H86, true},
    {"SHA-512, more", "$6$rounds=1000001$salt$" H86, false},
    {"SHA-512, minutes", "$6$rounds=999999999$salt$" H86, false},
    {"SHA-512, more than a number", "$6$rounds=99999999999999999999999$salt$" H86, false},
    {"SHA-512, less than nothing", "$6$rounds=-1$salt$" H86, false},
    {"SHA-512, no number", "$6$rounds=$salt$" H86, false},
    {"SHA-256, the most", "$5$rounds=1000000$salt$" H43, true},
    {"SHA-256, more", "$5$rounds=1000001$salt$" H43, false},
    {"bcrypt, the most", "$2b$14$" H53, true},
    {"bcrypt, more", "$2b$15$" H53, false},
    {"bcrypt, days", "$2b$31$" H53, false},
    {"bcrypt of Apache, days", "$2y$31$" H53, false},
    {"bcrypt of old, days", "$2a$31$" H53, false},
    {"yescrypt, 64 MiB", "$y$jBT$salt$" H43, true},
    {"yescrypt, 128 MiB", "$y$jCT$salt$" H43, false},
    {"yescrypt, 1 GiB", "$y$jFT$salt$" H43, false},
    {"yescrypt, wider blocks", "$y$jBU$salt$" H43, false},
    {"yescrypt, blocks of two digits", "$y$jBk.$salt$" H43, false},
    {"yescrypt, two digits in the place of two", "$y$jk.$salt$" H43, false},
    {"yescrypt, more passes", "$y$j9T/.$salt$" H43, false},
    {"yescrypt, two to the 64", "$y$jwT$salt$" H43, false},
    {"gost-yescrypt, 64 MiB", "$gy$jBT$salt$" H43, true},
    {"gost-yescrypt, 1 GiB", "$gy$jFT$salt$" H43, false},
    {"scrypt, 64 MiB", "$7$CU..../....salt$" H43, true},
    {"scrypt, 128 MiB", "$7$DU..../....salt$" H43, false},
    {"scrypt, twice", "$7$CU....0....salt$" H43, false},
    {"scrypt, wide blocks", "$7$C....z/....salt$" H43, false},
    {"scrypt, all of it", "$7$zzzzzzzzzzzsalt$" H43, false},
    {"scrypt cut short", "$7$CU..$" H43, false},
    {"SHA-1, the most", "$sha1$500000$salt$" H22 "abcdef", true},
    {"SHA-1, minutes", "$sha1$4294967295$salt$" H22 "abcdef", false},
    {"MD5 of SunOS, the most", "$md5,rounds=250000$salt$$" H22, true},
    {"MD5 of SunOS, minutes", "$md5,rounds=4294963199$salt$$" H22, false},
    {"MD5 of SunOS, behind a '$'", "$md5$rounds=4294963199$salt$$" H22, false},
    {"MD5", "$1$salt$" H22, true},
    {"DES, extended, the most", "_zzzzabcdabcdefghijk", true},
    {"a kind newer than this", "$zz$salt$" H43, false},
};

/* R19 R20: what a try costs is not chosen by whoever made the hash. */
static void r19_cost_is_bounded(void **state)
{
    const struct cost *row = *state;
    auto_secret struct secret typed = secret_of(RIGHT, strlen(RIGHT));
    bool matches = true;
    assert_int_equal(crypted_affordable(row->hash), row->affordable);
    if (row->affordable)
        return;
    assert_int_equal(crypted_verify(&line, row->hash, &typed, &matches), MEDGL_ERR_CORRUPT);
    assert_false(matches);
}

/* -- what a match proves ---------------------------------------------------------------------- */

#define P10 "Kaza-7-mwr"
#define P70 P10 P10 P10 P10 P10 P10 P10

static const struct cover {
    const char *name, *prefix;
    unsigned long count;
    const char *right, *typed; /* which the hash of the right one matches as well */
    bool covered;
} covers[] = {
    {"DES, a mistyped tail", "", 0, "Kaze7-gu-RIGHT", "Kaze7-gu-RIGTH", false},
    {"DES, a tail left out", "", 0, "Kaze7-gu-RIGHT", "Kaze7-gu", false},
    {"DES, another bit", "", 0, "Kaze7", "Kaze\xb7", false},
    {"DES, all that there is", "", 0, "Kaze7", "Kaze7", false},
    {"DES, extended, another bit", "_", 725, "Kaze7-gu-RIGHT", "Kaze7-gu-RIGH\xd4", false},
    {"bcrypt, a mistyped tail", "$2b$", 4, P70 "abRIGHT", P70 "abRIGTH", false},
    {"bcrypt, a tail left out", "$2b$", 4, P70 "abRIGHT", P70 "ab", false},
    {"bcrypt of Apache, a mistyped tail", "$2y$", 4, P70 "abRIGHT", P70 "abRIGTH", false},
    {"bcrypt of old, a mistyped tail", "$2a$", 4, P70 "abRIGHT", P70 "abRIGTH", false},
    {"bcrypt, the longest", "$2b$", 4, P70 "a", P70 "a", true},
    {"MD5", "$1$", 0, P70 P70, P70 P70, true},
    {"SHA-512", "$6$", 1000, P70 P70, P70 P70, true},
    {"yescrypt", "$y$", 1, P70 P70, P70 P70, true},
};

/* R19: what a hash did not prove is not stored as if it had. */
static void r19_match_proves_all_or_not(void **state)
{
    const struct cover *row = *state;
    const struct kind kind = {.prefix = row->prefix, .count = row->count};
    auto_secret struct secret typed = secret_of(row->typed, strlen(row->typed));
    char hash[CRYPT_OUTPUT_SIZE];
    kind_hash(&kind, row->right, hash);
    assert_true(verify(hash, row->typed, strlen(row->typed)));
    assert_int_equal(crypted_covers(hash, &typed), row->covered);
}

/* The bug of the first bcrypt, and of 16 characters by DES that crypt(3) still checks. */
static void r19_match_of_broken_kinds_proves_nothing(void **state)
{
    auto_secret struct secret typed = secret_of("Kaze7-gu", strlen("Kaze7-gu"));
    (void)state;
    assert_false(crypted_covers("$2x$04$" H53, &typed));
    assert_false(crypted_covers("ab" H22, &typed));
    assert_false(crypted_covers("$zz$salt$" H43, &typed));
}

/* -- waiting ---------------------------------------------------------------------------------- */

/* R10: a crowd of tries waits in the line of all evaluations. */
static void r10_waits_in_line(void **state)
{
    char hash[CRYPT_OUTPUT_SIZE];
    const struct password_line hurry = {here, 1, 0};
    auto_secret struct secret typed = secret_of(RIGHT, strlen(RIGHT));
    bool matches = true;
    (void)state;
    kind_hash(&kinds[5], RIGHT, hash);
    {
        auto_kdf_slot struct kdf_slot slot = KDF_SLOT_NONE;
        assert_int_equal(kdf_slot_acquire(here, 1, 0, &slot), MEDGL_OK);
        assert_int_equal(crypted_verify(&hurry, hash, &typed, &matches), MEDGL_ERR_DEADLINE);
        assert_false(matches);
    }
    assert_int_equal(crypted_verify(&hurry, hash, &typed, &matches), MEDGL_OK);
    assert_true(matches);
}

int main(void)
{
    static const char *const flags[] = {"-6", "-5", "-1"};
    if (mkdtemp(here) == NULL)
        return 1;
    TABLE_ADD("R19 checked", kinds, r19_kind_is_checked);
    for (size_t i = 0; i < MEDGL_COUNT(flags); i++)
        table_add("R19 openssl passwd", flags[i], r19_hash_of_openssl_is_checked, flags[i]);
    for (size_t i = 0; i < MEDGL_COUNT(refused); i++)
        table_add("R19 refused", refused[i].name, r19_no_hash_is_refused, refused[i].hash);
    table_add("R19", "an endless hash is refused", r19_endless_hash_is_refused, NULL);
    table_add("R19", "a long password is not cut", r19_long_password_is_not_cut, NULL);
    TABLE_ADD("R19 cost", costs, r19_cost_is_bounded);
    TABLE_ADD("R19 proof", covers, r19_match_proves_all_or_not);
    table_add("R19 proof", "of broken kinds", r19_match_of_broken_kinds_proves_nothing, NULL);
    table_add("R10", "waits in line", r10_waits_in_line, NULL);
    int failed = table_run("crypted");
    char slots[sizeof(here) + 8];
    (void)snprintf(slots, sizeof(slots), "%s/slots", here);
    (void)unlink(slots);
    return rmdir(here) == 0 ? failed : 1;
}
