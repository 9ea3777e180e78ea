/* Where an emergency stands, and what a break-glass account is in it (R31, R32), as tables of
 * cases: every order of declare, use, recover, time-out, re-seal, reboot, and clocks that jump. */
#include "base/auto.h"
#include "base/clock.h"
#include "policy/calendar.h"
#include "policy/emergency.h"
#include "tests/unit/emergency_orders.h"
#include "tests/unit/table.h"

#include <string.h>

#define H       MEDGL_HOUR
#define DAYS(n) ((n)*MEDGL_DAY)

static struct policy policy_of(const char *settings)
{
    char text[512], why[256], *left = text, *one;
    struct policy policy;
    policy_defaults(&policy);
    assert_in_range(snprintf(text, sizeof(text), "%s", settings), 0, sizeof(text) - 1);
    while ((one = strsep(&left, ";")) != NULL && *one != '\0') {
        const char *name = strsep(&one, "=");
        if (policy_set(&policy, policy_key_find(name), one, why, sizeof(why)) != MEDGL_OK)
            fail_msg("%s: %s", settings, why);
    }
    return policy;
}

/* -- how long it has lasted -------------------------------------------------------------------- */

#define WALL ORDER_WALL

static const struct spent_row {
    const char *name;
    int64_t spent, wall, uptime; /* at the mark */
    bool credible;
    int64_t wall_now, uptime_now;
    bool credible_now, same_boot;
    int64_t result;
} spent_rows[] = {
    {"no time", 0, WALL, H, true, WALL, H, true, true, 0},
    {"an hour of one boot", 0, WALL, H, true, WALL + H, 2 * H, true, true, H},
    {"what was spent before is kept", 5 * H, WALL, H, true, WALL + H, 2 * H, true, true, 6 * H},
    {"a clock that is set forward", 0, WALL, H, true, WALL + DAYS(30), 2 * H, true, true, H},
    {"a clock that is set back", 0, WALL, H, true, WALL - DAYS(30), 2 * H, true, true, H},
    {"a clock that falls to 1970", 0, WALL, H, true, 5, 2 * H, false, true, H},
    {"a clock that comes from 1970", 0, 5, H, false, WALL, 2 * H, true, true, H},
    {"an uptime that goes back: a machine put back", 3 * H, WALL, 5 * H, true, WALL, H, true, true,
     3 * H},
    {"a reboot: the clock tells how long it was off", 0, WALL, H, true, WALL + 10 * H, 1000, true,
     false, 10 * H},
    {"a reboot, the clock was set back", 0, WALL, H, true, WALL - DAYS(1), 2 * H, true, false,
     2 * H},
    {"a reboot, the clock is not set yet", 4 * H, WALL, H, true, 5, 2 * H, false, false, 6 * H},
    {"a reboot, it was not set before", 4 * H, 5, H, false, WALL, 2 * H, true, false, 6 * H},
    {"a reboot, never set", 4 * H, 5, H, false, 7, 2 * H, false, false, 6 * H},
    {"a reboot, up for longer than the clock says", 0, WALL, H, true, WALL + H, 3 * H, true, false,
     3 * H},
    {"a mark below 0 counts as none", -5, WALL, H, true, WALL + H, 2 * H, true, true, H},
    {"an uptime below 0 is none", 7, WALL, H, true, WALL, -H, true, false, 7},
    {"no overflow", INT64_MAX - 5, WALL, H, true, WALL + H, 2 * H, true, true, INT64_MAX},
};

static void spent(void **state)
{
    const struct spent_row *row = *state;
    const struct emergency_mark mark = {row->spent, row->wall, row->uptime, row->credible};
    const struct emergency_now now = {row->wall_now, row->uptime_now, row->credible_now,
                                      row->same_boot};
    assert_int_equal(policy_emergency_spent(&mark, &now), row->result);
    assert_true(policy_emergency_spent(&mark, &now) >= row->spent);
}

