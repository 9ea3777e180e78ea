/* Enrolment of devices that make codes (R24): a secret is shown once, and active only after a code
 * of it was confirmed. Nothing shows it again. */
#include "operation/totp.h"

#include "base/message.h"
#include "base/text.h"
#include "operation/breakglass_login.h"
#include "operation/evidence.h"
#include "operation/qr.h"
#include "operation/refuse.h"
#include "operation/role.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define TOTP_TRIES      3
#define TOTP_QR_COLUMNS 80
#define TOTP_QR_LINES   21 /* of a console's 24: the key, its settings and the prompt stand below */
#define TOTP_GROUP      4

void totp_enrolment_clear(struct totp_enrolment *enrolment)
{
    secret_wipe(enrolment, sizeof(*enrolment));
}

static enum totp_algorithm totp_algorithm_of(enum policy_totp_algorithm algorithm)
{
    switch (algorithm) {
    case POLICY_TOTP_SHA1:
        return TOTP_SHA1;
    case POLICY_TOTP_SHA256:
        return TOTP_SHA256;
    case POLICY_TOTP_SHA512:
        return TOTP_SHA512;
    }
    return TOTP_SHA256;
}

enum medgl_error totp_enrolment_begin(const struct context *context, enum totp_algorithm algorithm,
                                      unsigned digits, const char *label,
                                      struct totp_enrolment *enrolment)
{
    const struct policy *policy = &context->policy;
    *enrolment = (struct totp_enrolment){.step = 0};
    if (!text_is_printable(label))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(text_copy(enrolment->label, sizeof(enrolment->label), label));
    return totp_generate(algorithm != 0 ? algorithm : totp_algorithm_of(policy->totp_algorithm),
                         digits != 0 ? digits : (unsigned)policy->totp_digits, &enrolment->record);
}

/* -- showing ---------------------------------------------------------------------------------- */

/* What the app lists it under: this host, by the first part of its name. */
static void totp_issuer(char issuer[HOST_NAME_MAX + 1])
{
    char host[HOST_NAME_MAX + 1] = "";
    (void)gethostname(host, sizeof(host) - 1);
    host[strcspn(host, ".")] = '\0';
    text_printable(issuer, HOST_NAME_MAX + 1, host);
}

static void totp_lines_say(const struct talk *talk, struct secret *text)
{
    char *at = (char *)text->bytes, *line;
    while ((line = strsep(&at, "\n")) != NULL)
        if (line[0] != '\0')
            talk->inform(talk->carrier, line);
}

/* A smaller one where the whole does not fit; none where that does not either: the key is enough.
 */
static void totp_show_qr(const struct talk *talk, const struct account *account,
                         const struct totp_record *record)
{
    char issuer[HOST_NAME_MAX + 1];
    totp_issuer(issuer);
    const char *const issuers[] = {issuer, ""};
    for (size_t i = 0; i < MEDGL_COUNT(issuers); i++) {
        auto_secret struct secret uri = SECRET_NONE, text = SECRET_NONE;
        if (otp_uri_write(record, issuers[i], account->name, &uri) != MEDGL_OK ||
            qr_text(&uri, TOTP_QR_COLUMNS, TOTP_QR_LINES, &text) != MEDGL_OK)
            continue;
        talk->inform(talk->carrier, _("Scan this with the authenticator app on your phone:"));
        totp_lines_say(talk, &text);
        return;
    }
}

/* "ABCD EFGH ...": into `text`, which is empty. */
static enum medgl_error totp_key_groups(const struct totp_record *record, struct secret *text)
{
    auto_secret struct secret key = SECRET_NONE;
    MEDGL_TRY(secret_alloc(&key, BASE32_SIZE(TOTP_SECRET_MAX)));
    base32_write(record->secret, record->secret_len, (char *)key.bytes);
    key.len = strlen((const char *)key.bytes);
    MEDGL_TRY(secret_alloc(text, key.len + key.len / TOTP_GROUP));
    for (size_t i = 0; i < key.len; i++) {
        if (i > 0 && i % TOTP_GROUP == 0)
            text->bytes[text->len++] = ' ';
        text->bytes[text->len++] = key.bytes[i];
    }
    text->bytes[text->len] = '\0';
    return MEDGL_OK;
}

