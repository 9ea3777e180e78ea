/* A root where copies of documents are taken in, an auditor with a key, and what becomes of them.
 */
#ifndef MEDGL_TESTS_DOCUMENT_FIXTURE_H
#define MEDGL_TESTS_DOCUMENT_FIXTURE_H

#include "operation/document.h"
#include "tests/unit/operation_fixture.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <utime.h>

#define JPEG "\xff\xd8\xff\xe0\0\x10JFIF\0 a photo of a staff card"

#define BYTES(literal) literal, sizeof(literal) - 1

static char keys[] = "/tmp/medgl-document-XXXXXX"; /* auditor.key, other.key, auditor.pem */

#define MAKE                                                                                       \
    "cd %s && for name in auditor other; do openssl req -x509 -newkey ec -pkeyopt "                \
    "ec_paramgen_curve:P-256 -nodes -keyout $name.key -out $name.pem -days 30 -subj /CN=$name "    \
    "2> /dev/null || exit 1; done"

static inline bool make_keys(void)
{
    char command[1024];
    if (mkdtemp(keys) == NULL)
        return false;
    (void)snprintf(command, sizeof(command), MAKE, keys);
    return system(command) == 0; /* NOLINT(cert-env33-c) */
}

static inline void remove_keys(void)
{
    (void)nftw(keys, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* -- a root with auditors --------------------------------------------------------------------- */

static inline void key_file(const char *name, struct secret *content)
{
    char path[PATH_MAX];
    const struct file_rule rule = {.owner = geteuid(), .max = 1 << 20};
    (void)snprintf(path, sizeof(path), "%s/%s", keys, name);
    assert_int_equal(file_read_trusted(path, &rule, content), MEDGL_OK);
}

static inline void auditor(const struct fixture *f)
{
    auto_secret struct secret pem = SECRET_NONE;
    key_file("auditor.pem", &pem);
    write_file(f, PATH_AUDITOR, (const char *)pem.bytes);
}

static inline struct fixture *open_root(void)
{
    struct fixture *f = NULL;
    assert_int_equal(fixture_open((void **)&f), 0);
    auditor(f);
    write_policy(f, "document_max = 64 KiB\ndocument_retention = 30 days\n");
    reopen(f);
    enrol(f);
    return f;
}

static inline void close_root(struct fixture *f)
{
    assert_int_equal(fixture_close((void **)&f), 0);
}

static inline void path_in(const struct fixture *f, const char *name, char path[PATH_MAX])
{
    assert_int_equal(path_under(path, f->root, name), MEDGL_OK);
}

static inline void secret_of(const char *bytes, size_t len, struct secret *content)
{
    assert_int_equal(secret_copy(content, bytes, len), MEDGL_OK);
}

static inline enum medgl_error take(struct fixture *f, const char *bytes, size_t len,
                                    struct document_taken *taken, char why[])
{
    auto_secret struct secret content = SECRET_NONE;
    secret_of(bytes, len, &content);
    return document_take(&f->context, &content, taken, why);
}

/* As a reset tells of it, at any time. */
struct shown {
    struct fixture *f;
    struct document_taken taken;
    medgl_time created;
    uint64_t seq;
    bool row, entry, other_digest;
    uint64_t size_more;
};

static inline enum medgl_error show_now(struct store_txn *txn, void *argument)
{
    struct shown *shown = argument;
    struct account account;
    struct ledger_entry entry;
    struct document_taken told = shown->taken;
    const struct clock_reading clock = clock_read();
    MEDGL_TRY(store_account_by_name(txn, shown->f->user, &account));
    evidence_begin(&shown->f->context, &clock, LEDGER_ACCOUNT_CHANGE, &account, &entry);
    if (shown->entry)
        entry.kind = LEDGER_PASSWORD_RESET;
    if (shown->other_digest)
        told.digest[0] = told.digest[0] == '0' ? '1' : '0';
    if (shown->entry)
        document_fields(&entry, &told);
    MEDGL_TRY(evidence_append(&shown->f->context, txn, &entry, &shown->seq));
    shown->taken.size += shown->size_more;
    return shown->row ? document_record(txn, &shown->taken, &account, shown->created, shown->seq)
                      : MEDGL_OK;
}

static inline struct shown show(struct fixture *f, medgl_time ago)
{
    char why[OPERATION_WHY_SIZE];
    struct shown shown = {.f = f, .created = clock_read().now - ago, .row = true, .entry = true};
    assert_int_equal(take(f, BYTES(JPEG), &shown.taken, why), MEDGL_OK);
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, show_now, &shown), MEDGL_OK);
    return shown;
}

static inline enum medgl_error row_now(struct store_txn *txn, void *argument)
{
    struct document *row = argument;
    return store_document_of(txn, row->shown_seq, row);
}

static inline struct document row_of(struct fixture *f, uint64_t seq)
{
    struct document row = {.shown_seq = seq};
    assert_int_equal(store_transact(f->context.store, STORE_READ, row_now, &row), MEDGL_OK);
    return row;
}

static inline bool there(const char *path)
{
    return access(path, F_OK) == 0;
}

static inline unsigned files_in(const struct fixture *f)
{
    char path[PATH_MAX];
    unsigned count = 0;
    path_in(f, PATH_DOCUMENTS, path);
    DIR *directory = opendir(path);
    for (const struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.';
    if (directory != NULL)
        (void)closedir(directory);
    return count;
}

static inline uint32_t sweep(struct fixture *f)
{
    uint32_t destroyed = UINT32_MAX;
    assert_int_equal(operation_document_sweep(&f->context, &destroyed), MEDGL_OK);
    return destroyed;
}

/* -- verification ----------------------------------------------------------------------------- */

struct heard {
    uint64_t missing; /* bodies of entries below it are not there, and not blamed */
    unsigned count;
    char first[512];
};

static inline void hear(void *argument, uint64_t seq, const char *what)
{
    struct heard *heard = argument;
    if (seq >= heard->missing && heard->count++ == 0)
        (void)snprintf(heard->first, sizeof(heard->first), "%s", what);
}

static inline enum medgl_error learn_row(void *argument, const struct ledger_row *row)
{
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    assert_int_equal(ledger_entry_decode(row->line, row->len, &parsed), MEDGL_OK);
    return verify_documents_learn(argument, ledger_parsed_entry(parsed));
}

static inline enum medgl_error state_now(struct store_txn *txn, void *argument)
{
    return verify_documents_state(argument, txn);
}

/* As operation_verify() does. */
static inline struct heard verify_all(struct fixture *f, uint64_t missing)
{
    auto_clean(verify_documents_free) struct verify_documents *documents = NULL;
    struct heard heard = {.missing = missing};
    assert_int_equal(verify_documents_new(&f->context, hear, &heard, &documents), MEDGL_OK);
    assert_int_equal(operation_ledger_each(&f->context, missing, UINT64_MAX, learn_row, documents),
                     MEDGL_OK);
    assert_int_equal(store_transact(f->context.store, STORE_READ, state_now, documents), MEDGL_OK);
    heard.missing = 0;
    assert_int_equal(verify_documents_files(documents, hear, &heard), MEDGL_OK);
    return heard;
}

static inline void make_old(const char *path)
{
    const struct utimbuf then = {.actime = 1000000000, .modtime = 1000000000};
    assert_int_equal(utime(path, &then), 0);
}

#endif
