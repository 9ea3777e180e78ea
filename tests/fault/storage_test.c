/* What the machine can do to a login: no space, errors of the device, files that are missing,
 * spoilt or not to be trusted, no descriptors. Never a success that is not in the ledger, never
 * PAM_IGNORE, a line in the log that says what to do; and when it is over all is as it was. */
#include "tests/fault/scene.h"
#include "tests/unit/table.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/path.h"
#include "operation/account.h"

#include <errno.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

static bool whole_campaign; /* `make fault-long` */

#define POLICY MEDGL_SYSCONFDIR "/policy.conf"

static enum scene_cost cost(void)
{
    return whole_campaign ? SCENE_COSTLY : SCENE_CHEAP;
}

/* As root of the production: the application is root, and the engine leaves it. */
static bool scene_for_storage(struct scene *scene)
{
    return scene_make(scene, geteuid(), cost());
}

static bool finish(struct scene *scene, const char *name, bool good, int64_t begun)
{
    if (!good && scene->board != NULL)
        print_message("# %s: log: %s\n# fault: %s\n", name, scene->board->log, scene->tally->fault);
    scene_remove(scene);
    print_message("# %.1f s\n", (double)(clock_monotonic() - begun) / 1000);
    return good;
}

/* -- calls that fail, one by one ------------------------------------------------------------- */

static const struct operation {
    const char *name;
    enum host_call call;
    const char *answers[4];
    enum ledger_kind kind; /* of the entry that a success leaves */
    const char *password;  /* that holds after a success */
    bool due;              /* the password is, by its age, and grace logins are left */
} operations[] = {
    {"login", HOST_AUTH, {SCENE_PASSWORD}, LEDGER_LOGIN_SUCCESS, SCENE_PASSWORD},
    {"password change",
     HOST_CHAUTHTOK,
     {SCENE_PASSWORD, SCENE_OTHER, SCENE_OTHER},
     LEDGER_PASSWORD_CHANGE,
     SCENE_OTHER},
    {"session", HOST_OPEN, {NULL}, LEDGER_SESSION_OPEN, SCENE_PASSWORD},
    {"grace login", HOST_ACCT, {NULL}, LEDGER_PASSWORD_GRACE, SCENE_PASSWORD, true},
};

static const struct failing {
    enum board_call call;
    int error;            /* or BOARD_KILL */
    bool lasting;         /* all calls behind it fail as well */
    uint32_t first, step; /* which of them `make check` tries: every write, one way or the other */
    bool deadly;          /* nothing was kept: no success can come of it */
} failings[] = {
    {BOARD_WRITE, ENOSPC, false, 1, 2, false},    {BOARD_WRITE, EIO, false, 2, 2, false},
    {BOARD_WRITE, ENOSPC, true, 1, 7, false},     {BOARD_WRITE, EIO, true, 4, 14, false},
    {BOARD_SYNC, EIO, false, 1, 1, true},         {BOARD_SYNC, EIO, true, 1, 1, true},
    {BOARD_SYNC, ENOSPC, false, 1, 1, true},      {BOARD_SYNC, ENOSPC, true, 1, 1, true},
    {BOARD_TRUNCATE, ENOSPC, false, 1, 1, false}, {BOARD_MAP, ENOMEM, false, 1, 1, false},
    {BOARD_KDF, ENOMEM, false, 1, 1, true},       {BOARD_OPEN, EMFILE, false, 1, 4, false},
    {BOARD_OPEN, EMFILE, true, 3, 11, false},     {BOARD_OPEN, EIO, false, 2, 17, false},
    {BOARD_READ, EIO, false, 1, 37, false},       {BOARD_READ, EIO, true, 7, 71, false},
    {BOARD_LOCK, ENOLCK, false, 1, 23, false},    {BOARD_ANY, BOARD_KILL, false, 3, 19, false},
};

/* Each line that goes with a failure says what to do. */
static bool says_what_to_do(const struct scene *scene)
{
    static const char *const advice[] = {"run medgl-admin",  "restore",     "free space", "check ",
                                         "see that",         "raise",       "correct",    "install",
                                         "give the machine", "find it with"};
    for (size_t i = 0; i < MEDGL_COUNT(advice); i++)
        if (scene_logged(scene, advice[i]))
            return true;
    return false;
}

struct trial {
    struct scene *scene;
    const struct operation *operation;
    const struct failing *failing;
    bool deadly; /* in this scene */
    unsigned fired, tried;
};

