/* account explain says what a login would meet: each rule alone, in the order of a login, and
 * beside real logins. */
#include "tests/unit/operation_fixture.h"

#include "operation/report.h"
#include "operation/session.h"
#include "tests/unit/table.h"

#define MONDAY   "2026-11-23T01:00:00Z" /* 10:00 in Tokyo */
#define SATURDAY "2026-11-21T01:00:00Z"

enum state {
    READY = 0, /* with a password */
    BARE,      /* without one */
    ISSUED,    /* with an issued one */
    DISABLED,
    RETIRED,
    RENUMBERED, /* the Unix user has another uid */
    GUESSED,    /* wrongly, from 198.51.100.7 */
};

static const struct explain_case {
    const char *name;
    enum state state;
    struct account_rules rules;
    const char *at, *from, *service;
    bool admitted;
    enum login_reason reason; /* 0: of no interest */
} cases[] = {
    {"nothing in the way", READY, {0}, NULL, NULL, NULL, true, LOGIN_REASON_OK},
    {"no password", BARE, {0}, NULL, NULL, NULL, false, LOGIN_REASON_NO_PASSWORD},
    {"an issued one", ISSUED, {0}, NULL, NULL, NULL, true, LOGIN_REASON_OK},
    {"an issued one, in a month",
     ISSUED,
     {0},
     "2099-01-01",
     NULL,
     NULL,
     false,
     LOGIN_REASON_ISSUED_EXPIRED},
    {"disabled", DISABLED, {0}, NULL, NULL, NULL, false, LOGIN_REASON_DISABLED},
    {"retired", RETIRED, {0}, NULL, NULL, NULL, false, LOGIN_REASON_RETIRED},
    {"another uid", RENUMBERED, {0}, NULL, NULL, NULL, false, LOGIN_REASON_UID_CHANGED},
    {"guessed from there",
     GUESSED,
     {0},
     NULL,
     "198.51.100.7",
     NULL,
     false,
     LOGIN_REASON_LOCKED_SOURCE},
    {"guessed from elsewhere", GUESSED, {0}, NULL, "198.51.100.8", NULL, true, LOGIN_REASON_OK},
    {"guessed from somewhere", GUESSED, {0}, NULL, NULL, NULL, true, LOGIN_REASON_OK},
    {"guessed, a day later",
     GUESSED,
     {0},
     "2099-01-01",
     "198.51.100.7",
     NULL,
     true,
     LOGIN_REASON_OK},
    {"in hours",
     READY,
     {.hours = "Mon-Fri 08:00-20:00"},
     MONDAY,
     NULL,
     NULL,
     true,
     LOGIN_REASON_OK},
    {"out of hours",
     READY,
     {.hours = "Mon-Fri 08:00-20:00"},
     SATURDAY,
     NULL,
     NULL,
     false,
     LOGIN_REASON_HOURS},
    {"in a place", READY, {.places = "10.1.0.0/16"}, NULL, "10.1.2.3", NULL, true, LOGIN_REASON_OK},
    {"out of place",
     READY,
     {.places = "10.1.0.0/16"},
     NULL,
     "10.2.2.3",
     NULL,
     false,
     LOGIN_REASON_PLACE},
    {"places are not asked",
     READY,
     {.places = "10.1.0.0/16"},
     NULL,
     NULL,
     NULL,
     true,
     LOGIN_REASON_OK},
    {"at a terminal", READY, {.places = "console"}, NULL, "tty1", NULL, true, LOGIN_REASON_OK},
    {"at any terminal", READY, {.places = "tty*"}, NULL, "tty3", NULL, true, LOGIN_REASON_OK},
    {"no terminal",
     READY,
     {.places = "console"},
     NULL,
     "10.1.2.3",
     NULL,
     false,
     LOGIN_REASON_PLACE},
    {"logged in here", READY, {.places = "local"}, NULL, "local", NULL, true, LOGIN_REASON_OK},
    {"IPv6",
     READY,
     {.places = "2001:db8::/32"},
     NULL,
     "2001:db8:1:2::7",
     NULL,
     true,
     LOGIN_REASON_OK},
    {"IPv6 as a source",
     READY,
     {.places = "2001:db8::/32"},
     NULL,
     "2001:db8:1:2::/64",
     NULL,
     true,
     LOGIN_REASON_OK},
    {"a service", READY, {.services = "login, sshd"}, NULL, NULL, "sshd", true, LOGIN_REASON_OK},
    {"any service of the rule",
     READY,
     {.services = "login, sshd"},
     NULL,
     NULL,
     NULL,
     true,
     LOGIN_REASON_OK},
    {"another service",
     READY,
     {.services = "login, sshd"},
     NULL,
     NULL,
     "su",
     false,
     LOGIN_REASON_SERVICE},
    {"the service before the place",
     READY,
     {.places = "tty1", .services = "sshd"},
     NULL,
     "10.1.2.3",
     "su",
     false,
     LOGIN_REASON_SERVICE},
    {"the state before the hours",
     DISABLED,
     {.hours = "Mon-Fri 08:00-20:00"},
     SATURDAY,
     NULL,
     NULL,
     false,
     LOGIN_REASON_DISABLED},
    {"shared", READY, {.shared = "yes"}, NULL, NULL, NULL, true, LOGIN_REASON_OK},
};

