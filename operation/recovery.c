/* Recovery codes. */
#include "operation/recovery.h"
