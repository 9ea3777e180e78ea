/* operation/session.c, session_state.c and session_admin.c: how many may be open (R29), which are
 * over (R06), what is told (R21), what a host sets (R04, R22), what administrators hear (R07). */
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#include "operation/last_use.h"
#include "operation/person_asked.h"
#include "operation/session.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define HERE      "192.0.2.1"
#define ASKER     "bin" /* of Debian's own users */
#define ASKER_UID 2

/* A host that opens sessions; "" and NULL are left out. */
struct place {
    const char *service, *rhost, *tty, *ruser;
    int64_t real_uid;
    bool silent, deaf; /* nobody hears what is said */
};
#define SSHD                                                                                       \
    {                                                                                              \
        "sshd", HERE, "ssh", NULL, 0, false, false                                                 \
    }
#define CONSOLE                                                                                    \
    {                                                                                              \
        "login", NULL, "/dev/tty1", NULL, 0, false, false                                          \
    }
#define SU                                                                                         \
    {                                                                                              \
        "su", NULL, "/dev/pts/1", "bob", 1234, false, false                                        \
    }
#define ROOT_SU                                                                                    \
    {                                                                                              \
        "su", NULL, "/dev/pts/1", "root", 0, false, false                                          \
    }
#define CRON                                                                                       \
    {                                                                                              \
        "cron", NULL, "cron", NULL, 0, true, false                                                 \
    }
#define USER                                                                                       \
    {                                                                                              \
        "systemd-user", NULL, NULL, NULL, 0, true, false                                           \
    }
#define SUDO                                                                                       \
    {                                                                                              \
        "sudo", NULL, "/dev/pts/1", "bob", 0, true, false                                          \
    }
#define DEAF                                                                                       \
    {                                                                                              \
        "sshd", HERE, "ssh", NULL, 0, false, true                                                  \
    }

static bool was_heard(void *carrier)
{
    (void)carrier;
    return true;
}
static bool was_not_heard(void *carrier)
{
    (void)carrier;
    return false;
}

static void text_put(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text == NULL ? "" : text);
}

static struct caller caller_at(const struct place *place)
{
    struct caller caller = {.trusted = true, .real_uid = place->real_uid};
    text_put(caller.service, sizeof(caller.service), place->service);
    text_put(caller.rhost, sizeof(caller.rhost), place->rhost);
    text_put(caller.tty, sizeof(caller.tty), place->tty);
    text_put(caller.ruser, sizeof(caller.ruser), place->ruser);
    assert_int_equal(process_name(getpid(), caller.leader), MEDGL_OK);
    return caller;
}

static enum session_verdict open_at(struct fixture *f, const struct place *place,
                                    struct session_opening *opening, struct script *script)
{
    struct script own = {.next = 0};
    struct talk talk = script_talk(script != NULL ? script : &own);
    const struct caller caller = caller_at(place);
    enum session_verdict verdict = SESSION_REFUSED;
    struct session_opening ignored;
    talk.heard = place->deaf ? was_not_heard : was_heard;
    assert_int_equal(operation_session_open(&f->context, &talk, &caller, f->user, place->silent,
                                            opening != NULL ? opening : &ignored, &verdict),
                     MEDGL_OK);
    return verdict;
}

/* A fixture for a row: cmocka gives the row, not a fixture. */
static struct fixture *begin(const char *policy)
{
    void *state = NULL;
    assert_int_equal(fixture_open(&state), 0);
    struct fixture *f = state;
    write_policy(f, policy);
    reopen(f);
    enrol(f);
    return f;
}

static void end_unverified(struct fixture *f)
{
    void *state = f;
    assert_int_equal(fixture_close(&state), 0);
}

static void end(struct fixture *f)
{
    assert_int_equal(verify(f), MEDGL_OK);
    end_unverified(f);
}

static void change(struct fixture *f, const struct account_change_request *request)
{
    char why[OPERATION_WHY_SIZE];
    struct account_change_request whole = *request;
    whole.name = f->user;
    assert_int_equal(operation_account_change(&f->context, &whole, why), MEDGL_OK);
}

/* -- how many (R29) --------------------------------------------------------------------------- */

static const struct crowd {
    const char *name, *policy;
    const char *own; /* the account's own limit */
    struct place before[5];
    struct place one_more;
    bool refused;
    const char *reason;
} crowds[] = {
    {"below the limit", "sessions_staff = 2\n", "", {SSHD}, SSHD, false, NULL},
    {"at the limit", "sessions_staff = 2\n", "", {SSHD, SSHD}, SSHD, true, "sessions"},
    {"at the limit, of mixed services",
     "sessions_staff = 3\n",
     "",
     {SSHD, CONSOLE, SU},
     SU,
     true,
     "sessions"},
    {"at the account's own limit", "sessions_staff = 9\n", "1", {SSHD}, CONSOLE, true, "sessions"},
    {"below the account's own limit", "sessions_staff = 1\n", "2", {SSHD}, CONSOLE, false, NULL},
    {"at the limit of the class",
     "sessions_total_staff = 2\n",
     "",
     {SSHD, SSHD},
     SSHD,
     true,
     "sessions-total"},
    {"of another class", "sessions_total_privileged = 1\n", "", {SSHD, SSHD}, SSHD, false, NULL},
    {"silent ones count", "sessions_staff = 1\n", "", {SUDO}, SSHD, true, "sessions"},
    {"the user's systemd does not count",
     "sessions_staff = 1\n",
     "",
     {USER, USER},
     SSHD,
     false,
     NULL},
    {"nor is it refused", "sessions_staff = 1\n", "", {SSHD}, USER, false, NULL},
    {"cron does not count", "sessions_staff = 1\n", "", {CRON, CRON}, SSHD, false, NULL},
    {"nor is it refused, at the limit", "sessions_staff = 1\n", "", {SSHD}, CRON, false, NULL},
    {"root's su does not count", "sessions_staff = 1\n", "", {ROOT_SU, ROOT_SU}, SSHD, false, NULL},
    {"nor is it refused, at the limit", "sessions_staff = 1\n", "", {SSHD}, ROOT_SU, false, NULL},
};

struct refusal {
    const char *reason;
    bool seen;
};

static enum medgl_error refusal_row(void *argument, const struct ledger_row *row)
{
    struct refusal *refusal = argument;
    char wanted[64];
    (void)snprintf(wanted, sizeof(wanted), "\"reason\":\"%s\"", refusal->reason);
    if (strstr(row->line, "\"session.refused\"") != NULL)
        refusal->seen =
            strstr(row->line, wanted) != NULL && strstr(row->line, "\"class\":\"staff\"") != NULL;
    return MEDGL_OK;
}

