/* Which backups were made, and where (R36). Makes none: see copy.c. */
#include "store/sqlite/database.h"

#include <stddef.h>

static const struct row_column backup_columns[] = {
    ROW_COLUMN("id", ROW_TEXT, struct backup, id),
    ROW_COLUMN("file", ROW_TEXT, struct backup, file),
    ROW_COLUMN("digest", ROW_TEXT, struct backup, digest),
    ROW_COLUMN("bytes", ROW_UNSIGNED, struct backup, bytes),
    ROW_COLUMN("size", ROW_UNSIGNED, struct backup, size),
    ROW_COLUMN("state", ROW_UNSIGNED, struct backup, state),
    ROW_COLUMN("created", ROW_SIGNED, struct backup, created),
    ROW_COLUMN("verified", ROW_SIGNED, struct backup, verified),
    ROW_COLUMN("ledger_seq", ROW_UNSIGNED, struct backup, ledger_seq),
};
const struct row_table table_backup = {"backup", backup_columns, MEDGL_COUNT(backup_columns),
                                       STATEMENT_BACKUP_ALL, STATEMENT_BACKUP_REKEY};

enum medgl_error store_backup_add(struct store_txn *txn, const struct backup *backup)
{
    return row_put(txn, STATEMENT_BACKUP_ADD, &table_backup, backup);
}

enum medgl_error store_backup_update(struct store_txn *txn, const struct backup *backup)
{
    struct backup before;
    MEDGL_TRY(row_get(txn, STATEMENT_BACKUP_BY_ID, STATEMENT_KEYS({":id", backup->id, 0}),
                      &table_backup, &before));
    return row_put(txn, STATEMENT_BACKUP_UPDATE, &table_backup, backup);
}

enum medgl_error store_backup_each(struct store_txn *txn,
                                   enum medgl_error (*each)(void *argument,
                                                            const struct backup *backup),
                                   void *argument)
{
    return ROW_EACH(txn, STATEMENT_BACKUP_ALL, NULL, &table_backup, struct backup, each, argument);
}