static void totp_show_key(const struct talk *talk, const struct totp_record *record)
{
    auto_secret struct secret key = SECRET_NONE, line = SECRET_NONE;
    char settings[256];
    const size_t room = 2 * BASE32_SIZE(TOTP_SECRET_MAX) + 128;
    if (totp_key_groups(record, &key) != MEDGL_OK || secret_alloc(&line, room) != MEDGL_OK)
        return;
    (void)snprintf((char *)line.bytes, room, _("Key: %s"), (const char *)key.bytes);
    talk->inform(talk->carrier, (const char *)line.bytes);
    (void)snprintf(settings, sizeof(settings), _("Settings: time-based, %s, %u digits, %u seconds"),
                   totp_algorithm_shown(record->algorithm), record->digits, record->period);
    talk->inform(talk->carrier, settings);
}

/* For a password manager, and where the QR code does not fit. */
static void totp_show_uri(const struct talk *talk, const struct account *account,
                          const struct totp_record *record)
{
    auto_secret struct secret uri = SECRET_NONE;
    char issuer[HOST_NAME_MAX + 1];
    totp_issuer(issuer);
    if (otp_uri_write(record, issuer, account->name, &uri) == MEDGL_OK ||
        otp_uri_write(record, "", account->name, &uri) == MEDGL_OK)
        talk->inform(talk->carrier, (const char *)uri.bytes);
}

void totp_enrolment_show(const struct talk *talk, const struct account *account,
                         const struct totp_enrolment *enrolment, bool qr, bool uri)
{
    talk->inform(talk->carrier,
                 _("A second factor is set up now: a device of yours that shows one-time codes. "
                   "What follows is shown this once: nobody else may see it."));
    if (uri) /* first, so that what scrolls out of a small terminal is not the QR code */
        totp_show_uri(talk, account, &enrolment->record);
    if (qr)
        totp_show_qr(talk, account, &enrolment->record);
    totp_show_key(talk, &enrolment->record);
}

/* -- confirming ------------------------------------------------------------------------------- */

/* What a code can be that is not the one asked for, so that the person hears what to do. */
enum totp_found {
    TOTP_FOUND_NOTHING = 0,
    TOTP_FOUND_CODE,
    TOTP_FOUND_CLOCK,  /* right at another time */
    TOTP_FOUND_DIGITS, /* of another length */
};

/* `*record` says then which algorithm it was. */
static enum medgl_error totp_match(const struct totp_record *record, const char *code,
                                   medgl_time now, int64_t off, struct totp_enrolment *found)
{
    const enum totp_algorithm algorithms[] = {record->algorithm, TOTP_SHA1, TOTP_SHA256,
                                              TOTP_SHA512};
    const struct totp_state state = {.last = 0, .drift = off};
    found->step = 0;
    for (size_t i = 0; i < MEDGL_COUNT(algorithms) && found->step == 0; i++) {
        found->record = *record;
        found->record.algorithm = algorithms[i];
        MEDGL_TRY(totp_check(&found->record, &state, code, now, &found->step, &found->drift));
    }
    return MEDGL_OK;
}

/* Right by the clock here, or why not. A clock that is further away is no reason to let in a wider
 * range of guesses: it is to be set right. */
static enum medgl_error totp_judge(struct totp_enrolment *enrolment, const char *code,
                                   medgl_time now, enum totp_found *result)
{
    auto_clean(totp_enrolment_clear) struct totp_enrolment found = *enrolment;
    const struct totp_record *record = &enrolment->record;
    *result = TOTP_FOUND_NOTHING;
    if (strlen(code) != record->digits) {
        *result = TOTP_FOUND_DIGITS;
        return MEDGL_OK;
    }
    MEDGL_TRY(totp_match(record, code, now, 0, &found));
    if (found.step != 0) {
        *enrolment = found;
        *result = TOTP_FOUND_CODE;
        return MEDGL_OK;
    }
    for (int64_t off = -TOTP_DRIFT_MAX; off <= TOTP_DRIFT_MAX; off += TOTP_WINDOW + 1) {
        MEDGL_TRY(totp_match(record, code, now, off, &found));
        if (found.step != 0)
            *result = TOTP_FOUND_CLOCK;
    }
    return MEDGL_OK;
}

