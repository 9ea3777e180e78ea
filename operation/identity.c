/* Which account stands behind a login name. Never takes a failure of NSS for "no such user". */
#include "operation/identity.h"

#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

/* getpwnam_r(3) may give any of several errors for a name that is not there; these are no such. */
static bool unix_user_failed(int error)
{
    return error == EIO || error == EMFILE || error == ENFILE || error == ENOMEM ||
           error == ERANGE || error == EAGAIN || error == EINTR || error == ETIMEDOUT;
}

enum medgl_error unix_user_find(const char *name, struct unix_user *user)
{
    char strings[16384];
    struct passwd entry, *found = NULL;
    *user = (struct unix_user){.exists = false};
    int error = getpwnam_r(name, &entry, strings, sizeof(strings), &found);
    if (found == NULL && unix_user_failed(error)) {
        errno = error;
        log_line(LOG_ERR, "the user database gives no answer: %m: see to nsswitch.conf's services");
        return MEDGL_ERR_IO;
    }
    if (found == NULL || text_copy(user->name, sizeof(user->name), entry.pw_name) != MEDGL_OK)
        return MEDGL_OK;
    user->exists = true;
    user->uid = (int64_t)entry.pw_uid;
    const char *gecos = entry.pw_gecos != NULL ? entry.pw_gecos : "";
    (void)snprintf(user->full_name, sizeof(user->full_name), "%.*s", (int)strcspn(gecos, ","),
                   gecos);
    if (!text_is_printable(user->full_name)) /* also where it was cut inside of a character */
        user->full_name[0] = '\0';
    return MEDGL_OK;
}

enum medgl_error identity_find(struct store_txn *txn, const char *typed,
                               const struct unix_user *user, struct account *account,
                               enum identity_match *match)
{
    *match = IDENTITY_NONE;
    enum medgl_error error = store_account_by_name(txn, typed, account);
    if (error == MEDGL_ERR_NOT_FOUND && user->exists && strcmp(user->name, typed) != 0)
        error = store_account_by_name(txn, user->name, account);
    if (error == MEDGL_OK)
        *match = IDENTITY_ACCOUNT;
    if (error != MEDGL_ERR_NOT_FOUND || !user->exists)
        return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
    error = store_account_by_uid(txn, user->uid, account);
    if (error == MEDGL_OK)
        *match = IDENTITY_ALIAS;
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}
