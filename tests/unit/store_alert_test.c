/* The outbox, and the policy that was seen last (store.h), on a real SQLite file (R07, R34). */
#include "store_fixture.h"
#include "table.h"

static void no_problem(void *argument, const char *what)
{
    (void)argument;
    fail_msg("%s", what);
}

static enum medgl_error names_alert(void *argument, const struct alert *alert)
{
    return names_add(argument, (char[]){alert->id[0], '\0'});
}

static enum medgl_error names_delivery(void *argument, const struct delivery *delivery)
{
    char text[STORE_NAME_SIZE + 32];
    (void)snprintf(text, sizeof(text), "%s=%d/%u", delivery->channel, (int)delivery->state,
                   delivery->tries);
    return names_add(argument, text);
}

/* -- alerts --------------------------------------------------------------------------------- */

static void assert_same_alert(const struct alert *one, const struct alert *other)
{
    assert_string_equal(one->id, other->id);
    assert_int_equal(one->kind, other->kind);
    assert_string_equal(one->fold, other->fold);
    assert_string_equal(one->account_id, other->account_id);
    assert_string_equal(one->subject, other->subject);
    assert_string_equal(one->source, other->source);
    assert_string_equal(one->text, other->text);
    assert_true(one->first == other->first && one->last == other->last &&
                one->count == other->count && one->not_before == other->not_before &&
                one->addressed == other->addressed && one->done == other->done);
}

static void R07_alert_keeps_every_field(void **state)
{
    const struct alert plain = alert_of('1', "lockout of hanako"), bare = {.id = "2"};
    struct alert extreme = {.id = "3",
                            .kind = ALERT_TEST,
                            .first = INT64_MIN,
                            .last = INT64_MAX,
                            .count = UINT32_MAX,
                            .not_before = -1,
                            .addressed = true,
                            .done = INT64_MAX};
    (void)state;
    memset(extreme.fold, 0xff, sizeof(extreme.fold) - 1);
    memset(extreme.account_id, 'a', sizeof(extreme.account_id) - 1);
    memset(extreme.subject, 's', sizeof(extreme.subject) - 1);
    memset(extreme.source, 's', sizeof(extreme.source) - 1);
    memset(extreme.text, 't', sizeof(extreme.text) - 1);
    const struct alert *const alerts[] = {&plain, &bare, &extreme};
    for (size_t i = 0; i < MEDGL_COUNT(alerts); i++) {
        struct alert got;
        assert_ok(store_alert_add(begin(STORE_WRITE), alerts[i]));
        assert_error(store_alert_add(&fixture_txn, alerts[i]), MEDGL_ERR_EXISTS);
        commit();
        fixture_reopen();
        assert_ok(store_alert_by_id(begin(STORE_READ), alerts[i]->id, &got));
        assert_same_alert(&got, alerts[i]);
        assert_ok(store_alert_by_fold(&fixture_txn, alerts[i]->fold, &got));
        assert_same_alert(&got, alerts[i]);
        commit();
    }
    assert_ok(store_check(fixture.store, no_problem, NULL));
}

static void R07_alert_happens_again(void **state)
{
    struct alert got, alert = alert_of('1', "f"), stranger = alert_of('9', "f");
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_alert_add(txn, &alert));
    alert.count++;
    alert.last = NOW + 7;
    alert.addressed = true;
    alert.done = NOW + 9;
    (void)text_copy(alert.text, sizeof(alert.text), "Six tries failed.");
    assert_ok(store_alert_update(txn, &alert));
    assert_error(store_alert_update(txn, &stranger), MEDGL_ERR_NOT_FOUND);
    commit();
    assert_ok(store_alert_by_id(begin(STORE_READ), alert.id, &got));
    assert_same_alert(&got, &alert);
    assert_error(store_alert_by_id(&fixture_txn, stranger.id, &got), MEDGL_ERR_NOT_FOUND);
    commit();
    memset(alert.text, 'x', sizeof(alert.text)); /* ended by nothing */
    assert_error(store_alert_update(begin(STORE_WRITE), &alert), MEDGL_ERR_ARGUMENT);
    roll_back();
}

/* -- which alert is about that -------------------------------------------------------------- */

struct folded {
    char id;
    const char *fold;
    medgl_time first; /* before NOW */
    bool addressed, done;
};

struct fold_case {
    const char *name;
    struct folded alerts[4];
    char is; /* 0: none */
};

