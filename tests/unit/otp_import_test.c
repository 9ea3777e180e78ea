/* Devices that come from elsewhere (R24): otpauth URIs, the files of pam_oath and
 * google-authenticator, PSKC. What each parser finds is told as text, a line a device. */
#include "base/auto.h"
#include "factor/otp_import.h"
#include "factor/otp_pskc_key.h"

#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/table.h"

static void text_of(const char *bytes, size_t len, struct secret *text)
{
    assert_int_equal(secret_copy(text, bytes, len), MEDGL_OK);
}

/* -- URIs ------------------------------------------------------------------------------------- */

#define KEY "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" /* "12345678901234567890" */

struct written {
    const char *name;
    enum totp_algorithm algorithm;
    unsigned digits, period;
    const char *issuer, *account;
    const char *uri; /* NULL: too long, or not printable */
};
#define LABEL127                                                                                   \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"  \
    "123456789012345678901234567890123456"
static const struct written writings[] = {
    {"what the format takes for granted", TOTP_SHA1, 6, 30, "medgl", "yamada",
     "otpauth://totp/medgl:yamada?secret=" KEY "&issuer=medgl"},
    {"SHA-256", TOTP_SHA256, 6, 30, "medgl", "yamada",
     "otpauth://totp/medgl:yamada?secret=" KEY "&issuer=medgl&algorithm=SHA256"},
    {"everything else", TOTP_SHA512, 8, 60, "medgl", "yamada",
     "otpauth://totp/medgl:yamada?secret=" KEY "&issuer=medgl&algorithm=SHA512&digits=8&period=60"},
    {"no issuer", TOTP_SHA1, 6, 30, "", "yamada", "otpauth://totp/yamada?secret=" KEY},
    {"what must be escaped", TOTP_SHA1, 6, 30, "A&B: 1", "a?b=c#d/e%f",
     "otpauth://totp/A%26B%3A%201:a%3Fb%3Dc%23d%2Fe%25f?secret=" KEY "&issuer=A%26B%3A%201"},
    {"an address", TOTP_SHA1, 6, 30, "", "y@example.org",
     "otpauth://totp/y@example.org?secret=" KEY},
    {"Japanese", TOTP_SHA1, 6, 30, "", "\u5c71", "otpauth://totp/%E5%B1%B1?secret=" KEY},
    {"the longest name", TOTP_SHA1, 6, 30, "", LABEL127, "otpauth://totp/" LABEL127 "?secret=" KEY},
    {"a name too long", TOTP_SHA1, 6, 30, "", LABEL127 "0", NULL},
    {"a control character", TOTP_SHA1, 6, 30, "", "a\nb", NULL},
    {"no UTF-8", TOTP_SHA1, 6, 30, "\xff", "yamada", NULL},
};

static void test_written(void **state)
{
    const struct written *row = *state;
    auto_secret struct secret uri = SECRET_NONE;
    struct totp_record again, record = {.secret = "12345678901234567890",
                                        .secret_len = 20,
                                        .algorithm = row->algorithm,
                                        .digits = row->digits,
                                        .period = row->period};
    char account[OTP_LABEL_SIZE], issuer[OTP_LABEL_SIZE];
    const char *why;
    enum medgl_error error = otp_uri_write(&record, row->issuer, row->account, &uri);
    assert_int_equal(error, row->uri != NULL ? MEDGL_OK : MEDGL_ERR_ARGUMENT);
    if (row->uri == NULL) {
        assert_null(uri.bytes);
        return;
    }
    assert_string_equal((const char *)uri.bytes, row->uri);
    assert_int_equal(uri.len, strlen(row->uri));
    assert_int_equal(otp_uri_read((const char *)uri.bytes, uri.len, &again, account, issuer, &why),
                     MEDGL_OK);
    assert_int_equal(again.algorithm, row->algorithm);
    assert_int_equal(again.digits, row->digits);
    assert_int_equal(again.period, row->period);
    assert_int_equal(again.secret_len, record.secret_len);
    assert_memory_equal(again.secret, record.secret, record.secret_len);
    assert_string_equal(issuer, row->issuer);
    if (strchr(row->issuer, ':') == NULL)
        assert_string_equal(account, row->account);
}

struct uri {
    const char *name;
    const char *uri;
    const char *told; /* "ISSUER|ACCOUNT|algorithm digits period bytes", or why not */
};
#define HEAD      "otpauth://totp/"
#define NOT_OURS  "it is no otpauth:// URI of a time-based device"
#define NO_URI    "it has characters that no URI has"
#define LABEL_BAD "its label is malformed"
static const struct uri uris[] = {
    {"the least", HEAD "?secret=" KEY, "||sha1 6 30 20"},
    {"an account", HEAD "yamada?secret=" KEY, "|yamada|sha1 6 30 20"},
    {"an issuer before it", HEAD "medgl:yamada?secret=" KEY, "medgl|yamada|sha1 6 30 20"},
    {"an escaped colon", HEAD "medgl%3Ayamada?secret=" KEY, "medgl|yamada|sha1 6 30 20"},
    {"a blank behind it", HEAD "medgl:%20yamada?secret=" KEY, "medgl|yamada|sha1 6 30 20"},
    {"an issuer behind it", HEAD "yamada?secret=" KEY "&issuer=medgl", "medgl|yamada|sha1 6 30 20"},
    {"two issuers: the parameter", HEAD "a:yamada?issuer=b&secret=" KEY, "b|yamada|sha1 6 30 20"},
    {"a plus is a space in parameters", HEAD "a+b?issuer=a+b&secret=" KEY, "a b|a+b|sha1 6 30 20"},
    {"all parameters", HEAD "y?secret=" KEY "&algorithm=SHA512&digits=8&period=60",
     "|y|sha512 8 60 20"},
    {"small letters", "OTPAUTH://TOTP/y?SECRET=" KEY "&Algorithm=sha256", "|y|sha256 6 30 20"},
    {"a small key, in groups", HEAD "y?secret=gezd-gnbv-gy3t-qojq", "|y|sha1 6 30 10"},
    {"a padded key", HEAD "y?secret=GEZDGNBVGY3TQOJQGE======", "|y|sha1 6 30 11"},
    {"parameters of others", HEAD "y?image=http%3A//x&secret=" KEY "&image=2&lock=true&",
     "|y|sha1 6 30 20"},
    {"Japanese", HEAD "%e5%b1%b1?secret=" KEY, "|\u5c71|sha1 6 30 20"},
    {"Japanese as it is", HEAD "\u5c71?secret=" KEY, "|\u5c71|sha1 6 30 20"},
    {"nothing", "", NOT_OURS},
    {"another scheme", "https://totp/y?secret=" KEY, NOT_OURS},
    {"event-based", "otpauth://hotp/y?secret=" KEY "&counter=0", NOT_OURS},
    {"a scheme cut short", "otpauth://tot", NOT_OURS},
    {"no secret", HEAD "y?issuer=medgl", "it has no secret"},
    {"no parameters", HEAD "y", "it has no secret"},
    {"an empty secret", HEAD "y?secret=", "its secret is not base32"},
    {"no base32", HEAD "y?secret=GEZDGNBVGY3TQOJ1", "its secret is not base32"},
    {"a short secret", HEAD "y?secret=GEZDGNBVGY3TQ", "its secret is too short"},
    {"a secret too long", HEAD "y?secret=" KEY KEY KEY KEY KEY KEY KEY, "its secret is not base32"},
    {"two secrets", HEAD "y?secret=" KEY "&secret=" KEY, "it says something twice"},
    {"two secrets in disguise", HEAD "y?secret=" KEY "&SECRET=" KEY, "it says something twice"},
    {"two issuers", HEAD "y?issuer=a&secret=" KEY "&issuer=a", "it says something twice"},
    {"seven digits", HEAD "y?digits=7&secret=" KEY, "its codes have neither 6 nor 8 digits"},
    {"digits like none", HEAD "y?digits=06&secret=" KEY, "its codes have neither 6 nor 8 digits"},
    {"another period", HEAD "y?period=15&secret=" KEY, "its codes last neither 30 nor 60 seconds"},
    {"another algorithm", HEAD "y?algorithm=MD5&secret=" KEY,
     "its algorithm is none of SHA-1, SHA-256 and SHA-512"},
    {"an escape cut short", HEAD "y%4?secret=" KEY, LABEL_BAD},
    {"no escape", HEAD "y%zz?secret=" KEY, LABEL_BAD},
    {"a NUL", HEAD "y%00?secret=" KEY, LABEL_BAD},
    {"a line's end", HEAD "y%0a?secret=" KEY, LABEL_BAD},
    {"no UTF-8", HEAD "%ff?secret=" KEY, LABEL_BAD},
    {"an issuer that cannot be shown", HEAD "y?issuer=%1b[2J&secret=" KEY,
     "its issuer is malformed"},
    {"a label too long", HEAD LABEL127 "0?secret=" KEY, LABEL_BAD},
    {"a blank", HEAD "y y?secret=" KEY, NO_URI},
    {"a fragment", HEAD "y?secret=" KEY "#x", NO_URI},
    {"a line behind it", HEAD "y?secret=" KEY "\n", NO_URI},
};

