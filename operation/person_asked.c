/* Who it is that uses a shared id (R26). Believes no token that it did not make for this account,
 * service and source. */
#include "operation/person_asked.h"

#include "base/message.h"
#include "base/secret.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PERSON_VALID  (10 * MEDGL_MINUTE)
#define PERSON_NOBODY "-"
#define PERSON_MAC    ((size_t)2 * CRYPTO_HASH_SIZE) /* digits */

enum medgl_error person_ask(const struct talk *talk, char answer[PERSON_ANSWER_MAX],
                            struct unix_user *user)
{
    auto_secret struct secret typed = SECRET_NONE; /* people type passwords everywhere */
    enum medgl_error error =
        talk->ask(talk->carrier, TALK_VISIBLE, TALK_ANSWER, _("Your own login name: "), &typed);
    if (error != MEDGL_ERR_ARGUMENT)
        MEDGL_TRY(error);
    (void)text_copy(answer, PERSON_ANSWER_MAX, PERSON_NOBODY);
    if (error == MEDGL_OK && typed.len < PERSON_ANSWER_MAX &&
        typed.len == strlen((char *)typed.bytes) && text_is_login_name((const char *)typed.bytes))
        (void)text_copy(answer, PERSON_ANSWER_MAX, (const char *)typed.bytes);
    return unix_user_find(answer, user);
}

enum medgl_error person_find(struct store_txn *txn, const char *answer,
                             const struct unix_user *user, struct account *person, bool *found)
{
    enum identity_match match;
    *found = false;
    MEDGL_TRY(identity_find(txn, answer, user, person, &match));
    *found = match == IDENTITY_ACCOUNT && user->exists && user->uid == person->uid &&
             person->state == ACCOUNT_STATE_ACTIVE && !person->shared;
    return MEDGL_OK;
}

/* -- the token ------------------------------------------------------------------------------- */

/* Each part ends with its NUL: no two sets of parts are the same bytes. The label begins with what
 * no login name begins with (see attempt_stand_in()). */
static enum medgl_error person_mac(const struct context *context, const char *const *parts,
                                   size_t count, char mac[PERSON_MAC + 1])
{
    static const char label[] = "\1person";
    unsigned char
        text[sizeof(label) + 2 * CRYPTO_ID_SIZE + 2 * STORE_NAME_SIZE + STORE_SOURCE_SIZE + 32],
        hash[CRYPTO_HASH_SIZE];
    size_t len = sizeof(label);
    memcpy(text, label, sizeof(label));
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(parts[i]) + 1;
        if (size > sizeof(text) - len)
            return MEDGL_ERR_ARGUMENT;
        memcpy(text + len, parts[i], size);
        len += size;
    }
    MEDGL_TRY(crypto_hmac_sha256(context->tag_key, sizeof(context->tag_key), text, len, hash));
    text_hex(mac, hash, sizeof(hash));
    return MEDGL_OK;
}

static enum medgl_error person_write(const struct context *context, const struct account *account,
                                     const struct caller *caller, const char *source,
                                     const char *person, medgl_time time,
                                     char token[PERSON_TOKEN_SIZE])
{
    char when[24], mac[PERSON_MAC + 1];
    (void)snprintf(when, sizeof(when), "%" PRId64, time);
    const char *const parts[] = {account->id, caller->service, source, person, when};
    token[0] = '\0';
    MEDGL_TRY(person_mac(context, parts, MEDGL_COUNT(parts), mac));
    int len = snprintf(token, PERSON_TOKEN_SIZE, "%s.%s.%s", person, when, mac);
    if (len > 0 && len < PERSON_TOKEN_SIZE)
        return MEDGL_OK;
    token[0] = '\0';
    return MEDGL_ERR_ARGUMENT;
}

enum medgl_error person_token(const struct context *context, const struct account *account,
                              const struct caller *caller, const char *source, const char *person,
                              const char *credential, medgl_time now, char token[PERSON_TOKEN_SIZE])
{
    char text[STORE_NAME_SIZE + CRYPTO_ID_SIZE];
    (void)snprintf(text, sizeof(text), "%s%s%s", person, credential[0] != '\0' ? "=" : "",
                   credential);
    return person_write(context, account, caller, source, text, now, token);
}

/* PERSON.TIME; a name may have dots in it. */
static bool person_read(const char *token, char text[PERSON_TOKEN_SIZE], medgl_time *time)
{
    char *end;
    if (text_copy(text, PERSON_TOKEN_SIZE, token) != MEDGL_OK)
        return false;
    for (int cut = 0; cut < 2; cut++) {
        char *dot = strrchr(text, '.');
        if (dot == NULL)
            return false;
        if (cut == 1) {
            errno = 0;
            *time = strtoll(dot + 1, &end, 10);
            if (errno != 0 || end == dot + 1 || *end != '\0')
                return false;
        }
        *dot = '\0';
    }
    return text[0] != '\0';
}

/* Strict by construction: what person_write() would not have written is no token. `credential` is
 * "" where it names none. */
static bool person_take(const struct context *context, const struct account *account,
                        const struct caller *caller, const char *source,
                        char text[PERSON_TOKEN_SIZE], medgl_time *time,
                        char credential[CRYPTO_ID_SIZE])
{
    char again[PERSON_TOKEN_SIZE];
    credential[0] = '\0';
    if (!person_read(caller->person, text, time) ||
        person_write(context, account, caller, source, text, *time, again) != MEDGL_OK ||
        !secret_equal(again, strlen(again), caller->person, strlen(caller->person)))
        return false;
    char *sign = strrchr(text, '=');
    if (sign != NULL && strlen(sign + 1) == CRYPTO_ID_SIZE - 1) {
        memcpy(credential, sign + 1, CRYPTO_ID_SIZE);
        *sign = '\0';
    }
    return true;
}

bool person_of_token(const struct context *context, const struct account *account,
                     const struct caller *caller, const char *source, medgl_time now,
                     char person[STORE_NAME_SIZE])
{
    char text[PERSON_TOKEN_SIZE], credential[CRYPTO_ID_SIZE];
    medgl_time time;
    bool good = person_take(context, account, caller, source, text, &time, credential) &&
                time <= now && now - time <= PERSON_VALID &&
                text_copy(person, STORE_NAME_SIZE, text) == MEDGL_OK &&
                !(account->shared && (person[0] == '\0' || strcmp(person, PERSON_BY_CARD) == 0));
    if (!good)
        person[0] = '\0';
    return good;
}

bool person_proved_by(const struct context *context, const struct account *account,
                      const struct caller *caller, const char *source,
                      char credential[CRYPTO_ID_SIZE])
{
    char text[PERSON_TOKEN_SIZE];
    medgl_time time;
    return person_take(context, account, caller, source, text, &time, credential) &&
           credential[0] != '\0';
}
