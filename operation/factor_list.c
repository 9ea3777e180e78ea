/* Factors of every kind: listed, and taken away. */
#include "operation/totp.h"
