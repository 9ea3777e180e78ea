/* Devices in PSKC files (RFC 6030). */
#include "factor/otp_import.h"
