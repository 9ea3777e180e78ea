/* The store's contract (store.h), function by function, on a real SQLite file. What happens when
 * the file, the disk or other processes misbehave is in store_damage_test.c. */
#include "store_fixture.h"
#include "table.h"

#include "base/clock.h"

#include <unistd.h>

/* -- opening -------------------------------------------------------------------------------- */

static void missing_file_is_not_made(void **state)
{
    char path[PATH_MAX];
    struct store *store;
    (void)state;
    (void)snprintf(path, sizeof(path), "%.*s/other.db", (int)strlen(fixture.directory),
                   fixture.directory);
    assert_error(fixture_open_at(path, false, false, &store), MEDGL_ERR_NOT_FOUND);
    assert_null(store);
    assert_error(fixture_open_at(path, true, true, &store), MEDGL_ERR_NOT_FOUND);
    assert_int_equal(access(path, F_OK), -1);
    assert_error(fixture_open_at("/nonexistent/medgl.db", true, false, &store),
                 MEDGL_ERR_NOT_FOUND);
}

static int64_t own_number(const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(fixture.store->db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(stmt, 0);
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    return number;
}

static void made_private_and_durable(void **state)
{
    struct stat status;
    (void)state;
    assert_int_equal(stat(fixture.path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(raw_number("PRAGMA user_version"), SCHEMA_VERSION);
    assert_int_equal(raw_number("PRAGMA application_id"), SCHEMA_OWNER);
    assert_int_equal(raw_number("SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    assert_int_equal(raw_number("SELECT count(*) FROM pragma_table_list "
                                "WHERE schema = 'main' AND type = 'table' AND NOT strict "
                                "AND name NOT LIKE 'sqlite_%'"),
                     0);
    assert_int_equal(own_number("PRAGMA synchronous"), 2);
    assert_int_equal(own_number("PRAGMA foreign_keys"), 1);
    assert_int_equal(own_number("PRAGMA trusted_schema"), 0);
    assert_int_equal(own_number("PRAGMA cell_size_check"), 1);
}

struct bad_file {
    const char *name;
    const char *sql;     /* run on a new file, or */
    const char *content; /* written to it */
    enum medgl_error error, error_create;
};

static const struct bad_file bad_files[] = {
    {"empty", NULL, "", MEDGL_ERR_CORRUPT, MEDGL_OK},
    {"text", NULL, "This is no database, and it is long enough to be taken for one............",
     MEDGL_ERR_CORRUPT, MEDGL_ERR_CORRUPT},
    {"cut in the header", NULL, "SQLite format 3", MEDGL_ERR_CORRUPT, MEDGL_ERR_CORRUPT},
    {"other program's", "PRAGMA application_id = 5; CREATE TABLE account (id)", NULL,
     MEDGL_ERR_CORRUPT, MEDGL_ERR_CORRUPT},
    {"unmarked", "CREATE TABLE account (id)", NULL, MEDGL_ERR_CORRUPT, MEDGL_ERR_CORRUPT},
    {"version without owner", "PRAGMA user_version = 1", NULL, MEDGL_ERR_CORRUPT,
     MEDGL_ERR_CORRUPT},
    {"newer", "PRAGMA application_id = " SCHEMA_TEXT(SCHEMA_OWNER) "; PRAGMA user_version = 999",
     NULL, MEDGL_ERR_VERSION, MEDGL_ERR_VERSION},
    {"owner without version", "PRAGMA application_id = " SCHEMA_TEXT(SCHEMA_OWNER), NULL,
     MEDGL_ERR_CORRUPT, MEDGL_ERR_CORRUPT},
    {"negative version",
     "PRAGMA application_id = " SCHEMA_TEXT(SCHEMA_OWNER) "; PRAGMA user_version = -2", NULL,
     MEDGL_ERR_CORRUPT, MEDGL_ERR_CORRUPT},
    {"newer with log",
     "PRAGMA journal_mode = WAL; CREATE TABLE future (id); PRAGMA application_id = " SCHEMA_TEXT(
         SCHEMA_OWNER) "; PRAGMA user_version = 999",
     NULL, MEDGL_ERR_VERSION, MEDGL_ERR_VERSION},
};

static size_t slurp(const char *path, char *to, size_t size)
{
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t got = read(fd, to, size);
    assert_in_range(got, 0, size - 1);
    return (size_t)got;
}

static void bad_file_is_refused_untouched(void **state)
{
    const struct bad_file *row = *state;
    static char before[100000], after[100000];
    struct store *store;
    store_close(&fixture.store);
    assert_int_equal(unlink(fixture.path), 0);
    (void)snprintf(before, sizeof(before), "%s-wal", fixture.path);
    assert_int_equal(unlink(before), 0);
    if (row->sql != NULL) {
        sqlite3 *db = NULL;
        assert_int_equal(sqlite3_open(fixture.path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, row->sql, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
    } else {
        auto_fd int fd = open(fixture.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_int_equal(write(fd, row->content, strlen(row->content)), strlen(row->content));
    }
    size_t size = slurp(fixture.path, before, sizeof(before));
    assert_error(fixture_open_at(fixture.path, false, false, &store), row->error);
    assert_int_equal(slurp(fixture.path, after, sizeof(after)), size);
    assert_memory_equal(before, after, size);
    assert_error(fixture_open_at(fixture.path, true, false, &store), row->error_create);
    if (row->error_create == MEDGL_OK)
        assert_non_null(store);
    else
        assert_null(store);
    if (store == NULL) {
        assert_int_equal(slurp(fixture.path, after, sizeof(after)), size);
        assert_memory_equal(before, after, size);
    }
    store_close(&store);
}

static void no_problem(void *argument, const char *what)
{
    (void)argument;
    fail_msg("%s", what);
}

/* Stores that older programs made, brought forward with all that is in them. */
struct older {
    const char *name;
    const char *file;    /* SQL that makes it */
    const char *sql;     /* what makes it older still */
    bool owner_known;    /* what version 3 keeps is there */
    bool rules_known;    /* what version 4 keeps */
    bool factors_known;  /* what version 5 keeps */
    bool evidence_known; /* what version 6 keeps */
};

static const struct older olders[] = {
    {"version 6", STORE_VERSION6, "", true, true, true, true},
    {"version 5", STORE_VERSION5, "", true, true, true},
    {"version 4", STORE_VERSION4, "", true, true},
    {"version 3", STORE_VERSION3, "", true},
    {"version 2", STORE_VERSION2, "", false},
    {"version 1", STORE_VERSION2,
     "DROP INDEX account_uid; DROP INDEX attempt_refused; PRAGMA user_version = 1", false},
};

static void older_store_is_made(const struct older *row)
{
    static char sql[100000];
    store_close(&fixture.store);
    assert_int_equal(unlink(fixture.path), 0);
    (void)snprintf(sql, sizeof(sql), "%s-wal", fixture.path);
    assert_int_equal(unlink(sql), 0);
    sql[slurp(row->file, sql, sizeof(sql))] = '\0';
    raw_run(sql);
    raw_run(row->sql);
    assert_int_equal(chmod(fixture.path, 0600), 0);
}

/* What the older store knew is there; what it did not is empty. */
static void older_store_is_whole(struct store_txn *txn, const struct older *row)
{
    const struct account expected = account_of('a', "hanako");
    struct account hanako;
    struct activity activity;
    struct credential password;
    struct session session;
    bool any = true;
    const bool factors = row->factors_known;
    assert_ok(store_account_by_uid(txn, expected.uid, &hanako));
    assert_string_equal(hanako.name, "hanako");
    assert_string_equal(hanako.full_name, expected.full_name);
    assert_string_equal(hanako.reading, row->owner_known ? expected.reading : "");
    assert_string_equal(hanako.staff_number, row->owner_known ? expected.staff_number : "");
    assert_string_equal(hanako.birth_date, row->owner_known ? expected.birth_date : "");
    assert_string_equal(hanako.hours, row->rules_known ? expected.hours : "");
    assert_string_equal(hanako.places, row->rules_known ? expected.places : "");
    assert_string_equal(hanako.services, row->rules_known ? expected.services : "");
    assert_true(hanako.sessions == (row->rules_known ? 3 : 0) &&
                hanako.idle == (row->rules_known ? -1 : 0) && hanako.shared == row->rules_known);
    assert_int_equal(hanako.factor, factors ? expected.factor : ACCOUNT_FACTOR_CLASS);
    assert_string_equal(hanako.company, "");
    assert_ok(store_activity_get(txn, hanako.id, &activity));
    assert_true(activity.failures == 3 && activity.factor_failures == (row->rules_known ? 7 : 0) &&
                activity.last_used == (row->rules_known ? NOW - 3 : 0));
    assert_true(activity.warned_at == (row->owner_known ? NOW - 2 : 0) &&
                activity.grace_used == (row->owner_known ? 2 : 0));
    assert_int_equal(activity.factor_warned_at, factors ? NOW - 4 : 0);
    assert_ok(store_credential_get(txn, hanako.id, CREDENTIAL_PASSWORD, &password));
    assert_int_equal(password.strength, PASSWORD_STRENGTH_LONG);
    assert_string_equal(password.label, factors ? "phone" : "");
    assert_true(password.counter == (factors ? 60000001 : 0) &&
                password.drift == (factors ? -1 : 0));
    assert_ok(store_credential_any_factor(txn, &any));
    assert_true(any == factors);
    assert_ok(store_session_find(txn, hanako.id, "sshd", "pts/0", &session));
    assert_int_equal(session.ended, SESSION_END_NONE);
    assert_int_equal(session.class_, row->rules_known ? ACCOUNT_CLASS_STAFF : 0);
    assert_string_equal(session.leader, row->rules_known ? "boot 1 2 3" : "");
    assert_string_equal(session.person, row->rules_known ? "taro" : "");
    assert_true(session.confirmed == 0 && session.confirmed_seq == 0);
    assert_string_equal(session.grant_id, "");
    assert_string_equal(session.confirmed_by, "");
    struct ledger_head head;
    struct kept_checkpoint kept;
    assert_ok(store_ledger_head(txn, &head));
    assert_true(head.tree.size == 2 && head.time == (row->evidence_known ? NOW : 0));
    assert_ok(store_checkpoint_of(txn, 2, &kept));
    assert_true(kept.time == NOW && kept.told == 0);
    assert_string_equal(kept.note, "note of 2");
    struct grant grant;
    struct document document;
    struct breakglass breakglass;
    struct emergency emergency;
    if (factors) {
        assert_ok(store_grant_by_id(txn, id_of('9'), &grant));
        assert_string_equal(grant.reason, "phone lost");
        assert_string_equal(grant.work, "");
    }
    if (row->evidence_known) {
        assert_ok(store_document_of(txn, 1, &document));
        assert_string_equal(document.type, "image/jpeg");
        assert_ok(store_checkpoint_of(txn, 1, &kept));
        assert_int_equal(kept.told, NOW + 3);
    }
    assert_error(store_breakglass_get(txn, hanako.id, &breakglass), MEDGL_ERR_NOT_FOUND);
    assert_error(store_emergency_latest(txn, &emergency), MEDGL_ERR_NOT_FOUND);
}

/* The new columns of old rows can be written. */
static void older_store_is_used(struct store_txn *txn, const struct older *row)
{
    const struct account expected = account_of('a', "hanako");
    struct account hanako;
    struct credential password;
    struct attempt attempt = attempt_of(id_of('1'), 'b', "s", NOW);
    const struct grant grant = grant_of('1', 'a');
    const struct document document = document_of('1', 'a', 5);
    const struct archive archive = row->evidence_known ? archive_of(1, 2) : archive_of(0, 1);
    const struct key_period key = key_of(KEY_USE_LEDGER, "first", 0);
    const struct backup backup = backup_of('1', NOW);
    const struct breakglass breakglass = breakglass_of('a', "ER-0001");
    const struct emergency emergency = emergency_of('1', 1);
    const struct joined joined = joined_of("host/medgl/breakglass", 3);
    struct session session = session_of('d', 'a');
    assert_ok(store_account_update(txn, &expected));
    assert_ok(store_account_by_name(txn, "hanako", &hanako));
    assert_string_equal(hanako.reading, expected.reading);
    assert_string_equal(hanako.hours, expected.hours);
    assert_string_equal(hanako.company, expected.company);
    assert_true(hanako.shared);
    assert_int_equal(hanako.factor, expected.factor);
    assert_ok(store_credential_get(txn, hanako.id, CREDENTIAL_PASSWORD, &password));
    password.counter++;
    assert_ok(store_credential_update(txn, &password));
    assert_ok(store_grant_add(txn, &grant));
    assert_ok(store_document_add(txn, &document));
    assert_ok(store_archive_add(txn, &archive));
    assert_ok(store_key_add(txn, &key));
    assert_ok(store_backup_add(txn, &backup));
    assert_ok(append_line(txn, "{\"seq\":2}"));
    assert_ok(store_ledger_archive(txn, 0, 1));
    assert_ok(store_session_close(txn, id_of('d'), NOW + 1, SESSION_END_LOST));
    assert_ok(store_session_update(txn, &session));
    assert_ok(store_session_by_id(txn, id_of('d'), &session));
    assert_string_equal(session.confirmed_by, "jiro");
    assert_ok(store_breakglass_put(txn, &breakglass));
    assert_ok(store_emergency_add(txn, &emergency));
    assert_ok(store_joined_put(txn, &joined));
    assert_ok(crypto_random_id(attempt.id));
    assert_ok(store_attempt_begin(txn, &attempt));
    assert_ok(store_attempt_finish(txn, attempt.id, NOW, ATTEMPT_OUTCOME_REPEATED, 5));
}

static void older_store_is_brought_forward(void **state)
{
    const struct older *row = *state;
    struct attempt_counts counts;
    older_store_is_made(row);
    assert_ok(fixture_open(&fixture.store));
    assert_int_equal(raw_number("PRAGMA user_version"), SCHEMA_VERSION);
    struct store_txn *txn = begin(STORE_WRITE);
    older_store_is_whole(txn, row);
    older_store_is_used(txn, row);
    if (row->owner_known) { /* its store has failures as well */
        assert_ok(store_attempt_count(txn, id_of('a'), "192.0.2.9", NOW, MEDGL_HOUR, UINT32_MAX,
                                      &counts));
        assert_true(counts.source_failures == 2 && counts.source_refused == 1);
    }
    commit();
    assert_ok(store_check(fixture.store, no_problem, NULL));
}

static void no_file_but_a_regular_one(void **state)
{
    char path[PATH_MAX + 8];
    struct store *store;
    (void)state;
    (void)snprintf(path, sizeof(path), "%s.link", fixture.path);
    assert_int_equal(symlink(fixture.path, path), 0);
    assert_error(fixture_open_at(path, false, false, &store), MEDGL_ERR_ACCESS);
    assert_error(fixture_open_at(path, true, false, &store), MEDGL_ERR_ACCESS);
    assert_error(fixture_open_at(fixture.directory, false, false, &store), MEDGL_ERR_ACCESS);
}

static void directory_may_be_a_link(void **state)
{
    char link[PATH_MAX], path[PATH_MAX + 16];
    struct store *store;
    (void)state;
    (void)snprintf(link, sizeof(link), "%s/way", fixture.directory);
    (void)snprintf(path, sizeof(path), "%s/medgl.db", link);
    assert_int_equal(symlink(".", link), 0);
    assert_ok(fixture_open_at(path, false, false, &store));
    store_close(&store);
}

static void wrong_key_is_told_apart(void **state)
{
    struct store *store;
    (void)state;
    fill();
    fixture.key[31] ^= 1;
    assert_error(fixture_open(&store), MEDGL_ERR_KEY);
    assert_null(store);
    fixture.key[31] ^= 1;
    assert_ok(fixture_open(&store));
    store_close(&store);
}

static void log_mode_comes_back_after_a_restore(void **state)
{
    (void)state;
    fill();
    store_close(&fixture.store);
    raw_run("PRAGMA journal_mode = DELETE");
    assert_ok(fixture_open(&fixture.store));
    assert_int_equal(raw_number("SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
}

/* -- accounts ------------------------------------------------------------------------------- */

static void account_keeps_every_field(void **state)
{
    (void)state;
    struct account extreme = {.uid = INT64_MIN,
                              .class_ = ACCOUNT_CLASS_BREAKGLASS,
                              .state = ACCOUNT_STATE_DISABLED,
                              .state_since = INT64_MAX,
                              .created = -1,
                              .ledger_seq = INT64_MAX,
                              .sessions = UINT32_MAX,
                              .idle = INT64_MIN,
                              .shared = true,
                              .factor = ACCOUNT_FACTOR_NONE};
    memset(extreme.company, 'c', sizeof(extreme.company) - 1);
    memset(extreme.hours, 'h', sizeof(extreme.hours) - 1);
    memset(extreme.places, 'p', sizeof(extreme.places) - 1);
    memset(extreme.services, 's', sizeof(extreme.services) - 1);
    memset(extreme.id, '0', sizeof(extreme.id) - 1);
    memset(extreme.name, 'n', sizeof(extreme.name) - 1);
    memset(extreme.state_reason, 'r', sizeof(extreme.state_reason) - 1);
    memset(extreme.full_name, 0xff, sizeof(extreme.full_name) - 1);
    memset(extreme.reading, 0xff, sizeof(extreme.reading) - 1);
    memset(extreme.staff_number, '9', sizeof(extreme.staff_number) - 1);
    memset(extreme.birth_date, '0', sizeof(extreme.birth_date) - 1);
    const struct account plain = account_of('a', "hanako");
    struct account bare = account_of('b', "taro");
    bare.reading[0] = bare.staff_number[0] = bare.birth_date[0] = '\0';
    bare.hours[0] = bare.places[0] = bare.services[0] = bare.company[0] = '\0';
    bare.sessions = 0;
    bare.idle = 0;
    bare.shared = false;
    bare.factor = ACCOUNT_FACTOR_CLASS;
    const struct account *const accounts[] = {&plain, &extreme, &bare};
    for (size_t i = 0; i < MEDGL_COUNT(accounts); i++) {
        struct account got;
        assert_ok(store_account_add(begin(STORE_WRITE), accounts[i]));
        commit();
        fixture_reopen();
        assert_ok(store_account_by_id(begin(STORE_READ), accounts[i]->id, &got));
        assert_string_equal(got.id, accounts[i]->id);
        assert_string_equal(got.name, accounts[i]->name);
        assert_true(
            got.uid == accounts[i]->uid && got.class_ == accounts[i]->class_ &&
            got.state == accounts[i]->state && got.state_since == accounts[i]->state_since &&
            got.created == accounts[i]->created && got.ledger_seq == accounts[i]->ledger_seq);
        assert_string_equal(got.state_reason, accounts[i]->state_reason);
        assert_string_equal(got.full_name, accounts[i]->full_name);
        assert_string_equal(got.reading, accounts[i]->reading);
        assert_string_equal(got.staff_number, accounts[i]->staff_number);
        assert_string_equal(got.birth_date, accounts[i]->birth_date);
        assert_string_equal(got.hours, accounts[i]->hours);
        assert_string_equal(got.places, accounts[i]->places);
        assert_string_equal(got.services, accounts[i]->services);
        assert_string_equal(got.company, accounts[i]->company);
        assert_true(got.sessions == accounts[i]->sessions && got.idle == accounts[i]->idle &&
                    got.shared == accounts[i]->shared && got.factor == accounts[i]->factor);
        assert_ok(store_account_by_name(&fixture_txn, accounts[i]->name, &got));
        assert_string_equal(got.id, accounts[i]->id);
        commit();
    }
}

static void R05_access_rules_change(void **state)
{
    struct account got, hanako = account_of('a', "hanako");
    (void)state;
    fill();
    (void)text_copy(hanako.hours, sizeof(hanako.hours), "Sat 09:00-12:00");
    (void)text_copy(hanako.places, sizeof(hanako.places), "tty*");
    hanako.services[0] = '\0';
    hanako.sessions = 1;
    hanako.idle = MEDGL_MINUTE;
    hanako.shared = false;
    assert_ok(store_account_update(begin(STORE_WRITE), &hanako));
    commit();
    fixture_reopen();
    assert_ok(store_account_by_id(begin(STORE_READ), hanako.id, &got));
    commit();
    assert_string_equal(got.hours, "Sat 09:00-12:00");
    assert_string_equal(got.places, "tty*");
    assert_string_equal(got.services, "");
    assert_true(got.sessions == 1 && got.idle == MEDGL_MINUTE && !got.shared);
}

static void R25_names_are_unique_for_good(void **state)
{
    (void)state;
    struct account first = account_of('a', "hanako"), second = account_of('b', "hanako"), got;
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_account_add(txn, &first));
    assert_error(store_account_add(txn, &second), MEDGL_ERR_EXISTS);
    first.state = ACCOUNT_STATE_RETIRED;
    assert_ok(store_account_update(txn, &first));
    assert_error(store_account_add(txn, &second), MEDGL_ERR_EXISTS);
    (void)text_copy(first.name, sizeof(first.name), "other"); /* would free the name */
    assert_error(store_account_update(txn, &first), MEDGL_ERR_ARGUMENT);
    assert_ok(store_account_by_name(txn, "hanako", &got));
    assert_int_equal(got.state, ACCOUNT_STATE_RETIRED);
    (void)text_copy(second.name, sizeof(second.name), "Hanako"); /* another name */
    assert_ok(store_account_add(txn, &second));
    (void)text_copy(second.name, sizeof(second.name), "taro"); /* a used id */
    assert_error(store_account_add(txn, &second), MEDGL_ERR_EXISTS);
    commit();
}

static void account_lookups(void **state)
{
    struct account got, stranger = account_of('z', "nobody");
    (void)state;
    fill();
    struct store_txn *txn = begin(STORE_WRITE);
    assert_error(store_account_by_name(txn, "nobody", &got), MEDGL_ERR_NOT_FOUND);
    assert_error(store_account_by_name(txn, "", &got), MEDGL_ERR_NOT_FOUND);
    assert_error(store_account_by_name(txn, "hanako' OR '1'='1", &got), MEDGL_ERR_NOT_FOUND);
    assert_error(store_account_by_name(txn, "hana%", &got), MEDGL_ERR_NOT_FOUND);
    assert_error(store_account_by_id(txn, "", &got), MEDGL_ERR_NOT_FOUND);
    assert_error(store_account_update(txn, &stranger), MEDGL_ERR_NOT_FOUND);
    commit();
}

static void account_of_unended_text_is_refused(void **state)
{
    struct account account = account_of('a', "hanako");
    (void)state;
    memset(account.full_name, 'x', sizeof(account.full_name));
    assert_error(store_account_add(begin(STORE_WRITE), &account), MEDGL_ERR_ARGUMENT);
    account = account_of('a', "hanako");
    account.ledger_seq = (uint64_t)INT64_MAX + 1;
    assert_error(store_account_add(&fixture_txn, &account), MEDGL_ERR_ARGUMENT);
    roll_back();
}

static enum medgl_error names_account(void *argument, const struct account *account)
{
    return names_add(argument, account->name);
}

static void accounts_in_the_order_of_names(void **state)
{
    struct names all = {.left = 100}, some = {.left = 1};
    (void)state;
    struct account third = account_of('0', "jiro");
    fill();
    assert_ok(store_account_add(begin(STORE_WRITE), &third));
    assert_ok(store_account_each(&fixture_txn, names_account, &all));
    assert_error(store_account_each(&fixture_txn, names_account, &some), MEDGL_ERR_PEER);
    commit();
    assert_string_equal(all.text, "hanako jiro taro ");
    assert_string_equal(some.text, "hanako jiro ");
}

static enum medgl_error names_nested(void *argument, const struct account *account)
{
    struct account again;
    MEDGL_TRY(store_account_by_id(&fixture_txn, account->id, &again));
    MEDGL_TRY(names_add(argument, again.name));
    return store_account_each(&fixture_txn, names_account, argument);
}

static void a_walk_may_hold_other_walks(void **state)
{
    struct names all = {.left = 100};
    (void)state;
    fill();
    assert_ok(store_account_each(begin(STORE_READ), names_nested, &all));
    commit();
    assert_string_equal(all.text, "hanako hanako taro taro hanako taro ");
}

static void activity_of_an_account(void **state)
{
    struct activity got, changed;
    (void)state;
    fill();
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_activity_get(txn, id_of('b'), &got));
    assert_string_equal(got.account_id, id_of('b'));
    assert_true(got.last_login == 0 && got.failures == 0 && got.last_failure == 0 &&
                got.factor_failures == 0);
    assert_ok(store_activity_get(txn, id_of('a'), &changed));
    assert_true(changed.last_login == NOW && changed.failures == 3 &&
                changed.last_failure == NOW - 1 && changed.warned_at == NOW - 2 &&
                changed.grace_used == 2 && changed.factor_failures == 7 &&
                changed.last_used == NOW - 3 && changed.factor_warned_at == NOW - 4);
    assert_string_equal(changed.last_failure_source, "192.0.2.9");
    changed.failures = changed.grace_used = UINT32_MAX;
    changed.warned_at = 0;
    changed.factor_failures = 0;
    changed.last_used = NOW + 1;
    changed.factor_warned_at = NOW + 2;
    (void)text_copy(changed.last_service, sizeof(changed.last_service), "login");
    assert_ok(store_activity_put(txn, &changed));
    assert_ok(store_activity_get(txn, id_of('a'), &got));
    assert_true(got.failures == UINT32_MAX && got.grace_used == UINT32_MAX && got.warned_at == 0 &&
                got.factor_failures == 0 && got.last_used == NOW + 1 &&
                got.factor_warned_at == NOW + 2);
    assert_string_equal(got.last_service, "login");
    assert_string_equal(got.last_source, "192.0.2.1");
    (void)text_copy(changed.account_id, sizeof(changed.account_id), id_of('z')); /* of nobody */
    assert_error(store_activity_put(txn, &changed), MEDGL_ERR_ARGUMENT);
    commit();
}

/* -- credentials ---------------------------------------------------------------------------- */

static enum medgl_error names_credential(void *argument, const struct credential *credential)
{
    return names_add(argument, (char[]){credential->account_id[0], '\0'});
}

static void credential_of_a_kind_is_one(void **state)
{
    struct credential got, other = credential_of('x', 'a'), second = credential_of('y', 'b');
    struct names all = {.left = 100};
    (void)state;
    fill();
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_credential_get(txn, id_of('a'), CREDENTIAL_PASSWORD, &got));
    assert_string_equal(got.id, id_of('c'));
    assert_int_equal(got.sealed_len, 15);
    assert_memory_equal(got.sealed, other.sealed, 15);
    assert_true(got.strength == PASSWORD_STRENGTH_LONG && got.issued && got.set_at == NOW &&
                got.valid_until == NOW + MEDGL_DAY && got.ledger_seq == 8);
    memset(other.sealed, 0xa5, sizeof(other.sealed));
    other.sealed_len = sizeof(other.sealed);
    other.issued = false;
    assert_ok(store_credential_put(txn, &other));
    assert_ok(store_credential_put(txn, &second));
    assert_ok(store_credential_get(txn, id_of('a'), CREDENTIAL_PASSWORD, &got));
    assert_string_equal(got.id, id_of('x'));
    assert_false(got.issued);
    assert_int_equal(got.sealed_len, sizeof(other.sealed));
    assert_memory_equal(got.sealed, other.sealed, sizeof(other.sealed));
    assert_ok(store_credential_each(txn, names_credential, &all));
    assert_string_equal(all.text, "a b ");
    assert_ok(store_credential_delete(txn, id_of('a'), CREDENTIAL_PASSWORD));
    assert_ok(store_credential_delete(txn, id_of('a'), CREDENTIAL_PASSWORD));
    assert_error(store_credential_get(txn, id_of('a'), CREDENTIAL_PASSWORD, &got),
                 MEDGL_ERR_NOT_FOUND);
    assert_ok(store_credential_get(txn, id_of('b'), CREDENTIAL_PASSWORD, &got));
    other.sealed_len = sizeof(other.sealed) + 1;
    assert_error(store_credential_put(txn, &other), MEDGL_ERR_ARGUMENT);
    roll_back();
}

static enum medgl_error names_id(void *argument, const struct credential *credential)
{
    return names_add(argument, (char[]){credential->id[0], '\0'});
}

static void R16_former_credentials_are_many(void **state)
{
    struct credential former = credential_of('p', 'a'), got;
    struct names of_one = {.left = 100}, of_other = {.left = 100}, left = {.left = 100};
    static const char ids[] = "pqrs";
    (void)state;
    fill();
    struct store_txn *txn = begin(STORE_WRITE);
    former.kind = CREDENTIAL_FORMER;
    for (size_t i = 0; i < strlen(ids); i++) {
        memcpy(former.id, id_of(ids[i]), sizeof(former.id));
        former.set_at = NOW - (medgl_time)i;  /* by a clock that goes backwards */
        former.ledger_seq = 10 + (i + 2) % 4; /* q, p, s, r */
        assert_ok(store_credential_add(txn, &former));
    }
    assert_error(store_credential_add(txn, &former), MEDGL_ERR_EXISTS);
    memcpy(former.account_id, id_of('b'), sizeof(former.account_id));
    assert_ok(store_credential_add(txn, &former));
    assert_ok(store_credential_each_of(txn, id_of('a'), CREDENTIAL_FORMER, names_id, &of_one));
    assert_string_equal(of_one.text, "q p s r ");
    assert_ok(store_credential_each_of(txn, id_of('b'), CREDENTIAL_FORMER, names_id, &of_other));
    assert_string_equal(of_other.text, "s ");
    assert_ok(store_credential_get(txn, id_of('a'), CREDENTIAL_PASSWORD, &got)); /* as it was */
    assert_string_equal(got.id, id_of('c'));
    assert_ok(store_credential_remove(txn, id_of('a'), CREDENTIAL_FORMER, id_of('r')));
    assert_error(store_credential_remove(txn, id_of('a'), CREDENTIAL_FORMER, id_of('r')),
                 MEDGL_ERR_NOT_FOUND);
    assert_error(store_credential_remove(txn, id_of('a'), CREDENTIAL_FORMER, id_of('c')),
                 MEDGL_ERR_NOT_FOUND);
    assert_ok(store_credential_each_of(txn, id_of('a'), CREDENTIAL_FORMER, names_id, &left));
    assert_string_equal(left.text, "q p s ");
    left.left = 0;
    assert_error(store_credential_each_of(txn, id_of('a'), CREDENTIAL_FORMER, names_id, &left),
                 MEDGL_ERR_PEER);
    roll_back();
}

/* R24: devices, cards and codes. */
struct update_row {
    const char *name;
    struct {
        char account;
        enum credential_kind kind;
        char id;
        int64_t counter;
    } update;
    enum medgl_error error;
};

static const struct update_row update_rows[] = {
    {"a later step", {'a', CREDENTIAL_TOTP, 'p', 101}, MEDGL_OK},
    {"the same step", {'a', CREDENTIAL_TOTP, 'p', 100}, MEDGL_OK},
    {"an earlier step", {'a', CREDENTIAL_TOTP, 'p', 99}, MEDGL_ERR_ARGUMENT},
    {"the other device", {'a', CREDENTIAL_TOTP, 'q', 101}, MEDGL_OK},
    {"a device that is not there", {'a', CREDENTIAL_TOTP, 'r', 101}, MEDGL_ERR_NOT_FOUND},
    {"another kind", {'a', CREDENTIAL_CARD, 'p', 101}, MEDGL_ERR_NOT_FOUND},
    {"another account", {'b', CREDENTIAL_TOTP, 'p', 101}, MEDGL_ERR_NOT_FOUND},
    {"nobody's account", {'z', CREDENTIAL_TOTP, 'p', 101}, MEDGL_ERR_NOT_FOUND},
};

static void R24_exactly_one_device_is_updated(void **state)
{
    const struct update_row *row = *state;
    struct credential device = credential_of('p', 'a'), other = credential_of('q', 'a'), got;
    fill();
    struct store_txn *txn = begin(STORE_WRITE);
    device.kind = other.kind = CREDENTIAL_TOTP;
    device.counter = other.counter = 100;
    assert_ok(store_credential_add(txn, &device));
    assert_ok(store_credential_add(txn, &other));
    struct credential update = credential_of(row->update.id, row->update.account);
    update.kind = row->update.kind;
    update.counter = row->update.counter;
    update.drift = 1;
    update.ledger_seq = 20;
    (void)text_copy(update.label, sizeof(update.label), "tablet");
    assert_error(store_credential_update(txn, &update), row->error);
    commit();
    fixture_reopen();
    const char ids[] = {'p', 'q'};
    for (size_t i = 0; i < sizeof(ids); i++) {
        const bool changed = row->error == MEDGL_OK && row->update.id == ids[i];
        memset(&got, 0, sizeof(got));
        assert_ok(
            row_get(begin(STORE_READ), STATEMENT_CREDENTIAL_BY_ID,
                    STATEMENT_KEYS({":account_id", id_of('a'), 0}, {":kind", NULL, CREDENTIAL_TOTP},
                                   {":id", id_of(ids[i]), 0}),
                    &table_credential, &got));
        commit();
        assert_true(got.counter == (changed ? row->update.counter : 100) &&
                    got.drift == (changed ? 1 : -1) && got.ledger_seq == (changed ? 20 : 8));
        assert_string_equal(got.label, changed ? "tablet" : "phone");
        assert_memory_equal(got.sealed, device.sealed, device.sealed_len);
    }
}

struct any_row {
    const char *name;
    enum credential_kind kind; /* 0: none but a password */
    bool any;
};

static const struct any_row any_rows[] = {
    {"a password alone", 0, false},
    {"a former password", CREDENTIAL_FORMER, false},
    {"a device", CREDENTIAL_TOTP, true},
    {"a card", CREDENTIAL_CARD, true},
    {"a recovery code", CREDENTIAL_RECOVERY, true},
    {"a code of a waiver", CREDENTIAL_CODE, true},
};

static void R23_whether_anybody_has_a_factor(void **state)
{
    const struct any_row *row = *state;
    struct credential credential = credential_of('p', 'b');
    bool any = !row->any;
    fill();
    struct store_txn *txn = begin(STORE_WRITE);
    credential.kind = row->kind;
    if (row->kind != 0)
        assert_ok(store_credential_add(txn, &credential));
    assert_ok(store_credential_any_factor(txn, &any));
    assert_int_equal(any, row->any);
    if (row->kind != 0)
        assert_ok(store_credential_delete(txn, credential.account_id, row->kind));
    assert_ok(store_credential_any_factor(txn, &any));
    assert_false(any);
    commit();
}

/* -- grants --------------------------------------------------------------------------------- */

static enum medgl_error names_grant(void *argument, const struct grant *grant)
{
    return names_add(argument, (char[]){grant->id[0], '\0'});
}

static void R22_grant_keeps_every_field(void **state)
{
    struct grant plain = grant_of('p', 'a'), got;
    struct grant extreme = {.kind = GRANT_OUT_OF_HOURS,
                            .created = INT64_MIN,
                            .since = INT64_MAX,
                            .until = -1,
                            .ended = INT64_MAX,
                            .end = GRANT_END_REVOKED,
                            .used = UINT32_MAX,
                            .last_used = INT64_MIN,
                            .ledger_seq = INT64_MAX};
    (void)state;
    memset(extreme.id, 'q', sizeof(extreme.id) - 1);
    memcpy(extreme.account_id, plain.account_id, sizeof(extreme.account_id));
    memset(extreme.approved_by, 'b', sizeof(extreme.approved_by) - 1);
    memset(extreme.reason, 0xff, sizeof(extreme.reason) - 1);
    memset(extreme.work, 0xff, sizeof(extreme.work) - 1);
    fill();
    const struct grant *const grants[] = {&plain, &extreme};
    for (size_t i = 0; i < MEDGL_COUNT(grants); i++) {
        assert_ok(store_grant_add(begin(STORE_WRITE), grants[i]));
        assert_error(store_grant_add(&fixture_txn, grants[i]), MEDGL_ERR_EXISTS);
        commit();
        fixture_reopen();
        assert_ok(store_grant_by_id(begin(STORE_READ), grants[i]->id, &got));
        commit();
        assert_string_equal(got.id, grants[i]->id);
        assert_string_equal(got.account_id, grants[i]->account_id);
        assert_string_equal(got.approved_by, grants[i]->approved_by);
        assert_string_equal(got.reason, grants[i]->reason);
        assert_string_equal(got.work, grants[i]->work);
        assert_true(got.kind == grants[i]->kind && got.instead == grants[i]->instead &&
                    got.created == grants[i]->created && got.since == grants[i]->since &&
                    got.until == grants[i]->until && got.ended == grants[i]->ended &&
                    got.end == grants[i]->end && got.used == grants[i]->used &&
                    got.last_used == grants[i]->last_used &&
                    got.ledger_seq == grants[i]->ledger_seq);
    }
}

static void R22_grant_is_updated(void **state)
{
    struct grant grant = grant_of('9', 'a'), got, stranger = grant_of('z', 'a');
    struct store_txn *txn;
    (void)state;
    fill();
    txn = begin(STORE_WRITE);
    grant.ended = NOW + 5;
    grant.end = GRANT_END_EXPIRED;
    grant.used = 3;
    grant.ledger_seq = 30;
    assert_ok(store_grant_update(txn, &grant));
    assert_ok(store_grant_by_id(txn, grant.id, &got));
    assert_true(got.ended == NOW + 5 && got.end == GRANT_END_EXPIRED && got.used == 3 &&
                got.ledger_seq == 30);
    assert_error(store_grant_update(txn, &stranger), MEDGL_ERR_NOT_FOUND);
    assert_error(store_grant_by_id(txn, stranger.id, &got), MEDGL_ERR_NOT_FOUND);
    (void)text_copy(grant.account_id, sizeof(grant.account_id), id_of('b'));
    assert_error(store_grant_update(txn, &grant), MEDGL_ERR_ARGUMENT);
    (void)text_copy(stranger.account_id, sizeof(stranger.account_id), id_of('z'));
    assert_error(store_grant_add(txn, &stranger), MEDGL_ERR_ARGUMENT); /* of nobody */
    roll_back();
}

struct grants_row {
    const char *name;
    char account; /* 0: all */
    bool open_only;
    const char *ids;
};

static const struct grants_row grants_rows[] = {
    {"of an account", 'a', false, "3 1 4 9 "},
    {"of an account, open", 'a', true, "3 4 9 "},
    {"of another", 'b', false, "2 "},
    {"of another, open", 'b', true, ""},
    {"of nobody", 'z', false, ""},
    {"of all", 0, false, "2 3 1 4 9 "},
    {"of all, open", 0, true, "3 4 9 "},
};

static void R22_grants_oldest_first(void **state)
{
    static const struct {
        char id, account;
        medgl_time created, ended;
    } grants[] = {{'1', 'a', NOW - 3, NOW},
                  {'2', 'b', NOW - 5, NOW},
                  {'3', 'a', NOW - 4, 0},
                  {'4', 'a', NOW - 2, 0}};
    const struct grants_row *row = *state;
    struct names all = {.left = 100}, some = {.left = 0};
    fill();
    struct store_txn *txn = begin(STORE_WRITE);
    for (size_t i = 0; i < MEDGL_COUNT(grants); i++) {
        struct grant grant = grant_of(grants[i].id, grants[i].account);
        grant.created = grants[i].created;
        grant.ended = grants[i].ended;
        grant.end = grant.ended != 0 ? GRANT_END_REVOKED : GRANT_END_NONE;
        assert_ok(store_grant_add(txn, &grant));
    }
    const char *account = row->account != 0 ? id_of(row->account) : NULL;
    assert_ok(store_grant_each(txn, account, row->open_only, names_grant, &all));
    assert_string_equal(all.text, row->ids);
    assert_error(store_grant_each(txn, account, row->open_only, names_grant, &some),
                 row->ids[0] != '\0' ? MEDGL_ERR_PEER : MEDGL_OK);
    commit();
}

/* -- sessions ------------------------------------------------------------------------------- */

static enum medgl_error names_session(void *argument, const struct session *session)
{
    return names_add(argument, (char[]){session->id[0], '\0'});
}

static void R12_open_sessions_of_an_account(void **state)
{
    struct session second = session_of('e', 'a'), closed = session_of('f', 'a'),
                   other = session_of('g', 'b');
    struct names open = {.left = 100}, none = {.left = 0};
    (void)state;
    fill();
    struct store_txn *txn = begin(STORE_WRITE);
    second.opened = NOW + 1;
    assert_ok(store_session_open(txn, &second));
    assert_ok(store_session_open(txn, &closed));
    assert_ok(store_session_close(txn, closed.id, NOW + 2, SESSION_END_CLOSED));
    assert_ok(store_session_open(txn, &other));
    assert_ok(store_session_each_open(txn, id_of('a'), names_session, &open));
    assert_string_equal(open.text, "d e ");
    assert_ok(store_session_each_open(txn, id_of('z'), names_session, &none));
    assert_string_equal(none.text, "");
    assert_error(store_session_each_open(txn, id_of('b'), names_session, &none), MEDGL_ERR_PEER);
    commit();
}

/* A session of account 'a' or 'b'; times are before NOW. */
struct spell {
    char id, account;
    medgl_time opened, closed; /* 0: open still */
};
static const struct spell spells[] = {
    {'1', 'a', 900, 0},   {'2', 'b', 800, 700}, {'3', 'a', 600, 300},
    {'4', 'b', 500, 0},   {'5', 'a', 400, 100}, {'6', 'b', 200, 350}, /* the clock was set back */
    {'7', 'a', -50, -60}, {'8', 'b', 300, 300},
};

struct since_case {
    const char *name;
    char account; /* 0: all */
    medgl_time since;
    const char *ids;
};
static const struct since_case since_cases[] = {
    {"all times, all accounts", 0, 10000, "7 6 8 5 4 3 2 1 "},
    {"all times, one account", 'a', 10000, "7 5 3 1 "},
    {"all times, the other", 'b', 10000, "6 8 4 2 "},
    {"what ended before is left out", 'b', 699, "6 8 4 "},
    {"what ended just then is not", 'b', 700, "6 8 4 2 "},
    {"open ones however old", 0, 200, "7 6 5 4 1 "},
    {"ended before it began: as if at once", 'b', 200, "6 4 "},
    {"ended ahead of now", 0, 0, "7 4 1 "},
    {"of the future", 0, -1000, "4 1 "},
    {"an account without any", 'z', 10000, ""},
};

static void spells_add(struct store_txn *txn)
{
    for (size_t i = 0; i < MEDGL_COUNT(spells); i++) {
        struct session session = session_of(spells[i].id, spells[i].account);
        session.opened = NOW - spells[i].opened;
        assert_ok(store_session_open(txn, &session));
        if (spells[i].closed != 0)
            assert_ok(
                store_session_close(txn, session.id, NOW - spells[i].closed, SESSION_END_CLOSED));
    }
}

static void two_accounts(struct store_txn *txn)
{
    const struct account hanako = account_of('a', "hanako"), taro = account_of('b', "taro");
    assert_ok(store_account_add(txn, &hanako));
    assert_ok(store_account_add(txn, &taro));
}

static void R06_sessions_since(void **state)
{
    const struct since_case *row = *state;
    struct names ids = {.left = 100}, stopped = {.left = 0};
    struct store_txn *txn = begin(STORE_WRITE);
    two_accounts(txn);
    spells_add(txn);
    const char *account = row->account != 0 ? id_of(row->account) : NULL;
    assert_ok(store_session_each_since(txn, account, NOW - row->since, names_session, &ids));
    assert_string_equal(ids.text, row->ids);
    if (row->ids[0] != '\0')
        assert_error(
            store_session_each_since(txn, account, NOW - row->since, names_session, &stopped),
            MEDGL_ERR_PEER);
    commit();
}

static enum medgl_error close_lost(void *argument, const struct session *session)
{
    return store_session_close(argument, session->id, NOW, SESSION_END_LOST);
}

static void R29_open_sessions_of_all(void **state)
{
    struct names open = {.left = 100}, none = {.left = 100};
    struct session got;
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    two_accounts(txn);
    spells_add(txn);
    assert_ok(store_session_each_open(txn, NULL, names_session, &open));
    assert_string_equal(open.text, "1 4 ");
    /* Those that are found lost are closed on the way. */
    assert_ok(store_session_each_open(txn, NULL, close_lost, txn));
    assert_ok(store_session_each_open(txn, NULL, names_session, &none));
    assert_string_equal(none.text, "");
    assert_ok(store_session_by_id(txn, id_of('4'), &got));
    assert_true(got.ended == SESSION_END_LOST && got.closed == NOW);
    commit();
}

struct end_case {
    const char *name;
    enum session_end how;
    medgl_time at; /* after it was opened */
    enum medgl_error error;
    medgl_time closed;
};
static const struct end_case end_cases[] = {
    {"closed", SESSION_END_CLOSED, 5, MEDGL_OK, 5},
    {"lost", SESSION_END_LOST, 5, MEDGL_OK, 5},
    {"ended by an administrator", SESSION_END_ENDED, 5, MEDGL_OK, 5},
    {"clock set back: it ends when it began", SESSION_END_CLOSED, -MEDGL_DAY, MEDGL_OK, 0},
    {"no end", SESSION_END_NONE, 5, MEDGL_ERR_ARGUMENT, 0},
    {"unknown", (enum session_end)9, 5, MEDGL_ERR_ARGUMENT, 0},
};

static void R06_session_end(void **state)
{
    const struct end_case *row = *state;
    const bool done = row->error == MEDGL_OK;
    struct session got;
    fill();
    assert_error(store_session_close(begin(STORE_WRITE), id_of('d'), NOW + row->at, row->how),
                 row->error);
    commit();
    fixture_reopen();
    assert_ok(store_session_by_id(begin(STORE_READ), id_of('d'), &got));
    commit();
    assert_int_equal(got.closed, done ? NOW + row->closed : 0);
    assert_int_equal(got.ended, done ? row->how : SESSION_END_NONE);
    assert_int_equal(got.class_, ACCOUNT_CLASS_STAFF);
    assert_string_equal(got.leader, "boot 1 2 3");
    assert_string_equal(got.person, "taro");
}

static void R06_session_from_start_to_end(void **state)
{
    struct session got, later = session_of('e', 'a'), elsewhere = session_of('f', 'a');
    (void)state;
    fill();
    later.opened = NOW + 5;
    (void)text_copy(elsewhere.tty, sizeof(elsewhere.tty), "pts/1");
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_session_open(txn, &later));
    assert_ok(store_session_open(txn, &elsewhere));
    assert_error(store_session_open(txn, &later), MEDGL_ERR_EXISTS);
    assert_ok(store_session_find(txn, id_of('a'), "sshd", "pts/0", &got));
    assert_string_equal(got.id, id_of('e'));
    assert_error(store_session_find(txn, id_of('b'), "sshd", "pts/0", &got), MEDGL_ERR_NOT_FOUND);
    assert_error(store_session_find(txn, id_of('a'), "su", "pts/0", &got), MEDGL_ERR_NOT_FOUND);
    assert_ok(store_session_close(txn, id_of('e'), NOW + 9, SESSION_END_CLOSED));
    assert_error(store_session_close(txn, id_of('e'), NOW + 10, SESSION_END_CLOSED),
                 MEDGL_ERR_CONFLICT);
    assert_error(store_session_close(txn, id_of('z'), NOW + 10, SESSION_END_CLOSED),
                 MEDGL_ERR_NOT_FOUND);
    assert_ok(store_session_by_id(txn, id_of('e'), &got));
    assert_true(got.opened == NOW + 5 && got.closed == NOW + 9);
    assert_string_equal(got.source, "192.0.2.1");
    assert_ok(store_session_find(txn, id_of('a'), "sshd", "pts/0", &got));
    assert_string_equal(got.id, id_of('d'));
    assert_error(store_session_by_id(txn, id_of('z'), &got), MEDGL_ERR_NOT_FOUND);
    commit();
}

/* -- ledger --------------------------------------------------------------------------------- */

static enum medgl_error names_line(void *argument, const struct ledger_row *row)
{
    char text[16];
    unsigned char leaf[MERKLE_HASH_SIZE];
    assert_ok(merkle_leaf(row->line, row->len, leaf));
    assert_memory_equal(leaf, row->leaf, sizeof(leaf));
    (void)snprintf(text, sizeof(text), "%llu:%.*s", (unsigned long long)row->seq, (int)row->len,
                   row->line);
    return names_add(argument, text);
}

struct range {
    const char *name;
    uint64_t from, to;
    const char *lines;
};

static const struct range ranges[] = {
    {"all", 0, UINT64_MAX, "0:zero 1:one 2:two "},
    {"none", 1, 1, ""},
    {"backwards", 2, 1, ""},
    {"first", 0, 1, "0:zero "},
    {"last", 2, 3, "2:two "},
    {"behind the end", 3, 9, ""},
    {"far behind the end", UINT64_MAX, UINT64_MAX, ""},
    {"middle on", 1, INT64_MAX, "1:one 2:two "},
};

static void R08_ledger_range(void **state)
{
    const struct range *row = *state;
    struct names lines = {.left = 100};
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(append_line(txn, "zero"));
    assert_ok(append_line(txn, "one"));
    assert_ok(append_line(txn, "two"));
    assert_ok(store_ledger_each(txn, row->from, row->to, names_line, &lines));
    commit();
    assert_string_equal(lines.text, row->lines);
}

static bool wanted_with_o(void *argument, const char *line, size_t len)
{
    (void)argument;
    return memchr(line, 'o', len) != NULL;
}
static bool wanted_with_z(void *argument, const char *line, size_t len)
{
    (void)argument;
    return memchr(line, 'z', len) != NULL;
}
static bool wanted_all(void *argument, const char *line, size_t len)
{
    (void)argument;
    return line != NULL && len > 0;
}
static bool wanted_none(void *argument, const char *line, size_t len)
{
    (void)argument;
    return line == NULL && len > 0;
}

typedef bool (*wanted_function)(void *argument, const char *line, size_t len);

/* What store_ledger_each() gives, filtered. */
struct sieve {
    struct names names;
    wanted_function wanted;
};
static enum medgl_error sieve_line(void *argument, const struct ledger_row *row)
{
    struct sieve *sieve = argument;
    if (!sieve->wanted(NULL, row->line, row->len))
        return MEDGL_OK;
    return names_line(&sieve->names, row);
}

static void R06_ledger_select(void **state)
{
    static const wanted_function wanted[] = {wanted_all, wanted_with_o, wanted_with_z, wanted_none};
    const struct range *row = *state;
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(append_line(txn, "zero"));
    assert_ok(append_line(txn, "one"));
    assert_ok(append_line(txn, "two"));
    for (size_t i = 0; i < MEDGL_COUNT(wanted); i++) {
        struct names lines = {.left = 100};
        struct sieve sieve = {{.left = 100}, wanted[i]};
        assert_ok(store_ledger_select(txn, row->from, row->to, wanted[i], names_line, &lines));
        assert_ok(store_ledger_each(txn, row->from, row->to, sieve_line, &sieve));
        assert_string_equal(lines.text, sieve.names.text);
    }
    struct names all = {.left = 100};
    assert_ok(store_ledger_each(txn, row->from, row->to, names_line, &all));
    assert_string_equal(all.text, row->lines);
    commit();
}

/* Changed without the key, under a reader that wants some of it. */
struct forged_line {
    const char *name, *sql;
    wanted_function wanted;
    enum medgl_error error;
};
static const struct forged_line forged_lines[] = {
    {"line that is wanted", "UPDATE ledger SET line = 'zerO' WHERE seq = 0", wanted_with_z,
     MEDGL_ERR_CORRUPT},
    {"leaf of a line that is wanted", "UPDATE ledger SET leaf = x'00' WHERE seq = 0", wanted_with_z,
     MEDGL_ERR_CORRUPT},
    {"MAC of a line that is wanted", "UPDATE ledger SET mac = x'00' WHERE seq = 0", wanted_with_z,
     MEDGL_ERR_CORRUPT},
    {"seq of a line that is wanted", "UPDATE ledger SET seq = -5 WHERE seq = 0", wanted_with_z,
     MEDGL_ERR_CORRUPT},
    {"line made one that is wanted", "UPDATE ledger SET line = 'z' WHERE seq = 1", wanted_with_z,
     MEDGL_ERR_CORRUPT},
    {"empty line", "UPDATE ledger SET line = '' WHERE seq = 1", wanted_with_z, MEDGL_ERR_CORRUPT},
    {"line that is not wanted", "UPDATE ledger SET line = 'oNe' WHERE seq = 1", wanted_with_z,
     MEDGL_OK},
    {"line that is not wanted, all are asked for", "UPDATE ledger SET line = 'oNe' WHERE seq = 1",
     wanted_all, MEDGL_ERR_CORRUPT},
    {"seq of a line that is not wanted", "UPDATE ledger SET seq = -5 WHERE seq = 1", wanted_with_z,
     MEDGL_ERR_CORRUPT},
};

static enum medgl_error names_any(void *argument, const struct ledger_row *row)
{
    (void)row;
    return names_add(argument, "x");
}

static void R08_forged_line_is_found_when_wanted(void **state)
{
    const struct forged_line *row = *state;
    struct names lines = {.left = 100};
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(append_line(txn, "zero"));
    assert_ok(append_line(txn, "one"));
    commit();
    raw_run(row->sql);
    txn = begin(STORE_READ);
    assert_error(store_ledger_select(txn, 0, UINT64_MAX, row->wanted, names_any, &lines),
                 row->error);
    commit();
}

static void R08_ledger_head_follows(void **state)
{
    struct ledger_head head, stale;
    unsigned char leaf[MERKLE_HASH_SIZE] = {1};
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_ledger_head(txn, &stale));
    assert_true(stale.tree.size == 0 && stale.checkpoint[0] == '\0');
    for (int i = 0; i < 9; i++)
        assert_ok(append_line(txn, "line"));
    commit();
    fixture_reopen();
    txn = begin(STORE_WRITE);
    assert_ok(store_ledger_head(txn, &head));
    assert_int_equal(head.tree.size, 9);
    assert_string_equal(head.checkpoint, "note of 9");
    struct merkle_tree tree = {0};
    unsigned char line[MERKLE_HASH_SIZE];
    assert_ok(merkle_leaf("line", 4, line));
    for (int i = 0; i < 9; i++)
        assert_ok(merkle_append(&tree, line));
    assert_memory_equal(&tree, &head.tree, sizeof(tree));
    assert_ok(merkle_append(&stale.tree, leaf)); /* made from a head that is not the last */
    assert_error(store_ledger_append(txn, "x", 1, leaf, &stale), MEDGL_ERR_CONFLICT);
    head.tree.size += 2; /* would leave a gap */
    assert_error(store_ledger_append(txn, "x", 1, leaf, &head), MEDGL_ERR_CONFLICT);
    commit();
}

static enum medgl_error names_checkpoint(void *argument, uint64_t size, const char *checkpoint)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%llu:%s", (unsigned long long)size, checkpoint);
    return names_add(argument, text);
}

static void R08_checkpoints_are_kept(void **state)
{
    struct names all = {.left = 100};
    char long_note[STORE_COSIGNED_SIZE + 1];
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_checkpoint_add(txn, 20, NOW, "twenty"));
    assert_ok(store_checkpoint_add(txn, 3, NOW, "three"));
    assert_ok(store_checkpoint_add(txn, 3, NOW + 1, "another three")); /* the first one stays */
    memset(long_note, 'x', sizeof(long_note));
    long_note[STORE_COSIGNED_SIZE] = '\0';
    assert_error(store_checkpoint_add(txn, 4, NOW, long_note), MEDGL_ERR_ARGUMENT);
    assert_ok(store_checkpoint_each(txn, names_checkpoint, &all));
    commit();
    assert_string_equal(all.text, "3:three 20:twenty ");
}

/* -- attempts (R20) ------------------------------------------------------------------------- */

/* Puts an attempt of account 'a' there and gives it an outcome at a time. */
static void attempt_past(struct store_txn *txn, const char *source, medgl_time finished,
                         enum attempt_outcome outcome)
{
    char id[CRYPTO_ID_SIZE];
    assert_ok(crypto_random_id(id));
    struct attempt attempt = attempt_of(id, 'a', source, finished - 1);
    assert_ok(store_attempt_begin(txn, &attempt));
    if (outcome != ATTEMPT_OUTCOME_IN_FLIGHT)
        assert_ok(store_attempt_finish(txn, id, finished, outcome, 0));
}

struct past {
    const char *source;
    medgl_time at; /* before NOW */
    enum attempt_outcome outcome;
};

struct count_case {
    const char *name;
    struct past past[6];
    medgl_time window;
    struct attempt_counts counts; /* latest times as distances from NOW, -1: none */
    uint32_t refused;             /* those that delay alone */
};

#define FAILED    ATTEMPT_OUTCOME_FAILED
#define REPEATED  ATTEMPT_OUTCOME_REPEATED
#define IN_FLIGHT ATTEMPT_OUTCOME_IN_FLIGHT

static const struct count_case count_cases[] = {
    {"nothing", {{0}}, 100, {0, 0, -1, 0, 0, -1}},
    {"one failure", {{"s", 5, FAILED}}, 100, {1, 0, 5, 1, 0, 5}},
    {"both reaches", {{"s", 5, FAILED}, {"t", 3, FAILED}}, 100, {1, 0, 5, 2, 0, 3}},
    {"other source alone", {{"t", 3, FAILED}}, 100, {0, 0, -1, 1, 0, 3}},
    {"at the edge of the window",
     {{"s", 110, FAILED}, {"s", 10, FAILED}},
     100,
     {2, 0, 10, 2, 0, 10}},
    {"beyond the window", {{"s", 111, FAILED}, {"s", 10, FAILED}}, 100, {1, 0, 10, 1, 0, 10}},
    {"each reach has its own window",
     {{"s", 300, FAILED}, {"s", 250, FAILED}, {"t", 10, FAILED}},
     100,
     {2, 0, 250, 1, 0, 10}},
    {"long ago still counts: policy decides",
     {{"s", 900000, FAILED}},
     100,
     {1, 0, 900000, 1, 0, 900000}},
    {"in flight", {{"s", 5, IN_FLIGHT}, {"t", 3, IN_FLIGHT}}, 100, {0, 1, -1, 0, 2, -1}},
    {"success is no failure", {{"s", 5, ATTEMPT_OUTCOME_SUCCEEDED}}, 100, {0, 0, -1, 0, 0, -1}},
    {"withdrawn is no failure", {{"s", 5, ATTEMPT_OUTCOME_WITHDRAWN}}, 100, {0, 0, -1, 0, 0, -1}},
    {"refused counts nowhere", {{"s", 5, ATTEMPT_OUTCOME_REFUSED}}, 100, {0, 0, -1, 0, 0, -1}, 1},
    {"repeated counts nowhere, but delays", {{"s", 5, REPEATED}}, 100, {0, 0, -1, 0, 0, -1}, 1},
    {"repeated elsewhere counts nowhere at all", {{"t", 5, REPEATED}}, 100, {0, 0, -1, 0, 0, -1}},
    {"repeated does not count account-wide",
     {{"s", 9, FAILED}, {"s", 8, REPEATED}, {"t", 7, REPEATED}, {"s", 6, REPEATED}},
     100,
     {1, 0, 9, 1, 0, 9},
     2},
    {"repeated and refused delay together",
     {{"s", 9, REPEATED}, {"s", 5, ATTEMPT_OUTCOME_REFUSED}, {"s", 3, REPEATED}},
     100,
     {0, 0, -1, 0, 0, -1},
     3},
    {"repeated beyond the window",
     {{"s", 500, REPEATED}, {"s", 3, REPEATED}},
     100,
     {0, 0, -1, 0, 0, -1},
     1},
    {"repeated makes no failure younger",
     {{"s", 500, FAILED}, {"s", 420, FAILED}, {"s", 3, REPEATED}},
     100,
     {2, 0, 420, 2, 0, 420},
     1},
    {"a success clears nothing by itself",
     {{"s", 9, FAILED}, {"s", 5, ATTEMPT_OUTCOME_SUCCEEDED}},
     100,
     {1, 0, 9, 1, 0, 9}},
    {"at this very moment", {{"s", 0, FAILED}}, 0, {1, 0, 0, 1, 0, 0}},
    {"clock set back: taken as now", {{"s", -5000, FAILED}}, 100, {1, 0, 0, 1, 0, 0}},
    {"clock set back: the older ones too",
     {{"s", -5000, FAILED}, {"s", -9000, FAILED}, {"s", 50, FAILED}},
     100,
     {3, 0, 0, 3, 0, 0}},
};

static void R20_count(void **state)
{
    const struct count_case *row = *state;
    struct attempt_counts counts;
    struct store_txn *txn = begin(STORE_WRITE);
    for (size_t i = 0; i < MEDGL_COUNT(row->past) && row->past[i].source != NULL; i++)
        attempt_past(txn, row->past[i].source, NOW - row->past[i].at, row->past[i].outcome);
    assert_ok(store_attempt_count(txn, id_of('a'), "s", NOW, row->window, UINT32_MAX, &counts));
    commit();
    assert_int_equal(counts.source_failures, row->counts.source_failures);
    assert_int_equal(counts.source_in_flight, row->counts.source_in_flight);
    assert_int_equal(counts.source_latest == 0 ? -1 : NOW - counts.source_latest,
                     row->counts.source_latest);
    assert_int_equal(counts.account_failures, row->counts.account_failures);
    assert_int_equal(counts.account_in_flight, row->counts.account_in_flight);
    assert_int_equal(counts.account_latest == 0 ? -1 : NOW - counts.account_latest,
                     row->counts.account_latest);
    assert_int_equal(counts.source_refused, row->refused);
}

/* A guess of account 'a' or another, with its tag. */
struct guess {
    char account;
    const char *source;
    medgl_time at; /* before NOW */
    enum attempt_outcome outcome;
    uint32_t tag;
};

static void guess_past(struct store_txn *txn, const struct guess *guess)
{
    char id[CRYPTO_ID_SIZE];
    assert_ok(crypto_random_id(id));
    struct attempt attempt = attempt_of(id, guess->account, guess->source, NOW - guess->at - 1);
    assert_ok(store_attempt_begin(txn, &attempt));
    if (guess->outcome != IN_FLIGHT)
        assert_ok(store_attempt_finish(txn, id, NOW - guess->at, guess->outcome, guess->tag));
}

/* The guess of account 'a' from "s" with tag 7, window 100. */
struct repeat_case {
    const char *name;
    struct guess past[3];
    uint32_t tag; /* 0: 7 */
    bool repeats;
};

#define NO_TAG UINT32_MAX

static const struct repeat_case repeat_cases[] = {
    {"nothing before", {{0}}, 0, false},
    {"the same", {{'a', "s", 5, FAILED, 7}}, 0, true},
    {"another", {{'a', "s", 5, FAILED, 8}}, 0, false},
    {"from another source", {{'a', "t", 5, FAILED, 7}}, 0, false},
    {"from a source that begins like it", {{'a', "ss", 5, FAILED, 7}}, 0, false},
    {"at another account", {{'b', "s", 5, FAILED, 7}}, 0, false},
    {"not the latest", {{'a', "s", 9, FAILED, 7}, {'a', "s", 5, FAILED, 8}}, 0, true},
    {"at the edge of the window", {{'a', "s", 105, FAILED, 7}, {'a', "s", 5, FAILED, 8}}, 0, true},
    {"beyond the window", {{'a', "s", 106, FAILED, 7}, {'a', "s", 5, FAILED, 8}}, 0, false},
    {"long ago, but the latest: policy decides", {{'a', "s", 900000, FAILED, 7}}, 0, true},
    {"the latest elsewhere moves no window",
     {{'a', "s", 300, FAILED, 7}, {'a', "t", 5, FAILED, 8}},
     0,
     true},
    {"clock set back: taken as now",
     {{'a', "s", -500, FAILED, 7}, {'a', "s", 50, FAILED, 8}},
     0,
     true},
    {"it succeeded since", {{'a', "s", 5, ATTEMPT_OUTCOME_SUCCEEDED, 7}}, 0, false},
    {"what repeated alone is left", {{'a', "s", 5, REPEATED, 7}}, 0, false},
    {"what was refused", {{'a', "s", 5, ATTEMPT_OUTCOME_REFUSED, 7}}, 0, false},
    {"what was withdrawn", {{'a', "s", 5, ATTEMPT_OUTCOME_WITHDRAWN, 7}}, 0, false},
    {"without a tag", {{'a', "s", 5, FAILED, 0}}, NO_TAG, false},
    {"all bits", {{'a', "s", 5, FAILED, UINT32_MAX - 1}}, UINT32_MAX - 1, true},
};

static void R20_repeats(void **state)
{
    const struct repeat_case *row = *state;
    const uint32_t tag = row->tag == 0 ? 7 : row->tag == NO_TAG ? 0 : row->tag;
    struct store_txn *txn = begin(STORE_WRITE);
    uint32_t cleared;
    for (size_t i = 0; i < MEDGL_COUNT(row->past) && row->past[i].source != NULL; i++)
        guess_past(txn, &row->past[i]);
    commit();
    txn = begin(STORE_WRITE);
    bool repeats = !row->repeats;
    assert_ok(store_attempt_repeats(txn, id_of('a'), "s", tag, NOW, 100, 1000, &repeats));
    assert_int_equal(repeats, row->repeats);
    assert_ok(store_attempt_clear(txn, id_of('a'), "s", &cleared));
    assert_ok(store_attempt_repeats(txn, id_of('a'), "s", tag, NOW, 100, 1000, &repeats));
    assert_false(repeats); /* what was cleared counts no longer */
    commit();
}

/* Six failures of 's', the latest 1 before NOW with tag 1, and so on; two of 't' before them. */
struct most_case {
    const char *name;
    uint32_t most;
    uint32_t source, account; /* failures counted */
    uint32_t oldest;          /* tag that is known again, and none beyond */
};

static const struct most_case most_cases[] = {
    {"one", 1, 1, 1, 1},
    {"fewer than there are", 4, 4, 4, 4},
    {"as many as the source has", 6, 6, 6, 6},
    {"as many as there are", 8, 6, 8, 6},
    {"any number", UINT32_MAX, 6, 8, 6},
};

static void R20_count_no_further(void **state)
{
    const struct most_case *row = *state;
    struct attempt_counts counts;
    bool known;
    struct store_txn *txn = begin(STORE_WRITE);
    for (uint32_t i = 8; i > 0; i--)
        guess_past(txn, &(struct guess){'a', i > 6 ? "t" : "s", (medgl_time)i, FAILED, i});
    assert_ok(store_attempt_count(txn, id_of('a'), "s", NOW, 100, row->most, &counts));
    assert_int_equal(counts.source_failures, row->source);
    assert_int_equal(counts.account_failures, row->account);
    assert_int_equal(counts.source_latest, NOW - 1);
    assert_int_equal(counts.account_latest, NOW - 1);
    for (uint32_t tag = 1; tag <= 8; tag++) {
        assert_ok(store_attempt_repeats(txn, id_of('a'), "s", tag, NOW, 100, row->most, &known));
        assert_int_equal(known, tag <= row->oldest);
    }
    commit();
}

/* The latest of a source delay its next one, whatever was there before them, and wherever. */
static void R32_latest_stay_on_a_full_device(void **state)
{
    struct attempt_counts counts;
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    for (medgl_time at = 30; at > 4; at--)
        attempt_past(txn, "a", NOW - at, ATTEMPT_OUTCOME_REPEATED);
    for (medgl_time at = 4; at > 0; at--) {
        attempt_past(txn, "s", NOW - at, ATTEMPT_OUTCOME_REPEATED);
        attempt_past(txn, "s", NOW - at, FAILED);
    }
    assert_ok(store_attempt_make_way(txn, id_of('a'), 3));
    assert_ok(store_attempt_count(txn, id_of('a'), "s", NOW, 100, UINT32_MAX, &counts));
    assert_int_equal(counts.source_refused, 3);
    assert_int_equal(counts.source_refused_latest, NOW - 1);
    assert_int_equal(counts.source_failures, 3);
    assert_int_equal(counts.source_latest, NOW - 1);
    assert_ok(store_attempt_count(txn, id_of('a'), "a", NOW, 100, UINT32_MAX, &counts));
    assert_int_equal(counts.source_refused, 0);
    commit();
}

struct spread_case {
    const char *name;
    const char *source;
    medgl_time since; /* before NOW */
    uint32_t most, accounts;
};

static const struct guess spread_past[] = {
    {'a', "s", 5, FAILED, 0},    {'a', "s", 6, FAILED, 0},
    {'b', "s", 5, FAILED, 0},    {'c', "s", 90, FAILED, 0},
    {'c', "s", 200, FAILED, 0},  {'d', "s", 200, FAILED, 0},
    {'e', "s", -500, FAILED, 0}, {'f', "s", 5, REPEATED, 0},
    {'g', "s", 5, IN_FLIGHT, 0}, {'h', "s", 5, ATTEMPT_OUTCOME_REFUSED, 0},
    {'i', "t", 5, FAILED, 0},    {'j', "s", 5, ATTEMPT_OUTCOME_SUCCEEDED, 0},
    {'k', "ss", 5, FAILED, 0},   {'l', "", 5, FAILED, 0},
};

static const struct spread_case spread_cases[] = {
    {"all", "s", 1000, 100, 5},
    {"lately", "s", 89, 100, 3},
    {"since just then", "s", 90, 100, 4},
    {"ahead of now", "s", -1, 100, 1},
    {"exactly as many as are counted", "s", 1000, 5, 5},
    {"no further than that", "s", 1000, 4, 4},
    {"one is enough", "s", 1000, 1, 1},
    {"not counted at all", "s", 1000, 0, 0},
    {"another source", "t", 1000, 100, 1},
    {"no source", "", 1000, 100, 1},
    {"a source that is no pattern", "%", 1000, 100, 0},
};

static void R20_spread(void **state)
{
    const struct spread_case *row = *state;
    uint32_t accounts = 99;
    struct store_txn *txn = begin(STORE_WRITE);
    for (size_t i = 0; i < MEDGL_COUNT(spread_past); i++)
        guess_past(txn, &spread_past[i]);
    commit();
    assert_ok(store_attempt_spread(begin(STORE_READ), row->source, NOW - row->since, row->most,
                                   &accounts));
    commit();
    assert_int_equal(accounts, row->accounts);
}

static enum medgl_error names_first(void *argument, const char *account_id)
{
    return names_add(argument, (char[]){account_id[0], '\0'});
}

static void R20_accounts_that_have_failures(void **state)
{
    struct names none = {.left = 100}, all = {.left = 100}, stopped = {.left = 1};
    (void)state;
    struct store_txn *txn = begin(STORE_READ);
    assert_ok(store_attempt_accounts(txn, names_first, &none));
    assert_string_equal(none.text, "");
    commit();
    txn = begin(STORE_WRITE);
    for (size_t i = 0; i < MEDGL_COUNT(spread_past); i++)
        guess_past(txn, &spread_past[i]);
    commit();
    txn = begin(STORE_READ);
    assert_ok(store_attempt_accounts(txn, names_first, &all));
    assert_error(store_attempt_accounts(txn, names_first, &stopped), MEDGL_ERR_PEER);
    commit();
    assert_string_equal(all.text, "a b c d e g i k l "); /* 'g' is in flight */
    assert_string_equal(stopped.text, "a b ");
}

/* Without re-dating for good, the lock would begin again once the clock has caught up. */
static void R20_clock_set_back_is_for_good(void **state)
{
    struct attempt_counts counts;
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    attempt_past(txn, "s", NOW + MEDGL_DAY, FAILED);
    assert_ok(store_attempt_count(txn, id_of('a'), "s", NOW, 100, UINT32_MAX, &counts));
    assert_ok(
        store_attempt_count(txn, id_of('a'), "s", NOW + 2 * MEDGL_DAY, 100, UINT32_MAX, &counts));
    assert_int_equal(counts.source_latest, NOW);
    commit();
}

static void R20_other_accounts_do_not_count(void **state)
{
    struct attempt_counts counts;
    (void)state;
    struct attempt attempt = attempt_of(id_of('1'), 'b', "s", NOW);
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_attempt_begin(txn, &attempt));
    assert_ok(store_attempt_count(txn, id_of('a'), "s", NOW, 100, UINT32_MAX, &counts));
    assert_int_equal(counts.account_in_flight, 0);
    assert_ok(store_attempt_finish(txn, attempt.id, NOW, FAILED, 0));
    assert_ok(store_attempt_count(txn, id_of('a'), "s", NOW, 100, UINT32_MAX, &counts));
    assert_int_equal(counts.account_failures, 0);
    commit();
}

