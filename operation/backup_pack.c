/* The archive of a backup: the one file that speaks to libarchive. Packs what a manifest lists, and
 * unpacks nothing that one does not. Whoever made the archive that is read is not known yet: it may
 * be anybody. */
#include "operation/backup_pack.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/message.h"
#include "base/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PACK_BUFFER 65536

static void pack_free(struct archive **archive)
{
    if (*archive != NULL)
        (void)archive_write_free(*archive);
}

static void unpack_free(struct archive **archive)
{
    if (*archive != NULL)
        (void)archive_read_free(*archive);
}

static void entry_free(struct archive_entry **entry)
{
    archive_entry_free(*entry);
}

/* -- packing ---------------------------------------------------------------------------------- */

/* That nobody reads any more is an error of theirs, who tell it. */
static enum medgl_error pack_failed(struct archive *archive)
{
    const int failed = archive_errno(archive);
    return failed == ENOMEM ? MEDGL_ERR_MEMORY : MEDGL_ERR_IO;
}

static enum medgl_error pack_header(struct archive *archive, const char *name, uint64_t bytes,
                                    medgl_time created)
{
    auto_clean(entry_free) struct archive_entry *entry = archive_entry_new();
    if (entry == NULL)
        return MEDGL_ERR_MEMORY;
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_size(entry, (la_int64_t)bytes);
    archive_entry_set_mtime(entry, (time_t)(created / MEDGL_SECOND), 0);
    return archive_write_header(archive, entry) == ARCHIVE_OK ? MEDGL_OK : pack_failed(archive);
}

static enum medgl_error pack_bytes(struct archive *archive, const void *bytes, size_t len)
{
    return archive_write_data(archive, bytes, len) == (la_ssize_t)len ? MEDGL_OK
                                                                      : pack_failed(archive);
}

/* Exactly as many bytes as were listed, with that digest: a file that changed meanwhile would make
 * a backup that does not verify. */
static enum medgl_error pack_copy(struct archive *archive, const struct backup_member *member,
                                  int fd, char *buffer)
{
    auto_clean(crypto_hash_free) struct crypto_hash *hash = NULL;
    unsigned char result[CRYPTO_HASH_SIZE];
    char digest[STORE_DIGEST_SIZE];
    uint64_t left = member->bytes;
    MEDGL_TRY(crypto_hash_begin(&hash));
    while (left > 0) {
        ssize_t got = read(fd, buffer, left < PACK_BUFFER ? (size_t)left : PACK_BUFFER);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? medgl_error_from_errno(errno) : MEDGL_ERR_CONFLICT;
        MEDGL_TRY(crypto_hash_add(hash, buffer, (size_t)got));
        MEDGL_TRY(pack_bytes(archive, buffer, (size_t)got));
        left -= (uint64_t)got;
    }
    MEDGL_TRY(crypto_hash_end(hash, result));
    text_hex(digest, result, sizeof(result));
    return strcmp(digest, member->digest) == 0 && read(fd, buffer, 1) == 0 ? MEDGL_OK
                                                                           : MEDGL_ERR_CONFLICT;
}

