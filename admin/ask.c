/* Questions on the terminal. Never asks where nobody can answer. */
#include "admin/admin.h"

#include "base/file.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>

#define ANSWER_SIZE 4096 /* a terminal takes no longer line */

bool ask_possible(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool ask_is_ours(void)
{
    return ask_possible() && tcgetpgrp(STDIN_FILENO) >= 0 && tcgetpgrp(STDERR_FILENO) >= 0;
}

/* -- stops ------------------------------------------------------------------------------------ */

/* What a terminal stops programs with. In the background no terminal is read or changed: hence the
 * two others at each question. */
static void stops_set(int how, bool typed)
{
    sigset_t stops;
    (void)sigemptyset(&stops);
    (void)sigaddset(&stops, SIGTTIN);
    (void)sigaddset(&stops, SIGTTOU);
    if (typed)
        (void)sigaddset(&stops, SIGTSTP);
    (void)sigprocmask(how, &stops, NULL);
}

void ask_hold_stops(void)
{
    stops_set(SIG_BLOCK, true);
}

bool ask_to_type(const char *question, const char *word)
{
    auto_free char *line = NULL;
    size_t size = 0;
    (void)fprintf(stderr, "%s ", question);
    stops_set(SIG_UNBLOCK, true);
    ssize_t len = getline(&line, &size, stdin);
    ask_hold_stops();
    if (len <= 0)
        return false;
    line[strcspn(line, "\n")] = '\0';
    return strcmp(line, word) == 0;
}

/* -- silence ---------------------------------------------------------------------------------- */

/* While it lasts, signals that would end or stop us wait until the terminal is as it was. */
static struct {
    bool on;
    int signals;
    struct termios before;
    sigset_t mask;
} silence;

/* What was typed ahead is dropped: what was shown can be no secret, and what came before a question
 * that is asked anew is no answer to it. */
static enum medgl_error silence_set(void)
{
    struct termios silent = silence.before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    return tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0 ? MEDGL_OK
                                                            : medgl_error_from_errno(errno);
}

/* What nobody asked for any more is dropped: the shell would show it. */
static enum medgl_error silence_end(void)
{
    enum medgl_error error = MEDGL_OK;
    if (!silence.on)
        return MEDGL_OK;
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silence.before) != 0)
        error = medgl_error_from_errno(errno);
    (void)close(silence.signals);
    silence.on = false;
    (void)sigprocmask(SIG_SETMASK, &silence.mask, NULL);
    return error;
}

static enum medgl_error silence_begin(void)
{
    static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGALRM};
    sigset_t set;
    if (silence.on)
        return silence_set();
    (void)sigemptyset(&set);
    for (size_t i = 0; i < MEDGL_COUNT(caught); i++)
        (void)sigaddset(&set, caught[i]);
    if (tcgetattr(STDIN_FILENO, &silence.before) != 0)
        return medgl_error_from_errno(errno);
    silence.signals = signalfd(-1, &set, SFD_CLOEXEC);
    if (silence.signals < 0)
        return medgl_error_from_errno(errno);
    (void)sigprocmask(SIG_BLOCK, &set, &silence.mask);
    silence.on = true;
    const enum medgl_error error = silence_set();
    if (error != MEDGL_OK)
        (void)silence_end();
    return error;
}

