/* Appending to the ledger: an entry and the state change that it tells of are one transaction. */
#include "operation/evidence.h"
#include "operation/alert.h"
#include "operation/head_seen.h"

#include "base/file.h"
#include "base/log.h"
#include "operation/role.h"
#include "policy/calendar.h"

#include <stdio.h>
#include <string.h>

void evidence_begin(const struct context *context, const struct clock_reading *clock,
                    enum ledger_kind kind, const struct account *account,
                    struct ledger_entry *entry)
{
    *entry = (struct ledger_entry){
        .time = clock->now,
        .clock_synchronised = clock->synchronised,
        .origin = note_signer_name(context->signer),
        .kind = kind,
        .actor = {.uid = context->actor.uid, .name = context->actor.name},
    };
    if (account != NULL)
        entry->subject = (struct ledger_subject){.account = account->id, .name = account->name};
    if (context->actor.asserted)
        ledger_entry_bool(entry, "actor_asserted", true);
}

/* MUST: nothing is signed over a head that another key signed: a foreign ledger.key, or one that
 * was exchanged since we read it. */
static enum medgl_error evidence_own(const struct context *context, const struct ledger_head *head)
{
    if (head->tree.size == 0 || note_names(head->checkpoint, context->signer) ||
        (context->coming != NULL && note_names(head->checkpoint, context->coming)))
        return MEDGL_OK;
    log_line(LOG_ERR,
             "the ledger was signed last by another key than the ledger.key that was read: if it "
             "was exchanged just now, the next try works; else restore %s%s from the backup",
             context->root, context_file(context->place, CONTEXT_FILE_LEDGER_KEY));
    return MEDGL_ERR_KEY;
}

/* Signed with every entry: the newest signature in the store is never older than its newest entry.
 */
static enum medgl_error evidence_sign(const struct context *context,
                                      const struct checkpoint *checkpoint,
                                      char note[STORE_NOTE_SIZE])
{
    if (context->coming != NULL)
        return checkpoint_sign_both(checkpoint, context->signer, context->coming, note,
                                    STORE_NOTE_SIZE);
    return checkpoint_sign(checkpoint, context->signer, note, STORE_NOTE_SIZE);
}

/* One more entry, and the head over it; the checkpoint of a day's first one is kept for good. */
static enum medgl_error evidence_add(struct context *context, struct store_txn *txn,
                                     struct ledger_entry *entry, struct ledger_head *head)
{
    unsigned char leaf[MERKLE_HASH_SIZE];
    auto_free char *line = NULL;
    size_t len;
    const bool first_of_day =
        head->time == 0 || policy_day(entry->time, clock_utc_offset(entry->time)) >
                               policy_day(head->time, clock_utc_offset(head->time));
    entry->seq = head->tree.size;
    MEDGL_TRY(ledger_entry_encode(entry, &line, &len));
    MEDGL_TRY(merkle_leaf(line, len, leaf));
    MEDGL_TRY(merkle_append(&head->tree, leaf));
    struct checkpoint checkpoint = {.size = head->tree.size};
    (void)snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s", entry->origin);
    MEDGL_TRY(merkle_root(&head->tree, checkpoint.root));
    MEDGL_TRY(evidence_sign(context, &checkpoint, head->checkpoint));
    if (entry->kind == LEDGER_CLOCK_BACK || entry->time > head->time)
        head->time = entry->time;
    MEDGL_TRY(store_ledger_append(txn, line, len, leaf, head));
    return first_of_day ? store_checkpoint_add(txn, head->tree.size, entry->time, head->checkpoint)
                        : MEDGL_OK;
}

/* The clock stands before what an entry says already (R09): an entry says so once, and so does an
 * alert. What was read before it waited for the lock is no clock that was set back. */
