/* A restored state directory takes its place. Runs as root where the store's owner is another user:
 * so it opens nothing of theirs through a link, runs nothing, and believes no name that it finds.
 *
 * MUSTs:
 * - At every point the store in place has its keys: those of the backup lie beside the old ones as
 *   in an exchange of keys (operation/keys.h) until the store that needs them is in place.
 * - The switch is one renameat2(2). What was in place is kept, and so are its keys.
 * - A setting that is there stays as it is. */
#include "operation/backup_restore.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "operation/keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define SWITCH_KEY_MAX     KEYS_VKEY_FILE_MAX
#define SWITCH_SETTING_MAX (16 << 20)
#define SWITCH_DEPTH       4
#define SWITCH_BESIDE      ".from-backup" /* ends no name that is read as a setting */

static const struct {
    const char *name, *path, *fresh;
} switch_keys[] = {
    {"store.key", PATH_STORE_KEY, PATH_STORE_KEY_NEW},
    {"ledger.key", PATH_LEDGER_KEY, PATH_LEDGER_KEY_NEW},
};

/* `sentence` is about the path that stands before it. */
static enum medgl_error switch_refuse(char *why, const char *path, const char *sentence)
{
    (void)snprintf(why, BACKUP_WHY_SIZE, "%.128s: %.380s", path, sentence);
    return MEDGL_ERR_REFUSED;
}

/* The directory above the state directory, and what the latter is called in it. */
static enum medgl_error switch_parent(const struct backup_restore_request *request, int *fd,
                                      char name[NAME_MAX + 1])
{
    char path[PATH_MAX], copy[PATH_MAX];
    MEDGL_TRY(path_under(path, request->root, MEDGL_STATEDIR));
    MEDGL_TRY(text_copy(copy, sizeof(copy), path));
    MEDGL_TRY(text_copy(name, NAME_MAX + 1, basename(copy)));
    *fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *fd >= 0 ? MEDGL_OK : medgl_error_from_errno(errno);
}