static bool try_failing(struct trial *trial, uint32_t nth)
{
    struct scene *scene = trial->scene;
    const struct operation *operation = trial->operation;
    const struct board_plan plan = {trial->failing->call, trial->failing->error, nth,
                                    trial->failing->lasting ? UINT32_MAX : nth, 0};
    const struct tally before = *scene->tally;
    CHECK(scene_restore(scene));
    scene_plan(scene, &plan);
    const int code = scene_call(scene, operation->call, operation->answers);
    trial->fired = scene->board->fired;
    const bool success = code == PAM_SUCCESS;
    trial->tried++;
    CHECK(success || code == host_unavailable(operation->call));
    CHECK(success || says_what_to_do(scene));
    CHECK(!(success && trial->fired > 0 && trial->deadly && trial->failing->deadly));
    scene_plan(scene, NULL);
    CHECK(scene_audit(scene) && scene->tally->faults == 0);
    const unsigned entries = scene->tally->kinds[operation->kind] - before.kinds[operation->kind];
    *scene->tally = before;
    /* A success is in the ledger. Beyond the commit a death loses the verdict, not the entry. */
    const bool may_stand = trial->failing->lasting || trial->failing->error == BOARD_KILL;
    CHECK(entries == (success ? 1 : 0) || (!success && may_stand && entries == 1));
    CHECK(scene_login(scene, entries == 1 ? operation->password : SCENE_PASSWORD) == PAM_SUCCESS);
    return true;
}

static bool try_all_of_kind(struct trial *trial)
{
    const struct failing *failing = trial->failing;
    uint32_t nth = whole_campaign ? 1 : failing->first;
    do {
        if (!try_failing(trial, nth)) {
            print_message("# %s: '%c' number %u%s fails with %s\n", trial->operation->name,
                          BOARD_LETTERS[failing->call], nth,
                          failing->lasting ? " and all behind it" : "", strerror(failing->error));
            return false;
        }
        nth += whole_campaign ? 1 : failing->step;
    } while (trial->fired > 0);
    return true;
}

static bool try_operation(struct scene *scene, const struct operation *operation, bool deadly)
{
    struct trial trial = {.scene = scene, .operation = operation, .deadly = deadly};
    CHECK(scene_keep(scene) && scene_audit(scene));
    scene_fresh_source(scene);
    for (size_t i = 0; i < MEDGL_COUNT(failings); i++) {
        trial.failing = &failings[i];
        CHECK(try_all_of_kind(&trial));
    }
    print_message("# %u trials\n", trial.tried);
    return true;
}

static enum medgl_error due_now(struct store_txn *txn, void *argument)
{
    const struct scene *scene = argument;
    struct account account;
    struct credential credential;
    MEDGL_TRY(store_account_by_name(txn, scene->user, &account));
    MEDGL_TRY(store_credential_get(txn, account.id, CREDENTIAL_PASSWORD, &credential));
    credential.strength = PASSWORD_STRENGTH_SHORT;
    credential.set_at -= 70 * MEDGL_DAY;
    return store_credential_put(txn, &credential);
}

static bool due_act(struct context *context, struct scene *scene, const void *argument)
{
    (void)argument;
    return store_transact(context->store, STORE_WRITE, due_now, scene) == MEDGL_OK;
}

/* Under a policy by which it is short. */
static bool make_due(struct scene *scene)
{
    return sandbox_write(&scene->sandbox, POLICY,
                         "kdf_memory = 19 MiB\nkdf_time = 2\nattempt_delay = 0\n"
                         "password_long_length = 64\npassword_grace_logins = 1\n") &&
           scene_act(scene, due_act, NULL);
}

static void failing_calls(void **state)
{
    struct scene scene;
    const int64_t begun = clock_monotonic();
    const struct operation *operation = *state;
    /* A short journal: nothing but the operation itself writes. */
    bool good = scene_for_storage(&scene) && (!operation->due || make_due(&scene)) &&
                scene_settle(&scene) && try_operation(&scene, operation, true);
    assert_true(finish(&scene, operation->name, good, begun));
}

/* Leaves a journal that the next process to end moves into the database. */
static bool lengthen_act(struct context *context, struct scene *scene, const void *argument)
{
    uint32_t cleared;
    (void)argument;
    for (int i = 0; i < 20; i++)
        CHECK(operation_account_unlock(context, scene->user, NULL, "test", &cleared,
                                       (char[OPERATION_WHY_SIZE]){""}) == MEDGL_OK);
    _exit(0); /* not closed */
}

