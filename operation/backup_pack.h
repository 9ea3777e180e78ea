/* What a backup is made of: a manifest, and the members that it lists, one after the other in a tar
 * archive (POSIX pax). Members are called "etc/..." and "state/..." after the two directories that
 * they come from, so that tar(1) alone can put them back. */
#ifndef MEDGL_OPERATION_BACKUP_PACK_H
#define MEDGL_OPERATION_BACKUP_PACK_H

#include "operation/backup.h"

#define BACKUP_MANIFEST     "manifest"
#define BACKUP_ETC          "etc/"        /* of MEDGL_SYSCONFDIR */
#define BACKUP_STATE        "state/"      /* of MEDGL_STATEDIR */
#define BACKUP_BREAKGLASS   "breakglass/" /* of PATH_BREAKGLASS */
#define BACKUP_SMALL_STORE  BACKUP_BREAKGLASS "breakglass.db"
#define BACKUP_NAME_SIZE    256
#define BACKUP_MEMBERS_MAX  1000000
#define BACKUP_MANIFEST_MAX ((size_t)128 << 20) /* bytes */
#define BACKUP_WHY_SIZE     512

struct backup_member {
    char *name;
    char *path; /* where it is read from; NULL in one that was read */
    uint64_t bytes;
    char digest[STORE_DIGEST_SIZE];
};

/* MUSTs:
 * - It is the first member of the archive, and signed with the ledger's key.
 * - The members follow it in its order, which is that of their names as bytes, each once, no other.
 * - A name is relative, of plain characters, with no part that is "", "." or "..". */
struct backup_manifest {
    char origin[NOTE_ORIGIN_SIZE];
    medgl_time created;
    uint64_t size;                        /* of the ledger */
    unsigned char root[MERKLE_HASH_SIZE]; /* of its tree */
    struct backup_member *members;
    size_t count;
};
void backup_manifest_free(struct backup_manifest *manifest); /* also for auto_clean() */

bool backup_name_valid(const char *name);

/* Reads the file once for its size and digest. MEDGL_ERR_NOT_FOUND; MEDGL_ERR_ACCESS: no regular
 * file, or a link; MEDGL_ERR_ARGUMENT: more members, or another name, than there can be. */
enum medgl_error backup_manifest_add(struct backup_manifest *manifest, const char *name,
                                     const char *path);
/* In the order in which they are packed. */
void backup_manifest_sort(struct backup_manifest *manifest);
const struct backup_member *backup_manifest_find(const struct backup_manifest *manifest,
                                                 const char *name);

/* The text that is signed; malloc'ed. And back, strictly: MEDGL_ERR_CORRUPT. */
enum medgl_error backup_manifest_text(const struct backup_manifest *manifest, char **text);
enum medgl_error backup_manifest_parse(const char *text, size_t len,
                                       struct backup_manifest *manifest);

/* Writes the archive. MEDGL_ERR_CONFLICT: a file is not what it was when it was listed. */
enum medgl_error backup_pack(const struct backup_manifest *manifest, const char *note, int to);

/* Reads one, and puts the members below a private root that is empty: keys in MEDGL_SYSCONFDIR and
 * so on. Reads `from` to its end, whatever it finds. What comes is held against the manifest, which
 * is not believed before its signature was verified: `*note`, malloc'ed. `most`: bytes that all
 * members may have. MEDGL_ERR_CORRUPT with a sentence in `why`. */
enum medgl_error backup_unpack(int from, const char *root, uint64_t most,
                               struct backup_manifest *manifest, char **note,
                               char why[BACKUP_WHY_SIZE]);

/* Reads what is left in a pipe: whoever writes to it gets to the end. */
void backup_drain(int from);

/* SHA-256 and length of all that a descriptor holds, from its beginning; it stands there again
 * afterwards. */
enum medgl_error backup_digest(int fd, char digest[STORE_DIGEST_SIZE], uint64_t *bytes);

/* -- a backup that is being made or looked at ---------------------------------------------------
 */

/* A directory that only one process has at a time. What an interrupted one left in it goes. */
struct backup_stage {
    int lock;
    char path[PATH_MAX];
};
/* MEDGL_ERR_REFUSED with `why`: another one is at work. */
enum medgl_error backup_stage_open(const char *path, struct backup_stage *stage,
                                   char why[BACKUP_WHY_SIZE]);
void backup_stage_close(struct backup_stage *stage); /* empties it; also for auto_clean() */
#define BACKUP_STAGE_NONE                                                                          \
    {                                                                                              \
        .lock = -1                                                                                 \
    }

/* Takes away all that is in a directory; links are not followed. */
enum medgl_error backup_stage_empty(const char *path);

/* Refuses what would leave less than policy.minimum_free on the device of `path`. */
enum medgl_error backup_room(const struct context *context, const char *path, uint64_t bytes,
                             char why[BACKUP_WHY_SIZE]);

/* One that was opened, below a private root of its own. */
struct backup_opened {
    struct backup_manifest manifest;
    struct context context;         /* its policy, keys and store */
    char digest[STORE_DIGEST_SIZE]; /* of the file */
    uint64_t bytes;
};
/* Opens it into `root`, an empty directory, holds it against its manifest, opens its store with its
 * keys, and verifies all of the evidence in it. MEDGL_ERR_KEY, MEDGL_ERR_CORRUPT with `why`.
 * found->faults > 0: MEDGL_ERR_CORRUPT too; request->fault has heard of each. */
enum medgl_error backup_open(const struct backup_open_request *request, const char *root,
                             struct backup_opened *opened, struct backup_found *found,
                             char why[BACKUP_WHY_SIZE]);
void backup_opened_close(struct backup_opened *opened); /* also for auto_clean() */

#endif
