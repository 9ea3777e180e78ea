/* The machine's driver and trust, the judgement of a card's certificates, and the words for it. */
#include "operation/card_judge.h"

#include "base/log.h"
#include "base/message.h"
#include "operation/factors.h"
#include "policy/calendar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* -- the machine's ---------------------------------------------------------------------------- */

enum medgl_error card_driver_of(const struct context *context, char program[PATH_MAX],
                                struct card_driver *driver)
{
    MEDGL_TRY(path_under(program, context->root, PATH_CARD));
    *driver = (struct card_driver){
        .root = context->root,
        .program = program,
        .module = context->policy.card_module,
        .timeout_ms = policy_span_most(context->policy.card_timeout),
    };
    return MEDGL_OK;
}

enum medgl_error card_trust_of(const struct context *context, struct card_trust **trust)
{
    char path[PATH_MAX];
    MEDGL_TRY(path_under(path, context->root, PATH_TRUST));
    enum medgl_error error = card_trust_load(path, geteuid(), trust);
    if (error != MEDGL_OK)
        log_line(LOG_ERR,
                 "no card can be checked: %s: %s: put the certificates of the issuers of cards "
                 "there, and their lists of revoked certificates (see medgl-cards(7))",
                 path, medgl_error_text(error));
    return error;
}

enum medgl_error card_rule_read(const struct context *context, const struct credential *credential,
                                char match[CARD_MATCH_SIZE])
{
    auto_secret struct secret plain = SECRET_NONE;
    match[0] = '\0';
    MEDGL_TRY(factor_unseal(context, credential, &plain));
    if (plain.len == 0 || plain.len >= CARD_MATCH_SIZE ||
        memchr(plain.bytes, '\0', plain.len) != NULL) {
        log_line(LOG_ERR, "the rule of a card is damaged: run medgl-admin ledger verify");
        return MEDGL_ERR_CORRUPT;
    }
    memcpy(match, plain.bytes, plain.len);
    match[plain.len] = '\0';
    return MEDGL_OK;
}

/* -- judgement -------------------------------------------------------------------------------- */

bool card_accepted(const struct policy *policy, enum card_verdict verdict)
{
    switch (verdict) {
    case CARD_GOOD:
        return true;
    case CARD_NO_CRL:
    case CARD_CRL_OLD:
        return policy->card_crl == POLICY_CRL_WARN;
    case CARD_UNDECIDED:
    case CARD_UNTRUSTED:
    case CARD_NOT_YET:
    case CARD_EXPIRED:
    case CARD_REVOKED:
    case CARD_USAGE:
    case CARD_WEAK_KEY:
    case CARD_BAD_SIGNATURE:
        break;
    }
    return false;
}

void card_candidates_free(struct card_candidate *candidates, size_t count)
{
    for (size_t i = 0; i < count; i++)
        card_certificate_free(&candidates[i].certificate);
    memset(candidates, 0, count * sizeof(candidates[0]));
}

/* One that cannot be read stays without a certificate: it signs nothing. */
enum medgl_error card_candidates_judge(const struct context *context,
                                       const struct card_trust *trust,
                                       const struct card_token *token, medgl_time now,
                                       struct card_candidate candidates[CARD_CERTIFICATES_MAX])
{
    card_candidates_free(candidates, CARD_CERTIFICATES_MAX);
    for (size_t i = 0; i < token->count; i++) {
        struct card_candidate *candidate = &candidates[i];
        enum medgl_error error =
            card_certificate_read(token->certificate[i].der, token->certificate[i].der_len, false,
                                  &candidate->certificate);
        if (error == MEDGL_ERR_ARGUMENT)
            continue;
        MEDGL_TRY(error);
        MEDGL_TRY(card_certificate_facts(candidate->certificate, &candidate->facts));
        MEDGL_TRY(card_judge(trust, candidate->certificate, now, &candidate->judgement));
        candidate->scheme = card_scheme_for(candidate->certificate, token->certificate[i].pss);
        candidate->accepted = candidate->scheme != CARD_SCHEME_NONE &&
                              card_accepted(&context->policy, candidate->judgement.verdict);
    }
    return MEDGL_OK;
}

/* -- the proof -------------------------------------------------------------------------------- */

