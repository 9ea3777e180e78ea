/* Grants (R03, R22): listed, used, and ended. Whether one is in force is told by the time alone;
 * that an end is recorded is for whoever reads the ledger later. */
#include "operation/grant.h"

#include "base/message.h"
#include "base/text.h"
#include "operation/evidence.h"
#include "operation/refuse.h"
#include "operation/role.h"

#include <stdio.h>
#include <string.h>

/* -- what one is at a time -------------------------------------------------------------------- */

enum grant_state grant_state_at(const struct grant *grant, medgl_time now)
{
    switch (grant->end) {
    case GRANT_END_REVOKED:
        return GRANT_ENDED;
    case GRANT_END_EXPIRED: /* also where the clock was put back since */
        return GRANT_OVER;
    case GRANT_END_NONE:
        if (now >= grant->until)
            return GRANT_OVER;
        return now < grant->since ? GRANT_AHEAD : GRANT_IN_FORCE;
    }
    return GRANT_OVER;
}

const char *grant_state_word(enum grant_state state)
{
    switch (state) {
    case GRANT_OVER:
        break;
    case GRANT_AHEAD:
        return "ahead";
    case GRANT_IN_FORCE:
        return "in-force";
    case GRANT_ENDED:
        return "revoked";
    }
    return "over";
}

/* -- its codes -------------------------------------------------------------------------------- */

/* Those that are left of one waiver. */
struct grant_codes {
    const char *grant_id;
    char id[FACTORS_CODE_MAX][CRYPTO_ID_SIZE];
    uint32_t count;
};

static enum medgl_error grant_take_code(void *argument, const struct credential *credential)
{
    struct grant_codes *codes = argument;
    if (strcmp(credential->label, codes->grant_id) != 0)
        return MEDGL_OK;
    if (codes->count == FACTORS_CODE_MAX)
        return MEDGL_ERR_CORRUPT;
    return text_copy(codes->id[codes->count++], CRYPTO_ID_SIZE, credential->id);
}

static enum medgl_error grant_codes_of(struct store_txn *txn, const struct grant *grant,
                                       struct grant_codes *codes)
{
    *codes = (struct grant_codes){.grant_id = grant->id};
    return store_credential_each_of(txn, grant->account_id, CREDENTIAL_CODE, grant_take_code,
                                    codes);
}

static enum medgl_error grant_codes_remove(struct store_txn *txn, const struct grant *grant)
{
    struct grant_codes codes;
    MEDGL_TRY(grant_codes_of(txn, grant, &codes));
    for (uint32_t i = 0; i < codes.count; i++)
        MEDGL_TRY(store_credential_remove(txn, grant->account_id, CREDENTIAL_CODE, codes.id[i]));
    return MEDGL_OK;
}

/* -- a number of them, read before any is changed --------------------------------------------- */

#define GRANT_BATCH 8

struct grant_batch {
    const char *prefix; /* of the id; NULL: any */
    bool over;          /* those alone whose time is over at `now` */
    medgl_time now;
    struct grant grant[GRANT_BATCH];
    size_t count, found;
};

static enum medgl_error grant_take(void *argument, const struct grant *grant)
{
    struct grant_batch *batch = argument;
    if (batch->prefix != NULL && strncmp(grant->id, batch->prefix, strlen(batch->prefix)) != 0)
        return MEDGL_OK;
    if (batch->over && grant_state_at(grant, batch->now) != GRANT_OVER)
        return MEDGL_OK;
    batch->found++;
    if (batch->count < GRANT_BATCH)
        batch->grant[batch->count++] = *grant;
    return MEDGL_OK;
}

/* -- ended ------------------------------------------------------------------------------------ */

/* With its entry; the row then has that entry's seq. */
static enum medgl_error grant_finish(struct context *context, struct store_txn *txn,
                                     const struct clock_reading *clock,
                                     const struct account *account, struct grant *grant,
                                     const char *reason)
{
    struct ledger_entry entry;
    char until[CLOCK_TEXT_SIZE];
    const bool revoked = reason != NULL;
    evidence_begin(context, clock, revoked ? LEDGER_GRANT_REVOKE : LEDGER_GRANT_END, account,
                   &entry);
    ledger_entry_text(&entry, "grant", grant->id);
    if (revoked)
        ledger_entry_text(&entry, "reason", reason);
    else
        ledger_entry_time(&entry, "until", grant->until, until);
    grant->end = revoked ? GRANT_END_REVOKED : GRANT_END_EXPIRED;
    grant->ended = revoked ? clock->now : grant->until;
    MEDGL_TRY(grant_codes_remove(txn, grant));
    MEDGL_TRY(evidence_append(context, txn, &entry, &grant->ledger_seq));
    return store_grant_update(txn, grant);
}

