/* Grants (R03, R22): who may approve what and for how long, that they end by themselves, and what
 * becomes of them when several things happen at once. */
#include "tests/unit/operation_fixture.h"

#include "operation/alert.h"
#include "operation/grant.h"
#include "operation/session.h"
#include "tests/unit/device_fixture.h"
#include "tests/unit/table.h"

#define OTHER     "daemon" /* a Unix user of every Debian */
#define OTHER_UID 1
#define REQUIRED  "factor_required_from = 2020-01-01\nfactor_staff = required\n"
#define CLOSED    "hours_staff = holiday 00:00-00:01\n"

static struct fixture *here;
static char codes_given[FACTORS_CODE_MAX][RECOVERY_TEXT_SIZE];
static size_t codes_count;

static void open_here(const char *policy)
{
    assert_int_equal(fixture_open((void **)&here), 0);
    write_policy(here, policy);
    reopen(here);
    enrol(here);
}

static void close_here(void)
{
    assert_int_equal(fixture_close((void **)&here), 0);
}

static void enrol_other(enum account_class class_)
{
    char why[OPERATION_WHY_SIZE];
    const struct account_add_request request = {
        .name = OTHER, .uid = OTHER_UID, .class_ = class_, .person.full_name = "Other Person"};
    assert_int_equal(operation_account_add(&here->context, &request, why), MEDGL_OK);
}

static void set_rules(const char *name, struct account_rules rules)
{
    char why[OPERATION_WHY_SIZE];
    const struct account_change_request change = {.name = name, .rules = rules};
    assert_int_equal(operation_account_change(&here->context, &change, why), MEDGL_OK);
}

static enum medgl_error take_codes(void *argument, const struct account *account,
                                   const char (*codes)[RECOVERY_TEXT_SIZE], size_t count,
                                   medgl_time until)
{
    (void)argument;
    assert_string_equal(account->name, here->user);
    assert_true(until > clock_read().now);
    memcpy(codes_given, codes, count * sizeof(codes[0]));
    codes_count = count;
    return MEDGL_OK;
}

static enum medgl_error take_nothing(void *argument, const struct account *account,
                                     const char (*codes)[RECOVERY_TEXT_SIZE], size_t count,
                                     medgl_time until)
{
    (void)argument, (void)account, (void)codes, (void)count, (void)until;
    return MEDGL_ERR_SPACE;
}

static struct grant_add_request waiver(void)
{
    return (struct grant_add_request){.name = here->user,
                                      .kind = GRANT_FACTOR_WAIVER,
                                      .instead = GRANT_INSTEAD_CODE,
                                      .codes = 3,
                                      .until = clock_read().now + MEDGL_HOUR,
                                      .approved_by = "Dr Sato",
                                      .reason = "lost card",
                                      .deliver = take_codes};
}

static struct grant_add_request hours(void)
{
    return (struct grant_add_request){.name = here->user,
                                      .kind = GRANT_OUT_OF_HOURS,
                                      .until = clock_read().now + MEDGL_HOUR,
                                      .approved_by = "Dr Sato",
                                      .reason = "night shift"};
}

static enum medgl_error add(const struct grant_add_request *request, char id[CRYPTO_ID_SIZE],
                            char why[OPERATION_WHY_SIZE])
{
    return operation_grant_add(&here->context, request, id, why);
}

static void added(const struct grant_add_request *request, char id[CRYPTO_ID_SIZE])
{
    char why[OPERATION_WHY_SIZE];
    if (add(request, id, why) != MEDGL_OK)
        fail_msg("not added: %s", why);
}

/* -- in a transaction ------------------------------------------------------------------------- */

struct grant_act {
    struct context *context;
    const char *name, *id;
    medgl_time ahead; /* of the clock */
    struct factors factors;
    struct grant grant;
};

static enum medgl_error act_account(struct store_txn *txn, const struct grant_act *act,
                                    struct account *account, struct clock_reading *clock)
{
    *clock = clock_read();
    clock->now += act->ahead;
    return store_account_by_name(txn, act->name, account);
}

static enum medgl_error act_use(struct store_txn *txn, void *argument)
{
    struct grant_act *act = argument;
    struct account account;
    struct clock_reading clock;
    MEDGL_TRY(act_account(txn, act, &account, &clock));
    return grant_use(act->context, txn, &clock, &account, act->id, "sshd", "192.0.2.1");
}