static void failing_checkpoint(void **state)
{
    struct scene scene;
    const int64_t begun = clock_monotonic();
    (void)state;
    bool good = scene_for_storage(&scene) && scene_act(&scene, lengthen_act, NULL) &&
                try_operation(&scene, &operations[0], false);
    assert_true(finish(&scene, "checkpoint", good, begun));
}

/* -- files that cannot be used --------------------------------------------------------------- */

enum spoil {
    SPOIL_GONE,
    SPOIL_DIRECTORY,
    SPOIL_CONTENT, /* `text` in its place */
    SPOIL_CUT,     /* the first `number` bytes are left */
    SPOIL_MODE,    /* `number` */
    SPOIL_PAGE,    /* the page that begins the table or index `text` is overwritten */
    SPOIL_BYTES,   /* so are some bytes at `number` */
    SPOIL_READ_ONLY_MOUNT,
    SPOIL_NO_DESCRIPTORS, /* of the application */
};

#define JOURNAL PATH_STORE "-wal"

static const struct unusable {
    const char *name;
    enum spoil how;
    const char *path;
    const char *text;
    long number;
    const char *advice;  /* in the log */
    enum host_call call; /* HOST_AUTH where none is named */
} unusables[] = {
    {"the store is missing", SPOIL_GONE, PATH_STORE, NULL, 0, "restore a backup"},
    {"the store is empty", SPOIL_CUT, PATH_STORE, NULL, 0, "restore a backup"},
    {"the store is cut in its first page", SPOIL_CUT, PATH_STORE, NULL, 1000, "restore a backup"},
    {"the store is cut behind its first page", SPOIL_CUT, PATH_STORE, NULL, 4096, "restore"},
    {"the store is cut in the middle", SPOIL_CUT, PATH_STORE, NULL, 5 * 4096 + 77, "restore"},
    {"the store is a text", SPOIL_CONTENT, PATH_STORE, "no store\n", 0, "restore a backup"},
    {"the store is a directory", SPOIL_DIRECTORY, PATH_STORE, NULL, 0, "check owner, mode"},
    {"the store may not be written", SPOIL_MODE, PATH_STORE, NULL, 0400, "check owner, mode"},
    {"the store may not be read", SPOIL_MODE, PATH_STORE, NULL, 0, "check owner, mode"},
    {"the store's directory is missing", SPOIL_GONE, MEDGL_STATEDIR, NULL, 0,
     "medgl-a"}, /* a user who owns no state goes to the socket: "start medgl-auth.socket" */
    {"the store's directory may not be written", SPOIL_MODE, MEDGL_STATEDIR, NULL, 0500,
     "check owner, mode"},
    {"the store's directory may not be entered", SPOIL_MODE, MEDGL_STATEDIR, NULL, 0,
     "check owner, mode"},
    {"the store is mounted read-only", SPOIL_READ_ONLY_MOUNT, MEDGL_STATEDIR, NULL, 0,
     "check owner, mode and mount options"},
    {"the store's header is damaged", SPOIL_BYTES, PATH_STORE, NULL, 0, "restore a backup"},
    {"the store's page size is damaged", SPOIL_BYTES, PATH_STORE, NULL, 16, "restore a backup"},
    {"the store's schema is damaged", SPOIL_BYTES, PATH_STORE, NULL, 100, "restore a backup"},
    {"table meta is damaged", SPOIL_PAGE, PATH_STORE, "meta", 0, "restore a backup"},
    {"table account is damaged", SPOIL_PAGE, PATH_STORE, "account", 0, "restore a backup"},
    {"the index of names is damaged", SPOIL_PAGE, PATH_STORE, "sqlite_autoindex_account_2", 0,
     "restore a backup"},
    {"table credential is damaged", SPOIL_PAGE, PATH_STORE, "credential", 0, "restore a backup"},
    {"table attempt is damaged", SPOIL_PAGE, PATH_STORE, "attempt", 0, "restore a backup"},
    {"the index of attempts in flight is damaged", SPOIL_PAGE, PATH_STORE, "attempt_in_flight", 0,
     "restore a backup"},
    {"the index of failures is damaged", SPOIL_PAGE, PATH_STORE, "attempt_failed", 0,
     "restore a backup"},
    {"the index of failures by source is damaged", SPOIL_PAGE, PATH_STORE, "attempt_failed_spread",
     0, "restore a backup"},
    {"table ledger is damaged", SPOIL_PAGE, PATH_STORE, "ledger", 0, "restore a backup"},
    {"table ledger_head is damaged", SPOIL_PAGE, PATH_STORE, "ledger_head", 0, "restore a backup"},
    {"table session is damaged", SPOIL_PAGE, PATH_STORE, "session", 0, "restore a backup",
     HOST_OPEN},
    {"the index of open sessions is damaged", SPOIL_PAGE, PATH_STORE, "session_open", 0,
     "restore a backup", HOST_OPEN},
    {"table activity is damaged", SPOIL_PAGE, PATH_STORE, "activity", 0, "restore a backup",
     HOST_OPEN},
    {"the store key is missing", SPOIL_GONE, PATH_STORE_KEY, NULL, 0, "restore it from the backup"},
    {"the store key is empty", SPOIL_CUT, PATH_STORE_KEY, NULL, 0, "restore it from the backup"},
    {"the store key is cut", SPOIL_CUT, PATH_STORE_KEY, NULL, 40, "restore it from the backup"},
    {"the store key is too long", SPOIL_CONTENT, PATH_STORE_KEY,
     "medgl-store-key-1 00000000 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 0,
     "restore it from the backup"},
    {"the store key is open to others", SPOIL_MODE, PATH_STORE_KEY, NULL, 0644, "chmod"},
    {"the store key may not be read", SPOIL_MODE, PATH_STORE_KEY, NULL, 0, "restore it"},
    {"the store key is a directory", SPOIL_DIRECTORY, PATH_STORE_KEY, NULL, 0, "restore it"},
    {"the ledger key is missing", SPOIL_GONE, PATH_LEDGER_KEY, NULL, 0,
     "restore it from the backup"},
    {"the ledger key is cut", SPOIL_CUT, PATH_LEDGER_KEY, NULL, 30, "restore it from the backup"},
    {"the ledger key is open to others", SPOIL_MODE, PATH_LEDGER_KEY, NULL, 0644, "chmod"},
    {"the policy has a line that is none", SPOIL_CONTENT, POLICY, "attempts per source\n", 0,
     "policy.conf"},
    {"the policy has an unknown key", SPOIL_CONTENT, POLICY, "attempts_per_sauce = 5\n", 0,
     "attempts_per_sauce"},
    {"the policy has a value out of range", SPOIL_CONTENT, POLICY, "attempts_per_source = 0\n", 0,
     "must be a number"},
    {"the policy is a directory", SPOIL_DIRECTORY, POLICY, NULL, 0, "policy.conf"},
    {"the policy may not be read", SPOIL_MODE, POLICY, NULL, 0, "policy.conf"},
    {"the policy may be written by others", SPOIL_MODE, POLICY, NULL, 0666, "policy.conf"},
    {"the directory of KDF slots is missing", SPOIL_GONE, PATH_KDF, NULL, 0, "see that the dir"},
    {"the directory of KDF slots is a file", SPOIL_CONTENT, PATH_KDF, "", 0, "see that the dir"},
    {"the KDF slots are a file", SPOIL_CONTENT, PATH_KDF "/slots", "", 0, "see that the directory"},
    {"the engine is missing", SPOIL_GONE, PATH_ENGINE, NULL, 0, "install the package again"},
    {"the engine is not executable", SPOIL_MODE, PATH_ENGINE, NULL, 0644, "install the package"},
    {"the engine is empty", SPOIL_CUT, PATH_ENGINE, NULL, 0, "install the package again"},
    {"the engine is a directory", SPOIL_DIRECTORY, PATH_ENGINE, NULL, 0, "install the package"},
    {"the application has no descriptor left", SPOIL_NO_DESCRIPTORS, PATH_ENGINE, NULL, 0,
     "limit of open files"},
};

