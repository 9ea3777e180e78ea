/* What the store keeps of evidence (store.h): entries without their bodies, archives, checkpoints,
 * documents, keys one after the other, backups; on a real SQLite file (R08, R11, R36, R37). */
#include "store_fixture.h"
#include "table.h"

static void no_problem(void *argument, const char *what)
{
    (void)argument;
    fail_msg("%s", what);
}

/* -- entries without their bodies ------------------------------------------------------------ */

static void append_lines(unsigned count)
{
    char line[16];
    struct store_txn *txn = begin(STORE_WRITE);
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(line, sizeof(line), "line %u", i);
        assert_ok(append_line(txn, line));
    }
    commit();
}

/* "0=line 0 " with the right leaf; a body that is not there: "0= ". */
static enum medgl_error names_row(void *argument, const struct ledger_row *row)
{
    char text[64], line[16];
    unsigned char leaf[MERKLE_HASH_SIZE];
    assert_non_null(row->line);
    (void)snprintf(line, sizeof(line), "line %llu", (unsigned long long)row->seq);
    assert_ok(merkle_leaf(line, strlen(line), leaf));
    assert_memory_equal(leaf, row->leaf, sizeof(leaf));
    (void)snprintf(text, sizeof(text), "%llu=%.*s", (unsigned long long)row->seq, (int)row->len,
                   row->line);
    return names_add(argument, text);
}

struct archived {
    const char *name;
    uint64_t from, to;
    enum medgl_error error;
    const char *rows;
};
static const struct archived archived_cases[] = {
    {"none", 0, 0, MEDGL_OK, "0=line 0 1=line 1 2=line 2 3=line 3 "},
    {"the first", 0, 1, MEDGL_OK, "0= 1=line 1 2=line 2 3=line 3 "},
    {"in the middle", 1, 3, MEDGL_OK, "0=line 0 1= 2= 3=line 3 "},
    {"all", 0, 4, MEDGL_OK, "0= 1= 2= 3= "},
    {"beyond the head", 2, 5, MEDGL_ERR_ARGUMENT, "0=line 0 1=line 1 2=line 2 3=line 3 "},
    {"far beyond", 0, UINT64_MAX, MEDGL_ERR_ARGUMENT, "0=line 0 1=line 1 2=line 2 3=line 3 "},
    {"backwards", 3, 2, MEDGL_ERR_ARGUMENT, "0=line 0 1=line 1 2=line 2 3=line 3 "},
};

static bool every_line(void *argument, const char *line, size_t len)
{
    (void)argument;
    return line != NULL && len < 100;
}

static void R08_bodies_are_taken_away(void **state)
{
    const struct archived *row = *state;
    append_lines(4);
    struct store_txn *txn = begin(STORE_WRITE);
    assert_error(store_ledger_archive(txn, row->from, row->to), row->error);
    commit();
    fixture_reopen();
    struct names each = {.left = 100}, stream = {.left = 100}, wanted = {.left = 100};
    txn = begin(STORE_READ);
    assert_ok(store_ledger_each(txn, 0, UINT64_MAX, names_row, &each));
    assert_ok(store_ledger_stream(txn, names_row, &stream));
    assert_ok(store_ledger_select(txn, 0, UINT64_MAX, every_line, names_row, &wanted));
    commit();
    assert_string_equal(each.text, row->rows);
    assert_string_equal(stream.text, row->rows);
    assert_string_equal(wanted.text, row->rows);
    assert_ok(store_check(fixture.store, no_problem, NULL));
    txn = begin(STORE_WRITE); /* what is there already, and what comes after it */
    if (row->error == MEDGL_OK)
        assert_ok(store_ledger_archive(txn, row->from, row->to));
    assert_ok(append_line(txn, "line 4"));
    commit();
    assert_ok(store_check(fixture.store, no_problem, NULL));
}