static enum medgl_error act_sweep(struct store_txn *txn, void *argument)
{
    struct grant_act *act = argument;
    struct clock_reading clock = clock_read();
    clock.now += act->ahead;
    return grant_sweep(act->context, txn, &clock, NULL);
}

static enum medgl_error act_read(struct store_txn *txn, void *argument)
{
    struct grant_act *act = argument;
    struct account account;
    struct clock_reading clock;
    MEDGL_TRY(act_account(txn, act, &account, &clock));
    MEDGL_TRY(factors_read(txn, account.id, clock.now, &act->factors));
    return act->id != NULL ? store_grant_by_id(txn, act->id, &act->grant) : MEDGL_OK;
}

static enum medgl_error act(store_function function, const char *id, medgl_time ahead)
{
    struct grant_act run = {
        .context = &here->context, .name = here->user, .id = id, .ahead = ahead};
    return store_transact(here->context.store, STORE_WRITE, function, &run);
}

static struct grant_act look(const char *id, medgl_time ahead)
{
    struct grant_act run = {.name = here->user, .id = id, .ahead = ahead};
    assert_int_equal(store_transact(here->context.store, STORE_READ, act_read, &run), MEDGL_OK);
    return run;
}

static enum medgl_error revoke_it(const char *id)
{
    char why[OPERATION_WHY_SIZE];
    return operation_grant_revoke(&here->context, id, "found", why);
}

/* -- what is refused -------------------------------------------------------------------------- */

enum approver {
    BY_SOMEBODY = 0,
    BY_NAME,
    BY_NAME_IN_CAPITALS,
    BY_NAME_AT_DOMAIN,
    BY_FULL_NAME,
    BY_FULL_NAME_TURNED,
    BY_FULL_NAME_WIDE,
    BY_STAFF_NUMBER,
};

static const struct refused_case {
    const char *name;
    const char *policy;
    bool hours; /* a grant for hours; else a waiver for codes */
    enum approver approver;
    medgl_time since, until; /* from now; 0: as in the request */
    enum grant_instead instead;
    const char *factor; /* the account's own rule */
    enum account_state state;
    const char *says; /* NULL: it is given */
} refused_cases[] = {
    {"a waiver", REQUIRED, .says = NULL},
    {"hours", CLOSED, .hours = true, .says = NULL},
    {"that begin later", CLOSED, .hours = true, .since = MEDGL_DAY, .until = 2 * MEDGL_DAY},
    {"approved by whom it is for", REQUIRED, .approver = BY_NAME, .says = "cannot approve"},
    {"in capitals", REQUIRED, .approver = BY_NAME_IN_CAPITALS, .says = "cannot approve"},
    {"with a domain", REQUIRED, .approver = BY_NAME_AT_DOMAIN, .says = "cannot approve"},
    {"by the full name", REQUIRED, .approver = BY_FULL_NAME, .says = "cannot approve"},
    {"by its parts turned", REQUIRED, .approver = BY_FULL_NAME_TURNED, .says = "cannot approve"},
    {"in wide letters", REQUIRED, .approver = BY_FULL_NAME_WIDE, .says = "cannot approve"},
    {"by the staff number", REQUIRED, .approver = BY_STAFF_NUMBER, .says = "cannot approve"},
    {"longer than grant_max", REQUIRED, .until = 8 * MEDGL_DAY, .says = "grant_max"},
    {"as long as grant_max, later", REQUIRED, .since = 30 * MEDGL_DAY, .until = 37 * MEDGL_DAY,
     .says = NULL},
    {"over before it begins", REQUIRED, .since = 2 * MEDGL_HOUR, .until = MEDGL_HOUR,
     .says = "over before"},
    {"over already", REQUIRED, .until = -MEDGL_HOUR, .says = "over before"},
    {"no recovery codes", REQUIRED, .instead = GRANT_INSTEAD_RECOVERY,
     .says = "no recovery codes left"},
    {"nothing to waive", "", .says = "nothing to waive"},
    {"nothing to waive by its own rule", REQUIRED, .factor = "none", .says = "nothing to waive"},
    {"before the day", "factor_staff = required\nfactor_required_from = 2999-01-01\n",
     .says = "nothing to waive"},
    {"required by its own rule", "", .factor = "required", .says = NULL},
    {"nothing to open", REQUIRED, .hours = true, .says = "nothing to open"},
    {"disabled", REQUIRED, .state = ACCOUNT_STATE_DISABLED, .says = "is disabled"},
    {"retired", REQUIRED, .state = ACCOUNT_STATE_RETIRED, .says = "is retired"},
};

