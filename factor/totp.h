/* Time-based one-time codes (RFC 6238, through liboath). Pure: the time is told. */
#ifndef MEDGL_FACTOR_TOTP_H
#define MEDGL_FACTOR_TOTP_H

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum totp_algorithm {
    TOTP_SHA1 = 1,
    TOTP_SHA256 = 2,
    TOTP_SHA512 = 3,
};

#define TOTP_SECRET_MAX 128 /* bytes; RFC 4226 R6 wants 16 at least */
#define TOTP_SECRET_LEAST                                                                          \
    10 /* what pam_oath and google-authenticator have handed out: imported alone */
#define TOTP_SECRET_NEW 20
#define TOTP_WINDOW     1 /* steps before and behind the one that the device is at (RFC 6238 5.2) */
#define TOTP_DRIFT_MAX  20 /* steps that its clock may be remembered to be wrong by */

struct totp_record {
    unsigned char secret[TOTP_SECRET_MAX];
    size_t secret_len;
    enum totp_algorithm algorithm;
    unsigned digits; /* 6 or 8 */
    unsigned period; /* seconds: 30; of imported hardware tokens 60 too */
};
void totp_record_clear(struct totp_record *record); /* also for auto_clean() */

/* The record as text, what is sealed, and back. MEDGL_ERR_ARGUMENT: no record, MEDGL_ERR_CORRUPT:
 * not the text of one. */
enum medgl_error totp_record_write(const struct totp_record *record, struct secret *text);
enum medgl_error totp_record_read(const struct secret *text, struct totp_record *record);

/* The secret as HMAC takes it (RFC 2104): hashed where it is longer than a block, without the zero
 * bytes at its end, which are no part of it. Two records make the same codes only where these are
 * the same. `key` is to be wiped. */
enum medgl_error totp_record_key(const struct totp_record *record,
                                 unsigned char key[TOTP_SECRET_MAX], size_t *len);

/* A new one with a random secret of TOTP_SECRET_NEW bytes. */
enum medgl_error totp_generate(enum totp_algorithm algorithm, unsigned digits,
                               struct totp_record *record);

/* The time step at t. */
int64_t totp_step(const struct totp_record *record, medgl_time t);

/* What a code proves against one device: the step it belongs to. MUSTs:
 * - A step at or below `last` never matches (each is accepted once, ever; a clock that goes back
 *   re-opens none).
 * - Within TOTP_WINDOW of the device's own time (ours and its drift) alone; the nearest step first.
 * - Compared in constant time; the same work whether anything matches or not.
 * `*step` is 0 when nothing matched; `*drift` is what is to be remembered then.
 * `code` is digits, as code_normalise() gives them; another number of digits matches nothing. */
struct totp_state {
    int64_t last; /* the last step that was accepted; 0: none */
    int64_t drift;
};
enum medgl_error totp_check(const struct totp_record *record, const struct totp_state *state,
                            const char *code, medgl_time now, int64_t *step, int64_t *drift);

/* What people type into the prompt for a code. */
enum code_form {
    CODE_MALFORMED = 0, /* counted as a failed try, never as a wrong code of a device */
    CODE_EMPTY,
    CODE_DIGITS,   /* 6 or 8 of them: of a device */
    CODE_RECOVERY, /* the form of recovery codes and issued one-time codes (factor/recovery.h) */
};
#define CODE_SIZE 32
/* "K7XQM-3NPWD": Crockford's base32. One letter at least is in it. */
#define CODE_RECOVERY_ALPHABET "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#define CODE_RECOVERY_COUNT    10
#define CODE_RECOVERY_GROUP    5
/* Blanks and '-' between digits are dropped, full-width digits become digits; letters of recovery
 * codes become upper case, look-alikes what they stand for, and groups get their '-'. */
enum code_form code_normalise(const struct secret *typed, char code[CODE_SIZE]);

/* The first steps of it, for codes of other lengths: the characters that count, in ASCII and upper
 * case, `*count` of them and a NUL; false: one of them is none of a code, or there are more than
 * fit.
 * `*blank`: nothing but blanks was typed. Then a look-alike becomes what it looks like. */
bool code_condense(const struct secret *typed, char kept[CODE_SIZE], size_t *count, bool *blank);
char code_without_look_alike(char c);
/* What is left of any text of the characters that codes are made of, in whatever width and case:
 * for finding a code in it. `letters` must be empty. */
enum medgl_error code_letters(const struct secret *text, struct secret *letters);

/* RFC 4648 base32, without padding when written; blanks, '-', lower case and padding are read.
 * MEDGL_ERR_ARGUMENT. */
#define BASE32_SIZE(bytes) (((bytes)*8 + 4) / 5 + 1)
void base32_write(const unsigned char *bytes, size_t len, char *text);
enum medgl_error base32_read(const char *text, size_t text_len, unsigned char *bytes, size_t cap,
                             size_t *len);

const char *totp_algorithm_word(enum totp_algorithm algorithm);  /* "sha256"; never NULL */
const char *totp_algorithm_shown(enum totp_algorithm algorithm); /* "SHA-256", as apps write it */
enum medgl_error totp_algorithm_parse(const char *word, enum totp_algorithm *algorithm);

#endif
