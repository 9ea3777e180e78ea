/* Cards (R24, R38): what a certificate must be like to be believed, and what a signature proves.
 * The openssl command is the other side (card_make.sh). */
#include "factor/card.h"

#include "base/auto.h"
#include "base/log.h"
#include "tests/unit/table.h"

#include <errno.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char here[] = "/tmp/card-test-XXXXXX";

#define NOW 1780272000000 /* 2026-06-01T00:00:00Z */

/* A command in the directory of all files. */
static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
    char command[2048], all[2304];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(command, sizeof(command), format, arguments);
    va_end(arguments);
    (void)snprintf(all, sizeof(all), "cd '%s' && { %s; } > out 2>&1", here, command);
    if (system(all) != 0)
        fail_msg("%s", command);
}

static size_t slurp(const char *name, unsigned char *bytes, size_t size)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", here, name);
    auto_file FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t len = fread(bytes, 1, size, file);
    assert_true(len > 0 && len < size);
    return len;
}

static void put(const char *name, const void *bytes, size_t len)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", here, name);
    auto_file FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
}

static struct card_certificate *certificate(const char *name)
{
    unsigned char bytes[16384];
    char path[256];
    struct card_certificate *read = NULL;
    (void)snprintf(path, sizeof(path), "%s.pem", name);
    size_t len = slurp(path, bytes, sizeof(bytes));
    assert_int_equal(card_certificate_read(bytes, len, true, &read), MEDGL_OK);
    return read;
}

/* -- the judgement ---------------------------------------------------------------------------- */

/* A directory with these files, `trust`. */
static void trust_make(const char *files)
{
    run("rm -rf trust && mkdir -m 0755 trust && for f in %s; do cp $f trust/; done && chmod -R "
        "go-w "
        "trust",
        files);
}

static enum medgl_error trust_load(struct card_trust **trust)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/trust", here);
    return card_trust_load(path, geteuid(), trust);
}

#define ALL "root.pem sub.pem root.crl sub.crl"

struct judged {
    const char *name, *certificate, *files;
    enum card_verdict verdict;
    const char *about; /* a part of what is said */
    int64_t days;      /* from NOW on */
};

