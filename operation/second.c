/* The second factor of a login: asked, verified, used up. Never decides: policy/ does, on the facts
 * that come of it. */
#include "operation/second.h"

#include "base/log.h"
#include "base/message.h"
#include "operation/password.h"
#include "operation/recovery.h"

#include <stdio.h>
#include <string.h>

#define SECOND_DIGITS_LEAST 6 /* of any device */

void second_clear(struct second *second)
{
    secret_wipe(second->code, sizeof(second->code));
    secret_free(&second->pin);
    card_login_free(&second->card);
}

/* -- asking ----------------------------------------------------------------------------------- */

enum medgl_error second_ask_card(struct proof *proof, const struct talk *talk)
{
    struct second *second = &proof->second;
    const struct policy *policy = &proof->context->policy;
    enum card_presence presence = CARD_ABSENT;
    char prompt[SECOND_MESSAGE_SIZE] = "";
    if (second->mode == FACTOR_MODE_NONE ||
        !policy_card_applies(policy, proof->caller->service, &proof->place))
        return MEDGL_OK;
    MEDGL_TRY(card_login_begin(proof->context, &second->card, &presence));
    if (presence != CARD_ABSENT)
        card_login_prompt(second->card, prompt, sizeof(prompt));
    switch (presence) {
    case CARD_READY:
        return talk->ask(talk->carrier, TALK_SECRET, TALK_CODE, prompt, &second->pin);
    case CARD_UNUSABLE:
        (void)snprintf(second->message, sizeof(second->message), "%s", prompt);
        break;
    case CARD_ABSENT:
        break;
    }
    return MEDGL_OK;
}

/* Too long is no code, and goes on like any other that is none. */
static void second_take(struct second *second, const struct secret *typed, enum medgl_error error)
{
    second->form = error == MEDGL_OK ? code_normalise(typed, second->code) : CODE_MALFORMED;
}

static bool second_prompts(const struct proof *proof)
{
    const medgl_time now = clock_read().now;
    return policy_factor_prompts(&proof->context->policy, proof->second.mode,
                                 proof->caller->service, &proof->place, proof->any_factor,
                                 clock_utc_offset(now), now);
}

/* factor=only has no password that a code could stand behind. */
static bool second_shares_prompt(const struct proof *proof)
{
    return proof->password_asked &&
           policy_factor_one_prompt(&proof->context->policy, proof->caller->service);
}

enum medgl_error second_ask_code(struct proof *proof, const struct talk *talk)
{
    auto_secret struct secret typed = SECRET_NONE;
    struct second *second = &proof->second;
    second->form = CODE_EMPTY;
    if (second->pin.len > 0 || second_shares_prompt(proof) || !second_prompts(proof))
        return MEDGL_OK;
    second->prompted = true;
    enum medgl_error error = talk->ask(talk->carrier, TALK_SECRET, TALK_CODE,
                                       _("One-time code (Enter: none): "), &typed);
    if (error != MEDGL_OK && error != MEDGL_ERR_ARGUMENT)
        return error;
    second_take(second, &typed, error);
    return MEDGL_OK;
}

/* How many digits the account's first device shows; of who has none, as many as new ones do. */
static size_t second_digits(const struct proof *proof)
{
    for (size_t i = 0; i < proof->factors.count; i++) {
        auto_clean(totp_record_clear) struct totp_record record;
        auto_secret struct secret plain = SECRET_NONE;
        const struct credential *credential = &proof->factors.all[i];
        if (credential->kind == CREDENTIAL_TOTP &&
            factor_unseal(proof->context, credential, &plain) == MEDGL_OK &&
            totp_record_read(&plain, &record) == MEDGL_OK)
            return record.digits;
    }
    return (size_t)proof->context->policy.totp_digits;
}

static bool second_is_paper(const struct secret *typed, size_t len)
{
    auto_secret struct secret tail = SECRET_NONE;
    char code[CODE_SIZE] = "";
    bool paper = typed->len > len && typed->bytes[typed->len - len / 2 - 1] == '-' &&
                 secret_copy(&tail, typed->bytes + typed->len - len, len) == MEDGL_OK &&
                 code_normalise(&tail, code) == CODE_RECOVERY;
    secret_wipe(code, sizeof(code));
    return paper;
}

/* How many characters at the end are a code: those of a code on paper, or digits. By the shape of
 * what was typed alone it is told whether there is one (`shaped`), of everybody alike (R23): how
 * many digits it has is the account's matter. */
static size_t second_tail(struct second *second, const struct secret *typed, size_t digits)
{
    const size_t paper = RECOVERY_TEXT_SIZE - 1;
    size_t run = 0;
    while (run < typed->len && typed->bytes[typed->len - 1 - run] >= '0' &&
           typed->bytes[typed->len - 1 - run] <= '9')
        run++;
    second->shaped = run >= SECOND_DIGITS_LEAST;
    if (second_is_paper(typed, paper)) {
        second->shaped = true;
        return paper;
    }
    return run >= digits && typed->len > digits ? digits : 0;
}

