/* Making a new installation, and looking at one that is there. */
#ifndef MEDGL_OPERATION_SETUP_H
#define MEDGL_OPERATION_SETUP_H

#include "operation/context.h"

struct setup_request {
    const char *root;   /* "" or a private root */
    const char *origin; /* the ledger's name: "medgl.hospital.example/host1" */
    uid_t owner;        /* who will own keys and store */
    gid_t group;
    struct actor actor;
};
/* Directories, keys (kept if they are there), the store, the first entry; the same for the
 * break-glass accounts, whose ledger is called as the main one with "/breakglass" behind it. May be
 * run again after it was interrupted, and on an installation from before there were break-glass
 * accounts; MEDGL_ERR_EXISTS: everything is there already. Called as root it does what needs
 * root, and works on the store as `owner` in a child of its own. */
enum medgl_error operation_setup(const struct setup_request *request);

/* The directories alone, those that are missing. With a umask of 022. */
enum medgl_error setup_make_directories(const char *root, uid_t owner, gid_t group);

enum doctor_level {
    DOCTOR_OK,
    DOCTOR_WARNING,
    DOCTOR_FAULT
};
/* One finding: `check` is a stable word ("keys"), `what` says what is so and, unless OK, what to
 * do. */
typedef void (*doctor_finding)(void *argument, enum doctor_level level, const char *check,
                               const char *what);

/* Looks at: policy, permissions of files, keys and that they fit the store, store and ledger head,
 * clock, free space, the rules of access, enrolled accounts, PAM service files that use the module
 * (and those that use it wrongly), settings of sshd and sudo that defeat it, users who get in
 * beside it, automatic logon, whether alerts reach anybody, the engine program. Executes nothing
 * and believes no file. Runs as root or as the owner. MEDGL_OK: no fault. MEDGL_ERR_REFUSED: at
 * least one. */
enum medgl_error operation_doctor(const char *root, doctor_finding finding, void *argument);

#endif
