/* Who is ready for the day from which on a second factor is required, and what `account show` and
 * `account explain` say of it (R24): beside real logins. */
#include "tests/unit/operation_fixture.h"

#include "operation/grant.h"
#include "operation/report.h"
#include "tests/unit/device_fixture.h"
#include "tests/unit/table.h"

#define PAST   "factor_required_from = 2020-01-01\n"
#define AHEAD  "factor_required_from = 2999-01-01\n"
#define ALL    "factor_staff = required\nfactor_privileged = required\n"
#define NOBODY "factor_staff = none\nfactor_privileged = none\n"

static enum medgl_error drop_codes(void *argument, const struct account *account,
                                   const char (*codes)[RECOVERY_TEXT_SIZE], size_t count,
                                   medgl_time until)
{
    (void)argument, (void)account, (void)codes, (void)count, (void)until;
    return MEDGL_OK;
}

static void waive(struct fixture *f, const char *name)
{
    char id[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    const struct grant_add_request request = {.name = name,
                                              .kind = GRANT_FACTOR_WAIVER,
                                              .instead = GRANT_INSTEAD_CODE,
                                              .codes = 1,
                                              .until = clock_read().now + MEDGL_HOUR,
                                              .approved_by = "Dr Sato",
                                              .reason = "lost",
                                              .deliver = drop_codes};
    if (operation_grant_add(&f->context, &request, id, why) != MEDGL_OK)
        fail_msg("%s", why);
}

/* -- readiness -------------------------------------------------------------------------------- */

static const struct person {
    const char *name;
    enum account_class class_;
    const char *factor;
    bool device, paper, disabled;
} people[] = {
    {"admin", ACCOUNT_CLASS_PRIVILEGED, NULL, true, false, false},
    {"boss", ACCOUNT_CLASS_PRIVILEGED, NULL, false, false, false},
    {"doctor", ACCOUNT_CLASS_STAFF, NULL, true, true, false},
    {"envelope", ACCOUNT_CLASS_BREAKGLASS, NULL, false, false, false},
    {"free", ACCOUNT_CLASS_STAFF, "none", false, false, false},
    {"gone", ACCOUNT_CLASS_STAFF, NULL, false, false, true},
    {"nurse", ACCOUNT_CLASS_STAFF, NULL, false, false, false},
    {"option", ACCOUNT_CLASS_STAFF, "optional", false, false, false},
    {"paper", ACCOUNT_CLASS_STAFF, NULL, false, true, false},
    {"strict", ACCOUNT_CLASS_STAFF, "required", false, false, false},
};

static const struct ready_case {
    const char *name, *policy, *lacking; /* names, separated by spaces */
    uint32_t accounts, asked, waived, administrators, administrators_lacking;
    bool ahead, waive;
    const char *idle; /* names; NULL: none */
} ready_cases[] = {
    {"the day has come", PAST ALL, "boss nurse paper strict", 9, 6, 0, 2, 1, false, false},
    {"the day is ahead", AHEAD ALL, "boss nurse paper strict", 9, 6, 0, 2, 1, true, false},
    {"no day", "factor_required_from =\n" ALL, "boss nurse paper strict", 9, 6, 0, 2, 1, false,
     false},
    {"a waiver is no factor", PAST ALL, "boss nurse paper strict", 9, 6, 1, 2, 1, false, true},
    {"nobody but who has a rule of its own", PAST NOBODY, "strict", 9, 1, 0, 2, 0, false, false},
    {"devices are not accepted",
     PAST ALL "factor_kinds = card\nfactor_enrol = administrator\ncard_module = /usr/lib/none.so\n",
     "admin boss doctor nurse paper strict", 9, 6, 0, 2, 2, false, false, "admin doctor"},
    {"neither required nor accepted",
     PAST "factor_staff = optional\nfactor_privileged = none\nfactor_kinds = card\n"
          "factor_enrol = administrator\ncard_module = /usr/lib/none.so\n",
     "strict", 9, 1, 0, 2, 0, false, false, "doctor"},
};

static void put_person(struct fixture *f, const struct person *person, int64_t uid)
{
    char why[OPERATION_WHY_SIZE];
    const bool old = person->class_ == ACCOUNT_CLASS_BREAKGLASS;
    const struct account_add_request request = {.name = person->name,
                                                .uid = uid,
                                                .class_ =
                                                    old ? ACCOUNT_CLASS_PRIVILEGED : person->class_,
                                                .person.full_name = "x",
                                                .rules.factor = person->factor};
    assert_int_equal(operation_account_add(&f->context, &request, why), MEDGL_OK);
    if (old)
        old_breakglass(f, person->name);
    if (person->device)
        give_device(&f->context, person->name);
    if (person->paper)
        give_paper(&f->context, person->name);
    if (person->disabled)
        assert_int_equal(operation_account_disable(&f->context, person->name, "x", why), MEDGL_OK);
}

struct heard {
    char lacking[256], idle[256], last[STORE_NAME_SIZE];
    uint32_t count;
};

static void hear(void *argument, const struct readiness_record *record)
{
    struct heard *heard = argument;
    const size_t used = strlen(heard->lacking), idle = strlen(heard->idle);
    assert_true(strcmp(heard->last, record->account->name) < 0); /* in their order */
    (void)snprintf(heard->last, sizeof(heard->last), "%s", record->account->name);
    heard->count++;
    assert_int_equal(record->waived, record->waived_until != 0);
    if (record->idle)
        (void)snprintf(heard->idle + idle, sizeof(heard->idle) - idle, "%s%s", idle > 0 ? " " : "",
                       record->account->name);
    if (!record->ready)
        (void)snprintf(heard->lacking + used, sizeof(heard->lacking) - used, "%s%s",
                       used > 0 ? " " : "", record->account->name);
}

static void readiness(void **state)
{
    const struct ready_case *row = *state;
    void *fixture = NULL;
    assert_int_equal(fixture_open(&fixture), 0);
    struct fixture *f = fixture;
    struct heard all = {.count = 0}, lacking = {.count = 0};
    struct readiness_summary summary;
    for (size_t i = 0; i < MEDGL_COUNT(people); i++)
        put_person(f, &people[i], 40000 + (int64_t)i);
    write_policy(f, row->policy);
    reopen(f);
    if (row->waive)
        waive(f, "nurse");
    assert_int_equal(operation_report_readiness(&f->context, false, hear, &all, &summary),
                     MEDGL_OK);
    assert_string_equal(all.lacking, row->lacking);
    assert_string_equal(all.idle, row->idle != NULL ? row->idle : "");
    assert_int_equal(all.count, row->accounts);
    assert_int_equal(summary.accounts, row->accounts);
    assert_int_equal(summary.asked, row->asked);
    assert_int_equal(summary.waived, row->waived);
    assert_int_equal(summary.ready + summary.lacking, row->accounts);
    assert_int_equal(summary.administrators, row->administrators);
    assert_int_equal(summary.administrators_lacking, row->administrators_lacking);
    assert_int_equal(summary.days > 0, row->ahead);
    assert_int_equal(operation_report_readiness(&f->context, true, hear, &lacking, &summary),
                     MEDGL_OK);
    assert_string_equal(lacking.lacking, row->lacking);
    assert_int_equal(lacking.count, summary.lacking);
    assert_int_equal(fixture_close(&fixture), 0);
}

/* -- explain ---------------------------------------------------------------------------------- */

#define EXEMPT "factor_exempt_services = login\nfactor_exempt_places = 192.0.2.0/24\n"

static const struct factor_case {
    const char *name, *policy, *service, *from, *factor;
    bool device, paper, waived;
    bool asked, prompts;
    enum factor_ground ground;
    bool admitted;          /* with all that is asked */
    enum login_reason bare; /* what the password alone meets; OK: it is admitted */
} factor_cases[] = {
    {"none anywhere", NOBODY, "sshd", "198.51.100.1", NULL, false, false, false, false, false,
     FACTOR_GROUND_CLASS, true, LOGIN_REASON_OK},
    {"required, a device", PAST ALL, "sshd", "198.51.100.1", NULL, true, false, false, true, true,
     FACTOR_GROUND_CLASS, true, LOGIN_REASON_WRONG_FACTOR},
    {"required, enrols", PAST ALL, "sshd", "198.51.100.1", NULL, false, false, false, true, true,
     FACTOR_GROUND_CLASS, true, LOGIN_REASON_ENROL},
    {"required, nobody enrols there", PAST ALL "factor_enrol = administrator\n", "sshd",
     "198.51.100.1", NULL, false, false, false, true, true, FACTOR_GROUND_CLASS, false,
     LOGIN_REASON_NO_FACTOR},
    {"required, a waiver", PAST ALL "factor_enrol = administrator\n", "sshd", "198.51.100.1", NULL,
     false, false, true, true, true, FACTOR_GROUND_CLASS, true, LOGIN_REASON_WRONG_FACTOR},
    {"required, paper", PAST ALL, "sshd", "198.51.100.1", NULL, false, true, false, true, true,
     FACTOR_GROUND_CLASS, true, LOGIN_REASON_WRONG_FACTOR},
    {"before the day", AHEAD ALL, "sshd", "198.51.100.1", NULL, false, false, false, false, false,
     FACTOR_GROUND_DEADLINE, true, LOGIN_REASON_OK},
    {"before the day, with a device", AHEAD ALL, "sshd", "198.51.100.1", NULL, true, false, false,
     true, true, FACTOR_GROUND_CLASS, true, LOGIN_REASON_WRONG_FACTOR},
    {"its own rule", AHEAD ALL "factor_enrol = administrator\n", "sshd", "198.51.100.1", "required",
     false, true, false, true, true, FACTOR_GROUND_ACCOUNT, true, LOGIN_REASON_WRONG_FACTOR},
    {"its own rule, none", PAST ALL, "sshd", "198.51.100.1", "none", true, false, false, false,
     true, FACTOR_GROUND_ACCOUNT, true, LOGIN_REASON_OK},
    {"an exempt service", PAST ALL EXEMPT, "login", "tty1", NULL, false, false, false, false, false,
     FACTOR_GROUND_SERVICE, true, LOGIN_REASON_OK},
    {"an exempt place", PAST ALL EXEMPT, "sshd", "192.0.2.7", NULL, true, false, false, false,
     false, FACTOR_GROUND_PLACE, true, LOGIN_REASON_OK},
    {"another place", PAST ALL EXEMPT, "sshd", "198.51.100.1", NULL, true, false, false, true, true,
     FACTOR_GROUND_CLASS, true, LOGIN_REASON_WRONG_FACTOR},
};

/* The password, and nothing where a code is asked for. */
static enum login_verdict bare_login(struct fixture *f, const struct factor_case *row)
{
    struct script script = {.answers = {PASSWORD_ONE, "", NULL}};
    const struct talk talk = script_talk(&script);
    struct caller caller = {.trusted = true, .real_uid = 0};
    const bool console = strncmp(row->from, "tty", 3) == 0;
    (void)snprintf(caller.service, sizeof(caller.service), "%s", row->service);
    (void)snprintf(caller.rhost, sizeof(caller.rhost), "%s", console ? "" : row->from);
    (void)snprintf(caller.tty, sizeof(caller.tty), "%s", console ? row->from : "ssh");
    const struct login_request request = {.caller = &caller, .user = f->user};
    enum login_verdict verdict = LOGIN_ALLOWED;
    assert_int_equal(operation_login(&f->context, &talk, &request, &verdict), MEDGL_OK);
    assert_int_equal(strstr(script.heard, "One-time code") != NULL, row->prompts);
    return verdict;
}

static void explained(void **state)
{
    const struct factor_case *row = *state;
    void *fixture = NULL;
    assert_int_equal(fixture_open(&fixture), 0);
    struct fixture *f = fixture;
    char why[OPERATION_WHY_SIZE];
    const struct explain_request request = {
        .name = f->user, .from = row->from, .service = row->service};
    struct explain_answer answer;
    struct account_report report;
    enrol(f);
    set_password(f, PASSWORD_ONE);
    const struct account_change_request change = {.name = f->user, .rules.factor = row->factor};
    if (row->factor != NULL)
        assert_int_equal(operation_account_change(&f->context, &change, why), MEDGL_OK);
    if (row->device)
        give_device(&f->context, f->user);
    if (row->paper)
        give_paper(&f->context, f->user);
    write_policy(f, row->policy);
    reopen(f);
    if (row->waived)
        waive(f, f->user);
    assert_int_equal(operation_account_explain(&f->context, &request, &answer), MEDGL_OK);
    assert_int_equal(answer.factor.asked, row->asked);
    assert_int_equal(answer.factor_prompts, row->prompts);
    assert_string_equal(factor_ground_word(answer.factor.ground), factor_ground_word(row->ground));
    assert_int_equal(answer.admitted, row->admitted);
    assert_string_equal(login_reason_word(answer.bare_reason), login_reason_word(row->bare));
    assert_int_equal(answer.bare_admitted, row->bare == LOGIN_REASON_OK);
    assert_int_equal(answer.totp, row->device);
    assert_int_equal(answer.code_left, row->waived);
    const enum login_verdict verdict = bare_login(f, row);
    assert_int_equal(verdict == LOGIN_ALLOWED, answer.bare_admitted);
    assert_int_equal(operation_account_show(&f->context, f->user, &report, NULL, NULL), MEDGL_OK);
    assert_int_equal(report.totp, row->device);
    assert_int_equal(report.recovery, row->paper ? RECOVERY_COUNT : 0);
    assert_int_equal(report.waived, row->waived);
    assert_int_equal(verify(f), MEDGL_OK);
    assert_int_equal(fixture_close(&fixture), 0);
}

/* Wrong codes have closed it: told, and refused. */
static enum medgl_error close_factor(struct store_txn *txn, void *argument)
{
    const struct fixture *f = argument;
    struct account account;
    struct activity activity;
    MEDGL_TRY(store_account_by_name(txn, f->user, &account));
    MEDGL_TRY(store_activity_get(txn, account.id, &activity));
    activity.factor_failures = 100;
    return store_activity_put(txn, &activity);
}

static void a_closed_factor(void **state)
{
    struct fixture *f = *state;
    const struct explain_request request = {.name = f->user, .service = "sshd"};
    struct explain_answer answer;
    enrol(f);
    set_password(f, PASSWORD_ONE);
    give_device(&f->context, f->user);
    assert_int_equal(operation_account_explain(&f->context, &request, &answer), MEDGL_OK);
    assert_true(answer.admitted);
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, close_factor, f), MEDGL_OK);
    assert_int_equal(operation_account_explain(&f->context, &request, &answer), MEDGL_OK);
    assert_false(answer.admitted);
    assert_int_equal(answer.reason, LOGIN_REASON_FACTOR_CLOSED);
}

