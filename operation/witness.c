/* To be written. */
#include "operation/context.h"
