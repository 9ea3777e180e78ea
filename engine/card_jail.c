/* What the driver of a smartcard cannot reach: keys, policy, store, and other processes of the user
 * that it runs as, who owns them all. Kernels without Landlock keep nothing from it but what the
 * process does not hold; it is a library that root chose. */
#include "engine/card_jail.h"

#include "base/auto.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Of later kernels than the header. */
#define JAIL_TRUNCATE     (UINT64_C(1) << 14) /* from version 3 on */
#define JAIL_SCOPE_SIGNAL (UINT64_C(1) << 1)  /* from version 6 on */
struct jail_ruleset {
    uint64_t files, network, scoped;
};

/* Whatever reads or changes a file. Directories may be listed: names are no secret. */
#define JAIL_FILE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)
#define JAIL_DIRECTORY                                                                             \
    (JAIL_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                  \
     LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |    \
     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | \
     LANDLOCK_ACCESS_FS_MAKE_SYM)

struct jail {
    int ruleset;
    bool truncates;
    const char (*hidden)[PATH_MAX];
    size_t count;
};

/* Landlock allows, and never forbids below what it allows: so beside the hidden directories
 * everything is allowed, one by one. */
static bool jail_allow(const struct jail *jail, int directory, const char *name)
{
    struct stat st;
    auto_fd int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        return errno == ENOENT || errno == EACCES; /* gone, or not for us */
    if (S_ISLNK(st.st_mode))
        return true; /* where it leads is allowed, or not */
    const struct landlock_path_beneath_attr rule = {
        .allowed_access = (S_ISDIR(st.st_mode) ? JAIL_DIRECTORY : JAIL_FILE) |
                          (jail->truncates ? JAIL_TRUNCATE : 0),
        .parent_fd = fd,
    };
    return syscall(SYS_landlock_add_rule, jail->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

/* Whether a hidden directory is `path`, or below it. */
static bool jail_hides(const struct jail *jail, const char *path, bool *below)
{
    const size_t len = strlen(path);
    *below = false;
    for (size_t i = 0; i < jail->count; i++) {
        if (strcmp(jail->hidden[i], path) == 0)
            return true;
        *below |= strncmp(jail->hidden[i], path, len) == 0 && jail->hidden[i][len] == '/';
    }
    return false;
}

/* `path` has no '/' at its end; "" is the root. What cannot be listed is allowed in nothing. */
static bool jail_walk(const struct jail *jail, const char *path)
{
    auto_fd int fd = open(path[0] != '\0' ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == EACCES)
        return true;
    int again = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
    DIR *list = again >= 0 ? fdopendir(again) : NULL;
    bool good = list != NULL;
    const struct dirent *entry;
    while (good && (entry = readdir(list)) != NULL) {
        char below[PATH_MAX];
        bool inside = false;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int len = snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        if (len < 0 || (size_t)len >= sizeof(below))
            good = false;
        else if (!jail_hides(jail, below, &inside))
            good = inside ? jail_walk(jail, below) : jail_allow(jail, fd, entry->d_name);
    }
    if (list != NULL)
        (void)closedir(list);
    else if (again >= 0)
        (void)close(again);
    return good;
}

bool card_jail(const char *root)
{
    static const char *const names[] = {MEDGL_SYSCONFDIR, MEDGL_STATEDIR};
    static char hidden[MEDGL_COUNT(names)][PATH_MAX];
    struct jail jail = {.hidden = (const char(*)[PATH_MAX])hidden};
    const long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return true;
    for (size_t i = 0; i < MEDGL_COUNT(names); i++) {
        char path[PATH_MAX];
        if (path_under(path, root, names[i]) != MEDGL_OK)
            return false;
        if (realpath(path, hidden[jail.count]) != NULL)
            jail.count++;
    }
    const struct jail_ruleset attributes = {
        .files = JAIL_DIRECTORY | (version >= 3 ? JAIL_TRUNCATE : 0),
        .scoped = version >= 6 ? JAIL_SCOPE_SIGNAL : 0,
    };
    const size_t size = version >= 6 ? sizeof(attributes) : sizeof(attributes.files);
    jail.truncates = version >= 3;
    jail.ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
    bool good = jail.ruleset >= 0 && jail_walk(&jail, "") &&
                syscall(SYS_landlock_restrict_self, jail.ruleset, 0) == 0;
    if (jail.ruleset >= 0)
        (void)close(jail.ruleset);
    return good;
}
