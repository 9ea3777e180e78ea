/* Files that the operator names: opened with that person's rights, never with root's; new ones are
 * never over or through something that is there, and go again when what they were made for failed.
 * And the shadow file, with the rights of whom it belongs to. */
#include "admin/opener.h"

#include "base/file.h"
#include "base/privilege.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define GUARD_STAYS 's'
#define FROM_MAX    ((size_t)4 << 20) /* bytes */
#define SHADOW_MAX  ((size_t)16 << 20)
#define NO_GROUP    65534 /* of nobody, and of no file */

/* Whose rights files are opened with. */
struct rights {
    uid_t uid;
    gid_t gid;
    const char *name; /* "" for no supplementary groups */
};

static struct rights rights_of_person(const struct identity *identity)
{
    return (struct rights){identity->person, identity->person_group, identity->person_name};
}

/* Between these two the process has those rights and no others. */
static bool rights_enter(const struct identity *identity, const struct rights *rights)
{
    if (!identity->from_root || rights->uid == 0)
        return true;
    int groups =
        rights->name[0] != '\0' ? initgroups(rights->name, rights->gid) : setgroups(0, NULL);
    return groups == 0 && setegid(rights->gid) == 0 && seteuid(rights->uid) == 0;
}

static bool rights_leave(const struct identity *identity, const struct rights *rights)
{
    return !identity->from_root || rights->uid == 0 ||
           (seteuid(0) == 0 && setegid(0) == 0 && setgroups(0, NULL) == 0);
}

static enum admin_exit rights_failed(const struct rights *rights)
{
    complain(_("Could not take on the rights of uid %u (%s)."), (unsigned)rights->uid,
             strerror(errno));
    return ADMIN_UNUSABLE;
}

static void file_complain(const struct identity *identity, const char *path, int failed, int flags)
{
    if (failed == EEXIST)
        complain(_("%s is there already: choose a new name."), path);
    else if (failed == ELOOP && (flags & O_NOFOLLOW) != 0)
        complain(_("%s is a symbolic link: name the file itself."), path);
    else
        complain(_("%s cannot be opened for %s: %s."), path,
                 identity->person_name[0] != '\0' ? identity->person_name : _("you"),
                 strerror(failed));
}

static enum admin_exit file_open(const struct identity *identity, const char *path, int flags,
                                 int *fd)
{
    const struct rights person = rights_of_person(identity);
    if (!rights_enter(identity, &person))
        return rights_failed(&person);
    *fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0600);
    int failed = errno;
    if (*fd >= 0 && (flags & O_CREAT) != 0)
        (void)file_sync_name(path); /* before anything is written under it */
    if (!rights_leave(identity, &person))
        return ADMIN_UNUSABLE;
    if (*fd >= 0)
        return ADMIN_DONE;
    file_complain(identity, path, failed, flags);
    return ADMIN_USAGE;
}

/* Waits for word that the file stays. None comes (the operation failed or was killed): removes it,
 * if it is still the one. */
