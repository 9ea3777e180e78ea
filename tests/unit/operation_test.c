/* operation/ on a real store in a private root: what a person and an administrator can do, and what
 * they must not. */
#define FIXTURE_ANEW true
#include "tests/unit/operation_fixture.h"

#include "operation/session.h"

/* -- tests ------------------------------------------------------------------------------------ */

static void setup_keeps_what_is_there(void **state)
{
    struct fixture *f = *state;
    char path[PATH_MAX];
    assert_int_equal(set_up(f->root), MEDGL_ERR_EXISTS);
    assert_int_equal(verify(f), MEDGL_OK);
    context_close(&f->context);
    assert_int_equal(path_under(path, f->root, PATH_STORE_KEY), MEDGL_OK);
    assert_int_equal(unlink(path), 0);
    /* A new key could not open what the old one sealed: refuse, and leave the place empty for the
     * backup. */
    assert_int_equal(set_up(f->root), MEDGL_ERR_KEY);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(context_open(f->root, CONTEXT_STATE, &f->context), MEDGL_ERR_KEY);
}

/* R18 R15 R02 R21: from the slip to the second login. */
static void an_issued_password_must_be_changed(void **state)
{
    struct fixture *f = *state;
    enrol(f);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", WRONG), LOGIN_REFUSED); /* none yet */
    issue(f);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", f->issued), LOGIN_ALLOWED);
    assert_int_equal(try_access(f), ACCESS_CHANGE_DUE);
    const char *const answers[] = {f->issued, PASSWORD_ONE, PASSWORD_ONE, NULL};
    assert_int_equal(try_change(f, answers, NULL, 0), CHANGE_DONE);
    assert_int_equal(try_access(f), ACCESS_ALLOWED);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", f->issued), LOGIN_REFUSED);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* R13 R17: the table of what the owner may set. */
static void new_passwords_are_judged(void **state)
{
    struct fixture *f = *state;
    enrol(f);
    f->context.policy.password_min_age = (struct policy_span){0};
    set_password(f, PASSWORD_ONE);
    static const struct {
        const char *name, *answers[8];
        enum change_verdict verdict;
        const char *heard;
    } cases[] = {
        {"wrong current", {WRONG}, CHANGE_WRONG_CURRENT, "Current"},
        {"gives up", {PASSWORD_ONE}, CHANGE_ABORTED, "New password"},
        {"too short", {PASSWORD_ONE, "a1-", "a1-", "a1-"}, CHANGE_TRIES_USED, "too short"},
        {"no symbol",
         {PASSWORD_ONE, "abcdefgh12345", "abcdefgh12345", "abcdefgh12345"},
         CHANGE_TRIES_USED,
         "symbols"},
        {"the same",
         {PASSWORD_ONE, PASSWORD_ONE, PASSWORD_ONE, PASSWORD_ONE},
         CHANGE_TRIES_USED,
         "current password"},
        {"too long", {PASSWORD_ONE, "\1", "\1", "\1"}, CHANGE_TRIES_USED, "too long"},
        {"control character",
         {PASSWORD_ONE, "abc\tdefgh-123", "abc\tdefgh-123", "abc\tdefgh-123"},
         CHANGE_TRIES_USED,
         "cannot be used"},
        {"mistyped twice",
         {PASSWORD_ONE, PASSWORD_TWO, "x", PASSWORD_TWO, "x", "a1-"},
         CHANGE_TRIES_USED,
         "differ"},
        {"third time lucky",
         {PASSWORD_ONE, "a1-", "b2-", PASSWORD_TWO, PASSWORD_TWO},
         CHANGE_DONE,
         "changed"},
    };
    for (size_t i = 0; i < MEDGL_COUNT(cases); i++) {
        char heard[4096];
        print_message("# %s\n", cases[i].name);
        assert_int_equal(try_change(f, cases[i].answers, heard, sizeof(heard)), cases[i].verdict);
        assert_non_null(strstr(heard, cases[i].heard));
        assert_null(strstr(heard, PASSWORD_TWO)); /* nothing typed is ever shown */
    }
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_TWO), LOGIN_ALLOWED);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* R11: root does not set other people's passwords. */
static void root_is_referred_to_the_reset(void **state)
{
    struct fixture *f = *state;
    struct script script = {.answers = {PASSWORD_ONE, PASSWORD_TWO, PASSWORD_TWO}};
    const struct talk talk = script_talk(&script);
    struct caller caller = caller_from("");
    const struct account_add_request other = {
        .name = "nobody", .uid = 65534, .class_ = ACCOUNT_CLASS_STAFF, .person.full_name = ""};
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_account_add(&f->context, &other, why), MEDGL_OK);
    const struct change_request request = {.caller = &caller, .user = "nobody"};
    enum change_verdict verdict = CHANGE_DONE;
    assert_int_equal(operation_change(&f->context, &talk, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, CHANGE_NOT_OWNER);
    assert_non_null(strstr(script.heard, "medgl-admin password reset"));
    assert_int_equal(script.next, 0);
}

/* R20: five guesses, then refusal even of the right one; another source is not closed; unlocking
 * needs no reset. */
