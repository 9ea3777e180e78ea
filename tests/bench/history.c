/* What the history costs (R16): a change of a password with one and with 24 former ones, through
 * the real libpam, beside pam_pwhistory with as many. */
#include "tests/bench/bench.h"

#include "base/auto.h"
#include "factor/password.h"

#include <crypt.h>
#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define DEPTH      24
#define POLICY     "attempt_delay = 0\npassword_min_age = 0\npassword_history = "
#define CHANGE_MAX 64 /* of a password's bytes, with its NUL */

/* One account that changes its password again and again. */
struct changer {
    struct sandbox place;
    const char *user;
    int64_t uid;
    char current[CHANGE_MAX];
};

static void generate(char password[CHANGE_MAX])
{
    auto_secret struct secret drawn = SECRET_NONE;
    BENCH_MUST(password_generate(0, &drawn) == MEDGL_OK && drawn.len < CHANGE_MAX);
    memcpy(password, drawn.bytes, drawn.len + 1);
}

/* As passwd(1) does it: root by its effective uid, the owner by its real one. */
static double change_now(const struct changer *changer, const char *const answers[3])
{
    struct host host = {.answers = {answers[0], answers[1], answers[2]}};
    if (geteuid() == 0)
        BENCH_MUST(setresuid((uid_t)changer->uid, 0, 0) == 0);
    BENCH_MUST(host_start(&host, &changer->place, changer->user));
    double begin = bench_now();
    int code = host_call(&host, HOST_CHAUTHTOK);
    double took = bench_now() - begin;
    host_end(&host);
    if (code != PAM_SUCCESS)
        bench_stop("a change was refused with PAM code %d: %s", code, host.said);
    return took;
}

static double change(const struct changer *changer, const char *const answers[3])
{
    int ends[2], status = -1;
    double took = 0;
    BENCH_MUST(pipe(ends) == 0);
    (void)fflush(stdout);
    pid_t child = fork();
    BENCH_MUST(child >= 0);
    if (child == 0) {
        took = change_now(changer, answers);
        _exit(write(ends[1], &took, sizeof(took)) == sizeof(took) ? 0 : 1);
    }
    (void)close(ends[1]);
    BENCH_MUST(read(ends[0], &took, sizeof(took)) == sizeof(took));
    (void)close(ends[0]);
    BENCH_MUST(waitpid(child, &status, 0) == child && status == 0);
    bench_settle();
    return took;
}

static double change_ours(struct changer *changer)
{
    char fresh[CHANGE_MAX];
    generate(fresh);
    const char *const answers[3] = {changer->current, fresh, fresh};
    double took = change(changer, answers);
    memcpy(changer->current, fresh, sizeof(fresh));
    return took;
}

static void ours_make(const struct bench *bench, const char *depth, unsigned changes,
                      struct changer *changer)
{
    char policy[128];
    *changer = (struct changer){.user = bench->people[0], .uid = bench->uids[0]};
    (void)snprintf(policy, sizeof(policy), POLICY "%s\n", depth);
    (void)snprintf(changer->current, sizeof(changer->current), "%s", BENCH_PASSWORD);
    place_make(bench, policy, BENCH_PEOPLE, &changer->place);
    for (unsigned i = 0; i < changes; i++)
        (void)change_ours(changer);
}

/* -- pam_pwhistory -------------------------------------------------------------------------- */

static const char *hash_of(const char *password)
{
    const char *salt = crypt_gensalt("$y$", 0, NULL, 0);
    const char *hash = salt != NULL ? crypt(password, salt) : NULL;
    BENCH_MUST(hash != NULL && strncmp(hash, "$y$", 3) == 0);
    return hash;
}

/* Its file has a fixed name: a directory of ours over /etc/security, for this process and its
 * children alone. */
