/* Files of documents, envelopes, and the certificates that they are sealed to. */
#include "base/auto.h"
#include "base/file.h"
#include "ledger/envelope.h"
#include "operation/document_type.h"
#include "tests/fuzz/fuzz.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/mman.h>

/* Of nobody: it was made for this. tests/fuzz/seeds.sh reads it here. */
static const char key_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3DOMoiRCr7rWCFzn\n"
                              "1FDJebz37DmJnxxUmXsD+qZiadKhRANCAAQdVCdUoGtVL+THx4amITpjEO9AQRFB\n"
                              "bM/RnyXLHPzEj62cFOB1VUxe8hEvvPmBr0DldG0HSjpeVMudAt0HgBlQ\n"
                              "-----END PRIVATE KEY-----\n";

/* A type is that of the beginning: nothing behind it changes it. */
void fuzz_document(const uint8_t *bytes, size_t len)
{
    static uint8_t longer[16384 + 16];
    const char *type = document_type(bytes, len), *again;
    if (type == NULL || len > sizeof(longer) - 16)
        return;
    must(strncmp(type, "image/", 6) == 0 || strcmp(type, "application/pdf") == 0);
    memcpy(longer, bytes, len);
    again = document_type(longer, len + 16);
    must(again != NULL && strcmp(again, type) == 0);
}

/* What we open OpenSSL opens too, as the same. */
static void check_other(const uint8_t *bytes, size_t len, const struct secret *plain)
{
    BIO *in = BIO_new_mem_buf(key_pem, -1), *out = BIO_new(BIO_s_mem());
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &bytes, (long)len);
    char *found = NULL;
    must(key != NULL && cms != NULL && out != NULL);
    must(CMS_decrypt(cms, key, NULL, NULL, out, CMS_BINARY) == 1);
    const long found_len = BIO_get_mem_data(out, &found);
    must(found_len >= 0 && (size_t)found_len == plain->len);
    must(plain->len == 0 || memcmp(found, plain->bytes, plain->len) == 0);
    CMS_ContentInfo_free(cms);
    EVP_PKEY_free(key);
    BIO_free(in);
    BIO_free(out);
    ERR_clear_error();
}

static enum medgl_error open_as_stream(const struct envelope_key *key, const uint8_t *bytes,
                                       size_t len, struct secret *plain)
{
    auto_fd int from = memfd_create("from", MFD_CLOEXEC), to = memfd_create("to", MFD_CLOEXEC);
    must(from >= 0 && to >= 0 && file_write(from, bytes, len) == MEDGL_OK);
    must(lseek(from, 0, SEEK_SET) == 0);
    enum medgl_error error = envelope_open_stream(key, from, to);
    const off_t size = lseek(to, 0, SEEK_END);
    must(size >= 0 && secret_alloc(plain, (size_t)size) == MEDGL_OK);
    must(pread(to, plain->bytes, (size_t)size, 0) == size);
    plain->len = (size_t)size;
    return error;
}

/* As a whole and as a stream it is the same, or the same error. */
void fuzz_envelope(const uint8_t *bytes, size_t len)
{
    auto_secret struct secret pem = SECRET_NONE, plain = SECRET_NONE, streamed = SECRET_NONE;
    const struct envelope_key key = {.pem = &pem};
    must(secret_copy(&pem, key_pem, strlen(key_pem)) == MEDGL_OK);
    enum medgl_error error = envelope_open(&key, bytes, len, &plain);
    must(error == MEDGL_OK || plain.bytes == NULL);
    must(open_as_stream(&key, bytes, len, &streamed) == error);
    must(error != MEDGL_ERR_KEY || streamed.len == 0);
    if (error != MEDGL_OK)
        return;
    must(secret_equal(plain.bytes, plain.len, streamed.bytes, streamed.len));
    check_other(bytes, len, &plain);
}

/* Either there are readers, to whom something can be sealed, or a sentence. */
void fuzz_readers(const uint8_t *bytes, size_t len)
{
    auto_secret struct secret pem = SECRET_NONE;
    auto_clean(envelope_readers_free) struct envelope_readers *readers = NULL;
    auto_free unsigned char *der = NULL;
    char why[ENVELOPE_WHY_SIZE];
    size_t der_len;
    must(secret_copy(&pem, bytes, len) == MEDGL_OK);
    enum medgl_error error = envelope_readers_open(&pem, clock_read().now, &readers, why);
    must((error == MEDGL_OK) == (readers != NULL) && (error == MEDGL_ERR_KEY) == (why[0] != '\0'));
    if (readers == NULL)
        return;
    must(envelope_readers_count(readers) >= 1);
    must(envelope_readers_count(readers) <= ENVELOPE_READERS_MAX);
    must(envelope_seal(readers, "x", 1, &der, &der_len) == MEDGL_OK);
}
