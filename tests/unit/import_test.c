/* Many people at once: enrolling them, what is known of them, and the hashes that they bring. What
 * must not happen: a fact about a person in the ledger, a readable hash in the store, a password of
 * ours that is written over or comes back. */
#include "tests/unit/operation_fixture.h"

#include "operation/import.h"
#include "operation/person.h"
#include "tests/unit/table.h"

#include <crypt.h>

/* -- facts about a person (R14) --------------------------------------------------------------- */

#define TODAY ((medgl_time)1795219200 * MEDGL_SECOND) /* 2026-11-21 */

struct fact {
    const char *name;
    struct account_person person;
    const char *result; /* of the one that is given; NULL: refused */
    const char *why;    /* is in the sentence then */
};

#define READING(text)                                                                              \
    {                                                                                              \
        .reading = (text)                                                                          \
    }
#define BIRTH(text)                                                                                \
    {                                                                                              \
        .birth_date = (text)                                                                       \
    }
#define NUMBER(text)                                                                               \
    {                                                                                              \
        .staff_number = (text)                                                                     \
    }
#define NAME(text)                                                                                 \
    {                                                                                              \
        .full_name = (text)                                                                        \
    }

static const struct fact facts[] = {
    {"reading", READING("さとう はなこ"), "さとう はなこ", NULL},
    {"reading in katakana", READING("サトウ ハナコ"), "サトウ ハナコ", NULL},
    {"reading of half width", READING("ｻﾄｳ ﾊﾅｺ"), "ｻﾄｳ ﾊﾅｺ", NULL},
    {"reading of half width with its marks", READING("ﾔﾏﾀﾞ ﾊﾟﾙｺ"), "ﾔﾏﾀﾞ ﾊﾟﾙｺ", NULL},
    {"reading with a wide space", READING("さとう　はなこ"), "さとう はなこ", NULL},
    {"reading with many spaces", READING("　 さとう 　 はなこ  "), "さとう はなこ", NULL},
    {"reading without a space", READING("さとうはなこ"), "さとうはなこ", NULL},
    {"reading taken away", READING(""), "", NULL},
    {"reading in characters", READING("佐藤 花子"), NULL, "kana"},
    {"reading in Latin letters", READING("Sato Hanako"), NULL, "kana"},
    {"reading that is half kana", READING("さとう hanako"), NULL, "kana"},
    {"reading with a newline", READING("さとう\nはなこ"), NULL, "kana"},
    {"reading that is no UTF-8", READING("\x82\xb3\x82\xc6\x82\xa4"), NULL, "kana"},
    {"birth date", BIRTH("1985-04-01"), "1985-04-01", NULL},
    {"birth date taken away", BIRTH(""), "", NULL},
    {"birth date with slashes", BIRTH("1985/4/1"), "1985-04-01", NULL},
    {"birth date with dots", BIRTH("1985.04.1"), "1985-04-01", NULL},
    {"birth date in characters", BIRTH("1985年4月1日"), "1985-04-01", NULL},
    {"birth date of Showa", BIRTH("S60.4.1"), "1985-04-01", NULL},
    {"birth date of Showa in characters", BIRTH("昭和60年4月1日"), "1985-04-01", NULL},
    {"birth date of the first year of Heisei", BIRTH("平成元年12月31日"), "1989-12-31", NULL},
    {"birth date of Heisei", BIRTH("H1/12/31"), "1989-12-31", NULL},
    {"birth date of Reiwa", BIRTH("R6-2-29"), "2024-02-29", NULL},
    {"birth date of Taisho", BIRTH("T15.12.24"), "1926-12-24", NULL},
    {"birth date in a leap year", BIRTH("2000-02-29"), "2000-02-29", NULL},
    {"birth date in no leap year", BIRTH("1900-02-29"), NULL, "calendar"},
    {"birth date in the thirteenth month", BIRTH("1985-13-01"), NULL, "calendar"},
    {"birth date in no month", BIRTH("1985-00-01"), NULL, "calendar"},
    {"birth date on no day", BIRTH("1985-04-00"), NULL, "calendar"},
    {"birth date on 31 April", BIRTH("1985-04-31"), NULL, "calendar"},
    {"birth date today", BIRTH("2026-11-21"), "2026-11-21", NULL},
    {"birth date tomorrow", BIRTH("2026-11-22"), NULL, "future"},
    {"birth date in 1899", BIRTH("1899-12-31"), NULL, "long ago"},
    {"birth date in the year 0", BIRTH("0000-01-01"), NULL, "long ago"},
    {"birth date without a century", BIRTH("85-04-01"), NULL, "1985-04-01"},
    {"birth date with five digits", BIRTH("19850-04-01"), NULL, "1985-04-01"},
    {"birth date in one run", BIRTH("19850401"), NULL, "1985-04-01"},
    {"birth date with mixed marks", BIRTH("1985-04/01"), NULL, "1985-04-01"},
    {"birth date with half of the characters", BIRTH("1985年4月1"), NULL, "1985-04-01"},
    {"birth date with a tail", BIRTH("1985-04-01 "), NULL, "1985-04-01"},
    {"birth date of an American", BIRTH("4/1/1985"), NULL, "1985-04-01"},
    {"birth date of Showa 0", BIRTH("S0.4.1"), NULL, "1985-04-01"},
    {"birth date that is an era alone", BIRTH("昭和"), NULL, "1985-04-01"},
    {"staff number", NUMBER("N-00 123"), "N-00 123", NULL},
    {"staff number with a tab", NUMBER("1\t2"), NULL, "staff number"},
    {"full name", NAME("山田 太郎"), "山田 太郎", NULL},
    {"full name with an escape", NAME("\033[31m"), NULL, "full name"},
};

