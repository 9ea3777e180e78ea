/* An engine that misbehaves as the file `behaviour` under its private root says. Decides nothing:
 * it shows what the module makes of an engine that is broken, hostile or dead. */
#include "base/auto.h"
#include "engine/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

static struct wire_message request;

static void verdict(uint64_t result)
{
    struct wire_message message;
    wire_begin(&message, WIRE_VERDICT);
    wire_put_number(&message, WIRE_RESULT, result);
    (void)wire_send(WIRE_FD, &message, 1000);
}

static void raw(const void *bytes, size_t len)
{
    (void)send(WIRE_FD, bytes, len, MSG_NOSIGNAL);
}

/* Until the module leaves. */
static void silence(void)
{
    struct pollfd peer = {.fd = WIRE_FD};
    (void)poll(&peer, 1, -1);
}

/* Sends a PROMPT; the ANSWER ends in `answer`. */
static bool prompt(uint64_t style, uint64_t remember, const char *text, struct wire_message *answer)
{
    wire_begin(answer, WIRE_PROMPT);
    wire_put_number(answer, WIRE_STYLE, style);
    wire_put_number(answer, WIRE_REMEMBER, remember);
    wire_put_text(answer, WIRE_TEXT, text);
    return wire_send(WIRE_FD, answer, 1000) == 0 && wire_receive(WIRE_FD, answer, 5000) == 0 &&
           answer->kind == WIRE_ANSWER;
}

/* -- misbehaviour --------------------------------------------------------------------------- */

static void closes(void)
{
}

static void crashes(void)
{
    (void)raise(SIGKILL);
}

static void garbage(void)
{
    raw("\xde\xad\xbe\xef\x00\x01\x02\x03", 8);
}

static void empty_packet(void)
{
    raw("", 0);
    silence();
}

/* A success in front, more bytes behind it than a message may have. */
static void oversize(void)
{
    static unsigned char bytes[WIRE_MESSAGE_MAX + 1] = "MGL1\x04\x14\x00\x08\0\0\0\0\0\0\0\x01";
    raw(bytes, sizeof(bytes));
}

static void other_version(void)
{
    raw("MGL2\x04\x14\x00\x08\0\0\0\0\0\0\0\x01", 16);
}

static void truncated(void)
{
    raw("MGL1\x04\x14\x00\x08\0\0\0\0\0\0\0", 15);
}

static void trailing(void)
{
    raw("MGL1\x04\x14\x00\x08\0\0\0\0\0\0\0\x01\0", 17);
}

static void two_results(void)
{
    raw("MGL1\x04\x14\x00\x08\0\0\0\0\0\0\0\x03\x14\x00\x08\0\0\0\0\0\0\0\x01", 27);
}

static void no_result(void)
{
    raw("MGL1\x04", 5);
}

static void unknown_field(void)
{
    raw("MGL1\x04\x14\x00\x08\0\0\0\0\0\0\0\x01\x3f\x00\x00", 19);
}

static void wrong_kind(void)
{
    raw(request.bytes, request.len);
}

static void answers_itself(void)
{
    raw("MGL1\x03\x11\x00\x00", 8);
}

static void result_0(void)
{
    verdict(0);
}

static void result_12(void)
{
    verdict(WIRE_RESULT_CONV_ERR + 1);
}

/* WIRE_RESULT_SUCCESS in its lower half. */
static void result_huge(void)
{
    verdict(UINT64_C(0x100000001));
}

static void unavailable(void)
{
    verdict(WIRE_RESULT_UNAVAILABLE);
}

static void prompts_style_0(void)
{
    struct wire_message answer;
    if (prompt(0, WIRE_REMEMBER_NOTHING, "?", &answer))
        verdict(WIRE_RESULT_SUCCESS);
}

static void prompts_style_huge(void)
{
    struct wire_message answer;
    if (prompt(UINT64_C(0x100000001), WIRE_REMEMBER_NOTHING, "?", &answer))
        verdict(WIRE_RESULT_SUCCESS);
}

