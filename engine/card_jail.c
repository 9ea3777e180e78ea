/* What the driver of a smartcard cannot reach: keys, policy, store, sockets and locks of the
 * engine, and other processes of the user that it runs as, who owns them all. Kernels without
 * Landlock keep nothing from it but what the process does not hold; it is a library that root
 * chose. */
#include "engine/card_jail.h"

#include "base/auto.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <mntent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
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

/* Whether something is mounted there, or that is not known. */
static bool jail_is_mounted(const char *path)
{
    static char line[4 * PATH_MAX];
    struct mntent entry;
    FILE *mounts = setmntent("/proc/self/mounts", "r");
    bool found = mounts == NULL;
    while (!found && getmntent_r(mounts, &entry, line, sizeof(line)) != NULL)
        found = strcmp(entry.mnt_dir, path) == 0;
    if (mounts != NULL)
        (void)endmntent(mounts);
    return found;
}

/* An O_PATH descriptor of what has that path, `name` in the directory; negative: there is none, or
 * something is mounted there and `mounts` is false. Filters of system calls that look into modes
 * refuse openat2 whole, for they cannot look into that (systemd's RestrictSUIDSGID). */
static int jail_open(int directory, const char *name, const char *path, bool mounts)
{
    const struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                                 .resolve = mounts ? 0 : RESOLVE_NO_XDEV};
    const int fd = (int)syscall(SYS_openat2, directory, name, &how, sizeof(how));
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM) || (!mounts && jail_is_mounted(path)))
        return fd;
    return openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* Landlock allows, and never forbids below what it allows: so beside the hidden directories
 * everything is allowed, one by one. MUST: nothing is asked of the file system that is mounted
 * there, which may never answer; what cannot be opened is not allowed, and no error. */
static void jail_allow(const struct jail *jail, int directory, const char *name, const char *path,
                       bool mounts)
{
    auto_fd int fd = jail_open(directory, name, path, mounts);
    struct landlock_path_beneath_attr rule = {
        .allowed_access = JAIL_DIRECTORY | (jail->truncates ? JAIL_TRUNCATE : 0),
        .parent_fd = fd,
    };
    if (fd < 0 ||
        syscall(SYS_landlock_add_rule, jail->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0)
        return;
    rule.allowed_access = JAIL_FILE | (jail->truncates ? JAIL_TRUNCATE : 0); /* no directory */
    (void)syscall(SYS_landlock_add_rule, jail->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
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

/* Where the driver is, wherever that is: it may read what lies beside it. */
static void jail_allow_driver(const struct jail *jail, const char *module)
{
    char directory[PATH_MAX];
    bool inside = false;
    const char *end = strrchr(module, '/');
    if (end == NULL || end == module)
        return;
    (void)snprintf(directory, sizeof(directory), "%.*s", (int)(end - module), module);
    for (size_t i = 0; i < jail->count; i++) {
        const size_t len = strlen(jail->hidden[i]);
        if (strncmp(directory, jail->hidden[i], len) == 0 &&
            (directory[len] == '/' || directory[len] == '\0'))
            return;
    }
    if (jail_hides(jail, directory, &inside) || inside)
        return;
    auto_fd int fd = open(directory, O_PATH | O_CLOEXEC);
    const struct landlock_path_beneath_attr rule = {
        .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
        .parent_fd = fd,
    };
    if (fd >= 0)
        (void)syscall(SYS_landlock_add_rule, jail->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

/* What drivers need of the root directory. Elsewhere, where people have their own, and other
 * machines' directories are mounted, there is nothing for them. */
static bool jail_offers(const char *name)
{
    static const char *const names[] = {"bin",   "dev",    "etc", "gnu", "lib",  "lib32",
                                        "lib64", "libx32", "nix", "opt", "proc", "run",
                                        "sbin",  "sys",    "tmp", "usr", "var"};
    for (size_t i = 0; i < MEDGL_COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* `path` has no '/' at its end; "" is the root. What cannot be listed is allowed in nothing. */
static void jail_walk(const struct jail *jail, const char *path)
{
    const bool top = path[0] == '\0';
    const int fd = open(top ? "/" : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    if (list == NULL && fd >= 0)
        (void)close(fd);
    while (list != NULL && (entry = readdir(list)) != NULL) {
        char below[PATH_MAX];
        bool inside = false;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        const int len = snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        if (len < 0 || (size_t)len >= sizeof(below) || jail_hides(jail, below, &inside))
            continue;
        if (inside)
            jail_walk(jail, below);
        else if (!top || jail_offers(entry->d_name))
            jail_allow(jail, fd, entry->d_name, below, top);
    }
    if (list != NULL)
        (void)closedir(list);
}

/* One that is not there yet stays out of reach when it comes. */
static bool jail_hide(const char *root, const char *name, char hidden[PATH_MAX])
{
    char path[PATH_MAX];
    if (path_under(path, root, name) != MEDGL_OK)
        return false;
    if (realpath(path, hidden) != NULL)
        return true;
    (void)snprintf(hidden, PATH_MAX, "%s", path);
    return errno == ENOENT;
}

bool card_jail(const char *root, const char *module)
{
    static const char *const names[] = {MEDGL_SYSCONFDIR, MEDGL_STATEDIR, PATH_BREAKGLASS,
                                        MEDGL_RUNDIR};
    static char hidden[MEDGL_COUNT(names)][PATH_MAX];
    struct jail jail = {.hidden = (const char(*)[PATH_MAX])hidden};
    const long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return true;
    for (; jail.count < MEDGL_COUNT(names); jail.count++)
        if (!jail_hide(root, names[jail.count], hidden[jail.count]))
            return false;
    const struct jail_ruleset attributes = {
        .files = JAIL_DIRECTORY | (version >= 3 ? JAIL_TRUNCATE : 0),
        .scoped = version >= 6 ? JAIL_SCOPE_SIGNAL : 0,
    };
    const size_t size = version >= 6 ? sizeof(attributes) : sizeof(attributes.files);
    jail.truncates = version >= 3;
    jail.ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
    if (jail.ruleset < 0)
        return false;
    jail_walk(&jail, "");
    jail_allow_driver(&jail, module);
    const bool good = syscall(SYS_landlock_restrict_self, jail.ruleset, 0) == 0;
    (void)close(jail.ruleset);
    return good;
}
