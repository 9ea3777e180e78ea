/* The main ledger vouches for that of the break-glass accounts (R31, R32): it takes over the head
 * of it now and then, so that whoever rewrites the small one later contradicts the main one, its
 * checkpoints and its witnesses. Writes to the main store alone. */
#include "operation/emergency_join.h"

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"
#include "operation/alert.h"
#include "operation/evidence.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define JOIN_APART      MEDGL_HOUR         /* of the timer, while nothing is open */
#define JOIN_APART_OPEN (5 * MEDGL_MINUTE) /* and while something is */

enum medgl_error emergency_join_origin(const char *main_origin, char text[NOTE_ORIGIN_SIZE])
{
    const int len = snprintf(text, NOTE_ORIGIN_SIZE, "%s/breakglass", main_origin);
    return len > 0 && len < NOTE_ORIGIN_SIZE ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
}

enum medgl_error emergency_join_read(const struct ledger_entry *entry, struct emergency_join *join)
{
    const char *root = ledger_entry_find_text(entry, "root");
    const int64_t size = ledger_entry_find_number(entry, "size", -1);
    const struct ledger_field *first = ledger_entry_find(entry, "first", LEDGER_FIELD_BOOL);
    size_t len = sizeof(join->root);
    *join = (struct emergency_join){.origin = ledger_entry_find_text(entry, "origin")};
    if (entry->kind != LEDGER_EMERGENCY_JOIN || size <= 0 || first == NULL ||
        crypto_unbase64(join->root, &len, root, strlen(root), true) != MEDGL_OK ||
        len != sizeof(join->root))
        return MEDGL_ERR_CORRUPT;
    join->size = (uint64_t)size;
    join->first = first->number != 0;
    return MEDGL_OK;
}

/* What of the small ledger was joined so far, by the main store: size 0 is nothing. */
struct join_before {
    const char *origin;
    struct joined row;
    unsigned char root[MERKLE_HASH_SIZE];
    bool found; /* its entry, by the walk */
};

/* As the small store has it. */
struct join_there {
    const struct join_before *before;
    struct ledger_head head;
    struct merkle_tree tree; /* from the leaves */
    bool fits;               /* what was joined is the beginning of it */
};

struct join_run {
    struct context *context; /* the main one */
    struct join_before before;
    struct checkpoint checkpoint; /* the small ledger's head */
    struct clock_reading clock;
    const char *what; /* the contradiction */
    bool joined;
};

/* -- what was joined before ------------------------------------------------------------------- */

static enum medgl_error before_entry(void *argument, const struct ledger_row *row)
{
    struct join_before *before = argument;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    struct emergency_join join;
    if (row->len == 0) /* never archived, for its row names it */
        return MEDGL_ERR_CORRUPT;
    MEDGL_TRY(ledger_entry_decode(row->line, row->len, &parsed));
    MEDGL_TRY(emergency_join_read(ledger_parsed_entry(parsed), &join));
    if (join.size != before->row.size || strcmp(join.origin, before->origin) != 0)
        return MEDGL_ERR_CORRUPT;
    memcpy(before->root, join.root, sizeof(before->root));
    before->found = true;
    return MEDGL_OK;
}

static enum medgl_error before_row(struct store_txn *txn, const char *origin, struct joined *row)
{
    *row = (struct joined){.size = 0};
    const enum medgl_error error = store_joined_get(txn, origin, row);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
}

static enum medgl_error before_read(struct store_txn *txn, void *argument)
{
    struct join_before *before = argument;
    const struct joined *row = &before->row;
    before->found = false;
    MEDGL_TRY(before_row(txn, before->origin, &before->row));
    if (row->size == 0)
        return MEDGL_OK;
    MEDGL_TRY(store_ledger_each(txn, row->ledger_seq, row->ledger_seq + 1, before_entry, before));
    return before->found ? MEDGL_OK : MEDGL_ERR_CORRUPT;
}

/* -- what is there ---------------------------------------------------------------------------- */

