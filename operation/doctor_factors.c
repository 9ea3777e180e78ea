/* Second factors before they keep somebody out, or keep nobody out (R24, R03): what the policy asks
 * of those who could put it right, and whether the host asks at all. Reads only. */
#include "operation/doctor.h"

#include "base/auto.h"
#include "base/path.h"
#include "factor/card.h"
#include "operation/card_reader.h"
#include "operation/factors.h"
#include "operation/grant.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FACTORS_SOON (30 * MEDGL_DAY)

/* A list of names in a sentence, cut where it gets too long. */
struct people_list {
    char text[400];
    size_t count;
};

static void list_add(struct people_list *list, const char *name)
{
    const size_t used = strlen(list->text);
    if (used + strlen(name) + 8 < sizeof(list->text))
        (void)snprintf(list->text + used, sizeof(list->text) - used, "%s%s",
                       list->count > 0 ? ", " : "", name);
    else if (list->text[used - 1] != '.')
        (void)snprintf(list->text + used, sizeof(list->text) - used, ", ...");
    list->count++;
}

struct factors_look {
    struct doctor *doctor;
    const struct context *context;
    struct store_txn *txn;
    medgl_time now, at; /* what is asked of people is asked of the time `at` */
    size_t accounts, privileged, administrators; /* active ones; of the last a factor is in force,
                                                    or none will be required */
    struct people_list bare, paperless, waived, idle;
    bool required; /* of some active account */
};

/* -- of accounts ------------------------------------------------------------------------------ */

static struct factor_demand look_demand(const struct factors_look *look,
                                        const struct account *account,
                                        const struct factors *factors, medgl_time at)
{
    struct factor_facts facts =
        factor_facts_from(account, factors, FACTOR_MODE_POLICY, NULL, NULL, at);
    facts.waived = false; /* it ends */
    return policy_factor(&look->context->policy, &facts, at);
}

static enum medgl_error look_account(void *argument, const struct account *account)
{
    struct factors_look *look = argument;
    struct factors factors;
    if (account->state != ACCOUNT_STATE_ACTIVE)
        return MEDGL_OK;
    MEDGL_TRY(factors_read(look->txn, account->id, look->now, &factors));
    const struct factor_demand demand = look_demand(look, account, &factors, look->at);
    look->accounts++;
    look->required |= demand.required;
    if (factors.totp + factors.card > 0 && factors.recovery == 0)
        list_add(&look->paperless, account->name);
    if (factors.waived)
        list_add(&look->waived, account->name);
    const struct factor_demand today = look_demand(look, account, &factors, look->now);
    if (!today.required && factors_idle(&factors, &today))
        list_add(&look->idle, account->name);
    if (account->class_ != ACCOUNT_CLASS_PRIVILEGED)
        return MEDGL_OK;
    look->privileged++;
    if (demand.in_force || !demand.required)
        look->administrators++;
    else
        list_add(&look->bare, account->name);
    return MEDGL_OK;
}

static enum medgl_error look_now(struct store_txn *txn, void *argument)
{
    struct factors_look *look = argument;
    look->txn = txn;
    look->accounts = look->privileged = look->administrators = 0;
    look->bare = look->paperless = look->waived = look->idle = (struct people_list){.count = 0};
    look->required = false;
    return store_account_each(txn, look_account, look);
}

/* Whether nobody could put it right. */
static bool factors_nobody(const struct factors_look *look, enum doctor_level level,
                           const char *when)
{
    struct doctor *doctor = look->doctor;
    if (look->privileged > 0 && look->administrators == 0)
        doctor_say(doctor, level, "factors",
                   "a second factor is required %s, and no privileged account has one (%s): you "
                   "would lock yourself out; enrol one with medgl-admin totp enrol or card enrol, "
                   "or move factor_required_from",
                   when, look->bare.text);
    else if (look->privileged == 0 && look->required &&
             look->context->policy.unenrolled == POLICY_UNENROLLED_DENY)
        doctor_say(doctor, level, "factors",
                   "a second factor is required %s, who is not enrolled is refused, and no "
                   "privileged account is there: nobody could put it right; enrol an "
                   "administrator with a second factor first",
                   when);
    else
        return false;
    return true;
}

