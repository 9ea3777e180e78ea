/* Moving bodies of old entries out of the store. Their leaf hashes stay, so that the tree does.
 *
 * MUSTs:
 * - The file is whole and on the disk, under its name, before the bodies leave the store.
 * - The bodies, the row of the archive and the entry are one transaction.
 * - Bodies that a row is held against stay in the store too (archive_keep.h).
 * - Nothing that is not in the tree of the signed head is archived: damaged evidence stays where it
 *   is.
 * - No file that holds anything else is ever replaced. */
#include "operation/archive_keep.h"
#include "operation/prove.h"
#include "operation/refuse.h"

#include "base/auto.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "ledger/archive.h"
#include "ledger/peek.h"
#include "policy/calendar.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define WHY_SIZE STORE_TEXT_SIZE
/* Entries in one file: all of them leave in one transaction, and nobody logs in meanwhile. */
#define ARCHIVE_MOST 50000
#define BESIDE       PATH_ARCHIVE "/.new" /* a file that is not whole yet */
#define ORIGIN_PART  128                  /* of the origin in a name */

/* -- what is moved ------------------------------------------------------------------------------
 */

struct archive_run {
    struct context *context;
    const struct archive_request *request;
    struct archive *archive;
    char *why;
    char until[CLOCK_TEXT_SIZE];
    struct archive_head head;
    struct ledger_head ledger;
    struct merkle_tree tree;
    struct crypto_hash *hash;
    struct archive_keep keep;
    FILE *stream;
    char path[PATH_MAX];
};

static void run_close(struct archive_run *run)
{
    crypto_hash_free(&run->hash);
    archive_keep_free(&run->keep);
}

static enum medgl_error archive_behind(void *argument, const struct archive *archive)
{
    uint64_t *first = argument;
    *first = archive->next;
    return MEDGL_OK;
}

/* An entry is no younger than any that follows it, whatever the clock said when it was made: all
 * go up to the last one that says that it is old. */
static enum medgl_error plan_row(void *argument, const struct ledger_row *row)
{
    struct archive_run *run = argument;
    struct archive_head *head = &run->head;
    struct ledger_peek peek;
    if (row->seq != run->tree.size)
        return MEDGL_ERR_CORRUPT;
    MEDGL_TRY(merkle_append(&run->tree, row->leaf));
    if (row->seq < head->first)
        return row->len > 0 ? archive_keep_before(&run->keep, row) : MEDGL_OK;
    if (!ledger_peek(row->line, row->len, &peek))
        return MEDGL_ERR_CORRUPT;
    if (memcmp(peek.time, run->until, CLOCK_TEXT_SIZE - 1) < 0)
        head->next = row->seq + 1;
    return MEDGL_OK;
}

static enum medgl_error plan_body(void *argument, const struct ledger_row *row)
{
    struct archive_run *run = argument;
    unsigned char leaf[MERKLE_HASH_SIZE];
    MEDGL_TRY(merkle_leaf(row->line, row->len, leaf));
    if (memcmp(leaf, row->leaf, sizeof(leaf)) != 0)
        return MEDGL_ERR_CORRUPT;
    MEDGL_TRY(crypto_hash_add(run->hash, row->line, row->len));
    MEDGL_TRY(crypto_hash_add(run->hash, "\n", 1));
    run->head.bytes += row->len + 1;
    return MEDGL_OK;
}

static enum medgl_error plan_read(struct store_txn *txn, void *argument)
{
    struct archive_run *run = argument;
    struct archive_head *head = &run->head;
    unsigned char root[MERKLE_HASH_SIZE], signed_root[MERKLE_HASH_SIZE];
    *head = (struct archive_head){.first = 0};
    run->tree = (struct merkle_tree){.size = 0};
    archive_keep_free(&run->keep);
    crypto_hash_free(&run->hash);
    MEDGL_TRY(crypto_hash_begin(&run->hash));
    MEDGL_TRY(store_archive_each(txn, archive_behind, &head->first));
    head->next = head->first;
    MEDGL_TRY(store_ledger_head(txn, &run->ledger));
    MEDGL_TRY(store_ledger_stream(txn, plan_row, run));
    MEDGL_TRY(merkle_root(&run->tree, root));
    MEDGL_TRY(merkle_root(&run->ledger.tree, signed_root));
    if (run->tree.size != run->ledger.tree.size || memcmp(root, signed_root, sizeof(root)) != 0)
        return MEDGL_ERR_CORRUPT;
    if (head->next - head->first > ARCHIVE_MOST)
        head->next = head->first + ARCHIVE_MOST;
    MEDGL_TRY(store_ledger_each(txn, head->first, head->next, plan_body, run));
    MEDGL_TRY(crypto_hash_end(run->hash, head->digest));
    return text_copy(head->origin, sizeof(head->origin), note_signer_name(run->context->signer));
}