struct verdict_case {
    const char *name;
    enum attempt_outcome outcome;
    enum medgl_error begin, finish;
};

static const struct verdict_case verdict_cases[] = {
    {"in flight", ATTEMPT_OUTCOME_IN_FLIGHT, MEDGL_OK, MEDGL_ERR_ARGUMENT},
    {"failed", ATTEMPT_OUTCOME_FAILED, MEDGL_ERR_ARGUMENT, MEDGL_OK},
    {"succeeded", ATTEMPT_OUTCOME_SUCCEEDED, MEDGL_ERR_ARGUMENT, MEDGL_OK},
    {"refused", ATTEMPT_OUTCOME_REFUSED, MEDGL_OK, MEDGL_OK},
    {"cleared", ATTEMPT_OUTCOME_CLEARED, MEDGL_ERR_ARGUMENT, MEDGL_ERR_ARGUMENT},
    {"withdrawn", ATTEMPT_OUTCOME_WITHDRAWN, MEDGL_ERR_ARGUMENT, MEDGL_OK},
    {"repeated", ATTEMPT_OUTCOME_REPEATED, MEDGL_ERR_ARGUMENT, MEDGL_OK},
    {"none", (enum attempt_outcome)0, MEDGL_ERR_ARGUMENT, MEDGL_ERR_ARGUMENT},
    {"unknown", (enum attempt_outcome)99, MEDGL_ERR_ARGUMENT, MEDGL_ERR_ARGUMENT},
};

