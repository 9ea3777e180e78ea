/* What is one guess, and what is counted of it (R20): tables of tries on a real store. */
#include "tests/unit/factor_fixture.h"
#include "tests/unit/table.h"

#include "operation/attempt.h"
#include "operation/breakglass.h"
#include "operation/report.h"
#include "policy/calendar.h"

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

/* -- one try ---------------------------------------------------------------------------------- */

#define UNKNOWN "nemo"

static enum login_verdict login_by(const char *user, const struct caller *caller,
                                   const char *password)
{
    struct script script = {.answers = {password}};
    const struct talk talk = script_talk(&script);
    const struct login_request request = {.caller = caller, .user = user};
    enum login_verdict verdict = LOGIN_ALLOWED;
    assert_int_equal(operation_login(&here->context, &talk, &request, &verdict), MEDGL_OK);
    return verdict;
}

static enum login_verdict login_from(const char *user, const char *rhost, const char *password)
{
    const struct caller caller = caller_from(rhost);
    return login_by(user, &caller, password);
}

static enum medgl_error clear_key(struct store_txn *txn, void *argument)
{
    uint32_t cleared;
    return store_attempt_clear(txn, argument, NULL, &cleared);
}

static void clear_tries(const char *user)
{
    char key[CRYPTO_ID_SIZE];
    uint32_t cleared;
    if (strcmp(user, UNKNOWN) != 0) {
        assert_int_equal(operation_account_unlock(&here->context, user, NULL, "test", &cleared,
                                                  (char[OPERATION_WHY_SIZE]){""}),
                         MEDGL_OK);
        return;
    }
    assert_int_equal(attempt_stand_in(&here->context, user, key), MEDGL_OK);
    assert_int_equal(store_transact(here->context.store, STORE_WRITE, clear_key, key), MEDGL_OK);
}

static uint32_t failures_to_tell(void)
{
    struct account_report report;
    assert_int_equal(operation_account_show(&here->context, here->user, &report, NULL, NULL),
                     MEDGL_OK);
    return report.activity.failures;
}

/* -- the same guess again --------------------------------------------------------------------- */

/* Tries, a letter each: a..z is a guess from one place, A..Z the same from another; '=' the right
 * password from the first, '~' a text that cannot be a password, '.' from here on any
 * lock is over, '!' an administrator clears, '@' the policy's cost is raised. */
static const struct repeat_row {
    const char *name, *tries;
    unsigned counted, repeated, locked;
    bool open; /* to the right password afterwards, from the first place */
} repeat_rows[] = {
    {"the same", "aaaaaaaa", 1, 7, 0, true},
    {"two alternating", "abababab", 2, 6, 0, true},
    {"two alternating from two places", "aAbBaAbB", 4, 4, 0, true},
    {"the same from two places", "aaAA", 2, 2, 0, true},
    {"different ones", "abcde", 5, 0, 1, false},
    {"the last before the limit again", "abcddddd", 4, 4, 0, true},
    {"a new one after many of the same", "aaaaabcde", 5, 4, 1, false},
    {"while locked nothing is known again", "abcdeaaa", 5, 0, 1, false},
    {"a known one after the lock's end", "abcde.aaee", 5, 4, 1, true},
    {"a new one after the lock's end", "abcde.f", 6, 0, 2, true},
    {"after a clearing", "aa!aa", 2, 2, 0, true},
    {"after a success", "aa=aa", 2, 2, 0, true},
    {"no text", "~~~~~", 5, 0, 1, false},
    {"no text between the same", "a~a~a", 3, 2, 0, true},
    {"after the cost was raised", "aa@aa", 1, 3, 0, true}, /* at the record's own cost */
};

