/* The module against engines that are broken, hostile, dead or silent, and against its own
 * arguments: results start as failure, PAM_IGNORE means "not enrolled" and nothing else
 * (CVE-2025-23013 and CVE-2025-24531 were modules that answered it on errors). */
#include "tests/pam/host.h"
#include "tests/unit/table.h"

#include "base/auto.h"
#include "engine/wire.h"

#include <locale.h>
#include <string.h>
#include <sys/stat.h>

#define FAKE_ENGINE TEST_BUILDDIR "/tests/pam/engine_fake"
#define MODULE      TEST_BUILDDIR "/.libs/pam_medgl.so"
#define READS       TEST_BUILDDIR "/tests/pam/.libs/pam_reads.so"
#define HASTY       TEST_BUILDDIR "/tests/pam/.libs/pam_hasty.so" /* bears 300 ms of silence */

/* As root and as an ordinary user where the test may choose, else as who runs it. */
static const uid_t *users(size_t *count)
{
    static uid_t both[2];
    both[0] = geteuid();
    both[1] = HOST_USER_UID;
    *count = geteuid() == 0 ? 2 : 1;
    return both;
}

struct setting {
    const char *engine; /* NULL: none is installed */
    const char *behaviour;
    const char *module;
    const char *arguments;
    const char *behind; /* a module that sessions have behind ours; NULL: none */
};

static void for_all_users(const struct setting *setting,
                          bool (*scenario)(const struct sandbox *, const void *), const void *row)
{
    size_t count;
    const uid_t *who = users(&count);
    for (size_t i = 0; i < count; i++) {
        struct sandbox sandbox;
        assert_true(sandbox_make(&sandbox, who[i], setting->engine));
        bool good = sandbox_write(&sandbox, "behaviour", setting->behaviour) &&
                    sandbox_service(&sandbox, setting->module, setting->arguments) &&
                    (setting->behind == NULL || sandbox_sessions_with(&sandbox, setting->behind)) &&
                    host_run(who[i], scenario, &sandbox, row);
        sandbox_remove(&sandbox);
        assert_true(good);
    }
}

/* -- engines that give no verdict ----------------------------------------------------------- */

static const struct misbehaviour {
    const char *name, *behaviour;
    bool hasty; /* the module has to lose its patience */
} misbehaviours[] = {
    {"closes at once", "closes", false},
    {"is killed", "crashes", false},
    {"sends garbage", "garbage", false},
    {"sends an empty packet", "empty_packet", false},
    {"sends a success that is too large", "oversize", false},
    {"speaks another version", "other_version", false},
    {"sends half a success", "truncated", false},
    {"sends a success and a byte", "trailing", false},
    {"sends two results", "two_results", false},
    {"sends a verdict without a result", "no_result", false},
    {"sends a field that is unknown", "unknown_field", false},
    {"sends the request back", "wrong_kind", false},
    {"sends an answer", "answers_itself", false},
    {"sends result 0", "result_0", false},
    {"sends a result that is unknown", "result_12", false},
    {"sends a result beyond 32 bits", "result_huge", false},
    {"says unavailable", "unavailable", false},
    {"prompts in style 0", "prompts_style_0", false},
    {"prompts in a style beyond 32 bits", "prompts_style_huge", false},
    {"prompts without a text", "prompts_without_text", false},
    {"has the answer kept as something unknown", "remembers_3", false},
    {"chatters without end", "chatters", false},
    {"dies after the answer", "dies_after_answer", false},
    {"is silent", "silence", true},
    {"is silent after the answer", "silent_after_answer", true},
};

static bool no_verdict(const struct sandbox *sandbox, const void *row)
{
    (void)row;
    for (int call = HOST_AUTH; call <= HOST_CLOSE; call++) {
        struct host host = {.answers = {"open sesame"}};
        if (call == HOST_SETCRED)
            continue;
        CHECK(host_start(&host, sandbox, NULL));
        int code = host_call(&host, (enum host_call)call);
        CHECK(code == host_unavailable((enum host_call)call));
        host_end(&host);
    }
    return true;
}

