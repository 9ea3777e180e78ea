/* The noun account, where somebody comes in by name, and what is known of a person. */
#include "admin/admin.h"

#include "operation/account.h"
#include "operation/identity.h"
#include "policy/admission.h"

#include <inttypes.h>
#include <stdio.h>

/* -- enrolling ------------------------------------------------------------------------------ */

/* What is wrong with a text, and who has a name or a uid, is worth its own sentence. */
static enum admin_exit add_failed(enum medgl_error error, const char *name, const char *why)
{
    if ((error != MEDGL_ERR_ARGUMENT && error != MEDGL_ERR_EXISTS) || why[0] == '\0')
        return admin_failed(error, name, why);
    complain(_("%s; nothing was changed."), why);
    return error == MEDGL_ERR_EXISTS ? ADMIN_REFUSED : ADMIN_USAGE;
}

static void add_print(struct admin *admin, const struct account_add_request *request)
{
    static const struct column columns[] = {
        {"name", "", COLUMN_TEXT, COLUMN_BOTH},
        {"uid", "", COLUMN_NUMBER, COLUMN_BOTH},
        {"class", "", COLUMN_TEXT, COLUMN_BOTH},
        {"full_name", "", COLUMN_TEXT, COLUMN_BOTH},
    };
    output_say(
        &admin->output,
        request->class_ == ACCOUNT_CLASS_BREAKGLASS
            ? _("%s (uid %" PRId64 ") is enrolled as %s. Next: medgl-admin breakglass seal %s")
            : _("%s (uid %" PRId64 ") is enrolled as %s. Next: medgl-admin password reset %s"),
        request->name, request->uid, account_class_word(request->class_), request->name);
    if (!admin->output.json)
        return;
    struct table *table =
        table_new(&admin->output, "account", TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(table, (struct cell[]){CELL_TEXT(request->name), CELL_NUMBER(request->uid),
                                     CELL_TEXT(account_class_word(request->class_)),
                                     CELL_TEXT(request->person.full_name)});
    table_print(&table);
}

static struct account_person person_of_options(const struct options *options)
{
    return (struct account_person){.full_name = options->value[OPTION_FULL_NAME],
                                   .reading = options->value[OPTION_READING],
                                   .staff_number = options->value[OPTION_STAFF_NUMBER],
                                   .birth_date = options->value[OPTION_BIRTH_DATE]};
}

static struct account_rules rules_of_options(const struct options *options)
{
    return (struct account_rules){.hours = options->value[OPTION_HOURS],
                                  .places = options->value[OPTION_PLACES],
                                  .services = options->value[OPTION_SERVICES],
                                  .sessions = options->value[OPTION_SESSIONS_MAX],
                                  .idle = options->value[OPTION_IDLE],
                                  .shared = options->value[OPTION_SHARED],
                                  .factor = options->value[OPTION_OWN_FACTOR],
                                  .company = options->value[OPTION_COMPANY]};
}

static enum admin_exit add_named(struct admin *admin)
{
    const struct options *options = &admin->options;
    const char *class_ = options->value[OPTION_CLASS];
    struct unix_user user;
    char why[OPERATION_WHY_SIZE] = "";
    enum medgl_error error = unix_user_find(options->name, &user);
    if (error != MEDGL_OK)
        return admin_failed(error, "", NULL);
    if (!user.exists) {
        complain(_("There is no Unix user %s: create it first (adduser %s), then enrol it."),
                 options->name, options->name);
        return ADMIN_NOT_FOUND;
    }
    struct account_add_request request = {.name = user.name,
                                          .uid = user.uid,
                                          .class_ = ACCOUNT_CLASS_STAFF,
                                          .person = person_of_options(options),
                                          .rules = {.company = options->value[OPTION_COMPANY]}};
    if (request.person.full_name == NULL)
        request.person.full_name = user.full_name;
    if (class_ != NULL)
        error = account_class_parse(class_, &request.class_);
    if (error == MEDGL_OK)
        error = operation_account_add(&admin->context, &request, why);
    if (error != MEDGL_OK)
        return add_failed(error, user.name, why);
    add_print(admin, &request);
    return ADMIN_DONE;
}

enum admin_exit account_add(struct admin *admin)
{
    return admin->options.name != NULL ? add_named(admin) : account_add_from(admin);
}

/* -- what is known of somebody -------------------------------------------------------------- */

static bool set_says_something(const struct options *options)
{
    static const enum option facts[] = {
        OPTION_CLASS,  OPTION_FULL_NAME,  OPTION_READING,  OPTION_STAFF_NUMBER, OPTION_BIRTH_DATE,
        OPTION_HOURS,  OPTION_PLACES,     OPTION_SERVICES, OPTION_SESSIONS_MAX, OPTION_IDLE,
        OPTION_SHARED, OPTION_OWN_FACTOR, OPTION_COMPANY,
    };
    for (size_t i = 0; i < MEDGL_COUNT(facts); i++)
        if (options->value[facts[i]] != NULL)
            return true;
    complain(_("Say what to change: --full-name, --reading, --staff-number, --birth-date, --class, "
               "--hours, --places, --services, --sessions-max, --idle, --shared, --factor or "
               "--company."));
    return false;
}

enum admin_exit account_set(struct admin *admin)
{
    const struct options *options = &admin->options;
    enum account_class class_;
    char why[OPERATION_WHY_SIZE] = "";
    struct account_change_request request = {.name = options->name,
                                             .person = person_of_options(options),
                                             .rules = rules_of_options(options)};
    if (!set_says_something(options))
        return ADMIN_USAGE;
    if (options->value[OPTION_CLASS] != NULL &&
        account_class_parse(options->value[OPTION_CLASS], &class_) == MEDGL_OK)
        request.class_ = &class_;
    enum medgl_error error = operation_account_change(&admin->context, &request, why);
    if (error == MEDGL_OK)
        output_result(&admin->output, options->name, "%s: %s", options->name, _("changed"));
    if (error == MEDGL_OK && request.rules.places != NULL &&
        admission_places_strand(request.rules.places))
        complain(_("%s: these places leave out who is logged in already: sudo and the screen's "
                   "locker are refused, and counted as wrong passwords. Add own, or local for su "
                   "as well, unless that is meant."),
                 options->name);
    return add_failed(error, options->name, why);
}