static void a_crowd_is_bounded(void **state)
{
    const struct crowd *row = *state;
    struct fixture *f = begin(row->policy);
    struct script script = {.next = 0};
    struct refusal refusal = {.reason = row->reason != NULL ? row->reason : ""};
    if (row->own[0] != '\0')
        change(f, &(struct account_change_request){.rules.sessions = row->own});
    for (size_t i = 0; i < 5 && row->before[i].service != NULL; i++)
        assert_int_equal(open_at(f, &row->before[i], NULL, NULL), SESSION_DONE);
    assert_int_equal(open_at(f, &row->one_more, NULL, &script),
                     row->refused ? SESSION_REFUSED : SESSION_DONE);
    assert_int_equal(strstr(script.heard, "ask your administrator") != NULL, row->refused);
    assert_int_equal(operation_ledger_each(&f->context, 0, UINT64_MAX, refusal_row, &refusal),
                     MEDGL_OK);
    assert_int_equal(refusal.seen, row->refused);
    end(f);
}

/* MUST: of many at once no more than the limit. */
static void thirty_at_once_are_five(void **state)
{
    enum {
        MANY = 30,
        LIMIT = 5
    };
    static const struct place place = SSHD;
    struct fixture *f = begin("sessions_staff = 5\n");
    int gate[2], opened = 0;
    char root[sizeof(f->root)], byte;
    (void)state;
    (void)snprintf(root, sizeof(root), "%s", f->root);
    context_close(&f->context); /* no lock or connection of ours is inherited */
    assert_int_equal(pipe(gate), 0);
    for (int i = 0; i < MANY; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid != 0)
            continue;
        (void)close(gate[1]);
        if (context_open(root, CONTEXT_STATE, &f->context) != MEDGL_OK || read(gate[0], &byte, 1))
            _exit(2);
        struct caller caller = caller_at(&place);
        struct script script = {.next = 0};
        const struct talk talk = script_talk(&script);
        struct session_opening opening;
        enum session_verdict verdict;
        /* Of a process that outlives this one. */
        bool good = process_name(getppid(), caller.leader) == MEDGL_OK &&
                    operation_session_open(&f->context, &talk, &caller, f->user, false, &opening,
                                           &verdict) == MEDGL_OK;
        _exit(!good ? 2 : verdict == SESSION_DONE ? 0 : 1);
    }
    (void)close(gate[0]);
    (void)close(gate[1]);
    for (int i = 0; i < MANY; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
        opened += WEXITSTATUS(status) == 0;
    }
    assert_int_equal(opened, LIMIT);
    assert_int_equal(context_open(root, CONTEXT_STATE, &f->context), MEDGL_OK);
    const struct tally tally = tally_of(f);
    assert_int_equal(tally.kinds[LEDGER_SESSION_OPEN], LIMIT);
    assert_int_equal(tally.kinds[LEDGER_SESSION_REFUSED], MANY - LIMIT);
    end(f);
}

/* -- those that are over (R06) ---------------------------------------------------------------- */

/* The process that opened it: "" not known; "alive"; "gone"; "boot" of before the machine was
 * started; "space" of another pid namespace. */
static const struct over {
    const char *name, *leader;
    bool old; /* opened in 1970 */
    const char *cause;
} overs[] = {
    {"its process is there", "alive", true, NULL},
    {"its process is gone", "gone", false, "process"},
    {"the machine was started again", "boot", false, "boot"},
    {"of another pid namespace", "space", true, NULL},
    {"no process is known", "", false, NULL},
    {"no process is known, and older than the machine's start", "", true, "boot"},
};

static void leader_of(const char *kind, char leader[PROCESS_NAME_SIZE])
{
    char boot[64];
    unsigned long long space, start;
    int pid;
    leader[0] = '\0';
    if (kind[0] == '\0')
        return;
    assert_int_equal(process_name(getpid(), leader), MEDGL_OK);
    assert_int_equal(sscanf(leader, "%63s %llu %d %llu", boot, &space, &pid, &start), 4);
    if (strcmp(kind, "gone") == 0)
        start++;
    if (strcmp(kind, "space") == 0)
        space++;
    (void)snprintf(leader, PROCESS_NAME_SIZE, "%s %llu %d %llu",
                   strcmp(kind, "boot") == 0 ? "00000000-0000-4000-8000-000000000000" : boot, space,
                   pid, start);
}

/* As a host of that kind opens one. */
static void open_by(struct fixture *f, const char *leader, struct session_opening *opening)
{
    static const struct place place = SSHD;
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    struct caller caller = caller_at(&place);
    enum session_verdict verdict;
    leader_of(leader, caller.leader);
    assert_int_equal(
        operation_session_open(&f->context, &talk, &caller, f->user, false, opening, &verdict),
        MEDGL_OK);
    assert_int_equal(verdict, SESSION_DONE);
}

/* Makes another session of it that began in 1970. */
static enum medgl_error make_older(struct store_txn *txn, void *argument)
{
    struct session_opening *opening = argument;
    struct session session;
    MEDGL_TRY(store_session_by_id(txn, opening->id, &session));
    MEDGL_TRY(store_session_close(txn, session.id, clock_read().now, SESSION_END_CLOSED));
    MEDGL_TRY(crypto_random_id(opening->id));
    memcpy(session.id, opening->id, CRYPTO_ID_SIZE);
    session.opened = MEDGL_DAY;
    return store_session_open(txn, &session);
}

struct lost {
    const char *session, *cause;
    uint32_t count;
};

static enum medgl_error lost_row(void *argument, const struct ledger_row *row)
{
    struct lost *lost = argument;
    char cause[64];
    (void)snprintf(cause, sizeof(cause), "\"cause\":\"%s\"", lost->cause);
    if (strstr(row->line, "\"session.lost\"") == NULL)
        return MEDGL_OK;
    lost->count++;
    assert_non_null(strstr(row->line, lost->session));
    assert_non_null(strstr(row->line, cause));
    assert_non_null(strstr(row->line, "\"opened\":\""));
    return MEDGL_OK;
}

static void count_state(void *argument, const struct session_record *record)
{
    unsigned *counts = argument;
    counts[record->session->ended]++;
}

static void what_is_over_is_found(void **state)
{
    static const struct place place = SSHD;
    const struct over *row = *state;
    struct fixture *f = begin("sessions_staff = 1\n");
    unsigned counts[SESSION_END_ENDED + 1] = {0};
    struct session_opening opening;
    open_by(f, row->leader, &opening);
    if (row->old)
        assert_int_equal(store_transact(f->context.store, STORE_WRITE, make_older, &opening),
                         MEDGL_OK);
    struct lost lost = {.session = opening.id, .cause = row->cause};
    assert_int_equal(open_at(f, &place, NULL, NULL),
                     row->cause != NULL ? SESSION_DONE : SESSION_REFUSED);
    assert_int_equal(operation_ledger_each(&f->context, 0, UINT64_MAX, lost_row, &lost), MEDGL_OK);
    assert_int_equal(lost.count, row->cause != NULL);
    assert_int_equal(operation_session_list(&f->context, f->user, 1, count_state, counts),
                     MEDGL_OK);
    assert_int_equal(counts[SESSION_END_LOST], row->cause != NULL);
    assert_int_equal(counts[SESSION_END_NONE], 1);
    if (row->old) /* the ledger knows nothing of what was done here */
        end_unverified(f);
    else
        end(f);
}

