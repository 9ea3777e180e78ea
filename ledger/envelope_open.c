/* Opening what was sealed, with a private key. A wrong key is an error before anything is
 * decrypted: OAEP and the key wrap of RFC 3394 tell it. Content under PKCS #1 v1.5, which does not,
 * is not opened: OpenSSL would give random bytes for it. See envelope.h. */
#include "ledger/envelope.h"
#include "ledger/envelope_read.h"

#include "base/file.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#define PEM_MAX   ((size_t)1 << 20)
#define PLAIN_MAX ((size_t)1 << 30)

static void open_key_free(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
    *key = NULL;
}

static void open_bio_free(BIO **bio)
{
    BIO_free_all(*bio);
    *bio = NULL;
}

static void open_cms_free(CMS_ContentInfo **cms)
{
    CMS_ContentInfo_free(*cms);
    *cms = NULL;
}

static void open_head_free(struct envelope_head *head)
{
    free(head->der);
}

/* -- the key ---------------------------------------------------------------------------------- */

struct passphrase {
    const struct envelope_key *key;
    struct secret answer; /* asked for once */
    bool asked;
    enum medgl_error error;
};

static void passphrase_free(struct passphrase *passphrase)
{
    secret_free(&passphrase->answer);
}

static int passphrase_give(char *buffer, int size, int writing, void *argument)
{
    struct passphrase *run = argument;
    (void)writing;
    if (run->key->passphrase == NULL)
        return -1;
    if (!run->asked)
        run->error = run->key->passphrase(run->key->argument, &run->answer);
    run->asked = true;
    if (run->error != MEDGL_OK || size < 0 || run->answer.len > (size_t)size)
        return -1;
    if (run->answer.len > 0)
        memcpy(buffer, run->answer.bytes, run->answer.len);
    return (int)run->answer.len;
}

static enum medgl_error open_key(const struct envelope_key *key, EVP_PKEY **opened)
{
    auto_clean(passphrase_free) struct passphrase run = {.key = key, .answer = SECRET_NONE};
    if (key->pem->len == 0 || key->pem->len > PEM_MAX)
        return MEDGL_ERR_KEY;
    auto_clean(open_bio_free) BIO *in = BIO_new_mem_buf(key->pem->bytes, (int)key->pem->len);
    if (in == NULL)
        return MEDGL_ERR_MEMORY;
    *opened = PEM_read_bio_PrivateKey(in, NULL, passphrase_give, &run);
    if (*opened != NULL)
        return MEDGL_OK;
    return run.error != MEDGL_OK ? run.error : MEDGL_ERR_KEY;
}

/* -- the key of the content ------------------------------------------------------------------- */

static bool unwrap_transport(CMS_ContentInfo *cms, CMS_RecipientInfo *info, EVP_PKEY *key)
{
    X509_ALGOR *how = NULL;
    const ASN1_OBJECT *name = NULL;
    if (!EVP_PKEY_is_a(key, "RSA") ||
        CMS_RecipientInfo_ktri_get0_algs(info, NULL, NULL, &how) != 1 || how == NULL)
        return false;
    X509_ALGOR_get0(&name, NULL, NULL, how);
    if (OBJ_obj2nid(name) != NID_rsaesOaep || EVP_PKEY_up_ref(key) != 1)
        return false;
    (void)CMS_RecipientInfo_set0_pkey(info, key);
    bool good = CMS_RecipientInfo_decrypt(cms, info) == 1;
    (void)CMS_RecipientInfo_set0_pkey(info, NULL);
    return good;
}

static bool unwrap_agreement(CMS_ContentInfo *cms, CMS_RecipientInfo *info, EVP_PKEY *key)
{
    STACK_OF(CMS_RecipientEncryptedKey) *keys =
        EVP_PKEY_is_a(key, "EC") ? CMS_RecipientInfo_kari_get0_reks(info) : NULL;
    bool good = false;
    for (int i = 0; !good && i < sk_CMS_RecipientEncryptedKey_num(keys); i++) {
        good = CMS_RecipientInfo_kari_set0_pkey(info, key) == 1 &&
               CMS_RecipientInfo_kari_decrypt(cms, info,
                                              sk_CMS_RecipientEncryptedKey_value(keys, i)) == 1;
        (void)CMS_RecipientInfo_kari_set0_pkey(info, NULL);
    }
    return good;
}

static enum medgl_error open_unwrap(CMS_ContentInfo *cms, EVP_PKEY *key)
{
    STACK_OF(CMS_RecipientInfo) *infos = CMS_get0_RecipientInfos(cms);
    bool good = false;
    for (int i = 0; !good && i < sk_CMS_RecipientInfo_num(infos); i++) {
        CMS_RecipientInfo *info = sk_CMS_RecipientInfo_value(infos, i);
        const int type = CMS_RecipientInfo_type(info);
        good = (type == CMS_RECIPINFO_TRANS && unwrap_transport(cms, info, key)) ||
               (type == CMS_RECIPINFO_AGREE && unwrap_agreement(cms, info, key));
    }
    return good ? MEDGL_OK : MEDGL_ERR_KEY;
}