/* Ends them a batch at a time: nothing is written while rows are read. `reason` NULL: those whose
 * time is over; else all that have no end. */
static enum medgl_error grants_finish(struct context *context, struct store_txn *txn,
                                      const struct clock_reading *clock, const char *account_id,
                                      const char *reason)
{
    struct grant_batch batch;
    do {
        batch = (struct grant_batch){.over = reason == NULL, .now = clock->now};
        MEDGL_TRY(store_grant_each(txn, account_id, true, grant_take, &batch));
        for (size_t i = 0; i < batch.count; i++) {
            struct account account;
            MEDGL_TRY(store_account_by_id(txn, batch.grant[i].account_id, &account));
            MEDGL_TRY(grant_finish(context, txn, clock, &account, &batch.grant[i], reason));
        }
    } while (batch.found > batch.count);
    return MEDGL_OK;
}

enum medgl_error grant_sweep(struct context *context, struct store_txn *txn,
                             const struct clock_reading *clock, const char *account_id)
{
    return grants_finish(context, txn, clock, account_id, NULL);
}

/* What is over already ended by itself, and is told so. */
enum medgl_error grants_revoke(struct context *context, struct store_txn *txn,
                               const struct clock_reading *clock, const struct account *account,
                               const char *reason)
{
    MEDGL_TRY(grants_finish(context, txn, clock, account->id, NULL));
    return grants_finish(context, txn, clock, account->id, reason);
}

/* -- by an administrator ---------------------------------------------------------------------- */

struct revoke_run {
    struct context *context;
    const char *id, *reason;
    char *why;
    struct account beyond; /* whose grant a role does not reach; no name: it does */
};

static enum medgl_error revoke_now(struct store_txn *txn, void *argument)
{
    struct revoke_run *run = argument;
    const struct clock_reading clock = clock_read();
    struct grant_batch batch = {.prefix = run->id};
    struct account account;
    MEDGL_TRY(store_grant_each(txn, NULL, false, grant_take, &batch));
    if (batch.found == 0)
        return MEDGL_ERR_NOT_FOUND;
    if (batch.found > 1)
        return refuse(run->why, _("several grants begin so: give more of its id"));
    struct grant *grant = &batch.grant[0];
    switch (grant_state_at(grant, clock.now)) {
    case GRANT_OVER:
        return refuse(run->why, _("that grant is over already"));
    case GRANT_ENDED:
        return refuse(run->why, _("that grant was revoked already"));
    case GRANT_AHEAD:
    case GRANT_IN_FORCE:
        break;
    }
    MEDGL_TRY(store_account_by_id(txn, grant->account_id, &account));
    run->beyond = account;
    MEDGL_TRY(role_reaches(run->context, txn, &account, run->why));
    run->beyond.name[0] = '\0';
    MEDGL_TRY(grant_finish(run->context, txn, &clock, &account, grant, run->reason));
    return evidence_keep(txn, clock.now);
}

