/* The noun breakglass: a new sealed credential goes onto its page and nowhere else; and which there
 * are (R32). */
#include "admin/breakglass.h"
#include "admin/emergency.h"

#include "admin/reset.h"

#include <stdio.h>
#include <string.h>

/* -- where the page goes ---------------------------------------------------------------------- */

static enum slip_way seal_way(const struct options *options)
{
    if (options->value[OPTION_SLIP] != NULL)
        return SLIP_TO_FILE;
    return options->value[OPTION_SHOW] != NULL ? SLIP_TO_SCREEN : SLIP_TO_PRINTER;
}

bool breakglass_prints(const struct options *options)
{
    return options->verb->run == breakglass_seal && seal_way(options) == SLIP_TO_PRINTER;
}

static enum admin_exit seal_settle(const struct options *options)
{
    const bool show = options->value[OPTION_SHOW] != NULL;
    if (show && options->value[OPTION_SLIP] != NULL)
        complain(_("one way only: --slip FILE or --show; with neither the page is printed"));
    else if (show && !ask_possible())
        complain(_("--show needs a terminal: a sealed credential goes into no pipe"));
    else
        return ADMIN_DONE;
    return ADMIN_USAGE;
}

/* -- seal ------------------------------------------------------------------------------------- */

struct sealing {
    struct slip slip;
    char serial[STORE_SERIAL_SIZE]; /* of a page that came out; "": none did */
};

static enum medgl_error seal_deliver(void *argument, const struct account *account,
                                     const struct breakglass *row, const struct secret *code)
{
    struct sealing *sealing = argument;
    auto_secret struct secret text = SECRET_NONE;
    MEDGL_TRY(breakglass_page(&text, &sealing->slip.admin->context.policy, account, row, code));
    MEDGL_TRY(slip_give(&sealing->slip, &text));
    (void)snprintf(sealing->serial, sizeof(sealing->serial), "%s", row->serial);
    return MEDGL_OK;
}

static enum medgl_error seal_warn(void *argument, const char *warning)
{
    (void)argument;
    complain("%s", warning);
    return MEDGL_OK;
}

static bool seal_end(void *argument, const struct account *account)
{
    const struct sealing *sealing = argument;
    struct privileged_answer answer;
    return privileged_order(&sealing->slip.admin->privileged, account->name, account->uid, &answer);
}

/* Paper that came out looks good. A file is taken away again. */
static void seal_say_void(const struct sealing *sealing)
{
    if (sealing->serial[0] != '\0' && sealing->slip.way != SLIP_TO_FILE)
        complain(_("A page came out and opens nothing: destroy it (%s)."), sealing->serial);
}

static void seal_say_done(struct admin *admin, enum slip_way way, const char *serial)
{
    const char *name = admin->options.name;
    switch (way) {
    case SLIP_TO_PRINTER:
        output_say(
            &admin->output,
            _("%s is sealed, number %s: the page was printed. Fold it unread, fill in what is "
              "blank on the outside, and seal it in an envelope."),
            name, serial);
        return;
    case SLIP_TO_FILE:
        output_say(&admin->output,
                   _("%s is sealed, number %s: the page is in %s. Print it, fold it unread, fill "
                     "in what is blank on the outside, seal it in an envelope, and remove the "
                     "file."),
                   name, serial, admin->options.value[OPTION_SLIP]);
        return;
    case SLIP_TO_SCREEN:
        output_say(&admin->output,
                   _("%s is sealed, number %s: the password above is in force, and is not shown "
                     "again. Write it down, seal it in an envelope, and clear the screen."),
                   name, serial);
        return;
    case SLIP_NOWHERE:
        return;
    }
}

