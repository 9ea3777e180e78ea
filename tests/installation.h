/* An installation for each case of a test program: made once and copied, with its keys. To make one
 * takes SQLite longer, under sanitizers, than most cases take. A second one beside another is made
 * anew, for it may have to have other keys; so is each one where FIXTURE_ANEW is true, for tests
 * that are about what setup makes. */
#ifndef MEDGL_TESTS_INSTALLATION_H
#define MEDGL_TESTS_INSTALLATION_H

#include "operation/setup.h"

#include "base/file.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where roots are made. A test that makes very many defines it as a file system in memory. */
#ifndef FIXTURE_IN
#define FIXTURE_IN "/tmp"
#endif
#ifndef FIXTURE_ANEW
#define FIXTURE_ANEW false
#endif

static char installation_first[sizeof(FIXTURE_IN "/medgl-first-XXXXXX")]; /* "": none */
static const char *installation_to;
static pid_t installation_maker;
static unsigned installations; /* that are open */

static inline enum medgl_error set_up(const char *root)
{
    const struct setup_request request = {.root = root,
                                          .origin = "test.example/medgl",
                                          .owner = geteuid(),
                                          .group = getegid(),
                                          .actor = {.uid = -1}};
    return operation_setup(&request);
}

static inline int installation_remove_one(const char *path, const struct stat *st, int type,
                                          struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline void installation_forget(void)
{
    if (getpid() == installation_maker && installation_first[0] != '\0')
        (void)nftw(installation_first, installation_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    installation_first[0] = '\0';
}

static inline int installation_copy_one(const char *path, const struct stat *st, int type,
                                        struct FTW *ftw)
{
    char to[PATH_MAX];
    const int len =
        snprintf(to, sizeof(to), "%s%s", installation_to, path + strlen(installation_first));
    if (len < 0 || (size_t)len >= sizeof(to))
        return 1;
    if (ftw->level == 0)
        return 0;
    if (type == FTW_D)
        return mkdir(to, 0700) != 0 || chmod(to, st->st_mode & 07777) != 0;
    auto_fd int in = open(path, O_RDONLY | O_CLOEXEC);
    auto_fd int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (type != FTW_F || in < 0 || out < 0 || fchmod(out, st->st_mode & 07777) != 0)
        return 1;
    for (off_t left = st->st_size; left > 0;) {
        const ssize_t sent = sendfile(out, in, NULL, (size_t)left);
        if (sent <= 0)
            return 1;
        left -= sent;
    }
    return futimens(out, (const struct timespec[]){st->st_atim, st->st_mtim}) != 0;
}

/* Into a directory that is there and empty. */
static inline enum medgl_error installation_make(const char *root)
{
    char first[] = FIXTURE_IN "/medgl-first-XXXXXX";
    if (installations++ > 0 || FIXTURE_ANEW)
        return set_up(root);
    if (installation_first[0] == '\0') {
        if (mkdtemp(first) == NULL)
            return MEDGL_ERR_IO;
        (void)memcpy(installation_first, first, sizeof(first));
        installation_maker = getpid();
        const enum medgl_error error =
            atexit(installation_forget) != 0 ? MEDGL_ERR_IO : set_up(first);
        if (error != MEDGL_OK) {
            installation_forget(); /* half of one is nothing to copy */
            return error;
        }
    }
    installation_to = root;
    return nftw(installation_first, installation_copy_one, 8, FTW_PHYS) == 0 ? MEDGL_OK
                                                                             : MEDGL_ERR_IO;
}

static inline void installation_closed(void)
{
    installations -= installations > 0;
}

#endif
