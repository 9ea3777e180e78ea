/* medgl-auth as a process: who may ask it, what it makes of callers that break the protocol, and
 * what it is allowed to do. The module is left out: a hostile caller would not use it either. */
#include "tests/pam/host.h"
#include "tests/unit/table.h"

#include "base/auto.h"
#include "engine/wire.h"
#include "operation/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ENGINE     TEST_BUILDDIR "/medgl-auth"
#define OTHER_UID  65533 /* has no name, and is not the engine's */
#define PEER_NAME  "nobody"
#define TIMEOUT_MS 30000
#define POLICY     "kdf_memory = 19 MiB\nkdf_time = 2\nattempt_delay = 0\nunenrolled = deny\n"

static struct sandbox sandbox; /* with a store */
static struct sandbox bare;    /* without one */

static uid_t owner(void)
{
    return geteuid() == 0 ? HOST_USER_UID : geteuid();
}

static gid_t group(void)
{
    return geteuid() == 0 ? (gid_t)HOST_USER_UID : getegid();
}

static int make_sandboxes(void **state)
{
    (void)state;
    if (!sandbox_make(&sandbox, owner(), ENGINE) || !sandbox_make(&bare, owner(), ENGINE) ||
        !sandbox_write(&sandbox, MEDGL_SYSCONFDIR "/policy.conf", POLICY))
        return -1;
    const struct setup_request request = {.root = sandbox.root,
                                          .origin = "test.example/engine",
                                          .owner = owner(),
                                          .group = group(),
                                          .actor = {.uid = -1}};
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s%s", sandbox.root, MEDGL_STATEDIR);
    return chmod(path, 0700) == 0 && operation_setup(&request) == MEDGL_OK ? 0 : -1;
}

static int remove_sandboxes(void **state)
{
    (void)state;
    sandbox_remove(&sandbox);
    sandbox_remove(&bare);
    return 0;
}

/* -- one engine ------------------------------------------------------------------------------- */

struct engine {
    pid_t pid;
    int fd; /* our end */
};

struct start {
    const char *root;        /* NULL: no --root */
    const char *const *argv; /* instead, where it is not NULL */
    int type;                /* of the socket; 0: SOCK_SEQPACKET */
    uid_t uid;               /* of the engine; 0: as the test */
    uid_t peer;              /* who made the connection; 0: the test */
    bool closed;             /* nothing is on WIRE_FD */
};

static void become(uid_t uid)
{
    gid_t gid = (gid_t)uid;
    if (uid != 0 && geteuid() == 0 &&
        (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0))
        _exit(3);
}

static void exec_engine(const struct start *start, int fd)
{
    static const char *const environment[] = {"LISTEN_FDS=1",    "LISTEN_PID=1", "LD_BIND_NOW=1",
                                              "TMPDIR=/nowhere", "TZ=/tmp/zone", NULL};
    const char *const rooted[] = {"medgl-auth", "--root", start->root, NULL};
    const char *const plain[] = {"medgl-auth", NULL};
    const char *const *argv = start->argv != NULL ? start->argv : start->root ? rooted : plain;
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s%s/medgl-auth", bare.root, MEDGL_LIBEXECDIR);
    if (dup2(fd, WIRE_FD) < 0 || fcntl(WIRE_FD, F_SETFD, start->closed ? FD_CLOEXEC : 0) != 0)
        _exit(3);
    become(start->uid);
    (void)execve(path, (char **)(uintptr_t)argv, (char **)(uintptr_t)environment);
    _exit(3);
}

static struct engine engine_start(const struct start *start)
{
    struct engine engine;
    int pair[2];
    int type = start->type == 0 ? SOCK_SEQPACKET : start->type;
    if (start->peer != 0)
        assert_int_equal(seteuid(start->peer), 0); /* the kernel notes who makes the pair */
    assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair), 0);
    if (start->peer != 0)
        assert_int_equal(seteuid(0), 0);
    (void)fflush(NULL);
    engine.pid = fork();
    assert_true(engine.pid >= 0);
    if (engine.pid == 0)
        exec_engine(start, pair[1]);
    (void)close(pair[1]);
    engine.fd = pair[0];
    return engine;
}