static void r14_fact(void **state)
{
    const struct fact *fact = *state;
    struct account account = {
        .full_name = "", .reading = "まえ", .staff_number = "0", .birth_date = "1970-01-01"};
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(clock_set_zone("Etc/UTC"), MEDGL_OK);
    enum medgl_error error = person_read(&fact->person, TODAY, &account, why);
    assert_int_equal(error, fact->result != NULL ? MEDGL_OK : MEDGL_ERR_ARGUMENT);
    if (fact->result == NULL) {
        assert_non_null(strstr(why, fact->why));
        return;
    }
    const struct account_person *given = &fact->person;
    assert_string_equal(account.full_name, given->full_name != NULL ? fact->result : "");
    assert_string_equal(account.reading, given->reading != NULL ? fact->result : "まえ");
    assert_string_equal(account.staff_number, given->staff_number != NULL ? fact->result : "0");
    assert_string_equal(account.birth_date,
                        given->birth_date != NULL ? fact->result : "1970-01-01");
}

static void r14_endless_facts_are_refused(void **state)
{
    (void)state;
    char why[OPERATION_WHY_SIZE], text[4 * STORE_TEXT_SIZE + 1] = "";
    for (size_t i = 0; i + 3 < sizeof(text); i += 3)
        memcpy(text + i, "か", 3);
    struct account account = {.uid = 1};
    const struct account_person people[] = {READING(text), BIRTH(text), NUMBER(text), NAME(text)};
    for (size_t i = 0; i < MEDGL_COUNT(people); i++)
        assert_int_equal(person_read(&people[i], TODAY, &account, why), MEDGL_ERR_ARGUMENT);
}

/* -- many at once ----------------------------------------------------------------------------- */

#define MANY 4

struct heard {
    size_t count;
    enum medgl_error error[MANY];
    char why[MANY][OPERATION_WHY_SIZE];
};

static void hear(void *argument, size_t index, enum medgl_error error, const char *why)
{
    struct heard *heard = argument;
    assert_int_equal(index, heard->count); /* in order, each once */
    heard->error[index] = error;
    (void)snprintf(heard->why[index], OPERATION_WHY_SIZE, "%s", why);
    heard->count++;
}

struct many_case {
    const char *name;
    bool dry_run, all_or_nothing;
    const char *names[MANY], *birth_date; /* of the third */
    enum medgl_error error, heard[MANY];
    unsigned added;
};

#define OK  MEDGL_OK
#define BAD MEDGL_ERR_ARGUMENT
#define OLD MEDGL_ERR_EXISTS
#define OFF MEDGL_ERR_ABORTED
#define NO  MEDGL_ERR_REFUSED

