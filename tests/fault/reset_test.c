/* R11: medgl-admin is killed before each of its calls that change a file, in the middle of a reset.
 * State and ledger agree afterwards; the password is the old one or the new one; a slip in
 * a file is there with its entry alone, and paper that came out without one opens nothing; and no
 * copy of a document stays that nobody knows. */
#include "tests/fault/killed.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/table.h"

#include "base/clock.h"

#define POINTS_MAX    2000
#define GUARD_TRIES   1500 /* of 20 ms, until the guard of the slip has looked after it */
#define ORDINARY_USER 65534

static char program[PATH_MAX]; /* a copy that anybody may run */

#define TYPED   "Higanbana-4-to-kaze"
#define WITNESS "daemon" /* a Unix user of every machine */

/* A way by which the new password reaches its owner. */
struct way {
    const char *deliver;
    enum ledger_kind kind;
    const char *paper; /* where it lies in the root; NULL: nowhere */
    bool guarded;      /* the paper goes with the program that made it */
    bool witness;      /* proves who they are before */
};

struct scene {
    const struct way *way;
    struct fixture *f;
    char paper[PATH_MAX], document[PATH_MAX];
};

/* The witness, and the person, who types both at once; they read until nobody writes any more. */
static void type_password(int terminal)
{
    static const struct typing {
        const char *prompt, *typed;
    } typing[] = {{"Password of " WITNESS ":", PASSWORD_TWO "\n"},
                  {"New password:", TYPED "\n" TYPED "\n"}};
    char shown[8192];
    size_t len = 0;
    bool done[MEDGL_COUNT(typing)] = {false};
    for (ssize_t got; (got = read(terminal, shown + len, sizeof(shown) - 1 - len)) > 0;) {
        len += (size_t)got;
        shown[len] = '\0';
        for (size_t i = 0; i < MEDGL_COUNT(typing); i++) {
            const size_t all = strlen(typing[i].typed);
            if (!done[i] && strstr(shown, typing[i].prompt) != NULL)
                done[i] = write(terminal, typing[i].typed, all) == (ssize_t)all;
        }
    }
    _exit(0);
}

