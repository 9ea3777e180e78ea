/* Alerts: folded when they are raised, delivered until everybody had them, also over a crash (R07,
 * R20). */
#include "operation_fixture.h"

#include "base/text.h"
#include "operation/alert.h"
#include "table.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sqlite3.h>

/* -- the store, as a test may look at it ------------------------------------------------------ */

#define NOON (INT64_C(1795262400) * MEDGL_SECOND) /* 2026-11-21T12:00:00Z */

struct look {
    struct alert alert[64];
    size_t alerts;
    struct delivery delivery[64];
    size_t deliveries;
};

static void look_alert(void *argument, const struct alert *alert)
{
    struct look *look = argument;
    assert_true(look->alerts < MEDGL_COUNT(look->alert));
    look->alert[look->alerts++] = *alert;
}

static void look_delivery(void *argument, const struct delivery *delivery)
{
    struct look *look = argument;
    assert_true(look->deliveries < MEDGL_COUNT(look->delivery));
    look->delivery[look->deliveries++] = *delivery;
}

static const struct look *look(struct fixture *f)
{
    static struct look look;
    look.alerts = look.deliveries = 0;
    assert_int_equal(operation_alert_list(&f->context, true, look_alert, look_delivery, &look),
                     MEDGL_OK);
    return &look;
}

static enum medgl_error write_alert(struct store_txn *txn, void *argument)
{
    return store_alert_update(txn, argument);
}

static enum medgl_error write_delivery(struct store_txn *txn, void *argument)
{
    return store_delivery_put(txn, argument);
}

static void put_alert(struct fixture *f, const struct alert *alert)
{
    struct alert copy = *alert;
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, write_alert, &copy), MEDGL_OK);
}

static void put_delivery(struct fixture *f, const struct delivery *delivery)
{
    struct delivery copy = *delivery;
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, write_delivery, &copy),
                     MEDGL_OK);
}

struct raise {
    struct fixture *f;
    struct clock_reading clock;
    struct alert_event event;
};

static enum medgl_error raise_now(struct store_txn *txn, void *argument)
{
    const struct raise *raise = argument;
    return alert_raise(&raise->f->context, txn, &raise->clock, &raise->event);
}

static void raise_event(struct fixture *f, medgl_time at, const struct alert_event *event)
{
    struct raise raise = {f, {.now = at, .synchronised = true}, *event};
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, raise_now, &raise), MEDGL_OK);
}

static void raise_kind(struct fixture *f, medgl_time at, enum alert_kind kind)
{
    const struct alert_event event = {.kind = kind, .source = "192.0.2.7", .text = "It happened."};
    raise_event(f, at, &event);
}

/* -- folding ---------------------------------------------------------------------------------- */

/* What happens, in seconds from NOON on: R raises, A addresses what was raised last. */
struct fold_case {
    const char *name;
    enum alert_kind kind;
    const char *steps;
    size_t alerts;      /* at the end */
    uint32_t count;     /* of the one raised last */
    int64_t not_before; /* likewise, in seconds from NOON on; -1: at once */
    unsigned entries;   /* alert.raise */
};

#define FOLD_DAY "86400"
static const struct fold_case fold_cases[] = {
    {"the first one leaves at once", ALERT_LOCKOUT, "R0", 1, 1, -1, 1},
    {"before anybody was told they are one", ALERT_LOCKOUT, "R0 R1 R2", 1, 3, -1, 1},
    {"however long that takes", ALERT_LOCKOUT, "R0 R100000", 1, 2, -1, 1},
    {"soon after it was told the next waits", ALERT_LOCKOUT, "R0 A60 R61", 2, 1, 660, 2},
    {"and takes the further ones up", ALERT_LOCKOUT, "R0 A60 R61 R62 R63", 2, 3, 660, 2},
    {"at the end of the time it does not wait", ALERT_LOCKOUT, "R0 A60 R660", 2, 1, -1, 2},
    {"one before it waits a second", ALERT_LOCKOUT, "R0 A60 R659", 2, 1, 660, 2},
    {"a third one counts from the second", ALERT_LOCKOUT, "R0 A60 R61 A660 R661", 3, 1, 1260, 3},
    {"told later than now, after the clock went back: the fold time from now on", ALERT_LOCKOUT,
     "R90000 A90060 R0", 2, 1, 600, 2},
    {"and not more for the next one", ALERT_LOCKOUT, "R90000 A90060 R0 R1", 2, 2, 600, 2},
    {"a clock that is not synchronised is told of once a day", ALERT_CLOCK, "R0 A0 R3600", 2, 1,
     86400, 2},
    {"space once an hour", ALERT_SPACE, "R0 A0 R1800", 2, 1, 3600, 2},
    {"evidence once an hour", ALERT_EVIDENCE, "R0 A0 R1800", 2, 1, 3600, 2},
    {"a policy like the others", ALERT_POLICY, "R0 A0 R1800", 2, 1, -1, 2},
};

static void fold_step(struct fixture *f, enum alert_kind kind, char what, medgl_time at)
{
    if (what == 'R') {
        raise_kind(f, at, kind);
        return;
    }
    const struct look *seen = look(f);
    for (size_t i = 0; i < seen->alerts; i++) {
        struct alert alert = seen->alert[i];
        if (alert.addressed)
            continue;
        alert.addressed = true;
        alert.not_before = at;
        put_alert(f, &alert);
    }
}

