/* Copies of documents that people showed (R11): sealed to the auditor's certificates, kept as files
 * beside the store, told of by the entry that they belong to. The machine that takes one cannot
 * open it again. */
#ifndef MEDGL_OPERATION_DOCUMENT_H
#define MEDGL_OPERATION_DOCUMENT_H

#include "ledger/entry.h"
#include "ledger/envelope.h"
#include "ledger/verify.h"
#include "operation/context.h"

struct document_taken {
    char digest[STORE_DIGEST_SIZE];
    char type[STORE_NAME_SIZE];
    uint64_t size;       /* of what was handed in */
    char path[PATH_MAX]; /* of the sealed file */
};

/* The certificates in auditor.pem. MEDGL_ERR_NOT_FOUND: there is no such file. MEDGL_ERR_KEY with
 * `why`: it cannot be used. */
enum medgl_error document_readers(const struct context *context, medgl_time now,
                                  struct envelope_readers **readers, char why[ENVELOPE_WHY_SIZE]);

/* MUST: whole and synced in PATH_DOCUMENTS before the entry that tells of it is written: a crash
 * in between leaves a file that nobody knows, which the next sweep takes away. Not long before it:
 * the sweep takes it for such a file after an hour.
 * MEDGL_ERR_REFUSED with `why`: too large (policy: document_max), less room than
 * policy.minimum_free afterwards, no picture or PDF by its content,
 * or auditor.pem is missing or not usable. */
enum medgl_error document_take(struct context *context, const struct secret *content,
                               struct document_taken *taken, char why[]);
/* Whether it would be taken; nothing is sealed or written: for whoever asks people something first.
 * MEDGL_ERR_REFUSED with `why`. */
enum medgl_error document_check(struct context *context, const struct secret *content, char why[]);
/* The fields of the entry: document, document_type, document_size. Borrows `taken`. */
void document_fields(struct ledger_entry *entry, const struct document_taken *taken);
/* The row, in the transaction of the entry. MEDGL_ERR_CONFLICT: the file is not there any more. */
enum medgl_error document_record(struct store_txn *txn, const struct document_taken *taken,
                                 const struct account *account, medgl_time now, uint64_t seq);
/* After a transaction that failed: nobody will know of the file. */
void document_drop(struct document_taken *taken);

/* Opens that of an entry, for who holds the key. The entry document.read is committed before
 * `*plain` is given. MEDGL_ERR_NOT_FOUND: the entry has none. MEDGL_ERR_REFUSED with `why`:
 * destroyed, or not sealed to this key. MEDGL_ERR_CORRUPT: the file is missing, or another one. */
enum medgl_error operation_document_open(struct context *context, uint64_t seq,
                                         const struct envelope_key *key, struct secret *plain,
                                         struct document *document, char why[]);

/* Destroys what is past its retention (policy: document_retention), each with its entry, and takes
 * away files that no row knows (older than an hour) or whose row says they are destroyed. */
enum medgl_error operation_document_sweep(struct context *context, uint32_t *destroyed);

/* Where the sealed file of a digest lies. */
enum medgl_error document_path(char path[PATH_MAX], const char *root, const char *digest);
/* MEDGL_OK: it is there, and has this digest; *sealed may be NULL. MEDGL_ERR_NOT_FOUND: there is
 * none. MEDGL_ERR_CORRUPT: it has another digest. */
enum medgl_error document_file(const char *root, const char *digest, struct secret *sealed);

/* What `ledger verify` says of documents: rows against entries both ways, files against rows. */
struct verify_documents;
/* `fault` may pass over what is said of a seq whose body is not at hand. */
enum medgl_error verify_documents_new(const struct context *context, ledger_fault fault,
                                      void *argument, struct verify_documents **documents);
void verify_documents_free(struct verify_documents **documents); /* also for auto_clean() */
/* Each entry, in order. */
enum medgl_error verify_documents_learn(struct verify_documents *documents,
                                        const struct ledger_entry *entry);
/* Afterwards, in the same transaction. */
enum medgl_error verify_documents_state(struct verify_documents *documents, struct store_txn *txn);
/* MUST: outside of a transaction: it reads every file, and begins transactions of its own. A file
 * is to be there whoever has the body of its entry: hence a `fault` of its own. */
enum medgl_error verify_documents_files(struct verify_documents *documents, ledger_fault fault,
                                        void *argument);

#endif
