/* Recovery codes. */
#include "factor/recovery.h"
