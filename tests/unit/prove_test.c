/* Proofs, cosignatures and archives on a real store (R08). Witnesses are keys of the openssl
 * command. */
#include "tests/unit/operation_fixture.h"
#include "tests/unit/table.h"

#include "base/text.h"
#include "ledger/archive.h"
#include "ledger/proof.h"
#include "operation/alert.h"
#include "operation/ledger_filter.h"
#include "operation/prove.h"

#include <sqlite3.h>

#define ENTRIES 37 /* at least: more levels than one, and no power of two */

/* -- a ledger -----------------------------------------------------------------------------------
 */

static void grow(struct fixture *f, uint64_t size)
{
    char why[OPERATION_WHY_SIZE];
    uint64_t now = 0;
    while (now < size) {
        if (operation_account_disable(&f->context, f->user, "test", why) != MEDGL_OK)
            assert_int_equal(operation_account_enable(&f->context, f->user, "test", why), MEDGL_OK);
        assert_int_equal(operation_ledger_size(&f->context, &now), MEDGL_OK);
    }
}

static int ledger_open(void **state)
{
    if (fixture_open(state) != 0)
        return 1;
    enrol(*state);
    grow(*state, ENTRIES);
    return 0;
}

struct lines {
    uint64_t next;
    char text[512][1024]; /* "": the body was nowhere */
    unsigned char leaf[512][MERKLE_HASH_SIZE];
};

static enum medgl_error lines_take(void *argument, const struct ledger_row *row)
{
    struct lines *lines = argument;
    assert_in_range(row->seq, 0, MEDGL_COUNT(lines->text) - 1);
    assert_in_range(row->len, 0, sizeof(lines->text[0]) - 1);
    memcpy(lines->text[row->seq], row->line, row->len);
    lines->text[row->seq][row->len] = '\0';
    memcpy(lines->leaf[row->seq], row->leaf, MERKLE_HASH_SIZE);
    lines->next = row->seq + 1;
    return MEDGL_OK;
}

/* As export and show read them; `faults`: files that were of no use. */
static struct lines *lines_read(struct fixture *f, unsigned *faults)
{
    struct lines *lines = calloc(1, sizeof(*lines));
    struct ledger_reader *reader = NULL;
    uint64_t seen;
    const struct ledger_reading reading = {.to = UINT64_MAX, .each = lines_take, .argument = lines};
    assert_non_null(lines);
    assert_int_equal(ledger_reader_open(&f->context, &reader), MEDGL_OK);
    assert_int_equal(ledger_reader_run(reader, &reading, &seen), MEDGL_OK);
    assert_int_equal(seen, lines->next);
    if (faults != NULL)
        *faults = ledger_reader_faults(reader);
    ledger_reader_free(&reader);
    return lines;
}

static struct note_verifier *ledger_key(struct fixture *f)
{
    char vkey[NOTE_VKEY_SIZE];
    struct note_verifier *key = NULL;
    assert_int_equal(note_signer_vkey(f->context.signer, vkey), MEDGL_OK);
    assert_int_equal(note_verifier_open(vkey, &key), MEDGL_OK);
    return key;
}

/* -- proofs -------------------------------------------------------------------------------------
 */

/* What stands between the first `skip` lines and the empty one; the rest is the checkpoint. */
static const char *proof_parse(const char *text, unsigned skip, struct merkle_proof *proof)
{
    proof->count = 0;
    for (; skip > 0; skip--)
        text = strchr(text, '\n') + 1;
    for (; *text != '\n'; text = strchr(text, '\n') + 1) {
        size_t len = MERKLE_HASH_SIZE;
        assert_in_range(proof->count, 0, PROOF_HASHES_MAX - 1);
        assert_int_equal(
            crypto_unbase64(proof->hash[proof->count++], &len, text, strcspn(text, "\n"), true),
            MEDGL_OK);
    }
    return text + 1;
}

static void every_entry_is_proven(void **state)
{
    struct fixture *f = *state;
    auto_clean(note_verifier_free) struct note_verifier *key = ledger_key(f);
    auto_free struct lines *lines = lines_read(f, NULL);
    for (uint64_t seq = 0; seq < ENTRIES; seq++) {
        auto_free char *text = NULL;
        struct merkle_proof proof;
        struct checkpoint checkpoint;
        char head[64];
        unsigned char leaf[MERKLE_HASH_SIZE];
        assert_int_equal(operation_prove_inclusion(&f->context, seq, &text), MEDGL_OK);
        (void)snprintf(head, sizeof(head), "c2sp.org/tlog-proof@v1\nindex %d\n", (int)seq);
        assert_int_equal(strncmp(text, head, strlen(head)), 0);
        assert_int_equal(checkpoint_open(proof_parse(text, 2, &proof), key, &checkpoint), MEDGL_OK);
        assert_int_equal(merkle_leaf(lines->text[seq], strlen(lines->text[seq]), leaf), MEDGL_OK);
        assert_int_equal(
            merkle_verify_inclusion(leaf, seq, checkpoint.size, &proof, checkpoint.root), MEDGL_OK);
        leaf[3] ^= 1;
        assert_int_equal(
            merkle_verify_inclusion(leaf, seq, checkpoint.size, &proof, checkpoint.root),
            MEDGL_ERR_CORRUPT);
    }
    auto_free char *none = NULL;
    assert_int_equal(operation_prove_inclusion(&f->context, lines->next, &none),
                     MEDGL_ERR_NOT_FOUND);
    assert_int_equal(verify(f), MEDGL_OK);
}

