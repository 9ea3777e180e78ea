/* How an alert reaches its receivers: the system's log, mail, terminals, programs of notify.d
 * (R07). Decides nothing about when. */
#include "admin/alert.h"

#include "base/log.h"
#include "policy/calendar.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#define CHANNEL_MAIL  "mail"
#define CHANNEL_WALL  "wall"
#define SYSLOG_SOCKET "/dev/log"
#define HOOKS_MOST    32
#define LINE_WIDTH    72 /* of text for people; mail allows 998 */

/* -- the words -------------------------------------------------------------------------------- */

/* RFC 5322, 3.3, whatever the locale. */
static void carry_date(medgl_time t, char *text, size_t size)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(t / MEDGL_SECOND);
    struct tm tm;
    text[0] = '\0';
    if (gmtime_r(&seconds, &tm) != NULL)
        (void)snprintf(text, size, "%s, %02d %s %d %02d:%02d:%02d +0000", days[tm.tm_wday],
                       tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                       tm.tm_sec);
}

static void carry_host(char host[STORE_NAME_SIZE])
{
    if (gethostname(host, STORE_NAME_SIZE) != 0)
        host[0] = '\0';
    host[STORE_NAME_SIZE - 1] = '\0';
}

/* Words, broken into lines; a word alone is never broken. */
static void carry_wrap(FILE *stream, const char *text)
{
    size_t width = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (width > 0 && width + 1 + len > LINE_WIDTH) {
            (void)fputc('\n', stream);
            width = 0;
        }
        (void)fprintf(stream, "%s%.*s", width > 0 ? " " : "", (int)len, text);
        width += len + (width > 0);
        text += len;
        text += strspn(text, " ");
    }
    (void)fputc('\n', stream);
}

static void carry_words(FILE *stream, const struct alert *alert)
{
    char host[STORE_NAME_SIZE], first[CLOCK_LOCAL_SIZE], last[CLOCK_LOCAL_SIZE];
    carry_host(host);
    clock_format_local(alert->first, first);
    clock_format_local(alert->last, last);
    carry_wrap(stream, alert->text);
    (void)fprintf(stream, "\nKind:    %s\nHost:    %s\nTime:    %s\n", alert_kind_word(alert->kind),
                  host, first);
    if (alert->count > 1)
        (void)fprintf(stream, "Times:   %" PRIu32 ", the last one %s\n", alert->count, last);
    if (alert->subject[0] != '\0')
        (void)fprintf(stream, "Account: %s\n", alert->subject);
    if (alert->source[0] != '\0')
        (void)fprintf(stream, "Source:  %s\n", alert->source);
    (void)fprintf(stream, "Alert:   %s\n", alert->id);
}

