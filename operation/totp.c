/* Devices that make codes: enrolment. */
#include "operation/totp.h"
