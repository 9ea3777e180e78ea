/* Archives of old entries, beside the store and handed in. Reads only.
 *
 * MUSTs (R08):
 * - A file is believed where a key of the ledger signed its head, and the head is what the row
 * says.
 * - Each of its lines goes through the same verification as one from the store; the leaf hash in
 *   the store, which the tree proves, tells whether it is the one. */
#include "operation/verify_archives.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct archive_row {
    struct archive archive;
    bool told;  /* its entry was seen */
    bool begun; /* its file was looked for */
};

static __attribute__((format(printf, 3, 4))) void archives_fault(
    const struct verify_archives *archives, uint64_t seq, const char *format, ...)
{
    char raw[1024], what[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(raw, sizeof(raw), format, arguments);
    va_end(arguments);
    text_printable(what, sizeof(what), raw);
    archives->fault(archives->argument, seq, what);
}

/* -- gaps ------------------------------------------------------------------------------------- */

enum medgl_error gaps_add(struct verify_gaps *gaps, uint64_t seq)
{
    if (gaps->count > 0 && gaps->gap[gaps->count - 1].next == seq) {
        gaps->gap[gaps->count - 1].next++;
        return MEDGL_OK;
    }
    struct verify_gap *grown = reallocarray(gaps->gap, gaps->count + 1, sizeof(*grown));
    if (grown == NULL)
        return MEDGL_ERR_MEMORY;
    gaps->gap = grown;
    grown[gaps->count++] = (struct verify_gap){seq, seq + 1};
    return MEDGL_OK;
}

bool gaps_have(const struct verify_gaps *gaps, uint64_t seq)
{
    for (size_t i = 0; i < gaps->count; i++)
        if (gaps->gap[i].first <= seq && seq < gaps->gap[i].next)
            return true;
    return false;
}

void gaps_free(struct verify_gaps *gaps)
{
    free(gaps->gap);
    *gaps = (struct verify_gaps){.count = 0};
}

/* -- files ------------------------------------------------------------------------------------ */

static void stream_close(struct verify_archives *archives)
{
    if (archives->stream != NULL)
        (void)fclose(archives->stream);
    archives->stream = NULL;
    crypto_hash_free(&archives->hash);
}

/* Takes the descriptor over. Leaves the stream where the lines begin. MEDGL_ERR_CORRUPT: it is no
 * archive of this ledger. */
static enum medgl_error stream_open(struct verify_archives *archives, int given,
                                    struct archive_head *head)
{
    auto_fd int fd = given;
    char text[ARCHIVE_HEAD_SIZE + 1];
    size_t len = 0;
    stream_close(archives);
    archives->stream = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (archives->stream == NULL)
        return MEDGL_ERR_MEMORY;
    fd = -1;
    if (fseeko(archives->stream, 0, SEEK_SET) != 0)
        return MEDGL_ERR_CORRUPT;
    text[fread(text, 1, sizeof(text) - 1, archives->stream)] = '\0';
    MEDGL_TRY(archive_head_open(text, archives->keys, archives->key_count, head, &len));
    if (fseeko(archives->stream, (off_t)len, SEEK_SET) != 0)
        return MEDGL_ERR_CORRUPT;
    return crypto_hash_begin(&archives->hash);
}

static bool head_is(const struct archive_head *head, const struct archive *archive)
{
    char digest[STORE_DIGEST_SIZE];
    text_hex(digest, head->digest, sizeof(head->digest));
    return head->first == archive->first && head->next == archive->next &&
           head->bytes == archive->bytes && strcmp(digest, archive->digest) == 0;
}

/* The one beside the store. One that is not there was written or taken elsewhere: no fault. */
static enum medgl_error stream_beside(struct verify_archives *archives,
                                      const struct archive *archive, bool *found)
{
    const struct file_rule rule = {
        .owner = geteuid(), .forbidden = 0022, .max = (size_t)archive->bytes + ARCHIVE_HEAD_SIZE};
    char path[PATH_MAX], name[sizeof(PATH_ARCHIVE) + STORE_NAME_SIZE];
    struct archive_head head;
    int fd = -1;
    if (archive->file[0] == '\0' || strchr(archive->file, '/') != NULL)
        return MEDGL_OK;
    (void)snprintf(name, sizeof(name), PATH_ARCHIVE "/%s", archive->file);
    MEDGL_TRY(path_under(path, archives->context->root, name));
    enum medgl_error error = file_open_trusted(path, &rule, &fd);
    if (error == MEDGL_ERR_NOT_FOUND)
        return MEDGL_OK;
    if (error == MEDGL_OK)
        error = stream_open(archives, fd, &head);
    if (error == MEDGL_ERR_MEMORY)
        return error;
    *found = error == MEDGL_OK && head_is(&head, archive);
    if (!*found)
        archives_fault(archives, archive->first, "the archive %s is not what was archived",
                       archive->file);
    return MEDGL_OK;
}

/* One of those that were handed in. */
static enum medgl_error stream_given(struct verify_archives *archives,
                                     const struct archive *archive, bool *found)
{
    const struct evidence_request *request = archives->request;
    for (size_t i = 0; i < request->archive_count && !*found; i++) {
        struct archive_head head;
        enum medgl_error error = stream_open(archives, dup(request->archives[i]), &head);
        if (error == MEDGL_ERR_CORRUPT)
            continue;
        MEDGL_TRY(error);
        *found = head_is(&head, archive);
    }
    return MEDGL_OK;
}

/* Each that was handed in is one of this ledger's, needed or not. */
static enum medgl_error given_check(struct verify_archives *archives)
{
    const struct evidence_request *request = archives->request;
    for (size_t i = 0; i < request->archive_count; i++) {
        struct archive_head head;
        bool known = false;
        enum medgl_error error = stream_open(archives, dup(request->archives[i]), &head);
        if (error != MEDGL_OK && error != MEDGL_ERR_CORRUPT)
            return error;
        for (size_t row = 0; error == MEDGL_OK && row < archives->count; row++)
            known |= head_is(&head, &archives->rows[row].archive);
        if (!known)
            archives_fault(archives, 0, "%s is no archive of this ledger",
                           request->archive_labels[i]);
    }
    stream_close(archives);
    return MEDGL_OK;
}

/* The next line, into archives->line; its length, without the newline. Below 0: there is none. */
static enum medgl_error archive_line(struct verify_archives *archives, ssize_t *len)
{
    const struct archive *archive = &archives->open->archive;
    const ssize_t got = getline(&archives->line, &archives->line_size, archives->stream);
    archives->seq++;
    *len = got - 1;
    if (got > 0 && archives->line[got - 1] == '\n')
        return crypto_hash_add(archives->hash, archives->line, (size_t)got);
    *len = -1;
    archives_fault(archives, archives->seq - 1, "the archive %s ends too early", archive->file);
    stream_close(archives);
    return MEDGL_OK;
}

/* Behind the last line: nothing may follow, and the whole is what the head says. */
static enum medgl_error archive_end(struct verify_archives *archives)
{
    unsigned char digest[CRYPTO_HASH_SIZE];
    char text[STORE_DIGEST_SIZE];
    MEDGL_TRY(crypto_hash_end(archives->hash, digest));
    text_hex(text, digest, sizeof(digest));
    if (getc(archives->stream) != EOF || strcmp(text, archives->open->archive.digest) != 0)
        archives_fault(archives, archives->open->archive.first,
                       "the archive %s is not what was archived", archives->open->archive.file);
    return MEDGL_OK;
}

/* Bodies that stayed in the store are not asked for: their lines are read all the same. */
static enum medgl_error archive_rest(struct verify_archives *archives)
{
    ssize_t len;
    if (archives->stream == NULL || archives->seq >= archives->open->archive.next)
        return MEDGL_OK;
    while (archives->stream != NULL && archives->seq < archives->open->archive.next)
        MEDGL_TRY(archive_line(archives, &len));
    return archives->stream != NULL ? archive_end(archives) : MEDGL_OK;
}

static enum medgl_error archive_begin(struct verify_archives *archives, struct archive_row *row)
{
    bool found = false;
    MEDGL_TRY(archive_rest(archives));
    stream_close(archives);
    row->begun = true;
    archives->open = row;
    archives->seq = row->archive.first;
    MEDGL_TRY(stream_beside(archives, &row->archive, &found));
    if (!found)
        MEDGL_TRY(stream_given(archives, &row->archive, &found));
    if (!found)
        stream_close(archives);
    return MEDGL_OK;
}

static struct archive_row *row_of(const struct verify_archives *archives, uint64_t seq)
{
    for (size_t i = 0; i < archives->count; i++)
        if (archives->rows[i].archive.first <= seq && seq < archives->rows[i].archive.next)
            return &archives->rows[i];
    return NULL;
}

enum medgl_error verify_archives_body(struct verify_archives *archives, uint64_t seq,
                                      const char **line, size_t *len)
{
    struct archive_row *row = archives->open;
    ssize_t got = -1;
    *line = NULL;
    if (row == NULL || seq < row->archive.first || seq >= row->archive.next)
        row = row_of(archives, seq);
    if (row == NULL) {
        archives_fault(archives, seq, "the entry has no body, and was never archived");
        return MEDGL_OK;
    }
    if (row != archives->open)
        MEDGL_TRY(archive_begin(archives, row));
    while (archives->stream != NULL && archives->seq <= seq)
        MEDGL_TRY(archive_line(archives, &got));
    if (archives->stream == NULL || got < 0)
        return MEDGL_OK;
    *line = archives->line;
    *len = (size_t)got;
    return seq + 1 == row->archive.next ? archive_end(archives) : MEDGL_OK;
}

/* -- rows and entries ------------------------------------------------------------------------- */

static enum medgl_error archive_row_add(void *argument, const struct archive *archive)
{
    struct verify_archives *archives = argument;
    struct archive_row *grown = reallocarray(archives->rows, archives->count + 1, sizeof(*grown));
    if (grown == NULL)
        return MEDGL_ERR_MEMORY;
    archives->rows = grown;
    grown[archives->count++] = (struct archive_row){.archive = *archive};
    return MEDGL_OK;
}

enum medgl_error verify_archives_open(struct verify_archives *archives, struct store_txn *txn)
{
    MEDGL_TRY(store_archive_each(txn, archive_row_add, archives));
    return given_check(archives);
}

void verify_archives_free(struct verify_archives *archives)
{
    stream_close(archives);
    free(archives->rows);
    free(archives->line);
    *archives = (struct verify_archives){.count = 0};
}

enum medgl_error verify_archives_learn(struct verify_archives *archives,
                                       const struct ledger_entry *entry)
{
    struct archive_row *row = NULL;
    if (entry->kind != LEDGER_ARCHIVE)
        return MEDGL_OK;
    for (size_t i = 0; i < archives->count && row == NULL; i++)
        if (archives->rows[i].archive.ledger_seq == entry->seq)
            row = &archives->rows[i];
    if (row == NULL) {
        archives_fault(archives, entry->seq, "an archive that an entry tells of has no row");
        return MEDGL_OK;
    }
    const struct archive *archive = &row->archive;
    row->told = true;
    if (ledger_entry_find_number(entry, "first", -1) != (int64_t)archive->first ||
        ledger_entry_find_number(entry, "next", -1) != (int64_t)archive->next ||
        ledger_entry_find_number(entry, "bytes", -1) != (int64_t)archive->bytes ||
        strcmp(ledger_entry_find_text(entry, "digest"), archive->digest) != 0)
        archives_fault(archives, entry->seq, "an archive is not what its entry says");
    return MEDGL_OK;
}

/* Those too of which no body was asked for. */
static enum medgl_error archives_files(struct verify_archives *archives)
{
    for (size_t i = 0; i < archives->count; i++)
        if (!archives->rows[i].begun)
            MEDGL_TRY(archive_begin(archives, &archives->rows[i]));
    return archive_rest(archives);
}

enum medgl_error verify_archives_state(struct verify_archives *archives)
{
    MEDGL_TRY(archives_files(archives));
    for (size_t i = 0; i < archives->count; i++)
        if (!archives->rows[i].told)
            archives_fault(archives, archives->rows[i].archive.ledger_seq,
                           "an archive has no entry that made it");
    return MEDGL_OK;
}
