/* Putting a backup back, in two halves: root's, which has the directories, and that of the store's
 * owner, who alone reads what is in a backup. */
#ifndef MEDGL_OPERATION_BACKUP_RESTORE_H
#define MEDGL_OPERATION_BACKUP_RESTORE_H

#include "operation/backup_gather.h"

#define RESTORE_STAGE MEDGL_STATEDIR ".restore"   /* a private root, until it takes its place */
#define RESTORE_KEPT  MEDGL_STATEDIR ".before-"   /* what was in place; a time follows */
#define RESTORE_KEYS  MEDGL_SYSCONFDIR "/before-" /* its keys */
/* In a state directory that was never in place. */
#define RESTORE_NEVER "never-in-place"

/* -- what was there ---------------------------------------------------------------------------- */

/* Somebody who has codes in the backup that may not be good any more. */
struct before_code {
    struct before_code *next;
    char account[CRYPTO_ID_SIZE];
    enum credential_kind kind;       /* of what was taken away */
    char credential[CRYPTO_ID_SIZE]; /* one of them; "": all */
    bool grants;                     /* or their grants */
};

/* An account that something was decided about since the backup: how that ended. */
struct before_fate {
    struct before_fate *next;
    char account[CRYPTO_ID_SIZE];
    bool disabled, retired;
    bool revoked;                 /* its password, and it got no other one */
    bool replaced;                /* its password */
    char reason[STORE_TEXT_SIZE]; /* of its state */
};

/* A backup that it names. */
struct before_backup {
    struct before_backup *next; /* a later one */
    struct backup row;
    bool gone;  /* it made way */
    bool known; /* in the restored store too (operation/backup_carry.c) */
    bool ends;  /* and there it is not gone yet: the row is the restored store's */
};

/* The store that is in place, as far as it can be read. */
struct before {
    struct context context;
    bool open;       /* it could be opened */
    bool follows;    /* its ledger begins with the backup's: what it says since then is known */
    bool new_key[2]; /* whose key is still in the file of an exchange: store, ledger */
    uint64_t size;   /* of its ledger */
    medgl_time seen; /* the last step of a device that it saw, or 0 */
    struct before_code *codes;
    struct before_fate *fates;
    struct before_backup *backups;
    void *argument;
    void (*lost)(void *argument, const struct ledger_entry *entry);
};
/* Opens it. MEDGL_OK too where there is none, or none that opens. */
enum medgl_error before_open(const char *root, struct before *before);
void before_close(struct before *before); /* also for auto_clean() */
/* Which of the keys in place differ from those below `staged`: it puts older ones in force. */
enum medgl_error before_keys(const struct before *before, const char *root, const char *staged,
                             bool back[2]);
/* Whether its ledger begins with this one. */
enum medgl_error before_compare(struct before *before, const struct backup_manifest *manifest);
/* In a transaction in it: what it says since the backup. */
enum medgl_error before_learn(struct before *before, struct store_txn *txn, uint64_t since);

/* What was taken away since the backup is taken away again, each with its entry. */
struct redone {
    uint32_t codes; /* recovery codes */
    uint32_t acts;  /* devices, cards, passwords, accounts */
};
enum medgl_error redo_acts(struct context *context, struct store_txn *txn,
                           const struct clock_reading *clock, const struct before *before,
                           struct redone *done);

/* Backups that the store in place names. Found before the entry of the restore is written, which
 * tells of `from` and `removed`; afterwards, with its seq in `from`, the rows. */
struct carried {
    struct backup from; /* the one that is restored; no file: it has no row */
    uint32_t removed;   /* older ones that made way since */
};
enum medgl_error carry_backups_find(struct store_txn *txn, const struct before *before,
                                    const struct backup *from, struct carried *carried);
enum medgl_error carry_backups(struct context *context, struct store_txn *txn,
                               const struct clock_reading *clock, const struct before *before,
                               struct carried *carried);

/* -- the switch, with root's rights where there are any -----------------------------------------
 */

struct switch_plan {
    const struct backup_restore_request *request;
    char time[32];   /* how what is kept is called */
    bool new_key[2]; /* of struct before */
    bool set_up;     /* something was in place: what is missing there was taken away */
};
/* Whether it could be done at all, before anything is. MEDGL_ERR_REFUSED with `why`. */
enum medgl_error switch_check(const struct backup_restore_request *request,
                              char why[BACKUP_WHY_SIZE]);
/* Whether this machine has a key already. */
bool switch_is_set_up(const struct backup_restore_request *request);
/* State directories that were never in place, of restores that were interrupted: `clear` empties
 * them, as the store's owner; without it those that are empty go, as root. */
void switch_forget(const struct backup_restore_request *request, bool clear);
/* What the backup's break-glass accounts come to: put in place where there are none. */
enum restored_breakglass switch_breakglass(const struct switch_plan *plan);
/* A file of the owner's that lies below the stage, in a directory, without a link.
 * MEDGL_ERR_ACCESS: it is none, or longer. */
enum medgl_error switch_read(int directory, const char *name, size_t most, struct secret *content);
/* The staged directory that `path` is in; -1. */
int switch_stage_above(const struct switch_plan *plan, const char *path);
/* Keeps the keys that are there, puts those of the backup beside them, adds the settings that are
 * missing (where something was set up, beside and not in force), and has the new state directory
 * take the place of the old one in one step. */
enum medgl_error switch_now(const struct switch_plan *plan, struct backup_restored *restored,
                            char why[BACKUP_WHY_SIZE]);

#endif
