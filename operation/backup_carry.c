/* What a restored store knows of backups: the one that it came from, and those that the store in
 * place names and it does not. Their files are still there, and make way in their turn. In the
 * transaction of the restore, each with its entry. */
#include "operation/backup_restore.h"

#include "base/text.h"
#include "operation/evidence.h"

#include <string.h>

static struct before_backup *carry_find(const struct before *before, const char *digest)
{
    struct before_backup *backup = before->backups;
    while (backup != NULL && strcmp(backup->row.digest, digest) != 0)
        backup = backup->next;
    return backup;
}

struct carry_look {
    const struct before *before;
    struct carried *carried;
};

static enum medgl_error carry_look(void *argument, const struct backup *row)
{
    const struct carry_look *look = argument;
    struct before_backup *there = carry_find(look->before, row->digest);
    if (there == NULL)
        return MEDGL_OK;
    there->known = true;
    there->ends = there->gone && row->state != BACKUP_GONE;
    look->carried->removed += there->ends;
    if (there->ends)
        there->row = *row;
    return MEDGL_OK;
}

enum medgl_error carry_backups_find(struct store_txn *txn, const struct before *before,
                                    const struct backup *from, struct carried *carried)
{
    struct carry_look look = {before, carried};
    *carried = (struct carried){.from = *from};
    for (struct before_backup *backup = before->backups; backup != NULL; backup = backup->next)
        backup->known = backup->ends = false;
    MEDGL_TRY(store_backup_each(txn, carry_look, &look));
    struct before_backup *source = carry_find(before, from->digest);
    if (source == NULL)
        return MEDGL_OK;
    source->known = true;
    return source->gone ? MEDGL_OK
                        : text_copy(carried->from.file, STORE_TEXT_SIZE, source->row.file);
}

static enum medgl_error carry_add(struct store_txn *txn, struct backup *backup)
{
    MEDGL_TRY(crypto_random_id(backup->id));
    return store_backup_add(txn, backup);
}

static enum medgl_error carry_undone(struct context *context, struct store_txn *txn,
                                     const struct clock_reading *clock, const struct backup *there)
{
    struct ledger_entry entry;
    struct backup backup = *there;
    char created[CLOCK_TEXT_SIZE];
    evidence_begin(context, clock, LEDGER_BACKUP_CREATE, NULL, &entry);
    ledger_entry_text(&entry, "file", backup.file);
    ledger_entry_text(&entry, "digest", backup.digest);
    ledger_entry_number(&entry, "bytes", (int64_t)backup.bytes);
    ledger_entry_number(&entry, "size", (int64_t)backup.size);
    ledger_entry_time(&entry, "created", backup.created, created);
    MEDGL_TRY(evidence_append(context, txn, &entry, &backup.ledger_seq));
    backup.state = BACKUP_UNDONE;
    backup.verified = 0;
    return carry_add(txn, &backup);
}

enum medgl_error carry_backups(struct context *context, struct store_txn *txn,
                               const struct clock_reading *clock, const struct before *before,
                               struct carried *carried)
{
    struct backup *from = &carried->from;
    from->state = BACKUP_MADE;
    from->verified = clock->now;
    if (from->file[0] != '\0')
        MEDGL_TRY(carry_add(txn, from));
    for (struct before_backup *there = before->backups; there != NULL; there = there->next) {
        if (there->ends) {
            there->row.state = BACKUP_GONE;
            there->row.ledger_seq = from->ledger_seq;
            MEDGL_TRY(store_backup_update(txn, &there->row));
        } else if (!there->known && !there->gone) {
            MEDGL_TRY(carry_undone(context, txn, clock, &there->row));
        }
    }
    return MEDGL_OK;
}