static const struct many_case many_cases[] = {
    {"all good", 0, 0, {"a1", "a2", "a3", "a4"}, "", OK, {OK, OK, OK, OK}, 4},
    {"all good, together", 0, 1, {"a1", "a2", "a3", "a4"}, "", OK, {OK, OK, OK, OK}, 4},
    {"all good, dry", 1, 0, {"a1", "a2", "a3", "a4"}, "", OK, {OK, OK, OK, OK}, 0},
    {"all good, together, dry", 1, 1, {"a1", "a2", "a3", "a4"}, "", OK, {OK, OK, OK, OK}, 0},
    {"one bad", 0, 0, {"a1", "a2", "a3", "a4"}, "x", NO, {OK, OK, BAD, OK}, 3},
    {"one bad, together", 0, 1, {"a1", "a2", "a3", "a4"}, "x", NO, {OFF, OFF, BAD, OFF}, 0},
    {"one bad, dry", 1, 0, {"a1", "a2", "a3", "a4"}, "x", NO, {OK, OK, BAD, OK}, 0},
    {"one bad, together, dry", 1, 1, {"a1", "a2", "a3", "a4"}, "x", NO, {OFF, OFF, BAD, OFF}, 0},
    {"one there (R25)", 0, 0, {"a1", "there", "a3", "a4"}, "", NO, {OK, OLD, OK, OK}, 3},
    {"one gone (R25)", 0, 0, {"a1", "gone", "a3", "a4"}, "", NO, {OK, OLD, OK, OK}, 3},
    {"one there, together", 0, 1, {"a1", "there", "a3", "a4"}, "", NO, {OFF, OLD, OFF, OFF}, 0},
    {"one twice", 0, 0, {"a1", "a2", "a3", "a1"}, "", NO, {OK, OK, OK, OLD}, 3},
    {"one twice, dry", 1, 0, {"a1", "a2", "a3", "a1"}, "", NO, {OK, OK, OK, OLD}, 0},
    {"one twice, together", 0, 1, {"a1", "a2", "a3", "a1"}, "", NO, {OFF, OFF, OFF, OLD}, 0},
    {"no login name", 0, 0, {"a1", "a/2", "", "a4"}, "", NO, {OK, BAD, BAD, OK}, 2},
};

static void add_named(struct fixture *f, const char *name, int64_t uid)
{
    const struct account_add_request request = {
        .name = name, .uid = uid, .class_ = ACCOUNT_CLASS_STAFF};
    char why[OPERATION_WHY_SIZE];
    assert_int_equal(operation_account_add(&f->context, &request, why), MEDGL_OK);
}

static void many_case_run(struct fixture *f, const struct many_case *row)
{
    char why[OPERATION_WHY_SIZE];
    struct heard heard = {.count = 0};
    struct account_add_request requests[MANY];
    add_named(f, "there", 7000);
    add_named(f, "gone", 7001);
    assert_int_equal(operation_account_retire(&f->context, "gone", "left", why), MEDGL_OK);
    for (size_t i = 0; i < MANY; i++)
        requests[i] = (struct account_add_request){.name = row->names[i],
                                                   .uid = 8000 + (int64_t)i,
                                                   .class_ = ACCOUNT_CLASS_STAFF,
                                                   .person.reading = "さとう"};
    requests[2].person.birth_date = row->birth_date;
    const struct account_add_many many = {.requests = requests,
                                          .count = MANY,
                                          .dry_run = row->dry_run,
                                          .all_or_nothing = row->all_or_nothing,
                                          .argument = &heard,
                                          .outcome = hear};
    const struct tally before = tally_of(f);
    assert_int_equal(operation_account_add_many(&f->context, &many), row->error);
    assert_int_equal(heard.count, MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(heard.error[i], row->heard[i]);
        assert_int_equal(heard.why[i][0] != '\0',
                         row->heard[i] == MEDGL_ERR_ARGUMENT || row->heard[i] == MEDGL_ERR_EXISTS);
    }
    assert_int_equal(tally_of(f).kinds[LEDGER_ACCOUNT_ADD] - before.kinds[LEDGER_ACCOUNT_ADD],
                     row->added);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* Each row finds a store of its own. */
static void many_at_once(void **state)
{
    void *fixture = NULL;
    assert_int_equal(fixture_open(&fixture), 0);
    many_case_run(fixture, *state);
    assert_int_equal(fixture_close(&fixture), 0);
}

static void count_outcome(void *argument, size_t index, enum medgl_error error, const char *why)
{
    size_t *added = argument;
    (void)index;
    (void)why;
    *added += error == MEDGL_OK;
}

/* All of them or nobody, in one transaction, however many. */
static void a_thousand_at_once(void **state)
{
    struct fixture *f = *state;
    enum {
        COUNT = 1000
    };
    static struct account_add_request requests[COUNT];
    static char names[COUNT][16];
    size_t added = 0;
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "n%d", i);
        requests[i] = (struct account_add_request){
            .name = names[i], .uid = 10000 + i, .class_ = ACCOUNT_CLASS_STAFF};
    }
    const struct account_add_many many = {.requests = requests,
                                          .count = COUNT,
                                          .all_or_nothing = true,
                                          .argument = &added,
                                          .outcome = count_outcome};
    const int64_t begun = clock_monotonic();
    assert_int_equal(operation_account_add_many(&f->context, &many), MEDGL_OK);
    print_message("# %d accounts in one transaction: %lld ms\n", COUNT,
                  (long long)(clock_monotonic() - begun));
    assert_int_equal(added, COUNT);
    assert_int_equal(tally_of(f).kinds[LEDGER_ACCOUNT_ADD], COUNT);
}