static void misbehaviour_is_unavailable(void **state)
{
    const struct misbehaviour *row = *state;
    const struct setting setting = {FAKE_ENGINE, row->behaviour, row->hasty ? HASTY : MODULE, ""};
    for_all_users(&setting, no_verdict, row);
}

static void a_missing_engine_is_unavailable(void **state)
{
    const struct setting setting = {NULL, "", MODULE, ""};
    for_all_users(&setting, no_verdict, *state);
}

static const struct spoilt {
    const char *name;
    mode_t mode; /* of the engine; 0: a directory stands in its place */
} spoilts[] = {
    {"not executable", 0644},
    {"a directory", 0},
};

static void a_spoilt_engine_is_unavailable(void **state)
{
    const struct spoilt *row = *state;
    struct sandbox sandbox;
    char path[PATH_MAX];
    assert_true(sandbox_make(&sandbox, geteuid(), row->mode == 0 ? NULL : FAKE_ENGINE));
    (void)snprintf(path, sizeof(path), "%s%s/medgl-auth", sandbox.root, MEDGL_LIBEXECDIR);
    bool good = (row->mode == 0 ? mkdir(path, 0755) : chmod(path, row->mode)) == 0 &&
                sandbox_service(&sandbox, MODULE, "") &&
                host_run(geteuid(), no_verdict, &sandbox, row);
    sandbox_remove(&sandbox);
    assert_true(good);
}

/* An ordinary user whose private root is somebody else's goes to the socket, where nobody listens.
 */
static void a_missing_socket_is_unavailable(void **state)
{
    struct sandbox sandbox;
    char path[PATH_MAX];
    uid_t who = geteuid() == 0 ? HOST_USER_UID : geteuid();
    assert_true(sandbox_make(&sandbox, geteuid(), FAKE_ENGINE));
    (void)snprintf(path, sizeof(path), "%s%s", sandbox.root, MEDGL_STATEDIR);
    bool good =
        (geteuid() == 0 || rmdir(path) == 0) && sandbox_write(&sandbox, "behaviour", "succeeds") &&
        sandbox_service(&sandbox, MODULE, "") && host_run(who, no_verdict, &sandbox, *state);
    sandbox_remove(&sandbox);
    assert_true(good);
}

/* -- verdicts that no engine may give ------------------------------------------------------- */

static bool session_refused(const struct sandbox *sandbox, const void *row)
{
    struct host host = {.asked = 0};
    (void)row;
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(host_call(&host, HOST_OPEN) == PAM_SESSION_ERR);
    CHECK(pam_getenv(host.pamh, "LD_PRELOAD") == NULL);
    host_end(&host);
    return true;
}

static bool change_due_is_for_accounts(const struct sandbox *sandbox, const void *row)
{
    struct host host = {.asked = 0};
    (void)row;
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(host_call(&host, HOST_AUTH) == PAM_AUTHINFO_UNAVAIL);
    CHECK(host_call(&host, HOST_ACCT) == PAM_NEW_AUTHTOK_REQD);
    CHECK(pam_getenv(host.pamh, "MEDGL_PERSON") != NULL); /* who it is was asked there (R26) */
    CHECK(host_call(&host, HOST_OPEN) == PAM_SESSION_ERR);
    host_end(&host);
    return true;
}

static bool swapped_user_is_refused(const struct sandbox *sandbox, const void *row)
{
    struct host host = {.answers = {"open sesame"}, .wild = true};
    (void)row;
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(host_call(&host, HOST_AUTH) == PAM_AUTHINFO_UNAVAIL);
    host_end(&host);
    return true;
}

/* -- what goes there and comes back --------------------------------------------------------- */

static bool not_enrolled_is_ignored(const struct sandbox *sandbox, const void *row)
{
    struct host host = {.asked = 0};
    (void)row;
    CHECK(host_start(&host, sandbox, NULL));
    for (int call = HOST_AUTH; call <= HOST_CLOSE; call++)
        if (call != HOST_SETCRED)
            CHECK(host_call(&host, (enum host_call)call) == PAM_MODULE_UNKNOWN);
    host_end(&host);
    return true;
}

