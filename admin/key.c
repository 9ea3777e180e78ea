/* The noun key (R37): lists the keys that there were, and has one exchanged. Never sees a key. */
#include "admin/admin.h"

#include "ledger/verify.h"
#include "operation/keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Which of the two installations: that of the break-glass accounts has keys of its own (R32). */
static enum context_place key_place(const struct admin *admin)
{
    return admin->options.value[OPTION_BREAKGLASS] != NULL ? CONTEXT_BREAKGLASS : CONTEXT_MAIN;
}

/* What of a command that is told goes behind the name of the key. */
static const char *key_option(enum context_place place)
{
    return place == CONTEXT_BREAKGLASS ? " --breakglass" : "";
}

/* -- list ------------------------------------------------------------------------------------- */

/* A key is in force until there is one after it. */
struct list {
    struct table *table;
    struct key_period last;
    bool any;
};

static void list_row(struct list *list, bool in_force)
{
    const struct key_period *key = &list->last;
    if (list->any)
        table_row(list->table, (struct cell[]){
                                   CELL_TEXT(key_use_word(key->use)),
                                   CELL_TEXT(key->algorithm),
                                   CELL_NUMBER(key->since),
                                   key->ledger_seq > 0 ? CELL_NUMBER(key->ledger_seq) : CELL_NONE,
                                   CELL_NUMBER(in_force),
                                   key->use == KEY_USE_LEDGER ? CELL_NUMBER(key->from) : CELL_NONE,
                                   CELL_TEXT(key->name),
                               });
    list->any = false;
}

static enum medgl_error list_key(void *argument, const struct key_period *key)
{
    struct list *list = argument;
    list_row(list, false);
    list->last = *key;
    list->any = true;
    return MEDGL_OK;
}

enum admin_exit key_list(struct admin *admin)
{
    static const enum key_use uses[] = {KEY_USE_STORE, KEY_USE_LEDGER};
    static const struct column columns[] = {
        {"key", N_("KEY"), COLUMN_TEXT, COLUMN_BOTH},
        {"algorithm", N_("ALGORITHMS"), COLUMN_TEXT, COLUMN_BOTH},
        {"since", N_("SINCE"), COLUMN_TIME, COLUMN_BOTH},
        {"seq", N_("ENTRY"), COLUMN_NUMBER, COLUMN_BOTH},
        {"in_force", N_("IN FORCE"), COLUMN_BOOL, COLUMN_BOTH},
        {"from_size", "", COLUMN_NUMBER, COLUMN_JSON},
        {"name", N_("NAME"), COLUMN_TEXT, COLUMN_WIDE},
    };
    struct list list = {
        .table = table_new(&admin->output, "keys", TABLE_LIST, columns, MEDGL_COUNT(columns))};
    enum medgl_error error = MEDGL_OK;
    for (size_t i = 0; i < MEDGL_COUNT(uses) && error == MEDGL_OK; i++) {
        error = operation_key_each(&admin->context, uses[i], list_key, &list);
        list_row(&list, true);
    }
    if (error != MEDGL_OK) {
        table_free(&list.table);
        return admin_failed(error, "", NULL);
    }
    table_print(&list.table);
    if (admin->context.store_key_new || admin->context.ledger_key_new)
        output_say(&admin->output,
                   _("An exchange was interrupted: medgl-admin key rotate %s%s finishes it."),
                   key_use_word(admin->context.store_key_new ? KEY_USE_STORE : KEY_USE_LEDGER),
                   key_option(key_place(admin)));
    return ADMIN_DONE;
}

/* -- rotate ----------------------------------------------------------------------------------- */

#define PROGRESS_STEP 1000 /* rows */

/* In the process that works on the store, which may be a child: nothing is kept for the other. */
static void rotate_progress(void *argument, uint64_t done, uint64_t total)
{
    (void)argument;
    if (done % PROGRESS_STEP == 0 || done == total)
        (void)fprintf(stderr, "\r%" PRIu64 "/%" PRIu64 "%s", done, total,
                      done == total ? "\n" : "");
}

