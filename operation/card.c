/* Smartcards: their enrolment, and what is in the readers. */
#include "operation/card.h"

#include "base/message.h"
#include "base/text.h"
#include "operation/breakglass_login.h"
#include "operation/card_judge.h"
#include "operation/evidence.h"
#include "operation/refuse.h"
#include "operation/role.h"

#include <stdio.h>
#include <string.h>

/* -- the readers ------------------------------------------------------------------------------ */

/* What is in them, or why that is not known. */
static enum medgl_error readers_look(const struct context *context, char program[PATH_MAX],
                                     struct card_driver *driver, struct card_tokens *tokens,
                                     char why[OPERATION_WHY_SIZE])
{
    enum card_trouble trouble = CARD_TROUBLE_DRIVER;
    char text[256];
    if (context->policy.card_module[0] == '\0')
        return refuse(why, _("the policy names no driver of smartcards (card_module)"));
    MEDGL_TRY(card_driver_of(context, program, driver));
    MEDGL_TRY(card_reader_look(driver, tokens, &trouble));
    if (trouble == CARD_TROUBLE_NONE)
        return MEDGL_OK;
    card_message(trouble, CARD_TRIES_UNKNOWN, CARD_GOOD, text, sizeof(text));
    return refuse(why, "%s", text);
}

/* -- look ------------------------------------------------------------------------------------- */

struct look_run {
    const struct context *context;
    struct store_txn *txn;
    const struct card_certificate *certificate;
    const char *except; /* an account's id, or NULL */
    char account[STORE_NAME_SIZE], id[CRYPTO_ID_SIZE];
    bool damaged; /* somebody's rule cannot be read: it may be theirs */
};

/* The first whose rule holds; several accounts of one person may have one card. */
static enum medgl_error look_credential(void *argument, const struct credential *credential)
{
    struct look_run *run = argument;
    struct account account;
    char match[CARD_MATCH_SIZE];
    bool holds = false;
    if (credential->kind != CREDENTIAL_CARD || run->account[0] != '\0' ||
        (run->except != NULL && strcmp(run->except, credential->account_id) == 0))
        return MEDGL_OK;
    enum medgl_error error = card_rule_read(run->context, credential, match);
    if (error == MEDGL_OK)
        error = card_match_holds(match, run->certificate, &holds);
    run->damaged |= error == MEDGL_ERR_CORRUPT;
    if (!holds)
        return error == MEDGL_ERR_CORRUPT ? MEDGL_OK : error;
    MEDGL_TRY(store_account_by_id(run->txn, credential->account_id, &account));
    MEDGL_TRY(text_copy(run->id, sizeof(run->id), account.id));
    return text_copy(run->account, sizeof(run->account), account.name);
}

static enum medgl_error look_now(struct store_txn *txn, void *argument)
{
    struct look_run *run = argument;
    run->txn = txn;
    run->account[0] = run->id[0] = '\0';
    run->damaged = false;
    const enum medgl_error error = store_credential_each(txn, look_credential, run);
    run->damaged |= error == MEDGL_ERR_CORRUPT; /* the log says what to do */
    if (run->damaged && run->account[0] == '\0')
        MEDGL_TRY(text_copy(run->account, sizeof(run->account), "?"));
    return error == MEDGL_ERR_CORRUPT ? MEDGL_OK : error;
}

static enum medgl_error look_token(struct context *context, const struct card_trust *trust,
                                   const struct card_token *token,
                                   struct card_candidate candidates[CARD_CERTIFICATES_MAX],
                                   void (*each)(void *argument, const struct card_seen *seen),
                                   void *argument)
{
    struct card_seen seen = {.verdict = CARD_UNDECIDED};
    if (!card_usable(token))
        card_unusable_message(token, seen.remark, sizeof(seen.remark));
    MEDGL_TRY(text_copy(seen.reader, sizeof(seen.reader), token->reader));
    MEDGL_TRY(text_copy(seen.label, sizeof(seen.label), token->label));
    MEDGL_TRY(text_copy(seen.serial, sizeof(seen.serial), token->serial));
    MEDGL_TRY(card_candidates_judge(context, trust, token, clock_read().now, candidates));
    for (size_t i = 0; i < token->count; i++) {
        struct look_run run = {.context = context, .certificate = candidates[i].certificate};
        if (run.certificate != NULL)
            MEDGL_TRY(store_transact(context->store, STORE_READ, look_now, &run));
        seen.facts = candidates[i].facts;
        seen.verdict = candidates[i].judgement.verdict;
        seen.accepted = candidates[i].accepted;
        seen.crl_next = candidates[i].judgement.crl_next;
        MEDGL_TRY(text_copy(seen.account, sizeof(seen.account), run.account));
        each(argument, &seen);
    }
    if (token->count == 0)
        each(argument, &seen);
    return MEDGL_OK;
}

