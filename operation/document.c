/* Taking copies of documents in, and opening them for who holds the key: see document.h. */
#include "operation/document.h"
#include "operation/account.h"
#include "operation/document_type.h"
#include "operation/evidence.h"

#include "base/file.h"
#include "base/log.h"
#include "base/message.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define AUDITOR_MAX ((size_t)1 << 20)
/* A sealed file is a little longer than what was handed in: by its recipients and padding. */
#define SEALED_MAX (((size_t)64 << 20) + ((size_t)1 << 20))

/* -- files ------------------------------------------------------------------------------------ */

enum medgl_error document_path(char path[PATH_MAX], const char *root, const char *digest)
{
    char name[sizeof(PATH_DOCUMENTS) + STORE_DIGEST_SIZE + sizeof(".cms")];
    (void)snprintf(name, sizeof(name), PATH_DOCUMENTS "/%.64s.cms", digest);
    return path_under(path, root, name);
}

static enum medgl_error document_digest(const void *bytes, size_t len,
                                        char digest[STORE_DIGEST_SIZE])
{
    unsigned char hash[CRYPTO_HASH_SIZE];
    const struct bytes whole = {bytes, len};
    MEDGL_TRY(crypto_sha256(&whole, 1, hash));
    text_hex(digest, hash, sizeof(hash));
    return MEDGL_OK;
}

enum medgl_error document_file(const char *root, const char *digest, struct secret *sealed)
{
    char path[PATH_MAX], found[STORE_DIGEST_SIZE];
    auto_secret struct secret content = SECRET_NONE;
    struct file_rule rule = {.owner = geteuid(), .forbidden = 0022, .max = SEALED_MAX};
    struct stat st;
    MEDGL_TRY(document_path(path, root, digest));
    if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < (off_t)SEALED_MAX)
        rule.max = (size_t)st.st_size; /* no more room than that */
    MEDGL_TRY(file_read_trusted(path, &rule, &content));
    MEDGL_TRY(document_digest(content.bytes, content.len, found));
    if (strcmp(found, digest) != 0)
        return MEDGL_ERR_CORRUPT;
    if (sealed != NULL) {
        *sealed = content;
        content = (struct secret)SECRET_NONE;
    }
    return MEDGL_OK;
}

/* -- taking in -------------------------------------------------------------------------------- */

enum medgl_error document_readers(const struct context *context, medgl_time now,
                                  struct envelope_readers **readers, char why[ENVELOPE_WHY_SIZE])
{
    char path[PATH_MAX];
    auto_secret struct secret pem = SECRET_NONE;
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0022, .max = AUDITOR_MAX};
    *readers = NULL;
    why[0] = '\0';
    MEDGL_TRY(path_under(path, context->root, PATH_AUDITOR));
    enum medgl_error error = file_read_trusted(path, &rule, &pem);
    if (error == MEDGL_ERR_NOT_FOUND || error == MEDGL_ERR_MEMORY)
        return error;
    if (error == MEDGL_OK)
        return envelope_readers_open(&pem, now, readers, why);
    (void)snprintf(why, ENVELOPE_WHY_SIZE,
                   _("it cannot be read (%s): it must be a file of root's that %s may read and "
                     "nobody else may write to"),
                   medgl_error_text(error), "medgl");
    return MEDGL_ERR_KEY;
}

static enum medgl_error take_readers(const struct context *context,
                                     struct envelope_readers **readers, char why[])
{
    char fault[ENVELOPE_WHY_SIZE];
    enum medgl_error error = document_readers(context, clock_read().now, readers, fault);
    if (error == MEDGL_ERR_NOT_FOUND)
        (void)snprintf(why, OPERATION_WHY_SIZE,
                       _("%s is missing: it holds the certificates of those who may read copies of "
                         "documents; medgl-ledger(5) says how an auditor makes one"),
                       PATH_AUDITOR);
    else if (error == MEDGL_ERR_KEY)
        (void)snprintf(why, OPERATION_WHY_SIZE, _("%s cannot be used: %s"), PATH_AUDITOR, fault);
    else
        return error;
    return MEDGL_ERR_REFUSED;
}

