/* What the store keeps of break-glass accounts, emergencies and maintenance (store/emergency.h), on
 * a real SQLite file (R30..R33). */
#include "store_fixture.h"
#include "table.h"

#include <signal.h>

static void no_problem(void *argument, const char *what)
{
    (void)argument;
    fail_msg("%s", what);
}

static void some_problem(void *argument, const char *what)
{
    if (strstr(what, "emergency") != NULL)
        (*(unsigned *)argument)++;
}

static void two_accounts(struct store_txn *txn)
{
    const struct account hanako = account_of('a', "hanako"), taro = account_of('b', "taro");
    assert_ok(store_account_add(txn, &hanako));
    assert_ok(store_account_add(txn, &taro));
}

/* -- sealed credentials ----------------------------------------------------------------------- */

static void assert_same_breakglass(const struct breakglass *one, const struct breakglass *other)
{
    assert_string_equal(one->account_id, other->account_id);
    assert_string_equal(one->serial, other->serial);
    assert_string_equal(one->emergency_id, other->emergency_id);
    assert_true(one->times == other->times && one->sealed_at == other->sealed_at &&
                one->used_at == other->used_at && one->closed_at == other->closed_at &&
                one->ledger_seq == other->ledger_seq);
}

static enum medgl_error names_breakglass(void *argument, const struct breakglass *breakglass)
{
    return names_add(argument, breakglass->serial);
}

static void R32_sealed_credential_keeps_every_field(void **state)
{
    struct breakglass extreme = {.times = UINT32_MAX,
                                 .sealed_at = INT64_MIN,
                                 .used_at = INT64_MAX,
                                 .closed_at = -1,
                                 .ledger_seq = INT64_MAX};
    struct breakglass plain = breakglass_of('a', "ER-0001"), got;
    (void)state;
    memcpy(extreme.account_id, id_of('b'), sizeof(extreme.account_id));
    memset(extreme.serial, 's', sizeof(extreme.serial) - 1);
    two_accounts(begin(STORE_WRITE));
    assert_error(store_breakglass_get(&fixture_txn, plain.account_id, &got), MEDGL_ERR_NOT_FOUND);
    assert_ok(store_breakglass_put(&fixture_txn, &plain));
    assert_ok(store_breakglass_put(&fixture_txn, &extreme));
    commit();
    fixture_reopen();
    assert_ok(store_breakglass_get(begin(STORE_READ), id_of('a'), &got));
    assert_same_breakglass(&got, &plain);
    assert_ok(store_breakglass_get(&fixture_txn, id_of('b'), &got));
    assert_same_breakglass(&got, &extreme);
    commit();
}

static void R32_sealed_again(void **state)
{
    struct breakglass one = breakglass_of('a', "ER-0001"), other = breakglass_of('b', "ER-0002"),
                      got;
    const struct breakglass nobodys = breakglass_of('z', "ER-0009");
    struct names names = {.left = 100};
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    two_accounts(txn);
    assert_ok(store_breakglass_put(txn, &other));
    assert_ok(store_breakglass_put(txn, &one));
    assert_error(store_breakglass_put(txn, &nobodys), MEDGL_ERR_ARGUMENT);
    one.times++;
    (void)text_copy(one.serial, sizeof(one.serial), "ER-0002"); /* that of another account */
    assert_error(store_breakglass_put(txn, &one), MEDGL_ERR_EXISTS);
    (void)text_copy(one.serial, sizeof(one.serial), "ER-0003");
    one.used_at = one.closed_at = 0;
    one.emergency_id[0] = '\0';
    assert_ok(store_breakglass_put(txn, &one));
    assert_ok(store_breakglass_get(txn, id_of('a'), &got));
    assert_same_breakglass(&got, &one);
    assert_ok(store_breakglass_get(txn, id_of('b'), &got));
    assert_same_breakglass(&got, &other);
    assert_ok(store_breakglass_each(txn, names_breakglass, &names));
    names.left = 0;
    assert_error(store_breakglass_each(txn, names_breakglass, &names), MEDGL_ERR_PEER);
    commit();
    assert_string_equal(names.text, "ER-0003 ER-0002 ER-0003 ");
    assert_error(store_breakglass_put(begin(STORE_READ), &one), MEDGL_ERR_ARGUMENT);
    commit();
}