static const struct judged judged[] = {
    {"good", "good", ALL, CARD_GOOD, "", 0},
    {"by the anchor itself", "direct", "root.pem root.crl", CARD_GOOD, "", 0},
    {"among others", "good", ALL " root2.pem twin.pem sub2.pem deep.pem", CARD_GOOD, "", 0},
    {"by an issuer whose former certificate is there", "good", ALL " a_sub_past.pem", CARD_GOOD, "",
     0},
    {"by an issuer whose certificate expired", "good", "root.pem a_sub_past.pem root.crl sub.crl",
     CARD_EXPIRED, "CN=Cards", 0},
    {"for smartcards", "smartcard", ALL, CARD_GOOD, "", 0},
    {"for anything", "anything", ALL, CARD_GOOD, "", 0},
    {"without extended usage", "plain", ALL, CARD_GOOD, "", 0},
    {"RSA", "rsa", ALL, CARD_GOOD, "", 0},
    {"RSA for PSS alone", "pss", ALL, CARD_GOOD, "", 0},
    {"P-384", "p384", ALL, CARD_GOOD, "", 0},
    {"P-521", "p521", ALL, CARD_GOOD, "", 0},
    {"within the names of its issuer", "here", "root.pem narrow.pem root.crl narrow.crl", CARD_GOOD,
     "", 0},

    {"the anchor is missing", "good", "root2.pem sub.pem root.crl sub.crl", CARD_UNTRUSTED,
     "issuer certificate", 0},
    {"the intermediate is missing", "good", "root.pem root.crl sub.crl", CARD_UNTRUSTED,
     "issuer certificate", 0},
    {"another issuer of that name", "of_twin", ALL, CARD_UNTRUSTED, "issuer certificate", 0},
    {"another issuer of that name, of no anchor", "of_twin", ALL " twin.pem twin.crl",
     CARD_UNTRUSTED, "issuer certificate", 0},
    {"another issuer of that name that is trusted", "of_twin",
     ALL " root2.pem twin.pem twin.crl root2.crl", CARD_GOOD, "", 0},
    {"signed by itself", "itself", ALL, CARD_UNTRUSTED, "self", 0},
    {"signed by itself, and in the directory", "itself", ALL " itself.pem", CARD_UNTRUSTED,
     "self-signed", 0},
    {"the anchor's", "root", ALL, CARD_UNTRUSTED, "anchor itself", 0},
    {"by an authority that may have none below", "of_deep", ALL " deep.pem", CARD_UNTRUSTED,
     "path length", 0},
    {"by an anchor that does not say what it is", "of_ancient", "ancient.pem", CARD_UNTRUSTED,
     "no certification authority", 0},
    {"by a person", "below", ALL " good.pem", CARD_UNTRUSTED, "", 0},
    {"outside the names of its issuer", "there", "root.pem narrow.pem root.crl narrow.crl",
     CARD_UNTRUSTED, "permitted subtree", 0},
    {"a critical extension that nobody knows", "strange", ALL, CARD_UNTRUSTED, "critical", 0},

    {"expired", "expired", ALL, CARD_EXPIRED, "CN=Ann", 0},
    {"not yet", "early", ALL, CARD_NOT_YET, "CN=Ann", 0},
    {"the anchor expired", "of_past", "root_past.pem", CARD_EXPIRED, "CN=Root of the past", 0},
    {"all expired", "good", ALL, CARD_EXPIRED, "CN=Ann", 1500},
    {"none yet", "good", ALL, CARD_NOT_YET, "CN=Ann", -600},
    {"a second before its time", "early", ALL, CARD_NOT_YET, "CN=Ann", 0},

    {"revoked", "gone", "root.pem sub.pem root.crl sub_gone.crl", CARD_REVOKED, "CN=Ann", 0},
    {"revoked for a while", "held", "root.pem sub.pem root.crl sub_gone.crl", CARD_REVOKED,
     "CN=Ann", 0},
    {"revoked, and expired", "expired_gone", "root.pem sub.pem root.crl sub_gone.crl", CARD_REVOKED,
     "CN=Ann", 0},
    {"revoked, and weak", "sha1", "root.pem sub.pem root.crl sub_gone.crl", CARD_REVOKED, "CN=Ann",
     0},
    {"revoked by an old list", "gone", "root.pem sub.pem root.crl sub_old.crl", CARD_REVOKED,
     "CN=Ann", 0},
    {"revoked by an old list beside a new one", "gone", ALL " sub_old.crl", CARD_REVOKED, "CN=Ann",
     0},
    {"revoked by a list of the future", "gone", ALL " sub_future.crl", CARD_REVOKED, "CN=Ann", 0},
    {"revoked by a list with a weak digest", "gone", ALL " sub_sha1.crl", CARD_REVOKED, "CN=Ann",
     0},
    {"revoked by a list for others", "gone", ALL " sub_authorities.crl", CARD_REVOKED, "CN=Ann", 0},
    {"revoked by a part of a list", "gone", ALL " sub_point.crl", CARD_REVOKED, "CN=Ann", 0},
    {"revoked by a delta list", "gone", ALL " sub_delta.crl", CARD_REVOKED, "CN=Ann", 0},
    {"revoked by a list that is not understood", "gone", ALL " sub_strange.crl", CARD_REVOKED,
     "CN=Ann", 0},
    {"revoked by the issuer's new key", "gone", ALL " sub2.pem sub2.crl", CARD_REVOKED, "CN=Ann",
     0},
    {"taken off a whole list", "back", "root.pem sub.pem root.crl sub_gone.crl", CARD_REVOKED,
     "CN=Ann", 0},
    {"taken off by a delta list", "back", ALL " sub_delta.crl", CARD_GOOD, "", 0},
    {"taken off by a delta list alone", "back", ALL " sub_gone.crl sub_delta.crl", CARD_REVOKED,
     "CN=Ann", 0},
    {"revoked by another issuer of that name", "good", ALL " root2.pem twin.pem twin.crl",
     CARD_GOOD, "", 0},
    {"on no list of several", "good", ALL " sub_gone.crl sub_old.crl sub_future.crl", CARD_GOOD, "",
     0},
    {"the intermediate is revoked", "good", "root.pem sub.pem root_sub.crl sub.crl", CARD_REVOKED,
     "CN=Cards", 0},
    {"the intermediate is revoked, and has no list", "good", "root.pem sub.pem root_sub.crl",
     CARD_REVOKED, "CN=Cards", 0},
    {"the intermediate is revoked by one of two", "good", ALL " root_sub.crl", CARD_REVOKED,
     "CN=Cards", 0},

    {"an authority's", "sub", ALL, CARD_USAGE, "CN=Cards", 0},
    {"a person's that is an authority", "able", ALL, CARD_USAGE, "CN=Ann", 0},
    {"for non-repudiation alone", "signer", ALL, CARD_USAGE, "CN=Ann", 0},
    {"for nothing that is said", "none", ALL, CARD_USAGE, "CN=Ann", 0},
    {"for servers", "server", ALL, CARD_USAGE, "CN=Ann", 0},
    {"by an authority for mail", "of_mail", "root.pem mail.pem root.crl mail.crl", CARD_USAGE,
     "CN=Mail", 0},

    {"RSA of 1024 bits", "small", ALL, CARD_WEAK_KEY, "CN=Ann", 0},
    {"an issuer with RSA of 1024 bits", "of_weak", "root.pem weak.pem root.crl weak.crl",
     CARD_WEAK_KEY, "CN=Weak", 0},
    {"a signature with SHA-1", "sha1", ALL, CARD_WEAK_KEY, "CN=Ann", 0},
    {"P-224", "p224", ALL, CARD_WEAK_KEY, "CN=Ann", 0},
    {"another curve", "koblitz", ALL, CARD_WEAK_KEY, "CN=Ann", 0},
    {"a curve of its own", "described", ALL, CARD_UNTRUSTED, "explicit ECC", 0},
    {"a kind of key that cards do not have", "ed25519", ALL, CARD_WEAK_KEY, "CN=Ann", 0},

    {"no list", "good", "root.pem sub.pem root.crl", CARD_NO_CRL, "CN=Cards", 0},
    {"no list of the anchor", "good", "root.pem sub.pem sub.crl", CARD_NO_CRL, "CN=Root", 0},
    {"no list at all", "good", "root.pem sub.pem", CARD_NO_CRL, "CN=Cards", 0},
    {"a list by another key", "good", "root.pem sub.pem root.crl twin.crl", CARD_NO_CRL, "CN=Cards",
     0},
    {"a list by another issuer of that name", "good",
     "root.pem sub.pem root.crl root2.pem twin.pem twin.crl", CARD_NO_CRL, "CN=Cards", 0},
    {"a list by the issuer's new key alone", "good", "root.pem sub.pem root.crl sub2.pem sub2.crl",
     CARD_NO_CRL, "CN=Cards", 0},
    {"a list by an issuer that may not", "of_mute", "root.pem mute.pem root.crl mute.crl",
     CARD_NO_CRL, "CN=Mute", 0},
    {"a list for authorities alone", "good", "root.pem sub.pem root.crl sub_authorities.crl",
     CARD_NO_CRL, "CN=Cards", 0},
    {"a list for people alone", "good", "root.pem sub.pem root.crl sub_users.crl", CARD_GOOD, "",
     0},
    {"a list for some reasons", "good", "root.pem sub.pem root.crl sub_reasons.crl", CARD_NO_CRL,
     "CN=Cards", 0},
    {"a list of others' certificates", "good", "root.pem sub.pem root.crl sub_indirect.crl",
     CARD_NO_CRL, "CN=Cards", 0},
    {"a list of attribute certificates", "good", "root.pem sub.pem root.crl sub_attributes.crl",
     CARD_NO_CRL, "CN=Cards", 0},
    {"a delta list", "good", "root.pem sub.pem root.crl sub_delta.crl", CARD_NO_CRL, "CN=Cards", 0},
    {"a list that is not understood", "good", "root.pem sub.pem root.crl sub_strange.crl",
     CARD_NO_CRL, "CN=Cards", 0},
    {"a list with a weak digest", "good", "root.pem sub.pem root.crl sub_sha1.crl", CARD_NO_CRL,
     "CN=Cards", 0},
    {"the list of its point", "point", "root.pem sub.pem root.crl sub_point.crl", CARD_GOOD, "", 0},
    {"the list of another point", "point2", "root.pem sub.pem root.crl sub_point.crl", CARD_NO_CRL,
     "CN=Cards", 0},
    {"the list of a point that it does not name", "good", "root.pem sub.pem root.crl sub_point.crl",
     CARD_NO_CRL, "CN=Cards", 0},

    {"an old list", "good", "root.pem sub.pem root.crl sub_old.crl", CARD_CRL_OLD, "CN=Cards", 0},
    {"an old list of the anchor", "good", "root.pem sub.pem root_old.crl sub.crl", CARD_CRL_OLD,
     "CN=Root", 0},
    {"a list that became old", "good", ALL, CARD_CRL_OLD, "CN=Cards", 30},
    {"a list of the future", "good", "root.pem sub.pem root.crl sub_future.crl", CARD_CRL_OLD,
     "CN=Cards", 0},
    {"a list by a clock that is somewhat fast", "good", "root.pem sub.pem root.crl sub_soon.crl",
     CARD_GOOD, "", 0},
    {"a list that says nothing of the next", "good", "root.pem sub.pem root.crl sub_endless.crl",
     CARD_CRL_OLD, "CN=Cards", 0},
    {"an old list beside the new one", "good", ALL " sub_old.crl", CARD_GOOD, "", 0},
};

static void r24_certificate_is_judged(void **state)
{
    const struct judged *row = *state;
    auto_clean(card_trust_free) struct card_trust *trust = NULL;
    auto_clean(card_certificate_free) struct card_certificate *card = NULL;
    struct card_judgement judgement = {.verdict = CARD_GOOD};
    trust_make(row->files);
    assert_int_equal(trust_load(&trust), MEDGL_OK);
    card = certificate(row->certificate);
    assert_int_equal(card_judge(trust, card, NOW + row->days * MEDGL_DAY, &judgement), MEDGL_OK);
    if (judgement.verdict != row->verdict)
        print_message("# %s\n", judgement.about);
    assert_string_equal(card_verdict_word(judgement.verdict), card_verdict_word(row->verdict));
    if (strstr(judgement.about, row->about) == NULL ||
        (judgement.verdict == CARD_GOOD && judgement.about[0] != '\0'))
        fail_msg("%s", judgement.about);
}

