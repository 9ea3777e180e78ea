/* The noun recovery: ten codes for the day when a device is not at hand. Given out on a slip or on
 * the terminal alone (admin/codes.c). */
#include "admin/factor.h"

#include "operation/recovery.h"

#include <inttypes.h>

static enum medgl_error recovery_deliver(void *argument, const struct account *account,
                                         const char (*codes)[RECOVERY_TEXT_SIZE], size_t count)
{
    return codes_deliver(argument, account, codes, count, 0);
}

enum admin_exit recovery_issue(struct admin *admin)
{
    const char *name = admin->options.name;
    char why[OPERATION_WHY_SIZE] = "";
    const struct recovery_issue_request request = {
        .name = name,
        .reason = admin->options.value[OPTION_REASON],
        .argument = admin,
        .deliver = recovery_deliver,
    };
    const enum admin_exit code = codes_settle(admin);
    if (code != ADMIN_DONE)
        return code;
    const enum medgl_error error = operation_recovery_issue(&admin->context, &request, why);
    if (error != MEDGL_OK)
        return admin_failed(error, name, why);
    codes_say(admin, name);
    if (admin->output.json)
        output_result(&admin->output, name, _("%s has %d recovery codes."), name, RECOVERY_COUNT);
    return ADMIN_DONE;
}

static void recovery_row(void *argument, const struct recovery_report *report)
{
    struct table *table = argument;
    table_row(table, (struct cell[]){CELL_TEXT(report->name), CELL_NUMBER(report->left),
                                     CELL_NUMBER(report->issued)});
}

enum admin_exit recovery_list(struct admin *admin)
{
    static const struct column columns[] = {
        {"account", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
        {"left", N_("CODES LEFT"), COLUMN_NUMBER, COLUMN_BOTH},
        {"issued", N_("ISSUED"), COLUMN_TIME, COLUMN_BOTH},
    };
    auto_clean(table_free) struct table *table =
        table_new(&admin->output, "recovery", TABLE_LIST, columns, MEDGL_COUNT(columns));
    const enum medgl_error error =
        operation_recovery_list(&admin->context, admin->options.name, recovery_row, table);
    if (error != MEDGL_OK)
        return admin_failed(error, admin->options.name, NULL);
    table_print_or(&admin->output, &table, _("Nobody has recovery codes."));
    return ADMIN_DONE;
}

enum admin_exit recovery_revoke(struct admin *admin)
{
    const char *name = admin->options.name;
    uint32_t removed;
    const enum admin_exit code = factor_remove(admin, FACTOR_KIND_RECOVERY, &removed);
    if (code != ADMIN_DONE)
        return code;
    output_result(
        &admin->output, name,
        _("Recovery codes of %s that were ended: %" PRIu32 ". They open nothing any more."), name,
        removed);
    return ADMIN_DONE;
}