bool card_usable(const struct card_token *token)
{
    return token->readable && token->asks && token->tries != CARD_TRIES_LOCKED && token->count > 0;
}

enum medgl_error card_prove(const struct card_driver *driver, const struct card_token *token,
                            size_t certificate, const struct card_candidate *candidate,
                            const struct secret *pin, const char *account_name,
                            struct card_proof *proof)
{
    unsigned char challenge[CARD_CHALLENGE_SIZE], digest[CRYPTO_HASH_SIZE];
    unsigned char signature[CARD_SIGNATURE_MAX];
    char host[STORE_NAME_SIZE] = "";
    size_t len = 0;
    *proof = (struct card_proof){.trouble = CARD_TROUBLE_SIGN};
    if (candidate->certificate == NULL || candidate->scheme == CARD_SCHEME_NONE)
        return MEDGL_OK;
    if (gethostname(host, sizeof(host) - 1) != 0)
        return medgl_error_from_errno(errno);
    MEDGL_TRY(card_challenge(challenge));
    MEDGL_TRY(card_digest(challenge, host, account_name, digest));
    MEDGL_TRY(card_reader_sign(driver, token, certificate, pin, candidate->scheme, digest,
                               signature, &len, &proof->tries, &proof->trouble));
    if (proof->trouble != CARD_TROUBLE_NONE)
        return MEDGL_OK;
    return card_verify(candidate->certificate, candidate->scheme, digest, signature, len,
                       &proof->good);
}

/* -- words ------------------------------------------------------------------------------------ */

const char *card_name(const struct card_token *token)
{
    return token->label[0] != '\0' ? token->label : token->reader;
}

const char *card_tries_remark(enum card_tries tries)
{
    switch (tries) {
    case CARD_TRIES_FEWER:
        return _("after a wrong one; few tries are left");
    case CARD_TRIES_LAST:
        return _("the LAST try before it is locked");
    case CARD_TRIES_UNKNOWN:
    case CARD_TRIES_LOCKED:
        break;
    }
    return "";
}

void card_unusable_message(const struct card_token *token, char *text, size_t size)
{
    if (!token->readable)
        (void)snprintf(text, size,
                       _("The card in reader %s cannot be read: take it out, look at its contacts, "
                         "and put it in again."),
                       token->reader);
    else if (token->tries == CARD_TRIES_LOCKED)
        (void)snprintf(text, size,
                       _("The PIN of card %s is locked: who gave out the card can unlock it."),
                       card_name(token));
    else if (!token->asks)
        (void)snprintf(text, size,
                       _("Card %s asks for no PIN: whoever has it could log in with it."),
                       card_name(token));
    else
        (void)snprintf(text, size, _("There is no certificate for logging in on card %s."),
                       card_name(token));
}

/* A rule is its kind, and what it is about between colons; hashes say nothing to people. */
void card_rule_text(const char *match, char *text, size_t size)
{
    char kind[32] = "", first[CARD_MATCH_SIZE] = "", hash[CARD_MATCH_SIZE] = "";
    int at = 0;
    (void)snprintf(text, size, "?");
    if (sscanf(match, "subject:%31[^:]:%767[^:]:%n", kind, hash, &at) == 2 && at > 0)
        (void)snprintf(text, size, _("%s=%s, of its issuer"), kind, match + at);
    else if (sscanf(match, "serial:%767[^:]:%767s", hash, first) == 2)
        (void)snprintf(text, size, _("serial number %s, of its issuer"), first);
    else if (sscanf(match, "certificate:%16s", first) == 1)
        (void)snprintf(text, size, _("certificate %s..."), first);
}

void card_crl_age(const struct card_judgement *judgement, medgl_time now, char age[CARD_AGE_SIZE])
{
    const long long old = (now - judgement->crl_issued) / MEDGL_HOUR;
    const long long next = (judgement->crl_next - now) / MEDGL_HOUR;
    if (judgement->crl_issued == 0)
        (void)snprintf(age, CARD_AGE_SIZE, "its issuer has no list of revoked certificates here");
    else if (judgement->crl_next == 0)
        (void)snprintf(age, CARD_AGE_SIZE,
                       "its list of revoked certificates is %lld h old and names no next one", old);
    else
        (void)snprintf(age, CARD_AGE_SIZE,
                       "its list of revoked certificates is %lld h old, the next one %s %lld h",
                       old, judgement->crl_next >= now ? "is due in" : "was due before",
                       next >= 0 ? next : -next);
}

