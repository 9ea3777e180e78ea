/* Verification finds every kind of tampering with a ledger, and nothing in one that was left alone
 * (R08, R09). */
#include "base/auto.h"
#include "base/text.h"
#include "ledger/verify.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/table.h"

#define ENTRIES         20
#define ENTRIES_MAX     (ENTRIES + 4)
#define CHECKPOINTS_MAX 8
#define ORIGIN          "ward3.example"

struct row {
    uint64_t seq;
    char *line;
    size_t len;
    unsigned char leaf[MERKLE_HASH_SIZE];
};

/* A ledger as it is stored, with checkpoints at 5, 12 and 20 entries, and one of 8 kept outside. */
struct book {
    struct row rows[ENTRIES_MAX];
    size_t count;
    bool exported; /* without stored leaf hashes and head */
    struct merkle_tree head;
    struct {
        char label[32];
        char note[1024];
    } checkpoints[CHECKPOINTS_MAX];
    size_t checkpoint_count;
};

static struct note_signer *signer, *thief; /* of the ledger, and another of the same name */
static struct note_verifier *key, *thief_key;

static struct ledger_entry entry_at(uint64_t seq)
{
    struct ledger_entry entry = {.seq = seq,
                                 .time = (medgl_time)(1795251238120 + 1000 * seq),
                                 .clock_synchronised = true,
                                 .origin = ORIGIN,
                                 .kind = LEDGER_LOGIN_FAILURE,
                                 .actor = {.uid = -1, .name = ""},
                                 .subject = {.account = "a1", .name = "sato"}};
    ledger_entry_text(&entry, "source", "192.0.2.7");
    return entry;
}

/* Puts the entry into the row, hashed. */
static void write_row(struct row *row, const struct ledger_entry *entry)
{
    free(row->line);
    row->seq = entry->seq;
    assert_int_equal(ledger_entry_encode(entry, &row->line, &row->len), MEDGL_OK);
    assert_int_equal(merkle_leaf(row->line, row->len, row->leaf), MEDGL_OK);
}

static struct merkle_tree tree_of(const struct book *book, size_t count)
{
    struct merkle_tree tree = {0};
    for (size_t i = 0; i < count; i++)
        assert_int_equal(merkle_append(&tree, book->rows[i].leaf), MEDGL_OK);
    return tree;
}

static void add_checkpoint(struct book *book, const char *label, const struct note_signer *by,
                           size_t size)
{
    struct merkle_tree tree = tree_of(book, size);
    struct checkpoint checkpoint = {.origin = ORIGIN, .size = size};
    size_t at = book->checkpoint_count++;
    assert_true(at < CHECKPOINTS_MAX);
    assert_int_equal(merkle_root(&tree, checkpoint.root), MEDGL_OK);
    assert_int_equal(
        text_copy(book->checkpoints[at].label, sizeof(book->checkpoints[at].label), label),
        MEDGL_OK);
    assert_int_equal(checkpoint_sign(&checkpoint, by, book->checkpoints[at].note,
                                     sizeof(book->checkpoints[at].note)),
                     MEDGL_OK);
}

static void book_free(struct book *book)
{
    for (size_t i = 0; i < ENTRIES_MAX; i++)
        free(book->rows[i].line);
}

static void make_book(struct book *book, size_t count)
{
    *book = (struct book){.count = count};
    for (size_t i = 0; i < count; i++) {
        struct ledger_entry entry = entry_at(i);
        write_row(&book->rows[i], &entry);
    }
    book->head = tree_of(book, count);
    add_checkpoint(book, "head", signer, count);
}

/* What somebody can do who may write everything but lacks the ledger's key. */
static void rehash(struct book *book)
{
    for (size_t i = 0; i < book->count; i++)
        assert_int_equal(merkle_leaf(book->rows[i].line, book->rows[i].len, book->rows[i].leaf),
                         MEDGL_OK);
    book->head = tree_of(book, book->count);
}

/* And with the key: everything but the checkpoint outside is made anew. */
static void resign(struct book *book)
{
    static const size_t sizes[] = {5, 12};
    rehash(book);
    char outside[sizeof(book->checkpoints[0].note)];
    memcpy(outside, book->checkpoints[3].note, sizeof(outside));
    book->checkpoint_count = 0;
    add_checkpoint(book, "head", signer, book->count);
    for (size_t i = 0; i < MEDGL_COUNT(sizes); i++)
        add_checkpoint(book, "stored", signer, sizes[i] < book->count ? sizes[i] : book->count);
    add_checkpoint(book, "outside", signer, 0);
    memcpy(book->checkpoints[3].note, outside, sizeof(outside));
}