static enum medgl_error evidence_clock(struct context *context, struct store_txn *txn,
                                       const struct ledger_entry *entry, struct ledger_head *head)
{
    const struct clock_reading clock = {entry->time, entry->clock_synchronised};
    const medgl_time from = head->time - EVIDENCE_CLOCK_BACK;
    char was[CLOCK_TEXT_SIZE], is[CLOCK_TEXT_SIZE], text[STORE_ALERT_SIZE];
    struct ledger_entry back;
    if (head->time == 0 || entry->time >= from || clock_read().now >= from)
        return MEDGL_OK;
    evidence_begin(context, &clock, LEDGER_CLOCK_BACK, NULL, &back);
    ledger_entry_time(&back, "from", head->time, was);
    ledger_entry_time(&back, "to", entry->time, is);
    MEDGL_TRY(evidence_add(context, txn, &back, head));
    (void)snprintf(text, sizeof(text),
                   "The clock went back from %s to %s: times of the ledger around entry %llu are "
                   "not to be relied on, its order is. See what set the clock.",
                   was, is, (unsigned long long)back.seq);
    const struct alert_event event = {.kind = ALERT_CLOCK, .text = text, .about = "back"};
    MEDGL_TRY(alert_raise(context, txn, &clock, &event));
    return store_ledger_head(txn, head);
}

enum medgl_error evidence_append(struct context *context, struct store_txn *txn,
                                 struct ledger_entry *entry, uint64_t *seq)
{
    struct ledger_head head;
    MEDGL_TRY(store_ledger_head(txn, &head));
    MEDGL_TRY(evidence_own(context, &head));
    MEDGL_TRY(evidence_clock(context, txn, entry, &head));
    MEDGL_TRY(evidence_add(context, txn, entry, &head));
    if (seq != NULL)
        *seq = entry->seq;
    return MEDGL_OK;
}

enum medgl_error evidence_keep(struct store_txn *txn, medgl_time now)
{
    struct ledger_head head;
    MEDGL_TRY(store_ledger_head(txn, &head));
    return store_checkpoint_add(txn, head.tree.size, now, head.checkpoint);
}

static enum medgl_error evidence_read_head(struct store_txn *txn, void *argument)
{
    return store_ledger_head(txn, argument);
}

struct publish_run {
    struct ledger_head head;
    struct head_mark mark;
    struct head_found found;
};

static enum medgl_error publish_read(struct store_txn *txn, void *argument)
{
    struct publish_run *run = argument;
    MEDGL_TRY(store_ledger_head(txn, &run->head));
    MEDGL_TRY(head_seen_find(txn, &run->found));
    return head_seen_mark(txn, clock_read().now, &run->mark);
}

/* What contradicts the store is left for the next login, which tells of it. A new store, with the
 * one entry of its setup, needs none yet. */
static void publish_keep_head(const struct context *context, const struct publish_run *run)
{
    if (!run->found.put_back && run->mark.size > 1)
        head_seen_keep(context, &run->mark, NULL);
}

/* A checkpoint of this size was published before: the same one, or the store was put back since. */
static enum medgl_error evidence_compare(const char *path, const char *checkpoint)
{
    auto_secret struct secret published = SECRET_NONE;
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0022, .max = STORE_NOTE_SIZE};
    MEDGL_TRY(file_read_trusted(path, &rule, &published));
    return strcmp((const char *)published.bytes, checkpoint) == 0 ? MEDGL_OK : MEDGL_ERR_CORRUPT;
}

static enum medgl_error publish_path(const struct context *context, uint64_t size,
                                     char path[PATH_MAX])
{
    char directory[PATH_MAX], name[24];
    MEDGL_TRY(context_path(context, CONTEXT_FILE_CHECKPOINTS, directory));
    (void)snprintf(name, sizeof(name), "/%020llu", (unsigned long long)size);
    return path_under(path, directory, name);
}

/* Outside copies are what a rewritten ledger contradicts (R08). They come after the commit, so a
 * failure here is told but does not undo the act. */
static enum medgl_error publish_note(struct context *context, uint64_t size, const char *note)
{
    char path[PATH_MAX], line[STORE_NOTE_SIZE];
    MEDGL_TRY(publish_path(context, size, path));
    enum medgl_error error = file_create(path, geteuid(), getegid(), 0400, note, strlen(note));
    if (error == MEDGL_ERR_EXISTS)
        error = evidence_compare(path, note);
    if (error == MEDGL_ERR_CORRUPT)
        log_system(LOG_ALERT,
                   "checkpoint %s was published for another ledger: an older store was put back, "
                   "or the evidence was rewritten: run medgl-admin ledger verify",
                   path);
    else if (error != MEDGL_OK)
        log_line(LOG_ERR,
                 "checkpoint %s: %s: see to the disk, then run medgl-admin ledger checkpoint", path,
                 medgl_error_text(error));
    (void)snprintf(line, sizeof(line), "%s", note);
    for (char *at = line; (at = strchr(at, '\n')) != NULL; at++)
        *at = '|';
    log_system(LOG_NOTICE, "ledger checkpoint (lines joined by |): %s", line);
    return error == MEDGL_ERR_NOT_FOUND ? MEDGL_ERR_IO : error; /* no account was looked for */
}

