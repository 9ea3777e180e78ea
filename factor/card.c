/* Reading one certificate, and what it says of itself. Nothing here is believed yet: card_judge()
 * decides. */
#include "factor/card_piece.h"

#include "base/text.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>
#include <time.h>

#define PEM_MAX    ((size_t)4 * CARD_CERTIFICATE_MAX) /* `openssl x509 -text` writes much */
#define SERIAL_MAX 20                                 /* RFC 5280, 4.1.2.2 */
#define GROUP_SIZE 64

/* -- reading --------------------------------------------------------------------------------- */

size_t card_pem_count(const void *bytes, size_t len)
{
    static const char begin[] = "-----BEGIN ";
    const char *at = bytes, *end = at + len;
    size_t count = 0;
    while (at < end && (at = memmem(at, (size_t)(end - at), begin, sizeof(begin) - 1)) != NULL) {
        at += sizeof(begin) - 1;
        count++;
    }
    return count;
}

enum medgl_error card_pem_next(BIO *in, char **name, unsigned char **der, size_t *len)
{
    auto_clean(card_text_free) char *header = NULL;
    long read = 0;
    *name = NULL;
    *der = NULL;
    ERR_clear_error();
    bool found = PEM_read_bio(in, name, &header, der, &read) == 1;
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!found)
        return ended ? MEDGL_ERR_NOT_FOUND : MEDGL_ERR_ARGUMENT;
    *len = (size_t)read;
    /* Headers stand before what is encrypted alone. */
    return header[0] == '\0' && read > 0 ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
}

X509 *card_x509(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    auto_clean(card_x509_free) X509 *x509 = d2i_X509(NULL, &at, (long)len);
    auto_clean(card_bytes_free) unsigned char *again = NULL;
    if (x509 == NULL || at != (const unsigned char *)bytes + len)
        return NULL;
    /* One certificate has one fingerprint: other ways to write the same are refused. */
    int again_len = i2d_X509(x509, &again);
    if (again_len < 0 || (size_t)again_len != len || memcmp(again, bytes, len) != 0)
        return NULL;
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
    if (ASN1_STRING_length(serial) > SERIAL_MAX || ASN1_STRING_type(serial) != V_ASN1_INTEGER)
        return NULL;
    return auto_give(x509);
}

static X509 *read_pem(const void *bytes, size_t len)
{
    auto_clean(card_bio_free) BIO *in = BIO_new_mem_buf(bytes, (int)len);
    auto_clean(card_text_free) char *name = NULL;
    auto_clean(card_bytes_free) unsigned char *der = NULL;
    size_t der_len;
    if (in == NULL || card_pem_count(bytes, len) != 1 ||
        card_pem_next(in, &name, &der, &der_len) != MEDGL_OK ||
        strcmp(name, PEM_STRING_X509) != 0 || der_len > CARD_CERTIFICATE_MAX)
        return NULL;
    char rest;
    while (BIO_read(in, &rest, 1) == 1)
        if (strchr(" \t\r\n", rest) == NULL || rest == '\0')
            return NULL;
    return card_x509(der, der_len);
}

enum medgl_error card_certificate_read(const void *bytes, size_t len, bool pem,
                                       struct card_certificate **certificate)
{
    *certificate = NULL;
    if (bytes == NULL || len == 0 || len > (pem ? PEM_MAX : CARD_CERTIFICATE_MAX))
        return MEDGL_ERR_ARGUMENT;
    auto_clean(card_x509_free) X509 *x509 = pem ? read_pem(bytes, len) : card_x509(bytes, len);
    ERR_clear_error();
    if (x509 == NULL)
        return MEDGL_ERR_ARGUMENT;
    *certificate = malloc(sizeof(**certificate));
    if (*certificate == NULL)
        return MEDGL_ERR_MEMORY;
    (*certificate)->x509 = auto_give(x509);
    return MEDGL_OK;
}

void card_certificate_free(struct card_certificate **certificate)
{
    if (*certificate == NULL)
        return;
    X509_free((*certificate)->x509);
    free(*certificate);
    *certificate = NULL;
}

/* -- facts ----------------------------------------------------------------------------------- */

enum medgl_error card_name_text(const X509_NAME *name, char text[CARD_TEXT_SIZE])
{
    auto_clean(card_bio_free) BIO *out = BIO_new(BIO_s_mem());
    const char *written;
    text[0] = '\0';
    if (out == NULL ||
        X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) <
            0 ||
        BIO_write(out, "", 1) != 1 || BIO_get_mem_data(out, &written) <= 0)
        return MEDGL_ERR_CRYPTO;
    text_printable(text, CARD_TEXT_SIZE, written);
    return MEDGL_OK;
}

enum medgl_error card_time(const ASN1_TIME *time, medgl_time *result)
{
    struct tm tm;
    if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
        return MEDGL_ERR_ARGUMENT;
    *result = (medgl_time)timegm(&tm) * MEDGL_SECOND;
    return MEDGL_OK;
}

static void facts_key(EVP_PKEY *key, char *text, size_t size)
{
    char group[GROUP_SIZE];
    const char *nist = NULL;
    if (key == NULL) {
        (void)snprintf(text, size, "unknown");
    } else if (EVP_PKEY_is_a(key, "EC")) {
        if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1)
            nist = EC_curve_nid2nist(OBJ_txt2nid(group));
        (void)snprintf(text, size, "EC %s", nist != NULL ? nist : "of another curve");
    } else {
        (void)snprintf(text, size, "%.20s %d", EVP_PKEY_get0_type_name(key),
                       EVP_PKEY_get_bits(key));
    }
}

enum medgl_error card_certificate_facts(const struct card_certificate *certificate,
                                        struct card_facts *facts)
{
    const X509 *x509 = certificate->x509;
    unsigned char hash[CRYPTO_HASH_SIZE];
    unsigned int hash_len = sizeof(hash);
    memset(facts, 0, sizeof(*facts));
    MEDGL_TRY(card_name_text(X509_get_subject_name(x509), facts->subject));
    MEDGL_TRY(card_name_text(X509_get_issuer_name(x509), facts->issuer));
    MEDGL_TRY(card_time(X509_get0_notBefore(x509), &facts->not_before));
    MEDGL_TRY(card_time(X509_get0_notAfter(x509), &facts->not_after));
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
    text_hex(facts->serial, ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
    if (X509_digest(x509, EVP_sha256(), hash, &hash_len) != 1)
        return MEDGL_ERR_CRYPTO;
    text_hex(facts->fingerprint, hash, sizeof(hash));
    facts_key(X509_get0_pubkey(x509), facts->key, sizeof(facts->key));
    ERR_clear_error();
    return MEDGL_OK;
}