/* Headers are ASCII, and hold no address but those of the policy. */
static void carry_headers(FILE *stream, const struct context *context, const struct alert *alert)
{
    char host[STORE_NAME_SIZE], date[64], subject[3 * STORE_NAME_SIZE];
    carry_host(host);
    carry_date(clock_read().now, date, sizeof(date));
    (void)snprintf(subject, sizeof(subject), "[medgl] %s: %s%s%s", host,
                   alert_kind_word(alert->kind), alert->subject[0] != '\0' ? " " : "",
                   alert->subject);
    for (char *at = subject; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    for (char *at = host; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && *at != '-' && *at != '.')
            *at = '-';
    (void)fprintf(stream,
                  "To: %s\nSubject: %s\nDate: %s\nMessage-ID: <%s.medgl@%s>\n"
                  "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n"
                  "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n",
                  context->policy.alert_mail, subject, date, alert->id,
                  host[0] != '\0' ? host : "localhost");
}

/* -- carrying --------------------------------------------------------------------------------- */

/* syslog(3) says nothing of a log that is not there. A private root has none of its own. */
static bool carry_finds_log(const struct carrying *carrying)
{
    const struct sockaddr_un log = {.sun_family = AF_UNIX, .sun_path = SYSLOG_SOCKET};
    if (carrying->context->root[0] != '\0')
        return true;
    for (int kind = 0; kind < 2; kind++) {
        auto_fd int fd = socket(
            AF_UNIX, (kind == 0 ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd >= 0 && connect(fd, (const struct sockaddr *)&log, sizeof(log)) == 0)
            return true;
    }
    return false;
}

static enum medgl_error carry_syslog(const struct carrying *carrying, const struct alert *alert,
                                     char why[STORE_TEXT_SIZE])
{
    char last[CLOCK_TEXT_SIZE];
    if (!carry_finds_log(carrying)) {
        (void)snprintf(why, STORE_TEXT_SIZE,
                       "nobody listens at " SYSLOG_SOCKET
                       " (%s): start systemd-journald or rsyslog",
                       strerror(errno));
        return MEDGL_ERR_IO;
    }
    clock_format_utc(alert->last, last);
    log_system(alert_kind_urgent(alert->kind) ? LOG_ALERT : LOG_WARNING,
               "alert %s: %s (%" PRIu32 " times, last %s%s%s%s%s; id %s)",
               alert_kind_word(alert->kind), alert->text, alert->count, last,
               alert->subject[0] != '\0' ? ", account " : "", alert->subject,
               alert->source[0] != '\0' ? ", source " : "", alert->source, alert->id);
    return MEDGL_OK;
}

struct matter {
    const char *id, *kind; /* for a hook's environment */
    const char *input;
};

static enum medgl_error carry_program(const struct carrying *carrying, enum courier_program program,
                                      const char *hook, const struct matter *matter,
                                      char why[STORE_TEXT_SIZE])
{
    struct courier_order order = {
        .program = program,
        .patience_ms = policy_span_most(carrying->context->policy.alert_hook_timeout),
        .len = strlen(matter->input),
    };
    char said[COURIER_WHY_SIZE];
    if (order.len >= sizeof(order.input))
        return MEDGL_ERR_ARGUMENT;
    memcpy(order.input, matter->input, order.len);
    if (program == COURIER_HOOK) /* a line, for those who read lines */
        order.input[order.len++] = '\n';
    (void)snprintf(order.hook, sizeof(order.hook), "%s", hook);
    (void)snprintf(order.id, sizeof(order.id), "%s", matter->id);
    (void)snprintf(order.kind, sizeof(order.kind), "%s", matter->kind);
    enum medgl_error error = courier_run(carrying->courier, &order, said);
    (void)snprintf(why, STORE_TEXT_SIZE, "%s", said);
    return error;
}

static enum medgl_error carry_alert(const struct carrying *carrying, enum courier_program program,
                                    const char *hook, const struct alert *alert, const char *input,
                                    char why[STORE_TEXT_SIZE])
{
    const struct matter matter = {alert->id, alert_kind_word(alert->kind), input};
    return carry_program(carrying, program, hook, &matter, why);
}

/* Words for people, with headers where they are mail. */
static enum medgl_error carry_text(const struct carrying *carrying, enum courier_program program,
                                   const struct alert *alert, char why[STORE_TEXT_SIZE])
{
    auto_free char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL)
        return MEDGL_ERR_MEMORY;
    if (program == COURIER_MAIL)
        carry_headers(stream, carrying->context, alert);
    carry_words(stream, alert);
    if (fclose(stream) != 0)
        return MEDGL_ERR_MEMORY;
    return carry_alert(carrying, program, "", alert, text, why);
}

static bool carry_mails(const struct carrying *carrying)
{
    const struct context *context = carrying->context;
    return context->root[0] == '\0' && context->policy.alert_mail[0] != '\0';
}

/* A test is for seeing whether it works, so it goes there too. */
static bool carry_walls(const struct carrying *carrying, const struct alert *alert)
{
    const struct context *context = carrying->context;
    return context->root[0] == '\0' && context->policy.alert_wall == POLICY_YES &&
           (alert_kind_urgent(alert->kind) || alert->kind == ALERT_TEST);
}

/* Also where it can be read, but a file in it not be looked at. */
static bool carry_hooks_readable(const struct carrying *carrying, char why[STORE_TEXT_SIZE])
{
    char path[PATH_MAX];
    if (path_under(path, carrying->context->root, PATH_NOTIFY) != MEDGL_OK)
        return false;
    auto_fd int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if ((directory >= 0 && faccessat(directory, ".", X_OK, AT_EACCESS) == 0) ||
        (directory < 0 && errno == ENOENT))
        return true;
    (void)snprintf(why, STORE_TEXT_SIZE,
                   "%.256s cannot be read (%s): it should be a directory of mode 0755", path,
                   strerror(errno));
    return false;
}

static enum medgl_error carry_one(void *argument, const char *channel, const struct alert *alert,
                                  const char *payload, char why[STORE_TEXT_SIZE])
{
    const struct carrying *carrying = argument;
    if (strcmp(channel, ALERT_SYSLOG) == 0)
        return carry_syslog(carrying, alert, why);
    if (strcmp(channel, CHANNEL_MAIL) == 0 && carry_mails(carrying))
        return carry_text(carrying, COURIER_MAIL, alert, why);
    if (strcmp(channel, CHANNEL_WALL) == 0 && carry_walls(carrying, alert))
        return carry_text(carrying, COURIER_WALL, alert, why);
    if (strncmp(channel, ALERT_HOOK, strlen(ALERT_HOOK)) == 0)
        return carry_alert(carrying, COURIER_HOOK, channel + strlen(ALERT_HOOK), alert, payload,
                           why);
    if (strcmp(channel, ALERT_HOOKS) == 0 && !carry_hooks_readable(carrying, why))
        return MEDGL_ERR_ACCESS;
    (void)snprintf(why, STORE_TEXT_SIZE, "the policy does not name it any more");
    return MEDGL_ERR_NOT_FOUND;
}

static enum medgl_error carry_hand(void *argument, const char *channel, const char *id,
                                   const char *kind, const char *payload, char why[STORE_TEXT_SIZE])
{
    const struct matter matter = {id, kind, payload};
    return carry_program(argument, COURIER_HOOK, channel + strlen(ALERT_HOOK), &matter, why);
}

/* -- the receivers ---------------------------------------------------------------------------- */

static int carry_is_hook(const struct dirent *entry)
{
    return alert_hook_name(entry->d_name);
}

/* One that is executable is a receiver, even where it is not as it must be: its delivery waits
 * then, and says why. */
static enum medgl_error carry_hook(int directory, const char *name,
                                   enum medgl_error (*each)(void *each_argument,
                                                            const char *channel),
                                   void *each_argument)
{
    char channel[sizeof(ALERT_HOOK) + ALERT_HOOK_SIZE];
    struct stat st;
    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(st.st_mode) ||
        (st.st_mode & 0111) == 0)
        return MEDGL_OK;
    (void)snprintf(channel, sizeof(channel), ALERT_HOOK "%.*s", ALERT_HOOK_SIZE - 1, name);
    return each(each_argument, channel);
}

