/* The second factor of a login: asked, verified, used up. */
#include "operation/second.h"
