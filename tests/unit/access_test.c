/* Who may log in where, when and through what (R05 R22 R27), and who uses a shared id (R26): the
 * same rules at the login and in the account phase, and one wording for every refusal (R23). */
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#include "operation/person_asked.h"
#include "operation/policy_seen.h"

#include <time.h>

/* Unix users of every Debian, which are not root. */
#define OWNER      "daemon"
#define OWNER_UID  1
#define PERSON     "bin"
#define PERSON_UID 2
#define OTHER      "sys"
#define OTHER_UID  3

static struct fixture *here;

static int open_here(void **state)
{
    (void)state;
    return fixture_open((void **)&here);
}

static int close_here(void **state)
{
    (void)state;
    return fixture_close((void **)&here);
}

static void enrol_one(const char *name, int64_t uid, enum account_class class_)
{
    const struct account_add_request request = {
        .name = name, .uid = uid, .class_ = class_, .person.full_name = ""};
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_account_add(&here->context, &request, why), MEDGL_OK);
}

static void enrol_owner(enum account_class class_)
{
    enrol_one(OWNER, OWNER_UID, class_);
    (void)snprintf(here->user, sizeof(here->user), "%s", OWNER);
    issue(here);
}

/* A rule on hours that holds now, or does not, and will for hours to come. */
static void hours_rule(bool open, char rule[32])
{
    const time_t now =
        (time_t)(clock_read().now / MEDGL_SECOND) + clock_utc_offset(clock_read().now);
    const int hour = (int)(now % 86400 / 3600), begin = (hour + (open ? 18 : 6)) % 24;
    (void)snprintf(rule, 32, "daily %02d:00-%02d:00", begin, (begin + 12) % 24);
}

/* -- the rules -------------------------------------------------------------------------------- */

#define SSHD(address)                                                                              \
    {                                                                                              \
        .trusted = true, .service = "sshd", .rhost = address, .tty = "ssh"                         \
    }
#define CONSOLE                                                                                    \
    {                                                                                              \
        .trusted = true, .service = "login", .tty = "tty1"                                         \
    }

