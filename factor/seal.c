/* Sealing of secrets at rest. Never writes a file, and gives no plaintext out before its tag was
 * checked.
 *
 * A sealed value: version (1 byte, 1), key id (4), nonce (12, random), ciphertext, tag (16).
 * Associated data: "medgl-seal", version, key id, then account and field, each behind its length
 * (4 bytes, big-endian): no two pairs give the same bytes, so no value can change its place. */
#include "factor/seal.h"

#include "base/text.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define SEAL_VERSION 1
#define SEAL_ID      4
#define SEAL_PREFIX  (1 + SEAL_ID) /* version and key id */
#define SEAL_NONCE   12
#define SEAL_HEADER  (SEAL_PREFIX + SEAL_NONCE)
#define SEAL_TAG     16
#define SEAL_KEY     32

/* Lives in its own locked memory. */
struct seal_key {
    struct secret memory;
    unsigned char id[SEAL_ID];
    unsigned char bytes[SEAL_KEY];
};

/* -- the key file ---------------------------------------------------------------------------- */

#define KEY_LABEL     "medgl-store-key-1 "
#define KEY_ID_AT     (sizeof(KEY_LABEL) - 1)
#define KEY_BYTES_AT  (KEY_ID_AT + 2 * SEAL_ID + 1)
#define KEY_BASE64    44
#define KEY_TEXT_SIZE (KEY_BYTES_AT + KEY_BASE64 + 1)

static enum medgl_error seal_key_new(struct seal_key **key)
{
    struct secret memory = SECRET_NONE;
    MEDGL_TRY(secret_alloc(&memory, sizeof(struct seal_key)));
    *key = (void *)memory.bytes;
    (*key)->memory = memory;
    return MEDGL_OK;
}

void seal_key_free(struct seal_key **key)
{
    if (*key == NULL)
        return;
    struct secret memory = (*key)->memory;
    secret_free(&memory);
    *key = NULL;
}

/* The id follows from the key, so that a key file with a typing error in it is known at once. */
static enum medgl_error seal_key_identify(const unsigned char bytes[SEAL_KEY],
                                          unsigned char id[SEAL_ID])
{
    unsigned char hash[CRYPTO_HASH_SIZE];
    MEDGL_TRY(crypto_derive(bytes, SEAL_KEY, "medgl store key id", hash));
    memcpy(id, hash, SEAL_ID);
    secret_wipe(hash, sizeof(hash));
    return MEDGL_OK;
}

enum medgl_error seal_key_generate(struct secret *text)
{
    auto_clean(seal_key_free) struct seal_key *key = NULL;
    auto_secret struct secret line = SECRET_NONE;
    char id[2 * SEAL_ID + 1];
    MEDGL_TRY(seal_key_new(&key));
    MEDGL_TRY(crypto_random(key->bytes, SEAL_KEY));
    MEDGL_TRY(seal_key_identify(key->bytes, key->id));
    MEDGL_TRY(secret_alloc(&line, KEY_TEXT_SIZE));
    text_hex(id, key->id, SEAL_ID);
    (void)snprintf((char *)line.bytes, line.cap, KEY_LABEL "%s ", id);
    crypto_base64((char *)line.bytes + KEY_BYTES_AT, key->bytes, SEAL_KEY, true);
    line.bytes[KEY_TEXT_SIZE - 1] = '\n';
    line.bytes[KEY_TEXT_SIZE] = '\0';
    line.len = KEY_TEXT_SIZE;
    *text = line;
    line = (struct secret)SECRET_NONE;
    return MEDGL_OK;
}

enum medgl_error seal_key_open(const struct secret *text, struct seal_key **key)
{
    auto_clean(seal_key_free) struct seal_key *opened = NULL;
    char id[2 * SEAL_ID + 1] = {0};
    unsigned char expected[SEAL_ID];
    size_t len = SEAL_KEY;
    *key = NULL;
    if (text->len != KEY_TEXT_SIZE || memcmp(text->bytes, KEY_LABEL, KEY_ID_AT) != 0 ||
        text->bytes[KEY_BYTES_AT - 1] != ' ' || text->bytes[KEY_TEXT_SIZE - 1] != '\n')
        return MEDGL_ERR_KEY;
    MEDGL_TRY(seal_key_new(&opened));
    memcpy(id, text->bytes + KEY_ID_AT, 2 * SEAL_ID);
    if (text_unhex(opened->id, SEAL_ID, id) != MEDGL_OK ||
        crypto_unbase64(opened->bytes, &len, (const char *)text->bytes + KEY_BYTES_AT, KEY_BASE64,
                        1) != MEDGL_OK ||
        len != SEAL_KEY)
        return MEDGL_ERR_KEY;
    MEDGL_TRY(seal_key_identify(opened->bytes, expected));
    if (memcmp(expected, opened->id, SEAL_ID) != 0)
        return MEDGL_ERR_KEY;
    *key = auto_give(opened);
    return MEDGL_OK;
}