/* -- changing what is known ------------------------------------------------------------------- */

struct search {
    const char *text;
    bool found;
};

static enum medgl_error search_row(void *argument, const struct ledger_row *row)
{
    struct search *search = argument;
    if (memmem(row->line, row->len, search->text, strlen(search->text)) != NULL)
        search->found = true;
    return MEDGL_OK;
}

static bool ledger_holds(struct fixture *f, const char *text)
{
    struct search search = {.text = text};
    assert_int_equal(operation_ledger_each(&f->context, 0, UINT64_MAX, search_row, &search),
                     MEDGL_OK);
    return search.found;
}

static struct account account_of(struct fixture *f)
{
    struct account_report report;
    assert_int_equal(operation_account_show(&f->context, f->user, &report, NULL, NULL), MEDGL_OK);
    return report.account;
}

/* R14: the facts are kept, and none of them is in a ledger from which nothing can be taken back. */
static void r14_changes_name_fields_not_facts(void **state)
{
    struct fixture *f = *state;
    const enum account_class class_ = ACCOUNT_CLASS_PRIVILEGED;
    char why[OPERATION_WHY_SIZE];
    struct account_change_request request = {.name = f->user,
                                             .class_ = &class_,
                                             .person = {.full_name = "結城 花子",
                                                        .reading = "ゆうき　はなこ",
                                                        .staff_number = "N-4711",
                                                        .birth_date = "S60.4.1"}};
    enrol(f);
    assert_int_equal(operation_account_change(&f->context, &request, why), MEDGL_OK);
    struct account account = account_of(f);
    assert_string_equal(account.full_name, "結城 花子");
    assert_string_equal(account.reading, "ゆうき はなこ");
    assert_string_equal(account.staff_number, "N-4711");
    assert_string_equal(account.birth_date, "1985-04-01");
    assert_int_equal(account.class_, ACCOUNT_CLASS_PRIVILEGED);
    assert_true(ledger_holds(f, "\"fields\":\"class full_name reading staff_number birth_date\""));
    assert_true(ledger_holds(f, "\"class\":\"privileged\""));
    static const char *const secrets[] = {"1985", "S60", "4711", "ゆうき", "結城"};
    for (size_t i = 0; i < MEDGL_COUNT(secrets); i++)
        assert_false(ledger_holds(f, secrets[i]));
    assert_int_equal(operation_account_change(&f->context, &request, why), MEDGL_ERR_REFUSED);
    assert_string_not_equal(why, "");
    request = (struct account_change_request){.name = f->user, .person.birth_date = ""};
    assert_int_equal(operation_account_change(&f->context, &request, why), MEDGL_OK);
    account = account_of(f);
    assert_string_equal(account.birth_date, "");
    assert_string_equal(account.reading, "ゆうき はなこ");
    request.person.birth_date = "1985-02-30";
    assert_int_equal(operation_account_change(&f->context, &request, why), MEDGL_ERR_ARGUMENT);
    assert_non_null(strstr(why, "calendar"));
    request.name = "nobody-here";
    assert_int_equal(operation_account_change(&f->context, &request, why), MEDGL_ERR_NOT_FOUND);
    assert_int_equal(tally_of(f).kinds[LEDGER_ACCOUNT_CHANGE], 2);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* A disabled account stays disabled, whatever is learnt about its owner. */
static void r14_a_change_leaves_the_state(void **state)
{
    struct fixture *f = *state;
    char why[OPERATION_WHY_SIZE];
    const struct account_change_request request = {.name = f->user, .person.reading = "さとう"};
    enrol(f);
    assert_int_equal(operation_account_disable(&f->context, f->user, "leave", why), MEDGL_OK);
    assert_int_equal(operation_account_change(&f->context, &request, why), MEDGL_OK);
    assert_int_equal(account_of(f).state, ACCOUNT_STATE_DISABLED);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* -- hashes that people bring ----------------------------------------------------------------- */

static void make_hash(const char *prefix, const char *password, struct secret *hash)
{
    struct crypt_data data = {.initialized = 0};
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    assert_non_null(crypt_gensalt_rn(prefix, 0, NULL, 0, setting, (int)sizeof(setting)));
    assert_non_null(crypt_rn(password, setting, &data, (int)sizeof(data)));
    assert_int_equal(secret_copy(hash, data.output, strlen(data.output)), MEDGL_OK);
}

static enum import_verdict import(struct fixture *f, const struct secret *hash, bool dry_run)
{
    const struct import_request request = {.name = f->user,
                                           .uid = (int64_t)geteuid(),
                                           .class_ = ACCOUNT_CLASS_STAFF,
                                           .full_name = "Brought Along",
                                           .hash = hash,
                                           .set_at = 20000 * MEDGL_DAY,
                                           .dry_run = dry_run};
    enum import_verdict verdict = IMPORT_REFUSED;
    assert_int_equal(operation_import(&f->context, &request, &verdict), MEDGL_OK);
    return verdict;
}

static enum import_verdict import_text(struct fixture *f, const char *text, size_t len)
{
    auto_secret struct secret hash = SECRET_NONE;
    assert_int_equal(secret_copy(&hash, text, len), MEDGL_OK);
    return import(f, &hash, false);
}

/* Whether a text stands in the store, its journal or any other file of the installation. */
static const char *tree_text;
static int tree_search(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    auto_free char *bytes = malloc((size_t)st->st_size + 1);
    (void)ftw;
    if (type != FTW_F)
        return 0;
    auto_file FILE *file = fopen(path, "re");
    if (bytes == NULL || file == NULL)
        return -1;
    size_t got = fread(bytes, 1, (size_t)st->st_size, file);
    return memmem(bytes, got, tree_text, strlen(tree_text)) != NULL ? 1 : 0;
}

static bool tree_holds(const struct fixture *f, const char *text)
{
    tree_text = text;
    int found = nftw(f->root, tree_search, 8, FTW_PHYS);
    assert_true(found >= 0);
    return found == 1;
}

static void r10_a_hash_is_taken_over_sealed(void **state)
{
    struct fixture *f = *state;
    auto_secret struct secret hash = SECRET_NONE;
    struct account_report report;
    make_hash("$6$", PASSWORD_ONE, &hash);
    assert_int_equal(import(f, &hash, true), IMPORT_DONE);
    assert_int_equal(operation_account_show(&f->context, f->user, &report, NULL, NULL),
                     MEDGL_ERR_NOT_FOUND); /* dry */
    assert_int_equal(import(f, &hash, false), IMPORT_DONE);
    assert_int_equal(operation_account_show(&f->context, f->user, &report, NULL, NULL), MEDGL_OK);
    assert_true(report.has_password);
    assert_false(report.issued);
    assert_int_equal(report.password_set, 20000 * MEDGL_DAY);
    assert_int_equal(report.account.uid, geteuid());
    assert_string_equal(report.account.full_name, "Brought Along");
    assert_false(tree_holds(f, (const char *)hash.bytes));
    assert_true(tree_holds(f, "Brought Along")); /* what is there would be found */
    const struct tally tally = tally_of(f);
    assert_int_equal(tally.kinds[LEDGER_ACCOUNT_ADD], 1);
    assert_int_equal(tally.kinds[LEDGER_PASSWORD_IMPORT], 1);
    assert_int_equal(verify(f), MEDGL_OK);
}

static void r19_its_owner_logs_in_with_it(void **state)
{
    struct fixture *f = *state;
    auto_secret struct secret hash = SECRET_NONE;
    make_hash("$y$", PASSWORD_ONE, &hash);
    assert_int_equal(import(f, &hash, false), IMPORT_DONE);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", WRONG), LOGIN_REFUSED);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_int_equal(import(f, &hash, false), IMPORT_HAS_PASSWORD); /* it is ours now */
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* The Unix password was changed between two imports: the later one holds. */
static void a_newer_hash_replaces_one_that_was_not_used(void **state)
{
    struct fixture *f = *state;
    auto_secret struct secret first = SECRET_NONE, second = SECRET_NONE;
    make_hash("$6$", PASSWORD_ONE, &first);
    make_hash("$6$", PASSWORD_TWO, &second);
    assert_int_equal(import(f, &first, false), IMPORT_DONE);
    assert_int_equal(import(f, &first, false), IMPORT_HAS_PASSWORD);
    assert_int_equal(import(f, &second, true), IMPORT_DONE);
    assert_int_equal(import(f, &second, false), IMPORT_DONE);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE), LOGIN_REFUSED);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_TWO), LOGIN_ALLOWED);
    assert_int_equal(tally_of(f).kinds[LEDGER_PASSWORD_IMPORT], 2);
    assert_int_equal(verify(f), MEDGL_OK);
}

