/* R33: what the report of an emergency says: real logins with the codes of envelopes, sessions,
 * acts in both ledgers, alerts, and what is left to be done. */
#include "tests/small_reserve.h"
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#include "factor/breakglass.h"
#include "operation/alert.h"
#include "operation/breakglass.h"
#include "operation/report_emergency.h"
#include "operation/session.h"

#include <sqlite3.h>

/* Users of any Debian, whom nobody logs in as. */
#define NAME   "games"
#define SECOND "lp"
#define STAFF  "daemon"
#define WARD   "192.0.2.7"
#define DESK   "192.0.2.8"

static struct fixture *here; /* its context is that of the main store */
static struct context small;
static char code[2][BREAKGLASS_TEXT_SIZE]; /* of the first envelope, of the second */

/* -- the machine's clock ---------------------------------------------------------------------- */

static int64_t ahead; /* of both clocks */
static int64_t set;   /* of the clock of the wall alone */

struct clock_reading __real_clock_read(void);
struct clock_reading __wrap_clock_read(void);
int64_t __real_clock_monotonic(void);
int64_t __wrap_clock_monotonic(void);

struct clock_reading __wrap_clock_read(void)
{
    struct clock_reading clock = __real_clock_read();
    clock.now = set != 0 ? set : clock.now + ahead;
    clock.synchronised = set == 0;
    return clock;
}

int64_t __wrap_clock_monotonic(void)
{
    return __real_clock_monotonic() + ahead;
}

/* -- both installations ----------------------------------------------------------------------- */

static void add(const char *name, enum account_class class_, struct context *context)
{
    char why[OPERATION_WHY_SIZE];
    const struct passwd *user = getpwnam(name);
    assert_non_null(user);
    const struct account_add_request request = {
        .name = name, .uid = user->pw_uid, .class_ = class_};
    assert_int_equal(operation_account_add(context, &request, why), MEDGL_OK);
}

static enum medgl_error page(void *argument, const struct account *account,
                             const struct breakglass *row, const struct secret *text)
{
    (void)account;
    (void)row;
    memcpy(argument, text->bytes, BREAKGLASS_TEXT_SIZE);
    return MEDGL_OK;
}

static enum medgl_error no_matter(void *argument, const char *warning)
{
    (void)argument;
    (void)warning;
    return MEDGL_OK;
}

static void seal_anew(unsigned which)
{
    char why[OPERATION_WHY_SIZE];
    struct breakglass sealed;
    const struct breakglass_seal_request request = {.name = which == 0 ? NAME : SECOND,
                                                    .way = "file",
                                                    .argument = code[which],
                                                    .deliver = page,
                                                    .warn = no_matter};
    assert_int_equal(operation_breakglass_seal(&small, &request, &sealed, why), MEDGL_OK);
}

static void act_as(const char *name)
{
    (void)snprintf(small.actor.name, sizeof(small.actor.name), "%s", name);
    (void)snprintf(here->context.actor.name, sizeof(here->context.actor.name), "%s", name);
}

static void begin(void)
{
    void *state = NULL;
    ahead = set = 0;
    assert_int_equal(fixture_open(&state), 0);
    here = state;
    assert_int_equal(context_open_breakglass(here->root, CONTEXT_STATE, &small), MEDGL_OK);
    small.actor = (struct actor){.uid = -1, .roles = ROLE_ROOT};
    act_as("operator");
    add(STAFF, ACCOUNT_CLASS_STAFF, &here->context);
    add(NAME, ACCOUNT_CLASS_BREAKGLASS, &small);
    add(SECOND, ACCOUNT_CLASS_BREAKGLASS, &small);
    seal_anew(0);
    seal_anew(1);
}

static void end(void)
{
    void *state = here;
    context_close(&small);
    assert_int_equal(fixture_close(&state), 0);
}

/* -- what happens ----------------------------------------------------------------------------- */

static void declare(bool drill)
{
    char why[OPERATION_WHY_SIZE];
    struct emergency row;
    const struct emergency_declare_request request = {
        .criterion = "disaster", .decided_by = "Director", .note = "earthquake", .drill = drill};
    assert_int_equal(operation_emergency_declare(&small, &request, &row, why), MEDGL_OK);
}