/* -- what follows what --------------------------------------------------------------------------
 */

/* A world with one account, driven by words, and compared with "phase state verdict" at the end.
 * `use` needs the verdict to open it; what is in use is not sealed. */
struct world {
    struct policy policy;
    int64_t wall, uptime, boot;
    bool known, recorded;
    struct emergency_mark mark;
    int64_t mark_boot;
    unsigned number, used_number;
    bool unsynchronised;
    struct breakglass_facts facts;
    bool refused; /* a use */
};

static bool world_credible(const struct world *world)
{
    return world->wall >= WALL - DAYS(1) && !world->unsynchronised;
}

static int64_t world_spent(const struct world *world)
{
    const struct emergency_now now = {world->wall, world->uptime, world_credible(world),
                                      world->boot == world->mark_boot};
    return world->recorded ? world->mark.spent : policy_emergency_spent(&world->mark, &now);
}

static void world_mark(struct world *world, int64_t so_far)
{
    world->mark =
        (struct emergency_mark){so_far, world->wall, world->uptime, world_credible(world)};
    world->mark_boot = world->boot;
}

static enum emergency_phase world_phase(const struct world *world)
{
    if (!world->known)
        return EMERGENCY_NONE;
    return policy_emergency_phase(&world->policy, world->recorded, world_spent(world));
}

static struct breakglass_facts world_facts(const struct world *world)
{
    struct breakglass_facts facts = world->facts;
    facts.now = world_phase(world);
    if (facts.used)
        facts.used_in = world->used_number == world->number ? facts.now : EMERGENCY_RECOVERED;
    return facts;
}

static void world_begin(struct world *world)
{
    world->known = true;
    world->recorded = false;
    world->number++;
    world_mark(world, 0);
}

static void world_end(struct world *world)
{
    world_mark(world, world_spent(world));
    world->recorded = true;
    world->facts.closed |= world->facts.used;
}

static void world_use(struct world *world)
{
    const struct breakglass_facts facts = world_facts(world);
    world->refused = false;
    switch (policy_breakglass_use(&world->policy, &facts)) {
    case BREAKGLASS_DECLARES:
        if (world_phase(world) == EMERGENCY_TIMED_OUT)
            world_end(world);
        world_begin(world);
        break;
    case BREAKGLASS_OPENS:
        break;
    case BREAKGLASS_REFUSED_UNSEALED:
    case BREAKGLASS_REFUSED_CLOSED:
    case BREAKGLASS_REFUSED_OUTSIDE:
        world->refused = true;
        return;
    }
    world->facts.used = true;
    world->used_number = world->number;
}

static void world_pass(struct world *world, int64_t milliseconds)
{
    world->wall += milliseconds;
    world->uptime += milliseconds;
}

static void world_do(struct world *world, const char *word)
{
    const enum emergency_phase phase = world_phase(world);
    const struct breakglass_facts facts = world_facts(world);
    if (strcmp(word, "seal") == 0 && policy_breakglass_state(&facts) != BREAKGLASS_USED) {
        if (phase == EMERGENCY_TIMED_OUT)
            world_end(world);
        world->facts = (struct breakglass_facts){.sealed = true};
    } else if ((strcmp(word, "declare") == 0 || strcmp(word, "drill") == 0) &&
               phase != EMERGENCY_OPEN) {
        if (phase == EMERGENCY_TIMED_OUT)
            world_end(world);
        world_begin(world);
    } else if (strcmp(word, "earnest") == 0) /* of a drill: its time begins anew */
        world_mark(world, 0);
    else if (strcmp(word, "use") == 0)
        world_use(world);
    else if (strcmp(word, "recover") == 0 && world->known && !world->recorded)
        world_end(world);
    else if (strcmp(word, "settle") == 0 && phase == EMERGENCY_TIMED_OUT)
        world_end(world);
    else if (strcmp(word, "mark") == 0 && phase == EMERGENCY_OPEN)
        world_mark(world, world_spent(world));
    else if (strcmp(word, "1970") == 0)
        world->wall = 1000;
    else if (strcmp(word, "unsync") == 0 || strcmp(word, "sync") == 0)
        world->unsynchronised = word[0] == 'u';
    else if (strncmp(word, "boot", 4) == 0) {
        world->boot++;
        world->uptime = 0;
        world->wall += strtol(word + 4, NULL, 10) * H;
    } else if (strncmp(word, "clock", 5) == 0)
        world->wall += strtol(word + 5, NULL, 10) * MEDGL_DAY;
    else if (word[0] == '+')
        world_pass(world, strtol(word, NULL, 10) * H);
}

