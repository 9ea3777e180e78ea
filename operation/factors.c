/* What an account has besides its password. */
#include "operation/factors.h"
