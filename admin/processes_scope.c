/* Which session of logind a process is in, by what the kernel says of its cgroup. */
#include "admin/processes.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What systemd made: its own hierarchy, or the one that all share. NULL: another line. */
static const char *line_path(const char *line)
{
    static const char shared[] = "0::", own[] = ":name=systemd:";
    if (strncmp(line, shared, strlen(shared)) == 0)
        return line + strlen(shared);
    const size_t number = strspn(line, "0123456789");
    return number > 0 && strncmp(line + number, own, strlen(own)) == 0 ? line + number + strlen(own)
                                                                       : NULL;
}

/* MUST: the whole path. Below and beside it a user may make cgroups of any name. */
static bool path_scope(const char *path, uid_t uid, char scope[PROCESSES_SCOPE_SIZE])
{
    static const char end[] = ".scope\n";
    char begin[64];
    const int len =
        snprintf(begin, sizeof(begin), "/user.slice/user-%" PRIu32 ".slice/session-", uid);
    if (strncmp(path, begin, (size_t)len) != 0)
        return false;
    path += len;
    size_t id = 0;
    while (isalnum((unsigned char)path[id]))
        id++;
    if (id == 0 || id >= PROCESSES_SCOPE_SIZE || strncmp(path + id, end, strlen(end)) != 0)
        return false;
    (void)snprintf(scope, PROCESSES_SCOPE_SIZE, "%.*s", (int)id, path);
    return true;
}

static const char *line_next(const char *line)
{
    const char *end = strchr(line, '\n');
    return end == NULL ? "" : end + 1;
}

bool processes_scope(const char *cgroup, uid_t uid, char scope[PROCESSES_SCOPE_SIZE])
{
    char one[PROCESSES_SCOPE_SIZE];
    scope[0] = '\0';
    for (const char *line = cgroup; line[0] != '\0'; line = line_next(line)) {
        const char *path = line_path(line);
        if (path == NULL || !path_scope(path, uid, one))
            continue;
        if (scope[0] != '\0' && strcmp(scope, one) != 0) {
            scope[0] = '\0';
            return false;
        }
        memcpy(scope, one, sizeof(one));
    }
    return scope[0] != '\0';
}

bool processes_are_users(const char *cgroup)
{
    static const char slice[] = "/user.slice/";
    for (const char *line = cgroup; line[0] != '\0'; line = line_next(line)) {
        const char *path = line_path(line);
        if (path != NULL && strncmp(path, slice, strlen(slice)) == 0)
            return true;
    }
    return false;
}