/* -- emergencies ------------------------------------------------------------------------------ */

static void assert_same_emergency(const struct emergency *one, const struct emergency *other)
{
    assert_string_equal(one->id, other->id);
    assert_string_equal(one->criterion, other->criterion);
    assert_string_equal(one->decided_by, other->decided_by);
    assert_string_equal(one->note, other->note);
    assert_string_equal(one->account_id, other->account_id);
    assert_string_equal(one->mark_boot, other->mark_boot);
    assert_string_equal(one->recovered_by, other->recovered_by);
    assert_string_equal(one->reviewed_by, other->reviewed_by);
    assert_string_equal(one->review_note, other->review_note);
    assert_true(one->number == other->number && one->drill == other->drill &&
                one->declared == other->declared && one->spent == other->spent);
    assert_true(one->mark_wall == other->mark_wall && one->mark_uptime == other->mark_uptime &&
                one->mark_credible == other->mark_credible && one->reminded == other->reminded);
    assert_true(one->ended == other->ended && one->recovered == other->recovered &&
                one->main_from == other->main_from && one->main_to == other->main_to);
    assert_true(one->own_from == other->own_from && one->own_to == other->own_to &&
                one->reviewed == other->reviewed && one->ledger_seq == other->ledger_seq);
}

static struct emergency extreme_emergency(char id, uint32_t number)
{
    struct emergency extreme = {.number = number,
                                .declared = INT64_MIN,
                                .spent = INT64_MAX,
                                .mark_wall = -1,
                                .mark_uptime = INT64_MIN,
                                .reminded = INT64_MAX,
                                .ended = EMERGENCY_END_TIMED_OUT,
                                .recovered = INT64_MIN,
                                .main_from = INT64_MIN,
                                .main_to = INT64_MAX,
                                .own_from = INT64_MAX,
                                .own_to = INT64_MAX - 1,
                                .reviewed = INT64_MAX - 2,
                                .ledger_seq = INT64_MAX - 3};
    memcpy(extreme.id, id_of(id), sizeof(extreme.id));
    memset(extreme.criterion, 'c', sizeof(extreme.criterion) - 1);
    memset(extreme.decided_by, 'd', sizeof(extreme.decided_by) - 1);
    memset(extreme.note, 0xff, sizeof(extreme.note) - 1);
    memset(extreme.mark_boot, 'b', sizeof(extreme.mark_boot) - 1);
    memset(extreme.recovered_by, 'r', sizeof(extreme.recovered_by) - 1);
    memset(extreme.reviewed_by, 'w', sizeof(extreme.reviewed_by) - 1);
    memset(extreme.review_note, 0xff, sizeof(extreme.review_note) - 1);
    return extreme;
}

static void R31_emergency_keeps_every_field(void **state)
{
    const struct emergency plain = emergency_of('1', 1), extreme = extreme_emergency('2', 2);
    struct emergency empty = {.number = 3}, got;
    (void)state;
    memcpy(empty.id, id_of('3'), sizeof(empty.id));
    const struct emergency *const all[] = {&plain, &extreme, &empty};
    for (size_t i = 0; i < MEDGL_COUNT(all); i++) {
        assert_ok(store_emergency_add(begin(STORE_WRITE), all[i]));
        commit();
        fixture_reopen();
        assert_ok(store_emergency_latest(begin(STORE_READ), &got));
        assert_same_emergency(&got, all[i]);
        for (size_t before = 0; before <= i; before++) {
            assert_ok(store_emergency_by_number(&fixture_txn, all[before]->number, &got));
            assert_same_emergency(&got, all[before]);
            assert_ok(store_emergency_by_id(&fixture_txn, all[before]->id, &got));
            assert_same_emergency(&got, all[before]);
        }
        commit();
    }
    assert_ok(store_check(fixture.store, no_problem, NULL));
}

