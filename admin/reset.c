/* `password reset`: what the options say, the reset, and what the operator hears of it. A new
 * password reaches its owner alone: it is typed by them, or goes into the slip (R02, R11, R18). */
#include "admin/reset.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static bool reset_is_at_terminal(const struct options *options)
{
    const char *way = options->value[OPTION_DELIVER];
    return way != NULL && strcmp(way, "at-terminal") == 0;
}

/* Whether the options say how the password reaches its owner. */
static bool reset_way_is_said(const struct options *options)
{
    return options->value[OPTION_DELIVER] != NULL || options->value[OPTION_SLIP] != NULL ||
           options->value[OPTION_SHOW] != NULL;
}

bool reset_asks(const struct options *options)
{
    return options->verb->run == password_reset && ask_possible() &&
           (options->value[OPTION_VERIFIED_BY] == NULL || !reset_way_is_said(options));
}

bool reset_prints(const struct options *options)
{
    return options->verb->run == password_reset && options->value[OPTION_SLIP] == NULL &&
           options->value[OPTION_SHOW] == NULL && !reset_is_at_terminal(options);
}

/* ADMIN_USAGE: options that do not go together, or need what is not there. */
static enum admin_exit reset_settle(const struct options *options)
{
    const bool slip = options->value[OPTION_SLIP] != NULL;
    const bool show = options->value[OPTION_SHOW] != NULL;
    const bool typed = reset_is_at_terminal(options);
    if ((typed && (slip || show)) || (slip && show))
        complain(_("one way only: --deliver at-terminal, --slip FILE or --show"));
    else if (options->value[OPTION_VERIFIED_BY] == NULL && !reset_asks(options))
        complain(_("--verified-by METHOD is missing: how was the person's identity verified?"));
    else if (!reset_way_is_said(options) && !reset_asks(options))
        complain(_("say how the new password reaches its owner: --deliver at-terminal, --deliver "
                   "slip or --slip FILE"));
    else if (typed && !ask_is_ours())
        complain(_("--deliver at-terminal needs a terminal, on which its owner types the new "
                   "password"));
    else if (show && !ask_possible())
        complain(_("--show needs a terminal: a password goes into no pipe"));
    else if (options->value[OPTION_WITNESS] != NULL && !ask_possible())
        complain(_("--witness needs a terminal, on which the witness proves who they are"));
    else
        return ADMIN_DONE;
    return ADMIN_USAGE;
}

static enum admin_exit reset_take(char *to, size_t size, const struct options *options,
                                  enum option option)
{
    const char *value = options->value[option] != NULL ? options->value[option] : "";
    return text_copy(to, size, value) == MEDGL_OK
               ? ADMIN_DONE
               : admin_failed(MEDGL_ERR_ARGUMENT, options->name, NULL);
}

/* What the options say. */
static enum admin_exit reset_plan_words(const struct options *options, struct reset_plan *plan)
{
    const struct {
        char *to;
        size_t size;
        enum option option;
    } words[] = {
        {plan->method, sizeof(plan->method), OPTION_VERIFIED_BY},
        {plan->requested_by, sizeof(plan->requested_by), OPTION_REQUESTED_BY},
        {plan->witness, sizeof(plan->witness), OPTION_WITNESS},
        {plan->note, sizeof(plan->note), OPTION_NOTE},
        {plan->document, sizeof(plan->document), OPTION_DOCUMENT},
        {plan->file, sizeof(plan->file), OPTION_SLIP},
    };
    enum admin_exit code = ADMIN_DONE;
    for (size_t i = 0; i < MEDGL_COUNT(words) && code == ADMIN_DONE; i++)
        code = reset_take(words[i].to, words[i].size, options, words[i].option);
    plan->at_terminal = reset_is_at_terminal(options);
    if (plan->file[0] != '\0')
        plan->way = SLIP_TO_FILE;
    else if (options->value[OPTION_SHOW] != NULL)
        plan->way = SLIP_TO_SCREEN;
    else if (options->value[OPTION_DELIVER] != NULL && !plan->at_terminal)
        plan->way = SLIP_TO_PRINTER;
    return code;
}

static enum admin_exit reset_make_plan(struct admin *admin, struct reset_plan *plan)
{
    enum admin_exit code = reset_settle(&admin->options);
    if (code == ADMIN_DONE)
        code = reset_plan_words(&admin->options, plan);
    if (code == ADMIN_DONE && plan->method[0] != '\0' &&
        !options_method(plan->method, &admin->context.policy))
        code = ADMIN_USAGE;
    if (code == ADMIN_DONE && reset_asks(&admin->options))
        code = reset_ask(admin, plan);
    return code;
}