static enum medgl_error there_compare(struct join_there *there)
{
    unsigned char root[MERKLE_HASH_SIZE];
    if (there->tree.size != there->before->row.size || there->tree.size == 0)
        return MEDGL_OK;
    MEDGL_TRY(merkle_root(&there->tree, root));
    there->fits = memcmp(root, there->before->root, sizeof(root)) == 0;
    return MEDGL_OK;
}

static enum medgl_error there_leaf(void *argument, const struct ledger_row *row)
{
    struct join_there *there = argument;
    if (row->seq != there->tree.size)
        return MEDGL_ERR_CORRUPT;
    MEDGL_TRY(merkle_append(&there->tree, row->leaf));
    return there_compare(there);
}

static enum medgl_error there_read(struct store_txn *txn, void *argument)
{
    struct join_there *there = argument;
    there->tree = (struct merkle_tree){.size = 0};
    there->fits = there->before->row.size == 0;
    MEDGL_TRY(store_ledger_head(txn, &there->head));
    return store_ledger_stream(txn, there_leaf, there);
}

/* Under its own key, and over what is there. */
static enum medgl_error there_signed(const struct context *small, const struct join_there *there,
                                     struct checkpoint *checkpoint)
{
    auto_clean(note_verifier_free) struct note_verifier *verifier = NULL;
    char vkey[NOTE_VKEY_SIZE];
    unsigned char root[MERKLE_HASH_SIZE];
    MEDGL_TRY(note_signer_vkey(small->signer, vkey));
    MEDGL_TRY(note_verifier_open(vkey, &verifier));
    MEDGL_TRY(checkpoint_open(there->head.checkpoint, verifier, checkpoint));
    MEDGL_TRY(merkle_root(&there->tree, root));
    if (checkpoint->size != there->tree.size ||
        memcmp(checkpoint->root, root, sizeof(checkpoint->root)) != 0)
        return MEDGL_ERR_CORRUPT;
    return MEDGL_OK;
}

static enum medgl_error join_contradicts(struct join_run *run, const char *what)
{
    run->what = what;
    return MEDGL_ERR_CORRUPT;
}

static enum medgl_error join_look(struct join_run *run, struct context *small)
{
    struct join_there there = {.before = &run->before};
    char origin[NOTE_ORIGIN_SIZE];
    MEDGL_TRY(emergency_join_origin(note_signer_name(run->context->signer), origin));
    if (strcmp(origin, run->before.origin) != 0)
        return join_contradicts(run, "it has the name of another ledger");
    enum medgl_error error = store_transact(small->store, STORE_READ, there_read, &there);
    if (error == MEDGL_ERR_CORRUPT)
        return join_contradicts(run, "it cannot be read to its end");
    MEDGL_TRY(error);
    if (there.tree.size < run->before.row.size)
        return join_contradicts(run, "it is shorter than what was joined before");
    if (!there.fits)
        return join_contradicts(run, "it is not a continuation of what was joined before");
    error = there_signed(small, &there, &run->checkpoint);
    if (error == MEDGL_ERR_CORRUPT)
        return join_contradicts(run, "its head is not signed by its key, or is not that of its "
                                     "entries");
    return error;
}

/* -- joining ---------------------------------------------------------------------------------- */

static enum medgl_error join_append(struct store_txn *txn, const struct join_run *run,
                                    uint64_t *seq)
{
    const struct checkpoint *checkpoint = &run->checkpoint;
    char root[CRYPTO_HASH_SIZE * 2];
    struct ledger_entry entry;
    evidence_begin(run->context, &run->clock, LEDGER_EMERGENCY_JOIN, NULL, &entry);
    crypto_base64(root, checkpoint->root, sizeof(checkpoint->root), true);
    ledger_entry_text(&entry, "origin", checkpoint->origin);
    ledger_entry_number(&entry, "size", (int64_t)checkpoint->size);
    ledger_entry_text(&entry, "root", root);
    ledger_entry_bool(&entry, "first", run->before.row.size == 0);
    return evidence_append(run->context, txn, &entry, seq);
}

