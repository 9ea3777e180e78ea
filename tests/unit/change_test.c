/* The owner changes the password, on a real store in a private root: what is said, what is refused
 * and in which words (R14, R16, R17, R19), what the history costs, and what stays behind. */
#include "operation_fixture.h"
#include "table.h"

#include "operation/import.h"
#include "operation/judge.h"

#include <argon2.h>

/* Resist guessing, and have nothing to do with each other. */
#define GOOD  "cvq7-hm2tz-xk9wp"
#define OTHER "8ydrn-4bgsu-jf6ae"

/* -- what the KDF costs --------------------------------------------------------------------- */

static unsigned evaluations;

int __real_argon2_ctx(argon2_context *context, argon2_type type);
int __wrap_argon2_ctx(argon2_context *context, argon2_type type);
int __wrap_argon2_ctx(argon2_context *context, argon2_type type)
{
    evaluations++;
    return __real_argon2_ctx(context, type);
}

/* -- helpers -------------------------------------------------------------------------------- */

static void use_policy(struct fixture *f, const char *more)
{
    char text[512];
    (void)snprintf(text, sizeof(text), "password_min_age = 0\n%s", more);
    write_policy(f, text);
    reopen(f);
    f->context.policy.kdf_memory = 64 * 1024; /* less than a policy may ask for: hundreds follow */
}

static void enrol_hanako(struct fixture *f)
{
    const struct account_add_request request = {.name = f->user,
                                                .uid = (int64_t)geteuid(),
                                                .class_ = ACCOUNT_CLASS_STAFF,
                                                .person = {.full_name = "Sato Hanako",
                                                           .reading = "さとう はなこ",
                                                           .staff_number = "H204817",
                                                           .birth_date = "1985-04-01"}};
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_account_add(&f->context, &request, why), MEDGL_OK);
}

static enum change_verdict change(struct fixture *f, const char *from, const char *to)
{
    const char *const answers[] = {from, to, to, NULL};
    return try_change(f, answers, NULL, 0);
}

/* One try, then she gives up: nothing is set, and that is why. */
static void assert_refused(struct fixture *f, const char *from, const char *to, const char *why)
{
    char heard[4096];
    const char *const answers[] = {from, to, NULL};
    assert_int_equal(try_change(f, answers, heard, sizeof(heard)), CHANGE_ABORTED);
    if (strstr(heard, why) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", why, heard);
    assert_null(strstr(strstr(heard, "New password: "), to)); /* nothing typed is ever shown */
}

static enum login_verdict log_in(struct fixture *f, const char *password)
{
    return try_login(f, f->user, "192.0.2.1", password);
}

/* Strong ones without end, each of a stem of its own. */
static const char *fresh_password(void)
{
    static char made[64][64];
    static unsigned next;
    auto_secret struct secret password = SECRET_NONE;
    assert_int_equal(password_generate(0, &password), MEDGL_OK);
    char *to = made[next++ % MEDGL_COUNT(made)];
    (void)snprintf(to, sizeof(made[0]), "%s", (const char *)password.bytes);
    return to;
}

/* -- reading and writing the store, as a test may --------------------------------------------- */

struct look {
    struct fixture *f;
    struct account account;
    struct credential password;
    struct activity activity;
    unsigned former;
    medgl_time age; /* to be added to the password */
};

static enum medgl_error look_former(void *argument, const struct credential *credential)
{
    struct look *look = argument;
    assert_int_equal(credential->kind, CREDENTIAL_FORMER);
    look->former++;
    return MEDGL_OK;
}

static enum medgl_error look_now(struct store_txn *txn, void *argument)
{
    struct look *look = argument;
    look->former = 0;
    MEDGL_TRY(store_account_by_name(txn, look->f->user, &look->account));
    MEDGL_TRY(store_activity_get(txn, look->account.id, &look->activity));
    MEDGL_TRY(
        store_credential_each_of(txn, look->account.id, CREDENTIAL_FORMER, look_former, look));
    return store_credential_get(txn, look->account.id, CREDENTIAL_PASSWORD, &look->password);
}

static struct look look_at(struct fixture *f)
{
    struct look look = {.f = f};
    assert_int_equal(store_transact(f->context.store, STORE_READ, look_now, &look), MEDGL_OK);
    return look;
}

static enum medgl_error age_now(struct store_txn *txn, void *argument)
{
    struct look *look = argument;
    MEDGL_TRY(look_now(txn, look));
    look->password.set_at -= look->age;
    look->activity.warned_at = look->password.set_at;
    look->activity.grace_used = 1;
    MEDGL_TRY(store_activity_put(txn, &look->activity));
    return store_credential_put(txn, &look->password);
}

/* As if it had been set so long ago, with a warning given and a grace login used. */
static void age_password(struct fixture *f, medgl_time age)
{
    struct look look = {.f = f, .age = age};
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, age_now, &look), MEDGL_OK);
}

