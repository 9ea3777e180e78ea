/* The installation of the break-glass accounts in a backup (R32, R36): its store, keys and
 * published checkpoints go along with the main ones, and come back where there is none.
 *
 * MUST: one that is there stays as it is, whatever befell the main one: with an older one, an
 * envelope that was used would be sealed again. */
#include "operation/backup_restore.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "operation/setup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMALL_KEY_MAX 4096
#define SMALL_COPY    "breakglass.db" /* what ends BACKUP_SMALL_STORE */

/* -- into a backup ---------------------------------------------------------------------------- */

/* Those in force, under the names that they are about to have. */
static enum medgl_error small_gather_keys(const struct context *small,
                                          struct backup_manifest *manifest)
{
    char path[PATH_MAX];
    MEDGL_TRY(context_path(
        small, small->store_key_new ? CONTEXT_FILE_STORE_KEY_NEW : CONTEXT_FILE_STORE_KEY, path));
    MEDGL_TRY(backup_manifest_add(manifest, BACKUP_ETC "breakglass.key", path));
    MEDGL_TRY(context_path(
        small, small->ledger_key_new ? CONTEXT_FILE_LEDGER_KEY_NEW : CONTEXT_FILE_LEDGER_KEY,
        path));
    MEDGL_TRY(backup_manifest_add(manifest, BACKUP_ETC "breakglass-ledger.key", path));
    MEDGL_TRY(context_path(small, CONTEXT_FILE_LEDGER_VKEY, path));
    return backup_manifest_add(manifest, BACKUP_ETC "breakglass-ledger.vkey", path);
}

static int small_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Those of before the copy: a later one would say that its ledger was cut. */
static enum medgl_error small_gather_checkpoints(const struct context *small, uint64_t size,
                                                 struct backup_manifest *manifest)
{
    char directory[PATH_MAX], path[PATH_MAX], name[PATH_MAX];
    struct dirent **names = NULL;
    enum medgl_error error = context_path(small, CONTEXT_FILE_CHECKPOINTS, directory);
    const int count = error == MEDGL_OK ? scandir(directory, &names, small_visible, alphasort) : 0;
    if (count < 0)
        return medgl_error_from_errno(errno);
    for (int i = 0; i < count; i++) {
        char *end;
        const uint64_t one = strtoull(names[i]->d_name, &end, 10);
        const bool fits = *end == '\0' && one <= size &&
                          snprintf(path, sizeof(path), "%s/%s", directory, names[i]->d_name) <
                              (int)sizeof(path) &&
                          snprintf(name, sizeof(name), BACKUP_BREAKGLASS "checkpoints/%s",
                                   names[i]->d_name) < (int)sizeof(name);
        if (error == MEDGL_OK && fits)
            error = backup_manifest_add(manifest, name, path);
        free(names[i]);
    }
    free(names);
    return error;
}

static enum medgl_error small_head(struct store_txn *txn, void *argument)
{
    return store_ledger_head(txn, argument);
}

static enum medgl_error small_gather(struct context *small, const char *stage,
                                     struct backup_manifest *manifest)
{
    char copy[PATH_MAX];
    struct ledger_head head;
    if (snprintf(copy, sizeof(copy), "%s/" SMALL_COPY, stage) >= (int)sizeof(copy))
        return MEDGL_ERR_ARGUMENT;
    /* MUST: the size of before the copy. */
    MEDGL_TRY(store_transact(small->store, STORE_READ, small_head, &head));
    MEDGL_TRY(store_copy(small->store, copy));
    MEDGL_TRY(backup_manifest_add(manifest, BACKUP_SMALL_STORE, copy));
    MEDGL_TRY(small_gather_checkpoints(small, head.tree.size, manifest));
    return small_gather_keys(small, manifest);
}

enum medgl_error backup_gather_breakglass(const struct context *context, const char *stage,
                                          struct backup_manifest *manifest)
{
    auto_clean(context_close) struct context small = {.store = NULL};
    const enum medgl_error error = context_open_breakglass(context->root, CONTEXT_STATE, &small);
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK;
    if (error == MEDGL_OK)
        return small_gather(&small, stage, manifest);
    log_line(LOG_ERR,
             "the break-glass accounts in %s%s are not in the backup: %s: run medgl-admin doctor",
             context->root, PATH_BREAKGLASS, medgl_error_text(error));
    return MEDGL_OK;
}

/* -- out of it -------------------------------------------------------------------------------- */

