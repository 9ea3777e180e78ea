/* The noun ledger: proofs for others, archives, cosignatures. */
#include "admin/admin.h"

enum admin_exit ledger_prove(struct admin *admin)
{
    (void)admin;
    return ADMIN_UNUSABLE;
}

enum admin_exit ledger_archive(struct admin *admin)
{
    (void)admin;
    return ADMIN_UNUSABLE;
}

enum admin_exit ledger_cosign(struct admin *admin)
{
    (void)admin;
    return ADMIN_UNUSABLE;
}
