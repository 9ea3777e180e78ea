/* Devices in PSKC files (RFC 6030), as makers of hardware tokens send them. Signatures of such
 * files are not checked. */
#include "factor/otp_import.h"

#include "base/auto.h"
#include "base/message.h"
#include "base/text.h"
#include "factor/otp_pskc_key.h"
#include "factor/otp_pskc_xml.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WORD_SIZE 128 /* of a name, number or identifier */

/* A whole number of up to nine digits. */
static bool number_of(const char *text, int *number)
{
    const char *digits = text + (*text == '-');
    size_t len = strlen(digits);
    if (len == 0 || len > 9 || strspn(digits, "0123456789") != len)
        return false;
    *number = atoi(text);
    return true;
}

/* -- what it is encrypted with ---------------------------------------------------------------- */

struct pskc {
    const struct otp_import *import;
    const struct secret *key, *password; /* what we were given */
    const xml_node *root;
    struct pskc_key cipher, mac; /* what came of it; empty before the first encrypted value */
    char mac_algorithm[WORD_SIZE];
    bool proved; /* something was encrypted with it */
    size_t number;
};

static void pskc_clear(struct pskc *pskc)
{
    pskc_key_clear(&pskc->cipher);
    pskc_key_clear(&pskc->mac);
}

static enum medgl_error derive(const struct pskc *pskc, const xml_node *method,
                               struct pskc_key *key)
{
    struct pskc_derivation derivation = {.salt_len = sizeof(derivation.salt)};
    const xml_node *parameters = xml_child(method, "PBKDF2-params");
    char rounds[WORD_SIZE], length[WORD_SIZE];
    int key_len;
    if (pskc->password == NULL ||
        !xml_binary(xml_child(xml_child(parameters, "Salt"), "Specified"), derivation.salt,
                    &derivation.salt_len) ||
        !xml_text(xml_child(parameters, "IterationCount"), rounds, sizeof(rounds)) ||
        !xml_text(xml_child(parameters, "KeyLength"), length, sizeof(length)) ||
        !number_of(rounds, &derivation.rounds) || !number_of(length, &key_len) || key_len < 0 ||
        !xml_attribute(xml_child(parameters, "PRF"), "Algorithm", derivation.prf,
                       sizeof(derivation.prf)))
        return MEDGL_ERR_KEY;
    derivation.key_len = (size_t)key_len;
    return pskc_key_derive(pskc->password, &derivation, key);
}

struct cipher_value {
    char algorithm[WORD_SIZE];
    unsigned char bytes[PSKC_KEY_MAX + 64];
    size_t len;
};

static bool cipher_of(const xml_node *node, struct cipher_value *value)
{
    value->len = sizeof(value->bytes);
    return xml_attribute(xml_child(node, "EncryptionMethod"), "Algorithm", value->algorithm,
                         sizeof(value->algorithm)) &&
           xml_binary(xml_child(xml_child(node, "CipherData"), "CipherValue"), value->bytes,
                      &value->len);
}

/* Where the file has no key for MACs, the one that encrypts is it. */
static enum medgl_error prepare_mac(struct pskc *pskc)
{
    struct cipher_value value;
    const xml_node *method = xml_child(pskc->root, "MACMethod"), *key = xml_child(method, "MACKey");
    if (!xml_attribute(method, "Algorithm", pskc->mac_algorithm, sizeof(pskc->mac_algorithm)))
        return MEDGL_ERR_KEY;
    if (key == NULL) {
        pskc->mac = pskc->cipher;
        return MEDGL_OK;
    }
    if (!cipher_of(key, &value))
        return MEDGL_ERR_KEY;
    return pskc_decrypt(value.algorithm, &pskc->cipher, (struct bytes){value.bytes, value.len},
                        &pskc->mac);
}

/* Once, when the first encrypted value is met. */
static enum medgl_error prepare(struct pskc *pskc)
{
    const xml_node *encryption = xml_child(pskc->root, "EncryptionKey");
    const xml_node *derived = xml_child(encryption, "DerivedKey");
    if (pskc->cipher.len > 0)
        return MEDGL_OK;
    if (derived != NULL)
        MEDGL_TRY(derive(pskc, xml_child(derived, "KeyDerivationMethod"), &pskc->cipher));
    else if (pskc->key != NULL)
        MEDGL_TRY(pskc_key_read(pskc->key, &pskc->cipher));
    else
        return MEDGL_ERR_KEY;
    return prepare_mac(pskc);
}

/* AES-CBC tells nothing of changes: without a MAC that is right nothing of it is believed (RFC 6030
 * section 6.1.1). One that is wrong where none was right before tells of a wrong key. */
