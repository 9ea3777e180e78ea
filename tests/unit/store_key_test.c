/* The whole store under another key, and the whole store in another file (store.h), on real SQLite
 * files (R36, R37). */
#include "store_fixture.h"
#include "table.h"

#include <signal.h>
#include <sys/resource.h>

static void no_problem(void *argument, const char *what)
{
    (void)argument;
    fail_msg("%s", what);
}

static void some_problem(void *argument, const char *what)
{
    (void)argument;
    (void)what;
}

/* -- another key ----------------------------------------------------------------------------- */

static const unsigned char other_key[CRYPTO_HASH_SIZE] = {0xa5, 1, 2, 3};

struct order {
    struct store_rekey rekey;
    unsigned sealed;              /* secrets so far */
    uint64_t done, total;         /* as it was told last */
    uint64_t die_at;              /* killed there */
    enum medgl_error seal, after; /* of the secret, and of the transaction when all is done */
};

static enum medgl_error seal_anew(void *argument, struct credential *credential)
{
    struct order *order = argument;
    assert_int_equal(credential->sealed_len, 15);
    assert_memory_equal(credential->sealed, "sealed \x01\xff bytes", 15);
    credential->sealed_len =
        (size_t)snprintf((char *)credential->sealed, sizeof(credential->sealed),
                         "sealed anew, and %s", credential->id);
    memset(credential->account_id, 'q', 5); /* nothing else of it changes */
    credential->counter = 0;
    order->sealed++;
    return order->seal;
}

static void told(void *argument, uint64_t done, uint64_t total)
{
    struct order *order = argument;
    assert_int_equal(done, order->done + 1);
    order->done = done;
    order->total = total;
    if (done == order->die_at)
        (void)raise(SIGKILL);
}

static enum medgl_error rekey_now(struct store_txn *txn, void *argument)
{
    struct order *order = argument;
    order->done = order->sealed = 0;
    MEDGL_TRY(store_rekey(txn, &order->rekey));
    MEDGL_TRY(append_line(txn, "{\"seq\":2}")); /* under the new key already */
    struct account account;
    MEDGL_TRY(store_account_by_name(txn, "hanako", &account));
    return order->after;
}

static struct order order_of(void)
{
    return (struct order){.rekey = {.row_key = other_key, .reseal = seal_anew, .progress = told}};
}

static enum medgl_error rekey(struct order *order)
{
    order->rekey.argument = order;
    return store_transact(fixture.store, STORE_WRITE, rekey_now, order);
}

/* A few of each kind, beside a row in each table. */
static void fill_well(void)
{
    fill();
    struct store_txn *txn = begin(STORE_WRITE);
    for (char id = '0'; id <= '9'; id++) {
        struct credential credential = credential_of(id, id < '5' ? 'a' : 'b');
        credential.kind = id % 2 == 0 ? CREDENTIAL_TOTP : CREDENTIAL_FORMER;
        assert_ok(store_credential_add(txn, &credential));
    }
    assert_ok(store_ledger_archive(txn, 0, 1)); /* an empty text has a MAC too */
    commit();
}

/* All is as it was, under the key that is in use now. */
static void assert_all_there(unsigned entries)
{
    struct account account;
    struct credential credential;
    struct ledger_head head;
    assert_ok(store_check(fixture.store, no_problem, NULL));
    struct store_txn *txn = begin(STORE_READ);
    assert_ok(store_account_by_name(txn, "hanako", &account));
    assert_string_equal(account.reading, "やまだ はなこ");
    assert_ok(store_credential_get(txn, id_of('a'), CREDENTIAL_PASSWORD, &credential));
    assert_int_equal(credential.counter, 60000001);
    assert_string_equal(credential.label, "phone");
    if (entries == 3)
        assert_memory_equal(credential.sealed, "sealed anew, and cccccccccccccccccccccccccccccccc",
                            credential.sealed_len);
    else
        assert_memory_equal(credential.sealed, "sealed \x01\xff bytes", 15);
    assert_ok(store_ledger_head(txn, &head));
    assert_int_equal(head.tree.size, entries);
    commit();
    crypto_mac_end(&fixture.store->mac); /* as store_transact() does */
}

static void assert_key_is(const unsigned char key[CRYPTO_HASH_SIZE], bool fits)
{
    struct store *store = NULL;
    unsigned char kept[CRYPTO_HASH_SIZE];
    memcpy(kept, fixture.key, sizeof(kept));
    memcpy(fixture.key, key, sizeof(kept));
    assert_error(fixture_open(&store), fits ? MEDGL_OK : MEDGL_ERR_KEY);
    store_close(&store);
    memcpy(fixture.key, kept, sizeof(kept));
}