/* Where the page of a table or index begins. */
static long page_of(const char *path, const char *object)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *find = NULL;
    long at = -1;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE name = ?", -1, &find,
                           NULL) == SQLITE_OK &&
        sqlite3_bind_text(find, 1, object, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(find) == SQLITE_ROW)
        at = (sqlite3_column_int(find, 0) - 1) * 4096L;
    (void)sqlite3_finalize(find);
    (void)sqlite3_close(db);
    return at;
}

static bool spoil_bytes(const char *path, long at)
{
    unsigned char bytes[64];
    memset(bytes, 0xa5, sizeof(bytes));
    auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
    return at >= 0 && fd >= 0 && pwrite(fd, bytes, sizeof(bytes), at) == sizeof(bytes);
}

static bool copy_file(const char *from, const char *to, const struct stat *state, off_t len)
{
    char bytes[65536];
    ssize_t got;
    auto_fd int in = open(from, O_RDONLY | O_CLOEXEC);
    auto_fd int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(in >= 0 && out >= 0);
    while ((got = read(in, bytes, sizeof(bytes))) > 0)
        CHECK(write(out, bytes, (size_t)got) == got);
    return got == 0 && ftruncate(out, len) == 0 && fchown(out, state->st_uid, state->st_gid) == 0 &&
           fchmod(out, state->st_mode & 07777) == 0;
}

