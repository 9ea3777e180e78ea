/* Hashes of crypt(3), as /etc/shadow has them. Only checked, never made. The only file of the
 * product that knows libcrypt; nothing of a password stays in memory that others use, and no hash
 * is computed that says of itself that it takes minutes or a gigabyte. */
#include "factor/crypted.h"

#include "base/auto.h"
#include "factor/kdf_slots.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* How a kind says what it costs. */
enum crypted_work {
    WORK_SMALL,    /* at its most less than a second */
    WORK_NUMBER,   /* rounds, in decimal digits */
    WORK_ROUNDS,   /* the same behind "rounds=", which may be missing */
    WORK_LOG2,     /* "b$12": a power of two of rounds */
    WORK_YESCRYPT, /* "j9T": flavour, log2 of N, r */
    WORK_SCRYPT,   /* log2 of N, five digits of r, five of p */
};

/* How long the hash itself is, behind its last '$', in the forms of crypt(5). crypt_checksalt()
 * looks at what comes before it alone: it takes "$6$salt", and any word at all for one of DES.
 * The most is far beyond every default, and a second or two of one processor. */
static const struct crypted_form {
    const char *prefix;
    size_t digits;
    enum crypted_work work;
    unsigned long most;
} crypted_forms[] = {
    {"$y$", 43, WORK_YESCRYPT, 0},       {"$gy$", 43, WORK_YESCRYPT, 0},
    {"$7$", 43, WORK_SCRYPT, 0},         {"$2", 53, WORK_LOG2, 14},
    {"$6$", 86, WORK_ROUNDS, 1000000},   {"$5$", 43, WORK_ROUNDS, 1000000},
    {"$sha1$", 28, WORK_NUMBER, 500000}, {"$md5", 22, WORK_ROUNDS, 250000},
    {"$1$", 22, WORK_SMALL, 0},          {"$3$", 32, WORK_SMALL, 0},
};
#define DIGITS_LEAST 22 /* of a kind that is newer than this list */

static const struct crypted_form *crypted_form(const char *hash)
{
    for (size_t i = 0; i < MEDGL_COUNT(crypted_forms); i++)
        if (strncmp(hash, crypted_forms[i].prefix, strlen(crypted_forms[i].prefix)) == 0)
            return &crypted_forms[i];
    return NULL;
}

static bool crypted_complete(const char *hash)
{
    const char *last = strrchr(hash, '$');
    const char *digits = last != NULL ? last + 1 : hash + (hash[0] == '_' ? 1 : 0);
    size_t len = strlen(digits);
    if (digits[strspn(digits, DIGITS)] != '\0')
        return false;
    if (last == NULL) /* DES: 2 of salt and 11 for each 8 characters; extended: 8 and 11 */
        return hash[0] == '_' ? len == 19 : len >= 13 && (len - 2) % 11 == 0;
    const struct crypted_form *form = crypted_form(hash);
    return form != NULL ? len == form->digits : len >= DIGITS_LEAST;
}

bool crypted_known(const char *hash)
{
    int kind = crypt_checksalt(hash);
    return (kind == CRYPT_SALT_OK || kind == CRYPT_SALT_METHOD_LEGACY ||
            kind == CRYPT_SALT_TOO_CHEAP) &&
           strlen(hash) < CRYPT_OUTPUT_SIZE && crypted_complete(hash);
}

/* -- what it costs ---------------------------------------------------------------------------- */

#define SCRYPT_MOST_LOG2 19 /* of N times r times p, blocks of 128 bytes: 64 MiB */

static bool work_number(const char *text, unsigned long most)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9')
        return false;
    unsigned long number = strtoul(text, &end, 10); /* ULONG_MAX where it is more */
    return *end == '$' && number <= most;
}

static bool work_rounds(const char *text, unsigned long most)
{
    static const char rounds[] = "rounds=";
    text += text[0] == ',' || text[0] == '$'; /* SunOS: "$md5,rounds=" */
    return strncmp(text, rounds, strlen(rounds)) != 0 || work_number(text + strlen(rounds), most);
}

