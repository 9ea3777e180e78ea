/* A private root with a real store, and what is done there. */
#include "tests/fault/scene.h"
#include "tests/cheap_hash.h"

#include "operation/account.h"
#include "operation/change_password.h"
#include "operation/evidence.h"
#include "operation/reset.h"
#include "operation/role.h"
#include "operation/setup.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pwd.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ENGINE TEST_BUILDDIR "/tests/fault/engine"
#define MODULE TEST_BUILDDIR "/.libs/pam_medgl.so"

/* What the module says to syslog in a host of ours: libpam takes the program's own. */
static struct board *said;
void __syslog_chk(int priority, int flag, const char *format, ...);
__attribute__((format(printf, 3, 4))) void __syslog_chk(int priority, int flag, const char *format,
                                                        ...)
{
    va_list arguments;
    (void)priority;
    (void)flag;
    va_start(arguments, format);
    if (said != NULL)
        board_note(said, format, arguments);
    va_end(arguments);
}

uid_t scene_ordinary(void)
{
    return geteuid() == 0 ? HOST_USER_UID : geteuid();
}

void scene_path(const struct scene *scene, const char *name, char path[PATH_MAX])
{
    (void)snprintf(path, PATH_MAX, "%s%s", scene->sandbox.root, name);
}

bool scene_policy(const struct scene *scene, const char *more)
{
    char text[512];
    (void)snprintf(text, sizeof(text),
                   "kdf_memory = 19 MiB\nkdf_time = 2\nattempt_delay = 0\npassword_min_age = 0\n"
                   "attempts_per_source = %d\n%s",
                   SCENE_LIMIT, more);
    return sandbox_write(&scene->sandbox, MEDGL_SYSCONFDIR "/policy.conf", text);
}

/* -- acts on the store ----------------------------------------------------------------------- */

struct act_run {
    struct scene *scene;
    bool (*act)(struct context *, struct scene *, const void *);
    const void *argument;
};

static bool act_in_child(const struct sandbox *sandbox, const void *row)
{
    const struct act_run *run = row;
    auto_clean(context_close) struct context context = {.store = NULL};
    said = run->scene->board;
    cheap_hash = said->cheap; /* as the engine, which verifies what is enrolled here */
    log_open(LOG_TARGET_SYSLOG, "test", 0); /* which is the board */
    CHECK(context_open(sandbox->root, CONTEXT_STATE, &context) == MEDGL_OK);
    context.actor.roles = ROLE_ROOT;
    return run->act(&context, run->scene, run->argument);
}

bool scene_act(struct scene *scene, bool (*act)(struct context *, struct scene *, const void *),
               const void *argument)
{
    const struct act_run run = {scene, act, argument};
    scene_quiet(scene);
    return host_run(scene->owner, act_in_child, &scene->sandbox, &run);
}

static void audit_fault(void *argument, uint64_t seq, const char *what)
{
    struct tally *tally = argument;
    tally->faults++;
    (void)snprintf(tally->fault, sizeof(tally->fault), "at %llu: %s", (unsigned long long)seq,
                   what);
}

static enum medgl_error audit_row(void *argument, const struct ledger_row *row)
{
    struct tally *tally = argument;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    MEDGL_TRY(ledger_entry_decode(row->line, row->len, &parsed));
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    tally->kinds[entry->kind]++;
    tally->counted += entry->kind == LEDGER_LOGIN_ABANDONED;
    for (size_t i = 0; i < entry->field_count; i++)
        tally->counted +=
            strcmp(entry->fields[i].name, "counted") == 0 && entry->fields[i].number != 0;
    return MEDGL_OK;
}

static bool audit_act(struct context *context, struct scene *scene, const void *argument)
{
    struct ledger_result result;
    const struct evidence_request request = {.fault = audit_fault, .argument = scene->tally};
    (void)argument;
    *scene->tally = (struct tally){.faults = 0};
    enum medgl_error error = operation_verify(context, &request, &result);
    CHECK(error == (scene->tally->faults > 0 ? MEDGL_ERR_CORRUPT : MEDGL_OK));
    return operation_ledger_each(context, 0, UINT64_MAX, audit_row, scene->tally) == MEDGL_OK;
}