static void r02_a_password_of_ours_is_the_last_word(void **state)
{
    struct fixture *f = *state;
    auto_secret struct secret hash = SECRET_NONE;
    struct password_revoked revoked;
    char why[OPERATION_WHY_SIZE];
    make_hash("$6$", PASSWORD_TWO, &hash);
    enrol(f);
    set_password(f, PASSWORD_ONE);
    assert_int_equal(import(f, &hash, true), IMPORT_HAS_PASSWORD);
    assert_int_equal(import(f, &hash, false), IMPORT_HAS_PASSWORD);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_TWO), LOGIN_REFUSED);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE), LOGIN_ALLOWED);
    /* R12: nor does an import bring back what was revoked. */
    assert_int_equal(operation_password_revoke(
                         &f->context,
                         &(struct password_revoke_request){.name = f->user, .reason = "leaked"},
                         &revoked, why),
                     MEDGL_OK);
    assert_int_equal(import(f, &hash, false), IMPORT_HAS_PASSWORD);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_TWO), LOGIN_REFUSED);
}

/* R12: an imported password that was revoked is not imported again. */
static void r12_a_revoked_hash_does_not_come_back(void **state)
{
    struct fixture *f = *state;
    auto_secret struct secret hash = SECRET_NONE;
    struct password_revoked revoked;
    char why[OPERATION_WHY_SIZE];
    make_hash("$6$", PASSWORD_ONE, &hash);
    assert_int_equal(import(f, &hash, false), IMPORT_DONE);
    assert_int_equal(operation_password_revoke(
                         &f->context,
                         &(struct password_revoke_request){.name = f->user, .reason = "leaked"},
                         &revoked, why),
                     MEDGL_OK);
    assert_int_equal(import(f, &hash, false), IMPORT_HAS_PASSWORD);
    assert_int_equal(try_login(f, f->user, "192.0.2.1", PASSWORD_ONE), LOGIN_REFUSED);
}

