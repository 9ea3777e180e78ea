/* To be written. */
#include "operation/prove.h"
