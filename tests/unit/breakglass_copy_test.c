/* R32: what a store of break-glass accounts that was put back from a copy, or is gone, opens and
 * does not open. */
#include "tests/unit/emergency_fixture.h"
#include "tests/unit/table.h"

#include "operation/doctor.h"

static struct both both;
static char code[BREAKGLASS_TEXT_SIZE], fresh[BREAKGLASS_TEXT_SIZE];

/* -- an older copy ----------------------------------------------------------------------------- */

static void path_of(enum context_file file, char path[PATH_MAX])
{
    assert_int_equal(path_under(path, both.main->root, context_file(CONTEXT_BREAKGLASS, file)),
                     MEDGL_OK);
}

static void copy(bool back)
{
    char store[PATH_MAX], kept[PATH_MAX];
    path_of(CONTEXT_FILE_STORE, store);
    assert_int_equal(path_under(kept, both.main->root, PATH_BREAKGLASS "/copy.db"), MEDGL_OK);
    context_close(&both.small);
    copy_store(back ? kept : store, back ? store : kept);
}

struct state_run {
    const char *name;
    enum breakglass_state state;
};

static void state_one(void *argument, const struct breakglass_record *record)
{
    struct state_run *run = argument;
    if (strcmp(record->account->name, run->name) == 0)
        run->state = record->state;
}

static enum breakglass_state state_of(const char *name)
{
    struct state_run run = {.name = name};
    assert_int_equal(operation_breakglass_list(&both.small, state_one, &run), MEDGL_OK);
    return run.state;
}

static void hear(void *argument, enum doctor_level level, const char *check, const char *text)
{
    (void)check;
    *(bool *)argument |=
        level == DOCTOR_FAULT && strstr(text, "seal all accounts anew, and remove") != NULL;
}

static bool doctor_tells(void)
{
    bool told = false;
    (void)operation_doctor(both.main->root, hear, &told);
    return told;
}

static const struct copy_row {
    const char *name;
    bool forgotten; /* the file beside the store that knows better is gone as well */
    enum login_verdict verdict;
} copy_rows[] = {
    {"it opens nothing that was sealed before", false, LOGIN_REFUSED},
    {"it does where nothing beside it knows better", true, LOGIN_ALLOWED},
};

static void R32_used_envelope_of_an_older_copy(void **state)
{
    const struct copy_row *row = *state;
    char head[PATH_MAX];
    both_begin(&both);
    both_seal_for(&both, BREAKGLASS_ONE, code);
    copy(false);
    both_open_small(&both);
    assert_int_equal(both_type(&both, BREAKGLASS_ONE, code), LOGIN_ALLOWED);
    both_recover(&both);
    copy(true);
    path_of(CONTEXT_FILE_HEAD_SEEN, head);
    if (row->forgotten)
        assert_int_equal(unlink(head), 0);
    both_open_small(&both);
    assert_int_equal(state_of(BREAKGLASS_ONE),
                     row->forgotten ? BREAKGLASS_SEALED : BREAKGLASS_CLOSED);
    assert_int_equal(doctor_tells(), !row->forgotten);
    assert_int_equal(both_type(&both, BREAKGLASS_ONE, code), row->verdict);
    if (!row->forgotten) { /* and sealed anew it opens */
        clock_sleep(2); /* what was sealed in the last millisecond of what is lost stays closed */
        both_seal_for(&both, BREAKGLASS_ONE, fresh);
        context_close(&both.small);
        both_open_small(&both);
        assert_int_equal(state_of(BREAKGLASS_ONE), BREAKGLASS_SEALED);
        assert_int_equal(both_type(&both, BREAKGLASS_ONE, code), LOGIN_REFUSED);
        assert_int_equal(both_type(&both, BREAKGLASS_ONE, fresh), LOGIN_ALLOWED);
    }
    both_end(&both);
}

/* -- it is gone -------------------------------------------------------------------------------- */

static const struct gone_row {
    const char *name;
    bool joined;
} gone_rows[] = {
    {"the main ledger vouches for it: nobody is known not to be enrolled", true},
    {"it does not: there was none", false},
};

static void R32_store_and_key_are_gone(void **state)
{
    const struct gone_row *row = *state;
    auto_clean(context_close) struct context context = {.store = NULL};
    char path[PATH_MAX];
    bool joined = false;
    both_begin(&both);
    if (row->joined)
        assert_int_equal(operation_emergency_join(&both.main->context, &both.small, &joined),
                         MEDGL_OK);
    assert_int_equal(joined, row->joined);
    context_close(&both.small);
    path_of(CONTEXT_FILE_STATE, path);
    assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    path_of(CONTEXT_FILE_STORE_KEY, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(
        context_open_of(both.main->root, CONTEXT_STATE, "nobody-of-this-name", &context), MEDGL_OK);
    assert_int_equal(context.place, CONTEXT_MAIN);
    assert_int_equal(context.unsure, row->joined);
    both_end(&both);
}

int main(void)
{
    TABLE_ADD("an older copy", copy_rows, R32_used_envelope_of_an_older_copy);
    TABLE_ADD("store and key are gone", gone_rows, R32_store_and_key_are_gone);
    return table_run("breakglass_copy");
}