/* Something else in the place of the file, which waits under `aside`. */
static bool replace(const struct unusable *row, const char *path, const char *aside)
{
    struct stat state;
    CHECK(stat(path, &state) == 0 && rename(path, aside) == 0);
    switch (row->how) {
    case SPOIL_GONE:
        return true;
    case SPOIL_DIRECTORY:
        return mkdir(path, 0755) == 0 && chown(path, state.st_uid, state.st_gid) == 0;
    case SPOIL_CONTENT: {
        auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        const size_t len = strlen(row->text);
        return fd >= 0 && write(fd, row->text, len) == (ssize_t)len &&
               fchown(fd, state.st_uid, state.st_gid) == 0 && fchmod(fd, state.st_mode & 0666) == 0;
    }
    case SPOIL_CUT:
        return copy_file(aside, path, &state, row->number);
    case SPOIL_PAGE:
        return copy_file(aside, path, &state, state.st_size) &&
               spoil_bytes(path, page_of(aside, row->text));
    case SPOIL_BYTES:
        return copy_file(aside, path, &state, state.st_size) && spoil_bytes(path, row->number);
    case SPOIL_MODE:
    case SPOIL_READ_ONLY_MOUNT:
    case SPOIL_NO_DESCRIPTORS:
        break;
    }
    return false;
}

/* -- a mount of our own ---------------------------------------------------------------------- */

static char read_only[PATH_MAX];

static bool write_line(const char *path, const char *line)
{
    auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);
}

