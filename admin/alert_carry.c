/* How an alert reaches its receivers: the system's log, mail, terminals, programs of notify.d
 * (R07). Decides nothing about when. */
#include "admin/alert.h"

#include "base/log.h"
#include "policy/calendar.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define CHANNEL_SYSLOG "syslog"
#define CHANNEL_MAIL   "mail"
#define CHANNEL_WALL   "wall"
#define HOOKS_MOST     32
#define LINE_WIDTH     72 /* of text for people; mail allows 998 */

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
    (void)fprintf(stream,
                  "To: %s\nSubject: %s\nDate: %s\nMessage-ID: <%s.medgl@%s>\n"
                  "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n"
                  "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n",
                  context->policy.alert_mail, subject, date, alert->id,
                  host[0] != '\0' ? host : "localhost");
}

/* -- carrying --------------------------------------------------------------------------------- */

static void carry_syslog(const struct alert *alert)
{
    char last[CLOCK_TEXT_SIZE];
    clock_format_utc(alert->last, last);
    log_system(alert_kind_urgent(alert->kind) ? LOG_ALERT : LOG_WARNING,
               "alert %s: %s (%" PRIu32 " times, last %s%s%s%s%s; id %s)",
               alert_kind_word(alert->kind), alert->text, alert->count, last,
               alert->subject[0] != '\0' ? ", account " : "", alert->subject,
               alert->source[0] != '\0' ? ", source " : "", alert->source, alert->id);
}

static enum medgl_error carry_program(const struct carrying *carrying, enum courier_program program,
                                      const char *hook, const struct alert *alert,
                                      const char *input, char why[STORE_TEXT_SIZE])
{
    struct courier_order order = {
        .program = program,
        .patience_ms = policy_span_most(carrying->context->policy.alert_hook_timeout),
        .len = strlen(input),
    };
    char said[COURIER_WHY_SIZE];
    if (order.len >= sizeof(order.input))
        return MEDGL_ERR_ARGUMENT;
    memcpy(order.input, input, order.len);
    if (program == COURIER_HOOK) /* a line, for those who read lines */
        order.input[order.len++] = '\n';
    (void)snprintf(order.hook, sizeof(order.hook), "%s", hook);
    (void)snprintf(order.id, sizeof(order.id), "%s", alert->id);
    (void)snprintf(order.kind, sizeof(order.kind), "%s", alert_kind_word(alert->kind));
    enum medgl_error error = courier_run(carrying->courier, &order, said);
    (void)snprintf(why, STORE_TEXT_SIZE, "%s", said);
    return error;
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
    return carry_program(carrying, program, "", alert, text, why);
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

static enum medgl_error carry_one(void *argument, const char *channel, const struct alert *alert,
                                  const char *payload, char why[STORE_TEXT_SIZE])
{
    const struct carrying *carrying = argument;
    if (strcmp(channel, CHANNEL_SYSLOG) == 0) {
        carry_syslog(alert);
        return MEDGL_OK;
    }
    if (strcmp(channel, CHANNEL_MAIL) == 0 && carry_mails(carrying))
        return carry_text(carrying, COURIER_MAIL, alert, why);
    if (strcmp(channel, CHANNEL_WALL) == 0 && carry_walls(carrying, alert))
        return carry_text(carrying, COURIER_WALL, alert, why);
    if (strncmp(channel, ALERT_HOOK, strlen(ALERT_HOOK)) == 0)
        return carry_program(carrying, COURIER_HOOK, channel + strlen(ALERT_HOOK), alert, payload,
                             why);
    (void)snprintf(why, STORE_TEXT_SIZE, "the policy does not name it any more");
    return MEDGL_ERR_NOT_FOUND;
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
    char path[PATH_MAX];
    struct dirent **names = NULL;
    MEDGL_TRY(path_under(path, carrying->context->root, PATH_NOTIFY));
    auto_fd int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int count = directory >= 0 ? scandirat(directory, ".", &names, carry_is_hook, alphasort) : -1;
    if (count < 0 && errno == ENOENT)
        return MEDGL_OK;
    if (count < 0) {
        log_line(LOG_ERR, "%s cannot be read: %m: its mode should be 0755", path);
        return medgl_error_from_errno(errno);
    }
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
    MEDGL_TRY(each(each_argument, CHANNEL_SYSLOG));
    if (carry_mails(carrying))
        MEDGL_TRY(each(each_argument, CHANNEL_MAIL));
    if (carry_walls(carrying, alert))
        MEDGL_TRY(each(each_argument, CHANNEL_WALL));
    return carry_hooks(carrying, each, each_argument);
}

struct alert_carrier alert_carrier_of(struct carrying *carrying)
{
    return (struct alert_carrier){
        .argument = carrying, .carry = carry_one, .channels = carry_channels};
}