static void test_uri(void **state)
{
    const struct uri *row = *state;
    struct totp_record record;
    char account[OTP_LABEL_SIZE], issuer[OTP_LABEL_SIZE], told[512];
    const char *why;
    enum medgl_error error =
        otp_uri_read(row->uri, strlen(row->uri), &record, account, issuer, &why);
    if (error == MEDGL_OK)
        (void)snprintf(told, sizeof(told), "%s|%s|%s %u %u %zu", issuer, account,
                       totp_algorithm_word(record.algorithm), record.digits, record.period,
                       record.secret_len);
    else
        (void)snprintf(told, sizeof(told), "%s", why);
    assert_string_equal(told, row->told);
    assert_int_equal(error, why == NULL ? MEDGL_OK : MEDGL_ERR_ARGUMENT);
    assert_int_equal(record.secret_len == 0, error != MEDGL_OK);
}

static void test_uri_length(void **state)
{
    char uri[OTP_URI_SIZE + 1] = HEAD "y?secret=" KEY "&x=";
    struct totp_record record;
    char account[OTP_LABEL_SIZE], issuer[OTP_LABEL_SIZE];
    const char *why;
    (void)state;
    size_t len = strlen(uri);
    memset(uri + len, 'x', sizeof(uri) - len - 1);
    assert_int_equal(otp_uri_read(uri, OTP_URI_SIZE - 1, &record, account, issuer, &why), MEDGL_OK);
    assert_int_equal(otp_uri_read(uri, OTP_URI_SIZE, &record, account, issuer, &why),
                     MEDGL_ERR_ARGUMENT);
    assert_string_equal(why, "it is too long");
}

/* -- files ------------------------------------------------------------------------------------ */

#define NOW (INT64_C(1795251600) * MEDGL_SECOND) /* 2026-11-21T09:00:00Z */

struct hearer {
    char told[4096];
    size_t len;
    bool ends; /* says at the first device that it is enough */
};

static enum medgl_error hear(void *argument, const struct otp_found *found)
{
    struct hearer *hearer = argument;
    char key[2 * TOTP_SECRET_MAX + 1] = "";
    assert_true(found->record.secret_len <= TOTP_SECRET_MAX);
    for (size_t i = 0; i < found->record.secret_len; i++)
        (void)snprintf(key + 2 * i, 3, "%02x", found->record.secret[i]);
    hearer->len += (size_t)snprintf(hearer->told + hearer->len, sizeof(hearer->told) - hearer->len,
                                    "%zu %s%s%s %s %u %u %s", found->line, found->user,
                                    found->serial[0] != '\0' ? " #" : "", found->serial,
                                    totp_algorithm_word(found->record.algorithm),
                                    found->record.digits, found->record.period, key);
    if (found->last != 0 || found->drift != 0)
        hearer->len +=
            (size_t)snprintf(hearer->told + hearer->len, sizeof(hearer->told) - hearer->len,
                             " last %" PRId64 " drift %" PRId64, found->last, found->drift);
    hearer->len +=
        (size_t)snprintf(hearer->told + hearer->len, sizeof(hearer->told) - hearer->len, "\n");
    return hearer->ends ? MEDGL_ERR_ABORTED : MEDGL_OK;
}

static void hear_problem(void *argument, size_t line, const char *user, const char *serial,
                         const char *why)
{
    struct hearer *hearer = argument;
    hearer->len +=
        (size_t)snprintf(hearer->told + hearer->len, sizeof(hearer->told) - hearer->len,
                         "%zu %s%s%s: %s\n", line, user, serial[0] != '\0' ? " " : "", serial, why);
}

struct file {
    const char *name;
    const char *text;
    const char *told;
    enum medgl_error error;
};

