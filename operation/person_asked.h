/* Who it is that uses a shared id (R26): asked at the login, carried to the account phase and to
 * the session by a token in the PAM environment, MEDGL_PERSON=NAME.TIME.MAC, or
 * NAME=CREDENTIAL.TIME.MAC, where a password proved it. */
#ifndef MEDGL_OPERATION_PERSON_ASKED_H
#define MEDGL_OPERATION_PERSON_ASKED_H

#include "operation/caller.h"
#include "operation/context.h"
#include "operation/identity.h"
#include "operation/talk.h"

#define PERSON_TOKEN_SIZE 384
#define PERSON_VARIABLE   "MEDGL_PERSON"
#define PERSON_ANSWER_MAX STORE_NAME_SIZE

/* In the place of a name, which it can never be, in the token of an account that is no shared id:
 * this login was by a card alone (struct account_facts). */
#define PERSON_BY_CARD "=card"

/* Asks; `answer` is "-", which is nobody's name, where what was typed cannot be one.
 * MEDGL_ERR_ABORTED: nothing was answered. `user` is what the system knows of that name. */
enum medgl_error person_ask(const struct talk *talk, char answer[PERSON_ANSWER_MAX],
                            struct unix_user *user);

/* Whether the answer is the login name of an enrolled, active account that is no shared one, whose
 * Unix user is there: then that account. In the caller's transaction, which must not wait for a
 * directory on the network: `user` was looked up before. */
enum medgl_error person_find(struct store_txn *txn, const char *answer,
                             const struct unix_user *user, struct account *person, bool *found);

/* MUST: made after the login was committed as allowed; holds for this account, service and source,
 * and for ten minutes. `credential`: the id of the password that proved it; "": none. */
enum medgl_error person_token(const struct context *context, const struct account *account,
                              const struct caller *caller, const char *source, const char *person,
                              const char *credential, medgl_time now,
                              char token[PERSON_TOKEN_SIZE]);

/* Whether the caller's token is one that was given for this login; then who it names, "" where
 * nobody was asked. */
bool person_of_token(const struct context *context, const struct account *account,
                     const struct caller *caller, const char *source, medgl_time now,
                     char person[STORE_NAME_SIZE]);

/* Whether it says which password proved the login, however long ago: then that one's id. */
bool person_proved_by(const struct context *context, const struct account *account,
                      const struct caller *caller, const char *source,
                      char credential[CRYPTO_ID_SIZE]);

#endif
