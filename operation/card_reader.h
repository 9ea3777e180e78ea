/* The driver of a smartcard (PKCS#11) runs in medgl-card, a program that is started for one look or
 * one signature and is ended when its time is over. It gets no key, no store, no descriptor but its
 * socket, no environment. What it says is checked here; a driver that lies can only fail to prove
 * that its card has the key. That the PIN was right is its word and the card's alone.
 *
 * MUSTs:
 * - The wait is bounded (card_timeout) whatever the driver does: hang, crash, fork, fill the
 * socket.
 * - The PIN goes over the socket, never into arguments, and is wiped.
 * - Nothing that comes from a card is believed before card_judge() and card_verify(). */
#ifndef MEDGL_OPERATION_CARD_READER_H
#define MEDGL_OPERATION_CARD_READER_H

#include "base/secret.h"
#include "factor/card.h"

#include <limits.h>

#define CARD_TOKENS_MAX       8
#define CARD_CERTIFICATES_MAX 16 /* of one card */
#define CARD_ID_MAX           64 /* bytes of a CKA_ID */

enum card_tries {
    CARD_TRIES_UNKNOWN = 0,
    CARD_TRIES_FEWER, /* a wrong PIN was given before (CKF_USER_PIN_COUNT_LOW) */
    CARD_TRIES_LAST,
    CARD_TRIES_LOCKED,
};

struct card_token {
    char reader[CARD_TEXT_SIZE], label[CARD_TEXT_SIZE], serial[64]; /* printable */
    enum card_tries tries;
    bool pinpad; /* the PIN is typed at the reader: none is asked for here */
    bool readable;
    bool asks;                  /* for a PIN at all (CKF_LOGIN_REQUIRED) */
    size_t pin_least, pin_most; /* bytes of a PIN; most 0: the card does not say */
    size_t count;               /* certificates that a private key may stand behind */
    struct {
        unsigned char id[CARD_ID_MAX]; /* CKA_ID */
        size_t id_len;
        unsigned char *der; /* owned */
        size_t der_len;
        bool pss; /* the token has CKM_RSA_PKCS_PSS */
    } certificate[CARD_CERTIFICATES_MAX];
};
struct card_tokens {
    size_t count;
    struct card_token token[CARD_TOKENS_MAX];
};
void card_tokens_free(struct card_tokens *tokens); /* also for auto_clean() */

struct card_driver {
    const char *root;    /* whose keys and store are out of its reach: "" or a private root */
    const char *program; /* medgl-card */
    const char *module;  /* absolute path of the driver */
    int64_t timeout_ms;
};

/* Whether a driver may be run: whoever can write to it, or put another in its place, decides who
 * logs in. `real` is where it is. MEDGL_ERR_ACCESS where the file, or a directory above it, is not
 * root's (or ours) alone. */
enum medgl_error card_module_check(const char *module, char real[PATH_MAX]);

/* What went wrong, for messages; MEDGL_OK with `*trouble` set where the machine is in order. */
enum card_trouble {
    CARD_TROUBLE_NONE = 0,
    CARD_TROUBLE_DRIVER, /* it cannot be loaded, crashed, or talks nonsense */
    CARD_TROUBLE_TIME,   /* it did not answer in time, and was ended */
    CARD_TROUBLE_GONE,   /* the card was removed */
    CARD_TROUBLE_OTHER,  /* another card is there now */
    CARD_TROUBLE_PIN,
    CARD_TROUBLE_PIN_LOCKED,
    CARD_TROUBLE_SIGN,      /* the card did not sign */
    CARD_TROUBLE_UNTRUSTED, /* the driver is not run; never the word of a driver: MUST be last */
};

/* What is in the readers. */
enum medgl_error card_reader_look(const struct card_driver *driver, struct card_tokens *tokens,
                                  enum card_trouble *trouble);

/* Has that card sign, if it is still there. *tries: what the card says after a wrong PIN. A PIN
 * that is shorter or longer than the card says any is costs no try. */
enum medgl_error card_reader_sign(const struct card_driver *driver, const struct card_token *token,
                                  size_t certificate, const struct secret *pin,
                                  enum card_scheme scheme,
                                  const unsigned char digest[CRYPTO_HASH_SIZE],
                                  unsigned char signature[CARD_SIGNATURE_MAX], size_t *len,
                                  enum card_tries *tries, enum card_trouble *trouble);

#endif