enum medgl_error operation_grant_revoke(struct context *context, const char *id, const char *reason,
                                        char why[OPERATION_WHY_SIZE])
{
    struct revoke_run run = {.context = context, .id = id, .reason = reason, .why = why};
    why[0] = '\0';
    if (strlen(id) < CRYPTO_ID_LEAST || !text_says_something(reason))
        return MEDGL_ERR_ARGUMENT;
    const enum medgl_error error = store_transact(context->store, STORE_WRITE, revoke_now, &run);
    if (error == MEDGL_ERR_REFUSED && run.beyond.name[0] != '\0')
        return operation_role_beyond(context, "grant revoke", run.beyond.name);
    MEDGL_TRY(error);
    (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    return MEDGL_OK;
}

/* -- listed ----------------------------------------------------------------------------------- */

struct list_run {
    const char *name;
    bool all;
    medgl_time now;
    struct store_txn *txn;
    void (*each)(void *argument, const struct grant_report *report);
    void *argument;
};

static bool list_wants(const struct list_run *run, enum grant_state state)
{
    switch (state) {
    case GRANT_OVER:
    case GRANT_ENDED:
        return run->all;
    case GRANT_AHEAD:
    case GRANT_IN_FORCE:
        return true;
    }
    return run->all;
}

static enum medgl_error list_one(void *argument, const struct grant *grant)
{
    const struct list_run *run = argument;
    struct account account;
    struct grant_codes codes;
    const enum grant_state state = grant_state_at(grant, run->now);
    if (!list_wants(run, state))
        return MEDGL_OK;
    MEDGL_TRY(store_account_by_id(run->txn, grant->account_id, &account));
    MEDGL_TRY(grant_codes_of(run->txn, grant, &codes));
    const struct grant_report report = {
        .grant = grant,
        .name = account.name,
        .state = state,
        .codes = state == GRANT_AHEAD || state == GRANT_IN_FORCE ? codes.count : 0,
    };
    run->each(run->argument, &report);
    return MEDGL_OK;
}

static enum medgl_error list_now(struct store_txn *txn, void *argument)
{
    struct list_run *run = argument;
    struct account account;
    run->txn = txn;
    if (run->name != NULL)
        MEDGL_TRY(store_account_by_name(txn, run->name, &account));
    return store_grant_each(txn, run->name != NULL ? account.id : NULL, !run->all, list_one, run);
}

enum medgl_error operation_grant_list(struct context *context, const char *name, bool all,
                                      void (*each)(void *argument,
                                                   const struct grant_report *report),
                                      void *argument)
{
    struct list_run run = {
        .name = name, .all = all, .now = clock_read().now, .each = each, .argument = argument};
    return store_transact(context->store, STORE_READ, list_now, &run);
}

/* -- used ------------------------------------------------------------------------------------- */

enum medgl_error grant_use(struct context *context, struct store_txn *txn,
                           const struct clock_reading *clock, const struct account *account,
                           const char *grant_id, const char *service, const char *source)
{
    struct grant grant;
    struct ledger_entry entry;
    MEDGL_TRY(store_grant_by_id(txn, grant_id, &grant));
    if (strcmp(grant.account_id, account->id) != 0 ||
        grant_state_at(&grant, clock->now) != GRANT_IN_FORCE)
        return MEDGL_ERR_CONFLICT;
    evidence_begin(context, clock, LEDGER_GRANT_USE, account, &entry);
    ledger_entry_text(&entry, "grant", grant.id);
    ledger_entry_text(&entry, "service", service);
    ledger_entry_text(&entry, "source", source);
    MEDGL_TRY(evidence_append(context, txn, &entry, &grant.ledger_seq));
    grant.used += grant.used < UINT32_MAX;
    grant.last_used = clock->now;
    return store_grant_update(txn, &grant);
}

/* -- told to its owner ------------------------------------------------------------------------ */

static void grants_tell_waiver(const struct talk *talk, const struct factors *factors)
{
    char until[CLOCK_LOCAL_SIZE], text[1024];
    const struct grant *waiver = &factors->waiver;
    clock_format_local(waiver->until, until);
    switch (waiver->instead) {
    case GRANT_INSTEAD_NONE:
        return;
    case GRANT_INSTEAD_RECOVERY:
        (void)snprintf(text, sizeof(text),
                       _("Until %s a recovery code is accepted instead of your second factor, "
                         "approved by %s. You have %u left."),
                       until, waiver->approved_by, (unsigned)factors->recovery);
        break;
    case GRANT_INSTEAD_CODE:
        (void)snprintf(text, sizeof(text),
                       _("Until %s one-time codes that were issued to you are accepted instead of "
                         "your second factor, approved by %s. You have %u left."),
                       until, waiver->approved_by, (unsigned)factors->code);
        break;
    }
    talk->inform(talk->carrier, text);
}

/* R30: the work order. */
static void grants_tell_work(const struct talk *talk, const struct grant *grant)
{
    char until[CLOCK_LOCAL_SIZE], why[STORE_TEXT_SIZE + 8] = "";
    char text[2 * STORE_TEXT_SIZE + 512];
    clock_format_local(grant->until, until);
    if (strcmp(grant->reason, grant->work) != 0)
        (void)snprintf(why, sizeof(why), " (%s)", grant->reason);
    (void)snprintf(
        text, sizeof(text),
        _("Maintenance until %s, approved by %s%s. Work: %s. What you do is recorded, and "
          "confirmed afterwards."),
        until, grant->approved_by, why, grant->work);
    talk->inform(talk->carrier, text);
}

void grants_tell(const struct talk *talk, const struct factors *factors)
{
    char until[CLOCK_LOCAL_SIZE], text[1024];
    if (factors->waived)
        grants_tell_waiver(talk, factors);
    if (factors->maintained)
        grants_tell_work(talk, &factors->maintenance);
    if (!factors->out_of_hours)
        return;
    clock_format_local(factors->hours.until, until);
    (void)snprintf(text, sizeof(text),
                   _("Until %s you may log in outside of your hours, approved by %s."), until,
                   factors->hours.approved_by);
    talk->inform(talk->carrier, text);
}