static const struct fold_case fold_cases[] = {
    {"none", {{0}}, 0},
    {"one", {{'1', "f", 5, false, false}}, '1'},
    {"about something else", {{'1', "g", 5, false, false}}, 0},
    {"about what begins like it", {{'1', "ff", 5, false, false}, {'2', "", 5, false, false}}, 0},
    {"about what differs in case", {{'1', "F", 5, false, false}}, 0},
    {"told already", {{'1', "f", 5, true, false}}, '1'},
    {"done already", {{'1', "f", 5, true, true}}, '1'},
    {"the latest", {{'1', "f", 9, true, true}, {'2', "f", 5, true, true}}, '2'},
    {"the latest, made first", {{'2', "f", 5, true, true}, {'1', "f", 9, true, true}}, '2'},
    {"the one that nobody was told of",
     {{'1', "f", 9, true, true}, {'2', "f", 5, false, false}, {'3', "g", 1, false, false}},
     '2'},
    {"the same, and the clock was set back",
     {{'1', "f", 5, true, true}, {'2', "f", 900, false, false}, {'3', "f", -900, true, false}},
     '2'},
};

static void R07_fold(void **state)
{
    const struct fold_case *row = *state;
    struct alert got;
    struct store_txn *txn = begin(STORE_WRITE);
    for (size_t i = 0; i < MEDGL_COUNT(row->alerts) && row->alerts[i].id != 0; i++) {
        struct alert alert = alert_of(row->alerts[i].id, row->alerts[i].fold);
        alert.first = NOW - row->alerts[i].first;
        alert.addressed = row->alerts[i].addressed;
        alert.done = row->alerts[i].done ? NOW : 0;
        assert_ok(store_alert_add(txn, &alert));
    }
    assert_error(store_alert_by_fold(txn, "f", &got),
                 row->is != 0 ? MEDGL_OK : MEDGL_ERR_NOT_FOUND);
    if (row->is != 0)
        assert_int_equal(got.id[0], row->is);
    commit();
}

/* -- the outbox ----------------------------------------------------------------------------- */

/* Alerts 1 to 5, begun in the order 3 1 5 2 4; 1 and 2 are done. */
static void outbox_fill(struct store_txn *txn)
{
    static const struct {
        char id;
        medgl_time first, done; /* before NOW; 0: not done */
    } alerts[] = {{'1', 40, 30}, {'2', 20, 10}, {'3', 50, 0}, {'4', 10, 0}, {'5', 30, 0}};
    for (size_t i = 0; i < MEDGL_COUNT(alerts); i++) {
        struct alert alert = alert_of(alerts[i].id, (char[]){alerts[i].id, '\0'});
        const struct delivery mail = delivery_of(alerts[i].id, "mail"),
                              hook = delivery_of(alerts[i].id, "hook pager");
        alert.first = NOW - alerts[i].first;
        alert.done = alerts[i].done != 0 ? NOW - alerts[i].done : 0;
        assert_ok(store_alert_add(txn, &alert));
        assert_ok(store_delivery_put(txn, &mail));
        assert_ok(store_delivery_put(txn, &hook));
    }
}

static enum medgl_error alert_is_done(void *argument, const struct alert *alert)
{
    struct alert changed = *alert;
    changed.done = NOW;
    return store_alert_update(argument, &changed);
}

static void R07_alerts_oldest_first(void **state)
{
    struct names waiting = {.left = 100}, all = {.left = 100}, stopped = {.left = 1},
                 none = {.left = 100};
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    outbox_fill(txn);
    assert_ok(store_alert_each(txn, false, names_alert, &waiting));
    assert_string_equal(waiting.text, "3 5 4 ");
    assert_ok(store_alert_each(txn, true, names_alert, &all));
    assert_string_equal(all.text, "3 1 5 2 4 ");
    assert_error(store_alert_each(txn, true, names_alert, &stopped), MEDGL_ERR_PEER);
    assert_string_equal(stopped.text, "3 1 ");
    /* Each is done while the walk goes on. */
    assert_ok(store_alert_each(txn, false, alert_is_done, txn));
    assert_ok(store_alert_each(txn, false, names_alert, &none));
    assert_string_equal(none.text, "");
    commit();
}

struct purge_case {
    const char *name;
    medgl_time before; /* before NOW */
    const char *left;
    int64_t deliveries;
};

