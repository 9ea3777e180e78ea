/* Who still lacks a second factor. */
#include "operation/report.h"