/* MUST: the same work for everybody, also of whom no code is asked: then what stands there is the
 * end of the password, and stays with it. */
enum medgl_error second_split(struct proof *proof, struct secret *typed)
{
    auto_secret struct secret tail = SECRET_NONE;
    struct second *second = &proof->second;
    const medgl_time now = clock_read().now;
    if (second->pin.len > 0 || !second_shares_prompt(proof) || !second_prompts(proof))
        return MEDGL_OK;
    second->prompted = true;
    const size_t len = second_tail(second, typed, second_digits(proof));
    if (len == 0)
        return MEDGL_OK;
    MEDGL_TRY(secret_copy(&tail, typed->bytes + typed->len - len, len));
    second_take(second, &tail, MEDGL_OK);
    if (proof->known && !second_demand(proof, &proof->account, &proof->factors, now).asked)
        return MEDGL_OK;
    secret_wipe(typed->bytes + typed->len - len, len);
    typed->len -= len;
    return MEDGL_OK;
}

/* -- what is asked of the account ------------------------------------------------------------- */

struct factor_demand second_demand(const struct proof *proof, const struct account *account,
                                   const struct factors *factors, medgl_time now)
{
    const struct factor_facts facts = factor_facts_from(account, factors, proof->second.mode,
                                                        &proof->place, proof->caller->service, now);
    struct factor_demand demand = policy_factor(&proof->context->policy, &facts, now);
    demand.enrols = demand.enrols && !proof->second.unseen;
    return demand;
}

static bool second_accepts(const struct factor_demand *demand, enum factor_kind kind)
{
    switch (kind) {
    case FACTOR_KIND_TOTP:
        return demand->totp;
    case FACTOR_KIND_CARD:
        return demand->card;
    case FACTOR_KIND_RECOVERY:
        return demand->recovery;
    case FACTOR_KIND_CODE:
        return demand->code;
    case FACTOR_KIND_NONE:
        break;
    }
    return false;
}

static bool second_has_any(const struct factor_demand *demand)
{
    return demand->totp || demand->card || demand->recovery || demand->code;
}

/* -- verifying -------------------------------------------------------------------------------- */

/* MUST: believed from who holds a reservation alone. */
static void second_found(struct proof *proof, size_t index)
{
    struct second *second = &proof->second;
    const struct credential *credential = &proof->factors.all[index];
    if (proof->reservation.decision.verdict != ATTEMPT_ADMITTED)
        return;
    second->kind = factor_kind_of(credential->kind);
    memcpy(second->credential, credential->id, sizeof(second->credential));
    second->proved = true;
}

/* When a step begins: a time of which totp_step() is the step. */
static medgl_time second_step_time(const struct totp_record *record, int64_t step)
{
    return step * (medgl_time)record->period * MEDGL_SECOND;
}

/* Every device is looked at, and who has none costs as much as who has one (R23). */
static enum medgl_error second_verify_digits(struct proof *proof, medgl_time now)
{
    struct second *second = &proof->second;
    const struct factors *factors = &proof->factors;
    bool looked = false;
    for (size_t i = 0; i < factors->count || !looked; i++) {
        auto_clean(totp_record_clear) struct totp_record record = {
            .secret_len = TOTP_SECRET_NEW, .algorithm = TOTP_SHA256, .digits = 6, .period = 30};
        auto_secret struct secret plain = SECRET_NONE;
        struct totp_state state = {0, 0};
        int64_t step, drift, floor = 0;
        const bool real = i < factors->count;
        if (real && factors->all[i].kind != CREDENTIAL_TOTP)
            continue;
        if (real) {
            MEDGL_TRY(factor_unseal(proof->context, &factors->all[i], &plain));
            MEDGL_TRY(totp_record_read(&plain, &record));
            floor = totp_step(&record, head_seen_floor(&proof->head));
            state = (struct totp_state){factors->all[i].counter, factors->all[i].drift};
            state.last = floor > state.last ? floor : state.last;
        }
        looked = true;
        MEDGL_TRY(totp_check(&record, &state, second->code, now, &step, &drift));
        if (!real || step == 0 || second->proved)
            continue;
        second_found(proof, i);
        second->step = step;
        second->drift = drift;
        second->floor = floor;
        second->step_time = second_step_time(&record, step);
    }
    return MEDGL_OK;
}

static enum medgl_error second_verify_paper(struct proof *proof, const struct factor_demand *demand)
{
    const struct recovery_accept accept = {.recovery = demand->recovery, .code = demand->code};
    size_t index;
    MEDGL_TRY(recovery_find(proof->context, proof->account_key, &proof->factors, &accept,
                            proof->second.code, &index));
    if (index < proof->factors.count)
        second_found(proof, index);
    return MEDGL_OK;
}

/* MUST: a card counts wrong PINs and locks itself, and then its owner cannot work. So it is tried
 * by who holds a reservation alone, and never with the password, which people take for the PIN. */