static _Noreturn void guard_run(const struct identity *identity, const struct guarded_file *file,
                                const struct stat *made)
{
    char word = '\0';
    struct stat now;
    if (identity->from_root && identity->person != 0 &&
        privilege_drop(identity->person, identity->person_group) != MEDGL_OK)
        _exit(EXIT_FAILURE);
    while (read(file->pipe, &word, 1) < 0 && errno == EINTR)
        ;
    if (word == GUARD_STAYS)
        _exit(EXIT_SUCCESS);
    if (lstat(file->path, &now) != 0)
        _exit(errno == ENOENT ? EXIT_SUCCESS : EXIT_FAILURE);
    bool same = now.st_dev == made->st_dev && now.st_ino == made->st_ino;
    _exit(same && unlink(file->path) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* After this process has given up its privilege it could not remove the file any more; and it may
 * be killed. */
static enum admin_exit guard_start(const struct identity *identity, struct guarded_file *file)
{
    int ends[2];
    struct stat made;
    sigset_t all, before;
    if (fstat(file->fd, &made) != 0 || pipe2(ends, O_CLOEXEC) != 0)
        return ADMIN_UNUSABLE;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before); /* Ctrl-C ends the operation, not its guard */
    file->guard = fork();
    if (file->guard == 0) {
        (void)close(ends[1]);
        (void)close(file->fd);
        file->pipe = ends[0];
        guard_run(identity, file, &made);
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    (void)close(ends[0]);
    file->pipe = ends[1];
    return file->guard > 0 ? ADMIN_DONE : ADMIN_UNUSABLE;
}

/* Made by whoever looks after it: there is no moment at which it is there and nobody would remove
 * it. */
static enum admin_exit file_create_by_opener(const struct identity *identity, const char *path,
                                             struct guarded_file *file)
{
    struct opener opener = {.child = 0};
    if (!opener_start(&opener, identity))
        return ADMIN_UNUSABLE;
    int fd = opener_ask(&opener, path, true);
    if (fd >= 0) {
        opener_guards(&opener, file, path, fd);
        return ADMIN_DONE;
    }
    file_complain(identity, path, errno, O_CREAT);
    opener_end(&opener);
    return ADMIN_USAGE;
}

/* For root itself, whom no child may be. */
static enum admin_exit file_create_guarded(const struct identity *identity, const char *path,
                                           struct guarded_file *file)
{
    enum admin_exit code =
        file_open(identity, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, &file->fd);
    if (code != ADMIN_DONE)
        return code;
    file->path = path;
    code = guard_start(identity, file);
    if (code != ADMIN_DONE)
        complain(_("%s was made, but cannot be looked after (%s): remove it."), path,
                 strerror(errno));
    return code;
}

enum admin_exit identity_release_file(struct guarded_file *file, bool stays)
{
    const char word = GUARD_STAYS;
    int status = 0;
    if (file->fd < 0)
        return ADMIN_DONE;
    if (!stays)
        (void)!ftruncate(file->fd, 0);
    (void)close(file->fd);
    file->fd = -1;
    if (file->guard <= 0)
        return ADMIN_UNUSABLE;
    bool told = !stays || write(file->pipe, &word, 1) == 1;
    (void)close(file->pipe);
    if (waitpid(file->guard, &status, 0) == file->guard && status == 0 && told)
        return ADMIN_DONE;
    complain(stays ? _("%s may have been removed: look, and start anew if it was.")
                   : _("%s could not be removed: it is of no use, remove it."),
             file->path);
    return ADMIN_UNUSABLE;
}

static enum admin_exit file_read_all(int fd, const char *path, struct secret *content)
{
    if (file_read(fd, content) == MEDGL_OK)
        return ADMIN_DONE;
    complain(_("%s cannot be read: %s."), path, strerror(errno));
    return ADMIN_USAGE;
}

/* A checkpoint, or keys of the ledger. */
static enum admin_exit file_read_text(const struct identity *identity, const char *path,
                                      char **text)
{
    auto_fd int fd = -1;
    enum admin_exit code = file_open(identity, path, O_RDONLY, &fd);
    if (code != ADMIN_DONE)
        return code;
    auto_secret struct secret content = SECRET_NONE;
    if (secret_alloc(&content, 2 * STORE_COSIGNED_SIZE) != MEDGL_OK)
        return admin_failed(MEDGL_ERR_MEMORY, "", NULL);
    code = file_read_all(fd, path, &content);
    if (code != ADMIN_DONE)
        return code;
    if (content.len == content.cap || memchr(content.bytes, '\0', content.len) != NULL) {
        complain(_("%s is no checkpoint and no key: it is too long or not a text."), path);
        return ADMIN_USAGE;
    }
    *text = strndup((const char *)content.bytes, content.len);
    return *text != NULL ? ADMIN_DONE : ADMIN_UNUSABLE;
}

/* The system's own shadow file is root's. A private root is somebody's, and whatever links it holds
 * lead no further than its owner gets. */
static enum admin_exit rights_of_shadow(const struct identity *identity, struct rights *rights)
{
    struct stat st;
    *rights = (struct rights){geteuid(), getegid(), ""};
    if (identity->root[0] == '\0')
        return ADMIN_DONE;
    if (stat(identity->root, &st) != 0) {
        complain(_("%s cannot be opened: %s."), identity->root, strerror(errno));
        return ADMIN_UNUSABLE;
    }
    if (!identity->from_root)
        return ADMIN_DONE;
    /* Not the directory's group: whoever owns it need not be in that. */
    const struct passwd *user = getpwuid(st.st_uid);
    *rights = (struct rights){st.st_uid, user != NULL ? user->pw_gid : NO_GROUP, ""};
    return ADMIN_DONE;
}

/* MUST: nobody else can have written what logins will be measured by. */
static enum admin_exit file_open_shadow(const struct identity *identity, const char *given,
                                        int *shadow)
{
    char system[PATH_MAX];
    const char *path = given != NULL ? given : system;
    struct rights rights = rights_of_person(identity);
    enum admin_exit code = ADMIN_DONE;
    if (given == NULL && path_under(system, identity->root, "/etc/shadow") != MEDGL_OK)
        code = admin_failed(MEDGL_ERR_ARGUMENT, "", NULL);
    else if (given == NULL)
        code = rights_of_shadow(identity, &rights);
    if (code != ADMIN_DONE)
        return code;
    if (!rights_enter(identity, &rights))
        return rights_failed(&rights);
    const struct file_rule rule = {
        .owner = rights.uid, .forbidden = S_IWGRP | S_IROTH | S_IWOTH, .max = SHADOW_MAX};
    enum medgl_error error = file_open_trusted(path, &rule, shadow);
    if (!rights_leave(identity, &rights))
        return ADMIN_UNUSABLE;
    if (error == MEDGL_OK)
        return ADMIN_DONE;
    complain(_("%s cannot be used as a shadow file: %s."), path, medgl_error_text(error));
    return given != NULL ? ADMIN_USAGE : ADMIN_UNUSABLE;
}

/* Bytes that Windows puts before a text. */
static void files_cut_mark(struct secret *content)
{
    static const unsigned char mark[] = {0xef, 0xbb, 0xbf};
    if (content->len < sizeof(mark) || memcmp(content->bytes, mark, sizeof(mark)) != 0)
        return;
    content->len -= sizeof(mark);
    memmove(content->bytes, content->bytes + sizeof(mark), content->len);
}

enum admin_exit files_read(int fd, const char *what, struct secret *content)
{
    if (secret_alloc(content, FROM_MAX + 1) != MEDGL_OK)
        return admin_failed(MEDGL_ERR_MEMORY, "", NULL);
    const enum admin_exit code = file_read_all(fd, what, content);
    if (code != ADMIN_DONE)
        return code;
    if (content->len > FROM_MAX) {
        complain(_("%s is too long: it may have %zu bytes."), what, FROM_MAX);
        return ADMIN_USAGE;
    }
    files_cut_mark(content);
    return ADMIN_DONE;
}

/* What somebody else could have changed is not believed. */
static enum admin_exit file_open_from(const struct identity *identity, const char *path, int *given)
{
    auto_fd int fd = -1;
    struct stat st;
    enum admin_exit code = file_open(identity, path, O_RDONLY | O_NONBLOCK, &fd);
    if (code != ADMIN_DONE)
        return code;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & 0022) != 0 ||
        (st.st_uid != identity->person && st.st_uid != 0)) {
        complain(_("%s is not read: it must be a file of yours or root's that nobody else may "
                   "write to."),
                 path);
        return ADMIN_USAGE;
    }
    *given = auto_give_fd(fd);
    return ADMIN_DONE;
}

