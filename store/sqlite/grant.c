/* Grants. */
#include "store/store.h"