/* No engine is there, and none is needed. */
static bool setcred_needs_no_engine(const struct sandbox *sandbox, const void *row)
{
    struct host host = {.asked = 0};
    (void)row;
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(host_call(&host, HOST_SETCRED) == PAM_SUCCESS);
    host_end(&host);
    return true;
}

/* Not enrolled: the frozen chain passes by our success, and the next module's word counts. */
static bool setcred_leaves_others_alone(const struct sandbox *sandbox, const void *row)
{
    struct host host = {.asked = 0};
    (void)row;
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(host_call(&host, HOST_AUTH) == PAM_MODULE_UNKNOWN);
    host.said[0] = '\0';
    (void)host_call(&host, HOST_SETCRED);
    CHECK(strstr(host.said, "cred=success") != NULL); /* pam_debug was reached */
    host_end(&host);
    return true;
}

static bool session_is_remembered(const struct sandbox *sandbox, const void *row)
{
    struct host host = {.asked = 0};
    (void)row;
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(host_call(&host, HOST_OPEN) == PAM_SUCCESS);
    CHECK(strstr(host.said, "call=5 ") != NULL && strstr(host.said, "session=") == NULL);
    CHECK(strcmp(pam_getenv(host.pamh, "TMOUT"), "900") == 0);
    CHECK(host_call(&host, HOST_CLOSE) == PAM_SUCCESS);
    CHECK(strstr(host.said, "call=6 ") != NULL);
    CHECK(strstr(host.said, "session=0123456789abcdef0123456789abcdef ") != NULL);
    host_end(&host);
    return true;
}

/* R04 R22: what pam_systemd(8), which stands behind ours, reads when it opens its session. */
static bool a_session_has_an_end(const struct sandbox *sandbox, const void *row)
{
    struct host host = {.asked = 0};
    (void)row;
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(host_call(&host, HOST_OPEN) == PAM_SUCCESS);
    CHECK(strstr(host.said, "systemd.runtime_max_sec=3600\n") != NULL);
    host_end(&host);
    return true;
}

/* R26: who uses a shared id is brought from the call that asked to those that come after it. */
static bool the_person_comes_along(const struct sandbox *sandbox, const void *row)
{
    static const struct {
        enum host_call call;
        bool comes;
    } calls[] = {{HOST_AUTH, false},
                 {HOST_ACCT, true},
                 {HOST_CHAUTHTOK, true},
                 {HOST_OPEN, true},
                 {HOST_CLOSE, false}};
    struct host host = {.asked = 0};
    (void)row;
    CHECK(host_start(&host, sandbox, NULL));
    for (size_t i = 0; i < MEDGL_COUNT(calls); i++) {
        host.said[0] = '\0';
        CHECK(host_call(&host, calls[i].call) == PAM_SUCCESS);
        CHECK((strstr(host.said, "person=a.token ") != NULL) == calls[i].comes);
    }
    host_end(&host);
    return true;
}

static bool items_are_passed_on(const struct sandbox *sandbox, const void *row)
{
    struct host host = {.asked = 0};
    char uid[32];
    (void)row;
    CHECK(setlocale(LC_ALL, "C.UTF-8") != NULL);
    (void)snprintf(uid, sizeof(uid), "uid=%u ", (unsigned)getuid());
    CHECK(host_start(&host, sandbox, "bob"));
    CHECK(pam_set_item(host.pamh, PAM_RHOST, "203.0.113.7") == PAM_SUCCESS);
    CHECK(pam_set_item(host.pamh, PAM_TTY, "ssh") == PAM_SUCCESS);
    CHECK(pam_set_item(host.pamh, PAM_RUSER, "carol") == PAM_SUCCESS);
    CHECK(host_call(&host, HOST_AUTH) == PAM_SUCCESS);
    CHECK(strstr(host.said, "call=1 flags=0 service=test user=bob rhost=203.0.113.7 tty=ssh "
                            "ruser=carol ") != NULL);
    CHECK(strstr(host.said, uid) != NULL && strstr(host.said, "locale=C.UTF-8 ") != NULL);
    CHECK(strstr(host.said, "authtok=") == NULL);
    host_end(&host);
    return true;
}

