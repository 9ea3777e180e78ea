/* Rows of backups against the ledger (R08, R36): whoever has the row key of the store, but not the
 * key of the ledger, is found. */
#include "tests/unit/backup_fixture.h"
#include "tests/unit/table.h"

#include "operation/prove.h"

static struct fixture *here;

/* -- what is there ---------------------------------------------------------------------------- */

enum {
    GONE,
    OLDER,
    NEWER,
    ALL
}; /* three were made, of which two are kept */

struct rows {
    struct store_txn *txn;
    struct backup row[ALL];
    size_t count;
    void (*tamper)(struct rows *rows);
};

static enum medgl_error rows_take(void *argument, const struct backup *row)
{
    struct rows *rows = argument;
    assert_true(rows->count < ALL);
    rows->row[ALL - ++rows->count] = *row; /* the latest comes first */
    return MEDGL_OK;
}

static enum medgl_error rows_now(struct store_txn *txn, void *argument)
{
    struct rows *rows = argument;
    rows->txn = txn;
    rows->count = 0;
    MEDGL_TRY(store_backup_each(txn, rows_take, rows));
    rows->tamper(rows);
    return MEDGL_OK;
}

static void put(const struct rows *rows, const struct backup *row)
{
    assert_int_equal(store_backup_update(rows->txn, row), MEDGL_OK);
}

/* -- what is done to it ----------------------------------------------------------------------- */

static void leave(struct rows *rows)
{
    assert_int_equal(rows->row[GONE].state, BACKUP_GONE);
    assert_int_equal(rows->row[OLDER].state, BACKUP_MADE);
}

static void another(struct rows *rows)
{
    struct backup row = rows->row[NEWER];
    assert_int_equal(crypto_random_id(row.id), MEDGL_OK);
    row.digest[0] = row.digest[0] == 'a' ? 'b' : 'a';
    assert_int_equal(store_backup_add(rows->txn, &row), MEDGL_OK);
}

static void twice(struct rows *rows)
{
    struct backup row = rows->row[NEWER];
    assert_int_equal(crypto_random_id(row.id), MEDGL_OK);
    assert_int_equal(store_backup_add(rows->txn, &row), MEDGL_OK);
}

static void other_digest(struct rows *rows)
{
    rows->row[OLDER].digest[0] ^= 1;
    put(rows, &rows->row[OLDER]);
}

static void other_file(struct rows *rows)
{
    rows->row[OLDER].file[1] ^= 1;
    put(rows, &rows->row[OLDER]);
}

static void more_bytes(struct rows *rows)
{
    rows->row[OLDER].bytes++;
    put(rows, &rows->row[OLDER]);
}

static void smaller(struct rows *rows)
{
    rows->row[NEWER].size--;
    put(rows, &rows->row[NEWER]);
}

static void younger(struct rows *rows)
{
    rows->row[NEWER].created += MEDGL_DAY;
    put(rows, &rows->row[NEWER]);
}

static void proved(struct rows *rows)
{
    rows->row[NEWER].verified = clock_read().now;
    put(rows, &rows->row[NEWER]);
}

static void gone(struct rows *rows)
{
    rows->row[OLDER].state = BACKUP_GONE;
    put(rows, &rows->row[OLDER]);
}

static void gone_too(struct rows *rows)
{
    rows->row[OLDER].state = BACKUP_GONE;
    rows->row[OLDER].ledger_seq = rows->row[GONE].ledger_seq;
    put(rows, &rows->row[OLDER]);
}

static void gone_instead(struct rows *rows)
{
    rows->row[GONE].state = BACKUP_MADE;
    put(rows, &rows->row[GONE]);
}

static void undone(struct rows *rows)
{
    rows->row[OLDER].state = BACKUP_UNDONE;
    put(rows, &rows->row[OLDER]);
}

static void other_entry(struct rows *rows)
{
    rows->row[OLDER].ledger_seq = rows->row[NEWER].ledger_seq;
    put(rows, &rows->row[OLDER]);
}