#define HEX   "3132333435363738393031323334353637383930"
#define HEX10 "31323334353637383930"
#define HOTP  "it counts its codes (HOTP) and has no clock\n"
static const struct file users[] = {
    {"one", "HOTP/T30/6 yamada - " HEX "\n", "1 yamada sha1 6 30 " HEX "\n", MEDGL_OK},
    {"tabs, as pam_oath writes", "HOTP/T30\tyamada\t-\t" HEX "\n", "1 yamada sha1 6 30 " HEX "\n",
     MEDGL_OK},
    {"no end of the last line", "HOTP/T30 yamada - " HEX, "1 yamada sha1 6 30 " HEX "\n", MEDGL_OK},
    {"lines of Windows", "HOTP/T30 yamada - " HEX "\r\n", "1 yamada sha1 6 30 " HEX "\n", MEDGL_OK},
    {"all kinds",
     "# tokens of ward 3\n"
     "\n"
     "HOTP/T30/8 yamada - " HEX "\n"
     "  HOTP/T60 suzuki + " HEX10 "\n"
     "HOTP/T60/6 sato - " HEX10 "\n"
     "HOTP/T60/8 kato - " HEX10 "\n",
     "3 yamada sha1 8 30 " HEX "\n"
     "4 suzuki sha1 6 60 " HEX10 "\n"
     "5 sato sha1 6 60 " HEX10 "\n"
     "6 kato sha1 8 60 " HEX10 "\n",
     MEDGL_OK},
    {"several of one person", "HOTP/T30 y - " HEX "\nHOTP/T30 y - " HEX10 "\n",
     "1 y sha1 6 30 " HEX "\n2 y sha1 6 30 " HEX10 "\n", MEDGL_OK},
    {"capitals in the key", "HOTP/T30 y - 3132333435363738393A\n",
     "1 y sha1 6 30 3132333435363738393a\n", MEDGL_OK},
    {"a moving factor", "HOTP/T30 y - " HEX " 0\n", "1 y sha1 6 30 " HEX "\n", MEDGL_OK},
    {"a used code without its time", "HOTP/T30 y - " HEX " 0 081804\n", "1 y sha1 6 30 " HEX "\n",
     MEDGL_OK},
    /* 1111111109 is 2005-03-18T01:58:29Z, step 37037036 of RFC 6238. */
    {"a used code", "HOTP/T30 y - " HEX " 0 081804 2005-03-18T01:58:29L\n",
     "1 y sha1 6 30 " HEX " last 37037036 drift 0\n", MEDGL_OK},
    {"a used code of a slow device", "HOTP/T30 y - " HEX " 0 081804 2005-03-18T02:00:40L\n",
     "1 y sha1 6 30 " HEX " last 37037036 drift -5\n", MEDGL_OK},
    {"a used code of a fast device", "HOTP/T30 y - " HEX " 0 081804 2005-03-18T01:50:00L\n",
     "1 y sha1 6 30 " HEX " last 37037036 drift 16\n", MEDGL_OK},
    {"a used code that is not there", "HOTP/T30 y - " HEX " 0 123456 2005-03-18T01:58:29L\n",
     "1 y sha1 6 30 " HEX " last 37037036 drift 0\n", MEDGL_OK},
    {"event-based", "HOTP y - " HEX " 7\nHOTP/E y - " HEX "\nHOTP/E/8 y - " HEX "\n",
     "1 y: " HOTP "2 y: " HOTP "3 y: " HOTP, MEDGL_OK},
    {"seven digits", "HOTP/T30/7 y - " HEX "\n", "1 y: its codes have neither 6 nor 8 digits\n",
     MEDGL_OK},
    {"another period", "HOTP/T45 y - " HEX "\n", "1 y: this is no line of pam_oath's users file\n",
     MEDGL_OK},
    {"a PIN", "HOTP/T30 y 1234 " HEX "\n", "1 y: it has a PIN, which is not taken over\n",
     MEDGL_OK},
    {"a short key", "HOTP/T30 y - 313233343536373839\n", "1 y: its secret is too short\n",
     MEDGL_OK},
    {"half a byte", "HOTP/T30 y - " HEX "3\n", "1 y: its secret is not hexadecimal\n", MEDGL_OK},
    {"base32", "HOTP/T30 y - " KEY "\n", "1 y: its secret is not hexadecimal\n", MEDGL_OK},
    {"a key too long", "HOTP/T30 y - " HEX HEX HEX HEX HEX HEX HEX "\n",
     "1 y: its secret is not hexadecimal\n", MEDGL_OK},
    {"no key", "HOTP/T30 y -\n", "1 y: this is no line of pam_oath's users file\n", MEDGL_OK},
    {"too much", "HOTP/T30 y - " HEX " 0 081804 2005-03-18T01:58:29L x\n",
     "1 y: this is no line of pam_oath's users file\n", MEDGL_OK},
    {"no login name", "HOTP/T30 -y - " HEX "\n", "1 : this is no login name\n", MEDGL_OK},
    {"a path", "HOTP/T30 ../y - " HEX "\n", "1 : this is no login name\n", MEDGL_OK},
    {"no counter", "HOTP/T30 y - " HEX " x\n", "1 y: its counter is no number\n", MEDGL_OK},
    {"no time", "HOTP/T30 y - " HEX " 0 081804 yesterday\n",
     "1 y: the time of its last use is malformed\n", MEDGL_OK},
    {"no such day", "HOTP/T30 y - " HEX " 0 081804 2005-02-30T01:58:29L\n",
     "1 y: the time of its last use is malformed\n", MEDGL_OK},
    {"one of them is bad", "HOTP/T30 a - xx\nHOTP/T30 b - " HEX "\nnonsense\n",
     "1 a: its secret is too short\n2 b sha1 6 30 " HEX
     "\n3 : this is no line of pam_oath's users file\n",
     MEDGL_OK},
    {"nothing", "\n", "", MEDGL_ERR_ARGUMENT},
    {"another file", "root:x:0:0:root:/root:/bin/sh\n", "", MEDGL_ERR_ARGUMENT},
};

#define G_KEY "GEZDGNBVGY3TQOJQGEZDGNBVGY\n" /* 16 bytes in 26 letters, as it makes them */
#define G_HEX "31323334353637383930313233343536"
static const struct file googles[] = {
    {"as it is made",
     G_KEY "\" RATE_LIMIT 3 30\n\" WINDOW_SIZE 17\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n"
           "12345678\n23456789\n34567890\n45678901\n56789012\n",
     "1 yamada sha1 6 30 " G_HEX "\n", MEDGL_OK},
    {"in use",
     G_KEY "\" RATE_LIMIT 3 30 1111111111\n\" DISALLOW_REUSE 37037034 37037037 37037036\n"
           "\" TOTP_AUTH\n\" LAST0 1111111111\n",
     "1 yamada sha1 6 30 " G_HEX " last 37037037 drift 0\n", MEDGL_OK},
    {"a clock that is off", G_KEY "\" TIME_SKEW -4\n\" TOTP_AUTH\n",
     "1 yamada sha1 6 30 " G_HEX " last 0 drift -4\n", MEDGL_OK},
    {"a clock that is off the other way", G_KEY "\" TOTP_AUTH\n\" TIME_SKEW 3\n",
     "1 yamada sha1 6 30 " G_HEX " last 0 drift 3\n", MEDGL_OK},
    {"a minute's step", G_KEY "\" STEP_SIZE 60\n\" TOTP_AUTH\n", "1 yamada sha1 6 60 " G_HEX "\n",
     MEDGL_OK},
    {"lines of Windows", "GEZDGNBVGY3TQOJQ\r\n\" TOTP_AUTH\r\n12345678\r\n",
     "1 yamada sha1 6 30 " HEX10 "\n", MEDGL_OK},
    {"no end of the last line", "GEZDGNBVGY3TQOJQ\n\" TOTP_AUTH", "1 yamada sha1 6 30 " HEX10 "\n",
     MEDGL_OK},
    {"event-based", G_KEY "\" HOTP_COUNTER 1\n12345678\n", "1 yamada: " HOTP, MEDGL_OK},
    {"both", G_KEY "\" TOTP_AUTH\n\" HOTP_COUNTER 1\n", "1 yamada: " HOTP, MEDGL_OK},
    {"neither", G_KEY "\" RATE_LIMIT 3 30\n", "1 yamada: " HOTP, MEDGL_OK},
    {"a secret alone", G_KEY, "1 yamada: " HOTP, MEDGL_OK},
    {"another step", G_KEY "\" STEP_SIZE 15\n\" TOTP_AUTH\n",
     "1 yamada: its codes last neither 30 nor 60 seconds\n", MEDGL_OK},
    {"a clock that is far off", G_KEY "\" TIME_SKEW 21\n\" TOTP_AUTH\n",
     "1 yamada: its clock is too far off\n", MEDGL_OK},
    {"no number of steps", G_KEY "\" DISALLOW_REUSE 1 x\n\" TOTP_AUTH\n",
     "1 yamada: what was used of it is malformed\n", MEDGL_OK},
    {"a step that nobody lives to see", G_KEY "\" DISALLOW_REUSE 9999999999999\n\" TOTP_AUTH\n",
     "1 yamada: what was used of it is malformed\n", MEDGL_OK},
    {"a short secret", "GEZDGNBVGY3TQ\n\" TOTP_AUTH\n", "1 yamada: its secret is too short\n",
     MEDGL_OK},
    {"nothing", "", "", MEDGL_ERR_ARGUMENT},
    {"an empty first line", "\n" G_KEY, "", MEDGL_ERR_ARGUMENT},
    {"no base32", "GEZDGNBVGY3TQOJ1\n\" TOTP_AUTH\n", "", MEDGL_ERR_ARGUMENT},
    {"other lines", G_KEY "\" TOTP_AUTH\nhello\n", "", MEDGL_ERR_ARGUMENT},
    {"another file", "root:x:0:0:root:/root:/bin/sh\n", "", MEDGL_ERR_ARGUMENT},
};