/* Its host was not gone after all, or says at last that it is over. */
static void an_end_is_told_twice(void **state)
{
    struct fixture *f = begin("");
    struct session_opening gone;
    const struct place place = SSHD;
    const struct caller caller = caller_at(&place);
    enum session_verdict verdict = SESSION_REFUSED;
    (void)state;
    open_by(f, "gone", &gone);
    assert_int_equal(open_at(f, &place, NULL, NULL), SESSION_DONE);
    assert_int_equal(operation_session_close(&f->context, &caller, f->user, gone.id, &verdict),
                     MEDGL_OK);
    assert_int_equal(verdict, SESSION_DONE);
    assert_int_equal(
        operation_session_close(&f->context, &caller, f->user, "0123456789abcdef", &verdict),
        MEDGL_OK);
    assert_int_equal(verdict, SESSION_REFUSED); /* there never was one */
    const struct tally tally = tally_of(f);
    assert_int_equal(tally.kinds[LEDGER_SESSION_LOST], 1);
    assert_int_equal(tally.kinds[LEDGER_SESSION_CLOSE], 0);
    end(f);
}

/* -- those of an older schema, which has no class -------------------------------------------------
 */

static enum medgl_error make_classless(struct store_txn *txn, void *argument)
{
    struct session_opening *opening = argument;
    struct session session;
    MEDGL_TRY(store_session_by_id(txn, opening->id, &session));
    MEDGL_TRY(store_session_close(txn, session.id, clock_read().now, SESSION_END_CLOSED));
    MEDGL_TRY(crypto_random_id(opening->id));
    memcpy(session.id, opening->id, CRYPTO_ID_SIZE);
    session.class_ = 0;
    return store_session_open(txn, &session);
}

static void class_of(void *argument, const struct session_record *record)
{
    enum account_class *class_ = argument;
    *class_ = record->class_;
}

static const struct classless {
    const char *name, *policy;
    enum account_class class_; /* of the account now */
    bool refused;
} classlesses[] = {
    {"is of the account's class", "sessions_total_staff = 1\n", ACCOUNT_CLASS_STAFF, true},
    {"is of no other class", "sessions_total_privileged = 1\n", ACCOUNT_CLASS_STAFF, false},
    {"is of the class that the account has now", "sessions_total_privileged = 1\n",
     ACCOUNT_CLASS_PRIVILEGED, true},
};

static void a_session_without_a_class(void **state)
{
    static const struct place place = SSHD;
    const struct classless *row = *state;
    struct fixture *f = begin(row->policy);
    struct session_opening opening;
    enum account_class class_ = 0;
    open_by(f, "alive", &opening);
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, make_classless, &opening),
                     MEDGL_OK);
    if (row->class_ != ACCOUNT_CLASS_STAFF)
        change(f, &(struct account_change_request){.class_ = &row->class_});
    assert_int_equal(operation_session_list(&f->context, f->user, 0, class_of, &class_), MEDGL_OK);
    assert_int_equal(class_, row->class_);
    assert_int_equal(open_at(f, &place, NULL, NULL), row->refused ? SESSION_REFUSED : SESSION_DONE);
    end_unverified(f);
}

/* -- the notice (R21) ------------------------------------------------------------------------- */

#define FIRST "This is your first login here."
#define SINCE "since then"
#define LATER "not told of yet"

static const struct notice {
    const char *name;
    struct {
        unsigned failures; /* before it */
        struct place place;
        const char *says[2], *not_says; /* NULL: of no interest */
    } steps[4];
} notices[] = {
    {"the first login", {{0, SSHD, {FIRST}, "Warning"}}},
    {"sshd, then login", {{0, SSHD, {FIRST}, NULL}, {0, CONSOLE, {HERE " (sshd)"}, "Warning"}}},
    {"login, then su, then sshd",
     {{0, CONSOLE, {FIRST}, NULL},
      {0, SU, {"tty1 (login)"}, "Warning"},
      {0, SSHD, {"uid 1234 (su)"}, "Warning"}}},
    {"failures at sshd are told at login, once",
     {{0, SSHD, {FIRST}, NULL},
      {2, CONSOLE, {"2 failed tries", SINCE}, NULL},
      {0, SSHD, {"tty1 (login)"}, "Warning"}}},
    {"one failure", {{0, SSHD, {FIRST}, NULL}, {1, SU, {"1 failed try", "198.51.100.9"}, NULL}}},
    {"root's su shows nothing and uses nothing up",
     {{0, SSHD, {FIRST}, NULL},
      {2, ROOT_SU, {NULL}, "l"},
      {0, SSHD, {"2 failed tries", HERE " (sshd)"}, NULL}}},
    {"sudo, cron and systemd do neither",
     {{0, SUDO, {NULL}, "l"},
      {1, CRON, {NULL}, "l"},
      {0, USER, {NULL}, "l"},
      {0, SSHD, {FIRST, "1 failed try"}, NULL}}},
    {"what nobody heard is said again",
     {{0, SSHD, {FIRST}, NULL},
      {2, DEAF, {"2 failed tries", SINCE}, NULL},
      {0, SSHD, {"2 failed tries", LATER}, SINCE},
      {0, SSHD, {HERE " (sshd)"}, "Warning"}}},
    {"what nobody heard adds up",
     {{0, SSHD, {FIRST}, NULL},
      {1, DEAF, {"1 failed try"}, NULL},
      {1, SSHD, {"2 failed tries", SINCE}, LATER},
      {0, SSHD, {NULL}, "Warning"}}},
};

static void the_last_login_is_told(void **state)
{
    const struct notice *row = *state;
    static unsigned guess;
    struct fixture *f = begin("");
    set_password(f, PASSWORD_ONE);
    for (size_t i = 0; i < 4 && row->steps[i].place.service != NULL; i++) {
        struct script script = {.next = 0};
        for (unsigned j = 0; j < row->steps[i].failures; j++) {
            char wrong[64];
            (void)snprintf(wrong, sizeof(wrong), WRONG "%u", guess++);
            assert_int_equal(try_login(f, f->user, "198.51.100.9", wrong), LOGIN_REFUSED);
        }
        clock_sleep(2); /* what comes next is later */
        assert_int_equal(open_at(f, &row->steps[i].place, NULL, &script), SESSION_DONE);
        for (int j = 0; j < 2; j++)
            if (row->steps[i].says[j] != NULL)
                assert_non_null(strstr(script.heard, row->steps[i].says[j]));
        if (row->steps[i].not_says != NULL)
            assert_null(strstr(script.heard, row->steps[i].not_says));
        clock_sleep(2); /* what comes next is later */
    }
    end(f);
}