struct numbered {
    const char *name;
    uint32_t there, number; /* so many are there */
    char id;
    enum medgl_error error;
};
static const struct numbered numbered_cases[] = {
    {"the first", 0, 1, 'z', MEDGL_OK},
    {"the next", 3, 4, 'z', MEDGL_OK},
    {"no number", 0, 0, 'z', MEDGL_ERR_CONFLICT},
    {"no number among others", 2, 0, 'z', MEDGL_ERR_CONFLICT},
    {"not the first", 0, 2, 'z', MEDGL_ERR_CONFLICT},
    {"a gap", 2, 4, 'z', MEDGL_ERR_CONFLICT},
    {"the same again", 2, 2, 'z', MEDGL_ERR_CONFLICT},
    {"an earlier one", 3, 1, 'z', MEDGL_ERR_CONFLICT},
    {"far away", 2, UINT32_MAX, 'z', MEDGL_ERR_CONFLICT},
    {"an id that is there", 2, 3, '1', MEDGL_ERR_EXISTS},
};

static enum medgl_error names_emergency(void *argument, const struct emergency *emergency)
{
    char text[16];
    (void)snprintf(text, sizeof(text), "%u", (unsigned)emergency->number);
    return names_add(argument, text);
}

static const char *const names_of_first[] = {"", "1 ", "1 2 ", "1 2 3 ", "1 2 3 4 "};

static void R31_numbers_have_no_gap(void **state)
{
    const struct numbered *row = *state;
    struct names names = {.left = 100};
    struct store_txn *txn = begin(STORE_WRITE);
    for (uint32_t number = 1; number <= row->there; number++) {
        const struct emergency emergency = emergency_of((char)('0' + number), number);
        assert_ok(store_emergency_add(txn, &emergency));
    }
    const struct emergency given = emergency_of(row->id, row->number);
    assert_error(store_emergency_add(txn, &given), row->error);
    assert_ok(store_emergency_each(txn, names_emergency, &names));
    commit();
    assert_string_equal(names.text, names_of_first[row->there + (row->error == MEDGL_OK)]);
}

/* 1 and 3 were reviewed. */
static void R33_next_without_a_review(void **state)
{
    static const uint32_t next[] = {2, 2, 4, 4, 0}; /* behind 0, 1, 2, 3, 4; 0: none */
    struct store_txn *txn = begin(STORE_WRITE);
    struct emergency got;
    (void)state;
    for (uint32_t number = 1; number <= 4; number++) {
        struct emergency one = emergency_of((char)('0' + number), number);
        one.reviewed = number % 2 != 0 ? 1 : 0;
        assert_ok(store_emergency_add(txn, &one));
    }
    for (uint32_t after = 0; after < MEDGL_COUNT(next); after++) {
        got = (struct emergency){.number = after};
        assert_error(store_emergency_unreviewed(txn, got.number, &got),
                     next[after] != 0 ? MEDGL_OK : MEDGL_ERR_NOT_FOUND);
        if (next[after] != 0)
            assert_int_equal(got.number, next[after]);
    }
    commit();
}

static void R31_emergency_is_updated(void **state)
{
    struct emergency one = emergency_of('1', 1), got;
    const struct emergency two = extreme_emergency('2', 2), unknown = emergency_of('3', 1),
                           other_number = emergency_of('1', 2), none = emergency_of('1', 0);
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    assert_error(store_emergency_latest(txn, &got), MEDGL_ERR_NOT_FOUND);
    assert_error(store_emergency_by_number(txn, 1, &got), MEDGL_ERR_NOT_FOUND);
    assert_error(store_emergency_update(txn, &one), MEDGL_ERR_NOT_FOUND);
    assert_ok(store_emergency_add(txn, &one));
    assert_ok(store_emergency_add(txn, &two));
    assert_error(store_emergency_update(txn, &unknown), MEDGL_ERR_NOT_FOUND);
    assert_error(store_emergency_update(txn, &other_number), MEDGL_ERR_ARGUMENT);
    assert_error(store_emergency_update(txn, &none), MEDGL_ERR_ARGUMENT);
    one = extreme_emergency('1', 1);
    one.drill = false;
    memcpy(one.account_id, id_of('q'), sizeof(one.account_id));
    assert_ok(store_emergency_update(txn, &one));
    assert_ok(store_emergency_by_id(txn, id_of('1'), &got));
    assert_same_emergency(&got, &one);
    assert_ok(store_emergency_latest(txn, &got));
    assert_same_emergency(&got, &two);
    commit();
}