/* In mounts of this process alone. An ordinary user has to be master of a user namespace first. */
static bool mount_read_only(void)
{
    char map[64];
    const uid_t self = geteuid();
    const gid_t group = getegid();
    if (unshare(self == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0)
        return false;
    (void)snprintf(map, sizeof(map), "%u %u 1", self, self);
    if (self != 0 && !write_line("/proc/self/uid_map", map))
        return false;
    (void)snprintf(map, sizeof(map), "%u %u 1", group, group);
    if (self != 0 &&
        (!write_line("/proc/self/setgroups", "deny") || !write_line("/proc/self/gid_map", map)))
        return false;
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount(read_only, read_only, NULL, MS_BIND, NULL) == 0 &&
           mount(NULL, read_only, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV,
                 NULL) == 0;
}

static bool may_mount(void)
{
    int status = -1;
    (void)snprintf(read_only, sizeof(read_only), "/tmp");
    pid_t child = fork();
    if (child == 0)
        _exit(mount_read_only() ? 0 : 1);
    return waitpid(child, &status, 0) == child && status == 0;
}

static bool fill_descriptors(void)
{
    while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
        ;
    return errno == EMFILE;
}

/* -- one row --------------------------------------------------------------------------------- */

static bool spoil(struct scene *scene, const struct unusable *row, mode_t *mode)
{
    struct stat state;
    char path[PATH_MAX], aside[PATH_MAX + 8];
    scene_path(scene, row->path, path);
    (void)snprintf(aside, sizeof(aside), "%s.aside", path);
    switch (row->how) {
    case SPOIL_MODE:
        CHECK(stat(path, &state) == 0);
        *mode = state.st_mode & 07777;
        return chmod(path, (mode_t)row->number) == 0;
    case SPOIL_READ_ONLY_MOUNT:
        (void)snprintf(read_only, sizeof(read_only), "%s", path);
        scene->before = mount_read_only;
        return true;
    case SPOIL_NO_DESCRIPTORS:
        scene->loaded = fill_descriptors;
        return true;
    case SPOIL_GONE:
    case SPOIL_DIRECTORY:
    case SPOIL_CONTENT:
    case SPOIL_CUT:
    case SPOIL_PAGE:
    case SPOIL_BYTES:
        break;
    }
    return replace(row, path, aside);
}

static bool mend(struct scene *scene, const struct unusable *row, mode_t mode)
{
    char path[PATH_MAX], aside[PATH_MAX + 8];
    scene_path(scene, row->path, path);
    (void)snprintf(aside, sizeof(aside), "%s.aside", path);
    scene->before = NULL;
    scene->loaded = NULL;
    if (row->how == SPOIL_MODE)
        return chmod(path, mode) == 0;
    if (row->how == SPOIL_READ_ONLY_MOUNT || row->how == SPOIL_NO_DESCRIPTORS)
        return true;
    CHECK(remove(path) == 0 || errno == ENOENT);
    CHECK(rename(aside, path) == 0);
    /* As who restores a backup does: without what the damaged one left beside. */
    return strcmp(row->path, PATH_STORE) != 0 || scene_restore(scene);
}

/* libpam audits each call, and calls it PAM_SYSTEM_ERR where it has no descriptor for that. */
static bool no_verdict(const struct unusable *row, int code)
{
    return code == host_unavailable(row->call) ||
           (row->how == SPOIL_NO_DESCRIPTORS && code == PAM_SYSTEM_ERR);
}

static struct scene used; /* by all rows, one after the other: what one leaves behind shows */

static bool try_unusable(const struct unusable *row)
{
    static const char *const answers[] = {SCENE_PASSWORD, NULL};
    mode_t mode = 0;
    CHECK(spoil(&used, row, &mode));
    scene_plan(&used, NULL);
    const int code = scene_call(&used, row->call, answers);
    const bool logged = scene_logged(&used, row->advice);
    if (!logged || !no_verdict(row, code))
        print_message("# %s: code %d, log: %s\n", row->name, code, used.board->log);
    CHECK(mend(&used, row, mode));
    CHECK(no_verdict(row, code)); /* and so neither success nor PAM_IGNORE */
    CHECK(logged);
    CHECK(scene_login(&used, SCENE_PASSWORD) == PAM_SUCCESS);
    CHECK(scene_audit(&used) && used.tally->faults == 0);
    return true;
}

static void unusable(void **state)
{
    const struct unusable *row = *state;
    /* No journal: what is damaged in the file is what is read. */
    assert_true(scene_settle(&used));
    assert_true(scene_keep(&used));
    assert_true(try_unusable(row));
}

/* -- few descriptors ------------------------------------------------------------------------- */

static rlim_t descriptors;

static bool limit_descriptors(void)
{
    const struct rlimit limit = {descriptors, descriptors};
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/* An application of an ordinary user hands its limit on to its engine; root's engine has its own.
 */
static void few_descriptors(void **state)
{
    struct scene scene;
    const int64_t begun = clock_monotonic();
    (void)state;
    bool good = scene_make(&scene, scene_ordinary(), cost());
    unsigned successes = 0, failures = 0;
    scene.loaded = limit_descriptors;
    for (descriptors = 6; good && descriptors <= 24; descriptors++) {
        scene_plan(&scene, NULL);
        const int code = scene_login(&scene, SCENE_PASSWORD);
        successes += code == PAM_SUCCESS;
        failures +=
            (code == PAM_AUTHINFO_UNAVAIL || code == PAM_SYSTEM_ERR) && says_what_to_do(&scene);
        good = code != PAM_SUCCESS || successes > 0;
    }
    scene.loaded = NULL;
    /* As many as there were: each try either succeeded, or failed and said so. */
    good = good && successes + failures == 19 && successes > 0 && failures > 0 &&
           scene_unlock(&scene) && scene_login(&scene, SCENE_PASSWORD) == PAM_SUCCESS &&
           scene_audit(&scene) && scene.tally->faults == 0;
    print_message("# %u succeeded, %u failed\n", successes, failures);
    assert_true(finish(&scene, "few descriptors", good, begun));
}

int main(int argc, char **argv)
{
    whole_campaign = argc == 2 && strcmp(argv[1], "--long") == 0;
    bool mounts = may_mount();
    if (!scene_for_storage(&used))
        return 1;
    TABLE_ADD("calls that fail in a", operations, failing_calls);
    table_add("calls that fail in a", "login that checkpoints", failing_checkpoint, NULL);
    for (size_t i = 0; i < MEDGL_COUNT(unusables); i++)
        if (mounts || unusables[i].how != SPOIL_READ_ONLY_MOUNT)
            table_add("no verdict", unusables[i].name, unusable, &unusables[i]);
    table_add("descriptors", "few for the engine", few_descriptors, NULL);
    int failed = table_run("storage");
    scene_remove(&used);
    return failed;
}
