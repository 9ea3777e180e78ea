/* Becoming somebody else for good. */
#ifndef MEDGL_BASE_PRIVILEGE_H
#define MEDGL_BASE_PRIVILEGE_H

#include "base/error.h"

#include <sys/types.h>

/* Gives root away: supplementary groups, group and user ids, all of them, then tries to get each
 * back and fails if one comes (after OpenSSH's permanently_set_uid). Afterwards no core is dumped
 * and nobody may trace the process. For a process that is not root and has that uid already, only
 * the latter. MEDGL_ERR_ACCESS: end the process. */
enum medgl_error privilege_drop(uid_t uid, gid_t gid);

/* The uid and gid of a system user. MEDGL_ERR_NOT_FOUND: there is no such user; others: it could
 * not be looked up. Both are logged, with what to do. */
enum medgl_error privilege_user(const char *name, uid_t *uid, gid_t *gid);

/* Of MEDGL_USER, whose the store is. */
enum medgl_error privilege_owner(uid_t *uid, gid_t *gid);

#endif
