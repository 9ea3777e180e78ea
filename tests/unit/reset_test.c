/* R11: a reset is made only after the person's identity was verified, what the policy asks for is
 * there, and whoever has to prove something has; else nothing is asked and nothing is changed. */
#include "tests/unit/device_fixture.h"
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#include "operation/document.h"
#include "policy/reset.h"

#include <dirent.h>
#include <stdlib.h>
#include <time.h>

/* Users of any Debian, whom nobody logs in as. */
#define SUBJECT  "games"
#define WITNESS  "daemon"
#define OPERATOR "bin"
#define DISABLED "man"
#define FRESH    "lp" /* its password was issued and never used */

#define NEW_PASSWORD "Yamabuki-3-no-hana"

static struct fixture *here;
static char kept_state[64]; /* where auditor.pem was made */

/* -- the people ------------------------------------------------------------------------------- */

static int64_t uid_of(const char *name)
{
    const struct passwd *user = getpwnam(name);
    assert_non_null(user);
    return user->pw_uid;
}

static void add(const char *name, enum account_class class_)
{
    char why[OPERATION_WHY_SIZE];
    const struct account_add_request request = {
        .name = name, .uid = uid_of(name), .class_ = class_};
    assert_int_equal(operation_account_add(&here->context, &request, why), MEDGL_OK);
}

static void issue_for(const char *name)
{
    (void)snprintf(here->user, sizeof(here->user), "%s", name);
    issue(here);
}

