/* What nobody's login would tell of: the clock, space, sessions, grants and documents whose time is
 * over, and whether the evidence verifies (R03, R07, R08, R09, R29). Delivers nothing. */
#include "operation/alert.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "operation/backup.h"
#include "operation/breakglass.h"
#include "operation/document.h"
#include "operation/evidence.h"
#include "operation/grant.h"
#include "operation/maintenance.h"
#include "operation/session.h"
#include "operation/space.h"
#include "operation/verify_joins.h"
#include "policy/calendar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

/* When the evidence was verified last: a file, for whoever holds the store cannot be kept from
 * setting a time in it either, and nobody's login waits for its writing. */
#define WATCH_VERIFIED "/verified" /* beside the store */

/* -- states ----------------------------------------------------------------------------------- */

/* What lasts is said once within its fold time, not at every look. */
struct state_run {
    struct context *context;
    struct clock_reading clock;
    struct alert_event event;
    medgl_time apart; /* at least */
    bool raised;
};

static enum medgl_error state_raise_now(struct store_txn *txn, void *argument)
{
    struct state_run *run = argument;
    char fold[STORE_TEXT_SIZE];
    struct alert last;
    alert_fold(run->event.kind, "", "", fold);
    if (run->event.about != NULL)
        (void)strcat(fold, run->event.about);
    run->raised = false;
    enum medgl_error error = store_alert_by_fold(txn, fold, &last);
    if (error != MEDGL_OK && error != MEDGL_ERR_NOT_FOUND)
        return error;
    const medgl_time now = run->clock.now,
                     fold_time = alert_fold_time(&run->context->policy, run->event.kind);
    if (error == MEDGL_OK && last.last <= now &&
        now - last.last < (fold_time > run->apart ? fold_time : run->apart))
        return MEDGL_OK;
    run->raised = true;
    return alert_raise(run->context, txn, &run->clock, &run->event);
}

struct watch {
    struct context *context;
    const struct alert_carrier *carrier;
    uint32_t raised;
};

static enum medgl_error state_raise_about(struct watch *watch, enum alert_kind kind,
                                          const char *about, const char *text)
{
    struct state_run run = {.context = watch->context,
                            .clock = clock_read(),
                            .event = {.kind = kind, .text = text, .about = about}};
    enum medgl_error error =
        store_transact(watch->context->store, STORE_WRITE, state_raise_now, &run);
    watch->raised += error == MEDGL_OK && run.raised;
    if (error != MEDGL_OK && alert_kind_urgent(kind))
        (void)alert_straight(watch->context, watch->carrier, kind, text);
    return error;
}

static enum medgl_error state_raise(struct watch *watch, enum alert_kind kind, const char *text)
{
    return state_raise_about(watch, kind, NULL, text);
}

static enum medgl_error watch_clock(struct watch *watch)
{
    if (clock_read().synchronised)
        return MEDGL_OK;
    return state_raise(
        watch, ALERT_CLOCK,
        "The clock is not synchronised, and entries of the ledger say so: run chrony "
        "or systemd-timesyncd.");
}

static enum medgl_error watch_space(struct watch *watch)
{
    const struct context *context = watch->context;
    char path[PATH_MAX], text[STORE_ALERT_SIZE];
    struct statvfs device;
    MEDGL_TRY(context_path(context, CONTEXT_FILE_STORE, path));
    if (statvfs(path, &device) != 0)
        return MEDGL_ERR_IO;
    int64_t free_bytes = (int64_t)(device.f_bavail * device.f_frsize);
    if (free_bytes >= context->policy.minimum_free)
        return MEDGL_OK;
    (void)snprintf(text, sizeof(text),
                   "The store's device has %" PRId64
                   " MiB left; where it is full nobody logs in: free space on it.",
                   free_bytes >> 20);
    return state_raise(watch, ALERT_SPACE, text);
}

/* What grows can be seen from afar: said once a day, and nobody is told without the store. */
static enum medgl_error watch_growth(struct watch *watch)
{
    struct context *context = watch->context;
    const medgl_time least = policy_span_most(context->policy.space_warn);
    char text[STORE_ALERT_SIZE];
    struct space_growth growth;
    if (least == 0)
        return MEDGL_OK;
    struct state_run run = {.context = context,
                            .clock = clock_read(),
                            .event = {.kind = ALERT_SPACE, .text = text, .about = "growth"},
                            .apart = MEDGL_DAY};
    MEDGL_TRY(space_growth(context, run.clock.now, &growth));
    if (growth.since == 0 || growth.days_left < 0 || growth.days_left >= least / MEDGL_DAY)
        return MEDGL_OK;
    (void)snprintf(text, sizeof(text),
                   "The store's device will do for %" PRId64 " more days, as store and documents "
                   "grow by %" PRId64 " KiB a day: make room, or archive old entries.",
                   growth.days_left, growth.bytes_per_day >> 10);
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, state_raise_now, &run));
    watch->raised += run.raised;
    return MEDGL_OK;
}

/* -- sessions --------------------------------------------------------------------------------- */

struct sweep_run {
    struct context *context;
    struct clock_reading clock;
    uint32_t lost;
};

