/* R32: whatever is done with a break-glass account is killed before each of its calls that change a
 * file; and the power is lost there: a copy of the store is opened, with all that was written so
 * far, and with nothing but what was synced. All of it is there then, or nothing. */
#define FIXTURE_IN "/dev/shm" /* thousands of small files are written */
#include "tests/fault/killed.h"
#include "tests/small_reserve.h"
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#include "factor/breakglass.h"
#include "operation/breakglass.h"
#include "operation/emergency.h"

#include <sys/mman.h>

#define NAME       "games" /* a user of any Debian, whom nobody logs in as */
#define POINTS_MAX 1000

static struct fixture *here;               /* its context is that of the break-glass accounts */
static char (*page)[BREAKGLASS_TEXT_SIZE]; /* what came out last; shared with children */
static unsigned step = 5;                  /* --long: 1, each call */
static int64_t ahead;                      /* of both clocks of the machine */

struct clock_reading __real_clock_read(void);
struct clock_reading __wrap_clock_read(void);
int64_t __real_clock_monotonic(void);
int64_t __wrap_clock_monotonic(void);

struct clock_reading __wrap_clock_read(void)
{
    struct clock_reading clock = __real_clock_read();
    clock.now += ahead;
    return clock;
}

int64_t __wrap_clock_monotonic(void)
{
    return __real_clock_monotonic() + ahead;
}

/* -- what is done ----------------------------------------------------------------------------- */

static bool open_small(void)
{
    log_open(LOG_TARGET_NONE, "test", 0);
    if (context_open_breakglass(here->root, CONTEXT_STATE, &here->context) != MEDGL_OK)
        return false;
    here->context.actor = (struct actor){.uid = -1, .roles = ROLE_ROOT};
    (void)snprintf(here->context.actor.name, sizeof(here->context.actor.name), "operator");
    return true;
}

static enum medgl_error page_comes(void *argument, const struct account *account,
                                   const struct breakglass *row, const struct secret *code)
{
    (void)argument;
    (void)account;
    (void)row;
    memcpy(*page, code->bytes, BREAKGLASS_TEXT_SIZE);
    return MEDGL_OK;
}

static bool act_seal(void *argument)
{
    struct breakglass sealed;
    char why[OPERATION_WHY_SIZE];
    const struct breakglass_seal_request request = {
        .name = NAME, .way = "file", .deliver = page_comes};
    (void)argument;
    return operation_breakglass_seal(&here->context, &request, &sealed, why) == MEDGL_OK;
}

static bool act_use(void *argument)
{
    return try_login(here, NAME, "192.0.2.1", argument != NULL ? argument : *page) == LOGIN_ALLOWED;
}

static bool act_declare(void *argument)
{
    struct emergency row;
    char why[OPERATION_WHY_SIZE];
    const struct emergency_declare_request request = {.criterion = "disaster",
                                                      .decided_by = "Director"};
    (void)argument;
    return operation_emergency_declare(&here->context, &request, &row, why) == MEDGL_OK;
}

static bool act_recover(void *argument)
{
    struct emergency row;
    char why[OPERATION_WHY_SIZE];
    (void)argument;
    return operation_emergency_recover(&here->context, "Deputy", NULL, &row, why) == MEDGL_OK;
}

static bool act_settle(void *argument)
{
    bool settled;
    (void)argument;
    return operation_emergency_settle(&here->context, &settled) == MEDGL_OK && settled;
}

/* -- the cases -------------------------------------------------------------------------------- */

struct act {
    const char *name;
    const char *policy;
    bool (*before[3])(void *argument);
    int64_t later; /* between the two */
    bool (*act)(void *argument);
    enum ledger_kind kind; /* of its entry */
    bool opens[2];         /* the envelope of before: where it was not done, and where it was */
};
static const struct act acts[] = {
    {"the first use", "", {act_seal}, 0, act_use, LEDGER_BREAKGLASS_USE, {true, true}},
    {"another use", "", {act_seal, act_use}, 0, act_use, LEDGER_BREAKGLASS_USE, {true, true}},
    {"declare",
     "breakglass_outside = deny\n",
     {act_seal},
     0,
     act_declare,
     LEDGER_EMERGENCY_DECLARE,
     {false, true}},
    {"recover", "", {act_seal, act_use}, 0, act_recover, LEDGER_EMERGENCY_RECOVER, {true, false}},
    {"the time is over",
     "",
     {act_seal, act_use},
     73 * MEDGL_HOUR,
     act_settle,
     LEDGER_EMERGENCY_RECOVER,
     {false, false}},
    {"recover what is over",
     "",
     {act_seal, act_use},
     73 * MEDGL_HOUR,
     act_recover,
     LEDGER_EMERGENCY_RECOVER,
     {false, false}},
    {"renew a seal", "", {act_seal}, 0, act_seal, LEDGER_BREAKGLASS_SEAL, {true, false}},
    {"seal what is closed",
     "",
     {act_seal, act_use, act_recover},
     0,
     act_seal,
     LEDGER_BREAKGLASS_SEAL,
     {false, false}},
    {"seal what is over by its time",
     "",
     {act_seal, act_use},
     73 * MEDGL_HOUR,
     act_seal,
     LEDGER_BREAKGLASS_SEAL,
     {false, false}},
};

