/* Documents that identified people (R11): what is known of each, for good. Touches no file. */
#include "store/sqlite/database.h"

#include <stddef.h>

static const struct row_column document_columns[] = {
    ROW_COLUMN("id", ROW_TEXT, struct document, id),
    ROW_COLUMN("account_id", ROW_TEXT, struct document, account_id),
    ROW_COLUMN("digest", ROW_TEXT, struct document, digest),
    ROW_COLUMN("type", ROW_TEXT, struct document, type),
    ROW_COLUMN("size", ROW_UNSIGNED, struct document, size),
    ROW_COLUMN("created", ROW_SIGNED, struct document, created),
    ROW_COLUMN("destroyed", ROW_SIGNED, struct document, destroyed),
    ROW_COLUMN("ledger_seq", ROW_UNSIGNED, struct document, ledger_seq),
    ROW_COLUMN("shown_seq", ROW_UNSIGNED, struct document, shown_seq),
};
const struct row_table table_document = {"document", document_columns,
                                         MEDGL_COUNT(document_columns), STATEMENT_DOCUMENT_ALL,
                                         STATEMENT_DOCUMENT_REKEY};

enum medgl_error store_document_add(struct store_txn *txn, const struct document *document)
{
    return row_put(txn, STATEMENT_DOCUMENT_ADD, &table_document, document);
}

enum medgl_error store_document_update(struct store_txn *txn, const struct document *document)
{
    struct document before;
    MEDGL_TRY(row_get(txn, STATEMENT_DOCUMENT_BY_ID, STATEMENT_KEYS({":id", document->id, 0}),
                      &table_document, &before));
    return row_put(txn, STATEMENT_DOCUMENT_UPDATE, &table_document, document);
}

enum medgl_error store_document_of(struct store_txn *txn, uint64_t shown_seq,
                                   struct document *document)
{
    if (shown_seq > INT64_MAX)
        return MEDGL_ERR_NOT_FOUND;
    return row_get(txn, STATEMENT_DOCUMENT_OF,
                   STATEMENT_KEYS({":shown_seq", NULL, (int64_t)shown_seq}), &table_document,
                   document);
}

enum medgl_error store_document_each(struct store_txn *txn,
                                     enum medgl_error (*each)(void *argument,
                                                              const struct document *document),
                                     void *argument)
{
    return ROW_EACH(txn, STATEMENT_DOCUMENT_ALL, NULL, &table_document, struct document, each,
                    argument);
}