static void accounts_that_take_no_hash(void **state)
{
    struct fixture *f = *state;
    auto_secret struct secret hash = SECRET_NONE;
    char why[OPERATION_WHY_SIZE];
    struct import_request request = {.name = f->user,
                                     .uid = (int64_t)geteuid() + 1,
                                     .class_ = ACCOUNT_CLASS_STAFF,
                                     .full_name = "",
                                     .hash = &hash};
    enum import_verdict verdict;
    make_hash("$6$", PASSWORD_ONE, &hash);
    enrol(f);
    assert_int_equal(operation_import(&f->context, &request, &verdict), MEDGL_OK);
    assert_int_equal(verdict, IMPORT_UID_CHANGED);
    assert_int_equal(operation_account_disable(&f->context, f->user, "leave", why), MEDGL_OK);
    assert_int_equal(import(f, &hash, false), IMPORT_NOT_ACTIVE);
    assert_int_equal(operation_account_retire(&f->context, f->user, "left", why), MEDGL_OK);
    assert_int_equal(import(f, &hash, false), IMPORT_NOT_ACTIVE);
    request.name = "a/b";
    assert_int_equal(operation_import(&f->context, &request, &verdict), MEDGL_ERR_ARGUMENT);
    assert_int_equal(verdict, IMPORT_REFUSED);
    assert_int_equal(tally_of(f).kinds[LEDGER_PASSWORD_IMPORT], 0);
}