struct forged {
    const char *name, *sql;
    enum medgl_error stream, archive;
};
static const struct forged forged_cases[] = {
    {"MAC", "UPDATE ledger SET mac = x'00' WHERE seq = 1", MEDGL_OK, MEDGL_ERR_CORRUPT},
    {"line", "UPDATE ledger SET line = 'line 9' WHERE seq = 1", MEDGL_OK, MEDGL_ERR_CORRUPT},
    {"line taken away", "UPDATE ledger SET line = '' WHERE seq = 1", MEDGL_OK, MEDGL_ERR_CORRUPT},
    {"no leaf", "UPDATE ledger SET leaf = x'' WHERE seq = 1", MEDGL_ERR_CORRUPT, MEDGL_ERR_CORRUPT},
    {"short leaf", "UPDATE ledger SET leaf = x'00' WHERE seq = 1", MEDGL_ERR_CORRUPT,
     MEDGL_ERR_CORRUPT},
    {"seq below zero", "UPDATE ledger SET seq = -1 WHERE seq = 1", MEDGL_ERR_CORRUPT,
     MEDGL_ERR_CORRUPT},
    {"entry gone", "DELETE FROM ledger WHERE seq = 1", MEDGL_OK, MEDGL_ERR_CORRUPT},
    {"none", "SELECT 1", MEDGL_OK, MEDGL_OK},
};

static enum medgl_error any_row(void *argument, const struct ledger_row *row)
{
    (void)argument;
    (void)row;
    return MEDGL_OK;
}

/* Verification has the tree for what a stream does not look at; what is archived is looked at. */
static void R08_forged_entry(void **state)
{
    const struct forged *row = *state;
    append_lines(3);
    raw_run(row->sql);
    struct store_txn *txn = begin(STORE_WRITE);
    assert_error(store_ledger_stream(txn, any_row, NULL), row->stream);
    assert_error(store_ledger_archive(txn, 0, 3), row->archive);
    roll_back();
}

static enum medgl_error stop_at_once(void *argument, const struct ledger_row *row)
{
    (void)argument;
    return row->seq == 0 ? MEDGL_ERR_ABORTED : MEDGL_OK;
}

static void R08_stream_stops_where_it_is_told(void **state)
{
    (void)state;
    struct store_txn *txn = begin(STORE_READ);
    assert_ok(store_ledger_stream(txn, stop_at_once, NULL)); /* empty */
    commit();
    append_lines(2);
    txn = begin(STORE_READ);
    assert_error(store_ledger_stream(txn, stop_at_once, NULL), MEDGL_ERR_ABORTED);
    assert_error(store_ledger_archive(txn, 0, 1), MEDGL_ERR_ARGUMENT); /* reads only */
    commit();
}

static void R09_head_keeps_its_time(void **state)
{
    struct ledger_head head;
    unsigned char leaf[MERKLE_HASH_SIZE];
    (void)state;
    for (int64_t time = -1; time <= 1; time++) {
        struct store_txn *txn = begin(STORE_WRITE);
        assert_ok(store_ledger_head(txn, &head));
        assert_ok(merkle_leaf("line", 4, leaf));
        assert_ok(merkle_append(&head.tree, leaf));
        head.time = time;
        assert_ok(store_ledger_append(txn, "line", 4, leaf, &head));
        commit();
        fixture_reopen();
        assert_ok(store_ledger_head(begin(STORE_READ), &head));
        commit();
        assert_int_equal(head.time, time);
    }
}

/* -- archives -------------------------------------------------------------------------------- */

struct follows {
    const char *name;
    uint64_t first, next;
    enum medgl_error error;
};
static const struct follows follows_cases[] = {
    {"it goes on", 20, 25, MEDGL_OK},           {"a gap", 21, 25, MEDGL_ERR_CONFLICT},
    {"an overlap", 19, 25, MEDGL_ERR_CONFLICT}, {"the first one again", 0, 10, MEDGL_ERR_CONFLICT},
    {"of nothing", 20, 20, MEDGL_ERR_ARGUMENT}, {"backwards", 20, 19, MEDGL_ERR_ARGUMENT},
};