static void totp_tell(const struct talk *talk, const struct totp_enrolment *enrolment,
                      enum totp_found found)
{
    char text[256];
    switch (found) {
    case TOTP_FOUND_CODE:
        return;
    case TOTP_FOUND_NOTHING:
        talk->warn(talk->carrier, _("That is not the code. Wait for the next one, and type it."));
        return;
    case TOTP_FOUND_CLOCK:
        talk->warn(talk->carrier,
                   _("That code belongs to another time: let the clock of the device set itself, "
                     "then type the next code. If that is right, the clock of this machine is "
                     "not."));
        return;
    case TOTP_FOUND_DIGITS:
        (void)snprintf(text, sizeof(text),
                       _("A code of %u digits is needed: see that the device shows that many, and "
                         "choose another app where it cannot."),
                       enrolment->record.digits);
        talk->warn(talk->carrier, text);
        return;
    }
}

/* What was typed, judged. MEDGL_ERR_ABORTED: nothing was. */
static enum medgl_error totp_ask(const struct talk *talk, struct totp_enrolment *enrolment,
                                 enum totp_found *found)
{
    auto_secret struct secret typed = SECRET_NONE;
    char code[CODE_SIZE];
    *found = TOTP_FOUND_NOTHING;
    enum medgl_error error =
        talk->ask(talk->carrier, TALK_SECRET, TALK_CODE,
                  _("The code that the device shows now (Enter: give up): "), &typed);
    if (error == MEDGL_ERR_ARGUMENT) /* far too long: no code */
        return MEDGL_OK;
    MEDGL_TRY(error);
    switch (code_normalise(&typed, code)) {
    case CODE_EMPTY:
        return MEDGL_ERR_ABORTED;
    case CODE_MALFORMED:
    case CODE_RECOVERY:
        break;
    case CODE_DIGITS:
        error = totp_judge(enrolment, code, clock_read().now, found);
        break;
    }
    secret_wipe(code, sizeof(code));
    return error;
}

enum medgl_error totp_enrolment_confirm(const struct talk *talk, struct totp_enrolment *enrolment)
{
    enum totp_found found = TOTP_FOUND_NOTHING;
    enrolment->step = 0;
    for (unsigned i = 0; i < TOTP_TRIES && found != TOTP_FOUND_CODE; i++) {
        MEDGL_TRY(totp_ask(talk, enrolment, &found));
        totp_tell(talk, enrolment, found);
    }
    if (found == TOTP_FOUND_CODE)
        return MEDGL_OK;
    talk->warn(talk->carrier, _("The device was not set up: nothing of it is kept. Take what you "
                                "scanned out of the app again."));
    return MEDGL_ERR_ABORTED;
}

/* -- keeping ---------------------------------------------------------------------------------- */

enum medgl_error totp_enrolment_admit(const struct context *context, struct store_txn *txn,
                                      const struct account *account, uint32_t besides,
                                      char why[OPERATION_WHY_SIZE])
{
    uint32_t there = 0;
    MEDGL_TRY(breakglass_sealed_alone(account, why));
    if (account->state != ACCOUNT_STATE_ACTIVE)
        return refuse(why, _("only an active account gets a second factor"));
    if (context->policy.factor_kinds == POLICY_FACTOR_KINDS_CARD)
        return refuse(why, _("the policy accepts cards alone (factor_kinds): a device that "
                             "makes codes would open nothing"));
    MEDGL_TRY(factors_count(txn, account->id, CREDENTIAL_TOTP, &there));
    if (there + besides < FACTORS_TOTP_MAX)
        return MEDGL_OK;
    return refuse(why, _("the account has as many devices as it can have: take one away "
                         "with medgl-admin totp remove first"));
}

