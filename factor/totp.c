/* Time-based one-time codes (RFC 6238). Knows steps and codes; what was used is told to it, and
 * remembered by others. */
#include "factor/totp.h"

#include "base/auto.h"
#include "base/crypto.h"

#include <liboath/oath.h>
#include <stdio.h>
#include <string.h>

#define CODE_DIGITS_MAX 8
#define SHORT_BLOCK     64 /* of SHA-1 and SHA-256, in HMAC */
#define RECORD_VERSION  "totp-1"
#define RECORD_SIZE     (sizeof(RECORD_VERSION) + 32 + BASE32_SIZE(TOTP_SECRET_MAX))

/* Which step of the window is tried first: the device's own, then the one that somebody who types
 * slowly has just seen go. */
static const int64_t nearest_first[2 * TOTP_WINDOW + 1] = {0, -1, 1};
_Static_assert(TOTP_WINDOW == 1, "the order above is that of a window of one step");

void totp_record_clear(struct totp_record *record)
{
    secret_wipe(record, sizeof(*record));
}

static void wipe_code(char (*code)[CODE_DIGITS_MAX + 1])
{
    secret_wipe(*code, sizeof(*code));
}

static bool is_record(const struct totp_record *record)
{
    return record->secret_len >= TOTP_SECRET_LEAST && record->secret_len <= TOTP_SECRET_MAX &&
           record->algorithm >= TOTP_SHA1 && record->algorithm <= TOTP_SHA512 &&
           (record->digits == 6 || record->digits == 8) &&
           (record->period == 30 || record->period == 60);
}

/* -- as text ---------------------------------------------------------------------------------- */

/* "totp-1 sha256 6 30 GEZDGNBVGY3TQOJQ" */
enum medgl_error totp_record_write(const struct totp_record *record, struct secret *text)
{
    if (!is_record(record))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(secret_alloc(text, RECORD_SIZE));
    int head = snprintf((char *)text->bytes, RECORD_SIZE, RECORD_VERSION " %s %u %u ",
                        totp_algorithm_word(record->algorithm), record->digits, record->period);
    base32_write(record->secret, record->secret_len, (char *)text->bytes + head);
    text->len = strlen((const char *)text->bytes);
    return MEDGL_OK;
}

static enum medgl_error read_fields(const char *text, struct totp_record *record)
{
    char algorithm[8];
    int at = 0;
    if (sscanf(text, RECORD_VERSION " %7s %u %u %n", algorithm, &record->digits, &record->period,
               &at) != 3 ||
        at == 0)
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(totp_algorithm_parse(algorithm, &record->algorithm));
    return base32_read(text + at, strlen(text + at), record->secret, sizeof(record->secret),
                       &record->secret_len);
}

/* What would not be written just so is none: there is one text of a record. */
enum medgl_error totp_record_read(const struct secret *text, struct totp_record *record)
{
    auto_secret struct secret again = SECRET_NONE;
    memset(record, 0, sizeof(*record));
    enum medgl_error error = MEDGL_ERR_CORRUPT;
    if (text->len > 0 && text->len < RECORD_SIZE &&
        read_fields((const char *)text->bytes, record) == MEDGL_OK)
        error = totp_record_write(record, &again);
    if (error == MEDGL_OK && !secret_equal(text->bytes, text->len, again.bytes, again.len))
        error = MEDGL_ERR_CORRUPT;
    if (error != MEDGL_OK)
        totp_record_clear(record);
    return error == MEDGL_ERR_ARGUMENT ? MEDGL_ERR_CORRUPT : error;
}

enum medgl_error totp_record_key(const struct totp_record *record,
                                 unsigned char key[TOTP_SECRET_MAX], size_t *len)
{
    const struct bytes secret = {record->secret, record->secret_len};
    enum medgl_error error = MEDGL_OK;
    memset(key, 0, TOTP_SECRET_MAX);
    *len = record->secret_len;
    if (record->algorithm == TOTP_SHA512 || secret.len <= SHORT_BLOCK) { /* none is over 128 */
        memcpy(key, secret.data, secret.len);
    } else if (record->algorithm == TOTP_SHA1) {
        *len = CRYPTO_SHA1_SIZE;
        error = crypto_sha1(secret.data, secret.len, key);
    } else {
        *len = CRYPTO_HASH_SIZE;
        error = crypto_sha256(&secret, 1, key);
    }
    while (*len > 0 && key[*len - 1] == 0)
        --*len;
    return error;
}

