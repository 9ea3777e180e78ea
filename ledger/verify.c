/* Full verification of a ledger as a stream (R08). Keeps the append state of one tree and the
 * checkpoints; never an entry. Finds faults and goes on: one fault does not hide another. */
#include "ledger/verify.h"

#include "base/auto.h"
#include "base/text.h"
#include "ledger/scan.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct mark {
    uint64_t size;
    unsigned char root[MERKLE_HASH_SIZE];
    char *label;
    uint64_t signers;      /* a bit for each key that signed it */
    unsigned witnesses;    /* that cosigned it */
    uint64_t witness_time; /* when the last one did whom the quorum needs; seconds */
};

struct ledger_verifier {
    struct ledger_verifier_key keys[LEDGER_KEYS_MAX]; /* borrowed */
    size_t key_count;
    const struct cosigner *const *witnesses; /* borrowed */
    size_t witness_count;
    unsigned quorum;
    ledger_fault fault;
    void *argument;
    struct mark *marks; /* checkpoints, by size once entries come */
    size_t mark_count, mark_cap;
    size_t mark_next; /* the first that the tree has not reached */
    bool begun;
    uint64_t vouched;    /* a bit for each key that the one before vouched for */
    uint64_t expected;   /* the seq that comes next */
    medgl_time previous; /* of the last readable entry */
    struct ledger_scanner scanner;
    struct ledger_result result;
};

_Static_assert(LEDGER_KEYS_MAX <= 64, "signers are bits");

static bool keys_valid(const struct ledger_verifier_key *keys, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (keys[i].from <= keys[i - 1].from ||
            strcmp(note_verifier_name(keys[i].key), note_verifier_name(keys[0].key)) != 0)
            return false;
    return count > 0 && count <= LEDGER_KEYS_MAX && keys[0].from == 0;
}

enum medgl_error ledger_verifier_new(const struct ledger_verifier_key *keys, size_t count,
                                     ledger_fault fault, void *argument,
                                     struct ledger_verifier **verifier)
{
    *verifier = NULL;
    if (!keys_valid(keys, count))
        return MEDGL_ERR_ARGUMENT;
    struct ledger_verifier *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return MEDGL_ERR_MEMORY;
    memcpy(made->keys, keys, count * sizeof(*keys));
    made->key_count = count;
    made->vouched = 1; /* the first key is the one that is trusted */
    made->fault = fault;
    made->argument = argument;
    *verifier = made;
    return MEDGL_OK;
}

void ledger_verifier_free(struct ledger_verifier **verifier)
{
    if (*verifier == NULL)
        return;
    for (size_t i = 0; i < (*verifier)->mark_count; i++)
        free((*verifier)->marks[i].label);
    free((*verifier)->marks);
    ledger_scanner_free(&(*verifier)->scanner);
    free(*verifier);
    *verifier = NULL;
}

static const char *verifier_origin(const struct ledger_verifier *verifier)
{
    return note_verifier_name(verifier->keys[0].key);
}