/* The owner changes the issued one. */
static void give_password(const char *name, const char *password)
{
    issue_for(name);
    struct script script = {.answers = {here->issued, password, password}};
    const struct talk talk = script_talk(&script);
    struct caller caller = caller_from("192.0.2.1");
    caller.real_uid = uid_of(name);
    const struct change_request request = {.caller = &caller, .user = name};
    enum change_verdict verdict;
    assert_int_equal(operation_change(&here->context, &talk, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, CHANGE_DONE);
}

static void become(const char *name, unsigned roles, bool asserted)
{
    struct actor *actor = &here->context.actor;
    actor->uid = asserted ? -1 : uid_of(name);
    actor->asserted = asserted;
    actor->roles = roles;
    (void)snprintf(actor->name, sizeof(actor->name), "%s", name);
}

static void set(const char *key, const char *value)
{
    char why[256];
    assert_int_equal(
        policy_set(&here->context.policy, policy_key_find(key), value, why, sizeof(why)), MEDGL_OK);
    assert_int_equal(policy_check(&here->context.policy, why, sizeof(why)), MEDGL_OK);
}

/* Who reads documents: a key pair is made once. */
static void give_auditor(void)
{
    char command[2 * PATH_MAX + 256], path[PATH_MAX];
    assert_int_equal(path_under(path, here->root, PATH_AUDITOR), MEDGL_OK);
    if (kept_state[0] == '\0') {
        (void)snprintf(kept_state, sizeof(kept_state), "/tmp/medgl-auditor-XXXXXX");
        assert_non_null(mkdtemp(kept_state));
        (void)snprintf(command, sizeof(command),
                       "openssl req -x509 -newkey rsa:3072 -nodes -days 30 -subj /CN=auditor "
                       "-keyout %s/key -out %s/pem 2>/dev/null",
                       kept_state, kept_state);
        assert_int_equal(system(command), 0);
    }
    (void)snprintf(command, sizeof(command), "cp %s/pem %s && chmod 644 %s", kept_state, path,
                   path);
    assert_int_equal(system(command), 0);
}

static unsigned documents(void)
{
    char path[PATH_MAX];
    unsigned count = 0;
    assert_int_equal(path_under(path, here->root, PATH_DOCUMENTS), MEDGL_OK);
    DIR *directory = opendir(path);
    for (const struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.';
    if (directory != NULL)
        (void)closedir(directory);
    return count;
}

/* -- what is there ---------------------------------------------------------------------------- */

struct shot {
    uint64_t entries;
    struct account_report report;
    unsigned documents;
};

static struct shot look(void)
{
    struct shot shot;
    assert_int_equal(operation_ledger_size(&here->context, &shot.entries), MEDGL_OK);
    assert_int_equal(operation_account_show(&here->context, SUBJECT, &shot.report, NULL, NULL),
                     MEDGL_OK);
    shot.documents = documents();
    return shot;
}

static void unchanged(const struct shot *before, uint64_t entries)
{
    const struct shot now = look();
    assert_int_equal(now.entries, before->entries + entries);
    assert_int_equal(now.report.has_password, before->report.has_password);
    assert_int_equal(now.report.issued, before->report.issued);
    assert_int_equal(now.report.password_set, before->report.password_set);
    assert_int_equal(now.report.former, before->report.former);
    assert_int_equal(now.documents, before->documents);
    assert_int_equal(try_login(here, SUBJECT, "203.0.113.9", PASSWORD_ONE), LOGIN_ALLOWED);
}

/* The last entry of that kind. */
struct last {
    enum ledger_kind kind;
    struct ledger_parsed *parsed;
};

static enum medgl_error last_look(void *argument, const struct ledger_row *row)
{
    struct last *last = argument;
    struct ledger_parsed *parsed = NULL;
    assert_int_equal(ledger_entry_decode(row->line, row->len, &parsed), MEDGL_OK);
    if (ledger_parsed_entry(parsed)->kind == last->kind) {
        ledger_parsed_free(&last->parsed);
        last->parsed = parsed;
        return MEDGL_OK;
    }
    ledger_parsed_free(&parsed);
    return MEDGL_OK;
}

static struct last last_of(enum ledger_kind kind)
{
    struct last last = {.kind = kind};
    assert_int_equal(operation_ledger_each(&here->context, 0, UINT64_MAX, last_look, &last),
                     MEDGL_OK);
    assert_non_null(last.parsed);
    return last;
}

static void field_is(const struct last *last, const char *name, const char *expected)
{
    assert_string_equal(ledger_entry_find_text(ledger_parsed_entry(last->parsed), name), expected);
}

/* -- one reset -------------------------------------------------------------------------------- */

static unsigned given_out; /* slips */

static enum medgl_error give_out(void *argument, const struct account *account,
                                 const struct secret *password, medgl_time valid_until)
{
    given_out++;
    return take_password(argument, account, password, valid_until);
}

static const unsigned char pdf[] = "%PDF-1.4\na scan of a staff card\n%%EOF\n";

struct
try {
    const char *method, *witness, *to, *name;
    bool document;
    bool typed; /* at the terminal */
    const char *answers[10];
};

static enum medgl_error reset_try(const struct try *try, struct script *script,
                                  struct reset_done *done, char why[])
{
    auto_secret struct secret document = SECRET_NONE;
    *script = (struct script){.next = 0};
    for (size_t i = 0; i < MEDGL_COUNT(try->answers); i++)
        script->answers[i] = try->answers[i];
    const struct talk talk = script_talk(script);
    assert_int_equal(secret_copy(&document, pdf, sizeof(pdf) - 1), MEDGL_OK);
    const struct reset_request request = {
        .name = try->name != NULL ? try->name : SUBJECT,
        .method = try->method,
        .note = "came by",
        .requested_by = "ward 3",
        .document = try->document ? &document : NULL,
        .witness = try->witness,
        .delivery = try->typed ? RESET_AT_TERMINAL : RESET_SLIP,
        .slip_to = try->to != NULL ? try->to : "file",
        .talk = &talk,
        .argument = here,
        .deliver = give_out,
    };
    given_out = 0;
    here->issued[0] = '\0';
    return operation_password_reset(&here->context, &request, done, why);
}

static void begin(void)
{
    void *state = NULL;
    assert_int_equal(fixture_open(&state), 0);
    here = state;
    become(OPERATOR, ROLE_ROOT, true);
    add(SUBJECT, ACCOUNT_CLASS_STAFF);
    add(WITNESS, ACCOUNT_CLASS_STAFF);
    add(DISABLED, ACCOUNT_CLASS_STAFF);
    add(FRESH, ACCOUNT_CLASS_STAFF);
    give_password(SUBJECT, PASSWORD_ONE);
    give_password(WITNESS, PASSWORD_TWO);
    issue_for(FRESH);
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_account_disable(&here->context, DISABLED, "left", why), MEDGL_OK);
    become(OPERATOR, ROLE_HELPDESK, false);
    assert_int_equal(operation_role_reaches(&here->context, "password reset", SUBJECT, why),
                     MEDGL_OK);
}

static void end(void)
{
    void *state = here;
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(fixture_close(&state), 0);
}

/* -- refused before anybody is asked ---------------------------------------------------------- */

static void nothing(void)
{
}
static void staff_need_a_witness(void)
{
    set("reset_witness", "staff");
}
static void video_needs_a_witness(void)
{
    set("reset_witness", "video");
}
static void no_files(void)
{
    set("reset_delivery", "at-terminal");
}
static void slips_alone(void)
{
    set("reset_delivery", "file");
}
static void no_staff_cards(void)
{
    set("reset_document", "");
    set("reset_methods", "video, known-in-person");
}
static void subject_disabled(void)
{
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_account_disable(&here->context, SUBJECT, "left", why), MEDGL_OK);
}
static void a_list_is_missing(void)
{
    (void)snprintf(here->context.policy.password_blocklist,
                   sizeof(here->context.policy.password_blocklist), "/nowhere/list");
}
static void operator_is_the_subject(void)
{
    become(SUBJECT, ROLE_HELPDESK | ROLE_SECURITY, false);
}
static void operator_says_to_be_the_subject(void)
{
    become(SUBJECT, ROLE_ROOT, true);
}
static void operator_is_the_witness(void)
{
    become(WITNESS, ROLE_HELPDESK, false);
}
static void operator_says_to_be_the_witness(void)
{
    become(WITNESS, ROLE_ROOT, true);
}
static void an_auditor(void)
{
    become(OPERATOR, ROLE_AUDIT, false);
}
static void nobody_in_particular(void)
{
    become(OPERATOR, 0, false);
}
static void a_shared_witness(void)
{
    char why[OPERATION_WHY_SIZE];
    const struct account_change_request request = {.name = WITNESS, .rules.shared = "yes"};
    become(OPERATOR, ROLE_SECURITY, false);
    assert_int_equal(operation_account_change(&here->context, &request, why), MEDGL_OK);
}
static void a_breakglass_witness(void)
{
    old_breakglass(here, WITNESS);
    become(OPERATOR, ROLE_SECURITY, false);
}
static void no_room(void)
{
    give_auditor();
    here->context.policy.minimum_free = INT64_MAX;
}
static void one_person(void)
{
    char why[OPERATION_WHY_SIZE];
    const struct account_change_request first = {.name = WITNESS, .person.staff_number = "S-17"};
    const struct account_change_request second = {.name = SUBJECT, .person.staff_number = "S-17"};
    become(OPERATOR, ROLE_SECURITY, false);
    assert_int_equal(operation_account_change(&here->context, &first, why), MEDGL_OK);
    assert_int_equal(operation_account_change(&here->context, &second, why), MEDGL_OK);
}

