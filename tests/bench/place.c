/* Private roots with an installation in them, made as medgl-admin makes one, and logins there. */
#include "tests/bench/bench.h"

#include "base/privilege.h"
#include "operation/role.h"
#include "operation/setup.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MODULE TEST_BUILDDIR "/.libs/pam_medgl.so"
#define ENGINE TEST_BUILDDIR "/medgl-auth"

/* A process of the owner's, as the engine is one: no file of a store ever belongs to root. */
static void as_owner(const struct bench *bench, enum medgl_error (*work)(void *), void *argument)
{
    int status = -1;
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        enum medgl_error error = privilege_drop(bench->owner, bench->group);
        if (error == MEDGL_OK)
            error = work(argument);
        if (error != MEDGL_OK)
            (void)fprintf(stderr, "bench: %s\n", medgl_error_text(error));
        _exit(error == MEDGL_OK ? 0 : 1);
    }
    BENCH_MUST(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}

struct run {
    const struct sandbox *place;
    enum medgl_error (*function)(struct context *context, void *argument);
    void *argument;
};

static enum medgl_error run_now(void *argument)
{
    const struct run *run = argument;
    auto_clean(context_close) struct context context = {.store = NULL};
    MEDGL_TRY(context_open(run->place->root, CONTEXT_STATE, &context));
    context.actor.roles = ROLE_ROOT;
    return run->function(&context, run->argument);
}

void place_run(const struct bench *bench, const struct sandbox *place,
               enum medgl_error (*function)(struct context *context, void *argument),
               void *argument)
{
    struct run run = {.place = place, .function = function, .argument = argument};
    as_owner(bench, run_now, &run);
}

struct fill_run {
    const struct bench *bench;
    uint64_t accounts;
};

static enum medgl_error fill_now(struct context *context, void *argument)
{
    const struct fill_run *run = argument;
    return place_fill(context, run->bench, run->accounts);
}

void place_make(const struct bench *bench, const char *policy, uint64_t accounts,
                struct sandbox *place)
{
    struct fill_run run = {.bench = bench, .accounts = accounts};
    const struct setup_request setup = {
        .root = place->root,
        .origin = "medgl.example/bench",
        .owner = bench->owner,
        .group = bench->group,
        .actor = {.uid = -1},
    };
    char state[PATH_MAX];
    BENCH_MUST(sandbox_make_in(place, bench->directory, bench->owner, ENGINE));
    BENCH_MUST(path_under(state, place->root, MEDGL_STATEDIR) == MEDGL_OK);
    BENCH_MUST(chown(state, bench->owner, bench->group) == 0 && chmod(state, 0700) == 0);
    BENCH_MUST(sandbox_write(place, MEDGL_SYSCONFDIR "/policy.conf", policy));
    BENCH_MUST(sandbox_service(place, MODULE, ""));
    pid_t child = fork(); /* what it initialises of the libraries must not be there for others */
    if (child == 0)
        _exit(operation_setup(&setup) == MEDGL_OK ? 0 : 1);
    int status = -1;
    BENCH_MUST(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    place_run(bench, place, fill_now, &run);
    sync(); /* or what was written here would slow the first logins down */
}

double login_once(const struct sandbox *place, const char *user, const char *rhost,
                  const char *const answers[BENCH_ANSWERS], struct host *host, int *code)
{
    struct host own;
    if (host == NULL)
        host = &own;
    *host = (struct host){.answers = {answers[0], answers[1], answers[2]}};
    BENCH_MUST(host_start(host, place, user));
    BENCH_MUST(pam_set_item(host->pamh, PAM_RHOST, rhost) == PAM_SUCCESS);
    double begin = bench_now();
    *code = host_call(host, HOST_AUTH);
    double took = bench_now() - begin;
    host_end(host);
    bench_settle();
    return took;
}

double login_good(const struct sandbox *place, const char *user, const char *rhost)
{
    const char *const answers[BENCH_ANSWERS] = {BENCH_PASSWORD};
    struct host host;
    int code;
    double took = login_once(place, user, rhost, answers, &host, &code);
    if (code != PAM_SUCCESS)
        bench_stop("the login of %s was refused with PAM code %d: %s", user, code, host.said);
    return took;
}