/* A guess; `past`: any lock is over when it is admitted, and begins anew when it has failed. */
static void guess_from(const char *user, const char *rhost, const char *guess, bool past)
{
    auto_clean(proof_clear) struct proof proof;
    auto_secret struct secret typed = SECRET_NONE;
    const struct caller caller = caller_from(rhost);
    struct policy *policy = &here->context.policy;
    const struct policy_span lock = policy->lock_time;
    assert_int_equal(secret_copy(&typed, guess, strlen(guess)), MEDGL_OK);
    assert_int_equal(proof_find(&here->context, &caller, user, PROOF_LOGIN, &proof), MEDGL_OK);
    if (past)
        policy->lock_time = (struct policy_span){0};
    assert_int_equal(proof_verify(&proof, &typed), MEDGL_OK);
    policy->lock_time = lock;
    assert_int_equal(proof_commit(&proof), MEDGL_OK);
    assert_false(proof.decision.allowed);
}

static void try_all(const char *user, const char *tries)
{
    const char *const places[] = {"192.0.2.1", "198.51.100.7"};
    char guess[] = "Some-Guess-0?";
    bool past = false;
    for (; *tries != '\0'; tries++) {
        const bool other = *tries >= 'A' && *tries <= 'Z';
        if (*tries == '.')
            past = true;
        else if (*tries == '!')
            clear_tries(user);
        else if (*tries == '@')
            here->context.policy.kdf_time++;
        else if (*tries == '=')
            assert_int_equal(login_from(user, places[0], here->issued), LOGIN_ALLOWED);
        else if (*tries == '~')
            assert_int_equal(login_from(user, places[0], "\1"), LOGIN_REFUSED);
        else {
            guess[sizeof(guess) - 2] = (char)(other ? *tries - 'A' + 'a' : *tries);
            guess_from(user, places[other], guess, past);
        }
    }
}

static void known_again(void **state)
{
    const struct repeat_row *row = *state;
    enrol(here);
    issue(here);
    try_all(here->user, row->tries);
    const struct tally tally = tally_of(here);
    assert_int_equal(tally.counted, row->counted);
    assert_int_equal(tally.repeated, row->repeated);
    assert_int_equal(tally.kinds[LEDGER_LOGIN_LOCKED], row->locked);
    if (strchr(row->tries, '.') != NULL)
        here->context.policy.lock_time = (struct policy_span){0};
    assert_int_equal(login_from(here->user, "192.0.2.1", here->issued),
                     row->open ? LOGIN_ALLOWED : LOGIN_REFUSED);
    assert_int_equal(verify(here), MEDGL_OK);
}

/* R23: a name that is not enrolled is counted alike. */
static void unknown_alike(void **state)
{
    const struct repeat_row *row = *state;
    if (strpbrk(row->tries, "=@") != NULL) /* nothing is right there, and nothing is stored */
        return;
    here->context.policy.unenrolled = POLICY_UNENROLLED_DENY;
    try_all(UNKNOWN, row->tries);
    const struct tally tally = tally_of(here);
    assert_int_equal(tally.counted, row->counted);
    assert_int_equal(tally.repeated, row->repeated);
    assert_int_equal(tally.kinds[LEDGER_LOGIN_LOCKED], row->locked);
}

/* R21: what is repeated is told of as one failed try, with the time of the last. */
static void told_once(void **state)
{
    (void)state;
    enrol(here);
    issue(here);
    try_all(here->user, "aaab");
    assert_int_equal(failures_to_tell(), 2);
}

/* R17: the current password, asked for in order to change it. */
static void a_change_knows_it_again(void **state)
{
    const char *const answers[] = {WRONG_AGAIN, NULL};
    (void)state;
    enrol(here);
    issue(here);
    for (int i = 0; i < 6; i++)
        assert_int_equal(try_change(here, answers, NULL, 0), CHANGE_WRONG_CURRENT);
    const struct tally tally = tally_of(here);
    assert_int_equal(tally.counted, 1);
    assert_int_equal(tally.repeated, 5);
}