/* Long before the day it is a warning, of what would be a fault then. */
static enum medgl_error factors_later(const struct factors_look *soon, bool *said)
{
    struct factors_look look = *soon;
    const struct policy *policy = &look.context->policy;
    char when[64];
    *said = false;
    look.at = policy_required_from(policy, clock_utc_offset(look.now));
    if (look.at <= soon->at)
        return MEDGL_OK;
    (void)snprintf(when, sizeof(when), "from %s on", policy->factor_required_from);
    look.at += MEDGL_DAY; /* the offset may be another one by then */
    MEDGL_TRY(store_transact(look.context->store, STORE_READ, look_now, &look));
    *said = factors_nobody(&look, DOCTOR_WARNING, when);
    return MEDGL_OK;
}

/* MUST be a fault: whoever keeps the rules must not be locked out by them. That they could enrol at
 * a login that works is no reason to count on it. */
static enum medgl_error factors_administrators(const struct factors_look *look)
{
    const struct policy *policy = &look->context->policy;
    const int offset = clock_utc_offset(look->now);
    const long long days = (long long)policy_required_days(policy, offset, look->now);
    char when[64] = "now";
    bool said;
    if (days > 0)
        (void)snprintf(when, sizeof(when), "in %lld %s", days, days == 1 ? "day" : "days");
    if (factors_nobody(look, DOCTOR_FAULT, when))
        return MEDGL_OK;
    MEDGL_TRY(factors_later(look, &said));
    if (look->bare.count > 0)
        doctor_say(look->doctor, DOCTOR_WARNING, "factors",
                   "a second factor is required %s, and these privileged accounts have none: %s: "
                   "enrol one for each; medgl-admin report readiness --lacking says who else",
                   when, look->bare.text);
    else if (!said)
        doctor_say(look->doctor, DOCTOR_OK, "factors",
                   "no second factor that is required keeps an administrator out");
    return MEDGL_OK;
}

static void factors_people(const struct factors_look *look)
{
    if (look->paperless.count > 0)
        doctor_say(look->doctor, DOCTOR_WARNING, "factors",
                   "accounts with a second factor and no recovery codes, %zu: %s: who loses the "
                   "device is kept out until an administrator acts; medgl-admin recovery issue",
                   look->paperless.count, look->paperless.text);
    if (look->idle.count > 0)
        doctor_say(look->doctor, DOCTOR_WARNING, "factors",
                   "accounts whose devices are of a kind that is not accepted now, %zu: %s: their "
                   "password alone lets them in; correct factor_kinds or card_module, or enrol "
                   "another device for each",
                   look->idle.count, look->idle.text);
    if (look->waived.count > 0)
        doctor_say(look->doctor, DOCTOR_WARNING, "factors",
                   "factor waivers that are open, %zu: %s: see medgl-admin grant list, and revoke "
                   "what is not needed any more",
                   look->waived.count, look->waived.text);
}

/* -- what cards are checked with -------------------------------------------------------------- */

/* Asks what a login asks: what that refuses is a fault here. */
static void factors_card_module(struct doctor *doctor, const struct policy *policy)
{
    const char *path = policy->card_module;
    enum medgl_error error = MEDGL_OK;
    char real[PATH_MAX];
    struct stat st;
    if (stat(path, &st) != 0)
        doctor_say(doctor, DOCTOR_FAULT, "cards",
                   "card_module, %s: %s: install the driver, or correct the policy", path,
                   strerror(errno));
    else if (!S_ISREG(st.st_mode) || access(path, R_OK) != 0)
        doctor_say(doctor, DOCTOR_FAULT, "cards",
                   "card_module, %s, is no file that the engine can read: correct the policy, or "
                   "chmod it to 0644",
                   path);
    else if ((error = card_module_check(path, real)) == MEDGL_ERR_ACCESS)
        doctor_say(doctor, DOCTOR_FAULT, "cards",
                   "card_module, %s, can be changed by others than root, and is refused: chown it "
                   "and the directories above it to root, and let nobody else write there",
                   path);
    else if (error != MEDGL_OK)
        doctor_say(doctor, DOCTOR_FAULT, "cards", "card_module, %s: %s: correct the policy", path,
                   medgl_error_text(error));
    else
        doctor_say(doctor, DOCTOR_OK, "cards", "the driver, %s, can be read", path);
}

