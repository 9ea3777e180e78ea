/* Which certificate is whose. A rule is text: a word, then what it is about.
 *
 *   certificate:SHA-256 OF IT
 *   serial:SHA-256 OF ITS ISSUER:SERIAL
 *   subject:ATTRIBUTE:SHA-256 OF ITS ISSUER:VALUE
 *
 * MUSTs:
 * - An issuer is its name byte by byte as DER. X509_NAME_cmp() would fold cases and spaces.
 * - A value is the attribute's characters, whichever of the usual types of string it has, byte by
 *   byte as UTF-8: no case is folded, nothing is cut at a NUL, and of several values none counts.
 * - Whether a rule holds is found by making it anew from the certificate: one way to read it. */
#include "factor/card_piece.h"

#include "base/text.h"

#include <openssl/err.h>
#include <string.h>

#define HEX_HASH (2 * CRYPTO_HASH_SIZE)

static const struct {
    enum card_match_kind kind;
    const char *word;
} match_words[] = {{CARD_MATCH_EXACT, "certificate"},
                   {CARD_MATCH_SERIAL, "serial"},
                   {CARD_MATCH_SUBJECT, "subject"}};

static const struct {
    const char *name;
    int nid;
} match_attributes[] = {{"CN", NID_commonName},
                        {"UID", NID_userId},
                        {"serialNumber", NID_serialNumber},
                        {"emailAddress", NID_pkcs9_emailAddress}};

const char *card_match_word(enum card_match_kind kind)
{
    for (size_t i = 0; i < MEDGL_COUNT(match_words); i++)
        if (match_words[i].kind == kind)
            return match_words[i].word;
    return "";
}

enum medgl_error card_match_parse(const char *word, enum card_match_kind *kind)
{
    for (size_t i = 0; i < MEDGL_COUNT(match_words); i++)
        if (strcmp(match_words[i].word, word) == 0) {
            *kind = match_words[i].kind;
            return MEDGL_OK;
        }
    return MEDGL_ERR_ARGUMENT;
}

/* -- making ---------------------------------------------------------------------------------- */

static int attribute_nid(const char *attribute, size_t len)
{
    for (size_t i = 0; i < MEDGL_COUNT(match_attributes); i++)
        if (strlen(match_attributes[i].name) == len &&
            memcmp(match_attributes[i].name, attribute, len) == 0)
            return match_attributes[i].nid;
    return NID_undef;
}

static enum medgl_error issuer_hash(const X509 *x509, char hex[HEX_HASH + 1])
{
    unsigned char hash[CRYPTO_HASH_SIZE];
    const unsigned char *der;
    size_t len;
    if (X509_NAME_get0_der(X509_get_issuer_name(x509), &der, &len) != 1)
        return MEDGL_ERR_CRYPTO;
    const struct bytes part = {der, len};
    MEDGL_TRY(crypto_sha256(&part, 1, hash));
    text_hex(hex, hash, sizeof(hash));
    return MEDGL_OK;
}

/* T.61 and the like have no one meaning. */
static bool string_is_clear(const ASN1_STRING *string)
{
    int type = ASN1_STRING_type(string);
    return type == V_ASN1_UTF8STRING || type == V_ASN1_PRINTABLESTRING ||
           type == V_ASN1_IA5STRING || type == V_ASN1_BMPSTRING;
}

/* The one value of an attribute. */
static enum medgl_error subject_value(const X509 *x509, int nid, char value[CARD_MATCH_SIZE])
{
    const X509_NAME *subject = X509_get_subject_name(x509);
    auto_clean(card_bytes_free) unsigned char *utf8 = NULL;
    int at = X509_NAME_get_index_by_NID(subject, nid, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(subject, nid, at) >= 0)
        return MEDGL_ERR_ARGUMENT;
    const ASN1_STRING *string = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    if (!string_is_clear(string))
        return MEDGL_ERR_ARGUMENT;
    int len = ASN1_STRING_to_UTF8(&utf8, string);
    if (len <= 0 || len >= CARD_MATCH_SIZE || memchr(utf8, '\0', (size_t)len) != NULL)
        return MEDGL_ERR_ARGUMENT;
    memcpy(value, utf8, (size_t)len);
    value[len] = '\0';
    return text_is_printable(value) ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
}

static enum medgl_error make_exact(const X509 *x509, char match[CARD_MATCH_SIZE])
{
    unsigned char hash[CRYPTO_HASH_SIZE];
    char hex[HEX_HASH + 1];
    unsigned int len = sizeof(hash);
    if (X509_digest(x509, EVP_sha256(), hash, &len) != 1)
        return MEDGL_ERR_CRYPTO;
    text_hex(hex, hash, sizeof(hash));
    (void)snprintf(match, CARD_MATCH_SIZE, "certificate:%s", hex);
    return MEDGL_OK;
}