static void recover(void)
{
    char why[OPERATION_WHY_SIZE];
    struct emergency row;
    assert_int_equal(operation_emergency_recover(&small, "Deputy", "it is over", &row, why),
                     MEDGL_OK);
}

static void join(void)
{
    bool joined;
    assert_int_equal(operation_emergency_join(&here->context, &small, &joined), MEDGL_OK);
}

/* In the main ledger. */
static void unlock(const char *reason)
{
    char why[OPERATION_WHY_SIZE];
    uint32_t cleared;
    assert_int_equal(operation_account_unlock(&here->context, STAFF, NULL, reason, &cleared, why),
                     MEDGL_OK);
}

struct typist {
    const char *typed, *answers[2];
    unsigned shown;
    void (*meanwhile)(void); /* somebody else, between the verdict and the question */
};

static enum medgl_error typist_ask(void *carrier, enum talk_style style, enum talk_meaning meaning,
                                   const char *prompt, struct secret *answer)
{
    struct typist *typist = carrier;
    const char *text = typist->typed;
    (void)meaning;
    (void)prompt;
    if (style == TALK_VISIBLE) {
        if (typist->shown == 0 && typist->meanwhile != NULL)
            typist->meanwhile();
        text = typist->shown < 2 ? typist->answers[typist->shown++] : NULL;
    }
    return text == NULL ? MEDGL_ERR_ABORTED : secret_copy(answer, text, strlen(text));
}

static void typist_say(void *carrier, const char *message)
{
    (void)carrier;
    (void)message;
}

static enum login_verdict log_in(const char *name, const char *from, struct typist typist)
{
    const struct talk talk = {
        .carrier = &typist, .ask = typist_ask, .inform = typist_say, .warn = typist_say};
    const struct caller caller = caller_from(from);
    const struct login_request request = {.caller = &caller, .user = name};
    enum login_verdict verdict = LOGIN_ALLOWED;
    assert_int_equal(operation_login(&small, &talk, &request, &verdict), MEDGL_OK);
    return verdict;
}

static void use(const char *from, const char *person, const char *purpose)
{
    const struct typist typist = {.typed = code[0], .answers = {person, purpose}};
    assert_int_equal(log_in(NAME, from, typist), LOGIN_ALLOWED);
}

static struct session_opening open_session(const char *from)
{
    struct typist typist = {.shown = 2};
    const struct talk talk = {
        .carrier = &typist, .ask = typist_ask, .inform = typist_say, .warn = typist_say};
    struct caller caller = caller_from(from);
    struct session_opening opening;
    enum session_verdict verdict = SESSION_REFUSED;
    assert_int_equal(process_name(getpid(), caller.leader), MEDGL_OK);
    assert_int_equal(
        operation_session_open(&small, &talk, &caller, NAME, false, &opening, &verdict), MEDGL_OK);
    assert_int_equal(verdict, SESSION_DONE);
    return opening;
}

static void close_session(const char *from, const struct session_opening *opening)
{
    const struct caller caller = caller_from(from);
    enum session_verdict verdict = SESSION_REFUSED;
    assert_int_equal(operation_session_close(&small, &caller, NAME, opening->id, &verdict),
                     MEDGL_OK);
    assert_int_equal(verdict, SESSION_DONE);
}

/* -- what the report says --------------------------------------------------------------------- */

struct heard {
    char text[16384]; /* a line of each, without times */
    struct emergency row;
    enum emergency_phase phase;
    char account[STORE_NAME_SIZE], origin[STORE_NAME_SIZE];
};

__attribute__((format(printf, 2, 3))) static void hear(struct heard *heard, const char *format, ...)
{
    const size_t len = strlen(heard->text);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(heard->text + len, sizeof(heard->text) - len, format, arguments);
    va_end(arguments);
}