static const struct rule_row {
    const char *name;
    enum account_class class_;
    const char *of_class[3], *own[3]; /* hours, places, services; NULL: none; "+", "-": that hold
                                         now, and that do not */
    struct caller caller;
    const char *reason; /* NULL: allowed */
} rule_rows[] = {
    {"no rule", ACCOUNT_CLASS_STAFF, {0}, {0}, SSHD("192.0.2.1"), NULL},
    {"hours of the class hold", ACCOUNT_CLASS_STAFF, {"+"}, {0}, SSHD("192.0.2.1"), NULL},
    {"hours of the class do not", ACCOUNT_CLASS_STAFF, {"-"}, {0}, SSHD("192.0.2.1"), "hours"},
    {"its own hours hold", ACCOUNT_CLASS_STAFF, {"-"}, {"+"}, SSHD("192.0.2.1"), NULL},
    {"its own hours do not", ACCOUNT_CLASS_STAFF, {"+"}, {"-"}, SSHD("192.0.2.1"), "hours"},
    {"a network", ACCOUNT_CLASS_STAFF, {0, "192.0.2.0/24"}, {0}, SSHD("192.0.2.1"), NULL},
    {"another network", ACCOUNT_CLASS_STAFF, {0, "10.0.0.0/8"}, {0}, SSHD("192.0.2.1"), "place"},
    {"its own network",
     ACCOUNT_CLASS_STAFF,
     {0, "10.0.0.0/8"},
     {0, "192.0.2.1"},
     SSHD("192.0.2.1"),
     NULL},
    {"a name is no place",
     ACCOUNT_CLASS_STAFF,
     {0, "0.0.0.0/0"},
     {0},
     SSHD("pc7.example"),
     "place"},
    {"a console", ACCOUNT_CLASS_STAFF, {0, "console"}, {0}, CONSOLE, NULL},
    {"a console alone", ACCOUNT_CLASS_STAFF, {0, "console"}, {0}, SSHD("192.0.2.1"), "place"},
    {"another console", ACCOUNT_CLASS_STAFF, {0, "tty2"}, {0}, CONSOLE, "place"},
    {"a service", ACCOUNT_CLASS_STAFF, {0, 0, "sshd, login"}, {0}, SSHD("192.0.2.1"), NULL},
    {"another service", ACCOUNT_CLASS_STAFF, {0, 0, "login"}, {0}, SSHD("192.0.2.1"), "service"},
    {"its own services",
     ACCOUNT_CLASS_STAFF,
     {0, 0, "login"},
     {0, 0, "sshd"},
     SSHD("192.0.2.1"),
     NULL},
    {"privileged, from the network, by default", /* R27 */
     ACCOUNT_CLASS_PRIVILEGED,
     {0},
     {0},
     SSHD("192.0.2.1"),
     "place"},
    {"privileged, at the console", ACCOUNT_CLASS_PRIVILEGED, {0}, {0}, CONSOLE, NULL},
    {"privileged, by su of another",
     ACCOUNT_CLASS_PRIVILEGED,
     {0},
     {0},
     {.trusted = true, .service = "su", .tty = "pts/0", .real_uid = OTHER_UID, .ruser = OTHER},
     "place"},
    {"privileged, by its own sudo",
     ACCOUNT_CLASS_PRIVILEGED,
     {0},
     {0},
     {.trusted = true, .service = "sudo", .tty = "pts/0", .ruser = OWNER},
     NULL},
    {"privileged, by its own locker",
     ACCOUNT_CLASS_PRIVILEGED,
     {0},
     {0},
     {.service = "xscreensaver", .peer_uid = OWNER_UID, .real_uid = OWNER_UID},
     NULL},
    {"privileged, by su, where the site wants it",
     ACCOUNT_CLASS_PRIVILEGED,
     {0, "console, local"},
     {0},
     {.trusted = true, .service = "su", .tty = "pts/0", .real_uid = OTHER_UID, .ruser = OTHER},
     NULL},
    {"a terminal that su was given is none",
     ACCOUNT_CLASS_STAFF,
     {0, "tty*"},
     {0},
     {.trusted = true, .service = "su", .tty = "/dev/tty", .real_uid = OTHER_UID, .ruser = OTHER},
     "place"},
    {"privileged, an administration terminal",
     ACCOUNT_CLASS_PRIVILEGED,
     {0},
     {0, "192.0.2.1"},
     SSHD("192.0.2.1"),
     NULL},
    {"cron acts from no place",
     ACCOUNT_CLASS_STAFF,
     {0, "console"},
     {0},
     {.trusted = true, .service = "cron", .tty = "cron"},
     NULL},
    {"cron is not a service that people use",
     ACCOUNT_CLASS_STAFF,
     {0, 0, "sshd"},
     {0},
     {.trusted = true, .service = "cron", .tty = "cron"},
     NULL},
    {"nor is systemd-user",
     ACCOUNT_CLASS_STAFF,
     {0, 0, "sshd"},
     {0},
     {.trusted = true, .service = "systemd-user"},
     NULL},
    {"nor what root does",
     ACCOUNT_CLASS_STAFF,
     {0, "console", "sshd"},
     {0},
     {.trusted = true, .service = "su", .tty = "pts/0", .ruser = "root"},
     NULL},
    {"who asks for it by itself does not get around it",
     ACCOUNT_CLASS_STAFF,
     {0, 0, "sshd"},
     {0},
     {.trusted = true, .service = "cron", .real_uid = OWNER_UID},
     "service"},
    {"cron keeps hours",
     ACCOUNT_CLASS_STAFF,
     {"-"},
     {0},
     {.trusted = true, .service = "cron", .tty = "cron"},
     "hours"},
};

static void rule_text(const char *word, char text[POLICY_RULE_SIZE])
{
    char hours[32];
    if (word == NULL)
        return;
    hours_rule(word[0] == '+', hours);
    (void)snprintf(text, POLICY_RULE_SIZE, "%s",
                   strcmp(word, "+") == 0 || strcmp(word, "-") == 0 ? hours : word);
}

static void plant_rules(const struct rule_row *row)
{
    struct policy_class *of_class = &here->context.policy.classes[row->class_ - 1];
    char own[3][POLICY_RULE_SIZE] = {"", "", ""}, why[OPERATION_WHY_SIZE];
    rule_text(row->of_class[0], of_class->hours);
    rule_text(row->of_class[1], of_class->places);
    rule_text(row->of_class[2], of_class->services);
    for (size_t i = 0; i < 3; i++)
        rule_text(row->own[i], own[i]);
    const struct account_change_request request = {
        .name = OWNER,
        .rules.hours = row->own[0] != NULL ? own[0] : NULL,
        .rules.places = row->own[1] != NULL ? own[1] : NULL,
        .rules.services = row->own[2] != NULL ? own[2] : NULL,
    };
    if (row->own[0] != NULL || row->own[1] != NULL || row->own[2] != NULL)
        assert_int_equal(operation_account_change(&here->context, &request, why), MEDGL_OK);
}