static void renumber(struct fixture *f)
{
    const struct account_add_request request = {
        .name = f->user, .uid = (int64_t)geteuid() + 1, .class_ = ACCOUNT_CLASS_STAFF};
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_account_add(&f->context, &request, why), MEDGL_OK);
}

static void prepare(struct fixture *f, enum state state)
{
    char why[OPERATION_WHY_SIZE];
    if (state == RENUMBERED) {
        renumber(f);
        return;
    }
    enrol(f);
    switch (state) {
    case BARE:
    case RENUMBERED:
        return;
    case ISSUED:
        issue(f);
        return;
    case READY:
    case DISABLED:
    case RETIRED:
    case GUESSED:
        set_password(f, PASSWORD_ONE);
        break;
    }
    if (state == DISABLED)
        assert_int_equal(operation_account_disable(&f->context, f->user, "x", why), MEDGL_OK);
    if (state == RETIRED)
        assert_int_equal(operation_account_retire(&f->context, f->user, "x", why), MEDGL_OK);
    for (char c = '1'; state == GUESSED && c <= '5'; c++) {
        const char wrong[] = {'w', 'r', 'o', 'n', 'g', '-', c, '\0'};
        assert_int_equal(try_login(f, f->user, "198.51.100.7", wrong), LOGIN_REFUSED);
    }
}

static void explained(void **state)
{
    const struct explain_case *row = *state;
    void *fixture = NULL;
    assert_int_equal(fixture_open(&fixture), 0);
    struct fixture *f = fixture;
    char why[OPERATION_WHY_SIZE];
    struct explain_request request = {.name = f->user, .from = row->from, .service = row->service};
    const struct account_change_request change = {.name = f->user, .rules = row->rules};
    static const struct account_rules none;
    struct explain_answer answer;
    prepare(f, row->state);
    assert_int_equal(clock_set_zone("Asia/Tokyo"),
                     MEDGL_OK); /* whoever enrols looks at both stores */
    if (memcmp(&row->rules, &none, sizeof(none)) != 0)
        assert_int_equal(operation_account_change(&f->context, &change, why), MEDGL_OK);
    if (row->at != NULL)
        assert_int_equal(clock_parse_local(row->at, &request.at), MEDGL_OK);
    const struct tally before = tally_of(f);
    assert_int_equal(operation_account_explain(&f->context, &request, &answer), MEDGL_OK);
    assert_int_equal(answer.admitted, row->admitted);
    assert_string_equal(login_reason_word(answer.reason), login_reason_word(row->reason));
    const struct tally after = tally_of(f);
    assert_memory_equal(&before, &after, sizeof(before)); /* nothing was counted */
    assert_int_equal(clock_set_zone(""), MEDGL_OK);
    assert_int_equal(fixture_close(&fixture), 0);
}