/* -- an emergency (R32) ----------------------------------------------------------------------- */

static const struct outsider {
    const char *name, *policy;
    struct place place;
    bool told;
    enum session_verdict verdict;
} outsiders[] = {
    {"over the network", "", SSHD, true, SESSION_NOT_ENROLLED},
    {"at the console", "", CONSOLE, true, SESSION_NOT_ENROLLED},
    {"by su", "", SU, true, SESSION_NOT_ENROLLED},
    {"not by root's su", "", ROOT_SU, false, SESSION_NOT_ENROLLED},
    {"not by sudo, which is silent", "", SUDO, false, SESSION_NOT_ENROLLED},
    {"not in a job of cron", "", CRON, false, SESSION_NOT_ENROLLED},
    {"nor their systemd", "", USER, false, SESSION_NOT_ENROLLED},
    {"not who is refused", "unenrolled = deny\n", SSHD, false, SESSION_OUTSIDER},
};

static void who_is_not_enrolled_hears_of_it(void **state)
{
    const struct outsider *row = *state;
    void *opened = NULL;
    struct script script = {.next = 0};
    assert_int_equal(fixture_open(&opened), 0);
    struct fixture *f = opened;
    write_policy(f, row->policy);
    reopen(f);
    f->context.emergency =
        (struct emergency_now_view){.known = true, .phase = EMERGENCY_OPEN, .row = {.number = 7}};
    assert_int_equal(open_at(f, &row->place, NULL, &script), row->verdict);
    assert_int_equal(strstr(script.heard, "EMERGENCY 7 ") != NULL, row->told);
    assert_int_equal(script.heard[0] != '\0', row->told);
    end(f);
}

/* -- what its host sets (R04, R22) ------------------------------------------------------------ */

static const struct setting {
    const char *name, *policy;
    struct place place;
    const char *own_idle;
    int64_t idle_s;
    int hours; /* that are left, in a rule made now; 0: no rule; below 0: over for so long */
} settings[] = {
    {"nothing in the policy", "idle_staff = 0\n", SSHD, "", 0, 0},
    {"an idle time of the class", "idle_staff = 15 min\n", SSHD, "", 900, 0},
    {"an idle time of the account", "idle_staff = 15 min\n", SSHD, "5 min", 300, 0},
    {"an account without one", "idle_staff = 15 min\n", SSHD, "none", 0, 0},
    {"hours that end", "idle_staff = 0\n", SSHD, "", 0, 3},
    {"hours that ended since the account phase", "idle_staff = 0\n", SSHD, "", 0, -3},
    {"cron has neither", "idle_staff = 15 min\n", CRON, "", 0, 3},
    {"root's su has neither", "idle_staff = 15 min\n", ROOT_SU, "", 0, 3},
};

/* Hours of this day and the next, in UTC, that end so many full hours from now. */
static void hours_put(int hours, char rule[64])
{
    const int now = (int)(clock_read().now / MEDGL_HOUR % 24);
    const int from = hours > 0 ? now : now + 24 + hours - 1,
              to = hours > 0 ? now + hours : from + 1;
    (void)snprintf(rule, 64, "daily %02d:00-%02d:00", from % 24, to % 24);
}

static void a_host_sets_limits(void **state)
{
    const struct setting *row = *state;
    char policy[256], rule[64] = "always";
    if (row->hours != 0)
        hours_put(row->hours, rule);
    (void)snprintf(policy, sizeof(policy), "time_zone = UTC\nhours_staff = %s\n%s", rule,
                   row->policy);
    struct fixture *f = begin(policy);
    struct session_opening opening;
    if (row->own_idle[0] != '\0')
        change(f, &(struct account_change_request){.rules.idle = row->own_idle});
    assert_int_equal(open_at(f, &row->place, &opening, NULL), SESSION_DONE);
    assert_int_equal(strlen(opening.id), CRYPTO_ID_SIZE - 1);
    assert_int_equal(opening.idle_s, row->idle_s);
    if (row->hours == 0 || row->place.silent || row->place.ruser != NULL)
        assert_int_equal(opening.until_s, 0);
    else if (row->hours < 0)
        assert_int_equal(opening.until_s, 1);
    else
        assert_in_range(opening.until_s, (row->hours - 1) * 3600 - 60, row->hours * 3600);
    end(f);
}

/* -- what administrators hear (R07) ----------------------------------------------------------- */

static const struct alarm {
    const char *name;
    enum account_class class_;
    bool dormant; /* enrolled long ago */
    struct place place;
    const char *raises; /* NULL: nothing */
} alarms[] = {
    {"a login of the staff", ACCOUNT_CLASS_STAFF, false, SSHD, NULL},
    {"a privileged login", ACCOUNT_CLASS_PRIVILEGED, false, CONSOLE, "privileged-login"},
    {"root's su to a privileged account", ACCOUNT_CLASS_PRIVILEGED, false, ROOT_SU,
     "privileged-login"},
    {"cron for a privileged account", ACCOUNT_CLASS_PRIVILEGED, false, CRON, NULL},
    {"the systemd of a privileged account", ACCOUNT_CLASS_PRIVILEGED, false, USER, NULL},
    {"a login after a long absence", ACCOUNT_CLASS_STAFF, true, SSHD, "dormant-login"},
    {"cron after a long absence", ACCOUNT_CLASS_STAFF, true, CRON, NULL},
    {"root's su after a long absence", ACCOUNT_CLASS_STAFF, true, ROOT_SU, NULL},
    {"sudo after a long absence", ACCOUNT_CLASS_STAFF, true, SUDO, "dormant-login"},
};

static enum medgl_error make_old(struct store_txn *txn, void *argument)
{
    struct fixture *f = argument;
    struct account account;
    MEDGL_TRY(store_account_by_name(txn, f->user, &account));
    account.created -= 1000 * MEDGL_DAY;
    return store_account_update(txn, &account);
}

struct heard {
    char kinds[256];
};

