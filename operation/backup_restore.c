/* Putting a backup in the place of what is there (R36). It is opened, proved and written to beside
 * the state directory; only then the two are exchanged. Nothing that was there is destroyed. This
 * is the half that has the directories, with root's rights where there are any.
 *
 * MUST: what a backup holds is read by the store's owner alone, in a process of its own
 * (backup_rebuild.c). */
#include "operation/backup_rebuild.h"

#include "base/auto.h"
#include "base/file.h"
#include "operation/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* -- what the two halves say to each other -------------------------------------------------------
 */

enum medgl_error restore_send(int socket, const struct restore_message *message)
{
    return send(socket, message, sizeof(*message), MSG_NOSIGNAL) == (ssize_t)sizeof(*message)
               ? MEDGL_OK
               : MEDGL_ERR_PEER;
}

enum medgl_error restore_receive(int socket, struct restore_message *message)
{
    ssize_t got;
    do
        got = recv(socket, message, sizeof(*message), 0);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(*message) ? MEDGL_OK : MEDGL_ERR_PEER;
}

/* -- running the other one -----------------------------------------------------------------------
 */

static void restore_take(const struct restore_message *message, struct backup_restored *restored)
{
    restored->found = message->found;
    memcpy(restored->key_back, message->key_back, sizeof(restored->key_back));
    restored->lost = message->lost;
    restored->redone = message->redone;
    restored->codes_since = message->codes_since;
    restored->codes_open = message->codes_open;
}

static enum medgl_error restore_serve(const struct switch_plan *plan, int socket,
                                      struct backup_restored *restored, char why[])
{
    const struct backup_restore_request *request = plan->request;
    struct switch_plan now = *plan;
    struct restore_message message;
    for (;;) {
        if (restore_receive(socket, &message) != MEDGL_OK)
            return MEDGL_ERR_IO;
        message.text[sizeof(message.text) - 1] = message.name[sizeof(message.name) - 1] = '\0';
        switch (message.word) {
        case RESTORE_FAULT:
            request->from.fault(request->from.argument, message.seq, message.text);
            break;
        case RESTORE_LOST:
            if (request->lost != NULL)
                request->lost(request->from.argument, message.seq, message.time, message.text,
                              message.name);
            break;
        case RESTORE_OPEN:
            if (request->open != NULL)
                request->open(request->from.argument, message.name, (uint32_t)message.seq);
            break;
        case RESTORE_READY:
            memcpy(now.new_key, message.new_key, sizeof(now.new_key));
            now.set_up = switch_is_set_up(request);
            message.text[0] = '\0';
            message.error = switch_now(&now, restored, message.text);
            message.word = RESTORE_SWITCHED;
            MEDGL_TRY(restore_send(socket, &message));
            break;
        case RESTORE_SWITCHED:
            return MEDGL_ERR_IO;
        case RESTORE_DONE:
            restore_take(&message, restored);
            (void)snprintf(why, BACKUP_WHY_SIZE, "%.*s", BACKUP_WHY_SIZE - 1, message.text);
            return message.error;
        }
    }
}

/* The key in locked pages stays with this process: it goes through a pipe. */
static enum medgl_error restore_give_key(const struct secret *pem, int *from)
{
    int ends[2];
    if (pem->len > RESTORE_KEY_MAX)
        return MEDGL_ERR_ARGUMENT;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return medgl_error_from_errno(errno);
    *from = ends[0];
    enum medgl_error error = file_write(ends[1], pem->bytes, pem->len);
    (void)close(ends[1]);
    return error;
}

static enum medgl_error restore_in_child(const struct switch_plan *plan,
                                         struct backup_restored *restored, char why[])
{
    const struct backup_restore_request *request = plan->request;
    auto_fd int key = -1;
    char kept[PATH_MAX], beneath[PATH_MAX];
    int ends[2], status;
    (void)snprintf(beneath, sizeof(beneath), RESTORE_KEPT "%s", plan->time);
    MEDGL_TRY(path_under(kept, request->root, beneath));
    MEDGL_TRY(restore_give_key(request->from.key.pem, &key));
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return medgl_error_from_errno(errno);
    auto_fd int ours = ends[0], theirs = ends[1];
    const pid_t child = fork();
    if (child < 0)
        return medgl_error_from_errno(errno);
    if (child == 0) {
        (void)close(ours);
        restore_child(request, theirs, key, kept);
    }
    (void)close(auto_give_fd(theirs));
    enum medgl_error error = restore_serve(plan, ours, restored, why);
    (void)close(auto_give_fd(ours));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return medgl_error_from_errno(errno);
    return error;
}

/* The directory that all is staged in, of the store's owner. */
static enum medgl_error restore_stage(const struct backup_restore_request *request,
                                      char path[PATH_MAX])
{
    MEDGL_TRY(path_under(path, request->root, RESTORE_STAGE));
    return file_directory(path, request->owner, request->group, 0700);
}

static void restore_time(char time[32])
{
    char now[CLOCK_TEXT_SIZE];
    size_t used = 0;
    clock_format_utc(clock_read().now, now);
    for (const char *at = now; *at != '\0'; at++)
        if (*at != '-' && *at != ':')
            time[used++] = *at;
    time[used] = '\0';
}

enum medgl_error operation_backup_restore(const struct backup_restore_request *request,
                                          struct backup_restored *restored, char why[])
{
    struct switch_plan plan = {.request = request};
    char stage[PATH_MAX] = "";
    const mode_t mask = umask(022);
    *restored = (struct backup_restored){.lost = 0};
    why[0] = '\0';
    restore_time(plan.time);
    enum medgl_error error = setup_make_directories(request->root, request->owner, request->group);
    if (error == MEDGL_OK)
        error = switch_check(request, why);
    if (error == MEDGL_OK)
        error = restore_stage(request, stage);
    if (error == MEDGL_OK)
        error = restore_in_child(&plan, restored, why);
    if (stage[0] != '\0')
        (void)rmdir(stage);
    switch_forget(request, false);
    if (restored->kept[0] != '\0' && access(restored->kept, F_OK) != 0)
        restored->kept[0] = '\0'; /* there was nothing in it */
    (void)umask(mask);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_ERR_IO : error; /* no account was looked for */
}
