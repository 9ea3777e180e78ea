/* Reads files of the host for doctor. Whoever wrote them may have meant harm: nothing is executed,
 * no device is opened, nothing waits, and what is read is bounded. */
#include "operation/doctor.h"

#include "base/auto.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define READ_FILE_MAX  (4 * 1024 * 1024)
#define READ_FILES_MAX 4096

const char doctor_no_file[] = "there is no such file";
static const char read_too_large[] = "it is larger than 4 MiB";

void doctor_text_free(struct doctor_text *text)
{
    free(text->bytes);
    *text = (struct doctor_text){NULL, NULL};
}

/* All bytes of what was opened, with a NUL behind them and none between. */
static const char *read_all(int fd, struct doctor_text *text)
{
    size_t len = 0;
    ssize_t got;
    auto_free char *bytes = malloc(READ_FILE_MAX + 1);
    if (bytes == NULL)
        return strerror(ENOMEM);
    while (len < READ_FILE_MAX + 1 && (got = read(fd, bytes + len, READ_FILE_MAX + 1 - len)) != 0) {
        if (got < 0)
            return strerror(errno);
        len += (size_t)got;
    }
    if (len > READ_FILE_MAX)
        return read_too_large;
    for (size_t i = 0; i < len; i++)
        if (bytes[i] == '\0')
            bytes[i] = '?';
    bytes[len] = '\0';
    text->bytes = text->rest = auto_give(bytes);
    return NULL;
}

/* Opens for reading what is open by its name alone. Not by the name again: that may be a device by
 * now. */
static int open_again(int named)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", named);
    return open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* A device or a pipe MUST NOT be opened to see what it is: opening one can rewind a tape or start a
 * watchdog. */
const char *doctor_read(const struct doctor *doctor, const char *name, struct doctor_text *text)
{
    char path[PATH_MAX];
    struct stat st;
    *text = (struct doctor_text){NULL, NULL};
    if (path_under(path, doctor->root, name) != MEDGL_OK)
        return strerror(ENAMETOOLONG);
    auto_fd int named = open(path, O_PATH | O_CLOEXEC);
    if (named < 0 || fstat(named, &st) != 0)
        return errno == ENOENT || errno == ENOTDIR ? doctor_no_file : strerror(errno);
    if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
        return (text->bytes = text->rest = strdup("")) != NULL ? NULL : strerror(ENOMEM);
    if (!S_ISREG(st.st_mode))
        return "it is not a regular file";
    auto_fd int fd = open_again(named);
    return fd >= 0 ? read_all(fd, text) : strerror(errno);
}

char *doctor_line(struct doctor_text *text)
{
    if (text->rest == NULL || text->rest[0] == '\0')
        return NULL;
    return strsep(&text->rest, "\n");
}

void doctor_join(struct doctor_text *text)
{
    for (char *at = text->bytes; at != NULL && (at = strstr(at, "\\\n")) != NULL;)
        at[0] = at[1] = ' ';
}

bool doctor_open(struct doctor *doctor, const char *check, const char *name,
                 struct doctor_text *text)
{
    const char *why = doctor_read(doctor, name, text);
    if (why != NULL && why != doctor_no_file)
        doctor_say(doctor, DOCTOR_WARNING, check,
                   "%s%s cannot be read, and may say anything: %s: put it right, or run this as "
                   "root",
                   doctor->root, name, why);
    return why == NULL;
}

void doctor_each_file(struct doctor *doctor, const char *check, const char *directory,
                      const char *suffix,
                      void (*each)(struct doctor *doctor, const char *path, void *argument),
                      void *argument)
{
    char path[PATH_MAX];
    struct dirent **names = NULL;
    if (path_under(path, doctor->root, directory) != MEDGL_OK)
        return;
    int count = scandir(path, &names, NULL, alphasort);
    if (count < 0 && errno != ENOENT && errno != ENOTDIR)
        doctor_say(doctor, DOCTOR_WARNING, check, "%s cannot be read: %s: run this as root", path,
                   strerror(errno));
    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        size_t len = strlen(name), end = strlen(suffix);
        int size = snprintf(path, sizeof(path), "%s/%s", directory, name);
        if (name[0] != '.' && len >= end && strcmp(name + len - end, suffix) == 0 &&
            size < (int)sizeof(path) && i < READ_FILES_MAX)
            each(doctor, path, argument);
        free(names[i]);
    }
    free(names);
}

bool doctor_is_there(const struct doctor *doctor, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    return path_under(path, doctor->root, name) == MEDGL_OK && lstat(path, &st) == 0;
}
