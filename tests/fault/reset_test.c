/* R11: medgl-admin is killed before each of its calls that change a file, in the middle of a reset.
 * State and ledger agree afterwards; the password is the old one or the new one; a slip is there
 * with its entry alone; and no copy of a document stays that nobody knows. */
#include "tests/fault/killed.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/table.h"

#include "base/clock.h"

#define POINTS_MAX    2000
#define GUARD_TRIES   100 /* of 20 ms, until the guard of the slip has looked after it */
#define ORDINARY_USER 65534

static char program[PATH_MAX]; /* a copy that anybody may run */

struct scene {
    struct fixture *f;
    char slip[PATH_MAX], document[PATH_MAX];
};

/* Becomes the program, so that what is traced is that. */
static bool act_reset(void *argument)
{
    const struct scene *scene = argument;
    const char *const words[] = {
        program,      "--root",        scene->f->root, "--operator",    "tester",
        "password",   "reset",         scene->f->user, "--verified-by", "staff-card",
        "--document", scene->document, "--slip",       scene->slip,     NULL};
    const int null = open("/dev/null", O_RDWR);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        (void)dup2(null, fd);
    (void)execv(program, (char *const *)(uintptr_t)words);
    return false;
}

static void begin(struct scene *scene)
{
    struct fixture *f = open_root();
    scene->f = f;
    set_password(f, PASSWORD_ONE);
    (void)snprintf(scene->slip, sizeof(scene->slip), "%s/slip", f->root);
    (void)snprintf(scene->document, sizeof(scene->document), "%s/card.jpg", f->root);
    auto_file FILE *file = fopen(scene->document, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(JPEG, 1, sizeof(JPEG) - 1, file), sizeof(JPEG) - 1);
    context_close(&f->context);
}

static bool slip_password(const struct scene *scene, char password[64])
{
    char line[256];
    auto_file FILE *file = fopen(scene->slip, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "Password: %63s", password) == 1)
            return true;
    return false;
}

static bool slip_is_there(const struct scene *scene, enum killed killed)
{
    for (int i = 0; i < GUARD_TRIES && access(scene->slip, F_OK) == 0; i++) {
        if (killed == KILLED_DONE)
            return true;
        (void)usleep(20000);
    }
    return access(scene->slip, F_OK) == 0;
}

static void judge(struct scene *scene, unsigned issued, enum killed killed)
{
    char password[64] = "";
    struct fixture *f = scene->f;
    const bool slip = slip_is_there(scene, killed);
    reopen(f);
    const unsigned entries = tally_of(f).kinds[LEDGER_PASSWORD_ISSUE] - issued;
    assert_in_range(entries, 0, 1);
    assert_int_equal(verify_all(f, 0).count, 0);
    /* What is on a slip that is there is in force. */
    if (slip) {
        assert_int_equal(entries, 1);
        assert_true(slip_password(scene, password));
        assert_int_equal(try_login(f, f->user, "192.0.2.1", password), LOGIN_ALLOWED);
    }
    if (killed == KILLED_DONE)
        assert_true(slip);
    assert_int_equal(try_login(f, f->user, "192.0.2.2", PASSWORD_ONE),
                     entries == 0 ? LOGIN_ALLOWED : LOGIN_REFUSED);
    /* A copy that no entry tells of goes with the next sweep. */
    if (files_in(f) > entries) {
        char command[PATH_MAX + 128];
        (void)snprintf(command, sizeof(command),
                       "find %s" PATH_DOCUMENTS " -type f -exec touch -d '2 hours ago' {} +",
                       f->root);
        assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
        (void)sweep(f);
    }
    assert_int_equal(files_in(f), entries);
    assert_int_equal(verify_all(f, 0).count, 0);
}

static void killed_at_every_step(void **state)
{
    enum killed killed = KILLED;
    unsigned n = 0, kept = 0;
    (void)state;
    while (killed == KILLED && n < POINTS_MAX) {
        struct scene scene;
        begin(&scene);
        killed = killed_before(++n, act_reset, &scene);
        if (killed == KILLED_LOST)
            print_message("# lost at %u\n", n);
        assert_int_not_equal(killed, KILLED_LOST);
        judge(&scene, 1, killed);
        kept += tally_of(scene.f).kinds[LEDGER_PASSWORD_ISSUE] == 2;
        close_root(scene.f);
    }
    assert_int_equal(killed, KILLED_DONE);
    print_message("# killed before each of %u calls; %u times it was done\n", n - 1, kept);
    assert_true(n > 10);
    assert_true(kept > 0 && kept < n);
}

/* The program works for an ordinary user where there is no boundary: the test is one. */
static bool settle(void)
{
    const char *top = getenv("top_builddir");
    char command[3 * PATH_MAX];
    char directory[] = "/tmp/medgl-reset-XXXXXX";
    if (mkdtemp(directory) == NULL)
        return false;
    (void)snprintf(program, sizeof(program), "%s/medgl-admin", directory);
    (void)snprintf(command, sizeof(command), "cp %s/medgl-admin %s && chmod 755 %s %s",
                   top != NULL ? top : ".", program, directory, program);
    if (system(command) != 0) /* NOLINT(cert-env33-c) */
        return false;
    if (geteuid() != 0)
        return true;
    return chown(directory, ORDINARY_USER, ORDINARY_USER) == 0 && setgid(ORDINARY_USER) == 0 &&
           setuid(ORDINARY_USER) == 0;
}

int main(void)
{
    if (!settle() || !make_keys())
        return 99;
    table_add("R11", "a reset is killed at every step", killed_at_every_step, NULL);
    int failed = table_run("resets and kills");
    remove_keys();
    *strrchr(program, '/') = '\0';
    (void)nftw(program, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return failed;
}
