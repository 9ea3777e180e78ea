/* The noun backup (R36). */
#include "admin/admin.h"

#include "base/auto.h"
#include "base/text.h"
#include "operation/account.h"
#include "operation/backup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- create ----------------------------------------------------------------------------------- */

enum admin_exit backup_create(struct admin *admin)
{
    static const struct column columns[] = {
        {"file", "", COLUMN_TEXT, COLUMN_BOTH},
        {"digest", "", COLUMN_TEXT, COLUMN_BOTH},
        {"bytes", "", COLUMN_NUMBER, COLUMN_BOTH},
        {"size", "", COLUMN_NUMBER, COLUMN_BOTH},
    };
    const struct backup_request request = {.fd = admin->file.fd,
                                           .file = admin->options.value[OPTION_OUTPUT]};
    struct backup backup;
    char why[OPERATION_WHY_SIZE];
    enum medgl_error error = operation_backup_create(&admin->context, &request, &backup, why);
    if (error == MEDGL_ERR_CONFLICT) {
        complain(_("Documents or settings changed while they were read: try again."));
        return ADMIN_UNUSABLE;
    }
    if (error != MEDGL_OK)
        return admin_failed(error, "", why);
    admin->file_stays = true;
    output_say(&admin->output,
               _("The backup is %s (%" PRIu64 " bytes, SHA-256 %s).\n"
                 "Copy it to another machine. It opens with the key that belongs to the "
                 "certificate, and with nothing that is here."),
               backup.file, backup.bytes, backup.digest);
    if (admin->output.json) {
        struct table *table =
            table_new(&admin->output, "backup", TABLE_RECORD, columns, MEDGL_COUNT(columns));
        table_row(table, (struct cell[]){CELL_TEXT(backup.file), CELL_TEXT(backup.digest),
                                         CELL_NUMBER(backup.bytes), CELL_NUMBER(backup.size)});
        table_print(&table);
    }
    return ADMIN_DONE;
}

/* Nothing where there is nothing to tell; in JSON an empty list. */
static void table_print_heard(struct output *output, const char *sentence, struct table **table)
{
    if (!table_empty(*table))
        output_say(output, "%s", sentence);
    if (output->json || !table_empty(*table))
        table_print(table);
    else
        table_free(table);
}

/* -- list ------------------------------------------------------------------------------------- */

struct listing {
    struct table *all, *missing, *unnamed;
};

static enum medgl_error list_backup(void *argument, const struct backup *backup)
{
    const struct listing *listing = argument;
    if (backup->state != BACKUP_GONE)
        table_row(listing->all, (struct cell[]){
                                    CELL_NUMBER(backup->created),
                                    CELL_NUMBER(backup->verified),
                                    CELL_NUMBER(backup->size),
                                    CELL_NUMBER(backup->bytes),
                                    CELL_TEXT(backup->file),
                                    CELL_TEXT(backup->digest),
                                    CELL_NUMBER(backup->ledger_seq),
                                    CELL_NUMBER(backup->state == BACKUP_UNDONE),
                                });
    return MEDGL_OK;
}

static void list_missing(void *argument, const struct backup *backup)
{
    const struct listing *listing = argument;
    table_row(listing->missing, (struct cell[]){CELL_TEXT(backup->file)});
}

static void list_unnamed(void *argument, const char *path)
{
    const struct listing *listing = argument;
    table_row(listing->unnamed, (struct cell[]){CELL_TEXT(path)});
}

static void list_begin(struct listing *listing, struct output *output)
{
    static const struct column columns[] = {
        {"created", N_("MADE"), COLUMN_TIME, COLUMN_BOTH},
        {"verified", N_("PROVED"), COLUMN_TIME, COLUMN_BOTH},
        {"size", N_("ENTRIES"), COLUMN_NUMBER, COLUMN_BOTH},
        {"bytes", N_("BYTES"), COLUMN_NUMBER, COLUMN_BOTH},
        {"file", N_("FILE"), COLUMN_TEXT, COLUMN_WIDE},
        {"digest", "", COLUMN_TEXT, COLUMN_JSON},
        {"seq", "", COLUMN_NUMBER, COLUMN_JSON},
        {"undone", "", COLUMN_BOOL, COLUMN_JSON},
    };
    static const struct column file[] = {{"file", N_("FILE"), COLUMN_TEXT, COLUMN_BOTH}};
    listing->all = table_new(output, "backups", TABLE_LIST, columns, MEDGL_COUNT(columns));
    listing->missing = table_new(output, "missing", TABLE_LIST, file, MEDGL_COUNT(file));
    listing->unnamed = table_new(output, "unnamed", TABLE_LIST, file, MEDGL_COUNT(file));
}

static enum medgl_error list_read(struct admin *admin, struct listing *listing)
{
    const struct backup_astray astray = {list_missing, list_unnamed, listing};
    MEDGL_TRY(operation_backup_each(&admin->context, list_backup, listing));
    return operation_backup_astray(&admin->context, &astray);
}

