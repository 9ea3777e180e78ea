/* R31, R32: the main ledger vouches for that of the break-glass accounts, and whoever rewrites the
 * small one, with its keys, is found by what was joined. */
#include "tests/unit/emergency_fixture.h"
#include "tests/unit/table.h"

#include "operation/alert.h"
#include "operation/doctor.h"
#include "operation/emergency_join.h"
#include "operation/verify_joins.h"

static struct both here;

static bool join(void)
{
    bool joined = false;
    assert_int_equal(operation_emergency_join(&here.main->context, &here.small, &joined), MEDGL_OK);
    return joined;
}

static uint64_t size_of(struct context *context)
{
    uint64_t size;
    assert_int_equal(operation_ledger_size(context, &size), MEDGL_OK);
    return size;
}

static enum medgl_error joined_now(struct store_txn *txn, void *argument)
{
    struct joined *row = argument;
    return store_joined_get(txn, note_signer_name(here.small.signer), row);
}

static unsigned evidence_alerts;

static enum medgl_error alert_one(void *argument, const struct alert *alert)
{
    (void)argument;
    evidence_alerts += alert->kind == ALERT_EVIDENCE;
    return MEDGL_OK;
}

static enum medgl_error alert_now(struct store_txn *txn, void *argument)
{
    evidence_alerts = 0;
    return store_alert_each(txn, true, alert_one, argument);
}

static unsigned alerts(void)
{
    assert_int_equal(store_transact(here.main->context.store, STORE_READ, alert_now, NULL),
                     MEDGL_OK);
    return evidence_alerts;
}

/* The main one, and then the small one by what it vouches for. */
static enum medgl_error verify_both(void)
{
    struct verify_joins joins = {.count = 0};
    const struct evidence_request request = {.fault = count_fault, .joins = &joins};
    struct ledger_result result;
    assert_int_equal(operation_verify(&here.main->context, &request, &result), MEDGL_OK);
    const enum medgl_error error = operation_verify(&here.small, &request, &result);
    verify_joins_free(&joins);
    return error;
}

static enum medgl_error verify_small(void)
{
    const struct evidence_request request = {.fault = count_fault};
    struct ledger_result result;
    return operation_verify(&here.small, &request, &result);
}

/* -- joining ---------------------------------------------------------------------------------- */

static void test_join(void **state)
{
    struct joined row;
    (void)state;
    both_begin(&here);
    const uint64_t main_size = size_of(&here.main->context);
    assert_true(join());
    assert_int_equal(size_of(&here.main->context), main_size + 1);
    assert_false(join()); /* nothing is new */
    assert_int_equal(size_of(&here.main->context), main_size + 1);
    assert_int_equal(store_transact(here.main->context.store, STORE_READ, joined_now, &row),
                     MEDGL_OK);
    assert_int_equal(row.size, size_of(&here.small));
    assert_int_equal(row.ledger_seq, main_size);
    assert_int_equal(verify_both(), MEDGL_OK);
    both_play(&here);
    assert_int_equal(verify_both(), MEDGL_OK);
    assert_true(join());
    both_recover(&here);
    assert_true(join());
    assert_int_equal(verify_both(), MEDGL_OK);
    assert_int_equal(alerts(), 0);
    both_end(&here);
}

/* Contexts the other way round are a mistake of the caller's, which writes nothing. */
static void test_swapped(void **state)
{
    bool joined = true;
    (void)state;
    both_begin(&here);
    assert_int_equal(operation_emergency_join(&here.small, &here.main->context, &joined),
                     MEDGL_ERR_ARGUMENT);
    assert_false(joined);
    both_end(&here);
}

static enum medgl_error age_now(struct store_txn *txn, void *argument)
{
    const medgl_time *age = argument;
    struct joined row;
    MEDGL_TRY(joined_now(txn, &row));
    row.time -= *age;
    return store_joined_put(txn, &row);
}

static void age(medgl_time by)
{
    assert_int_equal(store_transact(here.main->context.store, STORE_WRITE, age_now, &by), MEDGL_OK);
}

static bool join_due(enum emergency_phase phase)
{
    bool joined = true;
    here.small.emergency.phase = phase;
    assert_int_equal(operation_emergency_join_due(&here.main->context, &here.small, &joined),
                     MEDGL_OK);
    return joined;
}

