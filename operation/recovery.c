/* Recovery codes, and the one-time codes of a factor waiver: made, kept, found again. A code itself
 * goes to whoever delivers it and nowhere else. */
#include "operation/recovery.h"

#include "base/message.h"
#include "base/text.h"
#include "operation/breakglass_login.h"
#include "operation/evidence.h"
#include "operation/role.h"

#include <stdio.h>
#include <string.h>

/* -- making ----------------------------------------------------------------------------------- */

struct recovery_work {
    struct recovery_terms terms;
    unsigned char evaluation[KDF_HASH_SIZE];
    char phc[KDF_PHC_SIZE];
};

static void recovery_work_wipe(struct recovery_work *work)
{
    secret_wipe(work, sizeof(*work));
}

static enum medgl_error recovery_make_one(const struct context *context, const char *account_id,
                                          enum credential_kind kind, struct recovery_work *work,
                                          char code[RECOVERY_TEXT_SIZE],
                                          struct credential *credential)
{
    const struct password_line line = context_line(context);
    *credential = (struct credential){.kind = kind, .set_at = clock_read().now};
    MEDGL_TRY(text_copy(credential->account_id, sizeof(credential->account_id), account_id));
    MEDGL_TRY(crypto_random_id(credential->id));
    MEDGL_TRY(recovery_generate(code));
    MEDGL_TRY(recovery_hash(&line, &work->terms, code, work->evaluation));
    MEDGL_TRY(recovery_record_write(&work->terms, work->evaluation, work->phc));
    return factor_seal(context, credential, work->phc, strlen(work->phc));
}

static enum medgl_error recovery_terms_unseal(const struct context *context,
                                              const struct credential *credential,
                                              struct recovery_terms *terms)
{
    auto_secret struct secret phc = SECRET_NONE;
    MEDGL_TRY(factor_unseal(context, credential, &phc));
    return recovery_terms_read((const char *)phc.bytes, terms);
}

/* The account's codes beside a batch of `kind`. New recovery codes stand in the place of the old
 * ones. */
struct recovery_beside {
    const struct context *context;
    const char *account_id;
    enum credential_kind kind;
    medgl_time now;
    bool found;
    struct recovery_terms terms;
    bool same; /* all have the same */
};

static enum medgl_error recovery_beside_one(void *argument, const struct credential *credential)
{
    struct recovery_beside *beside = argument;
    struct recovery_terms terms;
    if (credential->valid_until != 0 && credential->valid_until <= beside->now)
        return MEDGL_OK;
    MEDGL_TRY(recovery_terms_unseal(beside->context, credential, &terms));
    beside->same = !beside->found || (beside->same && recovery_terms_equal(&terms, &beside->terms));
    beside->terms = terms;
    beside->found = true;
    return MEDGL_OK;
}

static enum medgl_error recovery_beside_all(struct store_txn *txn, void *argument)
{
    struct recovery_beside *beside = argument;
    beside->found = beside->same = false;
    beside->now = clock_read().now;
    if (beside->kind != CREDENTIAL_RECOVERY)
        MEDGL_TRY(store_credential_each_of(txn, beside->account_id, CREDENTIAL_RECOVERY,
                                           recovery_beside_one, beside));
    return store_credential_each_of(txn, beside->account_id, CREDENTIAL_CODE, recovery_beside_one,
                                    beside);
}

enum medgl_error recovery_fits(const struct context *context, struct store_txn *txn,
                               const struct credential *made)
{
    struct recovery_beside beside = {
        .context = context, .account_id = made->account_id, .kind = made->kind};
    struct recovery_terms terms;
    MEDGL_TRY(recovery_terms_unseal(context, made, &terms));
    MEDGL_TRY(recovery_beside_all(txn, &beside));
    const bool fits = !beside.found || (beside.same && recovery_terms_equal(&terms, &beside.terms));
    return fits ? MEDGL_OK : MEDGL_ERR_CONFLICT;
}

enum medgl_error recovery_make(const struct context *context, const char *account_id,
                               enum credential_kind kind, size_t count,
                               char (*codes)[RECOVERY_TEXT_SIZE], struct credential *credentials)
{
    auto_clean(recovery_work_wipe) struct recovery_work work = {.phc = ""};
    struct recovery_beside beside = {.context = context, .account_id = account_id, .kind = kind};
    const struct kdf_cost cost = context_cost(context);
    MEDGL_TRY(store_transact(context->store, STORE_READ, recovery_beside_all, &beside));
    if (beside.found)
        work.terms = beside.terms;
    else
        MEDGL_TRY(recovery_terms_new(&cost, &work.terms));
    for (size_t i = 0; i < count; i++)
        MEDGL_TRY(recovery_make_one(context, account_id, kind, &work, codes[i], &credentials[i]));
    return MEDGL_OK;
}