static void repeated_guesses_are_refused(void **state)
{
    struct fixture *f = *state;
    uint32_t cleared = 0;
    enrol(f);
    set_password(f, PASSWORD_ONE);
    for (int i = 0; i < 7; i++)
        assert_int_equal(try_login(f, f->user, "198.51.100.7", WRONG), LOGIN_REFUSED);
    assert_int_equal(try_login(f, f->user, "198.51.100.7", PASSWORD_ONE), LOGIN_REFUSED);
    assert_int_equal(try_login(f, f->user, "198.51.100.8", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_int_equal(try_login(f, f->user, "198.51.100.7", PASSWORD_ONE), LOGIN_REFUSED);
    struct tally tally = tally_of(f);
    assert_int_equal(tally.wrong, 5);
    assert_int_equal(tally.counted, 5);
    assert_int_equal(tally.kinds[LEDGER_LOGIN_LOCKED], 1);
    assert_int_equal(operation_account_unlock(&f->context, f->user, NULL, "called back", &cleared,
                                              (char[OPERATION_WHY_SIZE]){""}),
                     MEDGL_OK);
    assert_int_equal(cleared, 5);
    assert_int_equal(try_login(f, f->user, "198.51.100.7", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* R20 account-wide: twenty failures from many places close remote sources, not the console. */
static void strangers_cannot_close_the_console(void **state)
{
    struct fixture *f = *state;
    enrol(f);
    set_password(f, PASSWORD_ONE);
    for (int i = 0; i < 20; i++) {
        char rhost[32];
        (void)snprintf(rhost, sizeof(rhost), "203.0.113.%d", i + 1);
        assert_int_equal(try_login(f, f->user, rhost, WRONG), LOGIN_REFUSED);
    }
    assert_int_equal(try_login(f, f->user, "203.0.113.99", PASSWORD_ONE), LOGIN_REFUSED);
    struct caller console = caller_from("");
    (void)snprintf(console.service, sizeof(console.service), "login");
    (void)snprintf(console.tty, sizeof(console.tty), "/dev/tty1");
    struct script script = {.answers = {PASSWORD_ONE}};
    const struct talk talk = script_talk(&script);
    const struct login_request request = {.caller = &console, .user = f->user};
    enum login_verdict verdict = LOGIN_REFUSED;
    assert_int_equal(operation_login(&f->context, &talk, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, LOGIN_ALLOWED);
}

/* R20: an escape, a time-out, an empty answer are no guesses; a malformed one is. */
static void giving_up_is_no_guess(void **state)
{
    struct fixture *f = *state;
    enrol(f);
    set_password(f, PASSWORD_ONE);
    for (int i = 0; i < 10; i++)
        assert_int_equal(try_login(f, f->user, "192.0.2.1", NULL), LOGIN_ABORTED);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    for (int i = 0; i < 5; i++)
        assert_int_equal(try_login(f, f->user, "192.0.2.1", "\1"), LOGIN_REFUSED);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE), LOGIN_REFUSED);
}

/* R23 R01: who is not enrolled. */
static void users_that_are_not_enrolled(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(try_login(f, "mallory", "192.0.2.1", WRONG), LOGIN_NOT_ENROLLED);
    write_policy(f, "unenrolled = deny\n");
    reopen(f);
    for (int i = 0; i < 7; i++)
        assert_int_equal(try_login(f, "mallory", "192.0.2.1", WRONG), LOGIN_REFUSED);
    struct tally tally = tally_of(f);
    /* Locked like anybody, and its name is nowhere: it may be a password typed into the wrong
     * field. */
    assert_int_equal(tally.counted, 5);
    assert_int_equal(tally.kinds[LEDGER_LOGIN_LOCKED], 1);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* A second name of an enrolled uid is no way past lock and disabling, to pam_unix or anybody. */
static void another_name_of_an_enrolled_uid_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct account_add_request request = {.name = "otherwise",
                                                .uid = (int64_t)geteuid(),
                                                .class_ = ACCOUNT_CLASS_STAFF,
                                                .person.full_name = ""};
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.1");
    struct session_opening opening;
    char why[OPERATION_WHY_SIZE];
    enum session_verdict session = SESSION_DONE;
    assert_int_equal(try_login(f, f->user, "192.0.2.1", WRONG), LOGIN_NOT_ENROLLED);
    assert_int_equal(operation_account_add(&f->context, &request, why), MEDGL_OK);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", WRONG), LOGIN_REFUSED);
    assert_int_equal(try_access(f), ACCESS_DENIED);
    assert_int_equal(
        operation_session_open(&f->context, &talk, &caller, f->user, false, &opening, &session),
        MEDGL_OK);
    assert_int_equal(session, SESSION_REFUSED);
    /* Retired, its uid may belong to somebody new. */
    assert_int_equal(operation_account_retire(&f->context, "otherwise", "left", why), MEDGL_OK);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", WRONG), LOGIN_NOT_ENROLLED);
}

/* R20: that a lock began is told, also where the delay after a failure is as long as the lock. */
static void a_lock_is_told_under_any_delay(void **state)
{
    struct fixture *f = *state;
    enrol(f);
    set_password(f, PASSWORD_ONE);
    f->context.policy.attempts_per_source = 1;
    f->context.policy.lock_time = (struct policy_span){.milliseconds = MEDGL_MINUTE};
    f->context.policy.attempt_delay_max = (struct policy_span){.milliseconds = MEDGL_MINUTE};
    assert_int_equal(try_login(f, f->user, "192.0.2.1", WRONG), LOGIN_REFUSED);
    assert_int_equal(tally_of(f).kinds[LEDGER_LOGIN_LOCKED], 1);
}

/* R23 R20: a refusal delays the next try as a failure does: it tells nobody that there is a lock,
 * and who is refused in a loop does not fill the ledger. */
static void a_refusal_delays_like_a_failure(void **state)
{
    struct fixture *f = *state;
    struct attempt_counts counts = {.source_refused = 1, .source_refused_latest = MEDGL_DAY};
    const struct source somewhere = {.key = "192.0.2.1"};
    struct attempt_facts facts = attempt_facts_from(&counts, NULL, &somewhere);
    struct policy policy = f->context.policy;
    policy.attempt_delay = (struct policy_span){.milliseconds = MEDGL_SECOND};
    struct attempt_decision decision = policy_attempt(&policy, &facts, MEDGL_DAY);
    assert_int_equal(decision.verdict, ATTEMPT_DELAYED);
    assert_true(decision.until == MEDGL_DAY + MEDGL_SECOND);
    facts.source_refused = 99;
    decision = policy_attempt(&policy, &facts, MEDGL_DAY);
    assert_true(decision.until == MEDGL_DAY + policy.attempt_delay_max.milliseconds);

    char why[OPERATION_WHY_SIZE];
    enrol(f);
    assert_int_equal(operation_account_disable(&f->context, f->user, "leave", why), MEDGL_OK);
    f->context.policy.attempt_delay = policy.attempt_delay;
    for (int i = 0; i < 20; i++)
        assert_int_equal(try_access(f), ACCESS_DENIED);
    assert_in_range(tally_of(f).kinds[LEDGER_ACCESS_DENIED], 1, 2);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* R06: a right password that is tried out through passwd leaves its trace. */
static void a_password_tried_through_passwd_is_recorded(void **state)
{
    struct fixture *f = *state;
    enrol(f);
    f->context.policy.password_min_age = (struct policy_span){0};
    set_password(f, PASSWORD_ONE);
    const char *const answers[] = {PASSWORD_ONE, NULL};
    const unsigned before = tally_of(f).kinds[LEDGER_LOGIN_SUCCESS];
    assert_int_equal(try_change(f, answers, NULL, 0), CHANGE_ABORTED);
    assert_int_equal(tally_of(f).kinds[LEDGER_LOGIN_SUCCESS], before + 1);
}

/* How a login of a crowd ended. On a slow machine some give up waiting for others: no verdict, and
 * no success either. No other error is expected of any. */
enum ended {
    ENDED_ALLOWED,
    ENDED_REFUSED,
    ENDED_GAVE_UP,
    ENDED_BADLY,
    ENDED_COUNT
};

static enum ended ended_with(enum medgl_error error)
{
    return error == MEDGL_ERR_DEADLINE ? ENDED_GAVE_UP : ENDED_BADLY;
}

static pid_t login_process(struct fixture *f, const char *password, const int start[2])
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child != 0)
        return child;
    struct context own;
    char byte;
    struct script script = {.answers = {password}};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.1");
    const struct login_request request = {.caller = &caller, .user = f->user};
    enum login_verdict verdict = LOGIN_REFUSED;
    enum medgl_error error = context_open(f->root, CONTEXT_STATE, &own);
    if (error != MEDGL_OK)
        _exit((int)ended_with(error));
    (void)close(start[1]);
    (void)!read(start[0], &byte, 1); /* all at once */
    error = operation_login(&own, &talk, &request, &verdict);
    context_close(&own);
    if (error != MEDGL_OK)
        _exit((int)ended_with(error));
    _exit(verdict == LOGIN_ALLOWED   ? ENDED_ALLOWED
          : verdict == LOGIN_REFUSED ? ENDED_REFUSED
                                     : ENDED_BADLY);
}

/* How many of `count` logins at once ended in which way. */
static void login_crowd(struct fixture *f, const char *const *passwords, size_t count,
                        unsigned ended[ENDED_COUNT])
{
    int start[2];
    assert_int_equal(pipe(start), 0);
    for (size_t i = 0; i < count; i++)
        (void)login_process(f, passwords[i], start);
    (void)close(start[1]);
    (void)close(start[0]);
    memset(ended, 0, ENDED_COUNT * sizeof(*ended));
    for (size_t i = 0; i < count; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_true(WIFEXITED(status));
        ended[WEXITSTATUS(status) < ENDED_COUNT ? WEXITSTATUS(status) : ENDED_BADLY]++;
    }
}

/* pam_faillock evaluated all of sixty parallel guesses at deny=5. */
static void sixty_guesses_at_once_are_five(void **state)
{
    struct fixture *f = *state;
    const char *passwords[60];
    unsigned ended[ENDED_COUNT];
    enrol(f);
    set_password(f, PASSWORD_ONE);
    for (size_t i = 0; i < MEDGL_COUNT(passwords); i++)
        passwords[i] = WRONG;
    context_close(&f->context); /* no lock or connection of ours is inherited */
    login_crowd(f, passwords, MEDGL_COUNT(passwords), ended);
    assert_int_equal(ended[ENDED_ALLOWED] + ended[ENDED_BADLY], 0);
    assert_true(ended[ENDED_REFUSED] >= 5);
    reopen(f);
    struct tally tally = tally_of(f);
    /* Whose guess is not counted found five before it: counted, or of somebody who gave up. */
    assert_in_range(tally.counted + ended[ENDED_GAVE_UP], 5, 60);
    assert_in_range(tally.counted, 1, 5);
    assert_int_equal(tally.wrong, tally.counted);
    for (unsigned left = 5 - tally.counted; left > 0; left--)
        assert_int_equal(try_login(f, f->user, "192.0.2.1", WRONG), LOGIN_REFUSED);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE), LOGIN_REFUSED);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* linux-pam #71: parallel right logins must not lock. */
static void ten_right_logins_at_once_succeed(void **state)
{
    struct fixture *f = *state;
    const char *passwords[10];
    unsigned ended[ENDED_COUNT];
    enrol(f);
    set_password(f, PASSWORD_ONE);
    for (size_t i = 0; i < MEDGL_COUNT(passwords); i++)
        passwords[i] = PASSWORD_ONE;
    context_close(&f->context);
    login_crowd(f, passwords, MEDGL_COUNT(passwords), ended);
    assert_int_equal(ended[ENDED_ALLOWED], 10);
    reopen(f);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* R08: an old store put back is sound in itself; the files beside it tell. */
static void an_older_store_put_back_is_found(void **state)
{
    struct fixture *f = *state;
    char why[OPERATION_WHY_SIZE], store[PATH_MAX], copy[PATH_MAX];
    enrol(f);
    assert_int_equal(path_under(store, f->root, PATH_STORE), MEDGL_OK);
    assert_int_equal(path_under(copy, f->root, PATH_STORE ".copy"), MEDGL_OK);
    context_close(&f->context);
    copy_store(store, copy);
    assert_int_equal(context_open(f->root, CONTEXT_STATE, &f->context), MEDGL_OK);
    f->context.actor.roles = ROLE_ROOT;
    assert_int_equal(operation_account_disable(&f->context, f->user, "left", why), MEDGL_OK);
    assert_int_equal(verify(f), MEDGL_OK);
    context_close(&f->context);
    copy_store(copy, store);
    assert_int_equal(context_open(f->root, CONTEXT_STATE, &f->context), MEDGL_OK);
    f->context.actor.roles = ROLE_ROOT;
    assert_int_equal(verify(f), MEDGL_ERR_CORRUPT);
    /* As many entries as before, but others. */
    assert_int_equal(operation_account_disable(&f->context, f->user, "late", why), MEDGL_OK);
    assert_int_equal(evidence_publish(&f->context), MEDGL_ERR_CORRUPT);
    assert_int_equal(verify(f), MEDGL_ERR_CORRUPT);
}

/* -- what changes while the password is being verified ---------------------------------------- */

static void begin_login(struct fixture *f, struct caller *caller, struct proof *proof)
{
    struct secret typed = SECRET_NONE;
    *caller = caller_from("192.0.2.1");
    assert_int_equal(secret_copy(&typed, PASSWORD_ONE, strlen(PASSWORD_ONE)), MEDGL_OK);
    assert_int_equal(proof_find(&f->context, caller, f->user, PROOF_LOGIN, proof), MEDGL_OK);
    assert_int_equal(proof_verify(proof, &typed), MEDGL_OK);
    assert_true(proof->matches);
    secret_free(&typed);
}

static void disabling_wins_over_a_login_under_way(void **state)
{
    struct fixture *f = *state;
    struct proof proof;
    struct caller caller;
    char why[OPERATION_WHY_SIZE];
    enrol(f);
    set_password(f, PASSWORD_ONE);
    begin_login(f, &caller, &proof);
    assert_int_equal(operation_account_disable(&f->context, f->user, "left", why), MEDGL_OK);
    assert_int_equal(proof_commit(&proof), MEDGL_OK);
    assert_false(proof.decision.allowed);
    assert_int_equal(proof.decision.reason, LOGIN_REASON_DISABLED);
}

static void a_reset_wins_over_a_login_under_way(void **state)
{
    struct fixture *f = *state;
    struct proof proof;
    struct caller caller;
    enrol(f);
    set_password(f, PASSWORD_ONE);
    begin_login(f, &caller, &proof);
    issue(f);
    assert_int_equal(proof_commit(&proof), MEDGL_OK);
    assert_false(proof.decision.allowed);
    assert_int_equal(proof.decision.reason, LOGIN_REASON_WRONG_PASSWORD);
}

/* A verdict that comes after the try's time is up finds its reservation taken by a failure. */
/* R20: a machine too busy to verify must not count right passwords as guesses. */
static void a_wait_for_a_slot_ends_before_the_attempt(void **state)
{
    struct fixture *f = *state;
    static const char *const timeouts[] = {"attempt_timeout = 30 s\n", "",
                                           "attempt_timeout = 10 min\n"};
    for (size_t i = 0; i < MEDGL_COUNT(timeouts); i++) {
        write_policy(f, timeouts[i]);
        reopen(f);
        int64_t patience = context_line(&f->context).patience_ms;
        assert_in_range(patience, 10 * MEDGL_SECOND, 20 * MEDGL_SECOND);
        assert_true(2 * patience <= f->context.policy.attempt_timeout.milliseconds);
    }
}

/* R23: the time that a new hash takes would tell that the password of a closed account was right.
 */
static void a_closed_account_is_not_hashed_anew(void **state)
{
    struct fixture *f = *state;
    struct proof proof;
    struct caller caller;
    char why[OPERATION_WHY_SIZE];
    enrol(f);
    set_password(f, PASSWORD_ONE);
    write_policy(f, "kdf_lanes = 2\n");
    reopen(f);
    begin_login(f, &caller, &proof);
    assert_string_not_equal(proof.renewed.hash, "");
    assert_int_equal(operation_account_disable(&f->context, f->user, "left", why), MEDGL_OK);
    begin_login(f, &caller, &proof);
    assert_string_equal(proof.renewed.hash, "");
}

static void a_lost_reservation_never_succeeds(void **state)
{
    struct fixture *f = *state;
    struct proof proof;
    struct caller caller;
    enrol(f);
    set_password(f, PASSWORD_ONE);
    begin_login(f, &caller, &proof);
    f->context.policy.attempt_timeout = (struct policy_span){.milliseconds = 0};
    attempt_withdraw(&f->context, &proof.reservation); /* as good as swept: no longer in flight */
    assert_int_equal(proof_commit(&proof), MEDGL_OK);
    assert_false(proof.decision.allowed);
    assert_int_equal(proof.decision.reason, LOGIN_REASON_ATTEMPT_LOST);
}

/* A process that dies between reserving and deciding has used its guess up. */
static void a_killed_login_is_a_failure(void **state)
{
    struct fixture *f = *state;
    enrol(f);
    set_password(f, PASSWORD_ONE);
    context_close(&f->context);
    for (int i = 0; i < 5; i++) {
        pid_t child = fork();
        if (child == 0) {
            struct proof proof;
            struct caller caller;
            assert_int_equal(context_open(f->root, CONTEXT_STATE, &f->context), MEDGL_OK);
            f->context.actor.roles = ROLE_ROOT;
            begin_login(f, &caller, &proof);
            (void)raise(SIGKILL);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
    }
    reopen(f);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE), LOGIN_REFUSED);
    assert_int_equal(tally_of(f).kinds[LEDGER_LOGIN_ABANDONED], 5);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* -- accounts --------------------------------------------------------------------------------- */

/* R25: disabled, enabled, retired; a retired name never comes back. */
static void states_of_an_account(void **state)
{
    struct fixture *f = *state;
    char why[OPERATION_WHY_SIZE];
    const struct account_add_request again = {.name = f->user,
                                              .uid = (int64_t)geteuid(),
                                              .class_ = ACCOUNT_CLASS_STAFF,
                                              .person.full_name = ""};
    enrol(f);
    set_password(f, PASSWORD_ONE);
    assert_int_equal(operation_account_add(&f->context, &again, why), MEDGL_ERR_EXISTS);
    assert_int_equal(operation_account_enable(&f->context, f->user, "x", why), MEDGL_ERR_REFUSED);
    assert_int_equal(operation_account_disable(&f->context, f->user, "", why), MEDGL_ERR_ARGUMENT);
    assert_int_equal(operation_account_disable(&f->context, f->user, "leave", why), MEDGL_OK);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE), LOGIN_REFUSED);
    assert_int_equal(try_access(f), ACCESS_DENIED);
    assert_int_equal(operation_account_enable(&f->context, f->user, "back", why), MEDGL_OK);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_int_equal(operation_account_retire(&f->context, f->user, "left", why), MEDGL_OK);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE), LOGIN_REFUSED);
    assert_int_equal(try_access(f), ACCESS_EXPIRED);
    assert_int_equal(operation_account_enable(&f->context, f->user, "x", why), MEDGL_ERR_REFUSED);
    assert_true(why[0] != '\0');
    assert_int_equal(operation_account_add(&f->context, &again, why), MEDGL_ERR_EXISTS);
    assert_int_equal(operation_account_disable(&f->context, "nemo", "x", why), MEDGL_ERR_NOT_FOUND);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* R10: raised transparently at the next login. */