static void take_out(struct book *book, size_t at)
{
    free(book->rows[at].line);
    memmove(&book->rows[at], &book->rows[at + 1], (--book->count - at) * sizeof(struct row));
    book->rows[book->count].line = NULL;
}

static void renumber(struct book *book)
{
    for (size_t i = 0; i < book->count; i++) {
        struct ledger_entry entry = entry_at(i);
        auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
        assert_int_equal(ledger_entry_decode(book->rows[i].line, book->rows[i].len, &parsed),
                         MEDGL_OK);
        entry = *ledger_parsed_entry(parsed);
        entry.seq = i;
        write_row(&book->rows[i], &entry);
    }
}

/* -- ways of tampering ------------------------------------------------------------------------ */

static void flip_line(struct book *book)
{
    book->rows[7].line[book->rows[7].len - 5] ^= 1;
}

static void flip_line_of_export(struct book *book)
{
    book->exported = true;
    flip_line(book);
}

static void flip_line_and_rehash(struct book *book)
{
    flip_line(book);
    rehash(book);
}

static void flip_leaf(struct book *book)
{
    book->rows[7].leaf[31] ^= 0x80;
}

static void remove_first(struct book *book)
{
    take_out(book, 0);
}

static void remove_middle(struct book *book)
{
    take_out(book, 7);
}

static void remove_middle_and_renumber(struct book *book)
{
    take_out(book, 7);
    renumber(book);
    rehash(book);
}

static void remove_last(struct book *book)
{
    take_out(book, ENTRIES - 1);
}

static void swap_rows(struct book *book)
{
    struct row row = book->rows[7];
    book->rows[7] = book->rows[8];
    book->rows[8] = row;
}

static void swap_contents(struct book *book)
{
    swap_rows(book);
    book->rows[7].seq = 7;
    book->rows[8].seq = 8;
}

static void swap_and_renumber(struct book *book)
{
    struct ledger_entry entry = entry_at(7);
    entry.subject.name = "suzuki";
    write_row(&book->rows[7], &entry);
    swap_rows(book);
    renumber(book);
    rehash(book);
}

static void repeat(struct book *book)
{
    memmove(&book->rows[8], &book->rows[7], (book->count++ - 7) * sizeof(struct row));
    book->rows[8].line = strdup(book->rows[7].line);
    assert_non_null(book->rows[8].line);
}

static void repeat_and_renumber(struct book *book)
{
    repeat(book);
    renumber(book);
    rehash(book);
}

static void pad_the_end(struct book *book)
{
    struct ledger_entry entry = entry_at(book->count);
    write_row(&book->rows[book->count++], &entry);
}

static void cut_after_checkpoint(struct book *book)
{
    while (book->count > 12)
        take_out(book, book->count - 1);
    rehash(book);
}

static void cut_with_key(struct book *book)
{
    while (book->count > 6)
        take_out(book, book->count - 1);
    resign(book);
}

static void empty_with_key(struct book *book)
{
    while (book->count > 0)
        take_out(book, book->count - 1);
    resign(book);
}

static void rewrite_with_key(struct book *book)
{
    struct ledger_entry entry = entry_at(3);
    entry.subject.name = "suzuki";
    write_row(&book->rows[3], &entry);
    resign(book);
}

static void checkpoint_by_another_key(struct book *book)
{
    add_checkpoint(book, "forged", thief, 6);
}

static void checkpoint_text_altered(struct book *book)
{
    char *size = strstr(book->checkpoints[1].note, "\n5\n");
    assert_non_null(size);
    size[1] = '6';
}

static void checkpoint_signature_altered(struct book *book)
{
    char *at = book->checkpoints[1].note + strlen(book->checkpoints[1].note) - 20;
    *at = *at == 'A' ? 'B' : 'A';
}

static void checkpoint_empty(struct book *book)
{
    book->checkpoints[1].note[0] = '\0';
}

static void checkpoint_contradicts(struct book *book)
{
    struct book other;
    make_book(&other, 5);
    struct ledger_entry entry = entry_at(2);
    entry.subject.name = "suzuki";
    write_row(&other.rows[2], &entry);
    add_checkpoint(&other, "other", signer, 5);
    book->checkpoints[book->checkpoint_count] = other.checkpoints[1];
    book->checkpoint_count++;
    book_free(&other);
}