static void fold(void **state)
{
    const struct fold_case *c = *state;
    struct fixture *f = NULL;
    assert_int_equal(fixture_open((void **)&f), 0);
    char *at = strdup(c->steps), *rest = at;
    for (char *word; (word = strsep(&rest, " ")) != NULL;)
        fold_step(f, c->kind, word[0], NOON + strtol(word + 1, NULL, 10) * MEDGL_SECOND);
    free(at);
    const struct look *seen = look(f);
    const struct alert *open = NULL;
    /* The real clock may stand before these times: then one that goes back is told of too (R09). */
    const unsigned back = tally_of(f).kinds[LEDGER_CLOCK_BACK];
    assert_int_equal(seen->alerts, c->alerts + back);
    for (size_t i = 0; i < seen->alerts; i++)
        if (!seen->alert[i].addressed && seen->alert[i].kind == c->kind)
            open = &seen->alert[i];
    assert_non_null(open);
    assert_int_equal(open->count, c->count);
    assert_int_equal(open->not_before, c->not_before < 0 ? 0 : NOON + c->not_before * MEDGL_SECOND);
    assert_int_equal(tally_of(f).kinds[LEDGER_ALERT_RAISE], c->entries + back);
    assert_int_equal(verify(f), MEDGL_OK);
    assert_int_equal(fixture_close((void **)&f), 0);
}

/* R34: one change of the policy hides no other. */
static void fold_policy(struct fixture *f)
{
    static const char *const about[] = {"a b", "b c", "c d", "a b"};
    for (size_t i = 0; i < MEDGL_COUNT(about); i++)
        raise_event(f, NOON + (medgl_time)i,
                    &(struct alert_event){ALERT_POLICY, NULL, NULL, about[i], about[i]});
    const struct look *seen = look(f);
    assert_int_equal(seen->alerts, 3);
    assert_int_equal(tally_of(f).kinds[LEDGER_ALERT_RAISE], 3);
    for (size_t i = 0; i < seen->alerts; i++) {
        assert_int_equal(seen->alert[i].not_before, 0);
        assert_int_equal(seen->alert[i].count, strcmp(seen->alert[i].text, "a b") == 0 ? 2 : 1);
    }
}

/* What is about another account, source or kind is another alert. */
static void fold_apart(struct fixture *f)
{
    const struct account one = {.id = "11111111111111111111111111111111", .name = "alice"};
    const struct account two = {.id = "22222222222222222222222222222222", .name = "bob"};
    const struct alert_event events[] = {
        {ALERT_LOCKOUT, NULL, NULL, "a", NULL},
        {ALERT_LOCKOUT, NULL, "192.0.2.1", "b", NULL},
        {ALERT_LOCKOUT, &one, "192.0.2.1", "c", NULL},
        {ALERT_LOCKOUT, &two, "192.0.2.1", "d", NULL},
        {ALERT_SPREAD, &two, "192.0.2.1", "e", NULL},
        {ALERT_SPREAD, &two, NULL, "f", NULL},
    };
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < MEDGL_COUNT(events); i++)
            raise_event(f, NOON + round, &events[i]);
    const struct look *seen = look(f);
    assert_int_equal(seen->alerts, MEDGL_COUNT(events));
    for (size_t i = 0; i < seen->alerts; i++) {
        assert_int_equal(seen->alert[i].count, 2);
        assert_int_equal(seen->alert[i].first, NOON);
        assert_int_equal(seen->alert[i].last, NOON + 1);
    }
    assert_int_equal(verify(f), MEDGL_OK);
}

/* An event that is rolled back has no alert. */
static enum medgl_error raise_and_fail(struct store_txn *txn, void *argument)
{
    MEDGL_TRY(raise_now(txn, argument));
    return MEDGL_ERR_SPACE;
}

static void raise_rolled_back(struct fixture *f)
{
    struct raise raise = {f, {.now = NOON}, {.kind = ALERT_SPACE, .text = "x"}};
    assert_int_equal(store_transact(f->context.store, STORE_WRITE, raise_and_fail, &raise),
                     MEDGL_ERR_SPACE);
    assert_int_equal(look(f)->alerts, 0);
    assert_int_equal(tally_of(f).kinds[LEDGER_ALERT_RAISE], 0);
}

/* -- a carrier of the test's own -------------------------------------------------------------- */

/* What a channel does, by the first letter of its name: o delivers, f fails, g is gone, k is killed
 * before it delivers and l after it, h hangs a while, "notify.d" is the directory of programs, mail
 * takes its time. What arrived stands in a file, whoever dies.
 */
struct fake {
    struct fixture *f;
    const char *channels; /* separated by commas */
    bool kills;           /* else k and l deliver */
    bool mends;           /* f delivers */
    bool unreadable;      /* programs of the site cannot be listed */
    int64_t mail_ms;      /* that a mail takes by fake_clock() */
};

static int64_t fake_time;

static int64_t fake_clock(void)
{
    return fake_time;
}