static enum medgl_error take_judge(const struct context *context, const struct secret *content,
                                   const char **type, char why[])
{
    const int64_t most = context->policy.document_max;
    *type = NULL;
    if (content->len == 0)
        (void)snprintf(why, OPERATION_WHY_SIZE, "%s",
                       _("the file of the document is empty: make a scan or photo anew"));
    else if (content->len > (uint64_t)most)
        (void)snprintf(why, OPERATION_WHY_SIZE,
                       _("the file of the document is too large: it may have %lld KiB "
                         "(document_max); make it smaller"),
                       (long long)(most >> 10));
    else if ((*type = document_type(content->bytes, content->len)) == NULL)
        (void)snprintf(why, OPERATION_WHY_SIZE, "%s",
                       _("the file of the document is neither a picture (JPEG, PNG, TIFF, HEIC, "
                         "WebP) nor PDF, whatever it is called: make a scan or photo"));
    return *type != NULL ? MEDGL_OK : MEDGL_ERR_REFUSED;
}

/* MUST: copies never fill the disk that logins need. */
static enum medgl_error take_room(const struct context *context, size_t len, char why[])
{
    char path[PATH_MAX];
    struct statvfs device;
    MEDGL_TRY(path_under(path, context->root, PATH_STORE));
    if (statvfs(path, &device) != 0)
        return medgl_error_from_errno(errno);
    const uint64_t left = (uint64_t)device.f_bavail * device.f_frsize;
    const uint64_t least = (uint64_t)context->policy.minimum_free;
    if (left >= least && left - least >= len)
        return MEDGL_OK;
    (void)snprintf(why, OPERATION_WHY_SIZE,
                   _("the copy of the document finds no room: %llu MiB are left, and %llu MiB must "
                     "stay free (minimum_free); tell whoever runs this machine"),
                   (unsigned long long)(left >> 20), (unsigned long long)(least >> 20));
    return MEDGL_ERR_REFUSED;
}

enum medgl_error document_check(struct context *context, const struct secret *content, char why[])
{
    auto_clean(envelope_readers_free) struct envelope_readers *readers = NULL;
    const char *type;
    why[0] = '\0';
    MEDGL_TRY(take_judge(context, content, &type, why));
    MEDGL_TRY(take_room(context, content->len, why));
    return take_readers(context, &readers, why);
}

static enum medgl_error take_keep(const struct context *context, const unsigned char *der,
                                  size_t len, struct document_taken *taken)
{
    char directory[PATH_MAX];
    MEDGL_TRY(document_digest(der, len, taken->digest));
    MEDGL_TRY(path_under(directory, context->root, PATH_DOCUMENTS));
    MEDGL_TRY(file_directory(directory, geteuid(), getegid(), 0700));
    MEDGL_TRY(document_path(taken->path, context->root, taken->digest));
    return file_create(taken->path, geteuid(), getegid(), 0400, der, len);
}

enum medgl_error document_take(struct context *context, const struct secret *content,
                               struct document_taken *taken, char why[])
{
    auto_clean(envelope_readers_free) struct envelope_readers *readers = NULL;
    auto_free unsigned char *der = NULL;
    size_t len;
    const char *type;
    *taken = (struct document_taken){.size = content->len};
    why[0] = '\0';
    MEDGL_TRY(take_judge(context, content, &type, why));
    (void)snprintf(taken->type, sizeof(taken->type), "%s", type);
    MEDGL_TRY(take_room(context, content->len, why));
    MEDGL_TRY(take_readers(context, &readers, why));
    MEDGL_TRY(envelope_seal(readers, content->bytes, content->len, &der, &len));
    enum medgl_error error = take_keep(context, der, len, taken);
    if (error == MEDGL_OK)
        return MEDGL_OK;
    log_line(LOG_ERR, "the copy of a document cannot be kept in %s: %s: see to the directory",
             PATH_DOCUMENTS, medgl_error_text(error));
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_ERR_IO : error; /* no account was looked for */
}

void document_fields(struct ledger_entry *entry, const struct document_taken *taken)
{
    ledger_entry_text(entry, "document", taken->digest);
    ledger_entry_text(entry, "document_type", taken->type);
    ledger_entry_number(entry, "document_size", (int64_t)taken->size);
}

/* MUST: the sweep looks for unknown files under the write lock, so that one that is there now is
 * there when this commits. */