static void checkpoint_of_nothing_is_wrong(struct book *book)
{
    struct checkpoint checkpoint = {.origin = ORIGIN, .size = 0, .root = {1}};
    assert_int_equal(checkpoint_sign(&checkpoint, signer, book->checkpoints[1].note,
                                     sizeof(book->checkpoints[1].note)),
                     MEDGL_OK);
}

static void other_origin(struct book *book)
{
    struct ledger_entry entry = entry_at(7);
    entry.origin = "ward4.example";
    write_row(&book->rows[7], &entry);
    resign(book);
}

static void other_number(struct book *book)
{
    struct ledger_entry entry = entry_at(9);
    write_row(&book->rows[7], &entry);
    book->rows[7].seq = 7;
    resign(book);
}

static void other_form(struct book *book)
{
    struct row *row = &book->rows[7];
    char *line = malloc(row->len + 2);
    assert_non_null(line);
    memcpy(line, row->line, row->len);
    memcpy(line + row->len, " ", 2);
    free(row->line);
    row->line = line;
    row->len++;
    resign(book);
}

static void number_skipped(struct book *book)
{
    for (size_t i = 7; i < book->count; i++) {
        struct ledger_entry entry = entry_at(i + 1);
        write_row(&book->rows[i], &entry);
    }
    resign(book);
}

static void head_size(struct book *book)
{
    book->head.size++;
}

static void head_peak(struct book *book)
{
    book->head.peak[2][0] ^= 1;
}

static void head_unused_peak(struct book *book)
{
    book->head.peak[63][31] ^= 1;
}

static void head_older(struct book *book)
{
    book->head = tree_of(book, ENTRIES - 1);
}

/* `at` and `what`: where the first fault is, and words of it; `faults`: how many, 0 for any. */
static const struct tamper_row {
    const char *name;
    void (*tamper)(struct book *book);
    const char *what;
    uint64_t at;
    uint64_t faults;
} tampers[] = {
    {"a bit of a line", flip_line, "stored hash is not that of the entry", 7, 0},
    {"a bit of an exported line", flip_line_of_export, "outside was made over other entries", 8, 0},
    {"a line with its hashes", flip_line_and_rehash, "outside was made over other entries", 8, 0},
    {"a bit of a leaf hash", flip_leaf, "stored hash is not that of the entry", 7, 1},
    {"first entry removed", remove_first, "missing in front of this one, from 0", 1, 0},
    {"middle entry removed", remove_middle, "missing in front of this one, from 7", 8, 0},
    {"middle entry removed, rest renumbered", remove_middle_and_renumber,
     "outside was made over other entries", 8, 0},
    {"last entry removed", remove_last, "head was made over 20 entries, but there are 19", 20, 2},
    {"entries swapped", swap_rows, "missing in front of this one, from 7", 8, 0},
    {"contents swapped", swap_contents, "calls itself number 8", 7, 0},
    {"entries swapped and renumbered", swap_and_renumber, "outside was made over other entries", 8,
     0},
    {"entry twice", repeat, "comes again or out of order", 7, 0},
    {"entry twice, rest renumbered", repeat_and_renumber, "other entries than these 12", 12, 0},
    {"an entry more than the head", pad_the_end, "stored head is not that of the entries", 20, 1},
    {"cut back to a checkpoint", cut_after_checkpoint, "the ledger was cut", 20, 1},
    {"cut with the key at hand", cut_with_key, "outside was made over 8 entries, but there are 6",
     8, 1},
    {"emptied with the key at hand", empty_with_key, "outside was made over 8", 8, 1},
    {"rewritten with the key at hand", rewrite_with_key, "outside was made over other entries", 8,
     1},
    {"checkpoint by another key", checkpoint_by_another_key, "forged is not signed by the key of",
     0, 1},
    {"checkpoint's text altered", checkpoint_text_altered, "stored is not signed", 0, 1},
    {"checkpoint's signature altered", checkpoint_signature_altered, "stored is not signed", 0, 1},
    {"checkpoint empty", checkpoint_empty, "stored is not signed", 0, 1},
    {"checkpoints contradict each other", checkpoint_contradicts, "contradict each other", 5, 2},
    {"checkpoint of nothing is wrong", checkpoint_of_nothing_is_wrong,
     "stored was made over other entries than these 0", 0, 1},
    {"entry of another ledger", other_origin, "belongs to another ledger: ward4.example", 7, 0},
    {"entry of another number", other_number, "calls itself number 9", 7, 0},
    {"entry in another form, with the key at hand", other_form, "no entry in the form", 7, 0},
    {"a number skipped, with the key at hand", number_skipped, "missing in front of this one", 8,
     0},
    {"head of another size", head_size, "stored head is not that of the entries", 21, 1},
    {"head with another hash", head_peak, "stored head is not that of the entries", 20, 1},
    {"head with a hash where none is", head_unused_peak, "stored head is not that", 20, 1},
    {"head of a smaller ledger", head_older, "stored head is not that of the entries", 19, 1},
};

