/* The noun key (R37). */
#include "admin/admin.h"

enum admin_exit key_list(struct admin *admin)
{
    (void)admin;
    return ADMIN_UNUSABLE;
}

enum admin_exit key_rotate(struct admin *admin)
{
    (void)admin;
    return ADMIN_UNUSABLE;
}
