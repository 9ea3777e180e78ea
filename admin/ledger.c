/* The noun ledger: gives its checkpoint out. */
#include "admin/admin.h"

#include "operation/evidence.h"

#include <stdio.h>
#include <string.h>

enum admin_exit ledger_failed(enum medgl_error error, const char *why)
{
    if (error != MEDGL_ERR_CORRUPT)
        return admin_failed(error, "", why);
    complain(_("The ledger was changed: run medgl-admin ledger verify."));
    return ADMIN_EVIDENCE;
}

/* -- checkpoint ----------------------------------------------------------------------------- */

enum admin_exit ledger_checkpoint(struct admin *admin)
{
    static const struct column columns[] = {{"note", "", COLUMN_BLOCK, COLUMN_JSON}};
    char note[STORE_NOTE_SIZE] = "";
    enum medgl_error error = operation_checkpoint(&admin->context, note);
    if (error != MEDGL_OK)
        return ledger_failed(error, NULL);
    output_raw(&admin->output, note, strlen(note));
    if (admin->output.json) {
        struct table *table =
            table_new(&admin->output, "checkpoint", TABLE_RECORD, columns, MEDGL_COUNT(columns));
        table_row(table, (struct cell[]){CELL_TEXT(note)});
        table_print(&table);
    }
    return ADMIN_DONE;
}