/* Whether the clock of this machine is synchronised is no matter of the rows. */
static enum medgl_error alarm_row(void *argument, const struct ledger_row *row)
{
    static const char *const kinds[] = {"privileged-login", "dormant-login"};
    struct heard *heard = argument;
    for (size_t i = 0; i < MEDGL_COUNT(kinds); i++) {
        char wanted[64];
        (void)snprintf(wanted, sizeof(wanted), "\"alert_kind\":\"%s\"", kinds[i]);
        if (strstr(row->line, "\"alert.raise\"") != NULL && strstr(row->line, wanted) != NULL)
            (void)strncat(heard->kinds, kinds[i], sizeof(heard->kinds) - 1 - strlen(heard->kinds));
    }
    return MEDGL_OK;
}

static void an_administrator_hears(void **state)
{
    const struct alarm *row = *state;
    struct fixture *f = begin("places_privileged = any\n");
    struct heard heard = {.kinds = ""};
    if (row->class_ != ACCOUNT_CLASS_STAFF)
        change(f, &(struct account_change_request){.class_ = &row->class_});
    if (row->dormant)
        assert_int_equal(store_transact(f->context.store, STORE_WRITE, make_old, f), MEDGL_OK);
    assert_int_equal(open_at(f, &row->place, NULL, NULL), SESSION_DONE);
    assert_int_equal(operation_ledger_each(&f->context, 0, UINT64_MAX, alarm_row, &heard),
                     MEDGL_OK);
    assert_string_equal(heard.kinds, row->raises != NULL ? row->raises : "");
    end_unverified(f);
}

/* -- a long absence (R25) --------------------------------------------------------------------- */

enum use {
    USE_NONE,
    USE_LOGIN,  /* a password, and no session: a screen locker */
    USE_FAILED, /* a wrong one */
    USE_SESSION,
    USE_SILENT, /* a session that shows no notice */
    USE_CRON,
    USE_ROOT,
};
static const struct absence {
    const char *name;
    int64_t login_days, used_days; /* ago; 0: never */
    enum use uses[4];
    unsigned alerts;
    bool dormant; /* afterwards */
} absences[] = {
    {"never used", 0, 0, {USE_NONE}, 0, true},
    {"a login and its session are one", 0, 0, {USE_LOGIN, USE_SESSION}, 1, false},
    {"a session without a password", 0, 0, {USE_SESSION}, 1, false},
    {"a session, and a password in it", 0, 0, {USE_SESSION, USE_LOGIN}, 1, false},
    {"a screen locker", 0, 0, {USE_LOGIN}, 1, false},
    {"again and again", 0, 0, {USE_LOGIN, USE_LOGIN, USE_SESSION, USE_SESSION}, 1, false},
    {"a silent session", 0, 0, {USE_SILENT, USE_SESSION}, 1, false},
    {"a wrong password is no use", 0, 0, {USE_FAILED}, 0, true},
    {"nor are cron and root", 0, 0, {USE_CRON, USE_ROOT}, 0, true},
    {"nor do they hide the next use", 0, 0, {USE_CRON, USE_ROOT, USE_LOGIN, USE_SESSION}, 1, false},
    {"in daily use by a locker", 200, 1, {USE_LOGIN, USE_SESSION}, 0, false},
    {"in daily use by silent sessions", 0, 1, {USE_SESSION}, 0, false},
    {"of an older schema, used lately", 1, 0, {USE_LOGIN, USE_SESSION}, 0, false},
    {"of an older schema, long ago", 200, 0, {USE_LOGIN, USE_SESSION}, 1, false},
    {"one day less than the absence", 0, 89, {USE_LOGIN}, 0, false},
    {"just the absence", 0, 90, {USE_LOGIN}, 1, false},
    {"a clock that went back", 0, -10, {USE_LOGIN}, 0, false},
};

struct absent {
    struct fixture *f;
    const struct absence *row;
};

static enum medgl_error be_absent(struct store_txn *txn, void *argument)
{
    const struct absent *absent = argument;
    const medgl_time now = clock_read().now;
    struct account account;
    struct activity activity;
    MEDGL_TRY(make_old(txn, absent->f));
    MEDGL_TRY(store_account_by_name(txn, absent->f->user, &account));
    MEDGL_TRY(store_activity_get(txn, account.id, &activity));
    const int64_t login = absent->row->login_days, used = absent->row->used_days;
    activity.last_login = login == 0 ? 0 : now - login * MEDGL_DAY;
    activity.last_used = used == 0 ? 0 : now - used * MEDGL_DAY;
    return store_activity_put(txn, &activity);
}

static void use_it(struct fixture *f, enum use use)
{
    static const struct place session = SSHD, silent = SUDO, cron = CRON, root = ROOT_SU;
    switch (use) {
    case USE_NONE:
        break;
    case USE_LOGIN:
        assert_int_equal(try_login(f, f->user, HERE, PASSWORD_ONE), LOGIN_ALLOWED);
        break;
    case USE_FAILED:
        assert_int_equal(try_login(f, f->user, HERE, WRONG), LOGIN_REFUSED);
        break;
    case USE_SESSION:
        assert_int_equal(open_at(f, &session, NULL, NULL), SESSION_DONE);
        break;
    case USE_SILENT:
        assert_int_equal(open_at(f, &silent, NULL, NULL), SESSION_DONE);
        break;
    case USE_CRON:
        assert_int_equal(open_at(f, &cron, NULL, NULL), SESSION_DONE);
        break;
    case USE_ROOT:
        assert_int_equal(open_at(f, &root, NULL, NULL), SESSION_DONE);
        break;
    }
}

/* How often it was raised: of what nobody was told of yet there is one alert, which counts. */
static enum medgl_error absence_alert(void *argument, const struct alert *alert)
{
    unsigned *count = argument;
    if (alert->kind == ALERT_DORMANT_LOGIN)
        *count += alert->count;
    return MEDGL_OK;
}

struct absence_seen {
    struct fixture *f;
    unsigned alerts;
    bool dormant;
};

static enum medgl_error absence_read(struct store_txn *txn, void *argument)
{
    struct absence_seen *seen = argument;
    struct account account;
    struct activity activity;
    seen->alerts = 0;
    MEDGL_TRY(store_alert_each(txn, true, absence_alert, &seen->alerts));
    MEDGL_TRY(store_account_by_name(txn, seen->f->user, &account));
    MEDGL_TRY(store_activity_get(txn, account.id, &activity));
    seen->dormant = policy_dormant(&seen->f->context.policy, last_use(&activity), account.created,
                                   clock_read().now);
    return MEDGL_OK;
}

/* The alert is raised once, by whichever comes first. */
static void an_absence_ends_once(void **state)
{
    const struct absence *row = *state;
    struct fixture *f = begin("dormant_after = 90 days\n");
    struct absent absent = {f, row};
    struct absence_seen seen = {.f = f};
    set_password(f, PASSWORD_ONE);
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, be_absent, &absent), MEDGL_OK);
    for (size_t i = 0; i < MEDGL_COUNT(row->uses); i++)
        use_it(f, row->uses[i]);
    assert_int_equal(store_transact(f->context.store, STORE_READ, absence_read, &seen), MEDGL_OK);
    assert_int_equal(seen.alerts, row->alerts);
    assert_int_equal(seen.dormant, row->dormant);
    end_unverified(f);
}

