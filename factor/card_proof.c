/* What a card signs, and whether it did. The scheme follows from the key, the text that is signed
 * is made here: nothing of it is the card's choice. */
#include "factor/card_piece.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#define RSA_LEAST_BITS 2048
#define RSA_MOST_BITS  (8 * CARD_SIGNATURE_MAX)
#define EC_LEAST_BITS  256
#define GROUP_SIZE     64
#define HALF_MAX       66 /* r or s on P-521 */

/* -- keys ------------------------------------------------------------------------------------ */

static void number_free(BIGNUM **number)
{
    BN_free(*number);
}

/* With an exponent of 1 everybody signs. */
static bool rsa_is_strong(EVP_PKEY *key)
{
    auto_clean(number_free) BIGNUM *exponent = NULL;
    int bits = EVP_PKEY_get_bits(key);
    return bits >= RSA_LEAST_BITS && bits <= RSA_MOST_BITS &&
           EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
           BN_is_odd(exponent) && !BN_is_one(exponent);
}

/* A curve that the certificate itself describes may have a generator that somebody knows the key to
 * (CVE-2020-0601): named ones alone. */
static bool ec_is_strong(EVP_PKEY *key)
{
    int described = 1;
    return EVP_PKEY_get_bits(key) >= EC_LEAST_BITS &&
           EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                  &described) == 1 &&
           described == 0;
}

bool card_key_is_strong(EVP_PKEY *key)
{
    if (key == NULL)
        return false;
    if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS"))
        return rsa_is_strong(key);
    if (EVP_PKEY_is_a(key, "EC"))
        return ec_is_strong(key);
    return EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448");
}

/* Curves of which PKCS#11 drivers and cards agree what a signature looks like. */
static bool curve_is_known(EVP_PKEY *key)
{
    char group[GROUP_SIZE];
    if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
        return false;
    int nid = OBJ_txt2nid(group);
    return nid == NID_X9_62_prime256v1 || nid == NID_secp384r1 || nid == NID_secp521r1;
}

enum card_scheme card_scheme_for(const struct card_certificate *certificate, bool pss)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate->x509);
    if (key == NULL)
        return CARD_SCHEME_NONE;
    if (EVP_PKEY_is_a(key, "RSA"))
        return pss ? CARD_RSA_PSS_SHA256 : CARD_RSA_PKCS1_SHA256;
    if (EVP_PKEY_is_a(key, "RSA-PSS"))
        return pss ? CARD_RSA_PSS_SHA256 : CARD_SCHEME_NONE;
    return EVP_PKEY_is_a(key, "EC") && curve_is_known(key) ? CARD_ECDSA_SHA256 : CARD_SCHEME_NONE;
}

/* -- what is signed -------------------------------------------------------------------------- */

enum medgl_error card_challenge(unsigned char challenge[CARD_CHALLENGE_SIZE])
{
    return crypto_random(challenge, CARD_CHALLENGE_SIZE);
}

/* Each part behind its length (4 bytes, big-endian): no two texts give the same bytes. */
enum medgl_error card_digest(const unsigned char challenge[CARD_CHALLENGE_SIZE], const char *host,
                             const char *account, unsigned char digest[CRYPTO_HASH_SIZE])
{
    static const char purpose[] = "pam_medgl card login 1";
    const struct bytes text[] = {{purpose, sizeof(purpose) - 1},
                                 {host, strlen(host)},
                                 {account, strlen(account)},
                                 {challenge, CARD_CHALLENGE_SIZE}};
    unsigned char lengths[MEDGL_COUNT(text)][4];
    struct bytes parts[2 * MEDGL_COUNT(text)];
    for (size_t i = 0; i < MEDGL_COUNT(text); i++) {
        if (text[i].len > UINT32_MAX)
            return MEDGL_ERR_ARGUMENT;
        for (unsigned at = 0; at < 4; at++)
            lengths[i][at] = (unsigned char)(text[i].len >> (24 - 8 * at));
        parts[2 * i] = (struct bytes){lengths[i], sizeof(lengths[i])};
        parts[2 * i + 1] = text[i];
    }
    return crypto_sha256(parts, MEDGL_COUNT(parts), digest);
}

/* -- whether it was signed ------------------------------------------------------------------- */

static void context_free(EVP_PKEY_CTX **context)
{
    EVP_PKEY_CTX_free(*context);
}

static void ecdsa_free(ECDSA_SIG **signature)
{
    ECDSA_SIG_free(*signature);
}

static bool verify_set(EVP_PKEY_CTX *context, enum card_scheme scheme)
{
    if (context == NULL || EVP_PKEY_verify_init(context) != 1)
        return false;
    switch (scheme) {
    case CARD_SCHEME_NONE:
        return false;
    case CARD_RSA_PSS_SHA256:
        if (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) != 1 ||
            EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) != 1 ||
            EVP_PKEY_CTX_set_rsa_pss_saltlen(context, CRYPTO_HASH_SIZE) != 1)
            return false;
        break;
    case CARD_RSA_PKCS1_SHA256:
        if (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1)
            return false;
        break;
    case CARD_ECDSA_SHA256:
        break;
    }
    return EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1;
}

/* r and s side by side, as PKCS#11 has them, to DER; 0: it is none. */
static size_t ecdsa_der(const unsigned char *signature, size_t half, unsigned char **der)
{
    auto_clean(ecdsa_free) ECDSA_SIG *pair = ECDSA_SIG_new();
    auto_clean(number_free) BIGNUM *r = BN_bin2bn(signature, (int)half, NULL);
    auto_clean(number_free) BIGNUM *s = BN_bin2bn(signature + half, (int)half, NULL);
    if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1)
        return 0;
    r = s = NULL; /* the pair's now */
    int len = i2d_ECDSA_SIG(pair, der);
    return len > 0 ? (size_t)len : 0;
}

static bool verify_ecdsa(EVP_PKEY_CTX *context, EVP_PKEY *key,
                         const unsigned char digest[CRYPTO_HASH_SIZE],
                         const unsigned char *signature, size_t len)
{
    size_t half = ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
    auto_clean(card_bytes_free) unsigned char *der = NULL;
    if (len <= (size_t)EVP_PKEY_get_size(key) &&
        EVP_PKEY_verify(context, signature, len, digest, CRYPTO_HASH_SIZE) == 1)
        return true;
    if (half > HALF_MAX || len != 2 * half)
        return false;
    size_t der_len = ecdsa_der(signature, half, &der);
    return der_len > 0 && EVP_PKEY_verify(context, der, der_len, digest, CRYPTO_HASH_SIZE) == 1;
}

enum medgl_error card_verify(const struct card_certificate *certificate, enum card_scheme scheme,
                             const unsigned char digest[CRYPTO_HASH_SIZE],
                             const unsigned char *signature, size_t len, bool *good)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate->x509);
    *good = false;
    /* The scheme must be one that this key has. */
    if (scheme == CARD_SCHEME_NONE || signature == NULL || len == 0 || len > CARD_SIGNATURE_MAX ||
        scheme != card_scheme_for(certificate, scheme == CARD_RSA_PSS_SHA256))
        return MEDGL_OK;
    auto_clean(context_free) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (!verify_set(context, scheme))
        *good = false;
    else if (scheme == CARD_ECDSA_SHA256)
        *good = verify_ecdsa(context, key, digest, signature, len);
    else
        *good = len == (size_t)EVP_PKEY_get_size(key) &&
                EVP_PKEY_verify(context, signature, len, digest, CRYPTO_HASH_SIZE) == 1;
    ERR_clear_error();
    return MEDGL_OK;
}
