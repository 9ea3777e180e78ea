/* Copies of documents against the ledger (R11): each row has the entry that took it in, each such
 * entry its row, and each file is there until an entry says that it was destroyed, and not after.
 * A part of operation_verify(). */
#include "operation/document.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an entry says of one; in the order of their seqs. */
struct shown_document {
    uint64_t seq, destroyed_seq; /* 0: it is there */
    uint64_t size;
    char account[CRYPTO_ID_SIZE];
    char digest[STORE_DIGEST_SIZE];
    char type[STORE_NAME_SIZE];
    bool seen; /* its row */
};

/* A file that the store knows of. */
struct known_file {
    uint64_t shown_seq;
    medgl_time destroyed;
    char digest[STORE_DIGEST_SIZE];
};

struct verify_documents {
    const struct context *context;
    ledger_fault fault;
    void *argument;
    struct shown_document *shown;
    size_t shown_count, shown_room;
    struct known_file *files;
    size_t file_count;
};

enum medgl_error verify_documents_new(const struct context *context, ledger_fault fault,
                                      void *argument, struct verify_documents **documents)
{
    *documents = calloc(1, sizeof(**documents));
    if (*documents == NULL)
        return MEDGL_ERR_MEMORY;
    **documents =
        (struct verify_documents){.context = context, .fault = fault, .argument = argument};
    return MEDGL_OK;
}

void verify_documents_free(struct verify_documents **documents)
{
    if (*documents == NULL)
        return;
    free((*documents)->shown);
    free((*documents)->files);
    free(*documents);
    *documents = NULL;
}

static void documents_fault(const struct verify_documents *documents, uint64_t seq,
                            const char *what)
{
    documents->fault(documents->argument, seq, what);
}

/* -- what entries say ------------------------------------------------------------------------- */

static int shown_compare(const void *key, const void *element)
{
    const uint64_t seq = *(const uint64_t *)key;
    const struct shown_document *shown = element;
    return seq < shown->seq ? -1 : seq > shown->seq;
}

static struct shown_document *shown_find(const struct verify_documents *documents, uint64_t seq)
{
    if (documents->shown_count == 0)
        return NULL;
    return bsearch(&seq, documents->shown, documents->shown_count, sizeof(*documents->shown),
                   shown_compare);
}

static enum medgl_error learn_shown(struct verify_documents *documents,
                                    const struct ledger_entry *entry)
{
    const char *digest = ledger_entry_find_text(entry, "document");
    if (digest[0] == '\0')
        return MEDGL_OK;
    /* Of entries out of order, which are a fault already, only the first can be found again. */
    if (documents->shown_count > 0 &&
        documents->shown[documents->shown_count - 1].seq >= entry->seq)
        return MEDGL_OK;
    if (documents->shown_count == documents->shown_room) {
        const size_t room = documents->shown_room > 0 ? documents->shown_room * 2 : 64;
        struct shown_document *larger = reallocarray(documents->shown, room, sizeof(*larger));
        if (larger == NULL)
            return MEDGL_ERR_MEMORY;
        documents->shown = larger;
        documents->shown_room = room;
    }
    struct shown_document *shown = &documents->shown[documents->shown_count++];
    *shown = (struct shown_document){
        .seq = entry->seq, .size = (uint64_t)ledger_entry_find_number(entry, "document_size", -1)};
    (void)snprintf(shown->account, sizeof(shown->account), "%s",
                   entry->subject.account != NULL ? entry->subject.account : "");
    (void)snprintf(shown->digest, sizeof(shown->digest), "%s", digest);
    (void)snprintf(shown->type, sizeof(shown->type), "%s",
                   ledger_entry_find_text(entry, "document_type"));
    return MEDGL_OK;
}

/* A fault is told of the entry that lacks, not of the one that tells of it: its body may not be at
 * hand, and whoever hears of it says so. */