/* R13, rule C: a short password stays while a second factor is in force, and show says so. */
static void a_factor_keeps_a_short_password(void **state)
{
    struct fixture *f = *state;
    struct account_report report;
    enrol(f);
    issue(f);
    const char *const answers[] = {f->issued, "Kaze-7mq", "Kaze-7mq", NULL};
    write_policy(f, "password_guess_bits = 30\n");
    reopen(f);
    assert_int_equal(try_change(f, answers, NULL, 0), CHANGE_DONE);
    assert_int_equal(operation_account_show(&f->context, f->user, &report, NULL, NULL), MEDGL_OK);
    assert_string_equal(password_rule_word(report.standing.rule), "B");
    give_device(&f->context, f->user);
    assert_int_equal(operation_account_show(&f->context, f->user, &report, NULL, NULL), MEDGL_OK);
    assert_string_equal(password_rule_word(report.standing.rule), "C");
    assert_int_equal(report.standing.due_at, 0);
}

/* -- its own rule ----------------------------------------------------------------------------- */

static void a_rule_of_its_own(void **state)
{
    struct fixture *f = *state;
    char why[OPERATION_WHY_SIZE];
    static const char *const words[] = {"required", "optional", "none", "class"};
    struct account_report report;
    enrol(f);
    for (size_t i = 0; i < MEDGL_COUNT(words); i++) {
        const struct account_change_request change = {.name = f->user, .rules.factor = words[i]};
        assert_int_equal(operation_account_change(&f->context, &change, why), MEDGL_OK);
        assert_int_equal(operation_account_show(&f->context, f->user, &report, NULL, NULL),
                         MEDGL_OK);
        assert_string_equal(account_factor_word(report.account.factor), words[i]);
        assert_string_equal(tally_of(f).changed, "");
    }
    const struct account_change_request wrong = {.name = f->user, .rules.factor = "sometimes"};
    assert_int_equal(operation_account_change(&f->context, &wrong, why), MEDGL_ERR_ARGUMENT);
    assert_non_null(strstr(why, "required, optional, none"));
    const struct account_add_request envelope = {.name = "envelope",
                                                 .uid = 40000,
                                                 .class_ = ACCOUNT_CLASS_BREAKGLASS,
                                                 .person.full_name = "x",
                                                 .rules.factor = "required"};
    assert_int_equal(operation_account_add(&f->context, &envelope, why), MEDGL_ERR_ARGUMENT);
    assert_non_null(strstr(why, "emergency"));
    assert_int_equal(verify(f), MEDGL_OK);
}

static void on_a_fixture(void **state)
{
    const struct CMUnitTest *test = *state;
    void *fixture = NULL;
    assert_int_equal(fixture_open(&fixture), 0);
    test->test_func(&fixture);
    assert_int_equal(fixture_close(&fixture), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_closed_factor),
        cmocka_unit_test(a_factor_keeps_a_short_password),
        cmocka_unit_test(a_rule_of_its_own),
    };
    TABLE_ADD("R24 readiness", ready_cases, readiness);
    TABLE_ADD("R24 explain", factor_cases, explained);
    TABLE_ADD("R24", tests, on_a_fixture);
    return table_run("readiness");
}