static void R20_verdict(void **state)
{
    const struct verdict_case *row = *state;
    struct attempt begun = attempt_of(id_of('1'), 'a', "s", NOW);
    const struct attempt flying = attempt_of(id_of('2'), 'a', "s", NOW);
    begun.outcome = row->outcome;
    struct store_txn *txn = begin(STORE_WRITE);
    assert_error(store_attempt_begin(txn, &begun), row->begin);
    assert_ok(store_attempt_begin(txn, &flying));
    assert_error(store_attempt_finish(txn, flying.id, NOW + 1, row->outcome, 0), row->finish);
    /* A second verdict never replaces the first. */
    if (row->finish == MEDGL_OK)
        assert_error(store_attempt_finish(txn, flying.id, NOW + 2, ATTEMPT_OUTCOME_SUCCEEDED, 0),
                     MEDGL_ERR_CONFLICT);
    assert_error(store_attempt_finish(txn, id_of('z'), NOW, FAILED, 0), MEDGL_ERR_NOT_FOUND);
    commit();
}

static enum medgl_error names_attempt(void *argument, const struct attempt *attempt)
{
    assert_int_equal(attempt->outcome, ATTEMPT_OUTCOME_FAILED);
    return names_add(argument, (char[]){attempt->id[0], '\0'});
}