static void test_users(void **state)
{
    const struct file *row = *state;
    auto_secret struct secret text = SECRET_NONE;
    struct hearer hearer = {.told = ""};
    text_of(row->text, strlen(row->text), &text);
    assert_int_equal(
        otp_import_users(&text, &(struct otp_import){&hearer, hear, hear_problem, NOW}),
        row->error);
    assert_string_equal(hearer.told, row->told);
}

static void test_google(void **state)
{
    const struct file *row = *state;
    auto_secret struct secret text = SECRET_NONE;
    struct hearer hearer = {.told = ""};
    text_of(row->text, strlen(row->text), &text);
    assert_int_equal(
        otp_import_google(&text, "yamada", &(struct otp_import){&hearer, hear, hear_problem, NOW}),
        row->error);
    assert_string_equal(hearer.told, row->told);
}

/* Lines that no such program writes: far too long, and with a NUL. */
static void test_lines(void **state)
{
    static const char nul[] = "HOTP/T30 y - " HEX "\nHOTP/T30 \0 - " HEX "\n";
    static char much[5000];
    auto_secret struct secret text = SECRET_NONE, other = SECRET_NONE;
    struct hearer hearer = {.told = ""};
    const struct otp_import import = {&hearer, hear, hear_problem, NOW};
    (void)state;
    text_of(nul, sizeof(nul) - 1, &text);
    assert_int_equal(otp_import_users(&text, &import), MEDGL_OK);
    memset(much, 'x', sizeof(much));
    memcpy(much, "HOTP\n", 5);
    text_of(much, sizeof(much), &other);
    assert_int_equal(otp_import_users(&other, &import), MEDGL_OK);
    assert_string_equal(hearer.told, "1 y sha1 6 30 " HEX "\n"
                                     "2 : this is no line of pam_oath's users file\n"
                                     "1 : " HOTP "2 : this is no line of pam_oath's users file\n");
    assert_int_equal(otp_import_google(&text, "y", &import), MEDGL_ERR_ARGUMENT);
    assert_int_equal(otp_import_google(&other, "y", &import), MEDGL_ERR_ARGUMENT);
}

/* Who hears of a device may end the reading. */
static void test_ends(void **state)
{
    static const char two[] = "HOTP/T30 a - " HEX "\nHOTP/T30 b - " HEX "\n";
    auto_secret struct secret text = SECRET_NONE;
    struct hearer hearer = {.told = "", .ends = true};
    (void)state;
    text_of(two, sizeof(two) - 1, &text);
    assert_int_equal(
        otp_import_users(&text, &(struct otp_import){&hearer, hear, hear_problem, NOW}),
        MEDGL_ERR_ABORTED);
    assert_string_equal(hearer.told, "1 a sha1 6 30 " HEX "\n");
}

/* -- PSKC ------------------------------------------------------------------------------------- */

#define XML                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define NS                 "xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\""
#define OPEN               XML "<KeyContainer Version=\"1.0\" " NS ">\n"
#define CLOSE              "</KeyContainer>\n"
#define TOTP_URN           "urn:ietf:params:xml:ns:keyprov:pskc:totp"
#define DEVICE             "<DeviceInfo><Manufacturer>M</Manufacturer><SerialNo>2600124</SerialNo></DeviceInfo>"
#define FORMAT             "<ResponseFormat Length=\"6\" Encoding=\"DECIMAL\"/>"
#define PLAIN              "<Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>"
#define VALUE(name, value) "<" name "><PlainValue>" value "</PlainValue></" name ">"
#define PACKED(device, algorithm, parameters, data, more)                                          \
    "<KeyPackage>" device "<Key Id=\"1\" Algorithm=\"" algorithm                                   \
    "\"><AlgorithmParameters>" parameters "</AlgorithmParameters><Data>" data "</Data>" more       \
    "</Key></KeyPackage>\n"
#define ONE(parameters, data, more) OPEN PACKED(DEVICE, TOTP_URN, parameters, data, more) CLOSE
#define TOLD(user, rest)            "1 " user " #2600124 " rest "\n"

#define LIMITED(since, until)                                                                      \
    ONE(FORMAT, PLAIN,                                                                             \
        "<Policy><StartDate>" since "</StartDate><ExpiryDate> " until " </ExpiryDate></Policy>")