enum medgl_error evidence_publish(struct context *context)
{
    struct publish_run run;
    head_seen_read(context, &run.found.file); /* MUST: before the transaction begins */
    MEDGL_TRY(store_transact(context->store, STORE_READ, publish_read, &run));
    publish_keep_head(context, &run);
    return publish_note(context, run.head.tree.size, run.head.checkpoint);
}

static enum medgl_error publish_read_kept(struct store_txn *txn, void *argument)
{
    return store_checkpoint_at(txn, INT64_MAX, argument);
}

/* Without what witnesses have signed since: of the same tree there is one note of ours, as it was
 * in the head. Our keys are called as the ledger is, which is the note's first line. */
static void publish_own(char note[STORE_COSIGNED_SIZE])
{
    char ours[NOTE_ORIGIN_SIZE + sizeof("\u2014  ")];
    const char *from = strstr(note, "\n\n");
    if (from == NULL)
        return;
    int len = snprintf(ours, sizeof(ours), "\u2014 %.*s ", (int)strcspn(note, "\n"), note);
    char *to = note + (from + 2 - note);
    for (const char *line = to, *next; *line != '\0'; line = next) {
        const char *end = strchr(line, '\n');
        next = end != NULL ? end + 1 : line + strlen(line);
        if (strncmp(line, ours, (size_t)len) != 0)
            continue;
        memmove(to, line, (size_t)(next - line));
        to += next - line;
    }
    *to = '\0';
}

enum medgl_error evidence_publish_kept(struct context *context)
{
    struct kept_checkpoint kept;
    char path[PATH_MAX];
    enum medgl_error error = store_transact(context->store, STORE_READ, publish_read_kept, &kept);
    if (error != MEDGL_OK)
        return error == MEDGL_ERR_NOT_FOUND ? MEDGL_OK : error;
    MEDGL_TRY(publish_path(context, kept.size, path));
    if (access(path, F_OK) == 0)
        return MEDGL_OK;
    publish_own(kept.note);
    return publish_note(context, kept.size, kept.note);
}

struct checkpoint_run {
    struct ledger_head head;
    medgl_time now;
};

static enum medgl_error checkpoint_keep_head(struct store_txn *txn, void *argument)
{
    struct checkpoint_run *run = argument;
    MEDGL_TRY(store_ledger_head(txn, &run->head));
    return store_checkpoint_add(txn, run->head.tree.size, run->now, run->head.checkpoint);
}

enum medgl_error operation_checkpoint(struct context *context, char note[STORE_NOTE_SIZE])
{
    struct checkpoint_run run = {.now = clock_read().now};
    const bool reads = role_only_reads(context);
    MEDGL_TRY(reads ? store_transact(context->store, STORE_READ, evidence_read_head, &run.head)
                    : store_transact(context->store, STORE_WRITE, checkpoint_keep_head, &run));
    memcpy(note, run.head.checkpoint, STORE_NOTE_SIZE);
    return reads ? MEDGL_OK : evidence_publish(context);
}

enum medgl_error operation_ledger_size(struct context *context, uint64_t *size)
{
    struct ledger_head head;
    MEDGL_TRY(store_transact(context->store, STORE_READ, evidence_read_head, &head));
    *size = head.tree.size;
    return MEDGL_OK;
}

struct each_run {
    uint64_t from, to;
    enum medgl_error (*each)(void *argument, const struct ledger_row *row);
    void *argument;
};

static enum medgl_error ledger_each_run(struct store_txn *txn, void *argument)
{
    const struct each_run *run = argument;
    return store_ledger_each(txn, run->from, run->to, run->each, run->argument);
}

enum medgl_error operation_ledger_each(struct context *context, uint64_t from, uint64_t to,
                                       enum medgl_error (*each)(void *argument,
                                                                const struct ledger_row *row),
                                       void *argument)
{
    struct each_run run = {.from = from, .to = to, .each = each, .argument = argument};
    return store_transact(context->store, STORE_READ, ledger_each_run, &run);
}
