/* Shows the policy in force and what is wrong in its files. Changes neither. */
#include "admin/admin.h"

#include "policy/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define POLICY_TEXT_SIZE  POLICY_VALUE_SIZE
#define POLICY_WHERE_SIZE (PATH_MAX + 24)

struct policy_origin {
    char *file; /* NULL: the default holds */
    uint64_t line;
};

struct policy_view {
    struct policy_origin *origins; /* in the order of policy_keys() */
    struct table *mistakes;        /* NULL: mistakes are complaints */
};

static void policy_set_by(void *context, const struct policy_key *key, const char *file,
                          uint64_t line)
{
    const struct policy_view *view = context;
    size_t count;
    struct policy_origin *origin = &view->origins[key - policy_keys(&count)];
    free(origin->file);
    *origin = (struct policy_origin){.file = strdup(file), .line = line};
}

static void policy_mistake(void *context, const char *file, uint64_t line, const char *why)
{
    const struct policy_view *view = context;
    if (view->mistakes != NULL)
        table_row(view->mistakes,
                  (struct cell[]){CELL_TEXT(file), line > 0 ? CELL_NUMBER(line) : CELL_NONE,
                                  CELL_TEXT(why)});
    else if (file != NULL)
        complain("%s:%" PRIu64 ": %s", file, line, why);
    else
        complain("%s", why);
}

enum admin_exit policy_check_files(struct admin *admin)
{
    static const struct column columns[] = {
        {"file", N_("FILE"), COLUMN_TEXT, COLUMN_BOTH},
        {"line", N_("LINE"), COLUMN_NUMBER, COLUMN_BOTH},
        {"why", N_("MISTAKE"), COLUMN_TEXT, COLUMN_WIDE},
    };
    auto_clean(table_print) struct table *table =
        table_new(&admin->output, "mistakes", TABLE_LIST, columns, MEDGL_COUNT(columns));
    struct policy_view view = {.mistakes = table};
    const struct policy_report report = {.context = &view, .mistake = policy_mistake};
    struct policy policy;
    enum medgl_error error = policy_load(admin->identity.root, geteuid(), &report, &policy);
    if (error == MEDGL_ERR_POLICY) /* the mistakes are in the table */
        return ADMIN_REFUSED;
    if (error == MEDGL_OK)
        output_say(&admin->output, _("The policy has no mistakes."));
    return admin_failed(error, "", NULL);
}

static void policy_row(struct table *table, const struct policy *policy,
                       const struct policy_key *key, const struct policy_origin *origin)
{
    char value[POLICY_TEXT_SIZE], preset[POLICY_TEXT_SIZE], where[POLICY_WHERE_SIZE] = "";
    struct policy defaults;
    policy_defaults(&defaults);
    policy_format(policy, key, value, sizeof(value));
    policy_format(&defaults, key, preset, sizeof(preset)); /* in the same notation */
    if (origin->file != NULL)
        (void)snprintf(where, sizeof(where), "%s:%" PRIu64, origin->file, origin->line);
    table_row(table, (struct cell[]){
                         CELL_TEXT(key->name),
                         CELL_TEXT(value),
                         CELL_TEXT(preset),
                         CELL_TEXT(where),
                         CELL_TEXT(key->clause),
                         CELL_TEXT(_(key->help)),
                     });
}

enum admin_exit policy_show(struct admin *admin)
{
    static const struct column columns[] = {
        {"key", N_("KEY"), COLUMN_TEXT, COLUMN_BOTH},
        {"value", N_("VALUE"), COLUMN_TEXT, COLUMN_BOTH},
        {"default", N_("DEFAULT"), COLUMN_TEXT, COLUMN_BOTH},
        {"set_in", N_("SET IN"), COLUMN_TEXT, COLUMN_BOTH},
        {"clause", N_("CLAUSE"), COLUMN_TEXT, COLUMN_BOTH},
        {"help", N_("MEANING"), COLUMN_TEXT, COLUMN_WIDE},
    };
    size_t count;
    const struct policy_key *keys = policy_keys(&count);
    struct policy_view view = {.origins = calloc(count, sizeof(*view.origins))};
    auto_free struct policy_origin *origins = view.origins;
    if (origins == NULL)
        return admin_failed(MEDGL_ERR_MEMORY, "", NULL);
    const struct policy_report report = {
        .context = &view, .set = policy_set_by, .mistake = policy_mistake};
    struct policy policy;
    enum medgl_error error = policy_load(admin->identity.root, geteuid(), &report, &policy);
    if (error == MEDGL_OK) {
        auto_clean(table_print) struct table *table =
            table_new(&admin->output, "policy", TABLE_LIST, columns, MEDGL_COUNT(columns));
        for (size_t i = 0; i < count; i++)
            policy_row(table, &policy, &keys[i], &origins[i]);
    }
    for (size_t i = 0; i < count; i++)
        free(origins[i].file);
    return admin_failed(error, "", NULL);
}