static void ordered(void **state)
{
    const struct order_row *row = *state;
    struct world world = {.policy = policy_of(row->settings), .wall = WALL, .uptime = H};
    char text[256], got[128], *left = text, *word;
    (void)snprintf(text, sizeof(text), "%s", row->name);
    while ((word = strsep(&left, " ")) != NULL)
        world_do(&world, word);
    const struct breakglass_facts facts = world_facts(&world);
    (void)snprintf(got, sizeof(got), "%s %s %s", emergency_phase_word(facts.now),
                   breakglass_state_word(policy_breakglass_state(&facts)),
                   breakglass_verdict_word(policy_breakglass_use(&world.policy, &facts)));
    assert_string_equal(got, row->end);
}

/* -- what must hold of all facts ----------------------------------------------------------------
 */

/* R32: nothing opens but what is sealed, is not closed, and was not used in one that is over. */
static void R32_never_open(void **state)
{
    struct policy policy = policy_of("");
    (void)state;
    for (unsigned bits = 0; bits < 8; bits++)
        for (int in = EMERGENCY_NONE; in <= EMERGENCY_RECOVERED; in++)
            for (int now = EMERGENCY_NONE; now <= EMERGENCY_RECOVERED; now++)
                for (int outside = 0; outside < 2; outside++) {
                    const struct breakglass_facts facts = {.sealed = (bits & 1) != 0,
                                                           .used = (bits & 2) != 0,
                                                           .closed = (bits & 4) != 0,
                                                           .used_in = (enum emergency_phase)in,
                                                           .now = (enum emergency_phase)now};
                    policy.breakglass_outside = (enum policy_outside)outside;
                    const enum breakglass_verdict verdict = policy_breakglass_use(&policy, &facts);
                    const bool opens =
                        verdict == BREAKGLASS_OPENS || verdict == BREAKGLASS_DECLARES;
                    if (!facts.sealed || facts.closed ||
                        (facts.used && facts.used_in != EMERGENCY_OPEN))
                        assert_false(opens);
                    if (verdict == BREAKGLASS_DECLARES)
                        assert_true(now != EMERGENCY_OPEN && !facts.used &&
                                    outside == POLICY_OUTSIDE_DECLARE);
                    if (policy_breakglass_state(&facts) == BREAKGLASS_USED)
                        assert_true(verdict == BREAKGLASS_OPENS);
                }
}

static void left(void **state)
{
    const struct policy policy = policy_of("emergency_max=2 h");
    (void)state;
    assert_int_equal(policy_emergency_left(&policy, 0), 2 * H);
    assert_int_equal(policy_emergency_left(&policy, 2 * H - 1), 1);
    assert_int_equal(policy_emergency_left(&policy, 2 * H), 0);
    assert_int_equal(policy_emergency_left(&policy, INT64_MAX), 0);
    assert_int_equal(policy_emergency_left(&policy, -H), 2 * H);
    assert_int_equal(policy_emergency_phase(&policy, false, 2 * H - 1), EMERGENCY_OPEN);
    assert_int_equal(policy_emergency_phase(&policy, false, 2 * H), EMERGENCY_TIMED_OUT);
    assert_int_equal(policy_emergency_phase(&policy, true, 0), EMERGENCY_RECOVERED);
}

