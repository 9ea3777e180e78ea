/* A password reset that can be proven (R11, R18). The password itself goes to its owner and nowhere
 * else (R02): one on a slip through `deliver`, one that is typed nowhere at all. */
#include "operation/reset.h"

#include "base/message.h"
#include "base/text.h"
#include "operation/breakglass_login.h"
#include "operation/choose.h"
#include "operation/document.h"
#include "operation/evidence.h"
#include "operation/factors.h"
#include "operation/history.h"
#include "operation/judge.h"
#include "operation/password.h"
#include "operation/refuse.h"
#include "operation/role.h"
#include "operation/witness.h"
#include "policy/calendar.h"
#include "policy/reset.h"

#include <stdio.h>
#include <string.h>

struct reset_run {
    struct context *context;
    const struct reset_request *request;
    struct reset_done *done;
    char *why;
    struct account account, witness;
    int64_t proved;             /* when the witness did, by clock_monotonic() */
    char going[CRYPTO_ID_SIZE]; /* the password in force when all was checked; "": none */
    bool checked;
    bool second_factor;             /* one is in force: rule C of R13 */
    struct document_taken document; /* digest "": none */
    struct choice choice;           /* of one that is typed */
    struct credential fresh;
    uint32_t cleared;
    uint64_t seq;
};

static void reset_run_clear(struct reset_run *run)
{
    choice_clear(&run->choice);
    secret_wipe(run, sizeof(*run));
}

/* -- what has to be true before anybody is asked ---------------------------------------------- */

static enum medgl_error reset_check_account(const struct context *context, struct store_txn *txn,
                                            const char *name, struct account *account, char *why)
{
    MEDGL_TRY(store_account_by_name(txn, name, account));
    MEDGL_TRY(role_reaches(context, txn, account, why));
    MEDGL_TRY(breakglass_sealed_alone(account, why));
    if (account->state == ACCOUNT_STATE_ACTIVE)
        return MEDGL_OK;
    return refuse(why, _("the account is %s: only an active account gets a password"),
                  account_state_word(account->state));
}

static enum medgl_error reset_check_method(const struct policy *policy, const char *method,
                                           char *why)
{
    if (policy_reset_method(policy, method))
        return MEDGL_OK;
    return refuse(why, _("\"%s\" is no way to verify an identity that the policy names: %s"),
                  method, policy->reset_methods);
}

static enum medgl_error reset_check_document(const struct reset_run *run)
{
    const struct reset_request *request = run->request;
    if (request->document != NULL || !policy_reset_document(&run->context->policy, request->method))
        return MEDGL_OK;
    return refuse(run->why,
                  _("%s needs a copy of the document that was shown: scan it, and name the "
                    "file with --document"),
                  request->method);
}

static enum medgl_error reset_check_witness(struct store_txn *txn, struct reset_run *run)
{
    const struct reset_request *request = run->request;
    if (request->witness != NULL)
        return witness_check(run->context, txn, request->witness, &run->account, &run->witness,
                             run->why);
    if (!policy_reset_witness(&run->context->policy, request->method, run->account.class_))
        return MEDGL_OK;
    return refuse(run->why,
                  _("this reset needs a second person who proves who they are (%s, class "
                    "%s): name them with --witness"),
                  request->method, account_class_word(run->account.class_));
}

static const char *reset_way(const struct reset_request *request)
{
    switch (request->delivery) {
    case RESET_AT_TERMINAL:
        return RESET_BY_TERMINAL;
    case RESET_SLIP:
        return request->slip_to;
    }
    return "";
}

static enum medgl_error reset_check_way(const struct reset_run *run)
{
    const struct policy *policy = &run->context->policy;
    const char *way = reset_way(run->request);
    if (!policy_reset_delivers(policy, way))
        return refuse(run->why,
                      _("the policy does not let a new password out by this way: %s; it may "
                        "be %s (reset_delivery)"),
                      way, policy->reset_delivery);
    if (strcmp(way, RESET_BY_PRINTER) == 0 && policy->slip_program[0] == '\0')
        return refuse(run->why, _("there is no printer for slips: set slip_program in "
                                  "policy.conf, or name a file with --slip"));
    return MEDGL_OK;
}