/* A terminal of our own, with a person at it. */
static int sit_down(void)
{
    const int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (setsid() < 0 || master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        return -1;
    const int slave = open(ptsname(master), O_RDWR); /* NOLINT(concurrency-mt-unsafe) */
    if (slave < 0 || fork() != 0)
        return slave;
    (void)close(slave);
    type_password(master);
    return -1;
}

/* Becomes the program, so that what is traced is that. */
static bool act_reset(void *argument)
{
    const struct scene *scene = argument;
    const char *const words[] = {program,
                                 "--root",
                                 scene->f->root,
                                 "--operator",
                                 "tester",
                                 "password",
                                 "reset",
                                 scene->f->user,
                                 "--verified-by",
                                 "staff-card",
                                 "--document",
                                 scene->document,
                                 scene->way->guarded ? "--slip" : "--deliver",
                                 scene->way->guarded ? scene->paper : scene->way->deliver,
                                 scene->way->witness ? "--witness" : NULL,
                                 WITNESS,
                                 NULL};
    const int to = scene->way->paper == NULL ? sit_down() : open("/dev/null", O_RDWR);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        (void)dup2(to, fd);
    (void)execv(program, (char *const *)(uintptr_t)words);
    return false;
}

/* A printer is a program of the site; its paper stays, whatever becomes of who sent it. */
static void place_printer(const struct scene *scene)
{
    char path[PATH_MAX], text[3 * PATH_MAX];
    struct fixture *f = scene->f;
    (void)snprintf(text, sizeof(text), "#!/bin/sh\ncat > %s\n", scene->paper);
    write_file(f, "/printer", text);
    path_in(f, "/printer", path);
    assert_int_equal(chmod(path, 0755), 0);
    (void)snprintf(text, sizeof(text), "slip_program = %s\n", path);
    write_policy(f, text);
}

/* A second person with a password. */
static void enrol_witness(struct fixture *f)
{
    struct script script = {.answers = {PASSWORD_TWO, PASSWORD_TWO}};
    const struct talk talk = script_talk(&script);
    const struct passwd *unix_user = getpwnam(WITNESS);
    struct reset_done done;
    char why[OPERATION_WHY_SIZE];
    assert_non_null(unix_user);
    const struct account_add_request add = {.name = WITNESS,
                                            .uid = (int64_t)unix_user->pw_uid,
                                            .class_ = ACCOUNT_CLASS_STAFF,
                                            .person.full_name = "Other Person"};
    const struct reset_request request = {.name = WITNESS,
                                          .method = "known-in-person",
                                          .note = "",
                                          .requested_by = "",
                                          .delivery = RESET_AT_TERMINAL,
                                          .talk = &talk};
    assert_int_equal(operation_account_add(&f->context, &add, why), MEDGL_OK);
    assert_int_equal(operation_password_reset(&f->context, &request, &done, why), MEDGL_OK);
}

static void begin(struct scene *scene, const struct way *way)
{
    struct fixture *f = open_root();
    *scene = (struct scene){.way = way, .f = f};
    set_password(f, PASSWORD_ONE);
    if (way->witness)
        enrol_witness(f);
    (void)snprintf(scene->paper, sizeof(scene->paper), "%s/%s", f->root,
                   way->paper != NULL ? way->paper : "none");
    (void)snprintf(scene->document, sizeof(scene->document), "%s/card.jpg", f->root);
    auto_file FILE *file = fopen(scene->document, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(JPEG, 1, sizeof(JPEG) - 1, file), sizeof(JPEG) - 1);
    if (strcmp(way->deliver, "slip") == 0)
        place_printer(scene);
    context_close(&f->context);
}

/* All of it once more as it was at the beginning: that is cheaper than to make it. */
static void begin_again(struct scene *scene)
{
    char command[6 * sizeof(scene->f->root) + 128];
    const char *root = scene->f->root;
    context_close(&scene->f->context);
    (void)snprintf(
        command, sizeof(command),
        "if [ -e %s.kept ]; then rm -rf %s && cp -a %s.kept %s; else cp -a %s %s.kept; fi", root,
        root, root, root, root, root);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
}

static void end(struct scene *scene)
{
    char kept[sizeof(scene->f->root) + sizeof(".kept")];
    (void)snprintf(kept, sizeof(kept), "%s.kept", scene->f->root);
    assert_int_equal(nftw(kept, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    close_root(scene->f);
}

static bool paper_password(const struct scene *scene, char password[64])
{
    char line[256];
    auto_file FILE *file = fopen(scene->paper, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "Password: %63s", password) == 1)
            return true;
    return false;
}

static bool paper_is_there(const struct scene *scene, enum killed killed)
{
    if (!scene->way->guarded)
        return access(scene->paper, F_OK) == 0;
    for (int i = 0; i < GUARD_TRIES && access(scene->paper, F_OK) == 0; i++) {
        if (killed == KILLED_DONE)
            return true;
        (void)usleep(20000);
    }
    return access(scene->paper, F_OK) == 0;
}

static void judge(struct scene *scene, unsigned before, enum killed killed)
{
    char password[64] = TYPED;
    struct fixture *f = scene->f;
    const bool paper = paper_is_there(scene, killed);
    reopen(f);
    const unsigned entries = tally_of(f).kinds[scene->way->kind] - before;
    assert_in_range(entries, 0, 1);
    assert_int_equal(verify_all(f, 0).count, 0);
    /* A file is there with its entry alone; paper that came out before one opens nothing. The file
     * of who was killed at the very end is gone: nobody knows that password. */
    if (paper && scene->way->guarded)
        assert_int_equal(entries, 1);
    if (scene->way->paper != NULL && entries == 1)
        assert_int_equal(paper_password(scene, password), paper);
    else if (paper)
        (void)paper_password(scene, password);
    if (paper || scene->way->paper == NULL)
        assert_int_equal(try_login(f, f->user, "192.0.2.1", password),
                         entries == 1 ? LOGIN_ALLOWED : LOGIN_REFUSED);
    if (entries == 1 && !scene->way->guarded && scene->way->paper != NULL)
        assert_true(paper);
    if (killed == KILLED_DONE)
        assert_true(entries == 1 && paper == (scene->way->paper != NULL));
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
    assert_int_equal(verify(f), MEDGL_OK);
}

static void killed_at_every_step(void **state)
{
    const struct way *way = *state;
    const unsigned before = way->kind == LEDGER_PASSWORD_ISSUE || way->witness; /* the first one */
    enum killed killed = KILLED;
    unsigned n = 0, kept = 0;
    struct scene scene;
    begin(&scene, way);
    while (killed == KILLED && n < POINTS_MAX) {
        begin_again(&scene);
        killed = killed_before(KILLED_BY_STEPS, ++n, act_reset, &scene);
        if (killed == KILLED_LOST)
            print_message("# lost at %u\n", n);
        assert_int_not_equal(killed, KILLED_LOST);
        judge(&scene, before, killed);
        kept += tally_of(scene.f).kinds[way->kind] == before + 1;
    }
    end(&scene);
    assert_int_equal(killed, KILLED_DONE);
    print_message("# killed before each of %u calls; %u times it was done\n", n - 1, kept);
    assert_true(n > 10);
    assert_true(kept > 0 && kept < n);
}

/* The program works for an ordinary user where there is no boundary: the test is one. */
static bool settle(void)
{
    const char *top = getenv("top_builddir");
    char command[5 * PATH_MAX], hash[64];
    char directory[] = "/tmp/medgl-reset-XXXXXX";
    if (mkdtemp(directory) == NULL)
        return false;
    (void)snprintf(program, sizeof(program), "%s/medgl-admin", directory);
    /* Others may not look into the directory that this was built in. */
    (void)snprintf(hash, sizeof(hash), "%s/cheap_hash.so", directory);
    (void)snprintf(command, sizeof(command),
                   "cp %s/medgl-admin %s && cp " CHEAP_HASH " %s && chmod -R 755 %s",
                   top != NULL ? top : ".", program, hash, directory);
    if (system(command) != 0 || setenv("LD_PRELOAD", hash, 1) != 0) /* NOLINT(cert-env33-c) */
        return false;
    if (geteuid() != 0)
        return true;
    return chown(directory, ORDINARY_USER, ORDINARY_USER) == 0 && setgid(ORDINARY_USER) == 0 &&
           setuid(ORDINARY_USER) == 0;
}

int main(void)
{
    static struct way ways[] = {
        {"file", LEDGER_PASSWORD_ISSUE, "slip", true, false},
        {"slip", LEDGER_PASSWORD_ISSUE, "paper", false, false},
        {"at-terminal", LEDGER_PASSWORD_RESET, NULL, false, false},
        {"at-terminal", LEDGER_PASSWORD_RESET, NULL, false, true},
    };
    if (!settle() || !make_keys())
        return 99;
    for (size_t i = 0; i < MEDGL_COUNT(ways); i++)
        table_add(ways[i].witness ? "R11 with a witness" : "R11", ways[i].deliver,
                  killed_at_every_step, &ways[i]);
    int failed = table_run("resets and kills");
    remove_keys();
    *strrchr(program, '/') = '\0';
    (void)nftw(program, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return failed;
}
