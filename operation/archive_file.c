/* The files that bodies of old entries were moved to.
 *
 * MUST (R08): a file is believed where its head is what the row says, and for no line whose leaf
 * hash is another than the tree proves: whoever asks for one compares it. */
#include "operation/archive_file.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void stream_close(struct archive_files *files)
{
    if (files->stream != NULL)
        (void)fclose(files->stream);
    files->stream = NULL;
    crypto_hash_free(&files->hash);
}

void archive_files_free(struct archive_files *files)
{
    stream_close(files);
    free(files->rows);
    free(files->line);
    files->rows = NULL;
    files->line = NULL;
    files->count = 0;
}

static void file_fault(struct archive_files *files, struct archive_row *row, uint64_t seq,
                       const char *format)
{
    char what[STORE_NAME_SIZE + 64], name[STORE_NAME_SIZE];
    text_printable(name, sizeof(name), row->archive.file);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(what, sizeof(what), format, name);
#pragma GCC diagnostic pop
    row->altered = true;
    stream_close(files);
    files->fault(files->argument, seq, what);
}

/* -- rows ------------------------------------------------------------------------------------- */

static enum medgl_error row_add(void *argument, const struct archive *archive)
{
    struct archive_files *files = argument;
    struct archive_row *grown = reallocarray(files->rows, files->count + 1, sizeof(*grown));
    if (grown == NULL)
        return MEDGL_ERR_MEMORY;
    files->rows = grown;
    grown[files->count++] = (struct archive_row){.archive = *archive};
    return MEDGL_OK;
}

enum medgl_error archive_files_learn(struct archive_files *files, struct store_txn *txn)
{
    stream_close(files);
    files->open = NULL;
    files->count = 0;
    return store_archive_each(txn, row_add, files);
}

struct archive_row *archive_files_row(const struct archive_files *files, uint64_t seq)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->rows[i].archive.first <= seq && seq < files->rows[i].archive.next)
            return &files->rows[i];
    return NULL;
}

/* -- files ------------------------------------------------------------------------------------ */

/* Takes the descriptor over. Leaves the stream where the lines begin. MEDGL_ERR_CORRUPT: it is no
 * archive of this ledger. */
static enum medgl_error stream_open(struct archive_files *files, int given,
                                    struct archive_head *head, uint64_t *bytes)
{
    auto_fd int fd = given;
    char text[ARCHIVE_HEAD_SIZE + 1];
    size_t len = 0;
    struct stat st;
    stream_close(files);
    files->stream = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (files->stream == NULL)
        return MEDGL_ERR_MEMORY;
    if (fstat(auto_give_fd(fd), &st) != 0 || fseeko(files->stream, 0, SEEK_SET) != 0)
        return MEDGL_ERR_CORRUPT;
    text[fread(text, 1, sizeof(text) - 1, files->stream)] = '\0';
    MEDGL_TRY(files->any_signer
                  ? archive_head_read(text, head, &len)
                  : archive_head_open(text, files->keys, files->key_count, head, &len));
    *bytes = (uint64_t)st.st_size - len;
    if (fseeko(files->stream, (off_t)len, SEEK_SET) != 0)
        return MEDGL_ERR_CORRUPT;
    return files->whole ? crypto_hash_begin(&files->hash) : MEDGL_OK;
}

static bool head_is(const struct archive_head *head, const struct archive *archive)
{
    char digest[STORE_DIGEST_SIZE];
    text_hex(digest, head->digest, sizeof(head->digest));
    return head->first == archive->first && head->next == archive->next &&
           head->bytes == archive->bytes && strcmp(digest, archive->digest) == 0;
}