/* Everything that a person hears, and the verdicts. */
struct seen {
    enum login_verdict login;
    enum access_verdict access;
    char heard[4096], token[PERSON_TOKEN_SIZE];
};

static void see_login(const char *user, const struct caller *caller, const char *password,
                      const char *person, struct seen *seen)
{
    struct script script = {.answers = {password}, .person = person};
    const struct talk talk = script_talk(&script);
    const struct login_request request = {.caller = caller, .user = user, .person = seen->token};
    seen->login = LOGIN_ALLOWED;
    assert_int_equal(operation_login(&here->context, &talk, &request, &seen->login), MEDGL_OK);
    (void)snprintf(seen->heard, sizeof(seen->heard), "%s", script.heard);
}

static void see_access(const char *user, const struct caller *caller, const char *person,
                       bool silent, struct seen *seen)
{
    struct script script = {.person = person};
    const struct talk talk = script_talk(&script);
    const struct access_request request = {
        .caller = caller, .user = user, .silent = silent, .person = seen->token};
    seen->access = ACCESS_ALLOWED;
    assert_int_equal(operation_access(&here->context, &talk, &request, &seen->access), MEDGL_OK);
    (void)snprintf(seen->heard, sizeof(seen->heard), "%s", script.heard);
}

static void rules(void **state)
{
    const struct rule_row *row = *state;
    struct seen seen;
    enrol_owner(row->class_);
    plant_rules(row);
    see_login(OWNER, &row->caller, here->issued, NULL, &seen);
    assert_int_equal(seen.login, row->reason == NULL ? LOGIN_ALLOWED : LOGIN_REFUSED);
    if (row->reason != NULL)
        assert_string_equal(tally_of(here).reason, row->reason);
    /* The account phase alone, as after an ssh key; an issued password has to be changed. */
    see_access(OWNER, &row->caller, NULL, false, &seen);
    assert_int_equal(seen.access, row->reason == NULL ? ACCESS_CHANGE_DUE : ACCESS_DENIED);
    assert_string_equal(seen.heard, "");
    const struct tally tally = tally_of(here);
    if (row->reason != NULL)
        assert_string_equal(tally.reason, row->reason);
    assert_int_equal(tally.kinds[LEDGER_ACCESS_DENIED], row->reason != NULL);
    assert_string_equal(tally.class_, account_class_word(row->class_));
    assert_int_equal(verify(here), MEDGL_OK);
}

/* Whoever changes a password is logged in, or passes the account phase: no rule is asked. */
static const struct rule_row change_rows[] = {
    {"of a service that the rule does not name",
     ACCOUNT_CLASS_STAFF,
     {0, 0, "login, sshd"},
     {0},
     {.trusted = true, .service = "passwd", .tty = "pts/0", .real_uid = OWNER_UID},
     NULL},
    {"of its own rules",
     ACCOUNT_CLASS_STAFF,
     {0},
     {"-", "10.0.0.0/8", "login"},
     {.trusted = true, .service = "passwd", .tty = "pts/0", .real_uid = OWNER_UID},
     NULL},
    {"of networks alone",
     ACCOUNT_CLASS_STAFF,
     {0, "10.0.0.0/8"},
     {0},
     {.trusted = true, .service = "passwd", .tty = "pts/0", .real_uid = OWNER_UID},
     NULL},
    {"of hours that ended meanwhile",
     ACCOUNT_CLASS_STAFF,
     {"-"},
     {0},
     {.trusted = true, .service = "passwd", .tty = "pts/0", .real_uid = OWNER_UID},
     NULL},
    {"of an unprivileged program",
     ACCOUNT_CLASS_PRIVILEGED,
     {0, "console", "login"},
     {0},
     {.service = "gnome-control-center", .peer_uid = OWNER_UID, .real_uid = OWNER_UID},
     NULL},
    {"that a login asks for",
     ACCOUNT_CLASS_STAFF,
     {0, "192.0.2.0/24", "sshd"},
     {0},
     SSHD("192.0.2.1"),
     NULL},
};