static void what_is_no_hash_changes_nothing(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text;
        size_t len;
        enum import_verdict verdict;
    } rows[] = {
        {"", 0, IMPORT_NO_HASH},
        {"*", 1, IMPORT_NO_HASH},
        {"!", 1, IMPORT_NO_HASH},
        {"!!", 2, IMPORT_NO_HASH},
        {"!$1$k2XAnEHB$NtnyhFrue3VeXsJnWHNye.", 35, IMPORT_NO_HASH},
        {"$1$k2XAnEHB$NtnyhFrue3VeXsJnWHNye.\0x", 36, IMPORT_UNKNOWN_HASH},
        {"x", 1, IMPORT_UNKNOWN_HASH},
        {"$6$saltsalt", 11, IMPORT_UNKNOWN_HASH},
        {"$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"
         "xtapojjfNq6sGCQEMZXS8LWZ5srfs0naUTv9CnfJxsg",
         94, IMPORT_UNKNOWN_HASH},
        {"$2b$31$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde", 60, IMPORT_TOO_COSTLY},
    };
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++)
        assert_int_equal(import_text(f, rows[i].text, rows[i].len), rows[i].verdict);
    const struct tally tally = tally_of(f);
    assert_int_equal(tally.kinds[LEDGER_ACCOUNT_ADD], 0);
    assert_int_equal(tally.kinds[LEDGER_PASSWORD_IMPORT], 0);
}

/* Nobody puts another password under their own account, once they have one (R08). */
static void nobody_imports_their_own(void **state)
{
    struct fixture *f = *state;
    auto_secret struct secret hash = SECRET_NONE;
    enrol(f);
    make_hash("$6$", "brought-Along-77", &hash);
    f->context.actor = (struct actor){.uid = (int64_t)geteuid(), .roles = ROLE_SECURITY};
    assert_int_equal(import(f, &hash, true), IMPORT_BEYOND_ROLE);
    assert_int_equal(import(f, &hash, false), IMPORT_BEYOND_ROLE);
    assert_int_equal(tally_of(f).kinds[LEDGER_PASSWORD_IMPORT], 0);
    f->context.actor.uid++;
    assert_int_equal(import(f, &hash, false), IMPORT_DONE);
    assert_int_equal(verify(f), MEDGL_OK);
}

static void a_locked_unix_password_is_noted(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(operation_shadow_note(&f->context, f->user, true), MEDGL_ERR_NOT_FOUND);
    enrol(f);
    assert_int_equal(operation_shadow_note(&f->context, f->user, true), MEDGL_OK);
    assert_true(ledger_holds(f, "\"locked\":true"));
    assert_int_equal(operation_shadow_note(&f->context, f->user, false), MEDGL_OK);
    assert_true(ledger_holds(f, "\"locked\":false"));
    assert_int_equal(tally_of(f).kinds[LEDGER_ACCOUNT_SHADOW], 2);
    assert_int_equal(verify(f), MEDGL_OK);
}

static const struct on_store {
    const char *name;
    CMUnitTestFunction test;
} on_store[] = {
    {"a thousand at once", a_thousand_at_once},
    {"changes name fields, not facts (R14)", r14_changes_name_fields_not_facts},
    {"a change leaves the state", r14_a_change_leaves_the_state},
    {"a hash is taken over sealed (R10)", r10_a_hash_is_taken_over_sealed},
    {"its owner logs in with it (R19)", r19_its_owner_logs_in_with_it},
    {"a newer hash replaces one that was not used", a_newer_hash_replaces_one_that_was_not_used},
    {"a password of ours is the last word (R02)", r02_a_password_of_ours_is_the_last_word},
    {"a revoked hash does not come back (R12)", r12_a_revoked_hash_does_not_come_back},
    {"accounts that take no hash", accounts_that_take_no_hash},
    {"what is no hash changes nothing", what_is_no_hash_changes_nothing},
    {"nobody imports their own (R08)", nobody_imports_their_own},
    {"a locked Unix password is noted", a_locked_unix_password_is_noted},
};

static void test_on_store(void **state)
{
    const struct on_store *row = *state;
    void *fixture = NULL;
    assert_int_equal(fixture_open(&fixture), 0);
    row->test(&fixture);
    assert_int_equal(fixture_close(&fixture), 0);
}

int main(void)
{
    TABLE_ADD("R14 fact", facts, r14_fact);
    table_add("R14 fact", "endless ones are refused", r14_endless_facts_are_refused, NULL);
    TABLE_ADD("many at once", many_cases, many_at_once);
    TABLE_ADD("on a store", on_store, test_on_store);
    return table_run("import");
}
