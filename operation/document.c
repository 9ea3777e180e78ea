/* To be written. */
#include "operation/document.h"
