/* To be written. */
#include "operation/reset.h"
