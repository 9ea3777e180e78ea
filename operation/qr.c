/* QR codes as text. */
#include "operation/qr.h"