/* R23: the right password of a closed account is known again like a wrong one. */
static void a_closed_account_alike(void **state)
{
    char why[OPERATION_WHY_SIZE];
    (void)state;
    enrol(here);
    issue(here);
    assert_int_equal(operation_account_disable(&here->context, here->user, "leave", why), MEDGL_OK);
    for (int i = 0; i < 6; i++)
        assert_int_equal(login_from(here->user, "192.0.2.1", here->issued), LOGIN_REFUSED);
    assert_int_equal(tally_of(here).counted, 1);
    assert_int_equal(tally_of(here).repeated, 5);
}

/* -- a second factor -------------------------------------------------------------------------- */

static int64_t codes_used; /* steps of the device that were, counted from now */

/* A code of the device, right or wrong, and a password. */
static enum login_reason with_code(bool right, const char *password)
{
    auto_clean(proof_clear) struct proof proof;
    auto_secret struct secret typed = SECRET_NONE;
    const struct caller caller = caller_from("192.0.2.1");
    const char *code = right ? shown(codes_used++) : not_shown();
    assert_int_equal(secret_copy(&typed, password, strlen(password)), MEDGL_OK);
    assert_int_equal(proof_find(&here->context, &caller, here->user, PROOF_LOGIN, &proof),
                     MEDGL_OK);
    proof.second.form = CODE_DIGITS;
    (void)snprintf(proof.second.code, sizeof(proof.second.code), "%s", code);
    assert_int_equal(proof_verify(&proof, &typed), MEDGL_OK);
    assert_int_equal(proof_commit(&proof), MEDGL_OK);
    assert_int_equal(proof.decision.allowed, proof.decision.reason == LOGIN_REASON_OK);
    return proof.decision.reason;
}

/* How often administrators were told of something. */
struct told {
    enum alert_kind kind;
    unsigned count;
};

static enum medgl_error told_alert(void *argument, const struct alert *alert)
{
    struct told *told = argument;
    told->count += alert->kind == told->kind ? alert->count : 0;
    return MEDGL_OK;
}

static enum medgl_error told_read(struct store_txn *txn, void *argument)
{
    return store_alert_each(txn, true, told_alert, argument);
}

static unsigned told_of(enum alert_kind kind)
{
    struct told told = {.kind = kind};
    assert_int_equal(store_transact(here->context.store, STORE_READ, told_read, &told), MEDGL_OK);
    return told.count;
}

static void codes_locked(void *argument, const struct lockout_record *record)
{
    bool *locked = argument;
    assert_string_equal(record->source, "");
    *locked = *locked || (record->codes && record->locked);
}

static bool codes_are_locked(void)
{
    bool locked = false;
    assert_int_equal(operation_report_lockouts(&here->context, true, codes_locked, &locked),
                     MEDGL_OK);
    return locked;
}

/* NIST SP 800-63B-4, 3.2.2: three wrong codes close the factor, however slowly they come, until an
 * administrator opens it. What came before: w a wrong code, r a right one, s the source was
 * unlocked, a the account was. */
static const struct codes_row {
    const char *name, *before;
    enum login_reason right; /* what a right code comes to then */
    unsigned codes, told;    /* counted; administrators were told */
} codes_rows[] = {
    {"one less", "ww", LOGIN_REASON_OK, 2, 0},
    {"as many", "www", LOGIN_REASON_FACTOR_CLOSED, 3, 1},
    {"more is no news", "wwwww", LOGIN_REASON_FACTOR_CLOSED, 5, 1},
    {"a right one between them", "wwrww", LOGIN_REASON_OK, 2, 0},
    {"a right one is too late", "wwwr", LOGIN_REASON_FACTOR_CLOSED, 3, 1},
    {"unlocking the source does not open it", "wwws", LOGIN_REASON_FACTOR_CLOSED, 3, 1},
    {"unlocking the account does", "wwwa", LOGIN_REASON_OK, 0, 1},
    {"unlocked before", "wwaw", LOGIN_REASON_OK, 1, 0},
    {"closed again", "wwwawww", LOGIN_REASON_FACTOR_CLOSED, 3, 2},
};

