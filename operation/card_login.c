/* Smartcards at a login: what is in the readers, what is asked for it, and what its signature
 * proves (R24). */
#include "operation/card.h"

#include "base/log.h"
#include "base/message.h"
#include "operation/card_judge.h"
#include "operation/card_reader.h"

#include <stdio.h>
#include <string.h>

struct card_login {
    const struct context *context;
    char program[PATH_MAX];
    struct card_driver driver;
    struct card_tokens tokens;
    size_t usable; /* cards that may sign */
};

void card_login_free(struct card_login **login)
{
    if (*login != NULL)
        card_tokens_free(&(*login)->tokens);
    free(*login);
    *login = NULL;
}

/* The first that may sign; where none may, the first at all. */
static const struct card_token *login_token(const struct card_login *login)
{
    for (size_t i = 0; i < login->tokens.count; i++)
        if (card_usable(&login->tokens.token[i]))
            return &login->tokens.token[i];
    return &login->tokens.token[0];
}

/* A driver that gave no answer is said in the log: whoever has no card need not hear of it. */
static void login_log_driver(const struct card_login *login, enum card_trouble trouble)
{
    if (trouble == CARD_TROUBLE_TIME)
        log_line(LOG_ERR,
                 "the smartcard driver %s gave no answer within %lld s and was ended: see that "
                 "pcscd runs and the reader works; card_timeout in the policy is its time",
                 login->driver.module, (long long)(login->driver.timeout_ms / MEDGL_SECOND));
    else if (trouble != CARD_TROUBLE_NONE && trouble != CARD_TROUBLE_UNTRUSTED) /* was logged */
        log_line(LOG_ERR,
                 "the smartcard driver %s failed: see that it fits this machine and that pcscd "
                 "runs; try medgl-admin card look",
                 login->driver.module);
}

enum medgl_error card_login_begin(const struct context *context, struct card_login **result,
                                  enum card_presence *presence)
{
    enum card_trouble trouble;
    *result = NULL;
    *presence = CARD_ABSENT;
    if (context->policy.card_module[0] == '\0')
        return MEDGL_OK;
    auto_clean(card_login_free) struct card_login *login = calloc(1, sizeof(*login));
    if (login == NULL)
        return MEDGL_ERR_MEMORY;
    login->context = context;
    MEDGL_TRY(card_driver_of(context, login->program, &login->driver));
    MEDGL_TRY(card_reader_look(&login->driver, &login->tokens, &trouble));
    login_log_driver(login, trouble);
    for (size_t i = 0; i < login->tokens.count; i++)
        login->usable += card_usable(&login->tokens.token[i]);
    if (login->tokens.count > 0)
        *presence = login->usable > 0 ? CARD_READY : CARD_UNUSABLE;
    *result = auto_give(login);
    return MEDGL_OK;
}

/* -- what is asked ---------------------------------------------------------------------------- */

static void prompt_ready(const struct card_token *token, char *text, size_t size)
{
    const char *remark = card_tries_remark(token->tries), *name = card_name(token);
    if (token->pinpad)
        (void)snprintf(text, size,
                       _("Card %s: type y, then the PIN at the reader (Enter: without the card): "),
                       name);
    else if (remark[0] != '\0')
        (void)snprintf(text, size, _("PIN of card %s (%s; Enter: without the card): "), name,
                       remark);
    else
        (void)snprintf(text, size, _("PIN of card %s (Enter: without the card): "), name);
}

void card_login_prompt(const struct card_login *login, char *text, size_t size)
{
    text[0] = '\0';
    if (login->tokens.count == 0)
        return;
    const struct card_token *token = login_token(login);
    if (login->usable > 1)
        (void)snprintf(text, size, "%s",
                       _("PIN of your card (several cards are in the readers; Enter: without a "
                         "card): "));
    else if (login->usable == 1)
        prompt_ready(token, text, size);
    else
        card_unusable_message(token, text, size);
}

/* -- what it proves --------------------------------------------------------------------------- */

/* One way through a proof, the same whoever's card it is. */
struct proving {
    struct card_login *login;
    const struct card_token *token;
    size_t certificate;
    struct card_candidate candidates[CARD_CERTIFICATES_MAX]; /* of that card */
    bool matched;
    struct card_proof proof;
};

static void proving_close(struct proving *proving)
{
    card_candidates_free(proving->candidates, MEDGL_COUNT(proving->candidates));
}

