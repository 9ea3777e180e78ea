/* R20: a try is counted before it is verified, however many come at once and whatever is killed in
 * between. Evaluations of the real hash are counted by its salt, without the ledger. */
#include "tests/fault/scene.h"
#include "tests/unit/table.h"

#include "base/auto.h"
#include "base/clock.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static bool whole_campaign; /* `make fault-long` */

/* -- many at once ---------------------------------------------------------------------------- */

#define CROWD_MAX 80

/* A login among others. */
struct member {
    const char *password; /* NULL: a guess of its own */
    const char *rhost, *tty;
};

/* PAM codes of so many logins at once; [PAM_SUCCESS] and so on. `code` may be NULL. -1: a host
 * crashed. */
static bool crowd_of(struct scene *scene, const struct member *members, size_t count,
                     unsigned codes[64], int *code)
{
    pid_t hosts[CROWD_MAX];
    char guesses[CROWD_MAX][32];
    int gate[2];
    struct scene here = *scene; /* of each in turn; the rest of it is shared */
    memset(codes, 0, 64 * sizeof(*codes));
    CHECK(pipe(gate) == 0);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(guesses[i], sizeof(guesses[i]), "%s", scene_guess(scene));
        const char *password = members[i].password != NULL ? members[i].password : guesses[i];
        const char *const answers[] = {password, NULL};
        (void)snprintf(here.rhost, sizeof(here.rhost), "%s", members[i].rhost);
        here.tty = members[i].tty;
        hosts[i] = scene_start(&here, HOST_AUTH, answers, gate);
    }
    (void)close(gate[0]);
    (void)close(gate[1]);
    for (size_t i = 0; i < count; i++) {
        int ended = scene_end(hosts[i]);
        CHECK(ended >= 0 && ended < 64);
        codes[ended]++;
        if (code != NULL)
            code[i] = ended;
    }
    scene_quiet(scene);
    return true;
}

/* The same from one place: with that password, or each with a guess of its own. */
static bool crowd(struct scene *scene, size_t count, const char *password, unsigned codes[64])
{
    struct member members[CROWD_MAX];
    for (size_t i = 0; i < count; i++)
        members[i] = (struct member){password, scene->rhost, scene->tty};
    return crowd_of(scene, members, count, codes, NULL);
}

/* pam_faillock evaluated all of sixty parallel guesses at deny=5. */
static bool sixty_guesses_are_five(struct scene *scene)
{
    unsigned codes[64];
    CHECK(scene_audit(scene));
    const struct tally before = *scene->tally;
    scene_fresh_source(scene);
    scene_plan(scene, NULL);
    CHECK(crowd(scene, 60, NULL, codes));
    CHECK(codes[PAM_AUTH_ERR] == 60);
    CHECK(scene_evaluations(scene) == SCENE_LIMIT);
    CHECK(scene->board->salts == 60); /* the same work for those that were refused (R23) */
    CHECK(scene_login(scene, SCENE_PASSWORD) == PAM_AUTH_ERR);
    CHECK(scene_evaluations(scene) == SCENE_LIMIT);
    CHECK(scene_audit(scene) && scene->tally->faults == 0);
    CHECK(scene->tally->counted - before.counted == SCENE_LIMIT);
    CHECK(scene_unlock(scene) && scene_login(scene, SCENE_PASSWORD) == PAM_SUCCESS);
    return true;
}

/* linux-pam #18: a client that repeats the password that it keeps makes one guess. */
static bool sixty_times_the_same_is_one(struct scene *scene)
{
    unsigned codes[64];
    CHECK(scene_audit(scene));
    const struct tally before = *scene->tally;
    scene_fresh_source(scene);
    scene_plan(scene, NULL);
    CHECK(crowd(scene, 60, SCENE_WRONG, codes));
    CHECK(codes[PAM_AUTH_ERR] == 60);
    CHECK(scene->board->salts == 60);
    CHECK(scene_login(scene, SCENE_PASSWORD) == PAM_SUCCESS);
    CHECK(scene_audit(scene) && scene->tally->faults == 0);
    CHECK(scene->tally->counted - before.counted == 1);
    CHECK(scene->tally->kinds[LEDGER_LOGIN_LOCKED] == before.kinds[LEDGER_LOGIN_LOCKED]);
    return true;
}

