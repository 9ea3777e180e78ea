/* What the files about cards share: nothing of it is for others. */
#ifndef MEDGL_FACTOR_CARD_PIECE_H
#define MEDGL_FACTOR_CARD_PIECE_H

#include "factor/card.h"

#include "base/auto.h"

#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

struct card_certificate {
    X509 *x509;
};

/* A list of revoked certificates. */
struct card_list {
    X509_CRL *crl;
    STACK_OF(X509) * signers; /* certificates of the directory whose key signed it */
    medgl_time issued, next;  /* next 0: it does not say */
    bool delta;               /* what it takes back may still be on another list */
    bool whole;               /* who is not on it is not revoked, as far as it goes */
};

/* A directory. Intermediates are no anchors: a chain that ends in one is none. */
struct card_trust {
    X509_STORE *anchors;
    STACK_OF(X509) * intermediates;
    STACK_OF(X509) * all;
    size_t anchor_count;
    struct card_list *lists;
    size_t list_count;
};

/* The next block in armour. MEDGL_ERR_NOT_FOUND: there is none; MEDGL_ERR_ARGUMENT. `name` and
 * `der` are OpenSSL's to free. */
enum medgl_error card_pem_next(BIO *in, char **name, unsigned char **der, size_t *len);
/* How often armour begins: what a reader would skip counts too. */
size_t card_pem_count(const void *bytes, size_t len);

/* Exactly these bytes; NULL: they are not one certificate. */
X509 *card_x509(const void *bytes, size_t len);

enum medgl_error card_name_text(const X509_NAME *name, char text[CARD_TEXT_SIZE]);
enum medgl_error card_time(const ASN1_TIME *time, medgl_time *result);

/* Whether what this key signs is to be believed for years. */
bool card_key_is_strong(EVP_PKEY *key);

static inline void card_bio_free(BIO **bio)
{
    BIO_free_all(*bio);
}

static inline void card_x509_free(X509 **x509)
{
    X509_free(*x509);
}

static inline void card_bytes_free(unsigned char **bytes)
{
    OPENSSL_free(*bytes);
}

static inline void card_text_free(char **text)
{
    OPENSSL_free(*text);
}

#endif