/* The rules of the account's cards, as they were enrolled. */
struct rules {
    char match[FACTORS_CARD_MAX][CARD_MATCH_SIZE];
    size_t index[FACTORS_CARD_MAX]; /* in factors->all */
    size_t count;
};

static enum medgl_error rules_read(const struct context *context, const struct factors *factors,
                                   struct rules *rules)
{
    rules->count = 0;
    for (size_t i = 0; i < factors->count && rules->count < FACTORS_CARD_MAX; i++) {
        if (factors->all[i].kind != CREDENTIAL_CARD)
            continue;
        MEDGL_TRY(card_rule_read(context, &factors->all[i], rules->match[rules->count]));
        rules->index[rules->count++] = i;
    }
    return MEDGL_OK;
}

/* Every rule is held against every certificate of a card. Of those that fit, a good one first. */
static enum medgl_error token_match(struct proving *proving, const struct rules *rules,
                                    struct card_answer *answer)
{
    const struct card_token *token = proving->token;
    bool good = false;
    for (size_t k = 0; k < token->count; k++) {
        const struct card_candidate *candidate = &proving->candidates[k];
        for (size_t i = 0; i < rules->count && candidate->certificate != NULL; i++) {
            bool holds = false;
            MEDGL_TRY(card_match_holds(rules->match[i], candidate->certificate, &holds));
            if (!holds || (proving->matched && (good || !candidate->accepted)))
                continue;
            proving->matched = true;
            proving->certificate = k;
            good = candidate->accepted;
            answer->index = rules->index[i];
        }
    }
    return MEDGL_OK;
}

/* Where none is the account's, the card signs all the same: with the first that is good. */
static void token_fallback(struct proving *proving)
{
    proving->certificate = 0;
    for (size_t k = proving->token->count; k-- > 0;)
        if (proving->candidates[k].accepted)
            proving->certificate = k;
}

/* The account's card, of several. Where none is the account's, the one that is there; of several
 * none: a PIN that is not theirs costs them a try. */
static enum medgl_error proving_choose(struct proving *proving, const struct rules *rules,
                                       medgl_time now, struct card_answer *answer)
{
    struct card_login *login = proving->login;
    auto_clean(card_trust_free) struct card_trust *trust = NULL;
    MEDGL_TRY(card_trust_of(login->context, &trust));
    for (size_t i = 0; i < login->tokens.count && !proving->matched; i++) {
        proving->token = &login->tokens.token[i];
        if (!card_usable(proving->token))
            continue;
        MEDGL_TRY(
            card_candidates_judge(login->context, trust, proving->token, now, proving->candidates));
        MEDGL_TRY(token_match(proving, rules, answer));
    }
    if (proving->matched)
        return MEDGL_OK;
    if (login->usable > 1) {
        proving->token = NULL;
        return MEDGL_OK;
    }
    proving->token = login_token(login);
    MEDGL_TRY(
        card_candidates_judge(login->context, trust, proving->token, now, proving->candidates));
    token_fallback(proving);
    return MEDGL_OK;
}

/* By the card alone: whether a certificate of it would do, never whose it is (R23). */
static enum card_verdict proving_verdict(const struct proving *proving)
{
    for (size_t k = 0; k < proving->token->count; k++)
        if (proving->candidates[k].accepted)
            return CARD_GOOD;
    return proving->candidates[proving->certificate].judgement.verdict;
}

