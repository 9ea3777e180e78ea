/* The few primitives that more than one room needs, wrapped around OpenSSL once. */
#define OPENSSL_SUPPRESS_DEPRECATED /* crypto_sha256() says why */
#include "base/crypto.h"

#include "base/secret.h"
#include "base/text.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* MUST stay cheap to set up: verification of the ledger makes two digests of each entry, and what
 * EVP does around one costs as much as a node of the tree (measured: 260 against 160 ns). Hence the
 * functions that OpenSSL keeps for this and calls deprecated. */
enum medgl_error crypto_sha256(const struct bytes *parts, size_t count,
                               unsigned char hash[CRYPTO_HASH_SIZE])
{
    SHA256_CTX context;
    if (SHA256_Init(&context) != 1)
        return MEDGL_ERR_CRYPTO;
    for (size_t i = 0; i < count; i++)
        if (SHA256_Update(&context, parts[i].data, parts[i].len) != 1)
            return MEDGL_ERR_CRYPTO;
    return SHA256_Final(hash, &context) == 1 ? MEDGL_OK : MEDGL_ERR_CRYPTO;
}

struct crypto_hash {
    EVP_MD_CTX *context;
};

enum medgl_error crypto_hash_begin(struct crypto_hash **hash)
{
    struct crypto_hash *made = calloc(1, sizeof(*made));
    *hash = made;
    if (made == NULL)
        return MEDGL_ERR_MEMORY;
    made->context = EVP_MD_CTX_new();
    if (made->context != NULL && EVP_DigestInit_ex2(made->context, EVP_sha256(), NULL) == 1)
        return MEDGL_OK;
    crypto_hash_free(hash);
    return MEDGL_ERR_CRYPTO;
}

enum medgl_error crypto_hash_add(struct crypto_hash *hash, const void *data, size_t len)
{
    return EVP_DigestUpdate(hash->context, data, len) == 1 ? MEDGL_OK : MEDGL_ERR_CRYPTO;
}

enum medgl_error crypto_hash_end(struct crypto_hash *hash, unsigned char result[CRYPTO_HASH_SIZE])
{
    return EVP_DigestFinal_ex(hash->context, result, NULL) == 1 ? MEDGL_OK : MEDGL_ERR_CRYPTO;
}

void crypto_hash_free(struct crypto_hash **hash)
{
    if (*hash != NULL)
        EVP_MD_CTX_free((*hash)->context);
    free(*hash);
    *hash = NULL;
}

enum medgl_error crypto_sha1(const void *data, size_t len, unsigned char hash[CRYPTO_SHA1_SIZE])
{
    return EVP_Q_digest(NULL, "SHA1", NULL, data, len, hash, NULL) == 1 ? MEDGL_OK
                                                                        : MEDGL_ERR_CRYPTO;
}

enum medgl_error crypto_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                                    unsigned char mac[CRYPTO_HASH_SIZE])
{
    if (key_len > INT_MAX)
        return MEDGL_ERR_ARGUMENT;
    return HMAC(EVP_sha256(), key, (int)key_len, data, len, mac, NULL) != NULL ? MEDGL_OK
                                                                               : MEDGL_ERR_CRYPTO;
}

struct crypto_mac {
    EVP_MAC_CTX *context;
};

enum medgl_error crypto_mac_begin(const void *key, size_t key_len, struct crypto_mac **result)
{
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END};
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    struct crypto_mac *mac = calloc(1, sizeof(*mac));
    *result = NULL;
    if (mac != NULL && hmac != NULL)
        mac->context = EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac); /* the context has its own hold on it */
    if (mac != NULL && mac->context != NULL &&
        EVP_MAC_init(mac->context, key, key_len, parameters) == 1) {
        *result = mac;
        return MEDGL_OK;
    }
    crypto_mac_end(&mac);
    return MEDGL_ERR_CRYPTO;
}

enum medgl_error crypto_mac_next(struct crypto_mac *mac, const void *data, size_t len,
                                 unsigned char result[CRYPTO_HASH_SIZE])
{
    size_t size = 0;
    return EVP_MAC_init(mac->context, NULL, 0, NULL) == 1 && /* with the key of before */
                   EVP_MAC_update(mac->context, data, len) == 1 &&
                   EVP_MAC_final(mac->context, result, &size, CRYPTO_HASH_SIZE) == 1 &&
                   size == CRYPTO_HASH_SIZE
               ? MEDGL_OK
               : MEDGL_ERR_CRYPTO;
}

