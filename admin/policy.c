/* Shows the policy in force, what in it is not the profile's, and what is wrong in its files and in
 * the lists that it names. Changes none of it. */
#include "admin/admin.h"

#include "operation/judge.h"
#include "policy/admission.h"
#include "policy/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define POLICY_WHERE_SIZE (PATH_MAX + 24)

struct policy_origin {
    char *file; /* NULL: the default holds */
    uint64_t line;
};

struct policy_view {
    struct policy policy;
    const struct policy_key *keys;
    size_t count;
    struct policy_origin *origins; /* in the order of the keys */
    struct table *mistakes;        /* NULL: mistakes are complaints */
};

static void view_clear(struct policy_view *view)
{
    for (size_t i = 0; view->origins != NULL && i < view->count; i++)
        free(view->origins[i].file);
    free(view->origins);
}

static void view_set_by(void *context, const struct policy_key *key, const char *file,
                        uint64_t line)
{
    const struct policy_view *view = context;
    struct policy_origin *origin = &view->origins[key - view->keys];
    free(origin->file);
    *origin = (struct policy_origin){.file = strdup(file), .line = line};
}

static void view_mistake(void *context, const char *file, uint64_t line, const char *why)
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

/* `view` is zero but for `mistakes`. */
static enum medgl_error view_load(struct policy_view *view, const struct admin *admin)
{
    view->keys = policy_keys(&view->count);
    view->origins = calloc(view->count, sizeof(*view->origins));
    if (view->origins == NULL)
        return MEDGL_ERR_MEMORY;
    const struct policy_report report = {
        .context = view, .set = view_set_by, .mistake = view_mistake};
    return policy_load(admin->identity.root, geteuid(), &report, &view->policy);
}

/* A value and what the profile has in its place, in the same notation. */
struct policy_pair {
    char value[POLICY_VALUE_SIZE], preset[POLICY_VALUE_SIZE];
    bool overridden;
};

static void pair_of(const struct policy *policy, const struct policy_key *key,
                    struct policy_pair *pair)
{
    struct policy profile;
    policy_profile(&profile, policy->profile);
    policy_format(policy, key, pair->value, sizeof(pair->value));
    if (key == policy_key_find("profile"))
        policy_defaults(&profile);
    policy_format(&profile, key, pair->preset, sizeof(pair->preset));
    pair->overridden = strcmp(pair->value, pair->preset) != 0;
}

/* Of the keys on places those that say where from people log in. */
static bool view_admits(const struct policy_key *key)
{
    return key->type == POLICY_TYPE_PLACES && strncmp(key->name, "places_", 7) == 0;
}

/* Places from which people log in, and then can do nothing that asks for a password again. Listed
 * with the others, by the requirement in the clause's place. */
static void view_strand(const struct policy_view *view, size_t i, struct table *table)
{
    const struct policy_origin *origin = &view->origins[i];
    const struct policy_key *key = &view->keys[i];
    struct policy_pair pair;
    pair_of(&view->policy, key, &pair);
    if (!view_admits(key) || !admission_places_strand(pair.value))
        return;
    if (table != NULL)
        table_row(table, (struct cell[]){CELL_TEXT(key->name), CELL_TEXT(pair.value),
                                         CELL_TEXT(pair.preset), CELL_TEXT(key->clause),
                                         CELL_TEXT(origin->file), CELL_NUMBER(origin->line)});
    else
        complain(_("%s:%" PRIu64 ": %s = %s leaves out who is logged in already: sudo and the "
                   "screen's locker are refused, and counted as wrong passwords. Add own, or local "
                   "for su as well, unless that is meant."),
                 origin->file != NULL ? origin->file : "", origin->line, key->name, pair.value);
}

/* What falls short of the profile: in force nevertheless, and said each time somebody looks. */
static void view_warn(const struct policy_view *view, struct output *output)
{
    static const struct column columns[] = {
        {"key", "", COLUMN_TEXT, COLUMN_JSON},     {"value", "", COLUMN_TEXT, COLUMN_JSON},
        {"default", "", COLUMN_TEXT, COLUMN_JSON}, {"clause", "", COLUMN_TEXT, COLUMN_JSON},
        {"file", "", COLUMN_TEXT, COLUMN_JSON},    {"line", "", COLUMN_NUMBER, COLUMN_JSON},
    };
    auto_clean(table_print) struct table *table =
        output->json ? table_new(output, "warnings", TABLE_LIST, columns, MEDGL_COUNT(columns))
                     : NULL;
    char profile[POLICY_VALUE_SIZE];
    policy_format(&view->policy, policy_key_find("profile"), profile, sizeof(profile));
    for (size_t i = 0; i < view->count; i++) {
        view_strand(view, i, table);
        const struct policy_origin *origin = &view->origins[i];
        const char *clause = policy_weaker(&view->policy, &view->keys[i]);
        struct policy_pair pair;
        if (clause == NULL)
            continue;
        pair_of(&view->policy, &view->keys[i], &pair);
        if (output->json)
            table_row(table, (struct cell[]){CELL_TEXT(view->keys[i].name), CELL_TEXT(pair.value),
                                             CELL_TEXT(pair.preset), CELL_TEXT(clause),
                                             CELL_TEXT(origin->file), CELL_NUMBER(origin->line)});
        else
            complain(
                _("%s:%" PRIu64 ": %s = %s falls short of the profile %s, which sets %s for %s."),
                origin->file != NULL ? origin->file : "", origin->line, view->keys[i].name,
                pair.value[0] != '\0' ? pair.value : _("empty"), profile,
                pair.preset[0] != '\0' ? pair.preset : _("empty"), clause);
    }
}

