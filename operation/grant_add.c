/* Approving an exception (R03, R22): for a time, by somebody else, and never for nothing. */
#include "operation/grant.h"

#include "base/message.h"
#include "base/text.h"
#include "operation/breakglass_login.h"
#include "operation/evidence.h"
#include "operation/identity.h"
#include "operation/person.h"
#include "operation/recovery.h"
#include "operation/refuse.h"
#include "operation/role.h"
#include "policy/calendar.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct grant_add_run {
    struct context *context;
    const struct grant_add_request *request;
    char *why;
    struct clock_reading clock;
    struct unix_user approver;
    struct account account;
    struct grant grant;
    struct credential credential[FACTORS_CODE_MAX];
    bool beyond; /* the role does not reach the account */
};

/* -- when ------------------------------------------------------------------------------------- */

static enum medgl_error grant_times(struct grant_add_run *run)
{
    struct grant *grant = &run->grant;
    const struct policy_span most = run->context->policy.grant_max;
    const medgl_time now = run->clock.now, since = run->request->since;
    char text[CLOCK_LOCAL_SIZE];
    grant->created = now;
    grant->since = since > now ? since : now; /* what was before it was made it cannot allow */
    grant->until = run->request->until;
    if (grant->until <= grant->since)
        return refuse(run->why, "%s", _("it would be over before it begins: give a later --until"));
    const medgl_time latest = policy_add(grant->since, most, clock_utc_offset(grant->since));
    if (grant->until <= latest)
        return MEDGL_OK;
    clock_format_local(latest, text);
    return refuse(run->why, _("it may last until %s at most: the policy says so (grant_max)"),
                  text);
}

struct grant_overlap {
    const struct grant *grant;
    struct grant found;
    bool there;
};

static enum medgl_error grant_overlaps(void *argument, const struct grant *other)
{
    struct grant_overlap *overlap = argument;
    const struct grant *grant = overlap->grant;
    if (other->kind != grant->kind || other->until <= grant->since || other->since >= grant->until)
        return MEDGL_OK;
    overlap->found = *other;
    overlap->there = true;
    return MEDGL_OK;
}

static enum medgl_error grant_alone(struct store_txn *txn, const struct grant_add_run *run)
{
    struct grant_overlap overlap = {.grant = &run->grant};
    char until[CLOCK_LOCAL_SIZE];
    MEDGL_TRY(store_grant_each(txn, run->account.id, true, grant_overlaps, &overlap));
    if (!overlap.there)
        return MEDGL_OK;
    clock_format_local(overlap.found.until, until);
    return refuse(run->why,
                  _("%s has such a grant until %s already (%.8s): revoke it first, or let "
                    "this one begin then"),
                  run->account.name, until, overlap.found.id);
}

/* -- by whom ---------------------------------------------------------------------------------- */

/* Whether a name, as an administrator writes it, is that person's. */
static bool grant_is_person(const char *name, const struct account *account)
{
    char first[STORE_NAME_SIZE]; /* "alice@example.org" */
    (void)snprintf(first, sizeof(first), "%.*s", (int)strcspn(name, "@"), name);
    return text_same_name(name, account->name) || text_same_name(first, account->name) ||
           text_same_name(name, account->full_name) || text_same_name(name, account->reading) ||
           text_same_name(name, account->staff_number);
}

/* Who is asked about: by a name, and by a uid where one is known. */
struct grant_who {
    const char *name;
    bool has_uid;
    int64_t uid;
    const struct account *account; /* whom the grant is for */
    bool own;                      /* the result: it is for them */
};

/* One person's accounts stand for each other: a staff one and a privileged one are not two. */
static enum medgl_error grant_who_look(void *argument, const struct account *other)
{
    struct grant_who *who = argument;
    who->own = who->own ||
               (person_is_same(other, who->account) &&
                ((who->has_uid && who->uid == other->uid) || grant_is_person(who->name, other)));
    return MEDGL_OK;
}

/* MUST: nobody approves what they are given (R03), by no name and no account of theirs. The
 * approver need not be enrolled here, unless who gives it is who gets it: then somebody else must
 * at least be there. */