static enum admin_exit file_read_from(const struct identity *identity, const char *path,
                                      struct secret *content)
{
    auto_fd int fd = -1;
    enum admin_exit code = file_open_from(identity, path, &fd);
    return code == ADMIN_DONE ? files_read(fd, path, content) : code;
}

/* A backup is larger than memory may be. */
static bool files_reads_piecewise(const struct verb *verb)
{
    return verb->run == backup_verify || verb->run == backup_restore;
}

/* Backups that this machine made are its own: the store's owner reads them where the person cannot.
 * What comes of it is whether it is a backup, and nothing of any other file. */
static enum admin_exit file_open_backup(const struct identity *identity, const char *path, int *fd)
{
    const struct rights owner = {identity->owner, identity->group, ""};
    struct stat st;
    if (!identity->from_root || identity->owner == 0)
        return file_open_from(identity, path, fd);
    if (!rights_enter(identity, &owner))
        return rights_failed(&owner);
    auto_fd int own = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
    const bool good = own >= 0 && fstat(own, &st) == 0 && S_ISREG(st.st_mode) &&
                      st.st_uid == identity->owner && (st.st_mode & 0022) == 0;
    if (!rights_leave(identity, &owner))
        return ADMIN_UNUSABLE;
    if (!good)
        return file_open_from(identity, path, fd);
    *fd = auto_give_fd(own);
    return ADMIN_DONE;
}

