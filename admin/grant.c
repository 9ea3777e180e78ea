/* medgl-admin grant. */
#include "admin/admin.h"