enum admin_exit backup_list(struct admin *admin)
{
    struct listing listing;
    list_begin(&listing, &admin->output);
    enum medgl_error error = list_read(admin, &listing);
    if (error != MEDGL_OK) {
        table_free(&listing.all);
        table_free(&listing.missing);
        table_free(&listing.unnamed);
        return admin_failed(error, "", NULL);
    }
    if (table_empty(listing.all))
        output_say(&admin->output, _("No backup was made yet: run medgl-admin backup create."));
    table_print(&listing.all);
    table_print_heard(&admin->output,
                      _("These are not there any more: find out why, and run medgl-admin backup "
                        "create."),
                      &listing.missing);
    table_print_heard(&admin->output,
                      _("The store knows nothing of these files, and nothing removes them: prove "
                        "those that are wanted with medgl-admin backup verify, and remove the "
                        "others."),
                      &listing.unnamed);
    return ADMIN_DONE;
}

/* -- opening one ------------------------------------------------------------------------------ */

/* What is heard while one is opened. */
struct hearing {
    struct admin *admin;
    struct table *lost, *open, *differs;
};

static void backup_fault(void *argument, uint64_t seq, const char *what)
{
    (void)argument;
    complain(_("at entry %" PRIu64 ": %s"), seq, what);
}

static struct backup_open_request backup_from(struct admin *admin, struct hearing *hearing)
{
    hearing->admin = admin;
    return (struct backup_open_request){
        .fd = admin->input,
        .key = {.pem = &admin->key, .passphrase = ask_passphrase},
        .fault = backup_fault,
        .argument = hearing,
    };
}

/* A backup that is no good is a fault that was found, as in `ledger verify`. */
static enum admin_exit backup_failed(struct admin *admin, enum medgl_error error, const char *why)
{
    if ((error != MEDGL_ERR_CORRUPT && error != MEDGL_ERR_KEY && error != MEDGL_ERR_VERSION) ||
        why[0] == '\0')
        return admin_failed(error, "", why);
    complain(_("%s cannot be used as a backup. %s"), admin->options.value[OPTION_FROM], why);
    return error == MEDGL_ERR_CORRUPT ? ADMIN_EVIDENCE : ADMIN_UNUSABLE;
}

