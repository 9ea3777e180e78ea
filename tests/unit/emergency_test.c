/* R31 R32: emergencies in a real store: every order of what happens, with reboots and clocks that
 * jump; what each turn writes and tells; and SIGKILL at every step of the end. */
#define FIXTURE_IN "/dev/shm" /* hundreds of stores are made and synced */
#include "tests/small_reserve.h"
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#include "operation/alert.h"
#include "operation/breakglass.h"
#include "operation/emergency.h"
#include "operation/session.h"
#include "policy/calendar.h"
#include "tests/fault/killed.h"
#include "tests/unit/emergency_orders.h"

#define NAME "games" /* users of any Debian, whom nobody logs in as */

static struct fixture *here; /* its context is that of the break-glass accounts */

/* -- the machine's clocks ---------------------------------------------------------------------- */

static int64_t wall, uptime;
static bool unsynchronised;
static unsigned boots;

struct clock_reading __wrap_clock_read(void);
int64_t __wrap_clock_monotonic(void);
enum medgl_error __real_emergency_clocks_read(struct store_txn *txn,
                                              struct emergency_clocks *clocks);
enum medgl_error __wrap_emergency_clocks_read(struct store_txn *txn,
                                              struct emergency_clocks *clocks);

struct clock_reading __wrap_clock_read(void)
{
    return (struct clock_reading){.now = wall, .synchronised = !unsynchronised};
}

int64_t __wrap_clock_monotonic(void)
{
    return uptime;
}

enum medgl_error __wrap_emergency_clocks_read(struct store_txn *txn,
                                              struct emergency_clocks *clocks)
{
    MEDGL_TRY(__real_emergency_clocks_read(txn, clocks));
    (void)snprintf(clocks->boot, sizeof(clocks->boot), "boot %u", boots);
    return MEDGL_OK;
}

static void pass(int64_t milliseconds)
{
    wall += milliseconds;
    uptime += milliseconds;
}

/* -- the installation -------------------------------------------------------------------------- */

static void open_small(void)
{
    context_close(&here->context);
    assert_int_equal(context_open_breakglass(here->root, CONTEXT_STATE, &here->context), MEDGL_OK);
    here->context.actor = (struct actor){.uid = -1, .roles = ROLE_ROOT};
    (void)snprintf(here->context.actor.name, sizeof(here->context.actor.name), "operator");
}

static void add(const char *name)
{
    char why[OPERATION_WHY_SIZE];
    const struct passwd *user = getpwnam(name);
    assert_non_null(user);
    const struct account_add_request request = {
        .name = name, .uid = user->pw_uid, .class_ = ACCOUNT_CLASS_BREAKGLASS};
    assert_int_equal(operation_account_add(&here->context, &request, why), MEDGL_OK);
}

static void begin_with(const char *policy)
{
    void *state = NULL;
    char text[256];
    wall = ORDER_WALL;
    uptime = MEDGL_HOUR;
    unsynchronised = false;
    boots = 1;
    assert_int_equal(fixture_open(&state), 0);
    here = state;
    (void)snprintf(text, sizeof(text), "%s", policy);
    for (char *at = text; (at = strchr(at, ';')) != NULL;)
        *at = '\n';
    (void)strncat(text, "\n", sizeof(text) - strlen(text) - 1);
    write_policy(here, text);
    open_small();
    add(NAME);
}

static void end(void)
{
    void *state = here;
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(fixture_close(&state), 0);
}

static enum medgl_error page(void *argument, const struct account *account,
                             const struct breakglass *row, const struct secret *code)
{
    (void)argument;
    (void)account;
    (void)row;
    (void)code;
    return MEDGL_OK;
}

static enum medgl_error no_matter(void *argument, const char *warning)
{
    (void)argument;
    (void)warning;
    return MEDGL_OK;
}

static enum medgl_error seal_it(const char *name)
{
    struct breakglass sealed;
    char why[OPERATION_WHY_SIZE];
    const struct breakglass_seal_request request = {
        .name = name, .way = "file", .deliver = page, .warn = no_matter};
    return operation_breakglass_seal(&here->context, &request, &sealed, why);
}

