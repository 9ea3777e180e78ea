/* R08, R35: killed at any step of an archive, either all bodies are in the store, or the file is
 * whole and has them; no entry is lost, the evidence verifies, and what was begun can be done
 * again. A step is a call that changes what is on the disk. */
#undef _FORTIFY_SOURCE /* its inline functions would meet ours */
#define FIXTURE_IN "/dev/shm"
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#include "ledger/archive.h"
#include "operation/prove.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

#define ENTRIES 20
#define STEPS   1000 /* more than there are */

/* -- steps --------------------------------------------------------------------------------------
 */

static struct steps {
    bool counting;
    unsigned count, deadly; /* the one that kills; 0: none does */
} * steps;

static void step(void)
{
    if (steps != NULL && steps->counting && ++steps->count == steps->deadly)
        (void)kill(getpid(), SIGKILL);
}

/* What a program defines goes before the C library's, for the libraries that it is linked with too.
 * The step is killed before it is made; the next one is after it. */
#define STEP(type, name, parameters, arguments)                                                    \
    type name parameters;                                                                          \
    type name parameters                                                                           \
    {                                                                                              \
        static type(*real) parameters;                                                             \
        if (real == NULL)                                                                          \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                                             \
        step();                                                                                    \
        return real arguments;                                                                     \
    }
STEP(ssize_t, write, (int fd, const void *bytes, size_t len), (fd, bytes, len))
STEP(ssize_t, pwrite64, (int fd, const void *bytes, size_t len, off64_t at), (fd, bytes, len, at))
STEP(int, fsync, (int fd), (fd))
STEP(int, fdatasync, (int fd), (fd))
STEP(int, syncfs, (int fd), (fd))
STEP(int, ftruncate, (int fd, off_t len), (fd, len))
STEP(int, ftruncate64, (int fd, off64_t len), (fd, len))
STEP(int, link, (const char *from, const char *to), (from, to))
STEP(int, unlink, (const char *path), (path))
STEP(int, rename, (const char *from, const char *to), (from, to))

/* -- a ledger, and what it must still be ---------------------------------------------------------
 */

struct lines {
    uint64_t count;
    char text[ENTRIES + 8][1024];
};

static enum medgl_error lines_take(void *argument, const struct ledger_row *row)
{
    struct lines *lines = argument;
    if (row->seq != lines->count || lines->count == MEDGL_COUNT(lines->text) ||
        row->len >= sizeof(lines->text[0]))
        return MEDGL_ERR_CORRUPT;
    memcpy(lines->text[lines->count], row->line, row->len);
    lines->text[lines->count++][row->len] = '\0';
    return MEDGL_OK;
}

/* With the archive's file, or from the store alone. */
static void lines_read(struct fixture *f, bool store_alone, struct lines *lines)
{
    struct ledger_reader *reader = NULL;
    uint64_t seen;
    const struct ledger_reading reading = {.to = UINT64_MAX, .each = lines_take, .argument = lines};
    lines->count = 0;
    if (store_alone) {
        assert_int_equal(operation_ledger_each(&f->context, 0, UINT64_MAX, lines_take, lines),
                         MEDGL_OK);
        return;
    }
    assert_int_equal(ledger_reader_open(&f->context, &reader), MEDGL_OK);
    assert_int_equal(ledger_reader_run(reader, &reading, &seen), MEDGL_OK);
    assert_int_equal(ledger_reader_faults(reader), 0);
    ledger_reader_free(&reader);
}

static enum medgl_error archive(struct fixture *f, int copy)
{
    struct archive made;
    char why[STORE_TEXT_SIZE];
    const struct archive_request request = {.until = fixture_present(), .copy = copy};
    f->context.policy.ledger_retention = (struct policy_span){0};
    return operation_archive(&f->context, &request, &made, why);
}

static void given_path(const struct fixture *f, char path[PATH_MAX])
{
    (void)snprintf(path, PATH_MAX, "%s" PATH_ARCHIVE "/given.archive", f->root);
}

