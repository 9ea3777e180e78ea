/* Making a backup (R36): a copy of the store and all that belongs to it, sealed to the holders of
 * backup.pem. What is readable never leaves the state directory; what this machine sealed it cannot
 * open. */
#include "operation/backup.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "operation/backup_gather.h"
#include "operation/backup_generation.h"
#include "operation/evidence.h"
#include "operation/head_seen.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define BACKUP_PEM_MAX  (256 << 10)
#define BACKUP_PART_END ".part"
#define BACKUP_TRIES    3

/* -- sealing ---------------------------------------------------------------------------------- */

enum medgl_error backup_readers(const struct context *context, medgl_time now,
                                struct envelope_readers **readers, char why[])
{
    auto_secret struct secret pem = SECRET_NONE;
    char path[PATH_MAX], fault[ENVELOPE_WHY_SIZE] = "";
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0022, .max = BACKUP_PEM_MAX};
    *readers = NULL;
    MEDGL_TRY(path_under(path, context->root, PATH_BACKUP_CERT));
    enum medgl_error error = file_read_trusted(path, &rule, &pem);
    if (error == MEDGL_ERR_NOT_FOUND) {
        (void)snprintf(why, BACKUP_WHY_SIZE,
                       _("%s is missing: it holds the certificates of those who can open backups. "
                         "medgl-backup(7) says how to make one."),
                       path);
        return MEDGL_ERR_REFUSED;
    }
    if (error == MEDGL_OK)
        error = envelope_readers_open(&pem, now, readers, fault);
    if (error != MEDGL_OK)
        (void)snprintf(why, BACKUP_WHY_SIZE, _("%s cannot be used: %s"), path,
                       fault[0] != '\0' ? fault : medgl_error_text(error));
    return error == MEDGL_ERR_KEY || error == MEDGL_ERR_ACCESS ? MEDGL_ERR_REFUSED : error;
}

struct seal_run {
    const struct backup_manifest *manifest;
    const char *note;
    int to;
    enum medgl_error error;
};

static void *seal_pack(void *argument)
{
    struct seal_run *run = argument;
    run->error = backup_pack(run->manifest, run->note, run->to);
    (void)close(run->to);
    return NULL;
}

/* Packed on one side of a pipe and sealed on the other: the archive is never in a file. */
static enum medgl_error seal_stream(const struct envelope_readers *readers,
                                    const struct backup_manifest *manifest, const char *note,
                                    int to)
{
    int ends[2];
    pthread_t thread;
    struct seal_run run = {.manifest = manifest, .note = note, .error = MEDGL_ERR_IO};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return medgl_error_from_errno(errno);
    auto_fd int from = ends[0];
    run.to = ends[1];
    if (pthread_create(&thread, NULL, seal_pack, &run) != 0) {
        (void)close(run.to);
        return MEDGL_ERR_MEMORY;
    }
    enum medgl_error error = envelope_seal_stream(readers, from, to);
    backup_drain(from); /* the one who packs is not left waiting */
    if (pthread_join(thread, NULL) != 0)
        return MEDGL_ERR_IO;
    return run.error != MEDGL_OK ? run.error : error;
}

static enum medgl_error seal_all(const struct context *context,
                                 const struct envelope_readers *readers,
                                 const struct backup_manifest *manifest, int to)
{
    auto_free char *text = NULL;
    MEDGL_TRY(backup_manifest_text(manifest, &text));
    const size_t room = strlen(text) + STORE_NOTE_SIZE;
    auto_free char *note = malloc(room);
    if (note == NULL)
        return MEDGL_ERR_MEMORY;
    MEDGL_TRY(note_sign(text, context->signer, note, room));
    return seal_stream(readers, manifest, note, to);
}

/* -- where it goes ---------------------------------------------------------------------------- */

struct backup_run {
    struct context *context;
    char directory[PATH_MAX];
    char part[PATH_MAX]; /* until it is whole; "": in a file that was given */
    struct backup *backup;
};

static void run_forget_part(struct backup_run *run)
{
    if (run->part[0] != '\0')
        (void)unlink(run->part);
}

