/* Signed notes (C2SP signed-note) with Ed25519 keys (RFC 8032). The one file of this room that
 * speaks to OpenSSL. Never gives a private key out but as the text for its file. */
#include "ledger/note.h"

#include "base/auto.h"
#include "base/text.h"
#include "ledger/note_key.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define KEY_SIZE       NOTE_KEY_SIZE
#define SIGNATURE_SIZE NOTE_SIGNATURE_SIZE
#define KEY_HASH_SIZE  NOTE_KEY_HASH_SIZE

/* A cosignature is a time longer than a signature. */
#define NOTE_SIGNATURE_BYTES_MAX (KEY_HASH_SIZE + sizeof(uint64_t) + SIGNATURE_SIZE)

static const char private_prefix[] = "PRIVATE+KEY+";
static const char signature_prefix[] = "\u2014 ";

/* What a key text says: a seed in a signer's, a public key in a verifier's. */
struct key_text {
    char name[NOTE_ORIGIN_SIZE];
    unsigned char hash[KEY_HASH_SIZE];
    unsigned char body[1 + KEY_SIZE]; /* the algorithm, then the key */
};

struct note_signer {
    struct note_key key;
};

struct note_verifier {
    struct note_key key;
};

static void key_text_wipe(struct key_text *text)
{
    secret_wipe(text, sizeof(*text));
}

static void pkey_free(EVP_PKEY **pkey)
{
    EVP_PKEY_free(*pkey); /* wipes a private key */
}

static void context_free(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

/* -- keys ------------------------------------------------------------------------------------- */

bool note_name_valid(const char *name)
{
    for (const char *at = name; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~' || *at == '+')
            return false;
    return name[0] != '\0' && strlen(name) < NOTE_ORIGIN_SIZE;
}

/* The first bytes of SHA-256(name || "\n" || algorithm || public key). */
static enum medgl_error key_hash(const char *name, unsigned char algorithm,
                                 const unsigned char public_key[KEY_SIZE],
                                 unsigned char hash[KEY_HASH_SIZE])
{
    unsigned char whole[CRYPTO_HASH_SIZE];
    const struct bytes parts[] = {
        {name, strlen(name)}, {"\n", 1}, {&algorithm, 1}, {public_key, KEY_SIZE}};
    MEDGL_TRY(crypto_sha256(parts, MEDGL_COUNT(parts), whole));
    memcpy(hash, whole, KEY_HASH_SIZE);
    return MEDGL_OK;
}

/* "<name>+<hash8>+<base64>", with or without a newline behind it. */
static bool key_text_parse(const char *text, unsigned char algorithm, struct key_text *key)
{
    char digits[2 * KEY_HASH_SIZE + 1];
    size_t name_len = strcspn(text, "+"), body_len = sizeof(key->body);
    if (name_len >= sizeof(key->name) || strlen(text) < name_len + 1 + sizeof(digits))
        return false;
    memcpy(key->name, text, name_len);
    key->name[name_len] = '\0';
    text += name_len + 1;
    memcpy(digits, text, sizeof(digits) - 1);
    digits[sizeof(digits) - 1] = '\0';
    text += sizeof(digits) - 1;
    if (!note_name_valid(key->name) || *text++ != '+' ||
        text_unhex(key->hash, sizeof(key->hash), digits) != MEDGL_OK)
        return false;
    size_t len = strlen(text);
    if (len > 0 && text[len - 1] == '\n')
        len--;
    return crypto_unbase64(key->body, &body_len, text, len, true) == MEDGL_OK &&
           body_len == sizeof(key->body) && key->body[0] == algorithm;
}

/* Takes the OpenSSL key over, also when it fails. */
static enum medgl_error key_make(const char *name, unsigned char algorithm, EVP_PKEY *pkey,
                                 struct note_key *key)
{
    auto_clean(pkey_free) EVP_PKEY *owned = pkey;
    size_t len = sizeof(key->public_key);
    if (owned == NULL || EVP_PKEY_get_raw_public_key(owned, key->public_key, &len) != 1)
        return MEDGL_ERR_KEY;
    MEDGL_TRY(text_copy(key->name, sizeof(key->name), name));
    MEDGL_TRY(key_hash(name, algorithm, key->public_key, key->hash));
    key->pkey = auto_give(owned);
    return MEDGL_OK;
}

static EVP_PKEY *pkey_private(const unsigned char seed[KEY_SIZE])
{
    return EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, seed, KEY_SIZE);
}

static EVP_PKEY *pkey_public(const unsigned char public_key[KEY_SIZE])
{
    return EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, public_key, KEY_SIZE);
}