/* The one beside the store. *fd -1: it is not there. */
static enum medgl_error file_beside(const struct archive_files *files,
                                    const struct archive *archive, int *fd)
{
    const struct file_rule rule = {
        .owner = geteuid(), .forbidden = 0022, .max = (size_t)archive->bytes + ARCHIVE_HEAD_SIZE};
    char path[PATH_MAX], name[sizeof(PATH_ARCHIVE) + STORE_NAME_SIZE];
    *fd = -1;
    if (archive->file[0] == '\0' || strchr(archive->file, '/') != NULL)
        return MEDGL_OK;
    (void)snprintf(name, sizeof(name), PATH_ARCHIVE "/%s", archive->file);
    MEDGL_TRY(path_under(path, files->root, name));
    enum medgl_error error = file_open_trusted(path, &rule, fd);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

static enum medgl_error file_given(struct archive_files *files, const struct archive *archive,
                                   bool *found)
{
    for (size_t i = 0; i < files->given_count && !*found; i++) {
        struct archive_head head;
        uint64_t bytes = 0;
        enum medgl_error error = stream_open(files, dup(files->given[i]), &head, &bytes);
        if (error == MEDGL_ERR_CORRUPT)
            continue;
        MEDGL_TRY(error);
        *found = head_is(&head, archive) && bytes == archive->bytes;
    }
    return MEDGL_OK;
}

static enum medgl_error file_begin(struct archive_files *files, struct archive_row *row)
{
    struct archive_head head;
    uint64_t bytes = 0;
    int fd = -1;
    bool found = false;
    row->looked = true;
    files->open = row;
    files->seq = row->archive.first;
    stream_close(files);
    enum medgl_error error = file_beside(files, &row->archive, &fd);
    const bool beside = error != MEDGL_OK || fd >= 0;
    if (error == MEDGL_OK && beside)
        error = stream_open(files, fd, &head, &bytes);
    if (error == MEDGL_ERR_MEMORY)
        return error;
    if (beside)
        found = error == MEDGL_OK && head_is(&head, &row->archive) && bytes == row->archive.bytes;
    if (beside && !found)
        file_fault(files, row, row->archive.first, "the archive %s is not what was archived");
    if (!found)
        MEDGL_TRY(file_given(files, &row->archive, &found));
    row->missing = !beside && !found;
    if (!found)
        stream_close(files);
    return MEDGL_OK;
}

/* -- lines ------------------------------------------------------------------------------------ */

/* Into files->line; its length, without the newline. Below 0: there is none. */
static enum medgl_error line_next(struct archive_files *files, ssize_t *len)
{
    const ssize_t got = getline(&files->line, &files->line_size, files->stream);
    files->seq++;
    *len = got - 1;
    if (got > 0 && files->line[got - 1] == '\n')
        return files->hash != NULL ? crypto_hash_add(files->hash, files->line, (size_t)got)
                                   : MEDGL_OK;
    *len = -1;
    file_fault(files, files->open, files->seq - 1, "the archive %s ends too early");
    return MEDGL_OK;
}

/* Behind the last line: nothing may follow, and the whole is what the head says. */
static enum medgl_error file_end(struct archive_files *files)
{
    unsigned char digest[CRYPTO_HASH_SIZE];
    char text[STORE_DIGEST_SIZE];
    MEDGL_TRY(crypto_hash_end(files->hash, digest));
    text_hex(text, digest, sizeof(digest));
    if (getc(files->stream) != EOF || strcmp(text, files->open->archive.digest) != 0)
        file_fault(files, files->open, files->open->archive.first,
                   "the archive %s is not what was archived");
    stream_close(files);
    return MEDGL_OK;
}

/* Bodies that stayed in the store are not asked for: their lines are read all the same. */
static enum medgl_error file_rest(struct archive_files *files)
{
    ssize_t len;
    if (!files->whole || files->stream == NULL)
        return MEDGL_OK;
    while (files->stream != NULL && files->seq < files->open->archive.next)
        MEDGL_TRY(line_next(files, &len));
    return files->stream != NULL ? file_end(files) : MEDGL_OK;
}

enum medgl_error archive_files_line(struct archive_files *files, struct archive_row *row,
                                    uint64_t seq, const char **line, size_t *len)
{
    ssize_t got = -1;
    *line = NULL;
    if (row != files->open || (files->stream != NULL && seq < files->seq)) {
        MEDGL_TRY(file_rest(files));
        MEDGL_TRY(file_begin(files, row));
    }
    while (files->stream != NULL && files->seq <= seq)
        MEDGL_TRY(line_next(files, &got));
    if (files->stream == NULL || got < 0)
        return MEDGL_OK;
    *line = files->line;
    *len = (size_t)got;
    return MEDGL_OK;
}

void archive_files_refuse(struct archive_files *files, uint64_t seq)
{
    file_fault(files, files->open, seq, "the archive %s has another entry than was archived");
}

enum medgl_error archive_files_rest(struct archive_files *files)
{
    MEDGL_TRY(file_rest(files));
    for (size_t i = 0; i < files->count; i++)
        if (!files->rows[i].looked) {
            MEDGL_TRY(file_begin(files, &files->rows[i]));
            MEDGL_TRY(file_rest(files));
        }
    return MEDGL_OK;
}

enum medgl_error archive_files_known(struct archive_files *files, int fd, bool *known)
{
    struct archive_head head;
    uint64_t bytes = 0;
    *known = false;
    enum medgl_error error = stream_open(files, dup(fd), &head, &bytes);
    for (size_t row = 0; error == MEDGL_OK && row < files->count; row++)
        *known |= head_is(&head, &files->rows[row].archive);
    stream_close(files);
    return error == MEDGL_ERR_CORRUPT ? MEDGL_OK : error;
}