static enum medgl_error directory_refuse(const char *path, char *why)
{
    (void)snprintf(why, BACKUP_WHY_SIZE,
                   _("%s cannot hold backups: it must be a directory of the store's owner that "
                     "nobody else can write to. Make it with: install -d -o %s -g %s -m 0700 %s"),
                   path, MEDGL_USER, MEDGL_USER, path);
    return MEDGL_ERR_REFUSED;
}

/* What an interrupted run left goes: it was never whole. */
static void directory_tidy(const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (backup_is_ours(entry->d_name, BACKUP_PART_END))
            (void)unlinkat(dirfd(directory), entry->d_name, 0);
    (void)closedir(directory);
}

static enum medgl_error directory_open(struct backup_run *run, char why[BACKUP_WHY_SIZE])
{
    struct stat st;
    MEDGL_TRY(
        path_under(run->directory, run->context->root, run->context->policy.backup_directory));
    (void)mkdir(run->directory, 0700); /* where it may be made */
    if (lstat(run->directory, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_mode & 0022) != 0)
        return directory_refuse(run->directory, why);
    directory_tidy(run->directory);
    return MEDGL_OK;
}

/* A name that sorts by time, and that no other one has. */
static enum medgl_error directory_name(struct backup_run *run,
                                       const struct backup_manifest *manifest)
{
    char created[CLOCK_TEXT_SIZE], name[96];
    size_t used = 0;
    struct stat st;
    clock_format_utc(manifest->created, created);
    for (const char *at = created; *at != '\0' && *at != '.'; at++)
        if (*at != '-' && *at != ':')
            name[used++] = *at;
    name[used] = '\0';
    if (snprintf(run->backup->file, sizeof(run->backup->file),
                 "%s/" BACKUP_NAME_START "%sZ-%" PRIu64 BACKUP_NAME_END, run->directory, name,
                 manifest->size) >= (int)sizeof(run->backup->file) ||
        snprintf(run->part, sizeof(run->part), "%s" BACKUP_PART_END, run->backup->file) >=
            (int)sizeof(run->part))
        return MEDGL_ERR_ARGUMENT;
    return lstat(run->backup->file, &st) == 0 ? MEDGL_ERR_EXISTS : MEDGL_OK;
}

static enum medgl_error run_file(struct backup_run *run, const struct backup_request *request,
                                 const struct backup_manifest *manifest, int *fd)
{
    if (request->fd >= 0) {
        MEDGL_TRY(text_copy(run->backup->file, sizeof(run->backup->file), request->file));
        *fd = fcntl(request->fd, F_DUPFD_CLOEXEC, 3);
        return *fd >= 0 ? MEDGL_OK : medgl_error_from_errno(errno);
    }
    MEDGL_TRY(directory_name(run, manifest));
    *fd = open(run->part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    const int failed = errno;
    if (*fd >= 0)
        return MEDGL_OK;
    log_line(LOG_ERR,
             "no backup can be made in %s: %s: medgl-backup.service writes only to what its "
             "ReadWritePaths name",
             run->directory, strerror(failed));
    return medgl_error_from_errno(failed);
}

/* -- its row ---------------------------------------------------------------------------------- */

static enum medgl_error backup_write(struct store_txn *txn, struct backup_run *run)
{
    const struct clock_reading clock = clock_read();
    struct ledger_entry entry;
    struct generations all = {.context = run->context, .directory = run->directory};
    MEDGL_TRY(crypto_random_id(run->backup->id));
    run->backup->state = BACKUP_MADE;
    run->backup->created = clock.now;
    run->backup->verified = 0;
    MEDGL_TRY(store_backup_add(txn, run->backup));
    MEDGL_TRY(generations_find(&all, txn, run->backup));
    evidence_begin(run->context, &clock, LEDGER_BACKUP_CREATE, NULL, &entry);
    ledger_entry_text(&entry, "file", run->backup->file);
    ledger_entry_text(&entry, "digest", run->backup->digest);
    ledger_entry_number(&entry, "bytes", (int64_t)run->backup->bytes);
    ledger_entry_number(&entry, "size", (int64_t)run->backup->size);
    if (all.count > 0)
        ledger_entry_number(&entry, "removed", all.count);
    MEDGL_TRY(evidence_append(run->context, txn, &entry, &run->backup->ledger_seq));
    MEDGL_TRY(store_backup_update(txn, run->backup));
    MEDGL_TRY(generations_end(&all, txn, run->backup->ledger_seq));
    return evidence_keep(txn, clock.now);
}

static enum medgl_error backup_commit(struct store_txn *txn, void *argument)
{
    return backup_write(txn, argument);
}

/* -- creating --------------------------------------------------------------------------------- */

/* Documents may be destroyed, and settings edited, while all is read. */
static enum medgl_error create_gather(struct context *context, struct backup_stage *stage,
                                      struct backup_manifest *manifest, char why[BACKUP_WHY_SIZE])
{
    char path[PATH_MAX];
    enum medgl_error error = MEDGL_ERR_CONFLICT;
    for (int tries = 0; tries < BACKUP_TRIES && error == MEDGL_ERR_CONFLICT; tries++) {
        backup_manifest_free(manifest);
        manifest->created = clock_read().now;
        if (tries > 0) {
            backup_stage_close(stage);
            MEDGL_TRY(path_under(path, context->root, PATH_STAGING));
            MEDGL_TRY(backup_stage_open(path, stage, why));
        }
        error = backup_gather(context, stage->path, manifest);
    }
    return error;
}

static uint64_t create_bytes(const struct backup_manifest *manifest)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < manifest->count; i++)
        bytes += manifest->members[i].bytes;
    return bytes;
}

