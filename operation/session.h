/* Sessions: the notice at their start (R21) and their record (R06). */
#ifndef MEDGL_OPERATION_SESSION_H
#define MEDGL_OPERATION_SESSION_H

#include "operation/caller.h"
#include "operation/context.h"
#include "operation/talk.h"

enum session_verdict {
    SESSION_REFUSED = 0,
    SESSION_DONE,
    SESSION_NOT_ENROLLED
};

/* Opens: says when and from where the last login was, warns of failed tries since, records. `id`
 * names the session. */
enum medgl_error operation_session_open(struct context *context, const struct talk *talk,
                                        const struct caller *caller, const char *user, bool silent,
                                        char id[CRYPTO_ID_SIZE], enum session_verdict *verdict);

/* Closes the one with this id, or ("") the newest open one of the same user, service and terminal.
 */
enum medgl_error operation_session_close(struct context *context, const struct caller *caller,
                                         const char *user, const char *id,
                                         enum session_verdict *verdict);

#endif