/* One that somebody took out; the last one is missed by verification, which has the entries. */
static void R31_one_that_is_missing_is_found(void **state)
{
    struct names names = {.left = 100};
    unsigned problems = 0;
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    for (uint32_t number = 1; number <= 3; number++) {
        const struct emergency emergency = emergency_of((char)('0' + number), number);
        assert_ok(store_emergency_add(txn, &emergency));
    }
    commit();
    assert_ok(store_check(fixture.store, no_problem, NULL));
    raw_run("DELETE FROM emergency WHERE number = 2");
    assert_error(store_emergency_each(begin(STORE_READ), names_emergency, &names),
                 MEDGL_ERR_CORRUPT);
    commit();
    assert_string_equal(names.text, "1 ");
    assert_error(store_check(fixture.store, some_problem, &problems), MEDGL_ERR_CORRUPT);
    assert_int_equal(problems, 1);
}

/* -- ledgers that are joined ------------------------------------------------------------------ */

static void R33_joined_never_goes_back(void **state)
{
    struct joined joined = joined_of("host/medgl/breakglass", 5), got;
    const struct joined other = joined_of("other/medgl/breakglass", INT64_MAX);
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    assert_error(store_joined_get(txn, joined.origin, &got), MEDGL_ERR_NOT_FOUND);
    assert_ok(store_joined_put(txn, &joined));
    assert_ok(store_joined_put(txn, &other));
    joined.size = 4;
    assert_error(store_joined_put(txn, &joined), MEDGL_ERR_ARGUMENT);
    joined.size = 5;
    joined.time = NOW + 1;
    assert_ok(store_joined_put(txn, &joined));
    joined.size = 6;
    joined.ledger_seq = 99;
    assert_ok(store_joined_put(txn, &joined));
    commit();
    fixture_reopen();
    assert_ok(store_joined_get(begin(STORE_READ), joined.origin, &got));
    assert_string_equal(got.origin, joined.origin);
    assert_true(got.size == 6 && got.time == NOW + 1 && got.ledger_seq == 99);
    assert_ok(store_joined_get(&fixture_txn, other.origin, &got));
    assert_true(got.size == INT64_MAX && got.time == NOW && got.ledger_seq == 13);
    commit();
}

/* -- maintenance ------------------------------------------------------------------------------ */

struct visit {
    char id;
    enum account_class class_;
    medgl_time opened;
    bool closed, confirmed;
};
static const struct visit visits[] = {
    {'1', ACCOUNT_CLASS_MAINTENANCE, NOW + 9, true, false},
    {'2', ACCOUNT_CLASS_MAINTENANCE, NOW + 3, true, false},
    {'3', ACCOUNT_CLASS_MAINTENANCE, NOW + 1, false, false},
    {'4', ACCOUNT_CLASS_STAFF, NOW + 2, true, false},
    {'5', ACCOUNT_CLASS_MAINTENANCE, NOW + 4, true, true},
};

static enum medgl_error names_visit(void *argument, const struct session *session)
{
    return names_add(argument, (char[]){session->id[0], '\0'});
}

static void visit_add(struct store_txn *txn, const struct visit *visit)
{
    struct session session = session_of(visit->id, 'a');
    session.class_ = visit->class_;
    session.opened = visit->opened;
    session.confirmed = 0;
    session.confirmed_by[0] = '\0';
    session.confirmed_seq = 0;
    assert_ok(store_session_open(txn, &session));
    if (visit->closed)
        assert_ok(store_session_close(txn, session.id, NOW + 10, SESSION_END_CLOSED));
    session.confirmed = visit->confirmed ? NOW + 11 : 0;
    if (visit->confirmed)
        assert_ok(store_session_update(txn, &session));
}