static void fake_note(const struct fake *fake, const char *channel, const struct alert *alert)
{
    char path[PATH_MAX], line[STORE_NAME_SIZE + CRYPTO_ID_SIZE + 2];
    (void)snprintf(path, sizeof(path), "%s/arrived", fake->f->root);
    auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int len = snprintf(line, sizeof(line), "%s %s\n", channel, alert->id);
    assert_int_equal(write(fd, line, (size_t)len), len);
}

/* How often that channel had that alert ("": any). */
static unsigned fake_arrived(const struct fixture *f, const char *channel, const char *id)
{
    char path[PATH_MAX], line[512], wanted[512];
    unsigned count = 0;
    (void)snprintf(path, sizeof(path), "%s/arrived", f->root);
    (void)snprintf(wanted, sizeof(wanted), "%s %s", channel, id);
    auto_file FILE *stream = fopen(path, "re");
    while (stream != NULL && fgets(line, sizeof(line), stream) != NULL)
        count += strncmp(line, wanted, strlen(wanted)) == 0;
    return count;
}

static enum medgl_error fake_carry(void *argument, const char *channel, const struct alert *alert,
                                   const char *payload, char why[STORE_TEXT_SIZE])
{
    const struct fake *fake = argument;
    assert_non_null(strstr(payload, alert->id));
    if (strcmp(channel, ALERT_HOOKS) == 0) {
        (void)snprintf(why, STORE_TEXT_SIZE, "it cannot be read");
        return fake->unreadable ? MEDGL_ERR_ACCESS : MEDGL_ERR_NOT_FOUND;
    }
    if (strcmp(channel, "mail") == 0)
        fake_time += fake->mail_ms;
    switch (channel[0]) {
    case 'f':
        if (fake->mends)
            break;
        (void)snprintf(why, STORE_TEXT_SIZE, "it fails\nalways");
        return MEDGL_ERR_IO;
    case 'g':
        return MEDGL_ERR_NOT_FOUND;
    case 'k':
        if (fake->kills)
            (void)raise(SIGKILL);
        break;
    case 'l':
        fake_note(fake, channel, alert);
        if (fake->kills)
            (void)raise(SIGKILL);
        return MEDGL_OK;
    case 'h':
        clock_sleep(20);
        break;
    default:
        break;
    }
    fake_note(fake, channel, alert);
    return MEDGL_OK;
}

static enum medgl_error fake_channels(void *argument, const struct alert *alert,
                                      enum medgl_error (*each)(void *each_argument,
                                                               const char *channel),
                                      void *each_argument)
{
    const struct fake *fake = argument;
    char copy[256], *rest = copy;
    (void)alert;
    (void)snprintf(copy, sizeof(copy), "%s", fake->channels);
    for (char *word; (word = strsep(&rest, ",")) != NULL;)
        if (word[0] != '\0' && !(fake->unreadable && strncmp(word, ALERT_HOOK, 5) == 0))
            MEDGL_TRY(each(each_argument, word));
    return fake->unreadable ? each(each_argument, ALERT_HOOKS) : MEDGL_OK;
}

static enum medgl_error deliver(struct fake *fake, const char *only, struct alert_report *report)
{
    const struct alert_carrier carrier = {fake, fake_carry, fake_channels,
                                          fake->mail_ms > 0 ? fake_clock : NULL, NULL};
    return operation_alert_deliver(&fake->f->context, &carrier, only, report);
}

/* In a process of its own; whether it was killed. */
static bool deliver_apart(struct fake *fake)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct alert_report report;
        struct fixture own = *fake->f;
        own.context = (struct context){.actor = {.uid = -1}};
        fake->f = &own;
        bool good = context_open(own.root, CONTEXT_STATE, &own.context) == MEDGL_OK &&
                    deliver(fake, NULL, &report) == MEDGL_OK;
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

/* -- delivering ------------------------------------------------------------------------------- */

struct deliver_case {
    const char *name, *channels;
    enum medgl_error error;
    struct alert_report report;
    bool done;
    const char *states; /* a letter for each channel, in the order of their names: w, d, x */
};

static const struct deliver_case deliver_cases[] = {
    {"nobody is to be told", "", MEDGL_OK, {0, 0, 0}, true, ""},
    {"one receiver", "o1", MEDGL_OK, {1, 0, 0}, true, "d"},
    {"several", "o1,o2,o3", MEDGL_OK, {3, 0, 0}, true, "ddd"},
    {"one that fails is waited for, the others are not asked again",
     "f1,o2",
     MEDGL_ERR_REFUSED,
     {1, 1, 0},
     false,
     "wd"},
    {"one that is gone is not waited for", "g1,o2", MEDGL_OK, {1, 0, 0}, true, "xd"},
    {"all are gone", "g1,g2", MEDGL_OK, {0, 0, 0}, true, "xx"},
};

static char delivery_letter(enum delivery_state state)
{
    switch (state) {
    case DELIVERY_WAITING:
        return 'w';
    case DELIVERY_DONE:
        return 'd';
    case DELIVERY_DROPPED:
        return 'x';
    }
    return '?';
}

