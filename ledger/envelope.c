/* Sealing by CMS EnvelopedData through OpenSSL, and the certificates that it is sealed to. What is
 * sealed passes by the cipher alone: OpenSSL copies none of it but the part of a block that waits
 * for the next, which it wipes, as it does the content's key. See envelope.h. */
#include "ledger/envelope.h"

#include "base/file.h"
#include "base/message.h"

#include <errno.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PEM_MAX      ((size_t)1 << 20)
#define RSA_LEAST    2048 /* bits */
#define PIECE        ((size_t)64 << 10)
#define PLAIN_MAX    ((size_t)1 << 30)
#define CMS_FLAGS    (CMS_BINARY | CMS_PARTIAL)
#define PRIVATE_MARK "PRIVATE KEY-----"

struct envelope_readers {
    X509 *x509[ENVELOPE_READERS_MAX];
    size_t count;
    medgl_time until;
};

static void envelope_x509_free(X509 **x509)
{
    X509_free(*x509);
    *x509 = NULL;
}

static void envelope_bio_free(BIO **bio)
{
    BIO_free_all(*bio);
    *bio = NULL;
}

static void envelope_cms_free(CMS_ContentInfo **cms)
{
    CMS_ContentInfo_free(*cms);
    *cms = NULL;
}

/* -- certificates ----------------------------------------------------------------------------- */

static enum medgl_error readers_time(const ASN1_TIME *time, medgl_time *result)
{
    struct tm tm;
    if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
        return MEDGL_ERR_ARGUMENT;
    *result = (medgl_time)timegm(&tm) * MEDGL_SECOND;
    return MEDGL_OK;
}

static bool key_is_rsa(const EVP_PKEY *key)
{
    return EVP_PKEY_is_a(key, "RSA");
}

/* CRYPTREC's curves (R37). */
static bool key_is_curve(const EVP_PKEY *key)
{
    static const char *const curves[] = {"prime256v1", "secp384r1", "secp521r1"};
    char name[32];
    size_t len;
    if (!EVP_PKEY_is_a(key, "EC") || EVP_PKEY_get_group_name(key, name, sizeof(name), &len) != 1)
        return false;
    for (size_t i = 0; i < MEDGL_COUNT(curves); i++)
        if (strcmp(name, curves[i]) == 0)
            return true;
    return false;
}

/* What is wrong with it; NULL: nothing. */
static const char *readers_fault(X509 *x509, medgl_time now, medgl_time *until)
{
    const EVP_PKEY *key = X509_get0_pubkey(x509);
    medgl_time since;
    if (key == NULL || (X509_get_extension_flags(x509) & EXFLAG_INVALID) != 0 ||
        readers_time(X509_get0_notBefore(x509), &since) != MEDGL_OK ||
        readers_time(X509_get0_notAfter(x509), until) != MEDGL_OK)
        return _("it is malformed: make a new one");
    if (now < since)
        return _("it is not valid yet: see to the clock, or make a new one");
    if (now > *until)
        return _("it has expired: make a new one, and keep the old one's private key for what was "
                 "sealed to it");
    if (!key_is_rsa(key) && !key_is_curve(key))
        return _("its key is neither RSA nor of one of the curves P-256, P-384 and P-521: make a "
                 "new one");
    if (key_is_rsa(key) && EVP_PKEY_get_bits(key) < RSA_LEAST)
        return _("its key is too short: RSA must have 2048 bits, better 3072");
    const uint32_t usage = key_is_rsa(key) ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT;
    if ((X509_get_key_usage(x509) & usage) != 0) /* all of them where it says nothing */
        return NULL;
    return key_is_rsa(key) ? _("it is not for encryption: its key usage must have keyEncipherment")
                           : _("it is not for encryption: its key usage must have keyAgreement");
}

static enum medgl_error readers_refuse(char why[ENVELOPE_WHY_SIZE], const char *sentence)
{
    (void)snprintf(why, ENVELOPE_WHY_SIZE, "%s", sentence);
    return MEDGL_ERR_KEY;
}