enum medgl_error switch_check(const struct backup_restore_request *request,
                              char why[BACKUP_WHY_SIZE])
{
    auto_fd int parent = -1;
    char name[NAME_MAX + 1];
    struct stat above, state;
    MEDGL_TRY(switch_parent(request, &parent, name));
    if (fstat(parent, &above) != 0)
        return medgl_error_from_errno(errno);
    if (fstatat(parent, name, &state, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? MEDGL_OK : medgl_error_from_errno(errno);
    if (!S_ISDIR(state.st_mode) || state.st_dev != above.st_dev)
        return switch_refuse(why, MEDGL_STATEDIR,
                             _("this is a link or a file system of its own, and cannot be "
                               "exchanged in one step. Have the file system one directory "
                               "higher."));
    return MEDGL_OK;
}

bool switch_is_set_up(const struct backup_restore_request *request)
{
    char path[PATH_MAX];
    struct stat st;
    return path_under(path, request->root, PATH_STORE_KEY) != MEDGL_OK || lstat(path, &st) == 0;
}

static void switch_forget_one(const char *path, bool clear)
{
    char mark[PATH_MAX];
    struct stat st;
    if (!clear) {
        (void)rmdir(path); /* of one that is not empty nothing happens */
        return;
    }
    if (snprintf(mark, sizeof(mark), "%s/" RESTORE_NEVER, path) < (int)sizeof(mark) &&
        lstat(mark, &st) == 0 && backup_stage_empty(path) != MEDGL_OK)
        log_line(LOG_WARNING, "%s was never in place, and cannot be emptied: remove it", path);
}

void switch_forget(const struct backup_restore_request *request, bool clear)
{
    char path[PATH_MAX], above[PATH_MAX];
    if (path_under(path, request->root, RESTORE_KEPT) != MEDGL_OK ||
        text_copy(above, sizeof(above), path) != MEDGL_OK)
        return;
    const char *start = strrchr(path, '/') + 1;
    DIR *directory = opendir(dirname(above));
    if (directory == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char kept[PATH_MAX];
        if (strncmp(entry->d_name, start, strlen(start)) == 0 &&
            snprintf(kept, sizeof(kept), "%.*s%s", (int)(start - path), path, entry->d_name) <
                (int)sizeof(kept))
            switch_forget_one(kept, clear);
    }
    (void)closedir(directory);
}

/* -- what the owner of the store has staged ------------------------------------------------------
 */

/* A directory below another one, part by part, none of them a link. */
static int switch_beneath(int from, const char *path)
{
    char copy[PATH_MAX], *rest = NULL;
    int fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (text_copy(copy, sizeof(copy), path) != MEDGL_OK)
        return -1;
    for (const char *part = strtok_r(copy, "/", &rest); part != NULL && fd >= 0;
         part = strtok_r(NULL, "/", &rest)) {
        const int next = openat(fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        (void)close(fd);
        fd = next;
    }
    return fd;
}

enum medgl_error switch_read(int directory, const char *name, size_t most, struct secret *content)
{
    struct stat st;
    auto_fd int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return medgl_error_from_errno(errno);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1 ||
        (size_t)st.st_size > most)
        return MEDGL_ERR_ACCESS;
    MEDGL_TRY(secret_alloc(content, (size_t)st.st_size + 1));
    MEDGL_TRY(file_read(fd, content));
    return content->len < content->cap ? MEDGL_OK : MEDGL_ERR_ACCESS; /* it grew */
}

static int switch_stage(const struct switch_plan *plan, const char *beneath)
{
    char path[PATH_MAX];
    if (path_under(path, plan->request->root, RESTORE_STAGE) != MEDGL_OK)
        return -1;
    auto_fd int stage = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return stage >= 0 ? switch_beneath(stage, beneath) : -1;
}

int switch_stage_above(const struct switch_plan *plan, const char *path)
{
    char copy[PATH_MAX];
    return text_copy(copy, sizeof(copy), path) == MEDGL_OK ? switch_stage(plan, dirname(copy)) : -1;
}

/* -- keys ----------------------------------------------------------------------------------------
 */

/* MEDGL_ERR_NOT_FOUND: it is not there. */
static enum medgl_error switch_key_there(const struct switch_plan *plan, const char *name,
                                         struct secret *text)
{
    char path[PATH_MAX];
    const struct file_rule rule = {
        .owner = plan->request->owner, .forbidden = 0022, .max = SWITCH_KEY_MAX};
    MEDGL_TRY(path_under(path, plan->request->root, name));
    return file_read_trusted(path, &rule, text);
}

/* MUST: nobody exchanges a key meanwhile (operation/key_rotate.c). */
static enum medgl_error switch_lock_key(const struct switch_plan *plan, size_t which, int *lock,
                                        char *why)
{
    char path[PATH_MAX];
    MEDGL_TRY(path_under(path, plan->request->root, switch_keys[which].path));
    *lock = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (*lock < 0)
        return errno == ENOENT ? MEDGL_OK : medgl_error_from_errno(errno);
    if (flock(*lock, LOCK_EX | LOCK_NB) == 0)
        return MEDGL_OK;
    return errno == EWOULDBLOCK
               ? switch_refuse(why, path,
                               _("this key is being exchanged. Wait until that is done."))
               : medgl_error_from_errno(errno);
}

/* What was in place can be read with these alone, one day. */
static enum medgl_error switch_keep_keys(const struct switch_plan *plan)
{
    static const char *const files[] = {PATH_STORE_KEY, PATH_STORE_KEY_NEW, PATH_LEDGER_KEY,
                                        PATH_LEDGER_KEY_NEW, PATH_LEDGER_VKEY};
    char directory[PATH_MAX], beneath[PATH_MAX], path[PATH_MAX];
    bool made = false;
    (void)snprintf(beneath, sizeof(beneath), RESTORE_KEYS "%s", plan->time);
    MEDGL_TRY(path_under(directory, plan->request->root, beneath));
    for (size_t i = 0; i < MEDGL_COUNT(files); i++) {
        auto_secret struct secret text = SECRET_NONE;
        enum medgl_error error = switch_key_there(plan, files[i], &text);
        if (error == MEDGL_ERR_NOT_FOUND)
            continue;
        MEDGL_TRY(error);
        if (!made)
            MEDGL_TRY(file_directory(directory, geteuid(), getegid(), 0700));
        made = true;
        if (snprintf(path, sizeof(path), "%s%s", directory, strrchr(files[i], '/')) >=
            (int)sizeof(path))
            return MEDGL_ERR_ARGUMENT;
        MEDGL_TRY(file_create(path, geteuid(), getegid(), 0400, text.bytes, text.len));
    }
    return MEDGL_OK;
}

static enum medgl_error switch_rename(const struct switch_plan *plan, const char *from,
                                      const char *to)
{
    char old[PATH_MAX], fresh[PATH_MAX];
    MEDGL_TRY(path_under(old, plan->request->root, from));
    MEDGL_TRY(path_under(fresh, plan->request->root, to));
    return rename(old, fresh) == 0 ? file_sync_name(fresh) : medgl_error_from_errno(errno);
}

/* Puts one of the backup's keys where the store that needs it will look for it. `*differs`: it is
 * not the one that is there. */
static enum medgl_error switch_key_beside(const struct switch_plan *plan, int staged, size_t which,
                                          bool *differs)
{
    const struct backup_restore_request *request = plan->request;
    auto_secret struct secret text = SECRET_NONE, there = SECRET_NONE;
    char fresh[PATH_MAX];
    /* An exchange that was interrupted is finished first: .new is about to be another one. */
    if (plan->new_key[which])
        MEDGL_TRY(switch_rename(plan, switch_keys[which].fresh, switch_keys[which].path));
    MEDGL_TRY(switch_read(staged, switch_keys[which].name, SWITCH_KEY_MAX, &text));
    enum medgl_error error = switch_key_there(plan, switch_keys[which].path, &there);
    if (error != MEDGL_OK && error != MEDGL_ERR_NOT_FOUND)
        return error;
    *differs = !secret_equal(text.bytes, text.len, there.bytes, there.len);
    MEDGL_TRY(path_under(fresh, request->root, switch_keys[which].fresh));
    if (*differs)
        return file_replace(fresh, request->owner, request->group, 0400, text.bytes, text.len);
    return unlink(fresh) == 0 || errno == ENOENT ? MEDGL_OK : medgl_error_from_errno(errno);
}

static bool vkey_has(const char *text, const char *line, size_t len)
{
    for (; *text != '\0'; text += strcspn(text, "\n"), text += *text == '\n')
        if (strcspn(text, "\n") == len && memcmp(text, line, len) == 0)
            return true;
    return false;
}

/* All lines of `first`, then those of `second` that are not among them. Both end with a NUL. */
static enum medgl_error vkey_join(const char *first, const char *second, char **joined)
{
    char *text = malloc(strlen(first) + strlen(second) + 2);
    if (text == NULL)
        return MEDGL_ERR_MEMORY;
    size_t used = strlen(first);
    memcpy(text, first, used);
    if (used > 0 && text[used - 1] != '\n')
        text[used++] = '\n';
    for (size_t len; *second != '\0'; second += len, second += *second == '\n') {
        len = strcspn(second, "\n");
        if (len == 0 || vkey_has(first, second, len))
            continue;
        memcpy(text + used, second, len);
        used += len;
        text[used++] = '\n';
    }
    text[used] = '\0';
    *joined = text;
    return MEDGL_OK;
}

/* The verifier keys of both, the one in force first: what the keys that are gone signed is told by
 * them, and a backup of a time when one of them was in force is still one of this ledger. Before
 * the switch those of the backup are added, and after it (`over`) they come first. */
static enum medgl_error switch_vkey(const struct switch_plan *plan, int staged, bool over)
{
    auto_secret struct secret theirs = SECRET_NONE, there = SECRET_NONE;
    auto_free char *text = NULL;
    char path[PATH_MAX];
    MEDGL_TRY(switch_read(staged, "ledger.vkey", SWITCH_KEY_MAX, &theirs));
    enum medgl_error error = switch_key_there(plan, PATH_LEDGER_VKEY, &there);
    if (error != MEDGL_OK && error != MEDGL_ERR_NOT_FOUND)
        return error;
    const char *ours = error == MEDGL_OK ? (const char *)there.bytes : "";
    if (theirs.len == theirs.cap)
        return MEDGL_ERR_ARGUMENT;
    theirs.bytes[theirs.len] = '\0';
    const char *backup = (const char *)theirs.bytes;
    MEDGL_TRY(over ? vkey_join(backup, ours, &text) : vkey_join(ours, backup, &text));
    if (strcmp(text, ours) == 0)
        return MEDGL_OK;
    MEDGL_TRY(path_under(path, plan->request->root, PATH_LEDGER_VKEY));
    return file_replace(path, geteuid(), getegid(), 0644, text, strlen(text));
}

/* MUST: after the switch. A kill before it leaves what context_open() finds its way in. */
static enum medgl_error switch_keys_over(const struct switch_plan *plan, int staged,
                                         const bool differs[2])
{
    for (size_t i = 0; i < MEDGL_COUNT(switch_keys); i++)
        if (differs[i])
            MEDGL_TRY(switch_rename(plan, switch_keys[i].fresh, switch_keys[i].path));
    return switch_vkey(plan, staged, true);
}

/* -- settings ------------------------------------------------------------------------------------
 */

static enum medgl_error switch_settings(const struct switch_plan *plan, int staged,
                                        const char *path, int depth);

/* Where something was set up here, a file that is missing was taken away since: it comes back under
 * a name that nothing reads, and whoever wants it in force renames it. */
static enum medgl_error switch_setting_put(const struct switch_plan *plan, const char *path,
                                           const struct secret *content)
{
    const struct backup_restore_request *request = plan->request;
    char beside[PATH_MAX];
    struct stat st;
    if (!plan->set_up)
        return file_create(path, geteuid(), getegid(), 0644, content->bytes, content->len);
    if (lstat(path, &st) == 0)
        return MEDGL_ERR_EXISTS;
    if (snprintf(beside, sizeof(beside), "%s" SWITCH_BESIDE, path) >= (int)sizeof(beside))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(file_replace(beside, geteuid(), getegid(), 0644, content->bytes, content->len));
    if (request->differs != NULL)
        request->differs(request->from.argument, beside);
    return MEDGL_OK;
}

/* Programs of notify.d come without the right to be run: whoever puts them back looks at them. */
static enum medgl_error switch_setting(const struct switch_plan *plan, int staged, const char *path,
                                       const char *name)
{
    const struct backup_restore_request *request = plan->request;
    auto_secret struct secret content = SECRET_NONE, there = SECRET_NONE;
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0, .max = SWITCH_SETTING_MAX};
    MEDGL_TRY(switch_read(staged, name, SWITCH_SETTING_MAX, &content));
    enum medgl_error error = switch_setting_put(plan, path, &content);
    if (error != MEDGL_ERR_EXISTS)
        return error;
    error = file_read_trusted(path, &rule, &there);
    if ((error != MEDGL_OK || !secret_equal(content.bytes, content.len, there.bytes, there.len)) &&
        request->differs != NULL)
        request->differs(request->from.argument, path);
    return MEDGL_OK;
}

static enum medgl_error switch_setting_entry(const struct switch_plan *plan, int staged,
                                             const char *directory, const char *name, int depth)
{
    char path[PATH_MAX];
    struct stat st, there;
    if (snprintf(path, sizeof(path), "%s/%s", directory, name) >=
        (int)(sizeof(path) - strlen(SWITCH_BESIDE)))
        return MEDGL_ERR_ARGUMENT;
    if (fstatat(staged, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return medgl_error_from_errno(errno);
    if (S_ISREG(st.st_mode))
        return switch_setting(plan, staged, path, name);
    if (!S_ISDIR(st.st_mode) || depth == 0)
        return MEDGL_ERR_ACCESS;
    if (plan->set_up && lstat(path, &there) != 0)
        memcpy(path + strlen(path), SWITCH_BESIDE, sizeof(SWITCH_BESIDE));
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return medgl_error_from_errno(errno);
    auto_fd int inner = openat(staged, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return inner >= 0 ? switch_settings(plan, inner, path, depth - 1)
                      : medgl_error_from_errno(errno);
}

static bool switch_is_setting(const char *name)
{
    static const char *const others[] = {PATH_STORE_KEY,
                                         PATH_LEDGER_KEY,
                                         PATH_LEDGER_VKEY,
                                         PATH_BREAKGLASS_KEY,
                                         PATH_BREAKGLASS_LEDGER_KEY,
                                         PATH_BREAKGLASS_LEDGER_VKEY};
    for (size_t i = 0; i < MEDGL_COUNT(others); i++)
        if (strcmp(name, others[i] + sizeof(MEDGL_SYSCONFDIR)) == 0)
            return false;
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static enum medgl_error switch_settings(const struct switch_plan *plan, int staged,
                                        const char *path, int depth)
{
    enum medgl_error error = MEDGL_OK;
    const int copy = openat(staged, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = copy >= 0 ? fdopendir(copy) : NULL;
    if (directory == NULL)
        return medgl_error_from_errno(errno);
    for (const struct dirent *entry; error == MEDGL_OK && (entry = readdir(directory)) != NULL;)
        if (switch_is_setting(entry->d_name))
            error = switch_setting_entry(plan, staged, path, entry->d_name, depth);
    (void)closedir(directory);
    return error;
}

/* -- the switch ----------------------------------------------------------------------------------
 */

/* First under the name that what is in place will be kept by: from then on it is one exchange. */
static enum medgl_error switch_state(const struct switch_plan *plan,
                                     struct backup_restored *restored, char why[BACKUP_WHY_SIZE])
{
    auto_fd int parent = -1;
    char name[NAME_MAX + 1], beneath[PATH_MAX], copy[PATH_MAX];
    MEDGL_TRY(switch_parent(plan->request, &parent, name));
    (void)snprintf(beneath, sizeof(beneath), RESTORE_KEPT "%s", plan->time);
    MEDGL_TRY(path_under(restored->kept, plan->request->root, beneath));
    MEDGL_TRY(text_copy(copy, sizeof(copy), MEDGL_STATEDIR));
    auto_fd int staged = switch_stage(plan, dirname(copy));
    if (staged < 0)
        return MEDGL_ERR_ACCESS;
    const char *kept = strrchr(restored->kept, '/') + 1;
    if (renameat2(staged, name, parent, kept, RENAME_NOREPLACE) != 0 || fsync(parent) != 0)
        return medgl_error_from_errno(errno);
    if (renameat2(parent, kept, parent, name, RENAME_EXCHANGE) == 0)
        return fsync(parent) == 0 ? MEDGL_OK : medgl_error_from_errno(errno);
    const int failed = errno;
    (void)renameat(parent, kept, staged, name);
    restored->kept[0] = '\0';
    if (failed == EINVAL || failed == ENOSYS || failed == EXDEV || failed == EBUSY)
        return switch_refuse(why, MEDGL_STATEDIR,
                             _("its file system cannot exchange two directories in one step; "
                               "nothing was changed."));
    return medgl_error_from_errno(failed);
}

enum medgl_error switch_now(const struct switch_plan *plan, struct backup_restored *restored,
                            char why[BACKUP_WHY_SIZE])
{
    bool differs[2] = {false, false};
    char path[PATH_MAX];
    auto_fd int store_lock = -1, ledger_lock = -1;
    auto_fd int staged = switch_stage(plan, MEDGL_SYSCONFDIR);
    if (staged < 0)
        return MEDGL_ERR_ACCESS;
    MEDGL_TRY(switch_lock_key(plan, 0, &store_lock, why));
    MEDGL_TRY(switch_lock_key(plan, 1, &ledger_lock, why));
    MEDGL_TRY(switch_keep_keys(plan));
    for (size_t i = 0; i < MEDGL_COUNT(switch_keys); i++)
        MEDGL_TRY(switch_key_beside(plan, staged, i, &differs[i]));
    MEDGL_TRY(switch_vkey(plan, staged, false));
    MEDGL_TRY(path_under(path, plan->request->root, MEDGL_SYSCONFDIR));
    MEDGL_TRY(switch_settings(plan, staged, path, SWITCH_DEPTH));
    MEDGL_TRY(switch_state(plan, restored, why));
    enum medgl_error error = switch_keys_over(plan, staged, differs);
    if (error != MEDGL_OK)
        log_line(LOG_WARNING,
                 "the store is in place, and its keys still have the names that end in .new (%s): "
                 "medgl-admin key rotate puts them in their place",
                 medgl_error_text(error));
    restored->breakglass = switch_breakglass(plan);
    return MEDGL_OK;
}