static enum medgl_error names_flying(void *argument, const struct attempt *attempt)
{
    assert_int_equal(attempt->outcome, IN_FLIGHT);
    return names_add(argument, (char[]){attempt->id[0], '\0'});
}

static void R20_overdue_has_failed(void **state)
{
    struct names swept = {.left = 100};
    struct attempt_counts counts;
    (void)state;
    const struct attempt late = attempt_of(id_of('1'), 'a', "s", NOW),
                         early = attempt_of(id_of('2'), 'a', "s", NOW + 10);
    const medgl_time due = late.deadline;
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_attempt_begin(txn, &late));
    assert_ok(store_attempt_begin(txn, &early));
    assert_ok(store_attempt_sweep(txn, id_of('a'), due - 1, names_attempt, &swept));
    assert_string_equal(swept.text, "");
    /* This process lives, but its time is over: neither before nor after the sweep does its verdict
     * count. */
    assert_error(store_attempt_finish(txn, late.id, due, ATTEMPT_OUTCOME_SUCCEEDED, 0),
                 MEDGL_ERR_CONFLICT);
    assert_ok(store_attempt_count(txn, id_of('a'), "s", due, MEDGL_HOUR, UINT32_MAX, &counts));
    assert_int_equal(counts.source_in_flight, 1);
    assert_ok(store_attempt_sweep(txn, id_of('b'), due, names_attempt, &swept));
    assert_string_equal(swept.text, "");
    assert_ok(store_attempt_sweep(txn, id_of('a'), due, names_attempt, &swept));
    assert_string_equal(swept.text, "1 ");
    assert_error(store_attempt_finish(txn, late.id, due - 1, ATTEMPT_OUTCOME_SUCCEEDED, 0),
                 MEDGL_ERR_CONFLICT);
    assert_ok(store_attempt_count(txn, id_of('a'), "s", due, MEDGL_HOUR, UINT32_MAX, &counts));
    assert_true(counts.source_failures == 1 && counts.source_latest == due &&
                counts.source_in_flight == 1);
    assert_ok(store_attempt_finish(txn, early.id, due, ATTEMPT_OUTCOME_SUCCEEDED, 0));
    commit();
}