/* MUST: what was judged against the history of one password is not set over another one. */
static enum medgl_error reset_check_current(struct store_txn *txn, struct reset_run *run)
{
    auto_clean(credential_clear) struct credential current = {.issued = false};
    enum medgl_error error =
        store_credential_get(txn, run->account.id, CREDENTIAL_PASSWORD, &current);
    if (error != MEDGL_OK && error != MEDGL_ERR_NOT_FOUND)
        return error;
    const char *id = error == MEDGL_OK ? current.id : "";
    if (run->checked && strcmp(run->going, id) != 0)
        return refuse(run->why, _("The account was changed meanwhile. Nothing was set."));
    return text_copy(run->going, sizeof(run->going), id);
}

static enum medgl_error reset_check(struct store_txn *txn, void *argument)
{
    struct reset_run *run = argument;
    const struct reset_request *request = run->request;
    MEDGL_TRY(reset_check_account(run->context, txn, request->name, &run->account, run->why));
    MEDGL_TRY(reset_check_method(&run->context->policy, request->method, run->why));
    MEDGL_TRY(reset_check_document(run));
    MEDGL_TRY(reset_check_way(run));
    MEDGL_TRY(reset_check_witness(txn, run));
    MEDGL_TRY(reset_check_current(txn, run));
    return factors_in_force(run->context, txn, &run->account, clock_read().now,
                            &run->second_factor);
}

struct reset_question {
    struct context *context;
    const char *name, *method;
    struct reset_needs *needs;
    char *why;
};

static enum medgl_error reset_ask_needs(struct store_txn *txn, void *argument)
{
    const struct reset_question *question = argument;
    const struct policy *policy = &question->context->policy;
    struct reset_needs *needs = question->needs;
    const char *method = question->method != NULL ? question->method : "";
    *needs = (struct reset_needs){.document = false};
    MEDGL_TRY(reset_check_account(question->context, txn, question->name, &needs->account,
                                  question->why));
    if (question->method != NULL)
        MEDGL_TRY(reset_check_method(policy, method, question->why));
    needs->document = policy_reset_document(policy, method);
    needs->witness = policy_reset_witness(policy, method, needs->account.class_);
    needs->at_terminal = policy_reset_delivers(policy, RESET_BY_TERMINAL);
    needs->printer =
        policy_reset_delivers(policy, RESET_BY_PRINTER) && policy->slip_program[0] != '\0';
    needs->file = policy_reset_delivers(policy, RESET_BY_FILE);
    needs->screen = policy_reset_delivers(policy, RESET_BY_SCREEN);
    return MEDGL_OK;
}

enum medgl_error operation_reset_needs(struct context *context, const char *name,
                                       const char *method, struct reset_needs *needs,
                                       char why[OPERATION_WHY_SIZE])
{
    struct reset_question question = {
        .context = context, .name = name, .method = method, .needs = needs, .why = why};
    why[0] = '\0';
    return store_transact(context->store, STORE_READ, reset_ask_needs, &question);
}

/* -- the new password ------------------------------------------------------------------------- */

static enum medgl_error reset_seal(struct reset_run *run, const struct password_record *record)
{
    struct credential *fresh = &run->fresh;
    memcpy(fresh->account_id, run->account.id, sizeof(fresh->account_id));
    MEDGL_TRY(crypto_random_id(fresh->id));
    memcpy(run->done->credential, fresh->id, sizeof(fresh->id));
    return password_seal(run->context, fresh, record);
}

static enum medgl_error reset_choose(struct reset_run *run)
{
    char text[OPERATION_WHY_SIZE], name[65];
    const struct talk *talk = run->request->talk;
    text_printable(name, sizeof(name), run->account.name);
    (void)snprintf(text, sizeof(text),
                   _("%s: choose your new password now. It is not shown; nobody else looks at "
                     "the keys."),
                   name);
    MEDGL_TRY(talk_hide(talk, true));
    talk->inform(talk->carrier, text);
    return choose_password(&run->choice);
}

/* The person types it; whoever the terminal belongs to stands by, and sees nothing of what is typed
 * while one is judged. */
static enum medgl_error reset_type(struct reset_run *run)
{
    const enum medgl_error error = reset_choose(run);
    const enum medgl_error shown = talk_hide(run->request->talk, false);
    MEDGL_TRY(error);
    MEDGL_TRY(shown);
    if (!run->choice.accepted)
        return refuse(run->why, _("no password was chosen: nothing was changed"));
    run->fresh.strength = run->choice.judged.strength;
    run->fresh.set_at = clock_read().now;
    return reset_seal(run, &run->choice.answer.record);
}