static enum medgl_error sweep_now(struct store_txn *txn, void *argument)
{
    struct sweep_run *run = argument;
    return session_sweep(run->context, txn, &run->clock, NULL, &run->lost);
}

static enum medgl_error watch_sessions(struct watch *watch)
{
    struct context *context = watch->context;
    struct sweep_run run = {.context = context, .clock = clock_read()};
    return store_transact(context->store, STORE_WRITE, sweep_now, &run);
}

/* -- grants ----------------------------------------------------------------------------------- */

static enum medgl_error grants_now(struct store_txn *txn, void *argument)
{
    struct context *context = argument;
    const struct clock_reading clock = clock_read();
    return grant_sweep(context, txn, &clock, NULL);
}

/* That their time is over holds without it (R03): this writes it down. */
static enum medgl_error watch_grants(struct watch *watch)
{
    return store_transact(watch->context->store, STORE_WRITE, grants_now, watch->context);
}

/* -- checkpoints ------------------------------------------------------------------------------ */

/* Of the start of a day: whoever logged in first that day kept it, and waited for no file. */
static enum medgl_error watch_checkpoint(struct watch *watch)
{
    return evidence_publish_kept(watch->context);
}

/* -- space that is kept ----------------------------------------------------------------------- */

/* What was used up of it is taken again (R32). Others who read, or a full device: not now. */
static enum medgl_error watch_reserve(struct watch *watch)
{
    const enum medgl_error error = store_reserve(watch->context->store, BREAKGLASS_RESERVE);
    if (error == MEDGL_ERR_SPACE)
        return state_raise(watch, ALERT_SPACE,
                           "The space that is kept for emergencies cannot be had: the device of "
                           "the break-glass accounts is full. They may be of no use when they are "
                           "needed: free space on it.");
    return error == MEDGL_ERR_DEADLINE ? MEDGL_OK : error;
}

/* -- evidence --------------------------------------------------------------------------------- */

static enum medgl_error verified_path(const struct context *context, char path[PATH_MAX])
{
    char state[PATH_MAX];
    MEDGL_TRY(context_path(context, CONTEXT_FILE_STATE, state));
    return path_under(path, state, WATCH_VERIFIED);
}

/* What cannot be read, or lies ahead, is no reason to wait. */
static bool evidence_is_due(const char *path, medgl_time now)
{
    auto_secret struct secret text = SECRET_NONE;
    const struct file_rule rule = {.owner = geteuid(), .forbidden = 0022, .max = CLOCK_TEXT_SIZE};
    medgl_time then;
    if (file_read_trusted(path, &rule, &text) != MEDGL_OK)
        return true;
    text.bytes[strcspn((const char *)text.bytes, "\n")] = '\0';
    return clock_parse_utc((const char *)text.bytes, &then) != MEDGL_OK || then > now ||
           now - then >= MEDGL_DAY;
}

struct evidence_faults {
    uint64_t count, seq;
    char first[STORE_TEXT_SIZE];
};

static void evidence_fault(void *argument, uint64_t seq, const char *what)
{
    struct evidence_faults *faults = argument;
    if (faults->count++ > 0)
        return;
    faults->seq = seq;
    (void)snprintf(faults->first, sizeof(faults->first), "%s", what);
}

/* Evidence that was tampered with may not take an entry more: it is told straight then. Of number 0
 * are faults that are no entry's. */
static enum medgl_error evidence_tell(struct watch *watch, const struct evidence_faults *faults)
{
    char text[STORE_ALERT_SIZE], where[64] = "";
    if (faults->seq > 0)
        (void)snprintf(where, sizeof(where), " at entry %" PRIu64, faults->seq);
    (void)snprintf(text, sizeof(text),
                   "The evidence does not verify: %" PRIu64 " faults, the first%s: %s. Keep the "
                   "disk as it is, and run medgl-admin ledger verify.",
                   faults->count, where, faults->first);
    return state_raise(watch, ALERT_EVIDENCE, text);
}

/* The small ledger by what the main one vouches for, once that is known to be sound; that the small
 * one is sound by itself is looked at with its own store. */
static enum medgl_error joins_look(struct watch *watch, struct verify_joins *joins)
{
    auto_clean(context_close) struct context small = {.store = NULL};
    struct evidence_faults faults = {.count = 0};
    char text[STORE_ALERT_SIZE];
    if (joins->count == 0)
        return MEDGL_OK;
    const enum medgl_error error =
        context_open_breakglass(watch->context->root, CONTEXT_READING, &small);
    if (error == MEDGL_ERR_NOT_FOUND) {
        verify_joins_end(joins, evidence_fault, &faults);
    } else {
        MEDGL_TRY(error);
        MEDGL_TRY(verify_joins_ledger(joins, &small, evidence_fault, &faults));
    }
    if (faults.count == 0)
        return MEDGL_OK;
    (void)snprintf(text, sizeof(text),
                   "The ledger of the break-glass accounts contradicts the main one: %s. Keep the "
                   "disk as it is, and run medgl-admin ledger verify.",
                   faults.first);
    /* The same as what finds it at the next join. */
    return state_raise_about(watch, ALERT_EVIDENCE, "breakglass", text);
}