static void codes_step(char step)
{
    uint32_t cleared;
    switch (step) {
    case 'w': /* the same password: a code is another guess each time */
        assert_int_equal(with_code(false, here->issued), LOGIN_REASON_WRONG_FACTOR);
        break;
    case 'r':
        (void)with_code(true, here->issued);
        break;
    case 's':
        assert_int_equal(operation_account_unlock(&here->context, here->user, "192.0.2.1", "test",
                                                  &cleared, (char[OPERATION_WHY_SIZE]){""}),
                         MEDGL_OK);
        break;
    default:
        clear_tries(here->user);
        break;
    }
}

static void wrong_codes_add_up(void **state)
{
    const struct codes_row *row = *state;
    struct account_report report;
    enrol(here);
    issue(here);
    codes_used = 0;
    enrol_device(here);
    here->context.policy.factor_failures = 3;
    here->context.policy.attempts_per_source = 100;
    for (const char *step = row->before; *step != '\0'; step++)
        codes_step(*step);
    assert_int_equal(operation_account_show(&here->context, here->user, &report, NULL, NULL),
                     MEDGL_OK);
    assert_int_equal(report.activity.factor_failures, row->codes);
    assert_int_equal(report.factor_limit, 3);
    assert_int_equal(codes_are_locked(), row->right != LOGIN_REASON_OK);
    assert_int_equal(tally_of(here).kinds[LEDGER_LOGIN_LOCKED], row->told);
    assert_int_equal(told_of(ALERT_LOCKOUT), row->told);
    assert_int_equal(with_code(true, here->issued), row->right);
    /* Where no code is asked for none is missing. */
}

/* -- one source at many accounts -------------------------------------------------------------- */

static const struct spread_row {
    const char *name;
    unsigned names, unseen; /* while the first of them failed nobody looked */
    unsigned told;
} spread_rows[] = {
    {"one less", 2, 0, 0},     {"as many", 3, 0, 1},
    {"more", 5, 0, 3},         {"the try that made it as many was missed", 4, 3, 1},
    {"nobody looks", 5, 5, 0},
};

static void spread(void **state)
{
    const struct spread_row *row = *state;
    struct policy *policy = &here->context.policy;
    char name[16];
    policy->unenrolled = POLICY_UNENROLLED_DENY;
    for (unsigned i = 0; i < row->names; i++) {
        policy->attempts_spread = i < row->unseen ? 0 : 3;
        (void)snprintf(name, sizeof(name), "nemo%u", i);
        for (int again = 0; again < 2; again++) /* the same try again is none more */
            guess_from(name, "192.0.2.1", "Some-Guess-0?", false);
    }
    assert_int_equal(told_of(ALERT_SPREAD), row->told);
}

/* -- who is closed ---------------------------------------------------------------------------- */

#define OWNER     "daemon" /* a Unix user that is not root */
#define OWNER_UID 1

static enum medgl_error take_code(void *argument, const struct account *account,
                                  const struct breakglass *row, const struct secret *code)
{
    (void)argument, (void)account, (void)row;
    (void)snprintf(here->issued, sizeof(here->issued), "%s", (const char *)code->bytes);
    return MEDGL_OK;
}

/* In the small store, with what is in its envelope. */
static void enrol_sealed(const struct account_add_request *request)
{
    const struct breakglass_seal_request seal = {
        .name = OWNER, .way = "file", .deliver = take_code};
    struct breakglass sealed;
    char why[OPERATION_WHY_SIZE];
    context_close(&here->context);
    assert_int_equal(context_open_breakglass(here->root, CONTEXT_STATE, &here->context), MEDGL_OK);
    here->context.actor.roles = ROLE_ROOT;
    assert_int_equal(operation_account_add(&here->context, request, why), MEDGL_OK);
    assert_int_equal(operation_breakglass_seal(&here->context, &seal, &sealed, why), MEDGL_OK);
}

