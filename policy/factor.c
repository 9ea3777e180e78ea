/* Second factors: whether one is asked, which, and what counts as one. */
#include "policy/factor.h"