static enum medgl_error decrypt(struct pskc *pskc, const xml_node *secret, struct pskc_key *plain,
                                const char **why)
{
    struct cipher_value value;
    unsigned char mac[64];
    size_t mac_len = sizeof(mac);
    bool good;
    MEDGL_TRY(prepare(pskc));
    *why = NULL;
    if (!cipher_of(xml_child(secret, "EncryptedValue"), &value))
        *why = N_("its secret is malformed");
    else if (!xml_binary(xml_child(secret, "ValueMAC"), mac, &mac_len))
        *why = N_("its secret is encrypted without a MAC");
    if (*why != NULL)
        return MEDGL_OK;
    struct bytes cipher = {value.bytes, value.len};
    MEDGL_TRY(pskc_mac_check(pskc->mac_algorithm, &pskc->mac, cipher, (struct bytes){mac, mac_len},
                             &good));
    if (!good && !pskc->proved)
        return MEDGL_ERR_KEY;
    pskc->proved = true;
    if (!good || pskc_decrypt(value.algorithm, &pskc->cipher, cipher, plain) != MEDGL_OK)
        *why = N_("its secret was changed, or is encrypted with another key");
    return MEDGL_OK;
}

/* -- a device --------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcasecmp(text + len - end_len, end) == 0;
}

/* "HMAC-SHA256", "HmacSHA256", "SHA256", and "" of the default. */
static bool suite(const char *text, enum totp_algorithm *algorithm)
{
    char word[WORD_SIZE];
    size_t len = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c != '-')
            word[len++] = (char)tolower(*c);
    }
    word[len] = '\0';
    const char *hash = strncmp(word, "hmac", 4) == 0 ? word + 4 : word;
    *algorithm = TOTP_SHA1;
    return *hash == '\0' || totp_algorithm_parse(hash, algorithm) == MEDGL_OK;
}

static const char *read_algorithm(const xml_node *key, struct totp_record *record)
{
    char algorithm[WORD_SIZE], hash[WORD_SIZE];
    const xml_node *parameters = xml_child(key, "AlgorithmParameters");
    if (!xml_attribute(key, "Algorithm", algorithm, sizeof(algorithm)))
        return N_("its algorithm is unknown");
    if (ends_with(algorithm, ":hotp") || ends_with(algorithm, "#hotp"))
        return N_("it counts its codes (HOTP) and has no clock");
    if (!ends_with(algorithm, ":totp") && !ends_with(algorithm, "#totp"))
        return N_("its algorithm is unknown");
    if (xml_child(parameters, "ChallengeFormat") != NULL)
        return N_("it answers challenges");
    if (!xml_text(xml_child(parameters, "Suite"), hash, sizeof(hash)) ||
        !suite(hash, &record->algorithm))
        return N_("its algorithm is none of SHA-1, SHA-256 and SHA-512");
    return NULL;
}

static const char *read_response(const xml_node *key, struct totp_record *record)
{
    const xml_node *format = xml_child(xml_child(key, "AlgorithmParameters"), "ResponseFormat");
    char encoding[WORD_SIZE], length[WORD_SIZE], check[WORD_SIZE];
    int digits = 0;
    if (!xml_attribute(format, "Encoding", encoding, sizeof(encoding)) ||
        !xml_attribute(format, "Length", length, sizeof(length)) ||
        !xml_attribute(format, "CheckDigits", check, sizeof(check)) ||
        (encoding[0] != '\0' && strcmp(encoding, "DECIMAL") != 0) || !number_of(length, &digits) ||
        (digits != 6 && digits != 8) || strcmp(check, "true") == 0 || strcmp(check, "1") == 0)
        return N_("its codes have neither 6 nor 8 digits");
    record->digits = (unsigned)digits;
    return NULL;
}

/* A number that is written in the clear; `number` stays where there is none. */
static bool plain_number(const xml_node *data, const char *name, int *number)
{
    char text[WORD_SIZE];
    const xml_node *node = xml_child(data, name);
    return node == NULL ||
           (xml_text(xml_child(node, "PlainValue"), text, sizeof(text)) && number_of(text, number));
}

static const char *read_clock(const xml_node *data, struct otp_found *found)
{
    int interval = 30, drift = 0;
    if (!plain_number(data, "TimeInterval", &interval) || (interval != 30 && interval != 60))
        return N_("its codes last neither 30 nor 60 seconds");
    if (!plain_number(data, "TimeDrift", &drift) || drift < -TOTP_DRIFT_MAX ||
        drift > TOTP_DRIFT_MAX)
        return N_("its clock is too far off");
    found->record.period = (unsigned)interval;
    found->drift = drift;
    return NULL;
}

/* A date and time, of UTC where it names no zone. `t` stays where there is none. */
static bool time_of(const xml_node *node, medgl_time *t)
{
    char text[WORD_SIZE], utc[WORD_SIZE + 1];
    if (node == NULL)
        return true;
    if (!xml_text(node, text, sizeof(text)) || strchr(text, 'T') == NULL)
        return false;
    (void)snprintf(utc, sizeof(utc), "%sZ", text);
    return clock_parse_local(utc, t) == MEDGL_OK || clock_parse_local(text, t) == MEDGL_OK;
}

/* When, and how often, codes of it may be used (RFC 6030 section 5). How often is not counted here:
 * one that is limited would be used beyond its limit. */
