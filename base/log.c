/* Lines for the administrator. None holds a secret, and no name from the network can forge one. */
#include "base/log.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static enum log_target log_where = LOG_TARGET_STDERR;
static const char *log_name = "medgl";
static bool log_debug;

void log_open(enum log_target target, const char *name, bool debug)
{
    log_where = target;
    log_name = name;
    log_debug = debug;
    if (target == LOG_TARGET_SYSLOG)
        openlog(name, LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
}

enum log_target log_turn(enum log_target target)
{
    const enum log_target before = log_where;
    log_where = target;
    return before;
}

__attribute__((format(printf, 3, 0))) static void log_put(int priority, bool to_syslog,
                                                          const char *format, va_list arguments)
{
    char raw[2048], line[2048];
    int saved = errno; /* callers log and then look at errno */
    (void)vsnprintf(raw, sizeof(raw), format, arguments);
    text_printable(line, sizeof(line), raw);
    if (to_syslog)
        syslog(LOG_AUTHPRIV | priority, "%s", line);
    else
        (void)fprintf(stderr, "%s: %s\n", log_name, line);
    errno = saved;
}

void log_line(int priority, const char *format, ...)
{
    if (log_where == LOG_TARGET_NONE || (priority == LOG_DEBUG && !log_debug))
        return;
    va_list arguments;
    va_start(arguments, format);
    log_put(priority, log_where == LOG_TARGET_SYSLOG, format, arguments);
    va_end(arguments);
}

void log_system(int priority, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    log_put(priority, true, format, arguments);
    va_end(arguments);
}
