/* Backups and their restore (R36): store, keys, documents, archives, checkpoints and policy in one
 * file, sealed to the holders of backup.pem. */
#ifndef MEDGL_OPERATION_BACKUP_H
#define MEDGL_OPERATION_BACKUP_H

#include "ledger/envelope.h"
#include "ledger/verify.h"
#include "operation/context.h"

#include <sys/types.h>

/* A tar archive (POSIX ustar/pax) in CMS EnvelopedData, so that `openssl cms -decrypt` and `tar`
 * open it without this program. Its first member is the manifest: a note signed with the ledger's
 * key, with name, size and SHA-256 of each other member, the ledger's size and root, and the time.
 */
struct backup_request {
    int fd;           /* an open new file; -1: the next generation in policy.backup_directory */
    const char *file; /* what row and entry call it; NULL with fd -1 */
};
enum medgl_error operation_backup_create(struct context *context,
                                         const struct backup_request *request,
                                         struct backup *backup, char why[]);

enum medgl_error operation_backup_each(struct context *context,
                                       enum medgl_error (*each)(void *argument,
                                                                const struct backup *backup),
                                       void *argument);

/* Where rows and policy.backup_directory differ: `missing`, a backup that should be there and is
 * not; `unnamed`, a file called like one that no row names. Nothing removes such a file.
 * MEDGL_ERR_ACCESS: the directory cannot be read. */
struct backup_astray {
    void (*missing)(void *argument, const struct backup *backup);
    void (*unnamed)(void *argument, const char *path);
    void *argument;
};
enum medgl_error operation_backup_astray(struct context *context,
                                         const struct backup_astray *astray);

/* What a backup holds, and whether a restore of it would work: it is opened, every member is held
 * against the manifest, the store is opened with its own keys in a private place, and all of
 * `ledger verify` is run there. */
struct backup_found {
    char origin[NOTE_ORIGIN_SIZE];
    uint64_t size; /* entries */
    medgl_time created;
    uint64_t accounts;
    bool breakglass; /* the break-glass accounts are in it (R32) */
    uint64_t faults;
};
struct backup_open_request {
    int fd; /* the file */
    struct envelope_key key;
    ledger_fault fault;
    void *argument;
};
enum medgl_error operation_backup_verify(struct context *context,
                                         const struct backup_open_request *request,
                                         struct backup_found *found, char why[]);

/* Whether a backup is missing, too old, or was not proved for too long, by the policy: in `text`,
 * an English sentence for an alert; "": all is well. For the watch and for doctor. */
enum medgl_error backup_look(struct context *context, medgl_time now, char text[STORE_ALERT_SIZE]);

/* The certificates that backups are sealed to. MEDGL_ERR_REFUSED with `why`, of
 * OPERATION_WHY_SIZE. */
enum medgl_error backup_readers(const struct context *context, medgl_time now,
                                struct envelope_readers **readers, char why[]);

/* Puts it in the place of what is there (or on a new machine). Verified first; the switch is one
 * rename(2); what was there stays beside it, under another name. The restored store says so in its
 * ledger, alerts, refuses codes of before the restore (R24), and says which one-time codes may have
 * been used since the backup. Called as root. */
struct backup_restore_request {
    const char *root;
    uid_t owner;
    gid_t group;
    struct actor actor;
    const char *reason;
    const char *file;                /* how the store calls the backup from now on */
    struct backup_open_request from; /* what follows gets its `argument`; each may be NULL */
    /* An act since the backup that is undone by it, as its entry in the old ledger says. */
    void (*lost)(void *argument, uint64_t seq, medgl_time time, const char *kind, const char *name);
    /* An account that has one-time codes again which may have been used. */
    void (*open)(void *argument, const char *name, uint32_t codes);
    /* A file of MEDGL_SYSCONFDIR that is not as in the backup, and stays as it is. */
    void (*differs)(void *argument, const char *path);
};
/* What became of the break-glass accounts in it. */
enum restored_breakglass {
    RESTORED_BREAKGLASS_NONE = 0, /* there are none in it */
    RESTORED_BREAKGLASS_PUT,      /* they are in place: nothing was there */
    RESTORED_BREAKGLASS_STAYS,    /* those that are there stay as they are */
};
struct backup_restored {
    enum restored_breakglass breakglass;
    struct backup_found found;
    char kept[PATH_MAX];  /* where the store that was there is now; "": none was */
    uint64_t lost;        /* entries that it had beyond the backup; 0 too where none can be read */
    bool key_back[2];     /* store, ledger: an older key is in force again */
    uint32_t redone;      /* acts that took something away and were done again */
    uint32_t codes_since; /* one-time codes that its ledger says were used since */
    uint32_t codes_open;  /* one-time codes that are good again and may have been used */
};
enum medgl_error operation_backup_restore(const struct backup_restore_request *request,
                                          struct backup_restored *restored, char why[]);

#endif
