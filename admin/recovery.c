/* medgl-admin recovery. */
#include "admin/admin.h"
