/* Whether a backup would bring this machine back, and whether there is one that would (R36). */
#include "operation/backup.h"

#include "base/auto.h"
#include "base/message.h"
#include "operation/backup_generation.h"
#include "operation/backup_pack.h"
#include "operation/doctor.h"
#include "operation/evidence.h"
#include "operation/head_seen.h"
#include "policy/calendar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* -- proving it ------------------------------------------------------------------------------- */

struct verify_run {
    struct context *context;
    const struct backup_opened *opened;
    struct head_mark mark; /* of the ledger in it */
    struct backup row;     /* that names it */
    bool named;
};

static enum medgl_error verify_mark(struct store_txn *txn, void *argument)
{
    struct verify_run *run = argument;
    return head_seen_mark(txn, clock_read().now, &run->mark);
}

static enum medgl_error verify_find(void *argument, const struct backup *backup)
{
    struct verify_run *run = argument;
    if (strcmp(backup->digest, run->opened->digest) != 0)
        return MEDGL_OK;
    run->row = *backup;
    run->named = true;
    return MEDGL_OK;
}

/* Of another ledger there is nothing to be said in this one. */
static enum medgl_error verify_write(struct store_txn *txn, void *argument)
{
    struct verify_run *run = argument;
    const struct clock_reading clock = clock_read();
    struct ledger_entry entry;
    uint64_t seq;
    bool holds;
    run->named = false;
    MEDGL_TRY(head_seen_holds(txn, &run->mark, &holds));
    if (!holds || strcmp(run->opened->manifest.origin, note_signer_name(run->context->signer)) != 0)
        return MEDGL_OK;
    MEDGL_TRY(store_backup_each(txn, verify_find, run));
    evidence_begin(run->context, &clock, LEDGER_BACKUP_VERIFY, NULL, &entry);
    if (run->named)
        ledger_entry_text(&entry, "file", run->row.file);
    ledger_entry_text(&entry, "digest", run->opened->digest);
    ledger_entry_number(&entry, "size", (int64_t)run->opened->manifest.size);
    MEDGL_TRY(evidence_append(run->context, txn, &entry, &seq));
    if (run->row.state != BACKUP_GONE) /* of that the entry that ended it stays the last */
        run->row.ledger_seq = seq;
    run->row.verified = clock.now;
    if (run->named)
        MEDGL_TRY(store_backup_update(txn, &run->row));
    return evidence_keep(txn, clock.now);
}

enum medgl_error operation_backup_verify(struct context *context,
                                         const struct backup_open_request *request,
                                         struct backup_found *found, char why[])
{
    auto_clean(backup_stage_close) struct backup_stage stage = BACKUP_STAGE_NONE;
    auto_clean(backup_opened_close) struct backup_opened opened = {.bytes = 0};
    struct verify_run run = {.context = context, .opened = &opened};
    char path[PATH_MAX];
    struct stat st;
    *found = (struct backup_found){.faults = 0};
    why[0] = '\0';
    if (fstat(request->fd, &st) != 0)
        return MEDGL_ERR_IO;
    MEDGL_TRY(path_under(path, context->root, PATH_STAGING));
    MEDGL_TRY(backup_stage_open(path, &stage, why));
    MEDGL_TRY(backup_room(context, path, (uint64_t)st.st_size, why));
    enum medgl_error error = backup_open(request, stage.path, &opened, found, why);
    (void)clock_set_zone(context->policy.time_zone); /* the one in it set its own */
    MEDGL_TRY(error);
    MEDGL_TRY(store_transact(opened.context.store, STORE_READ, verify_mark, &run));
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, verify_write, &run));
    (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    return MEDGL_OK;
}

/* -- whether there is one --------------------------------------------------------------------- */

#define LOOK_AHEAD MEDGL_HOUR

struct look_run {
    struct context *context;
    medgl_time now;
    struct backup last;  /* the latest one; created 0: none */
    medgl_time first;    /* backup, or the ledger's first entry where there is none */
    medgl_time verified; /* latest proof; 0: none */
};

/* A time that is still to come: the clock was ahead then, and how old it is nobody knows. */
static bool look_is_ahead(medgl_time then, medgl_time now)
{
    return then - now > LOOK_AHEAD;
}

static enum medgl_error look_backup(void *argument, const struct backup *backup)
{
    struct look_run *run = argument;
    if (run->last.created == 0 && backup->state == BACKUP_MADE)
        run->last = *backup;
    if (run->verified < backup->verified && !look_is_ahead(backup->verified, run->now))
        run->verified = backup->verified;
    run->first = backup->created; /* the latest comes first */
    return MEDGL_OK;
}