static void key_vkey(const struct note_key *key, char vkey[NOTE_VKEY_SIZE])
{
    unsigned char body[1 + KEY_SIZE] = {NOTE_ED25519};
    char digits[2 * KEY_HASH_SIZE + 1], encoded[4 * ((sizeof(body) + 2) / 3) + 1];
    memcpy(body + 1, key->public_key, KEY_SIZE);
    text_hex(digits, key->hash, sizeof(key->hash));
    crypto_base64(encoded, body, sizeof(body), true);
    (void)snprintf(vkey, NOTE_VKEY_SIZE, "%s+%s+%s", key->name, digits, encoded);
}

enum medgl_error note_key_generate(const char *name, struct secret *skey, char vkey[NOTE_VKEY_SIZE])
{
    if (!note_name_valid(name))
        return MEDGL_ERR_ARGUMENT;
    auto_clean(key_text_wipe) struct key_text text = {.body = {NOTE_ED25519}};
    MEDGL_TRY(crypto_random(text.body + 1, KEY_SIZE));
    struct note_key key = {.pkey = NULL};
    MEDGL_TRY(key_make(name, NOTE_ED25519, pkey_private(text.body + 1), &key));
    EVP_PKEY_free(key.pkey);
    char digits[2 * KEY_HASH_SIZE + 1];
    text_hex(digits, key.hash, sizeof(key.hash));
    MEDGL_TRY(secret_alloc(skey, NOTE_VKEY_SIZE));
    char *to = (char *)skey->bytes;
    int used = snprintf(to, skey->cap, "%s%s+%s+", private_prefix, name, digits);
    crypto_base64(to + used, text.body, sizeof(text.body), true);
    skey->len = strlen(to);
    key_vkey(&key, vkey);
    return MEDGL_OK;
}

enum medgl_error note_signer_open(const struct secret *skey, struct note_signer **signer)
{
    *signer = NULL;
    const char *from = (const char *)skey->bytes;
    auto_clean(key_text_wipe) struct key_text text = {.name = ""};
    if (from == NULL || strlen(from) != skey->len ||
        strncmp(from, private_prefix, sizeof(private_prefix) - 1) != 0 ||
        !key_text_parse(from + sizeof(private_prefix) - 1, NOTE_ED25519, &text))
        return MEDGL_ERR_KEY;
    auto_clean(note_signer_free) struct note_signer *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return MEDGL_ERR_MEMORY;
    MEDGL_TRY(key_make(text.name, NOTE_ED25519, pkey_private(text.body + 1), &made->key));
    if (memcmp(made->key.hash, text.hash, KEY_HASH_SIZE) != 0)
        return MEDGL_ERR_KEY;
    *signer = auto_give(made);
    return MEDGL_OK;
}

void note_signer_free(struct note_signer **signer)
{
    if (*signer != NULL)
        note_key_close(&(*signer)->key);
    free(*signer);
    *signer = NULL;
}

const char *note_signer_name(const struct note_signer *signer)
{
    return signer->key.name;
}

enum medgl_error note_signer_vkey(const struct note_signer *signer, char vkey[NOTE_VKEY_SIZE])
{
    key_vkey(&signer->key, vkey);
    return MEDGL_OK;
}

enum medgl_error note_key_open(const char *vkey, unsigned char algorithm, struct note_key *key)
{
    struct key_text text;
    if (!key_text_parse(vkey, algorithm, &text))
        return MEDGL_ERR_KEY;
    MEDGL_TRY(key_make(text.name, algorithm, pkey_public(text.body + 1), key));
    return memcmp(key->hash, text.hash, KEY_HASH_SIZE) == 0 ? MEDGL_OK : MEDGL_ERR_KEY;
}

void note_key_close(struct note_key *key)
{
    EVP_PKEY_free(key->pkey);
    key->pkey = NULL;
}