/* -- finding ---------------------------------------------------------------------------------- */

/* As many as there can be are opened and compared, whatever there is (R23). */
#define RECOVERY_COMPARED (FACTORS_RECOVERY_MAX + FACTORS_CODE_MAX)

/* What stands where there is no code: its record is of an evaluation that nothing gives, at the
 * policy's cost. */
static enum medgl_error recovery_dummy(const struct context *context, const char *account_key,
                                       struct recovery_work *work, struct credential *dummy)
{
    unsigned char nothing[KDF_HASH_SIZE] = {0};
    const struct kdf_cost cost = context_cost(context);
    MEDGL_TRY(recovery_terms_new(&cost, &work->terms));
    *dummy = (struct credential){.kind = CREDENTIAL_RECOVERY};
    MEDGL_TRY(text_copy(dummy->account_id, sizeof(dummy->account_id), account_key));
    MEDGL_TRY(recovery_record_write(&work->terms, nothing, work->phc));
    return factor_seal(context, dummy, work->phc, strlen(work->phc));
}

static enum medgl_error recovery_compare(const struct context *context,
                                         const struct credential *credential,
                                         const struct recovery_work *work, bool *matches)
{
    auto_secret struct secret phc = SECRET_NONE;
    *matches = false;
    MEDGL_TRY(factor_unseal(context, credential, &phc));
    return recovery_record_matches((const char *)phc.bytes, &work->terms, work->evaluation,
                                   matches);
}

static bool recovery_is_code(const struct credential *credential)
{
    return credential->kind == CREDENTIAL_RECOVERY || credential->kind == CREDENTIAL_CODE;
}

static bool recovery_is_accepted(const struct credential *credential,
                                 const struct recovery_accept *accept)
{
    return credential->kind == CREDENTIAL_CODE ? accept->code : accept->recovery;
}

/* The one whose salt and cost a typed code is evaluated with: the first that is accepted, else any,
 * else the dummy. */
static const struct credential *recovery_pick(const struct factors *factors,
                                              const struct recovery_accept *accept,
                                              const struct credential *dummy)
{
    const struct credential *any = dummy;
    for (size_t i = factors->count; i-- > 0;)
        if (recovery_is_code(&factors->all[i]))
            any = &factors->all[i];
    for (size_t i = 0; i < factors->count; i++)
        if (recovery_is_code(&factors->all[i]) && recovery_is_accepted(&factors->all[i], accept))
            return &factors->all[i];
    return any;
}

/* MUST: one evaluation whatever is there, and as many comparisons; none ends early (R23). */
enum medgl_error recovery_find(const struct context *context, const char *account_key,
                               const struct factors *factors, const struct recovery_accept *accept,
                               const char *code, size_t *index)
{
    auto_clean(recovery_work_wipe) struct recovery_work work = {.phc = ""};
    const struct password_line line = context_line(context);
    struct credential dummy;
    size_t compared = 0, found = FACTORS_MAX;
    bool matches;
    *index = FACTORS_MAX;
    MEDGL_TRY(recovery_dummy(context, account_key, &work, &dummy));
    MEDGL_TRY(recovery_terms_unseal(context, recovery_pick(factors, accept, &dummy), &work.terms));
    MEDGL_TRY(recovery_hash(&line, &work.terms, code, work.evaluation));
    for (size_t i = 0; i < factors->count; i++) {
        const struct credential *credential = &factors->all[i];
        const bool accepted = recovery_is_accepted(credential, accept);
        if (!recovery_is_code(credential))
            continue;
        MEDGL_TRY(recovery_compare(context, credential, &work, &matches));
        if (matches && accepted)
            found = i;
        compared++;
    }
    for (; compared < RECOVERY_COMPARED; compared++)
        MEDGL_TRY(recovery_compare(context, &dummy, &work, &matches));
    *index = found;
    return MEDGL_OK;
}

/* -- ten new ones ----------------------------------------------------------------------------- */

struct recovery_run {
    struct context *context;
    const struct recovery_issue_request *request;
    char *why;
    struct account account;
    char codes[RECOVERY_COUNT][RECOVERY_TEXT_SIZE];
    struct credential credentials[RECOVERY_COUNT];
};

static void recovery_run_wipe(struct recovery_run *run)
{
    secret_wipe(run, sizeof(*run));
}

static enum medgl_error recovery_issue_check(struct store_txn *txn, void *argument)
{
    struct recovery_run *run = argument;
    MEDGL_TRY(store_account_by_name(txn, run->request->name, &run->account));
    MEDGL_TRY(role_reaches(run->context, txn, &run->account, run->why));
    MEDGL_TRY(breakglass_sealed_alone(&run->account, run->why));
    if (run->account.state == ACCOUNT_STATE_ACTIVE)
        return MEDGL_OK;
    (void)snprintf(run->why, OPERATION_WHY_SIZE,
                   _("the account is %s: only an active account gets recovery codes"),
                   account_state_word(run->account.state));
    return MEDGL_ERR_REFUSED;
}