/* No login name has 1025 bytes. A cut one would be another user's. */
static bool long_user_is_nobody(const struct sandbox *sandbox, const void *row)
{
    struct host host = {.asked = 0};
    char user[WIRE_ITEM_MAX + 2];
    (void)row;
    memset(user, 'a', sizeof(user) - 1);
    user[sizeof(user) - 1] = '\0';
    CHECK(host_start(&host, sandbox, user));
    CHECK(pam_set_item(host.pamh, PAM_RHOST, user) == PAM_SUCCESS);
    CHECK(pam_set_item(host.pamh, PAM_RUSER, user) == PAM_SUCCESS);
    CHECK(pam_set_item(host.pamh, PAM_TTY, user) == PAM_SUCCESS);
    CHECK(host_call(&host, HOST_AUTH) == PAM_SUCCESS);
    CHECK(strstr(host.said, " user=") == NULL);
    CHECK(strstr(host.said, "rhost=aaa") != NULL);
    host_end(&host);
    return true;
}

/* -- the conversation ----------------------------------------------------------------------- */

#define TEN(c)  c c c c c c c c c c
#define LONGEST TEN(TEN("aaaaaaaaaa")) "aaaaaaaaaaaaaaaaaaaaaaaa" /* 1024 bytes */

static const struct answer {
    const char *name, *given, *heard;
    int code;
} answers[] = {
    {"right", "open sesame", "an answer", PAM_SUCCESS},
    {"wrong", "close sesame", "an answer", PAM_AUTH_ERR},
    {"empty", "", "empty", PAM_AUTH_ERR},
    {"none", NULL, "failed", PAM_AUTH_ERR},
    {"of 1024 bytes", LONGEST, "an answer", PAM_AUTH_ERR},
    {"of 1025 bytes", LONGEST "a", "too long", PAM_AUTH_ERR},
};

static bool answer_arrives(const struct sandbox *sandbox, const void *state)
{
    const struct answer *row = state;
    struct host host = {.answers = {row->given}};
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(host_call(&host, HOST_AUTH) == row->code);
    CHECK(strncmp(host.said, "Password: \n", 11) == 0);
    CHECK(strstr(host.said, row->heard) != NULL);
    host_end(&host);
    return true;
}

static void an_answer_arrives(void **state)
{
    const struct setting setting = {FAKE_ENGINE, "asks", MODULE, ""};
    for_all_users(&setting, answer_arrives, *state);
}

static bool nobody_to_ask(const struct sandbox *sandbox, const void *row)
{
    const struct pam_conv nobody = {NULL, NULL};
    struct host host = {.asked = 0};
    (void)row;
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(pam_set_item(host.pamh, PAM_CONV, &nobody) == PAM_SUCCESS);
    CHECK(host_call(&host, HOST_AUTH) == PAM_AUTH_ERR);
    host_end(&host);
    return true;
}

static bool silent_host_hears_questions_alone(const struct sandbox *sandbox, const void *row)
{
    struct host host = {.answers = {"open sesame"}};
    (void)row;
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(pam_authenticate(host.pamh, PAM_SILENT) == PAM_SUCCESS);
    CHECK(strcmp(host.said, "Password: \n") == 0);
    host_end(&host);
    return true;
}

static bool what_nobody_hears_is_told(const struct sandbox *sandbox, const void *row)
{
    const struct pam_conv nobody = {NULL, NULL};
    struct host host = {.asked = 0};
    (void)row;
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(pam_authenticate(host.pamh, 0) == PAM_SUCCESS);
    CHECK(strcmp(host.said, "Beware\n") == 0);
    CHECK(pam_authenticate(host.pamh, PAM_SILENT) == PAM_AUTH_ERR);
    CHECK(strcmp(host.said, "Beware\n") == 0);
    CHECK(pam_set_item(host.pamh, PAM_CONV, &nobody) == PAM_SUCCESS);
    CHECK(pam_authenticate(host.pamh, 0) == PAM_AUTH_ERR);
    host_end(&host);
    return true;
}