bool scene_audit(struct scene *scene)
{
    return scene_act(scene, audit_act, NULL);
}

static bool unlock_act(struct context *context, struct scene *scene, const void *argument)
{
    uint32_t cleared;
    (void)argument;
    return operation_account_unlock(context, scene->user, NULL, "test", &cleared,
                                    (char[OPERATION_WHY_SIZE]){""}) == MEDGL_OK;
}

bool scene_unlock(struct scene *scene)
{
    return scene_act(scene, unlock_act, NULL);
}

static enum medgl_error enrol_deliver(void *argument, const struct account *account,
                                      const struct secret *password, medgl_time valid_until)
{
    (void)account;
    (void)valid_until;
    (void)snprintf(argument, SCENE_SCRATCH, "%s", (const char *)password->bytes);
    return MEDGL_OK;
}

static bool enrol_act(struct context *context, struct scene *scene, const void *argument)
{
    char why[OPERATION_WHY_SIZE];
    const struct account_add_request add = {.name = scene->user,
                                            .uid = scene->owner,
                                            .class_ = ACCOUNT_CLASS_STAFF,
                                            .person.full_name = "Test Person"};
    struct reset_done done;
    const struct reset_request issue = {.name = scene->user,
                                        .method = "known-in-person",
                                        .note = "",
                                        .requested_by = "",
                                        .delivery = RESET_SLIP,
                                        .slip_to = "file",
                                        .argument = (void *)(uintptr_t)argument,
                                        .deliver = enrol_deliver};
    CHECK(operation_account_add(context, &add, why) == MEDGL_OK);
    CHECK(operation_password_reset(context, &issue, &done, why) == MEDGL_OK);
    return true;
}

/* -- the scene ------------------------------------------------------------------------------- */

static bool make_root(struct scene *scene)
{
    char path[PATH_MAX];
    CHECK(sandbox_make(&scene->sandbox, scene->owner, ENGINE));
    scene_path(scene, MEDGL_STATEDIR, path);
    CHECK(chmod(path, 0700) == 0);
    CHECK(sandbox_service(&scene->sandbox, MODULE, ""));
    scene->board = board_map(scene->sandbox.root, O_CREAT);
    CHECK(scene->board != NULL);
    return true;
}

bool scene_setup(const struct scene *scene)
{
    const struct setup_request request = {.root = scene->sandbox.root,
                                          .origin = "test.example/medgl",
                                          .owner = scene->owner,
                                          .group = scene->owner == geteuid() ? getegid()
                                                                             : (gid_t)scene->owner,
                                          .actor = {.uid = -1}};
    log_open(LOG_TARGET_STDERR, "test", 0);
    return operation_setup(&request) == MEDGL_OK;
}