void crypto_mac_end(struct crypto_mac **mac)
{
    if (*mac == NULL)
        return;
    EVP_MAC_CTX_free((*mac)->context);
    free(*mac);
    *mac = NULL;
}

enum medgl_error crypto_derive(const void *key, size_t key_len, const char *label,
                               unsigned char derived[CRYPTO_HASH_SIZE])
{
    /* RFC 5869 with an empty salt and one block of output: T(1) = HMAC(PRK, info || 0x01). */
    unsigned char salt[CRYPTO_HASH_SIZE] = {0}, prk[CRYPTO_HASH_SIZE], info[128];
    size_t label_len = strlen(label);
    if (label_len >= sizeof(info))
        return MEDGL_ERR_ARGUMENT;
    memcpy(info, label, label_len);
    info[label_len] = 0x01;
    enum medgl_error error = crypto_hmac_sha256(salt, sizeof(salt), key, key_len, prk);
    if (error == MEDGL_OK)
        error = crypto_hmac_sha256(prk, sizeof(prk), info, label_len + 1, derived);
    secret_wipe(prk, sizeof(prk));
    return error;
}

enum medgl_error crypto_random(void *bytes, size_t len)
{
    unsigned char *to = bytes;
    while (len > 0) {
        ssize_t got = getrandom(to, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return MEDGL_ERR_CRYPTO;
        to += got;
        len -= (size_t)got;
    }
    return MEDGL_OK;
}

enum medgl_error crypto_random_below(unsigned limit, unsigned *number)
{
    if (limit == 0 || limit > 65536)
        return MEDGL_ERR_ARGUMENT;
    /* Numbers from here on would favour some. */
    const uint32_t fair = UINT32_MAX - UINT32_MAX % limit;
    uint32_t draw;
    do {
        MEDGL_TRY(crypto_random(&draw, sizeof(draw)));
    } while (draw >= fair);
    *number = draw % limit;
    secret_wipe(&draw, sizeof(draw));
    return MEDGL_OK;
}

enum medgl_error crypto_random_id(char id[CRYPTO_ID_SIZE])
{
    unsigned char bytes[(CRYPTO_ID_SIZE - 1) / 2];
    MEDGL_TRY(crypto_random(bytes, sizeof(bytes)));
    text_hex(id, bytes, sizeof(bytes));
    return MEDGL_OK;
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void crypto_base64(char *to, const void *bytes, size_t len, bool padded)
{
    const unsigned char *from = bytes;
    for (size_t i = 0; i < len; i += 3) {
        size_t have = len - i < 3 ? len - i : 3;
        unsigned block = (unsigned)from[i] << 16 | (have > 1 ? (unsigned)from[i + 1] << 8 : 0) |
                         (have > 2 ? from[i + 2] : 0u);
        for (size_t j = 0; j < 4; j++) {
            if (j <= have)
                *to++ = alphabet[block >> (18 - 6 * j) & 63];
            else if (padded)
                *to++ = '=';
        }
    }
    *to = '\0';
}

static int base64_digit(char c)
{
    const char *at = c != '\0' ? strchr(alphabet, c) : NULL;
    return at != NULL ? (int)(at - alphabet) : -1;
}

enum medgl_error crypto_unbase64(void *bytes, size_t *len, const char *text, size_t text_len,
                                 bool padded)
{
    unsigned char *to = bytes;
    size_t room = *len, used = 0;
    *len = 0;
    if (padded) {
        if (text_len % 4 != 0)
            return MEDGL_ERR_ARGUMENT;
        for (int i = 0; i < 2 && text_len > 0 && text[text_len - 1] == '='; i++)
            text_len--;
    }
    if (text_len % 4 == 1)
        return MEDGL_ERR_ARGUMENT;
    unsigned bits = 0, count = 0;
    for (size_t i = 0; i < text_len; i++) {
        int digit = base64_digit(text[i]);
        if (digit < 0)
            return MEDGL_ERR_ARGUMENT;
        bits = (bits << 6 | (unsigned)digit) & 0xffffffu;
        count += 6;
        if (count >= 8) {
            if (used == room)
                return MEDGL_ERR_ARGUMENT;
            count -= 8;
            to[used++] = (unsigned char)(bits >> count);
        }
    }
    if ((bits & ((1u << count) - 1)) != 0) /* left-over bits would make two texts for one value */
        return MEDGL_ERR_ARGUMENT;
    *len = used;
    return MEDGL_OK;
}