/* -- verification ----------------------------------------------------------------------------- */

struct heard {
    uint64_t count, at;
    char what[1024];
};

static void hear(void *argument, uint64_t seq, const char *what)
{
    struct heard *heard = argument;
    if (heard->count++ > 0)
        return;
    heard->at = seq;
    (void)snprintf(heard->what, sizeof(heard->what), "%s", what);
}

static enum medgl_error verify(const struct book *book, struct heard *heard,
                               struct ledger_result *result)
{
    auto_clean(ledger_verifier_free) struct ledger_verifier *verifier = NULL;
    *heard = (struct heard){0};
    assert_int_equal(
        ledger_verifier_new(&(struct ledger_verifier_key){key, 0}, 1, hear, heard, &verifier),
        MEDGL_OK);
    for (size_t i = 0; i < book->checkpoint_count; i++)
        assert_int_equal(ledger_verifier_checkpoint(verifier, book->checkpoints[i].label,
                                                    book->checkpoints[i].note),
                         MEDGL_OK);
    for (size_t i = 0; i < book->count; i++)
        assert_int_equal(ledger_verifier_entry(verifier, book->rows[i].seq, book->rows[i].line,
                                               book->rows[i].len,
                                               book->exported ? NULL : book->rows[i].leaf, NULL),
                         MEDGL_OK);
    enum medgl_error error =
        ledger_verifier_finish(verifier, book->exported ? NULL : &book->head, result);
    assert_int_equal(result->faults, heard->count);
    return error;
}

static void make_whole_book(struct book *book)
{
    make_book(book, ENTRIES);
    add_checkpoint(book, "stored", signer, 5);
    add_checkpoint(book, "stored", signer, 12);
    add_checkpoint(book, "outside", signer, 8);
}

static void tampering_is_found(void **state)
{
    const struct tamper_row *row = *state;
    auto_clean(book_free) struct book book;
    struct heard heard;
    struct ledger_result result;
    make_whole_book(&book);
    row->tamper(&book);
    assert_int_equal(verify(&book, &heard, &result), MEDGL_ERR_CORRUPT);
    if (strstr(heard.what, row->what) == NULL)
        print_error("first fault, at %ju: %s\n", (uintmax_t)heard.at, heard.what);
    assert_non_null(strstr(heard.what, row->what));
    assert_int_equal(heard.at, row->at);
    assert_true(row->faults == 0 || heard.count == row->faults);
}

static void untouched_ledger_has_no_fault(void **state)
{
    (void)state;
    for (int exported = 0; exported <= 1; exported++) {
        auto_clean(book_free) struct book book;
        struct heard heard;
        struct ledger_result result;
        make_whole_book(&book);
        book.exported = exported;
        assert_int_equal(verify(&book, &heard, &result), MEDGL_OK);
        assert_int_equal(heard.count, 0);
        assert_int_equal(result.entries, ENTRIES);
        assert_int_equal(result.checkpoints, 4);
        assert_int_equal(result.clock_backwards, 0);
        assert_int_equal(result.clock_unsynchronised, 0);
        assert_memory_equal(&result.tree, &book.head, sizeof(result.tree));
        unsigned char root[MERKLE_HASH_SIZE];
        assert_int_equal(merkle_root(&book.head, root), MEDGL_OK);
        assert_memory_equal(result.root, root, sizeof(root));
    }
}

static void empty_ledger_has_no_fault(void **state)
{
    (void)state;
    auto_clean(book_free) struct book book;
    struct heard heard;
    struct ledger_result result;
    make_book(&book, 0);
    assert_int_equal(verify(&book, &heard, &result), MEDGL_OK);
    assert_int_equal(result.entries, 0);
    assert_int_equal(result.checkpoints, 1);
}