static enum medgl_error pack_member(struct archive *archive, const struct backup_member *member,
                                    medgl_time created, char *buffer)
{
    struct stat st;
    auto_fd int fd = open(member->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return MEDGL_ERR_CONFLICT;
    MEDGL_TRY(pack_header(archive, member->name, member->bytes, created));
    enum medgl_error error = pack_copy(archive, member, fd, buffer);
    secret_wipe(buffer, PACK_BUFFER);
    return error;
}

enum medgl_error backup_pack(const struct backup_manifest *manifest, const char *note, int to)
{
    auto_clean(pack_free) struct archive *archive = archive_write_new();
    auto_free char *buffer = malloc(PACK_BUFFER);
    if (archive == NULL || buffer == NULL)
        return MEDGL_ERR_MEMORY;
    if (archive_write_set_format_pax_restricted(archive) != ARCHIVE_OK ||
        archive_write_open_fd(archive, to) != ARCHIVE_OK)
        return pack_failed(archive);
    MEDGL_TRY(pack_header(archive, BACKUP_MANIFEST, strlen(note), manifest->created));
    MEDGL_TRY(pack_bytes(archive, note, strlen(note)));
    for (size_t i = 0; i < manifest->count; i++)
        MEDGL_TRY(pack_member(archive, &manifest->members[i], manifest->created, buffer));
    return archive_write_close(archive) == ARCHIVE_OK ? MEDGL_OK : pack_failed(archive);
}

/* -- unpacking -------------------------------------------------------------------------------- */

struct unpack {
    struct archive *archive;
    const char *root;
    uint64_t most;
    char *why;
};

static enum medgl_error unpack_refuse(const struct unpack *unpack, const char *sentence)
{
    (void)snprintf(unpack->why, BACKUP_WHY_SIZE, "%s", sentence);
    return MEDGL_ERR_CORRUPT;
}

/* The next member must be a plain file of that name; what else an archive can hold (links, devices,
 * directories, files with holes) none of ours has. */
static enum medgl_error unpack_header(const struct unpack *unpack, const char *name, uint64_t *size)
{
    struct archive_entry *entry = NULL;
    const int result = archive_read_next_header(unpack->archive, &entry);
    if (result == ARCHIVE_EOF)
        return unpack_refuse(unpack, _("It ends before all that its manifest lists."));
    if (result != ARCHIVE_OK)
        return unpack_refuse(unpack, _("What is sealed in it is no archive that can be read."));
    const char *found = archive_entry_pathname(entry);
    if (found == NULL || strcmp(found, name) != 0)
        return unpack_refuse(unpack, _("It has other members than its manifest lists, or in "
                                       "another order."));
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != NULL ||
        archive_entry_symlink(entry) != NULL || archive_entry_sparse_reset(entry) != 0 ||
        !archive_entry_size_is_set(entry) || archive_entry_size(entry) < 0)
        return unpack_refuse(unpack, _("It has a member that is no plain file."));
    *size = (uint64_t)archive_entry_size(entry);
    return MEDGL_OK;
}

static enum medgl_error unpack_bytes(const struct unpack *unpack, void *bytes, size_t len)
{
    for (char *at = bytes; len > 0;) {
        const la_ssize_t got = archive_read_data(unpack->archive, at, len);
        if (got <= 0)
            return unpack_refuse(unpack, _("It is cut off, or damaged."));
        at += got;
        len -= (size_t)got;
    }
    return MEDGL_OK;
}

static enum medgl_error unpack_manifest(const struct unpack *unpack,
                                        struct backup_manifest *manifest, char **note)
{
    uint64_t size;
    MEDGL_TRY(unpack_header(unpack, BACKUP_MANIFEST, &size));
    if (size >= BACKUP_MANIFEST_MAX)
        return unpack_refuse(unpack, _("Its manifest is too long."));
    auto_free char *text = calloc(1, (size_t)size + 1);
    if (text == NULL)
        return MEDGL_ERR_MEMORY;
    MEDGL_TRY(unpack_bytes(unpack, text, (size_t)size));
    const char *end = strstr(text, "\n\n");
    if (strlen(text) != size || end == NULL)
        return unpack_refuse(unpack, _("Its manifest is malformed."));
    enum medgl_error error = backup_manifest_parse(text, (size_t)(end - text) + 1, manifest);
    if (error == MEDGL_ERR_VERSION)
        (void)snprintf(unpack->why, BACKUP_WHY_SIZE, "%s",
                       _("It was made by another version: use one that is at least as new."));
    else if (error == MEDGL_ERR_CORRUPT)
        return unpack_refuse(unpack, _("Its manifest is malformed."));
    *note = auto_give(text);
    return error;
}

/* The path of a member below the root, and the directories above it. */
static enum medgl_error unpack_place(const struct unpack *unpack, const char *name,
                                     char path[PATH_MAX])
{
    char part[PATH_MAX];
    const char *directory = strncmp(name, BACKUP_ETC, strlen(BACKUP_ETC)) == 0 ? MEDGL_SYSCONFDIR
                            : strncmp(name, BACKUP_STATE, strlen(BACKUP_STATE)) == 0
                                ? MEDGL_STATEDIR
                                : PATH_BREAKGLASS;
    const int len =
        snprintf(path, PATH_MAX, "%s%s%s", unpack->root, directory, name + strcspn(name, "/"));
    if (len < 0 || len >= PATH_MAX)
        return MEDGL_ERR_ARGUMENT;
    for (const char *at = strchr(path + strlen(unpack->root) + 1, '/'); at != NULL;
         at = strchr(at + 1, '/')) {
        memcpy(part, path, (size_t)(at - path));
        part[at - path] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return medgl_error_from_errno(errno);
    }
    return MEDGL_OK;
}

