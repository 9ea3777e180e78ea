/* Runs the programs that carry alerts (R07) and print slips (R11), as a user who owns nothing: a
 * child, made before privilege goes. It never opens the store or a key, and decides nothing. */
#ifndef MEDGL_ADMIN_COURIER_H
#define MEDGL_ADMIN_COURIER_H

#include "base/crypto.h"
#include "base/error.h"
#include "operation/alert.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define COURIER_USER      MEDGL_USER "-notify"
#define COURIER_WORD_SIZE 32
#define COURIER_WHY_SIZE  256
#define COURIER_INPUT_MAX 16384

/* MUSTs:
 * - Started by root, the child becomes COURIER_USER for good before it reads an order, and is never
 *   root or the store's owner. Started by another user it stays that one, and so do the programs.
 * - It is made before the store and the keys are opened, and keeps no descriptor but its socket;
 *   what it runs has none but an input and /dev/null, and nothing of our environment.
 * - Nobody who is the same user can trace it.
 * - A program of notify.d gains no privilege by what it runs, and nothing that it began outlives
 *   it: not past its time, and not in a session of its own. (sendmail is the system's: it may be
 *   setgid, and may go on delivering.)
 * - What is run is what was opened and judged.
 * - An order may hold a password: it passes through locked pages and the kernel's pipe alone, and
 * is wiped when it is carried out.
 * - When the parent dies, what is under way is ended.
 * A hostile program of notify.d is the same user as who runs it: it may outlive its time, and
 * disturb other programs of notify.d and mail under way. It never reaches the log or the store. */
enum courier_program {
    COURIER_HOOK, /* a file in notify.d */
    COURIER_MAIL, /* sendmail -oi -t */
    COURIER_WALL,
    COURIER_SLIP, /* slip_program of the policy, as the child reads it: what is printed holds a
                     password */
};

struct courier_order {
    enum courier_program program;
    char hook[ALERT_HOOK_SIZE];
    char id[CRYPTO_ID_SIZE], kind[COURIER_WORD_SIZE]; /* of the alert, for a hook's environment */
    int64_t patience_ms;
    size_t len;
    char input[COURIER_INPUT_MAX]; /* what it reads on standard input */
};

/* One child for mail, one for terminals, with their group, and some for programs of the site, which
 * may do away with the one that runs them: they are the same user. */
struct courier_hand {
    int socket;
    pid_t child; /* 0: there is none, or it was given up */
};
enum {
    COURIER_PLAIN, /* mail, or slips */
    COURIER_TTY,
    COURIER_HOOKS,
    COURIER_HANDS = COURIER_HOOKS + 4
};

/* Zero: there is none. */
struct courier {
    struct courier_hand hand[COURIER_HANDS];
    const char *trouble; /* why there is none; NULL: nobody wanted one */
};

/* `owner`: whose the store is. Where root finds no user for the child there is none, and
 * courier_run() says so. false: it could not be made; said on standard error. */
bool courier_start(struct courier *courier, const char *root, uid_t owner);
/* The same for slips alone. */
bool courier_start_printer(struct courier *courier, const char *root, uid_t owner);

/* Ends within the order's patience and 6 seconds, whatever becomes of the child: one that does not
 * answer is given up. MEDGL_OK: it ended with status 0. MEDGL_ERR_NOT_FOUND: there is no such file
 * in notify.d. Else `why` says what went wrong. */
enum medgl_error courier_run(struct courier *courier, const struct courier_order *order,
                             char why[COURIER_WHY_SIZE]);

void courier_end(struct courier *courier);

#endif