static enum medgl_error learn_destroyed(struct verify_documents *documents,
                                        const struct ledger_entry *entry)
{
    const int64_t told = ledger_entry_find_number(entry, "entry", -1);
    const uint64_t seq = told >= 0 ? (uint64_t)told : entry->seq;
    struct shown_document *shown = shown_find(documents, seq);
    if (shown == NULL || strcmp(shown->digest, ledger_entry_find_text(entry, "document")) != 0)
        documents_fault(documents, seq,
                        "the copy of a document was destroyed that no entry took in");
    else if (shown->destroyed_seq != 0)
        documents_fault(documents, entry->seq, "the copy of a document was destroyed twice");
    else
        shown->destroyed_seq = entry->seq;
    return MEDGL_OK;
}

enum medgl_error verify_documents_learn(struct verify_documents *documents,
                                        const struct ledger_entry *entry)
{
    switch (entry->kind) {
    case LEDGER_PASSWORD_ISSUE:
    case LEDGER_PASSWORD_RESET:
        return learn_shown(documents, entry);
    case LEDGER_DOCUMENT_DESTROY:
        return learn_destroyed(documents, entry);
    case LEDGER_SETUP:
    case LEDGER_ACCOUNT_ADD:
    case LEDGER_ACCOUNT_DISABLE:
    case LEDGER_ACCOUNT_ENABLE:
    case LEDGER_ACCOUNT_RETIRE:
    case LEDGER_ACCOUNT_CHANGE:
    case LEDGER_ACCOUNT_SHADOW:
    case LEDGER_ACCOUNT_UNLOCK:
    case LEDGER_LOGIN_SUCCESS:
    case LEDGER_LOGIN_FAILURE:
    case LEDGER_LOGIN_ABANDONED:
    case LEDGER_LOGIN_LOCKED:
    case LEDGER_ACCESS_DENIED:
    case LEDGER_PASSWORD_CHANGE:
    case LEDGER_PASSWORD_REHASH:
    case LEDGER_PASSWORD_IMPORT:
    case LEDGER_PASSWORD_JUDGE:
    case LEDGER_PASSWORD_GRACE:
    case LEDGER_PASSWORD_REVOKE:
    case LEDGER_SESSION_OPEN:
    case LEDGER_SESSION_CLOSE:
    case LEDGER_SESSION_LOST:
    case LEDGER_SESSION_REFUSED:
    case LEDGER_SESSION_END:
    case LEDGER_FACTOR_ENROL:
    case LEDGER_FACTOR_REVOKE:
    case LEDGER_GRANT_ADD:
    case LEDGER_GRANT_USE:
    case LEDGER_GRANT_REVOKE:
    case LEDGER_GRANT_END:
    case LEDGER_ROLE_REFUSED:
    case LEDGER_DOCUMENT_READ:
    case LEDGER_ARCHIVE:
    case LEDGER_COSIGN:
    case LEDGER_CLOCK_BACK:
    case LEDGER_KEY_ROTATE:
    case LEDGER_BACKUP_CREATE:
    case LEDGER_BACKUP_VERIFY:
    case LEDGER_BACKUP_RESTORE:
    case LEDGER_POLICY_CHANGE:
    case LEDGER_BREAKGLASS_SEAL:
    case LEDGER_BREAKGLASS_USE:
    case LEDGER_BREAKGLASS_PERSON:
    case LEDGER_BREAKGLASS_CLOSE:
    case LEDGER_EMERGENCY_DECLARE:
    case LEDGER_EMERGENCY_RECOVER:
    case LEDGER_EMERGENCY_REVIEW:
    case LEDGER_EMERGENCY_JOIN:
    case LEDGER_MAINTENANCE_CONFIRM:
    case LEDGER_ALERT_RAISE:
    case LEDGER_ALERT_DELIVER:
    case LEDGER_KIND_COUNT:
        break;
    }
    return MEDGL_OK;
}

/* -- what the store says ---------------------------------------------------------------------- */

static void row_judge(const struct verify_documents *documents, struct shown_document *shown,
                      const struct document *row)
{
    const uint64_t last = row->destroyed != 0 ? shown->destroyed_seq : row->shown_seq;
    if (shown->seen)
        documents_fault(documents, row->shown_seq, "an entry's document is in the store twice");
    else if (strcmp(shown->account, row->account_id) != 0 ||
             strcmp(shown->digest, row->digest) != 0 || strcmp(shown->type, row->type) != 0 ||
             shown->size != row->size)
        documents_fault(documents, row->shown_seq,
                        "the copy of a document is not the one that its entry took in");
    else if (row->destroyed == 0 && shown->destroyed_seq != 0)
        documents_fault(documents, shown->destroyed_seq,
                        "the copy of a document is there again after its entry said that it was "
                        "destroyed");
    else if (row->destroyed != 0 && shown->destroyed_seq == 0)
        documents_fault(documents, row->ledger_seq,
                        "the copy of a document was destroyed without an entry");
    else if (row->ledger_seq != last)
        documents_fault(documents, row->ledger_seq,
                        "the copy of a document is not in the state that its last entry says");
    shown->seen = true;
}

