/* Backups, by the ledger and by the store. Looks at no file. Reads only. */
#include "operation/verify_backups.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct made_backup {
    struct map_node node;
    char file[STORE_TEXT_SIZE];
    uint64_t bytes, size;
    uint64_t from;                /* the entry that made it */
    uint64_t seq;                 /* the one that last made or proved it */
    medgl_time created, verified; /* 0: never */
    enum backup_state state;
    bool seen;
};

struct ending {
    struct map_node node;
    uint64_t seq;
    int64_t left; /* rows that made way and were not found yet */
};

static void backups_fault(const struct verify_backups *backups, uint64_t seq, const char *what)
{
    backups->fault(backups->argument, seq, what);
}

static void ending_id(uint64_t seq, char id[MAP_ID_SIZE])
{
    (void)snprintf(id, MAP_ID_SIZE, "%" PRIu64, seq);
}

static enum medgl_error learn_ending(struct verify_backups *backups,
                                     const struct ledger_entry *entry)
{
    char id[MAP_ID_SIZE];
    const int64_t removed = ledger_entry_find_number(entry, "removed", 0);
    ending_id(entry->seq, id);
    if (removed <= 0 || map_find(&backups->endings, id) != NULL)
        return MEDGL_OK; /* a seq that comes again is told elsewhere */
    struct ending *ending = map_add(&backups->endings, id, sizeof(*ending));
    if (ending == NULL)
        return MEDGL_ERR_MEMORY;
    ending->seq = entry->seq;
    ending->left = removed;
    return MEDGL_OK;
}

/* A restore tells of the backup that it came from, and "backup.create" with a time of others that
 * were made before it (operation/backup_carry.c). */
static enum medgl_error learn_made(struct verify_backups *backups, const struct ledger_entry *entry)
{
    const char *digest = ledger_entry_find_text(entry, "digest");
    const char *created = ledger_entry_find_text(entry, "created");
    const bool restore = entry->kind == LEDGER_BACKUP_RESTORE;
    if (ledger_entry_find_text(entry, "file")[0] == '\0')
        return MEDGL_OK; /* a restore from one that nothing names */
    if (map_find(&backups->made, digest) != NULL) {
        backups_fault(backups, entry->seq, "a backup was made that was there");
        return MEDGL_OK;
    }
    struct made_backup *made = map_add(&backups->made, digest, sizeof(*made));
    if (made == NULL)
        return MEDGL_ERR_MEMORY;
    (void)snprintf(made->file, sizeof(made->file), "%s", ledger_entry_find_text(entry, "file"));
    made->bytes = (uint64_t)ledger_entry_find_number(entry, "bytes", 0);
    made->size = (uint64_t)ledger_entry_find_number(entry, "size", 0);
    made->from = made->seq = entry->seq;
    made->created = entry->time;
    if (created[0] != '\0' && clock_parse_utc(created, &made->created) != MEDGL_OK)
        made->created = -1;
    made->verified = restore ? entry->time : 0;
    made->state = !restore && created[0] != '\0' ? BACKUP_UNDONE : BACKUP_MADE;
    return MEDGL_OK;
}

/* One without a file is of a backup that no row named. */
static void learn_proved(const struct verify_backups *backups, const struct ledger_entry *entry)
{
    if (ledger_entry_find_text(entry, "file")[0] == '\0')
        return;
    struct made_backup *made = map_find(&backups->made, ledger_entry_find_text(entry, "digest"));
    if (made == NULL) {
        backups_fault(backups, entry->seq, "a backup was proved that no entry made");
        return;
    }
    made->seq = entry->seq;
    made->verified = entry->time;
}

enum medgl_error verify_backups_learn(struct verify_backups *backups,
                                      const struct ledger_entry *entry)
{
    if (entry->kind == LEDGER_BACKUP_VERIFY)
        learn_proved(backups, entry);
    if (entry->kind != LEDGER_BACKUP_CREATE && entry->kind != LEDGER_BACKUP_RESTORE)
        return MEDGL_OK;
    MEDGL_TRY(learn_made(backups, entry));
    return learn_ending(backups, entry);
}

/* -- what rows say ---------------------------------------------------------------------------- */

static void row_gone(const struct verify_backups *backups, const struct made_backup *made,
                     const struct backup *row)
{
    char id[MAP_ID_SIZE];
    ending_id(row->ledger_seq, id);
    struct ending *ending = map_find(&backups->endings, id);
    if (ending == NULL || ending->left == 0 || ending->seq <= made->from)
        backups_fault(backups, made->from, "a backup is gone that no entry took away");
    else
        ending->left--;
}

static enum medgl_error row_backup(void *argument, const struct backup *row)
{
    const struct verify_backups *backups = argument;
    struct made_backup *made = map_find(&backups->made, row->digest);
    if (made == NULL || made->seen) {
        backups_fault(backups, row->ledger_seq, "a backup has no entry that made it");
        return MEDGL_OK;
    }
    made->seen = true;
    if (row->state == BACKUP_GONE)
        row_gone(backups, made, row);
    else if (row->state != made->state || row->ledger_seq != made->seq)
        backups_fault(backups, made->seq, "a backup is not what its last entry made of it");
    if (strcmp(row->file, made->file) != 0 || row->bytes != made->bytes ||
        row->size != made->size || row->created != made->created || row->verified != made->verified)
        backups_fault(backups, made->seq, "a backup is not what its entries say");
    return MEDGL_OK;
}

enum medgl_error verify_backups_state(struct verify_backups *backups, struct store_txn *txn)
{
    MEDGL_TRY(store_backup_each(txn, row_backup, backups));
    MAP_EACH(&backups->made, const struct made_backup, made)
    {
        if (!made->seen)
            backups_fault(backups, made->seq, "a backup that an entry made has no row");
    }
    MAP_EACH(&backups->endings, const struct ending, ending)
    {
        if (ending->left > 0)
            backups_fault(backups, ending->seq,
                          "an entry took away more backups than rows say are gone");
    }
    return MEDGL_OK;
}

void verify_backups_free(struct verify_backups *backups)
{
    map_free(&backups->made, NULL);
    map_free(&backups->endings, NULL);
}