static enum medgl_error declare(bool drill)
{
    struct emergency row;
    char why[OPERATION_WHY_SIZE];
    const struct emergency_declare_request request = {
        .criterion = "disaster", .decided_by = "Director", .note = "earthquake", .drill = drill};
    return operation_emergency_declare(&here->context, &request, &row, why);
}

static enum medgl_error recover(void)
{
    struct emergency row;
    char why[OPERATION_WHY_SIZE];
    return operation_emergency_recover(&here->context, "Deputy", NULL, &row, why);
}

static bool settle(void)
{
    bool settled;
    assert_int_equal(operation_emergency_settle(&here->context, &settled), MEDGL_OK);
    return settled;
}

struct using
{
    const char *name;
    struct emergency_now_view view;
    struct breakglass row;
    struct breakglass_facts facts;
};

static enum medgl_error use_now(struct store_txn *txn, void *argument)
{
    struct using *using = argument;
    struct emergency_clocks clocks;
    struct account account;
    MEDGL_TRY(emergency_clocks_read(txn, &clocks));
    MEDGL_TRY(store_account_by_name(txn, using->name, &account));
    return emergency_use(&here->context, txn, &clocks, &account, "sshd", "192.0.2.7", &using->view);
}

static enum medgl_error use(const char *name)
{
    struct using using = {.name = name};
    return store_transact(here->context.store, STORE_WRITE, use_now, &using);
}

static enum medgl_error look_now(struct store_txn *txn, void *argument)
{
    struct using *using = argument;
    struct emergency_clocks clocks;
    struct account account;
    MEDGL_TRY(emergency_clocks_read(txn, &clocks));
    MEDGL_TRY(emergency_look(&here->context, txn, &clocks, &using->view));
    MEDGL_TRY(store_account_by_name(txn, using->name, &account));
    return emergency_facts(&here->context, txn, &using->view, account.id, &using->row,
                           &using->facts);
}

static struct using look(const char *name)
{
    struct using using = {.name = name};
    assert_int_equal(store_transact(here->context.store, STORE_READ, look_now, &using), MEDGL_OK);
    return using;
}

static enum breakglass_state state_of(const char *name)
{
    const struct using using = look(name);
    return policy_breakglass_state(&using.facts);
}

/* -- every order ------------------------------------------------------------------------------- */

static void order_do(const char *word)
{
    const enum emergency_phase phase = look(NAME).view.phase;
    if (strcmp(word, "seal") == 0)
        (void)seal_it(NAME);
    else if (strcmp(word, "declare") == 0)
        assert_int_equal(declare(false), phase == EMERGENCY_OPEN ? MEDGL_ERR_REFUSED : MEDGL_OK);
    else if (strcmp(word, "drill") == 0)
        assert_int_equal(declare(true), MEDGL_OK);
    else if (strcmp(word, "earnest") == 0)
        assert_int_equal(declare(false), MEDGL_OK);
    else if (strcmp(word, "use") == 0)
        (void)use(NAME);
    else if (strcmp(word, "recover") == 0)
        assert_int_equal(recover(), phase == EMERGENCY_OPEN || phase == EMERGENCY_TIMED_OUT
                                        ? MEDGL_OK
                                        : MEDGL_ERR_REFUSED);
    else if (strcmp(word, "settle") == 0)
        assert_int_equal(settle(), phase == EMERGENCY_TIMED_OUT);
    else if (strcmp(word, "mark") == 0 && phase == EMERGENCY_OPEN)
        assert_false(settle());
    else if (strcmp(word, "unsync") == 0 || strcmp(word, "sync") == 0)
        unsynchronised = word[0] == 'u';
    else if (strcmp(word, "1970") == 0)
        wall = 1000;
    else if (strncmp(word, "boot", 4) == 0) {
        boots++;
        uptime = 0;
        wall += strtol(word + 4, NULL, 10) * MEDGL_HOUR;
    } else if (strncmp(word, "clock", 5) == 0)
        wall += strtol(word + 5, NULL, 10) * MEDGL_DAY;
    else if (word[0] == '+')
        pass(strtol(word, NULL, 10) * MEDGL_HOUR);
}