static void enrol_as(enum account_class class_)
{
    const struct account_add_request request = {
        .name = OWNER, .uid = OWNER_UID, .class_ = class_, .person.full_name = ""};
    char why[OPERATION_WHY_SIZE];
    (void)snprintf(here->user, sizeof(here->user), "%s", OWNER);
    if (class_ == ACCOUNT_CLASS_BREAKGLASS) {
        enrol_sealed(&request);
        return;
    }
    assert_int_equal(operation_account_add(&here->context, &request, why), MEDGL_OK);
    issue(here);
}

static void guess_from_everywhere(unsigned count)
{
    char rhost[32];
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(rhost, sizeof(rhost), "203.0.113.%u", i + 1);
        assert_int_equal(login_from(OWNER, rhost, WRONG), LOGIN_REFUSED);
    }
}

/* After as many guesses from the network as close the account there. */
static const struct spared_row {
    const char *name;
    enum account_class class_;
    struct caller caller;
    enum login_verdict verdict;
} spared_rows[] = {
    {"another address",
     ACCOUNT_CLASS_STAFF,
     {.trusted = true, .service = "sshd", .rhost = "192.0.2.1"},
     LOGIN_REFUSED},
    {"a console",
     ACCOUNT_CLASS_STAFF,
     {.trusted = true, .service = "login", .tty = "tty1"},
     LOGIN_ALLOWED},
    {"its own uid",
     ACCOUNT_CLASS_STAFF,
     {.trusted = true, .real_uid = OWNER_UID, .service = "sudo", .tty = "pts/1"},
     LOGIN_ALLOWED},
    {"its own uid through the socket",
     ACCOUNT_CLASS_STAFF,
     {.peer_uid = OWNER_UID, .real_uid = -1, .service = "swaylock"},
     LOGIN_ALLOWED},
    {"its own uid, from an address",
     ACCOUNT_CLASS_STAFF,
     {.trusted = true, .real_uid = OWNER_UID, .service = "web", .rhost = "192.0.2.1"},
     LOGIN_REFUSED},
    {"another uid",
     ACCOUNT_CLASS_STAFF,
     {.trusted = true, .real_uid = OWNER_UID + 1, .service = "su", .tty = "pts/1"},
     LOGIN_REFUSED},
    {"break-glass, from an address",
     ACCOUNT_CLASS_BREAKGLASS,
     {.trusted = true, .service = "sshd", .rhost = "192.0.2.1"},
     LOGIN_ALLOWED},
};

static void spared(void **state)
{
    const struct spared_row *row = *state;
    enrol_as(row->class_);
    here->context.policy.attempts_per_account = 6;
    (void)snprintf(here->context.policy.classes[ACCOUNT_CLASS_BREAKGLASS - 1].places,
                   POLICY_RULE_SIZE, "any");
    guess_from_everywhere(8);
    assert_int_equal(login_by(OWNER, &row->caller, here->issued), row->verdict);
}

/* R32: a break-glass account is delayed, whatever is guessed. */
static void break_glass_is_never_locked(void **state)
{
    (void)state;
    enrol_as(ACCOUNT_CLASS_BREAKGLASS);
    (void)snprintf(here->context.policy.classes[ACCOUNT_CLASS_BREAKGLASS - 1].places,
                   POLICY_RULE_SIZE, "any");
    for (int i = 0; i < 30; i++)
        assert_int_equal(login_from(OWNER, "192.0.2.1", WRONG), LOGIN_REFUSED);
    const struct tally tally = tally_of(here);
    assert_int_equal(tally.counted, 30);
    assert_int_equal(tally.kinds[LEDGER_LOGIN_LOCKED], 0);
    assert_string_equal(tally.class_, "breakglass");
    assert_int_equal(login_from(OWNER, "192.0.2.1", here->issued), LOGIN_ALLOWED);
}

/* -- a flood at what is never closed ---------------------------------------------------------- */

struct plant {
    char account_id[CRYPTO_ID_SIZE];
    unsigned count;
    medgl_time now; /* of the latest */
};

