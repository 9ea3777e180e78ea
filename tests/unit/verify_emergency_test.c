/* Rows of sealed credentials and emergencies against the ledger (R08, R31..R33): whoever has the
 * row key of the small store, but not the key of its ledger, is found. */
#include "tests/unit/emergency_fixture.h"
#include "tests/unit/table.h"

#include <sqlite3.h>

static struct both here;

/* -- what is there ---------------------------------------------------------------------------- */

enum {
    DRILL,
    BY_LOGIN,
    OPEN,
    EMERGENCIES
};

struct rows {
    struct store_txn *txn;
    struct breakglass used, sealed;
    struct emergency emergency[EMERGENCIES];
    size_t count;
    void (*tamper)(struct rows *rows);
};

static enum medgl_error rows_seal(void *argument, const struct breakglass *row)
{
    struct rows *rows = argument;
    *(row->used_at != 0 ? &rows->used : &rows->sealed) = *row;
    return MEDGL_OK;
}

static enum medgl_error rows_emergency(void *argument, const struct emergency *row)
{
    struct rows *rows = argument;
    assert_true(rows->count < EMERGENCIES);
    rows->emergency[rows->count++] = *row;
    return MEDGL_OK;
}

static enum medgl_error rows_now(struct store_txn *txn, void *argument)
{
    struct rows *rows = argument;
    rows->txn = txn;
    rows->count = 0;
    MEDGL_TRY(store_breakglass_each(txn, rows_seal, rows));
    MEDGL_TRY(store_emergency_each(txn, rows_emergency, rows));
    rows->tamper(rows);
    return MEDGL_OK;
}

static void put(const struct rows *rows, const struct breakglass *row)
{
    assert_int_equal(store_breakglass_put(rows->txn, row), MEDGL_OK);
}

static void update(const struct rows *rows, const struct emergency *row)
{
    assert_int_equal(store_emergency_update(rows->txn, row), MEDGL_OK);
}

/* -- what is done to sealed credentials -------------------------------------------------------- */

static void leave(struct rows *rows)
{
    assert_int_equal(rows->count, EMERGENCIES);
    assert_int_equal(rows->used.times, 2);
    assert_int_equal(rows->sealed.times, 1);
    assert_true(rows->emergency[DRILL].drill && rows->emergency[DRILL].reviewed != 0);
    assert_int_equal(rows->emergency[BY_LOGIN].ended, EMERGENCY_END_RECOVERED);
    assert_int_equal(rows->emergency[OPEN].ended, EMERGENCY_END_NONE);
    assert_false(rows->emergency[OPEN].drill);
}

static void sealed_again(struct rows *rows)
{
    rows->used.used_at = 0;
    rows->used.emergency_id[0] = '\0';
    put(rows, &rows->used);
}

static void used_elsewhere(struct rows *rows)
{
    (void)snprintf(rows->used.emergency_id, CRYPTO_ID_SIZE, "%s", rows->emergency[BY_LOGIN].id);
    put(rows, &rows->used);
}

static void used_nowhere(struct rows *rows)
{
    rows->used.emergency_id[0] = '\0';
    put(rows, &rows->used);
}

static void used_later(struct rows *rows)
{
    rows->used.used_at++;
    put(rows, &rows->used);
}

static void sealed_later(struct rows *rows)
{
    rows->sealed.sealed_at++;
    put(rows, &rows->sealed);
}

static void closed(struct rows *rows)
{
    rows->used.closed_at = rows->used.used_at;
    put(rows, &rows->used);
}

static void other_serial(struct rows *rows)
{
    (void)snprintf(rows->sealed.serial, sizeof(rows->sealed.serial), "ELSE-0001");
    put(rows, &rows->sealed);
}

static void fewer_times(struct rows *rows)
{
    rows->used.times = 1;
    put(rows, &rows->used);
}

static void other_entry(struct rows *rows)
{
    rows->sealed.ledger_seq = rows->used.ledger_seq;
    put(rows, &rows->sealed);
}

/* -- what is done to emergencies --------------------------------------------------------------- */

static void never_ended(struct rows *rows)
{
    struct emergency *row = &rows->emergency[BY_LOGIN];
    row->ended = EMERGENCY_END_NONE;
    row->recovered = 0;
    row->recovered_by[0] = '\0';
    row->own_to = 0;
    update(rows, row);
}

