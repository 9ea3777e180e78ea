/* The slip with an issued password (R11, R18). */
#ifndef MEDGL_ADMIN_SLIP_H
#define MEDGL_ADMIN_SLIP_H

#include "admin/admin.h"

#define SLIP_RULE "------------------------------------------------------------------------\n"

enum slip_way {
    SLIP_NOWHERE = 0,
    SLIP_TO_PRINTER, /* the policy's slip_program, run by the courier */
    SLIP_TO_FILE,    /* admin->file */
    SLIP_TO_SCREEN,
};
struct slip {
    struct admin *admin;
    enum slip_way way;
    const char *id; /* of the credential: its beginning tells two slips apart */
};

/* For struct reset_request: called before the commit. What is not on the disk, or was not taken by
 * the printer's program in time, is an error, and then nothing is in force. */
enum medgl_error slip_deliver(void *argument, const struct account *account,
                              const struct secret *password, medgl_time valid_until);

/* Gives a text out by that way, before the commit: an error as above. */
enum medgl_error slip_give(const struct slip *slip, const struct secret *text);

/* The text, and nothing else, on the disk. */
enum medgl_error slip_to_file(int fd, const struct secret *text);

/* Adds to a text in locked pages. MEDGL_ERR_ARGUMENT: it does not fit. */
__attribute__((format(printf, 2, 3))) enum medgl_error slip_add(struct secret *text,
                                                                const char *format, ...);

#endif
