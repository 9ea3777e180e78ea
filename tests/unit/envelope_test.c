/* Envelopes (R11, R36, R37) with the openssl command as the other side: it opens ours, we open its
 * own, and what is not for us, damaged, or under ciphers that we never use is an error. */
#include "ledger/envelope.h"
#include "tests/unit/table.h"

#include "base/file.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PASSPHRASE "Mado-wo-akeru"
#define LIMIT      ((size_t)8 << 20)

static char directory[] = "/tmp/medgl-envelope-XXXXXX";

/* -- helpers ---------------------------------------------------------------------------------- */

static void path_of(char path[PATH_MAX], const char *name)
{
    assert_in_range(snprintf(path, PATH_MAX, "%s/%s", directory, name), 1, PATH_MAX - 1);
}

static void slurp(const char *name, struct secret *content)
{
    char path[PATH_MAX];
    const struct file_rule rule = {.owner = geteuid(), .max = LIMIT};
    path_of(path, name);
    assert_int_equal(file_read_trusted(path, &rule, content), MEDGL_OK);
}

static void spill(const char *name, const void *bytes, size_t len)
{
    char path[PATH_MAX];
    path_of(path, name);
    assert_int_equal(file_replace(path, geteuid(), getegid(), 0600, bytes, len), MEDGL_OK);
}

/* In the directory of keys; what it says is shown when it fails. */
static int shell(const char *command)
{
    char line[2048];
    assert_in_range(
        snprintf(line, sizeof(line), "cd %s && { %s\n} > said 2>&1", directory, command), 1,
        sizeof(line) - 1);
    return system(line); /* NOLINT(cert-env33-c) */
}

static enum medgl_error readers_of(const char *name, medgl_time now,
                                   struct envelope_readers **readers, char why[ENVELOPE_WHY_SIZE])
{
    auto_secret struct secret pem = SECRET_NONE;
    slurp(name, &pem);
    return envelope_readers_open(&pem, now, readers, why);
}

struct asked {
    const char *answer; /* NULL: nothing comes */
    unsigned times;
};

static enum medgl_error ask(void *argument, struct secret *answer)
{
    struct asked *asked = argument;
    asked->times++;
    return asked->answer != NULL ? secret_copy(answer, asked->answer, strlen(asked->answer))
                                 : MEDGL_ERR_ABORTED;
}

