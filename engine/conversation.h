/* Carries an operation's words to the person: over the wire, through the module, into PAM. */
#ifndef MEDGL_ENGINE_CONVERSATION_H
#define MEDGL_ENGINE_CONVERSATION_H

#include "engine/wire.h"
#include "operation/talk.h"

#include <stdbool.h>

/* How long the engine may take between two messages: less than the module's patience, so that it
 * has not allowed what the module gave up. And how long a person may take to answer: less where an
 * ordinary user's program keeps a connection of the socket open for it, and others want one. */
#define CONVERSATION_WORK_S   (WIRE_PATIENCE_MS / 1000 - 5)
#define CONVERSATION_PERSON_S 900
#define CONVERSATION_SOCKET_S 120

struct conversation {
    int fd;
    unsigned person_s;
    bool silent; /* PAM_SILENT: messages are dropped, questions are asked */
    bool broken; /* the line is gone: nobody is there to answer */
    bool heard;  /* the last message was shown, by the host's word */
};

/* What operations get. `conversation` must outlive it. */
struct talk conversation_talk(struct conversation *conversation);

#endif