static void change_asks_no_rule(void **state)
{
    const struct rule_row *row = *state;
    enrol_owner(row->class_);
    plant_rules(row);
    struct script script = {.answers = {here->issued, PASSWORD_TWO, PASSWORD_TWO}};
    const struct talk talk = script_talk(&script);
    const bool forced = row->caller.rhost[0] != '\0';
    const struct change_request request = {
        .caller = &row->caller, .user = OWNER, .expired_only = forced};
    enum change_verdict verdict = CHANGE_REFUSED;
    assert_int_equal(operation_change(&here->context, &talk, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, CHANGE_DONE);
    assert_int_equal(tally_of(here).kinds[LEDGER_LOGIN_FAILURE], 0);
    assert_int_equal(verify(here), MEDGL_OK);
}

/* The rules that hold are those of the moment of the verdict. */
static void a_rule_made_meanwhile_holds(void **state)
{
    auto_clean(proof_clear) struct proof proof;
    auto_secret struct secret typed = SECRET_NONE;
    const struct caller caller = caller_from("192.0.2.1");
    const struct account_change_request request = {.name = OWNER, .rules.places = "console"};
    char why[OPERATION_WHY_SIZE];
    (void)state;
    enrol_owner(ACCOUNT_CLASS_STAFF);
    assert_int_equal(secret_copy(&typed, here->issued, strlen(here->issued)), MEDGL_OK);
    assert_int_equal(proof_find(&here->context, &caller, OWNER, PROOF_LOGIN, &proof), MEDGL_OK);
    assert_int_equal(proof_verify(&proof, &typed), MEDGL_OK);
    assert_int_equal(operation_account_change(&here->context, &request, why), MEDGL_OK);
    assert_int_equal(proof_commit(&proof), MEDGL_OK);
    assert_int_equal(proof.decision.reason, LOGIN_REASON_PLACE);
}

/* -- shared ids ------------------------------------------------------------------------------- */

static void share(const char *name)
{
    char why[OPERATION_WHY_SIZE];
    const struct account_change_request request = {.name = name, .rules.shared = "yes"};
    assert_int_equal(operation_account_change(&here->context, &request, why), MEDGL_OK);
}

static const struct person_row {
    const char *name, *answer; /* NULL: nothing */
    bool disabled, shared;     /* the one who is named */
    enum login_verdict login;
} person_rows[] = {
    {"a person", PERSON, false, false, LOGIN_ALLOWED},
    {"nobody answers", NULL, false, false, LOGIN_ABORTED},
    {"nobody's name", "nemo", false, false, LOGIN_REFUSED},
    {"the shared id itself", OWNER, false, false, LOGIN_REFUSED},
    {"a Unix user who is not enrolled", OTHER, false, false, LOGIN_REFUSED},
    {"somebody disabled", PERSON, true, false, LOGIN_REFUSED},
    {"another shared id", PERSON, false, true, LOGIN_REFUSED},
    {"no login name", "a b/c", false, false, LOGIN_REFUSED},
    {"too long an answer", "\1", false, false, LOGIN_REFUSED},
};

static void make_shared(const struct person_row *row)
{
    char why[OPERATION_WHY_SIZE];
    enrol_one(PERSON, PERSON_UID, ACCOUNT_CLASS_STAFF);
    enrol_owner(ACCOUNT_CLASS_STAFF);
    share(OWNER);
    if (row->shared)
        share(PERSON);
    if (row->disabled)
        assert_int_equal(operation_account_disable(&here->context, PERSON, "leave", why), MEDGL_OK);
}

static void persons(void **state)
{
    const struct person_row *row = *state;
    struct caller caller = caller_from("192.0.2.1");
    struct seen seen;
    make_shared(row);
    see_login(OWNER, &caller, here->issued, row->answer, &seen);
    assert_int_equal(seen.login, row->login);
    assert_string_equal(seen.heard, "Password: Your own login name: ");
    const struct tally tally = tally_of(here);
    assert_string_equal(tally.person, row->login == LOGIN_ALLOWED ? row->answer : "");
    assert_int_equal(tally.counted, row->login == LOGIN_REFUSED);
    if (row->login == LOGIN_REFUSED)
        assert_string_equal(tally.reason, "person");
    assert_int_equal(seen.token[0] != '\0', row->login == LOGIN_ALLOWED);
    /* Another name with the right password is another guess; the same one is not. */
    if (row->login == LOGIN_REFUSED) {
        see_login(OWNER, &caller, here->issued, row->answer, &seen);
        see_login(OWNER, &caller, here->issued, "nobody-else", &seen);
        assert_int_equal(tally_of(here).counted, 2);
    }
}

/* The account phase of a login that did not ask, as after an ssh key. */
static void persons_after_a_key(void **state)
{
    const struct person_row *row = *state;
    struct caller caller = caller_from("192.0.2.1");
    const bool good = row->login == LOGIN_ALLOWED;
    struct seen seen, again;
    char person[STORE_NAME_SIZE];
    struct account_report report;
    make_shared(row);
    see_access(OWNER, &caller, row->answer, false, &seen);
    assert_int_equal(seen.access, good ? ACCESS_CHANGE_DUE : ACCESS_DENIED);
    assert_string_equal(seen.heard, "Your own login name: ");
    assert_int_equal(seen.token[0] != '\0', good);
    (void)snprintf(caller.person, sizeof(caller.person), "%s", seen.token);
    assert_int_equal(operation_account_show(&here->context, OWNER, &report, NULL, NULL), MEDGL_OK);
    assert_int_equal(person_of_token(&here->context, &report.account, &caller, "192.0.2.1",
                                     clock_read().now, person),
                     good);
    assert_string_equal(person, good ? row->answer : "");
    /* Nobody can be asked: cron, sudo, root that steps into it. */
    caller.person[0] = '\0';
    see_access(OWNER, &caller, NULL, true, &again);
    assert_int_equal(again.access, ACCESS_CHANGE_DUE);
    assert_string_equal(again.heard, "");
}

/* Root that steps into it cannot be asked; who says so and is not root is. */
static void root_alone_is_not_asked(void **state)
{
    static const struct person_row row = {.name = ""};
    struct caller caller = {
        .trusted = true, .service = "su", .tty = "pts/0", .ruser = "root", .real_uid = OTHER_UID};
    struct seen seen;
    (void)state;
    make_shared(&row);
    see_access(OWNER, &caller, NULL, false, &seen);
    assert_int_equal(seen.access, ACCESS_DENIED);
    assert_string_equal(seen.heard, "Your own login name: ");
    caller.real_uid = 0;
    see_access(OWNER, &caller, NULL, false, &seen);
    assert_int_equal(seen.access, ACCESS_CHANGE_DUE);
    assert_string_equal(seen.heard, "");
}

/* One phase of a change. */
static enum change_verdict see_change(struct caller *caller, bool prelim, bool silent,
                                      const char *person, char token[PERSON_TOKEN_SIZE])
{
    struct script script = {.answers = {here->issued, PASSWORD_TWO, PASSWORD_TWO},
                            .person = person};
    const struct talk talk = script_talk(&script);
    const struct change_request request = {.caller = caller,
                                           .user = OWNER,
                                           .expired_only = caller->rhost[0] !=
                                                           '\0', /* at a login, where it is due */
                                           .silent = silent,
                                           .person = token};
    enum change_verdict verdict = CHANGE_REFUSED;
    assert_int_equal((prelim ? operation_change_prepare : operation_change)(&here->context, &talk,
                                                                            &request, &verdict),
                     MEDGL_OK);
    return verdict;
}

static enum medgl_error change_row(void *argument, const struct ledger_row *row)
{
    char *entry = argument;
    if (strstr(row->line, "\"password.change\"") != NULL)
        (void)snprintf(entry, 2048, "%s", row->line);
    return MEDGL_OK;
}

/* Who changed it, as the ledger has it; "": nobody is named. */
static void changed_by(const char *person)
{
    char entry[2048] = "", wanted[64];
    assert_int_equal(operation_ledger_each(&here->context, 0, UINT64_MAX, change_row, entry),
                     MEDGL_OK);
    (void)snprintf(wanted, sizeof(wanted), "\"person\":\"%s\"", person);
    assert_true(entry[0] != '\0');
    assert_int_equal(strstr(entry, wanted) != NULL, person[0] != '\0');
    assert_int_equal(strstr(entry, "\"person\"") != NULL, person[0] != '\0');
    assert_int_equal(verify(here), MEDGL_OK);
}

/* Asked in the first phase, which tells the second. */
static void persons_at_a_change(void **state)
{
    const struct person_row *row = *state;
    struct caller caller = {
        .trusted = true, .service = "passwd", .tty = "pts/0", .real_uid = OWNER_UID};
    char token[PERSON_TOKEN_SIZE] = "x", none[PERSON_TOKEN_SIZE];
    make_shared(row);
    const enum change_verdict verdict = see_change(&caller, true, false, row->answer, token);
    if (row->login != LOGIN_ALLOWED) {
        assert_int_equal(verdict, row->answer == NULL ? CHANGE_ABORTED : CHANGE_WRONG_CURRENT);
        assert_string_equal(token, "");
        return;
    }
    assert_int_equal(verdict, CHANGE_READY);
    (void)snprintf(caller.person, sizeof(caller.person), "%s", token);
    assert_int_equal(see_change(&caller, false, false, NULL, none), CHANGE_DONE);
    changed_by(row->answer);
}

static void a_login_told_the_change(void **state)
{
    static const struct person_row row = {.name = ""};
    struct caller caller = SSHD("192.0.2.1");
    struct seen seen;
    (void)state;
    make_shared(&row);
    see_access(OWNER, &caller, PERSON, false, &seen); /* after an ssh key */
    assert_int_equal(seen.access, ACCESS_CHANGE_DUE);
    (void)snprintf(caller.person, sizeof(caller.person), "%s", seen.token);
    assert_int_equal(see_change(&caller, true, false, NULL, seen.token), CHANGE_READY);
    assert_int_equal(see_change(&caller, false, false, NULL, seen.token), CHANGE_DONE);
    changed_by(PERSON);
}

static void a_silent_change_asks_nobody(void **state)
{
    static const struct person_row row = {.name = ""};
    struct caller caller = SSHD("192.0.2.1");
    char token[PERSON_TOKEN_SIZE];
    (void)state;
    make_shared(&row);
    assert_int_equal(see_change(&caller, false, true, NULL, token), CHANGE_DONE);
    assert_string_equal(token, "");
    changed_by("");
}

/* R23: the right password and a wrong one are asked the same. */
static void shared_refusals_are_alike(void **state)
{
    static const struct person_row row = {.name = ""};
    const struct caller caller = caller_from("192.0.2.1");
    struct seen wrong, nobody, malformed;
    (void)state;
    make_shared(&row);
    see_login(OWNER, &caller, WRONG, PERSON, &wrong);
    see_login(OWNER, &caller, here->issued, "nemo", &nobody);
    see_login(OWNER, &caller, "\1", PERSON, &malformed);
    assert_int_equal(wrong.login, LOGIN_REFUSED);
    assert_int_equal(nobody.login, LOGIN_REFUSED);
    assert_int_equal(malformed.login, LOGIN_REFUSED);
    assert_string_equal(wrong.heard, nobody.heard);
    assert_string_equal(wrong.heard, malformed.heard);
}

/* -- the token -------------------------------------------------------------------------------- */

static const struct token_row {
    const char *name;
    const char *service, *source, *account; /* NULL: as it was made */
    medgl_time later;
    const char *token; /* in its place */
    int flip;          /* this byte of it, from the end; 0: none */
    bool good;
} token_rows[] = {
    {"as it was made", NULL, NULL, NULL, 0, NULL, 0, true},
    {"ten minutes later", NULL, NULL, NULL, 10 * MEDGL_MINUTE, NULL, 0, true},
    {"later than that", NULL, NULL, NULL, 10 * MEDGL_MINUTE + 1, NULL, 0, false},
    {"before it was made", NULL, NULL, NULL, -1, NULL, 0, false},
    {"of another service", "su", NULL, NULL, 0, NULL, 0, false},
    {"of another place", NULL, "192.0.2.9", NULL, 0, NULL, 0, false},
    {"of another account", NULL, NULL, "0123456789abcdef0123456789abcdef", 0, NULL, 0, false},
    {"none", NULL, NULL, NULL, 0, "", 0, false},
    {"no parts", NULL, NULL, NULL, 0, "x", 0, false},
    {"only dots", NULL, NULL, NULL, 0, "...", 0, false},
    {"no time", NULL, NULL, NULL, 0, "alice.x.0", 0, false},
    {"another mac", NULL, NULL, NULL, 0, NULL, 1, false},
    {"another time", NULL, NULL, NULL, 0, NULL, 66, false},
    {"another name", NULL, NULL, NULL, 0, NULL, 82, false},
};

static void tokens(void **state)
{
    const struct token_row *row = *state;
    struct caller caller = caller_from("192.0.2.1");
    struct account account = {.id = "00112233445566778899aabbccddeeff"};
    char person[STORE_NAME_SIZE];
    const medgl_time now = INT64_C(1795249845123);
    assert_int_equal(person_token(&here->context, &account, &caller, "192.0.2.1", "alice.b", "",
                                  now, caller.person),
                     MEDGL_OK);
    if (row->flip != 0)
        caller.person[strlen(caller.person) - (size_t)row->flip] ^= 1;
    if (row->token != NULL)
        (void)snprintf(caller.person, sizeof(caller.person), "%s", row->token);
    if (row->service != NULL)
        (void)snprintf(caller.service, sizeof(caller.service), "%s", row->service);
    if (row->account != NULL)
        (void)snprintf(account.id, sizeof(account.id), "%s", row->account);
    assert_int_equal(person_of_token(&here->context, &account, &caller,
                                     row->source != NULL ? row->source : "192.0.2.1",
                                     now + row->later, person),
                     row->good);
    assert_string_equal(person, row->good ? "alice.b" : "");
}

/* -- one wording ------------------------------------------------------------------------------ */

enum refusal {
    REFUSAL_UNKNOWN,
    REFUSAL_WRONG,
    REFUSAL_REPEATED,
    REFUSAL_LOCKED,
    REFUSAL_DISABLED,
    REFUSAL_RETIRED,
    REFUSAL_HOURS,
    REFUSAL_PLACE,
    REFUSAL_SERVICE,
    REFUSAL_NO_PASSWORD,
    REFUSAL_ISSUED_EXPIRED,
    REFUSAL_LOCKED_ACCOUNT,
    REFUSAL_UID_CHANGED,
    REFUSAL_CALENDAR,
    REFUSAL_COUNT
};

/* R25: as if somebody else had the name now. */
static enum medgl_error other_uid(struct store_txn *txn, void *argument)
{
    struct account account;
    (void)argument;
    MEDGL_TRY(store_account_by_name(txn, OWNER, &account));
    account.uid += 1000;
    return store_account_update(txn, &account);
}

static const char *arrange_refusal(enum refusal refusal)
{
    struct policy_class *staff = &here->context.policy.classes[ACCOUNT_CLASS_STAFF - 1];
    const struct caller caller = caller_from("192.0.2.1");
    char why[OPERATION_WHY_SIZE];
    struct seen seen;
    if (refusal == REFUSAL_NO_PASSWORD) {
        enrol_one(OWNER, OWNER_UID, ACCOUNT_CLASS_STAFF);
        return PASSWORD_ONE;
    }
    if (refusal == REFUSAL_ISSUED_EXPIRED)
        here->context.policy.password_issued_valid = (struct policy_span){.milliseconds = 1};
    enrol_owner(ACCOUNT_CLASS_STAFF);
    switch (refusal) {
    case REFUSAL_UNKNOWN:
    case REFUSAL_WRONG:
        return WRONG;
    case REFUSAL_REPEATED:
        see_login(OWNER, &caller, WRONG_AGAIN, NULL, &seen);
        return WRONG_AGAIN;
    case REFUSAL_LOCKED:
        for (int i = 0; i < 5; i++)
            see_login(OWNER, &caller, WRONG, NULL, &seen);
        break;
    case REFUSAL_LOCKED_ACCOUNT:
        here->context.policy.attempts_per_account = 5;
        for (int i = 0; i < 5; i++) {
            char rhost[32];
            (void)snprintf(rhost, sizeof(rhost), "203.0.113.%d", i);
            const struct caller elsewhere = caller_from(rhost);
            see_login(OWNER, &elsewhere, WRONG, NULL, &seen);
        }
        break;
    case REFUSAL_UID_CHANGED:
        assert_int_equal(store_transact(here->context.store, STORE_WRITE, other_uid, NULL),
                         MEDGL_OK);
        break;
    case REFUSAL_CALENDAR:
        hours_rule(true, staff->hours);
        here->context.policy.calendar.known = false;
        break;
    case REFUSAL_DISABLED:
        (void)operation_account_disable(&here->context, OWNER, "leave", why);
        break;
    case REFUSAL_RETIRED:
        (void)operation_account_retire(&here->context, OWNER, "left", why);
        break;
    case REFUSAL_HOURS:
        hours_rule(false, staff->hours);
        break;
    case REFUSAL_PLACE:
        (void)snprintf(staff->places, sizeof(staff->places), "console");
        break;
    case REFUSAL_SERVICE:
        (void)snprintf(staff->services, sizeof(staff->services), "login");
        break;
    case REFUSAL_ISSUED_EXPIRED:
        clock_sleep(2); /* it is over for sure */
        break;
    case REFUSAL_NO_PASSWORD:
    case REFUSAL_COUNT:
        break;
    }
    return here->issued;
}

static void every_refusal_says_the_same(void **state)
{
    static const char *const reasons[REFUSAL_COUNT] = {
        "unknown-account", "wrong-password", "wrong-password", "locked-source", "disabled",
        "retired",         "hours",          "place",          "service",       "no-password",
        "issued-expired",  "locked-account", "uid-changed",    "calendar"};
    const struct caller caller = caller_from("192.0.2.1");
    (void)state;
    for (int refusal = 0; refusal < REFUSAL_COUNT; refusal++) {
        struct seen seen;
        char heard[sizeof(seen.heard)];
        const char *password = arrange_refusal((enum refusal)refusal);
        here->context.policy.unenrolled = POLICY_UNENROLLED_DENY;
        see_login(refusal == REFUSAL_UNKNOWN ? "nemo" : OWNER, &caller, password, NULL, &seen);
        assert_int_equal(seen.login, LOGIN_REFUSED);
        assert_string_equal(tally_of(here).reason, reasons[refusal]);
        if (refusal == 0)
            (void)snprintf(heard, sizeof(heard), "%s", seen.heard);
        assert_string_equal(seen.heard, "Password: ");
        assert_string_equal(seen.token, "");
        assert_int_equal(close_here(state), 0);
        assert_int_equal(open_here(state), 0);
    }
}

/* -- a policy that was changed ---------------------------------------------------------------- */

static void a_changed_policy_says_so_once(void **state)
{
    const struct caller caller = caller_from("192.0.2.1");
    struct seen seen;
    struct tally tally;
    (void)state;
    enrol_owner(ACCOUNT_CLASS_STAFF);
    for (int i = 0; i < 2; i++)
        see_login(OWNER, &caller, here->issued, NULL, &seen);
    tally = tally_of(here);
    assert_int_equal(tally.kinds[LEDGER_POLICY_CHANGE], 1); /* the first one seen */
    assert_int_equal(tally.kinds[LEDGER_ALERT_RAISE], 0);
    write_policy(here, "lock_time = 20 min\nattempts_per_source = 7\n");
    reopen(here);
    here->context.policy_read += MEDGL_MINUTE;     /* clocks round, and wait */
    see_login(OWNER, &caller, WRONG, NULL, &seen); /* a failure notices it too */
    see_login(OWNER, &caller, here->issued, NULL, &seen);
    tally = tally_of(here);
    assert_int_equal(tally.kinds[LEDGER_POLICY_CHANGE], 2);
    assert_int_equal(tally.kinds[LEDGER_ALERT_RAISE], 1);
    assert_string_equal(tally.changed, "attempts_per_source 5 -> 7, lock_time 15 min -> 20 min");
    /* Who began before it knows the policy of that time, and says nothing. */
    here->context.policy.attempts_per_source = 5;
    here->context.policy_read -= MEDGL_HOUR;
    see_login(OWNER, &caller, here->issued, NULL, &seen);
    assert_int_equal(tally_of(here).kinds[LEDGER_POLICY_CHANGE], 2);
    assert_int_equal(verify(here), MEDGL_OK);
}

/* What does not fit is cut, between two characters. */
static void a_long_change_is_cut(void **state)
{
    const struct caller caller = caller_from("192.0.2.1");
    struct policy *policy = &here->context.policy;
    struct seen seen;
    (void)state;
    enrol_owner(ACCOUNT_CLASS_STAFF);
    see_login(OWNER, &caller, here->issued, NULL, &seen);
    for (size_t i = 0; i + 4 < sizeof(policy->institution); i += 3)
        (void)snprintf(policy->institution + i, 4, "\xe7\x97\x85");
    here->context.policy_read = clock_monotonic() + MEDGL_MINUTE; /* clocks round, and wait */
    see_login(OWNER, &caller, here->issued, NULL, &seen);
    const struct tally tally = tally_of(here);
    assert_int_equal(tally.kinds[LEDGER_POLICY_CHANGE], 2);
    assert_in_range(strlen(tally.changed), 300, 400);
    assert_non_null(strstr(tally.changed, "\xe7\x97\x85..."));
    assert_int_equal(verify(here), MEDGL_OK);
}

int main(void)
{
    TABLE_ADD("R05 R22 R27", rule_rows, rules);
    TABLE_ADD("the change of a password asks no rule", change_rows, change_asks_no_rule);
    table_add("R05", "a rule made meanwhile holds", a_rule_made_meanwhile_holds, NULL);
    TABLE_ADD("R26 at the login", person_rows, persons);
    TABLE_ADD("R26 after a key", person_rows, persons_after_a_key);
    table_add("R26 after a key", "root alone is not asked", root_alone_is_not_asked, NULL);
    TABLE_ADD("R26 at a change", person_rows, persons_at_a_change);
    table_add("R26 at a change", "the login has asked", a_login_told_the_change, NULL);
    table_add("R26 at a change", "nobody is there", a_silent_change_asks_nobody, NULL);
    table_add("R23 R26", "refusals of a shared id are alike", shared_refusals_are_alike, NULL);
    TABLE_ADD("R26 the token", token_rows, tokens);
    table_add("R23", "every refusal says the same", every_refusal_says_the_same, NULL);
    table_add("R34", "a changed policy says so once", a_changed_policy_says_so_once, NULL);
    table_add("R34", "a long change is cut", a_long_change_is_cut, NULL);
    for (size_t i = 0; i < table_count; i++) {
        table_tests[i].setup_func = open_here;
        table_tests[i].teardown_func = close_here;
    }
    return table_run("access");
}