/* Nobody who forks has the store open. */
static int archive_in_child(struct fixture *f, bool given, unsigned deadly)
{
    int status;
    char path[PATH_MAX];
    context_close(&f->context);
    given_path(f, path);
    (void)unlink(path);
    *steps = (struct steps){.deadly = deadly};
    pid_t child = fork();
    if (child == 0) {
        int fd = -1;
        if (context_open(f->root, CONTEXT_STATE, &f->context) != MEDGL_OK)
            _exit(100);
        if (given)
            fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        steps->counting = true;
        enum medgl_error error = archive(f, fd);
        context_close(&f->context);
        _exit((int)error);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    steps->counting = false;
    assert_int_equal(context_open(f->root, CONTEXT_STATE, &f->context), MEDGL_OK);
    return status;
}

static void fresh(struct fixture **f)
{
    char why[OPERATION_WHY_SIZE];
    uint64_t size = 0;
    assert_int_equal(fixture_open((void **)f), 0);
    enrol(*f);
    for (unsigned i = 0; size < ENTRIES; i++) {
        assert_int_equal((i % 2 == 0 ? operation_account_disable : operation_account_enable)(
                             &(*f)->context, (*f)->user, "test", why),
                         MEDGL_OK);
        assert_int_equal(operation_ledger_size(&(*f)->context, &size), MEDGL_OK);
    }
}

/* Those that no row is held against go all at once. */
static bool bodies_left(const struct lines *now)
{
    static unsigned whole;
    unsigned gone = 0;
    for (uint64_t seq = 0; seq < now->count; seq++)
        gone += now->text[seq][0] == '\0';
    if (whole == 0)
        whole = gone;
    assert_true(gone == 0 || gone == whole);
    return gone > 0;
}

/* Whatever happened: all is there, and it can be done (again). */
static void is_whole(struct fixture *f, const struct lines *before, struct lines *now)
{
    lines_read(f, true, now);
    const bool taken = bodies_left(now);
    assert_int_equal(now->count, before->count + taken);
    lines_read(f, false, now);
    for (uint64_t seq = 0; seq < before->count; seq++)
        assert_string_equal(now->text[seq], before->text[seq]);
    assert_int_equal(verify(f), MEDGL_OK);
    if (!taken) {
        assert_int_equal(archive(f, -1), MEDGL_OK);
        lines_read(f, false, now);
        for (uint64_t seq = 0; seq < before->count; seq++)
            assert_string_equal(now->text[seq], before->text[seq]);
        assert_int_equal(verify(f), MEDGL_OK);
    }
}

static void killed_at_each_step(void **state)
{
    const bool given = *state != NULL;
    auto_free struct lines *before = calloc(1, sizeof(*before)), *now = calloc(1, sizeof(*now));
    unsigned kept = 0, taken = 0, deadly = 1;
    assert_true(before != NULL && now != NULL);
    for (; deadly < STEPS; deadly++) {
        struct fixture *f = NULL;
        fresh(&f);
        lines_read(f, true, before);
        const int status = archive_in_child(f, given, deadly);
        const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        assert_true(killed || status == 0);
        lines_read(f, true, now);
        *(bodies_left(now) ? &taken : &kept) += killed;
        is_whole(f, before, now);
        assert_int_equal(fixture_close((void **)&f), 0);
        if (!killed)
            break;
    }
    print_message("# %u steps, of which %u before the bodies left\n", deadly - 1, kept);
    assert_true(deadly < STEPS && kept > 5 && taken > 0);
}

int main(void)
{
    steps = mmap(NULL, sizeof(*steps), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (steps == MAP_FAILED)
        return 1;
    table_add("R35 killed at each step", "of an archive in its directory", killed_at_each_step,
              NULL);
    table_add("R35 killed at each step", "of an archive in a file that was given",
              killed_at_each_step, "given");
    return table_run("archive");
}
