/* Smartcards: what a certificate must be like, and what a signature proves (R24, R38). Never speaks
 * to a card: operation/card_reader.h does. OpenSSL's X.509 is wrapped here alone. */
#ifndef MEDGL_FACTOR_CARD_H
#define MEDGL_FACTOR_CARD_H

#include "base/clock.h"
#include "base/crypto.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CARD_CERTIFICATE_MAX 8192 /* bytes of DER */
#define CARD_SIGNATURE_MAX   1024
#define CARD_CHALLENGE_SIZE  32
#define CARD_TEXT_SIZE       256
#define CARD_MATCH_SIZE      768

struct card_certificate;
/* DER, one certificate and nothing behind it; or PEM with `pem`, where text may stand before it,
 * but nothing else in armour. MEDGL_ERR_ARGUMENT. */
enum medgl_error card_certificate_read(const void *bytes, size_t len, bool pem,
                                       struct card_certificate **certificate);
void card_certificate_free(struct card_certificate **certificate); /* also for auto_clean() */

struct card_facts {
    char subject[CARD_TEXT_SIZE], issuer[CARD_TEXT_SIZE]; /* RFC 2253, printable */
    char serial[64];                                      /* hexadecimal */
    char fingerprint[2 * CRYPTO_HASH_SIZE + 1];           /* SHA-256 of the DER, hexadecimal */
    char key[32];                                         /* "RSA 2048", "EC P-256" */
    medgl_time not_before, not_after;
};
enum medgl_error card_certificate_facts(const struct card_certificate *certificate,
                                        struct card_facts *facts);

/* -- trust ------------------------------------------------------------------------------------ */

/* The anchors, intermediates and lists of revoked certificates of a directory: *.pem, *.crt, *.crl
 * (PEM, also several, or DER). Self-signed certificates are anchors. Trusted files alone
 * (base/file.h), in a trusted directory: owned by root or `owner`, not writable by others. Each
 * that cannot be read is logged, and gives MEDGL_ERR_CORRUPT: less trust than was meant must not
 * look like none. MEDGL_ERR_NOT_FOUND: no anchor there. MEDGL_ERR_ACCESS: the directory. */
struct card_trust;
enum medgl_error card_trust_load(const char *directory, uid_t owner, struct card_trust **trust);
void card_trust_free(struct card_trust **trust); /* also for auto_clean() */

/* What doctor asks: how much there is; of how many issuers the newest list is past its end, and
 * when the one ends that ends first (0: none says); and how many issuers have none, with the name
 * of one of them. */
struct card_trust_facts {
    size_t anchors, lists, old, missing;
    medgl_time next;
    char without[CARD_TEXT_SIZE];
};
void card_trust_facts(const struct card_trust *trust, medgl_time now,
                      struct card_trust_facts *facts);

/* For fuzzers: a trust of nothing, and what a file of the directory says added to it. `name` is for
 * the log. MEDGL_ERR_CORRUPT. */
enum medgl_error card_trust_new(struct card_trust **trust);
enum medgl_error card_trust_add(struct card_trust *trust, const char *name, const void *bytes,
                                size_t len);
enum medgl_error card_trust_settle(struct card_trust *trust); /* when all is added */

enum card_verdict {
    CARD_UNDECIDED = 0,
    CARD_GOOD,
    CARD_UNTRUSTED, /* no chain to an anchor */
    CARD_NOT_YET,
    CARD_EXPIRED,
    CARD_REVOKED,
    CARD_USAGE, /* not for digital signatures (keyUsage), or not for clients (extendedKeyUsage) */
    CARD_WEAK_KEY, /* RSA below 2048, EC below 256 bits, a digest such as SHA-1; of the card itself
                      also any other kind of key, or curve than P-256, P-384 and P-521 */
    CARD_NO_CRL,   /* the issuer has none here */
    CARD_CRL_OLD,  /* it is past its nextUpdate */
    CARD_BAD_SIGNATURE,
};
const char *card_verdict_word(enum card_verdict verdict); /* "revoked"; never NULL */

struct card_judgement {
    enum card_verdict verdict; /* CARD_NO_CRL and CARD_CRL_OLD come last: all else holds, and the
                                  policy says what they mean */
    medgl_time crl_issued, crl_next; /* of the certificate's own issuer, with CARD_CRL_OLD of the
                                        issuer whose list is old; 0: there is none */
    char about[CARD_TEXT_SIZE];      /* for the log: whose certificate or list it is about (of
                                        CARD_UNTRUSTED: why); printable, "" with CARD_GOOD */
};
/* Chain, revocation of every certificate below the anchor, validity, key usage, strength: in this
 * order the verdict is found. One that is revoked by an old list is revoked (sssd PR#7447), and so
 * is one that is on any of several lists. */
enum medgl_error card_judge(const struct card_trust *trust,
                            const struct card_certificate *certificate, medgl_time now,
                            struct card_judgement *judgement);

/* -- the proof -------------------------------------------------------------------------------- */

/* How a card is to sign: chosen here by the certificate's key, never by the card. */
enum card_scheme {
    CARD_SCHEME_NONE = 0,
    CARD_RSA_PSS_SHA256,
    CARD_RSA_PKCS1_SHA256,
    CARD_ECDSA_SHA256,
};
/* What this key can do; RSA: PSS where the card says that it can (`pss`). */
enum card_scheme card_scheme_for(const struct card_certificate *certificate, bool pss);

/* MUSTs:
 * - The challenge is random, made here, for this login alone.
 * - What is signed is not the challenge but a text that names the purpose, host and account with
 * it: a signature got for something else proves nothing here. `digest` is SHA-256 of that text. */
enum medgl_error card_challenge(unsigned char challenge[CARD_CHALLENGE_SIZE]);
enum medgl_error card_digest(const unsigned char challenge[CARD_CHALLENGE_SIZE], const char *host,
                             const char *account, unsigned char digest[CRYPTO_HASH_SIZE]);
/* *good starts as false. Any length; an ECDSA signature as DER or as r and s. */
enum medgl_error card_verify(const struct card_certificate *certificate, enum card_scheme scheme,
                             const unsigned char digest[CRYPTO_HASH_SIZE],
                             const unsigned char *signature, size_t len, bool *good);

/* -- whose it is ------------------------------------------------------------------------------ */

enum card_match_kind {
    CARD_MATCH_EXACT = 1,  /* this certificate */
    CARD_MATCH_SERIAL = 2, /* its issuer and serial number */
    CARD_MATCH_SUBJECT =
        3, /* one attribute of the subject, by the same issuer: a renewed one too */
};
/* What is sealed: a rule as text, made from a certificate. `attribute` of SUBJECT: "CN", "UID",
 * "serialNumber", "emailAddress". MEDGL_ERR_ARGUMENT: it has none, or several. */
enum medgl_error card_match_make(const struct card_certificate *certificate,
                                 enum card_match_kind kind, const char *attribute,
                                 char match[CARD_MATCH_SIZE]);
/* MEDGL_ERR_CORRUPT: no such rule. */
enum medgl_error card_match_holds(const char *match, const struct card_certificate *certificate,
                                  bool *holds);
const char *card_match_word(enum card_match_kind kind); /* "certificate", "serial", "subject" */
enum medgl_error card_match_parse(const char *word, enum card_match_kind *kind);

#endif
