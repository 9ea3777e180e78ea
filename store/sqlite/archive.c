/* Which entries' bodies are in which archive. Reads no archive. */
#include "store/sqlite/database.h"

#include <stddef.h>

static const struct row_column archive_columns[] = {
    ROW_COLUMN("first", ROW_UNSIGNED, struct archive, first),
    ROW_COLUMN("next", ROW_UNSIGNED, struct archive, next),
    ROW_COLUMN("digest", ROW_TEXT, struct archive, digest),
    ROW_COLUMN("bytes", ROW_UNSIGNED, struct archive, bytes),
    ROW_COLUMN("file", ROW_TEXT, struct archive, file),
    ROW_COLUMN("created", ROW_SIGNED, struct archive, created),
    ROW_COLUMN("ledger_seq", ROW_UNSIGNED, struct archive, ledger_seq),
};
const struct row_table table_archive = {"archive", archive_columns, MEDGL_COUNT(archive_columns),
                                        STATEMENT_ARCHIVE_ALL, STATEMENT_ARCHIVE_REKEY};

enum medgl_error store_archive_add(struct store_txn *txn, const struct archive *archive)
{
    struct archive last = {.next = 0};
    if (archive->first >= archive->next)
        return MEDGL_ERR_ARGUMENT;
    enum medgl_error error = row_get(txn, STATEMENT_ARCHIVE_LAST, NULL, &table_archive, &last);
    if (error != MEDGL_OK && error != MEDGL_ERR_NOT_FOUND)
        return error;
    if (archive->first != last.next)
        return MEDGL_ERR_CONFLICT;
    return row_put(txn, STATEMENT_ARCHIVE_ADD, &table_archive, archive);
}

enum medgl_error store_archive_each(struct store_txn *txn,
                                    enum medgl_error (*each)(void *argument,
                                                             const struct archive *archive),
                                    void *argument)
{
    return ROW_EACH(txn, STATEMENT_ARCHIVE_ALL, NULL, &table_archive, struct archive, each,
                    argument);
}