static void r24_age_of_lists_is_told(void **state)
{
    static const struct {
        const char *files;
        medgl_time issued, next;
    } rows[] = {
        {ALL, 1777593600000, 1782864000000},
        {ALL " sub_old.crl sub_future.crl", 1777593600000, 1782864000000},
        {"root.pem sub.pem root.crl sub_old.crl", 1767225600000, 1769904000000},
        {"root.pem sub.pem root_old.crl sub.crl", 1767225600000, 1769904000000},
        {"root.pem sub.pem root.crl sub_endless.crl", 1777593600000, 0},
        {"root.pem sub.pem root.crl", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        auto_clean(card_trust_free) struct card_trust *trust = NULL;
        auto_clean(card_certificate_free) struct card_certificate *card = certificate("good");
        struct card_judgement judgement;
        trust_make(rows[i].files);
        assert_int_equal(trust_load(&trust), MEDGL_OK);
        assert_int_equal(card_judge(trust, card, NOW, &judgement), MEDGL_OK);
        assert_int_equal(judgement.crl_issued, rows[i].issued);
        assert_int_equal(judgement.crl_next, rows[i].next);
    }
}

static void r38_doctor_is_told_of_lists(void **state)
{
    static const struct {
        const char *files, *without;
        size_t lists, old, missing;
        medgl_time next;
    } rows[] = {
        {ALL, "", 2, 0, 0, 1782864000000},
        {ALL " sub_old.crl sub_delta.crl good.pem", "", 4, 0, 0, 1782864000000},
        {"root.pem sub.pem root.crl sub_old.crl", "", 2, 1, 0, 1769904000000},
        {"root.pem sub.pem root.crl sub_endless.crl", "", 2, 1, 0, 1782864000000},
        {"root.pem sub.pem sub.crl", "CN=Root,O=Ministry", 1, 0, 1, 1782864000000},
        {"root.pem sub.pem root.crl twin.crl sub_delta.crl", "CN=Cards,O=Ministry", 3, 0, 1,
         1782864000000},
        {"root.pem sub.pem", "CN=Root,O=Ministry", 0, 0, 2, 0},
    };
    (void)state;
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        auto_clean(card_trust_free) struct card_trust *trust = NULL;
        struct card_trust_facts facts;
        trust_make(rows[i].files);
        assert_int_equal(trust_load(&trust), MEDGL_OK);
        card_trust_facts(trust, NOW, &facts);
        assert_int_equal(facts.anchors, 1);
        assert_int_equal(facts.lists, rows[i].lists);
        assert_int_equal(facts.old, rows[i].old);
        assert_int_equal(facts.missing, rows[i].missing);
        assert_int_equal(facts.next, rows[i].next);
        assert_string_equal(facts.without, rows[i].without);
    }
}

/* medgl-cards(7) has the words, in the order in which they are found. */
static void r24_manual_has_the_verdicts(void **state)
{
    static const enum card_verdict order[] = {
        CARD_UNTRUSTED,     CARD_REVOKED,  CARD_EXPIRED,   CARD_NOT_YET,
        CARD_USAGE,         CARD_WEAK_KEY, CARD_NO_CRL,    CARD_CRL_OLD,
        CARD_BAD_SIGNATURE, CARD_GOOD,     CARD_UNDECIDED,
    };
    char words[1024] = "";
    (void)state;
    for (size_t i = 0; i < MEDGL_COUNT(order); i++) {
        (void)strcat(words, card_verdict_word(order[i]));
        (void)strcat(words, "\n");
    }
    put("words", words, strlen(words));
    run("sed -n '/^.Sh WHAT A CERT/,/^.El/s/^.It Sy //p' '%s/man/medgl-cards.7' | cmp - words",
        getenv("top_srcdir"));
}

/* The command makes no list without the date of the next. */
static void make_endless(void)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/sub.key", here);
    auto_file FILE *key_file = fopen(path, "re");
    (void)snprintf(path, sizeof(path), "%s/sub.pem", here);
    auto_file FILE *pem_file = fopen(path, "re");
    (void)snprintf(path, sizeof(path), "%s/sub_endless.crl", here);
    auto_file FILE *out = fopen(path, "we");
    assert_true(key_file != NULL && pem_file != NULL && out != NULL);
    EVP_PKEY *key = PEM_read_PrivateKey(key_file, NULL, NULL, NULL);
    X509 *issuer = PEM_read_X509(pem_file, NULL, NULL, NULL);
    ASN1_TIME *issued = ASN1_TIME_set(NULL, 1777593600);
    X509_CRL *crl = X509_CRL_new();
    assert_true(X509_CRL_set_version(crl, 1) && X509_CRL_set1_lastUpdate(crl, issued) &&
                X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)) &&
                X509_CRL_sign(crl, key, EVP_sha256()) > 0 && i2d_X509_CRL_fp(out, crl));
    X509_CRL_free(crl);
    ASN1_TIME_free(issued);
    X509_free(issuer);
    EVP_PKEY_free(key);
}

/* -- the directory ---------------------------------------------------------------------------- */

struct loaded {
    const char *name, *command; /* in the directory with ALL */
    enum medgl_error error;
};

static const struct loaded loaded[] = {
    {"as it should be", ":", MEDGL_OK},
    {"all in one file", "cat *.pem *.crl > ../all; rm *; mv ../all all.pem", MEDGL_OK},
    {"text between", "for f in *.pem; do openssl x509 -in $f -text > ../text; mv ../text $f; done",
     MEDGL_OK},
    {"DER",
     "for f in *.pem; do openssl x509 -in $f -outform DER -out ${f%.pem}.crt; done; rm *.pem; for "
     "f "
     "in *.crl; do openssl crl -in $f -outform DER -out ../x; mv ../x $f; done",
     MEDGL_OK},
    {"lines that end as in Windows", "sed -i 's/$/\\r/' *", MEDGL_OK},
    {"the same twice", "cp root.pem again.pem; cp sub.crl again.crl", MEDGL_OK},
    {"capitals", "mv root.pem ROOT.PEM", MEDGL_OK},
    {"other files", "echo x > README; echo x > .hidden.pem; echo x > a.pem.new; mkdir old",
     MEDGL_OK},
    {"a list whose issuer is not there", "cp ../twin.crl .; cp ../mute.crl .", MEDGL_OK},

    {"nothing", "rm *", MEDGL_ERR_NOT_FOUND},
    {"no anchor", "rm root.pem", MEDGL_ERR_NOT_FOUND},
    {"no directory", "rm -r ../trust", MEDGL_ERR_NOT_FOUND},
    {"an empty file", ": > a.pem", MEDGL_ERR_CORRUPT},
    {"something else", "echo certificate > a.crt", MEDGL_ERR_CORRUPT},
    {"a file that is cut off", "head -c 300 root.pem > a.pem", MEDGL_ERR_CORRUPT},
    {"a bundle that is cut off", "cat root.pem sub.pem | head -c 900 > a.pem", MEDGL_ERR_CORRUPT},
    {"a list that is cut off", "head -c 200 sub.crl > a.crl", MEDGL_ERR_CORRUPT},
    {"a list in DER that is cut off", "openssl crl -in sub.crl -outform DER | head -c 150 > a.crl",
     MEDGL_ERR_CORRUPT},
    {"armour that is misspelt",
     "sed 's/-----BEGIN CERTIFICATE-----/-----BEGIN CERTIFICATE---/' "
     "root.pem > a.pem",
     MEDGL_ERR_CORRUPT},
    {"armour without an end", "sed '/-END/d' root.pem > a.pem", MEDGL_ERR_CORRUPT},
    {"more behind DER", "{ openssl x509 -in root.pem -outform DER; echo; } > a.crt",
     MEDGL_ERR_CORRUPT},
    {"more behind a list", "{ openssl crl -in sub.crl -outform DER; echo; } > a.crl",
     MEDGL_ERR_CORRUPT},
    {"a private key", "cat ../root.key >> root.pem", MEDGL_ERR_CORRUPT},
    {"an anchor with a wrong signature",
     "openssl x509 -in ../root2.pem -outform DER | python3 -c \"import sys; b = "
     "bytearray(sys.stdin.buffer.read()); b[-1] ^= 1; sys.stdout.buffer.write(b)\" > a.crt",
     MEDGL_ERR_CORRUPT},
    {"a link", "ln -s ../root2.pem a.pem", MEDGL_ERR_CORRUPT},
    {"a link to nothing", "ln -s nothing a.pem", MEDGL_ERR_CORRUPT},
    {"a directory", "mkdir a.pem", MEDGL_ERR_CORRUPT},
    {"a fifo", "mkfifo a.crl", MEDGL_ERR_CORRUPT},
    {"a file that others may write", "chmod 0646 sub.crl", MEDGL_ERR_CORRUPT},
    {"a file that a group may write", "chmod 0664 root.pem", MEDGL_ERR_CORRUPT},
    {"a directory that others may write", "chmod 0777 .", MEDGL_ERR_ACCESS},
    {"a directory that a group may write", "chmod 0775 .", MEDGL_ERR_ACCESS},
};

