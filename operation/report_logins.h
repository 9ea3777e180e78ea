/* The logins of an emergency, for its report: who used a sealed credential, and who tried (R33).
 * Part of report_emergency.h. */
#ifndef MEDGL_OPERATION_REPORT_LOGINS_H
#define MEDGL_OPERATION_REPORT_LOGINS_H

#include "operation/report_emergency.h"

/* A sealed credential opened something. */
struct report_use;

struct report_logins {
    struct store_txn *txn; /* of the break-glass accounts */
    struct emergency_report *report;
    uint64_t from, to;      /* the emergency in the ledger */
    uint64_t until;         /* where the next one begins: what was said of this one stands before */
    const char *opened_by;  /* the account whose login declared it; "" */
    const char *opens_next; /* the account whose login declared the next one; "" */

    /* what was found */
    struct report_use *uses; /* malloc'ed */
    size_t count;
    uint32_t nameless;              /* of them: nobody said who it was */
    char origin[STORE_NAME_SIZE];   /* of the ledger; "" where no entry of it could be read */
    struct emergency_login refused; /* the last refusal, which may repeat */
    struct ledger_parsed *entry;    /* that it borrows from */
};

/* Finds who it was and the ledger's name; then calls report->login. */
enum medgl_error report_logins_look(struct report_logins *run);
enum medgl_error report_logins_tell(struct report_logins *run);
/* Whether that account was used. */
bool report_logins_used(const struct report_logins *run, const char *name);
void report_logins_free(struct report_logins *run); /* also for auto_clean() */

#endif