static enum medgl_error second_verify_card(struct proof *proof, const struct secret *typed,
                                           medgl_time now)
{
    struct second *second = &proof->second;
    struct card_answer answer;
    const bool admitted = proof->reservation.decision.verdict == ATTEMPT_ADMITTED;
    const bool same =
        typed != NULL && secret_equal(typed->bytes, typed->len, second->pin.bytes, second->pin.len);
    second->kind = FACTOR_KIND_CARD;
    MEDGL_TRY(card_login_prove(second->card, admitted && !same ? &second->pin : NULL,
                               proof->account.name, &proof->factors, now, &answer));
    if (same && answer.message[0] == '\0')
        (void)snprintf(answer.message, sizeof(answer.message), "%s",
                       _("The PIN and the password are the same: the card was not tried."));
    if (answer.message[0] != '\0')
        (void)snprintf(second->message, sizeof(second->message), "%s", answer.message);
    if (answer.result == FACTOR_PROVED && answer.index < proof->factors.count &&
        proof->factors.all[answer.index].kind == CREDENTIAL_CARD)
        second_found(proof, answer.index);
    return MEDGL_OK;
}

enum medgl_error second_verify(struct proof *proof, const struct secret *typed)
{
    struct second *second = &proof->second;
    const medgl_time now = clock_read().now;
    const struct factor_demand demand = second_demand(proof, &proof->account, &proof->factors, now);
    second->proved = false;
    second->kind = FACTOR_KIND_NONE;
    if (second->pin.len > 0)
        return second_verify_card(proof, typed, now);
    switch (second->form) {
    case CODE_DIGITS:
        second->kind = FACTOR_KIND_TOTP;
        return second_verify_digits(proof, now);
    case CODE_RECOVERY:
        second->kind = FACTOR_KIND_RECOVERY;
        return second_verify_paper(proof, &demand);
    case CODE_MALFORMED:
    case CODE_EMPTY:
        break;
    }
    return MEDGL_OK;
}

/* -- in the transaction that decides ---------------------------------------------------------- */

static const struct credential *second_credential(const struct second *second,
                                                  const struct factors *factors)
{
    for (size_t i = 0; i < factors->count; i++)
        if (strcmp(factors->all[i].id, second->credential) == 0 &&
            factor_kind_of(factors->all[i].kind) == second->kind)
            return &factors->all[i];
    return NULL;
}

/* MUST: a step is accepted once, ever: of two logins with one code the second one finds it used. */
enum factor_result second_result(const struct proof *proof, const struct factors *factors,
                                 const struct factor_demand *demand)
{
    const struct second *second = &proof->second;
    /* A card that proved itself counts where nothing is asked, too: with card_alone it came in the
     * password's place. */
    if (!demand->asked && !(second->proved && second->kind == FACTOR_KIND_CARD && demand->card))
        return FACTOR_NOT_ASKED;
    /* Where one is required that is not enough, and policy/ says what becomes of it. MUST: who has
     * one that is not accepted here (a card, from the network) has failed; nobody gets around it by
     * going elsewhere. */
    if (!second_has_any(demand))
        return demand->required ? FACTOR_NOT_ASKED : FACTOR_FAILED;
    if (!second->proved || !second_accepts(demand, second->kind))
        return FACTOR_FAILED;
    const struct credential *credential = second_credential(second, factors);
    if (credential == NULL)
        return FACTOR_FAILED;
    if (second->kind == FACTOR_KIND_TOTP &&
        (second->step <= credential->counter || second->step <= second->floor))
        return FACTOR_FAILED;
    return FACTOR_PROVED;
}

enum medgl_error second_use_up(struct store_txn *txn, const struct proof *proof,
                               const struct factors *factors, uint64_t seq)
{
    const struct second *second = &proof->second;
    const struct credential *credential = second_credential(second, factors);
    struct credential used;
    if (credential == NULL)
        return MEDGL_ERR_CONFLICT;
    switch (second->kind) {
    case FACTOR_KIND_RECOVERY:
    case FACTOR_KIND_CODE:
        return store_credential_remove(txn, credential->account_id, credential->kind,
                                       credential->id);
    case FACTOR_KIND_TOTP:
    case FACTOR_KIND_CARD:
        used = *credential;
        used.ledger_seq = seq;
        if (second->kind == FACTOR_KIND_TOTP) {
            used.counter = second->step;
            used.drift = second->drift;
        }
        return store_credential_update(txn, &used);
    case FACTOR_KIND_NONE:
        break;
    }
    return MEDGL_ERR_CONFLICT;
}

bool second_guessed(const struct second *second)
{
    return second->pin.len == 0 && second->form == CODE_DIGITS;
}

bool second_given(const struct second *second)
{
    return second->pin.len > 0 || second->shaped || second->form != CODE_EMPTY;
}

void second_tell(const struct proof *proof, const struct talk *talk)
{
    if (proof->second.message[0] != '\0')
        talk->warn(talk->carrier, proof->second.message);
}
