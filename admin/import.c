/* The noun account, where people bring their Unix passwords: reads hashes from a shadow file, and
 * locks there what was taken over. A hash is in locked pages and nowhere else. */
#include "admin/admin.h"

#include "base/file.h"
#include "operation/account.h"
#include "operation/identity.h"
#include "operation/import.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <shadow.h>
#include <stdio.h>
#include <string.h>

#define LOGIN_DEFS      "/etc/login.defs"
#define UID_FIRST       1000  /* where login.defs says nothing */
#define UID_BEYOND      65534 /* nobody, and what is no person */
#define STREAM_SIZE     65536
#define SHADOW_LINE_MAX 65536
#define DAYS_MAX        2932897 /* the year 10000 */
#define DAYS_NEVER      10000   /* no password gets as old, says the shadow suite */

/* -- the shadow file ------------------------------------------------------------------------ */

/* Both buffers are locked pages: what the C library reads, and the line that it cuts up. */
struct shadow_file {
    FILE *stream;
    struct secret buffer, line;
};

static void shadow_close(struct shadow_file *file)
{
    if (file->stream != NULL)
        (void)fclose(file->stream);
    secret_free(&file->buffer);
    secret_free(&file->line);
}

static enum medgl_error shadow_open(int *fd, struct shadow_file *file)
{
    MEDGL_TRY(secret_alloc(&file->buffer, STREAM_SIZE));
    MEDGL_TRY(secret_alloc(&file->line, SHADOW_LINE_MAX));
    file->stream = fdopen(*fd, "r");
    if (file->stream == NULL)
        return medgl_error_from_errno(errno);
    *fd = -1; /* the stream's now */
    return setvbuf(file->stream, (char *)file->buffer.bytes, _IOFBF, STREAM_SIZE) == 0
               ? MEDGL_OK
               : MEDGL_ERR_MEMORY;
}

static void shadow_skip_line(FILE *stream)
{
    for (int c = 0; c != EOF && c != '\n';)
        c = fgetc(stream);
}

/* The next entry; MEDGL_ERR_NOT_FOUND: there is none. */
static enum medgl_error shadow_next(struct shadow_file *file, struct spwd *entry)
{
    for (;;) {
        struct spwd *found = NULL;
        int error =
            fgetspent_r(file->stream, entry, (char *)file->line.bytes, file->line.cap, &found);
        if (found != NULL)
            return MEDGL_OK;
        if (error != ERANGE)
            return ferror(file->stream) ? MEDGL_ERR_IO : MEDGL_ERR_NOT_FOUND;
        shadow_skip_line(file->stream); /* no line of a shadow file is as long as that */
    }
}

/* Days since 1970; 0, what is not there, and what no calendar has: unknown. */
static medgl_time shadow_set_at(const struct spwd *entry)
{
    return entry->sp_lstchg > 0 && entry->sp_lstchg < DAYS_MAX ? entry->sp_lstchg * MEDGL_DAY : 0;
}

/* Whether the Unix password has to be changed at some time; 0: at the next login. */
static bool shadow_ages(const struct spwd *entry)
{
    return entry->sp_lstchg == 0 || (entry->sp_max >= 0 && entry->sp_max < DAYS_NEVER);
}

/* -- one after the other -------------------------------------------------------------------- */

struct import {
    struct admin *admin;
    struct shadow_file file;
    enum account_class class_;
    int64_t uid_first;
    struct table *table;
    void *seen;       /* names, see tsearch(3): the first line of a name counts */
    const char *only; /* NULL: all */
    bool dry_run, found;
    size_t done, refused, unlocked;
};

static void import_free(struct import *import)
{
    tdestroy(import->seen, free);
    shadow_close(&import->file);
    table_free(&import->table);
}

static const char *import_why(enum import_verdict verdict)
{
    switch (verdict) {
    case IMPORT_DONE:
        return "";
    case IMPORT_HAS_PASSWORD:
        return _("has or had a password here already: it stays as it is");
    case IMPORT_NO_HASH:
        return _("has no Unix password, or one that is locked");
    case IMPORT_UNKNOWN_HASH:
        return _("this machine cannot check this kind of hash: reset the password");
    case IMPORT_TOO_COSTLY:
        return _("each login would take too much work with this hash: reset the password");
    case IMPORT_NOT_ACTIVE:
        return _("the account is disabled or retired");
    case IMPORT_UID_CHANGED:
        return _("the account was enrolled for another uid");
    case IMPORT_UID_TAKEN:
        return _("its uid is that of another account: give it another one (usermod -u), or retire "
                 "that account first");
    case IMPORT_BEYOND_ROLE:
        return _("it is your own account, and nobody acts on their own: ask another operator");
    case IMPORT_BREAKGLASS:
        return _("a break-glass account has no password but the sealed one: medgl-admin account "
                 "add NAME --class breakglass enrols one, breakglass seal NAME seals it");
    case IMPORT_REFUSED:
        break;
    }
    return _("the rules do not allow that");
}