static void engine_end(struct engine *engine)
{
    int status;
    (void)close(engine->fd);
    assert_int_equal(waitpid(engine->pid, &status, 0), engine->pid);
    assert_true(WIFEXITED(status)); /* no crash, whatever it was told */
}

struct question {
    enum wire_call call;
    uint64_t flags;
    const char *user; /* NULL: absent */
    const char *locale;
};

static void ask(const struct engine *engine, const struct question *question)
{
    struct wire_message message;
    wire_begin(&message, WIRE_REQUEST);
    wire_put_number(&message, WIRE_CALL, question->call);
    wire_put_number(&message, WIRE_FLAGS, question->flags);
    wire_put_number(&message, WIRE_REAL_UID, 0);
    wire_put_text(&message, WIRE_SERVICE, "test");
    wire_put_text(&message, WIRE_RHOST, "203.0.113.7");
    wire_put_text(&message, WIRE_USER, question->user);
    wire_put_text(&message, WIRE_LOCALE, question->locale);
    assert_int_equal(wire_send(engine->fd, &message, TIMEOUT_MS), 0);
}

/* Everything that the engine says until its verdict, each prompt answered with a wrong guess. The
 * result, or 0 where the engine left without one. */
static uint64_t listen_to(const struct engine *engine, char *said, size_t size)
{
    struct wire_message message;
    char text[WIRE_TEXT_MAX + 1];
    size_t used = 0;
    said[0] = '\0';
    while (wire_receive(engine->fd, &message, TIMEOUT_MS) == 0) {
        if (message.kind == WIRE_VERDICT)
            return wire_get_number(&message, WIRE_RESULT, 0);
        assert_int_equal(message.kind, WIRE_PROMPT);
        assert_true(wire_get_text(&message, WIRE_TEXT, text, sizeof(text)));
        uint64_t style = wire_get_number(&message, WIRE_STYLE, 0);
        int len = snprintf(said + used, size - used, "%d %s\n", (int)style, text);
        used += (size_t)len;
        wire_begin(&message, WIRE_ANSWER);
        if (style <= WIRE_STYLE_VISIBLE)
            wire_put_text(&message, WIRE_BYTES, "Wrong-guess-1234");
        assert_int_equal(wire_send(engine->fd, &message, TIMEOUT_MS), 0);
    }
    return 0;
}

static uint64_t whole_call(const struct start *start, const struct question *question, char *said,
                           size_t size)
{
    struct engine engine = engine_start(start);
    ask(&engine, question);
    uint64_t result = listen_to(&engine, said, size);
    engine_end(&engine);
    return result;
}

/* -- how it may be started ----------------------------------------------------------------------
 */

static const char *const with_unknown[] = {"medgl-auth", "--debug", NULL};
static const char *const with_more[] = {"medgl-auth", "--root", "/tmp/x", "--root", "/tmp/y", NULL};
static const char *const with_half[] = {"medgl-auth", "--root", NULL};
static const char *const with_relative[] = {"medgl-auth", "--root", "tmp", NULL};
static const char *const with_slash[] = {"medgl-auth", "--root", "/tmp/", NULL};
static const char *const with_missing[] = {"medgl-auth", "--root", "/nonexistent", NULL};

static const struct started {
    const char *name;
    struct start start;
} wrong_starts[] = {
    {"nothing on its descriptor", {.closed = true}},
    {"a stream", {.type = SOCK_STREAM}},
    {"datagrams", {.type = SOCK_DGRAM}},
    {"an unknown option", {.argv = with_unknown}},
    {"two roots", {.argv = with_more}},
    {"--root without a directory", {.argv = with_half}},
    {"a relative root", {.argv = with_relative}},
    {"a root that ends with a '/'", {.argv = with_slash}},
    {"a root without a state", {.argv = with_missing}},
};

