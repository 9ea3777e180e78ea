/* Smartcards at a login. */
#include "operation/card.h"
