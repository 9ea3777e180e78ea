/* What goes into a backup: all that a machine needs to be this one again, and nothing that the copy
 * of the store does not know of yet, so that all of it is of one moment. */
#include "operation/backup_gather.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "operation/head_seen.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define GATHER_DEPTH    3 /* directories below MEDGL_SYSCONFDIR */
#define GATHER_ETC_MAX  (16 << 20)
#define GATHER_HEAD_MAX 4096

/* -- settings --------------------------------------------------------------------------------- */

/* Keys come by themselves; ".new" is what was interrupted, and "before-" what a restore has kept.
 */
static bool gather_wants(const char *name)
{
    const size_t len = strlen(name);
    return strcmp(name, BACKUP_ETC "store.key") != 0 &&
           strcmp(name, BACKUP_ETC "ledger.key") != 0 &&
           strcmp(name, BACKUP_ETC "breakglass.key") != 0 &&
           strcmp(name, BACKUP_ETC "breakglass-ledger.key") != 0 &&
           strcmp(name, BACKUP_ETC "breakglass-ledger.vkey") != 0 &&
           !(len > 4 && strcmp(name + len - 4, ".new") == 0) &&
           strncmp(name, BACKUP_ETC "before-", strlen(BACKUP_ETC "before-")) != 0;
}

/* What is not taken along is told: whoever puts the backup back would miss it. */
static enum medgl_error gather_setting(struct backup_manifest *manifest, const char *name,
                                       const char *path)
{
    enum medgl_error error = backup_manifest_add(manifest, name, path);
    if (error != MEDGL_ERR_ACCESS && error != MEDGL_ERR_NOT_FOUND && error != MEDGL_ERR_ARGUMENT)
        return error;
    log_line(LOG_WARNING,
             "%s is not in the backup: %s: make it a plain file with a plain name that the store's "
             "owner can read, or keep it elsewhere",
             path, medgl_error_text(error));
    return MEDGL_OK;
}

static enum medgl_error gather_settings(struct backup_manifest *manifest, const char *path,
                                        const char *name, int depth);

static enum medgl_error gather_entry(struct backup_manifest *manifest, const char *directory,
                                     const char *prefix, const char *entry, int depth)
{
    char path[PATH_MAX], name[PATH_MAX];
    struct stat st;
    if (snprintf(path, sizeof(path), "%s/%s", directory, entry) >= (int)sizeof(path) ||
        snprintf(name, sizeof(name), "%s%s", prefix, entry) >= (int)sizeof(name) - 1)
        return MEDGL_ERR_ARGUMENT;
    if (!gather_wants(name))
        return MEDGL_OK;
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? MEDGL_OK : medgl_error_from_errno(errno);
    if (S_ISREG(st.st_mode) && st.st_size <= GATHER_ETC_MAX)
        return gather_setting(manifest, name, path);
    if (S_ISDIR(st.st_mode) && depth > 0) {
        (void)strcat(name, "/");
        return gather_settings(manifest, path, name, depth - 1);
    }
    log_line(LOG_WARNING, "%s is not in the backup: it is no plain file, or too long", path);
    return MEDGL_OK;
}

