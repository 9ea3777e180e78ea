/* Second factors at a login (R24, R03, R23): what is asked, what counts, what is used up, and what
 * is kept of it. liboath is the other side of the devices. */
#include "tests/unit/factor_fixture.h"
#include "tests/unit/table.h"

#include "operation/grant.h"
#include "operation/recovery.h"

#define SOON     "factor_required_from = 2999-01-01\n"
#define LONG_AGO "factor_required_from = 2020-01-01\n"
#define NO_CLASS "factor_staff = none\nfactor_privileged = none\nfactor_maintenance = none\n"
#define CARDS    "card_module = /usr/lib/nowhere.so\n"
#define REQUIRED LONG_AGO "factor_staff = required\n"
#define OPTIONAL SOON "factor_staff = optional\n"

static struct fixture *here;
static char paper[RECOVERY_COUNT][RECOVERY_TEXT_SIZE]; /* recovery codes, or those of a waiver */
static char grant[CRYPTO_ID_SIZE];

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

/* -- devices and paper ------------------------------------------------------------------------ */

static enum medgl_error take_paper(void *argument, const struct account *account,
                                   const char (*codes)[RECOVERY_TEXT_SIZE], size_t count)
{
    (void)argument;
    (void)account;
    assert_int_equal(count, RECOVERY_COUNT);
    memcpy(paper, codes, sizeof(paper));
    return MEDGL_OK;
}

static void issue_recovery(void)
{
    char why[OPERATION_WHY_SIZE];
    const struct recovery_issue_request request = {
        .name = here->user, .reason = "new", .deliver = take_paper};
    assert_int_equal(operation_recovery_issue(&here->context, &request, why), MEDGL_OK);
}

static enum medgl_error take_grant_codes(void *argument, const struct account *account,
                                         const char (*codes)[RECOVERY_TEXT_SIZE], size_t count,
                                         medgl_time until)
{
    (void)argument;
    (void)account;
    assert_true(until > clock_read().now);
    memcpy(paper, codes, count * sizeof(paper[0]));
    return MEDGL_OK;
}

static void waive(enum grant_instead instead)
{
    char why[OPERATION_WHY_SIZE] = "";
    const struct grant_add_request request = {
        .name = here->user,
        .kind = GRANT_FACTOR_WAIVER,
        .instead = instead,
        .codes = instead == GRANT_INSTEAD_CODE ? 2 : 0,
        .until = clock_read().now + MEDGL_HOUR,
        .approved_by = "Dr Sato",
        .reason = "lost phone",
        .deliver = take_grant_codes,
    };
    if (operation_grant_add(&here->context, &request, grant, why) != MEDGL_OK)
        fail_msg("%s", why);
}

/* -- one login -------------------------------------------------------------------------------- */

struct
try {
    enum factor_mode mode;
    const char *password; /* NULL: it is not asked */
    const char *code;     /* NULL: likewise */
};

static struct script last_script;

static enum login_verdict login_once(const struct try *try, const char *user)
{
    struct script script = {.next = 0};
    size_t count = 0;
    if (try->password != NULL)
        script.answers[count++] = try->password;
    if (try->code != NULL)
        script.answers[count++] = try->code;
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.1");
    const struct login_request request = {.caller = &caller, .user = user, .factor = try->mode};
    enum login_verdict verdict = LOGIN_ALLOWED;
    assert_int_equal(operation_login(&here->context, &talk, &request, &verdict), MEDGL_OK);
    last_script = script;
    if (verdict != LOGIN_ABORTED)
        assert_int_equal(script.next, count); /* no prompt more, none less */
    return verdict;
}

static enum login_verdict login_with(const char *password, const char *code)
{
    const struct try try = {.password = password, .code = code};
    return login_once(&try, here->user);
}

struct seen {
    char factors[64], reason[64];
    bool counted;
};