static enum medgl_error make_serial(const X509 *x509, char match[CARD_MATCH_SIZE])
{
    char issuer[HEX_HASH + 1], serial[CARD_TEXT_SIZE];
    const ASN1_INTEGER *number = X509_get0_serialNumber(x509);
    size_t len = (size_t)ASN1_STRING_length(number);
    if (len > sizeof(serial) / 2 - 1 || ASN1_STRING_type(number) != V_ASN1_INTEGER)
        return MEDGL_ERR_ARGUMENT;
    text_hex(serial, ASN1_STRING_get0_data(number), len);
    MEDGL_TRY(issuer_hash(x509, issuer));
    (void)snprintf(match, CARD_MATCH_SIZE, "serial:%s:%s", issuer, serial);
    return MEDGL_OK;
}

static enum medgl_error make_subject(const X509 *x509, const char *attribute, size_t len,
                                     char match[CARD_MATCH_SIZE])
{
    char issuer[HEX_HASH + 1], value[CARD_MATCH_SIZE];
    int nid = attribute_nid(attribute, len);
    if (nid == NID_undef)
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(subject_value(x509, nid, value));
    MEDGL_TRY(issuer_hash(x509, issuer));
    int wrote =
        snprintf(match, CARD_MATCH_SIZE, "subject:%.*s:%s:%s", (int)len, attribute, issuer, value);
    return wrote > 0 && wrote < CARD_MATCH_SIZE ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
}

static enum medgl_error make(const X509 *x509, enum card_match_kind kind, const char *attribute,
                             size_t len, char match[CARD_MATCH_SIZE])
{
    switch (kind) {
    case CARD_MATCH_EXACT:
        return make_exact(x509, match);
    case CARD_MATCH_SERIAL:
        return make_serial(x509, match);
    case CARD_MATCH_SUBJECT:
        return make_subject(x509, attribute, len, match);
    }
    return MEDGL_ERR_ARGUMENT;
}

enum medgl_error card_match_make(const struct card_certificate *certificate,
                                 enum card_match_kind kind, const char *attribute,
                                 char match[CARD_MATCH_SIZE])
{
    enum medgl_error error = make(certificate->x509, kind, attribute != NULL ? attribute : "",
                                  attribute != NULL ? strlen(attribute) : 0, match);
    ERR_clear_error();
    if (error != MEDGL_OK)
        match[0] = '\0';
    return error;
}

/* -- asking ---------------------------------------------------------------------------------- */

static bool hex_then(const char *text, const char **rest)
{
    size_t len = strspn(text, "0123456789abcdef");
    *rest = text + len;
    return len == HEX_HASH;
}

/* Whether it is written as one of ours. `attribute` is what stands behind the word. */
static bool match_split(const char *match, enum card_match_kind *kind, const char **attribute,
                        size_t *len)
{
    char word[16];
    size_t word_len = strcspn(match, ":");
    const char *rest;
    if (match[word_len] != ':' || word_len >= sizeof(word) || strlen(match) >= CARD_MATCH_SIZE)
        return false;
    memcpy(word, match, word_len);
    word[word_len] = '\0';
    *attribute = match + word_len + 1;
    *len = 0;
    if (card_match_parse(word, kind) != MEDGL_OK)
        return false;
    switch (*kind) {
    case CARD_MATCH_EXACT:
        return hex_then(*attribute, &rest) && *rest == '\0';
    case CARD_MATCH_SERIAL:
        return hex_then(*attribute, &rest) && *rest == ':' && rest[1] != '\0' &&
               rest[1 + strspn(rest + 1, "0123456789abcdef")] == '\0';
    case CARD_MATCH_SUBJECT:
        *len = strcspn(*attribute, ":");
        return (*attribute)[*len] == ':' && attribute_nid(*attribute, *len) != NID_undef &&
               hex_then(*attribute + *len + 1, &rest) && *rest == ':' && rest[1] != '\0';
    }
    return false;
}

enum medgl_error card_match_holds(const char *match, const struct card_certificate *certificate,
                                  bool *holds)
{
    enum card_match_kind kind;
    const char *attribute;
    size_t len;
    char made[CARD_MATCH_SIZE];
    *holds = false;
    if (!match_split(match, &kind, &attribute, &len))
        return MEDGL_ERR_CORRUPT;
    enum medgl_error error = make(certificate->x509, kind, attribute, len, made);
    ERR_clear_error();
    if (error == MEDGL_ERR_ARGUMENT) /* no such attribute, or none that could have been enrolled */
        return MEDGL_OK;
    MEDGL_TRY(error);
    *holds = strcmp(made, match) == 0;
    return MEDGL_OK;
}