static enum medgl_error grant_approver(struct store_txn *txn, const struct grant_add_run *run)
{
    const struct actor *actor = &run->context->actor;
    const char *name = run->request->approved_by;
    struct grant_who giver = {
        .name = actor->name, .has_uid = true, .uid = actor->uid, .account = &run->account};
    struct grant_who approver = {.name = name,
                                 .has_uid = run->approver.exists,
                                 .uid = run->approver.uid,
                                 .account = &run->account};
    struct account account;
    enum identity_match match;
    MEDGL_TRY(store_account_each(txn, grant_who_look, &approver));
    MEDGL_TRY(store_account_each(txn, grant_who_look, &giver));
    MEDGL_TRY(identity_find(txn, name, &run->approver, &account, &match));
    if (approver.own || (match != IDENTITY_NONE && person_is_same(&account, &run->account)))
        return refuse(run->why, _("%s cannot approve it: it is for them"), name);
    if (!giver.own || (match == IDENTITY_ACCOUNT && account.state == ACCOUNT_STATE_ACTIVE))
        return MEDGL_OK;
    return refuse(run->why,
                  _("you give it to yourself: --approved-by must name the active account of "
                    "another person, and %s is none"),
                  name);
}

/* -- what for --------------------------------------------------------------------------------- */

/* Whether a factor is asked of the account, or will be before the end. */
static enum medgl_error grant_waives(struct store_txn *txn, const struct grant_add_run *run)
{
    const struct policy *policy = &run->context->policy;
    const struct account *account = &run->account;
    const medgl_time last = run->grant.until - 1;
    struct factors factors;
    MEDGL_TRY(factors_read(txn, account->id, run->clock.now, &factors));
    factors.waived = false;
    const struct factor_facts facts =
        factor_facts_from(account, &factors, FACTOR_MODE_POLICY, NULL, NULL, last);
    const struct factor_demand demand = policy_factor(policy, &facts, last);
    if (!demand.asked && !demand.required)
        return refuse(run->why, _("there is nothing to waive: no second factor is asked of %s"),
                      account->name);
    if (run->grant.instead == GRANT_INSTEAD_RECOVERY && factors.recovery == 0)
        return refuse(run->why,
                      _("%s has no recovery codes left: use --instead code, or issue new "
                        "ones with medgl-admin recovery issue"),
                      account->name);
    return MEDGL_OK;
}

static enum medgl_error grant_opens(const struct grant_add_run *run)
{
    const struct account *account = &run->account;
    const char *hours = account->hours[0] != '\0'
                            ? account->hours
                            : policy_class_of(&run->context->policy, account->class_)->hours;
    if (strcasecmp(hours, "always") != 0)
        return MEDGL_OK;
    return refuse(run->why, _("there is nothing to open: %s may log in at all hours"),
                  account->name);
}

static enum medgl_error grant_maintains(const struct grant_add_run *run)
{
    if (run->account.class_ == ACCOUNT_CLASS_MAINTENANCE)
        return MEDGL_OK;
    return refuse(run->why, _("%s is no account for maintenance: it needs no approved day"),
                  run->account.name);
}

static enum medgl_error grant_serves(struct store_txn *txn, const struct grant_add_run *run)
{
    switch (run->grant.kind) {
    case GRANT_FACTOR_WAIVER:
        return grant_waives(txn, run);
    case GRANT_OUT_OF_HOURS:
        return grant_opens(run);
    case GRANT_MAINTENANCE:
        return grant_maintains(run);
    }
    return MEDGL_ERR_ARGUMENT;
}

/* -- made ------------------------------------------------------------------------------------- */

static enum medgl_error grant_add_check(struct store_txn *txn, void *argument)
{
    struct grant_add_run *run = argument;
    struct account *account = &run->account;
    run->clock = clock_read();
    MEDGL_TRY(store_account_by_name(txn, run->request->name, account));
    memcpy(run->grant.account_id, account->id, CRYPTO_ID_SIZE);
    if (account->state != ACCOUNT_STATE_ACTIVE)
        return refuse(run->why, _("the account is %s: only an active account gets a grant"),
                      account_state_word(account->state));
    MEDGL_TRY(grant_times(run));
    MEDGL_TRY(grant_approver(txn, run));
    run->beyond = true;
    MEDGL_TRY(role_reaches(run->context, txn, account, run->why));
    run->beyond = false;
    MEDGL_TRY(breakglass_sealed_alone(account, run->why));
    MEDGL_TRY(grant_serves(txn, run));
    return grant_alone(txn, run);
}

static enum medgl_error grant_add_entry(struct store_txn *txn, struct grant_add_run *run)
{
    struct grant *grant = &run->grant;
    struct ledger_entry entry;
    char since[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];
    evidence_begin(run->context, &run->clock, LEDGER_GRANT_ADD, &run->account, &entry);
    ledger_entry_text(&entry, "grant", grant->id);
    ledger_entry_text(&entry, "grant_kind", grant_kind_word(grant->kind));
    ledger_entry_text(&entry, "instead", grant_instead_word(grant->instead));
    ledger_entry_number(&entry, "codes", run->request->codes);
    ledger_entry_time(&entry, "since", grant->since, since);
    ledger_entry_time(&entry, "until", grant->until, until);
    ledger_entry_text(&entry, "approved_by", grant->approved_by);
    ledger_entry_text(&entry, "reason", grant->reason);
    if (grant->work[0] != '\0')
        ledger_entry_text(&entry, "work", grant->work);
    return evidence_append(run->context, txn, &entry, &grant->ledger_seq);
}