static void r24_directory_is_read(void **state)
{
    const struct loaded *row = *state;
    auto_clean(card_trust_free) struct card_trust *trust = NULL;
    trust_make(ALL);
    run("cd trust && %s", row->command);
    assert_int_equal(trust_load(&trust), row->error);
    if (row->error != MEDGL_OK) {
        assert_null(trust);
        return;
    }
    auto_clean(card_certificate_free) struct card_certificate *card = certificate("good");
    struct card_judgement judgement;
    assert_int_equal(card_judge(trust, card, NOW, &judgement), MEDGL_OK);
    assert_int_equal(judgement.verdict, CARD_GOOD);
}

static void r24_files_of_others_are_refused(void **state)
{
    auto_clean(card_trust_free) struct card_trust *trust = NULL;
    char path[256];
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/trust", here);
    trust_make(ALL);
    if (geteuid() == 0)
        run("chown 12345 trust/sub.crl");
    assert_int_equal(card_trust_load(path, 54321, &trust),
                     geteuid() == 0 ? MEDGL_ERR_CORRUPT : MEDGL_ERR_ACCESS);
    assert_null(trust);
    if (geteuid() == 0) {
        assert_int_equal(card_trust_load(path, 12345, &trust), MEDGL_OK);
        run("chown 12345 trust");
        card_trust_free(&trust);
        assert_int_equal(card_trust_load(path, 54321, &trust), MEDGL_ERR_ACCESS);
    }
}

/* -- one certificate -------------------------------------------------------------------------- */

struct reading {
    const char *name, *command; /* makes `file` */
    bool pem;
    enum medgl_error error;
};

static const struct reading readings[] = {
    {"PEM", "cp good.pem file", true, MEDGL_OK},
    {"DER", "openssl x509 -in good.pem -outform DER -out file", false, MEDGL_OK},
    {"text before it", "openssl x509 -in good.pem -text -out file", true, MEDGL_OK},
    {"empty lines behind it", "{ cat good.pem; printf '\\n \\t\\r\\n'; } > file", true, MEDGL_OK},
    {"PEM for DER", "cp good.pem file", false, MEDGL_ERR_ARGUMENT},
    {"DER for PEM", "openssl x509 -in good.pem -outform DER -out file", true, MEDGL_ERR_ARGUMENT},
    {"two", "cat good.pem second.pem > file", true, MEDGL_ERR_ARGUMENT},
    {"text behind it", "{ cat good.pem; echo x; } > file", true, MEDGL_ERR_ARGUMENT},
    {"NUL behind it", "{ cat good.pem; printf '\\0'; } > file", true, MEDGL_ERR_ARGUMENT},
    {"a key before it", "cat person.key good.pem > file", true, MEDGL_ERR_ARGUMENT},
    {"a key behind it", "cat good.pem person.key > file", true, MEDGL_ERR_ARGUMENT},
    {"a key", "cp person.key file", true, MEDGL_ERR_ARGUMENT},
    {"a list", "cp sub.crl file", true, MEDGL_ERR_ARGUMENT},
    {"a byte behind DER", "{ openssl x509 -in good.pem -outform DER; printf x; } > file", false,
     MEDGL_ERR_ARGUMENT},
    {"a byte less", "openssl x509 -in good.pem -outform DER | head -c -1 > file", false,
     MEDGL_ERR_ARGUMENT},
    {"a length written longer",
     "openssl x509 -in good.pem -outform DER | python3 -c \"import sys; b = "
     "sys.stdin.buffer.read(); sys.stdout.buffer.write(b'\\x30\\x83\\0' + b[2:])\" > file",
     false, MEDGL_ERR_ARGUMENT},
    {"too long", "head -c 8193 /dev/zero > file", false, MEDGL_ERR_ARGUMENT},
    {"too long a text", "head -c 32769 /dev/zero > file", true, MEDGL_ERR_ARGUMENT},
};

static void r24_certificate_is_read(void **state)
{
    const struct reading *row = *state;
    static unsigned char bytes[65536];
    auto_clean(card_certificate_free) struct card_certificate *card = NULL;
    run("%s", row->command);
    size_t len = slurp("file", bytes, sizeof(bytes));
    assert_int_equal(card_certificate_read(bytes, len, row->pem, &card), row->error);
    assert_true((card != NULL) == (row->error == MEDGL_OK));
}

static void r24_facts_are_what_openssl_says(void **state)
{
    static const struct {
        const char *name, *key;
    } rows[] = {{"good", "EC P-256"},
                {"rsa", "RSA 2048"},
                {"p384", "EC P-384"},
                {"p521", "EC P-521"},
                {"koblitz", "EC of another curve"},
                {"ed25519", "ED25519 256"},
                {"root", "EC P-256"}};
    (void)state;
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        auto_clean(card_certificate_free) struct card_certificate *card = certificate(rows[i].name);
        struct card_facts facts;
        char line[2048];
        assert_int_equal(card_certificate_facts(card, &facts), MEDGL_OK);
        run("openssl x509 -in %s.pem -noout -subject -issuer -serial -fingerprint -sha256 -nameopt "
            "RFC2253 | tr -d : | tr A-F a-f > facts",
            rows[i].name);
        (void)snprintf(
            line, sizeof(line),
            "{ printf 'subject=%s\\nissuer=%s\\nserial=%s\\nsha256 Fingerprint=%s\\n'; } "
            "| tr A-F a-f | cmp - facts",
            facts.subject, facts.issuer, facts.serial, facts.fingerprint);
        run("%s", line);
        assert_string_equal(facts.key, rows[i].key);
        assert_int_equal(facts.not_before, 1735689600000);
        assert_int_equal(facts.not_after, 1893456000000);
    }
}

/* -- the proof -------------------------------------------------------------------------------- */

enum spoil {
    AS_IT_IS,
    RAW,
    SHORTER,
    LONGER,
    ZERO_BEFORE,
    TWICE,
    BIT,
    ZEROS,
    NOTHING,
    RAW_PADDED
};

struct proof {
    const char *name, *certificate, *key;
    enum card_scheme scheme;
    const char *options; /* of openssl pkeyutl */
    enum spoil spoil;
    bool good;
};

