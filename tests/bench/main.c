/* make bench: prints figures and the goals beside them, and fails if one is missed. Run by root it
 * gets a user table of its own, in a mount namespace, so that nothing on the host changes and the
 * engine gives root away as it does on a server; run by anybody else there is no privilege
 * boundary, and the rest is the same. */
#include "tests/bench/bench.h"

#include "base/auto.h"
#include "base/log.h"
#include "base/privilege.h"
#include "base/text.h"

#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

static const struct {
    const char *name;
    void (*run)(const struct bench *bench);
} benches[] = {
    {"login", bench_login},     {"accounts", bench_accounts}, {"crowd", bench_crowd},
    {"memory", bench_memory},   {"beside", bench_beside},     {"alike", bench_alike},
    {"history", bench_history}, {"quality", bench_quality},   {"report", bench_report},
    {"flood", bench_flood},     {"append", bench_append},     {"verify", bench_verify},
};

/* -- who is there --------------------------------------------------------------------------- */

/* Lays a changed copy over a file of the host, for this process and its children alone. */
static void cover(const struct bench *bench, const char *path, const char *name, const char *more)
{
    char copy[PATH_MAX], text[4096];
    (void)snprintf(copy, sizeof(copy), "%s/%s", bench->directory, name);
    auto_file FILE *from = fopen(path, "re");
    auto_file FILE *to = fopen(copy, "we");
    size_t got;
    BENCH_MUST(from != NULL && to != NULL);
    while ((got = fread(text, 1, sizeof(text), from)) > 0)
        BENCH_MUST(fwrite(text, 1, got, to) == got);
    BENCH_MUST(fputs(more, to) >= 0 && fflush(to) == 0 && chmod(copy, 0644) == 0);
    BENCH_MUST(mount(copy, path, NULL, MS_BIND, NULL) == 0);
}

static void furnish(struct bench *bench)
{
    bench->owner = geteuid();
    bench->group = getegid();
    if (bench->owner != 0)
        return;
    BENCH_MUST(unshare(CLONE_NEWNS) == 0);
    BENCH_MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    if (getpwnam(MEDGL_USER) == NULL)
        cover(bench, "/etc/passwd", "passwd",
              MEDGL_USER ":x:64999:64999::/nonexistent:/usr/sbin/nologin\n");
    BENCH_MUST(privilege_owner(&bench->owner, &bench->group) == MEDGL_OK);
}

/* The first Unix users that are not root: every Debian has enough of them. */
static void find_people(struct bench *bench)
{
    const struct passwd *user;
    unsigned count = 0;
    setpwent();
    while (count < BENCH_PEOPLE && (user = getpwent()) != NULL) {
        if (user->pw_uid == 0 || user->pw_uid == bench->owner || !text_is_login_name(user->pw_name))
            continue;
        bench->people[count] = strdup(user->pw_name);
        bench->uids[count] = (int64_t)user->pw_uid;
        BENCH_MUST(bench->people[count++] != NULL);
    }
    endpwent();
    BENCH_MUST(count == BENCH_PEOPLE);
}

/* -- the whole ------------------------------------------------------------------------------ */

static void introduce(const struct bench *bench)
{
    struct statfs device;
    char huge[64] = "unknown";
    auto_file FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
    if (file != NULL && fgets(huge, sizeof(huge), file) != NULL)
        huge[strcspn(huge, "\n")] = '\0';
    BENCH_MUST(statfs(bench->directory, &device) == 0);
    printf("%ld processors, huge pages: %s, stores in %s (file system %lx%s), run by %s%s\n",
           sysconf(_SC_NPROCESSORS_ONLN), huge, bench->directory, (unsigned long)device.f_type,
           device.f_type == 0x01021994 ? ": in memory, so syncing costs nothing" : "",
           geteuid() == 0 ? "root" : "an ordinary user",
           bench->quick ? "\nQuick: only to see that the benches work, the figures mean little"
                        : "");
}