/* The words of a login and those of its explanation are the same. */
static void beside_a_login(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name;
        struct account_rules rules;
    } rows[] = {
        {"nothing in the way", {.places = "any"}},
        {"out of place", {.places = "10.1.0.0/16"}},
        {"in a place", {.places = "192.0.2.0/24"}},
        {"another service", {.services = "login"}},
        {"the service", {.services = "sshd"}},
        {"never", {.hours = "holiday 00:00-00:01"}},
        {"always", {.hours = "always"}},
    };
    enrol(f);
    set_password(f, PASSWORD_ONE);
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        char why[OPERATION_WHY_SIZE];
        const struct explain_request request = {
            .name = f->user, .from = "192.0.2.1", .service = "sshd"};
        const struct account_change_request change = {.name = f->user, .rules = rows[i].rules};
        struct explain_answer answer;
        print_message("# %s\n", rows[i].name);
        assert_int_equal(operation_account_change(&f->context, &change, why), MEDGL_OK);
        assert_int_equal(operation_account_explain(&f->context, &request, &answer), MEDGL_OK);
        assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE),
                         answer.admitted ? LOGIN_ALLOWED : LOGIN_REFUSED);
    }
}

/* -- who is logged in at this machine ---------------------------------------------------------- */

/* Unix users of every Debian, which are not root. */
#define OWNER     "daemon"
#define OWNER_UID 1
#define OTHER_UID 2

#define AS_UID(number)                                                                             \
    {                                                                                              \
        .trusted = true, .service = "su", .tty = "pts/3", .real_uid = number                       \
    }

static enum login_verdict login_as(struct fixture *f, const struct caller *caller,
                                   const char *password)
{
    struct script script = {.answers = {password}};
    const struct talk talk = script_talk(&script);
    const struct login_request request = {.caller = caller, .user = OWNER};
    enum login_verdict verdict = LOGIN_ALLOWED;
    assert_int_equal(operation_login(&f->context, &talk, &request, &verdict), MEDGL_OK);
    return verdict;
}