/* -- refusals ------------------------------------------------------------------------------- */

struct refusal {
    const char *name, *policy;
    const char *typed; /* instead of GOOD */
    const char *heard;
};

static const struct refusal refusals[] = {
    {"control character", "", "cvq7\thm2tz-xk9wp", "characters that cannot be used"},
    {"longer than is carried", "", "\1", "at most 1024 bytes"},
    {"full width", "", "ｃｖｑ７－ｈｍ２ｔｚ－ｘｋ９ｗｐ", "input method off (半角英数)"},
    {"too short", "", "cvq7-h", "use 8 or more characters, better 13."},
    {"too short where none expires", "password_rotation = none\n", "cvq7-hm2tz",
     "use 13 or more characters."},
    {"no symbol", "", "cvq7hm2tzxk9wp", "letters, digits and symbols, each at least once"},
    {"one kind where two are asked for", "password_kinds = 2\n", "cvqyhmwtzxkvwp",
     "two of these at least"},
    {"the same", "", GOOD, "This is the current password"},
    {"own name", "", "SatoHanako-2024!", "contains your own name"},
    {"own reading", "", "Satou&Hanako.77", "contains your own name"},
    {"staff number", "", "Xq7-H204817-vm!w", "contains your staff number"},
    {"birth date", "", "Xq7-19850401-vm!w", "contains your birth date"},
    {"institution", "institution = Sakuragaoka Clinic\n", "Sakuragaoka-2024!",
     "of this machine or of your institution"},
    {"word", "", "Password-12345!", "common words or names"},
    {"keyboard", "", "qwertyuiop-12345", "neighbouring keys"},
    {"sequence", "", "abcdefghijkl-123", "counts up or down"},
    {"repetition", "", "a1-a1-a1-a1-a1-a1-", "repeats itself"},
    {"blocklist", "password_blocklist = /etc/blocked\n", "mzk4-vw8rt-fq3hj", "on a list"},
    {"breached", "password_breach_filter = /etc/breached\n", "mzk4-vw8rt-fq3hj", "data breach"},
    {"similar", "", "cvq8-hm2tz-xk9wp", "too similar to the current one"},
};

/* A blocklist, and a filter of breached passwords as the site would make it. */
static void write_lists(const struct fixture *f)
{
    char path[PATH_MAX], command[2 * PATH_MAX];
    static const char blocked[] = "# of the site\nmzk4-vw8rt-fq3hj\n";
    assert_int_equal(path_under(path, f->root, "/etc"), MEDGL_OK);
    (void)mkdir(path, 0755);
    assert_int_equal(path_under(path, f->root, "/etc/blocked"), MEDGL_OK);
    assert_int_equal(file_replace(path, geteuid(), getegid(), 0644, blocked, sizeof(blocked) - 1),
                     MEDGL_OK);
    (void)snprintf(command, sizeof(command),
                   "umask 022; echo mzk4-vw8rt-fq3hj | pwqfilter --create=1000 "
                   "--output=%s/etc/breached >/dev/null 2>&1",
                   f->root);
    assert_int_equal(system(command), 0);
}

static void R14_refused_in_words(void **state)
{
    const struct refusal *row = *state;
    struct fixture *f = NULL;
    assert_int_equal(fixture_open((void **)&f), 0);
    use_policy(f, "");
    enrol_hanako(f);
    set_password(f, GOOD);
    if (strstr(row->policy, "/etc/") != NULL)
        write_lists(f);
    use_policy(f, row->policy);
    assert_refused(f, GOOD, row->typed, row->heard);
    assert_int_equal(fixture_close((void **)&f), 0);
}

/* Every weakness has a sentence of its own, also those that the rows above do not meet. */
static void R14_every_weakness_has_its_words(void **state)
{
    char said[PASSWORD_WEAKNESS_SIMPLE + 1][JUDGE_TEXT_SIZE];
    struct policy policy;
    (void)state;
    policy_defaults(&policy);
    for (int weakness = PASSWORD_WEAKNESS_NAME; weakness <= PASSWORD_WEAKNESS_SIMPLE; weakness++) {
        const struct password_verdict verdict = {.refusal = PASSWORD_REFUSED_GUESSABLE,
                                                 .weakness = (enum password_weakness)weakness};
        judge_explain(&policy, &verdict, false, said[weakness]);
        assert_int_equal(strncmp(said[weakness], "This password ", 14), 0);
        for (int before = PASSWORD_WEAKNESS_NAME; before < weakness; before++)
            assert_string_not_equal(said[weakness], said[before]);
    }
}