static void deliver_row(void **state)
{
    const struct deliver_case *c = *state;
    struct fixture *f = NULL;
    struct alert_report report;
    assert_int_equal(fixture_open((void **)&f), 0);
    struct fake fake = {.f = f, .channels = c->channels};
    raise_kind(f, clock_read().now, ALERT_SPREAD);
    assert_int_equal(deliver(&fake, NULL, &report), c->error);
    assert_int_equal(report.delivered, c->report.delivered);
    assert_int_equal(report.failed, c->report.failed);
    assert_int_equal(report.waiting, c->report.waiting);
    const struct look *seen = look(f);
    assert_int_equal(seen->deliveries, strlen(c->states));
    for (size_t i = 0; i < seen->deliveries; i++) {
        assert_int_equal(delivery_letter(seen->delivery[i].state), c->states[i]);
        assert_int_equal(seen->delivery[i].tries, 1);
        assert_true(text_is_printable(seen->delivery[i].problem));
    }
    assert_int_equal(seen->alert[0].done != 0, c->done);
    assert_int_equal(tally_of(f).kinds[LEDGER_ALERT_DELIVER], c->done);
    /* A second run finds nothing that is due. */
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_OK);
    assert_int_equal(report.delivered, 0);
    assert_int_equal(tally_of(f).kinds[LEDGER_ALERT_DELIVER], c->done);
    assert_int_equal(verify(f), MEDGL_OK);
    assert_int_equal(fixture_close((void **)&f), 0);
}

/* Tried again after 1, 2, 4 ... minutes, at most an hour; then it is done. */
static void deliver_again(struct fixture *f)
{
    static const int minutes[] = {1, 2, 4, 8, 16, 32, 60, 60};
    struct fake fake = {.f = f, .channels = "f1"};
    struct alert_report report;
    raise_kind(f, clock_read().now, ALERT_LOCKOUT);
    for (size_t i = 0; i < MEDGL_COUNT(minutes); i++) {
        assert_int_equal(deliver(&fake, NULL, &report), MEDGL_ERR_REFUSED);
        struct delivery delivery = look(f)->delivery[0];
        assert_int_equal(delivery.tries, i + 1);
        assert_int_equal(delivery.next - delivery.last, minutes[i] * MEDGL_MINUTE);
        assert_string_equal(delivery.problem, "it fails?always");
        assert_int_equal(deliver(&fake, NULL, &report), MEDGL_OK); /* it is not due */
        assert_int_equal(report.waiting, 1);
        delivery.next = clock_read().now;
        put_delivery(f, &delivery);
    }
    fake.mends = true;
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_OK);
    assert_int_equal(look(f)->delivery[0].state, DELIVERY_DONE);
    assert_string_equal(look(f)->delivery[0].problem, "");
    assert_int_equal(fake_arrived(f, "f1", ""), 1);
    assert_int_equal(tally_of(f).kinds[LEDGER_ALERT_DELIVER], 1);
}

/* Times that only a clock that has gone back can have set. */
static void deliver_after_the_clock_went_back(struct fixture *f)
{
    struct fake fake = {.f = f, .channels = "f1"};
    struct alert_report report;
    const medgl_time now = clock_read().now;
    raise_kind(f, now, ALERT_LOCKOUT);
    struct alert alert = look(f)->alert[0];
    alert.not_before = now + 9 * MEDGL_MINUTE; /* within its fold time: it waits */
    put_alert(f, &alert);
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_OK);
    assert_int_equal(look(f)->deliveries, 0);
    alert.not_before = now + MEDGL_DAY;
    put_alert(f, &alert);
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_ERR_REFUSED);
    struct delivery delivery = look(f)->delivery[0];
    delivery.next = clock_read().now + 2 * MEDGL_HOUR;
    put_delivery(f, &delivery);
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_ERR_REFUSED);
}

/* A receiver that fails costs its time once a run, and the others get theirs. */
static void deliver_beside_one_that_fails(struct fixture *f)
{
    struct fake fake = {.f = f, .channels = "f1,o2"};
    struct alert_report report;
    for (int i = 0; i < 5; i++) {
        char source[32];
        (void)snprintf(source, sizeof(source), "192.0.2.%d", i);
        raise_event(f, clock_read().now,
                    &(struct alert_event){ALERT_SPREAD, NULL, source, "Many accounts.", NULL});
    }
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_ERR_REFUSED);
    assert_int_equal(report.failed, 1);
    assert_int_equal(report.delivered, 5);
    fake.mends = true;
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_OK); /* the first one is not due yet */
    assert_int_equal(report.delivered, 4);
    assert_int_equal(report.waiting, 1);
    assert_int_equal(fake_arrived(f, "o2", ""), 5);
}

/* -- what is in the way of some ------------------------------------------------------------------
 */

/* As somebody who has the file and not the key. */
static void damage(const struct fixture *f, const char *sql)
{
    char path[PATH_MAX];
    sqlite3 *db;
    assert_int_equal(path_under(path, f->root, PATH_STORE), MEDGL_OK);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_true(sqlite3_changes(db) > 0);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void raise_from(struct fixture *f, enum alert_kind kind, int from, int to)
{
    for (int i = from; i < to; i++) {
        char source[32];
        (void)snprintf(source, sizeof(source), "192.0.2.%d", i);
        raise_event(f, clock_read().now, &(struct alert_event){kind, NULL, source, "x", NULL});
    }
}

/* A row that was changed from outside keeps none of the others. */
static void deliver_beside_a_changed_row(struct fixture *f)
{
    struct fake fake = {.f = f, .channels = "o1"};
    struct alert_report report;
    raise_from(f, ALERT_LOCKOUT, 0, 4);
    damage(f, "UPDATE alert SET count = count + 1 WHERE source = '192.0.2.1'");
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_ERR_CORRUPT);
    assert_int_equal(report.delivered, 3);
    assert_int_equal(fake_arrived(f, "o1", ""), 3);
}

