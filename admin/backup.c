/* The noun backup (R36). */
#include "admin/admin.h"

enum admin_exit backup_create(struct admin *admin)
{
    (void)admin;
    return ADMIN_UNUSABLE;
}

enum admin_exit backup_list(struct admin *admin)
{
    (void)admin;
    return ADMIN_UNUSABLE;
}

enum admin_exit backup_verify(struct admin *admin)
{
    (void)admin;
    return ADMIN_UNUSABLE;
}

enum admin_exit backup_restore(struct admin *admin)
{
    (void)admin;
    return ADMIN_UNUSABLE;
}