static void opasswd_make(const struct bench *bench, const struct sandbox *place)
{
    char directory[PATH_MAX], password[CHANGE_MAX];
    auto_free char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    BENCH_MUST(file != NULL);
    for (unsigned person = 0; person < 2; person++) {
        const unsigned depth = person == 0 ? 1 : DEPTH;
        BENCH_MUST(fprintf(file, "%s:%lld:%u:", bench->people[person],
                           (long long)bench->uids[person], depth) > 0);
        for (unsigned i = 0; i < depth; i++) {
            generate(password);
            BENCH_MUST(fprintf(file, "%s%s", i == 0 ? "" : ",", hash_of(password)) > 0);
        }
        BENCH_MUST(fputc('\n', file) != EOF);
    }
    BENCH_MUST(fclose(file) == 0);
    (void)snprintf(directory, sizeof(directory), "%s/security", place->root);
    BENCH_MUST(mkdir(directory, 0755) == 0 && sandbox_write(place, "security/opasswd", text));
    BENCH_MUST(mount(directory, "/etc/security", NULL, MS_BIND, NULL) == 0);
}

static void shadow_make(const struct bench *bench, const struct sandbox *place)
{
    char text[1024], path[PATH_MAX];
    size_t used = 0;
    for (unsigned person = 0; person < 2; person++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s:%s:19700:0:99999:7:::\n",
                                 bench->people[person], hash_of(BENCH_PASSWORD));
    (void)snprintf(path, sizeof(path), "%s/shadow", place->root);
    BENCH_MUST(used < sizeof(text) && sandbox_write(place, "shadow", text));
    BENCH_MUST(mount(path, "/etc/shadow", NULL, MS_BIND, NULL) == 0);
}

static void other_make(const struct bench *bench, unsigned person, unsigned depth,
                       struct changer *changer)
{
    char text[256];
    *changer = (struct changer){.user = bench->people[person], .uid = bench->uids[person]};
    (void)snprintf(text, sizeof(text),
                   "password required pam_pwhistory.so remember=%u enforce_for_root\n"
                   "password required pam_permit.so\n",
                   depth);
    BENCH_MUST(sandbox_make_in(&changer->place, bench->directory, 0, NULL));
    BENCH_MUST(sandbox_write(&changer->place, "pam.d/test", text));
}

static double change_other(const struct changer *changer)
{
    char fresh[CHANGE_MAX];
    generate(fresh);
    const char *const answers[3] = {fresh, fresh};
    return change(changer, answers);
}

static void bench_pwhistory(const struct bench *bench, unsigned rounds)
{
    auto_sample struct sample one = {0}, many = {0};
    struct changer shallow, deep;
    if (geteuid() != 0) {
        line_text("pam_pwhistory: not measured: it needs an opasswd file of its own, which root "
                  "alone can lay out");
        return;
    }
    other_make(bench, 0, 1, &shallow);
    other_make(bench, 1, DEPTH, &deep);
    shadow_make(bench, &shallow.place);
    opasswd_make(bench, &shallow.place);
    for (unsigned i = 0; i < rounds; i++) {
        sample_add(&one, change_other(&shallow));
        sample_add(&many, change_other(&deep));
    }
    line_info("pam_pwhistory alone, remember=1", sample_median(&one), "ms");
    line_info("pam_pwhistory alone, remember=24", sample_median(&many), "ms");
    line_info("pam_pwhistory, depth 24 over depth 1", sample_ratio(&many, &one), "times");
    BENCH_MUST(umount("/etc/security") == 0 && umount("/etc/shadow") == 0);
    sandbox_remove(&shallow.place);
    sandbox_remove(&deep.place);
}

void bench_history(const struct bench *bench)
{
    auto_sample struct sample one = {0}, many = {0};
    const unsigned rounds = bench->quick ? 3 : 40;
    struct changer shallow, deep;
    line_head("A change of a password, with one and with 24 former ones (R16), medians");
    ours_make(bench, "1", 2, &shallow);
    ours_make(bench, "24", DEPTH + 1, &deep);
    for (unsigned i = 0; i < rounds; i++) {
        sample_add(&one, change_ours(&shallow));
        sample_add(&many, change_ours(&deep));
    }
    line_info("change through pam_medgl, history 1", sample_median(&one), "ms");
    line_info("change through pam_medgl, history 24", sample_median(&many), "ms");
    line_goal(bench, "depth 24 over depth 1", sample_ratio(&many, &one), "times", 1.1, false);
    bench_pwhistory(bench, rounds);
    sandbox_remove(&shallow.place);
    sandbox_remove(&deep.place);
}