static const struct small_key {
    const char *path;
    bool owned; /* by the owner of the store; else by root, as setup makes it */
    mode_t mode;
} small_keys[] = {
    {PATH_BREAKGLASS_KEY, true, 0400},
    {PATH_BREAKGLASS_LEDGER_KEY, true, 0400},
    {PATH_BREAKGLASS_LEDGER_VKEY, false, 0644},
};

/* MEDGL_ERR_EXISTS: another one is there. */
static enum medgl_error small_put_key(const struct switch_plan *plan, const struct small_key *key,
                                      int staged, bool put)
{
    const struct backup_restore_request *request = plan->request;
    auto_secret struct secret text = SECRET_NONE, there = SECRET_NONE;
    char path[PATH_MAX];
    const struct file_rule rule = {
        .owner = request->owner, .forbidden = 0022, .max = SMALL_KEY_MAX};
    MEDGL_TRY(switch_read(staged, strrchr(key->path, '/') + 1, SMALL_KEY_MAX, &text));
    MEDGL_TRY(path_under(path, request->root, key->path));
    if (access(path, F_OK) == 0 || errno != ENOENT) {
        if (file_read_trusted(path, &rule, &there) == MEDGL_OK &&
            secret_equal(text.bytes, text.len, there.bytes, there.len))
            return MEDGL_OK;
        return MEDGL_ERR_EXISTS;
    }
    return put ? file_create(path, key->owned ? request->owner : geteuid(),
                             key->owned ? request->group : getegid(), key->mode, text.bytes,
                             text.len)
               : MEDGL_OK;
}

/* The directories that setup_make_directories() made give way where nothing is in them. */
static enum medgl_error small_put_state(const struct switch_plan *plan)
{
    const char *name = strrchr(PATH_BREAKGLASS, '/') + 1;
    char path[PATH_MAX], above[PATH_MAX];
    MEDGL_TRY(path_under(path, plan->request->root, PATH_BREAKGLASS_CHECKPOINTS));
    (void)rmdir(path);
    MEDGL_TRY(path_under(path, plan->request->root, PATH_BREAKGLASS));
    if (rmdir(path) != 0 && errno != ENOENT)
        return errno == ENOTEMPTY ? MEDGL_ERR_EXISTS : medgl_error_from_errno(errno);
    (void)snprintf(above, sizeof(above), "%.*s", (int)(strrchr(path, '/') - path), path);
    auto_fd int parent = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    auto_fd int staged = switch_stage_above(plan, PATH_BREAKGLASS);
    if (parent < 0 || staged < 0)
        return MEDGL_ERR_ACCESS;
    if (renameat2(staged, name, parent, name, RENAME_NOREPLACE) != 0 || fsync(parent) != 0)
        return medgl_error_from_errno(errno);
    return MEDGL_OK;
}

/* MUST: keys first: with the store in place they are all there. */
static enum medgl_error small_put(const struct switch_plan *plan, int keys)
{
    for (int put = 0; put < 2; put++)
        for (size_t i = 0; i < MEDGL_COUNT(small_keys); i++)
            MEDGL_TRY(small_put_key(plan, &small_keys[i], keys, put != 0));
    return small_put_state(plan);
}

enum restored_breakglass switch_breakglass(const struct switch_plan *plan)
{
    auto_fd int staged = switch_stage_above(plan, PATH_BREAKGLASS_STORE);
    auto_fd int keys = switch_stage_above(plan, PATH_BREAKGLASS_KEY);
    char path[PATH_MAX];
    struct stat st;
    if (staged < 0 || keys < 0 || fstatat(staged, SMALL_COPY, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return RESTORED_BREAKGLASS_NONE;
    enum medgl_error error = path_under(path, plan->request->root, PATH_BREAKGLASS_STORE);
    if (error == MEDGL_OK && lstat(path, &st) == 0)
        return RESTORED_BREAKGLASS_STAYS;
    if (error == MEDGL_OK)
        error = small_put(plan, keys);
    if (error == MEDGL_OK)
        return RESTORED_BREAKGLASS_PUT;
    /* Empty directories are as setup makes them. */
    (void)setup_make_directories(plan->request->root, plan->request->owner, plan->request->group);
    log_line(LOG_ERR, "the break-glass accounts of the backup were not put in place: %s%s: %s",
             plan->request->root, PATH_BREAKGLASS, medgl_error_text(error));
    return RESTORED_BREAKGLASS_STAYS;
}
