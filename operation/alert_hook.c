/* Which programs of notify.d are run: one judgement, for whoever runs them and for doctor. Runs
 * none. */
#include "operation/alert.h"

#include <string.h>

bool alert_hook_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strlen(name) < ALERT_HOOK_SIZE &&
           name[strspn(
               name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0';
}

bool alert_hook_kept(const struct stat *st, uid_t self)
{
    return (st->st_uid == 0 || st->st_uid == self) && (st->st_mode & 0022) == 0;
}

const char *alert_hook_fault(const char *name, const struct stat *st, uid_t self)
{
    if (S_ISLNK(st->st_mode))
        return "it is a link: put the program itself there";
    if (!S_ISREG(st->st_mode))
        return "it is no regular file: put the program itself there";
    if ((st->st_mode & 0111) == 0)
        return "it is not executable: chmod 0755 it, or move it elsewhere";
    if (!alert_hook_name(name))
        return "its name begins with '.', has other characters than letters, digits, '.', '_' and "
               "'-', or more than 64: rename it";
    if (alert_hook_kept(st, self))
        return NULL;
    return st->st_uid != 0 && st->st_uid != self ? "it does not belong to root: chown root it"
                                                 : "others may write to it: chmod go-w it";
}