static const struct purge_case purge_cases[] = {
    {"nothing is that old", 31, "3 1 5 2 4 ", 10},
    {"done just then", 30, "3 1 5 2 4 ", 10},
    {"done before", 29, "3 5 2 4 ", 8},
    {"all that was done", -100, "3 5 4 ", 6},
    {"never what waits, however old", INT64_MIN / 2, "3 5 4 ", 6},
};

static void R07_purge(void **state)
{
    const struct purge_case *row = *state;
    struct names left = {.left = 100};
    struct store_txn *txn = begin(STORE_WRITE);
    outbox_fill(txn);
    assert_ok(store_alert_purge(txn, NOW - row->before));
    assert_ok(store_alert_each(txn, true, names_alert, &left));
    commit();
    assert_string_equal(left.text, row->left);
    assert_int_equal(raw_number("SELECT count(*) FROM delivery"), row->deliveries);
    assert_ok(store_check(fixture.store, no_problem, NULL));
}

/* -- deliveries ----------------------------------------------------------------------------- */

static enum medgl_error same_delivery(void *argument, const struct delivery *delivery)
{
    const struct delivery *expected = argument;
    assert_string_equal(delivery->alert_id, expected->alert_id);
    assert_string_equal(delivery->channel, expected->channel);
    assert_string_equal(delivery->problem, expected->problem);
    assert_true(delivery->state == expected->state && delivery->tries == expected->tries &&
                delivery->next == expected->next && delivery->last == expected->last);
    return MEDGL_OK;
}

static void R07_delivery_keeps_every_field(void **state)
{
    const struct delivery plain = delivery_of('f', "hook pager");
    struct delivery extreme = {
        .state = DELIVERY_DROPPED, .tries = UINT32_MAX, .next = INT64_MAX, .last = INT64_MIN};
    (void)state;
    fill();
    assert_ok(text_copy(extreme.alert_id, sizeof(extreme.alert_id), id_of('1')));
    memset(extreme.channel, 'c', sizeof(extreme.channel) - 1);
    memset(extreme.problem, 0xff, sizeof(extreme.problem) - 1);
    const struct delivery *const deliveries[] = {&plain, &extreme};
    for (size_t i = 0; i < MEDGL_COUNT(deliveries); i++) {
        struct alert alert = alert_of('1', "f");
        memcpy(alert.id, deliveries[i]->alert_id, sizeof(alert.id));
        assert_ok(database_run(fixture.store, "DELETE FROM delivery; DELETE FROM alert", "test"));
        assert_ok(store_alert_add(begin(STORE_WRITE), &alert));
        assert_ok(store_delivery_put(&fixture_txn, deliveries[i]));
        commit();
        fixture_reopen();
        assert_ok(store_delivery_each(begin(STORE_READ), deliveries[i]->alert_id, same_delivery,
                                      (void *)(uintptr_t)deliveries[i]));
        commit();
        assert_int_equal(raw_number("SELECT count(*) FROM delivery"), 1);
    }
}

static void R07_deliveries_of_an_alert(void **state)
{
    struct names all = {.left = 100}, others = {.left = 100}, none = {.left = 100},
                 stopped = {.left = 0};
    struct delivery again = delivery_of('1', "mail"), wall = delivery_of('1', "wall"),
                    of_nobody = delivery_of('9', "mail");
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    outbox_fill(txn);
    again.state = DELIVERY_DONE;
    again.tries = 4;
    assert_ok(store_delivery_put(txn, &again)); /* in the place of the one that is there */
    assert_ok(store_delivery_put(txn, &wall));
    assert_ok(store_delivery_each(txn, id_of('1'), names_delivery, &all));
    assert_string_equal(all.text, "hook pager=1/1 mail=2/4 wall=1/1 ");
    assert_ok(store_delivery_each(txn, id_of('2'), names_delivery, &others));
    assert_string_equal(others.text, "hook pager=1/1 mail=1/1 ");
    assert_ok(store_delivery_each(txn, id_of('9'), names_delivery, &none));
    assert_string_equal(none.text, "");
    assert_error(store_delivery_each(txn, id_of('1'), names_delivery, &stopped), MEDGL_ERR_PEER);
    assert_error(store_delivery_put(txn, &of_nobody),
                 MEDGL_ERR_ARGUMENT); /* there is no such alert */
    commit();
}

