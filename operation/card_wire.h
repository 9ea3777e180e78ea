/* What card_reader.c and medgl-card say to each other: one order, then packets of one size. Both
 * are of one build, so structures go over as they are; what comes back is the word of whoever wrote
 * the driver: numbers, until they are looked at. */
#ifndef MEDGL_OPERATION_CARD_WIRE_H
#define MEDGL_OPERATION_CARD_WIRE_H

#include "factor/card.h"
#include "operation/card_reader.h"

#include <limits.h>

#define CARD_WIRE_VERSION 2
#define CARD_PIN_MAX      255

enum card_order_kind {
    CARD_ORDER_LOOK = 1,
    CARD_ORDER_SIGN,
};

struct card_order {
    uint32_t version;
    enum card_order_kind kind;
    enum card_scheme scheme;
    char root[PATH_MAX]; /* whose keys and store are out of reach: "" or a private root */
    char module[PATH_MAX];
    char reader[CARD_TEXT_SIZE], serial[64]; /* as they were said */
    unsigned char id[CARD_ID_MAX];
    size_t id_len;
    unsigned char digest[CRYPTO_HASH_SIZE];
    char pin[CARD_PIN_MAX + 1];
};

enum card_said_kind {
    CARD_SAID_TOKEN = 1,   /* answers CARD_ORDER_LOOK */
    CARD_SAID_CERTIFICATE, /* of the token before it */
    CARD_SAID_SIGNATURE,   /* answers CARD_ORDER_SIGN */
    CARD_SAID_END,         /* nothing comes behind it */
};

struct card_said {
    uint32_t kind; /* enum card_said_kind */
    union {
        struct {
            char reader[CARD_TEXT_SIZE], label[CARD_TEXT_SIZE], serial[64];
            uint32_t tries; /* enum card_tries */
            uint32_t pinpad, readable;
            uint32_t asks;                /* for a PIN at all */
            uint64_t pin_least, pin_most; /* bytes; as the driver says */
        } token;
        struct {
            unsigned char id[CARD_ID_MAX];
            size_t id_len;
            unsigned char der[CARD_CERTIFICATE_MAX];
            size_t der_len;
            uint32_t pss;
        } certificate;
        struct {
            unsigned char bytes[CARD_SIGNATURE_MAX];
            size_t len;
        } signature;
        struct {
            uint32_t trouble, tries; /* enum card_trouble, enum card_tries */
        } end;
    };
};

#endif
