/* Whether there is room (R35): what the evidence takes, and how long the disk will do. */
#include "admin/admin.h"

#include "operation/space.h"

#include <stdio.h>

static const struct column space_columns[] = {
    {"entries", N_("Entries"), COLUMN_NUMBER, COLUMN_BOTH},
    {"archived", N_("Of them archived"), COLUMN_NUMBER, COLUMN_BOTH},
    {"oldest", N_("Oldest in the store"), COLUMN_TIME, COLUMN_BOTH},
    {"store_bytes", N_("Store (bytes)"), COLUMN_NUMBER, COLUMN_BOTH},
    {"document_bytes", N_("Documents (bytes)"), COLUMN_NUMBER, COLUMN_BOTH},
    {"archive_bytes", N_("Archives (bytes)"), COLUMN_NUMBER, COLUMN_BOTH},
    {"checkpoint_bytes", N_("Checkpoints (bytes)"), COLUMN_NUMBER, COLUMN_BOTH},
    {"free_bytes", N_("Free on the device (bytes)"), COLUMN_NUMBER, COLUMN_BOTH},
    {"since", N_("Growth since"), COLUMN_TIME, COLUMN_BOTH},
    {"entries_per_day", N_("Entries a day"), COLUMN_NUMBER, COLUMN_BOTH},
    {"bytes_per_day", N_("Bytes a day"), COLUMN_NUMBER, COLUMN_BOTH},
    {"days_left", N_("Days the device will do"), COLUMN_NUMBER, COLUMN_BOTH},
};

enum admin_exit report_space(struct admin *admin)
{
    struct space_report report;
    const enum medgl_error error = operation_space(&admin->context, &report);
    if (error != MEDGL_OK)
        return ledger_failed(error, NULL);
    const struct space_growth *growth = &report.growth;
    const bool known = growth->since != 0;
    struct table *table =
        table_new(&admin->output, "space", TABLE_RECORD, space_columns, MEDGL_COUNT(space_columns));
    table_row(table,
              (struct cell[]){
                  CELL_NUMBER(report.entries),
                  CELL_NUMBER(report.archived),
                  report.oldest != 0 ? CELL_NUMBER(report.oldest) : CELL_NONE,
                  CELL_NUMBER(report.store_bytes),
                  CELL_NUMBER(report.document_bytes),
                  CELL_NUMBER(report.archive_bytes),
                  CELL_NUMBER(report.checkpoint_bytes),
                  CELL_NUMBER(report.free_bytes),
                  known ? CELL_NUMBER(growth->since) : CELL_NONE,
                  known ? CELL_NUMBER((int64_t)(growth->entries_per_day + 0.5)) : CELL_NONE,
                  known ? CELL_NUMBER(growth->bytes_per_day) : CELL_NONE,
                  known && growth->days_left >= 0 ? CELL_NUMBER(growth->days_left) : CELL_NONE,
              });
    table_print(&table);
    return ADMIN_DONE;
}
