/* To be written. */
#include "operation/backup.h"
