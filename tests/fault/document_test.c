/* R11: whoever takes the copy of a document in, or destroys one, is killed before each of the calls
 * that change a file. Store, ledger and files agree afterwards, and the next sweep finishes. */
#define FIXTURE_IN "/dev/shm"
#include "tests/fault/killed.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/table.h"

#include "base/text.h"

#define POINTS_MAX 2000

/* In the child, which opens the store for itself. */
static bool act_take(void *argument)
{
    struct fixture *f = argument;
    char why[OPERATION_WHY_SIZE];
    struct shown shown = {.f = f, .created = clock_read().now, .row = true, .entry = true};
    if (context_open(f->root, CONTEXT_STATE, &f->context) != MEDGL_OK)
        return false;
    bool good = take(f, BYTES(JPEG), &shown.taken, why) == MEDGL_OK &&
                store_transact(f->context.store, STORE_WRITE, show_now, &shown) == MEDGL_OK;
    context_close(&f->context);
    return good;
}

static bool act_sweep(void *argument)
{
    struct fixture *f = argument;
    uint32_t destroyed = 0;
    if (context_open(f->root, CONTEXT_STATE, &f->context) != MEDGL_OK)
        return false;
    bool good = operation_document_sweep(&f->context, &destroyed) == MEDGL_OK;
    context_close(&f->context);
    return good;
}

static enum medgl_error count_alive(void *argument, const struct document *document)
{
    *(unsigned *)argument += document->destroyed == 0;
    return MEDGL_OK;
}

static enum medgl_error alive_now(struct store_txn *txn, void *argument)
{
    *(unsigned *)argument = 0;
    return store_document_each(txn, count_alive, argument);
}

static unsigned alive(struct fixture *f)
{
    unsigned count = 0;
    assert_int_equal(store_transact(f->context.store, STORE_READ, alive_now, &count), MEDGL_OK);
    return count;
}

/* As if an hour had gone by since the kill. */
static void age_all(const struct fixture *f)
{
    char directory[PATH_MAX], path[PATH_MAX + 256];
    path_in(f, PATH_DOCUMENTS, directory);
    DIR *list = opendir(directory);
    for (const struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;) {
        (void)snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
        if (entry->d_name[0] != '.')
            make_old(path);
    }
    if (list != NULL)
        (void)closedir(list);
}

static const struct row {
    const char *name;
    bool (*act)(void *argument);
    bool sweeps;
} rows[] = {
    {"taking one in", act_take, false},
    {"destroying one", act_sweep, true},
};

/* Before: one that stays, one whose time is over, and a file that nobody knows. */
static struct fixture *scene_of(void)
{
    struct fixture *f = open_root();
    char why[OPERATION_WHY_SIZE];
    struct document_taken unknown;
    (void)show(f, MEDGL_DAY);
    (void)show(f, 31 * MEDGL_DAY);
    assert_int_equal(take(f, BYTES(JPEG), &unknown, why), MEDGL_OK);
    make_old(unknown.path);
    context_close(&f->context); /* no lock or connection of ours is inherited */
    return f;
}

static void judge(struct fixture *f, const struct row *row, enum killed killed)
{
    reopen(f);
    assert_int_equal(verify_all(f, 0).count, 0);
    const unsigned before = alive(f), destroys = tally_of(f).kinds[LEDGER_DOCUMENT_DESTROY];
    if (row->sweeps)
        assert_int_equal(before, destroys == 0 ? 2 : 1);
    else
        assert_in_range(before, killed == KILLED_DONE ? 3 : 2, 3);
    age_all(f);
    assert_int_equal(sweep(f), destroys == 0);
    assert_int_equal(alive(f), row->sweeps ? 1 : before - 1);
    assert_int_equal(files_in(f), alive(f));
    assert_int_equal(tally_of(f).kinds[LEDGER_DOCUMENT_DESTROY], 1);
    assert_int_equal(verify_all(f, 0).count, 0);
}

static void test_killed(void **state)
{
    const struct row *row = *state;
    enum killed killed = KILLED;
    unsigned n = 0;
    while (killed == KILLED && n < POINTS_MAX) {
        struct fixture *f = scene_of();
        killed = killed_before(KILLED_BY_FILTER, ++n, row->act, f);
        assert_int_not_equal(killed, KILLED_LOST);
        judge(f, row, killed);
        close_root(f);
    }
    assert_int_equal(killed, KILLED_DONE);
    print_message("# killed before each of %u calls\n", n - 1);
    assert_true(n > 10);
}

int main(void)
{
    if (!make_keys())
        return 99;
    TABLE_ADD("R11 killed while", rows, test_killed);
    int failed = table_run("documents and kills");
    remove_keys();
    return failed;
}
