/* Hashes of crypt(3), as /etc/shadow has them. Only checked, never made. The only file of the
 * product that knows libcrypt; nothing of a password stays in memory that others use. */
#include "factor/crypted.h"

#include "base/auto.h"

#include <crypt.h>
#include <errno.h>
#include <string.h>

#define DIGITS "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* How long the hash itself is, behind its last '$', in the forms of crypt(5). crypt_checksalt()
 * looks at what comes before it alone: it takes "$6$salt", and any word at all for one of DES. */
static const struct {
    const char *prefix;
    size_t digits;
} crypted_forms[] = {
    {"$y$", 43}, {"$gy$", 43},   {"$7$", 43},  {"$2", 53},  {"$6$", 86},
    {"$5$", 43}, {"$sha1$", 28}, {"$md5", 22}, {"$1$", 22}, {"$3$", 32},
};
#define DIGITS_LEAST 22 /* of a kind that is newer than this list */

static bool crypted_complete(const char *hash)
{
    const char *last = strrchr(hash, '$');
    const char *digits = last != NULL ? last + 1 : hash + (hash[0] == '_' ? 1 : 0);
    size_t len = strlen(digits);
    if (digits[strspn(digits, DIGITS)] != '\0')
        return false;
    if (last == NULL) /* DES: 2 of salt and 11 for each 8 characters; extended: 8 and 11 */
        return hash[0] == '_' ? len == 19 : len >= 13 && (len - 2) % 11 == 0;
    for (size_t i = 0; i < MEDGL_COUNT(crypted_forms); i++)
        if (strncmp(hash, crypted_forms[i].prefix, strlen(crypted_forms[i].prefix)) == 0)
            return len == crypted_forms[i].digits;
    return len >= DIGITS_LEAST;
}

bool crypted_known(const char *hash)
{
    int kind = crypt_checksalt(hash);
    return (kind == CRYPT_SALT_OK || kind == CRYPT_SALT_METHOD_LEGACY ||
            kind == CRYPT_SALT_TOO_CHEAP) &&
           strlen(hash) < CRYPT_OUTPUT_SIZE && crypted_complete(hash);
}

enum medgl_error crypted_verify(const char *hash, const struct secret *typed, bool *matches)
{
    auto_secret struct secret work = SECRET_NONE;
    *matches = false;
    if (!crypted_known(hash))
        return MEDGL_ERR_CORRUPT;
    /* What crypt(3) cannot be asked, for its length or for a NUL, and what is empty, is nobody's
     * password: the same work is done, for nothing (R23). */
    bool askable = typed->len > 0 && typed->len < CRYPT_MAX_PASSPHRASE_SIZE &&
                   memchr(typed->bytes, '\0', typed->len) == NULL;
    MEDGL_TRY(secret_alloc(&work, sizeof(struct crypt_data)));
    errno = 0;
    const char *made = crypt_rn(askable ? (const char *)typed->bytes : "", hash, work.bytes,
                                (int)sizeof(struct crypt_data));
    if (made == NULL)
        return errno == ENOMEM ? MEDGL_ERR_MEMORY : MEDGL_ERR_CORRUPT;
    bool equal = secret_equal(made, strlen(made), hash, strlen(hash));
    *matches = equal && askable;
    return MEDGL_OK;
}