static const struct here_case {
    const char *name, *places, *from;
    struct caller caller, guesser; /* who asks, and who guessed wrongly before */
    unsigned guesses, networks;    /* how often; from how many addresses */
    bool admitted;
    const char *source;
} here_cases[] = {
    {"local", "local", "local", AS_UID(OWNER_UID), AS_UID(0), 0, 0, true, "uid 1"},
    {"local, and networks alone", "10.0.0.0/8", "local", AS_UID(OWNER_UID), AS_UID(0), 0, 0, false,
     "uid 1"},
    {"own", "own", "own", AS_UID(OWNER_UID), AS_UID(0), 0, 0, true, "uid 1"},
    {"own is local", "local", "own", AS_UID(OWNER_UID), AS_UID(0), 0, 0, true, "uid 1"},
    {"own by its terminal", "own", "pts/3", AS_UID(OWNER_UID), AS_UID(0), 0, 0, true, "uid 1"},
    {"own by its uid", "own", "uid 1", AS_UID(OWNER_UID), AS_UID(0), 0, 0, true, "uid 1"},
    {"own is not anybody", "own", "local", AS_UID(OTHER_UID), AS_UID(0), 0, 0, false, "uid 1"},
    {"own is not another uid", "own", "uid 2", AS_UID(OTHER_UID), AS_UID(0), 0, 0, false, "uid 2"},
    {"by its terminal", "pts/3", "pts/3", AS_UID(OWNER_UID), AS_UID(0), 0, 0, true, "uid 1"},
    {"by another terminal", "pts/4", "pts/3", AS_UID(OWNER_UID), AS_UID(0), 0, 0, false, "uid 1"},
    {"somebody else", "local", "uid 2", AS_UID(OTHER_UID), AS_UID(0), 0, 0, true, "uid 2"},
    {"somebody of another machine",
     "local",
     "user eve",
     {.trusted = true, .service = "su", .real_uid = -1, .ruser = "eve"},
     AS_UID(0),
     0,
     0,
     true,
     "user eve"},
    {"root",
     "tty9",
     "user root",
     {.trusted = true, .service = "su", .ruser = "root"},
     AS_UID(0),
     0,
     0,
     true,
     "user root"},
    {"an unprivileged program",
     "local",
     "uid 1",
     {.service = "lock", .peer_uid = OWNER_UID},
     AS_UID(0),
     0,
     0,
     true,
     "uid 1"},
    {"own uid, closed by itself", "any", "local", AS_UID(OWNER_UID), AS_UID(OWNER_UID), 5, 0, false,
     "uid 1"},
    {"own uid, somebody else's closed", "any", "local", AS_UID(OWNER_UID), AS_UID(OTHER_UID), 5, 0,
     true, "uid 1"},
    {"somebody else's, closed", "any", "uid 2", AS_UID(OTHER_UID), AS_UID(OTHER_UID), 5, 0, false,
     "uid 2"},
    {"own uid, closed by the network", "any", "local", AS_UID(OWNER_UID), AS_UID(0), 0, 20, true,
     "uid 1"},
    {"the network, closed by itself",
     "any",
     "198.51.100.99",
     {.trusted = true, .service = "sshd", .rhost = "198.51.100.99"},
     AS_UID(0),
     0,
     20,
     false,
     "198.51.100.99"},
    {"the console, closed by the network",
     "any",
     "tty1",
     {.trusted = true, .service = "login", .tty = "tty1"},
     AS_UID(0),
     0,
     20,
     true,
     "tty1"},
};

static void guess(struct fixture *f, const struct here_case *row)
{
    for (unsigned i = 0; i < row->guesses; i++)
        assert_int_equal(login_as(f, &row->guesser, WRONG), LOGIN_REFUSED);
    for (unsigned i = 0; i < row->networks; i++) {
        struct caller caller = caller_from("");
        (void)snprintf(caller.rhost, sizeof(caller.rhost), "198.51.100.%u", i + 1);
        assert_int_equal(login_as(f, &caller, WRONG), LOGIN_REFUSED);
    }
}

static void explained_here(void **state)
{
    const struct here_case *row = *state;
    void *fixture = NULL;
    assert_int_equal(fixture_open(&fixture), 0);
    struct fixture *f = fixture;
    char why[OPERATION_WHY_SIZE];
    const struct account_add_request add = {
        .name = OWNER, .uid = OWNER_UID, .class_ = ACCOUNT_CLASS_STAFF, .person.full_name = ""};
    const struct account_change_request change = {.name = OWNER, .rules.places = row->places};
    const struct explain_request request = {
        .name = OWNER, .from = row->from, .service = row->caller.service};
    struct explain_answer answer;
    assert_int_equal(operation_account_add(&f->context, &add, why), MEDGL_OK);
    (void)snprintf(f->user, sizeof(f->user), "%s", OWNER);
    issue(f);
    assert_int_equal(operation_account_change(&f->context, &change, why), MEDGL_OK);
    guess(f, row);
    assert_int_equal(operation_account_explain(&f->context, &request, &answer), MEDGL_OK);
    assert_string_equal(answer.source, row->source);
    assert_int_equal(answer.admitted, row->admitted);
    assert_int_equal(login_as(f, &row->caller, f->issued),
                     row->admitted ? LOGIN_ALLOWED : LOGIN_REFUSED);
    /* A key meets the account phase alone. */
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    const struct access_request access = {.caller = &row->caller, .user = OWNER};
    enum access_verdict verdict;
    assert_int_equal(operation_access(&f->context, &talk, &access, &verdict), MEDGL_OK);
    assert_int_equal(verdict, answer.key_admitted ? ACCESS_CHANGE_DUE : ACCESS_DENIED);
    assert_int_equal(fixture_close(&fixture), 0);
}