static const struct file pskcs[] = {
    {"a token", ONE(FORMAT, PLAIN VALUE("Time", "0") VALUE("TimeInterval", "60"), ""),
     TOLD("", "sha1 6 60 " HEX), MEDGL_OK},
    {"the least of it", ONE(FORMAT, PLAIN, ""), TOLD("", "sha1 6 30 " HEX), MEDGL_OK},
    {"eight digits, SHA-256",
     ONE("<Suite>HMAC-SHA256</Suite><ResponseFormat Encoding=\"DECIMAL\" Length=\"8\"/>", PLAIN,
         ""),
     TOLD("", "sha256 8 30 " HEX), MEDGL_OK},
    {"SHA-512 by another name", ONE("<Suite>HmacSHA512</Suite>" FORMAT, PLAIN, ""),
     TOLD("", "sha512 6 30 " HEX), MEDGL_OK},
    {"SHA-1 by its name", ONE("<Suite>SHA1</Suite>" FORMAT, PLAIN, ""), TOLD("", "sha1 6 30 " HEX),
     MEDGL_OK},
    {"a clock that is off", ONE(FORMAT, PLAIN VALUE("TimeDrift", "-4"), ""),
     TOLD("", "sha1 6 30 " HEX " last 0 drift -4"), MEDGL_OK},
    {"a user", ONE(FORMAT, PLAIN, "<UserId>yamada</UserId>"), TOLD("yamada", "sha1 6 30 " HEX),
     MEDGL_OK},
    {"a user by his name in a directory",
     ONE(FORMAT, PLAIN, "<UserId>UID=jsmith,DC=example-bank,DC=net</UserId>"),
     TOLD("jsmith", "sha1 6 30 " HEX), MEDGL_OK},
    {"a user who has no login name",
     ONE(FORMAT, PLAIN, "<UserId>CN=John Smith,DC=example</UserId>"), TOLD("", "sha1 6 30 " HEX),
     MEDGL_OK},
    {"a user of the device",
     OPEN PACKED("<DeviceInfo><SerialNo>7</SerialNo><UserId>sato</UserId></DeviceInfo>", TOTP_URN,
                 FORMAT, PLAIN, "") CLOSE,
     "1 sato #7 sha1 6 30 " HEX "\n", MEDGL_OK},
    {"several",
     OPEN PACKED(DEVICE, TOTP_URN, FORMAT, PLAIN, "")
         PACKED("<DeviceInfo><SerialNo>2</SerialNo></DeviceInfo>",
                "urn:ietf:params:xml:ns:keyprov:pskc:hotp", FORMAT, PLAIN, "")
             PACKED("", "http://www.ietf.org/keyprov/pskc#totp", FORMAT, PLAIN, "") CLOSE,
     TOLD("", "sha1 6 30 " HEX) "2  2: " HOTP "3  sha1 6 30 " HEX "\n", MEDGL_OK},
    {"with prefixes, comments, and other blanks",
     XML
     "<!-- a --><p:KeyContainer Version=\"1.0\" xmlns:p=\"urn:ietf:params:xml:ns:keyprov:pskc\">"
     "<p:KeyPackage><p:Key Algorithm=\"" TOTP_URN "\"><p:AlgorithmParameters>"
     "<p:ResponseFormat Length=\"6\" Encoding=\"DECIMAL\"/></p:AlgorithmParameters><p:Data>"
     "<p:Secret><p:PlainValue>\n  MTIzNDU2Nzg5MDEy <!-- b -->\n  MzQ1Njc4OTA=\n"
     "</p:PlainValue></p:Secret></p:Data></p:Key></p:KeyPackage></p:KeyContainer>",
     "1  sha1 6 30 " HEX "\n", MEDGL_OK},
    {"a CDATA section",
     ONE(FORMAT,
         "<Secret><PlainValue><![CDATA[MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=]]></PlainValue></Secret>", ""),
     TOLD("", "sha1 6 30 " HEX), MEDGL_OK},
    {"one that ends in a moment (RFC 6030 section 5)",
     LIMITED("2020-01-01T00:00:00Z", "2026-11-21T09:00:00.001Z"), TOLD("", "sha1 6 30 " HEX),
     MEDGL_OK},
    {"one that begins now", LIMITED("2026-11-21T09:00:00", "2099-01-01T00:00:00Z"),
     TOLD("", "sha1 6 30 " HEX), MEDGL_OK},
    {"one that began now elsewhere",
     LIMITED("2026-11-21T18:00:00+09:00", "2026-11-21T09:00:00.5-00:30"),
     TOLD("", "sha1 6 30 " HEX), MEDGL_OK},
    {"one that is over", LIMITED("2020-01-01T00:00:00Z", "2026-11-21T09:00:00Z"),
     "1  2600124: it is not valid any more\n", MEDGL_OK},
    {"one that is over elsewhere", LIMITED("2020-01-01T00:00:00Z", "2026-11-21T17:59:59+09:00"),
     "1  2600124: it is not valid any more\n", MEDGL_OK},
    {"one that begins in a moment", LIMITED("2026-11-21T09:00:01Z", "2099-01-01T00:00:00Z"),
     "1  2600124: it is not valid yet\n", MEDGL_OK},
    {"a date alone", LIMITED("2020-01-01T00:00:00Z", "2099-01-01"),
     "1  2600124: its date of begin or end is malformed\n", MEDGL_OK},
    {"no date", LIMITED("soon", "2099-01-01T00:00:00Z"),
     "1  2600124: its date of begin or end is malformed\n", MEDGL_OK},
    {"a date that is none", LIMITED("2020-02-30T00:00:00Z", "2099-01-01T00:00:00Z"),
     "1  2600124: its date of begin or end is malformed\n", MEDGL_OK},
    {"so many times",
     ONE(FORMAT, PLAIN, "<Policy><NumberOfTransactions>4</NumberOfTransactions></Policy>"),
     "1  2600124: it may be used a limited number of times alone\n", MEDGL_OK},
    {"a local PIN", ONE(FORMAT, PLAIN, "<Policy><PINPolicy PINUsageMode=\"Local\"/></Policy>"),
     TOLD("", "sha1 6 30 " HEX), MEDGL_OK},
    {"a PIN in the code",
     ONE(FORMAT, PLAIN, "<Policy><PINPolicy PINUsageMode=\"Prepend\"/></Policy>"),
     "1  2600124: it has a PIN, which is not taken over\n", MEDGL_OK},
    {"meant for codes",
     ONE(FORMAT, PLAIN, "<Policy><KeyUsage>CR</KeyUsage><KeyUsage>OTP</KeyUsage></Policy>"),
     TOLD("", "sha1 6 30 " HEX), MEDGL_OK},
    {"meant for something else",
     ONE(FORMAT, PLAIN, "<Policy><KeyUsage>Encrypt</KeyUsage></Policy>"),
     "1  2600124: it is not meant for one-time codes\n", MEDGL_OK},
    {"another algorithm", OPEN PACKED("", "urn:x:ocra", FORMAT, PLAIN, "") CLOSE,
     "1 : its algorithm is unknown\n", MEDGL_OK},
    {"another hash", ONE("<Suite>HMAC-MD5</Suite>" FORMAT, PLAIN, ""),
     "1  2600124: its algorithm is none of SHA-1, SHA-256 and SHA-512\n", MEDGL_OK},
    {"challenges", ONE("<ChallengeFormat Min=\"1\" Max=\"9\"/>" FORMAT, PLAIN, ""),
     "1  2600124: it answers challenges\n", MEDGL_OK},
    {"seven digits", ONE("<ResponseFormat Length=\"7\" Encoding=\"DECIMAL\"/>", PLAIN, ""),
     "1  2600124: its codes have neither 6 nor 8 digits\n", MEDGL_OK},
    {"hexadecimal codes", ONE("<ResponseFormat Length=\"6\" Encoding=\"HEXADECIMAL\"/>", PLAIN, ""),
     "1  2600124: its codes have neither 6 nor 8 digits\n", MEDGL_OK},
    {"a check digit",
     ONE("<ResponseFormat Length=\"6\" Encoding=\"DECIMAL\" CheckDigits=\"true\"/>", PLAIN, ""),
     "1  2600124: its codes have neither 6 nor 8 digits\n", MEDGL_OK},
    {"another interval", ONE(FORMAT, PLAIN VALUE("TimeInterval", "10"), ""),
     "1  2600124: its codes last neither 30 nor 60 seconds\n", MEDGL_OK},
    {"no interval", ONE(FORMAT, PLAIN VALUE("TimeInterval", "PT30S"), ""),
     "1  2600124: its codes last neither 30 nor 60 seconds\n", MEDGL_OK},
    {"a clock that is far off", ONE(FORMAT, PLAIN VALUE("TimeDrift", "21"), ""),
     "1  2600124: its clock is too far off\n", MEDGL_OK},
    {"a clock that is far off the other way", ONE(FORMAT, PLAIN VALUE("TimeDrift", "-21"), ""),
     "1  2600124: its clock is too far off\n", MEDGL_OK},
    {"no secret", ONE(FORMAT, "", ""), "1  2600124: its secret is malformed\n", MEDGL_OK},
    {"no base64", ONE(FORMAT, "<Secret><PlainValue>MTIz!</PlainValue></Secret>", ""),
     "1  2600124: its secret is malformed\n", MEDGL_OK},
    {"a short secret", ONE(FORMAT, "<Secret><PlainValue>MTIzNDU2</PlainValue></Secret>", ""),
     "1  2600124: its secret is too short\n", MEDGL_OK},
    {"elements within the secret",
     ONE(FORMAT, "<Secret><PlainValue>MTIz<b/>NDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>", ""),
     "1  2600124: its secret is malformed\n", MEDGL_OK},
    {"a serial number that cannot be shown",
     OPEN PACKED("<DeviceInfo><SerialNo>a&#x85;b</SerialNo></DeviceInfo>", TOTP_URN, FORMAT, PLAIN,
                 "") CLOSE,
     "1  sha1 6 30 " HEX "\n", MEDGL_OK},
    {"no key in a package", OPEN "<KeyPackage/>" CLOSE, "1 : its algorithm is unknown\n", MEDGL_OK},
    {"no package", OPEN CLOSE, "", MEDGL_ERR_ARGUMENT},
    {"nothing but blanks", " \n", "", MEDGL_ERR_ARGUMENT},
    {"no XML", "HOTP/T30 y - " HEX "\n", "", MEDGL_ERR_ARGUMENT},
    {"XML of something else", XML "<html/>", "", MEDGL_ERR_ARGUMENT},
    {"cut short", OPEN "<KeyPackage>", "", MEDGL_ERR_ARGUMENT},
    {"an encoding that there is none of", "<?xml version=\"1.0\" encoding=\"nonsense\"?><a/>", "",
     MEDGL_ERR_ARGUMENT},
    {"an unknown entity", ONE(FORMAT, "<Secret><PlainValue>&x;</PlainValue></Secret>", ""), "",
     MEDGL_ERR_ARGUMENT},
    {"a document type", XML "<!DOCTYPE KeyContainer><KeyContainer " NS "/>", "",
     MEDGL_ERR_ARGUMENT},
    {"a file as an entity",
     XML "<!DOCTYPE KeyContainer [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<KeyContainer " NS
         ">" PACKED("<DeviceInfo><SerialNo>&x;</SerialNo></DeviceInfo>", TOTP_URN, FORMAT, PLAIN,
                    "") CLOSE,
     "", MEDGL_ERR_ARGUMENT},
    {"the network as a document type",
     XML "<!DOCTYPE KeyContainer SYSTEM \"http://127.0.0.1:1/x.dtd\"><KeyContainer " NS "/>", "",
     MEDGL_ERR_ARGUMENT},
    {"entities that swell",
     XML "<!DOCTYPE KeyContainer [<!ENTITY a \"aaaaaaaaaaaaaaaaaaaa\"><!ENTITY b "
         "\"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>\n<KeyContainer>"
         "&c;&c;&c;&c;</KeyContainer>",
     "", MEDGL_ERR_ARGUMENT},
};