static void ordered(void **state)
{
    const struct order_row *row = *state;
    char text[256], got[128], *left = text, *word;
    begin_with(row->settings[0] == 'b'               ? "breakglass_outside = deny"
               : strstr(row->settings, "31") != NULL ? "emergency_max = 31 days"
               : row->settings[0] != '\0'            ? "emergency_max = 1 h"
                                                     : "");
    (void)snprintf(text, sizeof(text), "%s", row->name);
    while ((word = strsep(&left, " ")) != NULL)
        order_do(word);
    const struct using using = look(NAME);
    const enum breakglass_verdict verdict =
        policy_breakglass_use(&here->context.policy, &using.facts);
    (void)snprintf(got, sizeof(got), "%s %s %s", emergency_phase_word(using.view.phase),
                   breakglass_state_word(policy_breakglass_state(&using.facts)),
                   breakglass_verdict_word(verdict));
    assert_string_equal(got, row->end);
    const bool opens = verdict == BREAKGLASS_OPENS || verdict == BREAKGLASS_DECLARES;
    assert_int_equal(use(NAME), opens ? MEDGL_OK : MEDGL_ERR_REFUSED);
    end();
}

/* The timer runs before the clock is synchronised again: how long the machine was off is not lost.
 */
static const struct order_row late_rows[] = {
    {"seal declare use unsync boot+80 mark sync", "timed-out closed closed", ""},
    {"seal declare use unsync boot+70 mark sync +1", "open used opens", ""},
};

/* -- what is written and told ------------------------------------------------------------------ */

struct told {
    unsigned of[32], drills, all;
    char last[STORE_ALERT_SIZE];
};

static void told_one(void *argument, const struct alert *alert)
{
    struct told *told = argument;
    told->of[alert->kind] += alert->count;
    told->all += alert->count;
    told->drills += strncmp(alert->text, "DRILL: ", 7) == 0 ? alert->count : 0;
    (void)snprintf(told->last, sizeof(told->last), "%s", alert->text);
}

static void told_to(void *argument, const struct delivery *delivery)
{
    (void)argument;
    (void)delivery;
}

static struct told told(void)
{
    struct told all = {.all = 0};
    assert_int_equal(operation_alert_list(&here->context, true, told_one, told_to, &all), MEDGL_OK);
    return all;
}

static void R32_each_use_is_told(void **state)
{
    (void)state;
    begin_with("");
    assert_int_equal(seal_it(NAME), MEDGL_OK);
    const struct told before = told();
    assert_int_equal(use(NAME), MEDGL_OK);
    struct told now = told();
    assert_int_equal(now.of[ALERT_EMERGENCY] - before.of[ALERT_EMERGENCY], 1);
    assert_int_equal(now.of[ALERT_BREAKGLASS] - before.of[ALERT_BREAKGLASS], 1);
    assert_int_equal(use(NAME), MEDGL_OK);
    assert_int_equal(use(NAME), MEDGL_OK);
    now = told();
    assert_int_equal(now.of[ALERT_EMERGENCY] - before.of[ALERT_EMERGENCY], 1);
    assert_int_equal(now.of[ALERT_BREAKGLASS] - before.of[ALERT_BREAKGLASS], 3);
    assert_int_equal(recover(), MEDGL_OK);
    assert_int_equal(told().of[ALERT_EMERGENCY_OVER], 1);
    const struct tally tally = tally_of(here);
    assert_int_equal(tally.kinds[LEDGER_EMERGENCY_DECLARE], 1);
    assert_int_equal(tally.kinds[LEDGER_BREAKGLASS_USE], 3);
    assert_int_equal(tally.kinds[LEDGER_EMERGENCY_RECOVER], 1);
    assert_int_equal(tally.kinds[LEDGER_BREAKGLASS_CLOSE], 1);
    end();
}