/* "host_medgl-0-4711.archive": what is no letter, digit, '.' or '-' of the origin becomes '_'. */
static void archive_name(const struct archive_head *head, char name[STORE_NAME_SIZE])
{
    char origin[ORIGIN_PART];
    (void)snprintf(origin, sizeof(origin), "%.*s", ORIGIN_PART - 1, head->origin);
    for (char *at = origin; *at != '\0'; at++) {
        const bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
        const bool other = (*at >= '0' && *at <= '9') || *at == '-' || (*at == '.' && at != origin);
        *at = letter || other ? *at : '_';
    }
    (void)snprintf(name, STORE_NAME_SIZE, "%s-%" PRIu64 "-%" PRIu64 ".archive", origin, head->first,
                   head->next);
}

static enum medgl_error archive_plan(struct archive_run *run)
{
    const struct request_times {
        medgl_time until, now, retention;
    } times = {run->request->until, clock_read().now,
               policy_span_most(run->context->policy.ledger_retention)};
    struct archive *archive = run->archive;
    *archive = (struct archive){.created = times.now};
    run->why[0] = '\0';
    if (times.until > times.now - times.retention)
        return refuse(run->why, _("The policy's ledger_retention keeps entries in the "
                                  "store for longer: name an earlier time."));
    clock_format_utc(times.until, run->until);
    MEDGL_TRY(store_transact(run->context->store, STORE_READ, plan_read, run));
    if (run->head.first == run->head.next)
        return refuse(run->why, _("No entry that is not in an archive yet is that old."));
    archive->first = run->head.first;
    archive->next = run->head.next;
    archive->bytes = run->head.bytes;
    text_hex(archive->digest, run->head.digest, sizeof(run->head.digest));
    archive_name(&run->head, archive->file);
    return MEDGL_OK;
}

/* -- the file ------------------------------------------------------------------------------------
 */

static enum medgl_error write_row(void *argument, const struct ledger_row *row)
{
    struct archive_run *run = argument;
    MEDGL_TRY(crypto_hash_add(run->hash, row->line, row->len));
    MEDGL_TRY(crypto_hash_add(run->hash, "\n", 1));
    return fwrite(row->line, 1, row->len, run->stream) == row->len &&
                   fputc('\n', run->stream) != EOF
               ? MEDGL_OK
               : medgl_error_from_errno(errno);
}

static enum medgl_error write_all(struct store_txn *txn, void *argument)
{
    struct archive_run *run = argument;
    char text[ARCHIVE_HEAD_SIZE];
    MEDGL_TRY(archive_head_sign(&run->head, run->context->signer, text, sizeof(text)));
    crypto_hash_free(&run->hash);
    MEDGL_TRY(crypto_hash_begin(&run->hash));
    if (fseeko(run->stream, 0, SEEK_SET) != 0 || ftruncate(fileno(run->stream), 0) != 0 ||
        fputs(text, run->stream) == EOF)
        return medgl_error_from_errno(errno);
    return store_ledger_each(txn, run->head.first, run->head.next, write_row, run);
}

/* Takes the descriptor over. */
static enum medgl_error archive_write(struct archive_run *run, int fd)
{
    unsigned char digest[CRYPTO_HASH_SIZE];
    auto_file FILE *stream = run->stream = fdopen(fd, "w");
    if (stream == NULL) {
        (void)close(fd);
        return MEDGL_ERR_MEMORY;
    }
    MEDGL_TRY(store_transact(run->context->store, STORE_READ, write_all, run));
    MEDGL_TRY(crypto_hash_end(run->hash, digest));
    if (memcmp(digest, run->head.digest, sizeof(digest)) != 0) /* moved meanwhile */
        return MEDGL_ERR_CONFLICT;
    if (fflush(stream) != 0 || fsync(fd) != 0)
        return medgl_error_from_errno(errno);
    return MEDGL_OK;
}

static bool same_bytes(FILE *one, FILE *other)
{
    char left[4096], right[sizeof(left)];
    size_t got;
    do {
        got = fread(left, 1, sizeof(left), one);
        if (fread(right, 1, sizeof(right), other) != got || memcmp(left, right, got) != 0)
            return false;
    } while (got > 0);
    return !ferror(one) && !ferror(other);
}