/* What was published may be older than what is there: that is what a checkpoint is for. */
static void ledger_may_grow_beyond_its_checkpoints(void **state)
{
    (void)state;
    auto_clean(book_free) struct book book;
    struct heard heard;
    struct ledger_result result;
    make_whole_book(&book);
    pad_the_end(&book);
    book.head = tree_of(&book, book.count);
    assert_int_equal(verify(&book, &heard, &result), MEDGL_OK);
    assert_int_equal(result.checkpoints, 4);
}

static void every_flipped_byte_is_found(void **state)
{
    (void)state;
    auto_clean(book_free) struct book book;
    struct heard heard;
    struct ledger_result result;
    make_book(&book, 3);
    for (size_t i = 0; i < book.rows[1].len; i++) {
        const char bit = (char)(1 << i % 7);
        book.rows[1].line[i] ^= bit;
        assert_int_equal(verify(&book, &heard, &result), MEDGL_ERR_CORRUPT);
        book.exported = true;
        assert_int_equal(verify(&book, &heard, &result), MEDGL_ERR_CORRUPT);
        book.exported = false;
        book.rows[1].line[i] ^= bit;
    }
    for (size_t i = 0; i < MERKLE_HASH_SIZE; i++) {
        const unsigned char bit = (unsigned char)(1 << i % 8);
        book.rows[1].leaf[i] ^= bit;
        assert_int_equal(verify(&book, &heard, &result), MEDGL_ERR_CORRUPT);
        book.rows[1].leaf[i] ^= bit;
    }
    assert_int_equal(verify(&book, &heard, &result), MEDGL_OK);
}

/* R09: order is by number; time that goes back is visible, and no fault. */
static void clock_is_counted(void **state)
{
    (void)state;
    auto_clean(book_free) struct book book;
    struct heard heard;
    struct ledger_result result;
    make_book(&book, 6);
    struct ledger_entry entry = entry_at(2);
    entry.time = entry_at(0).time;
    entry.clock_synchronised = false;
    write_row(&book.rows[2], &entry);
    entry = entry_at(4);
    entry.clock_synchronised = false;
    write_row(&book.rows[4], &entry);
    entry = entry_at(5);
    entry.time = entry_at(4).time; /* the same millisecond is not backwards */
    write_row(&book.rows[5], &entry);
    book.checkpoint_count = 0;
    rehash(&book);
    assert_int_equal(verify(&book, &heard, &result), MEDGL_OK);
    assert_int_equal(result.clock_backwards, 1);
    assert_int_equal(result.clock_unsynchronised, 2);
}

static void late_checkpoint_is_an_error(void **state)
{
    (void)state;
    auto_clean(book_free) struct book book;
    auto_clean(ledger_verifier_free) struct ledger_verifier *verifier = NULL;
    struct heard heard = {0};
    make_book(&book, 1);
    assert_int_equal(
        ledger_verifier_new(&(struct ledger_verifier_key){key, 0}, 1, hear, &heard, &verifier),
        MEDGL_OK);
    assert_int_equal(
        ledger_verifier_entry(verifier, 0, book.rows[0].line, book.rows[0].len, NULL, NULL),
        MEDGL_OK);
    assert_int_equal(ledger_verifier_checkpoint(verifier, "late", book.checkpoints[0].note),
                     MEDGL_ERR_ARGUMENT);
}

/* Labels are file names, and may be anything. */
static void faults_are_printable(void **state)
{
    (void)state;
    auto_clean(ledger_verifier_free) struct ledger_verifier *verifier = NULL;
    struct heard heard = {0};
    assert_int_equal(
        ledger_verifier_new(&(struct ledger_verifier_key){key, 0}, 1, hear, &heard, &verifier),
        MEDGL_OK);
    assert_int_equal(ledger_verifier_checkpoint(verifier, "a\x1b[2J\nb", "x"), MEDGL_OK);
    assert_int_equal(heard.count, 1);
    assert_true(text_is_printable(heard.what));
}

/* -- keys, one after the other (R37): the other signer's from 12 entries on ----------------------
 */

