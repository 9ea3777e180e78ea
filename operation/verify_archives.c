/* Archives of old entries against the entries and rows that tell of them. Reads only.
 *
 * MUSTs (R08):
 * - A file is believed where a key of the ledger signed its head, and the head is what the row
 * says.
 * - Each of its lines goes through the same verification as one from the store; the leaf hash in
 *   the store, which the tree proves, tells whether it is the one. */
#include "operation/verify_archives.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* -- bodies ----------------------------------------------------------------------------------- */

enum medgl_error verify_archives_body(struct archive_files *files, uint64_t seq, const char **line,
                                      size_t *len)
{
    struct archive_row *row = archive_files_row(files, seq);
    *line = NULL;
    if (row != NULL)
        return archive_files_line(files, row, seq, line, len);
    files->fault(files->argument, seq, "the entry has no body, and was never archived");
    return MEDGL_OK;
}

/* Each that was handed in is one of this ledger's, needed or not. */
enum medgl_error verify_archives_given(struct archive_files *files, const char *const *labels)
{
    for (size_t i = 0; i < files->given_count; i++) {
        char what[1024], label[900];
        bool known;
        MEDGL_TRY(archive_files_known(files, files->given[i], &known));
        text_printable(label, sizeof(label), labels[i]);
        (void)snprintf(what, sizeof(what), "%s is no archive of this ledger", label);
        if (!known)
            files->fault(files->argument, 0, what);
    }
    return MEDGL_OK;
}

/* -- rows and entries ------------------------------------------------------------------------- */

enum medgl_error verify_archives_learn(struct archive_files *files,
                                       const struct ledger_entry *entry)
{
    struct archive_row *row = NULL;
    if (entry->kind != LEDGER_ARCHIVE)
        return MEDGL_OK;
    for (size_t i = 0; i < files->count && row == NULL; i++)
        if (files->rows[i].archive.ledger_seq == entry->seq)
            row = &files->rows[i];
    if (row == NULL) {
        files->fault(files->argument, entry->seq, "an archive that an entry tells of has no row");
        return MEDGL_OK;
    }
    const struct archive *archive = &row->archive;
    row->told = true;
    if (ledger_entry_find_number(entry, "first", -1) != (int64_t)archive->first ||
        ledger_entry_find_number(entry, "next", -1) != (int64_t)archive->next ||
        ledger_entry_find_number(entry, "bytes", -1) != (int64_t)archive->bytes ||
        strcmp(ledger_entry_find_text(entry, "digest"), archive->digest) != 0 ||
        strcmp(ledger_entry_find_text(entry, "file"), archive->file) != 0)
        files->fault(files->argument, entry->seq, "an archive is not what its entry says");
    return MEDGL_OK;
}

enum medgl_error verify_archives_state(struct archive_files *files)
{
    MEDGL_TRY(archive_files_rest(files));
    for (size_t i = 0; i < files->count; i++)
        if (!files->rows[i].told)
            files->fault(files->argument, files->rows[i].archive.ledger_seq,
                         "an archive has no entry that made it");
    return MEDGL_OK;
}

void verify_archives_count(const struct archive_files *files,
                           const struct evidence_request *request, struct ledger_result *result)
{
    result->archives = files->count;
    for (size_t i = 0; i < files->count; i++) {
        const struct archive_row *row = &files->rows[i];
        result->archives_missing += row->missing;
        result->archives_altered += row->altered;
        if (row->missing && request->missing != NULL)
            request->missing(request->argument, &row->archive);
    }
}
