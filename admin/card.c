/* medgl-admin card. */
#include "admin/admin.h"
