/* The noun totp: devices that make one-time codes. A secret is on the operator's terminal while it
 * is enrolled, and nowhere else: never on standard output, so in no pipe and no JSON document. */
#include "admin/factor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* -- enrol ------------------------------------------------------------------------------------ */

enum admin_exit totp_enrol(struct admin *admin)
{
    const char *name = admin->options.name, *word = admin->options.value[OPTION_ALGORITHM];
    const struct talk talk = ask_talk();
    char why[OPERATION_WHY_SIZE] = "";
    struct totp_enrol_request request = {
        .name = name,
        .digits = (unsigned)options_number(&admin->options, OPTION_DIGITS, 0),
        .label = options_text(&admin->options, OPTION_LABEL),
        .reason = options_text(&admin->options, OPTION_REASON),
    };
    if (word != NULL && totp_algorithm_parse(word, &request.algorithm) != MEDGL_OK)
        return ADMIN_USAGE;
    if (!ask_possible()) {
        complain(_("A device is enrolled on a terminal alone, with its owner before it: its secret "
                   "goes into no pipe and no file."));
        return ADMIN_USAGE;
    }
    const enum medgl_error error = operation_totp_enrol(&admin->context, &talk, &request, why);
    if (error != MEDGL_OK)
        return admin_failed(error, name, why);
    output_result(&admin->output, name,
                  _("%s has a device now: a code of it is asked for from the next login on, where "
                    "the policy asks for one. Clear the screen: the key is still on it."),
                  name);
    return ADMIN_DONE;
}

/* -- import ----------------------------------------------------------------------------------- */

struct import_table {
    struct table *table;
    uint64_t good, bad;
};

static void import_row(void *argument, size_t line, const char *user, const char *serial,
                       enum medgl_error error, const char *why)
{
    struct import_table *list = argument;
    list->good += error == MEDGL_OK;
    list->bad += error != MEDGL_OK;
    table_row(list->table,
              (struct cell[]){CELL_NUMBER(line), CELL_TEXT(user), CELL_TEXT(serial),
                              CELL_TEXT(error == MEDGL_OK ? "good" : "refused"), CELL_TEXT(why)});
}

static enum totp_import_form import_form(const char *word)
{
    int form = TOTP_IMPORT_USERS;
    for (const char *const *at = options_formats(); *at != NULL && strcmp(*at, word) != 0; at++)
        form++;
    return (enum totp_import_form)form;
}

/* What goes with PSKC alone, and a password only where somebody can type it. */
static enum admin_exit import_settle(const struct admin *admin, enum totp_import_form form,
                                     struct secret *password)
{
    const char *const *value = admin->options.value;
    const bool asks = value[OPTION_ASK_PASSWORD] != NULL;
    if (form != TOTP_IMPORT_PSKC &&
        (asks || value[OPTION_KEY] != NULL || value[OPTION_SERIAL] != NULL))
        complain(_("--key, --ask-password and --serial go with --format pskc alone"));
    else if (asks && value[OPTION_KEY] != NULL)
        complain(_("either --key or --ask-password, not both"));
    else if (asks && !ask_possible())
        complain(_("--ask-password needs a terminal"));
    else if (asks &&
             (ask_secretly(_("Password of the file:"), password) != MEDGL_OK || password->len == 0))
        return admin_failed(MEDGL_ERR_ABORTED, "", NULL);
    else
        return ADMIN_DONE;
    return ADMIN_USAGE;
}

static enum admin_exit import_say(struct admin *admin, const struct import_table *list,
                                  enum medgl_error error, const char *why)
{
    const bool dry = admin->options.value[OPTION_DRY_RUN] != NULL;
    if (error == MEDGL_ERR_ARGUMENT && why[0] != '\0') {
        complain("%s: %s", admin->options.value[OPTION_FROM], why);
        return ADMIN_USAGE;
    }
    if (error != MEDGL_OK && (error != MEDGL_ERR_REFUSED || why[0] != '\0'))
        return admin_failed(error, admin->options.name != NULL ? admin->options.name : "", why);
    output_say(&admin->output,
               dry ? _("Devices that would be taken over: %" PRIu64 "; refused: %" PRIu64
                       ". Nothing was changed.")
                   : _("Devices that were taken over: %" PRIu64 "; refused: %" PRIu64
                       ". Remove the file: it holds their secrets."),
               list->good, list->bad);
    return error == MEDGL_OK ? ADMIN_DONE : ADMIN_REFUSED;
}

enum admin_exit totp_import(struct admin *admin)
{
    static const struct column columns[] = {
        {"line", N_("LINE"), COLUMN_NUMBER, COLUMN_BOTH},
        {"name", N_("NAME"), COLUMN_TEXT, COLUMN_BOTH},
        {"serial", N_("SERIAL"), COLUMN_TEXT, COLUMN_BOTH},
        {"result", N_("RESULT"), COLUMN_TEXT, COLUMN_BOTH},
        {"why", N_("WHY"), COLUMN_TEXT, COLUMN_WIDE},
    };
    const struct options *options = &admin->options;
    auto_secret struct secret password = SECRET_NONE;
    auto_clean(table_free) struct table *table = NULL;
    struct import_table list = {.good = 0};
    char why[OPERATION_WHY_SIZE] = "";
    const struct totp_import_request request = {
        .form = import_form(options->value[OPTION_FORMAT]),
        .text = &admin->from,
        .key = options->value[OPTION_KEY] != NULL ? &admin->key : NULL,
        .password = options->value[OPTION_ASK_PASSWORD] != NULL ? &password : NULL,
        .name = options->name,
        .serial = options->value[OPTION_SERIAL],
        .dry_run = options->value[OPTION_DRY_RUN] != NULL,
        .argument = &list,
        .outcome = import_row,
    };
    const enum admin_exit code = import_settle(admin, request.form, &password);
    if (code != ADMIN_DONE)
        return code;
    table = table_new(&admin->output, "devices", TABLE_LIST, columns, MEDGL_COUNT(columns));
    list.table = table;
    const enum medgl_error error = operation_totp_import(&admin->context, &request, why);
    if (list.good + list.bad > 0) /* also of an import that ended in the middle */
        table_print(&table);
    return import_say(admin, &list, error, why);
}

/* -- list ------------------------------------------------------------------------------------- */

enum admin_exit totp_list(struct admin *admin)
{
    static const struct column columns[] = {
        {"id", N_("ID"), COLUMN_TEXT, COLUMN_BOTH},
        {"account", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
        {"label", N_("LABEL"), COLUMN_TEXT, COLUMN_BOTH},
        {"codes", N_("CODES"), COLUMN_TEXT, COLUMN_BOTH},
        {"enrolled", N_("ENROLLED"), COLUMN_TIME, COLUMN_BOTH},
        {"last_used", N_("LAST USED"), COLUMN_TIME, COLUMN_BOTH},
        {"drift", N_("STEPS AHEAD"), COLUMN_NUMBER, COLUMN_BOTH},
    };
    return factor_list(admin, FACTOR_KIND_TOTP, "devices", columns, MEDGL_COUNT(columns),
                       _("No device is enrolled."));
}

/* -- remove ----------------------------------------------------------------------------------- */

enum admin_exit totp_remove(struct admin *admin)
{
    const char *name = admin->options.name;
    uint32_t removed;
    const enum admin_exit code = factor_remove(admin, FACTOR_KIND_TOTP, &removed);
    if (code != ADMIN_DONE)
        return code;
    output_result(
        &admin->output, name,
        _("Devices that were taken away from %s: %" PRIu32 ". Their codes open nothing any more."),
        name, removed);
    return ADMIN_DONE;
}