/* Failures, a millisecond apart, from two places in turn. */
static enum medgl_error plant_now(struct store_txn *txn, void *argument)
{
    struct plant *plant = argument;
    struct account account;
    plant->now = clock_read().now;
    MEDGL_TRY(store_account_by_name(txn, OWNER, &account));
    (void)snprintf(plant->account_id, sizeof(plant->account_id), "%s", account.id);
    for (unsigned i = 0; i < plant->count; i++) {
        const medgl_time at = plant->now - (medgl_time)(plant->count - 1 - i);
        struct attempt attempt = {.service = "sshd",
                                  .started = at,
                                  .deadline = at + MEDGL_MINUTE,
                                  .outcome = ATTEMPT_OUTCOME_IN_FLIGHT};
        MEDGL_TRY(crypto_random_id(attempt.id));
        memcpy(attempt.account_id, account.id, sizeof(attempt.account_id));
        (void)snprintf(attempt.source, sizeof(attempt.source), "192.0.2.%u", 1 + i % 2);
        MEDGL_TRY(store_attempt_begin(txn, &attempt));
        MEDGL_TRY(store_attempt_finish(txn, attempt.id, at, ATTEMPT_OUTCOME_FAILED, 0));
    }
    return MEDGL_OK;
}

static void plant_failures(struct plant *plant)
{
    (void)snprintf(here->context.policy.classes[ACCOUNT_CLASS_BREAKGLASS - 1].places,
                   POLICY_RULE_SIZE, "any");
    assert_int_equal(store_transact(here->context.store, STORE_WRITE, plant_now, plant), MEDGL_OK);
}

#define MANY 2000

/* The next try after MANY failures from 192.0.2.1 and .2, that much later. */
static const struct flood_row {
    const char *name;
    enum account_class class_;
    struct source source;
    medgl_time later;
    enum attempt_verdict verdict;
} flood_rows[] = {
    {"at once", ACCOUNT_CLASS_STAFF, {"192.0.2.1", .remote = true}, 0, ATTEMPT_DELAYED},
    {"later",
     ACCOUNT_CLASS_STAFF,
     {"192.0.2.1", .remote = true},
     MEDGL_MINUTE,
     ATTEMPT_LOCKED_SOURCE},
    {"from elsewhere",
     ACCOUNT_CLASS_STAFF,
     {"192.0.2.3", .remote = true},
     0,
     ATTEMPT_LOCKED_ACCOUNT},
    {"at the machine", ACCOUNT_CLASS_STAFF, {"tty1", .console = true}, 0, ATTEMPT_ADMITTED},
    {"much later", ACCOUNT_CLASS_STAFF, {"192.0.2.1", .remote = true}, MEDGL_DAY, ATTEMPT_ADMITTED},
    {"break-glass, at once",
     ACCOUNT_CLASS_BREAKGLASS,
     {"192.0.2.1", .remote = true},
     0,
     ATTEMPT_DELAYED},
    {"break-glass, later",
     ACCOUNT_CLASS_BREAKGLASS,
     {"192.0.2.1", .remote = true},
     MEDGL_MINUTE,
     ATTEMPT_ADMITTED},
    {"break-glass, from elsewhere",
     ACCOUNT_CLASS_BREAKGLASS,
     {"192.0.2.3", .remote = true},
     0,
     ATTEMPT_ADMITTED},
};

struct flood_look {
    const struct flood_row *row;
    const struct policy *policy;
    struct plant plant;
    struct attempt_counts all, counted;
    struct attempt_decision from_all, judged;
};

static enum medgl_error flood_look(struct store_txn *txn, void *argument)
{
    struct flood_look *look = argument;
    const struct source *source = &look->row->source;
    const medgl_time now = look->plant.now + look->row->later;
    struct account account;
    MEDGL_TRY(store_account_by_id(txn, look->plant.account_id, &account));
    MEDGL_TRY(store_attempt_count(txn, account.id, source->key, now,
                                  policy_span_most(look->policy->attempt_window), UINT32_MAX,
                                  &look->all));
    const struct attempt_facts facts = attempt_facts_from(&look->all, &account, source);
    look->from_all = policy_attempt(look->policy, &facts, now);
    MEDGL_TRY(attempt_count(look->policy, txn, account.id, source, now, &look->counted));
    return attempt_judge(look->policy, txn, &account, account.id, source, now, &look->judged);
}

