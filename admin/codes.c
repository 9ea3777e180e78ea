/* Codes that leave on paper or on the screen, once. */
#include "admin/admin.h"