#define PSS   "-pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:32"
#define PKCS1 "-pkeyopt rsa_padding_mode:pkcs1"
#define MD    " -pkeyopt digest:sha256"

static const struct proof proofs[] = {
    {"PSS", "rsa", "rsa", CARD_RSA_PSS_SHA256, PSS MD, AS_IT_IS, true},
    {"PSS by a key for nothing else", "pss", "pss", CARD_RSA_PSS_SHA256, PSS MD, AS_IT_IS, true},
    {"PKCS#1", "rsa", "rsa", CARD_RSA_PKCS1_SHA256, PKCS1 MD, AS_IT_IS, true},
    {"P-256", "good", "person", CARD_ECDSA_SHA256, MD, AS_IT_IS, true},
    {"P-256, r and s", "good", "person", CARD_ECDSA_SHA256, MD, RAW, true},
    {"P-384", "p384", "p384", CARD_ECDSA_SHA256, MD, AS_IT_IS, true},
    {"P-384, r and s", "p384", "p384", CARD_ECDSA_SHA256, MD, RAW, true},
    {"P-521", "p521", "p521", CARD_ECDSA_SHA256, MD, AS_IT_IS, true},
    {"P-521, r and s", "p521", "p521", CARD_ECDSA_SHA256, MD, RAW, true},

    {"PSS by another key", "rsa", "rsa2", CARD_RSA_PSS_SHA256, PSS MD, AS_IT_IS, false},
    {"PKCS#1 by another key", "rsa", "rsa2", CARD_RSA_PKCS1_SHA256, PKCS1 MD, AS_IT_IS, false},
    {"P-256 by another key", "good", "other", CARD_ECDSA_SHA256, MD, AS_IT_IS, false},
    {"P-256 by another key, r and s", "good", "other", CARD_ECDSA_SHA256, MD, RAW, false},
    {"P-384 for P-256", "good", "p384", CARD_ECDSA_SHA256, MD, AS_IT_IS, false},
    {"PSS for PKCS#1", "rsa", "rsa", CARD_RSA_PKCS1_SHA256, PSS MD, AS_IT_IS, false},
    {"PKCS#1 for PSS", "rsa", "rsa", CARD_RSA_PSS_SHA256, PKCS1 MD, AS_IT_IS, false},
    {"PKCS#1 without the digest's name", "rsa", "rsa", CARD_RSA_PKCS1_SHA256, PKCS1, AS_IT_IS,
     false},
    {"PKCS#1 with another digest's name", "rsa", "rsa", CARD_RSA_PKCS1_SHA256,
     PKCS1 " -pkeyopt digest:sha3-256", AS_IT_IS, false},
    {"PSS with a shorter salt", "rsa", "rsa", CARD_RSA_PSS_SHA256,
     "-pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:20" MD, AS_IT_IS, false},
    {"PSS with the longest salt", "rsa", "rsa", CARD_RSA_PSS_SHA256,
     "-pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:max" MD, AS_IT_IS, false},
    {"PSS with SHA-1 in its mask", "rsa", "rsa", CARD_RSA_PSS_SHA256,
     PSS MD " -pkeyopt rsa_mgf1_md:sha1", AS_IT_IS, false},
    {"a scheme of another key", "good", "person", CARD_RSA_PKCS1_SHA256, MD, AS_IT_IS, false},
    {"a scheme of another key, RSA", "rsa", "rsa", CARD_ECDSA_SHA256, PKCS1 MD, AS_IT_IS, false},
    {"no scheme", "good", "person", CARD_SCHEME_NONE, MD, AS_IT_IS, false},
    {"a curve that is not used", "koblitz", "koblitz", CARD_ECDSA_SHA256, MD, AS_IT_IS, false},
    {"PSS, a byte less", "rsa", "rsa", CARD_RSA_PSS_SHA256, PSS MD, SHORTER, false},
    {"PSS, a byte more", "rsa", "rsa", CARD_RSA_PSS_SHA256, PSS MD, LONGER, false},
    {"PSS, a zero before", "rsa", "rsa", CARD_RSA_PSS_SHA256, PSS MD, ZERO_BEFORE, false},
    {"PSS, twice", "rsa", "rsa", CARD_RSA_PSS_SHA256, PSS MD, TWICE, false},
    {"PSS, a bit", "rsa", "rsa", CARD_RSA_PSS_SHA256, PSS MD, BIT, false},
    {"PSS, zeros", "rsa", "rsa", CARD_RSA_PSS_SHA256, PSS MD, ZEROS, false},
    {"PSS, nothing", "rsa", "rsa", CARD_RSA_PSS_SHA256, PSS MD, NOTHING, false},
    {"PKCS#1, a byte less", "rsa", "rsa", CARD_RSA_PKCS1_SHA256, PKCS1 MD, SHORTER, false},
    {"PKCS#1, a byte more", "rsa", "rsa", CARD_RSA_PKCS1_SHA256, PKCS1 MD, LONGER, false},
    {"PKCS#1, a bit", "rsa", "rsa", CARD_RSA_PKCS1_SHA256, PKCS1 MD, BIT, false},
    {"PKCS#1, zeros", "rsa", "rsa", CARD_RSA_PKCS1_SHA256, PKCS1 MD, ZEROS, false},
    {"P-256, a byte less", "good", "person", CARD_ECDSA_SHA256, MD, SHORTER, false},
    {"P-256, a byte more", "good", "person", CARD_ECDSA_SHA256, MD, LONGER, false},
    {"P-256, twice", "good", "person", CARD_ECDSA_SHA256, MD, TWICE, false},
    {"P-256, a bit", "good", "person", CARD_ECDSA_SHA256, MD, BIT, false},
    {"P-256, zeros", "good", "person", CARD_ECDSA_SHA256, MD, ZEROS, false},
    {"P-256, nothing", "good", "person", CARD_ECDSA_SHA256, MD, NOTHING, false},
    {"P-256, r and s with zeros before", "good", "person", CARD_ECDSA_SHA256, MD, RAW_PADDED,
     false},
};

static size_t to_raw(unsigned char *signature, size_t len, int half)
{
    const unsigned char *at = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    assert_non_null(pair);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, half), half);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + half, half), half);
    ECDSA_SIG_free(pair);
    return 2 * (size_t)half;
}

static size_t spoiled(const struct proof *row, unsigned char *signature, size_t len)
{
    int half = strcmp(row->certificate, "p521") == 0   ? 66
               : strcmp(row->certificate, "p384") == 0 ? 48
                                                       : 32;
    switch (row->spoil) {
    case AS_IT_IS:
        return len;
    case RAW:
        return to_raw(signature, len, half);
    case RAW_PADDED:
        return to_raw(signature, len, half + 1);
    case SHORTER:
        return len - 1;
    case LONGER:
        signature[len] = 0;
        return len + 1;
    case ZERO_BEFORE:
        for (size_t at = len; at > 0; at--)
            signature[at] = signature[at - 1];
        signature[0] = 0;
        return len + 1;
    case TWICE:
        memcpy(signature + len, signature, len);
        return 2 * len;
    case BIT:
        signature[len - 1] ^= 1;
        return len;
    case ZEROS:
        memset(signature, 0, len);
        return len;
    case NOTHING:
        return 0;
    }
    return 0;
}

static const unsigned char challenge[CARD_CHALLENGE_SIZE] = "a challenge that is no secret...";

