/* Telling of what cannot be written down: the store is damaged, full, or cannot be opened (R07,
 * R08). Nothing is tried again, and nothing is recorded.
 *
 * MUSTs: needs no space on the disk once it is prepared; tells no more often than once an hour of
 * each installation. */
#include "operation/alert.h"

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* An empty file: when it was changed is when that was done last. */
#define STRAIGHT_STAMP    MEDGL_STATEDIR "/alerts.straight"
#define STRAIGHT_SMALL    STRAIGHT_STAMP ".breakglass" /* also while all that is theirs is lost */
#define STRAIGHT_CHANNELS 64
#define STRAIGHT_FLAGS    (O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static bool stamp_is_fresh(const struct stat *st)
{
    const medgl_time now = clock_read().now;
    const medgl_time then = (medgl_time)st->st_mtim.tv_sec * MEDGL_SECOND;
    return then <= now && now - then < MEDGL_HOUR;
}

static enum medgl_error stamp_path(const struct context *context, char path[PATH_MAX])
{
    return path_under(path, context->root,
                      context->place == CONTEXT_MAIN ? STRAIGHT_STAMP : STRAIGHT_SMALL);
}

bool alert_straight_lately(const struct context *context)
{
    char path[PATH_MAX];
    struct stat st;
    return stamp_path(context, path) == MEDGL_OK && lstat(path, &st) == 0 && stamp_is_fresh(&st);
}

static int stamp_make(const char *path)
{
    const struct timespec never[2] = {{.tv_sec = 0}, {.tv_sec = 0}};
    auto_fd int fd = open(path, STRAIGHT_FLAGS | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || futimens(fd, never) != 0)
        return -1;
    return auto_give_fd(fd);
}

void alert_straight_prepare(const struct context *context)
{
    char path[PATH_MAX];
    struct stat st;
    if (stamp_path(context, path) != MEDGL_OK || lstat(path, &st) == 0)
        return;
    const int fd = stamp_make(path);
    if (fd >= 0)
        (void)close(fd);
}

static bool stamp_set(const struct context *context)
{
    char path[PATH_MAX];
    if (stamp_path(context, path) != MEDGL_OK)
        return false;
    auto_fd int fd = open(path, STRAIGHT_FLAGS);
    if (fd < 0 && errno == ENOENT)
        fd = stamp_make(path);
    return fd >= 0 && futimens(fd, NULL) == 0;
}

/* -- the receivers ---------------------------------------------------------------------------- */

struct straight {
    char channel[STRAIGHT_CHANNELS][STORE_NAME_SIZE];
    size_t count;
};

static enum medgl_error straight_take(void *argument, const char *channel)
{
    struct straight *straight = argument;
    if (straight->count == STRAIGHT_CHANNELS)
        return MEDGL_ERR_ARGUMENT;
    return text_copy(straight->channel[straight->count++], STORE_NAME_SIZE, channel);
}

static void straight_carry(const struct alert_carrier *carrier, const struct alert *alert,
                           const char *payload, const char *channel)
{
    char why[STORE_TEXT_SIZE] = "";
    enum medgl_error error = carrier->carry(carrier->argument, channel, alert, payload, why);
    if (error != MEDGL_OK)
        log_line(LOG_ERR, "alert %s could not be delivered to %s: %s: it is not tried again",
                 alert->id, channel, why[0] != '\0' ? why : medgl_error_text(error));
}

/* In the order in which they are named: the log, words, programs of the site. */
static enum medgl_error straight_tell(const struct alert_carrier *carrier,
                                      const struct alert *alert)
{
    auto_free char *payload = NULL;
    auto_free struct straight *straight = calloc(1, sizeof(*straight));
    if (straight == NULL)
        return MEDGL_ERR_MEMORY;
    MEDGL_TRY(alert_payload(alert, &payload));
    enum medgl_error error = carrier->channels(carrier->argument, alert, straight_take, straight);
    for (size_t i = 0; i < straight->count; i++)
        straight_carry(carrier, alert, payload, straight->channel[i]);
    return error;
}

enum medgl_error alert_straight(const struct context *context, const struct alert_carrier *carrier,
                                enum alert_kind kind, const char *text)
{
    struct alert alert = {.kind = kind, .count = 1};
    if (alert_straight_lately(context))
        return MEDGL_OK;
    if (carrier == NULL || !stamp_set(context)) {
        log_system(LOG_ALERT, "%s", text);
        return MEDGL_OK;
    }
    alert.first = alert.last = clock_read().now;
    text_printable(alert.text, sizeof(alert.text), text);
    MEDGL_TRY(crypto_random_id(alert.id));
    return straight_tell(carrier, &alert);
}