const char *card_trouble_log(enum card_trouble trouble)
{
    switch (trouble) {
    case CARD_TROUBLE_NONE:
        break;
    case CARD_TROUBLE_DRIVER:
        return "the driver failed: see that it fits this machine and that pcscd runs";
    case CARD_TROUBLE_TIME:
        return "the driver gave no answer in time (card_timeout) and was ended";
    case CARD_TROUBLE_GONE:
        return "the card was removed";
    case CARD_TROUBLE_OTHER:
        return "another card was put in its place";
    case CARD_TROUBLE_PIN:
        return "wrong PIN";
    case CARD_TROUBLE_PIN_LOCKED:
        return "its PIN is locked";
    case CARD_TROUBLE_SIGN:
        return "it did not sign";
    case CARD_TROUBLE_UNTRUSTED:
        return "the driver is not run: others could change it";
    }
    return "no reason is known";
}

const char *card_verdict_message(enum card_verdict verdict)
{
    switch (verdict) {
    case CARD_GOOD:
        return "";
    case CARD_UNTRUSTED:
        return _("The card's certificate is of an issuer that this machine does not trust.");
    case CARD_NOT_YET:
        return _("The card's certificate is not valid yet.");
    case CARD_EXPIRED:
        return _("The card's certificate has expired: ask for a new one.");
    case CARD_REVOKED:
        return _("The card's certificate has been revoked: ask for a new card.");
    case CARD_USAGE:
        return _("The card's certificate is not one for logging in.");
    case CARD_WEAK_KEY:
        return _("The card's key is too weak: ask for a new card.");
    case CARD_NO_CRL:
    case CARD_CRL_OLD:
        return _("This machine cannot tell now whether the card has been revoked: tell the "
                 "administrator.");
    case CARD_BAD_SIGNATURE:
        return _("The card's key is not that of its certificate: ask for a new card.");
    case CARD_UNDECIDED:
        break;
    }
    return _("The card's certificate cannot be read.");
}

static const char *message_pin(enum card_tries tries)
{
    switch (tries) {
    case CARD_TRIES_LAST:
        return _("The PIN of the card is wrong. The next try is the LAST before it is locked.");
    case CARD_TRIES_FEWER:
        return _("The PIN of the card is wrong; few tries are left.");
    case CARD_TRIES_LOCKED:
        return _("The PIN of the card is wrong, and locked now: who gave out the card can unlock "
                 "it.");
    case CARD_TRIES_UNKNOWN:
        break;
    }
    return _("The PIN of the card is wrong.");
}

static const char *message_of(enum card_trouble trouble, enum card_tries tries,
                              enum card_verdict verdict)
{
    switch (trouble) {
    case CARD_TROUBLE_NONE:
        return card_verdict_message(verdict);
    case CARD_TROUBLE_DRIVER:
        return _("The card reader failed: take the card out, put it in again, and try once more.");
    case CARD_TROUBLE_TIME:
        return _("The card gave no answer in time: take it out, put it in again, and try once "
                 "more.");
    case CARD_TROUBLE_GONE:
        return _("The card was removed too early: put it in and leave it there until you are "
                 "logged in.");
    case CARD_TROUBLE_OTHER:
        return _("Another card was put in while the PIN was asked for: try once more.");
    case CARD_TROUBLE_PIN:
        return message_pin(tries);
    case CARD_TROUBLE_PIN_LOCKED:
        return _("The PIN of the card is locked: who gave out the card can unlock it.");
    case CARD_TROUBLE_SIGN:
        return _("The card did not sign.");
    case CARD_TROUBLE_UNTRUSTED:
        return _("The driver of smartcards is not run, for others could change it: it and the "
                 "directories above it must belong to root, and be writable by nobody else.");
    }
    return "";
}

void card_message(enum card_trouble trouble, enum card_tries tries, enum card_verdict verdict,
                  char *text, size_t size)
{
    (void)snprintf(text, size, "%s", message_of(trouble, tries, verdict));
}