/* linux-pam #71: parallel right logins must not lock. */
static bool ten_right_logins_succeed(struct scene *scene)
{
    unsigned codes[64];
    scene_fresh_source(scene);
    scene_plan(scene, NULL);
    CHECK(crowd(scene, 10, SCENE_PASSWORD, codes));
    CHECK(codes[PAM_SUCCESS] == 10);
    CHECK(scene_evaluations(scene) == 10);
    CHECK(scene_audit(scene) && scene->tally->faults == 0 && scene->tally->counted == 0);
    return true;
}

/* Four strangers, and the owner at the console: each source has its limit, all of them have the
 * account's, and who stands before the machine has the right password. */
static bool strangers_and_the_owner(struct scene *scene, const char *policy, unsigned counted)
{
    enum {
        STRANGERS = 4,
        EACH = 15,
        OWNER = 10,
        ALL = STRANGERS * EACH + OWNER
    };
    struct member members[ALL];
    char places[STRANGERS][32];
    unsigned codes[64];
    int code[ALL];
    for (size_t i = 0; i < STRANGERS; i++)
        (void)snprintf(places[i], sizeof(places[i]), "203.0.113.%zu", i + 1);
    for (size_t i = 0; i < ALL; i++)
        members[i] = i % (ALL / OWNER) == 0 ? (struct member){SCENE_PASSWORD, "", "tty1"}
                                            : (struct member){NULL, places[i % STRANGERS], NULL};
    CHECK(scene_audit(scene));
    const struct tally before = *scene->tally;
    CHECK(scene_policy(scene, policy));
    scene_plan(scene, NULL);
    CHECK(crowd_of(scene, members, ALL, codes, code));
    for (size_t i = 0; i < ALL; i++)
        CHECK(code[i] == (members[i].password != NULL ? PAM_SUCCESS : PAM_AUTH_ERR));
    CHECK(scene_evaluations(scene) == counted + OWNER);
    CHECK(scene->board->salts == ALL);
    CHECK(scene_audit(scene) && scene->tally->faults == 0);
    CHECK(scene->tally->counted - before.counted == counted);
    return scene_unlock(scene);
}

static bool mixed_sources_meet_their_limits(struct scene *scene)
{
    CHECK(strangers_and_the_owner(scene, "attempts_per_account = 100\n", 4 * SCENE_LIMIT));
    CHECK(strangers_and_the_owner(scene, "attempts_per_account = 12\n", 12));
    return true;
}

/* Engines that die at any moment while others wait for them. */
static bool a_dying_crowd_gets_five(struct scene *scene)
{
    const struct board_plan deadly = {.within_us = 200000};
    unsigned codes[64], rounds = whole_campaign ? 40 : 3;
    for (unsigned round = 0; round < rounds; round++) {
        scene_fresh_source(scene);
        scene_plan(scene, &deadly);
        CHECK(crowd(scene, 30, NULL, codes));
        CHECK(codes[PAM_AUTH_ERR] + codes[PAM_AUTHINFO_UNAVAIL] == 30);
        CHECK(scene_evaluations(scene) <= SCENE_LIMIT);
        CHECK(scene_audit(scene) && scene->tally->faults == 0);
    }
    return true;
}

/* -- killed at a point ----------------------------------------------------------------------- */

/* What an undisturbed login does, a letter for each call. */
static bool trace_login(struct scene *scene, const char *password, int code,
                        char trace[BOARD_TRACE])
{
    scene_plan(scene, NULL);
    CHECK(scene_login(scene, password) == code);
    CHECK(scene->board->seen[BOARD_ANY] < BOARD_TRACE);
    memcpy(trace, scene->board->trace, BOARD_TRACE);
    return strchr(trace, 'k') != NULL && strchr(trace, 'V') != NULL;
}

/* One login whose engine dies at that point, and what it cost. */
static bool die_once(struct scene *scene, const char *password, int code, const char *trace,
                     uint32_t point)
{
    const struct board_plan plan = {BOARD_ANY, BOARD_KILL, point, point, 0};
    const bool told = trace + point - 1 > strrchr(trace, 'v'); /* the last is the verdict's */
    const struct tally before = *scene->tally;
    CHECK(scene_restore(scene));
    scene_plan(scene, &plan);
    CHECK(scene_login(scene, password) == (told ? code : PAM_AUTHINFO_UNAVAIL));
    CHECK(scene->board->fired == 1);
    const unsigned evaluated = scene_evaluations(scene);
    CHECK(evaluated == (trace + point - 1 >= strchr(trace, 'k')));
    scene_plan(scene, NULL);
    CHECK(scene_login(scene, SCENE_PASSWORD) == PAM_SUCCESS); /* below the limit */
    CHECK(scene_audit(scene) && scene->tally->faults == 0);
    const unsigned counted = scene->tally->counted - before.counted;
    const unsigned allowed =
        scene->tally->kinds[LEDGER_LOGIN_SUCCESS] - before.kinds[LEDGER_LOGIN_SUCCESS] - 1;
    *scene->tally = before;
    /* What was evaluated is a failure, or a success that was recorded, and never both. */
    CHECK(evaluated <= counted + allowed && counted + allowed <= 1);
    CHECK(allowed == 0 || code == PAM_SUCCESS);
    return true;
}