enum medgl_error note_verifier_open(const char *vkey, struct note_verifier **verifier)
{
    *verifier = NULL;
    auto_clean(note_verifier_free) struct note_verifier *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return MEDGL_ERR_MEMORY;
    MEDGL_TRY(note_key_open(vkey, NOTE_ED25519, &made->key));
    *verifier = auto_give(made);
    return MEDGL_OK;
}

void note_verifier_free(struct note_verifier **verifier)
{
    if (*verifier != NULL)
        note_key_close(&(*verifier)->key);
    free(*verifier);
    *verifier = NULL;
}

const char *note_verifier_name(const struct note_verifier *verifier)
{
    return verifier->key.name;
}

bool note_verifier_same(const struct note_verifier *one, const struct note_verifier *other)
{
    return strcmp(one->key.name, other->key.name) == 0 &&
           memcmp(one->key.public_key, other->key.public_key, KEY_SIZE) == 0;
}

/* -- notes ------------------------------------------------------------------------------------ */

static bool text_valid(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' && *at != '\n')
            return false;
    size_t len = strlen(text);
    return len > 0 && text[len - 1] == '\n';
}

/* Puts a signature line over the text behind what stands in `note`. */
static enum medgl_error signature_append(const char *text, const struct note_signer *signer,
                                         char *note, size_t size)
{
    unsigned char signature[KEY_HASH_SIZE + SIGNATURE_SIZE];
    char encoded[4 * ((sizeof(signature) + 2) / 3) + 1];
    size_t len = SIGNATURE_SIZE, used = strlen(note);
    auto_clean(context_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL)
        return MEDGL_ERR_MEMORY;
    memcpy(signature, signer->key.hash, KEY_HASH_SIZE);
    if (EVP_DigestSignInit(context, NULL, NULL, NULL, signer->key.pkey) != 1 ||
        EVP_DigestSign(context, signature + KEY_HASH_SIZE, &len, (const unsigned char *)text,
                       strlen(text)) != 1 ||
        len != SIGNATURE_SIZE)
        return MEDGL_ERR_CRYPTO;
    crypto_base64(encoded, signature, sizeof(signature), true);
    int written = snprintf(note + used, size - used, "%s%s %s\n", signature_prefix,
                           signer->key.name, encoded);
    return written >= 0 && (size_t)written < size - used ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
}

enum medgl_error note_sign(const char *text, const struct note_signer *signer, char *note,
                           size_t size)
{
    if (!text_valid(text))
        return MEDGL_ERR_ARGUMENT;
    int written = snprintf(note, size, "%s\n", text);
    if (written < 0 || (size_t)written >= size)
        return MEDGL_ERR_ARGUMENT;
    return signature_append(text, signer, note, size);
}

static bool key_same(const struct note_key *a, const struct note_key *b)
{
    return strcmp(a->name, b->name) == 0 && memcmp(a->hash, b->hash, KEY_HASH_SIZE) == 0;
}

enum medgl_error note_sign_both(const char *text, const struct note_signer *first,
                                const struct note_signer *second, char *note, size_t size)
{
    /* One name for two keys: whoever verifies could not tell whose line it is. */
    if (key_same(&first->key, &second->key))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(note_sign(text, first, note, size));
    return signature_append(text, second, note, size);
}

enum medgl_error note_key_verify(const struct note_key *key, const void *message, size_t len,
                                 const unsigned char signature[SIGNATURE_SIZE])
{
    auto_clean(context_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL)
        return MEDGL_ERR_MEMORY;
    if (EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->pkey) != 1)
        return MEDGL_ERR_CRYPTO;
    return EVP_DigestVerify(context, signature, SIGNATURE_SIZE, message, len) == 1
               ? MEDGL_OK
               : MEDGL_ERR_CORRUPT;
}