/* `count` digits of 6 bits, the low ones first. SIZE_MAX: there are fewer. */
static size_t work_digits(const char *text, size_t count)
{
    size_t value = 0;
    if (strspn(text, DIGITS) < count)
        return SIZE_MAX;
    for (size_t i = count; i-- > 0;)
        value = value << 6 | (size_t)(strchr(DIGITS, text[i]) - DIGITS);
    return value;
}

static bool work_blocks(size_t log2, size_t r, size_t p)
{
    const size_t most = (size_t)1 << SCRYPT_MOST_LOG2;
    return log2 <= SCRYPT_MOST_LOG2 && r <= most && p <= most / (r > 0 ? r : 1) >> log2;
}

static bool work_scrypt(const char *text)
{
    return strspn(text, DIGITS) >= 11 &&
           work_blocks(work_digits(text, 1), work_digits(text + 1, 5), work_digits(text + 6, 5));
}

/* Each number is one digit up to 'j', or more digits of which the first is beyond it. What has more
 * than the three (parallelism, passes, a ROM) is not made by crypt_gensalt(3). */
static bool work_yescrypt(const char *text)
{
    const size_t one_digit = 47;
    return strcspn(text, "$") == 3 && work_digits(text, 1) <= one_digit &&
           work_digits(text + 1, 1) <= one_digit && work_digits(text + 2, 1) <= one_digit &&
           work_blocks(work_digits(text + 1, 1) + 1, work_digits(text + 2, 1) + 1, 1);
}

bool crypted_affordable(const char *hash)
{
    const struct crypted_form *form = crypted_form(hash);
    if (form == NULL) /* DES, or a kind of which nobody here knows what it costs */
        return hash[0] != '$';
    const char *text = hash + strlen(form->prefix);
    switch (form->work) {
    case WORK_SMALL:
        return true;
    case WORK_NUMBER:
        return work_number(text, form->most);
    case WORK_ROUNDS:
        return work_rounds(text, form->most);
    case WORK_LOG2:
        return text[0] != '\0' && text[1] == '$' && work_number(text + 2, form->most);
    case WORK_YESCRYPT:
        return work_yescrypt(text);
    case WORK_SCRYPT:
        return work_scrypt(text);
    }
    return false;
}

/* -- what a match proves ---------------------------------------------------------------------- */

#define BCRYPT_BYTES 72 /* a password of so many may be the beginning of a longer one */

bool crypted_covers(const char *hash, const struct secret *typed)
{
    if (crypted_form(hash) == NULL) /* also DES: 7 bits a character, of 8 characters or more */
        return false;
    if (strncmp(hash, "$2x$", strlen("$2x$")) == 0) /* characters beyond ASCII hide others */
        return false;
    return strncmp(hash, "$2", strlen("$2")) != 0 || typed->len < BCRYPT_BYTES;
}

/* -- checking --------------------------------------------------------------------------------- */

enum medgl_error crypted_verify(const struct password_line *line, const char *hash,
                                const struct secret *typed, bool *matches)
{
    auto_secret struct secret work = SECRET_NONE;
    auto_kdf_slot struct kdf_slot slot = KDF_SLOT_NONE;
    *matches = false;
    if (!crypted_known(hash) || !crypted_affordable(hash))
        return MEDGL_ERR_CORRUPT;
    /* What crypt(3) cannot be asked, for its length or for a NUL, and what is empty, is nobody's
     * password: the same work is done, for nothing (R23). */
    bool askable = typed->len > 0 && typed->len < CRYPT_MAX_PASSPHRASE_SIZE &&
                   memchr(typed->bytes, '\0', typed->len) == NULL;
    MEDGL_TRY(secret_alloc(&work, sizeof(struct crypt_data)));
    MEDGL_TRY(kdf_slot_acquire(line->directory, line->slots, line->patience_ms, &slot));
    errno = 0;
    const char *made = crypt_rn(askable ? (const char *)typed->bytes : "", hash, work.bytes,
                                (int)sizeof(struct crypt_data));
    if (made == NULL)
        return errno == ENOMEM ? MEDGL_ERR_MEMORY : MEDGL_ERR_CORRUPT;
    bool equal = secret_equal(made, strlen(made), hash, strlen(hash));
    *matches = equal && askable;
    return MEDGL_OK;
}