static void R20_clock_set_back_shortens_what_is_in_flight(void **state)
{
    struct names swept = {.left = 100};
    (void)state;
    const struct attempt ahead = attempt_of(id_of('1'), 'a', "s", NOW + MEDGL_DAY);
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_attempt_begin(txn, &ahead));
    assert_ok(store_attempt_sweep(txn, id_of('a'), NOW, names_attempt, &swept));
    assert_string_equal(swept.text, "");
    assert_ok(store_attempt_sweep(txn, id_of('a'), NOW + MEDGL_MINUTE, names_attempt, &swept));
    assert_string_equal(swept.text, "1 ");
    commit();
}

static void R20_sweep_stops_at_an_error(void **state)
{
    struct names swept = {.left = 0};
    (void)state;
    const struct attempt late = attempt_of(id_of('1'), 'a', "s", NOW);
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_attempt_begin(txn, &late));
    assert_error(store_attempt_sweep(txn, id_of('a'), late.deadline, names_attempt, &swept),
                 MEDGL_ERR_PEER);
    roll_back();
}

static void R20_lease_ends_with_its_store(void **state)
{
    struct names swept = {.left = 100};
    struct attempt_counts counts;
    (void)state;
    const struct attempt attempt = attempt_of(id_of('1'), 'a', "s", NOW);
    assert_ok(store_attempt_begin(begin(STORE_WRITE), &attempt));
    commit();
    struct store *other = NULL; /* sees the attempt of the first alive */
    assert_ok(fixture_open(&other));
    struct store *first = fixture.store;
    fixture.store = other;
    assert_ok(
        store_attempt_count(begin(STORE_WRITE), id_of('a'), "s", NOW, 100, UINT32_MAX, &counts));
    assert_int_equal(counts.account_in_flight, 1);
    assert_ok(store_attempt_sweep(&fixture_txn, id_of('a'), NOW, names_attempt, &swept));
    assert_string_equal(swept.text, "");
    commit();
    store_close(&first);
    assert_ok(
        store_attempt_count(begin(STORE_WRITE), id_of('a'), "s", NOW, 100, UINT32_MAX, &counts));
    /* It died between somebody's sweep and count: a failure already, or it were a guess for free.
     */
    assert_true(counts.account_in_flight == 0 && counts.account_failures == 1 &&
                counts.source_failures == 1 && counts.source_latest == NOW);
    assert_ok(store_attempt_sweep(&fixture_txn, id_of('a'), NOW, names_attempt, &swept));
    assert_string_equal(swept.text, "1 ");
    assert_ok(store_attempt_count(&fixture_txn, id_of('a'), "s", NOW, 100, UINT32_MAX, &counts));
    assert_true(counts.account_failures == 1 && counts.source_failures == 1);
    commit();
}