static void what_grew_is_proven(void **state)
{
    struct fixture *f = *state;
    auto_clean(note_verifier_free) struct note_verifier *key = ledger_key(f);
    struct checkpoint old[ENTRIES + 8] = {{.size = 0}};
    size_t count = 0;
    char note[STORE_NOTE_SIZE];
    for (uint64_t size = ENTRIES; count < 8; size += 3) {
        grow(f, size);
        assert_int_equal(operation_checkpoint(&f->context, note), MEDGL_OK);
        assert_int_equal(checkpoint_open(note, key, &old[count++]), MEDGL_OK);
    }
    for (size_t i = 0; i < count; i++) {
        auto_free char *text = NULL;
        struct merkle_proof proof;
        struct checkpoint now;
        assert_int_equal(operation_prove_consistency(&f->context, old[i].size, &text), MEDGL_OK);
        assert_int_equal(checkpoint_open(proof_parse(text, 1, &proof), key, &now), MEDGL_OK);
        assert_int_equal(
            merkle_verify_consistency(old[i].size, old[i].root, now.size, now.root, &proof),
            MEDGL_OK);
        old[i].root[0] ^= 1;
        assert_int_equal(
            merkle_verify_consistency(old[i].size, old[i].root, now.size, now.root, &proof),
            MEDGL_ERR_CORRUPT);
    }
    auto_free char *first = NULL, *none = NULL;
    struct merkle_proof proof;
    assert_int_equal(operation_prove_consistency(&f->context, 0, &first), MEDGL_OK);
    (void)proof_parse(first, 1, &proof);
    assert_int_equal(proof.count, 0);
    assert_int_equal(operation_prove_consistency(&f->context, 100000, &none), MEDGL_ERR_NOT_FOUND);
}

static enum medgl_error no_checkpoint(struct store_txn *txn, void *argument)
{
    struct kept_checkpoint kept;
    const uint64_t *size = argument;
    assert_int_equal(store_checkpoint_of(txn, *size, &kept), MEDGL_ERR_NOT_FOUND);
    return MEDGL_OK;
}

/* An auditor gets what is signed already, and changes nothing (R08). */
static void an_auditor_keeps_nothing(void **state)
{
    struct fixture *f = *state;
    auto_free char *text = NULL, *grown = NULL;
    auto_clean(note_verifier_free) struct note_verifier *key = ledger_key(f);
    struct checkpoint checkpoint;
    struct merkle_proof proof;
    char note[STORE_NOTE_SIZE], path[PATH_MAX];
    uint64_t size;
    assert_int_equal(try_login(f, f->user, "192.0.2.9", WRONG), LOGIN_REFUSED);
    assert_int_equal(operation_ledger_size(&f->context, &size), MEDGL_OK);
    f->context.actor = (struct actor){.uid = 4711, .roles = ROLE_AUDIT};
    assert_int_equal(operation_checkpoint(&f->context, note), MEDGL_OK);
    assert_int_equal(checkpoint_open(note, key, &checkpoint), MEDGL_OK);
    assert_int_equal(checkpoint.size, size);
    assert_int_equal(operation_prove_inclusion(&f->context, 3, &text), MEDGL_OK);
    assert_int_equal(checkpoint_open(proof_parse(text, 2, &proof), key, &checkpoint), MEDGL_OK);
    assert_int_equal(operation_prove_consistency(&f->context, 2, &grown), MEDGL_OK);
    assert_int_equal(store_transact(f->context.store, STORE_READ, no_checkpoint, &size), MEDGL_OK);
    (void)snprintf(path, sizeof(path), "%s" PATH_CHECKPOINTS "/%020llu", f->root,
                   (unsigned long long)size);
    assert_int_equal(access(path, F_OK), -1);
    f->context.actor.roles |= ROLE_SECURITY;
    assert_int_equal(operation_checkpoint(&f->context, note), MEDGL_OK);
    assert_int_equal(access(path, F_OK), 0);
}