static bool open_cipher_good(const struct envelope_head *head)
{
    const unsigned char *at = head->cipher;
    const ASN1_OBJECT *name = NULL;
    X509_ALGOR *cipher = d2i_X509_ALGOR(NULL, &at, (long)head->cipher_len);
    if (cipher == NULL)
        return false;
    X509_ALGOR_get0(&name, NULL, NULL, cipher);
    const int nid = OBJ_obj2nid(name);
    X509_ALGOR_free(cipher);
    return nid == NID_aes_256_cbc || nid == NID_aes_192_cbc || nid == NID_aes_128_cbc;
}

static enum medgl_error open_head(struct envelope_read *read, CMS_ContentInfo **cms)
{
    auto_clean(open_head_free) struct envelope_head head = {.len = 0};
    MEDGL_TRY(envelope_read_head(read, &head));
    const unsigned char *at = head.der;
    *cms = d2i_CMS_ContentInfo(NULL, &at, (long)head.len);
    if (*cms == NULL || at != head.der + head.len ||
        OBJ_obj2nid(CMS_get0_type(*cms)) != NID_pkcs7_enveloped || !open_cipher_good(&head))
        return MEDGL_ERR_CORRUPT;
    return MEDGL_OK;
}

/* -- the content ------------------------------------------------------------------------------ */

/* Where it goes: into memory that grows, or through a piece of it to a descriptor. */
struct pour {
    struct secret *plain;
    int to;
    struct secret piece;
};

static void pour_free(struct pour *pour)
{
    secret_free(&pour->piece);
}

static enum medgl_error pour_give(struct pour *pour, size_t len)
{
    if (pour->plain == NULL)
        return file_write(pour->to, pour->piece.bytes, len);
    if (len > pour->plain->cap - pour->plain->len)
        return MEDGL_ERR_CORRUPT; /* more than was encrypted */
    memcpy(pour->plain->bytes + pour->plain->len, pour->piece.bytes, len);
    pour->plain->len += len;
    return MEDGL_OK;
}

/* Everything that the cipher gives for what it has: the chain asks for more when that is all. */
static enum medgl_error pour_out(BIO *chain, struct pour *pour)
{
    int got;
    while ((got = BIO_read(chain, pour->piece.bytes, (int)pour->piece.cap)) > 0)
        MEDGL_TRY(pour_give(pour, (size_t)got));
    return MEDGL_OK;
}

static enum medgl_error open_pour(struct envelope_read *read, BIO *chain, BIO *sealed,
                                  struct pour *pour)
{
    const unsigned char *bytes;
    size_t len;
    (void)BIO_set_mem_eof_return(sealed, -1); /* more will come */
    for (;;) {
        MEDGL_TRY(envelope_read_content(read, &bytes, &len));
        if (len == 0)
            break;
        if (BIO_write(sealed, bytes, (int)len) != (int)len)
            return MEDGL_ERR_MEMORY;
        MEDGL_TRY(pour_out(chain, pour));
    }
    (void)BIO_set_mem_eof_return(sealed, 0);
    MEDGL_TRY(pour_out(chain, pour));
    return BIO_get_cipher_status(chain) == 1 ? MEDGL_OK : MEDGL_ERR_CORRUPT;
}

static enum medgl_error open_content(struct envelope_read *read, EVP_PKEY *key, struct pour *pour)
{
    auto_clean(open_cms_free) CMS_ContentInfo *cms = NULL;
    MEDGL_TRY(open_head(read, &cms));
    MEDGL_TRY(open_unwrap(cms, key));
    auto_clean(open_bio_free) BIO *sealed = BIO_new(BIO_s_mem());
    if (sealed == NULL)
        return MEDGL_ERR_MEMORY;
    auto_clean(open_bio_free) BIO *chain = CMS_dataInit(cms, sealed);
    if (chain == NULL)
        return MEDGL_ERR_CORRUPT;
    MEDGL_TRY(secret_alloc(&pour->piece, ENVELOPE_PIECE));
    return open_pour(read, chain, auto_give(sealed), pour);
}

static enum medgl_error open_from(const struct envelope_key *key, struct envelope_read *read,
                                  struct pour *pour)
{
    auto_clean(open_key_free) EVP_PKEY *opened = NULL;
    ERR_clear_error();
    enum medgl_error error = open_key(key, &opened);
    if (error == MEDGL_OK)
        error = open_content(read, opened, pour);
    ERR_clear_error();
    return error;
}

enum medgl_error envelope_open(const struct envelope_key *key, const void *der, size_t len,
                               struct secret *plain)
{
    auto_clean(envelope_read_free) struct envelope_read read = {.fd = -1};
    auto_secret struct secret found = SECRET_NONE;
    auto_clean(pour_free) struct pour pour = {.plain = &found, .to = -1, .piece = SECRET_NONE};
    if (len == 0 || len > PLAIN_MAX)
        return MEDGL_ERR_CORRUPT;
    MEDGL_TRY(envelope_read_begin(&read, der, len, -1));
    MEDGL_TRY(secret_alloc(&found, len));
    MEDGL_TRY(open_from(key, &read, &pour));
    *plain = found;
    found = (struct secret)SECRET_NONE;
    return MEDGL_OK;
}

enum medgl_error envelope_open_stream(const struct envelope_key *key, int from, int to)
{
    auto_clean(envelope_read_free) struct envelope_read read = {.fd = -1};
    auto_clean(pour_free) struct pour pour = {.plain = NULL, .to = to, .piece = SECRET_NONE};
    MEDGL_TRY(envelope_read_begin(&read, NULL, 0, from));
    return open_from(key, &read, &pour);
}