/* One key with its lists, as if it were the only one. */
static enum medgl_error view_list(const struct policy_view *view, const char *root,
                                  const struct policy_key *key)
{
    auto_clean(judge_close) struct judge judge = {.policy = NULL};
    struct policy alone = view->policy;
    for (size_t i = 0; i < view->count; i++)
        if (view->keys[i].type == POLICY_TYPE_PATHS && &view->keys[i] != key)
            *((char *)&alone + view->keys[i].offset) = '\0';
    return judge_open(root, &alone, &judge);
}

/* R14: a list that cannot be asked is a mistake: no password can be set. What is wrong with it is
 * in the log. */
static enum medgl_error view_lists(struct policy_view *view, const char *root)
{
    enum medgl_error found = MEDGL_OK;
    for (size_t i = 0; i < view->count; i++) {
        const struct policy_origin *origin = &view->origins[i];
        char why[256];
        if (view->keys[i].type != POLICY_TYPE_PATHS || origin->file == NULL)
            continue;
        enum medgl_error error = view_list(view, root, &view->keys[i]);
        if (error == MEDGL_OK)
            continue;
        if (error == MEDGL_ERR_MEMORY)
            return error;
        (void)snprintf(why, sizeof(why),
                       error == MEDGL_ERR_ACCESS
                           ? _("%s: a list cannot be used by this user: do what the log says, or "
                               "run this as root")
                           : _("%s: a list cannot be used: do what the log says"),
                       view->keys[i].name);
        view_mistake(view, origin->file, origin->line, why);
        found = MEDGL_ERR_POLICY;
    }
    return found;
}

enum admin_exit policy_check_files(struct admin *admin)
{
    static const struct column columns[] = {
        {"file", N_("FILE"), COLUMN_TEXT, COLUMN_BOTH},
        {"line", N_("LINE"), COLUMN_NUMBER, COLUMN_BOTH},
        {"why", N_("MISTAKE"), COLUMN_TEXT, COLUMN_WIDE},
    };
    struct table *table =
        table_new(&admin->output, "mistakes", TABLE_LIST, columns, MEDGL_COUNT(columns));
    auto_clean(view_clear) struct policy_view view = {.mistakes = table};
    enum medgl_error error = view_load(&view, admin);
    if (error == MEDGL_OK)
        error = view_lists(&view, admin->identity.root);
    if (error == MEDGL_OK && !view.policy.calendar.known) /* R22: hours refuse until it is mended */
        error = MEDGL_ERR_POLICY;
    table_print(&table);
    if (error == MEDGL_ERR_POLICY) /* the mistakes are in the table */
        return ADMIN_REFUSED;
    if (error == MEDGL_OK) {
        output_say(&admin->output, _("The policy has no mistakes."));
        view_warn(&view, &admin->output);
    }
    return admin_failed(error, "", NULL);
}

static void view_print(const struct policy_view *view, struct output *output)
{
    static const struct column columns[] = {
        {"key", N_("KEY"), COLUMN_TEXT, COLUMN_BOTH},
        {"value", N_("VALUE"), COLUMN_TEXT, COLUMN_BOTH},
        {"default", N_("DEFAULT"), COLUMN_TEXT, COLUMN_BOTH},
        {"overridden", N_("OVERRIDDEN"), COLUMN_BOOL, COLUMN_BOTH},
        {"set_in", N_("SET IN"), COLUMN_TEXT, COLUMN_BOTH},
        {"clause", N_("CLAUSE"), COLUMN_TEXT, COLUMN_BOTH},
        {"help", N_("MEANING"), COLUMN_TEXT, COLUMN_WIDE},
    };
    auto_clean(table_print) struct table *table =
        table_new(output, "policy", TABLE_LIST, columns, MEDGL_COUNT(columns));
    for (size_t i = 0; i < view->count; i++) {
        const struct policy_key *key = &view->keys[i];
        const struct policy_origin *origin = &view->origins[i];
        struct policy_pair pair;
        char where[POLICY_WHERE_SIZE] = "";
        pair_of(&view->policy, key, &pair);
        if (origin->file != NULL)
            (void)snprintf(where, sizeof(where), "%s:%" PRIu64, origin->file, origin->line);
        table_row(table, (struct cell[]){CELL_TEXT(key->name), CELL_TEXT(pair.value),
                                         CELL_TEXT(pair.preset), CELL_NUMBER(pair.overridden),
                                         CELL_TEXT(where), CELL_TEXT(key->clause),
                                         CELL_TEXT(_(key->help))});
    }
}

enum admin_exit policy_show(struct admin *admin)
{
    auto_clean(view_clear) struct policy_view view = {.mistakes = NULL};
    enum medgl_error error = view_load(&view, admin);
    if (error == MEDGL_OK && admin->options.value[OPTION_AGREEMENT] != NULL) {
        agreement_print(&admin->output, &view.policy);
    } else if (error == MEDGL_OK) {
        view_print(&view, &admin->output);
        view_warn(&view, &admin->output);
    }
    return admin_failed(error, "", NULL);
}
