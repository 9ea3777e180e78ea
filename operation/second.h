/* The second factor of a login: asked for, verified, and used up when the login commits (R24). One
 * way through it for devices, cards, recovery codes and codes of a waiver.
 *
 * MUSTs:
 * - Whether anything is asked for depends on the service, the place, and what is in the reader,
 * never on the account (R23).
 * - A step, and a code, is used up in the transaction that allows the login, which reads it again.
 * - An empty answer proves nothing and is no guess at a code (sssd PR#6533).
 * - A wrong code closes the factor only where the first factor was right: a stranger cannot close
 * it.
 */
#ifndef MEDGL_OPERATION_SECOND_H
#define MEDGL_OPERATION_SECOND_H

#include "factor/totp.h"
#include "operation/card.h"
#include "operation/factors.h"
#include "operation/talk.h"

struct second {
    enum factor_mode mode;
    bool prompted; /* for a code: whether in a prompt of its own or behind the password */
    enum code_form form;
    char code[CODE_SIZE];    /* normalised; wiped by second_clear() */
    struct card_login *card; /* what was found in the reader; NULL: nothing was asked of it */
    struct secret pin;       /* empty: without the card */
    char message[256];       /* about the card, told when all was asked */
    /* What it came to; decided anew at the commit. */
    enum factor_kind kind; /* of what was given */
    enum factor_result result;
    char credential[CRYPTO_ID_SIZE]; /* what proved it */
    int64_t step, drift;             /* of a device */
};
void second_clear(struct second *second);

#endif