static void add_checkpoint_of_both(struct book *book, size_t size)
{
    struct merkle_tree tree = tree_of(book, size);
    struct checkpoint checkpoint = {.origin = ORIGIN, .size = size};
    const size_t at = book->checkpoint_count++;
    assert_int_equal(merkle_root(&tree, checkpoint.root), MEDGL_OK);
    (void)snprintf(book->checkpoints[at].label, sizeof(book->checkpoints[at].label), "exchange");
    assert_int_equal(checkpoint_sign_both(&checkpoint, signer, thief, book->checkpoints[at].note,
                                          sizeof(book->checkpoints[at].note)),
                     MEDGL_OK);
}

static void exchanged(struct book *book)
{
    add_checkpoint(book, "before", signer, 5);
    add_checkpoint_of_both(book, 12);
    add_checkpoint(book, "after", thief, 13);
}

static void exchanged_by_the_new_key_alone(struct book *book)
{
    add_checkpoint(book, "exchange", thief, 12);
}

static void exchanged_by_the_old_key_alone(struct book *book)
{
    add_checkpoint(book, "exchange", signer, 12);
}

static void exchanged_by_each_alone(struct book *book)
{
    exchanged_by_the_new_key_alone(book);
    exchanged_by_the_old_key_alone(book);
}

static void exchanged_elsewhere(struct book *book)
{
    add_checkpoint_of_both(book, 11);
}

static void exchanged_over_other_entries(struct book *book)
{
    struct ledger_entry entry = entry_at(3);
    add_checkpoint_of_both(book, 12);
    entry.subject.name = "suzuki";
    write_row(&book->rows[3], &entry);
    rehash(book);
    book->checkpoint_count = 2;
}

static void new_key_before_its_time(struct book *book)
{
    exchanged(book);
    add_checkpoint(book, "early", thief, 11);
}

static void old_key_after_its_time(struct book *book)
{
    exchanged(book);
    add_checkpoint(book, "late", signer, 13);
}

#define NOT_VOUCHED "the key that signs from 12 entries on was not signed by the one before it"

static const struct exchange_row {
    const char *name;
    void (*make)(struct book *book);
    const char *what; /* NULL: no fault */
} exchanges[] = {
    {"by both", exchanged, NULL},
    {"nowhere", NULL, NOT_VOUCHED},
    {"by the new key alone", exchanged_by_the_new_key_alone, NOT_VOUCHED},
    {"by the old key alone", exchanged_by_the_old_key_alone, NOT_VOUCHED},
    {"by each alone", exchanged_by_each_alone, NOT_VOUCHED},
    {"over another size", exchanged_elsewhere, NOT_VOUCHED},
    {"over other entries", exchanged_over_other_entries, "was made over other entries"},
    {"the new key before its time", new_key_before_its_time, "early is not signed by the key"},
    {"the old key after its time", old_key_after_its_time, "late is not signed by the key"},
};

static enum medgl_error verify_with(const struct book *book, const struct ledger_verifier_key *keys,
                                    size_t count, const struct cosigner *const *witnesses,
                                    size_t witness_count, unsigned quorum, struct heard *heard,
                                    struct ledger_result *result)
{
    auto_clean(ledger_verifier_free) struct ledger_verifier *verifier = NULL;
    *heard = (struct heard){0};
    assert_int_equal(ledger_verifier_new(keys, count, hear, heard, &verifier), MEDGL_OK);
    assert_int_equal(ledger_verifier_witnesses(verifier, witnesses, witness_count, quorum),
                     MEDGL_OK);
    for (size_t i = 0; i < book->checkpoint_count; i++)
        assert_int_equal(ledger_verifier_checkpoint(verifier, book->checkpoints[i].label,
                                                    book->checkpoints[i].note),
                         MEDGL_OK);
    for (size_t i = 0; i < book->count; i++)
        assert_int_equal(ledger_verifier_entry(verifier, book->rows[i].seq, book->rows[i].line,
                                               book->rows[i].len, book->rows[i].leaf, NULL),
                         MEDGL_OK);
    return ledger_verifier_finish(verifier, &book->head, result);
}

static void exchange_is_judged(void **state)
{
    const struct exchange_row *row = *state;
    const struct ledger_verifier_key keys[] = {{key, 0}, {thief_key, 12}};
    auto_clean(book_free) struct book book;
    struct heard heard;
    struct ledger_result result;
    make_book(&book, ENTRIES);
    book.checkpoint_count = 0;
    add_checkpoint(&book, "head", thief, ENTRIES);
    if (row->make != NULL)
        row->make(&book);
    assert_int_equal(verify_with(&book, keys, 2, NULL, 0, 0, &heard, &result),
                     row->what == NULL ? MEDGL_OK : MEDGL_ERR_CORRUPT);
    if (row->what != NULL && strstr(heard.what, row->what) == NULL)
        fail_msg("%s", heard.what);
}

