/* One call: who may ask, what is asked, and the verdict. */
#ifndef MEDGL_ENGINE_SERVE_H
#define MEDGL_ENGINE_SERVE_H

#include "engine/wire.h"

#include <sys/types.h>

enum serve_right {
    SERVE_REFUSED = 0,
    SERVE_ITSELF, /* may ask about itself; its words are not believed */
    SERVE_TRUSTED,
};

/* What the process with uid `peer` may ask of an engine with uid `own` about the user with uid
 * `*user` (NULL: there is no such user). */
enum serve_right serve_right(uid_t peer, uid_t own, const uid_t *user, enum wire_call call);

/* Reads the REQUEST from the socket, has it decided, sends the VERDICT. `root` is "" or the private
 * root, `leader` the process that asks (base/process.h), or "". */
void serve(int fd, const char *root, const char *leader);

#endif