static void seal_print(struct admin *admin, enum slip_way way, const struct breakglass *row)
{
    static const struct column columns[] = {
        {"name", "", COLUMN_TEXT, COLUMN_BOTH},    {"serial", "", COLUMN_TEXT, COLUMN_BOTH},
        {"times", "", COLUMN_NUMBER, COLUMN_BOTH}, {"sealed", "", COLUMN_TIME, COLUMN_BOTH},
        {"deliver", "", COLUMN_TEXT, COLUMN_BOTH}, {"slip", "", COLUMN_TEXT, COLUMN_BOTH},
    };
    seal_say_done(admin, way, row->serial);
    if (!admin->output.json)
        return;
    struct table *table =
        table_new(&admin->output, "breakglass_seal", TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(table, (struct cell[]){CELL_TEXT(admin->options.name), CELL_TEXT(row->serial),
                                     CELL_NUMBER(row->times), CELL_NUMBER(row->sealed_at),
                                     CELL_TEXT(reset_way_word(way)),
                                     CELL_TEXT(admin->options.value[OPTION_SLIP])});
    table_print(&table);
}

enum admin_exit breakglass_seal(struct admin *admin)
{
    const struct options *options = &admin->options;
    struct sealing sealing = {.slip = {.admin = admin, .way = seal_way(options)}};
    struct breakglass row;
    char why[OPERATION_WHY_SIZE] = "";
    const bool here = admin->privileged.act == PRIVILEGED_END_LOGINS;
    const enum admin_exit code = seal_settle(options);
    if (code != ADMIN_DONE)
        return code;
    const struct breakglass_seal_request request = {.name = options->name,
                                                    .reason = options->value[OPTION_REASON],
                                                    .way = reset_way_word(sealing.slip.way),
                                                    .argument = &sealing,
                                                    .deliver = seal_deliver,
                                                    .warn = seal_warn,
                                                    .end = here ? seal_end : NULL};
    const enum medgl_error error = operation_breakglass_seal(&admin->context, &request, &row, why);
    if (error != MEDGL_OK) {
        seal_say_void(&sealing);
        return admin_failed(error, options->name, why);
    }
    admin->file_stays = sealing.slip.way == SLIP_TO_FILE;
    seal_print(admin, sealing.slip.way, &row);
    emergency_join_now(admin);
    return ADMIN_DONE;
}

/* -- list ------------------------------------------------------------------------------------- */

static void list_row(void *argument, const struct breakglass_record *record)
{
    struct table *table = argument;
    const struct breakglass *row = record->row;
    table_row(table, (struct cell[]){
                         CELL_TEXT(record->account->name),
                         CELL_TEXT(breakglass_state_word(record->state)),
                         CELL_NUMBER(record->due),
                         CELL_TEXT(account_state_word(record->account->state)),
                         CELL_TEXT(row->serial),
                         CELL_NUMBER(row->times),
                         CELL_NUMBER(row->sealed_at),
                         CELL_NUMBER(record->renew),
                         CELL_NUMBER(row->used_at),
                         record->emergency > 0 ? CELL_NUMBER(record->emergency) : CELL_NONE,
                         CELL_NUMBER(row->closed_at),
                         CELL_NUMBER(record->sessions),
                     });
}

enum admin_exit breakglass_list(struct admin *admin)
{
    static const struct column columns[] = {
        {"account", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
        {"state", N_("STATE"), COLUMN_TEXT, COLUMN_BOTH},
        {"due", N_("RENEWAL DUE"), COLUMN_BOOL, COLUMN_BOTH},
        {"account_state", N_("ACCOUNT IS"), COLUMN_TEXT, COLUMN_BOTH},
        {"serial", N_("SERIAL"), COLUMN_TEXT, COLUMN_BOTH},
        {"times", "", COLUMN_NUMBER, COLUMN_JSON},
        {"sealed", N_("SEALED"), COLUMN_TIME, COLUMN_BOTH},
        {"renew", N_("RENEW"), COLUMN_TIME, COLUMN_BOTH},
        {"used", N_("USED"), COLUMN_TIME, COLUMN_BOTH},
        {"emergency", N_("EMERGENCY"), COLUMN_NUMBER, COLUMN_BOTH},
        {"closed", N_("CLOSED"), COLUMN_TIME, COLUMN_JSON},
        {"sessions", N_("SESSIONS"), COLUMN_NUMBER, COLUMN_BOTH},
    };
    auto_clean(table_free) struct table *table =
        table_new(&admin->output, "breakglass", TABLE_LIST, columns, MEDGL_COUNT(columns));
    const enum medgl_error error = operation_breakglass_list(&admin->context, list_row, table);
    if (error != MEDGL_OK)
        return admin_failed(error, "", NULL);
    table_print_or(&admin->output, &table,
                   _("There is no break-glass account: medgl-admin account add NAME --class "
                     "breakglass enrols one."));
    return ADMIN_DONE;
}