static void wrong_lists_of_keys_are_refused(void **state)
{
    (void)state;
    struct ledger_verifier *verifier = NULL;
    const struct ledger_verifier_key late = {key, 1}, same[] = {{key, 0}, {thief_key, 0}},
                                     back[] = {{key, 0}, {thief_key, 9}, {key, 5}};
    assert_int_equal(ledger_verifier_new(&late, 0, hear, NULL, &verifier), MEDGL_ERR_ARGUMENT);
    assert_int_equal(ledger_verifier_new(&late, 1, hear, NULL, &verifier), MEDGL_ERR_ARGUMENT);
    assert_int_equal(ledger_verifier_new(same, 2, hear, NULL, &verifier), MEDGL_ERR_ARGUMENT);
    assert_int_equal(ledger_verifier_new(back, 3, hear, NULL, &verifier), MEDGL_ERR_ARGUMENT);
    assert_null(verifier);
}

/* -- archived entries ---------------------------------------------------------------------------
 */

static void leaf_stands_for_an_archived_entry(void **state)
{
    (void)state;
    const struct ledger_verifier_key keys = {key, 0};
    auto_clean(book_free) struct book book;
    struct heard heard;
    struct ledger_result result;
    make_whole_book(&book);
    for (size_t i = 0; i < 7; i++) {
        free(book.rows[i].line);
        book.rows[i].line = NULL;
    }
    assert_int_equal(verify_with(&book, &keys, 1, NULL, 0, 0, &heard, &result), MEDGL_OK);
    assert_int_equal(result.entries, ENTRIES);
    assert_int_equal(result.absent, 7);
    assert_int_equal(result.checkpoints, 4);
    book.rows[3].leaf[0] ^= 1;
    assert_int_equal(verify_with(&book, &keys, 1, NULL, 0, 0, &heard, &result), MEDGL_ERR_CORRUPT);
    assert_non_null(strstr(heard.what, "was made over other entries than these 5"));
}

static void entry_without_body_and_leaf_is_an_error(void **state)
{
    (void)state;
    auto_clean(ledger_verifier_free) struct ledger_verifier *verifier = NULL;
    struct heard heard = {0};
    assert_int_equal(
        ledger_verifier_new(&(struct ledger_verifier_key){key, 0}, 1, hear, &heard, &verifier),
        MEDGL_OK);
    assert_int_equal(ledger_verifier_entry(verifier, 0, NULL, 0, NULL, NULL), MEDGL_ERR_ARGUMENT);
}

/* -- witnesses: signatures over the first eight entries, made with the openssl command ------------
 */

#define W1      "witness.example/w1+d313dc6d+BIjsc3duM4gZ+Yh+H2HQ1FjLrlJvK6+7XyPygvFPl7aW"
#define W2      "witness.example/w2+09ae8a75+BDKromMK8qkEo7n2BM9MO1yVhXAfMEa/VwX0iF/VEDug"
#define W1_TIME 1795251310
#define W2_TIME 1795251320
#define W1_SIGNS                                                                                   \
    "\u2014 witness.example/w1 0xPcbQAAAABrAVxuzF7yaA+01t7n3nqbzp5NJnQjWcEfPa3DemNG3Jv4AMb4faX93b" \
    "YGWBxk5dE661vWKz5uM8VRMNyDyhKFMphSBA==\n"
#define W2_SIGNS                                                                                   \
    "\u2014 witness.example/w2 Ca6KdQAAAABrAVx4dvU/UMRS7dOagkhGsX9gjFDaRhBSkHGJcT+/M/aKVYZ+FT3Wxq" \
    "0S6DdgteDu4nhYQhiFPLQcUZnmKyyMeoxTCw==\n"
#define W1_LIES                                                                                    \
    "\u2014 witness.example/w1 0xPcbQAAAABrAVxvzF7yaA+01t7n3nqbzp5NJnQjWcEfPa3DemNG3Jv4AMb4faX93b" \
    "YGWBxk5dE661vWKz5uM8VRMNyDyhKFMphSBA==\n"

