/* SIGKILL at every step of a backup and of a restore: always one installation that verifies and
 * admits its people, and the same command again comes to its end (R36). */
#define FIXTURE_IN "/dev/shm"
#include "tests/unit/backup_fixture.h"
#include "tests/unit/table.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define SHORT_POINTS 16

/* Steps of all processes of a run together. */
static struct steps {
    _Atomic unsigned seen;
    unsigned last; /* the one at which they end; 0: none */
    bool alone;    /* whoever takes that step ends, and the others live; else all of them */
} * steps;

static void step(void)
{
    if (atomic_fetch_add(&steps->seen, 1) + 1 == steps->last)
        (void)kill(steps->alone ? getpid() : 0, SIGKILL);
}

/* Before and after each call that leaves something on the disk. */
#define STEP(type, name, parameters, arguments)                                                    \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        step();                                                                                    \
        type result = __real_##name arguments;                                                     \
        step();                                                                                    \
        return result;                                                                             \
    }
STEP(int, rename, (const char *from, const char *to), (from, to))
STEP(int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags),
     (a, from, b, to, flags))
STEP(int, link, (const char *from, const char *to), (from, to))
STEP(int, unlink, (const char *path), (path))
STEP(int, rmdir, (const char *path), (path))
STEP(int, mkdir, (const char *path, mode_t mode), (path, mode))
STEP(int, syncfs, (int fd), (fd))
STEP(enum medgl_error, store_transact,
     (struct store * store, enum store_mode mode, store_function function, void *argument),
     (store, mode, function, argument))

static struct fixture *here;
static struct backup saved;
static char copy[128];
static bool every;

static void shell(const char *format, const char *a, const char *b)
{
    char command[1024];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(command, sizeof(command), format, a, b);
#pragma GCC diagnostic pop
    assert_int_equal(system(command), 0);
}

static enum medgl_error run_create(void)
{
    const struct backup_request request = {.fd = -1};
    struct context context;
    struct backup backup;
    char why[BACKUP_WHY_SIZE];
    MEDGL_TRY(context_open(here->root, CONTEXT_STATE, &context));
    enum medgl_error error = operation_backup_create(&context, &request, &backup, why);
    context_close(&context);
    return error;
}

static enum medgl_error run_restore(void)
{
    struct backup_restored restored;
    char why[BACKUP_WHY_SIZE];
    return backup_put(here->root, &saved, &restored, why);
}

/* Nobody of an act lives on: whose parent was killed is a child of ours (PR_SET_CHILD_SUBREAPER).
 */
static void wait_for_all(void)
{
    while (wait(NULL) > 0 || errno == EINTR)
        ;
}

/* Whether it came to its end. The key is in pages that a child has not: it is copied. */
static bool run(enum medgl_error (*act)(void), unsigned last)
{
    int ends[2], status;
    atomic_store(&steps->seen, 0);
    steps->last = last;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], backup_key.bytes, backup_key.len), (ssize_t)backup_key.len);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char text[8192];
        (void)setpgid(0, 0);
        const ssize_t got = read(ends[0], text, sizeof(text));
        backup_key = (struct secret)SECRET_NONE;
        if (got <= 0 || secret_copy(&backup_key, text, (size_t)got) != MEDGL_OK)
            _exit(2);
        _exit(act() == MEDGL_OK ? 0 : 1);
    }
    (void)close(ends[0]);
    (void)close(ends[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    wait_for_all();
    if (WIFSIGNALED(status))
        return false;
    assert_true(status == 0 ||
                (steps->alone && last != 0)); /* one without the other cannot go on */
    return status == 0;
}

static void judge(unsigned last)
{
    enum medgl_error opened = MEDGL_ERR_DEADLINE;
    for (int tries = 0; tries < 50 && opened == MEDGL_ERR_DEADLINE; tries++)
        opened = context_open(here->root, CONTEXT_STATE, &here->context);
    if (opened != MEDGL_OK)
        print_message("# killed at %u\n", last);
    assert_int_equal(opened, MEDGL_OK);
    if (verify(here) != MEDGL_OK)
        print_message("# killed at %u\n", last);
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    context_close(&here->context);
}

static void begin(void)
{
    assert_int_equal(fixture_open((void **)&here), 0);
    enrol(here);
    set_password(here, PASSWORD_ONE);
    backup_prepare(here);
    saved = backup_make(here);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    context_close(&here->context);
    (void)snprintf(copy, sizeof(copy), "%s.copy", here->root);
    shell("cp -a %s %s", here->root, copy);
}

static void clean(void)
{
    shell("rm -rf %s %s", here->root, copy);
    shell("mkdir %s%s", here->root, "");
    assert_int_equal(fixture_close((void **)&here), 0);
}

static void kill_at_each(enum medgl_error (*act)(void), bool alone, const char *left)
{
    char command[512];
    begin();
    steps->alone = alone;
    assert_true(run(act, 0));
    const unsigned all = atomic_load(&steps->seen);
    assert_true(all > 10);
    print_message("# %u steps\n", all);
    const unsigned stride = every ? 1 : (all / SHORT_POINTS + 1) | 1; /* both sides of calls */
    for (unsigned last = 1; last <= all; last += stride) {
        (void)snprintf(command, sizeof(command), "rm -rf %s && cp -a %s %s", here->root, copy,
                       here->root);
        assert_int_equal(system(command), 0);
        (void)run(act, last);
        judge(last);
        assert_true(run(act, 0));
        judge(last);
        (void)snprintf(command, sizeof(command), "test -z \"$(find %s %s)\"", here->root, left);
        if (system(command) != 0) {
            print_message("# killed at %u: something is left\n", last);
            shell("find %s %s", here->root, left);
            fail();
        }
    }
    clean();
}

static void test_create(void **state)
{
    (void)state;
    kill_at_each(run_create, false, "-name '*.part' -o -path '*/lib/medgl/backup/*'");
}

static void test_restore(void **state)
{
    kill_at_each(run_restore, *state != NULL,
                 "-name 'never-in-place' -o -name '*.restore' -o "
                 "-name '*.key.new' -not -path '*/before-*'");
}

int main(int argc, char **argv)
{
    every = argc > 1 && strcmp(argv[1], "--long") == 0;
    steps = mmap(NULL, sizeof(*steps), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (steps == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        return 1;
    table_add("killed", "while a backup is made", test_create, NULL);
    table_add("killed", "while one is put back", test_restore, NULL);
    table_add("killed", "one half alone, while one is put back", test_restore, "alone");
    return table_run("fault_backup");
}