static void import_row(struct import *import, const struct unix_user *user, const char *name,
                       const char *result, const char *why)
{
    const struct cell uid = user->exists ? CELL_NUMBER(user->uid) : CELL_NONE;
    table_row(import->table,
              (struct cell[]){CELL_TEXT(name), uid, CELL_TEXT(result), CELL_TEXT(why)});
}

/* After the commit: what is locked before is lost if the hash never arrives. */
static enum medgl_error import_lock(struct import *import, const struct unix_user *user,
                                    const char **why)
{
    struct privileged_answer answer;
    struct admin *admin = import->admin;
    if (admin->options.value[OPTION_LOCK_SHADOW] == NULL || import->dry_run)
        return MEDGL_OK;
    if (privileged_order(&admin->privileged, user->name, user->uid, &answer)) {
        *why = _("its Unix password is locked");
        return operation_shadow_note(&admin->context, user->name, true);
    }
    *why = _("its Unix password is not locked");
    import->unlocked++;
    return MEDGL_OK;
}

static enum medgl_error import_user(struct import *import, const struct unix_user *user,
                                    const struct spwd *entry)
{
    auto_secret struct secret hash = SECRET_NONE;
    enum import_verdict verdict;
    MEDGL_TRY(secret_copy(&hash, entry->sp_pwdp, strlen(entry->sp_pwdp)));
    const struct import_request request = {.name = user->name,
                                           .uid = user->uid,
                                           .class_ = import->class_,
                                           .full_name = user->full_name,
                                           .hash = &hash,
                                           .set_at = shadow_set_at(entry),
                                           .dry_run = import->dry_run};
    enum medgl_error error = operation_import(&import->admin->context, &request, &verdict);
    if (error != MEDGL_OK && error != MEDGL_ERR_ARGUMENT) /* a name that no account can have */
        return error;
    const char *why = import_why(verdict);
    if (verdict == IMPORT_HAS_PASSWORD &&
        import->admin->options.value[OPTION_LOCK_SHADOW] != NULL) /* cut off before the lock? */
        why = _("has or had a password here already: it stays as it is, and the Unix password is "
                "not locked (medgl-admin account shadow NAME --lock)");
    bool done = verdict == IMPORT_DONE;
    error = done ? import_lock(import, user, &why) : MEDGL_OK;
    import->done += done;
    if (done && shadow_ages(entry))
        complain(_("%s: /etc/shadow still wants its own password changed by age. The rules here "
                   "are in force instead; end that with: chage -M -1 -d -1 %s"),
                 user->name, user->name);
    /* Who never had a password is nobody that --all means. */
    import->refused += !done && (import->only != NULL || verdict != IMPORT_NO_HASH);
    import_row(import, user, user->name,
               done && import->dry_run ? "would-be-done" : import_verdict_word(verdict), why);
    return error;
}

static int import_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Whether the name is there for the first time. */
static enum medgl_error import_see(struct import *import, const char *name, bool *first)
{
    auto_free char *copy = strdup(name);
    char *const *found = copy != NULL ? tsearch(copy, &import->seen, import_compare) : NULL;
    if (found == NULL)
        return MEDGL_ERR_MEMORY;
    *first = *found == copy;
    if (*first)
        (void)auto_give(copy);
    return MEDGL_OK;
}

static enum medgl_error import_entry(struct import *import, const struct spwd *entry)
{
    struct unix_user user;
    bool first;
    if (import->only != NULL && strcmp(import->only, entry->sp_namp) != 0)
        return MEDGL_OK;
    MEDGL_TRY(import_see(import, entry->sp_namp, &first));
    if (!first)
        return MEDGL_OK;
    import->found = true;
    MEDGL_TRY(unix_user_find(entry->sp_namp, &user));
    if (!user.exists) {
        import->refused++;
        import_row(import, &user, entry->sp_namp, "no-user", _("there is no such Unix user"));
        return MEDGL_OK;
    }
    if (import->only != NULL || (user.uid >= import->uid_first && user.uid < UID_BEYOND))
        return import_user(import, &user, entry);
    if (strchr("!*", entry->sp_pwdp[0]) == NULL) /* a NUL is found as well */
        import_row(import, &user, user.name, "system-user",
                   _("its uid is not a person's: to take it over, name it"));
    return MEDGL_OK;
}

/* -- the verbs ------------------------------------------------------------------------------ */

/* The uid from which on users are people. */
static enum medgl_error import_uid_first(const char *root, int64_t *first)
{
    auto_secret struct secret content = SECRET_NONE;
    char path[PATH_MAX];
    long long uid;
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0022, .max = 1 << 20};
    *first = UID_FIRST;
    MEDGL_TRY(path_under(path, root, LOGIN_DEFS));
    enum medgl_error error = file_read_trusted(path, &rule, &content);
    if (error != MEDGL_OK)
        return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
    for (char *at = (char *)content.bytes, *line; (line = strsep(&at, "\n")) != NULL;)
        if (sscanf(line, " UID_MIN %lld", &uid) == 1 && uid >= 0)
            *first = uid;
    return MEDGL_OK;
}

