/* Keeps descriptors 0..2 of the host as they are, closed ones too: nothing that the module opens
 * may land there, or what the host's libraries print would go into it. */
#include "pam_medgl/module.h"

#include <errno.h>
#include <fcntl.h>
#include <security/pam_ext.h>
#include <stdarg.h>
#include <unistd.h>

bool standard_fill(struct fillers *fillers)
{
    fillers->count = 0;
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        int filler = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (filler < 0)
            return false;
        fillers->fds[fillers->count++] = filler;
    }
    return true;
}

void standard_drain(const struct fillers *fillers)
{
    for (int i = 0; i < fillers->count; i++)
        (void)close(fillers->fds[i]);
}

void module_log(pam_handle_t *pamh, int priority, const char *format, ...)
{
    struct fillers fillers;
    va_list arguments;
    int saved = errno;             /* for %m */
    (void)standard_fill(&fillers); /* syslog() keeps its socket open */
    errno = saved;
    va_start(arguments, format);
    pam_vsyslog(pamh, priority, format, arguments);
    va_end(arguments);
    standard_drain(&fillers);
}