static enum medgl_error see_row(void *argument, const struct ledger_row *row)
{
    struct seen *seen = argument;
    struct ledger_parsed *parsed = NULL;
    assert_int_equal(ledger_entry_decode(row->line, row->len, &parsed), MEDGL_OK);
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    if (entry->kind == LEDGER_LOGIN_SUCCESS || entry->kind == LEDGER_LOGIN_FAILURE) {
        const struct ledger_field *counted = ledger_entry_find(entry, "counted", LEDGER_FIELD_BOOL);
        (void)snprintf(seen->factors, sizeof(seen->factors), "%s",
                       ledger_entry_find_text(entry, "factors"));
        (void)snprintf(seen->reason, sizeof(seen->reason), "%s",
                       ledger_entry_find_text(entry, "reason"));
        seen->counted = counted != NULL && counted->number != 0;
    }
    ledger_parsed_free(&parsed);
    return MEDGL_OK;
}

/* Of the last try. */
static struct seen last_seen(void)
{
    struct seen seen = {.counted = false};
    assert_int_equal(operation_ledger_each(&here->context, 0, UINT64_MAX, see_row, &seen),
                     MEDGL_OK);
    return seen;
}

/* -- who is let in ---------------------------------------------------------------------------- */

enum code_given {
    NOT_ASKED,
    EMPTY,
    RIGHT,
    WRONG_CODE,
    BEFORE, /* of the step before */
    AHEAD,  /* of the step after */
    TOO_OLD,
    NO_CODE, /* some text, such as the password once more */
    PAPER,
    WRONG_PAPER,
};
enum enrolled {
    NOTHING = 0,
    DEVICE = 1,
    CODES = 2, /* recovery codes */
    WAIVER_CODE = 4,
    WAIVER_RECOVERY = 8,
};