static void ended(struct rows *rows)
{
    struct emergency *row = &rows->emergency[OPEN];
    row->ended = EMERGENCY_END_TIMED_OUT;
    row->recovered = row->declared;
    row->own_to = row->own_from + 1;
    update(rows, row);
}

static void ended_otherwise(struct rows *rows)
{
    rows->emergency[BY_LOGIN].ended = EMERGENCY_END_TIMED_OUT;
    update(rows, &rows->emergency[BY_LOGIN]);
}

static void ended_by_another(struct rows *rows)
{
    (void)snprintf(rows->emergency[BY_LOGIN].recovered_by, STORE_NAME_SIZE, "Nobody");
    update(rows, &rows->emergency[BY_LOGIN]);
}

static void a_drill(struct rows *rows)
{
    rows->emergency[BY_LOGIN].drill = true;
    update(rows, &rows->emergency[BY_LOGIN]);
}

static void in_earnest(struct rows *rows)
{
    rows->emergency[DRILL].drill = false;
    update(rows, &rows->emergency[DRILL]);
}

static void other_criterion(struct rows *rows)
{
    (void)snprintf(rows->emergency[BY_LOGIN].criterion, STORE_NAME_SIZE, "network-failure");
    update(rows, &rows->emergency[BY_LOGIN]);
}

static void decided(struct rows *rows)
{
    (void)snprintf(rows->emergency[BY_LOGIN].decided_by, STORE_NAME_SIZE, "Director");
    update(rows, &rows->emergency[BY_LOGIN]);
}

static void noted(struct rows *rows)
{
    (void)snprintf(rows->emergency[OPEN].note, STORE_TEXT_SIZE, "another note");
    update(rows, &rows->emergency[OPEN]);
}

static void by_nobodys_login(struct rows *rows)
{
    rows->emergency[BY_LOGIN].account_id[0] = '\0';
    update(rows, &rows->emergency[BY_LOGIN]);
}

static void declared_later(struct rows *rows)
{
    rows->emergency[OPEN].declared += MEDGL_HOUR;
    update(rows, &rows->emergency[OPEN]);
}

static void begins_later(struct rows *rows)
{
    rows->emergency[BY_LOGIN].own_from++;
    update(rows, &rows->emergency[BY_LOGIN]);
}

static void ends_sooner(struct rows *rows)
{
    rows->emergency[BY_LOGIN].own_to = rows->emergency[BY_LOGIN].own_from + 1;
    update(rows, &rows->emergency[BY_LOGIN]);
}

static void main_from(struct rows *rows)
{
    rows->emergency[BY_LOGIN].main_from++;
    update(rows, &rows->emergency[BY_LOGIN]);
}

static void main_to(struct rows *rows)
{
    rows->emergency[BY_LOGIN].main_to++;
    update(rows, &rows->emergency[BY_LOGIN]);
}

static void shorter(struct rows *rows)
{
    rows->emergency[BY_LOGIN].spent += MEDGL_HOUR;
    update(rows, &rows->emergency[BY_LOGIN]);
}

static void reviewed(struct rows *rows)
{
    struct emergency *row = &rows->emergency[BY_LOGIN];
    row->reviewed = row->recovered;
    (void)snprintf(row->reviewed_by, STORE_NAME_SIZE, "operator");
    update(rows, row);
}

static void not_reviewed(struct rows *rows)
{
    struct emergency *row = &rows->emergency[DRILL];
    row->reviewed = 0;
    row->reviewed_by[0] = row->review_note[0] = '\0';
    update(rows, row);
}

static void reviewed_by_another(struct rows *rows)
{
    (void)snprintf(rows->emergency[DRILL].reviewed_by, STORE_NAME_SIZE, "somebody");
    update(rows, &rows->emergency[DRILL]);
}

static void named_by_another_entry(struct rows *rows)
{
    rows->emergency[DRILL].ledger_seq--;
    update(rows, &rows->emergency[DRILL]);
}