/* -- a scene ---------------------------------------------------------------------------------- */

struct scene {
    const struct act *act;
    char old[BREAKGLASS_TEXT_SIZE];
    unsigned entries; /* of the act's kind, before it */
    unsigned done, undone;
};

static const char *at(const char *name)
{
    static char path[4][PATH_MAX];
    static unsigned turn;
    char *to = path[turn++ % 4];
    assert_int_equal(path_under(to, here->root, name), MEDGL_OK);
    return to;
}

/* The directory of the small store takes the place of another. */
static void copy_state(const char *from, const char *to)
{
    char command[3 * PATH_MAX];
    (void)snprintf(command, sizeof(command), "rm -rf %s && cp -a %s %s", to, from, to);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
}

static void begin(struct scene *scene, const struct act *act)
{
    char why[OPERATION_WHY_SIZE];
    const struct passwd *user = getpwnam(NAME);
    const struct account_add_request add = {
        .name = NAME, .uid = user->pw_uid, .class_ = ACCOUNT_CLASS_BREAKGLASS};
    ahead = 0;
    assert_int_equal(fixture_open((void **)&here), 0);
    *scene = (struct scene){.act = act};
    context_close(&here->context);
    write_policy(here, act->policy);
    assert_true(open_small());
    assert_int_equal(operation_account_add(&here->context, &add, why), MEDGL_OK);
    for (size_t i = 0; i < MEDGL_COUNT(act->before) && act->before[i] != NULL; i++)
        assert_true(act->before[i](NULL));
    memcpy(scene->old, *page, sizeof(scene->old));
    scene->entries = tally_of(here).kinds[act->kind];
    context_close(&here->context);
    ahead = act->later;
    copy_state(at(PATH_BREAKGLASS), at("/kept"));
}

static void begin_again(const struct scene *scene)
{
    context_close(&here->context);
    memcpy(*page, scene->old, sizeof(*page));
    copy_state(at("/kept"), at(PATH_BREAKGLASS));
}

static void end(const struct scene *scene)
{
    context_close(&here->context);
    print_message("# %u times nothing of it was there, %u times all of it\n", scene->undone,
                  scene->done);
    assert_true(scene->done > 0 && scene->undone > 0);
    assert_int_equal(fixture_close((void **)&here), 0);
}

static bool act_alone(void *argument)
{
    const struct scene *scene = argument;
    return open_small() && scene->act->act(NULL);
}

/* All of it, or nothing; and who may get in is told by which of the two it is. */
static bool judge(struct scene *scene)
{
    const struct act *act = scene->act;
    assert_true(open_small());
    assert_int_equal(verify(here), MEDGL_OK);
    const struct tally tally = tally_of(here);
    const unsigned more = tally.kinds[act->kind] - scene->entries;
    assert_in_range(more, 0, 1);
    if (act->kind == LEDGER_EMERGENCY_RECOVER) /* never over with an account that is not closed */
        assert_int_equal(tally.kinds[LEDGER_BREAKGLASS_CLOSE], more);
    if (act->act == act_use) /* none without an emergency */
        assert_int_equal(tally.kinds[LEDGER_EMERGENCY_DECLARE],
                         tally.kinds[LEDGER_BREAKGLASS_USE] > 0);
    const bool other = memcmp(scene->old, *page, sizeof(scene->old)) != 0;
    assert_int_equal(act_use(scene->old), act->opens[more]);
    if (other)
        assert_int_equal(act_use(*page), more == 1);
    assert_true(more == 0 || act->act != act_seal || other);
    scene->done += more;
    scene->undone += more == 0;
    context_close(&here->context);
    return more == 1;
}

/* -- killed ----------------------------------------------------------------------------------- */

static void R32_killed(void **state)
{
    enum killed how = KILLED;
    struct scene scene;
    begin(&scene, *state);
    unsigned n = 1 + (unsigned)(scene.act - acts) % step;
    for (; how == KILLED && n < POINTS_MAX; n += step) {
        begin_again(&scene);
        how = killed_before(KILLED_BY_FILTER, n, act_alone, &scene);
        assert_int_not_equal(how, KILLED_LOST);
        assert_true(judge(&scene) || how == KILLED);
    }
    assert_int_equal(how, KILLED_DONE);
    end(&scene);
}

/* -- the power is lost ------------------------------------------------------------------------ */