/* It ended without a word. */
static void leaves_silently(const struct start *start)
{
    char byte;
    int status;
    struct engine engine = engine_start(start);
    assert_int_equal(waitpid(engine.pid, &status, 0), engine.pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
    assert_true(recv(engine.fd, &byte, 1, MSG_DONTWAIT) <= 0);
    (void)close(engine.fd);
}

static void a_wrong_start_is_the_end(void **state)
{
    const struct started *row = *state;
    struct start start = row->start;
    start.uid = owner();
    leaves_silently(&start);
}

/* Somebody else's state is not ours to look at, whoever asks. */
static void another_users_root_is_refused(void **state)
{
    const struct start start = {.root = sandbox.root, .uid = OTHER_UID};
    (void)state;
    leaves_silently(&start);
}

/* -- callers that break the protocol ------------------------------------------------------------
 */

#define BYTES(text) text, sizeof(text) - 1
static const struct breach {
    const char *name;
    const char *bytes;
    size_t len;
} breaches[] = {
    {"garbage", BYTES("\x01\x02\x03\x04\x05\x06\x07\x08")},
    {"an empty packet", BYTES("")},
    {"another version", BYTES("MGL2\x01\x01\x00\x08\0\0\0\0\0\0\0\x01")},
    {"no call", BYTES("MGL1\x01\x04\x00\x05"
                      "alice")},
    {"call 0", BYTES("MGL1\x01\x01\x00\x08\0\0\0\0\0\0\0\x00")},
    {"call 7", BYTES("MGL1\x01\x01\x00\x08\0\0\0\0\0\0\0\x07")},
    {"a call beyond 32 bits", BYTES("MGL1\x01\x01\x00\x08\0\0\0\x01\0\0\0\x01")},
    {"a verdict", BYTES("MGL1\x04\x14\x00\x08\0\0\0\0\0\0\0\x01")},
    {"an answer", BYTES("MGL1\x03\x11\x00\x01"
                        "x")},
    {"two users", BYTES("MGL1\x01\x01\x00\x08\0\0\0\0\0\0\0\x01\x04\x00\x01"
                        "a"
                        "\x04\x00\x01"
                        "b")},
};

static void a_breach_gets_no_verdict(void **state)
{
    const struct breach *row = *state;
    const struct start start = {.root = sandbox.root, .uid = owner()};
    struct wire_message message;
    struct engine engine = engine_start(&start);
    assert_int_equal(send(engine.fd, row->bytes, row->len, 0), (ssize_t)row->len);
    assert_int_equal(wire_receive(engine.fd, &message, TIMEOUT_MS), -1);
    assert_int_equal(errno, ECONNRESET);
    engine_end(&engine);
}

static const struct reply {
    const char *name;
    enum wire_kind kind;
    enum wire_tag tag; /* 0: no field */
    bool leaves;       /* instead of replying */
    uint64_t result;
} replies[] = {
    {"fails", WIRE_ANSWER, WIRE_FAILED, false, WIRE_RESULT_CONV_ERR},
    {"answers nothing", WIRE_ANSWER, 0, false, WIRE_RESULT_CONV_ERR},
    {"sends the request again", WIRE_REQUEST, WIRE_CALL, false, WIRE_RESULT_CONV_ERR},
    {"sends a verdict", WIRE_VERDICT, WIRE_RESULT, false, WIRE_RESULT_CONV_ERR},
    {"leaves", WIRE_ANSWER, 0, true, 0},
};

static void a_broken_conversation_is_no_success(void **state)
{
    const struct reply *row = *state;
    const struct start start = {.root = sandbox.root, .uid = owner()};
    const struct question question = {WIRE_CALL_AUTHENTICATE, 0, "unknown", NULL};
    struct wire_message message;
    char said[4096];
    struct engine engine = engine_start(&start);
    ask(&engine, &question);
    assert_int_equal(wire_receive(engine.fd, &message, TIMEOUT_MS), 0);
    assert_int_equal(message.kind, WIRE_PROMPT);
    wire_begin(&message, row->kind);
    if (row->tag != 0)
        wire_put_number(&message, row->tag, 1);
    if (row->leaves)
        assert_int_equal(shutdown(engine.fd, SHUT_RDWR), 0);
    else
        assert_int_equal(wire_send(engine.fd, &message, TIMEOUT_MS), 0);
    assert_int_equal(listen_to(&engine, said, sizeof(said)), row->result);
    engine_end(&engine);
}

/* -- a store that is not there ------------------------------------------------------------------
 */

static const struct call {
    const char *name;
    enum wire_call call;
} calls[] = {
    {"authenticate", WIRE_CALL_AUTHENTICATE},
    {"account", WIRE_CALL_ACCOUNT},
    {"chauthtok, first phase", WIRE_CALL_CHAUTHTOK_PRELIM},
    {"chauthtok, second phase", WIRE_CALL_CHAUTHTOK_UPDATE},
    {"open session", WIRE_CALL_OPEN_SESSION},
    {"close session", WIRE_CALL_CLOSE_SESSION},
};

static void without_a_store_unavailable(void **state)
{
    const struct call *row = *state;
    const struct start start = {.root = bare.root, .uid = owner()};
    const struct question question = {row->call, 0, "alice", NULL};
    char said[4096];
    assert_int_equal(whole_call(&start, &question, said, sizeof(said)), WIRE_RESULT_UNAVAILABLE);
    assert_string_equal(said, ""); /* no password is asked that nobody could check */
}

/* -- names that are none (R23) ------------------------------------------------------------------
 */

#define TEN(text) text text text text text text text text text text
static const struct impossible {
    const char *name, *user;
} impossibles[] = {
    {"absent", NULL},
    {"empty", ""},
    {"of 300 bytes", TEN("abcdefghijklmnopqrstuvwxyzabcd")},
    {"with a '/'", "../../etc/passwd"},
    {"with a ':'", "alice:x"},
    {"with a newline", "alice\nroot"},
    {"with an escape sequence", "\x1b[2Jalice"},
    {"not UTF-8", "al\xff\xfe"},
    {"that looks like an option", "--root"},
    {"with a space", "a b"},
    {"with a format", "%n%n%n%s"},
    {"with SQL", "' OR 1=1 --"},
};

/* Same prompts, same words, same verdict as for any unknown user. */
static void an_impossible_name_is_unknown(void **state)
{
    const struct impossible *row = *state;
    const struct start start = {.root = sandbox.root, .uid = owner()};
    const struct question unknown = {WIRE_CALL_AUTHENTICATE, 0, "nobody-of-that-name", NULL};
    const struct question impossible = {WIRE_CALL_AUTHENTICATE, 0, row->user, NULL};
    char expected[4096], said[4096];
    uint64_t result = whole_call(&start, &unknown, expected, sizeof(expected));
    assert_int_equal(result, WIRE_RESULT_AUTH_ERR);
    assert_int_equal(whole_call(&start, &impossible, said, sizeof(said)), result);
    assert_string_equal(said, expected);
    assert_true(expected[0] != '\0');
}

static const struct locale {
    const char *name;
} locales[] = {{"../../../tmp/evil"}, {"/tmp"}, {"%s%n"}, {""}, {"xx_XX.UTF-8"}, {"C.UTF-8"}};

static void a_strange_locale_is_harmless(void **state)
{
    const struct locale *row = *state;
    const struct start start = {.root = sandbox.root, .uid = owner()};
    const struct question question = {WIRE_CALL_ACCOUNT, 0, "unknown", row->name};
    char said[4096];
    assert_int_equal(whole_call(&start, &question, said, sizeof(said)), WIRE_RESULT_PERM_DENIED);
}

/* -- who may ask: by the kernel's word ----------------------------------------------------------
 */

static const struct asker {
    const char *name;
    struct question question;
    bool root;    /* asks as root, else as PEER_NAME */
    bool refused; /* before a word is said */
} askers[] = {
    {"root about anyone", {WIRE_CALL_AUTHENTICATE, 0, "games", NULL}, true, false},
    {"a user about itself", {WIRE_CALL_AUTHENTICATE, 0, PEER_NAME, NULL}, false, false},
    {"a user about root", {WIRE_CALL_AUTHENTICATE, 0, "root", NULL}, false, true},
    {"a user about another", {WIRE_CALL_AUTHENTICATE, 0, "games", NULL}, false, true},
    {"a user about one that does not exist",
     {WIRE_CALL_AUTHENTICATE, 0, "no-such-user", NULL},
     false,
     true},
    {"a user about no one", {WIRE_CALL_AUTHENTICATE, 0, NULL, NULL}, false, true},
    {"another's account", {WIRE_CALL_ACCOUNT, 0, "games", NULL}, false, true},
    {"another's password", {WIRE_CALL_CHAUTHTOK_UPDATE, 0, "games", NULL}, false, true},
    {"a session of its own", {WIRE_CALL_OPEN_SESSION, 0, PEER_NAME, NULL}, false, true},
    {"the end of one", {WIRE_CALL_CLOSE_SESSION, 0, PEER_NAME, NULL}, false, true},
    {"a login without its password",
     {WIRE_CALL_AUTHENTICATE, WIRE_FLAG_FACTOR_ONLY, PEER_NAME, NULL},
     false,
     true},
};

static bool asks_as(const struct sandbox *place, const void *state)
{
    const struct asker *row = state;
    const struct start start = {
        .root = place->root, .uid = OTHER_UID, .peer = row->root ? 0 : HOST_USER_UID};
    char said[4096];
    uint64_t result = whole_call(&start, &row->question, said, sizeof(said));
    CHECK(result == (row->refused ? WIRE_RESULT_PERM_DENIED : WIRE_RESULT_AUTH_ERR));
    CHECK((said[0] == '\0') == row->refused);
    return true;
}

/* The engine runs as a third user, whose store this is. */
static void the_kernel_says_who_asks(void **state)
{
    struct sandbox place;
    const struct setup_request request = {.root = place.root,
                                          .origin = "test.example/asked",
                                          .owner = OTHER_UID,
                                          .group = OTHER_UID,
                                          .actor = {.uid = -1}};
    char path[PATH_MAX];
    assert_true(sandbox_make(&place, OTHER_UID, NULL));
    (void)snprintf(path, sizeof(path), "%s%s", place.root, MEDGL_STATEDIR);
    bool good = chmod(path, 0700) == 0 &&
                sandbox_write(&place, MEDGL_SYSCONFDIR "/policy.conf", POLICY) &&
                operation_setup(&request) == MEDGL_OK && host_run(0, asks_as, &place, *state);
    sandbox_remove(&place);
    assert_true(good);
}

/* -- root becomes the system user ---------------------------------------------------------------
 */

static bool line_is(const char *status, const char *wanted)
{
    const char *at = strstr(status, wanted);
    if (at == NULL)
        (void)fprintf(stderr, "# missing: %s", wanted);
    return at != NULL;
}

/* A namespace of our own, in which the system user exists whatever the machine has. */
static bool has_system_user(const struct sandbox *place)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/passwd", place->root);
    CHECK(sandbox_write(place, "passwd",
                        "root:x:0:0:root:/root:/bin/sh\n" MEDGL_USER
                        ":x:64123:64124:test:/nonexistent:/usr/sbin/nologin\n"));
    CHECK(unshare(CLONE_NEWNS) == 0);
    CHECK(mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0);
    CHECK(mount(path, "/etc/passwd", "none", MS_BIND, NULL) == 0);
    return true;
}