/* Nor does a delivery keep the alert's others; and the alert is not taken for done. */
static void deliver_beside_a_changed_delivery(struct fixture *f)
{
    struct fake fake = {.f = f, .channels = "f1,f2,o3"};
    struct alert_report report;
    uint32_t count;
    raise_from(f, ALERT_LOCKOUT, 0, 1);
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_ERR_REFUSED);
    damage(f, "UPDATE delivery SET tries = tries + 1 WHERE channel = 'f1'");
    fake.mends = true;
    assert_int_equal(operation_alert_retry(&f->context, NULL, &count), MEDGL_ERR_CORRUPT);
    assert_int_equal(count, 1);
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_ERR_CORRUPT);
    assert_int_equal(fake_arrived(f, "f2", ""), 1);
    assert_int_equal(tally_of(f).kinds[LEDGER_ALERT_DELIVER], 0);
}

/* Programs that cannot be listed keep no alert from the others, and are told when they can. */
static void deliver_while_programs_are_unknown(struct fixture *f)
{
    struct fake fake = {.f = f, .channels = "syslog,hook 1,hook 2", .unreadable = true};
    struct alert_report report;
    uint32_t count;
    raise_from(f, ALERT_LOCKOUT, 0, 1);
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_ERR_REFUSED);
    assert_int_equal(fake_arrived(f, "syslog", ""), 1);
    assert_int_equal(look(f)->deliveries, 2);
    assert_string_equal(look(f)->delivery[0].channel, ALERT_HOOKS);
    assert_string_equal(look(f)->delivery[0].problem, "it cannot be read");
    fake.unreadable = false;
    assert_int_equal(operation_alert_retry(&f->context, NULL, &count), MEDGL_OK);
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_OK);
    assert_int_equal(fake_arrived(f, "hook 1", ""), 1);
    assert_int_equal(fake_arrived(f, "hook 2", ""), 1);
    assert_int_equal(fake_arrived(f, "syslog", ""), 1);
    assert_int_not_equal(look(f)->alert[0].done, 0);
    assert_int_equal(tally_of(f).kinds[LEDGER_ALERT_DELIVER], 1);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* Which line of what arrived is the first that begins so; 0: none. */
static unsigned fake_place(const struct fixture *f, const char *beginning)
{
    char path[PATH_MAX], line[512];
    unsigned place = 0;
    (void)snprintf(path, sizeof(path), "%s/arrived", f->root);
    auto_file FILE *stream = fopen(path, "re");
    assert_non_null(stream);
    while (fgets(line, sizeof(line), stream) != NULL && ++place > 0)
        if (strncmp(line, beginning, strlen(beginning)) == 0)
            return place;
    return 0;
}

/* More than there is time for by mail: all go to the log first and all to the programs, and what is
 * urgent goes before everything else. */
static void deliver_a_flood(struct fixture *f)
{
    struct fake fake = {.f = f, .channels = "hook 1,mail,syslog", .mail_ms = 20000};
    struct alert_report report;
    char urgent[64] = "";
    raise_from(f, ALERT_LOCKOUT, 0, 50);
    raise_from(f, ALERT_SPREAD, 50, 51);
    const struct look *seen = look(f);
    for (size_t i = 0; i < seen->alerts; i++)
        if (seen->alert[i].kind == ALERT_SPREAD)
            (void)snprintf(urgent, sizeof(urgent), "mail %s", seen->alert[i].id);
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_OK);
    assert_int_equal(fake_arrived(f, "syslog", ""), 51);
    assert_int_equal(fake_arrived(f, "hook 1", ""), 51);
    assert_in_range(fake_arrived(f, "mail", ""), 15, 31); /* ten minutes at three a minute */
    assert_int_equal(fake_place(f, "mail"), 52);
    assert_int_equal(fake_place(f, urgent), 52);
    while (report.delivered > 0) /* the next runs do the rest */
        assert_int_equal(deliver(&fake, NULL, &report), MEDGL_OK);
    assert_int_equal(fake_arrived(f, "mail", ""), 51);
    assert_int_equal(fake_arrived(f, "hook 1", ""), 51);
    assert_int_equal(fake_arrived(f, "syslog", ""), 51);
}

/* -- killed in the middle --------------------------------------------------------------------- */

struct kill_case {
    const char *name, *channels;
    unsigned first, second, third; /* how often they had it in the end: a, k or l, z */
};

static const struct kill_case kill_cases[] = {
    {"before it was delivered", "a,k,z", 1, 1, 1},
    {"after it was delivered, before that was written down", "a,l,z", 1, 2, 1},
};