static void r24_signature_is_checked(void **state)
{
    const struct proof *row = *state;
    unsigned char digest[CRYPTO_HASH_SIZE], signature[2048];
    auto_clean(card_certificate_free) struct card_certificate *card = certificate(row->certificate);
    bool good = true;
    assert_int_equal(card_digest(challenge, "ward3", "ann", digest), MEDGL_OK);
    put("digest", digest, sizeof(digest));
    run("openssl pkeyutl -sign -inkey %s.key -in digest -out signature %s", row->key, row->options);
    size_t len = spoiled(row, signature, slurp("signature", signature, 1024));
    assert_int_equal(card_verify(card, row->scheme, digest, signature, len, &good), MEDGL_OK);
    assert_int_equal(good, row->good);
}

/* Whatever length it says to have. */
static void r24_any_length_is_refused(void **state)
{
    static const char *const cards[] = {"rsa", "good", "p521"};
    static const unsigned char signature[CARD_SIGNATURE_MAX + 64] = {0x30, 0x06, 0x02, 0x01,
                                                                     0x01, 0x02, 0x01, 0x01};
    unsigned char digest[CRYPTO_HASH_SIZE] = {0};
    (void)state;
    for (size_t i = 0; i < MEDGL_COUNT(cards); i++) {
        auto_clean(card_certificate_free) struct card_certificate *card = certificate(cards[i]);
        for (size_t len = 0; len <= sizeof(signature); len++) {
            bool good = true;
            assert_int_equal(card_verify(card, card_scheme_for(card, len % 2 == 0), digest,
                                         signature, len, &good),
                             MEDGL_OK);
            assert_false(good);
        }
    }
}

struct purpose {
    const char *name, *host, *account;
    unsigned char first; /* of the challenge */
    bool same;
};

static const struct purpose purposes[] = {
    {"this login", "ward3", "ann", 'a', true},
    {"another host", "ward4", "ann", 'a', false},
    {"another account", "ward3", "bob", 'a', false},
    {"another challenge", "ward3", "ann", 'b', false},
    {"the names shifted", "ward3a", "nn", 'a', false},
    {"no names", "", "ward3ann", 'a', false},
};

/* The text is put together here by hand, and its digest is the command's. */
static void r24_signature_is_for_one_login(void **state)
{
    const struct purpose *row = *state;
    static const char text[] = "\0\0\0\x16"
                               "pam_medgl card login 1\0\0\0\5ward3\0\0\0\3ann\0\0\0\x20"
                               "a challenge that is no secret...";
    unsigned char digest[CRYPTO_HASH_SIZE], asked[CARD_CHALLENGE_SIZE], signature[1024];
    auto_clean(card_certificate_free) struct card_certificate *card = certificate("good");
    bool good = !row->same;
    put("text", text, sizeof(text) - 1);
    run("openssl dgst -sha256 -sign person.key -out signature text");
    size_t len = slurp("signature", signature, sizeof(signature));
    memcpy(asked, challenge, sizeof(asked));
    asked[0] = row->first;
    assert_int_equal(card_digest(asked, row->host, row->account, digest), MEDGL_OK);
    assert_int_equal(card_verify(card, CARD_ECDSA_SHA256, digest, signature, len, &good), MEDGL_OK);
    assert_int_equal(good, row->same);
}

static void r24_challenges_differ(void **state)
{
    unsigned char a[CARD_CHALLENGE_SIZE] = {0}, b[CARD_CHALLENGE_SIZE] = {0};
    (void)state;
    assert_int_equal(card_challenge(a), MEDGL_OK);
    assert_int_equal(card_challenge(b), MEDGL_OK);
    assert_memory_not_equal(a, b, sizeof(a));
}

static void r24_scheme_follows_the_key(void **state)
{
    static const struct {
        const char *name;
        enum card_scheme with, without;
    } rows[] = {
        {"rsa", CARD_RSA_PSS_SHA256, CARD_RSA_PKCS1_SHA256},
        {"pss", CARD_RSA_PSS_SHA256, CARD_SCHEME_NONE},
        {"good", CARD_ECDSA_SHA256, CARD_ECDSA_SHA256},
        {"p384", CARD_ECDSA_SHA256, CARD_ECDSA_SHA256},
        {"p521", CARD_ECDSA_SHA256, CARD_ECDSA_SHA256},
        {"koblitz", CARD_SCHEME_NONE, CARD_SCHEME_NONE},
        {"ed25519", CARD_SCHEME_NONE, CARD_SCHEME_NONE},
    };
    (void)state;
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        auto_clean(card_certificate_free) struct card_certificate *card = certificate(rows[i].name);
        assert_int_equal(card_scheme_for(card, true), rows[i].with);
        assert_int_equal(card_scheme_for(card, false), rows[i].without);
    }
}

/* -- whose it is ------------------------------------------------------------------------------ */

/* One attribute of a subject; the length is `bytes`', or `len`. */
struct attribute {
    int nid, type;
    const char *bytes;
    int len;
};

struct subject {
    struct attribute attributes[3];
    const char *issuer; /* its name */
    int issuer_type;    /* 0: UTF8String */
    long serial;
};

#define UTF8(nid, text)                                                                            \
    {                                                                                              \
        nid, V_ASN1_UTF8STRING, text, 0                                                            \
    }
#define PRINTABLE(nid, text)                                                                       \
    {                                                                                              \
        nid, V_ASN1_PRINTABLESTRING, text, 0                                                       \
    }
#define OF(type, bytes)                                                                            \
    {                                                                                              \
        NID_commonName, type, bytes, sizeof(bytes) - 1                                             \
    }
#define CN(text)                                                                                   \
    {                                                                                              \
        {UTF8(NID_commonName, text)}, "Cards", 0, 7                                                \
    }

struct matched {
    const char *name;
    enum card_match_kind kind;
    const char *attribute;
    struct subject enrolled, shown;
    enum medgl_error error; /* of the enrolment */
    bool holds;
};

#define REFUSED {{{0}}, "Cards", 0, 7}, MEDGL_ERR_ARGUMENT, false