static const struct due_row {
    const char *name;
    medgl_time age;
    enum emergency_phase phase;
    bool grows, joins;
} due_rows[] = {
    {"just now", 0, EMERGENCY_NONE, true, false},
    {"after 59 minutes", 59 * MEDGL_MINUTE, EMERGENCY_RECOVERED, true, false},
    {"after an hour", 61 * MEDGL_MINUTE, EMERGENCY_NONE, true, true},
    {"after an hour, and nothing is new", 61 * MEDGL_MINUTE, EMERGENCY_NONE, false, false},
    {"after 4 minutes of an emergency", 4 * MEDGL_MINUTE, EMERGENCY_OPEN, true, false},
    {"after 6 minutes of an emergency", 6 * MEDGL_MINUTE, EMERGENCY_OPEN, true, true},
    {"at a time that is ahead: the clock was set back", -MEDGL_DAY, EMERGENCY_NONE, true, true},
};

static void test_due(void **state)
{
    const struct due_row *row = *state;
    both_begin(&here);
    assert_true(join_due(EMERGENCY_NONE)); /* the first time */
    age(row->age);
    if (row->grows)
        both_seal(&here, BREAKGLASS_ONE);
    assert_int_equal(join_due(row->phase), row->joins);
    both_end(&here);
}

/* -- contradictions --------------------------------------------------------------------------- */

static char store_path[PATH_MAX], copy_path[PATH_MAX + 8];

static void paths(void)
{
    assert_int_equal(context_path(&here.small, CONTEXT_FILE_STORE, store_path), MEDGL_OK);
    (void)snprintf(copy_path, sizeof(copy_path), "%s.copy", store_path);
}

