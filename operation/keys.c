/* To be written. */
#include "operation/keys.h"
