/* R08: what is changed behind the program's back is found by `medgl-admin ledger verify`, exit
 * status
 * 5. The one who changes it may write every byte of the store and has no key, unless a row says so.
 */
#include "tests/fault/scene.h"
#include "tests/unit/table.h"

#include "operation/account.h"
#include "operation/evidence.h"

#include "base/auto.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <sqlite3.h>
#include <sys/wait.h>

#define ADMIN    TEST_BUILDDIR "/medgl-admin"
#define VERIFIED 0
#define FOUND    5

static bool whole_campaign; /* `make fault-long` */

static struct scene scene;
static char kept[PATH_MAX];  /* a checkpoint that the auditor keeps */
static char early[PATH_MAX]; /* a copy of the database from before */
static char now[PATH_MAX];   /* and one as it is kept in the scene */

/* The exit status of `ledger verify`, with the checkpoint kept elsewhere or without. */
static int verify(const char *checkpoint)
{
    const char *const arguments[] = {
        ADMIN,      "--root", scene.sandbox.root,
        "ledger",   "verify", checkpoint != NULL ? "--checkpoint" : NULL,
        checkpoint, NULL};
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        if (dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0)
            (void)execv(ADMIN, (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* -- a history ------------------------------------------------------------------------------- */

static bool close_account(struct context *context, struct scene *there, const void *argument)
{
    char why[OPERATION_WHY_SIZE];
    (void)argument;
    return operation_account_disable(context, there->user, "on leave", why) == MEDGL_OK;
}

static bool open_account(struct context *context, struct scene *there, const void *argument)
{
    char why[OPERATION_WHY_SIZE];
    (void)argument;
    return operation_account_enable(context, there->user, "back again", why) == MEDGL_OK;
}

static bool keep_checkpoint(struct context *context, struct scene *there, const void *argument)
{
    char note[STORE_NOTE_SIZE];
    (void)there;
    (void)argument;
    CHECK(operation_checkpoint(context, note) == MEDGL_OK);
    (void)snprintf(there->scratch, SCENE_SCRATCH, "%s", note);
    return true;
}

static bool copy_store(const char *to)
{
    CHECK(scene_settle(&scene) && scene_keep(&scene));
    auto_fd int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const struct scene_file *store = &scene.kept[0];
    return fd >= 0 && fchown(fd, scene.owner, (gid_t)-1) == 0 &&
           write(fd, store->bytes, store->len) == (ssize_t)store->len;
}

/* Every table has rows, and each kind of row that can be put back has an older one in `early`. */
static bool make_history(void)
{
    static const char *const none[] = {NULL};
    static const char *const change[] = {SCENE_PASSWORD, SCENE_OTHER, SCENE_OTHER, NULL};
    CHECK(scene_make(&scene, scene_ordinary(), SCENE_CHEAP));
    scene_path(&scene, "/early.db", early);
    scene_path(&scene, "/now.db", now);
    scene_path(&scene, "/kept", kept);
    CHECK(scene_login(&scene, SCENE_WRONG) == PAM_AUTH_ERR);
    CHECK(scene_call(&scene, HOST_OPEN, none) == PAM_SUCCESS);
    CHECK(copy_store(early));
    CHECK(scene_call(&scene, HOST_CLOSE, none) == PAM_SUCCESS);
    CHECK(scene_call(&scene, HOST_OPEN, none) == PAM_SUCCESS);
    CHECK(scene_call(&scene, HOST_CHAUTHTOK, change) == PAM_SUCCESS);
    CHECK(scene_act(&scene, close_account, NULL) && scene_act(&scene, open_account, NULL));
    CHECK(scene_login(&scene, SCENE_OTHER) == PAM_SUCCESS);
    CHECK(scene_act(&scene, keep_checkpoint, NULL));
    CHECK(sandbox_write(&scene.sandbox, "kept", scene.scratch));
    CHECK(scene_login(&scene, SCENE_WRONG) == PAM_AUTH_ERR);
    return copy_store(now);
}

static void an_untouched_store_verifies(void **state)
{
    (void)state;
    assert_true(scene_restore(&scene));
    assert_int_equal(verify(NULL), VERIFIED);
    assert_int_equal(verify(kept), VERIFIED);
}

/* -- flipped bits ---------------------------------------------------------------------------- */

static const struct table_name {
    const char *name;
} tables[] = {
    {"meta"},    {"account"}, {"activity"},    {"credential"}, {"attempt"},
    {"session"}, {"ledger"},  {"ledger_head"}, {"checkpoint"},
};

/* Rows are known by their MACs, whatever their keys are. */
struct cell {
    char table[32], column[32];
    unsigned char mac[64];
    int mac_len;
};

static bool flip(sqlite3 *db, const struct cell *cell, unsigned which)
{
    char sql[256];
    sqlite3_stmt *get = NULL, *put = NULL;
    (void)snprintf(sql, sizeof(sql), "SELECT %s FROM %s WHERE mac = ?", cell->column, cell->table);
    CHECK(sqlite3_prepare_v2(db, sql, -1, &get, NULL) == SQLITE_OK);
    (void)snprintf(sql, sizeof(sql), "UPDATE %s SET %s = ?2 WHERE mac = ?1", cell->table,
                   cell->column);
    CHECK(sqlite3_prepare_v2(db, sql, -1, &put, NULL) == SQLITE_OK);
    CHECK(sqlite3_bind_blob(get, 1, cell->mac, cell->mac_len, SQLITE_STATIC) == SQLITE_OK &&
          sqlite3_bind_blob(put, 1, cell->mac, cell->mac_len, SQLITE_STATIC) == SQLITE_OK &&
          sqlite3_step(get) == SQLITE_ROW);
    int type = sqlite3_column_type(get, 0);
    const int len = sqlite3_column_bytes(get, 0);
    if (type == SQLITE_NULL) /* came with a later schema: something takes the place of nothing */
        type = strcmp(sqlite3_column_decltype(get, 0), "TEXT") == 0 ? SQLITE_TEXT : SQLITE_INTEGER;
    unsigned char bytes[4096] = "x"; /* an empty text has no bit to flip */
    CHECK((size_t)len < sizeof(bytes));
    if (type == SQLITE_INTEGER) {
        /* A high bit, so that a key does not become another row's. */
        sqlite3_int64 number = sqlite3_column_int64(get, 0) ^ (1LL << (16 + which % 32));
        CHECK(sqlite3_bind_int64(put, 2, number) == SQLITE_OK);
    } else {
        if (len > 0) {
            memcpy(bytes, sqlite3_column_blob(get, 0), (size_t)len);
            bytes[which * 31 % (unsigned)len] ^= (unsigned char)(1u << which % 4);
        }
        const int size = len > 0 ? len : 1;
        CHECK((type == SQLITE_TEXT
                   ? sqlite3_bind_text(put, 2, (char *)bytes, size, SQLITE_TRANSIENT)
                   : sqlite3_bind_blob(put, 2, bytes, size, SQLITE_TRANSIENT)) == SQLITE_OK);
    }
    bool done = sqlite3_step(put) == SQLITE_DONE && sqlite3_changes(db) == 1;
    (void)sqlite3_finalize(get);
    (void)sqlite3_finalize(put);
    return done;
}

static bool flip_and_verify(const struct cell *cell, unsigned which)
{
    char path[PATH_MAX];
    sqlite3 *db = NULL;
    CHECK(scene_restore(&scene));
    scene_path(&scene, PATH_STORE, path);
    bool good =
        sqlite3_open(path, &db) == SQLITE_OK &&
        sqlite3_exec(db, "PRAGMA ignore_check_constraints = ON", NULL, NULL, NULL) == SQLITE_OK &&
        flip(db, cell, which);
    CHECK(sqlite3_close(db) == SQLITE_OK && good);
    int status = verify(NULL);
    if (status != FOUND)
        print_message("# %s.%s, flip %u: exit status %d\n", cell->table, cell->column, which,
                      status);
    return status == FOUND;
}

/* Each column of the first and the last row; the whole campaign takes every row, several times. The
 * MACs of entries are left to doctor (tests/unit/store_damage_test.c): verification has the tree.
 */
static bool flip_all(const char *table)
{
    char sql[512];
    sqlite3 *db = NULL;
    sqlite3_stmt *all = NULL;
    unsigned cells = 0;
    bool good = true;
    CHECK(sqlite3_open(now, &db) == SQLITE_OK);
    (void)snprintf(sql, sizeof(sql),
                   "WITH r AS (SELECT mac, row_number() OVER () AS n, count(*) OVER () AS c FROM "
                   "%s) SELECT r.mac, t.name FROM r, pragma_table_info('%s') AS t WHERE %s "
                   "AND NOT (t.name = 'mac' AND '%s' = 'ledger')",
                   table, table, whole_campaign ? "true" : "r.n IN (1, r.c)", table);
    CHECK(sqlite3_prepare_v2(db, sql, -1, &all, NULL) == SQLITE_OK);
    while (good && sqlite3_step(all) == SQLITE_ROW) {
        struct cell cell = {.mac_len = sqlite3_column_bytes(all, 0)};
        CHECK((size_t)cell.mac_len <= sizeof(cell.mac));
        memcpy(cell.mac, sqlite3_column_blob(all, 0), (size_t)cell.mac_len);
        (void)snprintf(cell.table, sizeof(cell.table), "%s", table);
        (void)snprintf(cell.column, sizeof(cell.column), "%s",
                       (const char *)sqlite3_column_text(all, 1));
        for (unsigned i = 0; good && i < (whole_campaign ? 4 : 1); i++)
            good = flip_and_verify(&cell, cells++);
    }
    (void)sqlite3_finalize(all);
    (void)sqlite3_close(db);
    print_message("# %u cells\n", cells);
    return good && cells > 0;
}

static void a_flipped_bit_is_found(void **state)
{
    const struct table_name *row = *state;
    assert_true(flip_all(row->name));
}

/* -- entries and rows that are moved --------------------------------------------------------- */

#define MOVE(to, from)                                                                             \
    "UPDATE ledger SET (line, leaf, mac) = (SELECT line, leaf, mac FROM spare WHERE seq = " #from  \
    ") WHERE seq = " #to ";"
#define BACK(table) "DELETE FROM " table "; INSERT INTO " table " SELECT * FROM early." table ";"
#define CUT                                                                                        \
    "DELETE FROM ledger WHERE seq >= (SELECT size FROM early.ledger_head);"                        \
    "DELETE FROM checkpoint WHERE size > (SELECT size FROM early.ledger_head);"
#define CUT_STATE BACK("session") BACK("attempt") BACK("activity")

/* Run with the older database as `early`, and a copy of the ledger as `spare`. */
static const struct change {
    const char *name, *sql;
    int alone, with_checkpoint; /* exit statuses */
} changes[] = {
    {"the first entry removed", "DELETE FROM ledger WHERE seq = 0", FOUND, FOUND},
    {"an entry removed", "DELETE FROM ledger WHERE seq = 4", FOUND, FOUND},
    {"the last entry removed", "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)",
     FOUND, FOUND},
    {"an entry removed and the others moved up",
     "DELETE FROM ledger WHERE seq = 4;"
     "UPDATE ledger SET seq = -seq WHERE seq > 4; UPDATE ledger SET seq = -seq - 1 WHERE seq < 0;",
     FOUND, FOUND},
    {"two entries swapped", MOVE(4, 5) MOVE(5, 4), FOUND, FOUND},
    {"two entries swapped under their numbers",
     "UPDATE ledger SET seq = -1 WHERE seq = 4; UPDATE ledger SET seq = 4 WHERE seq = 5;"
     "UPDATE ledger SET seq = 5 WHERE seq = -1;",
     FOUND, FOUND},
    {"an entry in the place of another", MOVE(4, 5), FOUND, FOUND},
    {"an entry duplicated at the end",
     "INSERT INTO ledger SELECT (SELECT max(seq) + 1 FROM spare), line, leaf, mac FROM spare "
     "WHERE seq = 4",
     FOUND, FOUND},
    {"an entry of its own at the end",
     "INSERT INTO ledger SELECT (SELECT max(seq) + 1 FROM spare), replace(line, 'test', 'best'), "
     "leaf, mac FROM spare WHERE seq = 4",
     FOUND, FOUND},
    {"an entry reworded", "UPDATE ledger SET line = replace(line, 'test', 'best') WHERE seq = 1",
     FOUND, FOUND},
    {"the ledger cut", CUT, FOUND, FOUND},
    {"the ledger cut, with its old head", CUT BACK("ledger_head"), FOUND, FOUND},
    {"the ledger cut, with its old head and accounts", CUT BACK("ledger_head") BACK("account"),
     FOUND, FOUND},
    {"the ledger cut, with its old head and passwords", CUT BACK("ledger_head") BACK("credential"),
     FOUND, FOUND},
    /* All of an older moment fits together: only what is kept elsewhere contradicts it, and the
     * file beside the store, as long as it is there. */
    {"the ledger cut, with all of the old state",
     CUT CUT_STATE BACK("ledger_head") BACK("account") BACK("credential"), FOUND, FOUND},
    {"the old head alone", BACK("ledger_head"), FOUND, FOUND},
    {"the head removed", "DELETE FROM ledger_head", FOUND, FOUND},
    {"ledger and head removed", "DELETE FROM ledger; DELETE FROM ledger_head", FOUND, FOUND},
    {"all removed but an empty store",
     "DELETE FROM ledger; DELETE FROM ledger_head; DELETE FROM checkpoint; DELETE FROM session;"
     "DELETE FROM attempt; DELETE FROM activity; DELETE FROM credential; DELETE FROM account;"
     "DELETE FROM policy_seen; DELETE FROM delivery; DELETE FROM alert;",
     FOUND, FOUND},
    {"the old password put back", BACK("credential"), FOUND, FOUND},
    {"the old account put back", BACK("account"), FOUND, FOUND},
    {"the account removed", "DELETE FROM account", FOUND, FOUND},
    {"the password removed", "DELETE FROM credential", FOUND, FOUND},
    {"an index gone", "DROP INDEX attempt_failed_source", FOUND, FOUND},
    {"a trigger added", "CREATE TRIGGER t AFTER INSERT ON attempt BEGIN DELETE FROM attempt; END",
     FOUND, FOUND},
};

static void a_change_is_found(void **state)
{
    const struct change *row = *state;
    char sql[2 * PATH_MAX];
    (void)snprintf(sql, sizeof(sql),
                   "ATTACH '%s' AS early; CREATE TEMP TABLE spare AS SELECT * FROM ledger; BEGIN; "
                   "%s; COMMIT",
                   early, row->sql);
    assert_true(scene_restore(&scene) && scene_sql(&scene, sql));
    assert_int_equal(verify(NULL), row->alone);
    assert_int_equal(verify(kept), row->with_checkpoint);
}

/* -- whole databases ------------------------------------------------------------------------- */

static bool remove_store(void)
{
    static const char *const files[] = {PATH_STORE, PATH_STORE "-wal", PATH_STORE "-shm"};
    for (size_t i = 0; i < MEDGL_COUNT(files); i++) {
        char path[PATH_MAX];
        scene_path(&scene, files[i], path);
        CHECK(unlink(path) == 0 || errno == ENOENT);
    }
    return true;
}

static bool put_back(void)
{
    char path[PATH_MAX];
    scene_path(&scene, PATH_STORE, path);
    return remove_store() && link(early, path) == 0;
}

/* What lies beside the store, and can be taken away by who may write there. */
static bool forget_head(void)
{
    char path[PATH_MAX];
    scene_path(&scene, PATH_HEAD_SEEN, path);
    return unlink(path) == 0 || errno == ENOENT;
}

static bool forget_checkpoints(void)
{
    char path[PATH_MAX];
    CHECK(forget_head());
    scene_path(&scene, PATH_CHECKPOINTS, path);
    DIR *directory = opendir(path);
    const struct dirent *entry;
    CHECK(directory != NULL);
    while ((entry = readdir(directory)) != NULL)
        (void)unlinkat(dirfd(directory), entry->d_name, 0);
    return closedir(directory) == 0;
}

static void an_old_database_contradicts_the_published_checkpoints(void **state)
{
    (void)state;
    assert_true(forget_head() && put_back());
    assert_int_equal(verify(NULL), FOUND);
    assert_true(remove_store() && scene_restore(&scene)); /* not through the link */
}

static void an_old_database_contradicts_a_checkpoint_kept_elsewhere(void **state)
{
    (void)state;
    assert_true(forget_checkpoints() && put_back());
    assert_int_equal(verify(NULL), VERIFIED);
    assert_int_equal(verify(kept), FOUND);
    assert_true(remove_store() && scene_restore(&scene));
}

/* Another history, as long as the true one. */
static bool invent(struct context *context, struct scene *there, const void *argument)
{
    uint64_t size = 0;
    uint32_t cleared;
    const struct account_add_request add = {.name = there->user,
                                            .uid = there->owner,
                                            .class_ = ACCOUNT_CLASS_STAFF,
                                            .person.full_name = "Test Person"};
    char why[OPERATION_WHY_SIZE];
    (void)argument;
    CHECK(operation_account_add(context, &add, why) == MEDGL_OK);
    while (size < 30) {
        CHECK(operation_account_unlock(context, there->user, NULL, "test", &cleared,
                                       (char[OPERATION_WHY_SIZE]){""}) == MEDGL_OK);
        CHECK(operation_ledger_size(context, &size) == MEDGL_OK);
    }
    return true;
}

/* Root has both keys and signs whatever it likes. */
static void a_rewritten_ledger_contradicts_it_too(void **state)
{
    (void)state;
    assert_true(remove_store() && forget_head());
    assert_true(scene_setup(&scene) && scene_act(&scene, invent, NULL));
    assert_int_equal(verify(NULL), VERIFIED);
    assert_int_equal(verify(kept), FOUND);
}

int main(int argc, char **argv)
{
    whole_campaign = argc == 2 && strcmp(argv[1], "--long") == 0;
    if (!make_history())
        return 1;
    table_add("R08", "an untouched store verifies", an_untouched_store_verifies, NULL);
    TABLE_ADD("R08 a flipped bit in table", tables, a_flipped_bit_is_found);
    table_add("R08 an old database put back whole", "contradicts the published checkpoints",
              an_old_database_contradicts_the_published_checkpoints, NULL);
    table_add("R08 an old database put back whole", "contradicts a checkpoint kept elsewhere",
              an_old_database_contradicts_a_checkpoint_kept_elsewhere, NULL);
    TABLE_ADD("R08", changes, a_change_is_found); /* the published ones are gone by now */
    table_add("R08", "a ledger rewritten with its keys", a_rewritten_ledger_contradicts_it_too,
              NULL);
    int failed = table_run("evidence");
    scene_remove(&scene);
    return failed;
}