static void killed(void **state)
{
    const struct kill_case *c = *state;
    struct fixture *f = NULL;
    struct alert_report report;
    uint32_t count;
    const char middle[] = {c->channels[2], '\0'};
    assert_int_equal(fixture_open((void **)&f), 0);
    struct fake fake = {.f = f, .channels = c->channels, .kills = true};
    raise_kind(f, clock_read().now, ALERT_SPREAD);
    assert_true(deliver_apart(&fake));
    assert_int_equal(fake_arrived(f, "a", ""), 1);
    assert_int_equal(fake_arrived(f, "z", ""), 0);
    fake.kills = false;
    assert_false(deliver_apart(&fake)); /* what was under way waits its minute */
    assert_int_equal(fake_arrived(f, "z", ""), 1);
    assert_int_equal(look(f)->alert[0].done, 0);
    assert_int_equal(operation_alert_retry(&f->context, NULL, &count), MEDGL_OK);
    assert_int_equal(count, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(deliver(&fake, NULL, &report), MEDGL_OK);
    assert_int_equal(fake_arrived(f, "a", ""), c->first);
    assert_int_equal(fake_arrived(f, middle, ""), c->second);
    assert_int_equal(fake_arrived(f, "z", ""), c->third);
    assert_int_not_equal(look(f)->alert[0].done, 0);
    assert_int_equal(tally_of(f).kinds[LEDGER_ALERT_DELIVER], 1);
    assert_int_equal(verify(f), MEDGL_OK);
    assert_int_equal(fixture_close((void **)&f), 0);
}

/* Between the last delivery and the entry that says so. */
static void killed_before_the_end(struct fixture *f)
{
    struct fake fake = {.f = f, .channels = "f1"};
    struct alert_report report;
    raise_kind(f, clock_read().now, ALERT_SPREAD);
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_ERR_REFUSED);
    struct delivery delivery = look(f)->delivery[0];
    delivery.state = DELIVERY_DONE;
    put_delivery(f, &delivery);
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_OK);
    assert_int_not_equal(look(f)->alert[0].done, 0);
    assert_int_equal(tally_of(f).kinds[LEDGER_ALERT_DELIVER], 1);
    assert_int_equal(fake_arrived(f, "f1", ""), 0);
}

/* Several at once: each alert to each receiver once. */
static void deliver_at_once(struct fixture *f)
{
    struct fake fake = {.f = f, .channels = "h1,h2"};
    pid_t children[3];
    for (int i = 0; i < 4; i++) {
        char source[32];
        (void)snprintf(source, sizeof(source), "192.0.2.%d", i);
        raise_event(f, clock_read().now,
                    &(struct alert_event){ALERT_SPREAD, NULL, source, "Many accounts.", NULL});
    }
    for (size_t i = 0; i < MEDGL_COUNT(children); i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(deliver_apart(&fake) ? 1 : 0);
    }
    for (size_t i = 0; i < MEDGL_COUNT(children); i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    const struct look *seen = look(f);
    for (size_t i = 0; i < seen->alerts; i++) {
        assert_int_equal(fake_arrived(f, "h1", seen->alert[i].id), 1);
        assert_int_equal(fake_arrived(f, "h2", seen->alert[i].id), 1);
        assert_int_not_equal(seen->alert[i].done, 0);
    }
    assert_int_equal(tally_of(f).kinds[LEDGER_ALERT_DELIVER], 4);
}

/* -- what an administrator asks for ----------------------------------------------------------- */

static void test_one(struct fixture *f)
{
    struct fake fake = {.f = f, .channels = "o1"};
    struct alert_report report;
    char first[CRYPTO_ID_SIZE], second[CRYPTO_ID_SIZE];
    raise_kind(f, clock_read().now, ALERT_SPREAD);
    assert_int_equal(operation_alert_test(&f->context, first), MEDGL_OK);
    assert_int_equal(deliver(&fake, first, &report), MEDGL_OK);
    assert_int_equal(report.delivered, 1); /* nothing but the test */
    assert_int_equal(fake_arrived(f, "o1", first), 1);
    assert_int_equal(operation_alert_test(&f->context, second), MEDGL_OK);
    assert_string_not_equal(first, second);
    assert_int_equal(deliver(&fake, second, &report), MEDGL_OK); /* although it is so soon */
    assert_int_equal(fake_arrived(f, "o1", second), 1);
}

static void retry_by_id(struct fixture *f)
{
    struct fake fake = {.f = f, .channels = "f1"};
    struct alert_report report;
    uint32_t count;
    char id[CRYPTO_ID_SIZE];
    assert_int_equal(operation_alert_retry(&f->context, NULL, &count), MEDGL_OK);
    assert_int_equal(count, 0);
    raise_kind(f, clock_read().now, ALERT_SPREAD);
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_ERR_REFUSED);
    memcpy(id, look(f)->alert[0].id, sizeof(id));
    assert_int_equal(operation_alert_retry(&f->context, "00000000", &count), MEDGL_ERR_NOT_FOUND);
    assert_int_equal(operation_alert_retry(&f->context, "", &count), MEDGL_ERR_ARGUMENT);
    id[6] = '\0';
    assert_int_equal(operation_alert_retry(&f->context, id, &count), MEDGL_OK);
    assert_int_equal(count, 1);
    fake.mends = true;
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_OK);
    assert_int_equal(report.delivered, 1);
    assert_int_equal(operation_alert_retry(&f->context, id, &count), MEDGL_ERR_NOT_FOUND);
}