static void factors_lists(struct doctor *doctor, const struct policy *policy,
                          const struct card_trust *trust, medgl_time now)
{
    struct card_trust_facts facts;
    char next[CLOCK_LOCAL_SIZE];
    const bool require = policy->card_crl == POLICY_CRL_REQUIRE;
    const enum doctor_level level = require ? DOCTOR_FAULT : DOCTOR_WARNING;
    card_trust_facts(trust, now, &facts);
    clock_format_local(facts.next, next);
    if (facts.lists == 0)
        doctor_say(doctor, level, "cards",
                   "%s has no list of revoked certificates: %s; fetch the issuers' lists there",
                   PATH_TRUST, require ? "no card is accepted" : "who is revoked is not known");
    else if (facts.missing > 0)
        doctor_say(doctor, level, "cards",
                   "%zu issuers have no list of revoked certificates in %s, one is %s: %s; fetch "
                   "theirs",
                   facts.missing, PATH_TRUST, facts.without,
                   require ? "cards below them are refused" : "whom they revoked is not known");
    else if (facts.old > 0)
        doctor_say(doctor, level, "cards",
                   "the lists of revoked certificates of %zu issuers in %s are past their end, one "
                   "since %s: %s; fetch new ones",
                   facts.old, PATH_TRUST, next,
                   require ? "cards of that issuer are refused"
                           : "who was revoked since is not known");
    else if (facts.next != 0 && facts.next - now < 2 * MEDGL_DAY)
        doctor_say(doctor, DOCTOR_WARNING, "cards",
                   "a list of revoked certificates in %s ends at %s: fetch a new one", PATH_TRUST,
                   next);
    else
        doctor_say(doctor, DOCTOR_OK, "cards",
                   "%zu anchors and %zu lists of revoked certificates are in order", facts.anchors,
                   facts.lists);
}

static void factors_cards(const struct factors_look *look)
{
    struct doctor *doctor = look->doctor;
    const struct policy *policy = &look->context->policy;
    auto_clean(card_trust_free) struct card_trust *trust = NULL;
    char path[PATH_MAX];
    if (policy->card_module[0] == '\0')
        return;
    factors_card_module(doctor, policy);
    enum medgl_error error = path_under(path, doctor->root, PATH_TRUST);
    if (error == MEDGL_OK)
        error = card_trust_load(path, geteuid(), &trust);
    if (error == MEDGL_ERR_NOT_FOUND)
        doctor_say(doctor, DOCTOR_FAULT, "cards",
                   "%s%s has no certificate to trust: no card is accepted; put the certificates "
                   "of your issuers there",
                   doctor->root, PATH_TRUST);
    else if (error != MEDGL_OK)
        doctor_say(doctor, DOCTOR_FAULT, "cards",
                   "%s%s cannot be used: %s: no card is accepted; do what the log says",
                   doctor->root, PATH_TRUST, medgl_error_text(error));
    else
        factors_lists(doctor, policy, trust, look->now);
}

void doctor_factors(struct doctor *doctor, const struct context *context)
{
    struct factors_look look = {.doctor = doctor, .context = context, .now = clock_read().now};
    look.at = look.now + FACTORS_SOON;
    enum medgl_error error = store_transact(context->store, STORE_READ, look_now, &look);
    if (error == MEDGL_OK)
        error = factors_administrators(&look);
    if (error != MEDGL_OK) {
        doctor_say(doctor, DOCTOR_FAULT, "factors",
                   "who has a second factor is not known: %s: run medgl-admin ledger verify",
                   medgl_error_text(error));
        return;
    }
    factors_people(&look);
    factors_cards(&look);
}
