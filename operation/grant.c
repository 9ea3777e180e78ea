/* Grants: made, used, ended. */
#include "operation/grant.h"
