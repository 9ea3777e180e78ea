/* Which certificate is whose. */
#include "factor/card.h"