static enum medgl_error names_archive(void *argument, const struct archive *archive)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "%llu-%llu", (unsigned long long)archive->first,
                   (unsigned long long)archive->next);
    const struct archive expected = archive_of(archive->first, archive->next);
    assert_string_equal(archive->digest, expected.digest);
    assert_string_equal(archive->file, expected.file);
    assert_true(archive->bytes == expected.bytes && archive->created == expected.created &&
                archive->ledger_seq == expected.ledger_seq);
    return names_add(argument, text);
}

static void R08_archives_follow_each_other(void **state)
{
    const struct follows *row = *state;
    struct names names = {.left = 100};
    const struct archive late = archive_of(5, 10), first = archive_of(0, 10),
                         second = archive_of(10, 20), next = archive_of(row->first, row->next);
    struct store_txn *txn = begin(STORE_WRITE);
    assert_error(store_archive_add(txn, &late), MEDGL_ERR_CONFLICT); /* entries before it */
    assert_ok(store_archive_add(txn, &first));
    assert_ok(store_archive_add(txn, &second));
    assert_error(store_archive_add(txn, &next), row->error);
    assert_ok(store_archive_each(txn, names_archive, &names));
    commit();
    assert_string_equal(names.text, row->error == MEDGL_OK ? "0-10 10-20 20-25 " : "0-10 10-20 ");
}

/* -- checkpoints ----------------------------------------------------------------------------- */

struct moment {
    const char *name;
    medgl_time time;
    uint64_t size; /* 0: none */
};
static const struct moment moments[] = {
    {"before all", NOW - 1, 0}, {"at the first", NOW, 3},     {"between", NOW + 5, 3},
    {"at two", NOW + 10, 30},   {"after all", INT64_MAX, 30}, {"long before", INT64_MIN, 0},
};

static void R08_checkpoint_at_a_time(void **state)
{
    const struct moment *row = *state;
    struct kept_checkpoint kept = {.size = 0};
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_checkpoint_add(txn, 3, NOW, "three"));
    assert_ok(store_checkpoint_add(txn, 20, NOW + 10, "twenty"));
    assert_ok(store_checkpoint_add(txn, 30, NOW + 10, "thirty"));
    assert_error(store_checkpoint_at(txn, row->time, &kept),
                 row->size == 0 ? MEDGL_ERR_NOT_FOUND : MEDGL_OK);
    commit();
    assert_int_equal(kept.size, row->size);
}

#define TEXT "host.example/medgl\n3\nAAAA\n\n"
struct cosigned {
    const char *name, *before, *note;
    enum medgl_error error;
};
static const struct cosigned cosigned_cases[] = {
    {"one more signature", TEXT "- a\n", TEXT "- a\n- b\n", MEDGL_OK},
    {"the same again", TEXT "- a\n", TEXT "- a\n", MEDGL_OK},
    {"another text", TEXT "- a\n", "host.example/medgl\n3\nBBBB\n\n- a\n", MEDGL_ERR_ARGUMENT},
    {"a longer text", TEXT "- a\n", "host.example/medgl\n3\nAAAA\nx\n\n- a\n", MEDGL_ERR_ARGUMENT},
    {"a shorter text", TEXT "- a\n", "host.example/medgl\n3\n\n- a\n", MEDGL_ERR_ARGUMENT},
    {"no signatures", TEXT "- a\n", "host.example/medgl\n3\nAAAA\n", MEDGL_ERR_ARGUMENT},
    {"of what is no note", "three", "three", MEDGL_ERR_ARGUMENT},
};