/* Whoever takes an envelope's account away, or makes a new one, does not do so unseen. */
static void R32_acts_on_an_account_are_told(void **state)
{
    char why[OPERATION_WHY_SIZE];
    (void)state;
    begin_with("");
    struct context *context = &here->context;
    assert_int_equal(seal_it(NAME), MEDGL_OK);
    assert_int_equal(told().of[ALERT_BREAKGLASS], 1);
    assert_non_null(strstr(told().last, "sealed"));
    assert_int_equal(seal_it(NAME), MEDGL_OK);
    assert_int_equal(told().of[ALERT_BREAKGLASS], 2);
    assert_int_equal(operation_account_disable(context, NAME, "leaves", why), MEDGL_OK);
    assert_int_equal(operation_account_enable(context, NAME, "is back", why), MEDGL_OK);
    assert_int_equal(operation_account_retire(context, NAME, "leaves", why), MEDGL_OK);
    assert_int_equal(told().of[ALERT_BREAKGLASS], 5);
    end();
}

static void R31_drill_is_marked(void **state)
{
    (void)state;
    begin_with("");
    assert_int_equal(seal_it(NAME), MEDGL_OK);
    const struct told before = told();
    assert_int_equal(declare(true), MEDGL_OK);
    assert_int_equal(use(NAME), MEDGL_OK);
    pass(2 * MEDGL_HOUR);
    assert_false(settle());
    assert_int_equal(recover(), MEDGL_OK);
    const struct told now = told();
    assert_int_equal(now.all - before.all, 4); /* declared, used, lasts, over */
    assert_int_equal(now.drills - before.drills, 4);
    end();
}

static void R31_earnest_over_a_drill(void **state)
{
    (void)state;
    begin_with("");
    assert_int_equal(declare(true), MEDGL_OK);
    assert_int_equal(declare(true), MEDGL_ERR_REFUSED);
    pass(71 * MEDGL_HOUR);
    assert_int_equal(declare(false), MEDGL_OK);
    const struct using using = look(NAME);
    assert_int_equal(using.view.row.number, 1);
    assert_false(using.view.row.drill);
    assert_int_equal(using.view.left, 72 * MEDGL_HOUR);
    assert_int_equal(declare(true), MEDGL_ERR_REFUSED);
    assert_int_equal(declare(false), MEDGL_ERR_REFUSED);
    end();
}

static const struct remind_row {
    const char *name, *policy;
    int64_t minutes; /* between two looks */
    unsigned looks, reminders;
    int64_t jump; /* of the clock at each look */
} remind_rows[] = {
    {"each hour", "", 10, 36, 6, 0},
    {"not before", "", 10, 5, 0, 0},
    {"one for a gap", "", 300, 1, 1, 0},
    {"every ten minutes", "emergency_remind = 10 min", 1, 30, 3, 0},
    {"whatever the clock does", "", 10, 36, 6, -3 * MEDGL_HOUR},
    {"and where it jumps ahead", "", 10, 36, 6, 3 * MEDGL_HOUR},
};

static void reminded(void **state)
{
    const struct remind_row *row = *state;
    begin_with(row->policy);
    assert_int_equal(declare(false), MEDGL_OK);
    for (unsigned i = 0; i < row->looks; i++) {
        pass(row->minutes * MEDGL_MINUTE);
        wall += row->jump;
        assert_false(settle());
        assert_false(settle());
    }
    assert_int_equal(told().of[ALERT_EMERGENCY], 1 + row->reminders);
    end();
}

static const struct refused_row {
    const char *name, *criterion, *decided_by, *note;
    enum medgl_error error;
} refused_rows[] = {
    {"no criterion of the policy", "fire", "Director", NULL, MEDGL_ERR_REFUSED},
    {"what logins declare by", EMERGENCY_BY_LOGIN, "Director", NULL, MEDGL_ERR_REFUSED},
    {"nobody decided", "disaster", "", NULL, MEDGL_ERR_ARGUMENT},
    {"an escape in it", "disaster", "Dir\033[1mector", NULL, MEDGL_ERR_ARGUMENT},
    {"a note that is no text", "disaster", "Director", "\xff", MEDGL_ERR_ARGUMENT},
    {"no note", "disaster", "Director", NULL, MEDGL_OK},
};

