/* medgl-admin totp. */
#include "admin/admin.h"
