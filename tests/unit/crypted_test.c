/* Hashes of crypt(3) that are taken over (R19): each kind that this machine can make is checked,
 * everything else is refused, and nothing is ever cut off to make it fit. */
#include "factor/crypted.h"

#include "tests/unit/table.h"

#include <crypt.h>
#include <string.h>

#define RIGHT "Kazaguruma-7-mawaru"

static struct secret secret_of(const char *bytes, size_t len)
{
    struct secret secret = SECRET_NONE;
    assert_int_equal(secret_copy(&secret, bytes, len), MEDGL_OK);
    return secret;
}

static bool verify(const char *hash, const char *typed, size_t len)
{
    auto_secret struct secret secret = secret_of(typed, len);
    bool matches = true;
    assert_int_equal(crypted_verify(hash, &secret, &matches), MEDGL_OK);
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
    assert_int_equal(crypted_verify(*state, &typed, &matches), MEDGL_ERR_CORRUPT);
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

int main(void)
{
    static const char *const flags[] = {"-6", "-5", "-1"};
    TABLE_ADD("R19 checked", kinds, r19_kind_is_checked);
    for (size_t i = 0; i < MEDGL_COUNT(flags); i++)
        table_add("R19 openssl passwd", flags[i], r19_hash_of_openssl_is_checked, flags[i]);
    for (size_t i = 0; i < MEDGL_COUNT(refused); i++)
        table_add("R19 refused", refused[i].name, r19_no_hash_is_refused, refused[i].hash);
    table_add("R19", "an endless hash is refused", r19_endless_hash_is_refused, NULL);
    table_add("R19", "a long password is not cut", r19_long_password_is_not_cut, NULL);
    return table_run("crypted");
}
