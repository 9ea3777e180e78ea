/* Time-based one-time codes (RFC 6238). */
#include "factor/totp.h"
