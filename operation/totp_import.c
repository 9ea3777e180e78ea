/* Devices that other programs know, taken over. */
#include "operation/totp.h"