static void hear_head(void *argument, const struct emergency_report *report)
{
    struct heard *heard = argument;
    assert_string_equal(heard->text, "");
    heard->row = report->row;
    heard->phase = report->phase;
    (void)snprintf(heard->account, sizeof(heard->account), "%s", report->account);
    (void)snprintf(heard->origin, sizeof(heard->origin), "%s", report->origin);
}

static void hear_login(void *argument, const struct emergency_login *login)
{
    assert_true(login->seq > 0 && login->time > 0 && login->last >= login->time);
    assert_int_equal(login->allowed, login->serial[0] != '\0');
    assert_int_equal(login->allowed, login->reason[0] == '\0');
    hear(argument, "login %s %s %s %s x%u [%s] [%s]\n", login->account, login->service,
         login->source, login->allowed ? "yes" : login->reason, login->times, login->person,
         login->purpose);
}

static void hear_session(void *argument, const struct emergency_session *told)
{
    assert_int_equal(told->seconds < 0,
                     strcmp(told->state, "lost") == 0 || strcmp(told->state, "forgotten") == 0);
    hear(argument, "session %s %s %s\n", told->account, told->session->source, told->state);
}

static void hear_act(void *argument, const struct emergency_act *act)
{
    hear(argument, "act %s %s %s%s [%s] %s\n", act->main ? "main" : "own", act->kind, act->actor,
         act->breakglass ? "*" : "", act->reason, act->details);
}

static void hear_alarm(void *argument, const struct emergency_alarm *alarm)
{
    assert_true(alarm->time > 0 && alarm->text[0] != '\0');
    hear(argument, "alert %s %u/%u %s\n", alarm->kind, alarm->failed, alarm->receivers,
         alarm->forgotten   ? "forgotten"
         : alarm->delivered ? "delivered"
                            : "waiting");
}

static void hear_left(void *argument, enum emergency_left what, uint32_t count)
{
    hear(argument, "left %s %u\n", emergency_left_word(what), count);
}

static enum medgl_error listen(uint32_t number, struct context *main_context, struct heard *heard)
{
    struct emergency_report report = {.argument = heard,
                                      .login = hear_login,
                                      .session = hear_session,
                                      .act = hear_act,
                                      .alarm = hear_alarm,
                                      .left = hear_left};
    *heard = (struct heard){.phase = EMERGENCY_NONE};
    return operation_report_emergency(&small, main_context, number, &report, hear_head);
}

static struct heard report(uint32_t number)
{
    struct heard heard;
    assert_int_equal(listen(number, &here->context, &heard), MEDGL_OK);
    return heard;
}

static bool says(const struct heard *heard, const char *line)
{
    if (strstr(heard->text, line) != NULL)
        return true;
    print_message("# no \"%s\" in:\n%s", line, heard->text);
    return false;
}

static unsigned lines(const struct heard *heard, const char *begin)
{
    unsigned count = 0;
    for (const char *at = heard->text; (at = strstr(at, begin)) != NULL; at++)
        count += at == heard->text || at[-1] == '\n';
    return count;
}

#define LEFT(heard, list) assert_string_equal(left_of(heard), list)

/* What is left, in one line. */
static const char *left_of(const struct heard *heard)
{
    static char all[1024];
    const char *at = strstr(heard->text, "left ");
    all[0] = '\0';
    for (char *to = all; at != NULL && *at != '\0'; at += strcspn(at, "\n") + 1) {
        const int len = (int)strcspn(at + 5, "\n");
        to += snprintf(to, sizeof(all) - (size_t)(to - all), "%s%.*s", to > all ? ", " : "", len,
                       at + 5);
    }
    return all;
}

/* -- by an operator --------------------------------------------------------------------------- */