/* -- ended by an administrator ---------------------------------------------------------------- */

static const struct ending {
    const char *name;
    size_t digits; /* of the id that are given; 0: of none that there is */
    bool closed;   /* before */
    const char *reason;
    enum medgl_error error;
} endings[] = {
    {"by its whole id", 32, false, "left the ward", MEDGL_OK},
    {"by a beginning", 6, false, "left the ward", MEDGL_OK},
    {"by too little of it", 5, false, "left the ward", MEDGL_ERR_ARGUMENT},
    {"by another id", 0, false, "left the ward", MEDGL_ERR_NOT_FOUND},
    {"that is closed", 32, true, "left the ward", MEDGL_ERR_NOT_FOUND},
    {"without a reason", 32, false, "", MEDGL_ERR_ARGUMENT},
    {"with a reason that is no text", 32, false, "a\nb", MEDGL_ERR_ARGUMENT},
};

static void an_administrator_ends_it(void **state)
{
    static const struct place place = SSHD;
    const struct ending *row = *state;
    struct fixture *f = begin("");
    struct session_opening opening;
    struct session_ended ended;
    enum session_verdict verdict;
    char id[CRYPTO_ID_SIZE] = "0123456789abcdef", why[OPERATION_WHY_SIZE];
    const struct caller caller = caller_at(&place);
    assert_int_equal(open_at(f, &place, &opening, NULL), SESSION_DONE);
    assert_int_equal(open_at(f, &place, NULL, NULL), SESSION_DONE);
    if (row->digits != 0)
        (void)snprintf(id, sizeof(id), "%.*s", (int)row->digits, opening.id);
    if (row->closed)
        assert_int_equal(
            operation_session_close(&f->context, &caller, f->user, opening.id, &verdict), MEDGL_OK);
    assert_int_equal(operation_session_end(&f->context, id, row->reason, &ended, why), row->error);
    const struct tally tally = tally_of(f);
    assert_int_equal(tally.kinds[LEDGER_SESSION_END], row->error == MEDGL_OK);
    if (row->error == MEDGL_OK) {
        assert_string_equal(ended.session.id, opening.id);
        assert_string_equal(ended.session.leader, caller.leader);
        assert_string_equal(ended.account, f->user);
        assert_int_equal(ended.uid, geteuid());
        assert_int_equal(ended.life, PROCESS_ALIVE);
        assert_int_equal(
            operation_session_close(&f->context, &caller, f->user, opening.id, &verdict), MEDGL_OK);
        assert_int_equal(verdict, SESSION_DONE); /* and nothing is added */
        assert_int_equal(tally_of(f).kinds[LEDGER_SESSION_CLOSE], 0);
    }
    end(f);
}

/* By the id alone nobody ends their own either, and the try is written down (R08). */
static void nobody_ends_their_own(void **state)
{
    static const struct place place = SSHD;
    struct fixture *f = begin("");
    struct session_opening opening;
    struct session_ended ended;
    char why[OPERATION_WHY_SIZE];
    (void)state;
    assert_int_equal(open_at(f, &place, &opening, NULL), SESSION_DONE);
    f->context.actor = (struct actor){.uid = (int64_t)geteuid(), .roles = ROLE_SECURITY};
    assert_int_equal(operation_session_end(&f->context, opening.id, "x", &ended, why),
                     MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "your own account"));
    assert_int_equal(tally_of(f).kinds[LEDGER_SESSION_END], 0);
    assert_int_equal(tally_of(f).kinds[LEDGER_ROLE_REFUSED], 1);
    f->context.actor.uid++;
    assert_int_equal(operation_session_end(&f->context, opening.id, "x", &ended, why), MEDGL_OK);
    end(f);
}

/* One process that opens sessions of many accounts: what ends with it is not of one alone. */
static void a_leader_of_two_accounts_is_told(void **state)
{
    static const struct place place = SSHD;
    struct fixture *f = begin("");
    struct session_opening opening;
    struct session_ended ended;
    char own[sizeof(f->user)], why[OPERATION_WHY_SIZE];
    (void)state;
    (void)snprintf(own, sizeof(own), "%s", f->user);
    const struct account_add_request request = {
        .name = ASKER, .uid = ASKER_UID, .class_ = ACCOUNT_CLASS_STAFF, .person.full_name = ""};
    assert_int_equal(operation_account_add(&f->context, &request, why), MEDGL_OK);
    assert_int_equal(open_at(f, &place, &opening, NULL), SESSION_DONE);
    assert_int_equal(open_at(f, &place, NULL, NULL), SESSION_DONE);
    assert_int_equal(operation_session_end(&f->context, opening.id, "why", &ended, why), MEDGL_OK);
    assert_false(ended.leads_others); /* the other one is the account's own */
    assert_int_equal(open_at(f, &place, &opening, NULL), SESSION_DONE);
    (void)snprintf(f->user, sizeof(f->user), "%s", ASKER);
    assert_int_equal(open_at(f, &place, NULL, NULL), SESSION_DONE);
    (void)snprintf(f->user, sizeof(f->user), "%s", own);
    assert_int_equal(operation_session_end(&f->context, opening.id, "why", &ended, why), MEDGL_OK);
    assert_true(ended.leads_others);
    end(f);
}

/* -- a host that kept no id ------------------------------------------------------------------- */

static const struct closing {
    const char *name;
    const char *leaders[3]; /* of those that are open, the oldest first; NULL: no more */
    const char *service, *tty;
    int closes; /* which one; -1: none */
} closings[] = {
    {"the one that it opened", {"ours", "other"}, "sshd", "ssh", 0},
    {"the newest that it opened", {"ours", "ours", "other"}, "sshd", "ssh", 1},
    {"at another terminal by now", {"ours", "other"}, "sshd", "pts/3", 0},
    {"none of another service", {"ours"}, "su", "ssh", -1},
    {"none that another one leads", {"other", "other"}, "sshd", "ssh", -1},
    {"one of a process that is gone", {"gone"}, "sshd", "ssh", 0},
    {"one of no process that is known", {""}, "sshd", "ssh", 0},
    {"at that terminal alone", {"gone"}, "sshd", "pts/3", -1},
};