/* MUST: entry and row in one transaction. Somebody who joined meanwhile has looked as well. */
static enum medgl_error join_write(struct store_txn *txn, void *argument)
{
    struct join_run *run = argument;
    struct joined row;
    run->joined = false;
    MEDGL_TRY(before_row(txn, run->before.origin, &row));
    if (row.ledger_seq != run->before.row.ledger_seq || row.size != run->before.row.size)
        return MEDGL_OK;
    row.size = run->checkpoint.size;
    row.time = run->clock.now;
    MEDGL_TRY(text_copy(row.origin, sizeof(row.origin), run->checkpoint.origin));
    MEDGL_TRY(join_append(txn, run, &row.ledger_seq));
    MEDGL_TRY(store_joined_put(txn, &row));
    run->joined = true;
    return evidence_keep(txn, run->clock.now);
}

static enum medgl_error join_raise(struct store_txn *txn, void *argument)
{
    const struct join_run *run = argument;
    char text[STORE_ALERT_SIZE];
    (void)snprintf(text, sizeof(text),
                   "The ledger of the break-glass accounts contradicts the main one, which vouches "
                   "for its first %" PRIu64 " entries: %s. Keep the disk as it is, and run "
                   "medgl-admin ledger verify.",
                   run->before.row.size, run->what);
    const struct alert_event event = {.kind = ALERT_EVIDENCE, .text = text, .about = "breakglass"};
    return alert_raise(run->context, txn, &run->clock, &event);
}

/* MEDGL_ERR_CORRUPT in any case. */
static enum medgl_error join_tell(struct join_run *run)
{
    log_line(LOG_ALERT,
             "the ledger of the break-glass accounts contradicts the main one: %s: run "
             "medgl-admin ledger verify",
             run->what);
    const enum medgl_error error =
        store_transact(run->context->store, STORE_WRITE, join_raise, run);
    if (error == MEDGL_OK)
        alert_wake(run->context);
    else
        (void)alert_straight(run->context, NULL, ALERT_EVIDENCE, run->what);
    return MEDGL_ERR_CORRUPT;
}

enum medgl_error operation_emergency_join(struct context *main_context,
                                          struct context *breakglass_context, bool *joined)
{
    struct join_run run = {.context = main_context,
                           .before = {.origin = note_signer_name(breakglass_context->signer)},
                           .clock = clock_read()};
    *joined = false;
    if (main_context->place != CONTEXT_MAIN || breakglass_context->place != CONTEXT_BREAKGLASS)
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(store_transact(main_context->store, STORE_READ, before_read, &run.before));
    const enum medgl_error error = join_look(&run, breakglass_context);
    if (run.what != NULL)
        return join_tell(&run);
    MEDGL_TRY(error);
    if (run.checkpoint.size == run.before.row.size)
        return MEDGL_OK;
    MEDGL_TRY(store_transact(main_context->store, STORE_WRITE, join_write, &run));
    *joined = run.joined;
    if (run.joined)
        (void)evidence_publish(main_context); /* it is joined even if the outside copy fails */
    return MEDGL_OK;
}

/* -- by the timer ----------------------------------------------------------------------------- */

enum medgl_error operation_emergency_join_due(struct context *main_context,
                                              struct context *breakglass_context, bool *joined)
{
    struct join_before before = {.origin = note_signer_name(breakglass_context->signer)};
    const medgl_time now = clock_read().now,
                     apart = breakglass_context->emergency.phase == EMERGENCY_OPEN ? JOIN_APART_OPEN
                                                                                   : JOIN_APART;
    uint64_t size;
    *joined = false;
    MEDGL_TRY(store_transact(main_context->store, STORE_READ, before_read, &before));
    MEDGL_TRY(operation_ledger_size(breakglass_context, &size));
    const bool early =
        before.row.size > 0 && before.row.time <= now && now - before.row.time < apart;
    if (size == before.row.size || early)
        return MEDGL_OK;
    return operation_emergency_join(main_context, breakglass_context, joined);
}