static enum medgl_error create_sealed(struct backup_run *run, const struct backup_request *request,
                                      const struct envelope_readers *readers,
                                      const struct backup_manifest *manifest)
{
    auto_fd int fd = -1;
    struct backup *backup = run->backup;
    MEDGL_TRY(run_file(run, request, manifest, &fd));
    MEDGL_TRY(seal_all(run->context, readers, manifest, fd));
    MEDGL_TRY(backup_digest(fd, backup->digest, &backup->bytes));
    backup->size = manifest->size;
    if (fsync(fd) != 0)
        return medgl_error_from_errno(errno);
    if (run->part[0] == '\0')
        return MEDGL_OK;
    if (rename(run->part, backup->file) != 0)
        return medgl_error_from_errno(errno);
    run->part[0] = '\0';
    return file_sync_name(backup->file);
}

static enum medgl_error create_room(struct context *context, struct backup_run *run,
                                    const struct backup_request *request, char *why)
{
    struct store_facts facts;
    char path[PATH_MAX];
    MEDGL_TRY(path_under(path, context->root, MEDGL_STATEDIR));
    MEDGL_TRY(store_facts(context->store, &facts));
    MEDGL_TRY(backup_room(context, path, (uint64_t)facts.bytes, why));
    if (request->fd >= 0)
        return MEDGL_OK;
    MEDGL_TRY(directory_open(run, why));
    return backup_room(context, run->directory, (uint64_t)facts.bytes, why);
}

enum medgl_error operation_backup_create(struct context *context,
                                         const struct backup_request *request,
                                         struct backup *backup, char why[])
{
    auto_clean(envelope_readers_free) struct envelope_readers *readers = NULL;
    auto_clean(backup_stage_close) struct backup_stage stage = BACKUP_STAGE_NONE;
    auto_clean(backup_manifest_free) struct backup_manifest manifest = {.count = 0};
    auto_clean(run_forget_part) struct backup_run run = {.context = context, .backup = backup};
    char path[PATH_MAX];
    *backup = (struct backup){.state = BACKUP_MADE};
    why[0] = '\0';
    MEDGL_TRY(backup_readers(context, clock_read().now, &readers, why));
    MEDGL_TRY(path_under(path, context->root, PATH_STAGING));
    MEDGL_TRY(backup_stage_open(path, &stage, why));
    MEDGL_TRY(create_room(context, &run, request, why));
    MEDGL_TRY(create_gather(context, &stage, &manifest, why));
    if (request->fd < 0)
        MEDGL_TRY(backup_room(context, run.directory, create_bytes(&manifest), why));
    MEDGL_TRY(create_sealed(&run, request, readers, &manifest));
    enum medgl_error error = store_transact(context->store, STORE_WRITE, backup_commit, &run);
    if (error != MEDGL_OK) {
        if (request->fd < 0)
            (void)unlink(backup->file); /* no row names it */
        backup->ledger_seq = 0;
        return error;
    }
    /* What stays of old ones is taken away the next time. */
    if (request->fd < 0)
        (void)generations_remove(context, run.directory);
    (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    return MEDGL_OK;
}
