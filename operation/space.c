/* To be written. */
#include "operation/space.h"