enum medgl_error totp_generate(enum totp_algorithm algorithm, unsigned digits,
                               struct totp_record *record)
{
    *record = (struct totp_record){
        .secret_len = TOTP_SECRET_NEW, .algorithm = algorithm, .digits = digits, .period = 30};
    if (!is_record(record))
        return MEDGL_ERR_ARGUMENT;
    return crypto_random(record->secret, record->secret_len);
}

/* -- codes ------------------------------------------------------------------------------------ */

int64_t totp_step(const struct totp_record *record, medgl_time t)
{
    int64_t length = (int64_t)record->period * MEDGL_SECOND;
    return t / length - (t % length < 0);
}

/* The code of a step. liboath wants a time: steps of one second are told as their number. */
static enum medgl_error code_of(const struct totp_record *record, int64_t step,
                                char code[CODE_DIGITS_MAX + 1])
{
    static const int flags[] = {
        [TOTP_SHA1] = 0,
        [TOTP_SHA256] = OATH_TOTP_HMAC_SHA256,
        [TOTP_SHA512] = OATH_TOTP_HMAC_SHA512,
    };
    if (oath_totp_generate2((const char *)record->secret, record->secret_len, (time_t)step, 1, 0,
                            record->digits, flags[record->algorithm], code) != OATH_OK)
        return MEDGL_ERR_CRYPTO;
    return MEDGL_OK;
}

static int64_t bounded(int64_t drift)
{
    if (drift < -TOTP_DRIFT_MAX)
        return -TOTP_DRIFT_MAX;
    return drift > TOTP_DRIFT_MAX ? TOTP_DRIFT_MAX : drift;
}

/* MUSTs, of factor/totp.h:
 * - A step at or below state->last, or before 1970, never matches.
 * - All steps of the window are computed and compared, whichever of them matches. */
enum medgl_error totp_check(const struct totp_record *record, const struct totp_state *state,
                            const char *code, medgl_time now, int64_t *step, int64_t *drift)
{
    *step = 0;
    *drift = bounded(state->drift);
    if (!is_record(record))
        return MEDGL_ERR_ARGUMENT;
    int64_t ours = totp_step(record, now), device = ours + *drift, found = 0;
    size_t code_len = strnlen(code, CODE_SIZE);
    for (size_t i = 0; i < MEDGL_COUNT(nearest_first); i++) {
        auto_clean(wipe_code) char expected[CODE_DIGITS_MAX + 1] = "";
        int64_t tried = device + nearest_first[i];
        MEDGL_TRY(code_of(record, tried > 0 ? tried : 0, expected));
        bool equal = secret_equal(code, code_len, expected, record->digits);
        bool takes = equal & (tried > 0) & (tried > state->last) & (found == 0);
        found = takes ? tried : found;
    }
    *step = found;
    *drift = found != 0 ? bounded(found - ours) : *drift;
    return MEDGL_OK;
}

/* -- words ------------------------------------------------------------------------------------ */

const char *totp_algorithm_word(enum totp_algorithm algorithm)
{
    switch (algorithm) {
    case TOTP_SHA1:
        return "sha1";
    case TOTP_SHA256:
        return "sha256";
    case TOTP_SHA512:
        return "sha512";
    }
    return "?";
}

const char *totp_algorithm_shown(enum totp_algorithm algorithm)
{
    switch (algorithm) {
    case TOTP_SHA1:
        return "SHA-1";
    case TOTP_SHA256:
        return "SHA-256";
    case TOTP_SHA512:
        return "SHA-512";
    }
    return "?";
}

enum medgl_error totp_algorithm_parse(const char *word, enum totp_algorithm *algorithm)
{
    for (enum totp_algorithm a = TOTP_SHA1; a <= TOTP_SHA512; a++) {
        if (strcmp(word, totp_algorithm_word(a)) == 0) {
            *algorithm = a;
            return MEDGL_OK;
        }
    }
    return MEDGL_ERR_ARGUMENT;
}