static const struct refused {
    const char *name;
    void (*prepare)(void);
    struct try try;
    enum medgl_error error;
    const char *why; /* in what is said */
    bool closed;     /* the subject cannot log in anyway */
} refused[] = {
    {"no way to verify is named", nothing, {"", NULL, NULL}, MEDGL_ERR_ARGUMENT, ""},
    {"a way that is none", nothing, {"a hunch", NULL}, MEDGL_ERR_ARGUMENT, ""},
    {"a way that the policy does not know", nothing, {"tarot"}, MEDGL_ERR_REFUSED, "tarot"},
    {"a way that the policy dropped",
     no_staff_cards,
     {"staff-card", .document = true},
     MEDGL_ERR_REFUSED,
     "staff-card"},
    {"no document", nothing, {"staff-card"}, MEDGL_ERR_REFUSED, "--document"},
    {"nobody could read the document",
     nothing,
     {"staff-card", .document = true},
     MEDGL_ERR_REFUSED,
     "auditor.pem"},
    {"no witness for the class", staff_need_a_witness, {"video"}, MEDGL_ERR_REFUSED, "--witness"},
    {"no witness for the way", video_needs_a_witness, {"video"}, MEDGL_ERR_REFUSED, "--witness"},
    {"a witness whom nobody knows",
     nothing,
     {"video", "nobody"},
     MEDGL_ERR_REFUSED,
     "not enrolled"},
    {"the subject as witness", nothing, {"video", SUBJECT}, MEDGL_ERR_REFUSED, "somebody else"},
    {"the operator as witness",
     operator_is_the_witness,
     {"video", WITNESS},
     MEDGL_ERR_REFUSED,
     "the operator"},
    {"the operator by name as witness",
     operator_says_to_be_the_witness,
     {"video", WITNESS},
     MEDGL_ERR_REFUSED,
     "the operator"},
    {"another account of the subject as witness",
     one_person,
     {"video", WITNESS},
     MEDGL_ERR_REFUSED,
     "somebody else"},
    {"a disabled witness", nothing, {"video", DISABLED}, MEDGL_ERR_REFUSED, "disabled"},
    {"a witness with an issued password",
     nothing,
     {"video", FRESH},
     MEDGL_ERR_REFUSED,
     "has to be changed"},
    {"a witness who is many",
     a_shared_witness,
     {"video", WITNESS},
     MEDGL_ERR_REFUSED,
     "one person"},
    {"a witness that is nobody's account",
     a_breakglass_witness,
     {"video", WITNESS},
     MEDGL_ERR_REFUSED,
     "one person"},
    {"no room for the document",
     no_room,
     {"staff-card", .document = true},
     MEDGL_ERR_REFUSED,
     "minimum_free"},
    {"files are not allowed", no_files, {"video"}, MEDGL_ERR_REFUSED, "reset_delivery"},
    {"the terminal is not allowed",
     slips_alone,
     {"video", .typed = true},
     MEDGL_ERR_REFUSED,
     "reset_delivery"},
    {"the screen is not allowed",
     nothing,
     {"video", .to = "screen"},
     MEDGL_ERR_REFUSED,
     "reset_delivery"},
    {"no printer is there", nothing, {"video", .to = "printer"}, MEDGL_ERR_REFUSED, "slip_program"},
    {"a way out that is none", nothing, {"video", .to = "pigeon"}, MEDGL_ERR_REFUSED, "pigeon"},
    {"nobody of that name", nothing, {"video", .name = "nobody"}, MEDGL_ERR_NOT_FOUND, ""},
    {"a disabled account", subject_disabled, {"video"}, MEDGL_ERR_REFUSED, "disabled", true},
    {"a list cannot be asked", a_list_is_missing, {"video", .typed = true}, MEDGL_ERR_POLICY, ""},
    {"one's own", operator_is_the_subject, {"video"}, MEDGL_ERR_REFUSED, "own account"},
    {"one's own by name",
     operator_says_to_be_the_subject,
     {"video"},
     MEDGL_ERR_REFUSED,
     "own account"},
    {"an auditor", an_auditor, {"video"}, MEDGL_ERR_REFUSED, "medgl-helpdesk"},
    {"nobody in particular", nobody_in_particular, {"video"}, MEDGL_ERR_REFUSED, "medgl-helpdesk"},
};