static const struct login_row {
    const char *name, *policy;
    unsigned enrolled;
    enum factor_mode mode;
    const char *password;
    enum code_given code;
    enum login_verdict verdict;
    const char *factors, *reason;
} login_rows[] = {
    {"nobody has a factor: nothing is asked", OPTIONAL, NOTHING, 0, PASSWORD_ONE, NOT_ASKED,
     LOGIN_ALLOWED, "password", ""},
    {"R24 password and code", REQUIRED, DEVICE, 0, PASSWORD_ONE, RIGHT, LOGIN_ALLOWED,
     "password+totp", ""},
    {"optional: who has one is asked for it", OPTIONAL, DEVICE, 0, PASSWORD_ONE, EMPTY,
     LOGIN_REFUSED, "password", "wrong-factor"},
    {"optional, with a code", OPTIONAL, DEVICE, 0, PASSWORD_ONE, RIGHT, LOGIN_ALLOWED,
     "password+totp", ""},
    {"the step before", REQUIRED, DEVICE, 0, PASSWORD_ONE, BEFORE, LOGIN_ALLOWED, "password+totp",
     ""},
    {"the step after", REQUIRED, DEVICE, 0, PASSWORD_ONE, AHEAD, LOGIN_ALLOWED, "password+totp",
     ""},
    {"an older step", REQUIRED, DEVICE, 0, PASSWORD_ONE, TOO_OLD, LOGIN_REFUSED, "password+code",
     "wrong-factor"},
    {"a wrong code", REQUIRED, DEVICE, 0, PASSWORD_ONE, WRONG_CODE, LOGIN_REFUSED, "password+code",
     "wrong-factor"},
    {"an empty code", REQUIRED, DEVICE, 0, PASSWORD_ONE, EMPTY, LOGIN_REFUSED, "password",
     "wrong-factor"},
    {"text that is no code", REQUIRED, DEVICE, 0, PASSWORD_ONE, NO_CODE, LOGIN_REFUSED,
     "password+code", "wrong-factor"},
    {"the right code, a wrong password", REQUIRED, DEVICE, 0, WRONG, RIGHT, LOGIN_REFUSED,
     "password+code", "wrong-password"},
    {"neither is right", REQUIRED, DEVICE, 0, WRONG, WRONG_CODE, LOGIN_REFUSED, "password+code",
     "wrong-password"},
    {"of a class that is asked for none", LONG_AGO "factor_staff = none\n", DEVICE, 0, PASSWORD_ONE,
     EMPTY, LOGIN_ALLOWED, "password", ""},
    {"no class is asked for any; an account of its own may be", LONG_AGO NO_CLASS, DEVICE, 0,
     PASSWORD_ONE, EMPTY, LOGIN_ALLOWED, "password", ""},
    {"factor=none in this service", REQUIRED, DEVICE, FACTOR_MODE_NONE, PASSWORD_ONE, NOT_ASKED,
     LOGIN_ALLOWED, "password", ""},
    {"an exempt service", REQUIRED "factor_exempt_services = sshd\n", DEVICE, 0, PASSWORD_ONE,
     NOT_ASKED, LOGIN_ALLOWED, "password", ""},
    {"an exempt place", REQUIRED "factor_exempt_places = 192.0.2.0/24\n", DEVICE, 0, PASSWORD_ONE,
     NOT_ASKED, LOGIN_ALLOWED, "password", ""},
    {"required, none there, and nobody enrols by themselves",
     REQUIRED "factor_enrol = administrator\n", NOTHING, 0, PASSWORD_ONE, EMPTY, LOGIN_REFUSED,
     "password", "no-factor"},
    {"the same before the day", SOON "factor_staff = required\nfactor_enrol = administrator\n",
     NOTHING, 0, PASSWORD_ONE, NOT_ASKED, LOGIN_ALLOWED, "password", ""},
    {"required, none there, and the password is wrong", REQUIRED, NOTHING, 0, WRONG, EMPTY,
     LOGIN_REFUSED, "password", "wrong-password"},
    {"R03 a recovery code", REQUIRED, DEVICE | CODES, 0, PASSWORD_ONE, PAPER, LOGIN_ALLOWED,
     "password+recovery", ""},
    {"a wrong recovery code", REQUIRED, DEVICE | CODES, 0, PASSWORD_ONE, WRONG_PAPER, LOGIN_REFUSED,
     "password+code", "wrong-factor"},
    {"recovery codes without a grant where one is needed", REQUIRED "factor_recovery = grant\n",
     DEVICE | CODES, 0, PASSWORD_ONE, PAPER, LOGIN_REFUSED, "password+code", "wrong-factor"},
    {"the same with a grant", REQUIRED "factor_recovery = grant\n",
     DEVICE | CODES | WAIVER_RECOVERY, 0, PASSWORD_ONE, PAPER, LOGIN_ALLOWED, "password+recovery",
     ""},
    {"R03 a code of a waiver", REQUIRED, DEVICE | WAIVER_CODE, 0, PASSWORD_ONE, PAPER,
     LOGIN_ALLOWED, "password+code", ""},
    {"a waiver is never for nothing", REQUIRED, DEVICE | WAIVER_CODE, 0, PASSWORD_ONE, EMPTY,
     LOGIN_REFUSED, "password", "wrong-factor"},
    {"a waiver, and the device is found again", REQUIRED, DEVICE | WAIVER_CODE, 0, PASSWORD_ONE,
     RIGHT, LOGIN_ALLOWED, "password+totp", ""},
    {"a waiver for whoever has no device", REQUIRED, WAIVER_CODE, 0, PASSWORD_ONE, PAPER,
     LOGIN_ALLOWED, "password+code", ""},
    {"factor=only with a code", REQUIRED, DEVICE, FACTOR_MODE_ONLY, NULL, RIGHT, LOGIN_ALLOWED,
     "host+totp", ""},
    {"factor=only with a wrong code", REQUIRED, DEVICE, FACTOR_MODE_ONLY, NULL, WRONG_CODE,
     LOGIN_REFUSED, "host+code", "wrong-factor"},
    {"factor=only with nothing", REQUIRED, DEVICE, FACTOR_MODE_ONLY, NULL, EMPTY, LOGIN_REFUSED,
     "host", "wrong-factor"},
    {"factor=only, and there is none: a stranger behind a module that failed enrols nothing",
     REQUIRED, NOTHING, FACTOR_MODE_ONLY, NULL, EMPTY, LOGIN_REFUSED, "host", "no-factor"},
    {"factor=only, none is asked by policy, and nothing is given",
     OPTIONAL "factor_enrol = administrator\n", NOTHING, FACTOR_MODE_ONLY, NULL, EMPTY,
     LOGIN_REFUSED, "host", "no-factor"},
    {"R24 a key and a device are one factor twice", REQUIRED "factor_host = possession\n" CARDS,
     DEVICE, FACTOR_MODE_ONLY, NULL, RIGHT, LOGIN_REFUSED, "host+code", "same-kind"},
    {"devices are no factor here",
     REQUIRED CARDS "factor_kinds = card\nfactor_enrol = administrator\n", DEVICE, 0, PASSWORD_ONE,
     RIGHT, LOGIN_REFUSED, "password+code", "no-factor"},
    {"the same where none is required",
     OPTIONAL CARDS "factor_kinds = card\nfactor_enrol = administrator\n", DEVICE, 0, PASSWORD_ONE,
     EMPTY, LOGIN_ALLOWED, "password", ""},
};