enum admin_exit files_read_document(int fd, const char *path, struct secret *document)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        complain(_("%s is no file: hand in a scan or photo."), path);
        return ADMIN_USAGE;
    }
    if (st.st_size > policy_key_find("document_max")->most) {
        complain(_("%s is larger than any policy allows for the copy of a document."), path);
        return ADMIN_USAGE;
    }
    const size_t size = (size_t)st.st_size;
    if (secret_alloc(document, size + 1) != MEDGL_OK)
        return admin_failed(MEDGL_ERR_MEMORY, "", NULL);
    const enum admin_exit code = file_read_all(fd, path, document);
    if (code != ADMIN_DONE)
        return code;
    if (document->len == size)
        return ADMIN_DONE;
    complain(_("%s changed while it was read: wait until the scan is whole."), path);
    return ADMIN_USAGE;
}

/* A scan or photo: whoever made it, it only has to be a file, whole and of a bearable size. No pipe
 * is waited for, no device is read, no link is followed. */
static enum admin_exit file_read_document(const struct identity *identity, const char *path,
                                          struct secret *document)
{
    auto_fd int fd = -1;
    enum admin_exit code = file_open(identity, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, &fd);
    return code == ADMIN_DONE ? files_read_document(fd, path, document) : code;
}

/* -- archives of old entries ------------------------------------------------------------------ */

#define ARCHIVE_SUFFIX ".archive"

static bool name_is_archive(const char *name)
{
    const size_t len = strlen(name), suffix = strlen(ARCHIVE_SUFFIX);
    return len > suffix && strcmp(name + len - suffix, ARCHIVE_SUFFIX) == 0;
}

static enum admin_exit archive_open(struct admin *admin, const char *directory, const char *name)
{
    const size_t at = admin->archive.count;
    auto_free char *path = NULL;
    auto_fd int fd = -1;
    struct stat st;
    if (at == ADMIN_ARCHIVES_MAX) {
        complain(_("%s has more than %d archives: verify them in several steps."), directory,
                 ADMIN_ARCHIVES_MAX);
        return ADMIN_USAGE;
    }
    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        path = NULL;
        return ADMIN_UNUSABLE;
    }
    enum admin_exit code =
        file_open(&admin->identity, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, &fd);
    if (code != ADMIN_DONE)
        return code;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        complain(_("%s is no file."), path);
        return ADMIN_USAGE;
    }
    admin->archive.path[at] = auto_give(path);
    admin->archive.fd[at] = auto_give_fd(fd);
    admin->archive.count++;
    return ADMIN_DONE;
}