static const struct matched matched[] = {
    {"the same", CARD_MATCH_SUBJECT, "CN", CN("Ann"), CN("Ann"), MEDGL_OK, true},
    {"a renewed one",
     CARD_MATCH_SUBJECT,
     "CN",
     CN("Ann"),
     {{UTF8(NID_commonName, "Ann")}, "Cards", 0, 8},
     MEDGL_OK,
     true},
    {"another type of string",
     CARD_MATCH_SUBJECT,
     "CN",
     CN("Ann"),
     {{PRINTABLE(NID_commonName, "Ann")}, "Cards", 0, 8},
     MEDGL_OK,
     true},
    {"two bytes a character",
     CARD_MATCH_SUBJECT,
     "CN",
     CN("Ann"),
     {{OF(V_ASN1_BMPSTRING, "\0A\0n\0n")}, "Cards", 0, 8},
     MEDGL_OK,
     true},
    {"other attributes",
     CARD_MATCH_SUBJECT,
     "CN",
     CN("Ann"),
     {{UTF8(NID_organizationName, "Hospital"), UTF8(NID_commonName, "Ann"),
       UTF8(NID_userId, "bob")},
      "Cards",
      0,
      8},
     MEDGL_OK,
     true},
    {"UID",
     CARD_MATCH_SUBJECT,
     "UID",
     {{UTF8(NID_userId, "ann")}, "Cards", 0, 7},
     {{UTF8(NID_userId, "ann")}, "Cards", 0, 9},
     MEDGL_OK,
     true},
    {"serialNumber",
     CARD_MATCH_SUBJECT,
     "serialNumber",
     {{PRINTABLE(NID_serialNumber, "K-17")}, "Cards", 0, 7},
     {{PRINTABLE(NID_serialNumber, "K-17")}, "Cards", 0, 9},
     MEDGL_OK,
     true},
    {"emailAddress",
     CARD_MATCH_SUBJECT,
     "emailAddress",
     {{{NID_pkcs9_emailAddress, V_ASN1_IA5STRING, "ann@example", 0}}, "Cards", 0, 7},
     {{{NID_pkcs9_emailAddress, V_ASN1_IA5STRING, "ann@example", 0}}, "Cards", 0, 9},
     MEDGL_OK,
     true},
    {"a name with colons", CARD_MATCH_SUBJECT, "CN", CN("a:b:c"), CN("a:b:c"), MEDGL_OK, true},
    {"Japanese",
     CARD_MATCH_SUBJECT,
     "CN",
     CN("山田 花子"),
     {{OF(V_ASN1_BMPSTRING, "\x5c\x71\x75\x30\0 \x82\xb1\x5b\x50")}, "Cards", 0, 8},
     MEDGL_OK,
     true},

    {"another's", CARD_MATCH_SUBJECT, "CN", CN("Ann"), CN("Bob"), MEDGL_OK, false},
    {"capitals", CARD_MATCH_SUBJECT, "CN", CN("Ann"), CN("ANN"), MEDGL_OK, false},
    {"spaces", CARD_MATCH_SUBJECT, "CN", CN("Ann Lee"), CN("Ann  Lee"), MEDGL_OK, false},
    {"a space behind", CARD_MATCH_SUBJECT, "CN", CN("Ann"), CN("Ann "), MEDGL_OK, false},
    {"the beginning", CARD_MATCH_SUBJECT, "CN", CN("Ann"), CN("An"), MEDGL_OK, false},
    {"more behind", CARD_MATCH_SUBJECT, "CN", CN("Ann"), CN("Anne"), MEDGL_OK, false},
    {"a letter that looks alike", CARD_MATCH_SUBJECT, "CN", CN("Ann"), CN("\xd0\x90nn"), MEDGL_OK,
     false},
    {"accents apart", CARD_MATCH_SUBJECT, "CN", CN("Zo\xc3\xab"), CN("Zoe\xcc\x88"), MEDGL_OK,
     false},
    {"NUL behind",
     CARD_MATCH_SUBJECT,
     "CN",
     CN("Ann"),
     {{OF(V_ASN1_UTF8STRING, "Ann\0.evil")}, "Cards", 0, 8},
     MEDGL_OK,
     false},
    {"NUL at the end",
     CARD_MATCH_SUBJECT,
     "CN",
     CN("Ann"),
     {{OF(V_ASN1_UTF8STRING, "Ann\0")}, "Cards", 0, 8},
     MEDGL_OK,
     false},
    {"NUL in two bytes a character",
     CARD_MATCH_SUBJECT,
     "CN",
     CN("Ann"),
     {{OF(V_ASN1_BMPSTRING, "\0A\0n\0n\0\0")}, "Cards", 0, 8},
     MEDGL_OK,
     false},
    {"two names, the right one first",
     CARD_MATCH_SUBJECT,
     "CN",
     CN("Ann"),
     {{UTF8(NID_commonName, "Ann"), UTF8(NID_commonName, "Bob")}, "Cards", 0, 8},
     MEDGL_OK,
     false},
    {"two names, the right one last",
     CARD_MATCH_SUBJECT,
     "CN",
     CN("Ann"),
     {{UTF8(NID_commonName, "Bob"), UTF8(NID_commonName, "Ann")}, "Cards", 0, 8},
     MEDGL_OK,
     false},
    {"the same name twice",
     CARD_MATCH_SUBJECT,
     "CN",
     CN("Ann"),
     {{UTF8(NID_commonName, "Ann"), UTF8(NID_commonName, "Ann")}, "Cards", 0, 8},
     MEDGL_OK,
     false},
    {"another attribute",
     CARD_MATCH_SUBJECT,
     "UID",
     {{UTF8(NID_userId, "ann")}, "Cards", 0, 7},
     CN("ann"),
     MEDGL_OK,
     false},
    {"another issuer",
     CARD_MATCH_SUBJECT,
     "CN",
     CN("Ann"),
     {{UTF8(NID_commonName, "Ann")}, "Other", 0, 7},
     MEDGL_OK,
     false},
    {"an issuer in capitals",
     CARD_MATCH_SUBJECT,
     "CN",
     CN("Ann"),
     {{UTF8(NID_commonName, "Ann")}, "CARDS", 0, 7},
     MEDGL_OK,
     false},
    {"an issuer with a space",
     CARD_MATCH_SUBJECT,
     "CN",
     CN("Ann"),
     {{UTF8(NID_commonName, "Ann")}, "Cards ", 0, 7},
     MEDGL_OK,
     false},
    {"an issuer in another type of string",
     CARD_MATCH_SUBJECT,
     "CN",
     CN("Ann"),
     {{UTF8(NID_commonName, "Ann")}, "Cards", V_ASN1_PRINTABLESTRING, 7},
     MEDGL_OK,
     false},
    {"a type of string of no meaning",
     CARD_MATCH_SUBJECT,
     "CN",
     CN("Ann"),
     {{OF(V_ASN1_T61STRING, "Ann")}, "Cards", 0, 7},
     MEDGL_OK,
     false},
    {"a name that breaks out", CARD_MATCH_SUBJECT, "CN", CN("Ann"), CN("Ann\n"), MEDGL_OK, false},

    {"enrolment of no name",
     CARD_MATCH_SUBJECT,
     "CN",
     {{UTF8(NID_userId, "ann")}, "Cards", 0, 7},
     REFUSED},
    {"enrolment of an empty name",
     CARD_MATCH_SUBJECT,
     "CN",
     {{OF(V_ASN1_UTF8STRING, "")}, "Cards", 0, 7},
     REFUSED},
    {"enrolment of two names",
     CARD_MATCH_SUBJECT,
     "CN",
     {{UTF8(NID_commonName, "Ann"), UTF8(NID_commonName, "Bob")}, "Cards", 0, 7},
     REFUSED},
    {"enrolment of NUL",
     CARD_MATCH_SUBJECT,
     "CN",
     {{OF(V_ASN1_UTF8STRING, "Ann\0.evil")}, "Cards", 0, 7},
     REFUSED},
    {"enrolment of a line's end", CARD_MATCH_SUBJECT, "CN", CN("Ann\n"), REFUSED},
    {"enrolment of an attribute that many have",
     CARD_MATCH_SUBJECT,
     "O",
     {{UTF8(NID_organizationName, "Hospital")}, "Cards", 0, 7},
     REFUSED},
    {"enrolment of an attribute's old name", CARD_MATCH_SUBJECT, "commonName", CN("Ann"), REFUSED},
    {"enrolment of no attribute", CARD_MATCH_SUBJECT, "", CN("Ann"), REFUSED},

    {"serial", CARD_MATCH_SERIAL, NULL, CN("Ann"), CN("Bob"), MEDGL_OK, true},
    {"another serial",
     CARD_MATCH_SERIAL,
     NULL,
     CN("Ann"),
     {{UTF8(NID_commonName, "Ann")}, "Cards", 0, 8},
     MEDGL_OK,
     false},
    {"a longer serial",
     CARD_MATCH_SERIAL,
     NULL,
     CN("Ann"),
     {{UTF8(NID_commonName, "Ann")}, "Cards", 0, 0x0700},
     MEDGL_OK,
     false},
    {"serial of another issuer",
     CARD_MATCH_SERIAL,
     NULL,
     CN("Ann"),
     {{UTF8(NID_commonName, "Ann")}, "Other", 0, 7},
     MEDGL_OK,
     false},
    {"serial of an issuer in capitals",
     CARD_MATCH_SERIAL,
     NULL,
     CN("Ann"),
     {{UTF8(NID_commonName, "Ann")}, "CARDS", 0, 7},
     MEDGL_OK,
     false},
    {"exactly", CARD_MATCH_EXACT, NULL, CN("Ann"), {{{0}}, NULL, 0, 0}, MEDGL_OK, true},
    {"exactly, signed anew", CARD_MATCH_EXACT, NULL, CN("Ann"), CN("Ann"), MEDGL_OK, false},
};