static void is_refused(void **state)
{
    const struct refused *row = *state;
    struct script script;
    struct reset_done done;
    char why[OPERATION_WHY_SIZE] = "";
    begin();
    row->prepare();
    const struct shot before = look();
    assert_int_equal(reset_try(&row->try, &script, &done, why), row->error);
    if (strstr(why, row->why) == NULL)
        print_message("# said: %s\n", why);
    assert_non_null(strstr(why, row->why));
    assert_string_equal(script.heard, ""); /* nobody was asked anything */
    assert_int_equal(given_out, 0);
    const struct shot now = look();
    assert_int_equal(now.entries, before.entries);
    assert_int_equal(done.seq, 0);
    if (!row->closed)
        unchanged(&before, 0);
    end();
}

/* -- whom a role reaches ---------------------------------------------------------------------- */

static const struct reach {
    const char *name;
    unsigned roles;
    enum account_class class_;
    enum medgl_error error;
} reaches[] = {
    {"the helpdesk and staff", ROLE_HELPDESK, ACCOUNT_CLASS_STAFF, MEDGL_OK},
    {"the helpdesk and privileged", ROLE_HELPDESK, ACCOUNT_CLASS_PRIVILEGED, MEDGL_ERR_REFUSED},
    {"the helpdesk and maintenance", ROLE_HELPDESK, ACCOUNT_CLASS_MAINTENANCE, MEDGL_ERR_REFUSED},
    {"the helpdesk and breakglass", ROLE_HELPDESK, ACCOUNT_CLASS_BREAKGLASS, MEDGL_ERR_REFUSED},
    {"security and staff", ROLE_SECURITY, ACCOUNT_CLASS_STAFF, MEDGL_OK},
    {"security and privileged", ROLE_SECURITY, ACCOUNT_CLASS_PRIVILEGED, MEDGL_OK},
    {"security and maintenance", ROLE_SECURITY, ACCOUNT_CLASS_MAINTENANCE, MEDGL_OK},
    {"audit and staff", ROLE_AUDIT, ACCOUNT_CLASS_STAFF, MEDGL_ERR_REFUSED},
    {"audit and helpdesk, and staff", ROLE_AUDIT | ROLE_HELPDESK, ACCOUNT_CLASS_STAFF, MEDGL_OK},
    {"root and privileged", ROLE_ROOT, ACCOUNT_CLASS_PRIVILEGED, MEDGL_OK},
};

static void a_role_reaches(void **state)
{
    const struct reach *row = *state;
    struct script script;
    struct reset_done done;
    char why[OPERATION_WHY_SIZE];
    uint64_t before, after;
    begin();
    become(OPERATOR, ROLE_ROOT, true);
    const bool old = row->class_ == ACCOUNT_CLASS_BREAKGLASS;
    add("sync", old ? ACCOUNT_CLASS_PRIVILEGED : row->class_);
    if (old)
        old_breakglass(here, "sync");
    become(OPERATOR, row->roles, false);
    if (row->error == MEDGL_OK)
        assert_int_equal(operation_role_reaches(&here->context, "password reset", "sync", why),
                         MEDGL_OK);
    assert_int_equal(operation_ledger_size(&here->context, &before), MEDGL_OK);
    const struct try try = {"known-in-person", .name = "sync"};
    assert_int_equal(reset_try(&try, &script, &done, why), row->error);
    assert_int_equal(operation_ledger_size(&here->context, &after), MEDGL_OK);
    assert_int_equal(after - before, row->error == MEDGL_OK ? 1 : 0);
    assert_int_equal(given_out, row->error == MEDGL_OK ? 1 : 0);
    struct reset_needs needs;
    assert_int_equal(operation_reset_needs(&here->context, "sync", NULL, &needs, why), row->error);
    end();
}

/* -- done ------------------------------------------------------------------------------------- */