static void R30_sessions_without_a_confirmation(void **state)
{
    struct names before = {.left = 100}, after = {.left = 100};
    struct session given = session_of('1', 'b'), got;
    const struct session expected = session_of('1', 'a');
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    two_accounts(txn);
    for (size_t i = 0; i < MEDGL_COUNT(visits); i++)
        visit_add(txn, &visits[i]);
    assert_ok(store_session_each_unconfirmed(txn, names_visit, &before));
    given.opened = given.closed = given.class_ = 0; /* nothing else of it changes */
    given.service[0] = given.grant_id[0] = given.leader[0] = '\0';
    given.confirmed = NOW + 12;
    assert_ok(store_session_update(txn, &given));
    assert_ok(store_session_each_unconfirmed(txn, names_visit, &after));
    commit();
    assert_string_equal(before.text, "2 1 ");
    assert_string_equal(after.text, "2 ");
    fixture_reopen();
    assert_ok(store_session_by_id(begin(STORE_READ), given.id, &got));
    commit();
    assert_true(got.confirmed == NOW + 12 && got.confirmed_seq == 10);
    assert_string_equal(got.confirmed_by, "jiro");
    assert_string_equal(got.grant_id, expected.grant_id);
    assert_string_equal(got.account_id, expected.account_id);
    assert_string_equal(got.service, "sshd");
    assert_string_equal(got.leader, expected.leader);
    assert_true(got.opened == NOW + 9 && got.closed == NOW + 10 &&
                got.class_ == ACCOUNT_CLASS_MAINTENANCE && got.ended == SESSION_END_CLOSED);
}

static void R30_what_cannot_be_confirmed(void **state)
{
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    two_accounts(txn);
    for (size_t i = 0; i < MEDGL_COUNT(visits); i++)
        visit_add(txn, &visits[i]);
    struct session open = session_of('3', 'a'), again = session_of('5', 'a'),
                   unknown = session_of('9', 'a'), without = session_of('1', 'a');
    without.confirmed = 0;
    assert_error(store_session_update(txn, &open), MEDGL_ERR_CONFLICT);
    assert_error(store_session_update(txn, &again), MEDGL_ERR_CONFLICT);
    assert_error(store_session_update(txn, &unknown), MEDGL_ERR_NOT_FOUND);
    assert_error(store_session_update(txn, &without), MEDGL_ERR_ARGUMENT);
    commit();
}

static void R30_word_of_a_grant(void **state)
{
    enum grant_kind kind = GRANT_FACTOR_WAIVER;
    (void)state;
    assert_string_equal(grant_kind_word(GRANT_MAINTENANCE), "maintenance");
    assert_ok(grant_kind_parse("maintenance", &kind));
    assert_int_equal(kind, GRANT_MAINTENANCE);
    assert_error(grant_kind_parse("maintenances", &kind), MEDGL_ERR_ARGUMENT);
}

/* -- who holds the store ---------------------------------------------------------------------- */

static enum medgl_error hold(struct store_txn *txn, void *argument)
{
    struct account account;
    (void)store_account_by_name(txn, "hanako", &account);
    assert_int_equal(write(*(int *)argument, "", 1), 1);
    (void)raise(SIGSTOP);
    return MEDGL_ERR_ABORTED;
}

struct holder {
    const char *name;
    bool alone;
    enum store_mode mode;
    bool told, in_the_way;
};
static const struct holder holders[] = {
    {"one that writes", false, STORE_WRITE, true, true},
    {"one that reads", false, STORE_READ, false, false},
    {"one that has it alone", true, STORE_READ, true, true},
    {"one that has it alone and writes", true, STORE_WRITE, true, true},
};

static enum medgl_error add_line(struct store_txn *txn, void *argument)
{
    (void)argument;
    return append_line(txn, "line");
}

static void holder_run(const struct holder *row, int told)
{
    if (fixture_open(&fixture.store) != MEDGL_OK)
        _exit(1);
    if (row->alone &&
        (lease_alone(fixture.store) != MEDGL_OK || database_run(fixture.store,
                                                                "PRAGMA locking_mode = EXCLUSIVE;"
                                                                "BEGIN IMMEDIATE; COMMIT",
                                                                "test") != MEDGL_OK))
        _exit(1);
    (void)store_transact(fixture.store, row->mode, hold, &told);
    _exit(1);
}