/* Proofs are kept with a checkpoint: the store has it, and the directory too. */
static void a_proof_keeps_its_checkpoint(void **state)
{
    struct fixture *f = *state;
    auto_free char *text = NULL;
    char path[PATH_MAX];
    struct merkle_proof proof;
    uint64_t size;
    assert_int_equal(try_login(f, f->user, "192.0.2.9", WRONG), LOGIN_REFUSED);
    assert_int_equal(operation_ledger_size(&f->context, &size), MEDGL_OK);
    assert_int_equal(operation_prove_inclusion(&f->context, 3, &text), MEDGL_OK);
    (void)snprintf(path, sizeof(path), "%s" PATH_CHECKPOINTS "/%020llu", f->root,
                   (unsigned long long)size);
    auto_file FILE *file = fopen(path, "re");
    char kept[STORE_NOTE_SIZE] = "";
    assert_non_null(file);
    assert_true(fread(kept, 1, sizeof(kept) - 1, file) > 0);
    assert_string_equal(kept, proof_parse(text, 2, &proof));
}

/* -- archives -----------------------------------------------------------------------------------
 */

static void retention_none(struct fixture *f)
{
    f->context.policy.ledger_retention = (struct policy_span){0};
}

static enum medgl_error archive(struct fixture *f, struct archive *made, char *why)
{
    const struct archive_request request = {.until = fixture_present(), .copy = -1};
    retention_none(f);
    return operation_archive(&f->context, &request, made, why);
}

static void archive_path(const struct fixture *f, const struct archive *archive,
                         char path[PATH_MAX])
{
    (void)snprintf(path, PATH_MAX, "%s" PATH_ARCHIVE "/%s", f->root, archive->file);
}

static void an_archive_has_what_was_taken(void **state)
{
    struct fixture *f = *state;
    struct archive made, again;
    struct archive_head head;
    char why[STORE_TEXT_SIZE], path[PATH_MAX], text[ARCHIVE_HEAD_SIZE + 1] = "";
    size_t len;
    unsigned faults;
    auto_free struct lines *before = lines_read(f, NULL);
    auto_clean(note_verifier_free) struct note_verifier *key = ledger_key(f);
    assert_int_equal(archive(f, &made, why), MEDGL_OK);
    assert_int_equal(made.first, 0);
    assert_int_equal(made.next, before->next);
    archive_path(f, &made, path);
    auto_file FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    const struct note_verifier *const keys[] = {key};
    assert_int_equal(archive_head_open(text, keys, 1, &head, &len), MEDGL_OK);
    assert_int_equal(head.next, made.next);
    assert_int_equal(head.bytes, made.bytes);
    assert_int_equal(verify(f), MEDGL_OK);
    auto_free struct lines *after = lines_read(f, &faults);
    assert_int_equal(faults, 0);
    for (uint64_t seq = 0; seq < before->next; seq++)
        assert_string_equal(after->text[seq], before->text[seq]);
    /* The store itself has them no more, and a proof needs none. */
    auto_free char *proof = NULL;
    assert_int_equal(operation_prove_inclusion(&f->context, 5, &proof), MEDGL_OK);
    /* The next one goes on where this one ended. */
    assert_int_equal(archive(f, &again, why), MEDGL_OK);
    assert_int_equal(again.first, made.next);
    assert_int_equal(again.next, made.next + 1);
    assert_int_equal(verify(f), MEDGL_OK);
    auto_free struct lines *all =
        lines_read(f, NULL); /* the first archive's entry is in the second */
    assert_non_null(strstr(all->text[made.next], "\"kind\":\"ledger.archive\""));
    assert_non_null(strstr(all->text[again.next], "\"kind\":\"ledger.archive\""));
}