static bool read_status(pid_t pid, char *status, size_t size)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    ssize_t got = read(fd, status, size - 1);
    CHECK(got > 0);
    status[got] = '\0';
    return true;
}

static bool may_mount(const struct sandbox *place, const void *state)
{
    (void)place;
    (void)state;
    return unshare(CLONE_NEWNS) == 0;
}

static bool gives_root_away(const struct sandbox *place, const void *state)
{
    static const char *const lines[] = {
        "\nUid:\t64123\t64123\t64123\t64123\n",
        "\nGid:\t64124\t64124\t64124\t64124\n",
        "\nGroups:\t \n",
        "\nCapPrm:\t0000000000000000\n",
        "\nCapEff:\t0000000000000000\n",
        "\nCapInh:\t0000000000000000\n",
        "\nCapAmb:\t0000000000000000\n",
        "\nNoNewPrivs:\t1\n",
    };
    const struct setup_request request = {.root = place->root,
                                          .origin = "test.example/root",
                                          .owner = 64123,
                                          .group = 64124,
                                          .actor = {.uid = -1}};
    const struct question question = {WIRE_CALL_AUTHENTICATE, 0, "unknown", NULL};
    const struct start start = {.root = place->root};
    struct wire_message message;
    char status[8192];
    (void)state;
    CHECK(sandbox_write(place, MEDGL_SYSCONFDIR "/policy.conf", POLICY));
    CHECK(has_system_user(place) && operation_setup(&request) == MEDGL_OK);
    struct engine engine = engine_start(&start);
    ask(&engine, &question);
    CHECK(wire_receive(engine.fd, &message, TIMEOUT_MS) == 0);
    CHECK(message.kind == WIRE_PROMPT); /* it waits for us now, with the store open */
    CHECK(read_status(engine.pid, status, sizeof(status)));
    for (size_t i = 0; i < MEDGL_COUNT(lines); i++)
        CHECK(line_is(status, lines[i]));
    engine_end(&engine);
    return true;
}

