/* The noun emergency: what its verbs share. */
#ifndef MEDGL_ADMIN_EMERGENCY_H
#define MEDGL_ADMIN_EMERGENCY_H

#include "admin/admin.h"
#include "operation/emergency.h"

/* What is to be declared, or how one is to end: words of the command line, or of the answers. */
struct emergency_plan {
    char criterion[STORE_NAME_SIZE], decided_by[STORE_NAME_SIZE], note[STORE_TEXT_SIZE];
    bool drill;
};

/* Asks, step by step, for what the options left out, shows what will happen, and has it confirmed;
 * asks nothing where they left out nothing. ADMIN_USAGE: something is left out, and nobody can be
 * asked. ADMIN_REFUSED: the operator gave up. All is said on standard error. */
enum admin_exit emergency_ask_declare(struct admin *admin, struct emergency_plan *plan);
enum admin_exit emergency_ask_recover(struct admin *admin, struct emergency_plan *plan);

/* The main ledger vouches for what was just done, and says where it cannot; and for the timer, each
 * time that it is due. Neither ever fails the verb. */
void emergency_join_now(struct admin *admin);
void emergency_join_due(struct admin *admin);

/* The main installation, opened in `there` for reading; NULL: it is not there, or unusable. */
struct context *emergency_main(struct admin *admin, struct context *there);

#endif