static void approver_name(enum approver approver, char name[64])
{
    static const char *const texts[] = {[BY_SOMEBODY] = "Dr Sato",
                                        [BY_FULL_NAME] = "test person",
                                        [BY_FULL_NAME_TURNED] = "Person, Test",
                                        [BY_FULL_NAME_WIDE] = "ＴＥＳＴ　Ｐｅｒｓｏｎ",
                                        [BY_STAFF_NUMBER] = "n-17"};
    const char *user = here->user;
    if (approver == BY_NAME || approver == BY_NAME_IN_CAPITALS || approver == BY_NAME_AT_DOMAIN)
        (void)snprintf(name, 64, "%.40s%s", user,
                       approver == BY_NAME_AT_DOMAIN ? "@example.org" : "");
    else
        (void)snprintf(name, 64, "%s", texts[approver]);
    for (char *at = name; approver == BY_NAME_IN_CAPITALS && *at != '\0'; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
}

static void refused(void **state)
{
    const struct refused_case *row = *state;
    char id[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE] = "", approver[64];
    const struct account_person person = {.staff_number = "N-17"};
    const medgl_time now = clock_read().now;
    open_here(row->policy);
    const struct account_change_request change = {
        .name = here->user, .person = person, .rules.factor = row->factor};
    assert_int_equal(operation_account_change(&here->context, &change, why), MEDGL_OK);
    if (row->state == ACCOUNT_STATE_DISABLED)
        assert_int_equal(operation_account_disable(&here->context, here->user, "x", why), MEDGL_OK);
    if (row->state == ACCOUNT_STATE_RETIRED)
        assert_int_equal(operation_account_retire(&here->context, here->user, "x", why), MEDGL_OK);
    struct grant_add_request request = row->hours ? hours() : waiver();
    approver_name(row->approver, approver);
    request.approved_by = approver;
    if (row->instead == GRANT_INSTEAD_RECOVERY) {
        request.instead = row->instead;
        request.codes = 0;
    }
    request.since = row->since != 0 ? now + row->since : 0;
    if (row->until != 0)
        request.until = now + row->until;
    assert_int_equal(add(&request, id, why), row->says == NULL ? MEDGL_OK : MEDGL_ERR_REFUSED);
    if (row->says != NULL && strstr(why, row->says) == NULL)
        fail_msg("says: %s", why);
    const struct tally tally = tally_of(here);
    assert_int_equal(tally.kinds[LEDGER_GRANT_ADD], row->says == NULL);
    assert_int_equal(verify(here), MEDGL_OK);
    close_here();
}

/* A waiver asks for something, and nothing else asks for anything. */
static void malformed(void **state)
{
    char id[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    (void)state;
    open_here(REQUIRED CLOSED);
    struct grant_add_request requests[8];
    for (size_t i = 0; i < MEDGL_COUNT(requests); i++)
        requests[i] = waiver();
    requests[0].instead = GRANT_INSTEAD_NONE;
    requests[1].codes = 0;
    requests[2].codes = FACTORS_CODE_MAX + 1;
    requests[3].instead = GRANT_INSTEAD_RECOVERY; /* with codes */
    requests[4].reason = "";
    requests[5].approved_by = "";
    requests[6].approved_by = "a\033[31mb";
    requests[7].kind = GRANT_OUT_OF_HOURS;
    for (size_t i = 0; i < MEDGL_COUNT(requests); i++)
        assert_int_equal(add(&requests[i], id, why), MEDGL_ERR_ARGUMENT);
    assert_int_equal(tally_of(here).kinds[LEDGER_GRANT_ADD], 0);
    close_here();
}

/* As the owner of the account, who logged in. */
static void act_as_owner(unsigned roles)
{
    here->context.actor = (struct actor){.uid = (int64_t)geteuid(), .roles = roles};
    (void)snprintf(here->context.actor.name, sizeof(here->context.actor.name), "%s", here->user);
}

/* Who gives it to themself needs somebody else who is there, and must not be bound by a role; who
 * gives it to others needs neither. */
static void the_operator_alone_approves_nothing(void **state)
{
    char id[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    (void)state;
    open_here(REQUIRED);
    enrol_other(ACCOUNT_CLASS_PRIVILEGED);
    struct grant_add_request request = waiver();
    act_as_owner(ROLE_SECURITY);
    assert_int_equal(add(&request, id, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "another person"));
    here->context.actor =
        (struct actor){.uid = -1, .asserted = true, .roles = ROLE_ROOT}; /* by the name alone */
    (void)snprintf(here->context.actor.name, sizeof(here->context.actor.name), "%s", here->user);
    assert_int_equal(add(&request, id, why), MEDGL_ERR_REFUSED);
    request.approved_by = OTHER;
    assert_int_equal(operation_account_disable(&here->context, OTHER, "x", why), MEDGL_OK);
    assert_int_equal(add(&request, id, why), MEDGL_ERR_REFUSED);
    assert_int_equal(operation_account_enable(&here->context, OTHER, "x", why), MEDGL_OK);
    assert_int_equal(add(&request, id, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "your own account"));
    act_as_owner(ROLE_SECURITY);
    assert_int_equal(add(&request, id, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "your own account"));
    act_as_owner(ROLE_ROOT); /* whom no role binds */
    added(&request, id);
    assert_int_equal(tally_of(here).kinds[LEDGER_GRANT_ADD], 1);
    close_here();
}

/* By the id alone nobody ends their own either, and the try is written down (R08). */
static void nobody_ends_their_own(void **state)
{
    char id[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    (void)state;
    open_here(REQUIRED);
    const struct grant_add_request request = waiver();
    added(&request, id);
    act_as_owner(ROLE_SECURITY);
    assert_int_equal(operation_grant_revoke(&here->context, id, "x", why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "your own account"));
    assert_int_equal(tally_of(here).kinds[LEDGER_GRANT_REVOKE], 0);
    assert_int_equal(tally_of(here).kinds[LEDGER_ROLE_REFUSED], 1);
    here->context.actor.uid = 4711;
    (void)snprintf(here->context.actor.name, sizeof(here->context.actor.name), "another");
    assert_int_equal(operation_grant_revoke(&here->context, id, "x", why), MEDGL_OK);
    assert_int_equal(verify(here), MEDGL_OK);
    close_here();
}

/* -- several accounts of one person ------------------------------------------------------------ */

static const struct second_case {
    const char *name;
    struct account_person first, second; /* the second is the account of OTHER */
    const char *approver;                /* NULL: OTHER */
    bool gives;                          /* OTHER gives it; else somebody who has no account */
    const char *says;                    /* NULL: it is given */
} second_cases[] = {
    {"another person", {.staff_number = "N-17"}, {.staff_number = "N-18"}, .says = NULL},
    {"nothing is known of them", {.full_name = ""}, {.full_name = ""}, .says = NULL},
    {"one staff number",
     {.staff_number = "N-17"},
     {.staff_number = "N-17"},
     .says = "cannot approve"},
    {"spelled in another way",
     {.staff_number = "N-17"},
     {.staff_number = "ｎ17"},
     .says = "cannot approve"},
    {"the full name of the second account",
     {.staff_number = "N-17"},
     {.staff_number = "N-17", .full_name = "Root of Test"},
     .approver = "root of test",
     .says = "cannot approve"},
    {"its name with a domain",
     {.staff_number = "N-17"},
     {.staff_number = "N-17"},
     .approver = OTHER "@example.org",
     .says = "cannot approve"},
    {"one name and birth date",
     {.full_name = "Sato Hana", .birth_date = "1985-04-01"},
     {.full_name = "HANA SATO", .birth_date = "S60.4.1"},
     .says = "cannot approve"},
    {"where one has no staff number",
     {.full_name = "Sato Hana", .birth_date = "1985-04-01", .staff_number = "N-17"},
     {.full_name = "Sato Hana", .birth_date = "1985-04-01"},
     .says = "cannot approve"},
    {"where both have one, it decides",
     {.full_name = "Sato Hana", .birth_date = "1985-04-01", .staff_number = "N-17"},
     {.full_name = "Sato Hana", .birth_date = "1985-04-01", .staff_number = "N-18"},
     .says = NULL},
    {"one name, and other birth dates",
     {.full_name = "Sato Hana", .birth_date = "1985-04-01"},
     {.full_name = "Sato Hana", .birth_date = "1985-04-02"},
     .says = NULL},
    {"one birth date, and other names",
     {.full_name = "Sato Hana", .birth_date = "1985-04-01"},
     {.full_name = "Kato Jun", .birth_date = "1985-04-01"},
     .says = NULL},
    {"given from the second account",
     {.staff_number = "N-17"},
     {.staff_number = "N-17"},
     .approver = "Dr Sato",
     .gives = true,
     .says = "another person"},
    {"given from the account of another person",
     {.staff_number = "N-17"},
     {.staff_number = "N-18"},
     .approver = "Dr Sato",
     .gives = true,
     .says = NULL},
};

static void change_person(const char *name, struct account_person person)
{
    char why[OPERATION_WHY_SIZE] = "";
    const struct account_change_request change = {.name = name, .person = person};
    if (operation_account_change(&here->context, &change, why) != MEDGL_OK)
        fail_msg("not changed: %s", why);
}

/* MUST: two accounts of one person are not two people. */
static void a_second_account_is_nobody_else(void **state)
{
    const struct second_case *row = *state;
    char id[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE] = "";
    open_here(REQUIRED);
    enrol_other(ACCOUNT_CLASS_PRIVILEGED);
    change_person(here->user, row->first);
    change_person(OTHER, row->second);
    struct grant_add_request request = waiver();
    request.approved_by = row->approver != NULL ? row->approver : OTHER;
    if (row->gives) {
        here->context.actor = (struct actor){.uid = OTHER_UID, .roles = ROLE_SECURITY};
        (void)snprintf(here->context.actor.name, sizeof(here->context.actor.name), OTHER);
    }
    assert_int_equal(add(&request, id, why), row->says == NULL ? MEDGL_OK : MEDGL_ERR_REFUSED);
    if (row->says != NULL && strstr(why, row->says) == NULL)
        fail_msg("says: %s", why);
    assert_int_equal(tally_of(here).kinds[LEDGER_GRANT_ADD], row->says == NULL);
    close_here();
}

static void one_of_a_kind_at_a_time(void **state)
{
    char first[CRYPTO_ID_SIZE], id[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    (void)state;
    open_here(REQUIRED CLOSED);
    struct grant_add_request request = waiver();
    const medgl_time now = clock_read().now;
    added(&request, first);
    assert_int_equal(add(&request, id, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "already"));
    request.since = now + MEDGL_HOUR / 2; /* inside of it */
    request.until = now + 2 * MEDGL_HOUR;
    assert_int_equal(add(&request, id, why), MEDGL_ERR_REFUSED);
    request.since = now + MEDGL_HOUR + MEDGL_MINUTE; /* behind it */
    added(&request, id);
    const struct grant_add_request other = hours();
    added(&other, id);
    assert_int_equal(revoke_it(first), MEDGL_OK);
    request.since = 0;
    request.until = now + MEDGL_HOUR;
    added(&request, id);
    assert_int_equal(verify(here), MEDGL_OK);
    close_here();
}

/* MUST: what nobody holds is not in force. */
static void codes_that_were_not_given_are_none(void **state)
{
    char id[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    (void)state;
    open_here(REQUIRED);
    struct grant_add_request request = waiver();
    request.deliver = take_nothing;
    assert_int_equal(add(&request, id, why), MEDGL_ERR_SPACE);
    const struct grant_act found = look(NULL, 0);
    assert_false(found.factors.waived);
    assert_int_equal(found.factors.code, 0);
    assert_int_equal(tally_of(here).kinds[LEDGER_GRANT_ADD], 0);
    close_here();
}

/* -- in force, and over ----------------------------------------------------------------------- */

static const struct state_case {
    const char *name;
    struct grant grant;
    medgl_time now;
    enum grant_state state;
} state_cases[] = {
    {"ahead", {.since = 10, .until = 20}, 9, GRANT_AHEAD},
    {"its first moment", {.since = 10, .until = 20}, 10, GRANT_IN_FORCE},
    {"its last moment", {.since = 10, .until = 20}, 19, GRANT_IN_FORCE},
    {"over", {.since = 10, .until = 20}, 20, GRANT_OVER},
    {"revoked", {.since = 10, .until = 20, .end = GRANT_END_REVOKED}, 15, GRANT_ENDED},
    {"revoked before it began",
     {.since = 10, .until = 20, .end = GRANT_END_REVOKED},
     5,
     GRANT_ENDED},
    {"its end is known, the clock went back",
     {.since = 10, .until = 20, .end = GRANT_END_EXPIRED},
     15,
     GRANT_OVER},
};

static void state_is(void **state)
{
    const struct state_case *row = *state;
    assert_int_equal(grant_state_at(&row->grant, row->now), row->state);
}

/* Nothing has to run for it to be over. */
static void ends_by_itself(void **state)
{
    char id[CRYPTO_ID_SIZE];
    (void)state;
    open_here(REQUIRED);
    const struct grant_add_request request = waiver();
    added(&request, id);
    assert_int_equal(codes_count, 3);
    struct grant_act now = look(id, 0), later = look(id, 2 * MEDGL_HOUR);
    assert_true(now.factors.waived && now.factors.code == 3);
    assert_false(later.factors.waived);
    assert_int_equal(later.factors.code, 0);
    assert_int_equal(act(act_use, id, 2 * MEDGL_HOUR), MEDGL_ERR_CONFLICT);
    assert_int_equal(tally_of(here).kinds[LEDGER_GRANT_END], 0);
    /* What is recorded later is recorded once, and takes the codes away. */
    assert_int_equal(act(act_sweep, NULL, 0), MEDGL_OK);
    assert_int_equal(tally_of(here).kinds[LEDGER_GRANT_END], 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(act(act_sweep, NULL, 2 * MEDGL_HOUR), MEDGL_OK);
        assert_int_equal(tally_of(here).kinds[LEDGER_GRANT_END], 1);
    }
    now = look(id, 0); /* the clock went back: it stays over */
    assert_int_equal(now.grant.end, GRANT_END_EXPIRED);
    assert_false(now.factors.waived);
    assert_int_equal(verify(here), MEDGL_OK);
    close_here();
}

static enum medgl_error shorten(struct store_txn *txn, void *argument)
{
    struct grant_act *run = argument;
    struct grant grant;
    MEDGL_TRY(store_grant_by_id(txn, run->id, &grant));
    grant.since = 1;
    grant.until = 2;
    return store_grant_update(txn, &grant);
}

static void the_minutely_look_records_ends(void **state)
{
    char id[CRYPTO_ID_SIZE];
    uint32_t raised;
    (void)state;
    open_here(REQUIRED);
    const struct grant_add_request request = waiver();
    added(&request, id);
    assert_int_equal(act(shorten, id, 0), MEDGL_OK);
    (void)operation_alert_watch(&here->context, NULL, &raised);
    assert_int_equal(tally_of(here).kinds[LEDGER_GRANT_END], 1);
    close_here();
}

/* Of many at once, none is left out. */
static void many_end(void **state)
{
    char id[CRYPTO_ID_SIZE];
    const medgl_time now = clock_read().now;
    (void)state;
    open_here(REQUIRED CLOSED);
    for (int i = 0; i < 20; i++) {
        struct grant_add_request request = hours();
        request.since = now + (i + 1) * MEDGL_MINUTE;
        request.until = request.since + MEDGL_MINUTE;
        added(&request, id);
    }
    assert_int_equal(act(act_sweep, NULL, MEDGL_DAY), MEDGL_OK);
    assert_int_equal(tally_of(here).kinds[LEDGER_GRANT_END], 20);
    assert_int_equal(verify(here), MEDGL_OK);
    close_here();
}

static void used_and_revoked(void **state)
{
    char id[CRYPTO_ID_SIZE], begin[CRYPTO_ID_LEAST + 1], why[OPERATION_WHY_SIZE];
    (void)state;
    open_here(REQUIRED);
    const struct grant_add_request request = waiver();
    added(&request, id);
    (void)snprintf(begin, sizeof(begin), "%.6s", id);
    assert_int_equal(operation_grant_revoke(&here->context, "abc", "x", why), MEDGL_ERR_ARGUMENT);
    assert_int_equal(operation_grant_revoke(&here->context, id, "", why), MEDGL_ERR_ARGUMENT);
    assert_int_equal(revoke_it("ffffffffffff"), MEDGL_ERR_NOT_FOUND);
    assert_int_equal(revoke_it(begin), MEDGL_OK);
    struct grant_act found = look(id, 0);
    assert_int_equal(found.grant.end, GRANT_END_REVOKED);
    assert_false(found.factors.waived);
    assert_int_equal(found.factors.code, 0);
    assert_int_equal(revoke_it(id), MEDGL_ERR_REFUSED);
    assert_int_equal(act(act_use, id, 0), MEDGL_ERR_CONFLICT);
    assert_int_equal(act(act_sweep, NULL, MEDGL_DAY), MEDGL_OK); /* it has its end already */
    const struct tally tally = tally_of(here);
    assert_int_equal(tally.kinds[LEDGER_GRANT_REVOKE], 1);
    assert_int_equal(tally.kinds[LEDGER_GRANT_USE], 0);
    assert_int_equal(tally.kinds[LEDGER_GRANT_END], 0);
    assert_int_equal(verify(here), MEDGL_OK);
    close_here();
}

/* Somebody else's is not theirs to use. */
static void a_grant_is_one_accounts(void **state)
{
    char id[CRYPTO_ID_SIZE];
    (void)state;
    open_here(REQUIRED CLOSED);
    enrol_other(ACCOUNT_CLASS_STAFF);
    struct grant_add_request request = hours();
    request.name = OTHER;
    added(&request, id);
    assert_int_equal(act(act_use, id, 0), MEDGL_ERR_CONFLICT);
    close_here();
}

static void count_grant(void *argument, const struct grant_report *report)
{
    unsigned *counts = argument;
    counts[report->state]++;
    counts[4] += report->codes;
}

static void goes_with_the_account(void **state)
{
    const bool retire = *state != NULL;
    char id[CRYPTO_ID_SIZE], why[OPERATION_WHY_SIZE];
    open_here(REQUIRED CLOSED);
    const struct grant_add_request one = waiver(), two = hours();
    added(&one, id);
    added(&two, id);
    assert_int_equal(retire ? operation_account_retire(&here->context, here->user, "gone", why)
                            : operation_account_disable(&here->context, here->user, "gone", why),
                     MEDGL_OK);
    assert_int_equal(tally_of(here).kinds[LEDGER_GRANT_REVOKE], 2);
    unsigned open[5] = {0}, all[5] = {0};
    assert_int_equal(operation_grant_list(&here->context, here->user, false, count_grant, open),
                     MEDGL_OK);
    assert_int_equal(operation_grant_list(&here->context, NULL, true, count_grant, all), MEDGL_OK);
    assert_int_equal(open[GRANT_IN_FORCE] + open[GRANT_AHEAD], 0);
    assert_int_equal(all[GRANT_ENDED], 2);
    assert_int_equal(all[4], 0);
    if (!retire) /* enabled again, it has what was approved before no more */
        assert_int_equal(operation_account_enable(&here->context, here->user, "back", why),
                         MEDGL_OK);
    assert_false(look(NULL, 0).factors.waived);
    assert_int_equal(verify(here), MEDGL_OK);
    close_here();
}

/* -- at a login ------------------------------------------------------------------------------- */

/* R22: closed hours, and a grant that opens them; its use is counted, and told. */
static void opens_closed_hours(void **state)
{
    char id[CRYPTO_ID_SIZE];
    (void)state;
    open_here("");
    set_password(here, PASSWORD_ONE);
    set_rules(here->user, (struct account_rules){.hours = "holiday 00:00-00:01"});
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_REFUSED);
    assert_int_equal(try_access(here), ACCESS_DENIED);
    const struct grant_add_request request = hours();
    added(&request, id);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_int_equal(try_access(here), ACCESS_ALLOWED);
    assert_true(look(id, 0).grant.used > 0);
    /* The host is told to end the session with the grant. */
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.1");
    struct session_opening opening;
    enum session_verdict verdict;
    assert_int_equal(operation_session_open(&here->context, &talk, &caller, here->user, false,
                                            &opening, &verdict),
                     MEDGL_OK);
    assert_int_equal(verdict, SESSION_DONE);
    assert_in_range(opening.until_s, 3500, 3600);
    assert_int_equal(revoke_it(id), MEDGL_OK);
    assert_int_equal(try_login(here, here->user, "192.0.2.1", PASSWORD_ONE), LOGIN_REFUSED);
    assert_int_equal(try_access(here), ACCESS_DENIED);
    assert_int_equal(verify(here), MEDGL_OK);
    close_here();
}

/* Who approved it, and until when. */
static void the_owner_is_told(void **state)
{
    char id[CRYPTO_ID_SIZE];
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    (void)state;
    open_here(REQUIRED CLOSED);
    const struct grant_add_request one = waiver(), two = hours();
    added(&one, id);
    added(&two, id);
    const struct grant_act found = look(NULL, 0);
    grants_tell(&talk, &found.factors);
    assert_non_null(strstr(script.heard, "one-time codes"));
    assert_non_null(strstr(script.heard, "approved by Dr Sato. You have 3 left."));
    assert_non_null(strstr(script.heard, "outside of your hours"));
    for (size_t i = 0; i < codes_count; i++)
        assert_null(strstr(script.heard, codes_given[i]));
    const struct grant_act later = look(NULL, MEDGL_DAY);
    script.heard[0] = '\0';
    grants_tell(&talk, &later.factors);
    assert_string_equal(script.heard, "");
    close_here();
}

/* -- several at once -------------------------------------------------------------------------- */

#define RACERS 8

/* Each in a process and with a store of its own; its error is its exit status. */
static unsigned race(const char *id, store_function other, medgl_time ahead, unsigned outcomes[64])
{
    pid_t children[RACERS];
    char why[OPERATION_WHY_SIZE];
    unsigned good = 0;
    for (int i = 0; i < RACERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] != 0)
            continue;
        struct context context;
        if (context_open(here->root, CONTEXT_STATE, &context) != MEDGL_OK)
            _exit(63);
        context.actor.roles = ROLE_ROOT;
        struct grant_act run = {
            .context = &context, .name = here->user, .id = id, .ahead = i % 4 == 1 ? ahead : 0};
        const enum medgl_error error =
            other == NULL || i % 2 == 0 ? operation_grant_revoke(&context, id, "race", why)
                                        : store_transact(context.store, STORE_WRITE, other, &run);
        context_close(&context);
        _exit((int)error);
    }
    for (int i = 0; i < RACERS; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        outcomes[WEXITSTATUS(status)]++;
        good += WEXITSTATUS(status) == MEDGL_OK && (other == NULL || i % 2 == 0);
    }
    return good;
}

static void two_revoke(void **state)
{
    char id[CRYPTO_ID_SIZE];
    unsigned outcomes[64] = {0};
    (void)state;
    open_here(REQUIRED);
    const struct grant_add_request request = waiver();
    added(&request, id);
    assert_int_equal(race(id, NULL, 0, outcomes), 1);
    assert_int_equal(outcomes[MEDGL_ERR_REFUSED], RACERS - 1);
    assert_int_equal(tally_of(here).kinds[LEDGER_GRANT_REVOKE], 1);
    assert_int_equal(verify(here), MEDGL_OK);
    close_here();
}

/* Whoever is first: no use behind the end. */
static void revoked_while_used(void **state)
{
    char id[CRYPTO_ID_SIZE];
    unsigned outcomes[64] = {0};
    (void)state;
    open_here(REQUIRED CLOSED);
    const struct grant_add_request request = hours();
    added(&request, id);
    assert_int_equal(race(id, act_use, 0, outcomes), 1);
    const struct tally tally = tally_of(here);
    assert_int_equal(outcomes[MEDGL_OK], 1 + tally.kinds[LEDGER_GRANT_USE]);
    assert_int_equal(tally.kinds[LEDGER_GRANT_USE] + outcomes[MEDGL_ERR_CONFLICT], RACERS / 2);
    assert_int_equal(look(id, 0).grant.used, tally.kinds[LEDGER_GRANT_USE]);
    assert_int_equal(verify(here), MEDGL_OK);
    close_here();
}

/* The clock of half of those who look is past its end. */
static void ended_while_revoked(void **state)
{
    char id[CRYPTO_ID_SIZE];
    unsigned outcomes[64] = {0};
    (void)state;
    open_here(REQUIRED CLOSED);
    const struct grant_add_request request = hours();
    added(&request, id);
    (void)race(id, act_sweep, MEDGL_DAY, outcomes);
    const struct tally tally = tally_of(here);
    assert_int_equal(tally.kinds[LEDGER_GRANT_REVOKE] + tally.kinds[LEDGER_GRANT_END], 1);
    assert_int_equal(verify(here), MEDGL_OK);
    close_here();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed),
        cmocka_unit_test(the_operator_alone_approves_nothing),
        cmocka_unit_test(nobody_ends_their_own),
        cmocka_unit_test(one_of_a_kind_at_a_time),
        cmocka_unit_test(codes_that_were_not_given_are_none),
        cmocka_unit_test(ends_by_itself),
        cmocka_unit_test(the_minutely_look_records_ends),
        cmocka_unit_test(many_end),
        cmocka_unit_test(used_and_revoked),
        cmocka_unit_test(a_grant_is_one_accounts),
        cmocka_unit_test(opens_closed_hours),
        cmocka_unit_test(the_owner_is_told),
        cmocka_unit_test(two_revoke),
        cmocka_unit_test(revoked_while_used),
        cmocka_unit_test(ended_while_revoked),
    };
    table_add("R03 disabled", "its grants end", goes_with_the_account, NULL);
    table_add("R03 retired", "its grants end", goes_with_the_account, "retire");
    TABLE_ADD("R03 add", refused_cases, refused);
    TABLE_ADD("R03 two accounts", second_cases, a_second_account_is_nobody_else);
    TABLE_ADD("R03 state", state_cases, state_is);
    for (size_t i = 0; i < MEDGL_COUNT(tests); i++)
        table_add("R03 R22", tests[i].name, tests[i].test_func, NULL);
    return table_run("grant");
}