static enum medgl_error readers_add(struct envelope_readers *readers, X509 *x509, medgl_time now,
                                    char why[ENVELOPE_WHY_SIZE])
{
    medgl_time until = 0;
    if (readers->count == ENVELOPE_READERS_MAX) {
        X509_free(x509);
        return readers_refuse(why, _("there are too many certificates in the file: 16 will do"));
    }
    readers->x509[readers->count++] = x509;
    const char *fault = readers_fault(x509, now, &until);
    if (fault != NULL) {
        (void)snprintf(why, ENVELOPE_WHY_SIZE, _("certificate %zu of the file: %s"), readers->count,
                       fault);
        return MEDGL_ERR_KEY;
    }
    if (readers->count == 1 || until < readers->until)
        readers->until = until;
    return MEDGL_OK;
}

static enum medgl_error readers_read(const struct secret *pem, medgl_time now,
                                     struct envelope_readers *readers, char why[ENVELOPE_WHY_SIZE])
{
    auto_clean(envelope_bio_free) BIO *in = BIO_new_mem_buf(pem->bytes, (int)pem->len);
    X509 *x509;
    if (in == NULL)
        return MEDGL_ERR_MEMORY;
    ERR_clear_error();
    while ((x509 = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL)
        MEDGL_TRY(readers_add(readers, x509, now, why));
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return readers_refuse(why, _("a certificate in the file is malformed: make a new one"));
    if (readers->count == 0)
        return readers_refuse(why, _("there is no certificate in the file: it must have one or "
                                     "more in PEM"));
    return MEDGL_OK;
}

/* A number that is no RSA modulus looks like one until something is sealed to it. */
static enum medgl_error readers_try(const struct envelope_readers *readers,
                                    char why[ENVELOPE_WHY_SIZE])
{
    auto_free unsigned char *der = NULL;
    size_t der_len;
    const enum medgl_error error = envelope_seal(readers, "", 1, &der, &der_len);
    return error != MEDGL_ERR_CRYPTO
               ? error
               : readers_refuse(why, _("nothing can be sealed to a certificate in it: its key is "
                                       "damaged; have it exported again"));
}

enum medgl_error envelope_readers_open(const struct secret *pem, medgl_time now,
                                       struct envelope_readers **readers,
                                       char why[ENVELOPE_WHY_SIZE])
{
    *readers = NULL;
    why[0] = '\0';
    if (pem->len == 0 || pem->len > PEM_MAX)
        return readers_refuse(why, _("there is no certificate in the file: it must have one or "
                                     "more in PEM"));
    if (memmem(pem->bytes, pem->len, PRIVATE_MARK, strlen(PRIVATE_MARK)) != NULL)
        return readers_refuse(why, _("a private key is in the file: whoever reads it can read what "
                                     "is sealed; take it away from this machine"));
    auto_clean(envelope_readers_free) struct envelope_readers *fresh = calloc(1, sizeof(*fresh));
    if (fresh == NULL)
        return MEDGL_ERR_MEMORY;
    enum medgl_error error = readers_read(pem, now, fresh, why);
    if (error == MEDGL_OK)
        error = readers_try(fresh, why);
    ERR_clear_error();
    if (error == MEDGL_OK)
        *readers = auto_give(fresh);
    return error;
}

void envelope_readers_free(struct envelope_readers **readers)
{
    if (*readers == NULL)
        return;
    for (size_t i = 0; i < (*readers)->count; i++)
        envelope_x509_free(&(*readers)->x509[i]);
    free(*readers);
    *readers = NULL;
}

size_t envelope_readers_count(const struct envelope_readers *readers)
{
    return readers->count;
}

medgl_time envelope_readers_until(const struct envelope_readers *readers)
{
    return readers->until;
}

/* -- sealing ---------------------------------------------------------------------------------- */

/* OpenSSL's own choices would be PKCS #1 v1.5, and SHA-1 where keys are derived. */
static bool seal_recipient(CMS_ContentInfo *cms, X509 *x509)
{
    CMS_RecipientInfo *info = CMS_add1_recipient_cert(cms, x509, CMS_KEY_PARAM);
    EVP_PKEY_CTX *how = info != NULL ? CMS_RecipientInfo_get0_pkey_ctx(info) : NULL;
    if (how == NULL)
        return false;
    if (key_is_rsa(X509_get0_pubkey(x509)))
        return EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_OAEP_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(how, EVP_sha256()) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(how, EVP_sha256()) == 1;
    return EVP_PKEY_CTX_set_ecdh_kdf_md(how, EVP_sha256()) == 1;
}

static CMS_ContentInfo *seal_begin(const struct envelope_readers *readers, unsigned flags)
{
    CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, EVP_aes_256_cbc(), flags);
    bool good = cms != NULL && readers->count > 0;
    for (size_t i = 0; good && i < readers->count; i++)
        good = seal_recipient(cms, readers->x509[i]);
    if (!good)
        envelope_cms_free(&cms);
    return cms;
}