static void R37_all_of_it_under_another_key(void **state)
{
    struct order order = order_of();
    struct store *engine = NULL;
    (void)state;
    fill_well();
    assert_ok(fixture_open(&engine)); /* of a login that began before */
    const int64_t rows = raw_number(statement_sql[STATEMENT_REKEY_COUNT]);
    assert_ok(rekey(&order));
    assert_int_equal(order.sealed, 11);
    assert_int_equal(order.total, (uint64_t)rows + 11);
    assert_int_equal(order.done, order.total);
    assert_all_there(3);
    struct store *ours = fixture.store;
    fixture.store = engine; /* it fails closed, and the next one works */
    struct account account;
    assert_error(store_account_by_name(begin(STORE_READ), "hanako", &account), MEDGL_ERR_KEY);
    commit();
    fixture.store = ours;
    store_close(&engine);
    assert_key_is(fixture.key, false);
    assert_key_is(other_key, true);
    memcpy(fixture.key, other_key, sizeof(other_key));
    fixture_reopen();
    assert_all_there(3);
}

/* Twice in a row, by one process. */
static void R37_another_key_and_another(void **state)
{
    struct order order = order_of();
    struct store_txn *txn;
    (void)state;
    fill();
    assert_ok(rekey(&order));
    txn = begin(STORE_WRITE);
    struct credential credential;
    assert_ok(store_credential_get(txn, id_of('a'), CREDENTIAL_PASSWORD, &credential));
    memcpy(credential.sealed, "sealed \x01\xff bytes", 15);
    credential.sealed_len = 15;
    assert_ok(store_credential_update(txn, &credential));
    commit();
    crypto_mac_end(&fixture.store->mac);
    order.rekey.row_key = fixture.key;
    assert_ok(rekey(&order));
    assert_ok(store_check(fixture.store, no_problem, NULL));
    assert_key_is(fixture.key, true);
}

static enum medgl_error rekey_twice(struct store_txn *txn, void *argument)
{
    struct order *order = argument;
    MEDGL_TRY(store_rekey(txn, &order->rekey));
    return store_rekey(txn, &order->rekey);
}

static void R37_once_in_a_transaction(void **state)
{
    struct order order = order_of();
    (void)state;
    order.rekey.progress = NULL;
    assert_error(store_transact(fixture.store, STORE_WRITE, rekey_twice, &order),
                 MEDGL_ERR_ARGUMENT);
    assert_error(store_transact(fixture.store, STORE_READ, rekey_twice, &order),
                 MEDGL_ERR_ARGUMENT);
    assert_ok(store_check(fixture.store, no_problem, NULL));
    assert_key_is(fixture.key, true);
}

/* -- another key that comes to nothing ------------------------------------------------------- */

struct undone {
    const char *name;
    enum medgl_error seal, after, error;
    bool refuse_commit;
};
static const struct undone undone_cases[] = {
    {"a secret that cannot be sealed", MEDGL_ERR_CRYPTO, MEDGL_OK, MEDGL_ERR_CRYPTO},
    {"the caller changes its mind", MEDGL_OK, MEDGL_ERR_REFUSED, MEDGL_ERR_REFUSED},
    {"the caller wants it run again", MEDGL_OK, MEDGL_ERR_CONFLICT, MEDGL_ERR_CONFLICT},
    {"a commit that fails", MEDGL_OK, MEDGL_OK, MEDGL_ERR_ARGUMENT, true},
};

static int refuse(void *argument)
{
    (void)argument;
    return 1;
}

static void R37_old_key_after_a_rollback(void **state)
{
    const struct undone *row = *state;
    struct order order = order_of();
    fill_well();
    order.seal = row->seal;
    order.after = row->after;
    if (row->refuse_commit)
        (void)sqlite3_commit_hook(fixture.store->db, refuse, NULL);
    assert_error(rekey(&order), row->error);
    (void)sqlite3_commit_hook(fixture.store->db, NULL, NULL);
    assert_all_there(2);
    assert_key_is(fixture.key, true);
    assert_key_is(other_key, false);
    struct store_txn *txn = begin(STORE_WRITE); /* and writes under it */
    assert_ok(append_line(txn, "line"));
    roll_back();
    crypto_mac_end(&fixture.store->mac);
    order.seal = order.after = MEDGL_OK;
    assert_ok(rekey(&order)); /* run again */
    assert_all_there(3);
    assert_key_is(other_key, true);
}