/* What was told without the store is looked at again after an hour. The small store fails none of
 * what was verified: that takes too long to be done again each minute. */
static enum medgl_error watch_evidence(struct watch *watch)
{
    struct context *context = watch->context;
    char path[PATH_MAX], text[CLOCK_TEXT_SIZE + 1];
    const medgl_time now = clock_read().now;
    struct evidence_faults faults = {.count = 0};
    struct ledger_result result;
    const bool main_one = context->place == CONTEXT_MAIN;
    auto_clean(verify_joins_free) struct verify_joins joins = {.count = 0};
    const struct evidence_request request = {
        .fault = evidence_fault, .argument = &faults, .joins = main_one ? &joins : NULL};
    MEDGL_TRY(verified_path(context, path));
    if (!evidence_is_due(path, now) || alert_straight_lately(context))
        return MEDGL_OK;
    enum medgl_error error = operation_verify(context, &request, &result);
    if (error != MEDGL_OK && error != MEDGL_ERR_CORRUPT)
        return error;
    if (error == MEDGL_ERR_CORRUPT)
        MEDGL_TRY(evidence_tell(watch, &faults));
    clock_format_utc(now, text);
    (void)strcat(text, "\n");
    MEDGL_TRY(file_replace(path, geteuid(), getegid(), 0600, text, strlen(text)));
    return error == MEDGL_OK ? joins_look(watch, &joins) : MEDGL_OK;
}

/* -- copies of documents ---------------------------------------------------------------------- */

/* Once a day, with the evidence and before it: what an interrupted run left is no fault then. */
static enum medgl_error watch_documents(struct watch *watch)
{
    char path[PATH_MAX];
    uint32_t destroyed;
    MEDGL_TRY(verified_path(watch->context, path));
    if (!evidence_is_due(path, clock_read().now))
        return MEDGL_OK;
    return operation_document_sweep(watch->context, &destroyed);
}

/* -- backups ---------------------------------------------------------------------------------- */

static enum medgl_error watch_backups(struct watch *watch)
{
    char text[STORE_ALERT_SIZE];
    MEDGL_TRY(backup_look(watch->context, clock_read().now, text));
    return text[0] == '\0' ? MEDGL_OK : state_raise(watch, ALERT_BACKUP, text);
}

/* -- maintenance ------------------------------------------------------------------------------ */

static enum medgl_error watch_maintenance(struct watch *watch)
{
    struct maintenance_waiting waiting;
    char text[STORE_ALERT_SIZE];
    MEDGL_TRY(maintenance_waiting(watch->context, clock_read().now, &waiting));
    if (waiting.overdue == 0)
        return MEDGL_OK;
    (void)snprintf(text, sizeof(text),
                   "%" PRIu32 " sessions of maintenance accounts wait for their confirmation, and "
                   "longer than the policy allows (maintenance_confirm): see medgl-admin report "
                   "maintenance --unconfirmed.",
                   waiting.overdue);
    return state_raise(watch, ALERT_MAINTENANCE, text);
}

/* -- all of it -------------------------------------------------------------------------------- */

struct look {
    const char *what;
    enum medgl_error (*look)(struct watch *watch);
};

/* One look that fails keeps none of the others from being taken. */
enum medgl_error operation_alert_watch(struct context *context, const struct alert_carrier *carrier,
                                       uint32_t *raised)
{
    static const struct look main_looks[] = {
        {"the clock", watch_clock},
        {"the space on the store's device", watch_space},
        {"how long that space will do", watch_growth},
        {"sessions that are over", watch_sessions},
        {"grants that are over", watch_grants},
        {"copies of documents past their retention", watch_documents},
        {"backups", watch_backups},
        {"maintenance that nobody confirmed", watch_maintenance},
        {"the checkpoint kept last", watch_checkpoint},
        {"the evidence", watch_evidence},
    };
    /* Clock, device and backups are one for both. */
    static const struct look breakglass_looks[] = {
        {"the space that is kept for emergencies", watch_reserve},
        {"sessions of break-glass accounts that are over", watch_sessions},
        {"the checkpoint kept last of break-glass accounts", watch_checkpoint},
        {"the evidence of break-glass accounts", watch_evidence},
    };
    const bool breakglass = context->place == CONTEXT_BREAKGLASS;
    const struct look *looks = breakglass ? breakglass_looks : main_looks;
    const size_t count = breakglass ? MEDGL_COUNT(breakglass_looks) : MEDGL_COUNT(main_looks);
    struct watch watch = {.context = context, .carrier = carrier};
    enum medgl_error first = MEDGL_OK;
    for (size_t i = 0; i < count; i++) {
        enum medgl_error error = looks[i].look(&watch);
        if (error == MEDGL_OK)
            continue;
        log_line(LOG_ERR, "%s could not be looked at: %s: medgl-admin doctor may say more",
                 looks[i].what, medgl_error_text(error));
        if (first == MEDGL_OK)
            first = error;
    }
    *raised = watch.raised;
    return first;
}