struct clear_case {
    const char *name;
    const char *source;
    uint32_t cleared, left;
    uint32_t refused; /* that are left of "s" */
};

static const struct clear_case clear_cases[] = {
    {"one source", "s", 2, 1, 0},
    {"all", NULL, 3, 0, 0},
    {"another source", "t", 1, 2, 2},
    {"a source without failures", "none", 0, 3, 2},
    {"a source that is no pattern", "%", 0, 3, 2},
};

static void R20_clear(void **state)
{
    const struct clear_case *row = *state;
    struct attempt_counts counts;
    uint32_t cleared;
    struct store_txn *txn = begin(STORE_WRITE);
    attempt_past(txn, "s", NOW - 3, FAILED);
    attempt_past(txn, "s", NOW - 2, FAILED);
    attempt_past(txn, "t", NOW - 1, FAILED);
    attempt_past(txn, "s", NOW, IN_FLIGHT);
    attempt_past(txn, "s", NOW, REPEATED);
    attempt_past(txn, "s", NOW, ATTEMPT_OUTCOME_REFUSED);
    attempt_past(txn, "t", NOW, REPEATED);
    assert_ok(store_attempt_clear(txn, id_of('a'), row->source, &cleared));
    assert_int_equal(cleared, row->cleared);
    assert_ok(store_attempt_count(txn, id_of('a'), "s", NOW, 100, UINT32_MAX, &counts));
    assert_int_equal(counts.account_failures, row->left);
    assert_int_equal(counts.account_in_flight, 1);
    assert_int_equal(counts.source_refused, row->refused);
    commit();
}