static int gather_visible(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static enum medgl_error gather_settings(struct backup_manifest *manifest, const char *path,
                                        const char *name, int depth)
{
    struct dirent **names = NULL;
    enum medgl_error error = MEDGL_OK;
    const int count = scandir(path, &names, gather_visible, alphasort);
    if (count < 0) {
        log_line(LOG_WARNING, "%s is not in the backup: %m", path);
        return MEDGL_OK;
    }
    for (int i = 0; i < count; i++) {
        if (error == MEDGL_OK)
            error = gather_entry(manifest, path, name, names[i]->d_name, depth);
        free(names[i]);
    }
    free(names);
    return error;
}

/* -- keys ------------------------------------------------------------------------------------- */

/* Those in force, under the names that they are about to have. */
static enum medgl_error gather_keys(const struct context *context, struct backup_manifest *manifest)
{
    char path[PATH_MAX];
    MEDGL_TRY(path_under(path, context->root,
                         context->store_key_new ? PATH_STORE_KEY_NEW : PATH_STORE_KEY));
    MEDGL_TRY(backup_manifest_add(manifest, BACKUP_ETC "store.key", path));
    MEDGL_TRY(path_under(path, context->root,
                         context->ledger_key_new ? PATH_LEDGER_KEY_NEW : PATH_LEDGER_KEY));
    return backup_manifest_add(manifest, BACKUP_ETC "ledger.key", path);
}

/* -- what the store names --------------------------------------------------------------------- */

struct gather_run {
    const struct context *context;
    struct backup_manifest *manifest;
    struct ledger_head head;
};

/* One that the store names and is not there was taken away since: the copy must be made anew. */
static enum medgl_error gather_named(struct gather_run *run, const char *directory,
                                     const char *name, const char *suffix)
{
    char path[PATH_MAX], beneath[PATH_MAX], member[PATH_MAX];
    if (snprintf(beneath, sizeof(beneath), "%s/%s%s", directory, name, suffix) >=
        (int)sizeof(beneath))
        return MEDGL_ERR_ARGUMENT;
    if (snprintf(member, sizeof(member), BACKUP_STATE "%s", beneath + strlen(MEDGL_STATEDIR "/")) >=
        (int)sizeof(member))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(path_under(path, run->context->root, beneath));
    enum medgl_error error = backup_manifest_add(run->manifest, member, path);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_ERR_CONFLICT : error;
}

static enum medgl_error gather_document(void *argument, const struct document *document)
{
    return document->destroyed != 0
               ? MEDGL_OK
               : gather_named(argument, PATH_DOCUMENTS, document->digest, ".cms");
}

/* Archives may be kept elsewhere; the ledger verifies without them. */
static enum medgl_error gather_archive(void *argument, const struct archive *archive)
{
    enum medgl_error error = gather_named(argument, PATH_ARCHIVE, archive->file, "");
    return error == MEDGL_ERR_CONFLICT ? MEDGL_OK : error;
}

static enum medgl_error gather_rows(struct store_txn *txn, void *argument)
{
    struct gather_run *run = argument;
    MEDGL_TRY(store_ledger_head(txn, &run->head));
    MEDGL_TRY(store_document_each(txn, gather_document, run));
    return store_archive_each(txn, gather_archive, run);
}

/* Those that the copy of the store can hold: a later one would say that its ledger was cut. */
static enum medgl_error gather_checkpoints(struct gather_run *run)
{
    char path[PATH_MAX];
    struct dirent **names = NULL;
    enum medgl_error error = path_under(path, run->context->root, PATH_CHECKPOINTS);
    const int count = error == MEDGL_OK ? scandir(path, &names, gather_visible, alphasort) : 0;
    if (count < 0)
        return medgl_error_from_errno(errno);
    for (int i = 0; i < count; i++) {
        char *end;
        errno = 0;
        const uint64_t size = strtoull(names[i]->d_name, &end, 10);
        if (error == MEDGL_OK && *end == '\0' && errno == 0 && size <= run->head.tree.size)
            error = gather_named(run, PATH_CHECKPOINTS, names[i]->d_name, "");
        free(names[i]);
    }
    free(names);
    return error;
}

/* -- all of it -------------------------------------------------------------------------------- */

static enum medgl_error gather_copy(const struct context *context, const char *copy,
                                    struct gather_run *run)
{
    unsigned char row_key[CRYPTO_HASH_SIZE];
    auto_clean(store_close) struct store *store = NULL;
    const struct store_options options = {.path = copy, .row_key = row_key, .read_only = true};
    MEDGL_TRY(seal_key_derive(context->seal, "medgl row mac", row_key));
    enum medgl_error error = store_open(&options, &store);
    secret_wipe(row_key, sizeof(row_key));
    return error == MEDGL_OK ? store_transact(store, STORE_READ, gather_rows, run) : error;
}

enum medgl_error backup_gather(struct context *context, const char *stage,
                               struct backup_manifest *manifest)
{
    struct gather_run run = {.context = context, .manifest = manifest};
    char copy[PATH_MAX], head[PATH_MAX], path[PATH_MAX];
    auto_secret struct secret mark = SECRET_NONE;
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0022, .max = GATHER_HEAD_MAX};
    if (snprintf(copy, sizeof(copy), "%s/medgl.db", stage) >= (int)sizeof(copy) ||
        snprintf(head, sizeof(head), "%s/head", stage) >= (int)sizeof(head))
        return MEDGL_ERR_ARGUMENT;
    /* MUST: before the copy, or it would tell of what is not in that (operation/head_seen.h). */
    MEDGL_TRY(path_under(path, context->root, PATH_HEAD_SEEN));
    enum medgl_error error = file_read_trusted(path, &rule, &mark);
    if (error == MEDGL_OK)
        error = file_create(head, geteuid(), getegid(), 0600, mark.bytes, mark.len);
    if (error == MEDGL_OK)
        error = backup_manifest_add(manifest, BACKUP_STATE "head", head);
    if (error != MEDGL_OK && error != MEDGL_ERR_NOT_FOUND)
        return error;
    MEDGL_TRY(store_copy(context->store, copy));
    MEDGL_TRY(gather_copy(context, copy, &run));
    MEDGL_TRY(backup_manifest_add(manifest, BACKUP_STATE "medgl.db", copy));
    MEDGL_TRY(gather_checkpoints(&run));
    MEDGL_TRY(gather_keys(context, manifest));
    MEDGL_TRY(backup_gather_breakglass(context, stage, manifest));
    MEDGL_TRY(path_under(path, context->root, MEDGL_SYSCONFDIR));
    MEDGL_TRY(gather_settings(manifest, path, BACKUP_ETC, GATHER_DEPTH));
    manifest->size = run.head.tree.size;
    (void)snprintf(manifest->origin, sizeof(manifest->origin), "%s",
                   note_signer_name(context->signer));
    backup_manifest_sort(manifest);
    return merkle_root(&run.head.tree, manifest->root);
}
