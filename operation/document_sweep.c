/* The end of copies of documents: at their retention, with an entry each; and of files that a crash
 * left. MUST: what is destroyed is so for the store before it is for the disk: a file that is gone
 * has an entry, and one that stayed after it goes at the next sweep. See document.h. */
#include "operation/document.h"
#include "operation/evidence.h"

#include "base/file.h"
#include "base/log.h"
#include "policy/calendar.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DIGEST_DIGITS (STORE_DIGEST_SIZE - 1)

struct sweep {
    struct context *context;
    medgl_time now;
    uint64_t *due; /* seqs of entries, malloc'ed */
    size_t due_count;
    uint64_t seq; /* the one that is being destroyed */
    struct document gone;
    const char *digest; /* the file that is being looked at */
    bool known, destroyed;
    uint32_t count;
};

static void sweep_free(struct sweep *sweep)
{
    free(sweep->due);
}

static bool sweep_is_due(const struct sweep *sweep, const struct document *document)
{
    const medgl_time end = policy_add(document->created, sweep->context->policy.document_retention,
                                      clock_utc_offset(document->created));
    return document->destroyed == 0 && end <= sweep->now;
}

/* -- retention -------------------------------------------------------------------------------- */

static enum medgl_error sweep_list_one(void *argument, const struct document *document)
{
    struct sweep *sweep = argument;
    if (!sweep_is_due(sweep, document))
        return MEDGL_OK;
    uint64_t *larger = reallocarray(sweep->due, sweep->due_count + 1, sizeof(*larger));
    if (larger == NULL)
        return MEDGL_ERR_MEMORY;
    sweep->due = larger;
    larger[sweep->due_count++] = document->shown_seq;
    return MEDGL_OK;
}

static enum medgl_error sweep_list(struct store_txn *txn, void *argument)
{
    struct sweep *sweep = argument;
    sweep->due_count = 0;
    return store_document_each(txn, sweep_list_one, sweep);
}

static enum medgl_error sweep_destroy_now(struct store_txn *txn, void *argument)
{
    struct sweep *sweep = argument;
    const struct clock_reading clock = clock_read();
    struct account account;
    struct ledger_entry entry;
    sweep->destroyed = false;
    MEDGL_TRY(store_document_of(txn, sweep->seq, &sweep->gone));
    if (!sweep_is_due(sweep, &sweep->gone)) /* somebody else was here in between */
        return MEDGL_OK;
    MEDGL_TRY(store_account_by_id(txn, sweep->gone.account_id, &account));
    evidence_begin(sweep->context, &clock, LEDGER_DOCUMENT_DESTROY, &account, &entry);
    ledger_entry_number(&entry, "entry", (int64_t)sweep->seq);
    ledger_entry_text(&entry, "document", sweep->gone.digest);
    MEDGL_TRY(evidence_append(sweep->context, txn, &entry, &sweep->gone.ledger_seq));
    sweep->gone.destroyed = clock.now;
    sweep->destroyed = true;
    MEDGL_TRY(store_document_update(txn, &sweep->gone));
    return evidence_keep(txn, clock.now);
}

static enum medgl_error sweep_unlink(const char *path)
{
    if (unlink(path) != 0 && errno != ENOENT) {
        log_line(LOG_ERR, "%s cannot be removed: %m: see to it, then run medgl-admin alert deliver",
                 path);
        return MEDGL_ERR_IO;
    }
    return file_sync_name(path);
}

static enum medgl_error sweep_destroy(struct sweep *sweep, uint64_t seq)
{
    char path[PATH_MAX];
    sweep->seq = seq;
    MEDGL_TRY(store_transact(sweep->context->store, STORE_WRITE, sweep_destroy_now, sweep));
    if (!sweep->destroyed)
        return MEDGL_OK;
    sweep->count++;
    MEDGL_TRY(document_path(path, sweep->context->root, sweep->gone.digest));
    return sweep_unlink(path);
}

/* -- files ------------------------------------------------------------------------------------ */

/* "<digest>.cms", and what an interrupted run left beside one. */
static bool sweep_is_ours(const char *name, char digest[STORE_DIGEST_SIZE])
{
    const char *rest = name + DIGEST_DIGITS;
    if (strlen(name) < DIGEST_DIGITS || strspn(name, "0123456789abcdef") != DIGEST_DIGITS ||
        (strcmp(rest, ".cms") != 0 && strcmp(rest, ".cms.new") != 0))
        return false;
    (void)snprintf(digest, STORE_DIGEST_SIZE, "%.64s", strcmp(rest, ".cms") == 0 ? name : "");
    return true;
}