enum medgl_error document_record(struct store_txn *txn, const struct document_taken *taken,
                                 const struct account *account, medgl_time now, uint64_t seq)
{
    struct document document = {
        .size = taken->size, .created = now, .ledger_seq = seq, .shown_seq = seq};
    if (access(taken->path, R_OK) != 0)
        return MEDGL_ERR_CONFLICT;
    MEDGL_TRY(crypto_random_id(document.id));
    (void)snprintf(document.account_id, sizeof(document.account_id), "%s", account->id);
    (void)snprintf(document.digest, sizeof(document.digest), "%s", taken->digest);
    (void)snprintf(document.type, sizeof(document.type), "%s", taken->type);
    return store_document_add(txn, &document);
}

void document_drop(struct document_taken *taken)
{
    if (taken->path[0] != '\0')
        (void)unlink(taken->path); /* or the sweep does */
    taken->path[0] = '\0';
}

/* -- opening ---------------------------------------------------------------------------------- */

struct open_run {
    struct context *context;
    uint64_t seq;
    struct document document;
    struct clock_reading clock;
};

static enum medgl_error open_find(struct store_txn *txn, void *argument)
{
    struct open_run *run = argument;
    return store_document_of(txn, run->seq, &run->document);
}

static enum medgl_error open_record(struct store_txn *txn, void *argument)
{
    struct open_run *run = argument;
    struct document now;
    struct account account;
    struct ledger_entry entry;
    run->clock = clock_read();
    MEDGL_TRY(store_document_of(txn, run->seq, &now));
    if (now.destroyed != 0)
        return MEDGL_ERR_CONFLICT;
    MEDGL_TRY(store_account_by_id(txn, now.account_id, &account));
    evidence_begin(run->context, &run->clock, LEDGER_DOCUMENT_READ, &account, &entry);
    ledger_entry_number(&entry, "entry", (int64_t)run->seq);
    ledger_entry_text(&entry, "document", now.digest);
    MEDGL_TRY(evidence_append(run->context, txn, &entry, NULL));
    return evidence_keep(txn, run->clock.now);
}

static enum medgl_error open_destroyed(const struct document *document, char why[])
{
    char when[CLOCK_LOCAL_SIZE];
    clock_format_local(document->destroyed, when);
    (void)snprintf(why, OPERATION_WHY_SIZE,
                   _("the copy was destroyed on %s, at the end of its retention; entry %llu says "
                     "so"),
                   when, (unsigned long long)document->ledger_seq);
    return MEDGL_ERR_REFUSED;
}

static enum medgl_error open_file(const struct open_run *run, const struct envelope_key *key,
                                  struct secret *plain, char why[])
{
    auto_secret struct secret sealed = SECRET_NONE;
    const char *digest = run->document.digest;
    enum medgl_error error = document_file(run->context->root, digest, &sealed);
    if (error == MEDGL_ERR_NOT_FOUND || error == MEDGL_ERR_CORRUPT) {
        log_line(LOG_ERR, "%s/%s.cms is %s: run medgl-admin ledger verify", PATH_DOCUMENTS, digest,
                 error == MEDGL_ERR_CORRUPT ? "not what was kept" : "missing");
        return MEDGL_ERR_CORRUPT;
    }
    MEDGL_TRY(error);
    error = envelope_open(key, sealed.bytes, sealed.len, plain);
    if (error != MEDGL_ERR_KEY)
        return error;
    (void)snprintf(
        why, OPERATION_WHY_SIZE, "%s",
        _("the copy is not sealed to this key, or the passphrase is wrong: it opens with "
          "a key whose certificate was in auditor.pem when it was taken in"));
    return MEDGL_ERR_REFUSED;
}

enum medgl_error operation_document_open(struct context *context, uint64_t seq,
                                         const struct envelope_key *key, struct secret *plain,
                                         struct document *document, char why[])
{
    struct open_run run = {.context = context, .seq = seq};
    auto_secret struct secret opened = SECRET_NONE;
    why[0] = '\0';
    MEDGL_TRY(store_transact(context->store, STORE_READ, open_find, &run));
    if (run.document.destroyed != 0)
        return open_destroyed(&run.document, why);
    MEDGL_TRY(open_file(&run, key, &opened, why));
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, open_record, &run));
    (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    *document = run.document;
    *plain = opened;
    opened = (struct secret)SECRET_NONE;
    return MEDGL_OK;
}
