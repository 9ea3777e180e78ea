/* Lines for the administrator. Each says what happened and what to do next; none holds a secret. */
#ifndef MEDGL_BASE_LOG_H
#define MEDGL_BASE_LOG_H

#include <stdbool.h>
#include <syslog.h>

/* Where lines go: the engine's to syslog (LOG_AUTHPRIV), the CLI's to standard error. */
enum log_target {
    LOG_TARGET_STDERR,
    LOG_TARGET_SYSLOG,
    LOG_TARGET_NONE, /* tests that provoke errors by the thousand */
};

/* Once per program. `name` is kept by reference. With `debug` LOG_DEBUG lines come too. */
void log_open(enum log_target target, const char *name, bool debug);

/* Where lines go from now on; returns where they went. For what must not be told at a terminal. */
enum log_target log_turn(enum log_target target);

/* `priority` is LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO or LOG_DEBUG. Control characters
 * in the finished line become '?', so that no name from the network can forge a second line. */
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same to syslog, whatever the target: for lines that are evidence (checkpoints). */
void log_system(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