/* Whatever it is about, nothing is written to the terminal. */
static void test_pskc(void **state)
{
    const struct file *row = *state;
    auto_secret struct secret text = SECRET_NONE;
    struct hearer hearer = {.told = ""};
    auto_file FILE *noise = tmpfile();
    auto_fd int terminal = dup(STDERR_FILENO);
    assert_true(noise != NULL && terminal >= 0);
    text_of(row->text, strlen(row->text), &text);
    assert_true(dup2(fileno(noise), STDERR_FILENO) >= 0);
    enum medgl_error error =
        otp_import_pskc(&text, NULL, NULL, &(struct otp_import){&hearer, hear, hear_problem, NOW});
    struct stat written;
    assert_true(dup2(terminal, STDERR_FILENO) >= 0 && fstat(fileno(noise), &written) == 0);
    assert_int_equal(written.st_size, 0);
    assert_string_equal(hearer.told, row->told);
    assert_int_equal(error, row->error);
}

/* -- encrypted -------------------------------------------------------------------------------- */

#define ENCRYPTED_OPEN                                                                             \
    XML "<KeyContainer Version=\"1.0\" " NS " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" "    \
        "xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" "                                        \
        "xmlns:xenc11=\"http://www.w3.org/2009/xmlenc11#\" "                                       \
        "xmlns:pkcs5=\"http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#\">\n"
#define AES128 "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
#define CIPHER(algorithm, value)                                                                   \
    "<xenc:EncryptionMethod Algorithm=\"" algorithm                                                \
    "\"/><xenc:CipherData><xenc:CipherValue>\n" value "\n</xenc:CipherValue></xenc:CipherData>"
#define NAMED_KEY "<EncryptionKey><ds:KeyName>Pre-shared-key</ds:KeyName></EncryptionKey>\n"
#define MAC_SHA1(key)                                                                              \
    "<MACMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#hmac-sha1\"><MACKey>" CIPHER(        \
        AES128, key) "</MACKey></MACMethod>\n"
#define SEALED(value, mac)                                                                         \
    "<Secret><EncryptedValue>" CIPHER(AES128, value) "</EncryptedValue><ValueMAC>" mac             \
                                                     "</ValueMAC></Secret>"
/* RFC 6030, figure 6: the values, of a device that has a clock. */
#define F6_MAC_KEY "ESIzRFVmd4iZABEiM0RVZgKn6WjLaTC1sbeBMSvIhRejN9vJa2BOlSaMrR7I5wSX"
#define F6_VALUE   "AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv"
#define F6_MAC     "Su+NvtQfmvfJzF6bmQiJqoLRExc="
#define F6(data)                                                                                   \
    ENCRYPTED_OPEN NAMED_KEY MAC_SHA1(F6_MAC_KEY) PACKED(DEVICE, TOTP_URN, FORMAT, data, "") CLOSE