const char *reset_way_word(enum slip_way way)
{
    switch (way) {
    case SLIP_TO_PRINTER:
        return RESET_BY_PRINTER;
    case SLIP_TO_FILE:
        return RESET_BY_FILE;
    case SLIP_TO_SCREEN:
        return RESET_BY_SCREEN;
    case SLIP_NOWHERE:
        break;
    }
    return RESET_BY_TERMINAL;
}

/* Paper that came out looks good. A file is taken away again. */
static void reset_say_void(const struct reset_plan *plan, const struct reset_done *done)
{
    if (done->given_out && plan->way != SLIP_TO_FILE)
        complain(_("A slip came out and opens nothing: destroy it (number %.8s)."),
                 done->credential);
}

static void reset_say_done(struct admin *admin, const struct reset_plan *plan, const char *until,
                           const char *id)
{
    const char *name = admin->options.name;
    switch (plan->way) {
    case SLIP_TO_PRINTER:
        output_say(&admin->output,
                   _("A slip with an issued password for %s was printed, valid until %s; its "
                     "number is %.8s. Fold it unread, and give it to that person alone."),
                   name, until, id);
        return;
    case SLIP_TO_FILE:
        output_say(&admin->output,
                   _("An issued password for %s is in %s, valid until %s. Give the slip to that "
                     "person alone, then remove the file."),
                   name, plan->file, until);
        return;
    case SLIP_TO_SCREEN:
        output_say(&admin->output,
                   _("The password above is in force for %s now, valid until %s, and is not shown "
                     "again. Clear the screen when they have it."),
                   name, until);
        return;
    case SLIP_NOWHERE:
        break;
    }
    output_say(&admin->output, _("The new password of %s is in force. Nobody else has seen it."),
               name);
}

static void reset_print(struct admin *admin, const struct reset_plan *plan,
                        const struct reset_done *done)
{
    static const struct column columns[] = {
        {"name", "", COLUMN_TEXT, COLUMN_BOTH},  {"deliver", "", COLUMN_TEXT, COLUMN_BOTH},
        {"slip", "", COLUMN_TEXT, COLUMN_BOTH},  {"valid_until", "", COLUMN_TIME, COLUMN_BOTH},
        {"seq", "", COLUMN_NUMBER, COLUMN_BOTH},
    };
    char until[CLOCK_LOCAL_SIZE];
    clock_format_local(done->valid_until, until);
    reset_say_done(admin, plan, until, done->credential);
    if (!admin->output.json)
        return;
    struct table *table =
        table_new(&admin->output, "reset", TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(table, (struct cell[]){CELL_TEXT(admin->options.name),
                                     CELL_TEXT(reset_way_word(plan->way)), CELL_TEXT(plan->file),
                                     CELL_NUMBER(done->valid_until), CELL_NUMBER(done->seq)});
    table_print(&table);
}

enum admin_exit password_reset(struct admin *admin)
{
    static struct reset_plan plan; /* the guard of a new file knows it by its name in here */
    char why[OPERATION_WHY_SIZE] = "";
    struct reset_done done;
    enum admin_exit code = reset_make_plan(admin, &plan);
    if (code != ADMIN_DONE)
        return code;
    const struct talk talk = ask_talk();
    struct slip slip = {.admin = admin, .way = plan.way, .id = done.credential};
    const struct reset_request request = {
        .name = admin->options.name,
        .method = plan.method,
        .note = plan.note,
        .requested_by = plan.requested_by,
        .document = admin->document.bytes != NULL ? &admin->document : NULL,
        .witness = plan.witness[0] != '\0' ? plan.witness : NULL,
        .delivery = plan.at_terminal ? RESET_AT_TERMINAL : RESET_SLIP,
        .slip_to = reset_way_word(plan.way),
        .talk = ask_possible() ? &talk : NULL,
        .argument = &slip,
        .deliver = slip_deliver,
    };
    enum medgl_error error = operation_password_reset(&admin->context, &request, &done, why);
    if (error != MEDGL_OK) {
        reset_say_void(&plan, &done);
        return admin_failed(error, admin->options.name, why);
    }
    admin->file_stays = plan.way == SLIP_TO_FILE;
    reset_print(admin, &plan, &done);
    return ADMIN_DONE;
}
