/* Behind a verb about emergencies: the main ledger takes over what the break-glass accounts' one
 * says. Whatever becomes of it, the act itself is done. */
#include "admin/emergency.h"

#include "operation/emergency_join.h"

/* The main store is opened here and no sooner: it may be what is broken. */
static enum medgl_error join_with(struct admin *admin, bool due)
{
    auto_clean(context_close) struct context there = {.store = NULL};
    bool joined;
    MEDGL_TRY(context_open(admin->identity.root, CONTEXT_STATE, &there));
    there.actor = admin->context.actor;
    return due ? operation_emergency_join_due(&there, &admin->context, &joined)
               : operation_emergency_join(&there, &admin->context, &joined);
}

struct context *emergency_main(struct admin *admin, struct context *there)
{
    const char *root = admin->identity.root;
    const bool known =
        context_there(root, CONTEXT_MAIN) && context_open(root, CONTEXT_READING, there) == MEDGL_OK;
    return known ? there : NULL;
}

void emergency_join_now(struct admin *admin)
{
    const enum medgl_error error = join_with(admin, false);
    if (error == MEDGL_OK)
        return;
    if (error == MEDGL_ERR_CORRUPT)
        complain(_("The ledger of the break-glass accounts and the main one contradict each other, "
                   "or one of them is damaged: run medgl-admin ledger verify."));
    else
        complain(_("The main ledger does not vouch for this yet (%s). It will once it can be "
                   "written: medgl-alert.timer sees to it."),
                 medgl_error_text(error));
}

void emergency_join_due(struct admin *admin)
{
    (void)join_with(admin, true); /* logged, and tried again the next minute */
}