static void R20_purge_is_bounded_and_spares_the_rest(void **state)
{
    struct names forgotten = {.left = 100};
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    const struct attempt flying = attempt_of(id_of('1'), 'a', "s", NOW - 1000);
    struct attempt refused = attempt_of(id_of('2'), 'a', "s", NOW - 500);
    refused.outcome = ATTEMPT_OUTCOME_REFUSED;
    assert_ok(store_attempt_begin(txn, &flying));
    assert_ok(store_attempt_begin(txn, &refused));
    for (int i = 0; i < 250; i++)
        attempt_past(txn, "s", NOW - 300, i % 2 == 0 ? FAILED : REPEATED);
    attempt_past(txn, "s", NOW - 100, FAILED);
    commit();
    static const int64_t left[] = {153, 53, 2, 2};
    for (size_t i = 0; i < MEDGL_COUNT(left); i++) {
        assert_ok(store_attempt_purge(begin(STORE_WRITE), NOW - 100, names_flying, &forgotten));
        commit();
        assert_int_equal(raw_number("SELECT count(*) FROM attempt"), left[i]);
    }
    assert_string_equal(forgotten.text, "");
    assert_ok(store_attempt_finish(begin(STORE_WRITE), flying.id, NOW, FAILED, 0));
    commit();
}

/* What was in flight when its process died, and was never tried again: nobody sweeps that. */
struct forgotten_case {
    const char *name;
    unsigned dead, alive;      /* in flight; whose deadline was at NOW */
    medgl_time before;         /* after NOW */
    unsigned told, told_again; /* by one purge, by the next */
};

static const struct forgotten_case forgotten_cases[] = {
    {"none", 0, 0, 1, 0, 0},
    {"one", 1, 0, 1, 1, 0},
    {"not older than that", 1, 0, 0, 0, 0},
    {"a bounded number at a time", 13, 0, 1, 8, 5},
    {"one that lives", 0, 1, 1, 0, 0},
    {"among some that live", 3, 3, 1, 3, 0},
};

static void forgotten_add(const char *kind, unsigned count)
{
    char id[CRYPTO_ID_SIZE];
    struct store_txn *txn = begin(STORE_WRITE);
    for (unsigned i = 0; i < count; i++) {
        assert_ok(crypto_random_id(id));
        id[0] = kind[i % 2]; /* those that live stand between the others */
        struct attempt attempt = attempt_of(id, 'a', "s", NOW - MEDGL_HOUR);
        attempt.deadline = NOW;
        assert_ok(store_attempt_begin(txn, &attempt));
    }
    commit();
}

static unsigned forgotten_told(medgl_time before)
{
    struct names told = {.left = 100};
    assert_ok(store_attempt_purge(begin(STORE_WRITE), before, names_flying, &told));
    commit();
    return (unsigned)strlen(told.text) / 2;
}

static void R20_purge_forgets_what_died(void **state)
{
    const struct forgotten_case *row = *state;
    struct names stopped = {.left = 0};
    struct store *first = fixture.store, *other = NULL;
    assert_ok(fixture_open(&other));
    fixture.store = other;
    forgotten_add("06", row->dead);
    fixture.store = first;
    forgotten_add("39", row->alive);
    store_close(&other);
    if (row->told > 0) { /* and without its entry it stays */
        assert_error(
            store_attempt_purge(begin(STORE_WRITE), NOW + row->before, names_flying, &stopped),
            MEDGL_ERR_PEER);
        roll_back();
    }
    assert_int_equal(forgotten_told(NOW + row->before), row->told);
    assert_int_equal(forgotten_told(NOW + row->before), row->told_again);
    assert_int_equal(raw_number("SELECT count(*) FROM attempt"),
                     row->dead + row->alive - row->told - row->told_again);
}

static enum medgl_error names_source(void *argument, const char *source,
                                     const struct attempt_counts *counts)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "%s=%u/%u+%u@%d", source, counts->source_failures,
                   counts->account_failures, counts->source_in_flight,
                   (int)(NOW - counts->source_latest));
    return names_add(argument, text);
}

static void R20_sources_latest_first(void **state)
{
    struct names sources = {.left = 100}, stopped = {.left = 0}, none = {.left = 100};
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    attempt_past(txn, "s", NOW - 30, FAILED);
    attempt_past(txn, "t", NOW - 10, FAILED);
    attempt_past(txn, "t", NOW - 15, FAILED);
    attempt_past(txn, "t", NOW, IN_FLIGHT);
    attempt_past(txn, "u", NOW - 900, FAILED);
    attempt_past(txn, "", NOW - 20, FAILED);
    attempt_past(txn, "v", NOW + 900, FAILED); /* the clock was set back: reading changes nothing */
    attempt_past(txn, "w", NOW, IN_FLIGHT);    /* has no failure */
    commit();
    txn = begin(STORE_READ);
    assert_ok(store_attempt_sources(txn, id_of('a'), NOW, 100, names_source, &sources));
    assert_error(store_attempt_sources(txn, id_of('a'), NOW, 100, names_source, &stopped),
                 MEDGL_ERR_PEER);
    assert_ok(store_attempt_sources(txn, id_of('b'), NOW, 100, names_source, &none));
    commit();
    assert_string_equal(sources.text, "v=1/5+0@0 t=2/5+1@10 =1/5+0@20 s=1/5+0@30 u=1/5+0@900 ");
    assert_string_equal(stopped.text, "v=1/5+0@0 ");
    assert_string_equal(none.text, "");
}

/* Their process died and nobody swept them: they have failed all the same. */
static void R20_sources_of_the_dead(void **state)
{
    struct names sources = {.left = 100}, accounts = {.left = 100};
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    attempt_past(txn, "s", NOW, IN_FLIGHT);
    attempt_past(txn, "t", NOW - 5, FAILED);
    attempt_past(txn, "t", NOW - 1, IN_FLIGHT);
    attempt_past(txn, "s", NOW - 1, IN_FLIGHT);
    commit();
    fixture_reopen(); /* whoever held them is gone */
    txn = begin(STORE_READ);
    assert_ok(store_attempt_sources(txn, id_of('a'), NOW, 100, names_source, &sources));
    assert_ok(store_attempt_accounts(txn, names_first, &accounts));
    commit();
    assert_string_equal(sources.text, "s=2/4+0@0 t=2/4+0@0 ");
    assert_string_equal(accounts.text, "a ");
}

/* -- transactions --------------------------------------------------------------------------- */

static enum medgl_error add_then_fail(struct store_txn *txn, void *argument)
{
    const struct account account = account_of('a', "hanako");
    const enum medgl_error *error = argument;
    MEDGL_TRY(store_account_add(txn, &account));
    MEDGL_TRY(append_line(txn, "line"));
    return *error;
}