static const struct witness_row {
    const char *name, *lines;
    unsigned quorum;
    const char *what; /* NULL: no fault */
    uint64_t cosignatures, witnessed;
    medgl_time seconds;
} witness_rows[] = {
    {"none", "", 1, NULL, 0, 0, 0},
    {"one of one", W1_SIGNS, 1, NULL, 1, 8, W1_TIME},
    {"two, one is enough", W2_SIGNS W1_SIGNS, 1, NULL, 2, 8, W1_TIME},
    {"two of two", W2_SIGNS W1_SIGNS, 2, NULL, 2, 8, W2_TIME},
    {"one of two", W2_SIGNS, 2, NULL, 1, 0, 0},
    {"one twice is one", W1_SIGNS W1_SIGNS, 2, NULL, 1, 0, 0},
    {"no quorum asked for", W1_SIGNS, 0, NULL, 1, 0, 0},
    {"one that is not valid", W1_LIES, 1, "the cosignature of witness.example/w1 on checkpoint", 0,
     0, 0},
};

static void witnesses_are_counted(void **state)
{
    const struct witness_row *row = *state;
    const struct ledger_verifier_key keys = {key, 0};
    struct cosigner *witnesses[2] = {NULL, NULL};
    auto_clean(book_free) struct book book;
    struct heard heard;
    struct ledger_result result;
    assert_int_equal(cosigner_open(W1, &witnesses[0]), MEDGL_OK);
    assert_int_equal(cosigner_open(W2, &witnesses[1]), MEDGL_OK);
    make_whole_book(&book);
    strcat(book.checkpoints[3].note, row->lines); /* of 8 entries */
    assert_int_equal(verify_with(&book, &keys, 1, (const struct cosigner *const *)witnesses, 2,
                                 row->quorum, &heard, &result),
                     row->what == NULL ? MEDGL_OK : MEDGL_ERR_CORRUPT);
    assert_int_equal(result.cosignatures, row->cosignatures);
    assert_int_equal(result.witnessed, row->witnessed);
    assert_true(result.witnessed_time == row->seconds * MEDGL_SECOND);
    if (row->what != NULL)
        assert_non_null(strstr(heard.what, row->what));
    cosigner_free(&witnesses[0]);
    cosigner_free(&witnesses[1]);
}

static struct note_signer *make_signer(char vkey[NOTE_VKEY_SIZE])
{
    auto_secret struct secret skey = SECRET_NONE;
    struct note_signer *made = NULL;
    if (note_key_generate(ORIGIN, &skey, vkey) != MEDGL_OK ||
        note_signer_open(&skey, &made) != MEDGL_OK)
        abort();
    return made;
}

int main(void)
{
    char vkey[NOTE_VKEY_SIZE];
    thief = make_signer(vkey);
    if (note_verifier_open(vkey, &thief_key) != MEDGL_OK)
        abort();
    signer = make_signer(vkey);
    if (note_verifier_open(vkey, &key) != MEDGL_OK)
        abort();
    TABLE_ADD("R08 found", tampers, tampering_is_found);
    table_add("R08", "an untouched ledger has no fault", untouched_ledger_has_no_fault, NULL);
    table_add("R08", "an empty ledger has no fault", empty_ledger_has_no_fault, NULL);
    table_add("R08", "a ledger may grow", ledger_may_grow_beyond_its_checkpoints, NULL);
    table_add("R08 found", "every flipped byte", every_flipped_byte_is_found, NULL);
    table_add("R09", "the clock is counted", clock_is_counted, NULL);
    table_add("R08", "a late checkpoint is an error", late_checkpoint_is_an_error, NULL);
    TABLE_ADD("R37 the key is exchanged", exchanges, exchange_is_judged);
    table_add("R37", "wrong lists of keys are refused", wrong_lists_of_keys_are_refused, NULL);
    table_add("R08", "a leaf stands for an archived entry", leaf_stands_for_an_archived_entry,
              NULL);
    table_add("R08", "an entry without body and leaf is an error",
              entry_without_body_and_leaf_is_an_error, NULL);
    TABLE_ADD("R08 witnesses", witness_rows, witnesses_are_counted);
    table_add("R08", "faults are printable", faults_are_printable, NULL);
    int failed = table_run("ledger_verify");
    note_signer_free(&signer);
    note_signer_free(&thief);
    note_verifier_free(&key);
    note_verifier_free(&thief_key);
    return failed;
}