static void prompts_without_text(void)
{
    struct wire_message answer;
    if (prompt(WIRE_STYLE_SECRET, WIRE_REMEMBER_NOTHING, NULL, &answer))
        verdict(WIRE_RESULT_SUCCESS);
}

static void remembers_3(void)
{
    struct wire_message answer;
    if (prompt(WIRE_STYLE_SECRET, WIRE_REMEMBER_OLDAUTHTOK + 1, "?", &answer))
        verdict(WIRE_RESULT_SUCCESS);
}

static void chatters(void)
{
    struct wire_message answer;
    while (prompt(WIRE_STYLE_INFO, WIRE_REMEMBER_NOTHING, "still here", &answer))
        ;
}

static void dies_after_answer(void)
{
    struct wire_message answer;
    (void)prompt(WIRE_STYLE_SECRET, WIRE_REMEMBER_AUTHTOK, "Password: ", &answer);
}

static void silent_after_answer(void)
{
    dies_after_answer();
    silence();
}

static void sets_preload(void)
{
    struct wire_message message;
    wire_begin(&message, WIRE_VERDICT);
    wire_put_number(&message, WIRE_RESULT, WIRE_RESULT_SUCCESS);
    wire_put_text(&message, WIRE_ENVIRONMENT, "LD_PRELOAD=evil.so");
    (void)wire_send(WIRE_FD, &message, 1000);
}

static void long_session(void)
{
    char id[1025];
    struct wire_message message;
    memset(id, 'a', sizeof(id));
    id[sizeof(id) - 1] = '\0';
    wire_begin(&message, WIRE_VERDICT);
    wire_put_number(&message, WIRE_RESULT, WIRE_RESULT_SUCCESS);
    wire_put_text(&message, WIRE_SESSION, id);
    (void)wire_send(WIRE_FD, &message, 1000);
}

/* -- good behaviour ------------------------------------------------------------------------- */

static void succeeds(void)
{
    struct wire_message message;
    bool open = wire_get_number(&request, WIRE_CALL, 0) == WIRE_CALL_OPEN_SESSION;
    wire_begin(&message, WIRE_VERDICT);
    wire_put_number(&message, WIRE_RESULT, WIRE_RESULT_SUCCESS);
    wire_put_text(&message, WIRE_SESSION, open ? "0123456789abcdef0123456789abcdef" : NULL);
    wire_put_text(&message, WIRE_ENVIRONMENT, open ? "TMOUT=900" : "MEDGL_PERSON=a.token");
    if (open)
        wire_put_number(&message, WIRE_RUNTIME, 3600);
    (void)wire_send(WIRE_FD, &message, 1000);
}

static void ignores(void)
{
    verdict(WIRE_RESULT_NOT_ENROLLED);
}

static void says_change_due(void)
{
    struct wire_message message;
    wire_begin(&message, WIRE_VERDICT);
    wire_put_number(&message, WIRE_RESULT, WIRE_RESULT_CHANGE_DUE);
    wire_put_text(&message, WIRE_ENVIRONMENT, "MEDGL_PERSON=a.token");
    (void)wire_send(WIRE_FD, &message, 1000);
}

static bool answer_is(const struct wire_message *answer, const char *wanted)
{
    const unsigned char *data;
    size_t len;
    return wire_get(answer, WIRE_BYTES, &data, &len) && len == strlen(wanted) &&
           memcmp(data, wanted, len) == 0;
}

/* Lets "open sesame" in, whether it came with the request or has to be asked for; then it says how
 * the answer came. */