static void backup_print(struct admin *admin, const char *name, const struct backup_found *found)
{
    static const struct column columns[] = {
        {"origin", N_("Ledger"), COLUMN_TEXT, COLUMN_BOTH},
        {"created", N_("Made"), COLUMN_TIME, COLUMN_BOTH},
        {"size", N_("Entries"), COLUMN_NUMBER, COLUMN_BOTH},
        {"accounts", N_("Accounts"), COLUMN_NUMBER, COLUMN_BOTH},
        {"breakglass", N_("Break-glass accounts"), COLUMN_BOOL, COLUMN_BOTH},
    };
    struct table *table =
        table_new(&admin->output, name, TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(table, (struct cell[]){CELL_TEXT(found->origin), CELL_NUMBER(found->created),
                                     CELL_NUMBER(found->size), CELL_NUMBER(found->accounts),
                                     CELL_NUMBER(found->breakglass)});
    table_print(&table);
}

enum admin_exit backup_verify(struct admin *admin)
{
    struct hearing hearing = {.admin = admin};
    const struct backup_open_request request = backup_from(admin, &hearing);
    struct backup_found found;
    char why[OPERATION_WHY_SIZE];
    enum medgl_error error = operation_backup_verify(&admin->context, &request, &found, why);
    if (error != MEDGL_OK)
        return backup_failed(admin, error, why);
    backup_print(admin, "backup", &found);
    if (!found.breakglass && context_there(admin->identity.root, CONTEXT_BREAKGLASS))
        complain(_("The break-glass accounts are not in it: a machine that is lost is to be given "
                   "new ones. See what medgl-admin doctor says of them, and make another backup."));
    output_say(&admin->output, _("A restore of it would work."));
    return ADMIN_DONE;
}

/* -- restore ---------------------------------------------------------------------------------- */

static void restore_lost(void *argument, uint64_t seq, medgl_time time, const char *kind,
                         const char *name)
{
    const struct hearing *hearing = argument;
    table_row(hearing->lost, (struct cell[]){CELL_NUMBER(seq), CELL_NUMBER(time), CELL_TEXT(kind),
                                             CELL_TEXT(name)});
}

static void restore_open(void *argument, const char *name, uint32_t codes)
{
    const struct hearing *hearing = argument;
    table_row(hearing->open, (struct cell[]){CELL_TEXT(name), CELL_NUMBER(codes)});
}

static void restore_differs(void *argument, const char *path)
{
    const struct hearing *hearing = argument;
    table_row(hearing->differs, (struct cell[]){CELL_TEXT(path)});
}

static void restore_listen(struct hearing *hearing, struct output *output)
{
    static const struct column lost[] = {
        {"seq", N_("ENTRY"), COLUMN_NUMBER, COLUMN_BOTH},
        {"time", N_("TIME"), COLUMN_TIME, COLUMN_BOTH},
        {"kind", N_("WHAT WAS DONE"), COLUMN_TEXT, COLUMN_BOTH},
        {"name", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
    };
    static const struct column open[] = {
        {"name", N_("ACCOUNT"), COLUMN_TEXT, COLUMN_BOTH},
        {"codes", N_("ONE-TIME CODES"), COLUMN_NUMBER, COLUMN_BOTH},
    };
    static const struct column differs[] = {{"file", N_("FILE"), COLUMN_TEXT, COLUMN_BOTH}};
    hearing->lost = table_new(output, "undone", TABLE_LIST, lost, MEDGL_COUNT(lost));
    hearing->open = table_new(output, "codes_open", TABLE_LIST, open, MEDGL_COUNT(open));
    hearing->differs = table_new(output, "differing", TABLE_LIST, differs, MEDGL_COUNT(differs));
}

static void restore_say(struct admin *admin, struct hearing *hearing,
                        const struct backup_restored *restored)
{
    static const struct column columns[] = {
        {"kept", N_("Kept"), COLUMN_TEXT, COLUMN_BOTH},
        {"lost", N_("Entries undone"), COLUMN_NUMBER, COLUMN_BOTH},
        {"redone", N_("Done again"), COLUMN_NUMBER, COLUMN_BOTH},
        {"codes_since", N_("Codes ended"), COLUMN_NUMBER, COLUMN_BOTH},
        {"codes_open", N_("Codes open"), COLUMN_NUMBER, COLUMN_BOTH},
    };
    backup_print(admin, "backup", &restored->found);
    struct table *table =
        table_new(&admin->output, "restored", TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(table,
              (struct cell[]){CELL_TEXT(restored->kept), CELL_NUMBER(restored->lost),
                              CELL_NUMBER(restored->redone), CELL_NUMBER(restored->codes_since),
                              CELL_NUMBER(restored->codes_open)});
    table_print(&table);
    if (restored->key_back[0])
        output_say(&admin->output,
                   _("The store key was exchanged since the backup, and the older one is in force "
                     "again: exchange it again with medgl-admin key rotate store."));
    if (restored->key_back[1])
        output_say(&admin->output,
                   _("The ledger key was exchanged since the backup, and the older one is in force "
                     "again: exchange it again with medgl-admin key rotate ledger."));
    if (restored->redone > 0)
        output_say(&admin->output,
                   _("What was taken away after the backup was taken away again: the entries after "
                     "backup.restore say what."));
    table_print_heard(&admin->output,
                      _("This was done after the backup and is undone; do again what is still "
                        "to hold:"),
                      &hearing->lost);
    table_print_heard(&admin->output,
                      _("These people have one-time codes that may have been used since the "
                        "backup; give them new ones:"),
                      &hearing->open);
    table_print_heard(&admin->output,
                      _("These files are not as in the backup, and stay as they are:"),
                      &hearing->differs);
    if (restored->breakglass == RESTORED_BREAKGLASS_STAYS)
        output_say(&admin->output,
                   _("The break-glass accounts that are here stay as they are; those of the backup "
                     "were not put in their place."));
    if (restored->breakglass == RESTORED_BREAKGLASS_PUT)
        output_say(&admin->output,
                   _("The break-glass accounts are those of the backup. Seal each of them anew: an "
                     "envelope that was opened since would be good again."));
    output_say(&admin->output,
               _("The backup is in place. Run medgl-admin doctor and medgl-admin ledger verify, "
                 "and see medgl-backup(7) for whom to tell."));
}

static bool restore_confirmed(struct admin *admin)
{
    if (admin->options.value[OPTION_YES] != NULL)
        return true;
    if (!ask_possible()) {
        complain(_("What happened since the backup is undone: confirm it with --yes."));
        return false;
    }
    if (ask_to_type(_("What happened since the backup is undone. Type restore to go on:"),
                    "restore"))
        return true;
    complain(_("Not confirmed; nothing was changed."));
    return false;
}

enum admin_exit backup_restore(struct admin *admin)
{
    const struct identity *identity = &admin->identity;
    const char *from = admin->options.value[OPTION_FROM];
    auto_free char *path = realpath(from, NULL);
    struct hearing hearing = {.admin = admin};
    struct backup_restored restored;
    char why[OPERATION_WHY_SIZE];
    if (!restore_confirmed(admin))
        return ask_possible() ? ADMIN_REFUSED : ADMIN_USAGE;
    const struct backup_restore_request request = {
        .root = identity->root,
        .owner = identity->owner,
        .group = identity->group,
        .actor = identity->actor,
        .reason = admin->options.value[OPTION_REASON],
        .file = path != NULL ? path : from,
        .from = backup_from(admin, &hearing),
        .lost = restore_lost,
        .open = restore_open,
        .differs = restore_differs,
    };
    restore_listen(&hearing, &admin->output);
    enum medgl_error error = operation_backup_restore(&request, &restored, why);
    if (error == MEDGL_OK) {
        restore_say(admin, &hearing, &restored);
        return ADMIN_DONE;
    }
    table_free(&hearing.lost);
    table_free(&hearing.open);
    table_free(&hearing.differs);
    return backup_failed(admin, error, why);
}