/* MUST: no unknown name: people type passwords where a name is asked for. */
static void proving_log(const struct proving *proving, const char *account_name)
{
    const struct card_candidate *candidate = &proving->candidates[proving->certificate];
    char age[CARD_AGE_SIZE];
    card_crl_age(&candidate->judgement, clock_read().now, age);
    if (proving->proof.trouble != CARD_TROUBLE_NONE)
        log_line(LOG_NOTICE, "card \"%s\" proves nothing for %s: %s", card_name(proving->token),
                 account_name, card_trouble_log(proving->proof.trouble));
    else if (!proving->proof.good)
        log_line(LOG_WARNING,
                 "card \"%s\" proves nothing for %s: its signature is not of the key of its "
                 "certificate (%s)",
                 card_name(proving->token), account_name, candidate->facts.subject);
    else if (!candidate->accepted)
        log_line(
            LOG_WARNING, "card \"%s\" proves nothing for %s: certificate %s of %s is %s%s%s; %s",
            card_name(proving->token), account_name, candidate->facts.serial,
            candidate->facts.issuer, card_verdict_word(candidate->judgement.verdict),
            candidate->judgement.about[0] != '\0' ? ": " : "", candidate->judgement.about, age);
    else if (!proving->matched)
        log_line(LOG_NOTICE,
                 "card \"%s\" proves nothing for %s: certificate %s of %s is not enrolled for it",
                 card_name(proving->token), account_name, candidate->facts.serial,
                 candidate->facts.issuer);
    else
        log_line(candidate->judgement.verdict == CARD_GOOD ? LOG_INFO : LOG_WARNING,
                 "card \"%s\", certificate %s of %s, is %s%s%s; %s", card_name(proving->token),
                 candidate->facts.serial, candidate->facts.issuer,
                 card_verdict_word(candidate->judgement.verdict),
                 candidate->judgement.about[0] != '\0' ? " by the lists of " : "",
                 candidate->judgement.about, age);
}

static void proving_answer(const struct proving *proving, const char *account_name,
                           struct card_answer *answer)
{
    const struct card_candidate *candidate = &proving->candidates[proving->certificate];
    const struct card_proof *proof = &proving->proof;
    const bool other = proof->trouble == CARD_TROUBLE_NONE && !proof->good;
    answer->verdict = other ? CARD_BAD_SIGNATURE : candidate->judgement.verdict;
    card_message(proof->trouble, proof->tries,
                 other ? CARD_BAD_SIGNATURE : proving_verdict(proving), answer->message,
                 sizeof(answer->message));
    proving_log(proving, account_name[0] != '\0' ? account_name : "no account");
    if (proof->trouble == CARD_TROUBLE_NONE && proof->good && candidate->accepted &&
        proving->matched)
        answer->result = FACTOR_PROVED;
}

/* Where no card may be tried, the driver works all the same: about as long (R23). */
static enum medgl_error proving_idle(const struct card_login *login)
{
    auto_clean(card_tokens_free) struct card_tokens tokens = {.count = 0};
    enum card_trouble trouble;
    return card_reader_look(&login->driver, &tokens, &trouble);
}

/* MUST: the same whoever's card is among them. */
static void several_message(const struct card_login *login, struct card_answer *answer)
{
    if (login->usable > 1)
        (void)snprintf(answer->message, sizeof(answer->message), "%s",
                       _("Several cards are in the readers: if you are not let in, leave none in "
                         "but your own, and try once more."));
}

static enum medgl_error proving_run(struct proving *proving, const struct secret *pin,
                                    const char *account_name, const struct factors *factors,
                                    medgl_time now, struct card_answer *answer)
{
    struct rules rules;
    MEDGL_TRY(rules_read(proving->login->context, factors, &rules));
    MEDGL_TRY(proving_choose(proving, &rules, now, answer));
    if (pin == NULL || proving->token == NULL) {
        log_line(LOG_NOTICE, "no card was tried for %s: %s",
                 account_name[0] != '\0' ? account_name : "no account",
                 pin == NULL ? "the try was not admitted, or the PIN is the password"
                             : "several are in the readers, none of which is enrolled for it");
        return proving_idle(proving->login);
    }
    MEDGL_TRY(card_prove(&proving->login->driver, proving->token, proving->certificate,
                         &proving->candidates[proving->certificate], pin, account_name,
                         &proving->proof));
    proving_answer(proving, account_name, answer);
    return MEDGL_OK;
}

enum medgl_error card_login_prove(struct card_login *login, const struct secret *pin,
                                  const char *account_name, const struct factors *factors,
                                  medgl_time now, struct card_answer *answer)
{
    auto_clean(proving_close) struct proving proving = {.login = login};
    memset(answer, 0, sizeof(*answer));
    answer->result = FACTOR_FAILED;
    if (login == NULL || login->usable == 0 || (pin != NULL && pin->len == 0))
        return MEDGL_OK;
    const enum medgl_error error = proving_run(&proving, pin, account_name, factors, now, answer);
    if (error == MEDGL_ERR_MEMORY)
        return error;
    if (error == MEDGL_OK)
        several_message(login, answer);
    else /* was logged; trust that cannot be read proves nothing */
        (void)snprintf(answer->message, sizeof(answer->message), "%s",
                       _("Cards cannot be checked on this machine now."));
    return MEDGL_OK;
}