static void R08_checkpoint_is_cosigned(void **state)
{
    const struct cosigned *row = *state;
    struct kept_checkpoint kept = {.size = 3, .time = NOW, .told = NOW + 7}, after;
    assert_ok(text_copy(kept.note, sizeof(kept.note), row->note));
    struct store_txn *txn = begin(STORE_WRITE);
    assert_error(store_checkpoint_update(txn, &kept), MEDGL_ERR_NOT_FOUND);
    assert_ok(store_checkpoint_add(txn, 3, NOW, row->before));
    assert_error(store_checkpoint_update(txn, &kept), row->error);
    assert_ok(store_checkpoint_of(txn, 3, &after));
    assert_error(store_checkpoint_of(txn, 4, &kept), MEDGL_ERR_NOT_FOUND);
    assert_error(store_checkpoint_of(txn, UINT64_MAX, &kept), MEDGL_ERR_NOT_FOUND);
    commit();
    assert_string_equal(after.note, row->error == MEDGL_OK ? row->note : row->before);
    assert_true(after.time == NOW && after.told == (row->error == MEDGL_OK ? NOW + 7 : 0));
}

static void R08_checkpoint_with_many_cosignatures(void **state)
{
    struct kept_checkpoint kept = {.size = 3, .time = NOW}, after;
    (void)state;
    memset(kept.note, 'x', sizeof(kept.note) - 1);
    memcpy(kept.note, TEXT, strlen(TEXT));
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_checkpoint_add(txn, 3, NOW, TEXT));
    assert_ok(store_checkpoint_update(txn, &kept));
    assert_ok(store_checkpoint_of(txn, 3, &after));
    commit();
    assert_string_equal(after.note, kept.note);
    assert_ok(store_check(fixture.store, no_problem, NULL));
}

/* -- documents ------------------------------------------------------------------------------- */

static void assert_same_document(const struct document *one, const struct document *other)
{
    assert_string_equal(one->id, other->id);
    assert_string_equal(one->account_id, other->account_id);
    assert_string_equal(one->digest, other->digest);
    assert_string_equal(one->type, other->type);
    assert_true(one->size == other->size && one->created == other->created &&
                one->destroyed == other->destroyed && one->ledger_seq == other->ledger_seq &&
                one->shown_seq == other->shown_seq);
}

static enum medgl_error names_document(void *argument, const struct document *document)
{
    return names_add(argument, (char[]){document->id[0], '\0'});
}

static void R11_documents_are_kept(void **state)
{
    struct document late = document_of('1', 'a', 7), early = document_of('2', 'a', 9), got;
    const struct document same = document_of('3', 'a', 7), nobodys = document_of('4', 'z', 8);
    const struct account hanako = account_of('a', "hanako");
    struct names names = {.left = 100};
    (void)state;
    early.created = NOW - 1;
    early.destroyed = 0;
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_account_add(txn, &hanako));
    assert_ok(store_document_add(txn, &late));
    assert_ok(store_document_add(txn, &early));
    assert_error(store_document_add(txn, &same), MEDGL_ERR_EXISTS); /* its entry has one */
    assert_error(store_document_add(txn, &late), MEDGL_ERR_EXISTS);
    assert_error(store_document_update(txn, &same), MEDGL_ERR_NOT_FOUND);
    assert_error(store_document_of(txn, 8, &got), MEDGL_ERR_NOT_FOUND);
    assert_error(store_document_of(txn, UINT64_MAX, &got), MEDGL_ERR_NOT_FOUND);
    early.destroyed = NOW + 3;
    early.ledger_seq = 100;
    assert_ok(store_document_update(txn, &early));
    assert_ok(store_document_of(txn, 9, &got));
    assert_same_document(&got, &early);
    assert_ok(store_document_of(txn, 7, &got));
    assert_same_document(&got, &late);
    assert_ok(store_document_each(txn, names_document, &names));
    assert_error(store_document_add(txn, &nobodys), MEDGL_ERR_ARGUMENT);
    commit();
    assert_string_equal(names.text, "2 1 ");
}

/* -- keys ------------------------------------------------------------------------------------ */

static enum medgl_error names_key(void *argument, const struct key_period *key)
{
    char text[STORE_TEXT_SIZE + 64];
    (void)snprintf(text, sizeof(text), "%s@%llu", key->name, (unsigned long long)key->from);
    assert_string_equal(key->algorithm, "Ed25519");
    assert_int_equal(key->since, NOW);
    return names_add(argument, text);
}