/* -- sessions ---------------------------------------------------------------------------------- */

/* R29: one more than may be open. */
static void sessions_are_counted(void **state)
{
    struct fixture *f = *state;
    char why[OPERATION_WHY_SIZE];
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.1");
    const struct explain_request request = {.name = f->user};
    const struct account_change_request change = {.name = f->user, .rules.sessions = "1"};
    struct session_opening opening;
    enum session_verdict verdict;
    struct explain_answer answer;
    enrol(f);
    set_password(f, PASSWORD_ONE);
    assert_int_equal(operation_account_change(&f->context, &change, why), MEDGL_OK);
    assert_int_equal(operation_account_explain(&f->context, &request, &answer), MEDGL_OK);
    assert_true(answer.admitted && answer.sessions == 0 && answer.sessions_limit == 1);
    assert_int_equal(
        operation_session_open(&f->context, &talk, &caller, f->user, true, &opening, &verdict),
        MEDGL_OK);
    assert_int_equal(verdict, SESSION_DONE);
    assert_int_equal(operation_account_explain(&f->context, &request, &answer), MEDGL_OK);
    assert_false(answer.admitted);
    assert_int_equal(answer.crowd, CROWD_ACCOUNT);
    assert_int_equal(answer.reason, LOGIN_REASON_OK);
    assert_int_equal(answer.sessions, 1);
}

/* The login would find them, and record them as lost: explaining leaves them as they are. */
static void lost_sessions_are_not_counted(void **state)
{
    struct fixture *f = *state;
    char why[OPERATION_WHY_SIZE], boot[64];
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    struct caller caller = caller_from("192.0.2.1");
    const struct explain_request request = {.name = f->user};
    const struct account_change_request change = {.name = f->user, .rules.sessions = "1"};
    struct session_opening opening;
    enum session_verdict verdict;
    struct explain_answer answer;
    unsigned long long space, start;
    int pid;
    enrol(f);
    set_password(f, PASSWORD_ONE);
    assert_int_equal(operation_account_change(&f->context, &change, why), MEDGL_OK);
    assert_int_equal(process_name(getpid(), caller.leader), MEDGL_OK);
    assert_int_equal(sscanf(caller.leader, "%63s %llu %d %llu", boot, &space, &pid, &start), 4);
    (void)snprintf(caller.leader, sizeof(caller.leader), "%s %llu %d %llu", boot, space, pid,
                   start - 1); /* had our pid, and is gone */
    assert_int_equal(
        operation_session_open(&f->context, &talk, &caller, f->user, true, &opening, &verdict),
        MEDGL_OK);
    const struct tally before = tally_of(f);
    assert_int_equal(operation_account_explain(&f->context, &request, &answer), MEDGL_OK);
    assert_true(answer.admitted && answer.key_admitted);
    assert_int_equal(answer.sessions, 0);
    const struct tally after = tally_of(f);
    assert_memory_equal(&before, &after, sizeof(before));
    assert_int_equal(
        operation_session_open(&f->context, &talk, &caller, f->user, true, &opening, &verdict),
        MEDGL_OK);
    assert_int_equal(verdict, SESSION_DONE);
}

/* What an ssh key meets, where a password is refused, and where it is too. */
static const struct key_case {
    const char *name;
    enum state state;
    struct account_rules rules;
    const char *from;
    enum login_reason reason, key_reason;
} key_cases[] = {
    {"nothing in the way", READY, {0}, NULL, LOGIN_REASON_OK, LOGIN_REASON_OK},
    {"no password", BARE, {0}, NULL, LOGIN_REASON_NO_PASSWORD, LOGIN_REASON_OK},
    {"guessed from there",
     GUESSED,
     {0},
     "198.51.100.7",
     LOGIN_REASON_LOCKED_SOURCE,
     LOGIN_REASON_OK},
    {"guessed, and out of place",
     GUESSED,
     {.places = "tty1"},
     "198.51.100.7",
     LOGIN_REASON_LOCKED_SOURCE,
     LOGIN_REASON_PLACE},
    {"out of place",
     READY,
     {.places = "tty1"},
     "192.0.2.1",
     LOGIN_REASON_PLACE,
     LOGIN_REASON_PLACE},
    {"disabled", DISABLED, {0}, NULL, LOGIN_REASON_DISABLED, LOGIN_REASON_DISABLED},
    {"retired", RETIRED, {0}, NULL, LOGIN_REASON_RETIRED, LOGIN_REASON_RETIRED},
};

