/* Space that the store keeps (store_reserve(), R32): on a device of its own that is filled to the
 * last block, what a login writes must fit, again and again. Makes file systems: without the right
 * to do so, there is nothing to be shown. */
#include "store_fixture.h"
#include "table.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#define RESERVE ((uint64_t)1 << 20)

static char room[] = "/tmp/medgl-space-XXXXXX";

static void no_problem(void *argument, const char *what)
{
    (void)argument;
    fail_msg("%s", what);
}

/* -- a device --------------------------------------------------------------------------------- */

static int device_setup_of(const char *size, void **state)
{
    char options[64];
    (void)snprintf(options, sizeof(options), "size=%s,mode=0700", size);
    if (mount("medgl", room, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0)
        return -1;
    return setenv("TMPDIR", room, 1) == 0 ? fixture_setup(state) : -1;
}

static int device_setup(void **state)
{
    return device_setup_of("48m", state);
}

static int device_teardown(void **state)
{
    const int result = fixture_teardown(state);
    return umount2(room, MNT_DETACH) == 0 ? result : -1;
}

static uint64_t device_left(void)
{
    struct statvfs device;
    assert_int_equal(statvfs(room, &device), 0);
    return (uint64_t)device.f_bavail * device.f_frsize;
}

static int filler_open(void)
{
    char path[sizeof(room) + sizeof("/filler")];
    (void)snprintf(path, sizeof(path), "%s/filler", room);
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static const char block[4096] = {1};

/* To the last block, or until that is left. */
static void device_fill(uint64_t leave)
{
    auto_fd int fd = filler_open();
    assert_true(fd >= 0);
    while (device_left() > leave && write(fd, block, sizeof(block)) > 0)
        continue;
    assert_true(device_left() <= leave);
}

static void device_free(void)
{
    char path[sizeof(room) + sizeof("/filler")];
    (void)snprintf(path, sizeof(path), "%s/filler", room);
    assert_int_equal(unlink(path), 0);
}

/* As after a start of the machine: no index of the journal, and its blocks are somebody else's. */
static void index_is_lost(void)
{
    char path[PATH_MAX + sizeof("-shm")];
    (void)snprintf(path, sizeof(path), "%s-shm", fixture.path);
    assert_int_equal(truncate(path, 0), 0);
    device_fill(0);
}

/* -- what is written -------------------------------------------------------------------------- */

static char line[700];

/* About as much as a login: an attempt, entries, a session, alerts, a checkpoint. */
static enum medgl_error write_login(struct store_txn *txn, void *argument)
{
    char id[CRYPTO_ID_SIZE];
    struct ledger_head head;
    (void)argument;
    MEDGL_TRY(crypto_random_id(id));
    struct attempt attempt = attempt_of(id, 'a', "192.0.2.1", NOW);
    struct session session = session_of('x', 'a');
    struct alert alert = alert_of('x', "login");
    struct activity activity;
    memcpy(session.id, id, sizeof(id));
    memcpy(alert.id, id, sizeof(id));
    MEDGL_TRY(store_attempt_begin(txn, &attempt));
    MEDGL_TRY(store_attempt_finish(txn, id, NOW + 1, ATTEMPT_OUTCOME_SUCCEEDED, 0));
    for (int i = 0; i < 6; i++)
        MEDGL_TRY(append_line(txn, line));
    MEDGL_TRY(store_session_open(txn, &session));
    MEDGL_TRY(store_alert_add(txn, &alert));
    MEDGL_TRY(store_activity_get(txn, session.account_id, &activity));
    activity.failures++;
    MEDGL_TRY(store_activity_put(txn, &activity));
    MEDGL_TRY(store_ledger_head(txn, &head));
    return store_checkpoint_add(txn, head.tree.size, NOW, head.checkpoint);
}

/* By a process of its own, as an engine is. */
static enum medgl_error login(void)
{
    const pid_t child = fork();
    int status = 0;
    if (child == 0) {
        enum medgl_error error = fixture_open(&fixture.store);
        if (error == MEDGL_OK)
            error = store_transact(fixture.store, STORE_WRITE, write_login, NULL);
        store_close(&fixture.store);
        _exit((int)error);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (enum medgl_error)WEXITSTATUS(status);
}

/* Asked of a store of ours: any other program would take the journal away. */
static uint64_t entries(void)
{
    struct store *store = NULL;
    struct store_facts facts;
    assert_ok(fixture_open(&store));
    assert_ok(store_facts(store, &facts));
    store_close(&store);
    return facts.entries;
}

/* What else is in the table that shows whether the key fits. */
static enum medgl_error count_other_rows(struct store_txn *txn, void *argument)
{
    auto_statement struct statement statement = {0};
    enum medgl_error error;
    MEDGL_TRY(statement_begin_in(txn, STATEMENT_META_ALL, NULL, &statement));
    while ((error = statement_step(&statement)) == MEDGL_OK)
        (*(int *)argument)++;
    (*(int *)argument)--;
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

static void nothing_is_left_behind(void)
{
    int others = 0;
    assert_ok(store_transact(fixture.store, STORE_READ, count_other_rows, &others));
    assert_int_equal(others, 0);
}

static void reserve_now(void)
{
    uint64_t there = 0;
    fill();
    assert_ok(store_reserve(fixture.store, RESERVE));
    assert_ok(store_reserved(fixture.store, &there));
    assert_true(there >= RESERVE);
}

/* -- cases ------------------------------------------------------------------------------------ */

static int64_t size_of(const char *suffix)
{
    char path[PATH_MAX + sizeof("-wal")];
    struct stat status;
    (void)snprintf(path, sizeof(path), "%s%s", fixture.path, suffix);
    assert_int_equal(stat(path, &status), 0);
    return status.st_size;
}

static void R32_reserve_is_there_and_stays(void **state)
{
    uint64_t before = 1, after = 0;
    (void)state;
    assert_ok(store_reserved(fixture.store, &before));
    assert_int_equal(before, 0);
    reserve_now();
    const int64_t file = size_of(""), journal = size_of("-wal");
    assert_true(file > (int64_t)RESERVE && journal > (int64_t)RESERVE);
    assert_int_equal(size_of(".lease"), 0); /* is there */
    nothing_is_left_behind();
    assert_ok(store_check(fixture.store, no_problem, NULL));
    assert_ok(store_reserved(fixture.store, &before));
    assert_ok(store_reserve(fixture.store, RESERVE)); /* nothing is to be done */
    fixture_reopen();
    assert_ok(store_reserve(fixture.store, RESERVE));
    assert_ok(store_reserved(fixture.store, &after));
    assert_int_equal(before, after);
    assert_true(size_of("") == file && size_of("-wal") == journal);
    assert_ok(store_reserve(fixture.store, 2 * RESERVE)); /* more of it */
    assert_ok(store_reserved(fixture.store, &after));
    assert_true(after >= 2 * RESERVE);
    assert_error(store_reserve(fixture.store, UINT64_MAX), MEDGL_ERR_ARGUMENT);
    assert_error(store_reserve(fixture.store, STORE_RESERVE_MAX + 1), MEDGL_ERR_ARGUMENT);
}

static void R32_most_that_can_be_kept(void **state)
{
    uint64_t there = 0;
    (void)state;
    fill();
    assert_ok(store_reserve(fixture.store, STORE_RESERVE_MAX));
    for (int i = 0; i < 3; i++) { /* the journal is not cut off when it begins anew */
        assert_ok(store_transact(fixture.store, STORE_WRITE, write_login, NULL));
        database_checkpoint(fixture.store, 0);
        fixture_reopen();
    }
    assert_ok(store_reserved(fixture.store, &there));
    assert_true(there >= STORE_RESERVE_MAX - RESERVE);
}

static int roomy_setup(void **state)
{
    return device_setup_of("256m", state);
}

static void R32_logins_without_a_reserve(void **state)
{
    (void)state;
    fill();
    store_close(&fixture.store);
    device_fill(0);
    const uint64_t before = entries();
    enum medgl_error error = MEDGL_OK;
    for (int i = 0; i < 20 && error == MEDGL_OK; i++)
        error = login();
    assert_int_equal(error, MEDGL_ERR_SPACE);
    const uint64_t after = entries();
    assert_true((after - before) % 6 == 0 && after - before < 120);
    device_free();
    assert_ok(login());
}

static void R32_logins_on_a_full_device(void **state)
{
    (void)state;
    reserve_now();
    store_close(&fixture.store);
    device_fill(0);
    const uint64_t before = entries();
    for (int i = 0; i < 80; i++) {
        assert_int_equal(device_left(), 0);
        assert_ok(login());
        assert_int_equal(device_left(), 0);
    }
    assert_int_equal(entries(), before + 80 * 6);
    assert_ok(fixture_open(&fixture.store));
    assert_ok(store_check(fixture.store, no_problem, NULL));
}

static enum medgl_error change(struct store_txn *txn, void *argument)
{
    struct emergency emergency;
    struct activity activity;
    MEDGL_TRY(store_activity_get(txn, id_of('a'), &activity));
    activity.last_failure = *(const int *)argument;
    MEDGL_TRY(store_activity_put(txn, &activity));
    MEDGL_TRY(store_emergency_latest(txn, &emergency));
    emergency.spent += 60000;
    return store_emergency_update(txn, &emergency);
}

/* One process that lives long: its journal begins anew many times. */
static void R32_many_commits_on_a_full_device(void **state)
{
    (void)state;
    reserve_now();
    device_fill(0);
    const int64_t journal = size_of("-wal");
    for (int i = 0; i < 3000; i++) {
        assert_ok(store_transact(fixture.store, STORE_WRITE, change, &i));
        if (i % 40 == 0)
            assert_ok(store_transact(fixture.store, STORE_WRITE, write_login, NULL));
    }
    assert_int_equal(device_left(), 0);
    assert_int_equal(size_of("-wal"), journal);
    assert_ok(store_check(fixture.store, no_problem, NULL));
}

/* Whatever the store lets go of, somebody else gets at once. */
static void R32_index_has_no_space(void **state)
{
    (void)state;
    reserve_now();
    store_close(&fixture.store);
    device_fill(0);
    const uint64_t before = entries();
    for (int i = 0; i < 20; i++) {
        index_is_lost();
        assert_ok(login());
    }
    assert_int_equal(entries(), before + 20 * 6);
    index_is_lost();
    pid_t children[6];
    for (size_t i = 0; i < MEDGL_COUNT(children); i++) { /* one after the other */
        children[i] = fork();
        if (children[i] == 0) {
            const bool held =
                fixture_open(&fixture.store) == MEDGL_OK &&
                store_transact(fixture.store, STORE_WRITE, write_login, NULL) == MEDGL_OK;
            store_close(&fixture.store);
            _exit(held ? 0 : 1);
        }
    }
    for (size_t i = 0; i < MEDGL_COUNT(children); i++)
        assert_true(child_done(children[i]));
    index_is_lost();
    assert_ok(fixture_open(&fixture.store));
    assert_true(fixture.store->alone);
    assert_ok(store_check(fixture.store, no_problem, NULL));
    store_close(&fixture.store);
    device_free();
    assert_ok(fixture_open(&fixture.store)); /* as before */
    assert_false(fixture.store->alone);
    assert_ok(login());
    assert_int_equal(entries(), before + 27 * 6);
    assert_ok(store_check(fixture.store, no_problem, NULL));
}

/* Somebody who writes wherever there is a block, all the time. */
static void R32_beside_a_hungry_writer(void **state)
{
    (void)state;
    reserve_now();
    store_close(&fixture.store);
    device_fill(0);
    const uint64_t before = entries();
    const pid_t hungry = fork();
    if (hungry == 0) {
        auto_fd int fd = filler_open();
        for (;;)
            (void)!write(fd, block, sizeof(block));
    }
    for (int i = 0; i < 60; i++)
        assert_ok(login());
    assert_int_equal(kill(hungry, SIGKILL), 0);
    assert_int_equal(waitpid(hungry, NULL, 0), hungry);
    device_free();
    assert_int_equal(entries(), before + 60 * 6);
    assert_ok(fixture_open(&fixture.store));
    assert_ok(store_check(fixture.store, no_problem, NULL));
}

/* What cannot be had whole takes nothing from others. */
static void R32_no_half_reserve(void **state)
{
    uint64_t there = 1;
    (void)state;
    fill();
    device_fill(4 * RESERVE);
    const uint64_t left = device_left();
    assert_error(store_reserve(fixture.store, RESERVE), MEDGL_ERR_SPACE);
    assert_int_equal(device_left(), left);
    assert_ok(store_reserved(fixture.store, &there));
    assert_int_equal(there, 0);
    device_free();
    assert_ok(store_reserve(fixture.store, RESERVE));
}

/* Pages that others read are not in the file yet: they are not counted. */
static void R32_reader_in_the_way(void **state)
{
    struct store *reader = NULL;
    uint64_t there = 1;
    (void)state;
    fill();
    assert_ok(fixture_open(&reader));
    assert_ok(database_run(reader, "BEGIN; SELECT * FROM account", "test"));
    assert_error(store_reserve(fixture.store, RESERVE), MEDGL_ERR_DEADLINE);
    assert_ok(store_reserved(fixture.store, &there));
    assert_int_equal(there, 0);
    assert_ok(database_run(reader, "COMMIT", "test"));
    assert_ok(store_reserve(fixture.store, RESERVE));
    store_close(&reader);
    nothing_is_left_behind();
}

static int commits_left;
static int die_at_a_commit(void *argument)
{
    (void)argument;
    if (--commits_left == 0)
        (void)raise(SIGKILL);
    return 0;
}

/* Killed at each commit: what is left behind is no damage, and the next one takes it away. */
static void R32_killed_on_the_way(void **state)
{
    uint64_t there = 0;
    int steps = 0;
    (void)state;
    fill();
    store_close(&fixture.store);
    for (bool killed = true; killed; steps++) {
        const pid_t child = fork();
        if (child == 0) {
            commits_left = steps + 1;
            if (fixture_open(&fixture.store) != MEDGL_OK)
                _exit(1);
            (void)sqlite3_commit_hook(fixture.store->db, die_at_a_commit, NULL);
            _exit(store_reserve(fixture.store, RESERVE) == MEDGL_OK ? 0 : 1);
        }
        killed = !child_done(child);
        assert_ok(fixture_open(&fixture.store));
        assert_ok(store_check(fixture.store, no_problem, NULL));
        store_close(&fixture.store);
    }
    assert_true(steps >= 3);
    assert_ok(fixture_open(&fixture.store));
    assert_ok(store_reserve(fixture.store, RESERVE));
    assert_ok(store_reserved(fixture.store, &there));
    assert_true(there >= RESERVE);
    nothing_is_left_behind();
}

/* In a mount namespace of our own: nothing of it is seen outside, or outlives us. */
static bool may_mount(void)
{
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return false;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mkdtemp(room) == NULL)
        return false;
    if (mount("medgl", room, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") == 0)
        return umount2(room, MNT_DETACH) == 0;
    (void)rmdir(room);
    return false;
}

int main(void)
{
#define TEST(function) table_add("store_space", #function, function, NULL)
    if (!may_mount()) {
        printf("1..0 # SKIP no file system can be made here: %s\n", strerror(errno));
        return 0;
    }
    memset(line, 'l', sizeof(line) - 1);
    TEST(R32_reserve_is_there_and_stays);
    TEST(R32_logins_without_a_reserve);
    TEST(R32_logins_on_a_full_device);
    TEST(R32_many_commits_on_a_full_device);
    TEST(R32_index_has_no_space);
    TEST(R32_beside_a_hungry_writer);
    TEST(R32_no_half_reserve);
    TEST(R32_reader_in_the_way);
    TEST(R32_killed_on_the_way);
    TEST(R32_most_that_can_be_kept);
    for (size_t i = 0; i < table_count; i++) {
        table_tests[i].setup_func = device_setup;
        table_tests[i].teardown_func = device_teardown;
    }
    table_tests[table_count - 1].setup_func = roomy_setup;
    const int result = table_run("store_space");
    (void)rmdir(room);
    return result;
}
