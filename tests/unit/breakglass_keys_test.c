/* R37, R32: the keys of the break-glass accounts' installation are exchanged as those of the main
 * one are: envelopes open as before, the evidence and what was joined hold, and what was
 * interrupted is finished. What an exchange is made of is tested in keys_test.c. */
#include "tests/unit/emergency_fixture.h"
#include "tests/unit/table.h"

#include "operation/doctor.h"
#include "operation/keys.h"
#include "operation/verify_joins.h"

static struct both both;
static char code[BREAKGLASS_TEXT_SIZE], used[BREAKGLASS_TEXT_SIZE];

static const struct use_row {
    const char *name;
    enum key_use use;
    const char *key, *fresh, *cure;
    bool interrupted; /* between its commit and the rename */
} rows[] = {
    {"store", KEY_USE_STORE, PATH_BREAKGLASS_KEY, PATH_BREAKGLASS_KEY ".new",
     "key rotate store --breakglass", false},
    {"store, interrupted", KEY_USE_STORE, PATH_BREAKGLASS_KEY, PATH_BREAKGLASS_KEY ".new",
     "key rotate store --breakglass", true},
    {"ledger", KEY_USE_LEDGER, PATH_BREAKGLASS_LEDGER_KEY, PATH_BREAKGLASS_LEDGER_KEY ".new",
     "key rotate ledger --breakglass", false},
    {"ledger, interrupted", KEY_USE_LEDGER, PATH_BREAKGLASS_LEDGER_KEY,
     PATH_BREAKGLASS_LEDGER_KEY ".new", "key rotate ledger --breakglass", true},
};

/* -- the exchange ------------------------------------------------------------------------------ */

static bool rotate(enum key_use use)
{
    const struct key_rotate_request request = {.root = both.main->root,
                                               .place = CONTEXT_BREAKGLASS,
                                               .owner = geteuid(),
                                               .group = getegid(),
                                               .actor = {.uid = 1000, .name = "admin"},
                                               .use = use,
                                               .reason = "the key may have leaked"};
    bool finished_old;
    assert_int_equal(operation_key_rotate(&request, &finished_old), MEDGL_OK);
    return finished_old;
}

static void content(const char *name, char text[512])
{
    char path[PATH_MAX];
    assert_int_equal(path_under(path, both.main->root, name), MEDGL_OK);
    auto_file FILE *file = fopen(path, "re");
    assert_non_null(file);
    text[fread(text, 1, 511, file)] = '\0';
}

static void put(const char *name, const char *text)
{
    char path[PATH_MAX];
    assert_int_equal(path_under(path, both.main->root, name), MEDGL_OK);
    assert_int_equal(file_replace(path, geteuid(), getegid(), 0400, text, strlen(text)), MEDGL_OK);
}

static bool is_there(const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    assert_int_equal(path_under(path, both.main->root, name), MEDGL_OK);
    return lstat(path, &st) == 0;
}

static void reopen_small(void)
{
    context_close(&both.small);
    both_open_small(&both);
}

/* -- what holds -------------------------------------------------------------------------------- */

static void join(void)
{
    bool joined = false;
    assert_int_equal(operation_emergency_join(&both.main->context, &both.small, &joined), MEDGL_OK);
    assert_true(joined);
}

/* The main ledger, and the small one by what the main one vouches for. */
static void evidence_holds(void)
{
    struct verify_joins joins = {.count = 0};
    const struct evidence_request request = {.fault = count_fault, .joins = &joins};
    struct ledger_result result;
    assert_int_equal(operation_verify(&both.main->context, &request, &result), MEDGL_OK);
    assert_int_equal(operation_verify(&both.small, &request, &result), MEDGL_OK);
    assert_int_equal(joins.next, joins.count);
    verify_joins_free(&joins);
}

struct hearing {
    const char *cure;
    bool told;
};

static void hear(void *argument, enum doctor_level level, const char *check, const char *text)
{
    struct hearing *hearing = argument;
    hearing->told |= level == DOCTOR_WARNING && strcmp(check, "keys") == 0 &&
                     strstr(text, hearing->cure) != NULL;
}

static bool doctor_tells(const struct use_row *row)
{
    struct hearing hearing = {.cure = row->cure};
    (void)operation_doctor(both.main->root, hear, &hearing);
    return hearing.told;
}

/* -- cases ------------------------------------------------------------------------------------- */

static void exchange(const struct use_row *row)
{
    char old[512], new[512];
    content(row->key, old);
    assert_false(rotate(row->use));
    content(row->key, new);
    assert_string_not_equal(old, new);
    assert_false(is_there(row->fresh));
    if (!row->interrupted)
        return;
    put(row->key, old);
    put(row->fresh, new);
}

static void finish(const struct use_row *row)
{
    assert_true(doctor_tells(row));
    assert_true(rotate(row->use));
    assert_false(is_there(row->fresh));
    reopen_small();
}

static void R37_keys_of_the_small_installation(void **state)
{
    const struct use_row *row = *state;
    char main_key[512], after[512];
    both_begin(&both);
    both_seal_for(&both, BREAKGLASS_TWO, used);
    assert_int_equal(both_type(&both, BREAKGLASS_TWO, used), LOGIN_ALLOWED);
    both_recover(&both);
    both_seal_for(&both, BREAKGLASS_ONE, code);
    join();
    content(PATH_STORE_KEY, main_key);
    exchange(row);
    reopen_small();
    assert_int_equal(both.small.put_back, 0);
    assert_int_equal(both_type(&both, BREAKGLASS_TWO, used), LOGIN_REFUSED);
    if (row->interrupted) {
        assert_int_equal(both_type(&both, BREAKGLASS_ONE, code), LOGIN_ALLOWED);
        finish(row);
    }
    assert_int_equal(both_type(&both, BREAKGLASS_ONE, code), LOGIN_ALLOWED);
    assert_false(doctor_tells(row));
    evidence_holds();
    join();
    evidence_holds();
    content(PATH_STORE_KEY, after);
    assert_string_equal(after, main_key);
    both_end(&both);
}

int main(void)
{
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++)
        table_add("breakglass_keys", rows[i].name, R37_keys_of_the_small_installation, &rows[i]);
    return table_run("breakglass_keys");
}
