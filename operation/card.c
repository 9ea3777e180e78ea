/* Smartcards: their enrolment, and what is in the readers. */
#include "operation/card.h"