static void refused(void **state)
{
    const struct refused_row *row = *state;
    struct emergency emergency;
    char why[OPERATION_WHY_SIZE];
    const struct emergency_declare_request request = {
        .criterion = row->criterion, .decided_by = row->decided_by, .note = row->note};
    begin_with("");
    assert_int_equal(operation_emergency_declare(&here->context, &request, &emergency, why),
                     row->error);
    assert_int_equal(why[0] != '\0', row->error == MEDGL_ERR_REFUSED);
    assert_int_equal(look(NAME).view.known, row->error == MEDGL_OK);
    end();
}

/* -- many accounts ----------------------------------------------------------------------------- */

static const char *const many[] = {"lp",       "mail",   "news", "uucp", "proxy",
                                   "www-data", "backup", "list", "irc",  "sync"};

static void R32_all_that_were_used_are_closed(void **state)
{
    struct emergency_status status;
    (void)state;
    begin_with("");
    assert_int_equal(seal_it(NAME), MEDGL_OK);
    assert_int_equal(declare(false), MEDGL_OK);
    for (size_t i = 0; i < MEDGL_COUNT(many); i++) {
        add(many[i]);
        assert_int_equal(seal_it(many[i]), MEDGL_OK);
        assert_int_equal(use(many[i]), MEDGL_OK);
    }
    assert_int_equal(operation_emergency_status(&here->context, NULL, &status), MEDGL_OK);
    assert_int_equal(status.used, MEDGL_COUNT(many));
    assert_int_equal(status.sealed, 1);
    assert_int_equal(recover(), MEDGL_OK);
    for (size_t i = 0; i < MEDGL_COUNT(many); i++)
        assert_int_equal(state_of(many[i]), BREAKGLASS_CLOSED);
    assert_int_equal(state_of(NAME), BREAKGLASS_SEALED);
    assert_int_equal(operation_emergency_status(&here->context, NULL, &status), MEDGL_OK);
    assert_int_equal(status.closed, MEDGL_COUNT(many));
    assert_int_equal(status.unreviewed, 1);
    assert_int_equal(status.first_unreviewed, 1);
    assert_int_equal(tally_of(here).kinds[LEDGER_BREAKGLASS_CLOSE], MEDGL_COUNT(many));
    end();
}

/* -- what must be gone ------------------------------------------------------------------------- */

struct gone {
    unsigned count;
    uint32_t sessions;
};

static void gone_one(void *argument, const struct emergency_closed *closed)
{
    struct gone *gone = argument;
    assert_string_equal(closed->name, NAME);
    assert_int_equal(closed->uid, getpwnam(NAME)->pw_uid);
    gone->count++;
    gone->sessions += closed->sessions;
}

static struct gone gone(void)
{
    struct gone found = {.count = 0};
    assert_int_equal(operation_emergency_closed(&here->context, gone_one, &found), MEDGL_OK);
    return found;
}

static enum medgl_error session_now(struct store_txn *txn, void *argument)
{
    struct account account;
    struct session session = {.service = "sshd", .source = "192.0.2.7", .opened = wall};
    (void)argument;
    MEDGL_TRY(store_account_by_name(txn, NAME, &account));
    MEDGL_TRY(crypto_random_id(session.id));
    (void)snprintf(session.account_id, sizeof(session.account_id), "%s", account.id);
    session.class_ = account.class_;
    struct ledger_entry entry;
    const struct clock_reading clock = clock_read();
    session_entry(&here->context, &clock, LEDGER_SESSION_OPEN, &account, &session, &entry);
    MEDGL_TRY(evidence_append(&here->context, txn, &entry, NULL));
    return store_session_open(txn, &session);
}