static enum medgl_error carry_hooks(const struct carrying *carrying,
                                    enum medgl_error (*each)(void *each_argument,
                                                             const char *channel),
                                    void *each_argument)
{
    char path[PATH_MAX], why[STORE_TEXT_SIZE];
    struct dirent **names = NULL;
    if (!carry_hooks_readable(carrying, why)) /* who is told there turns out when it can be read */
        return each(each_argument, ALERT_HOOKS);
    MEDGL_TRY(path_under(path, carrying->context->root, PATH_NOTIFY));
    auto_fd int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int count = directory >= 0 ? scandirat(directory, ".", &names, carry_is_hook, alphasort) : -1;
    if (count < 0 && errno == ENOENT)
        return MEDGL_OK;
    if (count < 0)
        return medgl_error_from_errno(errno);
    if (count > HOOKS_MOST)
        log_line(LOG_ERR, "%s: only the first %d programs are run", path, HOOKS_MOST);
    enum medgl_error error = MEDGL_OK;
    for (int i = 0; i < count; i++) {
        if (error == MEDGL_OK && i < HOOKS_MOST)
            error = carry_hook(directory, names[i]->d_name, each, each_argument);
        free(names[i]);
    }
    free(names);
    return error;
}

static enum medgl_error carry_channels(void *argument, const struct alert *alert,
                                       enum medgl_error (*each)(void *each_argument,
                                                                const char *channel),
                                       void *each_argument)
{
    const struct carrying *carrying = argument;
    MEDGL_TRY(each(each_argument, ALERT_SYSLOG));
    if (carry_mails(carrying))
        MEDGL_TRY(each(each_argument, CHANNEL_MAIL));
    if (carry_walls(carrying, alert))
        MEDGL_TRY(each(each_argument, CHANNEL_WALL));
    return carry_hooks(carrying, each, each_argument);
}

struct alert_carrier alert_carrier_of(struct carrying *carrying)
{
    return (struct alert_carrier){
        .argument = carrying, .carry = carry_one, .channels = carry_channels, .hand = carry_hand};
}