/* One that the rules in force accept, and its record under the salt of the account. */
static enum medgl_error reset_draw(struct reset_run *run, struct secret *password,
                                   struct history_answer *answer)
{
    auto_secret struct secret prepared = SECRET_NONE;
    struct password_composition found;
    const struct policy *policy = &run->context->policy;
    MEDGL_TRY(judge_suggest(&run->choice.judge, &run->account, password));
    MEDGL_TRY(password_prepare(password, &prepared));
    password_compose(&prepared, &found);
    run->fresh.strength = policy_password_strength(
        policy, found.length, (unsigned)found.letters + found.digits + found.symbols);
    const struct history_question question = {.account_id = run->account.id,
                                              .typed = password,
                                              .prepared = &prepared,
                                              .patience_ms = INT64_MAX};
    return history_ask(run->context, &question, answer);
}

static enum medgl_error reset_issue(struct reset_run *run)
{
    struct credential *fresh = &run->fresh;
    auto_secret struct secret password = SECRET_NONE;
    auto_clean(history_answer_clear) struct history_answer answer = {.used_before = false};
    const struct reset_request *request = run->request;
    MEDGL_TRY(reset_draw(run, &password, &answer));
    fresh->issued = true;
    fresh->set_at = clock_read().now;
    fresh->valid_until = policy_add(fresh->set_at, run->context->policy.password_issued_valid,
                                    clock_utc_offset(fresh->set_at));
    MEDGL_TRY(reset_seal(run, &answer.record));
    MEDGL_TRY(request->deliver(request->argument, &run->account, &password, fresh->valid_until));
    run->done->given_out = true;
    return MEDGL_OK;
}

static enum medgl_error reset_take_document(struct reset_run *run)
{
    const struct secret *document = run->request->document;
    return document != NULL ? document_take(run->context, document, &run->document, run->why)
                            : MEDGL_OK;
}

static enum medgl_error reset_make(struct reset_run *run)
{
    switch (run->request->delivery) {
    case RESET_AT_TERMINAL:
        return reset_type(run);
    case RESET_SLIP:
        return reset_issue(run);
    }
    return MEDGL_ERR_ARGUMENT;
}

/* -- the transaction -------------------------------------------------------------------------- */

static void reset_text(struct ledger_entry *entry, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0')
        ledger_entry_text(entry, name, text);
}

static enum medgl_error reset_record(struct store_txn *txn, struct reset_run *run,
                                     const struct clock_reading *clock)
{
    struct ledger_entry entry;
    char until[CLOCK_TEXT_SIZE];
    const struct reset_request *request = run->request;
    const bool typed = request->delivery == RESET_AT_TERMINAL;
    evidence_begin(run->context, clock, typed ? LEDGER_PASSWORD_RESET : LEDGER_PASSWORD_ISSUE,
                   &run->account, &entry);
    ledger_entry_text(&entry, "credential", run->fresh.id);
    ledger_entry_text(&entry, "verified_by", request->method);
    ledger_entry_text(&entry, "deliver", reset_way(request));
    reset_text(&entry, "note", request->note);
    reset_text(&entry, "requested_by", request->requested_by);
    if (request->witness != NULL) {
        ledger_entry_text(&entry, "witness", run->witness.name);
        ledger_entry_text(&entry, "witness_account", run->witness.id);
    }
    if (run->document.digest[0] != '\0')
        document_fields(&entry, &run->document);
    if (typed)
        ledger_entry_text(&entry, "strength", password_strength_word(run->fresh.strength));
    else
        ledger_entry_time(&entry, "valid_until", run->fresh.valid_until, until);
    ledger_entry_number(&entry, "cleared", run->cleared);
    return evidence_append(run->context, txn, &entry, &run->fresh.ledger_seq);
}

/* The password that goes can never come back, whoever knew it (R16). */
static enum medgl_error reset_replace(struct store_txn *txn, struct reset_run *run)
{
    auto_clean(credential_clear) struct credential going = {.issued = false};
    enum medgl_error error =
        store_credential_get(txn, run->account.id, CREDENTIAL_PASSWORD, &going);
    if (error == MEDGL_OK)
        error = history_keep(run->context, txn, &going);
    if (error != MEDGL_ERR_NOT_FOUND)
        MEDGL_TRY(error);
    MEDGL_TRY(password_begin(txn, run->account.id));
    return store_credential_put(txn, &run->fresh);
}