static const char *code_text(enum code_given code)
{
    switch (code) {
    case NOT_ASKED:
        return NULL;
    case EMPTY:
        return "";
    case RIGHT:
        return shown(0);
    case BEFORE:
        return shown(-1);
    case AHEAD:
        return shown(1);
    case TOO_OLD:
        return shown(-3);
    case WRONG_CODE:
        return not_shown();
    case NO_CODE:
        return PASSWORD_ONE;
    case PAPER:
        return paper[1];
    case WRONG_PAPER:
        return "AAAAA-AAAAA";
    }
    return NULL;
}

static void prepare(const char *policy, unsigned enrolled)
{
    memset(&device, 0, sizeof(device));
    enrol(here);
    set_password(here, PASSWORD_ONE);
    write_policy(here, REQUIRED);
    reopen(here);
    if ((enrolled & DEVICE) != 0)
        enrol_device(here);
    else /* what a code is made of must be something */
        device = (struct totp_record){.secret = "12345678901234567890",
                                      .secret_len = 20,
                                      .algorithm = TOTP_SHA1,
                                      .digits = 6};
    if ((enrolled & CODES) != 0)
        issue_recovery();
    if ((enrolled & WAIVER_CODE) != 0)
        waive(GRANT_INSTEAD_CODE);
    if ((enrolled & WAIVER_RECOVERY) != 0)
        waive(GRANT_INSTEAD_RECOVERY);
    write_policy(here, policy);
    reopen(here);
    shown_begin();
}

static void test_login(void **state)
{
    const struct login_row *row = *state;
    open_here(NULL);
    prepare(row->policy, row->enrolled);
    const struct try try = {row->mode, row->password, code_text(row->code)};
    const enum login_verdict verdict = login_once(&try, here->user);
    const struct seen seen = last_seen();
    if (verdict != row->verdict)
        print_message("# %s, %s\n", seen.factors, seen.reason);
    assert_int_equal(verdict, row->verdict);
    assert_string_equal(seen.factors, row->factors);
    assert_string_equal(seen.reason, row->reason);
    assert_int_equal(seen.counted, row->verdict == LOGIN_REFUSED);
    assert_int_equal(verify(here), MEDGL_OK);
    close_here(NULL);
}

/* -- each once -------------------------------------------------------------------------------- */

static void test_code_once(void **state)
{
    char code[16];
    (void)state;
    open_here(NULL);
    prepare(REQUIRED, DEVICE);
    (void)snprintf(code, sizeof(code), "%s", shown(1));
    assert_int_equal(login_with(PASSWORD_ONE, code), LOGIN_ALLOWED);
    assert_int_equal(login_with(PASSWORD_ONE, code), LOGIN_REFUSED);
    assert_int_equal(login_with(PASSWORD_ONE, shown(0)), LOGIN_REFUSED); /* an older one */
    assert_int_equal(verify(here), MEDGL_OK);
    close_here(NULL);
}