static int run(struct bench *bench, char **names)
{
    /* Some benches run in children (place_run()): what they miss counts too. */
    unsigned *missed =
        mmap(NULL, sizeof(*missed), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    BENCH_MUST(missed != MAP_FAILED);
    bench->missed = missed;
    log_open(LOG_TARGET_STDERR, "bench", 0);
    BENCH_MUST(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0); /* to see engines end */
    introduce(bench);
    furnish(bench);
    find_people(bench);
    for (size_t i = 0; i < MEDGL_COUNT(benches); i++) {
        bool wanted = names[0] == NULL;
        for (char **name = names; *name != NULL; name++)
            wanted |= strcmp(*name, benches[i].name) == 0;
        if (wanted)
            benches[i].run(bench);
    }
    printf("\nGoals not met: %u\n", *missed);
    return *missed > 0 && !bench->quick ? 1 : 0;
}

static int remove_one(const char *path, const struct stat *state, int kind, struct FTW *where)
{
    (void)state;
    (void)kind;
    (void)where;
    return remove(path);
}

static bool known(const char *name)
{
    for (size_t i = 0; i < MEDGL_COUNT(benches); i++)
        if (strcmp(benches[i].name, name) == 0)
            return true;
    return false;
}

static bool options(int argc, char **argv, struct bench *bench, const char **parent)
{
    int option;
    while ((option = getopt(argc, argv, "qt:n:d:")) != -1) {
        if (option == 'q') {
            bench->quick = true;
            bench->tries = 20;
            bench->accounts = 2000;
        } else if (option == 't') {
            bench->tries = (unsigned)strtoul(optarg, NULL, 10);
        } else if (option == 'n') {
            bench->accounts = strtoull(optarg, NULL, 10);
        } else if (option == 'd') {
            *parent = optarg;
        } else {
            return false;
        }
    }
    for (int i = optind; i < argc; i++)
        if (!known(argv[i]))
            return false;
    return bench->tries >= 2 && bench->accounts >= BENCH_PEOPLE && bench->accounts <= 10000000 &&
           strlen(*parent) < sizeof(bench->directory) - sizeof("/medgl-bench-XXXXXX");
}

int main(int argc, char **argv)
{
    struct bench bench = {.tries = 1000, .accounts = 1000000};
    const char *parent = "/var/tmp";
    int status = 1;
    if (!options(argc, argv, &bench, &parent)) {
        (void)fprintf(
            stderr,
            "Usage: %s [-q] [-t TRIES] [-n ACCOUNTS] [-d DIRECTORY] [BENCH...]\n"
            "  -q  quick: only to see that the benches work; a missed goal is no failure\n"
            "  -t  tries of each kind in \"alike\" (1000)\n"
            "  -n  accounts in the large store, entries in the large ledger (1000000)\n"
            "  -d  where stores are made, and removed (/var/tmp)\n"
            "Benches: login accounts crowd memory beside alike history quality report flood append "
            "verify; all where none is named.\n"
            "Exit status: 0 all goals are met, 1 one is not or a bench could not run, 2 usage.\n",
            argv[0]);
        return 2;
    }
    (void)snprintf(bench.directory, sizeof(bench.directory), "%s/medgl-bench-XXXXXX", parent);
    if (mkdtemp(bench.directory) == NULL || chmod(bench.directory, 0755) != 0) {
        perror(bench.directory);
        return 1;
    }
    (void)signal(SIGINT, SIG_IGN); /* the child ends, this one tidies up */
    (void)signal(SIGTERM, SIG_IGN);
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGINT, SIG_DFL);
        (void)signal(SIGTERM, SIG_DFL);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        exit(run(&bench, argv + optind));
    }
    while (child > 0 && waitpid(child, &status, 0) < 0)
        ;
    (void)nftw(bench.directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return status == 0 ? 0 : 1;
}