bool scene_make(struct scene *scene, uid_t host, enum scene_cost cost)
{
    *scene = (struct scene){.owner = scene_ordinary(), .host = host};
    const struct passwd *user = getpwuid(scene->owner);
    CHECK(user != NULL);
    (void)snprintf(scene->user, sizeof(scene->user), "%s", user->pw_name);
    void *shared = mmap(NULL, sizeof(*scene->tally) + SCENE_SCRATCH, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    scene->tally = shared;
    char *issued = scene->scratch = (char *)(scene->tally + 1);
    CHECK(make_root(scene));
    scene->board->cheap = cost == SCENE_CHEAP;
    CHECK(scene_setup(scene) && scene_policy(scene, "attempts_per_account = 100\n"));
    CHECK(scene_act(scene, enrol_act, issued));
    scene_fresh_source(scene);
    const char *const answers[] = {issued, SCENE_PASSWORD, SCENE_PASSWORD, NULL};
    scene_plan(scene, NULL);
    CHECK(scene_call(scene, HOST_CHAUTHTOK, answers) == PAM_SUCCESS);
    scene_plan(scene, NULL);
    CHECK(scene_login(scene, SCENE_PASSWORD) == PAM_SUCCESS && scene->board->salts == 1);
    memcpy(scene->salt, scene->board->salt[0], BOARD_SALT);
    return true;
}

void scene_remove(struct scene *scene)
{
    if (scene->board != NULL)
        scene_quiet(scene);
    sandbox_remove(&scene->sandbox);
    for (size_t i = 0; i < SCENE_FILES; i++)
        free(scene->kept[i].bytes);
    (void)munmap(scene->board, sizeof(*scene->board));
    (void)munmap(scene->tally, sizeof(*scene->tally) + SCENE_SCRATCH);
}

void scene_fresh_source(struct scene *scene)
{
    unsigned n = ++scene->source;
    (void)snprintf(scene->rhost, sizeof(scene->rhost), "10.%u.%u.%u", n >> 16 & 255, n >> 8 & 255,
                   n & 255);
}

const char *scene_guess(struct scene *scene)
{
    (void)snprintf(scene->guess, sizeof(scene->guess), "Wrong-guess-%u", ++scene->guesses);
    return scene->guess;
}

/* -- keeping the store ----------------------------------------------------------------------- */

static const char *const kept_files[SCENE_FILES] = {
    PATH_STORE,          PATH_STORE "-wal", PATH_STORE "-shm",
    PATH_STORE ".lease", PATH_HEAD_SEEN, /* or the store that is restored would be an older one to
                                            the next login */
};

static bool keep_file(const char *path, struct scene_file *kept)
{
    struct stat state;
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    free(kept->bytes);
    *kept = (struct scene_file){.bytes = NULL};
    if (fd < 0)
        return errno == ENOENT;
    CHECK(fstat(fd, &state) == 0);
    kept->len = (size_t)state.st_size;
    kept->bytes = malloc(kept->len + 1);
    return kept->bytes != NULL && read(fd, kept->bytes, kept->len) == (ssize_t)kept->len;
}

/* Through the file that is there, so that its owner and mode stay. */
static bool restore_file(const struct scene *scene, const char *path, const struct scene_file *kept)
{
    if (kept->bytes == NULL)
        return unlink(path) == 0 || errno == ENOENT;
    auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && fchown(fd, scene->owner, (gid_t)-1) == 0);
    return write(fd, kept->bytes, kept->len) == (ssize_t)kept->len;
}

/* What has become a zombie has closed its files. */
static bool engine_lives(pid_t engine)
{
    char path[64], text[512] = "";
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)engine);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
        return false;
    const char *state = strrchr(text, ')');
    return state != NULL && strchr("ZX", state[2]) == NULL;
}

void scene_quiet(const struct scene *scene)
{
    const uint32_t count = scene->board->engines;
    for (uint32_t i = 0; i < count && i < BOARD_PIDS; i++)
        while (scene->board->engine[i] > 0 && engine_lives(scene->board->engine[i]))
            clock_sleep(1);
}

bool scene_keep(struct scene *scene)
{
    char path[PATH_MAX];
    scene_quiet(scene);
    for (size_t i = 0; i < SCENE_FILES; i++) {
        scene_path(scene, kept_files[i], path);
        CHECK(keep_file(path, &scene->kept[i]));
    }
    return true;
}

bool scene_restore(const struct scene *scene)
{
    char path[PATH_MAX];
    scene_quiet(scene);
    for (size_t i = 0; i < SCENE_FILES; i++) {
        scene_path(scene, kept_files[i], path);
        CHECK(restore_file(scene, path, &scene->kept[i]));
    }
    return true;
}

