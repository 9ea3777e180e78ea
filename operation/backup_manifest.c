/* The manifest of a backup: which members it has, of which size and digest, and of which ledger it
 * is. A text of lines, so that people can read it. */
#include "operation/backup_pack.h"

#include "base/auto.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MANIFEST_VERSION "medgl-backup/1"
#define MANIFEST_ROOT    (4 * ((MERKLE_HASH_SIZE + 2) / 3) + 1)
#define MANIFEST_ROUND   256 /* members by which the list grows */
#define MANIFEST_BUFFER  65536

void backup_manifest_free(struct backup_manifest *manifest)
{
    for (size_t i = 0; i < manifest->count; i++) {
        free(manifest->members[i].name);
        free(manifest->members[i].path);
    }
    free(manifest->members);
    *manifest = (struct backup_manifest){.count = 0};
}

/* -- names ------------------------------------------------------------------------------------ */

static bool name_part_valid(const char *part, size_t len)
{
    return len > 0 && !(part[0] == '.' && (len == 1 || (len == 2 && part[1] == '.')));
}

bool backup_name_valid(const char *name)
{
    if (strlen(name) >= BACKUP_NAME_SIZE ||
        (strncmp(name, BACKUP_ETC, strlen(BACKUP_ETC)) != 0 &&
         strncmp(name, BACKUP_STATE, strlen(BACKUP_STATE)) != 0 &&
         strncmp(name, BACKUP_BREAKGLASS, strlen(BACKUP_BREAKGLASS)) != 0))
        return false;
    for (const char *at = name; *at != '\0'; at++)
        if (*at < ' ' || *at > '~' || *at == '\\')
            return false;
    for (const char *part = name;; part++) {
        const size_t len = strcspn(part, "/");
        if (!name_part_valid(part, len))
            return false;
        part += len;
        if (*part == '\0')
            return true;
    }
}

/* -- making one ------------------------------------------------------------------------------- */

enum medgl_error backup_digest(int fd, char digest[STORE_DIGEST_SIZE], uint64_t *bytes)
{
    auto_clean(crypto_hash_free) struct crypto_hash *hash = NULL;
    auto_free char *buffer = malloc(MANIFEST_BUFFER);
    unsigned char result[CRYPTO_HASH_SIZE];
    if (buffer == NULL)
        return MEDGL_ERR_MEMORY;
    MEDGL_TRY(crypto_hash_begin(&hash));
    *bytes = 0;
    if (lseek(fd, 0, SEEK_SET) != 0)
        return medgl_error_from_errno(errno);
    for (ssize_t got; (got = read(fd, buffer, MANIFEST_BUFFER)) != 0;) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return medgl_error_from_errno(errno);
        MEDGL_TRY(crypto_hash_add(hash, buffer, (size_t)got));
        *bytes += (uint64_t)got;
    }
    secret_wipe(buffer, MANIFEST_BUFFER); /* it may be a key */
    MEDGL_TRY(crypto_hash_end(hash, result));
    text_hex(digest, result, sizeof(result));
    return lseek(fd, 0, SEEK_SET) == 0 ? MEDGL_OK : medgl_error_from_errno(errno);
}

static enum medgl_error manifest_grow(struct backup_manifest *manifest)
{
    if (manifest->count >= BACKUP_MEMBERS_MAX)
        return MEDGL_ERR_ARGUMENT;
    if (manifest->count % MANIFEST_ROUND != 0)
        return MEDGL_OK;
    struct backup_member *more = reallocarray(manifest->members, manifest->count + MANIFEST_ROUND,
                                              sizeof(*manifest->members));
    if (more == NULL)
        return MEDGL_ERR_MEMORY;
    manifest->members = more;
    return MEDGL_OK;
}

/* `path` NULL: it was read. */
static enum medgl_error manifest_append(struct backup_manifest *manifest, const char *name,
                                        const char *path, const struct backup_member *facts)
{
    MEDGL_TRY(manifest_grow(manifest));
    struct backup_member *member = &manifest->members[manifest->count];
    *member = *facts;
    member->name = strdup(name);
    member->path = path != NULL ? strdup(path) : NULL;
    manifest->count++;
    return member->name != NULL && (path == NULL || member->path != NULL) ? MEDGL_OK
                                                                          : MEDGL_ERR_MEMORY;
}

enum medgl_error backup_manifest_add(struct backup_manifest *manifest, const char *name,
                                     const char *path)
{
    struct backup_member facts = {.bytes = 0};
    struct stat st;
    if (!backup_name_valid(name))
        return MEDGL_ERR_ARGUMENT;
    auto_fd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno == ELOOP ? MEDGL_ERR_ACCESS : medgl_error_from_errno(errno);
    if (fstat(fd, &st) != 0)
        return medgl_error_from_errno(errno);
    if (!S_ISREG(st.st_mode))
        return MEDGL_ERR_ACCESS;
    MEDGL_TRY(backup_digest(fd, facts.digest, &facts.bytes));
    return manifest_append(manifest, name, path, &facts);
}

static int member_compare(const void *a, const void *b)
{
    return strcmp(((const struct backup_member *)a)->name, ((const struct backup_member *)b)->name);
}

void backup_manifest_sort(struct backup_manifest *manifest)
{
    if (manifest->count > 1)
        qsort(manifest->members, manifest->count, sizeof(*manifest->members), member_compare);
}