static void closing_open(struct fixture *f, const char *kind, const char *other, char *id)
{
    static const struct place place = SSHD;
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    struct caller caller = caller_at(&place);
    struct session_opening opening;
    enum session_verdict verdict;
    if (strcmp(kind, "other") == 0)
        (void)snprintf(caller.leader, sizeof(caller.leader), "%s", other);
    else if (strcmp(kind, "ours") != 0)
        leader_of(kind, caller.leader);
    assert_int_equal(
        operation_session_open(&f->context, &talk, &caller, f->user, false, &opening, &verdict),
        MEDGL_OK);
    assert_int_equal(verdict, SESSION_DONE);
    memcpy(id, opening.id, CRYPTO_ID_SIZE);
}

struct closing_look {
    const char *id;
    bool closed;
};

static void closing_see(void *argument, const struct session_record *record)
{
    struct closing_look *look = argument;
    if (strcmp(record->session->id, look->id) == 0)
        look->closed = record->session->ended == SESSION_END_CLOSED;
}

static void what_closes_without_an_id(void **state)
{
    static const struct place place = SSHD;
    const struct closing *row = *state;
    struct fixture *f = begin("");
    char ids[3][CRYPTO_ID_SIZE], parent[PROCESS_NAME_SIZE];
    enum session_verdict verdict;
    struct caller caller = caller_at(&place);
    int count = 0;
    assert_int_equal(process_name(getppid(), parent), MEDGL_OK);
    /* One that is gone is swept away where another one is opened: those rows have one. */
    for (; count < 3 && row->leaders[count] != NULL; count++) {
        clock_sleep(2); /* what comes next is newer */
        closing_open(f, row->leaders[count], parent, ids[count]);
    }
    text_put(caller.service, sizeof(caller.service), row->service);
    text_put(caller.tty, sizeof(caller.tty), row->tty);
    assert_int_equal(operation_session_close(&f->context, &caller, f->user, "", &verdict),
                     MEDGL_OK);
    assert_int_equal(verdict, row->closes >= 0 ? SESSION_DONE : SESSION_REFUSED);
    for (int i = 0; i < count; i++) {
        struct closing_look look = {.id = ids[i]};
        assert_int_equal(operation_session_list(&f->context, NULL, 1, closing_see, &look),
                         MEDGL_OK);
        assert_int_equal(look.closed, i == row->closes);
    }
    end(f);
}

/* -- who uses a shared id (R26) --------------------------------------------------------------- */

enum token {
    TOKEN_NONE,
    TOKEN_GOOD,
    TOKEN_OLD,
    TOKEN_BAD
};

static const struct shared_row {
    const char *name;
    struct place place;
    enum token token;
    bool unknown; /* nobody of that name is enrolled */
    enum session_verdict verdict;
    const char *person;
} shared_rows[] = {
    {"of a login that told", SSHD, TOKEN_GOOD, false, SESSION_DONE, "nurse"},
    {"of a login that told nothing", SSHD, TOKEN_NONE, false, SESSION_REFUSED, ""},
    {"of a login too long ago", SSHD, TOKEN_OLD, false, SESSION_REFUSED, ""},
    {"with a token of its own making", SSHD, TOKEN_BAD, false, SESSION_REFUSED, ""},
    {"at the console", CONSOLE, TOKEN_NONE, false, SESSION_REFUSED, ""},
    {"at the console, told", CONSOLE, TOKEN_GOOD, false, SESSION_DONE, "nurse"},
    {"by somebody who is known here",
     {"sudo", NULL, "/dev/pts/1", ASKER, 0, false, false},
     TOKEN_NONE,
     false,
     SESSION_DONE,
     ASKER},
    {"by somebody who told another name",
     {"su", NULL, "/dev/pts/1", ASKER, ASKER_UID, false, false},
     TOKEN_GOOD,
     false,
     SESSION_DONE,
     "nurse"},
    {"by somebody who is not known",
     {"sudo", NULL, "/dev/pts/1", ASKER, 0, false, false},
     TOKEN_NONE,
     true,
     SESSION_REFUSED,
     ""},
    {"of a name that another machine gave",
     {"rlogin", HERE, "ssh", ASKER, 0, false, false},
     TOKEN_NONE,
     false,
     SESSION_REFUSED,
     ""},
    {"silently", {"sudo", NULL, NULL, "bob", 0, true, false}, TOKEN_NONE, true, SESSION_DONE, ""},
    {"of root", ROOT_SU, TOKEN_NONE, false, SESSION_DONE, ""},
    {"of a service", CRON, TOKEN_NONE, false, SESSION_DONE, ""},
};

static void token_put(struct fixture *f, enum token token, struct caller *caller)
{
    const medgl_time ago = token == TOKEN_OLD ? 11 * MEDGL_MINUTE : 0;
    struct account_report report;
    struct source source;
    if (token == TOKEN_NONE)
        return;
    source_of(caller, &source);
    assert_int_equal(operation_account_show(&f->context, f->user, &report, NULL, NULL), MEDGL_OK);
    assert_int_equal(person_token(&f->context, &report.account, caller, source.key, "nurse", "",
                                  clock_read().now - ago, caller->person),
                     MEDGL_OK);
    if (token == TOKEN_BAD)
        caller->person[0] = 'N';
}

struct person_seen {
    const char *person;
    int count;
};

static void person_see(void *argument, const struct session_record *record)
{
    struct person_seen *seen = argument;
    assert_string_equal(record->session->person, seen->person);
    seen->count++;
}

static void somebody_uses_a_shared_id(void **state)
{
    const struct shared_row *row = *state;
    struct fixture *f = begin("");
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    struct caller caller = caller_at(&row->place);
    struct session_opening opening;
    enum session_verdict verdict;
    char why[OPERATION_WHY_SIZE];
    const struct account_add_request request = {
        .name = ASKER, .uid = ASKER_UID, .class_ = ACCOUNT_CLASS_STAFF, .person.full_name = ""};
    if (!row->unknown)
        assert_int_equal(operation_account_add(&f->context, &request, why), MEDGL_OK);
    change(f, &(struct account_change_request){.rules.shared = "yes"});
    token_put(f, row->token, &caller);
    assert_int_equal(operation_session_open(&f->context, &talk, &caller, f->user, row->place.silent,
                                            &opening, &verdict),
                     MEDGL_OK);
    assert_int_equal(verdict, row->verdict);
    struct refusal refusal = {.reason = "person"};
    assert_int_equal(operation_ledger_each(&f->context, 0, UINT64_MAX, refusal_row, &refusal),
                     MEDGL_OK);
    assert_int_equal(refusal.seen, row->verdict == SESSION_REFUSED);
    struct person_seen seen = {.person = row->person};
    assert_int_equal(operation_session_list(&f->context, NULL, 0, person_see, &seen), MEDGL_OK);
    assert_int_equal(seen.count, row->verdict == SESSION_DONE);
    end(f);
}

/* -- what a login proved is ended before its session begins (R12, R30) ------------------------- */

static void ends_nothing(struct fixture *f)
{
    (void)f;
}