static void declared_by_an_operator(void **state)
{
    (void)state;
    begin();
    unlock("before");
    clock_sleep(2); /* what comes next is later: such acts are told by their time */
    declare(false);
    unlock("within");
    use(WARD, "Suzuki Hanako", "the charts");
    act_as(NAME);
    unlock("by the envelope");
    act_as("operator");
    const struct session_opening opening = open_session(WARD);
    struct heard heard = report(1);
    assert_int_equal(heard.phase, EMERGENCY_OPEN);
    assert_string_equal(heard.account, "");
    assert_non_null(strstr(heard.origin, "/breakglass"));
    assert_true(says(&heard, "session " NAME " " WARD " open\n"));
    LEFT(&heard, "open 1, sessions 1, alerts 3");
    close_session(WARD, &opening);
    recover();
    clock_sleep(2);
    unlock("after");
    heard = report(1);
    assert_int_equal(heard.phase, EMERGENCY_RECOVERED);
    assert_int_equal(lines(&heard, "login "), 1);
    assert_true(says(&heard, "login " NAME " sshd " WARD " yes x1 [Suzuki Hanako] [the charts]\n"));
    assert_int_equal(lines(&heard, "session "), 1);
    assert_true(says(&heard, "session " NAME " " WARD " closed\n"));
    assert_true(says(&heard, "act own emergency.declare operator [earthquake] criterion: disaster; "
                             "decided_by: Director; note: earthquake\n"));
    assert_true(says(&heard, "act own emergency.recover operator [it is over]"));
    assert_true(says(&heard, "act own breakglass.close"));
    assert_int_equal(lines(&heard, "act main "), 2);
    assert_true(says(&heard, "act main account.unlock operator [within] why: within"));
    assert_true(says(&heard, "act main account.unlock " NAME "* [by the envelope]"));
    assert_int_equal(lines(&heard, "alert emergency "), 1);
    assert_int_equal(lines(&heard, "alert emergency-over "), 1);
    assert_int_equal(lines(&heard, "alert breakglass "), 3); /* the use, the session, its end */
    LEFT(&heard, "alerts 5, review 1, seal 1, join 1");
    end();
}

/* -- by a login ------------------------------------------------------------------------------- */

static void declared_by_a_login(void **state)
{
    (void)state;
    begin();
    for (unsigned i = 0; i < 3; i++) {
        use(WARD, i == 2 ? NULL : "Suzuki", "again");
        recover();
        seal_anew(0);
    }
    for (uint32_t number = 1; number <= 3; number++) {
        const struct heard heard = report(number);
        assert_string_equal(heard.row.criterion, EMERGENCY_BY_LOGIN);
        assert_string_equal(heard.account, NAME);
        assert_int_equal(lines(&heard, "login "), 1);
        assert_int_equal(lines(&heard, "act own emergency.declare"), 1);
        assert_int_equal(lines(&heard, "act own breakglass.seal"), 0);
        LEFT(&heard,
             number == 3 ? "alerts 4, person 1, review 1, join 1" : "alerts 4, review 1, join 1");
    }
    end();
}

/* What is settled first stands between the login and what it declares. */
static void declared_after_a_time_out(void **state)
{
    (void)state;
    begin();
    declare(false);
    use(WARD, "Suzuki", "first");
    const struct typist typist = {.typed = code[1], .answers = {"Tanaka", "second"}};
    ahead = 73 * MEDGL_HOUR;
    struct heard heard = report(1);
    assert_int_equal(heard.phase, EMERGENCY_TIMED_OUT);
    LEFT(&heard, "alerts 2, review 1, seal 1");
    assert_int_equal(log_in(SECOND, DESK, typist), LOGIN_ALLOWED);
    heard = report(1);
    assert_int_equal(heard.row.ended, EMERGENCY_END_TIMED_OUT);
    assert_true(says(&heard, "how: timed-out"));
    assert_int_equal(lines(&heard, "login "), 1);
    assert_true(says(&heard, "[Suzuki] [first]\n"));
    heard = report(2);
    assert_string_equal(heard.account, SECOND);
    assert_int_equal(lines(&heard, "login "), 1);
    assert_true(says(&heard, "login " SECOND " sshd " DESK " yes x1 [Tanaka] [second]\n"));
    end();
}

static void turned_real(void **state)
{
    (void)state;
    begin();
    declare(true);
    use(WARD, "Suzuki", "practice");
    assert_true(report(1).row.drill);
    unlock("in the drill");
    declare(false);
    use(DESK, "Tanaka", "in earnest");
    recover();
    const struct heard heard = report(1);
    assert_false(heard.row.drill);
    assert_int_equal(lines(&heard, "login "), 2);
    assert_int_equal(lines(&heard, "act own emergency.declare"), 2);
    assert_true(says(&heard, "was_drill: yes"));
    assert_true(says(&heard, "act main account.unlock operator [in the drill]"));
    end();
}