static void a_raised_cost_renews_the_hash(void **state)
{
    struct fixture *f = *state;
    enrol(f);
    set_password(f, PASSWORD_ONE);
    write_policy(f, "");
    f->context.policy.kdf_time = 3;
    assert_int_equal(try_login(f, f->user, "192.0.2.1", WRONG), LOGIN_REFUSED);
    assert_int_equal(tally_of(f).kinds[LEDGER_PASSWORD_REHASH], 0);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_int_equal(tally_of(f).kinds[LEDGER_PASSWORD_REHASH], 1);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* R21 R06. */
static void sessions_tell_of_the_last_login(void **state)
{
    struct fixture *f = *state;
    const struct caller caller = caller_from("192.0.2.1");
    struct session_opening opening;
    enum session_verdict verdict;
    enrol(f);
    set_password(f, PASSWORD_ONE);
    struct script first = {.next = 0}, second = {.next = 0}, silent = {.next = 0},
                  none = {.next = 0};
    struct talk talk = script_talk(&first);
    assert_int_equal(
        operation_session_open(&f->context, &talk, &caller, f->user, false, &opening, &verdict),
        MEDGL_OK);
    assert_int_equal(verdict, SESSION_DONE);
    assert_non_null(strstr(first.heard, "first login"));
    assert_int_equal(operation_session_close(&f->context, &caller, f->user, opening.id, &verdict),
                     MEDGL_OK);
    assert_int_equal(verdict, SESSION_DONE);
    assert_int_equal(operation_session_close(&f->context, &caller, f->user, opening.id, &verdict),
                     MEDGL_OK);
    assert_int_equal(verdict, SESSION_DONE); /* closed already */

    assert_int_equal(try_login(f, f->user, "198.51.100.9", WRONG), LOGIN_REFUSED);
    assert_int_equal(try_login(f, f->user, "198.51.100.9", WRONG "5"), LOGIN_REFUSED);
    talk = script_talk(&silent);
    assert_int_equal(
        operation_session_open(&f->context, &talk, &caller, f->user, true, &opening, &verdict),
        MEDGL_OK);
    assert_string_equal(silent.heard, "");
    talk = script_talk(&second);
    assert_int_equal(
        operation_session_open(&f->context, &talk, &caller, f->user, false, &opening, &verdict),
        MEDGL_OK);
    assert_non_null(strstr(second.heard, "from 192.0.2.1 (sshd)"));
    assert_non_null(strstr(second.heard, "2 failed tries"));
    assert_non_null(strstr(second.heard, "198.51.100.9"));
    talk = script_talk(&none);
    assert_int_equal(
        operation_session_open(&f->context, &talk, &caller, f->user, false, &opening, &verdict),
        MEDGL_OK);
    assert_null(strstr(none.heard, "failed"));
    struct tally tally = tally_of(f);
    assert_int_equal(tally.kinds[LEDGER_SESSION_OPEN], 4);
    assert_int_equal(tally.kinds[LEDGER_SESSION_CLOSE], 1);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* The delivery fails: nothing was issued, the old password still holds. */
static enum medgl_error no_paper(void *argument, const struct account *account,
                                 const struct secret *password, medgl_time valid_until)
{
    (void)argument;
    (void)account;
    (void)password;
    (void)valid_until;
    return MEDGL_ERR_SPACE;
}

static void nothing_is_issued_that_cannot_be_delivered(void **state)
{
    struct fixture *f = *state;
    char why[OPERATION_WHY_SIZE];
    enrol(f);
    set_password(f, PASSWORD_ONE);
    struct reset_done done;
    struct reset_request request = {.name = f->user,
                                    .method = "known-in-person",
                                    .note = "",
                                    .requested_by = "",
                                    .delivery = RESET_SLIP,
                                    .slip_to = "file",
                                    .deliver = no_paper};
    assert_int_equal(operation_password_reset(&f->context, &request, &done, why), MEDGL_ERR_SPACE);
    request.method = "a hunch";
    assert_int_equal(operation_password_reset(&f->context, &request, &done, why),
                     MEDGL_ERR_ARGUMENT);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_int_equal(tally_of(f).kinds[LEDGER_PASSWORD_ISSUE], 1);
}

/* R20: what an attempt is counted against. */
static void sources(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool trusted;
        int64_t real_uid;
        const char *rhost, *tty, *ruser, *key;
        bool console;
    } cases[] = {
        {"IPv4", true, 0, "192.0.2.1", "ssh", "", "192.0.2.1", false},
        {"IPv6 by its /64", true, 0, "2001:db8:1:2:3:4:5:6", "ssh", "", "2001:db8:1:2::/64", false},
        {"IPv4 in IPv6", true, 0, "::ffff:192.0.2.1", "ssh", "", "192.0.2.1", false},
        {"link-local with a zone", true, 0, "fe80::1%eth0", "ssh", "", "fe80::/64", false},
        {"another loopback", true, 0, "127.7.8.9", "ssh", "", "127.0.0.1", false},
        {"a loopback in IPv6", true, 0, "::ffff:127.7.8.9", "ssh", "", "127.0.0.1", false},
        {"a name is not resolved", true, 0, "localhost", "ssh", "", "host localhost", false},
        {"console", true, 0, "", "tty1", "", "tty1", true},
        {"console by path", true, 0, "", "/dev/tty1", "", "tty1", true},
        {"serial line", true, 0, "", "ttyS0", "", "ttyS0", true},
        {"pty of root", true, 0, "", "pts/3", "", "pts/3", false},
        {"su by a user", true, 1000, "", "pts/3", "alice", "uid 1000", false},
        {"sudo", true, 0, "", "pts/3", "alice", "user alice", false},
        {"an untrusted caller lies", false, 0, "203.0.113.9", "tty1", "root", "uid 1234", false},
        {"cron", true, 0, "", "", "", "local sshd", false},
    };
    for (size_t i = 0; i < MEDGL_COUNT(cases); i++) {
        struct caller caller = caller_from(cases[i].rhost);
        struct source source;
        print_message("# %s\n", cases[i].name);
        caller.trusted = cases[i].trusted;
        caller.peer_uid = 1234;
        caller.real_uid = cases[i].real_uid;
        (void)snprintf(caller.tty, sizeof(caller.tty), "%s", cases[i].tty);
        (void)snprintf(caller.ruser, sizeof(caller.ruser), "%s", cases[i].ruser);
        source_of(&caller, &source);
        assert_string_equal(source.key, cases[i].key);
        assert_int_equal(source.console, cases[i].console);
    }
}

/* R05 R22 R27: where that is, for the access rules. */
static void places(void **state)
{
    (void)state;
    static const struct {
        const char *name, *service;
        bool trusted;
        int64_t real_uid;
        const char *rhost, *tty, *ruser;
        enum admission_origin origin;
        unsigned char address[16];
        const char *terminal;
    } cases[] = {
        {"IPv4",
         "sshd",
         true,
         0,
         "192.0.2.1",
         "ssh",
         "",
         ADMISSION_ORIGIN_ADDRESS,
         {[10] = 0xff, 0xff, 192, 0, 2, 1},
         ""},
        {"IPv4 in IPv6",
         "sshd",
         true,
         0,
         "::ffff:192.0.2.1",
         "ssh",
         "",
         ADMISSION_ORIGIN_ADDRESS,
         {[10] = 0xff, 0xff, 192, 0, 2, 1},
         ""},
        {"all of IPv6",
         "sshd",
         true,
         0,
         "2001:db8:1:2:3:4:5:6",
         "ssh",
         "",
         ADMISSION_ORIGIN_ADDRESS,
         {0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6},
         ""},
        {"a zone",
         "sshd",
         true,
         0,
         "fe80::1%eth0",
         "ssh",
         "",
         ADMISSION_ORIGIN_ADDRESS,
         {0xfe, 0x80, [15] = 1},
         ""},
        {"another loopback",
         "sshd",
         true,
         0,
         "127.7.8.9",
         "",
         "",
         ADMISSION_ORIGIN_ADDRESS,
         {[10] = 0xff, 0xff, 127, 7, 8, 9},
         ""},
        {"a name", "sshd", true, 0, "localhost", "ssh", "", ADMISSION_ORIGIN_UNKNOWN, {0}, ""},
        {"a console", "login", true, 0, "", "/dev/tty1", "", ADMISSION_ORIGIN_CONSOLE, {0}, "tty1"},
        {"a display", "gdm-password", true, 0, "", ":0", "", ADMISSION_ORIGIN_CONSOLE, {0}, ":0"},
        {"a pty of root", "login", true, 0, "", "pts/0", "", ADMISSION_ORIGIN_UNKNOWN, {0}, ""},
        {"su", "su", true, 1000, "", "pts/3", "alice", ADMISSION_ORIGIN_LOCAL, {0}, "pts/3"},
        {"su at a console", "su", true, 1000, "", "tty1", "alice", ADMISSION_ORIGIN_LOCAL, {0}, ""},
        {"su < /dev/tty",
         "su",
         true,
         1000,
         "",
         "/dev/tty",
         "alice",
         ADMISSION_ORIGIN_LOCAL,
         {0},
         ""},
        {"su < /dev/ttyUSB0",
         "su",
         true,
         1000,
         "",
         "ttyUSB0",
         "alice",
         ADMISSION_ORIGIN_LOCAL,
         {0},
         ""},
        {"su with a display", "su", true, 1000, "", ":0", "alice", ADMISSION_ORIGIN_LOCAL, {0}, ""},
        {"su at no pty", "su", true, 1000, "", "pts/x", "alice", ADMISSION_ORIGIN_LOCAL, {0}, ""},
        {"whichever terminal there is",
         "login",
         true,
         0,
         "",
         "tty",
         "",
         ADMISSION_ORIGIN_UNKNOWN,
         {0},
         ""},
        {"sudo", "sudo", true, 0, "", "/dev/pts/3", "alice", ADMISSION_ORIGIN_LOCAL, {0}, "pts/3"},
        {"root's su", "su", true, 0, "", "pts/3", "root", ADMISSION_ORIGIN_SYSTEM, {0}, ""},
        {"a user who says root",
         "su",
         true,
         1000,
         "",
         "pts/3",
         "root",
         ADMISSION_ORIGIN_LOCAL,
         {0},
         "pts/3"},
        {"root from elsewhere",
         "rsh",
         true,
         0,
         "192.0.2.1",
         "",
         "root",
         ADMISSION_ORIGIN_ADDRESS,
         {[10] = 0xff, 0xff, 192, 0, 2, 1},
         ""},
        {"cron", "cron", true, 0, "", "cron", "", ADMISSION_ORIGIN_SYSTEM, {0}, ""},
        {"atd", "atd", true, 0, "", "", "", ADMISSION_ORIGIN_SYSTEM, {0}, ""},
        {"systemd", "systemd-user", true, 0, "", "", "", ADMISSION_ORIGIN_SYSTEM, {0}, ""},
        {"cron, by a user", "cron", true, 1000, "", "cron", "", ADMISSION_ORIGIN_LOCAL, {0}, ""},
        {"cron on a pty", "cron", true, 0, "", "pts/3", "", ADMISSION_ORIGIN_UNKNOWN, {0}, ""},
        {"nothing at all", "ftpd", true, 0, "", "", "", ADMISSION_ORIGIN_UNKNOWN, {0}, ""},
        {"an untrusted caller lies",
         "cron",
         false,
         0,
         "192.0.2.1",
         "tty1",
         "root",
         ADMISSION_ORIGIN_LOCAL,
         {0},
         ""},
    };
    for (size_t i = 0; i < MEDGL_COUNT(cases); i++) {
        struct caller caller = {.trusted = cases[i].trusted, .real_uid = cases[i].real_uid};
        struct admission_place place;
        print_message("# %s\n", cases[i].name);
        (void)snprintf(caller.service, sizeof(caller.service), "%s", cases[i].service);
        (void)snprintf(caller.rhost, sizeof(caller.rhost), "%s", cases[i].rhost);
        (void)snprintf(caller.tty, sizeof(caller.tty), "%s", cases[i].tty);
        (void)snprintf(caller.ruser, sizeof(caller.ruser), "%s", cases[i].ruser);
        place_of(&caller, &place);
        assert_int_equal(place.origin, cases[i].origin);
        assert_memory_equal(place.address, cases[i].address, sizeof(place.address));
        assert_string_equal(place.terminal, cases[i].terminal);
    }
}

/* R27: whether the account's own user asks. */
static void owners(void **state)
{
    (void)state;
    static const struct account alice = {.name = "alice", .uid = 1000}, root = {.name = "root"},
                                none = {.name = ""};
    static const struct {
        const char *name;
        const struct account *account;
        struct caller caller;
        bool owner;
    } cases[] = {
        {"su", &alice, {.trusted = true, .real_uid = 1000, .ruser = "alice"}, true},
        {"su by another", &alice, {.trusted = true, .real_uid = 1001, .ruser = "bob"}, false},
        {"another who says alice",
         &alice,
         {.trusted = true, .real_uid = 1001, .ruser = "alice"},
         false},
        {"sudo", &alice, {.trusted = true, .ruser = "alice"}, true},
        {"sudo of another", &alice, {.trusted = true, .ruser = "bob"}, false},
        {"sudo, for root's password", &root, {.trusted = true, .ruser = "alice"}, false},
        {"root's su", &alice, {.trusted = true, .ruser = "root"}, false},
        {"a host that does not say", &alice, {.trusted = true, .real_uid = -1}, false},
        {"nobody", &alice, {.trusted = true}, false},
        {"another machine's alice",
         &alice,
         {.trusted = true, .rhost = "192.0.2.1", .ruser = "alice"},
         false},
        {"a screen locker", &alice, {.peer_uid = 1000, .real_uid = 1000}, true},
        {"another's locker", &alice, {.peer_uid = 1001, .real_uid = 1000, .ruser = "alice"}, false},
        {"no account", &none, {.trusted = true}, false},
    };
    for (size_t i = 0; i < MEDGL_COUNT(cases); i++) {
        print_message("# %s\n", cases[i].name);
        assert_int_equal(caller_is_owner(&cases[i].caller, cases[i].account), cases[i].owner);
    }
}

#define ON_A_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_STORE(setup_keeps_what_is_there),
        ON_A_STORE(an_issued_password_must_be_changed),
        ON_A_STORE(new_passwords_are_judged),
        ON_A_STORE(root_is_referred_to_the_reset),
        ON_A_STORE(repeated_guesses_are_refused),
        ON_A_STORE(strangers_cannot_close_the_console),
        ON_A_STORE(giving_up_is_no_guess),
        ON_A_STORE(users_that_are_not_enrolled),
        ON_A_STORE(another_name_of_an_enrolled_uid_is_refused),
        ON_A_STORE(a_lock_is_told_under_any_delay),
        ON_A_STORE(a_refusal_delays_like_a_failure),
        ON_A_STORE(a_password_tried_through_passwd_is_recorded),
        ON_A_STORE(sixty_guesses_at_once_are_five),
        ON_A_STORE(ten_right_logins_at_once_succeed),
        ON_A_STORE(an_older_store_put_back_is_found),
        ON_A_STORE(disabling_wins_over_a_login_under_way),
        ON_A_STORE(a_reset_wins_over_a_login_under_way),
        ON_A_STORE(a_wait_for_a_slot_ends_before_the_attempt),
        ON_A_STORE(a_closed_account_is_not_hashed_anew),
        ON_A_STORE(a_lost_reservation_never_succeeds),
        ON_A_STORE(a_killed_login_is_a_failure),
        ON_A_STORE(states_of_an_account),
        ON_A_STORE(a_raised_cost_renews_the_hash),
        ON_A_STORE(sessions_tell_of_the_last_login),
        ON_A_STORE(nothing_is_issued_that_cannot_be_delivered),
        cmocka_unit_test(sources),
        cmocka_unit_test(places),
        cmocka_unit_test(owners),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