struct looking {
    struct card_tokens tokens;
    struct card_candidate candidates[CARD_CERTIFICATES_MAX];
};

static void looking_close(struct looking *looking)
{
    card_candidates_free(looking->candidates, MEDGL_COUNT(looking->candidates));
    card_tokens_free(&looking->tokens);
}

enum medgl_error operation_card_look(struct context *context,
                                     void (*each)(void *argument, const struct card_seen *seen),
                                     void *argument, char why[OPERATION_WHY_SIZE])
{
    auto_clean(looking_close) struct looking looking = {.tokens = {.count = 0}};
    auto_clean(card_trust_free) struct card_trust *trust = NULL;
    char program[PATH_MAX];
    struct card_driver driver;
    why[0] = '\0';
    MEDGL_TRY(readers_look(context, program, &driver, &looking.tokens, why));
    if (looking.tokens.count > 0 && card_trust_of(context, &trust) != MEDGL_OK)
        return refuse(why, _("there is nothing to check cards by: put the certificates of "
                             "their issuers into the directory trust (see medgl-cards(7))"));
    for (size_t i = 0; i < looking.tokens.count; i++)
        MEDGL_TRY(look_token(context, trust, &looking.tokens.token[i], looking.candidates, each,
                             argument));
    return MEDGL_OK;
}

/* -- enrolment -------------------------------------------------------------------------------- */

struct enrol_run {
    struct context *context;
    const struct card_enrol_request *request;
    char *why;
    struct card_trust *trust;
    struct card_tokens tokens;
    struct card_candidate candidates[CARD_CERTIFICATES_MAX]; /* of the card; of a file: the first */
    size_t chosen;
    struct account account;
    char match[CARD_MATCH_SIZE];
    char label[STORE_NAME_SIZE];
    struct look_run others; /* another account that the certificate opens, if any */
};

static void enrol_close(struct enrol_run *run)
{
    card_candidates_free(run->candidates, MEDGL_COUNT(run->candidates));
    card_tokens_free(&run->tokens);
    card_trust_free(&run->trust);
}

struct enrol_beside {
    const struct enrol_run *run;
    uint32_t count;
    bool there; /* a rule of the account's holds for the certificate */
};

static enum medgl_error enrol_beside(void *argument, const struct credential *credential)
{
    struct enrol_beside *beside = argument;
    const struct card_certificate *certificate =
        beside->run->candidates[beside->run->chosen].certificate;
    char match[CARD_MATCH_SIZE];
    bool holds = false;
    beside->count++;
    if (certificate == NULL)
        return MEDGL_OK;
    MEDGL_TRY(card_rule_read(beside->run->context, credential, match));
    MEDGL_TRY(card_match_holds(match, certificate, &holds));
    beside->there |= holds;
    return MEDGL_OK;
}

/* Asked before the person is, and again in the transaction that enrols. */
static enum medgl_error enrol_admit(struct store_txn *txn, void *argument)
{
    struct enrol_run *run = argument;
    struct enrol_beside beside = {.run = run};
    MEDGL_TRY(store_account_by_name(txn, run->request->name, &run->account));
    MEDGL_TRY(role_reaches(run->context, txn, &run->account, run->why));
    MEDGL_TRY(breakglass_sealed_alone(&run->account, run->why));
    if (run->account.state != ACCOUNT_STATE_ACTIVE)
        return refuse(run->why, _("only an active account gets a second factor"));
    if (run->context->policy.factor_kinds == POLICY_FACTOR_KINDS_TOTP)
        return refuse(run->why, _("the policy accepts devices that make codes alone "
                                  "(factor_kinds): a card would open nothing"));
    MEDGL_TRY(
        store_credential_each_of(txn, run->account.id, CREDENTIAL_CARD, enrol_beside, &beside));
    if (beside.there)
        return refuse(run->why, _("the account has that card already"));
    if (beside.count >= FACTORS_CARD_MAX)
        return refuse(run->why, _("the account has as many cards as it can have: take one "
                                  "away with medgl-admin card remove first"));
    return MEDGL_OK;
}

/* -- from a file ------------------------------------------------------------------------------ */

static enum medgl_error enrol_from_file(struct enrol_run *run)
{
    const struct secret *text = run->request->certificate;
    struct card_candidate *candidate = &run->candidates[0];
    enum medgl_error error =
        card_certificate_read(text->bytes, text->len, false, &candidate->certificate);
    if (error == MEDGL_ERR_ARGUMENT)
        error = card_certificate_read(text->bytes, text->len, true, &candidate->certificate);
    if (error == MEDGL_ERR_ARGUMENT)
        return refuse(run->why, _("the file holds no certificate, or more than one (PEM or "
                                  "DER)"));
    MEDGL_TRY(error);
    MEDGL_TRY(card_certificate_facts(candidate->certificate, &candidate->facts));
    MEDGL_TRY(
        card_judge(run->trust, candidate->certificate, clock_read().now, &candidate->judgement));
    candidate->accepted = card_accepted(&run->context->policy, candidate->judgement.verdict);
    return MEDGL_OK;
}