/* The files beside the store that would tell of it are taken away as well. */
static void forget_outside(void)
{
    char path[PATH_MAX];
    assert_int_equal(context_path(&here.small, CONTEXT_FILE_HEAD_SEEN, path), MEDGL_OK);
    (void)unlink(path);
    assert_int_equal(context_path(&here.small, CONTEXT_FILE_CHECKPOINTS, path), MEDGL_OK);
    (void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(mkdir(path, 0755), 0);
}

static void put_back(void)
{
    context_close(&here.small);
    copy_store(copy_path, store_path);
    both_open_small(&here);
    forget_outside();
}

/* Of before anything happened. */
static void older(void)
{
    put_back();
}

/* And then something else happened, for as long. */
static void rewritten(void)
{
    const uint64_t size = size_of(&here.small);
    put_back();
    while (size_of(&here.small) <= size) {
        both_declare(&here, true);
        both_recover(&here);
    }
}

/* All of it anew, with keys of its own, under the same name. */
static void made_anew(void)
{
    static const enum context_file files[] = {CONTEXT_FILE_STORE_KEY, CONTEXT_FILE_LEDGER_KEY,
                                              CONTEXT_FILE_LEDGER_VKEY};
    char path[PATH_MAX];
    for (size_t i = 0; i < MEDGL_COUNT(files); i++) {
        assert_int_equal(context_path(&here.small, files[i], path), MEDGL_OK);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(context_path(&here.small, CONTEXT_FILE_STATE, path), MEDGL_OK);
    context_close(&here.small);
    assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    assert_int_equal(set_up(here.main->root), MEDGL_OK);
    both_open_small(&here);
}

static const struct break_row {
    const char *name;
    void (*breaks)(void);
} break_rows[] = {
    {"an older store was put back", older},
    {"and went on otherwise", rewritten},
    {"it was made anew", made_anew},
};

static void test_contradiction(void **state)
{
    const struct break_row *row = *state;
    bool joined = true;
    both_begin(&here);
    paths();
    context_close(&here.small);
    copy_store(store_path, copy_path);
    both_open_small(&here);
    both_seal(&here, BREAKGLASS_ONE);
    both_log_in(&here, BREAKGLASS_ONE);
    assert_true(join());
    row->breaks();
    const uint64_t size = size_of(&here.main->context);
    assert_int_equal(verify_small(), MEDGL_OK); /* by itself it is sound */
    assert_int_equal(verify_both(), MEDGL_ERR_CORRUPT);
    assert_int_equal(operation_emergency_join(&here.main->context, &here.small, &joined),
                     MEDGL_ERR_CORRUPT);
    assert_false(joined);
    assert_int_equal(alerts(), 1);
    assert_int_equal(size_of(&here.main->context), size + 1); /* of the alert */
    both_end(&here);
}

/* -- the row ---------------------------------------------------------------------------------- */

static enum medgl_error row_ahead(struct store_txn *txn, void *argument)
{
    struct joined row;
    (void)argument;
    MEDGL_TRY(joined_now(txn, &row));
    row.size++;
    return store_joined_put(txn, &row);
}

static enum medgl_error row_elsewhere(struct store_txn *txn, void *argument)
{
    struct joined row;
    (void)argument;
    MEDGL_TRY(joined_now(txn, &row));
    row.ledger_seq--;
    return store_joined_put(txn, &row);
}

static const struct row_row {
    const char *name;
    enum medgl_error (*tamper)(struct store_txn *txn, void *argument);
} row_rows[] = {
    {"it says more than its entry", row_ahead},
    {"it names another entry", row_elsewhere},
};

static void test_row(void **state)
{
    const struct row_row *row = *state;
    bool joined;
    both_begin(&here);
    assert_true(join());
    assert_int_equal(store_transact(here.main->context.store, STORE_WRITE, row->tamper, NULL),
                     MEDGL_OK);
    assert_int_equal(verify(here.main), MEDGL_ERR_CORRUPT);
    assert_int_equal(operation_emergency_join(&here.main->context, &here.small, &joined),
                     MEDGL_ERR_CORRUPT);
    both_end(&here);
}

/* -- the daily look --------------------------------------------------------------------------- */

static void gone(void)
{
    char path[PATH_MAX];
    assert_int_equal(context_path(&here.small, CONTEXT_FILE_STORE_KEY, path), MEDGL_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(context_path(&here.small, CONTEXT_FILE_STATE, path), MEDGL_OK);
    context_close(&here.small);
    assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Nobody but its owner may be able to change it. */
static void unusable(void)
{
    char path[PATH_MAX];
    assert_int_equal(context_path(&here.small, CONTEXT_FILE_STORE_KEY, path), MEDGL_OK);
    assert_int_equal(chmod(path, 0666), 0);
}

/* A main ledger that is not sound vouches for nothing. */
static void both_broken(void)
{
    assert_int_equal(store_transact(here.main->context.store, STORE_WRITE, row_ahead, NULL),
                     MEDGL_OK);
    older();
}

static void nothing(void)
{
}

static const struct watch_row {
    const char *name;
    void (*breaks)(void);
    unsigned alerts;
} watch_rows[] = {
    {"sound", nothing, 0},
    {"an older store was put back", older, 1},
    {"and went on otherwise", rewritten, 1},
    {"it was made anew", made_anew, 1},
    {"it is gone", gone, 1},
    {"it cannot be opened", unusable, 0},
    {"an older one, and the main one is not sound", both_broken, 1},
};

static void hear(void *argument, enum doctor_level level, const char *check, const char *text)
{
    (void)check;
    *(bool *)argument |=
        level == DOCTOR_FAULT &&
        strstr(text, "the installation of the break-glass accounts is gone") != NULL;
}

static bool doctor_finds_it_gone(void)
{
    bool told = false;
    (void)operation_doctor(here.main->root, hear, &told);
    return told;
}

static bool is_verified(void)
{
    char path[PATH_MAX], state[PATH_MAX];
    assert_int_equal(context_path(&here.main->context, CONTEXT_FILE_STATE, state), MEDGL_OK);
    assert_int_equal(path_under(path, state, "/verified"), MEDGL_OK);
    return access(path, F_OK) == 0;
}

/* Once a day, whether the small one can be opened or not. */
static void test_watch(void **state)
{
    const struct watch_row *row = *state;
    const struct alert_carrier carrier = {.argument = NULL};
    uint32_t raised;
    both_begin(&here);
    paths();
    context_close(&here.small);
    copy_store(store_path, copy_path);
    both_open_small(&here);
    both_seal(&here, BREAKGLASS_ONE);
    assert_true(join());
    row->breaks();
    const enum medgl_error error = operation_alert_watch(&here.main->context, &carrier, &raised);
    assert_int_equal(error != MEDGL_OK, row->breaks == unusable);
    assert_true(is_verified());
    assert_int_equal(operation_alert_watch(&here.main->context, &carrier, &raised), MEDGL_OK);
    assert_int_equal(alerts(), row->alerts);
    assert_int_equal(doctor_finds_it_gone(), row->breaks == gone);
    both_end(&here);
}

int main(void)
{
    table_add("join", "what is new is joined, once", test_join, NULL);
    table_add("join", "the small ledger vouches for nothing", test_swapped, NULL);
    TABLE_ADD("join by the timer", due_rows, test_due);
    TABLE_ADD("a small ledger that contradicts the main one", break_rows, test_contradiction);
    TABLE_ADD("the daily look", watch_rows, test_watch);
    TABLE_ADD("the row of what was joined", row_rows, test_row);
    return table_run("join");
}