/* MUST: a new MAC is no blessing for what was changed. */
static void R37_changed_row_is_not_blessed(void **state)
{
    const struct row_table *table = *state;
    struct order order = order_of();
    char sql[256];
    fill_well();
    (void)snprintf(sql, sizeof(sql), "UPDATE %s SET mac = x'00'", table->name);
    raw_run(sql);
    if (table == &table_meta)
        raw_run("UPDATE meta SET value = 'x'");
    assert_error(rekey(&order), MEDGL_ERR_CORRUPT);
    (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s WHERE mac <> x'00'", table->name);
    assert_int_equal(raw_number(sql), 0);
    assert_error(store_check(fixture.store, some_problem, NULL), MEDGL_ERR_CORRUPT);
    assert_int_equal(raw_number("SELECT count(*) FROM ledger"), 2);
}

/* Killed at each row: the next process finds the old key, and all of it. */
static void R37_killed_on_the_way(void **state)
{
    struct order order = order_of();
    (void)state;
    fill_well();
    const uint64_t steps = (uint64_t)raw_number(statement_sql[STATEMENT_REKEY_COUNT]) + 11;
    store_close(&fixture.store);
    for (uint64_t step = 1; step <= steps; step++) {
        const pid_t child = fork();
        if (child == 0) {
            order.die_at = step;
            if (fixture_open(&fixture.store) == MEDGL_OK)
                (void)rekey(&order);
            _exit(0);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_ok(fixture_open(&fixture.store));
        assert_all_there(2);
        store_close(&fixture.store);
    }
    assert_ok(fixture_open(&fixture.store));
    assert_ok(rekey(&order));
    assert_all_there(3);
}

/* -- the store in another file --------------------------------------------------------------- */

/* Beside the store, gone with its directory. */
static const char *copy_path(void)
{
    static char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%.*s/copy.db", (int)sizeof(path) - 16, fixture.directory);
    return path;
}

static bool there(const char *path, const char *suffix)
{
    char name[PATH_MAX + 64];
    (void)snprintf(name, sizeof(name), "%s%s", path, suffix);
    return access(name, F_OK) == 0;
}

static void assert_nothing_beside(const char *path)
{
    assert_false(there(path, "-wal"));
    assert_false(there(path, "-shm"));
    assert_false(there(path, "-journal"));
}

/* The number of entries in a copy that is whole. */
static int64_t copied_entries(const char *path)
{
    struct store *store = NULL;
    struct store_facts facts;
    struct stat status;
    assert_int_equal(lstat(path, &status), 0);
    assert_true(S_ISREG(status.st_mode) && (status.st_mode & 07777) == 0600);
    assert_ok(fixture_open_at(path, false, true, &store)); /* as a verification does */
    assert_ok(store_check(store, no_problem, NULL));
    assert_ok(store_facts(store, &facts));
    store_close(&store);
    assert_ok(fixture_open_at(path, false, false, &store)); /* as after a restore */
    assert_ok(store_check(store, no_problem, NULL));
    store_close(&store);
    return (int64_t)facts.entries;
}

static void R36_copy_is_whole(void **state)
{
    const char *path = copy_path();
    (void)state;
    const mode_t mask = umask(0);
    fill();
    assert_ok(store_copy(fixture.store, path));
    (void)umask(mask);
    assert_nothing_beside(path);
    assert_int_equal(copied_entries(path), 2);
    assert_error(store_copy(fixture.store, path), MEDGL_ERR_EXISTS);
    struct store_txn *txn = begin(STORE_WRITE); /* the store goes on, the copy does not */
    assert_ok(append_line(txn, "line"));
    assert_error(store_copy(fixture.store, path), MEDGL_ERR_ARGUMENT);
    commit();
    assert_int_equal(copied_entries(path), 2);
}

struct no_copy {
    const char *name, *path; /* below the directory */
    enum medgl_error error;
};
static const struct no_copy no_copies[] = {
    {"the store itself", "medgl.db", MEDGL_ERR_EXISTS},
    {"no such directory", "nowhere/copy.db", MEDGL_ERR_NOT_FOUND},
    {"a link", "link.db", MEDGL_ERR_EXISTS},
};

static void R36_no_copy_over_anything(void **state)
{
    const struct no_copy *row = *state;
    char path[PATH_MAX + 32], link[PATH_MAX + 32];
    (void)snprintf(path, sizeof(path), "%s/%s", fixture.directory, row->path);
    (void)snprintf(link, sizeof(link), "%s/link.db", fixture.directory);
    assert_int_equal(symlink("elsewhere", link), 0);
    fill();
    assert_error(store_copy(fixture.store, path), row->error);
    (void)snprintf(path, sizeof(path), "%s/elsewhere", fixture.directory);
    assert_false(there(path, ""));
    assert_ok(store_check(fixture.store, no_problem, NULL));
}

/* What cannot be whole is not there. */
static void R36_no_half_copy(void **state)
{
    (void)state;
    fill();
    store_close(&fixture.store);
    raw_run("PRAGMA wal_checkpoint(TRUNCATE)");
    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit limit = {20000, 20000};
        (void)signal(SIGXFSZ, SIG_IGN);
        bool held = fixture_open_at(fixture.path, false, true, &fixture.store) == MEDGL_OK &&
                    setrlimit(RLIMIT_FSIZE, &limit) == 0 &&
                    store_copy(fixture.store, copy_path()) != MEDGL_OK;
        _exit(held ? 0 : 1);
    }
    assert_true(child_done(child));
    assert_false(there(copy_path(), ""));
    assert_nothing_beside(copy_path());
    assert_ok(fixture_open(&fixture.store));
    assert_ok(store_check(fixture.store, no_problem, NULL));
}

static enum medgl_error write_a_little(struct store_txn *txn, void *argument)
{
    struct account account;
    struct ledger_head head;
    (void)argument;
    MEDGL_TRY(append_line(txn, "a line as long as others are"));
    MEDGL_TRY(store_ledger_head(txn, &head));
    MEDGL_TRY(store_checkpoint_add(txn, head.tree.size, NOW, head.checkpoint));
    MEDGL_TRY(store_account_by_name(txn, "hanako", &account));
    account.ledger_seq = head.tree.size - 1;
    return store_account_update(txn, &account);
}

static enum medgl_error write_on(void)
{
    MEDGL_TRY(fixture_open(&fixture.store));
    for (;;)
        MEDGL_TRY(store_transact(fixture.store, STORE_WRITE, write_a_little, NULL));
}

/* Each copy is the store of one moment, and later ones of later moments. */
static void R36_copied_while_another_writes(void **state)
{
    int64_t last = 2;
    (void)state;
    fill();
    store_close(&fixture.store);
    const pid_t child = fork();
    if (child == 0)
        _exit(write_on() != MEDGL_OK);
    assert_ok(fixture_open(&fixture.store));
    for (int i = 0; i < 10; i++) {
        while (raw_number("SELECT size FROM ledger_head") <= last) /* it goes on meanwhile */
            (void)usleep(1000);
        assert_ok(store_copy(fixture.store, copy_path()));
        assert_nothing_beside(copy_path());
        const int64_t entries = copied_entries(copy_path());
        assert_true(entries > last);
        last = entries;
        assert_int_equal(unlink(copy_path()), 0);
        char name[PATH_MAX + 16];
        (void)snprintf(name, sizeof(name), "%s-wal", copy_path()); /* of its opening above */
        (void)unlink(name);
        (void)snprintf(name, sizeof(name), "%s-shm", copy_path());
        (void)unlink(name);
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

int main(void)
{
#define TEST(function) table_add("store_key", #function, function, NULL)
    TEST(R37_all_of_it_under_another_key);
    TEST(R37_another_key_and_another);
    TEST(R37_once_in_a_transaction);
    TABLE_ADD("R37 old key after a rollback", undone_cases, R37_old_key_after_a_rollback);
    for (size_t i = 0; i < ROW_TABLES; i++)
        table_add("R37 changed row is not blessed", row_tables[i]->name,
                  R37_changed_row_is_not_blessed, row_tables[i]);
    TEST(R37_killed_on_the_way);
    TEST(R36_copy_is_whole);
    TABLE_ADD("R36 no copy over anything", no_copies, R36_no_copy_over_anything);
    TEST(R36_no_half_copy);
    TEST(R36_copied_while_another_writes);
    for (size_t i = 0; i < table_count; i++) {
        table_tests[i].setup_func = fixture_setup;
        table_tests[i].teardown_func = fixture_teardown;
    }
    return table_run("store_key");
}
