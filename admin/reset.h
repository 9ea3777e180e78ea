/* `password reset`: what was said by options, and what is asked for the rest (R11). */
#ifndef MEDGL_ADMIN_RESET_H
#define MEDGL_ADMIN_RESET_H

#include "admin/slip.h"
#include "operation/reset.h"
#include "policy/reset.h"

/* What a reset is to be: words of the command line, or of the answers. */
struct reset_plan {
    char method[POLICY_WORD_SIZE];
    char requested_by[STORE_NAME_SIZE];
    char witness[STORE_NAME_SIZE]; /* "": none */
    char note[STORE_TEXT_SIZE];
    char document[PATH_MAX]; /* "": none */
    char file[PATH_MAX];     /* of a slip; "": none */
    bool at_terminal;
    enum slip_way way; /* SLIP_NOWHERE: at the terminal, or not known yet */
};

/* "at-terminal", "printer", "file", "screen". */
const char *reset_way_word(enum slip_way way);

/* Of the words alone: whether something has to be asked, and whether a slip may be printed. */
bool reset_asks(const struct options *options);
bool reset_prints(const struct options *options);

/* Asks, step by step, for what the options left out; shows what will be done, and has it confirmed.
 * ADMIN_REFUSED: the operator gave up, or the rules do not allow it; said on standard error. */
enum admin_exit reset_ask(struct admin *admin, struct reset_plan *plan);

#endif