/* The code was right, the password was not: the same code still opens. */
static void test_code_is_not_lost(void **state)
{
    char code[16];
    (void)state;
    open_here(NULL);
    prepare(REQUIRED, DEVICE);
    (void)snprintf(code, sizeof(code), "%s", shown(0));
    assert_int_equal(login_with(WRONG, code), LOGIN_REFUSED);
    assert_int_equal(login_with(PASSWORD_ONE, code), LOGIN_ALLOWED);
    close_here(NULL);
}

static void test_paper_once(void **state)
{
    const unsigned *enrolled = *state;
    open_here(NULL);
    prepare(REQUIRED, *enrolled);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(login_with(PASSWORD_ONE, paper[i]), LOGIN_ALLOWED);
        assert_int_equal(login_with(PASSWORD_ONE, paper[i]), LOGIN_REFUSED);
    }
    const struct tally tally = tally_of(here);
    assert_int_equal(tally.kinds[LEDGER_GRANT_USE], (*enrolled & WAIVER_CODE) != 0 ? 2 : 0);
    assert_true(tally.kinds[LEDGER_ALERT_RAISE] > 0);
    assert_int_equal(verify(here), MEDGL_OK);
    close_here(NULL);
}

static void test_revoked_waiver(void **state)
{
    char why[OPERATION_WHY_SIZE];
    (void)state;
    open_here(NULL);
    prepare(REQUIRED "factor_enrol = administrator\n", WAIVER_CODE);
    assert_int_equal(operation_grant_revoke(&here->context, grant, "found", why), MEDGL_OK);
    assert_int_equal(login_with(PASSWORD_ONE, paper[0]), LOGIN_REFUSED);
    assert_string_equal(last_seen().reason, "no-factor");
    assert_int_equal(verify(here), MEDGL_OK);
    close_here(NULL);
}

/* -- what closes the factor, and what does not ------------------------------------------------ */

static const struct closing_row {
    const char *name;
    const char *password, *code; /* code NULL: a wrong one */
    unsigned codes;              /* what is counted after one try */
} closing_rows[] = {
    {"a wrong code with the right password", PASSWORD_ONE, NULL, 1},
    {"a wrong code with a wrong password: a stranger closes nothing", WRONG, NULL, 0},
    {"no code", PASSWORD_ONE, "", 0},
    {"the password in its place: sshd's own method", PASSWORD_ONE, PASSWORD_ONE, 0},
    {"seven digits are no code", PASSWORD_ONE, "1234567", 0},
    {"nobody guesses what is on paper", PASSWORD_ONE, "AAAAA-AAAAA", 0},
};

static enum medgl_error read_codes(struct store_txn *txn, void *argument)
{
    struct account account;
    struct activity activity;
    MEDGL_TRY(store_account_by_name(txn, here->user, &account));
    MEDGL_TRY(store_activity_get(txn, account.id, &activity));
    *(uint32_t *)argument = activity.factor_failures;
    return MEDGL_OK;
}

static uint32_t wrong_codes(void)
{
    uint32_t codes = 99;
    assert_int_equal(store_transact(here->context.store, STORE_READ, read_codes, &codes), MEDGL_OK);
    return codes;
}

static void test_counted(void **state)
{
    const struct closing_row *row = *state;
    open_here(NULL);
    prepare(REQUIRED, DEVICE);
    assert_int_equal(login_with(row->password, row->code != NULL ? row->code : not_shown()),
                     LOGIN_REFUSED);
    assert_int_equal(wrong_codes(), row->codes);
    close_here(NULL);
}

static void unlock(const char *source)
{
    uint32_t cleared;
    assert_int_equal(operation_account_unlock(&here->context, here->user, source, "busy", &cleared,
                                              (char[OPERATION_WHY_SIZE]){""}),
                     MEDGL_OK);
}