static enum medgl_error seal_whole(CMS_ContentInfo *cms, const void *plain, size_t len,
                                   unsigned char **der, size_t *der_len)
{
    auto_clean(envelope_bio_free) BIO *chain = CMS_dataInit(cms, NULL);
    if (chain == NULL || (len > 0 && BIO_write(chain, plain, (int)len) != (int)len) ||
        BIO_flush(chain) != 1 || CMS_dataFinal(cms, chain) != 1)
        return MEDGL_ERR_CRYPTO;
    int size = i2d_CMS_ContentInfo(cms, NULL);
    auto_free unsigned char *made = size > 0 ? malloc((size_t)size) : NULL;
    if (made == NULL)
        return size > 0 ? MEDGL_ERR_MEMORY : MEDGL_ERR_CRYPTO;
    unsigned char *at = made;
    if (i2d_CMS_ContentInfo(cms, &at) != size)
        return MEDGL_ERR_CRYPTO;
    *der = auto_give(made);
    *der_len = (size_t)size;
    return MEDGL_OK;
}

enum medgl_error envelope_seal(const struct envelope_readers *readers, const void *plain,
                               size_t len, unsigned char **der, size_t *der_len)
{
    *der = NULL;
    *der_len = 0;
    if (len > PLAIN_MAX)
        return MEDGL_ERR_ARGUMENT;
    auto_clean(envelope_cms_free) CMS_ContentInfo *cms = seal_begin(readers, CMS_FLAGS);
    enum medgl_error error =
        cms != NULL ? seal_whole(cms, plain, len, der, der_len) : MEDGL_ERR_CRYPTO;
    ERR_clear_error();
    return error;
}

/* What has come out of the chain so far. */
static enum medgl_error seal_drain(BIO *out, int to)
{
    char *bytes;
    long len = BIO_get_mem_data(out, &bytes);
    if (len > 0)
        MEDGL_TRY(file_write(to, bytes, (size_t)len));
    return BIO_reset(out) == 1 ? MEDGL_OK : MEDGL_ERR_CRYPTO;
}

static enum medgl_error seal_pour(BIO *chain, BIO *out, int from, int to)
{
    auto_secret struct secret piece = SECRET_NONE;
    MEDGL_TRY(secret_alloc(&piece, PIECE));
    for (;;) {
        ssize_t got = read(from, piece.bytes, piece.cap);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return medgl_error_from_errno(errno);
        if (got == 0)
            break;
        if (BIO_write(chain, piece.bytes, (int)got) != (int)got)
            return MEDGL_ERR_CRYPTO;
        MEDGL_TRY(seal_drain(out, to));
    }
    if (BIO_flush(chain) != 1)
        return MEDGL_ERR_CRYPTO;
    return seal_drain(out, to);
}

enum medgl_error envelope_seal_stream(const struct envelope_readers *readers, int from, int to)
{
    auto_clean(envelope_bio_free) BIO *out = BIO_new(BIO_s_mem());
    auto_clean(envelope_cms_free) CMS_ContentInfo *cms =
        seal_begin(readers, CMS_FLAGS | CMS_STREAM);
    BIO *chain = out != NULL && cms != NULL ? BIO_new_CMS(out, cms) : NULL;
    enum medgl_error error = chain != NULL ? seal_pour(chain, out, from, to) : MEDGL_ERR_CRYPTO;
    while (chain != NULL && chain != out) { /* what BIO_new_CMS() put before it */
        BIO *next = BIO_pop(chain);
        (void)BIO_free(chain);
        chain = next;
    }
    ERR_clear_error();
    return error;
}