/* -- who it was ------------------------------------------------------------------------------- */

static void other_one(void)
{
    use(DESK, "Tanaka", "the other");
}

static void the_same_place(void)
{
    use(WARD, "Sato", "beside");
}

static void silent_one(void)
{
    use(DESK, NULL, NULL);
}

static const struct at_once {
    const char *name;
    void (*meanwhile)(void);
    const char *line;
    unsigned nameless;
} at_once_rows[] = {
    {"from elsewhere", other_one, "login " NAME " sshd " DESK " yes x1 [Tanaka] [the other]\n", 0},
    {"from the same place", the_same_place, "login " NAME " sshd " WARD " yes x1 [Sato] [beside]\n",
     0},
    {"one who says nothing", silent_one, "login " NAME " sshd " DESK " yes x1 [] []\n", 1},
};

static void at_once(void **state)
{
    const struct at_once *row = *state;
    const struct typist typist = {
        .typed = code[0], .answers = {"Suzuki", "the charts"}, .meanwhile = row->meanwhile};
    char left[64];
    begin();
    declare(false);
    assert_int_equal(log_in(NAME, WARD, typist), LOGIN_ALLOWED);
    const struct heard heard = report(1);
    assert_int_equal(lines(&heard, "login "), 2);
    assert_true(says(&heard, "login " NAME " sshd " WARD " yes x1 [Suzuki] [the charts]\n"));
    assert_true(says(&heard, row->line));
    (void)snprintf(left, sizeof(left), "left person %u", row->nameless);
    assert_int_equal(strstr(heard.text, left) != NULL, row->nameless > 0);
    end();
}

/* Answered when it was over: that was heard, and nobody is let in any more. */
static void answered_late(void **state)
{
    (void)state;
    begin();
    declare(false);
    const struct typist typist = {
        .typed = code[0], .answers = {"Suzuki", "late"}, .meanwhile = recover};
    assert_int_equal(log_in(NAME, WARD, typist), LOGIN_REFUSED);
    const struct heard heard = report(1);
    assert_true(says(&heard, "[Suzuki] [late]\n"));
    assert_int_equal(lines(&heard, "left person"), 0);
    end();
}

static void refused_tries(void **state)
{
    (void)state;
    begin();
    declare(false);
    for (unsigned i = 0; i < 4; i++) {
        char wrong[32];
        (void)snprintf(wrong, sizeof(wrong), "Wrong-guess-%u", i);
        assert_int_equal(log_in(NAME, i == 3 ? DESK : WARD, (struct typist){.typed = wrong}),
                         LOGIN_REFUSED);
    }
    use(WARD, "Suzuki", "charts");
    const struct heard heard = report(1);
    assert_int_equal(lines(&heard, "login "), 3);
    assert_true(says(&heard, "login " NAME " sshd " WARD " wrong-password x3 [] []\n"
                             "login " NAME " sshd " DESK " wrong-password x1 [] []\n"
                             "login " NAME " sshd " WARD " yes x1"));
    end();
}

/* -- sessions, alerts ------------------------------------------------------------------------- */

static void ended_and_lost(void **state)
{
    char why[OPERATION_WHY_SIZE];
    struct session_ended ended;
    (void)state;
    begin();
    declare(false);
    use(WARD, "Suzuki", "charts");
    const struct session_opening one = open_session(WARD);
    (void)open_session(DESK);
    assert_int_equal(operation_session_end(&small, one.id, "enough", &ended, why), MEDGL_OK);
    recover();
    assert_int_equal(operation_emergency_ended(&small, NAME), MEDGL_OK);
    const struct heard heard = report(1);
    assert_true(says(&heard, "session " NAME " " WARD " ended\n"));
    assert_true(says(&heard, "session " NAME " " DESK " ended\n"));
    assert_true(says(&heard, "act own session.end operator [enough]"));
    assert_int_equal(lines(&heard, "left sessions"), 0);
    end();
}

