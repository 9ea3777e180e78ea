/* To be written. */
#include "operation/role.h"
