/* Which backups are there, and which make way for newer ones. Makes none. */
#include "operation/backup_generation.h"

#include "base/auto.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool backup_is_ours(const char *name, const char *end)
{
    const size_t len = strlen(name), least = strlen(BACKUP_NAME_START) + strlen(end);
    return len > least && strncmp(name, BACKUP_NAME_START, strlen(BACKUP_NAME_START)) == 0 &&
           strcmp(name + len - strlen(end), end) == 0 && strchr(name, '/') == NULL;
}

/* What it is called in this directory; NULL: it is elsewhere. */
static const char *generation_name(const char *directory, const struct backup *backup)
{
    const size_t len = strlen(directory);
    return strncmp(backup->file, directory, len) == 0 && backup->file[len] == '/'
               ? backup->file + len + 1
               : NULL;
}

static bool generation_is_here(const char *directory, const struct backup *backup)
{
    const char *name = generation_name(directory, backup);
    return name != NULL && backup_is_ours(name, BACKUP_NAME_END);
}

bool generation_is_missing(const char *directory, const struct backup *backup)
{
    struct stat st;
    return backup->state != BACKUP_GONE && generation_name(directory, backup) != NULL &&
           lstat(backup->file, &st) != 0 && errno == ENOENT;
}

/* -- making way ------------------------------------------------------------------------------- */

/* MUST: the one that was just made is never among the old ones. */
static enum medgl_error generation_take(void *argument, const struct backup *backup)
{
    struct generations *all = argument;
    if (backup->state != all->state || !generation_is_here(all->directory, backup) ||
        strcmp(backup->id, all->made->id) == 0)
        return MEDGL_OK;
    if (all->kept < (uint32_t)all->context->policy.backup_keep)
        all->kept++;
    else if (all->count < GENERATION_BATCH)
        all->old[all->count++] = *backup;
    return MEDGL_OK;
}

enum medgl_error generations_find(struct generations *all, struct store_txn *txn,
                                  const struct backup *made)
{
    all->made = made;
    all->kept = generation_is_here(all->directory, made);
    all->count = 0;
    all->state = BACKUP_MADE;
    MEDGL_TRY(store_backup_each(txn, generation_take, all));
    all->state = BACKUP_UNDONE; /* these make way first */
    return store_backup_each(txn, generation_take, all);
}

enum medgl_error generations_end(struct generations *all, struct store_txn *txn, uint64_t seq)
{
    for (uint32_t i = 0; i < all->count; i++) {
        all->old[i].state = BACKUP_GONE;
        all->old[i].ledger_seq = seq;
        MEDGL_TRY(store_backup_update(txn, &all->old[i]));
    }
    return MEDGL_OK;
}

static enum medgl_error generation_remove(void *argument, const struct backup *backup)
{
    const char *directory = argument;
    struct stat st;
    if (backup->state == BACKUP_GONE && generation_is_here(directory, backup) &&
        lstat(backup->file, &st) == 0 && S_ISREG(st.st_mode) && unlink(backup->file) != 0)
        log_line(LOG_WARNING, "backup %s is of no use any more and cannot be removed: %m",
                 backup->file);
    return MEDGL_OK;
}

/* -- listing ---------------------------------------------------------------------------------- */

struct backups_run {
    enum medgl_error (*each)(void *argument, const struct backup *backup);
    void *argument;
};

static enum medgl_error backups_each(struct store_txn *txn, void *argument)
{
    const struct backups_run *run = argument;
    return store_backup_each(txn, run->each, run->argument);
}

enum medgl_error operation_backup_each(struct context *context,
                                       enum medgl_error (*each)(void *argument,
                                                                const struct backup *backup),
                                       void *argument)
{
    struct backups_run run = {each, argument};
    return store_transact(context->store, STORE_READ, backups_each, &run);
}

enum medgl_error generations_remove(struct context *context, const char *directory)
{
    char copy[PATH_MAX];
    (void)snprintf(copy, sizeof(copy), "%s", directory);
    return operation_backup_each(context, generation_remove, copy);
}

/* -- what went astray ------------------------------------------------------------------------- */

struct astray_run {
    const struct backup_astray *astray;
    char directory[PATH_MAX];
    char **names; /* of files that no row has named yet */
    size_t count;
};

static void astray_free(struct astray_run *run)
{
    for (size_t i = 0; i < run->count; i++)
        free(run->names[i]);
    free(run->names);
}

static enum medgl_error astray_add(struct astray_run *run, const char *name)
{
    char **names = reallocarray(run->names, run->count + 1, sizeof(*names));
    if (names == NULL)
        return MEDGL_ERR_MEMORY;
    run->names = names;
    run->names[run->count] = strdup(name);
    return run->names[run->count++] != NULL ? MEDGL_OK : MEDGL_ERR_MEMORY;
}

static int astray_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum medgl_error astray_read(struct astray_run *run)
{
    enum medgl_error error = MEDGL_OK;
    DIR *directory = opendir(run->directory);
    if (directory == NULL)
        return errno == ENOENT ? MEDGL_OK : medgl_error_from_errno(errno);
    for (const struct dirent *entry; error == MEDGL_OK && (entry = readdir(directory)) != NULL;)
        if (backup_is_ours(entry->d_name, BACKUP_NAME_END))
            error = astray_add(run, entry->d_name);
    (void)closedir(directory);
    if (run->count > 1)
        qsort(run->names, run->count, sizeof(*run->names), astray_compare);
    return error;
}

static enum medgl_error astray_row(void *argument, const struct backup *backup)
{
    struct astray_run *run = argument;
    const char *name = generation_name(run->directory, backup);
    for (size_t i = 0; name != NULL && i < run->count; i++)
        if (strcmp(run->names[i], name) == 0)
            run->names[i][0] = '\0';
    if (generation_is_missing(run->directory, backup))
        run->astray->missing(run->astray->argument, backup);
    return MEDGL_OK;
}

/* The files first: one that is made meanwhile has its row when the rows are read. */
enum medgl_error operation_backup_astray(struct context *context,
                                         const struct backup_astray *astray)
{
    auto_clean(astray_free) struct astray_run run = {.astray = astray};
    char path[PATH_MAX];
    MEDGL_TRY(path_under(run.directory, context->root, context->policy.backup_directory));
    MEDGL_TRY(astray_read(&run));
    MEDGL_TRY(operation_backup_each(context, astray_row, &run));
    for (size_t i = 0; i < run.count; i++)
        if (run.names[i][0] != '\0' &&
            snprintf(path, sizeof(path), "%s/%s", run.directory, run.names[i]) < (int)sizeof(path))
            astray->unnamed(astray->argument, path);
    return MEDGL_OK;
}
