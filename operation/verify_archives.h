/* Bodies of entries that were moved to archives: where they are at hand they are verified like any
 * other, and where they are not, their leaves are, and no row needs them (archive_keep.h). A part
 * of operation_verify(). */
#ifndef MEDGL_OPERATION_VERIFY_ARCHIVES_H
#define MEDGL_OPERATION_VERIFY_ARCHIVES_H

#include "ledger/entry.h"
#include "operation/archive_file.h"
#include "operation/evidence.h"

/* Seqs of entries whose bodies were not at hand, in order. */
struct verify_gaps {
    struct verify_gap {
        uint64_t first, next;
    } * gap;
    size_t count;
};
enum medgl_error gaps_add(struct verify_gaps *gaps, uint64_t seq);
bool gaps_have(const struct verify_gaps *gaps, uint64_t seq);
void gaps_free(struct verify_gaps *gaps);

/* Before the entries, once the rows are known: those that were handed in. */
enum medgl_error verify_archives_given(struct archive_files *files, const char *const *labels);

/* The body of an entry that has none in the store, until the next call; *line NULL: it is not at
 * hand. Asked in the order of the seqs. */
enum medgl_error verify_archives_body(struct archive_files *files, uint64_t seq, const char **line,
                                      size_t *len);

/* Each entry, in order; afterwards what is left over. */
enum medgl_error verify_archives_learn(struct archive_files *files,
                                       const struct ledger_entry *entry);
enum medgl_error verify_archives_state(struct archive_files *files);

/* What became of the files; tells of those that are missing. */
void verify_archives_count(const struct archive_files *files,
                           const struct evidence_request *request, struct ledger_result *result);

#endif