static bool old_password_reaches_the_update(const struct sandbox *sandbox, const void *row)
{
    struct host host = {.answers = {"open sesame"}};
    (void)row;
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(host_call(&host, HOST_CHAUTHTOK) == PAM_SUCCESS);
    CHECK(host.asked == 1);
    host_end(&host);
    return true;
}

static bool answer_is_kept(const struct sandbox *sandbox, const void *row)
{
    struct host host = {.answers = {"open sesame"}};
    (void)row;
    CHECK(host_start(&host, sandbox, NULL));
    CHECK(host_call(&host, HOST_AUTH) == PAM_SUCCESS);
    CHECK(host.asked == 1);
    host_end(&host);
    return true;
}

/* The module twice, the second time with what the first got. */
static void an_answer_is_kept(void **state)
{
    struct sandbox sandbox;
    char content[512];
    assert_true(sandbox_make(&sandbox, geteuid(), FAKE_ENGINE));
    (void)snprintf(content, sizeof(content),
                   "auth required %s/pam_medgl.so root=%s\n"
                   "auth required %s/pam_medgl.so root=%s use_first_pass\n",
                   sandbox.root, sandbox.root, sandbox.root, sandbox.root);
    bool good = sandbox_write(&sandbox, "behaviour", "asks") &&
                sandbox_service(&sandbox, MODULE, "") &&
                sandbox_write(&sandbox, "pam.d/test", content) &&
                host_run(geteuid(), answer_is_kept, &sandbox, *state);
    sandbox_remove(&sandbox);
    assert_true(good);
}

/* -- arguments ------------------------------------------------------------------------------ */

static const struct argument {
    const char *name; /* the words themselves; one that begins with root= replaces ours */
    int flags;        /* that the engine is told; -1: every call fails */
} arguments[] = {
    {"factor=policy", 0},
    {"use_first_pass", WIRE_FLAG_USE_FIRST_PASS},
    {"try_first_pass", WIRE_FLAG_TRY_FIRST_PASS},
    {"factor=none", WIRE_FLAG_FACTOR_NONE},
    {"factor=only", WIRE_FLAG_FACTOR_ONLY},
    {"debug exempt=root factor=none", WIRE_FLAG_DEBUG | WIRE_FLAG_FACTOR_NONE},
    {"nullok", -1},
    {"Debug", -1},
    {"debug=1", -1},
    {"use_first_pass=yes", -1},
    {"factor", -1},
    {"factor=", -1},
    {"factor=both", -1},
    {"factor=policy factor=none", -1},
    {"exempt", -1},
    {"exempt=bob exempt=carol", -1},
    {"root=relative", -1},
    {"root=", -1},
    {"root=/", -1},
    {"debug root=/somewhere/else", -1}, /* given twice */
};

static bool arguments_are_taken(const struct sandbox *sandbox, const void *state)
{
    const struct argument *row = state;
    struct host host = {.asked = 0};
    char flags[32];
    (void)snprintf(flags, sizeof(flags), " flags=%d ", row->flags);
    CHECK(host_start(&host, sandbox, NULL));
    for (int call = HOST_AUTH; call <= HOST_CLOSE; call++) {
        if (call == HOST_SETCRED)
            continue;
        int code = host_call(&host, (enum host_call)call);
        CHECK(code == (row->flags < 0 ? host_unavailable((enum host_call)call) : PAM_SUCCESS));
        CHECK(row->flags < 0 || strstr(host.said, flags) != NULL);
    }
    host_end(&host);
    return true;
}

static void arguments_are_never_ignored(void **state)
{
    const struct argument *row = *state;
    const struct setting setting = {FAKE_ENGINE, "describes", MODULE, row->name};
    for_all_users(&setting, arguments_are_taken, row);
}

static const struct exemption {
    const char *name; /* the argument */
    bool exempt;      /* alice is */
} exemptions[] = {
    {"exempt=alice", true},        {"exempt=root,alice", true}, {"exempt=,,alice,", true},
    {"exempt=alice2,al,e", false}, {"exempt=ALICE", false},     {"exempt=alic", false},
    {"exempt=,", false},           {"exempt=", false},
};

