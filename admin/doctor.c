/* Prints what operation_doctor() finds. Judges nothing itself. */
#include "admin/admin.h"

#include "operation/setup.h"

static const char *doctor_word(enum doctor_level level)
{
    switch (level) {
    case DOCTOR_OK:
        return "ok";
    case DOCTOR_WARNING:
        return "warning";
    case DOCTOR_FAULT:
        return "fault";
    }
    return "fault";
}

static void doctor_row(void *argument, enum doctor_level level, const char *check, const char *what)
{
    table_row(argument,
              (struct cell[]){CELL_TEXT(doctor_word(level)), CELL_TEXT(check), CELL_TEXT(what)});
}

enum admin_exit doctor_run(struct admin *admin)
{
    static const struct column columns[] = {
        {"level", N_("LEVEL"), COLUMN_TEXT, COLUMN_BOTH},
        {"check", N_("CHECK"), COLUMN_TEXT, COLUMN_BOTH},
        {"what", N_("FINDING"), COLUMN_TEXT, COLUMN_WIDE},
    };
    auto_clean(table_print) struct table *table =
        table_new(&admin->output, "findings", TABLE_LIST, columns, MEDGL_COUNT(columns));
    enum medgl_error error = operation_doctor(admin->identity.root, doctor_row, table);
    if (error == MEDGL_ERR_REFUSED) /* the faults are in the table */
        return ADMIN_REFUSED;
    return admin_failed(error, "", NULL);
}