static const char *read_limits(const xml_node *policy, medgl_time now)
{
    medgl_time since = now, until = INT64_MAX;
    if (!time_of(xml_child(policy, "StartDate"), &since) ||
        !time_of(xml_child(policy, "ExpiryDate"), &until))
        return N_("its date of begin or end is malformed");
    if (since > now)
        return N_("it is not valid yet");
    if (until <= now)
        return N_("it is not valid any more");
    if (xml_child(policy, "NumberOfTransactions") != NULL)
        return N_("it may be used a limited number of times alone");
    return NULL;
}

/* A PIN that is a part of the code, and keys that are for something else. */
static const char *read_policy(const xml_node *policy)
{
    char mode[WORD_SIZE], usage[WORD_SIZE];
    bool otp = xml_child(policy, "KeyUsage") == NULL;
    if (!xml_attribute(xml_child(policy, "PINPolicy"), "PINUsageMode", mode, sizeof(mode)) ||
        (mode[0] != '\0' && strcasecmp(mode, "Local") != 0))
        return N_("it has a PIN, which is not taken over");
    for (const xml_node *node = xml_child(policy, "KeyUsage"); node != NULL;
         node = xml_next(node, "KeyUsage"))
        otp |= xml_text(node, usage, sizeof(usage)) && strcmp(usage, "OTP") == 0;
    return otp ? NULL : N_("it is not meant for one-time codes");
}

static enum medgl_error read_secret(struct pskc *pskc, const xml_node *data,
                                    struct totp_record *record, const char **why)
{
    auto_clean(pskc_key_clear) struct pskc_key value = {.len = sizeof(value.bytes)};
    const xml_node *secret = xml_child(data, "Secret"), *plain = xml_child(secret, "PlainValue");
    *why = NULL;
    if (plain == NULL && xml_child(secret, "EncryptedValue") != NULL)
        MEDGL_TRY(decrypt(pskc, secret, &value, why));
    else if (!xml_binary(plain, value.bytes, &value.len))
        *why = N_("its secret is malformed");
    if (*why != NULL)
        return MEDGL_OK;
    _Static_assert(PSKC_KEY_MAX <= TOTP_SECRET_MAX, "every secret fits");
    memcpy(record->secret, value.bytes, value.len);
    record->secret_len = value.len;
    if (value.len < TOTP_SECRET_LEAST)
        *why = N_("its secret is too short");
    return MEDGL_OK;
}

/* "jsmith", or of "UID=jsmith,DC=example-bank,DC=net" the same. "": no login name. */
static void read_user(const xml_node *node, char user[OTP_LABEL_SIZE])
{
    char text[OTP_LABEL_SIZE];
    const char *name = text;
    user[0] = '\0';
    if (!xml_text(node, text, sizeof(text)))
        return;
    if (strncasecmp(text, "UID=", 4) == 0) {
        name += 4;
        text[4 + strcspn(name, ",+")] = '\0';
    }
    if (text_is_login_name(name) && strpbrk(name, "=,") == NULL)
        (void)text_copy(user, OTP_LABEL_SIZE, name);
}

static void read_names(const xml_node *package, const xml_node *key, struct otp_found *found)
{
    const xml_node *device = xml_child(package, "DeviceInfo");
    read_user(xml_child(key, "UserId"), found->user);
    if (found->user[0] == '\0')
        read_user(xml_child(device, "UserId"), found->user);
    if (!xml_text(xml_child(device, "SerialNo"), found->serial, sizeof(found->serial)) ||
        !text_is_printable(found->serial))
        found->serial[0] = '\0';
}

static void found_clear(struct otp_found *found)
{
    secret_wipe(found, sizeof(*found));
}

static enum medgl_error read_package(struct pskc *pskc, const xml_node *package)
{
    const xml_node *key = xml_child(package, "Key"), *data = xml_child(key, "Data");
    auto_clean(found_clear) struct otp_found found = {.line = ++pskc->number};
    read_names(package, key, &found);
    const char *why = read_algorithm(key, &found.record);
    if (why == NULL)
        why = read_response(key, &found.record);
    if (why == NULL)
        why = read_clock(data, &found);
    if (why == NULL)
        why = read_policy(xml_child(key, "Policy"));
    if (why == NULL)
        why = read_limits(xml_child(key, "Policy"), pskc->import->now);
    if (why == NULL)
        MEDGL_TRY(read_secret(pskc, data, &found.record, &why));
    if (why == NULL)
        return pskc->import->found(pskc->import->argument, &found);
    pskc->import->problem(pskc->import->argument, found.line, found.user, found.serial, why);
    return MEDGL_OK;
}

enum medgl_error otp_import_pskc(const struct secret *text, const struct secret *key,
                                 const struct secret *password, const struct otp_import *import)
{
    auto_clean(xml_free) xml_document *document = NULL;
    auto_clean(pskc_clear) struct pskc pskc = {.import = import, .key = key, .password = password};
    MEDGL_TRY(xml_read(text, &document));
    pskc.root = xml_root(document, "KeyContainer");
    if (pskc.root == NULL)
        return MEDGL_ERR_ARGUMENT;
    for (const xml_node *package = xml_child(pskc.root, "KeyPackage"); package != NULL;
         package = xml_next(package, "KeyPackage"))
        MEDGL_TRY(read_package(&pskc, package));
    return pskc.number > 0 ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
}
