/* The copy of a document that belongs to an entry. */
#include "admin/admin.h"

enum admin_exit ledger_document(struct admin *admin)
{
    (void)admin;
    return ADMIN_UNUSABLE;
}