static void the_entry_tells_all(void **state)
{
    struct script script;
    struct reset_done done;
    char why[OPERATION_WHY_SIZE];
    (void)state;
    begin();
    give_auditor();
    set("reset_witness", "staff");
    assert_int_equal(try_login(here, SUBJECT, "203.0.113.9", WRONG), LOGIN_REFUSED);
    const struct try try = {"staff-card", WITNESS, .document = true, .answers = {PASSWORD_TWO, ""}};
    assert_int_equal(reset_try(&try, &script, &done, why), MEDGL_OK);
    assert_int_equal(given_out, 1);
    struct last last = last_of(LEDGER_PASSWORD_ISSUE);
    const struct ledger_entry *entry = ledger_parsed_entry(last.parsed);
    assert_int_equal(entry->seq, done.seq);
    assert_string_equal(entry->subject.name, SUBJECT);
    assert_string_equal(entry->actor.name, OPERATOR);
    assert_int_equal(entry->actor.uid, uid_of(OPERATOR));
    field_is(&last, "verified_by", "staff-card");
    field_is(&last, "deliver", "file");
    field_is(&last, "note", "came by");
    field_is(&last, "requested_by", "ward 3");
    field_is(&last, "witness", WITNESS);
    assert_int_equal(strlen(ledger_entry_find_text(entry, "witness_account")), CRYPTO_ID_SIZE - 1);
    assert_int_equal(strlen(ledger_entry_find_text(entry, "document")), 64);
    assert_non_null(strstr(ledger_entry_find_text(entry, "document_type"), "pdf"));
    assert_int_equal(ledger_entry_find(entry, "document_size", LEDGER_FIELD_NUMBER)->number,
                     sizeof(pdf) - 1);
    assert_int_equal(ledger_entry_find(entry, "cleared", LEDGER_FIELD_NUMBER)->number, 1);
    assert_string_not_equal(ledger_entry_find_text(entry, "valid_until"), "");
    ledger_parsed_free(&last.parsed);
    assert_int_equal(documents(), 1);
    /* The witness's proof is an entry of its own, and tells what it was for. */
    last = last_of(LEDGER_LOGIN_SUCCESS);
    field_is(&last, "purpose", "witness");
    field_is(&last, "service", "medgl-admin");
    ledger_parsed_free(&last.parsed);
    assert_true(done.valid_until > clock_read().now);
    assert_int_equal(try_login(here, SUBJECT, "203.0.113.9", PASSWORD_ONE), LOGIN_REFUSED);
    assert_int_equal(try_login(here, SUBJECT, "203.0.113.9", here->issued), LOGIN_ALLOWED);
    end();
}

/* What was left out is not there as an empty text. */
static void the_entry_has_nothing_empty(void **state)
{
    struct reset_done done;
    char why[OPERATION_WHY_SIZE];
    (void)state;
    begin();
    const struct reset_request request = {.name = SUBJECT,
                                          .method = "video",
                                          .note = "",
                                          .requested_by = "",
                                          .delivery = RESET_SLIP,
                                          .slip_to = "file",
                                          .argument = here,
                                          .deliver = give_out};
    assert_int_equal(operation_password_reset(&here->context, &request, &done, why), MEDGL_OK);
    struct last last = last_of(LEDGER_PASSWORD_ISSUE);
    static const char *const absent[] = {"note",     "requested_by", "witness", "witness_account",
                                         "document", "strength"};
    for (size_t i = 0; i < MEDGL_COUNT(absent); i++)
        assert_null(
            ledger_entry_find(ledger_parsed_entry(last.parsed), absent[i], LEDGER_FIELD_TEXT));
    ledger_parsed_free(&last.parsed);
    end();
}

static void typed_by_its_owner(void **state)
{
    struct script script;
    struct reset_done done;
    char why[OPERATION_WHY_SIZE];
    (void)state;
    begin();
    const struct try try = {"known-in-person", .typed = true,
                            .answers = {NEW_PASSWORD, NEW_PASSWORD}};
    assert_int_equal(reset_try(&try, &script, &done, why), MEDGL_OK);
    assert_int_equal(given_out, 0);
    assert_int_equal(done.valid_until, 0);
    assert_null(strstr(script.heard, NEW_PASSWORD));
    assert_null(strstr(script.heard, "random")); /* none is offered on somebody else's screen */
    struct last last = last_of(LEDGER_PASSWORD_RESET);
    assert_int_equal(ledger_parsed_entry(last.parsed)->seq, done.seq);
    field_is(&last, "deliver", "at-terminal");
    field_is(&last, "strength", "long");
    assert_null(
        ledger_entry_find(ledger_parsed_entry(last.parsed), "valid_until", LEDGER_FIELD_TEXT));
    ledger_parsed_free(&last.parsed);
    assert_int_equal(try_login(here, SUBJECT, "203.0.113.9", PASSWORD_ONE), LOGIN_REFUSED);
    assert_int_equal(try_login(here, SUBJECT, "203.0.113.9", NEW_PASSWORD), LOGIN_ALLOWED);
    assert_false(look().report.issued);
    assert_false(look().report.standing.due);
    end();
}

/* -- what people type ------------------------------------------------------------------------- */

static const struct typing {
    const char *name;
    const char *answers[10];
    enum medgl_error error;
    const char *heard;
} typings[] = {
    {"gives up at once", {NULL}, MEDGL_ERR_ABORTED, "choose your new password"},
    {"gives up at the second", {NEW_PASSWORD, NULL}, MEDGL_ERR_ABORTED, "Retype"},
    {"too short, three times", {"a1!", "b2!", "c3!"}, MEDGL_ERR_REFUSED, "last try"},
    {"the one in force", {PASSWORD_ONE, PASSWORD_ONE, PASSWORD_ONE}, MEDGL_ERR_REFUSED, "last try"},
    {"like the one in force",
     {"Kazaguruma-8-mawaru", "Kazaguruma-9-mawaru", NULL},
     MEDGL_ERR_ABORTED,
     "ike"},
    {"mistyped, then right",
     {NEW_PASSWORD, PASSWORD_TWO, NEW_PASSWORD, NEW_PASSWORD},
     MEDGL_OK,
     "differ"},
    {"refused, then right", {"short", NEW_PASSWORD, NEW_PASSWORD}, MEDGL_OK, "New password"},
};