static enum medgl_error add_then_fail(struct store_txn *txn, void *argument)
{
    const struct delivery delivery = delivery_of('1', "mail");
    MEDGL_TRY(store_alert_add(txn, argument));
    MEDGL_TRY(store_delivery_put(txn, &delivery));
    return MEDGL_ERR_REFUSED;
}

static void R07_no_alert_without_its_event(void **state)
{
    struct alert alert = alert_of('1', "f");
    (void)state;
    assert_error(store_transact(fixture.store, STORE_WRITE, add_then_fail, &alert),
                 MEDGL_ERR_REFUSED);
    assert_int_equal(raw_number("SELECT count(*) FROM alert"), 0);
    assert_int_equal(raw_number("SELECT count(*) FROM delivery"), 0);
    assert_error(store_transact(fixture.store, STORE_READ, add_then_fail, &alert),
                 MEDGL_ERR_ARGUMENT);
}

/* -- the policy that was seen --------------------------------------------------------------- */

static void assert_seen(const struct policy_seen *expected)
{
    struct policy_seen got;
    fixture_reopen();
    assert_ok(store_policy_seen_get(begin(STORE_READ), &got));
    assert_string_equal(got.digest, expected->digest);
    assert_true(got.since == expected->since && got.ledger_seq == expected->ledger_seq);
    assert_int_equal(got.len, expected->len);
    assert_memory_equal(got.text, expected->text, got.len);
    assert_int_equal(got.text[got.len], '\0');
    commit();
    assert_int_equal(raw_number("SELECT count(*) FROM policy_seen"), 1);
}

static void R34_policy_seen_last(void **state)
{
    static char large[STORE_POLICY_SIZE + 2];
    struct policy_seen got, first = policy_seen_of("sessions = 3\nidle = 600\n"),
                            second = policy_seen_of(""), third = {.since = -1};
    (void)state;
    assert_error(store_policy_seen_get(begin(STORE_READ), &got), MEDGL_ERR_NOT_FOUND);
    commit();
    assert_ok(store_policy_seen_put(begin(STORE_WRITE), &first));
    commit();
    assert_seen(&first);
    second.since = NOW + 5;
    second.ledger_seq = INT64_MAX;
    second.digest[0] = '\0';
    assert_ok(store_policy_seen_put(begin(STORE_WRITE), &second));
    commit();
    assert_seen(&second);
    memset(large, 'p', STORE_POLICY_SIZE + 1);
    third.text = large;
    third.len = STORE_POLICY_SIZE;
    assert_ok(store_policy_seen_put(begin(STORE_WRITE), &third));
    commit();
    assert_seen(&third);
    third.len++;
    assert_error(store_policy_seen_put(begin(STORE_WRITE), &third), MEDGL_ERR_ARGUMENT);
    roll_back();
    assert_ok(store_check(fixture.store, no_problem, NULL));
}

/* What was read may be written back, and read twice. */
static void R34_policy_seen_is_lent(void **state)
{
    const struct policy_seen seen = policy_seen_of("sessions = 3\n");
    struct policy_seen got, again;
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_policy_seen_put(txn, &seen));
    assert_ok(store_policy_seen_get(txn, &got));
    assert_ok(store_policy_seen_get(txn, &again));
    assert_string_equal(again.text, seen.text);
    again.ledger_seq++;
    assert_ok(store_policy_seen_put(txn, &again));
    assert_ok(store_policy_seen_get(txn, &got));
    assert_int_equal(got.ledger_seq, seen.ledger_seq + 1);
    assert_string_equal(got.text, seen.text);
    commit();
}

int main(void)
{
#define TEST(function) table_add("store_alert", #function, function, NULL)
    TEST(R07_alert_keeps_every_field);
    TEST(R07_alert_happens_again);
    TABLE_ADD("R07 fold", fold_cases, R07_fold);
    TEST(R07_alerts_oldest_first);
    TABLE_ADD("R07 purge", purge_cases, R07_purge);
    TEST(R07_delivery_keeps_every_field);
    TEST(R07_deliveries_of_an_alert);
    TEST(R07_no_alert_without_its_event);
    TEST(R34_policy_seen_last);
    TEST(R34_policy_seen_is_lent);
    for (size_t i = 0; i < table_count; i++) {
        table_tests[i].setup_func = fixture_setup;
        table_tests[i].teardown_func = fixture_teardown;
    }
    return table_run("store_alert");
}