/* Labels and origins come from outside: what is said about them is made printable. */
static __attribute__((format(printf, 3, 4))) void verifier_fault(struct ledger_verifier *verifier,
                                                                 uint64_t seq, const char *format,
                                                                 ...)
{
    char raw[1024], what[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(raw, sizeof(raw), format, arguments);
    va_end(arguments);
    text_printable(what, sizeof(what), raw);
    verifier->result.faults++;
    verifier->fault(verifier->argument, seq, what);
}

/* -- checkpoints ------------------------------------------------------------------------------ */

/* Takes over the label of the mark, also when it fails. */
static enum medgl_error mark_add(struct ledger_verifier *verifier, const struct mark *mark)
{
    auto_free char *label = mark->label;
    if (label == NULL)
        return MEDGL_ERR_MEMORY;
    if (verifier->mark_count == verifier->mark_cap) {
        size_t cap = verifier->mark_cap > 0 ? 2 * verifier->mark_cap : 16;
        struct mark *grown = reallocarray(verifier->marks, cap, sizeof(*grown));
        if (grown == NULL)
            return MEDGL_ERR_MEMORY;
        verifier->marks = grown;
        verifier->mark_cap = cap;
    }
    verifier->marks[verifier->mark_count++] = *mark;
    (void)auto_give(label);
    return MEDGL_OK;
}

/* Whether a key signs trees of that size. */
static bool key_holds(const struct ledger_verifier *verifier, size_t key, uint64_t size)
{
    return size >= verifier->keys[key].from &&
           (key + 1 == verifier->key_count || size <= verifier->keys[key + 1].from);
}

/* MEDGL_ERR_CORRUPT: no key that was in force at its size signed it. */
static enum medgl_error mark_open(const struct ledger_verifier *verifier, const char *note,
                                  struct mark *mark)
{
    for (size_t i = 0; i < verifier->key_count; i++) {
        struct checkpoint checkpoint;
        enum medgl_error error = checkpoint_open(note, verifier->keys[i].key, &checkpoint);
        if (error == MEDGL_ERR_CORRUPT ||
            (error == MEDGL_OK && !key_holds(verifier, i, checkpoint.size)))
            continue;
        MEDGL_TRY(error);
        mark->size = checkpoint.size;
        memcpy(mark->root, checkpoint.root, sizeof(mark->root));
        mark->signers |= UINT64_C(1) << i;
    }
    return mark->signers != 0 ? MEDGL_OK : MEDGL_ERR_CORRUPT;
}

/* MUST: what is not valid is a fault, and counts for nothing. A quorum of q stands since the q-th
 * of them signed. */
static enum medgl_error mark_witnesses(struct ledger_verifier *verifier, const char *note,
                                       struct mark *mark)
{
    uint64_t times[COSIGNERS_MAX];
    for (size_t i = 0; i < verifier->witness_count; i++) {
        uint64_t seconds;
        enum medgl_error error = cosignature_verify(note, verifier->witnesses[i], &seconds);
        if (error == MEDGL_ERR_CORRUPT)
            verifier_fault(verifier, mark->size,
                           "the cosignature of %s on checkpoint %s is not valid",
                           cosigner_name(verifier->witnesses[i]), mark->label);
        if (error == MEDGL_ERR_CORRUPT || error == MEDGL_ERR_NOT_FOUND)
            continue;
        MEDGL_TRY(error);
        size_t at = mark->witnesses++;
        for (; at > 0 && times[at - 1] > seconds; at--)
            times[at] = times[at - 1];
        times[at] = seconds;
    }
    if (verifier->quorum > 0 && mark->witnesses >= verifier->quorum)
        mark->witness_time = times[verifier->quorum - 1];
    return MEDGL_OK;
}

enum medgl_error ledger_verifier_witnesses(struct ledger_verifier *verifier,
                                           const struct cosigner *const *witnesses, size_t count,
                                           unsigned quorum)
{
    if (verifier->mark_count > 0 || verifier->begun || count > COSIGNERS_MAX)
        return MEDGL_ERR_ARGUMENT;
    verifier->witnesses = witnesses;
    verifier->witness_count = count;
    verifier->quorum = quorum;
    return MEDGL_OK;
}

enum medgl_error ledger_verifier_checkpoint(struct ledger_verifier *verifier, const char *label,
                                            const char *note)
{
    struct mark mark = {.size = 0};
    if (verifier->begun)
        return MEDGL_ERR_ARGUMENT;
    enum medgl_error error = mark_open(verifier, note, &mark);
    if (error == MEDGL_ERR_CORRUPT) {
        verifier_fault(verifier, 0, "checkpoint %s is not signed by the key of %s", label,
                       verifier_origin(verifier));
        return MEDGL_OK;
    }
    MEDGL_TRY(error);
    mark.label = strdup(label);
    if (mark.label != NULL)
        error = mark_witnesses(verifier, note, &mark);
    if (error != MEDGL_OK) {
        free(mark.label);
        return error;
    }
    return mark_add(verifier, &mark);
}

static int mark_compare(const void *a, const void *b)
{
    const struct mark *left = a, *right = b;
    return (left->size > right->size) - (left->size < right->size);
}

/* One whose root is the tree's. */
static void mark_counts(struct ledger_verifier *verifier, const struct mark *mark)
{
    struct ledger_result *result = &verifier->result;
    result->checkpoints++;
    result->cosignatures += mark->witnesses;
    for (size_t i = 1; i < verifier->key_count; i++)
        if (verifier->keys[i].from == mark->size && (mark->signers >> (i - 1) & 3) == 3)
            verifier->vouched |= UINT64_C(1) << i;
    const bool enough = verifier->quorum > 0 && mark->witnesses >= verifier->quorum;
    if (enough ? mark->size > result->witnessed || mark->witnesses > result->witnesses
               : result->witnessed == 0 && mark->witnesses > result->witnesses)
        result->witnesses = mark->witnesses;
    if (enough && mark->size >= result->witnessed) {
        const medgl_time time = (medgl_time)(mark->witness_time < INT64_MAX / MEDGL_SECOND
                                                 ? mark->witness_time * MEDGL_SECOND
                                                 : INT64_MAX);
        if (mark->size > result->witnessed || time < result->witnessed_time)
            result->witnessed_time = time;
        result->witnessed = mark->size;
    }
}

/* Every checkpoint of the size that the tree has now must say its root. */
static enum medgl_error marks_check(struct ledger_verifier *verifier)
{
    struct ledger_result *result = &verifier->result;
    unsigned char root[MERKLE_HASH_SIZE];
    bool known = false;
    for (; verifier->mark_next < verifier->mark_count; verifier->mark_next++) {
        const struct mark *mark = &verifier->marks[verifier->mark_next];
        if (mark->size != result->tree.size)
            break;
        if (!known)
            MEDGL_TRY(merkle_root(&result->tree, root));
        known = true;
        if (memcmp(root, mark->root, sizeof(root)) == 0)
            mark_counts(verifier, mark);
        else
            verifier_fault(verifier, mark->size,
                           "checkpoint %s was made over other entries than these %" PRIu64,
                           mark->label, mark->size);
    }
    return MEDGL_OK;
}

static enum medgl_error verifier_begin(struct ledger_verifier *verifier)
{
    if (verifier->begun)
        return MEDGL_OK;
    verifier->begun = true;
    if (verifier->mark_count > 0)
        qsort(verifier->marks, verifier->mark_count, sizeof(*verifier->marks), mark_compare);
    for (size_t i = 1; i < verifier->mark_count; i++) {
        const struct mark *one = &verifier->marks[i - 1], *other = &verifier->marks[i];
        if (one->size == other->size && memcmp(one->root, other->root, sizeof(one->root)) != 0)
            verifier_fault(verifier, one->size,
                           "checkpoints %s and %s contradict each other: both are signed, and "
                           "were made over different ledgers",
                           one->label, other->label);
    }
    return marks_check(verifier); /* those of the empty tree */
}

/* -- entries ---------------------------------------------------------------------------------- */

static void entry_order(struct ledger_verifier *verifier, uint64_t seq)
{
    if (seq > verifier->expected)
        verifier_fault(verifier, seq, "entries are missing in front of this one, from %" PRIu64,
                       verifier->expected);
    else if (seq < verifier->expected)
        verifier_fault(verifier, seq, "this entry comes again or out of order");
    verifier->expected = seq + 1;
}

/* What the line says, as far as it says anything, and its hash. */
static enum medgl_error entry_content(struct ledger_verifier *verifier, uint64_t seq,
                                      const char *line, size_t len,
                                      unsigned char hash[MERKLE_HASH_SIZE],
                                      const struct ledger_entry **found)
{
    struct ledger_result *result = &verifier->result;
    const struct ledger_entry *entry = &verifier->scanner.entry;
    enum medgl_error error = ledger_scan(&verifier->scanner, line, len, hash);
    if (error == MEDGL_ERR_CORRUPT) {
        verifier_fault(verifier, seq, "this line is no entry in the form that entries have");
        return MEDGL_OK;
    }
    MEDGL_TRY(error);
    if (entry->seq != seq)
        verifier_fault(verifier, seq, "the entry calls itself number %" PRIu64, entry->seq);
    if (strcmp(entry->origin, verifier_origin(verifier)) != 0)
        verifier_fault(verifier, seq, "the entry belongs to another ledger: %s", entry->origin);
    result->clock_backwards += entry->time < verifier->previous;
    result->clock_unsynchronised += !entry->clock_synchronised;
    verifier->previous = entry->time;
    *found = entry;
    return MEDGL_OK;
}

enum medgl_error ledger_verifier_entry(struct ledger_verifier *verifier, uint64_t seq,
                                       const char *line, size_t len, const unsigned char *leaf,
                                       const struct ledger_entry **entry)
{
    unsigned char hash[MERKLE_HASH_SIZE];
    const struct ledger_entry *found = NULL;
    if (line == NULL && leaf == NULL)
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(verifier_begin(verifier));
    entry_order(verifier, seq);
    if (line != NULL) {
        MEDGL_TRY(entry_content(verifier, seq, line, len, hash, &found));
        if (leaf != NULL && memcmp(leaf, hash, sizeof(hash)) != 0)
            verifier_fault(verifier, seq, "the stored hash is not that of the entry");
    } else {
        memcpy(hash, leaf, sizeof(hash));
        verifier->result.absent++;
    }
    if (entry != NULL)
        *entry = found;
    MEDGL_TRY(merkle_append(&verifier->result.tree, hash));
    verifier->result.entries++;
    return marks_check(verifier);
}

/* MUST: or whoever took the store could go on with a key of their own, and call it an exchange. */
static void keys_vouched(struct ledger_verifier *verifier)
{
    for (size_t i = 1; i < verifier->key_count; i++)
        if ((verifier->vouched >> i & 1) == 0)
            verifier_fault(verifier, verifier->keys[i].from,
                           "the key that signs from %" PRIu64
                           " entries on was not signed by the one before it",
                           verifier->keys[i].from);
}

enum medgl_error ledger_verifier_finish(struct ledger_verifier *verifier,
                                        const struct merkle_tree *head,
                                        struct ledger_result *result)
{
    MEDGL_TRY(verifier_begin(verifier));
    for (; verifier->mark_next < verifier->mark_count; verifier->mark_next++) {
        const struct mark *mark = &verifier->marks[verifier->mark_next];
        verifier_fault(verifier, mark->size,
                       "checkpoint %s was made over %" PRIu64 " entries, but there are %" PRIu64
                       ": the ledger was cut",
                       mark->label, mark->size, verifier->result.entries);
    }
    keys_vouched(verifier);
    if (head != NULL && memcmp(head, &verifier->result.tree, sizeof(*head)) != 0)
        verifier_fault(verifier, head->size, "the stored head is not that of the entries");
    MEDGL_TRY(merkle_root(&verifier->result.tree, verifier->result.root));
    *result = verifier->result;
    return result->faults == 0 ? MEDGL_OK : MEDGL_ERR_CORRUPT;
}