static void a_person_types(void **state)
{
    const struct typing *row = *state;
    struct script script;
    struct reset_done done;
    char why[OPERATION_WHY_SIZE];
    begin();
    const struct shot before = look();
    struct try try = {"known-in-person", .typed = true};
    memcpy(try.answers, row->answers, sizeof(try.answers));
    assert_int_equal(reset_try(&try, &script, &done, why), row->error);
    if (strstr(script.heard, row->heard) == NULL)
        print_message("# heard: %s\n", script.heard);
    assert_non_null(strstr(script.heard, row->heard));
    if (row->error != MEDGL_OK)
        unchanged(&before, 0);
    else
        assert_int_equal(try_login(here, SUBJECT, "203.0.113.9", NEW_PASSWORD), LOGIN_ALLOWED);
    end();
}

/* -- the witness ------------------------------------------------------------------------------ */

static const struct seen {
    const char *name;
    const char *answers[10];
    unsigned wrong; /* guesses from the operator before */
    enum medgl_error error;
    const char *why;
    uint64_t entries; /* that are left of it */
} seen[] = {
    {"the right password", {PASSWORD_TWO, NEW_PASSWORD, NEW_PASSWORD}, 0, MEDGL_OK, "", 2},
    {"a wrong one", {"Wrong-guess-1234"}, 0, MEDGL_ERR_REFUSED, "did not prove", 1},
    {"the subject's", {PASSWORD_ONE}, 0, MEDGL_ERR_REFUSED, "did not prove", 1},
    {"none", {NULL}, 0, MEDGL_ERR_ABORTED, "", 0},
    {"too long", {"\1"}, 0, MEDGL_ERR_REFUSED, "did not prove", 1},
    {"the right one where tries are used up",
     {PASSWORD_TWO},
     5,
     MEDGL_ERR_REFUSED,
     "did not prove",
     1},
};

static void a_witness_proves(void **state)
{
    const struct seen *row = *state;
    struct script script;
    struct reset_done done;
    char why[OPERATION_WHY_SIZE];
    begin();
    struct try try = {"known-in-person", WITNESS, .typed = true};
    for (unsigned i = 0; i < row->wrong; i++) {
        try.answers[0] = WRONG;
        assert_int_equal(reset_try(&try, &script, &done, why), MEDGL_ERR_REFUSED);
    }
    memcpy(try.answers, row->answers, sizeof(try.answers));
    const struct shot before = look();
    assert_int_equal(reset_try(&try, &script, &done, why), row->error);
    assert_non_null(strstr(why, row->why));
    assert_int_equal(look().entries - before.entries, row->entries);
    assert_non_null(strstr(script.heard, "Password of " WITNESS));
    assert_non_null(strstr(script.heard, OPERATOR " wants to reset the password of " SUBJECT
                                                  ", class staff; verified by known-in-person; "
                                                  "the new one by at-terminal"));
    if (row->error == MEDGL_OK) {
        assert_int_equal(try_login(here, SUBJECT, "203.0.113.9", NEW_PASSWORD), LOGIN_ALLOWED);
    } else {
        unchanged(&before, row->entries);
        assert_null(strstr(script.heard, "New password")); /* the person was not asked */
    }
    end();
}

/* Four eyes with a second factor: it is asked of a witness who has one. */
static void a_witness_has_a_device(void **state)
{
    struct script script;
    struct reset_done done;
    char why[OPERATION_WHY_SIZE];
    (void)state;
    begin();
    become(OPERATOR, ROLE_ROOT, true);
    give_device(&here->context, WITNESS);
    become(OPERATOR, ROLE_HELPDESK, false);
    const struct shot before = look();
    const struct try try = {"known-in-person", WITNESS, .answers = {PASSWORD_TWO, ""}};
    assert_int_equal(reset_try(&try, &script, &done, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(script.heard, "One-time code"));
    assert_int_equal(given_out, 0);
    const struct shot now = look();
    assert_int_equal(now.entries, before.entries + 1);
    assert_int_equal(now.report.password_set, before.report.password_set);
    assert_false(now.report.issued);
    end();
}

/* The rules of the witness's account, as of somebody who is logged in at this machine. A name that
 * was given is nobody who is: then no place is known. */
static const struct stand {
    const char *name;
    const char *places, *hours, *services;
    bool asserted; /* the operator */
    bool good;     /* hours "-": that do not hold */
} stands[] = {
    {"any place", .places = "any", .good = true},
    {"no place of the network", .places = "192.0.2.0/24"},
    {"not even all of it", .places = "0.0.0.0/0, ::/0"},
    {"no console", .places = "console"},
    {"the operator's login is not the witness's own", .places = "own"},
    {"this machine", .places = "local", .good = true},
    {"this machine among others", .places = "console, local", .good = true},
    {"this machine, of an operator by name", .places = "local", .asserted = true},
    {"any place, of an operator by name", .places = "any", .asserted = true, .good = true},
    {"services are not asked", .services = "sshd", .good = true},
    {"hours are", .hours = "-"},
    {"hours that hold", .hours = "daily 00:00-24:00", .good = true},
};

/* A day that is neither today nor one beside it. */
static const char *another_day(char text[48])
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    const time_t now = time(NULL);
    struct tm tm;
    assert_non_null(localtime_r(&now, &tm));
    (void)snprintf(text, 48, "%s 00:00-24:00", days[((unsigned)tm.tm_wday + 3) % 7]);
    return text;
}