/* R24 (NIST SP 800-63B-4, 3.2.2): slow guessing ends, and only an administrator opens it again: no
 * other factor does. */
static void test_closed(void **state)
{
    (void)state;
    open_here(NULL);
    prepare(REQUIRED "factor_failures = 10\nattempts_per_source = 10\n", DEVICE | CODES);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(login_with(PASSWORD_ONE, not_shown()), LOGIN_REFUSED);
        if (i == 4 || i == 9)
            unlock("192.0.2.1"); /* the source alone */
    }
    assert_int_equal(wrong_codes(), 10);
    assert_int_equal(login_with(PASSWORD_ONE, shown(0)), LOGIN_REFUSED);
    assert_string_equal(last_seen().reason, "factor-closed");
    assert_int_equal(login_with(PASSWORD_ONE, paper[0]), LOGIN_ALLOWED);
    assert_int_equal(login_with(PASSWORD_ONE, shown(0)), LOGIN_REFUSED);
    unlock(NULL);
    shown_begin();
    assert_int_equal(login_with(PASSWORD_ONE, shown(0)), LOGIN_ALLOWED);
    assert_int_equal(wrong_codes(), 0);
    close_here(NULL);
}

/* sudo asks in silence: nobody would see the key. */
static void test_unseen(void **state)
{
    struct script script = {.answers = {PASSWORD_ONE, ""}};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.1");
    enum login_verdict verdict = LOGIN_ALLOWED;
    (void)state;
    open_here(NULL);
    prepare(REQUIRED, NOTHING);
    const struct login_request request = {.caller = &caller, .user = here->user, .silent = true};
    assert_int_equal(operation_login(&here->context, &talk, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, LOGIN_REFUSED);
    assert_int_equal(script.next, 2);
    assert_string_equal(last_seen().reason, "no-factor");
    close_here(NULL);
}

/* -- the words are the same (R23) ------------------------------------------------------------- */

static void test_alike(void **state)
{
    static const struct try tries[] = {
        {0, PASSWORD_ONE, "000000"},
        {0, PASSWORD_ONE, ""},
        {0, WRONG, "000000"},
        {0, WRONG, ""},
        {0, PASSWORD_ONE, "AAAAA-AAAAA"},
        {0, WRONG, "nonsense"},
    };
    char first[sizeof(last_script.heard)] = "";
    (void)state;
    open_here(NULL);
    prepare(REQUIRED "unenrolled = deny\nattempts_per_source = 10\n", DEVICE);
    for (size_t i = 0; i < 2 * MEDGL_COUNT(tries); i++) {
        const struct try *try = &tries[i / 2];
        assert_int_equal(login_once(try, i % 2 == 0 ? here->user : "nobody"), LOGIN_REFUSED);
        if (i == 0)
            memcpy(first, last_script.heard, sizeof(first));
        assert_string_equal(last_script.heard, first);
    }
    close_here(NULL);
}

/* -- one prompt ------------------------------------------------------------------------------- */

static const struct one_row {
    const char *name;
    unsigned enrolled;
    const char *behind; /* what is typed behind the password; NULL: the code */
    enum login_verdict verdict;
} one_rows[] = {
    {"password and code", DEVICE, NULL, LOGIN_ALLOWED},
    {"password alone", DEVICE, "", LOGIN_REFUSED},
    {"who has no device types the password alone", NOTHING, "", LOGIN_ALLOWED},
    {"a wrong code", DEVICE, "000000", LOGIN_REFUSED},
    {"R23 what could be a code stays with the password of who has none", NOTHING, "000000",
     LOGIN_REFUSED},
    {"R23 the same of a code on paper", NOTHING, "K7XQM-3NPWD", LOGIN_REFUSED},
};

/* R23: the same try again is told alike of whoever has a device and who has none. */
static const struct again_row {
    const char *name;
    unsigned enrolled;
    const char *typed;
    unsigned counted;
} again_rows[] = {
    {"no device, the end of it could be a code", NOTHING, "Always-the-same-123456", 3},
    {"a device, the same", DEVICE, "Always-the-same-123456", 3},
    {"no device, seven digits", NOTHING, "Always-the-same-1234567", 3},
    {"a device, the same", DEVICE, "Always-the-same-1234567", 3},
    {"no device, a plain one", NOTHING, "Always-the-same-one", 1},
    {"a device, the same", DEVICE, "Always-the-same-one", 1},
};

static void test_again(void **state)
{
    const struct again_row *row = *state;
    open_here(NULL);
    prepare(LONG_AGO "factor_staff = optional\nfactor_privileged = required\n"
                     "factor_one_prompt = sshd\n",
            row->enrolled);
    const unsigned before = tally_of(here).counted;
    for (int i = 0; i < 3; i++)
        assert_int_equal(login_with(row->typed, NULL), LOGIN_REFUSED);
    assert_int_equal(tally_of(here).counted - before, row->counted);
    close_here(NULL);
}

static void test_one_prompt(void **state)
{
    const struct one_row *row = *state;
    char typed[128];
    open_here(NULL);
    prepare(OPTIONAL "factor_one_prompt = sshd\n", row->enrolled);
    (void)snprintf(typed, sizeof(typed), "%s%s", PASSWORD_ONE,
                   row->behind != NULL ? row->behind : shown(0));
    assert_int_equal(login_with(typed, NULL), row->verdict);
    close_here(NULL);
}

/* -- enrolment at the login ------------------------------------------------------------------- */

/* The person behind the phone: reads the key from the screen and types what it shows. */
struct phone {
    struct script script;
    unsigned wrong; /* codes to give before the right one */
    bool gone;      /* walks away instead */
};

static void phone_learn(const struct phone *phone)
{
    const char *heard = phone->script.heard, *best = NULL;
    size_t longest = 0;
    while (*heard != '\0') { /* the key: the longest run of base32 and blanks */
        size_t len = strspn(heard, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567 ");
        if (len > longest) {
            longest = len;
            best = heard;
        }
        heard += len > 0 ? len : 1;
    }
    assert_non_null(best);
    device = (struct totp_record){.algorithm = TOTP_SHA256, .digits = 6, .period = 30};
    assert_int_equal(
        base32_read(best, longest, device.secret, sizeof(device.secret), &device.secret_len),
        MEDGL_OK);
    assert_int_equal(device.secret_len, TOTP_SECRET_NEW);
}

static enum medgl_error phone_ask(void *carrier, enum talk_style style, enum talk_meaning meaning,
                                  const char *prompt, struct secret *answer)
{
    struct phone *phone = carrier;
    if (phone->script.next < 2) /* the password, and no code */
        return script_ask(&phone->script, style, meaning, prompt, answer);
    if (phone->gone)
        return MEDGL_ERR_ABORTED;
    phone_learn(phone);
    const char *code = phone->wrong > 0 ? not_shown() : shown(0);
    phone->wrong -= phone->wrong > 0;
    return secret_copy(answer, code, strlen(code));
}

static const struct phone_row {
    const char *name;
    unsigned wrong;
    bool gone;
    enum login_verdict verdict;
} phone_rows[] = {
    {"a right code", 0, false, LOGIN_ALLOWED},
    {"two wrong ones first", 2, false, LOGIN_ALLOWED},
    {"three wrong ones", 3, false, LOGIN_REFUSED},
    {"nobody answers", 0, true, LOGIN_REFUSED},
};

static void test_enrol(void **state)
{
    const struct phone_row *row = *state;
    open_here(NULL);
    prepare(REQUIRED "factor_qr = no\n", NOTHING);
    struct phone phone = {
        .script.answers = {PASSWORD_ONE, ""}, .wrong = row->wrong, .gone = row->gone};
    const struct talk talk = {
        .carrier = &phone, .ask = phone_ask, .inform = script_say, .warn = script_say};
    const struct caller caller = caller_from("192.0.2.1");
    const struct login_request request = {.caller = &caller, .user = here->user};
    enum login_verdict verdict = LOGIN_ALLOWED;
    const unsigned before = tally_of(here).kinds[LEDGER_LOGIN_SUCCESS];
    assert_int_equal(operation_login(&here->context, &talk, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, row->verdict);
    const struct tally tally = tally_of(here);
    const bool done = row->verdict == LOGIN_ALLOWED;
    assert_int_equal(tally.kinds[LEDGER_FACTOR_ENROL], done);
    assert_int_equal(tally.kinds[LEDGER_LOGIN_SUCCESS], before + done);
    if (done) { /* the code that confirmed it is used up */
        assert_int_equal(login_with(PASSWORD_ONE, shown(0)), LOGIN_REFUSED);
        assert_int_equal(login_with(PASSWORD_ONE, shown(1)), LOGIN_ALLOWED);
    }
    assert_int_equal(verify(here), MEDGL_OK);
    close_here(NULL);
}

/* -- a card that stood alone ------------------------------------------------------------------ */

static const struct by_card_row {
    const char *name, *person; /* in the token of the login; NULL: it gave none */
    const char *from;          /* the account phase is asked from there */
    enum access_verdict verdict;
} by_card_rows[] = {
    {"sssd #7089: what is due in a drawer blocks no card", PERSON_BY_CARD, "192.0.2.1",
     ACCESS_ALLOWED},
    {"without a card it is due", NULL, "192.0.2.1", ACCESS_CHANGE_DUE},
    {"a token of another place", PERSON_BY_CARD, "192.0.2.2", ACCESS_CHANGE_DUE},
    {"a token about something else", "daemon", "192.0.2.1", ACCESS_CHANGE_DUE},
};

static enum medgl_error read_account(struct store_txn *txn, void *argument)
{
    return store_account_by_name(txn, here->user, argument);
}

static void test_by_card(void **state)
{
    const struct by_card_row *row = *state;
    struct script script = {.next = 0};
    struct account account;
    open_here(NULL);
    enrol(here);
    issue(here);
    assert_int_equal(store_transact(here->context.store, STORE_READ, read_account, &account),
                     MEDGL_OK);
    struct caller caller = caller_from(row->from);
    const struct caller asker = caller_from("192.0.2.1");
    struct source source;
    source_of(&asker, &source);
    if (row->person != NULL)
        assert_int_equal(person_token(&here->context, &account, &asker, source.key, row->person, "",
                                      clock_read().now, caller.person),
                         MEDGL_OK);
    const struct talk talk = script_talk(&script);
    const struct access_request request = {.caller = &caller, .user = here->user};
    enum access_verdict verdict = ACCESS_DENIED;
    assert_int_equal(operation_access(&here->context, &talk, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, row->verdict);
    close_here(NULL);
}

int main(void)
{
    static const unsigned paper_of[] = {DEVICE | CODES, DEVICE | WAIVER_CODE};
    TABLE_ADD("login", login_rows, test_login);
    table_add("once", "R24 a code of a device", test_code_once, NULL);
    table_add("once", "a right code with a wrong password is not used up", test_code_is_not_lost,
              NULL);
    table_add("once", "recovery codes", test_paper_once, &paper_of[0]);
    table_add("once", "codes of a waiver", test_paper_once, &paper_of[1]);
    table_add("grant", "R03 revoked: its codes are dead", test_revoked_waiver, NULL);
    TABLE_ADD("wrong codes", closing_rows, test_counted);
    table_add("wrong codes", "R24 ten are too many here", test_closed, NULL);
    table_add("R23", "the same words whatever was wrong", test_alike, NULL);
    TABLE_ADD("one prompt", one_rows, test_one_prompt);
    TABLE_ADD("R23 one prompt, again", again_rows, test_again);
    table_add("R24 enrolment at the login", "in silence nobody would see the key", test_unseen,
              NULL);
    TABLE_ADD("a card alone", by_card_rows, test_by_card);
    TABLE_ADD("R24 enrolment at the login", phone_rows, test_enrol);
    return table_run("second factors");
}