static void root_is_given_away(void **state)
{
    struct sandbox place;
    char path[PATH_MAX];
    assert_true(sandbox_make(&place, 64123, NULL));
    (void)snprintf(path, sizeof(path), "%s%s", place.root, MEDGL_STATEDIR);
    bool good = chown(path, 64123, 64124) == 0 && chmod(path, 0700) == 0 &&
                host_run(0, gives_root_away, &place, *state);
    sandbox_remove(&place);
    assert_true(good);
}

/* MUST never be traced or dumped: its memory has passwords. */
static void nobody_may_trace_it(void **state)
{
    const struct start start = {.root = sandbox.root, .uid = owner()};
    const struct question question = {WIRE_CALL_AUTHENTICATE, 0, "unknown", NULL};
    struct wire_message message;
    struct stat proc;
    char path[64], limits[4096];
    (void)state;
    struct engine engine = engine_start(&start);
    ask(&engine, &question);
    assert_int_equal(wire_receive(engine.fd, &message, TIMEOUT_MS), 0);
    (void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)engine.pid);
    assert_int_equal(stat(path, &proc), 0);
    assert_int_equal(proc.st_uid, 0); /* the kernel's sign of a process that is not dumpable */
    (void)snprintf(path, sizeof(path), "/proc/%d/limits", (int)engine.pid);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) { /* may be read by root alone */
        ssize_t got = read(fd, limits, sizeof(limits) - 1);
        assert_true(got > 0);
        limits[got] = '\0';
        assert_non_null(strstr(limits, "Max core file size        0                    0 "));
    }
    engine_end(&engine);
}

int main(void)
{
    TABLE_ADD("started with", wrong_starts, a_wrong_start_is_the_end);
    TABLE_ADD("a caller that sends", breaches, a_breach_gets_no_verdict);
    TABLE_ADD("a caller that, when asked,", replies, a_broken_conversation_is_no_success);
    TABLE_ADD("without a store", calls, without_a_store_unavailable);
    TABLE_ADD("a user name (R23)", impossibles, an_impossible_name_is_unknown);
    TABLE_ADD("locale", locales, a_strange_locale_is_harmless);
    table_add("hardening", "nobody may trace it", nobody_may_trace_it, NULL);
    if (geteuid() == 0) { /* the rest needs other users */
        table_add("started with", "another user's root", another_users_root_is_refused, NULL);
        TABLE_ADD("who may ask:", askers, the_kernel_says_who_asks);
        if (host_run(0, may_mount, NULL, NULL))
            table_add("hardening", "root is given away for good", root_is_given_away, NULL);
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return _cmocka_run_group_tests("engine", table_tests, table_count, make_sandboxes,
                                   remove_sandboxes);
}