/* -- what is due --------------------------------------------------------------------------------
 */

static const struct due_row {
    const char *name, *settings;
    medgl_time then, now;
    bool seal, drill;
} due_rows[] = {
    {"fresh", "", WALL, WALL, false, false},
    {"after eleven months", "", WALL, WALL + DAYS(334), false, false},
    {"after a year", "", WALL, WALL + DAYS(365), true, true},
    {"for ever", "breakglass_renew=0;drill_every=0", WALL, WALL + DAYS(3650), false, false},
    {"days", "breakglass_renew=30 days;drill_every=10 days", WALL, WALL + DAYS(10), false, true},
    {"the clock went back", "", WALL, WALL - DAYS(3650), false, false},
};

static void due(void **state)
{
    const struct due_row *row = *state;
    const struct policy policy = policy_of(row->settings);
    assert_int_equal(policy_breakglass_due(&policy, row->then, 0, row->now), row->seal);
    assert_int_equal(policy_drill_due(&policy, row->then, 0, 0, row->now), row->drill);
    assert_int_equal(policy_drill_due(&policy, 0, row->then, 0, row->now), row->drill);
    assert_false(policy_drill_due(&policy, 0, 0, 0, row->now)); /* nothing is sealed */
}

/* -- criteria -----------------------------------------------------------------------------------
 */

static const struct criteria_row {
    const char *name, *list, *word;
    bool good, has;
} criteria_rows[] = {
    {"as shipped", "system-failure, disaster", "disaster", true, true},
    {"not in it", "system-failure, disaster", "fire", true, false},
    {"nothing", "disaster", "", true, false},
    {"a part of one", "system-failure", "system", true, false},
    {"no words", ",", "", false, false},
    {"behind an empty one", "a,,b", "b", true, false},
    {"no small letters", "Disaster", "Disaster", false, true},
    {"what logins declare by", "disaster, breakglass-login", "disaster", false, true},
};

static void criteria(void **state)
{
    const struct criteria_row *row = *state;
    struct policy policy = policy_of("");
    char why[256];
    (void)snprintf(policy.emergency_criteria, sizeof(policy.emergency_criteria), "%s", row->list);
    assert_int_equal(policy_check(&policy, why, sizeof(why)),
                     row->good ? MEDGL_OK : MEDGL_ERR_ARGUMENT);
    assert_int_equal(policy_emergency_criterion(&policy, row->word), row->has);
}

static void words(void **state)
{
    static const char *const phases[] = {"none", "open", "timed-out", "recovered", "none"};
    static const char *const states[] = {"unsealed", "sealed", "used", "closed", "unsealed"};
    static const char *const verdicts[] = {"unsealed", "closed",   "outside",
                                           "opens",    "declares", "unsealed"};
    (void)state;
    for (unsigned i = 0; i < MEDGL_COUNT(phases); i++)
        assert_string_equal(emergency_phase_word((enum emergency_phase)i), phases[i]);
    for (unsigned i = 0; i < MEDGL_COUNT(states); i++)
        assert_string_equal(breakglass_state_word((enum breakglass_state)i), states[i]);
    for (unsigned i = 0; i < MEDGL_COUNT(verdicts); i++)
        assert_string_equal(breakglass_verdict_word((enum breakglass_verdict)i), verdicts[i]);
}

int main(void)
{
    TABLE_ADD("R31 spent", spent_rows, spent);
    TABLE_ADD("R32 order", order_rows, ordered);
    table_add("R32 facts", "nothing opens that is over", R32_never_open, NULL);
    table_add("R31 left", "until the time is over", left, NULL);
    TABLE_ADD("R32 due", due_rows, due);
    TABLE_ADD("R31 criteria", criteria_rows, criteria);
    table_add("R31", "words", words, NULL);
    return table_run("emergencies in the policy");
}