static void one_more(struct rows *rows)
{
    struct emergency row = rows->emergency[DRILL];
    assert_int_equal(crypto_random_id(row.id), MEDGL_OK);
    row.number = EMERGENCIES + 1;
    assert_int_equal(store_emergency_add(rows->txn, &row), MEDGL_OK);
}

/* No entry says how long an open one has lasted, nor when people were reminded. */
static void looked_at(struct rows *rows)
{
    struct emergency *row = &rows->emergency[OPEN];
    row->spent += MEDGL_HOUR;
    row->mark_wall += MEDGL_HOUR;
    row->reminded = row->declared;
    update(rows, row);
}

static const struct tamper_row {
    const char *name;
    void (*tamper)(struct rows *rows);
    bool found;
} tamper_rows[] = {
    {"as they are", leave, false},
    {"an open one that lasts", looked_at, false},
    {"a used account that is sealed again", sealed_again, true},
    {"used in an emergency that is over", used_elsewhere, true},
    {"used in none", used_nowhere, true},
    {"used at another time", used_later, true},
    {"sealed at another time", sealed_later, true},
    {"closed without an entry", closed, true},
    {"another serial number", other_serial, true},
    {"sealed fewer times", fewer_times, true},
    {"named by another entry", other_entry, true},
    {"an emergency that is over, open again", never_ended, true},
    {"an open one that is over", ended, true},
    {"timed out instead of recovered", ended_otherwise, true},
    {"recovered by another", ended_by_another, true},
    {"an emergency that is a drill", a_drill, true},
    {"a drill in earnest", in_earnest, true},
    {"another criterion", other_criterion, true},
    {"decided by somebody, and it was a login", decided, true},
    {"another note", noted, true},
    {"declared by nobody's login", by_nobodys_login, true},
    {"declared later", declared_later, true},
    {"beginning behind its first entry", begins_later, true},
    {"ending before its last", ends_sooner, true},
    {"beginning elsewhere in the main ledger", main_from, true},
    {"ending elsewhere in the main ledger", main_to, true},
    {"of another length", shorter, true},
    {"reviewed without an entry", reviewed, true},
    {"not reviewed, and it was", not_reviewed, true},
    {"reviewed by another", reviewed_by_another, true},
    {"an emergency named by another entry", named_by_another_entry, true},
    {"one that was never declared", one_more, true},
};

static void test_tamper(void **state)
{
    const struct tamper_row *row = *state;
    struct rows rows = {.tamper = row->tamper};
    const struct evidence_request request = {.fault = count_fault};
    struct ledger_result result;
    both_begin(&here);
    both_play(&here);
    assert_int_equal(store_transact(here.small.store, STORE_WRITE, rows_now, &rows), MEDGL_OK);
    assert_int_equal(operation_verify(&here.small, &request, &result),
                     row->found ? MEDGL_ERR_CORRUPT : MEDGL_OK);
    both_end(&here);
}

/* -- rows that are gone ------------------------------------------------------------------------ */

static const struct delete_row {
    const char *name, *sql;
} delete_rows[] = {
    {"a sealed credential", "DELETE FROM breakglass WHERE times = 2"},
    {"the first emergency", "DELETE FROM emergency WHERE number = 1"},
    {"one in the middle", "DELETE FROM emergency WHERE number = 2"},
    {"the last one", "DELETE FROM emergency WHERE number = 3"},
    {"all of them", "DELETE FROM emergency"},
};

static void test_delete(void **state)
{
    const struct delete_row *row = *state;
    const struct evidence_request request = {.fault = count_fault};
    struct ledger_result result;
    char path[PATH_MAX];
    sqlite3 *db;
    both_begin(&here);
    both_play(&here);
    assert_int_equal(context_path(&here.small, CONTEXT_FILE_STORE, path), MEDGL_OK);
    context_close(&here.small);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, row->sql, NULL, NULL, NULL), SQLITE_OK);
    assert_true(sqlite3_changes(db) > 0);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    both_open_small(&here);
    assert_int_equal(operation_verify(&here.small, &request, &result), MEDGL_ERR_CORRUPT);
    both_end(&here);
}

int main(void)
{
    TABLE_ADD("R08: rows of emergencies and the ledger", tamper_rows, test_tamper);
    TABLE_ADD("R08: gone from the small store", delete_rows, test_delete);
    return table_run("verify_emergency");
}