/* What is left of the old ones ends with the new ones. */
static enum medgl_error recovery_replace(struct store_txn *txn, struct recovery_run *run,
                                         const struct clock_reading *clock)
{
    uint32_t left = 0;
    struct ledger_entry entry;
    const char *account_id = run->account.id;
    MEDGL_TRY(factors_count(txn, account_id, CREDENTIAL_RECOVERY, &left));
    if (left == 0)
        return MEDGL_OK;
    evidence_begin(run->context, clock, LEDGER_FACTOR_REVOKE, &run->account, &entry);
    ledger_entry_text(&entry, "factor", factor_kind_word(FACTOR_KIND_RECOVERY));
    ledger_entry_number(&entry, "count", left);
    ledger_entry_text(&entry, "reason", run->request->reason);
    MEDGL_TRY(evidence_append(run->context, txn, &entry, NULL));
    return store_credential_delete(txn, account_id, CREDENTIAL_RECOVERY);
}

static enum medgl_error recovery_issue_now(struct store_txn *txn, void *argument)
{
    struct recovery_run *run = argument;
    struct ledger_entry entry;
    uint64_t seq;
    const struct clock_reading clock = clock_read();
    MEDGL_TRY(recovery_issue_check(txn, run));
    MEDGL_TRY(recovery_replace(txn, run, &clock));
    MEDGL_TRY(recovery_fits(run->context, txn, &run->credentials[0]));
    evidence_begin(run->context, &clock, LEDGER_FACTOR_ENROL, &run->account, &entry);
    ledger_entry_text(&entry, "factor", factor_kind_word(FACTOR_KIND_RECOVERY));
    ledger_entry_number(&entry, "count", RECOVERY_COUNT);
    ledger_entry_text(&entry, "by", "administrator");
    ledger_entry_text(&entry, "reason", run->request->reason);
    MEDGL_TRY(evidence_append(run->context, txn, &entry, &seq));
    for (size_t i = 0; i < RECOVERY_COUNT; i++) {
        run->credentials[i].ledger_seq = seq;
        MEDGL_TRY(store_credential_add(txn, &run->credentials[i]));
    }
    return evidence_keep(txn, clock.now);
}

enum medgl_error operation_recovery_issue(struct context *context,
                                          const struct recovery_issue_request *request,
                                          char why[OPERATION_WHY_SIZE])
{
    auto_clean(recovery_run_wipe) struct recovery_run run = {
        .context = context, .request = request, .why = why};
    why[0] = '\0';
    if (!text_says_something(request->reason))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(store_transact(context->store, STORE_READ, recovery_issue_check, &run));
    MEDGL_TRY(recovery_make(context, run.account.id, CREDENTIAL_RECOVERY, RECOVERY_COUNT, run.codes,
                            run.credentials));
    MEDGL_TRY(request->deliver(request->argument, &run.account,
                               (const char(*)[RECOVERY_TEXT_SIZE])run.codes, RECOVERY_COUNT));
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, recovery_issue_now, &run));
    (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    return MEDGL_OK;
}

/* -- how many are left ------------------------------------------------------------------------ */

struct recovery_list_run {
    struct store_txn *txn;
    const char *name;
    void (*each)(void *argument, const struct recovery_report *report);
    void *argument;
    struct recovery_report report;
};

static enum medgl_error recovery_list_code(void *argument, const struct credential *credential)
{
    struct recovery_list_run *run = argument;
    run->report.left++;
    run->report.issued = credential->set_at;
    return MEDGL_OK;
}

static enum medgl_error recovery_list_account(void *argument, const struct account *account)
{
    struct recovery_list_run *run = argument;
    run->report = (struct recovery_report){.name = account->name};
    MEDGL_TRY(store_credential_each_of(run->txn, account->id, CREDENTIAL_RECOVERY,
                                       recovery_list_code, run));
    if (run->report.left > 0 || run->name != NULL)
        run->each(run->argument, &run->report);
    return MEDGL_OK;
}

static enum medgl_error recovery_list_now(struct store_txn *txn, void *argument)
{
    struct recovery_list_run *run = argument;
    struct account account;
    run->txn = txn;
    if (run->name == NULL)
        return store_account_each(txn, recovery_list_account, run);
    MEDGL_TRY(store_account_by_name(txn, run->name, &account));
    return recovery_list_account(run, &account);
}

enum medgl_error operation_recovery_list(struct context *context, const char *name,
                                         void (*each)(void *argument,
                                                      const struct recovery_report *report),
                                         void *argument)
{
    struct recovery_list_run run = {.name = name, .each = each, .argument = argument};
    return store_transact(context->store, STORE_READ, recovery_list_now, &run);
}