static enum medgl_error import_walk(struct import *import)
{
    struct spwd entry;
    enum medgl_error error;
    MEDGL_TRY(import_uid_first(import->admin->identity.root, &import->uid_first));
    MEDGL_TRY(shadow_open(&import->admin->shadow, &import->file));
    while ((error = shadow_next(&import->file, &entry)) == MEDGL_OK)
        MEDGL_TRY(import_entry(import, &entry));
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

static void import_summary(const struct import *import)
{
    static const struct column columns[] = {
        {"done", "", COLUMN_NUMBER, COLUMN_BOTH},
        {"refused", "", COLUMN_NUMBER, COLUMN_BOTH},
        {"not_locked", "", COLUMN_NUMBER, COLUMN_BOTH},
        {"dry_run", "", COLUMN_BOOL, COLUMN_BOTH},
    };
    struct output *output = &import->admin->output;
    output_say(output,
               import->dry_run ? _("Would be taken over: %zu. Refused: %zu. Nothing was done.")
                               : _("Taken over: %zu. Refused: %zu."),
               import->done, import->refused);
    if (!output->json)
        return;
    struct table *table = table_new(output, "summary", TABLE_RECORD, columns, MEDGL_COUNT(columns));
    table_row(table, (struct cell[]){CELL_NUMBER(import->done), CELL_NUMBER(import->refused),
                                     CELL_NUMBER(import->unlocked), CELL_NUMBER(import->dry_run)});
    table_print(&table);
}

/* What was done is reported also where it could not be done to the end. */
static enum admin_exit import_end(struct import *import, enum medgl_error error)
{
    enum admin_exit code = admin_failed(error, "", NULL);
    if (error != MEDGL_OK && import->done == 0)
        return code;
    table_print(&import->table);
    import_summary(import);
    if (code == ADMIN_DONE && import->unlocked > 0)
        return ADMIN_UNUSABLE;
    return code == ADMIN_DONE && import->refused > 0 ? ADMIN_REFUSED : code;
}

enum admin_exit account_import(struct admin *admin)
{
    static const struct column columns[] = {
        {"name", N_("NAME"), COLUMN_TEXT, COLUMN_BOTH},
        {"uid", N_("UID"), COLUMN_NUMBER, COLUMN_BOTH},
        {"result", N_("RESULT"), COLUMN_TEXT, COLUMN_BOTH},
        {"why", N_("WHY"), COLUMN_TEXT, COLUMN_WIDE},
    };
    const struct options *options = &admin->options;
    struct unix_user user;
    auto_clean(import_free) struct import import = {
        .admin = admin,
        .class_ = ACCOUNT_CLASS_STAFF,
        .only = options->name,
        .dry_run = options->value[OPTION_DRY_RUN] != NULL,
        .table = table_new(&admin->output, "rows", TABLE_LIST, columns, MEDGL_COUNT(columns))};
    if (options->value[OPTION_CLASS] != NULL)
        (void)account_class_parse(options->value[OPTION_CLASS], &import.class_); /* was checked */
    if (options->name != NULL) {
        enum medgl_error error = unix_user_find(options->name, &user);
        if (error == MEDGL_OK && !user.exists)
            complain(_("There is no Unix user %s."), options->name);
        if (error != MEDGL_OK || !user.exists)
            return error != MEDGL_OK ? admin_failed(error, "", NULL) : ADMIN_NOT_FOUND;
        import.only = user.name;
    }
    enum medgl_error error = import_walk(&import);
    if (error == MEDGL_OK && options->name != NULL && !import.found) {
        complain(_("%s has no line in the shadow file."), options->name);
        return ADMIN_NOT_FOUND;
    }
    return import_end(&import, error);
}

/* The way back, where an imported password turns out not to do. */
enum admin_exit account_shadow(struct admin *admin)
{
    const struct options *options = &admin->options;
    const char *name = options->name;
    bool lock = options->value[OPTION_LOCK] != NULL;
    struct account_report report;
    struct privileged_answer answer;
    if (lock == (options->value[OPTION_UNLOCK] != NULL)) {
        complain(_("Say which: --lock or --unlock."));
        return ADMIN_USAGE;
    }
    enum medgl_error error = operation_account_show(&admin->context, name, &report, NULL, NULL);
    if (error != MEDGL_OK)
        return admin_failed(error, name, NULL);
    if (report.account.state != ACCOUNT_STATE_ACTIVE) {
        complain(lock ? _("%s is disabled or retired here: lock the Unix password without this "
                          "program (usermod -L), or enable the account first.")
                      : _("%s is disabled or retired here: the Unix password stays as it is, or "
                          "it would let in who was shut out. Enable the account first."),
                 name);
        return ADMIN_REFUSED;
    }
    if (!privileged_order(&admin->privileged, name, report.account.uid, &answer))
        return ADMIN_UNUSABLE;
    error = operation_shadow_note(&admin->context, name, lock);
    if (error == MEDGL_OK)
        output_result(&admin->output, name, "%s: %s", name,
                      lock ? _("the Unix password is locked") : _("the Unix password is unlocked"));
    return admin_failed(error, name, NULL);
}
