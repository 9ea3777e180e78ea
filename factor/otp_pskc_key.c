/* The cryptography of PSKC files. Knows no XML. */
#include "factor/otp_pskc_key.h"

#include "base/auto.h"
#include "base/text.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <strings.h>

#define BLOCK     16
#define TYPED_MAX 128

void pskc_key_clear(struct pskc_key *key)
{
    secret_wipe(key, sizeof(*key));
}

static bool is_aes(size_t len)
{
    return len == 16 || len == 24 || len == 32;
}

/* -- keys ------------------------------------------------------------------------------------- */

static void wipe_typed(char (*typed)[TYPED_MAX])
{
    secret_wipe(*typed, sizeof(*typed));
}

enum medgl_error pskc_key_read(const struct secret *typed, struct pskc_key *key)
{
    auto_clean(wipe_typed) char text[TYPED_MAX] = "";
    auto_clean(wipe_typed) char lower[TYPED_MAX] = "";
    size_t len = 0;
    memset(key, 0, sizeof(*key));
    for (size_t i = 0; i < typed->len; i++) {
        if (typed->bytes[i] == '\0' || len == sizeof(text) - 1)
            return MEDGL_ERR_KEY;
        if (!isspace(typed->bytes[i]))
            text[len++] = (char)typed->bytes[i];
    }
    for (size_t i = 0; i < len; i++)
        lower[i] = (char)tolower(text[i]);
    key->len = len / 2;
    if (is_aes(key->len) && text_unhex(key->bytes, key->len, lower) == MEDGL_OK)
        return MEDGL_OK;
    key->len = sizeof(key->bytes);
    if (crypto_unbase64(key->bytes, &key->len, text, len, true) == MEDGL_OK && is_aes(key->len))
        return MEDGL_OK;
    pskc_key_clear(key);
    return MEDGL_ERR_KEY;
}

/* ".../xmldsig-more#hmac-sha256", and the form of PKCS #5, "...hmacWithSHA256". */
static const EVP_MD *hmac_digest(const char *algorithm)
{
    static const struct {
        const char *end;
        const EVP_MD *(*digest)(void);
    } digests[] = {
        {"hmac-sha1", EVP_sha1},     {"hmacWithSHA1", EVP_sha1},
        {"hmac-sha224", EVP_sha224}, {"hmacWithSHA224", EVP_sha224},
        {"hmac-sha256", EVP_sha256}, {"hmacWithSHA256", EVP_sha256},
        {"hmac-sha384", EVP_sha384}, {"hmacWithSHA384", EVP_sha384},
        {"hmac-sha512", EVP_sha512}, {"hmacWithSHA512", EVP_sha512},
    };
    size_t len = strlen(algorithm);
    for (size_t i = 0; i < MEDGL_COUNT(digests); i++) {
        size_t end = strlen(digests[i].end);
        if (len >= end && strcasecmp(algorithm + len - end, digests[i].end) == 0)
            return digests[i].digest();
    }
    return NULL;
}

enum medgl_error pskc_key_derive(const struct secret *password,
                                 const struct pskc_derivation *derivation, struct pskc_key *key)
{
    const EVP_MD *digest = derivation->prf[0] == '\0' ? EVP_sha1() : hmac_digest(derivation->prf);
    memset(key, 0, sizeof(*key));
    if (digest == NULL || !is_aes(derivation->key_len) || derivation->rounds < 1 ||
        derivation->rounds > PSKC_ROUNDS_MAX || password->len == 0)
        return MEDGL_ERR_KEY;
    key->len = derivation->key_len;
    if (PKCS5_PBKDF2_HMAC((const char *)password->bytes, (int)password->len, derivation->salt,
                          (int)derivation->salt_len, derivation->rounds, digest, (int)key->len,
                          key->bytes) != 1)
        return MEDGL_ERR_CRYPTO;
    return MEDGL_OK;
}

/* -- values ----------------------------------------------------------------------------------- */

static const EVP_CIPHER *aes_cbc(const char *algorithm, size_t key_len)
{
    if (strcmp(algorithm, "http://www.w3.org/2001/04/xmlenc#aes128-cbc") == 0 && key_len == 16)
        return EVP_aes_128_cbc();
    if (strcmp(algorithm, "http://www.w3.org/2001/04/xmlenc#aes192-cbc") == 0 && key_len == 24)
        return EVP_aes_192_cbc();
    if (strcmp(algorithm, "http://www.w3.org/2001/04/xmlenc#aes256-cbc") == 0 && key_len == 32)
        return EVP_aes_256_cbc();
    return NULL;
}

static void free_cipher(EVP_CIPHER_CTX **context)
{
    EVP_CIPHER_CTX_free(*context);
}

/* Whole blocks. */
static bool decipher(const EVP_CIPHER *cipher, const struct pskc_key *key,
                     const unsigned char *from, size_t len, unsigned char *to)
{
    auto_clean(free_cipher) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int written = 0, more = 0;
    return context != NULL && EVP_DecryptInit_ex(context, cipher, NULL, key->bytes, from) == 1 &&
           EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
           EVP_DecryptUpdate(context, to, &written, from + BLOCK, (int)(len - BLOCK)) == 1 &&
           EVP_DecryptFinal_ex(context, to + written, &more) == 1;
}

static void wipe_padded(unsigned char (*padded)[PSKC_KEY_MAX + BLOCK])
{
    secret_wipe(*padded, sizeof(*padded));
}

/* The padding of XML Encryption: its last byte says how much it is, the others are anything. */
enum medgl_error pskc_decrypt(const char *algorithm, const struct pskc_key *key,
                              struct bytes cipher, struct pskc_key *plain)
{
    auto_clean(wipe_padded) unsigned char padded[PSKC_KEY_MAX + BLOCK] = "";
    const EVP_CIPHER *aes = aes_cbc(algorithm, key->len);
    memset(plain, 0, sizeof(*plain));
    if (aes == NULL || cipher.len < 2 * BLOCK || cipher.len % BLOCK != 0 ||
        cipher.len - BLOCK > sizeof(padded))
        return MEDGL_ERR_KEY;
    size_t len = cipher.len - BLOCK;
    if (!decipher(aes, key, cipher.data, cipher.len, padded))
        return MEDGL_ERR_CRYPTO;
    size_t padding = padded[len - 1];
    if (padding < 1 || padding > BLOCK || len - padding > sizeof(plain->bytes))
        return MEDGL_ERR_KEY;
    plain->len = len - padding;
    memcpy(plain->bytes, padded, plain->len);
    return MEDGL_OK;
}

enum medgl_error pskc_mac_check(const char *algorithm, const struct pskc_key *key,
                                struct bytes message, struct bytes mac, bool *good)
{
    unsigned char expected[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    const EVP_MD *digest = hmac_digest(algorithm);
    *good = false;
    if (digest == NULL)
        return MEDGL_ERR_KEY;
    if (HMAC(digest, key->bytes, (int)key->len, message.data, message.len, expected, &len) == NULL)
        return MEDGL_ERR_CRYPTO;
    *good = secret_equal(mac.data, mac.len, expected, len);
    return MEDGL_OK;
}