/* MUST: who stood beside the desk an hour ago has not seen what is done now. */
static enum medgl_error reset_check_proof(const struct reset_run *run)
{
    const struct reset_request *request = run->request;
    const int64_t most = request->witness_age != 0 ? request->witness_age : RESET_WITNESS_AGE;
    if (request->witness == NULL || clock_monotonic() - run->proved <= most)
        return MEDGL_OK;
    return refuse(run->why,
                  _("the witness %s proved who they are more than %d minutes ago: nothing was "
                    "changed; begin anew"),
                  run->witness.name, (int)(RESET_WITNESS_AGE / MEDGL_MINUTE));
}

static enum medgl_error reset_now(struct store_txn *txn, void *argument)
{
    struct reset_run *run = argument;
    const struct clock_reading clock = clock_read();
    MEDGL_TRY(reset_check(txn, run));
    MEDGL_TRY(reset_check_proof(run));
    MEDGL_TRY(store_attempt_clear(txn, run->account.id, NULL, &run->cleared));
    MEDGL_TRY(reset_record(txn, run, &clock));
    run->seq = run->fresh.ledger_seq;
    if (run->document.digest[0] != '\0')
        MEDGL_TRY(document_record(txn, &run->document, &run->account, clock.now, run->seq));
    MEDGL_TRY(reset_replace(txn, run));
    return evidence_keep(txn, clock.now);
}

/* -- all of it -------------------------------------------------------------------------------- */

static bool reset_is_well_formed(const struct reset_request *request)
{
    return policy_is_word(request->method) && text_is_printable(request->note) &&
           text_is_printable(request->requested_by) &&
           (request->talk != NULL ||
            (request->delivery == RESET_SLIP && request->witness == NULL)) &&
           (request->deliver != NULL || request->delivery == RESET_AT_TERMINAL);
}

/* Whatever can be known to stand in the way, before anybody is asked. */
static enum medgl_error reset_prepare(struct reset_run *run)
{
    struct context *context = run->context;
    const struct reset_request *request = run->request;
    MEDGL_TRY(store_transact(context->store, STORE_READ, reset_check, run));
    run->checked = true;
    run->choice = (struct choice){.context = context,
                                  .talk = request->talk,
                                  .account = &run->account,
                                  .second_factor = run->second_factor,
                                  .watched = true};
    if (judge_open(context->root, &context->policy, &run->choice.judge) != MEDGL_OK)
        return MEDGL_ERR_POLICY; /* logged with what to do; no account is missing */
    return request->document != NULL ? document_check(context, request->document, run->why)
                                     : MEDGL_OK;
}

static enum medgl_error reset_ask_witness(struct reset_run *run)
{
    const struct reset_request *request = run->request;
    const struct witness_act act = {
        .subject = &run->account, .method = request->method, .way = reset_way(request)};
    MEDGL_TRY(witness_prove(run->context, request->talk, &run->witness, &act, run->why));
    run->proved = clock_monotonic();
    return MEDGL_OK;
}

static enum medgl_error reset_carry_out(struct reset_run *run)
{
    const struct reset_request *request = run->request;
    MEDGL_TRY(reset_prepare(run));
    if (request->witness != NULL)
        MEDGL_TRY(reset_ask_witness(run));
    MEDGL_TRY(reset_make(run));
    /* Right before the transaction: whoever ends this while it asks or prints leaves no file. */
    MEDGL_TRY(reset_take_document(run));
    return store_transact(run->context->store, STORE_WRITE, reset_now, run);
}

enum medgl_error operation_password_reset(struct context *context,
                                          const struct reset_request *request,
                                          struct reset_done *done, char why[OPERATION_WHY_SIZE])
{
    auto_clean(reset_run_clear) struct reset_run run = {
        .context = context, .request = request, .done = done, .why = why};
    *done = (struct reset_done){.seq = 0};
    why[0] = '\0';
    if (!reset_is_well_formed(request))
        return MEDGL_ERR_ARGUMENT;
    enum medgl_error error = reset_carry_out(&run);
    if (error != MEDGL_OK) {
        if (run.document.digest[0] != '\0')
            document_drop(&run.document);
        return error;
    }
    done->seq = run.seq;
    done->valid_until = run.fresh.valid_until;
    /* The act stands even if the outside copy fails: that is logged. */
    (void)evidence_publish(context);
    return MEDGL_OK;
}