static bool rotate_confirmed(struct admin *admin)
{
    const char *use = admin->options.name;
    const bool store = strcmp(use, key_use_word(KEY_USE_STORE)) == 0;
    if (admin->options.value[OPTION_YES] != NULL)
        return true;
    if (!ask_possible()) {
        complain(store ? _("Backups of before do not open with the new key: confirm it with --yes.")
                       : _("Auditors and witnesses then need the new public key: confirm it with "
                           "--yes."));
        return false;
    }
    output_say(&admin->output,
               store ? _("Every secret and every row is written anew. Logins wait meanwhile; those "
                         "that wait for more than 10 seconds are told that it is unavailable. "
                         "Backups of before hold the old key.")
                     : _("The old key signs the new one into the ledger. Auditors and witnesses "
                         "then need the new public key."));
    if (ask_to_type(store ? _("Type store to exchange its key:")
                          : _("Type ledger to exchange its key:"),
                    use))
        return true;
    complain(_("Not confirmed; nothing was changed."));
    return false;
}

static enum admin_exit rotate_failed(enum medgl_error error, const char *use,
                                     enum context_place place)
{
    if (error == MEDGL_ERR_CONFLICT) {
        complain(_("Another exchange of the %s key is under way; wait until it is done."), use);
        return ADMIN_REFUSED;
    }
    if (error == MEDGL_ERR_REFUSED) {
        complain(_("The ledger has had %d keys, and no more can be verified; it goes on under the "
                   "one in force."),
                 LEDGER_KEYS_MAX);
        return ADMIN_REFUSED;
    }
    if (error == MEDGL_ERR_NOT_FOUND) {
        complain(_("Nothing is set up here: run medgl-admin setup first."));
        return ADMIN_UNUSABLE;
    }
    if (error != MEDGL_ERR_IO)
        return admin_failed(error, "", NULL);
    complain(_("The exchange did not come to its end. Logins go on under the key that the store "
               "says; run medgl-admin key rotate %s%s again, which finishes what was begun."),
             use, key_option(place));
    return ADMIN_UNUSABLE;
}

static void rotate_say(struct admin *admin, enum key_use use, bool finished_old)
{
    const char *vkey = context_file(key_place(admin), CONTEXT_FILE_LEDGER_VKEY);
    char path[PATH_MAX];
    if (finished_old) {
        output_result(
            &admin->output, key_use_word(use),
            _("An exchange of the %s key that had been interrupted was finished. Run this "
              "again where you want another one."),
            key_use_word(use));
        return;
    }
    if (path_under(path, admin->identity.root, vkey) != MEDGL_OK)
        path[0] = '\0';
    if (use == KEY_USE_LEDGER)
        output_result(&admin->output, key_use_word(use),
                      _("The ledger key was exchanged. Give the first line of %s to everybody who "
                        "keeps the public key, with the checkpoint that both keys signed. Make a "
                        "backup now."),
                      path);
    else
        output_result(&admin->output, key_use_word(use),
                      _("The store key was exchanged. Make a backup now: older ones hold the old "
                        "key, and open with it alone. See medgl-keys(7) for what else to do after "
                        "a leak."));
}

enum admin_exit key_rotate(struct admin *admin)
{
    const struct identity *identity = &admin->identity;
    struct key_rotate_request request = {
        .root = identity->root,
        .place = key_place(admin),
        .owner = identity->owner,
        .group = identity->group,
        .actor = identity->actor,
        .reason = admin->options.value[OPTION_REASON],
        .progress = isatty(STDERR_FILENO) ? rotate_progress : NULL,
    };
    bool finished_old;
    if (key_use_parse(admin->options.name, &request.use) != MEDGL_OK)
        return ADMIN_USAGE;
    if (!rotate_confirmed(admin))
        return ask_possible() ? ADMIN_REFUSED : ADMIN_USAGE;
    enum medgl_error error = operation_key_rotate(&request, &finished_old);
    if (error != MEDGL_OK)
        return rotate_failed(error, admin->options.name, request.place);
    rotate_say(admin, request.use, finished_old);
    return ADMIN_DONE;
}