static void a_witness_stands_here(void **state)
{
    const struct stand *row = *state;
    struct script script;
    struct reset_done done;
    char why[OPERATION_WHY_SIZE], day[48];
    const bool closed = row->hours != NULL && strcmp(row->hours, "-") == 0;
    begin();
    const struct account_change_request rules = {.name = WITNESS,
                                                 .rules.places = row->places,
                                                 .rules.hours =
                                                     closed ? another_day(day) : row->hours,
                                                 .rules.services = row->services};
    become(OPERATOR, ROLE_SECURITY, false);
    assert_int_equal(operation_account_change(&here->context, &rules, why), MEDGL_OK);
    become(OPERATOR, row->asserted ? ROLE_ROOT : ROLE_HELPDESK, row->asserted);
    const struct shot before = look();
    const struct try try = {"known-in-person", WITNESS, .answers = {PASSWORD_TWO}};
    assert_int_equal(reset_try(&try, &script, &done, why),
                     row->good ? MEDGL_OK : MEDGL_ERR_REFUSED);
    assert_int_equal(given_out, row->good);
    if (!row->good) {
        /* The operator looks on, and is not told that the password was right (R23). */
        assert_non_null(strstr(why, "did not prove"));
        assert_null(strstr(script.heard, "place"));
        assert_null(strstr(script.heard, "hours"));
        unchanged(&before, 1);
    }
    end();
}

/* MUST: who can choose a name at every try is one source all the same. */
static void names_are_one_source(void **state)
{
    static const char *const names[] = {"yuki", "haru", "natsu", "aki", "fuyu"};
    struct script script;
    struct reset_done done;
    char why[OPERATION_WHY_SIZE];
    (void)state;
    begin();
    struct actor *actor = &here->context.actor;
    struct try try = {"known-in-person", WITNESS, .answers = {WRONG}};
    become(OPERATOR, ROLE_ROOT, true);
    for (size_t i = 0; i < MEDGL_COUNT(names); i++) {
        (void)snprintf(actor->name, sizeof(actor->name), "%s", names[i]);
        assert_int_equal(reset_try(&try, &script, &done, why), MEDGL_ERR_REFUSED);
    }
    (void)snprintf(actor->name, sizeof(actor->name), "another");
    try.answers[0] = PASSWORD_TWO;
    assert_int_equal(reset_try(&try, &script, &done, why), MEDGL_ERR_REFUSED);
    assert_int_equal(given_out, 0);
    /* Guesses at the desk lock nobody out elsewhere. */
    assert_int_equal(try_login(here, WITNESS, "203.0.113.9", PASSWORD_TWO), LOGIN_ALLOWED);
    end();
}

/* -- what happens meanwhile ------------------------------------------------------------------- */

static enum medgl_error overtaken(void *argument, const struct account *account,
                                  const struct secret *password, medgl_time valid_until)
{
    struct reset_done done;
    char why[OPERATION_WHY_SIZE];
    const struct reset_request request = {.name = SUBJECT,
                                          .method = "video",
                                          .note = "",
                                          .requested_by = "",
                                          .delivery = RESET_SLIP,
                                          .slip_to = "file",
                                          .argument = argument,
                                          .deliver = give_out};
    (void)account, (void)password, (void)valid_until;
    assert_int_equal(operation_password_reset(&here->context, &request, &done, why), MEDGL_OK);
    return MEDGL_OK;
}

static enum medgl_error disabled_meanwhile(void *argument, const struct account *account,
                                           const struct secret *password, medgl_time valid_until)
{
    char why[OPERATION_WHY_SIZE];
    (void)argument, (void)account, (void)password, (void)valid_until;
    become(OPERATOR, ROLE_SECURITY, false);
    assert_int_equal(operation_account_disable(&here->context, SUBJECT, "left", why), MEDGL_OK);
    return MEDGL_OK;
}

static enum medgl_error witness_disabled(void *argument, const struct account *account,
                                         const struct secret *password, medgl_time valid_until)
{
    char why[OPERATION_WHY_SIZE];
    (void)argument, (void)account, (void)password, (void)valid_until;
    become(OPERATOR, ROLE_SECURITY, false);
    assert_int_equal(operation_account_disable(&here->context, WITNESS, "left", why), MEDGL_OK);
    return MEDGL_OK;
}

static enum medgl_error slow(void *argument, const struct account *account,
                             const struct secret *password, medgl_time valid_until)
{
    (void)argument, (void)account, (void)password, (void)valid_until;
    assert_int_equal(documents(), 0); /* no copy waits for the printer */
    (void)usleep(20000);
    return MEDGL_OK;
}

static enum medgl_error jammed(void *argument, const struct account *account,
                               const struct secret *password, medgl_time valid_until)
{
    (void)argument, (void)account, (void)password, (void)valid_until;
    return MEDGL_ERR_IO;
}