static const struct tamper_row {
    const char *name;
    void (*tamper)(struct rows *rows);
    unsigned faults;
} tamper_rows[] = {
    {"as they are", leave, 0},
    {"one that was never made", another, 1},
    {"two of one", twice, 1},
    {"another file in its place: made by nobody, and the one made is gone", other_digest, 2},
    {"another name", other_file, 1},
    {"another length", more_bytes, 1},
    {"of another ledger", smaller, 1},
    {"younger", younger, 1},
    {"proved by nobody", proved, 1},
    {"gone without an entry", gone, 1},
    {"gone with an entry that took another one away", gone_too, 1},
    {"there again, and the entry that took it away is left over", gone_instead, 2},
    {"undone by no restore", undone, 1},
    {"named by another entry", other_entry, 1},
};

static void begin(void)
{
    assert_int_equal(fixture_open((void **)&here), 0);
    write_policy(here, "backup_keep = 2\n");
    reopen(here);
    backup_prepare(here);
    for (int i = 0; i < ALL; i++)
        (void)backup_make(here);
}

static void test_tamper(void **state)
{
    const struct tamper_row *row = *state;
    struct rows rows = {.tamper = row->tamper};
    const struct evidence_request request = {.fault = count_fault};
    struct ledger_result result;
    begin();
    assert_int_equal(store_transact(here->context.store, STORE_WRITE, rows_now, &rows), MEDGL_OK);
    assert_int_equal(operation_verify(&here->context, &request, &result),
                     row->faults > 0 ? MEDGL_ERR_CORRUPT : MEDGL_OK);
    assert_int_equal(result.faults, row->faults);
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* -- what is done by right -------------------------------------------------------------------- */

static void prove(const struct backup *backup, const char *path)
{
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    const struct backup_open_request request = {
        .fd = fd, .key = {.pem = &backup_key}, .fault = count_fault};
    struct backup_found found;
    char why[BACKUP_WHY_SIZE];
    assert_true(fd >= 0);
    assert_int_equal(operation_backup_verify(&here->context, &request, &found, why), MEDGL_OK);
    assert_true(found.size == backup->size);
}

/* Also one that made way, of which somebody kept a copy. */
static void test_proved(void **state)
{
    char command[2 * PATH_MAX + 16], copy[PATH_MAX];
    (void)state;
    assert_int_equal(fixture_open((void **)&here), 0);
    write_policy(here, "backup_keep = 2\n");
    reopen(here);
    backup_prepare(here);
    const struct backup first = backup_make(here);
    (void)snprintf(copy, sizeof(copy), "%s/copy", here->root);
    (void)snprintf(command, sizeof(command), "cp %s %s", first.file, copy);
    assert_int_equal(system(command), 0);
    prove(&first, first.file);
    assert_int_equal(verify(here), MEDGL_OK);
    (void)backup_make(here);
    (void)backup_make(here);
    assert_int_not_equal(access(first.file, F_OK), 0);
    prove(&first, copy);
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(fixture_close((void **)&here), 0);
}

/* An archive leaves the entries of all that rows tell of. */
static void test_archived(void **state)
{
    struct archive made;
    char why[STORE_TEXT_SIZE];
    (void)state;
    begin();
    here->context.policy.ledger_retention = (struct policy_span){0};
    const struct archive_request request = {.until = fixture_present(), .copy = -1};
    assert_int_equal(operation_archive(&here->context, &request, &made, why), MEDGL_OK);
    assert_int_equal(verify(here), MEDGL_OK);
    assert_int_equal(fixture_close((void **)&here), 0);
}

int main(void)
{
    TABLE_ADD("R08 a backup's row", tamper_rows, test_tamper);
    table_add("R36 a backup", "is proved, also after it made way", test_proved, NULL);
    table_add("R36 a backup", "is in an archive with its entries", test_archived, NULL);
    return table_run("verify_backups");
}