static EVP_PKEY *matched_key;

static struct card_certificate *matched_card(const struct subject *subject)
{
    X509 *x509 = X509_new();
    X509_NAME *name = X509_NAME_new(), *issuer = X509_NAME_new();
    for (size_t i = 0; i < MEDGL_COUNT(subject->attributes); i++) {
        const struct attribute *at = &subject->attributes[i];
        if (at->nid == 0)
            continue;
        int len = at->len != 0 ? at->len : (int)strlen(at->bytes);
        X509_NAME_ENTRY *entry = X509_NAME_ENTRY_create_by_NID(
            NULL, at->nid, at->type, (const unsigned char *)at->bytes, len);
        assert_true(X509_NAME_add_entry(name, entry, -1, 0));
        X509_NAME_ENTRY_free(entry);
    }
    assert_true(X509_NAME_add_entry_by_NID(issuer, NID_commonName,
                                           subject->issuer_type != 0 ? subject->issuer_type
                                                                     : V_ASN1_UTF8STRING,
                                           (const unsigned char *)subject->issuer, -1, -1, 0));
    assert_true(X509_set_version(x509, 2) && X509_set_subject_name(x509, name) &&
                X509_set_issuer_name(x509, issuer) && X509_set_pubkey(x509, matched_key) &&
                ASN1_INTEGER_set(X509_get_serialNumber(x509), subject->serial) &&
                X509_gmtime_adj(X509_getm_notBefore(x509), 0) != NULL &&
                X509_gmtime_adj(X509_getm_notAfter(x509), 86400) != NULL &&
                X509_sign(x509, matched_key, EVP_sha256()) > 0);
    unsigned char *der = NULL;
    int len = i2d_X509(x509, &der);
    struct card_certificate *card = NULL;
    assert_int_equal(card_certificate_read(der, (size_t)len, false, &card), MEDGL_OK);
    OPENSSL_free(der);
    X509_NAME_free(name);
    X509_NAME_free(issuer);
    X509_free(x509);
    return card;
}

static void r24_card_is_whose(void **state)
{
    const struct matched *row = *state;
    char match[CARD_MATCH_SIZE];
    bool holds = false;
    auto_clean(card_certificate_free) struct card_certificate *enrolled =
        matched_card(&row->enrolled);
    auto_clean(card_certificate_free) struct card_certificate *shown =
        row->shown.issuer != NULL ? matched_card(&row->shown) : NULL;
    assert_int_equal(card_match_make(enrolled, row->kind, row->attribute, match), row->error);
    if (row->error != MEDGL_OK) {
        assert_string_equal(match, "");
        return;
    }
    assert_int_equal(card_match_holds(match, enrolled, &holds), MEDGL_OK);
    assert_true(holds);
    assert_int_equal(card_match_holds(match, shown != NULL ? shown : enrolled, &holds), MEDGL_OK);
    assert_int_equal(holds, row->holds);
}

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void r24_broken_rules_are_known(void **state)
{
    static const char *const rules[] = {"",
                                        ":",
                                        "certificate",
                                        "certificate:",
                                        "certificate:" HASH "0",
                                        "certificate:" HASH ":",
                                        "certificate:0123",
                                        "Certificate:" HASH,
                                        "any:" HASH,
                                        "serial:" HASH,
                                        "serial:" HASH ":",
                                        "serial:" HASH ":xy",
                                        "serial:0123:07",
                                        "subject:" HASH ":Ann",
                                        "subject:CN:" HASH,
                                        "subject:CN:" HASH ":",
                                        "subject:CN:0123:Ann",
                                        "subject:O:" HASH ":Ann",
                                        "subject::" HASH ":Ann",
                                        "a word that is longer than any:" HASH};
    const struct subject subject = CN("Ann");
    auto_clean(card_certificate_free) struct card_certificate *card = matched_card(&subject);
    (void)state;
    for (size_t i = 0; i < MEDGL_COUNT(rules); i++) {
        bool holds = true;
        assert_int_equal(card_match_holds(rules[i], card, &holds), MEDGL_ERR_CORRUPT);
        assert_false(holds);
    }
}

static void r24_kinds_have_words(void **state)
{
    static const enum card_match_kind kinds[] = {CARD_MATCH_EXACT, CARD_MATCH_SERIAL,
                                                 CARD_MATCH_SUBJECT};
    enum card_match_kind kind;
    (void)state;
    for (size_t i = 0; i < MEDGL_COUNT(kinds); i++) {
        assert_int_equal(card_match_parse(card_match_word(kinds[i]), &kind), MEDGL_OK);
        assert_int_equal(kind, kinds[i]);
    }
    assert_int_equal(card_match_parse("", &kind), MEDGL_ERR_ARGUMENT);
    assert_int_equal(card_match_parse("exact", &kind), MEDGL_ERR_ARGUMENT);
}

int main(void)
{
    char command[1024];
    const char *source = getenv("top_srcdir");
    log_open(LOG_TARGET_NONE, "card_test", false);
    if (mkdtemp(here) == NULL || source == NULL)
        return EXIT_FAILURE;
    (void)snprintf(command, sizeof(command), "sh '%s/tests/unit/card_make.sh' '%s'", source, here);
    if (system(command) != 0)
        return EXIT_FAILURE;
    make_endless();
    matched_key = EVP_EC_gen("P-256");
    TABLE_ADD("judged", judged, r24_certificate_is_judged);
    table_add("judged", "the age of lists is told", r24_age_of_lists_is_told, NULL);
    table_add("judged", "doctor is told of lists", r38_doctor_is_told_of_lists, NULL);
    table_add("judged", "the manual has the verdicts", r24_manual_has_the_verdicts, NULL);
    TABLE_ADD("directory", loaded, r24_directory_is_read);
    table_add("directory", "files of others", r24_files_of_others_are_refused, NULL);
    TABLE_ADD("reading", readings, r24_certificate_is_read);
    table_add("reading", "facts are what openssl says", r24_facts_are_what_openssl_says, NULL);
    TABLE_ADD("signature", proofs, r24_signature_is_checked);
    table_add("signature", "any length is refused", r24_any_length_is_refused, NULL);
    TABLE_ADD("signature for", purposes, r24_signature_is_for_one_login);
    table_add("signature", "challenges differ", r24_challenges_differ, NULL);
    table_add("signature", "the scheme follows the key", r24_scheme_follows_the_key, NULL);
    TABLE_ADD("whose", matched, r24_card_is_whose);
    table_add("whose", "broken rules are known", r24_broken_rules_are_known, NULL);
    table_add("whose", "kinds have words", r24_kinds_have_words, NULL);
    int failed = table_run("card");
    EVP_PKEY_free(matched_key);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", here);
    return system(command) == 0 ? failed : EXIT_FAILURE;
}