static const struct meanwhile {
    const char *name;
    enum medgl_error (*deliver)(void *argument, const struct account *account,
                                const struct secret *password, medgl_time valid_until);
    enum medgl_error error;
    unsigned issued; /* entries */
    int64_t age;     /* of the witness's proof, that it may have; 0: as shipped */
} meanwhiles[] = {
    {"another reset", overtaken, MEDGL_ERR_REFUSED, 1},
    {"the account is disabled", disabled_meanwhile, MEDGL_ERR_REFUSED, 0},
    {"the witness is disabled", witness_disabled, MEDGL_ERR_REFUSED, 0},
    {"the printer jams", jammed, MEDGL_ERR_IO, 0},
    {"the witness's proof is old", slow, MEDGL_ERR_REFUSED, 0, 1},
};

static void all_or_nothing(void **state)
{
    const struct meanwhile *row = *state;
    auto_secret struct secret document = SECRET_NONE;
    struct script script = {.answers = {PASSWORD_TWO}};
    const struct talk talk = script_talk(&script);
    struct reset_done done;
    char why[OPERATION_WHY_SIZE];
    begin();
    give_auditor();
    const unsigned before = tally_of(here).kinds[LEDGER_PASSWORD_ISSUE];
    assert_int_equal(secret_copy(&document, pdf, sizeof(pdf) - 1), MEDGL_OK);
    const struct reset_request request = {.name = SUBJECT,
                                          .method = "staff-card",
                                          .note = "",
                                          .requested_by = "",
                                          .document = &document,
                                          .witness = WITNESS,
                                          .delivery = RESET_SLIP,
                                          .slip_to = "file",
                                          .talk = &talk,
                                          .argument = here,
                                          .deliver = row->deliver,
                                          .witness_age = row->age};
    assert_int_equal(operation_password_reset(&here->context, &request, &done, why), row->error);
    assert_int_equal(done.given_out, row->error != MEDGL_ERR_IO);
    assert_int_equal(strlen(done.credential), 32);
    assert_int_equal(tally_of(here).kinds[LEDGER_PASSWORD_ISSUE] - before, row->issued);
    assert_int_equal(done.seq, 0);
    assert_int_equal(documents(), 0); /* the copy went again */
    end();
}

/* -- the policy ------------------------------------------------------------------------------- */

static const struct setting {
    const char *name, *key, *value;
    bool good;
} settings[] = {
    {"a word of the site", "reset_methods",
     "staff-card, drivers-licence, passport, my-number-card, palm-vein", true},
    {"one way alone", "reset_methods", "staff-card", false}, /* reset_document has more */
    {"a capital", "reset_methods", "staff-card, drivers-licence, passport, my-number-card, Palm",
     false},
    {"a blank in a word", "reset_methods",
     "staff-card, drivers-licence, passport, my-number-card, palm vein", false},
    {"the name of a class", "reset_methods",
     "staff-card, drivers-licence, passport, my-number-card, staff", false},
    {"no document at all", "reset_document", "", true},
    {"a document with what is no way", "reset_document", "palm-vein", false},
    {"a witness for a way", "reset_witness", "callback", true},
    {"a witness for classes", "reset_witness", "privileged, maintenance", true},
    {"a witness for nothing known", "reset_witness", "callback, nurses", false},
    {"to the screen", "reset_delivery", "screen", true},
    {"by no way that there is", "reset_delivery", "at-terminal, mail", false},
    {"by a printer that is not named", "reset_delivery", "printer", false},
};

static void a_setting(void **state)
{
    const struct setting *row = *state;
    struct policy policy;
    char why[256];
    policy_defaults(&policy);
    assert_int_equal(policy_set(&policy, policy_key_find(row->key), row->value, why, sizeof(why)),
                     MEDGL_OK);
    assert_int_equal(policy_check(&policy, why, sizeof(why)),
                     row->good ? MEDGL_OK : MEDGL_ERR_ARGUMENT);
    if (!row->good)
        assert_non_null(strstr(why, "reset_"));
}

int main(void)
{
    static const struct {
        const char *name;
        CMUnitTestFunction test;
    } singles[] = {
        {"the entry tells all of it", the_entry_tells_all},
        {"what was left out is not in the entry", the_entry_has_nothing_empty},
        {"its owner types it", typed_by_its_owner},
        {"a witness with a device gives a code", a_witness_has_a_device},
        {"operators by name are one source of guesses", names_are_one_source},
    };
    TABLE_ADD("R11 refused", refused, is_refused);
    TABLE_ADD("R08 roles", reaches, a_role_reaches);
    TABLE_ADD("R11 typed", typings, a_person_types);
    TABLE_ADD("R11 witness", seen, a_witness_proves);
    TABLE_ADD("R05 R11 place", stands, a_witness_stands_here);
    TABLE_ADD("R11 meanwhile", meanwhiles, all_or_nothing);
    TABLE_ADD("R11 policy", settings, a_setting);
    for (size_t i = 0; i < MEDGL_COUNT(singles); i++)
        table_add("R11", singles[i].name, singles[i].test, NULL);
    int failed = table_run("reset");
    if (kept_state[0] != '\0')
        (void)nftw(kept_state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return failed;
}
