/* Questions on the terminal. Never asks where nobody can answer. */
#include "admin/admin.h"

#include <stdio.h>
#include <string.h>

bool ask_possible(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool ask_to_type(const char *question, const char *word)
{
    auto_free char *line = NULL;
    size_t size = 0;
    (void)fprintf(stderr, "%s ", question);
    ssize_t len = getline(&line, &size, stdin);
    if (len <= 0)
        return false;
    line[strcspn(line, "\n")] = '\0';
    return strcmp(line, word) == 0;
}