static void R32_closed_ones_are_found_again(void **state)
{
    (void)state;
    begin_with("");
    assert_int_equal(seal_it(NAME), MEDGL_OK);
    assert_int_equal(gone().count, 0);
    assert_int_equal(use(NAME), MEDGL_OK);
    assert_int_equal(store_transact(here->context.store, STORE_WRITE, session_now, NULL), MEDGL_OK);
    assert_int_equal(gone().count, 0);
    assert_int_equal(operation_emergency_ended(&here->context, NAME), MEDGL_OK);
    assert_int_equal(tally_of(here).kinds[LEDGER_SESSION_END], 0); /* it is in use */
    pass(72 * MEDGL_HOUR);                                         /* nobody writes it down */
    assert_int_equal(gone().count, 1);
    assert_int_equal(gone().sessions, 1);
    assert_int_equal(recover(), MEDGL_OK);
    assert_int_equal(gone().count, 1); /* as long as nobody recorded the end of its session */
    assert_int_equal(operation_emergency_ended(&here->context, NAME), MEDGL_OK);
    assert_int_equal(gone().sessions, 0);
    assert_int_equal(tally_of(here).kinds[LEDGER_SESSION_END], 1);
    assert_int_equal(gone().count, 1); /* what has processes and no session is found, too */
    assert_int_equal(seal_it(NAME), MEDGL_OK);
    assert_int_equal(gone().count, 0);
    end();
}

static void R32_retired_is_no_hiding_place(void **state)
{
    char why[OPERATION_WHY_SIZE];
    (void)state;
    begin_with("");
    assert_int_equal(seal_it(NAME), MEDGL_OK);
    assert_int_equal(use(NAME), MEDGL_OK);
    assert_int_equal(operation_account_retire(&here->context, NAME, "leaves", why), MEDGL_OK);
    assert_int_equal(state_of(NAME), BREAKGLASS_UNSEALED);
    assert_int_equal(gone().count, 0); /* the emergency goes on */
    assert_int_equal(recover(), MEDGL_OK);
    assert_int_equal(gone().count, 1); /* without any session */
    end();
}

static bool processes_stay;
static unsigned processes_asked;

static bool end_processes(void *argument, const struct account *account)
{
    (void)argument;
    assert_string_equal(account->name, NAME);
    processes_asked++;
    return !processes_stay;
}

static enum medgl_error seal_behind_processes(void)
{
    struct breakglass sealed;
    char why[OPERATION_WHY_SIZE];
    const struct breakglass_seal_request request = {
        .name = NAME, .way = "file", .deliver = page, .warn = no_matter, .end = end_processes};
    return operation_breakglass_seal(&here->context, &request, &sealed, why);
}

/* A new seal says that the account was not used: nothing of its use runs on behind it. */
static void R32_no_seal_over_processes(void **state)
{
    (void)state;
    begin_with("");
    processes_asked = 0;
    assert_int_equal(seal_behind_processes(), MEDGL_OK);
    assert_int_equal(processes_asked, 0);
    assert_int_equal(use(NAME), MEDGL_OK);
    assert_int_equal(recover(), MEDGL_OK);
    processes_stay = true;
    assert_int_equal(seal_behind_processes(), MEDGL_ERR_REFUSED);
    assert_int_equal(state_of(NAME), BREAKGLASS_CLOSED);
    processes_stay = false;
    assert_int_equal(seal_behind_processes(), MEDGL_OK);
    assert_int_equal(processes_asked, 2);
    assert_int_equal(state_of(NAME), BREAKGLASS_SEALED);
    end();
}

/* Another one was sealed and used while the first one's processes were being ended. */
static void meanwhile(void *argument, const struct emergency_closed *closed)
{
    unsigned *calls = argument;
    (void)closed;
    ++*calls;
    assert_int_equal(seal_it(NAME), MEDGL_OK);
    assert_int_equal(seal_it("lp"), MEDGL_OK);
    assert_int_equal(use(NAME), MEDGL_OK);
    assert_int_equal(use("lp"), MEDGL_OK);
}

