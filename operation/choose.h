/* A person chooses a password: is told what is asked for, has three tries, and hears what is wrong
 * with each (R13, R14, R16, R19). One way for the change by its owner and the reset at a desk. */
#ifndef MEDGL_OPERATION_CHOOSE_H
#define MEDGL_OPERATION_CHOOSE_H

#include "operation/context.h"
#include "operation/history.h"
#include "operation/judge.h"
#include "operation/talk.h"

struct choice {
    struct context *context;
    const struct talk *talk;
    const struct account *account;
    bool second_factor;           /* one is in force */
    const struct secret *current; /* as typed; NULL: it was not */
    bool watched; /* somebody else sees what is shown: no password is offered, and what is typed is
                     hidden (R02); whoever asks for it ends that */
    struct judge judge;
    /* What came of the latest try. */
    bool accepted;
    struct password_verdict judged;
    struct history_answer answer;
};

/* MUST: no list, no password (R14). Where one cannot be asked the person is told.
 * MEDGL_ERR_POLICY. */
enum medgl_error choose_open(struct choice *choice);
/* `accepted` says whether there is one: else all tries were used, which was told.
 * MEDGL_ERR_ABORTED: the person gave up. */
enum medgl_error choose_password(struct choice *choice);
void choice_clear(struct choice *choice); /* also for auto_clean() */

#endif
