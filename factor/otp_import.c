/* Devices that pam_oath and google-authenticator know. */
#include "factor/otp_import.h"