#define PARTS 2

struct part {
    char *bytes;
    size_t len;
};

/* The database file and its journal, as they are, and as they are on the device for sure. */
struct watched {
    struct copy {
        struct part part[PARTS];
    } * copy;
    size_t count;
    struct part synced[PARTS];
    bool all; /* what was written is there; else what was synced alone */
};

static const char *part_name(size_t i)
{
    return i == 0 ? PATH_BREAKGLASS_STORE : PATH_BREAKGLASS_STORE "-wal";
}

static struct part part_read(size_t i)
{
    struct part part = {.len = 0};
    struct stat st;
    auto_file FILE *file = fopen(at(part_name(i)), "re");
    if (file == NULL)
        return part;
    assert_int_equal(fstat(fileno(file), &st), 0);
    part.bytes = malloc((size_t)st.st_size + 1);
    assert_non_null(part.bytes);
    part.len = fread(part.bytes, 1, (size_t)st.st_size, file);
    return part;
}

static void part_write(size_t i, const struct part *part)
{
    auto_file FILE *file = fopen(at(part_name(i)), "we");
    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    assert_int_equal(fwrite(part->bytes, 1, part->len, file), part->len);
}

static bool part_same(const struct part *one, const struct part *other)
{
    return one->len == other->len && memcmp(one->bytes, other->bytes, one->len) == 0;
}

static struct part part_of(const struct part *from)
{
    struct part part = {.bytes = malloc(from->len + 1), .len = from->len};
    assert_non_null(part.bytes);
    memcpy(part.bytes, from->bytes, from->len);
    return part;
}

/* One that is like the last one tells nothing new. */
static void watched_keep(struct watched *watched)
{
    struct copy copy;
    for (size_t i = 0; i < PARTS; i++)
        copy.part[i] = watched->all ? part_read(i) : part_of(&watched->synced[i]);
    const struct copy *last = watched->count > 0 ? &watched->copy[watched->count - 1] : NULL;
    if (last != NULL && part_same(&last->part[0], &copy.part[0]) &&
        part_same(&last->part[1], &copy.part[1])) {
        for (size_t i = 0; i < PARTS; i++)
            free(copy.part[i].bytes);
        return;
    }
    assert_true(watched->count < POINTS_MAX);
    watched->copy[watched->count++] = copy;
}

static bool watched_moment(void *argument, pid_t child, const struct killed_entry *entry)
{
    struct watched *watched = argument;
    char link[64], name[PATH_MAX] = "";
    watched_keep(watched);
    if (entry->nr != SYS_fsync && entry->nr != SYS_fdatasync)
        return true;
    (void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)child, (int)entry->args[0]);
    if (readlink(link, name, sizeof(name) - 1) < 0)
        return true;
    for (size_t i = 0; i < PARTS; i++)
        if (strcmp(name, at(part_name(i))) ==
            0) { /* once the call is over, which the next one tells */
            free(watched->synced[i].bytes);
            watched->synced[i] = part_read(i);
        }
    return true;
}

static void lost(struct scene *scene, bool all)
{
    struct watched watched = {.all = all};
    watched.copy = calloc(POINTS_MAX, sizeof(*watched.copy));
    assert_non_null(watched.copy);
    begin_again(scene);
    for (size_t i = 0; i < PARTS; i++)
        watched.synced[i] = part_read(i);
    assert_int_equal(killed_watch(KILLED_BY_FILTER, watched_moment, &watched, act_alone, scene),
                     KILLED_DONE);
    watched_keep(&watched);
    for (size_t i = 0; i < watched.count; i++) {
        char came[BREAKGLASS_TEXT_SIZE];
        memcpy(came, *page, sizeof(came));
        begin_again(scene);
        memcpy(*page, came, sizeof(came));
        (void)unlink(at(PATH_BREAKGLASS_STORE "-shm"));
        for (size_t j = 0; j < PARTS; j++) {
            part_write(j, &watched.copy[i].part[j]);
            free(watched.copy[i].part[j].bytes);
        }
        assert_true(judge(scene) || i + 1 < watched.count);
    }
    for (size_t i = 0; i < PARTS; i++)
        free(watched.synced[i].bytes);
    free(watched.copy);
    end(scene);
}

static void R32_power_lost(void **state)
{
    struct scene scene;
    begin(&scene, *state);
    lost(&scene, true);
}

static void R32_not_synced(void **state)
{
    struct scene scene;
    begin(&scene, *state);
    lost(&scene, false);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--long") == 0)
        step = 1;
    page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return 99;
    TABLE_ADD("R32 killed", acts, R32_killed);
    TABLE_ADD("R32 power lost", acts, R32_power_lost);
    TABLE_ADD("R32 power lost, and what was not synced", acts, R32_not_synced);
    return table_run("emergencies, killed");
}