static enum medgl_error unpack_copy(const struct unpack *unpack, const struct backup_member *member,
                                    int fd, char *buffer)
{
    auto_clean(crypto_hash_free) struct crypto_hash *hash = NULL;
    unsigned char result[CRYPTO_HASH_SIZE];
    char digest[STORE_DIGEST_SIZE];
    MEDGL_TRY(crypto_hash_begin(&hash));
    for (uint64_t left = member->bytes; left > 0;) {
        const size_t len = left < PACK_BUFFER ? (size_t)left : PACK_BUFFER;
        MEDGL_TRY(unpack_bytes(unpack, buffer, len));
        MEDGL_TRY(crypto_hash_add(hash, buffer, len));
        MEDGL_TRY(file_write(fd, buffer, len));
        left -= len;
    }
    MEDGL_TRY(crypto_hash_end(hash, result));
    text_hex(digest, result, sizeof(result));
    if (strcmp(digest, member->digest) != 0)
        return unpack_refuse(unpack, _("A member is not what its manifest says."));
    return MEDGL_OK;
}

static enum medgl_error unpack_member(const struct unpack *unpack,
                                      const struct backup_member *member, char *buffer)
{
    char path[PATH_MAX];
    uint64_t size;
    MEDGL_TRY(unpack_header(unpack, member->name, &size));
    if (size != member->bytes)
        return unpack_refuse(unpack, _("A member is not as long as its manifest says."));
    MEDGL_TRY(unpack_place(unpack, member->name, path));
    auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return medgl_error_from_errno(errno);
    enum medgl_error error = unpack_copy(unpack, member, fd, buffer);
    secret_wipe(buffer, PACK_BUFFER);
    return error;
}

/* MUST: what it takes is known, and bounded, before anything is written. */
static enum medgl_error unpack_bound(const struct unpack *unpack,
                                     const struct backup_manifest *manifest)
{
    uint64_t left = unpack->most;
    for (size_t i = 0; i < manifest->count; i++) {
        if (manifest->members[i].bytes > left)
            return unpack_refuse(unpack, _("Its manifest lists more than the file can hold."));
        left -= manifest->members[i].bytes;
    }
    return MEDGL_OK;
}

static enum medgl_error unpack_all(const struct unpack *unpack, struct backup_manifest *manifest,
                                   char **note)
{
    struct archive_entry *entry = NULL;
    auto_free char *buffer = malloc(PACK_BUFFER);
    if (buffer == NULL)
        return MEDGL_ERR_MEMORY;
    MEDGL_TRY(unpack_manifest(unpack, manifest, note));
    MEDGL_TRY(unpack_bound(unpack, manifest));
    for (size_t i = 0; i < manifest->count; i++)
        MEDGL_TRY(unpack_member(unpack, &manifest->members[i], buffer));
    if (archive_read_next_header(unpack->archive, &entry) != ARCHIVE_EOF)
        return unpack_refuse(unpack, _("It has more members than its manifest lists."));
    return MEDGL_OK;
}

void backup_drain(int from)
{
    char buffer[4096];
    ssize_t got;
    while ((got = read(from, buffer, sizeof(buffer))) > 0 || (got < 0 && errno == EINTR))
        ;
    secret_wipe(buffer, sizeof(buffer));
}

enum medgl_error backup_unpack(int from, const char *root, uint64_t most,
                               struct backup_manifest *manifest, char **note,
                               char why[BACKUP_WHY_SIZE])
{
    auto_clean(unpack_free) struct archive *archive = archive_read_new();
    const struct unpack unpack = {.archive = archive, .root = root, .most = most, .why = why};
    enum medgl_error error = MEDGL_ERR_MEMORY;
    *manifest = (struct backup_manifest){.count = 0};
    *note = NULL;
    if (archive != NULL && archive_read_support_format_tar(archive) == ARCHIVE_OK) {
        if (archive_read_open_fd(archive, from, PACK_BUFFER) == ARCHIVE_OK)
            error = unpack_all(&unpack, manifest, note);
        else
            error =
                unpack_refuse(&unpack, _("What is sealed in it is no archive that can be read."));
    }
    backup_drain(from);
    return error;
}