static enum medgl_error find_hanako(struct store_txn *txn, void *argument)
{
    return store_account_by_name(txn, "hanako", argument);
}

static void rollback_leaves_nothing(void **state)
{
    enum medgl_error wanted = MEDGL_ERR_REFUSED;
    struct account account;
    (void)state;
    assert_error(store_transact(fixture.store, STORE_WRITE, add_then_fail, &wanted), wanted);
    assert_error(store_transact(fixture.store, STORE_READ, find_hanako, &account),
                 MEDGL_ERR_NOT_FOUND);
    assert_int_equal(raw_number("SELECT count(*) FROM ledger"), 0);
    wanted = MEDGL_OK;
    assert_ok(store_transact(fixture.store, STORE_WRITE, add_then_fail, &wanted));
    assert_ok(store_transact(fixture.store, STORE_READ, find_hanako, &account));
    fixture_reopen();
    assert_ok(store_transact(fixture.store, STORE_READ, find_hanako, &account));
}

static void reading_transaction_cannot_write(void **state)
{
    enum medgl_error wanted = MEDGL_OK;
    (void)state;
    assert_error(store_transact(fixture.store, STORE_READ, add_then_fail, &wanted),
                 MEDGL_ERR_ARGUMENT);
    assert_int_equal(raw_number("SELECT count(*) FROM account"), 0);
}

static enum medgl_error nested(struct store_txn *txn, void *argument)
{
    enum medgl_error wanted = MEDGL_OK;
    assert_error(store_transact(txn->store, STORE_WRITE, add_then_fail, &wanted),
                 MEDGL_ERR_ARGUMENT);
    return add_then_fail(txn, argument);
}

static void no_transaction_inside_another(void **state)
{
    enum medgl_error wanted = MEDGL_OK;
    (void)state;
    assert_ok(store_transact(fixture.store, STORE_WRITE, nested, &wanted));
    assert_int_equal(raw_number("SELECT count(*) FROM account"), 1);
}

/* -- cost and form of the statements -------------------------------------------------------- */

/* An index that holds nothing but what is asked for. */
static bool is_narrow(const char *step)
{
    return strstr(step, "INDEX session_open_all") != NULL ||
           strstr(step, "INDEX session_unconfirmed") != NULL ||
           strstr(step, "INDEX alert_waiting") != NULL ||
           strstr(step, "INDEX account_grant_open_all") != NULL;
}

/* What a login never uses: reports and checks. */
static bool may_scan(enum statement_id id)
{
    for (size_t i = 0; i < ROW_TABLES; i++)
        if (id == row_tables[i]->all || id == row_tables[i]->rekey)
            return true;
    return id == STATEMENT_ACCOUNT_COUNT || id == STATEMENT_LEDGER_SPAN ||
           id == STATEMENT_LEDGER_STREAM || id == STATEMENT_CREDENTIAL_COUNT ||
           id == STATEMENT_REKEY_COUNT || id == STATEMENT_ARCHIVE_LAST ||
           id == STATEMENT_EMERGENCY_LATEST || /* both stop at the first */
           id == STATEMENT_SESSION_SINCE_OF || id == STATEMENT_SESSION_SINCE_ALL ||
           id == STATEMENT_SCHEMA_OBJECTS || id == STATEMENT_CHECK_BESIDE_LEDGER ||
           id == STATEMENT_EMERGENCY_SPAN || id == STATEMENT_SESSION_CONFIRMED; /* verification's */
}

static bool is_pragma(enum statement_id id)
{
    return strncmp(statement_sql[id], "PRAGMA", 6) == 0;
}

static void plans_search_by_index(void **state)
{
    char sql[2048];
    size_t plans = 0;
    (void)state;
    for (enum statement_id id = 0; id < STATEMENT_COUNT; id++) {
        sqlite3_stmt *stmt = NULL;
        assert_non_null(statement_sql[id]);
        if (is_pragma(id) || may_scan(id))
            continue;
        (void)snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", statement_sql[id]);
        assert_int_equal(sqlite3_prepare_v2(fixture.store->db, sql, -1, &stmt, NULL), SQLITE_OK);
        while (sqlite3_step(stmt) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(stmt, 3);
            plans++;
            if (strncmp(step, "SCAN", 4) == 0 && strcmp(step, "SCAN CONSTANT ROW") != 0 &&
                !is_narrow(step) && id != STATEMENT_LEDGER_ANY) /* stops at the first row */
                fail_msg("%s: %s", statement_sql[id], step);
            if (strstr(step, "TEMP B-TREE") != NULL &&
                id != STATEMENT_CREDENTIAL_OF &&          /* as many as the history is deep */
                id != STATEMENT_ATTEMPT_MAKE_WAY_REFUSED) /* of one account, on a full device */
                fail_msg("%s: %s", statement_sql[id], step);
        }
        assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    }
    assert_in_range(plans, 20, 200);
}

/* A table has the columns that its MAC covers, and the MAC: behind those of the first schema. */
static void assert_table(sqlite3_stmt *stmt, const struct row_table *table)
{
    size_t next = 0, macs = 0;
    for (int i = 0; i < sqlite3_column_count(stmt); i++) {
        const char *name = sqlite3_column_name(stmt, i);
        if (strcmp(name, "mac") == 0) {
            macs++;
            continue;
        }
        assert_in_range(next, 0, table->count - 1);
        assert_string_equal(name, table->columns[next].parameter + 1);
        assert_true(table->columns[next].later == (macs > 0));
        next++;
    }
    assert_int_equal(next, table->count);
    assert_int_equal(macs, 1);
}

/* The columns of a statement that yields rows of a table are those that its MAC covers. */
static void assert_columns(sqlite3_stmt *stmt, const struct row_table *table)
{
    assert_int_equal(sqlite3_column_count(stmt), table->count + 1);
    for (size_t i = 0; i < table->count; i++)
        assert_string_equal(sqlite3_column_name(stmt, (int)i), table->columns[i].parameter + 1);
    assert_string_equal(sqlite3_column_name(stmt, (int)table->count), "mac");
}

static void MACs_cover_every_column(void **state)
{
    char sql[128];
    (void)state;
    for (size_t i = 0; i < ROW_TABLES; i++) {
        sqlite3_stmt *stmt = NULL;
        (void)snprintf(sql, sizeof(sql), "SELECT * FROM %s", row_tables[i]->name);
        assert_int_equal(sqlite3_prepare_v2(fixture.store->db, sql, -1, &stmt, NULL), SQLITE_OK);
        assert_table(stmt, row_tables[i]);
        assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    }
    assert_int_equal(raw_number("SELECT count(*) FROM sqlite_schema WHERE type = 'table'"),
                     ROW_TABLES);
    for (enum statement_id id = 0; id < STATEMENT_COUNT; id++) {
        sqlite3_stmt *stmt = NULL;
        if (strstr(statement_sql[id], "row_rekey(") != NULL) /* a function of its own transaction */
            continue;
        assert_int_equal(sqlite3_prepare_v2(fixture.store->db, statement_sql[id], -1, &stmt, NULL),
                         SQLITE_OK);
        if (strstr(statement_sql[id], "mac FROM") != NULL)
            for (size_t i = 0; i < ROW_TABLES; i++)
                if (strcmp(sqlite3_column_table_name(stmt, 0), row_tables[i]->name) == 0)
                    assert_columns(stmt, row_tables[i]);
        assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    }
}

static void check_of_a_sound_store_finds_nothing(void **state)
{
    (void)state;
    assert_ok(store_check(fixture.store, no_problem, NULL));
    fill();
    assert_ok(store_check(fixture.store, no_problem, NULL));
}

static void facts(void **state)
{
    struct store_facts facts;
    struct stat status;
    (void)state;
    fill();
    assert_ok(store_facts(fixture.store, &facts));
    assert_int_equal(stat(fixture.path, &status), 0);
    assert_int_equal(facts.schema, SCHEMA_VERSION);
    assert_int_equal(facts.accounts, 2);
    assert_int_equal(facts.entries, 2);
    assert_true(facts.bytes > status.st_size && facts.bytes < status.st_size + 1000000);
    assert_true(facts.free_bytes > 0);
}

static enum medgl_error add_line(struct store_txn *txn, void *argument)
{
    (void)argument;
    return append_line(txn, "a line");
}

/* Processes are short and the first to come reads the journal through. */
static void journal_stays_short(void **state)
{
    char path[PATH_MAX + 8];
    struct stat status;
    (void)state;
    (void)snprintf(path, sizeof(path), "%s-wal", fixture.path);
    for (int i = 0; i < 400; i++) {
        fixture_reopen();
        assert_ok(store_transact(fixture.store, STORE_WRITE, add_line, NULL));
        assert_int_equal(stat(path, &status), 0);
        assert_in_range(status.st_size, 1, (JOURNAL_FRAMES_CLOSE + 20) * 4120);
    }
    for (int i = 0; i < 600; i++)
        assert_ok(store_transact(fixture.store, STORE_WRITE, add_line, NULL));
    assert_int_equal(stat(path, &status), 0);
    assert_in_range(status.st_size, 1, (JOURNAL_FRAMES_MAX + 20) * 4120);
}

int main(void)
{
#define TEST(function) table_add("store", #function, function, NULL)
    TEST(missing_file_is_not_made);
    TEST(made_private_and_durable);
    TABLE_ADD("file that is no store", bad_files, bad_file_is_refused_untouched);
    TEST(no_file_but_a_regular_one);
    TABLE_ADD("older store is brought forward", olders, older_store_is_brought_forward);
    TEST(directory_may_be_a_link);
    TEST(wrong_key_is_told_apart);
    TEST(log_mode_comes_back_after_a_restore);
    TEST(account_keeps_every_field);
    TEST(R05_access_rules_change);
    TEST(R25_names_are_unique_for_good);
    TEST(account_lookups);
    TEST(account_of_unended_text_is_refused);
    TEST(accounts_in_the_order_of_names);
    TEST(a_walk_may_hold_other_walks);
    TEST(activity_of_an_account);
    TEST(credential_of_a_kind_is_one);
    TEST(R16_former_credentials_are_many);
    TABLE_ADD("R24 update", update_rows, R24_exactly_one_device_is_updated);
    TABLE_ADD("R23 anybody with", any_rows, R23_whether_anybody_has_a_factor);
    TEST(R22_grant_keeps_every_field);
    TEST(R22_grant_is_updated);
    TABLE_ADD("R22 grants", grants_rows, R22_grants_oldest_first);
    TEST(R06_session_from_start_to_end);
    TEST(R12_open_sessions_of_an_account);
    TABLE_ADD("R06 sessions since", since_cases, R06_sessions_since);
    TEST(R29_open_sessions_of_all);
    TABLE_ADD("R06 end of a session", end_cases, R06_session_end);
    TABLE_ADD("R08 ledger range", ranges, R08_ledger_range);
    TABLE_ADD("R06 ledger select", ranges, R06_ledger_select);
    TABLE_ADD("R08 forged line is found when wanted", forged_lines,
              R08_forged_line_is_found_when_wanted);
    TEST(R08_ledger_head_follows);
    TEST(R08_checkpoints_are_kept);
    TABLE_ADD("R20 count", count_cases, R20_count);
    TABLE_ADD("R20 repeats", repeat_cases, R20_repeats);
    TABLE_ADD("R20 count no further", most_cases, R20_count_no_further);
    TABLE_ADD("R20 spread", spread_cases, R20_spread);
    TEST(R20_accounts_that_have_failures);
    TEST(R20_clock_set_back_is_for_good);
    TEST(R20_other_accounts_do_not_count);
    TABLE_ADD("R20 verdict", verdict_cases, R20_verdict);
    TEST(R32_latest_stay_on_a_full_device);
    TEST(R20_overdue_has_failed);
    TEST(R20_clock_set_back_shortens_what_is_in_flight);
    TEST(R20_sweep_stops_at_an_error);
    TEST(R20_lease_ends_with_its_store);
    TABLE_ADD("R20 clear", clear_cases, R20_clear);
    TEST(R20_purge_is_bounded_and_spares_the_rest);
    TABLE_ADD("R20 purge of what died", forgotten_cases, R20_purge_forgets_what_died);
    TEST(R20_sources_latest_first);
    TEST(R20_sources_of_the_dead);
    TEST(rollback_leaves_nothing);
    TEST(reading_transaction_cannot_write);
    TEST(no_transaction_inside_another);
    TEST(plans_search_by_index);
    TEST(MACs_cover_every_column);
    TEST(check_of_a_sound_store_finds_nothing);
    TEST(facts);
    TEST(journal_stays_short);
    for (size_t i = 0; i < table_count; i++) {
        table_tests[i].setup_func = fixture_setup;
        table_tests[i].teardown_func = fixture_teardown;
    }
    return table_run("store");
}