/* -- from the reader -------------------------------------------------------------------------- */

/* The one card that can sign. */
static enum medgl_error enrol_token(struct enrol_run *run, const struct card_token **token)
{
    char text[256];
    *token = NULL;
    for (size_t i = 0; i < run->tokens.count; i++) {
        if (!card_usable(&run->tokens.token[i]))
            continue;
        if (*token != NULL)
            return refuse(run->why, _("several cards are in the readers: leave the one that "
                                      "is to be enrolled"));
        *token = &run->tokens.token[i];
    }
    if (*token != NULL)
        return MEDGL_OK;
    if (run->tokens.count == 0)
        return refuse(run->why, _("no card is in the reader"));
    card_unusable_message(&run->tokens.token[0], text, sizeof(text));
    return refuse(run->why, "%s", text);
}

/* Of several certificates that would do, the person says which. */
static enum medgl_error enrol_choose(struct enrol_run *run, const struct talk *talk,
                                     const struct card_token *token)
{
    auto_secret struct secret answer = SECRET_NONE;
    size_t good = 0, order[CARD_CERTIFICATES_MAX] = {0};
    char line[3 * CARD_TEXT_SIZE];
    for (size_t i = 0; i < token->count; i++)
        if (run->candidates[i].accepted)
            order[good++] = i;
    run->chosen = order[0];
    if (good <= 1)
        return MEDGL_OK;
    talk->inform(talk->carrier, _("The card has several certificates:"));
    for (size_t i = 0; i < good; i++) {
        const struct card_facts *facts = &run->candidates[order[i]].facts;
        (void)snprintf(line, sizeof(line), "%zu. %s (%s)", i + 1, facts->subject, facts->issuer);
        talk->inform(talk->carrier, line);
    }
    MEDGL_TRY(talk->ask(talk->carrier, TALK_VISIBLE, TALK_ANSWER, _("Which one, by its number: "),
                        &answer));
    char *end;
    const unsigned long number = strtoul((const char *)answer.bytes, &end, 10);
    if (number < 1 || number > good || *end != '\0')
        return refuse(run->why, _("there is no certificate of that number"));
    run->chosen = order[number - 1];
    return MEDGL_OK;
}

static void enrol_prompt(const struct card_token *token, char *prompt, size_t size)
{
    const char *remark = card_tries_remark(token->tries), *name = card_name(token);
    if (token->pinpad)
        (void)snprintf(prompt, size, _("Card %s: type y, then the PIN at the reader: "), name);
    else if (remark[0] != '\0')
        (void)snprintf(prompt, size, _("PIN of card %s (%s): "), name, remark);
    else
        (void)snprintf(prompt, size, _("PIN of card %s: "), name);
}

/* The key is there, and its owner has the PIN. */
static enum medgl_error enrol_sign(struct enrol_run *run, const struct card_driver *driver,
                                   const struct talk *talk, const struct card_token *token)
{
    const struct card_candidate *candidate = &run->candidates[run->chosen];
    auto_secret struct secret pin = SECRET_NONE;
    char prompt[512], text[256];
    struct card_proof proof;
    enrol_prompt(token, prompt, sizeof(prompt));
    MEDGL_TRY(talk->ask(talk->carrier, TALK_SECRET, TALK_ANSWER, prompt, &pin));
    MEDGL_TRY(card_prove(driver, token, run->chosen, candidate, &pin, run->account.name, &proof));
    if (proof.good)
        return MEDGL_OK;
    card_message(proof.trouble, proof.tries, CARD_BAD_SIGNATURE, text, sizeof(text));
    return refuse(run->why, "%s", text);
}

static enum medgl_error enrol_refuse_verdict(const struct enrol_run *run)
{
    const struct card_candidate *candidate = &run->candidates[run->chosen];
    (void)snprintf(run->why, OPERATION_WHY_SIZE, "%s (%s)",
                   card_verdict_message(candidate->judgement.verdict), candidate->facts.subject);
    return MEDGL_ERR_REFUSED;
}

static enum medgl_error enrol_from_reader(struct enrol_run *run, const struct talk *talk)
{
    const struct card_token *token;
    char program[PATH_MAX];
    struct card_driver driver;
    MEDGL_TRY(readers_look(run->context, program, &driver, &run->tokens, run->why));
    MEDGL_TRY(enrol_token(run, &token));
    MEDGL_TRY(
        card_candidates_judge(run->context, run->trust, token, clock_read().now, run->candidates));
    MEDGL_TRY(enrol_choose(run, talk, token));
    if (!run->candidates[run->chosen].accepted)
        return enrol_refuse_verdict(run);
    MEDGL_TRY(store_transact(run->context->store, STORE_READ, enrol_admit, run));
    if (run->label[0] == '\0')
        MEDGL_TRY(text_copy(run->label, sizeof(run->label), token->label));
    return enrol_sign(run, &driver, talk, token);
}

