/* What a certificate must be like, and what a signature proves. */
#include "factor/card.h"
