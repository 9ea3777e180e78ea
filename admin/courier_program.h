/* What the courier's child runs. To be called in that child alone: COURIER_SOCKET is its socket. */
#ifndef MEDGL_ADMIN_COURIER_PROGRAM_H
#define MEDGL_ADMIN_COURIER_PROGRAM_H

#include "admin/courier.h"

#include <unistd.h>

#define COURIER_SOCKET (STDERR_FILENO + 1)
/* Until one that was killed is gone; a setuid one cannot be killed. */
#define COURIER_KILL_MS 3000

struct courier_answer {
    enum medgl_error error;
    char why[COURIER_WHY_SIZE];
};

/* Runs what the order asks for, for no longer than its patience and what killing takes. `answer`
 * starts as a failure. `from_root`: root made the child, which is a user of its own, and runs what
 * nobody but root may write to; else `uid` may, too. */
void courier_program_run(const struct courier_order *order, const char *root, uid_t uid,
                         bool from_root, struct courier_answer *answer);

#endif