static void flooded(void **state)
{
    struct policy policy = here->context.policy;
    struct flood_look look = {.row = *state, .policy = &policy, .plant.count = MANY};
    struct account_report report;
    enrol_as(look.row->class_);
    plant_failures(&look.plant);
    policy.attempt_delay = (struct policy_span){.milliseconds = MEDGL_SECOND};
    policy.attempt_delay_max = (struct policy_span){.milliseconds = 30 * MEDGL_SECOND};
    assert_int_equal(store_transact(here->context.store, STORE_WRITE, flood_look, &look), MEDGL_OK);
    assert_int_equal(look.all.account_failures, MANY);
    assert_int_equal(look.counted.account_failures, 128);
    assert_true(look.counted.source_failures <= 128);
    assert_int_equal(look.judged.verdict, look.row->verdict);
    assert_int_equal(look.judged.verdict, look.from_all.verdict);
    assert_int_equal(look.judged.until, look.from_all.until);
    assert_int_equal(operation_account_show(&here->context, OWNER, &report, NULL, NULL), MEDGL_OK);
    assert_int_equal(report.total.account_failures, MANY);
}

/* Twenty failures are the limit. */
static const struct guessed_row {
    const char *name;
    enum account_class class_;
    unsigned planted, tries;
    unsigned told, locked;
    const char *text; /* of what was told */
} guessed_rows[] = {
    {"one less", ACCOUNT_CLASS_BREAKGLASS, 17, 2, 0, 0, NULL},
    {"as many", ACCOUNT_CLASS_BREAKGLASS, 18, 2, 1, 0, ": 20 failed tries at account " OWNER},
    {"more, which are folded", ACCOUNT_CLASS_BREAKGLASS, 18, 4, 3, 0, ": 22 failed tries at "},
    {"many", ACCOUNT_CLASS_BREAKGLASS, MANY, 1, 1, 0, ": 128 failed tries or more at account "},
    {"another account is closed", ACCOUNT_CLASS_STAFF, 19, 1, 1, 1, "is closed for "},
};

static enum medgl_error guessed_text(void *argument, const struct alert *alert)
{
    struct alert *last = argument;
    if (alert->kind == ALERT_LOCKOUT)
        *last = *alert;
    return MEDGL_OK;
}

static enum medgl_error guessed_read(struct store_txn *txn, void *argument)
{
    return store_alert_each(txn, true, guessed_text, argument);
}

static void guessed_at(void **state)
{
    const struct guessed_row *row = *state;
    struct plant plant = {.count = row->planted};
    struct alert alert = {.source = ""};
    char guess[] = "Some-Guess-0?";
    enrol_as(row->class_);
    here->context.policy.attempts_per_account = 20;
    plant_failures(&plant);
    for (unsigned i = 0; i < row->tries; i++) {
        guess[sizeof(guess) - 2] = (char)('a' + i);
        guess_from(OWNER, "203.0.113.9", guess, false);
    }
    assert_int_equal(told_of(ALERT_LOCKOUT), row->told);
    assert_int_equal(tally_of(here).kinds[LEDGER_LOGIN_LOCKED], row->locked);
    assert_int_equal(tally_of(here).kinds[LEDGER_ALERT_RAISE],
                     (row->told > 0) + told_of(ALERT_BREAKGLASS)); /* its seal */
    assert_int_equal(store_transact(here->context.store, STORE_READ, guessed_read, &alert),
                     MEDGL_OK);
    if (row->text != NULL)
        assert_non_null(strstr(alert.text, row->text));
    assert_string_equal(alert.source, "");
}

/* -- what was never finished ------------------------------------------------------------------ */