/* Figure 7: the password is "qwerty". */
#define DERIVED(salt, rounds, length, prf)                                                         \
    "<EncryptionKey><xenc11:DerivedKey><xenc11:KeyDerivationMethod Algorithm="                     \
    "\"http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#pbkdf2\"><pkcs5:PBKDF2-params>"  \
    "<Salt><Specified>" salt "</Specified></Salt><IterationCount>" rounds "</IterationCount>"      \
    "<KeyLength>" length "</KeyLength>" prf "</pkcs5:PBKDF2-params></xenc11:KeyDerivationMethod>"  \
    "</xenc11:DerivedKey></EncryptionKey>\n"
#define F7_MAC_KEY "2GTTnLwM3I4e5IO5FkufoOEiOhNj91fhKRQBtBJYluUDsPOLTfUvoU2dStyOwYZx"
#define F7_VALUE   "oTvo+S22nsmS2Z/RtcoF8Hfh+jzMe0RkiafpoDpnoZTjPYZu6V+A4aEn032yCr4f"
#define F7_MAC     "LP6xMvjtypbfT9PdkJhBZ+D6O4w="
#define F7(derived)                                                                                \
    ENCRYPTED_OPEN derived MAC_SHA1(F7_MAC_KEY)                                                    \
        PACKED(DEVICE, TOTP_URN, FORMAT, SEALED(F7_VALUE, F7_MAC), "") CLOSE

struct encrypted {
    const char *name;
    const char *text;
    const char *key, *password;
    const char *told;
    enum medgl_error error;
};
#define RFC_KEY "12345678901234567890123456789012"
#define CHANGED "its secret was changed, or is encrypted with another key\n"
static const struct encrypted encrypteds[] = {
    {"a pre-shared key", F6(SEALED(F6_VALUE, F6_MAC)), RFC_KEY, NULL, TOLD("", "sha1 6 30 " HEX),
     MEDGL_OK},
    {"the key in groups", F6(SEALED(F6_VALUE, F6_MAC)), "1234 5678 9012 3456 7890 1234 5678 9012\n",
     NULL, TOLD("", "sha1 6 30 " HEX), MEDGL_OK},
    {"the key in base64", F6(SEALED(F6_VALUE, F6_MAC)), "EjRWeJASNFZ4kBI0VniQEg==", NULL,
     TOLD("", "sha1 6 30 " HEX), MEDGL_OK},
    {"a key that nobody needs", ONE(FORMAT, PLAIN, ""), RFC_KEY, "x", TOLD("", "sha1 6 30 " HEX),
     MEDGL_OK},
    {"no key", F6(SEALED(F6_VALUE, F6_MAC)), NULL, NULL, "", MEDGL_ERR_KEY},
    {"a password for a key", F6(SEALED(F6_VALUE, F6_MAC)), NULL, "qwerty", "", MEDGL_ERR_KEY},
    {"another key", F6(SEALED(F6_VALUE, F6_MAC)), "12345678901234567890123456789013", NULL, "",
     MEDGL_ERR_KEY},
    {"a longer key", F6(SEALED(F6_VALUE, F6_MAC)), RFC_KEY RFC_KEY, NULL, "", MEDGL_ERR_KEY},
    {"no key at all", F6(SEALED(F6_VALUE, F6_MAC)), "hello", NULL, "", MEDGL_ERR_KEY},
    {"a changed value",
     F6(SEALED("BAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv", F6_MAC)),
     RFC_KEY, NULL, "", MEDGL_ERR_KEY},
    {"a changed MAC", F6(SEALED(F6_VALUE, "Tu+NvtQfmvfJzF6bmQiJqoLRExc=")), RFC_KEY, NULL, "",
     MEDGL_ERR_KEY},
    {"a MAC cut short", F6(SEALED(F6_VALUE, "Su+NvtQfmvfJ")), RFC_KEY, NULL, "", MEDGL_ERR_KEY},
    {"a changed value behind a good one",
     ENCRYPTED_OPEN NAMED_KEY MAC_SHA1(F6_MAC_KEY)
         PACKED("", TOTP_URN, FORMAT, SEALED(F6_VALUE, F6_MAC), "")
             PACKED("", TOTP_URN, FORMAT, SEALED(F6_VALUE, F7_MAC), "") CLOSE,
     RFC_KEY, NULL, "1  sha1 6 30 " HEX "\n2 : " CHANGED, MEDGL_OK},
    {"no MAC", F6("<Secret><EncryptedValue>" CIPHER(AES128, F6_VALUE) "</EncryptedValue></Secret>"),
     RFC_KEY, NULL, "1  2600124: its secret is encrypted without a MAC\n", MEDGL_OK},
    {"no method of MACs",
     ENCRYPTED_OPEN NAMED_KEY PACKED(DEVICE, TOTP_URN, FORMAT, SEALED(F6_VALUE, F6_MAC), "") CLOSE,
     RFC_KEY, NULL, "", MEDGL_ERR_KEY},
    {"another cipher",
     F6("<Secret><EncryptedValue>" CIPHER("http://www.w3.org/2001/04/xmlenc#tripledes-cbc",
                                          F6_VALUE) "</EncryptedValue><ValueMAC>" F6_MAC
                                                    "</ValueMAC></Secret>"),
     RFC_KEY, NULL, "1  2600124: " CHANGED, MEDGL_OK},
    {"a value that is no base64", F6(SEALED("AAEC*", F6_MAC)), RFC_KEY, NULL,
     "1  2600124: its secret is malformed\n", MEDGL_OK},
    {"a password", F7(DERIVED("Ej7/PEpyEpw=", "1000", "16", "<PRF/>")), NULL, "qwerty",
     TOLD("", "sha1 6 30 " HEX), MEDGL_OK},
    {"another password", F7(DERIVED("Ej7/PEpyEpw=", "1000", "16", "<PRF/>")), NULL, "qwertz", "",
     MEDGL_ERR_KEY},
    {"no password", F7(DERIVED("Ej7/PEpyEpw=", "1000", "16", "<PRF/>")), NULL, NULL, "",
     MEDGL_ERR_KEY},
    {"a key for a password", F7(DERIVED("Ej7/PEpyEpw=", "1000", "16", "<PRF/>")), RFC_KEY, NULL, "",
     MEDGL_ERR_KEY},
    {"rounds without end", F7(DERIVED("Ej7/PEpyEpw=", "999999999", "16", "")), NULL, "qwerty", "",
     MEDGL_ERR_KEY},
    {"no rounds", F7(DERIVED("Ej7/PEpyEpw=", "0", "16", "")), NULL, "qwerty", "", MEDGL_ERR_KEY},
    {"a negative length", F7(DERIVED("Ej7/PEpyEpw=", "1000", "-16", "")), NULL, "qwerty", "",
     MEDGL_ERR_KEY},
    {"no salt", F7(DERIVED("", "1000", "16", "")), NULL, "qwerty", "", MEDGL_ERR_KEY},
    {"another PRF", F7(DERIVED("Ej7/PEpyEpw=", "1000", "16", "<PRF Algorithm=\"urn:x:cmac\"/>")),
     NULL, "qwerty", "", MEDGL_ERR_KEY},
};

