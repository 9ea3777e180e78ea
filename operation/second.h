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

#define SECOND_MESSAGE_SIZE 512 /* the longest prompt or message about a card */

struct second {
    enum factor_mode mode;
    bool unseen;   /* nobody sees what is shown: no device is enrolled */
    bool prompted; /* for a code: whether in a prompt of its own or behind the password */
    bool shaped;   /* behind the password stands what could be a code, whoever it is */
    enum code_form form;
    char code[CODE_SIZE];    /* normalised; wiped by second_clear() */
    struct card_login *card; /* what was found in the reader; NULL: nothing was asked of it */
    struct secret pin;       /* empty: without the card */
    char message[SECOND_MESSAGE_SIZE]; /* about the card, told when all was asked */
    /* What it came to; decided anew at the commit. */
    enum factor_kind kind; /* of what was given, then of what proved it */
    bool proved;
    char credential[CRYPTO_ID_SIZE]; /* what proved it */
    int64_t step, drift;             /* of a device */
    int64_t floor; /* of its steps: those of a store that was put back (operation/head_seen.h) */
    medgl_time step_time; /* when that step begins */
};
void second_clear(struct second *second);

struct proof; /* operation/password.h */

/* The PIN of the card that is in the reader of this place, or nothing. MEDGL_ERR_ABORTED: nobody
 * is there. */
enum medgl_error second_ask_card(struct proof *proof, const struct talk *talk);
/* The code, where codes are asked for in a prompt of their own. MEDGL_ERR_ABORTED likewise. */
enum medgl_error second_ask_code(struct proof *proof, const struct talk *talk);
/* Where there is one prompt alone: takes the code off the end of what was typed. */
enum medgl_error second_split(struct proof *proof, struct secret *typed);

/* What is asked of the account as it is, from this place, through this service. */
struct factor_demand second_demand(const struct proof *proof, const struct account *account,
                                   const struct factors *factors, medgl_time now);

/* Verifies what was given, after the try was reserved. `typed`: as the password; NULL: nothing that
 * can be one. An error: nothing was learnt. */
enum medgl_error second_verify(struct proof *proof, const struct secret *typed);

/* In the transaction that decides: what it proves there. Used up meanwhile, or taken away: nothing.
 */
enum factor_result second_result(const struct proof *proof, const struct factors *factors,
                                 const struct factor_demand *demand);

/* In the transaction that allows, for the credential that proved it: the step or code is used up.
 * `seq`: of the login's entry. */
enum medgl_error second_use_up(struct store_txn *txn, const struct proof *proof,
                               const struct factors *factors, uint64_t seq);

/* Whether there was a guess at a code of a device: what closes it (R24). What stands on paper
 * cannot be guessed. */
bool second_guessed(const struct second *second);
/* Whether anything was given: then the same password is another guess (see attempt_tag()). */
bool second_given(const struct second *second);

/* What is told about the card once all was asked. */
void second_tell(const struct proof *proof, const struct talk *talk);

#endif