/* Waits for a line or a signal. MEDGL_ERR_CONFLICT: `*signal_number` came before. */
static enum medgl_error secret_wait(struct secret *answer, int *signal_number)
{
    struct pollfd ready[] = {{.fd = silence.signals, .events = POLLIN},
                             {.fd = STDIN_FILENO, .events = POLLIN}};
    struct signalfd_siginfo info;
    if (poll(ready, MEDGL_COUNT(ready), -1) < 0)
        return errno == EINTR ? MEDGL_OK : medgl_error_from_errno(errno);
    if (ready[0].revents != 0) {
        if (read(silence.signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
            return MEDGL_ERR_IO;
        *signal_number = (int)info.ssi_signo;
        return MEDGL_ERR_CONFLICT;
    }
    ssize_t got = read(STDIN_FILENO, answer->bytes, answer->cap);
    if (got < 0)
        return medgl_error_from_errno(errno);
    if (got == 0) /* Ctrl-D */
        return MEDGL_ERR_ABORTED;
    answer->len = (size_t)got;
    return MEDGL_OK;
}

static enum medgl_error secret_ask(const char *question, struct secret *answer, int *signal_number)
{
    enum medgl_error error = MEDGL_OK;
    (void)fprintf(stderr, "%s ", question);
    while (error == MEDGL_OK && answer->len == 0)
        error = secret_wait(answer, signal_number);
    (void)fprintf(stderr, "\n");
    return error;
}

static enum medgl_error secret_until_said(const char *question, struct secret *answer)
{
    const bool alone = !silence.on; /* else it goes on behind this question */
    int signal_number = 0;
    enum medgl_error error;
    for (;;) {
        if (!silence.on)
            MEDGL_TRY(silence_begin());
        error = secret_ask(question, answer, &signal_number);
        if (alone || error == MEDGL_ERR_CONFLICT) {
            const enum medgl_error ended = silence_end();
            error = error == MEDGL_OK ? ended : error;
        }
        if (error != MEDGL_ERR_CONFLICT)
            return error;
        stops_set(SIG_UNBLOCK, true);
        (void)raise(signal_number); /* ends or stops us here; who goes on is asked anew */
        ask_hold_stops();
        stops_set(SIG_UNBLOCK, false);
    }
}

enum medgl_error ask_secretly(const char *question, struct secret *answer)
{
    MEDGL_TRY(secret_alloc(answer, ANSWER_SIZE));
    stops_set(SIG_UNBLOCK, false);
    const enum medgl_error error = secret_until_said(question, answer);
    ask_hold_stops();
    if (error == MEDGL_OK && answer->bytes[answer->len - 1] == '\n')
        answer->bytes[--answer->len] = '\0';
    return error;
}

enum medgl_error ask_passphrase(void *argument, struct secret *answer)
{
    (void)argument;
    if (!ask_possible()) {
        complain(_("The key has a passphrase: run this on a terminal, where it can be asked for."));
        return MEDGL_ERR_ABORTED;
    }
    return ask_secretly(_("Passphrase of the key:"), answer);
}

/* -- an operation's words --------------------------------------------------------------------- */

static enum medgl_error talk_read(struct secret *answer)
{
    char line[ANSWER_SIZE];
    stops_set(SIG_UNBLOCK, true);
    const ssize_t got = read(STDIN_FILENO, line, sizeof(line));
    ask_hold_stops();
    if (got <= 0)
        return MEDGL_ERR_ABORTED;
    const size_t len = (size_t)got - (line[got - 1] == '\n');
    const enum medgl_error error = secret_copy(answer, line, len);
    secret_wipe(line, sizeof(line));
    return error;
}

static enum medgl_error talk_ask(void *carrier, enum talk_style style, enum talk_meaning meaning,
                                 const char *prompt, struct secret *answer)
{
    char question[512];
    (void)carrier;
    (void)snprintf(question, sizeof(question), "%s", prompt);
    for (size_t len = strlen(question); len > 0 && question[len - 1] == ' '; len--)
        question[len - 1] = '\0'; /* one is put behind it */
    if (style == TALK_SECRET) {
        MEDGL_TRY(ask_secretly(question, answer));
    } else {
        (void)fprintf(stderr, "%s ", question);
        MEDGL_TRY(talk_read(answer));
    }
    return answer->len > 0 || meaning == TALK_CODE ? MEDGL_OK : MEDGL_ERR_ABORTED;
}

/* Past any buffer: a secret may be in it. */
static void talk_say(void *carrier, const char *message)
{
    (void)carrier;
    (void)file_write(STDERR_FILENO, message, strlen(message));
    (void)file_write(STDERR_FILENO, "\n", 1);
}

static enum medgl_error talk_hide_typing(void *carrier, bool hidden)
{
    (void)carrier;
    stops_set(SIG_UNBLOCK, false);
    const enum medgl_error error = hidden ? silence_begin() : silence_end();
    ask_hold_stops();
    return error;
}

enum medgl_error ask_line(const char *question, char *line, size_t size)
{
    auto_secret struct secret answer = SECRET_NONE;
    MEDGL_TRY(talk_ask(NULL, TALK_VISIBLE, TALK_CODE, question, &answer));
    const char *text = answer.bytes != NULL ? (const char *)answer.bytes : "";
    text += strspn(text, " ");
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == ' ')
        len--;
    line[0] = '\0';
    if (len >= size)
        return MEDGL_ERR_ARGUMENT;
    memcpy(line, text, len);
    line[len] = '\0';
    return MEDGL_OK;
}

struct talk ask_talk(void)
{
    return (struct talk){
        .ask = talk_ask, .inform = talk_say, .warn = talk_say, .hide = talk_hide_typing};
}
