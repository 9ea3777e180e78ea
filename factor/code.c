/* What people type into the prompt for a code, and base32. */
#include "factor/totp.h"