static void import_encrypted(const char *xml, const char *key, const char *password,
                             struct hearer *hearer, enum medgl_error expected)
{
    auto_secret struct secret text = SECRET_NONE, with_key = SECRET_NONE,
                              with_password = SECRET_NONE;
    text_of(xml, strlen(xml), &text);
    if (key != NULL)
        text_of(key, strlen(key), &with_key);
    if (password != NULL)
        text_of(password, strlen(password), &with_password);
    assert_int_equal(otp_import_pskc(&text, key != NULL ? &with_key : NULL,
                                     password != NULL ? &with_password : NULL,
                                     &(struct otp_import){hearer, hear, hear_problem, NOW}),
                     expected);
}

static void test_encrypted(void **state)
{
    const struct encrypted *row = *state;
    struct hearer hearer = {.told = ""};
    import_encrypted(row->text, row->key, row->password, &hearer, row->error);
    assert_string_equal(hearer.told, row->told);
}

/* The other lengths and hashes, encrypted by the test. */
struct combination {
    const char *name;
    const char *cipher;
    const EVP_CIPHER *(*aes)(void);
    const char *mac;
    const EVP_MD *(*hash)(void);
    const char *prf; /* NULL: a pre-shared key */
    const EVP_MD *(*prf_hash)(void);
    size_t secret_len;
};
#define XMLENC "http://www.w3.org/2001/04/xmlenc#"
#define MORE   "http://www.w3.org/2001/04/xmldsig-more#"
static const struct combination combinations[] = {
    {"AES-128, SHA-256", XMLENC "aes128-cbc", EVP_aes_128_cbc, MORE "hmac-sha256", EVP_sha256, NULL,
     NULL, 20},
    {"AES-192, SHA-224", XMLENC "aes192-cbc", EVP_aes_192_cbc, MORE "hmac-sha224", EVP_sha224, NULL,
     NULL, 16},
    {"AES-256, SHA-512", XMLENC "aes256-cbc", EVP_aes_256_cbc, MORE "hmac-sha512", EVP_sha512, NULL,
     NULL, 32},
    {"AES-256, SHA-384, the longest secret", XMLENC "aes256-cbc", EVP_aes_256_cbc,
     MORE "hmac-sha384", EVP_sha384, NULL, NULL, 128},
    {"a password, SHA-1", XMLENC "aes256-cbc", EVP_aes_256_cbc, MORE "hmac-sha256", EVP_sha256, "",
     EVP_sha1, 31},
    {"a password, SHA-256", XMLENC "aes128-cbc", EVP_aes_128_cbc, MORE "hmac-sha256", EVP_sha256,
     MORE "hmac-sha256", EVP_sha256, 33},
    {"a password, SHA-512", XMLENC "aes192-cbc", EVP_aes_192_cbc, MORE "hmac-sha1", EVP_sha1,
     "urn:hmacWithSHA512", EVP_sha512, 20},
};

/* The initialisation vector and whole blocks, the last byte of which says what is padding. */
static size_t encrypt(const EVP_CIPHER *aes, const unsigned char *key, const unsigned char *plain,
                      size_t len, unsigned char *to)
{
    unsigned char padded[256];
    int written;
    size_t padding = 16 - len % 16;
    memcpy(padded, plain, len);
    memset(padded + len, 0xa5, padding);
    padded[len + padding - 1] = (unsigned char)padding;
    memset(to, 0x5c, 16);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_EncryptInit_ex(context, aes, NULL, key, to), 1);
    assert_int_equal(EVP_CIPHER_CTX_set_padding(context, 0), 1);
    assert_int_equal(EVP_EncryptUpdate(context, to + 16, &written, padded, (int)(len + padding)),
                     1);
    EVP_CIPHER_CTX_free(context);
    return 16 + (size_t)written;
}

static void test_combination(void **state)
{
    static const unsigned char salt[] = {1, 2, 3, 4, 5, 6, 7, 8};
    const struct combination *row = *state;
    unsigned char key[32], plain[128], sealed[160], mac[EVP_MAX_MD_SIZE];
    char key_text[65], salt_text[16], value[256], mac_text[128], derived[1024], xml[8192];
    unsigned mac_len;
    size_t key_len = (size_t)EVP_CIPHER_get_key_length(row->aes());
    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = (unsigned char)(7 * i + 1);
    memcpy(key, plain + 64, sizeof(key));
    if (row->prf != NULL)
        assert_int_equal(PKCS5_PBKDF2_HMAC("pass", 4, salt, sizeof(salt), 10, row->prf_hash(),
                                           (int)key_len, key),
                         1);
    size_t len = encrypt(row->aes(), key, plain, row->secret_len, sealed);
    HMAC(row->hash(), key, (int)key_len, sealed, len, mac, &mac_len);
    for (size_t i = 0; i < key_len; i++)
        (void)snprintf(key_text + 2 * i, 3, "%02X", key[i]);
    crypto_base64(salt_text, salt, sizeof(salt), true);
    crypto_base64(value, sealed, len, true);
    crypto_base64(mac_text, mac, mac_len, true);
    (void)snprintf(derived, sizeof(derived), DERIVED("%s", "10", "%zu", "<PRF Algorithm=\"%s\"/>"),
                   salt_text, key_len, row->prf != NULL ? row->prf : "");
    (void)snprintf(
        xml, sizeof(xml),
        ENCRYPTED_OPEN "%s<MACMethod Algorithm=\"%s\"/>" PACKED(
            "", TOTP_URN, FORMAT,
            "<Secret><EncryptedValue>" CIPHER("%s", "%s") "</EncryptedValue><ValueMAC>%s</ValueMAC>"
                                                          "</Secret>",
            "") CLOSE,
        row->prf != NULL ? derived : NAMED_KEY, row->mac, row->cipher, value, mac_text);
    struct hearer hearer = {.told = ""};
    import_encrypted(xml, row->prf == NULL ? key_text : NULL, row->prf != NULL ? "pass" : NULL,
                     &hearer, MEDGL_OK);
    char told[512] = "1  sha1 6 30 ";
    for (size_t i = 0; i < row->secret_len; i++)
        (void)snprintf(told + strlen(told), 3, "%02x", plain[i]);
    (void)snprintf(told + strlen(told), 2, "\n");
    assert_string_equal(hearer.told, told);
}

int main(void)
{
    if (clock_set_zone("UTC") != MEDGL_OK)
        return 1;
    TABLE_ADD("URI written", writings, test_written);
    TABLE_ADD("URI", uris, test_uri);
    table_add("URI", "one that is too long", test_uri_length, NULL);
    TABLE_ADD("users", users, test_users);
    TABLE_ADD("google", googles, test_google);
    table_add("lines", "too long, and with a NUL", test_lines, NULL);
    table_add("lines", "who hears may end it", test_ends, NULL);
    TABLE_ADD("PSKC", pskcs, test_pskc);
    TABLE_ADD("PSKC encrypted", encrypteds, test_encrypted);
    TABLE_ADD("PSKC encrypted", combinations, test_combination);
    return table_run("otp_import");
}