static enum medgl_error grant_add_now(struct store_txn *txn, void *argument)
{
    struct grant_add_run *run = argument;
    struct grant *grant = &run->grant;
    MEDGL_TRY(grant_add_check(txn, run));
    if (run->request->codes > 0)
        MEDGL_TRY(recovery_fits(run->context, txn, &run->credential[0]));
    MEDGL_TRY(grant_add_entry(txn, run));
    MEDGL_TRY(store_grant_add(txn, grant));
    for (uint32_t i = 0; i < run->request->codes; i++) {
        struct credential *code = &run->credential[i];
        code->ledger_seq = grant->ledger_seq;
        code->set_at = run->clock.now;
        MEDGL_TRY(store_credential_add(txn, code));
    }
    return evidence_keep(txn, run->clock.now);
}

/* The codes leave before the commit: what nobody holds is not in force. */
static enum medgl_error grant_add_codes(struct grant_add_run *run)
{
    const struct grant_add_request *request = run->request;
    char codes[FACTORS_CODE_MAX][RECOVERY_TEXT_SIZE];
    if (request->codes == 0)
        return MEDGL_OK;
    enum medgl_error error = recovery_make(run->context, run->account.id, CREDENTIAL_CODE,
                                           request->codes, codes, run->credential);
    for (uint32_t i = 0; error == MEDGL_OK && i < request->codes; i++) {
        run->credential[i].valid_until = run->grant.until;
        error =
            text_copy(run->credential[i].label, sizeof(run->credential[i].label), run->grant.id);
    }
    if (error == MEDGL_OK)
        error = request->deliver(request->argument, &run->account, codes, request->codes,
                                 run->grant.until);
    secret_wipe(codes, sizeof(codes));
    return error;
}

/* A waiver asks for something else, and nothing else asks for anything; of maintenance, and of
 * nothing else, the work is named. */
static bool grant_request_is_whole(const struct grant_add_request *request)
{
    const bool works = request->work != NULL && request->work[0] != '\0';
    if (works != (request->kind == GRANT_MAINTENANCE) ||
        (works && !text_says_something(request->work)))
        return false;
    switch (request->kind) {
    case GRANT_OUT_OF_HOURS:
    case GRANT_MAINTENANCE:
        return request->instead == GRANT_INSTEAD_NONE && request->codes == 0;
    case GRANT_FACTOR_WAIVER:
        switch (request->instead) {
        case GRANT_INSTEAD_RECOVERY:
            return request->codes == 0;
        case GRANT_INSTEAD_CODE:
            return request->codes > 0 && request->codes <= FACTORS_CODE_MAX &&
                   request->deliver != NULL;
        case GRANT_INSTEAD_NONE:
            break;
        }
        return false;
    }
    return false;
}

enum medgl_error operation_grant_add(struct context *context,
                                     const struct grant_add_request *request,
                                     char grant_id[CRYPTO_ID_SIZE], char why[OPERATION_WHY_SIZE])
{
    struct grant_add_run run = {.context = context, .request = request, .why = why};
    struct grant *grant = &run.grant;
    why[0] = '\0';
    grant_id[0] = '\0';
    if (!grant_request_is_whole(request) || !text_says_something(request->reason) ||
        !text_says_something(request->approved_by))
        return MEDGL_ERR_ARGUMENT;
    grant->kind = request->kind;
    grant->instead = request->instead;
    MEDGL_TRY(text_copy(grant->approved_by, sizeof(grant->approved_by), request->approved_by));
    MEDGL_TRY(text_copy(grant->reason, sizeof(grant->reason), request->reason));
    if (request->work != NULL)
        MEDGL_TRY(text_copy(grant->work, sizeof(grant->work), request->work));
    MEDGL_TRY(crypto_random_id(grant->id));
    MEDGL_TRY(unix_user_find(request->approved_by, &run.approver));
    enum medgl_error error = store_transact(context->store, STORE_READ, grant_add_check, &run);
    if (error == MEDGL_ERR_REFUSED && run.beyond)
        return operation_role_beyond(context, "grant add", run.account.name);
    MEDGL_TRY(error);
    error = grant_add_codes(&run);
    if (error == MEDGL_OK)
        error = store_transact(context->store, STORE_WRITE, grant_add_now, &run);
    secret_wipe(run.credential, sizeof(run.credential));
    MEDGL_TRY(error);
    (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    return text_copy(grant_id, CRYPTO_ID_SIZE, grant->id);
}