/* A read or a lock after another one changes nothing: the whole campaign alone dies there too. */
static bool worth_dying_at(const char *trace, uint32_t point)
{
    char here = trace[point - 1];
    return whole_campaign || point == 1 || here != trace[point - 2] || strchr("rlo", here) == NULL;
}

static bool dying_at_every_point(struct scene *scene, const char *password, int code)
{
    char trace[BOARD_TRACE];
    CHECK(scene_settle(scene) && scene_keep(scene) && scene_audit(scene));
    CHECK(scene_restore(scene) && trace_login(scene, password, code, trace));
    const uint32_t points = (uint32_t)strlen(trace);
    for (uint32_t point = 1; point <= points; point++)
        if (worth_dying_at(trace, point) && !die_once(scene, password, code, trace, point)) {
            print_message("# at point %u of %s\n", point, trace);
            return false;
        }
    return true;
}

static bool a_wrong_guess_dies_at_every_point(struct scene *scene)
{
    return dying_at_every_point(scene, SCENE_WRONG, PAM_AUTH_ERR);
}

static bool a_right_login_dies_at_every_point(struct scene *scene)
{
    return dying_at_every_point(scene, SCENE_PASSWORD, PAM_SUCCESS);
}

/* Guesses that die there, one after the other: as many as the limit is evaluated, no more. */
static bool die_until_locked(struct scene *scene, enum board_call call, uint32_t nth)
{
    const struct board_plan plan = {call, BOARD_KILL, nth, nth, 0};
    unsigned evaluated = 0;
    CHECK(scene_audit(scene));
    const unsigned before = scene->tally->counted;
    scene_fresh_source(scene);
    for (int i = 0; i < SCENE_LIMIT + 2; i++) {
        scene_plan(scene, &plan);
        int code = scene_login(scene, scene_guess(scene));
        CHECK(code == PAM_AUTHINFO_UNAVAIL || code == PAM_AUTH_ERR);
        evaluated += scene_evaluations(scene);
    }
    scene_plan(scene, NULL);
    const bool closed = scene_login(scene, SCENE_PASSWORD) == PAM_AUTH_ERR;
    CHECK(scene_audit(scene) && scene->tally->faults == 0);
    const unsigned counted = scene->tally->counted - before;
    CHECK(evaluated <= counted && counted <= SCENE_LIMIT);
    CHECK(closed == (counted == SCENE_LIMIT));
    CHECK(closed || (call != BOARD_KDF && call != BOARD_KDF_DONE));
    return scene_unlock(scene);
}

/* The limit holds for guesses that all die. */
static bool five_deaths_close_the_source(struct scene *scene)
{
    static const enum board_call calls[] = {BOARD_KDF,  BOARD_KDF_DONE, BOARD_SYNC, BOARD_SEND,
                                            BOARD_SENT, BOARD_WRITE,    BOARD_LOCK, BOARD_OPEN};
    char trace[BOARD_TRACE];
    CHECK(trace_login(scene, SCENE_WRONG, PAM_AUTH_ERR, trace));
    for (size_t i = 0; i < MEDGL_COUNT(calls); i++) {
        const uint32_t count = scene->board->seen[calls[i]];
        /* The last ones, where the reservation is made and what follows it. */
        for (uint32_t nth = count, step = whole_campaign ? 1 : 2 + count / 8; nth > 0;
             nth = nth > step ? nth - step : 0)
            if (!die_until_locked(scene, calls[i], nth)) {
                print_message("# at %c number %u of %u\n", BOARD_LETTERS[calls[i]], nth, count);
                return false;
            }
        CHECK(trace_login(scene, SCENE_WRONG, PAM_AUTH_ERR, trace));
    }
    return true;
}

/* -- killed at any time ---------------------------------------------------------------------- */