static void asks(void)
{
    struct wire_message answer, ignored;
    const unsigned char *given;
    size_t given_len;
    if (wire_get(&request, WIRE_AUTHTOK, &given, &given_len) ||
        wire_get(&request, WIRE_OLDAUTHTOK, &given, &given_len)) {
        bool right = given_len == 11 && memcmp(given, "open sesame", 11) == 0;
        verdict(right ? WIRE_RESULT_SUCCESS : WIRE_RESULT_AUTH_ERR);
        return;
    }
    uint64_t call = wire_get_number(&request, WIRE_CALL, 0);
    uint64_t remember =
        call == WIRE_CALL_CHAUTHTOK_PRELIM ? WIRE_REMEMBER_OLDAUTHTOK : WIRE_REMEMBER_AUTHTOK;
    const unsigned char *data;
    size_t len;
    if (!prompt(WIRE_STYLE_SECRET, remember, "Password: ", &answer))
        return;
    const char *how = "an answer";
    if (wire_get_number(&answer, WIRE_FAILED, 0) == 1)
        how = "failed";
    else if (wire_get_number(&answer, WIRE_TOO_LONG, 0) == 1)
        how = "too long";
    else if (!wire_get(&answer, WIRE_BYTES, &data, &len) || len == 0)
        how = "empty";
    if (prompt(WIRE_STYLE_INFO, WIRE_REMEMBER_NOTHING, how, &ignored))
        verdict(answer_is(&answer, "open sesame") ? WIRE_RESULT_SUCCESS : WIRE_RESULT_AUTH_ERR);
}

/* Lets in whoever hears what it says. */
static void says(void)
{
    struct wire_message answer;
    if (prompt(WIRE_STYLE_ERROR, WIRE_REMEMBER_NOTHING, "Beware", &answer))
        verdict(wire_get_number(&answer, WIRE_FAILED, 0) == 0 ? WIRE_RESULT_SUCCESS
                                                              : WIRE_RESULT_AUTH_ERR);
}

/* Says what the REQUEST holds. */
static void describes(void)
{
    static const struct {
        enum wire_tag tag;
        const char *name;
        bool number;
    } fields[] = {
        {WIRE_CALL, "call", true},        {WIRE_FLAGS, "flags", true},
        {WIRE_SERVICE, "service", false}, {WIRE_USER, "user", false},
        {WIRE_RHOST, "rhost", false},     {WIRE_TTY, "tty", false},
        {WIRE_RUSER, "ruser", false},     {WIRE_REAL_UID, "uid", true},
        {WIRE_LOCALE, "locale", false},   {WIRE_SESSION, "session", false},
        {WIRE_AUTHTOK, "authtok", false}, {WIRE_OLDAUTHTOK, "oldauthtok", false},
        {WIRE_PERSON, "person", false},
    };
    char text[WIRE_TEXT_MAX + 1] = "";
    size_t used = 0;
    for (size_t i = 0; i < MEDGL_COUNT(fields); i++) {
        const unsigned char *data;
        size_t len;
        if (!wire_get(&request, fields[i].tag, &data, &len))
            continue;
        unsigned long long number = wire_get_number(&request, fields[i].tag, 0);
        int put =
            fields[i].number
                ? snprintf(text + used, sizeof(text) - used, "%s=%llu ", fields[i].name, number)
                : snprintf(text + used, sizeof(text) - used, "%s=%.*s ", fields[i].name,
                           len > 99 ? 99 : (int)len, (const char *)data);
        used += (size_t)put;
    }
    struct wire_message answer;
    if (prompt(WIRE_STYLE_INFO, WIRE_REMEMBER_NOTHING, text, &answer))
        succeeds();
}

/* -- the world that the module made for its engine ------------------------------------------ */

static const char *descriptors_fault(void)
{
    for (int fd = 0; fd < 1024; fd++) {
        char path[64], target[PATH_MAX];
        int flags = fcntl(fd, F_GETFD);
        if ((flags >= 0) != (fd <= WIRE_FD))
            return flags >= 0 ? "a descriptor of the host's is open" : "a descriptor is closed";
        if (fd >= WIRE_FD)
            continue;
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        ssize_t len = readlink(path, target, sizeof(target));
        if (len != 9 || memcmp(target, "/dev/null", 9) != 0)
            return "a standard descriptor is not the null device";
    }
    return NULL;
}