/* Of an entry whose body is in an archive the time is not known: long ago. */
static enum medgl_error look_setup(void *argument, const struct ledger_row *row)
{
    struct look_run *run = argument;
    auto_clean(ledger_parsed_free) struct ledger_parsed *parsed = NULL;
    run->first = 1;
    if (row->len > 0 && ledger_entry_decode(row->line, row->len, &parsed) == MEDGL_OK)
        run->first = ledger_parsed_entry(parsed)->time;
    return MEDGL_OK;
}

static enum medgl_error look_read(struct store_txn *txn, void *argument)
{
    struct look_run *run = argument;
    *run = (struct look_run){.context = run->context, .now = run->now};
    MEDGL_TRY(store_backup_each(txn, look_backup, run));
    return run->first != 0 ? MEDGL_OK : store_ledger_each(txn, 0, 1, look_setup, run);
}

/* A span of 0 asks for nothing. */
static bool look_is_older(medgl_time then, struct policy_span span, medgl_time now)
{
    const medgl_time most = policy_span_most(span);
    return most > 0 && (now - then > most || look_is_ahead(then, now));
}

enum medgl_error backup_look(struct context *context, medgl_time now, char text[STORE_ALERT_SIZE])
{
    struct look_run run = {.context = context, .now = now};
    const struct policy *policy = &context->policy;
    char when[CLOCK_TEXT_SIZE] = "", directory[PATH_MAX];
    text[0] = '\0';
    MEDGL_TRY(path_under(directory, context->root, policy->backup_directory));
    MEDGL_TRY(store_transact(context->store, STORE_READ, look_read, &run));
    clock_format_utc(run.last.created, when);
    if (run.last.created == 0) {
        if (look_is_older(run.first, policy->backup_every, now))
            (void)snprintf(text, STORE_ALERT_SIZE,
                           "No backup was made yet: run medgl-admin backup create.");
    } else if (generation_is_missing(directory, &run.last)) {
        (void)snprintf(text, STORE_ALERT_SIZE,
                       "The last backup, %s, is not there any more: find out why, and run "
                       "medgl-admin backup create.",
                       run.last.file);
    } else if (look_is_ahead(run.last.created, now) && policy_span_most(policy->backup_every) > 0) {
        (void)snprintf(text, STORE_ALERT_SIZE,
                       "The last backup says that it is of %s, which is still to come: the clock "
                       "was ahead when it was made. Run medgl-admin backup create.",
                       when);
    } else if (look_is_older(run.last.created, policy->backup_every, now)) {
        (void)snprintf(text, STORE_ALERT_SIZE,
                       "The last backup is of %s, older than the policy asks for: see why no newer "
                       "one was made, and run medgl-admin backup create.",
                       when);
    } else if (look_is_older(run.verified != 0 ? run.verified : run.first,
                             policy->backup_verify_every, now)) {
        clock_format_utc(run.verified, when);
        (void)snprintf(text, STORE_ALERT_SIZE,
                       "That a backup can be restored was last proved %s%s: run medgl-admin backup "
                       "verify.",
                       run.verified != 0 ? "on " : "never", run.verified != 0 ? when : "");
    }
    return MEDGL_OK;
}

/* -- for doctor ------------------------------------------------------------------------------- */

#define LOOK_ENDS_SOON (30 * MEDGL_DAY)

void doctor_backup(struct doctor *doctor, struct context *context)
{
    auto_clean(envelope_readers_free) struct envelope_readers *readers = NULL;
    char why[BACKUP_WHY_SIZE] = "", text[STORE_ALERT_SIZE], until[CLOCK_TEXT_SIZE];
    const medgl_time now = clock_read().now;
    const bool good = backup_readers(context, now, &readers, why) == MEDGL_OK;
    if (!good) {
        doctor_say(doctor, DOCTOR_WARNING, "backup", "%s", why[0] != '\0' ? why : "no backups");
    } else if (envelope_readers_until(readers) - now < LOOK_ENDS_SOON) {
        clock_format_utc(envelope_readers_until(readers), until);
        doctor_say(doctor, DOCTOR_WARNING, "backup",
                   "a certificate in %s%s ends on %s, and no backup can be made then: put a new "
                   "one there, and keep the old key for the old backups",
                   doctor->root, PATH_BACKUP_CERT, until);
    }
    struct look_run run = {.context = context, .now = now};
    if (backup_look(context, now, text) != MEDGL_OK ||
        store_transact(context->store, STORE_READ, look_read, &run) != MEDGL_OK)
        doctor_say(doctor, DOCTOR_WARNING, "backup", "when backups were made cannot be read");
    else if (text[0] != '\0')
        doctor_say(doctor, DOCTOR_WARNING, "backup", "%s", text);
    else if (good && run.last.created == 0 && policy_span_most(context->policy.backup_every) > 0)
        doctor_say(doctor, DOCTOR_WARNING, "backup",
                   "no backup was made yet: run medgl-admin backup create");
    else if (good)
        doctor_say(doctor, DOCTOR_OK, "backup", "backups are made and proved as the policy asks");
}