static void totp_entry(const struct context *context, const struct clock_reading *clock,
                       const struct account *account, const struct totp_enrolment *enrolment,
                       const char *by, const char *id, struct ledger_entry *entry)
{
    const struct totp_record *record = &enrolment->record;
    evidence_begin(context, clock, LEDGER_FACTOR_ENROL, account, entry);
    ledger_entry_text(entry, "factor", factor_kind_word(FACTOR_KIND_TOTP));
    ledger_entry_text(entry, "credential", id);
    ledger_entry_text(entry, "by", by);
    if (enrolment->label[0] != '\0')
        ledger_entry_text(entry, "label", enrolment->label);
    ledger_entry_text(entry, "algorithm", totp_algorithm_word(record->algorithm));
    ledger_entry_number(entry, "digits", record->digits);
    ledger_entry_number(entry, "period", record->period);
    if (enrolment->step > 0)
        ledger_entry_number(entry, "step", enrolment->step);
    if (enrolment->reason != NULL && enrolment->reason[0] != '\0')
        ledger_entry_text(entry, "reason", enrolment->reason);
}

enum medgl_error totp_enrolment_store(struct context *context, struct store_txn *txn,
                                      const struct clock_reading *clock,
                                      const struct account *account,
                                      const struct totp_enrolment *enrolment, const char *by,
                                      char why[OPERATION_WHY_SIZE])
{
    auto_secret struct secret text = SECRET_NONE;
    struct ledger_entry entry;
    struct credential credential = {.kind = CREDENTIAL_TOTP,
                                    .set_at = clock->now,
                                    .counter = enrolment->step,
                                    .drift = enrolment->drift};
    why[0] = '\0';
    if (enrolment->step <= 0 && strcmp(by, TOTP_BY_IMPORT) != 0)
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(totp_enrolment_admit(context, txn, account, 0, why));
    MEDGL_TRY(crypto_random_id(credential.id));
    MEDGL_TRY(text_copy(credential.account_id, sizeof(credential.account_id), account->id));
    MEDGL_TRY(text_copy(credential.label, sizeof(credential.label), enrolment->label));
    MEDGL_TRY(totp_record_write(&enrolment->record, &text));
    MEDGL_TRY(factor_seal(context, &credential, text.bytes, text.len));
    totp_entry(context, clock, account, enrolment, by, credential.id, &entry);
    MEDGL_TRY(evidence_append(context, txn, &entry, &credential.ledger_seq));
    return store_credential_add(txn, &credential);
}

/* -- by an administrator ---------------------------------------------------------------------- */

struct totp_run {
    struct context *context;
    const char *name;
    char *why;
    struct account account;
    struct totp_enrolment enrolment;
};

static void totp_run_wipe(struct totp_run *run)
{
    secret_wipe(run, sizeof(*run));
}

static enum medgl_error totp_enrol_check(struct store_txn *txn, void *argument)
{
    struct totp_run *run = argument;
    MEDGL_TRY(store_account_by_name(txn, run->name, &run->account));
    MEDGL_TRY(role_reaches(run->context, txn, &run->account, run->why));
    return totp_enrolment_admit(run->context, txn, &run->account, 0, run->why);
}

static enum medgl_error totp_enrol_now(struct store_txn *txn, void *argument)
{
    struct totp_run *run = argument;
    const struct clock_reading clock = clock_read();
    MEDGL_TRY(totp_enrol_check(txn, run));
    MEDGL_TRY(totp_enrolment_store(run->context, txn, &clock, &run->account, &run->enrolment,
                                   TOTP_BY_ADMINISTRATOR, run->why));
    return evidence_keep(txn, clock.now);
}

enum medgl_error operation_totp_enrol(struct context *context, const struct talk *talk,
                                      const struct totp_enrol_request *request,
                                      char why[OPERATION_WHY_SIZE])
{
    auto_clean(totp_run_wipe) struct totp_run run = {
        .context = context, .name = request->name, .why = why};
    why[0] = '\0';
    if (!text_is_printable(request->reason))
        return MEDGL_ERR_ARGUMENT;
    MEDGL_TRY(store_transact(context->store, STORE_READ, totp_enrol_check, &run));
    MEDGL_TRY(totp_enrolment_begin(context, request->algorithm, request->digits, request->label,
                                   &run.enrolment));
    run.enrolment.reason = request->reason;
    totp_enrolment_show(talk, &run.account, &run.enrolment, true, true);
    MEDGL_TRY(totp_enrolment_confirm(talk, &run.enrolment));
    MEDGL_TRY(store_transact(context->store, STORE_WRITE, totp_enrol_now, &run));
    (void)evidence_publish(context); /* the act stands even if the outside copy fails: logged */
    return MEDGL_OK;
}
