/* A refusal and its sentence. */
#include "operation/refuse.h"

#include "operation/account.h"

#include <stdarg.h>
#include <stdio.h>

enum medgl_error refuse(char *why, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(why, OPERATION_WHY_SIZE, format, arguments);
    va_end(arguments);
    return MEDGL_ERR_REFUSED;
}