static void explained_for_a_key(void **state)
{
    const struct key_case *row = *state;
    void *fixture = NULL;
    assert_int_equal(fixture_open(&fixture), 0);
    struct fixture *f = fixture;
    char why[OPERATION_WHY_SIZE];
    const struct explain_request request = {.name = f->user, .from = row->from, .service = "sshd"};
    const struct account_change_request change = {.name = f->user, .rules = row->rules};
    struct explain_answer answer;
    prepare(f, row->state);
    if (row->rules.places != NULL)
        assert_int_equal(operation_account_change(&f->context, &change, why), MEDGL_OK);
    assert_int_equal(operation_account_explain(&f->context, &request, &answer), MEDGL_OK);
    assert_string_equal(login_reason_word(answer.reason), login_reason_word(row->reason));
    assert_string_equal(login_reason_word(answer.key_reason), login_reason_word(row->key_reason));
    assert_int_equal(answer.admitted, row->reason == LOGIN_REASON_OK);
    assert_int_equal(answer.key_admitted, row->key_reason == LOGIN_REASON_OK);
    assert_int_equal(fixture_close(&fixture), 0);
}

/* A calendar that cannot be read closes limited hours, and says so. */
static void an_unread_calendar(void **state)
{
    struct fixture *f = *state;
    char why[OPERATION_WHY_SIZE];
    const struct explain_request request = {.name = f->user};
    const struct account_change_request change = {.name = f->user,
                                                  .rules.hours = "daily 00:00-24:00"};
    struct explain_answer answer;
    enrol(f);
    set_password(f, PASSWORD_ONE);
    assert_int_equal(operation_account_change(&f->context, &change, why), MEDGL_OK);
    f->context.policy.calendar.known = false;
    assert_int_equal(operation_account_explain(&f->context, &request, &answer), MEDGL_OK);
    assert_false(answer.admitted);
    assert_int_equal(answer.reason, LOGIN_REASON_CALENDAR);
}

static void what_cannot_be_explained(void **state)
{
    struct fixture *f = *state;
    static const char *const places[] = {
        "",     "ward3.example", "10.1.0.0/16", "10.1.2",          "uid 0", "uid",
        "uid ", "uid -1",        "uid 1x",      "uid 99999999999", "user ", "users x"};
    struct explain_answer answer;
    struct explain_request request = {.name = "nobody-here"};
    assert_int_equal(operation_account_explain(&f->context, &request, &answer),
                     MEDGL_ERR_NOT_FOUND);
    enrol(f);
    request.name = f->user;
    for (size_t i = 0; i < MEDGL_COUNT(places); i++) {
        print_message("# %s\n", places[i]);
        request.from = places[i];
        assert_int_equal(operation_account_explain(&f->context, &request, &answer),
                         MEDGL_ERR_ARGUMENT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(beside_a_login, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(sessions_are_counted, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(lost_sessions_are_not_counted, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(an_unread_calendar, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(what_cannot_be_explained, fixture_open, fixture_close),
    };
    TABLE_ADD("account explain", cases, explained);
    TABLE_ADD("account explain, beside a login here", here_cases, explained_here);
    TABLE_ADD("account explain, with a key", key_cases, explained_for_a_key);
    for (size_t i = 0; i < MEDGL_COUNT(tests); i++)
        table_tests[table_count++] = tests[i];
    return table_run("explain");
}