/* The row of a session is gone, its entry is not. */
static void forgotten(void **state)
{
    char path[PATH_MAX];
    sqlite3 *db = NULL;
    (void)state;
    begin();
    declare(false);
    use(WARD, "Suzuki", "charts");
    (void)open_session(WARD);
    assert_int_equal(context_path(&small, CONTEXT_FILE_STORE, path), MEDGL_OK);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM session", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    const struct heard heard = report(1);
    assert_true(says(&heard, "session " NAME " " WARD " forgotten\n"));
    assert_int_equal(lines(&heard, "left sessions"), 0);
    end();
}

/* Of whom many hear at once, though it is over. */
static void tried_when_closed(void **state)
{
    (void)state;
    begin();
    declare(false);
    use(WARD, "Suzuki", "charts");
    recover();
    struct heard heard = report(1);
    assert_int_equal(lines(&heard, "alert breakglass "), 1);
    assert_int_equal(log_in(NAME, DESK, (struct typist){.typed = code[0]}), LOGIN_REFUSED);
    heard = report(1);
    assert_int_equal(lines(&heard, "login "), 1);
    assert_int_equal(lines(&heard, "alert breakglass "), 2);
    seal_anew(0);
    declare(true);
    use(WARD, "Tanaka", "practice");
    heard = report(1);
    assert_int_equal(lines(&heard, "alert breakglass "), 3); /* and that it was sealed */
    assert_int_equal(lines(&heard, "login "), 1);
    end();
}

static enum medgl_error carry(void *argument, const char *channel, const struct alert *alert,
                              const char *payload, char why[STORE_TEXT_SIZE])
{
    const char *fails = argument;
    (void)payload;
    (void)alert;
    (void)snprintf(why, STORE_TEXT_SIZE, "out of paper");
    return strcmp(channel, fails) == 0 ? MEDGL_ERR_IO : MEDGL_OK;
}

static enum medgl_error channels(void *argument, const struct alert *alert,
                                 enum medgl_error (*each)(void *each_argument, const char *channel),
                                 void *each_argument)
{
    (void)argument;
    (void)alert;
    MEDGL_TRY(each(each_argument, "syslog"));
    return each(each_argument, "wall");
}

static const struct alarm_row {
    const char *name, *fails, *line;
    int64_t later;
    unsigned left;
} alarm_rows[] = {
    {"everybody had it", "", "alert emergency 0/2 delivered\n", 0, 0},
    {"one did not", "wall", "alert emergency 1/2 waiting\n", 0, 1},
    {"long ago", "", "alert emergency 0/0 forgotten\n", 401 * MEDGL_DAY, 0},
};

static void alarms(void **state)
{
    const struct alarm_row *row = *state;
    struct alert_report done;
    char fails[16];
    (void)snprintf(fails, sizeof(fails), "%s", row->fails);
    const struct alert_carrier carrier = {.argument = fails, .carry = carry, .channels = channels};
    begin();
    declare(false);
    (void)operation_alert_deliver(&small, &carrier, NULL, &done);
    ahead = row->later;
    if (row->later > 0)
        (void)operation_alert_deliver(&small, &carrier, NULL, &done);
    const struct heard heard = report(1);
    assert_true(says(&heard, row->line));
    assert_int_equal(lines(&heard, "left alerts"), row->left);
    end();
}

/* -- what is left ----------------------------------------------------------------------------- */

static void left_step_by_step(void **state)
{
    char why[OPERATION_WHY_SIZE];
    struct alert_report done;
    char fails[] = "";
    const struct alert_carrier carrier = {.argument = fails, .carry = carry, .channels = channels};
    (void)state;
    begin();
    declare(false);
    use(WARD, "Suzuki", "charts");
    recover();
    (void)operation_alert_deliver(&small, &carrier, NULL, &done);
    struct heard heard = report(1);
    LEFT(&heard, "review 1, seal 1, join 1");
    seal_anew(0);
    heard = report(1);
    LEFT(&heard, "alerts 1, review 1, join 1");
    (void)operation_alert_deliver(&small, &carrier, NULL, &done);
    join();
    heard = report(1);
    LEFT(&heard, "review 1");
    act_as("reviewer");
    assert_int_equal(operation_emergency_review(&small, &here->context, 1, "in order", why),
                     MEDGL_OK);
    heard = report(1);
    LEFT(&heard, "");
    assert_string_equal(heard.row.reviewed_by, "reviewer");
    end();
}

