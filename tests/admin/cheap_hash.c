/* For LD_PRELOAD of the tests of medgl-admin. */
#include "tests/cheap_hash.h"