/* The pid of a process that is stopped where it holds the store. */
static pid_t holder_begin(const struct holder *row)
{
    int ends[2], status = 0;
    char byte;
    store_close(&fixture.store); /* SQLite's state is nothing to be taken along */
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0)
        holder_run(row, ends[1]);
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_true(WIFSTOPPED(status));
    return child;
}

static void R32_who_holds_the_store(void **state)
{
    const struct holder *row = *state;
    pid_t found = -1;
    fill();
    const pid_t child = holder_begin(row);
    assert_ok(store_lock_holder_at(fixture.path, &found));
    assert_int_equal(found, row->told ? child : 0);
    const struct store_options options = {
        .path = fixture.path, .row_key = fixture.key, .patience_ms = 50};
    assert_error(store_open(&options, &fixture.store), row->alone ? MEDGL_ERR_DEADLINE : MEDGL_OK);
    if (!row->alone)
        assert_error(store_transact(fixture.store, STORE_WRITE, add_line, NULL),
                     row->in_the_way ? MEDGL_ERR_DEADLINE : MEDGL_OK);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_ok(store_lock_holder_at(fixture.path, &found));
    assert_int_equal(found, 0);
    if (row->alone)
        assert_ok(fixture_open(&fixture.store));
    assert_ok(store_transact(fixture.store, STORE_WRITE, add_line, NULL));
    assert_ok(store_check(fixture.store, no_problem, NULL));
}

/* Another process, which was there before us, finds our lock when it was told to. */
static void other_looks(int told)
{
    struct store *store = NULL;
    const struct store_options options = {
        .path = fixture.path, .row_key = fixture.key, .patience_ms = 50};
    pid_t found = 0;
    char byte;
    const bool held = read(told, &byte, 1) == 1 && store_open(&options, &store) == MEDGL_OK &&
                      store_transact(store, STORE_WRITE, add_line, NULL) == MEDGL_ERR_DEADLINE &&
                      store_lock_holder(store, &found) == MEDGL_OK && found == getppid();
    _exit(held ? 0 : 1);
}

/* Asking costs us none of our own locks. */
static void R32_asking_lets_go_of_nothing(void **state)
{
    pid_t found = -1;
    int ends[2];
    (void)state;
    fill();
    store_close(&fixture.store);
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0)
        other_looks(ends[0]);
    assert_ok(fixture_open(&fixture.store));
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(append_line(txn, "line"));
    assert_ok(store_lock_holder(fixture.store, &found));
    assert_int_equal(found, 0); /* it is us */
    assert_int_equal(write(ends[1], "", 1), 1);
    assert_true(child_done(child));
    commit();
    (void)close(ends[0]);
    (void)close(ends[1]);
    assert_ok(store_check(fixture.store, no_problem, NULL));
}

static void R32_holder_of_a_store_that_is_not_there(void **state)
{
    static char path[PATH_MAX + 16];
    pid_t found = -1;
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/nothing", fixture.directory);
    assert_ok(store_lock_holder_at(path, &found));
    assert_int_equal(found, 0);
    memset(path, 'p', sizeof(path) - 1);
    assert_error(store_lock_holder_at(path, &found), MEDGL_ERR_IO);
}

int main(void)
{
#define TEST(function) table_add("store_emergency", #function, function, NULL)
    TEST(R32_sealed_credential_keeps_every_field);
    TEST(R32_sealed_again);
    TEST(R31_emergency_keeps_every_field);
    TABLE_ADD("R31 numbers have no gap", numbered_cases, R31_numbers_have_no_gap);
    TEST(R31_emergency_is_updated);
    TEST(R33_next_without_a_review);
    TEST(R31_one_that_is_missing_is_found);
    TEST(R33_joined_never_goes_back);
    TEST(R30_sessions_without_a_confirmation);
    TEST(R30_what_cannot_be_confirmed);
    TEST(R30_word_of_a_grant);
    TABLE_ADD("R32 who holds the store", holders, R32_who_holds_the_store);
    TEST(R32_asking_lets_go_of_nothing);
    TEST(R32_holder_of_a_store_that_is_not_there);
    for (size_t i = 0; i < table_count; i++) {
        table_tests[i].setup_func = fixture_setup;
        table_tests[i].teardown_func = fixture_teardown;
    }
    return table_run("store_emergency");
}