static enum medgl_error documents_row(void *argument, const struct document *row)
{
    struct verify_documents *documents = argument;
    struct shown_document *shown = shown_find(documents, row->shown_seq);
    struct known_file *larger =
        reallocarray(documents->files, documents->file_count + 1, sizeof(*larger));
    if (larger == NULL)
        return MEDGL_ERR_MEMORY;
    documents->files = larger;
    larger[documents->file_count] =
        (struct known_file){.shown_seq = row->shown_seq, .destroyed = row->destroyed};
    memcpy(larger[documents->file_count++].digest, row->digest, sizeof(row->digest));
    if (shown != NULL)
        row_judge(documents, shown, row);
    else
        documents_fault(documents, row->shown_seq,
                        "the copy of a document has no entry that took it in");
    return MEDGL_OK;
}

enum medgl_error verify_documents_state(struct verify_documents *documents, struct store_txn *txn)
{
    MEDGL_TRY(store_document_each(txn, documents_row, documents));
    for (size_t i = 0; i < documents->shown_count; i++)
        if (!documents->shown[i].seen)
            documents_fault(documents, documents->shown[i].seq,
                            "the document that an entry took in is gone from the store");
    return MEDGL_OK;
}

/* -- files ------------------------------------------------------------------------------------ */

static enum medgl_error file_row(struct store_txn *txn, void *argument)
{
    struct document *row = argument;
    return store_document_of(txn, row->shown_seq, row);
}

/* Whether it was destroyed while we read. */
static enum medgl_error file_is_destroyed(const struct verify_documents *documents,
                                          const struct known_file *file, bool *destroyed)
{
    struct document row = {.shown_seq = file->shown_seq};
    MEDGL_TRY(store_transact(documents->context->store, STORE_READ, file_row, &row));
    *destroyed = row.destroyed != 0;
    return MEDGL_OK;
}

static enum medgl_error file_there(const struct verify_documents *documents,
                                   const struct known_file *file)
{
    bool destroyed = false;
    enum medgl_error error = document_file(documents->context->root, file->digest, NULL);
    if (error == MEDGL_OK || error == MEDGL_ERR_MEMORY)
        return error;
    if (error == MEDGL_ERR_NOT_FOUND)
        MEDGL_TRY(file_is_destroyed(documents, file, &destroyed));
    if (!destroyed)
        documents_fault(documents, file->shown_seq,
                        error == MEDGL_ERR_NOT_FOUND ? "the file of a document is gone"
                        : error == MEDGL_ERR_CORRUPT ? "the file of a document was changed"
                                                     : "the file of a document cannot be read: see "
                                                       "the log");
    return MEDGL_OK;
}

/* One whose destruction was interrupted goes at the next sweep. */
static enum medgl_error file_gone(const struct verify_documents *documents,
                                  const struct known_file *file)
{
    char path[PATH_MAX];
    MEDGL_TRY(document_path(path, documents->context->root, file->digest));
    if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
        clock_read().now - file->destroyed >= MEDGL_MINUTE)
        documents_fault(documents, file->shown_seq,
                        "the file of a document that was destroyed is there: run medgl-admin alert "
                        "deliver, and see whether it comes back");
    return MEDGL_OK;
}

enum medgl_error verify_documents_files(struct verify_documents *documents, ledger_fault fault,
                                        void *argument)
{
    documents->fault = fault;
    documents->argument = argument;
    for (size_t i = 0; i < documents->file_count; i++)
        MEDGL_TRY(documents->files[i].destroyed == 0 ? file_there(documents, &documents->files[i])
                                                     : file_gone(documents, &documents->files[i]));
    return MEDGL_OK;
}