/* Eight days ago a process died with a try in flight, and nobody tried again. */
static const struct forgotten_row {
    const char *name;
    bool known;
} forgotten_rows[] = {{"of an account", true}, {"of a name that is not enrolled", false}};

static enum medgl_error die_in_flight(struct store_txn *txn, void *argument)
{
    const medgl_time long_ago = clock_read().now - 8 * MEDGL_DAY;
    struct attempt attempt = {.source = "192.0.2.1",
                              .service = "sshd",
                              .started = long_ago,
                              .deadline = long_ago + MEDGL_MINUTE,
                              .outcome = ATTEMPT_OUTCOME_IN_FLIGHT};
    const char *name = argument;
    struct account account;
    MEDGL_TRY(crypto_random_id(attempt.id));
    if (name != NULL) {
        MEDGL_TRY(store_account_by_name(txn, name, &account));
        memcpy(attempt.account_id, account.id, sizeof(attempt.account_id));
    } else {
        MEDGL_TRY(attempt_stand_in(&here->context, UNKNOWN, attempt.account_id));
    }
    return store_attempt_begin(txn, &attempt);
}

static void forgotten(void **state)
{
    const struct forgotten_row *row = *state;
    char dead[sizeof(here->user)];
    memcpy(dead, here->user, sizeof(dead));
    enrol(here);
    enrol_as(ACCOUNT_CLASS_STAFF);
    assert_int_equal(
        store_transact(here->context.store, STORE_WRITE, die_in_flight, row->known ? dead : NULL),
        MEDGL_OK);
    reopen(here);
    for (int i = 0; i < 2; i++) { /* of another account */
        assert_int_equal(login_from(OWNER, "192.0.2.1", here->issued), LOGIN_ALLOWED);
        assert_int_equal(tally_of(here).kinds[LEDGER_LOGIN_ABANDONED], 1);
    }
    assert_int_equal(verify(here), MEDGL_OK);
}

/* -- the line of evaluations ------------------------------------------------------------------ */

static void a_line_of_its_own(void **state)
{
    (void)state;
    struct context *context = &here->context;
    context->console = true;
    assert_string_equal(context_line(context).directory, context->kdf_directory_console);
    assert_int_equal(context_line(context).slots, 1);
    context->console = false;
    assert_string_equal(context_line(context).directory, context->kdf_directory);
    assert_int_equal(rmdir(context->kdf_directory_console), 0); /* by an older tmpfiles.d */
    reopen(here);
    context->console = true;
    assert_string_equal(context_line(context).directory, context->kdf_directory);
    assert_int_equal(context_line(context).slots, context->policy.kdf_slots);
}

int main(void)
{
    TABLE_ADD("R20 the same again", repeat_rows, known_again);
    TABLE_ADD("R20 R23 of an unknown name", repeat_rows, unknown_alike);
    table_add("R21", "the same again is told of once", told_once, NULL);
    table_add("R17", "a change knows a wrong one again", a_change_knows_it_again, NULL);
    table_add("R23", "a closed account knows it again alike", a_closed_account_alike, NULL);
    TABLE_ADD("R24 wrong codes", codes_rows, wrong_codes_add_up);
    TABLE_ADD("R20 one source at many accounts", spread_rows, spread);
    TABLE_ADD("R20 while strangers have closed the account", spared_rows, spared);
    table_add("R32", "a break-glass account is never locked", break_glass_is_never_locked, NULL);
    TABLE_ADD("R20 R32 after a flood", flood_rows, flooded);
    TABLE_ADD("R07 R32 guesses at what is never closed", guessed_rows, guessed_at);
    TABLE_ADD("R20 died long ago", forgotten_rows, forgotten);
    table_add("R20", "a line of its own before the machine", a_line_of_its_own, NULL);
    for (size_t i = 0; i < table_count; i++) {
        table_tests[i].setup_func = open_here;
        table_tests[i].teardown_func = close_here;
    }
    return table_run("attempts");
}