static const char *signals_fault(void)
{
    sigset_t blocked;
    if (sigprocmask(SIG_SETMASK, NULL, &blocked) != 0)
        return "no signal mask";
    for (int number = 1; number <= SIGRTMAX; number++) {
        struct sigaction action;
        if (sigismember(&blocked, number) == 1)
            return "a signal is blocked";
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            return "a signal is ignored";
    }
    return NULL;
}

static const char *world_fault(void)
{
    char directory[PATH_MAX];
    uid_t real, effective, saved;
    const char *fault = descriptors_fault();
    if (fault == NULL)
        fault = signals_fault();
    if (fault != NULL)
        return fault;
    if (environ[0] != NULL)
        return "there is an environment";
    if (getcwd(directory, sizeof(directory)) == NULL || strcmp(directory, "/") != 0)
        return "the directory is not /";
    if (umask(077) != 077)
        return "the umask is not 077";
    if (getsid(0) != getpid() || getpgrp() != getpid())
        return "it is in the host's session";
    if (getresuid(&real, &effective, &saved) != 0 || real != effective || real != saved)
        return "its ids differ";
    return NULL;
}

static void looks_around(void)
{
    struct wire_message answer;
    const char *fault = world_fault();
    if (fault != NULL)
        (void)prompt(WIRE_STYLE_ERROR, WIRE_REMEMBER_NOTHING, fault, &answer);
    verdict(fault == NULL ? WIRE_RESULT_SUCCESS : WIRE_RESULT_PERM_DENIED);
}

/* -- the script ----------------------------------------------------------------------------- */

#define BEHAVIOUR(function)                                                                        \
    {                                                                                              \
#function, function                                                                        \
    }
static const struct {
    const char *name;
    void (*act)(void);
} behaviours[] = {
    BEHAVIOUR(closes),
    BEHAVIOUR(crashes),
    BEHAVIOUR(silence),
    BEHAVIOUR(garbage),
    BEHAVIOUR(empty_packet),
    BEHAVIOUR(oversize),
    BEHAVIOUR(other_version),
    BEHAVIOUR(truncated),
    BEHAVIOUR(trailing),
    BEHAVIOUR(two_results),
    BEHAVIOUR(no_result),
    BEHAVIOUR(unknown_field),
    BEHAVIOUR(wrong_kind),
    BEHAVIOUR(answers_itself),
    BEHAVIOUR(result_0),
    BEHAVIOUR(result_12),
    BEHAVIOUR(result_huge),
    BEHAVIOUR(unavailable),
    BEHAVIOUR(prompts_style_0),
    BEHAVIOUR(prompts_style_huge),
    BEHAVIOUR(prompts_without_text),
    BEHAVIOUR(remembers_3),
    BEHAVIOUR(chatters),
    BEHAVIOUR(dies_after_answer),
    BEHAVIOUR(silent_after_answer),
    BEHAVIOUR(sets_preload),
    BEHAVIOUR(long_session),
    BEHAVIOUR(succeeds),
    BEHAVIOUR(ignores),
    BEHAVIOUR(says_change_due),
    BEHAVIOUR(asks),
    BEHAVIOUR(says),
    BEHAVIOUR(describes),
    BEHAVIOUR(looks_around),
};

static bool read_behaviour(const char *root, char *name, size_t size)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/behaviour", root);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, name, size - 1);
    name[got < 0 ? 0 : got] = '\0';
    return got > 0;
}

int main(int argc, char **argv)
{
    char name[64];
    if (argc != 3 || strcmp(argv[1], "--root") != 0 || !read_behaviour(argv[2], name, sizeof(name)))
        return 1;
    for (size_t i = 0; i < MEDGL_COUNT(behaviours); i++)
        if (strcmp(name, behaviours[i].name) == 0) {
            if (wire_receive(WIRE_FD, &request, 5000) != 0)
                return 1;
            behaviours[i].act();
            return 0;
        }
    return 1;
}