/* What they are is for verification to say. */
static enum admin_exit files_open_archives(struct admin *admin, const char *directory)
{
    auto_fd int fd = -1;
    enum admin_exit code = file_open(&admin->identity, directory, O_RDONLY | O_DIRECTORY, &fd);
    if (code != ADMIN_DONE)
        return code;
    DIR *names = fdopendir(fd);
    if (names == NULL)
        return ADMIN_UNUSABLE;
    fd = -1;
    for (const struct dirent *entry; code == ADMIN_DONE && (entry = readdir(names)) != NULL;)
        if (name_is_archive(entry->d_name))
            code = archive_open(admin, directory, entry->d_name);
    (void)closedir(names);
    if (code == ADMIN_DONE && admin->archive.count == 0) {
        complain(_("%s has no file that ends in %s."), directory, ARCHIVE_SUFFIX);
        return ADMIN_USAGE;
    }
    return code;
}

void files_close_archives(struct admin *admin)
{
    for (size_t i = 0; i < admin->archive.count; i++) {
        free(admin->archive.path[i]);
        (void)close(admin->archive.fd[i]);
    }
    admin->archive.count = 0;
}

/* What is read before privilege goes. */
static enum admin_exit files_to_read(struct admin *admin)
{
    const struct options *options = &admin->options;
    enum admin_exit code = ADMIN_DONE;
    for (size_t i = 0; i < options->checkpoint_count && code == ADMIN_DONE; i++)
        code = file_read_text(&admin->identity, options->checkpoint[i], &admin->checkpoint[i]);
    if (code == ADMIN_DONE && options->value[OPTION_VKEY] != NULL)
        code = file_read_text(&admin->identity, options->value[OPTION_VKEY], &admin->vkey);
    if (code == ADMIN_DONE && options->value[OPTION_ARCHIVE] != NULL)
        code = files_open_archives(admin, options->value[OPTION_ARCHIVE]);
    const char *from = options->value[OPTION_FROM];
    if (code == ADMIN_DONE && from != NULL)
        code = files_reads_piecewise(options->verb)
                   ? file_open_backup(&admin->identity, from, &admin->input)
                   : file_read_from(&admin->identity, from, &admin->from);
    if (code == ADMIN_DONE && options->value[OPTION_CERTIFICATE] != NULL)
        code = file_read_from(&admin->identity, options->value[OPTION_CERTIFICATE], &admin->from);
    if (code == ADMIN_DONE && options->value[OPTION_DOCUMENT] != NULL)
        code =
            file_read_document(&admin->identity, options->value[OPTION_DOCUMENT], &admin->document);
    if (code == ADMIN_DONE && options->value[OPTION_KEY] != NULL)
        code = file_read_from(&admin->identity, options->value[OPTION_KEY], &admin->key);
    if (code == ADMIN_DONE && (options->verb->options & OPTION_BIT(OPTION_SHADOW)) != 0)
        code = file_open_shadow(&admin->identity, options->value[OPTION_SHADOW], &admin->shadow);
    return code;
}

/* Documents are larger than what everybody may lock, and are opened after privilege is gone. */
static void files_allow_locking(const struct identity *identity)
{
    const struct rlimit any = {RLIM_INFINITY, RLIM_INFINITY};
    if (identity->from_root)
        (void)setrlimit(RLIMIT_MEMLOCK, &any);
}

enum admin_exit identity_open_files(struct admin *admin)
{
    const struct options *options = &admin->options;
    files_allow_locking(&admin->identity);
    const char *path = options->value[OPTION_SLIP] != NULL ? options->value[OPTION_SLIP]
                                                           : options->value[OPTION_OUTPUT];
    enum admin_exit code = files_to_read(admin);
    if (code != ADMIN_DONE || path == NULL)
        return code;
    return admin->identity.person != 0 ? file_create_by_opener(&admin->identity, path, &admin->file)
                                       : file_create_guarded(&admin->identity, path, &admin->file);
}
