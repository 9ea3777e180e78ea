/* To be written. */
#include "store/sqlite/database.h"
