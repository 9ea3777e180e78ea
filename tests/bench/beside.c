/* The same login through what Debian has: pam_faillock, pam_unix with yescrypt, pam_oath. For
 * information: they do less, and a faster hash is no merit. */
#include "tests/bench/bench.h"

#include "base/auto.h"

#include <crypt.h>
#include <fcntl.h>
#include <glob.h>
#include <spawn.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define OATH_SECRET "3132333435363738393031323334353637383930"

static bool have_oath(void)
{
    glob_t found;
    bool have = glob("/usr/lib/*/security/pam_oath.so", 0, NULL, &found) == 0 ||
                glob("/lib/*/security/pam_oath.so", 0, NULL, &found) == 0;
    globfree(&found);
    return have;
}

/* The codes of the next logins, one a line, from the tool of the same project. */
static FILE *codes_open(const struct sandbox *place)
{
    char path[PATH_MAX];
    char *const arguments[] = {(char *)"oathtool", (char *)"--window=999", (char *)OATH_SECRET,
                               NULL};
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status;
    (void)snprintf(path, sizeof(path), "%s/codes", place->root);
    BENCH_MUST(posix_spawn_file_actions_init(&actions) == 0 &&
               posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, path,
                                                O_WRONLY | O_CREAT | O_EXCL, 0600) == 0);
    BENCH_MUST(posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environment) == 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    BENCH_MUST(waitpid(child, &status, 0) == child && status == 0);
    FILE *codes = fopen(path, "re");
    BENCH_MUST(codes != NULL);
    return codes;
}

/* A shadow file with one line, seen by this process and its children alone. */
static void shadow(const struct sandbox *place, const char *user)
{
    char text[512], path[PATH_MAX];
    const char *salt = crypt_gensalt("$y$", 0, NULL, 0);
    const char *hash = salt != NULL ? crypt(BENCH_PASSWORD, salt) : NULL;
    BENCH_MUST(hash != NULL && strncmp(hash, "$y$", 3) == 0);
    (void)snprintf(text, sizeof(text), "%s:%s:19700:0:99999:7:::\n", user, hash);
    (void)snprintf(path, sizeof(path), "%s/shadow", place->root);
    BENCH_MUST(sandbox_write(place, "shadow", text) && chmod(path, 0600) == 0);
    BENCH_MUST(mount(path, "/etc/shadow", NULL, MS_BIND, NULL) == 0);
}

/* The stack as the manual of pam_faillock has it. */
static void stack(const struct sandbox *place, const char *user, bool oath)
{
    const char *const root = place->root;
    char text[2048], path[PATH_MAX], codes[256] = "";
    (void)snprintf(text, sizeof(text), "HOTP %s - " OATH_SECRET "\n", user);
    (void)snprintf(path, sizeof(path), "%s/users.oath", root);
    BENCH_MUST(sandbox_write(place, "users.oath", text) && chmod(path, 0600) == 0);
    if (oath)
        (void)snprintf(codes, sizeof(codes),
                       "auth required pam_oath.so usersfile=%s/users.oath window=5 digits=6\n",
                       root);
    (void)snprintf(text, sizeof(text),
                   "auth requisite pam_faillock.so preauth dir=%s/faillock\n"
                   "auth [success=1 default=ignore] pam_unix.so\n"
                   "auth [default=die] pam_faillock.so authfail dir=%s/faillock\n"
                   "%s"
                   "auth required pam_faillock.so authsucc dir=%s/faillock\n",
                   root, root, codes, root);
    BENCH_MUST(sandbox_write(place, "pam.d/test", text));
}

static double other_login(const struct sandbox *place, const char *user, FILE *codes)
{
    char code[16] = "";
    const char *const answers[BENCH_ANSWERS] = {BENCH_PASSWORD, code};
    struct host host;
    int result;
    if (codes != NULL)
        BENCH_MUST(fgets(code, sizeof(code), codes) != NULL);
    code[strcspn(code, "\n")] = '\0';
    double took = login_once(place, user, BENCH_RHOST, answers, &host, &result);
    if (result != PAM_SUCCESS)
        bench_stop("pam_unix and the others refused with PAM code %d: %s", result, host.said);
    return took;
}

void bench_beside(const struct bench *bench)
{
    auto_sample struct sample ours = {0}, others = {0};
    const unsigned rounds = bench->quick ? 5 : 60;
    const char *user = bench->people[0];
    const bool oath = have_oath();
    auto_file FILE *codes = NULL;
    struct sandbox place, other;
    line_head("Beside pam_faillock + pam_unix (yescrypt) + pam_oath, medians");
    if (geteuid() != 0) {
        line_text(
            "not measured: pam_unix needs a shadow file of its own, which root alone can lay out");
        return;
    }
    place_make(bench, "", BENCH_PEOPLE, &place);
    BENCH_MUST(sandbox_make_in(&other, bench->directory, 0, NULL));
    shadow(&other, user);
    stack(&other, user, oath);
    if (oath)
        codes = codes_open(&other);
    for (unsigned i = 0; i < rounds; i++) {
        sample_add(&ours, login_good(&place, user, BENCH_RHOST));
        sample_add(&others, other_login(&other, user, codes));
    }
    line_info("login through pam_medgl", sample_median(&ours), "ms");
    line_info(oath ? "login through pam_faillock + pam_unix + pam_oath"
                   : "login through pam_faillock + pam_unix (no pam_oath here)",
              sample_median(&others), "ms");
    BENCH_MUST(umount("/etc/shadow") == 0);
    sandbox_remove(&place);
    sandbox_remove(&other);
}