const struct backup_member *backup_manifest_find(const struct backup_manifest *manifest,
                                                 const char *name)
{
    const struct backup_member key = {.name = (char *)(uintptr_t)name};
    return manifest->count > 0 ? bsearch(&key, manifest->members, manifest->count,
                                         sizeof(*manifest->members), member_compare)
                               : NULL;
}

/* -- as a text -------------------------------------------------------------------------------- */

enum medgl_error backup_manifest_text(const struct backup_manifest *manifest, char **text)
{
    char created[CLOCK_TEXT_SIZE], root[MANIFEST_ROOT];
    size_t len;
    FILE *stream = open_memstream(text, &len);
    if (stream == NULL)
        return MEDGL_ERR_MEMORY;
    clock_format_utc(manifest->created, created);
    crypto_base64(root, manifest->root, sizeof(manifest->root), true);
    (void)fprintf(stream, MANIFEST_VERSION "\n%s\n%s\n%" PRIu64 "\n%s\n", manifest->origin, created,
                  manifest->size, root);
    for (size_t i = 0; i < manifest->count; i++) {
        const struct backup_member *member = &manifest->members[i];
        (void)fprintf(stream, "%s %" PRIu64 " %s\n", member->digest, member->bytes, member->name);
    }
    bool failed = ferror(stream) != 0;
    if (fclose(stream) == 0 && !failed && len < BACKUP_MANIFEST_MAX)
        return MEDGL_OK;
    free(*text);
    *text = NULL;
    return MEDGL_ERR_MEMORY;
}

/* The next line, without its end; false: there is none, or it is longer than `size`. */
static bool manifest_line(const char **at, const char *end, char *line, size_t size)
{
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    if (stop == NULL || (size_t)(stop - *at) >= size)
        return false;
    memcpy(line, *at, (size_t)(stop - *at));
    line[stop - *at] = '\0';
    *at = stop + 1;
    return true;
}

/* Digits alone, and none in front of it that is not needed. */
static bool manifest_number(const char *text, uint64_t *number)
{
    char again[24];
    errno = 0;
    *number = strtoull(text, NULL, 10);
    (void)snprintf(again, sizeof(again), "%" PRIu64, *number);
    return errno == 0 && strcmp(text, again) == 0;
}

static enum medgl_error manifest_head(const char **at, const char *end,
                                      struct backup_manifest *manifest)
{
    char line[NOTE_ORIGIN_SIZE + 1], created[CLOCK_TEXT_SIZE];
    size_t root = sizeof(manifest->root);
    if (!manifest_line(at, end, line, sizeof(line)) || strcmp(line, MANIFEST_VERSION) != 0)
        return MEDGL_ERR_VERSION;
    if (!manifest_line(at, end, line, sizeof(line)) || !note_name_valid(line) ||
        text_copy(manifest->origin, sizeof(manifest->origin), line) != MEDGL_OK ||
        !manifest_line(at, end, line, sizeof(line)) ||
        clock_parse_utc(line, &manifest->created) != MEDGL_OK)
        return MEDGL_ERR_CORRUPT;
    clock_format_utc(manifest->created, created);
    if (strcmp(created, line) != 0 || !manifest_line(at, end, line, sizeof(line)) ||
        !manifest_number(line, &manifest->size) || !manifest_line(at, end, line, sizeof(line)) ||
        crypto_unbase64(manifest->root, &root, line, strlen(line), true) != MEDGL_OK ||
        root != sizeof(manifest->root))
        return MEDGL_ERR_CORRUPT;
    return MEDGL_OK;
}

static enum medgl_error manifest_member(char *line, struct backup_manifest *manifest)
{
    struct backup_member facts = {.bytes = 0};
    unsigned char raw[CRYPTO_HASH_SIZE];
    char *name = NULL, *bytes = strchr(line, ' ');
    if (bytes != NULL)
        name = strchr(bytes + 1, ' ');
    if (name == NULL)
        return MEDGL_ERR_CORRUPT;
    *bytes++ = *name++ = '\0';
    if (text_unhex(raw, sizeof(raw), line) != MEDGL_OK || !manifest_number(bytes, &facts.bytes) ||
        !backup_name_valid(name))
        return MEDGL_ERR_CORRUPT;
    text_hex(facts.digest, raw, sizeof(raw));
    if (strcmp(facts.digest, line) != 0 ||
        (manifest->count > 0 && strcmp(manifest->members[manifest->count - 1].name, name) >= 0))
        return MEDGL_ERR_CORRUPT;
    return manifest_append(manifest, name, NULL, &facts);
}

enum medgl_error backup_manifest_parse(const char *text, size_t len,
                                       struct backup_manifest *manifest)
{
    char line[STORE_DIGEST_SIZE + 24 + BACKUP_NAME_SIZE];
    const char *at = text, *end = text + len;
    *manifest = (struct backup_manifest){.count = 0};
    enum medgl_error error = manifest_head(&at, end, manifest);
    while (error == MEDGL_OK && at < end)
        error = manifest_line(&at, end, line, sizeof(line)) ? manifest_member(line, manifest)
                                                            : MEDGL_ERR_CORRUPT;
    if (error != MEDGL_OK)
        backup_manifest_free(manifest);
    return error;
}