bool scene_sql(const struct scene *scene, const char *sql)
{
    char path[PATH_MAX], *why = NULL;
    sqlite3 *db = NULL;
    scene_quiet(scene);
    scene_path(scene, PATH_STORE, path);
    bool done = sqlite3_open(path, &db) == SQLITE_OK &&
                sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK;
    if (!done)
        (void)fprintf(stderr, "# %s: %s\n", sql, why != NULL ? why : "the store");
    sqlite3_free(why);
    return sqlite3_close(db) == SQLITE_OK && done;
}

bool scene_settle(const struct scene *scene)
{
    return scene_sql(scene, "PRAGMA wal_checkpoint(TRUNCATE)");
}

/* -- disturbing ------------------------------------------------------------------------------ */

void scene_plan(struct scene *scene, const struct board_plan *plan)
{
    scene_quiet(scene);
    const bool cheap = scene->board->cheap;
    memset(scene->board, 0, sizeof(*scene->board));
    scene->board->cheap = cheap;
    if (plan != NULL)
        scene->board->plan = *plan;
}

unsigned scene_evaluations(const struct scene *scene)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < scene->board->salts && i < BOARD_SALTS; i++)
        count += memcmp(scene->board->salt[i], scene->salt, BOARD_SALT) == 0;
    return count;
}

bool scene_logged(const struct scene *scene, const char *word)
{
    return strstr(scene->board->log, word) != NULL;
}

/* -- PAM calls ------------------------------------------------------------------------------- */

struct call_run {
    const struct scene *scene;
    enum host_call call;
    const char *const *answers;
};

static int call_now(const struct call_run *run)
{
    struct host host = {.asked = 0};
    for (size_t i = 0; i < MEDGL_COUNT(host.answers) && run->answers[i] != NULL; i++)
        host.answers[i] = run->answers[i];
    const struct scene *scene = run->scene;
    if (!host_start(&host, &scene->sandbox, scene->user) ||
        (scene->rhost[0] != '\0' &&
         pam_set_item(host.pamh, PAM_RHOST, scene->rhost) != PAM_SUCCESS) ||
        (scene->tty != NULL && pam_set_item(host.pamh, PAM_TTY, scene->tty) != PAM_SUCCESS))
        return PAM_SYSTEM_ERR;
    /* setcred loads the module, and needs no engine. */
    if (scene->loaded != NULL &&
        (host_call(&host, HOST_SETCRED) != PAM_SUCCESS || !scene->loaded()))
        return PAM_SYSTEM_ERR;
    /* As passwd: the user's own program, with the rights of root. */
    if (run->call == HOST_CHAUTHTOK && geteuid() == 0 &&
        setresuid(scene->owner, (uid_t)-1, (uid_t)-1) != 0)
        return PAM_SYSTEM_ERR;
    int code = host_call(&host, run->call);
    host_end(&host);
    return code;
}

pid_t scene_start(const struct scene *scene, enum host_call call, const char *const *answers,
                  const int gate[2])
{
    const struct call_run run = {scene, call, answers};
    char byte;
    (void)fflush(NULL);
    pid_t child = fork();
    if (child != 0)
        return child;
    said = scene->board;
    if (scene->before != NULL && !scene->before())
        _exit(98);
    if (scene->host != geteuid() &&
        (setresgid((gid_t)scene->host, (gid_t)scene->host, (gid_t)scene->host) != 0 ||
         setresuid(scene->host, scene->host, scene->host) != 0))
        _exit(99);
    if (gate != NULL) {
        (void)close(gate[1]);
        (void)!read(gate[0], &byte, 1); /* all at once, when the test closes it */
    }
    _exit(call_now(&run));
}

int scene_end(pid_t host)
{
    int status = -1;
    while (waitpid(host, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int scene_call(const struct scene *scene, enum host_call call, const char *const *answers)
{
    int code = scene_end(scene_start(scene, call, answers, NULL));
    scene_quiet(scene);
    return code;
}

int scene_login(const struct scene *scene, const char *password)
{
    const char *const answers[] = {password, NULL};
    return scene_call(scene, HOST_AUTH, answers);
}