/* No engine is there: who is exempt gets in without one (a broken store does not lock root out). */
static bool exemption_holds(const struct sandbox *sandbox, const void *state)
{
    const struct exemption *row = state;
    struct host host = {.asked = 0};
    CHECK(host_start(&host, sandbox, NULL));
    for (int call = HOST_AUTH; call <= HOST_CLOSE; call++)
        if (call != HOST_SETCRED)
            CHECK(host_call(&host, (enum host_call)call) ==
                  (row->exempt ? PAM_MODULE_UNKNOWN : host_unavailable((enum host_call)call)));
    host_end(&host);
    return true;
}

static void exemptions_need_no_engine(void **state)
{
    const struct exemption *row = *state;
    const struct setting setting = {NULL, "", MODULE, row->name};
    for_all_users(&setting, exemption_holds, row);
}

/* -- single scenarios ----------------------------------------------------------------------- */

static const struct single {
    const char *name;
    struct setting setting;
    bool (*scenario)(const struct sandbox *, const void *);
} singles[] = {
    {"a variable that is not ours", {FAKE_ENGINE, "sets_preload", MODULE, ""}, session_refused},
    {"a session id of 1 KiB", {FAKE_ENGINE, "long_session", MODULE, ""}, session_refused},
    {"change due outside of acct_mgmt",
     {FAKE_ENGINE, "says_change_due", MODULE, ""},
     change_due_is_for_accounts},
    {"PAM_USER swapped while the person types",
     {FAKE_ENGINE, "asks", MODULE, ""},
     swapped_user_is_refused},
    {"not enrolled is PAM_IGNORE", {FAKE_ENGINE, "ignores", MODULE, ""}, not_enrolled_is_ignored},
    {"setcred needs no engine", {NULL, "", MODULE, ""}, setcred_needs_no_engine},
    {"setcred leaves other modules' users alone",
     {FAKE_ENGINE, "ignores", MODULE, ""},
     setcred_leaves_others_alone},
    {"the session id comes back at its end",
     {FAKE_ENGINE, "describes", MODULE, ""},
     session_is_remembered},
    {"its end reaches pam_systemd",
     {FAKE_ENGINE, "succeeds", MODULE, "", READS},
     a_session_has_an_end},
    {"who uses a shared id comes along",
     {FAKE_ENGINE, "describes", MODULE, ""},
     the_person_comes_along},
    {"PAM's items", {FAKE_ENGINE, "describes", MODULE, ""}, items_are_passed_on},
    {"a user name of 1025 bytes", {FAKE_ENGINE, "describes", MODULE, ""}, long_user_is_nobody},
    {"a host without a conversation", {FAKE_ENGINE, "asks", MODULE, ""}, nobody_to_ask},
    {"PAM_SILENT", {FAKE_ENGINE, "asks", MODULE, ""}, silent_host_hears_questions_alone},
    {"a message that nobody hears", {FAKE_ENGINE, "says", MODULE, ""}, what_nobody_hears_is_told},
    {"chauthtok's first phase keeps the current password",
     {FAKE_ENGINE, "asks", MODULE, ""},
     old_password_reaches_the_update},
};

static void single_scenario(void **state)
{
    const struct single *row = *state;
    for_all_users(&row->setting, row->scenario, row);
}

int main(void)
{
    TABLE_ADD("no verdict from an engine that", misbehaviours, misbehaviour_is_unavailable);
    TABLE_ADD("no verdict from an engine that is", spoilts, a_spoilt_engine_is_unavailable);
    table_add("no verdict", "no engine is installed", a_missing_engine_is_unavailable, NULL);
    table_add("no verdict", "nobody listens on the socket", a_missing_socket_is_unavailable, NULL);
    TABLE_ADD("an answer that is", answers, an_answer_arrives);
    table_add("an answer", "is kept for the modules behind", an_answer_is_kept, NULL);
    TABLE_ADD("arguments", arguments, arguments_are_never_ignored);
    TABLE_ADD("exempt users", exemptions, exemptions_need_no_engine);
    TABLE_ADD("the module", singles, single_scenario);
    return table_run("relay");
}