/* As a whole, then as a stream: both must say the same. */
static enum medgl_error open_file(const char *key_name, const char *sealed_name, const char *answer,
                                  struct secret *plain)
{
    auto_secret struct secret pem = SECRET_NONE, sealed = SECRET_NONE, streamed = SECRET_NONE;
    struct asked asked = {.answer = answer};
    const struct envelope_key key = {.pem = &pem, .argument = &asked, .passphrase = ask};
    char from_path[PATH_MAX], to_path[PATH_MAX];
    slurp(key_name, &pem);
    slurp(sealed_name, &sealed);
    enum medgl_error error = envelope_open(&key, sealed.bytes, sealed.len, plain);
    assert_in_range(asked.times, 0, 1);
    path_of(from_path, sealed_name);
    path_of(to_path, "streamed");
    auto_fd int from = open(from_path, O_RDONLY | O_CLOEXEC);
    auto_fd int to = open(to_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(envelope_open_stream(&key, from, to), error);
    slurp("streamed", &streamed);
    if (error == MEDGL_OK)
        assert_true(secret_equal(plain->bytes, plain->len, streamed.bytes, streamed.len));
    else
        assert_null(plain->bytes);
    if (error == MEDGL_ERR_KEY || error == MEDGL_ERR_ABORTED)
        assert_int_equal(streamed.len, 0); /* nothing was decrypted */
    return error;
}

static void seal_file(const char *readers_name, const void *plain, size_t len, bool stream)
{
    auto_clean(envelope_readers_free) struct envelope_readers *readers = NULL;
    auto_free unsigned char *der = NULL;
    char why[ENVELOPE_WHY_SIZE], from_path[PATH_MAX], to_path[PATH_MAX];
    size_t der_len;
    assert_int_equal(readers_of(readers_name, clock_read().now, &readers, why), MEDGL_OK);
    spill("part", plain, len);
    if (!stream) {
        assert_int_equal(envelope_seal(readers, plain, len, &der, &der_len), MEDGL_OK);
        spill("sealed", der, der_len);
        return;
    }
    path_of(from_path, "part");
    path_of(to_path, "sealed");
    auto_fd int from = open(from_path, O_RDONLY | O_CLOEXEC);
    auto_fd int to = open(to_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(envelope_seal_stream(readers, from, to), MEDGL_OK);
}

/* -- ours, opened by openssl and by us -------------------------------------------------------- */

static const struct seal_row {
    const char *name, *readers, *key, *certificate;
    size_t len;
    bool stream;
} seal_rows[] = {
    {"RSA 3072", "rsa.pem", "rsa", "rsa", 300000, false},
    {"P-256", "p256.pem", "p256", "p256", 300000, false},
    {"P-384", "p384.pem", "p384", "p384", 300000, false},
    {"P-521", "p521.pem", "p521", "p521", 300000, false},
    {"two recipients, the first", "two.pem", "rsa", "rsa", 1000, false},
    {"two recipients, the second", "two.pem", "p384", "p384", 1000, false},
    {"four recipients, the last", "four.pem", "other", "other", 1000, false},
    {"four recipients, the third", "four.pem", "p521", "p521", 1000, false},
    {"sixteen recipients", "sixteen.pem", "rsa", "rsa", 1000, false},
    {"key usage keyEncipherment", "wraps.pem", "wraps", "wraps", 1000, false},
    {"key usage keyAgreement", "agrees.pem", "agrees", "agrees", 1000, false},
    {"text around the certificate", "commented.pem", "p384", "p384", 1000, false},
    {"nothing", "rsa.pem", "rsa", "rsa", 0, false},
    {"one byte", "p384.pem", "p384", "p384", 1, false},
    {"15 bytes", "rsa.pem", "rsa", "rsa", 15, false},
    {"a block", "rsa.pem", "rsa", "rsa", 16, false},
    {"17 bytes", "rsa.pem", "rsa", "rsa", 17, false},
    {"as a stream", "two.pem", "rsa", "rsa", 300000, true},
    {"as a stream, the second", "two.pem", "p384", "p384", 300000, true},
    {"as a stream, nothing", "rsa.pem", "rsa", "rsa", 0, true},
    {"as a stream, a piece less one", "rsa.pem", "rsa", "rsa", 65535, true},
    {"as a stream, a piece", "p256.pem", "p256", "p256", 65536, true},
    {"as a stream, a piece and one", "rsa.pem", "rsa", "rsa", 65537, true},
};

static void test_seal(void **state)
{
    const struct seal_row *row = *state;
    auto_secret struct secret plain = SECRET_NONE, opened = SECRET_NONE;
    char command[512], key[64];
    slurp("plain", &plain);
    seal_file(row->readers, plain.bytes, row->len, row->stream);
    (void)snprintf(
        command, sizeof(command),
        "openssl cms -decrypt -inform DER -binary -in sealed -inkey %s.key -recip %s.pem "
        "-out theirs && cmp theirs part",
        row->key, row->certificate);
    assert_int_equal(shell(command), 0);
    (void)snprintf(key, sizeof(key), "%s.key", row->key);
    assert_int_equal(open_file(key, "sealed", NULL, &opened), MEDGL_OK);
    assert_true(secret_equal(opened.bytes, opened.len, plain.bytes, row->len));
}

/* CRYPTREC's ciphers and no others, by what openssl reads in it. */
static void test_algorithms(void **state)
{
    (void)state;
    seal_file("two.pem", "x", 1, false);
    assert_int_equal(shell("openssl cms -cmsout -inform DER -in sealed -print > print && "
                           "grep -q 'contentType: pkcs7-envelopedData' print && "
                           "grep -q 'algorithm: aes-256-cbc' print && "
                           "grep -q 'algorithm: rsaesOaep' print && "
                           "grep -q 'algorithm: dhSinglePass-stdDH-sha256kdf-scheme' print && "
                           "openssl asn1parse -inform DER -in sealed > tree && "
                           "grep -q id-aes256-wrap tree && ! grep -Eqi 'sha1|des|rc2|md5' tree"),
                     0);
    assert_int_equal(shell("test $(grep -c sha256 print) -ge 2"), 0); /* of OAEP and of its MGF1 */
}

static void test_fresh(void **state)
{
    auto_secret struct secret one = SECRET_NONE, other = SECRET_NONE;
    (void)state;
    seal_file("rsa.pem", "the same", 8, false);
    slurp("sealed", &one);
    seal_file("rsa.pem", "the same", 8, false);
    slurp("sealed", &other);
    assert_false(secret_equal(one.bytes, one.len, other.bytes, other.len));
}

/* -- openssl's, opened by us ------------------------------------------------------------------ */

#define ENCRYPT "openssl cms -encrypt -binary -outform DER -in plain -out sealed "
#define OAEP    " -keyopt rsa_padding_mode:oaep "

static const struct open_row {
    const char *name, *command, *key, *answer;
    enum medgl_error expected;
} open_rows[] = {
    {"OAEP with SHA-256", ENCRYPT "-aes256 -recip rsa.pem" OAEP "-keyopt rsa_oaep_md:sha256",
     "rsa.key", NULL, MEDGL_OK},
    {"OAEP as openssl does it", ENCRYPT "-aes256 -recip rsa.pem" OAEP, "rsa.key", NULL, MEDGL_OK},
    {"OAEP, as a stream", ENCRYPT "-stream -aes256 -recip rsa.pem" OAEP, "rsa.key", NULL, MEDGL_OK},
    {"P-256", ENCRYPT "-aes256 -recip p256.pem", "p256.key", NULL, MEDGL_OK},
    {"P-384, as a stream", ENCRYPT "-stream -aes256 -recip p384.pem", "p384.key", NULL, MEDGL_OK},
    {"two recipients, the second", ENCRYPT "-aes256 -recip p384.pem -recip rsa.pem" OAEP, "rsa.key",
     NULL, MEDGL_OK},
    {"by subject key identifier", ENCRYPT "-keyid -aes256 -recip p256.pem", "p256.key", NULL,
     MEDGL_OK},
    {"AES-128", ENCRYPT "-aes128 -recip p256.pem", "p256.key", NULL, MEDGL_OK},
    {"AES-192", ENCRYPT "-aes192 -recip p256.pem", "p256.key", NULL, MEDGL_OK},
    {"a key in the form of before", ENCRYPT "-aes256 -recip p256.pem", "old_p256.key", NULL,
     MEDGL_OK},
    {"an RSA key in the form of before", ENCRYPT "-aes256 -recip rsa.pem" OAEP, "old_rsa.key", NULL,
     MEDGL_OK},
    {"certificate and key in one file", ENCRYPT "-aes256 -recip p384.pem", "both.key", NULL,
     MEDGL_OK},
    {"a passphrase", ENCRYPT "-aes256 -recip rsa.pem" OAEP, "locked.key", PASSPHRASE, MEDGL_OK},
    {"a passphrase, EC", ENCRYPT "-aes256 -recip p384.pem", "locked_p384.key", PASSPHRASE,
     MEDGL_OK},
    {"a wrong passphrase", ENCRYPT "-aes256 -recip rsa.pem" OAEP, "locked.key", "Mado-wo-shimeru",
     MEDGL_ERR_KEY},
    {"an empty passphrase", ENCRYPT "-aes256 -recip rsa.pem" OAEP, "locked.key", "", MEDGL_ERR_KEY},
    {"no answer", ENCRYPT "-aes256 -recip rsa.pem" OAEP, "locked.key", NULL, MEDGL_ERR_ABORTED},
    {"another RSA key", ENCRYPT "-aes256 -recip rsa.pem" OAEP, "other.key", NULL, MEDGL_ERR_KEY},
    {"an EC key instead of RSA", ENCRYPT "-aes256 -recip rsa.pem" OAEP, "p256.key", NULL,
     MEDGL_ERR_KEY},
    {"another key of the same curve", ENCRYPT "-aes256 -recip p256.pem", "agrees.key", NULL,
     MEDGL_ERR_KEY},
    {"a key of another curve", ENCRYPT "-aes256 -recip p256.pem", "p384.key", NULL, MEDGL_ERR_KEY},
    {"an RSA key instead of EC", ENCRYPT "-aes256 -recip p256.pem", "rsa.key", NULL, MEDGL_ERR_KEY},
    {"a key that signs", ENCRYPT "-aes256 -recip p256.pem", "edwards.key", NULL, MEDGL_ERR_KEY},
    {"a public key", ENCRYPT "-aes256 -recip rsa.pem" OAEP, "public.key", NULL, MEDGL_ERR_KEY},
    {"a certificate", ENCRYPT "-aes256 -recip rsa.pem" OAEP, "rsa.pem", NULL, MEDGL_ERR_KEY},
    {"a text", ENCRYPT "-aes256 -recip rsa.pem" OAEP, "text.pem", NULL, MEDGL_ERR_KEY},
    {"nothing as a key", ENCRYPT "-aes256 -recip rsa.pem" OAEP, "empty.pem", NULL, MEDGL_ERR_KEY},
    /* Its wrong key looks like a right one. */
    {"PKCS #1 v1.5", ENCRYPT "-aes256 -recip rsa.pem", "rsa.key", NULL, MEDGL_ERR_KEY},
    {"PKCS #1 v1.5, another key", ENCRYPT "-aes256 -recip rsa.pem", "other.key", NULL,
     MEDGL_ERR_KEY},
    {"a password instead of a key", ENCRYPT "-aes256 -pwri_password x", "rsa.key", NULL,
     MEDGL_ERR_KEY},
    {"a shared key", ENCRYPT "-aes256 -secretkey 000102030405060708090A0B0C0D0E0F -secretkeyid 00",
     "rsa.key", NULL, MEDGL_ERR_KEY},
    {"3DES", ENCRYPT "-des3 -recip p256.pem", "p256.key", NULL, MEDGL_ERR_CORRUPT},
    {"Camellia", ENCRYPT "-camellia256 -recip p256.pem", "p256.key", NULL, MEDGL_ERR_CORRUPT},
    {"AuthEnvelopedData", ENCRYPT "-aes-256-gcm -recip p256.pem", "p256.key", NULL,
     MEDGL_ERR_CORRUPT},
    {"SignedData",
     "openssl cms -sign -nodetach -binary -outform DER -in plain -signer rsa.pem -inkey rsa.key "
     "-out sealed",
     "rsa.key", NULL, MEDGL_ERR_CORRUPT},
    {"EncryptedData",
     "openssl cms -EncryptedData_encrypt -outform DER -in plain -out sealed -aes256 -secretkey "
     "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
     "rsa.key", NULL, MEDGL_ERR_CORRUPT},
    {"PEM",
     "openssl cms -encrypt -binary -outform PEM -in plain -aes256 -recip p256.pem -out sealed",
     "p256.key", NULL, MEDGL_ERR_CORRUPT},
    {"no envelope", "cp plain sealed", "p256.key", NULL, MEDGL_ERR_CORRUPT},
    {"a certificate in the place of an envelope",
     "openssl x509 -in rsa.pem -outform DER -out sealed", "rsa.key", NULL, MEDGL_ERR_CORRUPT},
    {"an empty file", "cp empty.pem sealed", "p256.key", NULL, MEDGL_ERR_CORRUPT},
    {"bytes behind it", ENCRYPT "-aes256 -recip p256.pem && echo >> sealed", "p256.key", NULL,
     MEDGL_ERR_CORRUPT},
    {"bytes behind a stream", ENCRYPT "-stream -aes256 -recip p256.pem && echo >> sealed",
     "p256.key", NULL, MEDGL_ERR_CORRUPT},
    {"the last block is missing", ENCRYPT "-aes256 -recip p256.pem && truncate -s -16 sealed",
     "p256.key", NULL, MEDGL_ERR_CORRUPT},
    {"the end of a stream is missing",
     ENCRYPT "-stream -aes256 -recip p256.pem && truncate -s -8 sealed", "p256.key", NULL,
     MEDGL_ERR_CORRUPT},
};

static void test_open(void **state)
{
    const struct open_row *row = *state;
    auto_secret struct secret plain = SECRET_NONE, opened = SECRET_NONE;
    slurp("plain", &plain);
    assert_int_equal(shell(row->command), 0);
    assert_int_equal(open_file(row->key, "sealed", row->answer, &opened), row->expected);
    if (row->expected == MEDGL_OK)
        assert_true(secret_equal(opened.bytes, opened.len, plain.bytes, plain.len));
}

/* Nobody to ask: no prompt of OpenSSL's own appears. */
static void test_unasked(void **state)
{
    auto_secret struct secret pem = SECRET_NONE, sealed = SECRET_NONE, opened = SECRET_NONE;
    (void)state;
    seal_file("rsa.pem", "x", 1, false);
    slurp("locked.key", &pem);
    slurp("sealed", &sealed);
    const struct envelope_key key = {.pem = &pem};
    assert_int_equal(envelope_open(&key, sealed.bytes, sealed.len, &opened), MEDGL_ERR_KEY);
    assert_null(opened.bytes);
}

/* -- damage ----------------------------------------------------------------------------------- */

static const struct damage_row {
    const char *name, *readers, *key;
    bool stream;
} damage_rows[] = {
    {"RSA", "rsa.pem", "rsa.key", false},
    {"EC", "p256.pem", "p256.key", false},
    {"a stream", "p256.pem", "p256.key", true},
};

#define SMALL "a short text, of three blocks, that is sealed."

static void test_cut(void **state)
{
    const struct damage_row *row = *state;
    auto_secret struct secret pem = SECRET_NONE, sealed = SECRET_NONE, opened = SECRET_NONE;
    slurp(row->key, &pem);
    const struct envelope_key key = {.pem = &pem};
    seal_file(row->readers, SMALL, strlen(SMALL), row->stream);
    slurp("sealed", &sealed);
    for (size_t len = 0; len < sealed.len; len++) {
        assert_int_not_equal(envelope_open(&key, sealed.bytes, len, &opened), MEDGL_OK);
        assert_null(opened.bytes);
    }
    assert_int_equal(envelope_open(&key, sealed.bytes, sealed.len, &opened), MEDGL_OK);
}

/* A changed byte is an error, or changes nothing (whom it was for), or a part of the content: of
 * its length. The digest tells of the last. */
static void test_changed(void **state)
{
    const struct damage_row *row = *state;
    auto_secret struct secret pem = SECRET_NONE, sealed = SECRET_NONE;
    size_t errors = 0, same = 0;
    slurp(row->key, &pem);
    const struct envelope_key key = {.pem = &pem};
    seal_file(row->readers, SMALL, strlen(SMALL), row->stream);
    slurp("sealed", &sealed);
    for (size_t at = 0; at < sealed.len; at++) {
        auto_secret struct secret opened = SECRET_NONE;
        sealed.bytes[at] ^= 0x20;
        enum medgl_error error = envelope_open(&key, sealed.bytes, sealed.len, &opened);
        sealed.bytes[at] ^= 0x20;
        assert_true(error == MEDGL_OK || error == MEDGL_ERR_KEY || error == MEDGL_ERR_CORRUPT);
        if (error == MEDGL_OK)
            assert_in_range(opened.len, 0, sealed.len);
        else
            assert_null(opened.bytes);
        errors += error != MEDGL_OK;
        same += error == MEDGL_OK && secret_equal(opened.bytes, opened.len, SMALL, strlen(SMALL));
    }
    assert_true(errors > sealed.len / 3 && same > 0);
}

/* -- whom it can be sealed to ----------------------------------------------------------------- */

static const struct readers_row {
    const char *name, *file;
    medgl_time later;
    const char *why; /* NULL: it can */
    size_t count;
} readers_rows[] = {
    {"one", "rsa.pem", 0, NULL, 1},
    {"two", "two.pem", 0, NULL, 2},
    {"sixteen", "sixteen.pem", 0, NULL, 16},
    {"text around it", "commented.pem", 0, NULL, 1},
    {"on its last day", "rsa.pem", 29 * MEDGL_DAY, NULL, 1},
    {"seventeen", "seventeen.pem", 0, "too many", 0},
    {"an empty file", "empty.pem", 0, "no certificate", 0},
    {"a text", "text.pem", 0, "no certificate", 0},
    {"a private key alone", "rsa.key", 0, "private key", 0},
    {"a private key beside it", "with_key.pem", 0, "private key", 0},
    {"an encrypted private key", "locked.key", 0, "private key", 0},
    {"a malformed one", "malformed.pem", 0, "malformed", 0},
    {"the second is cut off", "cut.pem", 0, "malformed", 0},
    {"expired", "rsa.pem", 31 * MEDGL_DAY, "certificate 1 of the file: it has expired", 0},
    {"not valid yet", "rsa.pem", -2 * MEDGL_DAY, "not valid yet", 0},
    {"RSA of 1024 bits", "short.pem", 0, "too short", 0},
    {"the second is too short", "second_short.pem", 0, "certificate 2 of the file", 0},
    {"for signatures alone", "signs.pem", 0, "keyEncipherment", 0},
    {"EC without keyAgreement", "unfit.pem", 0, "keyAgreement", 0},
    {"RSA with a number that is no modulus", "damaged.pem", 0, "nothing can be sealed", 0},
    {"Ed25519", "edwards.pem", 0, "neither RSA", 0},
    {"a curve of others", "koblitz.pem", 0, "neither RSA", 0},
    {"RSA for PSS", "pss.pem", 0, "neither RSA", 0},
};

static void test_readers(void **state)
{
    const struct readers_row *row = *state;
    auto_clean(envelope_readers_free) struct envelope_readers *readers = NULL;
    char why[ENVELOPE_WHY_SIZE];
    const medgl_time now = clock_read().now;
    enum medgl_error error = readers_of(row->file, now + row->later, &readers, why);
    if (row->why != NULL) {
        assert_int_equal(error, MEDGL_ERR_KEY);
        assert_non_null(strstr(why, row->why));
        assert_null(readers);
        return;
    }
    assert_int_equal(error, MEDGL_OK);
    assert_string_equal(why, "");
    assert_int_equal(envelope_readers_count(readers), row->count);
    assert_in_range(envelope_readers_until(readers) - now, 29 * MEDGL_DAY, 30 * MEDGL_DAY);
}

/* -- the manual ------------------------------------------------------------------------------- */

/* The recipe of that name, as a reader of the page sees it. */
static void recipe(const char *name, char *script, size_t size)
{
    char marker[64], line[512];
    size_t used = 0;
    bool found = false;
    auto_file FILE *page = fopen(TEST_PAGE, "re");
    assert_non_null(page);
    (void)snprintf(marker, sizeof(marker), ".\\\" tested: %s\n", name);
    while (fgets(line, sizeof(line), page) != NULL && !(found && strcmp(line, ".Ed\n") == 0)) {
        for (const char *at = line; found && line[0] != '.' && *at != '\0'; at++) {
            assert_true(used + 2 < size);
            script[used++] = *at;
            if (at[0] == '\\' && at[1] == 'e') /* mdoc's way to print a backslash */
                at++;
        }
        found = found || strcmp(line, marker) == 0;
    }
    script[used] = '\0';
    assert_true(used > 0);
}

#define TYPED                                                                                      \
    "openssl() { verb=$1; shift; case $verb in req) set -- -passout pass:" PASSPHRASE              \
    " \"$@\" ;; "                                                                                  \
    "cms) set -- -passin pass:" PASSPHRASE " \"$@\" ;; esac; command openssl $verb \"$@\"; }\n"

/* Whoever follows the page becomes an auditor, and opens a copy with openssl alone. The passphrase
 * is given where a person would type it. */
static void test_manual(void **state)
{
    char make[1024], open_it[1024], command[2048];
    auto_clean(envelope_readers_free) struct envelope_readers *readers = NULL;
    char why[ENVELOPE_WHY_SIZE];
    (void)state;
    recipe("auditor", make, sizeof(make));
    recipe("document", open_it, sizeof(open_it));
    (void)snprintf(command, sizeof(command), TYPED "%s", make);
    assert_int_equal(shell(command), 0);
    assert_int_equal(readers_of("auditor.pem", clock_read().now, &readers, why), MEDGL_OK);
    seal_file("auditor.pem", SMALL, strlen(SMALL), false);
    (void)snprintf(command, sizeof(command), "cp sealed FILE.cms\n" TYPED "%s\ncmp document part",
                   open_it);
    assert_int_equal(shell(command), 0);
}

/* -- all of it -------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

int main(void)
{
    char command[PATH_MAX];
    if (mkdtemp(directory) == NULL)
        return 99;
    (void)snprintf(command, sizeof(command), "sh %s %s > %s/made 2>&1", TEST_MAKE, directory,
                   directory);
    if (system(command) != 0) { /* NOLINT(cert-env33-c) */
        (void)fprintf(stderr, "%s failed: see %s/made\n", TEST_MAKE, directory);
        return 99;
    }
    TABLE_ADD("R11 sealed to", seal_rows, test_seal);
    table_add("R37", "CRYPTREC's algorithms and no others", test_algorithms, NULL);
    table_add("R37", "no two envelopes are alike", test_fresh, NULL);
    TABLE_ADD("R11 opened", open_rows, test_open);
    table_add("R11 opened", "nobody to ask for the passphrase", test_unasked, NULL);
    TABLE_ADD("cut off anywhere", damage_rows, test_cut);
    TABLE_ADD("changed anywhere", damage_rows, test_changed);
    TABLE_ADD("R11 certificates", readers_rows, test_readers);
    table_add("R11", "an auditor by the manual alone", test_manual, NULL);
    int failed = table_run("envelopes");
    (void)nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return failed;
}
