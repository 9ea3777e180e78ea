/* A new installation: finds out for whom, and has operation_setup() make it. */
#include "admin/admin.h"

#include "operation/setup.h"

#include <stdio.h>

enum admin_exit setup_run(struct admin *admin)
{
    static const struct column columns[] = {
        {"origin", "", COLUMN_TEXT, COLUMN_BOTH},
        {"verifier_key_file", "", COLUMN_TEXT, COLUMN_BOTH},
    };
    const struct identity *identity = &admin->identity;
    char host[HOST_NAME_MAX + 1] = "", fallback[HOST_NAME_MAX + sizeof("/medgl")];
    const char *origin = admin->options.value[OPTION_ORIGIN];
    if (origin == NULL) {
        if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
            (void)snprintf(host, sizeof(host), "localhost");
        (void)snprintf(fallback, sizeof(fallback), "%s/medgl", host);
        origin = fallback;
    }
    const struct setup_request request = {
        .root = identity->root,
        .origin = origin,
        .owner = identity->owner,
        .group = identity->group,
        .actor = identity->actor,
    };
    const bool old = context_there(identity->root, CONTEXT_MAIN);
    enum medgl_error error = operation_setup(&request);
    if (error == MEDGL_ERR_EXISTS) {
        complain(_("Everything is set up already; nothing was changed."));
        return ADMIN_REFUSED;
    }
    if (error != MEDGL_OK)
        return admin_failed(error, "", NULL);
    char path[PATH_MAX], small[PATH_MAX];
    (void)path_under(path, identity->root, PATH_LEDGER_VKEY);
    (void)path_under(small, identity->root, PATH_BREAKGLASS_LEDGER_VKEY);
    if (old)
        output_say(&admin->output,
                   _("Set up what was missing; nothing that was there was changed. Break-glass "
                     "accounts have an installation of their own in %s%s.\n"
                     "Keep a copy of %s where nobody who is root here can change it."),
                   identity->root, PATH_BREAKGLASS, small);
    else
        output_say(
            &admin->output,
            _("Set up as %s.\n"
              "Keep copies of %s and %s, and of every checkpoint, where nobody who is root here "
              "can change them: only that proves later that the ledgers were not rewritten.\n"
              "Next: medgl-admin account add NAME, then medgl-admin password reset NAME."),
            origin, path, small);
    if (admin->output.json) {
        struct table *table =
            table_new(&admin->output, "setup", TABLE_RECORD, columns, MEDGL_COUNT(columns));
        table_row(table, (struct cell[]){CELL_TEXT(origin), CELL_TEXT(path)});
        table_print(&table);
    }
    return ADMIN_DONE;
}
