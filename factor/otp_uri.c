/* otpauth:// URIs. */
#include "factor/otp_uri.h"
