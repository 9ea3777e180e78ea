/* How an operation speaks with a person, whoever carries the words (PAM conversation, terminal,
 * test). */
#ifndef MEDGL_OPERATION_TALK_H
#define MEDGL_OPERATION_TALK_H

#include "base/error.h"
#include "base/secret.h"

#include <stdbool.h>

enum talk_style {
    TALK_SECRET,  /* asks, echo off */
    TALK_VISIBLE, /* asks, echo on */
};

/* What the answer is, so that the carrier can keep it for PAM. */
enum talk_meaning {
    TALK_ANSWER,
    TALK_PASSWORD,
    TALK_CURRENT_PASSWORD,
    TALK_CODE, /* of a second factor, or a PIN: may be empty, MEDGL_OK then: who has none goes on */
};

struct talk {
    void *carrier;
    /* MEDGL_ERR_ABORTED: the person gave up, answered nothing or the line broke.
     * MEDGL_ERR_ARGUMENT: longer than PASSWORD_BYTES_MAX. `answer` must be empty. */
    enum medgl_error (*ask)(void *carrier, enum talk_style style, enum talk_meaning meaning,
                            const char *prompt, struct secret *answer);
    /* Says something; failures are of no interest to an operation. */
    void (*inform)(void *carrier, const char *message);
    void (*warn)(void *carrier, const char *message);
    /* Whether what was said last reached the person. NULL: it always does. */
    bool (*heard)(void *carrier);
    /* From here on nothing that is typed is shown, between questions too, until it is called with
     * false; what was typed before is dropped. NULL: nobody else sees what is typed. */
    enum medgl_error (*hide)(void *carrier, bool hidden);
};

static inline enum medgl_error talk_hide(const struct talk *talk, bool hidden)
{
    return talk->hide != NULL ? talk->hide(talk->carrier, hidden) : MEDGL_OK;
}

#endif