static void without_its_file_leaves_stay(void **state)
{
    struct fixture *f = *state;
    struct archive made;
    char why[STORE_TEXT_SIZE], path[PATH_MAX], other[PATH_MAX + 16];
    unsigned faults;
    auto_free struct lines *before = lines_read(f, NULL);
    assert_int_equal(archive(f, &made, why), MEDGL_OK);
    archive_path(f, &made, path);
    (void)snprintf(other, sizeof(other), "%s/elsewhere", f->root);
    assert_int_equal(rename(path, other), 0);
    auto_free struct lines *after = lines_read(f, &faults);
    assert_int_equal(faults, 0); /* it was taken elsewhere */
    unsigned gone = 0;
    for (uint64_t seq = 0; seq < made.next; seq++) {
        gone += after->text[seq][0] == '\0';
        if (after->text[seq][0] != '\0')
            assert_string_equal(after->text[seq], before->text[seq]);
        assert_memory_equal(after->leaf[seq], before->leaf[seq], MERKLE_HASH_SIZE);
    }
    assert_in_range(gone, ENTRIES / 2, ENTRIES);
    assert_string_not_equal(after->text[0], "");             /* of the setup */
    assert_string_not_equal(after->text[made.next - 1], ""); /* the account is in its state */
    assert_string_not_equal(after->text[made.next], "");
    assert_int_equal(verify(f), MEDGL_OK);
    assert_int_equal(rename(other, path), 0);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* What somebody does to the file; both export and verification find it. */
static const struct tampering {
    const char *name;
    const char *command; /* with the file in $0 */
} tamperings[] = {
    {"a word", "sed -i s/test/best/ \"$0\""},
    {"one byte more", "printf x >> \"$0\""},
    {"cut", "truncate -s -10 \"$0\""},
    {"two lines swapped", "sed -i -e '32{h;d}' -e '33{G}' \"$0\""},
    {"a line gone", "sed -i 32d \"$0\""},
    {"empty", ": > \"$0\""},
    {"no archive", "echo no > \"$0\""},
};

static bool reads_alike(const struct lines *one, const struct lines *other, uint64_t to)
{
    for (uint64_t seq = 0; seq < to; seq++)
        if (strcmp(one->text[seq], other->text[seq]) != 0)
            return false;
    return true;
}

static void a_changed_archive_is_found(void **state)
{
    const struct tampering *row = *state;
    struct fixture *f = NULL;
    struct archive made;
    char why[STORE_TEXT_SIZE], path[PATH_MAX], command[256];
    unsigned faults;
    assert_int_equal(ledger_open((void **)&f), 0);
    auto_free struct lines *before = lines_read(f, NULL);
    assert_int_equal(archive(f, &made, why), MEDGL_OK);
    archive_path(f, &made, path);
    assert_int_equal(chmod(path, 0600), 0);
    (void)snprintf(command, sizeof(command), "%s", row->command);
    pid_t child = fork();
    if (child == 0)
        (void)execl("/bin/sh", "sh", "-c", command, path, NULL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    auto_free struct lines *after = lines_read(f, &faults);
    assert_true(faults > 0);
    for (uint64_t seq = 0; seq < made.next; seq++) /* never another body than the true one */
        assert_true(after->text[seq][0] == '\0' ||
                    strcmp(after->text[seq], before->text[seq]) == 0);
    assert_false(reads_alike(before, after, made.next));
    assert_int_equal(verify(f), MEDGL_ERR_CORRUPT);
    assert_int_equal(fixture_close((void **)&f), 0);
}

static void an_archive_is_refused(void **state)
{
    struct fixture *f = *state;
    struct archive made;
    char why[STORE_TEXT_SIZE], path[PATH_MAX];
    const struct archive_request young = {.until = clock_read().now - MEDGL_DAY, .copy = -1},
                                 old = {.until = MEDGL_DAY, .copy = -1};
    assert_int_equal(operation_archive(&f->context, &young, &made, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "ledger_retention"));
    assert_int_equal(operation_archive(&f->context, &old, &made, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "that old"));
    /* Something else under the name is left as it is, and so are the bodies. */
    retention_none(f);
    const struct archive_request same = {.until = fixture_present(), .copy = -1};
    assert_int_equal(operation_archive_plan(&f->context, same.until, &made, why), MEDGL_OK);
    archive_path(f, &made, path);
    auto_file FILE *other = fopen(path, "we");
    assert_non_null(other);
    assert_true(fputs("something else\n", other) >= 0 && fflush(other) == 0);
    const uint64_t next = made.next;
    assert_int_equal(operation_archive(&f->context, &same, &made, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "something else"));
    auto_free struct lines *lines = lines_read(f, NULL);
    assert_int_equal(lines->next, next);
    assert_string_not_equal(lines->text[0], "");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(operation_archive(&f->context, &same, &made, why), MEDGL_OK);
}

/* Damaged evidence is not moved. */
static void a_damaged_ledger_is_not_archived(void **state)
{
    struct fixture *f = *state;
    struct archive made;
    char why[STORE_TEXT_SIZE], path[PATH_MAX];
    sqlite3 *db = NULL;
    context_close(&f->context);
    (void)snprintf(path, sizeof(path), "%s" PATH_STORE, f->root);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "UPDATE ledger SET line = replace(line, 'test', 'best') WHERE "
                                  "seq = 4",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    reopen(f);
    assert_int_equal(archive(f, &made, why), MEDGL_ERR_CORRUPT);
    auto_free char *text = NULL;
    assert_int_equal(operation_prove_inclusion(&f->context, 1, &text), MEDGL_OK); /* of the leaf */
}

/* -- a clock that was ahead ---------------------------------------------------------------------
 */

/* What clocks said behind each other, in days before (-) or after the present. */
static const struct ahead {
    const char *name;
    int days[6];
    size_t count, old; /* so many of them are archived */
} aheads[] = {
    {"none is old", {1, 1}, 2, 0},
    {"one ahead at the end stays", {-9, -9, 5}, 3, 2},
    {"one ahead goes with an old one behind it", {-9, 5, -9}, 3, 3},
    {"and those behind that stay", {-9, 5, -9, 5, 6}, 5, 3},
    {"a clock that stood back makes younger ones go", {1, 1, -9}, 3, 3},
    {"ahead, back, ahead, back", {5, -9, 6, -8, 7}, 5, 4},
};

struct at {
    struct fixture *f;
    medgl_time time;
    uint64_t seq;
};

static enum medgl_error append_at(struct store_txn *txn, void *argument)
{
    struct at *at = argument;
    const struct clock_reading clock = {.now = at->time, .synchronised = true};
    struct ledger_entry entry;
    evidence_begin(&at->f->context, &clock, LEDGER_ROLE_REFUSED, NULL, &entry);
    return evidence_append(&at->f->context, txn, &entry, &at->seq);
}

static void an_entry_is_as_old_as_the_last_behind_it(void **state)
{
    const struct ahead *row = *state;
    struct fixture *f = NULL;
    struct archive made;
    char why[STORE_TEXT_SIZE];
    uint64_t seq[MEDGL_COUNT(row->days)], size = 0;
    assert_int_equal(fixture_open((void **)&f), 0);
    const medgl_time now = clock_read().now;
    assert_int_equal(operation_ledger_size(&f->context, &size), MEDGL_OK);
    for (size_t i = 0; i < row->count; i++) {
        struct at at = {.f = f, .time = now + row->days[i] * MEDGL_DAY};
        assert_int_equal(store_transact(f->context.store, STORE_WRITE, append_at, &at), MEDGL_OK);
        seq[i] = at.seq;
    }
    const struct archive_request request = {.until = now - MEDGL_DAY, .copy = -1};
    retention_none(f);
    assert_int_equal(operation_archive(&f->context, &request, &made, why),
                     row->old > 0 ? MEDGL_OK : MEDGL_ERR_REFUSED);
    if (row->old > 0) {
        assert_int_equal(made.first, 0);
        assert_int_equal(made.next, seq[row->old - 1] + 1);
    }
    assert_int_equal(verify(f), MEDGL_OK);
    assert_int_equal(fixture_close((void **)&f), 0);
}

/* -- witnesses ----------------------------------------------------------------------------------
 */

/* openssl signs; sign.py says what. */
static void witness_sign(const struct fixture *f, const char *name, const char *note,
                         char *signed_note, size_t size)
{
    char command[3 * PATH_MAX], path[PATH_MAX];
    write_file(f, "/note", note);
    (void)snprintf(
        command, sizeof(command),
        "mkdir -p %s/w-%s && python3 %s/tests/admin/sign.py witness %s/w-%s %s %s/note > "
        "%s/signed",
        f->root, name, TEST_SRCDIR, f->root, name, name, f->root, f->root);
    assert_int_equal(system(command), 0);
    (void)snprintf(path, sizeof(path), "%s/signed", f->root);
    auto_file FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t got = fread(signed_note, 1, size - 1, file);
    signed_note[got] = '\0';
}

static void witness_known(const struct fixture *f, const char *const *names)
{
    char text[2048] = "# who watches us\n\n", path[PATH_MAX], line[512];
    for (; *names != NULL; names++) {
        (void)snprintf(path, sizeof(path), "%s/w-%s/witness.vkey", f->root, *names);
        auto_file FILE *file = fopen(path, "re");
        assert_non_null(file);
        assert_non_null(fgets(line, sizeof(line), file));
        (void)strncat(text, line, sizeof(text) - strlen(text) - 1);
    }
    write_file(f, PATH_WITNESSES, text);
}

static void cosignatures_are_taken_in(void **state)
{
    struct fixture *f = *state;
    static const char *const both[] = {"one.example", "two.example", NULL};
    char note[STORE_NOTE_SIZE], one[STORE_COSIGNED_SIZE], two[STORE_COSIGNED_SIZE],
        why[STORE_TEXT_SIZE];
    unsigned count;
    struct witness_state witnesses;
    assert_int_equal(operation_checkpoint(&f->context, note), MEDGL_OK);
    assert_int_equal(operation_cosign(&f->context, note, &count, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "no witness is known"));
    witness_sign(f, both[0], note, one, sizeof(one));
    witness_sign(f, both[1], note, two, sizeof(two));
    witness_known(f, both);
    assert_int_equal(operation_cosign(&f->context, note, &count, why), MEDGL_ERR_REFUSED);
    f->context.policy.witness_quorum = 2;
    uint64_t size = strtoull(strchr(note, '\n') + 1, NULL, 10), after;
    assert_int_equal(operation_cosign(&f->context, one, &count, why), MEDGL_OK);
    assert_int_equal(count, 1);
    assert_int_equal(operation_witness_state(&f->context, &witnesses), MEDGL_OK);
    assert_int_equal(witnesses.witnesses, 2);
    assert_int_equal(witnesses.size, 0); /* one of two */
    /* The second answers with its line alone, as witnesses do. */
    assert_int_equal(
        operation_cosign(&f->context, strstr(strstr(two, "\n\n") + 2, "\n") + 1, &count, why),
        MEDGL_OK);
    assert_int_equal(count, 2);
    assert_int_equal(operation_witness_state(&f->context, &witnesses), MEDGL_OK);
    assert_int_equal(witnesses.size, size);
    assert_true(witnesses.time > clock_read().now - MEDGL_HOUR);
    assert_int_equal(tally_of(f).kinds[LEDGER_COSIGN], 2);
    /* The same again changes nothing. */
    assert_int_equal(operation_ledger_size(&f->context, &after), MEDGL_OK);
    assert_int_equal(operation_cosign(&f->context, one, &count, why), MEDGL_OK);
    assert_int_equal(count, 2);
    uint64_t then = after;
    assert_int_equal(operation_ledger_size(&f->context, &after), MEDGL_OK);
    assert_int_equal(after, then);
    assert_int_equal(verify(f), MEDGL_OK);
}

/* Each is refused, and nothing is taken in. */
static void cosignatures_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const known[] = {"one.example", NULL};
    char note[STORE_NOTE_SIZE], good[STORE_COSIGNED_SIZE], stranger[STORE_COSIGNED_SIZE],
        bad[STORE_COSIGNED_SIZE], why[STORE_TEXT_SIZE];
    unsigned count;
    assert_int_equal(operation_checkpoint(&f->context, note), MEDGL_OK);
    witness_sign(f, "one.example", note, good, sizeof(good));
    witness_sign(f, "stranger.example", note, stranger, sizeof(stranger));
    witness_known(f, known);
    assert_int_equal(operation_cosign(&f->context, stranger, &count, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "no witness of"));
    assert_int_equal(operation_cosign(&f->context, "no note\n", &count, why), MEDGL_ERR_REFUSED);
    assert_int_equal(operation_cosign(&f->context, "", &count, why), MEDGL_ERR_REFUSED);
    (void)snprintf(bad, sizeof(bad), "%s", good); /* another size, under the same signatures */
    char *digit = strchr(bad, '\n') + 1;
    *digit = (char)(*digit == '9' ? '1' : *digit + 1);
    assert_int_equal(operation_cosign(&f->context, bad, &count, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "not valid"));
    (void)snprintf(bad, sizeof(bad), "%s", good); /* a bit of the cosignature */
    char *last = bad + strlen(bad) - 20;
    *last = (char)(*last == 'A' ? 'B' : 'A');
    assert_int_equal(operation_cosign(&f->context, bad, &count, why), MEDGL_ERR_REFUSED);
    /* Of another ledger, which the witness watches too. */
    (void)snprintf(bad, sizeof(bad), "%s", note);
    bad[0] = 'b';
    witness_sign(f, "one.example", bad, good, sizeof(good));
    witness_known(f, known); /* sign.py made a new key */
    assert_int_equal(operation_cosign(&f->context, good, &count, why), MEDGL_ERR_REFUSED);
    assert_non_null(strstr(why, "no checkpoint of this ledger"));
    assert_int_equal(tally_of(f).kinds[LEDGER_COSIGN], 0);
    static const char *const twice[] = {"one.example", "one.example", NULL};
    witness_known(f, twice); /* would be two */
    assert_int_equal(operation_cosign(&f->context, good, &count, why), MEDGL_ERR_KEY);
    witness_known(f, known);
    struct witness_state witnesses;
    assert_int_equal(operation_witness_state(&f->context, &witnesses), MEDGL_OK);
    assert_int_equal(witnesses.size, 0);
}

/* Of RFC 8032, 7.1, test 1. */
#define ONE_KEY  "one.example+baf65e0e+BNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea\n"
#define SAME_KEY "two.example+3545d5fa+BNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea\n"

static const struct malformed {
    const char *name, *text;
    enum medgl_error expected;
    unsigned witnesses;
} malformed[] = {
    {"no line", "\n# nobody\n", MEDGL_OK, 0},
    {"a word", "witness\n", MEDGL_ERR_KEY, 0},
    {"a key of a ledger", NULL, MEDGL_ERR_KEY, 0},
    {"one key", ONE_KEY, MEDGL_OK, 1},
    {"one key under two names", ONE_KEY SAME_KEY, MEDGL_ERR_KEY, 0},
};

static void a_file_of_witnesses(void **state)
{
    const struct malformed *row = *state;
    struct fixture *f = NULL;
    struct witness_state witnesses;
    char vkey[NOTE_VKEY_SIZE];
    assert_int_equal(fixture_open((void **)&f), 0);
    assert_int_equal(note_signer_vkey(f->context.signer, vkey), MEDGL_OK);
    write_file(f, PATH_WITNESSES, row->text != NULL ? row->text : vkey);
    assert_int_equal(operation_witness_state(&f->context, &witnesses), row->expected);
    assert_int_equal(witnesses.witnesses, row->witnesses);
    assert_int_equal(fixture_close((void **)&f), 0);
}

/* -- filters ------------------------------------------------------------------------------------
 */

static const struct filter_case {
    const char *name;
    enum ledger_kind kind; /* LEDGER_KIND_COUNT: any */
    const char *subject, *actor, *since, *until;
    const char *line_kind, *line_subject, *line_actor, *line_time;
    bool fits;
} filters[] = {
    {"nothing is asked", LEDGER_KIND_COUNT, NULL, NULL, NULL, NULL, "setup", "sato", "root",
     "2026-11-21T08:00:00.000Z", true},
    {"the kind", LEDGER_LOGIN_SUCCESS, NULL, NULL, NULL, NULL, "login.success", "sato", "root",
     "2026-11-21T08:00:00.000Z", true},
    {"another kind", LEDGER_LOGIN_SUCCESS, NULL, NULL, NULL, NULL, "login.failure", "sato", "root",
     "2026-11-21T08:00:00.000Z", false},
    {"the subject", LEDGER_KIND_COUNT, "sato", NULL, NULL, NULL, "setup", "sato", "root",
     "2026-11-21T08:00:00.000Z", true},
    {"the subject is the actor", LEDGER_KIND_COUNT, "root", NULL, NULL, NULL, "setup", "sato",
     "root", "2026-11-21T08:00:00.000Z", false},
    {"the actor", LEDGER_KIND_COUNT, NULL, "root", NULL, NULL, "setup", "sato", "root",
     "2026-11-21T08:00:00.000Z", true},
    {"the actor is the subject", LEDGER_KIND_COUNT, NULL, "sato", NULL, NULL, "setup", "sato",
     "root", "2026-11-21T08:00:00.000Z", false},
    {"a part of the name", LEDGER_KIND_COUNT, "sat", NULL, NULL, NULL, "setup", "sato", "root",
     "2026-11-21T08:00:00.000Z", false},
    {"a name with a quote", LEDGER_KIND_COUNT, NULL, "a \"b\\", NULL, NULL, "setup", "sato",
     "a \"b\\", "2026-11-21T08:00:00.000Z", true},
    {"since that moment", LEDGER_KIND_COUNT, NULL, NULL, "2026-11-21T08:00:00.000Z", NULL, "setup",
     "sato", "root", "2026-11-21T08:00:00.000Z", true},
    {"since later", LEDGER_KIND_COUNT, NULL, NULL, "2026-11-21T08:00:00.001Z", NULL, "setup",
     "sato", "root", "2026-11-21T08:00:00.000Z", false},
    {"until that moment", LEDGER_KIND_COUNT, NULL, NULL, NULL, "2026-11-21T08:00:00.000Z", "setup",
     "sato", "root", "2026-11-21T08:00:00.000Z", false},
    {"until later", LEDGER_KIND_COUNT, NULL, NULL, NULL, "2026-11-21T08:00:00.001Z", "setup",
     "sato", "root", "2026-11-21T08:00:00.000Z", true},
};

static void a_filter_of_bytes_and_fields(void **state)
{
    const struct filter_case *row = *state;
    struct ledger_filter filter = {
        .kind = row->kind != LEDGER_KIND_COUNT ? &row->kind : NULL,
        .subject = row->subject,
        .actor = row->actor,
    };
    struct ledger_test test;
    struct ledger_entry entry = {.origin = "o",
                                 .actor = {.uid = 0, .name = row->line_actor},
                                 .subject = {.account = "0f", .name = row->line_subject}};
    auto_free char *line = NULL;
    size_t len;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    if (row->since != NULL)
        assert_int_equal(clock_parse_utc(row->since, &filter.since), MEDGL_OK);
    if (row->until != NULL)
        assert_int_equal(clock_parse_utc(row->until, &filter.until), MEDGL_OK);
    assert_int_equal(clock_parse_utc(row->line_time, &entry.time), MEDGL_OK);
    assert_int_equal(ledger_kind_parse(row->line_kind, &entry.kind), MEDGL_OK);
    assert_int_equal(ledger_entry_encode(&entry, &line, &len), MEDGL_OK);
    assert_int_equal(ledger_test_make(&filter, &test), MEDGL_OK);
    assert_int_equal(ledger_entry_decode(line, len, &parsed), MEDGL_OK);
    assert_int_equal(ledger_test_fits(&test, ledger_parsed_entry(parsed)), row->fits);
    if (row->fits) /* the bytes never say no to what fits */
        assert_true(ledger_test_wants(&test, line, len));
    assert_true(ledger_test_wants(&test, "no entry", 8));
}

/* -- checkpoints to programs --------------------------------------------------------------------
 */

struct hooks {
    unsigned got[3]; /* of "hook a", "hook b", "hook c" */
    bool broken[3];
    char payload[2048], id[CRYPTO_ID_SIZE];
};

static enum medgl_error hooks_carry(void *argument, const char *channel, const struct alert *alert,
                                    const char *payload, char why[STORE_TEXT_SIZE])
{
    (void)argument;
    (void)channel;
    (void)alert;
    (void)payload;
    (void)why;
    fail(); /* it is no alert */
    return MEDGL_ERR_IO;
}

static enum medgl_error hooks_channels(void *argument, const struct alert *alert,
                                       enum medgl_error (*each)(void *each_argument,
                                                                const char *channel),
                                       void *each_argument)
{
    (void)argument;
    (void)alert;
    MEDGL_TRY(each(each_argument, ALERT_SYSLOG));
    for (char name = 'a'; name <= 'c'; name++) {
        const char channel[] = {'h', 'o', 'o', 'k', ' ', name, '\0'};
        MEDGL_TRY(each(each_argument, channel));
    }
    return MEDGL_OK;
}

static enum medgl_error hooks_hand(void *argument, const char *channel, const char *id,
                                   const char *kind, const char *payload, char why[STORE_TEXT_SIZE])
{
    struct hooks *hooks = argument;
    const int which = channel[5] - 'a';
    (void)why;
    assert_string_equal(kind, "checkpoint");
    (void)snprintf(hooks->payload, sizeof(hooks->payload), "%s", payload);
    (void)snprintf(hooks->id, sizeof(hooks->id), "%s", id);
    if (hooks->broken[which])
        return MEDGL_ERR_IO;
    hooks->got[which]++;
    return MEDGL_OK;
}

static enum medgl_error hooks_tell(struct fixture *f, struct hooks *hooks,
                                   struct alert_report *report)
{
    const struct alert_carrier carrier = {
        .argument = hooks, .carry = hooks_carry, .channels = hooks_channels, .hand = hooks_hand};
    return operation_alert_checkpoint(&f->context, &carrier, report);
}

static void programs_get_the_newest_once(void **state)
{
    struct fixture *f = *state;
    struct hooks hooks = {.broken = {false, true, false}};
    struct alert_report report;
    char note[STORE_NOTE_SIZE], path[PATH_MAX];
    assert_int_equal(operation_checkpoint(&f->context, note), MEDGL_OK);
    assert_int_equal(hooks_tell(f, &hooks, &report), MEDGL_ERR_REFUSED);
    assert_int_equal(report.delivered, 2);
    assert_int_equal(report.failed, 1);
    assert_int_equal(strlen(hooks.id), 32);
    char *first = strchr(note, '\n'); /* JSON has no newline */
    *first = '\0';
    assert_non_null(strstr(hooks.payload, note));
    assert_non_null(strstr(hooks.payload, "\"kind\":\"checkpoint\""));
    /* Neither the others nor the one that failed are bothered at once. */
    assert_int_equal(hooks_tell(f, &hooks, &report), MEDGL_OK);
    assert_int_equal(report.waiting, 1);
    assert_int_equal(hooks.got[0] + hooks.got[2], 2);
    /* A newer one takes its place; of what nobody remembers everybody gets the newest once more. */
    grow(f, ENTRIES + 6);
    hooks.broken[1] = false;
    (void)snprintf(path, sizeof(path), "%s" MEDGL_STATEDIR "/told", f->root);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(hooks_tell(f, &hooks, &report), MEDGL_OK);
    assert_int_equal(report.delivered, 3);
    assert_int_equal(hooks.got[1], 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(hooks_tell(f, &hooks, &report), MEDGL_OK);
        assert_int_equal(report.delivered + report.waiting, 0);
    }
    assert_int_equal(verify(f), MEDGL_OK);
}

static const struct on_ledger {
    const char *name;
    void (*test)(void **state);
} on_ledgers[] = {
    {"every entry is proven", every_entry_is_proven},
    {"what grew is proven", what_grew_is_proven},
    {"an auditor keeps nothing (R08)", an_auditor_keeps_nothing},
    {"a proof keeps its checkpoint", a_proof_keeps_its_checkpoint},
    {"an archive has what was taken", an_archive_has_what_was_taken},
    {"without its file the leaves stay", without_its_file_leaves_stay},
    {"an archive that is refused", an_archive_is_refused},
    {"a damaged ledger is not archived", a_damaged_ledger_is_not_archived},
    {"cosignatures are taken in", cosignatures_are_taken_in},
    {"cosignatures that are refused", cosignatures_are_refused},
    {"programs get the newest checkpoint once", programs_get_the_newest_once},
};

static void on_a_ledger(void **state)
{
    const struct on_ledger *row = *state;
    void *fixture = NULL;
    assert_int_equal(ledger_open(&fixture), 0);
    row->test(&fixture);
    assert_int_equal(fixture_close(&fixture), 0);
}

int main(void)
{
    TABLE_ADD("R08", on_ledgers, on_a_ledger);
    TABLE_ADD("R09 an archive, and a clock", aheads, an_entry_is_as_old_as_the_last_behind_it);
    TABLE_ADD("R08 an archive changed", tamperings, a_changed_archive_is_found);
    TABLE_ADD("R08 witnesses", malformed, a_file_of_witnesses);
    TABLE_ADD("R07 filter", filters, a_filter_of_bytes_and_fields);
    return table_run("prove");
}
