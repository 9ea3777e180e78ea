/* What the files of the module share. The module lives inside other people's programs: it keeps no
 * state but PAM's own, never exits, prints nothing, and leaves the host's world alone. */
#ifndef MEDGL_PAM_MEDGL_MODULE_H
#define MEDGL_PAM_MEDGL_MODULE_H

#include "engine/wire.h"

#include <security/pam_modules.h>

/* The words behind pam_medgl.so in the service file. Texts are borrowed from PAM; NULL: not given.
 */
struct arguments {
    const char *root;   /* a private root: absolute, without a '/' at its end */
    const char *exempt; /* "root,backup" */
    const char *factor;
    unsigned flags; /* WIRE_FLAG_* */
};

/* false: a word is unknown, malformed or given twice. It was logged, and the call must fail. */
bool arguments_parse(pam_handle_t *pamh, int argc, const char **argv, struct arguments *arguments);
bool arguments_exempt(const struct arguments *arguments, const char *user);

/* Puts the null device on those of 0..2 that the host has closed, and takes it away again. */
struct fillers {
    int fds[3];
    int count;
};
bool standard_fill(struct fillers *fillers);
void standard_drain(const struct fillers *fillers);

/* A line for the administrator: what happened and what to do, never a secret, never a user's name
 * (people type passwords there). */
void module_log(pam_handle_t *pamh, int priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A connection to an engine of our own: spawned where the host is root, else through the socket.
 * `root` may be NULL. -1: none, and the log says what to do. The caller closes it. */
int engine_open(pam_handle_t *pamh, const char *root);

/* Has the engine decide one call about `user`: passes PAM's items on, holds the conversation, keeps
 * what the verdict brings. Whatever goes wrong is WIRE_RESULT_UNAVAILABLE, and logged. */
enum wire_result relay_call(pam_handle_t *pamh, const struct arguments *arguments,
                            enum wire_call call, unsigned flags, const char *user);

#endif
