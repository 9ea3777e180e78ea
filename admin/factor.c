#include "admin/factor.h"

#include <stdio.h>

struct factor_table {
    struct table *table;
    bool json;
};

static void factor_row(void *argument, const struct factor_report *report)
{
    const struct factor_table *list = argument;
    const struct credential *credential = report->credential;
    char id[CRYPTO_ID_SIZE];
    (void)snprintf(id, sizeof(id), "%.*s", list->json ? CRYPTO_ID_SIZE - 1 : SHORT_ID,
                   credential->id);
    table_row(list->table,
              (struct cell[]){CELL_TEXT(id), CELL_TEXT(report->name), CELL_TEXT(credential->label),
                              CELL_TEXT(report->what), CELL_NUMBER(credential->set_at),
                              CELL_NUMBER(report->last_used), CELL_NUMBER(credential->drift)});
}

enum admin_exit factor_list(struct admin *admin, enum factor_kind kind, const char *name,
                            const struct column *columns, size_t count, const char *none)
{
    auto_clean(table_free) struct table *table =
        table_new(&admin->output, name, TABLE_LIST, columns, count);
    struct factor_table list = {.table = table, .json = admin->output.json};
    const enum medgl_error error =
        operation_factor_list(&admin->context, admin->options.name, kind, factor_row, &list);
    if (error != MEDGL_OK)
        return admin_failed(error, admin->options.name, NULL);
    table_print_or(&admin->output, &table, none);
    return ADMIN_DONE;
}

enum admin_exit factor_remove(struct admin *admin, enum factor_kind kind, uint32_t *removed)
{
    const char *name = admin->options.name;
    char why[OPERATION_WHY_SIZE] = "";
    const enum medgl_error error =
        operation_factor_remove(&admin->context, name, kind, admin->options.value[OPTION_ID],
                                admin->options.value[OPTION_REASON], removed, why);
    return error == MEDGL_OK ? ADMIN_DONE : admin_failed(error, name, why);
}