static enum medgl_error sweep_knows(void *argument, const struct document *document)
{
    struct sweep *sweep = argument;
    if (strcmp(document->digest, sweep->digest) == 0) {
        sweep->known = true;
        sweep->destroyed = document->destroyed != 0;
    }
    return MEDGL_OK;
}

struct sweep_file {
    struct sweep *sweep;
    const char *path;
    bool old;
};

/* MUST: under the write lock, see document_record(). */
static enum medgl_error sweep_file_now(struct store_txn *txn, void *argument)
{
    const struct sweep_file *file = argument;
    struct sweep *sweep = file->sweep;
    sweep->known = sweep->destroyed = false;
    MEDGL_TRY(store_document_each(txn, sweep_knows, sweep));
    if (sweep->known ? !sweep->destroyed : !file->old)
        return MEDGL_OK;
    if (!sweep->known)
        log_line(LOG_NOTICE, "%s is removed: no entry knows of it", file->path);
    return sweep_unlink(file->path);
}

/* The digests of all that is to be there. */
struct sweep_kept {
    char (*digest)[STORE_DIGEST_SIZE];
    size_t count;
};

static void kept_free(struct sweep_kept *kept)
{
    free(kept->digest);
}

static enum medgl_error kept_one(void *argument, const struct document *document)
{
    struct sweep_kept *kept = argument;
    if (document->destroyed != 0)
        return MEDGL_OK;
    char(*larger)[STORE_DIGEST_SIZE] = reallocarray(kept->digest, kept->count + 1, sizeof(*larger));
    if (larger == NULL)
        return MEDGL_ERR_MEMORY;
    kept->digest = larger;
    memcpy(larger[kept->count++], document->digest, STORE_DIGEST_SIZE);
    return MEDGL_OK;
}

static int kept_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static enum medgl_error kept_list(struct store_txn *txn, void *argument)
{
    struct sweep_kept *kept = argument;
    kept->count = 0;
    MEDGL_TRY(store_document_each(txn, kept_one, kept));
    if (kept->count > 0)
        qsort(kept->digest, kept->count, sizeof(*kept->digest), kept_compare);
    return MEDGL_OK;
}

static enum medgl_error sweep_look_at(struct sweep *sweep, const char *directory, int fd,
                                      const char *name, const struct sweep_kept *kept)
{
    char digest[STORE_DIGEST_SIZE], path[PATH_MAX];
    struct stat st;
    if (!sweep_is_ours(name, digest) ||
        (kept->count > 0 &&
         bsearch(digest, kept->digest, kept->count, sizeof(*kept->digest), kept_compare) != NULL) ||
        fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(st.st_mode))
        return MEDGL_OK;
    const medgl_time written = (medgl_time)st.st_mtime * MEDGL_SECOND;
    struct sweep_file file = {
        .sweep = sweep, .path = path, .old = sweep->now - written >= MEDGL_HOUR};
    if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
        return MEDGL_ERR_ARGUMENT;
    sweep->digest = digest;
    return store_transact(sweep->context->store, STORE_WRITE, sweep_file_now, &file);
}

static void directory_close(DIR **directory)
{
    if (*directory != NULL)
        (void)closedir(*directory);
}

static enum medgl_error sweep_files(struct sweep *sweep)
{
    char path[PATH_MAX];
    auto_clean(kept_free) struct sweep_kept kept = {.count = 0};
    MEDGL_TRY(path_under(path, sweep->context->root, PATH_DOCUMENTS));
    auto_clean(directory_close) DIR *directory = opendir(path);
    if (directory == NULL)
        return errno == ENOENT ? MEDGL_OK : medgl_error_from_errno(errno);
    MEDGL_TRY(store_transact(sweep->context->store, STORE_READ, kept_list, &kept));
    enum medgl_error first = MEDGL_OK;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        enum medgl_error error = sweep_look_at(sweep, path, dirfd(directory), entry->d_name, &kept);
        if (first == MEDGL_OK)
            first = error;
    }
    return first;
}

enum medgl_error operation_document_sweep(struct context *context, uint32_t *destroyed)
{
    auto_clean(sweep_free) struct sweep sweep = {.context = context, .now = clock_read().now};
    *destroyed = 0;
    MEDGL_TRY(store_transact(context->store, STORE_READ, sweep_list, &sweep));
    enum medgl_error first = MEDGL_OK;
    for (size_t i = 0; i < sweep.due_count; i++) {
        enum medgl_error error = sweep_destroy(&sweep, sweep.due[i]);
        if (first == MEDGL_OK)
            first = error;
    }
    *destroyed = sweep.count;
    if (sweep.count > 0)
        (void)evidence_publish(context);
    enum medgl_error error = sweep_files(&sweep);
    return first != MEDGL_OK ? first : error;
}
