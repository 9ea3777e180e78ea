/* What the nouns totp, card and recovery have in common. */
#ifndef MEDGL_ADMIN_FACTOR_H
#define MEDGL_ADMIN_FACTOR_H

#include "admin/admin.h"

#include "operation/totp.h"

/* The list `name` of those of a kind: id, account, label, what it is, when it was enrolled, and,
 * where there are columns for it, when it was last used and its drift. `none`: said where there is
 * none. */
enum admin_exit factor_list(struct admin *admin, enum factor_kind kind, const char *name,
                            const struct column *columns, size_t count, const char *none);

/* Takes one (--id) or all of a kind away; else says why not. */
enum admin_exit factor_remove(struct admin *admin, enum factor_kind kind, uint32_t *removed);

#endif