struct rule {
    const char *name, *policy;
    bool second_factor;
    const char *said;
};

static const struct rule rules[] = {
    {"R13 as it stands", "", false,
     "Choose a password of 13 or more characters (letters, digits and symbols) that is not easy to "
     "guess and unlike earlier ones; one of 8 or more is accepted too, but must be changed "
     "regularly."},
    {"with a second factor", "", true,
     "Choose a password of 8 or more characters (letters, digits and symbols) that is not easy to "
     "guess and unlike earlier ones."},
    {"MHLW 5.1", "profile = mhlw-5.1\n", false,
     "Choose a password of 8 or more characters (letters, digits and symbols) that is not easy to "
     "guess and unlike earlier ones; it must be changed regularly."},
    {"NIST", "profile = nist-800-63b-4\n", false,
     "Choose a password of 15 or more characters (of any kind) that is not easy to guess and "
     "unlike earlier ones."},
    {"two kinds", "password_kinds = 2\npassword_short_length = 13\n", false,
     "Choose a password of 13 or more characters (two of: letters, digits, symbols) that is not "
     "easy to guess and unlike earlier ones."},
};

static void R19_rule_is_announced(void **state)
{
    const struct rule *row = *state;
    struct fixture *f = NULL;
    char text[JUDGE_TEXT_SIZE];
    assert_int_equal(fixture_open((void **)&f), 0);
    use_policy(f, row->policy);
    judge_announce(&f->context.policy, row->second_factor, text);
    assert_string_equal(text, row->said);
    assert_int_equal(fixture_close((void **)&f), 0);
}

static void three_tries_with_reasons(void **state)
{
    struct fixture *f = *state;
    char heard[4096];
    use_policy(f, "");
    enrol_hanako(f);
    set_password(f, GOOD);
    const char *const answers[] = {GOOD, "a1-", OTHER, "mistyped", "Password-12345!", NULL};
    assert_int_equal(try_change(f, answers, heard, sizeof(heard)), CHANGE_TRIES_USED);
    const char *short_ = strstr(heard, "too short"), *differ = strstr(heard, "entries differ"),
               *words = strstr(heard, "common words"), *end = strstr(heard, "Nothing was changed");
    assert_true(short_ != NULL && short_ < differ && differ < words && words < end);
    assert_int_equal(log_in(f, GOOD), LOGIN_ALLOWED);
    assert_int_equal(look_at(f).former, 1); /* the one that was issued: nothing was set */
}

/* -- a suggestion --------------------------------------------------------------------------- */

struct listener {
    const char *current;
    char suggested[128];
    char announced[JUDGE_TEXT_SIZE];
    unsigned asked, said;
};

/* The current password, then twice what was suggested. */
static enum medgl_error listener_ask(void *carrier, enum talk_style style,
                                     enum talk_meaning meaning, const char *prompt,
                                     struct secret *answer)
{
    struct listener *listener = carrier;
    (void)style;
    (void)meaning;
    (void)prompt;
    const char *text = listener->asked++ == 0 ? listener->current : listener->suggested;
    return text[0] == '\0' ? MEDGL_ERR_ABORTED : secret_copy(answer, text, strlen(text));
}

static void listener_inform(void *carrier, const char *message)
{
    struct listener *listener = carrier;
    const char *offer = strstr(message, "made at random for you: ");
    if (listener->said++ == 0)
        (void)snprintf(listener->announced, sizeof(listener->announced), "%s", message);
    if (offer != NULL)
        (void)snprintf(listener->suggested, sizeof(listener->suggested), "%s",
                       strchr(offer, ':') + 2);
}

static enum change_verdict listen(struct fixture *f, struct listener *listener)
{
    const struct caller caller = caller_owner();
    const struct talk talk = {.carrier = listener,
                              .ask = listener_ask,
                              .inform = listener_inform,
                              .warn = listener_inform};
    const struct change_request request = {.caller = &caller, .user = f->user};
    enum change_verdict verdict = CHANGE_DONE;
    assert_int_equal(operation_change(&f->context, &talk, &request, &verdict), MEDGL_OK);
    return verdict;
}

static void R19_suggestion_typed_back_is_accepted(void **state)
{
    struct fixture *f = *state;
    use_policy(f, "");
    enrol_hanako(f);
    set_password(f, GOOD);
    struct listener listener = {.current = GOOD};
    assert_int_equal(listen(f, &listener), CHANGE_DONE);
    assert_int_equal(strncmp(listener.announced, "Choose a password of 13 ", 24), 0);
    assert_int_equal(listener.asked, 3);
    assert_int_equal(log_in(f, listener.suggested), LOGIN_ALLOWED);
    assert_int_equal(look_at(f).password.strength, PASSWORD_STRENGTH_LONG);
    struct listener again = {.current = listener.suggested};
    assert_int_equal(listen(f, &again), CHANGE_DONE);
    assert_string_not_equal(again.suggested, listener.suggested);
}

