/* The program that speaks to the driver: started, asked, ended. */
#include "operation/card_reader.h"