static void ends_by_reset(struct fixture *f)
{
    issue(f);
}

static void ends_by_revoking(struct fixture *f)
{
    struct password_revoked revoked;
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(
        operation_password_revoke(
            &f->context,
            &(struct password_revoke_request){.name = f->user, .reason = "lost", .sessions = true},
            &revoked, why),
        MEDGL_OK);
}

static void ends_and_begins_anew(struct fixture *f)
{
    ends_by_revoking(f);
    issue(f);
}

static void ends_by_disabling(struct fixture *f)
{
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_account_disable(&f->context, f->user, "contract ended", why),
                     MEDGL_OK);
}

static const struct waiting_row {
    const char *name;
    struct place place;
    bool key, shared;
    void (*ends)(struct fixture *f);
    const char *reason; /* NULL: it begins */
} waiting_rows[] = {
    {"nothing", SSHD, false, false, ends_nothing, NULL},
    {"another password took the place of it", SSHD, false, false, ends_by_reset, NULL},
    {"it was revoked", SSHD, false, false, ends_by_revoking, "revoked"},
    {"it was revoked, and another one issued", SSHD, false, false, ends_and_begins_anew, "revoked"},
    {"it was revoked: a stopped su", SU, false, false, ends_by_revoking, "revoked"},
    {"that of a shared id was revoked", SSHD, false, true, ends_and_begins_anew, "revoked"},
    {"it was revoked: a key came in", SSHD, true, false, ends_by_revoking, NULL},
    {"the account was disabled", SSHD, false, false, ends_by_disabling, "disabled"},
    {"the account of a key was disabled", SSHD, true, false, ends_by_disabling, "disabled"},
};

static void waiting_log_in(struct fixture *f, struct caller *caller)
{
    char token[PERSON_TOKEN_SIZE];
    struct script script = {.answers = {f->issued}, .person = ASKER};
    const struct talk talk = script_talk(&script);
    const struct login_request request = {.caller = caller, .user = f->user, .person = token};
    enum login_verdict verdict;
    assert_int_equal(operation_login(&f->context, &talk, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, LOGIN_ALLOWED);
    text_put(caller->person, sizeof(caller->person), token);
}

static void what_is_ended_opens_nothing(void **state)
{
    const struct waiting_row *row = *state;
    struct fixture *f = begin("");
    struct script script = {.next = 0};
    const struct talk talk = script_talk(&script);
    struct caller caller = caller_at(&row->place);
    struct session_opening opening;
    enum session_verdict verdict;
    char why[OPERATION_WHY_SIZE];
    const struct account_add_request asker = {
        .name = ASKER, .uid = ASKER_UID, .class_ = ACCOUNT_CLASS_STAFF, .person.full_name = ""};
    assert_int_equal(operation_account_add(&f->context, &asker, why), MEDGL_OK);
    if (row->shared)
        change(f, &(struct account_change_request){.rules.shared = "yes"});
    issue(f);
    if (!row->key)
        waiting_log_in(f, &caller);
    row->ends(f);
    assert_int_equal(
        operation_session_open(&f->context, &talk, &caller, f->user, false, &opening, &verdict),
        MEDGL_OK);
    assert_int_equal(verdict, row->reason == NULL ? SESSION_DONE : SESSION_REFUSED);
    struct refusal refusal = {.reason = row->reason != NULL ? row->reason : "revoked"};
    assert_int_equal(operation_ledger_each(&f->context, 0, UINT64_MAX, refusal_row, &refusal),
                     MEDGL_OK);
    assert_int_equal(refusal.seen, row->reason != NULL);
    assert_int_equal(verify(f), MEDGL_OK);
    end(f);
}

/* A terminal that is stopped while the notice is shown. */
struct stopped {
    struct fixture *f;
    const struct waiting_row *row;
    bool over;
};

static void stopped_inform(void *carrier, const char *message)
{
    struct stopped *stopped = carrier;
    (void)message;
    if (!stopped->over)
        stopped->row->ends(stopped->f);
    stopped->over = true;
}

static const struct waiting_row stopped_rows[] = {
    {"nothing", SU, true, false, ends_nothing, NULL},
    {"its password was revoked, with its sessions", SU, true, false, ends_by_revoking, "ended"},
};

static void what_is_ended_does_not_go_on(void **state)
{
    const struct waiting_row *row = *state;
    struct fixture *f = begin("");
    struct stopped stopped = {.f = f, .row = row};
    const struct talk talk = {
        .carrier = &stopped, .inform = stopped_inform, .warn = stopped_inform};
    const struct caller caller = caller_at(&row->place);
    struct session_opening opening;
    enum session_verdict verdict;
    issue(f);
    assert_int_equal(
        operation_session_open(&f->context, &talk, &caller, f->user, false, &opening, &verdict),
        MEDGL_OK);
    assert_true(stopped.over);
    assert_int_equal(verdict, row->reason == NULL ? SESSION_DONE : SESSION_REFUSED);
    assert_int_equal(opening.id[0] != '\0', row->reason == NULL);
    end(f);
}

int main(void)
{
    TABLE_ADD("one more session (R29)", crowds, a_crowd_is_bounded);
    table_add("one more session (R29)", "thirty at once are five", thirty_at_once_are_five, NULL);
    TABLE_ADD("a session that may be over (R06)", overs, what_is_over_is_found);
    table_add("a session that may be over (R06)", "its host says so at last", an_end_is_told_twice,
              NULL);
    TABLE_ADD("a session of an older schema (R29)", classlesses, a_session_without_a_class);
    TABLE_ADD("notice (R21)", notices, the_last_login_is_told);
    TABLE_ADD("an emergency is told who is not enrolled (R32)", outsiders,
              who_is_not_enrolled_hears_of_it);
    TABLE_ADD("limits of a session (R04 R22)", settings, a_host_sets_limits);
    TABLE_ADD("alerts (R07)", alarms, an_administrator_hears);
    TABLE_ADD("a long absence (R25)", absences, an_absence_ends_once);
    TABLE_ADD("a session is ended", endings, an_administrator_ends_it);
    table_add("a session is ended", "not one's own", nobody_ends_their_own, NULL);
    table_add("a session is ended", "whose process opened somebody else's too",
              a_leader_of_two_accounts_is_told, NULL);
    TABLE_ADD("a host without an id closes (R06)", closings, what_closes_without_an_id);
    TABLE_ADD("a session of a shared id (R26)", shared_rows, somebody_uses_a_shared_id);
    TABLE_ADD("a login that waits for its session, and meanwhile (R12 R30)", waiting_rows,
              what_is_ended_opens_nothing);
    TABLE_ADD("a session whose notice is not read yet, and meanwhile (R12 R32)", stopped_rows,
              what_is_ended_does_not_go_on);
    return table_run("session");
}