/* What an interrupted run left under the name is the same file, or it is none of ours. */
static enum medgl_error archive_take(const char *beside, const struct archive_run *run)
{
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    const int there = open(run->path, flags), made = open(beside, flags);
    auto_file FILE *one = there >= 0 ? fdopen(there, "r") : NULL;
    auto_file FILE *other = made >= 0 ? fdopen(made, "r") : NULL;
    struct stat st;
    if (one != NULL && other != NULL && fstat(there, &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_uid == geteuid() && same_bytes(one, other)) {
        (void)unlink(beside);
        return fsync(there) == 0 ? file_sync_name(run->path) : medgl_error_from_errno(errno);
    }
    (void)snprintf(run->why, WHY_SIZE,
                   _("%s is there, and holds something else: see what it is, and move it "
                     "elsewhere."),
                   run->archive->file);
    return MEDGL_ERR_REFUSED;
}

static enum medgl_error archive_link(const char *beside, const struct archive_run *run)
{
    if (link(beside, run->path) != 0)
        return errno == EEXIST ? archive_take(beside, run) : medgl_error_from_errno(errno);
    (void)unlink(beside);
    return file_sync_name(run->path);
}

/* A file of ours, which appears whole or not at all. */
static enum medgl_error archive_own_file(struct archive_run *run)
{
    char beside[PATH_MAX], name[sizeof(PATH_ARCHIVE) + STORE_NAME_SIZE];
    (void)snprintf(name, sizeof(name), PATH_ARCHIVE "/%s", run->archive->file);
    MEDGL_TRY(path_under(run->path, run->context->root, name));
    MEDGL_TRY(path_under(beside, run->context->root, BESIDE));
    if (unlink(beside) != 0 && errno != ENOENT)
        return medgl_error_from_errno(errno);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
    if (fd < 0)
        return medgl_error_from_errno(errno);
    enum medgl_error error = archive_write(run, fd);
    if (error == MEDGL_OK)
        error = archive_link(beside, run);
    if (error != MEDGL_OK)
        (void)unlink(beside);
    return error;
}

/* A copy for the operator. Its name is synced with its file system: nothing more is known of where
 * it is. */
static enum medgl_error archive_copy(struct archive_run *run)
{
    int fd = fcntl(run->request->copy, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return medgl_error_from_errno(errno);
    MEDGL_TRY(archive_write(run, fd));
    return syncfs(run->request->copy) == 0 ? MEDGL_OK : medgl_error_from_errno(errno);
}

/* -- the bodies ----------------------------------------------------------------------------------
 */

static enum medgl_error archive_now(struct store_txn *txn, void *argument)
{
    struct archive_run *run = argument;
    struct archive *archive = run->archive;
    struct ledger_entry entry;
    const struct clock_reading clock = clock_read();
    uint64_t first = 0;
    MEDGL_TRY(store_archive_each(txn, archive_behind, &first));
    if (first != archive->first)
        return MEDGL_ERR_CONFLICT;
    evidence_begin(run->context, &clock, LEDGER_ARCHIVE, NULL, &entry);
    ledger_entry_number(&entry, "first", (int64_t)archive->first);
    ledger_entry_number(&entry, "next", (int64_t)archive->next);
    ledger_entry_number(&entry, "bytes", (int64_t)archive->bytes);
    ledger_entry_text(&entry, "digest", archive->digest);
    ledger_entry_text(&entry, "file", archive->file);
    archive->created = clock.now;
    MEDGL_TRY(evidence_append(run->context, txn, &entry, &archive->ledger_seq));
    MEDGL_TRY(archive_keep_rest(&run->keep, txn, archive->first, archive->next));
    MEDGL_TRY(store_archive_add(txn, archive));
    return evidence_keep(txn, clock.now);
}

/* One at a time: two would write the same file. The lock goes with the process. */
static enum medgl_error archive_lock(struct archive_run *run, int *fd)
{
    char path[PATH_MAX];
    MEDGL_TRY(path_under(path, run->context->root, PATH_ARCHIVE));
    MEDGL_TRY(file_directory(path, geteuid(), getegid(), 0700)); /* of older installations */
    auto_fd int opened = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (opened < 0)
        return medgl_error_from_errno(errno);
    if (flock(opened, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? refuse(run->why, _("Another process archives just "
                                                         "now: try again when it is done."))
                                    : medgl_error_from_errno(errno);
    *fd = auto_give_fd(opened);
    return MEDGL_OK;
}

static enum medgl_error archive_run_all(struct archive_run *run)
{
    auto_fd int lock = -1;
    MEDGL_TRY(archive_lock(run, &lock));
    MEDGL_TRY(archive_plan(run));
    if (run->request->copy >= 0)
        MEDGL_TRY(archive_copy(run));
    MEDGL_TRY(archive_own_file(run));
    MEDGL_TRY(store_transact(run->context->store, STORE_WRITE, archive_now, run));
    (void)evidence_publish(
        run->context); /* the act stands even if the outside copy fails: logged */
    return MEDGL_OK;
}

enum medgl_error operation_archive(struct context *context, const struct archive_request *request,
                                   struct archive *archive, char why[])
{
    auto_clean(run_close) struct archive_run run = {
        .context = context, .request = request, .archive = archive, .why = why};
    why[0] = '\0';
    enum medgl_error error = archive_run_all(&run);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_ERR_IO : error; /* no account was looked for */
}

enum medgl_error operation_archive_plan(struct context *context, medgl_time until,
                                        struct archive *archive, char why[])
{
    const struct archive_request request = {.until = until, .copy = -1};
    auto_clean(run_close) struct archive_run run = {
        .context = context, .request = &request, .archive = archive, .why = why};
    return archive_plan(&run);
}
