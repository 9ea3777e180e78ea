/* Which installation a verb is about. */
#ifndef MEDGL_ADMIN_PLACE_H
#define MEDGL_ADMIN_PLACE_H

#include "admin/admin.h"

/* The account that the verb is about; NULL: none is named. */
const char *options_account(const struct options *options);

/* Opens admin->context, and of a verb of both admin->small beside it: that of the break-glass
 * accounts, whose store is NULL where there is none. Where one of the two cannot be opened the
 * other is in admin->context, alone, the person is told, and admin->partial is set. */
enum medgl_error place_open(struct admin *admin, enum context_need need);
void place_close(struct admin *admin);

#endif
