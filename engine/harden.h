/* What the engine does to itself before it reads a byte of its caller. */
#ifndef MEDGL_ENGINE_HARDEN_H
#define MEDGL_ENGINE_HARDEN_H

#include "base/error.h"

#include <stdbool.h>

/* Leaves nothing of the caller's: environment, descriptors but 0..2 and WIRE_FD, umask, directory,
 * signal mask. 0..2 are open afterwards. false: the process must end. */
bool harden_world(void);

/* Whether --root may be honoured: `root` is well-formed, and root runs the program, or the owner of
 * the state under that root. Asked before harden_privilege(). */
bool harden_may_use_root(const char *root);

/* From root: sane resource limits, then the system user for good. From anybody: no core, no
 * tracing, no privilege to gain by execve(). An error was logged: the process must end. */
enum medgl_error harden_privilege(void);

/* The process is killed in that many seconds unless this is called again: no call outlives its
 * caller's patience, whatever hangs. */
void harden_deadline(unsigned seconds);

#endif
