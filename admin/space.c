/* Whether there is room (R35). */
#include "admin/admin.h"

enum admin_exit report_space(struct admin *admin)
{
    (void)admin;
    return ADMIN_UNUSABLE;
}