static void R37_keys_one_after_the_other(void **state)
{
    struct names of_store = {.left = 100}, of_ledger = {.left = 100};
    const struct key_period keys[] = {
        key_of(KEY_USE_LEDGER, "second", 50), key_of(KEY_USE_LEDGER, "first", 0),
        key_of(KEY_USE_STORE, "a", 0), key_of(KEY_USE_LEDGER, "third", 90)};
    const struct key_period again = key_of(KEY_USE_LEDGER, "another", 50);
    (void)state;
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_key_each(txn, KEY_USE_LEDGER, names_key, &of_ledger)); /* none yet */
    for (size_t i = 0; i < MEDGL_COUNT(keys); i++)
        assert_ok(store_key_add(txn, &keys[i]));
    assert_error(store_key_add(txn, &again), MEDGL_ERR_EXISTS);
    assert_ok(store_key_each(txn, KEY_USE_STORE, names_key, &of_store));
    assert_ok(store_key_each(txn, KEY_USE_LEDGER, names_key, &of_ledger));
    commit();
    assert_string_equal(of_store.text, "a@1 ");
    assert_string_equal(of_ledger.text, "first@1 second@51 third@91 ");
}

/* -- backups --------------------------------------------------------------------------------- */

static enum medgl_error names_backup(void *argument, const struct backup *backup)
{
    char text[64];
    const struct backup expected = backup_of(backup->id[0], backup->created);
    assert_string_equal(backup->file, expected.file);
    assert_string_equal(backup->digest, expected.digest);
    assert_true(backup->bytes == expected.bytes && backup->size >= expected.size);
    (void)snprintf(text, sizeof(text), "%c%d/%d", backup->id[0], (int)backup->state,
                   (int)(backup->verified - backup->created));
    return names_add(argument, text);
}

static void R36_backups_latest_first(void **state)
{
    /* Of a larger ledger: made later, whatever the clock said. */
    struct backup early = backup_of('1', NOW), late = backup_of('2', NOW - 9);
    const struct backup unknown = backup_of('3', NOW);
    struct names names = {.left = 100};
    (void)state;
    late.size++;
    struct store_txn *txn = begin(STORE_WRITE);
    assert_ok(store_backup_add(txn, &early));
    assert_ok(store_backup_add(txn, &late));
    assert_error(store_backup_add(txn, &late), MEDGL_ERR_EXISTS);
    assert_error(store_backup_update(txn, &unknown), MEDGL_ERR_NOT_FOUND);
    early.state = BACKUP_GONE;
    late.verified = NOW + 31;
    assert_ok(store_backup_update(txn, &early));
    assert_ok(store_backup_update(txn, &late));
    assert_ok(store_backup_each(txn, names_backup, &names));
    commit();
    assert_string_equal(names.text, "21/40 12/1 ");
}

int main(void)
{
#define TEST(function) table_add("store_evidence", #function, function, NULL)
    TABLE_ADD("R08 bodies are taken away", archived_cases, R08_bodies_are_taken_away);
    TABLE_ADD("R08 forged entry", forged_cases, R08_forged_entry);
    TEST(R08_stream_stops_where_it_is_told);
    TEST(R09_head_keeps_its_time);
    TABLE_ADD("R08 archives follow each other", follows_cases, R08_archives_follow_each_other);
    TABLE_ADD("R08 checkpoint at a time", moments, R08_checkpoint_at_a_time);
    TABLE_ADD("R08 checkpoint is cosigned", cosigned_cases, R08_checkpoint_is_cosigned);
    TEST(R08_checkpoint_with_many_cosignatures);
    TEST(R11_documents_are_kept);
    TEST(R37_keys_one_after_the_other);
    TEST(R36_backups_latest_first);
    for (size_t i = 0; i < table_count; i++) {
        table_tests[i].setup_func = fixture_setup;
        table_tests[i].teardown_func = fixture_teardown;
    }
    return table_run("store_evidence");
}
