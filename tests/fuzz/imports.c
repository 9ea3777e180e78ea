/* Devices that come from elsewhere. */
#include "base/auto.h"
#include "base/text.h"
#include "factor/otp_import.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

/* Every record that is found can be sealed, and every name shown. */
static void check_record(const struct totp_record *record)
{
    auto_secret struct secret text = SECRET_NONE;
    must(totp_record_write(record, &text) == MEDGL_OK);
}

static enum medgl_error found(void *argument, const struct otp_found *found)
{
    (void)argument;
    check_record(&found->record);
    must(text_is_printable(found->user) && text_is_printable(found->serial));
    must(found->user[0] == '\0' || text_is_login_name(found->user));
    must(found->last >= 0 && found->line > 0);
    must(found->drift >= -TOTP_DRIFT_MAX && found->drift <= TOTP_DRIFT_MAX);
    return MEDGL_OK;
}

static void problem(void *argument, size_t line, const char *user, const char *serial,
                    const char *why)
{
    (void)argument;
    must(line > 0 && text_is_printable(user) && text_is_printable(serial) && why[0] != '\0');
}

static const struct otp_import import = {NULL, found, problem, 1};

static bool same_record(const struct totp_record *one, const struct totp_record *other)
{
    return one->secret_len == other->secret_len &&
           memcmp(one->secret, other->secret, one->secret_len) == 0 &&
           one->algorithm == other->algorithm && one->digits == other->digits &&
           one->period == other->period;
}

/* What is read can be written where the names are not too long for that, and is read as the same.
 */
void fuzz_uri(const uint8_t *bytes, size_t len)
{
    auto_secret struct secret uri = SECRET_NONE;
    struct totp_record record, again;
    char account[OTP_LABEL_SIZE], issuer[OTP_LABEL_SIZE];
    char account_again[OTP_LABEL_SIZE], issuer_again[OTP_LABEL_SIZE];
    const char *why;
    bool good = otp_uri_read((const char *)bytes, len, &record, account, issuer, &why) == MEDGL_OK;
    must(good == (why == NULL));
    if (!good)
        return;
    check_record(&record);
    must(text_is_printable(account) && text_is_printable(issuer));
    if (otp_uri_write(&record, issuer, account, &uri) != MEDGL_OK)
        return;
    /* The label holds both names: it may be too long though each of them is not. */
    if (otp_uri_read((const char *)uri.bytes, uri.len, &again, account_again, issuer_again, &why) !=
        MEDGL_OK)
        return;
    must(same_record(&record, &again));
    if (issuer[0] != '\0')
        must(strcmp(issuer, issuer_again) == 0);
}

void fuzz_users(const uint8_t *bytes, size_t len)
{
    auto_secret struct secret text = SECRET_NONE;
    must(secret_copy(&text, bytes, len) == MEDGL_OK);
    (void)otp_import_users(&text, &import);
}

void fuzz_google(const uint8_t *bytes, size_t len)
{
    auto_secret struct secret text = SECRET_NONE;
    must(secret_copy(&text, bytes, len) == MEDGL_OK);
    (void)otp_import_google(&text, "yamada", &import);
}

/* With the key and the password of RFC 6030. */
void fuzz_pskc(const uint8_t *bytes, size_t len)
{
    auto_secret struct secret text = SECRET_NONE, key = SECRET_NONE, password = SECRET_NONE;
    must(secret_copy(&text, bytes, len) == MEDGL_OK);
    must(secret_copy(&key, "12345678901234567890123456789012", 32) == MEDGL_OK);
    must(secret_copy(&password, "qwerty", 6) == MEDGL_OK);
    (void)otp_import_pskc(&text, &key, &password, &import);
}