/* -- the main ledger -------------------------------------------------------------------------- */

/* MUST: told by the place; times say otherwise here. */
static void clock_was_wrong(void **state)
{
    (void)state;
    begin();
    unlock("before");
    set = 1000; /* 1970 */
    declare(false);
    unlock("within");
    recover();
    join();
    set = 0;
    unlock("after");
    const struct heard heard = report(1);
    assert_int_equal(lines(&heard, "act main "), 1);
    assert_true(says(&heard, "[within]"));
    end();
}

static void main_is_gone(void **state)
{
    struct heard heard;
    (void)state;
    begin();
    declare(false);
    unlock("within");
    use(WARD, "Suzuki", "charts");
    recover();
    assert_int_equal(listen(1, NULL, &heard), MEDGL_OK);
    assert_int_equal(lines(&heard, "act main "), 0);
    assert_int_equal(lines(&heard, "login "), 1);
    assert_int_equal(lines(&heard, "alert "), 3);
    LEFT(&heard, "alerts 3, review 1, seal 1, main-ledger 1");
    end();
}

/* It was put back to what it was before the emergency. */
static void main_was_put_back(void **state)
{
    char store[PATH_MAX], kept[80];
    (void)state;
    begin();
    assert_int_equal(context_path(&here->context, CONTEXT_FILE_STORE, store), MEDGL_OK);
    (void)snprintf(kept, sizeof(kept), "%s/kept", here->root);
    context_close(&here->context);
    copy_store(store, kept);
    reopen(here);
    act_as("operator");
    unlock("earlier");
    unlock("before");
    declare(false);
    unlock("within");
    recover();
    context_close(&here->context);
    copy_store(kept, store);
    reopen(here);
    const struct heard heard = report(1);
    assert_int_equal(lines(&heard, "left main-ledger"), 1);
    end();
}

static void unknown_number(void **state)
{
    struct heard heard;
    (void)state;
    begin();
    assert_int_equal(listen(1, &here->context, &heard), MEDGL_ERR_NOT_FOUND);
    declare(false);
    assert_int_equal(listen(0, &here->context, &heard), MEDGL_ERR_NOT_FOUND);
    assert_int_equal(listen(2, &here->context, &heard), MEDGL_ERR_NOT_FOUND);
    assert_string_equal(heard.text, "");
    end();
}

int main(void)
{
    table_add("R33", "declared by an operator", declared_by_an_operator, NULL);
    table_add("R33", "declared by a login", declared_by_a_login, NULL);
    table_add("R33", "declared by a login after a time-out", declared_after_a_time_out, NULL);
    table_add("R33", "a drill that turned real", turned_real, NULL);
    TABLE_ADD("R33 two at once with one envelope", at_once_rows, at_once);
    table_add("R33", "who answers when it is over", answered_late, NULL);
    table_add("R33", "refused tries in a row are one", refused_tries, NULL);
    table_add("R33", "sessions that were ended", ended_and_lost, NULL);
    table_add("R33", "a session whose row is gone", forgotten, NULL);
    table_add("R33", "who tries a closed account", tried_when_closed, NULL);
    TABLE_ADD("R33 alerts", alarm_rows, alarms);
    table_add("R33", "what is left, step by step", left_step_by_step, NULL);
    table_add("R33", "acts by their place in the main ledger", clock_was_wrong, NULL);
    table_add("R33", "the main store cannot be read", main_is_gone, NULL);
    table_add("R33", "the main store was put back", main_was_put_back, NULL);
    table_add("R33", "an unknown number", unknown_number, NULL);
    return table_run("report_emergency");
}