void seal_key_id(const struct seal_key *key, char id[SEAL_KEY_ID_SIZE])
{
    text_hex(id, key->id, SEAL_ID);
}

enum medgl_error seal_key_derive(const struct seal_key *key, const char *label,
                                 unsigned char derived[CRYPTO_HASH_SIZE])
{
    return crypto_derive(key->bytes, SEAL_KEY, label, derived);
}

/* -- sealed values --------------------------------------------------------------------------- */

static void seal_context_free(EVP_CIPHER_CTX **context)
{
    EVP_CIPHER_CTX_free(*context);
}

static bool seal_bind(EVP_CIPHER_CTX *context, const char *text)
{
    size_t len = strlen(text);
    if (len > INT_MAX)
        return false;
    unsigned char length[4] = {(unsigned char)(len >> 24), (unsigned char)(len >> 16),
                               (unsigned char)(len >> 8), (unsigned char)len};
    int done;
    return EVP_CipherUpdate(context, NULL, &done, length, sizeof(length)) == 1 &&
           EVP_CipherUpdate(context, NULL, &done, (const unsigned char *)text, (int)len) == 1;
}

/* A cipher in the wanted direction that has seen all associated data; NULL: OpenSSL failed. */
static EVP_CIPHER_CTX *seal_begin(const struct seal_key *key, bool sealing,
                                  const unsigned char header[SEAL_HEADER], const char *account,
                                  const char *field)
{
    static const unsigned char label[] = {'m', 'e', 'd', 'g', 'l', '-', 's', 'e', 'a', 'l'};
    auto_clean(seal_context_free) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int done;
    if (context == NULL ||
        EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key->bytes, header + SEAL_PREFIX,
                          sealing) != 1 ||
        EVP_CipherUpdate(context, NULL, &done, label, sizeof(label)) != 1 ||
        EVP_CipherUpdate(context, NULL, &done, header, SEAL_PREFIX) != 1 ||
        !seal_bind(context, account) || !seal_bind(context, field))
        return NULL;
    return auto_give(context);
}

enum medgl_error seal(const struct seal_key *key, const char *account, const char *field,
                      const void *plain, size_t len, unsigned char *sealed, size_t *sealed_len)
{
    size_t room = *sealed_len;
    *sealed_len = 0;
    if (len > INT_MAX - SEAL_OVERHEAD || room < len + SEAL_OVERHEAD)
        return MEDGL_ERR_ARGUMENT;
    sealed[0] = SEAL_VERSION;
    memcpy(sealed + 1, key->id, SEAL_ID);
    MEDGL_TRY(crypto_random(sealed + SEAL_PREFIX, SEAL_NONCE));
    unsigned char *body = sealed + SEAL_HEADER;
    int done, rest;
    auto_clean(seal_context_free) EVP_CIPHER_CTX *context =
        seal_begin(key, true, sealed, account, field);
    if (context == NULL || EVP_CipherUpdate(context, body, &done, plain, (int)len) != 1 ||
        EVP_CipherFinal_ex(context, body + len, &rest) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG, body + len) != 1)
        return MEDGL_ERR_CRYPTO;
    *sealed_len = len + SEAL_OVERHEAD;
    return MEDGL_OK;
}

enum medgl_error unseal(const struct seal_key *key, const char *account, const char *field,
                        const unsigned char *sealed, size_t sealed_len, struct secret *plain)
{
    if (sealed_len < SEAL_OVERHEAD || sealed_len > INT_MAX)
        return MEDGL_ERR_CORRUPT;
    if (sealed[0] != SEAL_VERSION)
        return MEDGL_ERR_VERSION;
    if (memcmp(sealed + 1, key->id, SEAL_ID) != 0)
        return MEDGL_ERR_KEY;
    const unsigned char *body = sealed + SEAL_HEADER;
    size_t len = sealed_len - SEAL_OVERHEAD;
    unsigned char tag[SEAL_TAG];
    memcpy(tag, body + len, SEAL_TAG);
    int done, rest;
    auto_secret struct secret opened = SECRET_NONE;
    MEDGL_TRY(secret_alloc(&opened, len));
    auto_clean(seal_context_free) EVP_CIPHER_CTX *context =
        seal_begin(key, false, sealed, account, field);
    if (context == NULL ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG, tag) != 1 ||
        EVP_CipherUpdate(context, opened.bytes, &done, body, (int)len) != 1)
        return MEDGL_ERR_CRYPTO;
    if (EVP_CipherFinal_ex(context, opened.bytes + len, &rest) != 1)
        return MEDGL_ERR_CORRUPT;
    opened.len = len;
    opened.bytes[len] = '\0';
    *plain = opened;
    opened = (struct secret)SECRET_NONE;
    return MEDGL_OK;
}
