/* Second factors, as doctor sees them. */
#include "operation/doctor.h"