static void R19_suggestion_is_as_long_as_the_rule(void **state)
{
    struct fixture *f = *state;
    use_policy(f, "password_long_length = 30\npassword_rotation = none\n");
    enrol_hanako(f);
    set_password(f, "zq6h-wm3bn-t8yfx-ud5kr-c7gvp-e2");
    struct listener listener = {.current = "zq6h-wm3bn-t8yfx-ud5kr-c7gvp-e2"};
    assert_int_equal(listen(f, &listener), CHANGE_DONE);
    assert_true(strlen(listener.suggested) >= 30);
}

static void R19_no_suggestion_where_the_policy_wants_none(void **state)
{
    struct fixture *f = *state;
    use_policy(f, "password_suggest = no\n");
    enrol_hanako(f);
    set_password(f, GOOD);
    struct listener listener = {.current = GOOD};
    assert_int_equal(listen(f, &listener), CHANGE_ABORTED);
    assert_int_equal(listener.said, 1);
    assert_string_equal(listener.suggested, "");
}

/* -- history -------------------------------------------------------------------------------- */

/* R16: the issued one and 24 of her own went before; the oldest of 25 may come back. */
static void R16_as_many_cannot_come_back_as_the_policy_says(void **state)
{
    struct fixture *f = *state;
    const char *used[27];
    use_policy(f, "password_history = 24\n");
    enrol_hanako(f);
    for (size_t i = 0; i < MEDGL_COUNT(used); i++)
        used[i] = fresh_password();
    set_password(f, used[0]);
    for (size_t i = 1; i < 25; i++)
        assert_int_equal(change(f, used[i - 1], used[i]), CHANGE_DONE);
    assert_int_equal(look_at(f).former, 24); /* 0 to 23; the issued one is forgotten */
    for (size_t i = 0; i < 24; i += i == 1 ? 22 : 1)
        assert_refused(f, used[24], used[i], "This password was used before");
    assert_int_equal(change(f, used[24], used[25]), CHANGE_DONE);
    assert_int_equal(look_at(f).former, 24);
    assert_refused(f, used[25], used[1], "This password was used before");
    assert_int_equal(change(f, used[25], used[0]), CHANGE_DONE);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* What one change costs, with a history so deep. */
static unsigned cost_at_depth(struct fixture *f, unsigned depth, const char **current)
{
    for (unsigned i = 0; i < depth; i++) {
        const char *next = fresh_password();
        assert_int_equal(change(f, *current, next), CHANGE_DONE);
        *current = next;
    }
    assert_int_equal(look_at(f).former, depth);
    const unsigned before = evaluations;
    const char *next = fresh_password();
    assert_int_equal(change(f, *current, next), CHANGE_DONE);
    *current = next;
    return evaluations - before;
}

/* One to verify the current one, one for the hash and the whole history, one for the stem. */
static void R16_depth_costs_nothing(void **state)
{
    struct fixture *f = *state;
    const char *current = GOOD;
    use_policy(f, "password_history = 1\n");
    enrol_hanako(f);
    set_password(f, current);
    assert_int_equal(cost_at_depth(f, 1, &current), 3);
    use_policy(f, "password_history = 24\n");
    assert_int_equal(cost_at_depth(f, 24, &current), 3);
    unsigned before = evaluations; /* digits and symbols alone leave no stem */
    assert_int_equal(change(f, current, "7204-9531-8846-a1"), CHANGE_DONE);
    assert_int_equal(evaluations - before, 2);
    assert_int_equal(change(f, "7204-9531-8846-a1", GOOD), CHANGE_DONE);
    assert_int_equal(change(f, GOOD, "3359-6018-2297-b4"), CHANGE_DONE); /* nor are they similar */
    before = evaluations; /* what is refused without the KDF does not cost it */
    assert_refused(f, "3359-6018-2297-b4", "Password-12345!", "common words");
    assert_int_equal(evaluations - before, 1);
}

/* R10 R16: kept passwords stay comparable when the policy raised the cost, at two evaluations for
 * each cost that there was. */
static void R16_history_survives_a_changed_cost(void **state)
{
    struct fixture *f = *state;
    use_policy(f, "");
    enrol_hanako(f);
    set_password(f, PASSWORD_ONE);
    assert_int_equal(change(f, PASSWORD_ONE, PASSWORD_TWO), CHANGE_DONE);
    f->context.policy.kdf_time++;
    assert_int_equal(log_in(f, PASSWORD_TWO), LOGIN_ALLOWED); /* renewed, with its stem */
    unsigned before = evaluations;
    assert_refused(f, PASSWORD_TWO, PASSWORD_ONE, "This password was used before");
    assert_int_equal(evaluations - before, 1 + 2 + 2);
    assert_refused(f, PASSWORD_TWO, "kazaguruma-8-mawaru?",
                   "too similar to one that was used before");
    assert_int_equal(change(f, PASSWORD_TWO, GOOD), CHANGE_DONE);
    assert_refused(f, GOOD, "Minato.no 5-gatsu!!", "too similar to one that was used");
    assert_int_equal(verify(f), MEDGL_OK);
}

/* R14: nobody knows the old password any more, but its stem is known. */
static void R14_stem_is_known_across_a_reset(void **state)
{
    struct fixture *f = *state;
    use_policy(f, "");
    enrol_hanako(f);
    set_password(f, PASSWORD_ONE);
    issue(f);
    assert_refused(f, f->issued, "kazaguruma-8-mawaru?", "too similar to one that was used before");
    assert_refused(f, f->issued, PASSWORD_ONE, "This password was used before");
    assert_int_equal(change(f, f->issued, OTHER), CHANGE_DONE);
    assert_refused(f, OTHER, f->issued, "This password was used before");
    assert_int_equal(verify(f), MEDGL_OK);
}

/* GOOD, and one that meets no rule, as /etc/shadow may have had them. */
#define CRYPTED_GOOD                                                                               \
    "$6$saltstring$PpGg8wJtGLzPxaTID2w9lKMR08ZxbXA.Nu3RbYQhQsMAqmS9/lyHvdmtk9zntb7q2b4PFXjX2vrya2" \
    "D7Wm7ut."
#define WEAK "Sakura123"
#define CRYPTED_WEAK                                                                               \
    "$6$saltstring$vshalseoP3Z2zKpq5yNZTqD/tZUNSL68Rq9FA.FyouRxtQhSFrFmuyQfxfZ6BisSM5zeBDn1E521EA" \
    "rcaySxP1"

static void import(struct fixture *f, const char *crypted)
{
    auto_secret struct secret hash = SECRET_NONE;
    enum import_verdict verdict;
    assert_int_equal(secret_copy(&hash, crypted, strlen(crypted)), MEDGL_OK);
    const struct import_request request = {.name = f->user,
                                           .uid = (int64_t)geteuid(),
                                           .class_ = ACCOUNT_CLASS_STAFF,
                                           .full_name = "Sato Hanako",
                                           .hash = &hash};
    assert_int_equal(operation_import(&f->context, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, IMPORT_DONE);
}

/* R19: changed before it was ever used to log in. */
static void R16_imported_one_cannot_come_back_after_a_change(void **state)
{
    struct fixture *f = *state;
    use_policy(f, "");
    import(f, CRYPTED_GOOD);
    assert_refused(f, GOOD, GOOD, "This is the current password");
    assert_int_equal(change(f, GOOD, OTHER), CHANGE_DONE);
    assert_refused(f, OTHER, GOOD, "This password was used before");
    assert_int_equal(verify(f), MEDGL_OK);
}

static void R16_imported_one_cannot_come_back_after_a_reset(void **state)
{
    struct fixture *f = *state;
    use_policy(f, "");
    import(f, CRYPTED_GOOD);
    issue(f);
    assert_refused(f, f->issued, GOOD, "This password was used before");
    assert_int_equal(change(f, f->issued, OTHER), CHANGE_DONE);
    assert_refused(f, OTHER, GOOD, "This password was used before");
    assert_int_equal(verify(f), MEDGL_OK);
}

/* It becomes one of ours when it is used, and is no former one of itself. */
static void R19_good_imported_one_stays(void **state)
{
    struct fixture *f = *state;
    use_policy(f, "");
    import(f, CRYPTED_GOOD);
    assert_int_equal(log_in(f, GOOD), LOGIN_ALLOWED);
    assert_int_equal(look_at(f).password.strength, PASSWORD_STRENGTH_LONG);
    assert_int_equal(try_access(f), ACCESS_ALLOWED);
}

/* It is due, so no least age keeps it. */
static void R19_weak_imported_one_may_be_changed_at_once(void **state)
{
    struct fixture *f = *state;
    use_policy(f, "");
    f->context.policy.password_min_age = (struct policy_span){.milliseconds = MEDGL_DAY};
    import(f, CRYPTED_WEAK);
    assert_int_equal(log_in(f, WEAK), LOGIN_ALLOWED);
    assert_int_equal(try_access(f), ACCESS_CHANGE_DUE);
    assert_int_equal(change(f, WEAK, OTHER), CHANGE_DONE);
    assert_int_equal(try_access(f), ACCESS_ALLOWED);
    assert_int_equal(verify(f), MEDGL_OK);
}

static void end_password(struct fixture *f)
{
    struct password_revoked revoked;
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_password_revoke(&f->context,
                                               &(struct password_revoke_request){
                                                   .name = f->user, .reason = "seen on a note"},
                                               &revoked, why),
                     MEDGL_OK);
}

/* R12: whatever the depth, and however many came after it. */
static void R12_revoked_one_never_comes_back(void **state)
{
    struct fixture *f = *state;
    const char *current = GOOD;
    use_policy(f, "password_history = 1\n");
    enrol_hanako(f);
    set_password(f, OTHER);
    end_password(f);
    set_password(f, current);
    for (int i = 0; i < 3; i++) {
        const char *next = fresh_password();
        assert_int_equal(change(f, current, next), CHANGE_DONE);
        current = next;
    }
    assert_refused(f, current, OTHER, "This password was used before");
    assert_int_equal(change(f, current, GOOD), CHANGE_DONE); /* an ordinary one may */
    assert_int_equal(verify(f), MEDGL_OK);
}

/* -- how often, and how many tries ------------------------------------------------------------ */

static void R16_not_twice_within_the_least_age(void **state)
{
    struct fixture *f = *state;
    char heard[4096];
    use_policy(f, "");
    f->context.policy.password_min_age = (struct policy_span){.milliseconds = MEDGL_DAY};
    enrol_hanako(f);
    issue(f);
    assert_int_equal(change(f, f->issued, GOOD), CHANGE_DONE); /* forced: exempt */
    const char *const answers[] = {GOOD, OTHER, OTHER, NULL};
    assert_int_equal(try_change(f, answers, heard, sizeof(heard)), CHANGE_TOO_SOON);
    assert_non_null(strstr(heard, "it may be changed again from "));
    assert_null(strstr(heard, "New password")); /* said before it is asked for */
    age_password(f, MEDGL_DAY - MEDGL_MINUTE);
    assert_int_equal(change(f, GOOD, OTHER), CHANGE_TOO_SOON);
    age_password(f, MEDGL_MINUTE);
    assert_int_equal(change(f, GOOD, OTHER), CHANGE_DONE);
    assert_int_equal(change(f, OTHER, GOOD), CHANGE_TOO_SOON);
    f->context.policy.password_long_length = f->context.policy.password_short_length = 18;
    assert_int_equal(change(f, OTHER, PASSWORD_ONE), CHANGE_DONE); /* it meets no rule any more */
    f->context.policy.password_long_length = f->context.policy.password_short_length = 13;
    issue(f); /* an administrator's reset is no way around the history */
    assert_refused(f, f->issued, GOOD, "This password was used before");
}

/* What PAM_CHANGE_EXPIRED_AUTHTOK asks for, in both phases. `asked`: how many answers were taken.
 */
static enum change_verdict change_expired(struct fixture *f, const char *from, unsigned *asked)
{
    struct script script = {.answers = {from}};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_from("192.0.2.1");
    const struct change_request request = {
        .caller = &caller, .user = f->user, .expired_only = true};
    enum change_verdict first = CHANGE_DONE, second = CHANGE_DONE;
    assert_int_equal(operation_change_prepare(&f->context, &talk, &request, &first), MEDGL_OK);
    *asked = (unsigned)script.next;
    assert_string_equal(first == CHANGE_NOT_DUE ? script.heard : "", "");
    script.next = 0;
    assert_int_equal(operation_change(&f->context, &talk, &request, &second), MEDGL_OK);
    assert_int_equal(first == CHANGE_NOT_DUE, second == CHANGE_NOT_DUE);
    assert_int_equal(strstr(script.heard, "has not expired") != NULL, second == CHANGE_NOT_DUE);
    return first;
}

/* R15: other aging, such as that of /etc/shadow, changes nothing; an account that is not in order
 * still has to prove itself. */
static void R15_what_is_not_due_is_not_changed(void **state)
{
    struct fixture *f = *state;
    unsigned asked;
    use_policy(f, "");
    enrol_hanako(f);
    issue(f);
    assert_int_equal(change_expired(f, f->issued, &asked), CHANGE_READY); /* R18 */
    assert_int_equal(asked, 1);
    set_password(f, GOOD);
    assert_int_equal(change_expired(f, WRONG, &asked), CHANGE_NOT_DUE);
    assert_int_equal(asked, 0);
    assert_int_equal(tally_of(f).wrong, 0);
    assert_int_equal(log_in(f, GOOD), LOGIN_ALLOWED);
    assert_int_equal(change(f, GOOD, "x7!Kq-9vT"), CHANGE_DONE);
    assert_int_equal(change_expired(f, WRONG, &asked), CHANGE_NOT_DUE);
    age_password(f, 70 * MEDGL_DAY);
    assert_int_equal(change_expired(f, WRONG, &asked), CHANGE_WRONG_CURRENT);
    assert_int_equal(change_expired(f, "x7!Kq-9vT", &asked), CHANGE_READY);
    end_password(f);
    assert_int_equal(change_expired(f, GOOD, &asked), CHANGE_WRONG_CURRENT);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* R17: its own limit, neither shared with logins nor cleared by them. */
static void R17_wrong_answers_close_the_change_alone(void **state)
{
    struct fixture *f = *state;
    uint32_t cleared;
    use_policy(f, "attempts_per_change = 3\n");
    enrol_hanako(f);
    set_password(f, GOOD);
    for (int i = 0; i < 3; i++)
        assert_int_equal(change(f, WRONG, OTHER), CHANGE_WRONG_CURRENT);
    assert_int_equal(change(f, GOOD, OTHER), CHANGE_WRONG_CURRENT); /* closed */
    assert_int_equal(log_in(f, GOOD), LOGIN_ALLOWED);
    assert_int_equal(change(f, GOOD, OTHER), CHANGE_WRONG_CURRENT); /* and stays so */
    assert_int_equal(tally_of(f).kinds[LEDGER_LOGIN_LOCKED], 1);
    assert_int_equal(operation_account_unlock(&f->context, f->user, "change 192.0.2.1",
                                              "called back", &cleared,
                                              (char[OPERATION_WHY_SIZE]){""}),
                     MEDGL_OK);
    assert_int_equal(cleared, 3);
    assert_int_equal(change(f, GOOD, OTHER), CHANGE_DONE);
}

static void R17_wrong_logins_leave_the_change_open(void **state)
{
    struct fixture *f = *state;
    use_policy(f, "attempts_per_change = 3\n");
    enrol_hanako(f);
    set_password(f, GOOD);
    for (int i = 0; i < 5; i++)
        assert_int_equal(log_in(f, WRONG), LOGIN_REFUSED);
    assert_int_equal(log_in(f, GOOD), LOGIN_REFUSED);
    for (int i = 0; i < 2; i++)
        assert_int_equal(change(f, WRONG, OTHER), CHANGE_WRONG_CURRENT);
    assert_int_equal(change(f, GOOD, OTHER), CHANGE_DONE);
    for (int i = 0; i < 2; i++) /* the change cleared what counted against it */
        assert_int_equal(change(f, WRONG, GOOD), CHANGE_WRONG_CURRENT);
    assert_int_equal(change(f, OTHER, fresh_password()), CHANGE_DONE);
    assert_int_equal(log_in(f, OTHER), LOGIN_REFUSED); /* and nothing else */
    assert_int_equal(verify(f), MEDGL_OK);
}

/* -- what stays behind ---------------------------------------------------------------------- */

struct last_change {
    char strength[64], source[64];
};

static enum medgl_error find_change(void *argument, const struct ledger_row *row)
{
    struct last_change *last = argument;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    assert_int_equal(ledger_entry_decode(row->line, row->len, &parsed), MEDGL_OK);
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    for (size_t i = 0; entry->kind == LEDGER_PASSWORD_CHANGE && i < entry->field_count; i++) {
        if (strcmp(entry->fields[i].name, "strength") == 0)
            (void)snprintf(last->strength, sizeof(last->strength), "%s", entry->fields[i].text);
        if (strcmp(entry->fields[i].name, "source") == 0)
            (void)snprintf(last->source, sizeof(last->source), "%s", entry->fields[i].text);
    }
    return MEDGL_OK;
}

static void R15_change_begins_anew_and_is_recorded(void **state)
{
    struct fixture *f = *state;
    struct last_change last = {.strength = ""};
    use_policy(f, "");
    enrol_hanako(f);
    set_password(f, GOOD);
    age_password(f, 3 * MEDGL_DAY);
    assert_int_equal(change(f, GOOD, "x7!Kq-9vT"), CHANGE_DONE);
    const struct look look = look_at(f);
    assert_true(look.activity.warned_at == 0 && look.activity.grace_used == 0);
    assert_true(look.password.strength == PASSWORD_STRENGTH_SHORT && !look.password.issued &&
                look.password.valid_until == 0);
    assert_int_equal(operation_ledger_each(&f->context, 0, UINT64_MAX, find_change, &last),
                     MEDGL_OK);
    assert_string_equal(last.strength, "short");
    assert_string_equal(last.source, "192.0.2.1");
    assert_int_equal(tally_of(f).kinds[LEDGER_PASSWORD_CHANGE], 2);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* MUST (R14): no list, no password. */
static void R14_missing_list_sets_no_password(void **state)
{
    struct fixture *f = *state;
    use_policy(f, "");
    enrol_hanako(f);
    set_password(f, GOOD);
    (void)snprintf(f->context.policy.password_blocklist,
                   sizeof(f->context.policy.password_blocklist), "/etc/gone");
    struct script script = {.answers = {GOOD, OTHER, OTHER}};
    const struct talk talk = script_talk(&script);
    const struct caller caller = caller_owner();
    const struct change_request request = {.caller = &caller, .user = f->user};
    enum change_verdict verdict = CHANGE_DONE;
    assert_int_equal(operation_change(&f->context, &talk, &request, &verdict), MEDGL_ERR_POLICY);
    assert_int_equal(verdict, CHANGE_REFUSED);
    assert_int_equal(script.next, 1);
    assert_non_null(strstr(script.heard, "please tell the administrator"));
    assert_int_equal(log_in(f, GOOD), LOGIN_ALLOWED);
}

/* What an administrator does to it while its owner is typing. */
struct meddler {
    struct fixture *f;
    void (*act)(struct fixture *f);
};

static enum medgl_error meddling_ask(void *carrier, enum talk_style style,
                                     enum talk_meaning meaning, const char *prompt,
                                     struct secret *answer)
{
    const struct meddler *meddler = carrier;
    (void)style;
    (void)prompt;
    if (meaning == TALK_ANSWER)
        meddler->act(meddler->f);
    const char *text = meaning == TALK_CURRENT_PASSWORD ? GOOD : OTHER;
    return secret_copy(answer, text, strlen(text));
}

static void nothing_is_said(void *carrier, const char *message)
{
    (void)carrier;
    (void)message;
}

static void assert_meddler_wins(struct fixture *f, void (*act)(struct fixture *f))
{
    struct meddler meddler = {f, act};
    const struct talk talk = {.carrier = &meddler,
                              .ask = meddling_ask,
                              .inform = nothing_is_said,
                              .warn = nothing_is_said};
    const struct caller caller = caller_owner();
    const struct change_request request = {.caller = &caller, .user = f->user};
    enum change_verdict verdict = CHANGE_DONE;
    use_policy(f, "");
    enrol_hanako(f);
    set_password(f, GOOD);
    assert_int_equal(operation_change(&f->context, &talk, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, CHANGE_REFUSED);
    assert_int_equal(log_in(f, OTHER), LOGIN_REFUSED);
    assert_int_equal(log_in(f, GOOD), LOGIN_REFUSED);
    assert_int_equal(verify(f), MEDGL_OK);
}

static void R11_reset_in_between_wins(void **state)
{
    struct fixture *f = *state;
    assert_meddler_wins(f, issue);
    assert_int_equal(log_in(f, f->issued), LOGIN_ALLOWED);
    assert_int_equal(look_at(f).former, 2);
}

static void R12_revocation_in_between_wins(void **state)
{
    assert_meddler_wins(*state, end_password);
}

int main(void)
{
#define TEST(function)                                                                             \
    do {                                                                                           \
        table_add("change", #function, function, NULL);                                            \
        table_tests[table_count - 1].setup_func = fixture_open;                                    \
        table_tests[table_count - 1].teardown_func = fixture_close;                                \
    } while (0)
    TABLE_ADD("R14 refused", refusals, R14_refused_in_words);
    TEST(R14_every_weakness_has_its_words);
    TABLE_ADD("R19 rule announced", rules, R19_rule_is_announced);
    TEST(three_tries_with_reasons);
    TEST(R19_suggestion_typed_back_is_accepted);
    TEST(R19_suggestion_is_as_long_as_the_rule);
    TEST(R19_no_suggestion_where_the_policy_wants_none);
    TEST(R16_as_many_cannot_come_back_as_the_policy_says);
    TEST(R16_depth_costs_nothing);
    TEST(R16_history_survives_a_changed_cost);
    TEST(R14_stem_is_known_across_a_reset);
    TEST(R16_imported_one_cannot_come_back_after_a_change);
    TEST(R16_imported_one_cannot_come_back_after_a_reset);
    TEST(R19_good_imported_one_stays);
    TEST(R19_weak_imported_one_may_be_changed_at_once);
    TEST(R12_revoked_one_never_comes_back);
    TEST(R16_not_twice_within_the_least_age);
    TEST(R15_what_is_not_due_is_not_changed);
    TEST(R17_wrong_answers_close_the_change_alone);
    TEST(R17_wrong_logins_leave_the_change_open);
    TEST(R15_change_begins_anew_and_is_recorded);
    TEST(R14_missing_list_sets_no_password);
    TEST(R11_reset_in_between_wins);
    TEST(R12_revocation_in_between_wins);
    return table_run("change");
}