static bool dying_at_any_time(struct scene *scene)
{
    const struct board_plan deadly = {.within_us = 60000};
    const unsigned rounds = whole_campaign ? 60 : 3;
    for (unsigned round = 0; round < rounds; round++) {
        unsigned evaluated = 0;
        scene_fresh_source(scene);
        for (int i = 0; i < 2 * SCENE_LIMIT; i++) {
            scene_plan(scene, &deadly);
            int code = scene_login(scene, scene_guess(scene));
            CHECK(code == PAM_AUTHINFO_UNAVAIL || code == PAM_AUTH_ERR);
            evaluated += scene_evaluations(scene);
        }
        CHECK(evaluated <= SCENE_LIMIT);
        CHECK(scene_audit(scene) && scene->tally->faults == 0);
        CHECK(scene_unlock(scene));
    }
    return true;
}

/* The application dies, the engine lives on: it finishes the try, or never got an answer. */
static bool the_host_dies_at_any_time(struct scene *scene)
{
    const unsigned rounds = whole_campaign ? 60 : 3;
    for (unsigned round = 0; round < rounds; round++) {
        scene_fresh_source(scene);
        scene_plan(scene, NULL);
        for (unsigned i = 0; i < 3 * SCENE_LIMIT; i++) {
            const struct timespec later = {.tv_nsec = (long)(1 + (i * 7 + round) % 40) * 1000000};
            const char *const answers[] = {scene_guess(scene), NULL};
            pid_t host = scene_start(scene, HOST_AUTH, answers, NULL);
            (void)nanosleep(&later, NULL);
            (void)kill(host, SIGKILL);
            CHECK(scene_end(host) != PAM_SUCCESS);
        }
        CHECK(scene_login(scene, scene_guess(scene)) ==
              PAM_AUTH_ERR); /* waits for those in flight */
        CHECK(scene_evaluations(scene) <= SCENE_LIMIT);
        CHECK(scene_audit(scene) && scene->tally->faults == 0);
        CHECK(scene_unlock(scene));
    }
    return true;
}

/* -- running --------------------------------------------------------------------------------- */

static const struct row {
    const char *name;
    bool (*body)(struct scene *);
    bool root; /* as root too, where the test may choose; the whole campaign does so with all */
    enum scene_cost cost; /* there: what the policy asks for */
} rows[] = {
    {"sixty wrong guesses at once are five", sixty_guesses_are_five, true, SCENE_COSTLY},
    {"sixty times the same wrong password are one guess", sixty_times_the_same_is_one, false,
     SCENE_COSTLY},
    {"ten right logins at once succeed", ten_right_logins_succeed, true, SCENE_COSTLY},
    {"four sources at once, and the owner at the console", mixed_sources_meet_their_limits, true,
     SCENE_COSTLY},
    {"a crowd of dying engines gets five guesses", a_dying_crowd_gets_five, false, SCENE_COSTLY},
    {"a wrong guess dies at every point", a_wrong_guess_dies_at_every_point, false, SCENE_CHEAP},
    {"a right login dies at every point", a_right_login_dies_at_every_point, false, SCENE_CHEAP},
    {"five deaths close the source", five_deaths_close_the_source, false, SCENE_CHEAP},
    {"guesses that die at any time", dying_at_any_time, false, SCENE_COSTLY},
    {"the host dies at any time", the_host_dies_at_any_time, false, SCENE_COSTLY},
};

static void run_as(const struct row *row, uid_t host)
{
    const int64_t begun = clock_monotonic();
    struct scene scene;
    bool good =
        scene_make(&scene, host, whole_campaign ? SCENE_COSTLY : row->cost) && row->body(&scene);
    if (!good && scene.board != NULL)
        print_message("# log: %s\n# fault: %s\n", scene.board->log, scene.tally->fault);
    scene_remove(&scene);
    print_message("# %.1f s\n", (double)(clock_monotonic() - begun) / 1000);
    assert_true(good);
}

static void as_ordinary(void **state)
{
    run_as(*state, scene_ordinary());
}

static void as_root(void **state)
{
    run_as(*state, 0);
}

int main(int argc, char **argv)
{
    whole_campaign = argc == 2 && strcmp(argv[1], "--long") == 0;
    TABLE_ADD("R20 as an ordinary user", rows, as_ordinary);
    for (size_t i = 0; geteuid() == 0 && i < MEDGL_COUNT(rows); i++)
        if (rows[i].root || whole_campaign)
            table_add("R20 as root", rows[i].name, as_root, &rows[i]);
    return table_run("guess");
}