/* One signature line. MEDGL_ERR_NOT_FOUND: it is by another key. */
static enum medgl_error signature_line(const struct note_key *key, const char *line,
                                       const char *end, unsigned char *signature, size_t size)
{
    unsigned char start[6], whole[NOTE_SIGNATURE_BYTES_MAX];
    if (strncmp(line, signature_prefix, sizeof(signature_prefix) - 1) != 0)
        return MEDGL_ERR_CORRUPT;
    line += sizeof(signature_prefix) - 1;
    const char *space = memchr(line, ' ', (size_t)(end - line));
    if (space == NULL || space == line || end - (space + 1) < 8)
        return MEDGL_ERR_CORRUPT;
    const char *encoded = space + 1;
    size_t start_len = sizeof(start), room = sizeof(whole), name_len = strlen(key->name);
    /* Other keys sign with other algorithms, in other lengths: the name and the hash tell. */
    if (crypto_unbase64(start, &start_len, encoded, 8, true) != MEDGL_OK || start_len < 5)
        return MEDGL_ERR_CORRUPT;
    if ((size_t)(space - line) != name_len || memcmp(line, key->name, name_len) != 0 ||
        memcmp(start, key->hash, KEY_HASH_SIZE) != 0)
        return MEDGL_ERR_NOT_FOUND;
    if (crypto_unbase64(whole, &room, encoded, (size_t)(end - encoded), true) != MEDGL_OK ||
        size > sizeof(whole) - KEY_HASH_SIZE || room != KEY_HASH_SIZE + size)
        return MEDGL_ERR_CORRUPT;
    memcpy(signature, whole + KEY_HASH_SIZE, size);
    return MEDGL_OK;
}

enum medgl_error note_signature_next(const struct note_key *key, const char **at,
                                     unsigned char *signature, size_t size)
{
    while (**at != '\0') {
        const char *line = *at, *end = strchr(line, '\n');
        if (end == NULL)
            return MEDGL_ERR_CORRUPT;
        *at = end + 1;
        enum medgl_error error = signature_line(key, line, end, signature, size);
        if (error != MEDGL_ERR_NOT_FOUND)
            return error;
    }
    return MEDGL_ERR_NOT_FOUND;
}

enum medgl_error note_split(const char *note, size_t *text_len)
{
    const char *split = NULL;
    *text_len = 0;
    if (!text_valid(note))
        return MEDGL_ERR_CORRUPT;
    for (const char *at = strstr(note, "\n\n"); at != NULL; at = strstr(at + 1, "\n\n"))
        split = at;
    if (split == NULL)
        return MEDGL_ERR_CORRUPT;
    *text_len = (size_t)(split - note) + 1; /* the text ends in its own newline */
    return MEDGL_OK;
}

enum medgl_error note_open(const char *note, const struct note_verifier *verifier, size_t *text_len)
{
    unsigned char signature[SIGNATURE_SIZE];
    enum medgl_error error;
    bool mine = false;
    size_t len;
    *text_len = 0;
    MEDGL_TRY(note_split(note, &len));
    const char *at = note + len + 1;
    while ((error = note_signature_next(&verifier->key, &at, signature, sizeof(signature))) ==
           MEDGL_OK) {
        MEDGL_TRY(note_key_verify(&verifier->key, note, len, signature));
        mine = true;
    }
    if (error != MEDGL_ERR_NOT_FOUND || !mine)
        return error == MEDGL_ERR_NOT_FOUND ? MEDGL_ERR_CORRUPT : error;
    *text_len = len;
    return MEDGL_OK;
}

bool note_looks_like(const char *text)
{
    return strstr(text, "\n\n\u2014 ") != NULL; /* signature_prefix */
}

bool note_vkey_looks_like(const char *text)
{
    for (const char *line = text, *plus; *line != '\0'; line += strspn(line, "\n")) {
        plus = line + strcspn(line, "+\n");
        if (*plus == '+' && plus > line &&
            strspn(plus + 1, "0123456789abcdefABCDEF") == (size_t)2 * KEY_HASH_SIZE &&
            plus[1 + 2 * KEY_HASH_SIZE] == '+')
            return true;
        line += strcspn(line, "\n");
    }
    return false;
}

bool note_names(const char *note, const struct note_signer *signer)
{
    unsigned char signature[SIGNATURE_SIZE];
    enum medgl_error error = MEDGL_ERR_NOT_FOUND;
    size_t len;
    if (note_split(note, &len) != MEDGL_OK)
        return false;
    for (const char *line = note + len + 1, *end; *line != '\0'; line = end + 1) {
        end = strchr(line, '\n');
        if (end == NULL)
            return false;
        error = signature_line(&signer->key, line, end, signature, sizeof(signature));
        if (error != MEDGL_OK && error != MEDGL_ERR_NOT_FOUND)
            return false;
    }
    return error == MEDGL_OK;
}