static void payload(struct fixture *f)
{
    char host[STORE_NAME_SIZE] = "", expected[1024];
    auto_free char *text = NULL;
    const struct alert alert = {
        .id = "0123456789abcdef0123456789abcdef",
        .kind = ALERT_SPREAD,
        .subject = "",
        .source = "2001:db8::/64",
        .text = "He said \"\xe7\x8c\xab\\\".",
        .first = NOON,
        .last = NOON + 1500,
        .count = 3,
    };
    (void)f;
    (void)gethostname(host, sizeof(host) - 1);
    (void)snprintf(expected, sizeof(expected),
                   "{\"id\":\"%s\",\"kind\":\"spread\",\"urgent\":true,\"host\":\"%s\","
                   "\"time\":\"2026-11-21T12:00:00.000Z\",\"last\":\"2026-11-21T12:00:01.500Z\","
                   "\"count\":3,\"account\":null,\"source\":\"2001:db8::/64\","
                   "\"text\":\"He said \\\"\xe7\x8c\xab\\\\\\\".\"}",
                   alert.id, host);
    assert_int_equal(alert_payload(&alert, &text), MEDGL_OK);
    assert_string_equal(text, expected);
}

/* -- forgetting ------------------------------------------------------------------------------- */

static void purge(struct fixture *f)
{
    struct fake fake = {.f = f, .channels = "o1"};
    struct alert_report report;
    const medgl_time now = clock_read().now;
    const medgl_time ages[] = {399 * MEDGL_DAY, 401 * MEDGL_DAY};
    raise_kind(f, now, ALERT_SPREAD);
    raise_kind(f, now, ALERT_LOCKOUT);
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_OK);
    for (size_t i = 0; i < MEDGL_COUNT(ages); i++) {
        struct alert alert = look(f)->alert[i];
        alert.done = now - ages[i];
        put_alert(f, &alert);
    }
    assert_int_equal(deliver(&fake, NULL, &report), MEDGL_OK);
    assert_int_equal(look(f)->alerts, 1);
    assert_int_equal(look(f)->deliveries, 1);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* -- the watch -------------------------------------------------------------------------------- */

static unsigned raised(struct fixture *f, enum alert_kind kind)
{
    const struct look *seen = look(f);
    unsigned count = 0;
    for (size_t i = 0; i < seen->alerts; i++)
        count += seen->alert[i].kind == kind ? seen->alert[i].count : 0;
    return count;
}

static void watch(struct fixture *f)
{
    uint32_t raised;
    assert_int_equal(operation_alert_watch(&f->context, NULL, &raised), MEDGL_OK);
}

static void watch_space(struct fixture *f)
{
    f->context.policy.minimum_free = INT64_MAX;
    watch(f);
    watch(f); /* what lasts is said once */
    assert_int_equal(raised(f, ALERT_SPACE), 1);
    struct alert alert = look(f)->alert[0];
    for (size_t i = 0; i < look(f)->alerts; i++)
        if (look(f)->alert[i].kind == ALERT_SPACE)
            alert = look(f)->alert[i];
    alert.last -= 2 * MEDGL_HOUR;
    put_alert(f, &alert);
    watch(f);
    assert_int_equal(raised(f, ALERT_SPACE), 2);
}

static void watch_clock(struct fixture *f)
{
    watch(f);
    watch(f);
    assert_int_equal(raised(f, ALERT_CLOCK), clock_read().synchronised ? 0 : 1);
}

/* A published checkpoint that cannot be read is a fault of the evidence. */
static void spoil(const struct fixture *f, bool there)
{
    char path[PATH_MAX];
    assert_int_equal(path_under(path, f->root, PATH_CHECKPOINTS "/00000000000000000009"), MEDGL_OK);
    if (there)
        assert_int_equal(file_create(path, geteuid(), getegid(), 0600, "no note\n", 8), MEDGL_OK);
    else
        assert_int_equal(unlink(path), 0);
}

static void verified_at(const struct fixture *f, medgl_time t)
{
    char path[PATH_MAX], text[CLOCK_TEXT_SIZE];
    assert_int_equal(path_under(path, f->root, MEDGL_STATEDIR "/verified"), MEDGL_OK);
    clock_format_utc(t, text);
    assert_int_equal(file_replace(path, geteuid(), getegid(), 0600, text, strlen(text)), MEDGL_OK);
}

static void watch_evidence(struct fixture *f)
{
    static const struct {
        medgl_time age;
        unsigned raised;
    } rows[] = {
        {MEDGL_HOUR, 0},       /* verified before */
        {MEDGL_DAY + 1000, 1}, /* due */
        {-30 * MEDGL_DAY, 1},  /* by a clock that has gone back */
    };
    watch(f);
    assert_int_equal(raised(f, ALERT_EVIDENCE), 0);
    spoil(f, true);
    watch(f); /* it was verified just now */
    assert_int_equal(raised(f, ALERT_EVIDENCE), 0);
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        verified_at(f, clock_read().now - rows[i].age);
        watch(f);
        assert_int_equal(raised(f, ALERT_EVIDENCE), rows[i].raised);
    }
    spoil(f, false);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* Evidence that takes no entry any more: all are told all the same, and not each minute. */