static void R32_looked_at_before_each_order(void **state)
{
    unsigned calls = 0;
    (void)state;
    begin_with("");
    add("lp");
    assert_int_equal(seal_it(NAME), MEDGL_OK);
    assert_int_equal(seal_it("lp"), MEDGL_OK);
    assert_int_equal(use(NAME), MEDGL_OK);
    assert_int_equal(use("lp"), MEDGL_OK);
    assert_int_equal(recover(), MEDGL_OK);
    assert_int_equal(operation_emergency_closed(&here->context, meanwhile, &calls), MEDGL_OK);
    assert_int_equal(calls, 1);
    end();
}

/* -- the banner -------------------------------------------------------------------------------- */

/* s: sealed, d, D: declared, a drill, u: used, r: recovered, t: its time passes, 1: that number is
 * reviewed. */
static const struct banner_row {
    const char *name, *acts;
    const char *says, *then; /* how its lines begin; NULL: there is none */
} banner_rows[] = {
    {"nothing", "", NULL, NULL},
    {"a seal", "s", NULL, NULL},
    {"an emergency", "d", "EMERGENCY 1 ", NULL},
    {"one in which an account is used", "sdu", "EMERGENCY 1 ", NULL},
    {"a drill", "D", "DRILL, no emergency: drill 1 ", NULL},
    {"its time is over", "dt", "Still open: the review of emergency 1 (", NULL},
    {"its time is over, and it was used", "sdut",
     "Still open: the review of emergency 1; break-glass accounts to be sealed anew: 1 (", NULL},
    {"not reviewed", "dr", "Still open: the review of emergency 1 (", NULL},
    {"a drill, not reviewed", "Dr", "Still open: the review of drill 1 (", NULL},
    {"reviewed", "dr1", NULL, NULL},
    {"reviewed, and not sealed anew", "sdur1",
     "Still open: break-glass accounts to be sealed anew: 1 (", NULL},
    {"sealed anew", "sdur1s", NULL, NULL},
    {"an older one", "drDr2", "Still open: the review of emergency 1 (", NULL},
    {"an older one, while one is open", "sdurD", "DRILL, no emergency: drill 2 ",
     "Still open: the review of emergency 1; break-glass accounts to be sealed anew: 1 ("},
    {"as many as are named", "drDrdr",
     "Still open: the review of emergency 1, drill 2, emergency 3 (", NULL},
    {"more than are named", "drDrdrdrd", "EMERGENCY 5 ",
     "Still open: the review of emergency 1, drill 2, emergency 3, ... ("},
};

static enum medgl_error review_it(uint32_t number)
{
    auto_clean(context_close) struct context main_context = {.store = NULL};
    char why[OPERATION_WHY_SIZE];
    const struct actor actor = here->context.actor;
    assert_int_equal(context_open(here->root, CONTEXT_READING, &main_context), MEDGL_OK);
    (void)snprintf(here->context.actor.name, sizeof(here->context.actor.name), "auditor");
    const enum medgl_error error =
        operation_emergency_review(&here->context, &main_context, number, NULL, why);
    here->context.actor = actor;
    return error;
}

static void banner_act(char act)
{
    if (act == 't')
        pass(100 * MEDGL_HOUR);
    else
        assert_int_equal(act == 's'                 ? seal_it(NAME)
                         : act == 'd' || act == 'D' ? declare(act == 'D')
                         : act == 'u'               ? use(NAME)
                         : act == 'r'               ? recover()
                                                    : review_it((uint32_t)(act - '0')),
                         MEDGL_OK);
    pass(MEDGL_MINUTE);
}

static void line_begins(const char *line, const char *wanted)
{
    if (wanted == NULL)
        assert_true(line == NULL || line[0] == '\0');
    else
        assert_int_equal(line == NULL ? -1 : strncmp(line, wanted, strlen(wanted)), 0);
}