/* -- keeping ---------------------------------------------------------------------------------- */

static enum medgl_error enrol_match(struct enrol_run *run)
{
    const struct card_enrol_request *request = run->request;
    enum medgl_error error = card_match_make(run->candidates[run->chosen].certificate,
                                             request->match, request->attribute, run->match);
    if (error == MEDGL_ERR_ARGUMENT)
        return refuse(run->why, _("the certificate's subject does not have that attribute "
                                  "exactly once: choose another one, or another way to tell "
                                  "the card"));
    return error;
}

static void enrol_entry(const struct enrol_run *run, const struct clock_reading *clock,
                        const char *id, char until[CLOCK_TEXT_SIZE], struct ledger_entry *entry)
{
    const struct card_facts *facts = &run->candidates[run->chosen].facts;
    evidence_begin(run->context, clock, LEDGER_FACTOR_ENROL, &run->account, entry);
    ledger_entry_text(entry, "factor", factor_kind_word(FACTOR_KIND_CARD));
    ledger_entry_text(entry, "credential", id);
    ledger_entry_text(entry, "by", "administrator");
    if (run->label[0] != '\0')
        ledger_entry_text(entry, "label", run->label);
    ledger_entry_text(entry, "match", card_match_word(run->request->match));
    ledger_entry_text(entry, "certificate", facts->fingerprint);
    ledger_entry_text(entry, "issuer", facts->issuer);
    ledger_entry_text(entry, "serial", facts->serial);
    ledger_entry_time(entry, "until", facts->not_after, until);
    if (run->others.id[0] != '\0')
        ledger_entry_text(entry, "also", run->others.id);
    if (run->request->reason[0] != '\0')
        ledger_entry_text(entry, "reason", run->request->reason);
}

static enum medgl_error enrol_now(struct store_txn *txn, void *argument)
{
    struct enrol_run *run = argument;
    const struct clock_reading clock = clock_read();
    struct ledger_entry entry;
    char until[CLOCK_TEXT_SIZE];
    struct credential credential = {.kind = CREDENTIAL_CARD, .set_at = clock.now};
    run->others = (struct look_run){.context = run->context,
                                    .certificate = run->candidates[run->chosen].certificate,
                                    .except = run->account.id};
    MEDGL_TRY(enrol_admit(txn, run));
    MEDGL_TRY(look_now(txn, &run->others));
    MEDGL_TRY(crypto_random_id(credential.id));
    MEDGL_TRY(text_copy(credential.account_id, sizeof(credential.account_id), run->account.id));
    MEDGL_TRY(text_copy(credential.label, sizeof(credential.label), run->label));
    MEDGL_TRY(factor_seal(run->context, &credential, run->match, strlen(run->match)));
    enrol_entry(run, &clock, credential.id, until, &entry);
    MEDGL_TRY(evidence_append(run->context, txn, &entry, &credential.ledger_seq));
    MEDGL_TRY(store_credential_add(txn, &credential));
    return evidence_keep(txn, clock.now);
}

/* Of one person that may be meant; of two, one can log in as the other. */
static void enrol_warn(const struct enrol_run *run, const struct talk *talk)
{
    char text[512];
    if (run->others.id[0] == '\0')
        return;
    (void)snprintf(text, sizeof(text), _("The same certificate opens account %s as well."),
                   run->others.account);
    talk->warn(talk->carrier, text);
}

enum medgl_error operation_card_enrol(struct context *context, const struct talk *talk,
                                      const struct card_enrol_request *request,
                                      char why[OPERATION_WHY_SIZE])
{
    auto_clean(enrol_close) struct enrol_run run = {
        .context = context, .request = request, .why = why};
    why[0] = '\0';
    if (!text_is_printable(request->reason) || !text_is_printable(request->label))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(text_copy(run.label, sizeof(run.label), request->label));
    MEDGL_TRY(store_transact(context->store, STORE_READ, enrol_admit, &run));
    if (card_trust_of(context, &run.trust) != MEDGL_OK)
        return refuse(why, _("there is nothing to check cards by: put the certificates of "
                             "their issuers into the directory trust (see medgl-cards(7))"));
    MEDGL_TRY(request->certificate != NULL ? enrol_from_file(&run) : enrol_from_reader(&run, talk));
    if (!run.candidates[run.chosen].accepted)
        return enrol_refuse_verdict(&run);
    MEDGL_TRY(enrol_match(&run));
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, enrol_now, &run));
    (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    enrol_warn(&run, talk);
    return MEDGL_OK;
}
