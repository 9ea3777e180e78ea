/* Full verification of a ledger as a stream (R08). Keeps the append state of one tree and the
 * checkpoints; never an entry. Finds faults and goes on: one fault does not hide another. */
#include "ledger/verify.h"

#include "base/auto.h"
#include "base/message.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct mark {
    uint64_t size;
    unsigned char root[MERKLE_HASH_SIZE];
    char *label;
};

struct ledger_verifier {
    const struct note_verifier *key; /* borrowed */
    ledger_fault fault;
    void *argument;
    struct mark *marks; /* checkpoints, by size once entries come */
    size_t mark_count, mark_cap;
    size_t mark_next; /* the first that the tree has not reached */
    bool begun;
    uint64_t expected;   /* the seq that comes next */
    medgl_time previous; /* of the last readable entry */
    struct ledger_result result;
};

enum medgl_error ledger_verifier_new(const struct note_verifier *key, ledger_fault fault,
                                     void *argument, struct ledger_verifier **verifier)
{
    *verifier = calloc(1, sizeof(**verifier));
    if (*verifier == NULL)
        return MEDGL_ERR_MEMORY;
    (*verifier)->key = key;
    (*verifier)->fault = fault;
    (*verifier)->argument = argument;
    return MEDGL_OK;
}

void ledger_verifier_free(struct ledger_verifier **verifier)
{
    if (*verifier == NULL)
        return;
    for (size_t i = 0; i < (*verifier)->mark_count; i++)
        free((*verifier)->marks[i].label);
    free((*verifier)->marks);
    free(*verifier);
    *verifier = NULL;
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

static enum medgl_error mark_add(struct ledger_verifier *verifier, const char *label,
                                 const struct checkpoint *checkpoint)
{
    if (verifier->mark_count == verifier->mark_cap) {
        size_t cap = verifier->mark_cap > 0 ? 2 * verifier->mark_cap : 16;
        struct mark *grown = reallocarray(verifier->marks, cap, sizeof(*grown));
        if (grown == NULL)
            return MEDGL_ERR_MEMORY;
        verifier->marks = grown;
        verifier->mark_cap = cap;
    }
    struct mark *mark = &verifier->marks[verifier->mark_count];
    mark->label = strdup(label);
    if (mark->label == NULL)
        return MEDGL_ERR_MEMORY;
    mark->size = checkpoint->size;
    memcpy(mark->root, checkpoint->root, sizeof(mark->root));
    verifier->mark_count++;
    return MEDGL_OK;
}

enum medgl_error ledger_verifier_checkpoint(struct ledger_verifier *verifier, const char *label,
                                            const char *note)
{
    struct checkpoint checkpoint;
    if (verifier->begun)
        return MEDGL_ERR_ARGUMENT;
    enum medgl_error error = checkpoint_open(note, verifier->key, &checkpoint);
    if (error == MEDGL_OK)
        return mark_add(verifier, label, &checkpoint);
    if (error != MEDGL_ERR_CORRUPT)
        return error;
    verifier_fault(verifier, 0, _("checkpoint %s is not signed by the key of %s"), label,
                   note_verifier_name(verifier->key));
    return MEDGL_OK;
}

static int mark_compare(const void *a, const void *b)
{
    const struct mark *left = a, *right = b;
    return (left->size > right->size) - (left->size < right->size);
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
            result->checkpoints++;
        else
            verifier_fault(verifier, mark->size,
                           _("checkpoint %s was made over other entries than these %" PRIu64),
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
                           _("checkpoints %s and %s contradict each other: both are signed, and "
                             "were made over different ledgers"),
                           one->label, other->label);
    }
    return marks_check(verifier); /* those of the empty tree */
}

/* -- entries ---------------------------------------------------------------------------------- */

static void entry_order(struct ledger_verifier *verifier, uint64_t seq)
{
    if (seq > verifier->expected)
        verifier_fault(verifier, seq, _("entries are missing in front of this one, from %" PRIu64),
                       verifier->expected);
    else if (seq < verifier->expected)
        verifier_fault(verifier, seq, _("this entry comes again or out of order"));
    verifier->expected = seq + 1;
}

static enum medgl_error entry_content(struct ledger_verifier *verifier, uint64_t seq,
                                      const char *line, size_t len)
{
    struct ledger_result *result = &verifier->result;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    enum medgl_error error = ledger_entry_decode(line, len, &parsed);
    if (error == MEDGL_ERR_CORRUPT) {
        verifier_fault(verifier, seq, _("this line is no entry in the form that entries have"));
        return MEDGL_OK;
    }
    MEDGL_TRY(error);
    const struct ledger_entry *entry = ledger_parsed_entry(parsed);
    if (entry->seq != seq)
        verifier_fault(verifier, seq, _("the entry calls itself number %" PRIu64), entry->seq);
    if (strcmp(entry->origin, note_verifier_name(verifier->key)) != 0)
        verifier_fault(verifier, seq, _("the entry belongs to another ledger: %s"), entry->origin);
    result->clock_backwards += entry->time < verifier->previous;
    result->clock_unsynchronised += !entry->clock_synchronised;
    verifier->previous = entry->time;
    return MEDGL_OK;
}

enum medgl_error ledger_verifier_entry(struct ledger_verifier *verifier, uint64_t seq,
                                       const char *line, size_t len, const unsigned char *leaf)
{
    unsigned char hash[MERKLE_HASH_SIZE];
    MEDGL_TRY(verifier_begin(verifier));
    entry_order(verifier, seq);
    MEDGL_TRY(entry_content(verifier, seq, line, len));
    MEDGL_TRY(merkle_leaf(line, len, hash));
    if (leaf != NULL && memcmp(leaf, hash, sizeof(hash)) != 0)
        verifier_fault(verifier, seq, _("the stored hash is not that of the entry"));
    MEDGL_TRY(merkle_append(&verifier->result.tree, hash));
    verifier->result.entries++;
    return marks_check(verifier);
}

enum medgl_error ledger_verifier_finish(struct ledger_verifier *verifier,
                                        const struct merkle_tree *head,
                                        struct ledger_result *result)
{
    MEDGL_TRY(verifier_begin(verifier));
    for (; verifier->mark_next < verifier->mark_count; verifier->mark_next++) {
        const struct mark *mark = &verifier->marks[verifier->mark_next];
        verifier_fault(verifier, mark->size,
                       _("checkpoint %s was made over %" PRIu64 " entries, but there are %" PRIu64
                         ": the ledger was cut"),
                       mark->label, mark->size, verifier->result.entries);
    }
    if (head != NULL && memcmp(head, &verifier->result.tree, sizeof(*head)) != 0)
        verifier_fault(verifier, head->size, _("the stored head is not that of the entries"));
    MEDGL_TRY(merkle_root(&verifier->result.tree, verifier->result.root));
    *result = verifier->result;
    return result->faults == 0 ? MEDGL_OK : MEDGL_ERR_CORRUPT;
}
