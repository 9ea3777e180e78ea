/* Paths under a private root. */
#include "base/path.h"

#include <stdio.h>

enum medgl_error path_under(char result[PATH_MAX], const char *root, const char *path)
{
    int len = snprintf(result, PATH_MAX, "%s%s", root, path);
    if (len < 0 || len >= PATH_MAX) {
        result[0] = '\0';
        return MEDGL_ERR_ARGUMENT;
    }
    return MEDGL_OK;
}