static void bannered(void **state)
{
    const struct banner_row *row = *state;
    char banner[EMERGENCY_BANNER_SIZE], *rest = banner;
    begin_with("");
    for (const char *act = row->acts; *act != '\0'; act++)
        banner_act(*act);
    open_small();
    emergency_banner(&here->context, banner);
    line_begins(strsep(&rest, "\n"), row->says);
    line_begins(strsep(&rest, "\n"), row->then);
    assert_null(rest);
    end();
}

/* -- killed in the middle of the end ------------------------------------------------------------
 */

/* The small installation, with all that lies beside its store. */
static void copy_small(const char *from, const char *to)
{
    char command[3 * PATH_MAX + 64];
    (void)snprintf(command, sizeof(command), "rm -rf '%s' && cp -a '%s' '%s'", to, from, to);
    assert_int_equal(system(command), 0);
}

static bool recover_alone(void *argument)
{
    (void)argument;
    log_open(LOG_TARGET_NONE, "test", 0);
    return context_open_breakglass(here->root, CONTEXT_STATE, &here->context) == MEDGL_OK &&
           recover() == MEDGL_OK;
}

/* MUST: it is over and closed, or it is open; never over with an account in use. */
static void R32_killed_while_it_ends(void **state)
{
    char path[PATH_MAX], copy[PATH_MAX];
    enum killed how = KILLED;
    unsigned undone = 0, done = 0;
    (void)state;
    begin_with("");
    assert_int_equal(seal_it(NAME), MEDGL_OK);
    assert_int_equal(use(NAME), MEDGL_OK);
    context_close(&here->context);
    assert_int_equal(path_under(path, here->root, PATH_BREAKGLASS), MEDGL_OK);
    assert_int_equal(path_under(copy, path, ".copy"), MEDGL_OK);
    copy_small(path, copy);
    for (unsigned n = 1; how == KILLED; n++) {
        how = killed_before(KILLED_BY_FILTER, n, recover_alone, NULL);
        assert_int_not_equal(how, KILLED_LOST);
        open_small();
        const struct using using = look(NAME);
        const bool open = using.view.phase == EMERGENCY_OPEN;
        assert_int_equal(policy_breakglass_state(&using.facts),
                         open ? BREAKGLASS_USED : BREAKGLASS_CLOSED);
        assert_int_equal(gone().count, open ? 0 : 1); /* the next settle ends what is left */
        assert_int_equal(use(NAME), open ? MEDGL_OK : MEDGL_ERR_REFUSED);
        undone += open;
        done += !open;
        assert_int_equal(recover(), open ? MEDGL_OK : MEDGL_ERR_REFUSED);
        assert_int_equal(state_of(NAME), BREAKGLASS_CLOSED);
        assert_int_equal(verify(here), MEDGL_OK);
        context_close(&here->context);
        if (how == KILLED)
            copy_small(copy, path);
    }
    assert_true(undone > 0 && done > 0);
    open_small();
    end();
}

int main(void)
{
    TABLE_ADD("R32 order", order_rows, ordered);
    TABLE_ADD("R32 order", late_rows, ordered);
    table_add("R32 told", "each use", R32_each_use_is_told, NULL);
    table_add("R32 told", "acts on an account", R32_acts_on_an_account_are_told, NULL);
    table_add("R31 told", "a drill is marked", R31_drill_is_marked, NULL);
    table_add("R31 declare", "in earnest over a drill", R31_earnest_over_a_drill, NULL);
    TABLE_ADD("R31 declare", refused_rows, refused);
    TABLE_ADD("R32 reminded", remind_rows, reminded);
    table_add("R32 close", "many", R32_all_that_were_used_are_closed, NULL);
    table_add("R32 close", "found again", R32_closed_ones_are_found_again, NULL);
    table_add("R32 close", "one that is retired", R32_retired_is_no_hiding_place, NULL);
    table_add("R32 close", "no seal over processes", R32_no_seal_over_processes, NULL);
    table_add("R32 close", "looked at before each", R32_looked_at_before_each_order, NULL);
    TABLE_ADD("R32 banner", banner_rows, bannered);
    table_add("R32 killed", "while it ends", R32_killed_while_it_ends, NULL);
    return table_run("emergencies");
}