static void watch_evidence_that_takes_nothing(struct fixture *f)
{
    struct fake fake = {.f = f, .channels = "syslog,mail,hook 1"};
    const struct alert_carrier carrier = {&fake, fake_carry, fake_channels, NULL, NULL};
    uint32_t raised;
    alert_straight_prepare(&f->context);
    assert_false(alert_straight_lately(&f->context));
    damage(f, "UPDATE ledger_head SET size = size - 1");
    for (int i = 0; i < 2; i++)
        (void)operation_alert_watch(&f->context, &carrier, &raised);
    assert_true(alert_straight_lately(&f->context));
    assert_int_equal(fake_arrived(f, "syslog", ""), 1);
    assert_int_equal(fake_arrived(f, "mail", ""), 1);
    assert_int_equal(fake_arrived(f, "hook 1", ""), 1);
    assert_int_equal(raised, 0);
}

static void wake(struct fixture *f)
{
    char path[PATH_MAX];
    struct stat st;
    alert_wake(&f->context);
    alert_wake(&f->context);
    assert_int_equal(path_under(path, f->root, PATH_WAKE), MEDGL_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 1);
    assert_int_equal(st.st_mode & 07777, 0600);
}

/* -- what is urgent ---------------------------------------------------------------------------- */

struct urgent_case {
    const char *name; /* of the kind */
    enum alert_kind kind;
    bool urgent; /* to terminals, to the log as an alarm, and before what is not */
};

static const struct urgent_case urgent_cases[] = {
    {"lockout", ALERT_LOCKOUT, false},
    {"spread", ALERT_SPREAD, true},
    {"privileged-login", ALERT_PRIVILEGED_LOGIN, false},
    {"dormant-login", ALERT_DORMANT_LOGIN, false},
    {"policy", ALERT_POLICY, true},
    {"clock", ALERT_CLOCK, false},
    {"space", ALERT_SPACE, true},
    {"evidence", ALERT_EVIDENCE, true},
    {"test", ALERT_TEST, false},
    {"recovery", ALERT_RECOVERY, false},
    {"role", ALERT_ROLE, false},
    {"key", ALERT_KEY, true},
    {"backup", ALERT_BACKUP, false},
    {"restore", ALERT_RESTORE, true},
    {"emergency", ALERT_EMERGENCY, true},
    {"emergency-over", ALERT_EMERGENCY_OVER, true},
    {"breakglass", ALERT_BREAKGLASS, true},
    {"maintenance", ALERT_MAINTENANCE, false},
};
#define URGENT_KIND(id, number, word, urgent, help) +1
_Static_assert(MEDGL_COUNT(urgent_cases) == ALERT_KINDS(URGENT_KIND), "a row for each kind");

static void urgent(void **state)
{
    const struct urgent_case *c = *state;
    assert_string_equal(alert_kind_word(c->kind), c->name);
    assert_int_equal(alert_kind_urgent(c->kind), c->urgent);
}

/* -- all of them ------------------------------------------------------------------------------ */

struct scene_case {
    const char *name;
    void (*run)(struct fixture *f);
};

static const struct scene_case scene_cases[] = {
    {"what is about something else is another alert", fold_apart},
    {"R34 no change of the policy hides another", fold_policy},
    {"an event that is rolled back has none", raise_rolled_back},
    {"tried again after 1, 2, 4 minutes, at most an hour", deliver_again},
    {"a time that only a clock set back can have left is no reason to wait",
     deliver_after_the_clock_went_back},
    {"one that fails is asked once a run, the others get all", deliver_beside_one_that_fails},
    {"one that was changed from outside stops no other", deliver_beside_a_changed_row},
    {"nor does one delivery stop the others", deliver_beside_a_changed_delivery},
    {"programs that cannot be listed are told when they can", deliver_while_programs_are_unknown},
    {"a flood: the log first, what is urgent first, and programs have their turn", deliver_a_flood},
    {"a crash between the last delivery and its entry", killed_before_the_end},
    {"several deliverers at once: each alert once", deliver_at_once},
    {"a test goes out alone and at once", test_one},
    {"what waits is tried again when that is asked for, by a part of its id", retry_by_id},
    {"the JSON object", payload},
    {"what was done 400 days ago is forgotten", purge},
    {"space that is short is said once within its time", watch_space},
    {"a clock that is not synchronised likewise", watch_clock},
    {"the evidence is verified once a day", watch_evidence},
    {"evidence that takes no entry is told without the store", watch_evidence_that_takes_nothing},
    {"who delivers is woken by a file", wake},
};

static void scene(void **state)
{
    const struct scene_case *c = *state;
    struct fixture *f = NULL;
    assert_int_equal(fixture_open((void **)&f), 0);
    c->run(f);
    assert_int_equal(fixture_close((void **)&f), 0);
}

int main(void)
{
    TABLE_ADD("R20 folding", fold_cases, fold);
    TABLE_ADD("R07 delivering", deliver_cases, deliver_row);
    TABLE_ADD("R07 killed", kill_cases, killed);
    TABLE_ADD("R07 R32 urgent", urgent_cases, urgent);
    TABLE_ADD("R07", scene_cases, scene);
    return table_run("alerts");
}
